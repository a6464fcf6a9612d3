"""Tells by one channel what waits for it: in order, again and again until it is taken, and never so often that it is a burden."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from passerby.clock import Clock
from passerby.errors import OutputError
from passerby.hazards.channels.delivery import ChannelError
from passerby.hazards.channels.grouping import Grouping
from passerby.hazards.channels.sender import Sender
from passerby.hazards.channels.waiting import Row, Waiting
from passerby.site.durations import DAY_S

FAILING_S: Final = 60.0
"""A channel that fails for so long is an alert."""
POLL_S: Final = 1.0
"""Quiet hours begin and end, dead letters are sent again by another process: looked at so often."""
TEND_S: Final = 15.0
ALL_WITHIN_S: Final = 30.0
"""A sender that gets no further for longer has failed."""
CLOSE_S: Final = 2.0
"""So long a sender may take to say that it goes: with another site file, all channels begin anew once all have gone."""
MOST_REFUSALS: Final = 5
MOST_WORDS: Final = 200
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast is tried again.

    Attributes:
        first_s: Pause behind the first failure; it doubles with each, up to `longest_s`, and up to half of it is taken off by chance.
        dead_after_s: What waited for so long and fails is given up ...
        dead_tries: ... once the channel has failed so often in a row: the clock alone gives up nothing.
    """

    first_s: float = 1.0
    longest_s: float = 300.0
    dead_after_s: float = 3 * DAY_S
    dead_tries: int = 20

    def pause_s(self, failures: int) -> float:
        """Seconds until the next try."""
        longest = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return longest * (1 - random.random() / 2)  # noqa: S311 - jitter, no secret


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a delivery, for the alert's history.

    Attributes:
        alert: Id of the alert.
        channel: Id of the channel.
        wall_s: When, seconds since 1970 UTC.
        words: "delivered", or why it was given up.
    """

    alert: str
    channel: str
    wall_s: float
    words: str


def given_up(alert: str, channel: str, wall_s: float, why: str) -> Told:
    """That a delivery was given up."""
    return Told(alert, channel, wall_s, f"given up: {why}")


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a channel at work asks and tells.

    Attributes:
        is_quiet: Whether it is a quiet hour.
        told: Is told what was delivered and what was given up.
        failing: Is told in words that the channel fails, once it does for long; with "" that it works.
    """

    is_quiet: Callable[[], bool]
    told: Callable[[Sequence[Told]], object]
    failing: Callable[[str, str], object]


@dataclass(slots=True)
class Done:
    """What a channel has done since the start; it outlives another site file.

    Attributes:
        sent: Deliveries, by their places in the order, that were taken and could not be deleted: they are not sent again, only deleted.
        delivered: Deliveries that were taken.
        retried: Deliveries that were sent once more, each time.
        refused: How often each delivery, by its place in the order, was refused as it went alone.
    """

    sent: set[int] = field(default_factory=set)
    refused: dict[int, int] = field(default_factory=dict)
    delivered: int = 0
    retried: int = 0


