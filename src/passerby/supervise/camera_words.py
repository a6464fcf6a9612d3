"""How a camera is, in plain words: what is wrong, and what somebody can do about it. One table an enumeration; a test shows that none has a gap."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from passerby.released.messages import CaptureState, Reason
from passerby.released.scene import GateState
from passerby.supervise.live_places import PlaceNow

STALE_S: Final = 5.0
"""A scene that is older is not shown as what is there now."""
SILENT_S: Final = 10.0
"""A health that is older says nothing any more."""
SKIPS_OVER: Final = 0.05
"""Of the pictures that come in, so many may be skipped before somebody should know."""
SETTLED_UNDER: Final = 0.5
"""While more of the picture than this is withheld, a camera that watches counts as learning."""


class Condition(StrEnum):
    """How a camera is, in one word."""

    LIVE = "live"
    LEARNING = "learning"
    """Pictures come in; most of the place is not learned yet, or has to be learned anew."""
    WAITING = "waiting"
    """Not yet connected, or between two attempts just after the start."""
    TROUBLE = "trouble"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CameraWords:
    """How a camera is: the condition, what is so, and what to do about it ("" = nothing needs doing)."""

    condition: Condition
    says: str
    do: str = ""


REASONS: Final[dict[Reason, tuple[str, str]]] = {
    Reason.NONE: ("No pictures come in.", "Passerby keeps trying. If it lasts, look whether the camera runs."),
    Reason.NOT_YET: ("Connecting for the first time.", ""),
    Reason.REFUSED: ("The camera refuses the connection.", "See that its stream is switched on, and that the port in its address is right."),
    Reason.UNREACHABLE: ("The camera cannot be reached.", "Look at its power, its cable and the address in the site file."),
    Reason.UNAUTHORISED: ("The camera does not take the user name or password.", "Put the right ones into the site file, then reload Passerby."),
    Reason.UNTRUSTED: (
        "The camera's certificate cannot be verified, or it broke off the encrypted connection.",
        'If it signs its own, name its certificate as tls_certificate, or accept any with tls = "trust".',
    ),
    Reason.NOT_FOUND: ("The camera has no such stream, or there is no such file.", "Look at the path at the end of its address in the site file."),
    Reason.NO_FIRST_BYTE: ("The camera does not answer in time.", "Look at the network to it; a slow camera may need a longer first_byte_s."),
    Reason.STALLED: (
        "The camera's stream stopped while the connection stayed open.",
        "Passerby connects anew by itself. If it happens often, look at the network.",
    ),
    Reason.NO_VIDEO: ("The stream has no video that can be read.", "Set the camera to H.264, H.265 or MJPEG."),
    Reason.DAMAGED: ("What comes from the camera is damaged or no video stream.", 'Look at the address; on a weak network, try transport = "tcp".'),
    Reason.CLOSED: ("The camera closed the stream.", "Passerby connects anew by itself. If it lasts, the camera may serve too many viewers."),
    Reason.TOO_LARGE: ("The camera's picture is larger than Passerby takes.", "Set the camera to at most 8192 x 4352 pixels."),
    Reason.FORBIDDEN: (
        "The sealed worker may not reach this camera.",
        "Restart Passerby: its workers may connect only where the site file pointed when they began.",
    ),
    Reason.GATE_FAILED: ("The gate failed on this camera; everything is withheld while it begins anew.", "If it lasts, report it with the version."),
    Reason.CRASHED: ("The process of this camera ended unexpectedly; it is being restarted.", "If it happens often, look at the log and the memory."),
    Reason.HUNG: ("The process of this camera gave no sign of life; it is being restarted.", "If it happens often, the machine has too much to do."),
    Reason.OUT_OF_MEMORY: (
        "The process of this camera ran out of memory; it is being restarted.",
        "Give the machine more memory, or spread the cameras over more workers.",
    ),
    Reason.WEIGHTS: ("The detector's weights are missing or damaged: nothing can be released.", "Run: passerby models fetch"),
}

STATES: Final[dict[GateState, tuple[Condition, str, str]]] = {
    GateState.SETTLING: (Condition.LEARNING, "Learning the empty place: each part appears once it has stayed empty for a while.", ""),
    GateState.WATCHING: (Condition.LIVE, "The whole place is shown.", ""),
    GateState.MOVED: (Condition.LEARNING, "The camera moved: the place is learned anew.", "If nobody moved it on purpose, look at its mount."),
    GateState.COVERED: (Condition.TROUBLE, "The camera is covered or blinded.", "Look at its lens: paint, a bag, fog, a bright lamp."),
    GateState.LIGHT_CHANGED: (Condition.LEARNING, "The light changed suddenly: the place is learned anew.", ""),
    GateState.FROZEN: (Condition.TROUBLE, "The camera sends the same picture again and again.", "Restart the camera."),
    GateState.DETECTOR_FAILED: (Condition.TROUBLE, "The detector failed: everything is withheld.", "If it lasts, restart Passerby and report it."),
    GateState.BAD_FRAME: (Condition.TROUBLE, "The pictures are damaged: everything is withheld.", "Look at the network to the camera."),
}


def camera_words(now: PlaceNow, worker: Reason | None, stale_s: float = STALE_S) -> CameraWords:
    """How a camera is.

    Args:
        now: What is known of it.
        worker: Why its worker is not running; None = it runs.
        stale_s: From which age on a scene does not show how the place is now.
    """
    if worker is not None:
        return CameraWords(Condition.WAITING, "Its process is starting.") if worker in (Reason.NOT_YET, Reason.NONE) else _of_reason(worker)
    if now.health is None:
        return CameraWords(Condition.WAITING, "Its process is starting.")
    if now.health_age_s is not None and now.health_age_s > SILENT_S:
        return _of_reason(Reason.HUNG)
    if now.health.state is CaptureState.ENDED:
        return CameraWords(Condition.ENDED, "The file has come to its end.", "Set loop = true to play it again and again.")
    if now.scene is None or now.scene_age_s is None or now.scene_age_s > stale_s or now.health.state is not CaptureState.STREAMING:
        return _without_pictures(now)
    return _with_pictures(now, now.scene.scene.health.state, now.scene.scene.health.withheld_share)


def _without_pictures(now: PlaceNow) -> CameraWords:
    health = now.health
    if health is None or (health.reason in (Reason.NOT_YET, Reason.NONE) and now.scenes == 0):
        return CameraWords(Condition.WAITING, REASONS[Reason.NOT_YET][0])
    if health.state is CaptureState.STREAMING and health.reason is Reason.NONE:
        return CameraWords(Condition.TROUBLE, "Pictures come in, and none gets through the gate in time.", "The machine has too much to do.")
    return _of_reason(health.reason)


def _with_pictures(now: PlaceNow, state: GateState, withheld_share: float) -> CameraWords:
    condition, says, do = STATES[state]
    if condition is Condition.LIVE and withheld_share > SETTLED_UNDER:
        condition, says = Condition.LEARNING, f"Learning the empty place: {1 - withheld_share:.0%} of it is shown so far."
    elif condition is Condition.LIVE and withheld_share >= 0.005:
        says = f"{1 - withheld_share:.0%} of the place is shown; the rest is withheld."
    if now.received_hz > 0 and now.skipped_hz / now.received_hz > SKIPS_OVER:
        says = f"{says} The machine cannot keep up: {now.skipped_hz / now.received_hz:.0%} of the pictures are skipped."
        do = do or "Set fps_limit, take a smaller stream of the camera, or use a faster machine."
    return CameraWords(condition, says, do)


def _of_reason(reason: Reason) -> CameraWords:
    says, do = REASONS[reason]
    return CameraWords(Condition.TROUBLE, says, do)
