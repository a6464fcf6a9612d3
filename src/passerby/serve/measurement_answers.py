"""What the addresses of measurements answer, as pydantic models that FastAPI describes in its OpenAPI document."""

from pydantic import ConfigDict

from passerby.released.measurement import Pulse, ZonePulse
from passerby.serve.answers import Answer
from passerby.store.suppression import K


class SpanAnswer(Answer):
    """What was measured of a zone or line in a span. Which keys there are beside these: the guide to measurements."""

    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True)

    camera: str
    """Id of the camera."""
    begin: str
    """Begin of the span by the site's clock, with its offset from UTC; of the mean week, the weekday and the hour."""
    end: str
    """Its end."""
    covered_s: float
    """Seconds of it that were seen. 0 = a gap: all figures are null."""
    accuracy: str
    """How well it was measured, as people at the place counted; or that it is not yet validated."""


class MeasurementsAnswer(Answer):
    """What was measured, span by span. A zone or line without a measurement in the whole range is left out, unless its id is asked for."""

    time_zone: str
    """The site's time zone."""
    every: str
    """How long a span is."""
    weekdays: bool
    """Whether the spans are those of the mean week."""
    spans: list[SpanAnswer]
    """By camera, zone or line, and time; gaps are among them."""

    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True)


class HeatGridAnswer(Answer):
    """Where people were while the pictures had one size."""

    cell_px: int
    """Side of a cell in pixels; the cells of the last row and column may reach out of the picture."""
    person_s: list[list[float | None]]
    """Person-seconds of each cell, row by row from the top, each from the left. null = not told: nobody was there, or too few for who asks."""


class HeatAnswer(Answer):
    """Where people were in a camera's picture, added up over the whole range."""

    time_zone: str
    """The site's time zone."""
    camera: str
    """Id of the camera."""
    begin: str
    """Begin of the range by the site's clock, with its offset from UTC; a whole minute."""
    end: str
    """Its end."""
    covered_s: float
    """Seconds of it that were seen. 0 = a gap: nothing is known. More, and no grids: nobody was there, or too few for who asks."""
    grids: list[HeatGridAnswer]
    """One for each size that the camera's pictures had in the range: usually one."""


class ZonePulseAnswer(Answer):
    """A zone in one second."""

    zone: str
    """Id of the zone."""
    people: float
    """Mean of those in it."""
    most: int
    """The most at one moment, with those that nothing confirms."""
    per_m2: float | None
    """Persons per square metre; null = the ground is not known."""
    per_m2_error: float | None
    """Standard error of that."""
    speed_m_s: float | None
    """Median speed; null = nobody, or the ground is not known, or so few that it would be one person's and it is not the operator who asks."""
    east_m_s: float | None
    """Mean velocity along the ground's first axis; null as the speed."""
    north_m_s: float | None
    """Mean velocity along its second; null as the speed."""
    hidden_per_m2: float | None
    """Persons per square metre by how much of the ground they hide, to some 30 %; null = no crowd, no ground is known, or counts are corrected."""
    full: bool
    """Whether all ground is hidden: there may be any number beyond `hidden_per_m2`."""


class LinePulseAnswer(Answer):
    """A line in one second."""

    line: str
    """Id of the line."""
    ab: int
    """How many crossed it one way."""
    ba: int
    """And the other."""


class PulseAnswer(Answer):
    """A second of a camera."""

    at_s: float
    """End of the second, seconds since 1970 UTC."""
    covered: float
    """Which part of it was seen, 0 to 1; 0 = a gap."""
    zones: list[ZonePulseAnswer]
    """Its zones; none where nothing was seen."""
    lines: list[LinePulseAnswer]
    """Its lines."""


class CameraPulsesAnswer(Answer):
    """The last minute of a camera."""

    camera: str
    """Id of the camera."""
    pulses: list[PulseAnswer]
    """A pulse a second, the newest last. They are never stored."""


class PulsesAnswer(Answer):
    """The last minute, a pulse a second."""

    cameras: list[CameraPulsesAnswer]
    """All cameras, or the one that was asked for."""


def pulses_answer(pulses: dict[str, list[Pulse]], *, for_operator: bool) -> PulsesAnswer:
    """What is said of pulses."""
    return PulsesAnswer(
        cameras=[
            CameraPulsesAnswer(camera=camera, pulses=[_pulse_answer(pulse, for_operator=for_operator) for pulse in kept])
            for camera, kept in pulses.items()
        ]
    )


def _pulse_answer(pulse: Pulse, *, for_operator: bool) -> PulseAnswer:
    return PulseAnswer(
        at_s=pulse.wall_s,
        covered=pulse.covered,
        zones=[_zone_answer(zone, for_operator=for_operator) for zone in pulse.zones],
        lines=[LinePulseAnswer(line=line.line, ab=line.ab, ba=line.ba) for line in pulse.lines],
    )


def _zone_answer(zone: ZonePulse, *, for_operator: bool) -> ZonePulseAnswer:
    told = for_operator or zone.people >= K
    return ZonePulseAnswer(
        zone=zone.zone,
        people=round(zone.people, 2),
        most=zone.most,
        per_m2=zone.per_m2,
        per_m2_error=zone.per_m2_error,
        speed_m_s=zone.speed_m_s if told else None,
        east_m_s=zone.east_m_s if told else None,
        north_m_s=zone.north_m_s if told else None,
        hidden_per_m2=zone.hidden_per_m2,
        full=zone.full,
    )
