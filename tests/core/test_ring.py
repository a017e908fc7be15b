"""Rings: what is published is what is read, and what has been overwritten is never given out."""

import copy
import gc
import math
import pickle
import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.frames import book_ticker, depth, feed_for, message_of, ring_for, send

from fastbinance._core.ring import Bell, Field, NewestField, RingBase, Waiter, layouts, power_of_two
from fastbinance.errors import ConfigurationError, Lapped, NoData, StaleData
from fastbinance.records import FLAG_LEVELS_TRUNCATED, BookTicker, Depth
from fastbinance.streams import Kind


def filled(count, capacity=8, first=1000):
    """Return a bookTicker ring after so many records, whose update ids count from `first`."""
    ring = ring_for(Kind.BOOK_TICKER, capacity=capacity)
    send(feed_for(ring), *(book_ticker(first + i) for i in range(count)))
    return ring


def filled_depth(counts, capacity=8, level_capacity=64):
    """Return a diff ring after one record per count of levels a side."""
    ring = ring_for(Kind.DIFF_DEPTH, capacity=capacity, level_capacity=level_capacity)
    send(feed_for(ring), *(depth(1000 + i, count) for i, count in enumerate(counts)))
    return ring


class TestEmpty:
    def test_last_of_an_empty_ring_is_no_data(self):
        with pytest.raises(NoData, match="btcusdt@bookTicker: no record yet"):
            ring_for(Kind.BOOK_TICKER).last()

    def test_every_read_of_an_empty_ring_is_empty(self):
        ring = ring_for(Kind.BOOK_TICKER)
        assert ring.cursor == -1
        assert len(ring[-5:]) == len(ring.window(3)) == len(ring.column("bid_price", 3)) == 0
        assert ring.window(3).intact()
        assert ring.copy_from(0, 10) == (None, 0, 0)
        assert ring.copy_latest(0) == (None, 0, 0)

    def test_fields_before_the_first_record_are_nan_zero_and_false(self):
        class Quotes(RingBase):
            bid_price = NewestField(int(Kind.BOOK_TICKER), "bid_price", "")
            update_id = NewestField(int(Kind.BOOK_TICKER), "update_id", "")

        class Trades(RingBase):
            is_buyer_maker = NewestField(int(Kind.TRADE), "is_buyer_maker", "")

        quotes = Quotes(int(Kind.BOOK_TICKER), "btcusdt@bookTicker", "main", "BTCUSDT", capacity=2)
        trades = Trades(int(Kind.TRADE), "btcusdt@trade", "main", "BTCUSDT", capacity=2)
        assert math.isnan(quotes.bid_price)
        assert (quotes.update_id, trades.is_buyer_maker) == (0, False)
        send(feed_for(quotes, trades), book_ticker(7), message_of(Kind.TRADE))
        assert (quotes.bid_price, quotes.update_id, trades.is_buyer_maker) == (7.5, 7, True)
        with pytest.raises(AttributeError, match="rings are read-only"):
            quotes.bid_price = 1.0


class TestLast:
    def test_it_is_the_newest_record_with_every_field(self):
        before = time.time_ns()
        record = filled(3).last()
        assert isinstance(record, BookTicker)
        assert (record.sequence, record.update_id, record.flags, record.symbol_id) == (2, 1002, 0, 0)
        assert (record.bid_price, record.bid_qty) == (1002.5, 1002.25)
        assert (record.ask_price, record.ask_qty) == (1003.5, 1002.75)
        assert (record.event_ns, record.transaction_ns) == (0, 0)
        assert before <= record.recv_ns <= time.time_ns()

    def test_it_is_stale_when_older_than_asked_for(self):
        ring = filled(1)
        assert ring.last(max_age=60).update_id == 1000
        with pytest.raises(StaleData) as caught:
            ring.last(max_age=0.0)
        assert (caught.value.stream, caught.value.max_age_seconds) == ("btcusdt@bookTicker", 0.0)
        assert caught.value.age_seconds > 0

    def test_another_symbol_than_the_rings_is_a_key_error(self):
        ring = filled(1)
        assert ring.last("btcusdt").update_id == ring.last("BTCUSDT").update_id == 1000
        with pytest.raises(KeyError, match="carries BTCUSDT only"):
            ring.last("ethusdt")


