"""What people at a place count, as it is written down: a tap on a phone, and what was measured at that moment.

A line of a file of tallies is one of these as JSON:

    {"is":"tap","id":"9f86d081884c7d65","sitting":"60303ae22b998861","table":"zones","camera":"gate","place":"hall","shape":"1c9a44f0","what":"now",
     "wall_s":1795434960.25,"received_s":1795434960.61,"offset_s":-0.31,"people":3}
    {"is":"seen","id":"9f86d081884c7d65","people":2.6}

Nobody who was counted is in it, nor who counted: only how many there were, when, and in which zone or over which line.
"""

import hashlib
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from passerby.released.measurement import CrowdNumbers
from passerby.store.question import Table

Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8,32}$")]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,40}$")]
Place = tuple[Table, str, str]
"""Table, camera, and the id of a zone or line."""
MOST_PEOPLE: Final = 9999


class What(StrEnum):
    """What was tapped."""

    COUNT = "count"
    """Of a zone: the count went up or down. Only noted; it says nothing of a moment."""
    NOW = "now"
    """Of a zone: just as many people are in it now."""
    BEGIN = "begin"
    """Of a line: whoever crosses is counted from now on."""
    AB = "ab"
    BA = "ba"
    END = "end"
    """Of a line: and no longer."""
    UNDO = "undo"
    """The tap `of` was a mistake."""


OF_ZONES: Final = frozenset({What.COUNT, What.NOW, What.UNDO})
OF_LINES: Final = frozenset({What.BEGIN, What.AB, What.BA, What.END, What.UNDO})


class Tap(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag="tap", omit_defaults=True):
    """One tap.

    Attributes:
        id: Made by the phone: what is sent twice is kept once.
        sitting: Which counting it belongs to: one phone, one zone or line, without a break.
        table: A zone's or a line's.
        camera, place: Whose camera, and the id of the zone or line.
        shape: How the zone or line was drawn then (`shape_of`); a zone that is drawn anew is another one.
        what: What was tapped.
        wall_s: When, by the server's clock, seconds since 1970 UTC.
        received_s: When the server had it.
        offset_s: How far the server's clock was ahead of the phone's, as the phone measured it.
        people: How many, with COUNT and NOW.
        of: Which tap, with UNDO.
    """

    id: Id
    sitting: Id
    table: Table
    camera: Name
    place: Name
    shape: str
    what: What
    wall_s: float
    received_s: float
    offset_s: float = 0.0
    people: Annotated[int, msgspec.Meta(ge=0, le=MOST_PEOPLE)] | None = None
    of: Id | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag="seen", omit_defaults=True):
    """What was measured in the second of a stamp: people in that zone, and nothing else of that second.

    Attributes:
        id: Of the stamp.
        people: Mean of the second.
        crowd: Where there was a crowd: the numbers of the zone by which its count can be corrected.
    """

    id: Id
    people: float
    crowd: CrowdNumbers | None = None


Entry = Tap | Seen


def shape_of(*drawn: object) -> str:
    """A short name of how something was drawn: another one for anything that is drawn otherwise."""
    return hashlib.sha256(repr(drawn).encode()).hexdigest()[:8]
