"""The application over real HTTP: uvicorn on a free port, httpx and raw sockets against it."""

import http.client
import queue
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.clock import SimulatedClock
from passerby.errors import OutputError
from passerby.released.messages import CaptureState, Reason
from passerby.serve.app import MOST_WAITING, application
from passerby.serve.grounds import Grounds
from passerby.serve.http_server import HttpServer
from passerby.serve.painter_process import PainterProcess
from passerby.serve.pictures import LivePicture
from passerby.supervise.live_places import LivePlaces
from tests.support.site_now import ToldSite, camera_now, health, place_now, site_now

JPEG = b"\xff\xd8 a picture \xff\xd9"


class Shown:
    """Stands in for the pictures."""

    def __init__(self) -> None:
        self.picture_now: LivePicture | None = LivePicture(JPEG, 7, 1_000_000.25, 3.0)
        self.gate = threading.Event()
        self.gate.set()
        self.asked = 0
        self.was_asked = threading.Event()
        self.was_ticked = threading.Event()
        self.stopped = False
        self.watched = ("gate",)
        self.grounds = Grounds(LivePlaces((), lambda _camera: None, SimulatedClock()), PainterProcess(), SimulatedClock())

    def picture(self, camera: str) -> LivePicture | None:
        self.asked += 1
        self.was_asked.set()
        self.gate.wait(10)
        return self.picture_now

    def tick(self) -> None:
        self.was_ticked.set()

    def stop(self) -> None:
        self.stopped = True


class Served:
    """A running server, what it shows, and a client for it."""

    def __init__(self) -> None:
        lost = place_now(scene=None, scene_age_s=None, health=health("hall", state=CaptureState.WAITING, reason=Reason.UNAUTHORISED))
        self.site = ToldSite(site_now(camera_now("gate"), camera_now("hall", place=lost, lost_scenes=3)))
        self.pictures = Shown()
        self.server = HttpServer(application(self.site, self.pictures, lambda: 5), "127.0.0.1", 0)  # type: ignore[arg-type]
        self.server.start()
        self.client = httpx.Client(base_url=self.server.address, timeout=10)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.client.get(path, **more)


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.pictures.gate.set()
    served.client.close()
    served.server.stop(5.0)
    assert not served.server.alive
    assert served.pictures.stopped


def test_the_cameras_are_listed_with_what_is_wrong_and_what_to_do(served: Served) -> None:
    answer = served.get("/api/cameras").json()
    assert (answer["site"], answer["recording"]) == ("Central station", "off")
    gate, hall = answer["cameras"]
    assert (gate["id"], gate["condition"], gate["has_picture"], gate["picture"]) == ("gate", "live", True, "/live/gate.jpg")
    assert gate["not_protected"] == [{"name": "landlock", "word": "the kernel is too old"}]
    assert gate["stream"]["codec"] == "h264"
    assert hall["condition"] == "trouble"
    assert hall["says"] == "The camera does not take the user name or password."
    assert "site file" in hall["do"]
    assert hall["lost_scenes"] == 3


def test_one_camera_can_be_asked_for_and_an_unknown_one_is_named_unknown(served: Served) -> None:
    assert served.get("/api/cameras/gate").json()["id"] == "gate"
    unknown = served.get("/api/cameras/elsewhere")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "There is no camera of that id here.")


def test_a_picture_comes_with_its_number_and_its_time_and_is_not_sent_twice(served: Served) -> None:
    answer = served.get("/live/gate.jpg")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, JPEG, "image/jpeg")
    assert answer.headers["x-captured-at"] == "1000000.250"
    assert answer.headers["cache-control"] == "no-store"
    again = served.get("/live/gate.jpg", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    served.pictures.picture_now = LivePicture(b"other", 8, 1.0, 1.0)
    assert served.get("/live/gate.jpg", headers={"If-None-Match": answer.headers["etag"]}).content == b"other"


def test_head_is_answered_like_get_without_a_body(served: Served) -> None:
    answer = served.client.head("/live/gate.jpg")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", str(len(JPEG)))


def test_no_name_of_a_camera_or_file_makes_the_server_stumble(served: Served) -> None:
    @settings(max_examples=60, deadline=None)
    @given(st.sampled_from(["/live/", "/api/cameras/", "/page/", "/"]), st.text(max_size=40))
    def ask(folder: str, name: str) -> None:
        path = folder + quote(name, safe="/")
        assert served.get(path).status_code in {200, 307, 400, 404, 503}, path

    ask()


def test_a_camera_without_pictures_says_why_and_shows_no_old_one(served: Served) -> None:
    answer = served.get("/live/hall.jpg")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["detail"] == "The camera does not take the user name or password."
    assert served.pictures.asked == 0


@pytest.mark.parametrize("path", ["/live/elsewhere.jpg", "/live/..%2f..%2fetc%2fpasswd.jpg", "/page/../app.py", "/page/app.py", "/docs", "/redoc"])
def test_what_is_not_there_is_not_found(served: Served, path: str) -> None:
    assert served.get(path).status_code == 404


def test_who_asks_first_waits_for_the_picture_and_not_for_ever(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.serve.app.FIRST_PICTURE_WITHIN_S", 0.2)
    served.pictures.picture_now = None
    answer = served.get("/live/gate.jpg")
    assert (answer.status_code, answer.json()["detail"]) == (503, "The picture is on its way.")
    assert served.pictures.asked > 1


def test_a_first_picture_that_comes_while_somebody_waits_is_given(served: Served) -> None:
    served.pictures.picture_now = None
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(served.get("/live/gate.jpg")))
    waiting.start()
    assert served.pictures.was_asked.wait(10)
    served.pictures.picture_now = LivePicture(JPEG, 1, 0.0, 0.0)
    waiting.join()
    assert answers[0].content == JPEG


def test_health_and_readiness_tell_what_is_not_as_it_should_be(served: Served) -> None:
    assert served.get("/healthz").json() == {"ok": True, "why": []}
    assert served.get("/readyz").status_code == 200
    served.site.state = site_now(not_ready=("The worker of gate does not run yet.",), not_alive=())
    assert served.get("/healthz").status_code == 200
    ready = served.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"ok": False, "why": ["The worker of gate does not run yet."]})
    served.site.state = site_now(not_alive=("The thread that records stands still.",))
    assert served.get("/healthz").status_code == 503


