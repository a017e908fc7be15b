"""Order books: what a user sees of their life, wherever the feed is."""

import gc
import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from support.faces import FACES, NEAR, Face
from support.payloads import spot_book_ticker
from support.snapshots import SnapshotServer, futures_diff, snapshot, snapshots, spot_diff

import fastbinance
from fastbinance import BookReason, BookState, ConfigurationError, WaitTimeout
from fastbinance.sim import RunningSimulator

STREAM = "btcusdt@depth@100ms"
BIDS = [("100.0", "1"), ("99.9", "2"), ("99.8", "3")]
ASKS = [("100.1", "1.5"), ("100.2", "2.5")]


@pytest.fixture
def rest() -> Iterator[SnapshotServer]:
    with snapshots() as server:
        yield server


class World:
    """A client, a market that only does as it is told, and snapshots of it."""

    def __init__(self, face: Face, sim: RunningSimulator, rest: SnapshotServer) -> None:
        self.face = face
        self.sim = sim
        self.rest = rest
        product = {"spot": rest.url, "usdm": rest.url}
        self.fb = face.client(urls=sim.urls, rest_urls=product, capacity=64)
        self.events = face.do(self.fb.events)

    def book(self, market: str = "spot", **options: Any) -> Any:
        options.setdefault("book_ticker", False)
        book = self.face.do(self.fb.order_book, "btcusdt", market=market, **options)
        self.face.live(book.ring)
        return book

    def diff(self, first: int, last: int, bids: Any = (), asks: Any = ()) -> None:
        assert self.sim.send("spot", STREAM, spot_diff(first, last, bids, asks)) == 1

    def until(self, book: Any, condition: Any) -> None:
        self.face.until(condition, book.ring)

    def asked(self) -> tuple[str, dict[str, str]]:
        return self.face.beside(self.rest.asked.get, timeout=20)

    def heard(self, *kinds: str) -> Any:
        return self.face.event(self.events, *kinds)


@pytest.fixture
def world(face: Face, silent_sim: RunningSimulator, rest: SnapshotServer) -> World:
    return World(face, silent_sim, rest)


def as_floats(levels: list[tuple[str, str]]) -> list[list[float]]:
    return [[float(price), float(qty)] for price, qty in levels]


@pytest.mark.faces(*FACES)
def test_it_is_the_snapshot_and_the_diffs_behind_it(world: World) -> None:
    book = world.book()
    assert (book.state, book.reason) == (BookState.EMPTY, BookReason.NO_SNAPSHOT)
    world.diff(8, 9, bids=[("99.0", "7")])
    world.diff(10, 11, bids=[("100.0", "4"), ("99.9", "0")], asks=[("100.1", "0")])
    world.rest.give(snapshot(9, BIDS, ASKS))
    world.face.do(book.ready, timeout=10)
    assert world.asked() == ("/api/v3/depth", {"symbol": "BTCUSDT", "limit": "1000"})
    assert (book.state, book.reason, book.update_id) == (BookState.LIVE, BookReason.NONE, 11)
    bids, asks = book.levels()
    assert bids.tolist() == [[100.0, 4.0], [99.8, 3.0]]
    assert asks.tolist() == [[100.2, 2.5]]
    world.diff(12, 12, asks=[("100.15", "9")])
    world.until(book, lambda: book.update_id == 12)
    top = book.top()
    assert (top.bid_price, top.bid_qty, top.ask_price, top.ask_qty) == (100.0, 4.0, 100.15, 9.0)
    assert (top.source, top.update_id, top.live) == ("depth", 12, True)
    ready = world.heard("book_ready", "book_gap", "book_resynced")
    assert (ready.kind, ready.ws_key, ready.streams) == ("book_ready", "main", (STREAM,))
    assert book.proven_since_ns > 10**18
    assert book.stats.snapshots == 1


