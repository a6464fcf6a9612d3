"""`passerby recordings list | verify | export`: what there is, whether it is whole, and an MP4 of it."""

import contextlib
import os
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passerby.released.show import Show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

recordings_app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help="List recordings, verify them, export them as MP4."
)

PlaceArgument = Annotated[Path, typer.Argument(metavar="SITE", help="The site.toml, or the site's state folder.")]
CameraOption = Annotated[str | None, typer.Option("--camera", metavar="ID", help="Of this camera only.")]


@recordings_app.command("list")
def list_command(place: PlaceArgument, camera: CameraOption = None) -> None:
    """Show what recordings there are, in the site's time zone."""
    from rich.console import Console
    from rich.table import Table

    from passerby.record.listing import list_recordings
    from passerby.record.times import text_of

    state, zone = _opened(place)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("camera", "from", "to", "minutes", "size"):
        table.add_column(column, justify="right" if column in {"minutes", "size"} else "left", no_wrap=True)
    found = list_recordings(state / "recordings", camera)
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

    from passerby.record.verify import count, verify

    state, _ = _opened(place)
    recordings = state / "recordings"
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
    """Export recordings of a camera as MP4, exact to the frame. That it is done, and by whom, goes into the receipts first."""
    from rich.console import Console

    from passerby.clock import SystemClock
    from passerby.record.export import ExportOrder, export
    from passerby.record.receipts import FileReceipts
    from passerby.record.times import seconds_of

    state, zone = _opened(place)
    order = ExportOrder(
        camera=_known(state, camera),
        from_s=seconds_of(begin, zone, "--from"),
        to_s=seconds_of(end, zone, "--to"),
        by=_user(),
        target=output,
        show=show,
        caption=caption,
        overwrite=overwrite,
    )
    console = Console(stderr=True)
    with _progress(console, "exporting") as progress:
        done = export(state / "recordings", order, FileReceipts(state / "receipts.jsonl"), SystemClock(), progress)
    gaps = f", {done.gaps_s:.0f} s of them not recorded" if done.gaps_s else ""
    console.print(f"{output}: {done.frames} frames, {order.to_s - order.from_s:.0f} s{gaps}", highlight=False, markup=False, soft_wrap=True)


def _opened(place: Path) -> tuple[Path, tzinfo]:
    """The state folder and the time zone."""
    from passerby.errors import RecordingError

    state, zone = place, _utc()
    if not place.is_dir():
        from passerby.site.reading import read_site

        site = read_site(place)
        state, zone = site.state_folder, site.zone
    if not (state / "recordings").is_dir():
        raise RecordingError(f"{state}: holds no recordings", "give the site.toml, or the folder that it names as state_folder")
    return state, zone


def _utc() -> tzinfo:
    return UTC


def _known(state: Path, camera: str) -> str:
    """The camera, if there are recordings of it."""
    from passerby.errors import RecordingError
    from passerby.record.folder import cameras_in

    there = cameras_in(state / "recordings")
    if camera not in there:
        raise RecordingError(f"there are no recordings of a camera '{camera}'", f"cameras: {', '.join(there) or 'none'}")
    return camera


def _user() -> str:
    """Who exports: the user of this machine."""
    import pwd

    with contextlib.suppress(KeyError):
        return pwd.getpwuid(os.getuid()).pw_name
    return f"user {os.getuid()}"


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
