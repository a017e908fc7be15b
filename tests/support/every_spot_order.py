"""The cases of spot that are about orders and the accounts that they belong to."""

from typing import Any, Final

from support.every_method import RESTING, Case, Params, Scene, number

__all__ = ["SPOT_ORDER_CASES"]

_BTC: Final = {"symbol": "BTCUSDT"}
_NO_SYMBOL: Final = {"symbol": "NOSUCHCOIN"}
_NOTHING: Final[Params] = {}
_LIMIT: Final = RESTING["spot"]
_BAD_SYMBOL: Final = -1121
_FILTER: Final = -1013
_FORGED: Final = -1022


def _forged(name: str, right: Any, means: Any) -> Case:
    return Case("spot", name, right, means, _FORGED, refused="forger")


# -- orders


def _id_of_an_order(**more: Any) -> Any:
    return lambda scene: _BTC | {"orderId": scene.order().order_id} | more


def _cancelled_one(scene: Scene) -> Params:
    order = scene.order()
    scene.call("spot", "order.cancel", _BTC | {"orderId": order.order_id})
    return _BTC | {"orderId": order.order_id}


def _replacing(scene: Scene) -> Params:
    return _LIMIT | {
        "price": "49000",
        "cancelReplaceMode": "STOP_ON_FAILURE",
        "cancelOrderId": scene.order().order_id,
    }


def _is_replaced(answer: Any, params: Params) -> bool:
    gone, new = answer.cancel_response, answer.new_order_response
    return (
        (answer.cancel_result, answer.new_order_result) == ("SUCCESS", "SUCCESS")
        and (gone.order_id, gone.status) == (params["cancelOrderId"], "CANCELED")
        and (new.status, number(new.price)) == ("NEW", 49000)
    )


def _two_open(scene: Scene) -> Params:
    return _BTC | {"orders": (scene.order().order_id, scene.order().order_id)}


def _is_amended(answer: Any, params: Params) -> bool:
    amended = answer.amended_order
    return amended.order_id == params["orderId"] and number(amended.qty) == number(params["newQty"])


def _is_resting(order: Any, params: Params) -> bool:
    return (
        (order.symbol, order.side, order.type, order.status) == ("BTCUSDT", "BUY", "LIMIT", "NEW")
        and (number(order.price), number(order.orig_qty))
        == (number(params["price"]), number(params["quantity"]))
        and order.client_order_id.startswith("fb")
        and order.resolved_by is None
    )


