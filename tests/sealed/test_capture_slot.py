from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from passerby.sealed.capture.slot import MOST_WAITING, Slot


@dataclass(frozen=True)
class Stamped:
    captured_monotonic_s: float


def test_pictures_are_taken_once_and_in_order() -> None:
    slot: Slot[Stamped] = Slot()
    slot.put(Stamped(1.0))
    slot.put(Stamped(2.0))
    seen = [(slot.waiting_since_s, slot.take()) for _ in range(3)]
    assert seen == [(1.0, Stamped(1.0)), (2.0, Stamped(2.0)), (None, None)]
    assert slot.skipped == 0


def test_of_pictures_that_nobody_takes_the_newest_wait() -> None:
    slot: Slot[Stamped] = Slot()
    for number in range(100):
        slot.put(Stamped(number))
    assert slot.skipped == 100 - MOST_WAITING
    assert [slot.take(), slot.take(), slot.take()] == [Stamped(98), Stamped(99), None]


@given(st.lists(st.booleans(), max_size=200))
def test_every_picture_is_taken_or_skipped_or_waits(steps: list[bool]) -> None:
    slot: Slot[Stamped] = Slot()
    taken = []
    for number, put in enumerate(steps):
        if put:
            slot.put(Stamped(number))
        elif (picture := slot.take()) is not None:
            taken.append(picture.captured_monotonic_s)
    assert slot.received == sum(steps)
    waiting = 0
    while (picture := slot.take()) is not None:
        waiting += 1
        taken.append(picture.captured_monotonic_s)
    assert waiting <= MOST_WAITING
    assert slot.received == len(taken) + slot.skipped
    assert taken == sorted(set(taken))
