"""The worker as a process: what comes out of its pipe, and how it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from passerby.released.framing import framed, read_framed
from passerby.released.messages import Beat, CameraHealth, CaptureState, Hello, Message, Reason, SceneMessage, Trouble, decode_message
from passerby.released.scene import GateState, Size
from passerby.sealed.worker.entry import EXIT_CRASHED, EXIT_DONE, EXIT_ORDER, EXIT_WEIGHTS
from passerby.site.orders import Command, SendPlate, Stop, encode_command
from tests.support.drawn_worker import SECRET, Behaviour, command, configure, order
from tests.support.listener import LONG_S, received, scenes_of
from tests.support.scenes import shown_blocks

PRODUCT = (sys.executable, "-I", "-B", "-m", "passerby.sealed.worker")


class Talk:
    """A worker's pipes."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self._in, self._out = cast("BinaryIO", process.stdin), cast("BinaryIO", process.stdout)
        self.heard: list[object] = []
        self.raw = b""
        self._until_s = time.monotonic() + LONG_S

    def say(self, command: Command) -> None:
        self._in.write(framed(encode_command(command)))
        self._in.flush()

    def close(self) -> None:
        self._in.close()

    def next(self) -> Message | None:
        assert time.monotonic() < self._until_s, f"not heard within {LONG_S} s"
        data = read_framed(self._out)
        if data is None:
            return None
        self.raw += data if len(data) < 10_000 else b""
        message = decode_message(data)
        self.heard.append(message)
        return message

    def until_scene(self, camera: str, number: int) -> list[SceneMessage]:
        """The scenes of a camera, once there are so many."""
        while len(scenes_of(self.heard, camera)) < number:
            assert self.next() is not None, "the worker ended"
        return scenes_of(self.heard, camera)

    def until_end(self) -> int:
        while self.next() is not None:
            pass
        return self.process.wait(LONG_S)

    def troubles(self) -> list[Trouble]:
        return [item for item in self.heard if isinstance(item, Trouble)]


