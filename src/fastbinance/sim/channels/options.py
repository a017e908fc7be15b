"""Streams of options."""

import re
from typing import Final

from fastbinance.keys import Part
from fastbinance.sim.channels.topic import ArrayOf, Asked, Channel, OfIndex, OfMany, OfSymbol, Topic
from fastbinance.sim.intervals import OPTIONS_INTERVALS
from fastbinance.sim.universe import Universe

__all__ = ["parse", "part_of"]

_DEPTH: Final = re.compile(r"depth(5|10|20)?@(100|500)ms")
_OF_EXPIRY: Final = re.compile(r"(openInterest|optionOpenInterest|optionTicker)@(\d{6})")
_TICKER: Final = Channel(Topic.TICKER, 1000)
_TRADE: Final = Channel(Topic.TRADE, 50)
_OPEN_INTEREST: Final = Channel(Topic.OPEN_INTEREST, 60_000)


def part_of(topic: str) -> Part:
    """Give the route of a topic."""
    if topic.startswith(("depth", "bookTicker", "optionTicker", "optionTrade")):
        return "public"
    return "market"


def parse(lower: str, upper: str, topic: str) -> Asked | None:
    """Find what a name asks options for."""
    if lower == "!index" and topic == "arr":
        return OfIndex("", Channel(Topic.OPTION_INDEX, 1000))
    if lower == "!optionSymbol" and not topic:
        return OfMany(Universe(("options",)), Channel(Topic.OPTION_SYMBOL, 50))
    if lower.startswith("!"):
        return None
    if "-" not in upper:
        return _of_underlying(upper, topic)
    channel: Channel | None = None
    interval = topic.removeprefix("kline_")
    if topic == "bookTicker":
        channel = Channel(Topic.BOOK_TICKER)
    elif topic == "optionTicker":
        channel = _TICKER
    elif topic == "optionTrade":
        channel = _TRADE
    elif interval != topic and interval in OPTIONS_INTERVALS:
        channel = Channel(Topic.KLINE, 1000, interval=interval)
    elif found := _DEPTH.fullmatch(topic):
        kind = Topic.PARTIAL_DEPTH if found[1] else Topic.DIFF_DEPTH
        channel = Channel(kind, int(found[2]), int(found[1] or 0))
    return None if channel is None else OfSymbol(upper, channel)


def _of_underlying(upper: str, topic: str) -> Asked | None:
    if topic == "optionMarkPrice":
        return ArrayOf(Universe(("options",), pair=upper), Channel(Topic.OPTION_MARK_PRICE, 1000))
    if topic == "optionTrade":
        return OfMany(Universe(("options",), pair=upper), _TRADE)
    found = _OF_EXPIRY.fullmatch(topic)
    if found is None:
        return None
    universe = Universe(("options",), pair=upper, expiry=found[2])
    return ArrayOf(universe, _TICKER if found[1] == "optionTicker" else _OPEN_INTEREST)
