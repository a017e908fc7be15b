"""The REST calls of every product. Those that the WS API has too share its reading: see `spot_methods`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fastbinance._rest_endpoints import RestProduct
from fastbinance.sim.api.call import ApiError
from fastbinance.sim.api.futures_methods import COINM_METHODS, USDM_METHODS, depth
from fastbinance.sim.api.kinds import BOOLEAN, CLIENT_ID, INTEGER, SYMBOL, TEXT, Choice, Kind, Number
from fastbinance.sim.api.method import Method, Security, missing, unsigned
from fastbinance.sim.api.spot_methods import SPOT_METHODS
from fastbinance.sim.rest.endpoint import Endpoint, Meter, Table
from fastbinance.sim.user.keys import KeyProduct

__all__ = ["GONE", "TABLES"]

_DAY_MS: Final = 24 * 3_600_000
#: Of isolated margin, in one question.
_MOST_PAIRS: Final = 5

#: Paths of spot that are no more, since February 2026; with every verb.
GONE: Final = frozenset(
    {"/api/v3/userDataStream", "/sapi/v1/userDataStream", "/sapi/v1/userDataStream/isolated"}
)

# Verb, path without its version's prefix, and the method of the WS API that it is.
_SPOT: Final[tuple[tuple[str, str, str], ...]] = (
    ("GET", "ping", "ping"),
    ("GET", "time", "time"),
    ("GET", "exchangeInfo", "exchangeInfo"),
    ("GET", "depth", "depth"),
    ("GET", "trades", "trades.recent"),
    ("GET", "historicalTrades", "trades.historical"),
    ("GET", "aggTrades", "trades.aggregate"),
    ("GET", "klines", "klines"),
    ("GET", "uiKlines", "uiKlines"),
    ("GET", "avgPrice", "avgPrice"),
    ("GET", "ticker", "ticker"),
    ("GET", "ticker/24hr", "ticker.24hr"),
    ("GET", "ticker/tradingDay", "ticker.tradingDay"),
    ("GET", "ticker/price", "ticker.price"),
    ("GET", "ticker/bookTicker", "ticker.book"),
    ("POST", "order", "order.place"),
    ("GET", "order", "order.status"),
    ("DELETE", "order", "order.cancel"),
    ("POST", "order/test", "order.test"),
    ("POST", "order/cancelReplace", "order.cancelReplace"),
    ("PUT", "order/amend/keepPriority", "order.amend.keepPriority"),
    ("POST", "orderList/oco", "orderList.place.oco"),
    ("POST", "orderList/oto", "orderList.place.oto"),
    ("POST", "orderList/otoco", "orderList.place.otoco"),
    ("DELETE", "orderList", "orderList.cancel"),
    ("GET", "orderList", "orderList.status"),
    ("GET", "openOrderList", "openOrderLists.status"),
    ("GET", "openOrders", "openOrders.status"),
    ("DELETE", "openOrders", "openOrders.cancelAll"),
    ("GET", "allOrders", "allOrders"),
    ("GET", "account", "account.status"),
    ("GET", "account/commission", "account.commission"),
    ("GET", "rateLimit/order", "account.rateLimits.orders"),
    ("GET", "myTrades", "myTrades"),
    ("GET", "myPreventedMatches", "myPreventedMatches"),
)
_ORDERS: Final[tuple[tuple[str, str, str], ...]] = (
    ("POST", "v1/order", "order.place"),
    ("GET", "v1/order", "order.status"),
    ("DELETE", "v1/order", "order.cancel"),
    ("PUT", "v1/order", "order.modify"),
)
_USDM: Final[tuple[tuple[str, str, str], ...]] = (
    *_ORDERS,
    ("GET", "v1/depth", "depth"),
    ("GET", "v2/ticker/price", "ticker.price"),
    ("GET", "v1/ticker/bookTicker", "ticker.book"),
    ("POST", "v1/algoOrder", "algoOrder.place"),
    ("DELETE", "v1/algoOrder", "algoOrder.cancel"),
    ("GET", "v2/account", "account.status"),
    ("GET", "v3/account", "v2/account.status"),
    ("GET", "v2/balance", "account.balance"),
    ("GET", "v3/balance", "v2/account.balance"),
    ("GET", "v2/positionRisk", "account.position"),
    ("GET", "v3/positionRisk", "v2/account.position"),
)
_COINM: Final[tuple[tuple[str, str, str], ...]] = (
    *_ORDERS,
    ("GET", "v1/account", "account.status"),
    ("GET", "v1/balance", "account.balance"),
    ("GET", "v1/positionRisk", "account.position"),
)
# Cheaper than over the WS API.
_COINM_REST: Final[Mapping[str, Method]] = {
    **COINM_METHODS,
    "account.balance": replace(COINM_METHODS["account.balance"], weight=1),
    "account.position": replace(COINM_METHODS["account.position"], weight=1),
}
_TRADES: Final[dict[str, Kind]] = {
    "symbol": SYMBOL, "orderId": INTEGER, "startTime": INTEGER, "endTime": INTEGER, "fromId": INTEGER,
    "limit": Number(1, 1000),
}  # fmt: skip


def _by_symbol(one: int, every: int) -> Method:
    return Method(
        Security.USER_DATA,
        lambda params: one if params.get("symbol") is not None else every,
        {"symbol": SYMBOL, "pair": TEXT},
    )


def _check_token(params: Mapping[str, Any]) -> None:
    if params.get("isIsolated") and "symbol" not in params:
        raise missing("symbol")


def _check_pairs(params: Mapping[str, Any]) -> None:
    if params.get("symbols", "").count(",") >= _MOST_PAIRS:
        raise ApiError(-1130, "Data sent for parameter 'symbols' is not valid.")


_FUTURES: Final[Mapping[tuple[str, str], tuple[str, Method]]] = {
    ("GET", "v1/ping"): ("ping", unsigned(1, {})),
    ("GET", "v1/time"): ("time", unsigned(1, {})),
    ("GET", "v1/exchangeInfo"): ("exchangeInfo", unsigned(1, {})),
    ("GET", "v1/openOrders"): ("openOrders.status", _by_symbol(1, 40)),
    ("DELETE", "v1/allOpenOrders"): (
        "openOrders.cancelAll", Method(Security.TRADE, 1, {"symbol": SYMBOL}, ("symbol",))
    ),
}  # fmt: skip
# It has one size.
_RPI_DEPTH: Final = depth(20, 1000, (1000,))
_USDM_TRADES: Final = Method(Security.USER_DATA, 5, _TRADES, ("symbol",))
_COINM_TRADES: Final = Method(Security.USER_DATA, 20, {**_TRADES, "pair": TEXT}, either=(("symbol", "pair"),))
_TOKEN: Final = Method(
    Security.KEY,
    1,
    {"isIsolated": BOOLEAN, "symbol": SYMBOL, "validity": Number(1, _DAY_MS)},
    check=_check_token,
)


_ISOLATED: Final[dict[str, Kind]] = {"isIsolated": BOOLEAN, "symbol": SYMBOL}
_BY_ID: Final[dict[str, Kind]] = {**_ISOLATED, "orderId": INTEGER, "origClientOrderId": TEXT}
_ONE_ID: Final = (("orderId", "origClientOrderId"),)
_PLACED: Final = SPOT_METHODS["order.place"]
# Order counts of margin are none of spot's, and not counted here.
_MARGIN: Final[Mapping[tuple[str, str], tuple[str, Method]]] = {
    ("POST", "order"): (
        "order.place",
        Method(
            Security.TRADE,
            6,
            {
                **_PLACED.parameters,
                "isIsolated": BOOLEAN,
                "sideEffectType": Choice.of("NO_SIDE_EFFECT MARGIN_BUY AUTO_REPAY AUTO_BORROW_REPAY"),
                "autoRepayAtCancel": BOOLEAN,
            },
            _PLACED.required,
            check=_PLACED.check,
        ),
    ),
    ("DELETE", "order"): (
        "order.cancel",
        Method(Security.TRADE, 10, {**_BY_ID, "newClientOrderId": CLIENT_ID}, ("symbol",), _ONE_ID),
    ),
    ("GET", "order"): ("order.status", Method(Security.USER_DATA, 10, _BY_ID, ("symbol",), _ONE_ID)),
    ("GET", "openOrders"): (
        "openOrders.status", Method(Security.USER_DATA, 10, _ISOLATED, check=_check_token)
    ),
    ("GET", "myTrades"): (
        "myTrades", Method(Security.USER_DATA, 10, {**_TRADES, "isIsolated": BOOLEAN}, ("symbol",))
    ),
    ("GET", "account"): ("account.status", Method(Security.USER_DATA, 10, {})),
    ("GET", "isolated/account"): (
        "isolated.account.status",
        Method(Security.USER_DATA, 10, {"symbols": TEXT}, check=_check_pairs),
    ),
}  # fmt: skip


def _listen_keys(path: str, keys: KeyProduct, meter: Meter, *, names_key: bool = False) -> Table:
    """Make the three calls of one product; futures know the key by the account."""
    create = Method(Security.KEY, 1, {})
    named = Method(Security.KEY, 1, {"listenKey": TEXT}, ("listenKey",) if names_key else ())
    return {
        ("POST", path): Endpoint("listenKey.create", create, meter, keys=keys),
        ("PUT", path): Endpoint("listenKey.renew", named, meter, keys=keys),
        ("DELETE", path): Endpoint("listenKey.close", named, meter, keys=keys),
    }


def _spot() -> Table:
    table: Table = {
        (verb, f"/api/v3/{path}"): Endpoint(name, SPOT_METHODS[name], "spot") for verb, path, name in _SPOT
    }
    for (verb, path), (name, method) in _MARGIN.items():
        table[verb, f"/sapi/v1/margin/{path}"] = Endpoint(f"margin.{name}", method, "sapi")
    table["POST", "/sapi/v1/userListenToken"] = Endpoint("listenToken.create", _TOKEN, "sapi")
    return table | _listen_keys("/sapi/v1/margin/listen-key", "margin_risk", "sapi", names_key=True)


def _usdm() -> Table:
    table: Table = {
        (verb, f"/fapi/{path}"): Endpoint(name, USDM_METHODS[name], "usdm", "usdm")
        for verb, path, name in _USDM
    }
    for (verb, path), (name, method) in _FUTURES.items():
        table[verb, f"/fapi/{path}"] = Endpoint(name, method, "usdm", "usdm")
    table["GET", "/fapi/v1/rpiDepth"] = Endpoint("rpiDepth", _RPI_DEPTH, "usdm", "usdm")
    table["GET", "/fapi/v1/userTrades"] = Endpoint("userTrades", _USDM_TRADES, "usdm", "usdm")
    return table | _listen_keys("/fapi/v1/listenKey", "usdm", "usdm")


def _coinm() -> Table:
    table: Table = {
        (verb, f"/dapi/{path}"): Endpoint(name, _COINM_REST[name], "coinm", "coinm")
        for verb, path, name in _COINM
    }
    for (verb, path), (name, method) in _FUTURES.items():
        table[verb, f"/dapi/{path}"] = Endpoint(name, method, "coinm", "coinm")
    table["GET", "/dapi/v1/depth"] = Endpoint("depth", depth(2, 500), "coinm", "coinm")
    table["GET", "/dapi/v1/userTrades"] = Endpoint("userTrades", _COINM_TRADES, "coinm", "coinm")
    return table | _listen_keys("/dapi/v1/listenKey", "coinm", "coinm")


def _options() -> Table:
    table: Table = {
        ("GET", f"/eapi/v1/{name}"): Endpoint(name, unsigned(1, {}), "options") for name in ("ping", "time")
    }
    table["GET", "/eapi/v1/depth"] = Endpoint("options.depth", depth(1, 100), "options")
    return table | _listen_keys("/eapi/v1/listenKey", "options", "options")


def _portfolio() -> Table:
    table: Table = {("GET", "/papi/v1/ping"): Endpoint("ping", unsigned(1, {}), "portfolio")}
    return table | _listen_keys("/papi/v1/listenKey", "portfolio", "portfolio")


TABLES: Final[Mapping[RestProduct, Table]] = {
    "spot": _spot(),
    "usdm": _usdm(),
    "coinm": _coinm(),
    "options": _options(),
    "portfolio": _portfolio(),
}
