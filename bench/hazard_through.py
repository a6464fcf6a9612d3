"""Incidents through pixels: each kind of rule on clips of the simulated plaza, through the real gate, the worker's metering and the site's rules.

A place is drawn and learned once, and each incident begins there as if nothing else had been: gate, meter and rules are copied at that moment.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Final

import numpy as np

from bench.attack_groups import seed_of
from bench.hazard_places import CONDITIONS, FOR_S, MEASURED_OVER, SIZE, STAIRS, condition_of, settings_in, site_of_plaza, within
from bench.hazard_staging import BAGS_M, BEGINS_S, MOST_S, SCENES, Staged, bags_at, growing_crowd, passers
from bench.hazard_trials import lower_bound, quantile
from bench.hazard_watch import CORRECTED, DETECTED, Told, Watching, mapped
from bench.hazard_world import START_S
from passerby.measure.crowd import Count, trained
from passerby.redact.detection import load_detector
from passerby.released.measurement import Pulse
from passerby.sealed.gate.detector import Detector
from passerby.simulate.path import Path
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings
from passerby.site.orders import CrowdModel

FPS: Final = 5
CLIPS: Final = 20
COUNTS: Final = 20
"""Somebody counts so often while a crowd comes."""
COUNTED_PER_M2: Final = 4.2
COUNTED_OVER_S: Final = 90.0
COUNTS_AFTER_S: Final = 6.0
LOOKS_HZ: Final = (5.0, 2.5)
"""Of the places in turn, once they are learned: as often as a gate looks where a machine has time, and about as often as where it has none left."""
SAYS: Final = {"rise": "rising by"}
"""What an alert of a rule must say besides: a rise is to be told before the limit is reached."""
BY_COUNTS: Final = frozenset({"density", "rise"})
"""Rules that are read a second time with counts that are corrected."""
EDGE_S: Final = 1.0
"""Onsets are told to the second: an alert that comes so long before one may still be of it."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Which incident: the number of its place, the light, how often the gate looks, and which form of it this is."""

    number: int
    condition: str
    looks_hz: float
    what: str


@dataclass(frozen=True, slots=True)
class Clip:
    """An incident, as one rule told it.

    Attributes:
        rule: The rule; with ", corrected" where it heard corrected counts.
        incident: Which.
        late_s: When somebody was told, in seconds after its onset and the rule's `for`; None = nobody was told from the onset on.
        others: Other rules that told something after it began, which it may have given reason for.
        early: Whether that was for an alert from before the onset, which told it for nothing and went on: neither found nor missed.
    """

    rule: str
    incident: Incident
    late_s: float | None
    others: tuple[str, ...]
    early: bool = False

    @property
    def is_missed(self) -> bool:
        """Whether nobody was told before or after."""
        return self.late_s is None and not self.early