class TestRecord:
    def test_it_reads_by_name_and_by_attribute(self):
        record = filled(1).last()
        assert {name: record[name] for name in record.fields()} == {
            name: getattr(record, name) for name in layouts[1].fields
        }
        with pytest.raises(KeyError, match="'bid' is no field of BookTicker; it has sequence, flags"):
            record["bid"]

    def test_it_is_immutable_and_outlives_its_ring(self):
        ring = filled(1)
        record = ring.last()
        with pytest.raises(AttributeError, match="records are immutable"):
            record.bid_price = 1.0
        with pytest.raises(AttributeError):
            record.anything = 1
        del ring
        gc.collect()
        assert record.bid_price == 1000.5

    def test_equal_records_are_equal_and_hash_alike(self):
        ring = filled(2)
        assert ring.at(0) == ring.at(0)
        assert ring.at(0) != ring.at(1)
        assert ring.at(0) != "a record"
        assert len({ring.at(0), ring.at(0), ring.at(1)}) == 2

    def test_its_age_counts_from_its_arrival(self):
        record = filled(1).last()
        assert 0 <= record.age_ns <= time.time_ns() - record.recv_ns

    def test_its_text_names_every_field(self):
        assert "bid_price=1000.5" in repr(filled(1).last())

    @pytest.mark.parametrize("make", [lambda: filled(1), lambda: filled_depth([3])])
    def test_it_survives_pickle_and_copy(self, make):
        record = make().last()
        for twin in (pickle.loads(pickle.dumps(record)), copy.copy(record), copy.deepcopy(record)):
            assert twin == record
            assert type(twin) is type(record)

    def test_a_restored_depth_record_is_read_only_too(self):
        record = pickle.loads(pickle.dumps(filled_depth([3]).last()))
        with pytest.raises(ValueError, match="read-only"):
            record.bids[0, 0] = 1.0

    def test_a_field_belongs_to_records_only(self):
        with pytest.raises(TypeError, match="is a field of records, not of"):
            Field(1, "bid_price", "").__get__("text", str)
        with pytest.raises(TypeError, match="is a field of rings, not of"):
            NewestField(1, "bid_price", "").__get__("text", str)


