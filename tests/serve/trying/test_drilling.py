"""An exercise end to end: the command asks a site over real HTTP; the alert goes through log, inbox and outbox to a real webhook, and closes."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import httpx
import pytest
from typer.testing import CliRunner

from passerby import cli
from passerby.clock import SystemClock
from passerby.errors import AlertError, InputError, SettingsError
from passerby.hazards.alert import Event, Severity, What
from passerby.hazards.alert_log import ALERTS, AlertLog
from passerby.hazards.channels.delivering import Told
from passerby.hazards.outbox import Listeners, Outbox
from passerby.record.receipts import FileReceipts
from passerby.serve.accounts.rights import Right
from passerby.serve.alerts.composing import add_alert_pages, hazard_thread
from passerby.serve.alerts.drilling import Drills, DrillWish
from passerby.serve.trying.drilling import DrillOrder, Refused, SiteClient, drilled, url_of
from passerby.site.settings import Server, Site
from tests.support.guarded_site import OURS, PASSWORD, GuardedSite, make_certificate
from tests.support.journals import KeptJournal
from tests.support.ruled import rule
from tests.support.told import HttpReceiver, channel_table, site_with, until

ZONE = '[[zone]]\ncamera = "gate-1"\nid = "stairs"\npolygon = [[1, 1], [9, 1], [9, 9]]\n'


class Drilled:
    """A site that watches for hazards and tells of them. A context."""

    def __init__(self, folder: Path, text: str = "", *, accounts: bool = True, server: Server | None = None) -> None:
        self.site, clock, journal = site_with(folder, ZONE + rule("occupancy", limit="3") + text), SystemClock(), KeptJournal()
        state = self.site.state_folder
        state.mkdir(exist_ok=True)
        self.guarded = GuardedSite(state, server, tokens={"wall": (Right.WATCH,)}, accounts=accounts)
        self.hazards = hazard_thread(self.site, state, FileReceipts(state / "receipts.jsonl"), clock, journal)
        desk = self.hazards.desk

        def told(row: Sequence[Told]) -> None:
            for one in row:
                desk.told(one.alert, one.channel, one.words)

        self.outbox = Outbox(state / ALERTS, self.site, clock, journal, Listeners(told=told))
        self.hazards.listen(self.outbox.accept_all)
        add_alert_pages(self.guarded.app, self.hazards, lambda: self.site, clock)
        self.hazards.start()
        self.outbox.start()

    def client(self) -> SiteClient:
        return SiteClient(self.guarded.server.address, self.guarded.settings)

    def events(self) -> list[Event]:
        log = AlertLog(self.site.state_folder / ALERTS)
        return [event for day in log.days() for event in log.events(day)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.outbox.stop(5)
        self.hazards.stop(5)
        self.guarded.stop()


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver() as one:
        yield one


def no_password() -> str:
    raise AssertionError("nobody asks for it")


def test_an_exercise_reaches_inbox_log_and_channel_marked_as_one_and_closes_itself(tmp_path: Path, receiver: HttpReceiver) -> None:
    with Drilled(tmp_path, channel_table(address=receiver.address)) as site:
        with site.client() as client:
            found = drilled(client, DrillOrder(lasts_s=5, until_closed=True), SystemClock(), lambda: PASSWORD)
        assert found.is_well
        assert found.told["ops"][0] == "delivered"
        assert found.told["ops"][1] < 3
        assert found.closed_s == pytest.approx(5, abs=1)
        until(lambda: len(receiver.deliveries) >= 2)
        first = receiver.deliveries[0]
        assert first.exercise
        assert first.title.startswith("EXERCISE")
        events = site.events()
        assert [event.what for event in events if event.what is not What.TOLD] == [What.OPENED, What.ENDED, What.CLOSED]
        assert events[0].exercise
        assert "operator" in events[0].words
        said = "\n".join(found.lines())
        assert "ops: delivered after" in said
        assert "as rule 'crowd' at gate-1/stairs" in said
        assert site.hazards.health().open[Severity.WARNING] == 0


def test_an_exercise_counts_nowhere_as_an_open_alert(tmp_path: Path) -> None:
    with Drilled(tmp_path, accounts=False) as site:
        with site.client() as client:
            drilled(client, DrillOrder(lasts_s=60), SystemClock(), no_password)
        answer = site.guarded.client.get("/api/alerts").json()
        assert [one["exercise"] for one in answer["alerts"]] == [True]
        assert answer["open"] == {"alarm": 0, "warning": 0, "notice": 0, "unacknowledged": 0}


def test_a_channel_that_does_not_work_is_said_and_is_a_failure(tmp_path: Path, receiver: HttpReceiver) -> None:
    receiver.answer = 503
    with Drilled(tmp_path, channel_table(address=receiver.address)) as site, site.client() as client:
        found = drilled(client, DrillOrder(lasts_s=60, within_s=2), SystemClock(), lambda: PASSWORD)
    assert (found.is_well, found.waits) == (False, ["ops"])
    assert "ops: NOT TOLD in time" in list(found.lines())


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"severities": '["alarm"]'}, "not for severity warning"),
        ({"hazards": '["camera"]'}, "not for this rule"),
        ({"escalate_after": '"5 min"'}, "only if nobody acknowledges it for 5 min"),
        ({"quiet": '["00:00-23:59"]'}, "quiet hours: told when they are over"),
        ({"tells": '["closed"]'}, "does not tell that an alert was opened"),
    ],
)
def test_a_channel_that_is_not_to_tell_is_said_and_is_no_failure(keys: dict[str, str], says: str, tmp_path: Path, receiver: HttpReceiver) -> None:
    with Drilled(tmp_path, channel_table(address=receiver.address, **keys)) as site, site.client() as client:
        found = drilled(client, DrillOrder(lasts_s=60, within_s=2), SystemClock(), lambda: PASSWORD)
        assert found.is_well
        assert found.others == {"ops": says}
        assert receiver.deliveries == []


def test_only_who_may_act_may_begin_one(tmp_path: Path) -> None:
    with Drilled(tmp_path) as site:
        with site.guarded.new_client() as nobody:
            assert nobody.post("/api/alerts/drill", headers=OURS).status_code == 401
            assert nobody.post("/api/alerts/drill", headers={**OURS, **site.guarded.bearer("wall")}).status_code == 403
        with site.client() as client, pytest.raises(Refused, match="password"):
            drilled(client, DrillOrder(), SystemClock(), lambda: "wrong wrong wrong")
        site.guarded.log_in()
        assert site.guarded.client.post("/api/alerts/drill").status_code == 403, "the page of another site cannot set our header"
        bad = site.guarded.client.post("/api/alerts/drill", json={"lasts_s": 1e9}, headers=OURS)
        assert bad.status_code == 400
        assert site.events() == []


def test_who_logged_in_for_it_is_logged_out_again(tmp_path: Path) -> None:
    with Drilled(tmp_path) as site:
        with site.client() as client:
            drilled(client, DrillOrder(lasts_s=5), SystemClock(), lambda: PASSWORD)
            cookie = client._cookie
        with httpx.Client(base_url=site.guarded.server.address, headers={"cookie": cookie}) as later:
            assert later.get("/api/alerts").status_code == 401


def test_a_site_with_a_certificate_of_its_own_is_asked_over_tls(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    server = Server.model_validate({"certificate": str(certificate), "key": str(key)})
    with Drilled(tmp_path, server=server) as site, site.client() as client:
        assert site.guarded.server.address.startswith("https")
        assert drilled(client, DrillOrder(lasts_s=60), SystemClock(), lambda: PASSWORD).is_well


def test_a_certificate_that_is_not_the_sites_own_is_not_believed(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    other, _ = make_certificate(tmp_path, stem="other")
    with Drilled(tmp_path, server=Server.model_validate({"certificate": str(certificate), "key": str(key)})) as site:
        address = site.guarded.server.address
        with (
            SiteClient(address, Server.model_validate({"certificate": str(other), "key": str(key)})) as client,
            pytest.raises(InputError, match="does not answer"),
        ):
            drilled(client, DrillOrder(), SystemClock(), no_password)


# Drills without a server


def kept_drills(site: Site) -> tuple[Drills, list[Event], list[tuple[float, object]]]:
    events: list[Event] = []
    later: list[tuple[float, object]] = []
    return Drills(events.extend, lambda: site, SystemClock(), lambda after_s, do: later.append((after_s, do))), events, later


def test_one_exercise_goes_on_at_a_time(tmp_path: Path) -> None:
    drills, events, later = kept_drills(site_with(tmp_path))
    drills.begin(DrillWish(lasts_s=7), "anna")
    with pytest.raises(AlertError, match="goes on already"):
        drills.begin(DrillWish(), "bert")
    ((after_s, end),) = later
    assert after_s == 7
    assert callable(end)
    end()
    assert [event.what for event in events] == [What.OPENED, What.ENDED, What.CLOSED]
    assert len({event.alert for event in events}) == 1
    drills.begin(DrillWish(), "bert")


def test_it_looks_like_the_alert_of_the_rule_that_is_asked_for(tmp_path: Path) -> None:
    drills, events, _ = kept_drills(site_with(tmp_path, ZONE + rule("occupancy", limit="3")))
    with pytest.raises(AlertError, match="no such rule"):
        drills.begin(DrillWish(rule="face"), "anna")
    drills.begin(DrillWish(rule="cameras", severity=Severity.ALARM), "anna")
    assert events[0].cause is not None
    assert (events[0].cause.rule, events[0].cause.camera, events[0].severity, events[0].exercise) == ("cameras", "gate-1", Severity.ALARM, True)


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ({}, "http://127.0.0.1:8740"),
        ({"address": "0.0.0.0:99"}, "http://127.0.0.1:99"),
        ({"address": "[::]:99"}, "http://[::1]:99"),
        ({"certificate": "/x.pem", "key": "/x.key"}, "https://127.0.0.1:8740"),
    ],
)
def test_the_site_file_says_where_its_pages_are(server: dict[str, str], url: str) -> None:
    assert url_of(Server.model_validate(server)) == url


def test_where_the_site_file_does_not_say_it_the_command_does_not_guess() -> None:
    for server in ({"behind_proxy": True}, {"address": "127.0.0.1:0"}):
        with pytest.raises(SettingsError, match="where its pages"):
            url_of(Server.model_validate(server))
    with pytest.raises(SettingsError, match="no address"):
        SiteClient("ftp://x", Server())


def test_the_command_says_what_was_delivered_and_fails_where_the_site_is_not_there(tmp_path: Path, receiver: HttpReceiver) -> None:
    with Drilled(tmp_path, channel_table(address=receiver.address)) as site:
        words = ["drill", str(tmp_path / "site.toml"), "--url", site.guarded.server.address, "--for", "5 s"]
        done = CliRunner().invoke(cli.app, words, catch_exceptions=False, input=f"{PASSWORD}\n")
        assert done.exit_code == 0, done.output
        assert "ops: delivered after" in done.output
    with contextlib.suppress(SystemExit), pytest.raises(InputError, match="does not answer"):
        CliRunner().invoke(cli.app, words, catch_exceptions=False)
