"""Watches some symbols: wants their streams, and tells as rows and totals how they stand."""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fastbinance import (
    BookTickerRing,
    Client,
    DepthRing,
    FastBinanceError,
    NoData,
    Ring,
    RingState,
    TradeRing,
    implementation,
)
from fastbinance.cli.figures import Decimals
from fastbinance.cli.row import DEPTH_LEVELS, Row, Totals
from fastbinance.cli.tape import LagGauge, SymbolGauges, Tape
from fastbinance.keys import Market

__all__ = ["Board"]

_RATE_SECONDS: Final = 2.0


@dataclass(slots=True)
class _Line:
    """One symbol's rings, and what has been learnt about it."""

    symbol: str
    quotes: BookTickerRing
    trades: TradeRing
    depth: DepthRing
    gauges: SymbolGauges = field(default_factory=lambda: SymbolGauges(LagGauge(), LagGauge()))
    prices: Decimals = field(default_factory=Decimals)
    quantities: Decimals = field(default_factory=Decimals)
    counts: "deque[tuple[float, int]]" = field(default_factory=deque)

    @property
    def rings(self) -> tuple[BookTickerRing, TradeRing, DepthRing]:
        return self.quotes, self.trades, self.depth

    def state(self) -> RingState:
        states = [ring.state for ring in self.rings]
        for worst in (RingState.DOWN, RingState.STALE):
            if worst in states:
                return worst
        # Nobody trading is not the feed being quiet: quotes decide.
        return states[0]

    def rate(self, now: float) -> float:
        self.counts.append((now, sum(ring.cursor + 1 for ring in self.rings)))
        while len(self.counts) > 2 and self.counts[1][0] <= now - _RATE_SECONDS:
            self.counts.popleft()
        (since, before), (_, count) = self.counts[0], self.counts[-1]
        return (count - before) / (now - since) if now > since else math.nan

    def row(self, now: float, now_ns: int) -> Row:
        known: dict[str, float] = {}
        sold: bool | None = None
        try:
            quote = self.quotes.last()
            known |= {"bid": quote.bid_price, "bid_qty": quote.bid_qty}
            known |= {"ask": quote.ask_price, "ask_qty": quote.ask_qty}
            self.prices.see((quote.bid_price, quote.ask_price))
            self.quantities.see((quote.bid_qty, quote.ask_qty))
        except NoData:
            pass
        try:
            trade = self.trades.last()
            sold = trade.is_buyer_maker
            known |= {"last": trade.price, "last_qty": trade.qty}
            known["last_age_seconds"] = (now_ns - trade.recv_ns) / 1e9
            self.prices.see((trade.price,))
            self.quantities.see((trade.qty,))
        except NoData:
            pass
        try:
            book = self.depth.last()
            for name, levels in (("depth_bid_qty", book.bids), ("depth_ask_qty", book.asks)):
                known[name] = float(levels[:, 1].sum())
                self.prices.see(levels[:, 0].tolist())
                self.quantities.see(levels[:, 1].tolist())
        except NoData:
            pass
        return Row(
            symbol=self.symbol,
            state=self.state(),
            last_sold=sold,
            messages_per_second=self.rate(now),
            lag=self.gauges.read.percentiles(now_ns),
            wire=self.gauges.wire.percentiles(now_ns),
            price_places=self.prices.places,
            qty_places=self.quantities.places,
            tick=self.prices.step,
            **known,
        )


class Board:
    """Watches quotes, trades and depth of some symbols of one market.

    Parameters
    ----------
    client
        Subscribes and owns the rings; its end is the board's.
    symbols, market
        What is watched.
    clock, wall_clock_ns
        Seconds that never go back, and UTC nanoseconds.

    Raises
    ------
    ConfigurationError
        A symbol or the market cannot be.
    """

    def __init__(
        self,
        client: Client,
        symbols: Sequence[str],
        market: Market,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._client = client
        self._clock = clock
        self._wall_clock_ns = wall_clock_ns
        self._lines = [
            _Line(
                symbol.upper(),
                client.book_ticker(symbol, market),
                client.trades(symbol, market),
                client.partial_depth(symbol, market, levels=DEPTH_LEVELS),
            )
            for symbol in symbols
        ]
        gauges: dict[Ring[Any, Any], SymbolGauges] = {
            ring: line.gauges for line in self._lines for ring in line.rings
        }
        self._tape = Tape(client, gauges)
        used = implementation()
        self._scanner, self._fallback = used.fast, used.fallback

    @property
    def error(self) -> FastBinanceError | None:
        """What ended the reading early, such as a refused stream."""
        return self._tape.error

    def quoted(self) -> bool:
        """Whether every symbol has a quote."""
        return all(line.quotes.cursor >= 0 for line in self._lines)

    def rows(self) -> list[Row]:
        """Return how every symbol stands now."""
        now, now_ns = self._clock(), self._wall_clock_ns()
        return [line.row(now, now_ns) for line in self._lines]

    def totals(self) -> Totals:
        """Return how the client stands now."""
        connections = self._client.stats().connections
        return Totals(
            messages=sum(connection.counters.messages for connection in connections),
            rejected=sum(connection.counters.rejected for connection in connections),
            lost=self._tape.lost,
            connections=len(connections),
            live=sum(connection.state.name == "LIVE" for connection in connections),
            reconnects=sum(connection.reconnects for connection in connections),
            scanner=self._scanner,
            fallback=self._fallback,
        )
