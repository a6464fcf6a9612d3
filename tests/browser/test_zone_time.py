"""The clocks of the line of time, in the browser: those of the site's zone, whatever the zone of the browser's machine is."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from passerby.serve.archive import Archive, ArchiveFacts
from passerby.site.times import offsets_between
from tests.support.browser import Watched, needs_chromium
from tests.support.recorded import DAY, HOUR, Kept
from tests.support.staged_site import StagedPlace, StagedSite

pytestmark = needs_chromium
Look = Callable[..., Watched]
ZONE = "Europe/Zurich"
BACK_S = datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp()
"""The clocks of the zone are put back by an hour."""
TOLD = """async ([name, offsets, moments]) => {
  const { ZoneTime } = await import("/page/zone_time.js");
  const zone = new ZoneTime();
  zone.learn(name, offsets.map(([from_s, offset_s]) => ({ from_s, offset_s })));
  return moments.map((at) => [zone.clock(at), zone.dayBegin(at), zone.dayEnd(at), zone.dayBefore(at), zone.ahead(at)]);
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StagedSite]:
    """Recordings of the night in which summer time ends: an hour before and two after."""
    kept = Kept(tmp_path_factory.mktemp("recordings"), retention_s=30 * DAY, begin_s=BACK_S - HOUR)
    kept.run(3 * HOUR, 20)
    kept.recordings.close()
    facts = ArchiveFacts(zone=ZoneInfo(ZONE), zone_name=ZONE, names={"gate": "Gate"}, retention_s={"gate": 30 * DAY})
    archive = Archive(kept.folder, kept.receipts, lambda: facts, kept.clock, kept.machine)
    with StagedSite(StagedPlace("gate", "Gate"), archive=archive) as site:
        yield site


@pytest.mark.parametrize("zone", ["UTC", ZONE, "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_clock_and_days_are_those_of_the_sites_zone(look: Look, site: StagedSite, zone: str) -> None:
    watched = look(timezone_id="Asia/Tokyo")
    watched.open(site.address)
    begin_s = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    moments = [begin_s + number * 7.3 * HOUR + 61 for number in range(1200)]
    told = watched.page.evaluate(TOLD, [zone, offsets_between(ZoneInfo(zone), begin_s - 3 * DAY, moments[-1] + 3 * DAY), moments])
    for at_s, (clock, day_begin_s, day_end_s, day_before_s, ahead) in zip(moments, told, strict=True):
        local = datetime.fromtimestamp(at_s, ZoneInfo(zone))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        assert clock == f"{local:%H:%M:%S}"
        assert day_begin_s == midnight.timestamp()
        assert day_end_s == (midnight + timedelta(days=1)).timestamp()
        assert day_before_s == (midnight - timedelta(days=1)).timestamp()
        assert ahead.startswith("UTC")


def test_the_night_in_which_an_hour_comes_twice_has_25_hours_and_a_mark(look: Look, site: StagedSite, tmp_path: Path) -> None:
    watched = look(timezone_id="America/New_York")
    watched.open(f"{site.address}/#/recordings/gate")
    watched.until("() => document.querySelector('.tl-runs')?.getAttribute('d')")
    watched.until("() => document.querySelector('.rec-summary')?.textContent.includes('25 h')")
    assert watched.text(".rec-day") == "Sun 25 Oct 2026"
    assert watched.page.evaluate("() => document.querySelector('.tl-changes').getAttribute('d')")
    labels: list[Any] = watched.page.evaluate("() => [...document.querySelectorAll('.tl-labels text')].map((one) => one.textContent)")
    assert labels.count("02:00") in {0, 2}
    assert watched.text(".rec-date").endswith("UTC+1")
    watched.shot(tmp_path, "an-hour-twice")
