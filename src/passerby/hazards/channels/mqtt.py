"""MQTT: each delivery as an event, and how its place is now as a retained state. The only module that meets aiomqtt.

The connection is held: the broker says `offline` for us once it is lost. Events go one by one at quality 1: the next is sent when the broker has
taken the one before, so they are in order, and what was not taken is sent again. A state is never what a delivery says, which may have waited for
long, but what holds when it is published.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

import aiomqtt

from passerby.hazards.alert import Cause
from passerby.hazards.channels.announced import Announced, announced_as, announced_by
from passerby.hazards.channels.delivery import ChannelError, Delivery
from passerby.hazards.channels.known import foremost
from passerby.hazards.channels.sender import Around
from passerby.hazards.channels.tls import tls_of
from passerby.hazards.channels.topics import OFFLINE, ONLINE, STATES, Message, Topics
from passerby.site.channel_secrets import Access

WITHIN_S: Final = 10.0
KEEP_ALIVE_S: Final = 20
MOST: Final = 50
AT_ONCE: Final = 10
"""Messages of a greeting that are on their way at a time: an alarm waits behind it."""
PORT: Final = 1883
TLS_PORT: Final = 8883
SHOW_S: Final = 15.0
"""While events are told, so often is said how it is: what many of them wait for is no reason for a siren to stay silent."""


class MqttSender:
    """Tells a broker.

    Args:
        access: Where it is.
        topics: Its topics.
        announced: What there can be alerts of.
        around: What goes on, and who is told that we get on; None = the broker is only tried: no state, and nothing of our being there or not.
        discovery: Whether Home Assistant is told what there is.
    """

    most = MOST
    summarises = False

    def __init__(
        self,
        access: Access,
        topics: Topics,
        announced: Iterable[Announced] = (),
        around: Around | None = None,
        *,
        discovery: bool = True,
    ) -> None:
        self._access, self._topics, self._discovery = access, topics, discovery
        # One for all connections: what a broker still takes for us ends, and says its last, before the next one says anything.
        self._identifier = f"passerby-{secrets.token_hex(6)}"
        self._announced = tuple(announced)
        self._around = around
        self._told: set[Cause] = set()
        """What was announced since the connection is there: a broker may have forgotten what was before."""
        self._shown: dict[Cause, str] = {}
        """The alert that each state speaks of, "" = none; since the connection is there."""
        self._shown_at_s = 0.0
        self._client: aiomqtt.Client | None = None
        self._logger = logging.getLogger("passerby.mqtt")
        self._logger.setLevel(logging.CRITICAL)  # failures are told by us, without what the library quotes

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Publishes them in order. Raises ChannelError."""
        await self._hold()
        for delivery in deliveries:
            around = self._around
            if around is not None:
                if asyncio.get_running_loop().time() - self._shown_at_s >= SHOW_S:
                    await self._show(around)
                await self._announce([announced_by(delivery)])
            await self._publish(self._topics.event(delivery))
            if around is not None:
                if not delivery.exercise and delivery.what in STATES:
                    await self._show_now(around, delivery)
                around.went(1)

    async def tend(self) -> bool:
        """Connects where there is no connection; so it is proved that the broker is there. Raises ChannelError."""
        await self._hold()
        if self._around is not None:
            await self._show(self._around)
        return True

    async def close(self) -> None:
        """Says that we are gone, and disconnects."""
        if self._client is not None:
            try:
                with contextlib.suppress(ChannelError):
                    if self._around is not None:
                        await self._publish(Message(self._topics.status, OFFLINE.encode(), retain=True))
            finally:
                await self._drop()

    async def _hold(self) -> None:
        """Connects where there is no connection. A connection is one only when all is said that comes first. Raises ChannelError."""
        if self._client is not None and self._client._disconnected.done():  # noqa: SLF001 - aiomqtt tells it nowhere else
            await self._drop()
        if self._client is None:
            self._client = await self._connected()
            is_greeted = False
            try:
                if self._around is not None:
                    await self._greet(self._around)
                is_greeted = True
            finally:
                if not is_greeted:
                    await self._drop()

    async def _connected(self) -> aiomqtt.Client:
        at = urlsplit(self._access.address)
        secure = at.scheme == "mqtts"
        client = aiomqtt.Client(
            at.hostname or "",
            at.port or (TLS_PORT if secure else PORT),
            username=self._access.user or None,
            password=self._access.password or None,
            identifier=self._identifier,
            will=None if self._around is None else aiomqtt.Will(self._topics.status, OFFLINE.encode(), qos=1, retain=True),
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

    async def _greet(self, around: Around) -> None:
        """Says what there is, how it is and that we are here: who listens gets what it means before it hears anything."""
        self._told.clear()
        self._shown.clear()
        if self._discovery:
            await self._publish(self._topics.events_discovery())
        await self._announce(self._announced)
        await self._show(around)
        await self._publish(Message(self._topics.status, ONLINE.encode(), retain=True))

    async def _announce(self, announced: Iterable[Announced]) -> None:
        """Says what there is, where that was not said."""
        new = [one for one in announced if self._discovery and one.cause not in self._told]
        await self._publish_all([self._topics.discovery(one) for one in new])
        self._told.update(one.cause for one in new)

    async def _show(self, around: Around) -> None:
        """Says how it is where that is not what was said: an end that nobody is told of, or only later, raises no alarm for good."""
        now = foremost(around.open_alerts(None))
        await self._announce([announced_as(cause, one.known.kind) for cause, one in now.items()])
        shown = {cause: now[cause].alert if cause in now else "" for cause in {*now, *self._shown, *(one.cause for one in self._announced)}}
        new = [cause for cause in sorted(shown) if self._shown.get(cause) != shown[cause]]
        await self._publish_all([self._topics.on(now[cause]) if cause in now else self._topics.off(cause) for cause in new])
        self._shown.update(shown)
        self._shown_at_s = asyncio.get_running_loop().time()

    async def _show_now(self, around: Around, last: Delivery) -> None:
        """Says how it is where a delivery is from."""
        cause = Cause(last.rule, last.camera, last.place)
        one = foremost(around.open_alerts(cause)).get(cause)
        await self._publish(self._topics.off(cause, last) if one is None else self._topics.on(one))
        self._shown[cause] = "" if one is None else one.alert

    async def _publish_all(self, messages: Sequence[Message]) -> None:
        """Returns once the broker has taken all of them, in whatever order. Raises ChannelError."""
        for first in range(0, len(messages), AT_ONCE):
            taken = await asyncio.gather(*map(self._publish, messages[first : first + AT_ONCE]), return_exceptions=True)
            for one in taken:
                if isinstance(one, BaseException):
                    raise one

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
        if self._around is not None:
            self._around.went(0)

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            # An exception that ended the connection is looked at, or asyncio complains; disconnecting is tried once and not waited for for long.
            with contextlib.suppress(aiomqtt.MqttError, OSError, ValueError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await client.__aexit__(None, None, None)
            if client._disconnected.done():  # noqa: SLF001 - as above
                client._disconnected.exception()  # noqa: SLF001 - as above
