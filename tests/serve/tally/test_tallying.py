"""Taking tallies: over a real server, from several phones, from hostile ones; and what is noted beside them."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from passerby.clock import SimulatedClock
from passerby.released import durable
from passerby.released.measurement import CrowdNumbers, Pulse, ZonePulse
from passerby.serve.accounts.rights import TOKEN_RIGHTS
from passerby.store import tallies as tallies_module
from passerby.store.counted_places import AWAY, LEFT, RIGHT, TOWARDS, ways
from passerby.store.question import Table
from passerby.store.tallies import read_tallies
from passerby.store.tally import Seen, Tap, What
from tests.support.guarded_site import OURS, keep_accounts
from tests.support.staged_site import StagedPlace, StagedSite
from tests.support.tallied_site import DOOR, HALL, Tallied


class Phone:
    """Somebody who counts, without a browser."""

    def __init__(self, address: str, number: int = 1, **more: str) -> None:
        self.client = httpx.Client(base_url=address, timeout=20, headers={**OURS, **more})
        self.sitting = f"{number:016x}"
        self.taps = 0

    def tap(self, what: str, at_s: float | None = None, **more: Any) -> dict[str, Any]:
        self.taps += 1
        return {"id": f"{self.sitting[8:]}{self.taps:08x}", "at_s": time.time() if at_s is None else at_s, "what": what, **more}

    def send(self, *taps: dict[str, Any], table: str = "zones", camera: str = "gate", place: str = "hall", **more: Any) -> httpx.Response:
        wish = {"sitting": self.sitting, "table": table, "camera": camera, "place": place, "taps": list(taps), **more}
        return self.client.post("/api/tallies", json=wish)


@pytest.fixture
def tallied(tmp_path: Path) -> Tallied:
    return Tallied(tmp_path)


@pytest.fixture
def site(tallied: Tallied) -> Iterator[StagedSite]:
    with StagedSite(StagedPlace("gate", "South gate"), tallying=tallied.tallying) as site:
        yield site


@pytest.fixture
def new_phone() -> Iterator[Callable[..., Phone]]:
    """Makes phones, and ends them."""
    phones: list[Phone] = []

    def made(*arguments: Any, **more: Any) -> Phone:
        phones.append(Phone(*arguments, **more))
        return phones[-1]

    yield made
    for phone in phones:
        phone.client.close()


@pytest.fixture
def phone(site: StagedSite, new_phone: Callable[..., Phone]) -> Phone:
    return new_phone(site.address)


def kept(tallied: Tallied) -> list[Tap]:
    return [entry for entry in read_tallies(tallied.folder) if isinstance(entry, Tap)]


def test_what_is_tapped_is_kept_with_its_times_before_it_is_acknowledged(phone: Phone, tallied: Tallied) -> None:
    at_s = time.time() - 3
    answer = phone.send(phone.tap("now", at_s, people=4), offset_s=-7.25)
    (one,) = kept(tallied)
    assert answer.status_code == 200
    assert answer.json()["kept"] == [one.id]
    assert (one.table, one.camera, one.place, one.shape, one.what, one.people) == (Table.ZONES, "gate", "hall", HALL.shape, What.NOW, 4)
    assert one.wall_s == pytest.approx(at_s, abs=0.001)
    assert 0 < one.received_s - one.wall_s < 60
    assert one.offset_s == -7.25


def test_what_is_sent_twice_is_kept_once(phone: Phone, tallied: Tallied) -> None:
    taps = [phone.tap("begin"), phone.tap("ab"), phone.tap("ba")]
    for _ in range(3):
        answer = phone.send(*taps, table="lines", place="door")
        assert answer.json()["kept"] == [tap["id"] for tap in taps]
    assert [tap.what for tap in kept(tallied)] == [What.BEGIN, What.AB, What.BA]
    assert {tap.shape for tap in kept(tallied)} == {DOOR.shape}


def test_two_phones_at_once_are_both_kept_whole(site: StagedSite, tallied: Tallied, new_phone: Callable[..., Phone]) -> None:
    gate = threading.Barrier(2)
    answers: list[int] = []

    def count(number: int) -> None:
        phone = new_phone(site.address, number)
        gate.wait(10)
        for people in range(20):
            taps = [phone.tap("count", people=people), phone.tap("now", people=people)]
            answers.append(phone.send(*taps).status_code)
            answers.append(phone.send(*taps).status_code)

    threads = [threading.Thread(target=count, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) == {200}
    of_phone = {number: [tap.people for tap in kept(tallied) if tap.sitting == f"{number:016x}" and tap.what is What.NOW] for number in (1, 2)}
    assert of_phone == {1: list(range(20)), 2: list(range(20))}


def test_nothing_that_was_measured_is_told_to_who_counts(phone: Phone, tallied: Tallied) -> None:
    tallied.pulses.accept(Pulse("gate", time.time(), 1.0, (ZonePulse("hall", 17.0, 17),)))
    places, clock = phone.client.get("/api/tallies/places").json(), phone.client.get("/api/tallies/clock").json()
    assert set(places) == {"site", "places"}
    assert {key for place in places["places"] for key in place} == {"table", "camera", "camera_name", "place", "name", "ways"}
    assert set(clock) == {"now_s"}
    assert set(phone.send(phone.tap("now", people=1)).json()) == {"kept", "refused", "now_s"}
    page = phone.client.get("/tally").text
    assert "<img" not in page
    assert "17" not in json.dumps(places)


def test_what_cannot_be_is_refused_for_good_and_the_rest_is_kept(phone: Phone, tallied: Tallied) -> None:
    good = phone.tap("now", people=0)
    bad = [
        phone.tap("now", time.time() - 27 * 3600, people=1),
        phone.tap("now", time.time() + 60, people=1),
        phone.tap("now"),
        phone.tap("ab"),
        phone.tap("count", people=1, of="0" * 16),
        phone.tap("undo"),
        phone.tap("undo", people=1, of="0" * 16),
        phone.tap("end"),
    ]
    answer = phone.send(*bad, good).json()
    assert answer["kept"] == [good["id"]]
    assert sorted(answer["refused"]) == sorted(tap["id"] for tap in bad)
    assert [tap.id for tap in kept(tallied)] == [good["id"]]


TAP = {"id": "0" * 16, "at_s": 1.0, "what": "now", "people": 1}
WISH = {"sitting": "0" * 16, "table": "zones", "camera": "gate", "place": "hall", "taps": [TAP]}


@pytest.mark.parametrize(
    "wish",
    [
        [],
        {},
        {**WISH, "taps": []},
        {**WISH, "taps": [TAP] * 201},
        {**WISH, "sitting": "../../x"},
        {**WISH, "camera": "../gate"},
        {**WISH, "place": "<script>"},
        {**WISH, "table": "heat"},
        {**WISH, "who": "Ada"},
        {**WISH, "offset_s": 1e300},
        *({**WISH, "taps": [{**TAP, **wrong}]} for wrong in ({"id": "Z" * 16}, {"id": ""}, {"at_s": -1}, {"at_s": "now"}, {"what": "name"})),
        *({**WISH, "taps": [{**TAP, **wrong}]} for wrong in ({"people": -1}, {"people": 10_000}, {"people": 1.5}, {"people": True}, {"face": 1})),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_of_it_is_repeated(phone: Phone, tallied: Tallied, wish: Any) -> None:
    answer = phone.client.post("/api/tallies", json=wish)
    assert answer.status_code == 400
    assert set(answer.json()) == {"detail", "do"}
    assert "script" not in answer.text
    assert kept(tallied) == []


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"{", b"[" * 60_000, b'{"taps":NaN}', json.dumps({**WISH, "taps": [{**TAP, "at_s": 1e999}]}).encode()]
)
def test_what_is_no_json_is_refused(phone: Phone, tallied: Tallied, body: bytes) -> None:
    answer = phone.client.post("/api/tallies", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert kept(tallied) == []


def test_a_zone_that_is_gone_is_not_counted(phone: Phone, tallied: Tallied) -> None:
    tallied.places = (DOOR,)
    assert phone.send(phone.tap("now", people=1)).status_code == 404
    assert phone.send(phone.tap("now", people=1), table="lines").status_code == 404
    assert kept(tallied) == []


def test_the_page_of_another_site_cannot_tally(phone: Phone, tallied: Tallied) -> None:
    tap = phone.tap("now", people=1)
    wish = {**WISH, "taps": [tap]}
    assert httpx.post(f"{phone.client.base_url}/api/tallies", json=wish).status_code == 403
    assert phone.client.post("/api/tallies", json=wish, headers={"origin": "https://evil.example"}).status_code == 403
    assert phone.client.post("/api/tallies", json=wish, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert phone.client.post("/api/tallies", content=b"x" * 70_000).status_code == 413
    assert kept(tallied) == []


def test_a_disk_that_takes_nothing_is_said_and_the_tap_can_come_again(phone: Phone, tallied: Tallied, monkeypatch: pytest.MonkeyPatch) -> None:
    tap = phone.tap("now", people=1)

    def fails(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(durable, "sync_data", fails)
        refused = phone.send(tap)
    assert refused.status_code == 503
    assert kept(tallied) == []
    assert phone.send(tap).json()["kept"] == [tap["id"]]
    monkeypatch.setattr(tallies_module, "MOST_DAY_BYTES", 100)
    assert phone.send(phone.tap("now", people=1)).status_code == 409


def test_who_is_not_logged_in_is_sent_to_the_login_and_a_token_cannot_count(
    tmp_path: Path, tallied: Tallied, new_phone: Callable[..., Phone]
) -> None:
    tokens = keep_accounts(tmp_path, {"all": tuple(TOKEN_RIGHTS)})
    with StagedSite(StagedPlace("gate"), state=tmp_path, tallying=tallied.tallying) as site:
        stranger = new_phone(site.address)
        page = stranger.client.get("/tally")
        assert (page.status_code, page.headers["location"]) == (303, "/login#tally")
        assert [stranger.client.get(f"/api/tallies/{name}").status_code for name in ("places", "clock")] == [401, 401]
        assert stranger.send(stranger.tap("now", people=1)).status_code == 401
        player = new_phone(site.address, authorization=f"Bearer {tokens['all']}")
        assert player.send(player.tap("now", people=1)).status_code == 403
        assert player.client.get("/api/tallies/places").status_code == 403
    assert kept(tallied) == []


# What is noted beside a stamp, and when the accuracy is told anew


def stamp(clock: SimulatedClock, number: int = 1, *, place: str = "hall", at_s: float | None = None, what: What = What.NOW) -> Tap:
    wall_s = clock.wall_s() if at_s is None else at_s
    people = None if what is What.AB else 3
    table = Table.LINES if what is What.AB else Table.ZONES
    facts: dict[str, Any] = {"table": table, "camera": "gate", "place": place, "shape": HALL.shape, "what": what}
    return Tap(id=f"{number:016x}", sitting="5" * 16, wall_s=wall_s, received_s=clock.wall_s(), people=people, **facts)


def pulse(end_s: float, people: float, covered: float = 1.0) -> Pulse:
    return Pulse("gate", end_s, covered, (ZonePulse("hall", people, 9),))


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(1_795_435_200.25)


@pytest.fixture
def by_hand(tmp_path: Path, clock: SimulatedClock) -> Tallied:
    return Tallied(tmp_path, clock=clock)


def seen(tallied: Tallied) -> list[Seen]:
    return [entry for entry in read_tallies(tallied.folder) if isinstance(entry, Seen)]


def test_what_was_measured_in_the_second_of_a_stamp_is_noted_once_it_is_told(by_hand: Tallied, clock: SimulatedClock) -> None:
    by_hand.pulses.accept(pulse(clock.wall_s() - 0.5, 9.0))
    by_hand.tallying.keep([stamp(clock)], "operator")
    by_hand.tallying.tick()
    assert seen(by_hand) == []
    clock.sleep(1.5)
    by_hand.pulses.accept(pulse(1_795_435_201.0, 2.456))
    by_hand.pulses.accept(pulse(1_795_435_202.0, 7.0))
    by_hand.tallying.tick()
    by_hand.tallying.tick()
    by_hand.tallying.keep([stamp(clock, at_s=1_795_435_200.25)], "operator")
    by_hand.tallying.tick()
    assert seen(by_hand) == [Seen(id=f"{1:016x}", people=2.46)]


def test_of_a_crowd_the_numbers_of_that_second_are_noted_too(by_hand: Tallied, clock: SimulatedClock) -> None:
    crowd = CrowdNumbers(6.2, 9.125, 1.5, 20.0)
    by_hand.pulses.accept(Pulse("gate", clock.wall_s() + 0.75, 1.0, (ZonePulse("hall", 6.2, 7, crowd=crowd),)))
    by_hand.tallying.keep([stamp(clock)], "operator")
    by_hand.tallying.tick()
    assert seen(by_hand) == [Seen(id=f"{1:016x}", people=6.2, crowd=crowd)]


def test_a_second_that_was_not_seen_is_not_noted_nor_is_one_that_is_long_past(by_hand: Tallied, clock: SimulatedClock) -> None:
    by_hand.pulses.accept(pulse(clock.wall_s() + 0.75, 2.0, covered=0.2))
    by_hand.pulses.accept(pulse(clock.wall_s() - 99.25, 2.0))
    late = [stamp(clock, 1), stamp(clock, 2, at_s=clock.wall_s() - 100), stamp(clock, 3, place="elsewhere"), stamp(clock, 4, what=What.AB)]
    by_hand.tallying.keep(late[:1] + late[2:], "operator")
    clock.sleep(61)
    by_hand.tallying.tick()
    by_hand.pulses.accept(pulse(1_795_435_201.0, 2.0))
    by_hand.tallying.tick()
    assert seen(by_hand) == []


def test_the_accuracy_is_told_anew_when_the_minutes_of_new_tallies_are_there(by_hand: Tallied, clock: SimulatedClock) -> None:
    tallying, validator = by_hand.tallying, by_hand.validator
    tallying.tick()
    assert validator.asked == [by_hand.places]
    tallying.keep([stamp(clock)], "operator")
    clock.sleep(100)
    tallying.keep([stamp(clock, 2)], "operator")
    clock.sleep(40)
    tallying.tick()
    assert len(validator.asked) == 1
    clock.sleep(10)
    tallying.tick()
    tallying.tick()
    assert len(validator.asked) == 2, "the first tap's minute is there"
    clock.sleep(100)
    tallying.tick()
    assert len(validator.asked) == 3, "and that of the last"
    clock.sleep(1000)
    tallying.tick()
    assert len(validator.asked) == 3


def test_tallies_that_were_deleted_are_told_of_no_longer(by_hand: Tallied, clock: SimulatedClock) -> None:
    by_hand.tallying.keep([stamp(clock)], "operator")
    by_hand.tallying.tick()
    clock.sleep(600)
    by_hand.tallying.tick()
    asked = len(by_hand.validator.asked)
    for path in by_hand.folder.iterdir():
        path.unlink()
    clock.sleep(60)
    by_hand.tallying.tick()
    by_hand.tallying.tick()
    assert len(by_hand.validator.asked) == asked + 1


def test_zones_that_are_drawn_anew_are_compared_anew_and_what_fails_is_said_and_tried_again(by_hand: Tallied, clock: SimulatedClock) -> None:
    by_hand.tallying.tick()
    by_hand.places, by_hand.validator.trouble = (HALL,), "the history cannot be read"
    by_hand.tallying.tick()
    by_hand.tallying.tick()
    assert by_hand.validator.asked[1:] == [(HALL,)]
    assert by_hand.journal.of("the accuracy of measurements could not be told anew") == [{"why": "the history cannot be read"}]
    clock.sleep(600)
    by_hand.tallying.tick()
    assert len(by_hand.validator.asked) == 3
    by_hand.tallying.stop()
    assert by_hand.validator.stopped


def test_who_begins_to_count_is_in_the_journal_and_in_no_tally(by_hand: Tallied, clock: SimulatedClock) -> None:
    by_hand.tallying.keep([stamp(clock)], "operator")
    by_hand.tallying.keep([stamp(clock, 2)], "operator")
    assert by_hand.journal.of("somebody counts at the place") == [{"account": "operator", "camera": "gate", "place": "hall"}]
    assert "operator" not in next(by_hand.folder.iterdir()).read_text("utf-8")


@pytest.mark.parametrize(
    ("a_px", "b_px", "words"),
    [
        ((0, 0), (10, 0), (TOWARDS, AWAY)),
        ((10, 0), (0, 0), (AWAY, TOWARDS)),
        ((0, 0), (0, 10), (LEFT, RIGHT)),
        ((0, 10), (0, 0), (RIGHT, LEFT)),
        ((0, 0), (10, 5), (TOWARDS, AWAY)),
        ((100, 300), (400, 320), (TOWARDS, AWAY)),
    ],
)
def test_directions_are_told_as_somebody_sees_them_who_sees_the_camera(
    a_px: tuple[float, float], b_px: tuple[float, float], words: tuple[str, str]
) -> None:
    """Direction ab is from the left of a -> b to its right; in a picture, down is towards the camera."""
    assert ways(a_px, b_px) == words
