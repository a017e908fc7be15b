"""One connection against a scripted peer: it comes back from every loss, and ends without a trace."""

import asyncio
import socket
from itertools import pairwise

import pytest
import uvloop
from support.feed import PythonFeed
from support.server import ScriptedServer
from support.waiting import Changes

from fastbinance._io.group import Group
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.session import Session
from fastbinance._io.wishes import RingState, WishState
from fastbinance._protocol.lifecycle import State
from fastbinance.errors import ConnectFailed, ConnectionLost, DecodeError
from fastbinance.keys import WsKey

pytestmark = pytest.mark.asyncio


# -- coming back


async def test_a_dropped_connection_comes_back_at_once_and_subscribes_again(world):
    connection, (wish,) = await world.up("btcusdt@bookTicker", backoff_base=10.0, backoff_cap=10.0)
    lost_at = asyncio.get_running_loop().time()
    world.server.client.drop()
    await world.until(lambda: world.of_kind("resubscribed"))
    assert asyncio.get_running_loop().time() - lost_at < 3.0
    assert world.kinds("response") == ["open", "reconnecting", "reconnected", "resubscribed"]
    (reconnecting,) = world.of_kind("reconnecting")
    assert isinstance(reconnecting.error, ConnectionLost)
    assert (reconnecting.error.close_code, reconnecting.attempt) == (None, 1)
    assert world.of_kind("resubscribed")[0].streams == ("btcusdt@bookTicker",)
    assert wish.ring.states == [RingState.DOWN, RingState.LIVE, RingState.DOWN, RingState.LIVE]
    assert connection.stats().reconnects == 1
    assert world.server.client.asked == ["btcusdt@bookTicker"]


async def test_the_same_ring_goes_on_after_a_reconnect_and_counters_are_summed(world):
    connection, (wish,) = await world.up("btcusdt@bookTicker")
    for number in range(3):
        client = world.server.client
        client.publish("btcusdt@bookTicker", {"u": number})
        await world.until(lambda number=number: connection.stats().counters.published == number + 1)
        client.drop()
        await world.until(lambda number=number: connection.stats().reconnects == number + 1)
        await world.until(lambda: wish.state is WishState.CONFIRMED)
    assert wish.ring.records == [{"u": 0}, {"u": 1}, {"u": 2}]
    assert len(world.feeds) == 4


async def test_a_close_frame_is_answered_and_its_code_and_reason_are_told(world):
    connection, (wish,) = await world.up("btcusdt@trade")
    client = world.server.client
    client.close(1008, "Too many requests")
    await world.until(lambda: world.of_kind("reconnected"))
    (event,) = world.of_kind("reconnecting")
    assert (event.error.close_code, event.error.reason) == (1008, "Too many requests")
    assert client.close_code is not None
    await world.until(lambda: wish.state is WishState.CONFIRMED)
    assert connection.trouble is None


async def test_a_frame_that_breaks_the_protocol_ends_the_connection_with_a_reason(world):
    await world.up("btcusdt@trade")
    # A CLOSE with one byte of payload is not WebSocket.
    world.server.client.transport.underlying_transport.write(b"\x88\x01x")
    await world.until(lambda: world.of_kind("reconnected"))
    assert "CLOSE" in world.of_kind("reconnecting")[0].error.reason


async def test_rings_are_down_the_moment_the_connection_is(world):
    _, (wish,) = await world.up("btcusdt@trade")
    await world.server.stop()
    await world.until(lambda: wish.ring.state == RingState.DOWN)
    assert wish.state is WishState.WANTED
    await world.until(lambda: isinstance(wish.trouble, ConnectFailed))
    assert world.of_kind("exception")[0].error.attempts == 1


async def test_a_reset_that_the_loop_does_not_tell_is_found_at_the_next_look(world, monkeypatch):
    connection, (wish,) = await world.up("btcusdt@trade")
    world.server.client.publish("btcusdt@trade", {"t": 1})
    await world.until(lambda: wish.ring.records)
    connection.connection.check()
    assert connection.state is State.LIVE
    monkeypatch.setattr(Session, "is_gone", True)
    world.server.client.publish("btcusdt@trade", {"t": 2})
    await world.until(lambda: len(wish.ring.records) == 2)
    connection.connection.check()
    monkeypatch.undo()
    await world.until(lambda: world.of_kind("reconnecting"))


