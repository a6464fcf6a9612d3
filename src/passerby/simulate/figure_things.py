"""What people have with them, as meshes beside their skeleton: bag, suitcase, umbrella, stroller, wheelchair."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from passerby.simulate.cast import Appearance, Carried, Posture
from passerby.simulate.figure_body import Part
from passerby.simulate.figure_mesh import Mesh, Tubes, box_mesh, rod_mesh, tubes_mesh, wheel_mesh
from passerby.simulate.figure_skeleton import STROLLER_GRIP_M, Skeleton

Floats = NDArray[np.float64]


def things(bones: Skeleton, look: Appearance, posture: Posture, tall: float) -> list[Mesh]:
    """What is drawn beside the body. Somebody who lies has nothing, somebody who sits has their wheelchair or a bag beside them."""
    if posture is Posture.LYING:
        return []
    made: dict[Carried, Callable[[], list[Mesh]]] = {
        Carried.BAG: lambda: _bag(bones, look, tall, seated=posture is Posture.SITTING),
        Carried.WHEELCHAIR: _wheelchair,
    }
    if posture is not Posture.SITTING:
        made |= {
            Carried.SUITCASE: lambda: _suitcase(bones, look),
            Carried.UMBRELLA: lambda: _umbrella(bones, tall),
            Carried.STROLLER: _stroller,
        }
    return made.get(look.carried, list)()


def _bag(bones: Skeleton, look: Appearance, tall: float, *, seated: bool) -> list[Mesh]:
    """A shoulder bag or a backpack."""
    right = bones.chest_right
    ahead = np.array([-right[1], right[0], 0.0])
    if look.grain % 2 and not seated:
        low, high = bones.pelvis + 0.3 * (bones.chest - bones.pelvis), bones.chest
        centres = np.linspace(low, high, 7) - 0.105 * tall * ahead
        wide = np.array([0.03, 0.080, 0.086, 0.086, 0.082, 0.068, 0.02]) * tall
        deep = np.array([0.02, 0.050, 0.056, 0.054, 0.048, 0.036, 0.01]) * tall
        pack = Tubes(centres[None], right[None], wide[None], deep[None], np.full((1, 6), Part.THING, np.uint8))
        straps = [rod_mesh(_over(bones.chest + side * 0.06 * tall * right, ahead, tall), 0.012 * tall, Part.THING) for side in (-1, 1)]
        return [tubes_mesh(pack, 12, 0.6), *straps]
    side = -1 if look.grain % 4 < 2 else 1
    if seated:
        return [box_mesh(bones.pelvis + np.array([side * 0.36, 0.05, 0.08]), (0.15, 0.07, 0.11), Part.THING)]
    hung = bones.pelvis + side * 0.135 * tall * right - 0.03 * tall * ahead + np.array([0.0, 0.0, 0.02 * tall])
    strap = np.stack([hung + np.array([0, 0, 0.05]), bones.chest + side * 0.105 * tall * right + np.array([0, 0, 0.025 * tall])])
    return [box_mesh(hung, (0.055, 0.15, 0.12), Part.THING), rod_mesh(strap, 0.012, Part.THING)]


def _over(shoulder: Floats, ahead: Floats, tall: float) -> Floats:
    """A strap over a shoulder, from the back to the armpit in front."""
    steps = np.array([[-0.07, -0.10], [-0.05, 0.02], [0.0, 0.045], [0.05, 0.02], [0.07, -0.06], [0.06, -0.16]]) * tall
    return np.asarray(shoulder + steps[:, :1] * ahead + steps[:, 1:] * np.array([0.0, 0.0, 1.0]))


def _suitcase(bones: Skeleton, look: Appearance) -> list[Mesh]:
    """A trolley case, drawn behind by its handle."""
    hand = bones.fingers[1]
    foot = np.array([hand[0] + 0.03, hand[1] - 0.42, 0.05])
    size = 0.24 + 0.08 * (look.grain % 5) / 5
    lean = (hand - foot) / np.linalg.norm(hand - foot)
    levels = np.array([-1.0, -0.98, -0.5, 0.0, 0.5, 0.98, 1.0])[:, None] * size
    centres = foot + (size + 0.02) * lean + levels * lean
    wide, deep = np.array([0.02, 0.20, 0.20, 0.20, 0.20, 0.20, 0.02]), np.array([0.02, 0.11, 0.11, 0.11, 0.11, 0.11, 0.02])
    case = Tubes(centres[None], np.array([[1.0, 0, 0]]), wide[None], deep[None], np.full((1, 6), Part.THING, np.uint8))
    top = centres[-1]
    bars = [rod_mesh(np.stack([top, hand]) + np.array([x, 0, 0]), 0.010, Part.METAL) for x in (-0.07, 0.07)]
    wheels = [wheel_mesh(foot + np.array([x, 0, 0]), 0.035, 0.03, Part.DARK, 8) for x in (-0.14, 0.14)]
    return [tubes_mesh(case, 16, 0.35), *bars, *wheels]


def _umbrella(bones: Skeleton, tall: float) -> list[Mesh]:
    """An open umbrella over the head, held in the right hand."""
    hand = bones.wrists[1]
    top = np.array([0.5 * hand[0], 0.5 * hand[1], max(hand[2] + 0.70, tall + 0.36)])
    drop = np.array([0.0, 0.012, 0.05, 0.10, 0.17, 0.26])
    radii = np.array([0.005, 0.14, 0.30, 0.41, 0.49, 0.54])
    centres = top - drop[:, None] * np.array([0.0, 0.0, 1.0])
    parts = np.full((1, 5), Part.THING, np.uint8)
    dome = tubes_mesh(Tubes(centres[None], np.array([[-1.0, 0, 0]]), radii[None], radii[None], parts), 16)
    return [dome, rod_mesh(np.stack([hand - [0, 0, 0.1], top]), 0.010, Part.METAL)]


def _stroller() -> list[Mesh]:
    """A stroller ahead of the person, its hood towards them; nobody is seen in it."""
    _, grip_y, grip_z = STROLLER_GRIP_M
    seat = np.array([0.0, grip_y + 0.50, 0.62])
    levels = np.array([0.0, 0.05, 0.3, 0.6, 0.9, 0.99, 1.0])[:, None]
    hull = seat + levels * np.array([0.0, 0.10, 0.22]) - np.array([0.0, 0.0, 0.16])
    wide, deep = np.array([0.01, 0.14, 0.19, 0.21, 0.21, 0.20, 0.01]), np.array([0.01, 0.27, 0.33, 0.35, 0.34, 0.32, 0.01])
    parts = np.full((1, 6), Part.THING, np.uint8)
    tub = tubes_mesh(Tubes(hull[None], np.array([[1.0, 0, 0]]), wide[None], deep[None], parts), 14, 0.7)
    turn = np.linspace(0, 0.5 * np.pi, 7)
    hood_at = seat + np.stack([0 * turn, -0.24 + 0.06 * np.sin(turn), 0.06 + 0.30 * np.sin(turn)], axis=-1)
    hood_wide, hood_deep = 0.215 * np.cos(0.98 * turn) ** 0.6, 0.23 * np.cos(0.98 * turn) ** 0.6
    second = np.full((1, 6), Part.THING_SECOND, np.uint8)
    hood = tubes_mesh(Tubes(hood_at[None], np.array([[1.0, 0, 0]]), hood_wide[None], hood_deep[None], second), 14)
    meshes = [tub, hood]
    for side in (-0.22, 0.22):
        meshes.append(rod_mesh(np.array([[side, grip_y, grip_z], [side, grip_y + 0.30, 0.62], [side, grip_y + 0.80, 0.12]]), 0.013, Part.METAL))
        meshes.append(rod_mesh(np.array([[side, grip_y + 0.62, 0.55], [side, grip_y + 0.18, 0.12]]), 0.013, Part.METAL))
        meshes += [wheel_mesh(np.array([side, grip_y + y, 0.12]), 0.11, 0.04, Part.DARK, 14) for y in (0.18, 0.80)]
    meshes.append(rod_mesh(np.array([[-0.22, grip_y, grip_z], [0.0, grip_y, grip_z], [0.22, grip_y, grip_z]]), 0.016, Part.DARK))
    return meshes


def _wheelchair() -> list[Mesh]:
    """The chair beneath and behind a person who sits in it."""
    meshes = [
        box_mesh(np.array([0.0, 0.16, 0.47]), (0.21, 0.22, 0.03), Part.DARK),
        box_mesh(np.array([0.0, -0.13, 0.72]), (0.21, 0.025, 0.22), Part.THING),
        box_mesh(np.array([0.0, 0.56, 0.13]), (0.17, 0.07, 0.012), Part.DARK),
    ]
    for side in (-1, 1):
        x = 0.28 * side
        meshes.append(wheel_mesh(np.array([x, 0.0, 0.31]), 0.29, 0.035, Part.DARK, 24))
        meshes.append(wheel_mesh(np.array([x + 0.03 * side, 0.0, 0.31]), 0.245, 0.02, Part.METAL, 24))
        meshes.append(wheel_mesh(np.array([0.22 * side, 0.42, 0.09]), 0.075, 0.03, Part.DARK, 10))
        turn = np.array([0.3, 1.35, 2.4, 3.45, 4.5, 5.55])
        rim = np.array([x, 0.0, 0.31]) + 0.27 * np.stack([0 * turn, np.cos(turn), np.sin(turn)], axis=-1)
        meshes += [rod_mesh(np.stack([np.array([x, 0.0, 0.31]), end]), 0.007, Part.METAL, 4) for end in rim]
        meshes.append(rod_mesh(np.array([[0.22 * side, -0.14, 0.95], [0.22 * side, -0.13, 0.30]]), 0.014, Part.METAL))
        meshes.append(rod_mesh(np.array([[0.22 * side, -0.10, 0.66], [0.22 * side, 0.30, 0.66]]), 0.022, Part.DARK))
        meshes.append(rod_mesh(np.array([[0.20 * side, 0.38, 0.46], [0.17 * side, 0.55, 0.13]]), 0.012, Part.METAL))
        meshes.append(rod_mesh(np.array([[0.22 * side, -0.14, 0.95], [0.22 * side, -0.24, 0.95]]), 0.018, Part.DARK))
    return meshes
