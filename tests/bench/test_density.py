"""Crowds of bench.density: drawn from the commit's hash, and told each by itself."""

import pytest

from bench.density import CROWDS, DENSITIES, Told, crowd_paths, seeds_of, steps_of_training


def test_crowds_are_drawn_from_the_commit_and_none_is_the_one_that_was_counted() -> None:
    counted, measured = seeds_of("abc")
    assert len({counted, *measured}) == CROWDS + 1
    assert seeds_of("abc") == (counted, measured)
    other_counted, other_measured = seeds_of("abd")
    assert not {counted, *measured} & {other_counted, *other_measured}
    assert steps_of_training(counted) != steps_of_training(other_counted)
    ours, theirs = (crowd_paths(DENSITIES[:1], seed)[0] for seed in (measured[0], other_measured[0]))
    assert not any((one.xy_m[0] == other.xy_m[0]).all() for one, other in zip(ours, theirs, strict=True))


def test_each_crowd_is_told_by_itself_beside_the_mean_of_its_density() -> None:
    told = Told({(1.0, 7): [(9.0, 10.0, 1.0), (10.0, 10.0, 1.0)], (1.0, 8): [(5.0, 10.0, 1.0)], (0.2, 7): [(0.0, 0.5, 0.1)]})
    few, many = told.rows("corrected")
    assert (few["per_m2"], few["crowds"], few["relative_mae"]) == (0.2, 1, 0.5)
    assert (many["crowds"], many["seconds"]) == (2, 3)
    assert many["relative_mae_by_crowd"] == pytest.approx([0.05, 0.5])
    assert many["relative_mae"] == pytest.approx(0.2)
    assert many["within_2_sigma"] == pytest.approx(2 / 3)
