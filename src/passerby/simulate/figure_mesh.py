"""Surfaces in space, made of four-cornered patches: tubes with elliptic sections, and what can be put together from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TINY_M: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Mesh:
    """Patches.

    Attributes:
        corners: n x 4 x 3, in metres, in the order around the patch.
        normals: n x 4 x 3, of length 1, outwards.
        places: n x 4 x 4: where a corner lies on its part: angle around it (0 = front, positive to the right), share of its length, and both in
            metres.
        parts: n, uint8: which part of the figure (`figure_body.Part`).
    """

    corners: Floats
    normals: Floats
    places: Floats
    parts: NDArray[np.uint8]

    def placed(self, matrix: Floats, offset: Floats) -> "Mesh":
        """The mesh turned by a 3 x 3 rotation and moved."""
        return Mesh(self.corners @ matrix.T + offset, self.normals @ matrix.T, self.places, self.parts)


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """All patches of several meshes."""
    return Mesh(
        np.concatenate([mesh.corners for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.places for mesh in meshes]),
        np.concatenate([mesh.parts for mesh in meshes]),
    )


@dataclass(frozen=True, eq=False)
class Tubes:
    """Several tubes of equally many rings.

    Attributes:
        centres: t x n x 3: the middles of the rings.
        right: t x 3 or t x n x 3: roughly the direction of the rings' first half-axis.
        wide: t x n: that half-axis in metres.
        deep: t x n: the other one.
        parts: t x (n - 1) uint8: the part that lies between two rings.
        swell: t x n x (sides + 1) or None: factor on the radius, by ring and angle.
    """

    centres: Floats
    right: Floats
    wide: Floats
    deep: Floats
    parts: NDArray[np.uint8]
    swell: Floats | None = None


def tubes_mesh(tubes: Tubes, sides: int, squareness: float = 1.0) -> Mesh:
    """The surface of tubes; `squareness` below 1 turns the sections from ellipses towards rectangles."""
    centres = tubes.centres
    along = _unit(np.gradient(centres, axis=1))
    right = tubes.right if tubes.right.ndim == 3 else np.broadcast_to(tubes.right[:, None], centres.shape)
    right = _unit(right - (right * along).sum(-1, keepdims=True) * along)
    front = _cross(along, right)
    # The front is where the angle is 0: ahead for a tube that runs up beside a vector to the right, or down beside one to the left.
    angles = np.linspace(-np.pi, np.pi, sides + 1)
    cosine, sine = np.cos(angles), np.sin(angles)
    if squareness != 1.0:
        cosine, sine = (np.sign(part) * np.abs(part) ** squareness for part in (cosine, sine))
    wide, deep = tubes.wide[:, :, None] * sine, tubes.deep[:, :, None] * cosine
    if tubes.swell is not None:
        wide, deep = wide * tubes.swell, deep * tubes.swell
    points = centres[:, :, None] + wide[..., None] * right[:, :, None] + deep[..., None] * front[:, :, None]
    normals = _normals(points, tubes, right, front, (cosine, sine))
    return _patches(points, normals, tubes, angles)


def _normals(points: Floats, tubes: Tubes, right: Floats, front: Floats, turn: tuple[Floats, Floats]) -> Floats:
    """Normals of length 1, outwards: across the ring's tangent and the tube's."""
    cosine, sine = turn
    around = (tubes.wide[:, :, None] * cosine)[..., None] * right[:, :, None] - (tubes.deep[:, :, None] * sine)[..., None] * front[:, :, None]
    along = np.gradient(points, axis=1)
    normals = _cross(along, around)
    outward = sine[:, None] * right[:, :, None] + cosine[:, None] * front[:, :, None]
    facing = np.sign((normals * outward).sum(-1, keepdims=True))
    # At a tip the ring is a point and gives no direction: there the outward one is taken.
    return _unit(np.where(facing == 0, 1, facing) * normals + 1e-7 * outward)


def _patches(points: Floats, normals: Floats, tubes: Tubes, angles: Floats) -> Mesh:
    count, rings, turns = points.shape[:3]
    share = np.broadcast_to(np.linspace(0, 1, rings)[None, :, None], (count, rings, turns))
    steps = np.linalg.norm(np.diff(tubes.centres, axis=1), axis=-1)
    length = np.concatenate([np.zeros((count, 1)), np.cumsum(steps, axis=1)], axis=1)
    girth = (tubes.wide + tubes.deep).max(axis=1) / 2
    angle = np.broadcast_to(angles, (count, rings, turns))
    places = np.stack([angle, share, angle * girth[:, None, None], np.broadcast_to(length[:, :, None], share.shape)], axis=-1)
    parts = np.repeat(tubes.parts.reshape(-1), turns - 1).astype(np.uint8)
    return Mesh(_around(points), _around(normals), _around(places), parts)


def _around(values: Floats) -> Floats:
    """The values at the four corners of each patch: (patches) x 4 x k, from t x n x turns x k."""
    corners = np.stack([values[:, :-1, :-1], values[:, :-1, 1:], values[:, 1:, 1:], values[:, 1:, :-1]], axis=3)
    return np.ascontiguousarray(corners.reshape(-1, 4, values.shape[-1]))


def box_mesh(middle: Floats, half_m: tuple[float, float, float], part: int) -> Mesh:
    """A box with rounded edges, upright: half its width, depth and height."""
    wide, deep, high = half_m
    levels = np.array([-1.0, -0.999, -0.5, 0.0, 0.5, 0.999, 1.0]) * high
    size = np.array([0.02, 1, 1, 1, 1, 1, 0.02])
    centres = np.asarray(middle, np.float64) + np.stack([0 * levels, 0 * levels, levels], axis=-1)
    tubes = Tubes(centres[None], np.array([[1.0, 0, 0]]), wide * size[None], deep * size[None], np.full((1, 6), part, np.uint8))
    return tubes_mesh(tubes, 16, 0.35)


def rod_mesh(points: Floats, radius_m: float, part: int, sides: int = 6) -> Mesh:
    """A thin rod along points (n x 3)."""
    centres = np.asarray(points, np.float64)[None]
    run = centres[0, -1] - centres[0, 0]
    right = np.array([[1.0, 0.0, 0.0]]) if abs(run[0]) < 0.7 * max(float(np.linalg.norm(run)), TINY_M) else np.array([[0.0, 1.0, 0.0]])
    size = np.full((1, centres.shape[1]), radius_m)
    return tubes_mesh(Tubes(centres, right, size, size, np.full((1, centres.shape[1] - 1), part, np.uint8)), sides)


def wheel_mesh(hub: Floats, radius_m: float, width_m: float, part: int, corners: int = 18) -> Mesh:
    """A tyre that stands upright and rolls forward."""
    turn = np.linspace(0, 2 * np.pi, corners + 1)
    centres = np.asarray(hub, np.float64) + radius_m * np.stack([0 * turn, np.sin(turn), np.cos(turn)], axis=-1)
    right = np.array([[1.0, 0.0, 0.0]])
    wide, deep = np.full((1, corners + 1), width_m / 2), np.full((1, corners + 1), max(width_m / 2, 0.012))
    return tubes_mesh(Tubes(centres[None], right, wide, deep, np.full((1, corners), part, np.uint8)), 6)


def _cross(a: Floats, b: Floats) -> Floats:
    """As numpy.cross along the last axis, several times as fast on small arrays."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def _unit(vectors: Floats) -> Floats:
    lengths = np.sqrt((vectors * vectors).sum(-1, keepdims=True))
    return np.asarray(vectors / np.maximum(lengths, TINY_M**3))
