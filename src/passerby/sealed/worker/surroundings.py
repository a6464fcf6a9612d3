"""What a worker process has once it has closed itself in, before anything heavy is loaded."""

from dataclasses import dataclass, field

from passerby.released.scene import Scene
from passerby.sealed.worker.bell import Bell
from passerby.sealed.worker.outbox import Outbox
from passerby.sealed.worker.usage import Usage
from passerby.site.orders import CrowdModel


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where messages go, what wakes and ends the work, what the process uses, and what was asked for.

    `plates_wanted` (cameras whose whole plates were asked for), `kept_plates` (plates of before, by camera) and `corrections` (of counts, by camera
    and zone) are filled by the thread that reads commands and emptied by the one that gates.
    """

    outbox: Outbox
    bell: Bell
    usage: Usage
    plates_wanted: set[str] = field(default_factory=set)
    kept_plates: dict[str, Scene] = field(default_factory=dict)
    corrections: dict[tuple[str, str], CrowdModel | None] = field(default_factory=dict)
