"""Tallies: what was acknowledged is there, once, whatever happened meanwhile."""

import os
import threading
from pathlib import Path

import msgspec
import pytest

from passerby.errors import OutputError
from passerby.released import durable
from passerby.store import tallies as tallies_module
from passerby.store.question import Table
from passerby.store.tallies import FullError, Tallies, read_tallies
from passerby.store.tally import Seen, Tap, What

NOON_S = 1_795_435_200.0
"""2026-11-23, 12 o'clock UTC."""


def tap(number: int, *, at_s: float = NOON_S, what: What = What.NOW, people: int | None = 3) -> Tap:
    return Tap(
        id=f"{number:016x}",
        sitting="5" * 16,
        table=Table.ZONES,
        camera="gate",
        place="hall",
        shape="1c9a44f0",
        what=what,
        wall_s=at_s,
        received_s=at_s + 1,
        people=people,
    )


def test_what_is_added_is_read_again(tmp_path: Path) -> None:
    given = [tap(1), tap(2, at_s=NOON_S + 86400, people=0)]
    assert Tallies(tmp_path / "tallies").add(given) == given
    assert read_tallies(tmp_path / "tallies") == given
    assert sorted(path.name for path in (tmp_path / "tallies").iterdir()) == ["2026-11-23.jsonl", "2026-11-24.jsonl"]


def test_what_is_sent_again_is_kept_once_also_after_a_restart(tmp_path: Path) -> None:
    tallies = Tallies(tmp_path)
    tallies.add([tap(1), tap(1), tap(2)])
    assert tallies.add([tap(2), tap(3)]) == [tap(3)]
    assert Tallies(tmp_path).add([tap(1), tap(2), tap(3), tap(4)]) == [tap(4)]
    assert read_tallies(tmp_path) == [tap(1), tap(2), tap(3), tap(4)]


def test_what_was_measured_is_read_beside_its_stamp(tmp_path: Path) -> None:
    tallies = Tallies(tmp_path)
    tallies.add([tap(1)])
    tallies.note(NOON_S, Seen(id=tap(1).id, people=2.5))
    assert read_tallies(tmp_path) == [tap(1), Seen(id=tap(1).id, people=2.5)]
    assert Tallies(tmp_path).add([tap(1)]) == []


@pytest.mark.parametrize("cut", [2, 40, 180])
def test_a_line_that_a_crash_cut_is_left_out_and_harms_no_other(tmp_path: Path, cut: int) -> None:
    Tallies(tmp_path).add([tap(1), tap(2)])
    path = tmp_path / "2026-11-23.jsonl"
    os.truncate(path, path.stat().st_size - cut)
    assert read_tallies(tmp_path) == [tap(1)]
    assert Tallies(tmp_path).add([tap(2), tap(3)]) == [tap(2), tap(3)]
    assert read_tallies(tmp_path) == [tap(1), tap(2), tap(3)]


def test_it_is_on_the_disk_before_it_is_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(durable, "sync_data", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    Tallies(tmp_path).add([tap(1)])
    assert synced == [(tmp_path / "2026-11-23.jsonl").stat().st_size]


def test_what_did_not_reach_the_disk_is_not_there_and_can_be_given_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tallies = Tallies(tmp_path)
    tallies.add([tap(1)])

    def fails(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(durable, "sync_data", fails)
        with pytest.raises(OutputError, match="No space left"):
            tallies.add([tap(2)])
    assert read_tallies(tmp_path) == [tap(1)]
    assert tallies.add([tap(2)]) == [tap(2)]


def test_a_day_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies_module, "MOST_DAY_BYTES", 1000)
    tallies = Tallies(tmp_path)
    tallies.add([tap(1), tap(2), tap(3)])
    with pytest.raises(FullError):
        tallies.add([tap(4), tap(5), tap(6)])
    assert (tmp_path / "2026-11-23.jsonl").stat().st_size <= 1000
    assert read_tallies(tmp_path) == [tap(1), tap(2), tap(3)]


def test_phones_that_send_at_once_lose_nothing(tmp_path: Path) -> None:
    tallies = Tallies(tmp_path)
    gate = threading.Barrier(4)
    kept: list[Tap] = []

    def phone(first: int) -> None:
        gate.wait(10)
        for number in range(first, first + 30):
            kept.extend(tallies.add([tap(number), tap(number // 2)]))

    threads = [threading.Thread(target=phone, args=(first,)) for first in (0, 20, 40, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.id for one in kept) == [tap(number).id for number in range(90)]
    assert sorted(one.id for one in read_tallies(tmp_path) if isinstance(one, Tap)) == [tap(number).id for number in range(90)]


def test_a_tally_says_nothing_of_who_counted_or_was_counted() -> None:
    fields = {"id", "sitting", "table", "camera", "place", "shape", "what", "wall_s", "received_s", "offset_s", "people", "of"}
    assert set(Tap.__struct_fields__) == fields
    assert set(Seen.__struct_fields__) == {"id", "people", "crowd"}


def test_lines_of_others_are_left_out(tmp_path: Path) -> None:
    Tallies(tmp_path).add([tap(1)])
    with (tmp_path / "2026-11-23.jsonl").open("ab") as file:
        file.write(b'{"is":"tap","id":"../../etc"}\n[]\n\xff\xfe\nnull\n{"is":"name"}\n' + msgspec.json.encode(tap(2)) + b"\n")
    assert read_tallies(tmp_path) == [tap(1), tap(2)]
