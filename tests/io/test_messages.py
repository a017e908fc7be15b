"""What becomes of messages that are no records: typed events, raw ones, and what nobody asked for."""

import json

import pytest
from support.feed import ListRing

from fastbinance._io.wishes import Wish
from fastbinance.errors import DecodeError
from fastbinance.events import CompositeIndex, ContractInfo, ServerShutdown
from fastbinance.keys import WsKey
from fastbinance.streams import parse

CONTRACT = {
    "e": "contractInfo", "E": 1795340000500, "s": "IOTAUSDT", "ct": "PERPETUAL", "dt": 4133404800000,
    "ot": 1569398400000, "cs": "TRADING", "st": 1,
}  # fmt: skip


async def listening(world, *names, market="usdm", ws_key=WsKey.USDM_MARKET):
    """Return a connection with confirmed wishes without rings."""
    connection = world.connection(ws_key=ws_key)
    wishes = [Wish(parse(name, market), ws_key) for name in names]
    for wish in wishes:
        connection.want(wish)
    connection.start()
    await world.until(lambda: connection.stats().confirmed == len(names))
    return connection, wishes


async def test_a_message_with_a_struct_comes_as_its_typed_event_and_not_raw(world):
    await listening(world, "!contractInfo")
    world.server.client.publish("!contractInfo", CONTRACT)
    await world.until(lambda: world.of_kind("contract_info"))
    (event,) = world.of_kind("contract_info")
    assert isinstance(event.data, ContractInfo)
    assert (event.data.symbol, event.stream, event.ws_key) == ("IOTAUSDT", "!contractInfo", "usdmMarket")
    assert event.json()["data"] == CONTRACT
    assert not world.of_kind("message")
    assert not world.of_kind("drift")


async def test_a_message_that_does_not_fit_its_struct_comes_raw_and_is_counted(world):
    connection, _ = await listening(world, "!contractInfo")
    world.server.client.publish("!contractInfo", {**CONTRACT, "E": "soon"})
    await world.until(lambda: world.of_kind("message"))
    (message,) = world.of_kind("message")
    assert message.json()["data"]["E"] == "soon"
    assert message.data is None
    (failure,) = world.of_kind("exception")
    assert isinstance(failure.error, DecodeError)
    assert (failure.error.code, failure.stream) == ("wrong_type", "!contractInfo")
    stats = connection.stats()
    assert stats.counters.rejected == 1
    assert [reject.code for reject in stats.rejects] == ["wrong_type"]


async def test_unknown_keys_of_a_typed_event_are_told_once_and_counted_over_reconnects(world):
    connection, _ = await listening(world, "defiusdt@compositeIndex")
    message = {"e": "compositeIndex", "E": 1, "s": "DEFIUSDT", "p": "1.5", "C": "baseAsset", "c": [], "zz": 7}
    for _ in range(2):
        world.server.client.publish("defiusdt@compositeIndex", message)
    await world.until(lambda: len(world.of_kind("composite_index")) == 2)
    world.server.client.drop()
    await world.until(lambda: len(world.server.clients) == 2 and connection.stats().confirmed == 1)
    world.server.client.publish("defiusdt@compositeIndex", message)
    await world.until(lambda: len(world.of_kind("composite_index")) == 3)
    assert all(isinstance(event.data, CompositeIndex) for event in world.of_kind("composite_index"))
    (told,) = world.of_kind("drift")
    assert told.json()["data"] == message
    assert (told.data.what, told.data.path, told.data.sample, told.data.kind) == (
        "key", "zz", "7", "composite_index",
    )  # fmt: skip
    (drift,) = connection.stats().drifts
    assert (drift.count, drift.first_ns) == (3, told.data.first_ns)
    assert drift.last_ns > drift.first_ns


async def test_a_stream_that_nobody_asked_for_is_a_message_and_a_drift(world):
    connection, _ = await listening(world, "!contractInfo")
    for _ in range(3):
        world.server.client.publish("btcusdt@surprise", {"e": "surprise"})
    await world.until(lambda: len(world.of_kind("message")) == 3)
    (told,) = world.of_kind("drift")
    assert (told.stream, told.data.what) == ("btcusdt@surprise", "stream")
    (drift,) = connection.stats().drifts
    assert (drift.stream, drift.what, drift.count) == ("btcusdt@surprise", "stream", 3)


