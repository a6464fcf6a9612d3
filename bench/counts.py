"""How well counting counts: real clips with annotated people, simulated crowds, walkers and an empty hour, and what a look costs after the detector.

.venv/bin/python -m bench.counts [--parts pets,one,cars,density,speeds,quiet,cost] [--small] [--commit HASH] [--json FILE]

The crowds of `density` are drawn from the commit's hash, so that nobody can have tuned on them.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from bench.count_clips import cars, one_by_one, pets
from bench.count_looks import LOADED_LOOKS_HZ, SHIPPED_LOOKS_HZ
from bench.density import density
from bench.measure_cost import WANTED_MS, cost
from bench.privacy_scenarios import commit_of
from bench.quiet import WANTED_EMPTY, quiet
from bench.results import keep_parts, percent, show
from bench.speeds import N_T, WANTED, speeds

SMALL_FRAMES: Final = 120
WANTED_DENSITY: Final = 0.15
OUT: Final = Path("out/bench/counts.json")

Row = tuple[str, str, str, str]
"""What was measured, on what, the figure, what is to be reached."""


def of_pets(*, small: bool) -> dict[str, Any]:
    """The PETS clip at both rates of looks."""
    frames = SMALL_FRAMES if small else None
    return {name: pets(looks_hz, frames) for name, looks_hz in (("shipped", SHIPPED_LOOKS_HZ), ("loaded", LOADED_LOOKS_HZ))}


def pets_rows(told: dict[str, Any]) -> Iterator[Row]:
    for name, one in told.items():
        if one is not None:
            on, crossings, mot = f"PETS, {one['looks_hz']:g} looks/s", one["crossings"], one["mot"]
            is_shipped = name == "shipped"
            yield "occupancy, mean outside", on, f"{one['occupancy_outside']:.3f}", "<= 0.35" if is_shipped else ""
            yield (
                "crossings, F1; sum of errors",
                on,
                f"{crossings['f1']:.3f} of {crossings['true']}; {crossings['errors']}",
                _to(">= 0.95; <= 5", is_shipped),
            )
            yield "MOTA; IDF1; HOTA", on, "; ".join(f"{mot[score]:.3f}" for score in ("mota", "idf1", "hota")), _to(">= 0.85", is_shipped)
            yield "MOTA; IDF1, by motmetrics", on, "; ".join(f"{mot[f'{score}_motmetrics']:.3f}" for score in ("mota", "idf1")), "the same"
            yield "tracks and lines, ms a look", on, f"{one['measure_ms_per_look']:.2f}", ""


def of_one(*, small: bool) -> dict[str, Any] | None:
    return one_by_one(SMALL_FRAMES if small else None)


def one_rows(told: dict[str, Any]) -> Iterator[Row]:
    yield "occupancy right; most counted", f"one by one, {told['frames']} frames", f"{percent(told['right'])}; {told['most']}", ">= 98 %; 1"


def of_cars(*, small: bool) -> dict[str, Any] | None:
    return cars(SMALL_FRAMES if small else None)


def cars_rows(told: dict[str, Any]) -> Iterator[Row]:
    yield "frames with nobody; crossings", f"cars, {told['frames']} frames", f"{percent(told['empty'])}; {told['crossings']}", ">= 99.5 %; 0"


def density_rows(told: dict[str, Any]) -> Iterator[Row]:
    for row in told["rows"]:
        on = f"{row['crowds']} crowds of {row['per_m2']:g} 1/m², {row['how']}, {row['seconds']} s"
        worst = percent(max(row["relative_mae_by_crowd"]), 0)
        figure = f"{percent(row['relative_mae'], 1)} ({row['told']:.1f} of {row['truth']:.1f}); worst crowd {worst}"
        yield "density, relative MAE", on, figure, _to(f"<= {percent(WANTED_DENSITY, 0)}", row["how"] == "corrected")


def speeds_rows(told: dict[str, Any]) -> Iterator[Row]:
    for name, on in (("pooled", "true feet"), ("pixels", "pixels")):
        for row in told[name]:
            figure = f"{row['told']:.3f}; {row['pedpy']:.3f}; {100 * row['error']:+.1f} %"
            yield (
                f"{row['measure']}: told; PedPy; off",
                f"{on}, {row['place']}",
                figure,
                _to(f"within {percent(WANTED, 0)}", name == "pooled" and row["measure"] != N_T),
            )


def quiet_rows(told: dict[str, Any]) -> Iterator[Row]:
    on = f"{told['simulated_s'] / 60:g} simulated minutes"
    yield "frames with nobody; crossings", on, f"{percent(told['empty'])}; {told['crossings']}", f">= {percent(WANTED_EMPTY, 1)}; 0"
    for row in told["rows"]:
        figure = f"{percent(row['empty'])}; {row['crossings']}; {row['most']}, {row['unconfirmed']} unconfirmed; {percent(row['seen'], 1)}"
        yield "nobody; crossings; most; seen", f"{row['weather']}, {row['frames']} frames", figure, ""


def cost_rows(told: dict[str, Any]) -> Iterator[Row]:
    on = f"{told['people']} people, {told['zones']} zones, {told['lines']} lines"
    for name, words in (("boxes", "boxes only"), ("crowd", "with a crowd's numbers"), ("corrected", "and corrected by them")):
        one = told[name]
        yield f"ms a look, {words}: median; p95", on, f"{one['median_ms']:.2f}; {one['p95_ms']:.2f}", f"<= {WANTED_MS:g}"


def _to(words: str, is_asked: bool) -> str:  # noqa: FBT001 - whether it is to be reached here
    return words if is_asked else ""


Rows = Callable[[dict[str, Any]], Iterator[Row]]
PARTS: Final[dict[str, tuple[Callable[..., dict[str, Any] | None], Rows]]] = {
    "pets": (of_pets, pets_rows),
    "one": (of_one, one_rows),
    "cars": (of_cars, cars_rows),
    "density": (density, density_rows),
    "speeds": (speeds, speeds_rows),
    "quiet": (quiet, quiet_rows),
    "cost": (cost, cost_rows),
}
DRAWN: Final = frozenset({"density"})
"""Parts that are drawn from a commit's hash."""


def parts_of(text: str) -> list[str]:
    """The parts that are asked for, in the order in which they run."""
    wanted = [part.strip() for part in text.split(",")]
    unknown = sorted(set(wanted) - set(PARTS))
    if unknown:
        raise argparse.ArgumentTypeError(f"no part is called '{unknown[0]}'; there are {', '.join(PARTS)}")
    return [part for part in PARTS if part in wanted]


def main() -> None:
    """Measures, prints, keeps."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--parts", type=parts_of, default=list(PARTS), help=f"some of {','.join(PARTS)}; left out: all")
    arguments.add_argument("--small", action="store_true", help="a little of everything, in three minutes: shows that all of it runs")
    arguments.add_argument("--commit", help="draw crowds from this hash; default: the commit that is checked out")
    arguments.add_argument("--json", type=Path, default=OUT, help="where the figures are kept")
    given = arguments.parse_args()
    commit = given.commit or commit_of(Path(__file__).parent)
    results: dict[str, Any] = {}
    rows: list[Row] = []
    for name in given.parts:
        print(f"measuring: {name}", flush=True)
        measure, said = PARTS[name]
        results[name] = told = measure(commit, small=given.small) if name in DRAWN else measure(small=given.small)
        rows += [] if told is None else said(told)
    show("Counting and measuring", ("", "on", "figure", "to reach"), rows, f"drawn from {commit[:12]}")
    keep_parts(given.json, results, commit=commit, small=given.small)


if __name__ == "__main__":
    main()
