"""What a sealed worker says to its supervisor: one structure a message, and no room in any for a pixel, a foreign error's text or a secret.

A message is MessagePack of a tagged structure, `released.framing` puts its length before it. Why something went wrong is one of `Reason`: a
worker has no way to send a sentence, for a sentence could quote the address of a camera or the memory of a decoder.
"""

import math
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import msgspec

from passerby.errors import SceneError
from passerby.released.geometry import check
from passerby.released.measurement import Measurement, Pulse
from passerby.released.scene import Scene

MOST_TEXT: Final = 64
"""No text is longer: ids of cameras, names of protections, codecs and error classes. No bytes of a picture hide in one."""
MOST_WORD: Final = 300
"""But for what is said of a protection."""
MOST_PROTECTIONS: Final = 64
MOST_GLYPHS: Final = 4096
"""Subjects in one scene; a detector gives some hundreds at most."""


class CaptureState(StrEnum):
    """What a camera's capture is doing."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    WAITING = "waiting"
    """Between two attempts."""
    ENDED = "ended"
    """A file that is not looped came to its end."""


class Reason(StrEnum):
    """Why a camera gives no pictures, or its worker ended."""

    NONE = "none"
    NOT_YET = "not yet tried"
    REFUSED = "connection refused"
    UNREACHABLE = "no route or no such host"
    UNAUTHORISED = "user name or password refused"
    UNTRUSTED = "certificate not trusted"
    NOT_FOUND = "no such stream or file"
    NO_FIRST_BYTE = "no answer in time"
    STALLED = "stream stalled"
    NO_VIDEO = "no video that can be decoded"
    DAMAGED = "not a stream, or damaged"
    CLOSED = "camera closed the stream"
    TOO_LARGE = "picture too large"
    FORBIDDEN = "the worker's sandbox does not allow it"
    GATE_FAILED = "gate failed"
    CRASHED = "worker crashed"
    HUNG = "worker gave no sign of life"
    OUT_OF_MEMORY = "out of memory"
    WEIGHTS = "detector weights missing or damaged"


class Protection(msgspec.Struct, frozen=True, array_like=True):
    """One measure that keeps pixels in a worker, and whether it holds here.

    `name` is of a fixed list (`sealed.worker.protections`), `word` says in plain words what holds instead where `held` is false.
    """

    name: str
    held: bool
    word: str


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The first message of a worker, after it has closed itself in and before it opens a camera."""

    pid: int
    protections: tuple[Protection, ...]


class Beat(msgspec.Struct, frozen=True, tag="beat"):
    """A sign of life, once a second, from the thread that gates pictures."""

    monotonic_s: float
    cpu_s: float
    resident_bytes: int


class SceneMessage(msgspec.Struct, frozen=True, tag="scene"):
    """A scene and when it was.

    Attributes:
        camera: Id of the camera.
        captured_wall_s: When its picture came in, seconds since 1970 UTC.
        captured_monotonic_s: The same by CLOCK_MONOTONIC, which all processes of a machine share.
        released_monotonic_s: When the scene left the gate.
        media_s: The camera's own time, seconds since the connection began; None = it gives none that can be used.
        connection: Grows by one with each connection to the camera.
        whole_plate: Whether `scene.patches` holds all of the plate that is shown (after `SendPlate`, in a gate's first scene), not only what is new.
        scene: The scene; its `time_s` never falls, also over connections.
    """

    camera: str
    captured_wall_s: float
    captured_monotonic_s: float
    released_monotonic_s: float
    media_s: float | None
    connection: int
    whole_plate: bool
    scene: Scene


class CameraHealth(msgspec.Struct, frozen=True, tag="camera"):
    """How a camera is, once a second and when its state changes. Counters never fall while a worker lives.

    Attributes:
        reason: Why there are no pictures, or why the last connection ended.
        codec: Name of the codec, of the decoder's own list of names; "" = none yet.
        received: Pictures that were decoded and were due (a limit of the frame rate leaves out the others).
        gated: Of these, those that went through the gate.
        skipped: Of these, those that were replaced by a newer one before the gate had time.
        connections: Connections that gave a picture.
        repaired: Timestamps that had to be repaired.
        damaged: Packets skipped and pictures of which parts were guessed.
        received_bytes: Bytes of video packets.
        drift_s: How far the camera's clock has run ahead of ours since the connection began.
        looks_hz: How often the gate looks now.
        decode_s: Processor time spent on decoding, as far as it is known; gate_s and looks_s: of the gate, and of the detector's runs in it.
        hardware: Whether a hardware decoder is at work.
    """

    camera: str
    state: CaptureState
    reason: Reason
    codec: str = ""
    width_px: int = 0
    height_px: int = 0
    received: int = 0
    gated: int = 0
    skipped: int = 0
    connections: int = 0
    repaired: int = 0
    damaged: int = 0
    received_bytes: int = 0
    drift_s: float = 0.0
    looks_hz: float = 0.0
    decode_s: float = 0.0
    gate_s: float = 0.0
    looks_s: float = 0.0
    hardware: bool = False


