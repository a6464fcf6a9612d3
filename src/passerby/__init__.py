"""Video safety for public places that cannot identify anyone."""
