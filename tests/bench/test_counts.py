"""The parts of bench.counts: which there are, and that each one's figures become rows."""

import argparse
from typing import Any

import pytest

from bench.counts import PARTS, parts_of
from bench.measure_cost import PEOPLE, ROOM_M, feet_of, sightings
from bench.quiet import HOUR_S, weathers
from passerby.measure.tracker import Tracker
from passerby.released.scene import Size
from passerby.simulate.camera import Camera

TOLD: dict[str, dict[str, Any]] = {
    "pets": {
        "shipped": {
            "looks_hz": 5.0,
            "occupancy_outside": 0.3,
            "crossings": {"f1": 0.96, "true": 89, "errors": 3},
            "mot": {"mota": 0.9, "idf1": 0.8, "hota": 0.6, "mota_motmetrics": 0.9, "idf1_motmetrics": 0.8},
            "measure_ms_per_look": 0.5,
        },
        "loaded": None,
    },
    "one": {"frames": 100, "right": 0.99, "most": 1},
    "cars": {"frames": 100, "empty": 1.0, "crossings": 0},
    "density": {
        "rows": [
            {
                "how": "corrected",
                "per_m2": 4.0,
                "crowds": 2,
                "seconds": 5,
                "truth": 77.0,
                "told": 70.0,
                "relative_mae": 0.1,
                "relative_mae_by_crowd": [0.08, 0.12],
                "within_2_sigma": 1.0,
            }
        ]
    },
    "speeds": {"pooled": [{"place": "near", "measure": "speed, m/s", "told": 1.0, "pedpy": 1.0, "error": 0.0}], "pixels": []},
    "quiet": {"simulated_s": 60.0, "empty": 1.0, "crossings": 0, "rows": []},
    "cost": {
        "people": 30,
        "zones": 4,
        "lines": 6,
        "boxes": {"median_ms": 1.0, "p95_ms": 2.0},
        "crowd": {"median_ms": 1.0, "p95_ms": 2.0},
        "corrected": {"median_ms": 1.0, "p95_ms": 2.0},
    },
}


def test_parts_are_those_that_are_asked_for_and_a_wrong_one_is_told() -> None:
    assert parts_of("cost, pets") == ["pets", "cost"]
    assert parts_of(",".join(PARTS)) == list(PARTS)
    with pytest.raises(argparse.ArgumentTypeError, match="no part is called 'pests'"):
        parts_of("pests")


@pytest.mark.parametrize("name", list(PARTS))
def test_each_part_has_rows_with_a_figure_and_says_what_is_to_be_reached(name: str) -> None:
    rows = list(PARTS[name][1](TOLD[name]))
    assert all(figure for _, _, figure, _ in rows)
    assert any(row[3] for row in rows)


def test_the_empty_hour_is_an_hour_of_several_weathers_without_anybody() -> None:
    parts = weathers(HOUR_S)
    assert sum(one.settings.seconds for one in parts) == HOUR_S
    assert {one.settings.crowd.walkers for one in parts} == {0}
    assert all(one.settings.wind and one.settings.clouds and one.settings.parked for one in parts)
    assert any(one.settings.rain for one in parts)
    assert len({one.settings.place_seed for one in parts}) == len(parts)


def test_thirty_people_stay_in_view_and_have_a_track_each() -> None:
    low, high = zip(*ROOM_M, strict=True)
    assert all(((low <= feet) & (feet <= high)).all() for feet in feet_of(200, 1))
    size = Size(768, 576)
    tracker = Tracker()
    for look in sightings(Camera.over_plaza(size), 50, 3):
        assert (look.boxes_xyxy[:, 3] < size.height_px).all()
        tracker.update(look)
    assert PEOPLE * 0.8 <= len(tracker.standing(9.0)) <= PEOPLE
