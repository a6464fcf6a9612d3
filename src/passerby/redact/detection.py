"""Builds the detector that a redaction uses, from the manifest."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.errors import DetectorError, SettingsError
from passerby.models.cache import default_cache_folder
from passerby.models.fetch import verified_weights
from passerby.models.manifest import load_manifest
from passerby.models.runtime import Session, open_session
from passerby.sealed.gate.detector import YoloxDetector, takes_any_shape


@dataclass(frozen=True, slots=True)
class LoadedDetector:
    """A detector, what it is made of, and a word about the device ("" if there is nothing to say)."""

    detector: YoloxDetector
    name: str
    sha256: str
    word: str


def load_detector(name: str, device: str, manifest_path: Path | None = None) -> LoadedDetector:
    """The named detector of the manifest, its weights verified. Raises SettingsError or WeightsError."""
    entry = load_manifest(manifest_path).entry(name)
    if entry.form != "yolox" or entry.input.width_px != entry.input.height_px or entry.input.channels != "bgr":
        raise SettingsError(f"'{name}' is no detector of subjects with a square BGR input", "passerby models list shows what each is for")
    # One thread a look: the looks themselves run side by side.
    session, word = open_session(verified_weights(entry, default_cache_folder(os.environ)), device, 1, any_size=True)
    run = _runner(session)
    any_shape = session.any_size and takes_any_shape(run)
    detector = YoloxDetector(run, input_px=entry.input.width_px or 416, padding=entry.input.padding, any_shape=any_shape)
    return LoadedDetector(detector, name, entry.sha256, word)


def _runner(session: Session) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The session as the detector's function: one output, else a DetectorError."""

    def run(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        outputs = session.run(tensor)
        if len(outputs) != 1:
            raise DetectorError(f"the detector gave {len(outputs)} outputs; expected 1")
        return outputs[0]

    return run
