"""Order books as users see them: the reads of `_core.book`, and waiting, blocking or awaitable."""

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fastbinance._core.book import BookBase
from fastbinance._io.wishes import RingState
from fastbinance._protocol.snapshots import SnapshotRequest
from fastbinance.book_states import BookReason, BookState
from fastbinance.errors import WaitTimeout
from fastbinance.rings import AnyRing, AsyncRing, Ring
from fastbinance.streams import Stream
from fastbinance.waiting import TaskWaiter, ThreadWaiter, deadline_of

__all__ = [
    "AnyOrderBook", "AsyncOrderBook", "BookStats", "KnownDepth", "OrderBook", "rule_of", "sizes_of",
]  # fmt: skip

# What clients and feeds use of a book: public to them, and no offer to users.
_MACHINERY: Final = frozenset((
    "attach_writer", "counters", "detach_writer", "far_levels", "head", "is_kept", "is_ready", "known_levels",
    "load", "memory_bytes", "note_trouble", "places", "raise_if_hopeless", "request", "rule", "shared_memory",
    "suspend", "timed_out", "wants_snapshot", "writes",
))  # fmt: skip

# A grid of prices, and what lies outside of it. The levels of a book grow beyond its snapshot: each that
# is touched outside becomes known.
_PLACES: Final = 8_192
_FAR_PER_LIMIT: Final = 3
_FEWEST_FAR: Final = 1_024
# Of partial depth: twenty levels a side.
_FEW_PLACES: Final = 512
_FEW_FAR: Final = 64


@dataclass(frozen=True, slots=True)
class KnownDepth:
    """How far an order book is complete.

    Attributes
    ----------
    bids, asks
        Levels from the best one to the edge of what the snapshot has told.
    bid_floor, ask_ceiling
        Prices of these edges, in quote asset: bids below, and asks above, are only known where they have
        changed since. 0 and infinity where the snapshot had everything.
    """

    bids: int
    asks: int
    bid_floor: float
    ask_ceiling: float


@dataclass(frozen=True, slots=True)
class BookStats:
    """Counters of one order book.

    Attributes
    ----------
    diffs
        Messages applied.
    ignored
        Messages older than the book.
    gaps
        Times that it stopped being proved.
    snapshots
        Snapshots taken.
    regrids
        Times that its grid of prices was moved.
    dropped_levels
        Levels far away that there was no room for.
    memory_bytes
        Memory of the book, its rings apart.
    """

    diffs: int
    ignored: int
    gaps: int
    snapshots: int
    regrids: int
    dropped_levels: int
    memory_bytes: int


def sizes_of(request: SnapshotRequest | None) -> tuple[int, int]:
    """Return the places of the grid and the far levels of a book with such snapshots, or without any."""
    if request is None:
        return _FEW_PLACES, _FEW_FAR
    far = _FEWEST_FAR
    while far < _FAR_PER_LIMIT * request.limit:
        far *= 2
    return _PLACES, far


def rule_of(stream: Stream, request: SnapshotRequest | None) -> int:
    """Return how the messages of a stream follow each other; see `BookBase`."""
    if request is None:
        return 3
    return 1 if stream.market == "spot" else 2


