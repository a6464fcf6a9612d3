"""A question as people and programs ask it, in words, made one that the history can answer. The command and the API ask alike."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from passerby.errors import SettingsError
from passerby.site.times import seconds_of
from passerby.store.buckets import Every
from passerby.store.question import HeatQuestion, Question, Table

DAY_S: Final = 86400.0
MINUTE_S: Final = 60.0
EARLIEST_S: Final = 0.0
LATEST_S: Final = 7_258_118_400.0
"""The year 2200."""
MOST_IDS: Final = 500
ID: Final = re.compile(r"[a-z0-9-]{1,40}")
NUMBER: Final = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for, in words.

    Attributes:
        table: Zones or lines.
        begin: When it begins: a time as people write it, or seconds since 1970 UTC; None = a day before the end.
        end: When it ends, which is not included; None = now.
        every: How long spans are.
        camera: Of this camera only.
        ids: Of these zones or lines only.
        weekdays: The mean week instead.
    """

    table: Table
    begin: str | None = None
    end: str | None = None
    every: Every = Every.HOUR
    camera: str | None = None
    ids: tuple[str, ...] = ()
    weekdays: bool = False


@dataclass(frozen=True, slots=True)
class HeatWish:
    """Of which camera's picture it is asked where people were, and when: as for `Wish`."""

    camera: str
    begin: str | None = None
    end: str | None = None


def question_of(wish: Wish, zone: tzinfo, now_s: float) -> Question:
    """The question that is meant.

    Raises:
        SettingsError: It makes no sense.
    """
    _require_ids((*(() if wish.camera is None else (wish.camera,)), *wish.ids))
    if len(wish.ids) > MOST_IDS:
        raise SettingsError(f"those are more than {MOST_IDS} ids", "leave them out: then all are answered")
    from_s, to_s = _range(wish, zone, now_s)
    return Question(wish.table, from_s, to_s, wish.every, zone, wish.camera, wish.ids, wish.weekdays)


def heat_question_of(wish: HeatWish, zone: tzinfo, now_s: float) -> HeatQuestion:
    """The question that is meant: whole minutes.

    Raises:
        SettingsError: It makes no sense.
    """
    _require_ids((wish.camera,))
    from_s, to_s = _range(wish, zone, now_s)
    return HeatQuestion(wish.camera, from_s // MINUTE_S * MINUTE_S, -(-to_s // MINUTE_S) * MINUTE_S, zone)


def _require_ids(ids: Iterable[str]) -> None:
    for one in ids:
        if not ID.fullmatch(one):
            raise SettingsError("that is no id of a camera, zone or line", "ids are 1 to 40 small letters, digits and dashes, as in site.toml")


def _range(wish: Wish | HeatWish, zone: tzinfo, now_s: float) -> tuple[float, float]:
    to_s = now_s if wish.end is None else _seconds(wish.end, zone, "--to")
    from_s = to_s - DAY_S if wish.begin is None else _seconds(wish.begin, zone, "--from")
    if not EARLIEST_S <= from_s < to_s <= LATEST_S:
        raise SettingsError("the end of the range is not after its beginning, or it lies outside of 1970 to 2200", "give --from and --to")
    return from_s, to_s


def _seconds(text: str, zone: tzinfo, option: str) -> float:
    if NUMBER.fullmatch(text):
        return float(text)
    try:
        return seconds_of(text, zone, option)
    except (OverflowError, OSError) as error:  # the year 1, or 9999, in some zones
        raise SettingsError(f"{option}: that time cannot be told here", "give one between 1970 and 2200") from error
