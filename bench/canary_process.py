"""`passerby` in a process in which something goes wrong at a chosen point, and in which no file vanishes unseen.

    python -m bench.canary_process FAULT KEPT ARGUMENT...

Files are kept in the folder KEPT before they are removed or replaced, and what the process does beside that (connections, programs) is written into
KEPT/events. That is told by Python's audit events (PEP 578); files that libraries open by themselves are seen from outside (`canary_watch`).
"""

import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from bench.clips import Picture
from passerby import cli
from passerby.errors import DetectorError
from passerby.redact import command, detection
from passerby.redact.detection import LoadedDetector
from passerby.sealed.capture.frame import Frame
from passerby.sealed.gate.detector import Boxes, Detector, YoloxDetector

LOOKS: Final = 40
"""After so many looks a detector goes wrong: people are in the picture."""
DISK_BYTES: Final = 60_000
PLANT_EVERY: Final = 10
"""Of so many raw frames, one is planted."""
TALES: Final = {"socket.connect", "socket.bind", "socket.sendto", "subprocess.Popen", "os.system", "os.posix_spawn", "os.fork", "os.exec"}
GOING: Final = {"os.remove": 0, "os.rename": 1, "os.truncate": 0}
"""Events with which a file goes, and which of their arguments is its name: what is renamed stays, what it replaces does not."""


class Fault(StrEnum):
    """What goes wrong."""

    NONE = "none"
    DETECTOR_FAILS = "detector-fails"
    DETECTOR_CRASHES = "detector-crashes"
    ERROR_HOLDS_PICTURE = "error-holds-picture"
    DISK_FULL = "disk-full"
    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"
    KILLED = "killed"
    ABORTED = "aborted"
    PLANTED = "planted"
    """No fault but a leak: the bench has to find it."""


SIGNALS: Final = {
    Fault.INTERRUPTED: ("learning the place", 0.3, signal.SIGINT),
    Fault.TERMINATED: ("writing", 0.75, signal.SIGTERM),
    Fault.KILLED: ("writing", 0.75, signal.SIGKILL),
    Fault.ABORTED: ("writing", 0.75, signal.SIGABRT),
}


class FaultyDetector:
    """A detector that goes wrong after some looks."""

    def __init__(self, inner: Detector, fault: Fault) -> None:
        self._inner, self._fault = inner, fault
        self._looks = 0
        self.input_px = inner.input_px

    def detect(self, picture: Picture) -> Boxes:
        """What the detector finds, for a while."""
        self._looks += 1
        if self._looks > LOOKS:
            self._go_wrong(picture)
        return self._inner.detect(picture)

    def _go_wrong(self, picture: Picture) -> None:
        match self._fault:
            case Fault.DETECTOR_FAILS:
                raise DetectorError("the runtime failed")
            case Fault.DETECTOR_CRASHES:
                raise ZeroDivisionError("division by zero")
            case Fault.ERROR_HOLDS_PICTURE:
                raise ValueError("unexpected input", picture)


def plant_frames() -> None:
    """Does what a careless line of debugging would: raw frames are in a file for a moment."""
    convert = Frame.bgr
    count = 0

    def planting(frame: Frame) -> Picture:
        nonlocal count
        picture = convert(frame)
        count += 1
        if count % PLANT_EVERY == 0:
            path = Path(os.environ["TMPDIR"]) / "frame.npy"
            np.save(path, picture)
            path.unlink()
        return picture

    Frame.bgr = planting  # type: ignore[method-assign,assignment]


def main() -> None:
    """Redacts, and leaves as `passerby` does."""
    fault, kept = Fault(sys.argv[1]), Path(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    load = detection.load_detector

    def loaded(name: str, device: str, manifest_path: Path | None = None) -> LoadedDetector:
        found = load(name, device, manifest_path)
        faulty = FaultyDetector(found.detector, fault)
        return LoadedDetector(cast("YoloxDetector", faulty), found.name, found.sha256, found.word)

    detection.load_detector = loaded
    command._progress = cast("Any", _signalling(fault))  # noqa: SLF001 - the only place that hears how far the work is
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if fault is Fault.PLANTED:
        plant_frames()
    if fault is Fault.DISK_FULL:
        resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_BYTES, DISK_BYTES))
    sys.addaudithook(_keeping(kept))
    sys.argv = ["passerby", *sys.argv[3:]]
    cli.main()


def _signalling(fault: Fault) -> Callable[[object, str], Any]:
    stage, share, number = SIGNALS.get(fault, ("", 2.0, signal.SIGTERM))

    @contextmanager
    def progress(_console: object, _name: str) -> Iterator[Callable[[str, float], None]]:
        sent: list[bool] = []

        def say(said: str, done: float) -> None:
            if not sent and said == stage and done >= share:
                sent.append(True)
                os.kill(os.getpid(), number)

        yield say

    return progress


def _keeping(kept: Path) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that gives a second name to what is about to go, and tells of what else leaves the process."""
    busy: list[bool] = []
    count = 0

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if busy or not (event in GOING or event in TALES):
            return
        busy.append(True)
        try:
            if event in TALES:
                with (kept / "events").open("a", encoding="utf-8") as file:
                    file.write(f"{event}: {str(arguments)[:200]}\n")
                return
            name = arguments[GOING[event]]
            if isinstance(name, str | bytes | os.PathLike) and Path(os.fsdecode(name)).is_file():
                count += 1
                with suppress(OSError):
                    os.link(name, kept / f"{count}-{Path(os.fsdecode(name)).name}")
        finally:
            busy.pop()

    return hear


if __name__ == "__main__":
    main()