class TestWindows:
    def test_negative_slices_are_the_newest_records_oldest_first(self):
        ring = filled(6)
        assert list(ring[-3:]["update_id"]) == [1003, 1004, 1005]
        assert list(ring[-3:-1]["update_id"]) == [1003, 1004]
        assert list(ring[-100:]["update_id"]) == [1000, 1001, 1002, 1003, 1004, 1005]
        assert len(ring[-2:-5]) == 0

    @pytest.mark.parametrize(
        "key", [slice(None), slice(0, 5), slice(-5, 3), slice(-5, None, 2), slice(1, None)]
    )
    def test_other_slices_are_refused(self, key):
        with pytest.raises(IndexError, match="negative slices without a step"):
            filled(3)[key]

    @pytest.mark.parametrize("key", [0, -1, "bid_price", None])
    def test_a_single_index_is_refused_with_a_hint(self, key):
        with pytest.raises(TypeError, match=r"use last\(\) or at\(sequence\)"):
            filled(3)[key]

    def test_a_slice_is_a_read_only_view_of_the_memory(self):
        ring = filled(3)
        view = ring[-2:]
        assert not view.flags.owndata
        with pytest.raises(ValueError, match="read-only"):
            view["bid_price"] = 0.0
        with pytest.raises(ValueError, match="WRITEABLE"):
            view.flags.writeable = True

    def test_a_view_keeps_the_memory_alive(self):
        view = filled(3)[-3:]
        gc.collect()
        assert list(view["update_id"]) == [1000, 1001, 1002]

    def test_a_window_over_the_wrap_is_one_contiguous_slice(self):
        ring = filled(13, capacity=8)
        window = ring.window(8)
        assert window.first_sequence == 5
        assert window.records.strides == (80,)
        assert list(window["sequence"]) == list(range(5, 13))
        assert list(window["update_id"]) == list(range(1005, 1013))
        assert window[0] == ring.at(5)
        assert window[-1] == ring.last()
        assert [record.sequence for record in window] == list(range(5, 13))

    def test_a_window_is_intact_until_capacity_less_its_size_more_have_come(self):
        ring = ring_for(Kind.BOOK_TICKER, capacity=8)
        feed = feed_for(ring)
        send(feed, *(book_ticker(i) for i in range(5)))
        window = ring.window(3)
        for more in range(1, 8 - 3 + 1):
            send(feed, book_ticker(100 + more))
            assert window.intact()
        send(feed, book_ticker(200))
        assert not window.intact()

    def test_a_record_of_a_lapped_window_is_lapped(self):
        ring = ring_for(Kind.BOOK_TICKER, capacity=4)
        feed = feed_for(ring)
        send(feed, *(book_ticker(i) for i in range(4)))
        window = ring.window(4)
        send(feed, book_ticker(5))
        with pytest.raises(Lapped):
            window[0]
        assert window[1].sequence == 1
        with pytest.raises(IndexError, match="record 4 of a window of 4"):
            window[4]
        with pytest.raises(KeyError, match="'bid' is no field; there are"):
            window["bid"]
        with pytest.raises(TypeError, match="records have no levels"):
            window.bids(0)

    def test_a_window_does_not_leave_its_process(self):
        with pytest.raises(TypeError, match="take its records instead"):
            pickle.dumps(filled(3).window(2))

    def test_a_window_has_at_least_one_record(self):
        with pytest.raises(ValueError, match="at least one record"):
            filled(3).window(0)

    def test_a_column_is_one_field_of_the_newest_records(self):
        ring = filled(6)
        column = ring.column("bid_price", 4)
        assert column.dtype == np.float64
        assert list(column) == [1002.5, 1003.5, 1004.5, 1005.5]
        assert not column.flags.writeable
        with pytest.raises(KeyError, match="'bid' is no field of btcusdt@bookTicker; it has"):
            ring.column("bid", 4)
        with pytest.raises(ValueError, match="at least one value"):
            ring.column("bid_price", 0)


class TestAt:
    def test_it_is_the_record_of_a_sequence(self):
        ring = filled(6)
        assert [ring.at(i).update_id for i in range(6)] == list(range(1000, 1006))

    def test_a_sequence_that_is_not_there_yet_is_an_index_error(self):
        for sequence in (6, -1):
            with pytest.raises(IndexError, match="has no record"):
                filled(6).at(sequence)

    def test_an_overwritten_sequence_is_lapped(self):
        with pytest.raises(Lapped) as caught:
            filled(13, capacity=8).at(4)
        assert (caught.value.sequence, caught.value.oldest) == (4, 5)


class TestCopies:
    def test_a_reader_gets_each_record_once(self):
        ring = filled(6)
        batch, following, lost = ring.copy_from(0, 4)
        assert (list(batch["update_id"]), following, lost) == ([1000, 1001, 1002, 1003], 4, 0)
        batch, following, lost = ring.copy_from(following, 4)
        assert (list(batch["update_id"]), following, lost) == ([1004, 1005], 6, 0)
        assert ring.copy_from(following, 4) == (None, 6, 0)

    def test_a_slow_reader_loses_the_oldest_and_is_told(self):
        ring = filled(21, capacity=8)
        batch, following, lost = ring.copy_from(2, 100)
        assert (list(batch["sequence"]), following, lost) == (list(range(13, 21)), 21, 11)

    def test_a_copy_outlives_the_ring(self):
        batch = filled(2).copy_from(0, 10)[0]
        gc.collect()
        assert list(batch["bid_price"]) == [1000.5, 1001.5]

    @given(steps=st.lists(st.integers(0, 12), min_size=1, max_size=30), most=st.integers(1, 10))
    def test_no_record_comes_twice_and_none_is_missed_uncounted(self, steps, most):
        ring = ring_for(Kind.BOOK_TICKER, capacity=8)
        feed = feed_for(ring)
        sequence, got, lost, published = 0, [], 0, 0
        for step in steps:
            send(feed, *(book_ticker(published + i) for i in range(step)))
            published += step
            batch, sequence, missed = ring.copy_from(sequence, most)
            lost += missed
            got += [] if batch is None else list(batch["update_id"])
        while (answer := ring.copy_from(sequence, most))[0] is not None:
            batch, sequence, missed = answer
            lost += missed
            got += list(batch["update_id"])
        assert got == sorted(set(got))
        assert len(got) + lost == published == sequence

    @given(count=st.integers(0, 40), capacity=st.sampled_from([2, 4, 8, 16]))
    def test_a_ring_holds_exactly_the_newest_records(self, count, capacity):
        ring = filled(count, capacity)
        assert ring.cursor == count - 1
        assert list(ring[-capacity:]["update_id"]) == [
            1000 + i for i in range(max(0, count - capacity), count)
        ]


