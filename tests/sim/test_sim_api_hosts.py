"""Connections to the WS APIs: URLs and paths, pings, lifetimes, and faults that all connections have."""

import contextlib
import json
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from support.api import PATHS, connect_api

from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey, limits
from fastbinance.sim import Simulator


def ping(number: int) -> str:
    return f'{{"id":{number},"method":"session.status"}}'


def test_every_ws_api_of_binance_has_a_url(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            wanted = {key for key in WsKey if "WSAPI" in key}
            assert wanted <= sim.urls.keys()
            for key in PATHS:
                async with connect_api(sim, key) as peer:
                    assert (await peer.ask("session.status"))["status"] == 200

    client.run(scene())


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("mainWSAPI", "/"),
        ("mainWSAPI", "/ws-api/v1"),
        ("mainWSAPI", "/ws-api/v3/more"),
        ("mainWSAPI", "/stream?streams=btcusdt@trade"),
        ("usdmWSAPI", "/ws-dapi/v1"),
        ("coinmWSAPI", "/ws-fapi/v1"),
        ("usdmWSAPITestnet", "/ws-dapi/v1"),
        ("main", "/ws-api/v3"),
    ],
)
def test_other_paths_open_nothing(client: SimpleNamespace, key: str, path: str) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                async with client.connect(sim.urls[WsKey(key)] + path):
                    raise AssertionError("it opened")
            assert caught.value.status == 404

    client.run(scene())


@pytest.mark.parametrize(
    ("key", "query", "status"),
    [
        ("mainWSAPI", "?timeUnit=NANOSECOND", 400),
        ("mainWSAPI", "?returnRateLimits=perhaps", 400),
        # Futures have one unit, and do not look.
        ("usdmWSAPI", "?timeUnit=NANOSECOND", 101),
    ],
)
def test_a_query_that_cannot_be_read_opens_nothing(
    client: SimpleNamespace, key: str, query: str, status: int
) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            with contextlib.suppress(aiohttp.WSServerHandshakeError):
                async with connect_api(sim, key, query=query):
                    pass
            assert sim.attempts[-1][2] == status

    client.run(scene())


