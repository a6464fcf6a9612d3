"""What a historian is asked, and what it answers. Nothing here loads DuckDB."""

import msgspec

from passerby.store.asking import HeatWish, Wish
from passerby.store.question import Table

JSON = "json"
CSV = "csv"


class AskHistory(msgspec.Struct, frozen=True, tag="ask"):
    """A question about the history.

    Attributes:
        folder: The folder `measurements`.
        wish: What is asked for.
        zone: Name of the site's time zone.
        now_s: The time now, seconds since 1970 UTC.
        waiting: Zones, by camera and id, in which people wait.
        form: "json" or "csv".
        for_operator: Whether the site's operator reads the answer.
        most: More spans than these are refused.
    """

    folder: str
    wish: Wish
    zone: str
    now_s: float
    waiting: tuple[tuple[str, str], ...]
    form: str
    for_operator: bool
    most: int


class AskHeat(msgspec.Struct, frozen=True, tag="heat"):
    """A question where people were in a camera's picture: as `AskHistory`; more cells than `most` are refused."""

    folder: str
    wish: HeatWish
    zone: str
    now_s: float
    form: str
    for_operator: bool
    most: int


class Compact(msgspec.Struct, frozen=True, tag="compact"):
    """What was set aside is to be compacted."""

    folder: str


class Validate(msgspec.Struct, frozen=True, tag="validate"):
    """The accuracy is to be told anew.

    Attributes:
        folder: The folder `measurements`.
        tallies: The folder `tallies`.
        shapes: The site's zones and lines: table, camera, id, and how each is drawn.
        zone: Name of the site's time zone.
    """

    folder: str
    tallies: str
    shapes: tuple[tuple[Table, str, str, str], ...]
    zone: str


class Told(msgspec.Struct, frozen=True, tag="told"):
    """An answer, as JSON or CSV, ready to be given out."""

    data: bytes


class Compacted(msgspec.Struct, frozen=True, tag="compacted"):
    """All that was set aside is compacted."""


class Validated(msgspec.Struct, frozen=True, tag="validated"):
    """The accuracy is told anew."""


class Senseless(msgspec.Struct, frozen=True, tag="senseless"):
    """What was asked makes no sense; why, and what to do, in words."""

    says: str
    do: str


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It could not be done; why, in words."""

    says: str


HistorianOrder = AskHistory | AskHeat | Compact | Validate
HistorianAnswer = Told | Compacted | Validated | Senseless | Failed
