"""What an order book costs: a level of a diff, a snapshot, a read from Python, and its memory.

The cost of a level is the difference between the same messages with and without a book, on the same feed. The
books in Python get floats, with nothing to parse.
"""

import gc
import json
import os
import time
from bisect import bisect_left, insort
from functools import partial
from typing import Any, Final

import numpy as np

from benchmarks import _harness
from benchmarks._book_sessions import Session, captured_sessions, wide_session
from benchmarks.bench_feed import Handler
from fastbinance._core.feed import Feed
from fastbinance._io.books import _decode, _levels
from fastbinance._protocol.snapshots import snapshot_request
from fastbinance.order_book import OrderBook, sizes_of
from fastbinance.streams import Kind
from fastbinance.typed_rings import BookTickerRing, DepthRing

ROUNDS: Final = 40
LEVEL_TARGET_NS: Final = 25.0
READS: Final = {
    "top()": ("book.top()", 80.0),
    "top(), quotes beside it": ("fused.top()", None),
    "bids(20)": ("book.bids(20)", 300.0),
    "levels(20)": ("book.levels(20)", None),
    "levels(20), quotes beside it": ("fused.levels(20)", None),
    "levels(), all": ("book.levels()", None),
    "imbalance(5)": ("book.imbalance(5)", None),
    "average_price('ask', 50)": ("book.average_price('ask', 50.0)", None),
    "qty_to('bid', 1 % away)": ("book.qty_to('bid', away)", None),
    "qty_at('bid', best)": ("book.qty_at('bid', best)", None),
    "update_id": ("book.update_id", None),
}


class _Feed:
    """A feed with the ring of a session, and a book of it if one is wanted."""

    def __init__(self, session: Session, *, with_book: bool, quotes: bool = False) -> None:
        self.session = session
        self._with_book, self._quotes = with_book, quotes
        self.book: OrderBook | None = None
        self.buffer = np.frombuffer(b"".join(one + bytes(64) for one in session.messages), np.uint8).copy()
        self.sizes = np.array([len(message) for message in session.messages], np.int64)
        self.offsets = np.concatenate(([0], np.cumsum(self.sizes[:-1] + 64))).astype(np.int64)
        self.reset()

    def reset(self) -> None:
        """Begin anew, with nothing but the snapshot."""
        session = self.session
        self.feed = Feed(Handler(), "main")
        ring = DepthRing(int(Kind.DIFF_DEPTH), session.stream, "main", session.symbol, capacity=512)
        self.feed.add_route(session.stream, ring)
        if not self._with_book:
            return
        ticker = None
        if self._quotes:
            name = session.stream.partition("@")[0] + "@bookTicker"
            ticker = BookTickerRing(int(Kind.BOOK_TICKER), name, "main", session.symbol, capacity=64)
            self.feed.add_route(name, ticker)
        request = snapshot_request("spot", session.symbol, 5_000 if len(session.bids) > 1_000 else 1_000)
        places, far = sizes_of(request)
        self.book = OrderBook(ring, ticker, request=request, rule=session.rule, places=places, far_levels=far)
        self.book.attach_writer()
        self.load()

    def load(self) -> None:
        """Take the snapshot."""
        assert self.book is not None
        self.book.load(self.session.snapshot_id, self.session.bids, self.session.asks, 10_000)

    def play(self) -> float:
        """Take all messages; return nanoseconds of CPU a level."""
        self.reset()
        begun = time.thread_time_ns()
        self.feed.replay(self.buffer, self.offsets, self.sizes)
        taken = time.thread_time_ns() - begun
        if self.book is not None and (
            self.book.head()[0] != 1 or self.book.stats.diffs != len(self.session.diffs)
        ):
            raise AssertionError(f"{self.session.name}: {self.book!r} is {self.book.reason!r}")
        return taken / self.session.levels


def sorted_list_ns(session: Session) -> float:
    """Return nanoseconds a level of a dict with a sorted list of its prices beside it."""
    books: list[tuple[dict[float, float], list[float]]] = []
    for side in (session.bids, session.asks):
        levels: dict[float, float] = dict(side.tolist())
        books.append((levels, sorted(levels)))
    begun = time.thread_time_ns()
    for diff in session.diffs:
        for (levels, prices), changes in zip(books, diff, strict=True):
            for price, qty in changes:
                if qty:
                    if price not in levels:
                        insort(prices, price)
                    levels[price] = qty
                elif levels.pop(price, None) is not None:
                    del prices[bisect_left(prices, price)]
    return (time.thread_time_ns() - begun) / session.levels


