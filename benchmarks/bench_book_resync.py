"""How long 200 order books take to come back after a lost connection, within Binance's request weight:
minutes.

The simulator counts 6,000 a minute, as spot does; a snapshot of 1,000 levels a side costs 50. So 120 of them
go into one minute, less what is spared for others, and the rest has to wait for the next: that is what the
weight allows. Not one request may be refused.
"""

import sys
import time
from typing import Any, Final

from benchmarks import _harness

BOOKS: Final = 200
WEIGHT: Final = 50
A_MINUTE: Final = 6_000
TARGET: Final = 1.2
# Into a minute: what comes before this would measure how long the rest of a minute is.
_BEGIN: Final = 2.0
_DEADLINE: Final = 200.0


def _wait_for(books: list[Any], state: Any, seconds: float) -> float:
    begun = time.monotonic()
    while any(book.state is not state for book in books):
        if time.monotonic() - begun > seconds:
            left = [book for book in books if book.state is not state]
            raise AssertionError(f"{len(left)} books are not {state.name}: {left[0]!r}, {left[0].trouble}")
        time.sleep(0.02)
    return time.monotonic() - begun


def resync(sim: Any, books: list[Any]) -> tuple[float, float]:
    """Cut the connection at the beginning of a minute; return the seconds taken, and those that the weight
    allows.
    """
    from fastbinance import BookState

    time.sleep(60.0 + _BEGIN - time.time() % 60.0)  # to a minute in which nothing has been used
    begun = time.time()
    before = [book.stats.snapshots for book in books]
    sim.cut("main")
    _wait_for(books, BookState.STALE, 20.0)
    _wait_for(books, BookState.LIVE, _DEADLINE)
    taken = time.time() - begun
    fresh = sum(book.stats.snapshots - had for book, had in zip(books, before, strict=True))
    if fresh < len(books):
        raise AssertionError(f"only {fresh} of {len(books)} books have missed a diff")
    minutes = (fresh * WEIGHT - 1) // A_MINUTE
    return taken, minutes * 60.0 - begun % 60.0


def main(rounds: int = 2) -> None:
    """Measure, print, write the result."""
    from fastbinance import BookState, Client
    from fastbinance.sim import run_in_thread

    table = _harness.Table(
        "round", "books", "seconds", "the weight allows", "ratio", "target", "refused (429)"
    )
    data = []
    with (
        run_in_thread(seed=5, messages_per_second=200, book_levels=1_200) as sim,
        Client(feed="process", urls=sim.urls, rest_urls=sim.rest_urls) as client,
    ):
        symbols = [f"s{number:03}usdt" for number in range(BOOKS)]
        books = [client.order_book(symbol, book_ticker=False) for symbol in symbols]
        first = _wait_for(books, BookState.LIVE, _DEADLINE)
        print(f"{BOOKS} books have begun after {first:.1f} s")
        for number in range(rounds):
            taken, allowed = resync(sim, books)
            refused = sim.call(lambda one: one.stats.rest_limited)
            table.add(number + 1, BOOKS, taken, allowed, taken / allowed, f"{TARGET:g}", refused)
            data.append({"seconds": taken, "allowed": allowed, "refused": refused})
    _harness.report("book_resync", "how long do 200 books take to come back?", [table], data)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
