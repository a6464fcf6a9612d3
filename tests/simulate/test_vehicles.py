import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.released.scene import Size
from passerby.simulate.camera import Camera
from passerby.simulate.events import Event, EventKind
from passerby.simulate.happenings import FLIGHT_S, Happenings
from passerby.simulate.place_solids import Layer
from passerby.simulate.vehicles import BODIES, FROM_M, LANE_M, SPEED_M_S, Car, PassingCar
from passerby.simulate.vehicles_bag import CLOTHS, Bag, BagKind, Throw
from passerby.simulate.vehicles_bicycle import Bicycle
from passerby.simulate.vehicles_smoke import LIVES_S, Smoke

CAMERA = Camera.over_plaza(Size(768, 576))


def middle(layer: Layer) -> tuple[float, float]:
    rows, columns = np.nonzero(layer.alpha > 127)
    return float(columns.mean()) + layer.left_px, float(rows.mean()) + layer.top_px


def same(a: Layer, b: Layer) -> bool:
    return (a.left_px, a.top_px, a.y_m) == (b.left_px, b.top_px, b.y_m) and np.array_equal(a.bgr, b.bgr) and np.array_equal(a.alpha, b.alpha)


@pytest.mark.parametrize("body", range(len(BODIES)))
@pytest.mark.parametrize("heading_rad", [0.0, math.pi, 0.8, -0.8, math.pi / 2, -math.pi / 2])
def test_a_car_covers_the_ground_that_it_stands_on(body: int, heading_rad: float) -> None:
    seen = Car(body, (120, 120, 120), "AB123CD").seen(CAMERA, (-2.0, 20.0), heading_rad)
    shape = BODIES[body]
    under = CAMERA.to_px(np.array([[-2.0, 20.0]]))[0]
    assert seen.alpha[int(under[1]) - seen.top_px - 6, int(under[0]) - seen.left_px] == 255
    rows, columns = np.nonzero(seen.alpha > 127)
    per_m = CAMERA.px_per_m(np.array([[-2.0, 20.0]]))[0]
    assert 1.2 * per_m < np.ptp(rows) < 3.2 * per_m
    assert shape.wide_m * 0.9 * per_m < np.ptp(columns) < (shape.long_m + 1.2) * per_m
    assert seen.y_m < 20.0


def test_a_car_has_dark_wheels_and_windows_and_its_paint() -> None:
    seen = Car(0, (30, 30, 200), "AB123CD").seen(CAMERA, (-2.0, 14.0), 0.0)
    pixels = seen.bgr[seen.alpha == 255].astype(int)
    red = (pixels[:, 2] > 2 * pixels[:, 1]) & (pixels[:, 2] > 90)
    dark = pixels.max(1) < 75
    assert red.mean() > 0.3
    assert dark.mean() > 0.1


def test_a_plate_is_drawn_where_a_camera_can_see_it_and_says_something() -> None:
    one, other = (Car(0, (40, 40, 40), plate).seen(CAMERA, (0.0, 9.0), -math.pi / 2, 4) for plate in ("AB123CD", "XY987ZW"))
    assert np.array_equal(one.alpha, other.alpha)
    assert 5 < (one.bgr != other.bgr).any(2).sum() < 400
    behind = [Car(0, (40, 40, 40), plate).seen(CAMERA, (0.0, 30.0), 0.0) for plate in ("AB123CD", "XY987ZW")]
    assert same(*behind), "from the side no plate is seen"


def test_cars_are_drawn_from_their_seed() -> None:
    assert Car.drawn(3, 1) == Car.drawn(3, 1)
    assert len({Car.drawn(3, n).plate for n in range(30)}) == 30
    assert {Car.drawn(3, n).body for n in range(30)} == set(range(len(BODIES)))


