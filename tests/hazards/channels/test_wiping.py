"""What is deleted is gone: looked for in the bytes of the outbox's file and of the log beside it."""

import random
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from passerby.clock import SimulatedClock
from passerby.errors import OutputError
from passerby.hazards import outbox as outbox_module
from passerby.hazards.alert import What
from passerby.hazards.channels import delivering as delivering_module
from passerby.hazards.channels import outbox_file as outbox_file_module
from passerby.hazards.channels.routing import Routing
from passerby.hazards.channels.waiting import NAME, Waiting
from passerby.hazards.outbox import ALERTS, Outbox
from passerby.site.durations import DAY_S
from tests.support.alerts import NOON
from tests.support.journals import KeptJournal
from tests.support.told import HttpReceiver, channel_table, opened, site_with, then, until

TODAY = datetime.fromtimestamp(NOON, UTC).date()


class Life:
    """An outbox's file in which alerts come and go, as a site has it. The id of each stands in its words as well, several times.

    Attributes:
        waiting: The file.
        there, gone: Ids of alerts.
    """

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.site = site_with(folder, channel_table())
        self.folder, self.rng = self.site.state_folder / ALERTS, random.Random(seed)
        self.waiting = Waiting(self.folder, NOON - DAY_S)
        self.waiting._file._database.execute("PRAGMA synchronous = OFF")  # nobody pulls a plug here
        self.routing = Routing(self.waiting, SimulatedClock(NOON))
        self.there: list[str] = []
        self.gone: set[str] = set()

    def comes(self, at_s: float = NOON) -> str:
        alert = f"{self.rng.getrandbits(64):016x}"
        self.routing.accept(self.site, opened(alert, wall_s=at_s, words=f"{alert} " * self.rng.randrange(1, 20)))
        self.routing.accept(self.site, then(alert, 1, What.ENDED, wall_s=at_s))
        self.there.append(alert)
        return alert

    def goes(self) -> None:
        """It was told, and nothing has happened to it for long."""
        alert = self.there.pop(self.rng.randrange(len(self.there)))
        seqs = [row.seq for row in self.waiting.next("ops", 10_000, quiet=False) if row.delivery.alert == alert]
        self.waiting.taken("ops", seqs)
        self.gone.add(alert)

    def goes_on(self, times: int) -> None:
        for _ in range(times):
            if self.there and self.rng.random() < 0.48:
                self.goes()
            else:
                self.comes()
        self.waiting.forget(NOON + 1)

    def left(self, alerts: set[str], *names: str) -> set[str]:
        """Those of which a trace is left in these files; all that there are, if none is named."""
        paths = [self.folder / name for name in names] or sorted(self.folder.glob(f"{NAME}*"))
        found = b"".join(path.read_bytes() for path in paths if path.exists())
        return {alert for alert in alerts if alert.encode() in found}


@pytest.mark.parametrize("seed", [1, 4, 11])  # with these, SQLite 3.40 leaves something where rows were moved to another page
def test_of_what_was_told_and_forgotten_no_byte_is_left_in_the_file_or_beside_it(seed: int, tmp_path: Path) -> None:
    life = Life(tmp_path, seed)
    life.goes_on(800)
    assert len(life.gone) > 300
    assert life.left(life.gone), "the log beside the file still has it"
    assert life.waiting.wipe(whole=True)
    assert life.left(life.gone) == set()
    assert life.left(set(life.there)) == set(life.there)
    assert {row.delivery.alert for row in life.waiting.next("ops", 10_000, quiet=False)} == set(life.there)
    life.waiting.close()
    assert life.left(life.gone) == set()


def test_of_alerts_of_a_day_that_is_due_no_byte_is_left(tmp_path: Path) -> None:
    life = Life(tmp_path)
    old = {life.comes(NOON - DAY_S) for _ in range(60)}
    new = {life.comes() for _ in range(60)}
    dead = [row.seq for row in life.waiting.next("ops", 20, quiet=False)]
    life.waiting.bury("ops", dead, "nobody there")
    assert life.left(old) == old
    assert life.waiting.forget_days(lambda day: day < TODAY) > 0
    assert life.left(old) == set()
    assert life.left(new) == new
    life.waiting.close()


@pytest.mark.parametrize("seed", [1, 4, 11])
def test_traces_that_a_site_left_that_ended_are_cleared_by_the_next_one(seed: int, tmp_path: Path) -> None:
    life = Life(tmp_path, seed)
    life.goes_on(800)
    life.waiting.wipe()
    life.waiting.close()
    assert life.left(life.gone), "where rows were moved to another page"
    waiting = Waiting(life.folder, NOON)
    assert waiting.forget_days(lambda day: day < TODAY) == 0
    assert life.left(life.gone) == set()
    assert life.left(set(life.there)) == set(life.there)
    waiting.close()


