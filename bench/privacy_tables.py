"""The figures of all clips and attacks as tables: what is leaked and what is left to use, always side by side."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from bench.privacy_leak import ALL, missed, upper_rate
from bench.privacy_use import median_error_m
from bench.results import percent, show

Figures = Mapping[str, Any]
"""What was kept of one clip."""
BANDS_PX: Final = (0, 16, 24, 32, 48, 72, 110, 1000)
LEAST_BAND_PX: Final = 24
MOST_MISSED: Final = 0.01
HAZARD_WITHIN_S: Final = 10.0


@dataclass(frozen=True)
class Row:
    """A line of the table: what it says, its value in the clips, and what must be reached."""

    name: str
    value: Callable[[Sequence[Figures]], float]
    at_most: float | None = None
    at_least: float | None = None
    unit: str = "%"
    digits: int = 2

    def text(self, clips: Sequence[Figures]) -> str:
        value = self.value(clips)
        missed_it = (self.at_most is not None and value > self.at_most) or (self.at_least is not None and value < self.at_least)
        words = percent(value, self.digits) if self.unit == "%" else "-" if math.isnan(value) else f"{value:.{self.digits}f} {self.unit}".rstrip()
        return words + (" !" if missed_it else "  ")

    @property
    def target(self) -> str:
        limit = self.at_least if self.at_most is None else self.at_most
        if limit is None:
            return ""
        return f"{'>=' if self.at_most is None else '<='} {100 * limit:g} %" if self.unit == "%" else f"<= {limit:g} {self.unit}".rstrip()


def _mean(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else math.nan


def _leak(name: str, tag: str = ALL) -> Callable[[Sequence[Figures]], float]:
    """A share of the persons, as a mean over clips."""

    def value(clips: Sequence[Figures]) -> float:
        tallies = [clip["leak"][tag] for clip in clips if tag in clip["leak"]]
        return _mean(tally[name] / tally["instances"] for tally in tallies if tally["instances"])

    return value


def _worst(clips: Sequence[Figures]) -> float:
    return max((clip["leak"][ALL]["worst"] for clip in clips if ALL in clip["leak"]), default=math.nan)


def heads_exposed(clips: Sequence[Figures], tag: str = ALL) -> float:
    """How many heads were exposed in all clips together."""
    return float(sum(clip["leak"][tag]["exposed"] for clip in clips if tag in clip["leak"]))


def heads_by_plate(clips: Sequence[Figures]) -> float:
    """How many of them the true empty place would not have shown alike."""
    return float(sum(clip["leak"][ALL]["by_plate"] for clip in clips if ALL in clip["leak"]))


def _use(name: str) -> Callable[[Sequence[Figures]], float]:
    return lambda clips: _mean(clip["use"][name] for clip in clips)


def _in_colour(clips: Sequence[Figures]) -> float:
    """The free background shown; infrared settles three times as slowly and counts apart."""
    return _mean(clip["use"]["free_shown"] for clip in clips if clip["light"] != "infrared")


def _glyphs(part: str, whole: str, tag: str = ALL) -> Callable[[Sequence[Figures]], float]:
    """Recall or precision over all clips together."""

    def value(clips: Sequence[Figures]) -> float:
        tallies = [clip["use"]["glyphs"][tag] for clip in clips if tag in clip["use"]["glyphs"]]
        total = sum(tally[whole] for tally in tallies)
        return float(sum(tally[part] for tally in tallies) / total) if total else math.nan

    return value


def _error_m(clips: Sequence[Figures]) -> float:
    total: dict[str, int] = {}
    for clip in clips:
        for step, count in clip["use"]["errors_m"].items():
            total[step] = total.get(step, 0) + count
    return median_error_m(total)


def _hazards(clips: Sequence[Figures]) -> float:
    found = [hazard["seen_after_s"] for clip in clips for hazard in clip["use"]["hazards"]]
    return _mean(float(after is not None and after <= HAZARD_WITHIN_S) for after in found)


ROWS: Final = (
    Row("released person pixels, mean over clips", _leak("released"), at_most=0.0005, digits=4),
    Row("  worst person in a frame", _worst),
    Row("  during a light switch", _leak("released", "light_switch during"), digits=4),
    Row("  after a light switch", _leak("released", "light_switch after"), digits=4),
    Row("  during a bump", _leak("released", "bump during"), digits=4),
    Row("  after a bump", _leak("released", "bump after"), digits=4),
    Row("heads exposed (count)", heads_exposed, at_most=0.0, unit="", digits=0),
    Row("  that the empty place would not show alike", heads_by_plate, at_most=0.0, unit="", digits=0),
    Row("flat matches", _leak("flat")),
    Row("background shown from 120 s on", _use("background_shown")),
    Row("  of what no static subject holds, in colour", _in_colour, at_least=0.95),
    Row("complete after (mean of clips that get there)", _use("complete_s"), unit="s", digits=0),
    Row("share withheld from 120 s on", _use("withheld_share")),
    Row("glyphs: recall", _glyphs("matched", "people"), at_least=0.95),
    Row("  of people in view for 2 s and more", _glyphs("matched", "people", "known for 2 s")),
    Row("  precision", _glyphs("matched", "glyphs"), at_least=0.95),
    Row("  median position error", _error_m, at_most=0.3, unit="m"),
    Row("hazards marked within 10 s", _hazards),
)


def show_clips(clips: Sequence[Figures]) -> None:
    """Prints leak and use side by side: over all clips, and by light."""
    lights = sorted({clip["light"] for clip in clips})
    columns = ["", "asked for", f"all {len(clips)}", *(f"{light} ({sum(clip['light'] == light for clip in clips)})" for light in lights)]
    of_light = [[clip for clip in clips if clip["light"] == light] for light in lights]
    rows = [[row.name, row.target, *(row.text(some) for some in (clips, *of_light))] for row in ROWS]
    show("leak and use of simulated clips", columns, rows, "against true masks and the true empty place; '!' = asked for more")


def show_glyphs(clips: Sequence[Figures]) -> None:
    """Prints who has a figure and who has none, and where figures stand that are nobody's."""
    tags = sorted({tag for clip in clips for tag in clip["use"]["glyphs"]})
    rows = []
    for tag in tags:
        tallies = [clip["use"]["glyphs"][tag] for clip in clips if tag in clip["use"]["glyphs"]]
        people, glyphs, matched = (sum(tally[part] for tally in tallies) for part in ("people", "glyphs", "matched"))
        rows.append([tag, str(people), percent(matched / people if people else math.nan, 1), str(glyphs) if glyphs else ""])
    show("figures of people, by sort", ["", "people and frames", "recall", "figures"], rows)


