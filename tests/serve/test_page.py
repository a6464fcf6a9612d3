"""The page: what its files may hold, and what a real browser makes of it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree as ET

import cv2
import numpy as np
import pytest

from passerby.serve.app import PAGE, application
from passerby.serve.http_server import HttpServer
from passerby.serve.pictures import LivePicture
from passerby.supervise.camera_words import Condition
from tests.support.site_now import ToldSite, camera_now, place_now, site_now

FOLDER = resources.files("passerby.serve") / "page"
TEXTS = {name: (FOLDER / name).read_text("utf-8") for name in ("index.html", *PAGE)}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
XML_NAMES = {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_nothing_of_the_page_is_asked_for_elsewhere(name: str) -> None:
    assert set(re.findall(r"\w+://[^\s\"'`)]+", TEXTS[name])) <= XML_NAMES
    assert not re.search(r"[\"'(]//\w", TEXTS[name])


def test_every_file_that_the_page_names_is_served() -> None:
    named = re.findall(r"(?:href|src)=\"/page/([^\"]+)\"", TEXTS["index.html"])
    assert set(named) == set(PAGE)


def test_the_page_needs_no_script_or_style_within_it() -> None:
    html = TEXTS["index.html"]
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<style|\sstyle=|\son\w+=", html)
    assert "innerHTML" not in TEXTS["app.js"]
    assert "eval(" not in TEXTS["app.js"]


def test_every_condition_has_a_word_and_a_shape_of_its_own() -> None:
    words = re.search(r"const WORDS = \{(.*?)\};", TEXTS["app.js"])
    assert words is not None
    shapes = dict(re.findall(r'<symbol id="(\w+)"[^>]*>(.*?)</symbol>', TEXTS["index.html"]))
    for condition in Condition:
        assert f"{condition.value}:" in words[1]
        assert condition.value in shapes
        assert f".is-{condition.value}" in TEXTS["app.css"] or condition is Condition.ENDED
    assert len(set(shapes.values())) == len(Condition)


def test_the_icon_is_a_picture() -> None:
    ET.fromstring(TEXTS["icon.svg"])  # noqa: S314 - our own file


def test_letters_stand_out_from_their_ground_by_day_and_by_night() -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    day, night = re.findall(r":root \{(.*?)\}", TEXTS["app.css"], re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", day))
    for more in ("", night):
        colours |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", more))
        for ink in ("ink", "soft", "live", "calm", "warn", "petrol"):
            for ground in ("ground", "card"):
                assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground, more)
        assert contrast(colours["ink"], colours["warn-ground"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart in brightness, 1 to 21."""
    lights = sorted(_light(colour) for colour in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


class Shown:
    """One green picture."""

    watched = ()

    def picture(self, _camera: str) -> LivePicture:
        done, jpeg = cv2.imencode(".jpg", np.full((480, 640, 3), (40, 180, 40), np.uint8))
        assert done
        return LivePicture(jpeg.tobytes(), 1, 0.0, 0.0)

    def tick(self) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


@pytest.fixture
def page() -> Iterator[str]:
    cameras = (camera_now("gate", name="South gate"), camera_now("hall", name="<b>Hall</b>", place=place_now(scene=None, scene_age_s=None)))
    server = HttpServer(application(ToldSite(site_now(*cameras)), Shown()), "127.0.0.1", 0)  # type: ignore[arg-type]
    server.start()
    yield server.address
    server.stop(5.0)


def browse(page: str, folder: Path, *more: str) -> str:
    """What a browser that may reach nobody but this machine says after some seconds."""
    assert CHROMIUM is not None
    command = [
        CHROMIUM,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}",
        "--window-size=1000,900",
        "--virtual-time-budget=4000",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        *more,
        page,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_browser_shows_the_cameras_and_takes_names_for_text(page: str, tmp_path: Path) -> None:
    drawn = browse(page, tmp_path, "--dump-dom")
    body = drawn[drawn.index('<main id="cameras"') : drawn.index("</main>")]
    assert "South gate" in body
    assert "&lt;b&gt;Hall&lt;/b&gt;" in body
    assert 'src="blob:' in body
    assert "1 live" in drawn


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_browser_draws_it_by_day_and_by_night(page: str, tmp_path: Path) -> None:
    looks = []
    for number, more in enumerate(([], ["--force-dark-mode"])):
        shot, green, picture = tmp_path / f"{number}.png", 0.0, None
        # The browser counts time of its own, and may be done with it before the pictures have come.
        for _ in range(5):
            browse(page, tmp_path / str(number), f"--screenshot={shot}", *more)
            picture = cv2.imread(str(shot))
            assert picture is not None
            green = float((np.abs(picture.astype(int) - (40, 180, 40)).max(2) < 30).mean())
            if green > 0.05:
                break
        assert green > 0.05
        assert picture is not None
        looks.append(float(picture[5, 5].mean()))
    assert looks[0] > 200
    assert looks[1] < 60
