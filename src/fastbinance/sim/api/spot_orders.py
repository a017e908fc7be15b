"""The methods of spot that place, change and cancel orders. A reading of its own: see `method`."""

from collections.abc import Mapping
from typing import Any, Final

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.api.kinds import (
    BOOLEAN,
    CLIENT_ID,
    DECIMAL,
    INTEGER,
    SYMBOL,
    TEXT,
    Choice,
    Kind,
    Number,
)
from fastbinance.sim.api.legs import Leg, check_leg, check_precision
from fastbinance.sim.api.method import Method, Security, either, missing

__all__ = ["ORDER_METHODS"]

Params = Mapping[str, Any]

_TYPES: Final = "LIMIT MARKET LIMIT_MAKER STOP_LOSS STOP_LOSS_LIMIT TAKE_PROFIT TAKE_PROFIT_LIMIT"
_SIDE: Final = Choice.of("BUY SELL", -1117, "Invalid side.")
_TYPE: Final = Choice.of(_TYPES, -1116, "Invalid orderType.")
_WORKING_TYPE: Final = Choice.of("LIMIT LIMIT_MAKER", -1116, "Invalid orderType.")
_PAIR_TYPE: Final = Choice.of(
    "STOP_LOSS_LIMIT STOP_LOSS LIMIT_MAKER TAKE_PROFIT TAKE_PROFIT_LIMIT", -1158,
    "Order type not supported in OCO.",
)  # fmt: skip
_TIME_IN_FORCE: Final = Choice.of("GTC IOC FOK", -1115, "Invalid timeInForce.")
_RESTRICTIONS: Final = Choice.of("ONLY_NEW ONLY_PARTIALLY_FILLED", -1145, "Invalid cancelRestrictions")
_STRATEGY_TYPE: Final = Number(1_000_000, code=-1134)

_KIND_OF_ROLE: Final[dict[str, Kind]] = {
    "type": _TYPE, "side": _SIDE, "timeInForce": _TIME_IN_FORCE, "quantity": DECIMAL, "price": DECIMAL,
    "stopPrice": DECIMAL, "trailingDelta": INTEGER, "icebergQty": DECIMAL, "clientOrderId": CLIENT_ID,
    "strategyId": INTEGER, "strategyType": _STRATEGY_TYPE,
    "pegPriceType": Choice.of("PRIMARY_PEG MARKET_PEG"), "pegOffsetType": Choice.of("PRICE_LEVEL"),
    "pegOffsetValue": Number(0, 100),
}  # fmt: skip
_LEG: Final = (
    "timeInForce price icebergQty clientOrderId strategyId strategyType pegPriceType pegOffsetType "
    "pegOffsetValue"
)
_TRIGGER: Final = "stopPrice trailingDelta"
_ANSWERED: Final[dict[str, Kind]] = {
    "newOrderRespType": Choice.of("ACK RESULT FULL"),
    "selfTradePreventionMode": Choice.of("NONE EXPIRE_MAKER EXPIRE_TAKER EXPIRE_BOTH DECREMENT TRANSFER"),
}
_LISTED: Final[dict[str, Kind]] = {"symbol": SYMBOL, "listClientOrderId": CLIENT_ID, **_ANSWERED}
_BY_ID: Final[dict[str, Kind]] = {"symbol": SYMBOL, "orderId": INTEGER, "origClientOrderId": TEXT}


def _leg(prefix: str, roles: str, **own: Kind) -> dict[str, Kind]:
    """Give the parameters of one order of a list."""
    kinds = {role: _KIND_OF_ROLE[role] for role in roles.split()} | own
    return {Leg(prefix).name(role): kind for role, kind in kinds.items()}


