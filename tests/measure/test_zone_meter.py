"""What a zone tells of a crowd that hides the ground."""

import pytest

from passerby.measure.hiding import hiding_per_m2
from passerby.measure.zone import Zone
from passerby.measure.zone_meter import ZoneMeter
from passerby.released.measurement import CrowdNumbers, ZonePulse
from tests.measure.test_crowd import crowd

SQUARE = ((0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0))


def told(covered: float, *, zone_m2: float = 20.0, one_m2: float | None = 1.8, stirs: float = 1.0, corrected: bool = False) -> ZonePulse:
    """The pulse of a second in which boxes find nobody."""
    meter = ZoneMeter(Zone("zone", SQUARE, zone_m2, hidden_m2=one_m2))
    meter.crowd = crowd() if corrected else None
    for look in range(5):
        meter.add(0.2 * (look + 1), 0.2, [], [], 0, CrowdNumbers(0.0, 6.0, 0.4, zone_m2, covered, stirs))
    return meter.pulse()


@pytest.mark.parametrize("covered", [0.55, 0.8])
def test_the_density_by_hidden_ground_is_told_and_boxes_are_off_by_it(covered: float) -> None:
    pulse = told(covered)
    assert pulse.hidden_per_m2 == pytest.approx(hiding_per_m2(covered, 1.8)[0], abs=1e-3)
    assert (pulse.people, pulse.per_m2, pulse.full, pulse.still) == (0, 0, False, False)
    assert pulse.per_m2_error == pytest.approx(pulse.hidden_per_m2, abs=1e-3)


def test_where_little_is_hidden_or_the_ground_is_not_known_nothing_is_told() -> None:
    for pulse in (told(0.2, zone_m2=100.0), told(0.8, one_m2=None)):
        assert (pulse.hidden_per_m2, pulse.full, pulse.still) == (None, False, False)


def test_of_fewer_than_five_nothing_is_told() -> None:
    assert told(0.6, zone_m2=8.0).hidden_per_m2 is None


def test_a_small_zone_that_is_full_is_told_as_full_since_it_may_be_any_number() -> None:
    pulse = told(1.0, zone_m2=7.0, one_m2=4.55)
    assert pulse.full
    assert pulse.hidden_per_m2 == pytest.approx(hiding_per_m2(1.0, 4.55)[0], abs=0.001)


def test_what_does_not_stir_is_still_and_no_crowd() -> None:
    pulse = told(1.0, stirs=0.2)
    assert (pulse.hidden_per_m2, pulse.full, pulse.still) == (None, False, True)


def test_of_a_count_that_is_corrected_only_that_all_is_hidden_is_told() -> None:
    assert (told(1.0, corrected=True).hidden_per_m2, told(1.0, corrected=True).full) == (None, True)
    assert not told(0.8, corrected=True).full
