"""Compares what people at a place counted with what was measured there: how far off the figures are, and how surely that is known.

A zone: each stamp ("so many people are in it now") against what was measured in that very second, where that was at hand; otherwise against the
minute's mean, which adds to the error how much the zone changed within the minute. Stamps of one minute are one observation: they are too much alike
to be several. A line: each whole minute through which somebody counted, each way by itself, also where nobody crossed. Minutes that were not wholly
measured are left out: they are gaps, and no error. Intervals: `intervals`.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final

from passerby.store.accuracy import NEEDED, Accuracy
from passerby.store.answers import Reader
from passerby.store.buckets import Every
from passerby.store.crowds import KnownCrowd, as_corrected
from passerby.store.intervals import mean_interval
from passerby.store.layout import day_of
from passerby.store.question import Question, Span, Table
from passerby.store.tally import Entry, Place, Seen, Tap, What

MINUTE_S: Final = 60
ENOUGH_S: Final = 57.0
"""A minute of a line counts where so much of it was seen."""
ENOUGH_OF_ZONE_S: Final = 30.0
WAYS: Final = (What.AB, What.BA)
LONGEST_SITTING_S: Final = 6 * 3600
"""Nobody counts for longer without a break: a phone was forgotten."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One comparison.

    Attributes:
        minute: Of which minute, since 1970 UTC.
        way: Of a line: "ab" or "ba"; "" of a zone.
        error: Measured less counted.
    """

    minute: int
    way: str
    error: float


def validated(
    folder: Path, entries: Iterable[Entry], shapes: Mapping[Place, str], zone: tzinfo = UTC, crowds: Iterable[KnownCrowd] = ()
) -> list[Accuracy]:
    """How accurate the figures of each zone and line are of which there are tallies.

    Args:
        folder: The folder `measurements`.
        entries: What is kept of tallies.
        shapes: The site's zones and lines, and how each is drawn now: what was counted of one that was drawn otherwise says nothing of it.
        zone: The site's time zone.
        crowds: Corrections that are in force: what they tell at a stamp of theirs counts, trained without that one, and not what was told then.

    Raises:
        InputError: The history cannot be read.
    """
    entries = list(entries)
    seen = {entry.id: entry.people for entry in entries if isinstance(entry, Seen)}
    of_place: dict[Place, list[Tap]] = {}
    for tap in standing(entries):
        place = (tap.table, tap.camera, tap.place)
        if shapes.get(place) == tap.shape:
            of_place.setdefault(place, []).append(tap)
    found: list[Accuracy] = []
    corrected = {(Table.ZONES, one.camera, one.zone): one for one in crowds}
    stamps = {entry.id: entry for entry in entries if isinstance(entry, Seen)}
    with Reader(folder) as reader:
        for place, taps in sorted(of_place.items()):
            if place in corrected:
                seen |= as_corrected(taps, stamps, corrected[place])
            observations = zone_errors(reader, taps, seen) if place[0] is Table.ZONES else line_errors(reader, taps)
            for way in ("",) if place[0] is Table.ZONES else WAYS:
                found += accuracy_of(place, way, [one for one in observations if one.way == way], zone)
    return found


def standing(entries: Iterable[Entry]) -> list[Tap]:
    """Taps that were not taken back, in order of time."""
    taps = [entry for entry in entries if isinstance(entry, Tap)]
    undone = {(tap.sitting, tap.of) for tap in taps if tap.what is What.UNDO}
    return sorted((tap for tap in taps if tap.what is not What.UNDO and (tap.sitting, tap.id) not in undone), key=lambda tap: tap.wall_s)


def zone_errors(reader: Reader, taps: Iterable[Tap], seen: Mapping[str, float]) -> list[Observation]:
    """Of each stamp of a zone."""
    stamps = [tap for tap in taps if tap.what is What.NOW and tap.people is not None]
    minutes = _measured(reader, [stamp for stamp in stamps if stamp.id not in seen])
    found = []
    for stamp in stamps:
        minute = int(stamp.wall_s // MINUTE_S)
        measured = seen.get(stamp.id)
        if measured is None and minute in minutes and minutes[minute].covered_s >= ENOUGH_OF_ZONE_S:
            measured = minutes[minute].values["people_mean"]
        if measured is not None and stamp.people is not None:
            found.append(Observation(minute, "", measured - stamp.people))
    return found


def line_errors(reader: Reader, taps: list[Tap]) -> list[Observation]:
    """Of each whole minute of each sitting at a line, each way."""
    minutes = _measured(reader, taps)
    sittings: dict[str, list[Tap]] = {}
    for tap in taps:
        sittings.setdefault(tap.sitting, []).append(tap)
    found = []
    for sitting in sittings.values():
        for minute in whole_minutes(sitting):
            span = minutes.get(minute)
            if span is None or span.covered_s < ENOUGH_S:
                continue
            for way in WAYS:
                counted = sum(1 for tap in sitting if tap.what is way and tap.wall_s // MINUTE_S == minute)
                found.append(Observation(minute, way.value, (span.values[way.value] or 0.0) - counted))
    return found


def whole_minutes(sitting: Iterable[Tap]) -> range:
    """Minutes through which somebody counted at a line: from BEGIN to END, or to the last tap where the phone went away without an END."""
    taps = list(sitting)
    begins = [tap.wall_s for tap in taps if tap.what is What.BEGIN]
    if not begins:
        return range(0)
    ends = [tap.wall_s for tap in taps if tap.what is What.END] or [max(tap.wall_s for tap in taps)]
    begin_s, end_s = min(begins), min(ends)
    if end_s - begin_s > LONGEST_SITTING_S:
        return range(0)
    return range(math.ceil(begin_s / MINUTE_S), int(end_s // MINUTE_S))


def accuracy_of(place: Place, way: str, observations: Iterable[Observation], zone: tzinfo) -> list[Accuracy]:
    """What observations say; nothing where there are none. Those of one minute count as one."""
    of_minute: dict[int, list[float]] = {}
    for one in observations:
        of_minute.setdefault(one.minute, []).append(one.error)
    if not of_minute:
        return []
    errors = [math.fsum(abs(error) for error in found) / len(found) for found in of_minute.values()]
    signed = [math.fsum(found) / len(found) for found in of_minute.values()]
    first, last = (datetime.fromtimestamp(minute * MINUTE_S, zone).date().isoformat() for minute in (min(of_minute), max(of_minute)))
    table, camera, one_id = place
    known = len(of_minute) >= NEEDED
    mae, bias = (mean_interval(errors, least=0.0), mean_interval(signed)) if known else (None, None)
    return [Accuracy(table, camera, one_id, way, len(of_minute), first, last, mae, bias)]


def _measured(reader: Reader, taps: Iterable[Tap]) -> dict[int, Span]:
    """The measured minutes of taps of one zone or line, by minute; gaps are left out."""
    days: dict[object, list[Tap]] = {}
    for tap in taps:
        days.setdefault(day_of(tap.wall_s), []).append(tap)
    found: dict[int, Span] = {}
    for of_day in days.values():
        begin_s, end_s = (pick(tap.wall_s for tap in of_day) // MINUTE_S * MINUTE_S for pick in (min, max))
        one = of_day[0]
        question = Question(one.table, begin_s, end_s + MINUTE_S, Every.MINUTE, UTC, one.camera, (one.place,))
        found |= {int(span.begin_s // MINUTE_S): span for span in reader.answer(question) if span.covered_s > 0}
    return found
