"""Streams that are shared out over connections: carried by both until the new one delivers, then by one."""

import asyncio

import pytest
from support.feed import ListRing
from support.server import acknowledge

from fastbinance._io.moves import Moves
from fastbinance._io.wishes import RingState, WishState
from fastbinance._protocol.spreading import Spreader
from fastbinance.streams import parse

pytestmark = pytest.mark.asyncio


async def carried(world, count=4):
    """Return a pool whose streams bring too much for one connection, and their wishes."""
    pool = world.pool(spread_every=0.05, sample_every=0.01)
    streams = [parse(f"s{number}usdt@bookTicker", "coinm") for number in range(count)]
    wishes = [pool.add(stream, ListRing(world.changed)) for stream in streams]
    for wish in wishes:
        wish.watch(world.changed)
    await world.until(lambda: all(wish.state is WishState.CONFIRMED for wish in wishes))
    (place,) = pool._groups
    return pool, place, wishes


async def publish(world, wishes, until):
    """Send messages of every stream to every connection that has it, until something holds."""
    number = 0
    async with asyncio.timeout(20):
        while not until():
            number += 1
            for client in world.server.clients:
                for wish in wishes:
                    if not client.gone and wish.name in client.asked:
                        client.publish(wish.name, {"u": number})
            await asyncio.sleep(0)
            await world.until(lambda: True)


async def test_a_stream_is_carried_by_both_until_the_new_connection_delivers(world):
    pool, place, wishes = await carried(world, 2)
    moves = pool._moves[place]
    source = pool._groups[place][0]
    target = pool._new_group(place, place[0])
    wish = wishes[0]
    moves.begin(wish, source, target)
    await world.until(lambda: target.delivered(wish.name) is not None)
    assert wish.name in source.wishes
    assert wish.ring.lines == 2
    assert wish.ring.states == [RingState.DOWN, RingState.LIVE], "never down"
    world.server.clients[-1].publish(wish.name, {"u": 1})
    await world.until(lambda: wish.name not in source.wishes)
    assert wish.name in target.wishes
    assert wish.ring.lines == 1
    assert wish.state is WishState.CONFIRMED
    assert wish.ring.states == [RingState.DOWN, RingState.LIVE]
    await world.until(lambda: world.server.clients[0].requests[-1]["method"] == "UNSUBSCRIBE")
    pool.remove(wish)
    assert wish.state is WishState.DROPPED
    assert not target.wishes


async def test_a_stream_that_is_given_up_on_its_way_is_nowhere(world):
    pool, place, wishes = await carried(world, 2)
    source, target = pool._groups[place][0], pool._new_group(place, place[0])
    pool._moves[place].begin(wishes[0], source, target)
    pool.remove(wishes[0])
    assert wishes[0].name not in source.wishes
    assert wishes[0].name not in target.wishes
    assert wishes[0].state is WishState.DROPPED


async def test_a_loss_of_the_old_connection_on_the_way_costs_the_stream_nothing(world):
    pool, place, wishes = await carried(world, 2)
    source, target = pool._groups[place][0], pool._new_group(place, place[0])
    wish = wishes[0]
    pool._moves[place].begin(wish, source, target)
    await world.until(lambda: target.delivered(wish.name) is not None)
    world.server.clients[0].drop()
    await world.until(lambda: wishes[1].ring.states[-2:] == [RingState.DOWN, RingState.LIVE])
    assert wish.ring.states == [RingState.DOWN, RingState.LIVE]


def asks_of(ring, changed):
    """Return a list that grows whenever a ring is asked to let go of what it holds."""
    asked = []

    def release_held(now_ns):
        asked.append(now_ns)
        changed()
        return 0

    ring.release_held = release_held
    return asked


@pytest.mark.parametrize("arrives", [True, False])
async def test_what_is_held_when_a_move_ends_is_let_go_by_who_carries_the_stream_then(world, arrives):
    pool, place, wishes = await carried(world, 2)
    source, target = pool._groups[place][0], pool._new_group(place, place[0])
    wish = wishes[0]
    asked = asks_of(wish.ring, world.changed)
    pool._moves[place].begin(wish, source, target)
    await world.until(lambda: target.delivered(wish.name) is not None)
    if arrives:
        source.held(wish.name)
        source.release(wish)
        world.server.clients[-1].publish(wish.name, {"u": 1})
    else:
        target.held(wish.name)
        pool.set_raw(wish, True)
    await world.until(lambda: asked and not pool._moves[place].going_on)


def refuse(world):
    world.server.answer = lambda request: {
        "error": {"code": 2, "msg": "Invalid request"},
        "id": request["id"],
    }


