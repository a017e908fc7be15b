"""The parameters that most of Binance's lists share: from an id, between two times, at most so many."""

from collections.abc import Mapping
from typing import Any, Final

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.trading.orders import integer_of

__all__ = ["page"]

_DEFAULT_LIMIT: Final = 500
_LARGEST_LIMIT: Final = 1000
_LONGEST_SPAN_MS: Final = 24 * 60 * 60 * 1000


def page(
    results: list[dict[str, Any]],
    params: Mapping[str, Any],
    *,
    from_id: str | None = None,
    key: str = "",
    time: str | None = None,
) -> list[dict[str, Any]]:
    """Choose from a list, oldest first.

    Parameters
    ----------
    results
        Everything there is, oldest first.
    params
        Of the request: ``limit``, ``startTime`` and ``endTime`` are read here.
    from_id
        Name of the parameter to start from; None where there is no such parameter.
    key
        Key of the results that it is compared with.
    time
        Key of the results that times are compared with; None where times are no parameters.

    Returns
    -------
    list
        Without a start the newest, else those that follow it.
    """
    limit = integer_of(params.get("limit") or _DEFAULT_LIMIT, "limit")
    if limit < 1:
        raise ApiError(-1130, "Data sent for parameter 'limit' is not valid.")
    start = params.get(from_id) if from_id is not None else None
    if start is not None:
        first = integer_of(start, str(from_id))
        results = [result for result in results if result[key] >= first]
    start_ms, end_ms = params.get("startTime"), params.get("endTime")
    if time is not None and (start_ms is not None or end_ms is not None):
        lowest = integer_of(start_ms if start_ms is not None else 0, "startTime")
        highest = None if end_ms is None else integer_of(end_ms, "endTime")
        if highest is not None and start_ms is not None and highest - lowest > _LONGEST_SPAN_MS:
            raise ApiError(-1127, "More than 24 hours between startTime and endTime.")
        results = [
            result
            for result in results
            if lowest <= result[time] and (highest is None or result[time] <= highest)
        ]
    limit = min(limit, _LARGEST_LIMIT)
    return results[:limit] if start is not None or start_ms is not None else results[-limit:]
