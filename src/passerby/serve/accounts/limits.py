"""Rate limits: a bucket for each who asks, which fills at a rate. Bounded in number: whoever asked longest ago is forgotten first."""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from passerby.clock import Clock

MOST_KEYS: Final = 4096


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something may be done.

    Attributes:
        burst: So often at once.
        every_s: And then once in this time.
    """

    burst: int
    every_s: float


LOGIN: Final = Rate(burst=6, every_s=20.0)
"""Of one network address: passwords that may be tried."""
TELLING: Final = Rate(burst=1, every_s=60.0)
"""Of one network address: lines in the log about tries that are not heard."""
STRANGERS: Final = Rate(burst=300, every_s=1 / 20)
"""Of one network address: requests of who is not logged in."""
ASKING: Final = Rate(burst=2000, every_s=1 / 400)
"""Of one account: requests. Far above a wall of places or a house full of players: it is there for what has gone mad."""
CHANGING: Final = Rate(burst=60, every_s=1.0)
"""Of one account: requests that do something: viewings, exports."""


class Limit:
    """Counts one kind of request. Of one thread.

    Args:
        rate: How often.
        clock: Time.
    """

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate, self._clock = rate, clock
        self._due_s: OrderedDict[str, float] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Counts a request: 0 = it may be made; else it is not counted, and may be made in so many seconds."""
        now_s = self._clock.monotonic_s()
        due_s = max(now_s, self._due_s.get(key, now_s))
        over_s = due_s - now_s - (self._rate.burst - 1) * self._rate.every_s
        if over_s > 1e-9:
            return over_s
        self._due_s[key] = due_s + self._rate.every_s
        self._due_s.move_to_end(key)
        if len(self._due_s) > MOST_KEYS:
            self._due_s.popitem(last=False)
        return 0.0

    def forgive(self, key: str) -> None:
        """Counts as if there had been none."""
        self._due_s.pop(key, None)


def network_of(address: str) -> str:
    """By what somebody is counted: an address of IPv4, a /64 of IPv6, which is what one household or server has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(found) if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))
