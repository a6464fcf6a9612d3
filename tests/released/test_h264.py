import contextlib
from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.released.h264 import StreamShape, UnsupportedStreamError, byte_stream, is_idr, is_picture, nal_units

ZEROS_MOSTLY = st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 4, 255]), min_size=32, max_size=80).map(bytes)


def parameter_sets(**settings: str) -> bytes:
    """What libx264 writes for a small stream with these settings."""
    plain = {"bframes": "0", "ref": "1", "weightp": "0", "cabac": "0"}
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = 96, 64, settings.pop("pix_fmt", "yuv420p")
    context.time_base = context.framerate = Fraction(1)
    context.flags |= 1 << 22  # parameter sets apart from the stream
    context.options = {"x264-params": ":".join(f"{name}={value}" for name, value in (plain | settings).items())}
    context.open()
    return context.extradata or b""


def escaped(payload: bytes) -> bytes:
    """Emulation prevention as the standard puts it (7.4.1), byte by byte."""
    written = bytearray()
    for byte in payload:
        if written[-2:] == b"\0\0" and byte <= 3:
            written.append(3)
        written.append(byte)
    return bytes(written)


def test_the_slice_in_the_docstring_is_the_one_that_is_written() -> None:
    assert StreamShape(1728, 4).repeated_picture(3).hex(" ") == "41 9a 62 80 0d 83"


def test_a_plain_stream_is_understood() -> None:
    assert StreamShape.of(parameter_sets()) == StreamShape(6 * 4, 4)


@pytest.mark.parametrize(
    "settings",
    [
        {"bframes": "2"},
        {"ref": "3"},
        {"weightp": "2"},
        {"cabac": "1"},
        {"interlaced": "1"},
        {"pix_fmt": "yuv422p"},
        {"pix_fmt": "yuv420p10le"},
    ],
)
def test_every_other_kind_of_stream_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(UnsupportedStreamError):
        StreamShape.of(parameter_sets(**settings))


def test_parameter_sets_that_are_missing_or_cut_off_are_refused_or_cut_off_after_all_that_matters() -> None:
    whole = parameter_sets()
    understood = []
    for length in range(len(whole) + 1):
        with contextlib.suppress(UnsupportedStreamError):
            understood.append((length, StreamShape.of(whole[:length])))
    assert {shape for _, shape in understood} == {StreamShape.of(whole)}
    assert min(length for length, _ in understood) > len(whole) - 6


@given(payload=ZEROS_MOSTLY, frame_num=st.integers(0, 1000), bits=st.integers(4, 16))
def test_only_frame_num_changes_in_a_slice_and_no_start_code_appears(payload: bytes, frame_num: int, bits: int) -> None:
    head = b"\x9a"  # first_mb_in_slice 0, slice_type 5, pic_parameter_set_id 0, and the first bit of frame_num
    shape = StreamShape(24, bits)
    before = "".join(f"{byte:08b}" for byte in head + payload + b"\x80")
    unit = b"\x41" + escaped(head + payload + b"\x80")
    changed = shape.with_frame_num(unit, frame_num)
    assert b"\0\0\0" not in changed
    assert b"\0\0\1" not in changed
    after = before[:7] + f"{frame_num % (1 << bits):0{bits}b}" + before[7 + bits :]
    assert changed == b"\x41" + escaped(int(after, 2).to_bytes(len(after) // 8, "big"))


@given(st.lists(st.binary(min_size=1, max_size=20).filter(lambda unit: unit[-1] and b"\0\0\0" not in unit and b"\0\0\1" not in unit), min_size=1))
def test_units_come_out_of_a_byte_stream_as_they_went_in(units: list[bytes]) -> None:
    assert nal_units(byte_stream(units)) == units
    assert nal_units(byte_stream(units).replace(b"\0\0\0\1", b"\0\0\1")) == units


def test_kinds_of_units_are_told_apart() -> None:
    kinds = [(is_picture(bytes([kind])), is_idr(bytes([kind]))) for kind in (0x65, 0x41, 0x06, 0x67, 0x68)]
    assert kinds == [(True, True), (True, False), (False, False), (False, False), (False, False)]
