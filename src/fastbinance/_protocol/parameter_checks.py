"""What a caller may give for one parameter of the WebSocket API, and how it is spelled on the wire.

A check is made once for each parameter of the table, and called once for each value of a request: it is on an
order's way. It judges types and spelling. Values are Binance's to judge: prices, lengths and ranges change
there without us. Where the same values come again and again, a memory of them answers before the check.
"""

import operator
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

from fastbinance.errors import ConfigurationError

__all__ = ["Check", "Checks", "Kind", "checks_for"]

#: Takes what the caller gave, which is not None, and returns what is sent.
Check: TypeAlias = Callable[[Any], Any]


class Checks(NamedTuple):
    """Two ways to check a parameter."""

    fast: Check  # may raise KeyError or TypeError, which says only that `full` has to be asked
    full: Check


class Kind(Enum):
    """What sort of value a parameter takes, and what is sent."""

    TEXT = "text"  # str; never shown in errors: it may be a token
    SYMBOL = "symbol"  # str, upper-cased if ASCII
    SYMBOLS = "symbols"  # list or tuple of them, as a list
    CHOICE = "choice"  # str from a list of known values; others are sent with a warning
    TEXTS = "texts"  # str as it is, or a list or tuple of str as a list
    DECIMAL = "decimal"  # str, Decimal or int, as text without exponent
    INTEGER = "integer"  # int
    MILLISECONDS = "milliseconds"  # int as it is; str and Decimal as a DECIMAL
    BOOLEAN = "boolean"  # bool
    FLAG = "flag"  # bool or its text, as text: futures take booleans as such


# What Binance's own pattern takes of a decimal, and a sign: everything else takes the slow way.
_is_plain: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?").fullmatch
# What is a number all the same. The exponent is short: its zeros are written out.
_is_number: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?").fullmatch

# Binance's LONG.
_MAX_INTEGER: Final = 2**63 - 1

# Symbols, and unknown values of a choice, that one parameter remembers.
_MAX_REMEMBERED: Final = 1000

_BY_ROUNDING: Final = "fastbinance.round_price and round_qty make one from it"


def _refuse(where: str, takes: str, value: object, hint: str = "") -> NoReturn:
    # The type and not the value: texts may be secret, and objects may have any repr.
    shown = f"the float {value!r}" if isinstance(value, float) else f"a value of type {type(value).__name__}"
    raise ConfigurationError(f"{where} takes {takes}, not {shown}{hint and f'; {hint}'}")


# -- texts


def _text(where: str, value: object) -> str:
    """Return a text as plain str, whatever class of text it is, or refuse it."""
    if not isinstance(value, str):
        hint = f"its name is {value.name!r}" if isinstance(value, Enum) else ""
        _refuse(where, "a text", value, hint)
    text = str.__str__(value)  # str() of an enum's member may be its name
    if not text:
        raise ConfigurationError(f"{where} is an empty text; leave it out, or give None, to send nothing")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigurationError(f"{where} has half a surrogate pair: it cannot be sent") from None
    return text


def _text_checks(where: str, values: tuple[str, ...]) -> Checks:
    def check(value: Any) -> str:
        if type(value) is str and value and value.isascii():
            return value
        return _text(where, value)

    return Checks(check, check)


def _symbol(where: str, value: object) -> str:
    text = _text(where, value)
    # Other letters stay: the upper case of some is another symbol, or two letters.
    return text.upper() if text.isascii() else text


def _symbol_checks(where: str, values: tuple[str, ...]) -> Checks:
    seen: dict[str, str] = {}

    def check(value: Any) -> str:
        symbol = _symbol(where, value)
        if len(seen) < _MAX_REMEMBERED:
            seen[str.__str__(value)] = symbol
        return symbol

    return Checks(seen.__getitem__, check)


def _several(where: str, what: str, value: object, check: Check) -> list[str]:
    if not isinstance(value, list | tuple):
        _refuse(where, f"a list of {what}", value)
    if not value:
        raise ConfigurationError(f"{where} is an empty list; leave it out, or give None, to send nothing")
    return [check(each) for each in value]


def _symbols_checks(where: str, values: tuple[str, ...]) -> Checks:
    def check(value: Any) -> list[str]:
        return _several(where, "symbols", value, lambda each: _symbol(where, each))

    return Checks(check, check)


