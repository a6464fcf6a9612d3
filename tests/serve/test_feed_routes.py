"""The addresses of live vectors over real HTTP, with readers of all kinds: one that never reads, one that sleeps, one that goes and comes again."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from passerby.clock import SimulatedClock
from passerby.released.messages import CaptureState, Reason
from passerby.serve import feed_routes, live_feed, slow_readers
from passerby.serve.app import application
from passerby.serve.http_server import HttpServer
from passerby.serve.live_feed import TICK_S
from passerby.serve.painter_process import PainterProcess
from passerby.serve.pictures import Pictures
from passerby.supervise.live_places import LivePlaces
from tests.support.event_stream import events
from tests.support.site_now import ToldSite, camera_now, health, message, place_now, site_now
from tests.support.staged_site import StagedPlace, StagedSite


@contextlib.contextmanager
def served(site: ToldSite) -> Iterator[HttpServer]:
    """The product's application over a site that a test plays. Its painter has nothing to draw: no worker sends it a plate."""
    clock = SimulatedClock()
    places = LivePlaces((camera.id for camera in site.state.cameras), lambda _camera: None, clock)
    server = HttpServer(application(site, Pictures(places, PainterProcess(clock), clock)), "127.0.0.1", 0)
    server.start()
    yield server
    server.stop(5.0)


@pytest.fixture
def site() -> ToldSite:
    lost = place_now(scene=None, scene_age_s=None, health=health("hall", state=CaptureState.WAITING, reason=Reason.UNAUTHORISED))
    return ToldSite(site_now(camera_now("gate"), camera_now("hall", place=lost)))


@pytest.fixture
def server(site: ToldSite) -> Iterator[HttpServer]:
    with served(site) as server:
        yield server


