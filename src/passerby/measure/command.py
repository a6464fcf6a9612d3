"""`passerby ground`: the ground plane of a camera from points or lengths that somebody measured at the place, with its error in metres."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from passerby.measure.calibration import Calibration

NUMBER: Final = r"\s*([-+]?[0-9]*\.?[0-9]+)\s*"
POINT: Final = re.compile(f"{NUMBER},{NUMBER}={NUMBER},{NUMBER}")
LENGTH: Final = re.compile(f"{NUMBER},{NUMBER}:{NUMBER},{NUMBER}={NUMBER}m?")
HORIZON: Final = re.compile(f"{NUMBER},{NUMBER}:{NUMBER},{NUMBER}")
SIZE: Final = re.compile(r"([0-9]{1,5})x([0-9]{1,5})")
GRID: Final = 5


def ground_command(
    *,
    size: Annotated[str, typer.Option("--size", metavar="WxH", help="Size of the camera's picture, such as 1920x1080.")],
    points: Annotated[
        list[str] | None,
        typer.Option(
            "--point", metavar="X,Y=XM,YM", help="A point: pixels = metres on the ground. Four or more. The picture of the place shows pixels."
        ),
    ] = None,
    horizon: Annotated[
        str | None, typer.Option("--horizon", metavar="X,Y:X,Y", help="Two pixels of the horizon, instead of points; may lie above the picture.")
    ] = None,
    lengths: Annotated[
        list[str] | None,
        typer.Option("--length", metavar="X,Y:X,Y=M", help="Two pixels on the ground and how many metres they are apart. Two or more."),
    ] = None,
) -> None:
    """Find the ground plane of a camera, and say how far off it may be.

    Prints the line for site.toml. Exit code 2: what was given does not say where the ground is, with the reason.
    """
    from rich.console import Console

    from passerby.errors import SettingsError
    from passerby.measure.calibration import KnownLength, KnownPoint, from_lengths, from_points

    match = SIZE.fullmatch(size)
    if match is None or not (int(match[1]) and int(match[2])):
        raise SettingsError(f"--size is '{size}'; expected width and height in pixels, such as 1920x1080")
    width_px, height_px = int(match[1]), int(match[2])
    if bool(points) is bool(lengths or horizon):
        raise SettingsError("the ground needs points, or the horizon and lengths", "--point X,Y=XM,YM four times, or --horizon and --length twice")
    if points:
        numbers = [_numbers(text, POINT, "--point", "X,Y=XM,YM, such as 412,305=0,4.5") for text in points]
        found = from_points([KnownPoint((x, y), (east, north)) for x, y, east, north in numbers])
        left = [f"{value:.1f} px" for value in found.residuals]
    else:
        if horizon is None:
            raise SettingsError("lengths need the horizon", "--horizon X,Y:X,Y")
        x0, y0, x1, y1 = _numbers(horizon, HORIZON, "--horizon", "X,Y:X,Y, such as 0,120:1920,118")
        rows = [_numbers(text, LENGTH, "--length", "X,Y:X,Y=M, such as 300,800:900,810=4.2") for text in lengths or ()]
        found = from_lengths((width_px, height_px), ((x0, y0), (x1, y1)), [KnownLength((a, b), (c, d), metres) for a, b, c, d, metres in rows])
        left = [f"{value:+.1%}" for value in found.residuals]
    _show(Console(stderr=True), found, left, width_px, height_px)
    typer.echo(f"ground = [{', '.join(f'{number:.9g}' for number in found.plane.homography)}]")


def _numbers(text: str, form: re.Pattern[str], option: str, expected: str) -> tuple[float, ...]:
    from passerby.errors import SettingsError

    match = form.fullmatch(text)
    if match is None:
        raise SettingsError(f"{option} is '{text}'; expected {expected}")
    return tuple(float(number) for number in match.groups())


def _show(console: "Console", found: "Calibration", left: Sequence[str], width_px: int, height_px: int) -> None:
    """What is left over at each point, and the error across the picture."""
    import numpy as np
    from rich.table import Table

    console.print(f"left over: {', '.join(left)}", highlight=False, soft_wrap=True)
    columns = [round(width_px * (number + 0.5) / GRID) for number in range(GRID)]
    table = Table(
        title="Standard error of where somebody stands, in metres, by row and column of pixels", title_justify="left", box=None, pad_edge=False
    )
    table.add_column("", justify="right")
    for column in columns:
        table.add_column(str(column), justify="right")
    for row in (round(height_px * (number + 0.5) / GRID) for number in range(GRID)):
        errors = found.plane.error_m(np.array([(column, row) for column in columns], float))
        table.add_row(str(row), *(f"{error:.2f}" if np.isfinite(error) else "no ground" for error in errors))
    console.print(table)