@dataclass(frozen=True, slots=True)
class PlaceClips:
    """All incidents at one place, and what was told there before any of them."""

    clips: tuple[Clip, ...]
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many counts of somebody there had the numbers of a crowd beside them, and the correction of zones that came of it, if one did."""

    usable: int
    corrections: Mapping[str, CrowdModel]


@dataclass(frozen=True, slots=True)
class _Asked:
    commit: str
    number: int
    scenes: tuple[str, ...]
    corrections: Mapping[str, CrowdModel]


def settings_of(seed: int, condition: str) -> SimulationSettings:
    """The place of a seed, its people and its light."""
    plain = SimulationSettings(
        size=SIZE, fps=FPS, seconds=MOST_S, motion_seed=seed % 2**31, gait_seed=seed % 2**31, appearance_seed=seed % 2**31, place_seed=seed % 2**31
    )
    return settings_in(plain, condition)


def at_place(commit: str, number: int, scenes: Iterable[str], corrections: Mapping[str, CrowdModel], detector: Detector) -> PlaceClips:
    """Learns a place, and has each incident happen there once."""
    seed, condition, looks_hz = seed_of(commit, "through", number), condition_of(number), LOOKS_HZ[number % len(LOOKS_HZ)]
    settings = settings_of(seed, condition)
    others = passers(np.random.default_rng(seed))
    watching = Watching(site_of_plaza(), SIZE, detector, corrections)
    first = round(BEGINS_S * FPS)
    for shot in Plaza(settings, paths=others).film(range(first)):
        watching.see(shot.picture, shot.time_s)
    watching.look(looks_hz)
    clips: list[Clip] = []
    for scene in scenes:
        staged = SCENES[scene](np.random.default_rng(seed_of(commit, "through", scene, number)), others)
        bag_m = BAGS_M[number // len(CONDITIONS) % len(BAGS_M)]
        what = f"{staged.what}, bag {bag_m:g} m off" if staged.events else staged.what
        staged = replace(staged, events=bags_at(bag_m, staged.events, settings.place_seed, SIZE))
        incident = Incident(number, condition, looks_hz, what)
        told = _told_of(staged, watching.copied(), settings, others)
        clips += clips_of(incident, staged, told, len(watching.told), corrected=bool(corrections))
    return PlaceClips(tuple(clips), tuple(f"{one.rule} ({one.how}): {one.words} at {one.at_s:g} s" for one in watching.told))


def _told_of(staged: Staged, watching: Watching, settings: SimulationSettings, others: Sequence[Path]) -> list[Told]:
    """All that was told until the last of the rules has told the incident, or it is over; what was told before it began comes first."""
    settings = replace(settings, events=(*settings.events, *staged.events))
    frames = range(round(BEGINS_S * FPS), math.ceil(min(MOST_S, staged.ends_s) * FPS))
    for shot in Plaza(settings, paths=(*others, *staged.paths)).film(frames):
        watching.see(shot.picture, shot.time_s)
        if all(_answer(watching.told, rule, how, staged.onsets_s[rule]) for rule, how in _wanted(staged, corrected=watching.is_corrected)):
            break
    return watching.told


def _wanted(staged: Staged, *, corrected: bool) -> Iterator[tuple[str, str]]:
    for rule in staged.onsets_s:
        yield rule, DETECTED
        if corrected and rule in BY_COUNTS:
            yield rule, CORRECTED


def clips_of(incident: Incident, staged: Staged, told: Sequence[Told], before: int, *, corrected: bool) -> Iterator[Clip]:
    """What each rule told of an incident.

    Args:
        incident, staged: Which.
        told: Everything that was told, in order.
        before: So many of them before it began.
        corrected: Whether rules were read with corrected counts, too.
    """
    for rule, how in _wanted(staged, corrected=corrected):
        onset_s, waits_s = staged.onsets_s[rule], 0.0 if rule in MEASURED_OVER else FOR_S[rule]
        answer = _answer(told, rule, how, onset_s)
        late_s = None if answer is None else answer.at_s - onset_s - waits_s
        early = answer is None and any(one.until_s is None or one.until_s > onset_s for one in _of(told, rule, how))
        others = tuple(sorted({one.rule for one in told[before:] if one.how == how and one.rule not in staged.onsets_s}))
        yield Clip(rule if how == DETECTED else f"{rule}, corrected", incident, late_s, others, early)


def _of(told: Sequence[Told], rule: str, how: str) -> Iterator[Told]:
    """What a rule told of what it is there for."""
    return (one for one in told if (one.rule, one.how) == (rule, how) and SAYS.get(rule, "") in one.words)


def _answer(told: Sequence[Told], rule: str, how: str, onset_s: float) -> Told | None:
    """The first that a rule told from an onset on."""
    return next((one for one in _of(told, rule, how) if one.at_s >= onset_s - EDGE_S), None)


def counted(commit: str, detector: Detector) -> Counted:
    """A correction for the stairs, from twenty counts of somebody who stands there while a crowd comes; at a place and with people of its own."""
    seed = seed_of(commit, "through", "counts")
    people = growing_crowd(COUNTED_PER_M2, COUNTED_OVER_S, np.random.default_rng(seed))
    watching, pulses = Watching(site_of_plaza(), SIZE, detector), list[Pulse]()
    watching.pulses = lambda one: pulses.append(one) if isinstance(one, Pulse) else None
    settings = settings_of(seed, "day")
    for shot in Plaza(settings, paths=people):
        if shot.time_s > BEGINS_S + COUNTED_OVER_S + COUNTS_AFTER_S + 2.0:
            break
        watching.see(shot.picture, shot.time_s)
    counts = []
    by_second = {round(pulse.wall_s) - START_S: pulse for pulse in pulses}
    for at_s in np.linspace(BEGINS_S + COUNTS_AFTER_S, BEGINS_S + COUNTED_OVER_S + COUNTS_AFTER_S, COUNTS).round().astype(int):
        there = np.array([path.at(at_s - 0.5).xy_m for path in people if path.present(at_s - 0.5)]).reshape(-1, 2)
        pulse = by_second.get(int(at_s))
        numbers = None if pulse is None else next(zone.crowd for zone in pulse.zones if zone.zone == STAIRS)
        counts += [] if numbers is None else [Count(float(within(there, STAIRS).sum()), numbers)]
    model = trained(counts)
    return Counted(len(counts), {} if model is None else {STAIRS: model})


def through(commit: str, jobs: int, *, small: bool) -> dict[str, Any]:
    """All incidents at all places."""
    counts = Counted(0, {}) if small else next(mapped(_counted, [commit], 1))
    if not small:
        print(f"  {counts.usable} of {COUNTS} counts can be used; correction: {', '.join(counts.corrections) or 'none'}", flush=True)
    numbers = range(1 if small else CLIPS)
    places = []
    for place in mapped(_at_place, [_Asked(commit, number, tuple(SCENES), counts.corrections) for number in numbers], jobs):
        places.append(place)
        missed = ", ".join(clip.rule for clip in place.clips if clip.is_missed)
        early = ", ".join(clip.rule for clip in place.clips if clip.early)
        words = f"missed: {missed or 'none'}; early: {early or 'none'}; before: {len(place.before)}"
        print(f"  place {len(places)}: {len(place.clips)} incidents; {words}", flush=True)
    return {"counts": {"made": 0 if small else COUNTS, "usable": counts.usable}, **found_of(places, places_s=BEGINS_S)}


def found_of(places: Sequence[PlaceClips], places_s: float) -> dict[str, Any]:
    """What is kept: by rule, and what was told for nothing before."""
    rules: dict[str, list[Clip]] = {}
    for place in places:
        for clip in place.clips:
            rules.setdefault(clip.rule, []).append(clip)
    return {
        "before": {"seconds": places_s * len(places), "alerts": [words for place in places for words in place.before]},
        "rules": {rule: _of_rule(clips) for rule, clips in rules.items()},
    }


def _of_rule(clips: Sequence[Clip]) -> dict[str, Any]:
    late = [clip.late_s for clip in clips if clip.late_s is not None]
    forms: Mapping[str, Callable[[Incident], str]] = {
        "by_condition": lambda one: one.condition,
        "by_looks_hz": lambda one: f"{one.looks_hz:g}",
        "by_form": lambda one: one.what,
    }
    return {
        "clips": len(clips),
        "found": len(late),
        "early": sum(clip.early for clip in clips),
        "bound": lower_bound(len(late), len(clips)),
        **{name: _shares(clips, form) for name, form in forms.items()},
        "late_s": {"median": median(late), "p95": quantile(late, 0.95), "most": max(late), "least": min(late)} if late else None,
        "missed": [(clip.incident.number, clip.incident.condition, clip.incident.looks_hz, clip.incident.what) for clip in clips if clip.is_missed],
        "others": dict(Counter(rule for clip in clips for rule in clip.others)),
    }


def _shares(clips: Sequence[Clip], form: Callable[[Incident], str]) -> dict[str, str]:
    """Found of all, by a form."""
    found: dict[str, list[bool]] = {}
    for clip in clips:
        found.setdefault(form(clip.incident), []).append(clip.late_s is not None)
    return {name: f"{sum(one)}/{len(one)}" for name, one in sorted(found.items())}


def through_rows(found: Mapping[str, Any]) -> Iterator[list[str]]:
    """Rows of the table."""
    for rule, one in found["rules"].items():
        late = "-" if one["late_s"] is None else f"{one['late_s']['median']:.0f} / {one['late_s']['most']:.0f} (most)"
        shares = "  ".join(f"{name} {share}" for name, share in one["by_condition"].items())
        more = f"{late}; early {one['early']}" if one["early"] else late
        yield [f"recall through pixels, {rule}", f"{one['found']} of {one['clips']}; {shares}", f"bound {one['bound']:.1%}", "", more]
    before = found["before"]
    yield ["false alerts before the incidents", f"{before['seconds']:g} s", f"{len(before['alerts'])}", "none", ""]


def _at_place(asked: _Asked) -> PlaceClips:
    return at_place(asked.commit, asked.number, asked.scenes, asked.corrections, load_detector("yolox-nano", "cpu").detector)


def _counted(commit: str) -> Counted:
    return counted(commit, load_detector("yolox-nano", "cpu").detector)
