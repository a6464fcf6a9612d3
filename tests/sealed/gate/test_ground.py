import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import SettingsError
from passerby.released.scene import Kind, Size
from passerby.sealed.gate.glyphs import PersonHeight, Subject, glyphs_of
from passerby.sealed.gate.ground import GRID_M, Ground, Homography
from passerby.sealed.gate.settings import GateSettings

FROM_ABOVE: Homography = (40.0, 0.0, 100.0, 0.0, -40.0, 400.0, 0.0, 0.0, 1.0)
IN_PERSPECTIVE: Homography = (300.0, 160.0, 400.0, 0.0, 90.0, 900.0, 0.0, 0.4, 1.0)


@pytest.mark.parametrize("homography", [FROM_ABOVE, IN_PERSPECTIVE])
@given(x=st.floats(0, 640), y=st.floats(280, 480))
def test_foot_points_stand_on_a_grid_of_a_quarter_of_a_metre(homography: Homography, x: float, y: float) -> None:
    matrix = np.array(homography).reshape(3, 3)
    before, after = (np.linalg.solve(matrix, (*point, 1.0)) for point in ((x, y), Ground(homography).snapped(x, y)))
    before_m, after_m = before[:2] / before[2], after[:2] / after[2]
    assert after_m / GRID_M == pytest.approx(np.round(after_m / GRID_M), abs=1e-6)
    assert np.abs(before_m - after_m).max() <= GRID_M / 2 + 1e-6


def test_a_point_beyond_the_horizon_stays_where_it_is() -> None:
    assert Ground(IN_PERSPECTIVE).snapped(3.0, 225.0) == (3.0, 225.0)


@pytest.mark.parametrize("homography", [(0.0,) * 9, (float("nan"), *FROM_ABOVE[1:]), (1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 0.0, 0.0, 1.0)])
def test_a_homography_that_cannot_be_inverted_is_refused(homography: Homography) -> None:
    with pytest.raises(SettingsError, match="homography"):
        GateSettings(ground=homography)


def test_glyphs_stand_on_the_ground_s_grid_and_within_what_a_scene_can_hold() -> None:
    size = Size(640, 480)
    subjects = [Subject(Kind.PERSON, 203.0, 301.0, 60.0, 20.0), Subject(Kind.PERSON, -50.0, 900.0, 60.0, 20.0)]
    glyphs = glyphs_of(subjects, size, PersonHeight(size), Ground(FROM_ABOVE))
    assert (glyphs[0].x_px, glyphs[0].y_px) == (200, 300)
    assert all(0 <= glyph.x_px <= 640 and 0 <= glyph.y_px <= 576 for glyph in glyphs)
