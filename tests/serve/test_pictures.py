import threading

import pytest

from passerby.clock import SimulatedClock
from passerby.released.scene import Scene
from passerby.serve.pictures import KEEP_S, MOST_BEHIND_S, MOST_HZ, Pictures
from passerby.supervise.gathering import MOST_PENDING
from passerby.supervise.live_places import LivePlaces
from tests.support.site_now import message, patch, whole_plate


class Drawn:
    """Draws words instead of pictures, and forgets like a painter that was restarted if it is told to."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, float, bool]] = []
        self.forgotten: list[str] = []
        self.lost = False
        self.stopped = False

    def draw(self, camera: str, scene: Scene, *, anew: bool) -> bytes:
        self.orders.append((camera, scene.time_s, anew))
        if self.lost and not anew:
            return b""
        self.lost = False
        return f"{camera} with {len(scene.glyphs)}".encode()

    def prepare(self) -> None:
        pass

    def draw_ground(self, camera: str, scene: Scene, *, anew: bool) -> bytes:
        return b"mark"

    def ground(self, camera: str, width_px: int) -> bytes:
        return f"{camera} at {width_px}".encode()

    def forget_ground(self, camera: str) -> None:
        self.forgotten.append(f"ground of {camera}")

    def forget(self, camera: str) -> None:
        self.forgotten.append(camera)

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def places(clock: SimulatedClock, asked: list[str]) -> LivePlaces:
    return LivePlaces(["gate", "hall"], asked.append, clock)


@pytest.fixture
def painter() -> Drawn:
    return Drawn()


@pytest.fixture
def pictures(places: LivePlaces, painter: Drawn, clock: SimulatedClock) -> Pictures:
    return Pictures(places, painter, clock)


def test_nothing_is_drawn_until_somebody_asks(places: LivePlaces, painter: Drawn, pictures: Pictures) -> None:
    places.accept(message(whole=True, patches=whole_plate()))
    assert painter.orders == []
    assert pictures.watched == ()


def test_the_first_who_asks_makes_the_whole_plate_come(places: LivePlaces, asked: list[str], pictures: Pictures) -> None:
    assert pictures.picture("gate") is None
    assert asked == ["gate"]
    places.accept(message(whole=True, patches=whole_plate()))
    picture = pictures.picture("gate")
    assert picture is not None
    assert picture.jpeg == b"gate with 0"


def test_many_who_ask_share_one_picture(places: LivePlaces, painter: Drawn, pictures: Pictures, clock: SimulatedClock) -> None:
    pictures.picture("gate")
    places.accept(message(whole=True))
    seen = {pictures.picture("gate") for _ in range(20)}
    assert len(seen) == 1
    assert len(painter.orders) == 1


def test_however_often_somebody_asks_a_camera_is_drawn_only_so_often(
    places: LivePlaces, painter: Drawn, pictures: Pictures, clock: SimulatedClock
) -> None:
    pictures.picture("gate")
    for number in range(100):
        places.accept(message(at_s=number / 50, whole=number == 0))
        pictures.picture("gate")
        clock.sleep(1 / 50)
    assert len(painter.orders) <= 2 * MOST_HZ + 1


def test_a_picture_that_did_not_change_keeps_its_number(places: LivePlaces, pictures: Pictures, clock: SimulatedClock) -> None:
    pictures.picture("gate")
    numbers = []
    for number, glyphs in enumerate((0, 0, 2)):
        places.accept(message(at_s=float(number), whole=number == 0, glyphs=glyphs))
        picture = pictures.picture("gate")
        assert picture is not None
        numbers.append(picture.number)
        clock.sleep(1.0)
    assert numbers[0] == numbers[1] < numbers[2]


def test_who_stops_asking_is_let_go_and_others_are_kept(places: LivePlaces, painter: Drawn, pictures: Pictures, clock: SimulatedClock) -> None:
    pictures.picture("gate")
    pictures.picture("hall")
    clock.sleep(KEEP_S - 1)
    pictures.picture("hall")
    clock.sleep(2.0)
    pictures.tick()
    assert pictures.watched == ("hall",)
    assert painter.forgotten == ["gate"]
    places.accept(message("gate", whole=True, patches=whole_plate()))
    assert places.watched("gate") == 0


def test_a_painter_that_was_restarted_gets_the_whole_plate_again(
    places: LivePlaces, painter: Drawn, asked: list[str], pictures: Pictures, clock: SimulatedClock
) -> None:
    pictures.picture("gate")
    places.accept(message(whole=True))
    pictures.picture("gate")
    painter.lost = True
    clock.sleep(1.0)
    places.accept(message(at_s=1.0, patches=(patch(0, 7),)))
    assert pictures.picture("gate") is None
    assert asked == ["gate", "gate"]
    clock.sleep(1.0)
    places.accept(message(at_s=2.0, whole=True))
    assert pictures.picture("gate") is not None


def test_a_camera_that_nobody_knows_is_an_error_and_leaves_nothing_behind(pictures: Pictures) -> None:
    with pytest.raises(KeyError):
        pictures.picture("elsewhere")
    assert pictures.watched == ()


def test_one_camera_that_is_slow_to_draw_holds_up_no_other(places: LivePlaces, clock: SimulatedClock) -> None:
    entered, go_on = threading.Event(), threading.Event()

    class Slow(Drawn):
        def draw(self, camera: str, scene: Scene, *, anew: bool) -> bytes:
            if camera == "gate":
                entered.set()
                assert go_on.wait(10)
            return super().draw(camera, scene, anew=anew)

    pictures = Pictures(places, Slow(), clock)
    for camera in ("gate", "hall"):
        pictures.picture(camera)
        places.accept(message(camera, whole=True))
    slow = threading.Thread(target=pictures.picture, args=("gate",))
    slow.start()
    assert entered.wait(10)
    try:
        assert pictures.picture("hall") is not None
    finally:
        go_on.set()
        slow.join()


def test_the_end_lets_go_of_everything(places: LivePlaces, painter: Drawn, pictures: Pictures) -> None:
    pictures.picture("gate")
    pictures.stop()
    assert painter.stopped
    assert pictures.watched == ()


def test_a_picture_that_is_no_longer_drawn_anew_while_scenes_come_is_not_given_out(
    places: LivePlaces, pictures: Pictures, clock: SimulatedClock
) -> None:
    pictures.picture("gate")
    places.accept(message(at_s=0.0, whole=True, patches=whole_plate()))
    assert pictures.picture("gate") is not None
    for number in range(MOST_PENDING + 1):  # more than is kept: the whole plate is asked for, and does not come
        places.accept(message(at_s=0.1 * (number + 1), patches=whole_plate()))
    clock.sleep(1)
    places.accept(message(at_s=1.0))
    assert pictures.picture("gate") is not None
    clock.sleep(MOST_BEHIND_S)
    places.accept(message(at_s=1.0 + MOST_BEHIND_S))
    assert pictures.picture("gate") is None


def test_a_picture_that_followed_other_orders_is_not_given_out_again(
    places: LivePlaces, painter: Drawn, pictures: Pictures, clock: SimulatedClock
) -> None:
    pictures.picture("gate")
    places.accept(message(at_s=0.0, whole=True, glyphs=2))
    assert pictures.picture("gate") is not None
    places.withhold(["gate"])
    withheld = pictures.picture("gate")
    assert withheld is None or withheld.jpeg == b"gate with 0"
    clock.sleep(1.0)
    withheld = pictures.picture("gate")
    assert withheld is not None
    assert withheld.jpeg == b"gate with 0"


def test_nor_is_it_when_nobody_asked_until_the_next_worker_showed_something(places: LivePlaces, pictures: Pictures, clock: SimulatedClock) -> None:
    pictures.picture("gate")
    places.accept(message(at_s=0.0, whole=True, glyphs=2))
    assert pictures.picture("gate") is not None
    places.withhold(["gate"])
    places.resume(["gate"])
    clock.sleep(1.0)
    places.accept(message(at_s=1.0))
    assert pictures.picture("gate") is None
    clock.sleep(1.0)
    places.accept(message(at_s=2.0, whole=True, glyphs=1))
    picture = pictures.picture("gate")
    assert picture is not None
    assert picture.jpeg == b"gate with 1"


def test_a_camera_that_was_removed_and_comes_again_does_not_show_what_the_one_before_showed(places: LivePlaces, pictures: Pictures) -> None:
    pictures.picture("gate")
    places.accept(message(at_s=0.0, whole=True, glyphs=2))
    assert pictures.picture("gate") is not None
    places.follow(["hall"])
    places.follow(["gate", "hall"])
    assert pictures.picture("gate") is None


def test_grounds_are_looked_after_with_the_pictures(places: LivePlaces, painter: Drawn, pictures: Pictures, clock: SimulatedClock) -> None:
    pictures.picture("hall")
    pictures.grounds.want(["gate", "hall"])
    watched = [pictures.watched]
    clock.sleep(KEEP_S + 1)
    pictures.tick()
    watched.append(pictures.watched)
    assert watched == [("hall", "gate"), ()]
    assert painter.forgotten == ["ground of gate", "ground of hall", "hall"]
    pictures.grounds.want(["gate"])
    pictures.stop()
    assert pictures.watched == ()
