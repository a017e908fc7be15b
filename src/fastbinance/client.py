"""The front door: `Client` for scripts and threads, `AsyncClient` for asyncio programs."""

import asyncio
import atexit
import logging
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from ssl import SSLContext
from types import TracebackType
from typing import Any, ClassVar, Final, Literal, Self, TypeVar

from fastbinance._client_base import ClientBase, ClientStats
from fastbinance._core.ring import Bell
from fastbinance._io.dispatch import EventHub
from fastbinance._io.pool import Pool
from fastbinance.errors import ConfigurationError
from fastbinance.keys import Environment, Urls
from fastbinance.market import MarketStreams
from fastbinance.reader import AsyncManyReader, ManyReader, Start
from fastbinance.rings import (
    AggTradeRing,
    AnyRing,
    AsyncAggTradeRing,
    AsyncBookTickerRing,
    AsyncDepthRing,
    AsyncRing,
    AsyncTradeRing,
    BookTickerRing,
    DepthRing,
    Ring,
    TradeRing,
)
from fastbinance.streams import Kind
from fastbinance.waiting import LoopBell, await_news, wait_for_news

__all__ = ["AsyncClient", "Client", "ClientStats"]

logger = logging.getLogger("fastbinance")

X = TypeVar("X")

# Connections end within half a second, with or without their peers; the rest is for a busy machine.
_CLOSE_SECONDS: Final = 2.0

_CLOSED: Final = "the client is closed; make a new one"


