"""Where in the file a key stands: TOML's parser does not say, so the lines are looked at. What cannot be found so has no line."""

import re
from typing import Final

_TABLE: Final = re.compile(r"\s*\[(\[?)\s*([A-Za-z0-9_-]+)\s*\]\]?\s*(?:#.*)?")
_KEY: Final = re.compile(r'\s*"?([A-Za-z0-9_-]+)"?\s*=')
_PATH: Final = re.compile(r"([A-Za-z0-9_-]+)(?:\[(\d+)\])?(?:\.([A-Za-z0-9_-]+))?")


def line_of(text: str, key: str) -> int | None:
    """The line, from 1, of a key such as `camera[1].settle_s`, or of its table where the key is not there; None = not known.

    Keys inside of lists count as their list. A line within a text of several lines that looks like a key is taken for one.
    """
    match = _PATH.match(key)
    if match is None:
        return None
    table, wanted_index, name = match[1], int(match[2] or 0), match[3]
    place, index, found = "", -1, None
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.fullmatch(line):
            place = header[2]
            index += place == table and header[1] == "["
            if place == table and (not header[1] or index == wanted_index):
                found = found or number
        elif entry := _KEY.match(line):
            if place == table and name == entry[1] and index in (-1, wanted_index):
                return number
            if place == "" and name is None and entry[1] == table:
                return number
    return found
