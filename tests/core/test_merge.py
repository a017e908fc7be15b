"""The merge: several lines publish into one ring, and what comes out is one stream."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.frames import Recorder
from support.lines import MS, START, Lines, agg_trade, diff, filler, futures_diff, quote, trade

from fastbinance._core.feed import Feed
from fastbinance._core.ring import Hole
from fastbinance.streams import Kind

CONTIGUOUS = {
    "trade": (Kind.TRADE, "usdm", trade, "trade_id"),
    "agg_trade": (Kind.AGG_TRADE, "usdm", agg_trade, "agg_trade_id"),
    "spot diff": (Kind.DIFF_DEPTH, "spot", lambda n: diff(n, n), "update_id"),
    "futures diff": (Kind.DIFF_DEPTH, "usdm", lambda n: futures_diff(n - 1, n), "update_id"),
}
MANY = 200  # trades after which a hole means something


class TestOneLine:
    @pytest.mark.parametrize("name", CONTIGUOUS)
    def test_what_follows_is_published_and_what_has_come_is_not(self, name):
        kind, market, make, field = CONTIGUOUS[name]
        lines = Lines(kind, market, lines=1)
        lines.bring(0, *(make(n) for n in (1, 2, 3, 2, 3, 3, 1, 4)))
        assert lines.flagged(field) == [1, 2, 3, 4]
        feed = lines.feeds[0]
        assert (feed.messages, feed.published, feed.duplicates) == (8, 4, 4)
        assert feed.arrivals([lines.ring.stream, "btcusdt@else"]) == [8, 0]
        assert lines.ring.merge_stats().duplicates == 4
        assert lines.ring.hole_count == 0

    def test_a_missing_diff_is_flagged_and_listed(self):
        lines = Lines(Kind.DIFF_DEPTH, "spot", lines=1)
        lines.bring(0, diff(1, 4))
        lines.bring(0, diff(8, 9), ms=7)
        lines.bring(0, diff(10, 10), ms=9)
        assert lines.flagged("update_id") == [4, (9, "gap"), 10]
        assert lines.ring.holes() == [Hole(lines.ring.symbol, 5, 7, START, START + 7 * MS, False)]
        assert (lines.ring.hole_count, lines.ring.merge_stats().gaps) == (1, 1)

    def test_of_futures_it_cannot_be_told_which_ids_are_missing(self):
        lines = Lines(Kind.DIFF_DEPTH, "usdm", lines=1)
        lines.bring(0, futures_diff(0, 10), futures_diff(20, 30), futures_diff(30, 40))
        assert lines.flagged("update_id") == [10, (30, "gap"), 40]
        assert [(hole.first_id, hole.last_id) for hole in lines.ring.holes()] == [(0, 0)]

    @pytest.mark.parametrize("market", ["spot", "usdm"])
    def test_a_diff_that_begins_within_the_one_before_it_is_published_flagged(self, market):
        def make(before, last):
            return diff(before + 1, last) if market == "spot" else futures_diff(before, last)

        lines = Lines(Kind.DIFF_DEPTH, market, lines=1)
        lines.bring(0, make(0, 10), make(5, 12), make(12, 13), make(4, 13), make(4, 12), make(13, 14))
        assert lines.flagged("update_id") == [10, (12, "overlap"), 13, 14]
        assert lines.ring.merge_stats().overlaps == 1
        assert lines.ring.hole_count == 0

    def test_the_newest_256_holes_are_kept(self):
        lines = Lines(Kind.DIFF_DEPTH, "spot", lines=1)
        lines.bring(0, *(diff(2 * n, 2 * n) for n in range(1, 302)))
        holes = lines.ring.holes()
        assert (lines.ring.hole_count, len(holes)) == (300, 256)
        assert [hole.first_id for hole in holes] == [2 * n + 1 for n in range(45, 301)]

    def test_a_dropped_diff_costs_the_arena_nothing(self):
        lines = Lines(Kind.DIFF_DEPTH, "spot", lines=1, level_capacity=256)
        lines.bring(0, *[diff(1, 4), *[diff(1, 4)] * 500, diff(5, 6)])
        first, second = lines.ring.at(0), lines.ring.at(1)
        assert second.levels_begin == first.levels_begin + first.bid_count + first.ask_count
        assert lines.ring.cursor == 1


class TestTrades:
    @pytest.mark.parametrize("name", ["trade", "agg_trade"])
    def test_a_missing_id_is_flagged_once_ids_have_proved_contiguous(self, name):
        kind, market, make, field = CONTIGUOUS[name]
        lines = Lines(kind, market, lines=1)
        lines.bring(0, *(make(n) for n in range(1, MANY)))
        lines.bring(0, make(MANY + 2), make(MANY + 3), ms=3)
        assert lines.flagged(field)[-3:] == [MANY - 1, (MANY + 2, "gap"), MANY + 3]
        (hole,) = lines.ring.holes()
        assert hole == Hole(lines.ring.symbol, MANY, MANY + 1, START, START + 3 * MS, False)

    @pytest.mark.parametrize("name", ["trade", "agg_trade"])
    def test_between_two_connections_of_the_line_few_are_proof_enough(self, name):
        kind, market, make, field = CONTIGUOUS[name]
        lines = Lines(kind, market, lines=1)
        lines.bring(0, *(make(n) for n in range(1, 20)))
        lines.reopen(0)
        lines.bring(0, make(30), make(31))
        assert lines.flagged(field)[-3:] == [19, (30, "gap"), 31]
        lines.reopen(0)
        lines.bring(0, make(40), make(42))
        # The second is within a connection, which loses nothing, and so few trades prove nothing.
        assert lines.flagged(field)[-2:] == [(40, "gap"), 42]

    @given(skips=st.lists(st.integers(1, 9), min_size=1, max_size=100))
    def test_a_stream_that_skips_ids_never_reports_a_gap(self, skips):
        lines = Lines(Kind.TRADE, "usdm", lines=1)
        number = 0
        for skip in skips:
            number += skip + 1
            lines.bring(0, *(trade(number + i) for i in range(5)))
            number += 4
        assert lines.ring.hole_count == 0
        assert not [row for row in lines.flagged("trade_id") if isinstance(row, tuple)]
        assert lines.ring.cursor + 1 == 5 * len(skips)

    def test_a_stream_that_has_skipped_ids_needs_a_longer_proof(self):
        lines = Lines(Kind.TRADE, "usdm", lines=1, capacity=2048)
        lines.bring(0, *(trade(n) for n in (1, 2, 4)))
        lines.bring(0, *(trade(n) for n in range(5, 1000)), trade(1001))
        assert lines.ring.hole_count == 0
        again = Lines(Kind.TRADE, "usdm", lines=1, capacity=2048)
        again.bring(0, *(trade(n) for n in (1, 2, 4)))
        again.bring(0, *(trade(n) for n in range(5, 1100)), trade(1101))
        assert [(hole.first_id, hole.last_id) for hole in again.ring.holes()] == [(1100, 1100)]

    def test_fillers_use_up_their_ids(self):
        lines = Lines(Kind.TRADE, "usdm", lines=1)
        lines.bring(0, *(filler(n) if n % 3 else trade(n) for n in range(1, 3 * MANY)))
        assert lines.ids("trade_id") == list(range(3, 3 * MANY, 3))
        assert (lines.ring.hole_count, lines.feeds[0].skipped) == (0, 2 * MANY)

    def test_a_hole_that_ends_in_a_filler_flags_the_trade_behind_it(self):
        lines = Lines(Kind.TRADE, "usdm", lines=1)
        lines.bring(0, *(trade(n) for n in range(1, MANY)))
        lines.bring(0, filler(MANY + 1), filler(MANY + 2), trade(MANY + 3), trade(MANY + 4))
        assert lines.flagged("trade_id")[-3:] == [MANY - 1, (MANY + 3, "gap"), MANY + 4]
        assert [(hole.first_id, hole.last_id) for hole in lines.ring.holes()] == [(MANY, MANY)]

    def test_a_filler_that_another_line_brings_again_is_nothing(self):
        lines = Lines(Kind.TRADE, "usdm")
        lines.bring(0, trade(1), filler(2), trade(3))
        lines.bring(1, trade(1), filler(2), trade(3), filler(4), trade(5))
        lines.bring(0, filler(4), trade(5))
        assert lines.flagged("trade_id") == [1, 3, 5]


@st.composite
def interleavings(draw, most=60):
    """Events of two lines, each with losses of its own, in an order that keeps each line's."""
    count = draw(st.integers(2, most))
    losses = [set(draw(st.lists(st.integers(2, count), max_size=10))) for _ in range(2)]
    queues = [[n for n in range(1, count + 1) if n not in lost] for lost in losses]
    order = []
    while queues[0] or queues[1]:
        # A line is at most so far ahead of the other one that 64 places hold what waits.
        ahead = [queue[0] if queue else count + 1 for queue in queues]
        line = draw(st.integers(0, 1))
        if not queues[line] or ahead[line] > ahead[1 - line] + 30:
            line = 1 - line
        order.append((line, queues[line].pop(0)))
    return count, losses, order


