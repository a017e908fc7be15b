"""Watches some symbols: wants their streams, and tells as rows and totals how they stand."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from fastbinance import Client, Ring, implementation
from fastbinance.cli.feed import SymbolFeed
from fastbinance.cli.row import Extra, Row, Totals
from fastbinance.cli.tape import SymbolGauges, Tape
from fastbinance.keys import Market

__all__ = ["Board"]


class Board:
    """Watches quotes and trades of some symbols of one market, and what else is asked for.

    Parameters
    ----------
    client
        Subscribes and owns the rings; its end is the board's.
    symbols, market
        What is watched, in upper case.
    extras
        What is watched besides quotes and trades.
    clock, wall_clock_ns
        Seconds that never go back, and UTC nanoseconds.

    Raises
    ------
    ConfigurationError
        A symbol or the market cannot be.
    """

    def __init__(
        self,
        client: Client,
        symbols: Sequence[str],
        market: Market,
        extras: Extra,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._client = client
        self._clock = clock
        self._wall_clock_ns = wall_clock_ns
        self._feeds = [SymbolFeed.subscribe(client, symbol, market, extras) for symbol in symbols]
        #: What rows have besides quotes and trades.
        self.extras = extras
        gauges: dict[Ring[Any, Any], SymbolGauges] = {
            ring: feed.gauges for feed in self._feeds for ring in feed.rings
        }
        self._tape = Tape(client, gauges)
        used = implementation()
        self._scanner, self._fallback = used.fast, used.fallback

    def settled(self) -> bool:
        """Whether every symbol has a quote, or never will."""
        return all(feed.quoted or feed.refusal for feed in self._feeds)

    def spoke(self) -> bool:
        """Whether anything has come, of any symbol."""
        return any(feed.spoke for feed in self._feeds)

    def rows(self) -> list[Row]:
        """Return how every symbol stands now."""
        now, now_ns = self._clock(), self._wall_clock_ns()
        return [feed.row(now, now_ns) for feed in self._feeds]

    def totals(self) -> Totals:
        """Return how the client stands now."""
        connections = self._client.stats().connections
        troubles = [str(connection.trouble) for connection in connections if connection.trouble is not None]
        return Totals(
            messages=sum(connection.counters.messages for connection in connections),
            rejected=sum(connection.counters.rejected for connection in connections),
            lost=self._tape.lost,
            connections=len(connections),
            live=sum(connection.state.name == "LIVE" for connection in connections),
            reconnects=sum(connection.reconnects for connection in connections),
            scanner=self._scanner,
            fallback=self._fallback,
            trouble="; ".join(troubles),
        )
