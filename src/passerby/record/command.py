"""`passerby recordings list | verify | export | hold | release | holds`: what there is, whether it is whole, an MP4 of it, what is kept longer."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passerby.released.show import Show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

recordings_app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help="List recordings, verify them, export them as MP4, hold them."
)

PlaceArgument = Annotated[Path, typer.Argument(metavar="SITE", help="The site.toml, or the site's state folder.")]
CameraOption = Annotated[str | None, typer.Option("--camera", metavar="ID", help="Of this camera only.")]


@recordings_app.command("list")
def list_command(place: PlaceArgument, camera: CameraOption = None) -> None:
    """Show what recordings there are, in the site's time zone."""
    from rich.console import Console
    from rich.table import Table

    from passerby.record.listing import list_recordings
    from passerby.record.places import opened_place
    from passerby.site.times import text_of

    opened = opened_place(place)
    zone = opened.zone
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("camera", "from", "to", "minutes", "size"):
        table.add_column(column, justify="right" if column in {"minutes", "size"} else "left", no_wrap=True)
    found = list_recordings(opened.recordings, camera)
    for one in found:
        for run in one.runs:
            table.add_row(one.camera, text_of(run.from_s, zone), text_of(run.to_s, zone), str(run.minutes), _megabytes(run.size_bytes))
    console = Console()
    console.print(table if any(one.runs for one in found) else "no recordings")
    for one in found:
        kept = "not configured" if one.retention_s is None else f"kept for {one.retention_s / 3600:g} h"
        console.print(f"{one.camera}: {kept}; plates {_megabytes(one.plate_bytes)}", highlight=False, markup=False, soft_wrap=True)


@recordings_app.command("verify")
def verify_command(place: PlaceArgument, camera: CameraOption = None) -> None:
    """Read every file to its end and check all of it. Exit code 1: something is damaged; the rest can be played."""
    from rich.console import Console

    from passerby.record.places import opened_place
    from passerby.record.verify import count, verify

    recordings = opened_place(place).recordings
    console, errors = Console(), Console(stderr=True)
    files = messages = damaged = 0
    total = max(1, count(recordings, camera))
    with _progress(errors, "verifying") as progress:
        for checked in verify(recordings, camera):
            files, messages = files + 1, messages + checked.messages
            if checked.trouble or checked.note:
                damaged += bool(checked.trouble)
                shown = checked.path.relative_to(recordings)
                errors.print(f"{shown}: {checked.trouble or checked.note}", highlight=False, markup=False, soft_wrap=True)
            progress(min(1.0, files / total))
    console.print(f"{files} files, {messages} scenes and patches read, {damaged} damaged", highlight=False, soft_wrap=True)
    if damaged:
        raise typer.Exit(1)


@recordings_app.command("export")
def export_command(
    *,
    place: PlaceArgument,
    camera: Annotated[str, typer.Option("--camera", metavar="ID", help="Which camera.")],
    begin: Annotated[
        str, typer.Option("--from", metavar="TIME", help="Begin, such as 2026-11-23T12:35, in the site's time zone; or with Z or +01:00.")
    ],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="End, which is not included.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT.mp4", help="The file.")],
    show: Annotated[Show, typer.Option(help="What is drawn over the place.")] = Show.GLYPHS,
    caption: Annotated[bool, typer.Option("--caption/--no-caption", help="Time and gate state in a corner.")] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")] = False,
) -> None:
    """Export recordings of a camera as MP4, exact to the frame. That it is done, and by whom, goes into the receipts first.

    What is due for deletion is left out, also if nothing ran that could delete it.
    """
    from rich.console import Console

    from passerby.clock import SystemClock
    from passerby.record.export import ExportOrder, export
    from passerby.record.kept_minutes import KeptMinutes
    from passerby.record.places import known_camera, opened_place, user
    from passerby.record.receipts import FileReceipts
    from passerby.site.times import seconds_of

    opened = opened_place(place)
    zone, clock = opened.zone, SystemClock()
    order = ExportOrder(
        camera=known_camera(opened, camera),
        from_s=seconds_of(begin, zone, "--from"),
        to_s=seconds_of(end, zone, "--to"),
        by=user(),
        target=output,
        show=show,
        caption=caption,
        overwrite=overwrite,
    )
    console = Console(stderr=True)
    with _progress(console, "exporting") as progress:
        may_show = KeptMinutes(opened.recordings, clock, assumed_s=opened.retention_s).of(camera)
        done = export(opened.recordings, order, FileReceipts(opened.state / "receipts.jsonl"), clock, progress, may_show)
    gaps = f", {done.gaps_s:.0f} s of them not recorded" if done.gaps_s else ""
    console.print(f"{output}: {done.frames} frames, {order.to_s - order.from_s:.0f} s{gaps}", highlight=False, markup=False, soft_wrap=True)


