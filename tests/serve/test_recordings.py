"""Recordings over real HTTP, with real recordings and real processes that read them."""

import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import msgspec
import numpy as np
import pytest

from passerby.errors import ReceiptError
from passerby.record.activity import GAP_S
from passerby.record.playback import play
from passerby.record.receipts import Act, Receipt
from passerby.released.plate_canvas import PlateCanvas
from passerby.serve import viewings
from passerby.serve.archive import Archive
from passerby.serve.player import told_scene
from passerby.serve.recorded_places import RecordedPlaces
from tests.support.recorded import DAY, HOUR
from tests.support.recorded_site import RecordedSite, minutes_ago, wait_for

KEYS = {"t", "w", "h", "level", "epoch", "block", "shown", "g", "cell", "c", "state", "withheld", "ground"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RecordedSite]:
    with RecordedSite(tmp_path) as site:
        yield site


def recorded(site: RecordedSite, seconds: float = 90.0, step_s: float = 0.5) -> float:
    """Records, and closes; the begin."""
    site.kept.run(seconds, step_s)
    site.kept.recordings.close()
    return site.begin_s


def as_json(value: object) -> Any:
    return json.loads(msgspec.json.encode(value))


def whole(scenes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Scenes with what was left out since it is as in the one before."""
    known: dict[str, Any] = {}
    filled = []
    for scene in scenes:
        known = known | scene
        filled.append(known)
    return filled


def test_what_a_browser_gets_is_what_was_recorded_and_nothing_else(site: RecordedSite) -> None:
    begin_s = recorded(site)
    told = site.scenes(site.viewing(begin_s, begin_s + 90), begin_s + 20.25, begin_s + 80)
    played = list(play(site.state / "recordings", "gate", begin_s + 20.25, begin_s + 80, lead_in=True))
    assert len(played) > 100
    assert whole(told["scenes"]) == [as_json(told_scene(one)) for one in played]
    assert all(set(scene) == KEYS for scene in whole(told["scenes"]))
    assert told["gaps"] == []
    assert (told["from"], told["to"]) == (begin_s + 20.25, begin_s + 80)


def test_the_plates_number_is_the_same_wherever_one_begins_and_another_where_the_plate_is(site: RecordedSite) -> None:
    site.kept.run(30, 0.5)
    site.kept.reopen()
    site.kept.run(30, 0.5)
    site.kept.recordings.close()
    begin_s = site.begin_s
    viewing = site.viewing(begin_s, begin_s + 60)
    all_of_it = whole(site.scenes(viewing, begin_s, begin_s + 60)["scenes"])
    assert len({scene["epoch"] for scene in all_of_it}) == 2
    later = whole(site.scenes(viewing, begin_s + 40, begin_s + 60)["scenes"])
    assert {scene["epoch"] for scene in later} == {all_of_it[-1]["epoch"]}
    assert max(scene["epoch"] for scene in all_of_it) < 2**53


def test_a_ground_picture_is_the_plate_of_its_scene(site: RecordedSite) -> None:
    begin_s = recorded(site)
    viewing = site.viewing(begin_s, begin_s + 90)
    scene = whole(site.scenes(viewing, begin_s + 30, begin_s + 40)["scenes"])[3]
    answer = site.get(f"/api/viewings/{viewing}/ground.jpg", at=scene["t"])
    assert answer.headers["content-type"] == "image/jpeg"
    assert (answer.headers["x-ground"], int(answer.headers["x-epoch"])) == (scene["ground"], scene["epoch"])
    played = next(iter(play(site.state / "recordings", "gate", begin_s + 30, begin_s + 40, lead_in=True)))
    canvas = PlateCanvas(played.scene.size)
    canvas.update(played.scene)
    done, jpeg = cv2.imencode(".jpg", canvas.ground, [cv2.IMWRITE_JPEG_QUALITY, 82])
    assert done
    assert answer.content == jpeg.tobytes()


def test_every_scene_finds_its_ground_by_its_own_time(site: RecordedSite) -> None:
    begin_s = recorded(site, 20, 0.37)
    viewing = site.viewing(begin_s, begin_s + 60)
    for scene in whole(site.scenes(viewing, begin_s, begin_s + 60)["scenes"])[::9]:
        answer = site.get(f"/api/viewings/{viewing}/ground.jpg", at=scene["t"], w=240)
        assert answer.headers["x-ground"] == scene["ground"]
    assert site.get(f"/api/viewings/{viewing}/ground.jpg", at=begin_s, w=241).status_code == 400


def test_steps_leave_out_scenes_and_no_gap(site: RecordedSite) -> None:
    site.kept.run(60, 0.5)
    site.kept.idle(30)
    site.kept.run(30, 0.5)
    site.kept.recordings.close()
    begin_s = site.begin_s
    told = site.scenes(site.viewing(begin_s, begin_s + 130), begin_s, begin_s + 130, step=6.4)
    times = [scene["t"] - begin_s for scene in told["scenes"]]
    assert 10 <= sum(at_s < 60 for at_s in times) <= 11
    assert all(5.8 < later - earlier < 7 for earlier, later in itertools.pairwise([at_s for at_s in times[1:] if at_s < 60]))
    assert 90 in [round(at_s, 2) for at_s in times], "what comes first after a gap is shown at once"
    ends = [round(end_s - begin_s) for gap in told["gaps"] for end_s in gap]
    assert ends == [60, 90, 120, 130]


def test_where_nothing_was_recorded_all_is_a_gap(site: RecordedSite) -> None:
    begin_s = recorded(site, 20)
    told = site.scenes(site.viewing(begin_s - 600, begin_s + 600), begin_s - 500, begin_s - 400)
    assert (told["scenes"], told["gaps"]) == ([], [[begin_s - 500, begin_s - 400]])
    told = site.scenes(site.viewing(begin_s - 600, begin_s + 600), begin_s - 10, begin_s + 10)
    assert told["gaps"] == [[begin_s - 10, begin_s]]
    answer = site.get(f"/api/viewings/{site.viewing(begin_s - 600, begin_s + 600)}/ground.jpg", at=begin_s - 100)
    assert answer.status_code == 404


def test_a_viewing_is_written_down_before_anything_is_given(site: RecordedSite) -> None:
    begin_s = recorded(site, 20)
    site.viewing(begin_s, begin_s + 60)
    (receipt,) = site.written()
    assert (receipt.kind, receipt.camera, receipt.from_s, receipt.to_s) == (Act.VIEWED, "gate", begin_s, begin_s + 60)
    assert receipt.by
    assert receipt.by != "passerby"


class Refusing:
    def write(self, receipt: Receipt) -> None:
        raise ReceiptError("no room")


def test_what_cannot_be_written_down_is_refused(site: RecordedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_s = recorded(site, 20)
    monkeypatch.setattr(site.receipts, "write", Refusing().write)
    for what in ("viewings", "exports"):
        answer = site.post(f"/api/recordings/gate/{what}", {"from_s": begin_s, "to_s": begin_s + 20})
        assert answer.status_code == 503
        assert "written down first" in answer.json()["detail"]
    assert len(site.places.viewings) == 0
    assert site.places.exports.running == 0


def test_looking_at_the_line_of_time_is_no_viewing_and_gives_no_position(site: RecordedSite) -> None:
    begin_s = recorded(site)
    answer = site.get("/api/recordings/gate", **{"from": begin_s - 60, "to": begin_s + 180}).json()
    assert site.written() == []
    assert [(one["from_s"], one["scenes"]) for one in answer["bins"]] == [(begin_s, 120), (begin_s + 60, 60)]
    assert answer["runs"] == [{"from_s": begin_s, "to_s": pytest.approx(begin_s + 90.5, abs=0.01)}]
    assert (answer["bin_s"], answer["zone"], answer["retention_s"]) == (60, "UTC", DAY)
    assert set(answer["bins"][0]) == {"from_s", "scenes", "recorded_s"}
    listed = site.get("/api/recordings").json()
    assert [(one["id"], one["name"], one["first_s"], one["last_s"]) for one in listed["cameras"]] == [("gate", "Gate", begin_s, begin_s + 120)]


def test_a_gap_of_seconds_within_a_minute_is_seen_on_the_line(site: RecordedSite) -> None:
    site.kept.run(20, 0.5)
    site.kept.idle(8, 1)
    site.kept.run(20, 0.5)
    site.kept.recordings.close()
    runs = site.get("/api/recordings/gate", **{"from": site.begin_s, "to": site.begin_s + 60}).json()["runs"]
    assert [(round(run["from_s"] - site.begin_s, 1), round(run["to_s"] - site.begin_s, 1)) for run in runs] == [(0, 20.5), (28, 48.5)]
    assert runs[1]["from_s"] - runs[0]["to_s"] > GAP_S


def test_a_viewing_shows_its_own_span_only(site: RecordedSite) -> None:
    begin_s = recorded(site)
    viewing = site.viewing(begin_s + 20, begin_s + 40)
    told = site.scenes(viewing, begin_s, begin_s + 90)
    times = [scene["t"] for scene in told["scenes"]]
    assert begin_s + 20 <= times[0]
    assert times[-1] < begin_s + 40
    assert site.get(f"/api/viewings/{viewing}/ground.jpg", at=begin_s + 50).status_code == 404


def test_what_is_due_is_not_shown_though_it_is_still_there(tmp_path: Path) -> None:
    with RecordedSite(tmp_path, begin_s=minutes_ago(62), retention_s=61.9 * 60) as site:
        site.kept.run(180, 1)
        site.kept.recordings.close()
        begin_s = site.begin_s
        assert len(site.kept.minutes()) == 3
        answer = site.get("/api/recordings/gate", **{"from": begin_s, "to": begin_s + 240}).json()
        assert answer["first_s"] >= begin_s + 60
        told = site.scenes(site.viewing(begin_s, begin_s + 240), begin_s, begin_s + 240)
        assert told["scenes"][0]["t"] >= begin_s + 60
        assert told["gaps"][0][0] == begin_s
        viewing = site.viewing(begin_s, begin_s + 240)
        assert site.get(f"/api/viewings/{viewing}/ground.jpg", at=begin_s + 30).status_code == 404


def test_what_is_held_is_shown_beyond_its_time(tmp_path: Path) -> None:
    with RecordedSite(tmp_path, begin_s=minutes_ago(60), retention_s=59 * 60) as site:
        site.kept.run(120, 1)
        begin_s = site.begin_s
        site.kept.recordings.hold("gate", begin_s, begin_s + 30, begin_s + DAY, why="accident", by="ann")
        site.kept.recordings.close()
        told = site.scenes(site.viewing(begin_s, begin_s + 60), begin_s, begin_s + 60)
        assert told["scenes"][0]["t"] == begin_s


HOSTILE = ["..", "../../etc", "%2e%2e", "gate%2f..", "gate/../gate", "Gate", "", "a" * 41, "gate\x00", "gate%00", "hall", "<script>", "gate;ls"]


@pytest.mark.parametrize("camera", HOSTILE)
def test_a_camera_that_there_is_not_is_nowhere(site: RecordedSite, camera: str) -> None:
    begin_s = recorded(site, 5)
    assert site.client is not None
    for method, path, body in (
        ("GET", f"/api/recordings/{camera}", None),
        ("POST", f"/api/recordings/{camera}/viewings", {"from_s": begin_s, "to_s": begin_s + 5}),
        ("POST", f"/api/recordings/{camera}/exports", {"from_s": begin_s, "to_s": begin_s + 5}),
    ):
        if camera in {"", "gate/../gate"}:
            continue  # other addresses: the client itself writes them plainly
        try:
            answer = site.client.request(method, path, json=body)
        except httpx.InvalidURL:
            continue
        assert answer.status_code in {400, 404, 405}, (method, path, answer.status_code)
        assert "recordings/cameras" not in answer.text
    assert site.written() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"from_s": 5},
        {"from_s": "0", "to_s": 5},
        {"from_s": 10, "to_s": 5},
        {"from_s": 5, "to_s": 5},
        {"from_s": -1, "to_s": 5},
        {"from_s": 0, "to_s": 1e99},
        {"from_s": 0, "to_s": 86401},
        {"from_s": None, "to_s": 5},
        {"from_s": 0, "to_s": 5, "camera": "../gate"},
        {"from_s": True, "to_s": 5},
        [1, 2],
        "from",
    ],
)
def test_times_that_make_no_sense_are_refused_in_words(site: RecordedSite, body: Any) -> None:
    for what in ("viewings", "exports"):
        answer = site.post(f"/api/recordings/gate/{what}", body)
        assert answer.status_code == 400, answer.text
        assert set(answer.json()) == {"detail", "do"}
    assert site.written() == []


@pytest.mark.parametrize("number", ["NaN", "inf", "-1", "1e400", "x", "", "1;2", "../.."])
def test_parameters_that_make_no_sense_are_refused_and_not_repeated(site: RecordedSite, number: str) -> None:
    viewing = site.viewing(minutes_ago(5), minutes_ago(4))
    for path, parameters in (
        (f"/api/viewings/{viewing}/scenes", {"from": number, "to": 5}),
        (f"/api/viewings/{viewing}/scenes", {"from": 0, "to": 5, "step": number}),
        (f"/api/viewings/{viewing}/ground.jpg", {"at": number}),
        ("/api/recordings/gate", {"from": number}),
    ):
        answer = site.get(path, **parameters)
        assert answer.status_code == 400, (path, parameters, answer.text)
        assert number not in answer.json()["detail"] or len(number) < 2


def test_nobody_finds_the_viewing_of_another(site: RecordedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_s = recorded(site, 5)
    others = site.places.viewings.begin("gate", begin_s, begin_s + 5, "somebody else")
    for answer in (
        site.get(f"/api/viewings/{others.id}/scenes", **{"from": begin_s, "to": begin_s + 5}),
        site.get(f"/api/viewings/{others.id}/ground.jpg", at=begin_s),
        site.delete(f"/api/viewings/{others.id}"),
        site.get(f"/api/viewings/{'0' * 32}/scenes", **{"from": begin_s, "to": begin_s + 5}),
    ):
        assert answer.status_code == 404
    assert len(site.places.viewings) == 1


def test_a_viewing_that_is_ended_is_over_and_its_process_with_it(site: RecordedSite) -> None:
    begin_s = recorded(site, 5)
    viewing = site.viewing(begin_s, begin_s + 5)
    site.scenes(viewing, begin_s, begin_s + 5)
    player = site.places.viewings.find(viewing, site.written()[0].by).player
    assert player.pid
    assert site.delete(f"/api/viewings/{viewing}").status_code == 204
    assert not player.pid
    assert site.get(f"/api/viewings/{viewing}/scenes", **{"from": begin_s, "to": begin_s + 5}).status_code == 404


def test_viewings_are_bounded_and_nobody_elses_is_ended_for_it(site: RecordedSite) -> None:
    begin_s = recorded(site, 5)
    for number in range(viewings.MOST_VIEWINGS):
        site.places.viewings.begin("gate", begin_s, begin_s + 5, f"viewer {number}")
    answer = site.post("/api/recordings/gate/viewings", {"from_s": begin_s, "to_s": begin_s + 5})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert len(site.places.viewings) == viewings.MOST_VIEWINGS


def test_a_player_that_dies_is_started_again(site: RecordedSite) -> None:
    begin_s = recorded(site, 20)
    viewing = site.viewing(begin_s, begin_s + 20)
    site.scenes(viewing, begin_s, begin_s + 5)
    player = site.places.viewings.find(viewing, site.written()[0].by).player
    process = player._process
    assert process is not None
    process.kill()
    process.wait()
    assert site.scenes(viewing, begin_s, begin_s + 5)["scenes"]


def test_a_player_that_hangs_is_ended_and_said(site: RecordedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_s = recorded(site, 5)
    viewing = site.viewing(begin_s, begin_s + 5)
    player = site.places.viewings.find(viewing, site.written()[0].by).player
    player._command, player._longest_s = ("/bin/sleep", "60"), 0.2
    answer = site.get(f"/api/viewings/{viewing}/scenes", **{"from": begin_s, "to": begin_s + 5})
    assert answer.status_code == 503
    assert player.pid is None


def test_nothing_is_left_when_the_server_ends(tmp_path: Path) -> None:
    with RecordedSite(tmp_path) as site:
        begin_s = recorded(site, 20)
        site.scenes(site.viewing(begin_s, begin_s + 20), begin_s, begin_s + 20)
        (viewing,) = site.places.viewings._viewings.values()
        process = viewing.player._process
        assert process is not None
        before = {path.name for path in tmp_path.rglob("*")}
    assert wait_for(lambda: process.poll() is not None)
    assert {path.name for path in tmp_path.rglob("*")} <= before


def test_a_viewing_that_nobody_asks_anything_is_over_after_a_while(tmp_path: Path) -> None:
    from passerby.clock import SimulatedClock  # noqa: PLC0415 - only here

    clock = SimulatedClock(minutes_ago(0))
    with RecordedSite(tmp_path) as site:
        archive = Archive(site.archive.recordings, site.receipts, lambda: site.facts, clock)
        places = RecordedPlaces(archive)
        begun = places.viewings.begin("gate", 0, 10, "ann")
        clock.sleep(viewings.KEEP_S - 1)
        places.tick()
        assert places.viewings.find(begun.id, "ann") is begun
        clock.sleep(viewings.KEEP_S + 1)
        places.tick()
        assert len(places.viewings) == 0


def test_damage_is_told_in_words_and_names_no_path(site: RecordedSite) -> None:
    begin_s = recorded(site, 20)
    (plate,) = (site.state / "recordings").glob("cameras/gate/plates/*")
    data = bytearray(plate.read_bytes())
    data[len(data) // 2] ^= 0xFF
    plate.write_bytes(data)
    viewing = site.viewing(begin_s, begin_s + 20)
    assert site.scenes(viewing, begin_s, begin_s + 20)["scenes"]
    answer = site.get(f"/api/viewings/{viewing}/ground.jpg", at=begin_s + 1)
    assert answer.status_code in {200, 503}
    if answer.status_code == 200:  # nothing of the plate could be read: all of it is withheld
        picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert float(picture.std(axis=(0, 1)).max()) < 20
    assert str(site.state) not in answer.text


def test_several_who_look_at_once_all_get_theirs(site: RecordedSite) -> None:
    begin_s = recorded(site, 60)
    told: list[int] = []

    def look() -> None:
        viewing = site.viewing(begin_s, begin_s + 60)
        told.append(len(site.scenes(viewing, begin_s, begin_s + 60)["scenes"]))

    lookers = [threading.Thread(target=look) for _ in range(4)]
    for one in lookers:
        one.start()
    for one in lookers:
        one.join()
    assert told == [120] * 4
    assert len(site.written()) == 4


def test_the_newest_scenes_are_seen_while_their_minute_is_under_way(site: RecordedSite) -> None:
    site.kept.run(40, 0.5)
    begin_s = site.begin_s
    told = site.scenes(site.viewing(begin_s, begin_s + HOUR), begin_s, begin_s + 60)
    assert len(told["scenes"]) > 60
    assert site.get("/api/recordings/gate", **{"from": begin_s, "to": begin_s + 60}).json()["bins"][0]["scenes"] > 60
    site.kept.recordings.close()
