"""An order book as a dict: what the native one is compared with, rule by rule."""

from dataclasses import dataclass, field

import numpy as np

from fastbinance._core.book import BookBase
from fastbinance._core.feed import Feed
from fastbinance._core.ring import RingBase
from fastbinance.book_states import BookReason, BookState
from fastbinance.streams import Kind
from support.frames import Recorder, combined, pack, text_of

__all__ = ["BookWorld", "Levels", "ModelBook", "array_of"]

Levels = list[tuple[str, str]]
SPOT, FUTURES, WHOLE = 1, 2, 3


def array_of(levels):
    """Return levels of text as float64."""
    return np.array([[float(price), float(qty)] for price, qty in levels], np.float64).reshape(-1, 2)


@dataclass
class ModelBook:
    """Levels by price, as floats."""

    bids: dict[float, float] = field(default_factory=dict)
    asks: dict[float, float] = field(default_factory=dict)

    def set(self, bids, asks):
        """Apply changes."""
        for side, changes in ((self.bids, bids), (self.asks, asks)):
            for price, qty in changes:
                if float(qty):
                    side[float(price)] = float(qty)
                else:
                    side.pop(float(price), None)

    def levels(self):
        """Return both sides, best first."""
        return (
            array_of(sorted(self.bids.items(), reverse=True)),
            array_of(sorted(self.asks.items())),
        )


class BookWorld:
    """One book with its rings, fed with messages as they come on the wire."""

    def __init__(self, rule=SPOT, *, quotes=False, capacity=64, level_capacity=4_096, **sizes):
        self.rule = rule
        name = "btcusdt@depth20" if rule == WHOLE else "btcusdt@depth@100ms"
        kind = Kind.PARTIAL_DEPTH if rule == WHOLE else Kind.DIFF_DEPTH
        self.feed = Feed(Recorder(), "main")
        self.ring = RingBase(
            int(kind), name, "main", "BTCUSDT", capacity=capacity, level_capacity=level_capacity
        )
        self.feed.add_route(name, self.ring)
        self.quotes = None
        if quotes:
            self.quotes = RingBase(
                int(Kind.BOOK_TICKER), "btcusdt@bookTicker", "main", "BTCUSDT", capacity=64
            )
            self.feed.add_route("btcusdt@bookTicker", self.quotes)
        self.book = BookBase(self.ring, self.quotes, rule=rule, **sizes)
        self.book.attach_writer()

    def send(self, *messages):
        """Take messages as frames bring them."""
        return self.feed.replay(*pack(list(messages)))

    def diff(self, first, last, bids=(), asks=(), before=None, *, is_new=True):
        """Take a diff; one that is not new is dropped before the book sees it."""
        event = {"e": "depthUpdate", "E": 1_795_340_001_000, "s": "BTCUSDT", "U": first, "u": last}
        if self.rule == FUTURES:
            event = {"e": "depthUpdate", "E": 1_795_340_001_000, "T": 1_795_340_000_999, "s": "BTCUSDT"}
            event |= {"U": first, "u": last, "pu": first - 1 if before is None else before}
        levels = {"b": [list(level) for level in bids], "a": [list(level) for level in asks]}
        assert self.send(combined(self.ring.stream, text_of(event | levels))) == is_new

    def whole(self, update_id, bids, asks):
        """Take a message that is the whole book."""
        levels = {"bids": [list(level) for level in bids], "asks": [list(level) for level in asks]}
        assert self.send(combined(self.ring.stream, text_of({"lastUpdateId": update_id, **levels}))) == 1

    def quote(self, update_id, bid, ask, bid_qty="1", ask_qty="1"):
        """Take a quote."""
        event = {"u": update_id, "s": "BTCUSDT", "b": bid, "B": bid_qty, "a": ask, "A": ask_qty}
        assert self.send(combined("btcusdt@bookTicker", text_of(event))) == 1

    def load(self, update_id, bids, asks, limit=1_000, unproven_too=True):
        """Take a snapshot."""
        return self.book.load(update_id, array_of(bids), array_of(asks), limit, unproven_too)

    @property
    def is_live(self):
        """Whether it is proved."""
        return self.book.head()[0] == BookState.LIVE

    @property
    def why(self):
        """State and reason."""
        state, reason, *_ = self.book.head()
        return BookState(state), BookReason(reason)

    def levels(self, n=None):
        """Return both sides as lists."""
        return tuple(side.tolist() for side in self.book.levels(n))