class Delivering:
    """One channel at work.

    Args:
        channel: Its id.
        make: Makes its sender, which is to tell `Around.went` what it is given; called again where that failed.
        waiting: What waits.
        clock: Time.
        pace: How fast is tried again.
        group_from: Messages one by one within a minute, where people are told.
        hooks: What it asks and tells.
        done: What it has done before.

    Attributes:
        channel: Its id.
        done: As given, and counted on.
        wake: Hurries it.
        words: Why it fails; "" = it does not.
    """

    def __init__(
        self,
        channel: str,
        make: Callable[[Callable[[int], object]], Sender],
        waiting: Waiting,
        clock: Clock,
        pace: Pace,
        group_from: int,
        hooks: Hooks,
        done: Done | None = None,
    ) -> None:
        self.channel, self._make, self._waiting, self._clock, self._pace = channel, make, waiting, clock, pace
        self._is_quiet, self._told, self._on_failing = hooks.is_quiet, hooks.told, hooks.failing
        self._grouping = Grouping(group_from)
        self._sender: Sender | None = None
        self._limit: asyncio.Timeout | None = None
        self._went_of = 0
        self._one_by_one = 0
        self._failures = 0
        self._failed_at_s: float | None = None
        self._tended_at_s = -TEND_S
        self.wake = asyncio.Event()
        self.done = Done() if done is None else done
        self.words = ""
        self._delete_at_s = 0.0
        self._works = False
        self._is_told = False
        self._was_refused = False

    @property
    def failing_s(self) -> float:
        """For how long it has failed."""
        return 0.0 if self._failed_at_s is None else self._clock.monotonic_s() - self._failed_at_s

    async def run(self) -> None:
        """Tells, until it is cancelled."""
        try:
            while True:
                self.wake.clear()
                pause_s = await self._step()
                if self._failures:
                    await self._rest(pause_s)
                elif pause_s > 0:
                    await self._until(pause_s)
        finally:
            if self._sender is not None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CLOSE_S):
                        await self._sender.close()

    async def _step(self) -> float:
        """Tells something, if there is something; seconds until there may be more."""
        rows: Sequence[Row] = ()
        self._went_of = 0
        try:
            self._delete_sent()
            sender = self._sender = self._sender or self._make(self._went)
            rows, pause_s = self._pick(sender)
            if rows:
                self.done.retried += sum(row.tries > 0 for row in rows)
                await self._send(sender, rows)
                return 0.0
            if self._clock.monotonic_s() - self._tended_at_s >= TEND_S:
                self._tended_at_s = self._clock.monotonic_s()
                if await self._in_time(sender.tend()):
                    self._succeeded()
            if self._was_refused and not self._is_told:
                self._calm()  # it answers, and what it did not take was given up: that is no channel that fails
        except ChannelError as error:
            return self._failed(rows[self._went_of :], error.reason, refused=error.refused)
        except TimeoutError:
            return self._failed(rows[self._went_of :], "no answer in time")
        except OutputError as error:
            return self._failed((), error.message)
        except Exception as error:  # noqa: BLE001 - the life of the channel is supervised here; the text may quote an address
            return self._failed(rows[self._went_of :], f"unexpected {type(error).__name__}")
        return min(POLL_S, pause_s)

    async def _send(self, sender: Sender, rows: Sequence[Row]) -> None:
        """Sends them. Of those that were taken before it failed, or was cancelled, none is sent again."""
        try:
            await self._in_time(sender.send([row.delivery for row in rows]))
            self._went_of = len(rows)
        finally:
            if self._went_of:
                self._taken(rows[: self._went_of])

    async def _in_time(self, work: Awaitable[_T]) -> _T:
        """What comes of it, as long as it gets on. Raises TimeoutError."""
        try:
            async with asyncio.timeout(ALL_WITHIN_S) as self._limit:
                return await work
        finally:
            self._limit = None

    def _went(self, count: int) -> None:
        """The sender gets on; so many more were taken."""
        self._went_of += count
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time() + ALL_WITHIN_S)

    def _pick(self, sender: Sender) -> tuple[Sequence[Row], float]:
        most = 1 if self._one_by_one and not sender.summarises else sender.most
        quiet = self._is_quiet()
        if not sender.summarises:
            return self._next(most, quiet=quiet), POLL_S
        rows = self._next(self._grouping.most + 1, quiet=quiet)
        urgent = len(rows) > self._grouping.most and self._waiting.has_loud(self.channel, self.done.sent)
        picked, pause_s = self._grouping.pick(rows, self._clock.monotonic_s(), urgent=urgent)
        return (self._next(most, quiet=quiet) if len(picked) > 1 else picked), pause_s

    def _next(self, most: int, *, quiet: bool) -> list[Row]:
        return self._waiting.next(self.channel, most, quiet=quiet, but=self.done.sent)

    def _taken(self, rows: Sequence[Row]) -> None:
        self.done.sent.update(row.seq for row in rows)
        self._forget_refusals(rows)
        self._grouping.sent(len(rows), self._clock.monotonic_s())
        self._one_by_one = max(0, self._one_by_one - len(rows))
        self.done.delivered += len(rows)
        self._succeeded()
        now_s = self._clock.wall_s()
        self._told([Told(row.delivery.alert, self.channel, now_s, "delivered") for row in rows if row.delivery.what.value in ("opened", "returned")])
        self._delete_sent()

    def _delete_sent(self) -> None:
        """Deletes what was taken. Where that cannot be done it is said, and tried again; whoever was told is not told again."""
        if not self.done.sent or self._clock.monotonic_s() < self._delete_at_s:
            return
        try:
            self._waiting.taken(self.channel, sorted(self.done.sent))
        except OutputError as error:
            self._delete_at_s = self._clock.monotonic_s() + POLL_S
            self.words = error.message[:MOST_WORDS]
            return
        self.done.sent.clear()
        if not self._failures:
            self.words = ""

    def _calm(self) -> None:
        self._failures, self._failed_at_s, self._was_refused = 0, None, False
        self.words = self.words if self.done.sent else ""

    def _succeeded(self) -> None:
        self._calm()
        self._is_told = False
        if not self._works:
            self._works = True
            self._on_failing(self.channel, "")

    def _failed(self, rows: Sequence[Row], reason: str, *, refused: bool = False) -> float:
        self._failures += 1
        self.words = reason[:MOST_WORDS]
        self._was_refused = False
        if self._failed_at_s is None:
            self._failed_at_s = self._clock.monotonic_s()
        try:
            self._waiting.failed([row.seq for row in rows])
            self._give_up(rows, reason, refused=refused)
        except OutputError as error:
            self.words = error.message[:MOST_WORDS]
        return self._pace.pause_s(self._failures)

    def _give_up(self, rows: Sequence[Row], reason: str, *, refused: bool) -> None:
        """Dead letters: what is refused by itself again and again, and what is too old."""
        if refused and len(rows) > 1:
            self._one_by_one = len(rows)  # one of them is not taken: which one shows when they go one by one
            return
        old_s = self._clock.wall_s() - self._pace.dead_after_s
        gone = [row for row in rows if row.made_s <= old_s] if self._failures >= self._pace.dead_tries else []
        for row in rows if refused else ():
            self.done.refused[row.seq] = self.done.refused.get(row.seq, 0) + 1
            if self.done.refused[row.seq] >= MOST_REFUSALS:
                gone, self._was_refused = [row], True
        if gone:
            self._forget_refusals(gone)
            self._waiting.bury(self.channel, [row.seq for row in gone], reason)
            now_s = self._clock.wall_s()
            self._told([given_up(row.delivery.alert, self.channel, now_s, reason) for row in gone])

    def _forget_refusals(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.done.refused.pop(row.seq, None)

    async def _rest(self, pause_s: float) -> None:
        """Waits behind a failure; what comes meanwhile does not hurry it."""
        until_s = self._clock.monotonic_s() + pause_s
        while (left_s := until_s - self._clock.monotonic_s()) > 0:
            await asyncio.sleep(min(left_s, POLL_S))
            self._tell_failing()
        self._tell_failing()

    def _tell_failing(self) -> None:
        if self.failing_s >= FAILING_S:
            self._works, self._is_told = False, True
            self._on_failing(self.channel, f"nobody is told by channel '{self.channel}' for {self.failing_s:.0f} s: {self.words}")

    async def _until(self, pause_s: float) -> None:
        try:
            async with asyncio.timeout(pause_s):
                await self.wake.wait()
        except TimeoutError:
            return
