"""ONVIF devices as cameras of a site: ids and names, the stream that was chosen, and what is said of the others."""

import socket
from collections import Counter
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from passerby.errors import SettingsError
from passerby.site.setup.discovery import Device
from passerby.site.setup.offer import Login, Offer
from passerby.site.setup.onvif_streams import Profile, Streams
from passerby.site.setup.urls import split_path, with_login
from passerby.site.setup.vault import Vault
from passerby.site.setup.wording import Ids, slug

_EXPECTED: Final = "192.168.1.20, 192.168.1.20:8000, or http://192.168.1.20/onvif/device_service"
DEVICE_PATH: Final = "/onvif/device_service"
_MOST_OF_A_NAME: Final = 20


def device_at(given: str) -> Device:
    """The device at `HOST`, `HOST:PORT` or an address of its device service.

    Raises:
        SettingsError: It is none of these.
    """
    address = given if "://" in given else f"http://{given}{DEVICE_PATH}"
    try:
        parts = urlsplit(address)
        host, scheme, port = parts.hostname, parts.scheme, parts.port
    except ValueError:
        raise SettingsError("--onvif-host is not an address that can be asked", _EXPECTED) from None
    if not host or scheme not in ("http", "https") or port == 0 or "@" in parts.netloc or not address.isprintable() or " " in address:
        raise SettingsError("--onvif-host is not an address that can be asked", _EXPECTED)
    try:
        number = str(socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])
    except OSError:
        raise SettingsError("--onvif-host: there is no such host", "give its IPv4 address") from None
    # By number from here on: devices name themselves so, and nothing is looked up a second time.
    return Device(number, (parts._replace(netloc=number if port is None else f"{number}:{port}").geturl(),))


def offers_of_devices(said: Sequence[Streams], login: Login | None, ids: Ids, vault: Vault) -> list[Offer]:
    """An offer for each device.

    Args:
        said: What the devices said.
        login: What they were asked with.
        ids: The ids that are taken.
        vault: Takes paths that hold a secret.
    """
    names = [_name(streams) for streams in said]
    count = Counter(slug(name) for name in names)
    return [_offer(streams, name, login, ids, vault, alone=count[slug(name)] == 1) for streams, name in zip(said, names, strict=True)]


def _name(streams: Streams) -> str:
    return streams.device.name or streams.model or streams.device.hardware


def _offer(streams: Streams, name: str, login: Login | None, ids: Ids, vault: Vault, *, alone: bool) -> Offer:
    short = slug(name, _MOST_OF_A_NAME if not alone else 40)
    camera_id = ids.made_of(short if alone and short else f"{short or 'camera'}-{slug(streams.device.host)}")
    told = [f"Found by ONVIF at {streams.device.host}: {streams.model or streams.device.hardware or 'it does not say what it is'}."]
    if streams.why_not:
        return Offer(camera_id, name, "", told=tuple(told), refused=streams.why_not)
    best, *others = streams.profiles
    told += [f"Its stream {best.words}."]
    told += [f"Another stream: {_other(profile)}" for profile in others]
    if best.why_not:
        return Offer(camera_id, name, "", told=tuple(told), refused=best.why_not)
    return with_login(Offer(camera_id, name, split_path(best.address, camera_id, vault), told=tuple(told)), login)


def _other(profile: Profile) -> str:
    """A stream that was not chosen, with its address unless that holds a secret."""
    if profile.why_not:
        return f"{profile.words}: {profile.why_not}"
    shown = profile.address if split_path(profile.address, "x", Vault()) == profile.address else "its address holds a secret"
    return f"{profile.words}: {shown}"
