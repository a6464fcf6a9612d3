"""What is due is deleted also where the disk has no byte left: on a real small disk that is full."""

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from passerby.clock import SimulatedClock
from passerby.errors import OutputError
from passerby.hazards.channels import outbox_file as outbox_file_module
from passerby.hazards.channels import waiting as waiting_module
from passerby.hazards.channels.routing import Routing
from passerby.hazards.channels.waiting import NAME, Waiting
from passerby.site.durations import DAY_S
from tests.support.alerts import NOON
from tests.support.outbox_small_disk import NEW, OLD
from tests.support.small_disk import said_on_disk
from tests.support.told import channel_table, opened, site_with

RESERVE_BYTES = 512 * 1024
TODAY = datetime.fromtimestamp(NOON, UTC).date()


def test_what_is_due_is_deleted_on_a_full_disk_and_no_byte_of_it_is_left(tmp_path: Path) -> None:
    said = said_on_disk(tmp_path, "size=4m", "tests.support.outbox_small_disk", "running")
    assert said["before"] == [OLD, NEW]
    assert "cannot be written" in said["refused"]
    assert said["gone"] == 3 * OLD, "what is known, who was told, what waits"
    assert said["after"] == [0, NEW]
    assert said["reserve"] == [RESERVE_BYTES, RESERVE_BYTES], "there is room again: it is kept, and written"


def test_a_site_starts_on_a_disk_that_is_full_and_deletes_what_is_due(tmp_path: Path) -> None:
    said = said_on_disk(tmp_path, "size=4m", "tests.support.outbox_small_disk", "starting")
    assert "cannot be opened" in said["looked"], "what is set aside is not for whoever only looks"
    assert said["known"]
    assert said["gone"] == 3 * OLD
    assert said["after"] == [0, NEW]


def test_where_there_is_no_room_to_write_anew_what_is_kept_nobody_loses_the_room_that_there_is(tmp_path: Path) -> None:
    said = said_on_disk(tmp_path, "size=12m", "tests.support.outbox_small_disk", "little")
    assert "cannot be wiped" in said["gone"]
    assert not said["known"], "it is deleted all the same"
    assert "cannot be wiped" in said["again"], "it is said until it is done"
    assert said["free"] == [said["free"][0]] * 3
    assert said["reserve"], "where it does not help it is not given away, and not written anew with every sweep"
    assert (said["room"], said["after"]) == (0, [0, NEW]), "there is room: no trace is left"


def waiting_of_yesterday(folder: Path, alerts: int) -> Waiting:
    site, waiting = site_with(folder / "site", channel_table()), Waiting(folder / "alerts", NOON - 2 * DAY_S)
    routing = Routing(waiting, SimulatedClock(NOON))
    for number in range(alerts):
        routing.accept(site, opened(f"{number:016x}", wall_s=NOON - DAY_S))
    return waiting


def raise_full() -> NoReturn:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise OutputError("what waits to be told cannot be written: OperationalError") from full


@pytest.mark.parametrize("room", [4, 1, 0])
def test_where_there_is_room_for_some_rows_only_some_go_at_a_time_and_where_there_is_for_none_it_is_said(
    room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = waiting_of_yesterday(tmp_path, 9)
    do, log_bytes = waiting._file.do, list[int]()

    def do_with_little_room(sql: str, *values: object) -> int:
        if sql.endswith("LIMIT ?)"):
            log_bytes.append((tmp_path / "alerts" / f"{NAME}-wal").stat().st_size)
        if not sql.endswith("LIMIT ?)") or int(str(values[-1])) > room:
            raise_full()
        return do(sql, *values)

    monkeypatch.setattr(waiting._file, "do", do_with_little_room)
    if room:
        assert waiting.forget_days(lambda day: day < TODAY) == 27
    else:
        with pytest.raises(OutputError, match="cannot be written"):
            waiting.forget_days(lambda day: day < TODAY)
    assert log_bytes[0] == 0, "what it held would take the room of what is deleted"
    assert (waiting.known(f"{8:016x}") is None) == (room > 0)
    assert waiting.counts("ops") == ((0, 0) if room else (9, 0))
    assert (tmp_path / "alerts" / "outbox.reserve").stat().st_size == RESERVE_BYTES
    waiting.close()


def test_what_went_before_the_room_ended_is_not_counted_among_what_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_module, "MOST_WAITING", 9)
    waiting = waiting_of_yesterday(tmp_path, 9)
    do = waiting._file.do

    def do_with_room_for_deliveries(sql: str, *values: object) -> int:
        if not sql.endswith("LIMIT ?)") or "FROM alerts WHERE (alert)" in sql:
            raise_full()
        return do(sql, *values)

    with monkeypatch.context() as full:
        full.setattr(waiting._file, "do", do_with_room_for_deliveries)
        with pytest.raises(OutputError, match="cannot be written"):
            waiting.forget_days(lambda day: day < TODAY)
    assert waiting.counts("ops") == (0, 0)
    site, routing = site_with(tmp_path / "site", channel_table()), Routing(waiting, SimulatedClock(NOON))
    for number in range(9):
        assert routing.accept(site, opened(f"{number + 100:016x}", wall_s=NOON)) == []
    assert waiting.counts("ops") == (9, 0), "no more than may wait"
    waiting.close()


def test_what_is_set_aside_is_also_for_clearing_the_traces_of_what_was_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, reserve = waiting_of_yesterday(tmp_path, 9), tmp_path / "alerts" / "outbox.reserve"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0 if reserve.exists() else RESERVE_BYTES))
    assert waiting.forget_days(lambda day: day < TODAY) == 27
    assert waiting.wipe(whole=True), "nothing is left to be cleared"
    assert reserve.stat().st_size == RESERVE_BYTES
    waiting.close()


def test_what_was_set_aside_for_a_full_disk_is_not_given_away_because_somebody_else_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_file_module, "BUSY_S", 0.05)
    waiting = waiting_of_yesterday(tmp_path, 1)
    reserve = tmp_path / "alerts" / "outbox.reserve"
    before = reserve.read_bytes()
    other = sqlite3.connect(tmp_path / "alerts" / NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OutputError, match="cannot be written"):
        waiting.forget_days(lambda day: day < TODAY)
    other.close()
    assert reserve.read_bytes() == before
    assert waiting.forget_days(lambda day: day < TODAY) == 3
    waiting.close()


def test_room_is_set_aside_by_the_running_site_and_not_by_whoever_looks(tmp_path: Path) -> None:
    reserve = tmp_path / "alerts" / "outbox.reserve"
    Waiting(tmp_path / "alerts", NOON, mend=False).close()
    assert not reserve.exists()
    waiting = Waiting(tmp_path / "alerts", NOON)
    assert (reserve.stat().st_size, reserve.stat().st_mode & 0o777) == (RESERVE_BYTES, 0o600)
    reserve.unlink()
    waiting.forget_days(lambda day: day < TODAY)
    assert reserve.stat().st_size == RESERVE_BYTES, "there was no room when it was last used, and now there is"
    waiting.close()
