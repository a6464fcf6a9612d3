"""Ground for the tests of the weights: a made-up entry, a wheel that holds it, and an index on disk for real installers."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from passerby.models.manifest import FileSource, InputForm, Source, WeightsEntry, WheelSource

MEMBER = "tinyweights/folder/tiny.onnx"
DATA = b"not really a network" * 500


def entry_for(*sources: Source, data: bytes = DATA, name: str = "tiny") -> WeightsEntry:
    return WeightsEntry(
        name=name,
        title="Tiny",
        purpose="tests",
        licence="MIT",
        copyright="Copyright (c) 2026 Somebody",
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        form="yolox",
        input=InputForm(width_px=8, height_px=8, channels="bgr", padding=114),
        sources=sources,
        licence_text="You may use it.",
    )


def write_wheel(folder: Path, *, data: bytes = DATA, member: str = MEMBER) -> Path:
    """A wheel that any installer accepts."""
    path = folder / "tinyweights-1.0-py3-none-any.whl"
    info = "tinyweights-1.0.dist-info"
    texts = {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tinyweights\nVersion: 1.0\nRequires-Dist: a-package-that-does-not-exist\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        member: data,
    }
    record = f"{info}/RECORD"
    lines = [f"{name},," for name in (*texts, record)]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**texts, record: "\n".join(lines).encode()}.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return path


def wheel_source(wheel: Path, *, member: str = MEMBER) -> WheelSource:
    return WheelSource(package="tinyweights", release="1.0", sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(), member=member)


@pytest.fixture
def source_file(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "tiny.onnx"
    path.parent.mkdir()
    path.write_bytes(DATA)
    return path


@pytest.fixture
def file_entry(source_file: Path) -> WeightsEntry:
    return entry_for(FileSource(path=str(source_file)))


@pytest.fixture
def cache_folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def index_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip and uv take for the whole world."""
    folder = tmp_path / "index"
    folder.mkdir()
    for variable, value in {"NO_INDEX": "1", "FIND_LINKS": folder.as_uri(), "NO_CACHE": "1"}.items():
        monkeypatch.setenv(f"UV_{variable}", value)
        monkeypatch.setenv(f"PIP_{variable}" if variable != "NO_CACHE" else "PIP_NO_CACHE_DIR", value)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder
