"""What the guide of hazards says is true: its examples can be read, its defaults are those of the code, and no kind lacks a page."""

import re
from pathlib import Path

import pytest

from passerby.hazards.rules import camera, density, left_object, scene_now, spots, surge
from passerby.site.durations import duration_text
from passerby.site.hazards import FIELDS, KINDS, WAITING_PER_M2, WALKING_PER_M2
from passerby.site.reading import problems_of
from tests.support.ruled import GROUND
from tests.support.site_files import SITE, camera_table

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "hazards"
PAGES = {path.stem: path.read_text("utf-8") for path in GUIDE.glob("*.md")}
PLACES = """
[[zone]]
camera = "platform-1"
id = "edge"
polygon = [[120, 300], [610, 280], [700, 560], [60, 560]]
kind = "waiting"

[[line]]
camera = "platform-1"
id = "stairs"
points = [[120, 300], [240, 290]]
"""
EXAMPLES = [(name, block) for name, text in PAGES.items() for block in re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]


def plain(text: str) -> str:
    """The text in one line, without the marks of code."""
    return " ".join(text.replace("`", "").split())


def test_every_kind_has_a_page_that_the_first_one_leads_to_and_no_other_is_there() -> None:
    assert set(PAGES) == {*KINDS, "index"}
    assert all(f"]({kind}.md)" in PAGES["index"] for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_says_what_a_rule_means_where_its_limits_come_from_what_it_cannot_see_and_how_to_tune_it(kind: str) -> None:
    headings = re.findall(r"^## (.*)$", PAGES[kind], re.MULTILINE)
    assert any("come from" in heading or "comes from" in heading for heading in headings)
    assert {"What it cannot see", "Tuning"} <= set(headings)


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[f"{name}-{number}" for number, (name, _) in enumerate(EXAMPLES)])
def test_every_example_can_be_read(name: str, example: str) -> None:
    text = SITE + camera_table("platform-1", ground=GROUND) + PLACES + example
    assert problems_of(text, Path("site.toml")) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_a_kind_and_its_default_time_is_on_its_page(kind: str) -> None:
    facts, page = KINDS[kind], PAGES[kind]
    assert [key for key in facts.keys - {"alarm_limit"} if f"| `{key}` |" not in page] == []
    assert re.search(rf"^\| `for` \|.*\| {re.escape(duration_text(facts.for_s))} \|$", page, re.MULTILINE), duration_text(facts.for_s)
    assert facts.unit in page


def test_limits_that_are_not_given_are_on_their_pages() -> None:
    assert f"{WALKING_PER_M2} in a zone of kind `walking`, {WAITING_PER_M2} in one of kind `waiting`" in PAGES["density"]
    for kind, facts in KINDS.items():
        if facts.limit is not None:
            row = next(line for line in PAGES[kind].splitlines() if line.startswith("| `limit`"))
            assert float(row.split("|")[3]) == facts.limit


def test_numbers_that_the_pages_tell_are_those_of_the_code() -> None:
    assert f"no scene for {scene_now.STALE_S - 0.5:g} s" in PAGES["camera"]
    assert f"after the start {camera.FIRST_S:g} s" in PAGES["camera"]
    assert f"after {camera.FAILING_S:g} s" in PAGES["camera"]
    assert f"| {camera.WITHHELD:g} |" in PAGES["camera"]
    assert f"Above {surge.RUNNING_M_S:g} m/s" in PAGES["surge"]
    assert f"a crowd of {surge.CROWD_PER_M2:g} persons/m2" in plain(PAGES["surge"])
    assert f"| {surge.PERSONS} |" in PAGES["surge"]
    assert f"who stays for {left_object.ATTENDED_S:g} s" in PAGES["left-object"]
    assert (spots.GAP_S, spots.NEAR_HEIGHTS, spots.HELD_SHARE) == (3, 0.25, 0.8)
    assert density.LEAST_SHARE == 0.5


def test_what_may_stand_in_a_message_is_told() -> None:
    assert all(f"`{{{field}}}`" in PAGES["index"] for field in FIELDS)
