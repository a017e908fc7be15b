"""Orders that depend on each other: OCO, OTO, and what they become."""

from typing import Any

import pytest
from support.trading import TradingScene

from fastbinance.sim.trading import SimAccount

SELL_PAIR: dict[str, Any] = {
    "side": "SELL", "quantity": "0.2", "aboveType": "LIMIT_MAKER", "abovePrice": "91000",
    "belowType": "STOP_LOSS_LIMIT", "belowStopPrice": "89000", "belowPrice": "88900",
    "belowTimeInForce": "GTC",
}  # fmt: skip
BUY_PAIR: dict[str, Any] = {
    "side": "BUY", "quantity": "0.2", "belowType": "LIMIT_MAKER", "belowPrice": "89000",
    "aboveType": "STOP_LOSS", "aboveStopPrice": "91000",
}  # fmt: skip
WORKING: dict[str, Any] = {
    "workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "89000", "workingQuantity": "0.2",
    "workingTimeInForce": "GTC",
}  # fmt: skip
AFTER_ONE: dict[str, Any] = {
    "pendingType": "LIMIT", "pendingSide": "SELL", "pendingPrice": "95000", "pendingTimeInForce": "GTC",
}  # fmt: skip
AFTER_PAIR: dict[str, Any] = {
    "pendingSide": "SELL", "pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "95000",
    "pendingBelowType": "STOP_LOSS", "pendingBelowStopPrice": "85000",
}  # fmt: skip
LOW = ([("88990", "5")], [("89000", "5")])
NOTHING = "0.00000000"


@pytest.fixture
def scene() -> TradingScene:
    return TradingScene()


def statuses(scene: TradingScene, placed: dict[str, Any]) -> list[str]:
    return [scene.status_of(order["orderId"]) for order in placed["orders"]]


def list_status(scene: TradingScene, placed: dict[str, Any]) -> str:
    return str(scene.ask("orderList.status", orderListId=placed["orderListId"])["listOrderStatus"])


def test_pair_is_told_stop_first_and_locks_once(scene: TradingScene) -> None:
    placed = scene.ask("orderList.place.oco", listClientOrderId="pair", **SELL_PAIR)
    assert list(placed) == [
        "orderListId", "contingencyType", "listStatusType", "listOrderStatus", "listClientOrderId",
        "transactionTime", "symbol", "orders", "orderReports",
    ]  # fmt: skip
    assert (placed["contingencyType"], placed["listClientOrderId"]) == ("OCO", "pair")
    assert [report["type"] for report in placed["orderReports"]] == ["STOP_LOSS_LIMIT", "LIMIT_MAKER"]
    assert scene.balance("BTC")[1] == "0.20000000"


def test_pair_that_buys_locks_the_dearer_of_its_orders(scene: TradingScene) -> None:
    scene.ask("orderList.place.oco", **BUY_PAIR)
    assert scene.balance("USDT")[1] == "18200.00000000"


def test_first_fill_of_one_lets_the_other_expire(scene: TradingScene) -> None:
    placed = scene.ask("orderList.place.oco", **SELL_PAIR)
    scene.told_briefly()
    scene.move([("91000", "0.1")], [("91010", "1")])
    assert statuses(scene, placed) == ["EXPIRED", "PARTIALLY_FILLED"]
    assert list_status(scene, placed) == "EXECUTING"
    assert scene.balance("BTC")[1] == "0.10000000"
    scene.move([("91500", "1")], [("91510", "1")])
    assert statuses(scene, placed) == ["EXPIRED", "FILLED"]
    assert list_status(scene, placed) == "ALL_DONE"
    assert scene.told_briefly(("e", "X", "eR", "L")) == [
        ("executionReport", "PARTIALLY_FILLED", "91000.00000000"),
        ("executionReport", "EXPIRED", "OCO_TRIGGER", NOTHING),
        ("outboundAccountPosition",),
        ("executionReport", "FILLED", "91000.00000000"),
        ("listStatus", "ALL_DONE"),
        ("outboundAccountPosition",),
    ]


