"""What a worker may say: every message survives its encoding, and nothing that says more than a message may is believed."""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import SceneError
from passerby.released.messages import (
    MOST_GLYPHS,
    MOST_PROTECTIONS,
    MOST_TEXT,
    MOST_WORD,
    Beat,
    CameraHealth,
    CaptureState,
    Hello,
    Message,
    ProbeResult,
    Protection,
    Reason,
    SceneMessage,
    Trouble,
    decode_message,
    decode_probe,
    encode_message,
    encode_probe,
)
from passerby.released.scene import Cell, PlatePatch, Scene, Size
from tests.released.drawn_scenes import drawn_scene, patch_of, person, plate_of

SIZE = Size(64, 48)
SCENE = drawn_scene(SIZE, glyphs=(person(20, 40),), patches=(patch_of(plate_of(SIZE)),))
LONG = "x" * (MOST_TEXT + 1)
HELLO = Hello(77, (Protection("writes", held=True, word=""),))
SAID = SceneMessage("a", 1e9, 5.0, 5.1, None, 1, whole_plate=True, scene=SCENE)
HEALTH = CameraHealth("b", CaptureState.STREAMING, Reason.NONE, "h264", 16, 16)
BEAT = Beat(5.0, 1.0, 1_000_000)
TROUBLE = Trouble("a", Reason.GATE_FAILED, "ValueError", "gate")
PROBED = ProbeResult("a", Reason.NONE, "h264", 16, 16, 10.0, 0.4, "tcp", 20)
replace = msgspec.structs.replace


def of_scene(**parts: object) -> SceneMessage:
    return replace(SAID, scene=replace(SCENE, **parts))


def strips(scene: Scene, count: int) -> tuple[PlatePatch, ...]:
    """So many patches as wide as the picture, one pixel high."""
    strip = np.zeros((1, scene.size.width_px, 3), np.uint8)
    return tuple(patch_of(strip, 0, number % scene.size.height_px) for number in range(count))


@pytest.mark.parametrize(
    "message",
    [
        HELLO,
        SAID,
        HEALTH,
        BEAT,
        TROUBLE,
        replace(TROUBLE, camera=None),
        replace(HEALTH, drift_s=-3.0, codec="x" * MOST_TEXT),
        replace(HELLO, protections=(Protection("x" * MOST_TEXT, held=False, word="x" * MOST_WORD),) * MOST_PROTECTIONS),
        of_scene(patches=strips(SCENE, SIZE.height_px)),
    ],
    ids=range(9),
)
def test_a_message_survives_its_encoding(message: Message) -> None:
    assert decode_message(encode_message(message)) == message


TOO_MUCH = (
    replace(SAID, camera=LONG),
    replace(HEALTH, camera=LONG),
    replace(TROUBLE, camera=LONG),
    replace(HELLO, protections=(Protection(LONG, held=True, word=""),)),
    replace(HELLO, protections=(Protection("x", held=True, word="x" * (MOST_WORD + 1)),)),
    replace(HELLO, protections=HELLO.protections * (MOST_PROTECTIONS + 1)),
    replace(HELLO, pid=-1),
    replace(HEALTH, codec=LONG),
    replace(TROUBLE, error=LONG),
    replace(TROUBLE, place=LONG),
    replace(HEALTH, drift_s=float("nan")),
    replace(HEALTH, received=-1),
    replace(SAID, captured_wall_s=float("inf")),
    replace(SAID, media_s=float("nan")),
    replace(SAID, connection=-1),
    replace(BEAT, monotonic_s=float("nan")),
    replace(BEAT, resident_bytes=-1),
    of_scene(glyphs=SCENE.glyphs * (MOST_GLYPHS + 1)),
    of_scene(cells=(Cell(0, 0),) * 10_000),
    of_scene(patches=strips(SCENE, SIZE.height_px + 1)),
    of_scene(patches=SCENE.patches * 2),
)


@pytest.mark.parametrize("message", TOO_MUCH, ids=range(len(TOO_MUCH)))
def test_a_message_that_says_too_much_is_refused_and_not_quoted(message: Message) -> None:
    with pytest.raises(SceneError) as refused:
        decode_message(encode_message(message))
    assert LONG not in str(refused.value)


@pytest.mark.parametrize(
    "result",
    [
        replace(PROBED, camera=LONG),
        replace(PROBED, codec=LONG),
        replace(PROBED, transport=LONG),
        replace(PROBED, rate_hz=float("inf")),
        replace(PROBED, first_picture_s=float("nan")),
        replace(PROBED, pictures=-1),
        replace(PROBED, width_px=-1),
    ],
    ids=range(7),
)
def test_a_result_of_a_probe_that_says_too_much_is_refused(result: ProbeResult) -> None:
    assert decode_probe(encode_probe(PROBED)) == PROBED
    with pytest.raises(SceneError):
        decode_probe(encode_probe(result))


@pytest.mark.parametrize("decode", [decode_message, decode_probe])
@given(data=st.binary(max_size=300))
def test_garbage_is_refused(decode: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises(SceneError):
        decode(data)


@given(st.data())
def test_a_damaged_message_is_refused_or_holds_no_more_than_a_message(data: st.DataObject) -> None:
    drawn: st.SearchStrategy[Message] = st.sampled_from((HELLO, HEALTH, BEAT, TROUBLE, of_scene(patches=())))
    message = data.draw(drawn)
    damaged = bytearray(encode_message(message))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        other = decode_message(bytes(damaged))
    except SceneError:
        return
    assert decode_message(encode_message(other)) == other
