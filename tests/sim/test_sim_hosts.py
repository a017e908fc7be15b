"""Options, Alpha, microseconds and what can be made to happen, over a real loopback socket."""

from types import SimpleNamespace
from typing import Any, Final

import pytest

from fastbinance import Client
from fastbinance.errors import ConfigurationError
from fastbinance.keys import Environment, Market, WsKey
from fastbinance.sim import Simulator, run_in_thread

SECOND_MS: Final = 1000
OPTION: Final = "btc-261225-90000-c"
CONTRACT: Final = "came@0xAbC1@56@kline_1m"


@pytest.mark.parametrize(
    ("key", "path", "names"),
    [
        (
            WsKey.EOPTIONS,
            "/market/stream",
            ["!index@arr", f"{OPTION}@kline_1m", "btcusdt@optionMarkPrice", "btcusdt@openInterest@261225"],
        ),
        (
            WsKey.EOPTIONS_PUBLIC,
            "/public/stream",
            [
                f"{OPTION}@bookTicker",
                f"{OPTION}@depth@100ms",
                f"{OPTION}@optionTicker",
                "btcusdt@optionTrade",
            ],
        ),
        (
            WsKey.ALPHA,
            "/w3w/wsa/stream",
            ["!bookTicker", "!ticker@arr", "alpha_474usdt@depth5@0ms", CONTRACT, "came@allTokens@ticker24"],
        ),
        (WsKey.MAIN, "/stream", ["btcusdt@kline_1d@+08:00", "!ticker_1h@arr", "bnbbtc@referencePrice"]),
        (WsKey.USDM_MARKET, "/market/stream", ["!markPrice@arr", "tradingSession", "btcusdt@kline_1m"]),
        (WsKey.COINM, "/stream", ["btcusd@markPrice", "btcusd@indexPriceKline_1m", "!ticker@arr"]),
    ],
)
def test_subscribed_streams_speak_and_no_other(
    client: SimpleNamespace, clock: Any, key: WsKey, path: str, names: list[str]
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, client.connect(sim.urls[key] + path) as peer:
            assert await peer.ask("SUBSCRIBE", *names) == {"result": None, "id": 1}
            clock.advance(3 * SECOND_MS)
            sim.step()
            assert {message["stream"] for message in await peer.until_answer()} == set(names)

    client.run(scene())


@pytest.mark.parametrize(
    ("key", "path", "name"),
    [
        (WsKey.EOPTIONS, "/public/stream", "!index@arr"),
        (WsKey.EOPTIONS, "/market/stream", f"{OPTION}@bookTicker"),
        (WsKey.EOPTIONS, "/stream", "btcusdt@optionMarkPrice"),
        (WsKey.EOPTIONS, "/private/ws/abc", f"{OPTION}@bookTicker"),
        (WsKey.EOPTIONS, "/market/stream", "btcusdt@kline_1m"),
        (WsKey.ALPHA, "/w3w/wsa/stream", "!index@arr"),
        (WsKey.USDM, "/public/stream", "!ticker@arr"),
    ],
)
def test_stream_of_the_wrong_route_or_market_is_acknowledged_and_silent(
    client: SimpleNamespace, clock: Any, key: WsKey, path: str, name: str
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, client.connect(sim.urls[key] + path) as peer:
            assert await peer.ask("SUBSCRIBE", name) == {"result": None, "id": 1}
            clock.advance(3 * SECOND_MS)
            sim.step()
            assert await peer.until_answer() == []

    client.run(scene())


def test_options_allow_two_hundred_streams(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, client.connect(sim.urls[WsKey.EOPTIONS] + "/public/ws") as peer:
            assert (await peer.ask("SUBSCRIBE", *(f"x{index}" for index in range(200))))["result"] is None
            assert await peer.say('{"method":"SUBSCRIBE","params":["y"],"id":2}') == (
                '{"error":{"code":4,"msg":"Too many subscriptions"}}'
            )
            assert (await peer.closed())[0] == 1008

    client.run(scene())


def test_spot_connections_get_times_in_the_unit_of_their_url(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim:
            base, name = sim.urls[WsKey.MAIN], "btcusdt@trade"
            async with (
                client.connect(f"{base}/ws/{name}") as plain,
                client.connect(f"{base}/ws/{name}?timeUnit=MICROSECOND") as fine,
                client.connect(f"{base}/stream?streams={name}&timeUnit=microsecond") as combined,
            ):
                await sim.wait_for(lambda sim: sim.connections == 3)
                clock.advance(5 * SECOND_MS)
                sim.step()
                slow, quick = await plain.until_answer(), await fine.until_answer()
                assert [message["data"] for message in await combined.until_answer()] == quick
        assert [(trade["t"], trade["E"]) for trade in slow] == [(one["t"], one["E"] // 1000) for one in quick]
        assert all(10**15 < trade["T"] < 10**16 for trade in quick)
        assert len(slow) > 10

    client.run(scene())


def test_shutdown_is_announced_to_all_of_spot_in_their_form_and_nothing_stops(
    client: SimpleNamespace, clock: Any
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim:
            base = sim.urls[WsKey.MAIN]
            async with (
                client.connect(base + "/ws") as raw,
                client.connect(base + "/stream") as combined,
                client.connect(base + "/ws?timeUnit=MICROSECOND") as fine,
                client.connect(sim.urls[WsKey.MAIN_TESTNET_PUBLIC] + "/ws") as testnet,
                client.connect(sim.urls[WsKey.COINM] + "/ws") as other,
            ):
                await sim.wait_for(lambda sim: sim.connections == 5)
                assert sim.announce_shutdown() == 4
                text = f'{{"e":"serverShutdown","E":{clock.now_ms}}}'
                assert await raw.text() == await testnet.text() == text
                assert await combined.text() == f'{{"stream":"!serverShutdown","data":{text}}}'
                assert (await fine.json())["E"] // 1000 == clock.now_ms
                assert await other.until_answer() == []
                assert (await raw.ask("LIST_SUBSCRIPTIONS"))["result"] == []

    client.run(scene())


@pytest.mark.parametrize("announces", [True, False])
def test_stop_is_announced_if_asked_for(client: SimpleNamespace, announces: bool) -> None:
    async def scene() -> None:
        sim = Simulator(announce_stop=announces)
        async with sim, client.connect(sim.urls[WsKey.MAIN] + "/ws") as peer:
            await sim.wait_for(lambda sim: sim.connections == 1)
            await sim.__aexit__(None, None, None)
            if announces:
                assert (await peer.json())["e"] == "serverShutdown"
            assert (await peer.closed())[0] == 1001

    client.run(scene())


@pytest.mark.parametrize(
    ("key", "path", "market", "name"),
    [
        (WsKey.EOPTIONS, "/market/stream", "options", "btcusdt@optionMarkPrice"),
        (WsKey.ALPHA, "/w3w/wsa/stream", "alpha", "came@allTokens@ticker24"),
        (WsKey.USDM, "/market/stream", "usdm", "!forceOrder@arr"),
        (WsKey.MAIN, "/stream", "spot", "btcusdt@nosuchstream"),
    ],
)
def test_payload_of_ones_own_reaches_the_subscribers_as_it_is(
    client: SimpleNamespace, clock: Any, key: WsKey, path: str, market: Market, name: str
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, client.connect(sim.urls[key] + path) as peer:
            await peer.ask("SUBSCRIBE", name)
            assert sim.send(market, name, b'{"e":"new","zz":[1, {}]}') == 1
            assert await peer.text() == f'{{"stream":"{name}","data":{{"e":"new","zz":[1, {{}}]}}}}'

    client.run(scene())


def test_what_is_rare_happens_when_it_is_asked_for() -> None:
    with run_in_thread(seed=2) as sim:
        assert (
            sim.block_trade("BNBBTC"),
            sim.force_order("BTCUSDT"),
            sim.option_symbol("BTC-261225-1-C"),
        ) == (0, 0, 0)
        with Client(urls=sim.urls) as client:
            events = client.events()
            for name, key in (("!contractInfo", "usdm"), ("!optionSymbol", "eoptions")):
                client.subscribe(name, key)
            sim.wait_for(
                lambda running: (
                    running.subscriptions("usdm") == [("!contractInfo",)]
                    and running.subscriptions("eoptions") == [("!optionSymbol",)]
                )
            )
            assert sim.contract_info("BTCUSD_PERP", "coinm") == 1
            assert sim.option_symbol("BTC-270326-130000-P") == 1
            wanted = {"!contractInfo": "BTCUSD_PERP", "!optionSymbol": "BTC-270326-130000-P"}
            for event in events:
                symbol = wanted.get(event.stream or "")
                if symbol is not None and symbol.encode() in bytes(event.payload or b""):
                    del wanted[str(event.stream)]
                if not wanted:
                    break
        assert wanted == {}


def test_liquidation_is_told_on_every_stream_of_its_symbol(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim:
            urls, names = sim.urls, ["btcusdt@forceOrder", "!forceOrder@arr"]
            async with (
                client.connect(urls[WsKey.USDM] + "/market/stream") as usdm,
                client.connect(urls[WsKey.COINM] + "/stream") as coinm,
            ):
                await usdm.ask("SUBSCRIBE", *names)
                await coinm.ask("SUBSCRIBE", *names)
                assert sim.force_order("BTCUSDT") == 3
                assert [message["stream"] for message in await usdm.until_answer()] == names
                (message,) = await coinm.until_answer()
                assert (message["stream"], message["data"]["o"]["st"]) == ("!forceOrder@arr", 1)

    client.run(scene())


@pytest.mark.parametrize(
    ("symbol", "market", "environment"),
    [
        ("BTCUSDT", "spot", "prod"),
        ("BTCUSDT", "coinm", "prod"),
        ("", "usdm", "prod"),
        ("BTCUSDT", "usdm", "demo"),
    ],
)
def test_liquidation_that_cannot_be_is_refused(
    client: SimpleNamespace, symbol: str, market: Market, environment: Environment
) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            with pytest.raises(ConfigurationError):
                sim.force_order(symbol, market, environment=environment)

    client.run(scene())
