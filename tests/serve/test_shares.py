"""One token has its share of the places, and others come in."""

from types import SimpleNamespace
from typing import Any

import pytest

from passerby.serve.accounts.rights import ALL, Account, Kind
from passerby.serve.answers import AnswerError
from passerby.serve.shares import Shares


def asks(name: str, kind: Kind) -> Any:
    return SimpleNamespace(state=SimpleNamespace(who=Account(name, kind, ALL, "x")))


def test_a_token_has_so_many_places_and_leaves_the_others_to_others() -> None:
    shares = Shares(2)
    wall, other, operator = asks("token wall", Kind.TOKEN), asks("token other", Kind.TOKEN), asks("operator", Kind.SESSION)
    with shares.held(shares.require_room(wall)):
        with shares.held(shares.require_room(wall)):
            with pytest.raises(AnswerError):
                shares.require_room(wall)
            assert shares.require_room(other) == "token other"
            assert shares.require_room(operator) == ""
        assert shares.require_room(wall) == "token wall"
    for _ in range(5):
        with shares.held(shares.require_room(operator)), shares.held(shares.require_room(operator)):
            pass
