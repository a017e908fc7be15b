"""Readers: independent positions in rings, each record once, and an honest count of what was missed."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, cast

import numpy as np

from fastbinance._core.ring import RingBase, Window
from fastbinance.errors import ConfigurationError, StreamClosed
from fastbinance.waiting import await_news, wait_for_news

__all__ = ["AsyncManyReader", "AsyncReader", "Batch", "ManyReader", "Reader", "Start"]

#: Where a reader begins: with what comes from now on, with what the ring still holds, or at a sequence.
Start: TypeAlias = Literal["new", "oldest"] | int
#: What a reader yields: a structured array, or a `Window` copy where records have levels.
Batch: TypeAlias = np.ndarray[Any, Any] | Window


class _Position:
    """One reader's place in one ring."""

    def __init__(self, ring: RingBase, start: Start, latest: bool, max_records: int) -> None:
        if max_records < 1:
            raise ConfigurationError(f"a batch has at least one record, not max_records={max_records}")
        if start == "new":
            self.sequence = ring.cursor + 1
        elif start == "oldest":
            self.sequence = max(0, ring.cursor + 1 - ring.capacity)
        elif isinstance(start, int) and start >= 0:
            self.sequence = start
        else:
            raise ConfigurationError(f"a reader starts at 'new', 'oldest' or a sequence from 0 on, not at {start!r}")
        self.ring = ring
        self.lost = 0
        self._latest = latest
        self._max_records = max_records

    def take(self) -> Batch | None:
        """Copy what is new, or None."""
        if self._latest:
            return self._take_latest()
        batch, self.sequence, lost = self.ring.copy_from(self.sequence, self._max_records)
        self.lost += lost
        return batch

    def _take_latest(self) -> Batch | None:
        cursor = self.ring.cursor
        if cursor < self.sequence:
            return None
        if self.ring.symbol is None:
            batch = self.ring.newest_per_symbol(self.sequence - 1)
        else:
            batch, _, _ = self.ring.copy_from(cursor, 1)
        self.sequence = cursor + 1
        return cast(Batch | None, batch)

    def over(self) -> bool:
        """Whether nothing can come any more."""
        return self.ring.closed and self.ring.cursor < self.sequence


class _Positions:
    """What the readers share.

    Attributes
    ----------
    lost
        Records that were overwritten before they were read. What `latest` skips is not lost.
    """

    def __init__(self, rings: Sequence[RingBase], start: Start, latest: bool, max_records: int) -> None:
        if not rings:
            raise ConfigurationError("a reader needs at least one ring")
        if any(ring.bell is not rings[0].bell for ring in rings):
            raise ConfigurationError("a reader over several rings needs rings of one client")
        self._positions = [_Position(ring, start, latest, max_records) for ring in rings]
        self._ended_lost = 0
        self._turn = 0

    @property
    def lost(self) -> int:
        return self._ended_lost + sum(position.lost for position in self._positions)

    def _take(self) -> tuple[RingBase, Batch] | None:
        """Take from the rings in turn, so that a fast one cannot hide a slow one."""
        for step in range(len(self._positions)):
            index = (self._turn + step) % len(self._positions)
            batch = self._positions[index].take()
            if batch is not None:
                self._turn = index + 1
                return self._positions[index].ring, batch
        return None

    def _over(self) -> bool:
        """Forget the rings that have ended; whether none is left."""
        self._ended_lost += sum(position.lost for position in self._positions if position.over())
        self._positions = [position for position in self._positions if not position.over()]
        return not self._positions

    def _wanted(self) -> tuple[list[RingBase], list[int]]:
        return (
            [position.ring for position in self._positions],
            [position.sequence - 1 for position in self._positions],
        )


class _Blocking(_Positions):
    def _next(self) -> tuple[RingBase, Batch]:
        while True:
            found = self._take()
            if found is not None:
                return found
            if self._over():
                raise StopIteration
            try:
                wait_for_news(*self._wanted(), None)
            except StreamClosed:
                continue  # what came before the end is still read


class Reader(_Blocking):
    """Blocking iterator over one ring; see `Ring.reader`."""

    def __iter__(self) -> "Reader":
        return self

    def __next__(self) -> Batch:
        return self._next()[1]


class ManyReader(_Blocking):
    """Blocking iterator over several rings of one client; yields ``(ring, batch)``."""

    def __iter__(self) -> "ManyReader":
        return self

    def __next__(self) -> tuple[RingBase, Batch]:
        return self._next()


class _Awaiting(_Positions):
    async def _next(self) -> tuple[RingBase, Batch]:
        while True:
            found = self._take()
            if found is not None:
                return found
            if self._over():
                raise StopAsyncIteration
            try:
                await await_news(*self._wanted(), None)
            except StreamClosed:
                continue  # what came before the end is still read


class AsyncReader(_Awaiting):
    """Asynchronous iterator over one ring; see `Ring.reader`."""

    def __aiter__(self) -> "AsyncReader":
        return self

    async def __anext__(self) -> Batch:
        return (await self._next())[1]


class AsyncManyReader(_Awaiting):
    """Asynchronous iterator over several rings of one client; yields ``(ring, batch)``."""

    def __aiter__(self) -> "AsyncManyReader":
        return self

    async def __anext__(self) -> tuple[RingBase, Batch]:
        return await self._next()
