"""The feed: frames in, records out, and no payload ends a connection but one that is not UTF-8."""

import asyncio
import random
import struct
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from picows import ws_connect
from picows.picows import WSMsgType
from support.frames import (
    CASES,
    EVENTS,
    FAST,
    IDS,
    STREAMS,
    Recorder,
    book_ticker,
    combined,
    feed_for,
    frame_of,
    message_of,
    ring_for,
    rings_of_every_kind,
    send,
    text_of,
)
from support.malformed import GOOD, MALFORMED, TRUNCATED, WRONG_SYMBOL
from support.server import ScriptedServer
from support.waiting import Changes

from fastbinance._core.feed import Feed
from fastbinance._core.ring import RingBase
from fastbinance.errors import ConfigurationError
from fastbinance.streams import Kind


class Failing(Recorder):
    """Raises on every call."""

    def on_control(self, payload, recv_ns):
        raise RuntimeError("on_control")

    on_message = on_control

    def on_reject(self, reject):
        raise RuntimeError("on_reject")

    def on_ping(self):
        raise RuntimeError("on_ping")


class TestRouting:
    @pytest.mark.parametrize("case", CASES, ids=IDS)
    def test_each_message_becomes_a_record_of_its_ring(self, case):
        ring = ring_for(*case)
        feed = feed_for(ring)
        send(feed, message_of(*case))
        fast = case in FAST
        assert (feed.published, feed.fast, feed.fallback, feed.rejected) == (1, fast, not fast, 0)
        assert ring.cursor == 0
        assert ring.last().recv_ns > 0

    def test_streams_of_one_connection_do_not_mix(self):
        rings = rings_of_every_kind()
        feed = feed_for(*rings)
        for kind in Kind:
            send(feed, message_of(kind), message_of(kind))
        assert [ring.cursor for ring in rings] == [1] * len(rings)

    @pytest.mark.parametrize("kind", [Kind.BOOK_TICKER, Kind.TRADE, Kind.AGG_TRADE, Kind.DIFF_DEPTH])
    def test_a_raw_payload_finds_the_one_route_of_its_content(self, kind):
        ring, other = ring_for(kind), ring_for(kind, symbol="ETHUSDT")
        feed = Feed(Recorder(), "main")
        feed.add_route(ring.stream, ring)
        feed.add_route("ethusdt@x", other)
        send(feed, text_of(EVENTS[kind, "spot"]))
        assert (ring.cursor, other.cursor, feed.fallback) == (0, -1, 1)

    def test_a_raw_payload_that_fits_two_routes_is_a_message(self):
        first, second = ring_for(Kind.DIFF_DEPTH), ring_for(Kind.DIFF_DEPTH)
        feed = Feed(handler := Recorder(), "main")
        feed.add_route("btcusdt@depth", first)
        feed.add_route("btcusdt@depth@100ms", second)
        send(feed, text_of(EVENTS[Kind.DIFF_DEPTH, "spot"]))
        assert (first.cursor, second.cursor, feed.unrouted) == (-1, -1, 1)
        assert handler.messages[0][0] is None

    def test_answers_and_errors_are_control(self):
        feed = feed_for(ring_for(Kind.TRADE), handler=(handler := Recorder()))
        answers = [
            b'{"result":null,"id":1}',
            b'{"result":["btcusdt@trade"],"id":3}',
            b'{"error":{"code":2,"msg":"Invalid request"},"id":3}',
            b'{"code":2,"msg":"Invalid request"}',
            b'{"id":1,"result":null}',
        ]
        send(feed, *answers)
        assert handler.controls == answers
        assert (feed.control, feed.rejected, feed.unrouted) == (5, 0, 0)

    def test_streams_without_a_ring_go_to_the_handler_whole(self):
        feed = feed_for(ring_for(Kind.TRADE), handler=(handler := Recorder()))
        payloads = [
            b'{"stream":"btcusdt@kline_1m","data":{"e":"kline"}}',
            b'{"data":[{"e":"24hrMiniTicker"}],"stream":"!miniTicker@arr"}',
            b'{"e":"serverShutdown","E":1}',
            b'[{"e":"24hrTicker"}]',
        ]
        send(feed, *payloads)
        assert handler.messages == list(
            zip(("btcusdt@kline_1m", "!miniTicker@arr", None, None), payloads, strict=True)
        )
        assert feed.unrouted == 4

    def test_a_removed_route_turns_its_payloads_into_messages(self):
        ring = ring_for(Kind.BOOK_TICKER)
        feed = feed_for(ring, handler=(handler := Recorder()))
        send(feed, GOOD)
        feed.remove_route(ring.stream)
        feed.remove_route(ring.stream)
        send(feed, GOOD)
        assert (ring.cursor, feed.unrouted, handler.messages) == (0, 1, [(ring.stream, GOOD)])
        assert feed.route_stats(ring.stream) is None

    def test_an_added_route_replaces_one_of_its_name(self):
        first, second = ring_for(Kind.BOOK_TICKER), ring_for(Kind.BOOK_TICKER)
        feed = feed_for(first)
        send(feed, GOOD)
        feed.add_route(second.stream, second)
        send(feed, GOOD)
        assert (first.cursor, second.cursor) == (0, 0)

    def test_a_feed_keeps_its_rings_alive(self):
        feed = Feed(Recorder(), "main")
        feed.add_route("btcusdt@bookTicker", ring_for(Kind.BOOK_TICKER))
        send(feed, *(book_ticker(i) for i in range(100)))
        assert feed.published == 100

    @pytest.mark.parametrize("name", ["", "a" * 127, 'a"b', "a\\b", "牛" * 43])
    def test_a_name_that_no_stream_has_is_refused(self, name):
        feed = Feed(Recorder(), "main")
        with pytest.raises(
            ConfigurationError, match="1 to 126 bytes of UTF-8, without quotes and backslashes"
        ):
            feed.add_route(name, ring_for(Kind.BOOK_TICKER))

    @pytest.mark.parametrize("length", [1, 7, 8, 9, 16, 17, 30, 31, 32, 33, 64, 126])
    def test_names_of_every_length_are_told_apart(self, length):
        symbol = "A" * min(length, 48)
        names = ["x" * length, "x" * (length - 1) + "y", "x" * (length - 1), "x" * (length + 1)]
        feed = Feed(handler := Recorder(), "main")
        ring = RingBase(int(Kind.BOOK_TICKER), names[0], "main", symbol, capacity=8)
        feed.add_route(names[0], ring)
        send(feed, *(book_ticker(1, symbol, name) for name in names))
        assert ring.cursor == 0
        assert [name or None for name in names[1:]] == [name or None for name, _ in handler.messages]

    @pytest.mark.parametrize("length", [1, 2, 7, 8, 15, 16, 30, 31, 32, 33, 47, 48])
    def test_symbols_of_every_length_are_told_apart(self, length):
        symbol = "A" * length
        ring = RingBase(int(Kind.BOOK_TICKER), "x@bookTicker", "main", symbol, capacity=8)
        feed = feed_for(ring)
        others = [symbol[:-1] + "B", symbol[:-1], symbol + "A", symbol.lower()]
        send(feed, *(book_ticker(1, other, ring.stream) for other in [symbol, *others]))
        assert (ring.cursor, feed.fast, feed.rejected) == (0, 1, 4)

    def test_a_thousand_routes_are_found(self):
        feed = Feed(Recorder(), "main")
        rings = [
            RingBase(1, f"coin{i}usdt@bookTicker", "main", f"COIN{i}USDT", capacity=2) for i in range(1000)
        ]
        for ring in rings:
            feed.add_route(ring.stream, ring)
        for ring in rings[::2]:
            feed.remove_route(ring.stream)
        send(feed, *(book_ticker(i, ring.symbol, ring.stream) for i, ring in enumerate(rings)))
        assert (feed.fast, feed.unrouted) == (500, 500)
        assert [ring.cursor for ring in rings] == [-1, 0] * 500


