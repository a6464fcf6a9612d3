"""The clips that leaks are measured on: who is where in them, and what their empty place looks like."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from bench.clips import Picture, median_of
from bench.glyph_measure import PETS_LEAST_Y_PX
from bench.samples import CAR_CLIP, INTEL_ANNOTATIONS, ONE_BY_ONE_CLIP, PETS_TRUTH, Say, pets_clip, sample
from bench.truth import Person, Visits, empty_place, persons_of_visits, read_mot

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True)
class PeopleCase:
    """A clip with known persons and its empty place. Feet above `least_y_px` are not annotated reliably."""

    name: str
    clip: Path
    persons: list[Person]
    empty: Picture
    least_y_px: float


@dataclass(frozen=True)
class PlatesCase:
    """A clip with annotated number plates: boxes by 0-based frame."""

    name: str
    clip: Path
    boxes: dict[int, list[Box]]


def pets(say: Say) -> PeopleCase | None:
    """The PETS clip; its empty place is its median, since nobody stands in it for long."""
    clip, truth = pets_clip(say), sample(PETS_TRUTH, say)
    if clip is None or truth is None:
        return None
    return PeopleCase("pets", clip, read_mot(truth), median_of(clip), PETS_LEAST_Y_PX)


def one_by_one(say: Say) -> PeopleCase | None:
    """The clip of six visits, each standing still for long; its empty place is the median of the frames between the visits."""
    clip, notes = sample(ONE_BY_ONE_CLIP, say), _annotations(say)
    if clip is None or notes is None:
        return None
    visits = Visits([(first, last) for first, last in notes["person_counts"][clip.name]["visits"]])
    empty = empty_place(clip, visits)
    return PeopleCase("one-by-one", clip, persons_of_visits(clip, empty, visits), empty, 0.0)


def cars(say: Say) -> PlatesCase | None:
    """The clip of passing cars, six of whose number plates are annotated."""
    clip, notes = sample(CAR_CLIP, say), _annotations(say)
    if clip is None or notes is None:
        return None
    frames = notes["plates"][clip.name].items()
    return PlatesCase("cars", clip, {int(frame): [(x, y, x + w, y + h) for x, y, w, h in boxes] for frame, boxes in frames})


def _annotations(say: Say) -> Any:
    path = sample(INTEL_ANNOTATIONS, say)
    return None if path is None else json.loads(path.read_text(encoding="utf-8"))


CASES: Final[Mapping[str, Callable[[Say], PeopleCase | PlatesCase | None]]] = MappingProxyType({"pets": pets, "one-by-one": one_by_one, "cars": cars})
