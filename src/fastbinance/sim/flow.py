"""Random order flow: what anonymous traders do to a book, one action at a time.

Every action either touches the top of the book or provably does not, so that the rate of top-of-book updates
can be set. Prices revert slowly to where they started: a simulator left running for a week still looks like
the symbol.
"""

import math
import random
from statistics import NormalDist
from typing import Final, NamedTuple

from fastbinance.sim.book import Book, Level
from fastbinance.sim.instrument import Instrument

__all__ = ["LEVELS", "TOP_SHARE", "TRADES_PER_ACTION", "Fill", "OrderFlow"]

#: Levels that a side of a book has about, unless something else is said.
LEVELS: Final = 280

#: Share of actions that change the best price or its quantity.
TOP_SHARE: Final = 0.6

_MARKET_ORDER_SHARE: Final = 0.25  # of the actions at the top
#: Mean number of trades of an action.
TRADES_PER_ACTION: Final = TOP_SHARE * _MARKET_ORDER_SHARE * 1.6
# Distance of a new level deep in the book, in strides and for each of its levels.
_DISTANCE_A_LEVEL: Final = 120.0 / LEVELS
# Share of the ticks between a price and zero that a side may begin with.
_MOST_OF_PRICES: Final = 0.7
# Ticks between neighbouring levels grow with the price in ticks, or a dear symbol would never be seen to
# move.
_TICKS_PER_STRIDE: Final = 500_000
_SWEEP_LEVELS: Final = 4
_RPI_SHARE: Final = 0.04
_PULL: Final = 40.0
# Order sizes are log-normal; quantiles looked up cost a tenth of drawing them.
_SIZES: Final = tuple(math.exp(1.1 * NormalDist().inv_cdf((index + 0.5) / 512)) for index in range(512))


class Fill(NamedTuple):
    """One execution between a taker and a resting order.

    Attributes
    ----------
    price, qty
        Ticks and lots.
    is_buyer_maker
        True when the aggressor sold.
    is_rpi
        The resting order was a retail price improvement order, which no book shows (USD-M).
    """

    price: int
    qty: int
    is_buyer_maker: bool
    is_rpi: bool


