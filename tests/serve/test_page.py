"""The page: what its files may hold, how its colours and shapes stand apart, and how it draws a scene. `tests/browser` tries whole pages."""

import re
from collections.abc import Iterator
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from passerby.released.palette import CELL_BGR, HATCH_BGR, HATCH_EDGE_BGR, KIND_BGR
from passerby.released.scene import Kind
from passerby.serve.app import PAGE
from passerby.site.settings import LEVELS
from passerby.supervise.camera_words import Condition
from tests.support.browser import chromium, needs_chromium
from tests.support.staged_site import StagedSite

FOLDER = resources.files("passerby.serve") / "page"
DOCUMENTS = ("index.html", "login.html", "tally.html")
TEXTS = {name: (FOLDER / name).read_text("utf-8") for name in (*DOCUMENTS, *PAGE)}
SCRIPTS = sorted(name for name in TEXTS if name.endswith(".js"))
XML_NAMES = {"http://www.w3.org/2000/svg"}


# What the files may hold


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_nothing_of_the_page_is_asked_for_elsewhere(name: str) -> None:
    assert set(re.findall(r"\w+://[^\s\"'`)]+", TEXTS[name])) <= XML_NAMES
    assert not re.search(r"[\"'(]//\w", TEXTS[name])


def test_every_file_that_the_page_names_is_served_and_every_file_that_is_served_is_named() -> None:
    named = {name for text in TEXTS.values() for name in re.findall(r"[\"']/page/([\w.]+)[\"']", text)}
    imported = {name for text in TEXTS.values() for name in re.findall(r"(?:from|import\()\s*[\"']\./([\w.]+)[\"']", text)}
    assert named | imported == set(PAGE)


def test_every_file_of_the_page_has_its_type() -> None:
    types = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
    assert {name: types[name.rpartition(".")[2]] for name in PAGE} == PAGE


