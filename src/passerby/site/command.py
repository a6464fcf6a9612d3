"""`passerby check site.toml [--probe]`: says everything that is wrong with a site's configuration, and what will be done with the rest."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from passerby.released.messages import ProbeResult
    from passerby.site.problem import Problem
    from passerby.site.settings import Site


def check_command(
    *,
    path: Annotated[Path | None, typer.Argument(metavar="[SITE.TOML]", help="The site's configuration.")] = None,
    probe: Annotated[bool, typer.Option("--probe", help="Open each camera once: codec, size, rate and time to the first picture.")] = False,
    secrets: Annotated[
        bool, typer.Option("--secrets/--no-secrets", help="Whether the variables, password files and accounts that the file needs must be there.")
    ] = True,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of site.toml, for editors, and leave.")] = False,
) -> None:
    """Check a site's configuration: all of its problems at once, by key, and never a secret.

    Exit code 0: it can be used. 2: it cannot. 1: it can, but with --probe a camera gave no picture.
    """
    from rich.console import Console

    from passerby.errors import SettingsError

    if schema:
        from passerby.site.schema import schema_text

        typer.echo(schema_text(), nl=False)
        return
    if path is None:
        raise SettingsError("no site.toml is given", "passerby check site.toml")
    if probe and not secrets:
        raise SettingsError("--probe opens the cameras, and --no-secrets leaves out their passwords", "take one of them")
    raise typer.Exit(_check(path, Console(stderr=True), Console(), secrets=secrets, probing=probe))


def _check(path: Path, errors: "Console", console: "Console", *, secrets: bool, probing: bool) -> int:
    """Checks, tells, and gives the exit code."""
    from passerby.site.lines import line_of
    from passerby.site.notes import notes_of
    from passerby.site.planning import addresses_of, order_of
    from passerby.site.probing import probe, probe_command
    from passerby.site.reach import missing_for_others
    from passerby.site.reading import read_text, site_of

    text = read_text(path)
    site, problems = site_of(text, path, os.environ if secrets else None)
    if site is not None and secrets:
        problems = tuple(replace(problem, line=line_of(text, problem.key)) for problem in missing_for_others(site))
    if site is None or problems:
        _tell(errors, path, problems, "problem")
        return 2
    notes = [note if note.line else replace(note, line=line_of(text, note.key)) for note in notes_of(site, path)]
    if notes:
        _tell(errors, path, notes, "note")
    _show(console, path, site)
    if not probing:
        return 0
    addresses, _ = addresses_of(site)
    results: list[ProbeResult] = []
    for camera in site.cameras:
        with errors.status(f"opening {camera.id}"):
            results.append(probe(order_of(camera, addresses[camera.id]), probe_command()))
    _show_probes(console, results)
    return 1 if any(result.first_picture_s is None for result in results) else 0


def _tell(console: "Console", path: Path, problems: "Sequence[Problem]", what: str) -> None:
    """Each problem with its place, what belongs there, and the hint."""
    from rich.text import Text

    count = len(problems)
    colour = "bold red" if what == "problem" else "yellow"
    console.print(Text(f"{_printable(path)}: {count} {what}{'s' if count != 1 else ''}", colour), soft_wrap=True)
    for problem in problems:
        line = "" if problem.line is None else f"line {problem.line}: "
        given = f", not {problem.given}" if problem.given else ""
        console.print(Text(f"  {line}").append(problem.key or "the file", "bold"), soft_wrap=True)
        console.print(Text(f"    expected {problem.expected}{given}"), soft_wrap=True)
        if problem.hint:
            console.print(Text(f"    {problem.hint}", "dim"), soft_wrap=True)


def _show(console: "Console", path: Path, site: "Site") -> None:
    """What the site will be: never a user, a password or a path of an address."""
    from rich.text import Text

    from passerby.site.durations import duration_text
    from passerby.site.planning import spread

    workers = spread([camera.id for camera in site.cameras], site)
    place = {camera: number for number, cameras in enumerate(workers, 1) for camera in cameras}
    table = _table("camera", "name", "source", "shows", "kept", "process")
    for camera in site.cameras:
        kept = duration_text(camera.retention_s) if site.recording.enabled else "not recorded"
        table.add_row(camera.id, Text(camera.title), Text(camera.shown_source), camera.release_level, kept, str(place[camera.id]))
    cameras, processes = _counted(len(site.cameras), "camera", "cameras"), _counted(len(workers), "process", "processes")
    console.print(Text(f"{_printable(path)}: {site.name}, {cameras} in {processes}, {site.place.time_zone}"), soft_wrap=True)
    console.print(table)
    console.print(Text(f"State: {_printable(site.state_folder)}"), soft_wrap=True)


def _show_probes(console: "Console", results: "Sequence[ProbeResult]") -> None:
    table = _table("camera", "codec", "size", "rate", "first picture", "")
    for result in results:
        size = f"{result.width_px}x{result.height_px}" if result.width_px else ""
        rate = f"{result.rate_hz:.3g} a second" if result.rate_hz else ""
        first = "" if result.first_picture_s is None else f"{result.first_picture_s:.2f} s"
        words = [result.reason.value] if first == "" else []
        words += [result.transport.upper()] if result.transport else []
        words += [f"{result.damaged} damaged"] if result.damaged else []
        table.add_row(result.camera, _printable(result.codec), size, rate, first, ", ".join(words))
    console.print(table)


def _table(*columns: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _printable(text: object) -> str:
    """The text in one line that a terminal can show."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
