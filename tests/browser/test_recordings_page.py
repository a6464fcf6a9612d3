"""The recordings in a real browser: what is seen of a moment is what was recorded of it, and nobody looks without its being written down."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from passerby.record.receipts import Act
from passerby.released.palette import HATCH_BGR
from passerby.serve.archive import Archive, ArchiveFacts
from tests.support.browser import DESK, PHONE, Watched, needs_chromium
from tests.support.recorded import DAY, NOON, Kept, message_of
from tests.support.redaction import ffprobe
from tests.support.staged_site import StagedPlace, StagedSite, person

pytestmark = needs_chromium

Look = Callable[..., Watched]
GREEN, RED = (40, 180, 40), (40, 40, 200)
PART_S = 240
"""Recorded, not recorded, recorded again."""
SECOND_S = NOON + 2 * PART_S
SEEN = "() => document.querySelector('.rec .scene .veil')?.hidden && !document.querySelector('.rec .scene img').hidden"
VEIL = "() => { const veil = document.querySelector('.rec .scene .veil'); return veil && !veil.hidden && veil.innerText; }"
FIGURES = """() => [...document.querySelectorAll('.rec .scene svg > g > *')].map((node) => {
  const at = node.ownerSVGElement.getScreenCTM().inverse().multiply(node.getScreenCTM());
  const box = node.getBBox();
  return [at.e + at.a * (box.x + box.width / 2), at.f + at.d * (box.y + box.height)];
})"""
"""The foot points of the figures, in pixels of the scene."""


def plate(bgr: tuple[int, int, int]) -> Any:
    return np.full((240, 320, 3), bgr, np.uint8)


def foot_x_px(at_s: float) -> int:
    """Where somebody walks at a moment: each second elsewhere, for a minute."""
    return 20 + 4 * (int(at_s) % 60)


def record(kept: Kept, bgr: tuple[int, int, int]) -> None:
    """Records a part."""
    place = StagedPlace("gate", plate=plate(bgr))
    for number in range(PART_S):
        place.glyphs = (person(foot_x_px(kept.clock.wall_s()), 200),)
        kept.recordings.write(message_of(place.scene(float(number), whole=number == 0), kept.clock, whole=number == 0))
        kept.recordings.tick()
        kept.clock.sleep(1.0)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Two parts with another plate each, whose numbers are the same, and a gap between."""
    kept = Kept(tmp_path_factory.mktemp("recordings"), retention_s=30 * DAY, cameras=("gate", "hall"))
    record(kept, GREEN)
    kept.reopen(off_s=PART_S)
    record(kept, RED)
    kept.recordings.close()
    kept.clock.sleep(60.0)
    return kept


@pytest.fixture(scope="module")
def site(kept: Kept) -> Iterator[StagedSite]:
    facts = ArchiveFacts(names={"gate": "South <b>gate</b>", "hall": "Hall"}, retention_s={"gate": 30 * DAY, "hall": 30 * DAY})
    archive = Archive(kept.folder, kept.receipts, lambda: facts, kept.clock, kept.machine)
    with StagedSite(StagedPlace("gate", "South <b>gate</b>"), StagedPlace("hall", "Hall"), archive=archive) as site:
        yield site


@pytest.fixture(autouse=True)
def no_receipts(kept: Kept) -> None:
    """As before the test."""
    kept.receipts.all.clear()
    kept.receipts.full = False


def opened(look: Look, site: StagedSite, at_s: float | None, *arguments: Any, camera: str = "gate", **more: Any) -> Watched:
    watched = look(*arguments, **more)
    query = "" if at_s is None else f"?at={at_s:.0f}"
    watched.open(f"{site.address}/#/recordings/{camera}{query}")
    return watched


def seen_share(watched: Watched, bgr: tuple[int, int, int]) -> float:
    """Which share of the picture has about this colour."""
    far = np.abs(watched.pixels(".rec .scene").astype(int) - np.array(bgr)).max(axis=2)
    return float((far < 50).mean())


def test_the_line_of_time_is_no_viewing_and_shows_nobody(look: Look, site: StagedSite, kept: Kept) -> None:
    watched = opened(look, site, None)
    watched.until("() => document.querySelector('.tl-runs')?.getAttribute('d')")
    watched.until("() => document.querySelector('.rec-play') && !document.querySelector('.rec-play').disabled")
    watched.page.wait_for_timeout(500)
    assert watched.page.evaluate(FIGURES) == []
    assert kept.receipts.all == []
    assert not any("viewings" in url or "ground" in url for url in watched.seen.requests if "recordings" in url)