def test_every_answer_forbids_what_comes_from_elsewhere_and_to_be_kept(served: Served) -> None:
    for path in ("/", "/page/app.js", "/api/cameras", "/live/gate.jpg", "/nowhere", "/metrics"):
        headers = served.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "192.168.1.20", ""])
def test_a_page_of_the_internet_that_points_its_name_here_gets_nothing(served: Served, host: str) -> None:
    for path in ("/api/cameras", "/live/gate.jpg", "/"):
        answer = served.get(path, headers={"Host": host})
        assert answer.status_code in {400, 421}
        assert "gate" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(served: Served, method: str) -> None:
    for path in ("/api/cameras", "/live/gate.jpg", "/"):
        assert served.client.request(method, path).status_code == 405


def test_an_error_that_nobody_foresaw_tells_nothing_of_itself(served: Served) -> None:
    served.site.state = None  # type: ignore[assignment]
    answer = served.get("/api/cameras")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def test_a_reader_who_never_reads_slows_nobody(served: Served) -> None:
    served.pictures.picture_now = LivePicture(b"\xff" * 4_000_000, 1, 0.0, 0.0)
    sleepers = []
    for _ in range(20):
        sleeper = socket.create_connection(("127.0.0.1", served.server.port))
        sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sleeper.sendall(b"GET /live/gate.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        sleepers.append(sleeper)
    try:
        for _ in range(10):
            assert served.get("/healthz").status_code == 200
            assert len(served.get("/live/gate.jpg").content) == 4_000_000
    finally:
        for sleeper in sleepers:
            sleeper.close()


def test_a_drawing_that_hangs_leaves_everything_else_answering_and_the_crowd_is_sent_away(served: Served) -> None:
    served.pictures.gate.clear()
    statuses: queue.SimpleQueue[int] = queue.SimpleQueue()

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", served.server.port, timeout=20)
        connection.request("GET", "/live/gate.jpg")
        statuses.put(connection.getresponse().status)
        connection.close()

    crowd = [threading.Thread(target=ask) for _ in range(MOST_WAITING + 10)]
    for one in crowd:
        one.start()
    assert [statuses.get(timeout=10) for _ in range(10)] == [503] * 10
    assert served.get("/healthz").status_code == 200
    assert served.get("/api/cameras").status_code == 200
    served.pictures.gate.set()
    for one in crowd:
        one.join()
    assert [statuses.get(timeout=10) for _ in range(MOST_WAITING)] == [200] * MOST_WAITING


def test_the_pictures_are_looked_after_while_it_runs(served: Served) -> None:
    assert served.pictures.was_ticked.wait(10)


def test_the_description_names_every_address_and_loads_nothing_from_elsewhere(served: Served) -> None:
    described = served.get("/openapi.json")
    named = {"/api/cameras", "/api/cameras/{camera}", "/live/{camera}.jpg", "/healthz", "/readyz", "/metrics", "/login", "/logout", "/api/session"}
    assert set(described.json()["paths"]) >= named
    assert "://" not in described.text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104
def test_an_address_that_others_can_reach_is_refused(host: str) -> None:
    with pytest.raises(OutputError, match="which other machines can reach") as error:
        HttpServer(application(ToldSite(), Shown()), host, 0)  # type: ignore[arg-type]
    assert "accounts" in error.value.hint


def test_a_port_that_is_taken_is_a_clear_error(served: Served) -> None:
    with pytest.raises(OutputError, match=f"cannot listen on 127.0.0.1:{served.server.port}: Address already in use"):
        HttpServer(application(ToldSite(), Shown()), "127.0.0.1", served.server.port)  # type: ignore[arg-type]


def test_a_server_that_never_began_can_be_stopped_and_leaves_its_port() -> None:
    server = HttpServer(application(ToldSite(), Shown()), "127.0.0.1", 0)  # type: ignore[arg-type]
    server.stop(1.0)
    with socket.socket() as another:
        another.bind(("127.0.0.1", server.port))


def test_a_server_that_ends_does_not_wait_for_its_readers() -> None:
    served = Served()
    with socket.create_connection(("127.0.0.1", served.server.port)) as sleeper:
        sleeper.sendall(b"GET /live/gate.jpg HTTP/1.1\r\n")
        begun_s = time.monotonic()
        served.server.stop(2.0)
        assert time.monotonic() - begun_s < 4
    served.client.close()
