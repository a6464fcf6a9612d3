"""Cameras behind a real RTSP server."""

import gc
import logging
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from passerby.clock import SystemClock
from passerby.released.messages import CaptureState, Reason
from passerby.sealed.capture.live import LiveCamera
from passerby.sealed.capture.slot import MOST_WAITING
from passerby.site.orders import CameraOrder
from tests.support.clips import drawn
from tests.support.rtsp_server import RtspServer, needs_gstreamer, write_packets
from tests.support.watched_camera import WatchedCamera

pytestmark = needs_gstreamer
USER: Final = "us@r"
PASSWORD: Final = "sesame:p@ss/w%rd"  # noqa: S105 - of no camera
CREDENTIALS: Final = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"
COUNT: Final = 40


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Packets files: by codec, and h264 at another size."""
    folder = tmp_path_factory.mktemp("packets")
    pictures = [drawn(number, 160, 120) for number in range(COUNT)]
    made = {codec: write_packets(folder / codec, pictures, codec=codec) for codec in ("h264", "hevc", "mjpeg")}
    made["larger"] = write_packets(folder / "larger", [drawn(number, 320, 240) for number in range(COUNT)])
    return made


@pytest.fixture
def server(packets: dict[str, Path]) -> Iterator[RtspServer]:
    with RtspServer() as running:
        for codec in ("h264", "hevc", "mjpeg"):
            running.mount(f"/{codec}", packets[codec], codec=codec)
        running.mount("/protected", packets["h264"], protected=True)
        running.mount("/udp", packets["h264"], udp_only=True)
        running.allow(USER, PASSWORD)
        running.listen()
        yield running


@pytest.mark.parametrize("codec", ["h264", "hevc", "mjpeg"])
def test_pictures_come_in_order_and_on_time(server: RtspServer, codec: str) -> None:
    with WatchedCamera(server.url(f"/{codec}")) as watched:
        seen = watched.pictures(12)
        health = watched.camera.health()
    assert all((later.number - earlier.number) % COUNT == 1 for earlier, later in pairwise(seen[2:]))
    assert all(later.time_s > earlier.time_s for earlier, later in pairwise(seen))
    assert all(later.captured_monotonic_s >= earlier.captured_monotonic_s for earlier, later in pairwise(seen))
    assert seen[-1].media_s == pytest.approx(seen[-1].time_s, abs=0.5)
    assert (health.state, health.reason, health.codec) == (CaptureState.STREAMING, Reason.NONE, codec)
    assert (health.width_px, health.height_px, health.connections) == (160, 120, 1)
    assert (health.damaged, health.skipped, health.hardware) == (0, 0, False)
    assert health.received >= 12
    assert health.received_bytes > 0
    assert health.decode_s > 0


def test_digest_authentication_lets_in_who_knows_the_password(server: RtspServer) -> None:
    with WatchedCamera(server.url("/protected", CREDENTIALS)) as watched:
        watched.pictures(2)
        assert watched.camera.health().reason is Reason.NONE


@pytest.mark.parametrize("credentials", ["", f"{quote(USER)}:wrong@", "nobody:nothing@"])
def test_a_wrong_password_is_called_so_and_tried_again(server: RtspServer, credentials: str) -> None:
    with WatchedCamera(server.url("/protected", credentials)) as watched:
        assert watched.fails().reason is Reason.UNAUTHORISED
        watched.until(lambda: sum(state.state is CaptureState.CONNECTING for state in watched.states) >= 2, "a second attempt")


def test_a_stream_that_there_is_not_is_called_so(server: RtspServer) -> None:
    with WatchedCamera(server.url("/nothing")) as watched:
        assert watched.fails().reason is Reason.NOT_FOUND


def test_a_camera_without_tcp_is_read_over_udp(server: RtspServer) -> None:
    with WatchedCamera(server.url("/udp")) as watched:
        watched.pictures(3)
    assert watched.camera.health().connections == 1


def test_udp_can_be_asked_for(server: RtspServer) -> None:
    with WatchedCamera(server.url("/h264"), transport="udp") as watched:
        seen = watched.pictures(8)
    assert all((later.number - earlier.number) % COUNT == 1 for earlier, later in pairwise(seen[2:]))


def test_tcp_alone_stays_with_tcp(server: RtspServer) -> None:
    with WatchedCamera(server.url("/udp"), transport="tcp") as watched:
        for _ in range(3):
            assert watched.fails().reason is Reason.REFUSED
    assert not watched.seen


def test_a_camera_that_is_not_there_at_the_start_is_found_when_it_comes(packets: dict[str, Path]) -> None:
    with RtspServer() as server:
        server.mount("/a", packets["h264"])
        server.listen()
        server.silence()
        with WatchedCamera(server.url("/a")) as watched:
            assert watched.fails().reason is Reason.REFUSED
            server.listen()
            watched.pictures(2)
        assert watched.camera.health().connections == 1


def test_a_camera_that_goes_and_comes_back_is_watched_again_and_gate_time_goes_on(server: RtspServer) -> None:
    with WatchedCamera(server.url("/h264")) as watched:
        watched.pictures(3)
        server.silence()
        assert watched.fails().reason in {Reason.CLOSED, Reason.REFUSED}
        before = watched.seen[-1]
        server.listen()
        after = watched.pictures(3)
    assert {picture.connection for picture in after} == {before.connection + 1}
    assert after[0].time_s - before.time_s == pytest.approx(after[0].captured_monotonic_s - before.captured_monotonic_s, abs=0.5)
    assert after[0].media_s is None or after[0].media_s < 1


def test_a_stream_that_stalls_with_an_open_socket_is_left_and_tried_again(server: RtspServer) -> None:
    with WatchedCamera(server.url("/h264"), stall_s=0.5, first_byte_s=1.0) as watched:
        watched.pictures(3)
        server.stall("/h264")
        assert watched.fails().reason is Reason.STALLED
        server.resume("/h264")
        watched.pictures(2)
        assert watched.camera.health().connections == 2


def test_pictures_of_another_size_come_without_a_new_connection(server: RtspServer, packets: dict[str, Path]) -> None:
    with WatchedCamera(server.url("/h264")) as watched:
        assert watched.pictures(3)[-1].width_px == 160
        server.switch("/h264", packets["larger"])
        watched.until(lambda: watched.seen[-1].width_px == 320, "a larger picture")
        seen = watched.pictures(3)
        health = watched.camera.health()
    assert {picture.width_px for picture in seen} == {320}
    assert (health.connections, health.width_px, health.height_px) == (1, 320, 240)


@pytest.mark.parametrize("codec", ["hevc", "mjpeg"])
def test_a_camera_that_is_set_to_another_codec_goes_on_with_that(server: RtspServer, packets: dict[str, Path], codec: str) -> None:
    with WatchedCamera(server.url("/h264")) as watched:
        watched.pictures(3)
        assert watched.camera.health().codec == "h264"
        server.mount("/h264", packets[codec], codec=codec)
        server.kick()
        watched.until(lambda: watched.camera.health().codec == codec, "the other codec")
        seen = watched.pictures(3)
    assert all((later.number - earlier.number) % COUNT == 1 for earlier, later in pairwise(seen[1:]))
    assert all(later.time_s > earlier.time_s for earlier, later in pairwise(watched.seen))


@pytest.mark.parametrize("condition", ["streaming", "stalled", "waiting"])
def test_it_stops_within_a_second_whatever_it_is_doing(server: RtspServer, condition: str) -> None:
    with WatchedCamera(server.url("/nothing" if condition == "waiting" else "/h264")) as watched:
        if condition == "waiting":
            watched.fails()
        else:
            watched.pictures(2)
        if condition == "stalled":
            server.stall("/h264")
        watched.camera.stop()
        assert not watched.camera._thread.is_alive()
        assert watched.camera.health().state is CaptureState.ENDED


def test_nobody_takes_and_nothing_queues_up(server: RtspServer) -> None:
    received = threading.Semaphore(0)
    camera = LiveCamera(CameraOrder(camera="test", source=server.url("/h264")), SystemClock(), received.release)
    camera.start()
    for _ in range(15):
        assert received.acquire(timeout=60)
    camera.stop()
    health = camera.health()
    assert health.skipped == health.received - MOST_WAITING
    assert camera.take() is not None
    assert camera.take() is not None
    assert camera.take() is None


@pytest.mark.parametrize("codec", ["h264", "hevc", "mjpeg"])
def test_hardware_that_is_asked_for_and_not_there_is_done_without(server: RtspServer, codec: str) -> None:
    with WatchedCamera(server.url(f"/{codec}"), hardware_decode=True) as watched:
        seen = watched.pictures(5)
    assert all((later.number - earlier.number) % COUNT == 1 for earlier, later in pairwise(seen[2:]))


def test_the_rate_is_limited(server: RtspServer) -> None:
    with WatchedCamera(server.url("/h264"), fps_limit=2.0) as watched:
        seen = [picture.captured_monotonic_s for picture in watched.pictures(6)]
    # Three steps are 1.5 s. The first of four pictures may come late by less than a step, 0.5 s (later, and the steps begin anew with it), and the
    # last may be taken early by a quarter of a step, 0.125 s. What remains holds on however slow a machine; ten a second without a limit take 0.3 s.
    assert all(later_s - earlier_s > 0.875 for earlier_s, later_s in zip(seen, seen[3:], strict=False))


def open_now() -> tuple[int, int]:
    """Open descriptors and threads of this process."""
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def disconnected(server: RtspServer, rounds: int) -> None:
    """Throws a camera out so many times; fails where it does not come back, or something is left open."""
    with WatchedCamera(server.url("/h264")) as watched:
        watched.pictures(1)
        server.kick()
        watched.pictures(1)
        gc.collect()
        before = open_now()
        for _ in range(rounds):
            connections = watched.camera.health().connections
            server.kick()
            watched.until(lambda: watched.camera.health().connections > connections, "a new connection")  # noqa: B023 - called at once
        watched.pictures(1)
        after = open_now()
    assert after[0] <= before[0] + 1
    assert after[1] <= before[1] + 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not list open descriptors")
def test_disconnects_leave_no_descriptor_and_no_thread_open(server: RtspServer) -> None:
    disconnected(server, 8)


@pytest.mark.soak
def test_a_thousand_disconnects_leave_no_descriptor_and_no_thread_open(server: RtspServer) -> None:
    disconnected(server, 1000)


def test_neither_address_nor_password_is_in_a_log_an_output_a_repr_or_an_error(
    server: RtspServer, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unraisable(hook: object) -> None:
        raise AssertionError(repr(hook))

    monkeypatch.setattr(threading, "excepthook", unraisable)
    caplog.set_level(logging.DEBUG)
    shown = []
    for path, credentials in [("/protected", CREDENTIALS), ("/protected", "us:sesame@"), ("/nothing", CREDENTIALS), ("/udp", CREDENTIALS)]:
        with WatchedCamera(server.url(path, credentials), stall_s=0.5, first_byte_s=1.0) as watched:
            watched.tried()
            shown += [repr(watched.camera), repr(watched.order), repr(watched.camera.health())]
    out, err = capfd.readouterr()
    everything = "\n".join([out, err, caplog.text, *shown])
    assert "sesame" not in everything
    assert "127.0.0.1" not in everything
    assert (out, err) == ("", "")
