"""What a market of spot did before now: bars of any span, and trades by their ids.

The newest trades are those that its streams told. Older ones are cut from the bars that they add up to:
evenly, from the price that a bar opened at to the one that it closed at.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Final

from fastbinance.sim.bars import Bar
from fastbinance.sim.events import AggTradeEvent, TradeEvent
from fastbinance.sim.intervals import interval_end, interval_start
from fastbinance.sim.market import RandomMarket

__all__ = ["History"]

# Of trades that were before the market was born.
_TRADES_AN_AGGREGATE: Final = 2


class History:
    """The past of one market, as it is known at a moment.

    Parameters
    ----------
    market
        Whose past.
    now_ms
        The moment.
    """

    def __init__(self, market: RandomMarket, now_ms: int) -> None:
        self._market = market
        self._now_ms = now_ms
        self._bars = market.statistics_at(now_ms).bars(now_ms)
        newest, _ = self._bars[-1]
        self._bars[-1] = newest, max(1, now_ms - newest.open_ms)
        self._opens = [bar.open_ms for bar, _ in self._bars]
        trading = [(bar, length_ms) for bar, length_ms in self._bars if bar.trades]
        self._trading = trading
        self._first_ids = [bar.first_trade_id for bar, _ in trading]
        self._recent = {trade.trade_id: trade for trade in market.recent_trades}
        self._recent_aggregates = {
            aggregate.agg_trade_id: aggregate for aggregate in market.recent_aggregates
        }

    @property
    def trade_ids(self) -> range:
        """Ids of the trades that are known."""
        if not self._trading:
            return range(0)
        return range(self._first_ids[0], self._trading[-1][0].last_trade_id + 1)

    @property
    def aggregate_ids(self) -> range:
        """Ids of the aggregates that are known."""
        born_trade, born = self._market.born_ids
        last = max(self._recent_aggregates, default=born)
        return range(born - (born_trade - self.trade_ids.start) // _TRADES_AN_AGGREGATE, last + 1)

    def trade(self, trade_id: int) -> TradeEvent:
        """Give the trade of an id that is known."""
        found = self._recent.get(trade_id)
        if found is not None:
            return found
        bar, length_ms = self._trading[max(0, bisect_right(self._first_ids, trade_id) - 1)]
        index, count = trade_id - bar.first_trade_id, bar.trades
        price = bar.open + (bar.close - bar.open) * index // count
        qty = max(1, bar.qty * (index + 1) // count - bar.qty * index // count)
        return TradeEvent(
            trade_id, price, qty, "MARKET", index % 2 == 0, bar.open_ms + length_ms * index // count
        )

    def aggregate(self, aggregate_id: int) -> AggTradeEvent:
        """Give the aggregate of an id that is known."""
        found = self._recent_aggregates.get(aggregate_id)
        if found is not None:
            return found
        first_id = self._first_trade_of(aggregate_id)
        last_id = max(first_id, self._first_trade_of(aggregate_id + 1) - 1)
        first = self.trade(first_id)
        qty = sum(self.trade(trade_id).qty for trade_id in range(first_id, last_id + 1))
        return AggTradeEvent(
            aggregate_id, first.price, qty, qty, first_id, last_id, first.is_buyer_maker, first.time_ms,
            first.time_ms,
        )  # fmt: skip

    def first_aggregate_at(self, at_ms: int) -> int:
        """Give the id of the first aggregate that is not before a time."""
        ids = self.aggregate_ids
        return ids.start + _first(len(ids), lambda index: self.aggregate(ids[index]).time_ms >= at_ms)

    def span(self, start_ms: int, end_ms: int) -> Bar:
        """Give the sum of a span of time, whose end is not in it."""
        index = max(0, bisect_right(self._opens, start_ms) - 1)
        total = Bar.flat(start_ms, self._bars[index][0].open)
        for bar, length_ms in self._bars[index:]:
            if bar.open_ms >= end_ms:
                break
            begin = max(0, start_ms - bar.open_ms)
            finish = min(length_ms, end_ms - bar.open_ms)
            if begin < finish:
                total.absorb(_piece(bar, length_ms, begin, finish))
            elif not total.trades:
                total = Bar.flat(start_ms, bar.close)
        return total

    def klines(
        self, interval: str, start_ms: int | None, end_ms: int | None, limit: int, offset_ms: int
    ) -> Iterator[tuple[Bar, int]]:
        """Give klines with their last milliseconds, oldest first: the first ones from a time, or the last."""
        newest_ms = self._now_ms if end_ms is None else min(end_ms, self._now_ms)
        if start_ms is not None and start_ms > newest_ms:
            return
        oldest_ms = self._opens[0]
        if start_ms is None:
            begin_ms = interval_start(interval, newest_ms, offset_ms)
            for _ in range(limit - 1):
                begin_ms = interval_start(interval, begin_ms - 1, offset_ms)
        else:
            begin_ms = interval_start(interval, start_ms, offset_ms)
            if begin_ms < start_ms:
                begin_ms = interval_end(interval, begin_ms, offset_ms)
        begin_ms = max(begin_ms, interval_start(interval, oldest_ms, offset_ms))
        while begin_ms <= newest_ms and limit > 0:
            next_ms = interval_end(interval, begin_ms, offset_ms)
            yield self.span(begin_ms, next_ms), next_ms - 1
            begin_ms, limit = next_ms, limit - 1

    def _first_trade_of(self, aggregate_id: int) -> int:
        # Before birth two trades each; since then as many as there were on average until the oldest kept.
        born_trade, born = self._market.born_ids
        if aggregate_id <= born or not self._market.recent_aggregates:
            return max(self.trade_ids.start, born_trade - (born - aggregate_id) * _TRADES_AN_AGGREGATE)
        oldest = self._market.recent_aggregates[0]
        if aggregate_id >= oldest.agg_trade_id:
            return oldest.first_trade_id
        share = (aggregate_id - born) * (oldest.first_trade_id - born_trade)
        return born_trade + share // (oldest.agg_trade_id - born)


def _piece(bar: Bar, length_ms: int, begin_ms: int, end_ms: int) -> Bar:
    """Cut a bar. Pieces that have a trade add up to the whole, with its highest and its lowest price."""
    if begin_ms == 0 and end_ms == length_ms:
        return bar

    def share(total: int) -> int:
        return total * end_ms // length_ms - total * begin_ms // length_ms

    def price(at_ms: int) -> int:
        return bar.open + (bar.close - bar.open) * at_ms // length_ms

    opened, closed = price(begin_ms), price(end_ms)
    trades = share(bar.trades)
    first_id = bar.first_trade_id + bar.trades * begin_ms // length_ms
    piece = Bar(
        bar.open_ms + begin_ms, opened, max(opened, closed), min(opened, closed), closed, share(bar.qty),
        share(bar.turnover), share(bar.taker_buy_qty), share(bar.taker_buy_turnover),
        first_id, first_id + trades - 1, trades,
    )  # fmt: skip
    if begin_ms <= length_ms // 3 < end_ms:
        piece.high = bar.high
    if begin_ms <= 2 * length_ms // 3 < end_ms:
        piece.low = bar.low
    return piece


def _first(count: int, holds: Callable[[int], bool]) -> int:
    # The first index from which on it holds.
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
