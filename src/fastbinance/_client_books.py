"""What clients do about order books: which streams one is made of, its memory, and its end."""

import threading
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from fastbinance._client_options import Settings
from fastbinance._core.book import book_bytes
from fastbinance._core.segment import RingMemoryView
from fastbinance._feed.any_pool import AnyPool
from fastbinance._feed.shared import SharedFeed
from fastbinance._io.places import check_same_exchange
from fastbinance._io.wishes import Wish
from fastbinance._market.base import Wanting
from fastbinance._protocol.snapshots import SnapshotRequest
from fastbinance._rest_endpoints import rest_url
from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey, key_for
from fastbinance.order_book import AnyOrderBook, rule_of, sizes_of
from fastbinance.rings import AnyRing
from fastbinance.streams import Stream

__all__ = ["BookKeeping", "note_trouble"]

X = TypeVar("X")


class BookKeeping(Wanting):
    """The order books of a client, which is a subclass."""

    _book_type: ClassVar[type[AnyOrderBook]]
    _lock: threading.RLock
    _shared: SharedFeed | None
    _settings: Settings
    _wanted: dict[tuple[WsKey, str], tuple[Wish, AnyRing[Any, Any] | None]]
    _asked: set[tuple[WsKey, str]]

    def __init__(self) -> None:
        self._books: dict[tuple[WsKey, str], AnyOrderBook] = {}

    def _want_book(
        self, stream: Stream, quotes: Stream | None, request: SnapshotRequest | None
    ) -> AnyOrderBook:
        with self._lock:
            pool = self._start()
            named = key_for(stream.market, stream.format)
            routed, url = pool.place(stream, named)
            if request is not None:
                self._check_rest(stream, url, request)
            place = (routed, stream.name)
            known = self._books.get(place)
            if known is not None and known.is_kept:
                _check_same_book(known, quotes, request)
                return known
            self._end_book(pool, place)  # one that a stream of its own has left
            before = set(self._wanted)
            try:
                ring, *rest = [self._want_ring(one) for one in (stream, quotes) if one is not None]
                book = self._make_book(stream, routed, ring, rest[0] if rest else None, request)
                wish = self._wanted[place][0]
                self._on_loop(lambda: pool.add_book(book, wish, request))
            except BaseException:
                for one in set(self._wanted) - before:
                    self._leave(pool, one)  # half a book is none
                raise
            self._books[place] = book
        return book

    def _check_rest(self, stream: Stream, url: str, request: SnapshotRequest) -> None:
        settings, product = self._settings, request.product
        there = rest_url(
            product, env=settings.env, market_maker=settings.market_maker, urls=settings.rest_urls
        )
        check_same_exchange(f"the order book of {stream.name}", "its snapshots", url, product, there)

    def _make_book(
        self,
        stream: Stream,
        ws_key: WsKey,
        ring: AnyRing[Any, Any],
        quotes: AnyRing[Any, Any] | None,
        request: SnapshotRequest | None,
    ) -> AnyOrderBook:
        places, far_levels = sizes_of(request)
        memory: RingMemoryView | None = None
        if self._shared is not None:
            size, name = book_bytes(places, far_levels), f"{stream.name} (book)"
            memory = RingMemoryView.allocate(
                self._shared.segment, size, ws_key.value, name, stream.ring_symbol
            )
        return self._book_type(
            ring,
            quotes,
            request=request,
            rule=rule_of(stream, request),
            places=places,
            far_levels=far_levels,
            memory=memory,
            writes=memory is None,
        )

    def _end_book(self, pool: AnyPool, place: tuple[WsKey, str]) -> list[tuple[WsKey, str]]:
        """Give an order book up, where there is one; return the places of streams that were for it alone:
        that nobody has asked for, and no other book is made of.
        """
        book = self._books.pop(place, None)
        if book is None:
            return []
        self._on_loop(lambda: pool.remove_book(book))
        shared = {id(ring) for other in self._books.values() for ring in (other.ring, other.quotes)}
        return [
            at
            for at, (_, ring) in self._wanted.items()
            if ring is not None
            and ring in (book.ring, book.quotes)
            and id(ring) not in shared
            and at not in self._asked
        ]

    @abstractmethod
    def _start(self) -> AnyPool:
        """See `ClientBase`."""

    @abstractmethod
    def _want_ring(self, stream: Stream) -> AnyRing[Any, Any]:
        """Declare a wish that nobody has asked for by itself; return its ring."""

    @abstractmethod
    def _leave(self, pool: AnyPool, place: tuple[WsKey, str]) -> None:
        """Give a stream up."""

    @abstractmethod
    def _on_loop(self, call: Callable[[], X]) -> X:
        """See `ClientBase`."""


def note_trouble(book: Any, trouble: str, hopeless: Exception | None) -> None:
    """Have who waits for a book look at it again."""
    book.note_trouble(trouble, hopeless)
    book.ring.bell.wake_all()


def _check_same_book(book: AnyOrderBook, quotes: Stream | None, request: SnapshotRequest | None) -> None:
    if book.request != request:
        there = "levels" if book.request is None else f"limit={book.request.limit}"
        raise ConfigurationError(
            f"{book.stream} has an order book with {there} already; unsubscribe it first"
        )
    if quotes is not None and book.quotes is None:
        raise ConfigurationError(
            f"{book.stream} has an order book without book_ticker already; unsubscribe it first"
        )
