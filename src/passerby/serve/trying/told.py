"""What is said of a replay: tables for people, one structure for programs."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING, Final

import msgspec

from passerby.hazards.alert import HazardKind, Severity
from passerby.hazards.listing import shown
from passerby.hazards.replaying import Basis, Firing, Tried
from passerby.hazards.words import bound, duration, number
from passerby.serve.trying.replaying import Replayed
from passerby.site.times import text_of

if TYPE_CHECKING:
    from rich.table import Table

DAY_S: Final = 86400.0
WITHOUT_S: Final = 2.0
"""Of so many seconds without recordings nothing is said: the last scene of a minute stands for them."""
FIGURES: Final = (
    "'figures': people were counted anew from figures, since pulses are never stored. How far that was off: docs/design/hazards.md, \"Replay\". Such "
    "a rule may warn some seconds earlier or later than live, and near its limit where it did not, or not where it did."
)
GAPS: Final = "of the time has no recordings; a rule of kind camera takes a gap for a camera without pictures, whatever the reason was"


class Clip(msgspec.Struct, frozen=True):
    """Where to look: a camera's recordings, and the address in the pages."""

    camera: str
    from_s: float
    to_s: float
    page: str


class FiringTold(msgspec.Struct, frozen=True):
    """An alert that there would have been; times are seconds since 1970 UTC."""

    opened_s: float
    ended_s: float | None
    lasted_s: float
    severity: Severity
    returns: int
    peak: float | None
    limit: float | None
    says: str
    clip: Clip


class RuleTold(msgspec.Struct, frozen=True):
    """A rule at one place, what it was tried on, and the alerts that it would have given."""

    rule: str
    kind: HazardKind
    camera: str
    place: str
    tried_on: Basis
    why: str
    alerts: list[FiringTold]


class ReplayTold(msgspec.Struct, frozen=True):
    """All of it."""

    from_s: float
    to_s: float
    recorded_s: dict[str, float]
    rules: list[RuleTold]
    notes: list[str]


def told_of(done: Replayed) -> ReplayTold:
    """What is said of a replay, for programs."""
    rules = [
        RuleTold(one.cause.rule, one.kind, one.cause.camera, one.cause.place, one.basis, one.why, [_firing(firing) for firing in done.of(one)])
        for one in done.tried
    ]
    return ReplayTold(done.from_s, done.to_s, dict(done.recorded_s), rules, list(notes_of(done)))


def notes_of(done: Replayed) -> Iterator[str]:
    """What one has to know of a replay."""
    if any(one.basis is Basis.FIGURES for one in done.tried):
        yield FIGURES
    whole_s = done.to_s - done.from_s
    for camera, recorded_s in sorted(done.recorded_s.items()):
        if whole_s - recorded_s > WITHOUT_S and any(one.cause.camera == camera and one.basis is not Basis.NOTHING for one in done.tried):
            yield f"{camera}: {duration(whole_s - recorded_s)} {GAPS}."
    if done.late:
        yield f"{done.late} scenes were left out: the clock had been set back before them."
    if done.failing:
        yield f"Rules that failed: {', '.join(f'{rule} ({error})' for rule, error in sorted(done.failing.items()))}."


def rules_table(done: Replayed) -> "Table":
    """How often each rule would have warned."""
    table = _table(("rule", "where", "tried on", "alerts", "a day", "longest", "in all"), right={"alerts", "a day", "longest", "in all"})
    for one in done.tried:
        found = done.of(one)
        if one.basis is Basis.NOTHING:
            _row(table, one.cause.rule, _where(one), f"not tried: {one.why}", "", "", "", "")
            continue
        recorded_s = done.recorded_s.get(one.cause.camera, 0.0)
        a_day = number(len(found) * DAY_S / recorded_s) if found and recorded_s else ""
        longest = duration(max(firing.lasted_s for firing in found)) if found else ""
        whole = duration(sum(firing.lasted_s for firing in found)) if found else ""
        _row(table, one.cause.rule, _where(one), one.basis.value + (f"; {one.why}" if one.why else ""), str(len(found)), a_day, longest, whole)
    return table


def firings_table(done: Replayed, zone: tzinfo) -> "Table":
    """When, for how long, and where to look."""
    table = _table(("opened", "lasted", "rule", "severity", "peak", "says", "clip"), right={"lasted", "peak"})
    for one in done.firings:
        lasted = duration(one.lasted_s) + ("" if one.ended_s is not None else " +")
        peak = "" if one.peak is None else number(one.peak)
        limit = "" if one.limit is None or one.peak is None else f" of {bound(one.limit)}"
        clip = f"{one.cause.camera} {text_of(one.clip_from_s, zone)} to {text_of(one.clip_to_s, zone)}"
        _row(table, text_of(one.opened_s, zone), lasted, one.cause.rule, one.severity.value, peak + limit, one.words, clip)
    return table


def _firing(one: Firing) -> FiringTold:
    camera = one.cause.camera
    clip = Clip(camera, one.clip_from_s, one.clip_to_s, f"/#/recordings/{camera}?at={one.clip_from_s:.0f}")
    return FiringTold(one.opened_s, one.ended_s, one.lasted_s, one.severity, one.returns, one.peak, one.limit, one.words, clip)


def _where(one: Tried) -> str:
    return "/".join(part for part in (one.cause.camera, one.cause.place) if part)


def _table(columns: tuple[str, ...], right: set[str]) -> "Table":
    from rich.table import Table  # noqa: PLC0415 - for a terminal only

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", no_wrap=column not in {"says", "tried on"})
    return table


def _row(table: "Table", *cells: str) -> None:
    from rich.text import Text  # noqa: PLC0415 - as above

    table.add_row(*(Text(shown(cell)) for cell in cells))
