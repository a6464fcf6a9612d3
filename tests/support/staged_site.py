"""A site that a test plays: the supervisor, the painter's process, the feed and the pages are the product's, the workers are the test's own hand.

A `StagedPlace` is what a sealed worker would say of a camera; change it, and the next scene says so.
"""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from passerby.clock import SystemClock
from passerby.record.recorder import RecordingsHealth
from passerby.record.settings import RecordingSettings
from passerby.released.messages import CameraHealth, CaptureState, Protection, Reason, SceneMessage
from passerby.released.scene import Cell, GateHealth, GateState, Glyph, Kind, Level, LightField, PlatePatch, Scene, Size
from passerby.serve.archive import Archive
from passerby.site.orders import Configure
from passerby.site.settings import Server
from passerby.supervise.camera_words import STALE_S
from passerby.supervise.running_site import CameraFacts, RunningSite
from passerby.supervise.worker_health import WorkerHealth, WorkerState
from passerby.supervise.worker_keeper import OnMessage, OnWorker
from tests.support.journals import KeptJournal

Picture = NDArray[np.uint8]
HZ: Final = 5.0
BLOCK_PX: Final = 16


def smooth_plate(size: Size, hue: int = 0) -> Picture:
    """A plate without an edge: what is lost in encoding and scaling is little, so that pixels can be compared."""
    across = np.linspace(60, 200, size.width_px)[None, :, None]
    down = np.linspace(0, 40, size.height_px)[:, None, None]
    tint = np.roll(np.array([-25.0, 0.0, 25.0]), hue)
    return np.asarray(np.clip(across + down + tint, 0, 255), np.uint8)


@dataclass
class StagedPlace:
    """A camera of the stage.

    Attributes:
        plate: Its plate, height x width x 3 BGR.
        shown: Which blocks are shown, rows x columns; None = all.
        speaks: Whether scenes come. Where not, health comes on.
        state: Of the gate; `capture` and `reason` of the camera.
    """

    id: str
    name: str = ""
    purpose: str = "Crowding is seen in time."
    plate: Picture = field(default_factory=lambda: smooth_plate(Size(320, 240)))
    shown: NDArray[np.bool_] | None = None
    glyphs: tuple[Glyph, ...] = ()
    cells: tuple[Cell, ...] = ()
    light: LightField | None = None
    level: Level = Level.GLYPHS
    epoch: int = 0
    speaks: bool = True
    state: GateState = GateState.WATCHING
    capture: CaptureState = CaptureState.STREAMING
    reason: Reason = Reason.NONE
    new_patches: tuple[PlatePatch, ...] = ()
    whole_wanted: bool = True
    begun_s: float = 0.0
    """When its time began, monotonic."""

    @property
    def size(self) -> Size:
        """Of its pictures."""
        return Size(self.plate.shape[1], self.plate.shape[0])

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of blocks."""
        return -(-self.size.height_px // BLOCK_PX), -(-self.size.width_px // BLOCK_PX)

    def shows(self) -> NDArray[np.bool_]:
        """Which blocks are shown."""
        return np.ones(self.grid, np.bool_) if self.shown is None else self.shown

    def scene(self, time_s: float, *, whole: bool) -> Scene:
        """What is said now."""
        shown = self.shows()
        whole_plate = (PlatePatch(0, 0, self.size.width_px, self.size.height_px, self.plate.tobytes()),)
        return Scene(
            time_s=time_s,
            size=self.size,
            level=self.level,
            plate_epoch=self.epoch,
            block_px=BLOCK_PX,
            shown=np.packbits(shown).tobytes(),
            patches=whole_plate if whole else self.new_patches,
            light=self.light,
            glyphs=tuple(sorted(self.glyphs)),
            cell_px=max(1, -(-self.size.height_px // 24)),
            cells=tuple(sorted(self.cells)),
            health=GateHealth(self.state, float(1 - shown.mean()), 0.0, 0.0),
        )


def person(x_px: int, y_px: int, height_px: int = 48) -> Glyph:
    """A person's glyph."""
    return Glyph(y_px, x_px, height_px, max(1, round(0.36 * height_px)), Kind.PERSON)


