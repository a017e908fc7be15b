"""The parameters that most of Binance's lists share: from an id, between two times, at most so many."""

from collections.abc import Mapping
from typing import Any, Final

from fastbinance.sim.api.call import ApiError

__all__ = ["page"]

_DEFAULT_LIMIT: Final = 500
_LARGEST_LIMIT: Final = 1000
_DAY_MS: Final = 24 * 60 * 60 * 1000


def page(
    results: list[dict[str, Any]],
    params: Mapping[str, Any],
    *,
    from_id: str,
    key: str,
    time: str | None = None,
    longest_days: int = 1,
) -> list[dict[str, Any]]:
    """Choose from a list.

    Parameters
    ----------
    results
        Everything there is, oldest first.
    params
        Of the request: ``limit``, ``startTime`` and ``endTime`` are read here.
    from_id, key
        Name of the parameter to start from, and the key of the results that it is compared with.
    time
        Key of the results that times are compared with; None where times are no parameters.
    longest_days
        How far apart the times may be.

    Returns
    -------
    list
        Oldest first: what follows the start, and without a start the newest.

    Raises
    ------
    ApiError
        -1127: the times are too far apart.
    """
    limit = min(params.get("limit", _DEFAULT_LIMIT), _LARGEST_LIMIT)
    first = params.get(from_id)
    start_ms, end_ms = params.get("startTime"), params.get("endTime")
    if start_ms is not None and end_ms is not None and end_ms - start_ms > longest_days * _DAY_MS:
        raise ApiError(-1127, f"More than {longest_days * 24} hours between startTime and endTime.")
    chosen = [
        result
        for result in results
        if (first is None or result[key] >= first)
        and (time is None or start_ms is None or result[time] >= start_ms)
        and (time is None or end_ms is None or result[time] <= end_ms)
    ]
    return chosen[:limit] if first is not None or start_ms is not None else chosen[-limit:]
