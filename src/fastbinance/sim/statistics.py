"""What a market's trades add up to: klines, tickers and averages."""

import random
from collections import deque
from typing import Final

from fastbinance.sim.bars import Bar
from fastbinance.sim.book import Book, Level
from fastbinance.sim.candles import Candle, PriceCandle
from fastbinance.sim.channels import Channel, Topic
from fastbinance.sim.events import AveragePriceEvent, Event, MiniTickerEvent, TickerEvent
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.intervals import UTC_PLUS_8_MS, interval_start
from fastbinance.sim.past import DAY_MS, MINUTE_MS, invent_past
from fastbinance.sim.prices import index_e8, mark_e8

__all__ = ["STATISTICS_TOPICS", "Statistics"]

_TRADE_KLINES: Final = frozenset({Topic.KLINE, Topic.CONTINUOUS_KLINE, Topic.CONTRACT_KLINE})
_PRICE_KLINES: Final = frozenset({Topic.INDEX_PRICE_KLINE, Topic.MARK_PRICE_KLINE})
#: Topics that `Statistics.observe` knows.
STATISTICS_TOPICS: Final = (
    _TRADE_KLINES
    | _PRICE_KLINES
    | {Topic.TICKER, Topic.ROLLING_TICKER, Topic.MINI_TICKER, Topic.AVERAGE_PRICE}
)
_WINDOW_MINUTES: Final = {"": 1440, "1h": 60, "4h": 240, "1d": 1440}
_AVERAGE_MINUTES: Final = 5
_DAYS_KEPT: Final = 40


