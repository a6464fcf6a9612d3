"""What was measured, over real HTTP, out of a real history, by real processes."""

import csv
import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from passerby.clock import SimulatedClock, SystemClock
from passerby.released.measurement import LinePulse, Measurement, Pulse, ZonePulse
from passerby.serve.accounts.door import Door
from passerby.serve.accounts.rights import Right
from passerby.serve.app import application
from passerby.serve.http_server import HttpServer
from passerby.serve.measured_places import MOST_WAITING, PROCESSES, MeasuredPlaces
from passerby.site.settings import Server
from passerby.store.asking import Wish
from passerby.store.history import History
from passerby.store.places import HistoryPlace
from passerby.store.question import Table
from passerby.supervise.historian_process import HistorianProcess
from passerby.supervise.recent_pulses import RecentPulses
from tests.support.guarded_site import StillPictures, keep_accounts
from tests.support.journals import KeptJournal
from tests.support.measured import DAY_S, kept
from tests.support.site_now import ToldSite, camera_now, site_now

RANGE = {"from": "2026-11-23T01:00", "to": "2026-11-23T05:00"}


class Measured:
    """A server with a history of two hours, and pulses; with accounts, if tokens are given."""

    def __init__(self, state: Path, tokens: dict[str, tuple[Right, ...]] | None = None) -> None:
        kept(state / "measurements", compacted=True)
        self.folder, self.clock = state / "measurements", SimulatedClock(DAY_S + 7200)
        self.pulses = RecentPulses(["gate", "hall"], self.clock)
        self.places = MeasuredPlaces(lambda: HistoryPlace(self.folder, ZoneInfo("Europe/Berlin"), "Europe/Berlin"), self.pulses, self.clock)
        self.tokens = keep_accounts(state, tokens) if tokens else {}
        door = Door.of(Server(), state, SystemClock(), KeptJournal())
        pictures: Any = StillPictures()
        app = application(ToldSite(site_now(camera_now("gate"), camera_now("hall"))), pictures, door=door, measured=self.places)
        self.server = HttpServer(app, "127.0.0.1", 0, guarded=True)
        self.server.start()
        self.client = httpx.Client(base_url=self.server.address, timeout=60)

    def get(self, path: str, token: str = "", **parameters: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.tokens[token]}"} if token else {}
        return self.client.get(path, params=parameters, headers=headers)

    def close(self) -> None:
        self.client.close()
        self.server.stop(5.0)
        self.places.stop()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Measured]:
    site = Measured(tmp_path)
    yield site
    site.close()


def test_zones_and_lines_are_answered_in_the_sites_time_zone_with_their_gaps(site: Measured) -> None:
    told = site.get("/api/measurements/zones", **RANGE).json()
    assert (told["time_zone"], told["every"], told["weekdays"]) == ("Europe/Berlin", "hour", False)
    assert [(span["begin"][11:], span["covered_s"], span["people_mean"]) for span in told["spans"]] == [
        ("01:00:00+01:00", 3600, 4),
        ("02:00:00+01:00", 3600, 4),
        ("03:00:00+01:00", 0, None),
        ("04:00:00+01:00", 0, None),
    ]
    assert {span["accuracy"] for span in told["spans"]} == {"not yet validated"}
    lines = site.get("/api/measurements/lines", every="day", **RANGE).json()["spans"]
    assert [(span["line"], span["ab"], span["ba"]) for span in lines] == [("door", 360, 120)]


def test_csv_says_the_same_as_json(site: Measured) -> None:
    answer = site.get("/api/measurements/lines", format="csv", id=["door", "none"], camera="gate", **RANGE)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    spans = site.get("/api/measurements/lines", id=["door", "none"], camera="gate", **RANGE).json()["spans"]
    assert [{name: str(value) if value is not None else "" for name, value in span.items()} for span in spans] == rows
    assert [row["line"] for row in rows] == ["door"] * 4 + ["none"] * 4


