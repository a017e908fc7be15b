"""Rings as users see them: the reads of `_core.ring`, and waiting, blocking or awaitable."""

import asyncio
import operator
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import numpy as np

from fastbinance._core.record import Record
from fastbinance._core.ring import RingBase, Window
from fastbinance._io.wishes import RingState, Wish, WishState
from fastbinance._protocol.ledger import Gap
from fastbinance.errors import (
    ConfigurationError,
    ConnectFailed,
    StreamClosed,
    SubscriptionRejected,
    WaitTimeout,
)
from fastbinance.reader import AsyncReader, Reader, Start
from fastbinance.waiting import TaskWaiter, ThreadWaiter, await_news, deadline_of, wait_for_news

__all__ = ["AnyRing", "AsyncRing", "Ring", "RingStats"]

R = TypeVar("R", bound=Record)
#: What the readers of a ring yield; see `Ring.reader`.
Y = TypeVar("Y", bound=np.ndarray[Any, Any] | Window)

# Failed attempts after which ready() without a timeout gives up: the first is immediate, the third about a
# second later.
_HOPELESS_ATTEMPTS: Final = 3

# March 1973 in nanoseconds: what is less is a time in seconds, milliseconds or microseconds. 0 is "ever".
_EARLIEST_NS: Final = 10**17

