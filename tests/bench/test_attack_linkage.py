from dataclasses import replace

import numpy as np
import pytest

from bench.attack_linkage import Likeness, linkage, linked, visits_of
from bench.attack_notes import Notes
from bench.attack_run import LinkAttack, link_attacks

GROUPS, WALKERS, VISITS, FEATURES = 10, 6, 3, 20


def notes(telling: float, seed: int, *, redrawn: bool = False, groups: int = GROUPS, first: int = 0) -> Notes:
    """Walks whose features hold something of appearance and gait; `redrawn`: of whom is drawn anew at each visit, but not who they are said to be."""
    rng = np.random.default_rng(seed)
    rows, keys = [], []
    for group in range(first, first + groups):
        looks, gaits = rng.normal(0, telling, (2, WALKERS, FEATURES)) * (np.arange(FEATURES) < 3)
        for visit in range(VISITS):
            if redrawn:
                looks, gaits = rng.normal(0, telling, (2, WALKERS, FEATURES)) * (np.arange(FEATURES) < 3)
            for walker in range(WALKERS):
                rows.append(looks[walker] + np.roll(gaits[walker], 5) + rng.normal(0, 1, FEATURES))
                keys.append((group, visit, group * 100 + walker))
    group_of, visit_of, walker_of = np.array(keys, np.int64).T
    features = np.array(rows)
    return Notes(
        group_of, visit_of, walker_of, walker_of, walker_of, features, rng.normal(0, 1, (len(features), 4)), features[:, :10], features[:, 5:]
    )


def pairs(telling: float, seed: int) -> list[tuple[Notes, Notes, bool]]:
    found = []
    for same in (True, False):
        everything = notes(telling, seed, redrawn=not same)
        for group in np.unique(everything.group):
            visits = visits_of(everything.of(everything.group == group))
            found += [(visits[0], visits[1], same), (visits[1], visits[2], same)]
    return found


RELEASED, RAW = ("released", "released"), ("raw_appearance", "raw_gait")


@pytest.fixture(scope="module")
def likeness() -> dict[tuple[str, str], Likeness]:
    training = notes(4.0, 1, first=50)
    return {features: Likeness.learned(training, features) for features in (RELEASED, RAW)}


@pytest.mark.parametrize("features", [RELEASED, RAW])
def test_walkers_who_leave_something_are_linked_and_redrawn_ones_are_not(
    features: tuple[str, str], likeness: dict[tuple[str, str], Likeness]
) -> None:
    found = linkage(pairs(4.0, 2), likeness[features])
    assert found.rate > 0.7
    assert found.redrawn < 0.4
    assert 0 < found.lower < found.excess < found.upper
    assert found.matches == GROUPS * 2 * WALKERS


def test_walkers_who_leave_nothing_are_linked_by_chance(likeness: dict[tuple[str, str], Likeness]) -> None:
    found = linkage(pairs(0.0, 4), likeness[RELEASED])
    assert abs(found.rate - 1 / WALKERS) < 0.12
    assert abs(found.excess) < 0.15


def test_fewer_than_five_people_are_not_linked(likeness: dict[tuple[str, str], Likeness]) -> None:
    before, after = visits_of(notes(4.0, 5, groups=1))[:2]
    assert linked(before, after, likeness[RELEASED])[1] == WALKERS
    few = np.arange(WALKERS) < 4
    assert linked(before.of(few), after, likeness[RELEASED]) == (0, 0)


def test_a_walk_that_was_not_seen_is_left_out(likeness: dict[tuple[str, str], Likeness]) -> None:
    everything = notes(4.0, 7, groups=1)
    everything.released[0] = np.nan
    before, after = visits_of(everything)[:2]
    assert linked(before, after, likeness[RELEASED])[1] == WALKERS - 1


@pytest.mark.usefixtures("attackers")
def test_linkage_here_and_there_is_told_apart_from_files_by_name() -> None:
    found = {"crossed-training-000": notes(4.0, 9, first=50)}
    for number in range(4):
        for camera in ("here", "there"):
            # Elsewhere the same people come with other motion: the same selves, other noise.
            same = notes(4.0, 10 + number, groups=1, first=number)
            found[f"linkage-same-{camera}-{number:03d}"] = same
            found[f"linkage-redrawn-{camera}-{number:03d}"] = notes(4.0, 100 + number, redrawn=True, groups=1, first=number)
    attacks: list[LinkAttack] = link_attacks(found)
    assert [one.name for one in attacks] == ["across 10 s", "across two cameras"]
    assert all(one.raw.excess > 0.3 and one.released.excess > 0.3 for one in attacks)
    # Measurements that hold nothing of anybody neither link nor get in the way.
    assert all(one.together.excess > 0.3 and abs(one.measured.excess) < 0.2 for one in attacks)


@pytest.mark.usefixtures("attackers")
def test_what_only_measurements_hold_is_found_with_them_and_not_without() -> None:
    def telling(one: Notes) -> Notes:
        return replace(one, released=one.measured, measured=one.released)

    found = {"crossed-training-000": telling(notes(4.0, 9, first=50))}
    for number in range(4):
        for camera in ("here", "there"):
            found[f"linkage-same-{camera}-{number:03d}"] = telling(notes(4.0, 10 + number, groups=1, first=number))
            found[f"linkage-redrawn-{camera}-{number:03d}"] = telling(notes(4.0, 100 + number, redrawn=True, groups=1, first=number))
    for one in link_attacks(found):
        assert abs(one.released.excess) < 0.2
        assert one.together.excess > 0.3
        assert one.measured.excess > 0.3
