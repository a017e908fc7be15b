"""What a stream name can ask the exchange for."""

from enum import IntEnum
from typing import Final, NamedTuple

from fastbinance.sim.universe import Universe

__all__ = ["REAL_TIME", "ArrayOf", "Asked", "Channel", "OfIndex", "OfMany", "OfSymbol", "Topic"]

#: Update speed of streams that are pushed as things happen.
REAL_TIME: Final = 0


class Topic(IntEnum):
    """Kinds of event that the exchange makes.

    They are the simulator's own, not the client's kinds of record: the peer must not share a table with what
    is tested against it.
    """

    BOOK_TICKER = 1
    TRADE = 2
    AGG_TRADE = 3
    DIFF_DEPTH = 4
    PARTIAL_DEPTH = 5
    RPI_DEPTH = 6
    BLOCK_TRADE = 7
    KLINE = 8
    CONTINUOUS_KLINE = 9
    INDEX_PRICE_KLINE = 10
    MARK_PRICE_KLINE = 11
    CONTRACT_KLINE = 12
    TICKER = 13
    ROLLING_TICKER = 14
    MINI_TICKER = 15
    AVERAGE_PRICE = 16
    REFERENCE_PRICE = 17
    MARK_PRICE = 18
    OPTION_MARK_PRICE = 19
    OPEN_INTEREST = 20
    FORCE_ORDER = 21
    CONTRACT_INFO = 22
    OPTION_SYMBOL = 23
    INDEX_PRICE = 24
    OPTION_INDEX = 25
    COMPOSITE_INDEX = 26
    ASSET_INDEX = 27
    TRADING_SESSION = 28
    ALL_TOKENS = 29

    # Hashed for every event; an enum's own hash is that of its name, in Python.
    __hash__ = int.__hash__


class Channel(NamedTuple):
    """What a subscriber is sent, whoever it is about.

    Attributes
    ----------
    topic
        Kind of event.
    speed_ms
        Time between two events, or `REAL_TIME`. Any number of milliseconds will do.
    levels
        Levels a side of a partial depth, otherwise 0.
    interval
        Interval of a kline or window of a rolling ticker, as Binance spells it.
    variant
        What else tells two channels apart: the time zone of a kline, the contract type of a continuous one.
    """

    topic: Topic
    speed_ms: int = REAL_TIME
    levels: int = 0
    interval: str = ""
    variant: str = ""


class OfSymbol(NamedTuple):
    """Events of one symbol."""

    symbol: str
    channel: Channel


class OfMany(NamedTuple):
    """Events of many symbols, a frame each."""

    universe: Universe
    channel: Channel


class ArrayOf(NamedTuple):
    """Events of many symbols in one frame."""

    universe: Universe
    channel: Channel


class OfIndex(NamedTuple):
    """Events of something that does not trade: an index, an asset, a session.

    ``name`` is upper-case; it is empty where the stream is about all of them and comes as one array.
    """

    name: str
    channel: Channel


Asked = OfSymbol | OfMany | ArrayOf | OfIndex