# What clients, readers and feeds use of a ring: public to them, and no offer to users.
_MACHINERY: Final = frozenset((
    "bell", "bind", "close", "copy_from", "copy_latest", "end", "epoch", "heartbeat_ns", "hole_count",
    "holes", "is_ready", "last_recv_ns", "let_go", "memory_bytes", "merge_stats", "raise_if_hopeless",
    "raise_if_over", "reject_count", "release_held", "sample", "set_lines", "set_state", "shared_memory",
    "state_code", "symbol_capacity", "timed_out", "writes",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class RingStats:
    """Counters of one ring.

    Attributes
    ----------
    published
        Records published since the ring was made.
    rejected
        Payloads of this stream that did not decode.
    last_recv_ns
        Receive time of the newest record at the last sample, 0 before the first; UTC nanoseconds.
    memory_bytes
        Memory of the ring, all of it touched from the start.
    """

    published: int
    rejected: int
    last_recv_ns: int
    memory_bytes: int


class AnyRing(RingBase, Generic[R, Y]):
    """What `Ring` and `AsyncRing` share. Clients make rings; nobody else does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # RingBase has taken the arguments in __cinit__.
        self._wish: Wish | None = None
        self._why_ended = ""

    @property
    def state(self) -> RingState:
        """How fresh the ring is.

        ``DOWN``: not confirmed, or the connection is lost. ``LIVE``: confirmed and speaking. ``QUIET``:
        confirmed, and nothing for five seconds. ``STALE``: silent for longer than this stream would be by
        itself, or the feed has given no sign of life for a second.
        """
        return RingState(self.state_code())

    @property
    def stats(self) -> RingStats:
        """Counters of this ring."""
        return RingStats(self.cursor + 1, self.reject_count, self.last_recv_ns, self.memory_bytes)

    if TYPE_CHECKING:
        # The same as in RingBase, which does not know the class of its records.

        def last(self, symbol: str | None = None, *, max_age: float | None = None) -> R:
            """See `RingBase.last`."""
            raise NotImplementedError

        def at(self, sequence: int) -> R:
            """See `RingBase.at`."""
            raise NotImplementedError

    @property
    def error(self) -> SubscriptionRejected | None:
        """Why the ring gets no records for good: Binance refused the stream. None otherwise."""
        return None if self._wish is None else self._wish.error

    def gaps(self, since_ns: int = 0) -> tuple[Gap, ...]:
        """Return what is missing in the stream, in the order in which it began.

        Times in which nothing carried the stream, or it was suspiciously silent, and ids that did not come.
        Where ids prove that nothing was missed in an outage, there is no gap.

        Parameters
        ----------
        since_ns
            Only gaps that reach beyond this time, UTC nanoseconds.
        """
        return () if self._wish is None else self._wish.history.gaps(since_ns)

    def complete(self, from_ns: int, to_ns: int) -> bool:
        """Whether it is known that nothing of the stream is missing between two times, both included.

        Known, not guessed: the time before the confirmation is not complete, nor is one that has yet to come,
        or a silence that is suspected.

        Parameters
        ----------
        from_ns, to_ns
            UTC nanoseconds, as receive times are.

        Raises
        ------
        ConfigurationError
            The interval ends before it begins, or a time is no whole number or in another unit.
        """
        return self.why_incomplete(from_ns, to_ns) is None

    def why_incomplete(self, from_ns: int, to_ns: int) -> str | None:
        """Return in a sentence why an interval is not `complete`; None when it is."""
        from_ns, to_ns = _nanoseconds("from_ns", from_ns), _nanoseconds("to_ns", to_ns)
        if self._wish is None:
            return "the stream has not been confirmed yet"
        return self._wish.history.why_not(from_ns, to_ns, time.time_ns())

    def bind(self, wish: Wish) -> None:
        """Tie the ring to the wish that feeds it; called by the client, once."""
        self._wish = wish
        bell = self.bell  # and not the ring, whose memory is given back as soon as nobody has it
        wish.watch(lambda _: bell.wake_all())

    def end(self, why: str) -> None:
        """End the ring for a reason that its user is told."""
        self._why_ended = why
        self.close()

    def raise_if_over(self) -> None:
        """Raise what ended the ring for good, if something did.

        Raises
        ------
        SubscriptionRejected
            Binance refused the stream.
        StreamClosed
            It was unsubscribed, or the client is closed.
        """
        if self.error is not None:
            raise self.error
        if self.closed:
            raise StreamClosed(self.stream, self._why_ended)

    def is_ready(self) -> bool:
        """Whether Binance has confirmed the stream and a record has come; raises what ended the ring for
        good.
        """
        self.raise_if_over()
        return self._wish is not None and self._wish.state is WishState.CONFIRMED and self.cursor >= 0

    def raise_if_hopeless(self, timeout: float | None) -> None:
        """Raise why the connection keeps failing, where no timeout says how long to hope."""
        trouble = self._wish.trouble if self._wish is not None else None
        if timeout is None and isinstance(trouble, ConnectFailed) and trouble.attempts >= _HOPELESS_ATTEMPTS:
            raise trouble

    def timed_out(self, timeout: float | None) -> Exception:
        """Return what ready() raises when time is up: the cause where one is known."""
        if self._wish is not None and self._wish.trouble is not None:
            return self._wish.trouble
        confirmed = self._wish is not None and self._wish.state is WishState.CONFIRMED
        return WaitTimeout(self.stream, timeout or 0.0, "a first record" if confirmed else "the confirmation")

    def __repr__(self) -> str:
        how = "closed" if self.closed else "rejected" if self.error is not None else self.state.name
        return f"<{type(self).__name__} {self.ws_key} {self.stream}: {how}, {self.cursor + 1} records>"

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in _MACHINERY]


class Ring(AnyRing[R, Y]):
    """A ring of a `Client`: what waits is blocking. May be read on any thread.

    Reads never wait: `last`, the field properties, negative slices, `window`, `column`, `at`. See the
    documentation of records for the fields of each kind.
    """

    def ready(self, timeout: float | None = None) -> None:
        """Block until Binance has confirmed the stream and its first record has come.

        Parameters
        ----------
        timeout
            Seconds; None waits for as long as there is hope.

        Raises
        ------
        SubscriptionRejected
            Binance refused the stream.
        ConnectFailed, ConnectionLost
            Time is up, and this is why; without a timeout, once the connection has failed three times in a
            row. The client goes on trying all the same.
        WaitTimeout
            Time is up, and nothing is known to be wrong.
        StreamClosed
            The stream was unsubscribed, or the client closed.
        """
        deadline = deadline_of(timeout, time.monotonic())
        waiter = ThreadWaiter((self,), [self.cursor])
        self.bell.add(waiter)
        try:
            while not self.is_ready():
                left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
                self.raise_if_hopeless(timeout)
                if not waiter.sleep(left) and not self.is_ready():
                    raise self.timed_out(timeout)
        finally:
            self.bell.remove(waiter)

    def wait(self, after: int | None = None, timeout: float | None = None, *, spin: float = 0.0) -> int:
        """Block until there is a record newer than `after`, and return the cursor.

        Parameters
        ----------
        after
            A cursor that this method, or the property, returned before; None is the one of now.
        timeout
            Seconds; when they are over the cursor is returned as it is, so equal to `after`.
        spin
            Seconds to look without sleeping, where the feed is another process; elsewhere it has no effect.

        Raises
        ------
        SubscriptionRejected, StreamClosed
            The ring has ended for good.
        """
        return wait_for_news((self,), None if after is None else (after,), timeout, spin)[0]

    def reader(self, start: Start = "new", *, latest: bool = False, max_records: int = 1024) -> Reader[Y]:
        """Return an iterator over the records, a validated copy of a batch at a time.

        Parameters
        ----------
        start
            ``"new"``: what comes from now on. ``"oldest"``: what the ring still holds, first. An int: from
            this sequence on.
        latest
            Only the newest record of each symbol, at every step: a reader's own conflation. A batch then has
            one record for each symbol that has a new one, in order of publication.
        max_records
            Most records in a batch; with `latest` there may be as many as there are symbols.

        Returns
        -------
        Reader
            Yields structured arrays of the kind's dtype (depth: `Window` copies with their levels). Its
            `lost` counts records that were overwritten before they were read. Ends when the client closes or
            the stream is unsubscribed; raises only when Binance refused the stream.

        Raises
        ------
        ConfigurationError
            No such start, or a batch of less than one record.
        """
        return Reader((self,), start, latest, max_records)


class AsyncRing(AnyRing[R, Y]):
    """A ring of an `AsyncClient`: what waits is awaitable, on the client's loop. Reads never wait: see
    `Ring`.
    """

    async def ready(self, timeout: float | None = None) -> None:
        """Wait until Binance has confirmed the stream and its first record has come; see `Ring.ready`."""
        loop = asyncio.get_running_loop()
        deadline = deadline_of(timeout, loop.time())
        waiter = TaskWaiter((self,), [self.cursor])
        self.bell.add(waiter)
        try:
            while not self.is_ready():
                left = None if deadline is None else max(deadline - loop.time(), 0.0)
                self.raise_if_hopeless(timeout)
                if not await waiter.sleep(left) and not self.is_ready():
                    raise self.timed_out(timeout)
        finally:
            self.bell.remove(waiter)

    async def wait(self, after: int | None = None, timeout: float | None = None) -> int:
        """Wait until there is a record newer than `after`, and return the cursor; see `Ring.wait`."""
        return (await await_news((self,), None if after is None else (after,), timeout))[0]

    def reader(
        self, start: Start = "new", *, latest: bool = False, max_records: int = 1024
    ) -> AsyncReader[Y]:
        """Return an asynchronous iterator over the records, a validated copy of a batch at a time; see
        `Ring.reader`.
        """
        return AsyncReader((self,), start, latest, max_records)


def _nanoseconds(name: str, value: int) -> int:
    """Return a time as a plain integer, or refuse what is none or not in nanoseconds."""
    try:
        time_ns = operator.index(value)
    except TypeError:
        # A float does not hold nanoseconds of today, and None is the end of a gap that lasts.
        raise ConfigurationError(f"{name} is a whole number of UTC nanoseconds, not {value!r}") from None
    if isinstance(value, bool) or 0 != time_ns < _EARLIEST_NS:
        raise ConfigurationError(f"{name} is in UTC nanoseconds, as recv_ns is; {value!r} is not")
    return time_ns
