"""Streams of Alpha. Binance states no speeds for most of them: those of futures stand in."""

import re
from typing import Final

from fastbinance.sim.channels.topic import (
    ArrayOf,
    Asked,
    Channel,
    OfIndex,
    OfMany,
    OfSymbol,
    Topic,
)
from fastbinance.sim.intervals import CONTRACT_INTERVALS, FUTURES_INTERVALS
from fastbinance.sim.universe import Universe

__all__ = ["parse"]

_ALL: Final = Universe(("alpha",))
_KLINE_MS: Final = 1000
_DEPTH: Final = re.compile(r"(?:depth(5|10|20)|fulldepth)@(0|100|500)ms")
_CONTRACT_KLINE: Final = re.compile(r"([^@]+@[^@]+)@kline_(\w+)")
_TOPICS: Final = {
    "bookTicker": Channel(Topic.BOOK_TICKER),
    "trade": Channel(Topic.TRADE),
    "aggTrade": Channel(Topic.AGG_TRADE),
    "miniTicker": Channel(Topic.MINI_TICKER, 1000),
    "ticker": Channel(Topic.TICKER, 1000),
}
_STREAMS: Final[dict[str, Asked]] = {
    "!bookTicker": OfMany(_ALL, _TOPICS["bookTicker"]),
    "!miniTicker@arr": ArrayOf(_ALL, _TOPICS["miniTicker"]),
    "!ticker@arr": ArrayOf(_ALL, _TOPICS["ticker"]),
    "came@allTokens@ticker24": OfIndex("", Channel(Topic.ALL_TOKENS, 1000)),
}


def parse(lower: str, upper: str, topic: str) -> Asked | None:
    """Find what a name asks Alpha for."""
    asked = _STREAMS.get(f"{lower}@{topic}" if topic else lower)
    if asked is not None or lower.startswith("!"):
        return asked
    if lower == "came":
        return _contract_kline(topic)
    channel = _TOPICS.get(topic) or _depth(topic)
    interval = topic.removeprefix("kline_")
    if interval != topic and interval in FUTURES_INTERVALS:
        channel = Channel(Topic.KLINE, _KLINE_MS, interval=interval)
    return None if channel is None else OfSymbol(upper, channel)


def _contract_kline(topic: str) -> Asked | None:
    found = _CONTRACT_KLINE.fullmatch(topic)
    if found is None or found[2] not in CONTRACT_INTERVALS:
        return None
    # Addresses keep their letters: some chains tell upper from lower case.
    return OfSymbol(found[1], Channel(Topic.CONTRACT_KLINE, _KLINE_MS, interval=found[2]))


def _depth(topic: str) -> Channel | None:
    found = _DEPTH.fullmatch(topic)
    if found is None:
        return None
    if found[1]:
        return Channel(Topic.PARTIAL_DEPTH, int(found[2]), int(found[1]))
    return Channel(Topic.DIFF_DEPTH, int(found[2]))
