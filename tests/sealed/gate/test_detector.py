"""The detector's adapter: a second, plain reading of a YOLOX head agrees with it, and whatever is no detection is refused."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.errors import DetectorError
from passerby.released.scene import Kind
from passerby.sealed.gate.detector import COCO_KINDS, Boxes, YoloxDetector, anchors_of, overlap, takes_any_shape, without_doubles

INPUT_PX = 64
ANCHORS_OF = anchors_of(INPUT_PX, INPUT_PX)
ANCHORS = 8 * 8 + 4 * 4 + 2 * 2
CLASSES = 80
Raw = NDArray[np.float32]


class Found(NamedTuple):
    """A box as the plain reading gives it."""

    score: float
    kind: Kind
    xyxy: tuple[float, float, float, float]


def plainly_decoded(raw: Raw, threshold: float) -> list[Found]:
    """Anchor by anchor, as the YOLOX paper and its export describe the head: three grids, row by row, of 8, 16 and 32 px."""
    found = []
    anchor = 0
    for stride in (8, 16, 32):
        for row in range(INPUT_PX // stride):
            for column in range(INPUT_PX // stride):
                values = [float(v) for v in raw[anchor]]
                anchor += 1
                label = max(sorted(COCO_KINDS), key=lambda c: values[5 + c])
                score = values[4] * values[5 + label]
                if score <= threshold:
                    continue
                x, y = (column + values[0]) * stride, (row + values[1]) * stride
                width, height = (math.exp(min(8.0, max(-8.0, v))) * stride for v in values[2:4])
                found.append(Found(score, COCO_KINDS[label], (x - width / 2, y - height / 2, x + width / 2, y + height / 2)))
    kept: list[Found] = []
    for one in sorted(found, key=lambda f: -f.score):
        if all(other.kind != one.kind or plain_overlap(one.xyxy, other.xyxy) <= 0.6 for other in kept):
            kept.append(one)
    return kept


def plain_overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    inside = max(0.0, across) * max(0.0, down)
    return inside / max(1e-6, (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inside)


def head(seed: int, *, busy: float = 0.3) -> Raw:
    """A head whose anchors have distinct scores, a share of which find something."""
    rng = np.random.default_rng(seed)
    raw = rng.uniform(0, 0.1, (ANCHORS, 5 + CLASSES)).astype(np.float32)
    raw[:, :2] = rng.normal(0.5, 1, (ANCHORS, 2))
    raw[:, 2:4] = rng.normal(0.4, 0.8, (ANCHORS, 2))
    some = rng.random(ANCHORS) < busy
    raw[some, 4] = rng.uniform(0.1, 1, some.sum())
    raw[some, 5 + rng.integers(0, CLASSES, some.sum())] = rng.uniform(0.2, 1, some.sum())
    raw[:, 5:][rng.random((ANCHORS, CLASSES)) < 0.01] = 1
    return raw


def detector(raw: Raw, *, threshold: float = 0.1) -> YoloxDetector:
    return YoloxDetector(lambda _: raw[None], input_px=INPUT_PX, threshold=threshold)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("threshold", [0.05, 0.1, 0.4])
def test_boxes_are_those_of_a_plain_reading_of_the_head(seed: int, threshold: float) -> None:
    raw = head(seed)
    expected = plainly_decoded(raw, threshold)
    boxes = detector(raw, threshold=threshold)._decode(raw, ANCHORS_OF)
    assert expected
    assert boxes.scores == pytest.approx([f.score for f in expected], rel=1e-5)
    assert [Kind(k) for k in boxes.kinds] == [f.kind for f in expected]
    assert boxes.xyxy == pytest.approx(np.array([f.xyxy for f in expected]), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("label", range(CLASSES))
def test_only_people_two_wheelers_vehicles_and_animals_are_subjects(label: int) -> None:
    raw = np.zeros((ANCHORS, 5 + CLASSES), np.float32)
    raw[20, 4], raw[20, 5 + label] = 0.9, 0.9
    boxes = detector(raw)._decode(raw, ANCHORS_OF)
    assert [Kind(k) for k in boxes.kinds] == ([COCO_KINDS[label]] if label in COCO_KINDS else [])


@pytest.mark.parametrize("shape", [(64, 64), (48, 64), (64, 48), (480, 640), (13, 200), (1, 1), (1, 300)])
def test_boxes_are_in_pixels_of_the_picture_that_was_looked_at(shape: tuple[int, int]) -> None:
    raw = np.zeros((ANCHORS, 5 + CLASSES), np.float32)
    raw[8 + 2, [4, 5]] = 0.9  # stride 8, row 1, column 2: centre (16, 8), 8 px wide and high
    boxes = detector(raw).detect(np.zeros((*shape, 3), np.uint8))
    scale = INPUT_PX / max(shape)
    assert boxes.xyxy[0] == pytest.approx(np.array([12, 4, 20, 12]) / scale)


@pytest.mark.parametrize("shape", [(64, 64), (32, 64), (200, 100), (9, 9), (30, 1000)])
def test_the_network_gets_the_whole_picture_and_grey_beside_it(shape: tuple[int, int]) -> None:
    given_to_it: list[Raw] = []

    def run(tensor: Raw) -> Raw:
        given_to_it.append(tensor)
        return np.zeros((1, ANCHORS, 5 + CLASSES), np.float32)

    YoloxDetector(run, input_px=INPUT_PX).detect(np.full((*shape, 3), (10, 20, 30), np.uint8))
    (tensor,) = given_to_it
    assert tensor.dtype == np.float32
    assert tensor.shape == (1, 3, INPUT_PX, INPUT_PX)
    height, width = (max(1, round(side * INPUT_PX / max(shape))) for side in shape)
    for plane, level in zip(tensor[0], (10, 20, 30), strict=True):
        assert (plane[:height, :width] == level).all()
        assert (plane[height:] == 114).all()
        assert (plane[:, width:] == 114).all()


@pytest.mark.parametrize(
    ("shape", "given"), [((64, 64), (64, 64)), ((30, 64), (32, 64)), ((33, 64), (64, 64)), ((200, 90), (64, 32)), ((9, 900), (32, 64))]
)
def test_a_network_for_any_shape_gets_no_more_grey_than_it_must(shape: tuple[int, int], given: tuple[int, int]) -> None:
    shapes: list[tuple[int, ...]] = []

    def run(tensor: Raw) -> Raw:
        shapes.append(tensor.shape[2:])
        raw = np.zeros((1, len(anchors_of(*tensor.shape[2:]).strides), 5 + CLASSES), np.float32)
        raw[0, 1, [4, 5]] = 0.9  # stride 8, row 0, column 1: centre (8, 0)
        return raw

    boxes = YoloxDetector(run, input_px=INPUT_PX, any_shape=True).detect(np.zeros((*shape, 3), np.uint8))
    assert shapes == [given]
    assert boxes.xyxy[0] == pytest.approx(np.array([4, -4, 12, 4]) * max(shape) / INPUT_PX)


def test_a_network_is_tried_before_it_is_believed_to_take_any_shape() -> None:
    def fails(tensor: Raw) -> Raw:
        raise DetectorError("another shape")

    assert takes_any_shape(lambda tensor: np.zeros((1, 42, 85), np.float32))
    assert not takes_any_shape(lambda tensor: np.zeros((1, 84, 85), np.float32))
    assert not takes_any_shape(fails)


@pytest.mark.parametrize(
    "shape", [(0,), (ANCHORS, 85), (1, ANCHORS - 1, 85), (1, ANCHORS, 84), (2, ANCHORS, 85), (1, ANCHORS, 85, 1), (1, 0, 85), (85, ANCHORS, 1)]
)
def test_an_array_of_another_shape_is_a_failure(shape: tuple[int, ...]) -> None:
    wrong = YoloxDetector(lambda _: np.zeros(shape, np.float32), input_px=INPUT_PX)
    with pytest.raises(DetectorError, match="shape"):
        wrong.detect(np.zeros((40, 40, 3), np.uint8))


@given(st.integers(0, ANCHORS - 1), st.integers(0, 84), st.sampled_from([np.nan, np.inf, -np.inf]))
@settings(max_examples=40, deadline=None)
def test_a_number_that_is_not_finite_is_a_failure_wherever_it_is(anchor: int, column: int, value: float) -> None:
    raw = head(0)
    raw[anchor, column] = value
    with pytest.raises(DetectorError, match="not finite"):
        detector(raw).detect(np.zeros((40, 40, 3), np.uint8))


@given(st.integers(0, 2**32 - 1), st.floats(1, 2.0**127, width=32))
@settings(max_examples=40, deadline=None)
def test_any_finite_head_gives_boxes_or_a_detector_error(seed: int, largest: float) -> None:
    raw = (np.random.default_rng(seed).uniform(-1, 1, (ANCHORS, 85)) * largest).astype(np.float32)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            boxes = detector(raw).detect(np.zeros((40, 30, 3), np.uint8))
    except DetectorError:
        return
    assert np.isfinite(boxes.xyxy).all()


@pytest.mark.parametrize(
    ("xyxy", "scores", "kinds"),
    [
        ([[0, 0, 1, 1]], [0.5, 0.5], [0]),
        ([[0, 0, 1]], [0.5], [0]),
        ([0, 0, 1, 1], [0.5], [0]),
        ([[0, 0, 1, 1]], [0.5], [0, 1]),
        ([[0, np.nan, 1, 1]], [0.5], [0]),
        ([[0, 0, np.inf, 1]], [0.5], [0]),
        ([[0, 0, 1, 1]], [np.nan], [0]),
        ([[2, 0, 1, 1]], [0.5], [0]),
        ([[0, 2, 1, 1]], [0.5], [0]),
        ([[0, 0, 1, 1]], [0.5], [-1]),
        ([[0, 0, 1, 1]], [0.5], [4]),
    ],
)
def test_boxes_that_make_no_sense_are_refused(xyxy: list[object], scores: list[float], kinds: list[int]) -> None:
    with pytest.raises(DetectorError):
        Boxes(np.array(xyxy, np.float32), np.array(scores, np.float32), np.array(kinds, np.int8))


def test_no_boxes_and_flat_boxes_are_boxes() -> None:
    assert len(Boxes.none()) == 0
    assert len(Boxes.joined([])) == 0
    flat = Boxes(np.array([[3, 3, 3, 3]], np.float32), np.ones(1, np.float32), np.zeros(1, np.int8))
    assert len(Boxes.joined([Boxes.none(), flat, flat])) == 2
    assert len(without_doubles(Boxes.none())) == 0


def test_boxes_of_a_part_move_to_where_the_part_was_cut() -> None:
    part = Boxes(np.array([[4, 8, 12, 16]], np.float32), np.ones(1, np.float32), np.zeros(1, np.int8))
    assert part.moved(100, 50, 2).xyxy.tolist() == [[102, 54, 106, 58]]


@st.composite
def boxes(draw: st.DrawFn, most: int = 12) -> Boxes:
    count = draw(st.integers(0, most))
    corners = np.array([[draw(st.integers(0, 30)), draw(st.integers(0, 30))] for _ in range(count)], np.float32).reshape(-1, 2)
    sides = np.array([[draw(st.integers(1, 20)), draw(st.integers(1, 20))] for _ in range(count)], np.float32).reshape(-1, 2)
    scores = np.array(draw(st.lists(st.integers(1, 1000), min_size=count, max_size=count, unique=True)), np.float32) / np.float32(1000)
    kinds = np.array([draw(st.integers(0, 1)) for _ in range(count)], np.int8)
    return Boxes(np.concatenate([corners, corners + sides], 1), scores, kinds)


@given(boxes(), boxes())
@settings(max_examples=100, deadline=None)
def test_the_overlap_is_the_shared_part_of_both(a: Boxes, b: Boxes) -> None:
    table = overlap(a.xyxy, b.xyxy)
    assert table.shape == (len(a), len(b))
    for i, one in enumerate(a.xyxy):
        for j, other in enumerate(b.xyxy):
            assert table[i, j] == pytest.approx(plain_overlap(tuple(one), tuple(other)), abs=1e-5)


@given(boxes(), st.floats(0.1, 0.9))
@settings(max_examples=150, deadline=None)
def test_of_doubles_the_surest_stays_and_everything_dropped_has_its_double(some: Boxes, threshold: float) -> None:
    kept = without_doubles(some, threshold)
    scores = {float(s) for s in kept.scores}
    doubles = (overlap(kept.xyxy, kept.xyxy) > threshold) & (kept.kinds[:, None] == kept.kinds[None]) & ~np.eye(len(kept), dtype=bool)
    assert not doubles.any()
    for number in range(len(some)):
        if float(some.scores[number]) in scores:
            continue
        near = overlap(some.xyxy[number : number + 1], kept.xyxy)[0] > threshold
        assert (near & (kept.kinds == some.kinds[number]) & (kept.scores > some.scores[number])).any()
    assert {float(s) for s in without_doubles(some.pick(np.arange(len(some))[::-1]), threshold).scores} == scores, "order does not matter"
