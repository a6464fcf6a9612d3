"""`passerby run` end to end: real processes, real files, real HTTP, real signals."""

import os
import signal
from pathlib import Path

import pytest

from bench.drawn import DrawnClip
from tests.support.running import RunningPasserby, site_file

ENDED_WITHIN_S = 5.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "drawn.mp4"
    DrawnClip(width_px=320, height_px=240, seconds=8, figures=1).write(path)
    return path


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def children_of(pid: int) -> list[int]:
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text("ascii").split()]


def test_a_site_runs_shows_records_and_ends_in_order_when_it_is_told_to(tmp_path: Path, clip: Path) -> None:
    with RunningPasserby(str(site_file(tmp_path, clip))) as running:
        running.wait_for(lambda: running.get("/readyz").status_code == 200)
        running.wait_for(lambda: running.cameras()["gate"]["condition"] == "live")
        picture = running.get("/live/gate.jpg")
        assert picture.content.startswith(b"\xff\xd8")
        assert "passerby_camera_pictures_gated_total" in running.get("/metrics").text
        children = children_of(running.process.pid)
        assert len(children) == 2  # a worker and, since somebody watches, the painter
        open_segments = list((tmp_path / "state").rglob("*.open"))
        assert open_segments
        code, took_s = running.end()
    assert code == 0
    assert took_s < ENDED_WITHIN_S
    assert list((tmp_path / "state").rglob("*.open")) == []
    assert len(list((tmp_path / "state").rglob("2*/*.mcap"))) >= 1
    assert not any(lives(child) for child in children)
    assert running.logged('"in_order": true')


def test_ctrl_c_ends_it_too(tmp_path: Path, clip: Path) -> None:
    with RunningPasserby(str(site_file(tmp_path, clip))) as running:
        running.wait_for(lambda: running.get("/healthz").status_code == 200)
        assert running.end(signal.SIGINT)[0] == 0


def test_it_ends_at_once_while_it_still_starts(tmp_path: Path, clip: Path) -> None:
    with RunningPasserby(str(site_file(tmp_path, clip))) as running:
        running.wait_for(lambda: running.logged("starting"))
        code, took_s = running.end()
    assert code == 0
    assert took_s < ENDED_WITHIN_S


def test_a_second_one_on_the_same_state_folder_is_refused_in_one_line(tmp_path: Path, clip: Path) -> None:
    site = str(site_file(tmp_path, clip))
    with RunningPasserby(site) as first:
        first.wait_for(lambda: first.get("/healthz").status_code == 200)
        with RunningPasserby(site) as second:
            assert second.process.wait(30) == 2
            second._readers[1].join()
            (line,) = second.logged("error")
        assert f"another passerby, process {first.process.pid}, uses the state folder" in line
        assert first.get("/healthz").status_code == 200


def test_a_changed_site_file_is_taken_over_as_far_as_it_can_be(tmp_path: Path, clip: Path) -> None:
    with RunningPasserby(str(site_file(tmp_path, clip))) as running:
        running.wait_for(lambda: running.cameras()["gate"]["has_picture"])
        (worker,) = children_of(running.process.pid)
        site = site_file(tmp_path, clip, name="New name", state_folder="elsewhere")
        site.write_text(site.read_text("utf-8").replace("South gate", "North gate"), "utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(lambda: running.logged("site file taken"))
        assert running.get("/api/cameras").json()["site"] == "New name"
        assert running.cameras()["gate"]["name"] == "North gate"
        assert children_of(running.process.pid) == [worker]  # a name is no reason to begin anew
        (line,) = running.logged("site file taken")
        assert '"needs_restart": ["site.state_folder"]' in line
        assert '"taken": ["site.name", "camera gate.name"]' in line
        site_file(tmp_path, clip, more='release_level = "counts"\n')
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(lambda: running.cameras()["gate"]["release_level"] == "counts")
        running.wait_for(lambda: children_of(running.process.pid) not in ([worker], []))
        running.wait_for(lambda: running.cameras()["gate"]["has_picture"])
        assert running.end()[0] == 0
    assert 'release_level \\"glyphs\\" -> \\"counts\\""' in (tmp_path / "state" / "receipts.jsonl").read_text("utf-8")


def test_recording_can_be_switched_off_and_what_there_is_stays_until_it_is_due(tmp_path: Path, clip: Path) -> None:
    with RunningPasserby(str(site_file(tmp_path, clip))) as running:
        running.wait_for(lambda: list((tmp_path / "state").rglob("*.open")))
        site = site_file(tmp_path, clip)
        site.write_text(site.read_text("utf-8").replace("[recording]", "[recording]\nenabled = false"), "utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(lambda: running.get("/api/cameras").json()["recording"] == "off")
        assert running.logged("site file taken")
        assert running.end()[0] == 0
    assert list((tmp_path / "state").rglob("2*/*.mcap"))
    with RunningPasserby(str(site)) as again:
        again.wait_for(lambda: again.cameras()["gate"]["has_picture"])
        assert again.get("/api/cameras").json()["recording"] == "off"
        assert again.end()[0] == 0
    assert list((tmp_path / "state").rglob("*.open")) == []


def test_a_site_file_with_a_mistake_changes_nothing(tmp_path: Path, clip: Path) -> None:
    with RunningPasserby(str(site_file(tmp_path, clip))) as running:
        running.wait_for(lambda: running.get("/readyz").status_code == 200)
        site_file(tmp_path, clip, more="settle = 3\n", name="New name")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(lambda: running.logged("the site file was not taken"))
        assert "camera[0].settle" in running.logged("the site file was not taken")[0]
        assert running.get("/api/cameras").json()["site"] == "Test place"
        assert running.end()[0] == 0


def test_a_change_that_cannot_be_written_down_is_refused(tmp_path: Path, clip: Path) -> None:
    with RunningPasserby(str(site_file(tmp_path, clip))) as running:
        running.wait_for(lambda: running.get("/readyz").status_code == 200)
        receipts = tmp_path / "state" / "receipts.jsonl"
        receipts.rename(receipts.with_suffix(".moved"))
        receipts.mkdir()
        site_file(tmp_path, clip, more='release_level = "counts"\n')
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(lambda: running.logged("the site file was not taken"))
        assert "receipts cannot be written" in running.logged("the site file was not taken")[0]
        assert running.cameras()["gate"]["release_level"] == "glyphs"
        assert running.end()[0] == 0


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
    with RunningPasserby(*arguments) as running:
        assert running.process.wait(30) == 2
        running._readers[1].join()
        (line,) = running.log
    assert line.startswith("passerby: error: ")
    assert words in line


def test_an_address_that_others_can_reach_is_refused_before_anything_starts(tmp_path: Path, clip: Path) -> None:
    site = site_file(tmp_path, clip)
    site.write_text(site.read_text("utf-8").replace("127.0.0.1:0", "0.0.0.0:8740"), "utf-8")
    with RunningPasserby(str(site)) as running:
        assert running.process.wait(30) == 2
        running._readers[1].join()
        assert "server.address" in running.log[0]
    assert not (tmp_path / "state").exists()
