import numpy as np
import pytest

from passerby.simulate.cast import Posture
from passerby.simulate.ground import plaza_ground
from passerby.simulate.motion import Crowd, Path, Walk, paths
from passerby.simulate.path import Spot
from passerby.simulate.population import BLOCK_S, EndlessWalk, KnownPaths

CROWD = Crowd(walkers=10, still=2, queueing=2)


def test_those_are_there_whose_path_goes_on() -> None:
    found = paths(plaza_ground(), CROWD, 20, seed=3)
    population = KnownPaths(reversed(found))
    for time_s in np.arange(0, 20, 0.37):
        there = population.at(float(time_s))
        assert there == {path.person: path.at(float(time_s)) for path in found if path.present(float(time_s))}
        assert list(there) == sorted(there)


def test_nobody_has_two_paths() -> None:
    path = Path.still(1, Spot((0.0, 9.0), 0.0, int(Posture.STANDING)), 5)
    with pytest.raises(ValueError, match="two paths"):
        KnownPaths([path, path])


def test_an_endless_walk_is_the_walk_of_any_length() -> None:
    length_s = 2.5 * BLOCK_S
    known = KnownPaths(paths(plaza_ground(), CROWD, length_s, seed=3))
    endless = EndlessWalk(Walk(plaza_ground(), CROWD, seed=3))
    for time_s in np.arange(0, length_s, 1.37):
        one, other = endless.at(float(time_s)), known.at(float(time_s))
        assert one.keys() == other.keys()
        for person, spot in one.items():
            assert spot.xy_m == pytest.approx(other[person].xy_m, abs=1e-6)
            assert spot.walked_m == pytest.approx(other[person].walked_m, abs=1e-6)
            assert np.cos(spot.heading_rad - other[person].heading_rad) == pytest.approx(1, abs=1e-6)


def test_an_endless_walk_does_not_go_back_far() -> None:
    endless = EndlessWalk(Walk(plaza_ground(), CROWD, seed=3))
    endless.at(3 * BLOCK_S)
    with pytest.raises(ValueError, match="long past"):
        endless.at(0.0)


def test_an_endless_walk_forgets() -> None:
    walk = Walk(plaza_ground(), CROWD, seed=3)
    endless = EndlessWalk(walk)
    held = []
    for block in range(8):
        endless.at(block * BLOCK_S)
        held.append(len(walk.paths(0, (block + 1) * BLOCK_S)))
    assert held[-1] < 3 * held[1]
