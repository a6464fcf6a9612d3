"""Cameras that speak HTTP."""

import base64
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from passerby.released.messages import CaptureState, Reason
from tests.support.clips import Recipe, write_clip
from tests.support.http_camera import NUMBERS, HttpCamera
from tests.support.watched_camera import WatchedCamera


@pytest.fixture
def http() -> Iterator[HttpCamera]:
    with HttpCamera() as running:
        yield running


@pytest.mark.parametrize(("path", "codec", "has_clock"), [("/mjpeg", "mjpeg", False), ("/ts", "h264", True), ("/hls.m3u8", "h264", True)])
def test_pictures_come_in_order_and_as_life_goes_on(http: HttpCamera, path: str, codec: str, has_clock: bool) -> None:
    with WatchedCamera(http.url(path)) as watched:
        seen = watched.pictures(15)
        health = watched.camera.health()
    assert all((later.number - earlier.number) % NUMBERS == 1 for earlier, later in pairwise(seen))
    assert all(later.time_s > earlier.time_s for earlier, later in pairwise(seen))
    # 14 steps of a tenth of a second: also what comes faster over the network is not given faster.
    assert seen[-1].captured_monotonic_s - seen[0].captured_monotonic_s > 1.0
    assert all((picture.media_s is not None) == has_clock for picture in seen)
    assert (health.state, health.reason, health.codec, health.connections) == (CaptureState.STREAMING, Reason.NONE, codec, 1)
    assert (health.damaged, health.repaired, health.skipped) == (0, 0, 0)


@pytest.mark.parametrize("path", ["/mjpeg", "/ts"])
def test_a_stream_that_stalls_with_an_open_socket_is_left_and_tried_again(http: HttpCamera, path: str) -> None:
    with WatchedCamera(http.url(path), stall_s=0.5, first_byte_s=1.5) as watched:
        watched.pictures(3)
        http.faults.stalled = True
        assert watched.fails().reason is Reason.STALLED
        http.faults.stalled = False
        watched.pictures(3)
        assert watched.camera.health().connections >= 2


def test_a_camera_that_closes_the_stream_is_tried_again(http: HttpCamera) -> None:
    with WatchedCamera(http.url("/ts")) as watched:
        watched.pictures(3)
        http.faults.gone = True
        assert watched.fails().reason is Reason.CLOSED
        http.faults.gone = False
        watched.pictures(3)


@pytest.mark.parametrize(
    ("status", "reason"), [(401, Reason.UNAUTHORISED), (403, Reason.UNAUTHORISED), (404, Reason.NOT_FOUND), (503, Reason.REFUSED)]
)
def test_an_answer_that_is_no_stream_has_its_reason(http: HttpCamera, status: int, reason: Reason) -> None:
    http.faults.status = status
    with WatchedCamera(http.url("/ts")) as watched:
        assert watched.fails().reason is reason


def test_basic_authentication_lets_in_who_knows_the_password(http: HttpCamera) -> None:
    http.faults.basic = base64.b64encode(b"user:p@ss").decode()
    with WatchedCamera(http.url("/ts", "user:p%40ss@")) as watched:
        watched.pictures(2)
    with WatchedCamera(http.url("/ts", "user:other@")) as watched:
        assert watched.fails().reason is Reason.UNAUTHORISED


def test_a_camera_sends_nobody_to_a_file(http: HttpCamera, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", Recipe())
    http.faults.redirect = clip.as_uri()
    with WatchedCamera(http.url("/ts")) as watched:
        assert watched.fails().reason is Reason.DAMAGED
    assert not watched.seen


def test_garbage_that_flows_for_ever_is_left_when_the_time_is_over(http: HttpCamera) -> None:
    http.faults.garbage = True
    with WatchedCamera(http.url("/ts"), first_byte_s=1.0, stall_s=0.5) as watched:
        assert watched.fails().reason in {Reason.NO_FIRST_BYTE, Reason.DAMAGED, Reason.NO_VIDEO}
        http.faults.garbage = False
        watched.pictures(2)


@contextmanager
def saying(words: bytes) -> Iterator[int]:
    """A port where everybody who comes is told this, and then nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        taken: list[socket.socket] = []

        def talk() -> None:
            while True:
                try:
                    taken.append(server.accept()[0])
                    taken[-1].sendall(words)
                except OSError:
                    return

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in taken:
                connection.close()


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"\x00" * 5000,
        bytes(range(256)) * 64,
        b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 99999999\r\n\r\n",
        b"RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: file:///etc/hostname\r\n\r\n",
        b"$\x00\xff\xff" + b"\x80" * 70000,
        b"\r\n" * 3000,
    ],
    ids=["nothing", "zeros", "bytes", "http", "endless", "redirect", "packet", "lines"],
)
def test_whoever_answers_with_nonsense_is_tried_again_for_ever(scheme: str, words: bytes) -> None:
    with saying(words) as port, WatchedCamera(f"{scheme}://user:sesame@127.0.0.1:{port}/x", first_byte_s=0.5, stall_s=0.5) as watched:
        first = watched.fails()
        watched.until(lambda: sum(state.state is CaptureState.CONNECTING for state in watched.states) >= 2, "a second attempt")
    assert first.reason not in {Reason.NONE, Reason.NOT_YET, Reason.CRASHED}
    assert not watched.seen


def test_neither_address_nor_password_is_in_a_log_or_an_output(
    http: HttpCamera, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for path in ("/mjpeg", "/hls.m3u8", "/nothing?token=sesame"):
        with WatchedCamera(http.url(path, "user:sesame@")) as watched:
            watched.tried()
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    assert "sesame" not in caplog.text
    assert "127.0.0.1" not in caplog.text


def test_a_proxy_of_the_environment_is_not_told_of_cameras(http: HttpCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    with saying(b"") as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy}")
        with WatchedCamera(http.url("/ts"), first_byte_s=5.0) as watched:
            watched.pictures(2)
            assert watched.camera.health().connections == 1
            assert [state.state for state in watched.states] == [CaptureState.CONNECTING, CaptureState.STREAMING]
