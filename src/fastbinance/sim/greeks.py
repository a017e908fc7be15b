"""Black and Scholes: what an option is worth and how that changes, without interest."""

import math
from statistics import NormalDist
from typing import Final, NamedTuple

__all__ = ["Greeks", "fair_value", "greeks"]

_NORMAL: Final = NormalDist()
_DAYS_A_YEAR: Final = 365.0


class Greeks(NamedTuple):
    """Sensitivities: theta is for a day, vega for a hundredth of volatility."""

    delta: float
    theta: float
    gamma: float
    vega: float


def fair_value(underlying: float, strike: float, years: float, volatility: float, is_call: bool) -> float:
    """Give the value of a European option."""
    d1, d2 = _distances(underlying, strike, years, volatility)
    call = underlying * _NORMAL.cdf(d1) - strike * _NORMAL.cdf(d2)
    # Both are differences of large numbers, which round to less than nothing far out of the money.
    return max(0.0, call if is_call else call - underlying + strike)


def greeks(underlying: float, strike: float, years: float, volatility: float, is_call: bool) -> Greeks:
    """Give the sensitivities of a European option."""
    d1, _ = _distances(underlying, strike, years, volatility)
    density = _NORMAL.pdf(d1)
    delta = _NORMAL.cdf(d1) - (0 if is_call else 1)
    root = math.sqrt(years)
    return Greeks(
        delta,
        -underlying * density * volatility / (2 * root) / _DAYS_A_YEAR,
        density / (underlying * volatility * root),
        underlying * density * root / 100,
    )


def _distances(underlying: float, strike: float, years: float, volatility: float) -> tuple[float, float]:
    spread = volatility * math.sqrt(years)
    d1 = math.log(underlying / strike) / spread + spread / 2
    return d1, d1 - spread
