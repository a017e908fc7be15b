"""Frames of a whole market: one record an element, all of them or none."""

import pytest
from support.expected import differs, symbol_of
from support.frames import (
    CASES,
    EVENTS,
    IDS,
    STREAMS,
    Recorder,
    combined,
    feed_for,
    ring_for,
    send,
    text_of,
)

from fastbinance._core.decode import decode
from fastbinance._core.ring import RingBase
from fastbinance.errors import DecodeError
from fastbinance.records import FLAG_COINM, FLAG_END_OF_FRAME, FLAG_USDM
from fastbinance.streams import Kind

DEPTH = (Kind.DIFF_DEPTH, Kind.PARTIAL_DEPTH)
LISTED = [case for case in CASES if case[0] not in DEPTH]
LISTED_IDS = [IDS[CASES.index(case)] for case in LISTED]
#: The same elements come again and again.
ROOM = {"capacity": 8, "symbol_capacity": 16, "merge": False}
MINI = EVENTS[Kind.MINI_TICKER, "usdm"]
MARK = EVENTS[Kind.MARK_PRICE, "usdm"]

#: Arrays that the fast path takes: stream, WsKey, kind, elements.
FAST_ARRAYS = [
    ("!miniTicker@arr", "main", Kind.MINI_TICKER, [EVENTS[Kind.MINI_TICKER, "spot"]] * 2),
    ("!miniTicker@arr", "usdmMarket", Kind.MINI_TICKER, [MINI, EVENTS[Kind.MINI_TICKER, "coinm"]]),
    ("!miniTicker@arr", "coinm", Kind.MINI_TICKER, [EVENTS[Kind.MINI_TICKER, "coinm"], MINI]),
    ("!miniTicker@arr", "alpha", Kind.MINI_TICKER, [EVENTS[Kind.MINI_TICKER, "alpha"]]),
    ("!markPrice@arr", "usdmMarket", Kind.MARK_PRICE, [MARK, MARK | {"s": "ETHUSDT", "r": "", "T": 0}]),
    ("!markPrice@arr@1s", "usdmMarket", Kind.MARK_PRICE, [MARK]),
    ("btcusd@markPrice@1s", "coinm", Kind.MARK_PRICE, [EVENTS[Kind.MARK_PRICE, "coinm"]] * 3),
]


def ring_of_many(case, **options):
    kind, _ = case
    stream, ws_key = STREAMS[case]
    return RingBase(int(kind), stream, ws_key, None, **ROOM | options)


def mini(*symbols, **changes):
    """Return a combined frame of mini tickers."""
    return combined("!miniTicker@arr", [MINI | {"s": symbol} | changes for symbol in symbols])


def mini_ring(**options):
    return RingBase(int(Kind.MINI_TICKER), "!miniTicker@arr", "usdmMarket", None, **ROOM | options)


