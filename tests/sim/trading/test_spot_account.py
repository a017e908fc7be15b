"""What spot's account methods tell: balances, trades, commissions, limits, filters."""

from typing import Any

import pytest
from support.trading import TradingScene

from fastbinance.sim.trading import SimAccount

NOTHING = "0.00000000"


@pytest.fixture
def scene() -> TradingScene:
    return TradingScene(SimAccount("other", secret="s"))


def test_account_status_has_binances_keys_in_its_order(scene: TradingScene) -> None:
    status = scene.ask("account.status")
    assert list(status) == [
        "makerCommission", "takerCommission", "buyerCommission", "sellerCommission", "canTrade",
        "canWithdraw", "canDeposit", "commissionRates", "brokered", "requireSelfTradePrevention",
        "preventSor", "updateTime", "accountType", "balances", "permissions", "uid",
    ]  # fmt: skip
    assert (status["makerCommission"], status["commissionRates"]["maker"]) == (10, "0.00100000")


def test_empty_balances_are_left_out_when_asked() -> None:
    scene = TradingScene(SimAccount("poor", secret="s", balances={"spot": {"USDT": 1, "BTC": 0}}))
    assert len(scene.ask("account.status", api_key="poor")["balances"]) == 2
    (left,) = scene.ask("account.status", api_key="poor", omitZeroBalances=True)["balances"]
    assert left == {"asset": "USDT", "free": "1.00000000", "locked": NOTHING}


def test_key_without_permission_to_trade_says_so() -> None:
    scene = TradingScene(SimAccount("reader", secret="s", permissions=frozenset({"USER_DATA"})))
    assert scene.ask("account.status", api_key="reader")["canTrade"] is False
    assert scene.ask("account.status")["canTrade"] is True


def test_trades_are_told_by_order_id_and_time(scene: TradingScene) -> None:
    bought = scene.market("BUY", quantity="1.5")
    scene.now_ms += 1000
    sold = scene.market("SELL", quantity="0.5")
    trades = scene.ask("myTrades")
    ids = [trade["id"] for trade in trades]
    assert [trade["orderId"] for trade in trades] == [bought["orderId"]] * 2 + [sold["orderId"]]
    assert ids == [fill["tradeId"] for fill in bought["fills"] + sold["fills"]]
    assert list(trades[0]) == [
        "symbol", "id", "orderId", "orderListId", "price", "qty", "quoteQty", "commission", "commissionAsset",
        "time", "isBuyer", "isMaker", "isBestMatch",
    ]  # fmt: skip

    def found(**params: Any) -> list[int]:
        return [trade["id"] for trade in scene.ask("myTrades", **params)]

    assert found(orderId=sold["orderId"]) == ids[2:]
    assert found(fromId=ids[1]) == ids[1:]
    assert found(startTime=scene.now_ms) == ids[2:]
    assert found(limit=1) == ids[2:]
    assert found(api_key="other") == []


def test_commission_is_told_and_is_what_is_charged(scene: TradingScene) -> None:
    told = scene.ask("account.commission")
    assert list(told) == ["symbol", "standardCommission", "specialCommission", "taxCommission", "discount"]
    assert told["standardCommission"]["taker"] == "0.00100000"
    assert scene.market("BUY", quantity="1")["fills"][0]["commission"] == "0.00100000"


def test_order_counts_are_told_by_who_counts_them(scene: TradingScene) -> None:
    scene.counted = [
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 50, "count": 3}
    ]
    assert scene.ask("account.rateLimits.orders") == scene.counted


