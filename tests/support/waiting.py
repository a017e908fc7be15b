"""Waiting for a condition, woken by whatever may have changed it."""

import asyncio
from collections.abc import Callable


class Changes:
    """Call it, with any arguments, whenever something has changed; `until` looks again each time."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def __call__(self, *_: object) -> None:
        self._event.set()

    async def until(self, condition: Callable[[], object], timeout: float = 10.0) -> None:
        """Wait until the condition holds; fail when it does not within the deadline."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._event.clear()
                await self._event.wait()
