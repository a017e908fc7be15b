"""The table behind `streams`: every stream name that Binance documents, by market.

Data only, spelled as Binance's documentation spells it: ``<symbol>`` stands for a name, ``<a|b>`` for one of
these, ``[a|b]`` for one of these or nothing. `streams` compiles it, and shows it in messages. Spot's binary
streams (SBE) have names of their own, on keys of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

from fastbinance._endpoints import Format, Market, Part

#: Kinds of event that a stream without a ring brings as a struct; see `events`.
TypedEvent = Literal[
    "contract_info", "composite_index", "trading_session", "option_symbol", "all_tokens", "server_shutdown"
]


class Kind(IntEnum):
    """Kinds of record that a ring holds; the numbers are those of the native enum."""

    BOOK_TICKER = 1
    TRADE = 2
    AGG_TRADE = 3
    DIFF_DEPTH = 4
    PARTIAL_DEPTH = 5
    BLOCK_TRADE = 6
    KLINE = 7
    CONTINUOUS_KLINE = 8
    INDEX_PRICE_KLINE = 9
    MARK_PRICE_KLINE = 10
    CONTRACT_KLINE = 11
    TICKER = 12
    ROLLING_TICKER = 13
    MINI_TICKER = 14
    AVERAGE_PRICE = 15
    REFERENCE_PRICE = 16
    MARK_PRICE = 17
    OPTION_MARK_PRICE = 18
    INDEX_PRICE = 19
    FORCE_ORDER = 20
    OPEN_INTEREST = 21
    ASSET_INDEX = 22


@dataclass(frozen=True, slots=True)
class Form:
    """One form of stream name.

    Attributes
    ----------
    text : str
        The form as documented.
    kind : Kind or None
        The record it feeds; None for streams that arrive as events.
    part : {"public", "market"} or None
        Its route, where the market has routes.
    many : bool
        Whether its records are of several symbols.
    event : str or None
        The kind of typed event it arrives as, where it feeds no record.
    sign : str
        What its ``<symbol>`` has in it, for telling a contract (``BTCUSD_PERP``, ``BTC-261225-126000-C``)
        from a pair or an underlying; empty for nothing.
    """

    text: str
    kind: Kind | None = None
    part: Part | None = None
    many: bool = False
    event: TypedEvent | None = None
    sign: str = ""


# 1m is a minute and 1M a month: the only place where the case of a letter matters after the symbol.
_FUTURES_INTERVALS: Final = "1m|3m|5m|15m|30m|1h|2h|4h|6h|8h|12h|1d|3d|1w|1M"
_SPOT_INTERVALS: Final = "1s|" + _FUTURES_INTERVALS
_OPTIONS_INTERVALS: Final = "1m|3m|5m|15m|30m|1h|2h|4h|6h|12h|1d|3d|1w"
_CONTRACT_INTERVALS: Final = "1s|1m|5m|15m|1h|4h|1d"
_COINM_CONTRACTS: Final = "perpetual|current_quarter|next_quarter"
_USDM_CONTRACTS: Final = _COINM_CONTRACTS + "|tradifi_perpetual"

_SPOT: Final = (
    Form("<symbol>@aggTrade", Kind.AGG_TRADE),
    Form("<symbol>@trade", Kind.TRADE),
    Form("<symbol>@blockTrade", Kind.BLOCK_TRADE),
    Form("<symbol>@referencePrice", Kind.REFERENCE_PRICE),
    Form(f"<symbol>@kline_<{_SPOT_INTERVALS}>[@+08:00]", Kind.KLINE),
    Form("<symbol>@miniTicker", Kind.MINI_TICKER),
    Form("!miniTicker@arr", Kind.MINI_TICKER, many=True),
    Form("<symbol>@ticker", Kind.TICKER),
    Form("<symbol>@ticker_<1h|4h|1d>", Kind.ROLLING_TICKER),
    Form("!ticker_<1h|4h|1d>@arr", Kind.ROLLING_TICKER, many=True),
    Form("<symbol>@bookTicker", Kind.BOOK_TICKER),
    Form("<symbol>@avgPrice", Kind.AVERAGE_PRICE),
    Form("<symbol>@depth<5|10|20>[@100ms]", Kind.PARTIAL_DEPTH),
    Form("<symbol>@depth[@100ms]", Kind.DIFF_DEPTH),
    # Comes unasked before a server stops; known here because it arrives under this name.
    Form("!serverShutdown", event="server_shutdown"),
)

_USDM: Final = (
    Form("<symbol>@bookTicker", Kind.BOOK_TICKER, "public"),
    Form("!bookTicker", Kind.BOOK_TICKER, "public", many=True),
    Form("<symbol>@depth[@100ms|@500ms]", Kind.DIFF_DEPTH, "public"),
    # Undocumented, seen on the wire.
    Form("<symbol>@depth@0ms", Kind.DIFF_DEPTH, "public"),
    Form("<symbol>@depth<5|10|20>[@100ms|@500ms]", Kind.PARTIAL_DEPTH, "public"),
    # The JavaScript SDK asks for these two on /market, where they are acknowledged and silent.
    Form("<symbol>@rpiDepth@500ms", Kind.DIFF_DEPTH, "public"),
    Form("<symbol>@trade", Kind.TRADE, "public"),
    Form("<symbol>@aggTrade", Kind.AGG_TRADE, "market"),
    Form("<symbol>@markPrice[@1s]", Kind.MARK_PRICE, "market"),
    Form("!markPrice@arr[@1s]", Kind.MARK_PRICE, "market", many=True),
    Form(f"<symbol>@kline_<{_FUTURES_INTERVALS}>", Kind.KLINE, "market"),
    Form(f"<pair>_<{_USDM_CONTRACTS}>@continuousKline_<{_SPOT_INTERVALS}>", Kind.CONTINUOUS_KLINE, "market"),
    Form("<symbol>@miniTicker", Kind.MINI_TICKER, "market"),
    Form("!miniTicker@arr", Kind.MINI_TICKER, "market", many=True),
    Form("<symbol>@ticker", Kind.TICKER, "market"),
    Form("!ticker@arr", Kind.TICKER, "market", many=True),
    Form("<symbol>@forceOrder", Kind.FORCE_ORDER, "market"),
    Form("!forceOrder@arr", Kind.FORCE_ORDER, "market", many=True),
    Form("<symbol>@compositeIndex", None, "market", event="composite_index"),
    Form("!contractInfo", None, "market", event="contract_info"),
    Form("!assetIndex@arr", Kind.ASSET_INDEX, "market", many=True),
    Form("<asset>@assetIndex", Kind.ASSET_INDEX, "market"),
    Form("tradingSession", None, "market", event="trading_session"),
)

_COINM: Final = (
    Form("<symbol>@aggTrade", Kind.AGG_TRADE),
    # Undocumented, seen on the wire.
    Form("<symbol>@trade", Kind.TRADE),
    Form("<symbol>@bookTicker", Kind.BOOK_TICKER),
    Form("!bookTicker", Kind.BOOK_TICKER, many=True),
    Form("<symbol>@depth[@100ms|@500ms]", Kind.DIFF_DEPTH),
    # Undocumented, seen on the wire.
    Form("<symbol>@depth@0ms", Kind.DIFF_DEPTH),
    Form("<symbol>@depth<5|10|20>[@100ms|@500ms]", Kind.PARTIAL_DEPTH),
    Form("<symbol>@markPrice[@1s]", Kind.MARK_PRICE, sign="_"),
    # An array of the symbols of the pair.
    Form("<pair>@markPrice[@1s]", Kind.MARK_PRICE, many=True),
    Form("<pair>@indexPrice[@1s]", Kind.INDEX_PRICE),
    Form(f"<symbol>@kline_<{_FUTURES_INTERVALS}>", Kind.KLINE),
    Form(f"<pair>_<{_COINM_CONTRACTS}>@continuousKline_<{_SPOT_INTERVALS}>", Kind.CONTINUOUS_KLINE),
    Form(f"<pair>@indexPriceKline_<{_FUTURES_INTERVALS}>", Kind.INDEX_PRICE_KLINE),
    Form(f"<symbol>@markPriceKline_<{_FUTURES_INTERVALS}>", Kind.MARK_PRICE_KLINE),
    Form("<symbol>@miniTicker", Kind.MINI_TICKER),
    Form("!miniTicker@arr", Kind.MINI_TICKER, many=True),
    Form("<symbol>@ticker", Kind.TICKER),
    Form("!ticker@arr", Kind.TICKER, many=True),
    Form("<symbol>@forceOrder", Kind.FORCE_ORDER),
    Form("!forceOrder@arr", Kind.FORCE_ORDER, many=True),
    Form("!contractInfo", event="contract_info"),
)

_OPTIONS: Final = (
    Form("!index@arr", Kind.INDEX_PRICE, "market", many=True),
    Form(f"<symbol>@kline_<{_OPTIONS_INTERVALS}>", Kind.KLINE, "market", sign="-"),
    Form("!optionSymbol", None, "market", event="option_symbol"),
    Form("<underlying>@openInterest@<yymmdd>", Kind.OPEN_INTEREST, "market", many=True),
    # The same before July 2026; both are still met.
    Form("<underlying>@optionOpenInterest@<yymmdd>", Kind.OPEN_INTEREST, "market", many=True),
    Form("<underlying>@optionMarkPrice", Kind.OPTION_MARK_PRICE, "market", many=True),
    Form("<symbol>@depth<@100ms|@500ms>", Kind.DIFF_DEPTH, "public", sign="-"),
    Form("<symbol>@depth<5|10|20><@100ms|@500ms>", Kind.PARTIAL_DEPTH, "public", sign="-"),
    Form("<symbol>@optionTicker", Kind.TICKER, "public", sign="-"),
    Form("<underlying>@optionTicker@<yymmdd>", Kind.TICKER, "public", many=True),
    Form("<symbol>@bookTicker", Kind.BOOK_TICKER, "public", sign="-"),
    Form("<symbol>@optionTrade", Kind.TRADE, "public", sign="-"),
    Form("<underlying>@optionTrade", Kind.TRADE, "public", many=True),
)

_ALPHA: Final = (
    Form("<symbol>@aggTrade", Kind.AGG_TRADE),
    Form("<symbol>@trade", Kind.TRADE),
    Form("<symbol>@bookTicker", Kind.BOOK_TICKER),
    Form("!bookTicker", Kind.BOOK_TICKER, many=True),
    Form("<symbol>@miniTicker", Kind.MINI_TICKER),
    Form("!miniTicker@arr", Kind.MINI_TICKER, many=True),
    Form("<symbol>@ticker", Kind.TICKER),
    Form("!ticker@arr", Kind.TICKER, many=True),
    Form(f"<symbol>@kline_<{_FUTURES_INTERVALS}>", Kind.KLINE),
    Form(f"came@<contract_address>@<chain_id>@kline_<{_CONTRACT_INTERVALS}>", Kind.CONTRACT_KLINE, many=True),
    Form("came@allTokens@ticker24", event="all_tokens"),
    Form("<symbol>@depth<5|10|20>@<0|100|500>ms", Kind.PARTIAL_DEPTH),
    Form("<symbol>@fulldepth@<0|100|500>ms", Kind.DIFF_DEPTH),
)

_SBE: Final = (
    Form("<symbol>@trade", Kind.TRADE),
    Form("<symbol>@bestBidAsk", Kind.BOOK_TICKER),
    Form("<symbol>@depth20", Kind.PARTIAL_DEPTH),
    Form("<symbol>@depth", Kind.DIFF_DEPTH),
)

#: The forms of each market as JSON.
FORMS: Final[dict[Market, tuple[Form, ...]]] = {
    "spot": _SPOT,
    "usdm": _USDM,
    "coinm": _COINM,
    "options": _OPTIONS,
    "alpha": _ALPHA,
}


def forms_of(market: Market, format: Format) -> tuple[Form, ...]:
    """Return the forms of stream names of a market, as JSON or as SBE, which only spot has."""
    return FORMS[market] if format == "json" else _SBE if market == "spot" else ()


_OLD_OPTIONS: Final = "belongs to the retired options system; it is now "

#: Names that people still try, as patterns of the whole name, and what to tell them.
DEAD: Final[dict[Market, tuple[tuple[str, str], ...]]] = {
    "spot": (
        (r"!ticker@arr", "is gone from spot since 2026-03-26; use <symbol>@ticker or !miniTicker@arr"),
        (r"!bookTicker", "is gone from spot since 2022-12-07; use <symbol>@bookTicker"),
        (r".*@depth[0-9]*@1000ms", "never existed: without a suffix the speed is 1000 ms"),
    ),
    "usdm": ((r".*@depth[0-9]*@250ms", "never existed: without a suffix the speed is 250 ms"),),
    "coinm": ((r".*@depth[0-9]*@250ms", "never existed: without a suffix the speed is 250 ms"),),
    "options": (
        (r"[^@]+@trade", _OLD_OPTIONS + "<symbol>@optionTrade"),
        (r"[^@]+@ticker", _OLD_OPTIONS + "<symbol>@optionTicker"),
        (r"[^@]+@index", _OLD_OPTIONS + "!index@arr"),
        (r"[^@]+@markPrice", _OLD_OPTIONS + "<underlying>@optionMarkPrice"),
        (r"option_pair", _OLD_OPTIONS + "!optionSymbol"),
    ),
    "alpha": (),
}

#: Levels of partial depth; the same everywhere.
LEVELS: Final = (5, 10, 20)

#: Suffix of each update speed of depth streams, in milliseconds, fastest first.
SPEEDS: Final[dict[Market, dict[int, str]]] = {
    "spot": {100: "@100ms", 1000: ""},
    "usdm": {100: "@100ms", 250: "", 500: "@500ms"},
    "coinm": {100: "@100ms", 250: "", 500: "@500ms"},
    "options": {100: "@100ms", 500: "@500ms"},
    "alpha": {0: "@0ms", 100: "@100ms", 500: "@500ms"},
}

#: The same of mark and index prices.
PRICE_SPEEDS: Final = {1000: "@1s", 3000: ""}

#: Intervals of candles.
INTERVALS: Final[dict[Market, tuple[str, ...]]] = {
    "spot": tuple(_SPOT_INTERVALS.split("|")),
    "usdm": tuple(_FUTURES_INTERVALS.split("|")),
    "coinm": tuple(_FUTURES_INTERVALS.split("|")),
    "options": tuple(_OPTIONS_INTERVALS.split("|")),
    "alpha": tuple(_FUTURES_INTERVALS.split("|")),
}
CONTINUOUS_INTERVALS: Final = INTERVALS["spot"]
CONTRACT_INTERVALS: Final = tuple(_CONTRACT_INTERVALS.split("|"))

#: Types of contract that a continuous candle can be of.
CONTRACT_TYPES: Final[dict[Market, tuple[str, ...]]] = {
    "usdm": tuple(_USDM_CONTRACTS.split("|")),
    "coinm": tuple(_COINM_CONTRACTS.split("|")),
}

#: Windows of rolling statistics.
WINDOWS: Final = ("1h", "4h", "1d")

#: The one offset from UTC that candles are offered in.
TIMEZONE: Final = "+08:00"
