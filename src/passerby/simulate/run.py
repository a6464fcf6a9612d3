"""Writes a simulated clip with its truth beside it. Nothing is left under a final name unless both are complete."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from passerby.errors import OutputError
from passerby.released.video import Mp4Writer
from passerby.simulate.partial_folder import PartialFolder
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings
from passerby.simulate.truth import MARK, TruthWriter

SUFFIX: Final = ".mp4"
CRF: Final = 23
KEY_FRAMES_S: Final = 2.0
"""A camera's usual distance of key frames."""
_FINEST_RATE: Final = 100_000
Progress = Callable[[str, float], None]
"""Called with what is being done and how much of the whole is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a simulation gave: the clip, the folder of its truth, how many frames there are and how many people were in view."""

    clip: Path
    truth: Path
    frames: int
    people: int


def truth_folder(clip: Path) -> Path:
    """Where the truth of a clip goes."""
    return clip.with_suffix(".truth")


def simulate_clip(
    settings: SimulationSettings,
    clip: Path,
    *,
    overwrite: bool = False,
    masks: bool = True,
    crf: int = CRF,
    progress: Progress = lambda _stage, _done: None,
) -> Outcome:
    """Writes the clip, an MP4, and its truth.

    Args:
        settings: What is simulated.
        clip: Where the clip goes; the truth goes into a folder NAME.truth beside it.
        overwrite: Whether both may replace what is there from a simulation before.
        masks: Whether the truth holds everybody's pixels: a file of a few kilobytes a frame.
        crf: Quality of the clip, 1 to 51; a smaller one gives a better picture and a larger file.
        progress: Told how far it is.

    Raises:
        OutputError: Something exists or cannot be written.
        SettingsError: The settings cannot be simulated.
        SimulationError: JuPedSim is not installed.
    """
    if clip.suffix.lower() != SUFFIX:
        raise OutputError(f"{clip}: a simulated clip is an MP4", f"give a name that ends in {SUFFIX}")
    folder = truth_folder(clip)
    rate = Fraction(settings.fps).limit_denominator(_FINEST_RATE)
    people = set[int]()
    with PartialFolder(folder, overwrite=overwrite, mark=MARK) as truth:
        gop = max(1, round(KEY_FRAMES_S * settings.fps))
        with Mp4Writer(clip, settings.size, 1 / rate, crf=crf, gop=gop, overwrite=overwrite) as writer:
            progress("people", 0.0)
            plaza = Plaza(settings)
            with TruthWriter(truth.path, settings, plaza.ground, plaza.camera, masks=masks) as written:
                for frame, shot in enumerate(plaza):
                    writer.write(shot.picture, frame)
                    written.add(shot)
                    people.update(seen.person for seen in shot.people)
                    progress("frames", (frame + 1) / settings.frames)
        truth.commit()
    return Outcome(clip, folder, settings.frames, len(people))
