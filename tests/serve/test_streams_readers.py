"""Many who read slowly, and one who never does: real connections to a real server, in a process of their own."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from passerby.released.scene import Size
from passerby.serve.outlet import KEPT_PICTURES
from passerby.serve.slow_readers import READS_WITHIN_S
from passerby.supervise.process_memory import resident_bytes
from tests.support.streamed_site import StreamedSite

READERS = 200
HARDLY_FEWER = 0.6
"""Pictures a second beside others, of those without: a machine that others use is not even over some seconds."""
LEAST_RATE_HZ = 1.0
"""Who is alone gets a stream worth the name: without it others could lose nothing beside a crowd."""
SLOW = """
import json, socket, sys, time
port, count, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
readers = []
for number in range(count):
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect(("127.0.0.1", port))
    path = "/live/gate.ts" if number % 2 else "/live/gate.mjpg"
    reader.sendall(f"GET {path} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\n\\r\\n".encode())
    reader.settimeout(5)
    readers.append(reader)
read, begun = [0] * count, time.monotonic()
while time.monotonic() - begun < seconds:
    for number, reader in enumerate(readers):
        read[number] += len(reader.recv(4096))
    time.sleep(0.2)
print(json.dumps(read))
"""


def fast_rate_hz(site: StreamedSite, seconds: float) -> float:
    """How many bytes of video a reader that keeps up gets in a second, as pictures of the constant rate."""
    begun_s = time.monotonic()
    first = site.streams.readers
    pictures = 0
    with httpx.stream("GET", site.url("live/gate.ts"), timeout=10) as answer:
        for data in answer.iter_raw():
            # Each picture begins with one packet that begins a PES of the video's PID.
            pictures += sum(data[at] == 0x47 and data[at + 1] & 0x5F == 0x41 and data[at + 2] == 0 for at in range(0, len(data) - 187, 188))
            if time.monotonic() - begun_s > seconds:
                break
    assert first >= 0
    return pictures / (time.monotonic() - begun_s)


def until(holds: Callable[[], bool], what: str) -> None:
    """Returns once it is so; fails where that is not within a minute and a half."""
    waited, end_s = threading.Event(), time.monotonic() + 90
    while not holds():
        assert time.monotonic() < end_s, what
        waited.wait(0.05)


def until_nobody_reads(site: StreamedSite) -> None:
    """Returns once no reader is left."""
    until(lambda: site.streams.readers == 0, "readers are left")


def test_two_hundred_slow_readers_harm_nobody_and_cost_no_memory(tmp_path: Path) -> None:
    with StreamedSite({"gate": Size(768, 576)}) as site:
        with httpx.stream("GET", site.url("live/gate.ts"), timeout=30) as answer:
            next(answer.iter_raw())
        alone_rate_hz = fast_rate_hz(site, 3)
        before = resident_bytes()
        command = [sys.executable, "-c", SLOW, str(site.server.port), str(READERS), "14"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as slow:
            until(lambda: site.streams.readers >= READERS or slow.poll() is not None, "not all of them came")
            early_rate_hz = fast_rate_hz(site, 3)
            early = resident_bytes()
            late_rate_hz = fast_rate_hz(site, 3)
            late = resident_bytes()
            read = json.loads(slow.communicate(timeout=60)[0])
    assert len(read) == READERS
    assert min(read) > 0
    assert alone_rate_hz > LEAST_RATE_HZ
    assert min(early_rate_hz, late_rate_hz) > HARDLY_FEWER * alone_rate_hz
    assert late - early < 12e6
    assert late - before < READERS * 400e3


def test_one_that_never_reads_is_cut_off_and_the_others_go_on() -> None:
    with StreamedSite({"gate": Size(640, 480)}, grain=100) as site, contextlib.closing(socket.socket()) as never:
        alone_rate_hz = fast_rate_hz(site, 3)
        until_nobody_reads(site)
        never.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        never.connect(("127.0.0.1", site.server.port))
        never.sendall(f"GET /live/gate.ts HTTP/1.1\r\nHost: 127.0.0.1:{site.server.port}\r\n\r\n".encode())
        until(lambda: site.streams.readers >= 1, "nobody came")
        begun_s = time.monotonic()
        assert alone_rate_hz > LEAST_RATE_HZ
        assert fast_rate_hz(site, 3) > HARDLY_FEWER * alone_rate_hz
        until_nobody_reads(site)
        assert time.monotonic() - begun_s >= READS_WITHIN_S * 0.8


def test_a_reader_that_pauses_goes_on_at_the_newest_key_frame() -> None:
    with StreamedSite() as site, httpx.stream("GET", site.url("live/gate.ts"), timeout=30) as answer:
        data = answer.iter_raw()
        next(data)
        stream = site.streams.asked("gate", "video")
        assert stream is not None
        old = stream.outlet.read(None).position
        until(lambda: stream.outlet.newest >= (old or 0) + 2 * KEPT_PICTURES, "no newer pictures")
        reading = stream.outlet.read(old)
        assert reading.dropped
        assert stream.outlet.newest - (reading.position or 0) <= 5


@pytest.mark.parametrize("path", ["live/gate.ts", "live/gate.mjpg"])
def test_readers_end_when_the_site_does(path: str) -> None:
    with StreamedSite() as site:
        with httpx.stream("GET", site.url(path), timeout=30) as answer:
            data = answer.iter_raw()
            next(data)
            stopping = threading.Thread(target=site.streams.stop)
            stopping.start()
            assert sum(len(part) for part in data) >= 0
            stopping.join()
        assert site.streams.streamed == ()
