"""Which streams an ONVIF device has: asked of its device and media services, and the best one for watching chosen.

A device may name only itself: its services and its streams lie on the host that it was asked at, unless the user allows others.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import log2
from typing import Any, Final
from urllib.parse import urlsplit

from passerby.site.setup.discovery import Device, is_http
from passerby.site.setup.offer import Login
from passerby.site.setup.onvif_soap import CallError, Conversation, Library, library
from passerby.site.setup.wording import one_line

DEVICE_S: Final = 40.0
"""Most seconds for all calls of one device."""
AT_ONCE: Final = 8
MOST_PROFILES: Final = 8
BEST_PX: Final = 1920 * 1080
LEAST_PX: Final = 1280 * 720
CODECS: Final = ("H264", "H265")
"""What is chosen from, the first rather than the second; motion JPEG and what else there is only where there are none of them."""
_ELSEWHERE: Final = "leads to {}, which is not its own host and is not followed; --allow-other-hosts allows it"
_STREAM: Final = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}


@dataclass(frozen=True, slots=True)
class Profile:
    """A stream of a device. What the device says of it, in one line each.

    Attributes:
        name: Its name for the stream.
        codec: As ONVIF writes it: "H264", "JPEG".
        rate_hz: Pictures a second at most; 0 = not said.
        address: Where it is had, without user and password; "" = it cannot be.
        why_not: Why it cannot be had; "" = it can.
    """

    name: str
    codec: str
    width_px: int
    height_px: int
    rate_hz: float
    address: str = ""
    why_not: str = ""

    @property
    def words(self) -> str:
        """What it is."""
        rate = f", up to {self.rate_hz:.3g} a second" if self.rate_hz else ""
        return f'"{self.name}": {self.codec or "unknown codec"} {self.width_px}x{self.height_px}{rate}'


@dataclass(frozen=True, slots=True)
class Streams:
    """What a device said.

    Attributes:
        device: The device.
        model: Maker and model, in one line; "" = not said.
        profiles: Its streams, the best one first.
        why_not: Why there are none; "" = there are.
    """

    device: Device
    model: str = ""
    profiles: tuple[Profile, ...] = ()
    why_not: str = ""


def streams_of(devices: Sequence[Device], login: Login | None, *, other_hosts: bool) -> list[Streams]:
    """What each device says of its streams, in the order of the devices. Takes up to a minute for each few devices that do not answer.

    Args:
        devices: Whom to ask.
        login: User and password for all of them.
        other_hosts: Whether a device may name other hosts than its own.

    Raises:
        SettingsError: The library is not installed.
    """
    return asyncio.run(_all(library(), devices, login, other_hosts=other_hosts))


async def _all(modules: Library, devices: Sequence[Device], login: Login | None, *, other_hosts: bool) -> list[Streams]:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(device: Device) -> Streams:
        async with places:
            try:
                async with asyncio.timeout(DEVICE_S):
                    return await _streams(modules, device, login, other_hosts=other_hosts)
            except TimeoutError:
                return Streams(device, why_not="no answer in time")
            except CallError as fault:
                return Streams(device, why_not=str(fault))

    return list(await asyncio.gather(*(one(device) for device in devices)))


async def _streams(modules: Library, device: Device, login: Login | None, *, other_hosts: bool) -> Streams:
    own = [address for address in device.services if other_hosts or same_host(address, device.host)]
    if not own:
        raise CallError(elsewhere(device.services[0]) if device.services else "gives no address of its services")
    async with Conversation(modules, login) as conversation:
        await _set_clock(conversation, own[0])
        management = await conversation.service("devicemgmt", own[0])
        media_address = await _media(management, modules.namespaces["media"])
        if not is_http(media_address):
            raise CallError("has no media service")
        if not other_hosts and not same_host(media_address, device.host):
            raise CallError(elsewhere(media_address))
        media = await conversation.service("media", media_address)
        said = await media.call("GetProfiles")
        profiles = [_profile(profile) for profile in list(said or [])[:64]]
        best = sorted(profiles, key=lambda known: _worth(known[1]))[:MOST_PROFILES]
        addressed = [await _with_address(media, token, profile, device.host, other_hosts=other_hosts) for token, profile in best]
        model = await _model(management)
    if not addressed:
        raise CallError("has no profiles")
    return Streams(device, model, tuple(sorted(addressed, key=lambda profile: (not profile.address, _worth(profile)))))


async def _set_clock(conversation: Conversation, address: str) -> None:
    """Takes over the device's time, where it tells it to everybody, as it should."""
    management = await conversation.service("devicemgmt", address)
    try:
        now = (await management.call("GetSystemDateAndTime", openly=True)).UTCDateTime
        day, clock = now.Date, now.Time
        conversation.set_clock(
            datetime(int(day.Year), int(day.Month), int(day.Day), int(clock.Hour), int(clock.Minute), int(clock.Second) % 60, tzinfo=UTC)
        )
    except (CallError, AttributeError, TypeError, ValueError, OverflowError):
        return


