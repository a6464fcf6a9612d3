"""A stream that is sent to a real RTSP server, which refuses it, takes it, dies and hangs."""

import contextlib
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import av
import pytest

from passerby.clock import SystemClock
from passerby.released.scene import Size
from passerby.serve.pushes import Pushes
from passerby.serve.streams import KEEP_S
from tests.support.journals import KeptJournal
from tests.support.players import needs_ffmpeg
from tests.support.rtsp_server import PYTHON, needs_gstreamer
from tests.support.streamed_site import SIZE, StreamedSite

RIGHT, WRONG = "hunter2", "wr0ng"
LONG_S = 60.0
SINK = Path(__file__).parents[1] / "support" / "rtsp_sink_process.py"


def wait(enough: Callable[[], bool], within_s: float = LONG_S) -> None:
    waited = threading.Event()
    for _ in range(int(within_s / 0.05)):
        if enough():
            return
        waited.wait(0.05)
    raise AssertionError(f"not within {within_s} s")


@pytest.fixture
def site() -> Iterator[StreamedSite]:
    with StreamedSite() as running:
        yield running


@pytest.fixture
def journal() -> KeptJournal:
    return KeptJournal()


@pytest.fixture
def pushes(site: StreamedSite, journal: KeptJournal) -> Iterator[Pushes]:
    sending = Pushes(site.streams, SystemClock(), journal)
    yield sending
    sending.stop()


def free_port() -> int:
    with contextlib.closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Sink:
    """A GStreamer RTSP server that takes streams."""

    def __init__(self, file: Path, port: int = 0, user: str = "", password: str = "") -> None:
        command = [PYTHON, str(SINK), str(port), user, password, str(file)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def bytes(self) -> int:
        return self.file.stat().st_size if self.file.exists() else 0


def pictures_in(file: Path) -> list[tuple[int, int]]:
    """Sizes of the pictures that were taken."""
    with av.open(file, "r", format="h264") as container:
        return [(frame.width, frame.height) for frame in container.decode(video=0)]


@needs_gstreamer
def test_a_server_with_a_password_takes_the_stream(site: StreamedSite, pushes: Pushes, journal: KeptJournal, tmp_path: Path) -> None:
    with Sink(tmp_path / "taken.h264", 0, "nvr", RIGHT) as sink:
        pushes.follow({"gate": f"rtsp://nvr:{RIGHT}@127.0.0.1:{sink.port}/gate"})
        wait(lambda: sink.bytes > 20_000)
        commands = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        environment = b"".join(Path(f"/proc/{push.pid}/environ").read_bytes() for push in pushes.pushed)
    assert set(pictures_in(sink.file)) == {(SIZE.width_px, SIZE.height_px)}
    assert [push.begun for push in pushes.pushed] == [1]
    assert f"nvr:{RIGHT}" not in commands
    assert RIGHT.encode() not in environment
    assert RIGHT not in str(journal.events)


@needs_gstreamer
def test_a_wrong_password_is_said_and_nothing_of_it(pushes: Pushes, journal: KeptJournal, tmp_path: Path) -> None:
    with Sink(tmp_path / "taken.h264", 0, "nvr", RIGHT) as sink:
        pushes.follow({"gate": f"rtsp://nvr:{WRONG}@127.0.0.1:{sink.port}/gate"})
        wait(lambda: bool(journal.events))
    assert journal.events[0][2]["why"] == "the server refuses the user or the password"
    assert WRONG not in str(journal.events)
    assert WRONG not in repr(pushes.pushed)
    assert sink.bytes == 0


@needs_gstreamer
def test_a_server_that_comes_late_and_again_gets_the_stream(site: StreamedSite, pushes: Pushes, journal: KeptJournal, tmp_path: Path) -> None:
    port = free_port()
    pushes.follow({"gate": f"rtsp://127.0.0.1:{port}/gate"})
    wait(lambda: bool(journal.events))
    assert journal.events[0][2]["why"] == "the server refuses the connection"
    with Sink(tmp_path / "first.h264", port) as sink:
        wait(lambda: sink.bytes > 5_000)
    wait(lambda: any(event[2].get("why") == "the connection ended" for event in journal.events))
    with Sink(tmp_path / "second.h264", port) as sink:
        wait(lambda: sink.bytes > 5_000)
    assert pushes.pushed[0].begun == 2


@needs_gstreamer
def test_a_server_that_hangs_holds_up_no_reader_and_is_given_up(journal: KeptJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.serve.pushes.TAKES_WITHIN_S", 2.0)
    with StreamedSite({"gate": Size(640, 480)}, grain=100) as site, Sink(tmp_path / "taken.h264") as sink:
        sending = Pushes(site.streams, SystemClock(), journal)
        sending.follow({"gate": f"rtsp://127.0.0.1:{sink.port}/gate"})
        try:
            wait(lambda: sink.bytes > 100_000)
            first = sending.pushed[0].pid
            sink.process.send_signal(signal.SIGSTOP)
            stream = site.streams.asked("gate", "video")
            assert stream is not None
            newest = stream.outlet.newest
            wait(lambda: stream.outlet.newest > newest + 20)
            wait(lambda: sending.pushed[0].pid != first)
            newest = stream.outlet.newest
            wait(lambda: stream.outlet.newest > newest + 10)
        finally:
            sending.stop()


@needs_ffmpeg
def test_ffmpeg_takes_the_stream(pushes: Pushes, tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "taken.mp4"
    address = f"rtsp://127.0.0.1:{port}/gate"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-rtsp_flags", "listen", "-i", address, "-t", "3", "-c", "copy", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as taker:
        pushes.follow({"gate": address})
        taker.communicate(timeout=90)
    with av.open(file, "r") as container:
        assert len(list(container.decode(video=0))) >= 25


def test_what_is_not_sent_any_more_ends_with_its_encoder(site: StreamedSite, pushes: Pushes) -> None:
    pushes.follow({"gate": f"rtsp://127.0.0.1:{free_port()}/gate"})
    wait(lambda: site.streams.pid("gate") is not None)
    pid = site.streams.pid("gate")
    pushes.follow({})
    assert pushes.pushed == ()
    wait(lambda: not Path(f"/proc/{pid}").exists(), KEEP_S + 20)


def test_what_stays_the_same_is_not_touched(pushes: Pushes) -> None:
    port = free_port()
    pushes.follow({"gate": f"rtsp://127.0.0.1:{port}/gate"})
    (before,) = pushes.pushed
    pushes.follow({"gate": f"rtsp://127.0.0.1:{port}/gate"})
    assert pushes.pushed == (before,)
    pushes.follow({"gate": f"rtsp://127.0.0.1:{port}/other"})
    assert pushes.pushed[0] is not before