def show_missed(clips: Sequence[Figures]) -> None:
    """Prints how many people who were there from the first frame on and never moved were released, by size and light."""
    lights = sorted({clip["light"] for clip in clips})
    rows = []
    for low, high in pairwise(BANDS_PX):
        rows.append([f"{low} to {high - 1} px" if high < BANDS_PX[-1] else f"{low} px and more"])
        for some in (clips, *([clip for clip in clips if clip["light"] == light] for light in lights)):
            rows[-1].append(_missed_words([one for clip in some for one in clip["still"] if low <= one["height_px"] < high], low))
    note = (
        "missed = more than 5 % of the textured pixels released at some time; in brackets the 95 % upper bound; '!' = more than 1 % of 24 px and more"
    )
    show("people missed from start-up, by height", ["", "all", *lights], rows, note)


def _missed_words(still: Sequence[Figures], least_px: int) -> str:
    if not still:
        return "-  "
    bad, count = missed(still)
    mark = " !" if least_px >= LEAST_BAND_PX and bad > MOST_MISSED * count else "  "
    return f"{bad} of {count} (<= {100 * upper_rate(bad, count):.1f} %){mark}"


def summary(clips: Sequence[Figures]) -> dict[str, Any]:
    """The rows as numbers, and the missed by size, for JSON."""
    bands = {}
    for low, high in pairwise(BANDS_PX):
        bad, count = missed([one for clip in clips for one in clip["still"] if low <= one["height_px"] < high])
        bands[f"{low}-{high}"] = {"missed": bad, "people": count, "upper": upper_rate(bad, count)}
    return {"rows": {row.name.strip(): row.value(clips) for row in ROWS}, "missed_by_height_px": bands}
