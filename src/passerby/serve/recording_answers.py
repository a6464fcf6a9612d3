"""What the addresses of recordings take and answer, as pydantic models that FastAPI describes in its OpenAPI document."""

from typing import Annotated

from pydantic import Field, StrictFloat, StrictInt

from passerby.released.show import Show
from passerby.serve.answers import Answer
from passerby.serve.archive import EARLIEST_S, LATEST_S

JsonTime = Annotated[StrictFloat | StrictInt, Field(ge=EARLIEST_S, le=LATEST_S)]


class RecordedCameraAnswer(Answer):
    """A camera of which there are recordings, or may be."""

    id: str
    """Its id."""
    name: str
    """Its name."""
    retention_s: float | None
    """How long recordings are kept; null = that was never said."""
    first_s: float | None
    """Begin of the oldest minute that may be shown; null = there is none."""
    last_s: float | None
    """End of the newest one."""


class RecordingsAnswer(Answer):
    """All cameras of which there are recordings, or may be."""

    zone: str
    """The site's time zone."""
    now_s: float
    """The time now."""
    cameras: list[RecordedCameraAnswer]
    """Cameras of the site file first, in its order."""


class OffsetAnswer(Answer):
    """How far the site's clocks are ahead of UTC from a moment on."""

    from_s: float
    """From when on."""
    offset_s: int
    """Seconds ahead of UTC."""


class RunAnswer(Answer):
    """Time of which there are recordings without a gap."""

    from_s: float
    """Its begin."""
    to_s: float
    """Its end."""


class BinAnswer(Answer):
    """How much happened in a part of the time."""

    from_s: float
    """Its begin; it is `bin_s` long."""
    scenes: int
    """Scenes that were recorded in it: one a second where nothing moves, five where something always does."""
    recorded_s: float
    """Seconds of it of which there are recordings."""


class TimelineAnswer(Answer):
    """What there is of a camera, and how much happened when. No picture and no position."""

    camera: str
    """Id of the camera."""
    name: str
    """Its name."""
    zone: str
    """The site's time zone."""
    offsets: list[OffsetAnswer]
    """What the clocks of that zone show, for two days more at either end."""
    now_s: float
    """The time now."""
    from_s: float
    """Begin of what is told."""
    to_s: float
    """Its end."""
    first_s: float | None
    """Begin of the oldest minute of all that may be shown; null = there is none."""
    last_s: float | None
    """End of the newest one."""
    retention_s: float | None
    """How long recordings are kept; null = that was never said."""
    bin_s: int
    """How long a part of the time is."""
    bins: list[BinAnswer]
    """Parts in which there is something, in order."""
    runs: list[RunAnswer]
    """What there are recordings of, in order. Between two is a gap."""


class SpanWish(Answer):
    """A span of a camera's recordings."""

    from_s: JsonTime
    """Its begin."""
    to_s: JsonTime
    """Its end."""


class ExportWishBody(SpanWish):
    """What is to be exported, and how it is drawn."""

    show: Show = Show.GLYPHS
    """What is drawn over the place."""
    caption: bool = True
    """Whether time and gate state stand in a corner."""


class ViewingAnswer(Answer):
    """A viewing that has begun, and has been written down."""

    viewing: str
    """Its id, a secret of who began it."""
    camera: str
    """Whose recordings."""
    from_s: float
    """Which of them may be seen: begin."""
    to_s: float
    """End."""
    ends_after_s: float
    """It ends when nothing was asked for so long."""


class ExportAnswer(Answer):
    """An export, and how far it is."""

    export: str
    """Its id, a secret of who ordered it."""
    download: str
    """Where it can be fetched."""
    name: str
    """Name of the file."""
    state: str
    """waiting, running, done or failed."""
    done: float
    """Part of the time that has been drawn, 0 to 1."""
    sent_bytes: int
    """What was given out of it."""
    says: str
    """Why it failed."""
