"""Cancelling, replacing, amending and asking for spot orders."""

from typing import Any

import pytest
from support.trading import TradingScene

from fastbinance.sim.trading import SimAccount

UNKNOWN = (-2011, "Unknown order sent.")
NEW_ORDER: dict[str, Any] = {
    "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "88000", "quantity": "0.1",
}  # fmt: skip
CROSSING: dict[str, Any] = {"side": "BUY", "type": "LIMIT_MAKER", "price": "91000", "quantity": "0.1"}


@pytest.fixture
def scene() -> TradingScene:
    return TradingScene()


def test_order_is_cancelled_once(scene: TradingScene) -> None:
    order_id = scene.limit("BUY", "89000", "0.1")["orderId"]
    scene.ask("order.cancel", orderId=order_id)
    assert scene.refusal("order.cancel", orderId=order_id) == UNKNOWN
    assert scene.refusal("order.cancel", orderId=1) == UNKNOWN
    assert scene.refusal("order.status", orderId=1) == (-2013, "Order does not exist.")


def test_id_and_client_id_must_be_of_one_order(scene: TradingScene) -> None:
    one = scene.limit("BUY", "89000", "0.1", newClientOrderId="one")
    scene.limit("BUY", "89000", "0.1", newClientOrderId="two")
    assert scene.refusal("order.cancel", orderId=one["orderId"], origClientOrderId="two") == UNKNOWN
    assert scene.ask("order.cancel", orderId=one["orderId"], origClientOrderId="one")["status"] == "CANCELED"


def test_cancellation_has_an_id_of_its_own(scene: TradingScene) -> None:
    scene.limit("BUY", "89000", "0.1", newClientOrderId="mine")
    cancelled = scene.ask("order.cancel", origClientOrderId="mine", newClientOrderId="cancel-1")
    assert cancelled["clientOrderId"] == "cancel-1"
    report = scene.told("executionReport")[-1]
    assert (report["x"], report["c"], report["C"], report["w"]) == ("CANCELED", "cancel-1", "mine", False)


def test_other_accounts_orders_are_unknown() -> None:
    scene = TradingScene(SimAccount("other", secret="s"))
    order = scene.limit("BUY", "89000", "0.1", newClientOrderId="mine")
    assert scene.refusal("order.cancel", orderId=order["orderId"], api_key="other") == UNKNOWN
    assert scene.refusal("order.status", origClientOrderId="mine", api_key="other")[0] == -2013
    assert scene.ask("openOrders.status", api_key="other") == []


@pytest.mark.parametrize(
    ("restriction", "fills", "is_cancelled"),
    [
        ("ONLY_NEW", False, True),
        ("ONLY_NEW", True, False),
        ("ONLY_PARTIALLY_FILLED", True, True),
        ("ONLY_PARTIALLY_FILLED", False, False),
    ],
)
def test_restricted_cancel_looks_at_what_is_filled(
    scene: TradingScene, restriction: str, fills: bool, is_cancelled: bool
) -> None:
    order_id = scene.limit("BUY", "90010" if fills else "89000", "2")["orderId"]
    params = {"orderId": order_id, "cancelRestrictions": restriction}
    if is_cancelled:
        assert scene.ask("order.cancel", **params)["status"] == "CANCELED"
    else:
        refusal = -2011, "Order was not canceled due to cancel restrictions."
        assert scene.refusal("order.cancel", **params) == refusal
        assert scene.status_of(order_id) != "CANCELED"


def test_replacement_tells_both_halves(scene: TradingScene) -> None:
    old = scene.limit("BUY", "89000", "0.1")["orderId"]
    replaced = scene.ask(
        "order.cancelReplace", cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=old,
        cancelNewClientOrderId="cancel-1", newClientOrderId="new-1", **NEW_ORDER,
    )  # fmt: skip
    assert list(replaced) == ["cancelResult", "newOrderResult", "cancelResponse", "newOrderResponse"]
    assert replaced["cancelResponse"]["clientOrderId"] == "cancel-1"
    assert replaced["newOrderResponse"]["clientOrderId"] == "new-1"
    assert scene.status_of(old) == "CANCELED"
    assert scene.balance("USDT")[1] == "8800.00000000"


