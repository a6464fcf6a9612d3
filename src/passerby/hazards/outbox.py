"""The outbox: what channels are told of alerts, from the event to the answer that it was taken. See docs/design/hazards.md, "Channels".

`accept` decides which channels are told and keeps that on disk before it returns; a thread with an event loop of its own delivers, with one task a
channel, so that a channel that hangs holds up no other and nothing of ours.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from passerby.clock import Clock
from passerby.errors import words_of
from passerby.hazards.alert import Cause, Event
from passerby.hazards.channels.chore import Chore
from passerby.hazards.channels.delivering import Delivering, Hooks, Pace
from passerby.hazards.channels.faults import Faults
from passerby.hazards.channels.figures import ChannelHealth, Figures
from passerby.hazards.channels.known import OpenAlert
from passerby.hazards.channels.routing import Routing
from passerby.hazards.channels.saying import Journal, Listeners, Saying
from passerby.hazards.channels.sender import Around, Sender
from passerby.hazards.channels.senders import require_installed, sender_of
from passerby.hazards.channels.waiting import Waiting
from passerby.site.channel_secrets import Access, accesses
from passerby.site.channels import Channel
from passerby.site.durations import DAY_S
from passerby.site.settings import Site

__all__ = ["ALERTS", "ENDED", "ChannelHealth", "Journal", "Listeners", "Outbox", "SenderMaker"]

ALERTS: Final = "alerts"
"""In the state folder."""
TICK_S: Final = 0.5
COUNT_EVERY_S: Final = 5.0
WIPE_EVERY_S: Final = 60.0
FORGET_EVERY_S: Final = 3600.0
REMEMBERED_S: Final = 30 * DAY_S
GONE: Final = "there is no such channel any more"
OURSELVES: Final = "outbox"
"""What fails and is no channel."""
ENDED: Final = "the outbox ended: nobody is told"
SenderMaker = Callable[[Site, Channel, Access, Clock, Around], Sender]


class Outbox:
    """The channels of a site at work.

    Args:
        folder: The folder of the alerts in the state folder.
        site: The site.
        clock: Time.
        journal: Is told of failures, once when they begin and once when they end.
        listeners: Who is told what becomes of alerts.
        environ: Where the variables of addresses are looked up; None = the environment.
        pace: How fast is tried again.
        make: Makes senders, for tests.

    Raises:
        SiteError: A secret is missing, or what a channel needs is not installed.
        OutputError: What waits cannot be kept.
    """

    def __init__(
        self,
        folder: Path,
        site: Site,
        clock: Clock,
        journal: Journal,
        listeners: Listeners | None = None,
        environ: Mapping[str, str] | None = None,
        pace: Pace | None = None,
        make: SenderMaker = sender_of,
    ) -> None:
        self._site, self._clock, self._journal, self._environ = site, clock, journal, environ
        self._accesses = self._checked(site)
        listeners = listeners or Listeners()
        self._saying = Saying(journal, listeners)
        self._pace, self._make = pace or Pace(), make
        self._waiting = Waiting(folder, clock.wall_s())
        if self._waiting.damaged:
            journal.error("the outbox was damaged and was set aside: what waited in it is not told", file=f"{self._waiting.path.name}.damaged")
        self._routing = Routing(self._waiting, clock)
        self._faults = Faults(clock, self._saying.raised, listeners.standing())
        self._lock = threading.Lock()
        self._woken: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._deliverings: dict[str, Delivering] = {}
        self._counting = Figures(self._waiting)
        self._figures: tuple[ChannelHealth, ...] = ()
        self._ending = threading.Event()
        self._changed = True
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether its thread lives."""
        return self._thread.is_alive()

    @property
    def failing(self) -> str:
        """Why nobody is told, or what is told cannot be kept, in words; "" = all is well. How each channel is, `health` says."""
        return ENDED if self._has_ended else self._saying.failing(OURSELVES)

    @property
    def figures(self) -> tuple[ChannelHealth, ...]:
        """How each channel was some seconds ago: whoever asks waits for no disk. Where nobody is told any more, each of them fails."""
        found = self._figures
        return tuple(replace(one, failing=ENDED) for one in found) if self._has_ended else found

    def start(self) -> None:
        """Begins to deliver."""
        self._thread.start()

    def stop(self, within_s: float) -> bool:
        """Ends delivering; what waits is told after the next start. Whether it ended in time."""
        self._ending.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(within_s)
        done = not self._thread.is_alive()
        if done:
            self._waiting.close()
        return done

    def check(self, site: Site) -> None:
        """Refuses a site file with which `follow` could not go on.

        Raises:
            SiteError: A secret is missing, or what a channel needs is not installed.
        """
        self._checked(site)

    def follow(self, site: Site) -> None:
        """Goes on with another site file.

        Raises:
            SiteError: A secret is missing, or what a channel needs is not installed. Everything goes on as before.
        """
        found = self._checked(site)
        with self._lock:
            self._site, self._accesses, self._changed = site, found, True
        self._wake()

    def accept(self, event: Event) -> None:
        """Takes an event, as `accept_all`."""
        self.accept_all((event,))

    def accept_all(self, events: Iterable[Event]) -> None:
        """Takes events, in their order. When it returns, what is to be told of them is on the disk. An event that was taken before counts once.

        Raises:
            OutputError: Nothing of them could be kept: give them again.
        """
        with self._lock:
            site = self._site
        with self._waiting.at_once():
            given_up = [told for event in events for told in self._routing.accept(site, event)]
        self._saying.given_up.extend(given_up)
        self._wake()

    def forget_days(self, is_due: Callable[[date], bool]) -> None:
        """Deletes all that is kept of alerts that were opened on UTC days that are due: told or not (invariant I8).

        Raises:
            OutputError: It could not be deleted.
        """
        gone = self._waiting.forget_days(is_due)
        if gone:
            self._journal.info("what channels knew of alerts that are due was deleted", rows=gone)

    def health(self) -> tuple[ChannelHealth, ...]:
        """How each channel is."""
        with self._lock:
            site, at_work = self._site, dict(self._deliverings)
        return self._counting.of(site.channels, at_work)

    @property
    def _has_ended(self) -> bool:
        """Whether its thread has ended, and nobody has asked it to."""
        return self._thread.ident is not None and not self._ending.is_set() and not self.alive

    def _checked(self, site: Site) -> dict[str, Access]:
        require_installed(site.channels)
        return accesses(site, self._environ)

    def _run(self) -> None:
        try:
            asyncio.run(self._deliver())
        except Exception as error:  # noqa: BLE001 - the life of the thread is supervised here; the text may quote an address
            self._journal.error(ENDED, error=type(error).__name__)

    async def _deliver(self) -> None:
        tasks: dict[str, asyncio.Task[None]] = {}
        woken = asyncio.Event()
        self._woken, self._loop = woken, asyncio.get_running_loop()
        chores = [
            Chore(every_s, work, self._clock)
            for every_s, work in ((TICK_S, self._tick), (COUNT_EVERY_S, self._count), (FORGET_EVERY_S, self._forget), (WIPE_EVERY_S, self._wipe))
        ]
        try:
            while not self._ending.is_set():
                woken.clear()
                words = ""
                try:
                    if self._changed or any(task.done() for task in tasks.values()):
                        await self._take_over(tasks)
                    for chore in sorted(chores, key=lambda chore: chore.due_s):  # one that always fails keeps no other from being done
                        chore.do_if_due()
                except Exception as error:  # noqa: BLE001 - the life of the thread is supervised here
                    words = words_of(error)
                self._saying.is_so(OURSELVES, next((chore.failing for chore in chores if chore.failing), words))
                for one in self._deliverings.values():
                    one.wake.set()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK_S):
                        await woken.wait()
        finally:
            await _cancelled(tasks.values())

    def _tick(self) -> None:
        self._saying.given_up.extend(self._routing.escalate(self._site))
        self._saying.tell_given_up()
        self._faults.tick()

    def _count(self) -> None:
        self._figures = self.health()
        self._saying.lost(self._waiting.lost)

    def _forget(self) -> None:
        self._waiting.forget(self._clock.wall_s() - REMEMBERED_S)
        self._waiting.count_anew()
        self._waiting.wipe(whole=self._waiting.is_small)

    def _wipe(self) -> None:
        self._waiting.wipe()

    async def _take_over(self, tasks: dict[str, asyncio.Task[None]]) -> None:
        """Begins with the channels of the site as it is now. Where it raises, those of before go on, and it is done anew."""
        with self._lock:
            site, found, self._changed = self._site, self._accesses, False
        done = False
        try:
            self._bury_gone(site, found)
            await _cancelled(tasks.values())
            tasks.clear()
            before = dict(self._deliverings)
            at_work = {channel.id: self._delivering(site, channel, found[channel.id], before.get(channel.id)) for channel in site.channels}
            with self._lock:
                self._deliverings = at_work
            for name, one in at_work.items():
                tasks[name] = asyncio.create_task(one.run(), name=f"channel {name}")
            done = True
        finally:
            if not done:
                with self._lock:
                    self._changed = True

    def _bury_gone(self, site: Site, found: Mapping[str, Access]) -> None:
        gone = self._waiting.bury_all_but([channel.id for channel in site.channels], GONE)
        if gone:
            self._journal.warning("what waited for channels that there are no more was given up", deliveries=gone)
        for channel in self._faults.channels - set(found):
            self._faults.works(channel)

    def _delivering(self, site: Site, channel: Channel, access: Access, before: Delivering | None) -> Delivering:
        """The channel at work, as the site says now; `before`: as it was, which knows what is sent and counted already."""

        def is_quiet() -> bool:
            at = datetime.fromtimestamp(self._clock.wall_s(), site.zone)
            return any(span.holds(at.weekday(), at.hour * 60 + at.minute) for span in channel.quiet)

        def open_alerts(cause: Cause | None) -> list[OpenAlert]:
            return self._waiting.open_alerts(channel.id, cause, quiet=is_quiet())

        def make(went: Callable[[int], object]) -> Sender:
            return self._make(site, channel, access, self._clock, Around(open_alerts, went))

        hooks = Hooks(is_quiet, self._saying.told, self._on_failing)
        done = None if before is None else before.done
        return Delivering(channel.id, make, self._waiting, self._clock, self._pace, channel.group_from, hooks, done)

    def _on_failing(self, channel: str, words: str) -> None:
        """A channel fails, in words, or works."""
        try:
            if words:
                self._faults.fails(channel, words)
            else:
                self._faults.works(channel)
            self._saying.is_so(channel, words)
        except Exception as error:  # noqa: BLE001 - a channel goes on, whatever becomes of its fault
            self._saying.is_so(OURSELVES, words_of(error))

    def _wake(self) -> None:
        loop, woken = self._loop, self._woken
        if loop is not None and woken is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(woken.set)


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Ends tasks, and waits for it."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
