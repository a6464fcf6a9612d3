"""Where the time of a redaction goes: ms a frame and stage, and what the process takes on top (start-up, imports, weights).

    python -m bench.profile [CLIP] [--rounds 3] [--streaming] [--json FILE]

Without CLIP: the PETS clip. Stages are those of the report; medians over the rounds.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median

from bench.redaction import Redaction, redact
from bench.results import keep, show
from bench.samples import pets_clip


def stages_of(rounds: list[Redaction]) -> dict[str, float]:
    """Median milliseconds of each stage, and of what is outside of all stages."""
    names = list(rounds[0].report["timings_ms"])
    stages = {name: median(float(one.report["timings_ms"][name]) for one in rounds) for name in names}
    whole_ms = median(one.cost.wall_s * 1000 for one in rounds)
    return {**stages, "outside of stages": whole_ms - sum(stages.values())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--streaming", action="store_true")
    parser.add_argument("--json", type=Path, default=Path("out/bench/profile.json"))
    given = parser.parse_args()
    clip = given.clip or pets_clip(print)
    if clip is None:
        parser.error("the PETS clip cannot be had: name a clip")
    options = ["--streaming"] if given.streaming else []
    with tempfile.TemporaryDirectory(prefix="passerby-profile-") as folder:
        rounds = [redact(clip, Path(folder) / "out.mp4", options) for _ in range(given.rounds)]
    frames = int(rounds[0].report["frames"])
    stages = stages_of(rounds)
    whole_ms = sum(stages.values())
    rows = [[name, f"{ms:.0f}", f"{ms / frames:.2f}", f"{100 * ms / whole_ms:.0f} %"] for name, ms in [*stages.items(), ("whole process", whole_ms)]]
    cpu_s = median(one.cost.cpu_s for one in rounds)
    show(f"profile: {clip.name}, {frames} frames", ["stage", "ms", "ms a frame", "share"], rows, f"wall time; CPU time {cpu_s:.2f} s")
    keep(given.json, {"clip": clip.name, "frames": frames, "profile_ms": stages, "whole_ms": whole_ms, "cpu_s": cpu_s})


if __name__ == "__main__":
    main()
