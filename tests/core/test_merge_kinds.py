"""The merge by kind: many symbols, arrays, no ids, streams that begin anew; and the captured sessions."""

import json

import numpy as np
import pytest
from picows import WSMsgType
from support.events import EVENTS
from support.frames import Recorder, combined, feed_for, frame_of, message_of, pack, send
from support.lines import MS, SECOND, START, Lines, diff, futures_diff, quote, trade
from support.sbe import Deal, Trades

from fastbinance import streams
from fastbinance._core.feed import Feed
from fastbinance._core.ring import Hole, RingBase
from fastbinance.records import FLAG_END_OF_FRAME, FLAG_GAP
from fastbinance.streams import Kind

MINI = EVENTS[Kind.MINI_TICKER, "spot"]
LATER = 6_000  # milliseconds of silence after which old ids may mean a restart


def mini(event_ms, **prices):
    """Return a frame of mini tickers of one event time: last prices by symbol."""
    return combined("!miniTicker@arr", [MINI | {"s": s, "E": event_ms, "c": c} for s, c in prices.items()])


def mini_lines(count=2, **options):
    ring = RingBase(int(Kind.MINI_TICKER), "!miniTicker@arr", "main", None,
                    **{"capacity": 256, "symbol_capacity": 16, **options})  # fmt: skip
    feeds = [Feed(Recorder(), "main", line=line) for line in range(count)]
    for feed in feeds:
        feed.add_route(ring.stream, ring)
    ring.set_lines(count)
    return ring, feeds


def said(ring):
    """Symbol, last price and end of frame of all records."""
    return [
        (ring.symbols[row["symbol_id"]], row["last_price"], bool(row["flags"] & FLAG_END_OF_FRAME))
        for row in ring[-ring.capacity :]
    ]


class TestManySymbols:
    def test_quotes_are_newer_by_symbol(self):
        lines = Lines(Kind.BOOK_TICKER, "usdm", symbol=None, symbol_capacity=16)

        def one(symbol, number):
            return message_of(Kind.BOOK_TICKER, "usdm", s=symbol, u=number)

        lines.bring(0, one("AUSDT", 100), one("BUSDT", 50), one("AUSDT", 101))
        lines.bring(1, one("AUSDT", 100), one("BUSDT", 51), one("AUSDT", 101), one("BUSDT", 50))
        lines.bring(0, one("BUSDT", 51), one("AUSDT", 102))
        rows = [(lines.ring.symbols[row["symbol_id"]], int(row["update_id"])) for row in lines.newest]
        assert rows == [("AUSDT", 100), ("BUSDT", 50), ("AUSDT", 101), ("BUSDT", 51), ("AUSDT", 102)]
        assert lines.ring.last("BUSDT").update_id == 51
        assert lines.ring.merge_stats().copies[:2] == (1, 3)

    def test_what_is_held_of_one_symbol_does_not_hold_another_up(self):
        lines = Lines(Kind.TRADE, "usdm", symbol=None, symbol_capacity=16)

        def one(symbol, number):
            return trade(number, s=symbol)

        lines.bring(0, one("AUSDT", 1), one("BUSDT", 1), one("AUSDT", 3), one("BUSDT", 2))
        lines.bring(1, one("BUSDT", 4), one("AUSDT", 2), one("BUSDT", 3))
        rows = [(lines.ring.symbols[row["symbol_id"]], int(row["trade_id"])) for row in lines.newest]
        assert rows == [("AUSDT", 1), ("BUSDT", 1), ("BUSDT", 2), ("AUSDT", 2), ("AUSDT", 3),
                        ("BUSDT", 3), ("BUSDT", 4)]  # fmt: skip

    def test_a_hole_names_its_symbol(self):
        lines = Lines(Kind.DIFF_DEPTH, "usdm", symbol=None, symbol_capacity=16, lines=1)
        lines.bring(0, futures_diff(1, 2, s="AUSDT"), futures_diff(1, 2, s="BUSDT"))
        lines.bring(0, futures_diff(2, 3, s="AUSDT"), futures_diff(3, 4, s="BUSDT"), ms=5)
        assert lines.ring.holes() == [Hole("BUSDT", 0, 0, START, START + 5 * MS, False)]


