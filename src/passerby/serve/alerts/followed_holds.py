"""Holds of alerts that go on: they are extended until the alert has ended, and half a minute more, written down first (invariant I7).

Which hold follows which alert is kept with the hold, so a restart changes nothing. A hold follows an alert until its rule is done with it: what comes
back within its cool-down is held, too. It is extended at the end, and while the alert goes on just often enough that no minute is deleted before.
The thread here is the only one that waits for this: neither the rules nor the recorder do.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Final

from passerby.clock import Clock
from passerby.errors import PasserbyError, words_of
from passerby.hazards.alert import Event, What
from passerby.record.holding import extend, following, promised_s, reach_s
from passerby.record.holds import Hold
from passerby.record.places import RecordingsPlace
from passerby.serve.alerts.answers import AFTER_S
from passerby.supervise.alert_desk import AlertDesk

LOOK_EVERY_S: Final = 10.0
EXTENDS_S: Final = 600.0
"""While an alert goes on, its holds are extended when so much time is not held, or a tenth of all that is, or half of what retention keeps."""
LASTED: Final = 0.1
MOST_S: Final = 3600.0
"""No more is ever not held: a retention that is shortened and a full disk take what is not, at once."""
CLOCK_AHEAD: Final = "the clock was set ahead by more than an hour since it was made, so what is recorded now is not held"
CLOCK_BACK: Final = "the clock was set back to before what it holds, so what is recorded now is not held"
ENDS_WITHIN_S: Final = 2.0
_NEWS: Final = frozenset({What.ENDED, What.CLOSED})


class FollowedHolds:
    """Extends holds, in a thread of its own.

    Args:
        desk: Where alerts are kept.
        place: Tells where the recordings are now.
        clock: Time.

    Attributes:
        failing: Why a hold could not be extended, in words; "" = all could.
    """

    def __init__(self, desk: AlertDesk, place: Callable[[], RecordingsPlace], clock: Clock) -> None:
        self._desk, self._place, self._clock = desk, place, clock
        self._wake = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="followed-holds", daemon=True)
        self.failing = ""

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Extends what goes on up to now: who knows for how long nothing runs. Waits for that, but not for long."""
        self._ending = True
        self._wake.set()
        self._thread.join(ENDS_WITHIN_S)

    def hear(self, events: Iterable[Event]) -> None:
        """Looks at once where an alert has ended. Waits for nothing."""
        if any(event.what in _NEWS for event in events):
            self._wake.set()

    def step(self, *, at_once: bool = False) -> None:
        """Extends what is due; `at_once`: also what is not due yet. What fails is said, and tried again with the next step."""
        failing = ""
        try:
            place = self._place()
            for hold in following(place, self._clock):
                failing = self._follow(place, hold, at_once=at_once) or failing
        except Exception as error:  # noqa: BLE001 - the life of the thread is supervised here
            failing = words_of(error)
        self.failing = f"a hold of recordings could not be extended: {failing}" if failing else ""

    def _follow(self, place: RecordingsPlace, hold: Hold, *, at_once: bool) -> str:
        """Extends one hold as far as its alert reaches; why that failed, "" = it did not."""
        try:
            alert = self._desk.find(hold.follows)
            if alert is None:  # deleted, as it was due
                extend(place, hold.hold, hold.to_s, self._clock, goes_on=False)
                return ""
            now_s = self._clock.wall_s()
            ended = alert.ended_wall_s is not None
            wanted_s = (now_s if alert.ended_wall_s is None else alert.ended_wall_s) + AFTER_S
            to_s = min(wanted_s, reach_s(place, hold, self._clock))
            least_s = 0.0 if at_once or (ended and to_s == wanted_s) else _pause_s(hold, now_s, promised_s(place, hold))
            if alert.finished or (to_s > hold.to_s and to_s - hold.to_s >= least_s):
                extend(place, hold.hold, to_s, self._clock, goes_on=not alert.finished)
        except PasserbyError as error:
            return words_of(error)
        if alert.finished:
            return ""
        return CLOCK_AHEAD if to_s < wanted_s else CLOCK_BACK if now_s + AFTER_S <= hold.from_s and not ended else ""

    def _run(self) -> None:
        while not self._ending:
            self.step()
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()
        self.step(at_once=True)


def _pause_s(hold: Hold, now_s: float, retention_s: float) -> float:
    """How much time may be not held yet before a hold is extended, seconds."""
    often_s = min(MOST_S, max(EXTENDS_S, LASTED * (now_s - hold.from_s)))
    return min(often_s, retention_s / 2) if retention_s else often_s
