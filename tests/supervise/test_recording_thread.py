import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from passerby.clock import SimulatedClock
from passerby.errors import OutputError, ReceiptError
from passerby.record.recorder import RecordingsHealth
from passerby.record.settings import RecordingSettings
from passerby.released.messages import SceneMessage
from passerby.supervise.recording_thread import BEHIND_BYTES, MOST_BYTES, MOST_SCENES, RecordingThread
from tests.support.journals import KeptJournal
from tests.support.site_now import message, whole_plate

SETTINGS = RecordingSettings()
WITHIN_S = 10.0


class Recorder:
    """Keeps what it is given; waits at a gate, and fails, if it is told to."""

    def __init__(self) -> None:
        self.written: list[SceneMessage] = []
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()
        self.wrote = threading.Condition()
        self.fails: Exception | None = None
        self.wants = False
        self.closed = False
        self.paused = False
        self.undeleted = self.receipts_waiting = 0
        self.settings: list[tuple[RecordingSettings, str]] = []
        self.ticks = 0

    def write(self, given: SceneMessage) -> bool:
        self.entered.set()
        self.open.wait(WITHIN_S)
        with self.wrote:
            self.wrote.notify_all()
            if self.fails is not None:
                raise self.fails
            self.written.append(given)
        return self.wants

    def tick(self) -> None:
        self.ticks += 1

    def configure(self, settings: RecordingSettings, *, by: str) -> None:
        if self.fails is not None:
            raise self.fails
        self.settings.append((settings, by))

    def health(self) -> RecordingsHealth:
        return RecordingsHealth({"gate": 3}, {"gate": 1}, self.paused, 5_000_000_000, self.receipts_waiting, self.undeleted, ())

    def close(self) -> None:
        self.closed = True


@contextmanager
def running(recorder: Recorder, asked: list[str] | None = None, journal: KeptJournal | None = None) -> Iterator[RecordingThread]:
    thread = RecordingThread(recorder, ([] if asked is None else asked).append, SimulatedClock(), journal or KeptJournal())
    thread.start()
    try:
        yield thread
    finally:
        recorder.open.set()
        assert thread.stop(WITHIN_S)


def test_scenes_are_written_in_their_order_and_the_recorder_is_closed_at_the_end() -> None:
    recorder = Recorder()
    with running(recorder) as thread:
        for number in range(50):
            thread.put(message(at_s=float(number)))
    assert [one.scene.time_s for one in recorder.written] == [float(number) for number in range(50)]
    assert recorder.closed


def test_a_disk_that_hangs_holds_up_nobody_and_fills_no_more_than_the_queue() -> None:
    recorder, asked = Recorder(), list[str]()
    recorder.open.clear()
    with running(recorder, asked) as thread:
        thread.put(message())
        assert recorder.entered.wait(WITHIN_S)
        for number in range(MOST_SCENES + 500):
            thread.put(message(at_s=1.0 + number))
        health = thread.health()
        assert health.waiting == MOST_SCENES
        assert health.lost == {"gate": 1 + 500}  # one of the recorder's own
    assert len(recorder.written) == MOST_SCENES + 1


