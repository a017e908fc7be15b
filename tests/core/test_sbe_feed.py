"""Binary messages through a feed: which ring they find, and what the counters say."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from picows.picows import WSMsgType
from support.frames import Recorder, combined, frame_of
from support.sbe import Deal, Depth, Quote, Shape, Trades

from fastbinance._core.feed import Feed
from fastbinance._core.ring import RingBase
from fastbinance.records import FLAG_END_OF_FRAME, FLAG_LEVELS_TRUNCATED
from fastbinance.streams import Kind

KINDS = {
    "trade": Kind.TRADE,
    "bestBidAsk": Kind.BOOK_TICKER,
    "depth20": Kind.PARTIAL_DEPTH,
    "depth": Kind.DIFF_DEPTH,
}
MESSAGES = {"trade": Trades(), "bestBidAsk": Quote(), "depth20": Depth().snapshot(), "depth": Depth()}
NAMES = list(KINDS)
QUOTE = Quote().message()


def ring_of(name, symbol="BTCUSDT", **options):
    """Return a small ring of one stream."""
    options = {"capacity": 8, "merge": False} | options  # the same message comes again and again
    return RingBase(int(KINDS[name]), f"{symbol.lower()}@{name}", "mainSBE", symbol, **options)


def feed_of(*rings, handler=None, sbe=True):
    """Return a feed with a route to each ring."""
    feed = Feed(handler if handler is not None else Recorder(), "mainSBE", sbe=sbe)
    for ring in rings:
        feed.add_route(ring.stream, ring)
    return feed


def send(feed, *messages):
    """Give a feed one binary frame after another."""
    for message in messages:
        feed.on_ws_frame(None, frame_of(message, WSMsgType.BINARY))


class TestRouting:
    @pytest.mark.parametrize("name", NAMES)
    def test_each_template_becomes_a_record_of_its_ring(self, name):
        rings = [ring_of(one) for one in NAMES]
        feed = feed_of(*rings)
        send(feed, MESSAGES[name].message())
        assert [ring.stream for ring in rings if ring.cursor == 0] == [f"btcusdt@{name}"]
        assert (feed.frames, feed.messages, feed.published, feed.fast) == (1, 1, 1, 1)
        assert (feed.fallback, feed.rejected, feed.unrouted, feed.skipped, feed.control) == (0, 0, 0, 0, 0)
        assert feed.bytes_received == len(MESSAGES[name].message())
        assert feed.route_stats(f"btcusdt@{name}") == (1, 0, 0, 0)

    def test_symbols_of_one_connection_do_not_mix(self):
        symbols = [f"S{i}USDT" for i in range(200)]
        rings = [ring_of("bestBidAsk", symbol) for symbol in symbols]
        feed = feed_of(*rings)
        for i, symbol in enumerate(symbols):
            send(feed, Quote(update_id=i, symbol=symbol).message())
        assert [ring.last().update_id for ring in rings] == list(range(200))
        assert {ring.cursor for ring in rings} == {0}

    @pytest.mark.parametrize("symbol", ["A", "ABC", "ABCD", "A" * 8, "A" * 15, "A" * 16, "A" * 17, "A" * 48])
    def test_a_symbol_finds_its_own_ring_and_none_that_is_nearly_it(self, symbol):
        near = [symbol[:-1] + "B", symbol[:-1] + "A9" if len(symbol) < 48 else "A" * 47]
        rings = [ring_of("bestBidAsk", one) for one in (*near, symbol)]
        feed = feed_of(*rings)
        send(feed, Quote(symbol=symbol).message())
        assert [ring.cursor for ring in rings] == [-1, -1, 0]

    def test_a_stream_without_a_ring_goes_to_the_handler_whole(self):
        feed = feed_of(ring_of("bestBidAsk"), handler=(handler := Recorder()))
        messages = [
            Quote(symbol="ETHUSDT").message(),
            Trades().message(),
            Depth(symbol="牛来USDT").message(),
            Quote().message(Shape(template=10_004)),
        ]
        send(feed, *messages)
        names = ("ethusdt@bestBidAsk", "btcusdt@trade", "牛来usdt@depth", None)
        assert handler.messages == list(zip(names, messages, strict=True))
        assert (feed.unrouted, feed.published, feed.rejected) == (4, 0, 0)

    @given(st.data())
    def test_routes_may_come_and_go(self, data):
        symbols = [f"S{i}USDT" for i in range(6)]
        feed = feed_of(handler=(handler := Recorder()))
        rings = {}
        for _ in range(20):
            symbol = data.draw(st.sampled_from(symbols))
            if symbol in rings:
                feed.remove_route(rings.pop(symbol).stream)
            else:
                rings[symbol] = ring_of("bestBidAsk", symbol)
                feed.add_route(rings[symbol].stream, rings[symbol])
            before = {one: ring.cursor for one, ring in rings.items()}
            handler.messages.clear()
            send(feed, *(Quote(symbol=one).message() for one in symbols))
            assert {one: ring.cursor for one, ring in rings.items()} == {
                one: cursor + 1 for one, cursor in before.items()
            }
            assert [name for name, _ in handler.messages] == [
                f"{one.lower()}@bestBidAsk" for one in symbols if one not in rings
            ]

    def test_a_route_replaced_by_another_ring_feeds_the_new_one(self):
        old, new = ring_of("trade"), ring_of("trade")
        feed = feed_of(old)
        send(feed, Trades().message())
        feed.add_route(new.stream, new)
        send(feed, Trades().message())
        assert (old.cursor, new.cursor) == (0, 0)

    def test_a_name_that_is_none_of_sbe_gets_nothing(self):
        ring = RingBase(int(Kind.BOOK_TICKER), "btcusdt@bookTicker", "mainSBE", "BTCUSDT", capacity=8)
        feed = feed_of(ring)
        send(feed, QUOTE)
        assert (ring.cursor, feed.unrouted) == (-1, 1)


class TestRecords:
    def test_trades_of_one_message_have_one_time_and_an_end(self):
        ring = ring_of("trade")
        feed = feed_of(ring)
        send(feed, Trades((Deal(1, 5, 6), Deal(2, 7, 8, 1), Deal(3, 9, 10))).message(), Trades().message())
        records = [ring.at(i) for i in range(4)]
        assert [record.trade_id for record in records] == [1, 2, 3, 12_345]
        assert [record.flags for record in records] == [0, 0, FLAG_END_OF_FRAME, FLAG_END_OF_FRAME]
        assert len({record.recv_ns for record in records[:3]}) == 1
        assert (feed.published, feed.messages, feed.route_stats(ring.stream).fast) == (4, 2, 2)

    def test_a_message_of_no_trades_is_skipped(self):
        ring = ring_of("trade")
        feed = feed_of(ring)
        send(feed, Trades(()).message())
        assert (feed.skipped, feed.published, feed.fast, ring.cursor) == (1, 0, 1, -1)
        assert feed.route_stats(ring.stream) == (1, 0, 1, 0)

    def test_more_trades_than_a_ring_holds_leave_the_newest(self):
        ring = ring_of("trade", capacity=4)
        feed = feed_of(ring)
        send(feed, Trades(tuple(Deal(i, 1, 1) for i in range(11))).message())
        assert (ring.cursor, feed.published) == (10, 11)
        assert [ring.at(i).trade_id for i in range(7, 11)] == [7, 8, 9, 10]

    def test_one_bad_trade_publishes_none_of_its_message(self):
        ring = ring_of("trade")
        feed = feed_of(ring, handler=(handler := Recorder()))
        send(feed, Trades((Deal(1, 5, 6), Deal(2, 7, 8, 2))).message())
        assert (ring.cursor, ring.reject_count, feed.rejected, feed.published) == (-1, 1, 1, 0)
        (reject,) = handler.rejects
        assert (reject.code, reject.stream) == ("wrong_type", "btcusdt@trade")
        assert feed.route_stats(ring.stream) == (0, 0, 0, 1)

    @pytest.mark.parametrize("name", ["depth", "depth20"])
    def test_levels_beyond_the_arena_are_dropped_and_that_is_told(self, name):
        ring = ring_of(name, capacity=2, level_capacity=4)
        feed = feed_of(ring)
        bids, asks = tuple((i, 1) for i in range(3)), tuple((i, 2) for i in range(3))
        depth = Depth(None if name == "depth20" else 1, bids=bids, asks=asks, exponents=(0, 0))
        send(feed, depth.message())
        record = ring.last()
        assert (record.flags, record.bid_count, record.ask_count) == (FLAG_LEVELS_TRUNCATED, 3, 1)
        assert (record.bids.tolist(), record.asks.tolist()) == ([[0, 1], [1, 1], [2, 1]], [[0, 2]])
        send(feed, Depth(symbol="BTCUSDT").message() if name == "depth" else Depth().snapshot().message())
        assert (ring.last().flags, ring.last().bid_count, ring.last().ask_count) == (0, 2, 1)

    def test_a_side_alone_may_fill_the_arena(self):
        ring = ring_of("depth", capacity=2, level_capacity=4)
        feed = feed_of(ring)
        send(feed, Depth(bids=((1, 1),) * 9, asks=((2, 2),)).message())
        assert (ring.last().bid_count, ring.last().ask_count) == (4, 0)
        assert ring.last().flags == FLAG_LEVELS_TRUNCATED

    def test_depths_in_a_row_keep_their_own_levels(self):
        ring = ring_of("depth", capacity=8, level_capacity=64)
        feed = feed_of(ring)
        for i in range(200):
            side = tuple((i * 10 + j, j + 1) for j in range(i % 5))
            send(feed, Depth(i, i, bids=side, asks=side[::-1], exponents=(0, 0)).message())
        for i in range(192, 200):
            record, side = ring.at(i), [[float(i * 10 + j), float(j + 1)] for j in range(i % 5)]
            assert (record.bids.tolist(), record.asks.tolist()) == (side, side[::-1])


class TestFrames:
    @given(cuts=st.lists(st.integers(0, len(QUOTE)), max_size=6), pings=st.booleans())
    def test_fragments_are_one_message_with_control_frames_between(self, cuts, pings):
        ring = ring_of("bestBidAsk")
        feed = feed_of(ring)
        pieces = [QUOTE[a:b] for a, b in pairwise([0, *sorted(cuts), len(QUOTE)])]
        for i, piece in enumerate(pieces):
            kind = WSMsgType.BINARY if i == 0 else WSMsgType.CONTINUATION
            feed.on_ws_frame(None, frame_of(piece, kind, fin=i == len(pieces) - 1))
            if pings and i < len(pieces) - 1:
                feed.on_ws_frame(None, frame_of(b"p", WSMsgType.PING))
                assert ring.cursor == -1
        assert (feed.messages, feed.published, feed.rejected, ring.cursor) == (1, 1, 0, 0)
        assert feed.bytes_received == len(QUOTE)

    def test_text_after_a_binary_message_is_text_again(self):
        feed = feed_of(ring := ring_of("bestBidAsk"), handler=(handler := Recorder()))
        feed.on_ws_frame(None, frame_of(QUOTE[:9], WSMsgType.BINARY, fin=False))
        feed.on_ws_frame(None, frame_of(QUOTE[9:], WSMsgType.CONTINUATION))
        answer = b'{"result":null,"id":1}'
        feed.on_ws_frame(None, frame_of(answer[:5], fin=False))
        feed.on_ws_frame(None, frame_of(answer[5:], WSMsgType.CONTINUATION))
        assert (ring.cursor, handler.controls, feed.control) == (0, [answer], 1)

    def test_text_on_a_binary_feed_is_an_answer_or_a_notice(self):
        feed = feed_of(ring := ring_of("bestBidAsk"), handler=(handler := Recorder()))
        texts = [b'{"result":null,"id":1}', b'{"e":"serverShutdown","E":1}', b"{"]
        for text in texts:
            feed.on_ws_frame(None, frame_of(text))
        assert (handler.controls, handler.messages) == (texts[:1], [(None, texts[1])])
        assert [reject.code for reject in handler.rejects] == ["invalid_json"]
        assert (feed.control, feed.unrouted, feed.rejected, ring.cursor) == (1, 1, 1, -1)

    def test_binary_on_a_json_feed_is_refused_whole_or_in_fragments(self):
        feed = feed_of(ring := ring_of("bestBidAsk"), sbe=False, handler=(handler := Recorder()))
        send(feed, QUOTE)
        assert [(reject.code, reject.head) for reject in handler.rejects] == [("binary_frame", QUOTE)]
        assert (feed.sbe, feed.messages, ring.cursor) == (False, 1, -1)

    def test_it_says_what_it_reads(self):
        assert feed_of().sbe is True
        assert Feed(Recorder(), "main").sbe is False

    def test_what_does_not_decode_is_kept_and_the_next_is_read(self):
        feed = feed_of(ring := ring_of("bestBidAsk"), handler=(handler := Recorder()))
        bad = [b"", QUOTE[:30], Quote().message(Shape(schema=9)), Quote(event_us=-1).message(), b"x" * 300]
        send(feed, *bad, QUOTE)
        assert [(reject.code, reject.head, reject.stream) for reject in handler.rejects] == [
            ("empty", b"", ""),
            ("truncated", QUOTE[:30], ""),
            ("other_schema", bad[2], ""),
            ("number_range", bad[3], "btcusdt@bestBidAsk"),
            ("other_schema", b"x" * 256, ""),
        ]
        assert feed.rejects == handler.rejects
        assert (feed.rejected, feed.published, feed.messages, ring.reject_count) == (5, 1, 6, 1)
        assert feed.route_stats(ring.stream) == (1, 0, 0, 1)

    def test_raw_messages_of_a_routed_stream_come_to_the_handler_too(self):
        feed = feed_of(ring := ring_of("trade"), handler=(handler := Recorder()))
        message = Trades((Deal(1, 5, 6), Deal(2, 7, 8))).message()
        feed.set_raw(ring.stream, True)
        send(feed, message, Trades(()).message())
        feed.set_raw(ring.stream, False)
        send(feed, message)
        assert handler.messages == [(ring.stream, message), (ring.stream, Trades(()).message())]
        assert (ring.cursor, feed.published, feed.skipped, feed.unrouted) == (3, 4, 1, 0)

    def test_errors_of_the_handler_cost_nothing_but_a_count(self, caplog):
        class Failing(Recorder):
            def on_message(self, stream, payload, recv_ns):
                raise RuntimeError("on_message")

        feed = feed_of(ring := ring_of("bestBidAsk"), handler=Failing())
        feed.set_raw(ring.stream, True)
        send(feed, Trades().message(), QUOTE)
        assert (feed.handler_errors, ring.cursor) == (2, 0)
        assert {record.name for record in caplog.records} == {"fastbinance"}

    def test_json_of_a_stream_on_a_binary_feed_still_reads(self):
        # What a text frame says is decided by what it is, not by the feed.
        feed = feed_of(ring := ring_of("trade"))
        (event,) = Trades().json()
        feed.on_ws_frame(None, frame_of(combined("btcusdt@trade", event)))
        assert (ring.cursor, feed.published) == (0, 1)
