"""Every switch of the simulator that makes something go wrong, seen from an independent client."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey
from fastbinance.sim import Simulator

STREAM = "btcusdt@bookTicker"

LOOPS = [asyncio.new_event_loop]
with contextlib.suppress(ImportError):  # not on every platform
    import uvloop

    LOOPS.append(uvloop.new_event_loop)

Scene = Callable[[Simulator, Any], Awaitable[None]]


def play(client: SimpleNamespace, scene: Scene, *, tls: bool = False, **options: Any) -> None:
    """Run a scene with a subscribed client of a simulator where nothing happens by itself."""

    async def main() -> None:
        async with (
            Simulator(messages_per_second=0.000_001, tls=tls, **options) as simulator,
            client.connect(simulator.urls[WsKey.MAIN] + "/stream", context=simulator.ssl_context) as peer,
        ):
            await peer.ask("SUBSCRIBE", STREAM)
            await scene(simulator, peer)

    client.run(main())


def send(simulator: Simulator, *numbers: int) -> None:
    for number in numbers:
        assert simulator.send("spot", STREAM, b'{"n":%d}' % number) <= 2


async def numbers(peer: Any, count: int) -> list[int]:
    return [json.loads(await peer.text())["data"]["n"] for _ in range(count)]


@pytest.fixture(params=[False, True], ids=["ws", "wss"])
def tls(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_a_reset_ends_the_connection_without_a_close_frame(client: SimpleNamespace, tls: bool) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        assert simulator.reset("main2") == 0
        assert simulator.reset("main") == 1
        message = await peer.receive()
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)

    play(client, scene, tls=tls)


def test_a_stalled_connection_answers_and_sends_no_data(client: SimpleNamespace, tls: bool) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        assert simulator.stall() == 1
        send(simulator, 1)
        await peer.socket.ping(b"hello")
        assert (await peer.receive()).type == aiohttp.WSMsgType.PONG
        assert await peer.until_answer() == []
        simulator.resume()
        send(simulator, 2)
        assert await numbers(peer, 1) == [2]

    play(client, scene, tls=tls)


def test_a_frozen_connection_neither_reads_nor_sends(client: SimpleNamespace, tls: bool) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        simulator.freeze()
        read = simulator.stats.frames_received
        await peer.socket.ping(b"hello")
        send(simulator, 1)
        # Another connection is served meanwhile, and so what was sent to this one would have come.
        url = simulator.urls[WsKey.MAIN] + "/stream"
        async with client.connect(url, context=simulator.ssl_context) as other:
            await other.ask("SUBSCRIBE", STREAM)
            send(simulator, 2)
            assert await numbers(other, 1) == [2]
        assert simulator.stats.frames_received == read + 1, "the other's SUBSCRIBE"
        simulator.resume()
        assert (await peer.receive()).type == aiohttp.WSMsgType.PONG
        send(simulator, 3)
        assert await numbers(peer, 1) == [3]

    play(client, scene, tls=tls)


def test_a_frozen_connection_outlives_its_pongs_and_is_pinged_again_when_it_is_resumed(
    client: SimpleNamespace,
) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        assert (await peer.receive()).type == aiohttp.WSMsgType.PING
        simulator.freeze()
        # Another connection, which answers nothing, is given up; so would this one have been before it.
        async with client.connect(simulator.urls[WsKey.MAIN] + "/stream") as other:
            while (message := await other.receive()).type == aiohttp.WSMsgType.PING:
                pass
            assert message.extra == "Pong timeout"
        assert simulator.stats.closed_for_pong == 1
        pings = simulator.stats.pings_sent
        simulator.resume()
        assert (await peer.receive()).type == aiohttp.WSMsgType.PING
        assert simulator.stats.pings_sent > pings

    play(client, scene, ping_interval=0.05, pong_timeout=0.2)


def test_a_frozen_connection_is_hung_up_without_a_close_frame(client: SimpleNamespace) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        simulator.freeze()
        assert simulator.close_all() == 1
        assert (await peer.receive()).type == aiohttp.WSMsgType.CLOSED

    play(client, scene)


@pytest.mark.parametrize("loop_factory", LOOPS)
def test_a_reset_is_one_to_the_socket_too(loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def main() -> None:
        async with Simulator(messages_per_second=0.000_001) as simulator:
            address = urlsplit(simulator.urls[WsKey.MAIN])
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.write(
                b"GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
            await simulator.wait_for(lambda sim: sim.connections == 1)
            simulator.reset()
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.close()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(asyncio.wait_for(main(), 20.0))


def test_connections_are_closed_with_a_code_and_a_reason(client: SimpleNamespace) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        assert simulator.close_all(code=1011, reason="broken") == 1
        assert await peer.closed() == (1011, "broken")

    play(client, scene)


def test_half_a_frame_ends_in_a_lost_connection(client: SimpleNamespace, tls: bool) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        assert simulator.truncate() == 1
        message = await peer.receive()
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)

    play(client, scene, tls=tls)


def test_garbage_is_no_frame(client: SimpleNamespace) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        assert simulator.garbage() == 1
        message = await peer.receive()
        assert message.type == aiohttp.WSMsgType.ERROR

    play(client, scene)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("duplicate", [1, 2, 2, 3, 4, 4, 5]),
        ("drop", [1, 3, 5]),
        ("reorder", [1, 3, 2, 4, 5]),
    ],
)
def test_a_stream_is_disturbed_as_told(client: SimpleNamespace, how: Any, expected: list[int]) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        simulator.disturb(STREAM, "spot", how, every=2, count=2 if how != "reorder" else 1)
        send(simulator, 1, 2, 3, 4, 5)
        assert await numbers(peer, len(expected)) == expected
        simulator.undisturb(STREAM, "spot")
        send(simulator, 6)
        assert await numbers(peer, 1) == [6]

    play(client, scene)


def test_what_waits_for_the_next_message_comes_with_it_when_the_disturbance_is_over(
    client: SimpleNamespace,
) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        simulator.disturb(STREAM, "spot", "reorder")
        send(simulator, 1)
        simulator.undisturb(STREAM, "spot")
        send(simulator, 2, 3)
        assert await numbers(peer, 3) == [2, 1, 3]

    play(client, scene)


def test_two_hosts_cut_the_diffs_of_one_book_at_different_ids(client: SimpleNamespace) -> None:
    diff = '{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":%d,"u":%d,"b":[["1.0","%d"]],"a":[["2.%d","1"]]}'

    async def scene(simulator: Simulator, peer: Any) -> None:
        name = "btcusdt@depth"
        async with client.connect(simulator.urls[WsKey.MAIN2] + "/stream") as other:
            for one in (peer, other):
                await one.ask("SUBSCRIBE", name)
            simulator.disturb(name, "spot", "merge", every=2, key="main2")
            for number in range(1, 6):
                text = diff % (10 * number, 10 * number + 9, number, number)
                assert simulator.send("spot", name, text.encode()) == 2
            assert [(await peer.json())["data"]["U"] for _ in range(5)] == [10, 20, 30, 40, 50]
            seen = [(await other.json())["data"] for _ in range(3)]
        assert [(one["U"], one["u"]) for one in seen] == [(10, 19), (20, 39), (40, 49)]
        assert seen[1]["b"] == [["1.0", "3"]]
        assert seen[1]["a"] == [["2.2", "1"], ["2.3", "1"]]

    play(client, scene)


def test_what_is_delayed_comes_later_and_in_order(client: SimpleNamespace) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        assert simulator.delay(0.1, 0.05) == 1
        before = asyncio.get_running_loop().time()
        send(simulator, *range(20))
        assert await numbers(peer, 20) == list(range(20))
        assert asyncio.get_running_loop().time() - before > 0.09
        simulator.delay(0.0)
        send(simulator, 20)
        assert await numbers(peer, 1) == [20]

    play(client, scene)


def test_answers_wait_for_what_was_sent_before_them(client: SimpleNamespace) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        simulator.delay(0.05)
        send(simulator, 1)
        await peer.socket.ping(b"hello")
        assert await numbers(peer, 1) == [1]
        assert (await peer.receive()).type == aiohttp.WSMsgType.PONG
        send(simulator, 2)
        assert [one["data"]["n"] for one in await peer.until_answer()] == [2]
        send(simulator, 3)
        simulator.close_all()
        assert await numbers(peer, 1) == [3]
        assert await peer.closed() == (1001, "")

    play(client, scene)


def test_a_delay_holds_for_connections_to_come_until_it_is_ended(client: SimpleNamespace) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        clock = asyncio.get_running_loop().time
        assert simulator.delay(0.1, key="coinm") == 0
        for seconds in (0.1, 0.0):
            async with client.connect(simulator.urls[WsKey.COINM] + "/stream") as other:
                before = clock()
                assert await other.until_answer() == []
                assert clock() - before >= seconds
            assert simulator.delay(0.0) >= 1

    play(client, scene)


def test_a_throttled_connection_reads_slowly(client: SimpleNamespace) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        assert simulator.throttle(100) == 1
        before = asyncio.get_running_loop().time()
        for _ in range(2):
            await peer.socket.ping(b"x" * 20)
            assert (await peer.receive()).type == aiohttp.WSMsgType.PONG
        assert asyncio.get_running_loop().time() - before > 0.15
        simulator.throttle(None)
        assert await peer.until_answer() == []

    play(client, scene)


def test_frames_that_come_together_take_a_throttled_connection_as_long_as_one_by_one(
    client: SimpleNamespace,
) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        simulator.throttle(200)
        before = asyncio.get_running_loop().time()
        await asyncio.gather(*(peer.socket.ping(b"x" * 20) for _ in range(3)))
        for _ in range(3):
            assert (await peer.receive()).type == aiohttp.WSMsgType.PONG
        assert await peer.until_answer() == []
        assert asyncio.get_running_loop().time() - before >= 0.3
        # What has been read is paid for at once when the throttle ends.
        simulator.throttle(1)
        assert await peer.until_answer() == []
        simulator.throttle(None)
        assert await peer.until_answer() == []

    play(client, scene, message_limit=20)


def test_a_silent_stream_is_acknowledged(client: SimpleNamespace) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        simulator.silence("ethusdt@trade", "spot")
        assert (await peer.ask("SUBSCRIBE", "ethusdt@trade"))["result"] is None
        simulator.send("spot", "ethusdt@trade", b"{}")
        assert await peer.until_answer() == []
        simulator.unsilence("ethusdt@trade", "spot")
        simulator.send("spot", "ethusdt@trade", b'{"n":1}')
        assert await numbers(peer, 1) == [1]

    play(client, scene)


async def refusal(url: str) -> aiohttp.WSServerHandshakeError:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(url)
    return caught.value


def test_handshakes_are_refused_so_many_times_with_a_time_to_come_back(client: SimpleNamespace) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        url = simulator.urls[WsKey.MAIN] + "/stream"
        simulator.refuse(429, retry_after=7, count=2, key="main")
        for _ in range(2):
            error = await refusal(url)
            assert error.status == 429
            assert error.headers is not None
            assert error.headers["Retry-After"] == "7"
        async with client.connect(url) as other:
            await other.ask("LIST_SUBSCRIPTIONS")
        simulator.refuse(503, key="coinm")
        simulator.refuse(418)
        assert (await refusal(simulator.urls[WsKey.COINM] + "/stream")).status == 503
        simulator.admit("coinm")
        assert (await refusal(simulator.urls[WsKey.COINM] + "/stream")).status == 418
        simulator.admit()
        async with client.connect(url) as other:
            await other.ask("LIST_SUBSCRIPTIONS")
        assert [status for _, _, status in simulator.attempts] == [101, 429, 429, 101, 503, 418, 101]

    play(client, scene)


def test_a_connection_may_be_opened_and_ended_without_a_word(client: SimpleNamespace) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        simulator.refuse(0, count=1)
        async with client.connect(simulator.urls[WsKey.MAIN] + "/stream") as other:
            assert (await other.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)

    play(client, scene)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda sim: sim.refuse(999), "999 is no HTTP status"),
        (lambda sim: sim.refuse(101), "101 is no HTTP status"),
        (lambda sim: sim.refuse(count=0), "count"),
        (lambda sim: sim.delay(-1.0), "below 0"),
        (lambda sim: sim.throttle(0), "bytes_per_second is 0"),
        (lambda sim: sim.disturb(STREAM, "usd-m", "drop"), "'usd-m' is no market"),
        (lambda sim: sim.silence(STREAM, "usd-m"), "'usd-m' is no market"),
        (lambda sim: sim.disturb("btcusdt@depth5", "spot", "merge"), "no diffs of depth"),
        (lambda sim: Simulator(message_limit=0), "message_limit is 0"),
        (lambda sim: Simulator(connects_limit=(0, 1.0)), "connects_limit"),
        (lambda sim: Simulator(lifetime=0.0), "lifetime is 0.0"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(call: Callable[[Simulator], object], message: str) -> None:
    async def main() -> None:
        with pytest.raises(ConfigurationError, match=message):
            call(Simulator())

    asyncio.run(main())


def test_a_disturbance_that_is_none_is_refused(client: SimpleNamespace) -> None:
    with pytest.raises(ConfigurationError, match="no disturbance"):
        Simulator().disturb(STREAM, "spot", "shuffle")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="every"):
        Simulator().disturb(STREAM, "spot", "drop", every=0)


def test_a_connection_ends_with_its_lifetime(client: SimpleNamespace) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        assert await peer.closed() == (1001, "the connection is old")

    play(client, scene, lifetime=0.2)


def test_more_messages_than_the_limit_end_the_connection(client: SimpleNamespace) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        await asyncio.gather(*(peer.socket.ping(b"") for _ in range(3)))
        while True:
            message = await peer.receive()
            if message.type == aiohttp.WSMsgType.CLOSE:
                break
        assert (message.data, message.extra) == (1008, "Too many requests")
        assert simulator.stats.most_in_a_second == 3

    play(client, scene, message_limit=2)


def test_more_connects_than_the_limit_are_refused(client: SimpleNamespace) -> None:
    async def scene(simulator: Simulator, peer: Any) -> None:
        async with client.connect(simulator.urls[WsKey.COINM] + "/stream"):
            error = await refusal(simulator.urls[WsKey.MAIN] + "/stream")
        assert error.status == 429
        assert error.headers is not None
        assert 1 <= int(error.headers["Retry-After"]) <= 300

    play(client, scene, connects_limit=(2, 300.0))