def mixed() -> list[StagedPlace]:
    """A place in every state."""
    little = np.zeros((15, 20), np.bool_)
    little[:3, :4] = True
    most = np.ones((15, 20), np.bool_)
    most[5:8, 5:8] = False
    crowd = (person(60, 120), person(90, 150), Glyph(200, 200, 40, 70, Kind.VEHICLE), Glyph(180, 280, 40, 30, Kind.TWO_WHEELER))
    return [
        StagedPlace("gate", "South gate", glyphs=crowd, shown=most),
        StagedPlace("heat", "Hall", glyphs=(), cells=(Cell(5, 5), Cell(5, 6)), level=Level.HEAT),
        StagedPlace("counts", "Library", level=Level.COUNTS),
        StagedPlace("fresh", "New platform", shown=little, state=GateState.SETTLING),
        StagedPlace("covered", "Stairs", shown=np.zeros((15, 20), np.bool_), state=GateState.COVERED),
        StagedPlace("locked", "Car park", capture=CaptureState.WAITING, reason=Reason.UNAUTHORISED),
        StagedPlace("quiet", "Cellar"),
    ]


class Stage:
    """Workers by hand: says a scene of each place five times a second, and its health once."""

    def __init__(self, places: Iterable[StagedPlace]) -> None:
        self.places = {place.id: place for place in places}
        self.lock = threading.RLock()
        self.orders: tuple[Configure, ...] = ()
        self._say: OnMessage = lambda _message: None
        self._ended = threading.Event()
        self._begun_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def workers_of(self, on_message: OnMessage, on_worker: OnWorker) -> "Stage":
        """As `RunningSite` makes its workers."""
        self._say = on_message
        return self

    def start(self) -> None:
        self._thread.start()

    def stop(self, within_s: float) -> bool:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(within_s)
        return True

    def changed_by(self, configures: Iterable[Configure]) -> frozenset[str]:
        return frozenset()

    def replace(self, configures: Iterable[Configure], within_s: float) -> None:
        self.orders = tuple(configures)

    def send_plate(self, camera: str) -> bool:
        place = self.places.get(camera)
        if place is None:
            return False
        place.whole_wanted = True
        return True

    def correct(self) -> None:
        """Nothing."""

    def health(self) -> tuple[WorkerHealth, ...]:
        protections = (Protection("no core dumps", True, ""),)
        return (WorkerHealth(tuple(self.places), 4711, WorkerState.RUNNING, 0, Reason.NONE, "", protections, 0.1, 1.0, 10_000_000),)

    def change(self, camera: str, **values: Any) -> None:
        """Changes a place between two scenes, and says the next one at once."""
        with self.lock:
            place = self.places[camera]
            for name, value in values.items():
                assert hasattr(place, name), name
                setattr(place, name, value)
            self._speak(place)

    def begin_anew(self, camera: str, **values: Any) -> None:
        """The place's worker was started anew: its times and its plates are counted from 0, and it says its whole plate."""
        with self.lock:
            self.places[camera].begun_s = time.monotonic()
            self.change(camera, **{"epoch": 0, "whole_wanted": True, **values})

    def _run(self) -> None:
        tick = 0
        while True:
            with self.lock:
                for place in self.places.values():
                    if tick % round(HZ) == 0:
                        self._say(self._health(place))
                    self._speak(place)
            tick += 1
            if self._ended.wait(1 / HZ):
                return

    def _speak(self, place: StagedPlace) -> None:
        if not place.speaks or place.capture is not CaptureState.STREAMING:
            return
        whole, place.whole_wanted = place.whole_wanted, False
        now_s = time.monotonic()
        scene = place.scene(now_s - max(self._begun_s, place.begun_s), whole=whole)
        place.new_patches = ()
        self._say(SceneMessage(place.id, time.time(), now_s, now_s, None, 1, whole, scene))

    def _health(self, place: StagedPlace) -> CameraHealth:
        count = int((time.monotonic() - self._begun_s) * HZ)
        size = place.size
        return CameraHealth(place.id, place.capture, place.reason, "h264", size.width_px, size.height_px, count, count, connections=1)


