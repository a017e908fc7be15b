"""The fields of prices and positions, typed and documented; see `_record_fields`."""

from fastbinance._record_fields import RecordFields

__all__ = [
    "AssetIndexFields",
    "AveragePriceFields",
    "ForceOrderFields",
    "IndexPriceFields",
    "MarkPriceFields",
    "OpenInterestFields",
    "OptionMarkPriceFields",
    "ReferencePriceFields",
]


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
