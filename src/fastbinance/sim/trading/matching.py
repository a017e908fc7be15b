"""Where orders meet: the crowd of a random market and the resting orders of the simulator's accounts.

The crowd's story is its own. What an account takes from the crowd's book is not taken out of it, so that
every stream tells the same story with or without traders; it is remembered here beside the book, and gone for
everybody who trades until the crowd itself changes that level. An account's orders are in no public book and
its trades in no public stream.

A resting order is filled at its own price, as far as the crowd's opposite levels reach that price: a buy at
100 when the crowd asks 100 or less. Everything is a function of the crowd's book at the time one looks; there
is no clock and no dice.
"""

from bisect import insort
from collections.abc import Iterator, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from fastbinance.keys import Market
from fastbinance.sim.api.call import Product
from fastbinance.sim.exchange import Exchange
from fastbinance.sim.instrument import LISTED
from fastbinance.sim.market import RandomMarket
from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.amounts import UNIT, value_below
from fastbinance.sim.trading.filters import Rules
from fastbinance.sim.trading.orders import Order
from fastbinance.sim.universe import Universe

__all__ = ["ExchangeMarkets", "MarketsView", "Match", "Offer", "Pit", "Plan", "make_plan"]


class MarketsView(Protocol):
    """The random markets, as an engine sees them."""

    def symbols(self, product: Product) -> Sequence[str]:
        """Give the symbols that trade, in the order in which they are listed."""

    def find(self, product: Market, symbol: str, now_ms: int) -> RandomMarket | None:
        """Give the market of a symbol as it is now; None where there is no such symbol."""


class ExchangeMarkets:
    """The markets of an exchange of the simulator: those that are listed, and those that somebody asked for.

    Parameters
    ----------
    exchange
        Whose markets they are.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def symbols(self, product: Product) -> Sequence[str]:
        """Give the listed symbols, then those that a stream was asked of."""
        made = [
            market.instrument.symbol
            for market in self._exchange.markets
            if market.instrument.market == product
        ]
        return list(dict.fromkeys([*LISTED[product], *made]))

    def find(self, product: Market, symbol: str, now_ms: int) -> RandomMarket | None:
        """Give the market of a symbol as it is now; None where there is no such symbol."""
        if self._exchange.find(product, symbol) is None and not _is_listed(product, symbol, now_ms):
            return None
        market = self._exchange.market(product, symbol, now_ms)
        if not market.is_watched:
            market.resume(now_ms)
        elif not market.has_channels:
            # Only reports look at it, and nobody is told what happens in between.
            market.step(now_ms)
        # One with channels is stepped by the exchange, which tells what happens.
        return market


def _is_listed(market: Market, symbol: str, now_ms: int) -> bool:
    # What is listed of options are underlyings, of which some options are.
    if market == "options":
        return (market, symbol) in Universe(("options",)).listed(now_ms)
    return symbol in LISTED[market]


AnyOrder = TypeVar("AnyOrder", bound=Order)


class Offer(NamedTuple, Generic[AnyOrder]):
    """What a taker may have at a price; ``maker`` is None where the crowd offers it."""

    price: int
    qty: int
    maker: AnyOrder | None


class Match(NamedTuple, Generic[AnyOrder]):
    """One step of a taker's way: a trade, or with ``is_prevented`` a maker of the same account in its way."""

    price: int
    qty: int
    maker: AnyOrder | None
    is_prevented: bool = False


class Plan(NamedTuple, Generic[AnyOrder]):
    """What would happen to a taker now.

    Attributes
    ----------
    matches
        Trades and prevented trades, in order.
    qty, value
        Sums of what is traded.
    is_stopped
        Self-trade prevention ends the taker.
    """

    matches: list[Match[AnyOrder]]
    qty: int
    value: int
    is_stopped: bool