class NoRecorder:
    """Takes scenes and keeps none: what the pages show was recorded before."""

    def write(self, message: SceneMessage) -> bool:
        return False

    def tick(self) -> None:
        """Nothing."""

    def configure(self, settings: RecordingSettings, *, by: str) -> None:
        """Nothing."""

    def health(self) -> RecordingsHealth:
        return RecordingsHealth(minutes={}, dropped={}, paused=False, free_bytes=10**9, receipts_waiting=0, undeleted=0, holds=())

    def close(self) -> None:
        """Nothing."""


class StagedSite:
    """A running site on a stage, with its pages. A context.

    Args:
        places: Its cameras.
        name: Of the site.
        state: A state folder, for accounts; None = there are none.
        archive: Recordings that the pages show; None = there are none, and nothing is recorded.
        tallying: Takes what people at the place count; None = nobody can.

    Attributes:
        stage: Its cameras.
        site: The running site.
    """

    def __init__(
        self,
        *places: StagedPlace,
        name: str = "Central station",
        state: Path | None = None,
        archive: Archive | None = None,
        tallying: Any = None,
    ) -> None:
        self.stage = Stage(places)
        facts = [CameraFacts(place.id, place.name or place.id.title(), place.purpose, place.level.name.lower()) for place in places]
        self.journal = KeptJournal()
        recorder = None if archive is None else NoRecorder()
        self.site = RunningSite(name, facts, self.stage.workers_of, recorder, SystemClock(), self.journal)
        self._state, self._archive, self._tallying = state, archive, tallying
        self.server: Any = None
        self._port = 0

    @property
    def address(self) -> str:
        """Of its page, without the last slash."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.site.start()
        self.open()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shut()
        self.site.stop()

    def open(self) -> None:
        """Serves, on the same port as before."""
        self.server = served(self.site, self._port, self._state, self._archive, self._tallying)
        self.server.start()
        self._port = self.server.port

    def shut(self) -> None:
        """Serves no more; the site goes on."""
        if self.server is not None:
            self.server.stop(2.0)
            self.server = None

    def change(self, camera: str, **values: Any) -> None:
        """Changes a place."""
        self.stage.change(camera, **values)


def served(site: RunningSite, port: int, state: Path | None = None, archive: Archive | None = None, tallying: Any = None) -> Any:
    """A server of the product's pages, composed as `serve.operation` does.

    Args:
        site: The site.
        port: Where; 0 = anywhere.
        state: A state folder, for accounts.
        archive: Recordings.
        tallying: Takes what people at the place count.
    """
    from passerby.serve.accounts.door import Door  # noqa: PLC0415 - a bench takes the stage's places without the pages
    from passerby.serve.app import application  # noqa: PLC0415
    from passerby.serve.http_server import HttpServer  # noqa: PLC0415
    from passerby.serve.painter_process import PainterProcess  # noqa: PLC0415
    from passerby.serve.pictures import Pictures  # noqa: PLC0415
    from passerby.serve.recorded_places import RecordedPlaces  # noqa: PLC0415
    from passerby.serve.streams import Streams  # noqa: PLC0415

    clock = SystemClock()
    door = Door.of(Server(), state, clock, KeptJournal())
    pages = application(
        site,
        Pictures(site.places, PainterProcess(), clock),
        door=door,
        streams=Streams(site.places, lambda _camera: STALE_S, clock),
        recorded=None if archive is None else RecordedPlaces(archive),
        tallying=tallying,
    )
    return HttpServer(pages, "127.0.0.1", port)
