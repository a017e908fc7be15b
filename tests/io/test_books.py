"""The life of many books: whose snapshot is asked for, when, and what becomes of it."""

import asyncio
from types import SimpleNamespace

import pytest

from fastbinance._io.books import Books
from fastbinance._io.wishes import Wish
from fastbinance._protocol.request_limits import RequestLimits
from fastbinance._protocol.snapshots import SnapshotRequest
from fastbinance.book_states import BookReason, BookState
from fastbinance.keys import WsKey
from fastbinance.request_errors import NotSent, RateLimited
from fastbinance.streams import parse

pytestmark = pytest.mark.asyncio

EMPTY, LIVE, STALE = BookState.EMPTY, BookState.LIVE, BookState.STALE
BODY = b'{"lastUpdateId":9,"bids":[["100.0","1"]],"asks":[["100.1","2"]]}'


class FakeBook:
    """Does as it is told, and notes what is asked of it."""

    def __init__(self):
        self.ring = SimpleNamespace(cursor=-1)
        self.state, self.reason, self.gaps = EMPTY, BookReason.NO_SNAPSHOT, 0
        self.loads = []
        self.result = 0
        self.suspended = 0
        self.attached = None
        self.known = (1_000, 1_000)
        self.snapshots = 0

    def attach_writer(self):
        self.attached = True

    def detach_writer(self):
        self.attached = False

    def wants_snapshot(self):
        return self.state is not LIVE and self.reason not in (BookReason.UNPROVEN, BookReason.DISCONNECTED)

    def suspend(self):
        self.suspended += 1
        if self.state is LIVE:
            self.state, self.reason = STALE, BookReason.DISCONNECTED

    def lose(self):
        self.state, self.reason, self.gaps = STALE, BookReason.GAP, self.gaps + 1

    def load(self, snapshot_id, bids, asks, limit, unproven_too):
        self.loads.append((snapshot_id, bids.tolist(), asks.tolist(), limit, unproven_too))
        if self.result == 0:
            self.state, self.reason = LIVE, BookReason.NONE
            self.snapshots += 1
        elif self.result == 1 and unproven_too:
            self.state, self.reason = STALE, BookReason.UNPROVEN
        return self.result

    def head(self):
        return int(self.state), int(self.reason), 0, 99.0, 101.0

    def counters(self):
        return 0, 0, self.gaps, self.snapshots, 0, 0, 0

    def known_levels(self):
        return self.known


class World:
    """Books on a loop, a clock that is set by hand, and REST that answers when it is told to."""

    def __init__(self):
        self.now = 1_000.0
        self.limits = RequestLimits("spot")
        self.asked = []
        self.events = []
        self.told = []
        self.answers = {}
        loop = asyncio.get_running_loop()
        self.books = Books(
            apis=SimpleNamespace(rest=self, rest_limits=lambda product: self.limits),
            emit=self.events.append,
            told=lambda book, trouble, hopeless: self.told.append((book, trouble, hopeless)),
        )
        self.books._loop = SimpleNamespace(time=lambda: self.now, create_task=loop.create_task)

    async def call(self, product, verb, path, params, **options):
        self.asked.append(params["symbol"])
        self.answers[params["symbol"]] = answer = asyncio.get_running_loop().create_future()
        return await answer

    def add(self, symbol, weight=50, cursor=-1, book=None):
        stream = parse(f"{symbol.lower()}@depth@100ms", "spot")
        wish = Wish(stream, WsKey.MAIN)
        book = FakeBook() if book is None else book
        book.ring.cursor = cursor
        self.books.add(book, wish, SnapshotRequest("spot", "/api/v3/depth", symbol, 1_000, weight))
        return book, wish

    def live(self, symbol, weight=50):
        """Add a book whose stream is confirmed and has spoken."""
        book, wish = self.add(symbol, weight)
        wish.confirm(self.now)
        book.ring.cursor = 0
        return book

    async def sample(self, seconds=0.05):
        self.now += seconds
        self.books.sample(self.now)
        await self.settle()

    async def settle(self):
        for _ in range(5):
            await asyncio.sleep(0)

    async def answer(self, symbol, used=0, body=BODY):
        self.limits.learn_weight(used, 6_000, self.now)
        answer = self.answers.pop(symbol)
        if isinstance(body, Exception):
            answer.set_exception(body)
        else:
            answer.set_result(body)
        await self.settle()

    def kinds(self):
        return [(event.kind, event.reason) for event in self.events]


@pytest.fixture
async def world():
    made = World()
    yield made
    await made.books.close()


async def test_a_snapshot_is_asked_for_once_a_diff_has_come(world):
    book, wish = world.add("BTCUSDT")
    assert book.attached
    await world.sample()
    wish.confirm(world.now)
    await world.sample()
    assert world.asked == []
    book.ring.cursor = 0
    await world.sample()
    await world.sample()
    assert world.asked == ["BTCUSDT"]
    await world.answer("BTCUSDT")
    assert book.loads == [(9, [[100.0, 1.0]], [[100.1, 2.0]], 1_000, True)]
    assert world.kinds() == [("book_ready", None)]
    assert world.told == [(book, "", None)]
    await world.sample()
    assert world.asked == ["BTCUSDT"]


