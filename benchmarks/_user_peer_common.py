"""What the peers of user data share. Nothing of the package is imported: any interpreter will do.

A peer is given messages by a socket of ours in place of its WebSocket library's, one at a time: the clock
starts when that hands a message over, and stops when the peer has called the user's callback with its own
object. What its WebSocket library, the kernel and the network cost is in neither side's figure.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import uvloop

__all__ = ["Wire", "main"]


class Wire:
    """Messages for a peer, each handed over when it has delivered the one before."""

    def __init__(self, messages: list[str]) -> None:
        self._messages = messages
        self._at = self._end = 0
        self._begun = 0
        self._more = asyncio.Event()
        self._done = asyncio.Event()
        self._took: list[int] = []
        self._trades = 0

    async def take(self) -> str:
        """Return the next message; the clock runs from here."""
        await self._more.wait()
        self._more.clear()
        message = self._messages[self._at]
        self._at += 1
        self._begun = time.perf_counter_ns()
        return message

    def delivered(self, now: int, trade_id: int) -> None:
        """Take the time of a callback, and what it found in its object."""
        self._took.append(now - self._begun)
        self._trades += trade_id
        if self._at < self._end:
            self._more.set()
        else:
            self._done.set()

    async def round(self, count: int) -> dict[str, object]:
        """Have so many messages be delivered; return nanoseconds for each, and the sum of their trade ids."""
        self._took, self._trades = [], 0
        self._done.clear()
        self._end = self._at + count
        self._more.set()
        await self._done.wait()
        return {"took": self._took, "trades": self._trades}


Listen: TypeAlias = Callable[["Wire"], Awaitable[Callable[[], Awaitable[None]]]]


def main(listen: Listen, wrap: Callable[[str], str], *packages: str) -> None:
    """Run one round of so many messages of a file for each line on standard input.

    `listen` has the messages of a wire come to a callback, and returns what ends that.
    """
    path, count = Path(sys.argv[1]), int(sys.argv[2])
    messages = [wrap(line) for line in path.read_text().splitlines()]

    async def run() -> None:
        wire = Wire(messages)
        end = await listen(wire)
        print(json.dumps({name: version(name) for name in packages}), flush=True)
        while sys.stdin.readline():
            print(json.dumps(await wire.round(count)), flush=True)
        await end()

    uvloop.run(run())
