"""Prices and quantities as Binance takes them: multiples of a tick or a step, as text.

What is computed is a float, and what is sent is a decimal: here one becomes the other, in exact arithmetic.
"""

import math
import operator
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from fastbinance.errors import ConfigurationError

__all__ = ["round_price", "round_qty"]

#: What can be rounded. A float counts as the shortest decimal that it prints as.
Roundable: TypeAlias = float | Decimal | str

# Beyond are no prices, and writing out the digits would take long.
_MAX_DIGITS: Final = 64

# What a few operations on floats may have added or taken: 0.7 * 3 is 2.0999999999999996.
_SLACK_ULPS: Final = 4


def round_price(price: Roundable, tick: Roundable, side: Literal["BUY", "SELL"] | None = None) -> str:
    """Return a price as a multiple of the tick size.

    Parameters
    ----------
    price : float, int, Decimal or str
        In quote asset.
    tick : float, int, Decimal or str
        ``tickSize`` of the symbol's ``PRICE_FILTER``, in quote asset.
    side : str, optional
        ``"BUY"`` rounds down and ``"SELL"`` up: the price is never worse for you than the one given. Without
        it the nearest multiple is taken; of two that are equally near, the even one.

    Returns
    -------
    str
        With as many decimal places as the tick size has, and no exponent.

    Raises
    ------
    ConfigurationError
        Not a finite number, or a tick size that is not above zero, or another side.

    Notes
    -----
    A float within four units in its last place of a multiple counts as that multiple.
    """
    if side is None:
        return _rounded("price", price, "tick", tick, round)
    if side not in ("BUY", "SELL"):
        raise ConfigurationError(f"side={side!r}: 'BUY' rounds a price down, 'SELL' up, None to the nearest")
    return _rounded("price", price, "tick", tick, math.floor if side == "BUY" else math.ceil)


def round_qty(qty: Roundable, step: Roundable) -> str:
    """Return a quantity as a multiple of the step size, rounded down: never more than was given.

    Parameters
    ----------
    qty : float, int, Decimal or str
        In base asset, or in contracts.
    step : float, int, Decimal or str
        ``stepSize`` of the symbol's ``LOT_SIZE`` or ``MARKET_LOT_SIZE``, in the same unit.

    Returns
    -------
    str
        With as many decimal places as the step size has, and no exponent. Zero where it is less than a step.

    Raises
    ------
    ConfigurationError
        Not a finite number, or below zero, or a step size that is not above zero.

    Notes
    -----
    A float within four units in its last place of a multiple counts as that multiple.
    """
    return _rounded("qty", qty, "step", step, math.floor, least=0)


def _rounded(
    name: str,
    value: Roundable,
    unit_name: str,
    unit: Roundable,
    to_integer: Callable[[Fraction], int],
    least: int | None = None,
) -> str:
    number, size = _exact(name, value), _exact(unit_name, unit)
    if size <= 0:
        raise ConfigurationError(f"{unit_name}={unit!r} is not above zero")
    if least is not None and number < least:
        raise ConfigurationError(f"{name}={value!r} is below {least}")
    multiple = Fraction(number) / Fraction(size)
    count = to_integer(multiple)
    if isinstance(value, float):
        slack = _SLACK_ULPS * Fraction(math.ulp(value))
        nearest = round(multiple)
        if abs(nearest - multiple) * Fraction(size) <= slack:
            count = nearest
    # Decimal's arithmetic rounds to its context, and making one from a text does not.
    whole, _, places = f"{size:f}".partition(".")
    places = places.rstrip("0")
    return f"{Decimal(f'{count * int(whole + places)}E-{len(places)}'):f}"


def _exact(name: str, value: Roundable) -> Decimal:
    if isinstance(value, bool):
        raise ConfigurationError(f"{name}={value!r} is not a number")
    try:
        if isinstance(value, float):
            number = Decimal(float.__repr__(value))  # NumPy's own repr names the type
        else:
            number = Decimal(value if isinstance(value, str | Decimal) else operator.index(value))
    except (InvalidOperation, TypeError, ValueError):
        raise ConfigurationError(f"{name}={value!r} is not a number") from None
    if not number.is_finite():
        raise ConfigurationError(f"{name}={value!r} is not finite")
    if len(number.as_tuple().digits) > _MAX_DIGITS or (number and abs(number.adjusted()) > _MAX_DIGITS):
        raise ConfigurationError(f"{name}={value!r} is out of all range")
    return number
