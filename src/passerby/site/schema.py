"""The JSON Schema of `site.toml` for editors, and the reference page: both from the models, so that neither can be wrong for long."""

import json
from typing import Any, Final

from pydantic.fields import FieldInfo

from passerby.site.expected import expected_of, keys_of, tables
from passerby.site.settings import Site

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def site_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12) of the parsed file."""
    schema = Site.model_json_schema(by_alias=True, mode="validation")
    _tidy(schema)
    return {"$schema": DIALECT, "$comment": "Written by `passerby check --schema`.", **schema, "title": "site.toml of Passerby"}


def schema_text() -> str:
    """The schema as it lies in the file for editors."""
    return json.dumps(site_schema(), indent=2, ensure_ascii=False) + "\n"


def reference_page() -> str:
    """The reference of all keys, in Markdown."""
    lines = [
        "# Keys of site.toml",
        "",
        "Made from the models by `python -m scripts.site_reference`. [The guide](../guide/site.md) tells how to use the keys. A key that is not here",
        "is refused. `site.schema.json` beside this page tells the same to editors.",
        "",
    ]
    for table, model in tables():
        lines += [f"## {table}", "", (model.__doc__ or "").strip(), "", "| key | default | expected | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{key}` | {_default(field)} | {_cell(expected_of(field)[0])} | {_cell(field.description or '')} |" for key, field in keys_of(model)
        ]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    written = (field.json_schema_extra or {}).get("default") if isinstance(field.json_schema_extra, dict) else None
    value = field.default if written is None else written
    if value is None:
        return ""
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value)}`"


def _tidy(node: Any) -> None:
    """Takes out what says nothing to an editor: titles that repeat the key, `null`, which TOML has not, and defaults that are it."""
    if isinstance(node, list):
        for member in node:
            _tidy(member)
        return
    if not isinstance(node, dict):
        return
    members = node.get("anyOf", [])
    if {"type": "null"} in members:
        (kept,) = [member for member in members if member != {"type": "null"}]
        del node["anyOf"]
        node.update({key: value for key, value in kept.items() if key not in node})
    if "default" in node and (node["default"] is None or "$ref" in node):
        del node["default"]
    if isinstance(node.get("title"), str):
        del node["title"]
    for member in node.values():
        _tidy(member)