async def test_unknown_streams_without_end_do_not_fill_the_memory(world):
    connection, _ = await listening(world, "!contractInfo")
    for number in range(1_100):
        world.server.client.publish(f"s{number}@surprise", {})
    await world.until(lambda: len(world.of_kind("message")) == 1_100)
    assert len(connection.stats().drifts) == len(world.of_kind("drift")) == 1_024


@pytest.mark.parametrize("stream", ["!serverShutdown", None], ids=["wrapped", "bare"])
async def test_a_shutdown_notice_comes_unasked_and_is_no_drift(world, stream):
    connection, _ = await listening(world, "btcusdt@trade", market="spot", ws_key=WsKey.MAIN)
    notice = {"e": "serverShutdown", "E": 1795340000123}
    if stream is None:
        connection.connection.message(None, json.dumps(notice).encode(), 1)
    else:
        world.server.client.publish(stream, notice)
    await world.until(lambda: world.of_kind("server_shutdown"))
    (event,) = world.of_kind("server_shutdown")
    assert event.data == ServerShutdown(event_ns=1795340000123 * 1_000_000)
    assert event.stream == stream
    assert not world.of_kind("drift")
    assert not world.of_kind("message")


async def test_a_ring_may_have_its_messages_as_events_too_over_reconnects(world):
    connection, (wish,) = await world.up("btcusdt@trade")
    world.server.client.publish("btcusdt@trade", {"t": 1})
    await world.until(lambda: wish.ring.records)
    connection.set_raw(wish, True)
    world.server.client.publish("btcusdt@trade", {"t": 2})
    await world.until(lambda: world.of_kind("message"))
    world.server.client.drop()
    await world.until(lambda: len(world.server.clients) == 2 and connection.stats().confirmed == 1)
    world.server.client.publish("btcusdt@trade", {"t": 3})
    await world.until(lambda: len(world.of_kind("message")) == 2)
    connection.set_raw(wish, False)
    world.server.client.publish("btcusdt@trade", {"t": 4})
    await world.until(lambda: len(wish.ring.records) == 4)
    assert [event.json()["data"]["t"] for event in world.of_kind("message")] == [2, 3]


async def test_a_typed_stream_may_come_raw_too(world):
    connection, (wish,) = await listening(world, "!contractInfo")
    connection.set_raw(wish, True)
    world.server.client.publish("!contractInfo", CONTRACT)
    await world.until(lambda: world.of_kind("message"))
    assert world.kinds("open", "response") == ["contract_info", "message"]


async def test_raw_is_remembered_until_a_ring_comes(world):
    connection = world.connection()
    wish = world.wish("btcusdt@trade")
    connection.set_raw(wish, True)
    connection.want(wish)
    connection.start()
    await world.until(lambda: connection.stats().confirmed == 1)
    connection.attach(wish, ListRing(world.changed))
    world.server.client.publish("btcusdt@trade", {"t": 1})
    await world.until(lambda: world.of_kind("message"))
    assert len(wish.ring.records) == 1


async def test_drifts_that_a_new_feed_finds_again_are_summed_and_not_told_again(world):
    connection, _ = await world.up("btcusdt@trade")

    def see(first_ns, count):
        seen = ("btcusdt@trade", "trade", "key", "zz", "1", count, first_ns, first_ns + 5)
        world.feeds[-1].drifts.append(seen)
        world.feeds[-1].handler.on_drift([seen], b"{}", first_ns)

    see(100, 2)
    world.server.client.drop()
    await world.until(lambda: len(world.feeds) == 2 and connection.stats().confirmed == 1)
    see(900, 3)
    assert len(world.of_kind("drift")) == 1
    (drift,) = connection.stats().drifts
    assert (drift.count, drift.first_ns, drift.last_ns) == (5, 100, 905)
