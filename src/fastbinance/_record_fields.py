"""The fields of each kind of record, typed and documented: what records and rings share."""

__all__ = [
    "AggTradeFields",
    "AssetIndexFields",
    "AveragePriceFields",
    "BookTickerFields",
    "DepthFields",
    "ForceOrderFields",
    "IndexPriceFields",
    "KlineFields",
    "MarkPriceFields",
    "MiniTickerFields",
    "OpenInterestFields",
    "OptionMarkPriceFields",
    "RecordFields",
    "ReferencePriceFields",
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
        Bits: `FLAG_LEVELS_TRUNCATED`, `FLAG_END_OF_FRAME`, `FLAG_USDM`, `FLAG_COINM`.
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
    futures stream is not documented; its rows with ``"X":"NA"`` are no trades and are left out.
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


class AveragePriceFields(RecordFields):
    """Average price of the last minutes.

    Attributes
    ----------
    average_price : float
        In quote asset.
    interval_ns : int
        What it is the average of, nanoseconds: five minutes so far.

    Source: Spot WebSocket Streams, "Average Price"; its ``T`` is `transaction_ns`.
    """

    __slots__ = ()

    average_price: float
    interval_ns: int


class ReferencePriceFields(RecordFields):
    """Reference price of a symbol.

    Attributes
    ----------
    price : float
        In quote asset; NaN while there is none.

    Source: Spot WebSocket Streams, "Reference Price"; its ``t`` is `transaction_ns`.
    """

    __slots__ = ()

    price: float


class MarkPriceFields(RecordFields):
    """Mark price and funding.

    Attributes
    ----------
    mark_price, mark_price_average, index_price, estimated_settle_price : float
        In quote asset. The estimate means something in the last hour before settlement.
    funding_rate : float
        A fraction; NaN on delivery contracts.
    next_funding_ns : int
        UTC nanoseconds; 0 on delivery contracts.

    Source: USD-M and COIN-M WebSocket Market Streams, "Mark Price Stream".
    """

    __slots__ = ()

    mark_price: float
    mark_price_average: float
    index_price: float
    estimated_settle_price: float
    funding_rate: float
    next_funding_ns: int


class OptionMarkPriceFields(RecordFields):
    """Mark price of an option, with its greeks and implied volatilities.

    Attributes
    ----------
    mark_price, index_price, estimated_settle_price : float
        In quote asset.
    bid_price, ask_price, bid_qty, ask_qty : float
        Best bid and ask; 0 where there is none.
    bid_iv, ask_iv, mark_iv : float
        Implied volatilities; -1 where there is no price.
    high_price_limit, low_price_limit : float
        Between these an order's price must lie.
    risk_free_rate, delta, theta, gamma, vega : float

    Source: Options WebSocket Market Streams, "Mark Price".
    """

    __slots__ = ()

    mark_price: float
    index_price: float
    estimated_settle_price: float
    bid_price: float
    ask_price: float
    bid_qty: float
    ask_qty: float
    bid_iv: float
    ask_iv: float
    high_price_limit: float
    low_price_limit: float
    mark_iv: float
    risk_free_rate: float
    delta: float
    theta: float
    gamma: float
    vega: float


class IndexPriceFields(RecordFields):
    """Index price of a pair or an underlying.

    Attributes
    ----------
    price : float
        In quote asset.

    Source: COIN-M WebSocket Market Streams, "Index Price Stream"; Options, "Index Price Streams".
    """

    __slots__ = ()

    price: float


class ForceOrderFields(RecordFields):
    """A liquidation order.

    Attributes
    ----------
    price, average_price : float
        In quote asset.
    qty, last_filled_qty, cumulative_filled_qty : float
        In base asset; contracts on COIN-M.
    side, order_type, time_in_force, order_status : int
        `Side`, `OrderType`, `TimeInForce`, `OrderStatus`.

    Source: USD-M and COIN-M WebSocket Market Streams, "Liquidation Order Streams"; ``T`` is `transaction_ns`.
    """

    __slots__ = ()

    price: float
    average_price: float
    qty: float
    last_filled_qty: float
    cumulative_filled_qty: float
    side: int
    order_type: int
    time_in_force: int
    order_status: int


class OpenInterestFields(RecordFields):
    """Open interest of an option.

    Attributes
    ----------
    open_interest : float
        In contracts.
    open_interest_value : float
        In USDT.

    Source: Options WebSocket Market Streams, "Open Interest".
    """

    __slots__ = ()

    open_interest: float
    open_interest_value: float


class AssetIndexFields(RecordFields):
    """Index of an asset in multi-assets mode.

    Attributes
    ----------
    index_price, bid_rate, ask_rate, auto_exchange_bid_rate, auto_exchange_ask_rate : float
        In USD.
    bid_buffer, ask_buffer, auto_exchange_bid_buffer, auto_exchange_ask_buffer : float
        Fractions.

    Source: USD-M WebSocket Market Streams, "Multi-Assets Mode Asset Index".
    """

    __slots__ = ()

    index_price: float
    bid_buffer: float
    ask_buffer: float
    bid_rate: float
    ask_rate: float
    auto_exchange_bid_buffer: float
    auto_exchange_ask_buffer: float
    auto_exchange_bid_rate: float
    auto_exchange_ask_rate: float

