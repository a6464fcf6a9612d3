import numpy as np
import pytest

from bench.attack_pairs import ATTACKERS, Curve, Pairs, Walks, attack, joined, one_thread, pairs_of, result
from bench.privacy_types import Floats

GROUPS, WALKERS, VISITS, FEATURES = 12, 7, 4, 40


def walks(telling: float, seed: int, groups: range = range(GROUPS)) -> Walks:
    """Walks whose first three features hold something of the walker, as strong as `telling` against the noise; all hold something of the visit."""
    rng = np.random.default_rng(seed)
    rows: list[Floats] = []
    keys: list[tuple[int, int, int]] = []
    for group in groups:
        selves = rng.normal(0, 1, (WALKERS, FEATURES)) * (np.arange(FEATURES) < 3) * telling
        for visit in range(VISITS):
            of_visit = rng.normal(0, 3, FEATURES)
            for walker in range(WALKERS):
                rows.append(selves[walker] + of_visit + rng.normal(0, 1, FEATURES))
                keys.append((group, visit, 100 * group + walker))
    group, visit, walker = np.array(keys, np.int64).T
    return Walks(np.array(rows), group, visit, walker)


def split(of: Walks) -> tuple[Walks, Walks]:
    return of.of(of.group < GROUPS // 2), of.of(of.group >= GROUPS // 2)


def test_features_that_hold_the_walker_are_found() -> None:
    assert attack(*split(walks(3.0, 1))).auc > 0.9


def test_features_that_hold_nothing_of_the_walker_tell_nothing() -> None:
    found = attack(*split(walks(0.0, 2)))
    assert 0.45 < found.auc < 0.55
    assert found.lower < found.auc < found.upper


@pytest.mark.parametrize("name", list(ATTACKERS))
def test_every_attacker_finds_what_is_there(name: str) -> None:
    training, test = (part.centred() for part in split(walks(3.0, 3)))
    pairs = pairs_of(test, 0)
    with one_thread():
        scores = ATTACKERS[name](training, 0)(test.features[pairs.walks[:, 0]], test.features[pairs.walks[:, 1]])
    assert result(scores, pairs, test.walker, name).auc > 0.8


def test_the_same_walks_give_the_same_figures() -> None:
    assert attack(*split(walks(1.0, 4))) == attack(*split(walks(1.0, 4)))


def test_pairs_of_one_and_of_two_walkers_are_equally_many_and_of_the_same_visits() -> None:
    some = walks(1.0, 5)
    pairs = pairs_of(some, 0)
    assert pairs.same.sum() == (~pairs.same).sum() == GROUPS * WALKERS * VISITS * (VISITS - 1) / 2
    first, second = pairs.walks.T
    assert ((some.walker[first] == some.walker[second]) == pairs.same).all()
    assert (some.group[first] == some.group[second]).all()
    assert (some.visit[first] < some.visit[second]).all()
    assert (some.visit[second][::2] == some.visit[second][1::2]).all()


def test_what_everybody_of_a_visit_has_in_common_is_taken_away() -> None:
    some = walks(0.0, 6).centred()
    of_first = (some.group == 0) & (some.visit == 0)
    np.testing.assert_allclose(np.median(some.features[of_first], axis=0), 0, atol=1e-9)


def test_the_area_is_the_chance_that_a_same_pair_scores_higher() -> None:
    same = np.array([True, True, False, False])
    assert Curve(np.array([3.0, 1.0, 2.0, 0.0]), same).area(np.ones(4)) == 0.75
    assert Curve(np.array([1.0, 1.0, 1.0, 1.0]), same).area(np.ones(4)) == 0.5
    assert Curve(np.array([3.0, 1.0, 2.0, 0.0]), same).area(np.array([1.0, 0.0, 1.0, 1.0])) == 1.0


def test_a_bound_over_few_walkers_is_wide() -> None:
    rng = np.random.default_rng(7)

    def bound(walkers: int) -> float:
        walker = np.repeat(np.arange(walkers), 2).astype(np.int64)
        pairs = pairs_of(Walks(np.zeros((2 * walkers, 1)), np.zeros(2 * walkers, np.int64), np.tile([0, 1], walkers).astype(np.int64), walker), 0)
        found = result(rng.normal(0, 1, len(pairs.same)), Pairs(pairs.walks, pairs.same), walker, "chance")
        return found.upper - found.auc

    assert bound(12) > 2 * bound(200)


def test_groups_are_joined_in_order() -> None:
    one, other = walks(1.0, 8, range(2)), walks(1.0, 9, range(2, 4))
    both = joined([one, other])
    assert both.group.tolist() == [*one.group.tolist(), *other.group.tolist()]
    assert len(both.features) == len(one.features) + len(other.features)
