"""Spot orders: what they lock, what they trade, what they are rejected for, and what is told of it."""

from typing import Any

import pytest
from support.trading import START_MS, TradingScene

from fastbinance.sim.trading import SimAccount

FIGURES = [
    "price", "origQty", "executedQty", "origQuoteOrderQty", "cummulativeQuoteQty", "status", "timeInForce",
    "type", "side", "workingTime", "selfTradePreventionMode",
]  # fmt: skip
ACK = ["symbol", "orderId", "orderListId", "clientOrderId", "transactTime"]
INSUFFICIENT = (-2010, "Account has insufficient balance for requested action.")


@pytest.fixture
def scene() -> TradingScene:
    return TradingScene()


def test_resting_order_locks_what_it_may_cost_and_a_cancel_gives_it_back(scene: TradingScene) -> None:
    placed = scene.limit("BUY", "89000", "0.1", newClientOrderId="mine")
    assert scene.balance("USDT") == ("9991100.00000000", "8900.00000000")
    assert (placed["status"], placed["clientOrderId"], placed["fills"]) == ("NEW", "mine", [])
    cancelled = scene.ask("order.cancel", origClientOrderId="mine")
    assert (cancelled["status"], cancelled["origClientOrderId"]) == ("CANCELED", "mine")
    assert scene.balance("USDT") == ("10000000.00000000", "0.00000000")


@pytest.mark.parametrize(
    ("reply", "keys"), [("ACK", ACK), ("RESULT", ACK + FIGURES), ("FULL", [*ACK, *FIGURES, "fills"])]
)
def test_reply_has_binances_keys_in_its_order(scene: TradingScene, reply: str, keys: list[str]) -> None:
    assert list(scene.limit("BUY", "89000", "0.1", newOrderRespType=reply)) == keys


def test_limit_and_market_orders_answer_in_full_and_the_others_acknowledge(scene: TradingScene) -> None:
    assert "fills" in scene.limit("BUY", "89000", "0.1")
    assert "fills" in scene.market("BUY", quantity="0.1")
    maker = scene.ask("order.place", side="BUY", type="LIMIT_MAKER", price="89000", quantity="0.1")
    assert list(maker) == ACK


def test_market_order_takes_the_best_levels_and_pays_in_what_it_gets(scene: TradingScene) -> None:
    filled = scene.market("BUY", quantity="1.5")
    assert [(fill["price"], fill["qty"], fill["commission"]) for fill in filled["fills"]] == [
        ("90010.00000000", "1.00000000", "0.00100000"),
        ("90020.00000000", "0.50000000", "0.00050000"),
    ]
    assert (filled["status"], filled["cummulativeQuoteQty"]) == ("FILLED", "135020.00000000")
    assert scene.balance("BTC") == ("101.49850000", "0.00000000")
    assert scene.balance("USDT") == ("9864980.00000000", "0.00000000")


def test_sale_pays_its_commission_in_the_quote_asset(scene: TradingScene) -> None:
    filled = scene.market("SELL", quantity="0.5")
    assert filled["fills"][0]["commissionAsset"] == "USDT"
    assert scene.balance("USDT") == ("10044955.00000000", "0.00000000")


def test_what_is_taken_from_the_crowd_is_gone_until_the_crowd_changes_it(scene: TradingScene) -> None:
    scene.market("BUY", quantity="1")
    assert scene.market("BUY", quantity="0.1")["fills"][0]["price"] == "90020.00000000"
    scene.move([("90000", "1")], [("90010", "3"), ("91000", "50")])
    assert scene.market("BUY", quantity="0.1")["fills"][0]["price"] == "90010.00000000"


def test_market_order_by_value_spends_no_more_than_that(scene: TradingScene) -> None:
    bought = scene.market("BUY", quoteOrderQty="1000")
    assert (bought["origQty"], bought["executedQty"]) == ("0.01110000", "0.01110000")
    assert bought["cummulativeQuoteQty"] == "999.11100000"
    assert (bought["origQuoteOrderQty"], bought["status"]) == ("1000.00000000", "FILLED")
    assert scene.market("SELL", quoteOrderQty="1000")["cummulativeQuoteQty"] == "999.90000000"


def test_market_order_that_finds_too_little_expires(scene: TradingScene) -> None:
    scene.markets.quote("spot", "BTCUSDT", [("90000", "1")], [("90010", "1")])
    filled = scene.market("BUY", quantity="2")
    assert (filled["status"], filled["executedQty"], filled["expiryReason"]) == (
        "EXPIRED", "1.00000000", "INSUFFICIENT_LIQUIDITY",
    )  # fmt: skip
    assert scene.balance("USDT")[1] == "0.00000000"


def test_limit_order_takes_up_to_its_price_and_rests_with_what_is_left(scene: TradingScene) -> None:
    placed = scene.limit("BUY", "90010", "3")
    assert (placed["status"], placed["executedQty"]) == ("PARTIALLY_FILLED", "1.00000000")
    assert scene.balance("USDT")[1] == "180020.00000000"


