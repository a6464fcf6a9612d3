import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.clock import SimulatedClock
from passerby.released.messages import Reason, SceneMessage, Trouble
from passerby.released.render import Renderer, render_once
from passerby.released.scene import Size
from passerby.supervise.gathering import MOST_PENDING
from passerby.supervise.live_places import ASK_AGAIN_S, PLATES_AT_ONCE, LivePlaces, PlaceWatcher
from tests.support.site_now import SIZE, health, message, patch, whole_plate


class Asked(list[str]):
    """Whose plates were asked for."""

    def __call__(self, camera: str) -> None:
        self.append(camera)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def places(clock: SimulatedClock, asked: Asked) -> LivePlaces:
    return LivePlaces(["gate", "hall"], asked, clock)


@pytest.fixture
def watcher(places: LivePlaces) -> PlaceWatcher:
    return places.watcher()


def test_nothing_is_gathered_while_nobody_watches(places: LivePlaces, watcher: PlaceWatcher, asked: Asked) -> None:
    places.accept(message(whole=True, patches=whole_plate()))
    assert watcher.take("gate") is None
    assert asked == []
    scene = places.now("gate").scene
    assert scene is not None
    assert scene.scene.patches == ()


def test_who_begins_to_watch_gets_nothing_until_the_whole_plate_came(places: LivePlaces, watcher: PlaceWatcher, asked: Asked) -> None:
    watcher.watch("gate")
    assert asked == ["gate"]
    places.accept(message(at_s=1.0, patches=(patch(0, 5),)))
    assert watcher.take("gate") is None
    places.accept(message(at_s=2.0, whole=True, patches=whole_plate()))
    pending = watcher.take("gate")
    assert pending is not None
    assert pending.anew
    assert pending.message.scene.patches == whole_plate()
    assert watcher.take("gate") is None


def test_of_many_scenes_the_newest_is_kept_with_the_patches_of_all(places: LivePlaces, watcher: PlaceWatcher) -> None:
    watcher.watch("gate")
    places.accept(message(whole=True, patches=whole_plate()))
    for number in range(3):
        places.accept(message(at_s=1.0 + number, patches=(patch(16 * number, number),), glyphs=number))
    pending = watcher.take("gate")
    assert pending is not None
    assert pending.message.scene.time_s == 3.0
    assert len(pending.message.scene.glyphs) == 2
    assert pending.message.scene.patches == (*whole_plate(), patch(0, 0), patch(16, 1), patch(32, 2))


STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 255), st.booleans(), st.sampled_from(["patch", "epoch", "whole", "none"])), min_size=1, max_size=12
)


@given(STEPS)
def test_drawing_what_was_taken_shows_what_drawing_every_scene_would_show(steps: list[tuple[int, int, bool, str]]) -> None:
    """However rarely a renderer comes by: the plate is never mixed with one that was dropped, and nothing of it is missing."""
    places = LivePlaces(["gate"], lambda _: None, SimulatedClock())
    watcher = places.watcher()
    watcher.watch("gate")
    first = message(whole=True, patches=whole_plate())
    each, seldom, epoch = Renderer(SIZE, caption=False), Renderer(SIZE, caption=False), 0
    places.accept(first)
    expected = each.render(first.scene)
    for number, (column, value, look, what) in enumerate(steps):
        epoch += what == "epoch"
        patches = {"patch": (patch(16 * column, value),), "whole": whole_plate(value=value)}.get(what, ())
        now = message(at_s=1.0 + number, whole=what == "whole", epoch=epoch, patches=patches)
        places.accept(now)
        if what == "whole":
            each = Renderer(SIZE, caption=False)
        expected = each.render(now.scene)
        if look or number == len(steps) - 1:
            pending = watcher.take("gate")
            assert pending is not None
            if pending.anew:
                seldom = Renderer(SIZE, caption=False)
            assert (seldom.render(pending.message.scene) == expected).all()


def test_patches_that_wait_are_bounded_and_the_whole_plate_takes_their_place(places: LivePlaces, watcher: PlaceWatcher, asked: Asked) -> None:
    watcher.watch("gate")
    places.accept(message(whole=True))
    for number in range(MOST_PENDING + 1):
        places.accept(message(at_s=number + 1.0, patches=whole_plate()))
    assert watcher.take("gate") is None
    watcher.watch("gate")
    assert asked == ["gate", "gate"]


