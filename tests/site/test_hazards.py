"""Rules of a site file: what is read, and what is refused with its place in the file, what belongs there, and what to do."""

from pathlib import Path
from typing import get_args

import pytest
from scripts.site_reference import SCHEMA

from passerby.hazards.alert import HazardKind, Severity
from passerby.hazards.rules import density
from passerby.measure.service import limits_per_m2
from passerby.released.scene import Level
from passerby.serve.reload import change_of
from passerby.site.hazards import KINDS, WAITING_PER_M2, WALKING_PER_M2, Hazard, KindName, default_limit
from passerby.site.problem import Problem
from passerby.site.reading import problems_of, site_of
from passerby.site.schema import reference_page
from passerby.site.settings import Site
from tests.support.ruled import GROUND, LINE, ZONE, rule
from tests.support.site_files import SITE, camera_table

TWO_CAMERAS = camera_table(ground=GROUND) + camera_table("gate-2", release_level='"counts"')
QUEUE = ZONE.replace("stairs", "tills") + 'kind = "queue"\n'
LEAST = {
    "density": {},
    "occupancy": {"limit": "40"},
    "counter-flow": {"direction": '"ab"'},
    "surge": {},
    "forbidden": {},
    "static": {},
    "left-object": {},
    "queue": {"limit": "10", "zone": '"tills"'},
    "camera": {},
}
"""Of each kind the keys that have to be there besides its place."""


def text_of(tables: str, cameras: str = TWO_CAMERAS) -> str:
    return SITE + cameras + ZONE + QUEUE + LINE + tables


def read(tables: str, cameras: str = TWO_CAMERAS) -> Site:
    site, problems = site_of(text_of(tables, cameras), Path("folder") / "site.toml")
    assert site is not None, problems
    return site


def problems(tables: str, cameras: str = TWO_CAMERAS) -> dict[str, Problem]:
    return {problem.key: problem for problem in problems_of(text_of(tables, cameras), Path("folder") / "site.toml")}


def test_a_rule_is_read_with_its_own_values_and_those_that_are_not_given() -> None:
    keys = {"limit": "3", "alarm_limit": "4.7", "rise": "1.5", "for_": '"30 s"', "clear": "0.7", "clear_for": '"20 s"', "cool_down": '"2 min"'}
    (hazard,) = read(
        rule("density", severity='"alarm"', hours='["Mo-Fr 06:00-22:00", "Sa 22:00-04:00"]', message='"{value} of {limit}"', **keys)
    ).hazards
    assert (hazard.limit, hazard.alarm_limit, hazard.rise, hazard.lasts_s, hazard.clear) == (3, 4.7, 1.5, 30, 0.7)
    assert (hazard.clear_for_s, hazard.cool_down_s, hazard.severity, len(hazard.hours)) == (20, 120, "alarm", 2)
    (plain,) = read(rule("density")).hazards
    assert (plain.lasts_s, plain.clear, plain.clear_for_s, plain.cool_down_s, plain.severity, plain.hours) == (20, 0.8, 10, 300, "warning", ())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_works_with_the_keys_that_have_to_be_there(kind: str) -> None:
    (hazard,) = read(rule(kind, **LEAST[kind])).hazards
    assert hazard.kind == kind
    assert hazard.facts.least_for_s <= hazard.lasts_s <= hazard.facts.most_for_s


@pytest.mark.parametrize("kind", [kind for kind, keys in LEAST.items() if keys])
def test_without_them_each_is_told(kind: str) -> None:
    found = problems(rule(kind))
    missing = {"occupancy": "limit", "counter-flow": "direction", "queue": "limit"}[kind]
    assert "the key is missing" in found[f"hazard[0].{missing}"].expected


def test_the_names_in_the_file_are_those_of_alerts() -> None:
    assert set(get_args(KindName)) == set(KINDS) == {kind.value for kind in HazardKind} - {"channel"}
    assert {severity.value for severity in Severity} == set(get_args(Hazard.model_fields["severity"].annotation))


def test_limits_of_density_are_those_of_the_levels_of_service() -> None:
    assert pytest.approx(limits_per_m2()[4], abs=0.01) == WALKING_PER_M2
    assert pytest.approx(limits_per_m2(waiting=True)[3], abs=0.01) == WAITING_PER_M2
    assert default_limit("density", "walking") == WALKING_PER_M2
    assert density.LEAST_SHARE < 1


def test_all_cameras_are_watched_unless_the_file_says_otherwise() -> None:
    assert read("").hazard_settings.cameras
    assert read("").hazard_settings.retention_s == 365 * 86400
    site, _ = site_of(text_of("", '[hazards]\ncameras = false\nretention = "30 days"\n' + TWO_CAMERAS), Path("site.toml"))
    assert site is not None
    assert (site.hazard_settings.cameras, site.hazard_settings.retention_s) == (False, 30 * 86400)