class TestArrays:
    def test_only_what_is_new_in_a_frame_is_published_and_its_last_record_ends_the_frame(self):
        ring, (first, second) = mini_lines()
        send(first, mini(1000, A="1", B="1", C="1"))
        send(second, mini(1000, A="1", B="1", C="1"))
        assert said(ring) == [("A", 1, False), ("B", 1, False), ("C", 1, True)]
        assert (second.published, second.duplicates) == (0, 3)
        # C has not changed its time: the frame ends with B.
        frame = [MINI | {"s": s, "E": 2000, "c": "2"} for s in "AB"]
        send(first, combined(ring.stream, [*frame, MINI | {"s": "C", "E": 1000, "c": "1"}]))
        assert said(ring)[3:] == [("A", 2, False), ("B", 2, True)]
        send(second, mini(2000, A="2", B="2"), mini(3000, C="3"))
        assert said(ring)[5:] == [("C", 3, True)]
        assert second.arrivals([ring.stream]) == [3]

    def test_by_the_fallback_too(self):
        ring, (first, _) = mini_lines()
        spaced = mini(1000, A="1", B="1").replace(b'"E":', b'"E": ')
        send(first, spaced, spaced)
        frame = [MINI | {"s": "A", "E": 2000}, MINI | {"s": "B", "E": 1000, "c": "1"}]
        send(first, combined(ring.stream, frame).replace(b'"E":', b'"E": '))
        assert first.fallback == 3
        assert [row[::2] for row in said(ring)] == [("A", False), ("B", True), ("A", True)]

    def test_a_symbol_twice_in_a_frame_is_published_once_when_it_says_the_same(self):
        ring, (first, _) = mini_lines()
        twice = [MINI | {"s": "A", "E": 1000, "c": c} for c in ("1", "2", "2")]
        send(first, combined(ring.stream, twice), mini(2000, A="3"))
        assert said(ring) == [("A", 1, False), ("A", 2, True), ("A", 3, True)]

    def test_trades_of_a_binary_message_end_where_the_last_new_one_is(self):
        ring = RingBase(int(Kind.TRADE), "btcusdt@trade", "mainSBE", "BTCUSDT", capacity=64)
        feeds = [Feed(Recorder(), "mainSBE", sbe=True, line=line) for line in range(2)]
        for feed in feeds:
            feed.add_route(ring.stream, ring)
        ring.set_lines(2)

        def binary(feed, *numbers):
            deals = tuple(Deal(number, 1_650_001, 100, 1) for number in numbers)
            feed.on_ws_frame(None, frame_of(Trades(deals).message(), WSMsgType.BINARY))

        binary(feeds[0], 1, 2, 3)
        binary(feeds[1], 1, 2, 3, 4)
        binary(feeds[0], 4)
        binary(feeds[0], 6, 7)
        assert ring.column("trade_id", 64).tolist() == [1, 2, 3, 4]
        binary(feeds[1], 5, 6)
        ends = (ring.column("flags", 64) & FLAG_END_OF_FRAME).astype(bool).tolist()
        assert ring.column("trade_id", 64).tolist() == [1, 2, 3, 4, 5, 6, 7]
        assert ends[:4] == [False, False, True, True]
        assert ends[6]


class TestWithoutIds:
    def test_a_candle_comes_once_and_never_from_the_past(self):
        lines = Lines(Kind.KLINE, "spot")
        bars = EVENTS[Kind.KLINE, "spot"]

        def candle(event_ms, close):
            return message_of(Kind.KLINE, "spot", E=event_ms, k=bars["k"] | {"c": close})

        lines.bring(0, candle(1000, "1"), candle(1000, "2"), candle(2000, "3"))
        lines.bring(1, candle(1000, "1"), candle(1000, "2"), candle(2000, "3"))
        lines.bring(1, candle(1500, "9"), candle(2000, "4"))
        lines.bring(0, candle(2000, "4"), candle(2000, "3"))
        assert lines.ids("close_price") == [1, 2, 3, 4]

    def test_two_equal_liquidations_of_one_line_are_two(self):
        lines = Lines(Kind.FORCE_ORDER, "usdm")
        order = message_of(Kind.FORCE_ORDER, "usdm")
        lines.bring(0, order, order, ms=0)
        assert lines.ring.cursor == 1
        lines.bring(1, order, order, ms=3)
        assert lines.ring.cursor == 1
        lines.bring(1, order)  # a third, which this line is first with
        lines.bring(0, order)
        assert lines.ring.cursor == 2
        stats = lines.ring.merge_stats()
        assert (stats.duplicates, stats.wins[:2], stats.copies[:2]) == (3, (2, 1), (1, 2))
        assert stats.lead_ns[0] == 6 * MS

    def test_an_older_liquidation_of_another_line_is_published(self):
        lines = Lines(Kind.FORCE_ORDER, "usdm")
        lines.bring(0, message_of(Kind.FORCE_ORDER, "usdm", E=2_000))
        lines.bring(1, message_of(Kind.FORCE_ORDER, "usdm", E=1_000))
        assert lines.ring.cursor == 1

    def test_a_partial_book_of_the_same_id_is_the_same(self):
        lines = Lines(Kind.PARTIAL_DEPTH, "spot", lines=1)
        lines.bring(0, *(message_of(Kind.PARTIAL_DEPTH, "spot", lastUpdateId=n) for n in (5, 5, 4, 6)))
        assert lines.ids("update_id") == [5, 6]


