"""Order books of a feed in another process."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fastbinance._core.book import BookBase
from fastbinance._feed.messages import AddBook, BookTold, RemoveBook
from fastbinance._io.books import Told
from fastbinance._io.wishes import Wish
from fastbinance._protocol.snapshots import SnapshotRequest

__all__ = ["RemoteBooks"]


@dataclass(slots=True)
class _Kept:
    """One order book, and what a new feed has to know of it."""

    book: BookBase
    wish: Wish
    request: SnapshotRequest | None
    has_fed: bool = False


class RemoteBooks:
    """The books of one client, which a feed in another process keeps; see `Books`.

    Parameters
    ----------
    numbers
        Of messages.
    send
        Sends one, where there is a feed.
    number_of
        The number of a wish that is wanted; None where it is not any more.
    """

    def __init__(
        self,
        numbers: Iterator[int],
        send: Callable[[Any], object],
        number_of: Callable[[Wish], int | None],
    ) -> None:
        self._numbers = numbers
        self._send = send
        self._number_of = number_of
        self._kept: dict[int, _Kept] = {}
        #: See `Pool`.
        self.told: Told = lambda book, trouble, hopeless: None

    def add(self, book: BookBase, wish: Wish, request: SnapshotRequest | None) -> None:
        """See `Pool.add_book`."""
        number = next(self._numbers)
        self._kept[number] = kept = _Kept(book, wish, request)
        self._send_book(number, kept)

    def remove(self, of: BookBase | Wish) -> dict[int, BookBase]:
        """Keep a book, or those of a wish, no more; return what the feed has yet to let go of, by number."""
        gone = {number: kept.book for number, kept in self._kept.items() if of in (kept.book, kept.wish)}
        for number in gone:
            del self._kept[number]
            self._send(RemoveBook(number))
        return gone

    def resume(self) -> None:
        """Have a new feed keep all of them."""
        for number, kept in self._kept.items():
            self._send_book(number, kept)

    def said(self, message: BookTold) -> None:
        """Take note of what the feed tells."""
        kept = self._kept.get(message.number)
        if kept is not None:
            self.told(kept.book, message.trouble, message.hopeless)

    def _send_book(self, number: int, kept: _Kept) -> None:
        book, memory = kept.book, kept.book.shared_memory
        if memory is None:
            raise AssertionError(f"the book of {kept.wish.name} is in no segment")
        fed_by = self._number_of(kept.wish)
        if fed_by is not None:
            made = (book.rule, book.places, book.far_levels, memory.offset, memory.size, kept.has_fed)
            kept.has_fed = True
            self._send(AddBook(number, fed_by, kept.request, *made))
