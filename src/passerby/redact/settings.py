"""What one redaction is told."""

import math
from dataclasses import dataclass, field
from typing import Final

from passerby.errors import SettingsError
from passerby.released.show import Show
from passerby.sealed.gate.settings import GateSettings, Polygon

LOOKS_OF_A_CLIP: Final = 24
MOST_LOOKS_HZ: Final = 10.0
FILE_SETTLE_S: Final = 3.0
"""Seconds of quiet that a block of a file needs: the whole clip vouches for it, so less than in a live picture."""


@dataclass(frozen=True, slots=True)
class RedactSettings:
    """Settings of one redaction. Raises SettingsError where one makes no sense.

    Attributes:
        gate: Settings of the gate.
        show: What is drawn over the place. The scenes hold figures in any case, and stay in this process.
        streaming: One pass, as if the clip were a live camera: the plate is shown only after it has settled.
        from_s: Start in seconds since the clip's first frame; None = its beginning.
        to_s: End; None = its end.
        caption: Whether a small caption says time and gate state.
        device: Where the detector runs: auto, cpu, cuda, openvino or coreml.
        detector: Name of the detector in the manifest.
    """

    gate: GateSettings = field(default_factory=lambda: GateSettings(settle_s=FILE_SETTLE_S, looks_at_once=0))
    show: Show = Show.GLYPHS
    streaming: bool = False
    from_s: float | None = None
    to_s: float | None = None
    caption: bool = True
    device: str = "auto"
    detector: str = "yolox-nano"

    def __post_init__(self) -> None:
        for name, value in (("--from", self.from_s), ("--to", self.to_s)):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise SettingsError(f"{name} {value:g} is no time in a clip", "give seconds since its beginning, 0 or more")
        if self.to_s is not None and (self.from_s or 0.0) >= self.to_s:
            raise SettingsError(
                f"--from {self.from_s or 0:g} is not before --to {self.to_s:g}", "the range holds the frames from the first up to the second"
            )


def show_of(word: str) -> Show:
    """What the word names. Raises SettingsError."""
    try:
        return Show(word)
    except ValueError as error:
        raise SettingsError(f"there is nothing called '{word}' to show", f"one of {', '.join(Show)}") from error


def looks_hz(gate: GateSettings, length_s: float) -> float:
    """Looks a second at a clip of `length_s`: a short one is looked at more often, so that there are samples enough to learn its place."""
    return float(min(MOST_LOOKS_HZ, max(gate.looks_hz, LOOKS_OF_A_CLIP / max(length_s, 0.1))))


def gate_settings(
    *,
    settle_s: float | None = None,
    streaming: bool = False,
    min_person_px: int = 24,
    never: tuple[Polygon, ...] = (),
) -> GateSettings:
    """The gate's settings for a file. Raises SettingsError."""
    default_s = GateSettings().settle_s if streaming else FILE_SETTLE_S
    try:
        return GateSettings(
            settle_s=default_s if settle_s is None else settle_s,
            min_person_px=min_person_px,
            never=never,
            looks_at_once=GateSettings().looks_at_once if streaming else 0,
        )
    except SettingsError as error:
        raise SettingsError(error.message, error.hint or "choose another value for --settle or --min-person") from error
