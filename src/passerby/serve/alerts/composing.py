"""What watches for hazards in a running site, put together: the log, the desk, the rules, the thread, the inbox."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import FastAPI

from passerby.clock import Clock
from passerby.hazards.alert_log import ALERTS
from passerby.hazards.engine import Engine
from passerby.record.receipts import ReceiptSink
from passerby.serve.alerts.drill_routes import add_drills
from passerby.serve.alerts.drilling import Drills
from passerby.serve.alerts.followed_holds import FollowedHolds
from passerby.serve.alerts.inbox import AlertInbox
from passerby.serve.alerts.routes import add_alerts
from passerby.site.settings import Site
from passerby.supervise.alert_retention import kept_alerts
from passerby.supervise.hazard_thread import HazardThread
from passerby.supervise.journal import Journal


def hazard_thread(site: Site, state: Path, receipts: ReceiptSink, clock: Clock, journal: Journal) -> HazardThread:
    """What watches for a site's hazards. It is not started yet; what is due is deleted.

    Raises:
        OutputError: The folder of alerts cannot be made.
    """
    desk, retention = kept_alerts(state / ALERTS, site.hazard_settings.retention_s, receipts, clock, journal)
    return HazardThread(site, Engine, desk, retention, clock, journal)


def alert_inbox(hazards: HazardThread, site: Callable[[], Site], clock: Clock) -> AlertInbox:
    """The inbox of its alerts; `site` tells the site as its file says it now."""
    return AlertInbox(hazards.desk, site, clock)


def add_alert_pages(app: FastAPI, hazards: HazardThread, site: Callable[[], Site], clock: Clock) -> None:
    """Adds the addresses of alerts, and of exercises, and what extends holds as long as the application runs; before both start. `site` as above."""
    inbox = alert_inbox(hazards, site, clock)
    add_alerts(app, inbox)
    held = FollowedHolds(hazards.desk, inbox.recordings, clock)
    hazards.listen(held.hear, lambda: held.failing)
    before = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        async with before(running) as state:
            held.start()
            yield state
            await anyio.to_thread.run_sync(held.stop)

    app.router.lifespan_context = lifespan
    add_drills(app, Drills(hazards.put, site, clock))
