"""Just enough of H.264 (ITU-T H.264) to say "the same picture again" in six bytes, without asking an encoder.

A redacted picture changes at most five times a second, whatever the clip's frame rate. A picture that repeats the one before needs no
encoding: a P slice in which all macroblocks are skipped is the picture before, exactly (7.3.4: `mb_skip_run` counts them; 8.4.1.1: without
neighbours that move, a skipped macroblock stays). Such slices are put between those of the encoder, and `frame_num` of the encoder's is set
anew, since each repeated picture is the reference for the next.

The slice of a repeated picture of 1,728 macroblocks with frame_num 3 of 16 is 41 9a 62 80 0d 83: the header 0 11 00001 1 00110 1 0011 0 0 0
1 010, mb_skip_run 1728 as 0000000000 11011000001, and the stop bit.
"""

import re
from dataclasses import dataclass
from typing import Self

_HEAD_BYTES = 24
"""The part of a slice header up to frame_num is at most 20 bytes long."""
_ESCAPE = re.compile(rb"\0\0(?=[\0-\3])")
_NON_IDR, _IDR, _SPS, _PPS = 1, 5, 7, 8
_PROFILES_WITH_CHROMA_FORMAT = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128})


class UnsupportedStreamError(ValueError):
    """The stream uses parts of H.264 for which no repeated picture can be written here."""


class _BitReader:
    """Reads fixed and Exp-Golomb coded numbers (9.1) from the beginning of some bytes."""

    def __init__(self, data: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in data)
        self.position = 0

    def u(self, count: int) -> int:
        """An unsigned number of `count` bits."""
        bits = self._bits[self.position : self.position + count]
        if len(bits) < count:
            raise UnsupportedStreamError("a parameter set or slice header is cut off")
        self.position += count
        return int(bits, 2) if bits else 0

    def ue(self) -> int:
        """An Exp-Golomb coded number."""
        zeros = self._bits.find("1", self.position) - self.position
        if zeros < 0:
            raise UnsupportedStreamError("a parameter set or slice header is cut off")
        return self.u(2 * zeros + 1) - 1


def _ue(number: int) -> str:
    bits = f"{number + 1:b}"
    return "0" * (len(bits) - 1) + bits


def nal_units(annex_b: bytes) -> list[bytes]:
    """The NAL units of a byte stream with start codes (annex B), without them."""
    # A NAL unit never ends with a zero byte (7.4.1), so zeros before a start code belong to the code.
    units = [unit.rstrip(b"\0") for unit in annex_b.split(b"\0\0\1")[1:]]
    return [unit for unit in units if unit]


def byte_stream(units: list[bytes]) -> bytes:
    """NAL units with start codes before them (annex B)."""
    return b"".join(b"\0\0\0\1" + unit for unit in units)


def is_idr(unit: bytes) -> bool:
    """Whether a NAL unit is a slice of an IDR picture, after which nothing before is referred to."""
    return unit[0] & 31 == _IDR


def is_picture(unit: bytes) -> bool:
    """Whether a NAL unit is a slice."""
    return unit[0] & 31 in {_NON_IDR, _IDR}


def _payload(unit: bytes) -> bytes:
    return unit[1:].replace(b"\0\0\3", b"\0\0")


def _unit(first: int, payload: bytes) -> bytes:
    return bytes([first]) + _ESCAPE.sub(b"\0\0\3", payload)