async def test_a_stream_that_says_nothing_for_a_second_is_quiet_and_not_waited_for(world):
    _, wish = world.add("BTCUSDT")
    wish.confirm(world.now)
    await world.sample(0.9)
    assert world.asked == []
    await world.sample(0.2)
    assert world.asked == ["BTCUSDT"]


async def test_the_first_request_goes_alone_because_nobody_knows_what_is_used(world):
    for symbol in ("AUSDT", "BUSDT", "CUSDT", "DUSDT", "EUSDT", "FUSDT"):
        world.live(symbol)
    await world.sample()
    assert len(world.asked) == 1
    await world.answer(world.asked[0], used=50)
    assert len(world.asked) == 5
    await world.answer(world.asked[1], used=100)
    assert len(world.asked) == 6


async def test_the_hottest_is_asked_for_first(world):
    books = {symbol: world.live(symbol) for symbol in ("AUSDT", "BUSDT", "CUSDT")}
    world.limits.refused(429, -1003, None, [], "", world.now, 0.0)  # so that all wait
    for symbol, cursor in (("AUSDT", 3), ("BUSDT", 90), ("CUSDT", 30)):
        books[symbol].ring.cursor = cursor
    await world.sample(1.5)
    assert world.asked == []
    await world.sample(61.0)
    await world.answer("BUSDT", used=50)
    assert world.asked == ["BUSDT", "CUSDT", "AUSDT"]


async def test_what_came_before_a_book_began_does_not_make_it_hot(world):
    await world.sample(2.0)
    world.limits.refused(429, -1003, None, [], "", world.now, 0.0)  # so that both wait
    old, old_wish = world.add("OLDUSDT", cursor=100_000)
    new, new_wish = world.add("NEWUSDT")
    for wish in (old_wish, new_wish):
        wish.confirm(world.now)
    old.ring.cursor, new.ring.cursor = 100_001, 50
    await world.sample(1.5)
    await world.sample(61.0)
    assert world.asked == ["NEWUSDT"]


async def test_no_more_weight_is_used_than_there_is_with_what_is_spared_for_others(world):
    for number in range(8):
        world.live(f"S{number}USDT", weight=1_000)
    await world.sample()
    await world.answer(world.asked[0], used=1_000)
    # 600 of 6,000 are for others: four more, and not five.
    assert len(world.asked) == 5
    for number in range(1, 5):
        await world.answer(world.asked[number], used=1_000 * (number + 1))
        await world.sample()
    assert len(world.asked) == 5
    await world.sample(30.0)
    assert len(world.asked) == 5
    await world.sample(31.0)
    assert len(world.asked) == 8


async def test_a_refusal_stops_all_of_the_product_for_as_long_as_it_says(world):
    world.live("AUSDT")
    world.live("BUSDT")
    await world.sample()
    first = world.asked[0]
    refused = RateLimited("spot REST", "GET /api/v3/depth", reason="too many", retry_after=7.0)
    await world.answer(first, body=refused)
    assert world.kinds() == [("exception", None)]
    assert world.told[-1][1].startswith("the snapshot has not come: ")
    await world.sample(6.9)
    assert len(world.asked) == 1
    await world.sample(0.2)
    assert len(world.asked) == 2


async def test_a_failure_is_tried_again_later_and_later_while_others_go_on(world):
    world.live("AUSDT")
    await world.sample()
    for _ in range(3):
        await world.answer("AUSDT", body=NotSent("spot REST", "GET /api/v3/depth", reason="no connection"))
        await world.sample(1.0)
    assert world.asked == ["AUSDT"] * 4
    await world.answer("AUSDT", body=b'{"lastUpdateId":"x"}')
    assert "in a way that we cannot read" in str(world.events[-1].error)
    world.live("BUSDT")
    await world.sample()
    assert world.asked[-1] == "BUSDT"


async def test_what_is_of_no_use_is_asked_for_again(world):
    book = world.live("AUSDT")
    book.result = 2
    await world.sample()
    await world.answer("AUSDT")
    assert world.told == [(book, "the snapshot was of no use: it is older than the diffs", None)]
    book.result = 0
    await world.sample(1.0)
    await world.answer("AUSDT")
    assert (book.state, len(book.loads)) == (LIVE, 2)
    assert world.told[-1] == (book, "", None)


async def test_a_gap_is_told_and_healed_behind_the_old_book(world):
    book = world.live("AUSDT")
    await world.sample()
    await world.answer("AUSDT")
    book.lose()
    await world.sample()
    assert world.asked == ["AUSDT"] * 2
    book.result = 1  # ahead of all diffs: the old one is served until one proves it
    await world.answer("AUSDT")
    assert book.loads[-1][-1] is False
    assert book.state is STALE
    book.result = 0
    await world.sample()
    assert world.kinds() == [("book_ready", None), ("book_gap", "gap"), ("book_resynced", None)]