class TestTwoLines:
    @pytest.mark.parametrize("name", CONTIGUOUS)
    @given(plan=interleavings())
    def test_every_id_that_one_of_them_brings_comes_once_and_in_order(self, name, plan):
        kind, market, make, field = CONTIGUOUS[name]
        count, losses, order = plan
        lines = Lines(kind, market)
        # One line is first with the first: what comes before a ring's first record is not missed.
        lines.bring(0, make(1))
        for line, number in order:
            lines.bring(line, make(number))
        left = lines.release(0)
        lost = losses[0] & losses[1]
        got = [n for n in range(1, count + 1) if n not in lost]
        if not lost:
            assert lines.flagged(field) == got
            assert (left, lines.ring.hole_count) == (0, 0)
            assert lines.ring.merge_stats().held == lines.ring.merge_stats().late_joins
        lines.release(20)
        assert lines.ids(field) == got
        missing = {n for hole in lines.ring.holes() for n in range(hole.first_id, hole.last_id + 1)}
        if name == "spot diff":
            assert missing == {n for n in lost if n < got[-1]}
        assert sum(feed.messages for feed in lines.feeds) == 1 + len(order)

    @given(order=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 50)), max_size=80))
    def test_a_quote_never_goes_back(self, order):
        lines = Lines(Kind.BOOK_TICKER, "spot", lines=3)
        newest = 0
        expected = []
        for line, number in order:
            lines.bring(line, quote(number))
            if number > newest:
                newest = number
                expected.append(number)
        assert lines.flagged("update_id") == expected
        assert sum(feed.published for feed in lines.feeds) == len(expected)
        assert sum(feed.duplicates for feed in lines.feeds) == len(order) - len(expected)

    @given(cuts=st.lists(st.lists(st.integers(1, 39), unique=True), min_size=2, max_size=2), data=st.data())
    def test_diffs_that_two_lines_cut_at_different_ids_cover_all_of_them(self, cuts, data):
        queues = []
        for inner in cuts:
            edges = [0, *sorted(inner), 40]
            queues.append([(a + 1, b) for a, b in pairwise(edges)])
        lines = Lines(Kind.DIFF_DEPTH, "spot")
        lines.bring(0, diff(0, 0))
        while queues[0] or queues[1]:
            line = data.draw(st.integers(0, 1))
            if not queues[line]:
                line = 1 - line
            lines.bring(line, diff(*queues[line].pop(0)))
        assert lines.release(0) == 0
        known = 0
        for row in lines.newest[1:]:
            assert row["first_update_id"] <= known + 1
            assert row["update_id"] > known
            flag = "overlap" if row["first_update_id"] <= known else ""
            assert bool(row["flags"] & 8) == (flag == "overlap")
            known = int(row["update_id"])
        assert known == 40
        assert lines.ring.hole_count == 0

    def test_lines_have_numbers_from_0_to_7(self):
        for line in (-1, 8):
            with pytest.raises(ValueError, match=f"numbered from 0 to 7, not {line}"):
                Feed(Recorder(), "main", line=line)
        assert Feed(Recorder(), "main", line=7).line == 7
        ring = Lines(Kind.TRADE, "usdm").ring
        for count in (-1, 9):
            with pytest.raises(ValueError, match=f"from 0 to 8 lines, not {count}"):
                ring.set_lines(count)