def test_heat_is_added_up_cell_by_cell_and_says_what_was_seen(site: Measured) -> None:
    told = site.get("/api/measurements/heat", camera="gate", **RANGE).json()
    assert (told["camera"], told["begin"], told["end"]) == ("gate", "2026-11-23T01:00:00+01:00", "2026-11-23T05:00:00+01:00")
    assert (told["time_zone"], told["covered_s"]) == ("Europe/Berlin", 7200)
    (grid,) = told["grids"]
    assert (grid["cell_px"], [len(row) for row in grid["person_s"]]) == (36, [22] * 16)
    assert sum(cell for row in grid["person_s"] for cell in row) == grid["person_s"][15][21] == 480
    rows = list(csv.DictReader(io.StringIO(site.get("/api/measurements/heat", camera="gate", format="csv", **RANGE).text, newline="")))
    assert [row["person_s"] for row in rows if (row["row"], row["column"]) == ("15", "21")] == ["480.0"]
    gap = site.get("/api/measurements/heat", camera="gate", **RANGE | {"from": "2026-11-23T03:00"}).json()
    assert (gap["covered_s"], gap["grids"]) == (0, [])


@pytest.mark.parametrize(
    "parameters", [{}, {"camera": "../../etc/passwd"}, {"camera": "gate", "from": "yesterday"}, {"camera": "gate", "format": "parquet"}]
)
def test_heat_without_a_camera_or_sense_is_400_in_words(site: Measured, parameters: dict[str, Any]) -> None:
    answer = site.get("/api/measurements/heat", **parameters)
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(".")
    assert "passwd" not in answer.text


def test_left_out_a_range_is_the_day_before_now(site: Measured) -> None:
    spans = site.get("/api/measurements/zones").json()["spans"]
    assert (spans[0]["begin"], spans[-1]["end"]) == ("2026-11-22T03:00:00+01:00", "2026-11-23T03:00:00+01:00")
    assert len(site.get("/api/measurements/zones", weekdays="true").json()["spans"]) == 168


@pytest.mark.parametrize(
    "parameters",
    [
        {"every": "century"},
        {"from": "yesterday"},
        {"from": "9" * 41},
        {"from": "0001-01-01"},
        {"from": "99999999999"},
        {"from": "2026-11-24", "to": "2026-11-23"},
        {"from": "1980-01-01", "every": "minute"},
        {"id": "'; DROP TABLE zones; --"},
        {"id": ["a"] * 501},
        {"camera": "../../etc/passwd"},
        {"format": "parquet"},
        {"weekdays": "sometimes"},
    ],
)
def test_what_makes_no_sense_is_400_in_words_and_nothing_of_it_is_repeated(site: Measured, parameters: dict[str, Any]) -> None:
    answer = site.get("/api/measurements/zones", **parameters)
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(".")
    assert "DROP" not in answer.text
    assert "passwd" not in answer.text


def test_pulses_are_those_of_the_last_minute(site: Measured) -> None:
    for number in range(3):
        site.pulses.accept(Pulse("gate", DAY_S + number, 1.0, (ZonePulse("hall", 2.0, 3, speed_m_s=1.25),), (LinePulse("door", 1, 0),)))
    told = site.get("/api/pulses").json()["cameras"]
    assert [(one["camera"], len(one["pulses"])) for one in told] == [("gate", 3), ("hall", 0)]
    assert told[0]["pulses"][2]["at_s"] == DAY_S + 2
    assert told[0]["pulses"][2]["zones"][0]["speed_m_s"] == 1.25
    assert [one["camera"] for one in site.get("/api/pulses", camera="hall").json()["cameras"]] == ["hall"]
    assert site.get("/api/pulses", camera="none").status_code == 404
    site.clock.sleep(61)
    assert {len(one["pulses"]) for one in site.get("/api/pulses").json()["cameras"]} == {0}


