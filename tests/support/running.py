"""`passerby run` as a real process: started, asked over HTTP, told by signals."""

import contextlib
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

CODE: Final = "from passerby.cli import main; main()"
START_WITHIN_S: Final = 60.0
LOOK_AGAIN_S: Final = 0.05


class RunningPasserby:
    """A process of `passerby run ...`. Its log lines are kept.

    Args:
        arguments: What follows `passerby run`.
    """

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-c", CODE, "run", *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self.log: list[str] = []
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._readers = [threading.Thread(target=self._read_out, daemon=True), threading.Thread(target=self._read_log, daemon=True)]
        for reader in self._readers:
            reader.start()
        self._client: httpx.Client | None = None

    @property
    def client(self) -> httpx.Client:
        """A client of its pages; waits until it says where they are."""
        while self._client is None:
            found = re.search(r"Passerby is at (\S+)", self._said.get(timeout=START_WITHIN_S))
            if found:
                self._client = httpx.Client(base_url=found[1], timeout=10)
        return self._client

    def get(self, path: str) -> httpx.Response:
        """An answer of its pages."""
        return self.client.get(path)

    def cameras(self) -> dict[str, dict[str, Any]]:
        """How its cameras are, by id."""
        return {camera["id"]: camera for camera in self.get("/api/cameras").json()["cameras"]}

    def wait_for(self, holds: Callable[[], object], within_s: float = START_WITHIN_S) -> None:
        """Waits until something holds, for the process works at its own pace."""
        until_s = time.monotonic() + within_s
        while not holds():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < until_s, self.log
            time.sleep(LOOK_AGAIN_S)

    def logged(self, event: str) -> list[str]:
        """The log's lines that name an event."""
        return [line for line in list(self.log) if event in line]

    def end(self, number: int = signal.SIGTERM, within_s: float = 8.0) -> tuple[int, float]:
        """Its exit code after a signal, and how many seconds it took to end."""
        begun_s = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(within_s)
        took_s = time.monotonic() - begun_s
        for reader in self._readers:
            reader.join(5)
        return code, took_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._client is not None:
            self._client.close()
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join(5)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _read_out(self) -> None:
        for line in self.process.stdout or ():
            self._said.put(line)

    def _read_log(self) -> None:
        for line in self.process.stderr or ():
            self.log.append(line)


def site_file(folder: Path, clip: Path, more: str = "", **site: str) -> Path:
    """A site file with one camera, `gate`, that plays a clip again and again; on any free port, with its state beside it.

    Args:
        folder: Where.
        clip: What the camera shows.
        more: Lines for the camera.
        site: Texts for the table [site].
    """
    tables = {"name": "Test place", "state_folder": "state"} | site
    path = folder / "site.toml"
    path.write_text(
        "[site]\n"
        + "".join(f'{key} = "{value}"\n' for key, value in tables.items())
        + '[server]\naddress = "127.0.0.1:0"\n[recording]\nfree_space_floor = "0 MB"\n'
        + f'[[camera]]\nid = "gate"\nname = "South gate"\nsource = "{clip}"\npurpose = "To test."\nsettle_s = 2\n{more}',
        encoding="utf-8",
    )
    return path