def test_rate_limits_are_hidden_by_url_or_request(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as shown:
            assert "rateLimits" in await shown.ask("ping")
            assert "rateLimits" not in await shown.ask("ping", returnRateLimits=False)
            async with connect_api(sim, query="?returnRateLimits=false") as hidden:
                assert "rateLimits" not in await hidden.ask("ping")
                assert "rateLimits" in await hidden.ask("ping", returnRateLimits=True)
                assert "rateLimits" not in await hidden.ask("no.such.method")
                assert (await hidden.result("session.status"))["returnRateLimits"] is False

    client.run(scene())


def test_times_come_in_the_unit_of_the_url(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, query="?timeUnit=microsecond") as fine:
            told = await fine.result("time")
            assert told["serverTime"] // 1000 == clock.now_ms
            trades = await fine.result("trades.recent", symbol="BTCUSDT", limit=3)
            assert all(10**15 < trade["time"] < 10**16 for trade in trades)
            (kline,) = await fine.result("klines", symbol="BTCUSDT", interval="1m", limit=1)
            assert (kline[0] % 60_000_000, kline[6] - kline[0]) == (0, 59_999_999)
            ticker = await fine.result("ticker", symbol="BTCUSDT")
            assert ticker["openTime"] % 60_000_000 == 0
            # What says that there is nothing stays as it is.
            assert (await fine.result("session.status"))["authorizedSince"] is None

    client.run(scene())


def test_pings_come_as_at_binance(client: SimpleNamespace) -> None:
    assert limits("mainWSAPI").ping_interval_seconds == 20
    assert limits("usdmWSAPI").ping_interval_seconds == 180

    async def scene() -> None:
        async with Simulator(ping_interval=0.05, pong_timeout=0.2) as sim, connect_api(sim) as peer:
            message = await peer.receive()
            assert message.type == aiohttp.WSMsgType.PING
            await peer.socket.pong(message.data)
            await peer.send("ping")
            await sim.wait_for(lambda sim: sim.stats.requests == 1)
            assert sim.stats.pongs_matched == 1

    client.run(scene())


def test_a_connection_that_answers_no_ping_is_closed(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator(ping_interval=0.02, pong_timeout=0.1) as sim, connect_api(sim) as peer:
            while (message := await peer.receive()).type == aiohttp.WSMsgType.PING:
                pass
            assert (message.data, message.extra) == (1008, "Pong timeout")

    client.run(scene())


def test_requests_are_not_counted_as_messages_but_pings_are_on_futures(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            for key in ("mainWSAPI", "usdmWSAPI"):
                async with connect_api(sim, key) as peer:
                    for number in range(60):
                        assert json.loads(await peer.say(ping(number)))["id"] == number
            async with connect_api(sim) as spot:
                for _ in range(20):
                    await spot.socket.ping(b"")
                    assert (await spot.receive()).type == aiohttp.WSMsgType.PONG
            async with connect_api(sim, "coinmWSAPI") as futures:
                for _ in range(6):
                    await futures.socket.ping(b"")
                while (message := await futures.receive()).type == aiohttp.WSMsgType.PONG:
                    pass
                assert (message.data, message.extra) == (1008, "Too many requests")

    client.run(scene())


def test_a_connection_lasts_for_its_lifetime(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator(lifetime=0.05) as sim, connect_api(sim, "usdmWSAPI") as peer:
            assert (await peer.closed())[0] == 1001

    client.run(scene())


def test_spot_announces_its_shutdown_as_an_event_without_a_subscription(
    client: SimpleNamespace, clock: Any
) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock) as sim,
            connect_api(sim) as spot,
            connect_api(sim, "usdmWSAPI") as futures,
        ):
            assert sim.announce_shutdown() == 1
            assert await spot.json() == {"event": {"e": "serverShutdown", "E": clock.now_ms}}
            assert (await futures.ask("session.status"))["status"] == 200

    client.run(scene())


def test_faults_of_connections_meet_the_ws_api_of_their_key(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim, "usdmWSAPI") as other:
            assert (await other.ask("session.status"))["status"] == 200
            for fault in (sim.cut, sim.reset, sim.truncate):
                async with connect_api(sim) as peer:
                    await peer.ask("ping")
                    assert fault("mainWSAPI") == 1
                    assert await peer.is_lost()
            async with connect_api(sim) as peer:
                await peer.ask("ping")
                assert sim.close_all("mainWSAPI", 1011, "so it is") == 1
                assert await peer.closed() == (1011, "so it is")
            async with connect_api(sim) as peer:
                await peer.ask("ping")
                assert sim.garbage("mainWSAPI") == 1
                assert (await peer.receive()).type == aiohttp.WSMsgType.ERROR
            assert (await other.ask("session.status"))["status"] == 200

    client.run(scene())


def test_answers_of_a_stalled_or_frozen_connection_are_lost(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            await peer.ask("ping")
            assert sim.stall("mainWSAPI") == 1
            lost = await peer.send("ping")
            await sim.wait_for(lambda sim: sim.stats.requests == 2)
            # Pings are answered, requests are carried out, and nobody hears of it.
            await peer.socket.ping(b"there?")
            assert (await peer.receive()).type == aiohttp.WSMsgType.PONG
            assert sim.resume("mainWSAPI") == 1
            assert (await peer.ask("ping"))["id"] == lost + 1
            assert sim.freeze("mainWSAPI") == 1
            waiting = await peer.send("ping")
            sim.resume("mainWSAPI")
            # What was not read before is read now.
            assert (await peer.json())["id"] == waiting

    client.run(scene())


def test_handshakes_are_refused_and_limited_like_those_of_streams(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            sim.refuse(418, retry_after=3, count=1, key="mainWSAPI")
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                async with connect_api(sim):
                    raise AssertionError("it opened")
            assert (caught.value.status, caught.value.headers["Retry-After"]) == (418, "3")
            async with connect_api(sim) as peer:
                assert (await peer.ask("ping"))["status"] == 200
        async with Simulator(connects_limit=(1, 300.0)) as sim, connect_api(sim):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                async with connect_api(sim, "usdmWSAPI"):
                    raise AssertionError("it opened")

    client.run(scene())


def test_delayed_and_throttled_connections_answer_late_and_in_order(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            sim.delay(0.02, 0.02, "mainWSAPI")
            ids = [await peer.send("ping") for _ in range(20)]
            assert [(await peer.json())["id"] for _ in ids] == ids
            sim.delay(0, 0, "mainWSAPI")
            sim.throttle(20_000, "mainWSAPI")
            ids = [await peer.send("ping") for _ in range(20)]
            assert [(await peer.json())["id"] for _ in ids] == ids

    client.run(scene())


def test_the_server_clock_may_differ_from_the_machine(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock, clock_offset_ms=-7000) as sim, connect_api(sim) as peer:
            assert (await peer.result("time"))["serverTime"] == clock.now_ms - 7000

    client.run(scene())


@pytest.mark.parametrize(
    ("figures", "name"),
    [({"weight": 0}, "weight"), ({"orders_10s": -1}, "orders_10s"), ({"raw_requests": 1.5}, "raw_requests")],
)
def test_limits_that_cannot_be_are_refused(figures: Any, name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Simulator(api_limits=figures)
