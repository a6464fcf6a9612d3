"""To whom a stream is sent over TLS: not to a server whose certificate nobody trusts. FFmpeg is told so, and does so."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from passerby.released.video_push import PushEnd
from tests.support.guarded_site import make_certificate

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl as a server")
PUSH = """
import io, sys
import av
from passerby.errors import OutputError
from passerby.released import video_push
video_push.system_authorities = lambda: sys.argv[3]
made = io.BytesIO()
with av.open(made, "w", format="mpegts") as sink:
    stream = sink.add_stream("libx264", rate=10)
    stream.width = stream.height = 64
    stream.pix_fmt = "yuv420p"
    for _ in range(12):
        sink.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
    sink.mux(stream.encode())
made.seek(0)
try:
    video_push.push(made, sys.argv[1], lambda: None, verify=sys.argv[2] == "verify")
except OutputError as error:
    print(error.message)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    """The port of a server of TLS that signs its own certificate, and talks no RTSP."""
    certificate, key = make_certificate(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = ["openssl", "s_server", "-accept", str(port), "-cert", str(certificate), "-key", str(key), "-quiet"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until_s = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except ConnectionRefusedError:
                assert time.monotonic() < until_s
        yield port
        process.kill()


def said(port: int, how: str, authorities: Path) -> str:
    command = [sys.executable, "-c", PUSH, f"rtsps://u:p@localhost:{port}/x", how, str(authorities)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


def test_a_server_that_nobody_trusts_gets_nothing_where_that_is_wanted(server: int, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    untrusted, _ = make_certificate(other, "elsewhere")
    assert said(server, "verify", untrusted) == PushEnd.UNTRUSTED.value


def test_one_that_is_trusted_is_talked_to(server: int, tmp_path: Path) -> None:
    assert said(server, "verify", tmp_path / "site.pem") not in ("", PushEnd.UNTRUSTED.value)
