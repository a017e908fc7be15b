"""Orders and positions of USD-M and COIN-M."""

from typing import Any

import pytest
from support.trading import TradingScene

from fastbinance.sim.trading import SimAccount

LIMIT: dict[str, Any] = {"type": "LIMIT", "timeInForce": "GTC"}
INVERSE: dict[str, Any] = {"product": "coinm", "symbol": "BTCUSD_PERP"}


@pytest.fixture
def scene() -> TradingScene:
    hedger = SimAccount("hedger", secret="s", hedge_mode=True)
    poor = SimAccount("poor", secret="s", balances={"usdm": {"USDT": 1000}, "coinm": {"BTC": "0.01"}})
    return TradingScene(hedger, poor)


def place(scene: TradingScene, side: str, quantity: str, **params: Any) -> Any:
    """Place a market order, unless it is said to be something else."""
    params = {"product": "usdm", "type": "MARKET", "newOrderRespType": "RESULT"} | params
    return scene.ask("order.place", side=side, quantity=quantity, **params)


def position(scene: TradingScene, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = scene.ask("v2/account.position", product="usdm", **params)[0]
    return found


def wallet(scene: TradingScene, product: Any = "usdm", asset: str = "USDT", **params: Any) -> str:
    balances = scene.ask("account.balance", product=product, **params)
    return next(str(one["balance"]) for one in balances if one["asset"] == asset)


def test_acknowledgement_says_nothing_of_what_was_paid(scene: TradingScene) -> None:
    keys = [
        "orderId", "symbol", "status", "clientOrderId", "price", "avgPrice", "origQty", "executedQty",
        "cumQty", "cumQuote", "timeInForce", "type", "reduceOnly", "closePosition", "side", "positionSide",
        "stopPrice", "workingType", "priceProtect", "origType", "priceMatch", "selfTradePreventionMode",
        "goodTillDate", "updateTime",
    ]  # fmt: skip
    assert list(place(scene, "BUY", "0.1")) == keys
    acknowledged = scene.ask("order.place", product="usdm", side="BUY", type="MARKET", quantity="0.1")
    assert list(acknowledged) == [key for key in keys if key not in ("avgPrice", "cumQuote")]


def test_position_has_the_mean_price_of_what_was_bought(scene: TradingScene) -> None:
    bought = place(scene, "BUY", "1.5")
    assert (bought["status"], bought["avgPrice"], bought["cumQuote"]) == (
        "FILLED",
        "90013.33",
        "135020.00000",
    )
    held = position(scene)
    assert (held["positionAmt"], held["entryPrice"]) == ("1.500", "90013.33333333")
    # What is taken is worth the middle of the book at once: 90,005.
    assert held["unRealizedProfit"] == "-12.50000000"
    assert (held["notional"], held["initialMargin"]) == ("135007.50000000", "6750.37500000")


def test_profit_is_realised_by_what_is_closed_and_commission_by_everything(scene: TradingScene) -> None:
    place(scene, "BUY", "1")
    assert wallet(scene) == "9999954.99500000"  # 0.05 % of 90,010
    scene.move([("91000", "5")], [("91010", "5")], product="usdm")
    scene.events.clear()
    place(scene, "SELL", "0.4")
    assert wallet(scene) == "10000332.79500000"  # + 0.4 * 990 - 0.05 % of 36,400
    assert position(scene)["positionAmt"] == "0.600"
    (trade,) = (event["o"] for event in scene.told("ORDER_TRADE_UPDATE") if event["o"]["x"] == "TRADE")
    assert (trade["rp"], trade["n"], trade["N"]) == ("396", "18.2", "USDT")


def test_position_turns_round_with_what_is_left_of_an_order(scene: TradingScene) -> None:
    place(scene, "BUY", "0.5")
    place(scene, "SELL", "0.8")
    held = position(scene)
    assert (held["positionAmt"], held["entryPrice"]) == ("-0.300", "90000.00000000")
    assert held["notional"] == "-27001.50000000"


def test_fill_is_told_in_short_then_the_account_then_the_order(scene: TradingScene) -> None:
    place(scene, "BUY", "0.1")
    assert scene.told_briefly() == [
        ("ORDER_TRADE_UPDATE", "NEW", "NEW"),
        ("TRADE_LITE",),
        ("ACCOUNT_UPDATE",),
        ("ORDER_TRADE_UPDATE", "TRADE", "FILLED"),
    ]


def test_order_update_has_binances_keys_in_its_order(scene: TradingScene) -> None:
    place(scene, "BUY", "0.1")
    update = scene.told("ORDER_TRADE_UPDATE")[-1]
    assert list(update) == ["e", "T", "E", "o"]
    assert list(update["o"]) == [
        "s", "c", "S", "o", "f", "q", "p", "ap", "sp", "x", "X", "i", "l", "z", "L", "n", "N", "T", "t", "b",
        "a", "m", "R", "wt", "ot", "ps", "cp", "rp", "pP", "si", "ss", "V", "pm", "gtd", "er",
    ]  # fmt: skip
    (account,) = scene.told("ACCOUNT_UPDATE")
    assert account["a"]["B"] == [{"a": "USDT", "wb": "9999995.49950000", "cw": "9999995.49950000", "bc": "0"}]
    assert list(account["a"]) == ["B", "P", "m"]
    assert list(account["a"]["P"][0]) == ["s", "pa", "ep", "cr", "up", "mt", "iw", "ps", "ma", "bep"]
    (lite,) = scene.told("TRADE_LITE")
    assert list(lite) == [*"eETsqpmcSLlti"]


def test_coin_margined_profit_is_of_the_coin(scene: TradingScene) -> None:
    sold = place(scene, "SELL", "100", **INVERSE)
    assert (sold["cumBase"], sold["avgPrice"]) == ("0.11111111", "90000.0")
    scene.move([("79990", "500")], [("80000", "500")], product="coinm", symbol="BTCUSD_PERP")
    before = scene.account().balance("coinm", "BTC").free
    place(scene, "BUY", "100", **INVERSE)
    # 10,000 dollars are 0.1111... bitcoin at 90,000 and 0.125 at 80,000; 0.05 % of the latter are paid.
    assert scene.account().balance("coinm", "BTC").free - before == 1_388_888 - 6_250
    update = scene.told("ORDER_TRADE_UPDATE")[-1]
    assert list(update) == ["e", "T", "E", "i", "o"]
    assert (update["o"]["ma"], update["o"]["rp"]) == ("BTC", "0.01388888")
    assert scene.told("TRADE_LITE") == []


def test_coin_margined_account_tells_all_of_its_positions(scene: TradingScene) -> None:
    place(scene, "BUY", "10", **INVERSE)
    place(scene, "BUY", "10", product="coinm", symbol="ETHUSD_PERP")
    assert [one["s"] for one in scene.told("ACCOUNT_UPDATE")[-1]["a"]["P"]] == ["BTCUSD_PERP", "ETHUSD_PERP"]


REJECTED: list[tuple[str, dict[str, Any], int]] = [
    ("off the tick", LIMIT | {"price": "89000.05"}, -4014),
    ("too precise a price", LIMIT | {"price": "89000.001"}, -1111),
    ("no price", LIMIT | {"price": "0"}, -4001),
    ("too dear", LIMIT | {"price": "9000000"}, -4002),
    ("too precise a quantity", {"quantity": "0.0001"}, -1111),
    ("no quantity", {"quantity": "0"}, -4003),
    ("too many", {"quantity": "10000000"}, -4005),
    ("too little", LIMIT | {"price": "4000", "quantity": "0.001"}, -4164),
    ("more than the margin", {"quantity": "2300"}, -2019),
    ("nothing to reduce", {"reduceOnly": True}, -2022),
    ("not hedging", {"positionSide": "LONG"}, -4061),
    ("not a maker", LIMIT | {"price": "90010", "timeInForce": "GTX"}, -5022),
    ("not filled at once", LIMIT | {"price": "90010", "quantity": "5", "timeInForce": "FOK"}, -5021),
    ("no such symbol", {"symbol": "NOSUCHUSDT"}, -1121),
]


@pytest.mark.parametrize(
    ("params", "code"), [case[1:] for case in REJECTED], ids=[case[0] for case in REJECTED]
)
def test_rejected_order_leaves_nothing_behind(scene: TradingScene, params: dict[str, Any], code: int) -> None:
    good = {"product": "usdm", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
    assert scene.refusal("order.place", **(good | params))[0] == code
    assert scene.events == []


def test_client_id_is_taken_while_its_order_is_open(scene: TradingScene) -> None:
    order = LIMIT | {"product": "usdm", "side": "BUY", "quantity": "0.1", "price": "80000"}
    scene.ask("order.place", newClientOrderId="one", **order)
    refusal = scene.refusal("order.place", newClientOrderId="one", **order)
    assert refusal == (-4116, "ClientOrderId is duplicated.")


def test_order_that_closes_needs_no_margin() -> None:
    scene = TradingScene(SimAccount("poor", secret="s", balances={"usdm": {"USDT": 4600}}))
    place(scene, "BUY", "1", api_key="poor")
    assert place(scene, "SELL", "2", api_key="poor")["status"] == "FILLED"
    more = {"product": "usdm", "side": "SELL", "type": "MARKET", "quantity": "1", "api_key": "poor"}
    assert scene.refusal("order.place", **more) == (-2019, "Margin is insufficient.")


@pytest.mark.parametrize(("tif", "status"), [("IOC", "EXPIRED"), ("GTC", "PARTIALLY_FILLED")])
def test_time_in_force_decides_what_becomes_of_the_rest(scene: TradingScene, tif: str, status: str) -> None:
    placed = place(scene, "BUY", "2", **(LIMIT | {"price": "90010", "timeInForce": tif}))
    assert (placed["executedQty"], placed["status"]) == ("1.000", status)


def test_order_expires_at_its_date(scene: TradingScene) -> None:
    date = scene.now_ms + 1000
    order = place(
        scene, "BUY", "1", **(LIMIT | {"price": "80000", "timeInForce": "GTD", "goodTillDate": date})
    )
    scene.step(999)
    assert scene.status_of(order["orderId"], product="usdm") == "NEW"
    scene.step(1)
    assert scene.status_of(order["orderId"], product="usdm") == "EXPIRED"


@pytest.mark.parametrize(
    ("match", "price"),
    [("OPPONENT", "90010.00"), ("QUEUE", "90000.00"), ("QUEUE_5", "89000.00"), ("OPPONENT_20", "91000.00")],
)
def test_price_may_be_that_of_others(scene: TradingScene, match: str, price: str) -> None:
    placed = place(scene, "BUY", "0.001", priceMatch=match, **LIMIT)
    assert (placed["price"], placed["priceMatch"]) == (price, match)


def test_reducing_order_never_turns_a_position(scene: TradingScene) -> None:
    place(scene, "BUY", "0.5")
    order = place(scene, "SELL", "0.5", reduceOnly=True, price="91000", **LIMIT)
    too_much = {"product": "usdm", "side": "SELL", "type": "MARKET", "reduceOnly": True, "quantity": "0.6"}
    assert scene.refusal("order.place", **too_much) == (-2022, "ReduceOnly Order is rejected.")
    place(scene, "SELL", "0.3")
    scene.move([("91000", "5")], [("91010", "5")], product="usdm")
    state = scene.ask("order.status", product="usdm", orderId=order["orderId"])
    assert (state["executedQty"], state["reduceOnly"]) == ("0.200", True)
    scene.step()
    assert scene.status_of(order["orderId"], product="usdm") == "EXPIRED"
    assert scene.ask("v2/account.position", product="usdm") == []


def test_hedger_holds_both_sides(scene: TradingScene) -> None:
    place(scene, "BUY", "0.5", positionSide="LONG", api_key="hedger")
    place(scene, "SELL", "0.3", positionSide="SHORT", api_key="hedger")
    held = scene.ask("v2/account.position", product="usdm", api_key="hedger")
    assert [(one["positionSide"], one["positionAmt"]) for one in held] == [
        ("LONG", "0.500"),
        ("SHORT", "-0.300"),
    ]
    order = {"product": "usdm", "type": "MARKET", "api_key": "hedger"}
    assert scene.refusal("order.place", side="BUY", quantity="0.1", **order)[0] == -4061
    close = {"side": "SELL", "positionSide": "LONG"}
    assert scene.refusal("order.place", quantity="0.6", **close, **order)[0] == -2022
    assert scene.refusal("order.place", quantity="0.1", reduceOnly=True, **close, **order)[0] == -1106
    assert place(scene, "SELL", "0.5", positionSide="LONG", api_key="hedger")["status"] == "FILLED"


def test_modified_order_has_another_price_and_its_own_number(scene: TradingScene) -> None:
    order_id = place(scene, "BUY", "0.1", price="80000", **LIMIT)["orderId"]
    change = {"product": "usdm", "side": "BUY", "orderId": order_id}
    modified = scene.ask("order.modify", price="81000", quantity="0.2", **change)
    assert (modified["price"], modified["origQty"], modified["modifyId"]) == ("81000.00", "0.200", 1)
    update = scene.told("ORDER_TRADE_UPDATE")[-1]["o"]
    assert (update["x"], update["X"], update["M"], update["b"]) == ("AMENDMENT", "NEW", "1", "16200")
    assert scene.refusal("order.modify", price="81000", quantity="0.2", **change)[0] == -5027
    assert scene.refusal("order.modify", price="81000", quantity="2300", **change)[0] == -2019
    assert scene.refusal("order.modify", price="81000", quantity="0.1", reduceOnly=True, **change)[0] == -5047
    assert scene.ask("order.status", product="usdm", orderId=order_id)["origQty"] == "0.200"
    assert scene.ask("order.modify", price="90010", quantity="0.2", **change)["status"] == "FILLED"
    assert scene.refusal("order.modify", price="90000", quantity="0.2", **change)[0] == -2013


def test_modification_to_no_more_than_is_filled_cancels(scene: TradingScene) -> None:
    order_id = place(scene, "BUY", "2", price="90010", **LIMIT)["orderId"]
    change = {"product": "usdm", "side": "BUY", "orderId": order_id}
    assert scene.ask("order.modify", price="90010", quantity="1", **change)["status"] == "CANCELED"


def test_order_is_cancelled_once(scene: TradingScene) -> None:
    order_id = place(scene, "BUY", "0.1", price="80000", **LIMIT)["orderId"]
    assert scene.ask("order.cancel", product="usdm", orderId=order_id)["status"] == "CANCELED"
    assert scene.refusal("order.cancel", product="usdm", orderId=order_id) == (-2011, "Unknown order sent.")
    assert scene.refusal("order.status", product="usdm", orderId=1) == (-2013, "Order does not exist.")


def test_coin_margined_stop_waits_and_becomes_a_market_order(scene: TradingScene) -> None:
    stop = {"type": "STOP_MARKET", "stopPrice": "95000", **INVERSE}
    order = place(scene, "BUY", "10", **stop)
    assert (order["status"], order["origType"], order["stopPrice"]) == ("NEW", "STOP_MARKET", "95000.0")
    scene.move([("94990", "500")], [("95000", "500")], product="coinm", symbol="BTCUSD_PERP")
    state = scene.ask("order.status", orderId=order["orderId"], **INVERSE)
    assert (state["status"], state["type"], state["origType"]) == ("FILLED", "MARKET", "STOP_MARKET")
    assert scene.refusal("order.place", side="BUY", quantity="10", **stop) == (
        -2021, "Order would immediately trigger.",
    )  # fmt: skip


def test_account_is_told_in_both_versions(scene: TradingScene) -> None:
    place(scene, "BUY", "0.1")
    place(scene, "BUY", "0.1", price="80000", **LIMIT)
    first, second = (scene.ask(f"{version}account.status", product="usdm") for version in ("", "v2/"))
    assert first["totalWalletBalance"] == second["totalWalletBalance"] == wallet(scene)
    assert first["totalOpenOrderInitialMargin"] == "450.02500000"
    # The one tells every symbol, the other those that are held.
    assert len(first["positions"]) == 10
    assert [one["symbol"] for one in second["positions"]] == ["BTCUSDT"]
    assert scene.ask("v2/account.balance", product="usdm") == scene.ask("account.balance", product="usdm")
    (held,) = scene.ask("account.position", product="usdm")
    assert (held["positionAmt"], held["leverage"], held["marginType"]) == ("0.100", "20", "cross")


def test_coin_margined_account_is_told_by_pair_and_asset(scene: TradingScene) -> None:
    place(scene, "SELL", "100", **INVERSE)

    def symbols(**params: Any) -> list[str]:
        return [one["symbol"] for one in scene.ask("account.position", product="coinm", **params)]

    assert symbols(pair="BTCUSD") == ["BTCUSD_PERP", "BTCUSD_261225"]
    assert symbols(marginAsset="ETH") == ["ETHUSD_PERP"]
    status = scene.ask("account.status", product="coinm")
    btc = next(one for one in status["assets"] if one["asset"] == "BTC")
    assert btc["walletBalance"] == wallet(scene, "coinm", "BTC")
    held = next(one for one in status["positions"] if one["symbol"] == "BTCUSD_PERP")
    assert (held["positionAmt"], held["notionalValue"]) == ("-100", "-0.11110493")
