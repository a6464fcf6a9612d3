"""Ways over the simulated ground for the attacks: across the view from side to side, each with a speed of its own and nothing of who walks it."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely

from bench.privacy_types import Floats
from passerby.simulate.camera import Camera
from passerby.simulate.cast import Posture
from passerby.simulate.ground import Ground
from passerby.simulate.motion import Path

NEAR_FAR_M: Final = (9.5, 18.8)
OUTSIDE_M: Final = 0.9
STEP_S: Final = 0.1
SPEED_M_S: Final = (1.3, 0.14)
SPEED_SPAN_M_S: Final = (1.0, 1.65)
LATEST_START_S: Final = 4.0
CLEAR_M: Final = 0.45
BEND_M: Final = 1.5
MOST_TRIES: Final = 200


def ways(ground: Ground, camera: Camera, people: int, seed: int, speeds_m_s: Sequence[float] | None = None) -> list[Path]:
    """So many ways across the view, all begun within a few seconds and outside of it. All follows from the seed, but speeds that are given.

    Raises:
        RuntimeError: The ground has no room.
    """
    rng = np.random.default_rng(seed)
    obstacles = shapely.buffer(shapely.union_all([shapely.Polygon(one) for one in ground.obstacles_m]), CLEAR_M)
    walkable = shapely.Polygon(ground.walkable_m)
    found: list[Path] = []
    for _ in range(MOST_TRIES * people):
        line = _bow(camera, rng)
        drawn_speed, start_s = rng.normal(*SPEED_M_S), rng.uniform(0, LATEST_START_S)
        shape = shapely.LineString(line)
        if shape.intersects(obstacles) or not walkable.contains(shape):
            continue
        speed_m_s = drawn_speed if speeds_m_s is None else speeds_m_s[len(found)]
        found.append(_walked(len(found), line, float(np.clip(speed_m_s, *SPEED_SPAN_M_S)), start_s))
        if len(found) == people:
            return found
    raise RuntimeError(f"found room for {len(found)} of {people} ways over the ground")


def length_s(paths: list[Path]) -> float:
    """When the last one has left."""
    return max(float(path.times_s[-1]) for path in paths)


def _bow(camera: Camera, rng: np.random.Generator) -> Floats:
    """A slightly bent line from beside the view on one side to beside it on the other: n x 2 metres."""
    side = rng.choice([-1, 1])
    near, far = rng.uniform(*NEAR_FAR_M, 2)
    start, end = np.array([-side * _half_view_m(camera, near), near]), np.array([side * _half_view_m(camera, far), far])
    middle = (start + end) / 2 + np.array([0.0, rng.uniform(-BEND_M, BEND_M)])
    along = np.linspace(0, 1, 200)[:, None]
    return np.asarray((1 - along) ** 2 * start + 2 * along * (1 - along) * middle + along**2 * end, np.float64)


def _half_view_m(camera: Camera, y_m: float) -> float:
    """From the middle of the view to a place beside it, at a distance."""
    depth_m = float(camera.homography[2, 1] * y_m + camera.homography[2, 2])
    return camera.size.width_px / 2 * depth_m / camera.focal_px + OUTSIDE_M


def _walked(person: int, line: Floats, speed_m_s: float, start_s: float) -> Path:
    """A path along a line at one speed, sampled every tenth of a second."""
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    first = math.ceil(start_s / STEP_S)
    times_s = np.arange(first, first + math.floor(along[-1] / speed_m_s / STEP_S) + 1) * STEP_S
    walked_m = np.minimum((times_s - times_s[0]) * speed_m_s, along[-1])
    xy_m = np.column_stack([np.interp(walked_m, along, line[:, axis]) for axis in (0, 1)])
    ahead = np.column_stack([np.interp(walked_m + 0.05, along, line[:, axis]) - np.interp(walked_m - 0.05, along, line[:, axis]) for axis in (0, 1)])
    return Path(
        person=person,
        times_s=times_s,
        xy_m=xy_m,
        heading_rad=np.arctan2(ahead[:, 1], ahead[:, 0]),
        walked_m=walked_m,
        posture=np.full(len(times_s), Posture.WALKING, np.uint8),
        group=person,
    )