async def test_it_keeps_trying_until_the_peer_is_back(world):
    connection, (wish,) = await world.up("btcusdt@trade")
    port = world.server.port
    await world.server.stop()
    await world.until(lambda: len(world.of_kind("exception")) >= 3)
    attempts = [event.error.attempts for event in world.of_kind("exception")]
    assert attempts == list(range(1, len(attempts) + 1))
    await world.server.start(port)
    await world.until(lambda: wish.state is WishState.CONFIRMED)
    assert (connection.trouble, wish.trouble, connection.stats().attempts) == (None, None, 0)


async def test_a_wish_made_while_the_connection_is_down_knows_why(world):
    connection, _ = await world.up()
    await world.server.stop()
    await world.until(lambda: world.of_kind("exception"))
    connection.want(late := world.wish("ethusdt@trade"))
    assert isinstance(late.trouble, ConnectFailed)


async def test_delays_grow_while_a_connection_keeps_failing(world):
    connection = world.connection(backoff_base=0.2, backoff_cap=10.0)
    world.server.refusal = (503, {})
    connection.start()
    times = []
    for number in range(1, 5):
        await world.until(lambda number=number: world.server.handshakes >= number)
        times.append(asyncio.get_running_loop().time())
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[0] < gaps[1]
    assert gaps[1] > 0.09
    assert gaps[2] > 0.19


async def test_a_connection_lost_at_once_again_and_again_does_not_come_back_at_full_speed(world):
    connection, _ = await world.up("btcusdt@trade", backoff_base=0.4, backoff_cap=0.4)
    times = []
    for number in range(3):
        world.server.client.drop()
        times.append(asyncio.get_running_loop().time())
        await world.until(lambda number=number: connection.stats().reconnects == number + 1)
    assert times[1] - times[0] < times[2] - times[1]
    assert times[2] - times[1] > 0.19


async def test_a_connection_that_was_good_for_a_while_comes_back_at_once_each_time(world):
    connection, _ = await world.up("btcusdt@trade", backoff_base=20.0, backoff_cap=20.0, stable_after=0.0)
    for number in range(4):
        world.server.client.drop()
        await world.until(lambda number=number: connection.stats().reconnects == number + 1)


async def test_data_that_comes_with_the_handshake_is_not_lost(world):
    world.server.greeting = {"stream": "btcusdt@trade", "data": {"t": 1}}
    connection, (wish,) = await world.up("btcusdt@trade")
    await world.until(lambda: connection.stats().counters.published == 1)
    assert wish.ring.records == [{"t": 1}]


async def test_a_feed_that_cannot_be_made_does_not_end_the_retries(world):
    connection = world.connection()
    connection.connection._feed_factory = lambda handler, ws_key, line: 1 // 0
    connection.start()
    await world.until(lambda: len(world.of_kind("exception")) == 2)
    assert "unexpected ZeroDivisionError" in world.of_kind("exception")[0].error.cause


async def test_undecodable_payloads_are_kept_for_inspection_and_reported_once_a_second(world):
    connection, _ = await world.up("btcusdt@trade")
    for _ in range(40):
        world.server.client.send(b"not json")
    await world.until(lambda: connection.stats().counters.rejected == 40)
    (event,) = world.of_kind("exception")
    assert isinstance(event.error, DecodeError)
    assert (event.error.code, event.error.head) == ("FB_NOT_JSON", b"not json")
    assert [reject.head for reject in connection.stats().rejects] == [b"not json"] * 16
    assert connection.state is State.LIVE


# -- ending


async def test_close_shakes_hands_and_leaves_nothing(world):
    connection, (wish,) = await world.up("btcusdt@trade")
    client = world.server.client
    await connection.close()
    assert connection.state is State.CLOSED
    await world.until(lambda: client.gone)
    assert client.close_code == 1000
    assert world.kinds()[-1] == "close"
    assert (wish.state, wish.ring.state) == (WishState.WANTED, RingState.DOWN)
    await connection.close()
    assert world.kinds().count("close") == 1


async def test_a_peer_that_ignores_the_close_is_given_half_a_second(world):
    world.server.answers_close = False
    connection, _ = await world.up("btcusdt@trade", close_timeout=0.2)
    started = asyncio.get_running_loop().time()
    await connection.close()
    assert 0.19 < asyncio.get_running_loop().time() - started < 5.0


