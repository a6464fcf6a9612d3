"""What the supervisor tells a camera's streamer, and what that answers. Nothing here loads what draws or encodes.

Pictures have numbers: picture n is shown n / `RATE_HZ` seconds after the stream's origin, whichever process encoded it.
"""

from typing import Final

import msgspec

from passerby.released.scene import Scene, Size

RATE_HZ: Final = 10
"""Pictures a second. Glyphs move at most five times a second; a picture that repeats the one before costs six bytes."""
SEGMENT_PICTURES: Final = 5
"""From key frame to key frame, and a segment of HLS: half a second, so that a player that holds back three seconds is under four behind."""


class Want(msgspec.Struct, frozen=True, tag="want"):
    """What somebody reads: video, JPEGs, or both."""

    video: bool
    jpeg: bool


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """The first order.

    Attributes:
        origin_s: When picture 0 is shown, by CLOCK_MONOTONIC, which all processes of a machine share.
        first: The number of the first picture to give, at the beginning of a segment.
        key_at: Readers begin with this picture, too: it follows on what a process before gave.
        stale_s: A scene that is older does not show how the place is now.
        size: Of the pictures until the first scene comes.
        want: What somebody reads at first.
    """

    origin_s: float
    first: int
    key_at: int
    stale_s: float
    size: Size
    want: Want


class Show(msgspec.Struct, frozen=True, tag="show"):
    """The newest scene. `anew`: it brings the whole plate, and what was shown before is void."""

    scene: Scene
    captured_monotonic_s: float
    anew: bool


class Hide(msgspec.Struct, frozen=True, tag="hide"):
    """What was shown is void: nothing is shown until a scene brings the whole plate."""


class Void(msgspec.Struct, frozen=True, tag="void"):
    """The orders that scenes follow were changed: all that was shown is void, and what is not whole yet is never given out."""

    orders: int


class TransportChunk(msgspec.Struct, frozen=True, tag="ts"):
    """One picture as MPEG-TS. `key`: a reader can begin here."""

    number: int
    key: bool
    data: bytes


class InitSegment(msgspec.Struct, frozen=True, tag="init"):
    """What holds for the media segments from now on."""

    data: bytes


class MediaSegment(msgspec.Struct, frozen=True, tag="segment"):
    """`SEGMENT_PICTURES` pictures from number `first` on, as fragmented MP4."""

    first: int
    data: bytes


class Jpeg(msgspec.Struct, frozen=True, tag="jpeg"):
    """A picture for MJPEG; comes when it differs from the one before, and once a second."""

    number: int
    data: bytes


class PlateLost(msgspec.Struct, frozen=True, tag="lost"):
    """The scene follows on one that was never shown here: the whole plate is needed."""


class Voided(msgspec.Struct, frozen=True, tag="voided"):
    """What comes from now on shows nothing of before the change of orders that `Void` told."""

    orders: int


Order = Begin | Show | Hide | Void | Want
Answer = TransportChunk | InitSegment | MediaSegment | Jpeg | PlateLost | Voided
