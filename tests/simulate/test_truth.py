import csv
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import shapely

from bench.truth import read_mot
from passerby.errors import OutputError
from passerby.released.scene import Size
from passerby.simulate.cast import Posture
from passerby.simulate.events import Event
from passerby.simulate.path import Crowd, Spot
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings
from passerby.simulate.shot import Shot, label_of, share_inside
from passerby.simulate.truth import LEAST_VISIBLE, TruthWriter
from tests.support.folders import names_in


@dataclass(frozen=True)
class Told:
    """A plaza, its shots, and the truth that was written of them."""

    plaza: Plaza
    shots: list[Shot]
    folder: Path

    def rows(self, name: str) -> Iterator[dict[str, str]]:
        with (self.folder / name).open(encoding="ascii", newline="") as file:
            yield from csv.DictReader(file)

    def json(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text("ascii"))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Told:
    base: SimulationSettings = request.getfixturevalue("plaza").settings
    events = (Event.parsed("bicycle_passes@0"), Event.parsed("bump@3"), Event.parsed("light_switch@4-5"))
    plaza = Plaza(replace(base, seconds=7, crowd=Crowd(walkers=10, still=3, queueing=3), events=events))
    folder = tmp_path_factory.mktemp("truth")
    shots = list(plaza)
    with TruthWriter(folder, plaza.settings, plaza.ground, plaza.camera) as writer:
        for shot in shots:
            writer.add(shot)
    return Told(plaza, shots, folder)


def test_the_boxes_are_those_of_the_shots(told: Told) -> None:
    persons = read_mot(told.folder / "gt.txt")
    expected = [(number, label_of(seen.person), *seen.box) for number, shot in enumerate(told.shots, 1) for seen in shot.people]
    assert [(p.frame, p.person, p.left_px, p.top_px, p.width_px, p.height_px) for p in persons] == expected
    assert len(expected) > 200


def test_who_is_hardly_visible_or_mostly_out_of_the_picture_does_not_count(told: Told) -> None:
    persons = read_mot(told.folder / "gt.txt")
    size = told.plaza.settings.size
    seen = [seen for shot in told.shots for seen in shot.people]
    counts = [one.visible >= LEAST_VISIBLE and share_inside(one.box, size) >= 0.5 for one in seen]
    assert [person.counts for person in persons] == counts
    assert 0 < sum(counts) < len(counts)


def test_the_masks_are_the_labels(told: Told) -> None:
    with zipfile.ZipFile(told.folder / "masks.zip") as masks:
        names = masks.namelist()
        assert names == [f"{number:06d}.png" for number in range(1, len(told.shots) + 1)]
        assert all(info.compress_type == zipfile.ZIP_STORED for info in masks.infolist())
        for name, shot in zip(names, told.shots, strict=True):
            mask = cv2.imdecode(np.frombuffer(masks.read(name), np.uint8), cv2.IMREAD_UNCHANGED)
            assert mask is not None
            assert mask.dtype == np.uint16
            assert np.array_equal(np.asarray(mask), shot.labels)


def test_the_feet_are_those_of_everybody_on_the_ground(told: Told) -> None:
    found = {(int(row["frame"]), int(row["person"])): row for row in told.rows("feet.csv")}
    expected = {(number, label_of(person)): spot for number, shot in enumerate(told.shots, 1) for person, spot in shot.everyone.items()}
    assert found.keys() == expected.keys()
    visible = {(number, label_of(seen.person)): seen.visible for number, shot in enumerate(told.shots, 1) for seen in shot.people}
    for key, spot in expected.items():
        row = found[key]
        assert (float(row["x_m"]), float(row["y_m"])) == pytest.approx(spot.xy_m, abs=6e-4)
        assert row["posture"] == Posture(spot.posture).name.lower()
        assert float(row["visible"]) == pytest.approx(visible.get(key, 0.0), abs=6e-4)


def test_the_homography_leads_from_the_ground_into_the_picture_and_back(told: Told) -> None:
    written = told.json("homography.json")
    assert written["size_px"] == [256, 192]
    there, back = np.array(written["metres_to_pixels"]), np.array(written["pixels_to_metres"])
    for seen in told.shots[0].people:
        x, y, w = there @ (*seen.foot_m, 1.0)
        assert (x / w, y / w) == pytest.approx(seen.foot_px)
        x, y, w = back @ (*seen.foot_px, 1.0)
        assert (x / w, y / w) == pytest.approx(seen.foot_m)


def test_the_zones_hold_as_many_as_stand_in_them(told: Told) -> None:
    rows = list(told.rows("zones.csv"))
    zones = {name: shapely.Polygon(polygon) for name, polygon in told.plaza.ground.zones_m.items()}
    assert len(rows) == len(zones) * len(told.shots)
    for row in rows:
        zone, shot = zones[row["zone"]], told.shots[int(row["frame"]) - 1]
        people = sum(zone.covers(shapely.Point(spot.xy_m)) for spot in shot.everyone.values())
        assert int(row["people"]) == people
        assert float(row["per_m2"]) == pytest.approx(people / zone.area, abs=1e-4)
    assert any(int(row["people"]) > 0 for row in rows)


