"""Pictures set out on a sheet."""

import numpy as np
import pytest

from passerby.released.contact_sheet import CELL_WIDTH_PX, contact_sheet
from passerby.released.palette import PAPER_BGR


def picture(width_px: int, height_px: int, value: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    return np.full((height_px, width_px, 3), value, np.uint8)


def test_every_picture_is_on_the_sheet_at_the_same_width() -> None:
    values = (10, 60, 110, 160)
    sheet = contact_sheet([(f"{value}", picture(300 + value, 200, value)) for value in values], "Title", columns=3)
    for value in values:
        rows, columns = np.nonzero((sheet == value).all(axis=2))
        assert columns.max() - columns.min() + 1 == CELL_WIDTH_PX
        height_px = rows.max() - rows.min() + 1
        assert abs(height_px - 200 * CELL_WIDTH_PX / (300 + value)) <= 1


def test_rows_are_filled_from_left_to_right() -> None:
    sheet = contact_sheet([("", picture(480, 100, value)) for value in (10, 60, 110)], "", columns=2)
    places = [tuple(int(axis.min()) for axis in np.nonzero((sheet == value).all(axis=2))) for value in (10, 60, 110)]
    assert places[0][0] == places[1][0] < places[2][0]
    assert places[0][1] == places[2][1] < places[1][1]


def test_title_and_texts_are_written() -> None:
    bare = contact_sheet([("", picture(480, 100, 10))], "")
    titled = contact_sheet([("a text", picture(480, 100, 10))], "A title")
    changed = np.nonzero((bare != titled).any(axis=2))[0]
    top_px = int(np.nonzero((bare == 10).all(axis=2))[0].min())
    assert (changed < top_px).any()
    assert (changed >= top_px + 100).any()
    assert not ((changed >= top_px) & (changed < top_px + 100)).any()


def test_a_text_that_is_too_long_stays_under_its_picture() -> None:
    sheet = contact_sheet([("words " * 60, picture(480, 100, 10)), ("", picture(480, 100, 10))], "", columns=2)
    top_px = int(np.nonzero((sheet == 10).all(axis=2))[0].min())
    below = (sheet[top_px + 100 :] != PAPER_BGR).any(axis=2)
    columns = np.nonzero(below)[1]
    assert columns.max() < sheet.shape[1] // 2


@pytest.mark.parametrize(("count", "columns"), [(0, 3), (1, 0)])
def test_a_sheet_without_pictures_or_columns_is_refused(count: int, columns: int) -> None:
    with pytest.raises(ValueError, match="contact sheet"):
        contact_sheet([("", picture(10, 10, 0))] * count, "", columns=columns)


@pytest.mark.parametrize("shape", [(1, 1), (3000, 20), (20, 3000)])
def test_odd_shapes_can_be_set_out(shape: tuple[int, int]) -> None:
    assert contact_sheet([("x", picture(*shape, 10))], "t").dtype == np.uint8
