"""`passerby run` as people start it, a camera of a real RTSP server, a real browser: the page gets over everything that happens to either.

The short tests play the site; here all of it is real, and takes its time: `make soak`.
"""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from passerby.errors import WeightsError
from passerby.models.cache import default_cache_folder
from passerby.models.fetch import verified_weights
from passerby.models.manifest import DEFAULT_WEIGHTS, load_manifest
from tests.support.browser import Watched, needs_chromium
from tests.support.rtsp_server import RtspServer, needs_gstreamer
from tests.support.running_passerby import RunningPasserby
from tests.support.site_files import camera_table
from tests.support.street_clips import FPS, street_packets

pytestmark = [needs_chromium, needs_gstreamer, pytest.mark.soak]

Look = Callable[..., Watched]
ROUNDS = 5
SHOWN = "() => document.querySelector('.scene .veil')?.hidden && !document.querySelector('.scene img').hidden"
VEILED = "() => document.querySelector('.scene .veil')?.hidden === false"
LONG_MS = 120_000


@pytest.fixture(scope="module", autouse=True)
def weights() -> None:
    try:
        verified_weights(load_manifest().entry(DEFAULT_WEIGHTS), default_cache_folder(os.environ))
    except WeightsError as error:
        pytest.skip(str(error))


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[RtspServer]:
    with RtspServer() as server:
        server.mount("/a", street_packets(tmp_path), fps=FPS)
        server.listen()
        yield server


@pytest.fixture
def site_file(tmp_path: Path, camera: RtspServer) -> Path:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = tmp_path / "site.toml"
    text = f'[site]\nname = "Test"\nstate_folder = "{tmp_path / "state"}"\n'
    text += f'[server]\naddress = "127.0.0.1:{port}"\n[recording]\nfree_space_floor = "0 MB"\n'
    keys = {"settle_s": "1", "min_person_px": "72", "stall_s": "2", "first_byte_s": "4", "transport": '"tcp"'}
    path.write_text(text + camera_table("gate", camera.url("/a"), **keys), "utf-8")
    return path


def test_the_page_gets_over_a_camera_that_flaps_and_a_server_that_is_killed(look: Look, camera: RtspServer, site_file: Path, tmp_path: Path) -> None:
    watched = look()
    with RunningPasserby(site_file, tmp_path / "log").started() as running:
        watched.open(running.address)
        watched.until(SHOWN, within_ms=LONG_MS)
        for _ in range(ROUNDS):
            camera.silence()
            watched.until(VEILED, within_ms=LONG_MS)
            camera.listen()
            watched.until(SHOWN, within_ms=LONG_MS)
    for number in (signal.SIGKILL, signal.SIGTERM):
        with RunningPasserby(site_file, tmp_path / "log").started() as running:
            watched.until(SHOWN, within_ms=LONG_MS)
            running.tell(number)
            watched.until(VEILED, within_ms=LONG_MS)
            running.ended()
    with RunningPasserby(site_file, tmp_path / "log").started():
        watched.until(SHOWN, within_ms=LONG_MS)
        assert not watched.page.locator("#banner").is_visible()
