"""Speed, density and flow of true trajectories by PedPy's definitions: in an environment of its own in the user's cache folder, never imported.

Individual speed over a second around each frame, its median over those in the measurement area; classical density; crossings of a line: those of the
N-t diagram, which has each person once, at their first crossing, and all of them. https://pedpy.readthedocs.io
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bench.environments import environment_of

PEDPY: Final = "pedpy==1.5.1"
SPEED_OVER_S: Final = 1.0
_MEASURED: Final = """
import json, sys
import pandas as pd, pedpy, shapely
from pedpy.methods.method_utils import compute_crossing_frames
given = json.load(sys.stdin)
rows = pd.DataFrame(given["rows"], columns=["id", "frame", "x", "y"])
known = pedpy.TrajectoryData(data=rows, frame_rate=given["hz"])
half = max(1, round(given["speed_over_s"] * given["hz"] / 2))
speeds = pedpy.compute_individual_speed(traj_data=known, frame_step=half, speed_calculation=pedpy.SpeedCalculation.BORDER_SINGLE_SIDED)
speeds = speeds.merge(known.data[["id", "frame", "x", "y"]], on=["id", "frame"])
told = {"zones": {}, "lines": {}}
minutes = {row[0]: (row[1], row[2]) for row in given["minutes"]}
def cut(table, first, last):
    return table[(table.frame >= first) & (table.frame < last)]
for name, corners in given["zones"].items():
    area = pedpy.MeasurementArea(corners)
    density = pedpy.compute_classic_density(traj_data=known, measurement_area=area).reset_index()
    inside = speeds[shapely.contains_xy(area.polygon, speeds.x, speeds.y)]
    found = []
    for first, last in minutes.values():
        there, dense = cut(inside, first, last), cut(density, first, last)
        found.append({"speeds": len(there), "speed_median": float(there.speed.median()) if len(there) else None,
                      "density": float(dense.density.sum() / (last - first))})
    told["zones"][name] = {"minutes": found}
for name, ends in given["lines"].items():
    line = pedpy.MeasurementLine(ends)
    _, once = pedpy.compute_n_t(traj_data=known, measurement_line=line)
    every = compute_crossing_frames(traj_data=known, measurement_line=line)
    found = [{"crossings": len(cut(every, first, last)), "n_t": len(cut(once, first, last))} for first, last in minutes.values()]
    told["lines"][name] = {"length_m": float(line.length), "minutes": found}
print(json.dumps(told))
"""

Point = tuple[float, float]
Row = tuple[int, int, float, float]
"""Number of the person, frame, x and y in metres."""


def measured(
    rows: Sequence[Row], hz: float, zones: Mapping[str, Sequence[Point]], lines: Mapping[str, tuple[Point, Point]], minutes: Sequence[tuple[int, int]]
) -> dict[str, Any]:
    """What PedPy says, for each zone and line in each span of frames.

    Args:
        rows: Where everybody is in each frame, in metres.
        hz: Frames a second.
        zones: Convex polygons in metres.
        lines: Lines in metres.
        minutes: First frame of each span, and the one after its last.
    """
    given = {
        "rows": list(rows),
        "hz": hz,
        "speed_over_s": SPEED_OVER_S,
        "zones": {name: list(corners) for name, corners in zones.items()},
        "lines": {name: list(ends) for name, ends in lines.items()},
        "minutes": [(number, *span) for number, span in enumerate(minutes)],
    }
    done = subprocess.run(
        [environment_of(PEDPY), "-W", "ignore", "-c", _MEASURED], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told
