"""Every page, light and dark, on a phone, a desk and a wall: nothing sticks out, axe-core finds nothing, and a picture to be looked at is taken.

PASSERBY_SHOTS=FOLDER pytest tests/browser/test_looks.py    leaves the pictures in FOLDER
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from passerby.released.scene import Glyph, Kind
from tests.support.browser import DESK, PHONE, WALL, Watched, decoded, needs_chromium
from tests.support.staged_site import StagedPlace, StagedSite, mixed, person

pytestmark = needs_chromium

Look = Callable[..., Watched]
SETTLED = """() => {
  const scenes = [...document.querySelectorAll(".scene")].filter((one) => one.querySelector(".veil").hidden);
  return scenes.length && scenes.every((one) => !one.querySelector("img").hidden && one.querySelector("img").naturalWidth > 1);
}"""
LOOKS = [("desk", DESK, "light"), ("desk", DESK, "dark"), ("phone", PHONE, "light"), ("phone", PHONE, "dark")]
FEW_LOOKS = [("desk", DESK, "light"), ("phone", PHONE, "dark")]


@pytest.fixture(scope="module")
def site() -> Iterator[StagedSite]:
    with StagedSite(*mixed()) as site:
        yield site


def assert_fits_and_is_accessible(watched: Watched, folder: Path, name: str) -> None:
    path = watched.shot(folder, name)
    assert decoded(path.read_bytes()).std() > 3, "an empty picture"
    assert watched.overflow_px() <= 0
    assert watched.violations() == []


@pytest.mark.parametrize(("device", "viewport", "scheme"), LOOKS)
def test_the_wall(look: Look, site: StagedSite, tmp_path: Path, device: str, viewport: Any, scheme: str) -> None:
    watched = look(viewport, color_scheme=scheme)
    watched.open(f"{site.address}/#/")
    watched.until(SETTLED)
    assert_fits_and_is_accessible(watched, tmp_path, f"wall-{device}-{scheme}")


@pytest.mark.parametrize(
    ("camera", "device", "viewport", "scheme"),
    [("gate", "desk", DESK, "light"), ("gate", "phone", PHONE, "dark"), ("fresh", "phone", PHONE, "light"), ("locked", "desk", DESK, "dark")],
)
def test_a_place(look: Look, site: StagedSite, tmp_path: Path, camera: str, device: str, viewport: Any, scheme: str) -> None:
    watched = look(viewport, color_scheme=scheme)
    watched.open(f"{site.address}/#/place/{camera}")
    watched.until("() => document.querySelector('.place h2')")
    if camera != "locked":
        watched.until(SETTLED)
    assert_fits_and_is_accessible(watched, tmp_path, f"place-{camera}-{device}-{scheme}")


@pytest.mark.parametrize(("device", "viewport", "scheme"), FEW_LOOKS)
def test_when_the_server_is_away(look: Look, tmp_path: Path, device: str, viewport: Any, scheme: str) -> None:
    with StagedSite(StagedPlace("gate", "South gate"), StagedPlace("hall", "Hall")) as site:
        watched = look(viewport, color_scheme=scheme)
        watched.open(f"{site.address}/#/")
        watched.until(SETTLED)
        site.shut()
        watched.until("() => document.querySelector('.scene .veil')?.hidden === false")
        assert_fits_and_is_accessible(watched, tmp_path, f"away-{device}-{scheme}")


@pytest.mark.parametrize(("device", "viewport", "scheme"), FEW_LOOKS)
def test_what_explains_what_is_seen(look: Look, site: StagedSite, tmp_path: Path, device: str, viewport: Any, scheme: str) -> None:
    watched = look(viewport, color_scheme=scheme)
    watched.open(f"{site.address}/#/")
    watched.until(SETTLED)
    watched.page.click("#legend")
    watched.until("() => document.querySelector('dialog[open]')")
    assert_fits_and_is_accessible(watched, tmp_path, f"legend-{device}-{scheme}")
    watched.page.keyboard.press("Escape")
    watched.until("() => !document.querySelector('dialog[open]')")
    assert watched.page.evaluate("() => document.activeElement.id") == "legend"


def test_a_wall_of_sixteen_places_fills_a_large_display_without_scrolling(look: Look, tmp_path: Path) -> None:
    crowd = (person(60, 120), person(200, 150), Glyph(200, 120, 40, 70, Kind.VEHICLE))
    with StagedSite(*(StagedPlace(f"camera-{number}", f"Platform {number}", glyphs=crowd) for number in range(16))) as site:
        watched = look(WALL)
        watched.open(f"{site.address}/#/")
        shown = "() => [...document.querySelectorAll('.scene')].filter((one) => one.querySelector('.veil').hidden).length === 16"
        watched.until(shown)
        watched.until(SETTLED)
        watched.shot(tmp_path, "display-16")
        assert watched.overflow_px() <= 0
        assert watched.page.evaluate("() => document.documentElement.scrollHeight - document.documentElement.clientHeight") <= 0
