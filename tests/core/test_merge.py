"""The merge: several lines publish into one ring, and what comes out is one stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.frames import pack
from support.lines import MS, START, Lines, agg_trade, diff, filler, futures_diff, quote, trade

from fastbinance._core.feed import Feed
from fastbinance._core.ring import Hole
from fastbinance.records import FLAG_GAP
from fastbinance.streams import Kind
from support import lines as support_lines

CONTIGUOUS = {
    "trade": (Kind.TRADE, "usdm", trade, "trade_id"),
    "agg_trade": (Kind.AGG_TRADE, "usdm", agg_trade, "agg_trade_id"),
    "spot diff": (Kind.DIFF_DEPTH, "spot", lambda n: diff(n, n), "update_id"),
    "futures diff": (Kind.DIFF_DEPTH, "usdm", lambda n: futures_diff(10 * n - 10, 10 * n), "update_id"),
}


class TestOneLine:
    @pytest.mark.parametrize("name", CONTIGUOUS)
    def test_what_follows_is_published_and_what_has_come_is_not(self, name):
        kind, market, make, field = CONTIGUOUS[name]
        lines = Lines(kind, market, lines=1)
        lines.bring(0, *(make(n) for n in (1, 2, 3, 2, 3, 3, 1, 4)))
        scale = 10 if name == "futures diff" else 1
        assert lines.flagged(field) == [scale * n for n in (1, 2, 3, 4)]
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
        assert lines.ring.holes() == [Hole("ETHUSDT", 5, 7, START, START + 7 * MS, False)]
        assert (lines.ring.hole_count, lines.ring.merge_stats().gaps) == (1, 1)

    def test_of_futures_it_cannot_be_told_which_ids_are_missing(self):
        lines = Lines(Kind.DIFF_DEPTH, "usdm", lines=1)
        lines.bring(0, futures_diff(0, 10), futures_diff(20, 30), futures_diff(30, 40))
        assert lines.flagged("update_id") == [10, (30, "gap"), 40]
        assert [(hole.first_id, hole.last_id) for hole in lines.ring.holes()] == [(0, 0)]
