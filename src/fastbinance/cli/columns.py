"""The columns of a table: what each shows of a row, and which stay longest where there is little room."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastbinance import RingState
from fastbinance.cli.figures import (
    NOTHING,
    age_text,
    countdown_text,
    duration_text,
    fixed_text,
    percent_text,
    quantity_text,
    rate_text,
)
from fastbinance.cli.row import Extra, Row

__all__ = ["ASCII", "COLUMNS", "UNICODE", "Column", "Signs"]

_BUY: Final = "green"
_SELL: Final = "red"
_STATE_STYLES: Final = {
    RingState.LIVE: "green",
    RingState.QUIET: "yellow",
    RingState.STALE: "bold yellow",
    RingState.DOWN: "bold red",
}
_TROUBLE_STYLE: Final = "bold red"


@dataclass(frozen=True, slots=True)
class Signs:
    """Signs beside figures; a terminal without Unicode gets ASCII."""

    states: dict[RingState, str]
    trouble: str
    bought: str
    sold: str
    micro: str
    dot: str
    more: str


#: For a terminal that can show them.
UNICODE: Final = Signs(
    {RingState.LIVE: "●", RingState.QUIET: "○", RingState.STALE: "!", RingState.DOWN: "x"},
    "?", "▲", "▼", "µ", "·", "…",
)  # fmt: skip
#: For every other terminal.
ASCII: Final = Signs(
    {RingState.LIVE: "*", RingState.QUIET: "o", RingState.STALE: "!", RingState.DOWN: "x"},
    "?", "^", "v", "u", "-", "...",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    head, subhead
        Its two lines of heading.
    rank
        Columns of low rank stay longest when the terminal is narrow; those of one rank come and go together.
    cell
        Text and style for a row.
    is_left
        Aligned left; figures are aligned right.
    extra
        What rows must have for it.
    """

    head: str
    subhead: str
    rank: int
    cell: Callable[[Row, Signs], tuple[str, str]]
    is_left: bool = False
    extra: Extra = Extra.NONE


def _price(value: float, row: Row, style: str) -> tuple[str, str]:
    return fixed_text(value, row.price_places), style


def _quantity(value: float, row: Row, style: str = "") -> tuple[str, str]:
    return quantity_text(value, row.qty_places), style


def _duration(nanoseconds: float, signs: Signs) -> tuple[str, str]:
    return duration_text(nanoseconds).replace("µ", signs.micro), ""


def _last(row: Row, signs: Signs) -> tuple[str, str]:
    if row.last_sold is None:
        return f"{NOTHING} ", ""
    sign, style = (signs.sold, _SELL) if row.last_sold else (signs.bought, _BUY)
    return f"{fixed_text(row.last, row.price_places)}{sign}", style


def _imbalance(row: Row, signs: Signs) -> tuple[str, str]:
    value = row.imbalance
    if value != value:
        return NOTHING, ""
    return f"{value * 100:+.0f}%", _BUY if value > 0 else _SELL


def _whole(value: float) -> str:
    return rate_text(value) if value >= 10_000 else fixed_text(value, 0)


def _symbol(row: Row, signs: Signs) -> tuple[str, str]:
    style = _TROUBLE_STYLE if row.trouble else _STATE_STYLES[row.state]
    return f"{signs.trouble if row.trouble else signs.states[row.state]} {row.symbol}", style


def _standing(row: Row, signs: Signs) -> tuple[str, str]:
    return row.standing, _TROUBLE_STYLE if row.trouble else _STATE_STYLES[row.state]


def _funding(row: Row, signs: Signs) -> tuple[str, str]:
    # Who holds the long side pays a positive rate.
    style = "" if row.funding_rate != row.funding_rate else _SELL if row.funding_rate < 0 else _BUY
    return percent_text(row.funding_rate, 4, signed=True), style


#: From left to right.
COLUMNS: Final = (
    Column("", "SYMBOL", 0, _symbol, is_left=True),
    Column("BID", "QTY", 7, lambda row, signs: _quantity(row.bid_qty, row)),
    Column("BID", "PRICE", 0, lambda row, signs: _price(row.bid, row, f"bold {_BUY}")),
    Column("ASK", "PRICE", 0, lambda row, signs: _price(row.ask, row, f"bold {_SELL}")),
    Column("ASK", "QTY", 7, lambda row, signs: _quantity(row.ask_qty, row)),
    Column("SPRD", "TICKS", 5, lambda row, signs: (_whole(row.spread_ticks), "")),
    Column("SPRD", "BPS", 12, lambda row, signs: (fixed_text(row.spread_bps, 2), "")),
    Column("LAST", "PRICE ", 1, _last),
    Column("LAST", "QTY", 9, lambda row, signs: _quantity(row.last_qty, row)),
    Column("LAST", "AGE", 10, lambda row, signs: (age_text(row.last_age_seconds), "dim")),
    Column("MARK", "PRICE", 2, lambda row, signs: _price(row.mark, row, ""), extra=Extra.MARK),
    Column("MARK", "IV", 2, lambda row, signs: (percent_text(row.mark_volatility, 1), ""),
           extra=Extra.VOLATILITY),
    Column("FUNDING", "RATE", 2, _funding, extra=Extra.FUNDING),
    Column("FUNDING", "IN", 2, lambda row, signs: (countdown_text(row.funding_seconds), ""),
           extra=Extra.FUNDING),
    Column("DEPTH", "BIDS", 13, lambda row, signs: _quantity(row.depth_bid_qty, row), extra=Extra.DEPTH),
    Column("DEPTH", "ASKS", 13, lambda row, signs: _quantity(row.depth_ask_qty, row), extra=Extra.DEPTH),
    Column("DEPTH", "IMB", 11, _imbalance, extra=Extra.DEPTH),
    Column("MSGS", "/S", 6, lambda row, signs: (rate_text(row.messages_per_second), "")),
    Column("LAG", "P50", 3, lambda row, signs: _duration(row.lag.p50, signs)),
    Column("LAG", "P99", 4, lambda row, signs: _duration(row.lag.p99, signs)),
    Column("WIRE", "P50", 14, lambda row, signs: _duration(row.wire.p50, signs)),
    Column("WIRE", "P99", 14, lambda row, signs: _duration(row.wire.p99, signs)),
    Column("", "STATE", 8, _standing, is_left=True),
)  # fmt: skip