class TestEveryKind:
    @pytest.mark.parametrize("case", LISTED, ids=LISTED_IDS)
    def test_each_element_is_a_record_and_the_last_one_ends_the_frame(self, case):
        kind, event = case[0], EVENTS[case]
        feed = feed_for(ring := ring_of_many(case))
        send(feed, combined(ring.stream, [event] * 3), combined(ring.stream, event))
        assert (feed.messages, feed.published, feed.rejected, ring.cursor) == (2, 4, 0, 3)
        assert [ring.at(i).flags & FLAG_END_OF_FRAME for i in range(4)] == [0, 0, FLAG_END_OF_FRAME, 0]
        for i in (0, 1, 3):
            assert differs(kind, ring.at(i), event) == []
        assert ring.symbols == (symbol_of(kind, event),)
        assert len({ring.at(i).recv_ns for i in range(3)}) == 1

    @pytest.mark.parametrize("case", LISTED, ids=LISTED_IDS)
    def test_a_ring_of_one_symbol_takes_arrays_of_it(self, case):
        feed = feed_for(ring := ring_for(*case))
        send(feed, combined(ring.stream, [EVENTS[case]] * 2))
        assert (feed.published, ring.cursor) == (2, 1)

    @pytest.mark.parametrize("case", LISTED, ids=LISTED_IDS)
    def test_an_array_without_wrapper_is_known_by_its_first_element(self, case):
        feed = feed_for(ring := ring_of_many(case))
        send(feed, text_of([EVENTS[case]] * 2))
        assert (feed.published, feed.fallback, ring.cursor) == (2, 1, 1)
        assert ring.last().flags & FLAG_END_OF_FRAME

    @pytest.mark.parametrize("case", LISTED, ids=LISTED_IDS)
    def test_one_bad_element_costs_the_frame_and_nothing_is_published(self, case):
        event = EVENTS[case]
        feed = feed_for(ring := ring_of_many(case), handler=(handler := Recorder()))
        wanted = next(key for key in ("k", "c", "p", "mp", "w", "b", "r", "o", "i") if key in event)
        bad = {key: value for key, value in event.items() if key != wanted}
        for at in range(3):
            elements = [event, event, event]
            elements[at] = bad
            send(feed, combined(ring.stream, elements))
        assert (feed.rejected, feed.published, ring.cursor, ring.symbols) == (3, 0, -1, ())
        assert {reject.code for reject in handler.rejects} == {"missing_key"}
        send(feed, combined(ring.stream, [event]))
        assert ring.cursor == 0

    @pytest.mark.parametrize("case", [case for case in CASES if case[0] in DEPTH])
    def test_depth_comes_in_no_array(self, case):
        feed = feed_for(ring := ring_of_many(case))
        send(feed, combined(ring.stream, [EVENTS[case]]), combined(ring.stream, []), text_of([EVENTS[case]]))
        codes = [reject.code for reject in feed.rejects]
        assert codes[0] == "wrong_type"
        assert (feed.published, ring.cursor) == (0, -1)


class TestFastPath:
    @pytest.mark.parametrize(("stream", "ws_key", "kind", "elements"), FAST_ARRAYS)
    def test_it_takes_documented_arrays_as_the_fallback_does(self, stream, ws_key, kind, elements):
        payload = combined(stream, elements)
        fast = decode(payload, ws_key, scanner="fast")
        assert fast == decode(payload, ws_key, scanner="fallback") == decode(payload, ws_key)
        assert [record.sequence for record in fast] == list(range(len(elements)))
        last = fast[-1].flags
        assert last & FLAG_END_OF_FRAME
        for record, event in zip(fast[:-1], elements, strict=False):
            assert differs(kind, record, event) == []

    @pytest.mark.parametrize(("stream", "ws_key", "kind", "elements"), FAST_ARRAYS)
    def test_a_feed_takes_its_symbols_first_frame_by_the_fallback(self, stream, ws_key, kind, elements):
        ring = RingBase(int(kind), stream, ws_key, None, capacity=64, symbol_capacity=4, merge=False)
        feed = feed_for(ring)
        payload = combined(stream, elements)
        send(feed, payload, payload, payload)
        assert (feed.fallback, feed.fast, feed.published) == (1, 2, 3 * len(elements))
        once, again = ring.at(0), ring.at(len(elements))
        for name in once.fields():
            if name not in ("sequence", "recv_ns"):
                assert repr(once[name]) == repr(again[name])

    def test_what_it_declines_in_the_middle_is_published_once(self):
        feed = feed_for(ring := mini_ring())
        send(feed, mini("A", "B"), mini("A", "C", "B"), mini("A", "C", "B"))
        assert (feed.fallback, feed.fast, ring.cursor) == (2, 1, 7)
        assert ring.symbols == ("A", "B", "C")
        assert list(ring.column("symbol_id", 8)) == [0, 1, 0, 2, 1, 0, 2, 1]

    def test_an_element_of_another_market_keeps_its_product(self):
        coinm = EVENTS[Kind.MINI_TICKER, "coinm"]
        feed = feed_for(ring := mini_ring())
        payload = combined(ring.stream, [MINI, coinm, EVENTS[Kind.MINI_TICKER, "spot"]])
        send(feed, payload, payload)
        told = [FLAG_USDM, FLAG_COINM, FLAG_END_OF_FRAME]
        assert [ring.at(i).flags for i in range(6)] == told * 2

    def test_every_cut_of_an_array_publishes_nothing(self):
        feed = feed_for(ring := mini_ring())
        payload = mini("A", "B", "C")
        send(feed, payload)
        send(feed, *(payload[:size] for size in range(len(payload))))
        assert (feed.rejected, ring.cursor) == (len(payload), 2)


