"""Values that Binance documents for parameters of the WebSocket API, as literals.

Annotations of the methods allow any other text beside them: a value that is not here is sent, with a warning.
"""

from decimal import Decimal
from typing import Literal, TypeAlias

__all__ = [
    "AlgoOrderType", "AlgoTimeInForce", "AlgoType", "CancelReplaceMode", "CancelRestrictions",
    "CoinmOrderType", "CoinmTimeInForce", "FuturesResponseType", "FuturesSelfTradePrevention", "Interval",
    "LimitOrMarket", "ListLegType", "Number", "OrderRateLimitExceededMode", "PegOffsetType", "PegPriceType",
    "PositionSide", "PriceMatch", "ResponseType", "SelfTradePrevention", "Side", "SpotOrderType",
    "SpotTimeInForce", "SymbolStatus", "Texts", "TickerType", "UsdmTimeInForce", "WorkingLegType",
    "WorkingType",
]  # fmt: skip

#: A decimal: text, Decimal or int. Never a float, which is hardly ever the number that was meant.
Number: TypeAlias = Decimal | int | str

#: Several texts, such as symbols.
Texts: TypeAlias = list[str] | tuple[str, ...]

# -- more than one product

Side: TypeAlias = Literal["BUY", "SELL"]
#: Types of order where there are no others: smart order routing, and `order_place` of USD-M futures.
LimitOrMarket: TypeAlias = Literal["LIMIT", "MARKET"]

# -- spot

SpotOrderType: TypeAlias = Literal[
    "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"
]
WorkingLegType: TypeAlias = Literal["LIMIT", "LIMIT_MAKER"]
ListLegType: TypeAlias = Literal[
    "LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"
]
ResponseType: TypeAlias = Literal["ACK", "RESULT", "FULL"]
SpotTimeInForce: TypeAlias = Literal["GTC", "IOC", "FOK"]
SelfTradePrevention: TypeAlias = Literal[
    "NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER"
]
PegPriceType: TypeAlias = Literal["PRIMARY_PEG", "MARKET_PEG"]
PegOffsetType: TypeAlias = Literal["PRICE_LEVEL"]
CancelRestrictions: TypeAlias = Literal["ONLY_NEW", "ONLY_PARTIALLY_FILLED"]
CancelReplaceMode: TypeAlias = Literal["STOP_ON_FAILURE", "ALLOW_FAILURE"]
OrderRateLimitExceededMode: TypeAlias = Literal["DO_NOTHING", "CANCEL_ONLY"]
SymbolStatus: TypeAlias = Literal["TRADING", "HALT", "BREAK", "CANCEL_ONLY"]
TickerType: TypeAlias = Literal["FULL", "MINI"]
Interval: TypeAlias = Literal[
    "1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"
]

# -- futures

AlgoType: TypeAlias = Literal["CONDITIONAL"]
AlgoOrderType: TypeAlias = Literal[
    "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"
]
CoinmOrderType: TypeAlias = Literal[
    "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"
]
UsdmTimeInForce: TypeAlias = Literal["GTC", "IOC", "FOK", "GTX", "GTD", "RPI"]
AlgoTimeInForce: TypeAlias = Literal["GTC", "IOC", "FOK", "GTX", "GTD"]
CoinmTimeInForce: TypeAlias = Literal["GTC", "IOC", "FOK", "GTX"]
FuturesResponseType: TypeAlias = Literal["ACK", "RESULT"]
FuturesSelfTradePrevention: TypeAlias = Literal["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"]
PositionSide: TypeAlias = Literal["BOTH", "LONG", "SHORT"]
WorkingType: TypeAlias = Literal["MARK_PRICE", "CONTRACT_PRICE"]
PriceMatch: TypeAlias = Literal[
    "OPPONENT", "OPPONENT_5", "OPPONENT_10", "OPPONENT_20", "QUEUE", "QUEUE_5", "QUEUE_10", "QUEUE_20"
]