@pytest.mark.parametrize(
    ("tables", "key", "says"),
    [
        (rule("density", faces="true"), "hazard[0].faces", "a key that there is"),
        (rule("face"), "hazard[0].kind", "one of density, occupancy"),
        (rule("density").replace('"crowd"', '"The Crowd"'), "hazard[0].id", "small letters"),
        (rule("density") + rule("surge"), "hazard[1].id", "hazard[0] has this one"),
        (rule("density").replace('"crowd"', '"cameras"'), "hazard[0].id", "another id"),
        (rule("density").replace("gate-1", "gate-9"), "hazard[0].camera", "gate-1, gate-2"),
        (rule("density").replace("stairs", "hall"), "hazard[0].zone", "a zone of this camera"),
        (rule("forbidden").replace("gate-1", "gate-2"), "hazard[0].zone", "a zone of this camera"),
        (rule("density", line='"exit"'), "hazard[0].line", "no line with kind density"),
        (rule("counter-flow", direction='"ab"', zone='"stairs"'), "hazard[0].zone", "no zone with kind counter-flow"),
        (rule("counter-flow", direction='"up"'), "hazard[0].direction", "ab or ba"),
        (rule("counter-flow", direction='"ab"').replace('"exit"', '"door"'), "hazard[0].line", "a line of this camera"),
        (rule("density", wait='"5 min"'), "hazard[0].wait", "this key with queue only"),
        (rule("occupancy", limit="40", rise="1"), "hazard[0].rise", "this key with density only"),
        (rule("static", limit="40"), "hazard[0].limit", "this key with"),
        (rule("density", limit="40"), "hazard[0].limit", "0.1 to 12 persons/m2"),
        (rule("density", limit="-1"), "hazard[0].limit", "above 0"),
        (rule("density", limit='"4"'), "hazard[0].limit", "above 0"),
        (rule("density", limit="4", alarm_limit="3"), "hazard[0].alarm_limit", "above limit, which is 4"),
        (rule("density", alarm_limit="2"), "hazard[0].alarm_limit", "above the limit, which is 2.15"),
        (rule("surge", for_='"5 s"'), "hazard[0].for", '"0 s" to "2 s"'),
        (rule("static", for_='"40 min"'), "hazard[0].for", "absorb_s, 1800 s"),
        (rule("density", for_="20"), "hazard[0].for", "a duration"),
        (rule("density", hours='["Mo 25:00-26:00"]'), "hazard[0].hours[0]", "Mo-Fr 06:00-22:00"),
        (rule("density", message='"{value.__class__}"'), "hazard[0].message", "{value}"),
        (rule("density", message='"{person}"'), "hazard[0].message", "{value}"),
        (rule("density", severity='"panic"'), "hazard[0].severity", "notice, warning or alarm"),
        (rule("queue", limit="10"), "hazard[0].zone", "a zone of kind queue"),
        (rule("camera") + rule("camera").replace("crowd", "other"), "hazard[1].camera", "hazard[0] is of it"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(tables: str, key: str, says: str) -> None:
    found = problems(tables)
    assert key in found, found
    assert says in found[key].expected
    assert found[key].line is not None


def test_a_rule_that_the_release_level_cannot_feed_is_refused_with_what_could() -> None:
    cameras = camera_table(release_level='"counts"', ground=GROUND)
    found = problems(rule("left-object"), cameras)
    assert found["hazard[0].kind"].expected == "a kind that a camera with release_level = counts can feed"
    assert found["hazard[0].kind"].hint.startswith("left-object needs heat or more; density, occupancy")


@pytest.mark.parametrize(("kind", "level"), [(kind, level) for kind in KINDS for level in Level])
def test_each_kind_is_taken_at_the_levels_that_feed_it_and_refused_at_all_others(kind: str, level: Level) -> None:
    cameras = camera_table(release_level=f'"{level.name.lower()}"', ground=GROUND)
    refused = "hazard[0].kind" in problems(rule(kind, **LEAST[kind]), cameras)
    assert refused == (level < KINDS[kind].level)


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_that_needs_the_ground_is_refused_where_there_is_none(kind: str) -> None:
    found = problems(rule(kind, **LEAST[kind]), camera_table())
    assert ("hazard[0].kind" in found) == (kind in {"density", "surge"})
    if found:
        assert "docs/guide/ground.md" in found["hazard[0].kind"].hint


def test_a_wrong_rule_hides_no_other_problem() -> None:
    found = problems(rule("face") + rule("density", limit="99").replace("crowd", "two"), TWO_CAMERAS.replace("counts", "raw"))
    assert {"hazard[0].kind", "hazard[1].limit", "camera[1].release_level"} <= set(found)


def test_a_reload_names_rules_that_come_go_or_change() -> None:
    old = read(rule("density") + rule("forbidden").replace("crowd", "edge"))
    new = read(rule("density", limit="3", for_='"30 s"') + rule("surge").replace("crowd", "rush"))
    change = change_of(old, new)
    assert set(change.taken) == {"hazard edge removed", "hazard crowd.limit", "hazard crowd.for", "hazard rush added"}
    assert change.needs_restart == ()
    assert change.site.hazards == new.hazards


def test_a_reload_names_what_holds_for_all_hazards() -> None:
    new, _ = site_of(text_of("", "[hazards]\ncameras = false\n" + TWO_CAMERAS), Path("site.toml"))
    assert new is not None
    assert change_of(read(""), new).taken == ("hazards.cameras",)


def test_the_reference_shows_lists_of_tables_as_they_are_written() -> None:
    page = reference_page()
    assert "## [[hazard]]" in page
    assert "## [hazards]" in page
    assert "## [[zone]]" in page
    assert '"hazard"' in SCHEMA.read_text("utf-8")
