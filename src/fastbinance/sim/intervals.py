"""Kline intervals: which there are, and where each begins."""

from datetime import UTC, datetime
from typing import Final

__all__ = [
    "CONTRACT_INTERVALS",
    "FUTURES_INTERVALS",
    "OPTIONS_INTERVALS",
    "SPOT_INTERVALS",
    "UTC_PLUS_8_MS",
    "interval_end",
    "interval_start",
]

FUTURES_INTERVALS: Final = frozenset(
    ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"]
)
SPOT_INTERVALS: Final = FUTURES_INTERVALS | {"1s"}
OPTIONS_INTERVALS: Final = FUTURES_INTERVALS - {"8h", "1M"}
CONTRACT_INTERVALS: Final = frozenset(["1s", "1m", "5m", "15m", "1h", "4h", "1d"])

UTC_PLUS_8_MS: Final = 8 * 3_600_000

_UNIT_MS: Final = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
# Weeks begin on Mondays, and 1970 began on a Thursday.
_FIRST_MONDAY_MS: Final = 4 * 86_400_000


def interval_start(interval: str, at_ms: int, offset_ms: int = 0) -> int:
    """Give the first millisecond of the interval that a time lies in.

    ``offset_ms`` is the time zone whose midnight counts; times are UTC all the same.
    """
    local_ms = at_ms + offset_ms
    if interval == "1M":
        start = datetime.fromtimestamp(local_ms // 1000, UTC).replace(day=1, hour=0, minute=0, second=0)
        return int(start.timestamp()) * 1000 - offset_ms
    origin_ms = _FIRST_MONDAY_MS if interval == "1w" else 0
    length_ms = _length_ms(interval)
    return local_ms - (local_ms - origin_ms) % length_ms - offset_ms


def interval_end(interval: str, start_ms: int, offset_ms: int = 0) -> int:
    """Give the first millisecond after the interval that begins at ``start_ms``."""
    if interval == "1M":
        # Thirty-two days on is the next month, whichever this one is.
        return interval_start(interval, start_ms + 32 * _UNIT_MS["d"], offset_ms)
    return start_ms + _length_ms(interval)


def _length_ms(interval: str) -> int:
    return int(interval[:-1]) * _UNIT_MS[interval[-1]]