def test_filters_of_a_symbol_are_told_as_they_are_applied(scene: TradingScene) -> None:
    told = scene.ask("myFilters")
    assert list(told) == ["exchangeFilters", "symbolFilters", "assetFilters"]
    filters = {one["filterType"]: one for one in told["symbolFilters"]}
    tick, step = filters["PRICE_FILTER"]["tickSize"], filters["LOT_SIZE"]["stepSize"]
    assert (tick, step, filters["MIN_NOTIONAL"]["minNotional"]) == ("0.01000000", "0.00001000", "5.00000000")
    order = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    highest, most = filters["PRICE_FILTER"]["maxPrice"], filters["MARKET_LOT_SIZE"]["maxQty"]
    assert scene.ask("order.test", price=highest, quantity=step, **order) == {}
    assert scene.ask("order.test", side="BUY", type="MARKET", quantity=most) == {}
    too_many = scene.refusal("order.test", side="BUY", type="MARKET", quantity="100.00001")
    assert too_many == (-1013, "Filter failure: MARKET_LOT_SIZE")


def test_nothing_is_ever_allocated(scene: TradingScene) -> None:
    assert scene.ask("myAllocations") == []


@pytest.mark.parametrize(
    "method",
    ["account.commission", "myTrades", "myAllocations", "myFilters", "openOrders.status", "allOrders"],
)
def test_unknown_symbol_is_refused_everywhere(scene: TradingScene, method: str) -> None:
    assert scene.refusal(method, symbol="NOSUCHUSDT") == (-1121, "Invalid symbol.")


PREVENTIONS = [
    ("EXPIRE_TAKER", "NEW", "EXPIRED_IN_MATCH", {"takerPreventedQuantity"}),
    ("EXPIRE_MAKER", "EXPIRED_IN_MATCH", "PARTIALLY_FILLED", {"makerPreventedQuantity"}),
    (
        "EXPIRE_BOTH",
        "EXPIRED_IN_MATCH",
        "EXPIRED_IN_MATCH",
        {"takerPreventedQuantity", "makerPreventedQuantity"},
    ),
]


@pytest.mark.parametrize(("mode", "maker", "taker", "quantities"), PREVENTIONS)
def test_trade_with_oneself_is_prevented_as_the_taker_asks(
    scene: TradingScene, mode: str, maker: str, taker: str, quantities: set[str]
) -> None:
    resting = scene.limit("SELL", "90005", "0.5")["orderId"]
    taking = scene.limit("BUY", "90010", "2", selfTradePreventionMode=mode)
    assert (scene.status_of(resting), taking["status"]) == (maker, taker)
    (match,) = scene.ask("myPreventedMatches", orderId=resting)
    assert (match["takerOrderId"], match["makerOrderId"]) == (taking["orderId"], resting)
    assert (match["selfTradePreventionMode"], match["price"]) == (mode, "90005.00000000")
    assert {name for name in match if name.endswith("PreventedQuantity")} == quantities
    assert scene.ask("myPreventedMatches", preventedMatchId=match["preventedMatchId"]) == [match]
    prevented = [event for event in scene.told("executionReport") if event["x"] == "TRADE_PREVENTION"]
    assert len(prevented) == len(quantities)
    assert {event["v"] for event in prevented} == {match["preventedMatchId"]}
    assert scene.balance("BTC")[1] == ("0.50000000" if maker == "NEW" else NOTHING)


def test_trade_with_oneself_happens_where_nobody_minds(scene: TradingScene) -> None:
    resting = scene.limit("SELL", "90005", "0.5")["orderId"]
    assert scene.limit("BUY", "90005", "0.5")["status"] == "FILLED"
    assert scene.status_of(resting) == "FILLED"
    assert scene.ask("myPreventedMatches", orderId=resting) == []
    assert scene.balance("BTC") == ("99.99950000", NOTHING)


def test_others_are_not_oneself(scene: TradingScene) -> None:
    resting = scene.limit("SELL", "90005", "0.5", api_key="other")["orderId"]
    taken = scene.limit("BUY", "90005", "0.5", selfTradePreventionMode="EXPIRE_BOTH")
    assert (taken["status"], scene.status_of(resting, api_key="other")) == ("FILLED", "FILLED")
