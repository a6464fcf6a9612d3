"""Polygon files come from anybody: what they give is polygons or one SettingsError, whatever they hold."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passerby.errors import SettingsError
from passerby.redact.polygons import FARTHEST_PX, MOST_BYTES, read_polygons
from passerby.redact.settings import gate_settings
from passerby.released.scene import Size
from passerby.sealed.gate.grid import Grid

NUMBERS = st.integers(-FARTHEST_PX, FARTHEST_PX) | st.floats(-FARTHEST_PX, FARTHEST_PX, allow_nan=False)
POLYGONS = st.lists(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=8), max_size=5)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["never", "x", ""]), inner, max_size=3), max_leaves=25
)
WHILE_THE_FOLDER_STAYS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def read(folder: Path, data: bytes) -> Any:
    """The polygons of a file with these bytes, or the SettingsError."""
    path = folder / "never.json"
    path.write_bytes(data)
    try:
        return read_polygons(path)
    except SettingsError as error:
        fault = error
    assert fault.hint
    assert str(path) in fault.message
    assert "\n" not in str(fault)
    return fault


@WHILE_THE_FOLDER_STAYS
@given(POLYGONS)
def test_polygons_come_back_as_they_were_written(tmp_path: Path, polygons: list[list[tuple[float, float]]]) -> None:
    found = read(tmp_path, json.dumps({"never": polygons}).encode())
    assert found == tuple(tuple((pytest.approx(x, abs=0.001), pytest.approx(y, abs=0.001)) for x, y in polygon) for polygon in polygons)


@WHILE_THE_FOLDER_STAYS
@given(POLYGONS)
def test_whatever_is_read_can_be_laid_over_a_picture(tmp_path: Path, polygons: list[list[tuple[float, float]]]) -> None:
    found = read(tmp_path, json.dumps({"never": polygons}).encode())
    blocks = Grid(Size(100, 70)).blocks_in(gate_settings(never=found).never)
    assert blocks.shape == (5, 7)
    for polygon in found:
        assert all(blocks[int(y) // 16, int(x) // 16] for x, y in polygon if 0 <= x < 100 and 0 <= y < 70), "corners are inside"


@WHILE_THE_FOLDER_STAYS
@given(ANYTHING)
def test_any_json_gives_polygons_or_one_error(tmp_path: Path, document: Any) -> None:
    for whole in (document, {"never": document}, {"never": [document]}, {"never": [[document, [0, 0], [1, 1]]]}):
        found = read(tmp_path, json.dumps(whole).encode())
        if not isinstance(found, SettingsError):
            gate_settings(never=found)
            assert all(len(polygon) >= 3 and all(math.isfinite(c) for point in polygon for c in point) for polygon in found)


@WHILE_THE_FOLDER_STAYS
@given(st.binary(max_size=200))
def test_any_bytes_give_polygons_or_one_error(tmp_path: Path, data: bytes) -> None:
    read(tmp_path, data)


@WHILE_THE_FOLDER_STAYS
@given(st.data())
def test_a_damaged_polygon_file_gives_polygons_or_one_error(tmp_path: Path, data: st.DataObject) -> None:
    good = bytearray(b'{"never": [[[0, 0], [120.5, 0], [120, 80]], [[1, 2], [3, 4], [5, 6]]]}')
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    read(tmp_path, bytes(good))


BAD = {
    "nothing": b"",
    "no JSON": b"never: 1, 2",
    "no text": b"\xff\xfe\x00",
    "a list": b"[[[0, 0], [1, 0], [1, 1]]]",
    "something beside it": b'{"never": [], "always": []}',
    "another name": b'{"Never": []}',
    "no list": b'{"never": {"0": []}}',
    "two points": b'{"never": [[[0, 0], [1, 1]]]}',
    "three numbers": b'{"never": [[[0, 0, 0], [1, 1, 1], [2, 0, 0]]]}',
    "a word": b'{"never": [[["0", 0], [1, 1], [2, 0]]]}',
    "a boolean": b'{"never": [[[true, 0], [1, 1], [2, 0]]]}',
    "no number": b'{"never": [[[NaN, 0], [1, 1], [2, 0]]]}',
    "infinity": b'{"never": [[[1e999, 0], [1, 1], [2, 0]]]}',
    "too far": b'{"never": [[[100001, 0], [1, 1], [2, 0]]]}',
    "a giant number": b'{"never": [[[' + b"9" * 4000 + b", 0], [1, 1], [2, 0]]]}",
    "a number too long to read": b'{"never": [[[' + b"9" * 6000 + b", 0], [1, 1], [2, 0]]]}",
    "too deep": b'{"never": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "too large": b" " * (MOST_BYTES + 1),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_polygon_file_is_one_error_that_says_what_was_expected(name: str, tmp_path: Path) -> None:
    error = read(tmp_path, BAD[name])
    assert isinstance(error, SettingsError)
    assert "expected" in error.hint


def test_a_polygon_file_that_is_missing_or_a_folder_is_one_error(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.json", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(SettingsError, match="cannot be read"):
            read_polygons(path)


def test_an_error_tells_the_place_in_the_file(tmp_path: Path) -> None:
    assert "never[1][2]" in str(read(tmp_path, b'{"never": [[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 0], [1]]]}'))
    assert "line 2" in str(read(tmp_path, b'{"never":\n !}'))
