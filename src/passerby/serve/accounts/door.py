"""What the guard needs to know, put together: over which ways requests come, and who may what."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from passerby.clock import Clock, SystemClock
from passerby.serve.accounts.access import Access
from passerby.serve.accounts.way import Ways
from passerby.site.settings import Server
from passerby.supervise.journal import Journal


@dataclass(frozen=True, slots=True)
class Door:
    """The way in.

    Attributes:
        access: Who may what.
        ways: Over which ways.
        clock: Time.
    """

    access: Access
    ways: Ways
    clock: Clock

    @classmethod
    def of(cls, server: Server, state: Path | None, clock: Clock, journal: Journal) -> Self:
        """The door of a site.

        Args:
            server: Of the site file.
            state: The state folder, where accounts are kept; None = there are none.
            clock: Time.
            journal: Is told of logins.
        """
        return cls(Access(state, others_reach_it=server.others_reach_it, clock=clock, journal=journal), Ways(server), clock)

    @classmethod
    def of_this_machine(cls) -> Self:
        """Without accounts, for this machine only: a demonstration, a stand-in."""
        return cls.of(Server(), None, SystemClock(), _Silent())


class _Silent:
    """A journal that keeps nothing."""

    def info(self, event: str, **facts: object) -> None:
        """Takes an event."""

    warning = error = info
