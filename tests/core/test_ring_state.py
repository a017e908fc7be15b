"""Rings: what they are made of, their state, and who is woken by their bell."""

import re
import time

import pytest
from support.frames import book_ticker, feed_for, filled, message_of, ring_for, send

from fastbinance._core.ring import Bell, RingBase, Waiter, power_of_two
from fastbinance.errors import ConfigurationError
from fastbinance.streams import Kind


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
