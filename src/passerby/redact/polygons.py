"""Reads the file of `never` polygons.

    {"never": [[[0, 0], [120, 0], [120, 80]], ...]}

JSON: a list of polygons, each a list of at least three [x, y] points in pixels of the upright picture; points outside of it are allowed.
"""

import json
from pathlib import Path
from typing import Any, Final

from passerby.errors import SettingsError
from passerby.sealed.gate.settings import Polygon

EXPECTED: Final = 'expected {"never": [[[x, y], [x, y], [x, y], ...], ...]} in pixels'
MOST_BYTES: Final = 1_000_000
FARTHEST_PX: Final = 100_000


def read_polygons(path: Path) -> tuple[Polygon, ...]:
    """The polygons of a file. Raises SettingsError that names what is wrong and where."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SettingsError(f"{path}: larger than {MOST_BYTES} bytes", EXPECTED)
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}", EXPECTED) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is no text", EXPECTED) from error
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(f"{path}: is no JSON: line {error.lineno}: {error.msg}", EXPECTED) from error
    except RecursionError as error:
        raise SettingsError(f"{path}: is nested too deeply", EXPECTED) from error
    except ValueError as error:  # Python reads no number of more than 4300 digits
        raise SettingsError(f"{path}: holds a number that is too long", EXPECTED) from error
    if not isinstance(document, dict) or set(document) != {"never"} or not isinstance(document["never"], list):
        raise SettingsError(f"{path}: has no list 'never', or something beside it", EXPECTED)
    return tuple(_polygon(path, number, value) for number, value in enumerate(document["never"]))


def _polygon(path: Path, number: int, value: Any) -> Polygon:
    if not isinstance(value, list) or len(value) < 3:
        raise SettingsError(f"{path}: never[{number}] has fewer than 3 points", EXPECTED)
    points = []
    for index, point in enumerate(value):
        if not (isinstance(point, list) and len(point) == 2 and all(_is_number(c) for c in point)):
            raise SettingsError(f"{path}: never[{number}][{index}] is no [x, y] within {FARTHEST_PX} pixels", EXPECTED)
        points.append((round(float(point[0]), 3), round(float(point[1]), 3)))  # a number next to nothing has no finite inverse
    return tuple(points)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -FARTHEST_PX <= value <= FARTHEST_PX
