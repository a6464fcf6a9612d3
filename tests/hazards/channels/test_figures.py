"""What channels say of themselves in figures: what waits, was taken, sent again, given up; over another site file, and without a disk."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from passerby.clock import SimulatedClock
from passerby.errors import OutputError
from passerby.hazards import outbox as outbox_module
from passerby.hazards.alert import Event, What
from passerby.hazards.channels import delivering as delivering_module
from passerby.hazards.channels import waiting as waiting_module
from passerby.hazards.channels.delivering import Pace, Told
from passerby.hazards.channels.delivery import ChannelError, Delivery
from passerby.hazards.outbox import ALERTS, ChannelHealth, Listeners, Outbox
from passerby.site.settings import Site
from tests.support.journals import KeptJournal
from tests.support.told import channel_table, opened, site_with, then, until

NOW_S = 1_764_000_000.0
A, B = "a" * 16, "b" * 16


class Sender:
    """Fails so many times, or refuses all; one message at a time."""

    most, summarises = 1, False

    def __init__(self, fails: int = 0, *, refuses: bool = False) -> None:
        self.fails, self.refuses = fails, refuses
        self.times = 0

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        self.times += 1
        if self.refuses:
            raise ChannelError("the server answers 422", refused=True)
        if self.times <= self.fails:
            raise ChannelError("no")

    async def tend(self) -> bool:
        """Nothing is held."""
        return False

    async def close(self) -> None:
        """Nothing is held."""


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering_module, "POLL_S", 0.01)
    monkeypatch.setattr(outbox_module, "TICK_S", 0.01)


def box_of(site: Site, clock: SimulatedClock, sender: Sender) -> Outbox:
    return Outbox(site.state_folder / ALERTS, site, clock, KeptJournal(), environ={}, pace=Pace(0.01, 0.01), make=lambda *_: sender)


def figures(box: Outbox, clock: SimulatedClock) -> ChannelHealth | None:
    """What is said some seconds later; None = nothing was said yet."""
    clock.sleep(1)
    return box.figures[0] if box.figures else None


def test_what_is_sent_again_is_counted_each_time_and_so_is_what_is_taken(tmp_path: Path) -> None:
    site, clock, sender = site_with(tmp_path, channel_table()), SimulatedClock(NOW_S), Sender(fails=3)
    box = box_of(site, clock, sender)
    assert not list(box.figures)
    box.accept_all([opened(A, wall_s=NOW_S), opened(B, wall_s=NOW_S)])
    box.start()
    until(lambda: (now := figures(box, clock)) is not None and now.delivered == 2)
    until(lambda: (now := figures(box, clock)) is not None and now.waiting == 0)
    assert (box.figures[0].retried, box.figures[0].dead, box.figures[0].failing) == (3, 0, "")
    assert sender.times == 5
    assert box.stop(5)


def test_another_site_file_begins_no_count_anew(tmp_path: Path) -> None:
    site, clock = site_with(tmp_path, channel_table()), SimulatedClock(NOW_S)
    box = box_of(site, clock, Sender(fails=2))
    box.accept(opened(A, wall_s=NOW_S))
    box.start()
    until(lambda: (now := figures(box, clock)) is not None and now.delivered == 1)
    before = box._deliverings["ops"]
    box.follow(site)
    until(lambda: box._deliverings["ops"] is not before)
    assert (box.health()[0].delivered, box.health()[0].retried) == (1, 2)
    assert box.stop(5)


def test_what_is_given_up_is_counted_as_long_as_it_is_kept(tmp_path: Path) -> None:
    site, clock = site_with(tmp_path, channel_table()), SimulatedClock(NOW_S)
    box = box_of(site, clock, Sender(refuses=True))
    box.accept(opened(A, wall_s=NOW_S))
    box.start()
    until(lambda: (now := figures(box, clock)) is not None and now.dead == 1)
    assert (box.figures[0].waiting, box.figures[0].delivered, box.figures[0].retried) == (0, 0, 4)
    assert box.stop(5)


def test_what_is_given_up_for_want_of_room_is_told_once_of_each_alert_and_never_by_whoever_hands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_module, "MOST_WAITING", 3)
    site, clock = site_with(tmp_path, channel_table()), SimulatedClock(NOW_S)
    told: list[tuple[str, str, str]] = []

    def hear(some: Sequence[Told]) -> None:
        told.extend((one.alert, one.words, threading.current_thread().name) for one in some)

    box = Outbox(
        site.state_folder / ALERTS, site, clock, KeptJournal(), Listeners(told=hear), {}, Pace(0.01, 0.01), make=lambda *_: Sender(fails=10**9)
    )
    box.accept_all([opened(A, wall_s=NOW_S), then(A, 1, What.ENDED), opened(B, wall_s=NOW_S), *(opened(f"{n:016x}", wall_s=NOW_S) for n in range(2))])
    assert told == []
    box.start()
    until(lambda: figures(box, clock) is not None and told)
    assert told == [(A, "given up: too much was waiting", "outbox")]
    assert box.health()[0].dead == 2
    assert box.stop(5)


def test_dead_letters_that_are_deleted_are_counted_by_channel_and_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_module, "MOST_WAITING", 1)
    monkeypatch.setattr(waiting_module, "MOST_DEAD", 2)
    site, clock = site_with(tmp_path, channel_table(), channel_table("boss", severities='["alarm"]')), SimulatedClock(NOW_S)
    journal = KeptJournal()
    box = Outbox(site.state_folder / ALERTS, site, clock, journal, environ={}, pace=Pace(0.01, 0.01), make=lambda *_: Sender(fails=10**9))
    box.accept_all([opened(f"{number:016x}", wall_s=NOW_S) for number in range(6)])
    box.start()
    until(lambda: (now := figures(box, clock)) is not None and now.lost == 3)
    assert [one.lost for one in box.figures] == [3, 0]
    box.accept_all([opened(f"{number:016x}", wall_s=NOW_S) for number in range(6, 8)])
    until(lambda: (now := figures(box, clock)) is not None and now.lost == 5)
    assert [facts["channel"] for facts in journal.of("dead letters are deleted, as there are too many")] == ["ops"]
    assert box.stop(5)


def test_of_what_could_not_be_kept_nothing_is_counted_or_told_as_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_module, "MOST_WAITING", 1)
    monkeypatch.setattr(waiting_module, "MOST_DEAD", 0)
    site, clock = site_with(tmp_path, channel_table()), SimulatedClock(NOW_S)
    box = box_of(site, clock, Sender())
    box.accept(opened(A, wall_s=NOW_S))

    def events() -> Iterator[Event]:
        yield opened(B, wall_s=NOW_S)
        raise RuntimeError("it breaks here")

    with pytest.raises(RuntimeError):
        box.accept_all(events())
    assert (box.health()[0].waiting, box.health()[0].lost, list(box._saying.given_up)) == (1, 0, [])
    box.accept(opened(B, wall_s=NOW_S))
    assert (box.health()[0].waiting, box.health()[0].lost, len(box._saying.given_up)) == (1, 1, 1)
    assert box.stop(5)


def test_while_what_waits_cannot_be_read_it_is_told_as_it_was_and_why_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site, clock = site_with(tmp_path, channel_table()), SimulatedClock(NOW_S)
    box = box_of(site, clock, Sender())
    box.accept(opened(A, wall_s=NOW_S))
    assert box.health()[0].waiting == 1

    def counts(channel: str) -> tuple[int, int]:
        raise OutputError(f"what waits to be told cannot be read: {sqlite3.OperationalError.__name__}")

    monkeypatch.setattr(box._waiting, "counts", counts)
    now = box.health()[0]
    assert (now.waiting, now.failing) == (1, "what waits to be told cannot be read: OperationalError")
    assert box.stop(5)
