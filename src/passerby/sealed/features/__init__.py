"""A few numbers of a picture that say how full a place is, and nothing of anybody in it."""
