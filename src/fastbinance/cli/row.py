"""What is shown of one symbol, and of all together, at one moment: figures only."""

import math
from dataclasses import dataclass
from enum import Flag, auto
from typing import Final, NamedTuple

from fastbinance import RingState

__all__ = ["DEPTH_LEVELS", "NO_PERCENTILES", "Extra", "Percentiles", "Row", "Totals"]

#: Levels a side that the depth figures add up.
DEPTH_LEVELS: Final = 20


class Extra(Flag):
    """What rows may have beyond quotes and trades."""

    NONE = 0
    #: Sums over the best levels.
    DEPTH = auto()
    #: Mark price.
    MARK = auto()
    #: Funding rate, and when it is paid next.
    FUNDING = auto()
    #: Implied volatility of the mark price.
    VOLATILITY = auto()


class Percentiles(NamedTuple):
    """Median and 99th percentile of a lag, in nanoseconds."""

    p50: float
    p99: float


#: Of no records at all.
NO_PERCENTILES: Final = Percentiles(math.nan, math.nan)


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
    mark, funding_rate, funding_seconds
        Mark price; share of a position's value that is paid next; seconds until then.
    mark_volatility
        Implied volatility of an option's mark price, as a share a year.
    messages_per_second
        Over the last two seconds, all streams of the symbol.
    lag, wire
        From the socket read to a reader, and from Binance's event time to the socket read.
    price_places, qty_places
        Decimals of the symbol's prices and quantities.
    tick
        Smallest step of its price.
    trouble, note
        A word and a sentence where nothing came and that is not the connection's doing; empty elsewhere.
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
    mark: float = math.nan
    funding_rate: float = math.nan
    funding_seconds: float = math.nan
    mark_volatility: float = math.nan
    messages_per_second: float = math.nan
    lag: Percentiles = NO_PERCENTILES
    wire: Percentiles = NO_PERCENTILES
    price_places: int = 0
    qty_places: int = 0
    tick: float = 1.0
    trouble: str = ""
    note: str = ""

    @property
    def standing(self) -> str:
        """How it stands, in a word: the trouble where there is one, else the state."""
        return self.trouble or self.state.name

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
    trouble
        Why connections are down, in a sentence; empty while none is.
    """

    messages: int = 0
    rejected: int = 0
    lost: int = 0
    connections: int = 0
    live: int = 0
    reconnects: int = 0
    scanner: str = ""
    fallback: str = ""
    trouble: str = ""
