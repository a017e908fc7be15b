"""What `Client` and `AsyncClient` share: options, rings and wishes by stream, events, counters."""

import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar, Unpack

from fastbinance._client_books import BookKeeping, note_trouble
from fastbinance._client_options import ClientOptions, read_options
from fastbinance._core.book import BookBase
from fastbinance._core.ring import Bell, RingBase
from fastbinance._core.segment import RingMemoryView
from fastbinance._feed.any_pool import AnyPool
from fastbinance._feed.assembly import make_pool
from fastbinance._feed.handing_over import check_handing_over
from fastbinance._feed.messages import Interest
from fastbinance._feed.remote_pool import RemotePool
from fastbinance._feed.shapes import check_sizes, shape_of
from fastbinance._feed.shared import SharedFeed
from fastbinance._io.dispatch import Callback, EventHub, EventQueue
from fastbinance._io.feed_thread import CLOSED
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.wishes import Wish, WishState
from fastbinance._market.notices import NoticeStreams
from fastbinance._services import Services
from fastbinance.drift import Drift
from fastbinance.errors import ConfigurationError
from fastbinance.events import EventKind
from fastbinance.keys import WsKey, key_for
from fastbinance.market import ENDLESS, NamedStreams
from fastbinance.rings import AnyRing
from fastbinance.streams import Kind, Stream
from fastbinance.waiting import SharedLoopBell

__all__ = ["ClientBase", "ClientStats"]

X = TypeVar("X")


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


