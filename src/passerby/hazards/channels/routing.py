"""Who is told of an event: decided once, when it comes, and kept together with what is known of the alert."""

from typing import Final

from passerby.clock import Clock
from passerby.hazards.alert import Event, HazardKind, Severity, What
from passerby.hazards.channels.delivering import Told, given_up
from passerby.hazards.channels.delivery import Delivery
from passerby.hazards.channels.known import BEGINS, Known, is_worse, known_after
from passerby.hazards.channels.waiting import FULL, Armed, Waiting
from passerby.hazards.channels.wording import delivery_of, escalated
from passerby.site.channels import Channel
from passerby.site.settings import Site

OLD_S: Final = 600.0
"""What was opened before this outbox was, and so long ago, is history."""


class Routing:
    """Puts deliveries to what waits.

    Args:
        waiting: What waits.
        clock: Time.
    """

    def __init__(self, waiting: Waiting, clock: Clock) -> None:
        self._waiting, self._clock = waiting, clock
        self._due_at_s: dict[tuple[str, str], float] = {}

    def accept(self, site: Site, event: Event) -> list[Told]:
        """Takes an event; one that was taken before, or of an alert whose opening was never told, changes nothing. What had to be given up for it.

        Raises:
            OutputError: It could not be kept.
        """
        if event.what is What.TOLD:
            return []
        before = self._waiting.known(event.alert)
        if before is not None and event.number <= before[1]:
            return []
        known = known_after(None if before is None else before[0], event)
        if known is None:
            return []
        now_s = self._clock.wall_s()
        self._waiting.learn(event.alert, known, event.number, now_s)
        if before is None and event.wall_s < min(self._waiting.begun_s, now_s - OLD_S):
            return []  # of what was before there were channels, nobody is told
        worse = is_worse(None if before is None else before[0], known)
        gone: list[Told] = []
        for channel in site.channels:
            if self._is_told(channel, known, event, worse=worse):
                gone += self._put(delivery_of(site, channel, known, event), now_s, known)
        if known.acknowledged or known.closed:
            self._waiting.disarm(event.alert)
        return gone

    def escalate(self, site: Site) -> list[Told]:
        """Tells channels of escalation what nobody has acknowledged in time. A clock that jumps changes nothing: time is what passed since then here.

        Returns:
            What had to be given up for it.

        Raises:
            OutputError: It could not be kept.
        """
        armed = self._waiting.armed()
        keys = {(one.alert, one.channel) for one in armed}
        self._due_at_s = {key: due_s for key, due_s in self._due_at_s.items() if key in keys}
        channels = {channel.id: channel for channel in site.channels}
        gone: list[Told] = []
        for one in armed:
            channel = channels.get(one.channel)
            after_s = None if channel is None else channel.escalate_after_s
            if after_s is not None and not self._is_due(one, after_s):
                continue
            stored = self._waiting.known(one.alert)
            if channel is None or after_s is None or stored is None or stored[0].acknowledged or stored[0].closed:
                self._waiting.disarm(one.alert, one.channel)
            elif stored[0].open:  # what has ended may return as the same alert: it is told then, at once
                gone += self._tell_escalated(site, channel, one, stored[0])
        return gone

    def _is_due(self, armed: Armed, after_s: float) -> bool:
        """Whether its time has passed. After a restart, what the wall clock says of the time before counts, within reason."""
        now_s = self._clock.monotonic_s()
        left_s = min(max(0.0, armed.made_s + after_s - self._clock.wall_s()), after_s)
        return now_s >= self._due_at_s.setdefault((armed.alert, armed.channel), now_s + left_s)

    def _tell_escalated(self, site: Site, channel: Channel, armed: Armed, known: Known) -> list[Told]:
        now_s = self._clock.wall_s()
        delivery = escalated(site, channel, known, armed.alert, armed.number, now_s)
        with self._waiting.at_once():
            self._waiting.disarm(armed.alert, armed.channel)
            self._waiting.tells(armed.alert, armed.channel)
            return self._put(delivery, now_s, known)

    def _put(self, delivery: Delivery, now_s: float, known: Known) -> list[Told]:
        alert = self._waiting.put(delivery, now_s, loud=known.severity is Severity.ALARM)
        return [given_up(alert, delivery.channel, now_s, FULL)] if alert else []

    def _is_told(self, channel: Channel, known: Known, event: Event, *, worse: bool) -> bool:
        """Whether a channel is told of the event."""
        wanted = worse or event.what.value in channel.told_of
        if self._waiting.was_told(event.alert, channel.id):
            return wanted
        if not (worse or event.what in BEGINS) or not _is_for(channel, known):
            return False
        if channel.escalate_after_s is not None:
            if not known.acknowledged:
                self._waiting.arm(Armed(event.alert, channel.id, event.number, self._clock.wall_s()))
            return False
        self._waiting.tells(event.alert, channel.id)
        return wanted


def _is_for(channel: Channel, known: Known) -> bool:
    """Whether a channel is for an alert. That it fails itself it cannot tell."""
    cause = known.cause
    return (
        known.severity.value in channel.severities
        and (not channel.hazards or cause.rule in channel.hazards or known.kind.value in channel.hazards)
        and (not channel.cameras or not cause.camera or cause.camera in channel.cameras)
        and not (known.kind is HazardKind.CHANNEL and cause.place == channel.id)
    )
