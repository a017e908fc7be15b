"""Rings: what is published is what is read, and what has been overwritten is never given out."""

import copy
import gc
import math
import pickle
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.frames import book_ticker, depth, feed_for, filled, filled_depth, message_of, ring_for, send

from fastbinance._core.record import Field, layouts
from fastbinance._core.ring import NewestField, RingBase
from fastbinance.errors import Lapped, NoData, StaleData
from fastbinance.records import FLAG_LEVELS_TRUNCATED, BookTicker, Depth
from fastbinance.streams import Kind


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

    def test_what_a_stream_does_not_tell_is_the_same_in_two_records(self):
        feed = feed_for(ring := ring_for(Kind.MARK_PRICE, "coinm"))
        send(feed, message_of(Kind.MARK_PRICE, "coinm"))
        record = ring.last()
        assert math.isnan(record.funding_rate)
        assert record == ring.last() == pickle.loads(pickle.dumps(record)) == copy.copy(record)
        send(feed, message_of(Kind.MARK_PRICE, "coinm", r="0.0"))
        assert ring.last() != record


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
