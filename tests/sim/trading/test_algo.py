"""Algo orders of USD-M: conditions, what they place, and what is told of it."""

from typing import Any

import pytest
from support.trading import TradingScene

from fastbinance.sim.trading import SimAccount

SELL_STOP: dict[str, Any] = {
    "algoType": "CONDITIONAL", "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "89000",
    "quantity": "0.1", "clientAlgoId": "mine",
}  # fmt: skip


@pytest.fixture
def scene() -> TradingScene:
    return TradingScene(SimAccount("other", secret="s"))


def place(scene: TradingScene, **params: Any) -> Any:
    return scene.ask("algoOrder.place", product="usdm", **(SELL_STOP | params))


def crowd(scene: TradingScene, bid: str, ask: str) -> None:
    scene.move([(bid, "5")], [(ask, "5")], product="usdm")


def states(scene: TradingScene) -> list[str]:
    return [event["o"]["X"] for event in scene.told("ALGO_UPDATE")]


def test_condition_is_acknowledged_with_binances_keys_in_its_order(scene: TradingScene) -> None:
    assert list(place(scene)) == [
        "algoId", "clientAlgoId", "algoType", "orderType", "symbol", "side", "positionSide", "timeInForce",
        "quantity", "algoStatus", "triggerPrice", "price", "icebergQuantity", "selfTradePreventionMode",
        "workingType", "priceMatch", "closePosition", "priceProtect", "reduceOnly", "createTime",
        "updateTime", "triggerTime", "goodTillDate",
    ]  # fmt: skip
    assert scene.told_briefly() == [("ALGO_UPDATE", "NEW")]


def test_condition_places_its_order_once_the_price_is_there(scene: TradingScene) -> None:
    place(scene)
    crowd(scene, "89000.1", "89010")
    assert states(scene) == ["NEW"]
    scene.events.clear()
    crowd(scene, "89000", "89010")
    assert scene.told_briefly() == [
        ("ALGO_UPDATE", "TRIGGERING"),
        ("ALGO_UPDATE", "TRIGGERED"),
        ("ORDER_TRADE_UPDATE", "NEW", "NEW"),
        ("TRADE_LITE",),
        ("ACCOUNT_UPDATE",),
        ("ORDER_TRADE_UPDATE", "TRADE", "FILLED"),
        ("ALGO_UPDATE", "FINISHED"),
    ]
    assert scene.ask("v2/account.position", product="usdm")[0]["positionAmt"] == "-0.100"


def test_limit_that_is_triggered_rests_and_finishes_with_its_order(scene: TradingScene) -> None:
    place(scene, type="STOP", price="89500", timeInForce="GTC")
    crowd(scene, "88000", "88010")
    assert states(scene) == ["NEW", "TRIGGERING", "TRIGGERED"]
    order_id = int(scene.told("ALGO_UPDATE")[-1]["o"]["ai"])
    assert scene.status_of(order_id, product="usdm") == "NEW"
    crowd(scene, "89500", "89510")
    assert states(scene)[-1] == "FINISHED"
    last = scene.told("ALGO_UPDATE")[-1]["o"]
    assert (last["ap"], last["aq"], last["act"]) == ("89500", "0.100", "LIMIT")


def test_condition_closes_the_whole_position(scene: TradingScene) -> None:
    scene.ask("order.place", product="usdm", side="BUY", type="MARKET", quantity="0.7")
    place(scene, closePosition=True, quantity=None)
    crowd(scene, "88000", "88010")
    assert scene.ask("v2/account.position", product="usdm") == []


def test_condition_whose_order_is_rejected_says_why(scene: TradingScene) -> None:
    place(scene, reduceOnly=True)
    crowd(scene, "88000", "88010")
    assert states(scene) == ["NEW", "TRIGGERING", "REJECTED"]
    assert scene.told("ALGO_UPDATE")[-1]["o"]["rm"] == "ReduceOnly Order is rejected."
    assert scene.told("ORDER_TRADE_UPDATE") == []


def test_mark_price_may_trigger_instead(scene: TradingScene) -> None:
    place(scene, workingType="MARK_PRICE")
    crowd(scene, "88900", "89110")
    assert states(scene) == ["NEW"]
    crowd(scene, "88900", "89100")
    assert states(scene)[-1] == "FINISHED"


def test_trailing_stop_is_told_when_it_begins_to_follow(scene: TradingScene) -> None:
    place(scene, type="TRAILING_STOP_MARKET", triggerPrice=None, activatePrice="95000", callbackRate="1")
    crowd(scene, "94000", "94010")
    assert states(scene) == ["NEW"]
    crowd(scene, "96000", "96010")
    assert [event["o"]["ia"] for event in scene.told("ALGO_UPDATE")] == [False, True]
    crowd(scene, "100000", "100010")
    crowd(scene, "99000.1", "99010")
    assert states(scene) == ["NEW", "NEW"]
    crowd(scene, "99000", "99010")
    assert states(scene)[-1] == "FINISHED"


def test_trailing_buy_follows_the_price_down(scene: TradingScene) -> None:
    place(scene, side="BUY", type="TRAILING_STOP_MARKET", triggerPrice=None, callbackRate="10")
    crowd(scene, "79990", "80000")
    crowd(scene, "87990", "87999.9")
    assert states(scene)[-1] == "NEW"
    crowd(scene, "87990", "88000")
    assert states(scene)[-1] == "FINISHED"


def test_condition_expires_at_its_date(scene: TradingScene) -> None:
    place(scene, type="STOP", price="88000", timeInForce="GTD", goodTillDate=scene.now_ms + 1000)
    scene.step(1000)
    assert states(scene) == ["NEW", "EXPIRED"]
    assert scene.trading.due_ms(scene.now_ms) is None


def test_condition_is_cancelled_once_and_by_its_own_account(scene: TradingScene) -> None:
    algo_id = place(scene)["algoId"]
    unknown = (-2011, "Unknown order sent.")
    cancel = {"product": "usdm", "algoId": algo_id}
    assert scene.refusal("algoOrder.cancel", api_key="other", **cancel) == unknown
    assert scene.ask("algoOrder.cancel", **cancel) == {
        "algoId": algo_id, "clientAlgoId": "mine", "code": "200", "msg": "success",
    }  # fmt: skip
    assert scene.refusal("algoOrder.cancel", **cancel) == unknown
    assert place(scene)["clientAlgoId"] == "mine"
    scene.ask("algoOrder.cancel", product="usdm", clientAlgoId="mine")
    assert states(scene)[-1] == "CANCELED"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"triggerPrice": "90001"}, -2021),
        ({"triggerPrice": "89000.05"}, -4014),
        ({"quantity": "0.0001"}, -1111),
        ({"type": "STOP", "price": "89000.05"}, -4014),
        ({"positionSide": "LONG"}, -4061),
        ({"symbol": "NOSUCHUSDT"}, -1121),
    ],
)
def test_bad_condition_is_rejected(scene: TradingScene, params: dict[str, Any], code: int) -> None:
    refusal = scene.refusal("algoOrder.place", product="usdm", **(SELL_STOP | params))
    assert refusal[0] == code
    assert scene.events == []


def test_client_id_is_taken_while_its_condition_waits(scene: TradingScene) -> None:
    place(scene)
    refusal = scene.refusal("algoOrder.place", product="usdm", **SELL_STOP)
    assert refusal == (-4116, "ClientOrderId is duplicated.")