@pytest.mark.parametrize(("at_s", "bgr"), [(NOON + 37, GREEN), (NOON + 151, GREEN), (SECOND_S + 100, RED)])
def test_a_moment_is_seen_as_it_was_recorded_and_that_is_written_down(
    look: Look, site: StagedSite, kept: Kept, at_s: float, bgr: tuple[int, int, int]
) -> None:
    watched = opened(look, site, at_s)
    watched.until(SEEN)
    ((x, y),) = watched.until(f"() => {{ const all = ({FIGURES})(); return all.length && all; }}")
    assert (x, y) == pytest.approx((foot_x_px(at_s), 200), abs=2.5)
    watched.settles(lambda: seen_share(watched, bgr) > 0.9, "the place of then")
    (viewed,) = kept.receipts.of(Act.VIEWED)
    assert viewed.camera == "gate"
    assert viewed.by
    assert viewed.from_s is not None
    assert viewed.to_s is not None
    assert viewed.from_s <= at_s < viewed.to_s


def test_it_plays_at_the_speed_that_was_chosen_and_stops_when_told(look: Look, site: StagedSite) -> None:
    watched = opened(look, site, NOON + 10)
    watched.until(SEEN)
    watched.page.get_by_label("Speed").select_option("16")
    watched.page.keyboard.press("k")
    watched.until(f"() => {{ const all = ({FIGURES})(); return all.length && all[0][0] > {foot_x_px(NOON + 40)}; }}")
    watched.page.keyboard.press("k")
    watched.page.wait_for_timeout(300)
    stands = watched.text(".rec-clock")
    watched.page.wait_for_timeout(500)
    assert watched.text(".rec-clock") == stands
    watched.page.keyboard.press("ArrowLeft")
    watched.until("(before) => document.querySelector('.rec-clock').innerText !== before", stands)


def test_what_was_deleted_while_it_stood_there_is_seen_no_longer_than_a_minute(look: Look, site: StagedSite) -> None:
    watched = look()
    watched.page.clock.install()
    watched.open(f"{site.address}/#/recordings/gate?at={NOON + 37:.0f}")
    watched.settles(lambda: seen_share(watched, GREEN) > 0.9, "the green place")
    watched.page.route("**/scenes?*", gone)
    watched.page.route("**/ground.jpg*", lambda route: route.fulfill(status=404, json={"detail": "deleted"}))
    # Within what was fetched, nothing is asked for as yet.
    watched.page.keyboard.press(".")
    watched.until(SEEN)
    watched.page.clock.fast_forward(70_000)
    watched.until("() => document.querySelector('.rec .scene img').hidden || !document.querySelector('.rec .scene .veil').hidden")
    watched.settles(lambda: seen_share(watched, GREEN) < 0.01, "nothing of the place")
    assert watched.page.evaluate(FIGURES) == []
    assert "Not recorded" in watched.until(VEIL)
    watched.page.unroute_all()


def test_what_was_held_for_a_minute_is_asked_for_again_before_it_is_shown(look: Look, site: StagedSite) -> None:
    """Though the page's own timer did not run, as while a machine sleeps, and the server does not answer."""
    watched = look()
    watched.page.clock.install()
    watched.open(f"{site.address}/#/recordings/gate?at={NOON + 37:.0f}")
    watched.settles(lambda: seen_share(watched, GREEN) > 0.9, "the green place")
    watched.page.route("**/scenes?*", lambda route: route.fulfill(status=503, json={"detail": "The disk is away."}))
    watched.page.clock.pause_at(watched.page.evaluate("() => Date.now()") / 1000 + 70)
    watched.page.keyboard.press(".")
    watched.until("() => !document.querySelector('.rec .scene .veil').hidden")
    assert watched.page.evaluate(FIGURES) == []
    assert seen_share(watched, GREEN) < 0.01
    watched.page.unroute_all()


def gone(route: Any) -> None:
    """The answer of a server on which the minutes that are asked for were deleted."""
    asked = parse_qs(urlsplit(route.request.url).query)
    begin, end = float(asked["from"][0]), float(asked["to"][0])
    route.fulfill(json={"scenes": [], "gaps": [[begin, end]], "to": end})


def test_what_was_not_recorded_is_said_and_nothing_is_shown_for_it(look: Look, site: StagedSite) -> None:
    watched = opened(look, site, NOON + 1.5 * PART_S)
    assert "Not recorded" in watched.until(VEIL.replace("veil.innerText", "veil.innerText.includes('Not recorded') && veil.innerText"))
    assert watched.page.evaluate(FIGURES) == []
    assert max(seen_share(watched, GREEN), seen_share(watched, RED)) < 0.01


def test_a_plate_of_before_a_gap_is_never_shown_for_after_it_though_their_numbers_are_the_same(look: Look, site: StagedSite) -> None:
    watched = opened(look, site, NOON + 100)
    watched.settles(lambda: seen_share(watched, GREEN) > 0.9, "the green place")
    watched.page.route("**/ground.jpg*", lambda route: route.fulfill(status=503, body=""))
    watched.page.evaluate(f"() => (location.hash = '#/recordings/gate?at={SECOND_S + 100:.0f}')")
    watched.until(f"() => {{ const all = ({FIGURES})(); return all.length && Math.abs(all[0][0] - {foot_x_px(SECOND_S + 100)}) < 3; }}")
    assert seen_share(watched, GREEN) < 0.01
    watched.page.unroute_all()