async def test_a_close_that_is_cancelled_still_ends_the_connection(world):
    world.server.answers_close = False
    connection, _ = await world.up("btcusdt@trade", close_timeout=30.0)
    closing = asyncio.create_task(connection.close())
    await world.until(lambda: world.server.client.close_code)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await world.until(lambda: world.server.client.gone and connection.state is State.CLOSED)


async def test_closing_twice_at_once_waits_for_the_same_end(world):
    connection, _ = await world.up("btcusdt@trade")
    await asyncio.gather(connection.close(), connection.close(), connection.close())
    assert world.kinds().count("close") == 1


async def test_a_connection_that_never_started_closes(world):
    connection = world.connection()
    await connection.close()
    connection.start()
    assert connection.state is State.CLOSED
    assert world.events == []


async def test_close_in_the_turn_of_start_connects_to_nobody(world):
    connection = world.connection()
    connection.start()
    await connection.close()
    assert (connection.state, world.server.handshakes) == (State.CLOSED, 0)


async def test_close_while_waiting_to_reconnect_is_immediate(world):
    connection, _ = await world.up("btcusdt@trade", backoff_base=30.0, backoff_cap=30.0)
    await world.server.stop()
    await world.until(lambda: len(world.of_kind("reconnecting")) == 2)
    started = asyncio.get_running_loop().time()
    await connection.close()
    assert asyncio.get_running_loop().time() - started < 5.0


async def test_a_cancelled_task_takes_its_socket_with_it(world):
    connection, _ = await world.up("btcusdt@trade")
    connection.connection._task.cancel()
    await world.until(lambda: world.server.client.gone)
    assert connection.state is State.CLOSED


async def test_an_attempt_cancelled_in_the_middle_of_its_handshake_leaves_no_socket(world):
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}/stream"
        connection = world.connection(url, handshake_timeout=60.0)
        connection.start()
        accepted, _ = await loop.sock_accept(silent)
        with accepted:
            assert await loop.sock_recv(accepted, 4096)
            connection.connection._task.cancel()
            async with asyncio.timeout(10):
                assert await loop.sock_recv(accepted, 4096) == b""
    await world.until(lambda: connection.state is State.CLOSED)


def silent_close(loop_factory):
    """Close a connection whose peer accepted the socket and says nothing; return how long it took."""

    async def main(port):
        connection = Group(
            WsKey.MAIN,
            (f"ws://127.0.0.1:{port}/stream",),
            feed_factory=PythonFeed,
            emit=lambda event: None,
            budget=ConnectBudget(),
            options=ConnectionOptions(close_timeout=10.0, handshake_timeout=10.0),
        )
        connection.start()
        accepted, _ = await asyncio.get_running_loop().sock_accept(silent)
        with accepted:
            await asyncio.get_running_loop().sock_recv(accepted, 4096)  # the handshake has begun
            started = asyncio.get_running_loop().time()
            await connection.close()
            return asyncio.get_running_loop().time() - started

    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(main(silent.getsockname()[1]))


LOOPS = [("asyncio", asyncio.new_event_loop), ("uvloop", uvloop.new_event_loop)]


@pytest.mark.parametrize("loop_factory", [make for _, make in LOOPS], ids=[name for name, _ in LOOPS])
async def test_close_in_the_middle_of_a_handshake_leaves_no_socket(loop_factory):
    # A loop of its own, in a thread: a transport left open would warn at its end, and warnings are errors.
    assert await asyncio.to_thread(silent_close, loop_factory) < 5.0


def full_life(loop_factory):
    """Connect, lose, reconnect and close on a loop of the given kind; return the kinds of events."""

    async def main():
        changed, events = Changes(), []
        async with ScriptedServer(changed) as server:
            connection = Group(
                WsKey.MAIN,
                (f"{server.url}/stream",),
                feed_factory=PythonFeed,
                emit=lambda event: (events.append(event.kind), changed()),
                budget=ConnectBudget(),
                options=ConnectionOptions(backoff_base=0.02),
            )
            connection.start()
            await changed.until(lambda: "open" in events)
            server.client.drop()
            await changed.until(lambda: "reconnected" in events)
            await connection.close()
        return events

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(main())


@pytest.mark.parametrize("loop_factory", [make for _, make in LOOPS], ids=[name for name, _ in LOOPS])
async def test_the_life_of_a_connection_is_the_same_on_every_loop(loop_factory):
    events = await asyncio.to_thread(full_life, loop_factory)
    assert events == ["open", "reconnecting", "reconnected", "close"]
