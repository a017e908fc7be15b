"""No reader ever sees a torn record, while another thread writes as fast as it can.

The writer is `Feed.replay`, which lets the interpreter lock go. Every number of a message follows from its
update id, so that a record made of two messages shows. Each test goes on for a while, and on a busy machine
until it has read enough to say something.
"""

import threading
import time
from contextlib import suppress

import numpy as np
import pytest
from support.expected import NS_PER_MS, PLACES, at, type_of
from support.frames import EVENTS, HOME, book_ticker, combined, depth, feed_for, pack, ring_for

from fastbinance._core.ring import NewestField, RingBase
from fastbinance.errors import Lapped
from fastbinance.streams import Kind

SECONDS = 1.5


class Hammer:
    """Replays messages in a thread for as long as the block lasts."""

    def __init__(self, ring, messages):
        self.ring = ring
        self.feed = feed_for(ring)
        self.batch = pack(messages)
        self.stop = False
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stop:
            self.feed.replay(*self.batch)

    def __enter__(self):
        self.feed.replay(*self.batch)
        self.thread.start()
        self.until = time.monotonic() + SECONDS
        return self

    def __exit__(self, *_):
        self.stop = True
        self.thread.join()

    def going(self):
        return time.monotonic() < self.until


def quotes_are_whole(records):
    ids = records["update_id"]
    return bool(
        np.all(records["bid_price"] == ids + 0.5)
        and np.all(records["bid_qty"] == ids + 0.25)
        and np.all(records["ask_price"] == ids + 1.5)
        and np.all(records["ask_qty"] == ids + 0.75)
    )


def quote_is_whole(record):
    n = record.update_id
    return (record.bid_price, record.bid_qty, record.ask_price, record.ask_qty) == (
        n + 0.5,
        n + 0.25,
        n + 1.5,
        n + 0.75,
    )


def levels_are_whole(record):
    n = record.update_id
    for side, price in ((record.bids, n + 0.5), (record.asks, n + 0.75)):
        if not (np.all(side[:, 0] == price) and np.all(side[:, 1] == np.arange(1, len(side) + 1))):
            return False
    return len(record.bids) == len(record.asks) == record.first_update_id % 7


def event_of(kind, number):
    """Return an event whose every number is `number`, as far as the types of its keys allow."""
    market = HOME[kind]
    event = EVENTS[kind, market]
    for name, path in PLACES[kind].items():
        outer, _, inner = path.partition(".")
        if at(event, path) is None or type_of(name) not in ("time", "integer", "decimal"):
            continue
        value = f"{number}.5" if type_of(name) == "decimal" else number
        event = event | {outer: event[outer] | {inner: value} if inner else value}
    return event


def wide_is_whole(records, kind):
    """Say whether in every record all numbers are the same, each in its unit."""
    told = [
        (name, type_of(name)) for name, path in PLACES[kind].items() if at(EVENTS[kind, HOME[kind]], path)
    ]
    numbers = [
        records[name] // NS_PER_MS if sort == "time" else np.floor(records[name])
        for name, sort in told
        if sort in ("time", "integer", "decimal")
    ]
    return all(np.array_equal(one, numbers[0]) for one in numbers)


class Quotes(RingBase):
    update_id = NewestField(int(Kind.BOOK_TICKER), "update_id", "")
    bid_price = NewestField(int(Kind.BOOK_TICKER), "bid_price", "")