def test_trigger_of_one_lets_the_other_expire(scene: TradingScene) -> None:
    placed = scene.ask("orderList.place.oco", **SELL_PAIR)
    scene.move([("88000", "1")], [("88010", "1")])
    assert statuses(scene, placed) == ["NEW", "EXPIRED"]
    scene.move([("88900", "1")], [("88910", "1")])
    assert statuses(scene, placed) == ["FILLED", "EXPIRED"]
    assert scene.balance("BTC") == ("99.80000000", NOTHING)


def test_triggered_buy_gives_back_what_it_does_not_need(scene: TradingScene) -> None:
    placed = scene.ask("orderList.place.oco", **BUY_PAIR)
    scene.move([("90990", "1")], [("91000", "1")])
    assert statuses(scene, placed) == ["FILLED", "EXPIRED"]
    assert scene.balance("USDT") == ("9981800.00000000", NOTHING)


def test_cancelling_one_cancels_both(scene: TradingScene) -> None:
    placed = scene.ask("orderList.place.oco", **SELL_PAIR)
    cancelled = scene.ask("order.cancel", orderId=placed["orders"][1]["orderId"])
    assert (cancelled["listOrderStatus"], len(cancelled["orderReports"])) == ("ALL_DONE", 2)
    assert statuses(scene, placed) == ["CANCELED", "CANCELED"]
    assert scene.balance("BTC") == ("100.00000000", NOTHING)


def test_list_is_cancelled_once(scene: TradingScene) -> None:
    scene.ask("orderList.place.oco", listClientOrderId="pair", **SELL_PAIR)
    cancelled = scene.ask("orderList.cancel", listClientOrderId="pair", newClientOrderId="cancel-1")
    assert {report["clientOrderId"] for report in cancelled["orderReports"]} == {"cancel-1"}
    unknown = (-2011, "Unknown order list sent.")
    assert scene.refusal("orderList.cancel", listClientOrderId="pair") == unknown
    assert scene.refusal("orderList.cancel", orderListId=1) == unknown


def test_new_list_is_told_before_its_orders_and_done_after_them(scene: TradingScene) -> None:
    scene.ask("orderList.place.oco", **SELL_PAIR)
    assert scene.told_briefly() == [
        ("listStatus",),
        ("executionReport", "NEW", "NEW"),
        ("executionReport", "NEW", "NEW"),
        ("outboundAccountPosition",),
    ]
    scene.ask("openOrders.cancelAll")
    assert scene.told_briefly() == [
        ("executionReport", "CANCELED", "CANCELED"),
        ("executionReport", "CANCELED", "CANCELED"),
        ("listStatus",),
        ("outboundAccountPosition",),
    ]


@pytest.mark.parametrize("side", ["SELL", "BUY"])
def test_deprecated_way_places_the_same_pair(scene: TradingScene, side: str) -> None:
    price, stop = ("91000", "89000") if side == "SELL" else ("89000", "91000")
    placed = scene.ask("orderList.place", side=side, quantity="0.2", price=price, stopPrice=stop)
    assert [report["type"] for report in placed["orderReports"]] == ["STOP_LOSS", "LIMIT_MAKER"]
    limited = scene.ask(
        "orderList.place", side=side, quantity="0.2", price=price, stopPrice=stop, stopLimitPrice=stop,
        stopLimitTimeInForce="GTC", stopClientOrderId="s", limitClientOrderId="l",
    )  # fmt: skip
    assert [report["type"] for report in limited["orderReports"]] == ["STOP_LOSS_LIMIT", "LIMIT_MAKER"]
    assert [order["clientOrderId"] for order in limited["orders"]] == ["s", "l"]


RELATION = (-2010, "The relationship of the prices for the orders is not correct.")
COMBINATION = (-2010, "Unsupported order combination")
DUPLICATE = (-2010, "Duplicate order sent.")
INSUFFICIENT = (-2010, "Account has insufficient balance for requested action.")
BAD_PAIRS: list[tuple[str, dict[str, Any], tuple[int, str]]] = [
    ("above is below the market", {"abovePrice": "89900"}, RELATION),
    ("below is above the market", {"belowStopPrice": "90500"}, RELATION),
    ("two stops", {"aboveType": "STOP_LOSS", "aboveStopPrice": "91000"}, COMBINATION),
    ("one client id", {"aboveClientOrderId": "x", "belowClientOrderId": "x"}, DUPLICATE),
    ("too much", {"quantity": "101"}, INSUFFICIENT),
]


