"""What a user hears of a replacement that goes wrong: of a service that is down, and of none that is up."""

import pytest
from support.feed import ListRing

from fastbinance._io.wishes import WishState
from fastbinance._protocol.lifecycle import State
from fastbinance.errors import ConnectFailed, ConnectionLost, SubscriptionRejected
from fastbinance.streams import parse

pytestmark = pytest.mark.asyncio

REFUSED = {"code": 2, "msg": "Invalid request"}


async def being_replaced_in_vain(world):
    """Return a connection that is up and whose successor is refused, and forget the events so far."""
    connection, (wish,) = await world.up("btcusdt@trade")
    world.server.refusal = (503, {})
    assert connection.replace() == 1
    await world.until(lambda: len(world.of_kind("exception")) >= 2)
    return connection, wish


async def test_a_successor_that_cannot_connect_is_no_service_that_is_down(world):
    connection, wish = await being_replaced_in_vain(world)
    first, second, *_ = world.of_kind("exception")
    assert [(type(event.error), event.attempt, event.reason, event.line) for event in (first, second)] == [
        (ConnectFailed, 1, "request", 1),
        (ConnectFailed, 2, "request", 1),
    ]
    assert not world.of_kind("reconnecting")
    assert (wish.state, connection.trouble) == (WishState.CONFIRMED, None)


async def test_a_successor_that_is_lost_before_it_has_the_place_is_no_service_that_is_down(world):
    connection, (wish,) = await world.up("btcusdt@trade")
    world.server.answer = lambda request: None
    connection.replace()
    await world.until(lambda: len(world.server.clients) == 2 and world.server.client.texts)
    world.server.client.close(1011, "oops")
    await world.until(lambda: world.of_kind("exception"))
    (event,) = world.of_kind("exception")
    assert (event.error.close_code, event.reason, event.line) == (1011, "request", 1)
    assert world.kinds("response") == ["open", "exception"]
    assert wish.state is WishState.CONFIRMED


async def test_a_connection_that_is_lost_before_its_successor_is_up_is_told_as_lost(world):
    connection, wish = await being_replaced_in_vain(world)
    world.events.clear()
    world.server.client.drop()
    await world.until(lambda: world.of_kind("reconnecting"))
    assert wish.state is WishState.WANTED
    world.server.refusal = None
    await world.until(lambda: world.of_kind("resubscribed"))
    lost = world.of_kind("reconnecting")[0]
    assert (type(lost.error), lost.line) == (ConnectionLost, 1), "the line that will be back"
    assert lost.attempt >= 3
    (back,) = world.of_kind("reconnected")
    assert back.line == 1
    assert not world.of_kind("rollover"), "nothing was replaced before it was lost"
    stats = connection.stats()
    assert (stats.line, stats.reconnects, stats.rollovers, stats.trouble) == (1, 1, 0, None)


async def test_what_a_line_brings_is_told_with_its_number(world):
    connection, _ = await world.up("btcusdt@trade")
    connection.replace()
    await world.until(lambda: len(world.server.clients) == 2 and len(world.of_kind("response")) == 2)
    world.server.client.publish("btcusdt@trade", {"t": 1})
    world.server.client.publish("!serverShutdown", {"e": "serverShutdown", "E": 1})
    await world.until(lambda: world.of_kind("server_shutdown"))
    assert world.of_kind("server_shutdown")[0].line == 1


async def test_a_stream_that_one_of_two_lines_refuses_is_told_and_carried_on(world):
    answered = []

    def answer(request):
        answered.append(request)
        said = {"result": None} if len(answered) == 1 else REFUSED
        return said | {"id": request["id"]}

    world.server.answer = answer
    pool = world.pool(lines=2)
    ring = ListRing(world.changed)
    wish = pool.add(parse("btcusdt@trade", "coinm"), ring)
    await world.until(lambda: world.of_kind("exception"))
    (event,) = world.of_kind("exception")
    assert (type(event.error), event.streams, event.reason) == (
        SubscriptionRejected, ("btcusdt@trade",), "carried"
    )  # fmt: skip
    assert (event.error.code, len(answered)) == (2, 3), "asked once more before it is told"
    assert (wish.state, ring.lines) == (WishState.CONFIRMED, 1)
    assert [one.state for one in pool.stats()] == [State.LIVE, State.LIVE]


async def test_a_replacement_goes_on_with_the_counts_of_the_connection_before_it(world):
    pool = world.pool(sample_every=0.01)
    ring = ListRing(world.changed)
    pool.add(parse("btcusdt@trade", "coinm"), ring)
    await world.until(lambda: pool.stats()[0].confirmed == 1)
    for number in range(1, 4):
        world.server.client.publish("btcusdt@trade", {"t": number})
        await world.until(lambda number=number: len(ring.records) == 2 * number - 1)
        before, lines = pool.stats()[0].rollovers, len(world.server.clients)
        assert pool.replace() == 1
        await world.until(lambda lines=lines: len(world.server.clients) > lines)
        await world.until(lambda: world.server.client.asked)
        old, new = world.server.clients[-2:]
        # What the successor brings proves it.
        new.publish("btcusdt@trade", {"t": 0})
        await world.until(lambda before=before: pool.stats()[0].rollovers == before + 1)
        assert pool.stats()[0].counters.published == 2 * number, "while the old one says goodbye"
        await world.until(lambda old=old: old.gone)
        assert pool.stats()[0].counters.published == 2 * number
    assert pool.stats()[0].counters.control == 4


async def test_a_replacement_goes_on_with_what_was_unknown_on_the_connection_before_it(world):
    pool = world.pool(sample_every=0.01)
    wish = pool.add(parse("btcusdt@trade", "coinm"), ListRing(world.changed))
    await world.until(lambda: wish.state is WishState.CONFIRMED)
    for number in range(3):
        before = world.server.client
        before.publish("nobody@trade", {"t": number})
        await world.until(lambda number=number: sum(drift.count for drift in pool.drifts()) == number + 1)
        assert pool.replace() == 1
        await world.until(lambda before=before: world.server.client is not before)
        await world.until(lambda: world.server.client.asked)
        # What the successor brings proves it.
        world.server.client.publish("btcusdt@trade", {"t": number})
        await world.until(lambda before=before: before.gone)
    (drift,) = pool.drifts()
    assert (drift.stream, drift.count) == ("nobody@trade", 3)
    assert len(world.of_kind("drift")) == 1
    assert pool.stats()[0].rollovers == 3


async def test_a_successor_that_takes_the_place_of_a_lost_connection_has_its_counts(world):
    connection, (wish,) = await world.up("btcusdt@trade")
    world.server.client.publish("btcusdt@trade", {"t": 1})
    await world.until(lambda: wish.ring.records)
    old = connection.connection
    world.server.refusal = (503, {})
    connection.replace()
    await world.until(lambda: world.of_kind("exception"))
    world.server.client.drop()
    await world.until(lambda: connection.line.number == 1)
    await old.ended.wait()
    assert connection.stats().counters.published == 1
    assert connection.connection._replaced is None
