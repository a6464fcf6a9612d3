"""What is wrong with a site.toml: one problem a key, told without its value wherever the value could be a secret.

A text is never quoted. Somebody who puts an address with its password under the wrong key gets the key and what was expected there, and the
password stays where it was. Numbers and truth values are quoted; a number under a key for secrets is not.
"""

import re
from dataclasses import dataclass
from typing import Final

from passerby.errors import SiteError

MOST_TOLD: Final = 40
"""Problems in the one line of an error; `passerby check` tells all."""
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        key: Path of the key, such as `camera[1].settle_s`; empty for the file as a whole.
        expected: What belongs there.
        hint: What to do about it; may be empty.
        given: What stands there, where it may be said; may be empty.
        line: Line of the file, from 1; None where it is not known.
    """

    key: str
    expected: str
    hint: str = ""
    given: str = ""
    line: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line is not None else ""
        key = f"{self.key}: " if self.key else ""
        given = f", not {self.given}" if self.given else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{key}expected {self.expected}{given}{hint}"


def key_path(parts: tuple[int | str, ...]) -> str:
    """The parts as one path: `("camera", 1, "never", 0)` is `camera[1].never[0]`. A name that is no plain word is not repeated."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            word = part if _PLAIN_KEY.fullmatch(part) else "(unprintable)"
            path += f".{word}" if path else word
    return path


def site_error(where: str, problems: tuple[Problem, ...]) -> SiteError:
    """One error that tells all problems of a file, in one line."""
    count = len(problems)
    told = "; ".join(str(problem) for problem in problems[:MOST_TOLD])
    more = f"; and {count - MOST_TOLD} more" if count > MOST_TOLD else ""
    return SiteError(f"'{where}': {count} problem{'s' if count != 1 else ''}: {told}{more}", "passerby check tells them one by one")
