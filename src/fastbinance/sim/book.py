"""A limit order book by price level, and what changed in it since somebody last looked."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from itertools import islice, takewhile
from typing import Final, NamedTuple

from fastbinance.sim.undo import Undo, Undone

__all__ = ["CHANGES_KEPT", "Book", "Changes", "Level", "Snapshot"]

#: Changes that a book can be taken back, unless something else is said.
CHANGES_KEPT: Final = 5000


class Level(NamedTuple):
    """One price with its quantity on one side; a quantity of 0 says that the level is gone."""

    price: int
    qty: int


class Snapshot(NamedTuple):
    """The whole book, or its top, at one update id; best levels first."""

    update_id: int
    bids: list[Level]
    asks: list[Level]


class Changes:
    """Prices touched since the last `take`: one of these per diff stream and speed."""

    __slots__ = ("asks", "bids", "first_update_id", "previous_update_id")

    def __init__(self, update_id: int) -> None:
        self.previous_update_id = update_id
        self.first_update_id = 0
        self.bids: set[int] = set()
        self.asks: set[int] = set()

    def __bool__(self) -> bool:
        return self.first_update_id != 0

    def restart(self, update_id: int) -> None:
        """Forget what was gathered; the next event follows ``update_id``."""
        self.previous_update_id = update_id
        self.first_update_id = 0
        self.bids.clear()
        self.asks.clear()


class Book:
    """Price levels of one symbol, never crossed, never empty on a side once seeded.

    Parameters
    ----------
    update_id
        Update id before the first change.
    next_update_id
        Gives the id of a change from the id of the one before it: plus one on spot, a random leap on futures.
    changes_kept
        How many changes it can be taken back at least.
    """

    __slots__ = (
        "_ask_prices", "_bid_prices", "_next_update_id", "_undo", "asks", "bids", "update_id", "watchers",
    )  # fmt: skip

    def __init__(
        self, update_id: int, next_update_id: Callable[[int], int], changes_kept: int = CHANGES_KEPT
    ) -> None:
        self.update_id = update_id
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.watchers: list[Changes] = []
        self._next_update_id = next_update_id
        self._undo = Undo(update_id, changes_kept)
        # Ascending: the best bid is the last, the best ask the first. A few thousand levels at most, so that
        # moving the tail of a list is cheaper than any tree.
        self._bid_prices: list[int] = []
        self._ask_prices: list[int] = []

    @property
    def best_bid(self) -> int:
        """Highest bid, in ticks."""
        return self._bid_prices[-1]

    @property
    def best_ask(self) -> int:
        """Lowest ask, in ticks."""
        return self._ask_prices[0]

    @property
    def spread(self) -> int:
        """Distance of best ask and best bid, in ticks; at least 1."""
        return self._ask_prices[0] - self._bid_prices[-1]

    def depth(self, is_bid: bool) -> int:
        """Count the levels of one side."""
        return len(self._bid_prices if is_bid else self._ask_prices)

    def price_at(self, is_bid: bool, rank: int) -> int:
        """Give the price of the ``rank``-th best level of one side, 0 being the best."""
        return self._bid_prices[-1 - rank] if is_bid else self._ask_prices[rank]

    def set(self, is_bid: bool, price: int, qty: int) -> None:
        """Set one level to an absolute quantity (0 removes it) and count it as one update."""
        before = (self.bids if is_bid else self.asks).get(price, 0)
        self._store(is_bid, price, qty)
        self.update_id = update_id = self._next_update_id(self.update_id)
        self._undo.note(update_id, is_bid, price, before)
        for watcher in self.watchers:
            if not watcher.first_update_id:
                watcher.first_update_id = update_id
            (watcher.bids if is_bid else watcher.asks).add(price)

    def seed(self, is_bid: bool, levels: Iterable[Level]) -> None:
        """Fill a side before trading starts, without update ids."""
        side, prices = (self.bids, self._bid_prices) if is_bid else (self.asks, self._ask_prices)
        side.update(levels)
        prices[:] = sorted(side)

    def top(self, levels: int) -> tuple[list[Level], list[Level]]:
        """Give the best levels of both sides, best first."""
        bids, asks = self.bids, self.asks
        return (
            [Level(price, bids[price]) for price in self._bid_prices[: -levels - 1 : -1]],
            [Level(price, asks[price]) for price in self._ask_prices[:levels]],
        )

    def snapshot(self, limit: int) -> Snapshot:
        """Give up to ``limit`` levels a side at the present update id."""
        bids, asks = self.top(limit)
        return Snapshot(self.update_id, bids, asks)

    def at(self, update_id: int) -> Snapshot:
        """Give the whole book as it was when nothing behind an update id had happened.

        Raises
        ------
        LookupError
            It was not there yet, or is remembered no more.
        """
        if not self._undo.oldest <= update_id <= self.update_id:
            raise LookupError(
                f"no book at {update_id}: there are those from {self._undo.oldest} to {self.update_id}"
            )
        newer = takewhile(lambda change: change.update_id > update_id, self._undo)
        return self._taken_back(newer)[0]

    def before(self, changes: int) -> Snapshot:
        """Give the whole book as it was so many changes ago.

        What is remembered no more, or was before it was born, is counted by update ids alone: the levels are
        then those of the oldest book that can be shown.
        """
        found, undone = self._taken_back(islice(self._undo, changes))
        return found._replace(update_id=found.update_id - (changes - undone))

    def changed(self, changes: Changes, *, best_bid_first: bool) -> tuple[list[Level], list[Level]]:
        """Give the present quantity of every price in ``changes``; asks ascend."""
        bids, asks = self.bids, self.asks
        return (
            [Level(price, bids.get(price, 0)) for price in sorted(changes.bids, reverse=best_bid_first)],
            [Level(price, asks.get(price, 0)) for price in sorted(changes.asks)],
        )

    def _taken_back(self, changes: Iterable[Undone]) -> tuple[Snapshot, int]:
        # The book without these changes, newest first, and how many they were.
        sides = dict(self.bids), dict(self.asks)
        undone = 0
        for change in changes:
            undone += 1
            side = sides[0 if change.is_bid else 1]
            if change.qty:
                side[change.price] = change.qty
            else:
                side.pop(change.price, None)
        bids, asks = ([Level(*level) for level in sorted(side.items())] for side in sides)
        return Snapshot(self._undo.id_before(undone), bids[::-1], asks), undone

    def _store(self, is_bid: bool, price: int, qty: int) -> None:
        side, prices = (self.bids, self._bid_prices) if is_bid else (self.asks, self._ask_prices)
        if qty:
            if price not in side:
                insort(prices, price)
            side[price] = qty
        elif price in side:
            del side[price]
            del prices[bisect_left(prices, price)]
