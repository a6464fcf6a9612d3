"""The gate's detector, made of verified weights: the one place where a network of the manifest becomes something that finds subjects."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from passerby.errors import DetectorError, SettingsError
from passerby.models.manifest import WeightsEntry
from passerby.models.runtime import Session, open_session
from passerby.sealed.gate.detector import YoloxDetector, takes_any_shape


def detector_entry(entry: WeightsEntry) -> WeightsEntry:
    """The entry itself. Raises SettingsError where it is no detector of subjects, so before its weights are fetched."""
    if entry.form != "yolox" or entry.input.width_px != entry.input.height_px or entry.input.channels != "bgr":
        raise SettingsError(f"'{entry.name}' is no detector of subjects with a square BGR input", "passerby models list shows what each is for")
    return entry


def open_detector(entry: WeightsEntry, weights: bytes, device: str) -> tuple[YoloxDetector, str]:
    """The detector that these verified weights are, and a word about the device ("" if there is nothing to say).

    Raises:
        SettingsError: No such device.
        WeightsError: The weights are no network.
    """
    # One thread a look: looks run side by side, or cameras do.
    session, word = open_session(weights, device, 1, any_size=True)
    run = runner(session)
    any_shape = session.any_size and takes_any_shape(run)
    return YoloxDetector(run, input_px=entry.input.width_px or 416, padding=entry.input.padding, any_shape=any_shape), word


def runner(session: Session) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The session as the detector's function: one output, else a DetectorError."""

    def run(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        outputs = session.run(tensor)
        if len(outputs) != 1:
            raise DetectorError(f"the detector gave {len(outputs)} outputs; expected 1")
        return outputs[0]

    return run
