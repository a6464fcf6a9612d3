"""Webhooks: a signed POST of JSON. The only module that meets httpx.

The body is a `Letter`; any answer of 200 to 299 takes all of it. Redirects are not followed: the signed body goes to the configured server only.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import httpx
import msgspec

from passerby.clock import Clock
from passerby.hazards.channels.delivery import ChannelError, Delivery, Letter
from passerby.hazards.channels.signature import HEADER, signature_of
from passerby.hazards.channels.tls import tls_of
from passerby.site.channel_secrets import Access

WITHIN_S: Final = 10.0
"""For connecting, for each wait for the answer, and for all of its body."""
MOST: Final = 500
MOST_ANSWER_BYTES: Final = 65536
REFUSALS: Final = frozenset({400, 413, 415, 422})
"""Answers that are about the message, not about the server."""


class WebhookSender:
    """Tells an HTTP server.

    Args:
        access: Its address and the secret.
        clock: Time of the signature.
    """

    most = MOST
    summarises = False

    def __init__(self, access: Access, clock: Clock) -> None:
        self._address, self._secret, self._clock = access.address, access.secret, clock
        # httpx tells of each request with its whole address, which may be a secret.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = httpx.AsyncClient(
            timeout=WITHIN_S, follow_redirects=False, trust_env=False, verify=tls_of(access), limits=httpx.Limits(max_connections=1)
        )

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Posts them. Raises ChannelError."""
        body = msgspec.json.encode(Letter(deliveries=tuple(deliveries)))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "passerby",
            "Passerby-Delivery": deliveries[0].id,
            HEADER: signature_of(self._secret, body, self._clock.wall_s()),
        }
        reason, status = "", 0
        try:
            async with self._client.stream("POST", self._address, content=body, headers=headers) as answer:
                status = answer.status_code
                async with asyncio.timeout(WITHIN_S):
                    await _read(answer)
        except (httpx.TimeoutException, TimeoutError):
            reason = "no answer in time"
        except httpx.ConnectError as error:
            reason = "the certificate is not accepted" if "CERTIFICATE" in str(error).upper() else "no connection"
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError):
            reason = "the connection broke"
        if not status:
            raise ChannelError(reason)
        # What was answered counts, also where its body, which says nothing to us, did not come to its end.
        if not 200 <= status < 300:
            raise ChannelError(f"the server answers {status}", refused=status in REFUSALS)

    async def tend(self) -> bool:
        """Nothing is held, and nothing is proved."""
        return False

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.aclose()


async def _read(answer: httpx.Response) -> None:
    """Reads the body, so that the connection can be used again. It says nothing to us, and may never end."""
    read = 0
    async for part in answer.aiter_raw():
        read += len(part)
        if read > MOST_ANSWER_BYTES:
            return
