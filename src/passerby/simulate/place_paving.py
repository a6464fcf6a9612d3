"""The ground of the plaza as a picture: slabs and joints, asphalt, kerbs, markings, stains. Every pixel is filtered over the ground it sees."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from passerby.simulate import ground
from passerby.simulate.camera import Camera
from passerby.simulate.place_texture import Bgr, Floats, fractal, line_share, mixed, sampled, waves

STAINS: Final = 110
SPOTS: Final = 700
PATCHES: Final = 7
FARTHEST_M: Final = 60.0


@dataclass(frozen=True, eq=False)
class GroundMap:
    """What each pixel sees of the ground: (h, w) float32, metres. Above the horizon it is as if the ground rose to FARTHEST_M."""

    x_m: Floats
    y_m: Floats
    across_m: Floats
    along_m: Floats

    @classmethod
    def of(cls, camera: Camera) -> "GroundMap":
        """The map of a camera: where each pixel's middle looks, and how much of the ground a pixel sees, across and along."""
        rows, columns = camera.size.height_px, camera.size.width_px
        down = np.arange(rows) + 0.5
        nearest_row = camera.to_px(np.array([[0.0, FARTHEST_M]]))[0, 1]
        along = camera.to_ground(np.column_stack([np.full(rows, columns / 2), np.maximum(down, nearest_row)]))[:, 1]
        metres_per_px = camera.depth_m(np.column_stack([np.zeros(rows), along])) / camera.focal_px
        y = np.repeat(along[:, None], columns, 1)
        x = metres_per_px[:, None] * (np.arange(columns) + 0.5 - columns / 2)[None]
        step = np.maximum(np.abs(np.gradient(along)), 1e-3)
        wide = np.repeat(metres_per_px[:, None], columns, 1)
        return cls(*(np.asarray(v, np.float32) for v in (x, y, wide, np.repeat(step[:, None], columns, 1))))

    def noise(self, tile: Floats, wavelength_m: float, feature_m: float) -> Floats:
        """`tile` over the ground, fading where a pixel sees more than a feature of it."""
        fade = np.minimum(1, feature_m / np.maximum(self.along_m * 0.5 + self.across_m * 0.5, 1e-3))
        return np.asarray(sampled(tile, self.x_m, self.y_m, wavelength_m) * fade, np.float32)


def paving(camera: Camera, seed: int) -> Floats:
    """(h, w, 3) float32: the bare ground in daylight."""
    rng = np.random.default_rng([seed, 1])
    seen = GroundMap.of(camera)
    coarse, fine = fractal(rng, 512, (6, 14, 34, 80), (1.0, 0.8, 0.6, 0.35)), fractal(rng, 512, (60, 150, 256), (0.6, 0.8, 1.0))
    picture = _plaza(seen, rng)
    _bands(picture, seen, rng)
    _patches(picture, camera, rng)
    mixed(picture, _pavement(seen, rng), _between(seen, ground.KERB_FAR_M, 99.0))
    mixed(picture, _asphalt(seen, rng), _between(seen, ground.KERB_NEAR_M, ground.KERB_FAR_M))
    _markings(picture, camera, rng)
    _kerbs(picture, seen)
    picture += (4.6 * seen.noise(coarse, 23.0, 1.0) + 3.0 * seen.noise(coarse, 7.0, 0.25) + 4.0 * seen.noise(fine, 2.6, 0.02))[..., None]
    _stains(picture, camera, seen, rng)
    return picture


def _between(seen: GroundMap, low_m: float, high_m: float) -> Floats:
    """Share of each pixel whose ground lies between two distances."""
    low = np.clip((seen.y_m - low_m) / seen.along_m + 0.5, 0, 1)
    return np.asarray(low * np.clip((high_m - seen.y_m) / seen.along_m + 0.5, 0, 1), np.float32)


def _slabs(seen: GroundMap, rng: np.random.Generator, wide_m: float, deep_m: float, joint_m: float) -> tuple[Floats, Floats]:
    """Running bond: the share of each pixel that is joint, and each slab's own tone (deviation 1, fading far away)."""
    row = np.floor(seen.y_m / deep_m)
    shifted = np.asarray(seen.x_m + np.mod(row, 2) * (wide_m / 2), np.float32)
    # In the distance rows share pixels, so their joints across are told apart no more.
    upright = line_share(shifted, wide_m, joint_m, seen.across_m) * np.minimum(1, deep_m / (2 * seen.along_m))
    level = line_share(seen.y_m, deep_m, joint_m, seen.along_m)
    tones = rng.standard_normal((61, 67)).astype(np.float32)
    column = np.floor(shifted / wide_m)
    tone = tones[np.mod(row, 61).astype(np.intp), np.mod(column, 67).astype(np.intp)]
    fade = np.minimum(1, (deep_m / (2.5 * seen.along_m)) ** 2)
    return np.asarray(np.maximum(upright, level), np.float32), np.asarray(tone * fade, np.float32)


