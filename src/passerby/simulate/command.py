"""`passerby simulate OUT.mp4`."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

EVENT_KINDS = "light_switch, bump, cover, defocus, freeze, bag_left, bag_thrown, smoke, dusk, car_passes, bicycle_passes"


def simulate_command(
    *,
    output: Annotated[Path, typer.Argument(metavar="OUT.mp4", help="The clip; its truth goes into the folder OUT.truth beside it.")],
    size: Annotated[str, typer.Option("--size", metavar="WxH", help="Size of the picture in pixels.")] = "768x576",
    fps: Annotated[float, typer.Option("--fps", metavar="F", help="Pictures a second.")] = 25.0,
    seconds: Annotated[float, typer.Option("--seconds", metavar="S", help="Length.")] = 60.0,
    crowd: Annotated[int, typer.Option("--crowd", metavar="N", help="People who walk about; about so many are in view at once.")] = 12,
    still: Annotated[int, typer.Option("--still", metavar="N", help="People who stand, sit or lie still from the first frame to the last.")] = 0,
    queue: Annotated[int, typer.Option("--queue", metavar="N", help="People in line before the kiosk.")] = 0,
    groups: Annotated[float, typer.Option("--groups", metavar="SHARE", help="Share of the walkers who walk in groups of 2 to 4.")] = 0.3,
    counter_flow: Annotated[bool, typer.Option("--counter-flow", help="Two streams that meet, instead of ways everywhere.")] = False,
    parked: Annotated[int, typer.Option("--parked", metavar="N", help="Parked cars.")] = 3,
    wind: Annotated[bool, typer.Option("--wind", help="Trees sway.")] = False,
    clouds: Annotated[bool, typer.Option("--clouds", help="Clouds pass: the light drifts.")] = False,
    rain: Annotated[bool, typer.Option("--rain", help="It rains.")] = False,
    infrared: Annotated[bool, typer.Option("--infrared", help="As a camera sees at night, by its own infrared light.")] = False,
    dusk: Annotated[bool, typer.Option("--dusk", help="Evening falls from the first frame to the last.")] = False,
    windows: Annotated[bool, typer.Option("--windows/--no-windows", help="Panes that mirror people.")] = True,
    clock: Annotated[bool, typer.Option("--clock", help="The time, burned into the picture.")] = False,
    noise: Annotated[float, typer.Option("--noise", metavar="SIGMA", help="The sensor's noise in grey levels.")] = 2.0,
    event: Annotated[
        list[str] | None,
        typer.Option("--event", metavar="KIND@S[-S]", help=f"Something that happens at a second, or from one to another: {EVENT_KINDS}. Repeatable."),
    ] = None,
    motion_seed: Annotated[int, typer.Option("--motion-seed", metavar="N", help="Who goes where and when, how fast.")] = 0,
    gait_seed: Annotated[int, typer.Option("--gait-seed", metavar="N", help="Height, stride and sway.")] = 0,
    appearance_seed: Annotated[int, typer.Option("--appearance-seed", metavar="N", help="Clothes, colours, what is carried.")] = 0,
    place_seed: Annotated[int, typer.Option("--place-seed", metavar="N", help="What the place looks like, clouds, noise.")] = 0,
    crf: Annotated[int, typer.Option("--crf", metavar="N", help="Compression, 1 to 51: less is better and larger.")] = 23,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a clip and a truth that exist.")] = False,
    masks: Annotated[bool, typer.Option("--masks/--no-masks", help="Write everybody's pixels into the truth.")] = True,
) -> None:
    """Film a plaza that does not exist, and write down the truth.

    The same options give the same clip. Beside it comes a folder with the truth: boxes, foot points, masks, the empty place, counts, events.
    """
    from rich.console import Console

    from passerby.errors import SettingsError
    from passerby.simulate.events import Event
    from passerby.simulate.path import Crowd
    from passerby.simulate.run import simulate_clip
    from passerby.simulate.settings import SimulationSettings, parse_size

    if not 1 <= crf <= 51:
        raise SettingsError(f"--crf {crf} is no compression", "give 1 to 51")
    settings = SimulationSettings(
        size=parse_size(size),
        fps=fps,
        seconds=seconds,
        crowd=Crowd(walkers=crowd, still=still, queueing=queue, groups=groups, counter_flow=counter_flow),
        motion_seed=motion_seed,
        gait_seed=gait_seed,
        appearance_seed=appearance_seed,
        place_seed=place_seed,
        wind=wind,
        clouds=clouds,
        rain=rain,
        infrared=infrared,
        dusk=dusk,
        noise_sigma=noise,
        windows=windows,
        clock=clock,
        parked=parked,
        events=tuple(Event.parsed(text) for text in event or ()),
    )
    console = Console(stderr=True)
    with _progress(console, output.name) as progress:
        outcome = simulate_clip(settings, output, overwrite=overwrite, masks=masks, crf=crf, progress=progress)
    said = f"{outcome.clip}: {outcome.frames} frames, {outcome.people} people; truth in {outcome.truth.name}"
    console.print(_printable(said), highlight=False, markup=False, soft_wrap=True)


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
        task = bar.add_task("starting", total=1.0, clip=_printable(name))
        yield lambda stage, done: bar.update(task, description=stage, completed=done)


def _printable(text: object) -> str:
    """The text in one line that a terminal can show."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))