def test_price_that_is_better_than_the_limit_is_given_back(scene: TradingScene) -> None:
    placed = scene.limit("BUY", "90500", "1")
    assert placed["cummulativeQuoteQty"] == "90010.00000000"
    assert scene.balance("USDT") == ("9909990.00000000", "0.00000000")


def test_resting_order_is_filled_at_its_own_price_when_the_crowd_reaches_it(scene: TradingScene) -> None:
    order = scene.limit("BUY", "89995", "0.4")
    scene.events.clear()
    scene.move([("89900", "1")], [("89994", "0.3"), ("90010", "5")])
    assert scene.status_of(order["orderId"]) == "PARTIALLY_FILLED"
    scene.move([("89900", "1")], [("89995", "2")])
    state = scene.ask("order.status", orderId=order["orderId"])
    assert (state["status"], state["cummulativeQuoteQty"]) == ("FILLED", "35998.00000000")
    trades = [event for event in scene.told("executionReport") if event["x"] == "TRADE"]
    assert [(trade["L"], trade["l"], trade["m"]) for trade in trades] == [
        ("89995.00000000", "0.30000000", True),
        ("89995.00000000", "0.10000000", True),
    ]


def test_question_meets_the_market_by_itself(scene: TradingScene) -> None:
    order = scene.limit("BUY", "89995", "0.1")
    scene.markets.quote("spot", "BTCUSDT", [("89000", "1")], [("89995", "1")])
    assert scene.status_of(order["orderId"]) == "FILLED"


TIMES = [
    ("IOC", "1.00000000", "EXPIRED"),
    ("FOK", "0.00000000", "EXPIRED"),
    ("GTC", "1.00000000", "PARTIALLY_FILLED"),
]


@pytest.mark.parametrize(("time_in_force", "executed", "status"), TIMES)
def test_time_in_force_decides_what_becomes_of_the_rest(
    scene: TradingScene, time_in_force: str, executed: str, status: str
) -> None:
    placed = scene.limit("BUY", "90010", "2", timeInForce=time_in_force)
    assert (placed["executedQty"], placed["status"]) == (executed, status)


def test_fill_or_kill_is_filled_where_it_can_be(scene: TradingScene) -> None:
    assert scene.limit("BUY", "90020", "3", timeInForce="FOK")["status"] == "FILLED"


def test_maker_only_order_rests_or_is_rejected(scene: TradingScene) -> None:
    maker: dict[str, Any] = {"side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.1"}
    assert scene.refusal("order.place", price="90010", **maker) == (
        -2010, "Order would immediately match and take.",
    )  # fmt: skip
    assert scene.status_of(scene.ask("order.place", price="90009", **maker)["orderId"]) == "NEW"


REJECTED: list[tuple[str, dict[str, Any], tuple[int, str]]] = [
    ("off the tick", {"price": "89000.001"}, (-1013, "Filter failure: PRICE_FILTER")),
    ("free", {"price": "0"}, (-1013, "Filter failure: PRICE_FILTER")),
    ("too dear", {"price": "9000000"}, (-1013, "Filter failure: PRICE_FILTER")),
    ("off the lot", {"quantity": "0.100001"}, (-1013, "Filter failure: LOT_SIZE")),
    ("nothing", {"quantity": "0"}, (-1013, "Filter failure: LOT_SIZE")),
    ("too many", {"quantity": "10000"}, (-1013, "Filter failure: LOT_SIZE")),
    ("too little", {"quantity": "0.00001"}, (-1013, "Filter failure: MIN_NOTIONAL")),
    ("too precise", {"quantity": "0.1000000001"}, (-1111, "Parameter 'quantity' has too much precision.")),
    ("too expensive", {"quantity": "90", "price": "900000"}, INSUFFICIENT),
    ("no symbol", {"symbol": "NOSUCHUSDT"}, (-1121, "Invalid symbol.")),
    ("big iceberg", {"icebergQty": "0.2"}, (-2010, "IcebergQty exceeds QTY.")),
    ("hasty iceberg", {"icebergQty": "0.01", "timeInForce": "IOC"}, (-2010, "Unsupported order combination")),
]


@pytest.mark.parametrize(
    ("params", "refusal"), [case[1:] for case in REJECTED], ids=[case[0] for case in REJECTED]
)
def test_rejected_order_leaves_nothing_behind(
    scene: TradingScene, params: dict[str, Any], refusal: tuple[int, str]
) -> None:
    good = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "89000", "quantity": "0.1"}
    assert scene.refusal("order.place", **(good | params)) == refusal
    assert (scene.events, scene.ask("openOrders.status")) == ([], [])
    assert scene.balance("USDT") == ("10000000.00000000", "0.00000000")


