import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.redact.report import FAULTS, MOST_FAULTS, PROMISE, Plates, Tally, report_json
from passerby.redact.settings import RedactSettings
from passerby.released.scene import GateHealth, GateState, Glyph, Kind, Level, Scene, Size
from passerby.sealed.gate.plate import LearnedPlate

SIZE = Size(40, 30)


def scene(time_s: float, state: GateState = GateState.WATCHING, withheld: float = 0.0, people: int = 0) -> Scene:
    glyphs = tuple(Glyph(20, 2 * number, 10, 4, Kind.PERSON) for number in range(people))
    return Scene(time_s, SIZE, Level.GLYPHS, 0, 16, b"\x00", (), None, glyphs, 16, (), GateHealth(state, withheld, 0.0, 0.0))


def counted(*scenes: Scene) -> Tally:
    tally = Tally()
    for each in scenes:
        tally.count(each)
    return tally


def test_a_frame_counts_for_as_long_as_it_is_shown() -> None:
    tally = counted(scene(5.0), scene(5.5, GateState.MOVED), scene(8.5), scene(9.0))
    assert tally.seconds_by_state == {"watching": 1.0, "moved": 3.0}
    assert (tally.first_s, tally.last_s, tally.frames) == (5.0, 9.0, 4)


def test_a_gap_between_frames_is_filled_with_what_was_shown_then() -> None:
    """The clip's frames lie seconds apart: value n is still that of second n."""
    tally = counted(scene(2.0, withheld=1.0), scene(2.5, withheld=0.75), scene(5.2, withheld=0.5), scene(6.0, withheld=0.25))
    assert tally.withheld_by_second == [1.0, 0.75, 0.75, 0.75, 0.25]


@given(st.lists(st.tuples(st.floats(0.001, 3.0), st.sampled_from(list(GateState)), st.floats(0, 1)), min_size=1, max_size=40), st.floats(0, 50))
def test_the_tally_agrees_with_a_plain_count(frames: list[tuple[float, GateState, float]], start_s: float) -> None:
    scenes, now_s = [], start_s
    for step_s, state, withheld in frames:
        scenes.append(scene(now_s, state, withheld))
        now_s += step_s
    tally = counted(*scenes)
    length_s = scenes[-1].time_s - start_s
    assert math.isclose(sum(tally.seconds_by_state.values()), length_s, abs_tol=1e-6)
    seconds = len(tally.withheld_by_second)
    assert math.floor(length_s - 1e-6) + 1 <= seconds <= math.floor(length_s + 1e-6) + 1
    for second, value in enumerate(tally.withheld_by_second):
        shown = [s for s in scenes if s.time_s <= start_s + second]
        assert value == shown[-1].health.withheld_share
    turns = [s.health.state for before, s in pairwise([None, *scenes]) if s and (before is None or before.health.state is not s.health.state)]
    assert [fault["state"] for fault in tally.faults] == [state.name.lower() for state in turns if state in FAULTS]
    assert all(GateState[name.upper()] in {s.health.state for s in scenes} for name in tally.seconds_by_state)


def test_a_fault_has_a_beginning_and_an_end() -> None:
    tally = counted(scene(0), scene(1, GateState.MOVED), scene(2, GateState.MOVED), scene(3, GateState.COVERED), scene(4), scene(5, GateState.FROZEN))
    assert tally.faults == [
        {"time_s": 1.0, "until_s": 3.0, "state": "moved"},
        {"time_s": 3.0, "until_s": 4.0, "state": "covered"},
        {"time_s": 5.0, "until_s": None, "state": "frozen"},
    ]
    assert tally.has(GateState.MOVED)
    assert not tally.has(GateState.BAD_FRAME)


def test_faults_are_kept_up_to_a_bound_and_the_last_kept_one_ends() -> None:
    tally = Tally()
    for number in range(2 * MOST_FAULTS + 10):
        tally.count(scene(number, GateState.MOVED if number % 2 else GateState.WATCHING))
    tally.count(scene(10_000, GateState.BAD_FRAME))
    assert len(tally.faults) == MOST_FAULTS
    assert tally.faults[-1]["until_s"] == 2 * MOST_FAULTS
    assert tally.has(GateState.BAD_FRAME), "what is not listed any more is still known"


def test_the_most_subjects_at_once_are_counted() -> None:
    assert counted(scene(0), scene(1, people=3), scene(2, people=1)).most_glyphs == 3


def plate(rng: np.random.Generator) -> LearnedPlate:
    kind = rng.integers(0, 4, (2, 3))
    return LearnedPlate(np.zeros((30, 40, 3), np.uint8), kind == 0, kind == 1, kind == 2)


def written(plates: Plates, tally: Tally, **more: Any) -> dict[str, Any]:
    details = {"weights": {"w": "0" * 64}, "timings_ms": {"learn": 1.234}, "notes": ["Ä note"], **more}
    found: dict[str, Any] = json.loads(
        report_json(source_name="clip.mp4", settings=RedactSettings(), tally=tally, bad_frames=3, plates=plates, **details)
    )
    return found


def test_the_map_says_of_each_block_what_it_is() -> None:
    first, second = (plate(np.random.default_rng(seed)) for seed in (1, 2))
    blocks = written(Plates(SIZE, 16, [0.0, 7.1239], [first, second]), counted(scene(0)))["blocks"]
    assert (blocks["columns"], blocks["rows"], blocks["block_px"]) == (3, 2, 16)
    assert [s["from_s"] for s in blocks["segments"]] == [0.0, 7.124]
    assert blocks["map"] == blocks["segments"][1]["map"]
    for learned, part in zip((first, second), blocks["segments"], strict=True):
        for word, mask in (("shown", learned.established), ("held", learned.held), ("never", learned.never)):
            marks = np.array([[blocks["legend"][mark] for mark in row] for row in part["map"]])
            assert ((marks == word) == mask).all()
    assert sum(blocks[word] for word in ("shown", "held", "never", "unsettled")) == 6


def test_the_report_holds_the_promise_and_what_was_told() -> None:
    report = written(Plates(SIZE, 16, [0.0], [plate(np.random.default_rng(0))]), counted(scene(0), scene(1, GateState.MOVED)))
    assert report["promise"] == PROMISE
    assert (report["notes"], report["bad_frames"]) == (["Ä note"], 3)
    assert report["camera_fixed"] is False
    assert report["settings"]["level"] == "glyphs"


def test_the_report_has_no_place_for_a_picture() -> None:
    """I4: numbers, words and the map of blocks; nothing that grows with the picture but that map."""
    report = written(Plates(SIZE, 16, [0.0], [plate(np.random.default_rng(0))]), counted(scene(0)))

    def texts(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [text for part in value.values() for text in texts(part)]
        if isinstance(value, list):
            return [text for part in value for text in texts(part)]
        return [value] if isinstance(value, str) else []

    assert max(map(len, texts(report))) == len(PROMISE)


@pytest.mark.parametrize("word", ["face", "identity", "crop", "embedding"])
def test_the_report_has_no_field_about_a_person(word: str, tmp_path: Path) -> None:
    report = written(Plates(SIZE, 16, [0.0], [plate(np.random.default_rng(0))]), counted(scene(0, people=2)))
    assert not any(word in key for key in json.dumps(list(report)).lower().split())
