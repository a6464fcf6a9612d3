"""What a camera's meter tells: minutes and seconds, gaps as gaps, definitions on made-up walkers whose truth is known."""

import msgspec
import numpy as np
import pytest

from passerby.measure.ground import GroundPlane
from passerby.measure.meter import LineFacts, Meter
from passerby.measure.sighting import Sighting
from passerby.measure.tracker import LAG_S
from passerby.measure.zone import Zone
from passerby.released.measurement import CrowdNumbers, Measurement, Pulse, Service, ZoneMinute
from passerby.released.scene import Size
from tests.support.walkers import Walker, along, looks, straight

NOON_S = 1_795_435_200.0
SIZE = Size(768, 576)
HALL = ((50.0, 150.0), (700.0, 150.0), (700.0, 500.0), (50.0, 500.0))
PLANE = GroundPlane.of((50.0, 0, 0, 0, 50.0, 0, 0, 0, 1.0))
"""Seen from above: 50 pixels a metre."""


def told_of(meter: Meter, sightings: list[Sighting], wall_s: float = NOON_S) -> tuple[list[Pulse], list[Measurement]]:
    told = [one for look in sightings for one in meter.see(look, wall_s + look.time_s)]
    told += meter.end()
    return [one for one in told if isinstance(one, Pulse)], [one for one in told if isinstance(one, Measurement)]


def hall(*, plane: GroundPlane | None = PLANE, queue: bool = False) -> Meter:
    area_m2 = None if plane is None else plane.area_m2(HALL)
    return Meter("gate", SIZE, [Zone("hall", HALL, area_m2, queue=queue)], [LineFacts("door", (300.0, 100.0), (300.0, 500.0))], plane)


def only(minutes: list[Measurement]) -> ZoneMinute:
    assert len(minutes) == 1
    return minutes[0].zones[0]


def test_a_minute_tells_how_many_were_there_and_how_they_moved() -> None:
    walkers = [Walker(straight((100 + n, 200 + 40 * n), (650 + n, 200 + 40 * n), 0.0, 55.0)) for n in range(5)]
    _, minutes = told_of(hall(), list(looks(walkers, 58.0)))
    zone = only(minutes)
    assert minutes[0].minute_wall_s == NOON_S
    assert minutes[0].covered_s == pytest.approx(57.0, abs=1.0)
    assert zone.people_mean == pytest.approx(5 * 55 / 57, rel=0.03)
    assert (zone.people_least, zone.people_most) == (0, 5)
    area_m2 = 13.0 * 7.0
    assert zone.per_m2 == pytest.approx(zone.people_mean / area_m2, rel=1e-3)
    assert zone.per_m2_most == pytest.approx(5 / area_m2, rel=1e-3)
    assert zone.per_m2_error is not None
    assert zone.per_m2_error > 0.5 / area_m2
    assert zone.service is Service.A
    assert zone.speed_m_s is not None
    assert zone.speed_m_s[1] == pytest.approx(10 / 50, rel=0.1)
    assert zone.speed_m_s[0] <= zone.speed_m_s[1] <= zone.speed_m_s[2]
    assert zone.east_m_s == pytest.approx(10 / 50, rel=0.1)
    assert zone.north_m_s == pytest.approx(0, abs=0.02)
    line = minutes[0].lines[0]
    assert (line.ab, line.ba) == (0, 5)
    assert line.flow_ba == pytest.approx(5 / (8.0 * minutes[0].covered_s), rel=0.01)


def test_there_is_a_pulse_for_each_second_and_together_they_are_the_minute() -> None:
    walkers = [Walker(straight((100, 300), (650, 300), 5.0, 40.0))]
    pulses, minutes = told_of(hall(), list(looks(walkers, 58.0)))
    assert [pulse.wall_s - NOON_S for pulse in pulses] == list(range(1, 59))
    people_s = sum(pulse.zones[0].people * pulse.covered for pulse in pulses)
    assert people_s == pytest.approx(only(minutes).people_mean * minutes[0].covered_s, rel=0.02)
    assert sum(pulse.lines[0].ba for pulse in pulses) == minutes[0].lines[0].ba == 1


def test_minutes_are_those_of_the_clock_on_the_wall() -> None:
    _, minutes = told_of(hall(), list(looks([Walker(straight((100, 300), (650, 300), 0.0, 150.0))], 150.0)), NOON_S + 30)
    assert [minute.minute_wall_s - NOON_S for minute in minutes] == [0, 60, 120]
    assert [minute.part for minute in minutes] == [30, 0, 0]
    assert minutes[1].covered_s == pytest.approx(60.0, abs=0.5)
    assert minutes[0].covered_s == pytest.approx(30.0 - LAG_S, abs=1.0)


