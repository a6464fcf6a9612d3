"""From an ONVIF camera that nobody knows of to its picture on the page: found, asked, opened, written down, watched. Real processes and streams."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clips import drawn
from tests.support.onvif_device import LOOPBACK, Manners, Neighbourhood, OnvifDevice, StreamProfile
from tests.support.rtsp_server import RtspServer, needs_gstreamer, write_packets
from tests.support.running_passerby import PROGRAM, RunningPasserby, until

INIT = """
import sys
from passerby.site.setup import discovery
discovery.PORT, discovery.MOST_FOUND = int(sys.argv.pop(1)), 1
import typer
from passerby.site.setup.command import init_command
typer.run(init_command)
"""
"""`passerby init`, with the port of a neighbourhood of its own, and no wait for a second device."""
AGREED = f"""
import os, pty, subprocess, sys, threading
keyboard, terminal = pty.openpty()
said = []
def listen():
    while True:
        said.append(os.read(keyboard, 65536))
threading.Thread(target=listen, daemon=True).start()
os.write(keyboard, b"y\\n")
done = subprocess.run(
    [sys.executable, "-c", {INIT!r}, *sys.argv[1:]], stdin=terminal, stderr=terminal, stdout=subprocess.PIPE, text=True, timeout=280
)
sys.stdout.write(done.stdout)
sys.stderr.write(b"".join(said).decode(errors="replace"))
sys.exit(done.returncode)
"""
"""The same, with somebody at a terminal who agrees."""
USER, PASSWORD = "viewer", "p@ss/w:rd"


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[RtspServer]:
    """An RTSP server whose stream wants a password, by digest."""
    packets = write_packets(tmp_path / "packets", [drawn(number, 320, 240) for number in range(20)])
    with RtspServer() as server:
        server.allow(USER, PASSWORD)
        server.mount("/main", packets, protected=True)
        server.listen()
        yield server


def program(code: str, *words: str, folder: Path, environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, check=False, timeout=300
    )


@needs_gstreamer
def test_a_camera_that_nobody_knew_of_is_found_and_watched(camera: RtspServer, tmp_path: Path) -> None:
    pytest.importorskip("onvif", reason="the extra passerby[onvif] is not installed", exc_type=ImportError)
    folder = tmp_path / "place"
    folder.mkdir()
    secret = {"CAMERA_PASSWORD": PASSWORD}
    profiles = [StreamProfile("1", camera.url("/main"), width_px=320, height_px=240)]
    with OnvifDevice(profiles, Manners(login=(USER, PASSWORD)), name="Gate 2") as device, Neighbourhood(device.match) as neighbours:
        words = ["--onvif", "--interface", LOOPBACK, "--user", USER, "--purpose", "Crowding is seen in time."]
        refused = program(INIT, str(neighbours.port), *words, folder=folder, environ=secret)
        assert refused.returncode != 0
        assert "--onvif-host" in refused.stderr, "nobody is there to agree that the password is sent to whoever answered"
        done = program(AGREED, str(neighbours.port), *words, folder=folder, environ=secret)
    assert done.returncode == 0, done.stderr
    text = (folder / "site.toml").read_text("utf-8")
    assert "# Opened once by `passerby init`: h264, 320x240, 10 pictures a second over TCP" in text
    assert PASSWORD not in text + done.stdout + done.stderr
    (written,) = tomllib.loads(text)["camera"]
    assert (written["id"], written["name"], written["source"]) == ("gate-2", "Gate 2", camera.url("/main"))

    done = program(PROGRAM, "check", "site.toml", "--probe", folder=folder, environ=secret)
    assert done.returncode == 0, done.stderr
    assert "320x240" in done.stdout

    # As it is, but for a port that another test may have.
    (folder / "site.toml").write_text(text.replace('"127.0.0.1:8740"', '"127.0.0.1:0"'), "utf-8")
    with RunningPasserby(folder / "site.toml", tmp_path / "log", environ={**secret, "XDG_STATE_HOME": str(tmp_path / "state")}) as running:
        running.started()
        running.flows("gate-2")
        until(lambda: running.get("/live/gate-2.jpg").content.startswith(b"\xff\xd8"), lambda: running.camera("gate-2")["says"])
        assert PASSWORD not in running.log()