class TestDepth:
    def test_levels_are_bids_then_asks_in_binances_order(self):
        ring = ring_for(Kind.DIFF_DEPTH)
        send(feed_for(ring), message_of(Kind.DIFF_DEPTH))
        record = ring.last()
        assert isinstance(record, Depth)
        assert (record.bid_count, record.ask_count, record.first_update_id, record.update_id) == (
            2,
            1,
            157,
            160,
        )
        assert record.bids.tolist() == record["bids"].tolist() == [[16500.01, 10.0], [16499.99, 0.0]]
        assert record.asks.tolist() == record["asks"].tolist() == [[16500.02, 0.1]]

    def test_levels_of_a_record_are_a_read_only_copy(self):
        record = filled_depth([2]).last()
        for side in (record.bids, record.asks):
            assert side.dtype == np.float64
            with pytest.raises(ValueError, match="read-only"):
                side[0, 0] = 1.0

    def test_blocks_of_levels_never_wrap(self):
        # A payload claims far more room than it needs, so the arena of 64 is walked several times.
        ring = ring_for(Kind.DIFF_DEPTH, capacity=8, level_capacity=64)
        feed = feed_for(ring)
        for i in range(200):
            send(feed, depth(1000 + i, i % 6))
            record = ring.last()
            begin = record.levels_begin % 64
            assert begin + record.bid_count + record.ask_count <= 64
            assert record.bids.tolist() == [[1000 + i + 0.5, n + 1.0] for n in range(i % 6)]
            assert record.asks.tolist() == [[1000 + i + 0.75, n + 1.0] for n in range(i % 6)]

    def test_a_record_whose_levels_are_overwritten_is_lapped(self):
        ring = filled_depth([5] * 8, capacity=64, level_capacity=64)
        with pytest.raises(Lapped):
            ring.at(0)
        assert ring.at(7).bids.tolist() == [[1007.5, n + 1.0] for n in range(5)]

    def test_a_window_is_no_longer_intact_when_its_levels_are_overwritten(self):
        ring = ring_for(Kind.DIFF_DEPTH, capacity=64, level_capacity=64)
        feed = feed_for(ring)
        send(feed, depth(1, 3))
        window = ring.window(1)
        assert window.intact()
        assert window.bids(0).tolist() == [[1.5, 1.0], [1.5, 2.0], [1.5, 3.0]]
        assert window.asks(0).tolist() == [[1.75, 1.0], [1.75, 2.0], [1.75, 3.0]]
        assert not window.bids(0).flags.writeable
        while window.intact():
            assert window.bids(0).tolist() == [[1.5, 1.0], [1.5, 2.0], [1.5, 3.0]]
            send(feed, depth(2, 3))
        assert ring.cursor < 63

    def test_a_copied_window_has_its_levels_for_ever(self):
        ring = filled_depth([1, 0, 3], level_capacity=1024)
        window, following, lost = ring.copy_from(0, 10)
        assert (following, lost, window.first_sequence, len(window)) == (3, 0, 0, 3)
        send(feed_for(ring), *(depth(9, 40) for _ in range(50)))
        assert window.intact()
        assert [window.bids(i).tolist() for i in range(3)] == [
            [[1000.5, 1.0]],
            [],
            [[1002.5, 1.0], [1002.5, 2.0], [1002.5, 3.0]],
        ]
        assert window[2].asks.tolist() == window.asks(2).tolist() == [[1002.75, i + 1.0] for i in range(3)]
        assert [record.update_id for record in window] == [1000, 1001, 1002]

    def test_a_reader_counts_records_whose_levels_are_gone_as_lost(self):
        ring = filled_depth([5] * 30, capacity=64, level_capacity=64)
        window, following, lost = ring.copy_from(0, 100)
        assert following == 30
        assert lost + len(window) == 30
        assert lost > 0
        for i, record in enumerate(window):
            assert record.sequence == lost + i
            assert record.bids.tolist() == [[1000 + lost + i + 0.5, n + 1.0] for n in range(5)]

    def test_a_copied_window_may_span_the_end_of_the_arena(self):
        ring = ring_for(Kind.DIFF_DEPTH, capacity=16, level_capacity=256)
        feed = feed_for(ring)
        for i in range(300):
            send(feed, depth(i, 4))
            if i % 7 == 0:
                window = ring.copy_from(max(0, i - 8), 100)[0]
                for record in window:
                    assert record.bids.tolist() == [[record.update_id + 0.5, n + 1.0] for n in range(4)]
                    assert record.asks.tolist() == [[record.update_id + 0.75, n + 1.0] for n in range(4)]

    def test_more_levels_than_the_arena_has_are_cut_and_flagged(self):
        ring = ring_for(Kind.DIFF_DEPTH, level_capacity=16)
        feed = feed_for(ring)
        send(feed, depth(1, 12), depth(2, 1))
        cut = ring_for(Kind.DIFF_DEPTH, level_capacity=16)
        send(feed_for(cut), depth(1, 12))
        record = cut.last()
        assert record.flags == FLAG_LEVELS_TRUNCATED
        assert (record.bid_count, record.ask_count) == (12, 4)
        assert record.bids.tolist() == [[1.5, n + 1.0] for n in range(12)]
        assert record.asks.tolist() == [[1.75, n + 1.0] for n in range(4)]
        assert ring.last().flags == 0
        assert ring.last().bids.tolist() == [[2.5, 1.0]]


