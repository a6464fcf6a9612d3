"""How a running site is at one moment: plain values, for the pages, the metrics and the tests."""

from dataclasses import dataclass

from passerby.supervise.camera_words import STALE_S, CameraWords
from passerby.supervise.hazard_thread import HazardHealth
from passerby.supervise.history_thread import HistoryHealth
from passerby.supervise.latency import Latency
from passerby.supervise.live_places import PlaceNow
from passerby.supervise.recording_thread import RecordingHealth
from passerby.supervise.worker_health import WorkerHealth


@dataclass(frozen=True, slots=True)
class CameraNow:
    """A camera: what the site file says of it that may be shown, and how it is. Its address is not among that.

    `has_picture`: its newest scene shows how the place is now, which an older one than `stale_s` does not. `lost_scenes`: how many could not be
    recorded.
    """

    id: str
    name: str
    purpose: str
    release_level: str
    words: CameraWords
    has_picture: bool
    place: PlaceNow
    latency: Latency
    worker: WorkerHealth | None
    lost_scenes: int
    stale_s: float = STALE_S


@dataclass(frozen=True, slots=True)
class SiteNow:
    """A site.

    Attributes:
        name: Its name.
        up_s: Seconds since it was started.
        cameras: In the order of the site file.
        workers: Of all cameras.
        recording: How recording is; None = the site does not record.
        not_ready: Why it is not ready, in plain words; () = it is.
        not_alive: Which part of the supervisor stands still; () = none.
        measuring: How keeping measurements is; None = nothing is measured.
        hazards: How watching for hazards is; None = nothing does.
    """

    name: str
    up_s: float
    cameras: tuple[CameraNow, ...]
    workers: tuple[WorkerHealth, ...]
    recording: RecordingHealth | None
    not_ready: tuple[str, ...]
    not_alive: tuple[str, ...]
    measuring: HistoryHealth | None = None
    hazards: HazardHealth | None = None
