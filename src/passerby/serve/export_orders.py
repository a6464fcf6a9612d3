"""What the supervisor tells an exporter, and what comes back. Nothing here loads what draws."""

import msgspec


class DrawExport(msgspec.Struct, frozen=True, tag="export"):
    """What is exported.

    Attributes:
        recordings: The folder of all recordings.
        camera: Whose.
        from_s, to_s: Which of them, seconds since 1970 UTC.
        show: A word of `released.show.Show`.
        caption: Whether time and state stand in a corner.
        name: What it is called.
        assumed_s: How long recordings are kept where that was lost.
        check_only: Whether it is only looked whether this can be exported.
    """

    recordings: str
    camera: str
    from_s: float
    to_s: float
    show: str
    caption: bool
    name: str
    assumed_s: dict[str, float]
    check_only: bool


class Part(msgspec.Struct, frozen=True, tag="part"):
    """A part of the MP4, and how much of the time has been drawn by now, 0 to 1."""

    data: bytes
    done: float


class Done(msgspec.Struct, frozen=True, tag="done"):
    """All of it was given."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """It cannot be exported: why, in words, and what to do."""

    says: str
    do: str


ExporterAnswer = Part | Done | Refused
