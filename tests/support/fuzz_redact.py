"""Redacts damaged copies of valid clips in a process of its own, so that a crash inside FFmpeg fails a test and ends no test run.

Started as `python -m tests.support.fuzz_redact WAY FILE...`, WAY being "some", "many" or "cut" (cut off every so many bytes). Each copy must give a
valid output with its report, or an error of the user with nothing left behind, and nothing else; what it gave is printed, a line each.
"""

import contextlib
import resource
import sys
import tempfile
import traceback
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from passerby.errors import UserError
from tests.support.fuzz_clips import damaged
from tests.support.redaction import facts_of, names_in, redacted, report_of

_MEMORY_BYTES: Final = 4 << 30
_SEEDS: Final = {"some": 1, "many": 12}
_CUTS: Final = 24


def copies(way: str, data: bytes, number: int) -> Iterator[bytes]:
    """Damaged copies of a file."""
    if way == "cut":
        yield from (data[: len(data) * cut // _CUTS] for cut in range(_CUTS + 1))
    for seed in range(_SEEDS.get(way, 0)):
        yield from damaged(data, 1000 * seed + number)


def outcome(clip: Path, folder: Path) -> str:
    """What redacting the clip into an empty folder gave: the number of frames, or "refused"."""
    try:
        done = redacted(clip, folder / "out.mp4", preview=folder / "place.png")
    except UserError as error:
        fault = error
    else:
        facts, report = facts_of(done.output), report_of(done.output)
        assert names_in(folder) == {"out.mp4", "out.json", "place.png"}
        assert (facts.codec, facts.pix_fmt, facts.streams) == ("h264", "yuv420p", ["video"])
        assert len(facts.pictures) == done.frames == report["frames"] > 0
        assert facts.times[0] == 0
        assert all(earlier < later for earlier, later in pairwise(facts.times))
        assert all(0 <= share <= 1 for share in report["withheld_share"]["values"])
        return str(done.frames)
    assert names_in(folder) == set(), "an error leaves nothing behind"
    assert str(fault).count("\n") == 0
    assert fault.hint
    return "refused"


def main() -> int:
    """The exit code: 0 if every damaged copy gave a valid output or an error of the user."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    way, *names = sys.argv[1:]
    failures = 0
    for number, name in enumerate(names):
        for turn, data in enumerate(copies(way, Path(name).read_bytes(), number)):
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(folder, Path(name).name)
                copy.write_bytes(data)
                (Path(folder) / "out").mkdir()
                try:
                    said = outcome(copy, Path(folder) / "out")
                except Exception:  # noqa: BLE001 - whatever it is, it is neither an output nor an error of the user
                    failures += 1
                    said = traceback.format_exc()
                sys.stdout.write(f"{turn}-{copy.name} {said}\n")
                sys.stdout.flush()
    return min(failures, 100)


if __name__ == "__main__":
    sys.exit(main())
