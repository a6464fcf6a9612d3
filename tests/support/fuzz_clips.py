"""Reads damaged copies of valid clips in a process of its own, so that a crash inside FFmpeg fails a test and ends no test run.

Started as `python -m tests.support.fuzz_clips FILE...`; every file is damaged in several ways, always the same ones. Each copy must give frames or an
InputError, and nothing else; what it gave is printed, a line each.
"""

import contextlib
import random
import resource
import sys
import tempfile
import traceback
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from passerby.errors import InputError
from passerby.sealed.capture.clip import open_clip

_MEMORY_BYTES: Final = 4 << 30
_HEADER_STEP_BYTES: Final = 24


def damaged(data: bytes, seed: int) -> Iterator[bytes]:
    """Copies with flipped bytes all over, cut-off copies, and copies with a run of bytes lost, doubled or set in the header."""
    chance = random.Random(seed)
    for share in (0.0005, 0.005, 0.05):
        copy = bytearray(data)
        for _ in range(max(1, round(share * len(data)))):
            copy[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        yield bytes(copy)
    for _ in range(3):
        yield data[: chance.randrange(1, len(data))]
    for header in (0, max(0, len(data) - 600)):  # MP4 has its header at the end
        for start in range(header, min(header + 600, len(data)), _HEADER_STEP_BYTES * 6):
            end = start + chance.randrange(1, _HEADER_STEP_BYTES)
            yield data[:start] + data[end:]
            yield data[:start] + b"\xff" * (end - start) + data[end:]


def outcome(path: Path) -> str:
    """What reading the file gave: the number of frames, or "refused"."""
    try:
        with open_clip(path) as clip:
            times_s = []
            for frame in clip.frames():
                picture = frame.bgr()
                assert picture.dtype == np.uint8
                assert picture.shape == (frame.size.height_px, frame.size.width_px, 3)
                times_s.append(frame.time_s)
    except InputError:
        return "refused"
    assert times_s
    assert all(earlier < later for earlier, later in pairwise(times_s))
    return str(len(times_s))


def main() -> int:
    """The exit code: 0 if every damaged copy gave frames or an InputError."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(sys.argv[1:]):
            for seed, data in enumerate(damaged(Path(name).read_bytes(), number)):
                copy = Path(folder, f"{seed}-{Path(name).name}")
                copy.write_bytes(data)
                try:
                    sys.stdout.write(f"{copy.name} {outcome(copy)}\n")
                except Exception:  # noqa: BLE001 - whatever it is, it is no InputError
                    failures += 1
                    sys.stdout.write(f"{copy.name} {traceback.format_exc()}\n")
                sys.stdout.flush()
                copy.unlink()
    return min(failures, 100)


if __name__ == "__main__":
    sys.exit(main())
