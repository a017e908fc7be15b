"""Names, dates and arithmetic below the streams: contracts, intervals, bars, greeks."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance.keys import Market
from fastbinance.sim.bars import Bar
from fastbinance.sim.contracts import (
    NO_DELIVERY_MS,
    contract_symbol,
    contract_type,
    expiry_ms,
    option_expiries,
    parse_option,
    quarter,
    strikes,
)
from fastbinance.sim.greeks import fair_value, greeks
from fastbinance.sim.instrument import Instrument, decimal_text
from fastbinance.sim.intervals import FUTURES_INTERVALS, SPOT_INTERVALS, interval_end, interval_start
from fastbinance.sim.timeunit import micros
from fastbinance.sim.universe import Universe

DAY_MS = 86_400_000
EIGHT_HOURS_MS = 8 * 3_600_000

times = st.integers(1_500_000_000_000, 2_000_000_000_000)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "current", "following"),
    [
        ("2026-11-22T09:00", "261225", "270326"),
        ("2026-12-25T07:59", "261225", "270326"),
        ("2026-12-25T08:00", "270326", "270625"),
        ("2027-01-01T00:00", "270326", "270625"),
        ("2027-09-30T00:00", "271231", "280331"),
    ],
)
def test_quarterly_contract_is_that_of_the_next_last_friday(now: str, current: str, following: str) -> None:
    assert (quarter(at(now)), quarter(at(now), 1)) == (current, following)
    assert contract_type(f"BTCUSDT_{current}", at(now)) == "CURRENT_QUARTER"
    assert contract_type(f"BTCUSD_{following}", at(now)) == "NEXT_QUARTER"


@pytest.mark.parametrize(
    ("pair", "kind", "market", "symbol"),
    [
        ("BTCUSDT", "PERPETUAL", "usdm", "BTCUSDT"),
        ("BTCUSDT", "CURRENT_QUARTER", "usdm", "BTCUSDT_261225"),
        ("TSLAUSDT", "TRADIFI_PERPETUAL", "usdm", "TSLAUSDT"),
        ("BTCUSD", "PERPETUAL", "coinm", "BTCUSD_PERP"),
        ("BTCUSD", "NEXT_QUARTER", "coinm", "BTCUSD_270326"),
    ],
)
def test_contract_of_a_pair_has_a_symbol_that_says_its_kind(
    pair: str, kind: str, market: Market, symbol: str
) -> None:
    now_ms = at("2026-11-22T09:00")
    assert contract_symbol(pair, kind, market, now_ms) == symbol
    assert contract_type(symbol, now_ms) == kind


def test_option_symbol_has_four_parts() -> None:
    assert parse_option("BTC-261225-126000-C") == ("BTC", "261225", 126000.0, True)
    assert parse_option("DOGE-261225-0.25-P") == ("DOGE", "261225", 0.25, False)


@pytest.mark.parametrize(
    "symbol",
    [
        "BTCUSDT",
        "BTC-261225-126000",
        "BTC-261325-126000-C",
        "BTC-261225-0-C",
        "BTC-261225-1-X",
        "-261225-1-C",
    ],
)
def test_what_is_no_option_is_none(symbol: str) -> None:
    assert parse_option(symbol) is None


@given(times)
def test_listed_expiries_are_two_fridays_to_come(now_ms: int) -> None:
    near, far = option_expiries(now_ms)
    assert near != far
    for expiry in (near, far):
        assert expiry_ms(expiry) > now_ms
        assert datetime.strptime(expiry, "%y%m%d").weekday() == 4


def test_contract_without_a_date_is_never_delivered() -> None:
    assert expiry_ms("PERP") == NO_DELIVERY_MS
    assert expiry_ms("261225") == at("2026-12-25T08:00")


@pytest.mark.parametrize("price", [0.15, 2.2, 141.0, 3012.0, 91234.0])
def test_strikes_lie_around_the_price(price: float) -> None:
    found = strikes(price)
    assert found == sorted(set(found))
    assert all(strike > 0 for strike in found)
    assert found[-1] > price


@given(times, st.sampled_from(sorted(SPOT_INTERVALS)), st.sampled_from([0, EIGHT_HOURS_MS]))
def test_intervals_follow_each_other_without_gap_or_overlap(
    at_ms: int, interval: str, offset_ms: int
) -> None:
    start_ms = interval_start(interval, at_ms, offset_ms)
    end_ms = interval_end(interval, start_ms, offset_ms)
    assert start_ms <= at_ms < end_ms
    assert interval_start(interval, start_ms, offset_ms) == start_ms
    assert interval_start(interval, end_ms - 1, offset_ms) == start_ms
    assert interval_start(interval, end_ms, offset_ms) == end_ms


@given(times)
def test_weeks_begin_on_mondays_and_months_on_the_first(at_ms: int) -> None:
    week = datetime.fromtimestamp(interval_start("1w", at_ms) / 1000, UTC)
    month = datetime.fromtimestamp(interval_start("1M", at_ms, EIGHT_HOURS_MS) / 1000 + 8 * 3600, UTC)
    assert (week.weekday(), week.hour) == (0, 0)
    assert (month.day, month.hour, month.minute) == (1, 0, 0)


def test_no_futures_market_has_klines_of_a_second() -> None:
    assert {"1s"} == SPOT_INTERVALS - FUTURES_INTERVALS


fills = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 9), st.booleans()), max_size=20)


@given(fills, fills)
def test_bar_that_absorbs_another_is_the_bar_of_both(
    first: list[tuple[int, int, bool]], second: list[tuple[int, int, bool]]
) -> None:
    def bar(trades: list[tuple[int, int, bool]], first_id: int) -> Bar:
        made = Bar.flat(0, 7)
        for trade_id, (price, qty, is_buyer_maker) in enumerate(trades, first_id):
            made.add(trade_id, price, qty, price * qty, is_buyer_maker)
        return made

    joined = bar(first, 1)
    joined.absorb(bar(second, 1 + len(first)))
    assert joined == bar(first + second, 1)


options = st.tuples(st.floats(50, 200), st.floats(50, 200), st.floats(0.05, 2), st.floats(0.2, 1.5))


@given(options)
def test_call_and_put_differ_by_the_forward(option: tuple[float, float, float, float]) -> None:
    underlying, strike, years, volatility = option
    call = fair_value(underlying, strike, years, volatility, True)
    put = fair_value(underlying, strike, years, volatility, False)
    assert call - put == pytest.approx(underlying - strike, abs=1e-9)
    assert 0 <= call <= underlying


@given(options)
def test_greeks_are_the_slopes_of_the_value(option: tuple[float, float, float, float]) -> None:
    underlying, strike, years, volatility = option
    found = greeks(underlying, strike, years, volatility, True)
    step = 1e-3
    up, down = (fair_value(underlying + move, strike, years, volatility, True) for move in (step, -step))
    assert found.delta == pytest.approx((up - down) / (2 * step), abs=1e-4)
    wilder = fair_value(underlying, strike, years, volatility + step, True)
    calmer = fair_value(underlying, strike, years, volatility - step, True)
    assert found.vega * 100 == pytest.approx((wilder - calmer) / (2 * step), abs=1e-2)


@pytest.mark.parametrize(
    ("number", "decimals", "text"),
    [(123, 2, "1.23"), (-5, 2, "-0.05"), (7, 0, "7"), (0, 3, "0.000"), (-1200, 2, "-12.00")],
)
def test_integer_is_spelled_as_a_decimal(number: int, decimals: int, text: str) -> None:
    assert decimal_text(number, decimals) == text


@given(times, times)
def test_microseconds_keep_the_order_and_the_milliseconds(one: int, other: int) -> None:
    assert micros(one) // 1000 == one
    assert (micros(one) < micros(other)) is (one < other)


@pytest.mark.parametrize(
    ("universe", "symbol", "market", "is_in"),
    [
        (Universe(("usdm", "coinm")), "BTCUSD_PERP", "coinm", True),
        (Universe(("usdm", "coinm")), "BTCUSDT", "spot", False),
        (Universe(("coinm",), "BTCUSD"), "BTCUSD_261225", "coinm", True),
        (Universe(("coinm",), "BTCUSD"), "ETHUSD_PERP", "coinm", False),
        (Universe(("options",), "BTCUSDT"), "BTC-261225-90000-C", "options", True),
        (Universe(("options",), "BTC"), "BTC-261225-90000-C", "options", True),
        (Universe(("options",), "BTCUSDT", "270326"), "BTC-261225-90000-C", "options", False),
    ],
)
def test_universe_knows_its_symbols(universe: Universe, symbol: str, market: Market, is_in: bool) -> None:
    assert universe.has(Instrument(symbol, market)) is is_in


@pytest.mark.parametrize(
    "universe",
    [
        Universe(("spot",)),
        Universe(("usdm", "coinm")),
        Universe(("coinm",), "ETHUSD"),
        Universe(("options",), "ETHUSDT", "270326"),
        Universe(("alpha",)),
    ],
)
def test_universe_has_what_it_lists(universe: Universe) -> None:
    listed = universe.listed(at("2026-11-22T09:00"))
    assert listed
    assert all(universe.has(Instrument(symbol, market)) for market, symbol in listed)
