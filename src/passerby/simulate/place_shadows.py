"""Soft shadows under a cloudy sky: where things touch the ground, beneath trees, along walls; and the light's fall to the corners."""

import cv2
import numpy as np

from passerby.simulate import ground
from passerby.simulate.camera import Camera
from passerby.simulate.place_furniture import bollard_row
from passerby.simulate.place_texture import Floats
from passerby.simulate.place_trees import Tree
from passerby.simulate.vehicles import PARKING_M

Box = tuple[float, float, float, float]


def shadows(picture: Floats, camera: Camera, trees: tuple[Tree, ...], parked: int) -> None:
    """Darkens the bare ground (h, w, 3) where things stand."""
    left, right, near, far = ground.KIOSK_M
    contact_shadow(picture, camera, (left - 0.1, right + 0.5, near - 0.25, far), 0.45, 0.34)
    contact_shadow(picture, camera, (left, right, near - 0.05, far), 0.1, 0.4)
    for box in ground.PLANTERS_M:
        contact_shadow(picture, camera, (box[0], box[1] + 0.12, box[2] - 0.05, box[3]), 0.16, 0.45)
    for x, y, _ in ground.BENCHES_M:
        contact_shadow(picture, camera, (x - 0.85, x + 0.95, y - 0.25, y + 0.22), 0.18, 0.42)
        for end in (x - 0.75, x + 0.75):
            contact_shadow(picture, camera, _around((end, y), 0.06, 0.2), 0.04, 0.4)
    contact_shadow(picture, camera, _around(ground.BIN_M, 0.3, 0.25), 0.1, 0.45)
    for lamp in ground.LAMPS_M:
        contact_shadow(picture, camera, _around(lamp, 0.15, 0.12), 0.07, 0.45)
    for post in bollard_row():
        contact_shadow(picture, camera, _around(post, 0.08, 0.07), 0.06, 0.4)
    for tree in trees:
        _pit(picture, camera, (tree.x_m, tree.y_m))
        contact_shadow(picture, camera, _around((tree.x_m + 0.5, tree.y_m), 0.75 * tree.radius_m, 0.75 * tree.radius_m), 0.7, 0.22)
        contact_shadow(picture, camera, _around((tree.x_m, tree.y_m), 0.22, 0.15), 0.08, 0.4)
    for x, y in PARKING_M[:parked]:
        contact_shadow(picture, camera, _around((x + 0.05, y), 2.15, 0.86), 0.2, 0.6)
    wall = camera.to_px(np.array([[0.0, ground.FACADE_M]]))[0, 1]
    away = np.arange(camera.size.height_px, dtype=np.float32) + 0.5 - np.float32(wall)
    soft = np.float32(9 * camera.size.height_px / 576)
    picture *= (1 - 0.22 * np.exp(-np.maximum(0, away) / soft) * (away > -2))[:, None, None]


def contact_shadow(picture: Floats, camera: Camera, box_m: Box, spread_m: float, deep: float) -> None:
    """Darkens the ground under and around a thing (left, right, near, far), softly over `spread_m`, by the share `deep`."""
    left, right, near, far = box_m
    corners = camera.to_px(np.array([(left, near), (right, near), (right, far), (left, far)]))
    soft = max(0.6, spread_m * float(camera.px_per_m(np.array([[(left + right) / 2, near]]))[0]))
    size = camera.size
    low = np.maximum(np.floor(corners.min(0) - 3 * soft).astype(int), -200)
    high = np.minimum(np.ceil(corners.max(0) + 3 * soft).astype(int), (size.width_px + 200, size.height_px + 200))
    y0, x0, y1, x1 = max(0, int(low[1])), max(0, int(low[0])), min(size.height_px, int(high[1])), min(size.width_px, int(high[0]))
    if y1 <= y0 or x1 <= x0:
        return
    mask = np.zeros((int(high[1] - low[1]), int(high[0] - low[0])), np.float32)
    cv2.fillPoly(mask, [np.round((corners - low) * 16).astype(np.int32)], 1.0, cv2.LINE_8, 4)
    blurred = np.asarray(cv2.GaussianBlur(mask, (0, 0), soft, sigmaY=max(0.5, 0.55 * soft)), np.float32)
    part = blurred[y0 - int(low[1]) : y1 - int(low[1]), x0 - int(low[0]) : x1 - int(low[0])]
    picture[y0:y1, x0:x1] *= 1 - np.float32(deep) * part[..., None]


def vignette(camera: Camera, deep: float) -> Floats:
    """(h, w) float32: 1 in the middle, less by `deep` in the corners."""
    rows, columns = camera.size.height_px, camera.size.width_px
    down, across = np.linspace(-1, 1, rows, dtype=np.float32)[:, None], np.linspace(-1, 1, columns, dtype=np.float32)[None]
    return np.asarray(1 - deep * ((down**2 + across**2) / 2) ** 1.3, np.float32)


def _pit(picture: Floats, camera: Camera, at_m: tuple[float, float]) -> None:
    """The square of earth around a trunk, with an iron rim."""
    for half, tone in ((0.66, (86.0, 88.0, 90.0)), (0.6, (62.0, 72.0, 80.0))):
        x, y = at_m
        corners = camera.to_px(np.array([(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]))
        mask = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        share = (mask * np.float32(0.85 / 255))[..., None]
        picture += (np.asarray(tone, np.float32) - picture) * share


def _around(middle: tuple[float, float], across_m: float, along_m: float) -> Box:
    return (middle[0] - across_m, middle[0] + across_m, middle[1] - along_m, middle[1] + along_m)
