"""Templates of messages: text with named fields, `{words}`, and nothing else. `{{` and `}}` are braces.

A field is a name: no attribute, no index, no conversion, no format. Values are put in once and never looked at again, so that a brace in a value is
a brace. What a value holds beside printable letters is taken out: line breaks end a header, control characters move a terminal's cursor, and marks of
writing direction show a text in another order than it is in.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

MOST_TEMPLATE: Final = 1000
MOST_VALUE: Final = 500
_PIECE: Final = re.compile(r"\{\{|\}\}|\{([a-z_]{1,20})\}|[{}]")


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was looked at.

    Attributes:
        pieces: Texts, and the field behind each; "" = none.
    """

    pieces: tuple[tuple[str, str], ...]

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with its values, each in one line. A field of which nothing is known is empty."""
        return "".join(text + (one_line(values.get(field, "")) if field else "") for text, field in self.pieces)


def template_of(text: str, fields: Iterable[str]) -> Template:
    """The template of a text.

    Raises:
        ValueError: A brace that is neither doubled nor around one of the fields. The text is not in the error.
    """
    known = frozenset(fields)
    pieces: list[tuple[str, str]] = []
    at, before = 0, ""
    for match in _PIECE.finditer(text):
        before += text[at : match.start()]
        at = match.end()
        if match[0] in ("{{", "}}"):
            before += match[0][0]
        elif match[1] in known:
            pieces.append((before, match[1]))
            before = ""
        else:
            raise ValueError("no template")
    return Template((*pieces, (before + text[at:], "")))


def one_line(text: str, most: int = MOST_VALUE) -> str:
    """The text in one line, without what cannot be printed or turns the writing direction; at most so many letters."""
    printable = "".join(" " if _is_hidden(letter) else letter for letter in text[: 2 * most])
    line = " ".join(printable.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _is_hidden(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
