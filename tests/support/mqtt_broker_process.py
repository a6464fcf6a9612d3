"""A real MQTT broker (amqtt) as a process of its own: `python mqtt_broker_process.py PORT [PASSWORD_FILE]`. Says "ready" once it listens."""

import asyncio
import logging
import sys
import warnings

from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig, ListenerConfig


async def serve(port: int, password_file: str | None) -> None:
    plugins: dict[str, dict[str, object]] = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    if password_file is not None:
        plugins = {"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": password_file}}
    broker = Broker(BrokerConfig(listeners={"default": ListenerConfig(bind=f"127.0.0.1:{port}")}, plugins=plugins))
    await broker.start()
    print("ready", flush=True)  # noqa: T201 - whoever started us waits for it
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
