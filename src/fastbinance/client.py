"""The front door: `Client` for scripts and threads, `AsyncClient` for asyncio programs."""

import asyncio
import atexit
import threading
import time
import weakref
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from ssl import SSLContext
from types import MappingProxyType, TracebackType
from typing import Any, ClassVar, Literal, Self, TypeVar

from fastbinance._core.feed import Feed
from fastbinance._core.ring import Bell
from fastbinance._io.dispatch import Callback, EventHub, EventQueue
from fastbinance._io.options import ConnectionOptions
from fastbinance._io.pool import Pool
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.wishes import Wish, WishState
from fastbinance.errors import ConfigurationError
from fastbinance.events import EventKind
from fastbinance.keys import ENVIRONMENTS, Environment, WsKey, check_urls, key_for
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
from fastbinance.streams import Kind, Stream
from fastbinance.waiting import await_news, wait_for_news

__all__ = ["AsyncClient", "Client", "ClientStats"]

X = TypeVar("X")

# Slots by kind, powers of two. Streams of many symbols get more, because each symbol wants a history.
_CAPACITY: Mapping[Kind, int] = {
    Kind.BOOK_TICKER: 1_024,
    Kind.TRADE: 1_024,
    Kind.AGG_TRADE: 1_024,
    Kind.DIFF_DEPTH: 512,
    Kind.PARTIAL_DEPTH: 512,
}
_MANY_SYMBOLS_CAPACITY = 65_536
_MANY_SYMBOLS_ROWS = 16_384
_LEVEL_CAPACITY = 32_768

# Closing has a second in all: the pool's half of it is the close handshake.
_CLOSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class ClientStats:
    """A client at one moment.

    Attributes
    ----------
    connections
        One `ConnectionStats` for each connection.
    streams
        Number of streams that are wanted, and of those that Binance has confirmed.
    confirmed
    callback_errors
        Exceptions that callbacks of `on` have raised.
    events_lost
        Events that callbacks never saw because they were too slow.
    """

    connections: tuple[ConnectionStats, ...]
    streams: int
    confirmed: int
    callback_errors: int
    events_lost: int


