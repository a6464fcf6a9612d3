"""What belongs under a key of `site.toml`, found from the models themselves, so that an error, the schema and the reference say the same."""

import difflib
import math
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from passerby.site.problem import Problem, key_path
from passerby.site.secrets import SECRET_KEYS
from passerby.site.settings import Site
from passerby.site.values import Expect

KeyParts = tuple[int | str, ...]
Fault = tuple[str, KeyParts, object]
"""Kind, place and input of what pydantic found."""


def problems_of_faults(faults: Iterable[Fault]) -> list[Problem]:
    """What pydantic found, in our words. Of its own words none are taken: they may quote the input."""
    return [_problem(*fault) for fault in faults if not _is_echo(*fault)]


def _is_echo(kind: str, loc: KeyParts, value: object) -> bool:
    """Whether the list of cameras is called too short only because each of its members is wrong."""
    return kind == "too_short" and loc == ("camera",) and isinstance(value, list) and len(value) > 0


def _problem(kind: str, loc: KeyParts, value: object) -> Problem:
    if kind == "extra_forbidden":
        return _unknown(loc)
    path, _, field = _walk(loc)
    key = key_path(loc[: len(path)])
    if field is None:
        return Problem(key or "site", "a table of keys", _table_hint(loc))
    words, hint = expected_of(field)
    if kind == "missing":
        return Problem(key_path(loc), f"{words}; the key is missing", hint)
    return Problem(key_path(loc), words, hint, _given(loc, value, words))


def _table_hint(loc: KeyParts) -> str:
    return "cameras stand in tables of their own, [[camera]]" if loc[:1] == ("camera",) else ""


def _unknown(loc: KeyParts) -> Problem:
    """A key that there is not, with the one that was meant."""
    _, model, field = _walk(loc[:-1])
    model = model if field is None else _model_of(field.annotation) or model
    known = [name for name, _ in keys_of(model)]
    key = key_path(loc)
    near = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=0.6)
    elsewhere = [table for table, other in tables() if str(loc[-1]) in (name for name, _ in keys_of(other))]
    if near:
        hint = f"did you mean '{near[0]}'?"
    elif elsewhere:
        hint = f"it belongs under {elsewhere[0]}"
    else:
        hint = f"known are {', '.join(known)}"
    return Problem(key, "a key that there is", hint)


def tables() -> Iterator[tuple[str, type[BaseModel]]]:
    """The tables of the file as they are written, and their models."""
    for key, field in keys_of(Site):
        model = _model_of(field.annotation)
        if model is not None:
            yield (f"[[{key}]]" if typing.get_origin(field.annotation) is tuple else f"[{key}]"), model


def keys_of(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The keys of a table and what is known of them."""
    for name, field in model.model_fields.items():
        yield field.alias or name, field


def _walk(loc: KeyParts) -> tuple[KeyParts, type[BaseModel], FieldInfo | None]:
    """As far as the parts lead through models: the parts up to the field, the last model, and its field (None = the model itself)."""
    model: type[BaseModel] = Site
    field: FieldInfo | None = None
    for index, part in enumerate(loc):
        if isinstance(part, int):
            if field is not None and (below := _model_of(field.annotation)) is not None:
                model, field = below, None
                continue
            return loc[:index], model, field
        if field is not None:
            below = _model_of(field.annotation)
            if below is None:
                return loc[:index], model, field
            model = below
        field = dict(keys_of(model)).get(part)
        if field is None:
            return loc[: index + 1], model, None
    return loc, model, field


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation: itself, or the members of a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in typing.get_args(annotation) if (model := _model_of(part)) is not None), None)


def expected_of(field: FieldInfo) -> tuple[str, str]:
    """What belongs under a key, and a hint: as its `Expect` says, or from its bounds."""
    metadata = [*field.metadata, *_metadata_of(field.annotation)]
    expect = next((item for item in metadata if isinstance(item, Expect)), Expect(""))
    if expect.words:
        return expect.words, expect.hint
    low = next((item.ge for item in metadata if hasattr(item, "ge")), None)
    high = next((item.le for item in metadata if hasattr(item, "le")), None)
    if low is None or high is None:
        return f"a table with keys such as {', '.join(key for key, _ in keys_of(_model_of(field.annotation) or Site))}", expect.hint
    kind = "a whole number" if _is_whole(field.annotation) else "a number"
    return f"{kind} from {low:g} to {high:g}", expect.hint


def _is_whole(annotation: Any) -> bool:
    return annotation is int or any(_is_whole(part) for part in typing.get_args(annotation))


def _metadata_of(annotation: Any) -> list[Any]:
    """The metadata of the members of `Annotated[...] | None`."""
    found: list[Any] = []
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            for item in getattr(part, "__metadata__", ()):
                found += item.metadata if isinstance(item, FieldInfo) else [item]
    return found


def _given(loc: KeyParts, value: object, words: str) -> str:
    """What stands there: a number, or a text where none belongs. No text is repeated, and nothing that stands under a key for secrets."""
    if SECRET_KEYS & {part for part in loc if isinstance(part, str)}:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**9 else "a huge number"
    if isinstance(value, float):
        return f"{value:g}" if math.isfinite(value) else "a number that is not finite"
    return "a text in quotation marks" if isinstance(value, str) and words.startswith(("a number", "a whole number", "true")) else ""
