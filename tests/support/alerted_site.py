"""A staged site with an inbox of alerts: log, desk, inbox, routes and pages are the product's; what the rules say is the test's own hand."""

import time
from pathlib import Path
from typing import Any, Final

from passerby.clock import SystemClock
from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What
from passerby.hazards.alert_log import AlertLog
from passerby.serve.accounts.door import Door
from passerby.serve.alerts.inbox import AlertInbox
from passerby.serve.alerts.routes import add_alerts
from passerby.serve.app import application
from passerby.serve.archive import Archive
from passerby.serve.http_server import HttpServer
from passerby.serve.painter_process import PainterProcess
from passerby.serve.pictures import Pictures
from passerby.serve.recorded_places import RecordedPlaces
from passerby.serve.streams import Streams
from passerby.site.settings import Server, Site
from passerby.supervise.alert_desk import AlertDesk
from passerby.supervise.camera_words import STALE_S
from tests.support.journals import KeptJournal
from tests.support.staged_site import StagedPlace, StagedSite

STAIRS: Final = Cause("crowd", "gate", "stairs")
EDGE: Final = Cause("edge-empty", "platform", "edge")
LOST: Final = Cause("cameras", "platform")
MAIL: Final = Cause("channels", "", "mail")
SIDES: Final = [[0, 0], [40, 0], [40, 40]]
ZONES: Final = {"stairs": ("gate", "Stairs"), "hall": ("gate", "Hall, between the pillars"), "edge": ("platform", "Platform edge")}


def alert_id(number: int) -> str:
    """The id of an alert."""
    return f"{number:016x}"


def opens(number: int, cause: Cause = STAIRS, ago_s: float = 60.0, **more: Any) -> Event:
    """The rules open an alert, so long ago."""
    values: dict[str, Any] = {
        "kind": HazardKind.DENSITY,
        "severity": Severity.WARNING,
        "value": 2.93,
        "error": 0.31,
        "limit": 2.5,
        "words": "2.9 persons/m2 +-0.3 in 'Stairs' for 40 s, limit 2.5",
    } | more
    return Event(alert=alert_id(number), number=0, what=What.OPENED, wall_s=time.time() - ago_s, cause=cause, **values)


def says(number: int, what: What, ago_s: float = 0.0, **more: Any) -> Event:
    """The rules say something else of it."""
    return Event(alert=alert_id(number), number=999, what=what, wall_s=time.time() - ago_s, **more)


class AlertedSite(StagedSite):
    """A context.

    Args:
        folder: Where alerts are kept.
        places: Its cameras; two if left out.
        zones: Names of zones, by id, with their cameras.
        state: A state folder with accounts; None = there are none.
        archive: Recordings that the pages show.

    Attributes:
        desk: Where rules and people meet. Made anew by `restart`, from what is on the disk.
    """

    def __init__(
        self,
        folder: Path,
        *places: StagedPlace,
        zones: dict[str, tuple[str, str]] | None = None,
        state: Path | None = None,
        archive: Archive | None = None,
    ) -> None:
        places = places or (StagedPlace("gate", "South gate"), StagedPlace("platform", "Platform 1"))
        super().__init__(*places, state=state, archive=archive)
        cameras = [{"id": one.id, "name": one.name, "source": "rtsp://camera/1", "purpose": one.purpose} for one in places]
        named = [
            {"camera": camera, "id": zone, "name": name, "polygon": SIDES}
            for zone, (camera, name) in (ZONES if zones is None else zones).items()
            if camera in self.stage.places
        ]
        self.told = Site.model_validate({"site": {"name": "Central station", "state_folder": str(folder)}, "camera": cameras, "zone": named})
        self._folder = folder
        self.desk = self._desk()

    def _desk(self) -> AlertDesk:
        desk = AlertDesk(AlertLog(self._folder / "alerts"), SystemClock(), KeptJournal())
        desk.restore()
        return desk

    def open(self) -> None:
        """Serves, on the same port as before."""
        clock = SystemClock()
        pages = application(
            self.site,
            Pictures(self.site.places, PainterProcess(), clock),
            door=Door.of(Server(), self._state, clock, KeptJournal()),
            streams=Streams(self.site.places, lambda _camera: STALE_S, clock),
            recorded=None if self._archive is None else RecordedPlaces(self._archive),
        )
        add_alerts(pages, AlertInbox(self.desk, lambda: self.told, clock))
        self.server = HttpServer(pages, "127.0.0.1", self._port)
        self.server.start()
        self._port = self.server.port

    def restart(self) -> None:
        """Shuts, forgets all that is in memory, and opens again."""
        self.shut()
        self.desk = self._desk()
        self.open()

    def take(self, *events: Event) -> None:
        """The rules say something, now."""
        self.desk.take(events)
        self.desk.flush()