def test_a_missing_diff_makes_it_stale_until_a_new_snapshot_is_joined(world: World) -> None:
    book = world.book()
    world.diff(8, 9)
    world.rest.give(snapshot(9, BIDS, ASKS))
    world.face.do(book.ready, timeout=10)
    world.diff(11, 12, bids=[("100.05", "1")])  # 10 is missing
    world.until(book, lambda: book.state is BookState.STALE)
    assert book.reason is BookReason.GAP
    assert book.bids().tolist() == as_floats(BIDS)
    assert book.update_id == 9
    assert book.proven_since_ns == 0
    assert not book.top().live
    # One that is older than the gap is of no use; the next one is.
    world.rest.give(snapshot(10, BIDS, ASKS))
    world.rest.give(snapshot(12, [("100.05", "1"), *BIDS], ASKS))
    world.face.do(book.ready, timeout=10)
    assert (book.update_id, book.top().bid_price) == (12, 100.05)
    kinds = [world.heard("book_ready", "book_gap", "book_resynced") for _ in range(3)]
    assert [event.kind for event in kinds] == ["book_ready", "book_gap", "book_resynced"]
    assert kinds[1].reason == "gap"
    assert (book.stats.gaps, book.stats.snapshots) == (1, 2)


def test_the_old_levels_are_served_until_the_new_ones_are_proved(world: World) -> None:
    book = world.book()
    world.diff(8, 9)
    world.rest.give(snapshot(9, BIDS, ASKS))
    world.face.do(book.ready, timeout=10)
    world.diff(11, 12)
    world.until(book, lambda: book.state is BookState.STALE)
    world.asked()
    world.rest.give(snapshot(15, [("50.0", "1")], [("51.0", "1")]))  # ahead of all diffs
    world.asked()
    world.diff(13, 14)
    assert book.bids().tolist() == as_floats(BIDS)
    world.diff(15, 16, bids=[("50.5", "2")])
    world.face.do(book.ready, timeout=10)
    assert book.bids().tolist() == [[50.5, 2.0], [50.0, 1.0]]


def test_a_quiet_symbol_has_a_book_too_which_the_next_diff_proves(world: World) -> None:
    book = world.book()
    world.rest.give(snapshot(9, BIDS, ASKS))  # without a diff
    world.until(book, lambda: book.state is BookState.STALE)
    assert book.reason is BookReason.UNPROVEN
    assert book.asks().tolist() == as_floats(ASKS)
    world.diff(10, 10, asks=[("100.1", "0")])
    world.face.do(book.ready, timeout=10)
    assert book.asks(1).tolist() == [[100.2, 2.5]]


def test_a_book_of_futures_is_proved_by_the_ids_before(world: World) -> None:
    book = world.book("usdm")

    def diff(*args: Any, **levels: Any) -> None:
        assert world.sim.send("usdm", STREAM, futures_diff(*args, **levels)) == 1

    diff(900, 1_000, 850)
    world.rest.give(snapshot(950, BIDS, ASKS))
    world.face.do(book.ready, timeout=10)
    assert world.asked()[0] == "/fapi/v1/depth"
    diff(1_040, 1_080, 1_000, bids=[("99.95", "1")])  # ids are skipped, and nothing is missing
    world.until(book, lambda: book.update_id == 1_080)
    assert book.state is BookState.LIVE
    diff(1_200, 1_300, 1_100)
    world.until(book, lambda: book.state is BookState.STALE)
    assert book.reason is BookReason.GAP


def test_a_lost_connection_makes_it_stale_and_the_next_diff_tells(world: World) -> None:
    book = world.book()
    world.diff(8, 9)
    world.rest.give(snapshot(9, BIDS, ASKS))
    world.face.do(book.ready, timeout=10)
    assert world.sim.cut("main") == 1
    world.until(book, lambda: book.state is BookState.STALE)
    assert (book.proven_since_ns, book.top().live) == (0, False)
    world.face.live(book.ring)
    assert book.state is BookState.STALE  # up again, and what was missed is not known yet
    assert book.reason is BookReason.DISCONNECTED
    world.diff(10, 10)  # nothing was
    world.face.do(book.ready, timeout=10)
    assert (book.update_id, book.stats.snapshots) == (10, 1)


