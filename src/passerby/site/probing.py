"""Opens each camera once, in a sealed process of its own: `python -I -m passerby.sealed.probe`.

The process gets a worker's order on its standard input and answers with one result a camera on its standard output. This process sees no picture,
and of the camera's own words none: why one cannot be opened is one of `released.messages.Reason`.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

from passerby.errors import SceneError
from passerby.released.framing import framed, read_framed
from passerby.released.messages import ProbeResult, Reason, decode_probe
from passerby.site.orders import CameraOrder, Configure, encode_command

PROBE_MODULE: Final = "passerby.sealed.probe"
MARGIN_S: Final = 30.0
"""Beyond the time that the camera itself has: start of the process, a few seconds of measuring the rate."""

PASSED_ON: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Of our own environment, which holds the passwords of all cameras, the probe gets these, so that libraries are found."""


def probe_command() -> list[str]:
    """How the probe is started. What it shall open it is told on its standard input: others can see a command line and an environment."""
    return [sys.executable, "-I", "-m", PROBE_MODULE]


def probe(camera: CameraOrder, command: Sequence[str], margin_s: float = MARGIN_S) -> ProbeResult:
    """What opening the camera told; a process that dies, or says nothing in time, is a result too.

    Args:
        camera: What its worker would be told.
        command: What to run.
        margin_s: Seconds beyond the camera's own limits after which the process is ended.
    """
    # No weights are needed: the probe decodes, and looks at nothing.
    order = framed(encode_command(Configure(cameras=(camera,), models_folder=Path("nowhere"))))
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command,
            input=order,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=camera.first_byte_s + camera.stall_s + margin_s,
            check=False,
            cwd="/",
            env={"LC_ALL": "C.UTF-8"} | {name: os.environ[name] for name in PASSED_ON if name in os.environ},
        )
    except subprocess.TimeoutExpired:
        return ProbeResult(camera.camera, Reason.HUNG)
    try:
        answer = read_framed(BytesIO(done.stdout))
        result = None if answer is None else decode_probe(answer)
    except SceneError:
        result = None
    return result if result is not None and result.camera == camera.camera else ProbeResult(camera.camera, Reason.CRASHED)
