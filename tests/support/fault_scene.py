"""A client of a faulty simulator: what is asked of both, and what must hold of the records afterwards."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from fastbinance import FLAG_GAP, FLAG_OVERLAP, Client, Event, RingState
from fastbinance.keys import Market
from fastbinance.sim import RunningSimulator

__all__ = ["DEADLINE_SECONDS", "DIFFS", "QUOTES", "Outcome", "Scene"]

DEADLINE_SECONDS = 45.0
DIFFS, QUOTES = "btcusdt@depth@100ms", "btcusdt@bookTicker"
# Ids of trades are known to be contiguous after so many.
_LEARNED = 130
_CAPACITY = 1 << 13


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the streams."""

    reconnects: int
    rollovers: int
    missing: int  # ids of trades and diffs, all of them told
    gaps: int

    def __str__(self) -> str:
        counts = [(self.reconnects, "reconnect"), (self.rollovers, "rollover")]
        counts.append((self.missing, "told id") if self.missing else (self.gaps, "told gap"))
        told = [f"{number} {word}{'' if number == 1 else 's'}" for number, word in counts if number]
        return ", ".join(told) or "unharmed"


class Scene:
    """Trades, diffs and quotes of one symbol on a client, and the switches of its simulator.

    Attributes
    ----------
    sim, client, market
        Who takes part.
    lines
        Number of connections that carry the streams: one on spot, one for each route on USD-M.
    routes
        Services of these connections.
    trades
        Stream of trades; on USD-M of aggregate ones, which alone are on the other route.
    names, contiguous
        All streams; those whose ids are known to say what is missing.
    rings
        By stream name.
    """

    def __init__(self, sim: RunningSimulator, client: Client, market: Market) -> None:
        self.sim = sim
        self.client = client
        self.market: Market = market
        self.key = "main" if market == "spot" else "usdm"
        self.routes = ("main",) if market == "spot" else ("usdmPublic", "usdmMarket")
        self.lines = len(self.routes)
        self.trades = "btcusdt@trade" if market == "spot" else "btcusdt@aggTrade"
        self.names = (self.trades, DIFFS, QUOTES)
        self.contiguous = (self.trades, DIFFS) if market == "spot" else (DIFFS,)
        self.rings: dict[str, Any] = {}
        self.events: list[Event] = []
        self._queue = client.events()
        self._began_at = time.monotonic()

    def begin(self) -> Self:
        """Subscribe, and wait until everything flows and ids of trades are known."""
        for name in self.names:
            self.subscribe(name)
        self.flow()
        if self.trades in self.contiguous:
            self.until(lambda: self.rings[self.trades].cursor >= _LEARNED)
        return self

    def subscribe(self, name: str) -> Any:
        """Ask for a stream, and keep its ring."""
        (ring,) = self.client.subscribe(name, self.market).values()
        self.rings[name] = ring
        return ring

    def until(self, condition: Callable[[], object]) -> None:
        """Look at a condition with each record that comes, until it holds."""
        rings = list(self.rings.values())
        while not condition():
            left = DEADLINE_SECONDS - self.seconds
            assert left > 0, f"waited in vain: {self.client.stats()}, {rings}"
            self.client.wait_any(rings, timeout=left)

    def event(self, kind: str, **wanted: Any) -> Event:
        """Return an event that has come or comes, with these attributes."""

        def fits(event: Event) -> bool:
            return event.kind == kind and all(getattr(event, name) == value for name, value in wanted.items())

        found = next(filter(fits, self.events), None)
        while found is None:
            event = self._queue.get(max(0.0, DEADLINE_SECONDS - self.seconds))
            assert event is not None, f"no event {kind} {wanted} after {self.events}"
            self.events.append(event)
            found = event if fits(event) else None
        return found

    def told(self, kind: str, **wanted: Any) -> bool:
        """Tell whether an event with these attributes has come so far."""
        while len(self._queue):
            event = self._queue.get(0.0)
            if event is not None:
                self.events.append(event)
        return any(
            event.kind == kind and all(getattr(event, name) == value for name, value in wanted.items())
            for event in self.events
        )

    @property
    def seconds(self) -> float:
        """How long the client has listened."""
        return time.monotonic() - self._began_at

    @property
    def reconnects(self) -> list[int]:
        """How often each line has come back."""
        return [line.reconnects for line in self.client.stats().connections]

    @property
    def rollovers(self) -> list[int]:
        """How often each line was replaced."""
        return [line.rollovers for line in self.client.stats().connections]

    @property
    def duplicates(self) -> int:
        """How many messages had come before, or came too late."""
        return sum(int(ring.merge_stats().duplicates) for ring in self.rings.values())

    def until_reconnected(self, times: int = 1) -> None:
        """Wait until each line was lost and is back."""
        self.until(lambda: min(self.reconnects) >= times)

    def until_replaced(self, times: int = 1) -> None:
        """Wait until each line was replaced."""
        self.until(lambda: min(self.rollovers) >= times)

    def flow(self) -> None:
        """Wait until every wish is confirmed and every stream speaks, from now on."""
        self.until(lambda: all(ring.state is RingState.LIVE for ring in self.rings.values()))
        before = {name: ring.cursor for name, ring in self.rings.items()}
        self.until(lambda: all(ring.cursor >= before[name] + 3 for name, ring in self.rings.items()))
        stats = self.client.stats()
        assert stats.confirmed == stats.streams == len(self.rings)

    def outcome(self) -> Outcome:
        """Check every record since the beginning, and return what became of the streams.

        Nothing is doubled or goes back, and what is missing is told: in the record behind the hole, by
        `gaps`, `complete` and an event.
        """
        reconnects, rollovers = sum(self.reconnects), sum(self.rollovers)
        missing = gaps = 0
        for name, ring in self.rings.items():
            records = ring[-ring.capacity :]
            assert int(records["sequence"][0]) == 0, "the ring was too small to check"
            if name in self.contiguous:
                missing += _told_holes(ring, records)
            elif name in self.names:
                ids = records["agg_trade_id" if name == self.trades else "update_id"]
                assert (np.diff(ids) > 0).all(), "nothing is doubled or goes back"
            gaps += len(ring.gaps())
            if any(gap.first_id or gap.cause == "missing ids" for gap in ring.gaps()):
                self.event("gap", stream=name)
        if reconnects:
            # Quotes have no ids that would prove an outage harmless.
            assert self.rings[QUOTES].gaps()
        return Outcome(reconnects, rollovers, missing, gaps)


def _told_holes(ring: Any, records: Any) -> int:
    """Check the ids of a ring, and return how many are missing, or one a hole where that cannot be told."""
    if "trade_id" in records.dtype.names:
        last, first = records["trade_id"], records["trade_id"]
    else:
        last, previous = records["update_id"], records["prev_update_id"]
        first = np.where(previous == 0, records["first_update_id"], previous + 1)
    assert (np.diff(last) > 0).all(), "nothing is doubled or goes back"
    overlaps = first[1:] <= last[:-1]
    assert (records["flags"][1:][overlaps] & FLAG_OVERLAP).all(), "what overlaps is told"
    holes = np.flatnonzero(first[1:] > last[:-1] + 1) + 1
    received = records["recv_ns"]
    for hole in holes:
        assert records["flags"][hole] & FLAG_GAP, f"{ring.stream}: a hole before {records[hole]} is not told"
        assert not ring.complete(int(received[hole - 1]), int(received[hole]))
    return int((first[holes] - last[holes - 1] - 1).sum())
