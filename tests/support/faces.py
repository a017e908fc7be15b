"""The ways to use the facade, so that one test covers them: a blocking client and an awaiting one, each with
its feed here or in a process of its own.

A test says `face.do(ring.ready, timeout=5)`. On a `Client` the call blocks; on an `AsyncClient` it is made
on the face's event loop, and awaited where there is something to await. Between two calls that loop stands
still.
"""

import asyncio
import contextlib
import functools
import inspect
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import fastbinance
from fastbinance.waiting import TaskWaiter, ThreadWaiter
from support.feed_nursery import feeds_at_once

__all__ = [
    "DEADLINE_SECONDS", "FACES", "NEAR", "USUAL", "Face", "InlineFace", "ThreadFace", "feed_threads",
    "open_face",
]  # fmt: skip

DEADLINE_SECONDS: Final = 20.0


def feed_threads() -> list[str]:
    """Return the names of our threads, but those of the simulator."""
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith("fastbinance-") and thread.name != "fastbinance-sim"
    ]


class Face:
    """One way to use the facade."""

    name = ""

    def __init__(self) -> None:
        self.clients: list[Any] = []

    def client(self, **options: Any) -> Any:
        """Make a client that is closed at the end of the test."""
        made = self._make(options)
        self.clients.append(made)
        return made

    def do(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call something of the facade, and wait for what it gives where it is awaitable."""
        raise NotImplementedError

    def beside(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call something blocking that is not ours, with the feed going on."""
        raise NotImplementedError

    def next(self, reader: Any) -> Any:
        """Take the next batch of a reader, or event of a queue; StopIteration at the end."""
        raise NotImplementedError

    def until(self, condition: Callable[[], object], ring: Any) -> None:
        """Wait until a condition holds, looking at each record of a ring and each change of its state."""
        raise NotImplementedError

    def event(self, queue: Any, *kinds: str) -> Any:
        """Take events off a queue up to the first of some kinds, and return it."""
        while True:
            event = self.next(queue)
            if event.kind in kinds:
                return event

    def live(self, ring: Any) -> Any:
        """Wait until a ring's stream is confirmed; return the ring."""
        self.until(lambda: ring.state is fastbinance.RingState.LIVE, ring)
        return ring

    def take_time(self) -> None:
        """Be no test of a minute."""

    def close(self) -> None:
        """Close the clients, and see that nothing of them is left."""
        for client in self.clients:
            self.do(client.close)

    def _make(self, options: Any) -> Any:
        raise NotImplementedError


class ThreadFace(Face):
    """`Client`, whose feed runs on a thread of its own."""

    name = "thread"
    reader_type = fastbinance.Reader
    ring_type = fastbinance.Ring
    client_type: Any = fastbinance.Client

    def __init__(self) -> None:
        super().__init__()
        # Who waits in vain is ended with its client, and its test fails at once rather than after minutes.
        self._watchdog = threading.Timer(3 * DEADLINE_SECONDS, super().close)
        self._watchdog.daemon = True
        self._watchdog.start()

    def _make(self, options: Any) -> Any:
        return fastbinance.Client(**options)

    def do(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    def beside(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    def next(self, reader: Any) -> Any:
        return next(reader)

    def until(self, condition: Callable[[], object], ring: Any) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        waiter = ThreadWaiter((ring,), [-1])
        ring.bell.add(waiter)
        try:
            while not condition():
                assert waiter.sleep(deadline - time.monotonic()), f"{ring!r}: waited in vain"
        finally:
            ring.bell.remove(waiter)

    def take_time(self) -> None:
        """Be no test of a minute: who waits in vain waits on."""
        self._watchdog.cancel()

    def close(self) -> None:
        self._watchdog.cancel()
        super().close()
        assert feed_threads() == []


class InlineFace(Face):
    """`AsyncClient`, whose feed runs on the caller's loop."""

    name = "inline"
    reader_type = fastbinance.AsyncReader
    ring_type = fastbinance.AsyncRing
    client_type: Any = fastbinance.AsyncClient

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop of its clients."""
        return self._runner.get_loop()

    def _make(self, options: Any) -> Any:
        return fastbinance.AsyncClient(**options)

    def do(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        async def run() -> Any:
            async with asyncio.timeout(DEADLINE_SECONDS):
                result = function(*args, **kwargs)
                return await result if inspect.isawaitable(result) else result

        return self._runner.run(run())

    def beside(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.do(asyncio.to_thread, function, *args, **kwargs)

    def next(self, reader: Any) -> Any:
        try:
            return self.do(anext, reader)
        except StopAsyncIteration:
            raise StopIteration from None

    def until(self, condition: Callable[[], object], ring: Any) -> None:
        async def run() -> None:
            waiter = TaskWaiter((ring,), [-1])
            ring.bell.add(waiter)
            try:
                while not condition():
                    await waiter.sleep(None)
            finally:
                ring.bell.remove(waiter)

        self.do(run)

    def close(self) -> None:
        super().close()
        left = [task for task in asyncio.all_tasks(self._runner.get_loop()) if not task.done()]
        self._runner.close()
        assert left == []
        assert feed_threads() == []


class ProcessFace(ThreadFace):
    """`Client`, whose feed has a process of its own."""

    name = "process"
    client_type: Any = functools.partial(fastbinance.Client, feed="process")

    def __init__(self, at_once: bool = True) -> None:
        super().__init__()
        self._feeds = contextlib.ExitStack()
        if at_once:
            self._feeds.enter_context(feeds_at_once())

    def close(self) -> None:
        with self._feeds:
            super().close()

    def _make(self, options: Any) -> Any:
        return fastbinance.Client(feed="process", **options)


class AwaitedProcessFace(InlineFace):
    """`AsyncClient`, whose feed has a process of its own."""

    name = "awaited process"
    client_type: Any = functools.partial(fastbinance.AsyncClient, feed="process")

    def __init__(self, at_once: bool = True) -> None:
        super().__init__()
        self._feeds = contextlib.ExitStack()
        if at_once:
            self._feeds.enter_context(feeds_at_once())

    def close(self) -> None:
        with self._feeds:
            super().close()

    def _make(self, options: Any) -> Any:
        return fastbinance.AsyncClient(feed="process", **options)


FACES: Final[dict[str, type[Face]]] = {
    face.name: face for face in (ThreadFace, InlineFace, ProcessFace, AwaitedProcessFace)
}

# Of tests that reach into the feed: what they look at, or change, must be of this process.
NEAR: Final = (ThreadFace.name, InlineFace.name)
# Of most tests. In what an `AsyncClient` differs from a `Client` it does so wherever its feed is, but for
# waiting and for what ends: tests of that ask for all FACES.
USUAL: Final = (*NEAR, ProcessFace.name)


@contextlib.contextmanager
def open_face(name: str) -> Iterator[Face]:
    """Give a face for the length of a ``with`` block."""
    face = FACES[name]()
    try:
        yield face
    finally:
        face.close()
