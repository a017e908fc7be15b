"""Spot: order lists.

Legs are named by what they wait for: ``above`` and ``below`` for a price, ``pending`` for a fill.
"""

from typing import Final

from fastbinance._api.spot_parameters import SPOT, leg_terms
from fastbinance._api.table import parameter
from fastbinance._protocol.method import Kind, Lane, Method, Needs, OneOf, Resolve, Rule, Security

__all__ = ["SPOT_LISTS"]


def _by_type(prefix: str, limit: bool = False) -> Needs:
    """Return what a leg needs by its type, which may be LIMIT, besides the quantity that its list has."""
    price = (f"{prefix}Price", f"{prefix}PegPriceType")
    stop = (f"{prefix}StopPrice", f"{prefix}TrailingDelta")
    time = (f"{prefix}TimeInForce",)
    return Needs(
        f"{prefix}Type",
        {
            **({"LIMIT": (time, price)} if limit else {}),
            "LIMIT_MAKER": (price,),
            "STOP_LOSS": (stop,),
            "TAKE_PROFIT": (stop,),
            "STOP_LOSS_LIMIT": (time, price, stop),
            "TAKE_PROFIT_LIMIT": (time, price, stop),
        },
    )


_WORKING_BY_TYPE: Final = Needs("workingType", {"LIMIT": (("workingTimeInForce",),)})

_LIST: Final = "listClientOrderId newOrderRespType selfTradePreventionMode"
_WORKING: Final = "workingType workingSide workingPrice workingQuantity"
_WORKING_TERMS: Final = leg_terms("working", without=("price", "stopPrice", "trailingDelta"))
_PENDING_PAIR: Final = f"{leg_terms('pendingAbove')} pendingBelowType {leg_terms('pendingBelow')}"
_WHICH: Final = OneOf(("orderListId", "listClientOrderId"))


def _place(name: str, title: str, summary: str, required: str, optional: str, *rules: Rule) -> Method:
    return SPOT.method(
        name,
        Security.TRADE,
        1,
        title=title,
        summary=summary,
        required=f"symbol {required}",
        optional=f"{_LIST} {optional}",
        lane=Lane.ORDER,
        resolve=Resolve.LIST,
        client_id="listClientOrderId",
        rules=rules,
    )


SPOT_LISTS: Final[tuple[Method, ...]] = (
    _place(
        "orderList.place",
        "Place new OCO - Deprecated (TRADE)",
        "Place a pair of which one cancels the other, in the way that `order_list_place_oco` replaces.",
        "side price quantity",
        "stopPrice trailingDelta stopLimitPrice stopLimitTimeInForce limitClientOrderId limitIcebergQty "
        "limitStrategyId limitStrategyType stopClientOrderId stopIcebergQty stopStrategyId stopStrategyType",
        OneOf(("stopPrice", "trailingDelta")),
    ),
    _place(
        "orderList.place.oco",
        "Place new Order list - OCO (TRADE)",
        "Place a pair of which one cancels the other, one above the price and one below.",
        "side quantity aboveType belowType",
        f"{leg_terms('above')} {leg_terms('below')}",
        _by_type("above"),
        _by_type("below"),
    ),
    _place(
        "orderList.place.oto",
        "Place new Order list - OTO (TRADE)",
        "Place an order that places another one when it is filled.",
        f"{_WORKING} pendingType pendingSide pendingQuantity",
        f"{_WORKING_TERMS} {leg_terms('pending')}",
        _WORKING_BY_TYPE,
        _by_type("pending", limit=True),
    ),
    _place(
        "orderList.place.otoco",
        "Place new Order list - OTOCO (TRADE)",
        "Place an order that places a pair when it is filled, of which one cancels the other.",
        f"{_WORKING} pendingSide pendingQuantity pendingAboveType",
        f"{_WORKING_TERMS} {_PENDING_PAIR}",
        _WORKING_BY_TYPE,
        _by_type("pendingAbove"),
        _by_type("pendingBelow"),
    ),
    _place(
        "orderList.place.opo",
        "OPO (TRADE)",
        "Place an order that pays for another one: what it brings is the quantity of the pending order.",
        f"{_WORKING} pendingType pendingSide",
        f"{_WORKING_TERMS} {leg_terms('pending')}",
        _WORKING_BY_TYPE,
        _by_type("pending", limit=True),
    ),
    _place(
        "orderList.place.opoco",
        "OPOCO (TRADE)",
        "Place an order that pays for a pair of which one cancels the other.",
        f"{_WORKING} pendingSide pendingAboveType",
        f"{_WORKING_TERMS} {_PENDING_PAIR}",
        _WORKING_BY_TYPE,
        _by_type("pendingAbove"),
        _by_type("pendingBelow"),
    ),
    SPOT.method(
        "orderList.cancel",
        Security.TRADE,
        1,
        title="Cancel Order list (TRADE)",
        summary="Cancel an order list: all of its orders.",
        required="symbol",
        optional="orderListId listClientOrderId newClientOrderId",
        lane=Lane.CANCEL,
        rules=(_WHICH,),
    ),
    SPOT.method(
        "orderList.status",
        Security.USER_DATA,
        4,
        title="Query Order list (USER_DATA)",
        summary="Return an order list as it is now.",
        optional="orderListId origClientOrderId",
        own=(parameter("origClientOrderId", Kind.TEXT, "Client order id of the list."),),
        rules=(OneOf(("orderListId", "origClientOrderId")),),
    ),
    SPOT.method(
        "openOrderLists.status",
        Security.USER_DATA,
        6,
        title="Current open Order lists (USER_DATA)",
        summary="Return all open order lists.",
    ),
    SPOT.method(
        "allOrderLists",
        Security.USER_DATA,
        20,
        title="Account order list history (USER_DATA)",
        summary="Return order lists, open and done.",
        optional="fromId startTime endTime limit",
    ),
)
