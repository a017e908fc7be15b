import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance.cli.figures import (
    Decimals,
    age_text,
    countdown_text,
    duration_text,
    fixed_text,
    percent_text,
    quantity_text,
    rate_text,
)

DECIMALS = [
    ([91234.5], 1),
    ([91234.5, 91234.56], 2),
    ([91234.56, 91234.5], 2),
    ([91234.0], 0),
    ([0.1532], 4),
    ([0.0000046], 7),
    ([4.62e-06], 8),
    ([1e-05], 5),
    ([1.5e300], 0),
    ([math.nan, math.inf], 0),
    ([0.1 + 0.2], 10),
]


@pytest.mark.parametrize(("values", "places"), DECIMALS)
def test_decimals_are_the_most_that_were_seen(values: list[float], places: int) -> None:
    decimals = Decimals()
    decimals.see(values)
    assert decimals.places == places
    assert decimals.step == pytest.approx(10.0**-places)


@given(ticks=st.integers(1, 10**12), places=st.integers(0, 8))
def test_a_price_is_shown_as_it_was_sent(ticks: int, places: int) -> None:
    text = f"{ticks // 10**places}.{ticks % 10**places:0{places}d}" if places else str(ticks)
    decimals = Decimals()
    decimals.see([float(text)])
    assert decimals.places <= places
    assert fixed_text(float(text), places) == text


QUANTITIES = [
    (0.03294, 5, "0.03294"),
    (12.34567, 5, "12.3457"),
    (123456.7, 5, "123457"),
    (999999.0, 0, "999999"),
    (1_240_000.0, 0, "1.24M"),
    (3.5e9, 2, "3.50B"),
    (7.25e12, 2, "7.25T"),
    (4.0, 0, "4"),
    (math.nan, 3, "-"),
]


@pytest.mark.parametrize(("value", "places", "text"), QUANTITIES)
def test_quantities_lose_decimals_before_they_get_wide(value: float, places: int, text: str) -> None:
    assert quantity_text(value, places) == text


@given(value=st.floats(0, 1e14), places=st.integers(0, 8))
def test_quantities_are_never_wider_than_their_column(value: float, places: int) -> None:
    assert len(quantity_text(value, places)) <= 7


DURATIONS = [
    (0, "0ns"), (850, "850ns"), (999.4, "999ns"), (999.6, "1.0µs"), (8_500, "8.5µs"), (9_960, "10µs"),
    (85_000, "85µs"), (999_400, "999µs"), (999_600, "1.0ms"), (1_240_000, "1.2ms"), (16e6, "16ms"),
    (2.5e9, "2.5s"), (-3e6, "-3.0ms"), (math.nan, "-"),
]  # fmt: skip


@pytest.mark.parametrize(("nanoseconds", "text"), DURATIONS)
def test_durations_take_the_unit_that_suits_them(nanoseconds: float, text: str) -> None:
    assert duration_text(nanoseconds) == text


@given(nanoseconds=st.floats(0, 9e11))
def test_durations_stay_within_five_signs(nanoseconds: float) -> None:
    assert len(duration_text(nanoseconds)) <= 5


RATES = [(0.0, "0.0"), (4.52, "4.5"), (9.96, "10"), (9_999.0, "9999"), (12_345.0, "12.3k"), (math.nan, "-")]


@pytest.mark.parametrize(("per_second", "text"), RATES)
def test_rates_are_short(per_second: float, text: str) -> None:
    assert rate_text(per_second) == text


AGES = [(-0.1, "0.0s"), (0.34, "0.3s"), (12.0, "12s"), (300.0, "5m"), (7_200.0, "2h"), (3 * 86_400.0, "3d")]


@pytest.mark.parametrize(("seconds", "text"), [*AGES, (math.nan, "-")])
def test_ages_are_short(seconds: float, text: str) -> None:
    assert age_text(seconds) == text


COUNTDOWNS = [
    (11_520.0, "3h 12m"),
    (11_579.9, "3h 12m"),
    (86_399.0, "23h 59m"),
    (3_600.0, "1h 00m"),
    (3_599.0, "59m"),
    (59.9, "59s"),
    (0.0, "0s"),
    (-5.0, "0s"),
    (math.nan, "-"),
]


@pytest.mark.parametrize(("seconds", "text"), COUNTDOWNS)
def test_countdowns_never_promise_more_time_than_there_is(seconds: float, text: str) -> None:
    assert countdown_text(seconds) == text


PERCENTAGES = [
    (0.0001, 4, True, "+0.0100%"),
    (-0.00375, 4, True, "-0.3750%"),
    (0.0, 4, True, "+0.0000%"),
    (-0.0000001, 4, True, "+0.0000%"),
    (0.556, 1, False, "55.6%"),
    (math.nan, 4, True, "-"),
]


@pytest.mark.parametrize(("share", "places", "signed", "text"), PERCENTAGES)
def test_shares_are_spelled_as_percentages(share: float, places: int, signed: bool, text: str) -> None:
    assert percent_text(share, places, signed=signed) == text
