"""ONNX Runtime: the one module that meets it. Verified bytes in, a session out; its errors become ours here.

A session sees the detector's input, so no message that leaves this module holds an array: foreign messages are cut to their first line,
which names shapes and types only.

ONNX Runtime's own builds tell their maker that and how they are used: on being imported they give the machine an id, keep a database of events
in the user's cache folder and upload it. That is refused before the import, for nothing later refuses all of it.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as native

from passerby.errors import DetectorError, SettingsError, WeightsError
from passerby.models.onnx_size import OddGraphError, for_any_size

Device = Literal["auto", "cpu", "cuda", "openvino", "coreml"]

PROVIDERS: Final[Mapping[str, str]] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
AUTOMATIC: Final = ("cuda", "cpu")
"""What `auto` tries, best first. OpenVINO was measured slower than ONNX Runtime on a CPU, Core ML was not measured."""

# ONNX Runtime has no root of its errors: each is a class of its own under Exception, beside the built-in ones that its Python layer raises.
FOREIGN_ERRORS: Final[tuple[type[Exception], ...]] = (
    *(item for item in vars(native).values() if isinstance(item, type) and issubclass(item, Exception)),
    RuntimeError,
    ValueError,
    TypeError,
)


class Session:
    """Loaded weights that can be run, from several threads at once: ONNX Runtime's sessions are made for that."""

    def __init__(self, native_session: onnxruntime.InferenceSession, device: str) -> None:
        self._native = native_session
        self._input_name: str = native_session.get_inputs()[0].name
        self.device = device
        """Where it runs: a key of PROVIDERS."""
        self.any_size = isinstance(native_session.get_inputs()[0].shape[-1], str)
        """Whether the network says that it takes pictures of any height and width."""

    def run(self, images: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        """The raw outputs for a batch of images.

        Args:
            images: float32, N x 3 x height x width, as the manifest's input form says.

        Raises:
            DetectorError: ONNX Runtime refused or failed.
        """
        try:
            outputs: list[npt.NDArray[np.float32]] = self._native.run(None, {self._input_name: images})
        except FOREIGN_ERRORS as error:
            # Not chained: a traceback must not carry the foreign message, which may go on about the input (invariant I1).
            raise DetectorError(f"the detector failed on an input of shape {images.shape}: {_first_line(error)}") from None
        return outputs


def open_session(weights: bytes, device: str, threads: int, *, any_size: bool = False) -> tuple[Session, str]:
    """A session that runs these weights, and a word for the user ("" if there is nothing to say).

    Args:
        weights: Verified bytes of an ONNX file.
        device: One of `Device`. If it cannot be had here, the session runs on the CPU and the word says so.
        threads: Threads within one run, at least 1.
        any_size: On the CPU, let a network that declares one height and width take others too, where its file allows that
            (`Session.any_size`); the caller tries whether it gives anything sensible then.

    Raises:
        SettingsError: no such device.
        WeightsError: these bytes are no network that ONNX Runtime can load.
    """
    if device not in get_args(Device):
        raise SettingsError(f"there is no device '{device}'", f"one of {', '.join(get_args(Device))}")
    onnxruntime.disable_telemetry_events()
    offered = set(onnxruntime.get_available_providers())
    wanted = AUTOMATIC if device == "auto" else (device, "cpu")
    for name in dict.fromkeys(wanted):
        if name == "cpu" or PROVIDERS[name] not in offered:
            continue
        session = _try_accelerator(weights, name, threads)
        if session is not None:
            return session, ""
    word = "" if device in {"auto", "cpu"} else f"{device} cannot be had here (ONNX Runtime offers: {_names(offered)}); using the cpu"
    return Session(_load_on_cpu(_opened(weights) if any_size else weights, threads), "cpu"), word


def _opened(weights: bytes) -> bytes:
    """The network for any size of picture, or as it is where its file is not laid out as expected."""
    try:
        return for_any_size(weights)
    except OddGraphError:
        return weights


def _try_accelerator(weights: bytes, name: str, threads: int) -> Session | None:
    """A session on that device, or None where ONNX Runtime offers it and cannot start it (a missing driver or library)."""
    try:
        session = _load(weights, [PROVIDERS[name], PROVIDERS["cpu"]], threads)
    except FOREIGN_ERRORS:
        return None
    # ONNX Runtime may drop a provider without a word.
    return Session(session, name) if PROVIDERS[name] in session.get_providers() else None


def _load_on_cpu(weights: bytes, threads: int) -> onnxruntime.InferenceSession:
    try:
        return _load(weights, [PROVIDERS["cpu"]], threads)
    except FOREIGN_ERRORS as error:
        raise WeightsError(f"ONNX Runtime cannot load these weights: {_first_line(error)}", "are they an ONNX file?") from error


def _load(weights: bytes, providers: Sequence[str], threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    # Threads that spin between runs take the cores that decoding and encoding want: 27 ms instead of 15 a look on two busy cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    keywords: dict[str, Any] = {"enable_fallback": 0}  # its own fallback prints to standard output
    return onnxruntime.InferenceSession(weights, options, providers=list(providers), **keywords)


def _names(offered: set[str]) -> str:
    return ", ".join(sorted(name for name, provider in PROVIDERS.items() if provider in offered))


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0][:200]
