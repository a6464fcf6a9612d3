"""Invariant I1 by observation: while a camera carries the canary, nothing that leaves a sealed process holds a raw frame or shows the canary.

What is looked at, and how, is in `tests.support.canary_site`. The same look at workers that leak on purpose finds every leak.
"""

import os
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.canary_clip import CanaryClip
from bench.canary_finder import CanaryFinder
from tests.support.canary_site import FPS, SIZE_PX, Canary, Observation, core_dumps_work, needs_strace, observe, write_canary, write_stream
from tests.support.closed_in import tell
from tests.support.process_memory import memory_of
from tests.support.raw_needles import SURE, RawNeedles
from tests.support.rtsp_server import RtspServer, needs_gstreamer

pytestmark = pytest.mark.skipif(os.uname().sysname != "Linux", reason="strace and /proc are Linux's")

PLACES = (
    "supervisor's memory",
    "painter's memory",
    "written to files by supervisor",
    "written to pipes by supervisor",
    "written to sockets by supervisor",
    "written to pipes by worker",
    "files that are left",
)
"""Everything that has to be looked through for the result to mean something; beside pictures and scenes."""


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Canary:
    needs_strace()
    return write_canary(tmp_path_factory.mktemp("canary"))


def is_closed(observation: Observation, port: int = 0) -> None:
    """Asserts that nothing leaked: from a worker whose camera is a file, or at a port of this machine."""
    assert observation.found == {}
    assert observation.shown == []
    traced = observation.traced
    assert traced.cut == []
    workers = observation.workers
    # A worker writes into its pipe, and into no file but the null device.
    assert {name.partition("<")[0] for pid in workers for name in traced.opened.get(pid, ())} <= {"/dev/null"}
    written = [where for pid, where in traced.written if pid in workers and not where.startswith(("pipe:", "/dev/null"))]
    # Requests for a stream go to the camera.
    assert [where for where in written if not (port and where.endswith(f"->127.0.0.1:{port}]"))] == []
    assert [what for pid, what in traced.shared if pid in workers] == []
    reached = [what for pid, what in traced.connected if pid in workers and ("= 0" in what or "EINPROGRESS" in what)]
    assert [what for what in reached if f"sin_port=htons({port})" not in what and "AF_NETLINK" not in what] == []
    assert not any("core dumped" in traced.ends.get(pid, "") for pid in workers)
    # Anything else opened for writing lies in the site's own folder; compiled modules beside their sources do, too.
    strangers = {name for pid, names in traced.opened.items() for name in names if not name.startswith((str(observation.folder), "/dev/null"))}
    assert {name for name in strangers if "/__pycache__/" not in name} == set()


def was_watched(observation: Observation) -> None:
    """Asserts that there was something to find: people walked, the place was shown, and all places held something."""
    assert observation.in_worker in {True, None}
    assert observation.glyphs > 20
    assert observation.shown_share > 0.2
    searched = observation.searched
    assert {place for place in PLACES if searched.get(place, 0) < 1000} == set(), searched
    assert searched["supervisor's memory"] > 20_000_000
    assert searched["live pictures"] >= 3
    assert searched["scenes of the worker"] > 10
    assert searched["recordings"] > 2


def missing_here() -> set[str]:
    """Protections that cannot be had on this machine, as another process like a worker finds."""
    return {name for name, (held, _) in tell(cameras=[{"source": "file:///nonexistent"}], memory_limit_bytes=1 << 31).protections.items() if not held}


def test_nothing_but_scenes_leaves_a_sealed_worker(canary: Canary, tmp_path: Path) -> None:
    observation = observe(canary, tmp_path, crash=signal.SIGSEGV)
    is_closed(observation)
    was_watched(observation)
    assert len(observation.protections) == 2  # of the worker that crashed, and of the next one
    for protections in observation.protections:
        assert {report.name for report in protections if not report.held} <= missing_here(), protections
    assert "killed by SIGSEGV" in {observation.traced.ends.get(pid) for pid in observation.workers}
    assert str(canary.path) not in observation.log


def test_the_same_look_finds_every_leak_of_a_worker_that_leaks_on_purpose(canary: Canary, tmp_path: Path) -> None:
    observation = observe(canary, tmp_path, ("file", "socket", "stream", "shared", "plate"), pictures=4)
    assert {
        "written to files by worker",  # also of a file that is gone again at once
        "written to sockets by worker",
        "written to pipes by worker",
        "written to pipes by supervisor",  # to the process that draws
        "files that are left",
    } <= set(observation.found), observation.found
    assert any(place.startswith("supervisor's memory") for place in observation.found), observation.found
    assert {shown.partition(":")[0] for shown in observation.shown} >= {"scenes of the worker"}
    assert [what for pid, what in observation.traced.shared if pid in observation.workers]
    with pytest.raises(AssertionError):
        is_closed(observation)


def test_the_same_look_finds_a_core_dump(canary: Canary, tmp_path: Path) -> None:
    if not core_dumps_work():
        pytest.skip("core files are switched off on this machine, or go elsewhere")
    observation = observe(canary, tmp_path, ("core",), pictures=0)
    assert any("core dumped" in observation.traced.ends.get(pid, "") for pid in observation.workers)
    assert "files that are left" in observation.found


@pytest.mark.soak
def test_nothing_but_scenes_leaves_sealed_workers_for_long(canary: Canary, tmp_path: Path) -> None:
    for number, crash in enumerate((signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL, signal.SIGQUIT, signal.SIGBUS)):
        folder = tmp_path / str(number)
        folder.mkdir()
        observation = observe(canary, folder, pictures=20, crash=crash, every=1)
        is_closed(observation)
        was_watched(observation)


@pytest.mark.soak
@needs_gstreamer
def test_nothing_but_scenes_leaves_a_sealed_worker_that_watches_over_a_network(canary: Canary, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with RtspServer() as server:
        server.mount("/stream", write_stream(canary, tmp_path / "packets"), fps=FPS)
        server.listen()
        observation = observe(canary, tmp_path / "run", source=server.url("/stream"), crash=signal.SIGSEGV)
        is_closed(observation, server.port)
    was_watched(observation)
    assert any("->127.0.0.1:" in where for pid, where in observation.traced.written if pid in observation.workers)


def test_needles_are_found_in_a_raw_frame_wherever_it_lies(canary: Canary) -> None:
    """In this process's own memory as well: that is how the supervisor's is searched."""
    words = canary.needles.words
    hay = bytearray(os.urandom(200_000))
    assert canary.needles.hits(hay) == 0
    hay[1003 : 1003 + 8 * 40] = words[1000:1040].tobytes()
    assert canary.needles.hits(hay) >= 40
    assert any(canary.needles.holds(part.data) for part in memory_of(os.getpid()))


def test_a_needle_across_the_border_of_two_chunks_is_found() -> None:
    row = np.random.default_rng(1).integers(0, 256, 400).astype(np.uint8)
    needles = RawNeedles([row])
    for before in range((1 << 24) - 200, (1 << 24) - 192):
        data = bytes(before) + row.tobytes() + bytes(64)
        assert needles.hits(data) == len(needles.words) > SURE


def test_the_finder_sees_the_canary_in_raw_frames_of_this_size() -> None:
    pictures = [picture for _, picture in CanaryClip(*SIZE_PX, FPS, 7.0).shots()][25::5]
    assert all(CanaryFinder().in_picture(np.asarray(cv2.GaussianBlur(picture, (3, 3), 0), np.uint8)) is not None for picture in pictures)