def test_modules_that_the_first_view_needs_are_asked_for_before_they_are_imported() -> None:
    """A module that is found only when another has come costs a way to the server and back."""
    preloaded = set(re.findall(r'rel="modulepreload" href="/page/([\w.]+)"', TEXTS["index.html"]))
    needed: set[str] = set()
    waiting = ["app.js"]
    while waiting:
        imports = set(re.findall(r"from \"\./([\w.]+)\"", TEXTS[waiting.pop()])) - needed
        needed |= imports
        waiting += imports
    assert preloaded == needed


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_page_needs_no_script_or_style_within_it(name: str) -> None:
    assert not re.search(r"<script(?![^>]*\bsrc=)", TEXTS[name])
    assert not re.search(r"<style|\sstyle=|\son\w+=", TEXTS[name])


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_reads_text_as_markup_or_as_a_script(name: str) -> None:
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|setHTML|srcdoc|\beval\(|new Function|setAttribute\(\s*[\"'](style|on)"
    )
    assert not re.search(forbidden, TEXTS[name])


@pytest.mark.parametrize("name", ["scene_svg.js", "app.css"])
def test_a_figure_is_never_moved_from_one_place_to_another(name: str) -> None:
    """That would say who went where: a scene has no identities."""
    assert not re.search(r"\.animate\(|<animate|\btransition\b|setAttribute\(\"transform\"", TEXTS[name])
    assert re.findall(r"@keyframes (\w+)", TEXTS["app.css"]) == ["appear"]


def test_the_icon_is_a_picture() -> None:
    ET.fromstring(TEXTS["icon.svg"])  # noqa: S314 - our own file


# Words, shapes, colours


def test_every_condition_has_a_word_and_a_shape_of_its_own() -> None:
    words = re.search(r"const WORDS = \{(.*?)\};", TEXTS["conditions.js"])
    order = re.search(r"const ORDER = \[(.*?)\];", TEXTS["conditions.js"])
    assert words is not None
    assert order is not None
    shapes = dict(re.findall(r'<symbol id="(\w+)" viewBox="0 0 12 12">(.*?)</symbol>', TEXTS["index.html"]))
    for condition in Condition:
        assert f"{condition.value}:" in words[1]
        assert f'"{condition.value}"' in order[1]
        assert f".is-{condition.value}" in TEXTS["app.css"]
    assert len({shapes[condition.value] for condition in Condition}) == len(Condition)


def test_figures_and_hatch_have_the_colours_of_released_pictures() -> None:
    colours = re.search(r"const COLOURS = \[(.*?)\];", TEXTS["scene_svg.js"])
    assert colours is not None
    assert re.findall(r"#\w+", colours[1]) == [_hex(KIND_BGR[kind]) for kind in Kind]
    assert f'CELL = "{_hex(CELL_BGR)}"' in TEXTS["scene_svg.js"]
    assert f'HATCH_EDGE = "{_hex(HATCH_EDGE_BGR)}"' in TEXTS["scene_svg.js"]
    assert f"HATCH = {list(reversed(HATCH_BGR))}" in TEXTS["scene_svg.js"]
    assert f"--hatch: {_hex(HATCH_BGR)};" in TEXTS["app.css"]


def _hex(bgr: tuple[int, int, int]) -> str:
    return "#{2:02x}{1:02x}{0:02x}".format(*bgr)


def test_letters_stand_out_from_their_ground_by_day_and_by_night() -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    looks = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TEXTS["app.css"])
    for which in (1, 2):
        colours = {look[0]: look[which] for look in looks}
        for ink in ("ink", "soft", "live", "calm", "warn", "petrol"):
            for ground in ("ground", "card"):
                assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        assert contrast(colours["ink"], colours["warn-ground"]) >= 4.5
        assert contrast(colours["ring"], colours["ground"]) >= 3
    for words in re.findall(
        r"color: (#[0-9a-f]{6}).*?background: (#[0-9a-f]{6})|background: (#[0-9a-f]{6}); color: (#[0-9a-f]{6})", TEXTS["app.css"]
    ):
        pair = [colour for colour in words if colour]
        assert contrast(*pair) >= 4.5


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart in brightness, 1 to 21."""
    lights = sorted(_light(colour) for colour in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


# How the wall is laid out and a scene is drawn: the modules alone, in a real browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page of a site without cameras, whose modules can be imported."""
    with StagedSite() as site:
        page = browser.new_page(viewport={"width": 800, "height": 600})
        page.goto(site.address, wait_until="domcontentloaded")
        yield page
        page.close()


def asked(page: Page, module: str, body: str, *arguments: Any) -> Any:
    """What some lines of JavaScript give that are told a module `m` and arguments `a`."""
    return page.evaluate(f"async (a) => {{ const m = await import('/page/{module}'); {body} }}", list(arguments))


@needs_chromium
@pytest.mark.parametrize(("width", "height"), [(1400, 800), (3780, 2050), (1000, 1700)])
@pytest.mark.parametrize("wide", [4 / 3, 16 / 9])
def test_tiles_of_the_wall_fit_the_screen_and_never_grow_with_their_number(page: Page, width: int, height: int, wide: float) -> None:
    bar, gap = 50, 14
    counts = list(range(1, 65))
    fits = asked(page, "wall.js", f"return a[0].map((count) => m.fitted(count, {width}, {height}, {wide}, {bar}, {gap}));", counts)
    for count, fit in zip(counts, fits, strict=True):
        rows = -(-count // fit["columns"])
        assert fit["columns"] * fit["tile"] + (fit["columns"] - 1) * gap <= width
        assert rows * (fit["tile"] / wide + bar) + (rows - 1) * gap <= height + 1
    assert all(later["tile"] <= 1.08 * earlier["tile"] for earlier, later in pairwise(fits))


@needs_chromium
def test_outlines_enclose_exactly_what_is_withheld(page: Page) -> None:
    """Seen through the browser's own rule of what lies inside of a path."""
    numbers = np.random.default_rng(5)
    for share in (0.0, 0.1, 0.5, 0.9, 1.0):
        for rows, columns in ((1, 1), (3, 7), (12, 9)):
            grid = (numbers.random((rows, columns)) < share).astype(int)
            inside = asked(
                page,
                "scene_svg.js",
                """const [grid] = a;
                   const loops = m.outlines(grid[0].length, grid.length, (column, row) => grid[row][column]);
                   const path = new Path2D(loops.map((loop) => "M" + loop.map(([x, y]) => `${x} ${y}`).join("L") + "z").join(""));
                   const canvas = new OffscreenCanvas(1, 1).getContext("2d");
                   return grid.map((row, y) => row.map((_, x) => Number(canvas.isPointInPath(path, x + 0.5, y + 0.5, "evenodd"))));""",
                grid.tolist(),
            )
            assert inside == grid.tolist()


SCENE = {"t": 0, "w": 64, "h": 48, "level": "glyphs", "epoch": 3, "block": 16, "shown": "/+A=", "g": [[0, 20, 40, 8, 24], [2, 44, 40, 20, 12]]}
SCENE |= {"cell": 4, "c": [[1, 1]], "state": "watching", "withheld": 0.083}
"""Of its 4 x 3 blocks, all are shown but the last one."""
VIEW = """
  const box = document.createElement("div");
  document.body.append(box);
  const canvas = new OffscreenCanvas(64, 48);
  canvas.getContext("2d").fillRect(0, 0, 64, 48);
  const ground = URL.createObjectURL(await canvas.convertToBlob());
  const view = new m.SceneView(box);
  const frames = async () => { for (let at = 0; at < 6; at++) await new Promise(requestAnimationFrame); };
  const until = async (look) => { for (let at = 0; at < 300 && !look(); at++) await frames(); return look(); };
  const hatched = () => box.querySelector("svg path").getAttribute("d");
  const seen = () => !box.querySelector("img").hidden;
"""
WHOLE = "M0 0H64V48H0z"


@needs_chromium
def test_what_a_scene_withholds_is_hatched_over_its_ground(page: Page) -> None:
    told = asked(page, "scene_svg.js", VIEW + "view.show(a[0], ground, 3); await until(seen); return hatched();", SCENE)
    corners = {tuple(map(int, corner.split())) for corner in re.findall(r"\d+ \d+", told)}
    assert corners == {(48, 32), (64, 32), (64, 48), (48, 48)}


@needs_chromium
def test_a_ground_of_another_plate_or_another_shape_is_not_seen(page: Page) -> None:
    for change in ({"epoch": 4}, {"w": 96}):
        told = asked(
            page,
            "scene_svg.js",
            VIEW
            + """view.show(a[0], ground, 3); const was = await until(seen);
                 view.show(a[1], ground, 3); await frames(); return [was, seen(), hatched()];""",
            SCENE,
            SCENE | {"shown": "////"} | change,
        )
        assert told[:2] == [True, False]
        assert told[2].endswith(f"V{SCENE['h']}H0z")


@needs_chromium
def test_figures_are_there_before_the_ground_is_and_everything_else_is_hatched(page: Page) -> None:
    told = asked(
        page,
        "scene_svg.js",
        VIEW + "view.show(a[0], null, null); await frames(); return [seen(), hatched(), box.querySelectorAll('svg > g > *').length, view.shows];",
        SCENE,
    )
    assert told == [False, WHOLE, 2, True]


@needs_chromium
def test_a_place_that_is_hidden_keeps_nothing_of_what_was_seen(page: Page) -> None:
    told = asked(
        page,
        "scene_svg.js",
        VIEW
        + """view.label("Gate"); view.show(a[0], ground, 3); await until(seen); view.hide("Nobody answers."); await frames();
             return [seen(), box.querySelector("img").getAttribute("src"), box.querySelectorAll("svg > g > *").length,
                     box.querySelector("svg").checkVisibility(), box.querySelector(".veil").innerText.trim(), box.getAttribute("aria-label")];""",
        SCENE,
    )
    assert told == [False, None, 0, False, "Nobody answers.", "Gate: Nobody answers."]


@needs_chromium
def test_no_element_of_a_figure_outlives_its_scene(page: Page) -> None:
    """Each scene is drawn anew: nothing in the document could be followed from one to the next."""
    told = asked(
        page,
        "scene_svg.js",
        VIEW
        + """view.show(a[0], null, null); await frames();
             const before = [...box.querySelectorAll("svg > g *")];
             view.show({...a[0], g: [[0, 24, 40, 8, 24], [2, 44, 40, 20, 12]]}, null, null); await frames();
             return [before.length > 0, before.some((node) => box.contains(node)), box.querySelectorAll("svg > g > *").length];""",
        SCENE,
    )
    assert told == [True, False, 2]


CAMERA = {"id": "gate", "name": "Gate", "condition": "live", "says": "The whole place is shown.", "do": "", "has_picture": True, "stale_s": 3.0}
LIVE = """
  const box = document.createElement("div");
  document.body.append(box);
  const live = new m.LiveView(box, a[0]);
  const frames = async () => { for (let at = 0; at < 6; at++) await new Promise(requestAnimationFrame); };
  const told = () => [live.view.shows, live.known, live.view.words];
  const before = performance.now();
  live.take({...a[1], ground: null});
  const after = performance.now();
  await frames();
  const first = told();
"""
SHOWS = [True, True, ""]


@needs_chromium
@pytest.mark.parametrize(
    ("what", "then"),
    [
        ("live.tick(before + 2990);", SHOWS),
        ("live.tick(after + 3010);", [False, False, "No new picture comes from this place."]),
        ("live.tell({...a[0], has_picture: true}); live.tick(after + 3010);", [False, False, "No new picture comes from this place."]),
        ("live.gone();", [False, False, "No new picture comes from this place."]),
        ("live.lose('Passerby does not answer.');", [False, False, "Passerby does not answer."]),
        ("live.see(false);", [False, True, "The picture is on its way."]),
        ("live.see(false); live.take({...a[1], ground: null});", [False, True, "The picture is on its way."]),
        ("live.see(false); live.take({...a[1], ground: null}); live.see(true);", SHOWS),
        ("live.rest();", [False, True, "The picture is on its way."]),
        ("live.rest(); live.take({...a[1], ground: null});", SHOWS),
        ("live.tell({...a[0], has_picture: false, says: 'Covered.'}); live.gone();", [False, True, "Covered."]),
        ("live.tell({...a[0], has_picture: false, says: 'Covered.'}); live.take({...a[1], ground: null});", [False, True, "Covered."]),
    ],
)
def test_a_place_is_shown_only_while_it_is_said_how_it_is_now(page: Page, what: str, then: list[Any]) -> None:
    first, last = asked(page, "live_view.js", f"{LIVE} {what} await frames(); return [first, told()];", CAMERA, SCENE)
    assert first == SHOWS
    assert last == then


@needs_chromium
@pytest.mark.parametrize(("level", "words"), [("glyphs", "1 person, 1 vehicle in view"), ("heat", "without figures"), ("counts", "without figures")])
def test_who_is_in_view_is_told_in_words_where_the_level_allows_it(page: Page, level: str, words: str) -> None:
    scene = SCENE | {"level": level} | ({} if level == "glyphs" else {"g": []})
    told = asked(page, "scene_svg.js", VIEW + "view.label('Gate'); view.show(a[0], null, null); return box.getAttribute('aria-label');", scene)
    assert words in told


@needs_chromium
@pytest.mark.parametrize(("share", "words"), [(0, "0 %"), (0.0004, "under 1 %"), (0.021, "2 %"), (0.999, "99 %"), (1, "100 %")])
def test_how_much_is_withheld_is_never_rounded_to_nothing_or_everything(page: Page, share: float, words: str) -> None:
    assert asked(page, "conditions.js", "return m.withheld(a[0]);", share) == words


@needs_chromium
@pytest.mark.parametrize(
    ("one", "other", "same"), [("17.5-3", "18.5-3", True), ("17.5-3", "17.6-3", False), ("17", "17", False), (None, None, False)]
)
def test_two_grounds_are_of_one_plate_only_if_their_names_and_epochs_say_so(page: Page, one: str | None, other: str | None, same: bool) -> None:
    told = asked(page, "ground.js", "const [x, y] = [m.plateOf(a[0], 3), m.plateOf(a[1], '3')]; return x !== null && x === y;", one, other)
    assert told is same


def test_the_guide_to_watching_explains_every_condition_level_and_key() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "watching.md").read_text("utf-8")
    words = re.findall(r'\w+: "([^"]+)"', re.search(r"const WORDS = \{(.*?)\};", TEXTS["conditions.js"])[1])  # type: ignore[index]
    assert len(words) == len(Condition)
    for word in (*words, "Not known"):
        assert f"| {word} |" in guide
    for level in LEVELS:
        assert f"| `{level}` |" in guide
    for key in re.findall(r'\["([^"]+)", "[^"]+"\]', re.search(r"const KEYS = (.*);", TEXTS["legend.js"])[1]):  # type: ignore[index]
        assert f"| {key} |" in guide
