"""What does not join is held while another line may bring it: how long, how much, and what is told."""

import numpy as np
import pytest
from support.lines import MS, START, Lines, diff, filler, futures_diff, trade

from fastbinance._core.ring import Bell, Hole, Waiter
from fastbinance.streams import Kind


class TestUntil:
    def test_what_is_missing_comes(self):
        lines = Lines(Kind.DIFF_DEPTH, "spot")
        lines.bring(0, diff(1, 1), diff(3, 3), diff(4, 4))
        assert lines.flagged("update_id") == [1]
        lines.bring(1, diff(1, 1), diff(2, 2))
        assert lines.flagged("update_id") == [1, 2, 3, 4]
        lines.bring(1, diff(3, 3), diff(4, 4), diff(5, 5))
        assert lines.flagged("update_id") == [1, 2, 3, 4, 5]
        stats = lines.ring.merge_stats()
        assert (stats.held, stats.late_joins, stats.gaps, stats.duplicates) == (2, 2, 0, 3)

    def test_twenty_milliseconds_are_over(self):
        lines = Lines(Kind.DIFF_DEPTH, "spot")
        lines.bring(0, diff(1, 1), ms=0)
        assert lines.release(0) == 0
        lines.bring(0, diff(3, 3), ms=10)
        lines.bring(0, diff(4, 4), ms=12)
        assert lines.release(10) == 20 * MS
        assert lines.release(29.5) == MS // 2
        assert lines.flagged("update_id") == [1]
        # The second joins the first: nothing is missing between them.
        assert lines.release(30) == 0
        assert lines.flagged("update_id") == [1, (3, "gap"), 4]
        assert lines.ring.holes() == [Hole(lines.ring.symbol, 2, 2, START, START + 10 * MS, False)]
        assert lines.ring.merge_stats().late_joins == 0

    def test_twenty_milliseconds_are_over_when_something_else_comes(self):
        lines = Lines(Kind.DIFF_DEPTH, "spot")
        lines.bring(0, diff(1, 1), diff(3, 3), ms=0)
        lines.bring(0, diff(4, 4), ms=20)
        assert lines.flagged("update_id") == [1, (3, "gap"), 4]
        lines.bring(1, diff(2, 2), ms=21)
        assert lines.flagged("update_id") == [1, (3, "gap"), 4]

    def test_behind_a_second_hole_it_has_time_of_its_own(self):
        lines = Lines(Kind.DIFF_DEPTH, "spot")
        lines.bring(0, diff(1, 1), diff(3, 3), ms=0)
        lines.bring(0, diff(5, 5), ms=15)
        assert lines.release(20) == 15 * MS
        assert lines.flagged("update_id") == [1, (3, "gap")]
        lines.bring(1, diff(4, 4), ms=21)
        assert lines.flagged("update_id") == [1, (3, "gap"), 4, 5]

    def test_an_older_one_that_came_later_is_released_first(self):
        lines = Lines(Kind.DIFF_DEPTH, "spot")
        lines.bring(0, diff(1, 1), diff(6, 6), ms=0)
        lines.bring(1, diff(4, 4), ms=19)
        assert lines.release(20) == 0
        assert lines.flagged("update_id") == [1, (4, "gap"), (6, "gap")]

    def test_sixty_four_are_held(self):
        lines = Lines(Kind.DIFF_DEPTH, "spot")
        lines.bring(0, diff(1, 1), *(diff(n, n) for n in range(3, 66)))
        assert lines.flagged("update_id") == [1]
        lines.bring(0, diff(66, 66))
        assert lines.flagged("update_id") == [1, (3, "gap"), *range(4, 67)]
        assert lines.ring.merge_stats().held == 64
        lines.bring(0, diff(67, 67))
        assert lines.ids("update_id")[-1] == 67

    def test_only_one_line_is_left(self):
        lines = Lines(Kind.DIFF_DEPTH, "spot")
        lines.bring(0, diff(1, 1), diff(3, 3), diff(4, 4), diff(8, 8))
        lines.ring.set_lines(1)
        assert lines.flagged("update_id") == [1, (3, "gap"), 4, (8, "gap")]
        lines.bring(0, diff(10, 10))  # nobody to wait for
        assert lines.flagged("update_id")[-1] == (10, "gap")
        lines.ring.set_lines(2)
        lines.bring(0, diff(12, 12))
        assert lines.release(0) == 20 * MS

    def test_a_filler_waits_as_trades_do(self):
        lines = Lines(Kind.TRADE, "usdm")
        lines.bring(0, trade(1), filler(3), trade(4))
        assert lines.flagged("trade_id") == [1]
        lines.bring(1, trade(1), trade(2))
        assert lines.flagged("trade_id") == [1, 2, 4]
        assert lines.release(0) == 0

    def test_trades_that_have_skipped_ids_are_not_waited_for(self):
        lines = Lines(Kind.TRADE, "usdm")
        lines.bring(0, trade(1), trade(3))
        assert lines.release(20) == 0  # a hole without a proof: this stream skips ids
        lines.bring(0, trade(5), trade(9))
        assert lines.flagged("trade_id") == [1, 3, 5, 9]
        assert lines.ring.hole_count == 0

    def test_trades_that_proved_contiguous_are_flagged_after_the_wait(self):
        lines = Lines(Kind.TRADE, "usdm")
        lines.bring(0, *(trade(n) for n in range(1, 200)), trade(201))
        assert lines.release(20) == 0
        assert lines.flagged("trade_id")[-2:] == [199, (201, "gap")]


