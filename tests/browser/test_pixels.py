"""A place on the page never shows anything that is not in its scene: what a browser draws, pixel by pixel, beside what the one renderer draws."""

from collections.abc import Callable

import cv2
import httpx
import msgspec
import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Route

from passerby.released.palette import HATCH_BGR
from passerby.released.render import render_once
from passerby.released.scene import Cell, Glyph, Kind, Scene, Size
from tests.support.browser import Picture, Watched, decoded, needs_chromium
from tests.support.staged_site import BLOCK_PX, StagedPlace, StagedSite, person, smooth_plate

pytestmark = needs_chromium

Look = Callable[..., Watched]
Mask = NDArray[np.bool_]
SIZE = Size(640, 480)
SHOWN = "() => document.querySelector('.scene .veil')?.hidden && !document.querySelector('.scene img').hidden"
SECRET_BGR = (40, 40, 230)
"""What stands in blocks of the plate that are withheld: it must be seen nowhere."""
NEAR = 12
"""Levels of 255: JPEG, scaling and two ways to draw."""
HATCH_NEAR = 26
EDGE_PX = 6
FRAME_PX = 4
"""The place's frame has round corners."""
FRINGE = 0.002
"""Where a ground picture was made larger, the border of a block lies between two pixels: so much of the picture at most."""


