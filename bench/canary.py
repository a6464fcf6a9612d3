"""Whether anything that leaves `passerby redact` holds a raw person: people of a simulated clip wear a texture, which is searched for everywhere.

    python -m bench.canary [--runs glyphs,heat] [--size 1152x864] [--seconds 20] [--keep FOLDER] [--json FILE]

Runs the command as a process of its own, as it should go and as it should not: with failing and crashing detectors, damaged weights and clips, a full
disk, signals. Searched are all frames of all outputs, every byte of outputs, reports, temporary folder, home, caches and working directory, of files
that were removed or replaced on the way or had no name, and what was said on standard output and standard error.

The clip itself must be found to hold the texture, and so must a leak that is planted on purpose: a search that finds nothing there proves nothing.
The memory of the redacting process is not searched: it may hold raw pixels (invariant I1); core dumps are switched off. A process that is killed
leaves a hidden partial file, which is searched like an output.

Exit code 1: the texture was found where it must not be, was not found where it must be, or a fault did not come about.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2

from bench.canary_clip import CanaryClip
from bench.canary_finder import CanaryFinder, Find
from bench.canary_runs import PLANNED, PLANTED, Folders, Plan, Ran, files_of, run
from bench.clips import UnreadableClipError, frames_of
from bench.results import keep, show
from passerby.redact.detection import load_detector

LEAST_SHARE: Final = 0.5
"""Of the raw clip's frames that must show the texture."""
PICTURES: Final = {".png", ".jpg"}


@dataclass
class Place:
    """Somewhere that was searched.

    Attributes:
        name: Which place.
        frames: Pictures that were searched.
        searched_bytes: Bytes that were searched.
        files: Files among them.
        finds: What was found, by file.
    """

    name: str
    frames: int = 0
    searched_bytes: int = 0
    files: int = 0
    finds: list[tuple[str, Find]] = field(default_factory=list)

    def add(self, name: str, finds: Iterable[Find | None]) -> None:
        """Notes what was found in a file."""
        self.finds += [(name, find) for find in finds if find is not None]


@dataclass
class Result:
    """A run, and what was found in what it left.

    Attributes:
        name: Of the run.
        code: Its exit code.
        expected: Exit codes that were expected.
        places: What was searched.
        beside: Connections and programs.
    """

    name: str
    code: int
    expected: tuple[int, ...]
    places: list[Place]
    beside: list[str]

    @property
    def found(self) -> bool:
        """Whether the texture is in any place."""
        return any(place.finds for place in self.places)


class Search:
    """Searches what a run left."""

    def __init__(self) -> None:
        self._finder = CanaryFinder()

    def clip(self, path: Path, name: str = "frames") -> Place:
        """All frames of a clip; none where it cannot be read."""
        place = Place(name)
        try:
            for find in self._finder.in_frames(frames_of(path)):
                place.frames += 1
                place.add(path.name, [find])
        except UnreadableClipError:
            pass
        return place

    def left(self, folders: Folders, ran: Ran) -> list[Place]:
        """Everything that left the process."""
        frames, outputs = Place("frames and pictures of the outputs"), Place("bytes of outputs and reports")
        for path in files_of(folders.out):
            self._file(path, outputs)
            if path.suffix in PICTURES:
                picture = cv2.imread(str(path))
                frames.frames += picture is not None
                frames.add(path.name, [] if picture is None else [self._finder.in_picture(picture.astype("uint8"))])
            elif path.suffix == ".mp4" or ".mp4.partial-" in path.name:
                shown = self.clip(path)
                frames.frames += shown.frames
                frames.finds += shown.finds
        elsewhere, gone, said = (
            Place("temporary folder, home, caches, working directory"),
            Place("files removed or without a name"),
            Place("what was said"),
        )
        for folder in folders.rest:
            for path in files_of(folder):
                self._file(path, elsewhere)
        for path in files_of(folders.kept):
            self._file(path, gone)
        for name, data in ran.written.items():
            self._bytes(name, data, gone)
        self._bytes("standard output and error", ran.said, said)
        return [frames, outputs, elsewhere, gone, said]

    def _file(self, path: Path, place: Place) -> None:
        self._bytes(path.name, path.read_bytes(), place)

    def _bytes(self, name: str, data: bytes, place: Place) -> None:
        place.files += 1
        place.searched_bytes += len(data)
        place.add(name, self._finder.in_bytes(data))


