"""Order books at their edges: other processes' memory, ids that begin anew, no room, empty sides."""

import ctypes
import math

import numpy as np
import pytest
from support.frames import combined, pack, text_of
from support.model_book import FUTURES, SPOT, WHOLE, BookWorld, ModelBook, array_of

from fastbinance._core.book import BookBase, book_bytes
from fastbinance._core.segment import RingMemoryView, Segment
from fastbinance.book_states import BookReason, BookState
from fastbinance.errors import BookNotReady, ConfigurationError

EMPTY, LIVE, STALE = BookState.EMPTY, BookState.LIVE, BookState.STALE
PROVEN, AHEAD, TOO_OLD, MALFORMED, CROSSED = range(5)
BIDS = [("100.0", "1"), ("99.9", "2"), ("99.8", "3")]
ASKS = [("100.1", "1.5"), ("100.2", "2.5")]
FLOATS = ([[100.0, 1.0], [99.9, 2.0], [99.8, 3.0]], [[100.1, 1.5], [100.2, 2.5]])
SHAPE = {"places": 512, "far_levels": 64}
# Words of the header of a book; see book_memory.hpp.
PLACES, CLAIM, CURSOR = 16, 64, 72


def live(rule=SPOT, **options):
    """Return a world whose book is live at id 10."""
    world = BookWorld(rule, **options)
    world.diff(9, 10, before=8)
    assert world.load(10, BIDS, ASKS) == PROVEN
    return world


class SharedBook(BookWorld):
    """A book in a segment, live at id 10, and another process's view of it."""

    def __init__(self):
        segment = Segment.create("test", 1 << 24, 4)
        size = book_bytes(**SHAPE)
        self.memory = RingMemoryView.allocate(segment, size, "main", "btcusdt@depth@100ms (book)", "BTCUSDT")
        super().__init__(memory=self.memory, **SHAPE)
        self.diff(9, 10)
        assert self.load(10, BIDS, ASKS) == PROVEN
        self.reader = self.view()

    def view(self, **options):
        options = {"writes": False, "formats": False, **options}
        return BookBase(self.ring, None, rule=SPOT, memory=self.memory, **SHAPE, **options)

    def word(self, offset, kind=ctypes.c_int64):
        return kind.from_address(self.memory.address + offset)

    def take_over(self):
        """Have another writer go on."""
        self.book.detach_writer()
        self.book = self.view(writes=True, again=True)
        self.book.attach_writer()


# -- memory of other processes


def test_another_process_reads_the_same_book():
    shared = SharedBook()
    assert tuple(side.tolist() for side in shared.reader.levels()) == FLOATS
    shared.diff(11, 11, bids=[("100.0", "0")])
    assert shared.reader.bids(1).tolist() == [[99.9, 2.0]]
    assert shared.reader.update_id == 11
    for write in (shared.reader.suspend, shared.reader.attach_writer, shared.reader.wants_snapshot):
        with pytest.raises(TypeError, match="is written by another process"):
            write()
    with pytest.raises(TypeError, match="is written by another process"):
        shared.reader.load(10, array_of(BIDS), array_of(ASKS), 1_000)


def test_whoever_reads_a_change_that_never_ends_is_told_and_does_not_hang():
    shared = SharedBook()
    shared.word(CLAIM).value += 1
    book = shared.reader
    reads = (
        book.top, book.bids, book.asks, book.levels, book.head, book.imbalance, book.known_levels,
        lambda: book.levels(20), lambda: book.qty_at("bid", 100.0), lambda: book.qty_to("bid", 99.0),
        lambda: book.average_price("ask", 1.0), lambda: book.update_id,
    )  # fmt: skip
    for read in reads:
        with pytest.raises(BookNotReady, match="the process that wrote it is gone"):
            read()
    assert book.counters()[0] == 0  # of no moment in particular


def test_a_writer_that_was_stopped_between_changes_leaves_a_book_that_was_right():
    shared = SharedBook()
    shared.take_over()
    assert shared.why == (STALE, BookReason.NEW_FEED)
    assert shared.book.wants_snapshot()
    assert tuple(side.tolist() for side in shared.reader.levels()) == FLOATS
    shared.diff(11, 11, bids=[("100.0", "0")])
    assert shared.why == (STALE, BookReason.NEW_FEED)
    assert shared.load(11, BIDS[1:], ASKS) == PROVEN
    assert shared.reader.bids(1).tolist() == [[99.9, 2.0]]


