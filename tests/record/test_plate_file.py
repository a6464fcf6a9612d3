import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from passerby.errors import SceneError
from passerby.record.plate_file import KnownBlocks, decode_patch, encode_patch, rectangles_of
from passerby.released.scene import PlatePatch, Size
from tests.released.drawn_scenes import patch_of, patches_in, plate_of

SIZE = Size(70, 50)


@settings(max_examples=50, deadline=None)
@given(patches_in(Size(60, 40)))
def test_a_patch_comes_back_bit_by_bit(patch: PlatePatch) -> None:
    assert decode_patch(encode_patch(patch)) == patch


def test_a_flat_and_a_wide_patch_come_back_bit_by_bit() -> None:
    for shape in ((1, 1, 3), (16, 4096, 3), (1, 300, 3)):
        patch = patch_of(np.full(shape, 200, np.uint8))
        assert decode_patch(encode_patch(patch)) == patch


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"x_px":0,"y_px":0,"width_px":1,"height_px":1,"webp":""}', b'{"x_px":0,"y_px":0,"width_px":1,"height_px":1,"webp":"AAAA"}']
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(SceneError):
        decode_patch(data)


def test_a_patch_whose_picture_has_another_size_is_refused() -> None:
    told = json.loads(encode_patch(patch_of(plate_of(Size(8, 8)))))
    told["width_px"] = 9
    with pytest.raises(SceneError):
        decode_patch(json.dumps(told).encode())


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_rectangles_cover_the_marked_squares_once_and_no_others(marks: NDArray[np.bool_]) -> None:
    count = np.zeros(marks.shape, int)
    for top, bottom, left, right in rectangles_of(marks):
        count[top:bottom, left:right] += 1
    assert (count == marks).all()


def drawn(patches: list[PlatePatch], canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
    for patch in patches:
        pixels = np.frombuffer(patch.pixels, np.uint8).reshape(patch.height_px, patch.width_px, 3)
        canvas[patch.y_px : patch.y_px + patch.height_px, patch.x_px : patch.x_px + patch.width_px] = pixels
    return canvas


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(patches_in(SIZE), max_size=3), max_size=6), st.sampled_from((1, 8, 16, 100)))
def test_what_is_new_draws_what_all_patches_draw(turns: list[list[PlatePatch]], block_px: int) -> None:
    known = KnownBlocks(SIZE, block_px)
    whole = np.zeros((SIZE.height_px, SIZE.width_px, 3), np.uint8)
    sparse = whole.copy()
    for patches in turns:
        drawn(patches, whole)
        drawn(known.new_patches(patches), sparse)
        assert (sparse == whole).all()


def test_of_a_plate_that_comes_again_only_what_changed_is_new() -> None:
    known = KnownBlocks(SIZE, 16)
    plate = plate_of(SIZE)
    assert len(known.new_patches([patch_of(plate)])) == 1
    assert known.new_patches([patch_of(plate)]) == []
    assert not known.superseded
    strips = [patch_of(plate[row : row + 16], 0, row) for row in range(0, 50, 16)]
    assert known.new_patches(strips) == []
    plate[20, 40] += 1
    assert [(patch.x_px, patch.y_px, patch.width_px, patch.height_px) for patch in known.new_patches([patch_of(plate)])] == [(32, 16, 16, 16)]
    assert known.superseded


def test_strips_that_come_one_by_one_are_joined() -> None:
    known = KnownBlocks(SIZE, 16)
    plate = plate_of(SIZE)
    (joined,) = known.new_patches([patch_of(plate[row : row + 16], 0, row) for row in range(0, 50, 16)])
    assert joined == patch_of(plate)
