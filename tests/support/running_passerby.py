"""`passerby run` as people start it: a process, its workers, its pages over HTTP, its log. Conditions are waited for, and never for long enough that
a machine under load fails: what is bounded is that they come at all."""

import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast

import httpx

GENEROUS_S: Final = 90.0
"""Everything that is waited for comes within seconds on a quiet machine."""
LOOK_EVERY_S: Final = 0.1
SHIFTED: Final = Path(__file__).with_name("shifted_clock.py")
PROGRAM: Final = "from passerby.cli import main; main()"
Found = TypeVar("Found")


def until(look: Callable[[], Found], what: str | Callable[[], str], within_s: float = GENEROUS_S) -> Found:
    """The first result that holds. Fails where there is none in time, with `what` was wanted."""
    end_s = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end_s:
            raise AssertionError(f"after {within_s:.0f} s still not: {what() if callable(what) else what}")
        time.sleep(LOOK_EVERY_S)


class WallClock:
    """The wall clock of the processes of one `RunningPasserby`.

    Args:
        folder: An empty folder for its file.
        offset_s: How far it is off.
    """

    def __init__(self, folder: Path, offset_s: float = 0.0) -> None:
        folder.mkdir(exist_ok=True)
        self.file = folder / "offset"
        self.file.write_bytes(struct.pack("<d", offset_s))
        self.offset_s = offset_s

    def shift(self, by_s: float) -> None:
        """Jumps."""
        self.offset_s += by_s
        with self.file.open("r+b") as file:
            file.write(struct.pack("<d", self.offset_s))

    def now_s(self) -> float:
        """What it says."""
        return time.time() + self.offset_s


class RunningPasserby:
    """`passerby run SITE`. A context: killed at its end where it still runs.

    Args:
        site: The site file.
        log: Where its log lines go.
        clock: Its wall clock; None = the machine's.
        environ: More variables of the environment.
    """

    def __init__(self, site: Path, log: Path, clock: WallClock | None = None, environ: dict[str, str] | None = None) -> None:
        self.log_path = log
        begin = [sys.executable, "-I", str(SHIFTED), str(clock.file)] if clock else [sys.executable, "-I", "-c", PROGRAM]
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [*begin, "run", str(site), "--log", "json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **(environ or {})},
            )
        self.pid = self.process.pid
        self.address = ""
        self._client = httpx.Client(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        workers = self.worker_pids() if self.process.poll() is None else []
        self.process.kill()
        self.process.wait(GENEROUS_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._client.close()
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    # What it says

    def log(self) -> str:
        """All log lines."""
        return self.log_path.read_text("utf-8", errors="replace")

    def started(self) -> Self:
        """Returns once its address is printed."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        found = re.search(r"http://\S+", line)
        assert found, f"it says {line!r} instead of its address: {self.log()[-2000:]}"
        self.address = found.group().rstrip("/")
        return self

    def get(self, path: str) -> httpx.Response:
        """The answer to a request."""
        return self._client.get(self.address + path)

    def cameras(self) -> dict[str, dict[str, Any]]:
        """What `/api/cameras` says, by id."""
        answer = self.get("/api/cameras")
        answer.raise_for_status()
        return {camera["id"]: camera for camera in answer.json()["cameras"]}

    def camera(self, camera: str) -> dict[str, Any]:
        """What is said of one camera."""
        return self.cameras()[camera]

    def received(self, camera: str) -> int:
        """How many pictures of a camera have come in since its worker began; 0 = none, or not known yet."""
        stream = self.camera(camera)["stream"]
        return int(stream["received"]) if stream else 0

    def flows(self, camera: str, within_s: float = GENEROUS_S) -> dict[str, Any]:
        """Returns what is said of a camera once fresh scenes of it come, newer than this call."""
        begun_s = time.monotonic()

        def fresh() -> dict[str, Any] | None:
            now = self.camera(camera)
            age_s = now["picture_age_s"]
            return now if now["has_picture"] and age_s is not None and age_s < time.monotonic() - begun_s else None

        return until(fresh, lambda: f"scenes of {camera}: {self.camera(camera)['says']}", within_s) or {}

    def says(self, camera: str, words: str, within_s: float = GENEROUS_S) -> None:
        """Returns once what is said of a camera holds these words."""
        until(lambda: words in self.camera(camera)["says"], lambda: f"'{words}' of {camera}: {self.camera(camera)['says']}", within_s)

    def events(self, event: str) -> list[dict[str, Any]]:
        """The log's lines of one kind."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]

    # Its processes

    def worker_pids(self) -> list[int]:
        """The process ids of its sealed workers."""
        return [pid for pid in children(self.pid) if "passerby.sealed.worker" in command_line(pid)]

    def worker_of(self, camera: str) -> int:
        """The process id of a camera's worker, as the log last said."""
        told = [line for line in self.events("worker runs") if camera in line["cameras"]]
        return int(told[-1]["pid"])

    def tell(self, number: int) -> None:
        """Sends a signal to the supervisor."""
        self.process.send_signal(number)

    def ended(self, within_s: float = GENEROUS_S) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait(within_s)


def children(pid: int) -> list[int]:
    """The children of a process and theirs."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *children(int(child))]
    return found


def command_line(pid: int) -> str:
    """The command line of a process; "" = it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def is_gone(pid: int) -> bool:
    """Whether a process has ended: a zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def descriptors(pid: int) -> int:
    """How many files, pipes and sockets a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@contextmanager
def small_disk(folder: Path, size: str, options: str = "") -> Iterator[Path]:
    """A tmpfs of a size such as "8m" in a folder. Skips where it cannot be had."""
    import pytest  # noqa: PLC0415 - of use here only

    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}{options}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs to mount a small tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def json_of(path: Path) -> dict[str, Any]:
    """A JSON file."""
    return cast("dict[str, Any]", json.loads(path.read_text("utf-8")))
