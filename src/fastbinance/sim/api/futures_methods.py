"""The methods of USD-M and COIN-M. A reading of its own: see `method`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    number_or,
)
from fastbinance.sim.api.legs import check_conditional, check_futures_order
from fastbinance.sim.api.method import Method, Security, unsigned

__all__ = ["COINM_METHODS", "USDM_METHODS", "depth"]

Params = Mapping[str, Any]

_CONDITIONAL: Final = "STOP STOP_MARKET TAKE_PROFIT TAKE_PROFIT_MARKET TRAILING_STOP_MARKET"
_SIDE: Final = Choice.of("BUY SELL", -1117, "Invalid side.")
_TYPE: Final = Choice.of(f"LIMIT MARKET {_CONDITIONAL}", -1116, "Invalid orderType.")
_ALGO_TYPE: Final = Choice.of(_CONDITIONAL, -1116, "Invalid orderType.")
_TIME_IN_FORCE: Final = Choice.of("GTC IOC FOK GTX GTD RPI", -1115, "Invalid timeInForce.")
_MATCH: Final = Choice.of("NONE OPPONENT OPPONENT_5 OPPONENT_10 OPPONENT_20 QUEUE QUEUE_5 QUEUE_10 QUEUE_20")
_ORDER: Final[dict[str, Kind]] = {
    "symbol": SYMBOL, "side": _SIDE, "type": _TYPE, "positionSide": Choice.of("BOTH LONG SHORT"),
    "timeInForce": _TIME_IN_FORCE, "reduceOnly": BOOLEAN, "quantity": DECIMAL, "price": DECIMAL,
    "newOrderRespType": Choice.of("ACK RESULT"), "priceMatch": _MATCH,
    "selfTradePreventionMode": Choice.of("NONE EXPIRE_TAKER EXPIRE_MAKER EXPIRE_BOTH"),
}  # fmt: skip
_TRIGGERED: Final[dict[str, Kind]] = {
    "workingType": Choice.of("MARK_PRICE CONTRACT_PRICE"), "closePosition": BOOLEAN, "priceProtect": BOOLEAN,
    "callbackRate": DECIMAL,
}  # fmt: skip
_BY_ID: Final[dict[str, Kind]] = {"symbol": SYMBOL, "orderId": INTEGER, "origClientOrderId": TEXT}
_DEPTH_LEVELS: Final = (5, 10, 20, 50, 100, 500, 1000)
_EITHER_ID: Final = (("orderId", "origClientOrderId"),)
_MODIFY: Final[dict[str, Kind]] = {
    **_BY_ID, "side": _SIDE, "quantity": DECIMAL, "price": DECIMAL, "priceMatch": _MATCH, "modifyId": INTEGER,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Levels:
    # Unlike spot's, a closed set of figures.
    allowed: tuple[int, ...]

    def read(self, name: str, value: Any) -> int:
        levels = INTEGER.read(name, value)
        if levels not in self.allowed:
            raise ApiError(-4021, f"{levels} is not valid depth limit.")
        return levels


def depth(least_weight: int, default: int, allowed: tuple[int, ...] = _DEPTH_LEVELS) -> Method:
    """Make a request for a book of futures or options, which differ in a few figures."""
    prices = ((50, least_weight), (100, 5), (500, 10))

    def weigh(params: Params) -> int:
        limit = number_or(params.get("limit"), default)
        return next((weight for most, weight in prices if limit <= most), 20)

    return unsigned(weigh, {"symbol": SYMBOL, "limit": _Levels(allowed)}, "symbol")


def _one_or_all(one: int, every: int) -> Callable[[Params], int]:
    return lambda params: one if params.get("symbol") is not None else every


def _check_usdm(params: Params) -> None:
    check_futures_order(params, has_algo_orders=True)


def _check_coinm(params: Params) -> None:
    check_futures_order(params, has_algo_orders=False)


def _check_algo(params: Params) -> None:
    check_conditional(params, "triggerPrice", "activatePrice")


def _place(parameters: Mapping[str, Kind], check: Callable[[Params], None], *required: str) -> Method:
    return Method(Security.TRADE, 0, parameters, required, check=check, orders=1)


def _modify(weight: int, parameters: Mapping[str, Kind]) -> Method:
    # Quantity and price, both, since the products were integrated.
    required = ("symbol", "side", "quantity", "price")
    return Method(Security.TRADE, weight, parameters, required, _EITHER_ID, orders=1)


def _user(weight: int, parameters: Mapping[str, Kind]) -> Method:
    return Method(Security.USER_DATA, weight, parameters)


_SESSION: Final[dict[str, Method]] = {
    "session.logon": Method(Security.SIGNED, 2, {}),
    "session.status": unsigned(2, {}),
    "session.logout": unsigned(2, {}),
    "userDataStream.start": Method(Security.KEY, 1, {}),
    "userDataStream.ping": Method(Security.KEY, 1, {"listenKey": TEXT}),
    "userDataStream.stop": Method(Security.KEY, 1, {"listenKey": TEXT}),
}
_ORDERS: Final[dict[str, Method]] = {
    "order.cancel": Method(Security.TRADE, 1, _BY_ID, ("symbol",), _EITHER_ID),
    "order.status": Method(Security.USER_DATA, 1, _BY_ID, ("symbol",), _EITHER_ID),
}

USDM_METHODS: Final[Mapping[str, Method]] = {
    "depth": depth(2, 500),
    "ticker.price": unsigned(_one_or_all(1, 2), {"symbol": SYMBOL}),
    "ticker.book": unsigned(_one_or_all(2, 5), {"symbol": SYMBOL}),
    "order.place": _place(
        # What conditional orders had is still read, to be told that they have moved.
        {
            **_ORDER, **_TRIGGERED, "newClientOrderId": CLIENT_ID, "stopPrice": DECIMAL,
            "activationPrice": DECIMAL, "goodTillDate": INTEGER,
        }, _check_usdm, "symbol", "side", "type",
    ),
    "order.modify": _modify(0, {**_MODIFY, "reduceOnly": BOOLEAN}),
    **_ORDERS,
    "algoOrder.place": _place(
        {
            **_ORDER, **_TRIGGERED, "type": _ALGO_TYPE, "algoType": Choice.of("CONDITIONAL"),
            "triggerPrice": DECIMAL, "activatePrice": DECIMAL, "clientAlgoId": CLIENT_ID,
            "goodTillDate": INTEGER,
        }, _check_algo, "algoType", "symbol", "side", "type",
    ),
    "algoOrder.cancel": Method(
        Security.TRADE, 1, {"algoId": INTEGER, "clientAlgoId": TEXT}, either=(("algoId", "clientAlgoId"),)
    ),
    "account.position": _user(5, {"symbol": SYMBOL}),
    "v2/account.position": _user(5, {"symbol": SYMBOL}),
    "account.balance": _user(5, {}),
    "v2/account.balance": _user(5, {}),
    "account.status": _user(5, {}),
    "v2/account.status": _user(5, {}),
    **_SESSION,
}  # fmt: skip

COINM_METHODS: Final[Mapping[str, Method]] = {
    "order.place": _place(
        {
            **_ORDER, **_TRIGGERED, "newClientOrderId": CLIENT_ID, "stopPrice": DECIMAL,
            "activationPrice": DECIMAL,
            "timeInForce": Choice.of("GTC IOC FOK GTX", -1115, "Invalid timeInForce."),
        }, _check_coinm, "symbol", "side", "type",
    ),
    "order.modify": _modify(1, _MODIFY),
    **_ORDERS,
    "account.position": _user(5, {"marginAsset": TEXT, "pair": TEXT}),
    "account.balance": _user(5, {}),
    "account.status": _user(5, {}),
    **_SESSION,
}  # fmt: skip
