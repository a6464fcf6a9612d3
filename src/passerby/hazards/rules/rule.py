"""What every kind of rule is: it hears what is released of its camera, and reads its place once a second."""

from typing import Protocol

from passerby.hazards.reading import Reading
from passerby.released.measurement import Measurement, Pulse
from passerby.released.messages import CameraHealth, SceneMessage

Heard = SceneMessage | Pulse | Measurement | CameraHealth


class Rule(Protocol):
    """One rule at one place. Its messages come in the order of their times, and never after the second that they belong to was read."""

    def accept(self, message: Heard) -> None:
        """Takes a message of its camera."""
        ...

    def read(self, second: int) -> Reading:
        """What a second is, by its end in seconds since 1970 UTC. Each is read once, in order; some may be left out."""
        ...
