"""Where people can count: the zones and lines of a site, with the names that somebody at the place can find them by, and no picture of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from passerby.site.settings import Site
from passerby.store.question import Table
from passerby.store.tally import Place, shape_of

Point = tuple[float, float]
TOWARDS, AWAY, RIGHT, LEFT = "Towards the camera", "Away from the camera", "To the right, seen from the camera", "To the left, seen from the camera"


@dataclass(frozen=True, slots=True)
class CountedPlace:
    """A zone or line.

    Attributes:
        table: Which of both.
        camera, camera_name: Of which camera.
        id, name: Its id and its name for people.
        shape: How it is drawn (`store.tally.shape_of`).
        ways: Of a line: direction ab and direction ba as somebody at the place sees them; () of a zone.
    """

    table: Table
    camera: str
    camera_name: str
    id: str
    name: str
    shape: str
    ways: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """What it is found by."""
        return self.table, self.camera, self.id


def counted_places(site: Site) -> tuple[CountedPlace, ...]:
    """The zones and lines of a site, in the order of its file."""
    names = {camera.id: camera.title for camera in site.cameras}
    zones = [
        CountedPlace(Table.ZONES, zone.camera, names.get(zone.camera, zone.camera), zone.id, zone.name or zone.id, shape_of(zone.polygon))
        for zone in site.zones
    ]
    lines = [
        CountedPlace(
            Table.LINES, line.camera, names.get(line.camera, line.camera), line.id, line.name or line.id, shape_of(line.points), ways(*line.points)
        )
        for line in site.lines
    ]
    return (*zones, *lines)


def shapes_of(places: Iterable[CountedPlace]) -> Mapping[Place, str]:
    """How each is drawn now."""
    return {one.place: one.shape for one in places}


def ways(a_px: Point, b_px: Point) -> tuple[str, str]:
    """Directions ab and ba of a line from a to b in a picture whose y points down, as somebody sees them who sees the camera."""
    # From the left of a -> b to its right: the line's direction, a quarter turned.
    right_px, down_px = -(b_px[1] - a_px[1]), b_px[0] - a_px[0]
    if abs(down_px) >= abs(right_px):
        return (TOWARDS, AWAY) if down_px > 0 else (AWAY, TOWARDS)
    return (RIGHT, LEFT) if right_px > 0 else (LEFT, RIGHT)
