"""What a channel does: take deliveries to whom it tells. Each kind is one module; each foreign library is met in one of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from passerby.hazards.alert import Cause
from passerby.hazards.channels.delivery import Delivery
from passerby.hazards.channels.known import OpenAlert


@dataclass(frozen=True, slots=True)
class Around:
    """What a sender of a running site asks and tells.

    Attributes:
        open_alerts: Says which alerts go on now that the channel has told of; of one cause, or with None of all.
        went: Is told, while a sender works, that it gets on, and how many more deliveries, from the first on, were taken: what gets on is not too
            slow, and what was taken is not sent again, whatever becomes of the rest.
    """

    open_alerts: Callable[[Cause | None], Sequence[OpenAlert]]
    went: Callable[[int], object]


class Sender(Protocol):
    """One way to tell. Everything runs in the event loop of the outbox, one call at a time.

    Attributes:
        most: How many deliveries it takes at once; a summary counts as one.
        summarises: Whether many at once are told as one summary, for people.
    """

    most: int
    summarises: bool

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once all of them were taken.

        Raises:
            ChannelError: They were not, or not all: all are sent again that it has not told to be taken.
        """
        ...

    async def tend(self) -> bool:
        """Looks after a connection that is held; called while nothing is to be told. Whether it proved that the channel works.

        Raises:
            ChannelError: It cannot be held.
        """
        ...

    async def close(self) -> None:
        """Lets go. Raises nothing."""
        ...
