"""The rule that watches cameras, with a real gate in front of it: pictures of a small noisy place in, alerts out."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from passerby.hazards.alert import Event, What
from passerby.hazards.engine import LAG_S, Engine
from passerby.released.messages import SceneMessage
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings
from tests.support.detectors import Blind, Finder
from tests.support.ruled import START_S, site
from tests.support.scenes import Change, Figure, Picture, Play, Stage, shifted, walks

STAGE = Stage(160, 120, contrast=40)
FROM_S, TO_S, END_S = 25, 50, 95


def events_of(play: Play, *, unplugged: tuple[float, float] = (np.inf, np.inf), detector: Finder | Blind | None = None) -> list[tuple[float, Event]]:
    """What is told, and when: `LAG_S` after a whole second."""
    gate, engine = Gate(play.stage.size, GateSettings(settle_s=5.0, looks_at_once=0), detector or Blind()), Engine(site("", extra=""))
    told: list[tuple[float, Event]] = []
    second = 0
    for time_s in play.times_s:
        while second + LAG_S <= time_s:
            told += [(second + LAG_S, event) for event in engine.tick(START_S + second)]
            second += 1
        if not unplugged[0] <= time_s < unplugged[1]:
            scene = gate.see(play.picture(time_s), time_s)
            engine.accept(SceneMessage("gate-1", START_S + time_s, time_s, time_s, time_s, 1, False, scene))
    return told


def from_to(change: Change) -> Change:
    return lambda picture, time_s: change(picture, time_s) if FROM_S <= time_s < TO_S else picture


def dark(picture: Picture, time_s: float) -> Picture:
    return np.zeros_like(picture)


def sheet(picture: Picture, time_s: float) -> Picture:
    """Paper before the lens: bright and even."""
    return STAGE.seen(np.full_like(picture, 200), time_s)


def defocused(picture: Picture, time_s: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 12), np.uint8)


def stuck() -> Change:
    held: list[Picture] = []

    def camera(picture: Picture, time_s: float) -> Picture:
        if time_s < FROM_S or time_s >= TO_S:
            return picture
        held.append(picture)
        return held[0]

    return camera


def moved(picture: Picture, time_s: float) -> Picture:
    return shifted(picture, 40, 25)


@pytest.mark.parametrize(
    ("camera", "within_s", "says"),
    [
        (lambda: from_to(dark), 5, "covered"),
        (lambda: from_to(sheet), 5, "covered"),
        (lambda: from_to(defocused), 5, "covered"),
        (lambda: from_to(moved), 10, "moved"),
        (stuck, 15, "frozen"),
    ],
    ids=["dark", "sheet", "defocused", "moved", "frozen"],
)
def test_a_fault_is_told_in_time_and_is_over_when_the_camera_is_as_before(camera: Callable[[], Change], within_s: float, says: str) -> None:
    told = events_of(Play(STAGE, seconds=END_S, hz=4, camera=camera()))
    at_s, opened = told[0]
    assert opened.what is What.OPENED
    assert FROM_S < at_s <= FROM_S + within_s
    assert says in opened.words
    whats = [event.what for _, event in told if event.what is not What.UPDATED]
    assert whats == [What.OPENED, What.ENDED]
    assert max(at_s for at_s, event in told if event.what is What.ENDED) > TO_S


def test_a_camera_that_was_moved_for_good_stays_told_however_well_its_new_view_is_learned() -> None:
    told = events_of(Play(STAGE, seconds=END_S, hz=4, camera=lambda picture, time_s: moved(picture, time_s) if time_s >= FROM_S else picture))
    assert {event.what for _, event in told} == {What.OPENED, What.UPDATED}
    assert "another place than its zones were drawn on" in told[-1][1].words


def test_an_unplugged_camera_is_told_within_five_seconds_whenever_it_happens() -> None:
    for part in (0.1, 0.4, 0.9):
        from_s = FROM_S + part
        told = events_of(Play(STAGE, seconds=FROM_S + 8, hz=4), unplugged=(from_s, np.inf))
        assert told[0][1].what is What.OPENED
        assert told[0][0] <= from_s + 5
        assert "without pictures" in told[0][1].words


def test_a_place_with_people_in_it_is_no_fault() -> None:
    figures = [Figure(walks((number * 7.0, -15, 60 + number), (number * 7.0 + 12, 165, 50 + number)), seed=number) for number in range(8)]
    assert events_of(Play(STAGE, figures, seconds=70, hz=4), detector=Finder()) == []