def test_the_queue_is_bounded_by_bytes_too() -> None:
    recorder = Recorder()
    recorder.open.clear()
    plate = whole_plate(size := message().scene.size) * 40
    each = 40 * size.width_px * size.height_px * 3
    with running(recorder) as thread:
        for number in range(2 * MOST_BYTES // each):
            thread.put(message(at_s=float(number), patches=plate))
        assert thread.health().waiting_bytes <= MOST_BYTES
        assert thread.health().lost["gate"] > 1


def test_who_asks_for_plates_is_told_to_wait_and_when_to_go_on() -> None:
    recorder, written = Recorder(), threading.Event()
    recorder.open.clear()
    thread = RecordingThread(recorder, lambda _: None, SimulatedClock(), KeptJournal(), written.set)
    thread.start()
    size = message().scene.size
    count = BEHIND_BYTES // (40 * size.width_px * size.height_px * 3) + 2
    for number in range(count):
        thread.put(message(at_s=float(number), whole=True, patches=whole_plate() * 40))
    assert thread.is_behind
    assert not written.is_set()
    recorder.open.set()
    assert written.wait(WITHIN_S)
    assert thread.stop(WITHIN_S)
    assert not thread.is_behind


def test_after_a_lost_scene_nothing_is_written_until_the_whole_plate_comes() -> None:
    recorder, asked = Recorder(), list[str]()
    recorder.fails = OutputError("disk full")
    with running(recorder, asked) as thread:
        with recorder.wrote:
            thread.put(message(at_s=0.0))
            assert recorder.wrote.wait(WITHIN_S)
        settle(thread)
        recorder.fails = None
        thread.put(message(at_s=1.0))
        thread.put(message("hall", at_s=1.5))
        thread.put(message(at_s=2.0, whole=True))
        thread.put(message(at_s=3.0))
    assert [(one.camera, one.scene.time_s) for one in recorder.written] == [("hall", 1.5), ("gate", 2.0), ("gate", 3.0)]
    assert asked == ["gate"]


def settle(thread: RecordingThread) -> None:
    """Waits until what was queued before has been done."""
    with pytest.raises(OutputError, match="disk full"):
        thread.configure(SETTINGS, by="anna", within_s=WITHIN_S)


def test_the_recorders_wish_for_a_whole_plate_is_passed_on_but_not_with_every_scene() -> None:
    recorder, asked = Recorder(), list[str]()
    recorder.wants = True
    with running(recorder, asked) as thread:
        for number in range(5):
            thread.put(message(at_s=float(number)))
    assert asked == ["gate"]


def test_a_failure_is_told_once_and_the_thread_goes_on() -> None:
    recorder, journal = Recorder(), KeptJournal()
    recorder.fails = OSError(28, "No space left on device")
    with running(recorder, journal=journal) as thread:
        for number in range(3):
            thread.put(message(at_s=float(number), whole=True))
        recorder_settings = RecordingSettings()
        with pytest.raises(OSError, match="No space left"):
            thread.configure(recorder_settings, by="anna", within_s=WITHIN_S)
        assert thread.health().failing == "OSError: No space left on device"
        assert thread.health().alive
    assert journal.of("recording failed") == [{"why": "OSError: No space left on device"}]


def test_an_error_that_nobody_foresaw_does_not_end_the_thread_and_its_text_is_not_told() -> None:
    recorder, journal = Recorder(), KeptJournal()
    recorder.fails = ValueError("rtsp://root:secret@camera")
    with running(recorder, journal=journal) as thread:
        thread.put(message())
        with pytest.raises(ValueError, match="rtsp"):
            thread.configure(SETTINGS, by="anna", within_s=WITHIN_S)
        recorder.fails = None
        thread.put(message(at_s=1.0, whole=True))
    assert [one.scene.time_s for one in recorder.written] == [1.0]
    assert journal.of("recording failed") == [{"why": "unexpected ValueError"}]


def test_settings_are_taken_in_the_thread_and_a_refusal_reaches_whoever_asked() -> None:
    recorder = Recorder()
    with running(recorder) as thread:
        thread.configure(SETTINGS, by="anna", within_s=WITHIN_S)
        assert recorder.settings == [(SETTINGS, "anna")]
        recorder.fails = ReceiptError("receipts cannot be written")
        with pytest.raises(ReceiptError):
            thread.configure(SETTINGS, by="anna", within_s=WITHIN_S)


def test_settings_that_are_being_taken_when_time_is_over_are_waited_for_and_not_said_to_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    go_on = threading.Event()
    takes = recorder.configure

    def slowly(settings: RecordingSettings, *, by: str) -> None:
        assert go_on.wait(WITHIN_S)
        takes(settings, by=by)

    monkeypatch.setattr(recorder, "configure", slowly)
    with running(recorder) as thread:
        threading.Timer(0.3, go_on.set).start()
        thread.configure(SETTINGS, by="anna", within_s=0.05)
    assert recorder.settings == [(SETTINGS, "anna")]


def test_settings_that_are_not_taken_in_time_are_not_taken_later_either() -> None:
    recorder = Recorder()
    recorder.open.clear()
    with running(recorder) as thread:
        thread.put(message())
        assert recorder.entered.wait(WITHIN_S)
        with pytest.raises(OutputError, match="in time"):
            thread.configure(SETTINGS, by="anna", within_s=0.01)
    assert recorder.settings == []


def test_a_pause_for_want_of_space_is_told_in_words() -> None:
    recorder = Recorder()
    recorder.paused = True
    with running(recorder) as thread:
        assert "the disk is too full: 5.0 GB are free" in thread.health().failing
        assert (thread.health().minutes, thread.health().free_bytes) == (3, 5_000_000_000)


@pytest.mark.parametrize(("undeleted", "waiting", "words"), [(2, 0, "2 recordings that are due"), (0, 3, "3 receipts of deletions")])
def test_what_is_due_and_cannot_be_deleted_or_written_down_is_said(undeleted: int, waiting: int, words: str) -> None:
    recorder = Recorder()
    recorder.undeleted, recorder.receipts_waiting = undeleted, waiting
    with running(recorder) as thread:
        assert words in thread.health().failing