class Careless(sqlite3.Connection):
    """A connection of an SQLite that is built as its makers have it: it overwrites nothing unless it is told to."""

    def __init__(self, *args: Any, **keys: Any) -> None:
        super().__init__(*args, **keys)
        self.execute("PRAGMA secure_delete = OFF")


def test_what_is_deleted_is_overwritten_at_once_before_anything_is_wiped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing was moved about: in a file with room in each page."""
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **keys: connect(*args, factory=Careless, **keys))
    life = Life(tmp_path)
    alert = life.comes()
    life.waiting._file._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert life.left({alert}, NAME) == {alert}
    life.goes()
    life.waiting.forget(NOON + 1)
    life.waiting._file._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert life.left({alert}) == set()
    life.waiting.close()


def test_while_another_process_reads_it_is_wiped_later_and_told_not_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_file_module, "BUSY_S", 600.0)
    life = Life(tmp_path)
    old = {life.comes(NOON - DAY_S) for _ in range(5)}
    reader = sqlite3.connect(life.folder / NAME, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT COUNT(*) FROM alerts").fetchone() == (5,)
    wiped: list[bool] = []

    def forget() -> None:
        assert life.waiting.forget_days(lambda day: day < TODAY) > 0
        wiped.append(life.waiting.wipe(whole=True))

    thread = threading.Thread(target=forget, daemon=True)
    thread.start()
    thread.join(60)
    assert wiped == [False], "whoever hands in alerts waits meanwhile: nobody is waited for here"
    assert life.left(old) == old
    assert life.waiting._file._database.execute("PRAGMA busy_timeout").fetchone() == (600_000,), "whoever writes is waited for as before"
    reader.execute("COMMIT")
    reader.close()
    assert life.waiting.forget_days(lambda day: day < TODAY) == 0, "nothing is left to be deleted, and what was is wiped"
    assert life.left(old) == set()
    life.waiting.close()


def test_what_cannot_be_wiped_is_said_and_done_with_the_next_call(tmp_path: Path) -> None:
    life = Life(tmp_path)
    old = {life.comes(NOON - DAY_S) for _ in range(5)}
    wipe = life.waiting.wipe
    database = life.waiting._file._database

    def cannot(*, whole: bool = False) -> bool:
        database.execute("PRAGMA query_only = ON")
        try:
            return wipe(whole=whole)
        finally:
            database.execute("PRAGMA query_only = OFF")

    life.waiting.wipe = cannot  # type: ignore[method-assign]
    with pytest.raises(OutputError, match="cannot be wiped"):
        life.waiting.forget_days(lambda day: day < TODAY)
    assert life.waiting.known(min(old)) is None, "it is deleted all the same"
    life.waiting.wipe = wipe  # type: ignore[method-assign]
    life.waiting.forget_days(lambda day: day < TODAY)
    assert life.left(old) == set()
    life.waiting.close()


def test_a_running_outbox_leaves_no_trace_of_what_it_has_told_a_minute_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering_module, "POLL_S", 0.02)
    monkeypatch.setattr(outbox_module, "TICK_S", 0.02)
    alert = "0123456789abcdef"
    with HttpReceiver() as receiver:
        site, clock = site_with(tmp_path, channel_table(address=receiver.address)), SimulatedClock(NOON)
        box = Outbox(site.state_folder / ALERTS, site, clock, KeptJournal(), environ={})
        box.accept(opened(alert, wall_s=NOON, words="nobody else says this"))
        box.start()
        until(lambda: receiver.once == [f"{alert}-0-ops"])
        until(lambda: box.health()[0].waiting == 0)
        log = site.state_folder / ALERTS / f"{NAME}-wal"
        assert log.stat().st_size > 0
        clock.sleep(61)
        until(lambda: log.stat().st_size == 0)
        assert (site.state_folder / ALERTS / NAME).read_bytes().count(b"nobody else says this") == 1, (
            "once, in what is known of the alert that is open"
        )
        assert box.stop(5)


@pytest.mark.parametrize("small", [True, False])
def test_what_is_kept_is_written_anew_each_hour_only_where_that_is_done_in_a_moment(
    small: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = site_with(tmp_path, channel_table())
    box = Outbox(site.state_folder / ALERTS, site, SimulatedClock(NOON), KeptJournal(), environ={})
    if not small:
        monkeypatch.setattr(outbox_file_module, "SMALL_BYTES", (site.state_folder / ALERTS / NAME).stat().st_size - 1)
    whole: list[bool] = []
    monkeypatch.setattr(box._waiting, "wipe", lambda *, whole=False, kept=whole: kept.append(whole))
    box.start()
    until(lambda: len(whole) == 2)
    assert whole == [small, False], "what is done each hour, and what is done each minute"
    assert box.stop(5)
