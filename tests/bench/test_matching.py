from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.matching import match

tables = st.tuples(st.integers(0, 4), st.integers(0, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.one_of(st.just(np.inf), st.integers(0, 20).map(float)))
)


def brute_force(distances: np.ndarray) -> tuple[int, float]:
    """The most pairs and, among those, the least sum: by trying every way to give columns (or nothing) to rows."""
    rows, columns = distances.shape
    best = (0, 0.0)
    for order in permutations([*range(columns), *[None] * rows], rows):
        pairs = [(row, column) for row, column in enumerate(order) if column is not None and np.isfinite(distances[row, column])]
        if len(pairs) == sum(column is not None for column in order):
            best = max(best, (len(pairs), -float(sum(distances[pair] for pair in pairs))))
    return best


@given(tables)
def test_matching_finds_as_many_pairs_as_can_be_at_the_least_distance(distances: np.ndarray) -> None:
    pairs = match(distances)
    assert (len(pairs), -float(sum(distances[pair] for pair in pairs))) == brute_force(distances)


@given(tables)
def test_nobody_is_matched_twice_and_no_forbidden_pair_is_made(distances: np.ndarray) -> None:
    pairs = match(distances)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(np.isfinite(distances[pair]) for pair in pairs)
