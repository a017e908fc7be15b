"""What the methods of the futures' WebSocket APIs can take.

Prices are in quote asset. Quantities are in base asset in USD-M futures, and in contracts in COIN-M futures.
"""

from typing import Final

from fastbinance._api.table import Table, catalogue, choice, parameter
from fastbinance._api.values import (
    AlgoOrderType,
    AlgoTimeInForce,
    AlgoType,
    CoinmOrderType,
    CoinmTimeInForce,
    FuturesResponseType,
    FuturesSelfTradePrevention,
    LimitOrMarket,
    PositionSide,
    PriceMatch,
    Side,
    UsdmTimeInForce,
    WorkingType,
)
from fastbinance._protocol.method import Kind, Needs, OneOf, Parameter

__all__ = ["ALGO", "COINM", "GTD", "USDM", "WHICH", "needs_by_type"]

#: Names an order.
WHICH: Final = OneOf(("orderId", "origClientOrderId"))

#: What stands until a date needs one.
GTD: Final = Needs("timeInForce", {"GTD": (("goodTillDate",),)})

_PRICE: Final = ("price", "priceMatch")


def needs_by_type(trigger: str, types: tuple[str, ...]) -> Needs:
    """Return what orders need by their type, where `trigger` is the price that makes one active."""
    stop = ((trigger,), _PRICE, ("quantity",))
    market_stop = ((trigger,), ("quantity", "closePosition"))
    needs = {
        "LIMIT": (("timeInForce",), _PRICE, ("quantity",)),
        "MARKET": (("quantity",),),
        "STOP": stop,
        "STOP_MARKET": market_stop,
        "TAKE_PROFIT": stop,
        "TAKE_PROFIT_MARKET": market_stop,
        "TRAILING_STOP_MARKET": (("callbackRate",), ("quantity",)),
    }
    return Needs("type", {each: needs[each] for each in types})


# Binance takes booleans of futures as text.
def _flag(name: str, doc: str, values: tuple[str, str] = ("true", "false")) -> Parameter:
    return parameter(name, Kind.FLAG, doc, values)


_COMMON: Final = (
    parameter("symbol", Kind.SYMBOL, "Symbol, in either case."),
    choice("side", Side, "Whether to buy or to sell."),
    choice("positionSide", PositionSide, "Which position: needed in hedge mode, ``'BOTH'`` without."),
    parameter("price", Kind.DECIMAL, "Limit price, in quote asset."),
    choice("priceMatch", PriceMatch, "Take the price from the book, instead of `price`."),
    _flag("reduceOnly", "Whether it may only make a position smaller; not in hedge mode."),
    parameter("newClientOrderId", Kind.TEXT, "Client order id of the order; one of ours by default."),
    choice("newOrderRespType", FuturesResponseType, "How much the answer tells."),
    choice(
        "selfTradePreventionMode",
        FuturesSelfTradePrevention,
        "What happens where the order would meet one of yours.",
    ),
    parameter("orderId", Kind.INTEGER, "Binance's id of the order; it goes before the other one."),
    parameter("origClientOrderId", Kind.TEXT, "Client order id of the order."),
    parameter("modifyId", Kind.INTEGER, "A number of yours for the modification."),
    choice("workingType", WorkingType, "Which price triggers it; the contract's by default."),
    _flag("closePosition", "Whether it closes the whole position; then without a quantity."),
    _flag("priceProtect", "Whether it is kept from triggering while prices differ.", ("TRUE", "FALSE")),
    parameter("callbackRate", Kind.DECIMAL, "How far a trailing stop trails the price, in per cent."),
)

_USDM: Final = (
    choice("type", LimitOrMarket, "Type of the order; conditional ones are placed by `algo_order_place`."),
    parameter("quantity", Kind.DECIMAL, "How much, in base asset."),
    choice("timeInForce", UsdmTimeInForce, "How long it stands."),
    parameter("goodTillDate", Kind.INTEGER, "When a ``'GTD'`` order ends: milliseconds since 1970, UTC."),
    parameter("limit", Kind.INTEGER, "Levels of each side: 5, 10, 20, 50, 100, 500 (the default) or 1000."),
    choice("algoType", AlgoType, "Kind of algorithm."),
    parameter("triggerPrice", Kind.DECIMAL, "Price at which it becomes active, in quote asset."),
    parameter("activatePrice", Kind.DECIMAL, "Price at which a trailing stop begins, in quote asset."),
    parameter("clientAlgoId", Kind.TEXT, "Client order id of the algorithm; one of ours by default."),
    parameter("algoId", Kind.INTEGER, "Binance's id of the algorithm."),
)

#: What means something else for `algo_order_place`.
ALGO: Final = (
    choice("type", AlgoOrderType, "Type of the order."),
    choice("timeInForce", AlgoTimeInForce, "How long it stands once it is active."),
)

_COINM: Final = (
    choice("type", CoinmOrderType, "Type of the order."),
    parameter("quantity", Kind.DECIMAL, "How much, in contracts."),
    choice("timeInForce", CoinmTimeInForce, "How long it stands."),
    parameter("stopPrice", Kind.DECIMAL, "Price at which it becomes active, in quote asset."),
    parameter("activationPrice", Kind.DECIMAL, "Price at which a trailing stop begins, in quote asset."),
    parameter("marginAsset", Kind.SYMBOL, "Only positions with this margin, such as ``'BTC'``."),
    parameter("pair", Kind.SYMBOL, "Only positions of this pair, such as ``'BTCUSD'``."),
)

USDM: Final = Table("usdm", "USD-M Futures WebSocket API", catalogue(_COMMON, _USDM))
COINM: Final = Table("coinm", "COIN-M Futures WebSocket API", catalogue(_COMMON, _COINM))
