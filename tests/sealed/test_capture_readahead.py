import threading
from collections.abc import Iterator

import pytest

from passerby.sealed.capture.readahead import Readahead


def decoding_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "passerby-decode"]


def test_items_come_in_order_and_the_thread_ends() -> None:
    assert list(Readahead(lambda: iter(range(100)), 4)) == list(range(100))
    assert not decoding_threads()


def test_no_more_than_the_depth_waits_for_the_consumer() -> None:
    made: list[int] = []
    stalled = threading.Event()

    def numbers() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if number == 4:  # one taken, three waiting, one in the hands of the thread
                stalled.set()
            yield number

    ahead = Readahead(numbers, 3)
    consumer = iter(ahead)
    assert next(consumer) == 0
    assert stalled.wait(10)
    ahead.close()
    assert made == [0, 1, 2, 3, 4]


def test_an_error_comes_after_the_items_before_it() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        yield 2
        raise LookupError("lost")

    consumer = iter(Readahead(numbers, 4))
    assert [next(consumer), next(consumer)] == [1, 2]
    with pytest.raises(LookupError, match="lost"):
        next(consumer)
    assert not decoding_threads()


def test_an_error_while_starting_reaches_the_consumer() -> None:
    def start() -> Iterator[int]:
        raise LookupError("no start")

    with pytest.raises(LookupError, match="no start"):
        list(Readahead(start, 4))


def test_stopping_early_closes_the_iterator_in_its_thread() -> None:
    closed_in: list[str] = []

    def numbers() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed_in.append(threading.current_thread().name)

    consumer = iter(Readahead(numbers, 2))
    next(consumer)
    consumer.close()  # type: ignore[attr-defined]  # it is a generator
    assert closed_in == ["passerby-decode"]
    assert not decoding_threads()


def test_closing_what_never_ran_does_nothing() -> None:
    Readahead(lambda: iter(()), 2).close()
    assert not decoding_threads()
