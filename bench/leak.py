"""What redacted clips still show of people and number plates, and of the place.

    python -m bench.leak [--clips pets,one-by-one,cars] [--runs files-3,files-20,streaming-20] [--json FILE]
    python -m bench.leak --measure REDACTED --clips pets

Definitions: bench/leak_measure.py and bench/glyph_measure.py. Clips: bench/samples.py. Each run redacts the clip with
`passerby redact` in a process of its own; `--measure` takes a file that something else has redacted.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.clips import facts_of, frames_of
from bench.glyph_measure import GlyphFigures, GlyphMeter
from bench.leak_cases import CASES, PeopleCase, PlatesCase
from bench.leak_measure import LeakFigures, measure_leak, released_share
from bench.redaction import held_mask, redact
from bench.results import keep, percent, show


@dataclass(frozen=True)
class Setting:
    """One way to redact."""

    settle_s: float
    streaming: bool

    @property
    def options(self) -> list[str]:
        return ["--settle", f"{self.settle_s:g}", *(["--streaming"] if self.streaming else [])]


RUNS: Final[Mapping[str, Setting]] = {
    "files-3": Setting(3, streaming=False),
    "files-20": Setting(20, streaming=False),
    "streaming-3": Setting(3, streaming=True),
    "streaming-20": Setting(20, streaming=True),
}
DEFAULT_RUNS: Final = "files-3,files-20,streaming-20"
PLATE_LIMIT: Final = 0.10


@dataclass(frozen=True)
class Row:
    """A line of the table: its name, how it is worked out, and what must be reached."""

    name: str
    value: Callable[[LeakFigures, GlyphFigures | None], float]
    at_most: float | None = None
    at_least: float | None = None
    digits: int = 2

    def text(self, leak: LeakFigures, glyphs: GlyphFigures | None) -> str:
        value = self.value(leak, glyphs)
        missed = (self.at_most is not None and value > self.at_most) or (self.at_least is not None and value < self.at_least)
        return percent(value, self.digits) + (" !" if missed else "  ")

    @property
    def target(self) -> str:
        if self.at_most is not None:
            return f"<= {100 * self.at_most:g} %"
        return "" if self.at_least is None else f">= {100 * self.at_least:g} %"


def _of_glyphs(name: str) -> Callable[[LeakFigures, GlyphFigures | None], float]:
    return lambda _leak, glyphs: float("nan") if glyphs is None else float(getattr(glyphs, name))


def _of_leak(name: str) -> Callable[[LeakFigures, GlyphFigures | None], float]:
    return lambda leak, _glyphs: float(getattr(leak, name))


ROWS: Final = (
    Row("released person pixels, mean", _of_leak("released_mean"), at_most=0.0003, digits=4),
    Row("  worst instance", _of_leak("released_worst"), at_most=0.05),
    Row("heads exposed", _of_leak("heads_exposed"), at_most=0.0),
    Row("heads legible", _of_leak("heads_legible")),
    Row("  floor", _of_leak("legible_floor")),
    Row("  upper bound of the excess", _of_leak("legible_excess_95"), at_most=0.02),
    Row("ghosts over their floor", lambda leak, _glyphs: leak.ghosts - leak.ghost_floor, at_most=0.005),
    Row("flat matches", _of_leak("flat_match_mean"), at_most=0.005),
    Row("background shown", _of_leak("background_shown")),
    Row("  in the last tenth", _of_leak("background_shown_last")),
    Row("  of what no static subject holds", _of_leak("free_shown"), at_least=0.95),
    Row("    in the last tenth", _of_leak("free_shown_last"), at_least=0.97),
    Row("glyphs: recall", _of_glyphs("recall"), at_least=0.95),
    Row("  precision", _of_glyphs("precision"), at_least=0.93),
    Row("  median error, of a body height", _of_glyphs("median_error_heights")),
)


def people_results(case: PeopleCase, runs: list[str], folder: Path, measured: Path | None) -> dict[str, Any]:
    """Measures a clip with people, prints the table and the curve, and returns what to keep."""
    figures: dict[str, tuple[LeakFigures, GlyphFigures | None]] = {}
    for name in [str(measured)] if measured else runs:
        if measured:
            figures[measured.name] = measure_leak(case.clip, measured, case.persons, case.empty), None
            continue
        setting = RUNS[name]
        done = redact(case.clip, folder / f"{case.name}-{name}.mp4", setting.options)
        held = held_mask(done.report, *case.empty.shape[:2])
        figures[name] = measure_leak(case.clip, done.out, case.persons, case.empty, held), glyphs_of(case, setting)
    rows = [[row.name, row.target, *(row.text(*found) for found in figures.values())] for row in ROWS]
    sizes = {f"{leak.frames} frames, {leak.instances} annotated persons ({leak.skipped} too small)" for leak, _ in figures.values()}
    show(f"leak: {case.name}", ["", "asked for", *figures], rows, "; ".join(sizes) + "; '!' = asked for more")
    fps = facts_of(case.clip).fps
    curves = {name: curve(leak, fps) for name, (leak, _) in figures.items()}
    marks = [second for second in (0, 1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120) if all(second in shown for shown in curves.values())]
    lines = [[name, *(percent(shown[second], 0) for second in marks)] for name, shown in curves.items()]
    show(f"background shown over time: {case.name}", ["second", *(str(second) for second in marks)], lines)
    return {
        name: {
            **{key: value for key, value in asdict(leak).items() if key != "shown_by_frame"},
            "glyphs": None if glyphs is None else asdict(glyphs),
            "shown_by_second": curves[name],
        }
        for name, (leak, glyphs) in figures.items()
    }


def curve(leak: LeakFigures, fps: float) -> dict[int, float]:
    """The background shown, by the second of the clip."""
    seconds: dict[int, list[float]] = {}
    for number, shown in leak.shown_by_frame:
        seconds.setdefault(int((number - 1) / fps), []).append(shown)
    return {second: float(np.mean(shares)) for second, shares in seconds.items()}


def glyphs_of(case: PeopleCase, setting: Setting) -> GlyphFigures:
    """The figures of the glyphs, from the scenes themselves."""
    from bench.scenes import feet_of  # noqa: PLC0415 - `--measure` needs no product

    meter = GlyphMeter(case.persons, case.least_y_px)
    for number, feet in feet_of(case.clip, setting.settle_s, streaming=setting.streaming):
        meter.see(number, feet)
    return meter.figures()


def plate_results(case: PlatesCase, runs: list[str], folder: Path, measured: Path | None) -> dict[str, Any]:
    """Measures the annotated number plates, prints the table, and returns what to keep."""
    results: dict[str, dict[str, float]] = {}
    for name in [str(measured)] if measured else runs:
        out = measured or redact(case.clip, folder / f"{case.name}-{name}.mp4", RUNS[name].options).out
        results[Path(name).name] = dict(plates_released(case, out))
    plates = list(next(iter(results.values())))
    rows = [
        [
            plate,
            f"<= {100 * PLATE_LIMIT:g} %",
            *(percent(of[plate]) + (" !" if of[plate] > PLATE_LIMIT else "  ") for of in results.values()),
        ]
        for plate in plates
    ]
    show(f"leak: {case.name}, number plates released", ["frame, box", "asked for", *results], rows)
    return results


def plates_released(case: PlatesCase, out: Path) -> Iterator[tuple[str, float]]:
    """The name of each annotated plate and the share of it that is released."""
    for index, (raw, shown) in enumerate(zip(frames_of(case.clip), frames_of(out), strict=True)):
        for box in case.boxes.get(index, ()):
            yield f"{index}, {box[0]} {box[1]}", released_share(raw, shown, box)


def case_results(case: PeopleCase | PlatesCase, runs: list[str], folder: Path, measured: Path | None) -> dict[str, Any]:
    """Measures whatever a clip has to be measured."""
    if isinstance(case, PeopleCase):
        return people_results(case, runs, folder, measured)
    return plate_results(case, runs, folder, measured)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", default=",".join(CASES), help=f"of {', '.join(CASES)}")
    parser.add_argument("--runs", default=DEFAULT_RUNS, help=f"of {', '.join(RUNS)}")
    parser.add_argument("--measure", type=Path, metavar="REDACTED", help="measure this file instead of redacting; with one of --clips")
    parser.add_argument("--json", type=Path, default=Path("out/bench/leak.json"))
    given = parser.parse_args()
    clips, runs = given.clips.split(","), given.runs.split(",")
    unknown = [*(clip for clip in clips if clip not in CASES), *(name for name in runs if name not in RUNS)]
    if unknown or (given.measure and len(clips) != 1):
        parser.error(f"unknown: {', '.join(unknown)}" if unknown else "--measure needs exactly one of --clips")
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="passerby-leak-") as folder:
        for clip in clips:
            case = CASES[clip](lambda line: print(f"skipped: {line}"))
            if case is not None:
                results[clip] = case_results(case, runs, Path(folder), given.measure)
    if results:
        keep(given.json, {"leak": results})


if __name__ == "__main__":
    main()
