"""`[hazards]` and `[[hazard]]` of site.toml: what the site wants to be warned of, and from when on. A rule speaks of a place, never of anybody.

What a kind of rule needs, and its defaults with their sources, stand in one table, `KINDS`: `site.feeding` checks by it, `hazards.rules` reads by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from passerby.released.scene import Level
from passerby.site.durations import DAY_S, HOUR_S, MINUTE_S, YEAR_S
from passerby.site.section import Section
from passerby.site.templates import template_of
from passerby.site.times_of_week import WEEK_SPAN_PATTERN, WeekSpan, week_span_of
from passerby.site.values import Duration, Expect, Number, Switch, Whole

KindName = Literal["density", "occupancy", "counter-flow", "surge", "forbidden", "static", "left-object", "queue", "camera"]
SQUARE_FOOT_M2: Final = 0.09290304
WALKING_PER_M2: Final = round(1 / (5 * SQUARE_FOOT_M2), 2)
"""Fruin, "Pedestrian planning and design" (1971): level of service F of walkways begins where a person has less than 5 square feet."""
WAITING_PER_M2: Final = round(1 / (3 * SQUARE_FOOT_M2), 2)
"""The same for those who wait: level E begins where a person has less than 3 square feet; from there on people touch."""
STANDING_PER_M2: Final = 4.7
"""Guide to Safety at Sports Grounds (the "Green Guide"): at most 47 persons on 10 square metres of a standing area."""
MOST_MESSAGE: Final = 300
RESERVED_ID: Final = "cameras"
"""The rule that is there for every camera by itself."""
FIELDS: Final = ("value", "limit", "zone", "camera", "for_s")
"""What may stand in braces in a message. There is no other, and nothing behind a dot: a template is no program."""


@dataclass(frozen=True, slots=True)
class KindFacts:
    """What a kind of rule needs, and what it takes where the file says nothing.

    Attributes:
        unit: Of its limit; "" = it has none.
        limits: Least and largest limit.
        place: Which key names its place: "zone", "line", or "" = the camera's whole picture.
        level: Least release level that feeds it.
        ground: Whether it needs the camera's ground.
        limit: Default limit; None = it has to be given.
        for_s: Default of `for`.
        most_for_s: Most of `for`; least_for_s: least.
        measures_over_time: Whether `for` is the time that its value is measured over, and not one that the value has to last.
        keys: Keys of its own, besides those of all rules.
    """

    unit: str
    limits: tuple[float, float]
    place: str
    level: Level = Level.COUNTS
    ground: bool = False
    limit: float | None = None
    for_s: float = 10.0
    least_for_s: float = 0.0
    most_for_s: float = DAY_S
    measures_over_time: bool = False
    keys: frozenset[str] = frozenset({"limit", "alarm_limit"})


_LYING: Final = KindFacts(
    "", (1.0, 1.0), "zone", Level.HEAT, for_s=2 * MINUTE_S, least_for_s=10.0, most_for_s=HOUR_S, measures_over_time=True, keys=frozenset()
)
KINDS: Final[Mapping[str, KindFacts]] = MappingProxyType(
    {
        "density": KindFacts("persons/m2", (0.1, 12.0), "zone", ground=True, for_s=20.0, keys=frozenset({"limit", "alarm_limit", "rise"})),
        "occupancy": KindFacts("persons", (1.0, 100_000.0), "zone"),
        "counter-flow": KindFacts(
            "persons/min",
            (0.5, 10_000.0),
            "line",
            limit=6.0,
            for_s=30.0,
            least_for_s=5.0,
            most_for_s=10 * MINUTE_S,
            measures_over_time=True,
            keys=frozenset({"limit", "alarm_limit", "direction"}),
        ),
        "surge": KindFacts("m/s", (0.3, 10.0), "zone", ground=True, limit=1.0, for_s=0.0, most_for_s=2.0, keys=frozenset({"limit", "persons"})),
        "forbidden": KindFacts("persons", (1.0, 1000.0), "zone", limit=1.0, for_s=2.0),
        "static": _LYING,
        "left-object": _LYING,
        "queue": KindFacts("persons", (1.0, 10_000.0), "zone", for_s=60.0, keys=frozenset({"limit", "alarm_limit", "wait"})),
        "camera": KindFacts("", (1.0, 1.0), "", for_s=10 * MINUTE_S, least_for_s=5.0, measures_over_time=True, keys=frozenset({"withheld"})),
    }
)
"""Of each kind. The limit of a density follows from what people do in the zone (`default_limit`)."""


def default_limit(kind: str, zone_kind: str) -> float | None:
    """The limit of a kind where the file gives none; None = it has to. `zone_kind`: walking, waiting, queue."""
    if kind == "density":
        return WALKING_PER_M2 if zone_kind == "walking" else WAITING_PER_M2
    return KINDS[kind].limit


def _template(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("no template")
    template_of(value, FIELDS)
    return value


Hours = Annotated[
    WeekSpan,
    PlainValidator(week_span_of),
    PlainSerializer(lambda span: span.text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": WEEK_SPAN_PATTERN}),
]
_ID: Final = Expect("1 to 40 small letters, digits and dashes", 'id = "platform-crowd"')
_LIMIT: Final = Expect("a number above 0, at most 100000", "in the unit of the kind: docs/guide/hazards")


class Hazards(Section):
    """What holds for all hazards of the site."""

    cameras: Switch = True
    """Whether every camera is watched for being covered, moved, frozen, unplugged, or withholding too much, without a rule of its own."""

    retention_s: Annotated[
        Duration, Field(ge=DAY_S, le=10 * YEAR_S), Expect('a duration from "1 day" to "10 years"', 'for instance retention = "1 year"')
    ] = Field(default=YEAR_S, alias="retention", json_schema_extra={"default": "1 year"})
    """How long alerts are kept; a year is 365 days. They hold no pictures: scenes of an alert are deleted with the camera's recordings."""


