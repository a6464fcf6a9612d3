"""From a mesh to pixels: which patch is seen where, and where on the patch.

The view is parallel, from ELEVATION_RAD above the horizon. Patches are painted from the farthest to the nearest as numbers into a label picture;
each pixel then takes its normal, its place on the figure and its depth from its patch, as if the patch were a parallelogram.
"""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.simulate.figure_mesh import Mesh

Floats = NDArray[np.float32]

ELEVATION_RAD: Final = math.radians(25.0)
MARGIN_PX: Final = 5
SHIFT: Final = 4
"""Bits of a pixel's fraction that OpenCV's polygons take."""


@dataclass(frozen=True, eq=False)
class Seen:
    """The pixels in which the figure is seen.

    Attributes:
        labels: height x width int32, 0 where there is nothing.
        inside: height x width bool.
        parts: p uint8: the part of each pixel, in the order of `inside`.
        normals: p x 3: to the picture's right, up, and to the viewer.
        places: p x 4: see `Mesh.places`.
        depth_m: p: nearness to the viewer.
        foot_x_px, foot_y_px: Where the origin is.
    """

    labels: NDArray[np.int32]
    inside: NDArray[np.bool_]
    parts: NDArray[np.uint8]
    normals: Floats
    places: Floats
    depth_m: Floats
    foot_x_px: float
    foot_y_px: float


def heading_matrix(heading_rad: float) -> NDArray[np.float64]:
    """From a person's coordinates to the camera's: right in the picture, away, up. A heading of 0 comes towards the camera, pi / 2 goes right."""
    ahead_x, ahead_y = math.sin(heading_rad), -math.cos(heading_rad)
    return np.array([[ahead_y, ahead_x, 0.0], [-ahead_x, ahead_y, 0.0], [0.0, 0.0, 1.0]])


def view_matrix(heading_rad: float) -> NDArray[np.float64]:
    """From a person's coordinates to the view's: right, up, towards the viewer, all in metres."""
    sine, cosine = math.sin(ELEVATION_RAD), math.cos(ELEVATION_RAD)
    look = np.array([[1.0, 0.0, 0.0], [0.0, sine, cosine], [0.0, -cosine, sine]])
    return np.asarray(look @ heading_matrix(heading_rad))


def rasterised(mesh: Mesh, heading_rad: float, px_per_m: float) -> Seen:
    """What is seen of a mesh at a heading; one metre upright is `px_per_m` pixels."""
    matrix = view_matrix(heading_rad)
    scale = px_per_m / math.cos(ELEVATION_RAD)
    corners = (mesh.corners @ matrix.T).astype(np.float32)
    flat = corners[..., :2] * np.float32(scale) * np.array([1, -1], np.float32)
    across, down = flat[:, 2] - flat[:, 0], flat[:, 3] - flat[:, 1]
    faces = np.abs(across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]) > 0.02
    normals = (mesh.normals @ matrix.T).astype(np.float32)
    towards = normals[..., 2].mean(axis=1) > 0
    shell = mesh.parts >= TWO_SIDED
    order = np.flatnonzero(faces & (towards | shell))
    order = order[np.argsort(corners[order, :, 2].mean(axis=1) + FORWARD_M[mesh.parts[order]], kind="stable")]
    flat = flat[order]
    low = np.floor(flat.reshape(-1, 2).min(axis=0)) - MARGIN_PX
    low = np.minimum(low, -MARGIN_PX)
    high = np.maximum(np.ceil(flat.reshape(-1, 2).max(axis=0)), 0) + MARGIN_PX
    width, height = (high - low).astype(int) + 1
    labels = np.zeros((height, width), np.int32)
    fixed = np.rint((flat - low) * 2**SHIFT).astype(np.int32)
    for number, polygon in enumerate(fixed, 1):
        cv2.fillConvexPoly(labels, polygon, number, cv2.LINE_8, SHIFT)
    values = np.concatenate([normals[order], mesh.places[order].astype(np.float32), corners[order, :, 2:]], axis=2)
    found = _interpolated(labels, flat - low.astype(np.float32), values)
    inside = labels > 0
    parts = mesh.parts[order][labels[inside] - 1]
    found[:, 2] = np.abs(found[:, 2])
    foot = -low
    return Seen(labels, inside, parts, found[:, :3], found[:, 3:7], found[:, 7], float(foot[0]), float(foot[1]))


FORWARD_M: Final = np.array([0.0, 0.0, 0.0, 0.025, 0.005, 0.0, 0.02, 0.0, 0.0, 0.0, 0.0, 0.0])
"""By part: how much nearer it is taken to be. The upper cloth hangs over the lower one, a skirt over the legs."""
TWO_SIDED: Final = 8
"""Parts from this number on (`figure_body.Part.THING`) may be open shells, seen from within too."""


def _interpolated(labels: NDArray[np.int32], flat: Floats, values: Floats) -> Floats:
    """The values (patches x 4 x k, at the corners) at every pixel inside: p x k."""
    middle = flat.mean(axis=1)
    first = ((flat[:, 1] - flat[:, 0]) + (flat[:, 2] - flat[:, 3])) / 2
    second = ((flat[:, 3] - flat[:, 0]) + (flat[:, 2] - flat[:, 1])) / 2
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    area = np.where(np.abs(area) < 0.05, np.float32(0.05), area)
    rows, columns = np.nonzero(labels)
    patch = labels[rows, columns] - 1
    x, y = columns - middle[patch, 0], rows - middle[patch, 1]
    along = np.clip((x * second[patch, 1] - y * second[patch, 0]) / area[patch], -0.55, 0.55)
    across = np.clip((y * first[patch, 0] - x * first[patch, 1]) / area[patch], -0.55, 0.55)
    mean = values.mean(axis=1)
    rise_first = ((values[:, 1] - values[:, 0]) + (values[:, 2] - values[:, 3])) / 2
    rise_second = ((values[:, 3] - values[:, 0]) + (values[:, 2] - values[:, 1])) / 2
    return np.asarray(mean[patch] + along[:, None] * rise_first[patch] + across[:, None] * rise_second[patch], np.float32)
