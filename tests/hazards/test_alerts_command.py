"""`passerby alerts list | show`: what the state folder says, in the site's time zone, and nothing that a terminal would obey."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from passerby.clock import SimulatedClock
from passerby.errors import AlertError, InputError, SettingsError
from passerby.hazards.alert import Cause, Severity, What
from passerby.hazards.alert_log import AlertLog, Line
from passerby.hazards.command import alerts_app
from passerby.supervise.alert_desk import AlertDesk
from tests.support.alerts import ALERT, NOON, goes_on, opens, says
from tests.support.journals import KeptJournal
from tests.support.site_files import SITE, camera_table, write_site

DAY = ["--from", "2026-11-23", "--to", "2026-11-24"]


def said(*words: object) -> str:
    """What `passerby alerts` prints; raises what it raises."""
    done = CliRunner().invoke(alerts_app, [str(word) for word in words], catch_exceptions=False, env={"COLUMNS": "300"})
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """An alert that was acknowledged and closed, and one that is open."""
    desk = AlertDesk(AlertLog(tmp_path / "state" / "alerts"), SimulatedClock(NOON + 45), KeptJournal())
    desk.take([opens(), goes_on(30, 3.4, words="more crowded")])
    desk.act(ALERT, What.ACKNOWLEDGED, "anna", "on my way")
    desk.take([says(What.ENDED, 60), says(What.CLOSED, 360)])
    desk.take([opens(3600, "00000000000000b2", Cause("lost", "hall"), severity=Severity.ALARM, words="unplugged", exercise=True)])
    desk.flush()
    return tmp_path / "state"


def test_alerts_are_listed_in_the_sites_time_zone(state: Path, tmp_path: Path) -> None:
    text = SITE + 'time_zone = "Europe/Berlin"\nstate_folder = "state"\n' + camera_table("gate")
    told = said("list", write_site(tmp_path, text), *DAY).splitlines()
    assert len(told) == 3
    assert told[1].split() == f"{ALERT} 2026-11-23 13:00:00+0100 closed warning gate/stairs more crowded".split()
    assert "alarm (exercise)" in told[2]


def test_alerts_are_chosen_by_state_camera_severity_and_time(state: Path) -> None:
    def chosen(*words: str) -> list[str]:
        return [json.loads(line)["id"] for line in said("list", state, "--json", *words).splitlines()]

    assert chosen(*DAY) == [ALERT, "00000000000000b2"]
    assert chosen("--open") == ["00000000000000b2"]
    assert chosen(*DAY, "--camera", "gate") == [ALERT]
    assert chosen(*DAY, "--severity", "alarm") == ["00000000000000b2"]
    assert chosen("--from", "2026-11-23T12:30", "--to", "2026-11-24") == ["00000000000000b2"]
    assert said("list", state, "--from", "2026-11-20", "--to", "2026-11-21").strip() == "no alerts"


def test_all_that_happened_to_an_alert_is_shown_in_order(state: Path) -> None:
    told = said("show", state, ALERT).splitlines()
    assert told[0] == f"{ALERT}: density by rule 'crowd' at gate, stairs; warning, closed"
    assert [line.split()[2] for line in told[1:]] == ["opened:", "updated:", "acknowledged", "ended", "closed"]
    assert told[3] == "2026-11-23 12:00:45Z  acknowledged by anna: on my way"
    events = [json.loads(line) for line in said("show", state, ALERT, "--json").splitlines()]
    assert [event["number"] for event in events] == list(range(5))


def test_what_a_terminal_would_obey_is_not_printed(state: Path) -> None:
    AlertLog(state / "alerts").append([Line(NOON, opens(0, "00000000000000c3", Cause("x\x1b[2J", "gate"), words="\x1b]0;owned\x07[red]hm[/red]"))])
    for told in (said("list", state, *DAY), said("show", state, "00000000000000c3")):
        assert "\x1b" not in told
        assert "\x07" not in told
        assert "[red]hm[/red]" in told


def test_mistakes_are_told_in_words(state: Path, tmp_path: Path) -> None:
    with pytest.raises(AlertError, match="no alert 'ffff'"):
        said("show", state, "ffff")
    with pytest.raises(AlertError, match="any of 2 alerts"):
        said("show", state, "0000")
    with pytest.raises(AlertError, match="many alerts"):
        said("show", state, "")
    with pytest.raises(InputError, match="holds no alerts"):
        said("list", tmp_path)
    with pytest.raises(SettingsError, match="--open"):
        said("list", state, "--open", *DAY)
