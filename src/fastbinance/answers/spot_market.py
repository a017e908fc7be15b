"""Answers of the spot methods about the market: books, trades, candles, tickers, reference prices.

Prices are in quote asset, quantities in base asset. Sections named as sources are those of Spot WebSocket
API.
"""

from __future__ import annotations

import msgspec

from fastbinance.answers.common import Answer, Level

__all__ = [
    "AggregateTrade",
    "AveragePrice",
    "BlockTrade",
    "BookTicker",
    "DayTicker",
    "Depth",
    "Kline",
    "PriceTicker",
    "ReferencePrice",
    "ReferencePriceCalculation",
    "Trade",
    "WindowTicker",
]


class Depth(Answer, kw_only=True):
    """The best levels of a book.

    Attributes
    ----------
    last_update_id : int
        Update id up to which it is (``lastUpdateId``).
    bids, asks : list of tuple
        Price and quantity of each level, best first.

    Source: "Order book".
    """

    last_update_id: int
    bids: list[Level]
    asks: list[Level]


class Trade(Answer, kw_only=True):
    """One trade.

    Attributes
    ----------
    id : int
        Trade id.
    price, qty : str
        Price and quantity.
    quote_qty : str
        Quantity in quote asset (``quoteQty``).
    time : int
        When.
    is_buyer_maker : bool
        True means that the aggressor sold (``isBuyerMaker``).
    is_best_match : bool or None
        Of no meaning (``isBestMatch``).

    Source: "Recent trades", "Historical trades".
    """

    id: int
    price: str
    qty: str
    quote_qty: str
    time: int
    is_buyer_maker: bool
    is_best_match: bool | None = None


class BlockTrade(Answer, kw_only=True):
    """One trade that was agreed upon outside the book.

    Attributes
    ----------
    id : int
        Block trade id.
    price, qty : str
        Price and quantity.
    quote_qty : str
        Quantity in quote asset (``quoteQty``).
    time : int
        When.
    is_buyer_maker : bool
        True means that the aggressor sold (``isBuyerMaker``).

    Source: "Historical block trades".
    """

    id: int
    price: str
    qty: str
    quote_qty: str
    time: int
    is_buyer_maker: bool


class AggregateTrade(
    Answer,
    kw_only=True,
    rename={
        "id": "a", "price": "p", "qty": "q", "first_trade_id": "f", "last_trade_id": "l", "time": "T",
        "is_buyer_maker": "m", "is_best_match": "M",
    },
):  # fmt: skip
    """Trades of one aggressor at one price, as one.

    Attributes
    ----------
    id : int
        Aggregate trade id (``a``).
    price, qty : str
        Price and quantity of them together (``p``, ``q``).
    first_trade_id, last_trade_id : int
        Trade ids that it stands for (``f``, ``l``).
    time : int
        When (``T``).
    is_buyer_maker : bool
        True means that the aggressor sold (``m``).
    is_best_match : bool or None
        Of no meaning (``M``).

    Source: "Aggregate trades".
    """

    id: int
    price: str
    qty: str
    first_trade_id: int
    last_trade_id: int
    time: int
    is_buyer_maker: bool
    is_best_match: bool | None = None


class Kline(msgspec.Struct, array_like=True, frozen=True):
    """One candle; Binance sends an array, whose places are given in brackets.

    Attributes
    ----------
    open_time : int
        First moment of the interval (0).
    open, high, low, close : str
        Prices (1 to 4).
    volume : str
        Quantity traded, in base asset (5).
    close_time : int
        Last moment of the interval (6).
    quote_volume : str
        Quantity traded, in quote asset (7).
    trades : int
        Number of trades (8).
    taker_buy_volume, taker_buy_quote_volume : str
        What aggressors bought, in base and in quote asset (9, 10).

    Source: "Klines", "UI Klines".
    """

    open_time: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    close_time: int
    quote_volume: str
    trades: int
    taker_buy_volume: str
    taker_buy_quote_volume: str


class AveragePrice(Answer, kw_only=True):
    """Average price of the last minutes.

    Attributes
    ----------
    mins : int
        How many minutes.
    price : str
        The average.
    close_time : int or None
        Time of the last trade in it (``closeTime``).

    Source: "Current average price".
    """

    mins: int
    price: str
    close_time: int | None = None