async def _media(management: Any, namespace: str) -> str:
    """Address of the media service."""
    try:
        services = await management.call("GetServices", {"IncludeCapability": False})
        for service in list(services or []):
            if getattr(service, "Namespace", None) == namespace:
                return str(service.XAddr)
    except CallError as fault:
        if "refused" in str(fault) or "asks for" in str(fault):
            raise
    said = await management.call("GetCapabilities", {"Category": "Media"})
    return str(getattr(getattr(said, "Media", None), "XAddr", ""))


async def _model(management: Any) -> str:
    try:
        said = await management.call("GetDeviceInformation")
    except CallError:
        return ""
    return one_line(f"{_word(said, 'Manufacturer')} {_word(said, 'Model')}", 80)


async def _with_address(media: Any, token: str, profile: Profile, host: str, *, other_hosts: bool) -> Profile:
    """The profile with the address of its stream, or why it has none."""
    address, why_not = "", ""
    try:
        said = await media.call("GetStreamUri", {"StreamSetup": _STREAM, "ProfileToken": token})
        address = str(getattr(said, "Uri", "")).strip()
        why_not = why_no_stream(address, host, other_hosts=other_hosts)
    except CallError as fault:
        why_not = str(fault)
    usable = "" if why_not else without_user(address)
    return Profile(profile.name, profile.codec, profile.width_px, profile.height_px, profile.rate_hz, usable, why_not)


def why_no_stream(address: str, host: str, *, other_hosts: bool) -> str:
    """Why a device's address of a stream is not used; "" = it is. In what a device says nothing is filled in, so a `$` is refused."""
    if len(address) > 600 or not address.isascii() or not address.isprintable() or set(address) & set(" $\"'\\<>`{}"):
        return "its address cannot be read"
    try:
        parts = urlsplit(address)
        if parts.scheme not in ("rtsp", "rtsps", "http", "https") or not parts.hostname or parts.port == 0:
            return "its address is none of a stream"
    except ValueError:
        return "its address cannot be read"
    if "@" in address.partition("://")[2].partition("/")[2]:
        return "its address cannot be read"
    return "" if other_hosts or same_host(address, host) else elsewhere(address)


def elsewhere(address: str) -> str:
    """What is said of an address that leads off its device."""
    return _ELSEWHERE.format(one_line(urlsplit(address).hostname or "", 60))


def same_host(address: str, host: str) -> bool:
    """Whether an address names this host, in letters: no name is looked up."""
    try:
        return (urlsplit(address).hostname or "").lower() == host.lower()
    except ValueError:
        return False


def without_user(address: str) -> str:
    """The address without user and password: those that the user gave are taken, not those that a device gives away."""
    scheme, _, rest = address.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def _profile(said: Any) -> tuple[str, Profile]:
    """Token and profile, of whatever kind the device's words are."""
    video = getattr(said, "VideoEncoderConfiguration", None)
    size = getattr(video, "Resolution", None)
    rate = _number(getattr(video, "RateControl", None), "FrameRateLimit")
    profile = Profile(
        one_line(_word(said, "Name"), 60),
        one_line(_word(video, "Encoding"), 20).upper(),
        int(_number(size, "Width")),
        int(_number(size, "Height")),
        rate if rate <= 1000 else 0.0,
    )
    return _word(said, "token")[:200], profile


def _worth(profile: Profile) -> tuple[int, int, float, int]:
    """Sorts: a codec that costs little first, of a size in which people can be found, near to 1080p."""
    pixels = profile.width_px * profile.height_px
    if pixels <= 0:
        return 2, 1, 0.0, 0
    codec = 0 if profile.codec in CODECS else 1
    return codec, int(pixels < LEAST_PX), round(abs(log2(pixels / BEST_PX)), 2), CODECS.index(profile.codec) if not codec else 0


def _word(said: Any, name: str) -> str:
    value = getattr(said, name, None)
    return value if isinstance(value, str) else ""


def _number(said: Any, name: str) -> float:
    value = getattr(said, name, None)
    return float(value) if isinstance(value, int | float) and 0 <= value <= 100_000 else 0.0
