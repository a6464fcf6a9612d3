"""What one redaction is told."""

from dataclasses import dataclass, field
from typing import Final

from passerby.errors import SettingsError
from passerby.released.scene import Level
from passerby.sealed.gate.settings import GateSettings, Polygon

FILE_SETTLE_S: Final = 3.0
"""Seconds of quiet that a block of a file needs: the whole clip vouches for it, so less than in a live picture."""


@dataclass(frozen=True, slots=True)
class RedactSettings:
    """Settings of one redaction. Raises SettingsError where one makes no sense.

    Attributes:
        gate: Settings of the gate.
        streaming: One pass, as if the clip were a live camera: the plate is shown only after it has settled.
        from_s: Start in seconds since the clip's first frame; None = its beginning.
        to_s: End; None = its end.
        caption: Whether a small caption says time and gate state.
        device: Where the detector runs: auto, cpu, cuda, openvino or coreml.
        detector: Name of the detector in the manifest.
    """

    gate: GateSettings = field(default_factory=lambda: GateSettings(settle_s=FILE_SETTLE_S, looks_at_once=0))
    streaming: bool = False
    from_s: float | None = None
    to_s: float | None = None
    caption: bool = True
    device: str = "auto"
    detector: str = "yolox-nano"

    def __post_init__(self) -> None:
        if self.from_s is not None and self.to_s is not None and self.from_s >= self.to_s:
            raise SettingsError(f"--from {self.from_s:g} s is not before --to {self.to_s:g} s")


def gate_settings(
    *,
    settle_s: float | None = None,
    streaming: bool = False,
    min_person_px: int = 24,
    show: str = "glyphs",
    never: tuple[Polygon, ...] = (),
) -> GateSettings:
    """The gate's settings for a file. `show` is glyphs, heat or counts. Raises SettingsError."""
    levels = {"glyphs": Level.GLYPHS, "heat": Level.HEAT, "counts": Level.COUNTS}
    if show not in levels:
        raise SettingsError(f"there is nothing called '{show}' to show", f"one of {', '.join(levels)}")
    default_s = GateSettings().settle_s if streaming else FILE_SETTLE_S
    return GateSettings(
        settle_s=default_s if settle_s is None else settle_s,
        min_person_px=min_person_px,
        level=levels[show],
        never=never,
        looks_at_once=GateSettings().looks_at_once if streaming else 0,
    )