class TestFrames:
    @pytest.mark.parametrize(
        "payload", [combined("!miniTicker@arr", []), b'{"stream":"!miniTicker@arr","data":[ ]}']
    )
    def test_an_empty_array_is_skipped(self, payload):
        feed = feed_for(ring := mini_ring())
        send(feed, payload)
        assert (feed.skipped, feed.published, feed.rejected, ring.cursor) == (1, 0, 0, -1)
        assert feed.route_stats(ring.stream).skipped == 1

    def test_an_empty_array_without_wrapper_is_a_message(self):
        feed = feed_for(mini_ring(), handler=(handler := Recorder()))
        send(feed, b"[]")
        assert handler.messages == [(None, b"[]")]

    def test_an_array_larger_than_the_ring_leaves_its_end(self):
        feed = feed_for(ring := mini_ring(capacity=4))
        names = [f"S{i}" for i in range(11)]
        send(feed, mini(*names), mini(*names))
        assert (feed.published, feed.fast, ring.cursor) == (22, 1, 21)
        newest = [ring.symbols[record["symbol_id"]] for record in ring[-4:]]
        assert newest == names[-4:]
        assert ring.last().flags & FLAG_END_OF_FRAME

    def test_a_hundred_thousand_bytes_are_one_frame(self):
        names = [f"LONGNAME{i}USDT" for i in range(1000)]
        feed = feed_for(ring := mini_ring(capacity=2048, symbol_capacity=1024))
        payload = mini(*names)
        assert len(payload) > 100_000
        send(feed, payload, payload)
        assert (feed.fast, feed.fallback, ring.cursor) == (1, 1, 1999)
        assert ring.symbols == tuple(names)

    def test_an_array_on_a_ring_of_one_symbol_may_name_no_other(self):
        feed = feed_for(ring := ring_for(Kind.MINI_TICKER, "usdm"))
        for symbols in (("BTCUSDT", "ETHUSDT"), ("ETHUSDT", "BTCUSDT")):
            send(feed, combined(ring.stream, [MINI | {"s": symbol} for symbol in symbols]))
        assert [reject.code for reject in feed.rejects] == ["wrong_symbol"] * 2
        assert (ring.cursor, ring.symbols) == (-1, ("BTCUSDT",))

    def test_contracts_of_a_pair_do_not_take_each_others_name(self):
        event = EVENTS[Kind.CONTINUOUS_KLINE, "usdm"]
        other = event | {"ps": "ETHUSDT"}
        feed = feed_for(ring := ring_for(Kind.CONTINUOUS_KLINE, "usdm"))
        send(feed, combined(ring.stream, [other, event]))
        assert [reject.code for reject in feed.rejects] == ["wrong_symbol"]
        first, second = decode(combined(ring.stream, [other, event]), "usdmMarket")
        assert (first.symbol_id, second.symbol_id) == (0, 1)

    def test_fillers_in_an_array_leave_the_end_to_the_last_trade(self):
        trade = EVENTS[Kind.TRADE, "usdm"]
        filler = trade | {"X": "NA", "p": "0", "q": "0", "s": "NOTRADE"}
        feed = feed_for(ring := ring_of_many((Kind.TRADE, "usdm")))
        send(feed, combined(ring.stream, [trade, filler, trade, filler]))
        assert (feed.published, ring.cursor, ring.symbols) == (2, 1, ("BTCUSDT",))
        assert [ring.at(i).flags & FLAG_END_OF_FRAME for i in range(2)] == [0, FLAG_END_OF_FRAME]
        send(feed, combined(ring.stream, [filler, filler]))
        assert (feed.skipped, ring.cursor) == (1, 1)


