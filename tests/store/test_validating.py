"""How accurate measurements are said to be: against truths that were made up, where the right answer is known."""

import random
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from passerby.errors import InputError
from passerby.released.measurement import LineMinute, Measurement, ZoneMinute
from passerby.store.accuracy import DAMAGED, FILE, NOT_YET, Accuracies, Accuracy, read_accuracies, write_accuracies
from passerby.store.history import History
from passerby.store.question import Table
from passerby.store.tally import Entry, Place, Seen, Tap, What
from passerby.store.validating import validated

NOON_S = 1_795_435_200
ZONE: Place = (Table.ZONES, "gate", "hall")
LINE: Place = (Table.LINES, "gate", "door")
SHAPES = {ZONE: "1", LINE: "2"}


class Counter:
    """Somebody who counts: makes taps."""

    def __init__(self, place: Place = ZONE, shape: str | None = None, sitting: str = "5" * 16) -> None:
        self.place, self.shape, self.sitting = place, SHAPES[place] if shape is None else shape, sitting
        self.number = 0

    def tap(self, what: What, at_s: float, people: int | None = None, of: str | None = None) -> Tap:
        self.number += 1
        table, camera, place = self.place
        return Tap(
            id=f"{self.sitting[:8]}{self.number:08x}",
            sitting=self.sitting,
            table=table,
            camera=camera,
            place=place,
            shape=self.shape,
            what=what,
            wall_s=at_s,
            received_s=at_s,
            people=people,
            of=of,
        )

    def crossings(self, at_s: float, ab: int, ba: int) -> list[Tap]:
        """Taps in the minute that begins then."""
        return [self.tap(What.AB, at_s + 1 + n) for n in range(ab)] + [self.tap(What.BA, at_s + 31 + n) for n in range(ba)]


def minute(at_s: int, people: float = 2.0, ab: int = 0, ba: int = 0, covered_s: float = 60.0, part: int = 0) -> Measurement:
    zones = (ZoneMinute("hall", people, int(people), int(people) + 1),)
    return Measurement("gate", at_s, covered_s, part, zones, (LineMinute("door", ab, ba),))


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "measurements")


def told(history: History, entries: list[Entry], place: Place, way: str = "") -> Accuracy:
    found = Accuracies(validated(history.layout.folder, entries, SHAPES))
    (one,) = [one for one in found.of(*place) if one.way == way]
    return one


def test_stamps_are_compared_with_what_was_measured_in_their_second(history: History) -> None:
    counter = Counter()
    entries: list[Entry] = []
    for number, error in enumerate([1, -1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]):
        stamp = counter.tap(What.NOW, NOON_S + 60 * number + 7, people=5)
        entries += [stamp, Seen(id=stamp.id, people=5.0 + error)]
    one = told(history, entries, ZONE)
    assert one.mae is not None
    assert one.bias is not None
    assert (one.tallies, one.first_day, one.last_day) == (12, "2026-11-23", "2026-11-23")
    assert one.mae.value == pytest.approx(4 / 12)
    assert one.bias.value == pytest.approx(2 / 12)
    assert one.mae.low >= 0
    assert one.words().startswith("MAE 0.3 persons (95 % 0.0 to 0.7), bias +0.2 (")
    assert one.words().endswith("12 tallies of 2026-11-23")


def test_a_stamp_of_which_no_second_is_known_is_compared_with_its_minute(history: History) -> None:
    history.add(minute(NOON_S + 60 * number, people=3.5) for number in range(10))
    counter = Counter()
    one = told(history, [counter.tap(What.NOW, NOON_S + 60 * number + 30, people=4) for number in range(10)], ZONE)
    assert one.mae is not None
    assert one.bias is not None
    assert (one.mae.value, one.bias.value) == (0.5, -0.5)


def test_a_gap_is_no_error(history: History) -> None:
    history.add(minute(NOON_S + 60 * number, people=4.0, covered_s=60 if number < 10 else 5) for number in range(12))
    counter = Counter()
    one = told(history, [counter.tap(What.NOW, NOON_S + 60 * number + 30, people=4) for number in range(20)], ZONE)
    assert one.tallies == 10
    assert one.mae is not None
    assert one.mae.value == 0


def test_stamps_of_one_minute_are_one_tally(history: History) -> None:
    history.add([minute(NOON_S, people=3.0)])
    counter = Counter()
    one = told(history, [counter.tap(What.NOW, NOON_S + second, people=3 + second % 2) for second in range(40)], ZONE)
    assert (one.tallies, one.mae) == (1, None)
    assert one.words() == "not yet validated (1 of 10 tallies)"


def test_what_was_taken_back_does_not_count(history: History) -> None:
    history.add(minute(NOON_S + 60 * number, people=4.0) for number in range(10))
    counter = Counter()
    entries: list[Entry] = []
    for number in range(10):
        wrong = counter.tap(What.NOW, NOON_S + 60 * number + 20, people=40)
        entries += [counter.tap(What.UNDO, wrong.wall_s + 2, of=wrong.id), wrong, counter.tap(What.NOW, NOON_S + 60 * number + 30, people=4)]
    # An undo of another sitting takes nothing back.
    last = entries[-1]
    assert isinstance(last, Tap)
    entries.append(Counter(sitting="6" * 16).tap(What.UNDO, NOON_S + 700, of=last.id))
    one = told(history, entries, ZONE)
    assert one.mae is not None
    assert (one.tallies, one.mae.value) == (10, 0)


