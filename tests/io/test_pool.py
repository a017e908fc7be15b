"""From streams to connections: routing, spreading, sharing, sampling and ending."""

import asyncio

import pytest
from support.feed import ListRing
from support.server import ScriptedServer

from fastbinance._io.options import ConnectBudget
from fastbinance._io.wishes import RingState, WishState
from fastbinance._protocol.lifecycle import State
from fastbinance.errors import ConfigurationError, StreamClosed, SubscriptionRejected
from fastbinance.keys import WsKey
from fastbinance.streams import parse

pytestmark = pytest.mark.asyncio


def stream(name="btcusdt@trade", market="spot"):
    return parse(name, market)


def confirmed(*wishes):
    return lambda: all(wish.state is WishState.CONFIRMED for wish in wishes)


def watched(world, *wishes):
    for wish in wishes:
        wish.watch(world.changed)
    return wishes


# -- where a stream goes


PLACES = [
    ("btcusdt@trade", "spot", None, "main", "/stream"),
    ("btcusdt@trade", "spot", WsKey.MAIN3, "main3", "/stream"),
    ("btcusdt@bookTicker", "usdm", None, "usdmPublic", "/public/stream"),
    ("btcusdt@aggTrade", "usdm", None, "usdmMarket", "/market/stream"),
    ("btcusd_perp@bookTicker", "coinm", None, "coinm", "/stream"),
]


@pytest.mark.parametrize(("name", "market", "named", "key", "path"), PLACES)
async def test_a_stream_goes_to_its_routed_key_and_path(world, name, market, named, key, path):
    pool = world.pool()
    (wish,) = watched(world, pool.add(stream(name, market), named=named))
    await world.until(confirmed(wish))
    assert (wish.ws_key, world.server.client.path, world.server.client.asked) == (key, path, [name])
    assert [(stats.ws_key, stats.url) for stats in pool.stats()] == [(key, world.server.url + path)]


async def test_an_override_is_looked_up_by_the_key_the_caller_named(world, changed):
    async with ScriptedServer(changed) as other:
        pool = world.pool(urls={WsKey.USDM: world.server.url, WsKey.USDM_PUBLIC: other.url})
        watched(world, *(wishes := [
            pool.add(stream("btcusdt@bookTicker", "usdm")),
            pool.add(stream("btcusdt@bookTicker", "usdm"), named=WsKey.USDM_PUBLIC),
        ]))  # fmt: skip
        await world.until(confirmed(*wishes))
        assert (len(world.server.clients), len(other.clients)) == (1, 1)
        assert [wish.ws_key for wish in wishes] == [WsKey.USDM_PUBLIC] * 2
        await pool.close()


@pytest.mark.parametrize("key", [WsKey.MAIN_WS_API, WsKey.MARGIN_RISK_USER_DATA])
async def test_a_service_without_streams_is_refused_before_any_connection(world, key):
    pool = world.pool()
    with pytest.raises(ConfigurationError, match=f"{key} .* carries no streams"):
        pool.add(stream(), named=key)
    assert pool.stats() == ()


async def test_a_service_that_does_not_exist_in_the_environment_is_refused(world):
    pool = world.pool(urls={}, env="testnet")
    with pytest.raises(ConfigurationError, match="testnet"):
        pool.add(stream(), named=WsKey.ALPHA)


# -- sharing and spreading


async def test_streams_of_one_key_share_a_connection_and_keys_do_not(world):
    pool = world.pool()
    wishes = watched(
        world,
        pool.add(stream("btcusdt@trade")),
        pool.add(stream("ethusdt@trade")),
        pool.add(stream("btcusdt@bookTicker", "usdm")),
        pool.add(stream("btcusdt@markPrice", "usdm")),
    )
    await world.until(confirmed(*wishes))
    paths = sorted(client.path for client in world.server.clients)
    assert paths == ["/market/stream", "/public/stream", "/stream"]


async def test_more_streams_than_a_connection_may_carry_are_spread_over_several(world):
    pool = world.pool()
    wishes = watched(world, *(pool.add(stream(f"s{number}usdt@trade", "coinm")) for number in range(2100)))
    await world.until(confirmed(*wishes), timeout=30.0)
    assert sorted(stats.confirmed for stats in pool.stats()) == [52, 1024, 1024]
    assert all(len(text) <= 4000 for client in world.server.clients for text in client.texts)
    asked = [name for client in world.server.clients for name in client.asked]
    assert sorted(asked) == sorted(wish.name for wish in wishes)