class OrderFlow:
    """The crowd around one book.

    Parameters
    ----------
    instrument
        Grid and sizes.
    book
        Book to act on; it is filled here.
    rng
        Source of every decision.
    levels
        Levels that a side has about: between five and ten sevenths of it. Fewer where there are not so many
        prices.
    """

    __slots__ = (
        "_book", "_fewest", "_has_rpi", "_levels", "_mean_distance", "_most", "_rng", "_start", "_stride",
        "_typical",
    )  # fmt: skip

    def __init__(self, instrument: Instrument, book: Book, rng: random.Random, levels: int = LEVELS) -> None:
        self._book = book
        self._rng = rng
        self._start = instrument.start_ticks
        self._stride = max(1, instrument.start_ticks // _TICKS_PER_STRIDE)
        self._typical = instrument.typical_lots
        self._has_rpi = instrument.market == "usdm"
        self._levels = levels = min(levels, int(self._start * _MOST_OF_PRICES))
        self._fewest, self._most = levels * 5 // 7, levels * 10 // 7
        self._mean_distance = levels * _DISTANCE_A_LEVEL
        for is_bid in (True, False):
            book.seed(is_bid, self._first_levels(is_bid))

    def act(self) -> list[Fill]:
        """Do one thing to the book; fills are given in the order they happened."""
        if self._rng.random() >= TOP_SHARE:
            self._act_deep()
            return []
        return self._act_at_top()

    def _first_levels(self, is_bid: bool) -> list[Level]:
        levels = []
        price = self._start if is_bid else self._start + 1
        # Levels lie a good two strides apart, or side by side where there is no room for that.
        is_dense = self._levels * (1 + 1.25 * self._stride) > self._start * _MOST_OF_PRICES
        for _ in range(self._levels):
            levels.append(Level(price, self._size()))
            gap = 1 if is_dense else 1 + int(self._rng.expovariate(0.8) * self._stride)
            price += -gap if is_bid else gap
        return levels

    def _size(self) -> int:
        return 1 + int(_SIZES[int(self._rng.random() * len(_SIZES))] * self._typical)

    def _is_buyer(self) -> bool:
        # The further above its start, the likelier a seller.
        pull: float = (self._book.best_bid - self._start) / self._start * _PULL
        return self._rng.random() < 0.5 - min(0.3, max(-0.3, pull))

    def _act_at_top(self) -> list[Fill]:
        book, rng = self._book, self._rng
        if rng.random() < _MARKET_ORDER_SHARE:
            return self._market_order(self._is_buyer())
        is_bid = self._is_buyer()
        if book.spread > 1 and rng.random() < 0.6:
            step = rng.randint(1, min(3 * self._stride, book.spread - 1))
            price = book.best_bid + step if is_bid else book.best_ask - step
            book.set(is_bid, price, self._size())
            return []
        side = book.bids if is_bid else book.asks
        best = book.price_at(is_bid, 0)
        qty = side[best]
        if rng.random() < 0.5 or qty == 1:
            book.set(is_bid, best, qty + 1 + self._size() // 4)
        elif rng.random() < 0.15 and book.depth(is_bid) > self._fewest:
            book.set(is_bid, best, 0)
        else:
            book.set(is_bid, best, rng.randint(1, qty - 1))
        return []

    def _market_order(self, buys: bool) -> list[Fill]:
        book, rng = self._book, self._rng
        taken_is_bid = not buys
        side = book.bids if taken_is_bid else book.asks
        fills: list[Fill] = []
        price = book.price_at(taken_is_bid, 0)
        if self._has_rpi and rng.random() < _RPI_SHARE:
            fills.append(Fill(price, 1 + self._size() // 8, taken_is_bid, True))
        whole_levels = 0
        if book.depth(taken_is_bid) > self._fewest and rng.random() < 0.3:
            whole_levels = 1 if rng.random() < 0.8 else rng.randint(2, _SWEEP_LEVELS)
        for _ in range(whole_levels):
            price = book.price_at(taken_is_bid, 0)
            self._fill(fills, price, side[price], taken_is_bid)
            book.set(taken_is_bid, price, 0)
        price = book.price_at(taken_is_bid, 0)
        qty = side[price]
        if qty > 1 and (not whole_levels or rng.random() < 0.5):
            taken = rng.randint(1, max(1, qty // 2))
            self._fill(fills, price, taken, taken_is_bid)
            book.set(taken_is_bid, price, qty - taken)
        elif not whole_levels:
            # One lot is all there is and the side is too thin to lose the level: it is bought and refilled.
            self._fill(fills, price, qty, taken_is_bid)
            book.set(taken_is_bid, price, self._size() + 1)
        return fills

    def _fill(self, fills: list[Fill], price: int, qty: int, is_buyer_maker: bool) -> None:
        # A level is often more than one order, so a taker often gets more than one trade at a price.
        if qty > 1 and self._rng.random() < 0.35:
            first = self._rng.randint(1, qty - 1)
            fills.append(Fill(price, first, is_buyer_maker, False))
            qty -= first
        fills.append(Fill(price, qty, is_buyer_maker, False))

    def _act_deep(self) -> None:
        book, rng = self._book, self._rng
        is_bid = rng.random() < 0.5
        count = book.depth(is_bid)
        side = book.bids if is_bid else book.asks
        if count > self._most:
            book.set(is_bid, book.price_at(is_bid, count - 1), 0)
            return
        # Thin books grow, full ones shrink.
        if rng.random() < 0.5 + (self._levels - count) / (self._levels * 100 / LEVELS):
            distance = 1 + int(rng.expovariate(1.0) * self._mean_distance * self._stride)
            price = book.best_bid - distance if is_bid else book.best_ask + distance
            if price >= 1:
                book.set(is_bid, price, side.get(price, 0) + self._size())
                return
        price = book.price_at(is_bid, rng.randrange(1, count))
        qty = side[price]
        cancels_all = qty == 1 or rng.random() < 0.6
        book.set(is_bid, price, 0 if cancels_all else rng.randint(1, qty - 1))
