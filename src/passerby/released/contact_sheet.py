"""A sheet with several pictures side by side, a title above and a line of text under each."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.palette import FAINT_BGR, INK_BGR, PAPER_BGR, Bgr
from passerby.released.typeface import Typeface

Picture = NDArray[np.uint8]

CELL_WIDTH_PX: Final = 480
MARGIN_PX: Final = 32
GAP_PX: Final = 20
TITLE_EM_PX, TEXT_EM_PX = 24, 15
TITLE_ROOM_PX, TEXT_ROOM_PX = 56, 30


def contact_sheet(pictures: Sequence[tuple[str, Picture]], title: str, columns: int = 3) -> Picture:
    """Sets pictures out in rows.

    Args:
        pictures: A line of text and a picture (height x width x 3 BGR uint8) each; they may differ in size.
        title: The sheet's heading.
        columns: Pictures in a row, at most.

    Returns:
        height x width x 3 BGR uint8. Every picture is scaled to the same width and keeps its proportions.

    Raises:
        ValueError: There is no picture, or no column to put one into.
    """
    if not pictures or columns < 1:
        raise ValueError(f"a contact sheet needs pictures and columns, not {len(pictures)} and {columns}")
    columns = min(columns, len(pictures))
    scaled = [(text, _scaled(picture)) for text, picture in pictures]
    rows = [scaled[start : start + columns] for start in range(0, len(scaled), columns)]
    row_heights_px = [max(picture.shape[0] for _, picture in row) + TEXT_ROOM_PX for row in rows]
    width_px = 2 * MARGIN_PX + columns * CELL_WIDTH_PX + (columns - 1) * GAP_PX
    height_px = MARGIN_PX + TITLE_ROOM_PX + sum(row_heights_px) + (len(rows) - 1) * GAP_PX + MARGIN_PX - (TEXT_ROOM_PX - TEXT_EM_PX) // 2
    sheet = np.full((height_px, width_px, 3), PAPER_BGR, np.uint8)
    _write(sheet, title, (MARGIN_PX, MARGIN_PX + TITLE_EM_PX), Typeface(TITLE_EM_PX), INK_BGR, bold=True)
    typeface = Typeface(TEXT_EM_PX)
    top_px = MARGIN_PX + TITLE_ROOM_PX
    for row, row_height_px in zip(rows, row_heights_px, strict=True):
        for place, (text, picture) in enumerate(row):
            left_px = MARGIN_PX + place * (CELL_WIDTH_PX + GAP_PX)
            sheet[top_px : top_px + picture.shape[0], left_px : left_px + CELL_WIDTH_PX] = picture
            baseline_px = top_px + picture.shape[0] + (TEXT_ROOM_PX + TEXT_EM_PX) // 2
            _write(sheet, _fitting(text, typeface), (left_px, baseline_px), typeface, FAINT_BGR)
        top_px += row_height_px + GAP_PX
    return sheet


def _scaled(picture: Picture) -> Picture:
    """The picture at a cell's width."""
    height, width = picture.shape[:2]
    size = (CELL_WIDTH_PX, max(1, round(height * CELL_WIDTH_PX / width)))
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if width > CELL_WIDTH_PX else cv2.INTER_CUBIC)
    return np.asarray(resized, np.uint8)


def _fitting(text: str, typeface: Typeface) -> str:
    """As much of a text as a cell has room for."""
    if typeface.width_px(text) <= CELL_WIDTH_PX:
        return text
    while text and typeface.width_px(text + "…") > CELL_WIDTH_PX:
        text = text[:-1]
    return text.rstrip() + "…"


def _write(sheet: Picture, text: str, at_px: tuple[int, int], typeface: Typeface, bgr: Bgr, *, bold: bool = False) -> None:
    """Writes a line on the sheet, its left end and baseline at a pixel."""
    height_px, width_px = 2 * typeface.em_px, sheet.shape[1] - at_px[0]
    baseline_px = round(1.4 * typeface.em_px)
    ink = typeface.coverage(width_px, height_px, [(text, 0, baseline_px, bold)])[..., None]
    top_px = at_px[1] - baseline_px
    area = sheet[top_px : top_px + height_px, at_px[0] :]
    np.copyto(area, np.rint(area * (1 - ink) + np.array(bgr, np.float32) * ink).astype(np.uint8)[: area.shape[0]])