@contextmanager
def worker(how: Sequence[str] | None = None) -> Iterator[Talk]:
    process = subprocess.Popen(how or command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/")
    try:
        yield Talk(process)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


@contextmanager
def working(**behaviours: Behaviour) -> Iterator[Talk]:
    """A worker with a camera for each behaviour, by name."""
    with worker() as talk:
        talk.say(configure(*(order(name, behaviour) for name, behaviour in behaviours.items())))
        yield talk


def test_it_says_hello_first_then_gives_signs_of_life_and_scenes_of_all_cameras() -> None:
    with working(a=Behaviour(), b=Behaviour()) as talk:
        first = talk.next()
        assert isinstance(first, Hello)
        assert first.pid == talk.process.pid
        talk.until_scene("a", 5)
        talk.until_scene("b", 5)
        while not {CameraHealth, Beat} <= {type(item) for item in talk.heard}:
            talk.next()


def test_a_scene_tells_when_its_picture_came_and_when_it_left_the_gate() -> None:
    with working(a=Behaviour()) as talk:
        scenes = talk.until_scene("a", 10)
        assert all(m.captured_monotonic_s <= m.released_monotonic_s for m in scenes)
        times = [m.scene.time_s for m in scenes]
        assert times == sorted(set(times))
        assert scenes[0].whole_plate


def test_the_whole_plate_comes_when_it_is_asked_for() -> None:
    with working(a=Behaviour()) as talk:
        while not (scenes_of(talk.heard, "a") and shown_blocks(scenes_of(talk.heard, "a")[-1].scene).mean() > 0.8):
            talk.next()
        before = len(scenes_of(talk.heard, "a"))
        talk.say(SendPlate("a"))
        while not any(m.whole_plate for m in scenes_of(talk.heard, "a")[before:]):
            talk.next()
        scenes = scenes_of(talk.heard, "a")
        whole = next(m for m in scenes[before:] if m.whole_plate)
        alone = received([whole])
        assert alone.shown.any()
        assert alone.sent[alone.shown].all()
        together = received([m for m in scenes[: scenes.index(whole) + 1] if m is scenes[0] or not m.whole_plate])
        both = alone.shown & together.sent  # what was learned last comes with the whole plate for the first time
        assert both.mean() > 0.5
        assert (alone.picture[both] == together.picture[both]).all()


def test_a_plate_for_a_camera_that_it_does_not_have_is_no_matter() -> None:
    with working(a=Behaviour()) as talk:
        talk.say(SendPlate("nobody"))
        talk.until_scene("a", 3)


def test_an_error_on_a_picture_costs_the_gate_all_it_knew_and_no_other_camera_anything() -> None:
    with working(a=Behaviour(raise_at=40), b=Behaviour()) as talk:
        while not talk.troubles():
            talk.next()
        assert talk.troubles() == [Trouble("a", Reason.GATE_FAILED, "ValueError", "gate")]
        before = len(scenes_of(talk.heard, "a"))
        assert shown_blocks(scenes_of(talk.heard, "a")[before - 1].scene).any() or before == 0
        after = talk.until_scene("a", before + 3)[-4:]
        renewed = next(m for m in after if m.whole_plate)
        assert not shown_blocks(renewed.scene).any()
        assert renewed.scene.plate_epoch > 0
        assert {m.scene.plate_epoch for m in scenes_of(talk.heard, "b")} == {0}


def test_no_text_of_an_error_leaves_the_worker() -> None:
    with working(a=Behaviour(raise_from=5), b=Behaviour(unmakeable=True), c=Behaviour(exit_at=30)) as talk:
        assert talk.until_end() == EXIT_CRASHED
        assert b"hunter2" not in talk.raw
        assert SECRET.encode() not in talk.raw
        assert {t.camera for t in talk.troubles()} == {"a", "b", None}


def test_a_gate_that_fails_time_after_time_shows_nothing_says_so_and_is_tried_less_and_less_often() -> None:
    with working(a=Behaviour(raise_from=0, hz=100), b=Behaviour(pictures=100)) as talk:
        talk.until_scene("b", 60)
        assert all(not shown_blocks(m.scene).any() and m.scene.health.state is GateState.BAD_FRAME for m in scenes_of(talk.heard, "a"))
        health = next(item for item in reversed(talk.heard) if isinstance(item, CameraHealth) and item.camera == "a")
        assert health.reason is Reason.GATE_FAILED
        assert health.gated == 0
        assert len(scenes_of(talk.heard, "a")) <= 12


def test_a_camera_that_cannot_be_made_is_told_of_and_the_others_work() -> None:
    with working(a=Behaviour(unmakeable=True), b=Behaviour()) as talk:
        talk.until_scene("b", 3)
        assert talk.troubles() == [Trouble("a", Reason.GATE_FAILED, "RuntimeError", "settings")]
        assert CameraHealth("a", CaptureState.WAITING, Reason.GATE_FAILED) in talk.heard


def test_a_picture_without_memory_costs_its_camera_only() -> None:
    with working(a=Behaviour(memory_at=10), b=Behaviour()) as talk:
        while not talk.troubles():
            talk.next()
        assert talk.troubles() == [Trouble("a", Reason.OUT_OF_MEMORY, "MemoryError", "gate")]
        talk.until_scene("a", len(scenes_of(talk.heard, "a")) + 2)
        talk.until_scene("b", len(scenes_of(talk.heard, "b")) + 2)


def newest_healths(heard: Sequence[object]) -> list[CameraHealth]:
    """The newest health of each camera that was heard of."""
    return list({item.camera: item for item in heard if isinstance(item, CameraHealth)}.values())


def test_too_many_pictures_are_skipped_and_counted_and_keep_no_camera_no_beat_and_no_command_waiting() -> None:
    # Large ones: small pictures are gated as fast as two threads of one interpreter can draw them.
    flood = Behaviour(hz=2000, skips=True, size_px=(640, 480))
    with working(a=flood, b=flood) as talk:
        while [type(item) for item in talk.heard].count(Beat) < 3:
            talk.next()
        talk.say(SendPlate("b"))
        before = len(talk.heard)
        while not any(m.whole_plate for m in scenes_of(talk.heard[before:], "b")):
            talk.next()
        while sum(health.skipped for health in newest_healths(talk.heard)) == 0:
            talk.next()  # health is told once a second
        gated = [len(scenes_of(talk.heard, camera)) for camera in "ab"]
        assert min(gated) > 0.5 * max(gated)
        healths = newest_healths(talk.heard)
        assert all(0 <= health.received - health.gated - health.skipped <= 1 for health in healths)


def test_pictures_of_another_size_get_a_gate_that_knows_nothing_of_the_old_ones() -> None:
    with working(a=Behaviour(resize_at=60)) as talk:
        while not any(m.scene.size != Size(160, 120) for m in scenes_of(talk.heard, "a")):
            talk.next()
        scenes = scenes_of(talk.heard, "a")
        old, new = scenes[-2], scenes[-1]
        assert shown_blocks(old.scene).any()
        assert new.scene.size == Size(192, 136)
        assert new.whole_plate
        assert new.scene.plate_epoch == old.scene.plate_epoch + 1
        assert not shown_blocks(new.scene).any()
        assert not new.scene.patches
        assert talk.troubles() == []


def test_a_camera_that_comes_back_and_looks_elsewhere_loses_its_plate() -> None:
    with working(a=Behaviour(moved_at=60)) as talk:
        while not any(m.scene.plate_epoch for m in scenes_of(talk.heard, "a")):
            talk.next()
        scenes = scenes_of(talk.heard, "a")
        assert scenes[-1].scene.health.state is GateState.MOVED
        assert not shown_blocks(scenes[-1].scene).any()
        seen_since = [m for m in scenes if m.connection == 2]
        assert not any(m.scene.patches for m in seen_since)


def test_a_damaged_picture_is_not_looked_at_and_shows_nothing() -> None:
    with working(a=Behaviour(damaged_at=45, raise_at=45)) as talk:
        while not any(m.scene.health.state is GateState.BAD_FRAME for m in scenes_of(talk.heard, "a")):
            talk.next()
        assert talk.troubles() == []
        after = talk.until_scene("a", len(scenes_of(talk.heard, "a")) + 3)
        assert not shown_blocks(next(m for m in after if m.scene.health.state is GateState.BAD_FRAME).scene).any()
        assert after[-1].scene.plate_epoch == 0


def test_what_a_library_prints_does_not_get_between_the_messages() -> None:
    with working(a=Behaviour(print_at=3, pictures=8)) as talk:
        talk.until_scene("a", 4)
        talk.close()
        assert talk.until_end() == EXIT_DONE
        assert b"hunter2" not in talk.raw


@pytest.mark.parametrize("how", ["stop", "end of input"])
def test_it_ends_when_it_is_told_to_and_when_its_supervisor_is_gone(how: str) -> None:
    with working(a=Behaviour(), b=Behaviour()) as talk:
        talk.until_scene("a", 2)
        if how == "stop":
            talk.say(Stop())
        else:
            talk.close()
        assert talk.until_end() == EXIT_DONE


@pytest.mark.parametrize("behaviour", [Behaviour(hang_at=5), Behaviour(stubborn=True)], ids=["a gate that hangs", "a capture that does not stop"])
def test_it_ends_when_its_supervisor_is_gone_whatever_hangs(behaviour: Behaviour) -> None:
    with working(a=behaviour) as talk:
        talk.until_scene("a", 2)
        talk.close()
        assert talk.until_end() == EXIT_DONE


def test_it_ends_when_nobody_reads_what_it_says() -> None:
    with working(a=Behaviour()) as talk:
        talk.until_scene("a", 2)
        cast("BinaryIO", talk.process.stdout).close()
        assert talk.process.wait(LONG_S) == EXIT_DONE


def test_an_interrupt_from_the_terminal_is_for_the_supervisor() -> None:
    with working(a=Behaviour()) as talk:
        talk.until_scene("a", 2)
        os.kill(talk.process.pid, signal.SIGINT)
        talk.until_scene("a", 10)


def test_without_any_order_it_ends() -> None:
    with worker() as talk:
        talk.close()
        assert talk.until_end() == EXIT_DONE
        assert talk.heard == []


@pytest.mark.parametrize("first", [encode_command(Stop()), b"\xc1rtsp://root:hunter2@camera"], ids=["another command", "no command"])
def test_an_order_that_makes_no_sense_ends_it_before_it_did_anything(first: bytes) -> None:
    with worker() as talk:
        cast("BinaryIO", talk.process.stdin).write(framed(first))
        talk.close()
        assert talk.until_end() == EXIT_ORDER
        assert talk.heard == []


def test_a_command_that_makes_no_sense_ends_it() -> None:
    with working(a=Behaviour()) as talk:
        talk.until_scene("a", 2)
        cast("BinaryIO", talk.process.stdin).write(framed(b"\xc1"))
        talk.close()
        assert talk.until_end() == EXIT_DONE


def test_the_product_without_weights_says_so_and_fetches_none(tmp_path: Path) -> None:
    with worker(PRODUCT) as talk:
        talk.say(configure(order("a")).__class__(cameras=(), models_folder=tmp_path))
        assert talk.until_end() == EXIT_WEIGHTS
        assert isinstance(talk.heard[0], Hello)
        assert talk.troubles() == [Trouble(None, Reason.WEIGHTS, "WeightsError", "worker")]
    assert list(tmp_path.iterdir()) == []
