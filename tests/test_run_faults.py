"""Faults that a running site survives: `passerby run` as real processes, with cameras of a real RTSP server, real signals, and small disks.

The rooms test each fault where it is handled; here all of them meet the whole. Short forms run with every test, rounds of hundreds with `make soak`.
What is bounded is that things come right at all, with minutes to spare: no test knows how fast this machine is.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from passerby.errors import WeightsError
from passerby.models.cache import default_cache_folder
from passerby.models.fetch import verified_weights
from passerby.models.manifest import DEFAULT_WEIGHTS, load_manifest
from passerby.record.folder import cameras_in
from passerby.record.playback import play
from tests.support.rtsp_server import RtspServer, needs_gstreamer
from tests.support.running_passerby import PROGRAM, RunningPasserby, WallClock, descriptors, is_gone, small_disk, until
from tests.support.site_files import camera_table, login
from tests.support.street_clips import FPS, street_packets

pytestmark = [needs_gstreamer, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

CHEAP = {"settle_s": "1", "min_person_px": "72", "stall_s": "2", "first_byte_s": "4", "transport": '"tcp"'}
"""So that many cameras fit on a small machine."""
QUICK_STALL_S = 2.0


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A street."""
    return street_packets(tmp_path_factory.mktemp("packets"))


@pytest.fixture(scope="module", autouse=True)
def weights() -> None:
    """The detector's weights in the user's cache; without them, and without a network, nothing can run."""
    try:
        verified_weights(load_manifest().entry(DEFAULT_WEIGHTS), default_cache_folder(os.environ))
    except WeightsError as error:
        pytest.skip(str(error))


@pytest.fixture
def server(packets: Path) -> Iterator[RtspServer]:
    """A camera server with /a and /b, listening."""
    with RtspServer() as server:
        server.mount("/a", packets, fps=FPS)
        server.mount("/b", packets, fps=FPS)
        server.listen()
        yield server


def site_file(folder: Path, *cameras: str, workers: int = 1, state: Path | None = None, recording: str = "", place: str = "") -> Path:
    """A site.toml; its state is in `folder`."""
    path = folder / "site.toml"
    text = f'[site]\nname = "Test"\nworkers = {workers}\nstate_folder = "{state or folder / "state"}"\n{place}'
    text += f'[server]\naddress = "127.0.0.1:0"\n[recording]\nfree_space_floor = "0 MB"\n{recording}'
    path.write_text(text + "".join(cameras), "utf-8")
    return path


def camera(camera_id: str, source: str, **keys: str) -> str:
    return camera_table(camera_id, source, **{**CHEAP, **keys})


