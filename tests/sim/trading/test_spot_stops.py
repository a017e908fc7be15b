"""Spot orders that wait for a price."""

from typing import Any

import pytest
from support.trading import TradingScene

from fastbinance.sim.trading import SimAccount

# Type, side, stop price, and the crowd that triggers it; at first the crowd is at 90,000 and 90,010.
TRIGGERS = [
    ("STOP_LOSS", "SELL", "89000", ("89000", "89010")),
    ("STOP_LOSS", "BUY", "91000", ("90990", "91000")),
    ("TAKE_PROFIT", "SELL", "91000", ("91000", "91010")),
    ("TAKE_PROFIT", "BUY", "89000", ("88990", "89000")),
]
IMMEDIATE = (-2010, "Order would trigger immediately.")


@pytest.fixture
def scene() -> TradingScene:
    return TradingScene()


def crowd(scene: TradingScene, bid: str, ask: str, qty: str = "5") -> None:
    scene.move([(bid, qty)], [(ask, qty)])


@pytest.mark.parametrize(("kind", "side", "stop", "prices"), TRIGGERS)
def test_stop_becomes_a_market_order_at_its_price(
    scene: TradingScene, kind: str, side: str, stop: str, prices: tuple[str, str]
) -> None:
    placed = scene.ask(
        "order.place", side=side, type=kind, quantity="0.1", stopPrice=stop, newOrderRespType="RESULT"
    )
    assert (placed["status"], placed["stopPrice"], placed["workingTime"]) == ("NEW", f"{stop}.00000000", -1)
    state = scene.ask("order.status", orderId=placed["orderId"])
    assert (state["isWorking"], state["workingTime"]) == (False, -1)
    scene.told_briefly()
    crowd(scene, *prices)
    state = scene.ask("order.status", orderId=placed["orderId"])
    assert (state["status"], state["isWorking"], state["workingTime"]) == ("FILLED", True, scene.now_ms)
    assert scene.told_briefly() == [
        ("executionReport", "NEW", "NEW"),
        ("executionReport", "TRADE", "FILLED"),
        ("outboundAccountPosition",),
    ]
    assert (scene.balance("USDT")[1], scene.balance("BTC")[1]) == ("0.00000000", "0.00000000")


@pytest.mark.parametrize(("kind", "side", "stop", "prices"), TRIGGERS)
def test_stop_that_is_reached_already_is_rejected(
    scene: TradingScene, kind: str, side: str, stop: str, prices: tuple[str, str]
) -> None:
    crowd(scene, *prices)
    order = {"side": side, "type": kind, "quantity": "0.1", "stopPrice": stop}
    assert scene.refusal("order.place", **order) == IMMEDIATE


def test_stop_limit_rests_at_its_limit_once_it_is_triggered(scene: TradingScene) -> None:
    order: dict[str, Any] = {
        "side": "SELL", "type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "quantity": "0.1", "price": "89500",
        "stopPrice": "89000",
    }  # fmt: skip
    order_id = scene.ask("order.place", **order)["orderId"]
    assert scene.balance("BTC")[1] == "0.10000000"
    crowd(scene, "88000", "88010")
    assert scene.status_of(order_id) == "NEW"
    crowd(scene, "89500", "89510")
    state = scene.ask("order.status", orderId=order_id)
    assert (state["status"], state["cummulativeQuoteQty"]) == ("FILLED", "8950.00000000")


def test_waiting_stop_can_be_cancelled(scene: TradingScene) -> None:
    order_id = scene.ask("order.place", side="SELL", type="STOP_LOSS", quantity="1", stopPrice="89000")[
        "orderId"
    ]
    scene.ask("order.cancel", orderId=order_id)
    crowd(scene, "80000", "80010")
    assert scene.status_of(order_id) == "CANCELED"
    assert scene.balance("BTC") == ("100.00000000", "0.00000000")


def test_buy_that_is_triggered_spends_no_more_than_there_is() -> None:
    scene = TradingScene(SimAccount("poor", secret="s", balances={"spot": {"USDT": 9200}}))
    order = scene.ask(
        "order.place", side="BUY", type="STOP_LOSS", quantity="0.1", stopPrice="91000", api_key="poor"
    )
    crowd(scene, "94990", "95000")
    state = scene.ask("order.status", orderId=order["orderId"], api_key="poor")
    assert (state["status"], state["executedQty"]) == ("EXPIRED", "0.09684000")
    assert state["expiryReason"] == "INSUFFICIENT_LIQUIDITY"
    assert scene.balance("USDT", "poor") == ("0.20000000", "0.00000000")


def test_trailing_stop_follows_the_best_price_and_never_back(scene: TradingScene) -> None:
    order_id = scene.ask("order.place", side="SELL", type="STOP_LOSS", quantity="0.1", trailingDelta=100)[
        "orderId"
    ]
    state = scene.ask("order.status", orderId=order_id)
    assert (state["trailingDelta"], state["trailingTime"]) == (100, scene.now_ms)
    crowd(scene, "100000", "100010")
    crowd(scene, "99000.01", "99010")
    assert scene.status_of(order_id) == "NEW"
    crowd(scene, "99000", "99010")
    assert scene.status_of(order_id) == "FILLED"


def test_trailing_buy_follows_the_price_down(scene: TradingScene) -> None:
    order_id = scene.ask("order.place", side="BUY", type="STOP_LOSS", quantity="0.1", trailingDelta=1000)[
        "orderId"
    ]
    crowd(scene, "79990", "80000")
    crowd(scene, "87990", "87999.99")
    assert scene.status_of(order_id) == "NEW"
    crowd(scene, "87990", "88000")
    assert scene.status_of(order_id) == "FILLED"


@pytest.mark.parametrize("delta", [9, 2001])
def test_trailing_delta_has_limits(scene: TradingScene, delta: int) -> None:
    order = {"side": "SELL", "type": "STOP_LOSS", "quantity": "0.1", "trailingDelta": delta}
    assert scene.refusal("order.place", **order) == (-1013, "Filter failure: TRAILING_DELTA")


def test_only_so_many_stops_may_wait(scene: TradingScene) -> None:
    stop = {"side": "SELL", "type": "STOP_LOSS", "quantity": "0.1", "stopPrice": "80000"}
    for _ in range(5):
        scene.ask("order.place", **stop)
    assert scene.refusal("order.place", **stop) == (-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")
