"""What a pool tells about its connections."""

from dataclasses import dataclass, fields
from typing import Any, Final

from fastbinance._core.feed import Latency
from fastbinance._protocol.lifecycle import State
from fastbinance.drift import Drift
from fastbinance.errors import TransportError
from fastbinance.keys import WsKey

__all__ = ["ConnectionStats", "FeedCounters"]


@dataclass(slots=True)
class FeedCounters:
    """Counts of a connection's feeds, summed over its reconnects. The names are the feed's own."""

    frames: int = 0
    messages: int = 0
    bytes_received: int = 0
    published: int = 0
    rejected: int = 0
    skipped: int = 0
    control: int = 0
    unrouted: int = 0
    fast: int = 0
    fallback: int = 0
    pings: int = 0
    handler_errors: int = 0
    drift_overflow: int = 0

    def add(self, feed: Any) -> None:
        """Add the counters of a feed, or of another sum."""
        for name in _COUNTERS:
            setattr(self, name, getattr(self, name) + getattr(feed, name))


_COUNTERS: Final = tuple(counter.name for counter in fields(FeedCounters))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStats:
    """A connection at one moment.

    Attributes
    ----------
    ws_key, url, line, state
        Which one, and where it is in its life (`lifecycle.State`). A line is one of several connections
        that carry the same streams; most have number 0.
    wanted, confirmed
        Numbers of streams.
    reconnects
        Times it came up again after a loss.
    rollovers
        Times it was replaced by a new connection, which goes on with its counts.
    attempts
        Attempts since it was last up.
    trouble
        Why it is down; None while it is up or on its first attempt.
    counters
        Counts of its feeds, summed over the reconnects.
    latency
        Histograms of how long records took, summed like the counters: `exchange_to_receive`, from Binance's
        event time to our socket read, and `receive_to_published`, from there to the ring.
    rejects
        The newest payloads that did not decode, oldest first, as the feed described them.
    drifts
        What has come that our tables do not know, in order of first sight, summed over the reconnects.
    """

    ws_key: WsKey
    url: str
    line: int
    state: State
    wanted: int
    confirmed: int
    reconnects: int
    rollovers: int
    attempts: int
    trouble: TransportError | None
    counters: FeedCounters
    latency: Latency
    rejects: tuple[Any, ...]
    drifts: tuple[Drift, ...]
