"""The whole way as it is used: an RTSP camera that comes and goes, `passerby run`, a player of its stream."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from passerby.errors import WeightsError
from passerby.models.cache import default_cache_folder
from passerby.models.fetch import verified_weights
from passerby.models.manifest import DEFAULT_WEIGHTS, load_manifest
from tests.support.players import needs_ffmpeg, play, steps
from tests.support.rtsp_server import RtspServer, needs_gstreamer
from tests.support.running_passerby import RunningPasserby
from tests.support.site_files import camera_table
from tests.support.street_clips import FPS, street_packets

pytestmark = [needs_gstreamer, needs_ffmpeg]
EACH_S = 12.0
AWAY_S = 4.0
KINDS = ["live/gate.ts", "live/gate/index.m3u8"]


@contextmanager
def flapping(server: RtspServer) -> Iterator[list[float]]:
    """A camera that is away for `AWAY_S` every `EACH_S`; gives the list of when it went."""
    ended, went_s = threading.Event(), list[float]()

    def flap() -> None:
        while not ended.wait(EACH_S - AWAY_S):
            server.silence()
            went_s.append(time.monotonic())
            ended.wait(AWAY_S)
            server.listen()

    thread = threading.Thread(target=flap)
    thread.start()
    try:
        yield went_s
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize(("kind", "seconds"), [(KINDS[0], 20), *(pytest.param(kind, 600, marks=pytest.mark.soak) for kind in KINDS)])
def test_a_stream_of_a_real_camera_has_no_gap_while_the_camera_flaps(kind: str, seconds: int, tmp_path: Path) -> None:
    try:
        verified_weights(load_manifest().entry(DEFAULT_WEIGHTS), default_cache_folder(os.environ))
    except WeightsError as error:
        pytest.skip(str(error))
    with RtspServer() as server:
        server.mount("/gate", street_packets(tmp_path), fps=FPS)
        server.listen()
        site = tmp_path / "site.toml"
        begin = f'[site]\nname = "Test"\nstate_folder = "{tmp_path / "state"}"\n[server]\naddress = "127.0.0.1:0"\n'
        keys = {"settle_s": "1", "min_person_px": "72", "stall_s": "2", "first_byte_s": "4", "transport": '"tcp"'}
        site.write_text(begin + camera_table("gate", server.url("/gate"), **keys), "utf-8")
        with RunningPasserby(site, tmp_path / "log").started() as running:
            running.flows("gate")
            with flapping(server) as went_s:
                played = play(f"{running.address}/{kind}", seconds, tmp_path)
            running.flows("gate")
    assert len(went_s) >= seconds / EACH_S - 1
    assert {step for step in steps(played.times_s) if step != 0.1} == set()
    assert seconds - 1 <= played.times_s[-1] - played.times_s[0] <= seconds
