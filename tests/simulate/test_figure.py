import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.simulate.cast import Appearance, Bottom, Carried, Cloth, Gait, Hair, Pattern, Posture, Top
from passerby.simulate.figure import CACHE_BYTES, DIRECTIONS, PHASES, SIZE_STEP, Atlas, Sprite

HEADINGS = [direction * 2 * math.pi / DIRECTIONS for direction in range(DIRECTIONS)]
UPRIGHT = Gait(height_m=1.75, stride_m=1.4, sway=1.0, phase=0.3)
PLAIN = replace(Appearance.drawn(0, 0), hair=Hair.BALD, carried=Carried.NOTHING, top=Top.LONG_SLEEVES, bottom=Bottom.STRAIGHT, build=1.0)


def extent(sprite: Sprite) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what is more there than not."""
    rows, columns = np.nonzero(sprite.alpha > 127)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def outline(sprite: Sprite) -> Any:
    return sprite.alpha > 127


def dyed(look: Appearance, **changes: Any) -> Appearance:
    """The same clothes, hair and body in other colours."""
    upper = Cloth((20, 200, 90), (200, 30, 30), Pattern.CHECKS, 0.08)
    lower = Cloth((200, 200, 200), (10, 10, 10), Pattern.STRIPES, 0.05)
    return replace(look, skin=(60, 80, 120), hair_colour=(200, 220, 230), shoes=(250, 20, 20), upper=upper, lower=lower, **changes)


@given(st.integers(0, 1000), st.sampled_from(Posture), st.floats(-10, 10), st.floats(-3, 3), st.floats(8, 90))
@settings(max_examples=40, deadline=None)
def test_a_sprite_is_the_same_each_time_and_holds_its_foot_point(
    person: int, posture: Posture, heading: float, phase: float, px_per_m: float
) -> None:
    gait, look = Gait.drawn(3, person), Appearance.drawn(3, person)
    one, other = (Atlas(gait, look).sprite(posture, heading, phase, px_per_m) for _ in range(2))
    assert (one.bgr == other.bgr).all()
    assert (one.alpha == other.alpha).all()
    rows, columns = one.alpha.shape
    assert one.bgr.shape == (rows, columns, 3)
    assert one.bgr.dtype == one.alpha.dtype == np.uint8
    assert one.alpha.max() >= 250
    assert 0 <= one.foot_x_px < columns
    assert 0 <= one.foot_y_px < rows
    assert one.alpha[[0, -1]].max() == one.alpha[:, [0, -1]].max() == 0, "nothing is cut off"


@given(st.floats(1.5, 1.98), st.floats(14, 120), st.sampled_from(HEADINGS))
@settings(max_examples=40, deadline=None)
def test_somebody_who_stands_is_as_high_as_they_are(height_m: float, px_per_m: float, heading: float) -> None:
    gait = replace(UPRIGHT, height_m=height_m, lean_rad=0.0)
    sprite = Atlas(gait, PLAIN).sprite(Posture.STANDING, heading, 0.0, px_per_m)
    above_foot = sprite.foot_y_px - extent(sprite)[1]
    assert above_foot == pytest.approx(height_m * px_per_m, rel=0.06, abs=1)


@pytest.mark.parametrize("heading", HEADINGS)
def test_feet_are_at_the_foot_point(heading: float) -> None:
    for phase in np.arange(PHASES) / PHASES:
        sprite = Atlas(UPRIGHT, PLAIN).sprite(Posture.WALKING, heading, float(phase), 80.0)
        left, _, right, bottom = extent(sprite)
        assert left < sprite.foot_x_px < right
        assert abs(bottom - sprite.foot_y_px) < 0.32 * 80


def test_somebody_who_sits_is_lower_and_somebody_who_lies_is_lowest() -> None:
    atlas = Atlas(UPRIGHT, PLAIN)
    above = [(s := atlas.sprite(posture, math.pi / 2, 0.0, 80.0)).foot_y_px - extent(s)[1] for posture in Posture]
    assert above[Posture.WALKING] == pytest.approx(above[Posture.STANDING], rel=0.06)
    assert 0.6 < above[Posture.SITTING] / above[Posture.STANDING] < 0.85
    assert above[Posture.LYING] < 0.35 * above[Posture.STANDING]


def test_the_cycle_has_ten_different_phases_and_closes() -> None:
    atlas = Atlas(UPRIGHT, PLAIN)
    sprites = [atlas.sprite(Posture.WALKING, math.pi / 2, phase / PHASES, 60.0) for phase in range(PHASES)]
    assert len({sprite.alpha.tobytes() for sprite in sprites}) == PHASES
    assert atlas.sprite(Posture.WALKING, math.pi / 2, 1.0, 60.0) is sprites[0]
    assert atlas.sprite(Posture.WALKING, math.pi / 2, -0.1, 60.0) is sprites[-1]


def test_directions_differ_and_face_where_they_should() -> None:
    atlas = Atlas(UPRIGHT, replace(PLAIN, skin=(255, 255, 255), hair=Hair.SHORT, hair_colour=(0, 0, 0)))
    sprites = [atlas.sprite(Posture.STANDING, heading, 0.0, 100.0) for heading in HEADINGS]
    assert len({sprite.bgr.tobytes() for sprite in sprites}) == DIRECTIONS
    assert atlas.sprite(Posture.STANDING, -math.pi / 2, 0.0, 100.0) is sprites[6]

    def bright_of_head(sprite: Sprite) -> tuple[float, float]:
        """How bright the head's left and right half are."""
        top = extent(sprite)[1]
        head, inside = sprite.bgr[top : top + 18].mean(axis=2), sprite.alpha[top : top + 18] > 200
        columns = np.nonzero(inside.any(axis=0))[0]
        middle = (columns[0] + columns[-1] + 1) // 2
        return float(head[:, :middle][inside[:, :middle]].mean()), float(head[:, middle:][inside[:, middle:]].mean())

    left, right = bright_of_head(sprites[2])
    assert right > left, "who goes to the right shows the back of the head on the left"
    left, right = bright_of_head(sprites[6])
    assert left > right
    assert sum(bright_of_head(sprites[0])) > 1.5 * sum(bright_of_head(sprites[4])), "a face is seen from the front only"


