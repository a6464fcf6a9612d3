"""What a released stream is good for: how much of the place it shows, whether figures stand where people stand, whether hazards can be seen.

Definitions
  background shown  of the pixels in which nobody is (outside boxes grown by a quarter, the picture within 12 of the true empty place), those
                    that the stream shows within 12 of it; *free*: the same without what static subjects hold, that is people who never
                    move, parked cars (by the truth), and blocks in which a look found a subject
  complete          the plate is complete once 95 % of the free background is shown for the first time
  glyph recall,     person glyphs and people are matched one to one in each frame, by foot points, up to 0.3 body heights apart; people
  precision         of whom less than a quarter is visible, or whose feet are outside of the picture, are neither hit nor false alarm
  position error    between a glyph's foot, taken to the ground by the camera's homography, and where the person stands, in metres
  hazard visible    a coarse cell, or a glyph that is no person, within two cells of a thing that the simulator put down, or of smoke
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from bench.clips import Mask, difference
from bench.leak_measure import PLACE
from bench.matching import match
from bench.privacy_leak import ALL, Moments
from bench.privacy_types import Floats, SeenPerson, Step, whole_box
from passerby.released.scene import Kind, Scene

SETTLED_S: Final = 120.0
COMPLETE: Final = 0.95
NEAR_HEIGHTS: Final = 0.3
LEAST_VISIBLE: Final = 0.25
NEWCOMER_S: Final = 2.0
"""Recall is also told without the first seconds after somebody came into view."""
HAZARD_CELLS: Final = 2
HEIGHTS_PX: Final = (32, 48, 72)
HISTOGRAM_M: Final = 0.02
MOST_ERROR_M: Final = 4.0


@dataclass(frozen=True)
class Hazard:
    """A thing that must not stay unseen: what it is, from when to when it is there, and where (x, y in pixels)."""

    kind: str
    at_s: float
    until_s: float
    px: tuple[float, float]


@dataclass(frozen=True)
class GroundTruth:
    """What the measures of use need to know of a clip.

    Attributes:
        to_px: (n, 2) metres to (n, 2) pixels, of the camera before any bump.
        to_ground: The same the other way round.
        body_px: Height in pixels of a standing person at (n, 2) ground points.
        static: Pixels that static subjects hold; height x width.
        hazards: What must be seen.
        still: Numbers of the people who never move.
        riders_from: People with this number and above ride bicycles: they count as a figure of a person or of a bicycle, and so not at all.
    """

    to_px: Callable[[Floats], Floats]
    to_ground: Callable[[Floats], Floats]
    body_px: Callable[[Floats], Floats]
    static: Mask
    hazards: Sequence[Hazard] = ()
    still: frozenset[int] = frozenset()
    riders_from: int = 2**31


@dataclass
class GlyphTally:
    """Glyphs and people of some frames."""

    people: int = 0
    glyphs: int = 0
    matched: int = 0


@dataclass
class UseMeter:
    """Takes a clip step by step; the places are looked at `place_every` steps only, since they change slowly."""

    truth: GroundTruth
    moments: Moments = lambda _time_s: ()
    place_every: int = 1
    _steps: int = 0
    _shown: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Time, background shown, free background shown, share withheld."""
    _glyphs: dict[str, GlyphTally] = field(default_factory=lambda: defaultdict(GlyphTally))
    _errors: Floats = field(default_factory=lambda: np.zeros(round(MOST_ERROR_M / HISTOGRAM_M) + 1))
    _since: dict[int, float] = field(default_factory=dict)
    _hazards: dict[int, float] = field(default_factory=dict)

    def see(self, step: Step) -> None:
        """Takes the next step."""
        if self._steps % self.place_every == 0:
            self._look_at_place(step)
        self._look_at_glyphs(step)
        self._look_for_hazards(step)
        self._steps += 1

    def _look_at_place(self, step: Step) -> None:
        place = (difference(step.raw, step.empty) <= PLACE) & (step.shot.labels == 0)
        for person in step.shot.people:
            place[_grown(person, place.shape)] = False
        free = place & ~self.truth.static & ~_pixels_of(step.held, step.scene)
        shown = difference(step.out, step.empty) <= PLACE
        of_place, of_free = (float(shown[mask].mean()) if mask.any() else float("nan") for mask in (place, free))
        self._shown.append((step.time_s, of_place, of_free, step.scene.health.withheld_share))

    def _look_at_glyphs(self, step: Step) -> None:
        feet = [(float(glyph.x_px), float(glyph.y_px)) for glyph in step.scene.glyphs if glyph.kind is Kind.PERSON]
        height_px, width_px = step.raw.shape[:2]
        clear = [person for person in step.shot.people if person.person < self.truth.riders_from and _is_clear(person, width_px, height_px)]
        for person in clear:
            self._since.setdefault(person.person, step.time_s)
        others = [person for person in step.shot.people if person not in clear]
        hits = match(self._distances(clear, feet))
        taken = {glyph for _, glyph in hits}
        left = [foot for glyph, foot in enumerate(feet) if glyph not in taken]
        excused = len(match(self._distances(others, left)))
        tags = [ALL, *self.moments(step.time_s)]
        for tag in tags:
            self._count(tag, len(clear), len(feet) - excused, len(hits))
        for person in clear:
            self._count(self._sort(person), 1, 0, 0)
        for index, _ in hits:
            self._count(self._sort(clear[index]), 0, 0, 1)
        self._sort_alarms(step.shot.people, [foot for glyph, foot in enumerate(feet) if glyph not in taken])
        known = [step.time_s - self._since[person.person] >= NEWCOMER_S for person in clear]
        self._count("known for 2 s", sum(known), 0, sum(known[index] for index, _ in hits))
        if hits:
            self._measure_errors([clear[index] for index, _ in hits], np.array([feet[glyph] for _, glyph in hits], float))

    def _measure_errors(self, people: Sequence[SeenPerson], glyphs_px: Floats) -> None:
        stands_m = np.array([person.foot_m for person in people], float)
        # A bumped camera has moved against its homography: who calibrates it anew takes that away.
        bumped_px = np.array([person.foot_px for person in people], float) - self.truth.to_px(stands_m)
        errors_m = np.nan_to_num(np.linalg.norm(stands_m - self.truth.to_ground(glyphs_px - bumped_px), axis=1), nan=MOST_ERROR_M)
        np.add.at(self._errors, np.minimum(errors_m / HISTOGRAM_M, len(self._errors) - 1).astype(int), 1)

    def _sort(self, person: SeenPerson) -> str:
        """What sort of people somebody belongs to: whether they never move, and how high they are in the picture."""
        tall_px = max(person.box[2], person.box[3])
        band = next((f"below {high} px" for high in HEIGHTS_PX if tall_px < high), f"{HEIGHTS_PX[-1]} px and more")
        return f"{'still' if person.person in self.truth.still else 'moving'}, {band}"

    def _sort_alarms(self, people: Sequence[SeenPerson], feet: Sequence[tuple[float, float]]) -> None:
        """Says of figures that are nobody's whether somebody is near, and so they stand in the wrong place or twice."""
        for x, y in feet:
            near = any(np.hypot(one.foot_px[0] - x, one.foot_px[1] - y) < max(one.box[2], one.box[3]) for one in people)
            self._count("alarm beside somebody" if near else "alarm with nobody near", 0, 1, 0)

    def _count(self, tag: str, people: int, glyphs: int, matched: int) -> None:
        tally = self._glyphs[tag]
        tally.people += people
        tally.glyphs += glyphs
        tally.matched += matched

    def _distances(self, people: Sequence[SeenPerson], feet: Sequence[tuple[float, float]]) -> Floats:
        table = np.full((len(people), len(feet)), np.inf)
        if not people or not feet:
            return table
        apart = np.linalg.norm(np.array([person.foot_px for person in people])[:, None] - np.array(feet)[None], axis=2)
        reach = NEAR_HEIGHTS * self.truth.body_px(np.array([person.foot_m for person in people], float))
        return np.where(apart <= reach[:, None], apart, table)

    def _look_for_hazards(self, step: Step) -> None:
        for number, hazard in enumerate(self.truth.hazards):
            if number not in self._hazards and hazard.at_s <= step.time_s <= hazard.until_s and _is_marked(step.scene, hazard.px):
                self._hazards[number] = step.time_s - hazard.at_s

    def figures(self) -> dict[str, Any]:
        """Plain figures for JSON."""
        table = np.array(self._shown, float).reshape(-1, 4)
        late = table[table[:, 0] >= SETTLED_S]
        complete = table[:, 0][table[:, 2] >= COMPLETE]
        return {
            "background_shown": _mean(late[:, 1]),
            "free_shown": _mean(late[:, 2]),
            "withheld_share": _mean(late[:, 3]),
            "complete_s": float(complete[0]) if len(complete) else None,
            "free_shown_by_10_s": [_mean(table[table[:, 0] // 10 == ten, 2]) for ten in range(int(table[-1, 0] // 10) + 1 if len(table) else 0)],
            "glyphs": {tag: vars(tally) for tag, tally in self._glyphs.items()},
            "errors_m": {f"{index * HISTOGRAM_M:.2f}": int(count) for index, count in enumerate(self._errors) if count},
            "hazards": [
                {"kind": one.kind, "at_s": one.at_s, "seen_after_s": self._hazards.get(number)} for number, one in enumerate(self.truth.hazards)
            ],
        }


def median_error_m(errors: dict[str, int]) -> float:
    """The median of a histogram of errors, to its step."""
    if not errors:
        return float("nan")
    steps = sorted((float(step), count) for step, count in errors.items())
    passed = np.cumsum([count for _, count in steps])
    return steps[int(np.searchsorted(passed, passed[-1] / 2))][0] + HISTOGRAM_M / 2


def _is_clear(person: SeenPerson, width_px: int, height_px: int) -> bool:
    x, y = person.foot_px
    return person.visible >= LEAST_VISIBLE and 0 <= x < width_px and 0 <= y < height_px


def _is_marked(scene: Scene, px: tuple[float, float]) -> bool:
    """Whether a scene says that something is at a point of the picture."""
    reach = HAZARD_CELLS * scene.cell_px
    cells = (((cell.column + 0.5) * scene.cell_px, (cell.row + 0.5) * scene.cell_px) for cell in scene.cells)
    others = ((float(glyph.x_px), float(glyph.y_px)) for glyph in scene.glyphs if glyph.kind is not Kind.PERSON)
    return any(abs(x - px[0]) <= reach and abs(y - px[1]) <= reach for x, y in (*cells, *others))


def _pixels_of(blocks: Mask, scene: Scene) -> Mask:
    size = scene.size
    return np.repeat(np.repeat(blocks, scene.block_px, 0), scene.block_px, 1)[: size.height_px, : size.width_px]


def _grown(person: SeenPerson, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The person's box, grown by a quarter to each side."""
    left, top, right, bottom = whole_box(person, shape[1], shape[0])
    across, down = int(person.box[2] / 4), int(person.box[3] / 4)
    return slice(max(0, top - down), max(0, bottom + down)), slice(max(0, left - across), max(0, right + across))


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None
