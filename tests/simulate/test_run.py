import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.truth import read_mot
from passerby.errors import OutputError
from passerby.released.scene import Size
from passerby.sealed.capture.clip import open_clip
from passerby.simulate import run
from passerby.simulate.path import Crowd
from passerby.simulate.plaza import Plaza
from passerby.simulate.run import simulate_clip, truth_folder
from passerby.simulate.settings import SimulationSettings
from tests.support.folders import names_in


@pytest.fixture
def noisy(small: SimulationSettings) -> SimulationSettings:
    return replace(small, noise_sigma=2.0, fps=12.5, seconds=2, crowd=Crowd(walkers=5, still=2))


def test_a_clip_is_a_real_one_with_the_frames_and_the_truth_that_were_said(noisy: SimulationSettings, tmp_path: Path) -> None:
    stages: list[tuple[str, float]] = []
    outcome = simulate_clip(noisy, tmp_path / "plaza.mp4", progress=lambda stage, done: stages.append((stage, done)))
    assert names_in(tmp_path) == ["plaza.mp4", "plaza.truth"]
    assert outcome.truth == truth_folder(outcome.clip)
    assert outcome.frames == 25
    shots = list(Plaza(noisy))
    with open_clip(outcome.clip) as clip:
        assert clip.info.size == noisy.size
        frames = list(clip.frames())
        assert len(frames) == len(shots)
        for frame, shot in zip(frames, shots, strict=True):
            assert frame.time_s == pytest.approx(shot.time_s)
            assert not frame.damaged
            error = frame.bgr().astype(float) - shot.picture
            assert 10 * np.log10(255**2 / (error**2).mean()) > 27
    persons = read_mot(outcome.truth / "gt.txt")
    assert len(persons) == sum(len(shot.people) for shot in shots)
    assert outcome.people == len({person.person for person in persons})
    assert stages[-1] == ("frames", 1.0)
    assert [done for _, done in stages] == sorted(done for _, done in stages)


def test_equal_settings_give_equal_files(noisy: SimulationSettings, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        simulate_clip(noisy, tmp_path / name / "clip.mp4")
    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert len(files) > 8
    for path in files:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes(), path


def test_a_smaller_quantiser_gives_a_larger_file(noisy: SimulationSettings, tmp_path: Path) -> None:
    sizes = [simulate_clip(noisy, tmp_path / f"{crf}.mp4", crf=crf, masks=False).clip.stat().st_size for crf in (20, 35)]
    assert sizes[0] > 2 * sizes[1]


@pytest.mark.parametrize("fps", [29.97, 0.5, 23.976, 60.0])
def test_frames_come_at_the_rate_asked_for(small: SimulationSettings, tmp_path: Path, fps: float) -> None:
    settings = replace(small, fps=fps, seconds=8 / fps, size=Size(64, 64))
    outcome = simulate_clip(settings, tmp_path / "clip.mp4", masks=False)
    with open_clip(outcome.clip) as clip:
        times = [frame.time_s for frame in clip.frames()]
    assert times == pytest.approx(np.arange(8) / fps, abs=1e-5)


def test_outputs_that_exist_are_kept(noisy: SimulationSettings, tmp_path: Path) -> None:
    simulate_clip(noisy, tmp_path / "clip.mp4", masks=False)
    before = (tmp_path / "clip.mp4").read_bytes()
    for other in ("clip.mp4", "clip.truth"):
        with pytest.raises(OutputError, match="exists already"):
            simulate_clip(replace(noisy, motion_seed=9), tmp_path / "clip.mp4")
        assert names_in(tmp_path) == sorted({"clip.mp4", "clip.truth"} if other == "clip.mp4" else {"clip.mp4"})
        assert (tmp_path / "clip.mp4").read_bytes() == before
        if other == "clip.mp4":
            for path in (tmp_path / "clip.truth").iterdir():
                path.unlink()
            (tmp_path / "clip.truth").rmdir()
    simulate_clip(replace(noisy, motion_seed=9), tmp_path / "clip.mp4", overwrite=True)
    assert (tmp_path / "clip.mp4").read_bytes() != before


def test_a_clip_that_fails_midway_leaves_nothing(noisy: SimulationSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_stage: str, done: float) -> None:
        if done > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_clip(noisy, tmp_path / "clip.mp4", progress=stop)
    assert names_in(tmp_path) == []


def test_a_full_disk_is_the_users_error_and_leaves_nothing(noisy: SimulationSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("zipfile.ZipFile.writestr", full)
    with pytest.raises(OutputError, match="the disk is full"):
        simulate_clip(noisy, tmp_path / "clip.mp4")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", ["clip.avi", "clip", "clip.mp4.txt"])
def test_a_clip_that_is_no_mp4_is_refused(noisy: SimulationSettings, tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"ends in \.mp4"):
        simulate_clip(noisy, tmp_path / name)
    assert names_in(tmp_path) == []


def test_nothing_is_drawn_before_the_outputs_are_known_to_be_writable(
    noisy: SimulationSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "Plaza", None)
    with pytest.raises(OutputError, match="there is no folder"):
        simulate_clip(noisy, tmp_path / "missing" / "clip.mp4")
    (tmp_path / "clip.mp4").touch()
    with pytest.raises(OutputError, match="exists already"):
        simulate_clip(noisy, tmp_path / "clip.mp4")
    assert names_in(tmp_path) == ["clip.mp4"]