class WindowTicker(Answer, kw_only=True):
    """What happened to one symbol in a window of time: answer of ``ticker`` and ``ticker.tradingDay``.

    Attributes
    ----------
    symbol : str
        Symbol.
    price_change, price_change_percent : str or None
        From the first price to the last (``priceChange``, ``priceChangePercent``); None with ``type=MINI``.
    weighted_avg_price : str or None
        Quote volume by volume (``weightedAvgPrice``); None with ``type=MINI``.
    open_price, high_price, low_price, last_price : str
        Prices (``openPrice``, ``highPrice``, ``lowPrice``, ``lastPrice``).
    volume : str
        Quantity traded, in base asset.
    quote_volume : str
        Quantity traded, in quote asset (``quoteVolume``).
    open_time, close_time : int
        The window (``openTime``, ``closeTime``).
    first_id, last_id : int
        Trade ids in it, -1 where there was none (``firstId``, ``lastId``).
    count : int
        Number of trades.

    Source: "Rolling window price change statistics", "Trading Day Ticker".
    """

    symbol: str
    price_change: str | None = None
    price_change_percent: str | None = None
    weighted_avg_price: str | None = None
    open_price: str
    high_price: str
    low_price: str
    last_price: str
    volume: str
    quote_volume: str
    open_time: int
    close_time: int
    first_id: int
    last_id: int
    count: int


class DayTicker(WindowTicker, kw_only=True):
    """The same of the last 24 hours, with the best quotes: answer of ``ticker.24hr``.

    Attributes
    ----------
    prev_close_price : str or None
        Price of the last trade before the window (``prevClosePrice``); None with ``type=MINI``, like all of
        these.
    last_qty : str or None
        Quantity of the last trade (``lastQty``).
    bid_price, bid_qty, ask_price, ask_qty : str or None
        Best quotes (``bidPrice``, ``bidQty``, ``askPrice``, ``askQty``).

    Source: "24hr ticker price change statistics".
    """

    prev_close_price: str | None = None
    last_qty: str | None = None
    bid_price: str | None = None
    bid_qty: str | None = None
    ask_price: str | None = None
    ask_qty: str | None = None


class PriceTicker(Answer, kw_only=True):
    """Price of the last trade.

    Attributes
    ----------
    symbol : str
        Symbol.
    price : str
        The price.

    Source: "Symbol price ticker".
    """

    symbol: str
    price: str


class BookTicker(Answer, kw_only=True):
    """Best bid and ask.

    Attributes
    ----------
    symbol : str
        Symbol.
    bid_price, bid_qty, ask_price, ask_qty : str
        Best quotes (``bidPrice``, ``bidQty``, ``askPrice``, ``askQty``).

    Source: "Symbol order book ticker".
    """

    symbol: str
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str


class ReferencePrice(Answer, kw_only=True):
    """What execution rules measure prices against.

    Attributes
    ----------
    symbol : str or None
        Symbol; None where it has no reference price, and `code` says so.
    reference_price : str or None
        The price (``referencePrice``); None where there is none at the moment.
    timestamp : int or None
        Of when it is.
    code : int or None
        -2043 where the symbol has none, which Binance documents as an answer and not as an error.
    msg : str or None
        The same in words.

    Source: "Query Reference Price".
    """

    symbol: str | None = None
    reference_price: str | None = None
    timestamp: int | None = None
    code: int | None = None
    msg: str | None = None


class ReferencePriceCalculation(Answer, kw_only=True):
    """How a reference price is found.

    Attributes
    ----------
    symbol : str
        Symbol.
    calculation_type : str
        ``"ARITHMETIC_MEAN"`` or ``"EXTERNAL"`` (``calculationType``).
    bucket_count, bucket_width_ms : int or None
        Number and milliseconds of the buckets of a mean (``bucketCount``, ``bucketWidthMs``).
    external_calculation_id : int or None
        Number of an external calculation (``externalCalculationId``).

    Source: "Query Reference Price Calculation".
    """

    symbol: str
    calculation_type: str
    bucket_count: int | None = None
    bucket_width_ms: int | None = None
    external_calculation_id: int | None = None
