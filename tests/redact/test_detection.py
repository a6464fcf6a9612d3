from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from passerby.errors import DetectorError, SettingsError
from passerby.models.manifest import load_manifest
from passerby.redact.detection import LoadedDetector, load_detector
from passerby.sealed.gate.network import runner


class Outputs:
    """A session that gives what it is told."""

    def __init__(self, count: int) -> None:
        self._count = count

    def run(self, tensor: Any) -> list[Any]:
        return [tensor] * self._count


@pytest.mark.parametrize("count", [0, 2])
def test_weights_with_another_number_of_outputs_are_no_detector(count: int) -> None:
    with pytest.raises(DetectorError, match=f"gave {count} outputs; expected 1"):
        runner(cast("Any", Outputs(count)))(np.zeros((1, 3, 8, 8), np.float32))


def test_the_one_output_is_handed_on() -> None:
    tensor = np.ones((1, 3, 8, 8), np.float32)
    assert runner(cast("Any", Outputs(1)))(tensor) is tensor


@pytest.mark.parametrize(("name", "words"), [("centerface", "no detector of subjects"), ("eagle", "eagle")])
def test_weights_that_are_no_detector_of_subjects_are_refused_before_they_are_fetched(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERBY_CACHE", str(tmp_path))
    with pytest.raises(SettingsError, match=words) as told:
        load_detector(name, "cpu")
    assert told.value.hint
    assert list(tmp_path.iterdir()) == []


def test_the_gates_detector_is_what_the_manifest_says(real_detector: LoadedDetector) -> None:
    entry = load_manifest().entry("yolox-nano")
    assert (real_detector.name, real_detector.sha256, real_detector.word) == (entry.name, entry.sha256, "")
    assert real_detector.detector.input_px == entry.input.width_px
    assert len(real_detector.detector.detect(np.full((90, 160, 3), 114, np.uint8))) == 0


def test_a_device_that_cannot_be_had_is_replaced_by_the_cpu_with_a_word(real_detector: LoadedDetector) -> None:
    loaded = load_detector("yolox-nano", "coreml")
    assert loaded.word == "" or "using the cpu" in loaded.word
    assert loaded.sha256 == real_detector.sha256
