"""Open orders and trades of USD-M and COIN-M, as REST tells them."""

from typing import Any

import pytest
from support.trading import START_MS, TradingScene

from fastbinance.sim.trading import SimAccount

DAY_MS = 24 * 3_600_000


@pytest.fixture
def scene() -> TradingScene:
    return TradingScene(SimAccount("other", secret="s"))


def ask(scene: TradingScene, method: str, product: Any = "usdm", **params: Any) -> Any:
    """Ask, of no symbol where none is named."""
    return scene.ask(method, product=product, **{"symbol": None} | params)


def buy(scene: TradingScene, quantity: str, product: Any = "usdm", **params: Any) -> Any:
    """Place a market order, unless it is said to be something else."""
    params = {"type": "MARKET", "side": "BUY", "newOrderRespType": "RESULT"} | params
    return scene.ask("order.place", product=product, quantity=quantity, **params)


def test_trade_has_what_it_cost_and_what_it_realised(scene: TradingScene) -> None:
    bought = buy(scene, "1.5")
    first, second = ask(scene, "userTrades", symbol="BTCUSDT")
    assert first == {
        "symbol": "BTCUSDT", "id": 6_500_000_000, "orderId": bought["orderId"], "side": "BUY",
        "price": "90010.00", "qty": "1.000", "realizedPnl": "0.00000000", "quoteQty": "90010.00000",
        "marginAsset": "USDT", "commission": "45.00500000", "commissionAsset": "USDT", "time": scene.now_ms,
        "positionSide": "BOTH", "maker": False, "buyer": True,
    }  # fmt: skip
    assert (second["id"], second["price"], second["qty"]) == (6_500_000_001, "90020.00", "0.500")
    scene.move([("91000", "5")], [("91010", "5")], product="usdm")
    buy(scene, "0.5", side="SELL")
    *_, sold = ask(scene, "userTrades", symbol="BTCUSDT")
    # Bought at 90,013.33 on the mean.
    assert (sold["side"], sold["buyer"], sold["realizedPnl"]) == ("SELL", False, "493.33333333")


def test_trade_of_an_inverse_contract_has_its_pair_and_coins(scene: TradingScene) -> None:
    buy(scene, "9", "coinm", symbol="BTCUSD_PERP", side="SELL")
    (sold,) = ask(scene, "userTrades", "coinm", pair="BTCUSD")
    assert (sold["pair"], sold["baseQty"], "quoteQty" in sold) == ("BTCUSD", "0.01000000", False)
    assert (sold["marginAsset"], sold["commission"]) == ("BTC", "0.00000500")
    assert ask(scene, "userTrades", "coinm", pair="ETHUSD") == []


def test_trades_are_chosen_by_order_id_and_time(scene: TradingScene) -> None:
    orders = [buy(scene, "0.1")["orderId"] for _ in range(3)]
    every = ask(scene, "userTrades", symbol="BTCUSDT")
    ids = [trade["id"] for trade in every]
    assert [trade["orderId"] for trade in every] == orders
    assert ask(scene, "userTrades", symbol="BTCUSDT", orderId=orders[1]) == [every[1]]
    assert ask(scene, "userTrades", symbol="BTCUSDT", fromId=ids[1]) == every[1:]
    assert ask(scene, "userTrades", symbol="BTCUSDT", fromId=ids[0], limit=2) == every[:2]
    assert ask(scene, "userTrades", symbol="BTCUSDT", limit=1) == every[2:]
    assert ask(scene, "userTrades", symbol="BTCUSDT", startTime=START_MS + DAY_MS) == []
    week: dict[str, Any] = {"product": "usdm", "symbol": "BTCUSDT", "startTime": START_MS}
    assert len(scene.ask("userTrades", **week, endTime=START_MS + 7 * DAY_MS)) == 3
    assert scene.refusal("userTrades", **week, endTime=START_MS + 7 * DAY_MS + 1)[0] == -1127


def test_trades_and_orders_are_those_of_the_account_that_asks(scene: TradingScene) -> None:
    buy(scene, "0.1")
    buy(scene, "0.1", type="LIMIT", timeInForce="GTC", price="80000")
    assert ask(scene, "userTrades", symbol="BTCUSDT", api_key="other") == []
    assert ask(scene, "openOrders.status", api_key="other") == []
    assert len(ask(scene, "openOrders.status")) == 1


def test_open_orders_are_told_as_one_order_is(scene: TradingScene) -> None:
    resting = buy(scene, "0.1", type="LIMIT", timeInForce="GTC", price="80000")["orderId"]
    (told,) = ask(scene, "openOrders.status", symbol="BTCUSDT")
    assert told == scene.ask("order.status", product="usdm", orderId=resting)
    assert ask(scene, "openOrders.status", symbol="ETHUSDT") == []
    assert ask(scene, "openOrders.status", pair="ETHUSDT") == []
    assert ask(scene, "openOrders.status", pair="BTCUSDT") == [told]


def test_every_open_order_of_a_symbol_is_cancelled_at_once(scene: TradingScene) -> None:
    for price in ("80000", "80100"):
        buy(scene, "0.1", type="LIMIT", timeInForce="GTC", price=price)
    scene.events.clear()
    done = {"code": 200, "msg": "The operation of cancel all open order is done."}
    assert ask(scene, "openOrders.cancelAll", symbol="BTCUSDT") == done
    assert [event["o"]["X"] for event in scene.told("ORDER_TRADE_UPDATE")] == ["CANCELED", "CANCELED"]
    assert ask(scene, "openOrders.cancelAll", symbol="BTCUSDT") == done


@pytest.mark.parametrize("method", ["openOrders.status", "openOrders.cancelAll", "userTrades"])
def test_symbols_that_there_are_not_are_refused(scene: TradingScene, method: str) -> None:
    assert scene.refusal(method, product="usdm", symbol="NOPE")[0] == -1121


def test_trades_of_a_pair_are_not_chosen_by_an_order(scene: TradingScene) -> None:
    found = scene.refusal("userTrades", product="coinm", symbol=None, pair="BTCUSD", orderId=1)
    assert found[0] == -1128
