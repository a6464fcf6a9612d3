"""`[[channel]]`: who is told of alerts, how, of which and when. Frozen and pure as every table; addresses and passwords are templates of secrets.

The tables' fields are documented where they stand; `site.channel_secrets` puts the secrets together when they are needed.
"""

from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, SecretStr, WithJsonSchema

from passerby.site.addresses import VARIABLE, scheme_of
from passerby.site.durations import DAY_S
from passerby.site.orders import HIDDEN
from passerby.site.section import Section
from passerby.site.templates import MOST_TEMPLATE, template_of
from passerby.site.times_of_week import DAY_MINUTES, WEEK_SPAN_PATTERN, WeekSpan, week_span_of
from passerby.site.values import Duration, Expect, Line, SecretText, SomePath, Switch, Whole

MOST_CHANNELS: Final = 32
LEAST_SECRET: Final = 16
"""Letters of a webhook's secret once its variables are filled in."""
WEBHOOK_SCHEMES: Final = ("http", "https")
MQTT_SCHEMES: Final = ("mqtt", "mqtts")
SEVERITIES: Final = ("notice", "warning", "alarm")
EVENTS: Final = ("opened", "updated", "ended", "returned", "acknowledged", "commented", "closed")
FOR_PEOPLE: Final = ("opened", "ended", "returned")
"""What a person is told of, where the table does not say."""
FIELDS: Final = ("site", "channel", "what", "severity", "kind", "hazard", "camera", "place", "words", "value", "limit", "when", "by", "id")
"""What may stand in a template."""
TITLE: Final = "{site}: {severity}: {kind} {what}, {camera} {place}"
TEXT: Final = "{words}"
_TEMPLATE_HINT: Final = f"fields are {', '.join('{' + field + '}' for field in FIELDS)}; a brace itself is doubled"
_ID: Final = r"^[a-z0-9-]{1,40}$"


def _address(value: object) -> SecretStr:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str) or not 1 <= len(text) <= 1000 or not text.isprintable() or " " in text:
        raise ValueError("no address")
    if "${" in VARIABLE.sub("", text):
        raise ValueError("no variable")
    return SecretStr(text)


def _topic(value: str) -> str:
    if not value or any(letter in value for letter in "+#\0") or value.startswith(("/", "$")) or value.endswith("/") or not value.isprintable():
        raise ValueError("no topic")
    return value


def _template(value: str) -> str:
    template_of(value, FIELDS)
    return value


def _quiet(value: tuple[WeekSpan, ...]) -> tuple[WeekSpan, ...]:
    if value and all(any(span.holds(day, minute) for span in value) for day in range(7) for minute in range(DAY_MINUTES)):
        raise ValueError("always quiet")
    return value


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("none")  # not by min_length: that would be told again of a list whose only member is wrong
    return value


def _written(span: WeekSpan) -> str:
    return span.text


def _hidden(_: SecretStr) -> str:
    return HIDDEN


def require_channel_address(kind: str, template: str) -> None:
    """Returns where a channel of the kind can use the address. A template that begins with a variable is looked at when it is filled.

    Raises:
        ValueError: It cannot. The text is not in the error.
    """
    if VARIABLE.match(template):
        return
    text = VARIABLE.sub("1", template)
    scheme = scheme_of(text)
    if kind == "apprise":
        if not scheme:
            raise ValueError("no scheme")
        return
    if scheme not in (WEBHOOK_SCHEMES if kind == "webhook" else MQTT_SCHEMES):
        raise ValueError("no scheme of this kind")
    parts = urlsplit(text)
    if not parts.hostname or parts.port == 0 or parts.fragment or " " in text:
        raise ValueError("no host")
    if kind == "mqtt" and (parts.path not in ("", "/") or parts.query or "@" in parts.netloc):
        raise ValueError("a broker is scheme, host and port")
    if kind == "webhook" and "@" in parts.netloc:
        raise ValueError("a user in the address")


ChannelAddress = Annotated[
    SecretStr, PlainValidator(_address), PlainSerializer(_hidden), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 1000})
]
MessageTemplate = Annotated[
    str,
    Field(strict=True, min_length=1, max_length=MOST_TEMPLATE),
    AfterValidator(_template),
    Expect("a text with fields in braces, such as {severity} or {words}", _TEMPLATE_HINT),
]
Topic = Annotated[str, Field(strict=True, min_length=1, max_length=200), AfterValidator(_topic)]
QuietSpan = Annotated[
    WeekSpan, PlainValidator(week_span_of), PlainSerializer(_written), WithJsonSchema({"type": "string", "pattern": WEEK_SPAN_PATTERN})
]
QuietHours = Annotated[
    tuple[QuietSpan, ...],
    Field(max_length=50),
    AfterValidator(_quiet),
    Expect('spans of a week that leave some of it, such as ["Mo-Fr 22:00-06:00"]', 'for alarms only, at any time: severities = ["alarm"]'),
]