def test_a_plate_of_before_a_gap_is_not_shown_while_one_steps_over_it(look: Look, site: StagedSite) -> None:
    """The same, without leaving the page."""
    watched = opened(look, site, NOON + PART_S - 20)
    watched.settles(lambda: seen_share(watched, GREEN) > 0.9, "the green place")
    watched.page.route("**/ground.jpg*", lambda route: route.fulfill(status=503, body=""))
    watched.page.locator(".rec-clock").click()
    for _ in range(6):
        watched.page.keyboard.press("Shift+ArrowRight")
    watched.until(f"() => {{ const all = ({FIGURES})(); return all.length && Math.abs(all[0][0] - {foot_x_px(NOON + PART_S + 340)}) < 3; }}")
    assert seen_share(watched, GREEN) < 0.01
    watched.page.unroute_all()


def test_where_it_cannot_be_written_down_nothing_is_shown(look: Look, site: StagedSite, kept: Kept) -> None:
    kept.receipts.full = True
    watched = opened(look, site, NOON + 37)
    words = watched.until(VEIL.replace("veil.innerText", "veil.innerText.includes('written down') && veil.innerText"))
    assert "refused" in words
    assert watched.page.evaluate(FIGURES) == []
    assert seen_share(watched, GREEN) < 0.01
    assert kept.receipts.all == []


def test_a_place_without_recordings_says_so(look: Look, site: StagedSite, kept: Kept) -> None:
    watched = opened(look, site, None, camera="hall")
    assert "Nothing has been recorded yet" in watched.until(VEIL.replace("veil.innerText", "veil.innerText.includes('recorded') && veil.innerText"))
    assert watched.page.locator(".rec-play").is_disabled()
    assert kept.receipts.all == []


def test_a_name_in_the_recordings_is_text(look: Look, site: StagedSite) -> None:
    watched = opened(look, site, None)
    watched.until("() => document.querySelector('.rec .place-name')")
    assert "South <b>gate</b>" in (watched.page.locator(".rec .place-name").text_content() or "")
    assert watched.page.locator(".rec b").count() == 0


def test_a_span_is_saved_as_a_video_which_is_written_down_first(look: Look, site: StagedSite, kept: Kept, tmp_path: Path) -> None:
    watched = opened(look, site, NOON + 100, accept_downloads=True)
    watched.until(SEEN)
    watched.page.get_by_role("button", name="Save a span as a video").click()
    with watched.page.expect_download(timeout=60_000) as downloading:
        watched.page.get_by_role("button", name="Save as video").click()
    (exported,) = kept.receipts.of(Act.EXPORTED)
    assert exported.camera == "gate"
    path = tmp_path / "export.mp4"
    downloading.value.save_as(path)
    assert downloading.value.suggested_filename.startswith("gate_20261123T12")
    facts = ffprobe(path)
    assert float(facts["format"]["duration"]) == pytest.approx(60, abs=3)
    watched.until("() => document.querySelector('.xp-says').innerText.includes('MB')")


def test_going_elsewhere_ends_the_viewing(look: Look, site: StagedSite) -> None:
    watched = opened(look, site, NOON + 37)
    watched.until(SEEN)
    ended: list[str] = []
    watched.page.on("request", lambda request: ended.append(request.url) if request.method == "DELETE" else None)
    watched.page.keyboard.press("Escape")
    watched.until("() => document.querySelector('.place') && !document.querySelector('.rec')")
    watched.settles(lambda: len(ended) == 1, "the end of the viewing")


@pytest.mark.parametrize(("device", "viewport", "scheme"), [("desk", DESK, "light"), ("phone", PHONE, "dark")])
def test_the_page_looks_as_it_should(look: Look, site: StagedSite, tmp_path: Path, device: str, viewport: Any, scheme: str) -> None:
    watched = opened(look, site, NOON + 37, viewport, color_scheme=scheme)
    watched.until(SEEN)
    watched.shot(tmp_path, f"recordings-{device}-{scheme}")
    assert watched.overflow_px() <= 0
    assert watched.violations() == []
    watched.page.get_by_role("button", name="Save a span as a video").click()
    watched.page.wait_for_timeout(400)
    watched.shot(tmp_path, f"recordings-export-{device}-{scheme}")
    assert watched.overflow_px() <= 0
    assert watched.violations() == []


def test_the_hatch_of_recordings_is_the_hatch_of_the_place(look: Look, site: StagedSite) -> None:
    watched = opened(look, site, NOON + 1.5 * PART_S)
    watched.until(VEIL)
    assert seen_share(watched, HATCH_BGR) > 0.5
