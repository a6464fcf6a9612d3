"""Which right each address of the application needs. The one table: what is not in it is answered to nobody.

The door for roles: a role will be a named set of rights, given to an account. Nothing but `Account.rights` would change.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Right(StrEnum):
    """What somebody may do."""

    WATCH = "watch"
    RECORDINGS = "recordings"
    EXPORT = "export"
    MEASUREMENTS = "measurements"
    TALLY = "tally"
    ALERTS = "alerts"
    METRICS = "metrics"
    ADMIN = "admin"


class Kind(StrEnum):
    """By what an account was known."""

    MACHINE = "machine"
    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - a word, no token


@dataclass(frozen=True, slots=True)
class Account:
    """Whoever asks.

    Attributes:
        name: As receipts name it: "operator", "token wall", or the user of the machine where there are no accounts.
        kind: By what it was known.
        rights: What it may do.
        proof: By what it is known again, a digest; "" where nothing has to be shown. Never told.
    """

    name: str
    kind: Kind
    rights: frozenset[Right]
    proof: str = ""

    def __repr__(self) -> str:
        return f"Account({self.name!r}, {self.kind.value})"


ALL: Final = frozenset(Right)
TOKEN_RIGHTS: Final = frozenset({Right.WATCH, Right.RECORDINGS, Right.MEASUREMENTS, Right.METRICS})
"""A token can only read. What leaves the site for good, and what changes it, needs a person who logged in."""
CHANGING: Final = frozenset({"POST", "DELETE"})

ANYBODY: Final = None
"""Addresses that a login page needs. They tell nothing of the site."""

_TABLE: Final[Mapping[str, Right | None]] = MappingProxyType(
    {
        "GET /login": ANYBODY,
        "POST /login": ANYBODY,
        "POST /logout": ANYBODY,
        "GET /api/session": ANYBODY,
        "GET /page/{}": ANYBODY,
        "GET /": Right.WATCH,
        "GET /openapi.json": Right.WATCH,
        "GET /api/cameras": Right.WATCH,
        "GET /api/cameras/{}": Right.WATCH,
        "GET /api/live": Right.WATCH,
        "GET /live/{}.jpg": Right.WATCH,
        "GET /live/{}/ground.jpg": Right.WATCH,
        "GET /live/{}.mjpg": Right.WATCH,
        "GET /live/{}.ts": Right.WATCH,
        "GET /live/{}/index.m3u8": Right.WATCH,
        "GET /live/{}/{}.mp4": Right.WATCH,
        "GET /live/{}/{}": Right.WATCH,
        "GET /live/{}/{}.m4s": Right.WATCH,
        "GET /api/alerts": Right.WATCH,
        "GET /api/alerts/{}": Right.WATCH,
        "POST /api/alerts/drill": Right.ALERTS,
        "POST /api/alerts/{}/acknowledge": Right.ALERTS,
        "POST /api/alerts/{}/comment": Right.ALERTS,
        "POST /api/alerts/{}/close": Right.ALERTS,
        "POST /api/alerts/{}/hold": Right.ADMIN,
        "GET /tally": Right.TALLY,
        "GET /api/tallies/places": Right.TALLY,
        "GET /api/tallies/clock": Right.TALLY,
        "POST /api/tallies": Right.TALLY,
        "GET /healthz": Right.METRICS,
        "GET /readyz": Right.METRICS,
        "GET /metrics": Right.METRICS,
        "GET /api/measurements/zones": Right.MEASUREMENTS,
        "GET /api/measurements/lines": Right.MEASUREMENTS,
        "GET /api/measurements/heat": Right.MEASUREMENTS,
        "GET /api/pulses": Right.MEASUREMENTS,
        "GET /api/recordings": Right.RECORDINGS,
        "GET /api/recordings/{}": Right.RECORDINGS,
        "POST /api/recordings/{}/viewings": Right.RECORDINGS,
        "GET /api/viewings/{}/scenes": Right.RECORDINGS,
        "GET /api/viewings/{}/ground.jpg": Right.RECORDINGS,
        "DELETE /api/viewings/{}": Right.RECORDINGS,
        "POST /api/recordings/{}/exports": Right.EXPORT,
        "GET /api/exports/{}": Right.EXPORT,
        "GET /api/exports/{}/{}": Right.EXPORT,
        "DELETE /api/exports/{}": Right.EXPORT,
    }
)


def known(method: str, template: str) -> bool:
    """Whether the table has this route; `template` is its path as the application declares it, such as `/api/cameras/{camera}`."""
    return _key(method, template) in _TABLE


def right_for(method: str, template: str) -> Right | None:
    """The right that a route needs; None = none. Raises KeyError where the table has no such route."""
    return _TABLE[_key(method, template)]


def _key(method: str, template: str) -> str:
    return f"{method} {re.sub(r'{[^}]*}', '{}', template)}"
