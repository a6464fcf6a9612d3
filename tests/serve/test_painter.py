import io
import os
import signal
import sys
import threading
from collections.abc import Iterator

import cv2
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.clock import SimulatedClock
from passerby.released.framing import framed, read_framed
from passerby.released.plate_canvas import PlateCanvas
from passerby.released.render import render_once
from passerby.released.scene import Scene, Size
from passerby.serve.painter import Painter, paint
from passerby.serve.painter_orders import Draw, DrawGround, EncodeGround, Forget, ForgetGround, Order
from passerby.serve.painter_process import LONGEST_REST_S, PainterProcess
from tests.support.site_now import SIZE, patch, scene, whole_plate


def looks_like(jpeg: bytes, drawn: Scene) -> bool:
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return float(np.abs(decoded.astype(int) - render_once(drawn).astype(int)).mean()) < 4


def test_a_picture_is_what_the_one_renderer_draws() -> None:
    drawn = scene(patches=whole_plate(), glyphs=3)
    assert looks_like(Painter().draw(Draw("gate", drawn, anew=True)), drawn)


def test_patches_add_to_what_was_drawn_before() -> None:
    painter = Painter()
    painter.draw(Draw("gate", scene(patches=whole_plate(value=40)), anew=True))
    second = painter.draw(Draw("gate", scene(time_s=1.0, patches=(patch(0, 220),)), anew=False))
    assert looks_like(second, scene(time_s=1.0, patches=(*whole_plate(value=40), patch(0, 220))))


def test_what_follows_on_nothing_is_not_drawn() -> None:
    assert Painter().draw(Draw("gate", scene(), anew=False)) == b""


def test_a_forgotten_camera_needs_its_whole_plate() -> None:
    painter = Painter()
    painter.draw(Draw("gate", scene(), anew=True))
    painter.forget("gate")
    assert painter.draw(Draw("gate", scene(), anew=False)) == b""


def test_another_size_needs_the_whole_plate() -> None:
    painter = Painter()
    painter.draw(Draw("gate", scene(), anew=True))
    assert painter.draw(Draw("gate", scene(size=Size(96, 48)), anew=False)) == b""


def test_renderers_are_bounded_and_the_longest_unseen_camera_goes_first() -> None:
    painter = Painter(most_bytes=2 * SIZE.width_px * SIZE.height_px * 18)
    for camera in ("a", "b", "c"):
        painter.draw(Draw(camera, scene(), anew=True))
    assert painter.draw(Draw("a", scene(), anew=False)) == b""
    assert painter.draw(Draw("b", scene(), anew=False))
    assert painter.draw(Draw("c", scene(), anew=False))


def test_a_scene_that_contradicts_itself_is_not_drawn_and_harms_no_other_camera() -> None:
    painter = Painter()
    painter.draw(Draw("gate", scene(), anew=True))
    painter.draw(Draw("hall", scene(), anew=True))
    outside = msgspec.structs.replace(scene(), patches=(patch(4096, 1),))
    assert painter.draw(Draw("gate", outside, anew=False)) == b""
    assert painter.draw(Draw("hall", scene(), anew=False))


def ground_of(*scenes: Scene) -> NDArray[np.uint8]:
    canvas = PlateCanvas(scenes[0].size)
    for one in scenes:
        canvas.update(one)
    return canvas.ground


def decoded(jpeg: bytes) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def test_a_ground_is_the_plate_and_the_hatch_and_nothing_that_stands_on_it() -> None:
    painter = Painter()
    drawn = msgspec.structs.replace(scene(patches=whole_plate(), glyphs=3), shown=b"\xf0\xf0")
    assert painter.draw_ground(DrawGround("gate", drawn, anew=True))
    jpeg = painter.encode_ground(EncodeGround("gate", 0))
    assert np.abs(decoded(jpeg).astype(int) - ground_of(drawn)).mean() < 3


