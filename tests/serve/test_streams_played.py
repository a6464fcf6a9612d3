"""Streams as players see them: FFmpeg reads each from a real server while the camera flaps and the streamer is killed and hung."""

import contextlib
import itertools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.clock import SystemClock
from passerby.released.scene import Size
from passerby.serve.accounts.door import Door
from passerby.serve.accounts.rights import Right
from passerby.serve.streams import KEEP_S
from passerby.site.settings import Server
from tests.support.guarded_site import keep_accounts
from tests.support.journals import KeptJournal
from tests.support.players import needs_ffmpeg, play, steps
from tests.support.streamed_site import BAR, SIZE, STALE_S, StreamedSite

pytestmark = needs_ffmpeg
LONG_S = 60.0
KINDS = ["live/gate.ts", "live/gate/index.m3u8"]
HARMLESS = ("Found duplicated MOOV Atom", "Last message repeated", "deprecated pixel format")
SKIPS = ("404 Not Found", "Failed to open segment", "expired from playlists", "keepalive request failed")
"""What FFmpeg says of segments that are gone; it goes on with the next ones."""
Picture = NDArray[np.uint8]


@pytest.fixture
def site() -> Iterator[StreamedSite]:
    with StreamedSite() as running:
        wait(lambda: running.camera.scenes > 0)
        yield running


def wait(enough: Callable[[], bool], within_s: float = LONG_S) -> None:
    waited = threading.Event()
    for _ in range(int(within_s / 0.02)):
        if enough():
            return
        waited.wait(0.02)
    raise AssertionError(f"not within {within_s} s")


