from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.errors import WeightsError
from passerby.redact.detection import load_detector
from passerby.released.scene import Size
from passerby.sealed.gate.grid import Grid
from passerby.sealed.gate.looks import ReleaseLooks
from passerby.simulate import ground
from passerby.simulate.camera import Camera
from passerby.simulate.place import Place
from passerby.simulate.place_occluder import MIRRORED_WITHIN_M, Occluder
from passerby.simulate.place_solids import Layer, blend
from passerby.simulate.place_texture import Picture

SMALL = Camera.over_plaza(Size(384, 288))
TIMES_S = (0.0, 0.7, 3.3, 11.0, 60.4)


@dataclass(frozen=True, eq=False)
class Block:
    """A figure that is a plain upright rectangle."""

    bgr: Picture
    alpha: Picture
    foot_x_px: float
    foot_y_px: float


def figure(camera: Camera, xy_m: tuple[float, float], tone: int) -> Block:
    rows = max(4, round(1.75 * float(camera.px_per_m(np.array([xy_m]))[0])))
    columns = rows // 3
    return Block(np.full((rows, columns, 3), tone, np.uint8), np.full((rows, columns), 255, np.uint8), columns / 2, float(rows))


@cache
def place(seed: int = 5, *, wind: float = 1.0, parked: int = 3, windows: bool = True, infrared: bool = False) -> Place:
    return Place(SMALL, seed, wind=wind, parked=parked, windows=windows, infrared=infrared)


def differing(a: Picture, b: Picture) -> NDArray[np.bool_]:
    return np.asarray((a != b).any(2), np.bool_)


def hides(occluders: tuple[Occluder, ...], xyz_m: tuple[float, float, float]) -> bool:
    """Whether a point of somebody is hidden."""
    x, y = (int(v) for v in SMALL.px_of(np.array([xyz_m]))[0])
    labels = np.zeros((288, 384), np.uint16)
    labels[y, x] = 1
    for occluder in occluders:
        if occluder.y_m < xyz_m[1]:
            occluder.hide(labels)
    return not labels.any()


def test_a_place_is_the_same_for_its_seed_and_another_one_for_another() -> None:
    again, other = Place(SMALL, 5, wind=1.0), place(6)
    for time_s in TIMES_S:
        assert np.array_equal(again.background(time_s), place().background(time_s))
    assert differing(place().picture, other.picture).mean() > 0.5


def test_a_place_does_not_depend_on_what_was_asked_before() -> None:
    fresh = Place(SMALL, 5, wind=1.0)
    forwards = [fresh.background(t) for t in TIMES_S]
    backwards = [fresh.background(t) for t in reversed(TIMES_S)]
    assert all(np.array_equal(a, b) for a, b in zip(forwards, reversed(backwards), strict=True))


def test_a_place_looks_like_one_that_a_camera_sees() -> None:
    picture = place().picture
    assert picture.shape == (288, 384, 3)
    assert picture.dtype == np.uint8
    assert 90 < picture.mean() < 150
    assert picture.std() > 25
    assert (picture == 0).all(2).mean() < 0.001
    assert (picture == 255).any(2).mean() < 0.01


def test_backgrounds_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        place().background(1.0)[0, 0] = 0


def test_without_wind_nothing_moves() -> None:
    still = place(wind=0.0)
    assert all(np.array_equal(still.background(t), still.picture) for t in TIMES_S)


def test_wind_moves_crowns_and_nothing_else() -> None:
    moved = np.zeros((288, 384), bool)
    for time_s in np.arange(0, 12, 0.3):
        moved |= differing(place().background(float(time_s)), place().picture)
    assert 0.005 < moved.mean() < 0.2
    assert not moved[170:].any(), "no crown hangs so low"
    assert not moved[:, 100:250].any(), "no tree stands in the middle"


def test_what_hides_people_lies_in_the_picture_and_comes_far_to_near() -> None:
    for time_s in TIMES_S:
        occluders = place().occluders(time_s)
        assert len(occluders) > 20
        assert [o.y_m for o in occluders] == sorted((o.y_m for o in occluders), reverse=True)
        for occluder in occluders:
            rows, columns = occluder.area
            assert 0 <= rows.start < rows.stop <= 288
            assert 0 <= columns.start < columns.stop <= 384


