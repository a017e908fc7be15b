"""What a refusal of Binance's means: refused, held back, or unknown."""

from typing import Final

from fastbinance._protocol.envelope import ErrorBody

__all__ = ["WRONG_TIME", "is_limited", "is_unknown", "retry_after_ms"]

#: A time outside of what Binance takes: the clock is to be measured again.
WRONG_TIME: Final = -1021

_TOO_MANY: Final = frozenset({-1003, -1015})
# Disconnected, unexpected response, timeout: "execution status unknown" in Binance's words.
_UNKNOWN: Final = frozenset({-1001, -1006, -1007})


def is_unknown(status: int, body: ErrorBody) -> bool:
    """Tell whether the request may have been carried out all the same."""
    return status >= 500 or body.code in _UNKNOWN


def is_limited(status: int, body: ErrorBody) -> bool:
    """Tell whether it was refused because there are too many."""
    return status in (418, 429) or body.code in _TOO_MANY


def retry_after_ms(body: ErrorBody) -> int | None:
    """Return from when on it may be tried again, in Binance's milliseconds since 1970, if that is named."""
    at = None if body.data is None else body.data.get("retryAfter")
    return at if isinstance(at, int) and not isinstance(at, bool) else None
