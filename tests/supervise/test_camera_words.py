import re

import pytest

from passerby.released.messages import CaptureState, Reason
from passerby.released.scene import GateState
from passerby.supervise.camera_words import REASONS, SILENT_S, STALE_S, STATES, CameraWords, Condition, camera_words
from tests.support.site_now import health, message, place_now

JARGON = re.compile(r"\b(exception|thread|socket|errno|null|None|msgpack|SIG[A-Z]+|traceback|enum)\b")


def test_every_reason_and_every_state_has_words() -> None:
    assert set(REASONS) == set(Reason)
    assert set(STATES) == set(GateState)


@pytest.mark.parametrize("reason", [one for one in Reason if one is not Reason.NOT_YET])
def test_every_reason_says_what_is_wrong_and_what_to_do_in_plain_words(reason: Reason) -> None:
    says, do = REASONS[reason]
    assert says.endswith(".")
    assert do
    assert not JARGON.search(f"{says} {do}")


def test_a_camera_that_is_settled_is_live_and_needs_nothing() -> None:
    assert camera_words(place_now(), None) == CameraWords(Condition.LIVE, "The whole place is shown.")


def test_a_camera_that_has_settled_little_is_learning() -> None:
    words = camera_words(place_now(scene=message(withheld_share=0.8)), None)
    assert words.condition is Condition.LEARNING
    assert "20% of it is shown" in words.says


def test_what_is_withheld_is_told_also_when_live() -> None:
    words = camera_words(place_now(scene=message(withheld_share=0.12)), None)
    assert words == CameraWords(Condition.LIVE, "88% of the place is shown; the rest is withheld.")


@pytest.mark.parametrize("state", list(GateState))
def test_everything_but_watching_is_told(state: GateState) -> None:
    words = camera_words(place_now(scene=message(state=state, withheld_share=1.0)), None)
    assert (words.condition is Condition.LIVE) is False
    assert words.says


def test_a_machine_that_cannot_keep_up_is_told_with_what_helps() -> None:
    words = camera_words(place_now(skipped_hz=4.0), None)
    assert "cannot keep up: 40% of the pictures are skipped" in words.says
    assert "fps_limit" in words.do


@pytest.mark.parametrize("reason", [Reason.UNAUTHORISED, Reason.UNREACHABLE, Reason.STALLED, Reason.CLOSED])
def test_a_camera_that_gives_no_pictures_says_why_even_if_it_gave_some_just_now(reason: Reason) -> None:
    words = camera_words(place_now(health=health(state=CaptureState.WAITING, reason=reason)), None)
    assert words == CameraWords(Condition.TROUBLE, *REASONS[reason])


def test_a_camera_that_never_gave_a_picture_is_waited_for() -> None:
    words = camera_words(place_now(scene=None, scene_age_s=None, scenes=0, health=health(state=CaptureState.CONNECTING, reason=Reason.NOT_YET)), None)
    assert words.condition is Condition.WAITING


def test_pictures_that_come_in_and_are_not_gated_are_trouble() -> None:
    words = camera_words(place_now(scene_age_s=STALE_S + 1), None)
    assert words.condition is Condition.TROUBLE
    assert "none gets through" in words.says


def test_a_slow_camera_is_not_taken_for_a_lost_one() -> None:
    assert camera_words(place_now(scene_age_s=8.0), None, stale_s=12.0).condition is Condition.LIVE


def test_a_worker_that_says_nothing_is_told_of() -> None:
    assert camera_words(place_now(health_age_s=SILENT_S + 1), None).says == REASONS[Reason.HUNG][0]


def test_the_workers_end_comes_before_what_the_camera_said_last() -> None:
    assert camera_words(place_now(), Reason.OUT_OF_MEMORY).says == REASONS[Reason.OUT_OF_MEMORY][0]
    assert camera_words(place_now(health=None), Reason.NONE).condition is Condition.WAITING


def test_a_file_that_ended_is_no_trouble() -> None:
    assert camera_words(place_now(health=health(state=CaptureState.ENDED)), None).condition is Condition.ENDED