def test_a_passing_car_comes_from_out_of_view_and_goes_out_of_view() -> None:
    for rightwards in (True, False):
        passing = PassingCar(Car.drawn(1, 0), 5.0, rightwards)
        assert passing.place_m(4.99) is None
        assert passing.place_m(5.0 + 2 * FROM_M / SPEED_M_S + 0.01) is None
        way = [passing.place_m(5.0 + t) for t in np.linspace(0, 2 * FROM_M / SPEED_M_S - 0.01, 9)]
        assert all(spot is not None and spot[1] == LANE_M for spot in way)
        along = [spot[0] for spot in way if spot is not None]
        assert along == sorted(along, reverse=not rightwards)
        assert abs(CAMERA.to_px(np.array([[along[0], LANE_M]]))[0, 0] - 384) > 384 + 60


def test_a_passing_car_is_seen_where_it_is() -> None:
    passing = PassingCar(Car.drawn(1, 0), 0.0, rightwards=True)
    for time_s in (2.5, 3.6, 4.4):
        spot, layer = passing.place_m(time_s), passing.seen(CAMERA, time_s)
        assert spot is not None
        assert layer is not None
        assert middle(layer)[0] == pytest.approx(CAMERA.to_px(np.array([spot]))[0, 0], abs=8)


def test_a_cyclist_sits_on_the_bicycle_and_is_a_layer_of_its_own() -> None:
    for rightwards in (True, False):
        bicycle = Bicycle(1, 2.0, rightwards)
        assert bicycle.seen(CAMERA, 1.9) is None
        ride = bicycle.seen(CAMERA, 2.0 + 4.5)
        assert ride is not None
        rider, wheels = middle(ride.rider), middle(ride.bicycle)
        assert rider[1] < wheels[1]
        assert abs(rider[0] - wheels[0]) < 20
        assert ride.rider.y_m < ride.bicycle.y_m
        assert ride.heading_rad == (0.0 if rightwards else math.pi)
        rows = np.flatnonzero((ride.rider.alpha > 127).any(1))
        assert np.ptp(rows) == pytest.approx(1.5 * CAMERA.px_per_m(np.array([ride.xy_m]))[0], rel=0.2)


