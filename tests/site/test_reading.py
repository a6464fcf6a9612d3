"""`site.toml` is read whole: every problem at once, each with its key and line, and no secret in any word about it."""

import traceback
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import SettingsError, SiteError
from passerby.released.scene import Level
from passerby.sealed.gate.settings import GateSettings
from passerby.site.problem import Problem
from passerby.site.reading import MOST_BYTES, problems_of, read_site, site_of
from passerby.site.settings import Site
from tests.support.site_files import SITE, camera_table, login, write_site

WHERE = Path("folder") / "site.toml"


def told(text: str) -> dict[str, Problem]:
    """The problems of a text by their keys."""
    return {problem.key: problem for problem in problems_of(text, WHERE)}


def accepted(text: str) -> Site:
    site, problems = site_of(text, WHERE)
    assert [str(problem) for problem in problems] == []
    assert site is not None
    return site


# What is read


def test_a_site_of_three_lines_and_a_camera_has_sensible_defaults(tmp_path: Path) -> None:
    site = read_site(write_site(tmp_path, SITE + camera_table()))
    camera = site.camera("gate-1")
    assert (site.name, site.zone, site.server.host, site.server.port) == ("Central station", UTC, "127.0.0.1", 8740)
    assert (camera.title, camera.level, camera.retention_s, camera.min_person_px) == ("gate-1", Level.GLYPHS, 72 * 3600, 24)
    assert (camera.settle_s, camera.absorb_s) == (GateSettings().settle_s, GateSettings().absorb_s)
    assert site.recording.enabled
    assert not site.place.keep_plates


def test_everything_that_can_be_said_is_read(tmp_path: Path) -> None:
    text = f"""{SITE}time_zone = "Europe/Zurich"
state_folder = "state"
keep_plates = true
cameras_per_worker = 3
worker_memory = "1.5 GiB"
[server]
address = "[::1]:0"
[recording]
enabled = false
free_space_floor = "500 MB"
max_hold = "2 weeks"
[detector]
device = "cpu"
manifest = "heavy.toml"
""" + camera_table(
        name='"Gate"',
        release_level='"heat"',
        retention='"30 days"',
        never="[[[0, 0], [120, 0], [120, 80.12345]]]",
        ground="[2, 0, 0, 0, 2, 0, 0, 0, 1]",
        fps_limit="10",
        transport='"udp"',
        hardware_decode="true",
    )
    site = read_site(write_site(tmp_path, text))
    camera = site.cameras[0]
    assert site.zone == ZoneInfo("Europe/Zurich")
    assert (site.state_folder, site.detector.manifest) == (tmp_path / "state", tmp_path / "heavy.toml")
    assert (site.place.cameras_per_worker, site.place.worker_memory_bytes) == (3, 3 * 2**29)
    assert (site.server.host, site.server.port) == ("::1", 0)
    assert (site.recording.free_space_floor_bytes, site.recording.max_hold_s) == (500_000_000, 14 * 86400)
    assert (camera.level, camera.retention_s, camera.fps_limit, camera.transport) == (Level.HEAT, 30 * 86400, 10.0, "udp")
    assert camera.never == (((0.0, 0.0), (120.0, 0.0), (120.0, 80.123)),)
    assert camera.ground == (2, 0, 0, 0, 2, 0, 0, 0, 1)


def test_equal_files_give_equal_sites_and_another_password_another_site(tmp_path: Path) -> None:
    texts = [SITE + camera_table(**login("viewer", word)) for word in ("one", "one", "two")]
    first, again, other = (read_site(write_site(tmp_path, text)) for text in texts)
    assert first == again
    assert first != other


def test_a_byte_order_mark_and_line_ends_of_windows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (SITE + camera_table()).replace("\n", "\r\n").encode())
    assert read_site(path).name == "Central station"


# What is refused


