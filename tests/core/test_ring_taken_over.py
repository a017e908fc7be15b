"""Rings in shared memory between two stores of their writer, and when another writer goes on."""

import ctypes

import pytest
from support.frames import EVENTS, book_ticker, combined, feed_for, send

from fastbinance._core.ring import RingBase, ring_bytes
from fastbinance._core.segment import RingMemoryView, Segment
from fastbinance.errors import Lapped, NoData
from fastbinance.records import FLAG_GAP
from fastbinance.streams import Kind

ALL = "!bookTicker"
# A word of the header of a ring; see ring.hpp.
CURSOR = 72


class SharedRing:
    """A small ring of one segment, as its writer and its readers have it."""

    def __init__(self, kind=Kind.BOOK_TICKER, stream=ALL, symbol=None, capacity=8):
        self.kind, self.stream, self.symbol, self.capacity = int(kind), stream, symbol, capacity
        segment = Segment.create("test", 1 << 24, 4)
        size = ring_bytes(self.kind, capacity, 0, 8)
        self.memory = RingMemoryView.allocate(segment, size, "main", stream, symbol)
        self.writer = self._ring()
        self.feed = feed_for(self.writer)
        self.reader = self._ring(writes=False, formats=False)

    def _ring(self, **options):
        return RingBase(
            self.kind, self.stream, "main", self.symbol, capacity=self.capacity, symbol_capacity=8,
            memory=self.memory, **options,
        )  # fmt: skip

    def word(self, offset):
        return ctypes.c_int64.from_address(self.memory.address + offset)

    def hide_newest(self):
        """Have all stored of the newest record but that it is there: the last thing a writer does."""
        self.word(CURSOR).value -= 1

    def take_over(self):
        """Have another writer go on."""
        self.writer = self._ring(formats=False, again=True)
        self.feed = feed_for(self.writer)
        self.feed.on_ws_connected(None)

    def quotes(self, *symbols):
        for symbol in symbols:
            send(self.feed, book_ticker(self.writer.cursor + 101, symbol, ALL))


def trade(trade_id):
    return combined("btcusdt@trade", EVENTS[Kind.TRADE, "spot"] | {"t": trade_id})


class TestNotShownYet:
    def test_the_newest_record_of_a_symbol_is_one_that_is_shown(self):
        ring = SharedRing()
        ring.quotes("AAA", "BBB", "CCC", "AAA")
        ring.hide_newest()
        assert ring.reader.last("AAA").update_id == 100
        assert ring.reader.last("BBB").update_id == 101

    def test_a_symbol_whose_first_record_is_not_shown_has_no_data(self):
        ring = SharedRing()
        ring.quotes("AAA", "BBB")
        ring.hide_newest()
        assert ring.reader.symbols == ("AAA", "BBB")
        with pytest.raises(NoData):
            ring.reader.last("BBB")

    def test_a_symbol_whose_record_before_it_is_gone_is_lapped(self):
        ring = SharedRing(capacity=4)
        ring.quotes("AAA", "BBB", "BBB", "BBB", "BBB", "BBB", "AAA")
        ring.hide_newest()
        with pytest.raises(Lapped):
            ring.reader.last("AAA")

    def test_conflation_gives_what_is_shown_and_later_the_rest(self):
        ring = SharedRing()
        ring.quotes("AAA", "BBB", "AAA")
        ring.hide_newest()
        batch, following, lost = ring.reader.copy_latest(0)
        assert (list(batch["update_id"]), following, lost) == ([100, 101], 2, 0)
        ring.word(CURSOR).value += 1
        batch, following, lost = ring.reader.copy_latest(following)
        assert (list(batch["update_id"]), following, lost) == ([102], 3, 0)


class TestTakenOver:
    def test_a_record_that_was_not_shown_never_was(self):
        ring = SharedRing()
        ring.quotes("AAA", "BBB", "AAA")
        ring.hide_newest()
        ring.take_over()
        assert (ring.reader.epoch, ring.reader.cursor) == (2, 1)
        assert ring.reader.last("AAA").update_id == 100
        ring.quotes("CCC", "AAA")
        assert ring.reader.symbols == ("AAA", "BBB", "CCC")
        assert [ring.reader.last(name).sequence for name in ("AAA", "BBB", "CCC")] == [3, 1, 2]

    def test_an_event_that_was_not_shown_is_taken_when_it_comes_again(self):
        ring = SharedRing(symbol="BTCUSDT", stream="btcusdt@bookTicker")
        send(ring.feed, book_ticker(100), book_ticker(101))
        ring.hide_newest()
        ring.take_over()
        send(ring.feed, book_ticker(100), book_ticker(101), book_ticker(102))
        assert [ring.reader.at(i).update_id for i in range(ring.reader.cursor + 1)] == [100, 101, 102]

    def test_an_event_that_was_noted_and_not_shown_leaves_a_gap(self):
        ring = SharedRing(Kind.TRADE, "btcusdt@trade", "BTCUSDT", capacity=64)
        send(ring.feed, *(trade(i) for i in range(100, 120)))
        ring.hide_newest()
        ring.take_over()
        send(ring.feed, trade(120), trade(121))
        flags = [ring.reader.at(i).flags & FLAG_GAP for i in range(ring.reader.cursor + 1)]
        assert flags == [0] * 19 + [FLAG_GAP, 0]

    def test_ids_that_skip_by_nature_are_a_gap_only_where_the_writer_changed(self):
        ring = SharedRing(Kind.TRADE, "btcusdt@trade", "BTCUSDT", capacity=64)
        send(ring.feed, *(trade(i) for i in range(100, 120)))
        ring.take_over()
        send(ring.feed, trade(125), trade(126), trade(130), trade(140))
        flags = [ring.reader.at(i).flags & FLAG_GAP for i in range(20, ring.reader.cursor + 1)]
        assert flags == [FLAG_GAP, 0, 0, 0]

    def test_symbols_of_many_are_remembered_each(self):
        ring = SharedRing()
        ring.quotes("AAA", "BBB", "AAA")
        ring.take_over()
        for number, symbol in ((102, "AAA"), (101, "BBB"), (103, "BBB")):
            send(ring.feed, book_ticker(number, symbol, ALL))
        assert [ring.reader.at(i).update_id for i in range(ring.reader.cursor + 1)] == [100, 101, 102, 103]
        assert ring.writer.merge_stats().duplicates == 2
