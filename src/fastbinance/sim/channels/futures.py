"""Streams of USD-M and COIN-M futures."""

import re
from typing import Final

from fastbinance.keys import Market, Part
from fastbinance.sim.channels.topic import (
    REAL_TIME,
    ArrayOf,
    Asked,
    Channel,
    OfIndex,
    OfMany,
    OfSymbol,
    Topic,
)
from fastbinance.sim.intervals import FUTURES_INTERVALS, SPOT_INTERVALS
from fastbinance.sim.universe import Universe

__all__ = ["parse_coinm", "parse_usdm", "part_of"]

# Since mid-2026 all-market streams carry USD-M and COIN-M symbols alike, whichever host they are asked of.
_MERGED: Final = Universe(("usdm", "coinm"))
_USDM: Final = Universe(("usdm",))

_DEPTH: Final = re.compile(r"depth(5|10|20)?(?:@(\d+ms))?")
_DEPTH_MS: Final = {"": 250, "100ms": 100, "500ms": 500}
_CONTINUOUS: Final = re.compile(r"(.+)_(PERPETUAL|CURRENT_QUARTER|NEXT_QUARTER|TRADIFI_PERPETUAL)")
_KLINE_MS: Final = 250

_SYMBOL_TOPICS: Final = {
    "bookTicker": Channel(Topic.BOOK_TICKER),
    "trade": Channel(Topic.TRADE),
    "aggTrade": Channel(Topic.AGG_TRADE, 100),
    "forceOrder": Channel(Topic.FORCE_ORDER, 1000),
}
_MARK_PRICES: Final = {
    "markPrice": Channel(Topic.MARK_PRICE, 3000),
    "markPrice@1s": Channel(Topic.MARK_PRICE, 1000),
}
_MERGED_STREAMS: Final[dict[str, Asked]] = {
    "!miniTicker@arr": ArrayOf(_MERGED, Channel(Topic.MINI_TICKER, 1000)),
    "!ticker@arr": ArrayOf(_MERGED, Channel(Topic.TICKER, 1000)),
    "!forceOrder@arr": OfMany(_MERGED, _SYMBOL_TOPICS["forceOrder"]),
    "!contractInfo": OfMany(_MERGED, Channel(Topic.CONTRACT_INFO)),
}
_USDM_STREAMS: Final[dict[str, Asked]] = {
    **_MERGED_STREAMS,
    "!bookTicker": OfMany(_MERGED, Channel(Topic.BOOK_TICKER, 5000)),
    "!markPrice@arr": ArrayOf(_USDM, _MARK_PRICES["markPrice"]),
    "!markPrice@arr@1s": ArrayOf(_USDM, _MARK_PRICES["markPrice@1s"]),
    "!assetIndex@arr": OfIndex("", Channel(Topic.ASSET_INDEX, 1000)),
    "tradingSession": OfIndex("", Channel(Topic.TRADING_SESSION, 1000)),
}
_COINM_STREAMS: Final[dict[str, Asked]] = {
    **_MERGED_STREAMS,
    "!bookTicker": OfMany(_MERGED, Channel(Topic.BOOK_TICKER, REAL_TIME)),
}
_USDM_TOPICS: Final = {
    **_SYMBOL_TOPICS,
    **_MARK_PRICES,
    "rpiDepth@500ms": Channel(Topic.RPI_DEPTH, 500),
    "miniTicker": Channel(Topic.MINI_TICKER, 2000),
    "ticker": Channel(Topic.TICKER, 2000),
}
_USDM_INDEXES: Final = {
    "compositeIndex": Channel(Topic.COMPOSITE_INDEX, 1000),
    "assetIndex": Channel(Topic.ASSET_INDEX, 1000),
}
_COINM_TOPICS: Final = {
    **_SYMBOL_TOPICS,
    **_MARK_PRICES,
    "miniTicker": Channel(Topic.MINI_TICKER, 500),
    "ticker": Channel(Topic.TICKER, 500),
}
_COINM_INDEXES: Final = {
    "indexPrice": Channel(Topic.INDEX_PRICE, 3000),
    "indexPrice@1s": Channel(Topic.INDEX_PRICE, 1000),
}