class TestRestart:
    @pytest.mark.parametrize(
        ("kind", "market", "make", "field"),
        [(Kind.BOOK_TICKER, "spot", quote, "update_id"), (Kind.TRADE, "usdm", trade, "trade_id"),
         (Kind.DIFF_DEPTH, "spot", lambda n, **c: diff(n, n, **c), "update_id")],
    )  # fmt: skip
    def test_a_second_old_record_after_silence_begins_the_stream_anew(self, kind, market, make, field):
        lines = Lines(kind, market, lines=1)
        dated = {} if kind is Kind.BOOK_TICKER else {"E": 1_800_000_000_000}
        lines.bring(0, make(1000), ms=0)
        lines.bring(0, make(1, **dated), make(2, **dated), ms=4_999)
        assert lines.ids(field) == [1000]
        lines.bring(0, make(1, **dated), ms=LATER)
        assert lines.ids(field) == [1000]
        lines.bring(0, make(2, **dated), make(3, **dated), ms=LATER)
        assert lines.flagged(field) == [1000, (2, "gap"), 3]
        hole = Hole(lines.ring.symbol, 0, 0, START, START + LATER * MS, True)
        assert lines.ring.holes() == [hole]
        assert (lines.ring.merge_stats().restarts, lines.ring.merge_stats().gaps) == (1, 0)

    def test_a_line_that_lags_is_no_restart(self):
        lines = Lines(Kind.DIFF_DEPTH, "spot")
        lines.bring(0, diff(1000, 1000, E=1_700_000_000_000), ms=0)
        late = [diff(n, n, E=1_699_999_999_000) for n in range(990, 1001)]
        lines.bring(1, *late, diff(1001, 1001, E=1_700_000_000_100), ms=LATER)
        assert lines.flagged("update_id") == [1000, 1001]

    def test_a_line_that_lags_is_none_where_no_time_tells(self):
        lines = Lines(Kind.BOOK_TICKER, "spot")
        lines.bring(0, quote(1000), ms=0)
        lines.bring(1, *(quote(n) for n in range(990, 1002)), ms=LATER)
        assert lines.flagged("update_id") == [1000, 1001]

    def test_among_several_lines_it_takes_a_second(self):
        lines = Lines(Kind.BOOK_TICKER, "spot")
        lines.bring(0, quote(1000), ms=0)
        lines.bring(0, quote(1), ms=LATER)
        lines.bring(1, quote(1), quote(2), ms=LATER + 999)
        assert lines.flagged("update_id") == [1000]
        lines.bring(1, quote(3), ms=LATER + 1_000)
        assert lines.flagged("update_id") == [1000, (3, "gap")]

    def test_each_symbol_begins_anew_by_itself(self):
        ring, (feed,) = mini_lines(1)
        for stamp, silence in ((9_000, 0), (1_000, 6), (2_000, 6)):
            at = START + silence * SECOND
            feed.replay(*pack([mini(stamp, A=str(stamp), B=str(stamp))]), np.array([at], np.int64))
        assert [row[:2] for row in said(ring)] == [("A", 9_000), ("B", 9_000), ("A", 2_000), ("B", 2_000)]
        assert (ring.column("flags", 2) & FLAG_GAP).all()
        assert {hole.symbol for hole in ring.holes()} == {"A", "B"}


KEYS = {"spot": "main", "usdm": "usdm", "coinm": "coinm"}


SESSIONS = (
    "spot-session-ethusdt", "usdm-session-ethusdt", "coinm-session-ethusd_perp",
    "spot-session-2021", "usdm-session-2021", "coinm-session-2021",
)  # fmt: skip


@pytest.mark.parametrize("lines", [1, 2])
@pytest.mark.parametrize("name", SESSIONS)
def test_nothing_distinct_of_a_captured_session_is_dropped_and_no_gap_is_found(captures, name, lines):
    market = name.partition("-")[0]
    payloads, rings, expected = [], {}, {}
    for line in (captures / f"{name}.jsonl").read_bytes().splitlines():
        message = json.loads(line)
        stream = message.get("stream")
        parsed = streams.parse(stream, market, strict=False) if stream else None
        if parsed is None or parsed.kind is None:
            continue
        payloads.append(line)
        expected[stream] = expected.get(stream, 0) + (message["data"].get("X") != "NA")
        if stream not in rings:
            symbol = parsed.symbol.upper()
            rings[stream] = RingBase(int(parsed.kind), stream, KEYS[market], symbol, capacity=16_384)
    feeds = [feed_for(*rings.values(), handler=Recorder()) for _ in range(lines)]
    for ring in rings.values():
        ring.set_lines(lines)
    # By turns, a few messages each, so that now one is ahead and now the other.
    pieces = [pack(payloads[i : i + 7]) for i in range(0, len(payloads), 7)]
    for number, piece in enumerate(pieces):
        for feed in feeds if number % 2 else reversed(feeds):
            feed.replay(*piece)
    for stream, ring in rings.items():
        assert ring.cursor + 1 == expected[stream], stream
        assert ring.hole_count == 0
        stats = ring.merge_stats()
        assert (stats.gaps, stats.overlaps, stats.restarts, stats.held) == (0, 0, 0, 0)
        assert stats.duplicates == (lines - 1) * expected[stream]
