"""A past for a market that was born a moment ago, so that its day has trades and its month a kline."""

import random
from collections.abc import Iterator
from typing import Final

from fastbinance.sim.bars import Bar
from fastbinance.sim.instrument import Instrument

__all__ = ["DAY_MS", "MINUTE_MS", "invent_past"]

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
_QUARTER_MS: Final = 15 * MINUTE_MS
# Minutes for four hours, quarters of an hour for a day and days for the longest kline: a few hundred bars.
_MINUTES_MS: Final = 4 * 3_600_000
_DAYS: Final = 35
_WOBBLE_A_MINUTE: Final = 0.0003
_PULL: Final = 0.02
_MOST_TRADES_A_MINUTE: Final = 5000.0


def invent_past(
    instrument: Instrument,
    rng: random.Random,
    *,
    price: int,
    trade_id: int,
    now_ms: int,
    trades_a_minute: float,
) -> list[Bar]:
    """Make the bars that would have led to a price and a trade id; oldest first, the last one up to now."""
    trades_a_minute = min(trades_a_minute, _MOST_TRADES_A_MINUTE)
    bars: list[Bar] = []
    for start_ms, end_ms in _spans(now_ms):
        minutes = (end_ms - start_ms) / MINUTE_MS
        wobble = price * _WOBBLE_A_MINUTE * minutes**0.5
        begin = price + rng.gauss(0, wobble) + (instrument.start_ticks - price) * min(1.0, _PULL * minutes)
        opened = max(1, round(begin))
        high = max(price, opened) + int(rng.expovariate(2) * wobble)
        low = max(1, min(price, opened) - int(rng.expovariate(2) * wobble))
        trades = max(1, round(trades_a_minute * minutes * rng.uniform(0.5, 1.5)))
        qty = max(1, trades * instrument.typical_lots // 6)
        turnover = instrument.turnover((high + low) // 2 or 1, qty)
        share = rng.uniform(0.4, 0.6)
        bars.append(
            Bar(
                start_ms, opened, high, low, price, qty, turnover, int(qty * share), int(turnover * share),
                trade_id - trades + 1, trade_id, trades,
            )
        )  # fmt: skip
        price, trade_id = opened, trade_id - trades
    bars.reverse()
    return bars


def _spans(now_ms: int) -> Iterator[tuple[int, int]]:
    """Give the spans that bars cover, newest first."""
    end_ms = now_ms
    oldest_ms = now_ms - now_ms % DAY_MS - _DAYS * DAY_MS
    while end_ms > oldest_ms:
        length_ms = MINUTE_MS
        if end_ms <= now_ms - _MINUTES_MS and end_ms % _QUARTER_MS == 0:
            length_ms = DAY_MS if end_ms <= now_ms - DAY_MS and end_ms % DAY_MS == 0 else _QUARTER_MS
        start_ms = (end_ms - 1) // length_ms * length_ms
        yield start_ms, end_ms
        end_ms = start_ms