def test_a_writer_that_was_stopped_within_a_change_leaves_nothing():
    shared = SharedBook()
    shared.word(CLAIM).value += 1
    shared.take_over()
    assert shared.word(CLAIM).value == shared.word(CURSOR).value
    assert shared.why == (EMPTY, BookReason.NEW_FEED)
    with pytest.raises(BookNotReady, match="the process that wrote it is gone"):
        shared.reader.bids()
    assert shared.load(10, BIDS, ASKS) == PROVEN
    assert tuple(side.tolist() for side in shared.reader.levels()) == FLOATS


@pytest.mark.parametrize(
    ("offset", "value"), [(0, 7), (8, 99), (12, 9), (PLACES, 1024), (20, 63), (24, 1 << 30)]
)
def test_memory_whose_header_leads_elsewhere_is_refused(offset, value):
    shared = SharedBook()
    shared.word(offset, ctypes.c_uint32).value = value
    with pytest.raises(ConfigurationError, match="has no good header"):
        shared.view()


def test_memory_that_is_too_small_is_refused():
    shared = SharedBook()
    with pytest.raises(ConfigurationError, match="bytes, not"):
        BookBase(shared.ring, None, rule=SPOT, memory=shared.memory, places=8192, far_levels=4096)


# -- ids


@pytest.mark.parametrize("first", [1, 5, 9])
def test_ids_that_begin_anew_make_it_stale_until_a_snapshot_of_theirs(first):
    world = live()
    late = np.array([world.book.recv_ns + 10**10], np.int64)  # nothing has come for so long
    event = {"e": "depthUpdate", "E": 1_795_340_020_000, "s": "BTCUSDT", "b": [["100.0", "0"]], "a": []}
    for number in (first, first + 1):  # the second one tells that the first was none that lags
        message = combined(world.ring.stream, text_of(event | {"U": number, "u": number}))
        world.feed.replay(*pack([message]), late)
    assert world.ring.last().update_id == first + 1
    assert world.why == (STALE, BookReason.GAP)
    assert world.levels() == FLOATS
    world.diff(first + 2, first + 2, bids=[("99.9", "4")])
    assert world.why == (STALE, BookReason.GAP)
    assert world.load(first + 1, BIDS[1:], ASKS) == PROVEN
    assert world.book.update_id == first + 2
    assert world.levels() == ([[99.9, 4.0], [99.8, 3.0]], FLOATS[1])


@pytest.mark.parametrize(("first", "last", "before"), [(11, 12, 13), (-5, 12, 10), (11, 12, -2)])
def test_ids_of_futures_that_cannot_be_are_no_diff(first, last, before):
    world = live(FUTURES)
    world.diff(first, last, bids=[("99.9", "9")], before=before)
    assert world.why[0] is STALE
    assert world.levels() == FLOATS


def test_a_bad_diff_makes_older_snapshots_of_no_use_and_not_newer_ones():
    world = live()
    world.diff(11, 11, bids=[("99.9", "-1")])
    world.diff(12, 12, bids=[("99.9", "5")])
    assert world.load(10, BIDS, ASKS) == TOO_OLD
    assert world.load(11, BIDS, ASKS) == PROVEN
    assert world.levels() == ([[100.0, 1.0], [99.9, 5.0], [99.8, 3.0]], FLOATS[1])


def test_a_snapshot_whose_diffs_cross_it_is_not_live():
    world = BookWorld()
    world.diff(9, 10)
    world.diff(11, 11, bids=[("100.15", "1")])
    world.diff(12, 12, asks=[("100.1", "0")])
    assert world.load(10, BIDS, ASKS) == CROSSED
    assert world.why == (STALE, BookReason.CROSSED)
    assert world.book.wants_snapshot()


def test_a_live_book_takes_a_deeper_snapshot_and_stays_live():
    world = live()
    world.diff(11, 11, bids=[("99.9", "7")])
    more = [*BIDS, ("99.0", "4")]
    assert world.load(10, more, ASKS) == PROVEN
    assert world.is_live
    assert world.book.bids().tolist() == [[100.0, 1.0], [99.9, 7.0], [99.8, 3.0], [99.0, 4.0]]
    assert world.load(13, more, ASKS, unproven_too=False) == AHEAD
    assert world.is_live
    assert world.book.counters()[2] == 0


# -- no room


def test_of_a_snapshot_for_which_there_is_no_room_the_best_stay_and_what_is_known_says_so():
    world = BookWorld(places=64, far_levels=64)
    world.diff(9, 10)
    bids = [(f"{1000 - i}.0", "1") for i in range(400)]
    asks = [(f"{1001 + i}.0", "1") for i in range(400)]
    assert world.load(10, bids, asks, limit=400) == PROVEN
    _, _, _, floor, ceiling = world.book.head()
    for side, all_levels, edge in zip(world.book.levels(), (bids, asks), (floor, ceiling), strict=True):
        assert len(side) >= 64
        best = [
            level for level in array_of(all_levels).tolist() if abs(level[0] - 1000.5) <= abs(edge - 1000.5)
        ]
        assert len(best) >= 64
        assert side[: len(best)].tolist() == best
        assert abs(edge - 1000.5) < 399
    assert world.book.counters()[5] == 800 - world.book.bid_count - world.book.ask_count
    assert world.book.known_levels() == (
        sum(float(price) >= floor for price, _ in bids), sum(float(price) <= ceiling for price, _ in asks),
    )  # fmt: skip


