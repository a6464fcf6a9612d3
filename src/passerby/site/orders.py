"""What the supervisor tells a sealed worker, over the worker's standard input: never on a command line or in the environment, which others can read.

An order holds the camera's address with its password. Neither is in the order's repr, and no error quotes them.
"""

from pathlib import Path
from typing import Final

import msgspec

from passerby.errors import SceneError
from passerby.released.measurement import CrowdNumbers
from passerby.released.scene import Scene

Polygon = tuple[tuple[float, float], ...]
HIDDEN: Final = "***"


class ZoneOrder(msgspec.Struct, frozen=True, array_like=True):
    """A zone of a camera: its corners in pixels, and what people do in it (walking, waiting, queue)."""

    id: str
    polygon: Polygon
    kind: str


class LineOrder(msgspec.Struct, frozen=True, array_like=True):
    """A line of a camera: its two ends in pixels."""

    id: str
    a: tuple[float, float]
    b: tuple[float, float]


class CameraOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One camera as its worker must know it. What the numbers mean: `sealed.gate.settings.GateSettings`, `site.settings.Camera`.

    Attributes:
        camera: Id.
        source: rtsp://, rtsps://, http://, https:// address with user and password, or file:// with an absolute path.
        loop: A file begins anew at its end.
        level: Release level, 0 to 2, as `released.scene.Level`.
        fps_limit: Most pictures a second that are taken from the camera; None = all.
        never: Polygons in pixels of the picture.
        ground: Nine numbers of the homography from metres to pixels; None = not known.
        zones: Where people are counted; lines: across what.
        transport: "auto" (TCP, then UDP), "tcp" or "udp".
        verify: Whether the camera's TLS certificate must be one of `certificate`, or signed by it or by the system's authorities.
    """

    camera: str
    source: str
    loop: bool = True
    settle_s: float = 20.0
    absorb_s: float = 1800.0
    min_person_px: int = 24
    level: int = 2
    fps_limit: float | None = None
    never: tuple[Polygon, ...] = ()
    ground: tuple[float, ...] | None = None
    transport: str = "auto"
    verify: bool = False
    certificate: Path | None = None
    hardware_decode: bool = False
    first_byte_s: float = 10.0
    stall_s: float = 5.0
    zones: tuple[ZoneOrder, ...] = ()
    lines: tuple[LineOrder, ...] = ()

    def __repr__(self) -> str:
        return f"CameraOrder(camera={self.camera!r}, source={HIDDEN})"


class CrowdModel(msgspec.Struct, frozen=True, array_like=True):
    """A trained correction of the count of a zone (`measure.crowd`).

    Attributes:
        counts: What it was trained with: how many there were, and the numbers of the zone then.
        linear, smooth: Standard deviations of its parts, in those of the logarithm of the counts; noise: that of the error.
        reach: Length scale of the smooth part, in standard deviations of the inputs.
    """

    counts: tuple[tuple[float, CrowdNumbers], ...]
    linear: float
    smooth: float
    reach: float
    noise: float


class Correct(msgspec.Struct, frozen=True, tag="correct"):
    """From now on the counts of this zone of this camera are corrected so; None = not at all. Comes at any time after `Configure`."""

    camera: str
    zone: str
    model: CrowdModel | None


class Configure(msgspec.Struct, frozen=True, tag="configure"):
    """The first command: which cameras, with which weights, within which bounds. Comes once; a worker with other cameras is a new worker.

    Attributes:
        cameras: Its cameras.
        models_folder: The cache folder with the detector's verified weights.
        manifest: A manifest of the user's, or None = the package's.
        detector: Name of the detector in the manifest.
        device: As `passerby redact --device`.
        memory_limit_bytes: Most memory of the process; 0 = no limit.
    """

    cameras: tuple[CameraOrder, ...]
    models_folder: Path
    manifest: Path | None = None
    detector: str = "yolox-nano"
    device: str = "auto"
    memory_limit_bytes: int = 0


class SendPlate(msgspec.Struct, frozen=True, tag="send_plate"):
    """The next scene of this camera shall bring all of the plate that is shown."""

    camera: str


class RestorePlate(msgspec.Struct, frozen=True, tag="restore_plate"):
    """A plate of this camera that was released before, `scene.patches` all of it: the first gate shows it once its pictures show the same view.

    Comes right after `Configure`, and only where a site keeps plates over restarts.
    """

    camera: str
    scene: Scene


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """End. The end of standard input says the same: a supervisor that died takes its workers along."""


Command = Configure | SendPlate | RestorePlate | Correct | Stop


def encode_command(command: Command) -> bytes:
    """The bytes of a command."""
    return msgspec.msgpack.encode(command, enc_hook=_path_as_text)


def decode_command(data: bytes) -> Command:
    """The command that `encode_command` wrote.

    Raises:
        SceneError: The bytes are no command. Nothing of them is quoted.
    """
    try:
        command: Command = msgspec.msgpack.decode(data, type=Command, dec_hook=_text_as_path)
    except (msgspec.MsgspecError, ArithmeticError, RecursionError, UnicodeDecodeError, ValueError):
        raise SceneError(f"these {len(data)} bytes are no command for a worker") from None
    return command


def _path_as_text(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"a {type(value).__name__} is no part of a command")


def _text_as_path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise ValueError(f"no {kind.__name__}")