def test_the_quote_is_the_top_where_it_is_newer(world: World) -> None:
    book = world.book(book_ticker=True)
    quotes = book.quotes
    world.face.live(quotes)
    world.diff(8, 9)
    world.rest.give(snapshot(9, BIDS, ASKS))
    world.face.do(book.ready, timeout=10)
    assert book.top().source == "depth"
    quote = json.loads(spot_book_ticker(11)) | {"b": "99.9", "B": "5", "a": "100.0", "A": "6"}
    assert world.sim.send("spot", "btcusdt@bookTicker", json.dumps(quote).encode()) == 1
    world.face.until(lambda: quotes.cursor == 0, quotes)
    top = book.top()
    assert (top.source, top.update_id) == ("book_ticker", 11)
    assert (top.bid_price, top.bid_qty, top.ask_price, top.ask_qty) == (99.9, 5.0, 100.0, 6.0)
    assert book.bids().tolist() == [[99.9, 5.0], [99.8, 3.0]]
    assert book.asks().tolist() == [[100.0, 6.0], *as_floats(ASKS)]
    world.diff(10, 12, bids=[("100.0", "0")], asks=[("100.0", "6.5")])
    world.until(book, lambda: book.update_id == 12)
    assert book.top().source == "depth"
    assert book.asks(1).tolist() == [[100.0, 6.5]]


def test_a_book_of_partial_depth_is_whole_with_each_message(world: World) -> None:
    book = world.book(levels=5)

    def whole(update_id: int, bids: Any) -> None:
        body = json.dumps(snapshot(update_id, bids, ASKS)).encode()
        assert world.sim.send("spot", "btcusdt@depth5@100ms", body) == 1

    whole(7, BIDS)
    world.face.do(book.ready, timeout=10)
    assert book.bids().tolist() == as_floats(BIDS)
    whole(9, BIDS[1:])
    world.until(book, lambda: book.update_id == 9)
    assert book.bids().tolist() == as_floats(BIDS[1:])
    assert book.known_depth.bid_floor == 99.8
    assert world.rest.asked.empty()


def test_what_binance_refuses_is_told_and_tried_again(world: World) -> None:
    book = world.book()
    world.rest.give({"code": -1003, "msg": "Too much request weight used."}, 429, Retry_After="1")
    world.diff(8, 9)
    refused = world.heard("exception")
    assert isinstance(refused.error, fastbinance.RateLimited)
    with pytest.raises(WaitTimeout, match=r"an order book, because no snapshot has come yet"):
        world.face.do(book.ready, timeout=0.01)
    assert "the snapshot has not come" in book.trouble
    world.rest.give({"code": -1000, "msg": "An unknown error occurred."}, 500)
    world.rest.give(b"<html>not an order book</html>")
    world.rest.give({"lastUpdateId": 9, "bids": [["100.0", "-1"]], "asks": []})
    world.rest.give(snapshot(9, BIDS, ASKS))
    world.face.do(book.ready, timeout=15)
    assert book.trouble == ""
    assert book.bids().tolist() == as_floats(BIDS)


def test_asking_again_gives_the_same_book(world: World) -> None:
    book = world.book()
    assert world.book() is book
    with pytest.raises(ConfigurationError, match="has an order book with limit=1000 already"):
        world.book(limit=100)
    with pytest.raises(ConfigurationError, match="has an order book without book_ticker already"):
        world.book(book_ticker=True)


def test_a_book_that_is_given_up_takes_the_streams_along_that_were_subscribed_for_it(world: World) -> None:
    ring = world.face.do(world.fb.diff_depth, "btcusdt")
    book = world.book(book_ticker=True)
    assert book.ring is ring
    world.face.live(book.quotes)
    world.face.do(world.fb.unsubscribe, book)
    assert list(world.fb.rings.values()) == [ring]
    assert not ring.closed
    assert (book.proven_since_ns, book.head()[0]) == (0, BookState.EMPTY)
    assert book.quotes.closed
    with pytest.raises(ConfigurationError, match="is no order book of this client"):
        world.face.do(world.fb.unsubscribe, book)
    again = world.book()
    assert again is not book
    world.face.do(world.fb.unsubscribe, ring)
    assert again.closed
    assert repr(again) == f"<{type(again).__name__} main {STREAM}: closed, 0 bids, 0 asks>"
    with pytest.raises(fastbinance.StreamClosed):
        world.face.do(again.ready, timeout=5)