def test_a_cyclist_pedals() -> None:
    bicycle = Bicycle(1, 0.0, rightwards=True)
    first, second = bicycle.seen(CAMERA, 4.5), bicycle.seen(CAMERA, 4.9)
    assert first is not None
    assert second is not None
    lower = slice(first.rider.alpha.shape[0] // 2, None)
    rows, columns = (min(a, b) for a, b in zip(first.rider.alpha.shape, second.rider.alpha.shape, strict=True))
    assert (np.abs(first.rider.alpha[:rows, :columns].astype(int) - second.rider.alpha[:rows, :columns])[lower] > 100).sum() > 5


@given(st.floats(-5, 5), st.floats(8, 28), st.floats(0.5, 2), st.floats(-4, 4), st.floats(-4, 4), st.floats(0.4, 1.5), st.floats(-1, 4))
def test_a_thrown_bag_starts_in_the_hand_and_ends_on_the_ground(
    x: float, y: float, z: float, aside: float, away: float, flight_s: float, after_s: float
) -> None:
    throw = Throw((x, y, z), (x + aside, y + away), flight_s)
    assert throw.place_m(0) == pytest.approx((x, y, z))
    assert throw.place_m(flight_s) == pytest.approx((x + aside, y + away, 0.0), abs=1e-9)
    assert throw.place_m(flight_s + 3) == throw.place_m(flight_s + 9)
    assert throw.place_m(after_s)[2] >= 0


def test_a_thrown_bag_falls_as_things_fall() -> None:
    throw = Throw(
        (0, 10, 1.3),
        (
            3,
            11,
        ),
        0.9,
    )
    heights = np.array([throw.place_m(t)[2] for t in np.arange(0, 0.9, 0.05)])
    assert np.allclose(np.diff(heights, 2) / 0.05**2, -9.81)


@pytest.mark.parametrize("kind", BagKind)
def test_a_bag_is_as_large_as_a_bag(kind: BagKind) -> None:
    shadow, bag = Bag(kind, CLOTHS[1]).seen(CAMERA, (0.5, 12.0, 0.0), 0.3)
    per_m = CAMERA.px_per_m(np.array([[0.5, 12.0]]))[0]
    rows, columns = np.nonzero(bag.alpha > 127)
    assert 0.4 * per_m < np.ptp(rows) < 1.1 * per_m
    assert 0.25 * per_m < np.ptp(columns) < 0.7 * per_m
    assert shadow.y_m > bag.y_m
    assert not shadow.bgr.any()
    assert 40 < shadow.alpha.max() < 160, "a shadow hides nobody"


def test_smoke_grows_drifts_and_thins_out() -> None:
    smoke = Smoke((-4.4, 19.5), 10.0, 20.0, 3)
    assert smoke.seen(CAMERA, 9.9) is None
    assert smoke.seen(CAMERA, 20.0 + LIVES_S + 0.5) is None
    early, later, last = (smoke.seen(CAMERA, t) for t in (11.0, 16.0, 20.0 + LIVES_S - 1))
    assert early is not None
    assert later is not None
    assert last is not None
    assert (later.alpha > 20).sum() > 3 * (early.alpha > 20).sum()
    assert later.alpha.max() > 90
    assert last.alpha.max() < later.alpha.max()
    assert later.left_px + later.alpha.shape[1] > early.left_px + early.alpha.shape[1]


def test_each_event_puts_its_thing_before_the_camera_while_it_lasts() -> None:
    for kind, at_s, seen_at_s, gone_at_s in (
        (EventKind.BAG_LEFT, 3, 5, 9.0),
        (EventKind.BAG_THROWN, 3, 5, 9.0),
        (EventKind.CAR_PASSES, 3, 6.5, 30.0),
        (EventKind.BICYCLE_PASSES, 3, 7.5, 30.0),
        (EventKind.SMOKE, 3, 6, 30.0),
    ):
        happenings = Happenings(CAMERA, 4, [Event(kind, at_s, 9)])
        assert not happenings.seen(2.9).things
        assert happenings.seen(seen_at_s).things, kind
        assert not happenings.seen(gone_at_s).things, kind


def test_events_of_light_and_camera_put_nothing_before_the_camera() -> None:
    others = [
        Event(kind, 0, 9) for kind in (EventKind.BUMP, EventKind.COVER, EventKind.LIGHT_SWITCH, EventKind.FREEZE, EventKind.DEFOCUS, EventKind.DUSK)
    ]
    seen = Happenings(CAMERA, 4, others).seen(4)
    assert (seen.things, seen.rides, seen.bags_m) == ((), (), ())


def test_what_is_seen_comes_far_to_near_and_does_not_depend_on_what_was_asked_before() -> None:
    events = [Event(kind, 0, 9) for kind in EventKind if kind is not EventKind.DUSK] + [Event(EventKind.BAG_LEFT, 1)]
    fresh, used = Happenings(CAMERA, 4, events), Happenings(CAMERA, 4, events)
    for time_s in (0.1, 8.0, 0.4, 4.0):
        used.seen(time_s)
    one, other = fresh.seen(4.0), used.seen(4.0)
    assert len(one.things) == len(other.things) > 6
    assert all(same(a, b) for a, b in zip(one.things, other.things, strict=True))
    assert [t.y_m for t in one.things] == sorted((t.y_m for t in one.things), reverse=True)


def test_a_thrown_bag_flies_and_then_lies() -> None:
    happenings = Happenings(CAMERA, 4, [Event(EventKind.BAG_THROWN, 1)])
    spots = [happenings.seen(1 + t).bags_m[0] for t in (0.0, 0.5 * FLIGHT_S, FLIGHT_S, 20.0)]
    assert spots[0] != spots[1] != spots[2]
    assert spots[2] == spots[3]
    assert same(happenings.seen(3.0).things[-1], happenings.seen(9.0).things[-1])
