import threading

from passerby.sealed.worker.bell import Bell


def test_a_ring_while_nobody_waits_is_kept_and_several_are_one() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    assert bell.wait(60)
    assert not bell.wait(0)


def test_whoever_waits_is_woken() -> None:
    bell, woken = Bell(), threading.Event()

    def waits() -> None:
        if bell.wait(60):
            woken.set()

    thread = threading.Thread(target=waits)
    thread.start()
    bell.ring()
    thread.join()
    assert woken.is_set()


def test_the_end_wakes_at_once_and_for_ever_and_is_no_ring() -> None:
    bell = Bell()
    before = bell.ended
    bell.end()
    assert (before, bell.ended) == (False, True)
    assert not bell.wait(60)
    assert not bell.wait(60)


def test_a_wait_of_no_time_or_less_returns_at_once() -> None:
    assert not Bell().wait(-1)
