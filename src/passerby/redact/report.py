"""The report beside a redacted clip: what was released, what was withheld and why, with what, and what is promised. JSON, in plain words."""

import json
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from passerby.redact.settings import RedactSettings
from passerby.released.scene import GateHealth, GateState, Scene, Size
from passerby.sealed.gate.plate import LearnedPlate

PROMISE: Final = (
    "Every pixel of this clip outside the glyphs, cells, hatching and caption comes from the learned picture of the empty place. "
    "A part of the place is shown only after quiet samples of it agreed and the detector, looking closely at it, found nobody. "
    "People are drawn as figures of one height on a coarse grid. For somebody who hardly moves through most of the clip this "
    "rests on the detector, which can miss people, more often small or half hidden ones. Sound and metadata of the original were "
    "dropped. Motion stays visible: within the clip a glyph can be followed with the eye."
)
MARKS: Final = {"shown": ".", "held": "s", "never": "n", "unsettled": "u"}


FAULTS: Final = frozenset(GateState) - {GateState.SETTLING, GateState.WATCHING}
MOST_FAULTS: Final = 1000


@dataclass(slots=True)
class Tally:
    """What is counted while scenes go by: bounded, but for one figure a second.

    Attributes:
        frames: Scenes so far.
        first_s: Time of the first.
        last_s: Time of the latest.
        withheld_by_second: The share withheld 0, 1, 2, ... seconds after the first: that of the frame which is shown then.
        seconds_by_state: How long each state was shown.
        most_glyphs: The most glyphs in one scene.
        faults: When something was wrong, and which; `until_s` is None until it ends.
    """

    frames: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    withheld_by_second: list[float] = field(default_factory=list)
    seconds_by_state: dict[str, float] = field(default_factory=dict)
    most_glyphs: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)
    _latest: GateHealth | None = None

    def count(self, scene: Scene) -> None:
        """Takes one frame's scene."""
        health, before = scene.health, self._latest
        name = health.state.name.lower()
        if before is None:
            self.first_s = scene.time_s
        else:
            # A frame is shown until the next one comes, however long that takes.
            self.seconds_by_state[before.state.name.lower()] += max(0.0, scene.time_s - self.last_s)
            while self.first_s + len(self.withheld_by_second) < scene.time_s:
                self.withheld_by_second.append(before.withheld_share)
        if self.first_s + len(self.withheld_by_second) <= scene.time_s:
            self.withheld_by_second.append(health.withheld_share)
        self.seconds_by_state.setdefault(name, 0.0)
        if before is None or before.state is not health.state:
            self._turn(health.state, scene.time_s)
        self.frames += 1
        self.most_glyphs = max(self.most_glyphs, len(scene.glyphs))
        self.last_s, self._latest = scene.time_s, health

    def has(self, state: GateState) -> bool:
        """Whether the gate was ever in this state."""
        return state.name.lower() in self.seconds_by_state

    def _turn(self, state: GateState, time_s: float) -> None:
        """Notes that another state begins."""
        if self.faults and self.faults[-1]["until_s"] is None:
            self.faults[-1]["until_s"] = round(time_s, 3)
        if state in FAULTS and len(self.faults) < MOST_FAULTS:
            self.faults.append({"time_s": round(time_s, 3), "until_s": None, "state": state.name.lower()})


@dataclass(frozen=True, slots=True)
class Plates:
    """The plates of a clip's segments, for the map of blocks in the report."""

    size: Size
    block_px: int
    from_s: list[float]
    plates: list[LearnedPlate]

    def as_json(self) -> dict[str, Any]:
        """Block maps: '.' shown, 's' withheld because of a subject, 'n' never shown, 'u' never settled."""
        maps = [self._map(p) for p in self.plates]
        last = maps[-1] if maps else []
        counts = {word: sum(row.count(mark) for row in last) for word, mark in MARKS.items()}
        return {
            "block_px": self.block_px,
            "columns": len(last[0]) if last else 0,
            "rows": len(last),
            **counts,
            "map": last,
            "legend": {mark: word for word, mark in MARKS.items()},
            "segments": [{"from_s": round(s, 3), "map": m} for s, m in zip(self.from_s, maps, strict=True)],
        }

    @staticmethod
    def _map(plate: LearnedPlate) -> list[str]:
        marks: NDArray[np.str_] = np.full(plate.established.shape, MARKS["unsettled"])
        marks[plate.held] = MARKS["held"]
        marks[plate.established] = MARKS["shown"]
        marks[plate.never] = MARKS["never"]
        return ["".join(row) for row in marks]


def report_json(
    *,
    source_name: str,
    settings: RedactSettings,
    tally: Tally,
    bad_frames: int,
    plates: Plates,
    weights: dict[str, str],
    timings_ms: dict[str, float],
    notes: list[str],
) -> str:
    """The report as JSON text."""
    gate = asdict(settings.gate) | {"level": settings.show.value}
    report = {
        "passerby": version("passerby"),
        "source": source_name.encode("utf-8", "replace").decode(),  # a name may hold bytes that are no text
        "promise": PROMISE,
        "frames": tally.frames,
        "bad_frames": bad_frames,
        "duration_s": round(tally.last_s - tally.first_s, 3),
        "size": [plates.size.width_px, plates.size.height_px],
        "camera_fixed": not tally.has(GateState.MOVED),
        "faults": tally.faults,
        "seconds_by_state": {k: round(v, 3) for k, v in tally.seconds_by_state.items()},
        "withheld_share": {"every_s": 1.0, "values": [round(v, 4) for v in tally.withheld_by_second]},
        "blocks": plates.as_json(),
        "most_glyphs_at_once": tally.most_glyphs,
        "settings": {
            **gate,
            "streaming": settings.streaming,
            "from_s": settings.from_s,
            "to_s": settings.to_s,
            "caption": settings.caption,
            "device": settings.device,
        },
        "weights": weights,
        "timings_ms": {k: round(v, 2) for k, v in timings_ms.items()},
        "notes": notes,
    }
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"