def passerby(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Another command of Passerby, on the same state."""
    command = [sys.executable, "-I", "-c", PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, "COLUMNS": "200"})


def assert_recordings_are_whole(site: Path) -> None:
    done = passerby("recordings", "verify", site)
    assert done.returncode == 0, done.stdout + done.stderr


def segments(folder: Path) -> dict[str, bytes]:
    """The closed segments and plates below a state folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.mcap"))}


def played(state: Path) -> set[tuple[str, str, float]]:
    """Every scene that can be played: camera, minute, moment. Also of a minute that is being written."""
    recordings = state / "recordings"
    return {(one, scene.segment, scene.captured_wall_s) for one in cameras_in(recordings) for scene in play(recordings, one, 0, 1e11)}


@contextmanager
def talking(words: bytes) -> Iterator[int]:
    """A port where everybody gets these words, again and again, whatever is asked."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        ended = threading.Event()

        def talk(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.settimeout(2)
                for _ in range(200):
                    connection.sendall(words)

        def listen() -> None:
            while not ended.is_set():
                with suppress(OSError):
                    threading.Thread(target=talk, args=(listening.accept()[0],), daemon=True).start()

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            ended.set()
            thread.join()


# Cameras


def test_cameras_that_fail_come_back_and_no_other_camera_notices(server: RtspServer, packets: Path, tmp_path: Path) -> None:
    """One camera after the other fails in its way, in one process with a camera that never does."""
    noise = random.Random(4).randbytes(20_000)
    with RtspServer() as other, talking(noise) as noisy, talking(b"RTSP/1.0 200 OK\r\nCSeq: \xff\r\n\r\n") as lying:
        other.mount("/x", packets, fps=FPS)
        other.allow("viewer", "right")
        other.mount("/locked", packets, fps=FPS, protected=True)
        other.listen()
        other.silence()
        path = site_file(
            tmp_path,
            camera("steady", server.url("/a")),
            camera("other", other.url("/x")),
            camera("locked", other.url("/locked"), **login("viewer", "hunter2")),
            camera("stalling", server.url("/b"), stall_s=str(QUICK_STALL_S)),
            camera("noisy", f"http://127.0.0.1:{noisy}/x"),
            camera("lying", f"rtsp://127.0.0.1:{lying}/x"),
            camera("absent", "absent.mp4"),
        )
        with RunningPasserby(path, tmp_path / "log").started() as running:
            running.flows("steady")
            # Gone at the start.
            running.says("other", "refuses the connection")
            running.says("absent", "no such file")
            other.listen()
            running.flows("other")
            # A wrong password is said, and not shown.
            running.says("locked", "user name or password")
            # Gone midway, then flapping.
            other.silence()
            running.says("other", "refuses the connection")
            other.listen()
            running.flows("other")
            for _ in range(4):
                other.kick()
                running.flows("other")
            # An open connection without a picture, again and again.
            for _ in range(2):
                running.flows("stalling")
                server.stall("/b")
                running.says("stalling", "stopped while the connection stayed open")
                server.resume("/b")
            running.flows("stalling")
            for one in ("noisy", "lying"):
                assert running.camera(one)["condition"] in {"trouble", "waiting"}
                assert not running.camera(one)["has_picture"]
            steady = running.flows("steady")
            assert steady["stream"]["connections"] == 1
            assert running.get("/healthz").status_code == 200
            assert len(running.events("worker runs")) == 1, "the process of all these cameras never ended"
            told = running.log() + running.get("/api/cameras").text + running.get("/metrics").text + running.get("/").text
            assert "hunter2" not in told
            running.tell(signal.SIGTERM)
            assert running.ended() == 0
    assert_recordings_are_whole(path)


def test_a_camera_of_another_size_midway_is_followed(server: RtspServer, tmp_path: Path) -> None:
    larger = street_packets(tmp_path, "larger", 256, 192)
    path = site_file(tmp_path, camera("a", server.url("/a")), camera("b", server.url("/b")))
    with RunningPasserby(path, tmp_path / "log").started() as running:
        assert running.flows("a")["stream"]["width_px"] == 192
        for packets, width_px in ((larger, 256), (street_packets(tmp_path, "smaller", 160, 128), 160)):
            server.switch("/a", packets)
            until(lambda width_px=width_px: running.camera("a")["stream"]["width_px"] == width_px, f"pictures of {width_px} pixels")  # type: ignore[misc]
            running.flows("a")
        assert running.flows("b")["stream"]["connections"] == 1
        running.tell(signal.SIGTERM)
        assert running.ended() == 0
    assert_recordings_are_whole(path)


def disconnect_often(server: RtspServer, folder: Path, times: int) -> None:
    """Throws a camera out so often, at any moment, and looks at what is left behind."""
    path = site_file(folder, camera("a", server.url("/a")), camera("b", server.url("/b")), recording="enabled = false\n")
    moments = random.Random(times)
    with RunningPasserby(path, folder / "log").started() as running:
        running.flows("a")
        running.flows("b")
        (worker,) = running.worker_pids()
        before = descriptors(worker), descriptors(running.pid)
        for round_ in range(times):
            connections = running.camera("a")["stream"]["connections"]
            server.kick()
            if moments.random() < 0.5:
                until(lambda n=connections: running.camera("a")["stream"]["connections"] > n, f"connection {round_}")  # type: ignore[misc]
        running.flows("a")
        running.flows("b")
        assert running.worker_pids() == [worker]
        # Connections that are just being made or ended count for a moment.
        until(lambda: descriptors(worker) <= before[0] and descriptors(running.pid) <= before[1] + 2, f"no more descriptors than {before}")
        running.tell(signal.SIGTERM)
        assert running.ended() == 0


def test_disconnects_at_any_moment_lose_no_worker_and_leak_no_descriptor(server: RtspServer, tmp_path: Path) -> None:
    disconnect_often(server, tmp_path, 12)


@pytest.mark.soak
def test_a_thousand_disconnects_lose_no_worker_and_leak_no_descriptor(server: RtspServer, tmp_path: Path) -> None:
    disconnect_often(server, tmp_path, 1000)


# Processes


def test_a_killed_and_a_hung_worker_are_restarted_and_the_other_worker_does_not_notice(server: RtspServer, tmp_path: Path) -> None:
    path = site_file(tmp_path, camera("a", server.url("/a")), camera("b", server.url("/b")), workers=2)
    with RunningPasserby(path, tmp_path / "log").started() as running:
        running.flows("a")
        running.flows("b")
        other = running.worker_of("b")
        for number, reason in (
            (signal.SIGKILL, "worker crashed"),
            (signal.SIGSTOP, "worker gave no sign of life"),
            (signal.SIGSEGV, "worker crashed"),
        ):
            pid = running.worker_of("a")
            os.kill(pid, number)
            until(lambda pid=pid: running.worker_of("a") != pid, f"another worker after {number!r}")  # type: ignore[misc]
            assert is_gone(pid)
            running.flows("a")
            assert running.events("worker ended; it starts anew after a pause")[-1]["reason"] == reason
        assert running.worker_of("b") == other
        assert running.flows("b")["stream"]["connections"] == 1
        running.tell(signal.SIGTERM)
        assert running.ended() == 0
        assert running.worker_pids() == []
    assert_recordings_are_whole(path)


def kill_at_random(server: RtspServer, folder: Path, rounds: int) -> None:
    """Kills the supervisor, a worker, or both, at random moments around a minute's end, and looks at what is left each time."""
    keys = {"retention": '"300 days"'}
    path = site_file(folder, camera("a", server.url("/a"), **keys), camera("b", server.url("/b"), **keys), workers=2)
    state, chance = folder / "state", random.Random(rounds)
    closed: dict[str, bytes] = {}
    scenes: set[tuple[str, str, float]] = set()
    for round_ in range(rounds):
        # Each run begins shortly before a minute ends, so that segments are being closed while it is killed.
        clock = WallClock(folder / f"clock-{round_}")
        clock.shift(3600.0 * round_ + 60 - clock.now_s() % 60 - chance.uniform(2, 8))
        with RunningPasserby(path, folder / f"log-{round_}", clock).started() as running:
            running.flows("a")
            running.flows("b")
            end_s = clock.now_s() + chance.uniform(1, 8)
            until(lambda end_s=end_s: clock.now_s() > end_s, "some seconds")  # type: ignore[misc]  # noqa: B023 - of this round
            workers, whom = running.worker_pids(), chance.choice(["supervisor", "worker", "both"])
            on_disk = played(state)
            if whom != "supervisor":
                os.kill(chance.choice(workers), signal.SIGKILL)
            if whom != "worker":
                running.tell(signal.SIGKILL)
            else:
                running.flows("a")
                running.flows("b")
                running.tell(signal.SIGTERM)
            assert running.ended() == (0 if whom == "worker" else -signal.SIGKILL)
            until(lambda workers=workers: all(map(is_gone, workers)), "workers that end with their supervisor")  # type: ignore[misc]
        assert scenes <= on_disk, "what an earlier run left on the disk is there, after its recovery by this run"
        assert on_disk <= played(state), "what was on the disk when it was killed can be played"
        scenes = on_disk
        now = segments(state)
        assert [name for name, data in closed.items() if now.get(name) != data] == [], "what was closed stays as it is, to the last byte"
        closed = now
    with RunningPasserby(path, folder / "log-last", WallClock(folder / "clock-last", 3600.0 * rounds)).started() as running:
        running.flows("a")
        running.tell(signal.SIGTERM)
        assert running.ended() == 0
    assert not list(state.rglob("*.open")), "everything is closed, or recovered and closed"
    assert set(closed) <= set(segments(state))
    assert scenes <= played(state)
    assert {one for one, _, _ in scenes} == {"a", "b"}
    assert_recordings_are_whole(path)


def test_kills_at_random_moments_lose_nothing_that_was_closed(server: RtspServer, tmp_path: Path) -> None:
    kill_at_random(server, tmp_path, 3)


@pytest.mark.soak
def test_two_hundred_kills_at_random_moments_lose_nothing_that_was_closed(server: RtspServer, tmp_path: Path) -> None:
    kill_at_random(server, tmp_path, 200)


def test_a_second_supervisor_on_one_state_folder_refuses_and_the_first_goes_on(server: RtspServer, tmp_path: Path) -> None:
    path = site_file(tmp_path, camera("a", server.url("/a")))
    with RunningPasserby(path, tmp_path / "log").started() as running:
        running.flows("a")
        second = passerby("run", path)
        assert second.returncode == 2
        assert f"another passerby, process {running.pid}, uses the state folder" in second.stderr
        assert second.stderr.count("passerby: error:") == 1
        running.flows("a")
        running.tell(signal.SIGKILL)
        running.ended()
    # A lock dies with its process.
    with RunningPasserby(path, tmp_path / "log-2").started() as running:
        running.tell(signal.SIGTERM)
        assert running.ended() == 0


# Disks


def test_a_full_disk_stops_recording_and_nothing_else(server: RtspServer, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        path = site_file(tmp_path, camera("a", server.url("/a")), state=disk / "state")
        with RunningPasserby(path, tmp_path / "log").started() as running:
            running.flows("a")
            filler = disk / "filler"
            with suppress(OSError), filler.open("wb") as file:
                while True:
                    file.write(bytes(4096))
                    file.flush()
            until(lambda: running.get("/api/cameras").json()["recording"] not in {"on", "off"}, "the disk is full, and that is said")
            running.flows("a")
            assert running.get("/healthz").status_code == 200
            assert running.get("/readyz").status_code == 503
            filler.unlink()
            until(lambda: running.get("/api/cameras").json()["recording"] == "on", "recording goes on")
            running.flows("a")
            running.tell(signal.SIGTERM)
            assert running.ended() == 0
        assert_recordings_are_whole(path)


def test_a_state_folder_that_cannot_be_written_is_one_line(server: RtspServer, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m", ",ro") as disk:
        done = passerby("run", site_file(tmp_path, camera("a", server.url("/a")), state=disk / "state"))
    assert done.returncode == 2
    assert done.stderr.startswith("passerby: error: the state folder")
    assert "cannot be written" in done.stderr
    assert done.stderr.count("\n") == 1


# Clocks


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
def test_a_wall_clock_that_jumps_an_hour_stops_nothing_and_loses_nothing(server: RtspServer, tmp_path: Path, jump_s: float) -> None:
    path = site_file(tmp_path, camera("a", server.url("/a"), retention='"30 min"'))
    clock = WallClock(tmp_path / "clock")
    with RunningPasserby(path, tmp_path / "log", clock).started() as running:
        running.flows("a")
        until(lambda: played(tmp_path / "state"), "a scene on the disk")
        scenes, before = played(tmp_path / "state"), running.received("a")
        clock.shift(jump_s)
        running.flows("a")
        until(lambda: running.received("a") > before + 5 * FPS, "pictures after the jump")
        assert running.get("/readyz").status_code == 200
        assert running.get("/live/a.jpg").status_code == 200
        assert len(running.events("worker runs")) == 1
        running.tell(signal.SIGTERM)
        assert running.ended() == 0
    after = played(tmp_path / "state")
    assert scenes <= after, "of what is half an hour old by no other clock than the one that jumped, nothing is deleted"
    assert {abs(moment - clock.now_s()) < 1800 for _, _, moment in after} == {True, False}, "there are scenes of before and of after"
    assert_recordings_are_whole(path)


@pytest.mark.parametrize("change", ["2026-10-25T01:00:00", "2026-03-29T01:00:00"])
def test_when_daylight_saving_begins_or_ends_recordings_go_on_minute_by_minute(server: RtspServer, tmp_path: Path, change: str) -> None:
    path = site_file(tmp_path, camera("a", server.url("/a")), place='time_zone = "Europe/Zurich"\n')
    at_s = datetime.fromisoformat(change).replace(tzinfo=UTC).timestamp()
    clock = WallClock(tmp_path / "clock")
    clock.shift(at_s - 10 - clock.now_s())
    with RunningPasserby(path, tmp_path / "log", clock).started() as running:
        running.flows("a")
        until(lambda: clock.now_s() > at_s + 3, "the hour has changed")
        running.flows("a")
        running.tell(signal.SIGTERM)
        assert running.ended() == 0
    minutes = sorted({Path(name).name[:14] for name in segments(tmp_path / "state") if "plates" not in name})
    day = change[:10].replace("-", "")
    assert minutes == [f"{day}T0059Z", f"{day}T0100Z"]
    assert_recordings_are_whole(path)


# Before it runs


def test_a_probe_tells_of_real_cameras_what_they_are_and_why_not(server: RtspServer, packets: Path, tmp_path: Path) -> None:
    with RtspServer() as other:
        other.allow("viewer", "right")
        other.mount("/locked", packets, fps=FPS, protected=True)
        other.listen()
        path = site_file(
            tmp_path,
            camera("a", server.url("/a")),
            camera("right", other.url("/locked"), **login("viewer", "right")),
            camera("wrong", other.url("/locked"), **login("viewer", "hunter2")),
        )
        done = passerby("check", "--probe", path)
    assert done.returncode == 1, "one gives no picture"
    probed = done.stdout[done.stdout.index("first picture") :].splitlines()[1:]
    for line, camera_id in zip(probed[:2], ("a", "right"), strict=True):
        assert line.startswith(f"{camera_id} ")
        assert "h264" in line
        assert "192x144" in line
        assert line.rstrip().endswith("TCP")
    assert "user name or password refused" in probed[2]
    assert "hunter2" not in done.stdout + done.stderr