class ClientBase(BookKeeping, NoticeStreams, NamedStreams, Services):
    """Wishes and their rings, on a pool that a subclass runs."""

    _ring_types: ClassVar[Mapping[Kind, type[AnyRing[Any, Any]]]]
    _hub: EventHub

    def __init__(
        self, bell: Bell, shared: SharedFeed | None = None, **options: Unpack[ClientOptions]
    ) -> None:
        self._settings = read_options(**options)
        if shared is not None:
            check_handing_over(self._settings)
        self._bell = bell
        self._shared = shared
        # One wish at a time. Closing does not take it: who holds it may be waiting for the feed.
        self._lock = threading.RLock()
        self._wanted: dict[tuple[WsKey, str], tuple[Wish, AnyRing[Any, Any] | None]] = {}
        # Those that are wanted for themselves, and not only for an order book.
        self._asked: set[tuple[WsKey, str]] = set()
        BookKeeping.__init__(self)
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
        pool = self._start()
        end = self._hub.on(kind, callback)
        self._be_heard(pool)
        return end

    def events(self) -> EventQueue:
        """Return an iterator over the events from now on: messages of streams without ring, what
        connections do, and drift.

        Holds 65,536 events for a slow consumer and then drops the oldest; its `lost` counts them. Iterate it
        with ``for`` on a `Client`, with ``async for`` on an `AsyncClient`; it ends when the client closes.
        """
        pool = self._start()
        queue = self._hub.listen()
        self._be_heard(pool)
        return queue

    def _be_heard(self, pool: AnyPool) -> None:
        """Have a feed elsewhere know who listens, before anything else happens."""
        if isinstance(pool, RemotePool):
            try:
                self._on_loop(pool.be_heard)
            except ConfigurationError:
                if not self._closed:  # else by another thread meanwhile: nothing comes any more
                    raise

    def __repr__(self) -> str:
        what = "closed" if self._closed else f"{len(self._wanted)} streams"
        return f"<{type(self).__name__} {self._settings.env}: {what}>"

    def _make_pool(self) -> AnyPool:
        hub = self._hub
        if self._shared is None:
            here = make_pool(
                self._settings, bell=self._bell, emit=hub.publish, hears=hub.hears, on_sample=self._sample
            )
            here.book_told = note_trouble
            return here
        pool = RemotePool(
            self._settings,
            tuning=self._shared.tuning,
            segment=self._shared.segment,
            bell=self._shared.bell,
            pipe=self._bell.feeds_pipe if isinstance(self._bell, SharedLoopBell) else None,
            emit=hub.publish,
            interest=lambda: Interest(*hub.listeners()),
        )
        pool.book_told = note_trouble
        hub.on_change = pool.interest_changed
        return pool

    def set_time_offset(self, offset_ms: float | None) -> None:
        """Set by how many milliseconds Binance's clocks are ahead of this machine's; None measures them."""
        if offset_ms is not None and not (
            isinstance(offset_ms, (int, float)) and not isinstance(offset_ms, bool) and abs(offset_ms) < 1e12
        ):
            raise ConfigurationError(f"offset_ms is a number of milliseconds or None, not {offset_ms!r}")
        self._on_pool(lambda pool: pool.apis.set_offset(offset_ms))

    def _sample(self, now: float) -> None:
        now_ns = time.time_ns()  # and not the loop's time: other processes compare it with their clock
        for _, ring in tuple(self._wanted.values()):
            if ring is not None:
                ring.sample(now_ns)

    def _make_ring(
        self, stream: Stream, named: WsKey, ws_key: WsKey, capacity: int | None, level_capacity: int | None
    ) -> AnyRing[Any, Any]:
        shape = shape_of(stream, capacity, level_capacity, self._settings.capacity)
        memory: RingMemoryView | None = None
        if self._shared is not None:
            memory = RingMemoryView.allocate(
                self._shared.segment, shape.size, ws_key.value, stream.name, stream.ring_symbol
            )
        return self._ring_type(stream)(
            int(stream.kind or 0),
            stream.name,
            ws_key.value,
            stream.ring_symbol,
            capacity=shape.capacity,
            level_capacity=shape.level_capacity,
            symbol_capacity=shape.symbol_capacity,
            bell=self._bell,
            memory=memory,
            writes=memory is None,
        )

    def _ring_type(self, stream: Stream) -> type[AnyRing[Any, Any]]:
        if stream.kind is None:
            raise AssertionError(f"{stream.name} has no ring")
        return self._ring_types[stream.kind]

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
        check_sizes(capacity, level_capacity)
        named = key_for(stream.market, stream.format) if named is None else named
        with self._lock:
            place, ring = self._wish_for(stream, named, capacity, level_capacity)
            self._asked.add(place)
        return ring

    def _want_ring(self, stream: Stream) -> AnyRing[Any, Any]:
        _, ring = self._wish_for(stream, key_for(stream.market, stream.format), None, None)
        if ring is None:
            raise AssertionError(f"{stream.name} has no ring")
        return ring

    def _wish_for(
        self, stream: Stream, named: WsKey, capacity: int | None, level_capacity: int | None
    ) -> tuple[tuple[WsKey, str], AnyRing[Any, Any] | None]:
        """Declare a wish, unless there is one; return where, and its ring. The lock is held."""
        pool = self._start()
        place = (self._place(stream, named), stream.name)
        known = self._wanted.get(place)
        if known is not None and not known[0].final:
            ring = known[1]
            if ring is not None:
                _check_same(ring, capacity, level_capacity)
            return place, ring
        ring = None
        if stream.kind is not None:
            ring = self._make_ring(stream, named, place[0], capacity, level_capacity)
        self._on_loop(lambda: self._begin(pool, place, stream, ring, named))
        return place, ring

    def _listen(self, stream: Stream) -> EventQueue:
        with self._lock:
            pool = self._start()
            ws_key = self._place(stream, key_for(stream.market))
            # Before the wish, so that its first message is not missed.
            queue = self._hub.listen(only=(ws_key.value, stream.name))
            try:
                self._be_heard(pool)
                self._want(stream)
            except BaseException:
                queue.close()
                raise
        return queue

    def _begin(
        self,
        pool: AnyPool,
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

    def _give_up(self, items: list[tuple[Stream, WsKey] | AnyRing[Any, Any] | BookBase]) -> None:
        with self._lock:
            pool = self._start()
            places: dict[tuple[WsKey, str], None] = {}
            for item, place in [(item, self._find(item)) for item in items]:
                if not isinstance(item, BookBase):
                    places[place] = None
                places |= dict.fromkeys(self._end_book(pool, place))
            for leaving in places:
                self._leave(pool, leaving)

    def _leave(self, pool: AnyPool, place: tuple[WsKey, str]) -> None:
        self._asked.discard(place)
        wish, ring = self._wanted.pop(place, (None, None))
        try:
            if wish is not None:
                self._on_loop(lambda: pool.remove(wish))
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

    def _find(self, item: tuple[Stream, WsKey] | AnyRing[Any, Any] | BookBase) -> tuple[WsKey, str]:
        if isinstance(item, BookBase):
            for place, book in self._books.items():
                if book is item:
                    return place
            raise ConfigurationError(f"{item!r} is no order book of this client")
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
            if isinstance(ring, BookBase):
                raise ConfigurationError(f"give the rings of order books, such as book.ring, not {ring!r}")
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

    def _collect(self, pool: AnyPool | None) -> ClientStats:
        wishes = [wish for wish, _ in self._wanted.values()]
        confirmed = sum(wish.state is WishState.CONFIRMED for wish in wishes)
        connections, drifts = (pool.stats(), pool.drifts()) if pool is not None else ((), ())
        return ClientStats(
            connections, len(wishes), confirmed, self._hub.callback_errors, self._hub.lost, drifts
        )

    def _on_pool(self, call: Callable[[AnyPool], X]) -> X:
        with self._lock:
            pool = self._start()
            return self._on_loop(lambda: call(pool))

    def _given_up(self, wishes: Iterable[Wish]) -> None:
        gone = set(wishes)
        for place in [place for place, (wish, _) in self._wanted.items() if wish in gone]:
            _, ring = self._wanted.pop(place)
            self._books.pop(place, None)  # the pool has let go of it with its wish
            self._asked.discard(place)
            if ring is not None:
                ring.close()
            self._hub.end(place[0].value, place[1])

    # -- what a client provides

    @abstractmethod
    def _start(self) -> AnyPool:
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
