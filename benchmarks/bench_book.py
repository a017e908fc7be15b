"""What order books cost: diffs, reads from Python, snapshots, memory; --resync: how soon 200 are live."""

import subprocess
import sys
import time
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from benchmarks import _book_corpus, _compile, _harness
from benchmarks._book_corpus import Session

ROUNDS = 15
LEVELS_A_ROUND = 200_000
PEER_ROUNDS = 5
Diffs = list[tuple[list[tuple[float, float]], list[tuple[float, float]]]]
# Books that are moved to another grid: what they are, ticks of 0.01 between levels, levels a side, limit.
REGRIDS = (
    ("1,000 levels, $80 a side", 8, 1_000, 1_000),
    ("5,000 levels, $400 a side", 8, 5_000, 5_000),
    ("5,000 levels, $2,500 a side", 50, 5_000, 5_000),
)
# Statement by what it answers, with the target where there is one.
READS = {
    "top()": ("book.top()", 80.0),
    "a price of it": ("book.top().bid_price", None),
    "bids(20)": ("book.bids(20)", 300.0),
    "levels(20)": ("book.levels(20)", None),
    "bids(), all": ("book.bids()", None),
    "imbalance(5)": ("book.imbalance(5)", None),
    "average_price, 10 levels": ("book.average_price('ask', ten)", None),
    "qty_to, 10 levels": ("book.qty_to('bid', tenth)", None),
    "qty_at": ("book.qty_at('bid', best)", None),
    "update_id": ("book.update_id", None),
}


class BisectBook:
    """A dict of quantities a side, and a sorted list of its prices; those of bids are negative."""

    def __init__(self, bids: Sequence[tuple[float, float]], asks: Sequence[tuple[float, float]]) -> None:
        self.bids = {-price: qty for price, qty in bids}
        self.asks = dict(asks)
        self.bid_prices = sorted(self.bids)
        self.ask_prices = sorted(self.asks)

    def apply(self, bids: Sequence[tuple[float, float]], asks: Sequence[tuple[float, float]]) -> None:
        """Apply a diff."""
        side, prices = self.bids, self.bid_prices
        for price, qty in bids:
            price = -price
            if qty:
                if price not in side:
                    insort(prices, price)
                side[price] = qty
            elif price in side:
                del side[price]
                del prices[bisect_left(prices, price)]
        side, prices = self.asks, self.ask_prices
        for price, qty in asks:
            if qty:
                if price not in side:
                    insort(prices, price)
                side[price] = qty
            elif price in side:
                del side[price]
                del prices[bisect_left(prices, price)]

    def state(self) -> tuple[int, int, float, float]:
        """Return levels of each side and best prices."""
        return len(self.bids), len(self.asks), -self.bid_prices[0], self.ask_prices[0]


class SortedDictBook:
    """A `sortedcontainers.SortedDict` a side; the prices of bids are negative."""

    def __init__(self, bids: Sequence[tuple[float, float]], asks: Sequence[tuple[float, float]]) -> None:
        from sortedcontainers import SortedDict

        self.bids = SortedDict({-price: qty for price, qty in bids})
        self.asks = SortedDict(asks)

    def apply(self, bids: Sequence[tuple[float, float]], asks: Sequence[tuple[float, float]]) -> None:
        """Apply a diff."""
        side = self.bids
        for price, qty in bids:
            if qty:
                side[-price] = qty
            else:
                side.pop(-price, None)
        side = self.asks
        for price, qty in asks:
            if qty:
                side[price] = qty
            else:
                side.pop(price, None)

    def state(self) -> tuple[int, int, float, float]:
        """Return levels of each side and best prices."""
        return len(self.bids), len(self.asks), -self.bids.peekitem(0)[0], self.asks.peekitem(0)[0]


PEERS: dict[str, Callable[..., Any]] = {"dict and bisect": BisectBook, "SortedDict": SortedDictBook}


def shape_of(limit: int) -> tuple[int, int]:
    """Return places and far levels of a book with snapshots of so many levels, as a client makes it."""
    from fastbinance._protocol.snapshots import snapshot_request
    from fastbinance.order_book import sizes_of

    return sizes_of(snapshot_request("spot", "BTCUSDT", limit))


