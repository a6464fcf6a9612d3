"""The command `passerby redact`: several clips at once, and every mistake of a user as one line, exit code 2 and nothing left behind."""

import io
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from passerby.errors import SceneError, WeightsError
from passerby.models.cache import weights_path
from passerby.models.manifest import load_manifest
from passerby.redact.command import _progress
from passerby.redact.detection import LoadedDetector
from passerby.redact.run import Outcome, redact_clip
from tests.support.clips import Recipe, write_clip, write_sound
from tests.support.redaction import facts_of, is_near, names_in, passing_by, report_of, run_passerby, stub, write_play
from tests.support.scenes import Stage, figure_pixels

Run = Callable[..., tuple[int, str]]
SMALL = Recipe(count=3)
DISK_KB = 400
PAGE = 4096
"""What a tmpfs counts in."""


@pytest.fixture
def redact(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `passerby redact` with a stand-in for the detector; gives the exit code and what was said."""
    monkeypatch.setattr("passerby.redact.detection.load_detector", lambda *_: stub())

    def run(*arguments: object) -> tuple[int, str]:
        code = run_passerby(monkeypatch, ["redact", *arguments])
        told = capsys.readouterr()
        assert told.out == "", "standard output is kept for what other programs read"
        return code, told.err

    return run


def one_error(told: tuple[int, str]) -> str:
    """The line of a mistake: the only one, with a hint, and exit code 2."""
    code, said = told
    assert code == 2
    assert "Traceback" not in said
    assert said.startswith("passerby: error: ")
    assert said.count("\n") == 1
    assert said.endswith(")\n"), "it ends with a hint in brackets"
    return said


# What it does


def test_a_clip_is_redacted_beside_itself_with_a_report(redact: Run, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", SMALL)
    code, said = redact(clip)
    assert code == 0
    assert names_in(tmp_path) == {"clip.mp4", "clip.redacted.mp4", "clip.redacted.json"}
    assert said.splitlines() == [f"{tmp_path / 'clip.redacted.mp4'}: 3 frames, 100.0% of the place withheld at the end; report clip.redacted.json"]


def test_all_options_reach_the_redaction(redact: Run, tmp_path: Path) -> None:
    play = passing_by()
    clip = write_play(tmp_path / "clip.mp4", play)
    (tmp_path / "never.json").write_text('{"never": [[[0, 0], [40, 0], [40, 40]]]}', "utf-8")
    arguments = ["-o", tmp_path / "out.mp4", "--from", 1, "--to", 11, "--show", "heat", "--never", tmp_path / "never.json"]
    arguments += ["--preview", tmp_path / "place.png", "--min-person", 32, "--settle", 2, "--no-caption", "--device", "cpu"]
    code, _ = redact(clip, *arguments)
    assert code == 0
    report = report_of(tmp_path / "out.mp4")
    told = {"level": "heat", "from_s": 1.0, "to_s": 11.0, "min_person_px": 32, "settle_s": 2.0, "caption": False, "device": "cpu", "streaming": False}
    assert report["settings"] | told == report["settings"]
    assert report["settings"]["never"] == [[[0, 0], [40, 0], [40, 40]]]
    assert report["blocks"]["never"] > 3
    assert report["frames"] == 50
    assert (tmp_path / "place.png").read_bytes().startswith(b"\x89PNG")
    code, _ = redact(clip, "-o", tmp_path / "live.mp4", "--streaming")
    assert code == 0
    assert report_of(tmp_path / "live.mp4")["settings"] | {"streaming": True, "settle_s": 20.0} == report_of(tmp_path / "live.mp4")["settings"]


def test_one_bad_clip_does_not_stop_the_others_and_the_exit_code_says_so(redact: Run, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    for name in ("a.mp4", "c.mkv", "d.mp4"):
        write_clip(folder / name, SMALL)
    (folder / "b.mp4").write_bytes(b"no video at all")
    (out / "d.redacted.mp4").write_bytes(b"precious")
    code, said = redact(folder, tmp_path / "missing.mp4", "-o", out)
    assert code == 2
    assert names_in(out) == {"a.redacted.mp4", "a.redacted.json", "c.redacted.mp4", "c.redacted.json", "d.redacted.mp4"}
    assert (out / "d.redacted.mp4").read_bytes() == b"precious"
    errors = [line for line in said.splitlines() if line.startswith("passerby: error: ")]
    assert len(errors) == 3
    assert str(folder / "b.mp4") in errors[0]
    assert "d.redacted.mp4: exists already" in errors[1]
    assert str(tmp_path / "missing.mp4") in errors[2]
    assert said.splitlines()[-1] == "3 of 5 clips could not be redacted"
    assert "Traceback" not in said


def test_a_failure_that_the_user_cannot_mend_does_not_stop_the_others_either(redact: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = [write_clip(tmp_path / name, SMALL) for name in ("a.mp4", "b.mp4", "c.mp4")]

    def fail_once(source: Path, *arguments: Any, **more: Any) -> Outcome:
        if source.name == "b.mp4":
            raise SceneError("a glyph does not fit")
        return redact_clip(source, *arguments, **more)

    monkeypatch.setattr("passerby.redact.run.redact_clip", fail_once)
    code, said = redact(*clips)
    assert code == 2
    assert "passerby: error: a glyph does not fit\n" in said
    assert names_in(tmp_path) >= {"a.redacted.mp4", "c.redacted.mp4"}


def test_a_pattern_and_a_second_run_over_it(redact: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a1.mp4", "a2.mp4", "b.mp4"):
        write_clip(tmp_path / name, SMALL)
    monkeypatch.chdir(tmp_path)
    assert redact("a*.mp4")[0] == 0
    assert names_in(tmp_path) >= {"a1.redacted.mp4", "a2.redacted.mp4"}
    assert "b.redacted.mp4" not in names_in(tmp_path)
    before = names_in(tmp_path)
    code, said = redact("a*.mp4")
    assert code == 2
    assert said.count("exists already") == 2
    # As a shell expands it: with the outputs of the first run.
    assert redact("--overwrite", *sorted(tmp_path.glob("a*.mp4")))[0] == 0
    assert names_in(tmp_path) == before


def test_a_note_is_said(redact: Run, tmp_path: Path) -> None:
    play = passing_by(seconds=20.0)
    pictures = [np.zeros_like(play.stage.empty) if 8 < time_s < 11 else play.picture(time_s) for time_s in play.times_s]
    clip = write_clip(tmp_path / "clip.mp4", Recipe(count=100, time_base=Recipe().time_base * 5, size_px=(192, 144)), pictures=pictures)
    code, said = redact(clip)
    assert code == 0
    assert any(line.startswith("  note: the camera was covered") for line in said.splitlines())


def test_names_with_line_breaks_and_control_characters_stay_in_one_line(redact: Run, tmp_path: Path) -> None:
    name = "a\nb\x1b[31m[red].mp4"
    (tmp_path / name).write_bytes(b"no video")
    assert "\x1b" not in one_error(redact(tmp_path / name))
    write_clip(tmp_path / "good.mp4", SMALL)
    write_clip(tmp_path / f"x{name}", SMALL)
    code, said = redact(tmp_path)
    assert code == 2
    assert "\x1b" not in said
    assert len(said.splitlines()) == 4


def test_a_name_that_is_no_text_is_no_hindrance(redact: Run, tmp_path: Path) -> None:
    clip = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    try:
        clip.touch()
    except OSError:
        pytest.skip("this file system takes text only")
    write_clip(tmp_path / "clip.mp4", SMALL).replace(clip)
    code, _ = redact(clip, "-o", tmp_path / "out.mp4")
    assert (code, report_of(tmp_path / "out.mp4")["source"]) == (0, "caf?.mp4")
    assert redact(clip)[0] == 0
    (tmp_path / "bad").mkdir()
    bad = tmp_path / "bad" / os.fsdecode(b"caf\xe9.mp4")
    bad.write_bytes(b"no video")
    one_error(redact(bad))


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_is_drawn_on_a_terminal_and_nowhere_else(terminal: bool) -> None:
    drawn = io.StringIO()
    with _progress(Console(file=drawn, force_terminal=terminal, width=100), "na[red]me\n.mp4") as say:
        say("learning the place", 0.25)
        say("writing", 0.75)
    assert all((words in drawn.getvalue()) == terminal for words in ("writing", "75%", "na[red]me"))


def test_the_real_detector_is_named_with_the_digest_of_its_weights(
    real_detector: LoadedDetector, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    play = passing_by()
    clip = write_play(tmp_path / "clip.mp4", play)
    assert run_passerby(monkeypatch, ["redact", clip, "--device", "cpu", "--no-caption"]) == 0
    report = report_of(tmp_path / "clip.redacted.mp4")
    assert report["weights"] == {"yolox-nano": load_manifest().entry("yolox-nano").sha256}
    picture = facts_of(tmp_path / "clip.redacted.mp4").pictures[0]
    assert is_near(picture, play.stage.empty, 24).mean() > 0.9
    assert not figure_pixels(picture).any()


# What cannot be done


@pytest.fixture
def bad_clip(tmp_path: Path) -> Callable[[str], Path]:
    """A clip that is none, by name."""

    def make(what: str) -> Path:
        path = tmp_path / "bad" / "clip.mp4"
        path.parent.mkdir()
        if what == "empty":
            path.touch()
        elif what == "text":
            path.write_text("This is no video.\n" * 50, "utf-8")
        elif what == "noise":
            path.write_bytes(np.random.default_rng(0).bytes(20_000))
        elif what in {"sound", "sound with a cover"}:
            write_sound(path, cover=what != "sound")
        elif what == "folder":
            path.mkdir()
        elif what == "pipe":
            os.mkfifo(path)
        elif what == "cut off":
            whole = write_clip(tmp_path / "whole.mp4", SMALL).read_bytes()
            path.write_bytes(whole[: len(whole) // 2])
        return path

    return make


@pytest.mark.parametrize("what", ["missing", "empty", "text", "noise", "sound", "sound with a cover", "folder", "pipe", "cut off"])
def test_what_is_no_clip_is_one_line(what: str, redact: Run, bad_clip: Callable[[str], Path], tmp_path: Path) -> None:
    clip = bad_clip(what)
    before = names_in(tmp_path)
    (tmp_path / "out").mkdir()
    said = one_error(redact(clip, "-o", tmp_path / "out" / "out.mp4"))
    assert str(clip) in said
    assert names_in(tmp_path) == before


def test_the_folder_of_the_working_directory_is_not_meant_by_an_empty_name(redact: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_clip(tmp_path / "clip.mp4", SMALL)
    monkeypatch.chdir(tmp_path)
    one_error(redact(""))
    assert names_in(tmp_path) == {"clip.mp4"}


NONSENSE: dict[str, tuple[list[object], str]] = {
    "from after to": (["--from", 5, "--to", 2], "--from 5 is not before --to 2"),
    "a negative time": (["--from", -1], "--from -1"),
    "no time": (["--to", "nan"], "--to nan"),
    "behind the end": (["--from", 1000], "no frame lies in the range"),
    "no height": (["--min-person", 0], "min_person_px is 0"),
    "no settling": (["--settle", 0], "settle_s is 0"),
    "settling for ever": (["--settle", "inf"], "settle_s is inf"),
    "a bad polygon": (["--never", "never.json"], "never[0] has fewer than 3 points"),
    "no polygons": (["--never", "missing.json"], "missing.json"),
    "a folder of polygons": (["--never", "."], "cannot be read"),
    "no such detector": (["--detector", "eagle"], "eagle"),
    "a detector of faces": (["--detector", "centerface"], "centerface"),
    "no such device": (["--device", "abacus"], "abacus"),
    "a wrong manifest": (["--models", "models.toml"], "wheights"),
    "no manifest": (["--models", "missing.toml"], "missing.toml"),
    "another container": (["-o", "out.avi"], "ends in .mp4"),
    "no folder": (["-o", "no/out.mp4"], "there is no folder"),
    "no such folder": (["-o", "no"], "there is no folder"),
    "a file as a folder": (["-o", "never.json/out.mp4"], "is no folder"),
    "a preview without a folder": (["--preview", "no/p.png"], "there is no folder"),
    "a preview over the output": (["--preview", "clip.redacted.mp4"], "would take the place"),
}
"""Options that make no sense, with words that the message must hold."""


@pytest.mark.parametrize("what", NONSENSE)
def test_an_option_that_makes_no_sense_is_one_line(
    what: str, real_detector: LoadedDetector, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "clip.mp4", SMALL)
    (tmp_path / "never.json").write_text('{"never": [[[0, 0]]]}', "utf-8")
    (tmp_path / "models.toml").write_text("version = 1\nwheights = []\n", "utf-8")
    options, words = NONSENSE[what]
    before = names_in(tmp_path)
    said = one_error((run_passerby(monkeypatch, ["redact", "clip.mp4", *options]), capsys.readouterr().err))
    assert words in said
    assert names_in(tmp_path) == before


@pytest.mark.parametrize("link", ["name", "symbolic link", "hard link"])
def test_an_output_that_is_the_input_is_one_line(link: str, redact: Run, tmp_path: Path) -> None:
    clip, other = write_clip(tmp_path / "clip.mp4", SMALL), tmp_path / "other.mp4"
    if link == "symbolic link":
        other.symlink_to(clip)
    elif link == "hard link":
        other.hardlink_to(clip)
    else:
        other = tmp_path / ".." / tmp_path.name / "clip.mp4"
    before, there = clip.read_bytes(), names_in(tmp_path)
    for options in (["-o", other], ["-o", other, "--overwrite"], ["--preview", other, "--overwrite"]):
        assert "is an input" in one_error(redact(clip, *options))
    assert clip.read_bytes() == before
    assert names_in(tmp_path) == there


def test_no_output_takes_the_place_of_the_polygons(redact: Run, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", SMALL)
    never = tmp_path / "out.json"
    never.write_text('{"never": []}', "utf-8")
    said = one_error(redact(clip, "-o", tmp_path / "out.mp4", "--never", never, "--overwrite"))
    assert "is an input" in said
    assert json.loads(never.read_text("utf-8")) == {"never": []}


def test_an_output_that_exists_is_one_line(redact: Run, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", SMALL)
    for name in ("clip.redacted.mp4", "clip.redacted.json"):
        (tmp_path / name).write_bytes(b"precious")
        assert "--overwrite" in one_error(redact(clip))
        assert names_in(tmp_path) == {"clip.mp4", name}
        assert (tmp_path / name).read_bytes() == b"precious"
        (tmp_path / name).unlink()


def test_a_preview_of_several_clips_is_one_line(redact: Run, tmp_path: Path) -> None:
    clips = [write_clip(tmp_path / name, SMALL) for name in ("a.mp4", "b.mp4")]
    assert "--preview names one picture, and there are 2 clips" in one_error(redact(*clips, "--preview", tmp_path / "p.png"))


def test_damaged_weights_without_a_network_are_one_line_that_says_what_to_copy_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", SMALL)
    cache = tmp_path / "cache"
    monkeypatch.setenv("PASSERBY_CACHE", str(cache))
    monkeypatch.setattr("passerby.models.fetch.find_installer", no_network)
    entry = load_manifest().entry("yolox-nano")
    weights = weights_path(entry, cache)
    for data in (None, b"tampered", bytes(entry.size_bytes)):
        if data is not None:
            weights.parent.mkdir(parents=True, exist_ok=True)
            weights.write_bytes(data)
        said = one_error((run_passerby(monkeypatch, ["redact", clip]), capsys.readouterr().err))
        assert ("are damaged in the cache" if data else "are not in the cache") in said
        assert str(weights) in said
        assert entry.sha256 in said
        assert not list(tmp_path.glob("*redacted*"))


def no_network() -> Any:
    raise WeightsError("there is no network")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int, str], Path]]:
    """A file system of so many kilobytes; skipped where it may not be made."""
    made: list[Path] = []

    def make(kilobytes: int, options: str) -> Path:
        folder = tmp_path / "disk"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k{options}", "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError:
            pytest.skip("there is no mount here")
        if done.returncode != 0:
            pytest.skip("a small file system may not be mounted here (that needs root)")
        made.append(folder)
        return folder

    yield make
    for folder in made:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.mark.parametrize("when", ["at once", "while the clip is written", "when the report is written"])
def test_a_full_disk_is_one_line_and_leaves_nothing(when: str, redact: Run, small_disk: Callable[[int, str], Path], tmp_path: Path) -> None:
    disk = small_disk(DISK_KB, "")
    play = passing_by(stage=Stage(320, 240, contrast=60))
    clip = write_play(tmp_path / "clip.mp4", play)
    assert redact(clip, "-o", tmp_path / "whole.mp4")[0] == 0
    needed_kb = -(-(tmp_path / "whole.mp4").stat().st_size // PAGE) * PAGE // 1024
    assert 12 < needed_kb < DISK_KB - 64
    free_kb = {"at once": 0, "while the clip is written": needed_kb // 2, "when the report is written": needed_kb}[when]
    (disk / "filler").write_bytes(bytes((DISK_KB - free_kb) // 4 * 4096))
    assert "the disk is full" in one_error(redact(clip, "-o", disk / "out.mp4"))
    assert names_in(disk) == {"filler"}


def test_a_folder_that_may_not_be_written_is_one_line(redact: Run, small_disk: Callable[[int, str], Path], tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", SMALL)
    folder = small_disk(100, ",ro")
    assert "may not be written here" in one_error(redact(clip, "-o", folder / "out.mp4"))


def test_a_device_as_an_output_is_one_line(redact: Run, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", SMALL)
    (tmp_path / "out.mp4").symlink_to("/dev/full")
    os.mkfifo(tmp_path / "pipe.mp4")
    for name in ("out.mp4", "pipe.mp4"):
        one_error(redact(clip, "-o", tmp_path / name))
    assert names_in(tmp_path) == {"clip.mp4", "out.mp4", "pipe.mp4"}