class Statistics:
    """Sums over the trades of one market, from a day and more before it was made.

    Parameters
    ----------
    instrument
        What trades.
    rng
        Decides the past that is invented.
    price, trade_id
        Where the market is now.
    now_ms
        Time of making.
    trades_a_minute
        What to expect, and so what to invent.
    """

    def __init__(
        self,
        instrument: Instrument,
        rng: random.Random,
        *,
        price: int,
        trade_id: int,
        now_ms: int,
        trades_a_minute: float,
    ) -> None:
        self._instrument = instrument
        past = invent_past(
            instrument, rng, price=price, trade_id=trade_id, now_ms=now_ms, trades_a_minute=trades_a_minute
        )
        self._minute = Bar.flat(now_ms - now_ms % MINUTE_MS, price)
        if past[-1].open_ms == self._minute.open_ms:
            self._minute = past.pop()
        self._bars = deque(past)
        self._born_ms = self._minute.open_ms
        self._days: deque[Bar] = deque()
        self._windows: dict[int, tuple[Bar, int]] = {}
        self._candles: dict[Channel, Candle] = {}
        self._price_candles: dict[Channel, PriceCandle] = {}
        self._last_qty = instrument.typical_lots
        self._last_trade_ms = now_ms
        self._retire(now_ms)

    def record(self, trade_id: int, price: int, qty: int, is_buyer_maker: bool, now_ms: int) -> None:
        """Count one trade."""
        if now_ms >= self._minute.open_ms + MINUTE_MS:
            self._turn(now_ms)
        turnover = self._instrument.turnover(price, qty)
        self._minute.add(trade_id, price, qty, turnover, is_buyer_maker)
        for candle in self._candles.values():
            candle.add(trade_id, price, qty, turnover, is_buyer_maker, now_ms)
        self._last_qty = qty
        self._last_trade_ms = now_ms

    def follow(self, channel: Channel, now_ms: int) -> None:
        """Begin a kline stream with what is known of its current kline."""
        if channel.topic in _TRADE_KLINES:
            offset_ms = UTC_PLUS_8_MS if channel.variant == "+08:00" else 0
            bar = self._since(interval_start(channel.interval, now_ms, offset_ms), now_ms)
            self._candles[channel] = Candle(channel.interval, offset_ms, bar)
        elif channel.topic in _PRICE_KLINES:
            bar = self._since(interval_start(channel.interval, now_ms), now_ms)
            scale = 10**8
            opened, high, low = (
                round(self._instrument.price(ticks) * scale) for ticks in (bar.open, bar.high, bar.low)
            )
            self._price_candles[channel] = PriceCandle(channel.interval, bar.open_ms, (opened, high, low))

    def unfollow(self, channel: Channel) -> None:
        """End a kline stream."""
        self._candles.pop(channel, None)
        self._price_candles.pop(channel, None)

    def observe(self, channel: Channel, book: Book, now_ms: int) -> list[Event]:
        """Give what a channel says now."""
        topic = channel.topic
        if topic in _TRADE_KLINES:
            return [*self._candles[channel].take(now_ms)]
        if topic == Topic.MARK_PRICE_KLINE:
            return [*self._price_candles[channel].sample(mark_e8(self._instrument, book), now_ms)]
        if topic == Topic.INDEX_PRICE_KLINE:
            return [*self._price_candles[channel].sample(index_e8(self._instrument.pair, now_ms), now_ms)]
        if topic == Topic.AVERAGE_PRICE:
            bar, _ = self._window(_AVERAGE_MINUTES, now_ms)
            price = self._instrument.average_price(bar.turnover, bar.qty) if bar.qty else bar.close
            return [AveragePriceEvent(_AVERAGE_MINUTES, price, self._last_trade_ms, now_ms)]
        bar, previous_close = self._window(_WINDOW_MINUTES[channel.interval], now_ms)
        if topic == Topic.MINI_TICKER:
            return [MiniTickerEvent(bar, now_ms)]
        bid, ask = book.best_bid, book.best_ask
        return [
            TickerEvent(
                bar, previous_close, self._last_qty, Level(bid, book.bids[bid]), Level(ask, book.asks[ask]),
                now_ms, now_ms,
            )
        ]  # fmt: skip

    def bars(self, now_ms: int) -> list[tuple[Bar, int]]:
        """Give every bar that is known, oldest first, with the milliseconds that it is about."""
        if now_ms >= self._minute.open_ms + MINUTE_MS:
            self._turn(now_ms)
        bars = [*self._days, *self._bars, self._minute]
        # What was invented has no gaps; since then there is a bar for each minute that had a trade.
        contiguous = max(len(self._days), sum(bar.open_ms < self._born_ms for bar in bars))
        return [
            (bar, bars[index + 1].open_ms - bar.open_ms if index < contiguous else MINUTE_MS)
            for index, bar in enumerate(bars)
        ]

    def since(self, start_ms: int, now_ms: int) -> Bar:
        """Give the sum of what happened since a time."""
        return self._since(start_ms, now_ms)

    def _turn(self, now_ms: int) -> None:
        if self._minute.trades:
            self._bars.append(self._minute)
        self._minute = Bar.flat(now_ms - now_ms % MINUTE_MS, self._minute.close)
        self._windows.clear()
        self._retire(now_ms)

    def _retire(self, now_ms: int) -> None:
        # Only whole days are kept of what lies more than a day back. One bar stays for its close.
        bars, days = self._bars, self._days
        while len(bars) > 1 and bars[1].open_ms < now_ms - DAY_MS - MINUTE_MS:
            old = bars.popleft()
            if days and old.open_ms - days[-1].open_ms < DAY_MS:
                days[-1].absorb(old)
            else:
                days.append(old)
        while len(days) > _DAYS_KEPT:
            days.popleft()

    def _since(self, start_ms: int, now_ms: int) -> Bar:
        if now_ms >= self._minute.open_ms + MINUTE_MS:
            self._turn(now_ms)
        total = Bar.flat(start_ms, self._minute.close)
        for bar in (*self._days, *self._bars, self._minute):
            if bar.open_ms >= start_ms:
                total.absorb(bar)
        return total

    def _window(self, minutes: int, now_ms: int) -> tuple[Bar, int]:
        """Give the sum of a window that begins on a minute, and the price of the last trade before it."""
        if now_ms >= self._minute.open_ms + MINUTE_MS:
            self._turn(now_ms)
        found = self._windows.get(minutes)
        if found is None:
            start_ms = self._minute.open_ms - minutes * MINUTE_MS
            previous = (self._days[-1] if self._days else self._bars[0]).close
            whole = Bar.flat(start_ms, self._minute.close)
            for bar in self._bars:
                if bar.open_ms >= start_ms:
                    whole.absorb(bar)
                else:
                    previous = bar.close
            found = self._windows[minutes] = whole, previous
        bar = found[0].copy()
        bar.absorb(self._minute)
        return bar, found[1]
