"""What an alert can be of, as far as a site's rules say it beforehand: a broker is told of it before anything happens."""

from dataclasses import dataclass

from passerby.hazards.alert import Cause, HazardKind
from passerby.hazards.channels.delivery import Delivery
from passerby.site.hazards import RESERVED_ID
from passerby.site.settings import Site


@dataclass(frozen=True, slots=True)
class Announced:
    """A place and a rule that looks at it.

    Attributes:
        cause: Rule, camera and place.
        kind: What the rule looks for.
        name: For people.
    """

    cause: Cause
    kind: HazardKind
    name: str


def announced_of(site: Site) -> tuple[Announced, ...]:
    """All that a site's rules can find. A rule that is for every camera is there for each."""
    names = {camera.id: camera.title for camera in site.cameras}
    found: dict[Cause, Announced] = {}

    def add(rule: str, camera: str, place: str, kind: str) -> None:
        cause = Cause(rule, camera, place)
        found[cause] = Announced(cause, HazardKind(kind), _name(rule, names.get(camera, camera), place))

    for hazard in site.hazards:
        for camera in [hazard.camera] if hazard.camera else list(names):
            add(hazard.id, camera, hazard.zone or hazard.line or "", hazard.kind)
    if site.hazard_settings.cameras:
        for camera in names:
            add(RESERVED_ID, camera, "", HazardKind.CAMERA)
    return tuple(found.values())


def announced_by(delivery: Delivery) -> Announced:
    """What a delivery is of."""
    cause = Cause(delivery.rule, delivery.camera, delivery.place)
    return Announced(cause, delivery.kind, _name(delivery.rule, delivery.camera_name, delivery.place))


def announced_as(cause: Cause, kind: HazardKind) -> Announced:
    """A cause that nobody has said anything of beforehand, by its ids."""
    return Announced(cause, kind, _name(cause.rule, cause.camera, cause.place))


def _name(rule: str, camera: str, place: str) -> str:
    return ": ".join(part for part in (camera, place, rule) if part)