def _plaza(seen: GroundMap, rng: np.random.Generator) -> Floats:
    joint, tone = _slabs(seen, rng, 0.75, 0.5, 0.014)
    picture = np.empty((*joint.shape, 3), np.float32)
    picture[:] = np.array([146, 151, 154], np.float32) + rng.uniform(-7, 7) + rng.uniform(-3, 3, 3).astype(np.float32)
    picture += tone[..., None] * np.array([4.4, 4.2, 3.8], np.float32)
    mixed(picture, (104, 108, 111), np.asarray(joint * 0.85, np.float32))
    return picture


def _bands(picture: Floats, seen: GroundMap, rng: np.random.Generator) -> None:
    """Darker granite in a wide grid, of small setts."""
    joint, tone = _slabs(seen, rng, 0.2, 0.2, 0.016)
    setts = np.empty_like(picture)
    setts[:] = (112, 113, 114)
    setts += tone[..., None] * np.float32(7)
    mixed(setts, (84, 86, 88), np.asarray(joint * 0.8, np.float32))
    across, along = (
        line_share(np.asarray(seen.y_m - 1.1, np.float32), 6.0, 0.6, seen.along_m),
        line_share(np.asarray(seen.x_m + 3.3, np.float32), 6.0, 0.6, seen.across_m),
    )
    mixed(picture, setts, np.asarray(0.8 * np.maximum(across, along), np.float32))


def _pavement(seen: GroundMap, rng: np.random.Generator) -> Floats:
    joint, tone = _slabs(seen, rng, 0.5, 0.5, 0.012)
    picture = np.empty((*joint.shape, 3), np.float32)
    picture[:] = (136, 140, 143)
    picture += tone[..., None] * np.float32(4)
    mixed(picture, (106, 109, 112), np.asarray(joint * 0.7, np.float32))
    return picture


def _asphalt(seen: GroundMap, rng: np.random.Generator) -> Floats:
    picture = np.empty((*seen.x_m.shape, 3), np.float32)
    picture[:] = np.array([98, 97, 96], np.float32) + rng.uniform(-6, 6)
    streaks = fractal(rng, 256, (4, 12, 40), (1, 0.7, 0.5))
    picture += (4.0 * sampled(streaks, np.asarray(seen.x_m * 0.12, np.float32), seen.y_m, 9.0))[..., None]
    for track_m in (32.0, 33.1, 34.2):
        picture -= (5.0 * np.exp(-(((seen.y_m - track_m) / 0.22) ** 2)))[..., None]
    return picture


def _kerbs(picture: Floats, seen: GroundMap) -> None:
    """Pale stones along the street, and the dark gutter beside them."""
    for kerb_m, gutter_m in ((ground.KERB_NEAR_M - 0.18, ground.KERB_NEAR_M), (ground.KERB_FAR_M, ground.KERB_FAR_M - 0.25)):
        mixed(picture, (78, 79, 80), 0.7 * _between(seen, gutter_m, gutter_m + 0.25))
        stones = np.asarray(_between(seen, kerb_m, kerb_m + 0.18) * (1 - 0.4 * line_share(seen.x_m, 0.9, 0.02, seen.across_m)), np.float32)
        mixed(picture, (168, 172, 174), stones)


