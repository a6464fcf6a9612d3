"""The words of the project: what is not documented, or no longer true, fails here."""

import ast
import enum
import importlib
import inspect
import json
import os
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

import cv2
import msgspec
import numpy as np
import pytest
from scripts.reference import PAGE, commands, parameters, reference

import passerby
from bench.drawn import DrawnClip
from passerby import errors
from passerby.errors import PasserbyError, SettingsError, WeightsError
from passerby.models import manifest
from passerby.models.cache import default_cache_folder
from passerby.models.fetch import verified_weights
from passerby.models.manifest import load_manifest
from passerby.redact.detection import LoadedDetector
from passerby.redact.polygons import read_polygons
from passerby.redact.run import redact_clip
from passerby.redact.settings import RedactSettings, gate_settings
from passerby.released import scene
from passerby.released.caption import STATE_WORDS
from passerby.released.scene import GateState, Size
from passerby.sealed.gate.detector import YoloxDetector
from passerby.sealed.gate.looks import lattices
from passerby.sealed.gate.settings import GateSettings
from tests.support.detectors import Blind
from tests.support.scenes import Play, Stage
from tests.test_house import MACHINE_PATHS, REGISTRY_HOSTS

ROOT = Path(__file__).resolve().parent.parent
GUIDE, REFERENCE, DESIGN = (ROOT / "docs" / part for part in ("guide", "reference", "design"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "bench" / "README.md"])
WILD = {"seconds_by_state", "blocks.legend", "weights", "timings_ms"}
"""Tables of the report whose keys are names, not words of its form."""


def text(path: Path) -> str:
    return path.read_text("utf-8")


def rows(path: Path) -> list[list[str]]:
    """The cells of all rows of all tables of a page."""
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text(path).splitlines() if line.startswith("| ")]


def code_words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def first_words(path: Path) -> set[str]:
    """Everything that stands as code in the first cell of a table's row."""
    return {word for row in rows(path) for word in code_words(row[0])}


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text(path), re.MULTILINE | re.DOTALL)


# Commands and settings


def test_the_reference_of_commands_is_what_typer_knows() -> None:
    assert text(PAGE) == reference(), "run: python -m scripts.reference"


def test_every_command_and_every_option_is_explained_in_the_guide() -> None:
    pages = {name: name for name in ("redact", "simulate", "models", "run", "recordings")} | {
        "check": "site",
        "account": "accounts",
        "init": "start",
        "ground": "ground",
        "query": "measurements",
        "tally": "tally",
        "channels": "channels",
        "alerts": "alerts",
        "replay": "hazards/index",
        "drill": "hazards/index",
    }
    guides = {name: text(GUIDE / f"{page}.md") for name, page in pages.items()}
    missing = []
    for name, command in commands():
        words = name.split()
        if len(words) == 1:
            continue
        guide = guides[words[1]]
        wanted = [name, *(option for p in parameters(command) if p.param_type_name == "option" for option in (*p.opts, *p.secondary_opts))]
        missing += [word for word in wanted if f"{word}" not in guide]
    assert missing == []


