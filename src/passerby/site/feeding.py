"""Rules that cannot work: of a place that is not there, or that the camera's release level, ground or zone cannot feed.

Looked at in the document as parsed, as `consistency` does: a wrong number elsewhere hides none of it.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeGuard

from passerby.released.scene import Level
from passerby.site.durations import duration_text, seconds_of
from passerby.site.hazards import KINDS, RESERVED_ID, KindFacts, default_limit
from passerby.site.problem import Problem

OWN_KEYS: Final = frozenset().union(*(facts.keys for facts in KINDS.values()))
"""Keys that belong to some kinds only."""
LEVELS: Final = {level.name.lower(): level for level in Level}
ABSORB_S: Final = 1800.0
_GROUND_HINT: Final = "docs/guide/ground.md tells how to give the camera its ground; occupancy and forbidden need none"


def hazard_problems(document: dict[str, Any]) -> Iterator[Problem]:
    """The problems of `[[hazard]]` tables with the rest of the file; keys of a wrong kind are left to the models."""
    tables = document.get("hazard")
    ids: dict[str, int] = {}
    watched: dict[object, int] = {}
    for index, rule in enumerate(tables if isinstance(tables, list) else []):
        if not isinstance(rule, dict):
            continue
        key, name = f"hazard[{index}]", rule.get("id")
        if isinstance(name, str):
            first = ids.setdefault(name, index)
            if first != index:
                yield Problem(f"{key}.id", f"an id that no other hazard has, hazard[{first}] has this one", "alerts hang on the id")
            elif name == RESERVED_ID:
                yield Problem(f"{key}.id", "another id: this one is of the rule that watches all cameras", 'id = "all-cameras"')
        kind = rule.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            continue  # told by the model
        if kind == "camera":
            camera = rule.get("camera")
            if isinstance(camera, str | None) and (first := watched.setdefault(camera, index)) != index:
                yield Problem(f"{key}.camera", f"a camera of which no other rule of this kind is, hazard[{first}] is of it", "leave one of them out")
        yield from _rule(rule, key, kind, KINDS[kind], document)


def _rule(rule: dict[str, Any], key: str, kind: str, facts: KindFacts, document: dict[str, Any]) -> Iterator[Problem]:
    """One rule of a known kind."""
    for name in sorted(OWN_KEYS - facts.keys):
        if name in rule:
            kinds = ", ".join(other for other, others in KINDS.items() if name in others.keys)
            yield Problem(f"{key}.{name}", f"this key with {kinds} only", "leave it out")
    yield from _numbers(rule, key, kind, facts)
    for name in ("zone", "line"):
        if name in rule and facts.place != name:
            yield Problem(f"{key}.{name}", f"no {name} with kind {kind}", f"it needs a {facts.place}" if facts.place else "it is of a whole camera")
    if kind == "counter-flow" and "direction" not in rule:
        yield Problem(f"{key}.direction", 'the way that people should go, "ab" or "ba"; the key is missing', "docs/guide/hazards/counter-flow.md")
    yield from _of_camera(rule, key, kind, facts, document)


def _of_camera(rule: dict[str, Any], key: str, kind: str, facts: KindFacts, document: dict[str, Any]) -> Iterator[Problem]:
    """Its camera, and what is of that."""
    camera = rule.get("camera")
    if camera is None:
        if facts.place:
            yield Problem(f"{key}.camera", "the id of a camera of this file; the key is missing", f"kind {kind} is of one place")
        return
    cameras = [one for one in _tables(document, "camera") if isinstance(one.get("id"), str)]
    found = next((one for one in cameras if one["id"] == camera), None)
    if found is None:
        if isinstance(camera, str) and cameras:
            known = ", ".join(one["id"] for one in cameras[:5])
            yield Problem(f"{key}.camera", f"the id of a camera of this file, such as {known}", "a rule belongs to one camera")
        return
    yield from _fed(rule, key, kind, facts, found)
    if facts.place:
        yield from _placed(rule, key, kind, facts, document)


def _numbers(rule: dict[str, Any], key: str, kind: str, facts: KindFacts) -> Iterator[Problem]:
    """Limits and times against what the kind takes."""
    low, high = facts.limits
    for name in ("limit", "alarm_limit"):
        value = rule.get(name)
        if name in facts.keys and _is_number(value) and not low <= value <= high:
            yield Problem(f"{key}.{name}", f"a number from {low:g} to {high:g} {facts.unit}", f"of kind {kind}", f"{value:g}")
    if "limit" in facts.keys and "limit" not in rule and default_limit(kind, "walking") is None and "wait" not in rule:
        more = ", or wait" if "wait" in facts.keys else ""
        yield Problem(f"{key}.limit", f"a limit in {facts.unit}{more}; the key is missing", f"docs/guide/hazards/{kind}.md")
    limit, alarm = rule.get("limit"), rule.get("alarm_limit")
    if _is_number(limit) and _is_number(alarm) and alarm <= limit:
        yield Problem(f"{key}.alarm_limit", f"a number above limit, which is {limit:g}", 'or severity = "alarm", and no alarm_limit', f"{alarm:g}")
    lasts_s = _seconds(rule.get("for"))
    if lasts_s is not None and not facts.least_for_s <= lasts_s <= facts.most_for_s:
        span = f'"{duration_text(facts.least_for_s)}" to "{duration_text(facts.most_for_s)}"'
        yield Problem(f"{key}.for", f"a duration from {span} with kind {kind}", f"left out, it is {duration_text(facts.for_s)}")


def _fed(rule: dict[str, Any], key: str, kind: str, facts: KindFacts, camera: dict[str, Any]) -> Iterator[Problem]:
    """Whether a camera gives what the kind reads."""
    level = LEVELS.get(str(camera.get("release_level", "glyphs")), Level.GLYPHS)
    if level < facts.level:
        yield Problem(
            f"{key}.kind",
            f"a kind that a camera with release_level = {level.name.lower()} can feed",
            f"{kind} needs {facts.level.name.lower()} or more; {_names(level)} need no more than {level.name.lower()}",
        )
    if facts.ground and "ground" not in camera:
        yield Problem(f"{key}.kind", f"a kind that needs no ground: camera {rule['camera']} has none", _GROUND_HINT)
    lasts_s = facts.for_s if "for" not in rule else _seconds(rule["for"])
    absorb_s = camera.get("absorb_s", ABSORB_S)
    if kind in ("static", "left-object") and lasts_s is not None and _is_number(absorb_s) and lasts_s >= absorb_s:
        hint = "what lies so long becomes part of the place before it is told"
        yield Problem(f"{key}.for", f"less than the camera's absorb_s, {absorb_s:g} s", hint, duration_text(lasts_s))


def _placed(rule: dict[str, Any], key: str, kind: str, facts: KindFacts, document: dict[str, Any]) -> Iterator[Problem]:
    """Whether its zone or line is there, and of its camera."""
    what, name = facts.place, rule.get(facts.place)
    of_camera = [one for one in _tables(document, what) if one.get("camera") == rule["camera"] and isinstance(one.get("id"), str)]
    there = ", ".join(one["id"] for one in of_camera[:5])
    hint = f"it has {there}" if there else f"it has none: add a table [[{what}]]"
    if name is None:
        yield Problem(f"{key}.{what}", f"the id of a {what} of this camera; the key is missing", hint)
        return
    found = next((one for one in of_camera if one["id"] == name), None)
    if found is None:
        if isinstance(name, str):
            yield Problem(f"{key}.{what}", f"the id of a {what} of this camera", hint)
        return
    if kind == "queue" and found.get("kind", "walking") != "queue":
        yield Problem(f"{key}.zone", "a zone of kind queue", f'set kind = "queue" at zone {found["id"]}, or use kind = "occupancy" here')
    limit, alarm = default_limit(kind, str(found.get("kind", "walking"))), rule.get("alarm_limit")
    if "limit" not in rule and limit is not None and _is_number(alarm) and alarm <= limit:
        yield Problem(f"{key}.alarm_limit", f"a number above the limit, which is {limit:g} where none is given", "", f"{alarm:g}")


def _names(level: Level) -> str:
    return ", ".join(kind for kind, facts in KINDS.items() if facts.level <= level)


def _tables(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    tables = document.get(name)
    return [one for one in tables if isinstance(one, dict)] if isinstance(tables, list) else []


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _seconds(value: object) -> float | None:
    """Seconds of a duration; None = it is none, which the model tells."""
    try:
        return seconds_of(value) if isinstance(value, str) else None
    except ValueError:
        return None
