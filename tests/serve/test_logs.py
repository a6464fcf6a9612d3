import io
import json
import logging
import threading

import pytest

from passerby.serve.logs import LineWriter, journal_on


def test_events_are_one_line_of_json_each() -> None:
    stream = io.StringIO()
    with journal_on(stream, words=False) as (journal, _):
        journal.info("camera", camera="gate", condition="live")
        journal.error("recording failed", why="two\nlines")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["event"], first["camera"], first["level"]) == ("camera", "gate", "info")
    assert first["timestamp"].endswith("Z")
    assert second["why"] == "two\nlines"


def test_words_are_for_people() -> None:
    stream = io.StringIO()
    with journal_on(stream, words=True) as (journal, _):
        journal.warning("camera", camera="gate", says="The camera cannot be reached.")
    assert "camera" in stream.getvalue()
    assert "The camera cannot be reached." in stream.getvalue()


class Stuck(io.StringIO):
    """A pipe that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def write(self, text: str) -> int:
        self.go_on.wait(10)
        return super().write(text)


def test_a_log_that_nobody_reads_holds_up_nobody_and_what_was_dropped_is_told() -> None:
    stream = Stuck()
    writer = LineWriter(stream, most_lines=10)
    for number in range(100):
        writer.info(f"line {number}")
    assert 85 <= writer.lost <= 90
    stream.go_on.set()
    writer.close()
    assert f"({writer.lost} log lines were dropped)" in stream.getvalue()


def test_a_stream_that_is_closed_ends_nothing() -> None:
    stream = io.StringIO()
    stream.close()
    writer = LineWriter(stream)
    writer.info("a line")
    writer.close()
    assert writer.lost == 1


def test_an_error_of_a_library_is_told_by_its_class_and_place_and_never_by_its_text() -> None:
    stream = io.StringIO()
    with journal_on(stream, words=False):
        try:
            int("rtsp://root:hunter2@camera")
        except ValueError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    (line,) = stream.getvalue().splitlines()
    told = json.loads(line)
    assert (told["library"], told["error"]) == ("uvicorn.error", "ValueError")
    assert told["place"].startswith(__name__)
    assert "hunter2" not in line


@pytest.mark.parametrize("words", [True, False])
def test_a_line_has_an_end_however_much_is_in_it(words: bool) -> None:
    stream = io.StringIO()
    with journal_on(stream, words=words) as (journal, _):
        journal.info("long", fact="x" * 100_000)
    assert len(stream.getvalue()) < 5000


def test_the_journal_leaves_no_handler_behind() -> None:
    before = list(logging.getLogger().handlers)
    with journal_on(io.StringIO(), words=False):
        assert len(logging.getLogger().handlers) == len(before) + 1
    assert logging.getLogger().handlers == before
