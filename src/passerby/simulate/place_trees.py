"""Trees: a trunk and a crown of many leaves, and the crown's pictures as wind bends it."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from passerby.simulate.camera import Camera
from passerby.simulate.place_solids import Drawing, Layer, lit
from passerby.simulate.place_texture import Bgr, Floats, Picture, waves

BENDS: Final = 13
"""Pictures of a crown, from bent to the left to bent to the right."""
LARGEST_BEND: Final = 3.0
"""Pixels by which the middle of a crown moves in full wind, in a picture 576 pixels high."""
LEAVES: Final = 2600
"""Ragged spots of a few leaves each."""
CORNERS: Final = 6
BARK: Final[Bgr] = (72, 82, 90)


@dataclass(frozen=True)
class Tree:
    """A tree, in metres.

    Attributes:
        x_m: Its trunk's place.
        y_m: Its trunk's place.
        high_m: Height of the top.
        clear_m: Height of the crown's lower side.
        radius_m: The crown's radius.
    """

    x_m: float
    y_m: float
    high_m: float
    clear_m: float
    radius_m: float


def trunk(camera: Camera, tree: Tree, grain: Floats) -> Layer:
    """The trunk and the beginnings of its branches."""
    x, y = tree.x_m, tree.y_m
    low, high = (x - tree.radius_m, y - 0.4, 0.0), (x + tree.radius_m, y + 0.4, tree.high_m)
    drawing = Drawing(camera, [(a, b, c) for a in (low[0], high[0]) for b in (low[1], high[1]) for c in (low[2], high[2])])
    fork = tree.clear_m + 0.35
    drawing.column((x, y), (0.0, 0.3), (0.24, 0.16), BARK)
    drawing.column((x, y), (0.3, fork), (0.16, 0.12), BARK)
    for aside, up in ((-0.6, 0.55), (-0.25, 0.8), (0.1, 0.9), (0.5, 0.6)):
        end = (x + aside * tree.radius_m, y, fork + up * (tree.high_m - fork))
        drawing.line([(x, y, fork - 0.15), (x + 0.45 * aside * tree.radius_m, y, fork + 0.4 * (end[2] - fork)), end], 0.08, lit(BARK, 0.85))
    return drawing.layer(y, grain)


def crown(camera: Camera, tree: Tree, rng: np.random.Generator, *, infrared: bool) -> Layer:
    """The leaves: clumps of them, darker below and inside, brighter above."""
    x, y, radius = tree.x_m, tree.y_m, tree.radius_m
    middle, half = (tree.clear_m + tree.high_m) / 2, (tree.high_m - tree.clear_m) / 2
    room = 0.5
    drawing = Drawing(camera, [(x + a * (radius + room), y, middle + b * (half + room)) for a in (-1, 1) for b in (-1, 1)], finer=3)
    clumps = rng.normal(0, 1, (26, 3))
    clumps *= (0.62 * rng.random((26, 1)) ** 0.4) / np.linalg.norm(clumps, axis=1, keepdims=True)
    of = rng.integers(0, len(clumps), LEAVES)
    inside = rng.normal(0, 0.17, (LEAVES, 3))
    at = clumps[of] + inside
    # Far ones first; of a clump its lower leaves lie in its own shadow.
    order = np.argsort(-at[:, 1] + 0.3 * rng.random(LEAVES))[::-1]
    at, own = at[order], inside[order, 2] / 0.17
    tone = 0.66 + 0.26 * at[:, 2] - 0.16 * at[:, 1] + 0.10 * own - 0.10 * at[:, 0] + rng.normal(0, 0.06, LEAVES)
    if infrared:
        # Leaves scatter near infrared light: their shadows are pale.
        tone = 0.8 + 0.45 * (tone - 0.66)
    colours = np.asarray((158, 158, 158) if infrared else (58, 104, 86), np.float64) + np.outer(
        rng.normal(0, 5, LEAVES), (0, 0 if infrared else 1, 0 if infrared else 1)
    )
    turn = np.linspace(0, 2 * math.pi, CORNERS, endpoint=False)[None] + rng.uniform(0, 1, (LEAVES, 1))
    away = rng.uniform(0.07, 0.17, (LEAVES, 1)) * rng.uniform(0.45, 1.0, (LEAVES, CORNERS))
    across = x + radius * at[:, :1] + away * np.cos(turn)
    up = middle + half * at[:, 2:] + 0.8 * away * np.sin(turn)
    drawing.fills(np.stack([across, np.full_like(across, y), up], 2), colours * np.maximum(0.25, tone)[:, None])
    return drawing.layer(y - 0.6)


def bent(layer: Layer, rng: np.random.Generator, largest_px: float) -> tuple[Layer, ...]:
    """The crown as wind bends it, in BENDS pictures: its top goes farther than its foot, and its leaves do not all go alike."""
    rows, columns = layer.alpha.shape
    across, down = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    up = 1 - down / max(1, rows - 1)
    own = np.asarray(cv2.resize(waves(rng, 64, 5), (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)
    other = np.asarray(cv2.resize(waves(rng, 64, 6), (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)
    pictures = []
    for push in np.linspace(-1, 1, BENDS):
        if abs(push) < 1e-9:
            pictures.append(layer)
            continue
        away = np.float32(push * largest_px)
        from_x = np.asarray(across - away * (0.35 + 0.75 * up) - 0.35 * away * own, np.float32)
        from_y = np.asarray(down - 0.3 * away * other, np.float32)
        sums = layer.bgr.astype(np.float32) * (layer.alpha[..., None].astype(np.float32) / 255)
        moved = np.asarray(cv2.remap(sums, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.float32)
        alpha = np.asarray(cv2.remap(layer.alpha, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.uint8)
        bgr: Picture = np.asarray(np.clip(moved * (255 / np.maximum(alpha, 1).astype(np.float32))[..., None], 0, 255), np.uint8)
        pictures.append(Layer(layer.left_px, layer.top_px, bgr, alpha, layer.y_m))
    return tuple(pictures)


def bend_at(time_s: float, wind: float, phase: float) -> int:
    """Which of the BENDS pictures a tree shows: gusts of several seconds, and the sway between them."""
    gust = 0.55 + 0.45 * math.sin(0.37 * time_s + phase) * math.sin(0.113 * time_s + 2.1 * phase)
    sway = math.sin(2.3 * time_s + 1.7 * phase) * 0.62 + math.sin(3.9 * time_s + 3.1 * phase) * 0.28
    push = max(-1.0, min(1.0, wind * gust * (sway + 0.12)))
    return round((push + 1) / 2 * (BENDS - 1))
