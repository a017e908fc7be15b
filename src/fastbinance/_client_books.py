"""What clients do about order books: which streams one is made of, its memory, and its end."""

import threading
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from fastbinance._core.book import book_bytes
from fastbinance._core.segment import RingMemoryView
from fastbinance._feed.any_pool import AnyPool
from fastbinance._feed.shared import SharedFeed
from fastbinance._io.wishes import Wish
from fastbinance._market.base import Wanting
from fastbinance._protocol.snapshots import SnapshotRequest
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
    _wanted: dict[tuple[WsKey, str], tuple[Wish, AnyRing[Any, Any] | None]]

    def __init__(self) -> None:
        # With the rings that were subscribed for them alone.
        self._books: dict[tuple[WsKey, str], tuple[AnyOrderBook, tuple[AnyRing[Any, Any], ...]]] = {}

    def _want_book(
        self, stream: Stream, quotes: Stream | None, request: SnapshotRequest | None
    ) -> AnyOrderBook:
        with self._lock:
            pool = self._start()
            place = (self._place(stream, key_for(stream.market, stream.format)), stream.name)
            known = self._books.get(place)
            if known is not None and known[0].is_kept:
                _check_same_book(known[0], quotes, request)
                return known[0]
            before = {id(ring) for _, ring in self._wanted.values()}
            own: list[AnyRing[Any, Any]] = []
            rings: list[AnyRing[Any, Any]] = []
            try:
                for one in (stream, quotes):
                    if one is not None:
                        rings.append(ring := self._want(one))
                        if id(ring) not in before:
                            own.append(ring)
                book = self._make_book(stream, place[0], rings[0], rings[1] if quotes else None, request)
                wish = self._wanted[place][0]
                self._on_loop(lambda: pool.add_book(book, wish, request))
            except BaseException:
                self._give_up([*own])  # half a book is none
                raise
            self._books[place] = book, tuple(own)
        return book

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

    def _end_book(self, pool: AnyPool, place: tuple[WsKey, str]) -> tuple[AnyRing[Any, Any], ...]:
        """Give an order book up, where there is one; return the rings that nobody else has asked for."""
        book, own = self._books.pop(place, (None, ()))
        if book is not None:
            self._on_loop(lambda: pool.remove_book(book))
        return own

    @abstractmethod
    def _start(self) -> AnyPool:
        """See `ClientBase`."""

    @abstractmethod
    def _on_loop(self, call: Callable[[], X]) -> X:
        """See `ClientBase`."""


def note_trouble(book: Any, trouble: str) -> None:
    """Have who waits for a book look at it again."""
    book.note_trouble(trouble)
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