def test_a_book_that_is_given_up_leaves_others_what_they_share(world: World) -> None:
    fb, do = world.fb, world.face.do
    book = world.book(book_ticker=True)
    small = world.book(book_ticker=True, levels=5)
    assert small.quotes is book.quotes
    do(fb.unsubscribe, book)
    assert book.ring.closed
    assert not small.quotes.closed  # small has it still
    quotes = do(fb.book_ticker, "btcusdt")  # and now somebody has asked for it
    do(fb.unsubscribe, small)
    assert small.ring.closed
    assert not quotes.closed
    assert list(fb.rings.values()) == [quotes]
    # A book whose quotes are given up is made anew when it is asked for again.
    again = world.book(book_ticker=True)
    do(fb.unsubscribe, quotes)
    assert again.quotes.closed
    fresh = world.book(book_ticker=True)
    assert fresh is not again
    assert not fresh.quotes.closed


def test_a_book_is_not_half_of_this_machine_and_half_of_binance(
    face: Face, silent_sim: RunningSimulator
) -> None:
    fb = face.client(urls=silent_sim.urls)
    with pytest.raises(
        ConfigurationError, match=r"its snapshots would come from Binance: give rest_urls=\{'spot'"
    ):
        face.do(fb.order_book, "btcusdt")
    assert not fb.rings
    face.do(fb.order_book, "btcusdt", levels=5)  # has none


def test_who_waits_without_a_timeout_is_told_what_is_refused_for_good(world: World) -> None:
    book = world.book()
    world.diff(8, 9)
    for _ in range(3):
        world.rest.give({"code": -1121, "msg": "Invalid symbol."}, 400)
    with pytest.raises(fastbinance.RequestRejected, match="Invalid symbol"):
        world.face.do(book.ready)
    world.rest.give(snapshot(9, BIDS, ASKS))
    world.face.do(book.ready, timeout=10)
    assert book.trouble == ""
    world.face.do(book.ready)


@pytest.mark.faces(*NEAR)
def test_half_a_book_is_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    make = type(world.fb)._make_ring

    def no_memory(client: Any, stream: Any, *rest: Any) -> Any:
        if stream.name.endswith("@bookTicker"):
            raise MemoryError("no memory for quotes")
        return make(client, stream, *rest)

    monkeypatch.setattr(type(world.fb), "_make_ring", no_memory)
    with pytest.raises(MemoryError):
        world.face.do(world.fb.order_book, "btcusdt")
    assert not world.fb.rings
    monkeypatch.undo()
    assert world.book(book_ticker=True).quotes is not None


@pytest.mark.faces(*NEAR)
def test_mistakes_are_told_in_a_sentence(world: World) -> None:
    fb, do = world.fb, world.face.do
    for options, why in (
        (
            {"limit": 42, "market": "usdm"},
            "limit is one of 5, 10, 20, 50, 100, 500, 1000 levels on usdm, not 42",
        ),
        ({"limit": 6_000}, "limit is from 1 to 5,000 levels on spot, not 6000"),
        ({"levels": 20, "limit": 100}, "leave limit and rpi out"),
        ({"rpi": True}, "rpi=True is for market='usdm'"),
        ({"rpi": True, "market": "usdm", "limit": 100}, "has limit=1000, not 100"),
        ({"book_ticker": "no"}, "book_ticker and rpi are True or False"),
    ):
        with pytest.raises(ConfigurationError, match=why):
            do(fb.order_book, "btcusdt", **options)
    with pytest.raises(ConfigurationError, match="alpha has no snapshots to begin an order book with"):
        do(fb.order_book, "alpha_474usdt", market="alpha")
    book = world.book()
    with pytest.raises(
        fastbinance.BookNotReady, match="no order book yet: no snapshot has come yet"
    ) as empty:
        book.top()
    assert isinstance(empty.value, fastbinance.NoData)
    for read in (
        book.bids,
        book.asks,
        book.levels,
        lambda: book.imbalance(2),
        lambda: book.qty_at("bid", 1.0),
    ):
        with pytest.raises(fastbinance.BookNotReady):
            read()
    with pytest.raises(ConfigurationError, match="1 or more, or None for all, not 0"):
        book.bids(0)
    with pytest.raises(ConfigurationError, match="a side is 'bid' or 'ask', not 'buy'"):
        book.qty_to("buy", 1.0)
    with pytest.raises(ConfigurationError, match=r"give the rings of order books, such as book\.ring, not <"):
        do(fb.wait_any, [book])
    assert fb.rings  # what could not be left nothing behind but what was there
    assert len(fb.rings) == 1


