"""The thread of a `Client`: an event loop and a pool on it, from the first use to an end in bounded time."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, Generic, Protocol, TypeVar

from fastbinance.errors import ConfigurationError

__all__ = ["CLOSED", "FeedThread", "close_pool", "new_loop"]

logger = logging.getLogger("fastbinance")

X = TypeVar("X")
P = TypeVar("P", bound="Closing")

CLOSED: Final = "the client is closed; make a new one"

# Tasks that have been cancelled need a few turns of the loop. One that does not end is not waited for.
_SWEEP_SECONDS: Final = 0.1
# A transport that is aborted tells its protocol in the next turn, then its task, and that its owner.
_LAST_TURNS: Final = 5
# What only has to be begun, and would be lost if it were cancelled before.
_LEAST_SECONDS: Final = 0.02


class Closing(Protocol):
    """What is closed in bounded time: a pool, here or in another process."""

    async def close(self) -> None:
        """Leave nothing on the loop."""


async def close_pool(pool: Closing, deadline: float) -> None:
    """Close a pool until a time of `time.monotonic`; what has not ended then is torn down."""
    try:
        async with asyncio.timeout(max(deadline - time.monotonic(), _LEAST_SECONDS)):
            await pool.close()
    except TimeoutError:
        await _last_turns()
        # Not raised: it would hide what made the caller close, and no connection is left all the same.
        logger.warning("connections did not end in time; their sockets are closed without a goodbye")


async def _last_turns() -> None:
    for _ in range(_LAST_TURNS):
        await asyncio.sleep(0)


class FeedThread(Generic[P]):
    """A daemon thread with an event loop and a pool.

    It ends itself: whoever closes only asks for it, and waits for as long as there is time. So an end that
    was begun is not undone by what interrupts the waiting, and needs no lock that somebody may hold.

    Parameters
    ----------
    make_pool
        Called on the loop.
    on_end
        Called on the thread when the pool has ended; must not wait.
    """

    def __init__(self, make_pool: Callable[[], P], on_end: Callable[[], object]) -> None:
        self._make_pool = make_pool
        self._on_end = on_end
        self._claim = threading.Lock()  # taken by the one thread that runs, and never given back
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._started: Future[P] = Future()
        self._over = threading.Event()
        self._calls: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._end_by: float | None = None

    @property
    def started(self) -> bool:
        """Whether there is a pool."""
        return self._started.done()

    @property
    def is_current(self) -> bool:
        """Whether this is the thread: it must not wait for itself."""
        return threading.current_thread() is self._thread

    def start(self) -> P:
        """Return the pool; the first call makes it. On any thread.

        Raises
        ------
        ConfigurationError
            `end` has been called.
        """
        if self._end_by is not None:
            raise ConfigurationError(CLOSED)
        if not self._claim.locked():
            # A daemon: a script that forgets to close must still be able to end. Two threads may come here,
            # and Ctrl-C may come in between: the first to run is the one, and any other ends at once.
            threading.Thread(target=self._run, name="fastbinance-feed", daemon=True).start()
        return self._started.result()

    def call(self, function: Callable[[], X]) -> X:
        """Run something on the loop's thread and return what it returns.

        Raises
        ------
        ConfigurationError
            The thread has ended, or does so now.
        """
        return function() if self.is_current else self.post(function).result()

    def post(self, function: Callable[[], X]) -> Future[X]:
        """Have something run on the loop's thread, and return what will tell how it went: it may be that the
        thread has ended, or does so now (`ConfigurationError`).
        """
        done: Future[X] = Future()
        self._calls.append((function, done))
        # After the append: either the ending thread sees the call, or we see here that it has ended.
        if self._over.is_set() or not self._poke(self._work):
            self._refuse_calls()
        return done

    def end(self, deadline: float) -> None:
        """Ask for the end until a time of `time.monotonic`; return at once. On any thread, at any time."""
        if self._end_by is None:
            self._end_by = deadline
        if not self._claim.locked():
            return
        # What is not there yet finds the time of the end when it comes.
        self._poke(self._ask)

    def join(self, deadline: float) -> bool:
        """Wait until nothing is left, at most until a time of `time.monotonic`; whether that is so."""
        if not self._claim.locked():
            return True
        if self.is_current:
            return False
        ended = self._over.wait(max(deadline - time.monotonic(), 0.0))
        if ended and self._thread is not None:
            self._thread.join(max(deadline - time.monotonic(), 0.0))
        if not ended:
            self._refuse_calls()
        return ended

    def forget(self) -> None:
        """Be over, in a child process that has a copy of everything but the thread.

        Nothing is closed: the loop's selector and the connections are the parent's too, and would end there.
        """
        self._end_by = 0.0
        self._thread = self._loop = None
        # New ones: a thread that is not here may hold the lock of the old ones.
        self._claim, self._over = threading.Lock(), threading.Event()
        self._over.set()
        self._calls = deque()

    # -- on any thread

    def _poke(self, callback: Callable[[], object]) -> bool:
        """Have something called on the loop; False when there is none, or none any more."""
        loop = self._loop
        if loop is None:
            return False
        try:
            loop.call_soon_threadsafe(callback)
        except RuntimeError:
            return False
        return True

    def _refuse_calls(self) -> None:
        while self._calls:
            try:
                _, done = self._calls.popleft()
            except IndexError:
                return  # another thread has taken it
            done.set_exception(ConfigurationError(CLOSED))

    # -- on the thread

    def _run(self) -> None:
        if not self._claim.acquire(blocking=False):
            return
        self._thread = threading.current_thread()
        loop: asyncio.AbstractEventLoop | None = None
        try:
            loop = new_loop()
            asyncio.set_event_loop(loop)
            try:
                loop.run_until_complete(self._main(loop))
            finally:
                _sweep(loop)
        except BaseException as error:
            if self._started.done():
                raise  # nobody waits for it: threading reports it
            self._started.set_exception(error)
        finally:
            self._on_end()
            if loop is not None:
                asyncio.set_event_loop(None)
                loop.close()
            self._over.set()
            self._refuse_calls()

    async def _main(self, loop: asyncio.AbstractEventLoop) -> None:
        self._stop = asyncio.Event()
        pool = self._make_pool()
        self._loop = loop
        self._started.set_result(pool)
        # The loop first, then the look: whoever asks in between is seen here, or finds the loop.
        if self._end_by is None:
            await self._stop.wait()
        await close_pool(pool, self._end_by or 0.0)

    def _ask(self) -> None:
        if self._stop is not None:
            self._stop.set()

    def _work(self) -> None:
        while self._calls:
            try:
                function, done = self._calls.popleft()
            except IndexError:
                return  # refused by the thread that closes
            try:
                done.set_result(function())
            except BaseException as error:  # whatever it is belongs to the caller who waits for it
                done.set_exception(error)


def new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # not on every platform; asyncio's own loop does the same, a little slower
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _sweep(loop: asyncio.AbstractEventLoop) -> None:
    """Leave nothing on a loop that is about to be closed; after an orderly close there is next to nothing."""

    async def sweep() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_SWEEP_SECONDS)
        await _last_turns()
        await loop.shutdown_asyncgens()

    loop.run_until_complete(sweep())
