"""The simulator over a real loopback socket, with an independent client."""

import asyncio
import json
import ssl
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from support.addresses import free_port

from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey
from fastbinance.sim import Simulator

SECOND_MS = 1000


def test_every_key_has_a_url_and_hosts_do_not_share_ports(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            urls = sim.urls
            assert {WsKey.MAIN, WsKey.MAIN2, WsKey.MAIN3, WsKey.USDM, WsKey.USDM_PUBLIC, WsKey.COINM} <= set(
                urls
            )
            assert urls[WsKey.USDM] == urls[WsKey.USDM_MARKET] != urls[WsKey.USDM_TESTNET_MARKET]
            assert len(set(urls.values())) == len(sim.url_map.splitlines())
            assert all(f"{url}  " in sim.url_map and key in sim.url_map for key, url in urls.items())
        assert sim.urls == {}

    client.run(scene())


@pytest.mark.parametrize(
    ("key", "path", "names"),
    [
        (
            WsKey.MAIN,
            "/stream",
            ["btcusdt@bookTicker", "btcusdt@trade", "btcusdt@aggTrade", "btcusdt@depth@100ms"],
        ),
        (WsKey.MAIN2, "/stream", ["btcusdt@depth", "btcusdt@depth20", "btcusdt@depth5@100ms"]),
        (
            WsKey.USDM,
            "/public/stream",
            ["btcusdt@bookTicker", "!bookTicker", "btcusdt@trade", "btcusdt@depth10"],
        ),
        (WsKey.USDM_MARKET, "/market/stream", ["btcusdt@aggTrade"]),
        (WsKey.USDM, "/stream", ["btcusdt@bookTicker"]),
        (
            WsKey.COINM,
            "/stream",
            ["btcusd_perp@bookTicker", "btcusd_perp@aggTrade", "btcusd_perp@depth@500ms"],
        ),
        (WsKey.COINM2, "/stream?listenKey=abc", ["btcusd_perp@trade"]),
        (WsKey.USDM_TESTNET_PUBLIC, "/public/stream", ["牛来usdt@bookTicker"]),
    ],
)
def test_subscribed_streams_speak_and_no_other(
    client: SimpleNamespace, clock: Any, key: WsKey, path: str, names: list[str]
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, client.connect(sim.urls[key] + path) as peer:
            assert await peer.ask("SUBSCRIBE", *names) == {"result": None, "id": 1}
            clock.advance(6 * SECOND_MS)
            sim.step()
            assert {message["stream"] for message in await peer.until_answer()} == set(names)

    client.run(scene())


@pytest.mark.parametrize(
    ("key", "path", "name"),
    [
        (WsKey.USDM, "/market/stream", "btcusdt@bookTicker"),
        (WsKey.USDM, "/public/stream", "btcusdt@aggTrade"),
        (WsKey.USDM, "/stream", "btcusdt@aggTrade"),
        (WsKey.USDM, "/private/stream?listenKey=abc", "btcusdt@bookTicker"),
        (WsKey.USDM, "/public/stream", "btcusdt@nosuchstream"),
        (WsKey.USDM, "/public/stream", "BTCUSDT@bookTicker"),
        (WsKey.MAIN, "/stream", "btcusdt@nosuchstream"),
        (WsKey.MAIN, "/stream", "btcusd_perp@bookTicker"),
        (WsKey.COINM, "/stream", "btcusdt@bookTicker"),
    ],
)
def test_stream_of_the_wrong_route_or_of_none_is_acknowledged_listed_and_silent(
    client: SimpleNamespace, clock: Any, key: WsKey, path: str, name: str
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, client.connect(sim.urls[key] + path) as peer:
            assert await peer.ask("SUBSCRIBE", name) == {"result": None, "id": 1}
            clock.advance(6 * SECOND_MS)
            sim.step()
            assert await peer.until_answer() == []
            assert sim.subscriptions(key) == [(name,)]

    client.run(scene())


def test_all_market_stream_carries_both_kinds_of_futures_and_symbols_born_later(
    client: SimpleNamespace, clock: Any
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, client.connect(sim.urls[WsKey.USDM] + "/public/ws") as peer:
            await peer.ask("SUBSCRIBE", "!bookTicker")
            async with client.connect(sim.urls[WsKey.USDM] + "/public/ws/latecomerusdt@trade"):
                await sim.wait_for(lambda sim: sim.connections == 2)
                clock.advance(5 * SECOND_MS)
                sim.step()
                seen = await peer.until_answer()
        assert {event["st"] for event in seen} == {1, 2}
        assert "LATECOMERUSDT" in {event["s"] for event in seen}
        # One event per symbol in five seconds, each a frame of its own.
        assert len(seen) == len({(event["s"], event["st"]) for event in seen})

    client.run(scene())


def test_raw_and_combined_connections_get_the_same_event_in_their_form(
    client: SimpleNamespace, clock: Any
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim:
            base, name = sim.urls[WsKey.MAIN], "btcusdt@bookTicker"
            async with (
                client.connect(f"{base}/ws/{name}") as raw,
                client.connect(f"{base}/stream?streams={name}") as combined,
                client.connect(f"{base}/ws") as switched,
            ):
                await switched.ask("SUBSCRIBE", name)
                assert (await switched.ask("SET_PROPERTY", "combined", True))["result"] is None
                assert (await switched.ask("GET_PROPERTY", "combined"))["result"] is True
                await sim.wait_for(lambda sim: sim.subscriptions(WsKey.MAIN) == [(name,)] * 3)
                clock.advance(SECOND_MS)
                sim.step()
                text = await raw.text()
                assert (
                    await combined.text() == await switched.text() == f'{{"stream":"{name}","data":{text}}}'
                )

    client.run(scene())


def test_the_three_spot_hosts_tell_the_same_story_and_the_testnet_another(
    client: SimpleNamespace, clock: Any
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim:
            keys = (WsKey.MAIN, WsKey.MAIN2, WsKey.MAIN3, WsKey.MAIN_TESTNET_PUBLIC)
            stories = []
            async with (
                client.connect(sim.urls[keys[0]] + "/ws/ethusdt@depth@100ms") as first,
                client.connect(sim.urls[keys[1]] + "/ws/ethusdt@depth@100ms") as second,
                client.connect(sim.urls[keys[2]] + "/ws/ethusdt@depth@100ms") as third,
                client.connect(sim.urls[keys[3]] + "/ws/ethusdt@depth@100ms") as other,
            ):
                await sim.wait_for(lambda sim: sim.connections == 4)
                clock.advance(3 * SECOND_MS)
                sim.step()
                for peer in (first, second, third, other):
                    stories.append(await peer.until_answer())
            assert stories[0] == stories[1] == stories[2] != stories[3]
            assert json.loads(sim.snapshot("spot", "ETHUSDT"))["lastUpdateId"] >= stories[0][-1]["u"]

    client.run(scene())


def test_unsubscribing_silences_a_stream_at_once(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, client.connect(sim.urls[WsKey.MAIN] + "/stream") as peer:
            await peer.ask("SUBSCRIBE", "btcusdt@bookTicker", "ethusdt@bookTicker")
            await peer.ask("UNSUBSCRIBE", "btcusdt@bookTicker")
            clock.advance(2 * SECOND_MS)
            sim.step()
            assert {message["stream"] for message in await peer.until_answer()} == {"ethusdt@bookTicker"}

    client.run(scene())


def test_time_passes_by_itself_with_the_walls_clock(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with (
            Simulator() as sim,
            client.connect(sim.urls[WsKey.COINM] + "/ws/btcusd_perp@depth@100ms") as peer,
        ):
            first, second = await peer.json(), await peer.json()
            assert second["pu"] == first["u"]

    client.run(scene())


def test_payload_of_ones_own_reaches_the_streams_subscribers(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, client.connect(sim.urls[WsKey.MAIN] + "/stream") as peer:
            await peer.ask("SUBSCRIBE", "btcusdt@kline_1m")
            assert sim.send("spot", "btcusdt@kline_1m", b'{"e":"kline"}') == 1
            assert sim.send("spot", "ethusdt@kline_1m", b"{}") == 0
            assert await peer.text() == '{"stream":"btcusdt@kline_1m","data":{"e":"kline"}}'

    client.run(scene())


@pytest.mark.parametrize(
    ("path", "status"),
    [("/stream/x", 404), ("/nowhere", 404), ("/ws-api/v3", 404), ("/stream?timeUnit=FORTNIGHT", 400)],
)
def test_bad_path_is_refused_at_the_handshake(client: SimpleNamespace, path: str, status: int) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                async with client.connect(sim.urls[WsKey.MAIN] + path):
                    pass
            assert refusal.value.status == status
            assert (sim.stats.refused, sim.stats.opened) == (1, 0)

    client.run(scene())


@pytest.mark.parametrize(("key", "path", "limit"), [(WsKey.MAIN, "/ws", 5), (WsKey.USDM, "/public/ws", 10)])
def test_message_too_many_in_a_second_closes_with_1008(
    client: SimpleNamespace, key: WsKey, path: str, limit: int
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, client.connect(sim.urls[key] + path) as peer:
            for _ in range(limit - 2):
                await peer.socket.ping(b"counts")
            await peer.socket.pong(b"counts too")
            await peer.socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 1})
            await peer.socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 2})
            kinds = [(await peer.receive()).type for _ in range(limit - 2)]
            assert kinds == [aiohttp.WSMsgType.PONG] * (limit - 2)
            assert await peer.json() == {"result": [], "id": 1}
            assert await peer.closed() == (1008, "Too many requests")
            assert (sim.stats.closed_for_rate, sim.stats.frames_received) == (1, limit + 1)

    client.run(scene())


def test_too_long_message_is_answered_and_ends_a_futures_connection_only(client: SimpleNamespace) -> None:
    message = json.dumps({"method": "SUBSCRIBE", "params": ["x" * 5000], "id": 1})
    error = {"error": {"code": 3, "msg": "Invalid JSON: EOF while parsing a string at line 1 column 4096"}}

    async def scene() -> None:
        async with Simulator() as sim:
            async with client.connect(sim.urls[WsKey.MAIN] + "/ws") as spot:
                assert json.loads(await spot.say(message)) == error
                assert (await spot.ask("LIST_SUBSCRIPTIONS"))["result"] == []
            async with client.connect(sim.urls[WsKey.COINM] + "/ws") as futures:
                assert json.loads(await futures.say(message)) == error
                assert await futures.closed() == (1008, "Invalid request")
            assert (sim.stats.control_errors, sim.stats.closed_for_request) == (2, 1)

    client.run(scene())


def test_fragmented_control_message_is_one_message(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            reader, writer = await asyncio.open_connection(*_address(sim.urls[WsKey.MAIN]))
            writer.write(
                b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            await reader.readuntil(b"\r\n\r\n")
            first, second = b'{"method":"LIST_SUB', b'SCRIPTIONS","id":1}'
            # A mask of zeros leaves the payload readable.
            writer.write(bytes((0x01, 0x80 | len(first), 0, 0, 0, 0)) + first)
            writer.write(bytes((0x80, 0x80 | len(second), 0, 0, 0, 0)) + second)
            answer = b'{"result":[],"id":1}'
            assert await reader.readexactly(2 + len(answer)) == bytes((0x81, len(answer))) + answer
            assert sim.stats.control_messages == 1
            writer.close()
            await writer.wait_closed()

    client.run(scene())


def test_stream_1025_of_a_futures_url_is_refused_and_closes(client: SimpleNamespace) -> None:
    async def scene() -> None:
        names = "/".join(f"s{index}@trade" for index in range(1025))
        async with (
            Simulator() as sim,
            client.connect(f"{sim.urls[WsKey.COINM]}/stream?streams={names}") as peer,
        ):
            assert await peer.json() == {"error": {"code": 4, "msg": "Too many subscriptions"}}
            assert await peer.closed() == (1008, "Invalid request")

    client.run(scene())


def test_pongs_that_copy_the_ping_keep_a_connection_alive(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        simulator = Simulator(ping_interval=0.05, pong_timeout=15.0, clock=clock)
        async with simulator as sim, client.connect(sim.urls[WsKey.MAIN] + "/ws") as peer:
            for _ in range(4):
                ping = await peer.receive()
                assert (ping.type, ping.data) == (aiohttp.WSMsgType.PING, str(clock.now_ms).encode())
                await peer.socket.pong(ping.data)
                clock.advance(1)
            assert (await peer.receive()).type == aiohttp.WSMsgType.PING
            assert (sim.stats.pongs_matched, sim.stats.pongs_unmatched, sim.stats.closed_for_pong) == (
                4,
                0,
                0,
            )

    client.run(scene())


@pytest.mark.parametrize("pong", [None, b"", b"wrong"], ids=["no pong", "empty pong", "another payload"])
def test_connection_without_a_matching_pong_is_closed(client: SimpleNamespace, pong: bytes | None) -> None:
    async def scene() -> None:
        simulator = Simulator(ping_interval=0.02, pong_timeout=0.2)
        async with simulator as sim, client.connect(sim.urls[WsKey.MAIN] + "/ws") as peer:
            assert (await peer.receive()).type == aiohttp.WSMsgType.PING
            if pong is not None:
                await peer.socket.pong(pong)
            while (message := await peer.receive()).type == aiohttp.WSMsgType.PING:
                pass
            assert (message.type, message.data, message.extra) == (
                aiohttp.WSMsgType.CLOSE,
                1008,
                "Pong timeout",
            )
            assert (sim.stats.closed_for_pong, sim.stats.pongs_matched) == (1, 0)

    client.run(scene())


def test_tls_is_served_with_a_certificate_that_only_its_own_context_trusts(
    client: SimpleNamespace, clock: Any
) -> None:
    async def scene() -> None:
        async with Simulator(tls=True, clock=clock) as sim:
            url = sim.urls[WsKey.USDM] + "/public/ws/btcusdt@depth20@100ms"
            assert url.startswith("wss://127.0.0.1:")
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                async with client.connect(url, context=ssl.create_default_context()):
                    pass
            async with client.connect(url, context=sim.ssl_context) as peer:
                await sim.wait_for(lambda sim: sim.connections == 1)
                clock.advance(SECOND_MS)
                sim.step()
                assert len((await peer.json())["b"]) == 20

    client.run(scene())


def test_peer_that_closes_gets_its_own_code_back_and_its_markets_rest(
    client: SimpleNamespace, clock: Any
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim:
            async with client.connect(sim.urls[WsKey.MAIN] + "/ws/btcusdt@trade") as peer:
                await peer.socket.close(code=4001, message=b"enough")
                assert peer.socket.close_code == 4001
            await sim.wait_for(lambda sim: sim.connections == 0)
            clock.advance(5 * SECOND_MS)
            sim.step()
            assert (sim.stats.opened, sim.stats.closed, sim.stats.events) == (1, 1, 0)

    client.run(scene())


def test_lost_connection_ends_without_a_close_frame(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with (
            Simulator() as sim,
            client.connect(sim.urls[WsKey.MAIN] + "/ws") as spot,
            client.connect(sim.urls[WsKey.COINM] + "/ws") as coinm,
        ):
            await sim.wait_for(lambda sim: sim.connections == 2)
            assert sim.cut(WsKey.MAIN) == 1
            assert (await spot.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
            assert (await coinm.ask("LIST_SUBSCRIPTIONS"))["result"] == []
            assert sim.cut() == 1

    client.run(scene())


def test_leaving_closes_every_socket_and_leaves_no_task(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            urls = sim.urls
            # One that never finishes its handshake, one that never reads, and one that behaves.
            _, half = await asyncio.open_connection(*_address(urls[WsKey.MAIN]))
            async with client.connect(urls[WsKey.MAIN] + "/ws/btcusdt@bookTicker") as peer:
                await sim.wait_for(lambda sim: sim.connections == 1)
                leaving = asyncio.create_task(sim.__aexit__(None, None, None))
                while (message := await peer.receive()).type == aiohttp.WSMsgType.TEXT:
                    pass
                assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
                await leaving
            half.close()
        for url in urls.values():
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*_address(url))
        assert sim.connections == 0
        assert asyncio.all_tasks() == {asyncio.current_task(), *_waiters()}

    client.run(scene())


def test_ports_are_the_callers_where_given(client: SimpleNamespace) -> None:
    async def scene() -> None:
        port = free_port()
        async with Simulator(ports={"fstream.binance.com": port}) as sim:
            assert sim.urls[WsKey.USDM] == f"ws://127.0.0.1:{port}"
            with pytest.raises(OSError, match=str(port)):
                async with Simulator(ports={"fstream.binance.com": port}):
                    pass

    client.run(scene())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"messages_per_second": 0}, "messages_per_second"),
        ({"ports": {"nowhere": 1}}, "nowhere"),
        ({"ports": 65530}, "no port"),
        ({"replay": {"stocks": None}}, "stocks"),
        ({"ping_interval": 0}, "ping_interval"),
    ],
)
def test_option_that_cannot_be_is_refused_before_any_socket(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Simulator(**options)


def _address(url: str) -> tuple[str, int]:
    host, port = url.removeprefix("ws://").split(":")
    return host, int(port)


def _waiters() -> set[asyncio.Task[Any]]:
    # The task that bounds every scene by a deadline.
    return {task for task in asyncio.all_tasks() if "bounded" in repr(task.get_coro())}