def _level_of_the_caller() -> int:
    """Return where a warning belongs, counted from who asks: the first frame that is not of this package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith("fastbinance."):
        level, frame = level + 1, frame.f_back
    return level


def _choice_checks(where: str, values: tuple[str, ...]) -> Checks:
    known = {value: value for value in values}
    listed = ", ".join(values)

    def check(value: Any) -> str:
        text = _text(where, value)
        if text not in known:
            if len(known) < _MAX_REMEMBERED:
                known[text] = text  # warned of once
            message = f"{where}={text!r} is sent, but fastbinance knows only {listed}"
            if text.upper() in values:
                message += f"; perhaps {text.upper()!r} is meant"
            warnings.warn(message, UserWarning, stacklevel=_level_of_the_caller())
        return text

    return Checks(known.__getitem__, check)


def _texts_checks(where: str, values: tuple[str, ...]) -> Checks:
    def check(value: Any) -> str | list[str]:
        if isinstance(value, str):
            return _text(where, value)
        return _several(where, "texts, or one text", value, lambda each: _text(where, each))

    return Checks(check, check)


# -- numbers

_DECIMAL_TAKES: Final = "a decimal as text, Decimal or int"


def _spelled(where: str, takes: str, value: object) -> str:
    """Return a number without exponent, or refuse it."""
    if isinstance(value, float):
        _refuse(where, takes, value, _BY_ROUNDING)
    if isinstance(value, str):
        text = _text(where, value)
    elif isinstance(value, Decimal):
        text = str(value)
    else:
        text = str(_integer(where, takes, value))
    if not _is_number(text):
        raise ConfigurationError(f"{where} takes {takes}, not {text[:40]!r}")
    return f"{Decimal(text):f}"


def _decimal_checks(where: str, values: tuple[str, ...]) -> Checks:
    def check(value: Any) -> str:
        kind = type(value)
        text = value if kind is str else str(value) if kind is Decimal else ""
        if _is_plain(text):
            return text
        return _spelled(where, _DECIMAL_TAKES, value)

    return Checks(check, check)


def _integer(where: str, takes: str, value: object) -> int:
    """Return what is an integer without being an int, such as NumPy's, or refuse it."""
    # NumPy's bool is none of Python's, and has had an __index__.
    if isinstance(value, bool | float | str) or type(value).__name__ in ("bool", "bool_"):
        _refuse(where, takes, value)
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # what has no __index__ is caught
    except TypeError:
        _refuse(where, takes, value)
    if not -_MAX_INTEGER <= number <= _MAX_INTEGER:
        raise ConfigurationError(f"{where} takes {takes} of at most 64 bits")
    return int(number)


def _integer_checks(where: str, values: tuple[str, ...]) -> Checks:
    def check(value: Any) -> int:
        if type(value) is int and -_MAX_INTEGER <= value <= _MAX_INTEGER:
            return value
        return _integer(where, "an integer", value)

    return Checks(check, check)


def _milliseconds_checks(where: str, values: tuple[str, ...]) -> Checks:
    takes = "milliseconds as int, Decimal or decimal text"

    def check(value: Any) -> int | str:
        if isinstance(value, str | Decimal | float):
            return _spelled(where, takes, value)
        return _integer(where, takes, value)

    return Checks(check, check)


# -- booleans


def _boolean_checks(where: str, values: tuple[str, ...]) -> Checks:
    def check(value: Any) -> bool:
        if value is True or value is False:
            return bool(value)
        _refuse(where, "True or False", value)

    return Checks(check, check)


def _flag_checks(where: str, values: tuple[str, ...]) -> Checks:
    yes, no = values

    def check(value: Any) -> str:
        if value is True or value is False:
            return yes if value else no
        if value in (yes, no):
            return str.__str__(value)
        _refuse(where, f"True or False, or the text {yes!r} or {no!r}", value)

    return Checks(check, check)


_MAKERS: Final[Mapping[Kind, Callable[[str, tuple[str, ...]], Checks]]] = {
    Kind.TEXT: _text_checks,
    Kind.SYMBOL: _symbol_checks,
    Kind.SYMBOLS: _symbols_checks,
    Kind.CHOICE: _choice_checks,
    Kind.TEXTS: _texts_checks,
    Kind.DECIMAL: _decimal_checks,
    Kind.INTEGER: _integer_checks,
    Kind.MILLISECONDS: _milliseconds_checks,
    Kind.BOOLEAN: _boolean_checks,
    Kind.FLAG: _flag_checks,
}


def checks_for(kind: Kind, where: str, values: tuple[str, ...] = ()) -> Checks:
    """Return the checks of one parameter.

    Parameters
    ----------
    kind
        What it takes.
    where
        Product, method and parameter, as errors name them.
    values
        Known values of a `Kind.CHOICE`; the texts of a `Kind.FLAG` for True and False.

    Returns
    -------
    Checks
        They take a value and return what is sent. The full one raises `ConfigurationError`, and warns with a
        `UserWarning` of a value of a choice that is not known, once.
    """
    return _MAKERS[kind](where, values)
