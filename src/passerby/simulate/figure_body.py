"""The body around a skeleton: trunk, limbs, head, hair and clothes as tubes."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.simulate.cast import Appearance, Bottom, Hair, Top
from passerby.simulate.figure_mesh import Mesh, Tubes, joined, rod_mesh, tubes_mesh
from passerby.simulate.figure_skeleton import Skeleton

Floats = NDArray[np.float64]


class Part(IntEnum):
    """What a patch belongs to: it decides how the patch is coloured."""

    SKIN = 0
    FACE = 1
    HAIR = 2
    TRUNK = 3
    SLEEVE = 4
    LEG = 5
    SKIRT = 6
    SHOE = 7
    THING = 8
    THING_SECOND = 9
    DARK = 10
    METAL = 11


TRUNK_SIDES: Final = 16
LIMB_SIDES: Final = 10
# Of each ring of the trunk: where it lies between the hips (0) and the shoulders' height (1), its half width, its half depth and how far its middle
# lies ahead, as shares of the height.
TRUNK_RINGS: Final = (
    (-0.16, 0.030, 0.034, 0.000),
    (-0.10, 0.078, 0.066, -0.006),
    (0.02, 0.096, 0.076, -0.011),
    (0.18, 0.092, 0.073, -0.006),
    (0.38, 0.086, 0.068, 0.008),
    (0.60, 0.093, 0.073, 0.010),
    (0.78, 0.099, 0.072, 0.004),
    (0.90, 0.097, 0.063, -0.004),
    (0.99, 0.080, 0.050, -0.007),
    (1.06, 0.052, 0.039, -0.003),
    (1.13, 0.031, 0.031, 0.004),
)
LEG_AT: Final = (0.0, 0.12, 0.27, 0.40, 0.47, 0.53, 0.64, 0.78, 0.92, 1.0)
LEG_RADII: Final = (0.047, 0.050, 0.046, 0.040, 0.036, 0.034, 0.035, 0.031, 0.024, 0.022)
ARM_AT: Final = (-0.01, 0.03, 0.12, 0.30, 0.46, 0.54, 0.68, 0.84, 0.95, 1.0)
ARM_RADII: Final = (0.026, 0.034, 0.036, 0.033, 0.030, 0.028, 0.028, 0.024, 0.020, 0.019)
HEAD_AT: Final = (-0.14, -0.12, -0.04, 0.10, 0.28, 0.46, 0.62, 0.78, 0.90, 0.97, 1.0)
HEAD_WIDE: Final = (0.002, 0.018, 0.029, 0.036, 0.041, 0.045, 0.046, 0.043, 0.033, 0.018, 0.002)
HEAD_DEEP: Final = (0.002, 0.022, 0.037, 0.047, 0.052, 0.056, 0.057, 0.053, 0.041, 0.023, 0.002)
SLEEVE_ENDS: Final = {Top.SHORT_SLEEVES: 0.36, Top.LONG_SLEEVES: 0.99, Top.JACKET: 0.99, Top.COAT: 0.99}
TOP_THICK: Final = {Top.SHORT_SLEEVES: 0.003, Top.LONG_SLEEVES: 0.005, Top.JACKET: 0.011, Top.COAT: 0.013}
"""How much clothes add to a radius, as a share of the height."""
LEG_WIDTHS: Final = {
    Bottom.SLIM: (1.02, 1.06),
    Bottom.STRAIGHT: (1.08, 1.45),
    Bottom.WIDE: (1.16, 1.95),
    Bottom.SHORTS: (1.18, 1.0),
    Bottom.SKIRT: (1.0, 1.0),
}
"""Factors on the leg's radius at the thigh and at the ankle."""
SKIRT_HEM: Final = -0.52
HEM: Final = {Top.SHORT_SLEEVES: -0.02, Top.LONG_SLEEVES: -0.04, Top.JACKET: -0.16, Top.COAT: 0.0}
"""Where the upper cloth ends, between hips (0) and shoulders (1)."""


