"""MPEG transport stream (ISO/IEC 13818-1) with one H.264 video stream, made for readers that join anywhere and may be dropped to a key frame.

Packets have 188 bytes. The chunk of a key frame begins with the tables and a packet that readers can begin at:

    47 40 00 1c  00 00 b0 0d ...                  program association: program 1 has its map at PID 0x1000
    47 50 00 1c  00 02 b0 12 ...                  program map: H.264 (stream type 0x1b) at PID 0x100, which also carries the clock
    47 41 00 3c  07 50 <clock>  00 00 01 e0 ...   adaptation field (0x50: random access, clock), then the PES packet

`rejoined` sets the discontinuity bit of that adaptation field (0xd0), which is what a reader is told that joins there or was dropped forward.
"""

from collections.abc import Sequence
from typing import Final

from passerby.released.h264 import byte_stream

TICKS_HZ: Final = 90_000
PACKET_BYTES: Final = 188
_BODY_BYTES: Final = 184
_PROGRAM_PID, _VIDEO_PID = 0x1000, 0x100
_H264: Final = 0x1B
_SYNC: Final = 0x47
_CLOCK_BEFORE_TICKS: Final = 18_000
"""The clock runs so far behind the pictures: a decoder has that time to take one in."""
_FIRST_TICKS: Final = 90_000
_WRAP: Final = 1 << 33
_CLOCK, _RANDOM_ACCESS, _DISCONTINUITY = 0x10, 0x40, 0x80
_ACCESS_UNIT_DELIMITER: Final = b"\x09\xf0"
_REJOIN_AT: Final = 2 * PACKET_BYTES + 5
"""Where in the chunk of a key frame the flags of the first video packet's adaptation field lie."""


class TsMuxer:
    """Writes one stream; every chunk is whole packets of one picture."""

    def __init__(self) -> None:
        self._counters = dict.fromkeys((0, _PROGRAM_PID, _VIDEO_PID), 0)
        self._begun = False

    def picture(self, units: Sequence[bytes], ticks: int, *, key: bool) -> bytes:
        """The packets of a picture.

        Args:
            units: Its NAL units; those of a key frame begin with the parameter sets.
            ticks: When it is shown, 1/90000 s, growing.
            key: Whether readers may begin here.
        """
        shown = (ticks + _FIRST_TICKS) % _WRAP
        clock = (ticks + _FIRST_TICKS - _CLOCK_BEFORE_TICKS) % _WRAP
        flags = _CLOCK | (_RANDOM_ACCESS if key else 0) | (0 if self._begun else _DISCONTINUITY)
        self._begun = True
        # 0x84: no scrambling, data begin with the picture; 0x80: a presentation time of five bytes follows. A length of 0 is allowed for video.
        payload = b"\0\0\1\xe0\0\0\x84\x80\5" + _presentation_time(shown) + byte_stream([_ACCESS_UNIT_DELIMITER, *units])
        packets = self._tables() if key else []
        packets += self._packets(_VIDEO_PID, payload, bytes([flags]) + (clock << 15 | 0x3F << 9).to_bytes(6, "big"))
        return b"".join(packets)

    def _tables(self) -> list[bytes]:
        association = _section(0, b"\0\1" + (0xE000 | _PROGRAM_PID).to_bytes(2, "big"))
        stream = bytes([_H264]) + (0xE000 | _VIDEO_PID).to_bytes(2, "big") + b"\xf0\0"
        program = _section(2, (0xE000 | _VIDEO_PID).to_bytes(2, "big") + b"\xf0\0" + stream)
        found = []
        for pid, section in ((0, association), (_PROGRAM_PID, program)):
            body = b"\0" + section
            found.append(self._head(pid, first=True, adaptation=False) + body.ljust(_BODY_BYTES, b"\xff"))
        return found

    def _packets(self, pid: int, payload: bytes, field: bytes) -> list[bytes]:
        """The payload cut into packets; the first has the adaptation field, the last is filled up by one."""
        packets, at = [], 0
        while at < len(payload):
            room = _BODY_BYTES - (1 + len(field) if field else 0)
            spare = room - (len(payload) - at)
            adaptation = bytes([len(field)]) + field if field else b""
            if spare > 0:
                filled = field + b"\xff" * spare if field else (b"\0" + b"\xff" * (spare - 2) if spare > 1 else b"")
                adaptation = bytes([len(filled)]) + filled
            taken = _BODY_BYTES - len(adaptation)
            packets.append(self._head(pid, first=at == 0, adaptation=bool(adaptation)) + adaptation + payload[at : at + taken])
            at, field = at + taken, b""
        return packets

    def _head(self, pid: int, *, first: bool, adaptation: bool) -> bytes:
        counter = self._counters[pid]
        self._counters[pid] = (counter + 1) % 16
        return bytes([_SYNC, (0x40 if first else 0) | pid >> 8, pid & 0xFF, (0x30 if adaptation else 0x10) | counter])


def rejoined(chunk: bytes) -> bytes:
    """The chunk of a key frame for a reader that has not seen what lies before it."""
    return chunk[:_REJOIN_AT] + bytes([chunk[_REJOIN_AT] | _DISCONTINUITY]) + chunk[_REJOIN_AT + 1 :]


def _presentation_time(ticks: int) -> bytes:
    return bytes(
        [
            0x21 | (ticks >> 29 & 0x0E),
            ticks >> 22 & 0xFF,
            0x01 | (ticks >> 14 & 0xFE),
            ticks >> 7 & 0xFF,
            0x01 | (ticks << 1 & 0xFE),
        ]
    )


def _section(table: int, body: bytes) -> bytes:
    """A table of one section: number 1, version 0, valid now."""
    section = bytes([table]) + (0xB000 | len(body) + 9).to_bytes(2, "big") + b"\0\1\xc1\0\0" + body
    return section + _crc32(section).to_bytes(4, "big")


def _crc32(data: bytes) -> int:
    """CRC-32/MPEG-2 (annex A): most significant bit first, nothing inverted."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
    return value
