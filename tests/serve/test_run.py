"""`passerby run` end to end: real processes, real files, real HTTP, real signals. What cameras and disks do to it: tests/test_run_faults.py."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.drawn import DrawnClip
from bench.samples import PETS_CLIP, cached_clip, sample
from tests.support.running_passerby import PROGRAM, RunningPasserby, children, is_gone, until

ENDED_WITHIN_S = 5.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "drawn.mp4"
    DrawnClip(width_px=320, height_px=240, seconds=8, figures=1).write(path)
    return path


def site_file(folder: Path, clip: Path, more: str = "", *, recording: str = "", **place: str) -> Path:
    """A site file with one camera, `gate`, that plays a clip again and again; on any free port, with its state beside it."""
    table = {"name": "Test place", "state_folder": "state"} | place
    path = folder / "site.toml"
    path.write_text(
        "[site]\n"
        + "".join(f'{key} = "{value}"\n' for key, value in table.items())
        + f'[server]\naddress = "127.0.0.1:0"\n[recording]\nfree_space_floor = "0 MB"\n{recording}'
        + f'[[camera]]\nid = "gate"\nname = "South gate"\nsource = "{clip}"\npurpose = "To test."\nsettle_s = 2\n{more}',
        encoding="utf-8",
    )
    return path


def run(site: Path) -> RunningPasserby:
    """`passerby run` on a site file, with its log beside it."""
    return RunningPasserby(site, site.parent / "log").started()


def is_ready(running: RunningPasserby) -> None:
    until(lambda: running.get("/readyz").status_code == 200, lambda: running.get("/readyz").text)


def segments(folder: Path, ending: str) -> list[Path]:
    return [path for path in (folder / "state").rglob(f"*{ending}") if path.parent.name.startswith("2")]


def end(running: RunningPasserby, number: int = signal.SIGTERM) -> float:
    """Ends it in order; how many seconds it took."""
    begun_s = time.monotonic()
    running.tell(number)
    assert running.ended() == 0, running.log()
    assert running.events("ended")[-1]["in_order"]
    return time.monotonic() - begun_s


def test_a_site_runs_shows_records_and_ends_in_order_when_it_is_told_to(tmp_path: Path, clip: Path) -> None:
    with run(site_file(tmp_path, clip)) as running:
        is_ready(running)
        until(lambda: running.camera("gate")["condition"] == "live", lambda: running.camera("gate")["says"])
        assert running.get("/live/gate.jpg").content.startswith(b"\xff\xd8")
        assert "passerby_camera_pictures_gated_total" in running.get("/metrics").text
        processes = children(running.pid)
        assert len(processes) == 2  # a worker and, since somebody watches, the painter
        assert segments(tmp_path, ".open")
        assert end(running) < ENDED_WITHIN_S
    assert segments(tmp_path, ".open") == []
    assert segments(tmp_path, ".mcap")
    assert all(is_gone(process) for process in processes)


def test_ctrl_c_ends_it_too(tmp_path: Path, clip: Path) -> None:
    with run(site_file(tmp_path, clip)) as running:
        assert end(running, signal.SIGINT) < ENDED_WITHIN_S


def test_it_ends_at_once_while_it_still_starts(tmp_path: Path, clip: Path) -> None:
    with RunningPasserby(site_file(tmp_path, clip), tmp_path / "log") as running:
        until(lambda: running.events("starting"), running.log)
        assert end(running) < ENDED_WITHIN_S


def test_a_changed_site_file_is_taken_over_as_far_as_it_can_be(tmp_path: Path, clip: Path) -> None:
    with run(site_file(tmp_path, clip)) as running:
        running.flows("gate")
        workers = running.worker_pids()
        site = site_file(tmp_path, clip, name="New name", state_folder="elsewhere")
        site.write_text(site.read_text("utf-8").replace("South gate", "North gate"), "utf-8")
        running.tell(signal.SIGHUP)
        (taken,) = until(lambda: running.events("site file taken"), running.log)
        assert (taken["taken"], taken["needs_restart"]) == (["site.name", "camera gate.name"], ["site.state_folder"])
        assert running.get("/api/cameras").json()["site"] == "New name"
        assert running.camera("gate")["name"] == "North gate"
        assert running.worker_pids() == workers  # a name is no reason to begin anew
        site_file(tmp_path, clip, more='release_level = "counts"\n')
        running.tell(signal.SIGHUP)
        until(lambda: running.camera("gate")["release_level"] == "counts", running.log)
        until(lambda: running.worker_pids() not in (workers, []), running.log)
        running.flows("gate")
        end(running)
    assert r"release_level \"glyphs\" -> \"counts\"" in (tmp_path / "state" / "receipts.jsonl").read_text("utf-8")


def test_a_polygon_that_is_added_hides_what_it_covers_when_the_change_is_taken_and_not_when_the_next_worker_has_a_picture(
    tmp_path: Path, clip: Path
) -> None:
    with run(site_file(tmp_path, clip)) as running:
        until(lambda: running.camera("gate")["condition"] == "live", lambda: running.camera("gate")["says"])
        before = until(lambda: (answer := running.get("/live/gate.jpg")).status_code == 200 and answer.content, "a picture")
        workers = running.worker_pids()
        site_file(tmp_path, clip, more="never = [[[0, 0], [320, 0], [320, 240], [0, 240]]]\n")
        running.tell(signal.SIGHUP)
        until(lambda: running.events("site file taken"), running.log)
        assert running.camera("gate")["withheld_share"] == 1
        assert running.get("/live/gate.jpg").content != before
        until(lambda: running.worker_pids() not in (workers, []), running.log)
        running.flows("gate")
        assert running.camera("gate")["withheld_share"] == 1
        end(running)


def test_recording_can_be_switched_off_and_what_there_is_stays_until_it_is_due(tmp_path: Path, clip: Path) -> None:
    with run(site_file(tmp_path, clip)) as running:
        until(lambda: segments(tmp_path, ".open"), running.log)
        site = site_file(tmp_path, clip, recording="enabled = false\n")
        running.tell(signal.SIGHUP)
        until(lambda: running.get("/api/cameras").json()["recording"] == "off", running.log)
        end(running)
    kept = segments(tmp_path, ".mcap")
    assert kept
    with run(site) as again:
        again.flows("gate")
        assert again.get("/api/cameras").json()["recording"] == "off"
        end(again)
    assert segments(tmp_path, ".mcap") == kept
    assert segments(tmp_path, ".open") == []


def test_a_site_file_with_a_mistake_changes_nothing(tmp_path: Path, clip: Path) -> None:
    with run(site_file(tmp_path, clip)) as running:
        is_ready(running)
        site_file(tmp_path, clip, more="settle = 3\n", name="New name")
        running.tell(signal.SIGHUP)
        (refused,) = until(lambda: running.events("the site file was not taken; everything goes on as before"), running.log)
        assert "camera[0].settle" in refused["why"]
        assert running.get("/api/cameras").json()["site"] == "Test place"
        end(running)


def test_a_change_that_cannot_be_written_down_is_refused(tmp_path: Path, clip: Path) -> None:
    with run(site_file(tmp_path, clip)) as running:
        is_ready(running)
        receipts = tmp_path / "state" / "receipts.jsonl"
        receipts.rename(receipts.with_suffix(".moved"))
        receipts.mkdir()
        site_file(tmp_path, clip, more='release_level = "counts"\n')
        running.tell(signal.SIGHUP)
        (refused,) = until(lambda: running.events("the site file was not taken; everything goes on as before"), running.log)
        assert "receipts cannot be written" in refused["why"]
        assert running.camera("gate")["release_level"] == "glyphs"
        end(running)


def refused(*arguments: str) -> str:
    """The one line with which `passerby run` refuses to begin."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, "run", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("passerby: error: ")
    return line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "needs a site file, or --demo"),
        (("nowhere.toml",), "cannot be read"),
        (("nowhere.toml", "--demo"), "needs a site file, or --demo"),
        (("--demo", "--log", "loud"), "--log is json, words or auto"),
    ],
)
def test_a_mistake_of_the_user_is_one_line_and_exit_code_2(arguments: tuple[str, ...], words: str) -> None:
    assert words in refused(*arguments)


