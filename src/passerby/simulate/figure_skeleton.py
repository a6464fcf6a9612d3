"""Where the joints of a person are: a skeleton, posed by gait, posture and the phase of the step.

Lengths are shares of the body height after Winter, "Biomechanics and Motor Control of Human Movement" (4th edition, figure 4.1); the angles of hip,
knee and foot over a step follow its chapter on kinematics, as sums of smooth bumps. Coordinates: x to the person's right, y forward, z up, in
metres; the origin is the ground point beneath the hips.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.simulate.cast import Carried, Gait, Posture, Stance

Floats = NDArray[np.float64]

THIGH: Final = 0.245
SHANK: Final = 0.246
ANKLE: Final = 0.039
HIP_OUT: Final = 0.050
SHOULDER_OUT: Final = 0.099
TRUNK: Final = 0.296
"""From the hips to the shoulders' height."""
NECK: Final = 0.056
HEAD: Final = 0.122
UPPER_ARM: Final = 0.172
FOREARM: Final = 0.150
HAND: Final = 0.085
FOOT_BACK: Final = 0.038
FOOT_AHEAD: Final = 0.105
SIDES: Final = np.array([-1.0, 1.0])
"""Left, right."""
SEAT_M: Final = 0.46
WHEELCHAIR_SEAT_M: Final = 0.50
STROLLER_GRIP_M: Final = (0.2, 0.42, 1.0)
"""Where the right hand holds: to the right, ahead, up."""


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Joints in metres. Pairs are 2 x 3: left, right.

    `pelvis_right` and `chest_right` are unit vectors to the person's right; the head sits on `neck` and ends at `crown`.
    """

    pelvis: Floats
    chest: Floats
    neck: Floats
    crown: Floats
    hips: Floats
    knees: Floats
    ankles: Floats
    heels: Floats
    toes: Floats
    shoulders: Floats
    elbows: Floats
    wrists: Floats
    fingers: Floats
    pelvis_right: Floats
    chest_right: Floats
    face_forward: Floats

    def turned(self, matrix: Floats, offset: Floats) -> "Skeleton":
        """All joints turned by a 3 x 3 matrix, then moved."""
        directions = {"pelvis_right", "chest_right", "face_forward"}
        turned = {name: value @ matrix.T + (0 if name in directions else offset) for name, value in vars(self).items()}
        return Skeleton(**turned)


def posed(gait: Gait, posture: Posture, phase: float, carried: Carried) -> Skeleton:
    """The skeleton of a person with this gait, in this posture, at this phase of the cycle (0 to 1)."""
    if posture is Posture.LYING:
        return _lying(gait)
    if posture is Posture.SITTING or carried is Carried.WHEELCHAIR:
        return _sitting(gait, phase, carried)
    return _upright(gait, phase, carried, walking=posture is Posture.WALKING)


def _bump(phase: Floats, at: float, width: float) -> Floats:
    """A smooth bump of height 1 in the cycle."""
    away = (phase - at + 0.5) % 1.0 - 0.5
    return np.asarray(np.exp(-0.5 * (away / width) ** 2))


def _pitched(length: float, angles: Floats) -> Floats:
    """Vectors of a length, hanging down, swung forward by angles: n x 3."""
    return np.stack([np.zeros_like(angles), length * np.sin(angles), -length * np.cos(angles)], axis=-1)


def _legs(gait: Gait, phase: float, *, walking: bool) -> tuple[Floats, Floats, Floats]:
    """Angles of thighs, shanks and feet (left, right): forward from hanging, toes down for the foot."""
    if not walking:
        shift = np.array([0.09 * math.sin(7 * gait.phase), 0.07 * math.cos(11 * gait.phase)])
        bend = np.abs(shift) * 2
        return shift + bend / 2, shift - bend / 2, np.zeros(2)
    steps = (phase + np.array([0.0, 0.5])) % 1.0
    swing = math.asin(min(0.6, gait.stride_m / 4 / ((THIGH + SHANK) * gait.height_m)))
    brisk = swing / 0.42
    thigh = 0.10 + 0.95 * swing * np.cos(2 * np.pi * steps) + 0.24 * brisk * _bump(steps, 0.76, 0.09)
    knee = 0.08 + 0.24 * _bump(steps, 0.13, 0.06) + 0.98 * brisk * _bump(steps, 0.72, 0.09)
    foot = -0.30 * _bump(steps, 0.0, 0.05) + 0.95 * brisk * _bump(steps, 0.62, 0.07)
    return thigh, thigh - knee, foot


def _upright(gait: Gait, phase: float, carried: Carried, *, walking: bool) -> Skeleton:
    """Walking or standing."""
    tall = gait.height_m
    turn = 2 * math.pi * phase
    moving = gait.sway if walking else 0.0
    twist, tilt = 0.10 * moving * math.cos(turn), 0.05 * moving * math.cos(turn)
    pelvis_right = np.array([math.cos(twist), -math.sin(twist), 0.0])
    chest_right = np.array([math.cos(twist), math.sin(twist), 0.02 * math.sin(turn) * moving])
    thigh, shank, foot = _legs(gait, phase, walking=walking)
    pelvis = np.zeros(3)
    spread = HIP_OUT * tall * SIDES[:, None]
    hips = pelvis + spread * pelvis_right
    knees = hips + _pitched(THIGH * tall, thigh)
    ankles = knees + _pitched(SHANK * tall, shank)
    # People set their feet nearly on one line while they walk, and somewhat apart while they stand.
    narrow = np.array([0.010 if walking else -0.012, 0.0, 0.0]) * tall * SIDES[:, None]
    knees, ankles = knees - narrow, ankles - 2 * narrow
    heels, toes = _feet(ankles, foot, tall, outward=0.12)
    ground = min(heels[:, 2].min(), toes[:, 2].min())
    side = 0.012 * tall * gait.sway * (math.sin(turn) if walking else math.sin(turn) * 0.5)
    lift = np.array([side, 0.0, -ground])
    pelvis, hips = pelvis + lift, hips + lift
    rest = np.array([0.0, 0.0, -ground])
    knees, ankles, heels, toes = knees + (lift + rest) / 2, ankles + rest, heels + rest, toes + rest
    lean = gait.lean_rad + (0.05 if walking else 0.0) + (0.10 if carried is Carried.STROLLER and walking else 0.0)
    trunk = np.array([-0.5 * side - 0.01 * tall * tilt, math.sin(lean) * TRUNK * tall, math.cos(lean) * TRUNK * tall])
    joints = _Trunk(pelvis, pelvis + trunk, pelvis_right, chest_right / np.linalg.norm(chest_right), lean)
    elbows, wrists, fingers = _arms(gait, phase, carried, joints, walking=walking)
    return _with_trunk(joints, gait, (hips, knees, ankles, heels, toes), (elbows, wrists, fingers))


@dataclass(frozen=True, eq=False)
class _Trunk:
    """Pelvis, the point between the shoulders, their directions to the right, and how far the trunk leans forward."""

    pelvis: Floats
    chest: Floats
    pelvis_right: Floats
    chest_right: Floats
    lean_rad: float

    def shoulders(self, tall: float) -> Floats:
        """Left and right shoulder."""
        middle = self.chest - np.array([0.0, 0.0, 0.026 * tall])
        return np.asarray(middle + SHOULDER_OUT * tall * SIDES[:, None] * self.chest_right)


def _with_trunk(trunk: _Trunk, gait: Gait, legs: tuple[Floats, ...], arms: tuple[Floats, Floats, Floats]) -> Skeleton:
    tall = gait.height_m
    nod = 0.7 * trunk.lean_rad + (0.35 if gait.stance is Stance.PHONE and abs(arms[1][1, 2] - trunk.chest[2]) < 0.16 * tall else 0.0)
    forward = np.array([-trunk.chest_right[1], trunk.chest_right[0], 0.0])
    face = forward * math.cos(nod) - np.array([0.0, 0.0, math.sin(nod)])
    neck = trunk.chest + NECK * tall * (np.array([0.0, 0.0, 0.9]) + 0.35 * forward)
    crown = neck + HEAD * tall * (np.array([0.0, 0.0, math.cos(0.6 * nod)]) + math.sin(0.6 * nod) * forward)
    hips, knees, ankles, heels, toes = legs
    elbows, wrists, fingers = arms
    return Skeleton(
        pelvis=trunk.pelvis,
        chest=trunk.chest,
        neck=neck,
        crown=crown,
        hips=hips,
        knees=knees,
        ankles=ankles,
        heels=heels,
        toes=toes,
        shoulders=trunk.shoulders(tall),
        elbows=elbows,
        wrists=wrists,
        fingers=fingers,
        pelvis_right=trunk.pelvis_right,
        chest_right=trunk.chest_right,
        face_forward=face,
    )


def _feet(ankles: Floats, pitch: Floats, tall: float, outward: float) -> tuple[Floats, Floats]:
    """Heels and toes, on the sole; `pitch` turns the toes down."""
    along = np.stack([SIDES * outward, np.cos(pitch), -np.sin(pitch)], axis=-1)
    below = np.stack([np.zeros(2), -np.sin(pitch), -np.cos(pitch)], axis=-1) * ANKLE * tall
    return ankles + below - FOOT_BACK * tall * along, ankles + below + FOOT_AHEAD * tall * along


def _arms(gait: Gait, phase: float, carried: Carried, trunk: _Trunk, *, walking: bool) -> tuple[Floats, Floats, Floats]:
    """Elbows, wrists and finger tips."""
    tall = gait.height_m
    shoulders = trunk.shoulders(tall)
    steps = phase + np.array([0.0, 0.5])
    swing = (0.16 + 0.22 * gait.sway) * np.cos(2 * np.pi * steps) if walking else np.zeros(2)
    upper = -swing - 0.05 + trunk.lean_rad * 0.5
    fore = upper + 0.30 + 0.9 * np.clip(-swing, 0, None)
    out = np.array([0.13, 0.0, 0.0]) * SIDES[:, None]
    elbows = shoulders + _pitched(UPPER_ARM * tall, upper) + out * UPPER_ARM * tall
    wrists = elbows + _pitched(FOREARM * tall, fore) + 0.2 * out * FOREARM * tall
    goals = _grips(gait, carried, trunk, walking=walking)
    for number, (goal, pole) in goals.items():
        elbows[number], wrists[number] = _reached(shoulders[number], goal, pole, tall)
    along = wrists - elbows
    fingers = wrists + HAND * tall * along / np.linalg.norm(along, axis=1, keepdims=True)
    return elbows, wrists, fingers


def _grips(gait: Gait, carried: Carried, trunk: _Trunk, *, walking: bool) -> dict[int, tuple[Floats, Floats]]:
    """By hand (0 = left): where the wrist is held and whereto the elbow points."""
    tall = gait.height_m
    right, ahead, up = tall * np.eye(3)
    down_out = {0: -0.5 * right - 0.4 * ahead - 0.6 * up, 1: 0.5 * right - 0.4 * ahead - 0.6 * up}
    if carried is Carried.STROLLER:
        grip = np.array(STROLLER_GRIP_M)
        return {number: (grip * [side, 1, 1], down_out[number]) for number, side in enumerate(SIDES)}
    goals: dict[int, tuple[Floats, Floats]] = {}
    shoulders = trunk.shoulders(tall)
    if carried is Carried.UMBRELLA:
        goals[1] = shoulders[1] + 0.13 * ahead - 0.08 * up - 0.05 * right, down_out[1]
    elif carried is Carried.SUITCASE:
        goals[1] = trunk.pelvis + 0.12 * right - 0.10 * ahead - 0.0 * up, down_out[1] - ahead
    if not walking or gait.stance is Stance.PHONE:
        stance = _resting(gait.stance, trunk, tall)
        goals |= {number: (goal, down_out[number]) for number, goal in stance.items() if number not in goals}
    return goals


def _resting(stance: Stance, trunk: _Trunk, tall: float) -> dict[int, Floats]:
    """By hand (0 = left): where the wrist is in a stance; hands that hang are left out."""
    right, ahead, up = tall * np.eye(3)
    match stance:
        case Stance.POCKETS:
            return {number: trunk.pelvis + 0.095 * side * right + 0.03 * ahead + 0.015 * up for number, side in enumerate(SIDES)}
        case Stance.PHONE:
            return {1: trunk.chest + 0.02 * right + 0.16 * ahead - 0.06 * up}
        case Stance.CROSSED:
            return {number: trunk.chest - 0.06 * side * right + 0.095 * ahead - (0.10 + 0.025 * number) * up for number, side in enumerate(SIDES)}
        case Stance.HIP:
            return {0: trunk.pelvis - 0.095 * right + 0.01 * ahead + 0.075 * up}
        case _:
            return {}


def _reached(shoulder: Floats, goal: Floats, pole: Floats, tall: float) -> tuple[Floats, Floats]:
    """Elbow and wrist of an arm whose wrist is at `goal` (or as near as it gets) and whose elbow points to `pole`."""
    upper, fore = UPPER_ARM * tall, FOREARM * tall
    way = goal - shoulder
    distance = float(np.linalg.norm(way))
    reach = min(max(distance, abs(upper - fore) + 0.01), 0.995 * (upper + fore))
    along = way / max(distance, 1e-6)
    across = pole - (pole @ along) * along
    across /= max(float(np.linalg.norm(across)), 1e-6)
    ahead = (reach**2 + upper**2 - fore**2) / (2 * reach)
    aside = math.sqrt(max(upper**2 - ahead**2, 0.0))
    return shoulder + ahead * along + aside * across, shoulder + reach * along


def _sitting(gait: Gait, phase: float, carried: Carried) -> Skeleton:
    """On a seat, hands on the thighs or busy; in a wheelchair the hands are at the wheels, and push as the phase goes on."""
    tall = gait.height_m
    wheels = carried is Carried.WHEELCHAIR
    seat = (WHEELCHAIR_SEAT_M if wheels else SEAT_M) + 0.045 * tall
    pelvis = np.array([0.0, 0.0, seat])
    right = np.array([1.0, 0.0, 0.0])
    spread = HIP_OUT * tall * SIDES[:, None] * right
    open_legs = 0.0 if wheels else 0.04 * (1 + math.sin(9 * gait.phase))
    hips = pelvis + spread
    knees = hips + THIGH * tall * np.stack([SIDES * (0.08 + open_legs), np.full(2, 0.98), np.full(2, -0.06)], axis=-1)
    shank = SHANK * tall
    drop = np.clip((knees[:, 2] - ANKLE * tall - (0.12 if wheels else 0.0)) / shank, 0.3, 0.995)
    ankles = knees + shank * np.stack([np.zeros(2), np.sqrt(1 - drop**2) * (0.8 if wheels else 0.5), -drop], axis=-1)
    heels, toes = _feet(ankles, np.zeros(2), tall, outward=0.15)
    lean = -0.06 if wheels else gait.lean_rad - 0.05
    chest = pelvis + TRUNK * tall * np.array([0.0, math.sin(lean), math.cos(lean)])
    trunk = _Trunk(pelvis, chest, right, right, lean)
    shoulders = trunk.shoulders(tall)
    elbows, wrists = np.empty((2, 3)), np.empty((2, 3))
    push = 0.10 * math.cos(2 * math.pi * phase)
    for number, side in enumerate(SIDES):
        goal = hips[number] + tall * np.array([0.01 * side, 0.17, 0.055])
        if wheels:
            goal = np.array([side * 0.30, 0.12 + push, 0.58])
        elif number == 1 and gait.stance is Stance.PHONE:
            goal = chest + tall * np.array([0.02, 0.17, -0.08])
        elbows[number], wrists[number] = _reached(shoulders[number], goal, np.array([0.6 * side, -0.5, -0.6]), tall)
    along = wrists - elbows
    fingers = wrists + HAND * tall * along / np.linalg.norm(along, axis=1, keepdims=True)
    return _with_trunk(trunk, gait, (hips, knees, ankles, heels, toes), (elbows, wrists, fingers))


def _lying(gait: Gait) -> Skeleton:
    """On the back or half on a side, head in the direction of the heading; the middle of the body is at the origin."""
    still = Gait(gait.height_m, gait.stride_m, 0.0, gait.phase, Stance.HANGING, 0.0)
    upright = _upright(still, 0.0, Carried.NOTHING, walking=False)
    roll = 0.9 * math.sin(13 * gait.phase)
    back = np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    cosine, sine = math.cos(roll), math.sin(roll)
    rolled = np.array([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]])
    turned = upright.turned(rolled @ back, np.zeros(3))
    middle = 0.5 * gait.height_m
    lowest = min(float(value[..., 2].min()) for value in (turned.shoulders, turned.elbows, turned.hips, turned.knees))
    return turned.turned(np.eye(3), np.array([0.0, -middle, 0.055 * gait.height_m - lowest]))
