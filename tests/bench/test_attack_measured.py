import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import privacy
from bench.attack_groups import Extent
from bench.attack_linkage import LinkResult
from bench.attack_measured import MEASURED_NUMBERS, MIDDLE, WALL_S, MeasuredWatcher, MeteredCamera, order_over
from bench.attack_pace import pace_control
from bench.attack_pairs import PairResult
from bench.attack_run import LinkAttack, PairAttack, results, show_links
from passerby.measure.sighting import Sighting
from passerby.released.measurement import Measurement, Pulse
from passerby.released.scene import Size
from passerby.simulate.camera import PERSON_M, Camera
from tests.support.toy_moments import ToyPerson

CAMERA = Camera.over_plaza(Size(512, 384))
FEW = Extent(training=6, linkage=4, walkers=6)
SPEED_M_S, DEPTH_M, PICTURES_HZ = 1.3, 11.0, 4


def feet(number: int) -> list[tuple[float, float]]:
    """Where somebody who walks from left to right has their feet, and somebody else, who stays away from them, in pixels."""
    along_m = -5.0 + SPEED_M_S * number / PICTURES_HZ
    return [(float(x), float(y)) for x, y in CAMERA.to_px(np.array([[along_m, DEPTH_M], [4.0, 17.0]]))]


def looked(number: int, *, everyone: Sequence[tuple[float, float]]) -> Sighting:
    boxes = []
    for x, y in everyone:
        tall = float(CAMERA.px_per_m(CAMERA.to_ground(np.array([[x, y]])))[0]) * PERSON_M
        boxes.append((x - 0.2 * tall, y - tall, x + 0.2 * tall, y))
    count = len(boxes)
    return Sighting(number / PICTURES_HZ, np.array(boxes).reshape(-1, 4), np.full(count, 0.8), np.ones(count), np.zeros(count))


def watched(pictures: int = 32) -> MeasuredWatcher:
    metered = MeteredCamera(CAMERA)
    watcher = MeasuredWatcher(metered.order)
    for number in range(pictures):
        metered.look(looked(number, everyone=feet(number)))
        watcher.see(number / PICTURES_HZ, [ToyPerson(person, at) for person, at in enumerate(feet(number))])
    watcher.hear(metered.told())
    return watcher


def test_zones_lie_side_by_side_over_the_ground_and_lines_across_it() -> None:
    order = order_over(CAMERA)
    assert len(order.zones) == 13
    assert len(order.lines) == 7
    assert {zone.id for zone in order.zones} >= {MIDDLE}
    watcher = MeasuredWatcher(order)
    watcher.see(0.0, [ToyPerson(0, (10.0, 300.0)), ToyPerson(1, (500.0, 250.0))])
    small = {key[1]: counts for key, counts in watcher._truth.items() if key[1] != MIDDLE}
    assert sum(counts[0] for counts in small.values()) == 2


def test_what_is_noted_of_somebody_is_what_the_meter_told_of_the_zones_and_lines_that_they_went_through() -> None:
    row = watched().features(0)
    assert row is not None
    assert row.shape == (MEASURED_NUMBERS,)
    share, alone, speed_m_s = row[:3]
    assert share > 0.8
    assert alone > 0.8
    assert speed_m_s == pytest.approx(SPEED_M_S, abs=0.1)
    of_lines = row[-20:-15]
    told, doubles, late_s = of_lines[:3]
    assert told >= 6 / 7, "the last line is crossed as the clip ends"
    assert doubles == 0.0
    assert abs(late_s) < 1.5
    apart_px = float(np.diff(CAMERA.to_px(np.array([[0.0, DEPTH_M], [1.0, DEPTH_M]]))[:, 0])[0])
    assert of_lines[4] == pytest.approx(SPEED_M_S * apart_px, rel=0.25)


def test_somebody_who_stands_is_told_apart_from_somebody_who_walks() -> None:
    walks, stands = (watched().features(person) for person in range(2))
    assert walks is not None
    assert stands is not None
    assert stands[2] < 0.2 < walks[2]
    assert stands[-16] == 0.0


def test_who_was_seen_too_seldom_has_no_row() -> None:
    assert watched(pictures=4).features(0) is None