def test_crossings_are_where_ways_meet_lines(told: Told) -> None:
    """A net count per person and line, by sides at the first and the last sure moment: each crossing changes the side."""
    rows = list(told.rows("crossings.csv"))
    assert rows
    for row in rows:
        a, b = told.plaza.ground.lines_m[row["line"]]
        person, number = int(row["person"]) - 1, int(row["frame"]) - 1
        way = [shot.everyone[person].xy_m for shot in told.shots[: number + 1] if person in shot.everyone]
        assert shapely.LineString(way).intersects(shapely.LineString([a, b]))
        assert way[-1] == pytest.approx((float(row["x_m"]), float(row["y_m"])), abs=6e-4)
        right = np.array([b[1] - a[1], a[0] - b[0]]) @ (np.array(way[-1]) - a) > 0
        assert row["direction"] == ("ab" if right else "ba")
        px = told.plaza.camera.to_px(np.array([way[-1]]))[0]
        assert row["in_view"] == str(int(0 <= px[0] < 256 and 0 <= px[1] < 192))


def test_everybody_who_changes_sides_has_crossed(told: Told) -> None:
    counted = Counter((row["line"], int(row["person"]) - 1) for row in told.rows("crossings.csv"))
    for line, (a, b) in told.plaza.ground.lines_m.items():
        for person in {person for shot in told.shots for person in shot.everyone}:
            way = np.array([shot.everyone[person].xy_m for shot in told.shots if person in shot.everyone])
            aside = (way - a) @ np.array([b[1] - a[1], a[0] - b[0]]) / np.hypot(b[0] - a[0], b[1] - a[1])
            meets = len(way) > 1 and shapely.LineString(way).intersects(shapely.LineString([a, b]))
            if aside[0] * aside[-1] < 0 and min(abs(aside[0]), abs(aside[-1])) > 0.5 and meets:
                assert counted[line, person] % 2 == 1, (line, person)


def test_the_empty_place_is_that_of_the_first_frame(told: Told) -> None:
    empty = cv2.imread(str(told.folder / "empty.png"))
    assert empty is not None
    assert np.array_equal(empty, told.shots[0].empty)


def test_the_events_are_told_with_their_frames(told: Told) -> None:
    assert told.json("events.json") == [
        {"kind": "bicycle_passes", "at_s": 0.0, "until_s": None, "frame": 1},
        {"kind": "bump", "at_s": 3.0, "until_s": None, "frame": 16},
        {"kind": "light_switch", "at_s": 4.0, "until_s": 5.0, "frame": 21},
    ]


def test_the_settings_are_told(told: Told) -> None:
    written = told.json("simulation.json")
    settings = told.plaza.settings
    assert written["frames"] == len(told.shots)
    assert written["settings"]["size"] == {"width_px": 256, "height_px": 192}
    assert written["settings"]["crowd"] == {"walkers": 10, "still": 3, "queueing": 3, "groups": 0.3, "counter_flow": False}
    assert {name for name in vars(settings) if not name.startswith("_")} == set(written["settings"])
    assert written["zones_m"].keys() == told.plaza.ground.zones_m.keys()
    assert written["lines_m"].keys() == told.plaza.ground.lines_m.keys()


def test_equal_settings_give_equal_files(told: Told, tmp_path: Path) -> None:
    with TruthWriter(tmp_path, told.plaza.settings, told.plaza.ground, told.plaza.camera) as writer:
        for shot in Plaza(told.plaza.settings):
            writer.add(shot)
    assert names_in(tmp_path) == names_in(told.folder)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (told.folder / path.name).read_bytes(), path.name


def test_masks_may_be_left_out(told: Told, tmp_path: Path) -> None:
    with TruthWriter(tmp_path, told.plaza.settings, told.plaza.ground, told.plaza.camera, masks=False) as writer:
        writer.add(told.shots[0])
    assert not (tmp_path / "masks.zip").exists()


def test_a_place_that_cannot_be_written_is_the_users_error(told: Told, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        TruthWriter(tmp_path / "missing", told.plaza.settings, told.plaza.ground, told.plaza.camera)


def test_somebody_out_of_view_is_on_the_ground_and_has_no_box(filmed: Any, tmp_path: Path) -> None:
    plaza = filmed([Spot((0.0, 3.0), 0.0, int(Posture.STANDING))])
    with TruthWriter(tmp_path, plaza.settings, plaza.ground, plaza.camera) as writer:
        writer.add(next(iter(plaza)))
    assert (tmp_path / "gt.txt").read_text("ascii") == ""
    assert "1,1,0.000,3.000,standing,0.000" in (tmp_path / "feet.csv").read_text("ascii")


@pytest.mark.parametrize(
    ("box", "share"), [((0, 0, 10, 10), 1.0), ((-5, 0, 10, 10), 0.5), ((95, 95, 10, 10), 0.25), ((200, 0, 5, 5), 0.0), ((-30, -30, 20, 20), 0.0)]
)
def test_the_share_of_a_box_within_the_picture(box: tuple[int, int, int, int], share: float) -> None:
    assert share_inside(box, Size(100, 100)) == share
