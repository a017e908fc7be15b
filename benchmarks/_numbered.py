"""Streams whose every message bears the next number: what was lost, doubled or turned round shows."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

__all__ = ["Due", "Numbered", "Schedule", "price_of"]

_PRICES: Final = 100_000  # numbers until prices repeat
_FIRST: Final = 1_000_000  # of the numbers, as ids on the wire are never small


def price_of(number: int) -> float:
    """Return the price that the message of a number has, so that a record can be seen to be whole."""
    return float(_price(number))


def _price(number: int) -> str:
    return f"{1_000 + number % _PRICES / 100:.2f}"


@dataclass(frozen=True, slots=True)
class Numbered:
    """One stream of numbered messages.

    Attributes
    ----------
    market
        ``"spot"`` or ``"usdm"``.
    stream
        Binance's name. What follows the ``@`` decides what the messages are: ``trade``, ``aggTrade``,
        ``bookTicker``, or ``depth@...`` for diffs.
    rate
        Messages a second.
    is_random
        Arrivals at random (exponential gaps), as those of a market are, rather than evenly spaced.
    """

    market: str
    stream: str
    rate: float
    is_random: bool = False

    @property
    def kind(self) -> str:
        """What the messages are: the stream's suffix without its speed."""
        return self.stream.partition("@")[2].partition("@")[0]

    def spell(self, number: int, time_ms: int) -> bytes:
        """Return the payload of a number, in the key order of Binance's."""
        symbol = self.stream.partition("@")[0].upper()
        return _SPELL[self.market == "spot", self.kind](symbol, number, time_ms).encode()


def _spot_trade(symbol: str, number: int, ms: int) -> str:
    return (
        f'{{"e":"trade","E":{ms},"s":"{symbol}","t":{number},"p":"{_price(number)}","q":"0.50000000",'
        f'"T":{ms},"m":false,"M":true}}'
    )


def _spot_agg_trade(symbol: str, number: int, ms: int) -> str:
    return (
        f'{{"e":"aggTrade","E":{ms},"s":"{symbol}","a":{number},"p":"{_price(number)}","q":"0.50000000",'
        f'"f":{2 * number},"l":{2 * number + 1},"T":{ms},"m":false,"M":true}}'
    )


def _spot_book_ticker(symbol: str, number: int, _: int) -> str:
    return (
        f'{{"u":{number},"s":"{symbol}","b":"{_price(number)}","B":"1.00000000",'
        f'"a":"{_price(number + 1)}","A":"2.00000000"}}'
    )


# Diffs take three update ids each: the last of a message is three times its number.
def _spot_depth(symbol: str, number: int, ms: int) -> str:
    return (
        f'{{"e":"depthUpdate","E":{ms},"s":"{symbol}","U":{3 * number - 2},"u":{3 * number},'
        f'"b":[["{_price(number)}","1.0"],["999.00","0.0"]],"a":[["{_price(number + 1)}","2.0"]]}}'
    )


def _futures_depth(symbol: str, number: int, ms: int) -> str:
    return (
        f'{{"e":"depthUpdate","E":{ms},"T":{ms},"s":"{symbol}","ps":"{symbol}","U":{3 * number - 2},'
        f'"u":{3 * number},"pu":{3 * number - 3},"b":[["999.00","0.0"],["{_price(number)}","1.0"]],'
        f'"a":[["{_price(number + 1)}","2.0"]],"st":1}}'
    )


def _futures_book_ticker(symbol: str, number: int, ms: int) -> str:
    return (
        f'{{"e":"bookTicker","u":{number},"s":"{symbol}","ps":"{symbol}","b":"{_price(number)}","B":"1.000",'
        f'"a":"{_price(number + 1)}","A":"2.000","T":{ms},"E":{ms},"st":1}}'
    )


_SPELL: Final[dict[tuple[bool, str], Callable[[str, int, int], str]]] = {
    (True, "trade"): _spot_trade,
    (True, "aggTrade"): _spot_agg_trade,
    (True, "bookTicker"): _spot_book_ticker,
    (True, "depth"): _spot_depth,
    (False, "depth"): _futures_depth,
    (False, "bookTicker"): _futures_book_ticker,
}


class Due(NamedTuple):
    """A message whose time has come."""

    stream: Numbered
    number: int


class Schedule:
    """When each message of some streams is due. Numbers go on whether anybody listens or not.

    Parameters
    ----------
    streams
        What to send.
    now
        Seconds on the caller's clock: the first messages are due from here on.
    """

    def __init__(self, streams: list[Numbered], now: float) -> None:
        if len({stream.stream for stream in streams}) < len(streams):
            raise ValueError("numbers are kept by stream name: give each market its own symbol")
        self.numbers = {stream.stream: _FIRST for stream in streams}  # the last that was due
        self._streams = streams
        self._rng = random.Random(7)
        self._heap = [(now + self._gap(stream), index) for index, stream in enumerate(streams)]
        heapq.heapify(self._heap)

    @property
    def next_at(self) -> float:
        """When the next message is due."""
        return self._heap[0][0]

    def due(self, now: float, most: int) -> list[Due]:
        """Return up to `most` messages that are due, in order."""
        found: list[Due] = []
        while len(found) < most and self._heap[0][0] <= now:
            at, index = self._heap[0]
            stream = self._streams[index]
            self.numbers[stream.stream] += 1
            found.append(Due(stream, self.numbers[stream.stream]))
            heapq.heapreplace(self._heap, (at + self._gap(stream), index))
        return found

    def _gap(self, stream: Numbered) -> float:
        return self._rng.expovariate(stream.rate) if stream.is_random else 1 / stream.rate