@contextlib.contextmanager
def beside(*acts: tuple[float, Callable[[], object]]) -> Iterator[None]:
    """Does things so many seconds after the beginning, while something else goes on."""
    ended = threading.Event()

    def act() -> None:
        begun_s = time.monotonic()
        for at_s, do in acts:
            if ended.wait(max(0.0, begun_s + at_s - time.monotonic())):
                return
            do()

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def bar(picture: Picture) -> float:
    """How bright the place's bar is: BAR where the place is shown, dark where it is withheld."""
    height, width = picture.shape[:2]
    return float(picture[height * 5 // 32 : height * 7 // 32, width * 3 // 16 : width * 6 // 16].mean())


def is_place(picture: Picture) -> bool:
    return abs(bar(picture) - BAR) < 12


def complaints(text: str) -> list[str]:
    return [line for line in text.splitlines() if not any(word in line for word in HARMLESS)]


def kill(site: StreamedSite, number: int) -> None:
    pid = site.streams.pid("gate")
    if pid is not None:
        os.kill(pid, number)


@pytest.mark.parametrize("kind", KINDS)
def test_a_player_sees_no_gap_while_the_camera_flaps_and_never_a_stale_place(site: StreamedSite, kind: str, tmp_path: Path) -> None:
    with beside((4, site.camera.falls_silent), (8, site.camera.comes_back)):
        played = play(site.url(kind), 12, tmp_path)
    assert set(steps(played.times_s)) == {0.1}
    assert 11 <= played.times_s[-1] - played.times_s[0] <= 12
    assert complaints(played.complaints) == []
    places = [is_place(picture) for picture in played.pictures]
    assert sum(places) > 40
    withheld = "".join("." if place else "#" for place in places).strip("#").strip(".")
    # Silent for 4 s: the last scene may stand for STALE_S, then the hatch stands until the camera is back.
    assert withheld == "#" * len(withheld)
    assert 4 - STALE_S - 1 < len(withheld) / 10 < 4 - STALE_S + 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_player_sees_no_gap_while_the_streamer_dies_and_hangs(site: StreamedSite, kind: str, tmp_path: Path) -> None:
    with beside((3, lambda: kill(site, signal.SIGKILL)), (6, lambda: kill(site, signal.SIGSTOP))):
        played = play(site.url(kind), 16, tmp_path)
    assert set(steps(played.times_s)) == {0.1}
    assert complaints(played.complaints) == []
    assert is_place(played.pictures[-1])
    assert not all(is_place(picture) for picture in played.pictures)


def test_pictures_of_another_size_go_on_in_the_same_stream(site: StreamedSite, tmp_path: Path) -> None:
    with beside((3, lambda: site.camera.comes_back(Size(480, 352)))):
        played = play(site.url("live/gate.ts"), 7, tmp_path, scale="scale=320:240")
    assert set(steps(played.times_s)) == {0.1}
    assert complaints(played.complaints) == []
    assert is_place(played.pictures[-1])
    with httpx.Client(timeout=30) as client:
        answer = client.get(site.url("live/gate/index.m3u8")).text
    assert "#EXT-X-MAP" in answer


@pytest.mark.parametrize("kind", KINDS)
def test_a_player_goes_on_when_orders_change_and_sees_the_place_only_once_it_follows_them(site: StreamedSite, kind: str, tmp_path: Path) -> None:
    with beside((5, lambda: site.places.withhold(["gate"])), (9, lambda: site.places.resume(["gate"]))):
        played = play(site.url(kind), 14, tmp_path)
    jumps = [step for step in steps(played.times_s) if step != 0.1]
    # A player jumps over what was void: one of HLS was seconds behind.
    assert len(jumps) <= 1
    assert all(0.1 < step < (1 if kind.endswith(".ts") else 6) for step in jumps)
    assert [line for line in complaints(played.complaints) if not any(word in line for word in SKIPS)] == []
    places = [is_place(picture) for picture in played.pictures]
    assert places[-1]
    # From the change on for 4 s at least, of which a player of HLS may jump over some.
    assert "#" * 20 in "".join("." if place else "#" for place in places)


def test_mjpeg_shows_the_place_and_withholds_it_when_it_is_stale(site: StreamedSite) -> None:
    def pictures(count: int) -> list[Picture]:
        found, rest = [], b""
        with httpx.stream("GET", site.url("live/gate.mjpg"), timeout=30) as answer:
            assert answer.headers["content-type"].startswith("multipart/x-mixed-replace; boundary=")
            for data in answer.iter_bytes():
                rest += data
                while (end := rest.find(b"\xff\xd9")) >= 0:
                    begin = rest.find(b"\xff\xd8")
                    decoded = cv2.imdecode(np.frombuffer(rest[begin : end + 2], np.uint8), cv2.IMREAD_COLOR)
                    assert decoded is not None
                    found.append(np.asarray(decoded, np.uint8))
                    rest = rest[end + 2 :]
                if len(found) >= count:
                    return found
        raise AssertionError("the stream ended")

    shown = pictures(12)
    assert is_place(shown[-1])
    site.camera.falls_silent()
    withheld = pictures(8)
    assert not is_place(withheld[-1])
    assert not any(is_place(after) for before, after in itertools.pairwise(withheld) if not is_place(before))


def test_every_kind_is_read_by_a_prober(site: StreamedSite) -> None:
    for path, name in (("live/gate.ts", "h264"), ("live/gate/index.m3u8", "h264"), ("live/gate.mjpg", "mjpeg")):
        command = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height,r_frame_rate", "-of", "csv=p=0", site.url(path)]
        told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split()[0].split(",")
        assert told[:3] == [name, str(SIZE.width_px), str(SIZE.height_px)]
        assert name == "mjpeg" or told[3] == "10/1"


def test_one_encoder_serves_all_and_none_remains_after_the_last_reader(site: StreamedSite) -> None:
    assert site.streams.pid("gate") is None
    with contextlib.ExitStack() as stack:
        answers = [stack.enter_context(httpx.stream("GET", site.url(path), timeout=30)) for path in ["live/gate.ts"] * 3 + ["live/gate.mjpg"]]
        reading = [answer.iter_raw() for answer in answers]
        for data in reading:
            next(data)
        pid = site.streams.pid("gate")
        assert pid is not None
        assert site.streams.streamed == ("gate",)
        assert site.streams.readers == 4
    wait(lambda: site.streams.readers == 0)
    wait(lambda: not site.streams.streamed, KEEP_S + 20)
    wait(lambda: not Path(f"/proc/{pid}").exists())
    assert site.streams.pid("gate") is None
    assert site.places.watched("gate") == 0


def test_a_player_of_hls_is_less_than_four_seconds_behind(site: StreamedSite) -> None:
    """By the playlist's own dates: where RFC 8216 lets a player begin, three target durations before the end."""
    behind = []
    with httpx.Client(timeout=30) as client:
        for _ in range(12):
            lines = client.get(site.url("live/gate/index.m3u8")).text.splitlines()
            dated = next(line for line in lines if line.startswith("#EXT-X-PROGRAM-DATE-TIME:")).partition(":")[2]
            first_s = np.datetime64(dated.removesuffix("Z"), "ms").astype(int) / 1000
            end_s = first_s + sum(float(line[8:].rstrip(",")) for line in lines if line.startswith("#EXTINF:"))
            if end_s - first_s >= 3:
                behind.append(time.time() - (end_s - 3.0))
            threading.Event().wait(0.25)
    assert behind
    assert max(behind) < 4.0


def test_players_show_their_token_as_a_password(tmp_path: Path) -> None:
    token = keep_accounts(tmp_path, {"nvr": (Right.WATCH,)})["nvr"]
    door = Door.of(Server(), tmp_path, SystemClock(), KeptJournal())
    with StreamedSite(door=door) as site:
        for path in [*KINDS, "live/gate.mjpg"]:
            assert httpx.get(site.url(path), timeout=30).status_code == 401
            assert httpx.get(site.url(path).replace("//", "//any:guessed@"), timeout=30).status_code == 401
        assert site.streams.streamed == ()
        for kind in KINDS:
            played = play(site.url(kind).replace("//", f"//any:{token}@"), 2, tmp_path)
            assert len(played.pictures) == 20
            assert complaints(played.complaints) == []


def test_too_many_readers_are_asked_to_come_again(site: StreamedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.serve.stream_routes.MOST_READERS", 1)
    with httpx.stream("GET", site.url("live/gate.ts"), timeout=30) as answer:
        reading = answer.iter_raw()
        next(reading)
        refused = httpx.get(site.url("live/gate.mjpg"), timeout=30)
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        assert httpx.get(site.url("live/gate/index.m3u8"), timeout=30).status_code == 200


def test_what_there_is_not_is_said(site: StreamedSite) -> None:
    with httpx.Client(timeout=30) as client:
        for path in (
            "live/nowhere.ts",
            "live/nowhere.mjpg",
            "live/nowhere/index.m3u8",
            "live/nowhere/1.m4s",
            "live/gate/1.m4s",
            "live/gate/init-1.mp4",
        ):
            assert client.get(site.url(path)).status_code == 404, path


def test_a_camera_that_never_gave_a_picture_is_not_streamed() -> None:
    with StreamedSite() as site:
        site.camera.falls_silent()
        site.places.follow(["hall"])
        site.places.follow(["gate"])
        with httpx.Client(timeout=30) as client:
            answer = client.get(site.url("live/gate.ts"))
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert site.streams.streamed == ()


def test_asking_for_the_head_ends_at_once(site: StreamedSite) -> None:
    with httpx.Client(timeout=30) as client:
        answer = client.head(site.url("live/gate.ts"))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp2t")
    wait(lambda: site.streams.readers == 0)


LONGEST_PICTURE_S = 1.5
"""A picture of MJPEG has no time: a player shows it until the next one comes, which is at least once a second."""


@pytest.mark.parametrize("seconds", [25, pytest.param(600, marks=pytest.mark.soak)])
def test_pictures_for_ten_minutes_without_a_gap_while_the_camera_flaps(site: StreamedSite, seconds: int) -> None:
    acts: list[tuple[float, Callable[[], object]]] = []
    for at_s in range(3, seconds, 12):
        acts += [(at_s, site.camera.falls_silent), (at_s + 7, site.camera.comes_back)]
    command = ["ffprobe", "-v", "error", "-f", "mpjpeg", "-use_wallclock_as_timestamps", "1", "-read_intervals", f"%+{seconds}"]
    command += ["-show_entries", "packet=pts_time", "-of", "csv=p=0", site.url("live/gate.mjpg")]
    with beside(*acts):
        done = subprocess.run(command, capture_output=True, text=True, timeout=3 * seconds + 60, check=False)
    times_s = [float(line.strip(",")) for line in done.stdout.split()]
    assert (done.returncode, done.stderr) == (0, "")
    assert times_s[-1] - times_s[0] == pytest.approx(seconds, abs=2 * LONGEST_PICTURE_S)
    assert max(steps(times_s)) <= LONGEST_PICTURE_S


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_ten_minutes_without_a_gap_while_the_camera_flaps(site: StreamedSite, kind: str, tmp_path: Path) -> None:
    acts: list[tuple[float, Callable[[], object]]] = []
    for at_s in range(5, 600, 12):
        acts += [(at_s, site.camera.falls_silent), (at_s + 4, site.camera.comes_back)]
        if at_s % 5 == 0:
            acts.append((at_s + 6, lambda: kill(site, signal.SIGKILL)))
    with beside(*acts):
        played = play(site.url(kind), 600, tmp_path)
    gaps = [(time_s, step) for time_s, step in zip(played.times_s, steps(played.times_s), strict=False) if step != 0.1]
    assert (gaps, complaints(played.complaints)) == ([], [])
    assert 599 <= played.times_s[-1] - played.times_s[0] <= 600
