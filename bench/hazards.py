"""Whether rules find what they should, in time, and rarely tell anybody for nothing; and whether 5,000 alerts in a minute lose one.

    python -m bench.hazards [--small] [--parts PART,PART] [--seconds S] [--jobs N] [--commit HASH] [--json FILE]

Incidents and normal hours are drawn from the commit's hash, so that nobody can have tuned on them. bench/README.md says what each part is.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bench.attack_groups import seed_of
from bench.hazard_clips import clip_json, clip_rows, clips
from bench.hazard_latency import flood, latencies
from bench.hazard_normal import normal, normal_json, normal_rows
from bench.hazard_pixels import pixels
from bench.hazard_replay import replay_error
from bench.hazard_through import through, through_rows
from bench.hazard_trials import Quiet, Recall, most_an_hour, quiet_hours, recall_json, recall_rows, recalls
from bench.privacy_scenarios import commit_of
from bench.results import keep_parts, percent, show

PARTS: Final = ("recall", "quiet", "latency", "flood", "pixels", "replay", "through", "normal", "clips")
CAPACITY: Final = 16
"""Cameras that a machine of two cores gates (README.md: 8 of 768x576 a core)."""
LOADS: Final = ((CAPACITY // 2, 5.0), (CAPACITY, 2.0), (8 * CAPACITY, 2.0))
"""Cameras, and how often each is looked at: a worker looks five times a second where it has time, and twice where it has not."""
LATENCY_S: Final = 240
SMALL_LATENCY_S: Final = 30
LEAST_LATENCY_S: Final = 20
"""In fewer seconds not every camera has an onset that ends."""
Row = list[str]


def latency_rows(found: list[dict[str, Any]]) -> Iterator[Row]:
    """Onset to notification."""
    for one, wanted in zip(found, ("<= 1.5 s", "<= 3 s", ""), strict=False):
        figure = f"p99 {one['p99_s']:.2f} s, median {one['median_s']:.2f} s, most {one['most_s']:.2f} s"
        yield [
            f"onset to notification beyond `for`, {one['cameras']} cameras",
            f"{one['onsets']} onsets in {one['seconds']} s",
            figure,
            wanted,
            f"missed {one['missed']}",
        ]


def quiet_rows(found: list[Quiet]) -> Iterator[Row]:
    """Normal hours."""
    hours, alerts = sum(one.hours for one in found), sum(len(one.alerts) for one in found)
    yield ["false alerts, simulated normal hours", f"{hours:g} h", f"{alerts}; <= {24 * most_an_hour(alerts, hours):.2f} a day", "<= 1 in 72 h", ""]


def flood_rows(one: dict[str, Any]) -> Iterator[Row]:
    """A flood."""
    on = f"{one['alerts']} alerts, {one['cameras']} cameras"
    yield ["in a minute: written; delivered; doubles", on, f"{one['written']}; {one['delivered']}; {one['doubles']}", "none lost", ""]
    yield ["messages to people, all delivered after", on, f"{one['notes_to_people']}; {one['all_delivered_after_s']:.0f} s", "grouped", ""]
    yield ["list of alerts, p99", on, f"{one['list_ms']['p99']:.0f} ms", "usable", f"messages dropped {one['dropped']}"]


def pixel_rows(found: dict[str, Any]) -> Iterator[Row]:
    """Cameras that fail, through pixels."""
    for what, one in found.items():
        most = "-" if one["most_s"] is None else f"{one['most_s']:.1f} s"
        told = f"{one['in_time']} of {one['times']} in time, most {most}"
        yield [f"camera {what}, noticed after", f"{one['times']} clips", told, f"<= {one['wanted_s']:g} s", f"for nothing {one['for_nothing']}"]


def replay_rows(found: dict[str, Any]) -> Iterator[Row]:
    """Counted anew against live."""
    for zone, one in found["zones"].items():
        figure = f"{one['mean_off']:.2f} off of {one['people']:.1f}, p95 {one['p95_off']:.1f}, bias {one['bias']:+.2f}"
        more = f"{percent(one['off_by_more_than_one'], 0)} by more than 1"
        yield [f"persons counted anew from figures, zone '{zone}'", f"PETS, {one['seconds']} s", figure, "", more]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="a little of each part, in minutes")
    parser.add_argument("--parts", default=",".join(PARTS), help="which parts, with commas")
    parser.add_argument(
        "--seconds", type=int, help=f"length of each load of latency, from {LEAST_LATENCY_S}; default {LATENCY_S}, small {SMALL_LATENCY_S}"
    )
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes for recall, quiet, through, normal and clips")
    parser.add_argument("--commit", help="draw from this hash; default: the commit that is checked out")
    parser.add_argument("--json", type=Path, default=Path("out/bench/hazards.json"))
    given = parser.parse_args()
    parts = given.parts.split(",")
    if set(parts) - set(PARTS):
        parser.error(f"parts are {', '.join(PARTS)}")
    if given.seconds is not None and given.seconds < LEAST_LATENCY_S:
        parser.error(f"latency takes {LEAST_LATENCY_S} s or more")
    latency_s = given.seconds or (SMALL_LATENCY_S if given.small else LATENCY_S)
    commit = given.commit or commit_of(Path(__file__).parent)
    found: dict[str, Any] = {}
    rows: list[Row] = []
    for part in parts:
        print(f"{part} ...", flush=True)
        rows += _part(part, found, commit, latency_s, small=given.small, jobs=given.jobs)
    note = f"drawn from {commit[:12]}; load {os.getloadavg()[0]:.1f} at the end" + (", --small: no figures" if given.small else "")
    show("Hazards", ["what", "on", "found", "to reach", "late, s: median / p99; more"], rows, note)
    keep_parts(given.json, found, commit=commit, small=given.small)


def _part(part: str, found: dict[str, Any], commit: str, latency_s: int, *, small: bool, jobs: int) -> list[Row]:
    """Does a part; its rows."""
    rows: Iterator[Row]
    match part:
        case "recall":
            told: list[Recall] = recalls(commit, 0.02 if small else 1.0, jobs)
            found[part], rows = recall_json(told), recall_rows(told)
        case "quiet":
            quiet = quiet_hours(commit, 3 if small else 72, jobs, 120 if small else 3600)
            found[part] = [{"condition": one.condition, "seed": one.seed, "hours": one.hours, "alerts": one.alerts} for one in quiet]
            rows = quiet_rows(quiet)
        case "latency":
            found[part] = [latencies(cameras, latency_s, seed_of(commit, part, cameras), looks_hz) for cameras, looks_hz in LOADS]
            rows = latency_rows(found[part])
        case "flood":
            found[part] = flood(50 if small else 1000, seed_of(commit, part))
            rows = flood_rows(found[part])
        case "replay":
            found[part] = replay_error(150 if small else None)
            rows = replay_rows(found[part]) if found[part] is not None else iter(())
        case _:
            found[part], rows = _through_pixels(part, commit, small=small, jobs=jobs)
    return list(rows)


def _through_pixels(part: str, commit: str, *, small: bool, jobs: int) -> tuple[Any, Iterator[Row]]:
    """Does a part whose pictures go through the gate; what is kept of it, and its rows."""
    match part:
        case "pixels":
            cameras = pixels(commit, 1 if small else 20)
            return cameras, pixel_rows(cameras)
        case "through":
            incidents = through(commit, jobs, small=small)
            return incidents, through_rows(incidents)
        case "normal":
            lives = normal(commit, jobs, small=small)
            return normal_json(lives), normal_rows(lives)
        case _:
            real = clips(jobs, small=small)
            return clip_json(real), clip_rows(real)


if __name__ == "__main__":
    main()
