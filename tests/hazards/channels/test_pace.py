"""An hour and three days without anybody to tell, in the pace of the product, on a clock that is told to go on."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from passerby.clock import SimulatedClock
from passerby.hazards.channels import delivering as module
from passerby.hazards.channels.delivering import Delivering, Hooks, Pace, Told
from passerby.hazards.channels.delivery import ChannelError, Delivery
from passerby.hazards.channels.waiting import Waiting
from passerby.hazards.channels.wording import trial
from tests.support.told import channel_table, site_with

DAY_S = 86400.0


class Outage:
    """Takes nothing before a time."""

    most, summarises = 500, False

    def __init__(self, clock: SimulatedClock, until_s: float) -> None:
        self.clock, self.until_s = clock, until_s
        self.tries: list[float] = []
        self.taken: list[str] = []

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        self.tries.append(self.clock.monotonic_s())
        if self.clock.monotonic_s() < self.until_s:
            raise ChannelError("nobody there")
        self.taken += [delivery.id for delivery in deliveries]

    async def tend(self) -> bool:
        """Nothing is held."""
        return False

    async def close(self) -> None:
        """Nothing is held."""


class Run:
    """A channel at work until it has nothing to do."""

    def __init__(self, folder: Path, until_s: float, monkeypatch: pytest.MonkeyPatch, during: Callable[["Run"], object] = bool) -> None:
        self.site = site_with(folder, channel_table())
        self.clock = SimulatedClock(1_764_000_000.0)
        self.waiting = Waiting(folder / "alerts", self.clock.wall_s())
        self.sender = Outage(self.clock, until_s)
        self.told: list[Told] = []
        self.failing: list[str] = []
        self.put = 0
        pause = asyncio.sleep

        async def sleep(duration_s: float) -> None:
            self.clock.sleep(duration_s)
            during(self)
            await pause(0)

        monkeypatch.setattr(f"{module.__name__}.asyncio.sleep", sleep)
        self.told_at_s: list[float] = []

        def tell(told: Sequence[Told]) -> None:
            self.told.extend(told)
            self.told_at_s.append(self.clock.monotonic_s())

        hooks = Hooks(lambda: False, tell, lambda _, words: self.failing.append(words))
        self.work = Delivering("ops", lambda _: self.sender, self.waiting, self.clock, Pace(), 20, hooks)

    def accept(self, count: int) -> None:
        for _ in range(count):
            self.waiting.put(trial(self.site, self.site.channels[0], f"{self.put:016x}", self.clock.wall_s()), self.clock.wall_s(), loud=False)
            self.put += 1

    def go_on(self) -> None:
        async def work() -> None:
            task = asyncio.create_task(self.work.run())
            while self.waiting.counts("ops")[0]:
                await asyncio.wait((task,), timeout=0.005)
                assert not task.done()
            task.cancel()

        asyncio.run(work())


def test_an_hour_without_a_server_ends_with_all_of_it_once_and_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def during(run: Run) -> None:
        if run.clock.monotonic_s() > 10 * run.put and run.put < 300:
            run.accept(1)

    run = Run(tmp_path, 3600.0, monkeypatch, during)
    run.accept(1)
    run.go_on()
    assert run.sender.taken == [f"{number:016x}-0-ops" for number in range(run.put)]
    assert len(run.sender.tries) < 60
    assert [later - sooner for sooner, later in zip(run.sender.tries, run.sender.tries[1:], strict=False) if later - sooner > 301] == []
    assert run.clock.monotonic_s() < 3600 + 301
    # It is said after a minute, and that it works again.
    said = [bool(words) for words in run.failing]
    assert said.index(True) < 70
    assert said[-1] is False
    assert all("nobody there" in words for words in run.failing if words)


def test_what_waits_for_three_days_is_given_up_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_S", 60.0)
    run = Run(tmp_path, 1000 * DAY_S, monkeypatch)
    run.accept(5)
    run.go_on()
    (given_up_at_s,) = run.told_at_s  # not the clock when this thread takes notice, which may have gone on by pauses
    assert 3 * DAY_S <= given_up_at_s < 3 * DAY_S + 301
    assert [(row.delivery.alert, row.why) for row in run.waiting.dead()] == [(f"{number:016x}", "nobody there") for number in range(5)]
    assert {one.words for one in run.told} == {"given up: nobody there"}


def test_a_clock_that_jumps_by_a_year_gives_up_nothing_that_can_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path, 0.0, monkeypatch)
    run.accept(5)
    run.clock.sleep(365 * DAY_S)
    run.sender.until_s = run.clock.monotonic_s() + 60
    run.go_on()
    assert len(run.sender.taken) == 5
    assert run.waiting.dead() == []
