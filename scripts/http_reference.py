"""Writes docs/reference/http.md from the web application's own description, so that no address and no key can be missing there.

    python -m scripts.http_reference

tests/serve/test_reference.py fails where the file is not what this gives.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

from passerby.serve.app import WatchedSite, application
from passerby.serve.pictures import Pictures

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference" / "http.md"
HEAD: Final = """\
# Addresses of a running site

Written by `python -m scripts.http_reference` from the application itself; do not edit by hand. What they are for is told in
[the guide to running a site](../guide/run.md#addresses). The same stands in `/openapi.json`, for programs.

Everything is read with GET (or HEAD); answers are JSON unless something else is said. Nothing may be kept by a browser (`Cache-Control: no-store`).
"""


def reference() -> str:
    """The whole page, as Markdown."""
    # Describing the application asks neither the site nor the pictures.
    described = application(cast("WatchedSite", None), cast("Pictures", None)).openapi()
    parts = [HEAD]
    for path, operations in described["paths"].items():
        parts += _operation(path, operations["get"])
    schemas = described["components"]["schemas"]
    for name in sorted(schemas):
        if name.endswith("Answer"):
            parts += _schema(name, schemas[name])
    return "\n".join(parts)


def _operation(path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"## `{path}`\n"
    yield f"{operation['summary']}.\n"
    yield "| status | means | gives |\n|---|---|---|"
    for status, answer in sorted(operation["responses"].items()):
        if status != "422":  # FastAPI adds it wherever there is a parameter; no text is refused here
            words = answer["description"] if answer["description"] != "Successful Response" else "It is given."
            yield f"| {status} | {words} | {_content(answer)} |"
    yield ""


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
