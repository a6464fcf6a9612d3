"""That the configuration changed goes into the receipts before it takes effect (invariant I7), also if the site file was changed while nothing ran.

What was last in force lies in the state folder as `configured.json`: tables, keys and values. Of a camera's whole address, user and password there is
a salted, slow digest (scrypt), so that a change is noticed and cannot be read: the receipt says that it changed, not from what to what.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from passerby.clock import Clock
from passerby.record.receipts import Act, Receipt, ReceiptSink
from passerby.released.durable import replace_file
from passerby.released.partial_file import output_error
from passerby.site.channels import Channel
from passerby.site.section import Section
from passerby.site.settings import Camera, Site

FILE: Final = "configured.json"
NEVER_TOLD: Final = ("source", "user", "password", "password_file", "push", "id")
MOST_LETTERS: Final = 400
"""Of one value."""
SEALED: Final = "stream and login"
SEALED_PUSH: Final = "where it is sent"
SEALED_CHANNEL: Final = "address and secrets"
ALL_SEALED: Final = frozenset({SEALED, SEALED_PUSH, SEALED_CHANNEL})
CHANNEL_SECRETS: Final = ("address", "secret", "secret_file")
"""Of a channel, besides `NEVER_TOLD`."""
SALT: Final = "salt"
SALT_BYTES: Final = 16
SCRYPT: Final[Mapping[str, int]] = MappingProxyType({"n": 2**14, "r": 8, "p": 1, "dklen": 32})
"""RFC 7914 with its parameters for interactive use: some tens of milliseconds a camera."""

Tables = Mapping[str, Mapping[str, Any]]
"""Values by key, by table: "site", "recording", ..., and for each camera "camera gate-2", each zone "zone gate-2 hall", and so on."""


class ConfigurationRecord:
    """What configuration was in force last, and the receipts of its changes.

    Args:
        folder: The state folder.
        receipts: Where changes are written down.
        clock: Time.
    """

    def __init__(self, folder: Path, receipts: ReceiptSink, clock: Clock) -> None:
        self._path, self._receipts, self._clock = folder / FILE, receipts, clock

    def note(self, site: Site, by: str) -> tuple[str, ...]:
        """Writes down what differs from what was in force last, and gives it in words; to be called before the site takes effect.

        Raises:
            ReceiptError: It could not be written down: the change must not take effect.
            OutputError: It could not be kept that it was.
        """
        before = self._read()
        salt = _salt_of(before)
        tables = tables_of(site, salt)
        words = tuple(changes(before, tables))
        for table, change in words:
            camera = table.removeprefix("camera ") if table.startswith("camera ") else ""
            why = change if camera else f"{table}: {change}"
            self._receipts.write(Receipt(kind=Act.CONFIGURED, wall_s=self._clock.wall_s(), by=by, camera=camera, why=why))
        if words:
            try:
                replace_file(self._path, json.dumps(tables, indent=1, sort_keys=True).encode("utf-8"))
            except OSError as error:
                raise output_error(self._path, error) from error
        return tuple(f"{table}: {change}" for table, change in words)

    def _read(self) -> Tables:
        """What was in force last; what cannot be read counts as nothing, so that everything is written down anew."""
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        good = isinstance(found, dict) and all(isinstance(values, dict) for values in found.values())
        return found if good else {}


def tables_of(site: Site, salt: bytes) -> Tables:
    """What of a site's configuration may be told, ready for JSON, and digests of what may not."""
    tables: dict[str, dict[str, Any]] = {SALT: {SALT: salt.hex()}}
    tables |= {"site": _values(site.place), "server": _values(site.server), "recording": _values(site.recording)}
    tables |= {"measurements": _values(site.measurements), "detector": _values(site.detector)}
    for camera in site.cameras:
        shown = {"address": camera.shown_source, "push": camera.shown_push}
        digests = {SEALED: _digest(camera, salt), SEALED_PUSH: None if camera.push is None else _digest_of([camera.push.get_secret_value()], salt)}
        tables[f"camera {camera.id}"] = {**_values(camera), **shown, **digests}
    for zone in site.zones:
        tables[f"zone {zone.camera} {zone.id}"] = _values(zone)
    for line in site.lines:
        tables[f"line {line.camera} {line.id}"] = _values(line)
    tables["hazards"] = _values(site.hazard_settings)
    for hazard in site.hazards:
        tables[f"hazard {hazard.id}"] = _values(hazard)
    for channel in site.channels:
        told = json.loads(channel.model_dump_json(exclude={*NEVER_TOLD, *CHANNEL_SECRETS}))
        tables[f"channel {channel.id}"] = {**told, "address": channel.shown_address, SEALED_CHANNEL: _digest_of(_channel_secrets(channel), salt)}
    return tables


def changes(old: Tables, new: Tables) -> Iterator[tuple[str, str]]:
    """Table by table, what changed, in words."""
    for table in old:
        if table not in new and table != SALT:
            yield table, "removed"
    for table, values in new.items():
        if table == SALT:
            continue
        if table not in old:
            yield table, f"new: {', '.join(f'{key} {_told(value)}' for key, value in values.items() if key not in ALL_SEALED)}"
            continue
        found = [_changed(key, old[table].get(key), value) for key, value in values.items() if old[table].get(key) != value]
        if found:
            yield table, ", ".join(found)


def _values(section: Section) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(section.model_dump_json(exclude=set(NEVER_TOLD)))
    return values


def _changed(key: str, before: object, after: object) -> str:
    return f"{key} changed" if key in ALL_SEALED else f"{key} {_told(before)} -> {_told(after)}"


def _digest(camera: Camera, salt: bytes) -> str:
    """Of everything by which a camera is reached and that may not be told."""
    secrets = [None if one is None else one.get_secret_value() for one in (camera.source, camera.user, camera.password)]
    return _digest_of([*secrets, None if camera.password_file is None else str(camera.password_file)], salt)


def _channel_secrets(channel: Channel) -> list[str | None]:
    """Everything by which a channel reaches whom it tells."""
    secrets = [None if one is None else one.get_secret_value() for one in (channel.address, channel.user, channel.password, channel.secret)]
    return [*secrets, *(None if one is None else str(one) for one in (channel.password_file, channel.secret_file))]


def _digest_of(values: list[str | None], salt: bytes) -> str:
    said = json.dumps(values)
    return hashlib.scrypt(said.encode("utf-8"), salt=salt, **SCRYPT).hex()


def _salt_of(tables: Tables) -> bytes:
    """The salt of before, or a new one, with which everything counts as changed."""
    try:
        salt = bytes.fromhex(tables.get(SALT, {}).get(SALT, ""))
    except (TypeError, ValueError):
        salt = b""
    return salt if len(salt) == SALT_BYTES else os.urandom(SALT_BYTES)


def _told(value: object) -> str:
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