class TestSymbols:
    def test_the_table_grows_by_good_frames_only(self):
        feed = feed_for(ring := mini_ring())
        send(
            feed,
            mini("A", "B", c="x"),
            mini("A", ""),
            mini("A", "B" * 49),
            mini("A", "B")[:-1],
            mini("A", "B") + b"}",
            combined(ring.stream, [MINI | {"s": "A"}, 1]),
        )
        assert (feed.rejected, ring.symbols, ring.cursor) == (6, (), -1)
        send(feed, mini("A", "B"))
        assert ring.symbols == ("A", "B")

    def test_a_frame_for_which_the_table_has_no_room_takes_no_row(self):
        feed = feed_for(ring := mini_ring(symbol_capacity=4))
        send(feed, mini("A", "B"), mini("C", "D", "E"))
        assert [reject.code for reject in feed.rejects] == ["symbol_table_full"]
        assert ring.symbols == ("A", "B")
        send(feed, mini("D", "C", "D", "A", "C"), mini("E"))  # two new ones, each more than once
        assert [reject.code for reject in feed.rejects] == ["symbol_table_full"] * 2
        assert ring.symbols == ("A", "B", "D", "C")
        assert (feed.published, ring.cursor) == (7, 6)

    def test_a_full_table_still_serves_the_symbols_it_has(self):
        feed = feed_for(ring := mini_ring(symbol_capacity=2))
        send(feed, mini("A", "B"), mini("C"), mini("B", "A"))
        assert (feed.rejected, ring.cursor) == (1, 3)
        assert list(ring.column("symbol_id", 4)) == [0, 1, 1, 0]

    @pytest.mark.parametrize("symbol", ["牛来USDT", "1000PEPEUSDT", "BTC-261225-126000-C", "A", "B" * 48])
    def test_symbols_of_every_script_and_length(self, symbol):
        feed = feed_for(ring := mini_ring())
        send(feed, mini(symbol, "X"), mini("X", symbol))
        assert (feed.fast, feed.fallback, ring.symbols) == (1, 1, (symbol, "X"))

    def test_symbols_in_escaped_spelling_are_the_same_symbols(self):
        feed = feed_for(ring := mini_ring())
        send(feed, mini("AB", "CD"), mini("AB", "CD").replace(b'"AB"', b'"\\u0041B"'))
        assert ring.symbols == ("AB", "CD")


class TestDecode:
    # More digits than 53 bits hold, and than 63: the last two reach into the sign of a 64-bit word.
    @pytest.mark.parametrize(
        "volume",
        ["92233720368.54775807", "92233720368.54775808", "96478596021.77497864", "99999999999.99999999"],
    )
    @pytest.mark.parametrize("scanner", ["fast", "fallback"])
    def test_volumes_of_nineteen_digits_are_what_float_makes_of_them(self, scanner, volume):
        event = EVENTS[Kind.MINI_TICKER, "spot"] | {"q": volume, "v": volume}
        (record,) = decode(combined("btcusdt@miniTicker", event), "main", scanner=scanner)
        assert (record.volume, record.quote_volume) == (float(volume), float(volume))

    def test_it_gives_a_record_for_each_element(self):
        records = decode(mini("A", "B", "A"), "usdmMarket")
        assert [record.symbol_id for record in records] == [0, 1, 0]
        assert [record.sequence for record in records] == [0, 1, 2]

    @pytest.mark.parametrize("scanner", ["auto", "fallback"])
    def test_an_array_without_wrapper(self, scanner):
        payload = text_of([MARK, MARK | {"s": "ETHUSDT"}])
        assert len(decode(payload, "usdm", "!markPrice@arr", scanner=scanner)) == 2
        assert len(decode(payload, "usdm", scanner=scanner)) == 2

    def test_the_wrong_element_is_a_decode_error(self):
        with pytest.raises(DecodeError) as caught:
            decode(mini("A", "B", c=""), "usdm")
        assert caught.value.code == "bad_number"