def test_a_plate_that_does_not_come_is_asked_for_again_but_not_at_once(
    places: LivePlaces, watcher: PlaceWatcher, asked: Asked, clock: SimulatedClock
) -> None:
    for _ in range(3):
        watcher.watch("gate")
    assert asked == ["gate"]
    clock.sleep(ASK_AGAIN_S)
    watcher.watch("gate")
    assert asked == ["gate", "gate"]


def test_of_many_that_begin_to_watch_at_once_a_few_plates_come_at_a_time(clock: SimulatedClock, asked: Asked) -> None:
    cameras, size = [f"camera-{number}" for number in range(10)], Size(1920, 1080)
    places = LivePlaces(cameras, asked, clock)
    watcher = places.watcher()
    for camera in cameras:
        places.accept(message(camera, whole=True, size=size))  # before anybody watched: no turn is used up by it
    for camera in cameras:
        watcher.watch(camera)
    assert asked == cameras[:PLATES_AT_ONCE]
    drawn = set[str]()
    while len(drawn) < len(cameras):
        for camera in asked:
            if camera not in drawn:
                places.accept(message(camera, whole=True, size=size))
                assert watcher.take(camera) is not None
                drawn.add(camera)
        for camera in cameras:
            watcher.watch(camera)
    assert sorted(asked) == cameras


@pytest.mark.parametrize(("size", "at_once"), [(Size(640, 360), 10), (Size(960, 540), 8), (Size(3840, 2160), 1), (Size(8192, 4352), 1)])
def test_of_small_plates_more_come_at_a_time_and_of_large_ones_one(size: Size, at_once: int, clock: SimulatedClock, asked: Asked) -> None:
    cameras = [f"camera-{number}" for number in range(10)]
    places = LivePlaces(cameras, asked, clock)
    watcher = places.watcher()
    for camera in cameras:
        places.accept(message(camera, size=size))
    for camera in cameras:
        watcher.watch(camera)
    assert asked == cameras[:at_once]


def test_a_new_worker_begins_with_nothing_of_the_old_ones_plate(places: LivePlaces, watcher: PlaceWatcher) -> None:
    watcher.watch("gate")
    places.accept(message(at_s=50.0, whole=True, connection=3, patches=whole_plate()))
    watcher.take("gate")
    reborn = message(at_s=60.0, connection=1, patches=(patch(0, 200),))
    places.accept(msgspec.structs.replace(reborn, scene=msgspec.structs.replace(reborn.scene, time_s=0.0)))
    assert watcher.take("gate") is None


def test_a_picture_of_another_size_needs_a_whole_plate(places: LivePlaces, watcher: PlaceWatcher) -> None:
    watcher.watch("gate")
    places.accept(message(whole=True))
    watcher.take("gate")
    places.accept(message(at_s=1.0, size=Size(96, 48)))
    assert watcher.take("gate") is None


def test_who_stops_watching_leaves_nothing_behind(places: LivePlaces, watcher: PlaceWatcher) -> None:
    watcher.watch("gate")
    places.accept(message(whole=True, patches=whole_plate()))
    watcher.unwatch("gate")
    assert watcher.take("gate") is None
    places.accept(message(at_s=1.0, whole=True, patches=whole_plate()))
    assert watcher.take("gate") is None


def test_one_camera_says_nothing_of_another(places: LivePlaces, watcher: PlaceWatcher) -> None:
    watcher.watch("gate")
    places.accept(message("hall", whole=True))
    assert watcher.take("gate") is None
    assert places.now("gate").scene is None
    assert places.now("hall").scene is not None


def test_messages_of_unknown_cameras_and_of_whole_workers_are_left_out(places: LivePlaces) -> None:
    places.accept(message("elsewhere"))
    places.accept(Trouble(None, Reason.CRASHED, "ValueError", "gate"))
    assert places.now("gate").scenes == 0
    with pytest.raises(KeyError):
        places.now("elsewhere")


def test_rates_come_from_the_counters_and_a_restart_does_not_make_them_negative(places: LivePlaces, clock: SimulatedClock) -> None:
    for second in range(5):
        places.accept(health(received=10 * second, gated=9 * second, skipped=second))
        clock.sleep(1.0)
    now = places.now("gate")
    assert (now.received_hz, now.gated_hz, now.skipped_hz) == pytest.approx((10, 9, 1))
    places.accept(health(received=2, gated=2, skipped=0))
    assert places.now("gate").received_hz == 0


