"""Whether the detector treats the simulator's drawn people as it treats real ones.

    python -m bench.realism [--trials 150] [--threads 2] [--light day,infrared] [--json FILE]

In each trial somebody cut out of a real clip and somebody drawn are pasted, in turn, into the same real empty place, at the same spot and of the
same height, and the detector looks twice, as the gate does: at a tile six times the person's height, which lies so that the person is anywhere
in its inner part, and at the whole picture. A look finds the person if one of its boxes of persons overlaps theirs by an IoU of 0.4. Recall is
the share found; the quartiles are of the best score, 0 for whoever is not found. "asked for": recall within 10 points of real people's, in each band.

Real people of these clips walk and stand, and carry bags at most; so do the drawn ones that are compared. The second table shows what else is drawn,
to which no real cut-outs belong.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from bench.clips import Picture, difference
from bench.cut_outs import CutOut, Place, PlaceName, cut_outs_of, place_of
from bench.results import keep, percent, show
from passerby.redact.detection import load_detector
from passerby.released.scene import Kind
from passerby.sealed.gate.detector import Boxes, Detector, overlap
from passerby.sealed.gate.looks import OVERLAP, TILE_PER_PERSON
from passerby.simulate.cast import Appearance, Carried, Gait, Posture
from passerby.simulate.figure import Atlas

BANDS_PX: Final = ((12, 16), (16, 24), (24, 36), (36, 56), (56, 90), (90, 150))
LEAST_IOU: Final = 0.4
WITHIN: Final = 0.10
WALKING_SHARE: Final = 0.7
SPOTS: Final = 40
STANDS_OUT: Final = 0.5
"""This share of a person's pixels differs from the place by more than FAR, if a spot like that is found."""
FAR: Final = 40
ENLARGED: Final = 0.8
"""Cut-outs are enlarged by no more than the inverse: a person made larger is blurred as no camera blurs."""
CONFIDENCE_95: Final = 1.96
LOOKS: Final = ("tile", "whole picture")


class Light(StrEnum):
    """How the camera sees."""

    DAY = "day"
    INFRARED = "infrared"


SIGMA: Final = {Light.DAY: 2.0, Light.INFRARED: 6.0}
"""Of the sensor's noise, in grey levels."""


@dataclass(frozen=True)
class Odd:
    """Something drawn that has no real counterpart in the clips."""

    name: str
    posture: Posture
    carried: Carried


ODD: Final = (
    Odd("suitcase", Posture.WALKING, Carried.SUITCASE),
    Odd("umbrella", Posture.WALKING, Carried.UMBRELLA),
    Odd("stroller", Posture.WALKING, Carried.STROLLER),
    Odd("wheelchair", Posture.WALKING, Carried.WHEELCHAIR),
    Odd("sitting", Posture.SITTING, Carried.NOTHING),
    Odd("lying", Posture.LYING, Carried.NOTHING),
)


@dataclass(frozen=True)
class Figures:
    """What looks found: how many there were, the share found, its 95 % half-width, and the quartiles of the scores."""

    looks: int
    recall: float
    half_width: float
    lower: float
    median: float
    upper: float

    @classmethod
    def of(cls, scores: Sequence[float]) -> "Figures":
        """The figures of the best score of each look, 0 where nothing was found."""
        found = np.asarray(scores, np.float64)
        share = float((found > 0).mean())
        half_width = CONFIDENCE_95 * float(np.sqrt(max(share * (1 - share), 1 / len(found)) / len(found)))
        lower, median, upper = (float(value) for value in np.percentile(found, [25, 50, 75]))
        return cls(len(found), share, half_width, lower, median, upper)


@dataclass(frozen=True)
class Trial:
    """Two people for one spot: the real one and the drawn one, and where their upper left corners go."""

    place: Place
    height_px: float
    people: tuple[CutOut, CutOut]
    corners_xy: tuple[tuple[float, float], tuple[float, float]]
    tile_at: tuple[float, float]
    seed: int


def score_of(boxes: Boxes, person_xyxy: Sequence[float]) -> float:
    """The best score of a person's box that overlaps theirs, or 0."""
    fits = overlap(boxes.xyxy, np.array([person_xyxy], np.float32))[:, 0] >= LEAST_IOU
    scores = boxes.scores[fits & (boxes.kinds == Kind.PERSON)]
    return float(scores.max()) if len(scores) else 0.0


