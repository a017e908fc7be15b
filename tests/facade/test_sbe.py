"""Spot's binary streams, from a client's method to the ring, against a scripted peer."""

import struct

import pytest
from picows import WSMsgType
from support.server import ScriptedServer
from support.waiting import Changes

from fastbinance import AsyncClient, BookTicker

KEY = "a-key-for-the-handshake"
# 2026-11-22 09:33:20.000123 UTC in microseconds.
EVENT_US = 1_795_340_000_000_123


def best_bid_ask(update_id: int, symbol: bytes = b"BTCUSDT") -> bytes:
    """Build BestBidAskStreamEvent. Source: SBE Market Data Streams, schema 1, template 10001."""
    header = struct.pack("<HHHH", 50, 10001, 1, 0)
    prices = struct.pack("<qqbbqqqq", EVENT_US, update_id, -2, -5, 9_123_455, 120_000, 9_123_456, 40_000)
    return header + prices + bytes([len(symbol)]) + symbol


@pytest.mark.parametrize("env", ["prod", "testnet", "demo"])
async def test_a_binary_stream_fills_the_same_ring_as_json(env: str) -> None:
    changed = Changes()
    async with ScriptedServer(changed) as server:
        async with AsyncClient(urls={"mainSBE": server.url}, env=env, api_key=KEY) as fb:
            buf = fb.book_ticker("btcusdt", format="sbe")
            await changed.until(lambda: server.clients and server.client.asked)
            assert server.client.asked == ["btcusdt@bestBidAsk"]
            assert server.client.transport is not None
            server.client.transport.send(WSMsgType.BINARY, best_bid_ask(7))
            await buf.ready(timeout=10)
            quote = buf.last()
            assert isinstance(quote, BookTicker)
            assert (quote.bid_price, quote.bid_qty, quote.ask_price, quote.ask_qty, quote.update_id) == (
                91234.55, 1.2, 91234.56, 0.4, 7,
            )  # fmt: skip
            assert quote.event_ns == EVENT_US * 1_000
            assert fb.subscribe("btcusdt@bestBidAsk", "mainSBE") == {"btcusdt@bestBidAsk": buf}
        assert server.client.headers.get("X-MBX-APIKEY") == KEY


async def test_json_and_binary_streams_of_one_name_are_two() -> None:
    changed = Changes()
    async with (
        ScriptedServer(changed) as server,
        AsyncClient(urls={"mainSBE": server.url, "main": server.url}, api_key=KEY) as fb,
    ):
        rings = [fb.trades("btcusdt"), fb.trades("btcusdt", format="sbe")]
        assert [ring.ws_key for ring in rings] == ["main", "mainSBE"]
        await changed.until(lambda: len(server.clients) == 2 and all(one.asked for one in server.clients))
        fb.unsubscribe("btcusdt@trade", "mainSBE")
        assert [ring.closed for ring in rings] == [False, True]
