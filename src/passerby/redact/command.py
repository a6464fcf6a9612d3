"""`passerby redact IN... [-o OUT|DIR]`."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passerby.errors import PasserbyError, SettingsError
from passerby.released.show import Show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from passerby.redact.detection import LoadedDetector
    from passerby.redact.settings import RedactSettings


def redact_command(
    *,
    inputs: Annotated[list[str], typer.Argument(metavar="IN...", help="Clips, folders or patterns.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT|DIR", help="The MP4, or a folder; else NAME.redacted.mp4 beside each clip.")
    ] = None,
    from_s: Annotated[float | None, typer.Option("--from", metavar="S", help="Start, in seconds since the clip's first frame.")] = None,
    to_s: Annotated[float | None, typer.Option("--to", metavar="S", help="End, in seconds since the clip's first frame.")] = None,
    show: Annotated[
        Show, typer.Option(help="What is drawn over the place: figures, coarse cells, or nothing but how many there are, in the caption.")
    ] = Show.GLYPHS,
    never: Annotated[Path | None, typer.Option("--never", metavar="FILE", help="JSON file of polygons that are never shown.")] = None,
    preview: Annotated[
        Path | None, typer.Option("--preview", metavar="PNG", help="Also write a picture of the learned place with what is withheld.")
    ] = None,
    min_person_px: Annotated[int, typer.Option("--min-person", metavar="PX", help="Height of the smallest person that must be found.")] = 24,
    settle_s: Annotated[
        float | None, typer.Option("--settle", metavar="S", help="Quiet seconds before a part of the place is shown (3; with --streaming 20).")
    ] = None,
    streaming: Annotated[
        bool, typer.Option("--streaming", help="One pass, as for a live camera: the place appears only after it has settled.")
    ] = False,
    caption: Annotated[bool, typer.Option("--caption/--no-caption", help="Time and gate state in a corner.")] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")] = False,
    device: Annotated[str, typer.Option("--device", help="Where the detector runs: auto, cpu, cuda, openvino or coreml.")] = "auto",
    detector: Annotated[str, typer.Option("--detector", metavar="NAME", help="Detector of the manifest.")] = "yolox-nano",
    models: Annotated[
        Path | None, typer.Option("--models", envvar="PASSERBY_MODELS", metavar="FILE", help="A manifest of your own, with heavier detectors.")
    ] = None,
) -> None:
    """Turn footage of a fixed camera into footage in which nobody can be recognised.

    Beside each output comes a JSON report. Exit code 2: at least one clip could not be redacted; the others were.
    """
    from rich.console import Console

    from passerby.redact.detection import load_detector
    from passerby.redact.outputs import Originals, expand, plan, targets_of
    from passerby.redact.polygons import read_polygons
    from passerby.redact.settings import RedactSettings, gate_settings

    console = Console(stderr=True)
    polygons = read_polygons(never) if never else ()
    gate = gate_settings(settle_s=settle_s, streaming=streaming, min_person_px=min_person_px, never=polygons)
    settings = RedactSettings(gate=gate, show=show, streaming=streaming, from_s=from_s, to_s=to_s, caption=caption, device=device, detector=detector)
    pairs = plan(expand(inputs), output)
    if preview is not None and len(pairs) > 1:
        raise SettingsError(f"--preview names one picture, and there are {len(pairs)} clips", "give one clip")
    originals = Originals([*(clip for clip, _ in pairs), *(path for path in (never, models) if path is not None)])
    for _, target in pairs:
        originals.refuse(targets_of(target, preview))
    loaded = load_detector(detector, device, models)
    if loaded.word:
        console.print(loaded.word, highlight=False, markup=False)
    raise typer.Exit(_redact_all(pairs, settings, loaded, console, preview=preview, overwrite=overwrite))


def _redact_all(
    pairs: "Sequence[tuple[Path, Path]]",
    settings: "RedactSettings",
    loaded: "LoadedDetector",
    console: "Console",
    *,
    preview: Path | None,
    overwrite: bool,
) -> int:
    """Redacts each clip; a bad one does not stop the others. Returns the exit code."""
    from passerby.redact.run import redact_clip

    def say(text: object) -> None:
        console.print(_printable(text), highlight=False, markup=False, soft_wrap=True)

    failed = 0
    for clip, target in pairs:
        try:
            with _progress(console, clip.name) as progress:
                outcome = redact_clip(clip, target, settings, loaded, preview=preview, overwrite=overwrite, progress=progress)
        except PasserbyError as error:
            if len(pairs) == 1:
                raise
            failed += 1
            say(f"passerby: error: {error}")
            continue
        withheld = f"{outcome.withheld_share:.1%} of the place withheld at the end"
        say(f"{outcome.output}: {outcome.frames} frames, {withheld}; report {outcome.report.name}")
        for note in outcome.notes:
            say(f"  note: {note}")
    if failed:
        say(f"{failed} of {len(pairs)} clips could not be redacted")
    return 2 if failed else 0


@contextmanager
def _progress(console: "Console", name: str) -> "Iterator[Callable[[str, float], None]]":
    """A progress bar with the time left; silent where standard error is no terminal."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.fields[clip]}", markup=False),
        TextColumn("[dim]{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("opening", total=1.0, clip=_printable(name))
        yield lambda stage, done: bar.update(task, description=stage, completed=done)


def _printable(text: object) -> str:
    """The text in one line that a terminal can show."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))
