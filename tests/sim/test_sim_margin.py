"""Margin: orders over REST from wallets of their own, told to the subscriptions of the right token."""

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from support.api import ED25519, ApiPeer, Key, connect_api
from support.rest import RestPeer, connect_rest

from fastbinance import ConfigurationError
from fastbinance.sim import Simulator

BASE = "/sapi/v1/margin"
BY_TOKEN = "userDataStream.subscribe.listenToken"
SIGNED = "userDataStream.subscribe.signature"
MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
LIMIT = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01",
    "price": "20000",
}  # fmt: skip
WALLETS = [("cross", {}), ("isolated", {"isIsolated": "TRUE"})]
ORDER_KEYS = {
    "clientOrderId", "cummulativeQuoteQty", "executedQty", "icebergQty", "isWorking", "orderId", "origQty",
    "price", "side", "status", "stopPrice", "symbol", "isIsolated", "time", "timeInForce", "type",
    "selfTradePreventionMode", "updateTime",
}  # fmt: skip
TRADE_KEYS = {
    "commission", "commissionAsset", "id", "isBestMatch", "isBuyer", "isMaker", "orderId", "price", "qty",
    "symbol", "isIsolated", "time",
}  # fmt: skip


async def ask(rest: RestPeer, verb: str, path: str, **params: Any) -> Any:
    """Carry out a request that works."""
    status, body = await rest.signed("spot", verb, f"{BASE}/{path}", **params)
    assert status == 200, body
    return body


async def held(rest: RestPeer, wallet: str, symbol: str = "BTCUSDT") -> dict[str, tuple[str, str]]:
    """Give what a wallet has, free and locked."""
    if wallet == "spot":
        _, account = await rest.signed("spot", "GET", "/api/v3/account")
        assets = account["balances"]
    elif wallet == "cross":
        assets = (await ask(rest, "GET", "account"))["userAssets"]
    else:
        (pair,) = (await ask(rest, "GET", "isolated/account", symbols=symbol))["assets"]
        assets = [pair["baseAsset"], pair["quoteAsset"]]
    return {one["asset"]: (one["free"], one["locked"]) for one in assets}


async def subscribe(sim: Any, peer: ApiPeer) -> dict[int, str]:
    """Subscribe to spot, cross margin and two pairs; gives their names by the ids of subscriptions."""
    names = {}
    found = await peer.result(SIGNED, **peer.signed())
    names[found["subscriptionId"]] = "spot"
    for name, symbol in (("cross", None), ("isolated", "BTCUSDT"), ("another pair", "ETHUSDT")):
        found = await peer.result(BY_TOKEN, listenToken=sim.listen_token(symbol=symbol))
        names[found["subscriptionId"]] = name
    return names


@pytest.mark.parametrize(("wallet", "which"), WALLETS)
def test_an_order_is_told_where_its_wallet_is_listened_to_and_nowhere_else(
    client: SimpleNamespace, wallet: str, which: dict[str, Any]
) -> None:
    async def scene() -> None:
        async with (
            Simulator() as sim, connect_rest(sim) as rest, connect_api(sim, "marginUserData") as peer,
        ):  # fmt: skip
            names = await subscribe(sim, peer)
            placed = await ask(rest, "POST", "order", **MARKET, **which)
            # What spot does afterwards comes behind all that this order had told.
            await rest.signed("spot", "POST", "/api/v3/order", **LIMIT)
            frames = []
            while not frames or names[frames[-1]["subscriptionId"]] != "spot":
                frames.append(await peer.json())
            told = [(names[one["subscriptionId"]], one["event"]["e"]) for one in frames]
            assert {name for name, _ in told[:-1]} == {wallet}
            assert told[-2] == (wallet, "outboundAccountPosition")
            assert frames[0]["event"]["i"] == placed["orderId"]
            balances = {one["a"]: (one["f"], one["l"]) for one in frames[-2]["event"]["B"]}
            there = await held(rest, wallet)
            assert balances == {asset: there[asset] for asset in ("BTC", "USDT")}

    client.run(scene())


