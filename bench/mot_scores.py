"""MOTA, IDF1 and HOTA of tracks, by trackeval, MOTChallenge's own, and MOTA and IDF1 by motmetrics as well: two programs that share no code.

Each has an environment of its own in the user's cache folder, and is never imported here. Where the two are further apart than `AGREE`, one of them
was not given what the other was, and no score is told.
"""

import json
import subprocess
from collections.abc import Sequence
from typing import Final

import numpy as np

from bench.environments import environment_of
from bench.truth import Person

TRACKEVAL: Final = "trackeval==1.3.0"
MOTMETRICS: Final = ("motmetrics==1.4.0", "numpy<3", "pandas<3")
AGREE: Final = 0.005
SAME_IOU: Final = 0.5
_ROWS: Final = """
import json, sys
import numpy as np
gt, ts = json.load(sys.stdin)
frames = sorted({row[0] for row in gt} | {row[0] for row in ts})
def alike(a, b):
    a, b = np.array(a, float).reshape(-1, 4), np.array(b, float).reshape(-1, 4)
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum((a[:, :2] + a[:, 2:])[:, None], (b[:, :2] + b[:, 2:])[None])
    shared = np.clip(high - low, 0, None).prod(2)
    return shared / np.maximum(a[:, 2:].prod(1)[:, None] + b[:, 2:].prod(1)[None] - shared, 1e-9)
"""
_BY_TRACKEVAL: Final = """
from trackeval.metrics import CLEAR, HOTA, Identity
names = [{name: number for number, name in enumerate(sorted({row[1] for row in rows}))} for rows in (gt, ts)]
data = {"num_gt_dets": len(gt), "num_tracker_dets": len(ts), "num_gt_ids": len(names[0]), "num_tracker_ids": len(names[1]),
        "gt_ids": [], "tracker_ids": [], "similarity_scores": []}
data["num_timesteps"] = len(frames)
for frame in frames:
    here = [[row for row in rows if row[0] == frame] for rows in (gt, ts)]
    data["gt_ids"].append(np.array([names[0][row[1]] for row in here[0]], int))
    data["tracker_ids"].append(np.array([names[1][row[1]] for row in here[1]], int))
    data["similarity_scores"].append(alike([row[2:] for row in here[0]], [row[2:] for row in here[1]]))
quiet = {"PRINT_CONFIG": False}
clear, identity = CLEAR(quiet).eval_sequence(data), Identity(quiet).eval_sequence(data)
print(json.dumps({"mota": float(clear["MOTA"]), "idf1": float(identity["IDF1"]), "hota": float(np.mean(HOTA().eval_sequence(data)["HOTA"])),
                  "switches": int(clear["IDSW"]), "missed": int(clear["CLR_FN"]), "false": int(clear["CLR_FP"]), "people": len(gt)}))
"""
_BY_MOTMETRICS: Final = f"""
import motmetrics
told = motmetrics.MOTAccumulator()
for frame in frames:
    here = [[row for row in rows if row[0] == frame] for rows in (gt, ts)]
    same = alike([row[2:] for row in here[0]], [row[2:] for row in here[1]])
    told.update([row[1] for row in here[0]], [row[1] for row in here[1]], np.where(same >= {SAME_IOU}, 1 - same, np.nan), frameid=frame)
scores = motmetrics.metrics.create().compute(told, metrics=["mota", "idf1"], return_dataframe=False)
print(json.dumps({{name: float(score) for name, score in scores.items()}}))
"""

Box = tuple[int, int, float, float, float, float]
"""Frame (from 1), number of the track, left, top, width, height."""


def mot_scores(people: Sequence[Person], boxes: Sequence[Box], least_y_px: float = 0.0) -> dict[str, float]:
    """Scores of boxes against annotated people. Who is annotated with flag 0 is neither hit nor false alarm.

    Raises:
        RuntimeError: The two programs do not agree.
    """
    near = [one for one in people if one.foot_px[1] >= least_y_px]
    unsure: dict[int, list[Person]] = {}
    for one in near:
        if not one.counts:
            unsure.setdefault(one.frame, []).append(one)
    sure: dict[int, list[Person]] = {}
    for one in near:
        if one.counts:
            sure.setdefault(one.frame, []).append(one)
    told = [
        box
        for box in boxes
        if box[3] + box[5] >= least_y_px
        and (not any(_iou(box, one) >= SAME_IOU for one in unsure.get(box[0], ())) or any(_iou(box, one) >= SAME_IOU for one in sure.get(box[0], ())))
    ]
    truth = [(one.frame, int(one.person), one.left_px, one.top_px, one.width_px, one.height_px) for one in near if one.counts]
    scores, others = scored((TRACKEVAL,), _BY_TRACKEVAL, truth, told), scored(MOTMETRICS, _BY_MOTMETRICS, truth, told)
    if any(not abs(scores[name] - other) <= AGREE for name, other in others.items()):
        raise RuntimeError(f"trackeval says {scores}, motmetrics {others}")
    return scores | {f"{name}_motmetrics": other for name, other in others.items()}


def scored(packages: Sequence[str], script: str, truth: Sequence[Box], told: Sequence[Box]) -> dict[str, float]:
    """What one of the two programs says, in its own environment."""
    words = [str(environment_of(*packages)), "-c", _ROWS + script]
    done = subprocess.run(words, input=json.dumps([truth, told]), capture_output=True, text=True, check=True)
    scores: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return scores


def _iou(box: Box, one: Person) -> float:
    _, _, left, top, width, height = box
    low = np.maximum((left, top), (one.left_px, one.top_px))
    high = np.minimum((left + width, top + height), (one.left_px + one.width_px, one.top_px + one.height_px))
    shared = float(np.clip(high - low, 0, None).prod())
    return shared / (width * height + one.width_px * one.height_px - shared)
