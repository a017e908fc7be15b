"""`Client`: the front door for scripts and threads."""

import asyncio
import atexit
import logging
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, ClassVar, Final, Literal, Self, TypeVar, Unpack

from fastbinance._client_base import CLOSED, ClientBase, ClientStats
from fastbinance._client_options import ClientOptions
from fastbinance._core.ring import Bell
from fastbinance._io.dispatch import EventHub
from fastbinance._io.pool import Pool
from fastbinance._market.candles import CandleStreams
from fastbinance._market.depth import DepthStreams
from fastbinance._market.positions import PositionStreams
from fastbinance._market.prices import PriceStreams
from fastbinance._market.quotes import QuoteStreams
from fastbinance._market.tickers import TickerStreams
from fastbinance.errors import ConfigurationError
from fastbinance.reader import ManyReader, Start
from fastbinance.rings import AnyRing, Ring
from fastbinance.streams import Kind
from fastbinance.typed_rings import (
    RINGS,
    AggTradeRing,
    AssetIndexRing,
    AveragePriceRing,
    BookTickerRing,
    DepthRing,
    ForceOrderRing,
    IndexPriceRing,
    KlineRing,
    MarkPriceRing,
    MiniTickerRing,
    OpenInterestRing,
    OptionMarkPriceRing,
    ReferencePriceRing,
    TickerRing,
    TradeRing,
)
from fastbinance.waiting import wait_for_news

__all__ = ["Client"]

logger = logging.getLogger("fastbinance")

X = TypeVar("X")

# Connections end within half a second, with or without their peers; the rest is for a busy machine.
_CLOSE_SECONDS: Final = 2.0


class Client(
    QuoteStreams[BookTickerRing, TradeRing, AggTradeRing],
    DepthStreams[DepthRing],
    CandleStreams[KlineRing],
    TickerStreams[TickerRing, MiniTickerRing],
    PriceStreams[AveragePriceRing, ReferencePriceRing, MarkPriceRing, OptionMarkPriceRing, IndexPriceRing],
    PositionStreams[ForceOrderRing, OpenInterestRing, AssetIndexRing],
    ClientBase,
):
    """Binance's streams for synchronous code: the feed runs on a background thread.

    Parameters
    ----------
    feed
        Where the feed runs: ``"thread"``.
    **options
        ``env``, ``market_maker``, ``urls``, ``ssl_context``, ``capacity``, ``time_unit``, ``api_key``,
        ``proxy``: see `ClientOptions`.

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

    _ring_types: ClassVar[Mapping[Kind, type[AnyRing[Any, Any]]]] = RINGS

    def __init__(self, *, feed: Literal["thread"] = "thread", **options: Unpack[ClientOptions]) -> None:
        if feed != "thread":
            raise ConfigurationError(
                f"the feed of a Client runs in a 'thread', not {feed!r}; AsyncClient has 'inline'"
            )
        super().__init__(Bell(), **options)
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
        """Block until one of some rings has a newer record; return the cursors of all. See `Ring.wait`."""
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
                raise ConfigurationError(CLOSED)
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
