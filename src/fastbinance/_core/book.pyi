"""Order books: memory that diffs are applied to as they are published, and the ways to read it."""

from typing import Any, Final, Literal, Never, Self

import numpy as np
from typing_extensions import disjoint_base

from fastbinance._core.ring import RingBase
from fastbinance._core.segment import RingMemoryView

_Levels = np.ndarray[tuple[int, int], np.dtype[np.float64]]
_Side = Literal["bid", "ask"]

def book_bytes(places: int, far_levels: int) -> int:
    """Return the bytes of a book of this shape; see `BookBase`."""

@disjoint_base
class Top:
    """The best bid and ask of one moment: immutable, valid for ever.

    Prices in quote asset, quantities in base asset (contracts where the market trades contracts); NaN and 0
    on a side without orders.
    """

    bid_price: Final[float]
    bid_qty: Final[float]
    ask_price: Final[float]
    ask_qty: Final[float]

    @property
    def update_id(self) -> int:
        """Binance's id of what it comes from."""

    @property
    def event_ns(self) -> int:
        """Binance's event time, UTC nanoseconds; 0 where there is none: spot's bookTicker, a snapshot."""

    @property
    def recv_ns(self) -> int:
        """Receive time of what it comes from, UTC nanoseconds."""

    @property
    def source(self) -> Literal["depth", "book_ticker"]:
        """What was the newer one: the book's diffs, or the bookTicker."""

    @property
    def live(self) -> bool:
        """Whether the book's diffs were proved complete; says nothing of the connection, which
        `OrderBook.state` does.
        """

    @property
    def spread(self) -> float:
        """Ask price minus bid price, in quote asset."""

    @property
    def mid(self) -> float:
        """Half of bid price and ask price, in quote asset."""

    @property
    def age_ns(self) -> int:
        """Nanoseconds since it was received, by our clock."""

    def __init__(self, *args: Never, **kwargs: Never) -> None: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@disjoint_base
