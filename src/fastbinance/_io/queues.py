"""Queues from the feed's thread to one consumer each, who blocks on them or awaits."""

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, Self, TypeVar

from fastbinance.errors import ConfigurationError
from fastbinance.events import Event

__all__ = ["EVENT_CAPACITY", "EventQueue", "Queue", "UnboundedQueue"]

logger = logging.getLogger("fastbinance")

E = TypeVar("E")

EVENT_CAPACITY: Final = 65_536
# Of a queue that drops nothing: a consumer that is this far behind is told, and again at each doubling.
_MANY_WAITING: Final = 10_000


class Queue(Generic[E]):
    """Items for one consumer, blocking or asyncio. When it is full the oldest one is dropped and counted.

    `put` may be called on any thread. A blocking consumer iterates or calls `get`; an asyncio consumer uses
    ``async for`` or awaits `get_async`. After `close` both get what is left and then the end.

    Parameters
    ----------
    capacity
        Events kept while the consumer is busy.
    """

    def __init__(self, capacity: int = EVENT_CAPACITY) -> None:
        if capacity < 1:
            raise ConfigurationError(f"an event queue needs a capacity of at least 1, not {capacity}")
        self.capacity: Final = capacity
        self.lost = 0
        self._events: deque[E] = deque()
        self._changed = threading.Condition()
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._closed = False
        #: Called once by `close`, so that whoever feeds the queue can forget it.
        self.on_close: Callable[[], object] | None = None

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: E) -> None:
        """Append an event, on any thread; ignored after `close`."""
        with self._changed:
            if self._closed:
                return
            if len(self._events) >= self.capacity:
                self._events.popleft()
                self.lost += 1
            self._events.append(event)
            self._wake()

    def get(self, timeout: float | None = None) -> E | None:
        """Wait for the next event and return it; None when time is up, or when closed and empty.

        Blocks the thread: not for an event loop.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._closed, timeout)
            return self._events.popleft() if self._events else None

    async def get_async(self) -> E | None:
        """Wait for the next event and return it; None when closed and empty."""
        loop = asyncio.get_running_loop()
        while True:
            with self._changed:
                if self._events:
                    return self._events.popleft()
                if self._closed:
                    return None
                waiter = (loop, loop.create_future())
                self._waiters.append(waiter)
            try:
                await waiter[1]
            finally:
                with self._changed:
                    if waiter in self._waiters:
                        self._waiters.remove(waiter)

    def close(self) -> None:
        """End the queue; what is in it can still be read."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._wake()
            ended, self.on_close = self.on_close, None
        if ended is not None:
            ended()

    def _abandon(self) -> None:
        """Be closed, in a child process that has a copy of everything but the threads."""
        # Not close(): a thread that is not here may hold the lock, and the waiters are the parent's.
        self._changed = threading.Condition()
        self._waiters = []
        self._closed = True

    @property
    def closed(self) -> bool:
        """Whether nothing more will be put in."""
        return self._closed

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> E:
        event = self.get()
        if event is None:
            raise StopIteration
        return event

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> E:
        event = await self.get_async()
        if event is None:
            raise StopAsyncIteration
        return event

    def _wake(self) -> None:
        # Called with the lock held. A waiter on the very loop that puts needs no trip through the self-pipe.
        self._changed.notify()
        waiters, self._waiters = self._waiters, []
        if not waiters:
            return
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        for loop, future in waiters:
            if loop is here:
                _settle(future)
            else:
                # A loop that is closed has nobody waiting any more.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(_settle, future)


class EventQueue(Queue[Event]):
    """The events of a client for one consumer.

    Parameters
    ----------
    capacity
        Events kept while the consumer is busy.
    only
        Routed WsKey and name of the one stream whose messages, and refusal, it is for; None is for every
        event.
    """

    def __init__(self, capacity: int = EVENT_CAPACITY, only: tuple[str, str] | None = None) -> None:
        super().__init__(capacity)
        self.only: Final = only

    def __repr__(self) -> str:
        what = "all events" if self.only is None else " ".join(self.only)
        how = "closed, " if self._closed else ""
        return f"<EventQueue {what}: {how}{len(self)} waiting, {self.lost} lost>"


class UnboundedQueue(Queue[E]):
    """Items for one consumer, none of which is ever dropped; one that is far behind is logged.

    Parameters
    ----------
    name
        What it is, for the log.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._told_at = _MANY_WAITING

    def put(self, event: E) -> None:
        """Append an item, on any thread; ignored after `close`."""
        with self._changed:
            if self._closed:
                return
            self._events.append(event)
            self._wake()
            waiting = len(self._events)
        if waiting >= self._told_at:
            self._told_at = 2 * waiting
            logger.warning("%s: %d events wait for a consumer that is too slow", self._name, waiting)

    def get_while(self, wanted: Callable[[], bool]) -> E | None:
        """Wait for the next event and return it; None when it is not wanted, or when closed and empty.

        `wanted` is asked right before an event is taken, and again after `look_again`.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._closed or not wanted())
            return self._events.popleft() if self._events and wanted() else None

    def look_again(self) -> None:
        """Have who waits in `get_while` ask whether an event is wanted still."""
        with self._changed:
            self._changed.notify_all()


def _settle(future: asyncio.Future[None]) -> None:
    """Wake who waits, unless it has gone."""
    if not future.done():
        future.set_result(None)