async def test_a_place_given_up_is_taken_by_the_next_stream_once_it_is_free(world):
    pool = world.pool()
    wishes = watched(world, *(pool.add(stream(f"s{number}usdt@trade", "coinm")) for number in range(1024)))
    await world.until(confirmed(*wishes), timeout=30.0)
    pool.remove(wishes[0])
    # Not yet: until the UNSUBSCRIBE is answered Binance counts the stream, and one more would be too many.
    (early,) = watched(world, pool.add(stream("early@trade", "coinm")))
    assert [stats.wanted for stats in pool.stats()] == [1023, 1]
    await world.until(lambda: world.of_kind("response")[-1].streams and confirmed(early)())
    await world.until(lambda: any(wishes[0].name in event.streams for event in world.of_kind("response")[6:]))
    (late,) = watched(world, pool.add(stream("late@trade", "coinm")))
    await world.until(confirmed(late))
    assert [stats.confirmed for stats in pool.stats()] == [1024, 1]


async def test_the_same_stream_twice_is_one_wish(world):
    pool = world.pool()
    first = pool.add(stream(), ring := ListRing())
    assert pool.add(stream()) is first
    assert pool.add(stream(), ring) is first
    with pytest.raises(ConfigurationError, match="btcusdt@trade on main feeds a ring already"):
        pool.add(stream(), ListRing())
    watched(world, first)
    await world.until(confirmed(first))
    assert world.server.client.asked == ["btcusdt@trade"]
    assert pool.wishes() == (first,)


async def test_a_ring_for_a_stream_that_was_raw_takes_its_messages_over(world):
    pool = world.pool()
    (wish,) = watched(world, pool.add(stream()))
    await world.until(confirmed(wish))
    world.server.client.publish("btcusdt@trade", {"t": 1})
    await world.until(lambda: world.of_kind("message"))
    ring = ListRing(world.changed)
    assert pool.add(stream(), ring) is wish
    world.server.client.publish("btcusdt@trade", {"t": 2})
    await world.until(lambda: ring.records)
    assert (ring.records, len(world.of_kind("message"))) == ([{"t": 2}], 1)


async def test_a_rejected_stream_can_be_wanted_again(world):
    world.server.answer = lambda request: {"code": 2, "msg": "no"}
    pool = world.pool()
    (wish,) = watched(world, pool.add(stream()))
    with pytest.raises(SubscriptionRejected):
        await wish.confirmed()
    world.server.answer = lambda request: {"result": None, "id": request["id"]}
    (again,) = watched(world, pool.add(stream()))
    assert again is not wish
    await world.until(confirmed(again))
    pool.remove(wish)
    assert again.state is WishState.CONFIRMED
    assert pool.wishes() == (again,)


# -- giving up


async def test_what_a_service_has_refused_ends_with_it(world):
    world.server.answer = lambda request: {"code": 2, "msg": "no"}
    pool = world.pool()
    (refused,) = watched(world, pool.add(stream()))
    with pytest.raises(SubscriptionRejected):
        await refused.confirmed()
    assert pool.end(WsKey.MAIN) == (refused,)
    assert pool.wishes() == ()
    assert not pool._keys


async def test_a_removed_stream_is_closed_for_those_who_wait(world):
    world.server.answer = lambda request: None
    pool = world.pool()
    wish = pool.add(stream(), ring := ListRing())
    waiting = asyncio.create_task(wish.confirmed())
    await world.until(lambda: world.server.clients and world.server.client.texts)
    pool.remove(wish)
    pool.remove(wish)
    with pytest.raises(StreamClosed, match="btcusdt@trade"):
        await waiting
    assert (wish.state, ring.state, pool.wishes()) == (WishState.DROPPED, RingState.DOWN, ())


async def test_a_stream_removed_and_wanted_again_keeps_its_connection(world):
    pool = world.pool()
    (wish,) = watched(world, pool.add(stream()))
    await world.until(confirmed(wish))
    pool.remove(wish)
    (again,) = watched(world, pool.add(stream()))
    await world.until(confirmed(again))
    assert len(world.server.clients) == 1
    assert len(world.server.client.texts) == 1


async def test_a_stream_wanted_again_while_it_is_being_unsubscribed_is_subscribed_anew(world):
    pool = world.pool()
    wishes = watched(world, pool.add(stream()), pool.add(stream("ethusdt@trade")))
    await world.until(confirmed(*wishes))
    world.server.answer = lambda request: None
    pool.remove(wishes[0])
    await world.until(lambda: len(world.server.client.texts) == 2)
    (again,) = watched(world, pool.add(stream()))
    assert again.state is WishState.WANTED
    world.server.answer = lambda request: {"result": None, "id": request["id"]}
    world.server.client.send({"result": None, "id": 2})
    await world.until(confirmed(again))
    methods = [request["method"] for request in world.server.client.requests]
    assert methods == ["SUBSCRIBE", "UNSUBSCRIBE", "SUBSCRIBE"]


