"""The fields of quotes, trades, depth, candles and tickers, typed and documented, for records and rings.

Those of prices and positions are in `_price_fields`.
"""

__all__ = [
    "AggTradeFields",
    "BookTickerFields",
    "DepthFields",
    "KlineFields",
    "MiniTickerFields",
    "RecordFields",
    "TickerFields",
    "TradeFields",
]


class RecordFields:
    """Fields that every record begins with, and every ring shows for its newest record.

    Attributes
    ----------
    sequence : int
        Number of the record in its ring: 0, 1, 2, ... never reused. Ours, not Binance's.
    flags : int
        Bits: `FLAG_LEVELS_TRUNCATED`, `FLAG_END_OF_FRAME`, `FLAG_GAP`, `FLAG_OVERLAP`, `FLAG_USDM`,
        `FLAG_COINM`.
    symbol_id : int
        Index into the ring's `symbols`.
    event_ns, transaction_ns : int
        Binance's ``E`` and ``T`` as UTC nanoseconds; 0 where the stream carries none.
    recv_ns : int
        Our wall clock at the socket read that brought the message, UTC nanoseconds.
    """

    __slots__ = ()

    sequence: int
    flags: int
    symbol_id: int
    event_ns: int
    transaction_ns: int
    recv_ns: int


class BookTickerFields(RecordFields):
    """Best bid and ask.

    Attributes
    ----------
    update_id : int
        Book update id (``u``).
    bid_price, ask_price : float
        In quote asset.
    bid_qty, ask_qty : float
        In base asset; contracts on COIN-M.

    Source: Spot WebSocket Streams, "Individual Symbol Book Ticker Streams"; the same name on USD-M and
    COIN-M.
    """

    __slots__ = ()

    update_id: int
    bid_price: float
    bid_qty: float
    ask_price: float
    ask_qty: float


class TradeFields(RecordFields):
    """One trade.

    Attributes
    ----------
    trade_id : int
    price : float
        In quote asset.
    qty : float
        In base asset; contracts on COIN-M.
    is_buyer_maker : bool
        True means that the aggressor sold.
    trade_type : int
        A `TradeType`; 0 on spot and Alpha.

    Source: Spot WebSocket Streams, "Trade Streams" and "Block Trade Streams"; Options, "Trade Streams". The
    futures stream is not documented; its rows with ``"X":"NA"`` or price 0 are no trades and are left out.
    """

    __slots__ = ()

    trade_id: int
    price: float
    qty: float
    is_buyer_maker: bool
    trade_type: int


class AggTradeFields(RecordFields):
    """Trades of one taker order at one price.

    Attributes
    ----------
    agg_trade_id, first_trade_id, last_trade_id : int
    price : float
        In quote asset.
    qty : float
        In base asset; contracts on COIN-M.
    is_buyer_maker : bool
        True means that the aggressor sold.

    Source: Spot WebSocket Streams, "Aggregate Trade Streams"; the same name on USD-M and COIN-M.
    """

    __slots__ = ()

    agg_trade_id: int
    first_trade_id: int
    last_trade_id: int
    price: float
    qty: float
    is_buyer_maker: bool


class DepthFields(RecordFields):
    """A change of the book (diff depth), or its top levels whole (partial depth).

    Attributes
    ----------
    first_update_id, update_id : int
        First and last change in it (``U``, ``u``). Spot partial depth has only ``lastUpdateId``, here
        `update_id`.
    prev_update_id : int
        ``u`` of the stream's previous message (``pu``); 0 on spot.
    levels_begin : int
        Where the levels begin in the ring's arena, an absolute index.
    bid_count, ask_count : int
        Number of levels.

    Source: Spot WebSocket Streams, "Diff. Depth Stream" and "Partial Book Depth Streams"; the same names on
    futures.
    """

    __slots__ = ()

    first_update_id: int
    update_id: int
    prev_update_id: int
    levels_begin: int
    bid_count: int
    ask_count: int


class KlineFields(RecordFields):
    """One candle, complete or in the making.

    Attributes
    ----------
    open_time_ns, close_time_ns : int
        UTC nanoseconds.
    open_price, high_price, low_price, close_price : float
        In quote asset.
    volume, taker_buy_volume : float
        In base asset; contracts on COIN-M. All of it, and what takers bought.
    quote_volume, taker_buy_quote_volume : float
        In quote asset; base asset on COIN-M. By contract (Alpha) NaN, as `taker_buy_volume`.
    first_trade_id, last_trade_id, trade_count : int
        -1, -1 and 0 in a candle without trades; 0 by contract.
    is_closed : bool
        Whether the candle is complete; always False by contract, which does not say.

    Source: Spot WebSocket Streams, "Kline/Candlestick Streams"; USD-M and COIN-M also "Continuous Contract
    Kline", "Index Kline", "Mark Price Kline"; Alpha by contract address.
    """

    __slots__ = ()

    open_time_ns: int
    close_time_ns: int
    open_price: float
    high_price: float
    low_price: float
    close_price: float
    volume: float
    quote_volume: float
    taker_buy_volume: float
    taker_buy_quote_volume: float
    first_trade_id: int
    last_trade_id: int
    trade_count: int
    is_closed: bool


class TickerFields(RecordFields):
    """Statistics of 24 hours, or of a rolling window.

    Attributes
    ----------
    open_time_ns, close_time_ns : int
        Begin and end of the window, UTC nanoseconds.
    first_trade_id, last_trade_id, trade_count : int
    price_change, price_change_percent : float
        Last price less the first, and the same in percent.
    weighted_average_price, open_price, high_price, low_price, last_price : float
        In quote asset.
    previous_close_price, bid_price, bid_qty, ask_price, ask_qty : float
        Spot's 24 hours only, else NaN.
    last_qty : float
        NaN in rolling windows.
    volume, quote_volume : float
        In base and quote asset; contracts and base asset on COIN-M.

    Source: Spot WebSocket Streams, "Individual Symbol Ticker Streams" and "Individual Symbol Rolling Window
    Statistics Streams"; the first also on futures, options and Alpha.
    """

    __slots__ = ()

    open_time_ns: int
    close_time_ns: int
    first_trade_id: int
    last_trade_id: int
    trade_count: int
    price_change: float
    price_change_percent: float
    weighted_average_price: float
    previous_close_price: float
    last_price: float
    last_qty: float
    bid_price: float
    bid_qty: float
    ask_price: float
    ask_qty: float
    open_price: float
    high_price: float
    low_price: float
    volume: float
    quote_volume: float


class MiniTickerFields(RecordFields):
    """The short form of the 24 hours' statistics.

    Attributes
    ----------
    last_price, open_price, high_price, low_price : float
        In quote asset.
    volume, quote_volume : float
        In base and quote asset; contracts and base asset on COIN-M.

    Source: Spot WebSocket Streams, "Individual Symbol Mini Ticker Stream", "All Market Mini Tickers Stream".
    """

    __slots__ = ()

    last_price: float
    open_price: float
    high_price: float
    low_price: float
    volume: float
    quote_volume: float