@pytest.mark.parametrize("posture", Posture)
def test_colours_change_no_outline(posture: Posture) -> None:
    for person in range(4):
        gait, look = Gait.drawn(5, person), Appearance.drawn(5, person)
        one, other = (Atlas(gait, one).sprite(posture, 0.8, 0.4, 60.0) for one in (look, dyed(look)))
        assert (one.alpha == other.alpha).all()
        assert (one.foot_x_px, one.foot_y_px) == (other.foot_x_px, other.foot_y_px)
        assert (one.bgr != other.bgr).any()


def test_a_gait_changes_no_colour() -> None:
    still = [Atlas(replace(Gait.drawn(seed, 0), height_m=1.75), PLAIN).sprite(Posture.STANDING, 0.0, 0.0, 80.0) for seed in range(6)]
    walking = [Atlas(Gait.drawn(seed, 0), PLAIN).sprite(Posture.WALKING, 0.8, 0.0, 80.0) for seed in range(6)]
    assert len({sprite.alpha.tobytes() for sprite in walking}) == 6
    hues = np.array([np.median(sprite.bgr[outline(sprite)], axis=0) for sprite in still + walking])
    assert (np.ptp(hues, axis=0) < 30).all()


@pytest.mark.parametrize("carried", [Carried.BAG, Carried.SUITCASE, Carried.UMBRELLA, Carried.STROLLER, Carried.WHEELCHAIR])
def test_what_is_carried_is_seen(carried: Carried) -> None:
    without, with_it = (
        Atlas(UPRIGHT, replace(PLAIN, carried=one)).sprite(Posture.WALKING, math.pi / 2, 0.1, 60.0) for one in (Carried.NOTHING, carried)
    )
    assert with_it.alpha.shape != without.alpha.shape or (with_it.alpha != without.alpha).any() or (with_it.bgr != without.bgr).any()
    if carried is Carried.UMBRELLA:
        assert with_it.foot_y_px - extent(with_it)[1] > 1.1 * (without.foot_y_px - extent(without)[1])
    if carried is Carried.STROLLER:
        assert extent(with_it)[2] - with_it.foot_x_px > 0.9 * 60, "it is ahead of them"
    if carried is Carried.WHEELCHAIR:
        assert with_it.foot_y_px - extent(with_it)[1] < 0.85 * (without.foot_y_px - extent(without)[1])


def test_a_code_is_painted_over_trunk_and_legs_and_is_well_seen() -> None:
    code = np.repeat(np.repeat(np.array([[0, 255], [255, 0]], np.uint8), 4, axis=0), 4, axis=1)
    plain, coded = (Atlas(UPRIGHT, replace(PLAIN, code=one)).sprite(Posture.STANDING, 0.0, 0.0, 90.0) for one in (None, code))
    assert (plain.alpha == coded.alpha).all()
    changed = np.abs(plain.bgr.astype(int) - coded.bgr).max(axis=2) > 10
    assert changed[outline(plain)].mean() > 0.6
    body = coded.bgr[outline(coded)].mean(axis=1)
    assert (body > 110).mean() > 0.15
    assert (body < 30).mean() > 0.2