class AnyOrderBook(BookBase):
    """What `OrderBook` and `AsyncOrderBook` share. Clients make order books; nobody else does."""

    if TYPE_CHECKING:

        @property
        def ring(self) -> AnyRing[Any, Any]:
            """Of the messages that it is made of."""
            raise NotImplementedError

    def __init__(
        self,
        ring: AnyRing[Any, Any],
        quotes: AnyRing[Any, Any] | None,
        *,
        request: SnapshotRequest | None,
        **sizes: Any,
    ) -> None:
        # BookBase has taken the arguments in __cinit__.
        self.request = request
        self._trouble = ""
        self._hopeless: Exception | None = None

    @property
    def symbol(self) -> str:
        """As Binance spells it."""
        return str(self.ring.symbol)

    @property
    def stream(self) -> str:
        """Name of the stream that it is made of."""
        return self.ring.stream

    @property
    def ws_key(self) -> str:
        """Name of the service that brings it."""
        return self.ring.ws_key

    @property
    def closed(self) -> bool:
        """Whether nothing comes any more: unsubscribed, or the client is closed."""
        return self.ring.closed

    @property
    def is_kept(self) -> bool:
        """Whether everything that it is made of may still come."""
        rings = (self.ring,) if self.quotes is None else (self.ring, self.quotes)
        return not any(ring.closed for ring in rings) and self.ring.error is None

    @property
    def state(self) -> BookState:
        """How far it may be believed.

        ``LIVE``: every diff since the snapshot is applied, which their ids prove, and the connection is up
        and speaking. ``STALE``: it was; see `reason`. ``EMPTY``: there is none yet.
        """
        state = BookState(self.head()[0])
        return BookState.STALE if state is BookState.LIVE and not self._is_carried else state

    @property
    def reason(self) -> BookReason:
        """Why it is not ``LIVE``; ``NONE`` when it is."""
        state, reason, *_ = self.head()
        if state == BookState.LIVE and not self._is_carried:
            return BookReason.DISCONNECTED
        return BookReason(reason)

    @property
    def proven_since_ns(self) -> int:
        """Since when it has been proved without interruption, UTC nanoseconds; 0 while it is not ``LIVE``."""
        return self.head()[2] if self._is_carried else 0

    @property
    def known_depth(self) -> KnownDepth:
        """How far it is complete."""
        _, _, _, floor, ceiling = self.head()
        return KnownDepth(*self.known_levels(), floor, ceiling)

    @property
    def stats(self) -> BookStats:
        """Counters of this book."""
        return BookStats(*self.counters()[:6], self.memory_bytes)

    @property
    def trouble(self) -> str:
        """What keeps a snapshot from coming, in a sentence; empty where nothing does. It is tried again."""
        return self._trouble

    @property
    def cursor(self) -> int:
        """Sequence of the newest message in its ring: what `wait` returns."""
        return self.ring.cursor

    def note_trouble(self, sentence: str, hopeless: Exception | None) -> None:
        """Take note of what keeps a snapshot from coming, and whether it has done so too often; called by the
        client.
        """
        self._trouble, self._hopeless = sentence, hopeless

    def raise_if_hopeless(self, timeout: float | None) -> None:
        """Raise why snapshots or the connection keep failing, where no timeout says how long to hope."""
        self.ring.raise_if_hopeless(timeout)
        if timeout is None and self._hopeless is not None:
            raise self._hopeless

    def is_ready(self) -> bool:
        """Whether it is live; raises what ended it for good."""
        self.ring.raise_if_over()
        return self.state is BookState.LIVE

    def timed_out(self, timeout: float | None) -> Exception:
        """Return what ready() raises when time is up: the cause where one is known."""
        if not self.ring.is_ready():
            return self.ring.timed_out(timeout)
        missing = f"an order book, because {self.reason.sentence}"
        return WaitTimeout(self.stream, timeout or 0.0, missing, self._trouble)

    @property
    def _is_carried(self) -> bool:
        return self.ring.state_code() in (RingState.LIVE, RingState.QUIET)

    def __repr__(self) -> str:
        how = "closed" if self.closed else self.state.name
        levels = f"{self.bid_count} bids, {self.ask_count} asks"
        return f"<{type(self).__name__} {self.ws_key} {self.stream}: {how}, {levels}>"

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in _MACHINERY]


class OrderBook(AnyOrderBook):
    """The order book of a symbol, of a `Client`: what waits is blocking. May be read on any thread.

    Reads never wait, and each is of one moment: `top`, `bids`, `asks`, `levels`, `qty_at`, `qty_to`,
    `average_price`, `imbalance`.
    """

    if TYPE_CHECKING:

        @property
        def ring(self) -> Ring[Any, Any]:
            """Of the messages that it is made of."""
            raise NotImplementedError

    def ready(self, timeout: float | None = None) -> None:
        """Block until the book is live.

        Parameters
        ----------
        timeout
            Seconds; None waits as long as there is hope.

        Raises
        ------
        SubscriptionRejected
            Binance refused the stream.
        ConnectFailed, ConnectionLost, WaitTimeout, RequestError
            Time is up; without a timeout, after three failed attempts at the connection, or three snapshots
            in a row that were refused or not to be had.
        StreamClosed
            The stream was unsubscribed, or the client closed.
        """
        deadline = deadline_of(timeout, time.monotonic())
        waiter = ThreadWaiter((self.ring,), [self.ring.cursor])
        self.ring.bell.add(waiter)
        try:
            while not self.is_ready():
                left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
                self.raise_if_hopeless(timeout)
                if not waiter.sleep(left) and not self.is_ready():
                    raise self.timed_out(timeout)
        finally:
            self.ring.bell.remove(waiter)

    def wait(self, after: int | None = None, timeout: float | None = None, *, spin: float = 0.0) -> int:
        """Block until a message newer than `after` has come, and return the `cursor`; see `Ring.wait`."""
        return self.ring.wait(after, timeout, spin=spin)


class AsyncOrderBook(AnyOrderBook):
    """The order book of a symbol, of an `AsyncClient`: what waits is awaitable, on the client's loop. Reads
    never wait: see `OrderBook`.
    """

    if TYPE_CHECKING:

        @property
        def ring(self) -> AsyncRing[Any, Any]:
            """Of the messages that it is made of."""
            raise NotImplementedError

    async def ready(self, timeout: float | None = None) -> None:
        """Wait until the book is live; see `OrderBook.ready`."""
        loop = asyncio.get_running_loop()
        deadline = deadline_of(timeout, loop.time())
        waiter = TaskWaiter((self.ring,), [self.ring.cursor])
        self.ring.bell.add(waiter)
        try:
            while not self.is_ready():
                left = None if deadline is None else max(deadline - loop.time(), 0.0)
                self.raise_if_hopeless(timeout)
                if not await waiter.sleep(left) and not self.is_ready():
                    raise self.timed_out(timeout)
        finally:
            self.ring.bell.remove(waiter)

    async def wait(self, after: int | None = None, timeout: float | None = None) -> int:
        """Wait until a message newer than `after` has come, and return the `cursor`; see `Ring.wait`."""
        return await self.ring.wait(after, timeout)
