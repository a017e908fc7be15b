"""Wishes become control frames within the limits, and answers become states, rings and events."""

import asyncio
import logging

import pytest
from support.feed import ListRing

from fastbinance._io.wishes import RingState, Wish, WishState
from fastbinance._protocol.lifecycle import State
from fastbinance.errors import ConfigurationError, SubscriptionRejected
from fastbinance.keys import WsKey
from fastbinance.streams import Stream

pytestmark = pytest.mark.asyncio


async def test_wishes_made_before_the_connection_go_out_in_one_message_and_are_confirmed(world):
    connection, wishes = await world.up("btcusdt@bookTicker", "ethusdt@trade")
    assert world.server.client.requests == [
        {"method": "SUBSCRIBE", "params": ["btcusdt@bookTicker", "ethusdt@trade"], "id": 1}
    ]
    assert [wish.ring.states for wish in wishes] == [[RingState.DOWN, RingState.LIVE]] * 2
    assert world.kinds() == ["open", "response"]
    assert world.events[1].json() == {"result": None, "id": 1}
    assert world.events[1].streams == ("btcusdt@bookTicker", "ethusdt@trade")
    stats = connection.stats()
    assert (stats.state, stats.wanted, stats.confirmed, stats.reconnects) == (State.LIVE, 2, 2, 0)


async def test_wishes_of_one_turn_of_the_loop_share_a_message(world):
    connection, _ = await world.up("btcusdt@trade", ws_key=WsKey.COINM)
    for number in range(5):
        connection.want(world.wish(f"s{number}@trade"))
    await world.until(lambda: len(connection.line.subscriptions.confirmed) == 6)
    assert len(world.server.client.requests) == 2


async def test_records_reach_the_ring_and_other_messages_become_events(world):
    connection, (wish,) = await world.up("btcusdt@bookTicker")
    connection.want(world.wish("btcusdt@kline_1m"))
    await world.until(lambda: connection.stats().confirmed == 2)
    world.server.client.publish("btcusdt@bookTicker", {"u": 1})
    world.server.client.publish("btcusdt@kline_1m", {"e": "kline"})
    await world.until(lambda: world.of_kind("message"))
    assert wish.ring.records == [{"u": 1}]
    (message,) = world.of_kind("message")
    assert (message.stream, message.ws_key) == ("btcusdt@kline_1m", "main")
    assert message.json() == {"stream": "btcusdt@kline_1m", "data": {"e": "kline"}}
    assert message.recv_ns > 0
    counters = connection.stats().counters
    assert (counters.published, counters.unrouted) == (1, 1)


async def test_a_ring_may_come_to_a_stream_later(world):
    connection = world.connection()
    wish = world.wish("btcusdt@trade")
    connection.want(wish)
    connection.start()
    await world.until(lambda: wish.state is WishState.CONFIRMED)
    connection.attach(wish, ring := ListRing(world.changed))
    assert ring.state == RingState.LIVE
    world.server.client.publish("btcusdt@trade", {"t": 1})
    await world.until(lambda: connection.stats().counters.published)
    assert ring.records == [{"t": 1}]


async def test_a_dropped_stream_is_unsubscribed_and_its_stragglers_are_nobodys(world):
    connection, (wish, _) = await world.up("btcusdt@trade", "ethusdt@trade")
    world.server.answer = lambda request: None
    connection.drop(wish)
    assert (wish.state, wish.ring.state) == (WishState.DROPPED, RingState.DOWN)
    world.server.client.publish("btcusdt@trade", {"t": 1})
    await world.until(lambda: connection.stats().counters.unrouted == 1)
    assert not world.of_kind("message")
    assert not wish.ring.records
    await world.until(lambda: len(world.server.client.requests) == 2)
    assert world.server.client.requests[1] == {"method": "UNSUBSCRIBE", "params": ["btcusdt@trade"], "id": 2}


async def test_a_stream_that_is_dropped_while_the_connection_is_down_leaves_nothing_behind(world):
    connection, (wish, _) = await world.up("btcusdt@trade", "ethusdt@trade")
    world.server.refusal = (503, {})
    world.server.client.drop()
    await world.until(lambda: world.of_kind("reconnecting"))
    connection.drop(wish)
    (liveness,) = connection._hearing._liveness.values()
    with pytest.raises(KeyError):
        liveness.learned("btcusdt@trade")
    assert liveness.learned("ethusdt@trade").average == 0.0