NOT_SIMULATED: list[tuple[str, dict[str, Any]]] = [
    ("pegs", {"pegPriceType": "PRIMARY_PEG"}),
    ("STP decrement", {"selfTradePreventionMode": "DECREMENT"}),
    ("trailing profit", {"type": "TAKE_PROFIT_LIMIT", "trailingDelta": 100}),
    ("trailing from a price", {"type": "STOP_LOSS_LIMIT", "trailingDelta": 100, "stopPrice": "91000"}),
]


@pytest.mark.parametrize(
    "params", [case[1] for case in NOT_SIMULATED], ids=[case[0] for case in NOT_SIMULATED]
)
def test_what_would_need_a_whole_exchange_says_so(scene: TradingScene, params: dict[str, Any]) -> None:
    good = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "89000", "quantity": "0.1"}
    code, text = scene.refusal("order.place", **(good | params))
    assert code == -1000
    assert "not simulated" in text


def test_client_id_is_free_again_once_its_order_has_ended(scene: TradingScene) -> None:
    first = scene.limit("BUY", "89000", "0.1", newClientOrderId="one")
    again = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "89000", "quantity": "0.1"}
    assert scene.refusal("order.place", newClientOrderId="one", **again) == (-2010, "Duplicate order sent.")
    scene.ask("order.cancel", orderId=first["orderId"])
    second = scene.limit("BUY", "89000", "0.1", newClientOrderId="one")
    assert scene.ask("order.status", origClientOrderId="one")["orderId"] == second["orderId"]


def test_sale_of_what_is_not_there_is_rejected() -> None:
    scene = TradingScene(SimAccount("poor", secret="s", balances={"spot": {"BTC": "0.1"}}))
    sale = {"side": "SELL", "type": "MARKET", "api_key": "poor"}
    assert scene.refusal("order.place", quantity="0.2", **sale) == INSUFFICIENT
    assert scene.ask("order.place", quantity="0.1", **sale)["status"] == "FILLED"


def test_tested_order_is_checked_and_not_placed(scene: TradingScene) -> None:
    good = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "89000", "quantity": "0.1"}
    assert scene.ask("order.test", **good) == {}
    rates = scene.ask("order.test", computeCommissionRates=True, **good)
    assert rates["standardCommissionForOrder"] == {"maker": "0.00100000", "taker": "0.00100000"}
    assert scene.refusal("order.test", **(good | {"price": "1.001"}))[0] == -1013
    assert (scene.events, scene.ask("openOrders.status")) == ([], [])


def test_routed_order_goes_to_its_own_book(scene: TradingScene) -> None:
    params = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "90010", "quantity": "0.5"}
    assert scene.ask("sor.order.test", **params) == {}
    (placed,) = scene.ask("sor.order.place", **params)
    assert (placed["status"], placed["usedSor"], placed["workingFloor"]) == ("FILLED", True, "EXCHANGE")


def test_fill_is_told_order_by_order_and_balances_last(scene: TradingScene) -> None:
    scene.limit("BUY", "90020", "1.5")
    assert scene.told_briefly() == [
        ("executionReport", "NEW", "NEW"),
        ("executionReport", "TRADE", "PARTIALLY_FILLED"),
        ("executionReport", "TRADE", "FILLED"),
        ("outboundAccountPosition",),
    ]


def test_execution_report_has_binances_keys_in_its_order(scene: TradingScene) -> None:
    scene.market("BUY", quantity="0.1", newClientOrderId="c1", strategyId=7, strategyType=1_000_001)
    trade = scene.told("executionReport")[1]
    assert list(trade) == [
        "e", "E", "s", "c", "S", "o", "f", "q", "p", "P", "F", "g", "C", "x", "X", "r", "i", "l", "z", "L",
        "n", "N", "T", "t", "I", "w", "m", "M", "O", "Z", "Y", "Q", "W", "V", "j", "J",
    ]  # fmt: skip
    assert (trade["c"], trade["n"], trade["N"], trade["T"]) == ("c1", "0.00010000", "BTC", START_MS)
    assert (trade["Y"], trade["w"], trade["m"]) == ("9001.00000000", False, False)


def test_balances_that_changed_are_told_with_the_time_of_the_change(scene: TradingScene) -> None:
    scene.limit("BUY", "89000", "0.1")
    assert scene.told("outboundAccountPosition") == [
        {
            "e": "outboundAccountPosition",
            "E": START_MS,
            "u": START_MS,
            "B": [{"a": "USDT", "f": "9991100.00000000", "l": "8900.00000000"}],
        }
    ]
    assert scene.ask("account.status")["updateTime"] == START_MS


def test_only_so_many_orders_may_be_open(scene: TradingScene) -> None:
    for _ in range(200):
        scene.limit("BUY", "89000", "0.001")
    order = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "89000", "quantity": "0.001"}
    assert scene.refusal("order.place", **order) == (-1013, "Filter failure: MAX_NUM_ORDERS")
