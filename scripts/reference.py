"""Writes docs/reference/cli.md from what typer knows of the commands, so that no option can be missing there.

    python -m scripts.reference

tests/test_docs.py fails where the file is not what this gives.
"""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

import typer

from passerby.cli import ENDING_SIGNALS, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_SIGNALLED, EXIT_USER_ERROR, app

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"
HEAD: Final = """\
# Commands

Written by `python -m scripts.reference` from the commands themselves; do not edit by hand. What the options mean in practice is told in
[the guides](../guide/).

Every command has `--help`. `passerby --install-completion` sets up the completion of the shell that it is run in, and
`passerby --show-completion` prints it.
"""
SIGNALLED: Final = ", ".join(str(EXIT_SIGNALLED + number) for number in sorted(ENDING_SIGNALS))
EXIT_CODES: Final = f"""\
## Exit codes

| code | means |
|---|---|
| 0 | All is done. |
| {EXIT_FAILED} | A failure that the user cannot mend. |
| {EXIT_USER_ERROR} | A mistake that the user can mend, told in one line with a hint; of several clips, at least one could not be redacted. |
| {EXIT_INTERRUPTED} | Interrupted (Ctrl-C). Nothing half-written is left under a final name. |
| {SIGNALLED} | Ended by SIGHUP or SIGTERM: a closed terminal, a stopped service. As for Ctrl-C. |
"""


def reference() -> str:
    """The whole page, as Markdown."""
    parts = [HEAD, *(_section(name, command) for name, command in commands()), EXIT_CODES]
    return "\n".join(parts)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command as it is typed, with typer's object for it; groups before their members."""
    yield from _below("passerby", typer.main.get_command(app))


def parameters(command: Any) -> list[Any]:
    """The arguments and options of a command that a user can see, without those of shell completion."""
    return [p for p in command.params if not p.hidden and not {"--install-completion", "--show-completion"} & set(p.opts)]


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for member in command.list_commands(None) if hasattr(command, "list_commands") else ():
        yield from _below(f"{name} {member}", command.get_command(None, member))


def _section(name: str, command: Any) -> str:
    lines = [f"## {name}", "", command.help.strip(), ""]
    members = command.list_commands(None) if hasattr(command, "list_commands") else []
    if members:
        lines += ["| command | does |", "|---|---|"]
        lines += [f"| `{name} {member}` | {_summary(command.get_command(None, member))} |" for member in members] + [""]
    shown = parameters(command)
    if shown:
        lines += ["| argument or option | value | default | what it says |", "|---|---|---|---|"]
        lines += [f"| {_names(p)} | {_value(p)} | {_default(p)} | {_told(p)} |" for p in shown] + [""]
    return "\n".join(lines)


def _summary(command: Any) -> str:
    return str(command.short_help or command.help.strip().splitlines()[0])


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar}`"
    return ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])


def _value(parameter: Any) -> str:
    if parameter.param_type_name == "argument" or parameter.is_flag:
        return ""
    if isinstance(parameter.default, Enum):
        return ", ".join(f"`{choice.value}`" for choice in type(parameter.default))
    # A bar would end the table's cell.
    return "`" + str(parameter.metavar or parameter.name.upper()).replace("|", "` or `") + "`"


def _default(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return "required" if parameter.required else ""
    if parameter.is_flag:
        return f"`{parameter.opts[0]}`" if parameter.default else ""
    if parameter.default is None:
        return f"`${parameter.envvar}`, if set" if parameter.envvar else ""
    return f"`{parameter.default.value if isinstance(parameter.default, Enum) else parameter.default}`"


def _told(parameter: Any) -> str:
    return str(parameter.help).replace("|", "\\|")


def main() -> None:
    """Writes the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
