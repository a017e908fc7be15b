"""Rings of many symbols: the table, the newest record of each, and what conflation gives."""

import pytest
from support.frames import book_ticker, feed_for, filled, filled_depth, send

from fastbinance._core.ring import RingBase
from fastbinance.errors import Lapped, NoData
from fastbinance.streams import Kind


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
