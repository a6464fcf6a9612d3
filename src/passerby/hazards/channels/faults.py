"""A channel that fails is an alert itself: whoever relies on it is told by the others, and by the wall."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from passerby.clock import Clock
from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What
from passerby.hazards.standing import Standing

RULE: Final = "channel"
COOL_DOWN_S: Final = 300.0
"""What fails again within this is the same alert."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """An alert that a channel fails; when it ended, None = it goes on."""

    alert: str
    ended_wall_s: float | None


class Faults:
    """The alerts of channels that fail. The book of alerts numbers their events and keeps them.

    Args:
        clock: Time.
        raised: Is given the events.
        standing: Those of before a restart: what goes on is ended, not opened again.
    """

    def __init__(self, clock: Clock, raised: Callable[[Event], object], standing: Iterable[Standing] = ()) -> None:
        self._clock, self._raised = clock, raised
        self._faults = {one.cause.place: _Fault(one.alert, None if one.over else one.changed_wall_s) for one in standing}

    @property
    def channels(self) -> frozenset[str]:
        """Channels of which there is such an alert."""
        return frozenset(self._faults)

    def fails(self, channel: str, words: str) -> None:
        """The channel has failed for too long."""
        fault = self._faults.get(channel)
        if fault is not None and self._is_over(fault):
            self._close(channel, fault)
            fault = None
        if fault is None:
            self._faults[channel] = fault = _Fault(secrets.token_hex(8), None)
            self._raised(
                Event(
                    alert=fault.alert,
                    number=0,
                    what=What.OPENED,
                    wall_s=self._clock.wall_s(),
                    cause=Cause(RULE, "", channel),
                    kind=HazardKind.CHANNEL,
                    severity=Severity.WARNING,
                    words=words,
                )
            )
        elif fault.ended_wall_s is not None:
            self._faults[channel] = _Fault(fault.alert, None)
            self._raise(fault, What.RETURNED, words)

    def works(self, channel: str) -> None:
        """The channel works, or there is none any more."""
        fault = self._faults.get(channel)
        if fault is not None and fault.ended_wall_s is None:
            self._faults[channel] = _Fault(fault.alert, self._clock.wall_s())
            self._raise(fault, What.ENDED, "it works again, or is gone")

    def tick(self) -> None:
        """Closes what has been over for long."""
        for channel, fault in list(self._faults.items()):
            if self._is_over(fault):
                self._close(channel, fault)

    def _is_over(self, fault: _Fault) -> bool:
        return fault.ended_wall_s is not None and abs(self._clock.wall_s() - fault.ended_wall_s) >= COOL_DOWN_S

    def _close(self, channel: str, fault: _Fault) -> None:
        del self._faults[channel]
        self._raise(fault, What.CLOSED, "")

    def _raise(self, fault: _Fault, what: What, words: str) -> None:
        self._raised(Event(alert=fault.alert, number=0, what=what, wall_s=self._clock.wall_s(), words=words))
