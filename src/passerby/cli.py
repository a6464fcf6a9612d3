"""The command `passerby`. Each command is imported when it is called, so that `--version` and `--help` cost nothing and load nothing.

A mistake of the user is one line on standard error and exit code 2, never a traceback. Tracebacks show no local variables: a local
variable may be a frame (invariant I1).

A new command is a line in COMMANDS and a function (or a typer application) in the `command` module of its room. That module is imported
for the command's own help too, so it imports what is heavy inside its functions.
"""

import contextlib
import importlib
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from passerby.errors import PasserbyError, UserError

EXIT_FAILED: Final = 1
EXIT_USER_ERROR: Final = 2
EXIT_INTERRUPTED: Final = 130
EXIT_SIGNALLED: Final = 128
ENDING_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)
"""A service that is stopped, a terminal that is closed."""


@dataclass(frozen=True)
class LazyCommand:
    """Where a command lives: `attribute` of `module` is a function or a typer application."""

    module: str
    attribute: str
    summary: str


COMMANDS: Final[Mapping[str, LazyCommand]] = MappingProxyType(
    {
        "redact": LazyCommand("passerby.redact.command", "redact_command", "Turn footage into footage in which nobody can be recognised."),
        "init": LazyCommand("passerby.site.setup.command", "init_command", "Find cameras, try each, and write a site file."),
        "run": LazyCommand("passerby.serve.command", "run_command", "Watch the cameras of a site, sealed, and serve what may be seen."),
        "check": LazyCommand("passerby.site.command", "check_command", "Say everything that is wrong with a site file."),
        "recordings": LazyCommand("passerby.record.command", "recordings_app", "List, verify, hold and export recordings of a site."),
        "account": LazyCommand("passerby.serve.accounts.command", "account_app", "Set the operator's password; add, list and revoke API tokens."),
        "query": LazyCommand("passerby.store.command", "query_command", "Ask how many, how dense, how fast: measurements by span of time."),
        "alerts": LazyCommand("passerby.hazards.command", "alerts_app", "List alerts of a site, and show all that happened to one."),
        "replay": LazyCommand("passerby.serve.trying.command", "replay_command", "Try rules on recordings: how often each would have warned."),
        "drill": LazyCommand("passerby.serve.trying.command", "drill_command", "Have a running site do an exercise, and see who is told."),
        "channels": LazyCommand("passerby.hazards.channels.command", "channels_app", "List and try who is told of alerts; dead letters."),
        "tally": LazyCommand("passerby.serve.tally.command", "tally_command", "Count at the place by phone, and say how right the counts are."),
        "ground": LazyCommand("passerby.measure.command", "ground_command", "Find a camera's ground plane from points or lengths at the place."),
        "simulate": LazyCommand("passerby.simulate.command", "simulate_command", "Film a plaza that does not exist, and write down the truth."),
        "models": LazyCommand("passerby.models.command", "models_app", "List, fetch and verify the detector's weights."),
    }
)


class LazyGroup(TyperGroup):
    """A group whose commands are imported on their first use; the list of commands needs their names and summaries only."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - typer's signature
        """The command, imported now, or None."""
        place = COMMANDS.get(cmd_name)
        return None if place is None else _load(cmd_name, place)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Help from the summaries: no command is imported."""
        stubs = {name: _stub(name, place.summary) for name, place in COMMANDS.items()}
        listing = TyperGroup(name=self.name, commands=stubs, params=self.params, help=self.help, rich_markup_mode=self.rich_markup_mode)
        listing.format_help(ctx, formatter)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        from importlib.metadata import version

        typer.echo(f"passerby {version('passerby')}")
        raise typer.Exit


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=True, rich_markup_mode="rich")


@app.callback()
def passerby(
    *,
    _version: Annotated[bool, typer.Option("--version", callback=_print_version, help="Print the version and leave.", is_eager=True)] = False,
) -> None:
    """Video safety for public places that cannot identify anyone."""


def main() -> None:
    """Run the command line, and leave with its exit code."""
    try:
        with _ended_by_signals():
            app(prog_name="passerby")
    except UserError as error:
        _print_error(str(error))
        sys.exit(EXIT_USER_ERROR)
    except PasserbyError as error:
        _print_error(str(error))
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Inside, a request to end is an exception like Ctrl-C, so that everything is tidied up: the exit code is 128 and the signal's number."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(EXIT_SIGNALLED + number)

    # A signal that whoever started us chose to ignore (nohup) stays ignored.
    numbers = [number for number in ENDING_SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _load(name: str, place: LazyCommand) -> Any:
    """The command as typer runs it. A group stays a group; a function becomes a command of that name."""
    target: Any = getattr(importlib.import_module(place.module), place.attribute)
    if isinstance(target, typer.Typer):
        group = typer.main.get_group(target)
        group.name = name
        return group
    return _command_of(name, place.summary, target)


def _stub(name: str, summary: str) -> Any:
    return _command_of(name, summary, lambda: None)


def _command_of(name: str, summary: str, function: Callable[..., Any]) -> Any:
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name, short_help=summary)(function)
    return typer.main.get_command(alone)


def _print_error(text: str) -> None:
    """One line, whatever the text holds: file names may hold line breaks and control characters."""
    line = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    sys.stderr.write(f"passerby: error: {line}\n")