_ORDER: Final[dict[str, Kind]] = {
    "symbol": SYMBOL, "side": _SIDE, "type": _TYPE, "quantity": DECIMAL, "quoteOrderQty": DECIMAL,
    "newClientOrderId": CLIENT_ID, "stopPrice": DECIMAL, "trailingDelta": INTEGER,
    **_leg("", _LEG.replace("clientOrderId ", "")), **_ANSWERED,
}  # fmt: skip
_SMART: Final[dict[str, Kind]] = {
    "symbol": SYMBOL, "side": _SIDE, "type": Choice.of("LIMIT MARKET", -1116, "Invalid orderType."),
    "quantity": DECIMAL, "price": DECIMAL, "timeInForce": _TIME_IN_FORCE, "newClientOrderId": CLIENT_ID,
    "icebergQty": DECIMAL, "strategyId": INTEGER, "strategyType": _STRATEGY_TYPE, **_ANSWERED,
}  # fmt: skip
_WORKING: Final = _leg("working", f"side quantity {_LEG}", type=_WORKING_TYPE)
_WORKING_NEEDS: Final = ("workingType", "workingSide", "workingPrice", "workingQuantity")
_PENDING_ONE: Final = _leg("pending", f"type side {_TRIGGER} {_LEG}")
_PENDING_PAIR: Final = {
    "pendingSide": _SIDE,
    **_leg("pendingAbove", f"{_TRIGGER} {_LEG}", type=_PAIR_TYPE),
    **_leg("pendingBelow", f"{_TRIGGER} {_LEG}", type=_PAIR_TYPE),
}
_PLAIN: Final = Leg()


def _check_order(params: Params) -> None:
    check_leg(params, _PLAIN)


def _check_replace(params: Params) -> None:
    _check_order(params)
    if "cancelOrderId" not in params and "cancelOrigClientOrderId" not in params:
        raise either("cancelOrderId", "cancelOrigClientOrderId")


def _check_old_pair(params: Params) -> None:
    if "stopLimitPrice" in params and "stopLimitTimeInForce" not in params:
        raise missing("stopLimitTimeInForce")
    if "stopLimitTimeInForce" in params and "stopLimitPrice" not in params:
        raise missing("stopLimitPrice")
    check_precision(params, _PLAIN)


def _check_pair(params: Params) -> None:
    _check_both(params, "above", "below")
    check_precision(params, _PLAIN)


def _check_both(params: Params, above: str, below: str) -> None:
    for prefix in (above, below):
        check_leg(params, Leg(prefix, shares_quantity=True))
    types = [params.get(f"{prefix}Type") for prefix in (above, below)]
    if types == ["LIMIT_MAKER", "LIMIT_MAKER"]:
        raise ApiError(-1168, "At least one OCO order must be contingent.")


def _check_one_after(params: Params) -> None:
    check_leg(params, Leg("working"))
    check_leg(params, Leg("pending", shares_quantity="pendingQuantity" not in params))


def _check_pair_after(params: Params) -> None:
    check_leg(params, Leg("working"))
    _check_both(params, "pendingAbove", "pendingBelow")


def _place(
    parameters: Mapping[str, Kind], *required: str, orders: int, check: Any, either: Any = ()
) -> Method:
    return Method(
        Security.TRADE, 1, parameters, required, either, check, orders=orders, free_when_it_works=True
    )


def _test(parameters: Mapping[str, Kind], *required: str) -> Method:
    return Method(
        Security.TRADE,
        lambda params: 20 if params.get("computeCommissionRates") in (True, "true") else 1,
        {**parameters, "computeCommissionRates": BOOLEAN},
        required,
        check=_check_order,
    )


def _cancel(parameters: Mapping[str, Kind], *required: str, either: Any = (), weight: int = 1) -> Method:
    return Method(Security.TRADE, weight, parameters, required, either, free_when_it_works=True)


