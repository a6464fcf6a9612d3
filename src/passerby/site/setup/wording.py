"""Texts that come from elsewhere (devices, file names, addresses), made harmless: as an id, as a name, as a text of TOML, as a comment.

A device in the network says of itself what it likes. Nothing of it may end a line or a text of the file, reach a terminal as a control character, or
stand where variables of the environment are filled in.
"""

import json
import re
import unicodedata
from typing import Final

MOST_ID: Final = 40
MOST_NAME: Final = 200
_NOT_OF_AN_ID: Final = re.compile(r"[^a-z0-9]+")
_STAND_IN: Final = "\N{REPLACEMENT CHARACTER}"


def one_line(text: str, most: int = MOST_NAME) -> str:
    """The text in one line that can be printed, shortened; "" where nothing is left of it."""
    line = "".join(character if character.isprintable() else " " for character in text[: 4 * most])
    return " ".join(line.split())[:most].strip()


def slug(text: str, most: int = MOST_ID) -> str:
    """What of the text can stand in an id: small letters, digits and single dashes; may be empty."""
    plain = unicodedata.normalize("NFKD", text[: 10 * MOST_NAME]).encode("ascii", "ignore").decode().lower()
    return _NOT_OF_AN_ID.sub("-", plain).strip("-")[:most].rstrip("-")


def toml_text(text: str) -> str:
    """The text as a basic string of TOML, whatever is in it (TOML 1.0, "String"): its escapes are JSON's, and DEL has to be one too."""
    whole = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no UTF-8
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")


def comment(text: str) -> str:
    """A line of comment. What could end the line, or is no character of a comment, is replaced."""
    return "# " + "".join(character if character.isprintable() else _STAND_IN for character in text)


class Ids:
    """Ids that no other camera of the file has."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, camera_id: str) -> bool:
        """Takes exactly this id; False = another camera has it."""
        if camera_id in self._taken:
            return False
        self._taken.add(camera_id)
        return True

    def made_of(self, text: str) -> str:
        """An id made of the text, with a number at its end where another camera has it already."""
        wanted = slug(text) or "camera"
        number, found = 1, wanted
        while not self.take(found):
            number += 1
            found = f"{wanted[: MOST_ID - len(str(number)) - 1].rstrip('-')}-{number}"
        return found