class Pit(Generic[AnyOrder]):
    """The place where one symbol trades.

    Parameters
    ----------
    market
        The crowd.
    """

    def __init__(self, market: RandomMarket) -> None:
        self.rules = Rules(market.instrument)
        self._book = market.book
        # Best first; among equals the older first.
        self._resting: dict[bool, list[tuple[int, int, AnyOrder]]] = {True: [], False: []}
        self._arrivals = 0
        # (is bid, ticks) -> lots that the crowd showed when somebody took, lots that are taken.
        self._taken: dict[tuple[bool, int], tuple[int, int]] = {}

    def best(self, is_bid: bool) -> int:
        """Give the crowd's best price of a side."""
        return self._book.price_at(is_bid, 0) * self.rules.tick

    def level(self, is_bid: bool, rank: int) -> int:
        """Give the crowd's price of a level, 0 being the best; the last one where there are fewer."""
        return self._book.price_at(is_bid, min(rank, self._book.depth(is_bid) - 1)) * self.rules.tick

    def middle(self) -> int:
        """Give the middle of the crowd's best prices, on the grid and rounded down: what things are worth."""
        tick = self.rules.tick
        return (self._book.best_bid + self._book.best_ask) // 2 * tick

    def offers(self, is_buy: bool, limit: int) -> Iterator[Offer[AnyOrder]]:
        """Give what a taker may have up to a limit (0: any price), best first; accounts before the crowd."""
        resting = iter(list(self._resting[not is_buy]))
        maker = next(resting, None)
        for offer in self.crowd(is_buy, limit):
            while maker is not None and not _is_worse(maker[2].price, offer.price, is_buy):
                yield Offer(maker[2].price, maker[2].remaining, maker[2])
                maker = next(resting, None)
            yield offer
        while maker is not None and (not limit or not _is_worse(maker[2].price, limit, is_buy)):
            yield Offer(maker[2].price, maker[2].remaining, maker[2])
            maker = next(resting, None)

    def crowd(self, is_buy: bool, limit: int) -> Iterator[Offer[AnyOrder]]:
        """Give what the crowd offers a taker up to a limit (0: any price), best first."""
        is_bid = not is_buy
        side = self._book.bids if is_bid else self._book.asks
        for rank in range(self._book.depth(is_bid)):
            ticks = self._book.price_at(is_bid, rank)
            price = ticks * self.rules.tick
            if limit and _is_worse(price, limit, is_buy):
                return
            shown, taken = self._taken.get((is_bid, ticks), (0, 0))
            lots = side[ticks] - (taken if shown == side[ticks] else 0)
            if lots:
                yield Offer(price, lots * self.rules.lot, None)

    def take(self, is_buy: bool, price: int, qty: int) -> None:
        """Take from a level of the crowd."""
        ticks = price // self.rules.tick
        level = (not is_buy, ticks)
        now_shown = (self._book.asks if is_buy else self._book.bids)[ticks]
        shown, taken = self._taken.get(level, (0, 0))
        lots = qty // self.rules.lot
        self._taken[level] = (now_shown, lots + (taken if shown == now_shown else 0))

    def look(self) -> None:
        """Forget what was taken from levels that the crowd has changed since."""
        book = self._book
        self._taken = {
            (is_bid, ticks): (shown, taken)
            for (is_bid, ticks), (shown, taken) in self._taken.items()
            if (book.bids if is_bid else book.asks).get(ticks) == shown
        }

    def rest(self, order: AnyOrder) -> None:
        """Let an order wait for a taker."""
        self._arrivals += 1
        key = -order.price if order.is_buy else order.price
        insort(self._resting[order.is_buy], (key, self._arrivals, order))

    def leave(self, order: AnyOrder) -> None:
        """Take an order from where it waits, if it does."""
        side = self._resting[order.is_buy]
        side[:] = [entry for entry in side if entry[2] is not order]

    def resting(self, is_buy: bool) -> list[AnyOrder]:
        """Give the waiting orders of a side, best first."""
        return [entry[2] for entry in self._resting[is_buy]]


def make_plan(
    offers: Iterator[Offer[AnyOrder]],
    account: Account,
    *,
    qty: int | None,
    budget: int | None,
    lot: int,
    stp: str,
) -> Plan[AnyOrder]:
    """Say what a taker would get, without doing it.

    Parameters
    ----------
    offers
        Best first, up to the taker's limit.
    account
        Whose taker it is.
    qty
        Most that it takes; None where only money limits it.
    budget
        Most of the quote asset that it pays or, when it sells, wants; None for no such limit.
    lot
        A trade is a multiple of this.
    stp
        Mode of self-trade prevention.
    """
    matches: list[Match[AnyOrder]] = []
    got = value = 0
    for price, offered, maker in offers:
        wanted = offered if qty is None else min(offered, qty - got)
        if budget is not None:
            affordable = (budget - value) * UNIT // price
            wanted = min(wanted, affordable - affordable % lot)
        if wanted <= 0:
            break
        if maker is not None and maker.account is account and stp != "NONE":
            matches.append(Match(price, wanted, maker, is_prevented=True))
            if stp != "EXPIRE_MAKER":
                return Plan(matches, got, value, is_stopped=True)
            continue
        matches.append(Match(price, wanted, maker))
        got += wanted
        value += value_below(price, wanted)
    return Plan(matches, got, value, is_stopped=False)


def _is_worse(price: int, limit: int, is_buy: bool) -> bool:
    return price > limit if is_buy else price < limit
