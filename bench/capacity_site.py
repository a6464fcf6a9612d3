"""A whole site for a measurement: a real RTSP server with cameras that loop a clip, and `passerby run` as it ships, each on cores of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from prometheus_client.parser import text_string_to_metric_families

from bench.clips import Picture
from bench.processes import resident_mb
from tests.support.rtsp_server import RtspServer, write_packets

PROGRAM: Final = "import sys; from passerby.cli import main; main()"
START_LIMIT_S: Final = 90.0
STOP_LIMIT_S: Final = 15.0
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Reading:
    """What `/metrics` said at one moment.

    Attributes:
        time_s: Monotonic.
        values: By name and labels.
        cpu_s: Processor time by process id, of the site's processes.
        resident_mb: Of all of them together.
    """

    time_s: float
    values: dict[tuple[str, Labels], float]
    cpu_s: dict[int, float]
    resident_mb: float

    def total(self, name: str) -> float:
        """The sum over all labels."""
        return sum(value for (found, _), value in self.values.items() if found == name)

    def most(self, name: str) -> float:
        """The largest over all labels; 0 = there is none."""
        return max((value for (found, _), value in self.values.items() if found == name), default=0.0)

    def buckets(self, name: str) -> dict[float, float]:
        """A histogram over all cameras: how many were at most so long."""
        found: dict[float, float] = {}
        for (each, labels), value in self.values.items():
            if each == f"{name}_bucket":
                bound_s = float(dict(labels)["le"])
                found[bound_s] = found.get(bound_s, 0.0) + value
        return found


@dataclass
class Cameras:
    """What the server shows: how many cameras, of which packets."""

    packets: Path
    count: int
    fps: float
    codec: str = "h264"
    settings: Sequence[str] = field(default=())
    """More lines of each camera's table in site.toml."""


class MeasuredSite:
    """A server and a running site. A context: both end with it.

    Args:
        folder: For the state, the site file and the log; empty.
        cameras: What the server shows.
        cores: Cores of the site, and cores of the server.
        recording: Whether it records.
        port: Where it serves; 0 = anywhere.
    """

    def __init__(self, folder: Path, cameras: Cameras, cores: tuple[set[int], set[int]], *, recording: bool = True, port: int = 0) -> None:
        self._folder, self._cameras, self._cores, self._recording, self._port = folder, cameras, cores, recording, port
        self.server = RtspServer()
        self._process: subprocess.Popen[str] | None = None
        self._address = ""

    def __enter__(self) -> Self:
        os.sched_setaffinity(self.server.pid, self._cores[1])
        for number in range(self._cameras.count):
            self.server.mount(f"/{number}", self._cameras.packets, codec=self._cameras.codec, fps=self._cameras.fps)
        self.server.listen()
        self.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()
        self.server.close()

    def end(self) -> None:
        """Ends the site, as a service manager does; the cameras go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    @property
    def address(self) -> str:
        """Of its page, without the last slash."""
        return self._address

    @property
    def state_folder(self) -> Path:
        """Where the site keeps its state."""
        return self._folder / "state"

    def begin(self) -> None:
        """Starts the site; returns once it says where it is."""
        self._folder.mkdir(parents=True, exist_ok=True)
        site = self._folder / "site.toml"
        site.write_text(self._site_file(), encoding="utf-8")
        command = [
            "taskset",
            "-c",
            ",".join(map(str, sorted(self._cores[0]))),
            sys.executable,
            "-I",
            "-c",
            PROGRAM,
            "run",
            str(site),
            "--log",
            "json",
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self._process.stdout.readline() if self._process.stdout else ""
        found = re.search(r"http://\S+", line)
        if found is None:
            raise RuntimeError(f"passerby run printed {line!r} instead of its address: {(self._folder / 'log').read_text()[-2000:]}")
        self._address = found.group().rstrip("/")

    def _site_file(self) -> str:
        lines = [
            "[site]",
            'name = "Capacity"',
            f"state_folder = {json.dumps(str(self.state_folder))}",
            "",
            "[server]",
            f'address = "127.0.0.1:{self._port}"',
            "",
        ]
        lines += ["[recording]", f"enabled = {'true' if self._recording else 'false'}", ""]
        for number in range(self._cameras.count):
            lines += ["[[camera]]", f'id = "camera-{number}"', f"source = {json.dumps(self.server.url(f'/{number}'))}", 'purpose = "A measurement"']
            lines += [*self._cameras.settings, ""]
        return "\n".join(lines)

    @property
    def pid(self) -> int:
        """The supervisor."""
        if self._process is None:
            raise RuntimeError("the site was not started")
        return self._process.pid

    def get(self, path: str) -> bytes:
        """The body of an answer."""
        with urllib.request.urlopen(self._address + path, timeout=10) as answer:  # noqa: S310 - our own address
            body: bytes = answer.read()
        return body

    def cameras(self) -> list[dict[str, Any]]:
        """What `/api/cameras` says."""
        found: list[dict[str, Any]] = json.loads(self.get("/api/cameras"))["cameras"]
        return found

    def read(self) -> Reading:
        """What the metrics say now."""
        now_s = time.monotonic()
        values = {}
        for family in text_string_to_metric_families(self.get("/metrics").decode()):
            for sample in family.samples:
                values[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
        return Reading(now_s, values, {pid: cpu_s(pid) for pid in [self.pid, *children(self.pid)]}, resident_mb(os.getpid()) or 0.0)

    def wait(self, holds: Callable[[], bool], what: str, limit_s: float = START_LIMIT_S) -> float:
        """Seconds until something holds. Raises RuntimeError where it never does."""
        begun_s = time.monotonic()
        while not holds():
            if time.monotonic() - begun_s > limit_s:
                raise RuntimeError(f"after {limit_s:.0f} s still not: {what}")
            time.sleep(0.05)
        return time.monotonic() - begun_s

    def all_stream(self) -> bool:
        """Whether every camera has given a picture."""
        return all(camera["stream"] is not None and camera["stream"]["received"] > 0 for camera in self.cameras())


def children(pid: int) -> list[int]:
    """All that a process started, and what those started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            below = (task / "children").read_text().split()
        except OSError:
            continue
        for child in map(int, below):
            found += [child, *children(child)]
    return found


def cpu_s(pid: int) -> float:
    """Processor time of a process so far; 0 = it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    """Resident memory of a process in MB; 0 = it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def descriptors(pid: int) -> int:
    """Open files, pipes and sockets of a process; 0 = it is gone."""
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


def packets(path: Path, pictures: Iterable[Picture], fps: int) -> Path:
    """The pictures as a camera would send them: H.264, a key frame every two seconds."""
    return write_packets(path, pictures, fps=fps, key_s=2.0)
