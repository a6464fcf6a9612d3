"""Places of one kind, such as readers of streams, of which one token does not take all: others come in while it asks without end."""

import contextlib
from collections import Counter
from collections.abc import Iterator

from fastapi import Request

from passerby.serve.accounts.rights import Account, Kind
from passerby.serve.answers import AnswerError


class Shares:
    """How many places each token has. Of the thread of the event loop.

    Args:
        most: Of one token. Who logged in on the page, or sits at the machine, is not counted.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()

    def require_room(self, request: Request) -> str:
        """The token that asks, "" = none, for `held`.

        Raises:
            AnswerError: It has as many places as a token may.
        """
        who = getattr(request.state, "who", None)
        token = who.name if isinstance(who, Account) and who.kind is Kind.TOKEN else ""
        if token and self._taken[token] >= self._most:
            raise AnswerError(503, "This token asks for too much at once.", "Come again later, or use a token for each who asks.")
        return token

    @contextlib.contextmanager
    def held(self, token: str) -> Iterator[None]:
        """A place of that token is taken."""
        self._taken[token] += 1
        try:
            yield
        finally:
            self._taken[token] -= 1
            if not self._taken[token]:
                del self._taken[token]
