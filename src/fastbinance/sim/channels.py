"""Stream names as the exchange sees them: which kind of event, how often, and on which route.

`fastbinance.streams` is not used here on purpose: the simulator is the peer that our client is tested
against, and a mistake in a shared table would be agreed upon by both sides.
"""

import re
from typing import Final, NamedTuple

from fastbinance.keys import Market, Part
from fastbinance.streams import Kind

__all__ = ["ALL_MARKET", "REAL_TIME", "Channel", "is_well_formed", "parse_channel", "part_of"]

#: Update speed of streams that are pushed as things happen.
REAL_TIME: Final = 0
#: The all-market book ticker, the one all-market stream simulated so far.
ALL_MARKET: Final = "!bookTicker"

_ALL_MARKET_MS: Final[dict[Market, int]] = {"usdm": 5000, "coinm": REAL_TIME}
_DEPTH_MS: Final[dict[Market, dict[str, int]]] = {
    "spot": {"": 1000, "100ms": 100},
    "usdm": {"": 250, "100ms": 100, "500ms": 500},
    "coinm": {"": 250, "100ms": 100, "500ms": 500},
}
_DEPTH: Final = re.compile(r"depth(?P<levels>5|10|20)?(?:@(?P<speed>\d+ms))?")
_WELL_FORMED: Final = re.compile(r"!?[\w.\-]+(?:@[\w.\-+:]+)*")
_FUTURES_AGG_TRADE_MS: Final = 100


class Channel(NamedTuple):
    """What a subscriber of one stream is sent about one symbol.

    Attributes
    ----------
    kind
        Kind of event.
    speed_ms
        Time between two events, or `REAL_TIME`.
    levels
        Levels a side of a partial depth, otherwise 0.
    """

    kind: Kind
    speed_ms: int = REAL_TIME
    levels: int = 0


def is_well_formed(name: str) -> bool:
    """Tell whether Binance would acknowledge this stream name; it does so without knowing the stream."""
    return _WELL_FORMED.fullmatch(name) is not None


def part_of(name: str) -> Part:
    """Give the USD-M route that a stream name belongs to."""
    topic = name.partition("@")[2]
    if name == ALL_MARKET or topic in ("bookTicker", "trade") or topic.startswith(("depth", "rpiDepth")):
        return "public"
    return "market"


def parse_channel(name: str, market: Market) -> tuple[str | None, Channel] | None:
    """Find what a stream name asks for.

    Returns
    -------
    tuple or None
        Upper-case symbol (None for the all-market stream) and channel; None for a stream that this exchange
        does not have, which Binance acknowledges and never serves. Names are lower-case: `BTCUSDT@trade` is
        such a stream.
    """
    if name == ALL_MARKET:
        speed_ms = _ALL_MARKET_MS.get(market)
        return None if speed_ms is None else (None, Channel(Kind.BOOK_TICKER, speed_ms))
    lower, _, topic = name.partition("@")
    symbol = _ascii_upper(lower)
    if not lower or lower.startswith("!") or _ascii_lower(lower) != lower:
        return None
    channel: Channel | None = None
    if topic == "bookTicker":
        channel = Channel(Kind.BOOK_TICKER)
    elif topic == "trade":
        channel = Channel(Kind.TRADE)
    elif topic == "aggTrade":
        channel = Channel(Kind.AGG_TRADE, REAL_TIME if market == "spot" else _FUTURES_AGG_TRADE_MS)
    elif found := _DEPTH.fullmatch(topic):
        speed = _DEPTH_MS[market].get(found["speed"] or "")
        if speed is not None and found["levels"]:
            channel = Channel(Kind.PARTIAL_DEPTH, speed, int(found["levels"]))
        elif speed is not None:
            channel = Channel(Kind.DIFF_DEPTH, speed)
    return None if channel is None else (symbol, channel)


_UPPER: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LOWER: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def _ascii_upper(text: str) -> str:
    # Symbols may hold any letters; only the ASCII ones have cases as far as Binance is concerned.
    return text.translate(_UPPER)


def _ascii_lower(text: str) -> str:
    return text.translate(_LOWER)
