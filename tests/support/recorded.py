"""What tests of recordings share: a clock and a machine that are set by hand, scenes of a camera, and a folder with recordings."""

from pathlib import Path

import msgspec
import numpy as np

from passerby.clock import SimulatedClock
from passerby.errors import ReceiptError
from passerby.record.machine import Machine
from passerby.record.receipts import Act, Receipt
from passerby.record.recorder import Recordings
from passerby.record.settings import RecordingSettings
from passerby.released.messages import SceneMessage
from passerby.released.scene import PlatePatch, Scene, Size
from tests.released.drawn_scenes import drawn_scene, patch_of, person, plate_of

NOON = 1_795_435_200.0
"""2026-11-23T12:00:00Z."""
SIZE = Size(48, 32)
HOUR = 3600.0
DAY = 86400.0


class SetClock(SimulatedClock):
    """A clock whose wall time can be set. Monotonic time goes on as if nothing were."""

    def __init__(self, wall_s: float = NOON) -> None:
        super().__init__(wall_s)
        self._set_s = 0.0

    def wall_s(self) -> float:
        return super().wall_s() + self._set_s

    def set(self, by_s: float) -> None:
        self._set_s += by_s


class SetMachine(Machine):
    """A machine that can be started anew."""

    def __init__(self, clock: SetClock, boot: str = "first") -> None:
        self._clock, self.boot = clock, boot
        self._started_s = clock.monotonic_s()

    def boot_id(self) -> str:
        return self.boot

    def running_s(self) -> float:
        return self._clock.monotonic_s() - self._started_s


class KeptReceipts:
    """Receipts in a list; `full` refuses them."""

    def __init__(self) -> None:
        self.all: list[Receipt] = []
        self.full = False

    def write(self, receipt: Receipt) -> None:
        if self.full:
            raise ReceiptError("no room for receipts")
        self.all.append(receipt)

    def of(self, kind: Act) -> list[Receipt]:
        return [receipt for receipt in self.all if receipt.kind is kind]


def message_of(scene: Scene, clock: SetClock, *, camera: str = "gate", whole: bool = False, connection: int = 1) -> SceneMessage:
    """A scene as a worker says it, captured now."""
    now_s = clock.monotonic_s()
    return SceneMessage(camera, clock.wall_s(), now_s, now_s, None, connection, whole, scene)


def plain_patches(seed: int = 0, size: Size = SIZE) -> tuple[PlatePatch, ...]:
    """A whole plate."""
    return (patch_of(plate_of(size, seed)),)


class Scenes:
    """The scenes of a camera whose plate is there from the first one on, and where somebody walks."""

    def __init__(self, clock: SetClock, camera: str = "gate", size: Size = SIZE) -> None:
        self._clock, self._camera, self._size = clock, camera, size
        self._begun_s = clock.monotonic_s()
        self._first = True

    def next(self, *, patches: tuple[PlatePatch, ...] | None = None, walks: bool = True, whole: bool = False) -> SceneMessage:
        time_s = self._clock.monotonic_s() - self._begun_s
        if patches is None:
            patches = plain_patches(size=self._size) if self._first or whole else ()
        glyphs = (person(8 + round(time_s * 4) % 24, 28, 20),) if walks else ()
        scene = drawn_scene(self._size, patches=patches, glyphs=glyphs, time_s=time_s)
        message = message_of(scene, self._clock, camera=self._camera, whole=whole or self._first)
        self._first = False
        return message


class Kept:
    """A folder with recordings whose time is set by hand.

    Attributes:
        recordings: The recorder, as long as it is open.
    """

    def __init__(
        self, folder: Path, *, retention_s: float = DAY, floor_bytes: int = 0, cameras: tuple[str, ...] = ("gate",), begin_s: float = NOON
    ) -> None:
        self.folder = folder
        self.clock = SetClock(begin_s)
        self.machine = SetMachine(self.clock)
        self.receipts = KeptReceipts()
        self.free_bytes = 10**12
        self.settings = RecordingSettings(dict.fromkeys(cameras, retention_s), free_space_floor_bytes=floor_bytes)
        self.scenes = {camera: Scenes(self.clock, camera) for camera in cameras}
        self.recordings = self.opened()

    def opened(self, *, promise: bool = True) -> Recordings:
        return Recordings(
            self.folder, self.settings, self.clock, self.receipts, machine=self.machine, free=lambda _folder: self.free_bytes, promise=promise
        )

    def reopen(self, *, off_s: float = 0.0, boot: str = "") -> None:
        """Closes, waits, opens; with `boot`, the machine is another start."""
        self.recordings.close()
        self.clock.sleep(off_s)
        if boot:
            self.machine = SetMachine(self.clock, boot)
        self.scenes = {camera: Scenes(self.clock, camera) for camera in self.scenes}
        self.recordings = self.opened()

    def with_retention(self, retention_s: float) -> None:
        self.settings = retaining(self.settings, retention_s)
        self.recordings.configure(self.settings, by="tester")

    def run(self, seconds: float, step_s: float = 1.0, *, walks: bool = True) -> None:
        """Records for that long."""
        for _ in range(round(seconds / step_s)):
            for scenes in self.scenes.values():
                self.recordings.write(scenes.next(walks=walks))
            self.recordings.tick()
            self.clock.sleep(step_s)

    def idle(self, seconds: float, step_s: float = 10.0) -> None:
        """Lets time pass without scenes."""
        for _ in range(round(seconds / step_s)):
            self.clock.sleep(step_s)
            self.recordings.tick()

    def minutes(self, camera: str = "gate") -> list[str]:
        """Names of the minutes there are, closed ones."""
        folder = self.folder / "cameras" / camera
        return sorted(path.name.removesuffix(".mcap") for path in folder.glob("????-??-??/*.mcap"))

    def plates(self, camera: str = "gate") -> list[str]:
        return sorted(path.name for path in (self.folder / "cameras" / camera / "plates").glob("*"))


def retaining(settings: RecordingSettings, retention_s: float) -> RecordingSettings:
    """The same settings with another retention."""
    return RecordingSettings(dict.fromkeys(settings.retention_s, retention_s), settings.free_space_floor_bytes, settings.max_hold_s, settings.flush_s)


def without_patches(scene: Scene) -> Scene:
    """A scene as a line holds it."""
    return msgspec.structs.replace(scene, patches=())


def changed_block(seed: int, x_px: int = 16, y_px: int = 0) -> PlatePatch:
    """A block of another plate."""
    return patch_of(np.ascontiguousarray(plate_of(SIZE, seed)[y_px : y_px + 16, x_px : x_px + 16]), x_px, y_px)