@pytest.mark.parametrize("capacity", [2, 8, 256])
def test_book_tickers_are_whole(capacity):
    ring = Quotes(int(Kind.BOOK_TICKER), "btcusdt@bookTicker", "main", "BTCUSDT", capacity=capacity)
    reads = intact = 0
    sequence = got = lost = 0
    with Hammer(ring, [book_ticker(1000 + i) for i in range(5000)]) as hammer:
        while hammer.going() or reads <= 100 or got == 0 or (intact == 0 and capacity > 2):
            for _ in range(20):
                assert quote_is_whole(ring.last())
                assert ring.bid_price % 1 == 0.5
                window = ring.window(capacity // 2)
                whole = quotes_are_whole(window.records)
                if window.intact():
                    intact += 1
                    assert whole
                with suppress(Lapped):
                    assert quote_is_whole(ring.at(ring.cursor - capacity // 2))
                batch, following, missed = ring.copy_from(sequence, capacity)
                if batch is not None:
                    assert quotes_are_whole(batch)
                    assert np.all(np.diff(batch["sequence"]) == 1)
                    assert batch["sequence"][-1] == following - 1
                    assert following == sequence + missed + len(batch)
                    got += len(batch)
                lost += missed
                sequence = following
                reads += 1
    assert reads > 100
    assert got > 0
    assert got + lost == sequence
    assert intact > 0 or capacity == 2


@pytest.mark.parametrize("level_capacity", [256, 4096])
def test_depth_records_have_their_own_levels(level_capacity):
    ring = ring_for(Kind.DIFF_DEPTH, capacity=64, level_capacity=level_capacity)
    reads = sequence = got = lost = 0
    with Hammer(ring, [depth(7000 + i, i % 7) for i in range(7 * 500)]) as hammer:
        while hammer.going() or reads <= 50:
            assert levels_are_whole(ring.last())
            with suppress(Lapped):
                assert levels_are_whole(ring.at(ring.cursor - 3))
            window, following, missed = ring.copy_from(sequence, 64)
            if window is not None:
                assert all(levels_are_whole(record) for record in window)
                assert [record.sequence for record in window] == list(
                    range(following - len(window), following)
                )
                got += len(window)
            lost += missed
            sequence = following
            reads += 1
    assert reads > 50
    assert got + lost == sequence


@pytest.mark.parametrize(
    ("kind", "array"),
    [(Kind.TICKER, False), (Kind.KLINE, False), (Kind.MINI_TICKER, True), (Kind.MARK_PRICE, True)],
)
def test_wide_records_and_those_of_arrays_are_whole(kind, array):
    capacity = 16
    ring = ring_for(kind, symbol=None, capacity=capacity, symbol_capacity=2)
    events = [event_of(kind, 1_000_000 + i) for i in range(2000)]
    data = [events[i : i + 5] for i in range(0, len(events), 5)] if array else events
    reads = sequence = got = lost = 0
    with Hammer(ring, [combined(ring.stream, one) for one in data]) as hammer:
        while hammer.going() or reads <= 50 or got == 0:
            window = ring.window(capacity // 2)
            whole = wide_is_whole(window.records, kind)
            if window.intact():
                assert whole
            with suppress(Lapped):
                assert wide_is_whole(ring.at(ring.cursor - capacity // 2), kind)
            batch, following, missed = ring.copy_from(sequence, capacity)
            if batch is not None:
                assert wide_is_whole(batch, kind)
                got += len(batch)
            lost += missed
            sequence = following
            reads += 1
    assert reads > 50
    assert got + lost == sequence
    assert got > 0


def test_conflation_never_mixes_symbols():
    # The same quotes come again and again.
    ring = RingBase(
        int(Kind.BOOK_TICKER), "!bookTicker", "usdm", None, capacity=256, symbol_capacity=16, merge=False
    )
    names = [f"S{i}" for i in range(16)]
    sequence, seen = 0, 0
    with Hammer(ring, [book_ticker(1600 + i, names[i % 16], "!bookTicker") for i in range(3200)]) as hammer:
        while hammer.going() or seen <= 1000:
            batch, sequence, _ = ring.copy_latest(sequence)
            if batch is None:
                continue
            assert quotes_are_whole(batch)
            assert np.all(batch["update_id"] % 16 == batch["symbol_id"])
            assert len(set(batch["symbol_id"])) == len(batch)
            assert np.all(np.diff(batch["sequence"]) > 0)
            assert batch["sequence"][-1] < sequence
            seen += len(batch)
    assert seen > 1000
