"""Rounding to ticks and steps: exact, never past what was given, spelled as Binance takes it."""

import math
import re
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fastbinance import ConfigurationError, round_price, round_qty

ticks = st.decimals(min_value="1e-12", max_value="1e6", places=12).filter(lambda tick: tick > 0)
prices = st.decimals(min_value=0, max_value="1e9", places=12)
floats = st.floats(min_value=1e-9, max_value=1e9)


def multiple(text: str, unit: Decimal) -> Decimal:
    with localcontext(prec=100):
        return Decimal(text) / unit


CASES = [
    (round_price(50000.126, "0.01000000"), "50000.13"),
    (round_price(50000.126, "0.01", "BUY"), "50000.12"),
    (round_price(50000.121, "0.01", "SELL"), "50000.13"),
    (round_price("0.125", "0.05"), "0.10"),
    (round_price("0.175", "0.05"), "0.20"),
    (round_price(57, 10), "60"),
    (round_price("1e3", "0.5"), "1000.0"),
    (round_price(Decimal("1E-7"), Decimal("1E-8")), "0.00000010"),
    (round_price(np.float64(1.26), np.float64(0.5)), "1.5"),
    (round_price("0.1", 10), "0"),
    (round_qty(0.7 * 3, "0.1"), "2.1"),
    (round_qty(1.999999, "0.001"), "1.999"),
    (round_qty("0.0009", "0.001"), "0.000"),
    (round_qty(7, 1), "7"),
]


@pytest.mark.parametrize(("rounded", "expected"), CASES)
def test_result_has_the_places_of_the_unit(rounded: str, expected: str) -> None:
    assert rounded == expected


@given(prices, ticks)
def test_nearest_is_a_multiple_at_most_half_a_tick_away(price: Decimal, tick: Decimal) -> None:
    text = round_price(price, tick)
    assert multiple(text, tick) % 1 == 0
    with localcontext(prec=100):
        assert abs(Decimal(text) - price) * 2 <= tick


@given(prices, ticks)
def test_a_side_rounds_to_its_own_advantage_by_less_than_a_tick(price: Decimal, tick: Decimal) -> None:
    bid, ask = (round_price(price, tick, "BUY"), round_price(price, tick, "SELL"))
    assert multiple(bid, tick) % 1 == multiple(ask, tick) % 1 == 0
    with localcontext(prec=100):
        assert price - tick < Decimal(bid) <= price <= Decimal(ask) < price + tick


@given(prices, ticks)
def test_a_quantity_is_never_more_than_given(qty: Decimal, step: Decimal) -> None:
    text = round_qty(qty, step)
    assert multiple(text, step) % 1 == 0
    with localcontext(prec=100):
        assert qty - step < Decimal(text) <= qty


@given(floats, ticks)
def test_a_float_is_passed_by_no_more_than_its_last_places(qty: float, step: Decimal) -> None:
    text = round_qty(qty, step)
    with localcontext(prec=100):
        assert Decimal(text) <= Decimal(qty) + 5 * Decimal(math.ulp(qty))
        assert Decimal(text) > Decimal(qty) - step - 5 * Decimal(math.ulp(qty))


@given(st.integers(min_value=1, max_value=10**9), st.integers(min_value=0, max_value=8))
def test_a_multiple_computed_in_floats_is_found_again(count: int, places: int) -> None:
    step = Decimal(1).scaleb(-places)
    computed = count * float(step)
    assume(step > 8 * Decimal(math.ulp(computed)))
    assert Decimal(round_qty(computed, step)) == count * step
    assert Decimal(round_price(computed, step, "SELL")) == count * step


@given(prices | floats, ticks)
def test_what_is_rounded_stays_when_it_is_rounded_again(price: Decimal | float, tick: Decimal) -> None:
    once = round_price(price, tick)
    assert (
        once == round_price(once, tick) == round_price(once, tick, "BUY") == round_price(once, tick, "SELL")
    )


@given(prices | floats, ticks)
def test_result_is_spelled_without_exponent(price: Decimal | float, tick: Decimal) -> None:
    assert re.fullmatch(r"\d+(\.\d+)?", round_price(price, tick))


BAD: list[tuple[str, Any, Any, str]] = [
    ("not a number", "x", 1, "price='x' is not a number"),
    ("nothing", None, 1, "price=None is not a number"),
    ("a bool", True, 1, "price=True is not a number"),
    ("a list", [1], 1, r"price=\[1\] is not a number"),
    ("NaN", math.nan, 1, "price=nan is not finite"),
    ("infinity", Decimal("Infinity"), 1, "is not finite"),
    ("an exponent out of all range", "1E+99999", 1, "out of all range"),
    ("more digits than any number has", "0." + "1" * 5000, 1, "out of all range"),
    ("a tick of zero", 1, "0.00000000", "tick='0.00000000' is not above zero"),
    ("a tick below zero", 1, -0.5, "tick=-0.5 is not above zero"),
    ("a tick that is NaN", 1, "NaN", "tick='NaN' is not finite"),
]


@pytest.mark.parametrize(("price", "tick", "said"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_what_is_no_price_or_no_tick_is_refused(price: Any, tick: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        round_price(price, tick)


def test_a_quantity_below_zero_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="qty=-1 is below 0"):
        round_qty(-1, "0.1")


def test_another_side_is_refused() -> None:
    side: Any = "buy"
    with pytest.raises(ConfigurationError, match="side='buy': 'BUY' rounds a price down"):
        round_price(1, 1, side)