class BookBase:
    """Memory and reads of one order book. The facade's `OrderBook` and `AsyncOrderBook` add waiting.

    Every read is of one moment. Where the quotes have a newer update id than the book, they are its best
    levels: what was better is gone, and a level of the same price has their quantity.

    Parameters
    ----------
    ring : RingBase
        Of the diffs, or of the partial depth.
    quotes : RingBase or None
        Of the bookTicker records of the same symbol.
    rule : int
        How diffs follow each other: 1 by their first id, 2 by the id of the one before; 3: each record is the
        whole book.
    places : int
        Of the grid of prices around the middle: a power of two.
    far_levels : int
        Of each side, outside of the grid: a power of two.
    memory : RingMemoryView, optional
        Room in a segment; by default memory of its own.
    writes, formats, again : bool
        As of `RingBase`.

    Raises
    ------
    ConfigurationError
        A rule or size that cannot be, or a ring without levels.
    MemoryError
        No memory.
    """

    writes: Final[bool]

    def __new__(
        cls,
        ring: RingBase,
        quotes: RingBase | None,
        *,
        rule: int,
        places: int = 8192,
        far_levels: int = 4096,
        memory: RingMemoryView | None = None,
        writes: bool = True,
        formats: bool = True,
        again: bool = False,
        **ignored: Any,
    ) -> Self: ...
    @property
    def ring(self) -> RingBase:
        """Of the diffs, or of the partial depth."""

    @property
    def quotes(self) -> RingBase | None:
        """Of bookTicker records; None without them."""

    def attach_writer(self) -> None:
        """Have what the ring gets from now on applied; in the process that writes."""

    def detach_writer(self) -> None:
        """Have nothing applied any more."""

    @property
    def shared_memory(self) -> RingMemoryView | None:
        """Where it is in a segment; None where its memory is its own."""

    @property
    def rule(self) -> int:
        """How diffs follow each other; see above."""

    @property
    def places(self) -> int:
        """Of the grid."""

    @property
    def far_levels(self) -> int:
        """Of each side."""

    @property
    def memory_bytes(self) -> int:
        """Bytes of memory."""

    def wants_snapshot(self) -> bool:
        """Whether no diff that may still come makes it right."""

    def suspend(self) -> None:
        """Take note that diffs may be missed from now on: the next one tells."""

    def load(
        self, snapshot_id: int, bids: _Levels, asks: _Levels, limit: int, unproven_too: bool = True
    ) -> int:
        """Take a snapshot, and what the ring has behind it.

        Parameters
        ----------
        snapshot_id : int
            Its ``lastUpdateId``.
        bids, asks : numpy.ndarray
            float64, shape ``(n, 2)``, rows ``[price, qty]``, best first.
        limit : int
            Levels that were asked for: a side that has fewer is complete.
        unproven_too : bool
            Whether to take one that is newer than all diffs.

        Returns
        -------
        int
            0: proved by the diffs. 1: newer than all of them; taken or not, see `unproven_too`. Anything else
            leaves the book as it was, and another snapshot is wanted. 2: a diff behind it is missing. 3:
            levels that cannot be. 4: a bid is not below the asks. 5: prices have left what it tells.
        """

    def counters(self) -> tuple[int, int, int, int, int, int, int]:
        """Return diffs applied and ignored, gaps, snapshots taken, changes of the grid, levels dropped for
        want of room, and the id of the newest snapshot.
        """

    def known_levels(self) -> tuple[int, int]:
        """Return how many bids and asks are known without a doubt: from the best one to the edge of the
        snapshot.
        """

    def head(self) -> tuple[int, int, int, float, float]:
        """Return state, reason, proved since, bid floor and ask ceiling; of one moment."""

    @property
    def update_id(self) -> int:
        """Binance's id of the newest change; 0 before the first."""

    @property
    def event_ns(self) -> int:
        """Binance's time of the newest change, UTC nanoseconds; 0 of a snapshot."""

    @property
    def recv_ns(self) -> int:
        """Receive time of the newest change, UTC nanoseconds; 0 before the first."""

    @property
    def age_ns(self) -> int:
        """Nanoseconds since the newest change was received, by our clock; `BookNotReady` before the first."""

    @property
    def bid_count(self) -> int:
        """Levels of the bids that are known; without the quotes."""

    @property
    def ask_count(self) -> int:
        """Levels of the asks that are known; without the quotes."""

    def top(self) -> Top:
        """Return the best bid and ask: of the book, or of the quotes where they are newer.

        Raises
        ------
        BookNotReady
            There is neither.
        """

    def bids(self, n: int | None = None) -> _Levels:
        """Return the best bids.

        Parameters
        ----------
        n
            How many at most; None is all that are known.

        Returns
        -------
        numpy.ndarray
            A copy, float64, shape ``(min(n, known), 2)``, rows ``[price, qty]``, best first.

        Raises
        ------
        BookNotReady
            There is no book yet.
        ConfigurationError
            `n` is no number above 0.
        """

    def asks(self, n: int | None = None) -> _Levels:
        """Return the best asks; see `bids`."""

    def levels(self, n: int | None = None) -> tuple[_Levels, _Levels]:
        """Return bids and asks of one moment; see `bids`."""

    def qty_at(self, side: _Side, price: float) -> float:
        """Return the quantity of one level, 0.0 where there is none.

        Parameters
        ----------
        side
            ``"bid"`` or ``"ask"``.
        price
            In quote asset; bit for bit the one of the level, as ``float`` makes of its text.

        Raises
        ------
        BookNotReady, ConfigurationError
            There is no book yet; or no such side.
        """

    def qty_to(self, side: _Side, price: float) -> float:
        """Return the quantity of all levels from the best one to a price, that included: what an order with
        this limit on the other side would fill at once. See `qty_at`.
        """

    def average_price(self, side: _Side, qty: float) -> float:
        """Return the average price at which a quantity of a side would be filled by an order on the other
        side.

        NaN where the known levels have less. In quote asset. See `qty_at`.
        """

    def imbalance(self, n: int = 1) -> float:
        """Return ``(bids - asks) / (bids + asks)``, of the quantities of the best n levels of both sides:
        from -1 to 1; NaN without any.
        """
