"""A site that runs and is recorded, second by second, with a clock set by hand: what its rules say live, and recordings to try rules on."""

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from passerby.hazards.alert import Event
from passerby.hazards.engine import Engine
from passerby.record.places import RecordingsPlace
from passerby.released.measurement import Pulse
from passerby.released.messages import SceneMessage
from passerby.site.settings import Site
from tests.support.recorded import Kept

CAMERA = "gate-1"


class PlayedSite:
    """Feeds the engine and the recorder at once.

    Args:
        state: Its state folder.
        site: Its rules.

    Attributes:
        kept: The recordings and their clock.
        events: What the rules said.
    """

    def __init__(self, state: Path, site: Site) -> None:
        self.kept = Kept(state / "recordings", cameras=(CAMERA,))
        self.site, self.state = site, state
        self.begun_s = self.kept.clock.wall_s()
        self.events: list[Event] = []
        self._engine = Engine(site)

    @property
    def place(self) -> RecordingsPlace:
        return RecordingsPlace(self.state)

    def run(
        self, seconds: Iterable[int], scenes: Callable[[int], Iterable[tuple[float, SceneMessage]]], pulses: Callable[[int], Pulse | None]
    ) -> None:
        """These seconds after the start: scenes with the part of the second at which they were captured, and a pulse of it."""
        clock = self.kept.clock
        for second in seconds:
            for part_s, message in scenes(second):
                clock.sleep(max(0.0, self.begun_s + second + part_s - clock.wall_s()))
                now = msgspec.structs.replace(message, captured_wall_s=clock.wall_s(), captured_monotonic_s=clock.monotonic_s())
                self._engine.accept(now)
                self.kept.recordings.write(now)
            clock.sleep(max(0.0, self.begun_s + second + 1 - clock.wall_s()))
            pulse = pulses(second)
            if pulse is not None:
                self._engine.accept(msgspec.structs.replace(pulse, wall_s=self.begun_s + second + 1))
            self.events += self._engine.tick(self.begun_s + second + 1)
            self.kept.recordings.tick()

    def end(self) -> None:
        """Nothing is recorded any more."""
        self.kept.recordings.close()
        self.kept.clock.sleep(60.0)
