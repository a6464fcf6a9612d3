import pytest

from bench.memory import figures_of


def test_memory_that_settles_is_flat_however_it_began() -> None:
    figures = figures_of("1 x 1", 1, 100, 300, [*range(0, 300, 6), *[300.0, 301.0] * 25])
    assert figures.flat
    assert figures.mean_mb == pytest.approx(300.5)


def test_memory_that_goes_on_growing_is_not_flat() -> None:
    samples = [100 + second for second in range(100)]
    figures = figures_of("1 x 1", 1, 100, 200, [float(sample) for sample in samples])
    assert not figures.flat
    assert figures.growth_mb == pytest.approx(49, abs=1)