async def test_a_connection_without_streams_is_closed_after_a_while(world):
    pool = world.pool(linger=0.1, sample_every=0.01)
    wishes = watched(world, pool.add(stream()), pool.add(stream("ethusdt@trade")))
    await world.until(confirmed(*wishes))
    pool.remove(wishes[0])
    await world.until(lambda: pool.stats()[0].wanted == 1)
    pool.remove(wishes[1])
    await world.until(lambda: world.kinds("response") == ["open", "close"])
    assert pool.stats() == ()
    await world.until(lambda: world.server.client.gone)
    (later,) = watched(world, pool.add(stream()))
    await world.until(confirmed(later))
    assert len(world.server.clients) == 2


async def test_close_ends_every_connection_and_every_wish(world):
    pool = world.pool()
    wishes = watched(
        world,
        pool.add(stream(), ListRing()),
        pool.add(stream("btcusdt@bookTicker", "usdm"), ListRing()),
    )
    await world.until(confirmed(*wishes))
    await pool.close()
    await world.until(lambda: not world.server.connected)
    assert [(wish.state, wish.ring.state) for wish in wishes] == [(WishState.DROPPED, RingState.DOWN)] * 2
    assert world.kinds().count("close") == 2
    assert pool.stats() == ()
    with pytest.raises(ConfigurationError, match="closed"):
        pool.add(stream())
    await pool.close()


# -- watching


async def test_a_confirmed_ring_without_records_becomes_quiet_and_live_again(world):
    pool = world.pool(quiet_after=0.1, sample_every=0.01)
    ring = ListRing(world.changed)
    (wish,) = watched(world, pool.add(stream(), ring))
    await world.until(confirmed(wish))
    await world.until(lambda: ring.state == RingState.QUIET)
    world.server.client.publish("btcusdt@trade", {"t": 1})
    await world.until(lambda: ring.state == RingState.LIVE)
    assert ring.states == [RingState.DOWN, RingState.LIVE, RingState.QUIET, RingState.LIVE]
    await world.until(lambda: ring.state == RingState.QUIET)
    world.server.client.drop()
    await world.until(lambda: ring.states[-2:] == [RingState.DOWN, RingState.LIVE])


async def test_a_ring_that_is_not_confirmed_stays_down_however_long(world):
    world.server.answer = lambda request: None
    pool = world.pool(quiet_after=0.0, sample_every=0.01)
    ring = ListRing(world.changed)
    pool.add(stream(), ring)
    await world.until(lambda: world.server.clients and world.server.client.texts)
    samples = []
    pool._on_sample = lambda now: (samples.append(now), world.changed())
    await world.until(lambda: len(samples) >= 5)
    assert ring.states == [RingState.DOWN]
    assert samples == sorted(samples)


async def test_stats_tell_each_connection(world):
    pool = world.pool()
    (wish,) = watched(world, pool.add(stream(), ListRing(world.changed)))
    assert pool.stats()[0].state in (State.IDLE, State.CONNECTING)
    await world.until(confirmed(wish))
    world.server.client.publish("btcusdt@trade", {"t": 1})
    await world.until(lambda: wish.ring.records)
    world.server.client.drop()
    await world.until(lambda: pool.stats()[0].reconnects == 1 and wish.state is WishState.CONFIRMED)
    (stats,) = pool.stats()
    assert (stats.ws_key, stats.state, stats.wanted, stats.confirmed) == (WsKey.MAIN, State.LIVE, 1, 1)
    assert (stats.counters.published, stats.counters.control, stats.rejects) == (1, 2, ())


async def test_pools_share_the_budget_they_are_given(world):
    budget = ConnectBudget(4, 0.4, count_loopback=True)
    world.server.refusal = (503, {})
    started = asyncio.get_running_loop().time()
    for _ in range(2):
        world.pool(budget=budget).add(stream())
    await world.until(lambda: world.server.handshakes >= 6)
    assert asyncio.get_running_loop().time() - started > 0.7


@pytest.mark.parametrize(
    ("name", "market", "key", "reason"),
    [
        ("btcusdt@trade", "spot", WsKey.MAIN_SBE, "SBE"),
        ("btcusd_perp@trade", "coinm", WsKey.COINM2, "listen key"),
    ],
)
async def test_a_service_whose_frames_nobody_could_read_is_refused(world, name, market, key, reason):
    with pytest.raises(ConfigurationError, match=reason):
        world.pool().place(stream(name, market), key)
