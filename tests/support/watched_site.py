"""A site whose workers only talk, in this process: how much memory the supervisor needs, as JSON.

python -m tests.support.watched_site FOLDER CAMERAS WIDTH HEIGHT HZ SECONDS
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from passerby.clock import SystemClock
from passerby.record.receipts import FileReceipts
from passerby.record.recorder import Recordings
from passerby.record.settings import RecordingSettings
from passerby.serve.app import application
from passerby.serve.http_server import HttpServer
from passerby.serve.painter_process import PainterProcess
from passerby.serve.pictures import KEEP_S, Pictures
from passerby.site.orders import CameraOrder, Configure
from passerby.supervise.process_memory import give_back_large_blocks, resident_bytes
from passerby.supervise.running_site import CameraFacts, RunningSite
from passerby.supervise.supervisor import Workers
from tests.support.journals import KeptJournal

WORKERS = 4
READERS = 5
TALKER = Path(__file__).with_name("talking_worker.py")


class Peak:
    """The most memory that there was, as far as looks some times a second can tell."""

    def __init__(self) -> None:
        self.bytes = 0
        self._ended = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    def during(self, step: Callable[[], object]) -> int:
        """The most during a step."""
        self.bytes = 0
        step()
        return self.bytes

    def _look(self) -> None:
        while not self._ended.wait(0.02):
            self.bytes = max(self.bytes, resident_bytes())


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def main() -> None:
    folder, cameras, size, seconds = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:6], float(sys.argv[6])
    give_back_large_blocks()
    ids = [f"camera-{number}" for number in range(cameras)]
    orders = [tuple(CameraOrder(camera=camera, source="made up") for camera in ids[first::WORKERS]) for first in range(WORKERS)]
    configures = [Configure(cameras=order, models_folder=Path("/")) for order in orders]
    clock, journal = SystemClock(), KeptJournal()
    settings = RecordingSettings(retention_s=dict.fromkeys(ids, 3600.0), free_space_floor_bytes=0)
    recordings = Recordings(folder / "recordings", settings, clock, FileReceipts(folder / "receipts.jsonl"))
    command = (sys.executable, str(TALKER), *size)
    facts = [CameraFacts(camera, camera, "", "glyphs") for camera in ids]
    site = RunningSite(
        "site", facts, lambda message, worker: Workers(configures, clock, message, worker, command=command), recordings, clock, journal
    )
    pictures = Pictures(site.places, PainterProcess(), clock)
    server = HttpServer(application(site, pictures), "127.0.0.1", 0)
    site.start()
    server.start()
    answered: list[str] = []
    grounds: list[str] = []
    told: list[int] = []

    def watch(watched: list[str]) -> None:
        until_s = time.monotonic() + 2 * seconds
        with httpx.Client(base_url=server.address, timeout=30) as client:
            while time.monotonic() < until_s:
                answered.extend(camera for camera in watched if client.get(f"/live/{camera}.jpg").status_code == 200)
                grounds.extend(camera for camera in watched if client.get(f"/live/{camera}/ground.jpg?w=480").status_code == 200)

    def follow() -> None:
        until_s = time.monotonic() + 2 * seconds
        with httpx.Client(base_url=server.address, timeout=30) as client, client.stream("GET", "/api/live") as feed:
            for part in feed.iter_raw():
                told.append(part.count(b"event: scene"))
                if time.monotonic() > until_s:
                    break

    def watch_all() -> None:
        readers = [threading.Thread(target=watch, args=(ids[first::READERS],)) for first in range(READERS)] + [threading.Thread(target=follow)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()

    peak = Peak()
    unwatched = peak.during(lambda: time.sleep(seconds))
    before = descriptors()
    watched = peak.during(watch_all)
    time.sleep(KEEP_S + 2)
    measured = {
        "unwatched_bytes": unwatched,
        "watched_bytes": watched,
        "afterwards_bytes": resident_bytes(),
        "descriptors": before,
        "descriptors_afterwards": descriptors(),
        "pictures": len(set(answered)),
        "grounds": len(set(grounds)),
        "scenes": sum(told),
        "lost": sum(camera.lost_scenes for camera in site.now().cameras),
    }
    site.stop()
    server.stop(2.0)
    print(json.dumps(measured))  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
