"""Corrections are trained with what people counted of zones as they are drawn now, and say how good they are without looking at the answer."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from passerby.measure.crowd import LEAST_COUNTS, Count
from passerby.store.crowds import FILE, as_corrected, read_crowds, trained_crowds, write_crowds
from passerby.store.question import Table
from passerby.store.tally import Place, Seen, Tap, What
from tests.measure.test_crowd import counted

NOON_S = 1_795_435_200.0
HALL: Place = (Table.ZONES, "gate", "hall")


def stamp(number: int, people: int, **more: Any) -> Tap:
    facts: dict[str, Any] = {"table": Table.ZONES, "camera": "gate", "place": "hall", "shape": "1", "what": What.NOW, "sitting": "5" * 16} | more
    return Tap(id=f"{number:016x}", wall_s=NOON_S + 60 * number, received_s=NOON_S + 60 * number, people=people, **facts)


def tallied(counts: list[Count], **more: Any) -> tuple[list[Tap], dict[str, Seen]]:
    taps = [stamp(number, round(one.people), **more) for number, one in enumerate(counts)]
    return taps, {tap.id: Seen(id=tap.id, people=one.numbers.detected, crowd=one.numbers) for tap, one in zip(taps, counts, strict=True)}


def test_a_zone_that_was_counted_often_enough_has_a_correction() -> None:
    taps, seen = tallied(counted(1))
    (known,) = trained_crowds(taps, seen, {HALL: "1"})
    assert (known.camera, known.zone, known.shape, len(known.model.counts)) == ("gate", "hall", "1", 20)
    assert trained_crowds(taps[: LEAST_COUNTS - 1], seen, {HALL: "1"}) == []


def test_what_was_counted_of_a_zone_that_has_been_drawn_anew_trains_nothing() -> None:
    taps, seen = tallied(counted(1))
    assert trained_crowds(taps, seen, {HALL: "2"}) == []
    assert trained_crowds(taps, seen, {}) == []


def test_counts_on_the_way_and_seconds_without_a_crowd_train_nothing() -> None:
    taps, seen = tallied(counted(1), what=What.COUNT)
    assert trained_crowds(taps, seen, {HALL: "1"}) == []
    taps, seen = tallied(counted(1))
    assert trained_crowds(taps, {one: Seen(id=one, people=2.0) for one in seen}, {HALL: "1"}) == []


def test_how_good_it_is_is_told_of_counts_that_it_had_not_seen() -> None:
    taps, seen = tallied(counted(1))
    (known,) = trained_crowds(taps, seen, {HALL: "1"})
    told = as_corrected(taps, seen, known)
    assert set(told) == {tap.id for tap in taps}
    off = [abs(told[tap.id] - (tap.people or 0)) for tap in taps]
    before = [abs(seen[tap.id].people - (tap.people or 0)) for tap in taps]
    assert 0.5 < sum(off) / len(off) < sum(before) / len(before) / 3, "better than the detector, and not as good as if it had known the answer"


def test_what_is_written_is_read_and_what_is_damaged_is_nothing(tmp_path: Path) -> None:
    assert read_crowds(tmp_path) == []
    found = trained_crowds(*tallied(counted(1)), {HALL: "1"})
    write_crowds(tmp_path, found)
    assert read_crowds(tmp_path) == found
    data = (tmp_path / FILE).read_bytes()
    for damaged in (b"", data[:-3], data.replace(b'"zone"', b'"person"'), b"[null]"):
        (tmp_path / FILE).write_bytes(damaged)
        assert read_crowds(tmp_path) == []


@pytest.mark.parametrize("people", [0, 3])
def test_stamps_of_few_are_left_to_the_detector(people: int) -> None:
    taps, seen = tallied(counted(1))
    few = stamp(99, people)
    seen[few.id] = Seen(id=few.id, people=float(people))
    (known,) = trained_crowds([*taps, few], seen, {HALL: "1"})
    assert few.id not in as_corrected([*taps, few], seen, known)


def test_stamps_of_one_minute_are_one_count() -> None:
    """Else one that is left out would be known by its neighbours."""
    counts = counted(1, LEAST_COUNTS)
    taps = [stamp(5 * number + more, round(one.people)) for number, one in enumerate(counts) for more in range(5)]
    taps = [msgspec.structs.replace(tap, wall_s=NOON_S + 60 * (number // 5) + number % 5) for number, tap in enumerate(taps)]
    seen = {tap.id: Seen(id=tap.id, people=1.0, crowd=counts[number // 5].numbers) for number, tap in enumerate(taps)}
    (known,) = trained_crowds(taps, seen, {HALL: "1"})
    assert len(known.model.counts) == LEAST_COUNTS
    assert trained_crowds(taps[: 5 * (LEAST_COUNTS - 1)], seen, {HALL: "1"}) == []
    told = as_corrected(taps, seen, known)
    assert set(told) == {tap.id for tap in taps}
    assert all(len({told[tap.id] for tap in taps[first : first + 5]}) == 1 for first in range(0, len(taps), 5))


def test_counts_that_have_nothing_to_do_with_what_is_seen_are_not_told_to_be_right() -> None:
    rng = np.random.default_rng(3)
    numbers = [one.numbers for one in counted(1, 12)]
    truth = [int(one) for one in rng.integers(20, 80, 12)]
    taps = [msgspec.structs.replace(stamp(5 * n + k, truth[n]), wall_s=NOON_S + 60 * n + k) for n in range(12) for k in range(5)]
    seen = {tap.id: Seen(id=tap.id, people=1.0, crowd=msgspec.structs.replace(numbers[number // 5], detected=3.0)) for number, tap in enumerate(taps)}
    (known,) = trained_crowds(taps, seen, {HALL: "1"})
    told = as_corrected(taps, seen, known)
    assert np.mean([abs(told[tap.id] - (tap.people or 0)) for tap in taps]) > 8
