"""What the addresses of alerts take and answer, as pydantic models that FastAPI describes in its OpenAPI document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Field, StrictFloat, StrictInt

from passerby.hazards.alert import MOST_WORDS, HazardKind, Severity
from passerby.hazards.kept_alert import Alert, Remark, State
from passerby.serve.answers import Answer
from passerby.serve.archive import EARLIEST_S, LATEST_S
from passerby.serve.recording_answers import OffsetAnswer

BEFORE_S: Final = 30.0
AFTER_S: Final = 30.0
"""The clip of an alert begins so long before it was opened, and ends so long after its end."""
LONGEST_CLIP_S: Final = 86400.0
"""One viewing shows no more."""


@dataclass(frozen=True, slots=True)
class PlaceNames:
    """What the site file calls its cameras, and its zones and lines, by camera and id."""

    cameras: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    places: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))


class ClipAnswer(Answer):
    """Where to look: recordings from before the alert until after it. They are deleted with all recordings of the camera, unless they are held."""

    camera: str
    """Id of the camera."""
    from_s: float
    """Begin, seconds since 1970 UTC."""
    to_s: float
    """End; of an alert that goes on: half a minute after it was last seen. A day after the begin at most."""
    page: str
    """Where a browser shows it."""
    viewings: str
    """Where a viewing of it is begun, with POST, which is written down."""


class RemarkAnswer(Answer):
    """What somebody said, or a channel of its delivery."""

    by: str
    """Who: the name of an account, or passerby."""
    at_s: float
    """When."""
    words: str
    """What."""
    channel: str
    """Id of the channel; empty = it was somebody."""


class AlertAnswer(Answer):
    """An alert: one cause at one place."""

    id: str
    """Its id."""
    rule: str
    """Id of the rule."""
    kind: HazardKind
    """What the rule looks for."""
    severity: Severity
    """The most urgent that it was."""
    state: State
    """Whether the hazard goes on, has ended, or the alert is closed."""
    exercise: bool
    """Whether nothing happened: this is a drill."""
    camera: str
    """Id of the camera; empty = none."""
    camera_name: str
    """Its name."""
    place: str
    """Id of the zone or line; empty = all that the camera sees. Of a channel that fails: its id."""
    place_name: str
    """Its name."""
    says: str
    """What was found, in words."""
    value: float | None
    """What was measured last, in the unit of the kind; null = it is no number, or not known now."""
    error: float | None
    """Its standard error."""
    limit: float | None
    """The limit."""
    peak: float | None
    """The highest value."""
    opened_s: float
    """When it was opened, seconds since 1970 UTC."""
    seen_s: float
    """When the hazard was last seen."""
    ended_s: float | None
    """When it ended; null = it goes on, as far as is known."""
    closed_s: float | None
    """When the alert was closed; null = it is not."""
    closed_by: str
    """By whom; passerby = by itself."""
    acknowledged_s: float | None
    """When somebody took notice; null again once it has become more urgent since."""
    acknowledged_by: str
    """Who that was."""
    returns: int
    """How often it came back within its cool-down."""
    remarks: list[RemarkAnswer]
    """What people said, in order."""
    told: list[RemarkAnswer]
    """What channels said, in order."""
    clip: ClipAnswer | None
    """Where to look; null = no camera belongs to it."""


class OpenCountsAnswer(Answer):
    """How many alerts are not closed; exercises are left out."""

    alarm: int
    """Of severity alarm."""
    warning: int
    """Of severity warning."""
    notice: int
    """Of severity notice."""
    unacknowledged: int
    """Those of which nobody has taken notice."""


class AlertsAnswer(Answer):
    """Alerts, the newest first."""

    now_s: float
    """The time now."""
    open: OpenCountsAnswer
    """How many are not closed, whatever was asked for."""
    alerts: list[AlertAnswer]
    """Those that were asked for, or the first of them."""
    next: str
    """Give this as `before` to get those that follow; empty = there are no more."""
    zone: str
    """The site's time zone."""
    offsets: list[OffsetAnswer]
    """What the clocks of that zone show, from a day before the oldest of these alerts until two days from now."""


