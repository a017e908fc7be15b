"""Latency histograms: the native counts against NumPy's percentiles, and what the feed counts in them."""

import copy
import math
import pickle
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picows import ws_connect
from support.frames import Recorder, book_ticker, feed_for, message_of, pack, ring_for, send
from support.raw import PING, TEXT, RawPeer, frame
from support.waiting import Changes

from fastbinance._core.histogram import BOUNDS_NS, BUCKETS, Histogram
from fastbinance.streams import Kind

FIRST, END = 512, 1 << 36  # what lies between is known to 1/32
PERCENTS = (0, 0.1, 1, 25, 50, 75, 90, 99, 99.9, 100)


def histogram(*values: int) -> Histogram:
    return Histogram(np.array(values, np.int64))


def exact(values: np.ndarray, percent: float) -> int:
    """Return the least value that so many percent do not exceed."""
    return int(np.percentile(values, percent, method="inverted_cdf"))


def assert_percentiles(values: np.ndarray) -> None:
    made = Histogram(values)
    for percent in PERCENTS:
        true, found = exact(values, percent), made.percentile_ns(percent)
        if true < FIRST:
            assert 0 <= found < FIRST
        elif true < END:
            assert abs(found - true) <= true / 32
        else:
            assert found == values.max()


class Told(Recorder):
    """Tells a test that a PING has come."""

    def __init__(self, changed):
        super().__init__()
        self.on_ping = changed


class TestBuckets:
    def test_bounds_ascend_in_steps_of_at_most_a_sixteenth(self):
        assert BOUNDS_NS.shape == (BUCKETS,)
        assert (BOUNDS_NS[0], BOUNDS_NS[1], BOUNDS_NS[-1]) == (0, FIRST, END)
        steps = np.diff(BOUNDS_NS)
        assert (steps > 0).all()
        assert (steps[1:] / BOUNDS_NS[1:-1] <= 1 / 16).all()

    def test_they_reach_from_a_microsecond_to_a_minute(self):
        assert BOUNDS_NS[1] <= 1_000
        assert BOUNDS_NS[-1] >= 60_000_000_000

    def test_bounds_and_counts_cannot_be_written(self):
        for array in (BOUNDS_NS, histogram(1).counts):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 7

    @pytest.mark.parametrize("bucket", range(BUCKETS))
    def test_a_bucket_takes_its_bound_and_not_the_next(self, bucket):
        last = BOUNDS_NS[bucket + 1] - 1 if bucket + 1 < BUCKETS else np.iinfo(np.int64).max
        counts = histogram(BOUNDS_NS[bucket], last).counts
        assert (int(counts[bucket]), int(counts.sum())) == (2, 2)

    @given(st.lists(st.integers(0, (1 << 63) - 1), max_size=50))
    def test_counts_are_those_of_numpy(self, values):
        array = np.array(values, np.int64)
        places = np.searchsorted(BOUNDS_NS, array, side="right") - 1
        assert (Histogram(array).counts == np.bincount(places, minlength=BUCKETS)).all()


class TestFigures:
    @pytest.mark.parametrize("sigma", [0.1, 1.0, 3.0])
    @pytest.mark.parametrize("center_ns", [2_000, 150_000, 40_000_000])
    def test_percentiles_of_many_are_those_of_numpy(self, center_ns, sigma):
        values = np.random.default_rng(7).lognormal(math.log(center_ns), sigma, 20_000)
        assert_percentiles(values.astype(np.int64))

    @given(st.lists(st.integers(0, 1 << 38), min_size=1, max_size=60))
    def test_percentiles_of_few_are_those_of_numpy(self, values):
        assert_percentiles(np.array(values, np.int64))

    @given(st.lists(st.integers(-(1 << 40), 1 << 40), min_size=1, max_size=60))
    def test_mean_least_and_greatest_are_exact(self, values):
        made = histogram(*values)
        kept = [value for value in values if value >= 0]
        assert (made.count, made.negative) == (len(kept), len(values) - len(kept))
        assert (made.min_ns, made.max_ns) == (min(values), max(values))
        assert made.mean_ns == pytest.approx(np.mean(kept)) if kept else math.isnan(made.mean_ns)

    def test_one_value_is_its_own_percentile(self):
        # The middle of its bucket is another one, but nothing lies beyond the greatest and the least.
        assert {histogram(100_001).percentile_ns(percent) for percent in PERCENTS} == {100_001}

    def test_negative_ones_are_in_no_percentile(self):
        made = histogram(-5_000_000, -1, 70_000, 70_000)
        assert made.percentile_ns(0) == pytest.approx(70_000, rel=1 / 32)
        assert (made.count, made.negative, made.mean_ns) == (2, 2, 70_000)

    def test_without_any_there_are_no_figures(self):
        made = Histogram()
        assert (made.count, made.negative, made.min_ns, made.max_ns) == (0, 0, None, None)
        assert math.isnan(made.mean_ns)
        assert math.isnan(made.percentile_ns(50))
        assert math.isnan(histogram(-1).percentile_ns(50))

    @pytest.mark.parametrize("percent", [-0.1, 100.1, math.nan])
    def test_a_percentile_that_there_is_not_is_refused(self, percent):
        with pytest.raises(ValueError, match="from 0 to 100"):
            histogram(1).percentile_ns(percent)

    def test_it_says_what_it_is(self):
        assert repr(histogram(2_000, 2_000, -1)) == (
            "<Histogram of 2 durations, 1 negative: p50 2.0 us, p99 2.0 us, max 2.0 us>"
        )
        assert repr(histogram(-1)) == "<Histogram of 0 durations, 1 negative>"


