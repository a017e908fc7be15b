"""The methods of spot, as documented: parameters, security, weights. A reading of its own: see `method`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.api.kinds import BOOLEAN, INTEGER, SYMBOL, TEXT, TEXTS, Choice, Kind, Number, number_or
from fastbinance.sim.api.method import Method, Security, unsigned
from fastbinance.sim.api.spot_orders import ORDER_METHODS
from fastbinance.sim.intervals import SPOT_INTERVALS

__all__ = ["SPOT_METHODS"]

Params = Mapping[str, Any]

_LIMIT: Final = Number(1, 1000)
_DEPTH_LIMIT: Final = Number(1, 5000)
_INTERVAL: Final = Choice(SPOT_INTERVALS, -1120, "Invalid interval.")
_STATUS: Final = Choice.of("TRADING HALT BREAK CANCEL_ONLY", -1122, "Invalid symbolStatus.")
_TICKER: Final = Choice.of("FULL MINI", -1139, "Invalid ticker type.")
_WINDOW: Final = Choice(
    frozenset(
        [f"{count}m" for count in range(1, 60)] + [f"{count}h" for count in range(1, 24)]
        + [f"{count}d" for count in range(1, 8)]
    )
)  # fmt: skip
_ONE_OR_MANY: Final[dict[str, Kind]] = {"symbol": SYMBOL, "symbols": TEXTS, "symbolStatus": _STATUS}
_SPAN: Final[dict[str, Kind]] = {"startTime": INTEGER, "endTime": INTEGER, "limit": _LIMIT}
_KLINES: Final[dict[str, Kind]] = {"symbol": SYMBOL, "interval": _INTERVAL, "timeZone": TEXT, **_SPAN}


def _by_limit(params: Params) -> int:
    limit = number_or(params.get("limit"), 100)
    return next(weight for most, weight in ((100, 5), (500, 25), (1000, 50), (limit, 250)) if limit <= most)


def _symbols(params: Params) -> int | None:
    # How many are asked for; None is all.
    if params.get("symbol") is not None:
        return 1
    symbols = params.get("symbols")
    return len(symbols) if isinstance(symbols, list) else None if symbols is None else 1


def _each(weight: int, most: int) -> Callable[[Params], int]:
    def weigh(params: Params) -> int:
        count = _symbols(params)
        return most if count is None else min(most, weight * count)

    return weigh


def _day_ticker(params: Params) -> int:
    count = _symbols(params)
    if count is None or count > 100:
        return 80
    return 2 if count <= 20 else 40


def _price_ticker(params: Params) -> int:
    return 2 if params.get("symbol") is not None else 4


def _only_one(*names: str) -> Callable[[Params], None]:
    def check(params: Params) -> None:
        if sum(name in params for name in names) > 1:
            raise ApiError(-1128, "Combination of optional parameters invalid.")

    return check


def _user(
    weight: int | Callable[[Params], int],
    parameters: Mapping[str, Kind],
    *required: str,
    either: tuple[tuple[str, ...], ...] = (),
    check: Callable[[Params], None] | None = None,
) -> Method:
    return Method(Security.USER_DATA, weight, parameters, required, either, check)


def _tickers(weight: Callable[[Params], int], parameters: Mapping[str, Kind], *, needs_one: bool) -> Method:
    return Method(
        Security.NONE,
        weight,
        {**_ONE_OR_MANY, **parameters},
        either=(("symbol", "symbols"),) if needs_one else (),
        check=_only_one("symbol", "symbols"),
    )


_SYMBOL: Final[dict[str, Kind]] = {"symbol": SYMBOL}
_ID: Final[dict[str, Kind]] = {"symbol": SYMBOL, "orderId": INTEGER, "origClientOrderId": TEXT}

SPOT_METHODS: Final[Mapping[str, Method]] = {
    **ORDER_METHODS,
    # -- general
    "ping": unsigned(1, {}),
    "time": unsigned(1, {}),
    "exchangeInfo": Method(
        Security.NONE, 20, {**_ONE_OR_MANY, "permissions": TEXTS, "showPermissionSets": BOOLEAN},
        check=_only_one("symbol", "symbols", "permissions"),
    ),
    "executionRules": Method(
        Security.NONE, _each(2, 40), _ONE_OR_MANY, check=_only_one("symbol", "symbols", "symbolStatus")
    ),
    # -- market data
    "depth": unsigned(
        _by_limit, {"symbol": SYMBOL, "limit": _DEPTH_LIMIT, "symbolStatus": _STATUS}, "symbol"
    ),
    "trades.recent": unsigned(25, {"symbol": SYMBOL, "limit": _LIMIT}, "symbol"),
    "trades.historical": unsigned(25, {"symbol": SYMBOL, "fromId": INTEGER, "limit": _LIMIT}, "symbol"),
    "blockTrades.historical": unsigned(
        25, {"symbol": SYMBOL, "fromId": INTEGER, "limit": _LIMIT}, "symbol", "fromId"
    ),
    "trades.aggregate": unsigned(4, {"symbol": SYMBOL, "fromId": INTEGER, **_SPAN}, "symbol"),
    "klines": unsigned(2, _KLINES, "symbol", "interval"),
    "uiKlines": unsigned(2, _KLINES, "symbol", "interval"),
    "avgPrice": unsigned(2, _SYMBOL, "symbol"),
    "ticker.24hr": _tickers(_day_ticker, {"type": _TICKER}, needs_one=False),
    "ticker.tradingDay": _tickers(_each(4, 200), {"type": _TICKER, "timeZone": TEXT}, needs_one=True),
    "ticker": _tickers(_each(4, 200), {"type": _TICKER, "windowSize": _WINDOW}, needs_one=True),
    "ticker.price": _tickers(_price_ticker, {}, needs_one=False),
    "ticker.book": _tickers(_price_ticker, {}, needs_one=False),
    "referencePrice": unsigned(2, _SYMBOL, "symbol"),
    "referencePrice.calculation": unsigned(2, {"symbol": SYMBOL, "symbolStatus": _STATUS}, "symbol"),
    # -- session
    "session.logon": Method(Security.SIGNED, 2, {}),
    "session.status": unsigned(2, {}),
    "session.logout": unsigned(2, {}),
    "session.subscriptions": unsigned(2, {}),
    # -- account
    "account.status": _user(20, {"omitZeroBalances": BOOLEAN}),
    "order.status": _user(4, _ID, "symbol", either=(("orderId", "origClientOrderId"),)),
    "openOrders.status": _user(lambda params: 6 if params.get("symbol") is not None else 80, _SYMBOL),
    "allOrders": _user(20, {"symbol": SYMBOL, "orderId": INTEGER, **_SPAN}, "symbol"),
    "orderList.status": _user(
        4, {"origClientOrderId": TEXT, "orderListId": INTEGER}, either=(("orderListId", "origClientOrderId"),)
    ),
    "openOrderLists.status": _user(6, {}),
    "allOrderLists": _user(20, {"fromId": INTEGER, **_SPAN}, check=_only_one("fromId", "startTime")),
    "myTrades": _user(
        lambda params: 5 if params.get("orderId") is not None else 20,
        {"symbol": SYMBOL, "orderId": INTEGER, "fromId": INTEGER, **_SPAN}, "symbol",
    ),
    "account.rateLimits.orders": _user(40, {}),
    "myPreventedMatches": _user(
        lambda params: 20 if params.get("orderId") is not None else 2,
        {
            "symbol": SYMBOL, "preventedMatchId": INTEGER, "orderId": INTEGER,
            "fromPreventedMatchId": INTEGER, "limit": _LIMIT,
        }, "symbol", either=(("preventedMatchId", "orderId"),),
    ),
    "myAllocations": _user(
        20, {"symbol": SYMBOL, "fromAllocationId": INTEGER, "orderId": INTEGER, **_SPAN}, "symbol"
    ),
    "account.commission": _user(20, _SYMBOL, "symbol"),
    "order.amendments": _user(
        4, {"symbol": SYMBOL, "orderId": INTEGER, "fromExecutionId": INTEGER, "limit": _LIMIT}, "symbol",
        "orderId",
    ),
    "myFilters": _user(40, _SYMBOL, "symbol"),
    # -- user data
    "userDataStream.subscribe": Method(Security.SUBSCRIBE, 2, {}),
    "userDataStream.subscribe.signature": Method(Security.SIGNED, 2, {}),
    "userDataStream.subscribe.listenToken": unsigned(2, {"listenToken": TEXT}, "listenToken"),
    "userDataStream.unsubscribe": unsigned(2, {"subscriptionId": INTEGER}),
}  # fmt: skip
