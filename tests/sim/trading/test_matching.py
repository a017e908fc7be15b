"""Where orders meet: accounts before the crowd, price before time, and a crowd whose story nobody changes."""

import json
from typing import Any

import pytest
from support.trading import START_MS, TradingScene

from fastbinance.sim.api.call import Call
from fastbinance.sim.channels import Channel, Topic
from fastbinance.sim.exchange import Exchange
from fastbinance.sim.payload import event_payload
from fastbinance.sim.trading import ExchangeMarkets, SimAccount, Trading


@pytest.fixture
def scene() -> TradingScene:
    return TradingScene(SimAccount("other", secret="s"))


def test_better_price_comes_first_and_then_the_older_order(scene: TradingScene) -> None:
    orders = [
        scene.limit("SELL", price, "0.1", api_key="other")["orderId"]
        for price in ("90006", "90005", "90005", "90010")
    ]
    taken = scene.limit("BUY", "90010", "0.35")
    assert [fill["price"][:5] for fill in taken["fills"]] == ["90005", "90005", "90006", "90010"]
    assert taken["fills"][3]["qty"] == "0.05000000"
    found = [scene.status_of(order, api_key="other") for order in orders]
    assert found == ["FILLED", "FILLED", "FILLED", "PARTIALLY_FILLED"]


def test_accounts_come_before_the_crowd_at_a_price(scene: TradingScene) -> None:
    order = scene.limit("SELL", "90010", "0.1", api_key="other")["orderId"]
    scene.market("BUY", quantity="0.1")
    assert scene.status_of(order, api_key="other") == "FILLED"
    assert scene.market("BUY", quantity="1")["fills"][0]["price"] == "90010.00000000"


def test_both_sides_of_a_trade_are_told_with_one_trade_id(scene: TradingScene) -> None:
    scene.limit("SELL", "90005", "0.1", api_key="other")
    scene.limit("BUY", "90005", "0.1")
    maker, taker = (
        next(event for event in scene.told("executionReport", api_key=key) if event["x"] == "TRADE")
        for key in ("other", "fastbinance-sim-key")
    )
    assert maker["t"] == taker["t"]
    assert (maker["m"], taker["m"], maker["N"], taker["N"]) == (True, False, "USDT", "BTC")


def test_crowd_sells_a_level_once(scene: TradingScene) -> None:
    first = scene.limit("BUY", "89995", "1")["orderId"]
    second = scene.limit("BUY", "89995", "1")["orderId"]
    scene.move([("89000", "1")], [("89995", "1.5"), ("91000", "5")])
    for _ in range(3):
        scene.step()
        states = [scene.ask("order.status", orderId=order)["executedQty"] for order in (first, second)]
        assert states == ["1.00000000", "0.50000000"]


def story(trades: bool, seed: int) -> list[bytes]:
    """Live for a while with somebody watching, who trades all the time or does not."""
    exchange = Exchange(seed=seed, environment="prod", messages_per_second=50.0)
    trading = Trading("prod", ExchangeMarkets(exchange))
    account = next(iter(trading.accounts))
    market = exchange.market("spot", "BTCUSDT", START_MS)
    for channel in (Channel(Topic.BOOK_TICKER), Channel(Topic.TRADE), Channel(Topic.DIFF_DEPTH, 100)):
        exchange.open(market, channel, START_MS)
    told = []
    for now_ms in range(START_MS, START_MS + 3000, 50):
        for owner, channel, event in exchange.step(now_ms):
            told.append(event_payload(owner.instrument, channel, event))  # type: ignore[union-attr, arg-type]
        if trades:
            for side, params in (("BUY", {"type": "MARKET", "quantity": "1"}), ("SELL", resting(market))):
                order = {"symbol": "BTCUSDT", "side": side, **params}
                call = Call("spot", "prod", "order.place", order, account, now_ms)
                trading.handlers["spot", "order.place"](call)
            trading.step(now_ms)
    return told


def resting(market: Any) -> dict[str, str]:
    price = market.instrument.price_text(market.book.best_ask + 1)
    return {"type": "LIMIT", "timeInForce": "GTC", "price": price, "quantity": "0.01"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_traders_do_not_change_the_story_of_the_market(seed: int) -> None:
    told = story(trades=False, seed=seed)
    assert len(told) > 100
    assert story(trades=True, seed=seed) == told


def events_of_a_run() -> list[str]:
    exchange = Exchange(seed=7, environment="prod", messages_per_second=50.0)
    trading = Trading("prod", ExchangeMarkets(exchange))
    events: list[str] = []
    trading.on_event.append(lambda account, product, event: events.append(json.dumps(event)))
    account = next(iter(trading.accounts))
    for now_ms in range(START_MS, START_MS + 5000, 250):
        order = {
            "symbol": "ETHUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "3012.39",
            "quantity": "0.5",
        }  # fmt: skip
        trading.handlers["spot", "order.place"](Call("spot", "prod", "order.place", order, account, now_ms))
        trading.step(now_ms)
    return events


def test_same_seed_and_same_orders_give_the_same_fills() -> None:
    events = events_of_a_run()
    assert any('"x": "TRADE"' in event for event in events)
    assert events_of_a_run() == events


def test_market_that_nobody_watches_goes_on_for_those_who_trade() -> None:
    exchange = Exchange(seed=7, environment="prod", messages_per_second=50.0)
    view = ExchangeMarkets(exchange)
    market = view.find("spot", "BTCUSDT", START_MS)
    assert market is not None
    before = market.book.update_id
    view.find("spot", "BTCUSDT", START_MS + 5000)
    assert market.book.update_id > before


def test_symbols_are_those_that_are_listed_or_were_asked_for() -> None:
    exchange = Exchange(seed=7, environment="prod", messages_per_second=50.0)
    view = ExchangeMarkets(exchange)
    assert view.find("spot", "LTCUSDT", START_MS) is None
    exchange.market("spot", "LTCUSDT", START_MS)
    assert view.find("spot", "LTCUSDT", START_MS) is not None
    assert view.symbols("spot")[-1] == "LTCUSDT"
    assert "LTCUSDT" not in view.symbols("usdm")


def test_nothing_is_due_while_no_order_is_open(scene: TradingScene) -> None:
    trading = scene.trading
    assert trading.due_ms(scene.now_ms) is None
    order = scene.limit("BUY", "89000", "0.1")["orderId"]
    due_ms = trading.due_ms(scene.now_ms)
    assert due_ms is not None
    assert due_ms > scene.now_ms
    scene.ask("order.cancel", orderId=order)
    assert trading.due_ms(scene.now_ms) is None
