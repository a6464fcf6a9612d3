"""How often somebody who never moves gets past the looks before a release: the gate's published miss rate.

    python -m bench.misses [--seeds 40] [--heights 12,16,20,24,32,40,60] [--place pets|one-by-one] [--live]

People cut out of a real clip are pasted, still, into its empty place. The gate looks at the blocks they stand on exactly as it does before it
releases them, at its usual setting (smallest person 24 px). Missed: more than 5 % of the person's pixels would be released. The other looks of a
gate, at the whole picture twice a second, find some of these people as well: the rates are upper bounds. Behind each: its one-sided 95 % bound
(Clopper-Pearson).
"""

import argparse
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from bench.cut_outs import PlaceName
from bench.results import keep, show
from bench.still_people import StillClip, Variant, still_clip
from passerby.redact.detection import load_detector
from passerby.released.scene import Size
from passerby.sealed.gate.detector import Detector
from passerby.sealed.gate.grid import Grid, touched
from passerby.sealed.gate.looks import ReleaseLooks
from passerby.sealed.gate.settings import SAMPLES, GateSettings

HEIGHTS_PX: Final = (12, 16, 20, 24, 32, 40, 60)
VARIANTS: Final = (Variant.STANDING, Variant.SEATED, Variant.CUT_BY_BORDER, Variant.REFLECTION, Variant.INFRARED)
MISSED: Final = 0.05
SEEN_AT_S: Final = 1.0
FPS: Final = 5.0


@dataclass(frozen=True)
class MissRate:
    """Of people of one kind and height, how many were missed."""

    variant: str
    height_px: int
    people: int
    missed: int

    @property
    def upper_bound(self) -> float:
        """One-sided 95 % bound of the rate."""
        return rate_bound(self.missed, self.people)


def rate_bound(hits: int, tries: int, confidence: float = 0.95) -> float:
    """The rate at which `hits` or fewer of `tries` are as likely as 1 - confidence (Clopper-Pearson, one-sided)."""
    if hits >= tries:
        return 1.0
    low, high = hits / tries, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(hits, tries, middle) > 1 - confidence else (low, middle)
    return high


def _at_most(hits: int, tries: int, rate: float) -> float:
    """How likely a binomial count is `hits` or less."""
    term = total = (1 - rate) ** tries
    for count in range(hits):
        term *= (tries - count) / (count + 1) * rate / (1 - rate)
        total += term
    return total


def is_missed(clip: StillClip, detector: Detector, executor: Executor, *, live: bool) -> bool:
    """Whether the looks before a release let more than 5 % of the person through."""
    pictures = np.stack([picture for _, picture in islice(clip, SAMPLES)])
    candidate = np.median(pictures, axis=0).astype(np.uint8)
    person = clip.mask_at(SEEN_AT_S)
    grid = Grid(Size(candidate.shape[1], candidate.shape[0]))
    blocks = touched(person, 16, grid.block_shape)
    clear, _ = ReleaseLooks(grid, detector, GateSettings().min_person_px, executor, both_ways=live).look(candidate, blocks, 0)
    return bool((person & grid.pixels_of(clear)).sum() > MISSED * max(1, person.sum()))


def measured(place: PlaceName, heights_px: tuple[int, ...], seeds: int, *, live: bool) -> Iterator[MissRate]:
    detector = load_detector("yolox-nano", "cpu").detector
    with ThreadPoolExecutor(2) as executor:
        for variant in VARIANTS:
            for height_px in heights_px:
                clips = (still_clip(variant, height_px, seed, SAMPLES / FPS, FPS, place) for seed in range(seeds))
                missed = [is_missed(clip, detector, executor, live=live) for clip in clips if clip is not None]
                if missed:
                    yield MissRate(variant.value, height_px, len(missed), sum(missed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--heights", default=",".join(str(height) for height in HEIGHTS_PX))
    parser.add_argument("--place", choices=["pets", "one-by-one"], default="pets")
    parser.add_argument("--live", action="store_true", help="look as a live gate does: at each tile and at its mirror image")
    parser.add_argument("--json", type=Path, default=Path("out/bench/misses.json"))
    arguments = parser.parse_args()
    heights_px = tuple(int(height) for height in arguments.heights.split(","))
    place = PlaceName.PETS if arguments.place == "pets" else PlaceName.ONE_BY_ONE
    cv2.setNumThreads(1)
    rates = list(measured(place, heights_px, arguments.seeds, live=arguments.live))
    if not rates:
        parser.exit(1, "misses: the real clip cannot be had here\n")
    rows = [
        [variant.value, *(f"{r.missed} of {r.people} (<= {r.upper_bound:.1%})" for r in rates if r.variant == variant.value)] for variant in VARIANTS
    ]
    show(f"missed, still people in the {place} place, by standing height", ["", *(f"{height} px" for height in heights_px)], rows)
    keep(
        arguments.json,
        {"place": place.value, "live": arguments.live, "misses": [{**asdict(rate), "upper_bound": round(rate.upper_bound, 4)} for rate in rates]},
    )


if __name__ == "__main__":
    main()