def test_what_was_counted_of_a_zone_that_was_drawn_otherwise_says_nothing(history: History) -> None:
    history.add(minute(NOON_S + 60 * number, people=4.0) for number in range(10))
    counter = Counter(shape="of before")
    entries: list[Entry] = [counter.tap(What.NOW, NOON_S + 60 * number + 30, people=4) for number in range(10)]
    assert validated(history.layout.folder, entries, SHAPES) == []
    assert validated(history.layout.folder, entries, {}) == []


def test_a_line_is_compared_each_way_in_whole_minutes_that_nobody_crossed_in_too(history: History) -> None:
    history.add(minute(NOON_S + 60 * number, ab=2, ba=number % 2) for number in range(14))
    counter = Counter(LINE)
    entries: list[Entry] = [counter.tap(What.BEGIN, NOON_S + 20), counter.tap(What.AB, NOON_S + 30)]
    for number in range(1, 12):
        entries += counter.crossings(NOON_S + 60 * number, ab=1, ba=number % 2)
    entries.append(counter.tap(What.END, NOON_S + 60 * 12 + 40))
    ab, ba = told(history, entries, LINE, "ab"), told(history, entries, LINE, "ba")
    assert ab.mae is not None
    assert ab.bias is not None
    assert ba.mae is not None
    assert (ab.tallies, ba.tallies) == (11, 11)
    assert (ab.mae.value, ab.bias.value, ba.mae.value) == (1.0, 1.0, 0.0)
    words = Accuracies([ab, ba]).words(*LINE)
    assert words.startswith("ab: MAE 1.0 crossings a minute (95 % 0.7 to 1.3), bias +1.0 (+0.7 to +1.3), 11 tallies of 2026-11-23; ba: MAE 0.0 ")


def test_a_line_counts_to_the_last_tap_where_the_phone_went_away(history: History) -> None:
    history.add(minute(NOON_S + 60 * number, ab=1) for number in range(30))
    counter = Counter(LINE)
    entries: list[Entry] = [counter.tap(What.BEGIN, NOON_S)]
    for number in range(12):
        entries += counter.crossings(NOON_S + 60 * number, ab=1, ba=0)
    assert told(history, entries, LINE, "ab").tallies == 11
    without_begin = [entry for entry in entries if isinstance(entry, Tap) and entry.what is not What.BEGIN]
    assert validated(history.layout.folder, without_begin, SHAPES) == []


def test_a_phone_that_was_forgotten_says_nothing(history: History) -> None:
    history.add(minute(NOON_S + 60 * number) for number in range(30))
    counter = Counter(LINE)
    entries: list[Entry] = [counter.tap(What.BEGIN, NOON_S), counter.tap(What.END, NOON_S + 7 * 3600)]
    assert validated(history.layout.folder, entries, SHAPES) == []


def test_minutes_of_a_line_that_were_not_wholly_seen_are_left_out(history: History) -> None:
    history.add(minute(NOON_S + 60 * number, covered_s=60 if number % 2 else 50) for number in range(30))
    history.add([minute(NOON_S + 120, covered_s=9, part=50)])  # 50 s and 9 s: that minute is seen after all
    counter = Counter(LINE)
    entries: list[Entry] = [counter.tap(What.BEGIN, NOON_S), counter.tap(What.END, NOON_S + 30 * 60)]
    assert told(history, entries, LINE, "ab").tallies == 16


def test_intervals_hold_the_truth_of_made_up_crowds(history: History) -> None:
    """The measuring counts each person with a chance of 90 %: its bias is known, and is in 95 of 100 intervals."""
    random_ = random.Random(6)
    held = 0
    for number in range(200):
        counter = Counter(sitting=f"{number:016x}")
        entries: list[Entry] = []
        for stamp_number in range(24):
            people = random_.randint(0, 10)
            stamp = counter.tap(What.NOW, NOON_S + 60 * stamp_number, people=people)
            entries += [stamp, Seen(id=stamp.id, people=float(sum(random_.random() < 0.9 for _ in range(people))))]
        bias = told(history, entries, ZONE).bias
        assert bias is not None
        held += bias.low <= -0.5 <= bias.high
    assert 184 <= held < 200


def test_days_are_those_of_the_sites_clock(history: History) -> None:
    history.add(minute(NOON_S + 11 * 3600 + 1800 + 60 * number, people=4.0) for number in range(10))
    counter = Counter()
    entries: list[Entry] = [counter.tap(What.NOW, NOON_S + 11 * 3600 + 1800 + 60 * number, people=4) for number in range(10)]
    (berlin,) = validated(history.layout.folder, entries, SHAPES, ZoneInfo("Europe/Berlin"))
    (utc,) = validated(history.layout.folder, entries, SHAPES, UTC)
    assert (utc.first_day, berlin.first_day) == ("2026-11-23", "2026-11-24")


def test_what_is_told_is_kept_beside_the_history_and_read_by_whoever_gives_out_figures(history: History) -> None:
    folder = history.layout.folder
    assert read_accuracies(folder).words(*ZONE) == NOT_YET
    history.add(minute(NOON_S + 60 * number, people=4.0) for number in range(10))
    counter = Counter()
    found = validated(folder, [counter.tap(What.NOW, NOON_S + 60 * number, people=4) for number in range(10)], SHAPES)
    write_accuracies(folder, found)
    assert read_accuracies(folder).words(*ZONE) == found[0].words()
    assert read_accuracies(folder).words(*LINE) == NOT_YET
    (folder / FILE).write_bytes(b"[{")
    assert read_accuracies(folder).words(*ZONE) == DAMAGED


def test_a_history_that_cannot_be_read_is_an_error_in_words(history: History) -> None:
    (history.layout.folder / "zones" / "2026-11-23.1.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError, match="cannot be read"):
        validated(history.layout.folder, [Counter().tap(What.NOW, NOON_S, people=1)], SHAPES)
