"""What a worker measured is believed only as far as it can be true."""

import msgspec
import pytest

from passerby.released.measurement import Heat, LineMinute, LinePulse, Measurement, Pulse, ZoneMinute, ZonePulse
from passerby.released.messages import decode_message, encode_message
from passerby.supervise.measured import believable
from passerby.supervise.measured_parts import AT_ONCE, PARTS, PER_MINUTE, MeasuredParts

NOON_S = 1_795_435_200
MINUTE = Measurement(
    "gate", NOON_S, 60.0, 0, (ZoneMinute("hall", 2.0, 1, 3, 0.04, 0.01, 0.06),), (LineMinute("door", 3, 1),), Heat(36, 22, (0.5,) * 352)
)
PULSE = Pulse("gate", NOON_S + 1.0, 1.0, (ZonePulse("hall", 2.0, 2),), (LinePulse("door", 1, 0),))


def is_believed(message: Pulse | Measurement) -> bool:
    return believable(message, ["hall"], ["door"], NOON_S + 60.0)


def test_what_a_worker_of_ours_says_is_believed_and_comes_through_its_pipe_unchanged() -> None:
    moving = msgspec.structs.replace(PULSE, zones=(ZonePulse("hall", 2.0, 2, east_m_s=-0.3, north_m_s=0.1),))
    for message in (MINUTE, PULSE, moving):
        assert is_believed(message)
        assert decode_message(encode_message(message)) == message


@pytest.mark.parametrize(
    "wrong",
    [
        msgspec.structs.replace(MINUTE, zones=(ZoneMinute("a person's name", 1.0, 1, 1),)),
        msgspec.structs.replace(MINUTE, zones=MINUTE.zones * 2),
        msgspec.structs.replace(MINUTE, lines=(LineMinute("elsewhere", 1, 1),)),
        msgspec.structs.replace(MINUTE, minute_wall_s=NOON_S + 1),
        msgspec.structs.replace(MINUTE, minute_wall_s=NOON_S - 60 * 60 * 3),
        msgspec.structs.replace(MINUTE, minute_wall_s=NOON_S + 180),
        msgspec.structs.replace(MINUTE, heat=Heat(36, 22, (0.512345,) * 352)),
        msgspec.structs.replace(MINUTE, covered_s=61.0),
        msgspec.structs.replace(MINUTE, part=240),
        msgspec.structs.replace(MINUTE, zones=(ZoneMinute("hall", float("nan"), 1, 1),)),
        msgspec.structs.replace(MINUTE, zones=(ZoneMinute("hall", 1e9, 1, 1),)),
        msgspec.structs.replace(MINUTE, heat=Heat(36, 22, (0.5,) * 5000)),
        msgspec.structs.replace(MINUTE, heat=Heat(36, 22, (float("inf"),) * 352)),
        msgspec.structs.replace(MINUTE, heat=Heat(10**18, 22, (0.5,) * 352)),
        msgspec.structs.replace(MINUTE, zones=(ZoneMinute("hall", -1.0, 1, 1),)),
        msgspec.structs.replace(MINUTE, zones=(ZoneMinute("hall", 1.00001234, 1, 1),)),
        msgspec.structs.replace(MINUTE, lines=(LineMinute("door", -3, 1),)),
        msgspec.structs.replace(PULSE, covered=float("nan")),
        msgspec.structs.replace(PULSE, covered=1.5),
        msgspec.structs.replace(PULSE, wall_s=float("nan")),
        msgspec.structs.replace(PULSE, zones=(ZonePulse("hall", float("inf"), 2),)),
        msgspec.structs.replace(PULSE, zones=(ZonePulse("stairs", 2.0, 2),)),
    ],
)
def test_what_cannot_be_true_is_not_believed(wrong: Pulse | Measurement) -> None:
    assert not is_believed(wrong)


def test_a_minute_that_comes_again_gets_a_part_of_its_own_and_none_is_lost() -> None:
    """The clock was set back ten minutes, the camera flapped, the worker was another one: each measurement has a name of its own."""
    parts, now_s = MeasuredParts(), 0.0
    names: list[tuple[int, int | None]] = []
    for number in range(40):
        now_s += 60.0
        names.append((number % 10, parts.part_of(NOON_S + 60 * (number % 10), 0, now_s)))
    assert len(set(names)) == 40
    assert all(part is not None and part < PARTS for _, part in names)
    assert parts.part_of(NOON_S, 0, now_s + 60) is None  # a fifth time in a day: there is no name left


def test_how_many_come_is_bounded() -> None:
    parts = MeasuredParts()
    taken = sum(parts.part_of(NOON_S + 60 * number, 0, 0.0) is not None for number in range(10 * AT_ONCE))
    assert taken == AT_ONCE
    assert sum(parts.part_of(NOON_S - 60 * number, 1, 60.0) is not None for number in range(10 * AT_ONCE)) == PER_MINUTE