class Trouble(msgspec.Struct, frozen=True, tag="trouble"):
    """An error that the worker met and outlived, or (camera None) died of: where it was and what class of error, never its text."""

    camera: str | None
    reason: Reason
    error: str
    place: str


class ProbeResult(msgspec.Struct, frozen=True, tag="probe"):
    """What `passerby check --probe` learned of a camera by opening it once. Comes from a process of its own, `sealed.probe`, one message a camera.

    Attributes:
        reason: NONE = a picture was decoded; else why none was.
        codec: Name of the codec, of the decoder's own list of names; "" = none was found.
        rate_hz: Pictures a second, measured over a few seconds; 0 = not known.
        first_picture_s: From the start of the attempt to the first decoded picture; None = there was none.
        transport: "tcp" or "udp" with RTSP, "" otherwise.
        pictures: Pictures that were decoded.
        damaged: Packets that were skipped and pictures of which parts were guessed.
        hardware: Whether a hardware decoder was at work.
    """

    camera: str
    reason: Reason
    codec: str = ""
    width_px: int = 0
    height_px: int = 0
    rate_hz: float = 0.0
    first_picture_s: float | None = None
    transport: str = ""
    pictures: int = 0
    damaged: int = 0
    hardware: bool = False


Message = Hello | Beat | SceneMessage | CameraHealth | Trouble | Pulse | Measurement


def encode_message(message: Message) -> bytes:
    """The bytes of a message.

    Raises:
        SceneError: It holds an inconsistent scene.
    """
    if isinstance(message, SceneMessage):
        check(message.scene)
    return msgspec.msgpack.encode(message)


def decode_message(data: bytes | memoryview) -> Message:
    """The message that `encode_message` wrote. Bytes from a worker that was taken over are refused, not repaired.

    Raises:
        SceneError: The bytes are damaged or no message, or say more than a message may: a text is too long, a number none, a count below 0.
    """
    try:
        message: Message = msgspec.msgpack.decode(data, type=Message)
    except (msgspec.MsgspecError, ArithmeticError, RecursionError, UnicodeDecodeError, ValueError) as error:
        raise SceneError(f"these {len(data)} bytes are no message of a worker") from error
    if isinstance(message, SceneMessage):
        check(message.scene)
    _check(message)
    return message


def encode_probe(result: ProbeResult) -> bytes:
    """The bytes of a probe's result."""
    return msgspec.msgpack.encode(result)


def decode_probe(data: bytes | memoryview) -> ProbeResult:
    """The result that `encode_probe` wrote.

    Raises:
        SceneError: The bytes are damaged or no such result, or say more than one may.
    """
    try:
        result = msgspec.msgpack.decode(data, type=ProbeResult)
    except (msgspec.MsgspecError, ArithmeticError, RecursionError, UnicodeDecodeError, ValueError) as error:
        raise SceneError(f"these {len(data)} bytes are no result of a probe") from error
    _check(result)
    return result


def _check(message: Message | ProbeResult) -> None:
    """Refuses what is well formed and no message of ours all the same. Raises SceneError; it quotes nothing of what was said."""
    fault = next(_faults(message), None)
    if fault is not None:
        raise SceneError(f"{fault} of a worker's message")


def _faults(message: Message | ProbeResult) -> Iterator[str]:
    """What is wrong with a message's own fields; a scene is checked by `geometry`."""
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if isinstance(value, str) and len(value) > MOST_TEXT:
            yield f"more than {MOST_TEXT} characters in {name}"
        if isinstance(value, float) and not math.isfinite(value):
            yield f"no number in {name}"
        if isinstance(value, int) and value < 0:
            yield f"less than 0 in {name}"
    if isinstance(message, Hello):
        told = message.protections
        if len(told) > MOST_PROTECTIONS or any(len(one.name) > MOST_TEXT or len(one.word) > MOST_WORD for one in told):
            yield "too many words in protections"
    if isinstance(message, SceneMessage):
        yield from _counts_of(message.scene)


def _counts_of(scene: Scene) -> Iterator[str]:
    """What there is too much of in a scene. That each part lies within the picture is for `geometry` to say."""
    size = scene.size
    cells = -(-size.width_px // scene.cell_px) * -(-size.height_px // scene.cell_px) if scene.cell_px > 0 else 0
    if len(scene.glyphs) > MOST_GLYPHS:
        yield f"more than {MOST_GLYPHS} glyphs in the scene"
    if len(scene.cells) > cells:
        yield "more cells than there are in the scene"
    if sum(patch.width_px * patch.height_px for patch in scene.patches) > size.width_px * size.height_px:
        yield "more of the plate than there is in the scene"
