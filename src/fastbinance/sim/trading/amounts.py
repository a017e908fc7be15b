"""Exact amounts: every price, quantity and balance of the engine is an int that counts hundred millionths.

Eight decimals are what Binance keeps of a balance, and every tick and lot of a simulated symbol is a multiple
of one. Nothing here is ever a float.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.instrument import decimal_text

__all__ = [
    "DECIMALS",
    "UNIT",
    "from_decimal",
    "read_amount",
    "spell",
    "value_above",
    "value_below",
]

#: Decimals of an amount.
DECIMALS: Final = 8
#: How many hundred millionths one is.
UNIT: Final = 10**DECIMALS


def spell(amount: int, decimals: int = DECIMALS) -> str:
    """Spell an amount with so many decimals; what is beyond them is cut off."""
    if decimals == DECIMALS:
        return decimal_text(amount, DECIMALS)
    scale: int = 10 ** (DECIMALS - decimals)
    return decimal_text(amount // scale if amount >= 0 else -(-amount // scale), decimals)


def value_below(price: int, qty: int) -> int:
    """Give what a quantity costs at a price, rounded down: what is paid and got for it."""
    return price * qty // UNIT


def value_above(price: int, qty: int) -> int:
    """Give what a quantity may cost at a price, rounded up: what is locked for it."""
    return -(-price * qty // UNIT)


def from_decimal(number: Decimal | int | str) -> int:
    """Turn a number of whole coins into an amount.

    Raises
    ------
    ValueError
        It is no number, or has more than eight decimals.
    """
    try:
        scaled = Decimal(number).scaleb(DECIMALS)
        if scaled == scaled.to_integral_value():
            return int(scaled)
    except InvalidOperation:
        pass
    raise ValueError(f"{number!r} is no amount of at most {DECIMALS} decimals")


def read_amount(params: Mapping[str, Any], name: str) -> int:
    """Read a decimal parameter; 0 where it is missing.

    Raises
    ------
    ApiError
        -1111: it has more than eight decimals.
    """
    value = params.get(name)
    if value is None:
        return 0
    try:
        return from_decimal(value)
    except ValueError:
        raise ApiError(-1111, f"Parameter '{name}' has too much precision.") from None
