"""Order books: what is applied, what is proved, and what a reader sees."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.frames import combined
from support.model_book import FUTURES, SPOT, WHOLE, BookWorld, ModelBook

from fastbinance._core.book import BookBase, Top, book_bytes
from fastbinance._core.ring import RingBase
from fastbinance.book_states import BookReason, BookState
from fastbinance.errors import BookNotReady, ConfigurationError
from fastbinance.streams import Kind

EMPTY, LIVE, STALE = BookState.EMPTY, BookState.LIVE, BookState.STALE
PROVEN, AHEAD, TOO_OLD, MALFORMED, CROSSED = range(5)
BIDS = [("100.0", "1"), ("99.9", "2"), ("99.8", "3")]
ASKS = [("100.1", "1.5"), ("100.2", "2.5")]
FLOATS = ([[100.0, 1.0], [99.9, 2.0], [99.8, 3.0]], [[100.1, 1.5], [100.2, 2.5]])


def live(rule=SPOT, **options):
    """Return a world whose book is live at id 10."""
    world = BookWorld(rule, **options)
    world.diff(9, 10, before=8)
    assert world.load(10, BIDS, ASKS) == PROVEN
    assert world.why == (LIVE, BookReason.NONE)
    return world


# -- from a snapshot to a proof


def test_a_new_book_is_empty_and_says_why():
    world = BookWorld()
    assert world.why == (EMPTY, BookReason.NO_SNAPSHOT)
    assert world.book.wants_snapshot()
    reads = [getattr(world.book, name) for name in ("top", "bids", "asks", "levels", "imbalance")]
    for read in (*reads, lambda: world.book.age_ns):
        with pytest.raises(BookNotReady, match="no snapshot has come yet"):
            read()
    world.diff(1, 2, bids=BIDS)
    assert world.why == (EMPTY, BookReason.NO_SNAPSHOT)


BRIDGES = [
    # rule, diffs before the snapshot (U, u, pu), its id, what becomes of it, the id afterwards
    (SPOT, [(5, 7, 0), (8, 10, 0)], 7, PROVEN, 10),
    (SPOT, [(5, 7, 0), (8, 10, 0)], 8, PROVEN, 10),
    (SPOT, [(5, 7, 0), (8, 10, 0)], 9, PROVEN, 10),
    (SPOT, [(5, 7, 0), (8, 10, 0)], 10, PROVEN, 10),
    (SPOT, [(5, 7, 0), (8, 10, 0)], 11, AHEAD, 11),
    (SPOT, [(5, 7, 0), (8, 10, 0)], 4, PROVEN, 10),
    (SPOT, [(5, 7, 0), (8, 10, 0)], 3, TOO_OLD, 0),
    (SPOT, [(5, 7, 0), (9, 10, 0)], 6, TOO_OLD, 0),  # 8 is missing behind it
    (SPOT, [(5, 7, 0), (9, 10, 0)], 8, PROVEN, 10),  # and before it
    (FUTURES, [(50, 70, 40), (80, 100, 70)], 70, PROVEN, 100),
    (FUTURES, [(50, 70, 40), (80, 100, 70)], 75, PROVEN, 100),  # nothing has happened between 70 and 80
    (FUTURES, [(50, 70, 40), (80, 100, 70)], 80, PROVEN, 100),
    (FUTURES, [(50, 70, 40), (80, 100, 70)], 100, PROVEN, 100),
    (FUTURES, [(50, 70, 40), (80, 100, 70)], 101, AHEAD, 101),
    (FUTURES, [(50, 70, 40), (80, 100, 70)], 45, PROVEN, 100),
    (FUTURES, [(50, 70, 40), (80, 100, 70)], 39, TOO_OLD, 0),
    (FUTURES, [(50, 70, 40), (80, 100, 78)], 60, TOO_OLD, 0),
    (SPOT, [], 7, AHEAD, 7),
    (FUTURES, [], 7, AHEAD, 7),
]


@pytest.mark.parametrize(("rule", "diffs", "snapshot_id", "result", "update_id"), BRIDGES)
def test_a_snapshot_is_joined_to_the_diffs_by_the_rule_of_its_product(
    rule, diffs, snapshot_id, result, update_id
):
    world = BookWorld(rule)
    for first, last, before in diffs:
        world.diff(first, last, before=before)
    assert world.load(snapshot_id, BIDS, ASKS) == result
    assert world.book.update_id == update_id
    expected = {PROVEN: LIVE, AHEAD: STALE, TOO_OLD: EMPTY}[result]
    assert world.why[0] is expected
    assert world.book.wants_snapshot() is (result == TOO_OLD)
    if result != TOO_OLD:
        assert world.levels() == FLOATS


def test_only_what_comes_behind_the_snapshot_is_applied():
    world = BookWorld()
    world.diff(5, 7, bids=[("100.0", "9"), ("98.0", "1")])  # in the snapshot already
    world.diff(8, 8, bids=[("99.9", "0")])
    world.diff(9, 9, asks=[("100.15", "4")])
    assert world.load(7, BIDS, ASKS) == PROVEN
    assert world.levels() == ([[100.0, 1.0], [99.8, 3.0]], [[100.1, 1.5], [100.15, 4.0], [100.2, 2.5]])
    assert world.book.counters()[:4] == (2, 0, 0, 1)


def test_diffs_that_the_ring_has_lost_make_a_snapshot_too_old():
    world = BookWorld(capacity=4)
    for last in range(1, 9):
        world.diff(last, last)
    assert world.load(3, BIDS, ASKS) == TOO_OLD
    assert world.load(4, BIDS, ASKS) == PROVEN


def test_levels_that_the_ring_has_lost_make_a_snapshot_too_old():
    world = BookWorld(capacity=64, level_capacity=16)
    many = [(f"{99 - i}.0", "1") for i in range(8)]
    for last in range(1, 5):
        world.diff(last, last, bids=many)
    assert world.load(1, BIDS, ASKS) == TOO_OLD
    assert world.load(4, BIDS, ASKS) == PROVEN


def test_one_that_is_ahead_is_served_and_proved_by_the_next_diff():
    world = BookWorld()
    assert world.load(10, BIDS, ASKS) == AHEAD
    assert world.why == (STALE, BookReason.UNPROVEN)
    assert world.levels() == FLOATS
    assert not world.book.top().live
    world.diff(8, 9, bids=[("100.0", "7")])  # older: nothing to apply, nothing to prove
    assert world.why == (STALE, BookReason.UNPROVEN)
    world.diff(10, 11, bids=[("100.0", "0")])
    assert world.why == (LIVE, BookReason.NONE)
    assert world.book.bids(1).tolist() == [[99.9, 2.0]]
    assert world.book.head()[2] > 10**18


def test_a_diff_that_ends_where_the_snapshot_does_proves_it():
    world = BookWorld()
    world.load(10, BIDS, ASKS)
    world.diff(9, 10, bids=[("100.0", "1")])
    assert world.why == (LIVE, BookReason.NONE)
    assert world.levels() == FLOATS


def test_one_that_is_ahead_and_does_not_join_is_no_book():
    world = BookWorld()
    world.load(10, BIDS, ASKS)
    world.diff(12, 13)
    assert world.why == (STALE, BookReason.GAP)
    assert world.book.wants_snapshot()


def test_one_that_is_ahead_may_be_refused():
    world = BookWorld()
    assert world.load(10, BIDS, ASKS, unproven_too=False) == AHEAD
    assert world.why == (EMPTY, BookReason.NO_SNAPSHOT)


# -- diffs


def test_the_next_diff_is_applied():
    world = live()
    world.diff(11, 15, bids=[("99.95", "4"), ("99.8", "0")], asks=[("100.1", "7")])
    assert world.levels() == ([[100.0, 1.0], [99.95, 4.0], [99.9, 2.0]], [[100.1, 7.0], [100.2, 2.5]])
    assert (world.book.update_id, world.book.event_ns) == (15, 1_795_340_001_000_000_000)
    assert (world.book.bid_count, world.book.ask_count) == (3, 2)


def test_futures_join_by_the_id_before_and_skip_ids():
    world = live(FUTURES)
    world.diff(70, 90, bids=[("99.95", "4")], before=10)
    assert world.why == (LIVE, BookReason.NONE)
    assert world.book.update_id == 90
    world.diff(91, 95, before=85)  # begins within the one before: quantities are absolute
    assert world.is_live
    world.diff(97, 99, before=96)
    assert world.why == (STALE, BookReason.GAP)


def test_an_overlapping_diff_is_applied_and_an_old_one_is_not():
    world = live()
    world.diff(8, 12, bids=[("100.0", "5")])
    assert (world.book.update_id, world.book.bids(1)[0, 1]) == (12, 5.0)
    assert world.is_live


def test_a_gap_keeps_the_old_levels_and_says_so():
    world = live()
    world.diff(12, 13, bids=[("100.0", "0")])
    assert world.why == (STALE, BookReason.GAP)
    assert world.levels() == FLOATS
    assert world.book.update_id == 10
    assert world.book.head()[2] == 0
    assert world.book.counters()[2] == 1
    world.diff(14, 14, bids=[("100.0", "0")])
    assert world.levels() == FLOATS
    assert world.book.counters()[2] == 1
    assert world.load(12, BIDS[1:], ASKS) == PROVEN
    assert world.levels() == ([[99.9, 2.0], [99.8, 3.0]], FLOATS[1])
    assert world.why == (LIVE, BookReason.NONE)


def test_a_snapshot_that_cannot_be_joined_leaves_the_old_book_alone():
    world = live()
    world.diff(12, 13)
    for snapshot_id, bids, asks, result in (
        (10, BIDS, ASKS, TOO_OLD),
        (13, [("99.9", "2"), ("100.0", "1")], ASKS, MALFORMED),
        (13, [("100.0", "-1")], ASKS, MALFORMED),
        (13, [("0.0", "1")], ASKS, MALFORMED),
        (13, [("inf", "1")], ASKS, MALFORMED),
        (13, [("nan", "1")], ASKS, MALFORMED),
        (13, [("100.0", "1"), ("100.0", "2")], ASKS, MALFORMED),
        (-1, BIDS, ASKS, MALFORMED),
        (13, BIDS, [("100.0", "1")], CROSSED),
    ):
        assert world.load(snapshot_id, bids, asks) == result
        assert world.why == (STALE, BookReason.GAP)
        assert world.levels() == FLOATS


def test_a_lost_connection_suspends_it_until_a_diff_tells():
    world = live()
    world.book.suspend()
    assert world.why == (STALE, BookReason.DISCONNECTED)
    assert not world.book.wants_snapshot()
    world.diff(11, 11)
    assert world.is_live
    world.book.suspend()
    world.diff(13, 13)
    assert world.why == (STALE, BookReason.GAP)
    world.book.suspend()  # it is not lost any more than it was
    assert world.why == (STALE, BookReason.GAP)


@pytest.mark.parametrize(
    ("bids", "asks"),
    [
        ([("99.9", "-2")], []),
        ([("0", "1")], []),
        ([("0", "0")], []),
        ([("-1", "1")], []),
        ([("100.0", "5")], [("100.1", "-0.1")]),
    ],
)
def test_levels_that_cannot_be_are_not_applied_in_part(bids, asks):
    world = live()
    world.diff(11, 12, bids=bids, asks=asks)
    assert world.why == (STALE, BookReason.MALFORMED)
    assert world.levels() == FLOATS
    assert world.book.wants_snapshot()


def test_a_diff_that_does_not_decode_is_missing():
    world = live()
    message = combined(
        world.ring.stream, b'{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":11,"u":11,"b":[["1e400","1"]],"a":[]}'
    )
    assert world.send(message) == 0
    world.diff(12, 12)
    assert world.why == (STALE, BookReason.GAP)


@pytest.mark.parametrize(("first", "last"), [(12, 11), (2**62, 2**62 - 1)])
def test_ids_that_cannot_be_are_no_diff(first, last):
    world = live()
    world.diff(first, last, bids=[("99.9", "1")])
    assert world.why == (STALE, BookReason.MALFORMED)
    assert world.levels() == FLOATS


def test_an_id_far_ahead_is_a_gap():
    world = live()
    world.diff(2**62, 2**62 + 1)
    assert world.why == (STALE, BookReason.GAP)


def test_a_crossed_book_is_stale():
    world = live()
    world.diff(11, 11, bids=[("100.1", "1")])
    assert world.why == (STALE, BookReason.CROSSED)
    assert world.book.wants_snapshot()
    assert world.load(11, BIDS, ASKS) == PROVEN


def test_more_levels_than_the_ring_holds_are_no_diff():
    world = live(level_capacity=8)
    world.diff(11, 11, bids=[(f"{99 - i}", "1") for i in range(20)])
    assert world.why == (STALE, BookReason.TRUNCATED)
    assert world.levels() == FLOATS


def test_the_removal_of_an_unknown_level_is_nothing():
    world = live()
    world.diff(11, 11, bids=[("95.0", "0"), ("250.55555", "0")], asks=[("5000.0", "0.000")])
    assert world.is_live
    assert world.levels() == FLOATS


def test_a_side_may_be_empty_and_come_back():
    world = live()
    world.diff(11, 11, bids=[(price, "0") for price, _ in BIDS])
    top = world.book.top()
    assert math.isnan(top.bid_price)
    assert (top.bid_qty, top.ask_price) == (0.0, 100.1)
    assert world.book.bids().shape == (0, 2)
    assert world.is_live
    world.diff(12, 12, bids=[("90.0", "1")])
    assert world.book.top().bid_price == 90.0


# -- where levels lie


def test_far_and_odd_prices_are_levels_like_others():
    world = live(places=64, far_levels=64)
    model = ModelBook()
    model.set(BIDS, ASKS)
    changes = [
        ([("50.0", "1"), ("1.5", "2")], [("900.0", "3")]),  # outside of the grid
        ([("99.95", "4"), ("99.951", "5")], [("100.10001", "6")]),  # between its prices
        ([("50.0", "0"), ("99.951", "7")], [("900.0", "0"), ("900.1", "1")]),
        ([("0.00000001", "1")], [("123456789.12345678", "1")]),
    ]
    for number, (bids, asks) in enumerate(changes):
        world.diff(11 + number, 11 + number, bids, asks)
        model.set(bids, asks)
        for ours, theirs in zip(world.book.levels(), model.levels(), strict=True):
            assert ours.tobytes() == theirs.tobytes()
    assert world.book.qty_at("bid", 99.951) == 7.0
    assert world.book.qty_at("bid", 50.0) == 0.0
    assert world.book.qty_at("ask", 900.1) == 1.0
    assert world.book.qty_at("ask", 123456789.12345678) == 1.0


def test_a_price_that_wanders_takes_the_grid_along():
    world = live(places=64, far_levels=2048)
    model = ModelBook()
    model.set(BIDS, ASKS)
    middle = 1000
    for number in range(400):
        middle += 3
        bids = [(f"{(middle - 1) / 10:.1f}", "1"), (f"{(middle - 40) / 10:.1f}", "2")]
        asks = [(f"{(middle + step) / 10:.1f}", "0") for step in range(-3, 1)] + [
            (f"{(middle + 5) / 10:.1f}", "1")
        ]
        world.diff(11 + number, 11 + number, bids, asks)
        model.set(bids, asks)
        for ours, theirs in zip(world.book.levels(), model.levels(), strict=True):
            assert ours.tobytes() == theirs.tobytes()
    assert world.is_live
    assert world.book.counters()[4] > 10


def test_a_finer_tick_gets_a_finer_grid():
    world = live(places=8192, far_levels=1024)
    for number in range(600):
        world.diff(11 + number, 11 + number, bids=[(f"99.{8000 + number}", "1")])
    assert world.book.counters()[4] == 1
    assert world.book.bid_count == 602
    assert world.book.bids(2).tolist() == [[100.0, 1.0], [99.9, 2.0]]


def test_the_worst_far_levels_are_given_up_where_there_is_no_room():
    world = live(places=64, far_levels=64)
    world.load(10, BIDS, ASKS, limit=3)
    assert world.book.head()[3:] == (99.8, math.inf)
    far = [(f"{1 + i * 0.5:.1f}", "1") for i in range(80)]
    for number, level in enumerate(far):
        world.diff(11 + number, 11 + number, bids=[level])
    assert world.is_live
    dropped = world.book.counters()[5]
    assert dropped > 0
    bids = world.book.bids()[:, 0].tolist()
    assert len(bids) == world.book.bid_count == 3 + len(far) - dropped
    assert bids == [100.0, 99.9, 99.8, *[float(price) for price, _ in reversed(far)]][: len(bids)]


def test_what_is_known_reaches_to_the_edge_of_the_snapshot():
    world = BookWorld()
    world.diff(9, 10)
    assert world.load(10, BIDS, ASKS, limit=3) == PROVEN
    assert world.book.head()[3:] == (99.8, math.inf)  # fewer asks than were asked for: these are all
    assert world.book.known_levels() == (3, 2)
    world.diff(11, 11, bids=[("90.0", "1"), ("99.85", "1")])
    assert world.book.known_levels() == (4, 2)


# -- quotes


def test_a_newer_quote_is_the_best_level_of_both_sides():
    world = live(quotes=True)
    assert world.book.top().source == "depth"
    world.quote(10, "99.0", "101.0")  # as old as the book
    assert world.book.top().source == "depth"
    assert world.levels() == FLOATS
    world.quote(12, "99.9", "100.05", "7", "8")
    top = world.book.top()
    assert (top.source, top.update_id) == ("book_ticker", 12)
    assert (top.bid_price, top.bid_qty, top.ask_price, top.ask_qty) == (99.9, 7.0, 100.05, 8.0)
    assert world.levels() == ([[99.9, 7.0], [99.8, 3.0]], [[100.05, 8.0], *FLOATS[1]])
    assert world.book.qty_at("bid", 100.0) == 0.0
    assert world.book.qty_at("bid", 99.9) == 7.0
    assert world.book.qty_at("ask", 100.05) == 8.0
    world.diff(11, 13)
    assert world.book.top().source == "depth"
    assert world.levels() == FLOATS


def test_a_quote_may_take_all_levels_of_a_side():
    world = live(quotes=True)
    world.quote(12, "90.0", "200.0")
    assert world.levels() == ([[90.0, 1.0]], [[200.0, 1.0]])
    world.quote(13, "150.0", "151.0")
    assert world.levels() == ([[150.0, 1.0], *FLOATS[0]], [[151.0, 1.0]])


def test_a_quote_of_an_empty_side_takes_its_levels():
    world = live(quotes=True)
    world.quote(12, "100.0", "0.00000000", "2", "0.00000000")
    assert world.book.asks().shape == (0, 2) or world.book.asks()[0, 0] > 0
    assert world.book.top().source == "book_ticker"


def test_before_there_is_a_book_a_quote_is_a_top_and_no_level():
    world = BookWorld(quotes=True)
    world.quote(5, "99.0", "99.5")
    top = world.book.top()
    assert (top.source, top.bid_price, top.live) == ("book_ticker", 99.0, False)
    with pytest.raises(BookNotReady):
        world.book.bids()


# -- partial depth


def test_each_message_of_partial_depth_is_the_whole_book():
    world = BookWorld(WHOLE, places=512, far_levels=64)
    assert world.why == (EMPTY, BookReason.NO_SNAPSHOT)
    assert not world.book.wants_snapshot()
    world.whole(5, BIDS, ASKS)
    assert world.why == (LIVE, BookReason.NONE)
    assert world.levels() == FLOATS
    world.whole(9, [("5000.0", "1")], [("5000.1", "2"), ("5000.2", "3")])
    assert world.levels() == ([[5000.0, 1.0]], [[5000.1, 2.0], [5000.2, 3.0]])
    assert world.book.head()[3:] == (5000.0, 5000.2)
    world.book.suspend()
    assert world.why == (STALE, BookReason.DISCONNECTED)
    world.whole(10, BIDS, ASKS)
    assert world.is_live
    world.whole(11, [("100.1", "1")], ASKS)
    assert world.why == (STALE, BookReason.CROSSED)
    world.whole(12, BIDS, ASKS)
    assert world.is_live


# -- reads


def test_reads_are_what_a_plain_book_gives():
    world = live()
    assert world.book.levels(1)[0].tolist() == [[100.0, 1.0]]
    assert world.book.bids(10**6).tolist() == FLOATS[0]
    assert world.book.asks(2).tolist() == FLOATS[1]
    assert world.book.qty_to("bid", 99.9) == 3.0
    assert world.book.qty_to("bid", 99.85) == 3.0
    assert world.book.qty_to("bid", 101.0) == 0.0
    assert world.book.qty_to("ask", 1e9) == 4.0
    assert world.book.average_price("ask", 1.5) == 100.1
    assert world.book.average_price("ask", 2.5) == pytest.approx((1.5 * 100.1 + 1.0 * 100.2) / 2.5, rel=1e-15)
    assert math.isnan(world.book.average_price("ask", 4.1))
    assert world.book.average_price("ask", 4.0) == pytest.approx((1.5 * 100.1 + 2.5 * 100.2) / 4.0, rel=1e-15)
    assert world.book.imbalance() == pytest.approx((1.0 - 1.5) / 2.5)
    assert world.book.imbalance(2) == pytest.approx((3.0 - 4.0) / 7.0)
    assert world.book.imbalance(10**9) == pytest.approx((6.0 - 4.0) / 10.0)
    top = world.book.top()
    assert top.spread == pytest.approx(0.1)
    assert top.mid == pytest.approx(100.05)
    assert 0 < top.age_ns < 60 * 10**9
    assert repr(top) == (
        "Top(bid_price=100.0, bid_qty=1.0, ask_price=100.1, ask_qty=1.5, update_id=10, source='depth')"
    )


def test_a_top_survives_the_way_to_another_process():
    top = live().book.top()
    again = pickle.loads(pickle.dumps(top))
    assert repr(again) == repr(top)
    assert (again.event_ns, again.recv_ns, again.live) == (top.event_ns, top.recv_ns, True)


def test_copies_stay_as_they_are():
    world = live()
    before = world.book.bids()
    world.diff(11, 11, bids=[("100.0", "0")])
    assert before.tolist() == FLOATS[0]
    before[0, 0] = 5.0
    assert world.book.bids(1).tolist() == [[99.9, 2.0]]


@pytest.mark.parametrize("n", [0, -1, True, 1.5, "3", None])
def test_an_imbalance_is_of_a_number_of_levels(n):
    world = live()
    with pytest.raises(ConfigurationError, match="an imbalance is of 1 level or more"):
        world.book.imbalance(n)


@pytest.mark.parametrize("n", [0, -1, True, 1.5, "3"])
def test_a_number_of_levels_is_one(n):
    world = live()
    for read in (world.book.bids, world.book.asks, world.book.levels):
        with pytest.raises(ConfigurationError, match="a number of levels is 1 or more"):
            read(n)


def test_other_mistakes_of_readers_are_told():
    book = live().book
    with pytest.raises(ConfigurationError, match="a side is 'bid' or 'ask', not 'BUY'"):
        book.qty_at("BUY", 1.0)
    for qty in (0, -1, math.nan, math.inf):
        with pytest.raises(ConfigurationError, match="a quantity is a number above 0"):
            book.average_price("bid", qty)
    with pytest.raises(ConfigurationError, match="of 1 level or more"):
        book.imbalance(0)
    with pytest.raises(TypeError, match=r"tops come from OrderBook.top\(\)"):
        Top()


def test_what_no_book_can_be_made_of_is_told():
    quotes = RingBase(int(Kind.BOOK_TICKER), "btcusdt@bookTicker", "main", "BTCUSDT", capacity=4)
    with pytest.raises(ConfigurationError, match="records have no levels to make a book of"):
        BookBase(quotes, None, rule=SPOT)
    world = live()
    with pytest.raises(ConfigurationError, match="powers of two from 64 to 1,048,576"):
        BookBase(world.ring, None, rule=SPOT, places=100)
    with pytest.raises(ConfigurationError, match="a book's rule is 1, 2 or 3, not 4"):
        BookBase(world.ring, None, rule=4)
    with pytest.raises(ConfigurationError, match="feeds a book already"):
        BookBase(world.ring, None, rule=SPOT).attach_writer()


def test_a_book_that_is_gone_is_written_to_no_more():
    world = live()
    del world.book
    world.diff(11, 11)
    assert world.ring.cursor == 1
    again = BookBase(world.ring, None, rule=SPOT)
    again.attach_writer()
    again.detach_writer()
    world.diff(12, 12)
    assert again.counters()[0] == 0


def test_its_memory_is_what_it_says():
    assert live().book.memory_bytes == book_bytes(8192, 4096)
    assert (
        book_bytes(8192, 4096) == 4096 + 2 * 1024 + 2 * 8 * 8192 + 2 * 16 * 4096 + 2048
    )  # a whole page at the end


# -- against a plain book


ticks = st.sampled_from(["0.01", "0.1", "0.5", "1", "0.00000001", "25"])


@st.composite
def streams(draw):
    """Diffs around a middle that wanders, on a tick, with levels far away, and some between two ticks."""
    tick = draw(ticks)
    decimals = len(tick.partition(".")[2])
    middle = draw(st.integers(500, 100_000))
    diffs = []
    for _ in range(draw(st.integers(1, 30))):
        middle = max(300, middle + draw(st.integers(-60, 60)))

        def side(sign, middle=middle):
            levels = []
            for offset in draw(st.lists(st.integers(1, 250), max_size=12, unique=True)):
                far = draw(st.sampled_from([1, 1, 1, 1, 40]))
                steps = max(1, middle + sign * offset * far)
                price = f"{steps * float(tick):.{decimals}f}"
                if draw(st.integers(0, 19)) == 0:
                    price = f"{steps * float(tick) * 1.0000123:.{decimals + 3}f}"
                levels.append((price, draw(st.sampled_from(["0", "0.000", "1", "2.5", "1000000"]))))
            return levels

        diffs.append((middle, side(-1), side(1)))
    return tick, decimals, diffs


@settings(max_examples=60)
@given(streams(), st.sampled_from([64, 256, 8192]))
def test_any_stream_of_diffs_leaves_the_levels_of_a_plain_book(stream, places):
    tick, decimals, diffs = stream
    world = BookWorld(places=places, far_levels=4096, capacity=64)
    model = ModelBook()
    world.diff(1, 1)
    first = diffs[0][0] * float(tick)
    bids, asks = (
        [(f"{first - float(tick):.{decimals}f}", "1")],
        [(f"{first + float(tick):.{decimals}f}", "1")],
    )
    if world.load(1, bids, asks) != PROVEN:
        return  # two prices that are one with so few digits, or none
    model.set(bids, asks)
    for number, (middle, bids, asks) in enumerate(diffs):
        # What has been crossed is removed, as an exchange does it.
        edge = middle * float(tick)
        bids = [*bids, *[(repr(price), "0") for price in model.bids if price >= edge]]
        asks = [*asks, *[(repr(price), "0") for price in model.asks if price <= edge]]
        bids = [level for level in bids if float(level[0]) > 0]
        asks = [level for level in asks if float(level[0]) > 0]
        world.diff(2 + number, 2 + number, bids, asks)
        model.set(bids, asks)
        crossed = model.bids and model.asks and max(model.bids) >= min(model.asks)
        if crossed:
            assert world.why == (STALE, BookReason.CROSSED)
            return
        assert world.is_live
        for ours, theirs in zip(world.book.levels(), model.levels(), strict=True):
            assert ours.tobytes() == theirs.tobytes()
        top, (best_bids, best_asks) = world.book.top(), model.levels()
        for best, levels in (
            ((top.bid_price, top.bid_qty), best_bids),
            ((top.ask_price, top.ask_qty), best_asks),
        ):
            assert np.array_equal(best, levels[0]) if len(levels) else math.isnan(best[0])
        assert (world.book.bid_count, world.book.ask_count) == (len(best_bids), len(best_asks))


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(["next", "skip", "again", "overlap", "lose", "snapshot", "old snapshot"]), max_size=40
    )
)
def test_it_is_live_only_when_every_diff_since_the_snapshot_is_known(steps):
    world = BookWorld(capacity=64)
    at, known, proven = 10, None, False
    real = ModelBook()
    real.set(BIDS, ASKS)
    history, changes, sent = {10: real.levels()}, {}, 10
    world.diff(10, 10)
    for step in steps:
        if step in ("next", "skip", "overlap"):
            at += 1
            changes[at] = [(f"{90 + at % 7}.5", str(at % 3))]
            real.set(changes[at], [])
            history[at] = real.levels()
            if step == "skip":
                continue
            first = at if step == "next" else max(11, at - 2)
            world.diff(first, at, [level for number in range(first, at + 1) for level in changes[number]])
            sent = at
            if known is not None:
                proven = first - 1 <= known
                known = at if proven else None
        elif step == "again":
            world.diff(sent, sent, is_new=False)
        elif step == "lose":
            world.book.suspend()
            proven = False
        elif (wanted := at if step == "snapshot" else sent - 5) in history:
            bids, asks = history[wanted]
            result = world.book.load(wanted, bids, asks, 1_000)
            if result in (PROVEN, AHEAD):
                known, proven = world.book.update_id, result == PROVEN
        assert world.is_live == proven
        if proven:
            for ours, theirs in zip(world.book.levels(), history[known], strict=True):
                assert ours.tobytes() == theirs.tobytes()


def test_a_price_of_few_ticks_needs_no_other_grid():
    world = BookWorld()
    world.diff(1, 1)
    bids, asks = [("0.00000500", "1")], [("0.00000501", "1")]
    assert world.load(1, bids, asks) == PROVEN
    for number in range(2, 50):
        world.diff(number, number, bids=[(f"0.00000{450 + number}", "1")])
    assert world.book.counters()[4] == 0


def test_prices_that_leave_what_is_known_make_it_stale():
    world = BookWorld()
    world.diff(9, 10)
    assert world.load(10, BIDS, ASKS, limit=2) == PROVEN
    world.diff(11, 11, asks=[("105.0", "1")])
    assert world.is_live
    assert math.isnan(world.book.average_price("ask", 4.5))  # of the last one nobody knows whether it is next
    world.diff(12, 12, asks=[("100.1", "0"), ("100.2", "0")])
    assert world.why == (STALE, BookReason.UNKNOWN)
    assert world.book.wants_snapshot()
    assert world.load(12, BIDS, [("101.0", "1"), ("102.0", "1")], limit=2) == PROVEN


def test_a_side_of_which_nothing_known_is_left_makes_it_stale():
    world = BookWorld()
    world.diff(9, 10)
    assert world.load(10, BIDS, ASKS, limit=3) == PROVEN  # all asks there are, and the best three bids
    world.diff(11, 11, asks=[(price, "0") for price, _ in ASKS])
    assert world.is_live
    world.diff(12, 12, bids=[(price, "0") for price, _ in BIDS])
    assert world.why == (STALE, BookReason.UNKNOWN)


def test_a_snapshot_that_prices_have_left_meanwhile_is_of_no_use():
    world = BookWorld()
    world.diff(9, 10)
    world.diff(11, 11, bids=[(price, "0") for price, _ in BIDS])
    assert world.load(10, BIDS, ASKS, limit=3) == 5
    assert world.why == (STALE, BookReason.UNKNOWN)


def test_a_price_that_is_no_number_is_refused():
    book = live().book
    for read in (book.qty_to, book.qty_at):
        with pytest.raises(ConfigurationError, match="a price is a number, not nan"):
            read("bid", math.nan)
