"""Kinds of parameters: what Binance takes for one, how it is read, and how a wrong one is refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.api.envelope import NumberText

__all__ = [
    "BOOLEAN", "CLIENT_ID", "DECIMAL", "INTEGER", "SYMBOL", "TEXT", "TEXTS", "Choice", "Kind", "Number",
    "illegal", "number_or",
]  # fmt: skip

_DECIMAL: Final = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
_INTEGER: Final = r"^[0-9]{1,20}$"
_SYMBOL: Final = r"^[\w\-._&&[^a-z]]{1,50}$"
_CLIENT_ID: Final = r"^[\.A-Z\:/a-z0-9_-]{1,36}$"
_DECIMAL_TEXT: Final = re.compile(_DECIMAL)
_INTEGER_TEXT: Final = re.compile(_INTEGER)
# Binance's pattern takes an intersection of classes, which Python has not.
_SYMBOL_TEXT: Final = re.compile(r"[^\Wa-z]|[-.]")
_CLIENT_ID_TEXT: Final = re.compile(_CLIENT_ID)
_LONGEST_SYMBOL: Final = 50
_LARGEST_LONG: Final = 2**63 - 1


class Kind(Protocol):
    """Reads one parameter."""

    def read(self, name: str, value: Any) -> Any:
        """Give the value as handlers get it, or raise `ApiError`."""


def illegal(name: str, legal: str) -> ApiError:
    """Refuse a value for what it consists of."""
    return ApiError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


class _Decimal:
    # Texts stay texts, and numbers become what they were spelled as.
    def read(self, name: str, value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or _DECIMAL_TEXT.fullmatch(value) is None:
            raise illegal(name, _DECIMAL)
        return str(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number, as JSON's or as a text.

    Attributes
    ----------
    least, most
        Where it must lie.
    code
        What a number that does not is refused with.
    """

    least: int = 0
    most: int = _LARGEST_LONG
    code: int = -1130

    def read(self, name: str, value: Any) -> int:
        """Give it as a number."""
        if isinstance(value, bool | NumberText):
            raise illegal(name, _INTEGER)
        if isinstance(value, int):
            number = value
            if number < 0:
                raise illegal(name, _INTEGER)
        elif isinstance(value, str) and _INTEGER_TEXT.fullmatch(value) is not None:
            number = int(value)
        else:
            raise illegal(name, _INTEGER)
        if number > _LARGEST_LONG:
            raise ApiError(-1108, f"Parameter '{name}' overflowed.")
        if not self.least <= number <= self.most:
            raise ApiError(self.code, f"Data sent for parameter '{name}' is not valid.")
        return number


def number_or(value: Any, default: int) -> int:
    """Give a whole number as it came, which may be no number at all."""
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and _INTEGER_TEXT.fullmatch(value) else default


class _Boolean:
    def read(self, name: str, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise illegal(name, "true or false")


class _Symbol:
    def read(self, name: str, value: Any) -> str:
        if (
            not isinstance(value, str)
            or isinstance(value, NumberText)
            or len(value) > _LONGEST_SYMBOL
            or not all(map(_SYMBOL_TEXT.fullmatch, value))
        ):
            raise illegal(name, _SYMBOL)
        return value


class _ClientId:
    def read(self, name: str, value: Any) -> str:
        # JSON numbers are taken for their text.
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or _CLIENT_ID_TEXT.fullmatch(text) is None:
            raise illegal(name, _CLIENT_ID)
        return str(text)


class _Text:
    def read(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or isinstance(value, NumberText):
            raise ApiError(-1130, f"Data sent for parameter '{name}' is not valid.")
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words.

    Attributes
    ----------
    values
        Which.
    code, msg
        What another word is refused with.
    """

    values: frozenset[str]
    code: int = -1130
    msg: str = ""

    @classmethod
    def of(cls, words: str, code: int = -1130, msg: str = "") -> "Choice":
        """Make it from words with spaces between them."""
        return cls(frozenset(words.split()), code, msg)

    def read(self, name: str, value: Any) -> str:
        """Give the word."""
        if not isinstance(value, str) or value not in self.values:
            raise ApiError(self.code, self.msg or f"Data sent for parameter '{name}' is not valid.")
        return value


class _Texts:
    # Lists of symbols and the like. One word may stand for a list of one.
    def read(self, name: str, value: Any) -> list[str]:
        items: Sequence[Any] = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not items or not all(isinstance(item, str) for item in items):
            raise ApiError(-1135, f"JSON sent for parameter '{name}' is not valid.")
        if len(set(items)) < len(items):
            raise ApiError(-1151, "Symbol is present multiple times in the list.")
        return list(items)


DECIMAL: Final = _Decimal()
INTEGER: Final = Number()
BOOLEAN: Final = _Boolean()
SYMBOL: Final = _Symbol()
CLIENT_ID: Final = _ClientId()
TEXT: Final = _Text()
TEXTS: Final = _Texts()
