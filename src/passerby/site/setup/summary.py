"""What `passerby init` says when it is done: never a user, a password or a path of an address."""

import shlex
from collections.abc import Collection, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from passerby.site.addresses import VARIABLE, shown_address
from passerby.site.setup.offer import Offer, Tried
from passerby.site.setup.site_text import Answers, probe_words
from passerby.site.setup.wording import one_line


def show(
    console: Console, tried: Sequence[Tried], answers: Answers, *, written: Path | None, secrets: Path | None = None, kept: Collection[str] = ()
) -> None:
    """Says what each camera gave, what was written, and what to do next.

    Args:
        console: Where to.
        tried: The cameras.
        answers: What the user said.
        written: The site file; None = nothing was written.
        secrets: The file of variables; None = there is none.
        kept: The variables in it.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("camera", "source", ""):
        table.add_column(column, overflow="fold")
    for camera in tried:
        words = probe_words(camera.probe) if camera.gave_a_picture and camera.probe is not None else f"not watched: {camera.why_not}"
        table.add_row(camera.offer.id, Text(_printable(shown_address(camera.offer.source)) if camera.offer.source else ""), Text(words))
    console.print(table)
    if written is None:
        _say(console, "No camera gave a picture, so nothing was written.", "bold red")
        return
    good = sum(camera.gave_a_picture for camera in tried)
    aside = f", and {len(tried) - good} as a comment with the reason" if good < len(tried) else ""
    _say(console, f"{_printable(written)}: written, with {good} camera{'s' if good != 1 else ''}{aside}.", "bold")
    if secrets is not None:
        _say(console, f"{_printable(secrets)}: written, with passwords that were taken out of addresses. Only you can read it.")
    if not answers.purpose:
        _say(console, "To do: say under `purpose` what each camera is for.")
    wanted = sorted({name for camera in tried if camera.gave_a_picture for name in _variables(camera.offer)} - set(kept))
    _say(console, f"Next, with {', '.join(wanted)} set:" if wanted else "Next:")
    if secrets is not None:
        _say(console, f"  set -a; . {_printable(shlex.quote(str(_from_here(secrets))))}; set +a")
    _say(console, f"  passerby run {_printable(shlex.quote(str(written)))}")


def _variables(offer: Offer) -> list[str]:
    return VARIABLE.findall(f"{offer.source} {offer.password}")


def _from_here(path: Path) -> Path | str:
    """As a shell's `.` wants it: with a slash, or it looks elsewhere."""
    return path if len(path.parts) > 1 else f"./{path}"


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style), soft_wrap=True)


def _printable(text: object) -> str:
    return one_line(str(text), 1000)