class _Base(MarketStreams[Any, Any, Any, Any]):
    """What both clients share: options, rings and wishes by stream, events."""

    _ring_types: ClassVar[Mapping[Kind, type[AnyRing[Any]]]]
    _hub: EventHub

    def __init__(
        self,
        env: Environment,
        market_maker: bool,
        urls: Mapping[WsKey, str] | Mapping[str, str] | None,
        ssl_context: SSLContext | None,
        capacity: int | None,
    ) -> None:
        if env not in ENVIRONMENTS:
            raise ConfigurationError(f"env is one of {', '.join(map(repr, ENVIRONMENTS))}, not {env!r}")
        if ssl_context is not None and not isinstance(ssl_context, SSLContext):
            raise ConfigurationError(f"ssl_context is an ssl.SSLContext, not {type(ssl_context).__name__}")
        self._env: Environment = env
        self._market_maker = market_maker
        self._urls = check_urls(urls) if urls is not None else None
        self._options = ConnectionOptions(ssl_context=ssl_context)
        self._capacity = capacity
        self._bell = Bell()
        self._lock = threading.RLock()
        self._wanted: dict[tuple[WsKey, str], tuple[Wish, AnyRing[Any] | None]] = {}
        self._closed = False

    @property
    def rings(self) -> Mapping[tuple[WsKey, str], AnyRing[Any]]:
        """The rings by routed WsKey and stream name, a snapshot."""
        with self._lock:
            return MappingProxyType({place: ring for place, (_, ring) in self._wanted.items() if ring is not None})

    def on(self, kind: EventKind, callback: Callback) -> Callable[[], None]:
        """Call back for each event of a kind; the returned function ends it.

        A `Client` calls on a thread of its own, never on the feed's; an `AsyncClient` on the loop. An exception in a
        callback is logged and counted.

        Raises
        ------
        ConfigurationError
            No such kind, or the callback is a coroutine function.
        """
        self._start()
        return self._hub.on(kind, callback)

    def events(self) -> EventQueue:
        """Return an iterator over the events from now on: raw messages of streams without ring, and what connections do.

        Holds 65,536 events for a slow consumer and then drops the oldest; its `lost` counts them. Iterate it with ``for``
        on a `Client`, with ``async for`` on an `AsyncClient`; it ends when the client closes.
        """
        self._start()
        return self._hub.listen()

    def _make_pool(self) -> Pool:
        return Pool(
            feed_factory=lambda handler, ws_key: Feed(handler, ws_key, self._bell),
            emit=self._hub.publish,
            env=self._env,
            market_maker=self._market_maker,
            urls=self._urls,
            options=self._options,
            on_sample=self._sample,
        )

    def _sample(self, _: float) -> None:
        now_ns = time.time_ns()
        for _, ring in tuple(self._wanted.values()):
            if ring is not None:
                ring.sample(now_ns)

    def _make_ring(
        self, stream: Stream, kind: Kind, ws_key: WsKey, capacity: int | None, level_capacity: int | None
    ) -> AnyRing[Any]:
        many = stream.many_symbols
        default = self._capacity or (_MANY_SYMBOLS_CAPACITY if many else _CAPACITY[kind])
        return self._ring_types[kind](
            int(kind),
            stream.name,
            ws_key.value,
            None if stream.symbol is None else stream.symbol.upper(),
            capacity=default if capacity is None else capacity,
            level_capacity=_LEVEL_CAPACITY if level_capacity is None else level_capacity,
            symbol_capacity=_MANY_SYMBOLS_ROWS if many else 1,
            bell=self._bell,
        )

    def _check(self, stream: Stream, named: WsKey) -> None:
        self._start().place(stream, named)

    def _want(
        self,
        stream: Stream,
        capacity: int | None = None,
        level_capacity: int | None = None,
        *,
        named: WsKey | None = None,
    ) -> AnyRing[Any] | None:
        pool = self._start()
        named = key_for(stream.market) if named is None else named
        ws_key, _ = pool.place(stream, named)
        with self._lock:
            known = self._wanted.get((ws_key, stream.name))
            if known is not None and not known[0].final:
                ring = known[1]
                if ring is not None and capacity is not None and capacity != ring.capacity:
                    raise ConfigurationError(
                        f"{stream.name} has a ring of {ring.capacity} slots already; unsubscribe it to change that"
                    )
                return ring
            ring = None
            if stream.kind is not None:
                ring = self._make_ring(stream, stream.kind, ws_key, capacity, level_capacity)
            wish = self._on_loop(lambda: self._begin(pool, stream, ring, named))
            self._wanted[ws_key, stream.name] = (wish, ring)
        return ring

    @staticmethod
    def _begin(pool: Pool, stream: Stream, ring: AnyRing[Any] | None, named: WsKey) -> Wish:
        wish = pool.add(stream, ring, named=named)
        if ring is not None:
            ring.bind(wish)
        return wish

    def _give_up(self, places: list[tuple[Stream | None, WsKey, AnyRing[Any] | None]]) -> None:
        pool = self._start()
        with self._lock:
            found = []
            for stream, named, ring in places:
                if stream is not None:
                    key = (pool.place(stream, named)[0], stream.name)
                    entry = self._wanted.get(key)
                    what = f"{stream.name} on {key[0]}"
                else:
                    key, entry = next(
                        ((key, entry) for key, entry in self._wanted.items() if entry[1] is ring),
                        ((named, ""), None),
                    )
                    what = repr(ring)
                if entry is None:
                    raise ConfigurationError(f"{what} is not subscribed")
                found.append((key, entry))
            for key, (wish, ring) in found:
                self._wanted.pop(key, None)
                self._on_loop(lambda wish=wish: pool.remove(wish))  # type: ignore[misc]
                if ring is not None:
                    ring.close()

    def _end_rings(self) -> None:
        with self._lock:
            for _, ring in self._wanted.values():
                if ring is not None:
                    ring.close()
            self._bell.wake_all()

    def _collect(self, pool: Pool | None) -> ClientStats:
        wishes = [wish for wish, _ in self._wanted.values()]
        confirmed = sum(wish.state is WishState.CONFIRMED for wish in wishes)
        connections = pool.stats() if pool is not None else ()
        return ClientStats(connections, len(wishes), confirmed, self._hub.callback_errors, self._hub.lost)

    # -- what a client provides

    @abstractmethod
    def _start(self) -> Pool:
        """Return the pool, making it if need be; refuse when closed."""

    @abstractmethod
    def _on_loop(self, call: Callable[[], X]) -> X:
        """Run something on the loop's thread and return what it returns."""


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # not on every platform; asyncio's own loop does the same, a little slower
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class Client(_Base, MarketStreams[BookTickerRing, TradeRing, AggTradeRing, DepthRing]):
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

    _ring_types: ClassVar[Mapping[Kind, type[AnyRing[Any]]]] = {
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
        urls: Mapping[WsKey, str] | Mapping[str, str] | None = None,
        ssl_context: SSLContext | None = None,
        capacity: int | None = None,
    ) -> None:
        if feed != "thread":
            raise ConfigurationError(f"the feed of a Client runs in a 'thread', not {feed!r}; AsyncClient has 'inline'")
        super().__init__(env, market_maker, urls, ssl_context, capacity)
        self._hub = EventHub()
        self._pool: Pool | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def reader(
        self, rings: Sequence[Ring[Any]], start: Start = "new", *, latest: bool = False, max_records: int = 1024
    ) -> ManyReader:
        """Return a reader over several rings, which yields ``(ring, batch)``; see `Ring.reader`."""
        return ManyReader(rings, start, latest, max_records)

    def wait_any(
        self, rings: Sequence[Ring[Any]], after: Sequence[int] | None = None, timeout: float | None = None
    ) -> tuple[int, ...]:
        """Block until one of some rings has a newer record, and return the cursors of all; see `Ring.wait`."""
        return wait_for_news(rings, after, timeout)

    def stats(self) -> ClientStats:
        """Return what is known about connections, streams and callbacks now."""
        pool = self._pool
        if pool is None or self._closed:
            return self._collect(None)
        return self._on_loop(lambda: self._collect(pool))

    def close(self) -> None:
        """End all connections, rings and readers. From any thread, any number of times; takes at most a second."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        loop, pool, thread = self._loop, self._pool, self._thread
        if loop is not None and pool is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(pool.close(), loop).result(_CLOSE_SECONDS)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_CLOSE_SECONDS)
        self._end_rings()
        self._hub.close()

    def _start(self) -> Pool:
        with self._lock:
            if self._closed:
                raise ConfigurationError("the client is closed; make a new one")
            if self._pool is None:
                started: Future[Pool] = Future()
                self._loop = _new_loop()
                # A daemon: a script that forgets to close must still be able to end; atexit closes for it.
                self._thread = threading.Thread(
                    target=self._run, args=(self._loop, started), name="fastbinance-feed", daemon=True
                )
                self._thread.start()
                self._pool = started.result()
                _close_at_exit(self)
            return self._pool

    def _run(self, loop: asyncio.AbstractEventLoop, started: "Future[Pool]") -> None:
        asyncio.set_event_loop(loop)

        async def make() -> Pool:
            return self._make_pool()

        try:
            started.set_result(loop.run_until_complete(make()))
        except BaseException as error:  # whatever it is belongs to the caller who waits for it
            started.set_exception(error)
            loop.close()
            return
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def _on_loop(self, call: Callable[[], X]) -> X:
        loop = self._loop
        if loop is None:
            raise AssertionError("the loop runs before anything is wanted of it")
        done: Future[X] = Future()

        def run() -> None:
            try:
                done.set_result(call())
            except BaseException as error:
                done.set_exception(error)

        loop.call_soon_threadsafe(run)
        return done.result()


def _close_at_exit(client: Client) -> None:
    weak = weakref.ref(client)

    def close() -> None:
        kept = weak()
        if kept is not None:
            kept.close()

    atexit.register(close)
    weakref.finalize(client, atexit.unregister, close)


class AsyncClient(_Base, MarketStreams[AsyncBookTickerRing, AsyncTradeRing, AsyncAggTradeRing, AsyncDepthRing]):
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

    _ring_types: ClassVar[Mapping[Kind, type[AnyRing[Any]]]] = {
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
        urls: Mapping[WsKey, str] | Mapping[str, str] | None = None,
        ssl_context: SSLContext | None = None,
        capacity: int | None = None,
    ) -> None:
        if feed != "inline":
            raise ConfigurationError(f"the feed of an AsyncClient is 'inline', not {feed!r}; Client has 'thread'")
        super().__init__(env, market_maker, urls, ssl_context, capacity)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pool: Pool | None = None
        self._hub = EventHub()

    async def __aenter__(self) -> Self:
        self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def reader(
        self, rings: Sequence[AsyncRing[Any]], start: Start = "new", *, latest: bool = False, max_records: int = 1024
    ) -> AsyncManyReader:
        """Return a reader over several rings, which yields ``(ring, batch)``; see `Ring.reader`."""
        return AsyncManyReader(rings, start, latest, max_records)

    async def wait_any(
        self, rings: Sequence[AsyncRing[Any]], after: Sequence[int] | None = None, timeout: float | None = None
    ) -> tuple[int, ...]:
        """Wait until one of some rings has a newer record, and return the cursors of all; see `Ring.wait`."""
        return await await_news(rings, after, timeout)

    def stats(self) -> ClientStats:
        """Return what is known about connections, streams and callbacks now."""
        return self._collect(None if self._closed else self._pool)

    async def close(self) -> None:
        """End all connections, rings and readers; any number of times. Takes at most a second."""
        if self._closed:
            return
        self._closed = True
        if self._pool is not None:
            await self._pool.close()
        self._end_rings()
        self._hub.close()

    def _start(self) -> Pool:
        if self._closed:
            raise ConfigurationError("the client is closed; make a new one")
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise ConfigurationError(
                "an AsyncClient is used inside a running event loop; Client is the one for synchronous code"
            ) from None
        if self._pool is None:
            self._loop = loop
            self._hub = EventHub(loop)
            self._pool = self._make_pool()
        elif loop is not self._loop:
            raise ConfigurationError("an AsyncClient belongs to the event loop that first used it")
        return self._pool

    def _on_loop(self, call: Callable[[], X]) -> X:
        return call()
