"""What the outbox says of itself: to the journal, and to those who are told what becomes of alerts in channels."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from passerby.hazards.alert import Event
from passerby.hazards.channels.delivering import Told
from passerby.hazards.standing import Standing

MOST_UNSAID: Final = 10_000
"""So much that was given up waits to be told."""


class Journal(Protocol):
    """Takes events; `supervise.journal` says more."""

    def info(self, event: str, **facts: object) -> object:
        """Something that happened as it should."""
        ...

    def warning(self, event: str, **facts: object) -> object:
        """Something that somebody should look at."""
        ...

    def error(self, event: str, **facts: object) -> object:
        """Something that does not work."""
        ...


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told what becomes of alerts in channels. All are called from the outbox's thread.

    Attributes:
        told: Is told what was delivered and what was given up: for the alerts' history.
        raised: Is given the events of alerts that channels fail: they go the way of all events, and so come back to `accept`.
        standing: Says, at the start, which such alerts there are from before.
    """

    told: Callable[[Sequence[Told]], object] = lambda _: None
    raised: Callable[[Event], object] = lambda _: None
    standing: Callable[[], Iterable[Standing]] = tuple


class Saying:
    """Says it. Whoever listens and fails holds up no channel.

    Args:
        journal: Is told of what fails once when it begins and once when it ends.
        listeners: Who is told what becomes of alerts.

    Attributes:
        given_up: What was given up as too much was waiting, and is not told yet: `tell_given_up` does. Any thread adds to it.
    """

    def __init__(self, journal: Journal, listeners: Listeners) -> None:
        self._journal, self._listeners = journal, listeners
        self._failing: dict[str, str] = {}
        self._losing: set[str] = set()
        self.given_up: deque[Told] = deque(maxlen=MOST_UNSAID)

    def failing(self, name: str) -> str:
        """Why something fails, in words; "" = it does not."""
        return self._failing.get(name, "")

    def is_so(self, name: str, words: str) -> None:
        """Something fails, in words, or with "" works."""
        if words and name not in self._failing:
            self._journal.error("telling of alerts fails", channel=name, why=words)
        if words:
            self._failing[name] = words
        elif self._failing.pop(name, ""):
            self._journal.info("telling of alerts works again", channel=name)

    def told(self, told: Sequence[Told]) -> None:
        """Something was delivered, or given up."""
        if told:
            self._safely(lambda: self._listeners.told(told))

    def tell_given_up(self) -> None:
        """Tells what was given up as too much was waiting; of each alert once."""
        gone = [self.given_up.popleft() for _ in range(len(self.given_up))]
        self.told(list({(one.alert, one.channel): one for one in gone}.values()))

    def lost(self, letters: Mapping[str, int]) -> None:
        """So many dead letters of channels were deleted; of each channel it is said once."""
        for channel, count in list(letters.items()):
            if channel not in self._losing:
                self._losing.add(channel)
                self._journal.warning("dead letters are deleted, as there are too many", channel=channel, letters=count)

    def raised(self, event: Event) -> None:
        """Something became of an alert that a channel fails."""
        self._safely(lambda: self._listeners.raised(event))

    def _safely(self, tell: Callable[[], object]) -> None:
        try:
            tell()
        except Exception as error:  # noqa: BLE001 - whoever listens holds up no channel
            self._journal.error("what became of a message could not be noted", error=type(error).__name__)
