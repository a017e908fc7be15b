"""The simulated exchange without sockets and clocks: subscribe, say how late it is, read what came."""

import json
from typing import Any

from fastbinance.keys import Format, Market, Part
from fastbinance.sim.channels import part_of
from fastbinance.sim.exchange import Exchange
from fastbinance.sim.publish import Publisher
from fastbinance.sim.stats import Stats
from fastbinance.sim.timeunit import MILLISECONDS, TimeUnit

START_MS = 1_795_340_000_000  # a Sunday in November 2026, 09:33:20 UTC

_LONGEST_STEP_MS = 8000


class Listener:
    """A subscriber that keeps what it is sent."""

    combined = True
    format: Format = "json"

    def __init__(self, time_unit: TimeUnit = MILLISECONDS) -> None:
        self.time_unit = time_unit
        self.messages: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        while data:
            size, begin = data[1], 2
            if size >= 126:
                begin = 4 if size == 126 else 10
                size = int.from_bytes(data[2:begin], "big")
            self.messages.append(json.loads(data[begin : begin + size]))
            data = data[begin + size :]

    async def drained(self) -> None:
        """Return at once."""

    def payloads(self, name: str) -> list[Any]:
        return [message["data"] for message in self.messages if message["stream"] == name]


class SteppedExchange:
    """One environment with one listener, told the time."""

    def __init__(
        self, *, rate: float = 60.0, time_unit: TimeUnit = MILLISECONDS, at_ms: int = START_MS
    ) -> None:
        self.exchange = Exchange(seed=3, environment="prod", messages_per_second=rate)
        self.publisher = Publisher(self.exchange, Stats())
        self.listener = Listener(time_unit)
        self.start_ms = at_ms
        self.now_ms = at_ms

    def join(self, market: Market, *names: str, part: Part | None = None) -> None:
        for name in names:
            route = part or (part_of(name, market) if market in ("usdm", "options") else None)
            self.publisher.join(self.listener, market, name, route, self.now_ms)

    def leave(self, market: Market, *names: str) -> None:
        self.publisher.leave(self.listener, market, names)

    def after(self, milliseconds: int) -> "SteppedExchange":
        """Let time pass, and publish what happened meanwhile."""
        end_ms = self.now_ms + milliseconds
        while self.now_ms < end_ms:
            # A longer step is taken for the sleep of a machine, and not made up for.
            self.now_ms = min(end_ms, self.now_ms + _LONGEST_STEP_MS)
            self.publisher.publish(self.now_ms)
        return self

    def payloads(self, name: str) -> list[Any]:
        return self.listener.payloads(name)
