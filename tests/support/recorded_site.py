"""A real HTTP server over real recordings: recorded by the recorder with a clock set by hand, read by processes with the clock of the machine."""

import threading
import time
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from zoneinfo import ZoneInfo

import httpx

from passerby.clock import SystemClock
from passerby.record.folder import MINUTE_S
from passerby.record.receipts import FileReceipts, Receipt, read_receipts
from passerby.serve.app import application
from passerby.serve.archive import Archive, ArchiveFacts
from passerby.serve.http_server import HttpServer
from passerby.serve.painter_process import PainterProcess
from passerby.serve.pictures import Pictures
from passerby.serve.recorded_places import RecordedPlaces
from passerby.supervise.live_places import LivePlaces
from tests.support.recorded import DAY, Kept
from tests.support.site_now import ToldSite, camera_now, site_now

CHANGES = {"x-passerby": "1"}


def minutes_ago(minutes: float) -> float:
    """The begin of the minute so many minutes ago."""
    return (time.time() // MINUTE_S - minutes) * MINUTE_S


class RecordedSite:
    """A folder with recordings and a server for them.

    Attributes:
        kept: Records; its clock is set by hand.
        begin_s: When its clock began.
        places: What answers.
    """

    def __init__(
        self,
        state: Path,
        *,
        cameras: tuple[str, ...] = ("gate",),
        begin_s: float | None = None,
        retention_s: float = DAY,
        zone: str = "UTC",
        names: dict[str, str] | None = None,
    ) -> None:
        self.state = state
        self.begin_s = minutes_ago(30) if begin_s is None else begin_s
        self.kept = Kept(state / "recordings", cameras=cameras, begin_s=self.begin_s, retention_s=retention_s)
        self.receipts_path = state / "receipts.jsonl"
        self.receipts = FileReceipts(self.receipts_path)
        self.facts = ArchiveFacts(
            zone=ZoneInfo(zone),
            zone_name=zone,
            names=MappingProxyType(names or {camera: camera.title() for camera in cameras}),
            retention_s=MappingProxyType(dict.fromkeys(cameras, retention_s)),
        )
        self.clock = SystemClock()
        self.archive = Archive(state / "recordings", self.receipts, lambda: self.facts, self.clock)
        self.places = RecordedPlaces(self.archive)
        site = ToldSite(site_now(*(camera_now(camera, name=self.facts.names[camera]) for camera in cameras)))
        pictures = Pictures(LivePlaces(cameras, lambda _camera: None, self.clock), PainterProcess(), self.clock)
        self.server = HttpServer(application(site, pictures, recorded=self.places), "127.0.0.1", 0)
        self.client: httpx.Client | None = None

    def __enter__(self) -> Self:
        self.server.start()
        self.client = httpx.Client(base_url=self.server.address, timeout=30, headers=CHANGES)
        return self

    def __exit__(self, *_error: object) -> None:
        if self.client is not None:
            self.client.close()
        self.server.stop(5.0)
        self.places.stop()

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        assert self.client is not None
        return self.client.get(path, params=parameters)

    def post(self, path: str, body: Any) -> httpx.Response:
        assert self.client is not None
        return self.client.post(path, json=body)

    def delete(self, path: str) -> httpx.Response:
        assert self.client is not None
        return self.client.delete(path)

    def viewing(self, from_s: float, to_s: float, camera: str = "gate") -> str:
        """A viewing that has begun; its id."""
        answer = self.post(f"/api/recordings/{camera}/viewings", {"from_s": from_s, "to_s": to_s})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["viewing"])

    def scenes(self, viewing: str, from_s: float, to_s: float, step: float = 0.0) -> dict[str, Any]:
        answer = self.get(f"/api/viewings/{viewing}/scenes", **{"from": from_s, "to": to_s, "step": step})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def written(self) -> list[Receipt]:
        """The receipts so far, of the file that the server writes."""
        return read_receipts(self.receipts_path)


def wait_for(is_so: Any, within_s: float = 10.0) -> bool:
    """Whether something comes to be so in time."""
    waited = threading.Event()
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        if is_so():
            return True
        waited.wait(0.02)
    return False
