"""What a channel does: take deliveries to whom it tells. Each kind is one module; each foreign library is met in one of them."""

from collections.abc import Sequence
from typing import Protocol

from passerby.hazards.channels.delivery import Delivery


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
            ChannelError: They were not, or not all: all are sent again.
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