async def test_a_dropped_stream_is_not_waited_for_and_one_that_is_taken_back_is(world):
    connection, (wish,) = await world.up("btcusdt@trade")
    (liveness,) = connection._hearing._liveness.values()
    assert liveness.names == ["btcusdt@trade"]
    connection.drop(wish)
    assert liveness.names == []
    again = world.wish("btcusdt@trade", ListRing(world.changed))
    connection.want(again)
    assert again.state is WishState.CONFIRMED, "in the same turn: nothing was sent"
    assert liveness.names == ["btcusdt@trade"]


async def test_a_refused_stream_fails_alone_and_for_good(world):
    def answer(request):
        if "bad@trade" in request["params"]:
            return {"error": {"code": 2, "msg": "Invalid request"}, "id": request["id"]}
        return {"result": None, "id": request["id"]}

    world.server.answer = answer
    connection = world.connection(ws_key=WsKey.COINM)
    good, bad = world.wish("btcusdt@trade"), world.wish("bad@trade", ListRing())
    connection.want(good)
    connection.want(bad)
    connection.start()
    await world.until(lambda: bad.final and good.state is WishState.CONFIRMED)
    with pytest.raises(SubscriptionRejected, match="rejected bad@trade with code 2: Invalid request"):
        await bad.confirmed()
    assert bad.ring.state == RingState.DOWN
    (event,) = world.of_kind("exception")
    assert (event.error, event.streams) == (bad.error, ("bad@trade",))
    asked = len(world.server.client.asked)
    world.server.client.drop()
    await world.until(lambda: good.state is WishState.CONFIRMED and len(world.server.clients) == 2)
    assert asked == 4
    assert world.server.client.asked == ["btcusdt@trade"]


async def test_a_name_too_long_is_the_callers_error_before_any_message(world):
    connection, _ = await world.up()
    long = Stream(name="x" * 5000, market="spot", kind=None, symbol=None, part=None)
    with pytest.raises(ConfigurationError, match="does not fit"):
        connection.want(Wish(long, WsKey.MAIN))
    assert not connection.wishes


async def test_waiting_for_confirmation_returns_once_it_is_there(world):
    connection = world.connection()
    wish = world.wish()
    connection.want(wish)
    waiting = asyncio.create_task(wish.confirmed())
    connection.start()
    await waiting
    assert wish.state is WishState.CONFIRMED


async def test_a_failing_watcher_costs_nobody_else(world, caplog):
    connection = world.connection()
    first, second = world.wish("btcusdt@trade"), world.wish("ethusdt@trade")
    first.watch(lambda wish: 1 // 0)
    connection.want(first)
    connection.want(second)
    with caplog.at_level(logging.ERROR, "fastbinance"):
        connection.start()
        await world.until(lambda: second.state is WishState.CONFIRMED)
    assert "a watcher of btcusdt@trade failed" in caplog.text


# -- limits


async def test_control_frames_stay_within_the_services_messages_per_second(world):
    connection, _ = await world.up("s0@trade", ws_key=WsKey.COINM)
    for number in range(1, 8):
        connection.want(world.wish(f"s{number}@trade"))
        await world.until(lambda number=number: len(world.server.client.texts) == number + 1)
    times = world.server.client.text_times
    # Four at once, then four a second: never more than eight in a second where Binance allows ten.
    assert times[3] - times[0] < 0.2
    assert times[7] - times[0] > 0.9


async def test_a_pong_is_never_delayed_but_delays_the_next_control_frame(world):
    connection, _ = await world.up("s0@trade", ws_key=WsKey.COINM)
    pings = [f"ping {number}".encode() for number in range(5)]
    for ping in pings:
        world.server.client.ping(ping)
    await world.until(lambda: len(world.server.client.pongs) == 5)
    assert world.server.client.pongs == pings
    await world.until(lambda: connection.stats().counters.pings == 5)
    connection.want(world.wish("s1@trade"))
    await world.until(lambda: len(world.server.client.texts) == 2)
    times = world.server.client.text_times
    # Four tokens, less one message and five pongs: two owed and one needed, at four a second.
    assert times[1] - times[0] > 0.7