async def test_a_stream_that_the_new_connection_refuses_stays_where_it_is(world):
    pool, place, wishes = await carried(world, 2)
    source, target = pool._groups[place][0], pool._new_group(place, place[0])
    wish = wishes[0]
    refuse(world)
    pool._moves[place].begin(wish, source, target)
    await world.until(lambda: not pool._moves[place].going_on)
    assert (wish.state, wish.ring.states) == (WishState.CONFIRMED, [RingState.DOWN, RingState.LIVE])
    assert (wish.name in source.wishes, wish.name in target.wishes) == (True, False)
    (event,) = world.of_kind("exception")
    assert (event.streams, event.reason) == ((wish.name,), "carried")
    world.server.clients[0].publish(wish.name, {"u": 1})
    await world.until(lambda: wish.ring.records)
    pool.remove(wish)
    assert not world.server.clients[0].gone
    await world.until(lambda: world.server.clients[0].requests[-1]["method"] == "UNSUBSCRIBE")


@pytest.mark.parametrize("number", [0, 1], ids=["the old one refuses", "the new one refuses"])
async def test_what_is_held_when_one_of_two_connections_refuses_is_let_go_by_the_other(world, number):
    pool, place, wishes = await carried(world, 2)
    source, target = pool._groups[place][0], pool._new_group(place, place[0])
    wish = wishes[0]
    asked = asks_of(wish.ring, world.changed)
    pool._moves[place].begin(wish, source, target)
    await world.until(lambda: target.delivered(wish.name) is not None)
    group = (source, target)[number]
    refuse(world)
    world.server.clients[number].drop()
    await world.until(lambda: wish.name not in group.wishes)
    asked.clear()
    if group is source:
        pool.set_raw(wish, True)
    await world.until(lambda: asked)
    assert wish.state is WishState.CONFIRMED


async def test_a_stream_that_the_new_connection_refuses_is_waited_for_where_the_old_one_reconnects(world):
    pool, place, wishes = await carried(world, 2)
    source, target = pool._groups[place][0], pool._new_group(place, place[0])
    wish, moves = wishes[0], pool._moves[place]
    world.server.answer = lambda request: None
    moves.begin(wish, source, target)
    await world.until(lambda: world.server.clients[-1].asked == [wish.name])
    old, new = world.server.clients
    world.server.refusal = (503, {})
    old.drop()
    await world.until(lambda: wish.trouble is not None and wish.state is WishState.WANTED)
    new.send({"error": {"code": 2, "msg": "Invalid request"}, "id": new.requests[0]["id"]})
    await world.until(lambda: wish.name not in target.wishes)
    assert (wish.state, wish.error) == (WishState.WANTED, None)
    assert wish.trouble is not None, "what it waits for is known as before"
    assert (wish.name in source.wishes, wish.name in target.wishes) == (True, False)
    await world.until(lambda: not moves.going_on)
    world.server.refusal, world.server.answer = None, acknowledge
    await world.until(lambda: wish.state is WishState.CONFIRMED)
    assert wish.ring.lines == 1
    assert wish.name in source.wishes


async def test_a_stream_that_the_old_connection_refuses_when_it_is_back_goes_on_with_the_new_one(world):
    pool, place, wishes = await carried(world, 2)
    source, target = pool._groups[place][0], pool._new_group(place, place[0])
    wish = wishes[0]
    pool._moves[place].begin(wish, source, target)
    await world.until(lambda: target.delivered(wish.name) is not None)
    refuse(world)
    world.server.clients[0].drop()
    await world.until(lambda: wish.name not in source.wishes)
    pool.set_raw(wish, True)
    assert (wish.state, wish.ring.states) == (WishState.CONFIRMED, [RingState.DOWN, RingState.LIVE])
    assert wish.name in target.wishes
    assert not pool._moves[place].going_on
    pool.remove(wish)
    assert (wish.state, wish.name in target.wishes) == (WishState.DROPPED, False)


async def test_a_stream_that_both_connections_refuse_is_given_up_by_both(world):
    pool, place, wishes = await carried(world, 2)
    source, target = pool._groups[place][0], pool._new_group(place, place[0])
    wish = wishes[0]
    pool._moves[place].begin(wish, source, target)
    await world.until(lambda: target.delivered(wish.name) is not None)
    refuse(world)
    for client in tuple(world.server.clients):
        client.drop()
    await world.until(lambda: wish.final and not pool._moves[place].going_on)
    assert wish.state is WishState.FAILED
    assert (wish.name in source.wishes, wish.name in target.wishes) == (False, False)


async def test_streams_that_bring_too_much_for_one_connection_are_shared_out(world):
    pool, place, wishes = await carried(world)
    spreader = Spreader(1024, max_rate=20.0, hot_after=0.1)
    pool._moves[place] = Moves(spreader, measured_after=0.0)
    await publish(world, wishes, lambda: len([group for group in pool._groups[place] if group.wishes]) == 2)
    await publish(world, wishes, lambda: not pool._moves[place].going_on)
    assert sorted(name for group in pool._groups[place] for name in group.wishes) == sorted(
        wish.name for wish in wishes
    ), "each in one place"
    assert all(wish.ring.states == [RingState.DOWN, RingState.LIVE] for wish in wishes)
