"""Scores of tracks by two programs that share no code, which must say the same."""

import numpy as np
import pytest

from bench import mot_scores
from bench.environments import is_made
from bench.mot_scores import MOTMETRICS, TRACKEVAL, Box
from bench.truth import Person

FRAMES = 40
BROKEN = 20
"""So many frames on, one track ends and another one goes on."""


def annotated() -> list[Person]:
    """Four people who walk beside each other."""
    return [Person(frame, person, 100 * person + 3 * frame + 10, 100, 40, 80) for frame in range(1, FRAMES + 1) for person in range(4)]


def followed(people: list[Person]) -> list[Box]:
    """Boxes that jitter; 16 are missing, one is of nobody, and somebody has two tracks."""
    rng = np.random.default_rng(1)
    boxes = [
        (one.frame, 10 if one.person == 2 and one.frame > BROKEN else int(one.person), one.left_px + rng.normal(0, 2), one.top_px, 40.0, 80.0)
        for number, one in enumerate(people)
        if number % 10
    ]
    return [*boxes, (5, 77, 600.0, 300.0, 40.0, 80.0)]


def test_trackeval_and_motmetrics_say_the_same() -> None:
    if not (is_made(TRACKEVAL) and is_made(MOTMETRICS[0])):
        pytest.skip("the environments of trackeval and motmetrics are not made here: bench.counts makes them")
    people = annotated()
    found = mot_scores.mot_scores(people, followed(people))
    assert (found["missed"], found["false"], found["switches"]) == (16, 1, 1)
    assert found["mota"] == pytest.approx(1 - 18 / len(people))
    assert found["mota_motmetrics"] == pytest.approx(found["mota"], abs=1e-9)
    assert found["idf1_motmetrics"] == pytest.approx(found["idf1"], abs=1e-9)
    assert 0.7 < found["idf1"] < found["mota"]


@pytest.mark.parametrize("other", [{"mota": 0.80, "idf1": 0.7}, {"mota": 0.85, "idf1": 0.71}, {"mota": float("nan"), "idf1": 0.7}])
def test_where_they_do_not_agree_no_score_is_told(monkeypatch: pytest.MonkeyPatch, other: dict[str, float]) -> None:
    said = {TRACKEVAL: {"mota": 0.85, "idf1": 0.7, "hota": 0.6}, MOTMETRICS[0]: other}
    monkeypatch.setattr(mot_scores, "scored", lambda packages, *_: said[packages[0]])
    with pytest.raises(RuntimeError, match="motmetrics"):
        mot_scores.mot_scores(annotated(), [])


def test_where_they_agree_both_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {TRACKEVAL: {"mota": 0.85, "idf1": 0.7, "hota": 0.6}, MOTMETRICS[0]: {"mota": 0.852, "idf1": 0.7}}
    monkeypatch.setattr(mot_scores, "scored", lambda packages, *_: said[packages[0]])
    found = mot_scores.mot_scores(annotated(), [])
    assert (found["mota"], found["mota_motmetrics"]) == (0.85, 0.852)


def test_who_is_annotated_as_unsure_is_neither_hit_nor_false_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[object, object]] = []

    def scored(_packages: object, _script: object, truth: object, told: object) -> dict[str, float]:
        given.append((truth, told))
        return {"mota": 1.0, "idf1": 1.0}

    monkeypatch.setattr(mot_scores, "scored", scored)
    sure, unsure = Person(1, 0, 10, 100, 40, 80), Person(1, 1, 200, 100, 40, 80, counts=False)
    mot_scores.mot_scores([sure, unsure], [(1, 5, 10.0, 100.0, 40.0, 80.0), (1, 6, 201.0, 100.0, 40.0, 80.0)])
    assert given == [([(1, 0, 10, 100, 40, 80)], [(1, 5, 10.0, 100.0, 40.0, 80.0)])] * 2
