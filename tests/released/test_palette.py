"""Colours that stay apart for everybody."""

from itertools import combinations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.released.palette import ALERT_BGR, CALM_BGR, CELL_BGR, HATCH_BGR, HATCH_EDGE_BGR, KIND_BGR, PILL_BGR, TEXT_BGR, Bgr

# Severity 1.0, linear RGB: Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency", 2009.
SIGHTS = {
    "all cones": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
JUST_NOTICEABLE = 2.3
"""Difference in CIELAB that an eye can just see (Mahy and others, 1994)."""


def seen(bgr: Bgr, sight: str) -> NDArray[np.float32]:
    """A colour as L*, a*, b*, as somebody with that sight sees it."""
    rgb = np.array(bgr[::-1]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    simulated = np.clip(SIGHTS[sight] @ linear, 0, 1)
    back = np.where(simulated <= 0.0031308, simulated * 12.92, 1.055 * simulated ** (1 / 2.4) - 0.055)
    return np.asarray(cv2.cvtColor(back.astype(np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2LAB).reshape(3), np.float32)


def apart(one: Bgr, other: Bgr, sight: str) -> float:
    return float(np.linalg.norm(seen(one, sight) - seen(other, sight)))


@pytest.mark.parametrize("sight", SIGHTS)
def test_kinds_cells_and_the_withheld_stay_apart(sight: str) -> None:
    colours = [*KIND_BGR.values(), CELL_BGR, HATCH_BGR]
    assert min(apart(one, other, sight) for one, other in combinations(colours, 2)) > 8 * JUST_NOTICEABLE


@pytest.mark.parametrize("sight", SIGHTS)
def test_the_captions_dot_and_letters_stand_out(sight: str) -> None:
    assert apart(CALM_BGR, ALERT_BGR, sight) > 8 * JUST_NOTICEABLE
    assert min(apart(PILL_BGR, bgr, sight) for bgr in (TEXT_BGR, CALM_BGR, ALERT_BGR)) > 16 * JUST_NOTICEABLE


def test_figures_and_hatch_are_more_colourful_than_clothing() -> None:
    """Between the strongest and the weakest channel 95 in 100 pixels of people in the PETS clip have 72 levels or less."""
    assert min(max(bgr) - min(bgr) for bgr in (*KIND_BGR.values(), HATCH_BGR, HATCH_EDGE_BGR)) > 72
