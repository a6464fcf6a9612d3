"""Writes docs/reference/http.md from the web application's own description, so that no address and no key can be missing there.

    python -m scripts.http_reference

tests/serve/test_reference.py fails where the file is not what this gives.
"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from passerby.serve.accounts.rights import CHANGING, right_for
from passerby.serve.alerts.drill_routes import add_drills
from passerby.serve.alerts.routes import add_alerts
from passerby.serve.app import application

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference" / "http.md"
HEAD: Final = """\
# Addresses of a running site

Written by `python -m scripts.http_reference` from the application itself; do not edit by hand. What they are for is told in
[the guide to running a site](../guide/run.md#addresses). The same stands in `/openapi.json`, for programs.

What changes nothing is read with GET (or HEAD); everything else needs the header `X-Passerby: 1` and a login on the page. Where there are accounts,
each address needs the right that stands with it ([accounts](../guide/accounts.md)): without a login the answer is 401, without the right 403, to who
asks too often 429, and 503 while nobody gets in. Answers are JSON unless something else is said; nothing may be kept by a browser
(`Cache-Control: no-store`).
"""


def reference() -> str:
    """The whole page, as Markdown."""
    # Describing the application asks none of its parts.
    part: Any = SimpleNamespace(grounds=None)
    app = application(part, part, streams=part, recorded=part, measured=part, tallying=part)
    add_alerts(app, part)
    add_drills(app, part)
    described = app.openapi()
    schemas = described["components"]["schemas"]
    described = _with_words(described, schemas)
    parts = [HEAD]
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            parts += _operation(method.upper(), path, operation)
    schemas = described["components"]["schemas"]
    for name in sorted(schemas):
        if "description" in schemas[name] and "properties" in schemas[name]:
            parts += _schema(name, schemas[name])
    return "\n".join(parts)


def _with_words(node: Any, schemas: dict[str, Any]) -> Any:
    """The description with lists of words in place of references to them."""
    if isinstance(node, list):
        return [_with_words(one, schemas) for one in node]
    if not isinstance(node, dict):
        return node
    named = schemas.get(str(node.get("$ref", "")).rpartition("/")[2], {})
    if "enum" in named:
        return {**{key: value for key, value in node.items() if key != "$ref"}, "type": "string", "enum": named["enum"]}
    return {key: _with_words(value, schemas) for key, value in node.items()}


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"## `{path}`\n" if method == "GET" else f"## `{method} {path}`\n"
    right = right_for(method, path)
    needs = "Anybody may ask" if right is None else f"Needs the right `{right.value}`"
    login = ", and a login: a token does not do" if method in CHANGING and right is not None else ""
    yield f"{operation['summary']}. {needs}{login}.\n"
    asked = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    if asked:
        yield "| parameter | type | is |\n|---|---|---|"
        yield from (f"| `{one['name']}` | {_type(one['schema'])} | {one.get('description', '')} |" for one in asked)
        yield ""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield f"Sent: {_sent(content['schema'])}.\n"
    yield "| status | means | gives |\n|---|---|---|"
    for status, answer in sorted(operation["responses"].items()):
        if status != "422":  # FastAPI adds it wherever there is a parameter; what makes no sense is answered with 400
            words = answer["description"] if answer["description"] != "Successful Response" else "It is given."
            yield f"| {status} | {words} | {_content(answer)} |"
    yield ""


def _sent(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _link(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join("nothing" if one.get("type") == "null" else _sent(one) for one in schema["anyOf"])
    return "JSON with " + ", ".join(f"`{key}` ({_type(field)})" for key, field in schema["properties"].items())


def _content(answer: dict[str, Any]) -> str:
    kinds = []
    for kind, content in answer.get("content", {}).items():
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        kinds.append(_link(name) if name else f"`{kind}`")
    return ", ".join(kinds) or "–"


def _schema(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{schema['description']}\n"
    yield "| key | type | is |\n|---|---|---|"
    for key, field in schema["properties"].items():
        yield f"| `{key}` | {_type(field)} | {field.get('description', '')} |"
    yield ""


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return _link(field["$ref"].rpartition("/")[2])
    if "anyOf" in field:
        return " or ".join(_type(one) for one in field["anyOf"])
    if "enum" in field:
        return " or ".join(f"`{word}`" for word in field["enum"])
    if field["type"] == "array":
        return f"list of {_type(field['items'])}"
    return str(field["type"])


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def main() -> None:
    """Writes the page."""
    PAGE.write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
