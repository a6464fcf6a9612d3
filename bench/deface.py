"""deface 1.5, the tool that most people take to hide faces, in an environment of its own in the user's cache folder.

It is measured, never imported: its packages and ours must not meet. Its ONNX Runtime is the version that Passerby runs with, on the processor.
"""

import sys
import venv
from importlib.metadata import version
from pathlib import Path
from typing import Final

import platformdirs

from bench.processes import Run, run

DEFACE: Final = "deface==1.5.0"
# deface's ONNX Runtime backend imports onnx as well, but its package asks for neither.
NEEDED: Final = ("onnx",)


def deface_command() -> Path:
    """The path of deface's command; installs it the first time."""
    home = Path(platformdirs.user_cache_dir("passerby")) / "bench" / DEFACE.replace("==", "-")
    folder = home / ("Scripts" if sys.platform == "win32" else "bin")
    ready = home / "ready"
    if not ready.exists():
        print(f"installing {DEFACE} with ONNX Runtime into {home} (once)")
        venv.create(home, with_pip=True, clear=True)
        run([folder / "python", "-m", "pip", "install", "--quiet", DEFACE, f"onnxruntime=={version('onnxruntime')}", *NEEDED])
        ready.touch()
    return folder / "deface"


def deface(clip: Path, out: Path) -> Run:
    """Hides the faces of a clip with deface as it comes (blur), by ONNX Runtime on the processor."""
    return run([deface_command(), clip, "-o", out, "--backend", "onnxrt", "--execution-provider", "CPUExecutionProvider"])
