"""The calls of REST one by one: listen keys and tokens, orders, accounts, limits, and what goes wrong."""

import asyncio
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from support.api import DEFAULT, ED25519, connect_api
from support.rest import RestPeer, connect_rest

from fastbinance.errors import ConfigurationError
from fastbinance.sim import Simulator

KEYS = [
    ("usdm", "/fapi/v1/listenKey"),
    ("coinm", "/dapi/v1/listenKey"),
    ("options", "/eapi/v1/listenKey"),
    ("portfolio", "/papi/v1/listenKey"),
]
RISK = "/sapi/v1/margin/listen-key"
TOKEN = "/sapi/v1/userListenToken"
NO_KEY = (400, {"code": -1125, "msg": "This listenKey does not exist."})
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@pytest.mark.parametrize(("product", "path"), KEYS)
def test_an_account_has_one_listen_key_until_it_is_closed(
    client: SimpleNamespace, product: str, path: str
) -> None:
    async def scene() -> None:
        async with Simulator(accounts=[ED25519.account]) as sim, connect_rest(sim) as rest:
            status, made = await rest.ask(product, "POST", path, key=DEFAULT)
            assert (status, list(made), len(made["listenKey"])) == (200, ["listenKey"], 64)
            assert await rest.ask(product, "POST", path, key=DEFAULT) == (200, made)
            assert await rest.ask(product, "POST", path, key=ED25519) != (200, made)
            # Only USD-M says again which key it prolonged.
            told = made if product == "usdm" else {}
            assert await rest.ask(product, "PUT", path, key=DEFAULT) == (200, told)
            assert await rest.ask(product, "DELETE", path, key=DEFAULT) == (200, {})
            assert await rest.ask(product, "PUT", path, key=DEFAULT) == NO_KEY
            assert await rest.ask(product, "DELETE", path, key=DEFAULT) == NO_KEY
            assert await rest.ask(product, "POST", path, key=DEFAULT) != (200, made)

    client.run(scene())


def test_a_listen_key_is_good_for_an_hour_after_it_was_last_asked_for(
    client: SimpleNamespace, clock: Any
) -> None:
    async def scene() -> None:
        product, path = KEYS[0]
        async with Simulator(clock=clock) as sim, connect_rest(sim) as rest:
            for verb in ("POST", "PUT", "POST"):
                status, made = await rest.ask(product, verb, path, key=DEFAULT)
                assert status == 200
                clock.advance(HOUR_MS - 1)
            clock.advance(1)
            assert await rest.ask(product, "PUT", path, key=DEFAULT) == NO_KEY
            assert await rest.ask(product, "POST", path, key=DEFAULT) != (200, made)

    client.run(scene())


@pytest.mark.parametrize(("product", "service"), [("usdm", "usdmWSAPI"), ("coinm", "coinmWSAPI")])
def test_rest_and_the_ws_api_give_the_same_listen_key(
    client: SimpleNamespace, product: str, service: str
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest, connect_api(sim, service) as api:
            _, made = await rest.ask(product, "POST", dict(KEYS)[product], key=DEFAULT)
            assert await api.result("userDataStream.start", apiKey=DEFAULT.api_key) == made

    client.run(scene())


def test_the_key_of_margins_risk_must_be_named(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            _, made = await rest.ask("spot", "POST", RISK, key=DEFAULT)
            assert await rest.ask("spot", "PUT", RISK, key=DEFAULT, **made) == (200, {})
            assert await rest.ask("spot", "PUT", RISK, key=DEFAULT, listenKey="other") == NO_KEY
            status, unnamed = await rest.ask("spot", "PUT", RISK, key=DEFAULT)
            assert (status, unnamed["code"]) == (400, -1102)
            assert await rest.ask("spot", "DELETE", RISK, key=DEFAULT, **made) == (200, {})
            assert await rest.ask("spot", "PUT", RISK, key=DEFAULT, **made) == NO_KEY

    client.run(scene())


@pytest.mark.parametrize(
    ("params", "lasts_ms"),
    [({}, DAY_MS), ({"validity": 60_000}, 60_000), ({"isIsolated": "true", "symbol": "BTCUSDT"}, DAY_MS)],
    ids=["cross", "for a minute", "isolated"],
)
def test_a_listen_token_is_subscribed_to_until_it_expires(
    client: SimpleNamespace, clock: Any, params: dict[str, Any], lasts_ms: int
) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock) as sim,
            connect_rest(sim) as rest,
            connect_api(sim, "marginUserData") as api,
        ):
            status, made = await rest.signed("spot", "POST", TOKEN, **params)
            assert (status, made["expirationTime"]) == (200, clock() + lasts_ms)
            subscribe = "userDataStream.subscribe.listenToken"
            assert (await api.result(subscribe, listenToken=made["token"]))["expirationTime"] == (
                made["expirationTime"]
            )
            clock.advance(lasts_ms)
            assert (await api.error(subscribe, listenToken=made["token"]))[1] == -1209

    client.run(scene())


