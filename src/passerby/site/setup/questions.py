"""What `passerby init` asks, at a terminal and nowhere else, when nothing was given to it."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

import typer

from passerby.errors import SettingsError

_USER_ONLY: Final = re.compile(r"((?:[a-z0-9-]+=)?[A-Za-z]+://)([^/?#:@]+)@([^@]*)")


@dataclass(slots=True)
class Wanted:
    """What is to be done: what the options said, and what was answered."""

    urls: list[str] = field(default_factory=list, repr=False)
    clips: list[Path] = field(default_factory=list)
    onvif: bool = False
    onvif_hosts: list[str] = field(default_factory=list)
    user: str = ""
    name: str = ""
    purpose: str = ""

    @property
    def anything(self) -> bool:
        """Whether cameras were named, or a way to find them."""
        return bool(self.urls or self.clips or self.onvif or self.onvif_hosts)


def may_ask() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(wanted: Wanted) -> None:
    """Asks for what was not given."""
    typer.echo(
        "Cameras: one address a line (rtsp://user@host/path), the path of a folder of clips, or 'onvif'. An empty line ends the list.", err=True
    )
    typer.echo("A password that is not in the address is asked for, and does not show.", err=True)
    while line := _line("camera"):
        if line.lower() == "onvif":
            wanted.onvif = True
            wanted.user = wanted.user or _line("user name for the ONVIF cameras (empty: none)")
        elif "://" in line or line.startswith("${"):
            wanted.urls.append(_with_password(line))
        else:
            wanted.clips.append(Path(line).expanduser())
    wanted.name = wanted.name or _line("name of the place (empty: the folder's)")
    wanted.purpose = wanted.purpose or _line("what the cameras are for, in a sentence that passers-by understand (empty: write it later)")


def _with_password(address: str) -> str:
    """The address with its user's password, which is asked for where it is missing."""
    match = _USER_ONLY.fullmatch(address)
    password = ask_password(unquote(match[2])) if match else ""
    return f"{match[1]}{match[2]}:{quote(password, safe='')}@{match[3]}" if match and password else address


def ask_password(user: str) -> str:
    """The password of a user, which does not show."""
    return str(typer.prompt(f"password of '{user}'", hide_input=True, default="", show_default=False, err=True))


def require_agreement(devices: Sequence[str]) -> None:
    """Asks whether these devices, which say themselves that they are cameras, shall get the password.

    Raises:
        SettingsError: They shall not, or there is nobody to ask.
    """
    typer.echo("These devices call themselves cameras, and could get the password, the streams of some as it is:", err=True)
    for device in devices:
        typer.echo(f"  {device}", err=True)
    if not may_ask() or not typer.confirm("Are all of them yours, and shall be asked with it?", default=False, err=True):
        raise SettingsError("the password was sent to no device that was found by looking", "name those that are yours, with --onvif-host")


def _line(question: str) -> str:
    return str(typer.prompt(question, default="", show_default=False, err=True)).strip()