def test_what_was_not_seen_is_a_gap_and_no_zero() -> None:
    meter = hall()
    walker = Walker(straight((100, 300), (650, 300), 0.0, 58.0))
    seen = [look for look in looks([walker], 58.0) if not 20.0 <= look.time_s < 40.0]
    pulses, minutes = told_of(meter, seen)
    assert minutes[0].covered_s == pytest.approx(37.0, abs=2.0)
    assert only(minutes).people_mean == pytest.approx(1.0, abs=0.06)
    assert not [pulse for pulse in pulses if 21.0 < pulse.wall_s - NOON_S < 39.0]


def test_while_the_gate_sees_nothing_nothing_is_measured_and_who_was_there_is_somebody_else_after() -> None:
    meter, told = hall(), []
    for look in looks([Walker(straight((100, 300), (110, 300), 0.0, 58.0))], 58.0):
        blind = 20.0 <= look.time_s < 30.0
        told += meter.blind(look.time_s, NOON_S + look.time_s) if blind else meter.see(look, NOON_S + look.time_s)
    minute = next(one for one in [*told, *meter.end()] if isinstance(one, Measurement))
    assert minute.covered_s == pytest.approx(46.0, abs=2.5)
    assert minute.zones[0].people_mean == pytest.approx(1.0, abs=0.08)
    assert minute.zones[0].dwell == (0, 1, 0, 0, 0, 0, 0)


def test_a_clock_that_was_set_makes_another_part_of_the_minute_and_loses_nothing() -> None:
    meter, told = hall(), []
    for look in looks([Walker(straight((100, 300), (650, 300), 0.0, 50.0))], 50.0):
        told += meter.see(look, NOON_S + look.time_s - (20.0 if look.time_s >= 25.0 else 0.0))
    told += meter.end()
    minutes = [one for one in told if isinstance(one, Measurement)]
    assert len({(one.minute_wall_s, one.part) for one in minutes}) == len(minutes)
    assert sum(one.covered_s for one in minutes) == pytest.approx(49.0, abs=1.5)


def test_stays_are_told_by_how_long_they_were_when_they_end() -> None:
    stays = [
        Walker(along((0.0, 60, 300), (8.0, 60 + 80, 300))),
        Walker(along((0.0, 300, 200), (20.0, 320, 200))),
        Walker(along((2.0, 500, 400), (48.0, 520, 400))),
    ]
    _, minutes = told_of(hall(), list(looks(stays, 58.0)))
    assert only(minutes).dwell == (1, 1, 1, 0, 0, 0, 0)


def test_who_steps_out_for_a_moment_has_not_left() -> None:
    steps = Walker(along((0.0, 60, 300), (10.0, 60, 300), (10.6, 40, 300), (11.4, 60, 300), (40.0, 60, 300)))
    _, minutes = told_of(hall(), list(looks([steps], 50.0)))
    assert sum(only(minutes).dwell) == 1
    assert only(minutes).dwell[2] == 1


def test_a_queue_tells_who_stands_in_it_and_how_long_one_waits() -> None:
    """Somebody joins each 10 s, stands for 40 s, leaves: four stand, and Little's law says 40 s."""
    people = [Walker(along((10.0 * n, 200 + 30 * (n % 12), 300), (10.0 * n + 40.0, 203 + 30 * (n % 12), 300))) for n in range(30)]
    _, minutes = told_of(hall(queue=True), list(looks(people, 298.0)))
    last = minutes[-1].zones[0]
    assert last.queue_mean == pytest.approx(4.0, abs=0.3)
    assert last.wait_s == pytest.approx(40.0, rel=0.2)
    assert last.service is not None
    walking = [Walker(straight((60, 300), (690, 300), 20.0 * n, 20.0 * n + 9)) for n in range(3)]
    _, minutes = told_of(hall(queue=True), list(looks(walking, 58.0)))
    assert minutes[0].zones[0].queue_mean == pytest.approx(0.0, abs=0.02)


def test_without_a_ground_nothing_is_told_in_metres() -> None:
    pulses, minutes = told_of(hall(plane=None), list(looks([Walker(straight((100, 300), (650, 300), 0.0, 50.0))], 58.0)))
    zone = only(minutes)
    assert (zone.per_m2, zone.per_m2_error, zone.service, zone.speed_m_s, zone.east_m_s) == (None,) * 5
    assert minutes[0].lines[0].flow_ab is None
    assert pulses[10].zones[0].per_m2 is None
    assert zone.people_mean > 0.8


def test_those_whom_nothing_confirms_raise_only_the_most() -> None:
    still = Walker(lambda _: (300.0, 300.0), score=0.85, changed=0.0, unknown=1.0)
    _, minutes = told_of(hall(), list(looks([still], 58.0)))
    zone = only(minutes)
    assert (zone.people_mean, zone.people_least, zone.people_most) == (0.0, 0, 1)


