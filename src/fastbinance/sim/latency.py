"""What is sent comes later, in order: a line with latency and jitter."""

import asyncio
from collections import deque
from collections.abc import Callable
from random import random

__all__ = ["Latency"]


class Latency:
    """Holds back what one connection sends.

    Parameters
    ----------
    write
        Sends at once; what is due goes there.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._loop = asyncio.get_running_loop()
        self._seconds = self._jitter = 0.0
        self._late: deque[tuple[float, bytes]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float, jitter: float) -> None:
        """Hold back by so many seconds, and up to ``jitter`` more, from now on."""
        self._seconds, self._jitter = seconds, jitter

    def send(self, data: bytes) -> None:
        """Send when it is time, behind all that was given before."""
        if not self._seconds and not self._jitter and not self._late:
            self._write(data)
            return
        due = self._loop.time() + self._seconds + random() * self._jitter
        if self._late:
            due = max(due, self._late[-1][0])
        self._late.append((due, data))
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._send_due)

    def flush(self) -> None:
        """Send all that is held back."""
        late = [data for _, data in self._late]
        self.drop()
        for data in late:
            self._write(data)

    def drop(self) -> None:
        """Lose all that is held back."""
        self._late.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send_due(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._late and self._late[0][0] <= now:
            self._write(self._late.popleft()[1])
        if self._late:
            self._timer = self._loop.call_at(self._late[0][0], self._send_due)
