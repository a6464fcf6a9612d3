"""Fragmented MP4 (ISO/IEC 14496-12, 14496-15) with one H.264 track, as HLS wants it (RFC 8216, 3.3): an init segment, then media segments.

    init   ftyp moov(mvhd trak(tkhd mdia(mdhd hdlr minf(vmhd dinf stbl(stsd(avc1(avcC)) stts stsc stsz stco)))) mvex(trex))
    media  styp moof(mfhd traf(tfhd tfdt trun)) mdat

A box is its length in four bytes, four letters, and its content. All pictures of a segment last equally long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from passerby.released.scene import Size

TIMESCALE_HZ: Final = 90_000
_BRANDS: Final = b"iso6mp41hlsf"
_MATRIX: Final = b"".join(number.to_bytes(4, "big") for number in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000))
_HIGH_PROFILES: Final = frozenset({100, 110, 122, 144})
_KEY_FLAGS: Final = 0x02000000
"""It depends on no other."""
_OTHER_FLAGS: Final = 0x01010000
"""It depends on another, and nobody can begin with it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture: its NAL units, without parameter sets, and whether a player can begin with it."""

    units: tuple[bytes, ...]
    key: bool


def init_segment(parameter_sets: tuple[bytes, bytes], size: Size) -> bytes:
    """What a player must know before any media segment.

    Args:
        parameter_sets: The sequence and the picture parameter set, as NAL units.
        size: Of the pictures.
    """
    track = _box(b"trak", _track_head(size), _media(parameter_sets, size))
    # mvhd: no times, rate 1, volume 1, next track 2
    head = _full(b"mvhd", 0, _u32(0, 0, TIMESCALE_HZ, 0, 0x10000) + b"\1\0" + bytes(10) + _MATRIX + bytes(24) + _u32(2))
    extends = _box(b"mvex", _full(b"trex", 0, _u32(1, 1, 0, 0, 0)))
    return _box(b"ftyp", b"iso6", _u32(0), _BRANDS) + _box(b"moov", head, track, extends)


def media_segment(number: int, first_ticks: int, picture_ticks: int, samples: Sequence[Sample]) -> bytes:
    """Pictures one after another.

    Args:
        number: Grows with each segment.
        first_ticks: When the first is shown, in 1/90000 s.
        picture_ticks: How long each is shown.
        samples: The pictures.
    """
    data = [b"".join(_u32(len(unit)) + unit for unit in sample.units) for sample in samples]
    table = b"".join(_u32(len(one), _KEY_FLAGS if sample.key else _OTHER_FLAGS) for one, sample in zip(data, samples, strict=True))
    head = _full(b"mfhd", 0, _u32(number & 0xFFFFFFFF))
    # 0x20000: offsets count from the moof; 0x8: pictures' length. trun 0x605: offset of the data, each picture's size and flags; 0x1 alone is offset.
    facts = _full(b"tfhd", 0x020008, _u32(1, picture_ticks))
    time = _full(b"tfdt", 0, first_ticks.to_bytes(8, "big"), version=1)

    def moof(offset: int) -> bytes:
        return _box(b"moof", head, _box(b"traf", facts, time, _full(b"trun", 0x000601, _u32(len(samples), offset) + table)))

    return _box(b"styp", b"msdh", _u32(0), b"msdhmsix") + moof(len(moof(0)) + 8) + _box(b"mdat", *data)


def _track_head(size: Size) -> bytes:
    sides = _u32(size.width_px << 16, size.height_px << 16)
    return _full(b"tkhd", 3, _u32(0, 0, 1, 0, 0) + bytes(8) + bytes(8) + _MATRIX + sides)


def _media(parameter_sets: tuple[bytes, bytes], size: Size) -> bytes:
    empty = [_full(kind, 0, _u32(0)) for kind in (b"stts", b"stsc")] + [_full(b"stsz", 0, _u32(0, 0)), _full(b"stco", 0, _u32(0))]
    table = _box(b"stbl", _full(b"stsd", 0, _u32(1) + _sample_entry(parameter_sets, size)), *empty)
    data = _box(b"dinf", _full(b"dref", 0, _u32(1) + _full(b"url ", 1, b"")))
    return _box(
        b"mdia",
        _full(b"mdhd", 0, _u32(0, 0, TIMESCALE_HZ, 0) + b"\x55\xc4\0\0"),  # language: undetermined
        _full(b"hdlr", 0, _u32(0) + b"vide" + bytes(12) + b"video\0"),
        _box(b"minf", _full(b"vmhd", 1, bytes(8)), data, table),
    )


def _sample_entry(parameter_sets: tuple[bytes, bytes], size: Size) -> bytes:
    """Size, 72 dots an inch, one picture a sample, 24 bits, and the parameter sets (14496-15, 5.3.3)."""
    sequence, picture = parameter_sets
    sides = size.width_px.to_bytes(2, "big") + size.height_px.to_bytes(2, "big")
    entry = bytes(6) + b"\0\1" + bytes(16) + sides + _u32(0x480000, 0x480000, 0) + b"\0\1" + bytes(32) + b"\0\x18\xff\xff"
    config = b"\1" + sequence[1:4] + b"\xff\xe1" + len(sequence).to_bytes(2, "big") + sequence
    config += b"\1" + len(picture).to_bytes(2, "big") + picture
    if sequence[1] in _HIGH_PROFILES:
        config += b"\xfd\xf8\xf8\0"  # 4:2:0, 8 bit, 8 bit
    return _box(b"avc1", entry, _box(b"avcC", config))


def _box(kind: bytes, *content: bytes) -> bytes:
    length = 8 + sum(len(one) for one in content)
    return b"".join((_u32(length), kind, *content))


def _full(kind: bytes, flags: int, content: bytes, *, version: int = 0) -> bytes:
    return _box(kind, bytes([version]) + flags.to_bytes(3, "big"), content)


def _u32(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(4, "big") for number in numbers)
