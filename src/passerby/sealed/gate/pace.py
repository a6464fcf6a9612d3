"""How often a live gate looks, and how much it may spend on looks before a release: less when the machine has more cameras than time.

Slower looks never release more. What is about to be released needs the same looks as ever; they come later, and so does the plate.
"""

from typing import Final

from passerby.sealed.gate.settings import GateSettings

LEAST_LOOKS_HZ: Final = 2.0
"""What moves is looked at so often at least, however little time there is."""
LEAST_RUNS_HZ: Final = 1.0
"""At that pace, so many runs of the detector a second go into looks before a release."""
ALL_WINDOWS_HZ: Final = 4.0
"""From this pace on every look sees all of the far windows; below it they take turns, one a look,"""
SPARED_WINDOWS_HZ: Final = 3.0
"""and below this one every second look sees none."""


class Pace:
    """The pace of one gate.

    Args:
        settings: `live_looks_hz` is the fastest pace, at which `looks_at_once` runs may be made at every look.
    """

    def __init__(self, settings: GateSettings) -> None:
        self._fastest_hz = 1 / settings.live_look_interval_s
        self._most_runs = settings.looks_at_once
        self._looks_hz = self._fastest_hz
        self._saved_runs = 0.0

    @property
    def looks_hz(self) -> float:
        """Looks at the whole picture a second."""
        return self._looks_hz

    @looks_hz.setter
    def looks_hz(self, wanted_hz: float) -> None:
        self._looks_hz = min(max(wanted_hz, LEAST_LOOKS_HZ), self._fastest_hz) if self._fastest_hz > LEAST_LOOKS_HZ else self._fastest_hz

    @property
    def interval_s(self) -> float:
        """Seconds between two looks."""
        return 1 / self._looks_hz

    def windows(self, look: int, count: int) -> range:
        """Which of `count` far windows the look of this number sees: all, the next one, or none."""
        if not count or self._looks_hz >= min(ALL_WINDOWS_HZ, self._fastest_hz):
            return range(count)
        every = 1 if self._looks_hz >= min(SPARED_WINDOWS_HZ, self._fastest_hz) else 2
        if look % every:
            return range(0)
        turn = (look // every) % count
        return range(turn, turn + 1)

    @property
    def runs_hz(self) -> float:
        """Runs of the detector a second that may go into looks before a release: falls faster than the pace, for these can wait."""
        most_hz = self._most_runs * self._fastest_hz
        if self._fastest_hz <= LEAST_LOOKS_HZ or most_hz <= LEAST_RUNS_HZ:
            return most_hz
        share = (self._looks_hz - LEAST_LOOKS_HZ) / (self._fastest_hz - LEAST_LOOKS_HZ)
        return float(LEAST_RUNS_HZ * (most_hz / LEAST_RUNS_HZ) ** share)

    @property
    def unbound(self) -> bool:
        """Whether looks before a release have no bound (files)."""
        return not self._most_runs

    @property
    def runs(self) -> int:
        """Runs that may be made now; 0 = none."""
        return 1 if self.unbound else max(0, int(self._saved_runs + 1e-3))

    def pass_time(self, passed_s: float) -> None:
        """Says that so many seconds have passed."""
        self._saved_runs = min(self._saved_runs + passed_s * self.runs_hz, float(self._most_runs))

    def spend(self, runs: int) -> None:
        """Says how many runs were made."""
        self._saved_runs -= runs
