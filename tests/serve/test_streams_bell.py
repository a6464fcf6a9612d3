import asyncio
import threading

from passerby.serve.bell import Bell


def test_all_who_wait_hear_a_ring_from_another_thread() -> None:
    bell = Bell()

    async def both() -> None:
        first, second = asyncio.create_task(bell.heard()), asyncio.create_task(bell.heard())
        await asyncio.sleep(0)
        threading.Thread(target=bell.ring).start()
        await asyncio.wait_for(asyncio.gather(first, second), 30)

    asyncio.run(both())


def test_one_who_gives_up_does_not_end_the_waiting_of_others() -> None:
    bell = Bell()

    async def both() -> None:
        first, second = asyncio.create_task(bell.heard()), asyncio.create_task(bell.heard())
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        assert not second.done()
        bell.ring()
        await asyncio.wait_for(second, 30)

    asyncio.run(both())


def test_a_ring_of_before_is_not_heard() -> None:
    bell = Bell()

    async def late() -> None:
        bell.ring()
        waiting = asyncio.create_task(bell.heard())
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        bell.ring()
        await asyncio.wait_for(waiting, 30)

    asyncio.run(late())


def test_events_are_set_until_they_are_removed() -> None:
    bell, event = Bell(), threading.Event()
    bell.add(event)
    bell.ring()
    assert event.is_set()
    event.clear()
    bell.remove(event)
    bell.ring()
    assert not event.is_set()


def test_ringing_after_the_loop_has_ended_harms_nobody() -> None:
    bell = Bell()

    async def once() -> None:
        waiting = asyncio.create_task(bell.heard())
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(once())
    bell.ring()

    async def again() -> None:
        waiting = asyncio.create_task(bell.heard())
        await asyncio.sleep(0)
        bell.ring()
        await asyncio.wait_for(waiting, 30)

    asyncio.run(again())