def tile_of(picture: Picture, person_xyxy: Sequence[float], height_px: float, at: tuple[float, float]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a look of the gate's finest scale; `at` (0 to 1 each way) is where in the tile's inner part the person is."""
    rows, columns = picture.shape[:2]
    side = min(round(TILE_PER_PERSON * height_px), max(rows, columns))
    centre = (person_xyxy[0] + person_xyxy[2]) / 2, (person_xyxy[1] + person_xyxy[3]) / 2
    margin = OVERLAP / 2
    left, top = (round(c - side * (margin + (1 - 2 * margin) * share)) for c, share in zip(centre, at, strict=True))
    left, top = (min(max(0, start), max(0, length - side)) for start, length in ((left, columns), (top, rows)))
    return left, top, min(columns, left + side), min(rows, top + side)


def seen_as(picture: Picture, light: Light, seed: int) -> Picture:
    """The picture as the camera gives it: with noise, and grey where the light is infrared."""
    rng = np.random.default_rng(seed)
    shape = picture.shape[:2]
    if light is Light.DAY:
        noisy = picture + rng.normal(0, SIGMA[light], picture.shape)
        return np.asarray(np.clip(noisy + 0.5, 0, 255).astype(np.uint8))
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (3, 3), 0.7)
    dim = 0.7 * grey.astype(np.float64) + 30 + rng.normal(0, SIGMA[light], shape)
    return np.asarray(cv2.merge([np.clip(dim + 0.5, 0, 255).astype(np.uint8)] * 3), np.uint8)


def looked_at(detector: Detector, trial: Trial, who: int, light: Light) -> tuple[float, float]:
    """The score of the real (0) or the drawn person (1) in the tile and in the whole picture."""
    person, corner = trial.people[who], trial.corners_xy[who]
    picture = seen_as(person.over(trial.place.empty, corner), light, trial.seed)
    box = box_of(person, corner)
    left, top, right, bottom = tile_of(picture, box, trial.height_px, trial.tile_at)
    near = detector.detect(np.ascontiguousarray(picture[top:bottom, left:right])).moved(left, top, 1)
    return score_of(near, box), score_of(detector.detect(picture), box)


def box_of(person: CutOut, corner_xy: tuple[float, float]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of what is seen of a person."""
    rows, columns = np.nonzero(person.alpha > 0.5)
    x, y = corner_xy
    return x + float(columns.min()), y + float(rows.min()), x + float(columns.max()) + 1, y + float(rows.max()) + 1


def real_person(pool: Sequence[CutOut], height_px: float, rng: np.random.Generator) -> CutOut:
    """Somebody cut out, at this height."""
    large = [person for person in pool if person.height_px >= ENLARGED * height_px] or sorted(pool, key=lambda person: -person.height_px)[:10]
    person = large[int(rng.integers(len(large)))]
    return (person.mirrored() if rng.integers(2) else person).scaled(height_px / person.standing_px)


def drawn_person(height_px: float, rng: np.random.Generator, light: Light, odd: Odd | None = None) -> CutOut:
    """Somebody drawn, who is this high standing upright."""
    number = int(rng.integers(2**31))
    gait, look = Gait.drawn(number, 0), Appearance.drawn(number, 0)
    posture = Posture.WALKING if rng.uniform() < WALKING_SHARE else Posture.STANDING
    if odd is not None:
        posture, look = odd.posture, replace(look, carried=odd.carried)
    elif look.carried is not Carried.BAG:
        look = replace(look, carried=Carried.NOTHING)
    atlas = Atlas(gait, look, infrared=light is Light.INFRARED)
    sprite = atlas.sprite(posture, rng.uniform(0, 2 * np.pi), rng.uniform(), height_px / gait.height_m)
    return CutOut(sprite.bgr.astype(np.float32), (sprite.alpha / 255).astype(np.float32), height_px)


def trial_of(place: Place, pool: Sequence[CutOut], band: tuple[int, int], light: Light, seed: int, odd: Odd | None = None) -> Trial:
    """A trial drawn from a seed: a spot at which both people stand out from the place."""
    rng = np.random.default_rng([seed, *band])
    height_px = float(np.exp(rng.uniform(*np.log(band))))
    people = real_person(pool, height_px, rng), drawn_person(height_px, rng, light, odd)
    best, best_share = _corners(people, place, rng), -1.0
    for _ in range(SPOTS):
        corners = _corners(people, place, rng)
        share = min(_standing_out(person, corner, place.empty) for person, corner in zip(people, corners, strict=True))
        if share > best_share:
            best, best_share = corners, share
        if share >= STANDS_OUT:
            break
    return Trial(place, height_px, people, best, (float(rng.uniform()), float(rng.uniform())), seed)


def _corners(people: tuple[CutOut, CutOut], place: Place, rng: np.random.Generator) -> tuple[tuple[float, float], tuple[float, float]]:
    """The corners of both when their feet's middle is at one point; both are wholly inside the picture."""
    rows, columns = place.empty.shape[:2]
    half = max(person.width_px for person in people) / 2
    most = max(person.height_px for person in people)
    x = rng.uniform(half + 2, max(half + 3, columns - half - 2))
    y = rng.uniform(min(max(place.ground_top_px, most + 2), rows - 3), rows - 2)
    real, drawn = ((float(round(x - p.width_px / 2)), float(round(y - p.height_px))) for p in people)
    return real, drawn


def _standing_out(person: CutOut, corner_xy: tuple[float, float], empty: Picture) -> float:
    """The share of a person's pixels that differ from the place."""
    x, y = (int(value) for value in corner_xy)
    part = empty[y : y + person.height_px, x : x + person.width_px]
    alpha = person.alpha[: part.shape[0], : part.shape[1]] > 0.5
    colours = np.clip(person.bgr, 0, 255).astype(np.uint8)[: part.shape[0], : part.shape[1]]
    return float((difference(colours, np.ascontiguousarray(part))[alpha] > FAR).mean()) if alpha.any() else 0.0


Scores = dict[str, list[float]]
"""By "real tile", "drawn whole picture" and so on."""


def scores_of(detector: Detector, trials: Sequence[Trial], light: Light, threads: int) -> Scores:
    """The scores of all trials' looks."""
    jobs = [(trial, who) for trial in trials for who in (0, 1)]
    with ThreadPoolExecutor(threads) as executor:
        pairs = list(executor.map(lambda job: looked_at(detector, job[0], job[1], light), jobs))
    result: Scores = {}
    for (_, who), pair in zip(jobs, pairs, strict=True):
        for look, score in zip(LOOKS, pair, strict=True):
            result.setdefault(f"{('real', 'drawn')[who]} {look}", []).append(score)
    return result


def row_of(name: str, look: str, scores: Scores) -> list[str]:
    """A row of the table: recall and quartiles of real and drawn people, and how far apart they are."""
    real, drawn = Figures.of(scores[f"real {look}"]), Figures.of(scores[f"drawn {look}"])
    apart = drawn.recall - real.recall
    mark = " !" if abs(apart) > WITHIN else "  "
    cells = [f"{percent(one.recall, 0)} ± {100 * one.half_width:.0f}" for one in (real, drawn)]
    quartiles = [f"{one.lower:.2f} {one.median:.2f} {one.upper:.2f}" for one in (real, drawn)]
    return [name, look, str(real.looks), cells[0], cells[1], f"{100 * apart:+.0f}{mark}", *quartiles]


def places() -> list[tuple[Place, tuple[CutOut, ...]]]:
    """The empty places that can be had, with everybody who can be had."""
    found = [(place, cut_outs_of(name)) for name in PlaceName if (place := place_of(name)) is not None]
    everybody = tuple(person for _, people in found for person in people)
    return [(place, everybody) for place, _ in found]


def banded(detector: Detector, light: Light, trials: int, threads: int) -> Iterator[tuple[str, Scores]]:
    """Band by band, and place by place over all bands: a name and the scores."""
    found = places()
    by_place: dict[str, Scores] = {}
    for low, high in BANDS_PX:
        both: Scores = {}
        for place, pool in found:
            made = [trial_of(place, pool, (low, high), light, seed) for seed in range(-(-trials // len(found)))]
            for key, values in scores_of(detector, made, light, threads).items():
                both.setdefault(key, []).extend(values)
                by_place.setdefault(place.name, {}).setdefault(key, []).extend(values)
        yield f"{low} to {high} px", both
    for name, scores in by_place.items():
        yield f"all in '{name}'", scores


def odd_ones(detector: Detector, trials: int, threads: int) -> Iterator[tuple[str, Scores]]:
    """What has no real counterpart, by the height that the person has standing."""
    found = places()
    for odd in ODD:
        for band in BANDS_PX[2:5]:
            made = [trial_of(place, pool, band, Light.DAY, seed, odd) for place, pool in found for seed in range(-(-trials // len(found)))]
            yield f"{odd.name}, {band[0]} to {band[1]} px", scores_of(detector, made, Light.DAY, threads)


HEAD: Final = ["", "look", "looks", "real", "drawn", "apart", "real: quartiles", "drawn: quartiles"]


def reported(title: str, found: Iterator[tuple[str, Scores]], note: str) -> dict[str, Any]:
    """Prints the table of what is found, and returns it for keeping."""
    rows, kept = [], {}
    for name, scores in found:
        rows += [row_of(name, look, scores) for look in LOOKS]
        kept[name] = {key: asdict(Figures.of(values)) for key, values in scores.items()}
    show(title, HEAD, rows, note)
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=150, help="trials a size band")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--light", default=",".join(Light), help=f"of {', '.join(Light)}")
    parser.add_argument("--odd-trials", type=int, default=40, help="trials of each band and thing of the second table; 0 leaves it out")
    parser.add_argument("--json", type=Path, default=Path("out/bench/realism.json"))
    given = parser.parse_args()
    if not places():
        print("skipped: no clip of real people can be had (bench/samples.py says where they come from)")
        return
    detector = load_detector("yolox-nano", "cpu").detector
    results: dict[str, Any] = {}
    for word in given.light.split(","):
        found = banded(detector, Light(word), given.trials, given.threads)
        results[word] = reported(f"realism: {word}", found, "'!' = more than 10 points apart")
    if given.odd_trials:
        found = odd_ones(detector, given.odd_trials, given.threads)
        results["odd"] = reported("realism: drawn only, in daylight", found, "'real' is somebody on foot at the same spot")
    keep(given.json, {"realism": results})


if __name__ == "__main__":
    main()
