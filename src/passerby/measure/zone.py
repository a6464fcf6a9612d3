"""A zone: a polygon of pixels in which people's foot points are counted."""

from collections.abc import Sequence
from dataclasses import dataclass

Pixel = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of a camera.

    Attributes:
        id: As in the site file.
        polygon_px: Its corners.
        area_m2: Its area on the ground; None = the ground is not known.
        area_error: Relative standard error of the area.
        waiting: People wait here rather than walk: another scale of service.
        queue: People queue here: length and wait are told.
        hidden_m2: What one person hides of the ground (`measure.hiding`); None = not known.
    """

    id: str
    polygon_px: tuple[Pixel, ...]
    area_m2: float | None = None
    area_error: float = 0.05
    waiting: bool = False
    queue: bool = False
    hidden_m2: float | None = None

    def holds(self, x_px: float, y_px: float) -> bool:
        """Whether a foot point is in it. A point on the border belongs to one of two zones that share the border, never to both."""
        return inside(self.polygon_px, x_px, y_px)


def inside(polygon: Sequence[Pixel], x: float, y: float) -> bool:
    """Whether a point is in a polygon, by the even-odd rule; borders at the left and above belong to it, at the right and below not."""
    found = False
    x0, y0 = polygon[-1]
    for x1, y1 in polygon:
        if (y1 > y) != (y0 > y) and x < (x0 - x1) * (y - y1) / (y0 - y1) + x1:
            found = not found
        x0, y0 = x1, y1
    return found
