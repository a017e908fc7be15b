"""Waiting for rings: a thread sleeps on a lock, a task on a future; the feed's bell wakes either."""

import asyncio
import threading
import time
from collections.abc import Sequence

from fastbinance._core.ring import RingBase, Waiter
from fastbinance.errors import ConfigurationError

__all__ = ["TaskWaiter", "ThreadWaiter", "await_news", "wait_for_news"]


class ThreadWaiter(Waiter):
    """Sleeps on a lock that `wake` opens; woken on the feed's thread."""

    def __init__(self, rings: tuple[RingBase, ...], after: list[int]) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def wake(self) -> None:
        """Open the lock. A second call before the sleeper has taken it changes nothing."""
        if self._lock.locked():
            self._lock.release()

    def sleep(self, seconds: float | None) -> bool:
        """Return whether somebody woke us within so many seconds."""
        return self._lock.acquire(timeout=-1 if seconds is None else max(seconds, 0.0))


class TaskWaiter(Waiter):
    """Sleeps on a future of the loop on whose thread the feed runs."""

    def __init__(self, rings: tuple[RingBase, ...], after: list[int]) -> None:
        self._future: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Settle the future. Nobody sleeping is nobody to wake: the feed cannot run between a look and a sleep."""
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    async def sleep(self, seconds: float | None) -> bool:
        """Return whether somebody woke us within so many seconds."""
        self._future = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._future
        except TimeoutError:
            return False
        return True


def _start(rings: Sequence[RingBase], after: Sequence[int] | None) -> list[int]:
    if not rings:
        raise ConfigurationError("nothing to wait for: no ring was given")
    if any(ring.bell is not rings[0].bell for ring in rings):
        raise ConfigurationError("only rings of one client can be waited for together")
    if after is not None and len(after) != len(rings):
        raise ConfigurationError(f"{len(after)} cursors for {len(rings)} rings")
    return [ring.cursor for ring in rings] if after is None else list(after)


def wait_for_news(rings: Sequence[RingBase], after: Sequence[int] | None, timeout: float | None) -> tuple[int, ...]:
    """Block until one of some rings of one client has a newer record, or time is up; return their cursors.

    Raises
    ------
    SubscriptionRejected, StreamClosed
        One of the rings has ended for good.
    """
    known = _start(rings, after)
    deadline = None if timeout is None else time.monotonic() + timeout
    waiter = ThreadWaiter(tuple(rings), known)
    rings[0].bell.add(waiter)
    try:
        while not waiter.news():
            for ring in rings:
                ring.raise_if_over()
            left = None if deadline is None else deadline - time.monotonic()
            if (left is not None and left <= 0) or not waiter.sleep(left):
                break
    finally:
        rings[0].bell.remove(waiter)
    return tuple(ring.cursor for ring in rings)


async def await_news(
    rings: Sequence[RingBase], after: Sequence[int] | None, timeout: float | None
) -> tuple[int, ...]:
    """Wait, on the client's loop, until one of some rings has a newer record, or time is up; return their cursors.

    Raises
    ------
    SubscriptionRejected, StreamClosed
        One of the rings has ended for good.
    """
    known = _start(rings, after)
    loop = asyncio.get_running_loop()
    deadline = None if timeout is None else loop.time() + timeout
    waiter = TaskWaiter(tuple(rings), known)
    rings[0].bell.add(waiter)
    try:
        while not waiter.news():
            for ring in rings:
                ring.raise_if_over()
            left = None if deadline is None else deadline - loop.time()
            if (left is not None and left <= 0) or not await waiter.sleep(left):
                break
    finally:
        rings[0].bell.remove(waiter)
    return tuple(ring.cursor for ring in rings)