def test_no_page_for_users_names_an_option_that_does_not_exist() -> None:
    known = {option for _, command in commands() for p in parameters(command) for option in (*p.opts, *p.secondary_opts)}
    known |= {"--help", "--install-completion", "--show-completion"}
    named = {option for path in [*GUIDE.glob("*.md"), *REFERENCE.glob("*.md")] for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", text(path))}
    assert named <= known


def test_every_setting_of_the_gate_is_documented_with_its_default_and_its_range() -> None:
    told = {code_words(row[0])[0]: row for row in rows(GUIDE / "api.md") if len(row) == 4 and code_words(row[0])}
    defaults: Any = GateSettings()
    assert set(told) == {field.name for field in fields(GateSettings)}
    for name, (_, default, span, _) in told.items():
        value = getattr(defaults, name)
        if name in {"level", "never", "ground"}:
            assert code_words(default)[0] in {str(value), f"Level.{getattr(value, 'name', '')}"}, name
            continue
        assert float(default) == value, name
        low, high = (float(bound) for bound in span.split(" to "))
        for bound, beyond in ((low, low - 0.1), (high, high * 1.01 + 1)):
            replace(defaults, **{name: bound})
            with pytest.raises(SettingsError):
                replace(defaults, **{name: beyond})


def test_every_setting_of_a_redaction_is_documented() -> None:
    options = {p.name for name, command in commands() if name == "passerby redact" for p in command.params}
    assert {field.name for field in fields(RedactSettings)} - {"gate"} <= options


def test_every_variable_of_the_environment_is_documented() -> None:
    code = "".join(text(path) for path in (ROOT / "src").rglob("*.py"))
    guides = "".join(text(path) for path in GUIDE.glob("*.md"))
    read = set(re.findall(r"PASSERBY_[A-Z]+", code))
    assert "PASSERBY_CACHE" in read
    assert {name for name in read if name not in guides} == set()


def test_every_state_of_the_gate_is_told_with_the_words_of_its_caption() -> None:
    told = {code_words(row[0])[0]: row[1] for row in rows(GUIDE / "redact.md") if len(row) == 3 and code_words(row[0])}
    assert {state.name.lower(): STATE_WORDS[state] for state in GateState} == told


def test_the_example_of_a_polygon_file_can_be_read(tmp_path: Path) -> None:
    (example,) = blocks(GUIDE / "redact.md", "json")
    (tmp_path / "never.json").write_text(example, "utf-8")
    polygons = read_polygons(tmp_path / "never.json")
    assert len(gate_settings(never=polygons).never) == 2


# What is written


def keys(value: Any, path: str = "") -> Iterator[str]:
    """The keys of a report as the reference writes them."""
    if isinstance(value, dict):
        for key, part in value.items():
            below = f"{path}." if path else ""
            name = below + ("*" if path in WILD else key)
            yield name
            yield from keys(part, name)
    elif isinstance(value, list):
        for part in value:
            if isinstance(part, dict):
                yield from keys(part, f"{path}[]")


def test_every_key_of_a_real_report_is_documented_and_no_other(tmp_path: Path) -> None:
    """The clip goes black midway, so that the report has a fault to tell of."""
    play = Play(Stage(160, 120), seconds=16, hz=4, camera=lambda picture, time_s: np.zeros_like(picture) if time_s > 9 else picture)
    writer = cv2.VideoWriter(str(tmp_path / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 4, (160, 120))
    for _, picture in play:
        writer.write(picture)
    writer.release()
    loaded = LoadedDetector(cast("YoloxDetector", Blind()), "none", "0" * 64, "")
    outcome = redact_clip(tmp_path / "clip.avi", tmp_path / "out.mp4", RedactSettings(), loaded)
    report = json.loads(text(outcome.report))
    assert report["faults"]
    assert set(keys(report)) == first_words(REFERENCE / "report.md")


def test_every_error_is_documented_and_drawn_in_its_place() -> None:
    page = text(REFERENCE / "errors.md")
    there = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, PasserbyError)}
    assert there == first_words(REFERENCE / "errors.md")
    drawn = inspect.getdoc(errors)
    assert drawn is not None
    lines = [re.match(r"[ │├└─]*[A-Za-z]+Error", line) for line in drawn.splitlines()]
    for line in lines:
        assert line is None or line.group() in page


def test_every_field_and_name_of_a_scene_is_documented() -> None:
    page = text(REFERENCE / "scene.md")
    types = [value for value in vars(scene).values() if inspect.isclass(value) and value.__module__ == scene.__name__]
    assert len(types) > 8
    for kind in types:
        assert kind.__name__ in page
        if issubclass(kind, enum.IntEnum):
            missing = [f"`{member.name}` {member.value}" for member in kind if f"`{member.name}` {member.value}" not in page]
        else:
            missing = [field.name for field in msgspec.structs.fields(cast("type[msgspec.Struct]", kind)) if f"`{field.name}`" not in page]
        assert missing == [], kind.__name__


def test_every_key_of_the_manifest_is_documented() -> None:
    structs = [value for value in vars(manifest).values() if inspect.isclass(value) and issubclass(value, msgspec.Struct)]
    there = {field.name for struct in structs if struct.__module__ == manifest.__name__ for field in msgspec.structs.fields(struct)} | {"kind"}
    assert {"sha256", "member", "padding"} <= there
    assert there <= first_words(GUIDE / "models.md")


def test_the_example_of_a_manifest_is_one(tmp_path: Path) -> None:
    (example,) = blocks(GUIDE / "models.md", "toml")
    (tmp_path / "mine.toml").write_text(example, "utf-8")
    (tmp_path / "yolox-licence.txt").write_text("You may use it.", "utf-8")
    known = load_manifest(tmp_path / "mine.toml")
    assert known.entry("yolox-s").form == "yolox"


def test_the_projects_weights_are_told_with_their_sizes_and_licences() -> None:
    told = {code_words(row[0])[0]: " ".join(row) for row in rows(GUIDE / "models.md") if code_words(row[0])}
    for entry in load_manifest().weights:
        assert f"{entry.size_bytes / 1e6:.1f} MB" in told[entry.name]
        assert entry.licence in told[entry.name]


# The Python API


