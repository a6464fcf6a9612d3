import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.clock import SystemClock
from passerby.errors import CaptureError, SettingsError
from passerby.released.messages import Reason
from passerby.sealed.capture import address as module
from passerby.sealed.capture.address import Address, reach, read_address
from passerby.sealed.capture.interrupt import Interrupt


@pytest.mark.parametrize(
    ("source", "scheme", "host", "port"),
    [
        ("rtsp://10.0.0.7/main", "rtsp", "10.0.0.7", 554),
        ("rtsp://user:p%40ss@camera.local:8554/main?x=1", "rtsp", "camera.local", 8554),
        ("rtsps://camera/main", "rtsps", "camera", 322),
        ("http://[fe80::1]/mjpeg", "http", "fe80::1", 80),
        ("https://camera/x", "https", "camera", 443),
    ],
)
def test_an_address_of_a_camera_is_read(source: str, scheme: str, host: str, port: int) -> None:
    assert read_address(source) == Address(source, scheme, host, port, None)


def test_a_file_is_an_address_with_its_name_decoded() -> None:
    assert read_address("file:///clips/a%20b%25.mp4").path == Path("/clips/a b%.mp4")


@given(st.text(max_size=60) | st.sampled_from(["rtsp://", "rtsp://:sesame@", "file://host/x", "ftp://a/b", "rtsp://h:sesame/", "http://[::sesame"]))
def test_what_is_no_address_is_refused_without_being_quoted(source: str) -> None:
    refused: SettingsError | None = None
    try:
        found = read_address(source)
        assert found.host or found.path
    except SettingsError as error:
        refused = error
    if refused is not None:
        assert "sesame" not in f"{refused} {refused.hint}"
        assert refused.__context__ is None


def test_an_address_shows_neither_host_nor_password() -> None:
    shown = repr(read_address("rtsp://user:sesame@10.0.0.7/token-sesame"))
    assert "sesame" not in shown
    assert "10.0.0.7" not in shown


@contextmanager
def listening() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def knocked(source: str) -> Reason:
    interrupt = Interrupt(SystemClock())
    try:
        reach(read_address(source), interrupt)
    except CaptureError as fault:
        return Reason(fault.reason)
    return Reason.NONE


def test_somebody_who_listens_is_reached_by_number_and_by_name() -> None:
    with listening() as port:
        assert knocked(f"rtsp://127.0.0.1:{port}/") is Reason.NONE
        assert knocked(f"rtsp://localhost:{port}/") is Reason.NONE


def test_a_port_where_nobody_listens_refuses() -> None:
    with listening() as port:
        pass
    assert knocked(f"rtsp://127.0.0.1:{port}/") is Reason.REFUSED


def test_a_name_that_there_is_not_is_not_reached() -> None:
    assert knocked("rtsp://nobody.invalid/") is Reason.UNREACHABLE


def test_a_name_that_is_looked_up_for_ever_is_left_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    release, asked = threading.Event(), threading.Event()

    def blocked(*_arguments: object, **_more: object) -> list[object]:
        asked.set()
        release.wait()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", blocked)
    interrupt = Interrupt(SystemClock())

    def stop() -> None:
        asked.wait()
        interrupt.stop()

    threading.Thread(target=stop).start()
    try:
        with pytest.raises(CaptureError, match=Reason.UNREACHABLE.value):
            reach(read_address("rtsp://camera/"), interrupt)
    finally:
        release.set()


def test_a_host_that_does_not_answer_is_left_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CONNECT_S", 0.2)
    with closing(socket.socket()) as full:
        # A queue of one connection that nobody takes: further ones get no answer, as from a machine that is switched off.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for knocking in waiting:
            knocking.setblocking(False)
            knocking.connect_ex(full.getsockname())
        try:
            assert knocked(f"rtsp://127.0.0.1:{full.getsockname()[1]}/") is Reason.NO_FIRST_BYTE
        finally:
            for knocking in waiting:
                knocking.close()
