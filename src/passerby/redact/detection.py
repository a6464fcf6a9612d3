"""Builds the detector that a redaction uses, from the manifest."""

import os
from dataclasses import dataclass
from pathlib import Path

from passerby.models.cache import default_cache_folder
from passerby.models.fetch import verified_weights
from passerby.models.manifest import load_manifest
from passerby.sealed.gate.detector import YoloxDetector
from passerby.sealed.gate.network import detector_entry, open_detector


@dataclass(frozen=True, slots=True)
class LoadedDetector:
    """A detector, what it is made of, and a word about the device ("" if there is nothing to say)."""

    detector: YoloxDetector
    name: str
    sha256: str
    word: str


def load_detector(name: str, device: str, manifest_path: Path | None = None) -> LoadedDetector:
    """The named detector of the manifest, its weights verified. Raises SettingsError or WeightsError."""
    entry = detector_entry(load_manifest(manifest_path).entry(name))
    detector, word = open_detector(entry, verified_weights(entry, default_cache_folder(os.environ)), device)
    return LoadedDetector(detector, name, entry.sha256, word)