_OFF_THE_GRID: Final = _LIMIT | {"price": "50000.001"}
# It would be filled at once, which it must not.
_TAKES: Final = _BTC | {"side": "BUY", "type": "LIMIT_MAKER", "price": "95000", "quantity": "0.002"}
_ORDERS: Final = (
    Case("spot", "order.place", _LIMIT, _is_resting, -2010, _TAKES),
    Case(
        "spot",
        "order.test",
        _LIMIT | {"computeCommissionRates": True},
        lambda answer, _: number(answer.standard_commission_for_order.maker) > 0,
        _FILTER,
        _OFF_THE_GRID,
    ),
    Case(
        "spot",
        "order.cancel",
        _id_of_an_order(),
        lambda answer, params: (
            (answer.status, answer.order_id, answer.is_list) == ("CANCELED", params["orderId"], False)
        ),
        -2011,
        _cancelled_one,
    ),
    Case(
        "spot",
        "order.cancelReplace",
        _replacing,
        _is_replaced,
        -2022,
        _LIMIT | {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": 1},
    ),
    Case(
        "spot",
        "order.amend.keepPriority",
        _id_of_an_order(newQty="0.001"),
        _is_amended,
        -2038,
        _id_of_an_order(newQty="0.003"),
    ),
    Case(
        "spot",
        "openOrders.cancelAll",
        lambda scene: scene.order() and _BTC,
        lambda answer, _: answer and all(one.status == "CANCELED" or one.is_list for one in answer),
        -2011,
        {"symbol": "XRPUSDT"},
    ),
    Case(
        "spot",
        "sor.order.place",
        _LIMIT,
        lambda answer, params: _is_resting(answer[0], params) and answer[0].used_sor,
        _FILTER,
        _OFF_THE_GRID,
    ),
    Case("spot", "sor.order.test", _LIMIT, lambda answer, _: answer, -2015, _LIMIT, refused="reader"),
    Case(
        "spot",
        "order.status",
        _id_of_an_order(),
        lambda answer, params: (answer.status, answer.order_id) == ("NEW", params["orderId"]),
        -2013,
        _BTC | {"orderId": 1},
    ),
)

# -- lists

_SELL_PAIR: Final = _BTC | {
    "side": "SELL",
    "quantity": "0.001",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "150000",
    "belowType": "STOP_LOSS",
    "belowStopPrice": "40000",
}
_OLD_PAIR: Final = _BTC | {"side": "SELL", "quantity": "0.001", "price": "150000", "stopPrice": "40000"}
_WORKING: Final = _BTC | {
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingPrice": "50000",
    "workingQuantity": "0.001",
    "workingTimeInForce": "GTC",
}
_ONE_AFTER: Final = _WORKING | {"pendingType": "MARKET", "pendingSide": "SELL"}
_PAIR_AFTER: Final = _WORKING | {
    "pendingSide": "SELL",
    "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "150000",
    "pendingBelowType": "STOP_LOSS",
    "pendingBelowStopPrice": "40000",
}
_QUANTITY: Final = {"pendingQuantity": "0.001"}


def _list(name: str, right: Params, kind: str, orders: int, wrong: Params, code: int) -> Case:
    def means(answer: Any, _: Params) -> bool:
        statuses = [one.status for one in answer.order_reports]
        return (
            (answer.contingency_type, answer.list_order_status, answer.symbol)
            == (kind, "EXECUTING", "BTCUSDT")
            and [one.order_id for one in answer.orders] == [one.order_id for one in answer.order_reports]
            and len(statuses) == orders
            and set(statuses) == ({"NEW"} if kind == "OCO" else {"NEW", "PENDING_NEW"})
        )

    return Case("spot", name, right, means, code, wrong)


def _list_id(scene: Scene) -> Params:
    return {"orderListId": scene.call("spot", "orderList.place.oco", _SELL_PAIR).order_list_id}


_LISTS: Final = (
    _list("orderList.place", _OLD_PAIR, "OCO", 2, _OLD_PAIR | {"price": "30000"}, -2010),
    _list("orderList.place.oco", _SELL_PAIR, "OCO", 2, _SELL_PAIR | {"belowStopPrice": "160000"}, -2010),
    _list(
        "orderList.place.oto",
        _ONE_AFTER | _QUANTITY,
        "OTO",
        2,
        _ONE_AFTER | {"pendingQuantity": "0.0000000001"},
        -1111,
    ),
    _list(
        "orderList.place.otoco",
        _PAIR_AFTER | _QUANTITY,
        "OTO",
        3,
        _PAIR_AFTER | _QUANTITY | {"workingPrice": "50000.001"},
        _FILTER,
    ),
    _list("orderList.place.opo", _ONE_AFTER, "OTO", 2, _ONE_AFTER | {"pendingSide": "BUY"}, -2010),
    _list("orderList.place.opoco", _PAIR_AFTER, "OTO", 3, _PAIR_AFTER | {"pendingSide": "BUY"}, -2010),
    Case(
        "spot",
        "orderList.cancel",
        lambda scene: _BTC | _list_id(scene),
        lambda answer, params: (
            (answer.order_list_id, answer.list_order_status) == (params["orderListId"], "ALL_DONE")
            and [one.status for one in answer.order_reports] == ["CANCELED"] * 2
        ),
        -2011,
        _BTC | {"orderListId": 1},
    ),
    Case(
        "spot",
        "orderList.status",
        _list_id,
        lambda answer, params: (
            (answer.order_list_id, answer.contingency_type) == (params["orderListId"], "OCO")
        ),
        -2018,
        {"orderListId": 1},
    ),
    _forged(
        "openOrderLists.status",
        lambda scene: _list_id(scene) and _NOTHING,
        lambda answer, _: answer and all(one.list_order_status == "EXECUTING" for one in answer),
    ),
    Case(
        "spot",
        "allOrderLists",
        lambda scene: {"fromId": _list_id(scene)["orderListId"]},
        lambda answer, params: answer[0].order_list_id == params["fromId"],
        -1128,
        {"fromId": 1, "startTime": 1},
    ),
)

# -- accounts


def _traded(scene: Scene) -> Params:
    return _BTC | {"orderId": scene.trade("spot").order_id}


def _are_my_trades(trades: Any, params: Params) -> bool:
    return sum(number(one.qty) for one in trades) == number(_LIMIT["quantity"]) and all(
        (one.order_id, one.is_buyer, one.is_maker, one.commission_asset)
        == (params["orderId"], True, False, "BTC")
        for one in trades
    )


def _met_myself(scene: Scene) -> Params:
    # A bid at the top, and a sale that would meet it behind that of the crowd.
    top = scene.call("spot", "ticker.book", _BTC)
    scene.order(price=top.bid_price)
    much = str(number(top.bid_qty) + number("0.001"))
    stopped = scene.order(
        side="SELL", price=top.bid_price, quantity=much, selfTradePreventionMode="EXPIRE_TAKER"
    )
    return _BTC | {"orderId": stopped.order_id}


def _amended(scene: Scene) -> Params:
    params = _id_of_an_order(newQty="0.001")(scene)
    scene.call("spot", "order.amend.keepPriority", params)
    return _BTC | {"orderId": params["orderId"]}


def _is_account(account: Any, _: Params) -> bool:
    balances = {one.asset: number(one.free) + number(one.locked) for one in account.balances}
    return (
        account.account_type == "SPOT"
        and account.can_trade
        and balances["USDT"] > 0
        and all(balances.values())
    )


_ACCOUNT: Final = (
    _forged("account.status", {"omitZeroBalances": True}, _is_account),
    Case(
        "spot",
        "openOrders.status",
        lambda scene: scene.order() and _BTC,
        lambda answer, _: (
            {"BTCUSDT"} == {one.symbol for one in answer}
            and {one.status for one in answer} <= {"NEW", "PARTIALLY_FILLED", "PENDING_NEW"}
        ),
        _BAD_SYMBOL,
        _NO_SYMBOL,
    ),
    Case(
        "spot",
        "allOrders",
        _cancelled_one,
        lambda answer, params: (answer[0].order_id, answer[0].status) == (params["orderId"], "CANCELED"),
        _BAD_SYMBOL,
        _NO_SYMBOL,
    ),
    Case("spot", "myTrades", _traded, _are_my_trades, _BAD_SYMBOL, _NO_SYMBOL),
    _forged(
        "account.rateLimits.orders",
        lambda scene: scene.order() and _NOTHING,
        lambda answer, _: [one.interval for one in answer] == ["SECOND", "DAY"] and answer[1].count > 0,
    ),
    Case(
        "spot",
        "myPreventedMatches",
        _met_myself,
        lambda answer, params: (
            [(one.taker_order_id, one.self_trade_prevention_mode) for one in answer]
            == [(params["orderId"], "EXPIRE_TAKER")]
        ),
        _BAD_SYMBOL,
        _NO_SYMBOL | {"orderId": 1},
    ),
    Case("spot", "myAllocations", _BTC, lambda answer, _: answer == [], _BAD_SYMBOL, _NO_SYMBOL),
    Case(
        "spot",
        "account.commission",
        _BTC,
        lambda answer, _: number(answer.standard_commission.taker) > 0,
        _BAD_SYMBOL,
        _NO_SYMBOL,
    ),
    Case(
        "spot",
        "order.amendments",
        _amended,
        lambda answer, _: (
            [(number(one.orig_qty), number(one.new_qty)) for one in answer]
            == [(number("0.002"), number("0.001"))]
        ),
        -2013,
        _BTC | {"orderId": 1},
    ),
    Case(
        "spot",
        "myFilters",
        _BTC,
        lambda answer, _: (
            {"PRICE_FILTER", "LOT_SIZE"} <= {one["filterType"] for one in answer.symbol_filters}
        ),
        _BAD_SYMBOL,
        _NO_SYMBOL,
    ),
)

SPOT_ORDER_CASES: Final = (*_ORDERS, *_LISTS, *_ACCOUNT)