def _filled(picture: Floats, camera: Camera, corners_m: list[tuple[float, float]], colour: Bgr, share: float) -> None:
    """Lays a polygon on the ground over the picture, with soft edges."""
    points = camera.to_px(np.array(corners_m))
    low, high = np.maximum(np.floor(points.min(0)) - 1, 0).astype(int), np.ceil(points.max(0)).astype(int) + 2
    part = picture[low[1] : max(0, int(high[1])), low[0] : max(0, int(high[0]))]
    if not part.size:
        return
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round((points - low) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    mixed(part, colour, np.asarray(mask * np.float32(share / 255), np.float32))


def _patches(picture: Floats, camera: Camera, rng: np.random.Generator) -> None:
    """Where slabs were taken up once and laid anew, a little paler or darker; covers of drains."""
    for _ in range(PATCHES):
        y = rng.uniform(9, 28)
        x = rng.uniform(-0.45, 0.45) * y
        wide, deep = rng.integers(2, 6) * 0.75, rng.integers(2, 5) * 0.5
        x, y = round(x / 0.75) * 0.75, round(y / 0.5) * 0.5
        tone = float(rng.uniform(118, 168))
        _filled(picture, camera, [(x, y), (x + wide, y), (x + wide, y + deep), (x, y + deep)], (tone, tone + 3, tone + 4), 0.32)
    for x, y in ((-1.3, 12.9), (4.6, 19.4), (-6.2, 26.0)):
        for side, tone, share in ((0.36, 92.0, 0.8), (0.31, 112.0, 0.75)):
            _filled(picture, camera, [(x - side, y - side), (x + side, y - side), (x + side, y + side), (x - side, y + side)], (tone,) * 3, share)
        for bar in np.linspace(-0.24, 0.24, 5):
            _filled(
                picture, camera, [(x - 0.26, y + bar), (x + 0.26, y + bar), (x + 0.26, y + bar + 0.05), (x - 0.26, y + bar + 0.05)], (82, 82, 82), 0.8
            )


def _markings(picture: Floats, camera: Camera, rng: np.random.Generator) -> None:
    """The zebra crossing, the dashes of the lane and the bays in which cars park; worn."""
    left, right = ground.CROSSING_M
    for y in np.arange(ground.KERB_NEAR_M + 0.45, ground.KERB_FAR_M - 0.4, 1.0):
        _filled(picture, camera, [(left, y), (right, y), (right, y + 0.5), (left, y + 0.5)], (196, 199, 200), float(rng.uniform(0.6, 0.75)))
    for x in np.arange(-30.0, 30.0, 4.0):
        if not left - 2.5 < x < right + 0.5:
            _filled(picture, camera, [(x, 32.9), (x + 2, 32.9), (x + 2, 33.02), (x, 33.02)], (190, 193, 194), 0.55)
        bay = x + 1.0
        if not left - 1 < bay < right + 1:
            _filled(picture, camera, [(bay, 29.5), (bay + 0.1, 29.5), (bay + 0.1, 31.5), (bay, 31.5)], (184, 187, 188), 0.5)


def _stains(picture: Floats, camera: Camera, seen: GroundMap, rng: np.random.Generator) -> None:
    """Spills, wear and trodden gum."""
    dark = np.zeros(picture.shape[:2], np.float32)
    for _ in range(STAINS):
        y = rng.uniform(7, 38)
        x = rng.uniform(-0.55, 0.55) * y
        wide, deep = rng.uniform(0.15, 0.9), rng.uniform(0.1, 0.6)
        corners = np.array([(x + a * wide, max(1.0, y + b * deep)) for a in (-2.4, 2.4) for b in (-2.4, 2.4)])
        low, high = np.maximum(camera.to_px(corners).min(0), 0).astype(int), np.maximum(camera.to_px(corners).max(0), 0).astype(int) + 1
        where = (slice(low[1], high[1]), slice(low[0], high[0]))
        away = ((seen.x_m[where] - x) / wide) ** 2 + ((seen.y_m[where] - y) / deep) ** 2
        dark[where] += rng.choice((-1.0, 1.0), p=(0.3, 0.7)) * rng.uniform(3, 11) * np.exp(-away)
    ragged = 0.65 + 0.35 * np.tanh(1.5 * sampled(waves(rng, 256, 40), seen.x_m, seen.y_m, 6.0))
    picture -= (dark * ragged)[..., None]
    scale = camera.size.height_px / 576
    for _ in range(SPOTS):
        y = 7 + 30 * float(rng.random()) ** 1.5
        x = rng.uniform(-0.55, 0.55) * y
        (column, row), (per_m,) = camera.to_px(np.array([[x, y]]))[0], camera.px_per_m(np.array([[x, y]]))
        tone = float(rng.choice((-16.0, -10.0, 10.0)))
        radius = float(rng.uniform(0.012, 0.035)) * float(per_m)
        low, high = max(0, int(row - 3 * scale)), max(0, int(column - 3 * scale))
        part = picture[low : low + max(4, int(7 * scale)), high : high + max(4, int(7 * scale))]
        if part.size:
            down, across = np.mgrid[low : low + part.shape[0], high : high + part.shape[1]]
            part += (tone * np.clip(radius + 0.5 - np.hypot(across + 0.5 - column, 2.0 * (down + 0.5 - row)), 0, 1))[..., None]