@pytest.mark.parametrize(
    ("behind", "before"),
    [
        ((ground.LAMPS_M[0][0] * 1.05, ground.LAMPS_M[0][1] * 1.05, 1.0), (ground.LAMPS_M[0][0], ground.LAMPS_M[0][1] - 0.3, 1.0)),
        ((-6.6, 22.8, 0.9), (-6.6, 19.2, 0.9)),
        ((-3.4, 12.8, 0.3), (-3.4, 11.0, 0.3)),
        ((-4.6, 31.8, 0.5), (-4.6, 28.6, 0.5)),
    ],
    ids=["lamp", "kiosk", "planter", "car"],
)
def test_things_hide_who_is_behind_them_and_not_who_is_before_them(behind: tuple[float, float, float], before: tuple[float, float, float]) -> None:
    occluders = place().occluders(0.0)
    assert hides(occluders, behind)
    assert not hides(occluders, before)


def test_a_bench_hides_the_back_of_who_looks_away_only() -> None:
    occluders = place().occluders(0.0)
    for seat in ground.plaza_ground().seats:
        x, y = seat.xy_m
        if abs(SMALL.to_px(np.array([[x, y]]))[0, 0] - 192) < 110:
            waist = (x, y + 0.0, 0.7)
            assert hides(occluders, waist) == (seat.heading_rad > 0), seat


def test_restoring_what_nobody_was_drawn_on_changes_nothing() -> None:
    background = place().background(2.0)
    picture = background.copy()
    for occluder in place().occluders(2.0):
        occluder.restore(picture, background)
    assert np.array_equal(picture, background)


def test_restoring_brings_things_back_over_people() -> None:
    background = place().background(2.0)
    picture = np.full_like(background, 250)
    for occluder in place().occluders(2.0):
        occluder.restore(picture, background)
    for occluder in place().occluders(2.0):
        solid = occluder.alpha == 255
        assert np.array_equal(picture[occluder.area][solid], background[occluder.area][solid])
    assert (picture == 250).all(2).mean() > 0.4


def test_only_what_lies_within_is_restored_and_hidden() -> None:
    background = place().background(2.0)
    lamp = next(o for o in place().occluders(2.0) if o.y_m == ground.LAMPS_M[0][1])
    rows, columns = lamp.area
    within = (slice(rows.start - 5, rows.start + 20), slice(columns.start - 5, columns.stop + 5))
    picture, labels = np.full_like(background, 250), np.ones((288, 384), np.uint16)
    lamp.restore(picture, background, within)
    lamp.hide(labels, within)
    changed = (picture != 250).any(2)
    assert changed.any()
    assert (labels == 0).any()
    outside = np.ones((288, 384), bool)
    outside[within] = False
    assert not changed[outside].any()
    assert labels[outside].all()
    lamp.restore(picture, background, (slice(0, 1), slice(0, 1)))


def test_parked_cars_change_the_street_and_nothing_else() -> None:
    changed = differing(place(parked=0).picture, place(parked=3).picture)
    rows = np.flatnonzero(changed.any(1))
    assert changed.any()
    top = SMALL.px_of(np.array([[0.0, 32.0, 1.9]]))[0, 1]
    bottom = SMALL.to_px(np.array([[0.0, ground.KERB_NEAR_M - 2.6]]))[0, 1]
    assert rows[0] >= top
    assert rows[-1] <= bottom


def test_there_is_no_room_for_more_cars_than_places() -> None:
    assert np.array_equal(place(parked=50).picture, place(parked=6).picture)


def test_leaves_are_pale_in_infrared() -> None:
    plain, pale = place().picture.astype(int), place(infrared=True).picture.astype(int)
    crown = place().occluders(0.0)[-1]
    leaves = next(o for o in place().occluders(0.0) if o.y_m == pytest.approx(ground.TREES_M[0][1] - 0.6))
    assert crown.y_m < leaves.y_m
    seen = leaves.alpha == 255
    assert pale[leaves.area][seen].mean() > plain[leaves.area][seen].mean() + 15


