"""Records that rings hold back, because ids before them are missing, and when they are let go."""

import asyncio
import time
from collections.abc import Mapping

from fastbinance._io.wishes import Wish

__all__ = ["Holding"]

_NANOSECONDS = 1e9
_SHORTEST_WAIT = 0.001


class Holding:
    """Has rings publish what they have held for long enough; made on the thread of a running event loop.

    Parameters
    ----------
    wishes
        Whose rings they are, by name.
    seconds
        How long a record is held.
    """

    def __init__(self, wishes: Mapping[str, Wish], seconds: float) -> None:
        self._wishes = wishes
        self._seconds = seconds
        self._names: set[str] = set()  # of the streams whose rings hold something, as far as is known
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def held(self, name: str) -> None:
        """Take note that the ring of a stream has begun to hold records."""
        self._names.add(name)
        # A timer that is set is due no later: what it waits for began to be held before.
        if self._timer is None and not self._closed:
            self._timer = self._loop.call_later(self._seconds, self._release)

    def close(self) -> None:
        """Look at no ring any more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _release(self) -> None:
        self._timer = None
        now_ns = time.time_ns()
        waits = []
        for name in tuple(self._names):
            wish = self._wishes.get(name)
            left_ns = 0 if wish is None or wish.ring is None else wish.ring.release_held(now_ns)
            if left_ns > 0:
                waits.append(left_ns / _NANOSECONDS)
            else:
                self._names.discard(name)
        # Releasing may have closed this: readers wake, on other threads, and streams end.
        if waits and not self._closed:
            self._timer = self._loop.call_later(max(min(waits), _SHORTEST_WAIT), self._release)