@pytest.mark.parametrize(("wallet", "which"), WALLETS)
def test_an_order_moves_coins_of_its_wallet_alone(
    client: SimpleNamespace, wallet: str, which: dict[str, Any]
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            before = {name: await held(rest, name) for name in ("spot", "cross", "isolated")}
            await ask(rest, "POST", "order", **LIMIT, **which)
            after = {name: await held(rest, name) for name in before}
            assert after.pop(wallet)["USDT"][1] == "200.00000000"
            assert after == {name: before[name] for name in after}
            other = await held(rest, "isolated", "ETHUSDT")
            assert set(other) == {"ETH", "USDT"}
            assert other["USDT"][1] == "0.00000000"

    client.run(scene())


@pytest.mark.parametrize(("wallet", "which"), WALLETS)
def test_an_order_is_found_listed_and_cancelled_by_its_wallet(
    client: SimpleNamespace, wallet: str, which: dict[str, Any]
) -> None:
    other = {} if which else {"isIsolated": "TRUE"}

    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            placed = await ask(rest, "POST", "order", **LIMIT, **which, sideEffectType="NO_SIDE_EFFECT")
            assert placed["isIsolated"] is bool(which)
            key = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
            (listed,) = await ask(rest, "GET", "openOrders", symbol="BTCUSDT", **which)
            assert listed == await ask(rest, "GET", "order", **key, **which)
            assert (set(listed), listed["status"]) == (ORDER_KEYS, "NEW")
            assert await ask(rest, "GET", "openOrders", symbol="BTCUSDT", **other) == []
            status, error = await rest.signed("spot", "GET", f"{BASE}/order", **key, **other)
            assert (status, error["code"]) == (400, -2013)
            status, error = await rest.signed("spot", "GET", "/api/v3/order", **key)
            assert (status, error["code"]) == (400, -2013)
            cancelled = await ask(rest, "DELETE", "order", **key, **which)
            assert (cancelled["orderId"], cancelled["status"]) == (str(placed["orderId"]), "CANCELED")
            assert await ask(rest, "GET", "openOrders", symbol="BTCUSDT", **which) == []

    client.run(scene())


@pytest.mark.parametrize(("wallet", "which"), WALLETS)
def test_trades_are_those_of_the_wallet(client: SimpleNamespace, wallet: str, which: dict[str, Any]) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            orders = [(await ask(rest, "POST", "order", **MARKET, **which))["orderId"] for _ in range(3)]
            await rest.signed("spot", "POST", "/api/v3/order", **MARKET)
            trades = await ask(rest, "GET", "myTrades", symbol="BTCUSDT", **which)
            assert {one["orderId"] for one in trades} == set(orders)
            assert set(trades[0]) == TRADE_KEYS
            last = trades[-1]["id"]
            found = await ask(rest, "GET", "myTrades", symbol="BTCUSDT", fromId=last, limit=1, **which)
            assert [one["id"] for one in found] == [last]

    client.run(scene())


@pytest.mark.parametrize(
    ("verb", "path", "params", "code"),
    [
        ("GET", "openOrders", {"isIsolated": "TRUE"}, -1102),
        ("GET", "order", {"symbol": "BTCUSDT"}, -1102),
        ("GET", "isolated/account", {"symbols": "BTCUSDT,ETHUSDT,SOLUSDT,BNBUSDT,XRPUSDT,DOGEUSDT"}, -1130),
        ("POST", "order", {**LIMIT, "sideEffectType": "MARGIN_BUY"}, -1000),
        ("POST", "order", {**LIMIT, "quantity": "400"}, -2010),
        ("POST", "order", {**LIMIT, "symbol": "NOSUCHPAIR", "isIsolated": "TRUE"}, -1121),
    ],
)
def test_what_cannot_be_is_refused(
    client: SimpleNamespace, verb: str, path: str, params: dict[str, Any], code: int
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            status, error = await rest.signed("spot", verb, f"{BASE}/{path}", **params)
            assert (status, error["code"]) == (400, code)

    client.run(scene())


def test_wallets_have_what_an_account_says(client: SimpleNamespace) -> None:
    coins = {"margin": {"BTC": "1.5"}, "isolated": {"USDT": 7}}
    poor = Key(replace(ED25519.account, balances=coins), ED25519.sign)

    async def scene() -> None:
        async with Simulator(accounts=[poor.account]) as sim, connect_rest(sim) as rest:
            _, account = await rest.signed("spot", "GET", f"{BASE}/account", key=poor)
            assert [(one["asset"], one["free"]) for one in account["userAssets"]] == [("BTC", "1.50000000")]
            for _ in range(2):
                _, pairs = await rest.signed(
                    "spot", "GET", f"{BASE}/isolated/account", key=poor, symbols="BTCUSDT"
                )
                (pair,) = pairs["assets"]
                assert (pair["baseAsset"]["free"], pair["quoteAsset"]["free"]) == ("0.00000000", "7.00000000")
            # Without names, all that there are.
            _, every = await rest.signed("spot", "GET", f"{BASE}/isolated/account", key=poor)
            assert [one["symbol"] for one in every["assets"]] == ["BTCUSDT"]

    client.run(scene())


def test_margin_is_not_asked_over_the_ws_api(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            refused = await peer.error("margin.order.place", **peer.signed(**LIMIT))
            assert refused[1] == -1020

    client.run(scene())


@pytest.mark.parametrize(("wallet", "product", "symbol"), [
    ("cross", "margin", None), ("isolated", "isolated", "BTCUSDT"),
])  # fmt: skip
def test_coins_that_come_to_a_wallet_are_told_where_it_is_listened_to(
    client: SimpleNamespace, wallet: str, product: Any, symbol: str | None
) -> None:
    async def scene() -> None:
        async with (
            Simulator() as sim, connect_rest(sim) as rest, connect_api(sim, "marginUserData") as peer,
        ):  # fmt: skip
            names = await subscribe(sim, peer)
            before = await held(rest, wallet)
            sim.user.deposit("BTC", "-0.5", product, symbol=symbol)
            update, position = await peer.json(), await peer.json()
            assert {names[one["subscriptionId"]] for one in (update, position)} == {wallet}
            assert (update["event"]["e"], update["event"]["d"]) == ("balanceUpdate", "-0.50000000")
            there = await held(rest, wallet)
            assert Decimal(there["BTC"][0]) == Decimal(before["BTC"][0]) - Decimal("0.5")
            assert position["event"]["B"] == [{"a": "BTC", "f": there["BTC"][0], "l": "0.00000000"}]
            for pair in (None, "NOSUCHPAIR"):
                with pytest.raises(ConfigurationError, match="of a pair"):
                    sim.user.deposit("BTC", 1, "isolated", symbol=pair)

    client.run(scene())