class TestManySymbols:
    NAME = "!bookTicker"

    def ring(self, **options):
        options = {"capacity": 8, "symbol_capacity": 4} | options
        return RingBase(int(Kind.BOOK_TICKER), self.NAME, "usdmPublic", None, **options)

    def test_symbols_are_numbered_in_order_of_appearance(self):
        ring = self.ring()
        send(
            feed_for(ring),
            *(book_ticker(i, s, self.NAME) for i, s in enumerate(["AAA", "BBB", "AAA", "牛来USDT"])),
        )
        assert ring.symbols == ("AAA", "BBB", "牛来USDT")
        assert list(ring[-8:]["symbol_id"]) == [0, 1, 0, 2]
        assert (ring.last("aaa").update_id, ring.last("BBB").update_id) == (2, 1)
        assert ring.last("牛来usdt").update_id == 3

    def test_known_symbols_take_the_fast_path(self):
        ring = self.ring()
        feed = feed_for(ring)
        send(feed, *(book_ticker(i, "牛来USDT", self.NAME) for i in range(5)))
        assert (feed.fallback, feed.fast) == (1, 4)

    def test_a_symbol_without_records_has_no_data(self):
        with pytest.raises(NoData):
            self.ring().last("ethusdt")

    def test_the_newest_record_of_a_symbol_may_be_lapped(self):
        ring = self.ring()
        send(
            feed_for(ring),
            book_ticker(0, "AAA", self.NAME),
            *(book_ticker(i, "BBB", self.NAME) for i in range(9)),
        )
        with pytest.raises(Lapped):
            ring.last("AAA")
        assert ring.last("BBB").update_id == 8

    def test_a_full_symbol_table_rejects_new_symbols_and_keeps_the_old(self):
        ring = self.ring(symbol_capacity=3)  # no power of two
        feed = feed_for(ring)
        send(feed, *(book_ticker(i, f"S{i}", self.NAME) for i in range(5)))
        assert ring.symbols == ("S0", "S1", "S2")
        assert [reject.code for reject in feed.rejects] == ["symbol_table_full"] * 2
        send(feed, book_ticker(9, "S1", self.NAME))
        assert ring.last("S1").update_id == 9
        assert ring.cursor == 3

    @pytest.mark.parametrize(
        ("symbol", "code"),
        [
            ("A" * 48, None),
            ("A" * 49, "symbol_too_long"),
            ("", "wrong_symbol"),
            ('A"B', "wrong_symbol"),
            ("A\\B", "wrong_symbol"),
            ("A\nB", "wrong_symbol"),
        ],
    )
    def test_only_symbols_that_json_need_not_escape_get_a_row(self, symbol, code):
        ring = self.ring()
        feed = feed_for(ring)
        escaped = symbol.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        send(feed, book_ticker(1, escaped, self.NAME))
        assert [reject.code for reject in feed.rejects] == ([] if code is None else [code])
        assert ring.symbols == ((symbol,) if code is None else ())

    def test_conflation_gives_the_newest_of_each_symbol_once_in_order(self):
        ring = self.ring()
        feed = feed_for(ring)
        send(feed, *(book_ticker(i, s, self.NAME) for i, s in enumerate(["AAA", "BBB", "AAA", "CCC"])))
        batch, following, _ = ring.copy_latest(0)
        assert (list(batch["update_id"]), following) == ([1, 2, 3], 4)
        assert ring.copy_latest(following) == (None, 4, 0)
        send(feed, book_ticker(7, "BBB", self.NAME))
        batch, following, _ = ring.copy_latest(following)
        assert (list(batch["update_id"]), following) == ([7], 5)

    def test_conflation_on_a_ring_of_one_symbol_is_its_newest_record(self):
        ring = filled(5)
        batch, following, _ = ring.copy_latest(0)
        assert (list(batch["update_id"]), following) == ([1004], 5)
        assert ring.copy_latest(following) == (None, 5, 0)
        window, following, _ = filled_depth([1, 2]).copy_latest(0)
        assert (window[0].update_id, len(window[0].bids), following) == (1001, 2, 2)

    def test_a_thousand_symbols_are_told_apart(self):
        ring = self.ring(capacity=1024, symbol_capacity=1000)
        feed = feed_for(ring)
        for turn in range(2):
            send(feed, *(book_ticker(turn * 1000 + i, f"SYMBOL{i}", self.NAME) for i in range(1000)))
        assert len(set(ring.symbols)) == 1000
        assert all(ring.last(f"SYMBOL{i}").update_id == 1000 + i for i in range(1000))
        assert feed.fast == 1000


