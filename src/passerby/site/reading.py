"""Reads `site.toml`: text in, a `Site` or all of its problems out. Reads that one file and nothing else."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from passerby.errors import SiteError
from passerby.site.channel_secrets import missing_channel_secrets
from passerby.site.consistency import inconsistencies
from passerby.site.expected import problems_of_faults
from passerby.site.lines import line_of
from passerby.site.problem import Problem, site_error
from passerby.site.secrets import missing_secrets
from passerby.site.settings import Site

MOST_BYTES: Final = 4_000_000
_READ_HINT: Final = "give the path of a site.toml"


def read_site(path: Path) -> Site:
    """The site of a file. Secrets are not looked up yet: `site.secrets` does.

    Raises:
        SiteError: The file cannot be read, or something in it is wrong; all of it is told.
    """
    text = read_text(path)
    site, problems = site_of(text, path)
    if site is None:
        raise site_error(path.name, problems)
    return site


def read_text(path: Path) -> str:
    """The text of the file. Raises SiteError."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SiteError(f"'{path}': cannot be read: {error.strerror}", _READ_HINT) from error
    if len(data) > MOST_BYTES:
        raise SiteError(f"'{path}': is larger than {MOST_BYTES} bytes", _READ_HINT)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SiteError(f"'{path}': is no text in UTF-8", "save it as UTF-8") from None


def problems_of(text: str, path: Path) -> tuple[Problem, ...]:
    """Everything that is wrong with the text, in the order of its lines; nothing = it can be used."""
    return site_of(text, path)[1]


def site_of(text: str, path: Path, environ: Mapping[str, str] | None = None) -> tuple[Site | None, tuple[Problem, ...]]:
    """The site that the text describes, or None and everything that is wrong.

    Args:
        text: The text.
        path: Its file, from whose folder paths in it count.
        environ: Variables among which secrets are looked for, and password files are opened; None = secrets are not looked for.
    """
    try:
        # TOML's lines end with LF or CR LF; what Python's parser needs it makes itself.
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, (_syntax_problem(str(error), text),)
    except (RecursionError, ValueError):  # Python reads no number of more than 4300 digits
        return None, (Problem("", "TOML of a sensible depth and with sensible numbers", "look for brackets that do not match"),)
    found: list[Problem] = []
    site = None
    try:
        site = Site.model_validate(document, context={"folder": path.absolute().parent})
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=True)
        found += problems_of_faults([(fault["type"], tuple(fault["loc"]), fault["input"]) for fault in faults])
    found += inconsistencies(document)
    if environ is not None:
        found += missing_secrets(document, path.absolute().parent, environ)
        found += missing_channel_secrets(document, path.absolute().parent, environ)
    placed = [_placed(problem, text) for problem in _once(found)]
    placed.sort(key=lambda problem: (problem.line is None, problem.line or 0))
    return (None if placed else site), tuple(placed)


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """Of several problems of one key the first: two members of a union would each tell theirs."""
    return list({problem.key: problem for problem in reversed(list(problems))}.values())[::-1]


def _placed(problem: Problem, text: str) -> Problem:
    line = problem.line if problem.line is not None else line_of(text, problem.key)
    return Problem(problem.key, problem.expected, problem.hint, problem.given, line)


def _syntax_problem(message: str, text: str) -> Problem:
    """Of Python's message the place only: the rest may quote the text."""
    match = re.search(r"\(at line (\d+), column (\d+)\)", message)
    line, column = (int(match[1]), int(match[2])) if match else (text.count("\n") + 1, 0)
    what = message.partition(" (at ")[0]
    where = f" from column {column} on" if column else ""
    said = f"; the parser says: {what}" if re.fullmatch(r"(?:[A-Za-z ,/-]|'[^A-Za-z0-9]{1,3}'|\"[^A-Za-z0-9]{1,3}\"){1,70}", what) else ""
    return Problem("", f"TOML{where}{said}", "texts stand in quotation marks, and each key once; nothing behind this line was looked at", line=line)
