"""`passerby init [SITE.toml]`: finds cameras, opens each once, and writes a site file that says why what stands there."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from passerby.site.setup.offer import Login, Offer, Tried
    from passerby.site.setup.questions import Wanted
    from passerby.site.setup.site_text import Answers
    from passerby.site.setup.vault import Vault
    from passerby.site.setup.wording import Ids

DEFAULT_FILE: Final = Path("site.toml")
DEFAULT_VARIABLE: Final = "CAMERA_PASSWORD"
_VARIABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_MEANS_SOMETHING: Final = re.compile(
    r"(?:LD_|DYLD_|PYTHON|BASH|GCONV|GLIBC|MALLOC_|OPENSSL_|SSL_|LC_|LANG|PS[0-9])\w*|ENV|HOME|IFS|\w*PATH|SHELL\w*"
    r"|PROMPT_COMMAND|HOSTALIASES|TMPDIR|TZ|USER|LOGNAME|TERM|\w*_(?:proxy|PROXY)"
)
"""Variables that shells, linkers and programs do something by. A password in one would at best be shown to others."""


def init_command(
    *,
    path: Annotated[
        Path, typer.Argument(metavar="[SITE.TOML]", help="The file to write, site.toml if left out; never one that there is.")
    ] = DEFAULT_FILE,
    urls: Annotated[
        list[str] | None, typer.Option("--url", metavar="[ID=]URL", help="A camera's address, with an id of your choice. Repeatable.")
    ] = None,
    clips: Annotated[list[Path] | None, typer.Option("--clips", metavar="FOLDER", help="Clips to play as cameras. Repeatable.")] = None,
    onvif: Annotated[bool, typer.Option("--onvif", help="Look for ONVIF cameras in the local network.")] = False,
    onvif_hosts: Annotated[
        list[str] | None, typer.Option("--onvif-host", metavar="HOST[:PORT]", help="Ask this ONVIF camera, without looking for it. Repeatable.")
    ] = None,
    interfaces: Annotated[
        list[str] | None, typer.Option("--interface", metavar="NAME|ADDRESS", help="Look for cameras on this interface only. Repeatable.")
    ] = None,
    allow_other_hosts: Annotated[
        bool, typer.Option("--allow-other-hosts", help="Follow addresses of ONVIF cameras that lead to other hosts than their own.")
    ] = False,
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="User for the cameras whose address has none.")] = None,
    password_variable: Annotated[
        str, typer.Option("--password-variable", metavar="NAME", help="Variable of the environment that holds the user's password.")
    ] = DEFAULT_VARIABLE,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", metavar="FILE", help="File whose first line is the user's password, instead of the variable.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="Name of the place; else the folder's.")] = None,
    time_zone: Annotated[str | None, typer.Option("--time-zone", metavar="ZONE", help="Its time zone; else this machine's.")] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", metavar="TEXT", help="What the cameras are for, in one sentence.")] = None,
) -> None:
    """Write a site file: each camera is opened once, and what it gave stands beside it.

    Asks only at a terminal, and only where no camera and no way to find one is given. A camera that gives no picture is written as a comment, with
    the reason. Exit code 0: all gave a picture. 1: some did not; if none did, nothing is written. 2: a mistake that can be mended.
    """
    from rich.console import Console

    from passerby.errors import SettingsError
    from passerby.site.setup.new_files import require_new
    from passerby.site.setup.questions import Wanted, ask, may_ask
    from passerby.site.setup.site_text import Answers
    from passerby.site.setup.vault import Vault

    require_new(path)
    errors, vault = Console(stderr=True), Vault()
    wanted = Wanted(list(urls or []), list(clips or []), onvif, list(onvif_hosts or []), user or "", name or "", purpose or "")
    if not wanted.anything and may_ask():
        ask(wanted)
    if not wanted.anything:
        raise SettingsError("no camera is given, and no way to find one", "--url, --clips or --onvif")
    zone, zone_from = _zone(time_zone or "")
    secrets_path = path.with_name(f"{path.stem}.env")
    answers = Answers(
        name=_line(wanted.name, 200, "--name") or _folder_name(path),
        time_zone=zone,
        zone_from=zone_from,
        purpose=_line(wanted.purpose, 1000, "--purpose"),
        file=path.name,
        secrets_file=secrets_path.name,
        written=_today(),
    )
    login = _login(wanted, password_variable, password_file, path.absolute().parent, vault)
    offers = _offers(wanted, login, vault, path.absolute().parent, errors, interfaces or [], allow_other_hosts=allow_other_hosts)
    if vault:
        require_new(secrets_path)
    tried = _tried(offers, path.absolute().parent, {**os.environ, **vault.values}, errors)
    raise typer.Exit(_finish(path, secrets_path, answers, tried, vault, Console()))


def _offers(
    wanted: "Wanted", login: "Login | None", vault: "Vault", folder: Path, errors: "Console", interfaces: "Sequence[str]", *, allow_other_hosts: bool
) -> "list[Offer]":
    """All cameras that were named or found: those of addresses first, since they may choose their ids."""
    from passerby.errors import SettingsError
    from passerby.site.settings import MOST_CAMERAS
    from passerby.site.setup.clips import offers_of_clips
    from passerby.site.setup.urls import offers_of_urls
    from passerby.site.setup.wording import Ids

    ids = Ids()
    offers = offers_of_urls(wanted.urls, ids, vault, login)
    for clips in wanted.clips:
        offers += offers_of_clips(clips, folder, ids)
    if wanted.onvif or wanted.onvif_hosts:
        offers += _onvif_offers(wanted, login, vault, ids, errors, interfaces, allow_other_hosts=allow_other_hosts)
    if not offers:
        raise SettingsError("no ONVIF camera answered", "is this machine in the cameras' network? --interface, --onvif-host or --url may help")
    if len(offers) > MOST_CAMERAS:
        raise SettingsError(f"{len(offers)} cameras are more than one site has, up to {MOST_CAMERAS}", "make several sites of them")
    return offers


def _onvif_offers(
    wanted: "Wanted", login: "Login | None", vault: "Vault", ids: "Ids", errors: "Console", interfaces: "Sequence[str]", *, allow_other_hosts: bool
) -> "list[Offer]":
    from passerby.site.setup.discovery import discover
    from passerby.site.setup.onvif_offers import device_at, offers_of_devices
    from passerby.site.setup.onvif_soap import library
    from passerby.site.setup.onvif_streams import streams_of
    from passerby.site.setup.questions import require_agreement

    library()  # says at once that it is missing
    devices = [device_at(host) for host in wanted.onvif_hosts]
    if wanted.onvif:
        with errors.status("looking for ONVIF cameras"):
            named = {device.host for device in devices}
            found = [device for device in discover(interfaces) if device.host not in named]
        if login is not None and found:
            require_agreement([f"{device.host}  {device.name or device.hardware}".rstrip() for device in found])
        devices += found
    with errors.status(f"asking {len(devices)} ONVIF cameras for their streams"):
        said = streams_of(devices, login, other_hosts=allow_other_hosts)
    return offers_of_devices(said, login, ids, vault)


def _login(wanted: "Wanted", variable: str, file: Path | None, folder: Path, vault: "Vault") -> "Login | None":
    """User and password that were given for all; the password from the file, the environment, or somebody at the terminal."""
    from passerby.errors import SettingsError
    from passerby.site.secrets import first_line
    from passerby.site.setup.clips import source_of
    from passerby.site.setup.offer import Login
    from passerby.site.setup.questions import ask_password, may_ask

    if not wanted.user:
        if file is not None:
            raise SettingsError("--password-file is given, and no user", "--user")
        return None
    user = _line(wanted.user, 200, "--user")
    if ":" in user or "${" in user:
        raise SettingsError("--user: a user name without a colon and without a variable was expected")
    if not _VARIABLE_NAME.fullmatch(variable):
        raise SettingsError("--password-variable: the name of a variable was expected", "letters, digits and _")
    if _MEANS_SOMETHING.fullmatch(variable):
        raise SettingsError("--password-variable: this variable means something to programs", f"another name, such as {DEFAULT_VARIABLE}")
    if file is not None:
        return Login(user, first_line(file), file=source_of(file, folder))
    password = os.environ.get(variable, "")
    if not password and may_ask():
        password = ask_password(user)
        vault.set(variable, password)
    if not password or not password.isprintable():
        raise SettingsError(f"--user is given, and the variable {variable} does not hold a password in one line", "set it, or give --password-file")
    return Login(user, password, template=f"${{{variable}}}")


def _tried(offers: "Sequence[Offer]", folder: Path, environ: "Mapping[str, str]", errors: "Console") -> "list[Tried]":
    from passerby.site.setup.trying import orders_of, try_all

    orders, done = orders_of(offers, folder, environ), []
    with errors.status(f"opening cameras: 0 of {len(offers)}") as status:

        def said(camera_id: str) -> None:
            done.append(camera_id)
            status.update(f"opening cameras: {len(done)} of {len(offers)}")

        return try_all(offers, orders, said)


def _finish(path: Path, secrets_path: Path, answers: "Answers", tried: "Sequence[Tried]", vault: "Vault", console: "Console") -> int:
    """Writes what is to be written, says what was done, and gives the exit code."""
    from dataclasses import replace

    from passerby.errors import SiteError
    from passerby.site.problem import site_error
    from passerby.site.reading import site_of
    from passerby.site.setup.new_files import write_new
    from passerby.site.setup.site_text import site_text
    from passerby.site.setup.summary import show

    if not any(camera.gave_a_picture for camera in tried):
        show(console, tried, answers, written=None)
        return 1
    text = site_text(answers if vault else replace(answers, secrets_file=""), tried)
    _, problems = site_of(text, path, {**os.environ, **vault.values})
    if problems:  # a mistake of ours: what is written must be good
        error = site_error(path.name, problems)
        raise SiteError(f"nothing was written, since it would not have been right: {error.message}", "please report this") from None
    if vault:
        write_new(secrets_path, vault.text(path.name, secrets_path.name), owner_only=True)
    try:
        write_new(path, text, owner_only=False)
    except BaseException:
        if vault:
            secrets_path.unlink()
        raise
    show(console, tried, answers, written=path, secrets=secrets_path if vault else None, kept=vault.values)
    return 0 if all(camera.gave_a_picture for camera in tried) else 1


def _zone(given: str) -> tuple[str, str]:
    from passerby.errors import SettingsError
    from passerby.site.setup.zone import is_zone, local_zone

    if given:
        if not is_zone(given):
            raise SettingsError("--time-zone: the name of a time zone was expected", 'for instance "Europe/Zurich" or "UTC"')
        return given, "as you said"
    found = local_zone(os.environ)
    return (found, "this machine's") if found else ("UTC", "this machine does not say which it has")


def _line(text: str, most: int, option: str) -> str:
    from passerby.errors import SettingsError

    if text and (not text.strip() or not text.isprintable() or len(text) > most):
        raise SettingsError(f"{option}: one line of up to {most} characters was expected")
    return text.strip()


def _folder_name(path: Path) -> str:
    from passerby.site.setup.wording import one_line

    return one_line(path.absolute().parent.name) or "Site"


def _today() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).date().isoformat()
