import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from passerby.sealed.capture.clip import open_clip
from passerby.simulate.command import EVENT_KINDS, _progress
from passerby.simulate.events import EventKind
from tests.support.folders import names_in
from tests.support.redaction import run_passerby

Run = Callable[..., tuple[int, str]]
SHORT = ("--size", "96x72", "--fps", "4", "--seconds", "1.5", "--crowd", "3")


@pytest.fixture
def simulate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str]:
        code = run_passerby(monkeypatch, ["simulate", *arguments])
        told = capsys.readouterr()
        assert told.out == "", "standard output is kept for what other programs read"
        return code, told.err

    return run


def test_a_clip_is_written_with_its_truth(simulate: Run, tmp_path: Path) -> None:
    code, said = simulate(tmp_path / "out.mp4", *SHORT)
    assert code == 0
    assert "out.mp4: 6 frames" in said
    assert "out.truth" in said
    with open_clip(tmp_path / "out.mp4") as clip:
        assert len(list(clip.frames())) == 6
    assert (tmp_path / "out.truth" / "gt.txt").is_file()


def test_every_option_reaches_the_simulation(simulate: Run, tmp_path: Path) -> None:
    numbers = {"crowd": 4, "still": 2, "queue": 3, "parked": 1, "motion-seed": 11, "gait-seed": 12, "appearance-seed": 13, "place-seed": 14}
    flags = ["--wind", "--clouds", "--rain", "--infrared", "--dusk", "--no-windows", "--clock", "--no-masks", "--counter-flow"]
    options = [part for name, value in numbers.items() for part in (f"--{name}", value)]
    events = ["--event", "cover@0.5-1", "--event", "bump@1"]
    more = ["--noise", "1.25", "--groups", "0.5", "--crf", "30", "--size", "100x80", "--fps", "8", "--seconds", "1.25"]
    assert simulate(tmp_path / "out.mp4", *options, *flags, *events, *more)[0] == 0
    told = json.loads((tmp_path / "out.truth" / "simulation.json").read_text("ascii"))["settings"]
    assert told["crowd"] == {"walkers": 4, "still": 2, "queueing": 3, "groups": 0.5, "counter_flow": True}
    assert [told[f"{name}_seed"] for name in ("motion", "gait", "appearance", "place")] == [11, 12, 13, 14]
    assert all(told[name] for name in ("wind", "clouds", "rain", "infrared", "dusk", "clock"))
    assert not told["windows"]
    assert (told["noise_sigma"], told["parked"], told["fps"], told["seconds"]) == (1.25, 1, 8.0, 1.25)
    assert told["size"] == {"width_px": 100, "height_px": 80}
    assert [event["kind"] for event in told["events"]] == ["cover", "bump"]
    assert not (tmp_path / "out.truth" / "masks.zip").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--size", "big"], "no size of a picture"),
        (["--size", "8x8"], "cannot be simulated"),
        (["--fps", "0"], "pictures a second"),
        (["--seconds", "-1"], "a length of"),
        (["--crowd", "-2"], "walkers cannot be simulated"),
        (["--still", "99999"], "still people cannot be simulated"),
        (["--queue", "30"], "room for 8 people who queue"),
        (["--parked", "99"], "cars cannot park"),
        (["--groups", "2"], "in groups makes no sense"),
        (["--noise", "nan"], "noise of"),
        (["--event", "earthquake@3"], "there is no event 'earthquake'"),
        (["--event", "cover"], "cover"),
        (["--event", "cover@x"], "cover@x"),
        (["--event", "cover@1-0.5"], "cover"),
        (["--event", "cover@100"], "comes after the end"),
        (["--event", "dusk@1"], "dusk"),
        (["--motion-seed", "-1"], "motion seed"),
        (["--crf", "99"], "--crf 99"),
    ],
)
def test_a_mistake_is_one_line_with_a_hint_and_leaves_nothing(simulate: Run, tmp_path: Path, arguments: list[str], words: str) -> None:
    code, said = simulate(tmp_path / "out.mp4", *SHORT, *arguments)
    assert code == 2
    assert said.startswith("passerby: error: ")
    assert said.count("\n") == 1
    assert said.endswith(")\n"), "it ends with a hint in brackets"
    assert words in said
    assert names_in(tmp_path) == []


def test_what_exists_is_replaced_only_when_asked(simulate: Run, tmp_path: Path) -> None:
    assert simulate(tmp_path / "out.mp4", *SHORT)[0] == 0
    first = (tmp_path / "out.mp4").read_bytes()
    code, said = simulate(tmp_path / "out.mp4", *SHORT, "--motion-seed", "1")
    assert code == 2
    assert "--overwrite" in said
    assert (tmp_path / "out.mp4").read_bytes() == first
    assert simulate(tmp_path / "out.mp4", *SHORT, "--motion-seed", "1", "--overwrite")[0] == 0
    assert (tmp_path / "out.mp4").read_bytes() != first
    assert names_in(tmp_path) == ["out.mp4", "out.truth"]


def test_without_jupedsim_the_user_is_told_what_to_install(simulate: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jupedsim", None)
    code, said = simulate(tmp_path / "out.mp4", *SHORT)
    assert code == 2
    assert "pip install 'passerby[simulate]'" in said
    assert names_in(tmp_path) == []


def test_the_help_names_every_event() -> None:
    assert EVENT_KINDS.split(", ") == [str(kind) for kind in EventKind]


def test_progress_is_shown_on_a_terminal_and_survives_odd_names() -> None:
    told = io.StringIO()
    with _progress(Console(file=told, force_terminal=True, width=100), "a[red]\nb.mp4") as progress:
        progress("frames", 0.5)
    assert "a[red]\N{REPLACEMENT CHARACTER}b.mp4" in told.getvalue()
