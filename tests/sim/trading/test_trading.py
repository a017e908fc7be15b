"""The door of trading: every method has a handler, and what is remembered has an end."""

import pytest
from support.trading import TradingScene

from fastbinance import ConfigurationError
from fastbinance.sim.trading import SimAccount
from fastbinance.sim.trading.algo import _MOVES as ALGO_MOVES
from fastbinance.sim.trading.algo import AlgoStatus
from fastbinance.sim.trading.orders import _MOVES, KEPT, TERMINAL, Status, client_ids

SPOT = """
order.place order.test order.cancel order.cancelReplace order.amend.keepPriority openOrders.cancelAll
orderList.place orderList.place.oco orderList.place.oto orderList.place.otoco orderList.place.opo
orderList.place.opoco orderList.cancel sor.order.place sor.order.test account.status order.status
openOrders.status allOrders orderList.status openOrderLists.status allOrderLists myTrades
account.rateLimits.orders myPreventedMatches myAllocations account.commission order.amendments myFilters
"""
USDM = """
order.place order.modify order.cancel order.status algoOrder.place algoOrder.cancel account.position
v2/account.position account.balance v2/account.balance account.status v2/account.status
"""
COINM = "order.place order.modify order.cancel order.status account.position account.balance account.status"
REST_ONLY = "openOrders.status openOrders.cancelAll userTrades"
MARGIN = """
order.place order.cancel order.status openOrders.status myTrades account.status isolated.account.status
"""


def test_every_method_about_trading_and_accounts_has_a_handler() -> None:
    methods = {("spot", SPOT), ("usdm", USDM), ("coinm", COINM)}
    wanted = {(product, name) for product, names in methods for name in names.split()}
    # What only REST has.
    wanted |= {(product, name) for product in ("usdm", "coinm") for name in REST_ONLY.split()}
    wanted |= {("spot", f"margin.{name}") for name in MARGIN.split()}
    assert set(TradingScene().trading.handlers) == wanted


def test_oldest_of_what_ended_is_forgotten_and_what_is_open_is_not() -> None:
    scene = TradingScene(SimAccount("other", secret="s"))
    resting = scene.limit("BUY", "80000", "0.001")["orderId"]
    first = scene.limit("BUY", "89000", "0.001", timeInForce="IOC")["orderId"]
    for _ in range(KEPT):
        last = scene.limit("BUY", "89000", "0.001", timeInForce="IOC", newClientOrderId="again")["orderId"]
    assert scene.refusal("order.status", orderId=first) == (-2013, "Order does not exist.")
    assert scene.ask("order.status", origClientOrderId="again")["orderId"] == last
    assert scene.status_of(resting) == "NEW"
    assert len(scene.ask("allOrders", orderId=1, limit=1000)) == 1000


@pytest.mark.parametrize("moves", [_MOVES, ALGO_MOVES], ids=["orders", "algo orders"])
def test_every_state_is_reached_and_ends_are_final(
    moves: dict[Status, frozenset[Status]] | dict[AlgoStatus, frozenset[AlgoStatus]],
) -> None:
    first = next(iter(moves))
    reached = {first}
    for _ in moves:
        reached |= {to for state in reached for to in moves[state]}  # type: ignore[index]
    assert reached == set(moves)


def test_order_that_has_ended_moves_no_more() -> None:
    scene = TradingScene()
    order_id = scene.market("BUY", quantity="0.1")["orderId"]
    order = scene.trading.spot.orders.find(scene.account(), "BTCUSDT", order_id, None)
    assert order is not None
    assert order.status in TERMINAL
    with pytest.raises(AssertionError, match="cannot go from FILLED to CANCELED"):
        order.move(Status.CANCELED, scene.now_ms)


@pytest.mark.parametrize(("coins", "delta"), [("1.5", "1.50000000"), ("-100", "-100.00000000")])
def test_deposit_is_told_with_the_balance_that_it_makes(coins: str, delta: str) -> None:
    scene = TradingScene()
    scene.trading.deposit(scene.account(), "spot", "BTC", coins, scene.now_ms)
    update, position = scene.told()
    assert update == {"e": "balanceUpdate", "E": scene.now_ms, "a": "BTC", "d": delta, "T": scene.now_ms}
    assert position["B"] == [{"a": "BTC", "f": scene.balance("BTC")[0], "l": "0.00000000"}]


@pytest.mark.parametrize(("coins", "change", "reason"), [("1.5", "1.5", "DEPOSIT"), ("-2", "-2", "WITHDRAW")])
def test_deposit_on_futures_changes_the_wallet(coins: str, change: str, reason: str) -> None:
    scene = TradingScene()
    scene.trading.deposit(scene.account(), "usdm", "USDT", coins, scene.now_ms)
    (event,) = scene.told()
    (balance,) = event["a"]["B"]
    assert (balance["bc"], event["a"]["P"], event["a"]["m"]) == (change, [], reason)
    wallets = scene.ask("account.balance", product="usdm")
    assert balance["wb"] in [one["balance"] for one in wallets if one["asset"] == "USDT"]


@pytest.mark.parametrize(("coins", "text"), [("-101", "more than what is free"), ("many", "no amount")])
def test_deposit_that_cannot_be_is_refused(coins: str, text: str) -> None:
    scene = TradingScene()
    with pytest.raises(ConfigurationError, match=text):
        scene.trading.deposit(scene.account(), "spot", "BTC", coins, scene.now_ms)
    assert scene.events == []


def test_client_ids_are_those_of_the_seed() -> None:
    one, same, other = (client_ids(seed) for seed in ("a", "a", "b"))
    ids = [next(one) for _ in range(100)]
    assert ids == [next(same) for _ in range(100)]
    assert next(other) not in ids
    assert len(set(ids)) == 100
    assert {len(client_id) for client_id in ids} == {22}
