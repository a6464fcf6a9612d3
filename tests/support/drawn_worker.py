"""A worker process whose cameras are drawn, and which goes wrong when it is told to. Everything but camera and detector is the product's.

What a camera does stands in its source, as JSON: {"hz": 20, "raise_at": 30, ...}; see `Behaviour`.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from passerby.clock import Clock, SystemClock
from passerby.released.messages import CameraHealth, CaptureState, Protection, Reason
from passerby.released.scene import Size
from passerby.sealed.worker.entry import main
from passerby.sealed.worker.surroundings import Surroundings
from passerby.sealed.worker.worker import Worker
from passerby.site.orders import CameraOrder, Configure
from tests.support.detectors import Finder
from tests.support.scenes import Figure, Picture, Play, Stage, walks

ROOT: Final = Path(__file__).parents[2]
SECRET: Final = "rtsp://root:hunter2@camera"  # noqa: S105 - the text of an error that must go nowhere
STEP_S: Final = 0.5
"""Time of the gate between two pictures, however fast they come: each is looked at, also by a gate that looks as rarely as it may."""


def command(module: str = "tests.support.drawn_worker") -> Sequence[str]:
    """How a worker of this module is started."""
    code = f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); runpy.run_module({module!r}, run_name='__main__')"
    return sys.executable, "-B", "-c", code


@dataclass(frozen=True)
class Behaviour:
    """What a camera does, by the number of its picture (0 = the first)."""

    hz: float = 30.0
    skips: bool = False
    """It replaces pictures that were not taken, as real cameras do; else it waits, so that the picture of each number is gated."""
    size_px: tuple[int, int] = (160, 120)
    pictures: int | None = None
    """It ends after so many; None = it goes on."""
    resize_at: int | None = None
    moved_at: int | None = None
    """It comes back from there, over another connection, and looks elsewhere."""
    raise_at: int | None = None
    raise_from: int | None = None
    memory_at: int | None = None
    hang_at: int | None = None
    exit_at: int | None = None
    kill_at: int | None = None
    print_at: int | None = None
    damaged_at: int | None = None
    unmakeable: bool = False
    stubborn: bool = False
    """It does not stop when it is told to."""

    def as_source(self) -> str:
        return json.dumps(self.__dict__)


def order(camera: str, behaviour: Behaviour | None = None, **more: Any) -> CameraOrder:
    """A drawn camera whose plate settles within its first seconds."""
    return CameraOrder(camera=camera, source=(behaviour or Behaviour()).as_source(), settle_s=2.0, **more)


def configure(*orders: CameraOrder) -> Configure:
    return Configure(cameras=orders, models_folder=Path("/"))


class DrawnPicture:
    """A picture, and what goes wrong with it."""

    def __init__(self, number: int, play: Play, behaviour: Behaviour, clock: Clock) -> None:
        self._number, self._play, self._behaviour = number, play, behaviour
        self.time_s = number * STEP_S
        self.media_s: float | None = self.time_s
        self.captured_monotonic_s, self.captured_wall_s = clock.monotonic_s(), clock.wall_s()
        self.size: Size = play.stage.size
        self.connection = 1 + (behaviour.moved_at is not None and number >= behaviour.moved_at)
        self.damaged = number == behaviour.damaged_at

    def bgr(self) -> Picture:
        number, behaviour = self._number, self._behaviour
        if number == behaviour.raise_at or (behaviour.raise_from is not None and number >= behaviour.raise_from):
            raise ValueError(SECRET)
        if number == behaviour.memory_at:
            raise MemoryError(SECRET)
        if number == behaviour.hang_at:
            threading.Event().wait()
        if number == behaviour.exit_at:
            raise SystemExit(SECRET)
        if number == behaviour.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == behaviour.print_at:
            os.write(1, b"\xff" * 100)
            print(SECRET)  # noqa: T201
        return self._play.picture(self.time_s)


class DrawnCamera:
    """A camera with a thread of its own and a slot for the newest picture."""

    def __init__(self, order: CameraOrder, clock: Clock, wake: Callable[[], None]) -> None:
        self._behaviour = behaviour = Behaviour(**json.loads(order.source))
        if behaviour.unmakeable:
            raise RuntimeError(SECRET)
        self._camera, self._clock, self._wake = order.camera, clock, wake
        width, height = behaviour.size_px
        stage = Stage(width, height)
        walk = walks((2.0, -14, height * 0.4), (8.0, width, height * 0.4))
        self._play = Play(stage, [Figure(walk)])
        self._larger = replace(self._play, stage=Stage(width + 32, height + 16, seed=2))
        self._elsewhere = replace(self._play, stage=Stage(width, height, seed=3))
        self._slot: DrawnPicture | None = None
        self._taken = threading.Condition()
        self._received = self._skipped = 0
        self._state = CaptureState.CONNECTING
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._behaviour.stubborn:
            threading.Event().wait()
        self._stopped.set()
        with self._taken:
            self._taken.notify()
        self._thread.join()

    def take(self) -> DrawnPicture | None:
        with self._taken:
            picture, self._slot = self._slot, None
            self._taken.notify()
        return picture

    def waiting_since_s(self) -> float | None:
        picture = self._slot
        return None if picture is None else picture.captured_monotonic_s

    def health(self) -> CameraHealth:
        size = self._play.stage.size
        return CameraHealth(
            self._camera,
            self._state,
            Reason.NONE,
            "drawn",
            size.width_px,
            size.height_px,
            received=self._received,
            skipped=self._skipped,
            connections=1,
        )

    def _shown(self, number: int) -> Play:
        behaviour = self._behaviour
        if behaviour.resize_at is not None and number >= behaviour.resize_at:
            return self._larger
        return self._elsewhere if behaviour.moved_at is not None and number >= behaviour.moved_at else self._play

    def _run(self) -> None:
        behaviour, number = self._behaviour, 0
        self._state = CaptureState.STREAMING
        while behaviour.pictures is None or number < behaviour.pictures:
            picture = DrawnPicture(number, self._shown(number), behaviour, self._clock)
            with self._taken:
                if not behaviour.skips:
                    self._taken.wait_for(lambda: self._slot is None or self._stopped.is_set())
                self._skipped += self._slot is not None
                self._slot = picture
            self._received += 1
            self._wake()
            number += 1
            if self._stopped.wait(1 / behaviour.hz):
                return
        self._state = CaptureState.ENDED
        self._wake()


def unprotected(_: Configure) -> tuple[Protection, ...]:
    """In place of the real measures, which forbid what tests read."""
    return (Protection("none", held=False, word="a test"),)


def prepare(order: Configure, surroundings: Surroundings) -> Worker:
    np.seterr(all="raise", under="ignore")
    return Worker(order.cameras, DrawnCamera, Finder(), surroundings, SystemClock())


if __name__ == "__main__":
    main(prepare, protect=unprotected)