def test_in_infrared_clothes_and_skin_are_grey_and_cloths_other_than_by_day() -> None:
    ratios = []
    for person in range(20):
        look = replace(PLAIN, infrared=Appearance.drawn(1, person).infrared)
        sprite = Atlas(UPRIGHT, look, infrared=True).sprite(Posture.STANDING, 0.0, 0.0, 60.0)
        inside = sprite.bgr[outline(sprite)].astype(int)
        assert np.ptp(inside, axis=1).max() <= 2
        ratios.append(float(np.median(inside)))
    assert max(ratios) > 2 * min(ratios)


def test_a_sprite_is_kept_and_memory_is_bounded() -> None:
    atlas = Atlas(UPRIGHT, Appearance.drawn(0, 1))
    first = atlas.sprite(Posture.WALKING, 0.0, 0.0, SIZE_STEP**70)
    assert atlas.sprite(Posture.WALKING, 0.01, 0.01, SIZE_STEP**70.4) is first
    for size in range(6):
        for phase in range(PHASES):
            for heading in HEADINGS[:3]:
                atlas.sprite(Posture.WALKING, heading, phase / PHASES, 40.0 * SIZE_STEP**size)
    assert atlas.held_bytes <= CACHE_BYTES
    again = atlas.sprite(Posture.WALKING, 0.0, 0.0, SIZE_STEP**70)
    assert (again.bgr == first.bgr).all(), "what was let go is drawn the same again"


def test_sizes_step_by_six_per_cent_and_no_more() -> None:
    atlas = Atlas(UPRIGHT, PLAIN)
    for px_per_m in np.geomspace(10, 100, 30):
        sprite = atlas.sprite(Posture.STANDING, 0.0, 0.0, float(px_per_m))
        assert (sprite.foot_y_px - extent(sprite)[1]) / (1.75 * px_per_m) == pytest.approx(1, abs=0.03 + 1.5 / (1.75 * px_per_m))


@pytest.mark.parametrize("px_per_m", [0.0, -3.0, math.inf, math.nan])
def test_a_size_that_is_none_is_refused(px_per_m: float) -> None:
    with pytest.raises(ValueError, match="expected a positive number"):
        Atlas(UPRIGHT, PLAIN).sprite(Posture.STANDING, 0.0, 0.0, px_per_m)


@pytest.mark.parametrize(("direction", "sideways", "downwards"), [(0.0, 0, 1), (math.pi / 2, 1, 0), (math.pi, 0, -1), (-math.pi / 2, -1, 0)])
def test_a_shadow_lies_on_the_ground_on_the_side_away_from_the_light(direction: float, sideways: int, downwards: int) -> None:
    shadow = Atlas(UPRIGHT, PLAIN).shadow(60.0, direction, length=1.0)
    assert shadow.bgr.max() == 0
    assert 40 < shadow.alpha.max() <= 160
    rows, columns = np.nonzero(shadow.alpha > 20)
    away_x, away_y = columns.mean() - shadow.foot_x_px, rows.mean() - shadow.foot_y_px
    assert np.sign(round(away_x / 8)) == sideways
    assert np.sign(round(away_y / 8)) == downwards
    assert 0 <= shadow.foot_x_px < shadow.alpha.shape[1]
    assert 0 <= shadow.foot_y_px < shadow.alpha.shape[0]


def test_a_shadow_begins_at_the_feet_and_is_kept() -> None:
    atlas = Atlas(UPRIGHT, PLAIN)
    shadow = atlas.shadow(60.0, 1.2, posture=Posture.WALKING, heading_to_camera_rad=1.0, phase=0.2)
    assert atlas.shadow(60.0, 1.2, posture=Posture.WALKING, heading_to_camera_rad=1.0, phase=0.2) is shadow
    # Whichever of the sizes of one step is asked for first, the shadow is the same: clips do not depend on where they are begun.
    others = [Atlas(UPRIGHT, PLAIN).shadow(SIZE_STEP ** (70 + part), 0.5) for part in (-0.45, 0.45)]
    assert (others[0].alpha == others[1].alpha).all()
    x, y = round(shadow.foot_x_px), round(shadow.foot_y_px)
    assert shadow.alpha[y - 8 : y + 9, x - 12 : x + 13].max() > 40
