"""What `Client` and `AsyncClient` share: options, rings and wishes by stream, events, counters."""

import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeVar, Unpack

from fastbinance._api import METHODS
from fastbinance._client_options import MOST_SLOTS, ClientOptions, check_size, read_options
from fastbinance._core.feed import Feed
from fastbinance._core.ring import Bell, RingBase
from fastbinance._io.api_pool import ApiServices
from fastbinance._io.dispatch import Callback, EventHub, EventQueue
from fastbinance._io.feed_thread import CLOSED
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.pool import Pool
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.user_pool import UserStreams
from fastbinance._io.wishes import Wish, WishState
from fastbinance._market.notices import NoticeStreams
from fastbinance._services import Services
from fastbinance.drift import Drift
from fastbinance.errors import ConfigurationError
from fastbinance.events import EventKind
from fastbinance.keys import WsKey, format_of, key_for
from fastbinance.market import ENDLESS, NamedStreams
from fastbinance.rings import AnyRing
from fastbinance.streams import Kind, Stream

__all__ = ["ClientBase", "ClientStats"]

X = TypeVar("X")

# Slots by kind, powers of two: of one symbol, and of many, because each symbol wants a history. What is
# pushed once a second needs fewer than what is pushed with each change; options of one underlying may be a
# thousand.
_CAPACITY: Final[Mapping[Kind, tuple[int, int]]] = {
    Kind.BOOK_TICKER: (1_024, 65_536),
    Kind.TRADE: (1_024, 16_384),
    Kind.AGG_TRADE: (1_024, 16_384),
    Kind.BLOCK_TRADE: (256, 256),
    Kind.DIFF_DEPTH: (512, 512),
    Kind.PARTIAL_DEPTH: (512, 512),
    Kind.KLINE: (1_024, 1_024),
    Kind.CONTINUOUS_KLINE: (1_024, 1_024),
    Kind.INDEX_PRICE_KLINE: (1_024, 1_024),
    Kind.MARK_PRICE_KLINE: (1_024, 1_024),
    Kind.CONTRACT_KLINE: (1_024, 1_024),
    Kind.TICKER: (256, 16_384),
    Kind.ROLLING_TICKER: (256, 16_384),
    Kind.MINI_TICKER: (256, 16_384),
    Kind.AVERAGE_PRICE: (256, 256),
    Kind.REFERENCE_PRICE: (256, 256),
    Kind.MARK_PRICE: (256, 16_384),
    Kind.OPTION_MARK_PRICE: (32_768, 32_768),
    Kind.INDEX_PRICE: (256, 1_024),
    Kind.FORCE_ORDER: (256, 4_096),
    Kind.OPEN_INTEREST: (8_192, 8_192),
    Kind.ASSET_INDEX: (256, 1_024),
}
_MANY_SYMBOLS_ROWS: Final = 16_384
_LEVEL_CAPACITY: Final = 32_768
_MOST_LEVELS: Final = 1 << 26


@dataclass(frozen=True, slots=True)
class ClientStats:
    """A client at one moment.

    Attributes
    ----------
    connections
        One `ConnectionStats` for each connection.
    streams
        Number of streams that are wanted, those that Binance refused included.
    confirmed
        Number of streams that Binance has confirmed.
    callback_errors
        Exceptions that callbacks of `on` have raised.
    events_lost
        Events that callbacks never saw because they were too slow.
    drifts
        What has come that our tables do not know, of all connections, in order of first sight. ``str`` of one
        is a sentence.
    """

    connections: tuple[ConnectionStats, ...]
    streams: int
    confirmed: int
    callback_errors: int
    events_lost: int
    drifts: tuple[Drift, ...]


