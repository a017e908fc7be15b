"""Limits of the WS APIs: weights by address, orders by account, and the ban of those who go on."""

from types import SimpleNamespace
from typing import Any

import pytest
from support.api import DEFAULT, ED25519, ApiPeer, Key, connect_api

from fastbinance.sim import SimAccount, Simulator

MINUTE_MS = 60_000
DAY_MS = 86_400_000
ORDER: dict[str, Any] = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001",
    "price": "80000.00",
}  # fmt: skip
COIN_ORDER: dict[str, Any] = ORDER | {"symbol": "BTCUSD_PERP", "quantity": "1"}


def counts(answer: Any) -> dict[str, int]:
    """Give what an answer says is used, by kind and interval."""
    return {
        f"{limit['rateLimitType']} {limit['intervalNum']} {limit['interval']}": limit["count"]
        for limit in answer["rateLimits"]
    }


async def weight_of(peer: ApiPeer, method: str, **params: Any) -> int:
    """Find out what a request cost."""
    before = counts(await peer.ask("session.status"))["REQUEST_WEIGHT 1 MINUTE"]
    after = counts(await peer.ask(method, **params))["REQUEST_WEIGHT 1 MINUTE"]
    return after - before


WEIGHTS = [
    ("mainWSAPI", "ping", {}, 1),
    ("mainWSAPI", "exchangeInfo", {}, 20),
    ("mainWSAPI", "depth", {"symbol": "BTCUSDT"}, 5),
    ("mainWSAPI", "depth", {"symbol": "BTCUSDT", "limit": 101}, 25),
    ("mainWSAPI", "depth", {"symbol": "BTCUSDT", "limit": "1000"}, 50),
    ("mainWSAPI", "depth", {"symbol": "BTCUSDT", "limit": 5000}, 250),
    # What is refused costs all the same.
    ("mainWSAPI", "depth", {"symbol": "BTCUSDT", "limit": 5001}, 250),
    ("mainWSAPI", "depth", {}, 5),
    ("mainWSAPI", "no.such.method", {}, 1),
    ("mainWSAPI", "ticker", {"symbols": ["BTCUSDT", "ETHUSDT"]}, 8),
    ("mainWSAPI", "ticker.24hr", {"symbol": "BTCUSDT"}, 2),
    ("mainWSAPI", "ticker.24hr", {}, 80),
    ("mainWSAPI", "ticker.price", {"symbol": "BTCUSDT"}, 2),
    ("mainWSAPI", "ticker.price", {}, 4),
    ("mainWSAPI", "executionRules", {"symbol": "BTCUSDT"}, 2),
    ("mainWSAPI", "executionRules", {}, 40),
    ("usdmWSAPI", "depth", {"symbol": "BTCUSDT", "limit": 50}, 2),
    ("usdmWSAPI", "depth", {"symbol": "BTCUSDT"}, 10),
    ("usdmWSAPI", "ticker.book", {}, 5),
    ("coinmWSAPI", "session.status", {}, 2),
]


@pytest.mark.parametrize(("service", "method", "params", "weight"), WEIGHTS)
def test_a_request_costs_its_weight(
    client: SimpleNamespace, clock: Any, service: str, method: str, params: dict[str, Any], weight: int
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, service, clock) as peer:
            assert await weight_of(peer, method, **params) == weight

    client.run(scene())


def test_a_handshake_costs_weight_and_addresses_share_what_they_use(
    client: SimpleNamespace, clock: Any
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim:
            async with connect_api(sim) as peer:
                assert counts(await peer.ask("ping")) == {"REQUEST_WEIGHT 1 MINUTE": 3}
            async with connect_api(sim, "mainWSAPI2") as peer:
                assert counts(await peer.ask("ping")) == {"REQUEST_WEIGHT 1 MINUTE": 6}
                clock.advance(MINUTE_MS)
                assert counts(await peer.ask("ping")) == {"REQUEST_WEIGHT 1 MINUTE": 1}
            async with connect_api(sim, "usdmWSAPI") as peer:
                assert counts(await peer.ask("session.status")) == {"REQUEST_WEIGHT 1 MINUTE": 7}
            async with connect_api(sim, "mainWSAPITestnet") as peer:
                assert counts(await peer.ask("ping")) == {"REQUEST_WEIGHT 1 MINUTE": 3}

    client.run(scene())


def test_an_order_of_spot_costs_weight_when_it_is_refused(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, clock=clock) as peer:
            assert await weight_of(peer, "order.place", **peer.signed(**ORDER)) == 0
            assert await weight_of(peer, "order.place", **peer.signed(**ORDER | {"price": "0.01"})) == 1
            assert await weight_of(peer, "order.test", **peer.signed(**ORDER)) == 1
            priced = peer.signed(**ORDER, computeCommissionRates="true")
            assert await weight_of(peer, "order.test", **priced) == 20
            assert await weight_of(peer, "openOrders.status", **peer.signed()) == 80
            assert await weight_of(peer, "openOrders.status", **peer.signed(symbol="BTCUSDT")) == 6

    client.run(scene())


def test_too_much_weight_is_told_when_to_come_back(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, api_limits={"weight": 10}) as sim,
            connect_api(sim, clock=clock) as peer,
        ):
            for _ in range(8):
                assert (await peer.ask("ping"))["status"] == 200
            over = await peer.ask("ping")
            assert over["status"] == 429
            retry_ms = clock.now_ms - clock.now_ms % MINUTE_MS + MINUTE_MS
            assert over["error"] == {
                "code": -1003,
                "msg": "Too much request weight used; current limit is 10 request weight per 1 MINUTE. "
                "Please use WebSocket Streams for live updates to avoid polling the API.",
                "data": {"serverTime": clock.now_ms, "retryAfter": retry_ms},
            }  # fmt: skip
            assert counts(over) == {"REQUEST_WEIGHT 1 MINUTE": 11}
            clock.now_ms = retry_ms - 1
            assert (await peer.ask("ping"))["status"] == 429
            clock.now_ms = retry_ms
            assert (await peer.ask("ping"))["status"] == 200

    client.run(scene())


