"""The page of alerts in a browser, for its tests: what is on the site, and how it is found on the page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from passerby.hazards.alert import Cause, HazardKind, Severity, What
from passerby.hazards.kept_alert import Alert
from tests.support.alerted_site import EDGE, LOST, MAIL, AlertedSite, alert_id, opens, says
from tests.support.browser import Watched, decoded
from tests.support.staged_site import StagedSite

Look = Callable[..., Watched]
HALL = Cause("crowd", "gate", "hall")
ROWS = "() => document.querySelectorAll('.al-row').length === %d"
CHOSEN = "() => document.querySelector('.al-row [aria-current=true]')?.id === 'al-%s'"
LARGE = "() => document.querySelector('.al-large')?.checkVisibility() && document.querySelector('.al-large h2').innerText === '%s'"
STATUS = "() => document.querySelector('.al-status').innerText.includes('%s')"


def fill(site: AlertedSite) -> None:
    """An alert of every severity and state, and an exercise."""
    site.take(opens(1, ago_s=260), says(1, What.UPDATED, 20, value=3.4, error=0.3, words="3.4 persons/m2 +-0.3 in 'Stairs' for 4 min, limit 2.5"))
    forbidden = {"kind": HazardKind.FORBIDDEN, "value": 1.0, "error": None, "limit": 1.0, "words": "1 person in 'Platform edge' for 42 s, limit 1"}
    site.take(opens(2, EDGE, 42, severity=Severity.ALARM, **forbidden))
    nothing = {"value": None, "error": None, "limit": None}
    site.take(
        opens(3, LOST, 3900, kind=HazardKind.CAMERA, severity=Severity.NOTICE, words="'Platform 1' was moved: its zones may lie elsewhere", **nothing)
    )
    site.take(opens(4, HALL, 120, exercise=True, words="a drill of the rule 'crowd'"))
    site.take(
        opens(5, Cause("queue", "gate", "hall"), 2400, kind=HazardKind.QUEUE, words="14 persons wait for 5 min, limit 10"), says(5, What.ENDED, 800)
    )
    site.take(opens(6, MAIL, 9000, kind=HazardKind.CHANNEL, words="'mail' has taken nothing for 60 s", **nothing), says(6, What.ENDED, 8000))
    site.take(says(6, What.CLOSED, 7000))
    site.desk.act(alert_id(3), What.ACKNOWLEDGED, "operator")
    site.desk.act(alert_id(1), What.COMMENTED, "operator", "A school class is on its way up.")
    site.desk.told(alert_id(1), "duty-phone", "delivered")
    site.desk.flush()


def opened(look: Look, site: StagedSite, *arguments: Any, path: str = "/#/alerts", rows: int | None = None, **more: Any) -> Watched:
    """The page of alerts, once there are so many rows."""
    watched = look(*arguments, **more)
    watched.open(site.address + path)
    if rows is not None:
        watched.until(ROWS % rows)
    return watched


def alert(site: AlertedSite, number: int) -> Alert:
    """The alert of that number, as it is kept."""
    found = site.desk.find(alert_id(number))
    assert found is not None
    return found


def row(watched: Watched, number: int) -> str:
    """What its row in the list says."""
    return watched.text(f"#al-{alert_id(number)}")


def order(watched: Watched) -> list[int]:
    """The numbers of the alerts in the order of the page."""
    ids: list[str] = watched.page.evaluate("() => [...document.querySelectorAll('.al-row a')].map((one) => one.id.slice(3))")
    return [int(one, 16) for one in ids]


def assert_fits(watched: Watched, folder: Path, name: str) -> None:
    """Nothing hangs over and nothing is hard to use; leaves a picture in PASSERBY_SHOTS."""
    path = watched.shot(folder, name)
    assert decoded(path.read_bytes()).std() > 3, "an empty picture"
    assert watched.overflow_px() <= 0
    assert watched.violations() == []