def listen(server: HttpServer, query: str = "") -> socket.socket:
    """A connection that asked for the feed."""
    reader = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    reader.sendall(f"GET /api/live{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return reader


def read_until(reader: socket.socket, words: bytes) -> bytes:
    data = b""
    while words not in data:
        part = reader.recv(65536)
        assert part, data
        data += part
    return data


def moved(site: ToldSite, number: int, glyphs: int | None = None) -> None:
    """The next scene of the gate, with another count of glyphs."""
    scene = message("gate", at_s=float(number), glyphs=number % 4 if glyphs is None else glyphs)
    gate, *others = site.state.cameras
    site.state = site_now(camera_now(gate.id, place=place_now(scene=scene)), *others)


def test_the_feed_is_an_event_stream_that_nobody_may_keep(server: HttpServer) -> None:
    with httpx.stream("GET", f"{server.address}api/live", timeout=20) as answer:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        data = b""
        for part in answer.iter_raw():
            data += part
            if b"event: gone" in data:
                break
    told = dict(events(data))
    assert told["cameras"]["site"] == "Central station"
    assert told["scene"]["id"] == "gate"
    assert told["gone"] == {"id": "hall"}


def test_what_the_cameras_say_is_what_the_api_says(server: HttpServer) -> None:
    with httpx.Client(base_url=server.address, timeout=20) as client, client.stream("GET", "/api/live") as answer:
        told = dict(events(next(answer.iter_raw())))
        assert told["cameras"] == client.get("/api/cameras").json()


def test_what_changes_comes_to_who_reads(server: HttpServer, site: ToldSite) -> None:
    with listen(server) as reader:
        read_until(reader, b'"g":[]')
        moved(site, 3)
        assert read_until(reader, b'"t":1000003.0')


def test_who_has_gone_is_forgotten_and_nobody_looks_any_more(server: HttpServer, site: ToldSite) -> None:
    asked = Counted(site)
    listen(server).close()
    with listen(server) as reader:
        read_until(reader, b"event: scene")
    asked.until_quiet()


class Counted:
    """Counts how often a site is asked how it is."""

    def __init__(self, site: ToldSite) -> None:
        self.count = 0
        self._told, self._site = site.now, site
        site.now = self._now  # type: ignore[method-assign]

    def _now(self) -> Any:
        self.count += 1
        return self._told()

    def until_quiet(self) -> None:
        """Returns once nobody has asked for three ticks; fails after a while."""
        pause = threading.Event()
        for _ in range(100):
            before = self.count
            pause.wait(3 * TICK_S)
            if self.count == before:
                return
        pytest.fail("the site is asked although nobody reads")


def test_who_comes_again_gets_everything_anew(server: HttpServer) -> None:
    for _ in range(3):
        with listen(server) as reader:
            told = read_until(reader, b"event: gone")
            assert b"event: cameras" in told
            assert b'"shown":' in told


def test_a_reader_that_never_reads_holds_up_no_other(server: HttpServer, site: ToldSite) -> None:
    sleepers = [listen(server) for _ in range(20)]
    try:
        with listen(server) as reader:
            read_until(reader, b"event: scene")
            for number in range(1, 6):
                moved(site, number)
                read_until(reader, f'"t":100000{number}.0'.encode())
    finally:
        for sleeper in sleepers:
            sleeper.close()


def test_a_reader_that_never_reads_costs_a_bounded_buffer_and_is_cut_off(server: HttpServer, site: ToldSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_readers, "READS_WITHIN_S", 0.5)
    monkeypatch.setattr(live_feed, "TICK_S", 0.001)
    monkeypatch.setattr(live_feed, "SCENE_EVERY_S", 0.0)
    kept = 0
    with listen(server) as sleeper, listen(server) as reader:
        read_until(sleeper, b"event: gone")
        read_until(reader, b"event: gone")
        for number in range(1, 1000):
            moved(site, number, glyphs=3000 + number % 2)
            read_until(reader, told_at(number))
            if len(server._server.server_state.connections) == 1:
                break
        else:
            pytest.fail("who never reads is not cut off")
        with contextlib.suppress(ConnectionResetError):
            while part := sleeper.recv(1 << 20):
                kept += len(part)
    assert kept < 1_000_000


def test_a_reader_that_slept_gets_the_newest_and_not_what_it_missed(server: HttpServer, site: ToldSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_feed, "TICK_S", 0.001)
    monkeypatch.setattr(live_feed, "SCENE_EVERY_S", 0.0)
    last = 60
    with listen(server) as sleeper, listen(server) as reader:
        read_until(reader, b"event: gone")
        for number in range(1, last + 1):
            moved(site, number, glyphs=3000 + number % 2)
            read_until(reader, told_at(number))
        told = read_until(sleeper, told_at(last))
    assert 0 < told.count(b"event: scene") < last / 2


def told_at(number: int) -> bytes:
    """What the event of a scene has in it."""
    return f'"t":{1_000_000 + number}.0,'.encode()


def test_more_readers_than_there_may_be_are_sent_away_and_come_in_when_another_goes(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_routes, "MOST_READERS", 2)
    first, second = listen(server), listen(server)
    with second:
        read_until(first, b"event: scene")
        read_until(second, b"event: scene")
        with listen(server) as third:
            assert b"503 Service Unavailable" in read_until(third, b"Too many read at once.")
        first.close()
        pause = threading.Event()
        for _ in range(100):
            with listen(server) as fourth:
                if b"200 OK" in fourth.recv(15):
                    break
            pause.wait(TICK_S)
        else:
            pytest.fail("nobody is let in although one went")


def test_a_server_that_ends_does_not_wait_for_who_reads_and_finds_nothing_wrong(site: ToldSite, caplog: pytest.LogCaptureFixture) -> None:
    with served(site) as server, listen(server) as reader, listen(server):
        read_until(reader, b"event: scene")
        server.stop(5.0)
        assert not server.alive
    assert caplog.records == []


@pytest.mark.parametrize("query", ["?cameras=", "?cameras=,,,", "?cameras=%00,../..,gate%0a", f"?cameras={'a,' * 3000}"])
def test_no_list_of_cameras_makes_the_server_stumble(server: HttpServer, query: str) -> None:
    with listen(server, query) as reader:
        told = read_until(reader, b"event: cameras")
    assert b"200 OK" in told
    assert b"event: scene" not in told


def test_a_ground_needs_a_camera_that_is_seen_and_a_width_that_there_is(server: HttpServer) -> None:
    with httpx.Client(base_url=server.address) as client:
        assert client.get("/live/elsewhere/ground.jpg").status_code == 404
        lost = client.get("/live/hall/ground.jpg")
        assert (lost.status_code, lost.json()["detail"]) == (503, "The camera does not take the user name or password.")
        for width in ("0", "-1", "480.0", "1e9", "four", "481"):
            assert client.get(f"/live/gate/ground.jpg?w={width}").status_code == 400


def test_the_ground_that_a_scene_names_is_given_and_not_sent_twice() -> None:
    with StagedSite(StagedPlace("gate")) as site, httpx.Client(base_url=site.address, timeout=20) as client:
        named = next(scene["ground"] for scene in scenes_of(client) if scene["ground"])
        answer = client.get("/live/gate/ground.jpg?w=240")
        assert (answer.status_code, answer.headers["content-type"], answer.headers["cache-control"]) == (200, "image/jpeg", "no-store")
        assert (answer.headers["x-ground"], answer.headers["x-epoch"]) == (named, "0")
        again = client.get("/live/gate/ground.jpg?w=240", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        wider = client.get("/live/gate/ground.jpg", headers={"If-None-Match": answer.headers["etag"]})
        assert wider.status_code == 200


def test_after_the_plate_was_dropped_no_ground_of_before_is_named_or_given() -> None:
    with StagedSite(StagedPlace("gate")) as site, httpx.Client(base_url=site.address, timeout=20) as client:
        scenes = scenes_of(client)
        before = next(scene["ground"] for scene in scenes if scene["ground"])
        site.change("gate", epoch=1)
        later = []
        for scene in scenes:
            if scene["epoch"] == 1:
                later.append(scene["ground"])
                answer = client.get("/live/gate/ground.jpg")
                assert answer.status_code == 503 or answer.headers["x-epoch"] == "1"
            if later and later[-1]:
                break
        assert all(name is None or name.partition(".")[2] != before.partition(".")[2] for name in later)


def scenes_of(client: httpx.Client) -> Iterator[dict[str, Any]]:
    """The scenes that the feed tells, as they come."""
    data = b""
    with client.stream("GET", "/api/live") as answer:
        for part in answer.iter_raw():
            *whole, data = (data + part).split(b"\n\n")
            for one in whole:
                yield from (told for name, told in events(one) if name == "scene")
