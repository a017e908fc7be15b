"""Prices that do not trade: marks, indexes, funding, and what follows from them.

An index is a function of its pair and the time alone, so that every stream and market agrees upon it. It
stays close to where the pair's markets began, and they return there.
"""

import math
import zlib
from typing import Final

from fastbinance.sim.book import Book, Level
from fastbinance.sim.channels.topic import Channel, Topic
from fastbinance.sim.contracts import expiry_ms
from fastbinance.sim.events import (
    Event,
    MarkPriceEvent,
    OpenInterestEvent,
    OptionMarkPriceEvent,
    ReferencePriceEvent,
)
from fastbinance.sim.greeks import greeks
from fastbinance.sim.instrument import Instrument, start_price

__all__ = ["E8", "index_e8", "mark_e8", "observe_price"]

#: Units of a price that ends in ``_e8``.
E8: Final = 10**8

_FUNDING_MS: Final = 8 * 3_600_000
_FUNDING_BASE_E8: Final = 10_000
_FUNDING_LIMIT_E8: Final = 300_000
_NULL_EVERY_MS: Final = 60_000
_VOLATILITY: Final = 0.55
_SMILE: Final = 0.4
_VOLATILITY_SPREAD: Final = 0.02
_SHORTEST_YEARS: Final = 1 / (365 * 24)
_YEAR_MS: Final = 365 * 86_400_000


def index_e8(pair: str, now_ms: int) -> int:
    """Give the index price of a pair."""
    phase = zlib.crc32(pair.encode()) % 1000 / 1000
    minutes = now_ms / 60_000
    wobble = 0.0006 * math.sin(minutes / 17 + 6 * phase) + 0.0003 * math.sin(minutes / 1.7 + 5 * phase)
    return round(start_price(pair) * (1 + wobble) * E8)


def mark_e8(instrument: Instrument, book: Book) -> int:
    """Give the mark price of a futures contract: the middle of its book."""
    return round(instrument.price((book.best_bid + book.best_ask) / 2) * E8)


def observe_price(instrument: Instrument, book: Book, channel: Channel, now_ms: int) -> list[Event]:
    """Give what a channel of prices says now."""
    if channel.topic == Topic.MARK_PRICE:
        return [_mark_price(instrument, book, now_ms)]
    if channel.topic == Topic.OPTION_MARK_PRICE:
        return [_option_mark_price(instrument, book, now_ms)]
    if channel.topic == Topic.OPEN_INTEREST:
        return [_open_interest(instrument, now_ms)]
    # Binance has moments without a reference price, and says null.
    is_null = now_ms % _NULL_EVERY_MS < channel.speed_ms
    return [ReferencePriceEvent(None if is_null else (book.best_bid + book.best_ask) // 2, now_ms)]


def _mark_price(instrument: Instrument, book: Book, now_ms: int) -> MarkPriceEvent:
    mark, index = mark_e8(instrument, book), index_e8(instrument.pair, now_ms)
    average = (mark * 2 + index) // 3
    is_delivery = instrument.symbol[-1:].isdigit() and "_" in instrument.symbol
    if is_delivery:
        return MarkPriceEvent(mark, average, index, index, None, 0, now_ms)
    rate = _FUNDING_BASE_E8 + (mark - index) * E8 // index // 8
    rate = min(_FUNDING_LIMIT_E8, max(-_FUNDING_LIMIT_E8, rate))
    next_ms = now_ms - now_ms % _FUNDING_MS + _FUNDING_MS
    return MarkPriceEvent(mark, average, index, index, rate, next_ms, now_ms)


def _option_mark_price(instrument: Instrument, book: Book, now_ms: int) -> OptionMarkPriceEvent:
    option = instrument.option
    if option is None:
        raise AssertionError(f"{instrument.symbol} is no option; only options have this channel")
    index = index_e8(instrument.pair, now_ms)
    bid, ask = book.best_bid, book.best_ask
    mark = (bid + ask) // 2
    years = max(_SHORTEST_YEARS, (expiry_ms(option.expiry) - now_ms) / _YEAR_MS)
    volatility = _VOLATILITY + _SMILE * abs(math.log(option.strike * E8 / index))
    found = greeks(index / E8, option.strike, years, volatility, option.is_call)
    return OptionMarkPriceEvent(
        mark, index, Level(bid, book.bids[bid]), Level(ask, book.asks[ask]), volatility - _VOLATILITY_SPREAD,
        volatility + _VOLATILITY_SPREAD, mark * 3, max(1, mark // 5), volatility,
        found.delta, found.theta, found.gamma, found.vega, now_ms,
    )  # fmt: skip


def _open_interest(instrument: Instrument, now_ms: int) -> OpenInterestEvent:
    lots = 500 + zlib.crc32(instrument.symbol.encode()) % 20_000 + now_ms // 60_000 % 50
    value = lots * index_e8(instrument.pair, now_ms) // 10**instrument.qty_decimals
    return OpenInterestEvent(lots, value, now_ms)
