"""Several feeds into one ring, at times that the test names."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from fastbinance._core.feed import Feed
from fastbinance.records import FLAG_GAP, FLAG_OVERLAP
from fastbinance.streams import Kind
from support.frames import Recorder, message_of, pack, ring_for

__all__ = ["MS", "SECOND", "START", "Lines", "agg_trade", "diff", "filler", "futures_diff", "quote", "trade"]

MS = 1_000_000
SECOND = 1_000 * MS
#: Receive time 0 of the tests.
START = 1_700_000_000 * SECOND


def trade(number: int, **changes: Any) -> bytes:
    """Return a USD-M trade of this id."""
    return message_of(Kind.TRADE, "usdm", t=number, **changes)


def filler(number: int) -> bytes:
    """Return what stands for an id that is no trade."""
    return trade(number, X="NA", p="0", q="0")


def agg_trade(number: int, **changes: Any) -> bytes:
    """Return a USD-M aggregated trade of this id."""
    return message_of(Kind.AGG_TRADE, "usdm", a=number, **changes)


def diff(first: int, last: int, **changes: Any) -> bytes:
    """Return a spot diff with these ids."""
    return message_of(Kind.DIFF_DEPTH, "spot", U=first, u=last, **changes)


def futures_diff(before: int, last: int, **changes: Any) -> bytes:
    """Return a USD-M diff that follows the one that led to `before`."""
    return message_of(Kind.DIFF_DEPTH, "usdm", U=before + 5, u=last, pu=before, **changes)


def quote(number: int, **changes: Any) -> bytes:
    """Return a spot bookTicker of this id; it has no time."""
    return message_of(Kind.BOOK_TICKER, "spot", u=number, **changes)


class Lines:
    """A ring of some kind and the feeds that publish into it, one for each line."""

    def __init__(
        self, kind: Kind, market: str = "", *, lines: int = 2, numbers: Iterable[int] = (), **options: Any
    ) -> None:
        self.ring = ring_for(kind, market, merge=True, **{"capacity": 1024, **options})
        self.handler = Recorder()
        self.feeds = [
            Feed(self.handler, self.ring.ws_key, line=number) for number in (numbers or range(lines))
        ]
        for feed in self.feeds:
            feed.add_route(self.ring.stream, self.ring)
        self.ring.set_lines(lines)

    def bring(self, line: int, *payloads: bytes, ms: float = 0) -> None:
        """Give payloads to one line, all received at that time."""
        times = np.full(len(payloads), START + int(ms * MS), np.int64)
        feed = self.feeds[line]
        before = feed.rejected, feed.unrouted
        feed.replay(*pack(payloads), times)
        assert (feed.rejected, feed.unrouted) == before

    def reopen(self, line: int) -> None:
        """Begin another connection of a line."""
        self.feeds[line].on_ws_connected(None)

    def release(self, ms: float) -> int:
        """Publish what is due at that time; return what the ring does."""
        left: int = self.ring.release_held(START + int(ms * MS))
        return left

    @property
    def newest(self) -> Any:
        """All records that the ring still has."""
        return self.ring[-self.ring.capacity :]

    def ids(self, name: str) -> list[int]:
        """Return one field of all records."""
        found: list[int] = self.newest[name].tolist()
        return found

    def flagged(self, name: str) -> list[int | tuple[int, str]]:
        """Return ids, and beside those with a flag of the merge which one."""
        names = {0: "", FLAG_GAP: "gap", FLAG_OVERLAP: "overlap"}
        rows = zip(self.ids(name), self.ids("flags"), strict=True)
        told = [(number, names[flags & (FLAG_GAP | FLAG_OVERLAP)]) for number, flags in rows]
        return [row if row[1] else row[0] for row in told]
