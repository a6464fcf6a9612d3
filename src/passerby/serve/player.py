"""The process that reads recordings for one viewing: questions in over standard input, scenes as JSON and ground pictures out.

It is a process of its own so that unpacking and drawing take nothing from the supervisor, and end with the viewing. It reads released scenes
only, writes nothing, and asks at every question what may still be shown (invariant I8).

    in   framed MessagePack of Open, then AskScenes or AskGround
    out  for each question, framed MessagePack of Scenes, Ground, Nothing or Failed
"""

import contextlib
import hashlib
import math
import os
import signal
import sys
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from passerby.clock import Clock, SystemClock
from passerby.errors import PasserbyError, UserError
from passerby.record.activity import GAP_S, HOLDS_S
from passerby.record.kept_minutes import KeptMinutes
from passerby.record.machine import Machine
from passerby.record.playback import PlayedScene, plate_patches, play
from passerby.record.scene_json import PlateRef
from passerby.released.framing import framed, read_framed
from passerby.released.plate_canvas import PlateCanvas
from passerby.released.scene import Scene
from passerby.serve.player_orders import AskGround, AskScenes, Failed, Ground, Nothing, Open, Order, PlayerAnswer, Scenes
from passerby.serve.vector_scene import vector_scene

JPEG_QUALITY: Final = 82
MOST_SCENES: Final = 1500
"""In one answer; whoever wants more goes on where it ends."""
LONGEST_S: Final = 1800.0
"""An answer reaches so far at most."""
ROUNDED_S: Final = 0.001
"""Times that are told are rounded by less."""
MOST_GROUNDS: Final = 16
"""Ground pictures that are kept, as JPEG."""
SAME: Final = ("shown", "w", "h", "block", "cell", "level")
"""What is left out of a scene where it is as in the scene before."""


class Player:
    """Answers questions about one viewing.

    Args:
        order: What is looked at.
        clock: Time.
        machine: The machine's running clock.
    """

    def __init__(self, order: Open, clock: Clock, machine: Machine | None = None) -> None:
        self._order = order
        self._recordings = Path(order.recordings)
        self._may_show = KeptMinutes(self._recordings, clock, machine, order.assumed_s).of(order.camera)
        self._grounds: OrderedDict[tuple[str, int], Ground] = OrderedDict()
        self._canvas: tuple[PlateRef, PlateCanvas] | None = None

    def answer(self, ask: AskScenes | AskGround) -> PlayerAnswer:
        """The answer to a question; what cannot be read is told in words."""
        try:
            return self.scenes(ask) if isinstance(ask, AskScenes) else self.ground(ask)
        except UserError as error:
            return Failed(error.message)
        except (PasserbyError, OSError, cv2.error):
            return Failed("the recording is damaged there")

    def scenes(self, ask: AskScenes) -> Scenes:
        """The scenes of a time, and the gaps: where no scene says how it was."""
        begin_s = max(ask.from_s, self._order.from_s)
        end_s = min(ask.to_s, self._order.to_s, begin_s + LONGEST_S)
        told = _Told(begin_s, ask.step_s)
        for played in self._play(begin_s, end_s, pixels=False):
            if len(told.scenes) >= MOST_SCENES:
                end_s = played.captured_wall_s
                break
            told.add(played)
        told.end(end_s)
        return Scenes(msgspec.json.encode({"scenes": told.scenes, "gaps": told.gaps, "from": begin_s, "to": max(begin_s, end_s)}))

    def ground(self, ask: AskGround) -> Ground | Nothing:
        """The ground picture of a moment."""
        if not self._order.from_s - ROUNDED_S <= ask.at_s < self._order.to_s + ROUNDED_S:
            return Nothing()
        played = self._in_force(ask.at_s)
        if played is None:
            return Nothing()
        key = ground_name(played), ask.width_px
        if key in self._grounds:
            self._grounds.move_to_end(key)
            return self._grounds[key]
        ground = Ground(key[0], epoch_of(played.plate), _jpeg(self._drawn(played), ask.width_px))
        self._grounds[key] = ground
        while len(self._grounds) > MOST_GROUNDS:
            self._grounds.popitem(last=False)
        return ground

    def _in_force(self, at_s: float) -> PlayedScene | None:
        """The scene that says how it was at a moment; None = there is none."""
        chosen: PlayedScene | None = None
        for played in self._play(at_s - ROUNDED_S, at_s + GAP_S, pixels=False):
            if chosen is not None and played.captured_wall_s > at_s + ROUNDED_S:
                break
            chosen = played
        return chosen

    def _play(self, from_s: float, to_s: float, *, pixels: bool) -> Iterator[PlayedScene]:
        """The scenes of a time, as long as they may be shown."""
        return play(self._recordings, self._order.camera, from_s, to_s, lead_in=True, may_show=self._may_show, pixels=pixels)

    def _drawn(self, played: PlayedScene) -> NDArray[np.uint8]:
        """The plate where it is shown, in its light, and the hatch elsewhere."""
        scene, ref = _with_epoch(played), played.plate or PlateRef("", 0)
        before, canvas = self._canvas or (PlateRef("", 0), PlateCanvas(scene.size))
        if canvas.size != scene.size or before.file != ref.file or before.patches > ref.patches:
            before, canvas = PlateRef(ref.file, 0), PlateCanvas(scene.size)
        self._canvas = None  # until it is whole again
        patches = plate_patches(self._recordings, self._order.camera, ref, before.patches) if ref.patches > before.patches else ()
        canvas.update(msgspec.structs.replace(scene, patches=patches))
        self._canvas = ref, canvas
        return canvas.ground


