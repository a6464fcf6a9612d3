"""One clip redacted from Python: what `passerby.redact(...)` does."""

import os
from collections.abc import Sequence
from pathlib import Path

from passerby.models.manifest import DEFAULT_WEIGHTS
from passerby.redact.detection import load_detector
from passerby.redact.outputs import Originals, plan, targets_of
from passerby.redact.polygons import read_polygons
from passerby.redact.run import Outcome, Progress, redact_clip
from passerby.redact.settings import RedactSettings, gate_settings, show_of
from passerby.sealed.gate.settings import Polygon

Name = str | os.PathLike[str]


def redact_file(  # noqa: PLR0913 - each is an option of the command
    source: Name,
    output: Name | None = None,
    *,
    settle_s: float | None = None,
    streaming: bool = False,
    from_s: float | None = None,
    to_s: float | None = None,
    show: str = "glyphs",
    never: Name | Sequence[Polygon] = (),
    preview: Name | None = None,
    min_person_px: int = 24,
    caption: bool = True,
    overwrite: bool = False,
    device: str = "auto",
    detector: str = DEFAULT_WEIGHTS,
    models: Name | None = None,
    progress: Progress = lambda _stage, _done: None,
) -> Outcome:
    """Redacts one clip of a fixed camera into an MP4 file, with a JSON report beside it.

    Args:
        source: The clip.
        output: The MP4 file, or a folder; None = NAME.redacted.mp4 beside the clip.
        settle_s: Quiet seconds before a part of the place is shown; None = 3, when streaming 20.
        streaming: One pass, as for a live camera.
        from_s: Start in seconds since the clip's first frame.
        to_s: End in seconds since the clip's first frame.
        show: What is drawn over the place: glyphs, heat or counts.
        never: Polygons ((x, y), ...) in pixels that are never shown, or the JSON file that holds them.
        preview: Also write the learned place into this PNG file.
        min_person_px: Height of the smallest person that must be found, in pixels.
        caption: Whether time and gate state stand in a corner.
        overwrite: Whether outputs that exist are replaced.
        device: Where the detector runs: auto, cpu, cuda, openvino or coreml.
        detector: Name of the detector in the manifest.
        models: A manifest of one's own.
        progress: Called now and then with the name of the stage and how much of the whole is done, 0 to 1.

    Raises:
        UserError: The clip, an output, a setting or the weights are at fault; nothing half-written is left behind.
    """
    polygons = read_polygons(Path(never)) if isinstance(never, str | os.PathLike) else tuple(never)
    gate = gate_settings(settle_s=settle_s, streaming=streaming, min_person_px=min_person_px, never=polygons)
    settings = RedactSettings(
        gate=gate, show=show_of(show), streaming=streaming, from_s=from_s, to_s=to_s, caption=caption, device=device, detector=detector
    )
    clip = Path(source)
    ((_, target),) = plan([clip], None if output is None else Path(output))
    picture = None if preview is None else Path(preview)
    only_read = [Path(name) for name in (never if isinstance(never, str | os.PathLike) else None, models) if name is not None]
    Originals(only_read).refuse(targets_of(target, picture))
    loaded = load_detector(detector, device, None if models is None else Path(models))
    return redact_clip(clip, target, settings, loaded, preview=picture, overwrite=overwrite, progress=progress)
