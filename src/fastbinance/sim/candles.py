"""Klines as they grow: one for each open kline stream of a market."""

from fastbinance.sim.bars import Bar
from fastbinance.sim.events import KlineEvent, PriceKlineEvent
from fastbinance.sim.intervals import interval_end

__all__ = ["Candle", "PriceCandle"]


class Candle:
    """The current kline of one interval, and those that ended since somebody last looked.

    Parameters
    ----------
    interval, offset_ms
        Interval, and the time zone whose midnight counts.
    bar
        What happened in the current one so far.
    """

    __slots__ = ("_closed", "_end_ms", "_interval", "_offset_ms", "bar")

    def __init__(self, interval: str, offset_ms: int, bar: Bar) -> None:
        self._interval = interval
        self._offset_ms = offset_ms
        self._end_ms = interval_end(interval, bar.open_ms, offset_ms)
        self._closed: list[tuple[Bar, int]] = []
        self.bar = bar

    def add(
        self, trade_id: int, price: int, qty: int, turnover: int, is_buyer_maker: bool, now_ms: int
    ) -> None:
        """Count one trade."""
        if now_ms >= self._end_ms:
            self._advance(now_ms)
        self.bar.add(trade_id, price, qty, turnover, is_buyer_maker)

    def take(self, now_ms: int) -> list[KlineEvent]:
        """Give the klines that ended since the last look, or else the current one."""
        self._advance(now_ms)
        closed, self._closed = self._closed, []
        if closed:
            return [KlineEvent(bar, end_ms - 1, True, now_ms) for bar, end_ms in closed]
        return [KlineEvent(self.bar.copy(), self._end_ms - 1, False, now_ms)]

    def _advance(self, now_ms: int) -> None:
        while now_ms >= self._end_ms:
            start_ms = self._end_ms
            self._closed.append((self.bar, start_ms))
            self.bar = Bar.flat(start_ms, self.bar.close)
            self._end_ms = interval_end(self._interval, start_ms, self._offset_ms)


class PriceCandle:
    """The same of a price that does not trade: it is sampled whenever somebody looks.

    Parameters
    ----------
    interval
        Interval.
    open_ms
        Beginning of the current one.
    prices_e8
        Open, high and low so far.
    """

    __slots__ = ("_end_ms", "_high", "_interval", "_low", "_open", "_open_ms")

    def __init__(self, interval: str, open_ms: int, prices_e8: tuple[int, int, int]) -> None:
        self._interval = interval
        self._open_ms = open_ms
        self._end_ms = interval_end(interval, open_ms)
        self._open, self._high, self._low = prices_e8

    def sample(self, price_e8: int, now_ms: int) -> list[PriceKlineEvent]:
        """Take the present price, and give the klines that ended before it, or else the current one."""
        closed: list[PriceKlineEvent] = []
        while now_ms >= self._end_ms:
            closed.append(self._event(price_e8, True, now_ms))
            self._open_ms = self._end_ms
            self._end_ms = interval_end(self._interval, self._open_ms)
            self._open = self._high = self._low = price_e8
        self._high = max(self._high, price_e8)
        self._low = min(self._low, price_e8)
        return closed or [self._event(price_e8, False, now_ms)]

    def _event(self, price_e8: int, is_closed: bool, now_ms: int) -> PriceKlineEvent:
        seconds = (min(now_ms, self._end_ms) - self._open_ms) // 1000
        high, low = max(self._high, price_e8), min(self._low, price_e8)
        return PriceKlineEvent(
            self._open_ms, self._end_ms - 1, self._open, high, low, price_e8, seconds, is_closed, now_ms
        )