class _Told:
    """Scenes and gaps on their way into an answer."""

    def __init__(self, begin_s: float, step_s: float) -> None:
        self.scenes: list[dict[str, Any]] = []
        self.gaps: list[tuple[float, float]] = []
        self._step_s = step_s
        self._known_to_s = begin_s
        self._holds_s = 0.0
        self._next_s = begin_s
        self._last: dict[str, Any] = {}

    def add(self, played: PlayedScene) -> None:
        """The next scene. Time only goes on: what was recorded after the clock was set back is left out as long as it lies in time that was told."""
        at_s = played.captured_wall_s
        if at_s < self._known_to_s:
            return
        self._gap_before(at_s)
        self._known_to_s, self._holds_s = at_s, HOLDS_S
        if at_s < self._next_s:
            return
        if self._step_s > 0:
            self._next_s = (math.floor(at_s / self._step_s + 1e-6) + 1) * self._step_s
        told = told_scene(played)
        self.scenes.append({key: value for key, value in told.items() if key not in SAME or self._last.get(key) != value})
        self._last = told

    def end(self, end_s: float) -> None:
        """What is not known at the end."""
        self._gap_before(end_s)

    def _gap_before(self, at_s: float) -> None:
        longest_s = GAP_S if self._holds_s else 0.0
        if at_s - self._known_to_s > longest_s:
            self.gaps.append((round(self._known_to_s + self._holds_s, 3), round(at_s, 3)))


def told_scene(played: PlayedScene) -> dict[str, Any]:
    """A recorded scene as the browser gets it: the vector form, and the name of its ground picture."""
    told: dict[str, Any] = msgspec.to_builtins(vector_scene(_with_epoch(played), played.captured_wall_s))
    return told | {"ground": ground_name(played)}


def epoch_of(plate: PlateRef | None) -> int:
    """The number of a plate: the same wherever playing begins, other than a player's own count. JavaScript holds it exactly."""
    return 0 if plate is None else int.from_bytes(hashlib.blake2b(plate.file.encode(), digest_size=6).digest(), "big") + 1


def ground_name(played: PlayedScene) -> str:
    """What tells ground pictures apart: the plate as far as it was known, which of it is shown, and its light."""
    scene, plate = played.scene, played.plate
    light = b"" if scene.light is None else b"%d %d " % (scene.light.rows, scene.light.columns) + scene.light.gains
    known = "" if plate is None else f"{plate.file} {plate.patches}"
    return hashlib.blake2b(b"\0".join((known.encode(), scene.shown, light)), digest_size=9).hexdigest()


def _with_epoch(played: PlayedScene) -> Scene:
    return msgspec.structs.replace(played.scene, plate_epoch=epoch_of(played.plate))


def _jpeg(picture: NDArray[np.uint8], width_px: int) -> bytes:
    if 0 < width_px < picture.shape[1]:
        height_px = max(1, round(picture.shape[0] * width_px / picture.shape[1]))
        picture = np.asarray(cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_AREA), np.uint8)
    done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return jpeg.tobytes() if done else b""


def answer_all(orders: BinaryIO, answers: BinaryIO, clock: Clock) -> None:
    """Follows orders until they end."""
    player: Player | None = None
    while (data := read_framed(orders)) is not None:
        order = msgspec.msgpack.decode(data, type=Order)
        if isinstance(order, Open):
            player = Player(order, clock)
        elif player is not None:
            answers.write(framed(msgspec.msgpack.encode(player.answer(order))))
            answers.flush()


def main() -> None:
    """Runs as a process."""
    # Ctrl-C in a terminal reaches all processes of its group: this one ends when its supervisor closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(BrokenPipeError, OSError), os.fdopen(os.dup(1), "wb") as answers:
        # Nothing but answers goes out, whatever a library prints.
        os.dup2(2, 1)
        answer_all(sys.stdin.buffer, answers, SystemClock())


if __name__ == "__main__":
    main()
