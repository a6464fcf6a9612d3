"""E-mail and other services for people, by apprise. The only module that meets it.

Plain text only: nothing of ours is read as HTML, Markdown or an escape. apprise blocks, so it runs in a thread of its own, which nobody waits for
longer than a while; its logs may quote addresses and are not kept.
"""

import asyncio
import logging
import threading
from collections.abc import Sequence
from typing import Final

import apprise

from passerby.hazards.alert import Severity
from passerby.hazards.channels.delivery import ChannelError, Delivery
from passerby.hazards.channels.summary import summary_of
from passerby.hazards.kept_alert import URGENCY
from passerby.site.channel_secrets import Access

MOST: Final = 10_000
MAIL: Final = ("mailto://", "mailtos://")
"""apprise waits seconds between two mails, which nobody asks for. That there are not too many we see to ourselves."""
KINDS: Final = {Severity.NOTICE: apprise.NotifyType.INFO, Severity.WARNING: apprise.NotifyType.WARNING, Severity.ALARM: apprise.NotifyType.FAILURE}


class AppriseSender:
    """Tells people.

    Args:
        access: Address of the service, as apprise writes it.

    Raises:
        ChannelError: apprise knows no such address.
    """

    most = MOST
    summarises = True

    def __init__(self, access: Access) -> None:
        logger = logging.getLogger("apprise")
        logger.propagate = False
        logger.setLevel(logging.CRITICAL)
        asset = apprise.AppriseAsset(
            app_id="Passerby",
            app_desc="Passerby",
            app_url="",
            image_url_mask="",
            image_url_logo="",
            async_mode=False,
            service_timeout=0,
            storage_mode=apprise.PersistentStoreMode.MEMORY,
            http_redirects=False,
            interpret_escapes=False,
            interpret_emojis=False,
            pgp_autogen=False,
            pem_autogen=False,
        )
        self._service = apprise.Apprise(asset=asset)
        if not self._service.add(access.address):
            raise ChannelError("apprise knows no such address, or lacks what the service needs")
        if access.address.lower().startswith(MAIL):
            for service in self._service:
                service.request_rate_per_sec = 0.0

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Tells one, or a summary of several. Raises ChannelError."""
        last = max(deliveries, key=lambda delivery: URGENCY[delivery.severity])
        title, text = (last.title, f"{last.text}\n\n{last.id}") if len(deliveries) == 1 else summary_of(deliveries)
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()

        def settle(taken: bool) -> None:  # noqa: FBT001 - called by the loop
            if not done.done():
                done.set_result(taken)

        def work() -> None:
            try:
                taken = bool(
                    self._service.notify(
                        body=text, title=title, notify_type=KINDS[last.severity], body_format=apprise.NotifyFormat.TEXT, interpret_escapes=False
                    )
                )
            except Exception:  # noqa: BLE001 - a service's fault is that it was not told; its words may quote the address
                taken = False
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, taken)

        threading.Thread(target=work, name="apprise", daemon=True).start()
        if not await done:
            raise ChannelError("the service did not take it")

    async def tend(self) -> bool:
        """Nothing is held, and nothing is proved."""
        return False

    async def close(self) -> None:
        """Nothing is held."""
