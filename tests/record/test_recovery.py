"""Processes that record and are killed, really."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from passerby.clock import SystemClock
from passerby.record.playback import PlayedScene, play
from passerby.record.receipts import Act, FileReceipts, read_receipts
from passerby.record.recorder import Recordings
from passerby.record.settings import RecordingSettings
from passerby.record.verify import verify
from passerby.released.messages import SceneMessage
from tests.released.drawn_scenes import drawn_scene
from tests.support.recorded import DAY, NOON, SIZE, Kept, SetClock, SetMachine, plain_patches
from tests.support.recording_process import CAMERAS, STEP_S

ROUNDS = 5
SOAK_ROUNDS = 200


def killed_while_recording(folder: Path, first: int, boot: str, rng: random.Random) -> int | None:
    """Lets a process record from scene `first` on and kills it; the last scene that it said to be on the disk."""
    command = [sys.executable, "-m", "tests.support.recording_process", str(folder), str(first), boot]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    said = None
    try:
        for _ in range(rng.choice((0, 1, 2, 30, 100, 400))):
            line = process.stdout.readline()
            if not line:
                break
            said = int(line)
        # A little later, at any moment of writing.
        try:
            process.wait(rng.random() * 0.05)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")
        whole = [int(line) for line in rest[:-1] if line]
        errors = process.stderr.read()
        assert process.wait() == -signal.SIGKILL, errors
        return whole[-1] if whole else said
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def number_of(played: PlayedScene) -> int:
    return round((played.captured_wall_s - NOON) / STEP_S)


def recovered(folder: Path, first: int, boot: str) -> list[list[int]]:
    """Opens the recordings as the next process does; the numbers of the scenes from `first` on, by camera."""
    clock = SetClock(NOON + first * STEP_S)
    settings = RecordingSettings(dict.fromkeys(CAMERAS, 30 * DAY), free_space_floor_bytes=0)
    receipts = FileReceipts(folder / "receipts.jsonl")
    Recordings(folder / "recordings", settings, clock, receipts, machine=SetMachine(clock, boot), free=lambda _folder: 10**9).close()
    return [numbers_from(folder, camera, first) for camera in CAMERAS]


def numbers_from(folder: Path, camera: str, first: int) -> list[int]:
    played = list(play(folder / "recordings", camera, NOON + (first - 0.5) * STEP_S, NOON + 30 * DAY))
    assert all(one.scene.time_s == pytest.approx(number_of(one) * STEP_S) for one in played)
    return [number_of(one) for one in played]


def closed_files(folder: Path) -> dict[Path, tuple[int, int]]:
    """Size and time of change of all files that are closed."""
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in (folder / "recordings").rglob("*.mcap")}


def kill_rounds(folder: Path, rounds: int) -> None:
    rng = random.Random(20261123)
    first = 0
    closed: dict[Path, tuple[int, int]] = {}
    there: list[set[int]] = [set(), set()]
    for turn in range(rounds):
        said = killed_while_recording(folder, first, f"writer {turn}", rng)
        for numbers, all_numbers in zip(recovered(folder, first, f"reader {turn}"), there, strict=True):
            assert numbers == list(range(first, first + len(numbers))), f"round {turn}: a scene is missing, doubled or out of order"
            assert said is None or first + len(numbers) > said, f"round {turn}: a scene that was on the disk is lost"
            all_numbers.update(numbers)
        now = closed_files(folder)
        assert {path: now.get(path) for path in closed} == closed, f"round {turn}: something older was touched"
        assert not [path for path in (folder / "recordings").rglob("*") if path.name.endswith((".open", ".tmp"))]
        closed, first = now, max(max(numbers, default=-1) + 1 for numbers in there)
    assert first > 0
    assert [checked for checked in verify(folder / "recordings") if checked.trouble] == []
    for camera, all_numbers in zip(CAMERAS, there, strict=True):
        assert numbers_from(folder, camera, 0) == sorted(all_numbers)


def test_after_kill_9_at_any_moment_all_that_was_flushed_is_there(tmp_path: Path) -> None:
    kill_rounds(tmp_path, ROUNDS)
    assert any(receipt.kind is Act.RECOVERED for receipt in read_receipts(tmp_path / "receipts.jsonl"))


@pytest.mark.soak
def test_after_200_rounds_of_kill_9_all_that_was_flushed_is_there(tmp_path: Path) -> None:
    kill_rounds(tmp_path, SOAK_ROUNDS)


def test_on_this_machine_with_its_own_clocks_a_restart_keeps_what_was_recorded(tmp_path: Path) -> None:
    clock = SystemClock()
    settings = RecordingSettings({"gate": DAY}, free_space_floor_bytes=0)
    begun_s = clock.wall_s()
    for turn in range(2):
        recordings = Recordings(tmp_path / "recordings", settings, clock, FileReceipts(tmp_path / "receipts.jsonl"))
        for number in range(5):
            now_s = clock.monotonic_s()
            scene = drawn_scene(SIZE, patches=plain_patches() if number == 0 else (), time_s=float(number))
            recordings.write(SceneMessage("gate", clock.wall_s(), now_s, now_s, None, 1, number == 0, scene))
            recordings.tick()
        recordings.close()
        played = list(play(tmp_path / "recordings", "gate", begun_s - 1, clock.wall_s() + 1))
        assert [one.scene.time_s for one in played] == [0.0, 1.0, 2.0, 3.0, 4.0] * (turn + 1)
    assert {receipt.kind for receipt in read_receipts(tmp_path / "receipts.jsonl")} == {Act.CONFIGURED}


def test_what_was_half_written_is_removed_and_files_of_others_are_left(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(70, 5)
    day = tmp_path / "cameras" / "gate" / "2026-11-23"
    (day / "20261123T1159Z-0-0.mcap.tmp").write_bytes(b"half")
    (day / "notes.txt").write_text("mine")
    kept.reopen()
    assert not list(tmp_path.rglob("*.tmp"))
    assert (day / "notes.txt").exists()


def test_a_file_under_way_that_is_empty_or_garbage_does_not_stop_the_start(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(70, 5)
    kept.recordings.close()
    day = tmp_path / "cameras" / "gate" / "2026-11-23"
    (day / "20261123T1300Z-0-0.mcap.open").write_bytes(b"")
    (day / "20261123T1301Z-0-0.mcap.open").write_bytes(b"\x89MCAP0\r\n" + bytes(range(256)) * 9)
    (tmp_path / "cameras" / "gate" / "plates" / "20261123T1301Z-0-7.mcap.open").write_bytes(b"\x00" * 100)
    kept.recordings = kept.opened()
    assert kept.minutes() == ["20261123T1200Z-0-0", "20261123T1201Z-0-0"]
    assert not list(tmp_path.rglob("*.open"))
    assert kept.recordings.health().minutes == {"gate": 2}