class TestStatistics:
    def test_it_is_told_which_line_was_first_and_by_how_much(self):
        lines = Lines(Kind.BOOK_TICKER, "spot", numbers=(3, 5))
        lines.bring(0, quote(1), ms=0)
        lines.bring(1, quote(1), ms=2)
        lines.bring(1, quote(2), ms=3)
        lines.bring(0, quote(2), ms=8)
        lines.bring(0, quote(3), ms=9)
        lines.bring(0, quote(3), ms=10)  # its own once more says nothing about the other
        stats = lines.ring.merge_stats()
        assert stats.wins == (0, 0, 0, 2, 0, 1, 0, 0)
        assert stats.copies == (0, 0, 0, 1, 0, 1, 0, 0)
        assert stats.lead_ns == (0, 0, 0, 2 * MS, 0, 5 * MS, 0, 0)
        assert stats.duplicates == 3

    def test_of_one_line_nothing_is_counted(self):
        lines = Lines(Kind.TRADE, "usdm", lines=1)
        lines.bring(0, trade(1), trade(2), trade(2))
        stats = lines.ring.merge_stats()
        assert not any(stats.wins + stats.copies + stats.lead_ns)
        assert stats.duplicates == 1

    def test_a_held_record_counts_for_the_line_that_brought_it(self):
        lines = Lines(Kind.TRADE, "usdm")
        lines.bring(0, trade(1), trade(3), ms=0)
        lines.bring(1, trade(2), trade(3), ms=4)
        stats = lines.ring.merge_stats()
        assert lines.flagged("trade_id") == [1, 2, 3]
        assert stats.wins[:2] == (2, 1)
        assert stats.copies[:2] == (0, 1)
        assert stats.lead_ns[:2] == (4 * MS, 0)
