"""Many wait for one ring at a time, and are woken for each record: no wake-up is lost, and nothing is left.

Writer and waiters go in step: the next record is written when everybody has seen the one before. So a wake-up
that is lost is not made good by a later one, and the wait for it ends in vain.
"""

import asyncio
import gc
import threading
from typing import Any

import pytest
from support.frames import Recorder, book_ticker, pack

from fastbinance._core.feed import Feed
from fastbinance._core.ring import Bell, RingBase
from fastbinance.streams import Kind
from fastbinance.waiting import LoopBell, TaskWaiter, ThreadWaiter, await_news, wait_for_news

SECONDS = 20.0
RECORDS = 1500
WAITERS = 6


class Waited(RingBase):
    """A ring that never ends, as far as waiting asks."""

    def raise_if_over(self) -> None:
        return None


def made(bell: Bell) -> Waited:
    return Waited(int(Kind.BOOK_TICKER), "btcusdt@bookTicker", "main", "BTCUSDT", capacity=64, bell=bell)


def fed(ring: Waited, bell: Bell) -> Feed:
    feed = Feed(Recorder(), "main", bell)
    feed.add_route(ring.stream, ring)
    return feed


def alive(kind: type) -> int:
    gc.collect()
    return sum(type(one) is kind for one in gc.get_objects())


def test_no_thread_misses_a_record() -> None:
    bell = Bell()
    ring: Any = made(bell)
    feed = fed(ring, bell)
    batches = [pack([book_ticker(1000 + i)]) for i in range(RECORDS)]
    seen = threading.Semaphore(0)
    missed: list[int] = []
    before = alive(ThreadWaiter)

    def wait() -> None:
        cursor = -1
        while cursor < RECORDS - 1:
            (newest,) = wait_for_news([ring], [cursor], SECONDS)
            if newest != cursor + 1:
                missed.append(cursor)
                return
            cursor = newest
            seen.release()

    threads = [threading.Thread(target=wait) for _ in range(WAITERS)]
    for thread in threads:
        thread.start()
    for batch in batches:
        feed.replay(*batch)
        for _ in threads:
            if not seen.acquire(timeout=2 * SECONDS):
                break
        if missed:
            break
    for thread in threads:
        thread.join()
    assert missed == []
    assert ring.cursor == RECORDS - 1
    assert bell.waiting == 0
    assert alive(ThreadWaiter) == before


async def test_no_task_misses_a_record() -> None:
    bell = LoopBell()
    bell.open(asyncio.get_running_loop())
    ring: Any = made(bell)
    feed = fed(ring, bell)
    before = alive(TaskWaiter)
    turn = asyncio.Semaphore(0)

    async def wait() -> None:
        for cursor in range(-1, RECORDS - 1):
            assert await await_news([ring], [cursor], SECONDS) == (cursor + 1,)
            turn.release()

    async with asyncio.TaskGroup() as group:
        for _ in range(WAITERS):
            group.create_task(wait())
        for number in range(RECORDS):
            feed.replay(*pack([book_ticker(1000 + number)]))
            for _ in range(WAITERS):
                await turn.acquire()
    assert bell.waiting == 0
    assert alive(TaskWaiter) == before


@pytest.mark.parametrize("rounds", [300])
async def test_tasks_that_give_up_waiting_leave_nothing(rounds: int) -> None:
    bell = LoopBell()
    bell.open(asyncio.get_running_loop())
    ring: Any = made(bell)
    before = alive(TaskWaiter)

    async def give_up() -> None:
        tasks = [asyncio.create_task(await_news([ring], None, None)) for _ in range(WAITERS)]
        await asyncio.sleep(0)
        assert bell.waiting == WAITERS
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(one, asyncio.CancelledError) for one in ends)

    for _ in range(rounds):
        await give_up()
        assert bell.waiting == 0
    await asyncio.sleep(0)  # what the loop still has of the last ones
    assert alive(TaskWaiter) == before
