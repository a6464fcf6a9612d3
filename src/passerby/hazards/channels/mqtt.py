"""MQTT: each delivery as an event and as the retained state of its place. The only module that meets aiomqtt.

The connection is held: the broker says `offline` for us once it is lost. Messages go one by one at quality 1: the next is sent when the broker has
taken the one before, so they are in order, and what was not taken is sent again.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

import aiomqtt

from passerby.hazards.alert import Cause
from passerby.hazards.channels.announced import Announced, announced_by
from passerby.hazards.channels.delivery import ChannelError, Delivery
from passerby.hazards.channels.tls import tls_of
from passerby.hazards.channels.topics import OFFLINE, ONLINE, Message, Topics
from passerby.site.channel_secrets import Access

WITHIN_S: Final = 10.0
KEEP_ALIVE_S: Final = 20
MOST: Final = 50
PORT: Final = 1883
TLS_PORT: Final = 8883


class MqttSender:
    """Tells a broker.

    Args:
        access: Where it is.
        topics: Its topics.
        discovery: Whether Home Assistant is told what there is.
        announced: What there can be alerts of.
        open_causes: Of what there are open alerts.
    """

    most = MOST
    summarises = False

    def __init__(
        self,
        access: Access,
        topics: Topics,
        announced: Iterable[Announced] = (),
        open_causes: Callable[[], frozenset[Cause]] = frozenset,
        *,
        discovery: bool = True,
    ) -> None:
        self._access, self._topics, self._discovery = access, topics, discovery
        self._announced = tuple(announced)
        self._open_causes = open_causes
        self._told: set[Cause] = set()
        self._client: aiomqtt.Client | None = None
        self._logger = logging.getLogger("passerby.mqtt")
        self._logger.setLevel(logging.CRITICAL)  # failures are told by us, without what the library quotes

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Publishes them in order. Raises ChannelError."""
        await self.tend()
        for delivery in deliveries:
            announced = announced_by(delivery)
            if self._discovery and announced.cause not in self._told:
                await self._publish(self._topics.discovery(announced))
                self._told.add(announced.cause)
            await self._publish(self._topics.event(delivery))
            state = self._topics.state(delivery)
            if state is not None:
                await self._publish(state)

    async def tend(self) -> bool:
        """Connects where there is no connection; so it is proved that the broker is there. Raises ChannelError."""
        if self._client is not None and self._client._disconnected.done():  # noqa: SLF001 - aiomqtt tells it nowhere else
            await self._drop()
        if self._client is None:
            self._client = await self._connected()
            try:
                await self._greet()
            except ChannelError:
                await self._drop()
                raise
        return True

    async def close(self) -> None:
        """Says that we are gone, and disconnects."""
        if self._client is not None:
            with contextlib.suppress(ChannelError):
                await self._publish(Message(self._topics.status, OFFLINE.encode(), retain=True))
            await self._drop()

    async def _connected(self) -> aiomqtt.Client:
        at = urlsplit(self._access.address)
        secure = at.scheme == "mqtts"
        client = aiomqtt.Client(
            at.hostname or "",
            at.port or (TLS_PORT if secure else PORT),
            username=self._access.user or None,
            password=self._access.password or None,
            identifier=f"passerby-{secrets.token_hex(6)}",
            will=aiomqtt.Will(self._topics.status, OFFLINE.encode(), qos=1, retain=True),
            timeout=WITHIN_S,
            keepalive=KEEP_ALIVE_S,
            tls_context=tls_of(self._access) if secure else None,
            logger=self._logger,
        )
        reason = ""
        try:
            await client.__aenter__()  # it is held for longer than a block
        except aiomqtt.MqttCodeError:
            reason = "the broker refuses the connection"
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            reason = "the certificate is not accepted" if "CERTIFICATE" in str(error).upper() else "no connection to the broker"
        if reason:
            raise ChannelError(reason)
        return client

    async def _greet(self) -> None:
        """Says what there is and that we are here: who listens gets what it means before it hears anything."""
        if self._discovery:
            await self._publish(self._topics.events_discovery())
        still_open = self._open_causes()
        for announced in self._announced:
            if self._discovery:
                await self._publish(self._topics.discovery(announced))
                self._told.add(announced.cause)
            if announced.cause not in still_open:
                await self._publish(self._topics.nothing(announced.cause))
        await self._publish(Message(self._topics.status, ONLINE.encode(), retain=True))

    async def _publish(self, message: Message) -> None:
        """Returns once the broker has taken it. Raises ChannelError."""
        client = self._client
        failed = client is None
        if client is not None:
            gone = asyncio.ensure_future(asyncio.shield(client._disconnected))  # noqa: SLF001 - aiomqtt would wait for its time to pass
            taken = asyncio.ensure_future(client.publish(message.topic, message.payload, qos=1, retain=message.retain, timeout=WITHIN_S))
            try:
                await asyncio.wait((gone, taken), return_when=asyncio.FIRST_COMPLETED)
                failed = not taken.done() or taken.exception() is not None
            finally:
                for task in (gone, taken):
                    task.cancel()
                await asyncio.gather(gone, taken, return_exceptions=True)
        if failed:
            await self._drop()
            raise ChannelError("the broker did not take it")

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            # An exception that ended the connection is looked at, or asyncio complains; disconnecting is tried once and not waited for for long.
            with contextlib.suppress(aiomqtt.MqttError, OSError, ValueError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await client.__aexit__(None, None, None)
            if client._disconnected.done():  # noqa: SLF001 - as above
                client._disconnected.exception()  # noqa: SLF001 - as above
