"""What a rule has to know of its place: ids and names of the site file, and where it lies in the picture."""

from dataclasses import dataclass

from passerby.released.scene import Level
from passerby.site.settings import Site

Pixel = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """A camera, and a zone or line of it.

    Attributes:
        camera: Its id; camera_name: its name for people.
        level: What it releases.
        fps_limit: Most pictures a second; None = all.
        id: Of the zone or line; "" = all that the camera sees.
        name: Its name for people.
        polygon: Corners of a zone in pixels; empty = none.
        use: What people do in a zone: walking, waiting, queue; "" = it is none.
    """

    camera: str
    camera_name: str
    level: Level
    fps_limit: float | None = None
    id: str = ""
    name: str = ""
    polygon: tuple[Pixel, ...] = ()
    use: str = ""

    @property
    def shown(self) -> str:
        """The place as an explanation names it."""
        return self.name or self.camera_name


def place_of(site: Site, camera_id: str, *, zone: str | None = None, line: str | None = None) -> Place | None:
    """The place of a rule; None = there is no such camera, zone or line."""
    camera = next((one for one in site.cameras if one.id == camera_id), None)
    if camera is None:
        return None
    facts = camera.id, camera.title, camera.level, camera.fps_limit
    if zone is not None:
        area = next((one for one in site.zones if one.id == zone and one.camera == camera_id), None)
        return None if area is None else Place(*facts, area.id, area.name or area.id, area.polygon, area.kind)
    if line is not None:
        across = next((one for one in site.lines if one.id == line and one.camera == camera_id), None)
        return None if across is None else Place(*facts, across.id, across.name or across.id)
    return Place(*facts)
