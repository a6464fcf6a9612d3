"""The address of exercises. Whoever acts may begin one; the alert names them."""

from typing import Annotated

from fastapi import FastAPI, Request
from pydantic import Field, StrictFloat, StrictInt

from passerby.errors import AlertError
from passerby.hazards.alert import Severity
from passerby.serve.alerts.drilling import Drills, DrillWish
from passerby.serve.alerts.routes import REFUSED, SENSELESS, TAGS
from passerby.serve.answers import Answer, AnswerError


class DrillWishBody(Answer):
    """What is exercised."""

    rule: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] | None = None
    """Id of the rule whose alert it looks like. Left out: the first rule of the site file."""
    severity: Severity | None = None
    """How urgent. Left out: as the rule says."""
    lasts_s: Annotated[StrictFloat | StrictInt, Field(ge=5, le=3600)] = 30
    """After so many seconds it closes itself."""


class DrillChannelAnswer(Answer):
    """A channel of the site."""

    channel: str
    """Its id."""
    but: str
    """Why it does not tell of the exercise, or not at once; empty = it does."""


class DrillAnswer(Answer):
    """An exercise that has begun."""

    alert: str
    """Id of its alert: /api/alerts/{alert} says what has become of it, and in `told` which channel has delivered it and when."""
    rule: str
    """Id of the rule whose alert it looks like."""
    camera: str
    """Id of the camera."""
    place: str
    """Id of the zone or line; empty = all that the camera sees."""
    severity: Severity
    """How urgent it is."""
    opened_s: float
    """When it began, seconds since 1970 UTC."""
    lasts_s: float
    """After so many seconds it closes itself."""
    channels: list[DrillChannelAnswer]
    """The site's channels."""


def add_drills(app: FastAPI, drills: Drills) -> None:
    """Adds the address to the application."""

    @app.post("/api/alerts/drill", summary="Begin an exercise: an alert that is marked as one", tags=TAGS, responses=SENSELESS | REFUSED)
    async def drill(request: Request, wish: DrillWishBody | None = None) -> DrillAnswer:
        account = str(getattr(request.state, "account", ""))
        if not account:
            raise AnswerError(403, "It is not known who asks, so it cannot be written down.")
        asked = DrillWish() if wish is None else DrillWish(wish.rule, wish.severity, float(wish.lasts_s))
        try:
            begun = drills.begin(asked, account)
        except AlertError as error:
            raise AnswerError(409, f"{error.message[:1].upper()}{error.message[1:]}.", error.hint) from error
        event, cause = begun.event, begun.event.cause
        return DrillAnswer(
            alert=event.alert,
            rule="" if cause is None else cause.rule,
            camera="" if cause is None else cause.camera,
            place="" if cause is None else cause.place,
            severity=event.severity or Severity.WARNING,
            opened_s=event.wall_s,
            lasts_s=begun.lasts_s,
            channels=[DrillChannelAnswer(channel=one.channel, but=one.but) for one in begun.channels],
        )
