"""The API's answers: what `/api/cameras` and the health addresses say, as pydantic models that FastAPI describes in its OpenAPI document."""

from pydantic import BaseModel, ConfigDict, Field

from passerby.supervise.site_now import CameraNow, SiteNow


class AnswerError(Exception):
    """A request that has no better answer than an error: its status, words, and what to do."""

    def __init__(self, status: int, detail: str, do: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.do = status, detail, do


class Answer(BaseModel):
    """A part of an answer. Numbers carry their unit in their name."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ProtectionAnswer(Answer):
    """A protection that does not hold on this machine."""

    name: str
    """Its name."""
    word: str
    """What holds instead."""


class StreamAnswer(Answer):
    """What comes from the camera."""

    codec: str
    """Name of the codec; empty = not known yet."""
    width_px: int
    """Width of its pictures; 0 = not known yet."""
    height_px: int
    """Height of its pictures."""
    received_hz: float
    """Pictures a second that came in, of late."""
    skipped_hz: float
    """Of these, pictures a second that were skipped because the machine could not keep up."""
    received: int
    """Pictures that came in since the camera's process began."""
    skipped: int
    """Of these, those that were skipped."""
    damaged: int
    """Packets and pictures that were damaged."""
    connections: int
    """Connections that gave a picture."""
    drift_s: float
    """How far the camera's clock ran ahead of ours since the connection began."""
    hardware_decode: bool
    """Whether a hardware decoder is at work."""


class CameraAnswer(Answer):
    """A camera."""

    id: str
    """Id of the camera in the site file."""
    name: str
    """Its name."""
    purpose: str
    """What it is there for, as the public may read it."""
    release_level: str
    """How much of what it sees is released: counts, heat or glyphs."""
    condition: str
    """live, learning, waiting, trouble or ended."""
    says: str
    """How it is, in plain words."""
    do: str
    """What to do about it, in plain words; empty = nothing."""
    picture: str
    """Address of its newest picture."""
    has_picture: bool
    """Whether there is a picture that shows how the place is now."""
    picture_age_s: float | None
    """Seconds since the newest picture came in; null = there was none."""
    stale_s: float
    """A picture that is older does not show how the place is now."""
    withheld_share: float | None
    """Which part of the picture is withheld, 0 to 1; null = not known."""
    stream: StreamAnswer | None
    """What comes from the camera; null = nothing is known yet."""
    lost_scenes: int
    """Scenes that could not be recorded."""
    not_protected: list[ProtectionAnswer]
    """Protections of its process that do not hold on this machine."""


class CamerasAnswer(Answer):
    """All cameras of the site."""

    site: str
    """Name of the site."""
    up_s: float
    """Seconds since Passerby was started."""
    recording: str
    """off, on, or what is wrong with it."""
    cameras: list[CameraAnswer] = Field(default_factory=list)
    """In the order of the site file."""


class HealthAnswer(Answer):
    """Whether something is as it should be."""

    ok: bool
    """Whether it is."""
    why: list[str] = Field(default_factory=list)
    """What is not, in plain words."""


class ErrorAnswer(Answer):
    """Why there is no better answer."""

    detail: str
    """In plain words."""
    do: str = ""
    """What to do about it; may be empty."""


def cameras_answer(now: SiteNow) -> CamerasAnswer:
    """What `/api/cameras` says."""
    recording = "off" if now.recording is None else now.recording.failing or "on"
    return CamerasAnswer(site=now.name, up_s=round(now.up_s, 1), recording=recording, cameras=[camera_answer(camera) for camera in now.cameras])


def camera_answer(camera: CameraNow) -> CameraAnswer:
    """What is said of one camera."""
    place = camera.place
    worker = camera.worker
    return CameraAnswer(
        id=camera.id,
        name=camera.name,
        purpose=camera.purpose,
        release_level=camera.release_level,
        condition=camera.words.condition.value,
        says=camera.words.says,
        do=camera.words.do,
        picture=f"/live/{camera.id}.jpg",
        has_picture=camera.has_picture,
        picture_age_s=None if place.scene_age_s is None else round(place.scene_age_s, 2),
        stale_s=camera.stale_s,
        withheld_share=None if place.scene is None else place.scene.scene.health.withheld_share,
        stream=_stream_answer(camera),
        lost_scenes=camera.lost_scenes,
        not_protected=[] if worker is None else [ProtectionAnswer(name=p.name, word=p.word) for p in worker.protections if not p.held],
    )


def _stream_answer(camera: CameraNow) -> StreamAnswer | None:
    health = camera.place.health
    if health is None:
        return None
    return StreamAnswer(
        codec=health.codec,
        width_px=health.width_px,
        height_px=health.height_px,
        received_hz=round(camera.place.received_hz, 2),
        skipped_hz=round(camera.place.skipped_hz, 2),
        received=health.received,
        skipped=health.skipped,
        damaged=health.damaged,
        connections=health.connections,
        drift_s=round(health.drift_s, 3),
        hardware_decode=health.hardware,
    )
