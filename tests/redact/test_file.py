"""`passerby.redact(...)` and what else the package exports."""

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest

import passerby
from passerby.errors import InputError, OutputError, SettingsError
from passerby.redact.command import redact_command
from passerby.redact.detection import LoadedDetector
from passerby.redact.file import redact_file
from passerby.redact.run import Outcome, redact_clip
from passerby.redact.settings import RedactSettings
from passerby.released.scene import GateState, Scene, Size
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings
from tests.support.clips import Recipe, write_clip
from tests.support.detectors import Blind
from tests.support.redaction import STAGE, facts_of, names_in, passing_by, report_of, stub, write_play
from tests.support.scenes import Play

SMALL = Recipe(count=3)


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "real_detector" not in request.fixturenames:
        monkeypatch.setattr("passerby.redact.file.load_detector", lambda *_: stub())


def run_alone(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_the_package_loads_nothing_heavy() -> None:
    run_alone("""
import sys, passerby
heavy = {"cv2", "av", "onnxruntime", "numpy", "shapely", "msgspec", "typer", "rich", "passerby.redact", "passerby.sealed"} & set(sys.modules)
assert not heavy, heavy
assert {"redact", "Gate", "GateSettings", "Size", "Scene"} <= set(dir(passerby))
""")


@pytest.mark.parametrize("first", ["passerby.redact", "passerby.redact.run", "passerby.redact.settings", "passerby.cli"])
def test_redact_can_be_called_whatever_was_imported_before(first: str) -> None:
    run_alone(f"""
import {first}
import passerby, passerby.redact
from passerby import redact
from passerby.redact.run import redact_clip
assert callable(passerby.redact) and passerby.redact is redact and passerby.redact.run.redact_clip is redact_clip
try:
    passerby.redact("there is no such clip.mp4", device="abacus")
except passerby.redact.run.GateError:
    raise
except passerby.errors.UserError:
    pass
""")


def test_what_is_exported_is_what_it_says() -> None:
    assert (passerby.Gate, passerby.GateSettings, passerby.Scene, passerby.Size) == (Gate, GateSettings, Scene, Size)
    with pytest.raises(AttributeError, match="module 'passerby' has no attribute 'unmask'"):
        cast("Any", passerby).unmask  # noqa: B018 - asking is the test
    assert set(passerby.__all__) == set(dir(passerby))


def test_the_call_has_the_signature_and_the_help_of_the_function() -> None:
    assert inspect.signature(passerby.redact) == inspect.signature(redact_file)
    assert "redact_file" in str(inspect.getdoc(type(passerby.redact).__call__))


def test_every_option_of_the_command_is_an_argument_of_the_function() -> None:
    options = set(inspect.signature(redact_command).parameters) - {"inputs"}
    assert options <= set(inspect.signature(redact_file).parameters)
    for name in options - {"output", "never"}:
        of_command = inspect.signature(redact_command).parameters[name].default
        assert inspect.signature(redact_file).parameters[name].default == of_command, name


def test_a_clip_is_redacted_beside_itself(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", SMALL)
    outcome = passerby.redact(str(clip))
    assert isinstance(outcome, Outcome)
    assert (outcome.output, outcome.report) == (tmp_path / "clip.redacted.mp4", tmp_path / "clip.redacted.json")
    assert (outcome.frames, outcome.camera_moved, outcome.notes) == (3, False, ())
    assert names_in(tmp_path) == {"clip.mp4", "clip.redacted.mp4", "clip.redacted.json"}


def test_all_arguments_reach_the_redaction(tmp_path: Path) -> None:
    clip = write_play(tmp_path / "clip.mp4", passing_by())
    said: list[str] = []
    outcome = passerby.redact(
        clip,
        tmp_path,
        settle_s=2,
        from_s=1,
        to_s=11,
        show="heat",
        never=[((0, 0), (40, 0), (40, 40))],
        preview=tmp_path / "place.png",
        min_person_px=32,
        caption=False,
        device="cpu",
        progress=lambda stage, _done: said.append(stage),
    )
    report = report_of(outcome.output)
    told = {"level": "heat", "from_s": 1, "to_s": 11, "min_person_px": 32, "settle_s": 2, "caption": False, "device": "cpu", "streaming": False}
    assert report["settings"] | told == report["settings"]
    assert report["blocks"]["never"] > 3
    assert outcome.output == tmp_path / "clip.redacted.mp4"
    assert set(said) == {"learning the place", "writing"}
    assert (tmp_path / "place.png").exists()


def test_polygons_may_come_from_a_file_that_is_never_overwritten(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", SMALL)
    never = tmp_path / "never.json"
    never.write_text('{"never": [[[0, 0], [40, 0], [40, 40]]]}', "utf-8")
    before = never.read_bytes()
    assert report_of(passerby.redact(clip, never=never).output)["blocks"]["never"] > 3
    with pytest.raises(OutputError, match="is an input"):
        passerby.redact(clip, tmp_path / "never.mp4", never=str(never), overwrite=True)
    assert never.read_bytes() == before


def test_mistakes_are_errors_of_the_user(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", SMALL)
    cases: list[tuple[type[Exception], dict[str, Any]]] = [
        (InputError, {"source": tmp_path / "missing.mp4"}),
        (OutputError, {"output": clip, "overwrite": True}),
        (OutputError, {"output": tmp_path / "no" / "out.mp4"}),
        (SettingsError, {"output": tmp_path / "out.avi"}),
        (SettingsError, {"show": "faces"}),
        (SettingsError, {"settle_s": 0}),
        (SettingsError, {"min_person_px": 0}),
        (SettingsError, {"from_s": 3, "to_s": 2}),
        (SettingsError, {"never": [((0, 0), (1, 1))]}),
        (SettingsError, {"never": [((0, 0), (1, 1), (float("nan"), 0))]}),
        (SettingsError, {"never": tmp_path / "missing.json"}),
    ]
    for expected, arguments in cases:
        with pytest.raises(expected):
            passerby.redact(**{"source": clip, **arguments})
    assert names_in(tmp_path) == {"clip.mp4"}


def test_the_function_and_the_command_give_the_same_clip(tmp_path: Path) -> None:
    clip = write_play(tmp_path / "clip.mp4", passing_by())
    passerby.redact(clip, tmp_path / "one.mp4")
    redact_clip(clip, tmp_path / "two.mp4", RedactSettings(), stub())
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_the_detector_of_the_manifest_is_loaded(real_detector: LoadedDetector, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", SMALL)
    assert report_of(passerby.redact(clip, device="cpu").output)["weights"] == {"yolox-nano": real_detector.sha256}
    with pytest.raises(SettingsError, match="abacus"):
        passerby.redact(clip, tmp_path / "other.mp4", device="abacus")


def test_a_gate_takes_numpy_pictures_and_gives_scenes() -> None:
    play = Play(STAGE, seconds=12, hz=4)
    gate = passerby.Gate(passerby.Size(192, 144), passerby.GateSettings(settle_s=2), Blind())
    scenes: list[passerby.Scene] = [gate.see(picture, time_s) for time_s, picture in play]
    assert scenes[-1].health.state is GateState.WATCHING
    assert gate.see(np.zeros((10, 10, 3), np.uint8), 99.0).health.state is GateState.BAD_FRAME


def test_opencv_gets_its_threads_back(tmp_path: Path) -> None:
    """The redactor looks in threads of its own; a program that calls it must find OpenCV as it left it."""
    before = cv2.getNumThreads()
    passerby.redact(write_clip(tmp_path / "clip.mp4", SMALL))
    assert cv2.getNumThreads() == before
    with pytest.raises(InputError):
        passerby.redact(tmp_path / "missing.mp4")
    assert cv2.getNumThreads() == before
    assert len(facts_of(tmp_path / "clip.redacted.mp4").pictures) == 3
