"""Events that a market has now and then: liquidations, block trades, news of a contract."""

import random
from typing import Final

from fastbinance.sim.book import Book
from fastbinance.sim.channels.topic import Topic
from fastbinance.sim.contracts import NO_DELIVERY_MS, contract_type, expiry_ms
from fastbinance.sim.events import (
    BlockTradeEvent,
    Bracket,
    ContractInfoEvent,
    Event,
    ForceOrderEvent,
    OptionSymbolEvent,
)
from fastbinance.sim.instrument import Instrument

__all__ = ["RARE_TOPICS", "Rarities"]

# Mean and shortest time between two of a symbol, in milliseconds.
_GAPS: Final = {
    Topic.FORCE_ORDER: (8_000, 1_000),
    Topic.BLOCK_TRADE: (30_000, 1_000),
    Topic.CONTRACT_INFO: (120_000, 5_000),
    Topic.OPTION_SYMBOL: (600_000, 10_000),
}
#: Topics that `Rarities` knows.
RARE_TOPICS: Final = frozenset(_GAPS)
_BLOCK_LOTS: Final = 50
_ONBOARD_MS: Final = 1_569_398_400_000
_DAY_MS: Final = 86_400_000
_BRACKETS: Final = (
    Bracket(1, 0, 5_000, 0.01, 0, 21, 50),
    Bracket(2, 5_000, 25_000, 0.025, 75, 11, 20),
    Bracket(3, 25_000, 100_000, 0.05, 700, 6, 10),
)


class Rarities:
    """Rare events of one market, from a generator of their own: they do not change its story."""

    __slots__ = ("_block_trade_id", "_instrument", "_rng")

    def __init__(self, instrument: Instrument, rng: random.Random) -> None:
        self._instrument = instrument
        self._rng = rng
        self._block_trade_id = rng.randrange(100, 1000)

    def gap_ms(self, topic: Topic) -> int:
        """Draw the time until the next event of a topic."""
        mean_ms, shortest_ms = _GAPS[topic]
        return shortest_ms + int(self._rng.expovariate(1 / (mean_ms - shortest_ms)))

    def event(self, topic: Topic, book: Book, now_ms: int) -> Event:
        """Make an event of a topic."""
        if topic == Topic.FORCE_ORDER:
            return self._force_order(book, now_ms)
        if topic == Topic.BLOCK_TRADE:
            return self._block_trade(book, now_ms)
        if topic == Topic.OPTION_SYMBOL:
            return self._option_symbol(now_ms)
        return self._contract_info(now_ms)

    def _option_symbol(self, now_ms: int) -> OptionSymbolEvent:
        option = self._instrument.option
        if option is None:
            raise AssertionError(f"{self._instrument.symbol} is no option; only options are told of here")
        return OptionSymbolEvent(expiry_ms(option.expiry), now_ms, now_ms)

    def _force_order(self, book: Book, now_ms: int) -> ForceOrderEvent:
        is_sell = self._rng.random() < 0.5
        best = book.best_bid if is_sell else book.best_ask
        away = max(2, best // 500)
        price, average = (best - away, best - away // 4) if is_sell else (best + away, best + away // 4)
        qty = 1 + int(self._rng.expovariate(1.0) * self._instrument.typical_lots)
        return ForceOrderEvent(
            is_sell, max(1, price), max(1, average), qty, now_ms - self._rng.randrange(20), now_ms
        )

    def _block_trade(self, book: Book, now_ms: int) -> BlockTradeEvent:
        self._block_trade_id += 1
        qty = self._instrument.typical_lots * _BLOCK_LOTS + self._rng.randrange(self._instrument.typical_lots)
        price = (book.best_bid + book.best_ask) // 2
        is_buyer_maker = self._rng.random() < 0.5
        time_ms = now_ms - self._rng.randrange(300)
        return BlockTradeEvent(self._block_trade_id, price, qty, is_buyer_maker, time_ms, now_ms)

    def _contract_info(self, now_ms: int) -> ContractInfoEvent:
        kind = contract_type(self._instrument.symbol, now_ms)
        delivery_ms, onboard_ms = NO_DELIVERY_MS, _ONBOARD_MS
        if kind.endswith("QUARTER"):
            delivery_ms = expiry_ms(self._instrument.symbol.partition("_")[2])
            onboard_ms = min(now_ms, delivery_ms - 180 * _DAY_MS)
        has_brackets = self._rng.random() < 0.5
        brackets = _BRACKETS if has_brackets else ()
        return ContractInfoEvent(kind, delivery_ms, onboard_ms, "TRADING", brackets, now_ms)
