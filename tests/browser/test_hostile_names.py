"""Names in a site file that would be markup, script, or a nuisance: on every page they are text, and nothing else."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.browser import PHONE, Watched, needs_chromium
from tests.support.staged_site import StagedPlace, StagedSite

pytestmark = needs_chromium

Look = Callable[..., Watched]
NAMES = {
    "image": "<img src=x onerror=alert(1)>",
    "script": '"><script>alert(2)</script>',
    "title": "</title></head><body onload=alert(3)>",
    "attribute": "' onmouseover='alert(4)' x='",
    "entity": "&lt;b&gt;&amp;#x27;",
    "template": "{{constructor.constructor('alert(5)')()}} ${alert(6)} #{7*7}",
    "scheme": "javascript:alert(7)",
    "turned": "Gate \u202ecod.exe\u202c \u2066left\u2069",
    "combining": "Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308" * 8,
    "long": "W" * 200,
    "svg": "<svg><use href='http://elsewhere.example/#x'/></svg><style>@import url(//elsewhere.example)</style>",
}
COUNT = """() => [
  document.scripts.length,
  document.querySelectorAll("img:not(.scene img), iframe, object, embed, form, base, meta[http-equiv]").length,
  [...document.querySelectorAll("*")].filter((node) => [...node.attributes].some((one) => one.name.startsWith("on"))).length,
]"""


@pytest.fixture(scope="module")
def site() -> Iterator[StagedSite]:
    places = [StagedPlace(f"camera-{number}", name, purpose=f"So that {name}") for number, name in enumerate(NAMES.values())]
    with StagedSite(*places, name=NAMES["image"] + NAMES["title"]) as site:
        yield site


@pytest.fixture(scope="module")
def plain() -> Iterator[StagedSite]:
    with StagedSite(*(StagedPlace(f"camera-{number}", "Gate") for number in range(len(NAMES)))) as site:
        yield site


def counted(look: Look, site: StagedSite, path: str) -> tuple[Watched, list[int]]:
    """A page, and how many scripts, foreign elements and handlers it has."""
    watched = look()
    watched.open(site.address + path)
    watched.until("() => document.querySelector('.scene .veil')?.hidden")
    counts: list[int] = watched.page.evaluate(COUNT)
    return watched, counts


def test_on_the_wall_every_name_is_read_as_it_was_written(look: Look, site: StagedSite, plain: StagedSite) -> None:
    watched, counts = counted(look, site, "/#/")
    assert counts == counted(look, plain, "/#/")[1]
    assert [words.strip() for words in watched.page.locator(".tile h2").all_text_contents()] == list(NAMES.values())
    assert watched.page.locator("#site").text_content() == NAMES["image"] + NAMES["title"]
    assert watched.page.title().startswith(NAMES["image"])
    assert watched.violations() == []


def test_on_its_own_page_every_name_and_purpose_is_read_as_it_was_written(look: Look, site: StagedSite, plain: StagedSite) -> None:
    watched, counts = counted(look, site, "/#/place/camera-0")
    assert counts == counted(look, plain, "/#/place/camera-0")[1]
    for number, name in enumerate(NAMES.values()):
        turned_to(watched, number)
        assert watched.page.locator(".place h2").text_content() == name
        assert f"So that {name}" in (watched.page.locator("main").text_content() or "")
        assert name in watched.page.title()
        assert watched.page.evaluate(COUNT) == counts


def turned_to(watched: Watched, number: int) -> None:
    """Goes to another place's page, as the arrow keys do."""
    watched.page.evaluate("(number) => (location.hash = `#/place/camera-${number}`)", number)
    watched.until("(number) => document.querySelector(`.place a[href$='/live/camera-${number}.jpg']`)", number)


def test_no_name_makes_a_page_wider_than_a_phone(look: Look, site: StagedSite) -> None:
    watched = look(PHONE)
    watched.open(f"{site.address}/#/")
    watched.until("() => document.querySelectorAll('.tile').length > 10")
    assert watched.overflow_px() <= 0
    for number in range(len(NAMES)):
        turned_to(watched, number)
        assert watched.overflow_px() <= 0, list(NAMES)[number]


def test_an_address_of_a_page_that_is_hostile_is_text_too(look: Look, site: StagedSite) -> None:
    watched = look()
    for path in ("/#/place/%3Cimg%20src=x%20onerror=alert(1)%3E", "/#/%3Cscript%3Ealert(1)%3C/script%3E", "/#javascript:alert(1)", "/#/place/%ff%00"):
        watched.open("about:blank")
        watched.open(site.address + path)
        watched.until("() => document.querySelector('main').innerText.trim() && !document.querySelector('main').innerText.includes('Looking')")
        assert watched.page.evaluate(COUNT)[1:] == [0, 0]
