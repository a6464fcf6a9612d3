import math
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.released.scene import Size
from passerby.simulate.camera import Camera
from passerby.simulate.events import Event, EventKind
from passerby.simulate.place_texture import Picture
from passerby.simulate.weather import UNIT, Sky
from passerby.simulate.weather_clock import BurnedClock
from passerby.simulate.weather_sensor import Sensor

CAMERA = Camera.over_plaza(Size(384, 288))
SHAPE = (288, 384, 3)


def scene() -> Picture:
    """Something with texture everywhere, neither black nor white."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(60, 190, (36, 48, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (384, 288), interpolation=cv2.INTER_NEAREST), np.uint8)


def plain(level: int = 120) -> Picture:
    return np.full(SHAPE, level, np.uint8)


def lit(sky: Sky, time_s: float, level: int = 120) -> NDArray[np.float64]:
    """The gain that a grey picture gets."""
    picture = plain(level)
    sky.apply(picture, time_s)
    return picture.astype(np.float64) / level


def sensor(*events: Event, noise_sigma: float = 0.0, rain: float = 0.0, infrared: bool = False, clock: bool = False) -> Sensor:
    return Sensor(CAMERA, 7, noise_sigma=noise_sigma, rain=rain, infrared=infrared, clock=clock, events=events)


def detail(picture: Picture) -> float:
    return float(np.abs(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.CV_32F)).mean())


# ---- Sky


def test_an_even_day_changes_nothing() -> None:
    picture = scene()
    Sky(CAMERA, 1, clouds=0.0).apply(picture, 12.3)
    assert np.array_equal(picture, scene())


@given(st.integers(0, 50), st.floats(0, 600))
@settings(max_examples=40)
def test_clouds_keep_between_their_bounds(seed: int, time_s: float) -> None:
    gain = Sky(CAMERA, seed, clouds=1.0).light(time_s)
    assert gain.min() >= 0.75 - 1e-6
    assert gain.max() <= 1.15 + 1e-6


def test_clouds_change_the_light_slowly_and_smoothly() -> None:
    for seed in range(5):
        sky = Sky(CAMERA, seed, clouds=1.0)
        over_time = np.stack([sky.light(float(t)) for t in np.arange(0, 120, 1.0)])
        assert np.abs(np.diff(over_time, axis=0)).max() < 0.05, "no faster than 5 % a second"
        assert np.ptp(over_time.mean((1, 2, 3))) > 0.15
        across = over_time[60]
        assert max(np.abs(np.diff(across, axis=0)).max(), np.abs(np.diff(across, axis=1)).max()) < 0.02


def test_what_is_applied_is_what_the_light_says() -> None:
    sky = Sky(CAMERA, 3, clouds=1.0, dusk=0.4)
    said = cv2.resize(sky.light(20.0), (384, 288), interpolation=cv2.INTER_LINEAR)
    assert np.abs(lit(sky, 20.0, 200) - said).max() < 2 / UNIT


def test_dusk_leaves_a_quarter_of_the_light_at_its_end() -> None:
    sky = Sky(CAMERA, 3, clouds=0.0, events=[Event(EventKind.DUSK, 10, 70)])
    means = [lit(sky, t).mean() for t in (5, 10, 25, 40, 55, 70, 200)]
    assert means[0] == means[1] == 1.0
    assert all(a > b for a, b in pairwise(means[1:6]))
    assert 0.2 < means[5] < 0.42
    assert means[5] == means[6]
    assert np.quantile(lit(sky, 200), 0.2) < 0.26, "away from lamps it is dark"


def test_a_switch_changes_the_light_at_once_and_back() -> None:
    for count, at_s in ((1, 10), (2, 30)):
        switches = [Event(EventKind.LIGHT_SWITCH, 10, 20), Event(EventKind.LIGHT_SWITCH, 30, 40)][:count]
        sky = Sky(CAMERA, 3, clouds=0.0, events=switches)
        assert (lit(sky, at_s - 0.01) == 1).all()
        switched = lit(sky, at_s)
        assert np.abs(switched - 1).max() > 0.3
        assert np.array_equal(switched, lit(sky, at_s + 9.9))
        assert (lit(sky, at_s + 10) == 1).all()


def test_the_second_switch_lights_a_part_only() -> None:
    sky = Sky(CAMERA, 3, clouds=0.0, events=[Event(EventKind.LIGHT_SWITCH, 0, 1), Event(EventKind.LIGHT_SWITCH, 5)])
    gain = lit(sky, 6)
    assert gain.max() > 1.3
    assert 0.1 < (gain > 1.2).mean() < 0.7
    assert (gain < 1.02).mean() > 0.1


def test_the_sky_does_not_depend_on_what_was_asked_before() -> None:
    events = [Event(EventKind.LIGHT_SWITCH, 3.05, 9.05), Event(EventKind.DUSK, 2, 30)]
    used, times_s = Sky(CAMERA, 3, events=events), (0.0, 3.01, 3.06, 3.19, 9.04, 9.11, 25.0)
    for time_s in reversed(times_s):
        used.apply(scene(), time_s)
    for time_s in times_s:
        one, other = scene(), scene()
        used.apply(one, time_s)
        Sky(CAMERA, 3, events=events).apply(other, time_s)
        assert np.array_equal(one, other)


def test_rain_darkens_the_day() -> None:
    assert lit(Sky(CAMERA, 3, clouds=0.0, rain=1.0), 1.0).mean() == pytest.approx(0.88, abs=0.02)


# ---- Sensor


def test_a_camera_without_faults_shows_the_scene_and_leaves_it_as_it_is() -> None:
    given_scene = scene()
    taken = sensor().expose(given_scene, 1.0, 25)
    assert np.array_equal(taken, scene())
    taken[:] = 0
    assert np.array_equal(given_scene, scene())


@pytest.mark.parametrize("sigma", [1.5, 2.5, 4.0])
def test_noise_has_the_deviation_that_was_asked_for(sigma: float) -> None:
    noise = sensor(noise_sigma=sigma).expose(plain(), 0.0, 3).astype(float) - 120
    assert noise.mean() == pytest.approx(0, abs=0.1)
    assert noise.std() == pytest.approx(sigma, rel=0.08)


def test_noise_is_independent_from_picture_to_picture_and_the_same_for_its_number() -> None:
    it = sensor(noise_sigma=3.0)
    first, second = (it.expose(plain(), 0.0, frame).astype(float) - 120 for frame in (3, 4))
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.02
    again = sensor(noise_sigma=3.0).expose(plain(), 9.0, 3).astype(float) - 120
    assert np.array_equal(first, again)
    with_itself = np.stack([it.expose(plain(), 0.0, frame)[100, 100] for frame in range(200)]).astype(float)
    assert np.abs(np.corrcoef(with_itself[:-1, 0], with_itself[1:, 0])[0, 1]) < 0.25


def test_infrared_is_grey_noisier_and_brighter_in_the_middle() -> None:
    taken = sensor(infrared=True).expose(scene(), 0.0, 0)
    assert np.array_equal(taken[..., 0], taken[..., 1])
    assert np.array_equal(taken[..., 0], taken[..., 2])
    even = sensor(infrared=True).expose(plain(), 0.0, 0)
    assert even[144, 192, 0] > 2 * even[2, 2, 0]
    noisy = sensor(infrared=True, noise_sigma=2.0).expose(plain(), 0.0, 0)
    assert (noisy.astype(float) - even).std() > 3.5
    assert np.array_equal(noisy[..., 0], noisy[..., 2])


def test_rain_draws_bright_streaks_that_are_others_in_each_picture() -> None:
    it = sensor(rain=1.0)
    first, second = (it.expose(plain(), 0.0, frame) for frame in (0, 1))
    assert (first >= 120).all()
    assert 0.01 < (first > 123).any(2).mean() < 0.25
    assert not np.array_equal(first, second)
    down, across = (np.abs(np.diff(first[..., 0].astype(int), axis=axis)).mean() for axis in (0, 1))
    assert down < 0.7 * across, "streaks run down"


def test_a_clean_picture_has_no_noise_rain_or_clock() -> None:
    everything = sensor(noise_sigma=3.0, rain=1.0, clock=True)
    assert np.array_equal(everything.expose(scene(), 5.0, 12, clean=True), scene())
    assert not np.array_equal(everything.expose(scene(), 5.0, 12), scene())


@pytest.mark.parametrize("kind", [EventKind.BUMP, EventKind.COVER, EventKind.DEFOCUS])
def test_a_clean_picture_is_the_same_as_one_without_noise(kind: EventKind) -> None:
    event = Event(kind, 2, 60)
    for time_s in (1.0, 2.4, 3.1, 30.0, 59.5):
        clean = sensor(event, noise_sigma=3.0, rain=0.5, clock=True).expose(scene(), time_s, 9, clean=True)
        assert np.array_equal(clean, sensor(event).expose(scene(), time_s, 9))


def test_a_bump_moves_the_picture_for_good_by_6_to_20_pixels() -> None:
    for seed in range(12):
        it = Sensor(Camera.over_plaza(Size(768, 576)), seed, noise_sigma=0, clock=False, events=[Event(EventKind.BUMP, 5)])
        assert it.shift_px(4.99) == (0, 0)
        assert 5 <= math.hypot(*it.shift_px(10)) <= 21
        assert it.shift_px(10) == it.shift_px(1000)
        assert len({it.shift_px(5 + k / 25) for k in range(18)}) > 3, "it shakes first"


def test_a_bump_moves_labels_as_it_moves_the_picture() -> None:
    it = sensor(Event(EventKind.BUMP, 5))
    labels = np.zeros(SHAPE[:2], np.uint16)
    labels[100:140, 150:170] = 9
    picture = plain()
    picture[labels > 0] = 250
    assert it.moved(labels, 4.0) is labels
    for time_s in (5.1, 5.3, 20.0):
        assert np.array_equal(it.moved(labels, time_s) > 0, (it.expose(picture, time_s, 0) == 250).all(2))


def test_what_a_bump_brings_into_view_has_no_labels() -> None:
    it = sensor(Event(EventKind.BUMP, 0))
    moved = it.moved(np.ones(SHAPE[:2], np.uint16), 9.0)
    x, y = it.shift_px(9.0)
    assert (moved == 0).sum() == 288 * 384 - (288 - abs(y)) * (384 - abs(x))


def test_a_cover_slides_over_the_lens_and_away() -> None:
    it = sensor(Event(EventKind.COVER, 5, 20))
    means = [float(it.expose(scene(), t, 0).mean()) for t in (4.9, 5.3, 5.6, 5.9, 6.3)]
    assert means[0] == scene().mean()
    assert all(a > b for a, b in pairwise(means))
    covered = it.expose(scene(), 12, 0)
    assert covered.mean() < 20
    assert detail(covered) < 1
    assert it.covered(12) == 1.0
    assert np.array_equal(it.expose(scene(), 20, 0), scene())


def test_focus_is_lost_and_found_again() -> None:
    it = sensor(Event(EventKind.DEFOCUS, 5, 30))
    details = [detail(it.expose(scene(), t, 0)) for t in (4.9, 5.8, 6.4, 7.0, 7.6)]
    assert all(a > b for a, b in pairwise(details))
    assert details[-1] < 0.2 * details[0]
    assert detail(it.expose(scene(), 31, 0)) == details[0]
    assert it.expose(scene(), 15, 0).mean() == pytest.approx(scene().mean(), abs=1)


def test_a_frozen_camera_repeats_its_picture_bit_by_bit() -> None:
    it = sensor(Event(EventKind.FREEZE, 5, 8), noise_sigma=3.0, clock=True)
    pictures = [it.expose(plain(100 + k), 4 + k / 5, k) for k in range(30)]
    frozen = [k for k in range(30) if 5 <= 4 + k / 5 < 8]
    assert all(np.array_equal(pictures[k], pictures[frozen[0]]) for k in frozen)
    others = [k for k in range(30) if k not in frozen]
    assert not any(np.array_equal(pictures[k], pictures[frozen[0]]) for k in others)
    assert it.shown_s(6.4) == 5
    assert it.shown_s(8) == 8


def test_a_second_freeze_shows_its_own_picture() -> None:
    it = sensor(Event(EventKind.FREEZE, 1, 2), Event(EventKind.FREEZE, 2, 3))
    pictures = [it.expose(plain(100 + k), 1 + k / 4, k) for k in range(8)]
    assert [int(p[0, 0, 0]) for p in pictures] == [100] * 4 + [104] * 4


# ---- Clock


def test_the_clock_changes_once_a_second() -> None:
    it = sensor(clock=True)
    pictures = [it.expose(plain(), k / 8, 0) for k in range(33)]
    changes = [k for k in range(1, 33) if not np.array_equal(pictures[k], pictures[k - 1])]
    assert changes == [8, 16, 24, 32]


def test_the_clock_is_readable_and_in_its_corner_only() -> None:
    taken = sensor(clock=True).expose(plain(), 3.0, 0)
    changed = (taken != 120).any(2)
    rows, columns = np.nonzero(changed)
    assert rows.max() < 30
    assert columns.max() < 384 * 0.6
    assert taken.max() > 200
    assert taken.min() < 60


@given(st.integers(0, 30), st.integers(0, 4000))
def test_the_clock_counts_seconds(seed: int, second: int) -> None:
    clock = BurnedClock(Size(384, 288), seed)
    now, then = clock.text(float(second)), clock.text(second + 60.0)
    assert now[-2:] == then[-2:]
    assert now != then
    assert clock.text(second + 0.96) == now


@pytest.mark.parametrize("size", [Size(64, 64), Size(64, 320), Size(1280, 96)])
def test_faults_fit_pictures_of_any_shape(size: Size) -> None:
    events = [Event(kind, 0, 9) for kind in EventKind]
    camera = Camera.over_plaza(size)
    it = Sensor(camera, 1, noise_sigma=2.0, rain=1.0, infrared=True, events=events)
    picture = np.full((size.height_px, size.width_px, 3), 99, np.uint8)
    Sky(camera, 1, dusk=0.5, rain=1.0, events=events).apply(picture, 4.0)
    for time_s in (0.1, 4.0, 8.9, 12.0):
        assert it.expose(picture, time_s, 3).shape == picture.shape
