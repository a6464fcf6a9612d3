"""The guide to running a site names what there is, and nothing else."""

import configparser
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.routing import APIRoute
from prometheus_client.parser import text_string_to_metric_families

from passerby.hazards.alert import Severity
from passerby.hazards.outbox import ChannelHealth
from passerby.serve import app, feed_routes, http_server, painter, pictures
from passerby.serve.app import application
from passerby.serve.metrics import exposition
from passerby.supervise import gathering, live_places, plate_requests, recording_thread
from passerby.supervise.camera_words import STALE_S, Condition
from passerby.supervise.hazard_thread import HazardHealth
from passerby.supervise.history_thread import HistoryHealth
from passerby.supervise.recording_thread import RecordingHealth
from passerby.supervise.worker_keeper import Patience
from tests.support.site_now import ToldSite, camera_now, site_now

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "run.md").read_text("utf-8")


def test_every_figure_is_explained_and_every_explained_figure_exists() -> None:
    recording = RecordingHealth(0, 0, {}, "", alive=True, ticked_ago_s=0.0)
    measuring = HistoryHealth(0, 0, {"gate": 1}, "", alive=True, ticked_ago_s=0.0, days=0)
    channels = (ChannelHealth("ops", "webhook", 0, 0, 0, 0, "", 0.0),)
    hazards = HazardHealth(alive=True, ticked_ago_s=0.0, dropped={"gate": 1}, open={Severity.ALARM: 1}, channels=channels)
    text = exposition(site_now(camera_now(), recording=recording, measuring=measuring, hazards=hazards), 0, 0).decode("utf-8")
    said = {f"{family.name}{'_total' if family.type == 'counter' else ''}" for family in text_string_to_metric_families(text)}
    assert set(re.findall(r"^\| `(passerby_\w+)` \|", GUIDE, re.MULTILINE)) == said


def test_every_address_is_named() -> None:
    routes = [route.path for route in application(ToldSite(), pictures_that_are_not_asked()).routes if isinstance(route, APIRoute)]
    for path in routes:
        if not path.startswith("/page/"):
            assert f"`{path}`" in GUIDE, path


def pictures_that_are_not_asked() -> Any:
    """Stands where nobody looks."""
    return SimpleNamespace(grounds=None)


def test_every_condition_is_explained() -> None:
    script = (Path(app.__file__).parent / "page" / "conditions.js").read_text("utf-8")
    for condition in Condition:
        word = re.search(rf'{condition.value}: "([^"]+)"', script)
        assert word is not None
        assert f"| {word[1]} |" in GUIDE


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("{}, or", recording_thread.MOST_SCENES),
        ("for pictures {} at once", app.MOST_WAITING),
        ("more than {} requests", app.MOST_WAITING),
        ("| connections | {};", http_server.MOST_CONNECTIONS),
        ("| {} a second and camera", pictures.MOST_HZ),
        ("asked within {} seconds", pictures.KEEP_S),
        ("| readers of the live feed | {},", feed_routes.MOST_READERS),
        ("| whole plates under way | {} |", plate_requests.AT_ONCE),
        ("from {} seconds without a new one", STALE_S),
        ("hangs for {} seconds", Patience().beat_s),
        ("later after up to {};", Patience().most_pause_s),
    ],
)
def test_the_bounds_in_the_guide_are_those_of_the_code(words: str, number: float) -> None:
    assert words.format(f"{number:g}") in GUIDE


def test_the_bytes_in_the_guide_are_those_of_the_code() -> None:
    assert f"{recording_thread.MOST_BYTES // 2**20} MB" in GUIDE
    assert f"{painter.MOST_BYTES / 2**30:.1f} GB".replace(".5", ".5") in GUIDE
    assert gathering.MOST_PENDING == 2
    assert "twice the picture's bytes" in GUIDE
    assert live_places.PLATES_AT_ONCE == plate_requests.AT_ONCE


def test_the_unit_for_systemd_reads_as_one() -> None:
    text = re.search(r"```ini\n(.*?)```", GUIDE, re.DOTALL)
    assert text is not None
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text[1])
    service = unit["Service"]
    assert service["ExecStart"].split()[1] == "run"
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert (service["Type"], service["MemorySwapMax"], service["LimitCORE"]) == ("notify", "0", "0")
    assert float(service["TimeoutStopSec"]) > 5
