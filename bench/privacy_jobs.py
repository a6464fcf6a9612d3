"""Work in several processes whose results are kept one by one, so that a run that was broken off goes on where it stopped."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, TypeVar

import cv2

from passerby.redact.detection import load_detector
from passerby.sealed.gate.detector import Detector

Task = TypeVar("Task")
Result = TypeVar("Result")
NAME: Final = "name"
DETECTOR: Final = "yolox-nano"


@cache
def detector() -> Detector:
    """The detector of this process. OpenCV gets one thread: the processes share the cores."""
    cv2.setNumThreads(1)
    return load_detector(DETECTOR, "cpu").detector


def kept_lines(path: Path, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Figures that were kept already, by name; a line that was not written to its end is none."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            figures = json.loads(line)
        except ValueError:
            continue
        if figures.get(NAME) in names:
            found[figures[NAME]] = figures
    return found


def run_lines(
    path: Path, tasks: Mapping[str, Task], work: Callable[[Task], Mapping[str, Any]], jobs: int, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """The figures of all tasks in their order: those in the file, and the others worked out and added to it, a JSON line each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = kept_lines(path, list(tasks))
    broken_off = path.exists() and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" if broken_off else "")
        for name, figures in done({name: task for name, task in tasks.items() if name not in found}, work, jobs, say):
            found[name] = {NAME: name, **figures}
            file.write(json.dumps(found[name]) + "\n")
            file.flush()
    return [found[name] for name in tasks]


def done(tasks: Mapping[str, Task], work: Callable[[Task], Result], jobs: int, say: Callable[[str], None]) -> Iterator[tuple[str, Result]]:
    """Each task's name and result, as they come; in this process where one job is asked for."""
    if jobs <= 1:
        for number, (name, task) in enumerate(tasks.items(), start=1):
            yield name, work(task)
            say(f"{number} of {len(tasks)}: {name}")
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        names = {pool.submit(work, task): name for name, task in tasks.items()}
        for number, future in enumerate(as_completed(names), start=1):
            yield names[future], future.result()
            say(f"{number} of {len(tasks)}: {names[future]}")
