"""When events come, and how their times are spelled."""

import itertools
from typing import Any, Final

import pytest
from support.stepped import START_MS, SteppedExchange

from fastbinance.keys import Market
from fastbinance.sim.timeunit import MICROSECONDS

SPEEDS: Final[list[tuple[Market, str, int]]] = [
    ("spot", "btcusdt@referencePrice", 1000),
    ("spot", "btcusdt@kline_1s", 1000),
    ("spot", "btcusdt@kline_1m", 2000),
    ("spot", "btcusdt@miniTicker", 1000),
    ("spot", "btcusdt@ticker", 1000),
    ("spot", "!ticker_1h@arr", 1000),
    ("spot", "btcusdt@avgPrice", 1000),
    ("usdm", "btcusdt@markPrice", 3000),
    ("usdm", "btcusdt@markPrice@1s", 1000),
    ("usdm", "btcusdt@ticker", 2000),
    ("usdm", "btcusdt@miniTicker", 2000),
    ("usdm", "!ticker@arr", 1000),
    ("usdm", "!miniTicker@arr", 1000),
    ("usdm", "btcusdt@kline_1m", 250),
    ("usdm", "btcusdt_perpetual@continuousKline_1m", 250),
    ("usdm", "btcusdt@rpiDepth@500ms", 500),
    ("usdm", "defiusdt@compositeIndex", 1000),
    ("usdm", "!assetIndex@arr", 1000),
    ("coinm", "btcusd_perp@miniTicker", 500),
    ("coinm", "btcusd_perp@ticker", 500),
    ("coinm", "btcusd@indexPrice", 3000),
    ("coinm", "btcusd@markPrice", 3000),
    ("coinm", "btcusd@indexPriceKline_1m", 250),
    ("coinm", "btcusd_perp@markPriceKline_1m", 250),
    ("options", "!index@arr", 1000),
    ("options", "btc-261225-90000-c@kline_1m", 1000),
    ("options", "btc-261225-90000-c@optionTicker", 1000),
    ("options", "btcusdt@optionMarkPrice", 1000),
    ("options", "btcusdt@openInterest@261225", 60_000),
]


@pytest.mark.parametrize(("market", "name", "speed_ms"), SPEEDS)
def test_events_are_one_documented_speed_apart_after_a_prompt_first(
    market: Market, name: str, speed_ms: int
) -> None:
    stepped = SteppedExchange(rate=100.0)
    stepped.join(market, name)
    stepped.after(250 if speed_ms != 500 else 550)
    assert stepped.payloads(name)
    stepped.after(3 * speed_ms)
    events = [payload[0] if isinstance(payload, list) else payload for payload in stepped.payloads(name)]
    times = [event.get("E", event.get("t")) for event in events]
    assert len(times) >= 4
    assert {later - earlier for earlier, later in itertools.pairwise(times)} == {speed_ms}


SPOT_NAMES: Final = [
    "btcusdt@aggTrade", "btcusdt@trade", "btcusdt@referencePrice", "btcusdt@kline_1m",
    "btcusdt@kline_1d@+08:00", "btcusdt@miniTicker", "!miniTicker@arr", "btcusdt@ticker", "btcusdt@ticker_1h",
    "btcusdt@avgPrice", "btcusdt@depth@100ms", "btcusdt@blockTrade", "btcusdt@bookTicker", "btcusdt@depth5",
]  # fmt: skip


def in_milliseconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: in_milliseconds(part) for key, part in value.items()}
    if isinstance(value, list):
        return [in_milliseconds(part) for part in value]
    is_time = isinstance(value, int) and 10**15 < value < 10**16
    return value // 1000 if is_time else value


@pytest.mark.parametrize("name", SPOT_NAMES)
def test_microseconds_are_the_same_events_with_three_more_digits(name: str) -> None:
    plain = SteppedExchange()
    fine = SteppedExchange(time_unit=MICROSECONDS)
    for stepped in (plain, fine):
        stepped.join("spot", name)
        stepped.after(40_000)
    assert in_milliseconds(fine.payloads(name)) == plain.payloads(name) != []
    if name not in ("btcusdt@bookTicker", "btcusdt@depth5"):
        assert fine.payloads(name) != plain.payloads(name)


def test_both_units_are_served_side_by_side() -> None:
    stepped, name = SteppedExchange(), "btcusdt@kline_1m"
    stepped.join("spot", name)
    other = SteppedExchange(time_unit=MICROSECONDS).listener
    stepped.publisher.join(other, "spot", name, None, START_MS)
    fine, plain = other.payloads, stepped.after(5000).payloads
    assert in_milliseconds(fine(name)) == plain(name) != fine(name)
    assert fine(name)[0]["k"]["t"] % 1_000_000 == 0
    assert fine(name)[0]["k"]["T"] % 1_000_000 == 999_999