@dataclass(frozen=True, slots=True)
class StreamShape:
    """What repeated pictures need to know of a stream: one slice a picture, no B pictures, one reference, progressive, no weights, CAVLC.

    Attributes:
        macroblocks: In a picture.
        frame_num_bits: Length of `frame_num`.
    """

    macroblocks: int
    frame_num_bits: int

    @classmethod
    def of(cls, parameter_sets: bytes) -> Self:
        """Reads the one sequence and the one picture parameter set of a byte stream (7.3.2.1.1, 7.3.2.2).

        Raises:
            UnsupportedStreamError: The stream is of another kind.
        """
        units = {unit[0] & 31: _payload(unit) for unit in nal_units(parameter_sets)}
        if not {_SPS, _PPS} <= units.keys():
            raise UnsupportedStreamError("no parameter sets")
        _require_plain_pps(_BitReader(units[_PPS]))
        return cls(*_read_sps(_BitReader(units[_SPS])))

    def with_frame_num(self, unit: bytes, frame_num: int) -> bytes:
        """A slice of a P picture with another `frame_num` (modulo its range)."""
        payload = _payload(unit)
        head = payload[:_HEAD_BYTES]
        reader = _BitReader(head)
        for _ in ("first_mb_in_slice", "slice_type", "pic_parameter_set_id"):
            reader.ue()
        reader.u(self.frame_num_bits)
        shift = 8 * len(head) - reader.position
        mask = (1 << self.frame_num_bits) - 1
        number = int.from_bytes(head, "big") & ~(mask << shift) | (frame_num & mask) << shift
        return _unit(unit[0], number.to_bytes(len(head), "big") + payload[_HEAD_BYTES:])

    def repeated_picture(self, frame_num: int) -> bytes:
        """A slice that shows the picture before once more, and is the reference for the next."""
        fields = (
            _ue(0),  # first_mb_in_slice
            _ue(5),  # slice_type: P, as all slices of the picture
            _ue(0),  # pic_parameter_set_id
            f"{frame_num % (1 << self.frame_num_bits):0{self.frame_num_bits}b}",
            "0",  # num_ref_idx_active_override_flag
            "0",  # ref_pic_list_modification_flag_l0
            "0",  # adaptive_ref_pic_marking_mode_flag: sliding window
            _ue(0),  # slice_qp_delta
            _ue(1),  # disable_deblocking_filter_idc: there are no edges to filter
            _ue(self.macroblocks),  # mb_skip_run
            "1",  # rbsp_stop_one_bit
        )
        bits = "".join(fields)
        bits += "0" * (-len(bits) % 8)
        return _unit(0x41, int(bits, 2).to_bytes(len(bits) // 8, "big"))


def _read_sps(reader: _BitReader) -> tuple[int, int]:
    profile = reader.u(8)
    reader.u(16)  # constraint flags, level
    reader.ue()  # seq_parameter_set_id
    if profile in _PROFILES_WITH_CHROMA_FORMAT:
        chroma, luma_bits, chroma_bits = reader.ue(), reader.ue(), reader.ue()
        transform_bypass, scaling_matrix = reader.u(1), reader.u(1)
        if (chroma, luma_bits, chroma_bits, transform_bypass, scaling_matrix) != (1, 0, 0, 0, 0):
            raise UnsupportedStreamError("not 8 bit 4:2:0 with plain scaling")
    frame_num_bits = reader.ue() + 4
    if reader.ue() != 2:  # pic_order_cnt_type: pictures come in the order in which they are shown
        raise UnsupportedStreamError("pictures may be reordered")
    if reader.ue() != 1:  # max_num_ref_frames
        raise UnsupportedStreamError("more than one reference picture")
    reader.u(1)  # gaps_in_frame_num_value_allowed_flag
    macroblocks = (reader.ue() + 1) * (reader.ue() + 1)
    if reader.u(1) != 1:  # frame_mbs_only_flag
        raise UnsupportedStreamError("interlaced")
    return macroblocks, frame_num_bits


def _require_plain_pps(reader: _BitReader) -> None:
    if (reader.ue(), reader.ue()) != (0, 0):
        raise UnsupportedStreamError("parameter sets are numbered")
    if (reader.u(1), reader.u(1)) != (0, 0):  # entropy_coding_mode_flag, bottom_field_pic_order_in_frame_present_flag
        raise UnsupportedStreamError("CABAC")
    if (reader.ue(), reader.ue()) != (0, 0):  # num_slice_groups_minus1, num_ref_idx_l0_default_active_minus1
        raise UnsupportedStreamError("slice groups or several references")
    reader.ue()  # num_ref_idx_l1_default_active_minus1
    if reader.u(1):  # weighted_pred_flag
        raise UnsupportedStreamError("weighted prediction")
    reader.u(2)  # weighted_bipred_idc
    for _ in ("pic_init_qp_minus26", "pic_init_qs_minus26", "chroma_qp_index_offset"):
        reader.ue()  # signed, but of the same length
    if (reader.u(1), reader.u(1), reader.u(1)) != (1, 0, 0):  # deblocking_filter_control, constrained_intra_pred, redundant_pic_cnt
        raise UnsupportedStreamError("no control over deblocking")