@recordings_app.command("hold")
def hold_command(
    *,
    site: Annotated[Path, typer.Argument(metavar="SITE", help="The site.toml: it says how long a hold may last.")],
    camera: Annotated[str, typer.Option("--camera", metavar="ID", help="Which camera.")],
    begin: Annotated[
        str, typer.Option("--from", metavar="TIME", help="Begin, such as 2026-11-23T12:35, in the site's time zone; or with Z or +01:00.")
    ],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="End, which is not included.")],
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="When the hold ends. What is due by then is deleted.")],
    why: Annotated[str, typer.Option("--why", metavar="WORDS", help="What it is for, in a line.")],
) -> None:
    """Keep recordings beyond their time, until another one. Who holds what, and why, goes into the receipts first."""
    from rich.console import Console

    from passerby.clock import SystemClock
    from passerby.record.holding import HoldWish, hold
    from passerby.record.places import opened_place, user
    from passerby.site.times import seconds_of, text_of

    place = opened_place(site)
    times = [seconds_of(text, place.zone, option) for text, option in ((begin, "--from"), (end, "--to"), (until, "--until"))]
    made, minutes = hold(place, HoldWish(camera, *times), SystemClock(), why=why, by=user())
    words = f"{made.hold}: {minutes} minutes of {camera} held until {text_of(made.until_s, place.zone)}"
    Console().print(words, highlight=False, markup=False, soft_wrap=True)


@recordings_app.command("release")
def release_command(place: PlaceArgument, hold: Annotated[str, typer.Argument(metavar="HOLD", help="Id of the hold, as `holds` lists it.")]) -> None:
    """End a hold before its time. That goes into the receipts first; what is due by then is deleted at once."""
    from rich.console import Console

    from passerby.clock import SystemClock
    from passerby.record.holding import release
    from passerby.record.places import opened_place, user

    release(opened_place(place), hold, SystemClock(), by=user())
    Console().print(f"{hold}: ended", highlight=False, markup=False)


@recordings_app.command("holds")
def holds_command(place: PlaceArgument) -> None:
    """Show the holds in force."""
    from rich.console import Console

    from passerby.clock import SystemClock
    from passerby.record.holding import in_force
    from passerby.record.places import opened_place
    from passerby.site.times import text_of

    opened = opened_place(place)
    console = Console()
    holds = in_force(opened, SystemClock())
    for one in holds:
        begin, end, until = (text_of(at_s, opened.zone) for at_s in (one.from_s, one.to_s, one.until_s))
        more = ", and what follows as it goes on" if one.follows else ""
        words = f"{one.hold}  {one.camera}  {begin} to {end}{more}, until {until}, by {one.by}: {one.why}"
        console.print(words, highlight=False, markup=False, soft_wrap=True)
    if not holds:
        console.print("no holds")


@contextlib.contextmanager
def _progress(console: "Console", word: str) -> "Iterator[Callable[[float], None]]":
    """A progress bar; silent where standard error is no terminal."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(word, total=1.0)
        yield lambda done: bar.update(task, completed=done)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.2f} MB"
