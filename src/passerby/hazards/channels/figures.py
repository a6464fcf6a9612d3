"""How channels are, in figures and words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from passerby.errors import OutputError
from passerby.hazards.channels.delivering import Delivering, Done
from passerby.hazards.channels.waiting import Waiting
from passerby.site.channels import Channel


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """How a channel is.

    Attributes:
        channel, kind: Which.
        waiting: Deliveries that wait; where that cannot be read, as it was.
        dead: Dead letters; the same.
        delivered: Deliveries that were taken since the start.
        retried: Deliveries that were sent once more since the start, each time.
        failing: Why it fails, in words; "" = it does not.
        failing_s: For how long.
        lost: Dead letters of it that were deleted since the start, as there were too many of all.
    """

    channel: str
    kind: str
    waiting: int
    dead: int
    delivered: int
    retried: int
    failing: str
    failing_s: float
    lost: int = 0


class Figures:
    """Says how channels are.

    Args:
        waiting: What waits.
    """

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._counted: dict[str, tuple[int, int]] = {}

    def of(self, channels: Iterable[Channel], at_work: Mapping[str, Delivering]) -> tuple[ChannelHealth, ...]:
        """How each of these channels is; those that are at work, by their ids."""
        return tuple(self._health(channel, at_work.get(channel.id)) for channel in channels)

    def _health(self, channel: Channel, one: Delivering | None) -> ChannelHealth:
        done, words, failing_s = (Done(), "", 0.0) if one is None else (one.done, one.words, one.failing_s)
        try:
            self._counted[channel.id] = self._waiting.counts(channel.id)
        except OutputError as error:
            words = words or error.message
        waiting, dead = self._counted.get(channel.id, (0, 0))
        lost = self._waiting.lost.get(channel.id, 0)
        return ChannelHealth(channel.id, channel.kind, waiting, dead, done.delivered, done.retried, words, failing_s, lost)