class TestRejects:
    ROWS = (*MALFORMED, *WRONG_SYMBOL)

    @pytest.mark.parametrize(("payload", "code"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
    def test_undecodable_payload_is_counted_and_publishes_nothing_and_the_feed_goes_on(self, payload, code):
        rings = rings_of_every_kind()
        feed = feed_for(*rings, handler=(handler := Recorder()))
        send(feed, payload)
        assert (feed.frames, feed.messages, feed.rejected, feed.published) == (1, 1, 1, 0)
        assert all(ring.cursor == -1 for ring in rings)
        (reject,) = feed.rejects
        assert handler.rejects == [reject]
        assert (reject.code, reject.head) == (code, payload[:256])
        assert 0 <= reject.offset <= len(payload)
        assert 0 < reject.recv_ns <= time.time_ns()
        for kind in Kind:
            send(feed, message_of(kind))
        assert [ring.cursor for ring in rings] == [0] * len(rings)

    @pytest.mark.parametrize("message", [row[1] for row in TRUNCATED], ids=[row[0] for row in TRUNCATED])
    def test_messages_cut_at_every_byte_publish_nothing(self, message):
        rings = [ring_for(kind, symbol=None) for kind in Kind]
        feed = feed_for(*rings)
        send(feed, *(message[:size] for size in range(len(message))))
        assert feed.rejected == len(message)
        assert all(ring.cursor == -1 for ring in rings)

    def test_a_reject_names_its_stream_and_is_counted_there(self):
        ring = ring_for(Kind.BOOK_TICKER)
        feed = feed_for(ring)
        send(feed, GOOD.replace(b"25.35190000", b"x"), b"x")
        assert [reject.stream for reject in feed.rejects] == [ring.stream, ""]
        assert ring.reject_count == 1
        assert feed.route_stats(ring.stream) == (0, 0, 0, 1)

    def test_the_newest_rejects_are_kept(self):
        feed = feed_for(ring_for(Kind.BOOK_TICKER))
        send(feed, *(b"bad %d" % i for i in range(20)))
        assert [reject.head for reject in feed.rejects] == [b"bad %d" % i for i in range(4, 20)]

    def test_the_head_of_a_long_reject_is_its_first_256_bytes(self):
        feed = feed_for(ring_for(Kind.BOOK_TICKER))
        send(feed, b"x" * 1000)
        assert feed.rejects[0].head == b"x" * 256

    def test_random_bytes_never_publish(self):
        rings = rings_of_every_kind()
        feed = feed_for(*rings, handler=Recorder())
        source = random.Random(1)
        send(feed, *(source.randbytes(size) for size in range(500)))
        assert (feed.messages, feed.published) == (500, 0)
        assert feed.rejected + feed.control + feed.unrouted == 500

    def test_failing_handlers_cost_nothing_but_a_count(self, caplog):
        ring = ring_for(Kind.BOOK_TICKER)
        feed = feed_for(ring, handler=Failing())
        send(feed, b"x", b'{"result":null,"id":1}', b'{"stream":"a@b","data":1}', GOOD)
        feed.on_ws_frame(None, frame_of(b"", WSMsgType.PING))
        assert (feed.handler_errors, ring.cursor) == (4, 0)
        assert {record.name for record in caplog.records} == {"fastbinance"}

    def test_fillers_are_skipped_and_counted(self):
        ring = ring_for(Kind.TRADE, "usdm")
        feed = feed_for(ring)
        filler = EVENTS[Kind.TRADE, "usdm"] | {"X": "NA", "p": "0", "q": "0"}
        send(feed, combined(ring.stream, filler), combined(ring.stream, dict(reversed(filler.items()))))
        assert (feed.skipped, feed.fast, feed.fallback, feed.published, ring.cursor) == (2, 1, 1, 0, -1)
        assert feed.route_stats(ring.stream) == (1, 1, 2, 0)


class TestFrames:
    def test_counters_add_up(self):
        ring = ring_for(Kind.BOOK_TICKER)
        feed = feed_for(ring)
        send(feed, GOOD, b"x", b'{"id":1,"result":null}', b'{"stream":"a@b","data":1}')
        assert (feed.frames, feed.messages) == (4, 4)
        assert feed.bytes_received == len(GOOD) + 1 + 22 + 25
        assert (feed.published, feed.rejected, feed.control, feed.unrouted) == (1, 1, 1, 1)

    @given(cuts=st.lists(st.integers(0, len(GOOD)), max_size=6), pings=st.booleans())
    def test_fragments_are_one_message_with_control_frames_between(self, cuts, pings):
        ring = ring_for(Kind.BOOK_TICKER)
        feed = feed_for(ring, handler=(handler := Recorder()))
        bounds = [0, *sorted(cuts), len(GOOD)]
        pieces = [GOOD[a:b] for a, b in pairwise(bounds)]
        for i, piece in enumerate(pieces):
            kind = WSMsgType.TEXT if i == 0 else WSMsgType.CONTINUATION
            feed.on_ws_frame(None, frame_of(piece, kind, fin=i == len(pieces) - 1))
            if pings and i < len(pieces) - 1:
                feed.on_ws_frame(None, frame_of(b"p", WSMsgType.PING))
                assert ring.cursor == -1
        assert (feed.messages, feed.published, feed.rejected, ring.cursor) == (1, 1, 0, 0)
        assert feed.bytes_received == len(GOOD)
        assert handler.pings == feed.pings == (len(pieces) - 1 if pings else 0)

    def test_an_unfinished_message_is_not_read(self):
        feed = feed_for(ring_for(Kind.BOOK_TICKER))
        feed.on_ws_frame(None, frame_of(GOOD, fin=False))
        assert (feed.frames, feed.messages, feed.published) == (1, 0, 0)

    def test_a_continuation_of_nothing_is_rejected(self):
        feed = feed_for(ring_for(Kind.BOOK_TICKER))
        feed.on_ws_frame(None, frame_of(GOOD, WSMsgType.CONTINUATION))
        assert [reject.code for reject in feed.rejects] == ["bad_fragment"]

    def test_a_new_message_inside_another_is_rejected(self):
        feed = feed_for(ring := ring_for(Kind.BOOK_TICKER))
        feed.on_ws_frame(None, frame_of(GOOD[:20], fin=False))
        feed.on_ws_frame(None, frame_of(GOOD))
        assert [reject.code for reject in feed.rejects] == ["bad_fragment"]
        assert ring.cursor == -1

    def test_reserved_bits_are_rejected(self):
        feed = feed_for(ring := ring_for(Kind.BOOK_TICKER))
        feed.on_ws_frame(None, frame_of(GOOD, rsv1=True))
        assert [(reject.code, reject.head) for reject in feed.rejects] == [("reserved_bits", GOOD)]
        assert ring.cursor == -1

    def test_binary_is_rejected(self):
        feed = feed_for(ring := ring_for(Kind.BOOK_TICKER))
        feed.on_ws_frame(None, frame_of(GOOD, WSMsgType.BINARY))
        assert [(reject.code, reject.head) for reject in feed.rejects] == [("binary_frame", GOOD)]
        assert ring.cursor == -1

    def test_a_pong_means_nothing(self):
        feed = feed_for(ring_for(Kind.BOOK_TICKER), handler=(handler := Recorder()))
        feed.on_ws_frame(None, frame_of(b"", WSMsgType.PONG))
        assert (feed.frames, feed.messages, handler.pings, feed.rejected) == (1, 0, 0, 0)

    def test_fragments_beyond_the_longest_message_are_dropped_and_the_next_is_read(self):
        feed = feed_for(ring := ring_for(Kind.BOOK_TICKER))
        piece = b" " * (16 << 20)
        feed.on_ws_frame(None, frame_of(piece, fin=False))
        feed.on_ws_frame(None, frame_of(piece, WSMsgType.CONTINUATION, fin=False))
        feed.on_ws_frame(None, frame_of(b"x", WSMsgType.CONTINUATION, fin=False))
        assert [reject.code for reject in feed.rejects] == ["too_long"]
        feed.on_ws_frame(None, frame_of(piece, WSMsgType.CONTINUATION, fin=True))
        send(feed, GOOD)
        assert (feed.rejected, ring.cursor) == (1, 0)

    def test_the_peers_reason_is_told_at_the_end(self):
        feed = feed_for(ring_for(Kind.BOOK_TICKER), handler=(handler := Recorder()))
        feed.on_ws_frame(None, frame_of(struct.pack("!H", 1008) + b"zu viel", WSMsgType.CLOSE))
        feed.on_ws_disconnected(None)
        assert handler.lost == [(1008, "zu viel")]

    @pytest.mark.parametrize("payload", [b"", b"\x03"])
    def test_a_close_without_a_code_has_none(self, payload):
        feed = feed_for(ring_for(Kind.BOOK_TICKER), handler=(handler := Recorder()))
        feed.on_ws_frame(None, frame_of(payload, WSMsgType.CLOSE))
        feed.on_ws_disconnected(None)
        assert handler.lost == [(None, "")]

    def test_a_socket_that_just_ends_has_no_code(self):
        feed = feed_for(ring_for(Kind.BOOK_TICKER), handler=(handler := Recorder()))
        feed.on_ws_disconnected(None)
        assert handler.lost == [(None, "")]


class TestOverASocket:
    """What needs a transport: PONG, CLOSE, and picows's own framing."""

    async def test_pings_are_answered_with_their_payload_and_closes_with_a_close(self):
        changed = Changes()
        handler = Noting(changed)
        async with ScriptedServer(changed) as server:
            transport, _ = await ws_connect(
                lambda: Feed(handler, "main"), server.url, enable_auto_pong=False, use_aiofastnet=False
            )
            await changed.until(lambda: server.clients and server.client.transport)
            for payload in (b"", b"1723161256302", b"x" * 125):
                server.client.ping(payload)
            await changed.until(lambda: len(server.client.pongs) == 3)
            assert server.client.pongs == [b"", b"1723161256302", b"x" * 125]
            assert handler.pings == 3
            server.client.close(1001, "bye")
            await changed.until(lambda: handler.lost)
            assert handler.lost == [(1001, "bye")]
            await changed.until(lambda: server.client.gone)
            assert server.client.close_code == 1001
            await transport.wait_disconnected()

    async def test_one_read_is_one_receive_time_and_rings_the_bell_once(self):
        changed = Changes()
        ring = ring_for(Kind.BOOK_TICKER, capacity=64)
        feed = feed_for(ring, handler=Noting(changed))
        async with ScriptedServer(changed) as server:
            transport, _ = await ws_connect(
                lambda: feed, server.url, enable_auto_pong=False, use_aiofastnet=False
            )
            await changed.until(lambda: server.clients and server.client.transport)
            for i in range(10):
                server.client.send(book_ticker(i))
            server.client.ping(b"end")
            await changed.until(lambda: server.client.pongs)
            assert ring.cursor == 9
            assert [record["update_id"] for record in ring[-10:]] == list(range(10))
            times = list(ring.column("recv_ns", 10))
            assert times == sorted(times)
            assert abs(times[-1] - time.time_ns()) < 60_000_000_000
            transport.disconnect()
            await transport.wait_disconnected()

    async def test_bad_payloads_leave_the_connection_up(self):
        changed = Changes()
        ring, *others = rings_of_every_kind()
        feed = feed_for(ring, *others, handler=Noting(changed))
        async with ScriptedServer(changed) as server:
            transport, _ = await ws_connect(
                lambda: feed, server.url, enable_auto_pong=False, use_aiofastnet=False
            )
            await changed.until(lambda: server.clients and server.client.transport)
            # What is not UTF-8 fails the connection: see test_rfc6455.
            malformed = [payload for _, payload, code in MALFORMED if code != "invalid_utf8"]
            for payload in malformed:
                server.client.send(payload)
            server.client.send(GOOD)
            server.client.ping(b"end")
            await changed.until(lambda: server.client.pongs)
            assert (feed.rejected, ring.cursor) == (len(malformed), 0)
            assert not transport.is_disconnected
            transport.disconnect()
            await transport.wait_disconnected()


class Noting(Recorder):
    """Tells a test that something has changed."""

    def __init__(self, changed):
        super().__init__()
        self.changed = changed

    def on_open(self, transport):
        super().on_open(transport)
        asyncio.get_running_loop().call_soon(self.changed)

    def on_ping(self):
        super().on_ping()
        self.changed()

    def on_lost(self, close_code, reason):
        super().on_lost(close_code, reason)
        self.changed()


def test_a_feed_is_not_made_of_nothing():
    with pytest.raises(TypeError):
        Feed(None, "main")
    with pytest.raises(TypeError):
        feed_for(ring_for(Kind.TRADE)).add_route("x", None)


def test_streams_of_the_table_are_the_ones_of_the_events():
    assert set(STREAMS) == set(EVENTS)
