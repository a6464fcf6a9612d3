"""Explanations: what was read at a place, for how long, against which limit. Plain text in one line, of bounded length, no markup."""

from datetime import datetime, tzinfo
from typing import Final

from passerby.hazards.alert import MOST_WORDS, What
from passerby.hazards.holding import Step
from passerby.hazards.place import Place
from passerby.hazards.reading import Reading
from passerby.site.hazards import FIELDS, Hazard
from passerby.site.templates import template_of

LIMIT: Final = ", limit "
TELL_TIME: Final = frozenset({"static", "left-object", "camera"})
"""Kinds whose readings say themselves for how long it has been so."""
MOST_NAME: Final = 60
"""No more of a name is said: a name may have 200 characters, an explanation has 500."""


def number(value: float) -> str:
    """A number that was measured, with the digits that count: 0.05, 0.3, 2.9, 34."""
    return f"{value:.2f}" if abs(value) < 0.1 else f"{value:.1f}" if abs(value) < 10 else f"{value:.0f}"


def bound(value: float) -> str:
    """A limit as it was given: 2.15, 6, 40."""
    return f"{value:.6g}"


def duration(lasted_s: float) -> str:
    """How long: "40 s", "5 min", "2 h 05 min", "3 days 4 h"."""
    whole = round(lasted_s)
    if whole < 120:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours < 48 else f"{hours // 24} days {hours % 24} h"


def quoted(name: str) -> str:
    """A name of the site file in quotation marks, shortened where it is long."""
    return f"'{name if len(name) <= MOST_NAME else name[: MOST_NAME - 3] + '...'}'"


def measured(value: float, error: float | None, unit: str) -> str:
    """A value with its standard error: "2.9 persons/m2 +-0.3"."""
    return f"{number(value)} {unit}" + ("" if error is None else f" +-{number(error)}")


def explained(reading: Reading, lasted_s: float) -> str:
    """The reading's words with how long it has lasted, before the limit: "2.9 persons/m2 +-0.3 in 'stairs' for 40 s, limit 2.5"."""
    said, found, limit = reading.words.rpartition(LIMIT)
    lasted = f" for {duration(lasted_s)}" if lasted_s >= 1 else ""
    return clipped(said + lasted + found + limit if found else reading.words + lasted)


def clipped(words: str) -> str:
    """The words, cut where they are longer than an event may hold."""
    return words if len(words) <= MOST_WORDS else words[: MOST_WORDS - 3] + "..."


class Explaining:
    """The words of one rule's events.

    Args:
        hazard: The rule; its message stands before the explanation.
        place: Where it is.
        zone: The site's time zone.
    """

    def __init__(self, hazard: Hazard, place: Place, zone: tzinfo) -> None:
        self._hazard, self._place, self._zone = hazard, place, zone
        self._template = None if hazard.message is None else template_of(hazard.message, FIELDS)

    def of(self, step: Step) -> str:
        """What became of the alert, in words."""
        if step.what is What.ENDED:
            return f"over after {duration(step.lasted_s)}"
        if step.what is What.CLOSED:
            return f"did not come back within {duration(self._hazard.cool_down_s)}"
        if not step.reading.known:
            return f"not seen since {datetime.fromtimestamp(step.seen_s, self._zone):%H:%M:%S}"
        explanation = explained(step.reading, 0 if self._hazard.kind in TELL_TIME else step.lasted_s)
        return explanation if self._template is None else clipped(f"{self._own(step)}: {explanation}")

    def _own(self, step: Step) -> str:
        """The site's own words. What is put into them is not looked at again."""
        reading = step.reading
        return (
            ""
            if self._template is None
            else self._template.filled(
                {
                    "value": "" if reading.value is None else number(reading.value),
                    "limit": "" if reading.limit is None else bound(reading.limit),
                    "zone": self._place.shown,
                    "camera": self._place.camera_name,
                    "for_s": str(round(step.lasted_s)),
                }
            )
        )
