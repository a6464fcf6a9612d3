"""The attacks from end to end: groups simulated and noted, or read back; then each attack, on the clip, the released stream and measurements."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from bench.attack_groups import Extent, Named, alone, crossed, linkage
from bench.attack_linkage import Likeness, LinkResult, visits_of
from bench.attack_linkage import linkage as link
from bench.attack_notes import Notes
from bench.attack_pairs import PairResult, attack
from bench.attack_visits import Group, noted
from bench.privacy_jobs import detector, done
from bench.results import percent, show

AUC_RAW: Final = 0.9
AUC_UPPER: Final = 0.55
EXCESS: Final = 0.02
Say = Callable[[str], None]
LINK_KINDS: Final = (("raw_appearance", "raw_gait"), ("released", "released"), ("together", "together"), ("measured", "measured"))
"""Features from which appearance and gait are told: of the clip, of the released stream, of that and what was measured, of what was measured."""
PAIR_ATTACKS: Final = (("appearance", "raw_appearance"), ("gait", "raw_gait"))


@dataclass(frozen=True)
class PairAttack:
    """An attack on the clip and on the released stream; None = too few walks."""

    name: str
    raw: PairResult | None
    released: PairResult | None


@dataclass(frozen=True)
class LinkAttack:
    """The same for linkage; also from the released stream with what was measured beside it, and from that alone."""

    name: str
    raw: LinkResult
    released: LinkResult
    together: LinkResult
    measured: LinkResult


def notes_of(groups: Sequence[Named], folder: Path, jobs: int, say: Say) -> dict[str, Notes]:
    """The notes of groups by name: from the folder, and the others simulated and kept there."""
    tasks = {one.name: one.group for one in groups if not _file(folder, one.name).exists()}
    for name, notes in done(tasks, simulated, jobs, say):
        notes.save(_file(folder, name))
    return {one.name: Notes.load(_file(folder, one.name)) for one in groups}


def simulated(group: Group) -> Notes:
    """The notes of one group, in whichever process this is."""
    return noted(group, detector())


def pair_attacks(notes: dict[str, Notes]) -> list[PairAttack]:
    """Appearance and gait, from crossed walks; and from those of people who are alone, where there are any."""
    training, test = (_part(notes, f"crossed-{part}") for part in ("training", "test"))
    found = [PairAttack(name, _tried(training, test, raw, name), _tried(training, test, "released", name)) for name, raw in PAIR_ATTACKS]
    if any(name.startswith("alone-") for name in notes):
        training, test = (_part(notes, f"alone-{part}") for part in ("training", "test"))
        found += [PairAttack(f"{name}, alone and first", None, _tried(training, test, "released", name)) for name, _ in PAIR_ATTACKS]
    return found


def _tried(training: Notes, test: Notes, features: str, walker: str) -> PairResult | None:
    learned, tried = training.walks(features, walker), test.walks(features, walker)
    return attack(learned, tried) if len(learned.group) and len(tried.group) else None


def link_attacks(notes: dict[str, Notes]) -> list[LinkAttack]:
    """Across a gap at one camera, and across two cameras."""
    training = _part(notes, "crossed-training")
    likeness = [Likeness.learned(training, kinds) for kinds in LINK_KINDS]
    numbers = sorted({name.rsplit("-", 1)[1] for name in notes if name.startswith("linkage-")})
    found = []
    for name, pairs in (("across 10 s", _same_camera), ("across two cameras", _two_cameras)):
        of_all = [pair for number in numbers for pair in pairs(notes, number)]
        found.append(LinkAttack(name, *(link(of_all, one) for one in likeness)))
    return found


def _same_camera(notes: dict[str, Notes], number: str) -> list[tuple[Notes, Notes, bool]]:
    """Each visit with each later one."""
    found = []
    for people in ("same", "redrawn"):
        visits = visits_of(notes[f"linkage-{people}-here-{number}"])
        found += [(before, after, people == "same") for at, before in enumerate(visits) for after in visits[at + 1 :]]
    return found


def _two_cameras(notes: dict[str, Notes], number: str) -> list[tuple[Notes, Notes, bool]]:
    """Each visit here with each visit there."""
    found = []
    for people in ("same", "redrawn"):
        here, there = (visits_of(notes[f"linkage-{people}-{camera}-{number}"]) for camera in ("here", "there"))
        found += [(before, after, people == "same") for before in here for after in there]
    return found


def run_linkage(commit: str, extent: Extent, folder: Path, jobs: int, say: Say) -> list[LinkAttack]:
    """Linkage alone, on the notes that `run_attacks` makes, too: a third of the work."""
    training = [one for one in crossed(commit, extent) if one.name.startswith("crossed-training")]
    return link_attacks(notes_of([*training, *linkage(commit, extent)], folder, jobs, say))


def run_attacks(commit: str, extent: Extent, folder: Path, jobs: int, say: Say) -> tuple[list[PairAttack], list[LinkAttack]]:
    """All attacks of a commit. `folder` keeps the notes of walks, and is of this commit and this extent of groups."""
    notes = notes_of([*crossed(commit, extent), *alone(commit, extent), *linkage(commit, extent)], folder, jobs, say)
    return pair_attacks(notes), link_attacks(notes)


def show_pairs(pairs: Sequence[PairAttack]) -> None:
    """Prints the attacks on appearance and gait."""
    rows = [[f"same {one.name}?", *_auc(one.raw, of_raw=True), *_auc(one.released, of_raw=False)] for one in pairs]
    columns = ["", "clip: AUC", "95 %", "pairs", "stream: AUC", "95 %", "pairs", "attacker"]
    note = f"counts if the clip's lower bound shows the attack at work (AUC >= {AUC_RAW:g}); asked of the stream: upper bound <= {AUC_UPPER:g}"
    show("attacks on walks: clip and released stream", columns, rows, note)


def show_links(links: Sequence[LinkAttack], pace: LinkResult) -> None:
    """Prints linkage: from the clip and the stream, then without and with what was measured."""
    lines = [[one.name, *_link(one.raw), *_link(one.released, EXCESS)] for one in links]
    columns = ["", "clip: right", "redrawn", "excess", "95 %", "stream: right", "redrawn", "excess", "95 %", "matches"]
    show(
        "linkage: walkers matched right",
        columns,
        [[*line[:5], *line[6:]] for line in lines],
        f"asked of the stream: excess <= {100 * EXCESS:g} points",
    )
    measured = [[f"{one.name}, {words}", *_link(found, EXCESS)] for one in links for words, found in _by_kind(one)]
    show(
        "linkage: without measurements and with them",
        ["", "right", "redrawn", "excess", "95 %", "matches"],
        [*measured, ["people who keep their pace, measurements alone", *_link(pace)]],
        f"asked: excess <= {100 * EXCESS:g} points; the last row shows the attack at work, without pixels, where there is something to find",
    )


def _by_kind(attacked: LinkAttack) -> list[tuple[str, LinkResult]]:
    return [("stream", attacked.released), ("stream and measurements", attacked.together), ("measurements alone", attacked.measured)]


def results(pairs: Sequence[PairAttack], links: Sequence[LinkAttack], pace: LinkResult) -> dict[str, Any]:
    """All tables as numbers."""
    return {"pairs": [asdict(one) for one in pairs], "linkage": [asdict(one) for one in links], "pace": asdict(pace)}


def _auc(found: PairResult | None, *, of_raw: bool) -> list[str]:
    if found is None:
        return ["-", "-", "-"] if of_raw else ["-", "-", "-", "-"]
    missed = found.auc < AUC_RAW if of_raw else found.upper > AUC_UPPER
    words = [f"{found.auc:.3f}{' !' if missed else '  '}", f"{found.lower:.3f} to {found.upper:.3f}", str(found.pairs)]
    return words if of_raw else [*words, found.attacker]


def _link(found: LinkResult, most: float | None = None) -> list[str]:
    missed = found.excess > most if most is not None else found.lower <= 0
    words = [percent(found.rate, 1), percent(found.redrawn, 1), percent(found.excess, 1) + (" !" if missed else "  ")]
    return [*words, f"{100 * found.lower:.1f} to {100 * found.upper:.1f}", str(found.matches)]


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.npz"


def _part(notes: dict[str, Notes], prefix: str) -> Notes:
    return Notes.joined([one for name, one in notes.items() if name.startswith(prefix)])
