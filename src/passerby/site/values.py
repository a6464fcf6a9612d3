"""The kinds of values in `site.toml`, each a strict type: a number in quotation marks is no number, and a text is no path to somewhere else.

What a kind refuses it refuses without a word about the value: `site.reading` says what was expected there, from `Expect` or from the bounds.
"""

import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, SecretStr, ValidationInfo, WithJsonSchema

from passerby.site.addresses import VARIABLE, require_address, require_push_address
from passerby.site.durations import DURATION_PATTERN, SIZE_PATTERN, bytes_of, seconds_of
from passerby.site.orders import HIDDEN
from passerby.site.shapes import area_px, crosses_itself

FARTHEST_PX: Final = 100_000
"""Points of polygons lie within this of the picture's corner, as in the polygon file of `passerby redact`."""
LEAST_DETERMINANT: Final = 1e-9
"""As the gate's: a homography below it cannot be inverted."""
MOST_CORNERS: Final = 100
LEAST_ZONE_PX: Final = 1.0
"""A zone that covers less than a pixel is none."""


@dataclass(frozen=True, slots=True)
class Expect:
    """What an error says about a key: what belongs there, and what to do."""

    words: str
    hint: str = ""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004 - pydantic collects ValueErrors
    return value


def _parsed(parse: Callable[[str], float]) -> Callable[[object], float]:
    return lambda value: parse(_text(value))