def test_a_move_to_another_grid_loses_no_level_for_which_there_is_room():
    world = BookWorld(places=64, far_levels=1024)
    world.diff(9, 10)
    model = ModelBook()
    bids = [(f"{1000 - 3 * i}.0", str(i + 1)) for i in range(300)]
    asks = [(f"{1001 + 3 * i}.0", str(i + 1)) for i in range(300)]
    assert world.load(10, bids, asks) == PROVEN
    model.set(bids, asks)
    for number, (price, _) in enumerate(asks[:250]):
        world.diff(11 + number, 11 + number, asks=[(price, "0")])
        model.set([], [(price, "0")])
        for ours, theirs in zip(world.book.levels(), model.levels(), strict=True):
            assert ours.tobytes() == theirs.tobytes()
    assert world.book.counters()[4] > 5
    assert world.book.counters()[5] == 0


# -- sides without orders


def test_a_quote_without_asks_leaves_no_ask():
    world = live(quotes=True)
    world.quote(12, "100.0", "0.00000000", "2", "0.00000000")
    top = world.book.top()
    assert (top.source, top.bid_price, top.bid_qty, top.ask_qty) == ("book_ticker", 100.0, 2.0, 0.0)
    assert math.isnan(top.ask_price)
    assert world.levels() == ([[100.0, 2.0], *FLOATS[0][1:]], [])
    assert world.book.qty_at("ask", 100.1) == world.book.qty_to("ask", 1e9) == 0.0
    assert math.isnan(world.book.average_price("ask", 1.0))
    assert world.book.imbalance(5) == 1.0


def test_a_quote_without_bids_leaves_no_bid():
    world = live(quotes=True)
    world.quote(12, "0.00000000", "100.1", "0.00000000", "3")
    top = world.book.top()
    assert math.isnan(top.bid_price)
    assert (top.bid_qty, top.ask_price, top.ask_qty) == (0.0, 100.1, 3.0)
    assert world.levels() == ([], [[100.1, 3.0], FLOATS[1][1]])
    assert world.book.qty_at("bid", 100.0) == world.book.qty_to("bid", 1.0) == 0.0
    assert world.book.imbalance(5) == -1.0


def test_a_side_that_is_empty_from_the_first_comes_to_life():
    world = BookWorld(**SHAPE)
    world.diff(9, 10)
    assert world.load(10, [], []) == PROVEN
    assert world.levels() == ([], [])
    assert world.book.known_levels() == (0, 0)
    assert math.isnan(world.book.imbalance(3))
    world.diff(11, 11, bids=[("0.00001234", "5")])
    assert world.levels() == ([[0.00001234, 5.0]], [])
    world.diff(12, 12, asks=[("0.00001235", "6")])
    assert world.levels() == ([[0.00001234, 5.0]], [[0.00001235, 6.0]])
    assert world.is_live


@pytest.mark.parametrize("price", [-1e200, -100.0, 0.0, 1e200, math.inf, -math.inf, 100.00000001])
@pytest.mark.parametrize("quotes", [False, True])
def test_at_a_price_that_no_level_has_there_is_no_quantity(price, quotes):
    world = live(quotes=quotes)
    if quotes:
        world.quote(12, "100.0", "100.1")
    assert world.book.qty_at("bid", price) == 0.0
    assert world.book.qty_at("ask", price) == 0.0


def test_of_a_whole_book_for_which_there_is_no_room_the_edge_of_what_is_known_says_so():
    world = BookWorld(WHOLE, places=64, far_levels=64)
    bids = [(f"{1000 - i}.0", "1") for i in range(80)]
    asks = [(f"{1001 + i}.0", "1") for i in range(400)]
    world.whole(5, bids, asks)
    _, _, _, floor, ceiling = world.book.head()
    dropped = world.book.counters()[5]
    assert dropped == 480 - world.book.bid_count - world.book.ask_count > 0
    assert floor == 921.0  # for the bids there is room
    assert 1001.0 < ceiling < 1400.0
    known = [level for level in array_of(asks).tolist() if level[0] <= ceiling]
    assert world.book.asks(len(known)).tolist() == known
