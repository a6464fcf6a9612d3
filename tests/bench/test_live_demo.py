from pathlib import Path

import pytest
from scripts import live_demo

from bench.drawn import DrawnClip
from passerby.errors import InputError
from passerby.site.reading import read_site


def test_where_the_public_clip_can_be_had_it_is_the_demonstration_of_the_product(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(live_demo, "demo_clip", lambda _environ, _folder, _say: tmp_path / "clip.avi")
    assert live_demo.command_of(tmp_path / "demo", {}, print)[-2:] == ["run", "--demo"]
    assert not (tmp_path / "demo").exists()


def test_where_it_cannot_a_clip_is_drawn_and_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> Path:
        raise InputError("the clip is not here")

    monkeypatch.setattr(live_demo, "demo_clip", refuse)
    monkeypatch.setattr(live_demo, "DrawnClip", lambda seconds: DrawnClip(64, 48, seconds=1, fps=5))
    said: list[str] = []
    command = live_demo.command_of(tmp_path / "my demo", {}, said.append)
    assert "the clip is not here" in said[0]
    assert "Drawing a small clip" in said[0]
    site = read_site(Path(command[-1]))
    assert [camera.id for camera in site.cameras] == ["drawn"]
    assert (tmp_path / "my demo" / "drawn.mp4").stat().st_size > 0
