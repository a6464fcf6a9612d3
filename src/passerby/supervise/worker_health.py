"""How a worker process is: what the supervisor knows of it, and nothing that was seen."""

from dataclasses import dataclass
from enum import StrEnum

from passerby.released.messages import Protection, Reason


class WorkerState(StrEnum):
    """What a worker is doing."""

    STARTING = "starting"
    """It runs and gives no sign of life yet: it closes itself in, loads libraries and weights."""
    RUNNING = "running"
    WAITING = "waiting"
    """It ended; the next one starts after a pause."""
    STOPPED = "stopped"
    """It was told to end, or not yet to begin."""


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """One worker and the processes that it has been.

    Attributes:
        cameras: Ids of its cameras.
        pid: Of its process; None = there is none.
        state: What it is doing.
        restarts: How often a process ended that should not have.
        reason: Why the last one did; NONE = none did.
        word: The same more closely: an exit code, a signal, a class of error.
        protections: What keeps pixels in it; () = not told yet.
        beat_age_s: Seconds since its last sign of life; None = none yet.
        cpu_s: Processor time of its process.
        resident_bytes: Memory of its process.
    """

    cameras: tuple[str, ...]
    pid: int | None
    state: WorkerState
    restarts: int
    reason: Reason
    word: str
    protections: tuple[Protection, ...]
    beat_age_s: float | None
    cpu_s: float
    resident_bytes: int
