"""Takes the tallies of people at the place: checks them, keeps them, notes what was measured in the same second, and has the accuracy told anew.

Nothing of what was measured goes the other way: whoever counts sees neither pictures nor counts of ours, which would make them count what we count.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from passerby.clock import Clock
from passerby.errors import OutputError
from passerby.released.measurement import Pulse
from passerby.store.counted_places import CountedPlace
from passerby.store.question import Table
from passerby.store.tallies import Tallies
from passerby.store.tally import OF_LINES, OF_ZONES, Seen, Tap, What
from passerby.supervise.journal import Journal
from passerby.supervise.recent_pulses import RecentPulses

OLDEST_S: Final = 26 * 3600.0
"""Taps that waited for longer in a phone without a network are not taken any more."""
AHEAD_S: Final = 5.0
"""So far a tap may lie ahead of our clock."""
DAYS_EVERY_S: Final = 60.0
"""So often is looked whether tallies of a day were deleted."""
LATE_S: Final = 60.0
"""Pulses are remembered for so long."""
MOST_WAITING: Final = 4096
"""Stamps for which a pulse is looked for."""
SETTLED_S: Final = 150.0
"""So long after the last tap, the minutes in which people counted are in the history."""
AGAIN_S: Final = 600.0
"""After a comparison that failed, another one."""
COVERED: Final = 0.5


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of taps.

    Attributes:
        kept: Ids of those that are kept, now or from before.
        refused: Ids of those that will never be.
    """

    kept: tuple[str, ...]
    refused: tuple[str, ...]


class Validator(Protocol):
    """Has the accuracy told anew: `supervise.validator_process.ValidatorProcess`, or a stand-in."""

    def validate(self, places: Iterable[CountedPlace]) -> str:
        """Why it could not be done, in words; "" = it was. May take long."""
        ...

    def stop(self) -> None:
        """Ends it for good."""
        ...


def _aside(job: Callable[[], None]) -> None:
    threading.Thread(target=job, name="accuracy", daemon=True).start()


