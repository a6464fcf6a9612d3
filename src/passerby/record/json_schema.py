"""JSON Schemas as tools for MCAP want them: one object from the top on, without references within."""

from typing import Any

import msgspec


def schema_of(kind: type) -> bytes:
    """The schema of a structure, as JSON. The structures hold one another, but never themselves."""
    schema = msgspec.json.schema(kind)
    return msgspec.json.encode(_resolved(schema, schema["$defs"]))


def _resolved(part: Any, named: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_resolved(item, named) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _resolved(named[part["$ref"].rpartition("/")[2]], named)
    return {key: _resolved(value, named) for key, value in part.items() if key != "$defs"}