def test_replacement_may_spend_what_the_old_order_held() -> None:
    scene = TradingScene(SimAccount("poor", secret="s", balances={"spot": {"USDT": 9000}}))
    order = scene.limit("BUY", "90000", "0.1", api_key="poor")
    replaced = scene.ask(
        "order.cancelReplace", cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=order["orderId"],
        api_key="poor", **NEW_ORDER,
    )  # fmt: skip
    assert replaced["newOrderResult"] == "SUCCESS"


FAILURES = [
    ("no old order, stop", "STOP_ON_FAILURE", False, NEW_ORDER, 400, -2022, "FAILURE", "NOT_ATTEMPTED"),
    ("no old order, go on", "ALLOW_FAILURE", False, NEW_ORDER, 409, -2021, "FAILURE", "SUCCESS"),
    ("bad new order, stop", "STOP_ON_FAILURE", True, CROSSING, 409, -2021, "SUCCESS", "FAILURE"),
    ("bad new order, go on", "ALLOW_FAILURE", True, CROSSING, 409, -2021, "SUCCESS", "FAILURE"),
    ("neither", "ALLOW_FAILURE", False, CROSSING, 400, -2022, "FAILURE", "FAILURE"),
]


@pytest.mark.parametrize(
    ("mode", "is_there", "new", "status", "code", "cancel", "placed"),
    [case[1:] for case in FAILURES],
    ids=[case[0] for case in FAILURES],
)
def test_half_of_a_replacement_may_fail(
    scene: TradingScene,
    mode: str,
    is_there: bool,
    new: dict[str, Any],
    status: int,
    code: int,
    cancel: str,
    placed: str,
) -> None:
    old = scene.limit("BUY", "89000", "0.1")["orderId"]
    error = scene.error(
        "order.cancelReplace", cancelReplaceMode=mode, cancelOrderId=old if is_there else 1, **new
    )
    assert (error.status, error.code) == (status, code)
    assert error.data is not None
    assert (error.data["cancelResult"], error.data["newOrderResult"]) == (cancel, placed)
    assert (error.data["newOrderResponse"] is None) == (placed == "NOT_ATTEMPTED")
    if cancel == "FAILURE":
        assert error.data["cancelResponse"] == {"code": -2011, "msg": "Unknown order sent."}
    if placed == "FAILURE":
        assert error.data["newOrderResponse"]["code"] == -2010
    assert scene.status_of(old) == ("CANCELED" if is_there else "NEW")
    assert len(scene.ask("openOrders.status")) == (not is_there) + (placed == "SUCCESS")


def test_new_order_that_no_filter_lets_through_leaves_the_old_one_alone(scene: TradingScene) -> None:
    old = scene.limit("BUY", "89000", "0.1")["orderId"]
    refusal = scene.refusal(
        "order.cancelReplace", cancelReplaceMode="ALLOW_FAILURE", cancelOrderId=old,
        **(NEW_ORDER | {"price": "88000.001"}),
    )  # fmt: skip
    assert refusal == (-1013, "Filter failure: PRICE_FILTER")
    assert scene.status_of(old) == "NEW"


def test_amended_order_keeps_its_place_and_frees_what_it_gave_up(scene: TradingScene) -> None:
    first = scene.limit("BUY", "89000", "0.3", newClientOrderId="first")
    second = scene.limit("BUY", "89000", "0.3")
    amended = scene.ask("order.amend.keepPriority", origClientOrderId="first", newQty="0.1")
    assert scene.balance("USDT")[1] == "35600.00000000"
    body = amended["amendedOrder"]
    assert (body["origClientOrderId"], body["qty"], body["status"]) == ("first", "0.10000000", "NEW")
    scene.move([("88000", "1")], [("89000", "0.1")])
    assert scene.status_of(first["orderId"]) == "FILLED"
    assert scene.status_of(second["orderId"]) == "NEW"


