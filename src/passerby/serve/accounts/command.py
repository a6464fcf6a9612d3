"""`passerby account password | token`: the operator's password, and API tokens. No secret is an argument, which others of the machine can read."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passerby.errors import SettingsError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from passerby.serve.accounts.changes import AccountChanges

account_app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help="Set the operator's password; add, list and revoke API tokens."
)
token_app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help="API tokens: for players, dashboards, scripts."
)
account_app.add_typer(token_app, name="token")

PlaceArgument = Annotated[Path, typer.Argument(metavar="SITE", help="The site.toml, or the site's state folder.", show_default=False)]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The token's name: what uses it, such as wall-entrance.", show_default=False)]


@account_app.command("password")
def password_command(place: PlaceArgument) -> None:
    """Set the operator's password, and end all sessions. It is asked for, or read from standard input: its first line.

    A site that runs takes it at once. From the first password on, who asks has to log in.
    """
    state = _state_of(place)
    text = _asked() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    with _changes(state) as changes:
        anew = changes.set_password(text)
    typer.echo("The password is set anew, and all sessions have ended." if anew else "The password is set: from now on, who asks has to log in.")


@token_app.command("add")
def add_command(
    place: PlaceArgument,
    name: NameArgument,
    right: Annotated[
        list[str] | None,
        typer.Option(
            "--right",
            metavar="RIGHT",
            help="watch, recordings, measurements or metrics; may be given several times. [default: watch]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make a token, and print it: once, since only its digest is kept. It reads and changes nothing."""
    from passerby.serve.accounts.rights import TOKEN_RIGHTS, Right

    try:
        rights = frozenset(Right(one) for one in right or ("watch",))
    except ValueError:
        raise SettingsError("there is no such right", ", ".join(sorted(TOKEN_RIGHTS))) from None
    with _changes(_state_of(place)) as changes:
        secret = changes.add_token(name, rights)
    typer.echo(f"Token {name} ({', '.join(sorted(rights))}). It is shown this once:", err=True)
    typer.echo(secret)


@token_app.command("list")
def list_command(place: PlaceArgument) -> None:
    """Show the tokens: names, rights and when they were made. What they are cannot be shown."""
    from datetime import UTC, datetime

    from rich.console import Console
    from rich.table import Table

    from passerby.serve.accounts.store import Closed, read_accounts
    from passerby.site.reach import ACCOUNTS

    path = _state_of(place) / ACCOUNTS
    found = read_accounts(path)
    if isinstance(found, Closed):
        raise SettingsError(f"{found.why}: '{path}'", "nobody gets in meanwhile")
    if found is None:
        typer.echo("no password, no tokens: this machine is answered, without a login")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("token", "rights", "made"):
        table.add_column(column, no_wrap=True)
    for token in found.tokens:
        table.add_row(token.name, ", ".join(token.rights), datetime.fromtimestamp(token.made_s, UTC).strftime("%Y-%m-%d %H:%M UTC"))
    Console().print(table if found.tokens else "no tokens")


@token_app.command("revoke")
def revoke_command(place: PlaceArgument, name: NameArgument) -> None:
    """End a token. A site that runs refuses it from the next request on, and cuts off what it streams to it."""
    with _changes(_state_of(place)) as changes:
        changes.revoke_token(name)
    typer.echo(f"Token {name} is revoked.")


def _state_of(place: Path) -> Path:
    """The state folder."""
    if place.is_dir():
        return place
    from passerby.site.reading import read_site

    return read_site(place).state_folder


def _changes(state: Path) -> "AbstractContextManager[AccountChanges]":
    from passerby.clock import SystemClock
    from passerby.serve.accounts.access import user_of_machine
    from passerby.serve.accounts.changes import account_changes

    return account_changes(state, SystemClock(), user_of_machine())


def _asked() -> str:
    """The password, typed twice at the terminal without being seen."""
    import getpass

    from passerby.serve.accounts.passwords import require_password

    text = require_password(getpass.getpass("New password: "))
    if require_password(getpass.getpass("Once more: ")) != text:
        raise SettingsError("the two were not the same", "nothing was changed")
    return text