def mirrored(at: Place, xy_m: tuple[float, float], tone: int = 250) -> tuple[Picture, Picture]:
    empty = at.background(0.0)
    picture = empty.copy()
    at.reflect(picture, [(figure(SMALL, xy_m, tone), xy_m)])
    return picture, empty


def test_panes_mirror_who_stands_before_them_faintly() -> None:
    shop = max((o for o in place()._mirrors if o.y_m == ground.FACADE_M), key=lambda m: m.glass.size)
    changes = np.zeros((288, 384), np.int64)
    for x in np.arange(-12.0, 12.0, 0.5):
        picture, empty = mirrored(place(), (float(x), 37.6))
        changes = np.maximum(changes, np.abs(picture.astype(int) - empty).max(2))
    assert 10 < changes.max() < 0.4 * 255
    outside = np.ones((288, 384), bool)
    rows, columns = shop.glass.shape
    outside[shop.top_px : shop.top_px + rows, shop.left_px : shop.left_px + columns] = shop.glass == 0
    assert not changes[outside].any()


def test_the_kiosk_mirrors_its_queue() -> None:
    picture, empty = mirrored(place(), (-8.0, 18.9))
    changed = differing(picture, empty)
    assert changed.any()
    left, right, near, _ = ground.KIOSK_M
    corners = SMALL.px_of(np.array([[left, near, 1.0], [right, near, 2.2]]))
    rows, columns = np.nonzero(changed)
    assert columns.min() >= corners[0, 0] - 2
    assert columns.max() <= corners[1, 0] + 2
    assert rows.max() <= corners[0, 1] + 2


def test_who_is_far_from_a_pane_or_behind_it_is_not_mirrored() -> None:
    for y in (ground.FACADE_M + 1, ground.FACADE_M - MIRRORED_WITHIN_M - 1, ground.KIOSK_M[2] - MIRRORED_WITHIN_M - 1):
        for x in (-8.0, -6.0, 0.0, 3.0):
            picture, empty = mirrored(place(), (x, y))
            assert np.array_equal(picture, empty)


def test_a_place_without_mirroring_windows_mirrors_nobody() -> None:
    picture, empty = mirrored(place(windows=False), (-8.0, 18.9))
    assert np.array_equal(picture, empty)


def test_blending_keeps_what_is_under_nothing_and_shows_what_hides_all() -> None:
    below, above = np.full((1, 3, 3), 100, np.uint8), np.full((1, 3, 3), 200, np.uint8)
    blend(below, above, np.array([[0, 255, 128]], np.uint8))
    assert below[0, :, 0].tolist()[:2] == [100, 200]
    assert abs(int(below[0, 2, 0]) - 150) <= 1


def test_a_layer_is_cut_at_the_border() -> None:
    layer = Layer(-2, -1, np.full((3, 4, 3), 9, np.uint8), np.full((3, 4), 255, np.uint8), 1.0)
    picture = np.zeros((5, 5, 3), np.uint8)
    layer.over(picture)
    assert (picture[:2, :2] == 9).all()
    assert picture.sum() == 4 * 3 * 9
    Layer(9, 9, layer.bgr, layer.alpha, 1.0).over(picture)
    assert picture.sum() == 4 * 3 * 9


@pytest.mark.parametrize("size", [Size(64, 64), Size(64, 48), Size(320, 96), Size(96, 320)])
def test_a_place_of_any_shape_can_be_drawn(size: Size) -> None:
    assert Place(Camera.over_plaza(size), 1).background(1.0).shape == (size.height_px, size.width_px, 3)


def test_the_detector_finds_hardly_anybody_in_the_empty_place() -> None:
    try:
        detector = load_detector("yolox-nano", "cpu").detector
    except WeightsError as error:
        pytest.skip(f"no weights: {error}")
    size = Size(768, 576)
    grid = Grid(size)
    held = []
    for seed in (101, 102):
        looks = ReleaseLooks(grid, detector, 24)
        _, found = looks.look(Place(Camera.over_plaza(size), seed, parked=0).picture, np.ones(grid.block_shape, bool), 0)
        held.append(found.mean())
    assert np.mean(held) < 0.03, held
