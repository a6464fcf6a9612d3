from pathlib import Path

import pytest

from bench.memory import TooShortError, judged, passes_of
from bench.processes import Run
from bench.redaction import Redaction


def redaction(*, streaming: bool) -> Redaction:
    """A redaction of 100 s: 10 s of start-up, 50 s of learning, 40 s of writing."""
    timings_ms = {"learn": 50_000, "render": 10_000, "replay": 30_000}
    return Redaction(Path("out.mp4"), {"timings_ms": timings_ms, "settings": {"streaming": streaming}}, Run(100, 100, 300))


def test_memory_that_settles_is_flat_however_it_began() -> None:
    found = judged("pass", 100, [*range(0, 300, 6), *[300.0, 301.0] * 25])
    assert found.flat
    assert found.mean_mb == pytest.approx(300.5)


def test_memory_that_goes_on_growing_is_not_flat() -> None:
    found = judged("pass", 100, [100.0 + second for second in range(100)])
    assert not found.flat
    assert found.growth_mb == pytest.approx(49, abs=1)


def test_a_step_between_two_passes_is_no_growth() -> None:
    passes = passes_of(redaction(streaming=False), [100.0] * 60 + [160.0] * 40)
    assert [(one.name, one.mean_mb, one.flat) for one in passes] == [("learning", 100.0, True), ("writing", 160.0, True)]


def test_a_leak_in_either_pass_is_seen() -> None:
    grows, still = [100.0 + second for second in range(60)], [160.0] * 40
    assert [one.flat for one in passes_of(redaction(streaming=False), grows + still)] == [False, True]
    assert [one.flat for one in passes_of(redaction(streaming=False), [100.0] * 60 + grows[:40])] == [True, False]


def test_a_single_pass_is_judged_as_a_whole() -> None:
    (one,) = passes_of(redaction(streaming=True), [float(mb) for mb in range(100)])
    assert (one.name, one.flat) == ("the one pass", False)


def test_too_few_samples_say_nothing() -> None:
    with pytest.raises(TooShortError, match="minutes"):
        judged("learning", 1, [100.0] * 6)