def test_those_who_go_on_are_banned_and_lose_their_connections(client: SimpleNamespace, clock: Any) -> None:
    limits: Any = {"weight": 10, "refusals_before_ban": 3}

    async def banned(peer: ApiPeer) -> int:
        while (answer := await peer.ask("ping"))["status"] in (200, 429):
            pass
        assert answer["status"] == 418
        until_ms: int = answer["error"]["data"]["retryAfter"]
        assert answer["error"]["msg"].startswith(
            f"Way too much request weight used; IP banned until {until_ms}."
        )
        assert await peer.closed() == (1008, "IP banned")
        return until_ms

    async def scene() -> None:
        async with Simulator(clock=clock, api_limits=limits) as sim:
            async with (
                connect_api(sim, clock=clock) as peer,
                connect_api(sim, "mainWSAPI2", clock) as beside,
                connect_api(sim, "usdmWSAPI", clock) as elsewhere,
            ):
                first = await banned(peer)
                assert first == clock.now_ms + 2 * MINUTE_MS
                assert await beside.closed() == (1008, "IP banned")
                assert (await elsewhere.ask("session.status"))["status"] == 200
            clock.now_ms = first - 1
            async with connect_api(sim, clock=clock) as peer:
                assert await banned(peer) == first
            clock.now_ms = first
            async with connect_api(sim, clock=clock) as peer:
                # Twice as long for whoever comes back for more.
                assert await banned(peer) == clock.now_ms + 4 * MINUTE_MS

    client.run(scene())


def test_so_many_requests_in_five_minutes(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, api_limits={"raw_requests": 3}) as sim,
            connect_api(sim, clock=clock) as peer,
        ):
            assert [(await peer.ask("ping"))["status"] for _ in range(4)] == [200, 200, 200, 429]
            clock.advance(5 * MINUTE_MS)
            assert (await peer.ask("ping"))["status"] == 200

    client.run(scene())


def test_orders_are_counted_by_account_and_not_those_refused(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, accounts=[ED25519.account]) as sim,
            connect_api(sim, clock=clock) as peer,
        ):
            orders = {"ORDERS 10 SECOND": 1, "ORDERS 1 DAY": 1}
            placed = await peer.ask("order.place", **peer.signed(**ORDER))
            assert placed["status"] == 200
            assert orders.items() <= counts(placed).items()
            refused = await peer.ask("order.place", **peer.signed(**ORDER | {"price": "0.01"}))
            assert orders.items() <= counts(refused).items()
            pair = {
                "symbol": "BTCUSDT", "side": "SELL", "quantity": "0.001", "aboveType": "LIMIT_MAKER",
                "abovePrice": "120000.00", "belowType": "STOP_LOSS", "belowStopPrice": "80000.00",
            }  # fmt: skip
            listed = await peer.ask("orderList.place.oco", **peer.signed(**pair))
            assert counts(listed)["ORDERS 10 SECOND"] == 3
            cancelled = await peer.ask("openOrders.cancelAll", **peer.signed(symbol="BTCUSDT"))
            assert "ORDERS 10 SECOND" not in counts(cancelled)
            told = await peer.result("account.rateLimits.orders", **peer.signed())
            assert [(limit["limit"], limit["count"]) for limit in told] == [(100, 3), (200_000, 3)]
            theirs = await peer.result("account.rateLimits.orders", **peer.signed(ED25519))
            assert [limit["count"] for limit in theirs] == [0, 0]

    client.run(scene())


