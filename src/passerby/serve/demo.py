"""`passerby run --demo`: a site that needs no file. One camera plays a clip again and again; what it keeps goes when it ends."""

import contextlib
import json
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from passerby.site.reading import site_of
from passerby.site.settings import Site

PORT: Final = 8740
WORDS: Final = """\
The camera is a recording: PETS 2009 S2.L1, a campus street, played again and again.
At first everything is hatched: nothing is known of the place yet. It fills as each part stays empty for 20 seconds; the people stay figures.
Ctrl-C ends it, and removes what it kept."""


@contextlib.contextmanager
def demo_site(clip: Path) -> Iterator[Site]:
    """The demonstration's site, with a state folder that lives as long as this context."""
    with tempfile.TemporaryDirectory(prefix="passerby-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        site, problems = site_of(site_text(clip, folder / "state", free_port()), folder / "site.toml")
        if site is None:
            raise AssertionError(f"the demonstration's site file is wrong: {problems}")
        yield site


def site_text(clip: Path, state_folder: Path, port: int) -> str:
    """The demonstration as a site.toml. Strings of JSON are strings of TOML, too."""
    return f"""\
[site]
name = "Demonstration"
state_folder = {json.dumps(str(state_folder))}

[server]
address = "127.0.0.1:{port}"

[recording]
free_space_floor = "100 MB"

[[camera]]
id = "campus"
name = "Campus street"
source = {json.dumps(str(clip))}
purpose = "To show what Passerby shows of a place, and what it does not."
retention = "1 h"
"""


def free_port() -> int:
    """The usual port, or 0 (any) where somebody else listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            return 0
    return PORT
