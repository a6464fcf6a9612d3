"""A clock that is set back onto a day whose alerts were deleted: what happens on that day from then on is kept, and goes in its time."""

from datetime import date
from pathlib import Path

import pytest

from passerby.errors import AlertError, OutputError
from passerby.hazards.alert import What
from passerby.hazards.alert_log import AlertLog
from passerby.record.receipts import FileReceipts
from passerby.supervise.alert_retention import kept_alerts
from tests.support.alerts import NOON, opens, says
from tests.support.journals import KeptJournal
from tests.support.recorded import DAY, HOUR, SetClock, SetMachine

TODAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 24)
OTHER = "00000000000000b2"


class Site:
    """Alerts that are kept for some days; one of today was deleted just after the midnight at which it was due."""

    def __init__(self, folder: Path, days: int = 1) -> None:
        self.clock = SetClock(NOON)
        receipts = FileReceipts(folder / "receipts.jsonl")
        self.desk, self.retention = kept_alerts(folder / "alerts", days * DAY, receipts, self.clock, KeptJournal(), SetMachine(self.clock))
        self.desk.take([opens(), says(What.CLOSED, 60)])
        self.desk.flush()
        self.pass_time((days - 1) * DAY + 12 * HOUR + 60)
        assert self.desk.log.days() == []

    def pass_time(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.retention.sweep()

    def open_another(self) -> None:
        self.desk.take([opens(self.clock.wall_s() - NOON, OTHER)])
        assert self.desk.flush(at_once=True)


def test_an_alert_of_a_day_that_is_today_again_is_written_down_and_can_be_acted_on(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.clock.set(-HOUR)
    site.open_another()
    assert site.desk.log.days() == [TODAY]
    assert site.desk.act(OTHER, What.ACKNOWLEDGED, "anna").acknowledged_by == "anna"
    assert [event.what for event in site.desk.log.events(TODAY)] == [What.OPENED, What.ACKNOWLEDGED]


def test_it_can_be_acted_on_also_once_that_day_is_over_again_and_goes_when_it_is_due(tmp_path: Path) -> None:
    site = Site(tmp_path, days=2)
    site.clock.set(-DAY - HOUR)
    site.open_another()
    site.pass_time(2 * HOUR)
    assert site.desk.act(OTHER, What.CLOSED, "anna", "it is tomorrow by now").remarks
    assert [event.what for event in site.desk.log.events(TODAY)] == [What.OPENED, What.CLOSED]
    site.pass_time(22 * HOUR)
    assert site.desk.log.days() == [TODAY]
    site.pass_time(HOUR)
    assert TODAY not in site.desk.log.days()
    with pytest.raises(AlertError, match="no such alert"):
        site.desk.act(OTHER, What.COMMENTED, "anna", "x")


def test_a_day_that_was_deleted_is_gone_unless_it_is_today_again(tmp_path: Path) -> None:
    site = Site(tmp_path)
    assert site.retention.is_due(TODAY)
    assert not site.retention.is_due(TOMORROW)
    site.clock.set(-HOUR)
    assert not site.retention.is_due(TODAY)
    site.clock.set(HOUR)
    assert site.retention.is_due(TODAY)


def test_what_could_not_be_written_down_while_that_day_was_today_again_is_written_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path, days=2)
    site.clock.set(-DAY - HOUR)

    def fails(*_arguments: object) -> None:
        raise OutputError("No space left on device")

    with monkeypatch.context() as full:
        full.setattr(AlertLog, "append", fails)
        site.desk.take([opens(site.clock.wall_s() - NOON, OTHER)])
        assert not site.desk.flush(at_once=True)
        site.pass_time(2 * HOUR)
    assert site.desk.flush(at_once=True)
    assert [event.alert for event in site.desk.log.events(TODAY)] == [OTHER]