def carried_out(plan: Plan, clip: Path, base: Path, search: Search) -> Result:
    """One run and its search."""
    folders = Folders(base, base / f"clip{clip.suffix}")
    folders.make()
    shutil.copyfile(clip, folders.clip)
    ran = run(plan, folders)
    beside = [*ran.events, *([f"{ran.sockets} sockets"] if ran.sockets else [])]
    return Result(plan.name, ran.code, plan.codes, search.left(folders, ran), beside)


def complaints(raw: Place, results: Sequence[Result]) -> list[str]:
    """What is wrong, in words; empty = nothing was found, and everything came about."""
    wrong = []
    if len(raw.finds) < LEAST_SHARE * max(1, raw.frames):
        wrong.append(f"the raw clip shows the texture in {len(raw.finds)} of {raw.frames} frames only: nothing is proved")
    for result in results:
        if result.code not in result.expected:
            wrong.append(
                f"{result.name}: exit code {result.code}, expected {' or '.join(map(str, result.expected))}: what was to be tried did not happen"
            )
        if result.beside:
            wrong.append(f"{result.name}: {'; '.join(result.beside[:3])}")
        if result.name == PLANTED.name:
            if not result.found:
                wrong.append("a leak that was planted on purpose was not found: nothing is proved")
            continue
        for place in result.places:
            wrong += [f"FOUND: {result.name}, {place.name}, {name}: {find.form}, likeness {find.likeness:.2f}" for name, find in place.finds[:3]]
    return wrong


def rows_of(raw: Place, results: Sequence[Result]) -> list[list[str]]:
    """The table."""
    rows = [["the raw clip", "", raw.name, str(raw.frames), "", f"found in {len(raw.finds)}"]]
    for result in results:
        for number, place in enumerate(result.places):
            head = [result.name, str(result.code)] if number == 0 else ["", ""]
            searched = f"{place.searched_bytes / 1e6:.2f} MB in {place.files}" if place.files else ""
            rows.append([*head, place.name, str(place.frames or ""), searched, f"FOUND {len(place.finds)}" if place.finds else "nothing"])
    return rows


def plain(raw: Place, results: Sequence[Result], wrong: list[str]) -> dict[str, Any]:
    """The results for JSON."""
    return {"raw": asdict(raw) | {"finds": len(raw.finds)}, "runs": [asdict(result) for result in results], "wrong": wrong}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", default="", help="only runs whose name begins with one of these, separated by commas")
    parser.add_argument("--size", default="1152x864")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="a new folder in which everything stays")
    parser.add_argument("--json", type=Path, default=Path("out/bench/canary.json"))
    given = parser.parse_args()
    # A process that was killed leaves a file without an end: FFmpeg need not tell of it.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    width_px, height_px = (int(side) for side in given.size.split("x"))
    wanted = tuple(word.strip() for word in given.runs.split(",") if word.strip())
    plans = [PLANTED, *(plan for plan in PLANNED if not wanted or plan.name.startswith(wanted))]
    load_detector("yolox-nano", "cpu")  # fetches the weights where they are not there yet
    search, results = Search(), []
    with tempfile.TemporaryDirectory(prefix="passerby-canary-") as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=given.keep is None)
        clip = folder.resolve() / "clip.mkv"
        CanaryClip(width_px, height_px, seconds=given.seconds, seed=given.seed).write(clip)
        raw = search.clip(clip)
        print(f"the raw clip: found in {len(raw.finds)} of {raw.frames} frames", flush=True)
        for number, plan in enumerate(plans):
            results.append(carried_out(plan, clip, clip.parent / f"run-{number}", search))
            print(f"{plan.name}: exit code {results[-1].code}, {'found' if results[-1].found else 'nothing found'}", flush=True)
            if given.keep is None:
                shutil.rmtree(clip.parent / f"run-{number}")
    wrong = complaints(raw, results)
    show(
        f"Canary, {width_px} x {height_px}, {given.seconds:g} s", ["run", "exit", "place", "frames", "bytes, files", "canary"], rows_of(raw, results)
    )
    for line in wrong:
        print(line)
    keep(given.json, plain(raw, results, wrong))
    sys.exit(os.EX_OK if not wrong else 1)


if __name__ == "__main__":
    main()
