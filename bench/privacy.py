"""The gate attacked on simulated clips in which everything is known, with what is left to use beside it.

    python -m bench.privacy [--clips 40] [--jobs N] [--only clips,startup,attacks|linkage] [--commit HASH]
    python -m bench.privacy --small

clips      leak by true masks, background shown, glyphs, hazards: bench/privacy_leak.py, bench/privacy_use.py
startup    people who are there from the first frame on and never move: how many are released, by height
attacks    appearance, gait and linkage, on the clip and on the released stream, linkage also with measurements: bench/attack_*.py
linkage    that part of the attacks alone; only where it is asked for

Clips and walkers are drawn from the commit's hash. What is worked out is kept under --folder, a JSON line a clip and a file a group of walkers,
and not worked out again; it is of simulated walkers only. Each attack counts only if it succeeds on the clip itself. Figures of parts that are not
asked for stay in --json, each with its commit and day.
"""

import argparse
import hashlib
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from bench.attack_groups import Extent
from bench.attack_pace import pace_control
from bench.attack_run import LinkAttack, PairAttack, results, run_attacks, run_linkage, show_links, show_pairs
from bench.privacy_clips import measured
from bench.privacy_jobs import run_lines
from bench.privacy_scenarios import SECONDS, STARTUP_S, Scenario, clips, commit_of, startups
from bench.privacy_tables import show_clips, show_glyphs, show_missed, summary
from bench.results import keep_parts

FOLDER: Final = Path("out/bench/privacy")
PARTS: Final = ("clips", "startup", "attacks")
WITHIN: Final = ("linkage",)
"""Parts of parts: only where they are asked for."""
CLIPS: Final = 40
STARTUPS: Final = 30
SMALL: Final = Extent(training=4, test=3, raw_training=4, raw_test=3, alone_training=3, alone_test=2, linkage=2, raw_linkage=2, walkers=6)
SMALL_SECONDS: Final = 40.0
JUDGES: Final = ("jobs", "linkage", "pace", "pairs", "run", "tables")
"""Modules of the bench that only judge what was simulated and noted before."""


@dataclass(frozen=True)
class Wanted:
    """What is to be run: on which commit and sources, which parts, how many clips and how long, how much for the attacks, where it is kept."""

    commit: str
    sources: str
    parts: tuple[str, ...]
    clips: int
    seconds: float
    startups: int
    startup_s: float
    extent: Extent
    folder: Path
    jobs: int

    def kept_as(self, part: str) -> Path:
        """Where the figures of a part are kept: of this commit's clips of this length, seen by this gate."""
        return self.folder / f"{part}-{self.commit[:12]}-{self.sources}-{self.seconds:g}s-{self.startup_s:g}s.jsonl"


def sources() -> str:
    """A hash of the gate, the simulator and what measures: whatever changes in them, figures from before are no longer used."""
    root = Path(__file__).parents[1]
    modules = sorted((root / "src" / "passerby").rglob("*.py"))
    modules += [
        one for kind in ("attack", "privacy") for one in sorted((root / "bench").glob(f"{kind}_*.py")) if one.stem.split("_")[1] not in JUDGES
    ]
    return hashlib.sha256(b"".join(one.read_bytes() for one in modules)).hexdigest()[:10]


def run(wanted: Wanted) -> dict[str, Any]:
    """Runs what is wanted, prints the tables, and returns the figures by part; `missed` is of clips and startup together."""
    found: dict[str, Any] = {}
    of_part: dict[str, list[dict[str, Any]]] = {}
    if "clips" in wanted.parts:
        of_part["clips"] = _measured(clips(wanted.commit, wanted.clips, wanted.seconds), "clips", wanted)
        show_clips(of_part["clips"])
        show_glyphs(of_part["clips"])
        found["clips"] = summary(of_part["clips"])
    if "startup" in wanted.parts:
        of_part["startup"] = _measured(startups(wanted.commit, wanted.startups, wanted.startup_s), "startup", wanted)
        found["startup"] = summary(of_part["startup"])["missed_by_height_px"]
    everything = [clip for some in of_part.values() for clip in some]
    if everything:
        show_missed(everything)
    if len(of_part) > 1:
        found["missed"] = summary(everything)["missed_by_height_px"]
    if {"attacks", "linkage"} & set(wanted.parts):
        notes = (
            wanted.folder
            / f"walks-{wanted.commit[:12]}-{wanted.sources}-{wanted.extent.training}-{wanted.extent.alone_training}-{wanted.extent.walkers}"
        )
        drawn = (wanted.commit, wanted.extent)
        pairs: list[PairAttack] = []
        links: list[LinkAttack] = []
        if "attacks" in wanted.parts:
            pairs, links = run_attacks(*drawn, notes, wanted.jobs, say)
            show_pairs(pairs)
        else:
            links = run_linkage(*drawn, notes, wanted.jobs, say)
        pace = pace_control(*drawn)
        show_links(links, pace)
        found["attacks" if "attacks" in wanted.parts else "linkage"] = results(pairs, links, pace)
    return found


def _measured(scenarios: list[Scenario], part: str, wanted: Wanted) -> list[dict[str, Any]]:
    return run_lines(wanted.kept_as(part), {one.name: one for one in scenarios}, measured, wanted.jobs, say)


def say(line: str) -> None:
    """Progress, beside what is printed."""
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def wanted_from(words: list[str] | None, description: str, parts: tuple[str, ...] = PARTS, within: tuple[str, ...] = ()) -> tuple[Wanted, Path]:
    """What the command line asks for, and where the figures go; without a word of it all `parts`, and none `within` them."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commit", help="draw clips and walkers from this hash; default: the commit that is checked out")
    parser.add_argument("--clips", type=int, help=f"simulated clips, default {CLIPS}")
    parser.add_argument("--seconds", type=float, help=f"length of a clip, default {SECONDS:g}")
    parser.add_argument("--only", default=",".join(parts), help=f"of {', '.join((*parts, *within))}")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--walks", type=float, default=1.0, metavar="PART", help="so large a part of the walks for the attacks; bounds get wider")
    parser.add_argument("--small", action="store_true", help="two clips of 40 s and few walkers: shows that all of it runs, and nothing else")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--json", type=Path, default=FOLDER / "privacy.json")
    given = parser.parse_args(words)
    unknown = [name for name in given.only.split(",") if name not in (*parts, *within)]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    wanted = Wanted(
        commit=given.commit or commit_of(Path(__file__).parent),
        sources=sources(),
        parts=tuple(given.only.split(",")),
        clips=given.clips or (2 if given.small else CLIPS),
        seconds=given.seconds or (SMALL_SECONDS if given.small else SECONDS),
        startups=3 if given.small else STARTUPS,
        startup_s=SMALL_SECONDS if given.small else STARTUP_S,
        extent=SMALL if given.small else Extent().scaled(given.walks),
        folder=given.folder,
        jobs=given.jobs,
    )
    return wanted, given.json


def main() -> None:
    wanted, path = wanted_from(None, __doc__ or "", within=WITHIN)
    extent = {"clips": wanted.clips, "seconds": wanted.seconds, "startups": wanted.startups, "startup_s": wanted.startup_s, **asdict(wanted.extent)}
    keep_parts(path, run(wanted), commit=wanted.commit, sources=wanted.sources, extent=extent)


if __name__ == "__main__":
    main()