@pytest.mark.parametrize(
    ("params", "refusal"), [case[1:] for case in BAD_PAIRS], ids=[case[0] for case in BAD_PAIRS]
)
def test_bad_pair_is_rejected_as_a_whole(
    scene: TradingScene, params: dict[str, Any], refusal: tuple[int, str]
) -> None:
    assert scene.refusal("orderList.place.oco", **(SELL_PAIR | params)) == refusal
    assert (scene.ask("openOrders.status"), scene.ask("openOrderLists.status"), scene.events) == ([], [], [])
    assert scene.balance("BTC") == ("100.00000000", NOTHING)


def test_client_id_of_a_list_is_taken_while_it_is_open(scene: TradingScene) -> None:
    first = scene.ask("orderList.place.oco", listClientOrderId="pair", **SELL_PAIR)
    refusal = scene.refusal("orderList.place.oco", listClientOrderId="pair", **SELL_PAIR)
    assert refusal == (-2010, "Duplicate order sent.")
    scene.ask("orderList.cancel", orderListId=first["orderListId"])
    second = scene.ask("orderList.place.oco", listClientOrderId="pair", **SELL_PAIR)
    found = scene.ask("orderList.status", origClientOrderId="pair")
    assert found["orderListId"] == second["orderListId"]


def test_lists_are_told_open_and_all(scene: TradingScene) -> None:
    placed = [scene.ask("orderList.place.oco", **SELL_PAIR)["orderListId"] for _ in range(3)]
    scene.ask("orderList.cancel", orderListId=placed[0])
    assert [one["orderListId"] for one in scene.ask("openOrderLists.status")] == placed[1:]
    assert [one["orderListId"] for one in scene.ask("allOrderLists")] == placed
    assert [one["orderListId"] for one in scene.ask("allOrderLists", fromId=placed[1], limit=1)] == placed[
        1:2
    ]
    assert scene.refusal("orderList.status", orderListId=1) == (-2018, "Order list does not exist.")


def test_pending_order_is_placed_once_the_working_one_is_filled(scene: TradingScene) -> None:
    placed = scene.ask("orderList.place.oto", pendingQuantity="0.1", **WORKING, **AFTER_ONE)
    assert [report["status"] for report in placed["orderReports"]] == ["NEW", "PENDING_NEW"]
    assert scene.balance("BTC") == ("100.00000000", NOTHING)
    scene.move(*LOW)
    assert statuses(scene, placed) == ["FILLED", "NEW"]
    assert scene.balance("BTC") == ("100.09980000", "0.10000000")
    assert list_status(scene, placed) == "EXECUTING"
    scene.move([("95000", "1")], [("95010", "1")])
    assert (statuses(scene, placed), list_status(scene, placed)) == (["FILLED", "FILLED"], "ALL_DONE")


def test_pending_market_order_is_filled_at_once(scene: TradingScene) -> None:
    pending = {"pendingType": "MARKET", "pendingSide": "SELL", "pendingQuantity": "0.1"}
    placed = scene.ask("orderList.place.oto", **WORKING, **pending)
    scene.move(*LOW)
    assert statuses(scene, placed) == ["FILLED", "FILLED"]


def test_pending_pair_is_an_oco_once_the_working_order_is_filled(scene: TradingScene) -> None:
    placed = scene.ask("orderList.place.otoco", pendingQuantity="0.1", **WORKING, **AFTER_PAIR)
    assert statuses(scene, placed) == ["NEW", "PENDING_NEW", "PENDING_NEW"]
    scene.move(*LOW)
    assert statuses(scene, placed) == ["FILLED", "NEW", "NEW"]
    assert scene.balance("BTC")[1] == "0.10000000"
    scene.move([("95000", "1")], [("95010", "1")])
    assert statuses(scene, placed) == ["FILLED", "EXPIRED", "FILLED"]
    assert (scene.balance("BTC")[1], list_status(scene, placed)) == (NOTHING, "ALL_DONE")


