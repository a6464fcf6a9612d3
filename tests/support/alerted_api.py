"""Alerts over real HTTP, with accounts, for tests of their addresses; and recordings that show one."""

import time
from pathlib import Path
from typing import Any, Final

import httpx

from passerby.clock import Clock, SystemClock
from passerby.hazards.alert import Event, What
from passerby.hazards.alert_log import AlertLog
from passerby.serve.accounts.rights import Right
from passerby.serve.alerts.inbox import AlertInbox
from passerby.serve.alerts.routes import add_alerts
from passerby.site.settings import Site
from passerby.supervise.alert_desk import AlertDesk
from tests.support.alerts import ALERT, NOON, opens, says
from tests.support.guarded_site import OURS, GuardedSite
from tests.support.journals import KeptJournal
from tests.support.recorded import Kept

SIDES: Final = [[0, 0], [40, 0], [40, 40]]


class Alerted:
    """A site with accounts, and the addresses of alerts.

    Args:
        state: Its state folder. What is there of before is taken over, as after a restart.
        clock: Time; the machine's if left out.
    """

    def __init__(self, state: Path, clock: Clock | None = None) -> None:
        camera = {"id": "gate", "name": "South gate", "source": "rtsp://camera/1", "purpose": "Crowding is seen.", "retention": "24 h"}
        zone = {"camera": "gate", "id": "stairs", "name": "Stairs <b>", "polygon": SIDES}
        self.site = Site.model_validate({"site": {"name": "Station", "state_folder": str(state)}, "camera": [camera], "zone": [zone]})
        self.clock = SystemClock() if clock is None else clock
        self.desk = AlertDesk(AlertLog(state / "alerts"), self.clock, KeptJournal())
        self.desk.restore()
        self.guarded = GuardedSite(state, tokens={"wall": (Right.WATCH,), "prometheus": (Right.METRICS,)})
        self.inbox = AlertInbox(self.desk, lambda: self.site, self.clock)
        add_alerts(self.guarded.app, self.inbox)
        assert self.guarded.log_in().status_code == 204
        self.client = self.guarded.client

    def take(self, *events: Event) -> None:
        """The rules say something, now."""
        self.desk.take(events)
        self.desk.flush()

    def get(self, path: str = "/api/alerts", **more: Any) -> Any:
        """`begin` and `end` stand for from and to."""
        named = {"begin": "from", "end": "to"}
        answer = self.client.get(path, params={named.get(key, key): value for key, value in more.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, what: str, body: object = None, alert: str = ALERT, **more: Any) -> httpx.Response:
        return self.client.post(f"/api/alerts/{alert}/{what}", json=body, headers=OURS, **more)


def recorded(site: Alerted, state: Path) -> float:
    """Records three minutes of half an hour ago, and opens an alert in the second; when it did."""
    begin_s = (time.time() // 60 - 30) * 60
    kept = Kept(state / "recordings", begin_s=begin_s)
    kept.run(180, 1)
    kept.recordings.close()
    opened_s = begin_s + 90
    site.take(opens(opened_s - NOON), says(What.ENDED, opened_s + 10 - NOON))
    return opened_s
