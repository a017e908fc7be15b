"""Streams of spot in SBE: few, with names that mean something else as JSON."""

from typing import Final

from fastbinance.sim.channels.topic import Asked, Channel, OfSymbol, Topic

__all__ = ["parse"]

_TOPICS: Final = {
    "trade": Channel(Topic.TRADE),
    "bestBidAsk": Channel(Topic.BOOK_TICKER),
    "depth": Channel(Topic.DIFF_DEPTH, 20),
    "depth20": Channel(Topic.PARTIAL_DEPTH, 50, 20),
}


def parse(lower: str, upper: str, topic: str) -> Asked | None:
    """Find what a name asks spot for on its SBE host."""
    channel = _TOPICS.get(topic)
    return None if channel is None or lower.startswith("!") else OfSymbol(upper, channel)