async def test_a_quiet_symbol_gets_its_new_snapshot_unproved_after_a_second(world):
    book = world.live("AUSDT")
    await world.sample()
    await world.answer("AUSDT")
    book.lose()
    await world.sample()
    book.result = 1
    await world.answer("AUSDT")
    await world.sample(0.9)
    assert book.reason is BookReason.GAP
    await world.sample(0.2)
    assert book.reason is BookReason.UNPROVEN
    await world.sample(5.0)
    assert world.asked == ["AUSDT"] * 2


async def test_a_gap_that_is_over_between_two_looks_is_told_too(world):
    book = world.live("AUSDT")
    await world.sample()
    await world.answer("AUSDT")
    book.gaps += 1
    await world.sample()
    assert world.kinds() == [("book_ready", None), ("book_gap", "gap"), ("book_resynced", None)]


async def test_a_lost_stream_suspends_the_book(world):
    book, wish = world.add("AUSDT")
    wish.confirm(world.now)
    book.ring.cursor = 0
    await world.sample()
    await world.answer("AUSDT")
    wish.unconfirm(None)
    assert (book.state, world.kinds()[-1]) == (STALE, ("book_gap", "disconnected"))
    await world.sample(5.0)
    wish.confirm(world.now)
    await world.sample(5.0)
    assert world.asked == ["AUSDT"]  # the next diff tells whether a snapshot is needed


async def test_a_stream_that_is_given_up_takes_its_book_along(world):
    book, wish = world.add("AUSDT")
    wish.drop()
    assert book.attached is False
    await world.sample()
    world.books.remove(book)


async def test_a_book_of_which_little_is_known_any_more_is_renewed_while_it_is_live(world):
    book = world.live("AUSDT")
    await world.sample()
    await world.answer("AUSDT")
    book.known = (1_000, 150)
    await world.sample(5.1)
    assert world.asked == ["AUSDT"] * 2
    book.result = 1
    await world.answer("AUSDT")
    assert (book.state, book.loads[-1][-1]) == (LIVE, False)
    book.result, book.known = 0, (1_000, 1_000)
    await world.sample()
    await world.sample(6.0)
    assert world.asked == ["AUSDT"] * 2
    assert len(book.loads) == 3


async def test_closing_ends_what_is_under_way(world):
    book = world.live("AUSDT")
    await world.sample()
    assert world.asked == ["AUSDT"]
    await world.books.close()
    assert (book.attached, book.loads) == (False, [])


async def test_a_renewal_that_fails_and_then_does_well_leaves_no_trouble_and_no_patience_behind(world):
    book = world.live("AUSDT")
    await world.sample()
    await world.answer("AUSDT")
    book.known = (1_000, 150)
    await world.sample(5.1)
    for _ in range(6):
        await world.answer("AUSDT", body=NotSent("spot REST", "GET /api/v3/depth", reason="no connection"))
        await world.sample(31.0)
    assert world.told[-1][1] != ""
    book.known = (1_000, 1_000)
    await world.answer("AUSDT")
    assert world.told[-1] == (book, "", None)
    # The next failure is a first one again: it is tried again at once.
    book.lose()
    await world.sample()
    await world.answer("AUSDT", body=NotSent("spot REST", "GET /api/v3/depth", reason="no connection"))
    asked = len(world.asked)
    await world.sample()
    assert len(world.asked) == asked + 1


async def test_who_waits_without_a_timeout_is_told_when_several_attempts_in_a_row_have_failed(world):
    world.live("AUSDT")
    await world.sample()
    error = NotSent("spot REST", "GET /api/v3/depth", reason="no connection")
    for failed in range(1, 4):
        await world.answer("AUSDT", body=error)
        assert world.told[-1][2] is (error if failed == 3 else None)
        await world.sample(31.0)
    await world.answer("AUSDT")
    assert world.told[-1][1:] == ("", None)


async def test_a_book_of_a_feed_that_is_gone_has_a_gap_and_is_not_new(world):
    book = FakeBook()
    book.state, book.reason, book.snapshots, book.gaps = STALE, BookReason.NEW_FEED, 1, 1
    _, wish = world.add("AUSDT", book=book)
    assert world.kinds() == [("book_gap", "new_feed")]
    wish.confirm(world.now)
    book.ring.cursor = 0
    await world.sample()
    await world.answer("AUSDT")
    assert world.kinds() == [("book_gap", "new_feed"), ("book_resynced", None)]


async def test_the_next_minute_is_not_begun_before_binance_has_begun_it(world):
    for number in range(2):
        world.live(f"S{number}USDT", weight=5_000)
    await world.sample()
    await world.answer(world.asked[0], used=5_000)
    ends = world.limits.wait_for(6_000, world.now)
    await world.sample(ends + 0.1)
    assert len(world.asked) == 1
    await world.sample(0.2)
    assert len(world.asked) == 2