def test_all_problems_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = f"""{SITE}nme = "x"
workers = 2
cameras_per_worker = 2.5
[sever]
[recording]
max_hold = 30
[[camera]]
id = "Gate 1"
source = "gopher://camera"
settle_s = 0.2
never = [[[0, 0], [1, 1]]]
[[camera]]
id = "b"
source = "rtsp://b"
password = "x"
"""
    problems = problems_of(text, WHERE)
    assert [(problem.line, problem.key) for problem in problems] == [
        (3, "site.nme"),
        (5, "site.cameras_per_worker"),
        (6, "sever"),
        (8, "recording.max_hold"),
        (9, "camera[0].purpose"),
        (10, "camera[0].id"),
        (11, "camera[0].source"),
        (12, "camera[0].settle_s"),
        (13, "camera[0].never[0]"),
        (14, "camera[1].purpose"),
        (14, "camera[1].user"),
    ]
    assert str(problems[7]) == (
        "line 12: camera[0].settle_s: expected a number from 1 to 3600, not 0.2 (20 is right for most places; more where people stand for long)"
    )


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        (SITE + "tme_zone = 'UTC'\n" + camera_table(), "site.tme_zone", "did you mean 'time_zone'?"),
        (SITE + "max_hold = '1 h'\n" + camera_table(), "site.max_hold", "it belongs under [recording]"),
        (SITE + camera_table(reteniton='"1 h"'), "camera[0].reteniton", "did you mean 'retention'?"),
        (SITE + camera_table(zzz="1"), "camera[0].zzz", "known are id, name,"),
        (SITE + camera_table() + "[servr]\n", "servr", "did you mean 'server'?"),
        (SITE + "sub.key = 1\n" + camera_table(), "site.sub", "known are name,"),
    ],
)
def test_an_unknown_key_is_refused_at_every_level_with_the_one_that_was_meant(text: str, key: str, hint: str) -> None:
    problem = told(text)[key]
    assert problem.expected == "a key that there is"
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"settle_s": '"20"'}, "settle_s"),
        ({"settle_s": "true"}, "settle_s"),
        ({"settle_s": "nan"}, "settle_s"),
        ({"fps_limit": "inf"}, "fps_limit"),
        ({"min_person_px": "24.5"}, "min_person_px"),
        ({"min_person_px": "true"}, "min_person_px"),
        ({"hardware_decode": "1"}, "hardware_decode"),
        ({"hardware_decode": '"yes"'}, "hardware_decode"),
        ({"retention": "72"}, "retention"),
        ({"retention": '"72"'}, "retention"),
        ({"retention": '"0.1 s"'}, "retention"),
        ({"retention": '"367 days"'}, "retention"),
        ({"retention": "2026-01-01"}, "retention"),
        ({"release_level": '"raw"'}, "release_level"),
        ({"transport": '"http"'}, "transport"),
        ({"name": '""'}, "name"),
        ({"name": r'"a\nb"'}, "name"),
        ({"name": '"' + "x" * 201 + '"'}, "name"),
        ({"never": "[[[0, 0], [1, 1]]]"}, "never[0]"),
        ({"never": "[[[0, 0], [1, 1], [2, 200000]]]"}, "never[0][2]"),
        ({"never": '[[[0, 0], [1, 1], [2, "3"]]]'}, "never[0][2]"),
        ({"never": "[[[0, 0], [1, 1], [2, nan]]]"}, "never[0][2]"),
        ({"never": "3"}, "never"),
        ({"ground": "[1, 0, 0, 0, 1, 0, 0, 0]"}, "ground"),
        ({"ground": "[1, 0, 0, 1, 0, 0, 0, 0, 1]"}, "ground"),
        ({"ground": "[1, 0, 0, 0, inf, 0, 0, 0, 1]"}, "ground"),
        ({"ground": "[true, 0, 0, 0, 1, 0, 0, 0, 1]"}, "ground"),
        ({"password_file": "3"}, "password_file"),
        ({"password": "12345"}, "password"),
        ({"user": '"viewer:1"', "password": '"x"'}, "user"),
        ({"password": '"${CAM 1}"'}, "password"),
    ],
)
def test_a_value_of_the_wrong_kind_or_out_of_its_range_is_refused(keys: dict[str, str], key: str) -> None:
    assert f"camera[0].{key}" in told(SITE + camera_table(**keys))


@pytest.mark.parametrize(
    ("table", "line", "key"),
    [
        ("server", 'address = "0.0.0.0:8740"', "address"),
        ("server", 'address = "192.168.1.2:8740"', "address"),
        ("server", 'address = "example.com:8740"', "address"),
        ("server", 'address = "127.0.0.1:70000"', "address"),
        ("server", 'address = "127.0.0.1"', "address"),
        ("recording", 'free_space_floor = "2"', "free_space_floor"),
        ("recording", "free_space_floor = 2000", "free_space_floor"),
        ("recording", 'max_hold = "3 years"', "max_hold"),
        ("detector", 'device = "tpu"', "device"),
        ("detector", 'name = "../x"', "name"),
    ],
)
def test_a_value_of_another_table_is_refused_too(table: str, line: str, key: str) -> None:
    assert f"{table}.{key}" in told(f"{SITE}[{table}]\n{line}\n{camera_table()}")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "Europe"])
def test_a_time_zone_that_there_is_not_is_refused(zone: str) -> None:
    assert "site.time_zone" in told(f'{SITE}time_zone = "{zone}"\n{camera_table()}')


@pytest.mark.parametrize(("name", "low", "high", "step"), [("settle_s", 1, 3600, 0.5), ("absorb_s", 1, 86400, 0.5), ("min_person_px", 8, 2000, 1)])
def test_the_bounds_are_those_of_the_gate(name: str, low: float, high: float, step: float) -> None:
    for value in (low, high):
        accepted(SITE + camera_table(**{name: str(value)}))
        GateSettings(**{name: value})  # type: ignore[arg-type]
    for value in (low - step, high + step):
        assert f"camera[0].{name}" in told(SITE + camera_table(**{name: str(value)}))
        with pytest.raises(SettingsError):
            GateSettings(**{name: value})  # type: ignore[arg-type]


