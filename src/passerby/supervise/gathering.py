"""What one consumer of a camera's scenes has not drawn yet: the newest scene, and the patches of the plate that all scenes since the last brought.

Bounded: patches that hold more than `MOST_PENDING` times the picture's bytes are let go, for the whole plate is cheaper.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from passerby.released.messages import SceneMessage
from passerby.released.scene import PlatePatch

MOST_PENDING: Final = 2
"""Patches that wait for a consumer hold at most so many times the picture's bytes; beyond, the whole plate is cheaper."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What a consumer has to draw next.

    Attributes:
        message: The newest scene, with all patches since the last that was taken.
        anew: The plate is whole, and what was known of it before is void.
        plate: Which plate it is: patches go onto what was drawn of the same number only.
    """

    message: SceneMessage
    anew: bool
    plate: int


class Gathering:
    """One camera for one consumer. Not safe for several threads: its owner holds a lock.

    Attributes:
        knows_plate: Whether the consumer was given, or will be given with what is pending, the whole plate.
        anew: Whether the whole plate waits to be taken.
        needed: Whether it does, and the consumer had none before; one that another consumer asked for is not waited for.
        plate: Which plate it is: another number with each one that has nothing to do with the one before, whatever its epoch.

    Args:
        numbers: Where numbers for plates come from; none comes twice.
    """

    __slots__ = ("_message", "_numbers", "_patch_bytes", "_patches", "anew", "knows_plate", "needed", "plate")

    def __init__(self, numbers: Iterator[int]) -> None:
        self._numbers = numbers
        self.knows_plate, self.anew, self.needed, self.plate = False, False, False, next(numbers)
        self._message: SceneMessage | None = None
        self._patches: list[PlatePatch] = []
        self._patch_bytes = 0

    @property
    def has_pending(self) -> bool:
        """Whether something can be taken."""
        return self._message is not None

    def forget(self) -> None:
        """Lets go of everything: the whole plate is needed."""
        self.knows_plate, self.anew, self.needed, self.plate = False, False, False, next(self._numbers)
        self._message, self._patches, self._patch_bytes = None, [], 0

    def drop_patches(self) -> None:
        """Lets go of patches of a plate that is void."""
        self._patches, self._patch_bytes = [], 0

    def begin_anew(self) -> None:
        """The scene that comes now brings the whole plate."""
        self.needed = self.needed or not self.knows_plate
        self.knows_plate, self.anew = True, True
        self.drop_patches()

    def add(self, bare: SceneMessage, patches: tuple[PlatePatch, ...]) -> None:
        """A scene without its patches, and its patches; ignored while the plate is not known."""
        if not self.knows_plate:
            return
        self._message = bare
        self._patches += patches
        self._patch_bytes += sum(len(patch.pixels) for patch in patches)
        size = bare.scene.size
        if self._patch_bytes > MOST_PENDING * size.width_px * size.height_px * 3:
            self.forget()

    def take(self) -> Pending | None:
        """What has to be drawn since the last call; None = nothing is new, or the plate has not come yet."""
        if self._message is None:
            return None
        scene = msgspec.structs.replace(self._message.scene, patches=tuple(self._patches))
        pending = Pending(msgspec.structs.replace(self._message, scene=scene, whole_plate=self.anew), self.anew, self.plate)
        self._message, self.anew, self.needed = None, False, False
        self.drop_patches()
        return pending
