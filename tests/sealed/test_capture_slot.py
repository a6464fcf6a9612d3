from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from passerby.sealed.capture.slot import Slot


@dataclass(frozen=True)
class Stamped:
    captured_monotonic_s: float


def test_the_newest_picture_is_taken_once() -> None:
    slot: Slot[Stamped] = Slot()
    slot.put(Stamped(1.0))
    slot.put(Stamped(2.0))
    assert slot.waiting_since_s == 2.0
    assert slot.take() == Stamped(2.0)
    assert slot.take() is None
    assert slot.waiting_since_s is None


@given(st.lists(st.booleans(), max_size=200))
def test_every_picture_is_taken_or_skipped_or_waits(steps: list[bool]) -> None:
    slot: Slot[Stamped] = Slot()
    taken = []
    for number, put in enumerate(steps):
        if put:
            slot.put(Stamped(number))
        elif (picture := slot.take()) is not None:
            taken.append(picture.captured_monotonic_s)
    waiting = slot.waiting_since_s is not None
    assert slot.received == sum(steps)
    assert slot.received == len(taken) + slot.skipped + waiting
    assert taken == sorted(set(taken))
