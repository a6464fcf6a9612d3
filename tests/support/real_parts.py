"""Which real parts the tests had to do without: said in a section of its own at the end, since a test that is skipped observes nothing.

Above all the observation that nothing but scenes leaves a sealed worker (invariant I1) needs strace. Where that is missing everything else may pass,
and the promise has not been looked at.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        r"strace|may not trace": "strace: that nothing but scenes leaves a sealed worker (I1) was NOT observed",
        r"core files": "core dumps: that a worker leaves none (I1) was NOT observed",
        r"GStreamer|RTSP": "GStreamer's RTSP server: no live camera was watched",
        r"weights|model|package index": "the detector's weights: no real detector looked at anything",
        r"Chromium|browser": "Chromium: no page was opened",
        r"ffmpeg|ffprobe|encoder": "ffmpeg: no second opinion on video",
        r"mount|tmpfs|file system": "small file systems: no full disk was met",
        r"PETS|clips?\b": "sample clips: no real picture was seen",
        r"openssl": "openssl: no encrypted connection was made",
        r"only root|needs root": "root: what only root may do was not tried",
        r"Linux|/proc|kernel|Landlock": "Linux: its protections were not tried",
    }
)
"""What a reason for skipping says, and what was not tested then."""


class Missing(NamedTuple):
    """A part, how many tests needed it, and the reasons that they gave."""

    part: str
    tests: int
    reasons: tuple[str, ...]


def missing_parts(reasons: Iterable[str]) -> Iterator[Missing]:
    """The real parts that were missing, from the reasons of the tests that were skipped. Reasons that name none of them are left out."""
    counted = Counter(reason.removeprefix("Skipped: ") for reason in reasons)
    found: dict[str, Counter[str]] = {}
    for reason, count in counted.items():
        part = next((part for pattern, part in PARTS.items() if re.search(pattern, reason, re.IGNORECASE)), None)
        if part is not None:
            found.setdefault(part, Counter())[reason] += count
    for part in PARTS.values():
        if part in found:
            yield Missing(part, found[part].total(), tuple(sorted(found[part])))


def summary_of(reasons: Iterable[str]) -> list[str]:
    """A line for each real part that was missing."""
    return [f"{one.tests:4} tests skipped. {one.part} ({'; '.join(one.reasons)})" for one in missing_parts(reasons)]
