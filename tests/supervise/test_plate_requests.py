import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.clock import SimulatedClock
from passerby.supervise.plate_requests import AT_ONCE, PATIENCE_S, PlateRequests


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def sent() -> list[str]:
    return []


@pytest.fixture
def requests(sent: list[str], clock: SimulatedClock) -> PlateRequests:
    return PlateRequests(sent.append, clock)


def test_a_few_are_under_way_and_the_others_wait_for_their_turn(requests: PlateRequests, sent: list[str]) -> None:
    for camera in ("a", "b", "c", "d"):
        requests.ask(camera)
    assert sent == ["a", "b"]
    requests.arrived("b")
    assert sent == ["a", "b", "c"]


def test_who_asks_twice_is_asked_for_once(requests: PlateRequests, sent: list[str]) -> None:
    for camera in ("a", "a", "b", "c", "c", "a"):
        requests.ask(camera)
    for camera in ("a", "b", "c"):
        requests.arrived(camera)
    assert sent == ["a", "b", "c"]


def test_a_camera_that_does_not_answer_makes_way(requests: PlateRequests, sent: list[str], clock: SimulatedClock) -> None:
    for camera in ("a", "b", "c"):
        requests.ask(camera)
    clock.sleep(PATIENCE_S)
    requests.tick()
    assert sent == ["a", "b", "c"]
    requests.ask("a")
    assert sent == ["a", "b", "c", "a"]


def test_nothing_is_asked_for_while_those_who_take_plates_are_behind(sent: list[str], clock: SimulatedClock) -> None:
    behind = True
    requests = PlateRequests(sent.append, clock, lambda: behind)
    requests.ask("a")
    assert sent == []
    behind = False
    requests.tick()
    assert sent == ["a"]


def test_a_plate_that_comes_unasked_is_not_asked_for(requests: PlateRequests, sent: list[str]) -> None:
    for camera in ("a", "b", "c"):
        requests.ask(camera)
    requests.arrived("c")
    requests.arrived("a")
    assert sent == ["a", "b"]


@given(st.lists(st.tuples(st.sampled_from(["ask", "arrive", "wait"]), st.sampled_from("abcdef")), max_size=60))
def test_never_are_more_under_way_and_every_wish_is_passed_on_in_the_end(steps: list[tuple[str, str]]) -> None:
    clock, sent = SimulatedClock(), list[str]()
    requests = PlateRequests(sent.append, clock)
    wished: set[str] = set()
    for what, camera in steps:
        if what == "ask":
            requests.ask(camera)
            wished.add(camera)
        elif what == "arrive":
            requests.arrived(camera)
            wished.discard(camera)
        else:
            clock.sleep(1.0)
            requests.tick()
        assert len(requests._asked_at_s) <= AT_ONCE
    for _ in range(10):
        clock.sleep(PATIENCE_S)
        requests.tick()
    assert wished <= set(sent)


@pytest.mark.parametrize(("weight", "at_once"), [(0.25, 8), (1.0, 2), (4.0, 1)])
def test_of_small_plates_more_are_under_way_and_of_large_ones_one(weight: float, at_once: int, sent: list[str], clock: SimulatedClock) -> None:
    requests = PlateRequests(sent.append, clock, weight=lambda _camera: weight)
    for number in range(10):
        requests.ask(str(number))
    assert sent == [str(number) for number in range(at_once)]
    requests.arrived("0")
    assert len(sent) == at_once + 1
