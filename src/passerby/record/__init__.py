"""Recordings: what was released, kept for as long as was promised. Touches a folder of its own; sees no frame and starts nothing."""
