"""Zones and lines of a site file: what is read, and what is refused with its place in the file."""

from pathlib import Path

import pytest

from passerby.site.orders import LineOrder, ZoneOrder
from passerby.site.planning import orders
from passerby.site.problem import Problem
from passerby.site.reading import problems_of, read_site
from tests.support.site_files import SITE, camera_table, write_site

ZONE = '[[zone]]\ncamera = "gate-1"\nid = "stairs"\npolygon = [[100, 300], [400, 300], [400, 500], [100, 500]]\n'
LINE = '[[line]]\ncamera = "gate-1"\nid = "door"\npoints = [[100, 300], [400, 320]]\n'


def told(text: str) -> dict[str, Problem]:
    return {problem.key: problem for problem in problems_of(SITE + camera_table() + text, Path("folder") / "site.toml")}


def test_zones_and_lines_reach_the_worker_of_their_camera(tmp_path: Path) -> None:
    text = (
        SITE + camera_table() + camera_table("gate-2") + ZONE + 'kind = "queue"\n' + LINE + LINE.replace("door", "exit").replace("gate-1", "gate-2")
    )
    site = read_site(write_site(tmp_path, text))
    of_camera = {order.camera: order for configure in orders(site, tmp_path) for order in configure.cameras}
    assert of_camera["gate-1"].zones == (ZoneOrder("stairs", ((100, 300), (400, 300), (400, 500), (100, 500)), "queue"),)
    assert of_camera["gate-1"].lines == (LineOrder("door", (100, 300), (400, 320)),)
    assert [line.id for line in of_camera["gate-2"].lines] == ["exit"]
    assert of_camera["gate-2"].zones == ()


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        (ZONE.replace("[400, 500]", "[100, 320]").replace("[100, 500]", "[400, 320]"), "zone[0].polygon", "do not cross"),
        (ZONE.replace(", [400, 500], [100, 500]", ""), "zone[0].polygon", "three points"),
        (ZONE.replace("[400, 300], [400, 500], [100, 500]", "[100.1, 300], [100.1, 300.1], [100, 300.1]"), "zone[0].polygon", "three points"),
        (ZONE.replace("[100, 500]", "[100, 900000]"), "zone[0].polygon[3]", "pixels"),
        (ZONE.replace("gate-1", "gate-9"), "zone[0].camera", "gate-1"),
        (ZONE + ZONE, "zone[1].id", "zone[0]"),
        (ZONE + 'kind = "dancing"\n', "zone[0].kind", "walking, waiting or queue"),
        (ZONE + "face = true\n", "zone[0].face", ""),
        (LINE.replace("[400, 320]", "[100, 300]"), "line[0].points", "two different points"),
        (LINE.replace(", [400, 320]", ""), "line[0].points[1]", "two different points"),
        (LINE + LINE, "line[1].id", "line[0]"),
        (LINE.replace("gate-1", "gate-9"), "line[0].camera", "gate-1"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(text: str, key: str, says: str) -> None:
    problems = told(text)
    assert key in problems, problems
    assert says in problems[key].expected
    assert problems[key].line is not None
