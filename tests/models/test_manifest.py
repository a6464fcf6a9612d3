import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import SettingsError
from passerby.models.manifest import DEFAULT_WEIGHTS, FileSource, Manifest, WheelSource, load_manifest

OWN = """
version = 1

[[weights]]
name = "heavy"
title = "A heavier detector"
purpose = "finds more"
licence = "Apache-2.0"
copyright = "Copyright (c) 2026 Somebody"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
size_bytes = 10
form = "yolox"
input = { width_px = 640, height_px = 640, channels = "bgr", padding = 114 }
sources = [{ kind = "file", path = "heavy.onnx" }]
"""


def own(folder: Path, text: str = OWN) -> Path:
    path = folder / "own.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_project_pins_the_two_detectors_of_its_design() -> None:
    manifest = load_manifest()
    digests = {entry.name: (entry.licence, entry.sha256) for entry in manifest.weights}
    assert digests == {
        "yolox-nano": ("Apache-2.0", "615e266100c341c28d62abe255f7a6d9d7e2b91c1b0b87fc24c5d9e53141a57b"),
        "centerface": ("MIT", "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"),
    }
    assert manifest.entry(DEFAULT_WEIGHTS).input.width_px == 416


def test_every_entry_of_the_project_pins_its_wheel_and_brings_its_licence_text() -> None:
    for entry in load_manifest().weights:
        assert isinstance(entry.sources[0], WheelSource)
        assert entry.copyright.split(" ")[-1].strip(".") in entry.licence_text
        assert "WITHOUT WARRANT" in entry.licence_text


def test_a_manifest_of_the_users_own_adds_weights_and_its_paths_count_from_its_folder(tmp_path: Path) -> None:
    manifest = load_manifest(own(tmp_path))
    assert [entry.name for entry in manifest.weights] == ["yolox-nano", "centerface", "heavy"]
    assert manifest.entry("heavy").sources == (FileSource(path=str(tmp_path / "heavy.onnx")),)


def test_a_licence_file_beside_the_users_manifest_is_read(tmp_path: Path) -> None:
    (tmp_path / "terms.txt").write_text("Do as you please.", "utf-8")
    manifest = load_manifest(own(tmp_path, OWN.replace("size_bytes", 'licence_file = "terms.txt"\nsize_bytes')))
    assert manifest.entry("heavy").licence_text == "Do as you please."


def test_a_manifest_of_the_users_own_cannot_replace_what_the_project_pins(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"own\.toml.*'yolox-nano' is taken"):
        load_manifest(own(tmp_path, OWN.replace('"heavy"', '"yolox-nano"')))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("version = 1", "version = 2", "version: Invalid enum value 2"),
        ("version = 1", "version = 1\nextra = 1", "unknown field `extra`"),
        ("size_bytes = 10", "size_bytes = 10\nsize_mb = 1", r"weights\[0\]: Object contains unknown field `size_mb`"),
        ("size_bytes = 10", 'size_bytes = "10"', r"weights\[0\]\.size_bytes: Expected `int`, got `str`"),
        ("size_bytes = 10", "", r"weights\[0\]: Object missing required field `size_bytes`"),
        ("padding = 114", "padding = 256", r"weights\[0\]\.input\.padding: Expected `int` <= 255"),
        ("padding = 114", "padding = 114, mean = 0", r"weights\[0\]\.input: Object contains unknown field `mean`"),
        ('kind = "file"', 'kind = "ftp"', r"weights\[0\]\.sources\[0\]\.kind: Invalid value 'ftp'"),
        ('kind = "file", path = "heavy.onnx"', 'kind = "https", address = "http://x.example/y"', r"sources\[0\]\.address"),
        ('sources = [{ kind = "file", path = "heavy.onnx" }]', "sources = []", r"sources: Expected `array` of length >= 1"),
        ('"heavy"', '"../heavy"', r"weights\[0\]\.name: Expected `str` matching regex"),
        ('000"\nsize', '00"\nsize', r"weights\[0\]\.sha256: Expected `str` matching regex"),
        ("version = 1", "version = ", r"own\.toml' is not TOML"),
    ],
)
def test_a_wrong_or_unknown_key_is_refused_and_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = OWN.replace(old, new)
    assert text != OWN
    with pytest.raises(SettingsError, match=told) as caught:
        load_manifest(own(tmp_path, text))
    assert "own.toml" in caught.value.message
    assert caught.value.hint


def test_a_manifest_that_is_not_there_is_named_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read '.*none\.toml': No such file") as caught:
        load_manifest(tmp_path / "none.toml")
    assert "PASSERBY_MODELS" in caught.value.hint


def test_a_missing_licence_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read '.*gone\.txt'"):
        load_manifest(own(tmp_path, OWN.replace("size_bytes", 'licence_file = "gone.txt"\nsize_bytes')))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="no weights are called 'yolox'") as caught:
        load_manifest().entry("yolox")
    assert "yolox-nano, centerface" in caught.value.hint


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)))
def test_nothing_but_a_digest_passes_for_one(value: Any) -> None:
    raw = tomllib.loads(OWN)
    raw["weights"][0]["sha256"] = value
    with pytest.raises(msgspec.ValidationError, match=r"weights\[0\]\.sha256"):
        msgspec.convert(raw, Manifest)
