"""How a site is, for tests of what is said about it: made up, with every part replaceable."""

from typing import Any

import msgspec
import numpy as np

from passerby.released.messages import CameraHealth, CaptureState, Protection, Reason, SceneMessage
from passerby.released.scene import GateHealth, GateState, Glyph, Kind, Level, PlatePatch, Scene, Size
from passerby.supervise.camera_words import camera_words
from passerby.supervise.latency import Latency
from passerby.supervise.live_places import PlaceNow
from passerby.supervise.site_now import CameraNow, SiteNow
from passerby.supervise.worker_health import WorkerHealth, WorkerState

SIZE = Size(64, 48)
BLOCK_PX = 16


def scene(
    *,
    time_s: float = 0.0,
    size: Size = SIZE,
    epoch: int = 0,
    patches: tuple[PlatePatch, ...] = (),
    glyphs: int = 0,
    state: GateState = GateState.WATCHING,
    withheld_share: float = 0.0,
) -> Scene:
    """A scene in which all blocks are shown."""
    rows, columns = -(-size.height_px // BLOCK_PX), -(-size.width_px // BLOCK_PX)
    return Scene(
        time_s=time_s,
        size=size,
        level=Level.GLYPHS,
        plate_epoch=epoch,
        block_px=BLOCK_PX,
        shown=np.packbits(np.ones((rows, columns), bool)).tobytes(),
        patches=patches,
        light=None,
        glyphs=tuple(Glyph(size.height_px - 4, 8 + 12 * number, 20, 8, Kind.PERSON) for number in range(glyphs)),
        cell_px=max(1, -(-size.height_px // 24)),
        cells=(),
        health=GateHealth(state, withheld_share, 0.0, 0.0),
    )


def whole_plate(size: Size = SIZE, value: int = 90) -> tuple[PlatePatch, ...]:
    """A plate of one grey, as one patch."""
    return (PlatePatch(0, 0, size.width_px, size.height_px, bytes([value]) * (size.width_px * size.height_px * 3)),)


def patch(x_px: int, value: int) -> PlatePatch:
    """A patch of one block in the first row, of one grey."""
    return PlatePatch(x_px, 0, BLOCK_PX, BLOCK_PX, bytes([value]) * (BLOCK_PX * BLOCK_PX * 3))


def message(camera: str = "gate", *, at_s: float = 0.0, whole: bool = False, connection: int = 1, **of_scene: Any) -> SceneMessage:
    """A scene with its times."""
    return SceneMessage(camera, 1_000_000.0 + at_s, at_s, at_s, at_s, connection, whole, scene(**({"time_s": at_s} | of_scene)))


def health(camera: str = "gate", **changes: Any) -> CameraHealth:
    """Of a camera that streams."""
    streaming = CameraHealth(
        camera, CaptureState.STREAMING, Reason.NONE, "h264", 64, 48, received=100, gated=99, skipped=1, connections=1, looks_hz=5.0
    )
    return msgspec.structs.replace(streaming, **changes)


def place_now(**changes: Any) -> PlaceNow:
    """Of a camera that streams and is settled."""
    values: dict[str, Any] = {
        "scene": message(),
        "scene_age_s": 0.1,
        "health": health(),
        "health_age_s": 0.5,
        "trouble": None,
        "received_hz": 10.0,
        "gated_hz": 10.0,
        "skipped_hz": 0.0,
        "scenes": 100,
    }
    return PlaceNow(**(values | changes))


def worker(*cameras: str, **changes: Any) -> WorkerHealth:
    """Of a worker that runs."""
    values: dict[str, Any] = {
        "cameras": cameras or ("gate",),
        "pid": 4711,
        "state": WorkerState.RUNNING,
        "restarts": 0,
        "reason": Reason.NONE,
        "word": "",
        "protections": (Protection("no core dumps", True, ""), Protection("landlock", False, "the kernel is too old")),
        "beat_age_s": 0.4,
        "cpu_s": 12.5,
        "resident_bytes": 120_000_000,
    }
    return WorkerHealth(**(values | changes))


def camera_now(camera: str = "gate", *, place: PlaceNow | None = None, lost_scenes: int = 0, **names: str) -> CameraNow:
    """Of a camera."""
    place = place_now() if place is None else place
    words = camera_words(place, None)
    fresh = place.scene_age_s is not None and place.scene_age_s <= 5
    values = {"name": camera.title(), "purpose": "To see crowding in time.", "release_level": "glyphs"} | names
    return CameraNow(camera, values["name"], values["purpose"], values["release_level"], words, fresh, place, Latency(), worker(camera), lost_scenes)


def site_now(*cameras: CameraNow, **changes: Any) -> SiteNow:
    """Of a site."""
    values: dict[str, Any] = {
        "name": "Central station",
        "up_s": 3600.0,
        "cameras": cameras,
        "workers": tuple(one.worker for one in cameras if one.worker is not None),
        "recording": None,
        "not_ready": (),
        "not_alive": (),
    }
    return SiteNow(**(values | changes))


class ToldSite:
    """A site that is as a test says.

    Attributes:
        state: How it is; may be replaced.
    """

    def __init__(self, state: SiteNow | None = None) -> None:
        self.state = site_now() if state is None else state

    def now(self) -> SiteNow:
        return self.state

    def camera(self, camera: str) -> CameraNow | None:
        return next((one for one in self.state.cameras if one.id == camera), None)