def part_of(name: str, topic: str) -> Part:
    """Give the USD-M route that a stream name belongs to."""
    if name == "!bookTicker" or topic in ("bookTicker", "trade") or topic.startswith(("depth", "rpiDepth")):
        return "public"
    return "market"


def parse_usdm(lower: str, upper: str, topic: str) -> Asked | None:
    """Find what a name asks USD-M for."""
    asked = _USDM_STREAMS.get(f"{lower}@{topic}" if topic else lower)
    if asked is not None or lower.startswith("!"):
        return asked
    if topic in _USDM_INDEXES:
        return OfIndex(upper, _USDM_INDEXES[topic])
    channel = _USDM_TOPICS.get(topic) or _depth(topic) or _kline(topic, "kline_", Topic.KLINE)
    return _continuous(upper, topic, "usdm") if channel is None else OfSymbol(upper, channel)


def parse_coinm(lower: str, upper: str, topic: str) -> Asked | None:
    """Find what a name asks COIN-M for."""
    asked = _COINM_STREAMS.get(f"{lower}@{topic}" if topic else lower)
    if asked is not None or lower.startswith("!"):
        return asked
    if "_" not in upper:  # a pair rather than a contract
        if topic in _MARK_PRICES:
            return ArrayOf(Universe(("coinm",), pair=upper), _MARK_PRICES[topic])
        index = _COINM_INDEXES.get(topic) or _kline(topic, "indexPriceKline_", Topic.INDEX_PRICE_KLINE)
        if index is None:
            return None
        # Index klines need the past of something that trades: the pair's perpetual contract.
        return OfIndex(upper, index) if topic in _COINM_INDEXES else OfSymbol(f"{upper}_PERP", index)
    channel = (
        _COINM_TOPICS.get(topic)
        or _depth(topic)
        or _kline(topic, "kline_", Topic.KLINE)
        or _kline(topic, "markPriceKline_", Topic.MARK_PRICE_KLINE)
    )
    return _continuous(upper, topic, "coinm") if channel is None else OfSymbol(upper, channel)


def _depth(topic: str) -> Channel | None:
    found = _DEPTH.fullmatch(topic)
    if found is None:
        return None
    if topic == "depth@0ms":  # undocumented, seen on the wire
        return Channel(Topic.DIFF_DEPTH, REAL_TIME)
    speed_ms = _DEPTH_MS.get(found[2] or "")
    if speed_ms is None:
        return None
    if found[1]:
        return Channel(Topic.PARTIAL_DEPTH, speed_ms, int(found[1]))
    return Channel(Topic.DIFF_DEPTH, speed_ms)


def _kline(topic: str, prefix: str, kind: Topic) -> Channel | None:
    interval = topic.removeprefix(prefix)
    if interval == topic or interval not in FUTURES_INTERVALS:
        return None
    return Channel(kind, _KLINE_MS, interval=interval)


def _continuous(upper: str, topic: str, market: Market) -> Asked | None:
    found = _CONTINUOUS.fullmatch(upper)
    interval = topic.removeprefix("continuousKline_")
    if found is None or interval == topic or interval not in SPOT_INTERVALS:
        return None
    pair, contract = found[1], found[2]
    # "X_TRADIFI_PERPETUAL" reads as the perpetual of "X_TRADIFI" too.
    if pair.endswith("_TRADIFI"):
        pair, contract = pair.removesuffix("_TRADIFI"), "TRADIFI_PERPETUAL"
    if market == "coinm" and contract == "TRADIFI_PERPETUAL":
        return None
    return OfSymbol(pair, Channel(Topic.CONTINUOUS_KLINE, _KLINE_MS, interval=interval, variant=contract))
