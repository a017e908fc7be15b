"""Spot: the service itself, and market data."""

from typing import Final

from fastbinance._api.spot_parameters import SPOT
from fastbinance._api.table import choice, parameter
from fastbinance._api.values import TickerType
from fastbinance._api.weights import by_limit, by_symbols
from fastbinance._protocol.method import Exclusive, Kind, Method, OneOf, Security

__all__ = ["SPOT_MARKET"]

_NONE: Final = Security.NONE
_ONE_OR_SEVERAL: Final = Exclusive(("symbol", "symbols"))
_TICKER_TYPE: Final = choice("type", TickerType, "All fields, or those of a mini ticker; all by default.")
_KLINES: Final = "startTime endTime timeZone limit"

# Without symbols, where all are asked about, and with `symbols`.
_ALL_OR_SEVERAL: Final = by_symbols(2, whole=4)

SPOT_MARKET: Final[tuple[Method, ...]] = (
    SPOT.method(
        "ping", _NONE, 1,
        title="Test connectivity",
        summary="Send a request that does nothing, and wait for its answer.",
    ),
    SPOT.method(
        "time", _NONE, 1,
        title="Check server time",
        summary="Return Binance's clock.",
    ),
    SPOT.method(
        "exchangeInfo", _NONE, 20,
        title="Exchange information",
        summary="Return symbols with their filters and permissions, and the limits of the service.",
        optional="symbol symbols permissions showPermissionSets symbolStatus",
        rules=(
            Exclusive(("symbol", "symbols", "permissions")),
            Exclusive(("symbol", "symbolStatus")),
            Exclusive(("symbols", "symbolStatus")),
        ),
    ),
    SPOT.method(
        "executionRules", _NONE, 40,
        title="Query Execution Rules",
        summary="Return the rules that Binance executes orders by, such as ranges of prices.",
        optional="symbol symbols symbolStatus",
        rules=(Exclusive(("symbol", "symbols", "symbolStatus")),),
        weigh=by_symbols(2, each=2, whole=40),
    ),
    SPOT.method(
        "depth", _NONE, 250,
        title="Order book",
        summary="Return a snapshot of the order book.",
        required="symbol",
        optional="limit symbolStatus",
        own=(parameter("limit", Kind.INTEGER, "Levels of each side: 100 by default, 5000 at most."),),
        weigh=by_limit(((100, 5), (500, 25), (1000, 50), (5000, 250)), default=100),
    ),
    SPOT.method(
        "trades.recent", _NONE, 25,
        title="Recent trades",
        summary="Return the newest trades, oldest first.",
        required="symbol",
        optional="limit",
    ),
    SPOT.method(
        "trades.historical", _NONE, 25,
        title="Historical trades",
        summary="Return trades from an id on, or the newest.",
        required="symbol",
        optional="fromId limit",
    ),
    SPOT.method(
        "blockTrades.historical", _NONE, 25,
        title="Historical Block Trades",
        summary="Return block trades from an id on.",
        required="symbol fromId",
        optional="limit",
    ),
    SPOT.method(
        "trades.aggregate", _NONE, 4,
        title="Aggregate trades",
        summary="Return trades, those that one order made at one price taken together.",
        required="symbol",
        optional="fromId startTime endTime limit",
    ),
    SPOT.method(
        "klines", _NONE, 2,
        title="Klines",
        summary="Return klines, oldest first.",
        required="symbol interval",
        optional=_KLINES,
    ),
    SPOT.method(
        "uiKlines", _NONE, 2,
        title="UI Klines",
        summary="Return klines as a chart shows them: Binance may change them for that.",
        required="symbol interval",
        optional=_KLINES,
    ),
    SPOT.method(
        "avgPrice", _NONE, 2,
        title="Current average price",
        summary="Return the average price of the last minutes.",
        required="symbol",
    ),
    SPOT.method(
        "ticker.24hr", _NONE, 80,
        title="24hr ticker price change statistics",
        summary="Return what changed in the last 24 hours.",
        optional="symbol symbols type symbolStatus",
        own=(_TICKER_TYPE,),
        rules=(_ONE_OR_SEVERAL,),
        weigh=by_symbols(2, steps=((20, 2), (100, 40)), whole=80),
    ),
    SPOT.method(
        "ticker.tradingDay", _NONE, 200,
        title="Trading Day Ticker",
        summary="Return what changed since the day began.",
        optional="symbol symbols timeZone type symbolStatus",
        own=(_TICKER_TYPE,),
        rules=(OneOf(("symbol", "symbols")), _ONE_OR_SEVERAL),
        weigh=by_symbols(4, each=4, whole=200),
    ),
    SPOT.method(
        "ticker", _NONE, 200,
        title="Rolling window price change statistics",
        summary="Return what changed in a window of your choice, to the minute.",
        optional="symbol symbols type windowSize symbolStatus",
        own=(_TICKER_TYPE, parameter("symbols", Kind.SYMBOLS, "Symbols, in either case: 100 at most.")),
        rules=(OneOf(("symbol", "symbols")), _ONE_OR_SEVERAL),
        weigh=by_symbols(4, each=4, whole=200),
    ),
    SPOT.method(
        "ticker.price", _NONE, 4,
        title="Symbol price ticker",
        summary="Return the price of the last trade.",
        optional="symbol symbols symbolStatus",
        rules=(_ONE_OR_SEVERAL,),
        weigh=_ALL_OR_SEVERAL,
    ),
    SPOT.method(
        "ticker.book", _NONE, 4,
        title="Symbol order book ticker",
        summary="Return the best bid and ask.",
        optional="symbol symbols symbolStatus",
        rules=(_ONE_OR_SEVERAL,),
        weigh=_ALL_OR_SEVERAL,
    ),
    SPOT.method(
        "referencePrice", _NONE, 2,
        title="Query Reference Price",
        summary="Return the reference price of a symbol.",
        required="symbol",
    ),
    SPOT.method(
        "referencePrice.calculation", _NONE, 2,
        title="Query Reference Price Calculation",
        summary="Return how the reference price of a symbol is made.",
        required="symbol",
        optional="symbolStatus",
    ),
)  # fmt: skip
