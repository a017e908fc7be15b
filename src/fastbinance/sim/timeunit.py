"""Milliseconds and microseconds: how spot spells its times.

The exchange lives in milliseconds. Where microseconds are asked for, an instant gets digits of its own below
the millisecond, always the same ones, so that a reader who loses them is found out. Boundaries of klines are
exact: they begin on the millisecond and end with the last microsecond before the next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

__all__ = ["MICROSECONDS", "MILLISECONDS", "TimeUnit", "micros", "to_micros", "to_millis"]

# In milliseconds the year 5138: a time from here on is in microseconds.
_FIRST_MICROS: Final = 10**14


@dataclass(frozen=True, slots=True, eq=False)
class TimeUnit:
    """How three kinds of time are spelled: an instant, a beginning and an end."""

    at: Callable[[int], int]
    opens: Callable[[int], int]
    closes: Callable[[int], int]


def micros(at_ms: int) -> int:
    """Give an instant in microseconds. Later milliseconds are later, equal ones equal."""
    return at_ms * 1000 + at_ms * 7919 % 1000


def to_millis(at: int) -> int:
    """Give a time in milliseconds that may be in microseconds."""
    return at if at < _FIRST_MICROS else at // 1000


def to_micros(at: int) -> int:
    """Give a time in microseconds that may be in milliseconds."""
    return at if at >= _FIRST_MICROS else at * 1000


def _same(at_ms: int) -> int:
    return at_ms


def _first_micro(at_ms: int) -> int:
    return at_ms * 1000


def _last_micro(at_ms: int) -> int:
    return at_ms * 1000 + 999


MILLISECONDS: Final = TimeUnit(_same, _same, _same)
MICROSECONDS: Final = TimeUnit(micros, _first_micro, _last_micro)
