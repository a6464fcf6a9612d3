"""What workers measured goes its two ways; what cannot be true goes nowhere, and is counted."""

from datetime import UTC
from pathlib import Path

import msgspec

from passerby.clock import SimulatedClock
from passerby.released.measurement import LinePulse, Pulse, ZonePulse
from passerby.store.answers import answer
from passerby.store.buckets import Every
from passerby.store.question import Question, Table
from passerby.supervise.kept_history import history_thread
from passerby.supervise.measuring import MeasuredCamera, Measuring, MeasuringSettings
from tests.supervise.test_history_thread import WITHIN_S, Receipts
from tests.support.journals import KeptJournal
from tests.support.measured import DAY_S, minute

GATE = MeasuredCamera("gate", frozenset({"hall"}), frozenset({"door"}))


def measuring(folder: Path, journal: KeptJournal, settings: MeasuringSettings | None = None) -> Measuring:
    clock = SimulatedClock(DAY_S + 60.0)
    settings = MeasuringSettings() if settings is None else settings
    thread = history_thread(folder, settings.retention_s, Receipts(), clock, journal)
    return Measuring([GATE], thread, clock, journal, settings)


def kept(folder: Path) -> float:
    return sum(span.covered_s for span in answer(folder, Question(Table.ZONES, DAY_S, DAY_S + 3600, Every.HOUR, UTC)))


def test_minutes_are_kept_and_pulses_are_not(tmp_path: Path) -> None:
    parts = measuring(tmp_path, KeptJournal())
    parts.start()
    parts.accept(minute(DAY_S))
    parts.accept(Pulse("gate", DAY_S + 60.0, 1.0, (ZonePulse("hall", 2.0, 2),), (LinePulse("door", 1, 0),)))
    assert parts.stop(WITHIN_S)
    assert kept(tmp_path) == 60
    assert [pulse.zones[0].people for pulse in parts.pulses.of()["gate"]] == [2.0]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"pulse" in path.read_bytes()]


def test_what_names_a_zone_that_there_is_not_or_a_time_that_cannot_be_is_dropped_and_said_once(tmp_path: Path) -> None:
    journal = KeptJournal()
    parts = measuring(tmp_path, journal)
    parts.start()
    for wrong in (
        minute(DAY_S, zone="'; DROP TABLE zones; --"),
        minute(DAY_S - 3 * 86400),
        minute(DAY_S + 30),
        minute(DAY_S, covered_s=61.0),
        msgspec.structs.replace(minute(DAY_S), zones=minute(DAY_S).zones * 2),
        Pulse("gate", DAY_S + 60.0, 1.0, (ZonePulse("vault", 2.0, 2),)),
    ):
        parts.accept(wrong)
    parts.accept(minute(DAY_S, camera="unknown"))
    assert parts.health().lost == {"gate": 6}
    assert parts.stop(WITHIN_S)
    assert kept(tmp_path) == 0
    assert journal.of("a worker measured what cannot be true: it is not kept") == [{"camera": "gate"}]
    assert parts.pulses.of()["gate"] == []


def test_where_nothing_is_to_be_kept_pulses_go_on(tmp_path: Path) -> None:
    parts = measuring(tmp_path, KeptJournal(), MeasuringSettings(keeps=False))
    parts.start()
    parts.accept(minute(DAY_S))
    parts.accept(Pulse("gate", DAY_S + 60.0, 1.0))
    parts.follow([GATE, MeasuredCamera("hall")], MeasuringSettings())
    parts.accept(minute(DAY_S + 60))
    assert parts.stop(WITHIN_S)
    assert kept(tmp_path) == 60
    assert {camera: len(pulses) for camera, pulses in parts.pulses.of().items()} == {"gate": 1, "hall": 0}
