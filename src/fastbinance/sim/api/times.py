"""Times of an answer in microseconds, for connections that asked for them."""

from typing import Any, Final

from fastbinance.sim.timeunit import TimeUnit

__all__ = ["in_unit"]

# Fields of results that are instants; what begins and ends a span is spelled exactly.
_INSTANTS: Final = frozenset(
    {
        "serverTime", "time", "updateTime", "transactTime", "transactionTime", "workingTime", "trailingTime",
        "T", "authorizedSince", "connectedSince", "timestamp", "expirationTime",
    }
)  # fmt: skip
_OPENS: Final = frozenset({"openTime"})
_CLOSES: Final = frozenset({"closeTime"})


def in_unit(value: Any, unit: TimeUnit) -> Any:
    """Give a result with its times in another unit. What says that there is no time (-1, None) stays."""
    if isinstance(value, list):
        return [in_unit(item, unit) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _spelled(name, item, unit) for name, item in value.items()}


def _spelled(name: str, value: Any, unit: TimeUnit) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        if name in _INSTANTS:
            return unit.at(value)
        if name in _OPENS:
            return unit.opens(value)
        if name in _CLOSES:
            return unit.closes(value)
    return in_unit(value, unit)
