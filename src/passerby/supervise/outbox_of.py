"""The outbox of a running site: hears of all alerts, writes into their history what was told, and opens the alert that a channel fails."""

from collections.abc import Sequence
from pathlib import Path

from passerby.clock import Clock
from passerby.hazards.alert import Event
from passerby.hazards.channels.delivering import Told
from passerby.hazards.outbox import ALERTS, Listeners, Outbox
from passerby.site.settings import Site
from passerby.supervise.hazard_thread import HazardThread
from passerby.supervise.journal import Journal


def outbox_of(site: Site, state: Path, hazards: HazardThread, clock: Clock, journal: Journal) -> Outbox:
    """The outbox, which `hazards` tells of events from its start on, and which forgets with it what is due. It is not started yet.

    Args:
        site: The site.
        state: The state folder.
        hazards: What watches for hazards; not started yet.
        clock: Time.
        journal: Is told of failures.

    Raises:
        SiteError: A channel's secret is missing, or what it needs is not installed.
        OutputError: What waits to be told cannot be kept.
    """
    desk = hazards.desk

    def told(all_told: Sequence[Told]) -> None:
        for one in all_told:
            desk.told(one.alert, one.channel, one.words)

    def raised(event: Event) -> None:
        hazards.put((event,))

    listeners = Listeners(told, raised, lambda: desk.standing(of_channels=True))
    outbox = Outbox(state / ALERTS, site, clock, journal, listeners)
    hazards.listen(outbox.accept_all, lambda: outbox.failing, outbox.forget_days)
    hazards.show_channels(lambda: outbox.figures)
    return outbox