def test_an_address_that_others_can_reach_is_refused_before_anything_starts(tmp_path: Path, clip: Path) -> None:
    site = site_file(tmp_path, clip)
    site.write_text(site.read_text("utf-8").replace("127.0.0.1:0", "0.0.0.0:8740"), "utf-8")
    assert "server.address" in refused(str(site))
    assert not (tmp_path / "state").exists()


def test_a_port_that_is_taken_is_one_line_and_leaves_the_other_alone(tmp_path: Path, clip: Path) -> None:
    with run(site_file(tmp_path, clip)) as running:
        other = tmp_path / "other"
        other.mkdir()
        site = site_file(other, clip)
        port = running.address.rpartition(":")[2]
        site.write_text(site.read_text("utf-8").replace("127.0.0.1:0", f"127.0.0.1:{port}"), "utf-8")
        assert f"cannot listen on 127.0.0.1:{port}" in refused(str(site))
        assert running.get("/healthz").status_code == 200
        end(running)


@pytest.mark.skipif(not (sample(PETS_CLIP) or cached_clip()).is_file(), reason="the PETS clip is not here; see bench/samples.py")
def test_the_demonstration_needs_no_configuration_and_keeps_nothing(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with RunningPasserby(Path("--demo"), tmp_path / "log", environ={"TMPDIR": str(kept)}).started() as running:
        until(lambda: running.get("/live/campus.jpg").status_code == 200, running.log)
        assert running.get("/api/cameras").json()["recording"] == "on"
        assert list(kept.iterdir())
        end(running)
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize("kept", [True, False])
def test_a_plate_is_back_after_a_restart_if_the_site_says_so_and_the_view_is_the_same(tmp_path: Path, clip: Path, kept: bool) -> None:
    site = site_file(tmp_path, clip)
    site.write_text(site.read_text("utf-8").replace("[site]\n", f"[site]\nkeep_plates = {str(kept).lower()}\n"), "utf-8")
    with run(site) as running:
        until(lambda: (running.camera("gate")["withheld_share"] or 1.0) < 0.5, "half of the place")
        end(running)
    # From now on, nothing settles within the time of a test: what is shown was known before.
    site.write_text(site.read_text("utf-8").replace("settle_s = 2\n", "settle_s = 3600\n"), "utf-8")
    with run(site) as running:
        if kept:
            until(lambda: (running.camera("gate")["withheld_share"] or 1.0) < 0.5, "the plate of before")
        else:
            running.flows("gate")
            until(lambda: running.received("gate") > 30, "thirty pictures")
            assert running.camera("gate")["withheld_share"] == 1.0
        end(running)
