"""User data on request: rare events, events of one's own, and faults."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from support.api import ED25519, ApiPeer, connect_api

from fastbinance.errors import ConfigurationError
from fastbinance.sim import Simulator, run_in_thread
from fastbinance.sim.user.keys import KeyProduct
from fastbinance.sim.user.kinds import AccountKind

SIGNED = "userDataStream.subscribe.signature"
BY_TOKEN = "userDataStream.subscribe.listenToken"
MARKET_ORDER = {"side": "SELL", "type": "MARKET"}
ORDERS: dict[str, dict[str, str]] = {
    "usdm": {**MARKET_ORDER, "symbol": "BTCUSDT", "quantity": "0.01"},
    "coinm": {**MARKET_ORDER, "symbol": "BTCUSD_PERP", "quantity": "1"},
}
SOCKETS: dict[str, str] = {"usdm": "/private/ws/", "coinm": "/ws/"}
BASES = {"usdm": "usdmPrivate", "coinm": "coinm"}


async def enter(peer: ApiPeer, market: str) -> str:
    """Sell something; gives its symbol."""
    await peer.result("order.place", **peer.signed(**ORDERS[market]))
    return ORDERS[market]["symbol"]


@pytest.mark.parametrize(
    ("account", "product", "service", "path"),
    [
        ("usdm", "usdm", "usdmPrivate", "/private/ws/"),
        ("coinm", "coinm", "coinm", "/ws/"),
        ("coinm", "coinm", "coinm2", "/ws/"),
        ("options", "options", "eoptionsPrivate", "/private/ws/"),
        ("portfolio", "portfolio", "portfolioMarginUserData", "/pm/ws/"),
        ("portfolio_pro", "portfolio", "portfolioMarginProUserData", "/pm-classic/ws/"),
        ("margin_risk", "margin_risk", "marginRiskUserData", "/ws/"),
    ],
)
def test_an_event_of_one_s_own_comes_on_every_kind_of_socket(
    client: SimpleNamespace, clock: Any, account: AccountKind, product: KeyProduct, service: str, path: str
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock, accounts=[ED25519.account]) as sim:
            assert sim.user.send({"e": "some"}, account) == 0
            key = sim.user.listen_key(product)
            async with client.connect(sim.urls[service] + path + key) as peer:
                assert await peer.until_answer() == []
                assert sim.user.send({"e": "some", "E": 1, "x": [True]}, account) == 1
                assert sim.user.send({"e": "some"}, account, ED25519.api_key) == 0
                assert sim.user.send({"e": "some"}, account, environment="testnet") == 0
                assert sim.user.expire_key(product) is True
                assert sim.user.expire_key(product) is False
                assert sim.user.send({"e": "some"}, account) == 0
                event, expired = await peer.until_answer()
                assert event == {"e": "some", "E": 1, "x": [True]}
                time = str(clock.now_ms) if account == "options" else clock.now_ms
                whose = {} if product == "portfolio" else {"listenKey": key}
                assert expired == {"e": "listenKeyExpired", "E": time, **whose}

    client.run(scene())


@pytest.mark.parametrize("path", ["/ws/", "/pm/stream?streams=", "/pm-classic/ws/", "/pm/"])
def test_a_host_of_user_data_has_one_path(client: SimpleNamespace, path: str) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            url = sim.urls["portfolioMarginUserData"] + path + sim.user.listen_key("portfolio")
            with pytest.raises(Exception, match="404"):
                async with client.connect(url):
                    pytest.fail("it opened")

    client.run(scene())


def test_an_event_of_one_s_own_comes_on_subscriptions(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            await peer.result(SIGNED, **peer.signed())
            for symbol in (None, "BTCUSDT", "ETHUSDT"):
                await peer.result(BY_TOKEN, listenToken=sim.listen_token(symbol=symbol))
            lock = {"e": "externalLockUpdate", "E": 1, "a": "BTC", "d": "1", "T": 1}
            assert sim.user.send(lock) == 1
            assert sim.user.send(lock, "margin") == 1
            assert sim.user.send(lock, "isolated", symbol="ETHUSDT") == 1
            assert sim.user.send(lock, "isolated") == 2
            frames = [await peer.json() for _ in range(5)]
            assert [frame["subscriptionId"] for frame in frames] == [0, 1, 3, 2, 3]
            assert all(frame["event"] == lock for frame in frames)
            assert sim.user.terminate() == 4
            ended = [await peer.json() for _ in range(4)]
            assert [frame["subscriptionId"] for frame in ended] == [0, 1, 2, 3]
            assert {frame["event"]["e"] for frame in ended} == {"eventStreamTerminated"}
            assert await peer.result("session.subscriptions") == []

    client.run(scene())


def test_coins_that_come_are_told(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            await peer.result(SIGNED, **peer.signed())
            sim.user.deposit("BTC", "1.5")
            update, position = (await peer.json())["event"], (await peer.json())["event"]
            assert (update["e"], update["a"], update["d"]) == ("balanceUpdate", "BTC", "1.50000000")
            assert position["B"][0]["f"] == "101.50000000"

    client.run(scene())


@pytest.mark.parametrize("market", ["usdm", "coinm"])
def test_a_liquidation_closes_what_is_held_and_cancels_what_is_open(
    client: SimpleNamespace, market: Any
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim, f"{market}WSAPI") as api:
            symbol = await enter(api, market)
            resting = {**ORDERS[market], "type": "LIMIT", "timeInForce": "GTC", "price": "200000"}
            await api.result("order.place", **api.signed(**resting))
            url = sim.urls[BASES[market]] + SOCKETS[market] + sim.user.listen_key(market)
            async with client.connect(url) as peer:
                await peer.until_answer()
                sim.user.liquidate(symbol, market)
                events = await peer.until_answer()
                orders = [event["o"] for event in events if event["e"] == "ORDER_TRADE_UPDATE"]
                assert (orders[0]["x"], orders[0]["X"]) == ("CANCELED", "CANCELED")
                assert {(order["o"], order["S"]) for order in orders[1:]} == {("LIQUIDATION", "BUY")}
                assert all(order["c"] == f"autoclose-{order['i']}" for order in orders[1:])
                assert [order["x"] for order in orders[1:2]] == ["NEW"]
                assert {order["x"] for order in orders[2:]} == {"CALCULATED"}
                assert orders[-1]["X"] == "FILLED"
                account = [event["a"] for event in events if event["e"] == "ACCOUNT_UPDATE"][-1]
                assert Decimal(account["P"][0]["pa"]) == 0
                with pytest.raises(ConfigurationError, match="holds no"):
                    sim.user.liquidate(symbol, market)

    client.run(scene())


@pytest.mark.parametrize("market", ["usdm", "coinm"])
@pytest.mark.parametrize("rate", ["0.001", "-0.001"])
def test_funding_is_paid_for_what_is_held(client: SimpleNamespace, market: Any, rate: str) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim, f"{market}WSAPI") as api:
            symbol = await enter(api, market)
            url = sim.urls[BASES[market]] + SOCKETS[market] + sim.user.listen_key(market)
            async with client.connect(url) as peer:
                await peer.until_answer()
                sim.user.pay_funding(symbol, rate, market)
                (event,) = await peer.until_answer()
                assert event["a"]["m"] == "FUNDING_FEE"
                assert event["a"]["S"] == symbol
                assert event["a"]["P"] == []
                (wallet,) = event["a"]["B"]
                # It is short: a positive rate is paid to it.
                assert (Decimal(wallet["bc"]) > 0) == (Decimal(rate) > 0)
                balances = await api.result("account.balance", **api.signed())
                held = {row["asset"]: Decimal(row["balance"]) for row in balances}
                assert held[wallet["a"]] == Decimal(wallet["wb"])

    client.run(scene())


def test_a_margin_call_changes_nothing(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim, "usdmWSAPI") as api:
            symbol = await enter(api, "usdm")
            url = sim.urls["usdmPrivate"] + SOCKETS["usdm"] + sim.user.listen_key("usdm")
            async with client.connect(url) as peer:
                await peer.until_answer()
                sim.user.call_margin(symbol)
                (event,) = await peer.until_answer()
                assert event["e"] == "MARGIN_CALL"
                (position,) = event["p"]
                assert (position["s"], position["ps"], position["pa"]) == (symbol, "BOTH", "-0.010")
                assert Decimal(position["mm"]) > 0

    client.run(scene())


def test_what_is_not_there_is_refused(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            for symbol in ("BTCUSDT", "no symbol"):
                with pytest.raises(ConfigurationError):
                    sim.user.call_margin(symbol)
            with pytest.raises(ConfigurationError, match="funding rate"):
                sim.user.pay_funding("BTCUSDT", "much")
            with pytest.raises(ConfigurationError, match="api_key"):
                sim.user.send({"e": "some"}, api_key="nobody's")
            with pytest.raises(ConfigurationError, match="environment"):
                sim.user.listen_key("usdm", environment="demo")
            for faults in ({"drop": 1.1}, {"double": -0.1}, {"late": 2}, {"delay": -1}):
                with pytest.raises(ConfigurationError):
                    sim.user.disturb(**faults)

    client.run(scene())


async def deposits(peer: ApiPeer) -> list[str]:
    """Give the amounts of the deposits that were told until now."""
    asked = await peer.send("ping")
    found = []
    while (frame := await peer.json()).get("id") != asked:
        if frame["event"]["e"] == "balanceUpdate":
            found.append(str(Decimal(frame["event"]["d"]).normalize()))
    return found


def test_events_are_lost_doubled_and_late(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim) as peer:
            await peer.result(SIGNED, **peer.signed())
            sim.user.disturb(drop=1.0)
            sim.user.deposit("BTC", 1)
            assert await deposits(peer) == []
            sim.user.disturb(double=1.0)
            sim.user.deposit("BTC", 2)
            assert await deposits(peer) == ["2", "2"]
            sim.user.disturb(late=1.0, delay=0.5)
            sim.user.deposit("BTC", 3)
            sim.user.disturb()
            sim.user.deposit("BTC", 4)
            assert await deposits(peer) == ["4"]
            clock.advance(499)
            sim.step()
            assert await deposits(peer) == []
            clock.advance(1)
            sim.step()
            assert await deposits(peer) == ["3"]

    client.run(scene())


def test_shares_of_the_events_are_concerned(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim) as peer:
            await peer.result(SIGNED, **peer.signed())
            sim.user.disturb(drop=0.5)
            for _ in range(200):
                sim.user.deposit("BTC", 1)
            assert 50 < len(await deposits(peer)) < 150

    client.run(scene())


def test_nothing_leaves_while_user_data_is_frozen(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, listen_token_seconds=1, listen_key_seconds=1) as sim,
            connect_api(sim) as peer,
        ):
            key = sim.user.listen_key("usdm")
            async with client.connect(sim.urls["usdmPrivate"] + SOCKETS["usdm"] + key) as socket:
                await socket.until_answer()
                await peer.result(SIGNED, **peer.signed())
                await peer.result(BY_TOKEN, listenToken=sim.listen_token())
                sim.user.freeze()
                sim.user.deposit("BTC", 1)
                assert sim.user.send({"e": "some"}) == 0
                clock.advance(1000)
                sim.step()
                assert await peer.result("session.subscriptions") == [{"subscriptionId": 0}]
                sim.user.thaw()
                sim.step()
                sim.user.deposit("BTC", 2)
                assert await deposits(peer) == ["2"]
                assert await socket.until_answer() == []

    client.run(scene())


def test_the_switches_work_from_another_thread() -> None:
    with run_in_thread() as sim:
        user = sim.user
        assert len(user.listen_key("usdm")) == 64
        assert user.send({"e": "some"}, "usdm") == 0
        assert user.expire_key("usdm") is True
        assert user.terminate() == 0
        user.deposit("USDT", 5, "usdm")
        for act in (user.liquidate, user.pay_funding, user.call_margin):
            with pytest.raises(ConfigurationError, match="holds no"):
                act("BTCUSDT")
        user.disturb(drop=1.0)
        user.freeze()
        user.thaw()
        assert sim.call(lambda simulator: simulator._apis.user_faults.is_frozen) is False
