from pathlib import Path

import pytest
from rich.console import Console
from scripts import demo

from bench.drawn import DrawnClip

REPORT = {
    "frames": 200,
    "size": [768, 576],
    "duration_s": 19.9,
    "camera_fixed": True,
    "blocks": {"shown": 90, "held": 5, "never": 0, "unsettled": 5},
    "withheld_share": {"every_s": 1.0, "values": [0.25, 0.125, 0.1]},
    "most_glyphs_at_once": 4,
}


def test_where_the_real_clip_cannot_be_had_one_is_drawn_and_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "pets_clip", lambda say: say("no samples here"))
    monkeypatch.setattr(demo, "DrawnClip", lambda seconds: DrawnClip(64, 48, seconds=1, fps=5))
    shown = demo.footage(tmp_path, Console(width=200))
    said = capsys.readouterr().out
    assert shown.clip.stat().st_size > 0
    assert "no samples here" in said
    assert "drawing a small one instead" in said
    assert "drawn by the project" in shown.words


def test_the_figures_are_those_of_the_report() -> None:
    figures = dict(demo.figures_of(REPORT, wall_s=10, size_bytes=1_000_000, original_bytes=8_000_000))
    assert figures["time"] == "10.0 s with start-up, 20 frames a second"
    assert figures["place shown"] == "90.0% of the blocks"
    assert figures["withheld"] == "25.0% of the place at the start, 10.0% at the end"


def test_the_contact_sheet_shows_the_redacted_clip(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    DrawnClip(160, 120, seconds=4, fps=5).write(clip)
    sheet = demo.sheet_of(clip, "title")
    assert sheet.shape[2] == 3
    assert sheet.shape[1] > 3 * 160