def test_heat_is_person_seconds_by_coarse_cell() -> None:
    _, minutes = told_of(hall(), list(looks([Walker(straight((100, 300), (104, 300), 0.0, 40.0))], 58.0)))
    heat = minutes[0].heat
    assert heat is not None
    rows = len(heat.person_s) // heat.columns
    assert (heat.cell_px, heat.columns, rows) == (36, 22, 16)
    assert sum(heat.person_s) == pytest.approx(40.0, abs=1.5)
    assert np.flatnonzero(heat.person_s).tolist() == [(300 // 36) * 22 + 100 // 36]


def test_no_field_of_what_is_told_is_of_one_person() -> None:
    """Invariant I4: ids, boxes, ways of one person have no place. Who adds a field asks whether it belongs here."""
    schema = msgspec.json.schema_components([Pulse, Measurement])[1]
    fields = {name: sorted(one["properties"]) for name, one in schema.items() if "properties" in one}
    assert fields == {
        "Pulse": ["camera", "covered", "lines", "type", "wall_s", "zones"],
        "Measurement": ["camera", "covered_s", "heat", "lines", "minute_wall_s", "part", "type", "zones"],
        "ZonePulse": [
            "crowd", "east_m_s", "full", "hidden_per_m2", "most", "north_m_s", "people", "per_m2", "per_m2_error", "speed_m_s",
            "still", "zone",
        ],
        "LinePulse": ["ab", "ba", "line"],
        "ZoneMinute": [
            "dwell", "east_m_s", "north_m_s", "people_least", "people_mean", "people_most", "per_m2", "per_m2_error", "per_m2_most", "queue_mean",
            "queue_most", "service", "speed_m_s", "wait_s", "zone",
        ],
        "LineMinute": ["ab", "ba", "flow_ab", "flow_ba", "line"],
        "Heat": ["cell_px", "columns", "person_s"],
    }  # fmt: skip
    assert CrowdNumbers.__struct_fields__ == ("detected", "area_m2", "edges_m2", "zone_m2", "covered", "stirs"), "sums over a zone with a crowd"


def in_picture(sighting: Sighting) -> Sighting:
    """A look whose boxes end at the picture's border; who is outside of it is not seen."""
    boxes = np.clip(sighting.boxes_xyxy, 0, (SIZE.width_px, SIZE.height_px) * 2)
    seen = (boxes[:, 2:] - boxes[:, :2]).min(1) > 8
    return Sighting(sighting.time_s, boxes[seen], sighting.scores[seen], sighting.changed[seen], sighting.unknown[seen])


@pytest.mark.parametrize(
    ("corners", "begin", "end"),
    [
        (((0.0, 200.0), (200.0, 200.0), (200.0, 400.0), (0.0, 400.0)), (-100.0, 300.0), (500.0, 300.0)),
        (((568.0, 200.0), (768.0, 200.0), (768.0, 400.0), (568.0, 400.0)), (868.0, 300.0), (268.0, 300.0)),
        (((250.0, 376.0), (450.0, 376.0), (450.0, 576.0), (250.0, 576.0)), (350.0, 676.0), (350.0, 76.0)),
    ],
    ids=["left", "right", "below"],
)
@pytest.mark.parametrize("leaves", [False, True])
def test_in_a_zone_at_the_border_of_the_picture_people_count_while_their_feet_are_in_it(
    corners: tuple[tuple[float, float], ...], begin: tuple[float, float], end: tuple[float, float], *, leaves: bool
) -> None:
    """They come in through the zone, or leave through it, cut by the border: for 200 px of way at 20 px/s they are in it."""
    way = straight(end, begin, 5.0, 35.0) if leaves else straight(begin, end, 5.0, 35.0)
    edge = "line", (corners[0], corners[1]) if begin[1] > SIZE.height_px else (corners[1], corners[2]) if begin[0] < 0 else (corners[0], corners[3])
    meter = Meter("gate", SIZE, [Zone("edge", corners)], [LineFacts(edge[0], *edge[1])])
    pulses, minutes = told_of(meter, [in_picture(look) for look in looks([Walker(way)], 58.0)])
    zone = only(minutes)
    assert zone.people_mean * minutes[0].covered_s == pytest.approx(10.0, abs=1.2)
    assert zone.people_most == 1
    assert sum(zone.dwell) == 1
    assert (minutes[0].lines[0].ab, minutes[0].lines[0].ba) in {(0, 1), (1, 0)}
    assert all(pulse.zones[0].people == 0 for pulse in pulses if pulse.wall_s - NOON_S > 37.0), "nobody is left behind"