@pytest.mark.parametrize(
    ("limit", "interval", "wait_ms"), [("orders_10s", "10 SECOND", 10_000), ("orders_long", "1 DAY", DAY_MS)]
)
def test_too_many_orders_are_refused_and_cancels_are_not(
    client: SimpleNamespace, clock: Any, limit: Any, interval: str, wait_ms: int
) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, api_limits={limit: 2}) as sim,
            connect_api(sim, clock=clock) as peer,
        ):
            for name in ("one", "two"):
                await peer.result("order.place", **peer.signed(**ORDER, newClientOrderId=name))
            over = await peer.ask("order.place", **peer.signed(**ORDER))
            assert over["status"] == 429
            retry_ms = clock.now_ms - clock.now_ms % wait_ms + wait_ms
            assert over["error"] == {
                "code": -1015,
                "msg": f"Too many new orders; current limit is 2 orders per {interval}.",
                "data": {"serverTime": clock.now_ms, "retryAfter": retry_ms},
            }
            named = peer.signed(symbol="BTCUSDT", origClientOrderId="one")
            assert (await peer.ask("order.cancel", **named))["status"] == 200
            clock.now_ms = retry_ms
            assert (await peer.ask("order.place", **peer.signed(**ORDER)))["status"] == 200

    client.run(scene())


REPLACE: dict[str, Any] = ORDER | {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrigClientOrderId": "one"}


@pytest.mark.parametrize(
    ("mode", "cancelled", "status", "code"),
    [
        ({}, "one", 429, -1015),
        ({"orderRateLimitExceededMode": "DO_NOTHING"}, "one", 429, -1015),
        ({"orderRateLimitExceededMode": "CANCEL_ONLY"}, "one", 409, -2021),
        ({"orderRateLimitExceededMode": "CANCEL_ONLY"}, "none", 429, -2022),
    ],
)
def test_a_cancel_replace_over_the_limit_cancels_when_it_asks_for_it(
    client: SimpleNamespace, clock: Any, mode: dict[str, Any], cancelled: str, status: int, code: int
) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, api_limits={"orders_10s": 1}) as sim,
            connect_api(sim, clock=clock) as peer,
        ):
            await peer.result("order.place", **peer.signed(**ORDER, newClientOrderId="one"))
            params = REPLACE | {"cancelOrigClientOrderId": cancelled} | mode
            answer = await peer.ask("order.cancelReplace", **peer.signed(**params))
            assert (answer["status"], answer["error"]["code"]) == (status, code)
            if code != -1015:
                data = answer["error"]["data"]
                assert list(data) == ["cancelResult", "newOrderResult", "cancelResponse", "newOrderResponse"]
                assert data["cancelResult"] == ("SUCCESS" if status == 409 else "FAILURE")
                assert data["newOrderResponse"]["code"] == -1015
            named = peer.signed(symbol="BTCUSDT", origClientOrderId="one")
            found = await peer.result("order.status", **named)
            assert found["status"] == ("CANCELED" if status == 409 else "NEW")

    client.run(scene())


def test_futures_have_one_order_budget_for_both_products(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock) as sim,
            connect_api(sim, "usdmWSAPI", clock) as usdm,
            connect_api(sim, "coinmWSAPI", clock) as coinm,
            connect_api(sim, clock=clock) as spot,
        ):
            first = await usdm.ask("order.place", **usdm.signed(**ORDER | {"quantity": "0.01"}))
            assert counts(first)["ORDERS 10 SECOND"] == 1
            assert counts(first)["ORDERS 1 MINUTE"] == 1
            second = await coinm.ask("order.place", **coinm.signed(**COIN_ORDER))
            assert counts(second)["ORDERS 10 SECOND"] == 2
            third = await spot.ask("order.place", **spot.signed(**ORDER))
            assert counts(third)["ORDERS 10 SECOND"] == 1

    client.run(scene())


def test_an_order_budget_is_the_account_s_on_every_connection(client: SimpleNamespace, clock: Any) -> None:
    other = Key(SimAccount("other", "fastbinance-sim-secret"), DEFAULT.sign)

    async def scene() -> None:
        async with (
            Simulator(clock=clock, api_limits={"orders_10s": 1}, accounts=[other.account]) as sim,
            connect_api(sim, clock=clock) as one,
            connect_api(sim, "mainWSAPI2", clock) as two,
        ):
            assert (await one.ask("order.place", **one.signed(**ORDER)))["status"] == 200
            assert (await two.ask("order.place", **two.signed(**ORDER)))["status"] == 429
            assert (await two.ask("order.place", **two.signed(other, **ORDER)))["status"] == 200

    client.run(scene())
