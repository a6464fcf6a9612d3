"""A camera's order becomes its meter: zones and lines with their areas and lengths on the ground."""

from passerby.errors import SettingsError
from passerby.measure.ground import GroundPlane
from passerby.measure.meter import LineFacts, Meter
from passerby.measure.zone import Zone
from passerby.released.scene import Size
from passerby.site.orders import CameraOrder, Polygon

MEASURE = "measure"
"""Where an error was: in measuring."""


def meter_of(order: CameraOrder, size: Size) -> Meter:
    """The meter of a camera whose pictures have this size, and which has zones or lines.

    A zone that reaches above the horizon has no area: it is counted, and nothing is told in square metres.
    """
    plane = None if order.ground is None else GroundPlane.of(order.ground, foot_of(order))
    zones = [
        Zone(zone.id, zone.polygon, _area_m2(plane, zone.polygon), waiting=zone.kind == "waiting", queue=zone.kind == "queue") for zone in order.zones
    ]
    return Meter(order.camera, size, zones, [LineFacts(line.id, line.a, line.b) for line in order.lines], plane)


def foot_of(order: CameraOrder) -> tuple[float, float]:
    """A pixel at which people stand, for certain: the lowest of a zone's corners and lines' ends."""
    points = [point for zone in order.zones for point in zone.polygon] + [point for line in order.lines for point in (line.a, line.b)]
    return max(points, key=lambda point: point[1])


def _area_m2(plane: GroundPlane | None, polygon: Polygon) -> float | None:
    if plane is None:
        return None
    try:
        return plane.area_m2(polygon)
    except SettingsError:
        return None