class ClientBase(NoticeStreams, NamedStreams, Services):
    """Wishes and their rings, on a pool that a subclass runs."""

    _ring_types: ClassVar[Mapping[Kind, type[AnyRing[Any, Any]]]]
    _hub: EventHub

    def __init__(self, bell: Bell, **options: Unpack[ClientOptions]) -> None:
        self._settings = read_options(**options)
        self._bell = bell
        # One wish at a time. Closing does not take it: who holds it may be waiting for the feed.
        self._lock = threading.RLock()
        self._wanted: dict[tuple[WsKey, str], tuple[Wish, AnyRing[Any, Any] | None]] = {}
        self._closed = False

    @property
    def rings(self) -> Mapping[tuple[WsKey, str], AnyRing[Any, Any]]:
        """The rings by routed WsKey and stream name, a snapshot."""
        with self._lock:
            return MappingProxyType(
                {place: ring for place, (_, ring) in self._wanted.items() if ring is not None}
            )

    @property
    def closed(self) -> bool:
        """Whether `close` has been called."""
        return self._closed

    def on(self, kind: EventKind, callback: Callback) -> Callable[[], None]:
        """Call back for each event of a kind; the returned function ends it.

        A `Client` calls on a thread of its own, never on the feed's; an `AsyncClient` on the loop. An
        exception in a callback is logged and counted.

        Parameters
        ----------
        kind
            ``"message"``, ``"contract_info"``, ``"exception"``, ...; see `Event` for all of them.
        callback
            A plain function of one `Event`.

        Raises
        ------
        ConfigurationError
            No such kind, or the callback is a coroutine function.
        """
        self._start()
        return self._hub.on(kind, callback)

    def events(self) -> EventQueue:
        """Return an iterator over the events from now on: messages of streams without ring, what
        connections do, and drift.

        Holds 65,536 events for a slow consumer and then drops the oldest; its `lost` counts them. Iterate it
        with ``for`` on a `Client`, with ``async for`` on an `AsyncClient`; it ends when the client closes.
        """
        self._start()
        return self._hub.listen()

    def __repr__(self) -> str:
        what = "closed" if self._closed else f"{len(self._wanted)} streams"
        return f"<{type(self).__name__} {self._settings.env}: {what}>"

    def _make_pool(self) -> Pool:
        return Pool(
            feed_factory=self._make_feed,
            emit=self._hub.publish,
            env=self._settings.env,
            market_maker=self._settings.market_maker,
            urls=self._settings.urls,
            time_unit=self._settings.time_unit,
            options=self._settings.connection,
            on_sample=self._sample,
            make_apis=self._make_apis,
            make_users=self._make_users,
        )

    def _make_apis(self, options: ConnectionOptions, budget: ConnectBudget) -> ApiServices:
        settings = self._settings
        return ApiServices(
            feed_factory=self._make_feed,
            emit=self._hub.publish,
            options=options,
            budget=budget,
            lookup=METHODS,
            env=settings.env,
            market_maker=settings.market_maker,
            urls=settings.urls,
            rest_urls=settings.rest_urls,
            credentials=settings.credentials,
            recv_window=settings.recv_window,
            timeout=settings.request_timeout,
            time_offset=settings.time_offset,
            hears=self._hub.hears,
        )

    def _make_users(
        self, options: ConnectionOptions, budget: ConnectBudget, apis: ApiServices
    ) -> UserStreams:
        settings = self._settings
        return UserStreams(
            apis=apis,
            rest=apis.rest,
            lookup=METHODS,
            feed_factory=self._make_feed,
            emit=self._hub.publish,
            budget=budget,
            options=options,
            env=settings.env,
            market_maker=settings.market_maker,
            urls=settings.urls,
        )

    def set_time_offset(self, offset_ms: float | None) -> None:
        """Set by how many milliseconds Binance's clocks are ahead of this machine's; None measures them."""
        if offset_ms is not None and not (
            isinstance(offset_ms, (int, float)) and not isinstance(offset_ms, bool) and abs(offset_ms) < 1e12
        ):
            raise ConfigurationError(f"offset_ms is a number of milliseconds or None, not {offset_ms!r}")
        self._on_pool(lambda pool: pool.apis.set_offset(offset_ms))

    def _make_feed(self, handler: Any, ws_key: str, line: int) -> Feed:
        return Feed(handler, ws_key, self._bell, sbe=format_of(ws_key) == "sbe", line=line)

    def _sample(self, now: float) -> None:
        now_ns = time.time_ns()  # and not the loop's time: other processes compare it with their clock
        for _, ring in tuple(self._wanted.values()):
            if ring is not None:
                ring.sample(now_ns)

    def _make_ring(
        self, stream: Stream, kind: Kind, ws_key: WsKey, capacity: int | None, level_capacity: int | None
    ) -> AnyRing[Any, Any]:
        many = stream.many_symbols
        # One symbol that only its payloads spell is a table of one row.
        rows = _MANY_SYMBOLS_ROWS if many and kind is not Kind.CONTRACT_KLINE else 1
        if capacity is None:
            capacity = self._settings.capacity
        if capacity is None:
            capacity = _CAPACITY[kind][many]
        return self._ring_types[kind](
            int(kind),
            stream.name,
            ws_key.value,
            stream.ring_symbol,
            capacity=capacity,
            level_capacity=_LEVEL_CAPACITY if level_capacity is None else level_capacity,
            symbol_capacity=rows,
            bell=self._bell,
        )

    def _place(self, stream: Stream, named: WsKey) -> WsKey:
        return self._start().place(stream, named)[0]

    def _want(
        self,
        stream: Stream,
        capacity: int | None = None,
        level_capacity: int | None = None,
        *,
        named: WsKey | None = None,
    ) -> AnyRing[Any, Any] | None:
        check_size("capacity", capacity, 2, MOST_SLOTS)
        check_size("level_capacity", level_capacity, 2, _MOST_LEVELS)
        named = key_for(stream.market, stream.format) if named is None else named
        with self._lock:
            pool = self._start()
            place = (self._place(stream, named), stream.name)
            known = self._wanted.get(place)
            if known is not None and not known[0].final:
                ring = known[1]
                if ring is not None:
                    _check_same(ring, capacity, level_capacity)
                return ring
            ring = None
            if stream.kind is not None:
                ring = self._make_ring(stream, stream.kind, place[0], capacity, level_capacity)
            self._on_loop(lambda: self._begin(pool, place, stream, ring, named))
        return ring

    def _listen(self, stream: Stream) -> EventQueue:
        with self._lock:
            self._start()
            ws_key = self._place(stream, key_for(stream.market))
            # Before the wish, so that its first message is not missed.
            queue = self._hub.listen(only=(ws_key.value, stream.name))
            try:
                self._want(stream)
            except BaseException:
                queue.close()
                raise
        return queue

    def _begin(
        self,
        pool: Pool,
        place: tuple[WsKey, str],
        stream: Stream,
        ring: AnyRing[Any, Any] | None,
        named: WsKey,
    ) -> None:
        if self._closed:  # the end of the rings may have come and gone
            raise ConfigurationError(CLOSED)
        wish = pool.add(stream, ring, named=named)
        if ring is not None:
            ring.bind(wish)
        # Here and not by whoever waits for it, whom Ctrl-C may stop waiting.
        self._wanted[place] = (wish, ring)

    def _give_up(self, items: list[tuple[Stream, WsKey] | AnyRing[Any, Any]]) -> None:
        with self._lock:
            pool = self._start()
            for place in [self._find(item) for item in items]:
                wish, ring = self._wanted.pop(place, (None, None))
                try:
                    if wish is not None:
                        self._on_loop(lambda wish=wish: pool.remove(wish))  # type: ignore[misc]
                finally:  # closing ends those that it finds
                    if ring is not None:
                        ring.close()
                    self._hub.end(place[0].value, place[1])

    def _set_raw(self, items: list[tuple[Stream, WsKey] | AnyRing[Any, Any]], enabled: bool) -> None:
        with self._lock:
            pool = self._start()
            wishes = [self._wanted[place][0] for place in [self._find(item) for item in items]]
            for wish in wishes:
                self._on_loop(lambda wish=wish: pool.set_raw(wish, enabled))  # type: ignore[misc]

    def _find(self, item: tuple[Stream, WsKey] | AnyRing[Any, Any]) -> tuple[WsKey, str]:
        if isinstance(item, RingBase):
            for place, (_, ring) in self._wanted.items():
                if ring is item:
                    return place
            raise ConfigurationError(f"{item!r} is not subscribed by this client")
        stream, named = item
        place = (self._place(stream, named), stream.name)
        if place in self._wanted:
            return place
        elsewhere = [key.value for key, name in self._wanted if name == stream.name]
        tip = f"; it is on {', '.join(elsewhere)}: name that as ws_key" if elsewhere else ""
        raise ConfigurationError(f"{stream.name} on {place[0].value} is not subscribed{tip}")

    def _own(self, rings: Iterable[AnyRing[Any, Any]]) -> tuple[AnyRing[Any, Any], ...]:
        """Return rings as a tuple, all of them of this client."""
        if isinstance(rings, (RingBase, str, *ENDLESS)) or not isinstance(rings, Iterable):
            raise ConfigurationError(f"give several rings, such as [a, b], not {rings!r}")
        own = tuple(rings)
        if not own:
            raise ConfigurationError("give at least one ring")
        for ring in own:
            if not isinstance(ring, RingBase):
                raise ConfigurationError(f"give rings, such as book_ticker() returns, not {ring!r}")
            if ring.bell is not self._bell:
                raise ConfigurationError(
                    f"{ring!r} is a ring of another client; only its own can be read together"
                )
        return own

    def _end_rings(self) -> None:
        # A snapshot, and not the lock: see _begin for those that would come later.
        for _, ring in tuple(self._wanted.values()):
            if ring is not None:
                ring.close()
        self._bell.wake_all()

    def _forget(self) -> None:
        """Be closed, in a child process that has a copy of everything but the threads."""
        self._closed = True
        self._lock = threading.RLock()
        self._hub.forget()
        self._end_rings()

    def _collect(self, pool: Pool | None) -> ClientStats:
        wishes = [wish for wish, _ in self._wanted.values()]
        confirmed = sum(wish.state is WishState.CONFIRMED for wish in wishes)
        connections, drifts = (pool.stats(), pool.drifts()) if pool is not None else ((), ())
        return ClientStats(
            connections, len(wishes), confirmed, self._hub.callback_errors, self._hub.lost, drifts
        )

    def _on_pool(self, call: Callable[[Pool], X]) -> X:
        with self._lock:
            pool = self._start()
            return self._on_loop(lambda: call(pool))

    def _given_up(self, wishes: Iterable[Wish]) -> None:
        gone = set(wishes)
        for place in [place for place, (wish, _) in self._wanted.items() if wish in gone]:
            _, ring = self._wanted.pop(place)
            if ring is not None:
                ring.close()
            self._hub.end(place[0].value, place[1])

    # -- what a client provides

    @abstractmethod
    def _start(self) -> Pool:
        """Return the pool, making it if need be; refuse when closed."""

    @abstractmethod
    def _on_loop(self, call: Callable[[], X]) -> X:
        """Run something on the loop's thread and return what it returns. The lock is held."""


def _check_same(ring: AnyRing[Any, Any], capacity: int | None, level_capacity: int | None) -> None:
    for name, there, wanted in (
        ("capacity", ring.capacity, capacity),
        ("level_capacity", ring.level_capacity, level_capacity),
    ):
        if wanted is not None and wanted != there:
            raise ConfigurationError(
                f"{ring.stream} has a ring of {name} {there} already; unsubscribe it to have one of {wanted}"
            )
