"""What tests of attacks share."""

import pytest

from bench import attack_pairs

QUICK = "few"
"""The attacker that learns quickest. That the best of all is chosen is what tests of `attack_pairs` say."""


@pytest.fixture(params=[(QUICK,), pytest.param(tuple(attack_pairs.ATTACKERS), marks=pytest.mark.soak)], ids=["one attacker", "all attackers"])
def attackers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Which attackers are tried: to learn with all of them takes most of a test's time."""
    monkeypatch.setattr(attack_pairs, "ATTACKERS", {name: attack_pairs.ATTACKERS[name] for name in request.param})
    return tuple(request.param)