@dataclass(frozen=True, eq=False)
class Body:
    """What the body is made from: joints in metres, the look, and the height."""

    bones: Skeleton
    look: Appearance
    tall: float

    def mesh(self) -> Mesh:
        """The dressed body."""
        parts = [self._trunk(), self._limbs(), self._feet_and_hands(), self._head(), *self._hair()]
        if self.look.bottom is Bottom.SKIRT:
            parts.append(self._skirt(SKIRT_HEM, Part.SKIRT, 0.006 * self.tall))
        if self.look.top is Top.COAT:
            parts.append(self._skirt(self._coat_hem, Part.TRUNK, (TOP_THICK[Top.COAT] + 0.005) * self.tall))
        return joined(parts)

    @property
    def _coat_hem(self) -> float:
        """Where a coat ends, between the hips (0) and the ankles (-1)."""
        return -0.38 - 0.22 * (self.look.grain % 100) / 100

    def _trunk(self) -> Mesh:
        bones, tall, look = self.bones, self.tall, self.look
        at, wide, deep, forward = np.array(TRUNK_RINGS).T
        thick = TOP_THICK[look.top] * (at > HEM[look.top])
        centres = bones.pelvis + at[:, None] * (bones.chest - bones.pelvis)
        ahead = np.cross(bones.chest - bones.pelvis, bones.pelvis_right)
        centres += forward[:, None] * tall * ahead / max(float(np.linalg.norm(ahead)), 1e-6)
        mix = np.clip(at, 0, 1)[:, None]
        right = (1 - mix) * bones.pelvis_right + mix * bones.chest_right
        belly = 1 + 0.5 * (look.build - 1) * np.exp(-0.5 * ((at - 0.35) / 0.25) ** 2)
        parts = np.where(at[:-1] >= HEM[look.top] - 1e-9, Part.TRUNK, Part.LEG if look.bottom is not Bottom.SKIRT else Part.SKIRT)
        parts[-1] = Part.SKIN
        wide, deep = (wide * look.build + thick) * tall, (deep * look.build * belly + thick) * tall
        tubes = Tubes(centres[None], right[None], wide[None], deep[None], parts[None].astype(np.uint8))
        return tubes_mesh(tubes, TRUNK_SIDES, 0.9)

    def _limbs(self) -> Mesh:
        """Both legs, both arms."""
        bones, look = self.bones, self.look
        legs = _bent(bones.hips, bones.knees, bones.ankles, np.array(LEG_AT))
        arms = _bent(bones.shoulders, bones.elbows, bones.wrists, np.array(ARM_AT))
        # Sleeves begin inside the trunk: the shoulder is round.
        arms[:, 0] += 0.45 * (bones.chest - bones.shoulders) * [1, 1, 0.2]
        at = np.array(LEG_AT)
        thigh, ankle = LEG_WIDTHS[look.bottom]
        leg = np.array(LEG_RADII) * (0.5 + 0.5 * look.build)
        cloth = np.interp(at, [0, 0.2, 1], [1.0, thigh, ankle])
        leg_end = {Bottom.SHORTS: 0.44, Bottom.SKIRT: 0.0}.get(look.bottom, 1.0)
        leg = leg * np.where(at <= leg_end, cloth, 1.0)
        leg_parts = np.where(at[1:] <= leg_end, Part.LEG, Part.SKIN)
        if look.bottom is Bottom.SKIRT and look.grain % 3:
            leg_parts[:] = Part.DARK  # tights
        # What a skirt or a coat hides is drawn thin, so that no knee pierces the cloth.
        hem = max(-SKIRT_HEM if look.bottom is Bottom.SKIRT else 0.0, -self._coat_hem if look.top is Top.COAT else 0.0)
        leg = leg * np.where(at < hem - 0.06, 0.7, 1.0)
        arm_at = np.array(ARM_AT)
        covered = arm_at <= SLEEVE_ENDS[look.top] + 0.02
        arm = np.array(ARM_RADII) * (0.6 + 0.4 * look.build) + TOP_THICK[look.top] * covered * 0.9 * (arm_at > -0.01)
        arm_parts = np.where(covered[1:], Part.SLEEVE, Part.SKIN)
        radii = self.tall * np.stack([leg, leg, arm, arm])
        left = -np.stack([bones.pelvis_right, bones.pelvis_right, bones.chest_right, bones.chest_right])
        parts = np.stack([leg_parts, leg_parts, arm_parts, arm_parts]).astype(np.uint8)
        deep = radii * np.array([1.06, 1.06, 1.08, 1.08])[:, None]
        return tubes_mesh(Tubes(np.concatenate([legs, arms]), left, radii, deep, parts), LIMB_SIDES)

    def _feet_and_hands(self) -> Mesh:
        bones, tall = self.bones, self.tall
        at = np.array([0.0, 0.06, 0.2, 0.45, 0.7, 0.9, 1.0])[:, None]
        feet = bones.heels[:, None] + at * (bones.toes - bones.heels)[:, None]
        high = np.array([0.006, 0.018, 0.023, 0.020, 0.014, 0.010, 0.004]) * tall
        wide = np.array([0.006, 0.017, 0.019, 0.021, 0.025, 0.021, 0.006]) * tall
        lift = np.array([0.0, 0.0, 1.0]) * high[:, None]
        palm = np.array([-0.2, 0.0, 0.2, 0.45, 0.7, 0.95, 1.0])[:, None]
        hands = bones.wrists[:, None] + palm * (bones.fingers - bones.wrists)[:, None]
        thin = np.array([0.014, 0.015, 0.019, 0.021, 0.018, 0.011, 0.002]) * tall
        right = np.stack([bones.pelvis_right, bones.pelvis_right, bones.chest_right, bones.chest_right])
        parts = np.repeat(np.array([[Part.SHOE], [Part.SHOE], [Part.SKIN], [Part.SKIN]], np.uint8), 6, axis=1)
        wides, deeps = np.stack([wide, wide, 0.62 * thin, 0.62 * thin]), np.stack([high, high, thin, thin])
        return tubes_mesh(Tubes(np.concatenate([feet + lift, hands]), right, wides, deeps, parts), LIMB_SIDES)

    def _head_axis(self) -> tuple[Floats, Floats, Floats]:
        """Up along the head, to its right, ahead."""
        bones = self.bones
        up = bones.crown - bones.neck
        up = up / np.linalg.norm(up)
        right = np.cross(bones.face_forward, up)
        right = right / max(float(np.linalg.norm(right)), 1e-6)
        return up, right, np.cross(up, right)

    def _head(self) -> Mesh:
        bones, tall, look = self.bones, self.tall, self.look
        _, right, ahead = self._head_axis()
        at = np.array(HEAD_AT)
        centres = bones.neck + at[:, None] * (bones.crown - bones.neck)
        # The jaw lies ahead of the skull's middle.
        centres += 0.010 * tall * np.clip(1 - 1.4 * at, 0, 1)[:, None] * ahead
        angles = np.linspace(-np.pi, np.pi, TRUNK_SIDES + 1)
        volume = {Hair.SHORT: 0.05, Hair.FULL: 0.24, Hair.LONG: 0.14, Hair.CAP: 0.09, Hair.HOOD: 0.34}.get(look.hair, 0.0)
        covered = hair_cover(look.hair, angles[None, :], at[:, None])
        nose = 0.20 * np.exp(-0.5 * ((angles[None, :] / 0.25) ** 2 + ((at[:, None] - 0.28) / 0.10) ** 2))
        swell = 1 + volume * covered + nose
        parts = np.full((1, len(at) - 1), Part.FACE, np.uint8)
        wide, deep = np.array(HEAD_WIDE) * tall, np.array(HEAD_DEEP) * tall
        head = tubes_mesh(Tubes(centres[None], right[None], wide[None], deep[None], parts, swell[None]), TRUNK_SIDES)
        throat = np.stack([bones.chest * 0.9 + bones.neck * 0.1, bones.neck, bones.neck + 0.25 * (bones.crown - bones.neck)])
        neck = rod_mesh(throat, 0.031 * tall * (0.7 + 0.3 * look.build), Part.SKIN, 10)
        return joined([head, neck])

    def _hair(self) -> list[Mesh]:
        """What hangs down or stands off: long hair, a hood's collar, the peak of a cap."""
        bones, tall, look = self.bones, self.tall, self.look
        up, right, ahead = self._head_axis()
        middle = bones.neck + 0.55 * (bones.crown - bones.neck)
        if look.hair is Hair.LONG:
            length = 0.10 + 0.08 * (look.grain % 7) / 7
            drop = np.linspace(0.02, -length, 6)[:, None]
            centres = middle + tall * (drop * np.array([0, 0, 1.0]) - np.linspace(0.024, 0.040, 6)[:, None] * ahead)
            wide, deep = np.array([0.040, 0.050, 0.052, 0.050, 0.046, 0.02]) * tall, np.array([0.030, 0.036, 0.034, 0.030, 0.024, 0.01]) * tall
            return [tubes_mesh(Tubes(centres[None], -right[None], wide[None], deep[None], np.full((1, 5), Part.HAIR, np.uint8)), 12)]
        if look.hair is Hair.CAP:
            brim = middle + tall * (0.036 * up + np.array([0.03, 0.055, 0.09])[:, None] * ahead)
            wide, deep = np.array([[0.040, 0.042, 0.02]]) * tall, np.full((1, 3), 0.006 * tall)
            return [tubes_mesh(Tubes(brim[None], right[None], wide, deep, np.full((1, 2), Part.HAIR, np.uint8)), 10)]
        if look.hair is Hair.HOOD:
            levels = np.array([-0.04, -0.01, 0.03])[:, None]
            collar = bones.neck + tall * (levels * up - 0.012 * ahead)
            wide, deep = np.array([[0.068, 0.066, 0.050]]) * tall, np.array([[0.058, 0.058, 0.050]]) * tall
            return [tubes_mesh(Tubes(collar[None], right[None], wide, deep, np.full((1, 2), Part.HAIR, np.uint8)), 12)]
        return []

    def _skirt(self, hem: float, part: Part, thick: float) -> Mesh:
        """A cloth from the waist down around both legs to `hem`, between the hips (0) and the ankles (-1)."""
        bones, tall, look = self.bones, self.tall, self.look
        at = np.array([0.34, 0.22, 0.10, 0.0, hem * 0.25, hem * 0.55, hem * 0.8, hem])
        legs = _bent(bones.hips, bones.knees, bones.ankles, np.clip(-at, 0, 1))
        trunk = bones.pelvis + at[:, None] * (bones.chest - bones.pelvis)
        below = np.clip(-at / 0.12, 0, 1)
        centres = (1 - below[:, None]) * trunk + below[:, None] * legs.mean(axis=0)
        ring_at, ring_wide, ring_deep, _ = np.array(TRUNK_RINGS).T
        apart = np.abs(legs[1] - legs[0]) / 2 * below[:, None]
        ahead = np.array([-bones.pelvis_right[1], bones.pelvis_right[0], 0.0])
        around = np.array(LEG_RADII).max() * (0.5 + 0.5 * look.build) * 1.12
        level = np.clip(at, 0.02, None)
        wide = np.interp(level, ring_at, ring_wide) * look.build * tall + thick
        deep = np.interp(level, ring_at, ring_deep) * look.build * tall + thick
        wide = np.maximum(wide * np.where(at < 0, 1 - 0.1 * at / hem, 1), around * tall + apart @ np.abs(bones.pelvis_right) + thick)
        deep = np.maximum(deep * np.where(at < 0, 0.95, 1), around * tall + apart @ np.abs(ahead) + thick)
        parts = np.full((1, len(at) - 1), part, np.uint8)
        return tubes_mesh(Tubes(centres[None], -bones.pelvis_right[None], wide[None], deep[None], parts), TRUNK_SIDES)


