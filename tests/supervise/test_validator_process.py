"""The accuracy is told anew by a process of its own, and stands beside what is asked of the history from then on."""

import sys
from pathlib import Path
from typing import Any

import msgspec

from passerby.released.measurement import LineMinute, Measurement, ZoneMinute
from passerby.site.orders import Correct
from passerby.store.accuracy import FILE, NOT_YET, read_accuracies
from passerby.store.counted_places import CountedPlace
from passerby.store.history import History
from passerby.store.places import HistoryPlace
from passerby.store.question import Table
from passerby.store.tallies import Tallies
from passerby.store.tally import Seen, Tap, What
from passerby.supervise.corrections import Corrections
from passerby.supervise.historian_process import HistorianProcess
from passerby.supervise.validator_process import ValidatorProcess
from tests.measure.test_crowd import counted as counts_of_crowds

NOON_S = 1_795_435_200
HALL = CountedPlace(Table.ZONES, "gate", "Gate", "hall", "Hall", "1c9a44f0")


def stamp(number: int) -> Tap:
    at_s = NOON_S + 60.0 * number
    facts: dict[str, Any] = {"sitting": "5" * 16, "camera": "gate", "place": "hall", "shape": HALL.shape}
    return Tap(id=f"{number:016x}", table=Table.ZONES, what=What.NOW, wall_s=at_s, received_s=at_s, people=3, **facts)


def counted(folder: Path) -> tuple[Path, Path]:
    """The folders of a history and of tallies: one person too few was measured in each of twelve minutes, or seconds."""
    history, tallies = folder / "measurements", Tallies(folder / "tallies")
    History(history).add(
        Measurement("gate", NOON_S + 60 * n, 60.0, 0, (ZoneMinute("hall", 2.0, 2, 2),), (LineMinute("door", 0, 0),)) for n in range(12)
    )
    tallies.add(stamp(number) for number in range(12))
    tallies.note(NOON_S, Seen(id=stamp(0).id, people=2.0))
    return history, tallies.folder


def test_the_accuracy_stands_beside_figures_from_then_on(tmp_path: Path) -> None:
    history, tallies = counted(tmp_path)
    validator = ValidatorProcess(tallies, lambda: HistoryPlace(history, zone_name="Europe/Berlin"))
    assert validator.validate((HALL,)) == ""
    words = read_accuracies(history).words(Table.ZONES, "gate", "hall")
    assert words == "MAE 1.0 persons (95 % 0.8 to 1.2), bias -1.0 (-1.2 to -0.8), 12 tallies of 2026-11-23"
    assert validator.validate(()) == ""
    assert read_accuracies(history).words(Table.ZONES, "gate", "hall") == NOT_YET
    validator.stop()


def test_where_nobody_ever_counted_no_process_is_started(tmp_path: Path) -> None:
    process = HistorianProcess(5.0, command=(sys.executable, "-c", "raise SystemExit(1)"))
    assert ValidatorProcess(tmp_path / "tallies", lambda: HistoryPlace(tmp_path / "measurements"), process).validate((HALL,)) == ""
    assert process.pid is None


def test_a_process_that_fails_is_said_and_what_was_known_stays(tmp_path: Path) -> None:
    history, tallies = counted(tmp_path)
    (history / FILE).write_bytes(b"[]")
    failing = ValidatorProcess(tallies, lambda: HistoryPlace(history), HistorianProcess(5.0, command=(sys.executable, "-c", "raise SystemExit(1)")))
    assert failing.validate((HALL,)) != ""
    assert (history / FILE).read_bytes() == b"[]"
    (history / "zones" / "2026-11-23.1.parquet").write_bytes(b"no parquet")
    unreadable = ValidatorProcess(tallies, lambda: HistoryPlace(history))
    assert "cannot be read" in unreadable.validate((HALL,))
    unreadable.stop()


def test_corrections_are_trained_and_told_to_whoever_wants_to_know(tmp_path: Path) -> None:
    history, tallies = tmp_path / "measurements", Tallies(tmp_path / "tallies")
    History(history)
    for number, one in enumerate(counts_of_crowds(1)):
        tap = stamp(number)
        tallies.add([msgspec.structs.replace(tap, people=round(one.people))])
        tallies.note(tap.wall_s, Seen(id=tap.id, people=one.numbers.detected, crowd=one.numbers))
    corrections, told = Corrections(history, lambda: (HALL,)), []
    validator = ValidatorProcess(tallies.folder, lambda: HistoryPlace(history), trained=lambda: told.append(corrections.of("gate")))
    assert corrections.of("gate") == [Correct("gate", "hall", None)]
    assert validator.validate((HALL,)) == ""
    ((order,),) = told
    assert (order.camera, order.zone) == ("gate", "hall")
    assert order.model is not None
    assert len(order.model.counts) == 20
    assert "20 tallies" in read_accuracies(history).words(Table.ZONES, "gate", "hall")
    drawn_anew = CountedPlace(Table.ZONES, "gate", "Gate", "hall", "Hall", "another")
    assert Corrections(history, lambda: (drawn_anew,)).of("gate") == [Correct("gate", "hall", None)]
    assert corrections.of("elsewhere") == []
    validator.stop()