def test_a_ground_follows_the_plate_and_its_mark_differs_where_it_does() -> None:
    painter = Painter()
    first = scene(patches=whole_plate(value=40))
    second = scene(time_s=1.0, patches=(patch(0, 220),))
    marks = [painter.draw_ground(DrawGround("gate", one, anew=one is first)) for one in (first, scene(glyphs=2), second)]
    assert marks[0] == marks[1] != marks[2]
    assert np.abs(decoded(painter.encode_ground(EncodeGround("gate", 0))).astype(int) - ground_of(first, second)).mean() < 4


def test_a_new_epoch_takes_the_old_plate_out_of_the_ground() -> None:
    painter = Painter()
    painter.draw_ground(DrawGround("gate", scene(patches=whole_plate(value=220)), anew=True))
    painter.draw_ground(DrawGround("gate", scene(epoch=1), anew=False))
    hatch = ground_of(msgspec.structs.replace(scene(), shown=b"\x00\x00"))
    assert np.abs(decoded(painter.encode_ground(EncodeGround("gate", 0))).astype(int) - hatch).mean() < 3


@pytest.mark.parametrize(("asked_px", "given_px"), [(0, 640), (240, 240), (480, 480), (640, 640), (960, 640)])
def test_a_ground_is_as_wide_as_it_is_asked_for_and_never_wider_than_the_cameras_picture(asked_px: int, given_px: int) -> None:
    painter, size = Painter(), Size(640, 360)
    painter.draw_ground(DrawGround("gate", scene(size=size, patches=whole_plate(size)), anew=True))
    height_px, width_px, _ = decoded(painter.encode_ground(EncodeGround("gate", asked_px))).shape
    assert (width_px, height_px) == (given_px, given_px * 9 // 16)


def test_what_follows_on_no_ground_is_not_drawn() -> None:
    painter = Painter()
    assert painter.encode_ground(EncodeGround("gate", 0)) == b""
    assert painter.draw_ground(DrawGround("gate", scene(), anew=False)) == b""
    painter.draw_ground(DrawGround("gate", scene(), anew=True))
    assert painter.draw_ground(DrawGround("gate", scene(size=Size(96, 48)), anew=False)) == b""
    assert painter.encode_ground(EncodeGround("gate", 0)) == b""
    painter.draw_ground(DrawGround("gate", scene(), anew=True))
    outside = msgspec.structs.replace(scene(), patches=(patch(4096, 1),))
    assert painter.draw_ground(DrawGround("gate", outside, anew=False)) == b""
    assert painter.encode_ground(EncodeGround("gate", 0)) == b""
    painter.draw_ground(DrawGround("gate", scene(), anew=True))
    painter.forget_ground("gate")
    assert painter.encode_ground(EncodeGround("gate", 0)) == b""


def test_grounds_are_bounded_and_apart_from_pictures() -> None:
    painter = Painter(most_bytes=2 * SIZE.width_px * SIZE.height_px * 8)
    painter.draw(Draw("a", scene(), anew=True))
    for camera in ("a", "b", "c"):
        painter.draw_ground(DrawGround(camera, scene(), anew=True))
    assert [bool(painter.encode_ground(EncodeGround(camera, 0))) for camera in ("a", "b", "c")] == [False, True, True]
    painter.forget_ground("a")
    assert painter.draw(Draw("a", scene(), anew=False))


def test_orders_are_answered_in_turn_and_forgetting_is_not_answered() -> None:
    orders: list[Order] = [Draw("gate", scene(), anew=True), Forget("gate"), Draw("gate", scene(), anew=False)]
    answers = io.BytesIO()
    paint(io.BytesIO(b"".join(framed(msgspec.msgpack.encode(order)) for order in orders)), answers)
    answers.seek(0)
    first, second = read_framed(answers), read_framed(answers)
    assert first
    assert second == b""
    assert read_framed(answers) is None


def test_orders_for_grounds_are_answered_but_those_to_forget() -> None:
    orders: list[Order] = [DrawGround("gate", scene(), anew=True), EncodeGround("gate", 240), ForgetGround("gate"), EncodeGround("gate", 240)]
    answers = io.BytesIO()
    paint(io.BytesIO(b"".join(framed(msgspec.msgpack.encode(order)) for order in orders)), answers)
    answers.seek(0)
    mark, jpeg, nothing = read_framed(answers), read_framed(answers), read_framed(answers)
    assert mark is not None
    assert len(mark) == 4
    assert jpeg is not None
    assert decoded(jpeg).shape == (48, 64, 3)
    assert nothing == b""
    assert read_framed(answers) is None


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def process(clock: SimulatedClock) -> Iterator[PainterProcess]:
    painter = PainterProcess(clock)
    yield painter
    painter.stop()


def test_the_process_starts_with_the_first_picture_and_ends_with_the_last_camera(process: PainterProcess) -> None:
    drawn = scene(patches=whole_plate(), glyphs=1)
    running = [process.pid is not None]
    assert looks_like(process.draw("gate", drawn, anew=True), drawn)
    assert process.draw("hall", drawn, anew=True)
    for camera in ("gate", "hall"):
        process.forget(camera)
        running.append(process.pid is not None)
    assert running == [False, True, False]


def test_the_process_draws_grounds_and_ends_with_the_last_thing_that_it_draws(process: PainterProcess) -> None:
    assert process.ground("gate", 480) == b""
    assert process.draw_ground("gate", scene(patches=whole_plate()), anew=True)
    assert process.draw("gate", scene(), anew=True)
    assert decoded(process.ground("gate", 480)).mean() == pytest.approx(90, abs=2)
    running = []
    for forget in (process.forget, process.forget_ground):
        forget("gate")
        running.append(process.pid is not None)
    assert running == [True, False]
    assert process.ground("gate", 480) == b""


def test_a_process_that_got_ready_for_nothing_is_ended_with_the_first_who_goes(process: PainterProcess) -> None:
    process.prepare()
    running = [process.pid is not None]
    process.prepare()
    process.forget_ground("gate")
    running.append(process.pid is not None)
    assert (running, process.starts) == ([True, False], 1)


def test_a_ground_of_a_process_that_was_killed_is_gone(process: PainterProcess, clock: SimulatedClock) -> None:
    assert process.draw_ground("gate", scene(), anew=True)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    assert process.ground("gate", 480) == b""
    clock.sleep(LONGEST_REST_S)
    assert process.draw_ground("gate", scene(), anew=False) == b""
    assert process.draw_ground("gate", scene(), anew=True)


def test_a_process_that_was_killed_is_replaced_and_needs_the_whole_plate(process: PainterProcess, clock: SimulatedClock) -> None:
    assert process.draw("gate", scene(), anew=True)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    answers = [process.draw("gate", scene(), anew=False) for _ in range(2)]
    assert answers == [b"", b""]
    clock.sleep(LONGEST_REST_S)
    assert process.draw("gate", scene(), anew=True)
    assert process.starts == 2


@pytest.mark.parametrize("command", [(sys.executable, "-c", "pass"), ("/nowhere/painter",)])
def test_a_process_that_cannot_draw_is_not_started_again_and_again(command: tuple[str, ...], clock: SimulatedClock) -> None:
    process = PainterProcess(clock, command)
    for _ in range(600):
        assert process.draw("gate", scene(), anew=True) == b""
        clock.sleep(0.1)
    assert process.starts <= 10


def test_threads_that_draw_at_once_get_each_their_own_picture(process: PainterProcess) -> None:
    drawn = [scene(patches=whole_plate(value=20 + 25 * number)) for number in range(6)]
    answers: dict[int, bytes] = {}

    def draw(number: int) -> None:
        answers[number] = process.draw(f"camera-{number}", drawn[number], anew=True)

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(looks_like(answers[number], drawn[number]) for number in range(6))
