from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.truth import BadTruthError, Person, Visits, _box_of, read_mot, write_mot

pixels = st.integers(-4000, 4000).map(lambda quarter: quarter / 4)
persons = st.builds(
    Person,
    frame=st.integers(1, 9999),
    person=st.integers(1, 99).map(float),
    left_px=pixels,
    top_px=pixels,
    width_px=st.integers(1, 999).map(float),
    height_px=st.integers(1, 999).map(float),
    counts=st.booleans(),
)


@given(st.lists(persons, min_size=1, max_size=5))
def test_persons_survive_mot_text(tmp_path_factory: pytest.TempPathFactory, given_persons: list[Person]) -> None:
    path = tmp_path_factory.getbasetemp() / "gt.txt"
    write_mot(given_persons, path)
    assert read_mot(path) == given_persons


@pytest.mark.parametrize("text", ["1,2,3\n", "no numbers at all\n"])
def test_what_is_no_mot_text_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gt.txt"
    path.write_text(text)
    with pytest.raises(BadTruthError, match="MOT text"):
        read_mot(path)


def test_a_box_is_cut_to_the_picture() -> None:
    assert Person(1, 1, -10.5, 90.7, 30, 40).within(100, 100) == (0, 90, 19, 100)


def test_a_frame_near_a_visit_is_not_surely_empty() -> None:
    visits = Visits([(60, 202), (227, 452)])
    assert [visits.empty_at(index) for index in (54, 55, 60, 207, 208, 214, 221, 222)] == [True, False, False, False, True, True, True, False]
    assert [visits.visit_at(index) for index in (0, 58, 100, 206, 225, 452)] == [None, 0, 0, 0, 1, 1]


def test_the_box_spans_a_persons_gaps_and_leaves_specks_out() -> None:
    mask = np.zeros((200, 200), bool)
    mask[50:100, 60:80] = True
    mask[105:150, 60:80] = True
    mask[10:12, 10:12] = True
    mask[180:195, 150:190] = True
    assert _box_of(mask) == (60, 50, 20, 100)


def test_what_is_low_is_nobody() -> None:
    mask = np.zeros((200, 200), bool)
    mask[150:180, 20:180] = True
    assert _box_of(mask) is None
