"""Whether a camera can be relied on: covered, blinded, out of focus, moved, frozen, no pictures, a gate that fails or withholds too much.

All of it is read off scenes: the state of the gate, what share of the place is shown, and that there are scenes at all. `CameraHealth` lends its
words only, so that a replay over recordings says the same. One alert a camera: a camera that is moved and then unplugged is one broken camera.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from passerby.hazards.place import Place
from passerby.hazards.reading import UNKNOWN, Reading
from passerby.hazards.rules.rule import Heard
from passerby.hazards.rules.scene_now import SEES, stale_after_s
from passerby.hazards.words import duration, quoted
from passerby.released.messages import CameraHealth, CaptureState, Reason, SceneMessage
from passerby.released.scene import GateHealth, GateState, Scene
from passerby.site.hazards import Hazard

FIRST_S: Final = 30.0
"""So long a camera may take to its first picture."""
FAILING_S: Final = 10.0
"""So long the gate may fail, or pictures be damaged, before it is told."""
STAYS_S: Final = 2.0
"""A lens that stays dark is seen to be covered for so long; else it is seen only at the moment in which it is covered."""
WITHHELD: Final = 0.9
BACK: Final = frozenset({GateState.MOVED, GateState.LIGHT_CHANGED})
"""What the gate says when what covered a lens is taken away."""
FAILURES: Final = frozenset({GateState.DETECTOR_FAILED, GateState.BAD_FRAME})
WORDS: Final = {
    GateState.COVERED: "covered, blinded or out of focus",
    GateState.MOVED: "moved, zones and lines are no longer where they were drawn,",
    GateState.FROZEN: "frozen, its picture has not changed",
    GateState.DETECTOR_FAILED: "watched by a detector that fails",
    GateState.BAD_FRAME: "sending pictures that are damaged",
}
ELSEWHERE: Final = "looking at another place than its zones were drawn on,"
"""What is said of a camera that was moved once the gate has learned what it looks at now."""


@dataclass(frozen=True, slots=True)
class _State:
    """The gate's state, and since when without a break."""

    state: GateState
    since_s: float


class CameraRule:
    """One camera."""

    def __init__(self, hazard: Hazard, place: Place) -> None:
        self._where = quoted(place.camera_name)
        self._stale_s = stale_after_s(place) - 0.5
        self._withheld, self._for_s = hazard.withheld or WITHHELD, hazard.lasts_s
        self._heard_s: float | None = None
        self._begun_s: int | None = None
        self._beat: tuple[int, int] | None = None
        self._state: _State | None = None
        self._latched: _State | None = None
        self._away = False
        """Whether the camera was said to be away from home since it was covered."""
        self._withheld_since_s: float | None = None
        self._withheld_before = True
        self._share = 0.0
        self._reason = Reason.NONE
        self._ended = False

    def accept(self, message: Heard) -> None:
        """Takes scenes; of health the reason only."""
        if isinstance(message, CameraHealth):
            self._reason, self._ended = message.reason, message.state is CaptureState.ENDED
        elif isinstance(message, SceneMessage):
            self._see(message)

    def read(self, second: int) -> Reading:
        """What is wrong with it."""
        self._begun_s = second if self._begun_s is None else self._begun_s
        silent = self._silent(second)
        if silent is None and self._heard_s is None:
            return UNKNOWN
        wrong = silent or self._wrong(second)
        sees = silent is None and self._state is not None and self._state.state in SEES
        clear = wrong is None and sees and not self._withheld_before
        says = f"{self._where} is {wrong or ('all right' if clear else 'not known to be all right yet')}"
        return Reading(True, over=wrong is not None, clear=clear, words=says)

    def _see(self, message: SceneMessage) -> None:
        at_s, scene = message.captured_wall_s, message.scene
        beat = message.connection, int(scene.time_s)
        if beat != self._beat:
            # Recorded in any case: by these alone it is judged whether pictures come, so that a replay judges the same.
            self._heard_s = at_s
        new_connection = self._beat is not None and beat[0] != self._beat[0]
        self._beat = beat
        self._follow_state(scene.health, at_s, new_connection=new_connection)
        self._share = _withheld_share(scene)
        if self._share < self._withheld:
            self._withheld_since_s, self._withheld_before = None, False
        elif self._withheld_since_s is None:
            self._withheld_since_s = at_s

    def _follow_state(self, health: GateHealth, at_s: float, *, new_connection: bool) -> None:
        """Remembers what the gate says once: a move until the camera is known to be at home, a cover until the place is seen again."""
        before, state = self._state, health.state
        stayed_covered = before is not None and before.state is GateState.COVERED and at_s - before.since_s >= STAYS_S
        if before is None or before.state is not state:
            self._state = _State(state, at_s)
        covered = self._latched is not None and self._latched.state is GateState.COVERED
        self._away = self._away or health.at_home is False
        if covered and state is GateState.WATCHING and health.at_home and self._away:
            self._latched = None
        elif covered and state is not GateState.COVERED:
            # What covered it is gone where the view changes once more; it is over once the place is shown.
            self._latched = _State(GateState.LIGHT_CHANGED, at_s) if state in BACK or stayed_covered or new_connection else self._latched
        elif state in (GateState.COVERED, GateState.MOVED) and (self._latched is None or self._latched.state is not state):
            self._latched, self._away = _State(state, at_s), health.at_home is False
        elif state is GateState.WATCHING and (health.at_home or self._latched is None or self._latched.state is not GateState.MOVED):
            self._latched = None
        if health.at_home is False and (self._latched is None or self._latched.state not in WORDS):
            self._latched = _State(GateState.MOVED, at_s)

    def _silent(self, second: int) -> str | None:
        """That no pictures come, and for how long; None = they do, or it is too early to say."""
        begun_s = second if self._begun_s is None else self._begun_s
        silent_s = second - (begun_s if self._heard_s is None else self._heard_s)
        if silent_s < (FIRST_S if self._heard_s is None else self._stale_s):
            return None
        why = "its file has ended" if self._ended else "" if self._reason is Reason.NONE else self._reason.value
        return f"without pictures for {duration(silent_s)}" + (f": {why}" if why else "")

    def _wrong(self, second: int) -> str | None:
        """What the gate says is wrong, and for how long; None = nothing."""
        state = self._state
        if state is None:
            return None
        lasted_s = second - state.since_s
        if state.state is GateState.FROZEN or (state.state in FAILURES and lasted_s >= FAILING_S):
            return f"{WORDS[state.state]} for {duration(lasted_s)}"
        if self._latched is not None and self._latched.state in WORDS:
            elsewhere = self._latched.state is GateState.MOVED and state.state is GateState.WATCHING
            return f"{ELSEWHERE if elsewhere else WORDS[self._latched.state]} for {duration(second - self._latched.since_s)}"
        since_s = self._withheld_since_s
        if since_s is not None and second - since_s >= self._for_s:
            return f"withholding {self._share:.0%} of its picture for {duration(second - since_s)}"
        return None


def _withheld_share(scene: Scene) -> float:
    """Share of the place that is not shown, without what never is."""
    blocks = scene.block_columns * scene.block_rows
    shown = int(np.unpackbits(np.frombuffer(scene.shown, np.uint8), count=blocks).sum()) / blocks
    ever = 1 - scene.health.never_share
    return 0.0 if ever <= 0 else min(1.0, max(0.0, 1 - shown / ever))
