"""Many streams in one socket read: what the feed asks for ahead of time never changes what is published."""

import asyncio

import numpy as np
import pytest
from picows import WSListener, WSMsgType, ws_connect, ws_create_server

from fastbinance._core.feed import Feed
from fastbinance._core.ring import Bell
from fastbinance.streams import Kind
from fastbinance.typed_rings import BookTickerRing

STREAMS = [f"s{number}usdt@bookTicker" for number in range(60)]  # more than the feed takes for few
MESSAGES = 30


class Handler:
    """Notes what is no record, and the end."""

    def __init__(self):
        self.messages = []
        self.lost = asyncio.Event()

    def on_open(self, transport):
        pass

    def on_ping(self):
        pass

    def on_message(self, stream, payload, recv_ns):
        self.messages.append((stream, len(payload)))

    def on_lost(self, code, reason):
        self.lost.set()


def payload(stream, update_id):
    symbol = stream.partition("@")[0].upper()
    return (
        f'{{"stream":"{stream}","data":{{"u":{update_id},"s":"{symbol}",'
        f'"b":"{update_id}.25","B":"1.5","a":"{update_id}.5","A":"2"}}}}'
    ).encode()


class Burst(WSListener):
    """Sends everything at once: all streams in turn, and what a look ahead must not trip over."""

    def on_ws_connected(self, transport):
        for update_id in range(1, MESSAGES + 1):
            for stream in STREAMS:
                transport.send(WSMsgType.TEXT, payload(stream, update_id))
            transport.send(WSMsgType.TEXT, b'{"stream":"other@kline_1m","data":{}}')
            transport.send(WSMsgType.TEXT, b'{"result":null}'.ljust(70_000))
            transport.send(WSMsgType.TEXT, b"{}")
            transport.send_ping(b"x")
            whole = payload(STREAMS[0], 1_000 + update_id)
            transport.send(WSMsgType.TEXT, whole[:20], False)
            transport.send(WSMsgType.CONTINUATION, whole[20:])
        transport.send_close()  # the feed answers and hangs up


@pytest.mark.parametrize("count", [10, len(STREAMS)], ids=["few streams", "many streams"])
async def test_every_stream_of_a_burst_gets_its_own_records_in_order(count):
    server = await ws_create_server(lambda _: Burst(), "127.0.0.1", 0)
    handler = Handler()
    handler.on_control = lambda *_: None
    handler.on_reject = lambda reject: pytest.fail(str(reject))
    feed = Feed(handler, "main")
    bell = Bell()
    rings = {}
    for stream in STREAMS[:count]:
        symbol = stream.partition("@")[0].upper()
        rings[stream] = BookTickerRing(
            int(Kind.BOOK_TICKER), stream, "main", symbol, capacity=64, bell=bell, merge=False
        )
        feed.add_route(stream, rings[stream])
    port = server.sockets[0].getsockname()[1]
    url = f"ws://127.0.0.1:{port}/stream"
    await ws_connect(lambda *_: feed, url, enable_auto_pong=False, max_frame_size=1 << 20)
    async with asyncio.timeout(20):
        await handler.lost.wait()
    server.close()
    await server.wait_closed()
    for stream, ring in rings.items():
        expected = list(range(1, MESSAGES + 1))
        if stream == STREAMS[0]:
            expected = [number for update_id in expected for number in (update_id, 1_000 + update_id)]
        window = ring[-64:]
        assert window["update_id"].tolist() == expected
        assert window["bid_price"].tolist() == [number + 0.25 for number in expected]
    assert feed.published == sum(ring.cursor + 1 for ring in rings.values())
    assert {stream for stream, _ in handler.messages} >= {"other@kline_1m"}


def test_a_ring_made_in_used_memory_is_empty():
    for round_number in range(3):
        ring = BookTickerRing(int(Kind.BOOK_TICKER), "a@bookTicker", "main", "A", capacity=64)
        assert (ring.cursor, ring.symbols, not ring.records["sequence"].any()) == (-1, ("A",), True)
        feed = Feed(object(), "main")
        feed.add_route("a@bookTicker", ring)
        message = payload("a@bookTicker", round_number + 1) + bytes(64)
        feed.replay(bytearray(message), np.array([0]), np.array([len(message) - 64]))
        assert ring.last().update_id == round_number + 1
        del ring, feed


def test_a_view_keeps_the_memory_of_its_ring():
    ring = BookTickerRing(int(Kind.BOOK_TICKER), "a@bookTicker", "main", "A", capacity=64)
    view = ring.records
    address = view.ctypes.data
    del ring
    kind = int(Kind.BOOK_TICKER)
    others = [BookTickerRing(kind, "b@bookTicker", "main", "B", capacity=64) for _ in range(4)]
    assert address not in {other.records.ctypes.data for other in others}