class TestMaking:
    @pytest.mark.parametrize("capacity", [0, 1, 3, 1000, -4, 1 << 25])
    def test_a_capacity_is_a_power_of_two(self, capacity):
        with pytest.raises(ConfigurationError, match="power of two from 2 to 16777216"):
            ring_for(Kind.BOOK_TICKER, capacity=capacity)

    @pytest.mark.parametrize("levels", [-1, 3, 1000, 1 << 27])
    def test_a_level_capacity_is_a_power_of_two(self, levels):
        with pytest.raises(ConfigurationError, match="power of two up to 67108864"):
            ring_for(Kind.DIFF_DEPTH, level_capacity=levels)

    @pytest.mark.parametrize("rows", [0, (1 << 20) + 1])
    def test_a_symbol_table_has_rows(self, rows):
        with pytest.raises(ConfigurationError, match="from 1 to 1048576 rows"):
            ring_for(Kind.BOOK_TICKER, symbol=None, symbol_capacity=rows)

    @pytest.mark.parametrize("kind", [0, 23, -1])
    def test_an_unknown_kind_is_refused(self, kind):
        kinds = re.escape(str(list(range(1, 23))))
        with pytest.raises(ConfigurationError, match=f"there are {kinds}"):
            RingBase(kind, "x", "main", "X", capacity=2)

    @pytest.mark.parametrize("symbol", ["A" * 49, "", 'A"', "A\\"])
    def test_a_symbol_that_fits_no_row_is_refused(self, symbol):
        with pytest.raises(ConfigurationError, match="from 1 to 48 bytes of UTF-8"):
            RingBase(1, "x", "main", symbol, capacity=2)

    def test_its_memory_is_there_from_the_start_and_known(self):
        ring = ring_for(Kind.BOOK_TICKER, capacity=1024)
        assert ring.memory_bytes == 4096 + 4096 + 2 * 1024 * 80
        deep = ring_for(Kind.DIFF_DEPTH, capacity=512)
        assert deep.level_capacity == 32_768
        assert deep.memory_bytes == 4096 + 4096 + 2 * 512 * 80 + 32_768 * 16

    def test_the_records_array_is_the_ring_itself(self):
        ring = filled(3)
        assert (len(ring.records), ring.capacity) == (8, 8)
        assert list(ring.records["update_id"][:3]) == [1000, 1001, 1002]
        assert ring.epoch == 1

    @pytest.mark.parametrize(("wanted", "size"), [(0, 1), (1, 1), (2, 2), (3, 4), (1000, 1024), (1024, 1024)])
    def test_power_of_two_rounds_up(self, wanted, size):
        assert power_of_two(wanted) == size


