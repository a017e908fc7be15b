"""The streams of one symbol: wants them, and tells as a row how they stand."""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from fastbinance import (
    BookTickerRing,
    Client,
    ConfigurationError,
    DepthRing,
    Lapped,
    MarkPriceRing,
    NoData,
    OptionMarkPriceRing,
    Ring,
    RingState,
    Trade,
    TradeRing,
)
from fastbinance._core.record import Record
from fastbinance.cli.figures import Decimals
from fastbinance.cli.row import DEPTH_LEVELS, Extra, Row
from fastbinance.cli.tape import LagGauge, SymbolGauges
from fastbinance.keys import Market
from fastbinance.sim.instrument import LISTED, is_listable
from fastbinance.streams import check_symbol

__all__ = ["SymbolFeed", "check_symbols", "examples"]

R = TypeVar("R", bound=Record)

_MOST_SYMBOLS: Final = 200
_RATE_SECONDS: Final = 2.0


def examples(market: Market) -> str:
    """Return some symbols of a market, for sentences."""
    # The simulator lists underlyings of options, since contracts expire.
    return "BTC-261225-126000-C" if market == "options" else ", ".join(LISTED[market][:3])


def check_symbols(symbols: Iterable[str], market: Market) -> list[str]:
    """Return symbols once each, in upper case.

    Raises
    ------
    ConfigurationError
        One of them cannot be a symbol of the market, or they are more than a table holds.
    """
    names = list(dict.fromkeys(check_symbol(symbol).upper() for symbol in symbols))
    for name in names:
        if not is_listable(name, market):
            raise ConfigurationError(
                f"{name} is no symbol of {market}; there they are like {examples(market)}"
            )
    if len(names) > _MOST_SYMBOLS:
        raise ConfigurationError(f"{len(names)} symbols are too many for one table; {_MOST_SYMBOLS} fit")
    return names


def _newest(ring: Ring[R, Any], symbol: str | None = None) -> R | None:
    try:
        return ring.last(symbol)
    except (Lapped, NoData):  # lapped: an option that has long said nothing, on a ring of many
        return None