def _line(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("no line")
    return value


def _secret(value: object) -> SecretStr:
    text = value.get_secret_value() if isinstance(value, SecretStr) else _text(value)
    if not 1 <= len(text) <= 1000 or not text.isprintable() or "${" in VARIABLE.sub("", text):
        raise ValueError("no secret")
    return SecretStr(text)


def _hidden(_: SecretStr) -> str:
    return HIDDEN


def _source(value: object) -> SecretStr:
    secret = _secret(value)
    require_address(secret.get_secret_value())
    return secret


def _push_address(value: object) -> SecretStr:
    secret = _secret(value)
    require_push_address(secret.get_secret_value())
    return secret


def _path(value: object, info: ValidationInfo) -> Path:
    text = _text(value)
    if not text or not text.isprintable():
        raise ValueError("no path")
    return folder_of(info) / Path(text).expanduser()


def folder_of(info: ValidationInfo) -> Path:
    """The folder that paths count from: the one of site.toml."""
    folder = (info.context or {}).get("folder", Path.cwd())
    if not isinstance(folder, Path):
        raise TypeError("the folder of a site is a Path")
    return folder


def _zone(value: object) -> str:
    name = _text(value)
    if name == "UTC":
        return name
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError("no time zone") from None
    return name


def _listening(value: object) -> str:
    text = _text(value)
    host, _ = host_and_port(text)
    if host != "localhost":
        ipaddress.ip_address(host)
    return text


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, whatever a name server says."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _host_name(value: object) -> str:
    """A name, or an address without brackets and port, in small letters."""
    text = _text(value).lower()
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    if len(text) > 253 or not re.fullmatch(r"(?!-)[a-z0-9-]{1,63}(\.(?!-)[a-z0-9-]{1,63})*", text):
        raise ValueError("no name")
    return text


def _network(value: object) -> str:
    return str(ipaddress.ip_network(_text(value)))


def host_and_port(text: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:8740` or `[::1]:8740`. Raises ValueError."""
    match = re.fullmatch(r"(?:\[([0-9a-f:]+)\]|([a-z0-9.-]+)):([0-9]{1,5})", text)
    if match is None or int(match[3]) > 65535:
        raise ValueError("no address")
    return match[1] or match[2], int(match[3])


def _point(value: object) -> tuple[float, float]:
    if not (isinstance(value, list | tuple) and len(value) == 2 and all(_is_coordinate(c) for c in value)):
        raise ValueError("no point")
    return round(float(value[0]), 3), round(float(value[1]), 3)  # a number next to nothing has no finite inverse


def _simple(value: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if crosses_itself(value) or area_px(value) < LEAST_ZONE_PX:
        raise ValueError("no simple polygon")
    return value


def _two(value: tuple[tuple[float, float], tuple[float, float]]) -> tuple[tuple[float, float], tuple[float, float]]:
    if value[0] == value[1]:
        raise ValueError("no line")
    return value


def _is_coordinate(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -FARTHEST_PX <= value <= FARTHEST_PX


def _ground(value: object) -> tuple[float, ...]:
    if not (isinstance(value, list | tuple) and len(value) == 9):
        raise ValueError("no homography")
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in value):
        raise ValueError("no homography")
    a, b, c, d, e, f, g, h, i = numbers = tuple(float(number) for number in value)
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    if not math.isfinite(determinant) or abs(determinant) < LEAST_DETERMINANT:
        raise ValueError("cannot be inverted")
    return numbers


_SECRET_SCHEMA: Final = WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 1000})
Switch = Annotated[bool, Field(strict=True), Expect("true or false")]
Number = Annotated[float, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Line = Annotated[str, Field(strict=True, min_length=1, max_length=200), AfterValidator(_line)]
"""A text of one line that can be printed."""
Duration = Annotated[float, BeforeValidator(_parsed(seconds_of)), WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN})]
"""Seconds; written "72 h", "30 days", "90 s"."""
ByteSize = Annotated[int, BeforeValidator(_parsed(bytes_of)), WithJsonSchema({"type": "string", "pattern": SIZE_PATTERN})]
"""Bytes; written "2 GB", "500 MiB"."""
SecretText = Annotated[
    SecretStr, PlainValidator(_secret), PlainSerializer(_hidden), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 1000})
]
Source = Annotated[
    SecretStr, PlainValidator(_source), PlainSerializer(_hidden), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 1000})
]
PushAddress = Annotated[
    SecretStr, PlainValidator(_push_address), PlainSerializer(_hidden), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 1000})
]
SomePath = Annotated[Path, PlainValidator(_path), WithJsonSchema({"type": "string", "minLength": 1}), Expect("the path of a file or folder")]
ZoneName = Annotated[
    str,
    PlainValidator(_zone),
    WithJsonSchema({"type": "string"}),
    Expect(
        "the name of a time zone in the IANA database", 'for instance "Europe/Zurich" or "UTC"; where no name is taken, the system lacks its tzdata'
    ),
]
ListenAddress = Annotated[
    str,
    PlainValidator(_listening),
    WithJsonSchema({"type": "string", "pattern": r"^(localhost|[0-9.]+|\[[0-9a-f:]+\]):[0-9]{1,5}$"}),
    Expect('an address of this machine and a port, such as "127.0.0.1:8740"', 'this machine only: "127.0.0.1:8740"; all networks: "0.0.0.0:8740"'),
]
HostNames = Annotated[
    tuple[Annotated[str, PlainValidator(_host_name), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 253})], ...],
    Field(max_length=50),
    Expect("host names or addresses, without a port", 'for instance names = ["passerby.example.org"]'),
]
Networks = Annotated[
    tuple[Annotated[str, PlainValidator(_network), WithJsonSchema({"type": "string", "minLength": 1})], ...],
    Field(min_length=1, max_length=50),
    Expect("addresses or networks of proxies", 'for instance proxies = ["127.0.0.1", "10.0.0.0/24"]'),
]
Point = Annotated[
    tuple[float, float],
    PlainValidator(_point),
    WithJsonSchema({"type": "array", "items": {"type": "number", "minimum": -FARTHEST_PX, "maximum": FARTHEST_PX}, "minItems": 2, "maxItems": 2}),
]
Polygon = Annotated[tuple[Point, ...], Field(min_length=3, max_length=1000)]
Polygons = Annotated[
    tuple[Polygon, ...],
    Field(max_length=200),
    Expect("polygons of at least three points [x, y] in pixels of the picture", "never = [[[0, 0], [120, 0], [120, 80]]]"),
]
ZonePolygon = Annotated[
    tuple[Point, ...],
    Field(min_length=3, max_length=MOST_CORNERS),
    AfterValidator(_simple),
    Expect(
        "at least three points [x, y] in pixels, whose sides do not cross each other", "polygon = [[100, 300], [400, 300], [400, 500], [100, 500]]"
    ),
]
LinePoints = Annotated[
    tuple[Point, Point],
    AfterValidator(_two),
    Expect("two different points [x, y] in pixels of the picture", "points = [[100, 300], [400, 320]]"),
]
Homography = Annotated[
    tuple[float, ...],
    PlainValidator(_ground),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 9, "maxItems": 9}),
    Expect("nine numbers, row by row, that map metres on the ground to pixels and can be inverted"),
]
