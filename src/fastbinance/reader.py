"""Readers: independent positions in rings, each record once, and an honest count of what was missed."""

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

import numpy as np

from fastbinance._core.ring import Window
from fastbinance.errors import ConfigurationError, StreamClosed, SubscriptionRejected
from fastbinance.waiting import await_news, wait_for_news

if TYPE_CHECKING:
    from fastbinance.rings import AnyRing

__all__ = ["AsyncManyReader", "AsyncReader", "Batch", "ManyReader", "Reader", "Start"]

#: Where a reader begins: with what comes from now on, with what the ring still holds, or at a sequence.
Start: TypeAlias = Literal["new", "oldest"] | int
#: What a reader yields: a structured array, or a `Window` copy where records have levels.
Batch: TypeAlias = np.ndarray[Any, Any] | Window

Y = TypeVar("Y", bound=Batch)


def _first_sequence(ring: "AnyRing[Any, Any]", start: Start) -> int:
    if isinstance(start, str):
        if start == "new":
            return ring.cursor + 1
        if start == "oldest":
            return max(0, ring.cursor + 1 - ring.capacity)
    else:
        try:
            sequence = operator.index(start)  # NumPy's integers too: they are what batches hold
        except TypeError:
            pass
        else:
            if sequence >= 0:
                return sequence
    raise ConfigurationError(f"a reader starts at 'new', 'oldest' or a sequence from 0 on, not at {start!r}")


class _Position:
    """One reader's place in one ring."""

    def __init__(self, ring: "AnyRing[Any, Any]", start: Start, latest: bool, max_records: int) -> None:
        if not isinstance(max_records, int) or max_records < 1:
            raise ConfigurationError(f"a batch has at least one record, not max_records={max_records!r}")
        self.ring = ring
        self.sequence = _first_sequence(ring, start)
        self.lost = 0
        self._latest = latest
        self._max_records = max_records

    def take(self) -> Batch | None:
        """Copy what is new, or None."""
        batch: Batch | None
        if self._latest:
            batch, self.sequence, lost = self.ring.copy_latest(self.sequence)
        else:
            batch, self.sequence, lost = self.ring.copy_from(self.sequence, self._max_records)
        self.lost += lost
        return batch

    def over(self) -> bool:
        """Whether nothing can come any more."""
        return (self.ring.closed or self.ring.error is not None) and self.ring.cursor < self.sequence


class _Positions:
    # What the readers share: a place in each ring, and the turns they take.

    def __init__(
        self, rings: "Sequence[AnyRing[Any, Any]]", start: Start, latest: bool, max_records: int
    ) -> None:
        self._rings = tuple(rings)
        self._positions = [_Position(ring, start, latest, max_records) for ring in rings]
        self._ended_lost = 0
        self._turn = 0

    @property
    def lost(self) -> int:
        """Records that were overwritten before they were read. What `latest` skips is not lost."""
        return self._ended_lost + sum(position.lost for position in self._positions)

    def __repr__(self) -> str:
        streams = ", ".join(ring.stream for ring in self._rings[:3])
        if len(self._rings) > 3:
            streams += f" and {len(self._rings) - 3} more"
        return f"<{type(self).__name__} {streams}: {self.lost} lost>"

    def _take(self) -> "tuple[AnyRing[Any, Any], Batch] | None":
        """Take from the rings in turn, so that a fast one cannot hide a slow one."""
        for step in range(len(self._positions)):
            index = (self._turn + step) % len(self._positions)
            batch = self._positions[index].take()
            if batch is not None:
                self._turn = index + 1
                return self._positions[index].ring, batch
        return None

    def _over(self) -> bool:
        """Forget the rings that have ended; whether none is left.

        Raises
        ------
        SubscriptionRejected
            Binance refused the stream of one of them. Told once: the others can be read on.
        """
        ended = [position for position in self._positions if position.over()]
        refused: SubscriptionRejected | None = None
        for position in ended:
            error = position.ring.error
            if error is not None and refused is not None:
                continue  # one at a time; this one's turn comes with the next call
            refused = refused or error
            self._positions.remove(position)
            self._ended_lost += position.lost
        if refused is not None:
            raise refused
        return not self._positions

    def _wanted(self) -> "tuple[list[AnyRing[Any, Any]], list[int]]":
        return (
            [position.ring for position in self._positions],
            [position.sequence - 1 for position in self._positions],
        )


class _Blocking(_Positions):
    def _next(self) -> "tuple[AnyRing[Any, Any], Batch]":
        while True:
            found = self._take()
            if found is not None:
                return found
            if self._over():
                raise StopIteration
            try:
                wait_for_news(*self._wanted(), None)
            except (StreamClosed, SubscriptionRejected):
                continue  # what came before the end is still read


class Reader(_Blocking, Generic[Y]):
    """Blocking iterator over one ring, a batch of new records at a time; made by `Ring.reader`.

    Ends when the client closes or the stream is unsubscribed.
    """

    def __iter__(self) -> "Reader[Y]":
        return self

    def __next__(self) -> Y:
        return cast(Y, self._next()[1])


class ManyReader(_Blocking):
    """Blocking iterator over several rings of one client; yields ``(ring, batch)``. Made by `Client.reader`.

    Ends when all the rings have. A ring whose stream Binance refused raises `SubscriptionRejected` once; the
    iteration can go on with the others.
    """

    def __iter__(self) -> "ManyReader":
        return self

    def __next__(self) -> "tuple[AnyRing[Any, Any], Batch]":
        return self._next()


class _Awaiting(_Positions):
    async def _next(self) -> "tuple[AnyRing[Any, Any], Batch]":
        while True:
            found = self._take()
            if found is not None:
                return found
            if self._over():
                raise StopAsyncIteration
            try:
                await await_news(*self._wanted(), None)
            except (StreamClosed, SubscriptionRejected):
                continue  # what came before the end is still read


class AsyncReader(_Awaiting, Generic[Y]):
    """Asynchronous iterator over one ring, a batch of new records at a time; made by `AsyncRing.reader`.

    Ends when the client closes or the stream is unsubscribed.
    """

    def __aiter__(self) -> "AsyncReader[Y]":
        return self

    async def __anext__(self) -> Y:
        return cast(Y, (await self._next())[1])


class AsyncManyReader(_Awaiting):
    """Asynchronous iterator over several rings of one client; yields ``(ring, batch)``. See `ManyReader`."""

    def __aiter__(self) -> "AsyncManyReader":
        return self

    async def __anext__(self) -> "tuple[AnyRing[Any, Any], Batch]":
        return await self._next()
