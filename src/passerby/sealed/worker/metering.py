"""A camera's order becomes its meter: zones and lines with their areas and lengths on the ground."""

import numpy as np

from passerby.errors import SettingsError
from passerby.measure.crowd import Crowd
from passerby.measure.ground import GroundPlane
from passerby.measure.hiding import hidden_m2
from passerby.measure.meter import LineFacts, Meter
from passerby.measure.zone import Zone
from passerby.released.scene import Size
from passerby.sealed.features.crowd import CrowdView
from passerby.sealed.gate.grid import Grid
from passerby.site.orders import CameraOrder, CrowdModel, Polygon, ZoneOrder

MEASURE = "measure"
"""Where an error was: in measuring."""


def meter_of(order: CameraOrder, size: Size) -> Meter:
    """The meter of a camera whose pictures have this size, and which has zones or lines.

    A zone that reaches above the horizon has no area: it is counted, and nothing is told in square metres.
    """
    plane = None if order.ground is None else GroundPlane.of(order.ground, foot_of(order))
    zones = [_zone(plane, zone, size) for zone in order.zones]
    return Meter(order.camera, size, zones, [LineFacts(line.id, line.a, line.b) for line in order.lines], plane)


def crowd_view_of(order: CameraOrder, size: Size) -> CrowdView | None:
    """What takes the numbers of the camera's zones off its pictures; None = its ground is not known, or a zone reaches above the horizon."""
    if order.ground is None or not order.zones:
        return None
    plane = GroundPlane.of(order.ground, foot_of(order))
    if any(_area_m2(plane, zone.polygon) is None for zone in order.zones):
        return None
    return CrowdView(Grid(size), [zone.polygon for zone in order.zones], plane)


def crowd_of(model: CrowdModel | None) -> Crowd | None:
    """A correction, ready to be asked; None where it says nothing."""
    try:
        return None if model is None else Crowd(model)
    except ValueError:
        return None


def foot_of(order: CameraOrder) -> tuple[float, float]:
    """A pixel at which people stand, for certain: the lowest of a zone's corners and lines' ends."""
    points = [point for zone in order.zones for point in zone.polygon] + [point for line in order.lines for point in (line.a, line.b)]
    return max(points, key=lambda point: point[1])


def _zone(plane: GroundPlane | None, zone: ZoneOrder, size: Size) -> Zone:
    area_m2 = _area_m2(plane, zone.polygon)
    one_m2 = None if plane is None or area_m2 is None else hidden_m2(plane, np.asarray(zone.polygon, float), size)
    return Zone(zone.id, zone.polygon, area_m2, waiting=zone.kind == "waiting", queue=zone.kind == "queue", hidden_m2=one_m2)


def _area_m2(plane: GroundPlane | None, polygon: Polygon) -> float | None:
    if plane is None:
        return None
    try:
        return plane.area_m2(polygon)
    except SettingsError:
        return None
