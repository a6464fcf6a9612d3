"""What a pusher is told, and what it says."""

import msgspec


class Target(msgspec.Struct, frozen=True):
    """The first message to it: where to send what follows, MPEG-TS in messages of any length. The address is not in the repr."""

    address: str

    def __repr__(self) -> str:
        return "Target(***)"


class Said(msgspec.Struct, frozen=True):
    """What it says: that the server takes the stream (`why` is empty), or why it is not sent any more, as `released.video_push.PushEnd`."""

    why: str
