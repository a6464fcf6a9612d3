"""Whether a value fits a JSON Schema: the few words of it that the project's schemas use. A word that is not known here is an error."""

import re
from collections.abc import Callable
from typing import Any

SILENT = {"$schema", "$comment", "$defs", "title", "description", "default", "items", "properties", "additionalProperties"}
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def is_valid(value: Any, schema: dict[str, Any]) -> bool:
    """Whether the value fits."""
    return _fits(value, schema, schema)


def _fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    if "$ref" in schema:
        return _fits(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    wrong = [word for word, rule in schema.items() if word not in SILENT and not _word_fits(value, word, rule)]
    below = schema.get("properties", {})
    if isinstance(value, dict):
        assert schema.get("additionalProperties") is False
        wrong += [key for key, member in value.items() if key not in below or not _fits(member, below[key], root)]
    if isinstance(value, list):
        wrong += ["items" for member in value if not _fits(member, schema["items"], root)]
    return wrong == []


def _word_fits(value: Any, word: str, rule: Any) -> bool:
    """Whether one word of a schema holds; each holds for all values of a kind that it says nothing of."""
    rules: dict[str, tuple[Any, Callable[[Any], bool]]] = {
        "type": (object, lambda v: isinstance(v, KINDS[rule]) and (rule == "boolean" or not isinstance(v, bool))),
        "enum": (object, lambda v: v in rule),
        "pattern": (str, lambda v: re.search(rule, v) is not None),
        "minimum": (int | float, lambda v: v >= rule),
        "maximum": (int | float, lambda v: v <= rule),
        "minLength": (str, lambda v: len(v) >= rule),
        "maxLength": (str, lambda v: len(v) <= rule),
        "minItems": (list, lambda v: len(v) >= rule),
        "maxItems": (list, lambda v: len(v) <= rule),
        "required": (dict, lambda v: set(rule) <= set(v)),
    }
    kind, holds = rules[word]
    return not isinstance(value, kind) or holds(value)
