"""The playlist of a live stream and the segments it names (RFC 8216). Segments lie in memory, and only the newest of them.

    #EXTM3U
    #EXT-X-VERSION:7
    #EXT-X-TARGETDURATION:1
    #EXT-X-MEDIA-SEQUENCE:119745017
    #EXT-X-INDEPENDENT-SEGMENTS
    #EXT-X-MAP:URI="init-119745017.mp4"
    #EXT-X-PROGRAM-DATE-TIME:2026-11-23T16:10:08.500Z
    #EXTINF:0.500,
    119745017.m4s

Numbers count half seconds since 2025, so they also grow over a restart, and stay below 2**31, more than which some players cannot read. Pictures of
another size come after EXT-X-DISCONTINUITY with an init segment of their own. After a change of orders all pictures are void (`HlsWindow.void`).
"""

import threading
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from passerby.serve.streamer_orders import RATE_HZ, SEGMENT_PICTURES

SEGMENT_S: Final = SEGMENT_PICTURES / RATE_HZ
FIRST_DAY_S: Final = 1_735_689_600.0
LISTED: Final = 24
"""Twelve seconds, so that a player that had to wait for a while finds what it has not read yet. RFC 8216 wants three target durations at least."""
KEPT: Final = 48
"""A segment is kept after it left the playlist for as long as the playlist lasts (6.2.2)."""
PLAYLIST_TYPE: Final = "application/vnd.apple.mpegurl"
SEGMENT_TYPE: Final = "video/mp4"


@dataclass(frozen=True, slots=True)
class _Segment:
    sequence: int
    first: int
    init: str
    data: bytes
    discontinuous: bool


class HlsWindow:
    """The newest segments of one stream. Safe to use from several threads.

    Args:
        origin_wall_s: When picture 0 of the stream was shown.
    """

    def __init__(self, origin_wall_s: float) -> None:
        self._origin_wall_s = origin_wall_s
        self._first_sequence = max(0, int((origin_wall_s - FIRST_DAY_S) / SEGMENT_S))
        self._lock = threading.Lock()
        self._segments: deque[_Segment] = deque()
        self._inits: dict[str, bytes] = {}
        self._init: bytes | None = None
        self._gone_discontinuities = 0
        self._voided: _Segment | None = None

    @property
    def next_picture(self) -> int | None:
        """The number of the picture with which the next segment begins; None = there is no segment."""
        with self._lock:
            return self._segments[-1].first + SEGMENT_PICTURES if self._segments else None

    def begin(self, init: bytes) -> None:
        """What holds for the segments from now on."""
        with self._lock:
            self._init = init

    def put(self, first: int, data: bytes) -> None:
        """A new segment; one that is not newer than the newest is left out."""
        with self._lock:
            before = self._segments[-1] if self._segments else self._voided
            if self._init is None or (before is not None and first <= before.first):
                return
            sequence = self._first_sequence + first // SEGMENT_PICTURES
            same = before is not None and self._inits[before.init] == self._init
            init = before.init if before is not None and same else f"init-{sequence}.mp4"
            self._inits[init] = self._init
            follows = before is None or (same and first == before.first + SEGMENT_PICTURES)
            # The playlist's numbers have no gaps.
            sequence = sequence if before is None else before.sequence + 1
            self._segments.append(_Segment(sequence, first, init, data, discontinuous=not follows))
            self._trim()

    def clear(self) -> None:
        """Lets go of all pictures. The numbers of what comes later are greater than any before.

        What a player must know before a segment stays: an encoder tells it once, and may go on.
        """
        with self._lock:
            self._segments.clear()
            self._inits.clear()
            self._voided = None
            self._gone_discontinuities = 0

    def void(self) -> None:
        """Lets go of all pictures. The playlist goes on after them: with the next number, and what a player must know stays."""
        with self._lock:
            if self._segments:
                self._gone_discontinuities += sum(segment.discontinuous for segment in self._segments)
                self._voided = replace(self._segments[-1], data=b"")
                self._segments.clear()

    def playlist(self) -> str | None:
        """The playlist; None = there is no segment yet."""
        with self._lock:
            segments = list(self._segments)[-LISTED:]
            left_out = list(self._segments)[:-LISTED]
            gone = self._gone_discontinuities + sum(segment.discontinuous for segment in left_out)
        if not segments:
            return None
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{segments[0].sequence}"]
        lines += [f"#EXT-X-DISCONTINUITY-SEQUENCE:{gone}", "#EXT-X-INDEPENDENT-SEGMENTS"]
        init = ""
        for segment in segments:
            if segment.discontinuous:
                lines.append("#EXT-X-DISCONTINUITY")
            if segment.init != init:
                init = segment.init
                lines.append(f'#EXT-X-MAP:URI="{init}"')
            if segment is segments[0] or segment.discontinuous:
                lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{self._date(segment.first)}")
            lines += [f"#EXTINF:{SEGMENT_S:.3f},", f"{segment.sequence}.m4s"]
        return "\n".join(lines) + "\n"

    def file(self, name: str) -> bytes | None:
        """A segment, or an init segment, by the name in the playlist; None = there is none of that name any more."""
        with self._lock:
            if name in self._inits:
                return self._inits[name]
            return next((segment.data for segment in self._segments if f"{segment.sequence}.m4s" == name), None)

    def _trim(self) -> None:
        while len(self._segments) > KEPT:
            self._gone_discontinuities += self._segments.popleft().discontinuous
        self._voided = None
        used = {segment.init for segment in self._segments}
        self._inits = {name: data for name, data in self._inits.items() if name in used}

    def _date(self, number: int) -> str:
        shown = datetime.fromtimestamp(self._origin_wall_s + number / RATE_HZ, UTC)
        return shown.isoformat(timespec="milliseconds").replace("+00:00", "Z")
