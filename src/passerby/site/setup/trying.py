"""Opens each camera that was offered once, a few at a time, each in a sealed process of its own (`site.probing`)."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from passerby.errors import SettingsError
from passerby.released.messages import ProbeResult
from passerby.site import probing
from passerby.site.orders import CameraOrder
from passerby.site.planning import order_of
from passerby.site.secrets import Secrets
from passerby.site.settings import Camera
from passerby.site.setup.offer import Offer, Tried

AT_ONCE: Final = 4


def orders_of(offers: Sequence[Offer], folder: Path, environ: Mapping[str, str]) -> dict[str, CameraOrder]:
    """What the probe is told of each offer that is to be opened, by id.

    Args:
        offers: The cameras.
        folder: Folder of the site file.
        environ: The environment, with the variables that are in no environment yet.

    Raises:
        SettingsError: A variable or a password file that an address names is missing.
    """
    return {offer.id: _order(offer, folder, environ) for offer in offers if not offer.refused}


def _order(offer: Offer, folder: Path, environ: Mapping[str, str]) -> CameraOrder:
    keys = {"user": offer.user, "password": offer.password, "password_file": offer.password_file}
    wanted = {"id": offer.id, "source": offer.source, "purpose": "any", **{key: value for key, value in keys.items() if value}}
    try:
        camera = Camera.model_validate(wanted, context={"folder": folder})
    except ValidationError:
        raise SettingsError(
            f"camera '{offer.id}' cannot stand in a site file", "its address or its user is too long, or of characters that cannot be printed"
        ) from None
    address, problems = Secrets(environ).address(camera, "camera", folder)
    if problems:
        raise SettingsError(f"camera '{offer.id}': expected {problems[0].expected}", problems[0].hint)
    return order_of(camera, address)


def try_all(offers: Sequence[Offer], orders: Mapping[str, CameraOrder], said: Callable[[str], object]) -> list[Tried]:
    """What opening each gave, in the order of the offers.

    Args:
        offers: The cameras.
        orders: What the probe is told of them.
        said: Called with the id of each as soon as it was tried.
    """

    def one(offer: Offer) -> ProbeResult | None:
        order = orders.get(offer.id)
        result = probing.probe(order, probing.probe_command()) if order is not None else None
        said(offer.id)
        return result

    with ThreadPoolExecutor(max_workers=min(AT_ONCE, os.cpu_count() or 1)) as executor:
        return [Tried(offer, result) for offer, result in zip(offers, executor.map(one, offers), strict=True)]