def test_the_attacker_has_all_that_is_told_and_nothing_that_is_not() -> None:
    metered = MeteredCamera(CAMERA)
    for number in range(32):
        metered.look(looked(number, everyone=feet(number)))
    told = metered.told()
    assert {type(one) for one in told} == {Pulse, Measurement}
    assert all(WALL_S <= one.wall_s <= WALL_S + 9 for one in told if isinstance(one, Pulse))
    assert metered.told() == []


@pytest.mark.usefixtures("attackers")
def test_people_who_keep_their_pace_are_linked_by_measurements_so_that_the_attack_is_one() -> None:
    found = pace_control("abc", FEW)
    assert found.matches > 100
    assert found.excess > 0.1
    assert found.redrawn < 0.3


def test_both_are_printed_beside_each_other_with_what_is_too_much_marked(capsys: pytest.CaptureFixture[str]) -> None:
    little = LinkResult(rate=0.13, redrawn=0.125, excess=0.005, upper=0.03, lower=-0.02, matches=768, groups=16)
    much = replace(little, rate=0.2, excess=0.075)
    links = [LinkAttack("across 10 s", much, little, much, little)]
    show_links(links, much)
    printed = capsys.readouterr().out
    lines = {line.split("  ")[0].strip(): line for line in printed.splitlines()}
    assert "!" not in lines["across 10 s, stream"]
    assert "!" in lines["across 10 s, stream and measurements"]
    assert re.search(r"7\.5 %", lines["people who keep their pace, measurements alone"])
    kept = results([], links, much)
    assert kept["linkage"][0]["together"]["excess"] == pytest.approx(0.075)
    assert kept["pace"]["matches"] == 768


def test_linkage_alone_can_be_asked_for_and_is_no_part_of_its_own() -> None:
    wanted, _ = privacy.wanted_from(["--commit", "abc", "--only", "linkage"], "", within=privacy.WITHIN)
    assert wanted.parts == ("linkage",)
    everything, _ = privacy.wanted_from(["--commit", "abc"], "", within=privacy.WITHIN)
    assert everything.parts == privacy.PARTS


@pytest.mark.parametrize(("part", "others"), [("attacks", True), ("linkage", False)])
def test_both_ways_of_asking_for_linkage_print_it(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, others: bool
) -> None:
    little = LinkResult(rate=0.13, redrawn=0.125, excess=0.005, upper=0.03, lower=-0.02, matches=768, groups=16)
    links = [LinkAttack("across 10 s", little, little, little, little)]
    pairs = [PairAttack("gait", None, PairResult(0.51, 0.54, 0.48, 300, 80, "few"))]
    monkeypatch.setattr(privacy, "run_attacks", lambda *_: (pairs, links))
    monkeypatch.setattr(privacy, "run_linkage", lambda *_: links)
    monkeypatch.setattr(privacy, "pace_control", lambda *_: little)
    wanted, _ = privacy.wanted_from(["--commit", "abc", "--only", part, "--folder", str(tmp_path)], "", within=privacy.WITHIN)
    found = privacy.run(wanted)
    printed = capsys.readouterr().out
    assert ("same gait?" in printed) is others
    assert list(found) == [part]
    assert bool(found[part]["pairs"]) is others
    assert "across 10 s, stream and measurements" in printed
    assert found[part]["linkage"][0]["measured"]["matches"] == 768


def test_linkage_alone_takes_no_figure_of_before_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, dict[str, Any]] = {"attacks,clips": {"clips": {"rows": 1}, "attacks": {"pairs": [2]}}, "linkage": {"linkage": {"pace": 3}}}
    monkeypatch.setattr(privacy, "run", lambda wanted: told[",".join(sorted(wanted.parts))])
    path = tmp_path / "privacy.json"
    for commit, only in (("abc", "attacks,clips"), ("abd", "linkage")):
        monkeypatch.setattr("sys.argv", ["privacy", "--commit", commit, "--only", only, "--json", str(path)])
        privacy.main()
    parts = json.loads(path.read_text("utf-8"))["parts"]
    assert {name: (part["commit"], part["found"]) for name, part in parts.items()} == {
        "clips": ("abc", {"rows": 1}),
        "attacks": ("abc", {"pairs": [2]}),
        "linkage": ("abd", {"pace": 3}),
    }
