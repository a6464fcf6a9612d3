"""A figure does not have the outline of a head: a search for a head's gradients, as leaks are measured, does not find one."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.released.glyph_art import glyph_sprite
from passerby.released.rect import Rect
from passerby.released.scene import Kind
from passerby.released.sprite import blend
from tests.released.drawn_scenes import Picture

MARGIN_PX, REACH_PX = 30, 8
LEGIBLE = 0.7
"""Correlation from which on a head counts as found."""


def drawn_person(height_px: int, tone: int, ground: int) -> tuple[Picture, NDArray[np.float32]]:
    """A head on shoulders before an even ground, and where it is (0 or 1)."""
    width_px, head_px = round(0.36 * height_px), 0.16 * height_px
    middle = round(MARGIN_PX + width_px / 2)
    mask = np.zeros((height_px + 2 * MARGIN_PX, width_px + 2 * MARGIN_PX), np.uint8)
    half_head = (round(head_px * 0.36), round(head_px * 0.55))
    cv2.ellipse(mask, (middle, MARGIN_PX + half_head[1]), half_head, 0, 0, 360, (255,), -1, cv2.LINE_AA)
    shoulders_px = round(MARGIN_PX + head_px * 1.9)
    cv2.ellipse(mask, (middle, shoulders_px), (round(width_px * 0.45), round(head_px)), 0, 180, 360, (255,), -1, cv2.LINE_AA)
    mask[shoulders_px : MARGIN_PX + height_px, MARGIN_PX + 2 : MARGIN_PX + width_px - 2] = 255
    opacity = mask[..., None] / 255
    return (ground * (1 - opacity) + tone * np.repeat(opacity, 3, axis=2)).astype(np.uint8), (mask > 127).astype(np.float32)


def gradients(picture: Picture) -> NDArray[np.float32]:
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return np.stack([cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)], axis=2)


def likeness(picture: Picture, raw: Picture, mask: NDArray[np.float32]) -> float:
    """How well the head of `raw` is found in `picture` within reach of its place, upright or mirrored: correlation, 0 to 1."""
    height_px, width_px = raw.shape[0] - 2 * MARGIN_PX, raw.shape[1] - 2 * MARGIN_PX
    head = (slice(MARGIN_PX, MARGIN_PX + round(0.16 * height_px)), slice(MARGIN_PX, MARGIN_PX + width_px))
    around = (slice(head[0].start - REACH_PX, head[0].stop + REACH_PX), slice(head[1].start - REACH_PX, head[1].stop + REACH_PX))
    window = np.ascontiguousarray(gradients(picture)[around])
    scores = []
    for turn in (1, -1):
        template = gradients(np.ascontiguousarray(raw[head][:, ::turn]))
        weights = np.repeat(np.ascontiguousarray(mask[head][:, ::turn])[..., None], 2, axis=2)
        found = np.abs(cv2.matchTemplate(window, template, cv2.TM_CCORR_NORMED, mask=weights))
        scores.append(float(found[np.isfinite(found)].max()))
    return max(scores)


@pytest.mark.parametrize(("tone", "ground"), [(30, 140), (180, 60), (60, 200)])
@pytest.mark.parametrize("height_px", [75, 100, 140])
def test_no_head_is_found_in_a_figure(height_px: int, tone: int, ground: int) -> None:
    raw, mask = drawn_person(height_px, tone, ground)
    assert likeness(raw, raw, mask) > 0.9
    worst = 0.0
    for right_px in (-6, 0, 6):
        for down_px in (-6, 0, 6):
            picture = np.full(raw.shape, ground, np.uint8)
            foot = (raw.shape[1] // 2 + right_px, MARGIN_PX + height_px + down_px)
            blend(picture, glyph_sprite(Kind.PERSON, round(0.36 * height_px), height_px), *foot, Rect(0, 0, raw.shape[1], raw.shape[0]))
            worst = max(worst, likeness(picture, raw, mask))
    assert worst < LEGIBLE - 0.1