class Tallying:
    """Takes tallies. Safe to use from several threads.

    Args:
        tallies: Where they are kept.
        places: Tells the zones and lines of the site; another tuple once its file says others.
        pulses: The newest pulses.
        validator: Has the accuracy told anew.
        clock: Time.
        journal: Is told when somebody begins to count.
        run: Runs what may take minutes.
    """

    def __init__(
        self,
        tallies: Tallies,
        places: Callable[[], tuple[CountedPlace, ...]],
        pulses: RecentPulses,
        validator: Validator,
        clock: Clock,
        journal: Journal,
        run: Callable[[Callable[[], None]], object] = _aside,
    ) -> None:
        self._tallies, self.places, self._pulses = tallies, places, pulses
        self._validator, self.clock, self._journal = validator, clock, journal
        self._run, self._is_comparing = run, False
        self._lock = threading.Lock()
        self._waiting: deque[Tap] = deque(maxlen=MOST_WAITING)
        self._sittings: deque[str] = deque(maxlen=1000)
        self._due_s: float | None = None
        self._settled_s = 0.0
        self._compared: tuple[CountedPlace, ...] | None = None
        self._days: frozenset[date] = frozenset()
        self._days_at_s = -DAYS_EVERY_S

    def place(self, table: Table, camera: str, place: str) -> CountedPlace | None:
        """The zone or line of that name; None = there is none."""
        return next((one for one in self.places() if one.place == (table, camera, place)), None)

    def keep(self, taps: Iterable[Tap], account: str) -> Kept:
        """Keeps taps for good; what makes no sense is refused for good.

        Args:
            taps: All of one sitting.
            account: Who counts; the journal is told, and no tally is.

        Raises:
            OutputError: They could not be kept: send them all again later.
        """
        taps = list(taps)
        good = [tap for tap in taps if makes_sense(tap)]
        new = self._tallies.add(good)
        with self._lock:
            self._waiting.extend(tap for tap in new if tap.what is What.NOW)
            begins = bool(new) and new[0].sitting not in self._sittings
            if new:
                self._settled_s = self.clock.monotonic_s() + SETTLED_S
                self._due_s = self._settled_s if self._due_s is None else self._due_s
            if begins:
                self._sittings.append(new[0].sitting)
        if begins:
            self._journal.info("somebody counts at the place", account=account, camera=new[0].camera, place=new[0].place)
        kept = {tap.id for tap in good}
        return Kept(tuple(tap.id for tap in good), tuple(tap.id for tap in taps if tap.id not in kept))

    def tick(self) -> None:
        """Notes what was measured at new stamps, and has the accuracy told anew where it is due. To be called about once a second."""
        now_s = self.clock.wall_s()
        with self._lock:
            looked_at, self._waiting = list(self._waiting), deque(maxlen=MOST_WAITING)
        left = [stamp for stamp in looked_at if not self._note(stamp, now_s)]
        with self._lock:
            self._waiting.extendleft(reversed(left))
            places = self.places()
            monotonic_s = self.clock.monotonic_s()
            # Also where zones are drawn anew: what was counted before says nothing of them.
            if self._some_were_deleted(monotonic_s):
                self._due_s = monotonic_s  # it stays due, also while another comparison is under way
            due = (self._due_s is not None and monotonic_s >= self._due_s) or places is not self._compared
            due = due and not self._is_comparing
            if due:
                self._is_comparing = True
                self._due_s, self._compared = (self._settled_s if self._settled_s > monotonic_s else None), places
        if due:
            # Aside, for it may take minutes: pulses that new stamps are compared with are kept for one.
            self._run(lambda: self._compare(places))

    def _some_were_deleted(self, monotonic_s: float) -> bool:
        """Whether tallies of a day are gone that were there before: what was told of them is told anew without them."""
        if monotonic_s - self._days_at_s < DAYS_EVERY_S:
            return False
        self._days_at_s = monotonic_s
        before, self._days = self._days, frozenset(self._tallies.days())
        return not before <= self._days

    def _compare(self, places: tuple[CountedPlace, ...]) -> None:
        """Has the accuracy told anew."""
        trouble = ""
        try:
            trouble = self._validator.validate(places)
        finally:
            with self._lock:
                self._is_comparing = False
                if trouble:
                    self._due_s = self.clock.monotonic_s() + AGAIN_S
        if trouble:
            self._journal.warning("the accuracy of measurements could not be told anew", why=trouble)

    def stop(self) -> None:
        """Ends what compares."""
        self._validator.stop()

    def _note(self, stamp: Tap, now_s: float) -> bool:
        """Whether a stamp is done with: what was measured then is noted, or can no longer be known."""
        pulse = pulse_at(self._pulses.of(stamp.camera).get(stamp.camera, []), stamp.wall_s)
        zone = None if pulse is None else next((zone for zone in pulse.zones if zone.zone == stamp.place), None)
        if zone is None:
            return now_s - stamp.wall_s > LATE_S
        try:
            self._tallies.note(stamp.wall_s, Seen(id=stamp.id, people=round(zone.people, 2), crowd=zone.crowd))
        except OutputError as error:
            self._journal.warning("what was measured at a tally could not be noted", why=error.message)
        return True


def makes_sense(tap: Tap) -> bool:
    """Whether a tap is of a time that can be, and what it says is of a zone, or of a line, as its table says."""
    if not (math.isfinite(tap.wall_s) and math.isfinite(tap.offset_s)):
        return False
    if not tap.received_s - OLDEST_S <= tap.wall_s <= tap.received_s + AHEAD_S:
        return False
    if tap.what not in (OF_ZONES if tap.table is Table.ZONES else OF_LINES):
        return False
    return (tap.people is not None) is (tap.what in {What.COUNT, What.NOW}) and (tap.of is not None) is (tap.what is What.UNDO)


def pulse_at(pulses: Iterable[Pulse], wall_s: float) -> Pulse | None:
    """The pulse of the second that holds a moment, if most of it was seen."""
    return next((one for one in pulses if one.wall_s - 1.0 < wall_s <= one.wall_s and one.covered >= COVERED), None)
