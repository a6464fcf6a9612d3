"""The canary's finder: it finds the texture in every form that pictures leave a process in, and says nothing on what is clean."""

import base64
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.canary_code import texture
from bench.canary_finder import CanaryFinder
from bench.clips import Picture
from bench.drawn import drawn_place
from tests.support.scenes import Stage

LEFT_PX: Final = 97
TOP_PX: Final = 61
ABOVE_PX: Final = 16
"""Rows of the place above somebody, and below, where the rest of it is left out: all of a heap is searched, and what has to be unpacked is large."""
Form = Callable[[Picture], bytes]


@pytest.fixture(scope="module")
def finder() -> CanaryFinder:
    return CanaryFinder()


def place(width_px: int = 256, height_px: int = 176) -> Picture:
    """A noisy place."""
    stage = Stage(width_px, height_px, contrast=40)
    return stage.seen(stage.empty, 0.0)


def worn(width_px: int, height_px: int, scale: float = 1.0, gain: float = 1.0, offset: float = 0.0) -> Picture:
    """The place with somebody in it who wears the texture."""
    picture = place()
    part = texture(round(width_px / scale), round(height_px / scale))
    picture[TOP_PX : TOP_PX + height_px, LEFT_PX : LEFT_PX + width_px] = cv2.resize(part, (width_px, height_px), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(picture * gain + offset, 0, 255), np.uint8)


def half(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def padded(plane: NDArray[np.uint8], row_bytes: int) -> bytes:
    """Rows with bytes behind them that belong to nothing."""
    rows = plane.reshape(len(plane), -1)
    return np.pad(rows, ((0, 0), (0, row_bytes - rows.shape[1]))).tobytes()


def nv12(picture: Picture) -> bytes:
    planes = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)
    luma, chroma = planes[: len(picture)], planes[len(picture) :].reshape(2, -1)
    return luma.tobytes() + chroma.T.tobytes()


def yuyv(picture: Picture) -> bytes:
    luma = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return np.dstack([luma, np.full_like(luma, 128)]).tobytes()


def coded(suffix: str, quality: int | None = None) -> Form:
    options = [] if quality is None else [cv2.IMWRITE_JPEG_QUALITY, quality]
    return lambda picture: cv2.imencode(suffix, picture, options)[1].tobytes()


RAW: Final[dict[str, Form]] = {
    "BGR": lambda picture: picture.tobytes(),
    "RGB": lambda picture: picture[..., ::-1].tobytes(),
    "BGRA": lambda picture: np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA)).tobytes(),
    "planes": lambda picture: picture.transpose(2, 0, 1).tobytes(),
    "I420": lambda picture: np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)).tobytes(),
    "NV12": nv12,
    "YUYV": yuyv,
    "rows of 1001 bytes": lambda picture: padded(picture, 1001),
    "luma in rows of 333 bytes": lambda picture: padded(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8), 333),
}
CODED: Final[dict[str, Form]] = {
    "PNG": coded(".png"),
    "JPEG at 90": coded(".jpg", 90),
    "JPEG at 70": coded(".jpg", 70),
    "JPEG at 50": coded(".jpg", 50),
    "floats 0 to 255": lambda picture: picture.transpose(2, 0, 1).astype(np.float32).tobytes(),
    "floats 0 to 1": lambda picture: (picture.astype(np.float32) / 255).tobytes(),
    "zlib": lambda picture: zlib.compress(picture.tobytes()),
    "base 64": lambda picture: b'{"pixels": "' + base64.b64encode(picture.tobytes()) + b'"}',
    "hexadecimal": lambda picture: picture.tobytes().hex().encode("ascii"),
    "numbers in text": lambda picture: repr(picture[ABOVE_PX : ABOVE_PX + 24, 60:250].tolist()).encode("ascii"),
}


QUICK: Final = frozenset({"YUYV", "luma in rows of 333 bytes"})
"""At an odd offset and in full size, in every run: one and two channels. All forms are looked for at half the size in every run."""


@pytest.mark.parametrize(
    ("form", "offset"),
    [("BGR", 0), ("BGRA", 2), *(pytest.param(form, 1235, marks=() if form in QUICK else pytest.mark.soak) for form in RAW)],
)
def test_it_is_found_in_raw_memory_whatever_the_width_and_the_offset(form: str, offset: int, finder: CanaryFinder) -> None:
    """Two directions: rows of 31 cells need no width; narrow figures are found once the width was guessed."""
    before = np.random.default_rng(offset).bytes(offset)
    wide = finder.in_bytes(before + RAW[form](worn(132, 64)) + before)
    assert any("row, every" in find.form for find in wide)
    assert any("picture of" in find.form for find in finder.in_bytes(before + RAW[form](worn(44, 90)) + before))


@pytest.mark.parametrize("form", RAW)
def test_it_is_found_in_raw_memory_at_half_the_size(form: str, finder: CanaryFinder) -> None:
    wide = finder.in_bytes(b"xyz" + RAW[form](half(worn(132, 64))))
    assert any("row, every" in find.form for find in wide)
    assert any("picture of" in find.form for find in finder.in_bytes(b"xyz" + RAW[form](half(worn(64, 100)))))


@pytest.mark.parametrize("form", CODED)
def test_it_is_found_in_what_has_to_be_unpacked_first(form: str, finder: CanaryFinder) -> None:
    picture = np.ascontiguousarray(worn(132, 64)[TOP_PX - ABOVE_PX : TOP_PX + 64 + ABOVE_PX])
    assert finder.in_bytes(b"\x00\x01\x02\x03" * 3 + CODED[form](picture) if form != "numbers in text" else CODED[form](picture))


