from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.clips import difference, facts_of, frames_of
from bench.drawn import DrawnClip

SMALL = DrawnClip(width_px=160, height_px=120, seconds=2, fps=5, figures=2)


def test_a_drawn_clip_is_the_same_each_time() -> None:
    assert all((a == b).all() for a, b in zip(SMALL, SMALL, strict=True))
    assert any((a != b).any() for a, b in zip(SMALL, replace(SMALL, seed=1), strict=True))


def test_figures_walk_and_the_place_stays() -> None:
    frames = np.stack(list(SMALL))
    place = np.median(frames, axis=0).astype(np.uint8)
    moved = np.stack([difference(frame, place) > 40 for frame in frames])
    assert moved.any(axis=0).mean() > 0.01
    assert moved.mean() < 0.2
    quiet = np.abs(frames[1:].astype(int) - frames[:-1])[:, ~moved.any(axis=0)]
    assert 0 < np.median(quiet) <= 3


def test_a_clip_written_several_times_in_a_row_follows_itself(tmp_path: Path) -> None:
    once, thrice = tmp_path / "once.mp4", tmp_path / "thrice.mp4"
    SMALL.write(once)
    SMALL.write(thrice, times=3)
    assert facts_of(once).frames == 10
    facts = facts_of(thrice)
    assert (facts.frames, facts.fps, facts.width_px, facts.height_px) == (30, 5.0, 160, 120)
    assert all((a == b).all() for a, b in zip([*frames_of(once)] * 3, frames_of(thrice), strict=True))