def _run(*arguments: object) -> list[list[str]]:
    done = subprocess.run(
        [str(_compile.book_loop()), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return [line.split() for line in done.stdout.splitlines()]


def native_ns(session: Session, rounds: int = ROUNDS) -> dict[str, Any]:
    """Return what the book came to, and CPU nanoseconds by round: of a level, a message, a snapshot."""
    frames, routes = _harness.write_frames(session.name, session.routes, session.payloads)
    levels = sum(len(bids) + len(asks) for bids, asks in session.parsed())
    passes = max(1, LEVELS_A_ROUND // levels)
    places, far_levels = shape_of(max(session.limit, 1))
    snapshot = session.write_snapshot()
    rows = _run("apply", frames, routes, snapshot, places, far_levels, session.rule, rounds, passes)
    found: dict[str, Any] = {name: [float(ns) for ns in values] for name, *values in rows[2:]}
    state, update_id, bid_count, ask_count, bid, ask, far_bids, far_asks, regrids = rows[0][1:]
    if state != "1":
        raise RuntimeError(f"{session.name}: the book is not live")
    return found | {
        "state": (int(bid_count), int(ask_count), float(bid), float(ask)), "update_id": int(update_id),
        "far": int(far_bids) + int(far_asks), "regrids": int(regrids), "levels": levels,
        "messages": len(session.payloads),
    }  # fmt: skip


def peer_ns(session: Session, rounds: int = PEER_ROUNDS) -> tuple[dict[str, float], set[tuple[Any, ...]]]:
    """Return nanoseconds of CPU a level of the books in Python, from floats, and what these books came to."""
    diffs = session.parsed()
    levels = sum(len(bids) + len(asks) for bids, asks in diffs)
    states = set()

    def run(kind: Callable[..., Any]) -> float:
        book = kind(session.bids, session.asks)
        apply = book.apply
        begin = time.thread_time_ns()
        for bids, asks in diffs:
            apply(bids, asks)
        spent = time.thread_time_ns() - begin
        states.add(book.state())
        return spent / levels

    measured = _harness.interleaved({name: partial(run, kind) for name, kind in PEERS.items()}, rounds)
    return {name: _harness.median(rows) for name, rows in measured.items()}, states


def sessions() -> list[Session]:
    """Return what is measured: captured sessions, and made ones."""
    return [*_book_corpus.captured(), *_book_corpus.made(), *_book_corpus.deep()]


def diffs() -> tuple[_harness.Table, dict[str, Any]]:
    """Time diffs of every session."""
    table = _harness.Table(
        "session", "book", "far", "levels a diff", "ns a level", *PEERS, "parse and publish, ns",
        "with a book, ns", "the book's share, ns",
    )  # fmt: skip
    kept: dict[str, Any] = {}
    for session in sessions():
        native = native_ns(session)
        peers, states = peer_ns(session)
        if states != {native["state"]}:
            raise RuntimeError(f"{session.name}: the books differ: {native['state']} and {states}")
        at = {name: _harness.median(native[name]) for name in ("apply", "parse", "whole", "load")}
        share = _harness.median(
            whole - parse for whole, parse in zip(native["whole"], native["parse"], strict=True)
        )
        bids, asks, *_ = native["state"]
        table.add(
            session.name, f"{bids:,} + {asks:,}", f"{native['far']:,}",
            native["levels"] / native["messages"], at["apply"],
            *(f"{ns:.0f} ({ns / at['apply']:.0f}x)" for ns in peers.values()),
            at["parse"], at["whole"], share,
        )  # fmt: skip
        kept[session.name] = native | {"peers": peers, "median": at, "share": share}
    return table, kept


def grids(rounds: int = ROUNDS) -> tuple[_harness.Table, dict[str, Any]]:
    """Time snapshots, and moves to another grid."""
    table = _harness.Table("book", "load, us", "move to another grid, us")
    kept: dict[str, Any] = {}
    for what, spacing, levels, limit in REGRIDS:
        found = _run("regrid", spacing, levels, *shape_of(limit), rounds)
        rows = {name: [float(ns) for ns in values] for name, *values in found}
        table.add(what, _harness.median(rows["load"]) / 1_000, _harness.median(rows["regrid"]) / 1_000)
        kept[what] = rows
    return table, kept


def live_book(*, quotes: bool) -> dict[str, Any]:
    """Return what the statements read: a live book of 1,000 levels a side, with a newer quote or without."""
    import numpy as np

    from benchmarks.bench_feed import Handler
    from fastbinance._core.book import BookBase
    from fastbinance._core.feed import Feed
    from fastbinance._core.ring import RingBase

    session = _book_corpus.made()[0]
    feed = Feed(Handler(), "main")
    ring = RingBase(4, session.stream, "main", session.symbol, capacity=512)
    feed.add_route(session.stream, ring)
    tickers = None
    if quotes:
        tickers = RingBase(1, "btcusdt@bookTicker", "main", session.symbol, capacity=1_024)
        feed.add_route("btcusdt@bookTicker", tickers)
    places, far_levels = shape_of(session.limit)
    book = BookBase(ring, tickers, rule=session.rule, places=places, far_levels=far_levels)
    book.attach_writer()
    book.load(session.update_id, np.array(session.bids), np.array(session.asks), session.limit)

    def replay(payload: bytes) -> None:
        feed.replay(payload + bytes(64), np.array([0], np.int64), np.array([len(payload)], np.int64))

    replay(session.payloads[0])
    bids, asks = book.levels(12)
    if quotes:
        text = (
            f'{{"stream":"btcusdt@bookTicker","data":{{"u":{book.update_id + 1},"s":"{session.symbol}",'
            f'"b":"{bids[0, 0]:.8f}","B":"1.00000000","a":"{asks[0, 0]:.8f}","A":"2.00000000"}}}}'
        )
        replay(text.encode())
    if book.top().source != ("book_ticker" if quotes else "depth") or not book.top().live:
        raise RuntimeError("the book is not as it was to be")
    return {
        "book": book, "feed": feed, "ten": float(asks[:10, 1].sum()) * 0.999,
        "tenth": float(bids[9, 0]), "best": float(bids[0, 0]),
    }  # fmt: skip


def reads() -> tuple[_harness.Table, dict[str, Any]]:
    """Time each read from Python."""
    table = _harness.Table("read", "statement", "p50 ns", "min", "with a newer quote", "min", "target")
    statements = {what: text for what, (text, _) in READS.items()}
    alone = _harness.statement_ns(statements, live_book(quotes=False), loops=5_000)
    fused = _harness.statement_ns(statements, live_book(quotes=True), loops=5_000)
    for what, (text, target) in READS.items():
        at, of = _harness.percentiles(alone[what]), _harness.percentiles(fused[what])
        table.add(
            what, f"`{text}`", at["p50"], at["min"], of["p50"], of["min"],
            "" if target is None else f"{target:.0f}",
        )  # fmt: skip
    return table, {"alone": alone, "fused": fused}


def memory() -> tuple[_harness.Table, dict[str, Any]]:
    """Say what books take."""
    from fastbinance._core.book import book_bytes
    from fastbinance.order_book import sizes_of

    table = _harness.Table("book", "places of the grid", "far levels a side", "bytes")
    kept: dict[str, Any] = {}
    for what, shape in (
        ("limit=1000", shape_of(1_000)), ("limit=5000", shape_of(5_000)), ("levels=20", sizes_of(None)),
    ):  # fmt: skip
        kept[what] = book_bytes(*shape)
        table.add(what, f"{shape[0]:,}", f"{shape[1]:,}", f"{kept[what]:,}")
    return table, kept


def main() -> None:
    """Measure all of it; with ``--resync``, only that."""
    if "--resync" in sys.argv[1:]:
        from benchmarks._book_resync import resync

        found = resync()
        table = _harness.Table(*found)
        table.add(*found.values())
        _harness.report("book-resync", "how soon 200 order books are live, limit 1,000, spot", [table], found)
        return
    core = _harness.pin(1)
    told = {"diffs": diffs(), "reads": reads(), "grids": grids(), "memory": memory()}
    _harness.report(
        "book",
        "nanoseconds of CPU, medians of interleaved rounds",
        [table for table, _ in told.values()],
        {"core": core} | {name: data for name, (_, data) in told.items()},
    )


@pytest.mark.parametrize("what", READS)
def test_read(benchmark: Any, what: str) -> None:
    """A thousand reads in one call, so that the caller's own overhead hardly counts."""
    statement, target = READS[what]
    source = "def reads():\n" + f"    {statement}\n" * 1_000
    scope = live_book(quotes=False)
    exec(source, scope)
    benchmark.group = "read of an order book from Python, a thousand a call"
    if target is not None:
        benchmark.extra_info["target_ns"] = target
    benchmark(scope["reads"])


def test_diffs_are_applied_alike(benchmark: Any) -> None:
    """One round of a made session; the books in Python have to come to the same."""
    session = _book_corpus.made()[0]
    native = benchmark.pedantic(lambda: native_ns(session, rounds=1), rounds=1)
    assert peer_ns(session, rounds=1)[1] == {native["state"]}


if __name__ == "__main__":
    main()