class Client(ClientBase, MarketStreams[BookTickerRing, TradeRing, AggTradeRing, DepthRing]):
    """Binance's streams for synchronous code: the feed runs on a background thread.

    Parameters
    ----------
    feed
        Where the feed runs: ``"thread"``.
    env
        ``"prod"``, ``"testnet"`` or ``"demo"``.
    market_maker
        Use the ``-mm`` hosts where Binance has them.
    urls
        Base URLs that override Binance's, by WsKey: ``{WsKey.MAIN: "ws://127.0.0.1:9000"}``.
    ssl_context
        For ``wss``; None verifies against the system's trusted certificates.
    capacity
        Slots of each ring, a power of two, where a method does not say otherwise.

    Raises
    ------
    ConfigurationError
        An option cannot be; the message names what can. Nothing has been connected then.

    Examples
    --------
    >>> with fastbinance.Client() as fb:
    ...     buf = fb.book_ticker("btcusdt")
    ...     buf.ready(timeout=5)
    ...     print(buf.last().bid_price)
    """

    _ring_types: ClassVar[Mapping[Kind, type[AnyRing[Any, Any]]]] = {
        Kind.BOOK_TICKER: BookTickerRing,
        Kind.TRADE: TradeRing,
        Kind.AGG_TRADE: AggTradeRing,
        Kind.DIFF_DEPTH: DepthRing,
        Kind.PARTIAL_DEPTH: DepthRing,
    }

    def __init__(
        self,
        *,
        feed: Literal["thread"] = "thread",
        env: Environment = "prod",
        market_maker: bool = False,
        urls: Urls | None = None,
        ssl_context: SSLContext | None = None,
        capacity: int | None = None,
    ) -> None:
        if feed != "thread":
            raise ConfigurationError(
                f"the feed of a Client runs in a 'thread', not {feed!r}; AsyncClient has 'inline'"
            )
        super().__init__(env, market_maker, urls, ssl_context, capacity, Bell())
        self._hub = EventHub()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._started: Future[Pool] = Future()
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def reader(
        self,
        rings: Iterable[Ring[Any, Any]],
        start: Start = "new",
        *,
        latest: bool = False,
        max_records: int = 1024,
    ) -> ManyReader:
        """Return a reader over several rings, which yields ``(ring, batch)``; see `Ring.reader`."""
        return ManyReader(self._own(rings), start, latest, max_records)

    def wait_any(
        self,
        rings: Iterable[Ring[Any, Any]],
        after: Sequence[int] | None = None,
        timeout: float | None = None,
    ) -> tuple[int, ...]:
        """Block until one of some rings has a newer record, and return the cursors of all; see `Ring.wait`."""
        return wait_for_news(self._own(rings), after, timeout)

    def stats(self) -> ClientStats:
        """Return what is known about connections, streams and callbacks now."""
        with self._lock:
            if self._closed or self._thread is None:
                return self._collect(None)
            pool = self._start()
            return self._on_loop(lambda: self._collect(pool))

    def close(self) -> None:
        """End all connections, rings and readers. From any thread, any number of times; takes at most a
        second.
        """
        with self._lock:
            first, self._closed = not self._closed, True
        if not first:
            self._ended.wait(_CLOSE_SECONDS)
            return
        try:
            if self._loop is not None and self._thread is not None:
                self._end_feed(self._loop, self._thread)
        finally:
            self._end_rings()
            # Before the callbacks have ended: one of them may be waiting here.
            self._ended.set()
            self._hub.close()

    def _end_feed(self, loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
        try:
            pool = self._started.result(_CLOSE_SECONDS)
            asyncio.run_coroutine_threadsafe(pool.close(), loop).result(_CLOSE_SECONDS)
        except TimeoutError:
            # Not raised: it would hide what made the caller close, and the loop's end takes the sockets
            # along.
            logger.warning("connections did not end within %g s", _CLOSE_SECONDS)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_CLOSE_SECONDS)

    def _start(self) -> Pool:
        with self._lock:
            if self._closed:
                raise ConfigurationError(_CLOSED)
            if self._thread is None:
                self._loop = loop = _new_loop()
                # A daemon: a script that forgets to close must still be able to end; atexit closes for it.
                self._thread = threading.Thread(
                    target=self._run, args=(loop,), name="fastbinance-feed", daemon=True
                )
                self._thread.start()
                _close_at_exit(self)
            return self._started.result()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)

        async def make() -> Pool:
            return self._make_pool()

        try:
            try:
                self._started.set_result(loop.run_until_complete(make()))
            except BaseException as error:  # whatever it is belongs to the caller who waits for it
                self._started.set_exception(error)
            else:
                loop.run_forever()
                _cancel_all(loop)
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    def _on_loop(self, call: Callable[[], X]) -> X:
        if self._loop is None:
            raise AssertionError("the loop runs before anything is wanted of it")
        done: Future[X] = Future()

        def run() -> None:
            try:
                done.set_result(call())
            except BaseException as error:
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result()


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # not on every platform; asyncio's own loop does the same, a little slower
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """Leave nothing on a loop that is about to be closed; after an orderly close there is nothing."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())


def _close_at_exit(client: Client) -> None:
    weak = weakref.ref(client)

    def close() -> None:
        kept = weak()
        if kept is not None:
            kept.close()

    atexit.register(close)
    weakref.finalize(client, atexit.unregister, close)


class AsyncClient(
    ClientBase, MarketStreams[AsyncBookTickerRing, AsyncTradeRing, AsyncAggTradeRing, AsyncDepthRing]
):
    """Binance's streams for asyncio: the feed runs on the loop that first uses the client.

    Parameters
    ----------
    feed
        Where the feed runs: ``"inline"``.
    env, market_maker, urls, ssl_context, capacity
        As for `Client`.

    Raises
    ------
    ConfigurationError
        An option cannot be; the message names what can. Nothing has been connected then.

    Examples
    --------
    >>> async with fastbinance.AsyncClient() as fb:
    ...     buf = fb.book_ticker("btcusdt", market="usdm")
    ...     async for batch in buf.reader():
    ...         print(batch["bid_price"])
    """

    _ring_types: ClassVar[Mapping[Kind, type[AnyRing[Any, Any]]]] = {
        Kind.BOOK_TICKER: AsyncBookTickerRing,
        Kind.TRADE: AsyncTradeRing,
        Kind.AGG_TRADE: AsyncAggTradeRing,
        Kind.DIFF_DEPTH: AsyncDepthRing,
        Kind.PARTIAL_DEPTH: AsyncDepthRing,
    }

    def __init__(
        self,
        *,
        feed: Literal["inline"] = "inline",
        env: Environment = "prod",
        market_maker: bool = False,
        urls: Urls | None = None,
        ssl_context: SSLContext | None = None,
        capacity: int | None = None,
    ) -> None:
        if feed != "inline":
            raise ConfigurationError(
                f"the feed of an AsyncClient is 'inline', not {feed!r}; Client has 'thread'"
            )
        self._loop_bell = LoopBell()
        super().__init__(env, market_maker, urls, ssl_context, capacity, self._loop_bell)
        self._pool: Pool | None = None
        self._hub = EventHub()
        self._ending: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def reader(
        self,
        rings: Iterable[AsyncRing[Any, Any]],
        start: Start = "new",
        *,
        latest: bool = False,
        max_records: int = 1024,
    ) -> AsyncManyReader:
        """Return a reader over several rings, which yields ``(ring, batch)``; see `Ring.reader`."""
        return AsyncManyReader(self._own(rings), start, latest, max_records)

    async def wait_any(
        self,
        rings: Iterable[AsyncRing[Any, Any]],
        after: Sequence[int] | None = None,
        timeout: float | None = None,
    ) -> tuple[int, ...]:
        """Wait until one of some rings has a newer record, and return the cursors of all; see `Ring.wait`."""
        return await await_news(self._own(rings), after, timeout)

    def stats(self) -> ClientStats:
        """Return what is known about connections, streams and callbacks now."""
        return self._collect(None if self._closed else self._pool)

    async def close(self) -> None:
        """End all connections, rings and readers; any number of times. Takes at most a second.

        Raises
        ------
        ConfigurationError
            This is not the event loop that the client belongs to.
        """
        if self._pool is not None:
            self._check_loop()
        if self._ending is not None:
            await asyncio.shield(self._ending)
        if self._closed:
            return
        self._closed = True
        self._ending = asyncio.get_running_loop().create_future()
        try:
            if self._pool is not None:
                await self._pool.close()
        finally:
            self._end_rings()
            self._hub.close()
            self._ending.set_result(None)

    def _start(self) -> Pool:
        if self._closed:
            raise ConfigurationError(_CLOSED)
        loop = self._check_loop()
        if self._pool is None:
            self._loop_bell.loop = loop
            self._hub = EventHub(loop)
            self._pool = self._make_pool()
        return self._pool

    def _check_loop(self) -> asyncio.AbstractEventLoop:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise ConfigurationError(
                "an AsyncClient is used inside a running event loop; Client is the one for synchronous code"
            ) from None
        if self._pool is not None and loop is not self._loop_bell.loop:
            raise ConfigurationError("an AsyncClient belongs to the event loop that first used it")
        return loop

    def _on_loop(self, call: Callable[[], X]) -> X:
        return call()