def sorted_dict_ns(session: Session) -> float:
    """Return nanoseconds a level of sortedcontainers.SortedDict."""
    from sortedcontainers import SortedDict

    books = [SortedDict(side.tolist()) for side in (session.bids, session.asks)]
    begun = time.thread_time_ns()
    for diff in session.diffs:
        for levels, changes in zip(books, diff, strict=True):
            for price, qty in changes:
                if qty:
                    levels[price] = qty
                else:
                    levels.pop(price, None)
    return (time.thread_time_ns() - begun) / session.levels


def levels_table(sessions: list[Session]) -> tuple[_harness.Table, dict[str, Any]]:
    """Measure what a level costs, in interleaved rounds."""
    table = _harness.Table(
        "session", "diffs", "levels", "parse and publish", "with a book", "book alone, ns a level",
        "dict + sorted list / ours", "SortedDict / ours",
    )  # fmt: skip
    data: dict[str, Any] = {}
    for session in sessions:
        without, with_book = _Feed(session, with_book=False), _Feed(session, with_book=True)
        contenders = {
            "without": without.play,
            "with": with_book.play,
            "sorted list": partial(sorted_list_ns, session),
            "SortedDict": partial(sorted_dict_ns, session),
        }
        gc.disable()
        found = _harness.interleaved(contenders, ROUNDS if len(session.diffs) < 5_000 else ROUNDS // 2)
        gc.enable()
        at = {name: _harness.median(values[2:]) for name, values in found.items()}
        alone = at["with"] - at["without"]
        table.add(
            session.name, len(session.diffs), session.levels, at["without"], at["with"], alone,
            at["sorted list"] / alone, at["SortedDict"] / alone,
        )  # fmt: skip
        data[session.name] = {**at, "alone": alone, "rounds": found}
    return table, data


def snapshots_table(sessions: list[Session]) -> tuple[_harness.Table, dict[str, Any]]:
    """Measure what a snapshot costs: from arrays, and from the text of its answer."""
    table = _harness.Table("session", "levels", "text to arrays, us", "arrays to book, us", "memory, KiB")
    data = {}
    for session in sessions:
        feed = _Feed(session, with_book=True)
        assert feed.book is not None
        text = json.dumps(
            {
                "lastUpdateId": session.snapshot_id,
                "bids": [[str(price), str(qty)] for price, qty in session.bids.tolist()],
                "asks": [[str(price), str(qty)] for price, qty in session.asks.tolist()],
            }
        ).encode()

        def decode(text: bytes = text) -> float:
            begun = time.thread_time_ns()
            found = _decode(text)
            _levels(found.bids), _levels(found.asks)
            return (time.thread_time_ns() - begun) / 1e3

        def load(feed: _Feed = feed) -> float:
            begun = time.thread_time_ns()
            assert feed.book is not None
            feed.book.load(feed.session.snapshot_id, feed.session.bids, feed.session.asks, 10_000)
            return (time.thread_time_ns() - begun) / 1e3

        found = _harness.interleaved({"decode": decode, "load": load}, 200)
        at = {name: _harness.median(values) for name, values in found.items()}
        count = len(session.bids) + len(session.asks)
        table.add(session.name, count, at["decode"], at["load"], feed.book.memory_bytes / 1024)
        data[session.name] = at
    return table, data


def reads_table(session: Session) -> tuple[_harness.Table, dict[str, Any]]:
    """Measure reads from Python, of the book as the session leaves it."""
    plain, fused = _Feed(session, with_book=True), _Feed(session, with_book=True, quotes=True)
    for feed in (plain, fused):
        feed.play()
    book = plain.book
    assert book is not None
    best = book.top().bid_price
    names = {"book": book, "fused": fused.book, "best": best, "away": best * 0.99}
    found = _harness.statement_ns({what: text for what, (text, _) in READS.items()}, names)
    table = _harness.Table("read from Python", "p50 ns", "min", "p99", "target")
    for what, (_, target) in READS.items():
        at = _harness.percentiles(found[what])
        table.add(what, at["p50"], at["min"], at["p99"], "" if target is None else f"{target:.0f}")
    return table, found


def main() -> None:
    """Measure everything, print tables, write the result."""
    core = _harness.pin(1)
    sessions = [*captured_sessions(), wide_session()]
    if len(sessions) == 1:
        print("no captured sessions: FASTBINANCE_CAPTURES names their directory")
    tables: list[_harness.Table] = []
    data: dict[str, Any] = {"core": core, "target_ns": LEVEL_TARGET_NS}
    data["captures"] = bool(os.environ.get("FASTBINANCE_CAPTURES"))
    for name, (table, found) in {
        "levels": levels_table(sessions),
        "snapshots": snapshots_table(sessions),
        "reads": reads_table(sessions[0]),
    }.items():
        tables.append(table)
        data[name] = found
    _harness.report("book", "what does an order book cost?", tables, data)


if __name__ == "__main__":
    main()