class Flag(Waiter):
    woken = 0

    def wake(self):
        self.woken += 1


class TestStateAndBells:
    def test_a_ring_begins_down_and_says_what_it_is_told(self):
        ring = filled(1)
        assert ring.state_code() == 0
        for state in (1, 2, 3, 0):
            ring.set_state(state)
            assert ring.state_code() == state
        with pytest.raises(ValueError, match="0 to 3"):
            ring.set_state(4)

    def test_a_feed_that_gives_no_sign_of_life_makes_its_rings_stale(self):
        ring = filled(1)
        ring.set_state(1)
        ring.sample(time.time_ns())
        assert ring.state_code() == 1
        assert ring.last_recv_ns == ring.last().recv_ns
        ring.sample(time.time_ns() - 2_000_000_000)
        assert ring.state_code() == 3
        ring.set_state(0)
        assert ring.state_code() == 0

    def test_a_waiter_is_woken_by_news_only(self):
        bell = Bell()
        ring = ring_for(Kind.BOOK_TICKER, bell=bell)
        other = ring_for(Kind.TRADE, bell=bell)
        feed = feed_for(ring, other)
        feed_with_bell = type(feed)(object(), "main", bell)
        feed_with_bell.add_route(ring.stream, ring)
        feed_with_bell.add_route(other.stream, other)
        waiter = Flag((other,), [-1])
        bell.add(waiter)
        assert bell.waiting == 1
        send(feed_with_bell, book_ticker(1))
        assert (waiter.woken, waiter.news()) == (0, False)
        send(feed_with_bell, message_of(Kind.TRADE))
        assert (waiter.woken, waiter.news()) == (1, True)
        bell.remove(waiter)
        bell.remove(waiter)
        send(feed_with_bell, message_of(Kind.TRADE))
        assert (waiter.woken, bell.waiting) == (1, 0)

    def test_a_waiter_that_cannot_be_woken_does_not_keep_the_others_asleep(self, caplog):
        class Broken(Waiter):
            def wake(self):
                raise ZeroDivisionError("my own mistake")

        bell = Bell()
        ring = ring_for(Kind.BOOK_TICKER, bell=bell)
        feed = type(feed_for(ring))(object(), "main", bell)
        feed.add_route(ring.stream, ring)
        later = Flag((ring,), [-1])
        bell.add(Broken((ring,), [-1]))
        bell.add(later)
        send(feed, book_ticker(1))
        assert later.woken == 1
        bell.wake_all()
        assert later.woken == 2
        assert caplog.text.count("a waiter could not be woken") == 2

    def test_a_change_of_state_and_the_end_wake_everybody(self):
        bell = Bell()
        ring = ring_for(Kind.BOOK_TICKER, bell=bell)
        waiter = Flag((ring,), [-1])
        bell.add(waiter)
        ring.set_state(1)
        ring.set_state(1)
        assert waiter.woken == 1
        ring.close()
        assert waiter.woken >= 2
        assert ring.closed
        assert ring.state_code() == 0

    def test_a_bare_waiter_says_that_it_needs_a_subclass(self):
        with pytest.raises(TypeError, match="through a subclass"):
            Waiter((filled(1),), [0]).wake()
