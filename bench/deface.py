"""deface 1.5, the tool that most people take to hide faces, in an environment of its own in the user's cache folder.

It is measured, never imported: its packages and ours must not meet. Its ONNX Runtime is the version that Passerby runs with, on the processor.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Final

from bench.environments import environment_of
from bench.processes import Run, run

DEFACE: Final = "deface==1.5.0"
# deface's ONNX Runtime backend imports onnx as well, but its package asks for neither.
NEEDED: Final = ("onnx",)


def deface_command() -> Path:
    """The path of deface's command; installs it the first time."""
    return environment_of(DEFACE, f"onnxruntime=={version('onnxruntime')}", *NEEDED).with_name("deface")


def deface(clip: Path, out: Path) -> Run:
    """Hides the faces of a clip with deface as it comes (blur), by ONNX Runtime on the processor."""
    return run([deface_command(), clip, "-o", out, "--backend", "onnxrt", "--execution-provider", "CPUExecutionProvider"])
