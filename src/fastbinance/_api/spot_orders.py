"""Spot: orders, one at a time."""

from typing import Final

from fastbinance._api.spot_parameters import SPOT
from fastbinance._api.table import choice
from fastbinance._api.values import LimitOrMarket
from fastbinance._api.weights import with_given
from fastbinance._protocol.method import Lane, Method, Needs, OneOf, Resolve, Security

__all__ = ["SPOT_ORDERS"]

_TRADE: Final = Security.TRADE

# A pegged order has its price from the book.
_PRICE: Final = ("price", "pegPriceType")
_STOP: Final = (("quantity",), ("stopPrice", "trailingDelta"))
_LIMIT: Final = (("timeInForce",), _PRICE, ("quantity",))
_BY_TYPE: Final = Needs(
    "type",
    {
        "LIMIT": _LIMIT,
        "LIMIT_MAKER": (_PRICE, ("quantity",)),
        "MARKET": (("quantity", "quoteOrderQty"),),
        "STOP_LOSS": _STOP,
        "TAKE_PROFIT": _STOP,
        "STOP_LOSS_LIMIT": (("timeInForce",), _PRICE, *_STOP),
        "TAKE_PROFIT_LIMIT": (("timeInForce",), _PRICE, *_STOP),
    },
)
_SOR_BY_TYPE: Final = Needs("type", {"LIMIT": (("timeInForce",), ("price",))})
_WHICH: Final = OneOf(("orderId", "origClientOrderId"))

_TERMS: Final = (
    "timeInForce price quantity quoteOrderQty newClientOrderId newOrderRespType stopPrice trailingDelta "
    "icebergQty strategyId strategyType selfTradePreventionMode pegPriceType pegOffsetValue pegOffsetType"
)
_SOR_TERMS: Final = (
    "timeInForce price newClientOrderId newOrderRespType icebergQty strategyId strategyType "
    "selfTradePreventionMode"
)
_SOR_TYPE: Final = choice("type", LimitOrMarket, "Type of the order.")

SPOT_ORDERS: Final[tuple[Method, ...]] = (
    SPOT.method(
        "order.place", _TRADE, 1,
        title="Place new order (TRADE)",
        summary="Place an order.",
        required="symbol side type",
        optional=_TERMS,
        lane=Lane.ORDER,
        resolve=Resolve.ORDER,
        client_id="newClientOrderId",
        rules=(_BY_TYPE,),
    ),
    SPOT.method(
        "order.test", _TRADE, 20,
        title="Test new order (TRADE)",
        summary="Have an order checked as `order_place` would be, without placing it.",
        required="symbol side type",
        optional=f"{_TERMS} computeCommissionRates",
        rules=(_BY_TYPE,),
        weigh=with_given("computeCommissionRates", 20, 1),
    ),
    SPOT.method(
        "order.cancel", _TRADE, 1,
        title="Cancel order (TRADE)",
        summary="Cancel an order.",
        required="symbol",
        optional="orderId origClientOrderId newClientOrderId cancelRestrictions",
        lane=Lane.CANCEL,
        resolve=Resolve.CANCEL,
        rules=(_WHICH,),
    ),
    SPOT.method(
        "order.cancelReplace", _TRADE, 1,
        title="Cancel and replace order (TRADE)",
        summary="Cancel an order and place another one of the same symbol.",
        required="symbol cancelReplaceMode side type",
        optional="cancelOrderId cancelOrigClientOrderId cancelNewClientOrderId cancelRestrictions "
        f"orderRateLimitExceededMode {_TERMS}",
        lane=Lane.ORDER,
        resolve=Resolve.ORDER,
        client_id="newClientOrderId",
        rules=(OneOf(("cancelOrderId", "cancelOrigClientOrderId")), _BY_TYPE),
    ),
    SPOT.method(
        "order.amend.keepPriority", _TRADE, 4,
        title="Order Amend Keep Priority (TRADE)",
        summary="Make an order smaller; it keeps its place in the queue.",
        required="symbol newQty",
        optional="orderId origClientOrderId newClientOrderId",
        lane=Lane.CANCEL,  # it does not count as an order
        rules=(_WHICH,),
    ),
    SPOT.method(
        "openOrders.cancelAll", _TRADE, 1,
        title="Cancel open orders (TRADE)",
        summary="Cancel all open orders of a symbol, those of lists too.",
        required="symbol",
        lane=Lane.CANCEL,
    ),
    SPOT.method(
        "sor.order.place", _TRADE, 1,
        title="Place new order using SOR (TRADE)",
        summary="Place an order by smart order routing: it may be filled in books of several symbols.",
        required="symbol side type quantity",
        optional=_SOR_TERMS,
        own=(_SOR_TYPE,),
        lane=Lane.ORDER,
        resolve=Resolve.ORDER,
        client_id="newClientOrderId",
        rules=(_SOR_BY_TYPE,),
    ),
    SPOT.method(
        "sor.order.test", _TRADE, 20,
        title="Test new order using SOR (TRADE)",
        summary="Have an order checked as `sor_order_place` would be, without placing it.",
        required="symbol side type quantity",
        optional=f"{_SOR_TERMS} computeCommissionRates",
        own=(_SOR_TYPE,),
        rules=(_SOR_BY_TYPE,),
        weigh=with_given("computeCommissionRates", 20, 1),
    ),
    SPOT.method(
        "order.status", Security.USER_DATA, 4,
        title="Query order (USER_DATA)",
        summary="Return an order as it is now.",
        required="symbol",
        optional="orderId origClientOrderId",
        rules=(_WHICH,),
    ),
)  # fmt: skip
