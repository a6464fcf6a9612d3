"""The light on the plate: smooth, slow, in steps, and from pixels that no subject covers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.sealed.gate.light import COLUMNS, HOLD_S, ROWS, UNIT, Exposure, LightModel
from tests.support.scenes import Stage

Mask = NDArray[np.bool_]
Picture = NDArray[np.uint8]
STAGE = Stage(192, 144)
PLACE = STAGE.empty
EVERYWHERE = np.ones(PLACE.shape[:2], bool)


def lit(gain: float | NDArray[np.float64], place: Picture = PLACE) -> Picture:
    return np.asarray(np.clip(place * gain + 0.5, 0, 255), np.uint8)


def followed(picture: Picture, usable: Mask = EVERYWHERE, seconds: float = 10.0) -> LightModel:
    model = LightModel()
    for _ in range(round(seconds * 2)):
        model.update(picture, PLACE, usable, 0.5)
    return model


def gains(model: LightModel) -> NDArray[np.float64]:
    field = model.field()
    if field is None:
        return np.ones((ROWS, COLUMNS, 3))
    assert (field.rows, field.columns) == (ROWS, COLUMNS)
    return np.frombuffer(field.gains, np.uint8).reshape(ROWS, COLUMNS, 3) / UNIT


def test_in_a_noisy_picture_of_the_same_light_the_light_never_changes() -> None:
    model = LightModel()
    for number in range(120):
        model.update(STAGE.seen(PLACE, number / 2), PLACE, EVERYWHERE, 0.5)
        assert model.field() is None


@pytest.mark.parametrize("gain", [0.5, 0.8, 1.2, 1.6])
def test_a_change_of_light_is_followed_within_seconds_and_then_rests(gain: float) -> None:
    model = followed(lit(gain), seconds=8)
    assert gains(model) == pytest.approx(gain, abs=0.06)
    rested = model.field()
    for _ in range(40):
        model.update(lit(gain), PLACE, EVERYWHERE, 0.5)
        assert model.field() == rested


def test_a_change_of_colour_is_followed_a_channel() -> None:
    model = followed(lit(np.array([0.8, 1.0, 1.3])))
    assert gains(model).mean((0, 1)) == pytest.approx([0.8, 1.0, 1.3], rel=0.05)


def test_light_that_falls_on_one_side_only_is_smooth_and_on_that_side() -> None:
    across = np.ones((1, 192, 1))
    across[:, 96:] = 1.4
    found = gains(followed(lit(across)))
    assert found[:, 0].mean() == pytest.approx(1.0, abs=0.03)
    assert found[:, -1].mean() == pytest.approx(1.4, abs=0.05)
    assert (np.diff(found, axis=1) >= -0.02).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.6, 1.5))
@settings(max_examples=20, deadline=None)
def test_pixels_that_may_not_be_used_decide_nothing(seed: int, gain: float) -> None:
    rng = np.random.default_rng(seed)
    usable = np.kron(rng.random((9, 12)) < 0.6, np.ones((16, 16))).astype(bool)
    one = lit(gain)
    other = np.where(usable[..., None], one, rng.integers(0, 256, one.shape)).astype(np.uint8)
    a, b = followed(one, usable, 3), followed(other, usable, 3)
    assert a.field() == b.field()
    assert np.array_equal(a.lit(PLACE), b.lit(PLACE))
    exposures = []
    for picture in (one, other):
        exposure = Exposure()
        exposure.of(np.where(usable[..., None], PLACE, picture), usable)
        exposures.append(exposure.of(picture, usable))
    assert np.array_equal(exposures[0], exposures[1])


def test_where_nothing_can_be_used_the_light_stays() -> None:
    model = followed(lit(0.6), np.zeros_like(EVERYWHERE))
    assert model.field() is None


def test_a_region_that_cannot_be_seen_has_the_light_of_its_neighbours() -> None:
    usable = EVERYWHERE.copy()
    usable[24:96, 48:120] = False
    assert gains(followed(lit(1.3), usable)) == pytest.approx(1.3, rel=0.04)


def test_an_object_in_less_than_half_of_a_region_is_no_light() -> None:
    picture = PLACE.copy()
    for row in range(ROWS):
        for column in range(COLUMNS):
            picture[row * 24 : row * 24 + 20, column * 24 : column * 24 + 10] = 250
    assert followed(picture).field() is None


def test_small_changes_are_released_every_few_seconds_at_most_and_large_ones_at_once() -> None:
    model = LightModel()
    before, changed_s = model.field(), []
    for number in range(240):
        model.update(lit(1 + 0.002 * number), PLACE, EVERYWHERE, 0.5)
        if model.field() != before:
            before = model.field()
            changed_s.append(number / 2)
    assert len(changed_s) > 5
    assert min(np.diff(changed_s)) >= HOLD_S
    sudden = LightModel()
    sudden.update(lit(1.0), PLACE, EVERYWHERE, 0.5)
    sudden.update(lit(1.4), PLACE, EVERYWHERE, 0.5)
    assert sudden.field() is not None


@pytest.mark.parametrize("gain", [0.6, 1.0, 1.4])
def test_the_place_in_the_light_of_now_is_the_picture_of_now(gain: float) -> None:
    model = followed(lit(gain))
    assert np.abs(model.lit(PLACE).astype(int) - lit(gain)).mean() < 3


def test_in_the_light_of_then_nothing_is_computed() -> None:
    model = LightModel()
    assert model.lit(PLACE) is PLACE


def test_exposure_is_measured_against_the_first_picture() -> None:
    exposure = Exposure()
    assert (exposure.of(PLACE, EVERYWHERE) == 1).all()
    for gain in (1.3, 0.7, 1.0):
        assert exposure.of(lit(gain), EVERYWHERE) == pytest.approx(gain, rel=0.03)


def test_exposure_learns_what_was_covered_at_first_in_the_light_of_then() -> None:
    exposure = Exposure()
    left, right = EVERYWHERE.copy(), EVERYWHERE.copy()
    left[:, 120:], right[:, :72] = False, False
    exposure.of(PLACE, left)
    exposure.of(lit(1.3), EVERYWHERE)
    assert exposure.of(lit(0.8), right) == pytest.approx(0.8, rel=0.05)


def test_exposure_of_a_covered_picture_is_one() -> None:
    exposure = Exposure()
    exposure.of(PLACE, EVERYWHERE)
    assert (exposure.of(lit(0.5), np.zeros_like(EVERYWHERE)) == 1).all()


def test_a_region_that_is_hidden_gets_no_gain_of_its_own_however_odd() -> None:
    exposure = Exposure()
    exposure.of(PLACE, EVERYWHERE)
    usable = EVERYWHERE.copy()
    usable[:48, :48] = False
    odd = lit(1.2)
    odd[:48, :48] = 255
    assert exposure.of(odd, usable) == pytest.approx(1.2, rel=0.03)
