"""What a trader watches of some symbols: streams wanted, and their state as rows and totals."""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from fastbinance._core.decode import implementation
from fastbinance._core.ring import RingBase
from fastbinance._io.wishes import RingState
from fastbinance.cli.figures import Decimals
from fastbinance.cli.tape import LagGauge, Percentiles, SymbolGauges, Tape
from fastbinance.client import Client
from fastbinance.errors import FastBinanceError, NoData
from fastbinance.keys import Market
from fastbinance.rings import BookTickerRing, DepthRing, TradeRing

__all__ = ["DEPTH_LEVELS", "Board", "Row", "Totals"]

#: Levels a side that the depth columns add up.
DEPTH_LEVELS: Final = 20
_RATE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One symbol at one moment. A figure that has not come yet is NaN.

    Attributes
    ----------
    symbol, state
        Binance's symbol, and how fresh its streams are.
    bid, bid_qty, ask, ask_qty
        Top of the book.
    last, last_qty, last_age_seconds, last_sold
        Newest trade; whether its taker sold, None before the first.
    depth_bid_qty, depth_ask_qty
        Sums over the best levels of each side.
    messages_per_second
        Over the last two seconds, all streams of the symbol.
    lag, wire
        From the socket read to a reader, and from Binance's event time to the socket read.
    price_places, qty_places
        Decimals of the symbol's prices and quantities.
    tick
        Smallest step of its price.
    """

    symbol: str
    state: RingState = RingState.DOWN
    bid: float = math.nan
    bid_qty: float = math.nan
    ask: float = math.nan
    ask_qty: float = math.nan
    last: float = math.nan
    last_qty: float = math.nan
    last_age_seconds: float = math.nan
    last_sold: bool | None = None
    depth_bid_qty: float = math.nan
    depth_ask_qty: float = math.nan
    messages_per_second: float = math.nan
    lag: Percentiles = Percentiles()
    wire: Percentiles = Percentiles()
    price_places: int = 0
    qty_places: int = 0
    tick: float = 1.0

    @property
    def spread_ticks(self) -> float:
        """Ask less bid, in ticks."""
        ticks = (self.ask - self.bid) / self.tick
        return float(round(ticks)) if math.isfinite(ticks) else math.nan

    @property
    def spread_bps(self) -> float:
        """Ask less bid, in hundredths of a percent of the middle."""
        middle = (self.ask + self.bid) / 2
        return (self.ask - self.bid) / middle * 1e4 if middle > 0 else math.nan

    @property
    def imbalance(self) -> float:
        """How far bids outweigh asks in the best levels: 1 only bids, 0 even, -1 only asks."""
        total = self.depth_bid_qty + self.depth_ask_qty
        return (self.depth_bid_qty - self.depth_ask_qty) / total if total > 0 else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The whole client at one moment.

    Attributes
    ----------
    messages, rejected
        Messages that came, and payloads that did not decode.
    lost
        Records that were overwritten before they were read here.
    connections, live, reconnects
        Connections, how many of them are up, and how often one came up again.
    scanner, fallback
        Instruction sets that decode: of the scanners, and of simdjson behind them.
    """

    messages: int = 0
    rejected: int = 0
    lost: int = 0
    connections: int = 0
    live: int = 0
    reconnects: int = 0
    scanner: str = ""
    fallback: str = ""


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
            known |= {"depth_bid_qty": float(book.bids[:, 1].sum()), "depth_ask_qty": float(book.asks[:, 1].sum())}
            for side in (book.bids, book.asks):
                self.prices.see(side[:, 0].tolist())
                self.quantities.see(side[:, 1].tolist())
        except NoData:
            pass
        return Row(
            symbol=self.symbol,
            state=self.state(),
            last_sold=sold,
            messages_per_second=self.rate(now),
            lag=self.gauges.read.percentiles(),
            wire=self.gauges.wire.percentiles(),
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
        gauges: dict[RingBase, SymbolGauges] = {
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
