"""How much of a scene a picture shows: at most what the scene's release level holds."""

from enum import StrEnum


class Show(StrEnum):
    """What is drawn over the plate. The values are the words of the command line."""

    GLYPHS = "glyphs"
    """Figures for subjects, coarse cells for movement that nothing explains."""
    HEAT = "heat"
    """Where somebody or something is, in coarse cells, without figures."""
    COUNTS = "counts"
    """The place alone; how many there are stands in the caption."""
