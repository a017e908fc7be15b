"""What the code fields of records mean: texts that Binance takes from a short list, as small integers.

The numbers are those of the native tables. ``NONE`` is what a stream without the key has; ``UNKNOWN`` a text
that is not in our list, which is counted as drift and kept there (`ClientStats.drifts`).
"""

from enum import IntEnum

__all__ = ["OrderStatus", "OrderType", "Side", "TimeInForce", "TradeType"]


class TradeType(IntEnum):
    """What brought a trade about (``X`` of futures and options trades). Spot and Alpha have `NONE`.

    Source: seen on the wire; the futures stream is not documented.
    """

    NONE = 0
    MARKET = 1
    RPI = 2
    ADL = 3
    INSURANCE_FUND = 4
    BLOCK = 5
    UNKNOWN = 255


class Side(IntEnum):
    """Side of an order (``S``)."""

    NONE = 0
    BUY = 1
    SELL = 2
    UNKNOWN = 255


class OrderType(IntEnum):
    """Type of a liquidation order (``o``)."""

    NONE = 0
    LIMIT = 1
    MARKET = 2
    STOP = 3
    STOP_MARKET = 4
    TAKE_PROFIT = 5
    TAKE_PROFIT_MARKET = 6
    TRAILING_STOP_MARKET = 7
    LIQUIDATION = 8
    UNKNOWN = 255


class TimeInForce(IntEnum):
    """How long a liquidation order stands (``f``)."""

    NONE = 0
    GTC = 1
    IOC = 2
    FOK = 3
    GTX = 4
    GTD = 5
    RPI = 6
    GTE_GTC = 7
    UNKNOWN = 255


class OrderStatus(IntEnum):
    """What has become of a liquidation order (``X``)."""

    NONE = 0
    NEW = 1
    PARTIALLY_FILLED = 2
    FILLED = 3
    CANCELED = 4
    REJECTED = 5
    EXPIRED = 6
    NEW_INSURANCE = 7
    NEW_ADL = 8
    EXPIRED_IN_MATCH = 9
    UNKNOWN = 255
