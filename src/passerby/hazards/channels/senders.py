"""Which sender a channel is: what its kind needs is imported when there is such a channel, and said where it is not installed."""

from typing import Final

from passerby.clock import Clock
from passerby.errors import SiteError
from passerby.hazards.channels.announced import announced_of
from passerby.hazards.channels.sender import Around, Sender
from passerby.site.channel_secrets import Access
from passerby.site.channels import Channel
from passerby.site.settings import Site

_MODULES: Final = {"webhook": "httpx", "mqtt": "aiomqtt", "apprise": "apprise"}


def require_installed(channels: tuple[Channel, ...]) -> None:
    """Refuses channels whose libraries are not installed.

    Raises:
        SiteError: One is missing.
    """
    from importlib.util import find_spec  # noqa: PLC0415 - needed here only

    for channel in channels:
        if find_spec(_MODULES[channel.kind]) is None:
            raise SiteError(f"channel '{channel.id}' needs {_MODULES[channel.kind]}, which is not installed", "pip install 'passerby[channels]'")


def sender_of(site: Site, channel: Channel, access: Access, clock: Clock, around: Around | None = None) -> Sender:
    """What tells by a channel. Call it in the event loop that it will run in.

    Args:
        site: The site.
        channel: The channel.
        access: Where it is.
        clock: Time.
        around: What it asks and tells; None = it is only tried, and says nothing of how the site is.

    Raises:
        ChannelError: Its address, or a file that it needs, cannot be used.
    """
    if channel.kind == "webhook":
        from passerby.hazards.channels.webhook import WebhookSender  # noqa: PLC0415 - as the module says

        return WebhookSender(access, clock)
    if channel.kind == "mqtt":
        from passerby.hazards.channels.mqtt import MqttSender  # noqa: PLC0415 - as the module says
        from passerby.hazards.channels.topics import Topics  # noqa: PLC0415 - as the module says

        return MqttSender(access, Topics(channel.topic, site.name, channel.id), announced_of(site), around, discovery=channel.discovery)
    from passerby.hazards.channels.apprise_sender import AppriseSender  # noqa: PLC0415 - as the module says

    return AppriseSender(access)
