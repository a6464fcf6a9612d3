"""What a browser makes of a text/event-stream: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

import json
from typing import Any

Event = tuple[str, dict[str, Any]]
"""Name and data."""


def events(data: bytes) -> list[Event]:
    """The events in a piece of a stream."""
    found = []
    for block in data.decode().split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        fields = dict(line.split(": ", 1) for line in lines)
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found
