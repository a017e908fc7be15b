"""What blocks: the streams of `Client`, and of who is attached to another process."""

import atexit
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, ClassVar, Final, Self, TypeVar, Unpack

from fastbinance._client_base import ClientBase, ClientStats
from fastbinance._client_options import ClientOptions
from fastbinance._core.ring import Bell
from fastbinance._feed.any_pool import AnyPool
from fastbinance._feed.shared import SharedFeed
from fastbinance._io.dispatch import EventHub
from fastbinance._io.feed_thread import CLOSED, FeedThread
from fastbinance._market.books import OrderBooks
from fastbinance._market.candles import CandleStreams
from fastbinance._market.depth import DepthStreams
from fastbinance._market.positions import PositionStreams
from fastbinance._market.prices import PriceStreams
from fastbinance._market.quotes import QuoteStreams
from fastbinance._market.tickers import TickerStreams
from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey
from fastbinance.order_book import AnyOrderBook, OrderBook
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

__all__ = ["BlockingClient"]

logger = logging.getLogger("fastbinance")

X = TypeVar("X")

# All of close(), which promises a second: the last of it is the busy machine's.
_CLOSE_SECONDS: Final = 0.9
# Of these, what callbacks get at least to take what was published before.
_CALLBACK_SECONDS: Final = 0.2


class BlockingClient(
    QuoteStreams[BookTickerRing, TradeRing, AggTradeRing],
    DepthStreams[DepthRing],
    OrderBooks[OrderBook],
    CandleStreams[KlineRing],
    TickerStreams[TickerRing, MiniTickerRing],
    PriceStreams[AveragePriceRing, ReferencePriceRing, MarkPriceRing, OptionMarkPriceRing, IndexPriceRing],
    PositionStreams[ForceOrderRing, OpenInterestRing, AssetIndexRing],
    ClientBase,
):
    """Streams for synchronous code, from a pool on a background thread."""

    _ring_types: ClassVar[Mapping[Kind, type[AnyRing[Any, Any]]]] = RINGS
    _book_type: ClassVar[type[AnyOrderBook]] = OrderBook

    def __init__(
        self, bell: Bell, shared: SharedFeed | None = None, **options: Unpack[ClientOptions]
    ) -> None:
        super().__init__(bell, shared, **options)
        self._hub = EventHub()
        self._feed: FeedThread[AnyPool] = FeedThread(self._make_pool, self._feed_ended)

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
        if self._closed or not self._feed.started:
            return self._collect(None)
        try:
            pool = self._feed.start()
            return self._feed.call(lambda: self._collect(pool))
        except ConfigurationError:
            if not self._closed:
                raise
            return self._collect(None)  # closed by another thread meanwhile

    def close(self, ws_key: WsKey | str | None = None) -> None:
        """End all connections, rings and readers.

        From any thread, any number of times, also from a callback, a signal handler or a finalizer. Takes at
        most a second: a peer that does not answer loses its goodbye, and a callback that does not return is
        left behind. Ctrl-C may interrupt it; what it has begun goes on.

        Parameters
        ----------
        ws_key
            Only the connections of this service: its streams are given up, their rings and handles of user
            data end, and the client goes on. None ends the client.

        Raises
        ------
        ConfigurationError
            There is no such service, or not in this environment.
        """
        if ws_key is not None:
            self._close_service(ws_key)
            return
        deadline = time.monotonic() + _CLOSE_SECONDS
        self._begin_close(deadline)
        self._finish_close(deadline)

    def _begin_close(self, deadline: float) -> None:
        # Nothing here waits for a lock: another thread may hold one while it waits for the feed, and a
        # finalizer may run in the midst of anything.
        self._closed = True
        self._feed.end(deadline - _CALLBACK_SECONDS)

    def _finish_close(self, deadline: float) -> None:
        ended = self._feed.join(deadline - _CALLBACK_SECONDS / 2)
        # Also where the feed does not come to it; and again by the feed, which may have made one meanwhile.
        self._end_rings()
        # On the feed's thread nobody may be waited for: a callback may be waiting for the feed.
        self._hub.close(None if self._feed.is_current else max(deadline - time.monotonic(), 0.0))
        if not ended and not self._feed.is_current:
            logger.warning("the feed's thread is busy and has not ended yet; it does when it is free")

    def _start(self) -> AnyPool:
        if self._closed:
            raise ConfigurationError(CLOSED)
        # While it is open its thread keeps it alive anyway.
        _OPEN.add(self)
        try:
            return self._feed.start()
        except Exception:  # but not Ctrl-C: then there is a feed, or soon will be
            _OPEN.discard(self)
            raise

    def _on_loop(self, call: Callable[[], X]) -> X:
        return self._feed.call(call)

    def _post(self, call: Callable[[], X]) -> Future[X]:
        if self._feed.is_current:
            raise ConfigurationError("a request that blocks cannot be made on the feed's own thread")
        return self._feed.post(call)

    def _feed_ended(self) -> None:
        self._end_rings()
        _OPEN.discard(self)

    def _forget(self) -> None:
        self._closed = True
        self._feed.forget()
        super()._forget()


#: The clients whose feed runs: a program that ends without closing them leaves nothing behind either.
_OPEN: Final[set[BlockingClient]] = set()


def _close_all() -> None:
    clients = tuple(_OPEN)
    deadline = time.monotonic() + _CLOSE_SECONDS
    # All at once and not one after the other: a notebook may have made many.
    for client in clients:
        client._begin_close(deadline)
    for client in clients:
        client._finish_close(deadline)


def _forget_all() -> None:
    for client in tuple(_OPEN):
        client._forget()
    _OPEN.clear()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