def test_everything_that_the_package_exports_is_documented() -> None:
    page = text(GUIDE / "api.md")
    exported = [name for name in dir(passerby) if not name.startswith("_") and not inspect.ismodule(getattr(passerby, name))]
    assert {f"passerby.{name}" for name in (*exported, "redact")} <= first_words(GUIDE / "api.md")
    settings = list(inspect.signature(cast("Any", passerby).redact).parameters)
    assert [name for name in settings if f"`{name}`" not in page] == []


@pytest.fixture(scope="module")
def weights_folder() -> Path:
    """The user's cache with the gate's weights; without them, and without a network, what needs them is skipped."""
    folder = default_cache_folder(os.environ)
    try:
        verified_weights(load_manifest().entry("yolox-nano"), folder)
    except WeightsError as error:
        pytest.skip(str(error))
    return folder


EXAMPLES = [
    pytest.param(example, id=f"{path.stem}-{number}")
    for path in PAGES
    for number, example in enumerate(re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL))
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_runs(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "load_detector" in example or "passerby.redact(" in example:
        request.getfixturevalue("weights_folder")
    monkeypatch.chdir(tmp_path)
    DrawnClip(192, 144, seconds=8, fps=10, figures=2).write(tmp_path / "clip.mp4")
    exec(compile(ast.parse(example), "example", "exec"), {"__name__": "example"})  # noqa: S102 - the project's own examples


# Numbers


def test_every_constant_of_the_design_has_the_value_of_the_code() -> None:
    told = [(code_words(row[0])[0], float(row[1])) for row in rows(DESIGN / "gate.md") if re.fullmatch(r"`[a-z_.]+\.[A-Z_]+`", row[0])]
    assert len(told) > 25
    for name, value in told:
        module, _, constant = name.rpartition(".")
        assert getattr(importlib.import_module(f"passerby.{module}"), constant) == value, name


def test_the_numbers_of_looks_in_the_design_are_those_of_the_code() -> None:
    told = [re.fullmatch(r"\| (\d+) x (\d+) \| (\d+) \| (\d+) \|", line) for line in text(DESIGN / "gate.md").splitlines()]
    found = [tuple(int(number) for number in match.groups()) for match in told if match]
    assert len(found) > 2
    for width_px, height_px, min_person_px, looks in found:
        assert sum(map(len, lattices(Size(width_px, height_px), min_person_px))) == looks


# What pages point at


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        if anchor:
            headings = [
                re.sub(r"[^\w\s-]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in text(path).splitlines() if line.startswith("#")
            ]
            assert anchor in headings, target


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    found = text(page)
    for name in re.findall(r"-m (bench|scripts)\.(\w+)", found):
        assert (ROOT / name[0] / f"{name[1]}.py").is_file(), name
    makefile = text(ROOT / "Makefile")
    benches = {name for name in re.findall(r"BENCH=\"?(\w+)", found) if not (ROOT / "bench" / f"{name}.py").is_file()}
    assert benches == set()
    code = " ".join([*re.findall(r"`([^`\n]+)`", found), *re.findall(r"^    (\S.*)$", found, re.MULTILINE)])
    for target in re.findall(r"(?<![\w-])make ([a-z]+)", code):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    known = {name for name, _ in commands()} | {"passerby error"}
    for first, second in re.findall(r"(?<![\w./-])passerby (models \w+|redact|models)( |$|`)", code):
        assert f"passerby {first}" in known, first + second


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_and_test_that_a_page_names_exists(page: Path) -> None:
    for name in re.findall(r"`((?:tests|bench|scripts|docs|src)/[\w./]+\.\w+)(?:::(\w+))?`", text(page)):
        path = ROOT / name[0]
        assert path.is_file(), name[0]
        assert not name[1] or f"def {name[1]}(" in text(path), name


def test_every_bench_is_named_in_its_page() -> None:
    there = {path.stem for path in (ROOT / "bench").glob("*.py") if "argparse" in text(path)}
    assert there <= set(re.findall(r"-m bench\.(\w+)", text(ROOT / "bench" / "README.md")))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_names_a_registry_host_or_a_path_of_somebodys_machine(page: Path) -> None:
    found = text(page)
    assert [what for what in (*REGISTRY_HOSTS, *MACHINE_PATHS) if what in found] == []
    assert re.findall(r"(?<![\w.~])/(?:home|Users|root|tmp|work)/\S*", found) == []


def test_the_version_has_its_place_in_the_changelog() -> None:
    project = text(ROOT / "pyproject.toml")
    version = re.search(r'^version = "([^"]+)"', project, re.MULTILINE)
    assert version is not None
    assert re.search(rf"^## \[?{re.escape(version.group(1))}\]?", text(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert 'readme = "README.md"' in project
