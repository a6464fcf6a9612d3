"""Which sender a channel is: what its kind needs is imported when there is such a channel, and said where it is not installed."""

from collections.abc import Callable
from typing import Final

from passerby.clock import Clock
from passerby.errors import SiteError
from passerby.hazards.alert import Cause
from passerby.hazards.channels.announced import announced_of
from passerby.hazards.channels.sender import Sender
from passerby.site.channel_secrets import Access
from passerby.site.channels import Channel
from passerby.site.settings import Site

_MODULES: Final = {"webhook": "httpx", "mqtt": "aiomqtt", "apprise": "apprise"}
SenderOf = Callable[[Site, Channel, Access], Sender]


def require_installed(channels: tuple[Channel, ...]) -> None:
    """Refuses channels whose libraries are not installed.

    Raises:
        SiteError: One is missing.
    """
    from importlib.util import find_spec  # noqa: PLC0415 - needed here only

    for channel in channels:
        if find_spec(_MODULES[channel.kind]) is None:
            raise SiteError(f"channel '{channel.id}' needs {_MODULES[channel.kind]}, which is not installed", "pip install 'passerby[channels]'")


def sender_of(site: Site, channel: Channel, access: Access, clock: Clock, open_causes: Callable[[], frozenset[Cause]] = frozenset) -> Sender:
    """What tells by a channel. Call it in the event loop that it will run in.

    Raises:
        ChannelError: Its address, or a file that it needs, cannot be used.
    """
    if channel.kind == "webhook":
        from passerby.hazards.channels.webhook import WebhookSender  # noqa: PLC0415 - as the module says

        return WebhookSender(access, clock)
    if channel.kind == "mqtt":
        from passerby.hazards.channels.mqtt import MqttSender  # noqa: PLC0415 - as the module says
        from passerby.hazards.channels.topics import Topics  # noqa: PLC0415 - as the module says

        return MqttSender(access, Topics(channel.topic, site.name), announced_of(site), open_causes, discovery=channel.discovery)
    from passerby.hazards.channels.apprise_sender import AppriseSender  # noqa: PLC0415 - as the module says

    return AppriseSender(access)