ORDER_METHODS: Final[Mapping[str, Method]] = {
    "order.place": _place(_ORDER, "symbol", "side", "type", orders=1, check=_check_order),
    "order.test": _test(_ORDER, "symbol", "side", "type"),
    "order.cancel": _cancel(
        {**_BY_ID, "newClientOrderId": CLIENT_ID, "cancelRestrictions": _RESTRICTIONS}, "symbol",
        either=(("orderId", "origClientOrderId"),),
    ),
    "order.cancelReplace": _place(
        {
            **_ORDER, "cancelReplaceMode": Choice.of("STOP_ON_FAILURE ALLOW_FAILURE"),
            "cancelOrderId": INTEGER, "cancelOrigClientOrderId": TEXT, "cancelNewClientOrderId": CLIENT_ID,
            "cancelRestrictions": _RESTRICTIONS,
            "orderRateLimitExceededMode": Choice.of("DO_NOTHING CANCEL_ONLY"),
        }, "symbol", "cancelReplaceMode", "side", "type", orders=1, check=_check_replace,
    ),
    "order.amend.keepPriority": _cancel(
        {**_BY_ID, "newQty": DECIMAL, "newClientOrderId": CLIENT_ID}, "symbol", "newQty",
        either=(("orderId", "origClientOrderId"),), weight=4,
    ),
    "openOrders.cancelAll": _cancel({"symbol": SYMBOL}, "symbol"),
    "orderList.place": _place(
        {
            **_LISTED, "side": _SIDE, "price": DECIMAL, "quantity": DECIMAL, "stopPrice": DECIMAL,
            "trailingDelta": INTEGER, "stopLimitPrice": DECIMAL, "stopLimitTimeInForce": _TIME_IN_FORCE,
            **_leg("limit", "clientOrderId icebergQty strategyId strategyType"),
            **_leg("stop", "clientOrderId icebergQty strategyId strategyType"),
        }, "symbol", "side", "price", "quantity", orders=2, check=_check_old_pair,
        either=(("stopPrice", "trailingDelta"),),
    ),
    "orderList.place.oco": _place(
        {
            **_LISTED, "side": _SIDE, "quantity": DECIMAL,
            **_leg("above", f"{_TRIGGER} {_LEG}", type=_PAIR_TYPE),
            **_leg("below", f"{_TRIGGER} {_LEG}", type=_PAIR_TYPE),
        }, "symbol", "side", "quantity", "aboveType", "belowType", orders=2, check=_check_pair,
    ),
    "orderList.place.oto": _place(
        {**_LISTED, **_WORKING, **_PENDING_ONE, "pendingQuantity": DECIMAL},
        "symbol", *_WORKING_NEEDS, "pendingType", "pendingSide", "pendingQuantity",
        orders=2, check=_check_one_after,
    ),
    "orderList.place.otoco": _place(
        {**_LISTED, **_WORKING, **_PENDING_PAIR, "pendingQuantity": DECIMAL},
        "symbol", *_WORKING_NEEDS, "pendingSide", "pendingQuantity", "pendingAboveType",
        orders=3, check=_check_pair_after,
    ),
    "orderList.place.opo": _place(
        {**_LISTED, **_WORKING, **_PENDING_ONE}, "symbol", *_WORKING_NEEDS, "pendingType", "pendingSide",
        orders=2, check=_check_one_after,
    ),
    "orderList.place.opoco": _place(
        {**_LISTED, **_WORKING, **_PENDING_PAIR}, "symbol", *_WORKING_NEEDS, "pendingSide",
        "pendingAboveType", orders=3, check=_check_pair_after,
    ),
    "orderList.cancel": _cancel(
        {
            "symbol": SYMBOL, "orderListId": INTEGER, "listClientOrderId": TEXT,
            "newClientOrderId": CLIENT_ID,
        }, "symbol", either=(("orderListId", "listClientOrderId"),),
    ),
    "sor.order.place": _place(_SMART, "symbol", "side", "type", "quantity", orders=1, check=_check_order),
    "sor.order.test": _test(_SMART, "symbol", "side", "type", "quantity"),
}  # fmt: skip
