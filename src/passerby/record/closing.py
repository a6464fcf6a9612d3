"""How a file under way becomes a closed one: the same when a minute is over and after a crash.

1. What can be read of NAME.mcap.open is written to NAME.mcap.tmp, with indexes and a summary; its contents are brought to the disk.
2. NAME.mcap.tmp is renamed to NAME.mcap; the folder is brought to the disk.
3. NAME.mcap.open is removed; the folder is brought to the disk.

A crash before 2 leaves the file under way as it was, one after 2 leaves both: then only 3 is left to do.
"""

from pathlib import Path
from typing import Final

from passerby.record.folder import CLOSED, OPEN
from passerby.record.mcap_file import Channel, read_file, write_closed
from passerby.record.plate_file import SCHEMA_NAME as PATCH_SCHEMA
from passerby.record.plate_file import patch_schema
from passerby.record.scene_json import SCHEMA_NAME as SCENE_SCHEMA
from passerby.record.scene_json import scene_schema
from passerby.released.durable import sync_folder

RECOVERED: Final = "recovered"


def scene_channel(camera: str) -> Channel:
    """The channel of a camera's scenes."""
    return Channel(f"/{camera}/scene", SCENE_SCHEMA, scene_schema())


def plate_channel(camera: str) -> Channel:
    """The channel of the patches of a camera's plate."""
    return Channel(f"/{camera}/plate", PATCH_SCHEMA, patch_schema())


def finish(under_way: Path, channel: Channel, *, recovered: bool) -> int:
    """Closes a file under way; how many messages it holds. One without any is removed.

    Raises:
        OSError: It could not be done; what there was is still there.
    """
    closed = under_way.with_name(under_way.name.removesuffix(OPEN) + CLOSED)
    count = 0
    if not closed.exists():
        contents = read_file(under_way)
        count = len(contents.entries)
        if contents.entries:
            metadata = {**contents.metadata, RECOVERED: "yes"} if recovered else contents.metadata
            write_closed(closed, channel, metadata, contents.entries)
    under_way.unlink()
    sync_folder(under_way.parent)
    return count