def with_secret(hidden: tuple[slice, slice]) -> tuple[Picture, Mask]:
    """A plate that holds the secret's colour in some blocks, and the blocks that are shown: all but those."""
    plate, shown = smooth_plate(SIZE), np.ones((SIZE.height_px // BLOCK_PX, SIZE.width_px // BLOCK_PX), np.bool_)
    shown[hidden] = False
    rows, columns = (slice(part.start * BLOCK_PX, part.stop * BLOCK_PX) for part in hidden)
    plate[rows, columns] = SECRET_BGR
    return plate, shown


HIDDEN = (slice(10, 16), slice(12, 25))


def seen(watched: Watched) -> Picture:
    """The place as somebody sees it."""
    return watched.pixels(".place .scene")


def near(picture: Picture, bgr: tuple[int, int, int], levels: int) -> Mask:
    """Where a picture has about this colour."""
    mask: Mask = np.abs(picture.astype(int) - np.array(bgr)).max(axis=2) <= levels
    return mask


def whole_scene(site: StagedSite, camera: str) -> Scene:
    """The scene that is said now, with its whole plate."""
    return site.stage.places[camera].scene(1.0, whole=True)


def opened(look: Look, site: StagedSite) -> Watched:
    watched = look()
    watched.open(f"{site.address}/#/place/gate")
    watched.until(SHOWN)
    return watched


def compared(watched: Watched, scene: Scene) -> tuple[Picture, Picture, Mask, Mask]:
    """What is seen, what the renderer draws at that size, where both show the plate, and where they hatch: figures, cells and borders left out."""
    picture = seen(watched)
    height, width = picture.shape[:2]
    drawn = np.asarray(cv2.resize(render_once(scene, caption=False), (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    bare = msgspec.structs.replace(scene, glyphs=(), cells=())
    ground = render_once(bare, caption=False)
    overlaid = np.abs(render_once(scene, caption=False).astype(int) - ground).max(axis=2) > 2
    shown = np.unpackbits(np.frombuffer(scene.shown, np.uint8), count=scene.block_rows * scene.block_columns).reshape(scene.block_rows, -1)
    plate = np.kron(shown, np.ones((scene.block_px, scene.block_px), np.uint8))[: scene.size.height_px, : scene.size.width_px]
    scale = max(1, round(EDGE_PX * scene.size.height_px / height))
    kernel = np.ones((2 * scale + 1, 2 * scale + 1), np.uint8)
    overlaid[:FRAME_PX], overlaid[-FRAME_PX:], overlaid[:, :FRAME_PX], overlaid[:, -FRAME_PX:] = True, True, True, True
    figures = cv2.dilate(overlaid.astype(np.uint8), kernel)
    inner, outer = cv2.erode(plate, kernel), cv2.erode(1 - plate, kernel)
    masks = [cv2.resize(mask * (1 - figures), (width, height), interpolation=cv2.INTER_NEAREST).astype(np.bool_) for mask in (inner, outer)]
    return picture, drawn, masks[0], masks[1]


def test_outside_of_figures_and_hatch_every_pixel_is_the_plates(look: Look) -> None:
    plate, shown = with_secret(HIDDEN)
    glyphs = (person(100, 300, 90), person(400, 420, 140), Glyph(260, 520, 60, 110, Kind.VEHICLE))
    with StagedSite(StagedPlace("gate", plate=plate, shown=shown, glyphs=glyphs, cells=(Cell(3, 4), Cell(4, 4)))) as site:
        watched = opened(look, site)
        watched.until("() => document.querySelectorAll('.scene svg > g > *').length === 3")
        # A sharper picture of the ground may still be on its way.
        watched.settles(lambda: _differ(watched, site) < 0.001, "the plate, pixel by pixel")
        picture, drawn, on_plate, on_hatch = compared(watched, whole_scene(site, "gate"))
        assert on_plate.mean() > 0.6
        assert np.abs(picture.astype(int) - drawn)[on_plate].mean() < 3
        assert on_hatch.mean() > 0.02
        assert near(picture, HATCH_BGR, HATCH_NEAR)[on_hatch].all()
        assert not near(picture, SECRET_BGR, 60).any()


def _differ(watched: Watched, site: StagedSite) -> float:
    """Which share of the pixels of the plate is another one than the renderer's."""
    picture, drawn, on_plate, _ = compared(watched, whole_scene(site, "gate"))
    return float((np.abs(picture.astype(int) - drawn).max(axis=2) > NEAR)[on_plate].mean())


def test_what_is_withheld_is_in_no_ground_picture_of_any_width() -> None:
    plate, shown = with_secret(HIDDEN)
    with StagedSite(StagedPlace("gate", plate=plate, shown=shown)) as site:
        for query in ("", "?w=240", "?w=480", "?w=960"):
            answer = httpx.get(f"{site.address}/live/gate/ground.jpg{query}", timeout=10)
            assert answer.status_code == 200, query
            ground = decoded(answer.content)
            assert not near(ground, SECRET_BGR, 60).any(), query


def test_a_figure_that_was_there_is_gone_with_the_next_scene(look: Look) -> None:
    plate = smooth_plate(SIZE)
    with StagedSite(StagedPlace("gate", plate=plate, glyphs=(person(300, 400, 200),))) as site:
        watched = opened(look, site)
        watched.until("() => document.querySelectorAll('.scene svg > g > *').length === 1")
        site.change("gate", glyphs=())
        watched.until("() => document.querySelectorAll('.scene svg > g > *').length === 0")
        watched.settles(lambda: _differ(watched, site) < 0.001, "the plate, pixel by pixel")


class Held:
    """Ground pictures that are held back from a page from now on. It has the newest one, so it asks for another only once it knows of another."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self.asked = 0
        watched.page.route("**/ground.jpg*", self._hold)

    def _hold(self, route: Route) -> None:
        self.asked += 1
        route.fulfill(status=503, body="")

    def until_asked(self) -> None:
        """Returns when the page knows that there is another one. What it shows must be right from then on: nothing is waited for any more."""
        self._watched.settles(lambda: self.asked > 0, "a request for the new ground")


OLD_BGR = (40, 180, 40)


def is_only_hatch(watched: Watched) -> bool:
    """Whether nothing of the old plate is seen, and hatch nearly everywhere else: some words lie over it."""
    picture = seen(watched)
    return not near(picture, OLD_BGR, 40).any() and bool(near(picture, HATCH_BGR, HATCH_NEAR).mean() > 0.98)


def test_a_block_that_becomes_withheld_is_hatched_at_once_over_the_old_ground_picture(look: Look) -> None:
    plate = smooth_plate(SIZE)
    rows, columns = (slice(part.start * BLOCK_PX, part.stop * BLOCK_PX) for part in HIDDEN)
    plate[rows, columns] = SECRET_BGR
    with StagedSite(StagedPlace("gate", plate=plate)) as site:
        watched = opened(look, site)
        watched.settles(lambda: bool(near(seen(watched), SECRET_BGR, 60).mean() > 0.05), "the part that is to be withheld")
        held = Held(watched)
        site.change("gate", shown=with_secret(HIDDEN)[1])
        held.until_asked()
        picture, _, _, on_hatch = compared(watched, whole_scene(site, "gate"))
        assert near(picture, SECRET_BGR, 60).mean() < FRINGE
        assert on_hatch.mean() > 0.02
        assert near(picture, HATCH_BGR, HATCH_NEAR)[on_hatch].all()


def test_a_plate_that_was_dropped_is_seen_no_more_before_the_new_one_has_come(look: Look) -> None:
    old, new = np.full((480, 640, 3), OLD_BGR, np.uint8), np.full((480, 640, 3), SECRET_BGR, np.uint8)
    with StagedSite(StagedPlace("gate", plate=old)) as site:
        watched = opened(look, site)
        watched.settles(lambda: bool(near(seen(watched), OLD_BGR, 40).mean() > 0.9), "the old plate")
        held = Held(watched)
        site.change("gate", plate=new, epoch=1, whole_wanted=True)
        held.until_asked()
        assert is_only_hatch(watched)
        watched.page.unroute_all()
        watched.settles(lambda: bool(near(seen(watched), SECRET_BGR, 40).mean() > 0.9), "the new plate")


def test_a_worker_that_begins_anew_with_the_same_numbers_shows_nothing_of_the_plate_before(look: Look) -> None:
    """Its plates are counted from 0 again: a number says nothing then."""
    old, new = np.full((480, 640, 3), OLD_BGR, np.uint8), np.full((480, 640, 3), SECRET_BGR, np.uint8)
    with StagedSite(StagedPlace("gate", plate=old)) as site:
        watched = opened(look, site)
        watched.settles(lambda: bool(near(seen(watched), OLD_BGR, 40).mean() > 0.9), "the old plate")
        held = Held(watched)
        site.stage.begin_anew("gate", plate=new)
        held.until_asked()
        assert is_only_hatch(watched)


def test_a_camera_of_another_size_is_hatched_until_its_ground_picture_has_come(look: Look) -> None:
    with StagedSite(StagedPlace("gate", plate=np.full((480, 640, 3), OLD_BGR, np.uint8))) as site:
        watched = opened(look, site)
        watched.settles(lambda: bool(near(seen(watched), OLD_BGR, 40).mean() > 0.9), "the old plate")
        held = Held(watched)
        site.change("gate", plate=np.full((240, 320, 3), SECRET_BGR, np.uint8), whole_wanted=True)
        held.until_asked()
        assert is_only_hatch(watched)