class WordsWish(Answer):
    """What somebody says with what they do."""

    words: Annotated[str, Field(max_length=MOST_WORDS)] = ""
    """A line; may be empty."""
    severity: Severity | None = None
    """How urgent the alert was when they looked: where it has become more urgent since, it is refused with 409. Left out: it is done in any case."""


class CommentWish(Answer):
    """A comment."""

    words: Annotated[str, Field(min_length=1, max_length=MOST_WORDS)]
    """A line."""


class HoldWishBody(Answer):
    """Until when the recordings of an alert are to be kept, and what for."""

    until_s: Annotated[StrictFloat | StrictInt, Field(ge=EARLIEST_S, le=LATEST_S)]
    """End of the hold, seconds since 1970 UTC; how late it may be, `recording.max_hold` of the site file says."""
    why: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")]
    """What for, in a line."""


class HoldAnswer(Answer):
    """A hold, which has been written down."""

    hold: str
    """Its id."""
    camera: str
    """Whose recordings."""
    from_s: float
    """Which of them: begin."""
    to_s: float
    """End."""
    until_s: float
    """When they will be deleted after all."""
    minutes: int
    """Of how many minutes there are recordings now."""
    goes_on: bool
    """Whether the alert goes on: then `to_s` is half a minute from now, and by itself becomes half a minute after the end of the alert."""


def alert_answer(alert: Alert, names: PlaceNames) -> AlertAnswer:
    """What is said of an alert."""
    camera, place = alert.cause.camera, alert.cause.place
    return AlertAnswer(
        id=alert.id,
        rule=alert.cause.rule,
        kind=alert.kind,
        severity=alert.severity,
        state=alert.state,
        exercise=alert.exercise,
        camera=camera,
        camera_name=names.cameras.get(camera, camera),
        place=place,
        place_name=names.places.get((camera, place), place),
        says=alert.words,
        value=alert.value,
        error=alert.error,
        limit=alert.limit,
        peak=alert.peak,
        opened_s=alert.opened_wall_s,
        seen_s=alert.seen_wall_s,
        ended_s=alert.ended_wall_s,
        closed_s=alert.closed_wall_s,
        closed_by=alert.closed_by,
        acknowledged_s=alert.acknowledged_wall_s,
        acknowledged_by=alert.acknowledged_by,
        returns=alert.returns,
        remarks=[_remark(one) for one in alert.remarks],
        told=[_remark(one) for one in alert.told],
        clip=_clip(alert),
    )


def span_of(alert: Alert) -> tuple[float, float]:
    """From when until when recordings show an alert. The clock may have been set back meanwhile."""
    end_s = alert.seen_wall_s if alert.ended_wall_s is None else alert.ended_wall_s
    return alert.opened_wall_s - BEFORE_S, max(alert.opened_wall_s, end_s) + AFTER_S


def open_counts(alerts: list[Alert]) -> OpenCountsAnswer:
    """How many of open alerts are how urgent."""
    real = [alert for alert in alerts if not alert.exercise]
    of = {severity: sum(alert.severity is severity for alert in real) for severity in Severity}
    unacknowledged = sum(not alert.acknowledged_by for alert in real)
    return OpenCountsAnswer(alarm=of[Severity.ALARM], warning=of[Severity.WARNING], notice=of[Severity.NOTICE], unacknowledged=unacknowledged)


def _clip(alert: Alert) -> ClipAnswer | None:
    camera = alert.cause.camera
    if not camera:
        return None
    from_s, to_s = span_of(alert)
    to_s = min(to_s, from_s + LONGEST_CLIP_S)
    return ClipAnswer(
        camera=camera, from_s=from_s, to_s=to_s, page=f"/#/recordings/{camera}?at={from_s:.0f}", viewings=f"/api/recordings/{camera}/viewings"
    )


def _remark(remark: Remark) -> RemarkAnswer:
    return RemarkAnswer(by=remark.by, at_s=remark.wall_s, words=remark.words, channel=remark.channel)