@pytest.mark.parametrize(("quality", "gain", "offset"), [(50, 1.0, 0.0), (50, 0.35, 10.0), (70, 0.6, 90.0), (90, 1.4, -30.0)])
@pytest.mark.parametrize("scale", [1.0, 0.8, 0.6, 0.5])
def test_a_narrow_figure_is_found_in_a_picture_in_any_light_and_size(
    scale: float, quality: int, gain: float, offset: float, finder: CanaryFinder
) -> None:
    picture = worn(round(44 * scale), round(80 * scale), scale, gain, offset)
    noisy = np.clip(picture + np.random.default_rng(1).normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
    decoded = np.asarray(cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR), np.uint8)
    found = finder.in_picture(decoded)
    assert found is not None
    assert "cells of" in found.detail


def test_it_says_where_it_found_it(finder: CanaryFinder) -> None:
    found = finder.in_picture(worn(60, 90))
    assert found is not None
    x_px, y_px = (int(found.detail.split(f"{letter} ")[1].split(",")[0]) for letter in "xy")
    assert LEFT_PX - 8 <= x_px <= LEFT_PX + 40
    assert TOP_PX - 8 <= y_px <= TOP_PX + 70


@pytest.mark.parametrize("size_px", [(20, 60), (60, 20), (24, 24)])
def test_a_piece_too_small_to_tell_is_not_taken_for_it(size_px: tuple[int, int], finder: CanaryFinder) -> None:
    """Fewer than 8 cells across say too little: what is small in the clip proves nothing, and the bench says how much it found there."""
    assert finder.in_picture(worn(*size_px)) is None


def test_each_frame_of_a_clip_is_judged_and_what_did_not_change_is_remembered(finder: CanaryFinder) -> None:
    empty, somebody = place(), worn(60, 90)
    shows = [found is not None for found in finder.in_frames([empty, empty, somebody, somebody, empty, somebody])]
    assert shows == [False, False, True, True, False, True]


def test_a_canary_that_appears_little_by_little_is_found(finder: CanaryFinder) -> None:
    """Changes too small to be looked at add up."""
    empty, somebody = place().astype(float), worn(60, 90).astype(float)
    frames = [np.asarray(empty + (somebody - empty) * part / 20, np.uint8) for part in range(21)]
    assert list(finder.in_frames(frames))[-1] is not None


def test_it_is_found_in_a_clip(finder: CanaryFinder, tmp_path: Path) -> None:
    from bench.clips import frames_of  # noqa: PLC0415 - beside its only use

    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=5, options={"crf": "28"})
        stream.width, stream.height, stream.pix_fmt = 256, 176, "yuv420p"
        for picture in (place(), worn(60, 90)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    assert [found is not None for found in finder.in_frames(frames_of(path))] == [False, True]


def test_files_are_searched_and_empty_ones_are_no_hindrance(finder: CanaryFinder, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "raw").write_bytes(worn(132, 64).tobytes())
    assert finder.in_file(tmp_path / "empty") == []
    assert finder.in_file(tmp_path / "raw")


# What is clean


def smooth(rng: np.random.Generator) -> bytes:
    return np.clip(cv2.GaussianBlur(rng.normal(0, 1, (300, 400)).astype(np.float32), (0, 0), 1.8) * 250 + 128, 0, 255).astype(np.uint8).tobytes()


CLEAN: Final[dict[str, Callable[[np.random.Generator], bytes]]] = {
    "random bytes": lambda rng: rng.bytes(200_000),
    "random bits of two bytes": lambda rng: np.repeat(rng.integers(0, 2, 150_000).astype(np.uint8) * 200, 2).tobytes(),
    "random cells": lambda rng: (rng.integers(0, 2, (60, 80)) * 200).astype(np.uint8).repeat(4, axis=0).repeat(4, axis=1).tobytes(),
    "smooth noise": smooth,
    "text": lambda _: b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))[:300_000],
    "JSON": lambda rng: repr(rng.integers(0, 256, 20_000).tolist()).encode("ascii"),
    "a place in BGR": lambda _: place(400, 300).tobytes(),
    "a place in I420": lambda _: np.asarray(cv2.cvtColor(place(400, 300), cv2.COLOR_BGR2YUV_I420)).tobytes(),
    "bricks and slabs": lambda rng: drawn_place(400, 300, rng).tobytes(),
    "floats": lambda _: (place(192, 96).astype(np.float32) / 255).tobytes(),
    "a PNG": lambda _: coded(".png")(place()),
    "a JPEG": lambda _: coded(".jpg", 80)(place()),
    "stripes": lambda _: (np.indices((200, 300)).sum(axis=0) // 4 % 2 * 200).astype(np.uint8).tobytes(),
    "zeros": lambda _: bytes(200_000),
}


@pytest.mark.parametrize("what", CLEAN)
def test_it_says_nothing_on_clean_material(what: str, finder: CanaryFinder) -> None:
    assert finder.in_bytes(CLEAN[what](np.random.default_rng(7))) == []


@pytest.mark.parametrize("seed", range(3))
def test_it_says_nothing_on_clean_pictures(seed: int, finder: CanaryFinder) -> None:
    rng = np.random.default_rng(seed)
    cells = (rng.integers(0, 2, (60, 80)) * 190 + 30).astype(np.uint8).repeat(4, axis=0).repeat(4, axis=1)
    for picture in (drawn_place(320, 240, rng), Stage(320, 240, seed=seed, contrast=60).empty, cells):
        assert finder.in_picture(picture) is None
