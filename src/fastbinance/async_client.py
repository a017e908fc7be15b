"""`AsyncClient`: the front door for asyncio programs."""

import asyncio
import atexit
import ctypes
import os
import time
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar, Final, Literal, Self, TypeVar, Unpack

from fastbinance._client_base import ClientBase, ClientStats
from fastbinance._client_options import ClientOptions
from fastbinance._feed.any_pool import AnyPool
from fastbinance._feed.remote_pool import RemotePool
from fastbinance._feed.shared import check_tuning, share
from fastbinance._io.dispatch import EventHub
from fastbinance._io.feed_thread import CLOSED, close_pool
from fastbinance._market.books import OrderBooks
from fastbinance._market.candles import CandleStreams
from fastbinance._market.depth import DepthStreams
from fastbinance._market.positions import PositionStreams
from fastbinance._market.prices import PriceStreams
from fastbinance._market.quotes import QuoteStreams
from fastbinance._market.tickers import TickerStreams
from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey
from fastbinance.order_book import AnyOrderBook, AsyncOrderBook
from fastbinance.reader import AsyncManyReader, Start
from fastbinance.rings import AnyRing, AsyncRing
from fastbinance.streams import Kind
from fastbinance.typed_rings import (
    ASYNC_RINGS,
    AsyncAggTradeRing,
    AsyncAssetIndexRing,
    AsyncAveragePriceRing,
    AsyncBookTickerRing,
    AsyncDepthRing,
    AsyncForceOrderRing,
    AsyncIndexPriceRing,
    AsyncKlineRing,
    AsyncMarkPriceRing,
    AsyncMiniTickerRing,
    AsyncOpenInterestRing,
    AsyncOptionMarkPriceRing,
    AsyncReferencePriceRing,
    AsyncTickerRing,
    AsyncTradeRing,
)
from fastbinance.user_data import AwaitedUserStreams
from fastbinance.waiting import LoopBell, SharedLoopBell, await_news
from fastbinance.ws_api import AsyncRequests

__all__ = ["AsyncClient"]

X = TypeVar("X")

# Of close(), which promises a second: the rest is the busy machine's.
_CLOSE_SECONDS: Final = 0.8


class AsyncClient(
    QuoteStreams[AsyncBookTickerRing, AsyncTradeRing, AsyncAggTradeRing],
    DepthStreams[AsyncDepthRing],
    OrderBooks[AsyncOrderBook],
    CandleStreams[AsyncKlineRing],
    TickerStreams[AsyncTickerRing, AsyncMiniTickerRing],
    PriceStreams[
        AsyncAveragePriceRing,
        AsyncReferencePriceRing,
        AsyncMarkPriceRing,
        AsyncOptionMarkPriceRing,
        AsyncIndexPriceRing,
    ],
    PositionStreams[AsyncForceOrderRing, AsyncOpenInterestRing, AsyncAssetIndexRing],
    AsyncRequests,
    AwaitedUserStreams,
    ClientBase,
):
    """Binance's streams for asyncio: the feed runs on the loop that first uses the client.

    Parameters
    ----------
    feed
        Where the feed runs: ``"inline"``, on the loop, or in a ``"process"`` of its own, where what else is
        on the loop cannot slow it; on Linux and macOS.
    cpu, spin
        Of a feed in a process of its own: see `Client`.
    **options
        As for `Client`: those of `ClientOptions`.

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

    _ring_types: ClassVar[Mapping[Kind, type[AnyRing[Any, Any]]]] = ASYNC_RINGS
    _book_type: ClassVar[type[AnyOrderBook]] = AsyncOrderBook

    def __init__(
        self,
        *,
        feed: Literal["inline", "process"] = "inline",
        cpu: int | None = None,
        spin: bool = False,
        **options: Unpack[ClientOptions],
    ) -> None:
        if feed not in ("inline", "process"):
            raise ConfigurationError(
                f"the feed of an AsyncClient is 'inline' or a 'process', not {feed!r}; Client has 'thread'"
            )
        check_tuning(feed, cpu, spin)
        self._loop_bell: LoopBell | SharedLoopBell
        if feed == "process":
            self._loop_bell = bell = SharedLoopBell()
            super().__init__(bell, share(bell, cpu, spin), **options)
        else:
            self._loop_bell = LoopBell()
            super().__init__(self._loop_bell, **options)
        self._pool: AnyPool | None = None
        self._hub = EventHub()
        self._ending: asyncio.Task[None] | None = None
        self._process = 0

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
        """Wait until one of some rings has a newer record; return the cursors of all. See `Ring.wait`."""
        return await await_news(self._own(rings), after, timeout)

    def stats(self) -> ClientStats:
        """Return what is known about connections, streams and callbacks now."""
        return self._collect(None if self._closed else self._pool)

    async def close(self, ws_key: WsKey | str | None = None) -> None:
        """End all connections, rings and readers; any number of times. Normally takes a few milliseconds, and
        at most a second.

        It goes on when this wait for it is cancelled. Where the client's loop has been closed, the
        connections have ended with it.

        Parameters
        ----------
        ws_key
            Only the connections of this service: its streams are given up, their rings and handles of user
            data end, and the client goes on. None ends the client.

        Raises
        ------
        ConfigurationError
            This is not the event loop that the client belongs to, and that one still runs; or there is no
            such service in this environment.
        """
        if ws_key is not None:
            self._close_service(ws_key)
            return
        home = self._loop_bell.loop
        # In a child process the loop is a copy, and what is on it the parent's.
        if home is not None and (home.is_closed() or os.getpid() != self._process):
            self._closed = True
            self._abandon()
            self._end_rest()
            return
        if self._pool is not None:
            self._check_loop()
        if self._ending is None:
            self._closed = True
            self._ending = asyncio.get_running_loop().create_task(self._end(), name="fastbinance close")
        # Shielded: cancelled with the wait, it would leave sockets.
        await asyncio.shield(self._ending)

    def _abandon(self) -> None:
        """End a feed's process, where the loop cannot do it any more; not that of a parent."""
        if isinstance(self._pool, RemotePool) and os.getpid() == self._process:
            self._pool.abandon()

    async def _end(self) -> None:
        try:
            if self._pool is not None:
                await close_pool(self._pool, time.monotonic() + _CLOSE_SECONDS)
        finally:
            self._end_rest()

    def _end_rest(self) -> None:
        _OPEN.discard(self)
        self._end_rings()
        self._hub.close()
        if isinstance(self._loop_bell, SharedLoopBell):
            self._loop_bell.close()

    def _start(self) -> AnyPool:
        if self._closed:
            raise ConfigurationError(CLOSED)
        loop = self._check_loop()
        if self._pool is None:
            _OPEN.add(self)
            self._loop_bell.open(loop)
            self._process = os.getpid()
            self._hub = EventHub(loop)
            try:
                self._pool = self._make_pool()
            except BaseException:
                # Whoever tries again opens another one.
                _OPEN.discard(self)
                if isinstance(self._loop_bell, SharedLoopBell):
                    self._loop_bell.close()
                raise
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


#: The clients that have been used and not closed.
_OPEN: Final[weakref.WeakSet[AsyncClient]] = weakref.WeakSet()


def _leave_open() -> None:
    # A program has ended and its loop stands still, as that of a notebook does. To run it once more would run
    # whatever else is on it; so the sockets are left to the system. But the transports would complain when
    # the interpreter takes itself apart, and print half an error because nothing works any more by then: a
    # reference that nobody drops keeps them from it.
    for client in tuple(_OPEN):
        client._abandon()
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(client))


atexit.register(_leave_open)
