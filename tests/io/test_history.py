"""What a stream has missed is told, also where it has no ring, and what waits to be told has an end."""

import pytest
from support.feed import ListRing

from fastbinance._io.history import History
from fastbinance._io.wishes import WishState
from fastbinance.streams import parse

pytestmark = pytest.mark.asyncio

NAMES = ["btcusdt@bookTicker", "btcusdt@depth"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_connection_that_was_lost_is_a_gap_of_a_stream_without_a_ring_too(world, name):
    pool = world.pool(sample_every=0.01)
    wish = pool.add(parse(name, "coinm"))
    wish.watch(world.changed)
    await world.until(lambda: wish.state is WishState.CONFIRMED)
    for number in (1, 2):
        world.server.client.drop()
        await world.until(lambda number=number: len(world.of_kind("gap")) == number)
    assert {(event.stream, event.reason) for event in world.of_kind("gap")} == {(name, "connection lost")}


async def test_what_was_not_told_yet_is_told_when_the_stream_gets_a_ring(world):
    connection, wish = world.connection(), world.wish()
    connection.want(wish)
    connection.start()
    await world.until(lambda: wish.state is WishState.CONFIRMED)
    world.server.client.drop()
    await world.until(lambda: world.of_kind("resubscribed"))
    assert not world.of_kind("gap")
    connection.attach(wish, ListRing(world.changed))
    (event,) = world.of_kind("gap")
    assert (event.stream, event.reason) == (wish.name, "connection lost")


@pytest.mark.parametrize("ring", [None, ListRing()], ids=["no ring", "a ring"])
async def test_outages_that_nobody_asks_about_are_not_kept_without_end(ring):
    history = History(parse("btcusdt@bookTicker", "spot"))
    history.confirmed(ring)
    for _ in range(1_000):
        history.lost(ring, "connection lost")
        history.confirmed(ring)
    told = history.look(ring)
    assert told[-1] == history.gaps()[-1]
    assert len(told) < 100
    assert history.look(ring) == ()
