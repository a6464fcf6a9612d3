from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnxruntime.capi import onnxruntime_pybind11_state as native

from passerby.errors import DetectorError, SettingsError, WeightsError
from passerby.models import runtime
from passerby.models.runtime import PROVIDERS, open_session


def field(number: int, content: bytes | int) -> bytes:
    """One field of a protocol buffer: a number, or bytes with their length."""
    if isinstance(content, int):
        return bytes([number << 3, content])
    return bytes([number << 3 | 2, len(content)]) + content


def network(operator: bytes = b"Neg") -> bytes:
    """The smallest ONNX file: float32 1 x 3 x any x any through one operator."""
    dimensions = b"".join(field(1, dimension) for dimension in (field(1, 1), field(1, 3), field(2, b"h"), field(2, b"w")))
    kind = field(2, field(1, field(1, 1) + field(2, dimensions)))
    node = field(1, b"x") + field(2, b"y") + field(4, operator)
    graph = field(1, node) + field(2, b"g") + field(11, field(1, b"x") + kind) + field(12, field(1, b"y") + kind)
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


def images(height_px: int = 4, width_px: int = 6) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.arange(3 * height_px * width_px, dtype=np.float32).reshape(1, 3, height_px, width_px)


def test_a_session_on_the_cpu_runs_the_network_and_has_nothing_to_say() -> None:
    session, word = open_session(network(), "cpu", 1)
    (output,) = session.run(images())
    np.testing.assert_array_equal(output, -images())
    assert (session.device, word) == ("cpu", "")


def test_automatic_uses_what_is_here_without_a_word() -> None:
    session, word = open_session(network(), "auto", 2)
    assert session.device in PROVIDERS
    assert word == ""


@pytest.mark.parametrize("device", ["cuda", "openvino", "coreml"])
def test_a_device_that_is_not_offered_falls_back_to_the_cpu_with_a_word(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["AzureExecutionProvider", "CPUExecutionProvider"])
    session, word = open_session(network(), device, 1)
    assert session.device == "cpu"
    assert word == f"{device} cannot be had here (ONNX Runtime offers: cpu); using the cpu"
    assert session.run(images())[0].shape == (1, 3, 4, 6)


@pytest.mark.parametrize("failure", ["raises", "drops it silently"])
@pytest.mark.parametrize("device", ["cuda", "auto"])
def test_a_device_that_is_offered_and_does_not_start_falls_back(device: str, failure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = onnxruntime.InferenceSession

    def start(weights: bytes, options: Any, providers: list[str], **keywords: Any) -> onnxruntime.InferenceSession:
        if PROVIDERS["cuda"] in providers and failure == "raises":
            raise RuntimeError("no driver")
        return real(weights, options, providers=["CPUExecutionProvider"], **keywords)

    monkeypatch.setattr(onnxruntime, "InferenceSession", start)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [PROVIDERS["cuda"], PROVIDERS["cpu"]])
    session, word = open_session(network(), device, 1)
    assert session.device == "cpu"
    assert word.startswith("cuda cannot be had here") == (device == "cuda")


def test_a_device_that_starts_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Accelerated:
        def __init__(self, _: bytes, options: Any, providers: list[str], **__: Any) -> None:
            self.providers = providers
            assert options.intra_op_num_threads == 3

        def get_providers(self) -> list[str]:
            return self.providers

        def get_inputs(self) -> list[Any]:
            inputs: list[Any] = real.get_inputs()
            return inputs

    real = onnxruntime.InferenceSession(network(), providers=["CPUExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "InferenceSession", Accelerated)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: list(PROVIDERS.values()))
    assert [open_session(b"", device, 3)[0].device for device in ("auto", "cuda", "openvino", "coreml")] == [
        "cuda",
        "cuda",
        "openvino",
        "coreml",
    ]
    assert open_session(b"", "openvino", 3)[1] == ""


def test_an_unknown_device_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="no device 'tpu'") as caught:
        open_session(network(), "tpu", 1)
    assert "auto, cpu, cuda, openvino, coreml" in caught.value.hint


@pytest.mark.parametrize("weights", [b"", b"no network", bytes(1000), network()[:-20], network(b"NoSuchOperator")])
def test_bytes_that_are_no_network_are_our_error(weights: bytes) -> None:
    with pytest.raises(WeightsError, match="ONNX Runtime cannot load these weights"):
        open_session(weights, "cpu", 1)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 4, 4, 4), np.float32),
        np.zeros((3, 4, 4), np.float32),
        np.zeros((1, 3, 4, 4), np.float64),
        np.zeros((1, 3, 4, 4), object),
    ],
)
def test_an_input_of_another_form_is_a_detector_error(wrong: Any) -> None:
    session, _ = open_session(network(), "cpu", 1)
    with pytest.raises(DetectorError, match=r"failed on an input of shape"):
        session.run(wrong)


def native_errors() -> list[type[Exception]]:
    return [item for item in vars(native).values() if isinstance(item, type) and issubclass(item, Exception)]


@pytest.mark.parametrize("kind", [*native_errors(), RuntimeError, ValueError], ids=lambda kind: kind.__name__)
def test_every_error_of_the_runtime_becomes_a_detector_error_without_its_cause(kind: type[Exception]) -> None:
    class Failing:
        def run(self, *_: Any) -> Any:
            raise kind("first line\nsecond line with 0.25 0.5 0.75")

        def get_inputs(self) -> list[Any]:
            inputs: list[Any] = onnxruntime.InferenceSession(network(), providers=["CPUExecutionProvider"]).get_inputs()
            return inputs

    session = runtime.Session(Failing(), "cpu")
    with pytest.raises(DetectorError, match="first line") as caught:
        session.run(images())
    # I1: neither the message nor a chained traceback may carry what the runtime printed about its input.
    assert "0.25" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_loading_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    session, _ = open_session(network(), "cuda", 1)
    session.run(images())
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
