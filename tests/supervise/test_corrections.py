"""Which corrections of counts workers are told of: those that could be read, and what could not be read is read again."""

from pathlib import Path

import pytest

from passerby.measure.crowd import trained
from passerby.site.orders import Correct
from passerby.store.counted_places import CountedPlace
from passerby.store.crowds import KnownCrowd, write_crowds
from passerby.store.question import Table
from passerby.supervise import corrections as module
from passerby.supervise.corrections import Corrections
from tests.measure.test_crowd import counted

HALL = CountedPlace(Table.ZONES, "gate", "Gate", "hall", "Hall", "1c9a44f0")


def known() -> KnownCrowd:
    model = trained(counted(1))
    assert model is not None
    return KnownCrowd("gate", "hall", HALL.shape, model)


def test_corrections_that_could_not_be_read_once_are_read_when_they_are_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_crowds(tmp_path, [known()])
    corrections = Corrections(tmp_path, lambda: (HALL,))
    with monkeypatch.context() as failing:
        failing.setattr(module, "read_crowds", lambda _folder: [])
        assert corrections.of("gate") == [Correct("gate", "hall", None)]
    assert corrections.of("gate") == [Correct("gate", "hall", known().model)]


def test_a_file_that_stays_as_it_was_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_crowds(tmp_path, [known()])
    corrections = Corrections(tmp_path, lambda: (HALL,))
    found = corrections.of("gate")

    def fails(_folder: Path) -> list[KnownCrowd]:
        raise AssertionError("it is read again")

    monkeypatch.setattr(module, "read_crowds", fails)
    assert corrections.of("gate") == found != [Correct("gate", "hall", None)]


def test_of_a_file_that_was_replaced_by_one_that_cannot_be_read_nothing_of_before_is_told(tmp_path: Path) -> None:
    write_crowds(tmp_path, [known()])
    corrections = Corrections(tmp_path, lambda: (HALL,))
    assert corrections.of("gate") == [Correct("gate", "hall", known().model)]
    (tmp_path / "crowds.json").unlink()
    (tmp_path / "crowds.json").write_bytes(b"no list")
    assert corrections.of("gate") == [Correct("gate", "hall", None)]