KINDS: list[dict[str, Any]] = [
    {"symbol": "btcusdt"},
    {"symbol": "btcusdt", "format": "sbe"},
    {"symbol": "btcusdt", "market": "usdm", "speed_ms": 250},
    {"symbol": "btcusdt", "market": "usdm", "rpi": True},
    {"symbol": "btcusd_perp", "market": "coinm"},
    {"symbol": "BTC-261225-90000-C", "market": "options"},
]


def test_books_of_a_busy_market_are_those_of_the_exchange(face: Face, sim: RunningSimulator) -> None:
    fb = face.client(urls=sim.urls, rest_urls=sim.rest_urls, api_key="key-of-streams")
    for kind in KINDS:
        book = face.do(fb.order_book, **kind, book_ticker=False)
        face.do(book.ready, timeout=15)
        first = book.update_id
        face.until(lambda book=book, first=first: book.stats.diffs > 1 and book.update_id > first, book.ring)
        while True:
            known = book.update_id
            bids, asks = book.levels()
            if (book.update_id, book.state) == (known, BookState.LIVE):
                break
        market, rpi = kind.get("market", "spot"), kind.get("rpi", False)
        real = face.beside(sim.book, book.symbol, market, known, rpi=rpi)
        assert bids.tolist() == as_floats(real.bids), kind
        assert asks.tolist() == as_floats(real.asks), kind
        assert book.stats.gaps == 0
        face.do(fb.unsubscribe, book)


def killed(face: Face, fb: Any) -> None:
    """End the process of a feed from outside."""
    os.kill(face.do(lambda: fb._start().pid), signal.SIGKILL)


@pytest.mark.faces("process", "awaited process")
def test_a_feed_that_dies_leaves_the_book_as_it_was_and_the_next_one_makes_it_right(
    face: Face, sim: RunningSimulator
) -> None:
    fb = face.client(urls=sim.urls, rest_urls=sim.rest_urls)
    events = face.do(fb.events)
    book = face.do(fb.order_book, "btcusdt", book_ticker=False)
    assert face.event(events, "book_ready", "book_gap", "book_resynced").kind == "book_ready"
    for _ in range(3):
        face.do(book.ready, timeout=15)
        known, snapshots = book.update_id, book.stats.snapshots
        killed(face, fb)
        assert face.event(events, "feed_restarted").reason.startswith("process ")
        assert face.event(events, "book_ready", "book_gap", "book_resynced").reason == "new_feed"
        face.until(lambda snapshots=snapshots: book.stats.snapshots > snapshots, book.ring)
        face.do(book.ready, timeout=15)
        assert face.event(events, "book_ready", "book_gap", "book_resynced").kind == "book_resynced"
        assert book.update_id > known
        real = face.beside(sim.book, "BTCUSDT", "spot", book.update_id)
        if real.update_id == book.update_id:
            assert book.bids(5).tolist() == as_floats(real.bids[:5])
    assert book.stats.gaps >= 3


def given_back(face: Face, fb: Any, used: int) -> bool:
    """Tell whether a segment is used no more than that, once the feed has let go of what it had."""
    for _ in range(200):
        face.do(fb.stats)  # asks the feed; what it has told before is heard by then, or soon
        gc.collect()
        if fb._shared.segment.used_bytes == used:
            return True
    return False


@pytest.mark.faces("process", "awaited process")
def test_a_book_is_given_up_with_its_memory(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls, rest_urls=silent_sim.rest_urls)
    face.do(fb.order_book, "ethusdt")
    segment = fb._shared.segment
    used = segment.used_bytes
    for market, end in (("spot", fb.unsubscribe), ("spot", fb.unsubscribe), ("usdm", None)):
        book = face.do(fb.order_book, "btcusdt", market=market)
        face.live(book.ring)
        assert segment.used_bytes > used
        if end is None:
            face.do(fb.close, market)
            assert book.closed
        else:
            face.do(end, book)
        del book
        assert given_back(face, fb, used)
