"""What of a site's channels is allowed and still worth a word."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from passerby.site.addresses import VARIABLE, has_clear_password
from passerby.site.channels import Channel
from passerby.site.problem import Problem
from passerby.site.settings import Site
from passerby.site.values import is_loopback

_BETTER: Final = "use a variable of the environment, ${NAME}, or a file of its own"
_READABLE: Final = {"http": "whoever is on the way can read it: use https://", "mqtt": "whoever is on the way can read it: use mqtts://"}


def channel_notes(site: Site) -> Iterator[Problem]:
    """The notes on a site's channels. Opens no file."""
    for index, channel in enumerate(site.channels):
        yield from _secrets(channel, f"channel[{index}]")
        yield from _on_the_way(channel, f"channel[{index}]")
    if site.channels and all(channel.escalate_after_s is not None for channel in site.channels):
        hint = "who should acknowledge an alert in time must hear of it first: by a channel without escalate_after, or from the page"
        yield Problem("channel[0].escalate_after", "a channel that is told at once, too", hint)


def _secrets(channel: Channel, key: str) -> Iterator[Problem]:
    for name in ("password", "secret"):
        secret = getattr(channel, name)
        if secret is not None and VARIABLE.sub("", secret.get_secret_value()) == secret.get_secret_value():
            yield Problem(f"{key}.{name}", f"a {name} that does not stand in the file in the clear", _BETTER)
    for name in ("password_file", "secret_file"):
        path = getattr(channel, name)
        if path is not None and _is_open_to_others(path):
            yield Problem(f"{key}.{name}", "a file that only its owner can read", f"chmod 600 {path.name}")
    if has_clear_password(channel.address.get_secret_value()):
        yield Problem(f"{key}.address", "a password that does not stand in the file in the clear", _BETTER)


def _on_the_way(channel: Channel, key: str) -> Iterator[Problem]:
    address = urlsplit(VARIABLE.sub("1", channel.address.get_secret_value()))
    if channel.kind != "apprise" and address.scheme in _READABLE and not is_loopback(address.hostname or ""):
        yield Problem(f"{key}.address", "an address whose messages are encrypted", _READABLE[address.scheme])


def _is_open_to_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False