def test_a_token_needs_the_right_and_gets_no_figure_of_a_few(tmp_path: Path) -> None:
    site = Measured(tmp_path, {"wall": (Right.WATCH, Right.METRICS), "city": (Right.MEASUREMENTS,)})
    History(site.folder).add([Measurement("hall", DAY_S - 3600, 60.0, 0, (), (), None)])
    try:
        for path in ("/api/measurements/zones", "/api/measurements/lines", "/api/measurements/heat", "/api/pulses"):
            assert site.get(path, camera="gate").status_code == 401
            assert site.get(path, "wall", camera="gate").status_code == 403
            assert site.get(path, "city", camera="gate").status_code == (400 if path.endswith("heat") else 200), "no whole day is known yet"
        today = site.get("/api/measurements/heat", "city", camera="gate", **RANGE)
        assert today.status_code == 400
        assert "whole days" in today.text
        site.clock.sleep(2 * 86400)
        hour = site.get("/api/measurements/heat", "city", camera="gate", **RANGE | {"to": "2026-11-23T02:00"}).json()
        assert hour == site.get("/api/measurements/heat", "city", camera="gate", **RANGE).json(), "the day, whichever part was asked for"
        assert (hour["begin"], hour["end"]) == ("2026-11-23T00:00:00+01:00", "2026-11-24T00:00:00+01:00")
        more = hour["grids"][0]["person_s"]
        assert [cell for row in more for cell in row if cell is not None] == [480]
        minute = {"from": "2026-11-23T01:00", "to": "2026-11-23T01:01", "every": "minute"}
        (span,) = site.get("/api/measurements/zones", "city", **minute).json()["spans"]
        assert span["people_mean"] == 2
        assert {value for name, value in span.items() if name.startswith(("dwell", "speed"))} == {None}
        (hour,) = site.get("/api/measurements/zones", "city", **RANGE | {"to": "2026-11-23T02:00"}).json()["spans"]
        assert [hour[f"dwell_{name}_s"] for name in ("to_10", "to_30", "to_60", "to_120", "over_600")] == [60, 120, 60, None, None]
        assert hour["dwell_merged"] == "dwell_to_60_s:dwell_over_600_s"
        assert hour["speed_median_m_s"] == 1.3
        site.pulses.accept(Pulse("gate", DAY_S, 1.0, (ZonePulse("hall", 2.0, 3, speed_m_s=1.25, east_m_s=1.0, north_m_s=0.5),)))
        (zone,) = site.get("/api/pulses", "city", camera="gate").json()["cameras"][0]["pulses"][0]["zones"]
        assert (zone["people"], zone["speed_m_s"], zone["east_m_s"], zone["north_m_s"]) == (2, None, None, None)
        assert (zone["hidden_per_m2"], zone["full"]) == (None, False)
        site.pulses.accept(Pulse("gate", DAY_S + 1, 1.0, (ZonePulse("hall", 1.0, 1, hidden_per_m2=1.4, full=True),)))
        (zone,) = site.get("/api/pulses", "city", camera="gate").json()["cameras"][0]["pulses"][1]["zones"]
        assert (zone["hidden_per_m2"], zone["full"]) == (1.4, True), "of a crowd, and of nobody in particular"
    finally:
        site.close()


def test_the_processes_are_few_and_end_when_nothing_is_asked(site: Measured) -> None:
    with ThreadPoolExecutor(4) as several:
        answers = list(several.map(lambda _: site.get("/api/measurements/zones", **RANGE).status_code, range(6)))
    assert answers == [200] * 6
    pids = site.places.pids
    assert 1 <= len(pids) <= PROCESSES
    site.clock.sleep(31)
    site.places.tick()
    waiting = threading.Event()
    for _ in range(1000):  # the server's own tick may be ending them just now
        if not site.places.pids and not any(Path(f"/proc/{pid}").exists() for pid in pids):
            break
        waiting.wait(0.02)
    assert site.places.pids == []
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


class Stuck(HistorianProcess):
    """Answers nothing until it is let go."""

    def __init__(self, gate: threading.Event) -> None:
        super().__init__(1.0)
        self._gate = gate

    def ask(self, order: Any) -> Any:
        self._gate.wait(30)
        return super().ask(order)


def test_who_asks_too_much_at_once_is_asked_to_come_again(tmp_path: Path) -> None:
    gate = threading.Event()
    site = Measured(tmp_path)
    stuck = Stuck(gate)
    site.places._free = [stuck]
    try:
        with ThreadPoolExecutor(MOST_WAITING + 1) as several:
            asked = [several.submit(site.places.ask, Wish(Table.ZONES), "csv", for_operator=True) for _ in range(MOST_WAITING)]
            while site.places._asking < MOST_WAITING:
                threading.Event().wait(0.01)
            answer = site.get("/api/measurements/zones")
            assert answer.status_code == 503
            assert "at once" in answer.json()["detail"]
            stuck.stop()
            gate.set()
            assert all(one.exception() is not None for one in asked)
    finally:
        gate.set()
        site.close()


def test_a_history_that_is_damaged_is_503_and_no_gap(site: Measured) -> None:
    for path in (site.folder / "zones").glob("*.parquet"):
        path.write_bytes(b"PAR1 nothing of that kind PAR1")
    answer = site.get("/api/measurements/zones", **RANGE)
    assert answer.status_code == 503
    assert str(site.folder) not in answer.text
