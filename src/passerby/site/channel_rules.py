"""What single keys of a `[[channel]]` cannot tell: keys of another kind, secrets that are missing, rules and cameras that are not there."""

from collections.abc import Iterator
from typing import Any, Final

from passerby.site.channels import MQTT_SCHEMES, WEBHOOK_SCHEMES, require_channel_address
from passerby.site.hazards import KINDS, RESERVED_ID
from passerby.site.problem import Problem

CHANNEL_KIND: Final = "channel"
"""Kind of the alert that a channel fails."""
_ONLY: Final = {
    "user": "mqtt",
    "password": "mqtt",
    "password_file": "mqtt",
    "topic": "mqtt",
    "discovery": "mqtt",
    "secret": "webhook",
    "secret_file": "webhook",
    "group_from": "apprise",
}
_ADDRESSES: Final = {
    "webhook": (
        f"an address that begins with {' or '.join(f'{scheme}://' for scheme in reversed(WEBHOOK_SCHEMES))}, without a user in it",
        "requests are signed with the secret: there is no password",
    ),
    "mqtt": (
        f"{' or '.join(f'{scheme}://' for scheme in reversed(MQTT_SCHEMES))} with host and port only",
        'such as "mqtts://broker:8883"; user and password have keys of their own',
    ),
    "apprise": ("an address of apprise, with its scheme", 'such as "mailtos://${USER}:${PASSWORD}@mail.example.org?to=duty@example.org"'),
}


def channel_inconsistencies(document: dict[str, Any]) -> list[Problem]:
    """The problems between keys of channels, in the document as parsed; keys of a wrong kind are left to the models."""
    tables = document.get("channel")
    found: list[Problem] = []
    ids: dict[str, int] = {}
    known = set(KINDS) | {RESERVED_ID, CHANNEL_KIND} | _ids(document.get("hazard"))
    cameras = _ids(document.get("camera"))
    for index, table in enumerate(tables if isinstance(tables, list) else []):
        if isinstance(table, dict):
            key = f"channel[{index}]"
            found += [*_id(table, key, ids, index), *_kind(table, key), *_secrets(table, key), *_names(table, key, known, cameras)]
    return found


def _ids(tables: object) -> set[str]:
    found = (table.get("id") for table in (tables if isinstance(tables, list) else []) if isinstance(table, dict))
    return {name for name in found if isinstance(name, str)}


def _id(table: dict[str, Any], key: str, ids: dict[str, int], index: int) -> Iterator[Problem]:
    name = table.get("id")
    if isinstance(name, str) and (first := ids.setdefault(name, index)) != index:
        yield Problem(f"{key}.id", f"an id that no other channel has, channel[{first}] has this one", "what waits for a channel hangs on its id")


def _kind(table: dict[str, Any], key: str) -> Iterator[Problem]:
    kind, address = table.get("kind"), table.get("address")
    if kind not in _ADDRESSES:
        return
    for name, only in _ONLY.items():
        if name in table and kind != only:
            yield Problem(f"{key}.{name}", f"this key with kind = {only} only", "leave it out")
    if kind == "apprise" and "tls_certificate" in table:
        yield Problem(f"{key}.tls_certificate", "this key with kind = webhook or mqtt only", "apprise uses the system's authorities")
    if isinstance(address, str):
        try:
            require_channel_address(str(kind), address)
        except ValueError:
            yield Problem(f"{key}.address", *_ADDRESSES[str(kind)])


def _secrets(table: dict[str, Any], key: str) -> Iterator[Problem]:
    for name in ("password", "secret"):
        if name in table and f"{name}_file" in table:
            yield Problem(f"{key}.{name}_file", f"'{name}' or '{name}_file', not both", "leave one of them out")
    if table.get("kind") == "webhook" and "secret" not in table and "secret_file" not in table:
        yield Problem(f"{key}.secret", "the secret that requests are signed with; the key is missing", 'secret = "${WEBHOOK_SECRET}", or secret_file')
    if table.get("kind") == "mqtt" and ("password" in table or "password_file" in table) and "user" not in table:
        yield Problem(f"{key}.user", "the user name that the password belongs to; the key is missing", 'user = "passerby"')


def _names(table: dict[str, Any], key: str, known: set[str], cameras: set[str]) -> Iterator[Problem]:
    for name, there, what in (
        ("hazards", known, "ids of [[hazard]] tables of this file, or kinds of hazards"),
        ("cameras", cameras, "ids of cameras of this file"),
    ):
        values = table.get(name)
        for place, value in enumerate(values if isinstance(values, list) else []):
            if isinstance(value, str) and value not in there:
                yield Problem(f"{key}.{name}[{place}]", what, f"there are {', '.join(sorted(there)[:20])}")
