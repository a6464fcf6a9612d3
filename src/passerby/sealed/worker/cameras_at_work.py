"""What a worker of the product loads: libraries, verified weights, real cameras. Imported after the process has closed itself in."""

import gc

import cv2

from passerby.clock import SystemClock
from passerby.errors import WeightsError
from passerby.models.cache import CacheState, read_verified
from passerby.models.manifest import load_manifest
from passerby.sealed.gate.detector import YoloxDetector
from passerby.sealed.gate.network import detector_entry, open_detector
from passerby.sealed.worker.camera import OpenCamera
from passerby.sealed.worker.surroundings import Surroundings
from passerby.sealed.worker.worker import Worker
from passerby.site.orders import Configure


def prepared(order: Configure, surroundings: Surroundings, open_camera: OpenCamera) -> Worker:
    """The worker of an order, its weights loaded. Raises SettingsError or WeightsError."""
    cv2.setNumThreads(1)  # a worker has one core's worth of work; several workers share a machine
    worker = Worker(order.cameras, open_camera, loaded_detector(order), surroundings, SystemClock())
    # What is loaded now lives as long as the process: the collector need not go through it again and again.
    gc.collect()
    gc.freeze()
    return worker


def loaded_detector(order: Configure) -> YoloxDetector:
    """The detector of an order. A worker fetches nothing: weights that are not there, complete, are an error.

    Raises:
        SettingsError: No such detector.
        WeightsError: Its weights are missing or damaged.
    """
    entry = detector_entry(load_manifest(order.manifest).entry(order.detector))
    state, weights = read_verified(entry, order.models_folder)
    if state is not CacheState.VERIFIED:
        raise WeightsError(f"the weights '{entry.name}' are {state.value}", "passerby models fetch")
    return open_detector(entry, weights, order.device)[0]