def test_the_age_of_a_scene_counts_from_its_picture(places: LivePlaces, clock: SimulatedClock) -> None:
    clock.sleep(10.0)
    places.accept(message(at_s=9.5))
    clock.sleep(1.0)
    assert places.now("gate").scene_age_s == pytest.approx(1.5)
    counts, sum_s = places.latency("gate").counts()
    assert sum(counts) == 1
    assert sum_s == pytest.approx(0.5)


def test_cameras_that_stay_are_still_known_after_a_reload(places: LivePlaces) -> None:
    places.accept(message())
    places.follow(["stairs", "gate"])
    assert places.cameras == ("stairs", "gate")
    assert places.now("gate").scenes == 1
    assert places.now("stairs").scenes == 0


def test_a_message_is_never_changed_by_being_kept(places: LivePlaces, watcher: PlaceWatcher) -> None:
    given_message: SceneMessage = message(whole=True, patches=whole_plate())
    watcher.watch("gate")
    places.accept(given_message)
    assert given_message.scene.patches == whole_plate()


def test_a_whole_plate_that_was_taken_draws_the_same_as_a_scene_alone(places: LivePlaces, watcher: PlaceWatcher) -> None:
    watcher.watch("gate")
    whole = message(whole=True, patches=whole_plate(), glyphs=2)
    places.accept(whole)
    pending = watcher.take("gate")
    assert pending is not None
    assert (render_once(pending.message.scene) == render_once(whole.scene)).all()


def test_a_scene_grows_old_whatever_its_worker_said_of_the_time(places: LivePlaces, clock: SimulatedClock) -> None:
    places.accept(message(at_s=1e12))
    assert places.now("gate").scene_age_s == 0
    clock.sleep(3600)
    assert places.now("gate").scene_age_s == 3600


def test_a_scene_that_came_late_is_as_old_as_its_picture(places: LivePlaces, clock: SimulatedClock) -> None:
    clock.sleep(10)
    places.accept(message(at_s=4.0))
    assert places.now("gate").scene_age_s == 6


def test_each_who_watches_is_given_everything_and_takes_nothing_from_another(places: LivePlaces, asked: Asked) -> None:
    first, second = places.watcher(), places.watcher()
    first.watch("gate")
    places.accept(message(whole=True, patches=whole_plate()))
    assert first.take("gate") is not None
    second.watch("gate")
    assert asked == ["gate", "gate"]
    places.accept(message(at_s=1.0, patches=(patch(0, 9),)))
    mine = first.take("gate")
    assert mine is not None
    assert mine.message.scene.patches == (patch(0, 9),)
    assert second.take("gate") is None
    places.accept(message(at_s=2.0, whole=True, patches=whole_plate()))
    for watcher in (first, second):
        pending = watcher.take("gate")
        assert pending is not None
        assert pending.anew
    assert places.watched("gate") == 2
    first.close()
    places.accept(message(at_s=3.0))
    assert first.take("gate") is None
    assert second.take("gate") is not None
    assert places.watched("gate") == 1


def test_who_wants_to_be_told_is_told_when_there_is_something_to_take(places: LivePlaces) -> None:
    told: list[str] = []
    watcher = places.watcher(told.append)
    watcher.watch("gate")
    places.accept(message())
    assert told == []
    places.accept(message(at_s=1.0, whole=True, patches=whole_plate()))
    assert told == ["gate"]
    watcher.unwatch("gate")
    places.accept(message(at_s=2.0))
    assert told == ["gate"]


def test_a_plate_has_another_number_after_a_new_worker_and_the_same_after_it_was_sent_again(places: LivePlaces, watcher: PlaceWatcher) -> None:
    assert watcher.plate("gate") is None
    watcher.watch("gate")
    assert watcher.plate("gate") is None
    places.accept(message(at_s=10.0, whole=True, patches=whole_plate()))
    first = watcher.take("gate")
    assert first is not None
    places.accept(message(at_s=11.0, whole=True, patches=whole_plate()))
    again = watcher.take("gate")
    assert again is not None
    assert first.plate == again.plate == watcher.plate("gate")
    places.accept(message(at_s=1.0, whole=True, patches=whole_plate()))  # a new worker, whose first scene brings its plate
    assert watcher.plate("gate") not in {None, first.plate}
    other = watcher.take("gate")
    assert other is not None
    assert other.plate == watcher.plate("gate")