def test_a_listen_token_is_given_to_a_key_alone_and_not_to_a_wrong_signature(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            assert (await rest.ask("spot", "POST", TOKEN, key=DEFAULT))[0] == 200
            spoilt = rest.sign() | {"signature": "0"}
            refused = await rest.ask("spot", "POST", TOKEN, key=DEFAULT, **spoilt)
            assert (refused[0], refused[1]["code"]) == (400, -1022)
            for params in ({"isIsolated": "true"}, {"validity": DAY_MS + 1}):
                status, error = await rest.signed("spot", "POST", TOKEN, **params)
                assert (status, error["code"] in (-1102, -1130)) == (400, True), error

    client.run(scene())


def test_an_order_of_spot_is_the_same_over_rest_and_the_ws_api(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest, connect_api(sim) as api:
            order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
            status, placed = await rest.signed(
                "spot", "POST", "/api/v3/order", **order, quantity="0.001", price="50000"
            )
            assert (status, placed["status"]) == (200, "NEW")
            asked = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
            told = await api.result("order.status", **api.signed(**asked))
            assert await rest.signed("spot", "GET", "/api/v3/order", **asked) == (200, told)
            assert await rest.signed("spot", "GET", "/api/v3/openOrders") == (200, [told])
            status, cancelled = await rest.signed("spot", "DELETE", "/api/v3/order", **asked)
            assert (status, cancelled["status"]) == (200, "CANCELED")
            assert await rest.signed("spot", "GET", "/api/v3/openOrders") == (200, [])

    client.run(scene())


def test_trades_of_spot_are_told_with_the_balances_that_they_made(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            _, placed = await rest.signed(
                "spot", "POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01"
            )
            (fill,) = placed["fills"]
            status, (trade,) = await rest.signed("spot", "GET", "/api/v3/myTrades", symbol="BTCUSDT")
            assert (status, trade["id"], trade["commission"]) == (200, fill["tradeId"], fill["commission"])
            _, account = await rest.signed("spot", "GET", "/api/v3/account", omitZeroBalances="true")
            bitcoin = next(one for one in account["balances"] if one["asset"] == "BTC")
            assert bitcoin == {"asset": "BTC", "free": "100.00999000", "locked": "0.00000000"}

    client.run(scene())


def test_lists_in_a_query_are_json(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            path = "/api/v3/exchangeInfo"
            _, info = await rest.ask("spot", "GET", path, symbols='["BTCUSDT","ETHBTC"]')
            assert [one["symbol"] for one in info["symbols"]] == ["BTCUSDT", "ETHBTC"]
            status, error = await rest.ask("spot", "GET", path, symbols='["BTCUSDT"')
            assert (status, error["code"]) == (400, -1100)

    client.run(scene())


async def trade_futures(rest: RestPeer, product: str, prefix: str, symbol: str, price: str) -> Any:
    """Fill one order and leave another one open; gives both."""
    order = {"symbol": symbol, "side": "BUY", "quantity": "1", "newOrderRespType": "RESULT"}
    placed = []
    for more in ({"type": "MARKET"}, {"type": "LIMIT", "timeInForce": "GTC", "price": price}):
        status, one = await rest.signed(product, "POST", f"{prefix}/v1/order", **order, **more)
        assert status == 200, one
        placed.append(one)
    return placed


@pytest.mark.parametrize(
    ("product", "prefix", "version", "symbol", "asset"),
    [("usdm", "/fapi", "v3", "BTCUSDT", "USDT"), ("coinm", "/dapi", "v1", "BTCUSD_PERP", "BTC")],
)
def test_orders_positions_and_trades_of_futures_are_told(
    client: SimpleNamespace, product: str, prefix: str, version: str, symbol: str, asset: str
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:

            async def get(path: str, **params: Any) -> Any:
                status, found = await rest.signed(product, "GET", f"{prefix}/{path}", **params)
                assert status == 200, found
                return found

            filled, resting = await trade_futures(rest, product, prefix, symbol, "50000")
            assert (filled["status"], resting["status"]) == ("FILLED", "NEW")
            (still_open,) = await get("v1/openOrders")
            assert (still_open["orderId"], await get("v1/openOrders", symbol=symbol)) == (
                resting["orderId"],
                [still_open],
            )
            trades = await get("v1/userTrades", symbol=symbol)
            assert {trade["orderId"] for trade in trades} == {filled["orderId"]}
            held = [one for one in await get(f"{version}/positionRisk") if float(one["positionAmt"])]
            assert [(one["symbol"], float(one["positionAmt"])) for one in held] == [(symbol, 1.0)]
            account = await get(f"{version}/account")
            assert symbol in {one["symbol"] for one in account["positions"]}
            balances = {one["asset"]: one for one in await get(f"{version}/balance")}
            wallet = next(one for one in account["assets"] if one["asset"] == asset)
            assert wallet["walletBalance"] == balances[asset]["balance"]
            modified = await rest.signed(
                product, "PUT", f"{prefix}/v1/order", symbol=symbol, orderId=resting["orderId"], side="BUY",
                quantity="2", price="50000",
            )  # fmt: skip
            assert (modified[0], float(modified[1]["origQty"])) == (200, 2.0)
            ended = await rest.signed(product, "DELETE", f"{prefix}/v1/allOpenOrders", symbol=symbol)
            assert ended == (200, {"code": 200, "msg": "The operation of cancel all open order is done."})
            assert await get("v1/openOrders") == []

    client.run(scene())


@pytest.mark.parametrize(
    ("product", "path", "symbol", "status"),
    [
        ("usdm", "/fapi/v1/exchangeInfo", "BTCUSDT", "status"),
        ("coinm", "/dapi/v1/exchangeInfo", "BTCUSD_PERP", "contractStatus"),
    ],
)
def test_symbols_of_futures_are_described_with_their_filters(
    client: SimpleNamespace, product: str, path: str, symbol: str, status: str
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            _, info = await rest.ask(product, "GET", path)
            described = next(one for one in info["symbols"] if one["symbol"] == symbol)
            assert (described[status], described["contractType"]) == ("TRADING", "PERPETUAL")
            assert [one["filterType"] for one in described["filters"]][:2] == ["PRICE_FILTER", "LOT_SIZE"]

    client.run(scene())


def test_orders_that_rest_are_filled_though_nobody_is_connected(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator(messages_per_second=1000) as sim, connect_rest(sim) as rest:
            traded = asyncio.Event()
            sim._apis._tradings["prod"].on_event.append(
                lambda account, product, event: traded.set() if event.get("x") == "TRADE" else None
            )
            _, book = await rest.ask("spot", "GET", "/api/v3/depth", symbol="BTCUSDT", limit=1)
            # At the best prices of both sides: the crowd comes to one of them sooner or later.
            for side, ((price, _),) in (("BUY", book["bids"]), ("SELL", book["asks"])):
                status, _ = await rest.signed(
                    "spot", "POST", "/api/v3/order", symbol="BTCUSDT", side=side, type="LIMIT",
                    timeInForce="GTC", quantity="0.001", price=price, selfTradePreventionMode="NONE",
                )  # fmt: skip
                assert status == 200
            await traded.wait()

    client.run(scene())


def test_rest_and_the_ws_api_share_their_limits(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, api_limits={"weight": 24, "refusals_before_ban": 1}) as sim,
            connect_rest(sim) as rest,
            connect_api(sim) as api,
        ):
            await api.result("account.status", **api.signed())  # 2 of the handshake, and 20
            assert await rest.ask("spot", "GET", "/api/v3/ping") == (200, {})
            assert rest.headers["X-MBX-USED-WEIGHT-1M"] == "23"
            status, error = await rest.signed("spot", "GET", "/api/v3/account")
            assert (status, error["code"], "data" in error) == (429, -1003, False)
            left_ms = 60_000 - clock() % 60_000
            assert int(rest.headers["Retry-After"]) == -(-left_ms // 1000)
            status, error = await rest.ask("spot", "GET", "/api/v3/ping")
            assert (status, error["code"], rest.headers["Retry-After"]) == (418, -1003, "120")
            assert (await rest.ask("usdm", "GET", "/fapi/v1/ping"))[0] == 200
            # What margin has is counted by itself.
            assert (await rest.ask("spot", "POST", TOKEN, key=DEFAULT))[0] == 200
            assert rest.headers["X-SAPI-USED-IP-WEIGHT-1M"] == "1"

    client.run(scene())


@pytest.mark.parametrize(
    ("product", "path", "weight"),
    [
        ("spot", "/api/v3/account", 20),
        ("spot", "/api/v3/openOrders", 80),
        ("usdm", "/fapi/v1/openOrders", 40),
        ("usdm", "/fapi/v2/positionRisk", 5),
        ("coinm", "/dapi/v1/openOrders", 40),
        ("coinm", "/dapi/v1/positionRisk", 1),
        ("coinm", "/dapi/v1/account", 5),
    ],
)
def test_calls_weigh_what_binance_says(client: SimpleNamespace, product: str, path: str, weight: int) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            assert (await rest.signed(product, "GET", path))[0] == 200
            assert rest.headers["X-MBX-USED-WEIGHT-1M"] == str(weight)

    client.run(scene())


def test_one_may_wait_for_what_rest_was_asked(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest, asyncio.TaskGroup() as group:
            waiting = group.create_task(sim.wait_for(lambda sim: sim.stats.rest_requests == 2))
            await rest.ask("spot", "GET", "/api/v3/ping")
            assert not waiting.done()
            await rest.ask("spot", "GET", "/api/v3/ping")

    client.run(scene())


def test_orders_are_counted_by_account_and_told_in_headers(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock, api_limits={"orders_10s": 1}) as sim, connect_rest(sim) as rest:
            order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
            assert (await rest.signed("spot", "POST", "/api/v3/order", **order))[0] == 200
            counts = [rest.headers[f"X-MBX-ORDER-COUNT-{span}"] for span in ("10S", "1D")]
            # It cost no weight, since it worked.
            assert (counts, rest.headers["X-MBX-USED-WEIGHT-1M"]) == (["1", "1"], "0")
            status, error = await rest.signed("spot", "POST", "/api/v3/order", **order)
            assert (status, error["code"], "Retry-After" in rest.headers) == (429, -1015, True)

    client.run(scene())


def test_the_environments_share_neither_orders_nor_keys(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with (
            Simulator() as sim,
            connect_rest(sim) as rest,
            connect_rest(sim, "testnet") as testnet,
        ):
            await trade_futures(rest, "usdm", "/fapi", "BTCUSDT", "50000")
            assert await testnet.signed("usdm", "GET", "/fapi/v1/openOrders") == (200, [])
            key = await rest.ask("usdm", "POST", "/fapi/v1/listenKey", key=DEFAULT)
            assert await testnet.ask("usdm", "PUT", "/fapi/v1/listenKey", key=DEFAULT) == NO_KEY
            assert await testnet.ask("usdm", "POST", "/fapi/v1/listenKey", key=DEFAULT) != key

    client.run(scene())


def test_requests_are_refused_as_often_as_one_says(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            path = "/fapi/v1/listenKey"
            sim.rest_answers(503, -1008, "Busy.", retry_after=2, product="usdm", path=path, times=1)
            assert (await rest.ask("usdm", "GET", "/fapi/v1/ping"))[0] == 200
            assert (await rest.ask("coinm", "GET", "/dapi/v1/ping"))[0] == 200
            refused = await rest.ask("usdm", "POST", path, key=DEFAULT)
            assert refused == (503, {"code": -1008, "msg": "Busy."})
            assert rest.headers["Retry-After"] == "2"
            assert (sim.stats.rest_requests, sim.stats.rest_errors) == (3, 1)
            assert (await rest.ask("usdm", "POST", path, key=DEFAULT))[0] == 200
            sim.rest_answers(502, msg="no gateway")
            assert await rest.send("usdm", "GET", "/fapi/v1/ping") == (502, b"no gateway")
            sim.rest_answers()
            assert await rest.send("usdm", "GET", "/fapi/v1/ping") == (200, b"{}")

    client.run(scene())


@pytest.mark.parametrize(("kill", "remains"), [("before", 0), ("after", 1)])
def test_a_connection_is_lost_before_a_request_is_carried_out_or_after(
    client: SimpleNamespace, kill: Any, remains: int
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
            sim.rest_answers(kill=kill, times=1)
            with pytest.raises(aiohttp.ClientError):
                await rest.signed("spot", "POST", "/api/v3/order", **order, quantity="0.001", price="50000")
            _, found = await rest.signed("spot", "GET", "/api/v3/openOrders")
            assert len(found) == remains

    client.run(scene())


@pytest.mark.parametrize(
    "wrong",
    [{"status": 200}, {"delay": -1}, {"kill": "maybe"}, {"times": 0}, {"product": "alpha"}],
    ids=["no refusal", "back in time", "no such moment", "never", "no such product"],
)
def test_faults_of_rest_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=str(next(iter(wrong.values())))):
        Simulator().rest_answers(**wrong)


def test_a_simulator_stops_while_a_request_waits(
    client: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        arrived = asyncio.Event()
        async with Simulator() as sim, aiohttp.ClientSession() as session:
            sim.rest_answers(delay=3600)
            find = sim._rest.faults.find

            def hear(product: Any, path: str) -> Any:
                arrived.set()
                return find(product, path)

            monkeypatch.setattr(sim._rest.faults, "find", hear)
            waiting = asyncio.create_task(session.get(f"{sim.rest_urls['spot']}/api/v3/ping"))
            await arrived.wait()
            assert (sim.stats.rest_requests, sim.stats.rest_errors) == (1, 0)
            await sim._close()
            with pytest.raises(aiohttp.ClientError):
                await waiting

    client.run(scene())
