"""Streams of spot."""

import re
from typing import Final

from fastbinance.sim.channels.topic import ArrayOf, Asked, Channel, OfSymbol, Topic
from fastbinance.sim.intervals import SPOT_INTERVALS
from fastbinance.sim.universe import Universe

__all__ = ["parse"]

_DEPTH: Final = re.compile(r"depth(5|10|20)?(@100ms)?")
_KLINE: Final = re.compile(r"kline_(\w+?)(?:@(\+08:00))?")
_ROLLING: Final = re.compile(r"ticker_(1h|4h|1d)")
_ALL: Final = Universe(("spot",))
_TOPICS: Final = {
    "bookTicker": Channel(Topic.BOOK_TICKER),
    "trade": Channel(Topic.TRADE),
    "aggTrade": Channel(Topic.AGG_TRADE),
    "blockTrade": Channel(Topic.BLOCK_TRADE),
    "referencePrice": Channel(Topic.REFERENCE_PRICE, 1000),
    "miniTicker": Channel(Topic.MINI_TICKER, 1000),
    "ticker": Channel(Topic.TICKER, 1000),
    "avgPrice": Channel(Topic.AVERAGE_PRICE, 1000),
}


def parse(lower: str, upper: str, topic: str) -> Asked | None:
    """Find what a name asks spot for."""
    if lower.startswith("!"):
        if lower == "!miniTicker" and topic == "arr":
            return ArrayOf(_ALL, _TOPICS["miniTicker"])
        rolling = _rolling(lower[1:]) if topic == "arr" else None
        return None if rolling is None else ArrayOf(_ALL, rolling)
    channel = _TOPICS.get(topic) or _rolling(topic) or _kline(topic) or _depth(topic)
    return None if channel is None else OfSymbol(upper, channel)


def _rolling(topic: str) -> Channel | None:
    found = _ROLLING.fullmatch(topic)
    return None if found is None else Channel(Topic.ROLLING_TICKER, 1000, interval=found[1])


def _kline(topic: str) -> Channel | None:
    found = _KLINE.fullmatch(topic)
    if found is None or found[1] not in SPOT_INTERVALS:
        return None
    return Channel(Topic.KLINE, 1000 if found[1] == "1s" else 2000, interval=found[1], variant=found[2] or "")


def _depth(topic: str) -> Channel | None:
    found = _DEPTH.fullmatch(topic)
    if found is None:
        return None
    speed_ms = 100 if found[2] else 1000
    if found[1]:
        return Channel(Topic.PARTIAL_DEPTH, speed_ms, int(found[1]))
    return Channel(Topic.DIFF_DEPTH, speed_ms)