def hair_cover(hair: Hair, angles: Floats, levels: Floats) -> Floats:
    """How much of the head's surface has hair, 0 to 1, by angle (0 = face) and level (0 = chin, 1 = crown)."""
    away = np.abs(angles)
    if hair is Hair.BALD:
        return np.zeros(np.broadcast_shapes(angles.shape, levels.shape))
    if hair is Hair.CAP:
        return np.asarray(np.clip((levels - 0.66) / 0.04, 0, 1) + 0 * away)
    # The hairline: high over the face, down to the nape behind.
    face = {Hair.HOOD: 0.92, Hair.LONG: 0.84}.get(hair, 0.80)
    nape = {Hair.SHORT: 0.22, Hair.FULL: 0.05, Hair.LONG: -0.1, Hair.HOOD: -0.2}[hair]
    line = np.interp(away, [0.0, 0.75, 1.15, 1.5, 2.0, np.pi], [face, face - 0.04, 0.55, 0.42 if hair is Hair.SHORT else nape + 0.1, nape, nape])
    return np.asarray(np.clip((levels - line) / 0.06, 0, 1))


def _bent(first: Floats, joint: Floats, last: Floats, at: Floats) -> Floats:
    """Points along two limbs of two bones each (2 x 3 a joint): 2 x n x 3; 0.5 is the joint, which is rounded off."""
    share = at[None, :, None]
    upper = first[:, None] + 2 * share * (joint - first)[:, None]
    lower = joint[:, None] + 2 * (share - 0.5) * (last - joint)[:, None]
    soft = np.clip((share - 0.44) / 0.12, 0, 1)
    return np.asarray((1 - soft) * upper + soft * lower)
