"""What a worker measured is believed only as far as it can be true."""

import msgspec
import pytest

from passerby.released.measurement import Heat, LineMinute, LinePulse, Measurement, Pulse, ZoneMinute, ZonePulse
from passerby.released.messages import decode_message, encode_message
from passerby.supervise.measured import believable

NOON_S = 1_795_435_200
MINUTE = Measurement(
    "gate", NOON_S, 60.0, 0, (ZoneMinute("hall", 2.0, 1, 3, 0.04, 0.01, 0.06),), (LineMinute("door", 3, 1),), Heat(36, 22, (0.5,) * 352)
)
PULSE = Pulse("gate", NOON_S + 1.0, 1.0, (ZonePulse("hall", 2.0, 2),), (LinePulse("door", 1, 0),))


def is_believed(message: Pulse | Measurement) -> bool:
    return believable(message, ["hall"], ["door"], NOON_S + 60.0)


def test_what_a_worker_of_ours_says_is_believed_and_comes_through_its_pipe_unchanged() -> None:
    for message in (MINUTE, PULSE):
        assert is_believed(message)
        assert decode_message(encode_message(message)) == message


@pytest.mark.parametrize(
    "wrong",
    [
        msgspec.structs.replace(MINUTE, zones=(ZoneMinute("a person's name", 1.0, 1, 1),)),
        msgspec.structs.replace(MINUTE, zones=MINUTE.zones * 2),
        msgspec.structs.replace(MINUTE, lines=(LineMinute("elsewhere", 1, 1),)),
        msgspec.structs.replace(MINUTE, minute_wall_s=NOON_S + 1),
        msgspec.structs.replace(MINUTE, minute_wall_s=NOON_S - 60 * 60 * 48),
        msgspec.structs.replace(MINUTE, covered_s=61.0),
        msgspec.structs.replace(MINUTE, part=240),
        msgspec.structs.replace(MINUTE, zones=(ZoneMinute("hall", float("nan"), 1, 1),)),
        msgspec.structs.replace(MINUTE, zones=(ZoneMinute("hall", 1e9, 1, 1),)),
        msgspec.structs.replace(MINUTE, heat=Heat(36, 22, (0.5,) * 5000)),
        msgspec.structs.replace(MINUTE, heat=Heat(36, 22, (float("inf"),) * 352)),
        msgspec.structs.replace(PULSE, wall_s=float("nan")),
        msgspec.structs.replace(PULSE, zones=(ZonePulse("hall", float("inf"), 2),)),
        msgspec.structs.replace(PULSE, zones=(ZonePulse("stairs", 2.0, 2),)),
    ],
)
def test_what_cannot_be_true_is_not_believed(wrong: Pulse | Measurement) -> None:
    assert not is_believed(wrong)