class TestLevels:
    def test_a_held_diff_keeps_its_levels(self):
        def levels(n, count):
            sides = {"b": [[f"{n}.5", f"{i + 1}"] for i in range(count)], "a": [[f"{n}.75", f"{n}"]]}
            return diff(n, n, **sides)

        lines = Lines(Kind.DIFF_DEPTH, "spot", level_capacity=4096)
        lines.bring(0, levels(1, 3), levels(3, 200), levels(4, 0))
        lines.bring(1, levels(1, 3), levels(2, 70))
        assert lines.flagged("update_id") == [1, 2, 3, 4]
        for sequence, count in enumerate((3, 70, 200, 0)):
            record = lines.ring.at(sequence)
            number = sequence + 1
            assert record.bids.tolist() == [[number + 0.5, i + 1] for i in range(count)]
            assert record.asks.tolist() == [[number + 0.75, number]]
        begins = lines.ids("levels_begin")
        assert np.all(np.diff(begins) > 0)

    def test_one_that_an_overlapping_diff_has_brought_meanwhile_is_dropped(self):
        lines = Lines(Kind.DIFF_DEPTH, "usdm")
        lines.bring(0, futures_diff(1, 10), futures_diff(20, 30), futures_diff(30, 40))
        lines.bring(1, futures_diff(10, 35))
        assert lines.flagged("update_id") == [10, 35, (40, "overlap")]
        assert lines.ring.merge_stats().duplicates == 1


class TestTold:
    def test_the_handler_hears_once_that_a_ring_has_begun_to_hold(self):
        lines = Lines(Kind.DIFF_DEPTH, "spot")
        holds = lines.handler.holds
        lines.bring(0, diff(1, 1), diff(3, 3), diff(4, 4), diff(6, 6))
        assert holds == [lines.ring.stream]
        lines.bring(1, diff(2, 2), diff(8, 8))
        assert holds == [lines.ring.stream]  # 6 and 8 are held still
        lines.bring(1, diff(5, 5), diff(7, 7))
        assert lines.release(0) == 0
        lines.bring(0, diff(10, 10))
        assert holds == [lines.ring.stream] * 2
        lines.release(20)
        lines.bring(0, diff(12, 12))
        assert holds == [lines.ring.stream] * 3

    def test_what_the_handler_raises_is_counted_and_the_messages_behind_it_are_read(self, caplog):
        lines = Lines(Kind.DIFF_DEPTH, "spot")
        lines.handler.on_hold = lambda stream: 1 // 0
        lines.bring(0, diff(1, 1), diff(3, 3), diff(5, 5))
        lines.bring(1, diff(2, 2), diff(4, 4))
        assert lines.flagged("update_id") == [1, 2, 3, 4, 5]
        assert lines.feeds[0].handler_errors == 1
        assert "ring that holds" in caplog.text

    def test_a_message_by_the_fallback_holds_as_well(self):
        lines = Lines(Kind.TRADE, "usdm")
        unusual = trade(3).replace(b'"t":3', b'"t": 3')
        lines.bring(0, trade(1), unusual)
        assert (lines.feeds[0].fallback, lines.handler.holds) == (1, [lines.ring.stream])
        lines.bring(1, trade(2))
        assert lines.flagged("trade_id") == [1, 2, 3]

    @pytest.mark.parametrize("how", ["time", "lines"])
    def test_who_waits_for_the_ring_is_woken_by_a_release(self, how):
        class Sleeper(Waiter):
            woken = 0

            def wake(self):
                self.woken += 1

        bell = Bell()
        lines = Lines(Kind.DIFF_DEPTH, "spot", bell=bell)
        lines.bring(0, diff(1, 1), diff(3, 3))
        sleeper = Sleeper((lines.ring,), [0])
        bell.add(sleeper)
        lines.release(19)
        assert sleeper.woken == 0
        if how == "time":
            lines.release(20)
        else:
            lines.ring.set_lines(1)
        assert sleeper.woken == 1

    def test_held_records_count_as_published_by_who_brought_them(self):
        lines = Lines(Kind.DIFF_DEPTH, "spot")
        lines.bring(0, diff(1, 1), diff(3, 3), diff(4, 4))
        assert lines.feeds[0].published == 3
        lines.bring(1, diff(3, 3), diff(2, 2))
        assert (lines.feeds[1].published, lines.feeds[1].duplicates) == (1, 1)
        assert sum(feed.published for feed in lines.feeds) == lines.ring.cursor + 1