class Channel(Section):
    """A way by which somebody, or something, is told of alerts."""

    id: Annotated[str, Field(strict=True, pattern=_ID), Expect("1 to 40 small letters, digits and dashes", 'id = "control-room"')]
    """Name in the alerts' history, on the command line and in metrics: 1 to 40 small letters, digits and dashes."""

    kind: Annotated[Literal["webhook", "mqtt", "apprise"], Expect("webhook, mqtt or apprise", "apprise is e-mail and many other services")]
    """`webhook` (a signed request to an HTTP server), `mqtt` (a broker, with Home Assistant discovery) or `apprise` (e-mail and other services)."""

    address: Annotated[ChannelAddress, Expect("an address without spaces, of the channel's kind", 'such as "https://ops.example.org/alerts"')]
    """Where to: `https://` or `http://` of a webhook, `mqtts://` or `mqtt://` of a broker, an address of apprise such as `mailtos://`. `${NAME}`
    stands for a variable of the environment."""

    user: Annotated[SecretText, Expect("a user name in one line")] | None = None
    """User name at the broker. `${NAME}` stands for a variable of the environment."""

    password: Annotated[SecretText, Expect("a password, best as a variable: ${NAME}")] | None = None
    """Password at the broker. `${NAME}` stands for a variable of the environment."""

    password_file: SomePath | None = None
    """File whose first line is the password, instead of `password`."""

    secret: Annotated[SecretText, Expect("a secret of some length, best as a variable: ${NAME}", 'secret = "${WEBHOOK_SECRET}"')] | None = None
    """Secret that a webhook's requests are signed with; whoever takes them knows it, too. `${NAME}` stands for a variable of the environment."""

    secret_file: SomePath | None = None
    """File whose first line is the secret, instead of `secret`."""

    tls_certificate: SomePath | None = None
    """File (PEM) with the certificate that the server shows, or that of the authority which signed it. Left out: the system's authorities. Not for
    `apprise`."""

    topic: Annotated[Topic, Expect("a topic without + and #, such as passerby")] = "passerby"
    """Topic at the broker below which everything is told; another one for each site at the same broker."""

    discovery: Switch = True
    """Whether Home Assistant is told, below `homeassistant/`, what there is."""

    severities: Annotated[
        tuple[Literal["notice", "warning", "alarm"], ...],
        Field(max_length=3),
        AfterValidator(_some),
        Expect('severities, such as ["warning", "alarm"]'),
    ] = ("warning", "alarm")
    """Of alerts of which severities it tells."""

    hazards: Annotated[
        tuple[Annotated[str, Field(strict=True, pattern=_ID)], ...],
        Field(max_length=1000),
        Expect("ids of [[hazard]] tables of this file, or kinds of hazards", 'such as ["platform-crowd", "camera"]'),
    ] = ()
    """Of which rules it tells, by id, or by kind of hazard (`camera`, `channel`, `density` and so on). Left out: of all."""

    cameras: Annotated[
        tuple[Annotated[str, Field(strict=True, pattern=_ID)], ...],
        Field(max_length=1000),
        Expect("ids of cameras of this file"),
    ] = ()
    """Of which cameras it tells; what is of no camera is told then, too. Left out: of all."""

    tells: (
        Annotated[
            tuple[Literal["opened", "updated", "ended", "returned", "acknowledged", "commented", "closed"], ...],
            Field(max_length=7),
            AfterValidator(_some),
            Expect('what is told, such as ["opened", "ended"]', f"known are {', '.join(EVENTS)}"),
        ]
        | None
    ) = None
    """What is told of an alert. Left out: everything, and with `apprise` that it opened, returned or ended. That it got more severe is always
    told."""

    quiet: QuietHours = ()
    """Hours of the week, in the site's time zone, in which it tells of alarms only. The rest is told when they are over."""

    escalate_after_s: (
        Annotated[
            Duration, Field(ge=10, le=7 * DAY_S), Expect('a duration from "10 s" to "7 days"', "leave it out for a channel that is told at once")
        ]
        | None
    ) = Field(default=None, alias="escalate_after")
    """Makes it a channel of escalation: it is told of an alert only once nobody has acknowledged it for so long. Left out: it is told at once."""

    group_from: Annotated[Whole, Field(ge=1, le=1000), Expect("", "20 is right where a person reads it")] = 20
    """So many messages are told one by one within a minute; what is more comes as one summary a minute. Of `apprise` only: a webhook takes what
    waits in one request, and a broker takes all."""

    title: MessageTemplate = TITLE
    """Template of the message's title. Fields are `{site}`, `{channel}`, `{what}`, `{severity}`, `{kind}`, `{hazard}`, `{camera}`, `{place}`,
    `{words}`, `{value}`, `{limit}`, `{when}`, `{by}` and `{id}`. Those of an exercise begin with EXERCISE, whatever stands here."""

    template: MessageTemplate = TEXT
    """Template of the message's text, with the same fields."""

    name: Annotated[Line, Expect("a name of 1 to 200 characters in one line")] | None = None
    """Name for people. Left out: the id."""

    @property
    def label(self) -> str:
        """The name for people."""
        return self.name or self.id

    @property
    def shown_address(self) -> str:
        """What may be shown of the address: its scheme, and the host of a webhook or broker. Those of apprise hold secrets anywhere."""
        text = self.address.get_secret_value()
        if VARIABLE.match(text):
            return "from a variable"
        scheme = scheme_of(text)
        if self.kind == "apprise":
            return f"{scheme}://"
        try:
            host = urlsplit(text).netloc.rpartition("@")[2]
        except ValueError:
            host = ""
        return f"{scheme}://{host}"

    @property
    def told_of(self) -> frozenset[str]:
        """What it tells of an alert."""
        return frozenset(self.tells if self.tells is not None else FOR_PEOPLE if self.kind == "apprise" else EVENTS)