def test_amendment_is_told_and_remembered(scene: TradingScene) -> None:
    order = scene.limit("BUY", "89000", "0.3", newClientOrderId="first")
    amended = scene.ask(
        "order.amend.keepPriority", orderId=order["orderId"], newQty="0.2", newClientOrderId="second"
    )
    report = scene.told("executionReport")[-1]
    assert (report["x"], report["X"], report["c"], report["C"]) == ("REPLACED", "NEW", "second", "first")
    assert (report["q"], report["I"]) == ("0.20000000", amended["executionId"])
    assert scene.ask("order.amendments", orderId=order["orderId"]) == [
        {
            "symbol": "BTCUSDT",
            "orderId": order["orderId"],
            "executionId": amended["executionId"],
            "origClientOrderId": "first",
            "newClientOrderId": "second",
            "origQty": "0.30000000",
            "newQty": "0.20000000",
            "time": scene.now_ms,
        }
    ]
    assert scene.ask("order.status", origClientOrderId="second")["origQty"] == "0.20000000"
    assert scene.refusal("order.status", origClientOrderId="first")[0] == -2013


@pytest.mark.parametrize(
    ("qty", "code"), [("0.4", -2038), ("0.3", -2038), ("0", -1013), ("0.1000001", -1013)]
)
def test_amendment_lowers_a_quantity_and_nothing_else(scene: TradingScene, qty: str, code: int) -> None:
    order_id = scene.limit("BUY", "89000", "0.3")["orderId"]
    assert scene.refusal("order.amend.keepPriority", orderId=order_id, newQty=qty)[0] == code
    assert scene.ask("order.status", orderId=order_id)["origQty"] == "0.30000000"


def test_order_is_not_amended_to_what_is_filled_already(scene: TradingScene) -> None:
    order_id = scene.limit("BUY", "90010", "2")["orderId"]
    assert scene.refusal("order.amend.keepPriority", orderId=order_id, newQty="1")[0] == -2038


def test_cancelling_everything_tells_each_order_and_each_list(scene: TradingScene) -> None:
    scene.limit("BUY", "89000", "0.1")
    scene.ask(
        "orderList.place.oco", side="SELL", quantity="0.1", aboveType="LIMIT_MAKER", abovePrice="95000",
        belowType="STOP_LOSS", belowStopPrice="85000",
    )  # fmt: skip
    order, pair = scene.ask("openOrders.cancelAll")
    assert order["status"] == "CANCELED"
    assert [leg["status"] for leg in pair["orderReports"]] == ["CANCELED", "CANCELED"]
    assert scene.refusal("openOrders.cancelAll") == UNKNOWN
    assert (scene.balance("USDT")[1], scene.balance("BTC")[1]) == ("0.00000000", "0.00000000")


def test_orders_are_told_by_symbol_id_and_time(scene: TradingScene) -> None:
    ids = []
    for _ in range(4):
        ids.append(scene.limit("BUY", "89000", "0.1")["orderId"])
        scene.now_ms += 1000
    start_ms = scene.now_ms - 4000

    def found(**params: Any) -> list[int]:
        return [order["orderId"] for order in scene.ask("allOrders", **params)]

    assert found() == ids
    assert found(limit=2) == ids[2:]
    assert found(orderId=ids[1], limit=2) == ids[1:3]
    assert found(startTime=start_ms + 1000, endTime=start_ms + 2000) == ids[1:3]
    assert found(endTime=start_ms) == ids[:1]
    assert scene.refusal("allOrders", startTime=0, endTime=90_000_000)[0] == -1127
    scene.limit("BUY", "2900", "0.1", symbol="ETHUSDT")
    assert len(scene.ask("openOrders.status", symbol=None)) == 5
    assert len(scene.ask("openOrders.status")) == 4


def test_state_of_an_order_has_binances_keys_in_its_order(scene: TradingScene) -> None:
    order_id = scene.limit("BUY", "89000", "0.1", strategyId=1, strategyType=1_000_000)["orderId"]
    assert list(scene.ask("order.status", orderId=order_id)) == [
        "symbol", "orderId", "orderListId", "clientOrderId", "price", "origQty", "executedQty",
        "cummulativeQuoteQty", "status", "timeInForce", "type", "side", "stopPrice", "icebergQty", "time",
        "updateTime", "isWorking", "workingTime", "origQuoteOrderQty", "strategyId", "strategyType",
        "selfTradePreventionMode",
    ]  # fmt: skip
