"""Waiting for rings: a thread sleeps on a lock, a task on a future; the feed's bell wakes either."""

import asyncio
import contextlib
import math
import operator
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastbinance._core.ring import Bell, RingBase, Waiter
from fastbinance.errors import ConfigurationError

if TYPE_CHECKING:
    from fastbinance.rings import AnyRing

__all__ = ["LoopBell", "TaskWaiter", "ThreadWaiter", "await_news", "deadline_of", "wait_for_news"]


class LoopBell(Bell):
    """The bell of an `AsyncClient`: who waits for it does so on the client's loop."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None


class ThreadWaiter(Waiter):
    """Sleeps on a lock that `wake` opens; woken on any thread."""

    def __init__(self, rings: tuple[RingBase, ...], after: list[int]) -> None:
        # Waiter has taken the arguments in __cinit__.
        self._lock = threading.Lock()
        self._lock.acquire()

    def wake(self) -> None:
        """Open the lock. A second call before the sleeper has taken it changes nothing."""
        # Open already, perhaps because another thread came first.
        with contextlib.suppress(RuntimeError):
            self._lock.release()

    def sleep(self, seconds: float | None) -> bool:
        """Return whether somebody woke us within so many seconds."""
        return self._lock.acquire(
            timeout=-1 if seconds is None else min(max(seconds, 0.0), threading.TIMEOUT_MAX)
        )


class TaskWaiter(Waiter):
    """Sleeps on a future of the loop on whose thread the feed runs."""

    def __init__(self, rings: tuple[RingBase, ...], after: list[int]) -> None:
        bell = rings[0].bell
        if not isinstance(bell, LoopBell) or bell.loop is not asyncio.get_running_loop():
            raise ConfigurationError(
                "an AsyncClient belongs to the event loop that first used it: wait there"
            )
        self._future: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Settle the future. Nobody sleeping is nobody to wake: the feed cannot run between a look and a
        sleep.
        """
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    async def sleep(self, seconds: float | None) -> bool:
        """Return whether somebody woke us within so many seconds."""
        self._future = asyncio.get_running_loop().create_future()
        try:
            # Not every loop can be told to wait for ever.
            async with asyncio.timeout(None if seconds == math.inf else seconds):
                await self._future
        except TimeoutError:
            return False
        return True


def deadline_of(timeout: float | None, now: float) -> float | None:
    """Return when a wait is over, None for never."""
    if timeout is None:
        return None
    if isinstance(timeout, str) or not hasattr(timeout, "__float__") or math.isnan(timeout):
        raise ConfigurationError(f"timeout is a number of seconds or None, not {timeout!r}")
    return now + float(timeout)


def _start(rings: Sequence[RingBase], after: Sequence[int] | None) -> list[int]:
    if after is None:
        return [ring.cursor for ring in rings]
    if len(after) != len(rings):
        raise ConfigurationError(f"{len(after)} cursors for {len(rings)} rings")
    try:
        return [
            operator.index(cursor) for cursor in after
        ]  # NumPy's integers too: they are what batches hold
    except TypeError:
        raise ConfigurationError(f"after is a cursor, an int such as wait() returns, not {after!r}") from None


def wait_for_news(
    rings: "Sequence[AnyRing[Any, Any]]", after: Sequence[int] | None, timeout: float | None
) -> tuple[int, ...]:
    """Block until one of some rings of one client has a newer record, or time is up; return their cursors.

    Raises
    ------
    SubscriptionRejected, StreamClosed
        One of the rings has ended for good.
    """
    deadline = deadline_of(timeout, time.monotonic())
    waiter = ThreadWaiter(tuple(rings), _start(rings, after))
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
    rings: "Sequence[AnyRing[Any, Any]]", after: Sequence[int] | None, timeout: float | None
) -> tuple[int, ...]:
    """Wait, on the client's loop, until one of some rings has a newer record, or time is up; return their
    cursors.

    Raises
    ------
    SubscriptionRejected, StreamClosed
        One of the rings has ended for good.
    ConfigurationError
        This is not the client's loop.
    """
    loop = asyncio.get_running_loop()
    deadline = deadline_of(timeout, loop.time())
    waiter = TaskWaiter(tuple(rings), _start(rings, after))
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
