"""Order books under faults: never a wrong level while LIVE, and in the end those of the exchange."""

import os
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
from support.faces import Face

from fastbinance import BookState
from fastbinance.sim import RunningSimulator, run_in_thread

#: Diffs that are applied before the end. The suite plays few; CONTRIBUTING.md has the command for many.
DIFFS = int(os.environ.get("FASTBINANCE_BOOK_DIFFS", "1500"))
SYMBOLS = (
    "btcusdt",
    "ethusdt",
    "bnbusdt",
    "solusdt",
    "xrpusdt",
    "adausdt",
    "dogeusdt",
    "ltcusdt",
    "linkusdt",
    "avaxusdt",
)
MARKETS = ("spot", "usdm")
HOSTS = {"spot": "main", "usdm": "usdmPublic"}


@pytest.fixture
def troubled_sim() -> Iterator[RunningSimulator]:
    """Give a busy Binance with weight for everybody."""
    options: dict[str, Any] = {"api_limits": {"weight": 10_000_000}}
    with run_in_thread(seed=11, messages_per_second=2_000, **options) as running:
        yield running


def disturb(sim: RunningSimulator, random: Random) -> None:
    """Do something to somebody."""
    market = random.choice(MARKETS)
    symbol = random.choice(SYMBOLS)
    stream = f"{symbol}@depth@100ms"
    what = random.random()
    if what < 0.6:
        how = random.choice(("drop", "reorder", "duplicate", "negative", "zero", "crossed"))
        sim.disturb(stream, market, how, count=1)
    elif what < 0.85:
        fault = random.choice(
            ({"stale": 40}, {"late": 0.2}, {"status": 500}, {"malform": "crossed"}, {"malform": "negative"})
        )
        sim.snapshots(symbol.upper(), market, times=1, **fault)
    elif what < 0.9:
        sim.cut(HOSTS[market])


def is_right(sim: RunningSimulator, market: str, book: Any) -> bool | None:
    """Compare a book with that of the exchange at the same id; None where it is not LIVE all the while."""
    before = book.update_id
    bids, asks = book.levels()
    if book.state is not BookState.LIVE or book.update_id != before:
        return None
    try:
        real = sim.book(book.symbol, market, before)
    except LookupError:  # too long ago for the simulator
        return None
    for ours, theirs in ((bids, real.bids), (asks, real.asks)):
        if not np.array_equal(ours, np.array([[float(p), float(q)] for p, q in theirs]).reshape(-1, 2)):
            return False
    return True


def test_no_wrong_level_is_ever_live_and_in_the_end_all_are_right(
    face: Face, troubled_sim: RunningSimulator
) -> None:
    sim, random = troubled_sim, Random(5)
    if DIFFS > 10_000:
        face.take_time()
    fb = face.client(urls=sim.urls, rest_urls=sim.rest_urls)
    books = [
        (market, face.do(fb.order_book, symbol, market=market, book_ticker=False))
        for market in MARKETS
        for symbol in SYMBOLS
    ]
    for _, book in books:
        face.do(book.ready, timeout=20)
    compared = 0
    deadline = time.monotonic() + 30 + DIFFS / 20
    while sum(book.stats.diffs for _, book in books) < DIFFS:
        assert time.monotonic() < deadline, [book for _, book in books]
        face.beside(disturb, sim, random)
        market, book = random.choice(books)
        face.do(book.wait, timeout=1)
        for market, book in random.sample(books, 3):
            right = is_right(sim, market, book)
            assert right is not False, book
            compared += right is True
    gaps = sum(book.stats.gaps for _, book in books)
    for market in MARKETS:
        for symbol in SYMBOLS:
            sim.undisturb(f"{symbol}@depth@100ms", market)
    sim.snapshots()
    for market, book in books:
        face.do(book.ready, timeout=30)
        while (right := is_right(sim, market, book)) is None:
            face.do(book.wait, timeout=5)
        assert right, book
    assert compared > 20
    assert gaps > 5
    diffs, snapshots = (
        sum(getattr(book.stats, name) for _, book in books) for name in ("diffs", "snapshots")
    )
    print(f"{diffs} diffs, {gaps} gaps, {snapshots} snapshots, {compared} compared")
