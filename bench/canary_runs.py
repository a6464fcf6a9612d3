"""Runs of `passerby redact` over the canary's clip: as they should go, and as they should not."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bench.canary_process import Fault
from bench.canary_watch import Watch
from passerby.models.cache import default_cache_folder, weights_path
from passerby.models.manifest import DEFAULT_WEIGHTS, load_manifest

ROOT: Final = Path(__file__).resolve().parents[1]
LIMIT_S: Final = 1800.0
Prepare = Callable[["Folders"], None]


@dataclass(frozen=True)
class Folders:
    """Where a run reads and writes.

    Attributes:
        base: Holds the others; nobody but the run writes there.
        clip: What is redacted.
    """

    base: Path
    clip: Path

    @property
    def out(self) -> Path:
        """The outputs."""
        return self.base / "out"

    @property
    def kept(self) -> Path:
        """What the run removed."""
        return self.base / "kept"

    @property
    def rest(self) -> tuple[Path, ...]:
        """Temporary folder, home, working directory, the project's cache."""
        return self.base / "tmp", self.base / "home", self.base / "here", self.base / "cache"

    def make(self) -> None:
        """Makes them; the detector's weights are in the cache."""
        for folder in (self.out, self.kept, *self.rest):
            folder.mkdir(parents=True)
        entry, own = load_manifest().entry(DEFAULT_WEIGHTS), self.rest[-1]
        there = weights_path(entry, default_cache_folder(os.environ))
        weights_path(entry, own).parent.mkdir()
        shutil.copyfile(there, weights_path(entry, own))


@dataclass(frozen=True)
class Plan:
    """A run.

    Attributes:
        name: What happens in it.
        options: For `passerby redact`.
        fault: What goes wrong within.
        codes: Exit codes that show that it happened.
        prepare: Changes the input beforehand.
    """

    name: str
    options: tuple[str, ...] = ()
    fault: Fault = Fault.NONE
    codes: tuple[int, ...] = (0,)
    prepare: Prepare | None = None


@dataclass(frozen=True)
class Ran:
    """What a run left behind.

    Attributes:
        code: Exit code; negative = the signal that ended it.
        said: Standard output and standard error.
        written: Files that were open for writing outside of the run's own folders, or had no name: what they held.
        sockets: How many were seen.
        events: Connections and programs that Python told of.
    """

    code: int
    said: bytes
    written: dict[str, bytes]
    sockets: int
    events: tuple[str, ...]


def damaged(folders: Folders) -> None:
    """Turns bytes of the middle of the clip over."""
    data = bytearray(folders.clip.read_bytes())
    for at in np.random.default_rng(1).integers(len(data) // 4, len(data) * 3 // 4, 400):
        data[at] ^= 0xFF
    folders.clip.write_bytes(bytes(data))


def cut_off(folders: Folders) -> None:
    """Leaves the first six tenths of the clip."""
    data = folders.clip.read_bytes()
    folders.clip.write_bytes(data[: len(data) * 6 // 10])


def damaged_weights(folders: Folders) -> None:
    """A manifest whose weights have one byte too many turned over."""
    entry = load_manifest().entry(DEFAULT_WEIGHTS)
    (folders.base / "weights.onnx").write_bytes(np.random.default_rng(0).bytes(entry.size_bytes))
    (folders.base / "models.toml").write_text(
        f'version = 1\n[[weights]]\nname = "own"\ntitle = "own"\npurpose = "none"\nlicence = "none"\ncopyright = "none"\nsha256 = "{"0" * 64}"\n'
        f'size_bytes = {entry.size_bytes}\nform = "yolox"\ninput = {{ width_px = 416, height_px = 416, channels = "bgr", padding = 114 }}\n'
        f'[[weights.sources]]\nkind = "file"\npath = "weights.onnx"\n',
        encoding="utf-8",
    )


PREVIEW: Final = ("--preview", "out/place.png")
PLANTED: Final = Plan("a leak planted on purpose", fault=Fault.PLANTED)
PLANNED: Final = (
    Plan("glyphs, with preview", PREVIEW),
    Plan("heat", ("--show", "heat")),
    Plan("counts", ("--show", "counts", *PREVIEW)),
    Plan("streaming", ("--streaming", "--settle", "3")),
    Plan("detector fails", PREVIEW, Fault.DETECTOR_FAILS),
    Plan("detector crashes", (), Fault.DETECTOR_CRASHES, (1,)),
    Plan("error that holds a picture", (), Fault.ERROR_HOLDS_PICTURE, (1,)),
    Plan("damaged weights", ("--models", "models.toml", "--detector", "own"), codes=(2,), prepare=damaged_weights),
    Plan("disk full", PREVIEW, Fault.DISK_FULL, (2,)),
    Plan("Ctrl-C while learning", PREVIEW, Fault.INTERRUPTED, (130,)),
    Plan("ended while writing", PREVIEW, Fault.TERMINATED, (143,)),
    Plan("killed while writing", PREVIEW, Fault.KILLED, (-9,)),
    Plan("aborted while writing", PREVIEW, Fault.ABORTED, (-6,)),
    Plan("damaged clip", PREVIEW, codes=(0, 2), prepare=damaged),
    Plan("clip cut off", PREVIEW, codes=(0, 2), prepare=cut_off),
)


def run(plan: Plan, folders: Folders) -> Ran:
    """Redacts the clip as planned, in a process of its own."""
    if plan.prepare is not None:
        plan.prepare(folders)
    tmp, home, here, cache = folders.rest
    options = [str(folders.base / word) if word.endswith((".png", ".toml")) else word for word in plan.options]
    command = [sys.executable, "-X", "faulthandler", "-m", "bench.canary_process", str(plan.fault), str(folders.kept)]
    command += ["redact", str(folders.clip), "-o", str(folders.out / "out.mp4"), *options]
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("XDG_")},
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PASSERBY_CACHE": str(cache),
        "HOME": str(home),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(tmp)),
    }
    with (folders.base / "said").open("wb") as said:
        process = subprocess.Popen(command, cwd=here, env=environ, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        with process, Watch(process.pid, (folders.base,)) as watch:
            try:
                code = process.wait(LIMIT_S)
            finally:
                process.kill()
    events = folders.kept / "events"
    told = tuple(events.read_text(encoding="utf-8").splitlines()) if events.exists() else ()
    return Ran(code, (folders.base / "said").read_bytes(), watch.written, len(watch.sockets), told)


def files_of(folder: Path) -> Iterator[Path]:
    """All files of a folder, hidden ones too."""
    yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