def test_a_ground_that_is_taken_here_is_taken_by_the_gate() -> None:
    ground = accepted(SITE + camera_table(ground="[40.1, 3, 100, 1, 22.5, 90, 0.001, 0.002, 1]")).cameras[0].ground
    assert ground is not None
    a, b, c, d, e, f, g, h, i = ground
    assert GateSettings(ground=(a, b, c, d, e, f, g, h, i)).ground == ground


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", {"site", "camera"}),
        (SITE, {"camera"}),
        (SITE + "camera = 3\n", {"site.camera", "camera"}),
        ("camera = []\n" + SITE, {"camera"}),
        ("camera = [3]\n" + SITE, {"camera[0]"}),
        ("site = 3\n" + camera_table(), {"site"}),
        ("[[site]]\nname = 'x'\n" + camera_table(), {"site"}),
    ],
)
def test_tables_that_are_missing_or_no_tables_are_told(text: str, keys: set[str]) -> None:
    assert set(told(text)) == keys


@pytest.mark.parametrize(("text", "line"), [("[site\n", 1), ("[site]\nname = \n", 2), ("[site]\nname = 'a'\nname = 'b'\n", 3), ("\n\n'a", 3)])
def test_what_is_no_toml_is_told_with_its_line(text: str, line: int) -> None:
    (problem,) = problems_of(text, WHERE)
    assert problem.line == line
    assert problem.expected.startswith("TOML")


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "9" * 5000, "a = 1\x00", "a = '" + "x" * 70_000])
def test_what_is_hostile_is_a_problem_and_no_crash(text: str) -> None:
    assert problems_of(text, WHERE)


@pytest.mark.parametrize("kind", ["missing", "folder", "large", "binary"])
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "site.toml"
    if kind == "folder":
        path.mkdir()
    elif kind == "large":
        path.write_bytes(b"#" * (MOST_BYTES + 1))
    elif kind == "binary":
        path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SiteError) as failed:
        read_site(path)
    assert "\n" not in str(failed.value)
    assert "site.toml" in str(failed.value)


# Secrets


PLACES = ["site.name", "server.address", "recording.max_hold", "detector.name", "camera.id", "camera.settle_s", "camera.source", "camera.user"]
PLACES += [
    "camera.password",
    "camera.never",
    "camera.purpose",
    "camera.release_level",
    "camera.made_up",
    "made_up",
    "site.time_zone",
    "camera.retention",
]
SHAPES = ["{}", "rtsp://admin:{}@10.0.0.5/x", "gopher://admin:{}@[::x/", "rtsp://h:{}/", "${{{}", "{}\\u0000", "http://[{}", "file://{}/x"]


@given(
    secret=st.text("abcdefXYZ0123456789", min_size=10, max_size=16).map(lambda text: f"Sq{text}"),
    place=st.sampled_from(PLACES),
    shape=st.sampled_from(SHAPES),
    wrap=st.sampled_from(['"{}"', '["{}"]', '{{ a = "{}" }}', '[["{}", 1]]', '"{}', "'{}' 'x'"]),
)
def test_no_secret_is_in_any_word_about_a_wrong_file(secret: str, place: str, shape: str, wrap: str) -> None:
    table, _, key = place.rpartition(".")
    value = wrap.format(shape.format(secret))
    tables = {"site": 'name = "x"\n', "server": "", "recording": "", "detector": "", "camera": 'id = "a"\npurpose = 3\n'}
    text = f"{key} = {value}\n" if not table else ""
    for name, lines in tables.items():
        mine = f"{key} = {value}\n" if name == table else ""
        kept = "".join(line for line in lines.splitlines(keepends=True) if not (mine and line.startswith(f"{key} =")))
        text += f"{'[[camera]]' if name == 'camera' else f'[{name}]'}\n{kept}{mine}"
    problems = problems_of(text, WHERE)
    assert problems, "the purpose is a number"
    assert secret not in repr(problems) + "".join(str(problem) for problem in problems)


@pytest.mark.parametrize("text", ["a = {{ {0} = 1, {0} = 2 }}", "[{0}]\n[{0}]", "'{0}' = 1\n'{0}' = 2", 'a = "x" {0}', "a = {0}", "{0}"])
def test_of_what_is_no_toml_nothing_is_quoted(text: str) -> None:
    assert problems_of(text.format("hunter2"), WHERE)
    assert "hunter2" not in repr(problems_of(text.format("hunter2"), WHERE))


def test_an_error_and_its_traceback_hold_no_secret(tmp_path: Path) -> None:
    path = write_site(tmp_path, SITE + camera_table(source="gopher://admin:hunter2@x", name="3") + "password = 12345678\n")
    with pytest.raises(SiteError) as failed:
        read_site(path)
    words = "".join(traceback.format_exception(failed.value)) + repr(failed.value) + str(failed.value.__context__) + str(failed.value.__cause__)
    assert "camera[0].source" in words
    assert "hunter2" not in words
    assert "12345678" not in words


def test_a_site_shows_no_secret(tmp_path: Path) -> None:
    text = SITE + camera_table(source="rtsp://10.0.0.5/token-hunter2", **login("hunter2", "hunter2"))
    site = read_site(write_site(tmp_path, text))
    assert "hunter2" not in repr(site) + str(site) + site.model_dump_json() + str(site.model_dump()) + site.cameras[0].shown_source