@dataclass(slots=True)
class SymbolFeed:
    """One symbol's rings, and what has been learnt about it.

    Attributes
    ----------
    symbol, market
        Whose they are.
    quotes, trades, depth, marks
        The rings that are its own; None where it was not asked for, or the market has none.
    option_marks
        The ring that all options on one underlying share.
    gauges
        Where the lags of its own rings go.
    """

    symbol: str
    market: Market
    quotes: BookTickerRing
    trades: TradeRing
    depth: DepthRing | None = None
    marks: MarkPriceRing | None = None
    option_marks: OptionMarkPriceRing | None = None
    gauges: SymbolGauges = field(default_factory=lambda: SymbolGauges(LagGauge(), LagGauge()))
    _prices: Decimals = field(default_factory=Decimals)
    _quantities: Decimals = field(default_factory=Decimals)
    _counts: "deque[tuple[float, int]]" = field(default_factory=deque)

    @classmethod
    def subscribe(cls, client: Client, symbol: str, market: Market, extras: Extra) -> "SymbolFeed":
        """Want the streams of a symbol: quotes, trades, and those of the extras.

        Raises
        ------
        ConfigurationError
            The market has no such symbol or stream, or does not exist in the client's environment.
        """
        feed = cls(symbol, market, client.book_ticker(symbol, market), client.trades(symbol, market))
        if Extra.DEPTH in extras:
            feed.depth = client.partial_depth(symbol, market, levels=DEPTH_LEVELS)
        if Extra.VOLATILITY in extras:
            feed.option_marks = client.option_mark_prices(f"{symbol.partition('-')[0]}USDT")
        elif Extra.MARK in extras:
            feed.marks = client.mark_price(symbol, market)
        return feed

    @property
    def rings(self) -> tuple[Ring[Any, Any], ...]:
        """The rings that are the symbol's own."""
        own: list[Ring[Any, Any]] = [self.quotes, self.trades]
        own += [ring for ring in (self.depth, self.marks) if ring is not None]
        return tuple(own)

    @property
    def quoted(self) -> bool:
        """Whether a quote has come."""
        return self.quotes.cursor >= 0

    @property
    def spoke(self) -> bool:
        """Whether anything has come."""
        if any(ring.cursor >= 0 for ring in self.rings):
            return True
        return self.option_marks is not None and _newest(self.option_marks, self.symbol) is not None

    @property
    def refusal(self) -> str:
        """What Binance said when it refused one of the streams; empty when it did not."""
        return next((f"Binance refused it: {ring.error.reason}" for ring in self.rings if ring.error), "")

    def row(self, now: float, now_ns: int) -> Row:
        """Return how the symbol stands.

        Parameters
        ----------
        now, now_ns
            Seconds that never go back, and UTC nanoseconds.
        """
        trade = _newest(self.trades)
        known = self._quote() | self._trade(trade, now_ns) | self._levels() | self._mark(now_ns)
        trouble, note = self._trouble()
        return Row(
            symbol=self.symbol,
            state=self._state(),
            last_sold=None if trade is None else trade.is_buyer_maker,
            messages_per_second=self._rate(now),
            lag=self.gauges.read.percentiles(now_ns),
            wire=self.gauges.wire.percentiles(now_ns),
            price_places=self._prices.places,
            qty_places=self._quantities.places,
            tick=self._prices.step,
            trouble=trouble,
            note=note,
            **known,
        )

    def _quote(self) -> dict[str, float]:
        quote = _newest(self.quotes)
        if quote is None:
            return {}
        self._prices.see((quote.bid_price, quote.ask_price))
        self._quantities.see((quote.bid_qty, quote.ask_qty))
        return {
            "bid": quote.bid_price, "bid_qty": quote.bid_qty, "ask": quote.ask_price, "ask_qty": quote.ask_qty
        }  # fmt: skip

    def _trade(self, trade: Trade | None, now_ns: int) -> dict[str, float]:
        if trade is None:
            return {}
        self._prices.see((trade.price,))
        self._quantities.see((trade.qty,))
        age_seconds = (now_ns - trade.recv_ns) / 1e9
        return {"last": trade.price, "last_qty": trade.qty, "last_age_seconds": age_seconds}

    def _levels(self) -> dict[str, float]:
        book = None if self.depth is None else _newest(self.depth)
        if book is None:
            return {}
        for levels in (book.bids, book.asks):
            self._prices.see(levels[:, 0].tolist())
            self._quantities.see(levels[:, 1].tolist())
        return {
            "depth_bid_qty": float(book.bids[:, 1].sum()), "depth_ask_qty": float(book.asks[:, 1].sum())
        }  # fmt: skip

    def _mark(self, now_ns: int) -> dict[str, float]:
        # Mark prices are calculated and off the grid of prices, so the decimals are not learnt from them.
        if self.option_marks is not None:
            option = _newest(self.option_marks, self.symbol)
            return {} if option is None else {"mark": option.mark_price, "mark_volatility": option.mark_iv}
        mark = None if self.marks is None else _newest(self.marks)
        if mark is None:
            return {}
        # Contracts that expire pay no funding, and say 0 for its time.
        left = (mark.next_funding_ns - now_ns) / 1e9 if mark.next_funding_ns else math.nan
        rate = mark.funding_rate if mark.next_funding_ns else math.nan
        return {"mark": mark.mark_price, "funding_rate": rate, "funding_seconds": left}

    def _state(self) -> RingState:
        rings = self.rings if self.option_marks is None else (*self.rings, self.option_marks)
        states = [ring.state for ring in rings]
        for worst in (RingState.DOWN, RingState.STALE):
            if worst in states:
                return worst
        # Nobody trading is not the feed being quiet: quotes decide.
        return states[0]

    def _trouble(self) -> tuple[str, str]:
        if self.refusal:
            return "REFUSED", self.refusal
        # Binance confirms every name, also of a symbol that it does not have.
        if not self.spoke and all(ring.state is RingState.QUIET for ring in self.rings):
            return "SILENT", f"nothing has come; {self.market} symbols are like {examples(self.market)}"
        return "", ""

    def _rate(self, now: float) -> float:
        self._counts.append((now, sum(ring.cursor + 1 for ring in self.rings)))
        while len(self._counts) > 2 and self._counts[1][0] <= now - _RATE_SECONDS:
            self._counts.popleft()
        (since, before), (_, count) = self._counts[0], self._counts[-1]
        return (count - before) / (now - since) if now > since else math.nan