class TestObjects:
    @given(st.lists(st.integers(-10, 1 << 40)), st.lists(st.integers(-10, 1 << 40)))
    def test_merged_is_as_if_counted_together(self, first, second):
        one, other = histogram(*first), histogram(*second)
        both = one.merge(other)
        assert (both.counts == histogram(*first, *second).counts).all()
        assert (both.count, both.negative) == (one.count + other.count, one.negative + other.negative)
        assert both == other.merge(one)
        assert one == histogram(*first)  # neither has changed

    def test_merging_with_none_of_its_kind_changes_nothing(self):
        made = histogram(5_000, -3)
        assert made.merge(Histogram()) == Histogram().merge(made) == made

    def test_it_can_be_compared_hashed_copied_and_pickled(self):
        made = histogram(5_000, 6_000)
        assert made == histogram(6_000, 5_000) != histogram(5_000)
        assert hash(made) == hash(histogram(5_000, 6_000))
        assert made != 11_000
        for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
            assert other == made
            assert other.percentile_ns(50) == made.percentile_ns(50)


class TestFeed:
    def test_the_lag_of_a_record_is_from_its_event_time_to_its_socket_read(self):
        feed = feed_for(ring := ring_for(Kind.TRADE))
        send(feed, message_of(Kind.TRADE), message_of(Kind.TRADE, t=12_346))
        lags = [int(record["recv_ns"] - record["event_ns"]) for record in ring[-2:]]
        assert feed.latency.exchange_to_receive == histogram(*lags)

    def test_a_clock_behind_the_exchanges_is_counted_apart(self):
        feed = feed_for(ring_for(Kind.TRADE))
        send(feed, message_of(Kind.TRADE, E=4_000_000_000_000, T=4_000_000_000_000))
        assert (feed.latency.exchange_to_receive.count, feed.latency.exchange_to_receive.negative) == (0, 1)

    def test_records_without_an_event_time_have_no_lag(self):
        feed = feed_for(ring_for(Kind.BOOK_TICKER))
        send(feed, book_ticker(1), book_ticker(2))
        assert feed.published == 2
        assert feed.latency.exchange_to_receive == Histogram()

    def test_what_the_fallback_takes_counts_too(self):
        feed = feed_for(ring_for(Kind.TRADE))
        send(feed, message_of(Kind.TRADE).replace(b",", b", "))
        assert (feed.fallback, feed.latency.exchange_to_receive.count) == (1, 1)

    def test_what_is_dropped_rejected_or_no_record_does_not_count(self):
        feed = feed_for(ring_for(Kind.BOOK_TICKER, "usdm", merge=True))
        send(feed, quote := message_of(Kind.BOOK_TICKER, "usdm"))
        before = feed.latency
        assert (before.exchange_to_receive.count, before.receive_to_published.count) == (1, 1)
        send(feed, quote, b"x", b'{"id":1,"result":null}', b'{"stream":"a@b","data":1}')
        assert (feed.published, feed.duplicates) == (1, 1)
        assert feed.latency == before

    async def test_a_socket_read_counts_once_until_its_last_record_is_in_the_ring(self):
        changed = Changes()
        feed = feed_for(ring := ring_for(Kind.TRADE, capacity=64), handler=Told(changed))
        trades = b"".join(frame(TEXT, message_of(Kind.TRADE, t=1_000 + i)) for i in range(50))
        # Together with the handshake, and so in one read.
        async with RawPeer(greeting=trades + frame(PING)) as peer:
            begin = time.time_ns()
            await ws_connect(lambda: feed, peer.url, enable_auto_pong=False)
            await changed.until(lambda: feed.pings)
            took = time.time_ns() - begin
        assert (ring.cursor, feed.latency.exchange_to_receive.count) == (49, 50)
        published = feed.latency.receive_to_published
        assert published.count == 1
        assert 0 < published.max_ns < took

    async def test_a_socket_read_without_a_record_does_not_count(self):
        changed = Changes()
        feed = feed_for(ring_for(Kind.TRADE), handler=Told(changed))
        async with RawPeer(greeting=frame(TEXT, b'{"id":1,"result":null}') + frame(PING)) as peer:
            await ws_connect(lambda: feed, peer.url, enable_auto_pong=False)
            await changed.until(lambda: feed.pings)
        assert feed.latency.receive_to_published == Histogram()

    def test_a_replay_says_nothing_about_latency(self):
        feed = feed_for(ring_for(Kind.TRADE))
        spaced = message_of(Kind.TRADE, t=12_346).replace(b",", b", ")
        assert feed.replay(*pack([message_of(Kind.TRADE), spaced])) == 2
        assert feed.latency == (Histogram(), Histogram())

    def test_latencies_are_merged_by_pairs(self):
        feeds = [feed_for(ring_for(Kind.TRADE)) for _ in range(2)]
        for feed in feeds:
            send(feed, message_of(Kind.TRADE))
        one, other = (feed.latency for feed in feeds)
        both = one.merge(other)
        assert both.exchange_to_receive == one.exchange_to_receive.merge(other.exchange_to_receive)
        assert both.receive_to_published == one.receive_to_published.merge(other.receive_to_published)