@pytest.mark.parametrize(("method", "pending"), [("opo", AFTER_ONE), ("opoco", AFTER_PAIR)])
def test_pending_order_may_sell_what_was_bought(
    scene: TradingScene, method: str, pending: dict[str, Any]
) -> None:
    placed = scene.ask(f"orderList.place.{method}", **WORKING, **pending)
    assert "origQty" not in placed["orderReports"][1]
    scene.move(*LOW)
    # 0.2 less a commission of a thousandth, in whole lots.
    assert scene.ask("order.status", orderId=placed["orders"][1]["orderId"])["origQty"] == "0.19980000"
    assert scene.balance("BTC") == ("100.00000000", "0.19980000")


def test_pending_order_may_buy_for_what_was_sold(scene: TradingScene) -> None:
    placed = scene.ask(
        "orderList.place.opo", workingType="LIMIT", workingSide="SELL", workingPrice="91000",
        workingQuantity="0.2", workingTimeInForce="GTC", pendingType="LIMIT", pendingSide="BUY",
        pendingPrice="80000", pendingTimeInForce="GTC",
    )  # fmt: skip
    scene.move([("91000", "5")], [("91010", "5")])
    # 18,200 less a thousandth, at 80,000.
    assert scene.ask("order.status", orderId=placed["orders"][1]["orderId"])["origQty"] == "0.22727000"


def test_pending_order_that_sells_what_was_not_bought_is_refused(scene: TradingScene) -> None:
    refusal = scene.refusal("orderList.place.opo", **WORKING, **(AFTER_ONE | {"pendingSide": "BUY"}))
    assert refusal == (-2010, "Unsupported order combination")


def test_pair_needs_both_of_its_types(scene: TradingScene) -> None:
    pair = {name: value for name, value in AFTER_PAIR.items() if name != "pendingBelowType"}
    code, text = scene.refusal("orderList.place.otoco", pendingQuantity="0.1", **WORKING, **pair)
    assert (code, "pendingBelowType" in text) == (-1102, True)


def test_pending_orders_go_with_the_working_one(scene: TradingScene) -> None:
    placed = scene.ask("orderList.place.otoco", pendingQuantity="0.1", **WORKING, **AFTER_PAIR)
    scene.ask("order.cancel", orderId=placed["orders"][0]["orderId"])
    assert statuses(scene, placed) == ["CANCELED"] * 3
    hasty = WORKING | {"workingTimeInForce": "IOC"}
    placed = scene.ask("orderList.place.oto", pendingQuantity="0.1", **hasty, **AFTER_ONE)
    assert statuses(scene, placed) == ["EXPIRED", "EXPIRED"]
    assert scene.told("executionReport")[-1]["eR"] == "OTO_PHASE_ONE_EXPIRED"
    assert scene.balance("USDT") == ("10000000.00000000", NOTHING)


MAKER = {"pendingType": "LIMIT_MAKER", "pendingSide": "SELL", "pendingPrice": "88000"}
CANNOT_BEGIN: list[tuple[str, dict[str, Any]]] = [
    ("more than there is", {"pendingQuantity": "0.2", **AFTER_ONE}),
    ("a maker that would take", {"pendingQuantity": "0.1", **MAKER}),
]


@pytest.mark.parametrize(
    "pending", [case[1] for case in CANNOT_BEGIN], ids=[case[0] for case in CANNOT_BEGIN]
)
def test_pending_order_that_cannot_be_placed_expires(pending: dict[str, Any]) -> None:
    scene = TradingScene(SimAccount("poor", secret="s", balances={"spot": {"USDT": 18_000}}))
    placed = scene.ask("orderList.place.oto", api_key="poor", **WORKING, **pending)
    scene.move(*LOW)
    found = [scene.status_of(order["orderId"], api_key="poor") for order in placed["orders"]]
    assert found == ["FILLED", "EXPIRED"]
    assert scene.balance("BTC", "poor") == ("0.19980000", NOTHING)
