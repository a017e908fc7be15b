"""Waiting for rings: a thread sleeps on a lock, a task on a future; the feed's bell wakes either."""

import asyncio
import contextlib
import math
import operator
import os
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastbinance._core.ring import Bell, RingBase, Waiter
from fastbinance._core.segment import SharedBell
from fastbinance.errors import ConfigurationError

if TYPE_CHECKING:
    from fastbinance.rings import AnyRing

__all__ = [
    "LoopBell", "SharedLoopBell", "TaskWaiter", "ThreadWaiter", "await_news", "deadline_of", "wait_for_news",
]  # fmt: skip


class LoopBell(Bell):
    """The bell of an `AsyncClient`: who waits for it does so on the client's loop."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to a loop from now on."""
        self.loop = loop


class SharedLoopBell(SharedBell):
    """The bell of an `AsyncClient` whose feed is another process, which writes a byte to its pipe when there
    is news and somebody has asked for it.
    """

    def __init__(self) -> None:
        self._is_open = False
        super().__init__()
        self.loop: asyncio.AbstractEventLoop | None = None
        self._pipe = -1
        self._process = 0
        #: Where the feed writes; -1 before `open` and after `close`.
        self.feeds_pipe = -1

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to a loop from now on."""
        self.loop = loop
        self._process = os.getpid()
        self._pipe, self.feeds_pipe = os.pipe()
        for descriptor in (self._pipe, self.feeds_pipe):
            os.set_blocking(descriptor, False)
        loop.add_reader(self._pipe, self._take_bytes)

    def close(self) -> None:
        """Listen no more."""
        if self._pipe < 0:
            return
        # In a child that was forked, the loop's selector is the parent's too, who goes on listening.
        is_ours = self._process == os.getpid()
        if is_ours and self.loop is not None and not self.loop.is_closed():
            self.loop.remove_reader(self._pipe)
        os.close(self._pipe)
        os.close(self.feeds_pipe)
        self._pipe = self.feeds_pipe = -1

    # Of a client that was never used, or could not be made: nobody closes it.
    __del__ = close

    def _take_bytes(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._pipe, 4096)
        if self.waiters_here:
            self.ask_for_byte()  # for those who go on to sleep
            self.ring_here()


class ThreadWaiter(Waiter):
    """Sleeps on a lock that `wake` opens; woken on any thread. Where another process rings, on its bell.

    Parameters
    ----------
    rings, after
        See `Waiter`.
    spin
        Seconds to look for news without sleeping, where another process rings.
    """

    def __init__(self, rings: tuple[RingBase, ...], after: list[int], spin: float = 0.0) -> None:
        # Waiter has taken the arguments in __cinit__.
        self._lock = threading.Lock()
        self._lock.acquire()
        bell = rings[0].bell
        self._shared = bell if isinstance(bell, SharedBell) else None
        if self._shared is not None:
            self._spin = spin
            self._watch = rings
            # What has come and happened since is something to look at, not to sleep over.
            self._seen, self._looked = self._shared.seen(), list(after)

    def wake(self) -> None:
        """Open the lock. A second call before the sleeper has taken it changes nothing."""
        # Open already, perhaps because another thread came first.
        with contextlib.suppress(RuntimeError):
            self._lock.release()

    def sleep(self, seconds: float | None) -> bool:
        """Return whether somebody woke us within so many seconds."""
        if self._shared is None:
            return self._lock.acquire(
                timeout=-1 if seconds is None else min(max(seconds, 0.0), threading.TIMEOUT_MAX)
            )
        woken = self._shared.sleep(
            self._watch, self._looked, self._seen, math.inf if seconds is None else seconds, self._spin
        )
        self._seen = self._shared.seen()
        self._looked = [ring.cursor for ring in self._watch]
        return woken


class TaskWaiter(Waiter):
    """Sleeps on a future of the loop that its client belongs to."""

    def __init__(self, rings: tuple[RingBase, ...], after: list[int]) -> None:
        bell = rings[0].bell
        if not isinstance(bell, (LoopBell, SharedLoopBell)) or bell.loop is not asyncio.get_running_loop():
            raise ConfigurationError(
                "an AsyncClient belongs to the event loop that first used it: wait there"
            )
        self._future: asyncio.Future[None] | None = None
        self._shared = bell if isinstance(bell, SharedLoopBell) else None
        if self._shared is not None:
            self._watch = rings
            self._seen, self._looked = self._shared.seen(), list(after)

    def wake(self) -> None:
        """Settle the future. Nobody sleeping is nobody to wake: where the feed runs on this loop, it cannot
        do so between a look and a sleep.
        """
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    async def sleep(self, seconds: float | None) -> bool:
        """Return whether somebody woke us within so many seconds."""
        self._future = asyncio.get_running_loop().create_future()
        if self._shared is not None:
            self._shared.ask_for_byte()
            if self._has_changed():
                self._future.set_result(None)
        try:
            # Not every loop can be told to wait for ever.
            async with asyncio.timeout(None if seconds == math.inf else seconds):
                await self._future
        except TimeoutError:
            return False
        finally:
            if self._shared is not None:
                self._seen = self._shared.seen()
                self._looked = [ring.cursor for ring in self._watch]
        return True

    def _has_changed(self) -> bool:
        """Whether another process has published, or something has happened, since the last look."""
        if self._shared is not None and self._shared.seen() != self._seen:
            return True
        return any(ring.cursor > looked for ring, looked in zip(self._watch, self._looked, strict=True))


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
    rings: "Sequence[AnyRing[Any, Any]]",
    after: Sequence[int] | None,
    timeout: float | None,
    spin: float = 0.0,
) -> tuple[int, ...]:
    """Block until one of some rings of one client has a newer record, or time is up; return their cursors.

    Raises
    ------
    SubscriptionRejected, StreamClosed
        One of the rings has ended for good.
    """
    deadline = deadline_of(timeout, time.monotonic())
    waiter = ThreadWaiter(tuple(rings), _start(rings, after), spin)
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