def test_a_camera_that_was_taken_out_and_put_in_again_has_another_plate(places: LivePlaces, watcher: PlaceWatcher) -> None:
    watcher.watch("gate")
    places.accept(message(whole=True, patches=whole_plate()))
    before = watcher.plate("gate")
    places.follow(["hall"])
    assert watcher.plate("gate") is None
    places.follow(["hall", "gate"])
    watcher.watch("gate")
    places.accept(message(at_s=1.0, whole=True, patches=whole_plate()))
    assert watcher.plate("gate") not in {None, before}


def test_what_is_known_of_a_camera_whose_orders_change_is_withheld_at_once_for_all_who_watch(places: LivePlaces) -> None:
    told: list[str] = []
    watchers = [places.watcher(told.append), places.watcher()]
    for one in watchers:
        one.watch("gate")
        one.watch("hall")
    for camera in ("gate", "hall"):
        places.accept(message(camera, at_s=9.0, whole=True, patches=whole_plate(), glyphs=3))
    assert watchers[0].take("gate") is not None
    told.clear()
    before = places.now("gate").orders, places.now("hall").orders
    places.withhold(["gate", "of another site"])
    assert told == ["gate"]
    for one in watchers:
        pending = one.take("gate")
        assert pending is not None
        assert not any(pending.message.scene.shown)
        assert (pending.message.scene.glyphs, pending.message.scene.cells, pending.message.scene.patches) == ((), (), ())
    gate = places.now("gate")
    assert gate.scene is not None
    assert not any(gate.scene.scene.shown)
    assert gate.scene.scene.health.withheld_share == 1
    assert gate.orders > before[0]
    assert places.now("hall").orders == before[1]
    hall = watchers[1].take("hall")
    assert hall is not None
    assert len(hall.message.scene.glyphs) == 3


def test_scenes_that_still_follow_the_old_orders_are_ignored_until_their_worker_has_ended(places: LivePlaces, watcher: PlaceWatcher) -> None:
    watcher.watch("gate")
    places.accept(message(at_s=9.0, whole=True, patches=whole_plate(), glyphs=3))
    plate = watcher.plate("gate")
    places.withhold(["gate"])
    places.accept(message(at_s=9.5, whole=True, patches=whole_plate(), glyphs=2))
    now = places.now("gate").scene
    assert now is not None
    assert (now.scene.time_s, now.scene.glyphs) == (9.0, ())
    places.resume(["gate"])
    # The new worker's camera may well have had more connections, and run for longer, than the old one's.
    places.accept(message(at_s=20.0, connection=5, glyphs=1))
    assert watcher.take("gate") is None, "the plate that is known is not the new worker's"
    assert watcher.plate("gate") is None
    places.accept(message(at_s=21.0, connection=5, whole=True, patches=whole_plate(value=7)))
    pending = watcher.take("gate")
    assert pending is not None
    assert pending.anew
    assert pending.plate != plate


def test_a_camera_that_has_shown_nothing_yet_can_be_withheld(places: LivePlaces) -> None:
    places.withhold(["gate"])
    places.accept(message(whole=True))
    assert places.now("gate").scene is None
    places.resume(["gate"])
    places.accept(message(whole=True))
    assert places.now("gate").scene is not None


def test_a_worker_that_is_known_to_start_begins_with_another_plate_whatever_its_times_say(places: LivePlaces, watcher: PlaceWatcher) -> None:
    watcher.watch("gate")
    places.accept(message(whole=True, patches=whole_plate()))
    before = watcher.plate("gate")
    places.begin_anew(["gate", "elsewhere"])
    places.accept(message(at_s=1.0, whole=True, patches=whole_plate()))
    assert watcher.plate("gate") not in {None, before}
    again = watcher.plate("gate")
    places.accept(message(at_s=2.0))
    assert watcher.plate("gate") == again


def test_a_plate_that_somebody_does_not_take_who_had_it_holds_up_no_other(clock: SimulatedClock, asked: Asked) -> None:
    cameras, size = [f"camera-{number}" for number in range(6)], Size(1920, 1080)
    places = LivePlaces(cameras, asked, clock)
    idle, busy = places.watcher(), places.watcher()
    for camera in cameras:
        idle.watch(camera)
        places.accept(message(camera, whole=True, size=size))
        idle.take(camera)
    asked.clear()
    for _ in cameras:
        for camera in cameras:
            busy.watch(camera)
        for camera in tuple(asked):
            places.accept(message(camera, whole=True, size=size))
            busy.take(camera)
    assert asked == cameras
