"""Many order books begin at once against the simulator: how long that takes, and what is refused."""

import time
from collections.abc import Sequence
from typing import Any, Final

from benchmarks._sim_process import FaultySim

__all__ = ["resync"]

_WEIGHT_A_MINUTE: Final = 6_000  # spot
_WEIGHT: Final = 50  # of a snapshot of 1,000 levels
_TIMEOUT: Final = 240.0


def _symbols(count: int) -> Sequence[str]:
    letters = "abcdefghijklmnopqrst"
    return [f"{letters[i // 20]}{letters[i % 20]}xusdt" for i in range(count)]


def resync(books: int = 200) -> dict[str, Any]:
    """Return how long it takes until all books are live, and what the simulator has refused.

    It begins with a minute of the exchange's, because weight is counted by its minutes: what the weight
    allows is then known, whole minutes for all snapshots but those of the last one.
    """
    from fastbinance import Client

    minutes = (books * _WEIGHT - 1) // _WEIGHT_A_MINUTE
    with FaultySim(seed=5, messages_per_second=1.0) as sim:
        with Client(urls=sim.urls, rest_urls=sim.rest_urls) as client:
            time.sleep((61.0 - time.time()) % 60)  # a second into the next one
            begin = time.time()
            allowed = 60.0 * minutes - begin % 60 if minutes else 0.0
            kept = [client.order_book(symbol) for symbol in _symbols(books)]
            for book in kept:
                book.ready(timeout=_TIMEOUT)
            taken = time.time() - begin
            stale = sum(not book.top().live for book in kept)
        stats = sim.call("stats").value
    return {
        "books": books, "weight": books * _WEIGHT, "seconds": taken, "allowed_seconds": allowed,
        "of_allowed": taken / allowed if allowed else None, "stale": stale,
        "refused": stats["rest_limited"], "banned": stats["rest_banned"], "requests": stats["rest_requests"],
    }  # fmt: skip
