"""`passerby ground`: from what somebody measured to the line for the site file."""

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from passerby.cli import app
from passerby.errors import SettingsError
from passerby.measure.ground import GroundPlane
from passerby.site.reading import problems_of
from tests.measure.test_ground import horizon, view
from tests.support.site_files import SITE, camera_table

CORNERS = np.array([(-4.0, 8.0), (4.0, 8.0), (4.0, 18.0), (-4.0, 18.0)])


def run(*arguments: str) -> tuple[str, str]:
    result = CliRunner().invoke(app, ["ground", "--size", "768x576", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout, result.stderr


def plane_of(line: str) -> GroundPlane:
    return GroundPlane.of([float(number) for number in re.findall(r"[-+0-9.e]+(?=[,\]])", line)])


def test_points_give_the_line_for_the_site_file_and_errors_in_metres() -> None:
    pixels = view().pixels_of(CORNERS)
    given = [f"--point={x:.2f},{y:.2f}={east},{north}" for (x, y), (east, north) in zip(pixels, CORNERS, strict=True)]
    line, words = run(*given)
    assert np.allclose(plane_of(line).metres_of(pixels), CORNERS, atol=0.02)
    assert "metres" in words
    assert "no ground" in words
    assert problems_of(SITE + camera_table() + line, Path("site.toml")) == ()


def test_the_horizon_and_lengths_give_areas() -> None:
    plane = view()
    pixels = plane.pixels_of(CORNERS)
    (x0, y0), (x1, y1) = horizon(plane)

    def length(i: int, j: int) -> str:
        metres = float(np.hypot(*(CORNERS[j] - CORNERS[i])))
        return f"--length={pixels[i, 0]:.2f},{pixels[i, 1]:.2f}:{pixels[j, 0]:.2f},{pixels[j, 1]:.2f}={metres:.3f}"

    line, _ = run(f"--horizon={x0},{y0}:{x1},{y1}", length(0, 1), length(1, 2))
    assert plane_of(line).area_m2([(float(x), float(y)) for x, y in pixels]) == pytest.approx(80.0, rel=0.02)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--size", "big"), "--size is 'big'"),
        ((), "points, or the horizon"),
        (("--point", "1,2"), "--point is '1,2'"),
        (("--point", "1,2=3,4"), "4 are needed"),
        (("--length", "1,2:3,4=5"), "--horizon"),
        (("--horizon", "left", "--length", "1,2:3,4=5"), "--horizon is 'left'"),
        (("--point", "1,2=3,4", "--horizon", "0,0:1,0"), "points, or the horizon"),
    ],
)
def test_what_does_not_say_where_the_ground_is_is_refused_with_the_reason(arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(says)):
        CliRunner().invoke(app, ["ground", "--size", "768x576", *arguments], catch_exceptions=False)