class Hazard(Section):
    """A rule: what the site wants to be warned of."""

    id: Annotated[str, Field(strict=True, pattern=r"^[a-z0-9-]{1,40}$"), _ID]
    """Name in alerts, messages and addresses: 1 to 40 small letters, digits and dashes."""

    kind: Annotated[KindName, Expect("one of " + ", ".join(KINDS), "docs/guide/hazards has a page for each")]
    """What it looks for."""

    camera: Annotated[str, Field(strict=True), Expect("the id of a camera of this file")] | None = None
    """Id of its camera. Only a rule of kind `camera` may leave it out: it is then for every camera."""

    zone: Annotated[str, Field(strict=True), Expect("the id of a zone of this camera")] | None = None
    """Id of its zone, of that camera. All kinds but `counter-flow` and `camera` need one."""

    line: Annotated[str, Field(strict=True), Expect("the id of a line of this camera")] | None = None
    """Id of its line, of that camera: with `counter-flow`."""

    limit: Annotated[Number, Field(gt=0, le=100_000), _LIMIT] | None = None
    """From when on, in the unit of the kind: persons/m2 (`density`), persons (`occupancy`, `forbidden`, `queue`), persons/min (`counter-flow`), m/s
    (`surge`). Left out: the default of the kind, where it has one."""

    alarm_limit: Annotated[Number, Field(gt=0, le=100_000), _LIMIT] | None = None
    """From when on the alert is an alarm, whatever its severity: above `limit`."""

    rise: Annotated[Number, Field(ge=0.05, le=60), Expect("", "1 is one person more on each square metre in a minute")] | None = None
    """With `density`: warns also when it rises by so many persons/m2 a minute and is at least half of the limit."""

    persons: Annotated[Whole, Field(ge=3, le=1000), Expect("", "5 is the default")] | None = None
    """With `surge`: so many persons, at least, must be in the zone. Left out: 5."""

    wait_s: Annotated[Duration, Field(ge=10, le=DAY_S), Expect('a duration from "10 s" to "1 day"', 'wait = "10 min"')] | None = Field(
        default=None, alias="wait"
    )
    """With `queue`: warns also when who joins it has to wait so long, by estimate."""

    withheld: Annotated[Number, Field(ge=0.1, le=1), Expect("", "0.9 is nine tenths of the picture")] | None = None
    """With `camera`: warns when more than this share of the picture, `never` left out, is withheld `for` so long. Left out: 0.9."""

    direction: Annotated[Literal["ab", "ba"], Expect("ab or ba", "ab: from left to right, seen from its first point to its second")] | None = None
    """With `counter-flow`: the way that people should go; who goes the other way is counted."""

    for_s: Annotated[Duration, Field(ge=0, le=DAY_S), Expect('a duration up to "1 day"', 'for = "20 s"')] | None = Field(default=None, alias="for")
    """How long it must last before there is an alert. Left out: the default of the kind."""

    clear: Annotated[Number, Field(ge=0.1, le=1), Expect("", "0.8 is four fifths of the limit")] = 0.8
    """Share of the limit below which it is over."""

    clear_for_s: Annotated[Duration, Field(ge=1, le=HOUR_S), Expect('a duration from "1 s" to "1 h"', 'clear_for = "10 s"')] = Field(
        default=10.0, alias="clear_for", json_schema_extra={"default": "10 s"}
    )
    """How long it must be below that before the alert ends."""

    cool_down_s: Annotated[Duration, Field(ge=0, le=DAY_S), Expect('a duration up to "1 day"', 'cool_down = "5 min"')] = Field(
        default=5 * MINUTE_S, alias="cool_down", json_schema_extra={"default": "5 min"}
    )
    """What comes back within this time after its end is the same alert, not another one. After it the alert is closed."""

    severity: Annotated[Literal["notice", "warning", "alarm"], Expect("notice, warning or alarm")] = "warning"
    """How urgent it is: `notice` for the record, `warning` for who is on duty, `alarm` for now."""

    hours: Annotated[
        tuple[Hours, ...], Field(max_length=50), Expect('spans such as "Mo-Fr 06:00-22:00"', "days Mo Tu We Th Fr Sa Su, hours 00:00 to 24:00")
    ] = ()
    """When it is in force, in the site's time zone: `"Mo-Fr 06:00-22:00"`, `"Sa,Su 22:00-04:00"` (until the next morning), `"08:00-20:00"` (every
    day). Left out: always."""

    message: (
        Annotated[
            str,
            Field(strict=True, min_length=1, max_length=MOST_MESSAGE),
            AfterValidator(_template),
            Expect(
                "a text of 1 to 300 characters in one line; braces only as " + ", ".join(f"{{{name}}}" for name in FIELDS),
                'message = "{value} persons/m2 on the stairs: stop the escalator"',
            ),
        ]
        | None
    ) = None
    """Words of the site's own before the explanation."""

    @property
    def facts(self) -> KindFacts:
        """What its kind needs."""
        return KINDS[self.kind]

    @property
    def lasts_s(self) -> float:
        """How long it must last."""
        return self.facts.for_s if self.for_s is None else self.for_s
