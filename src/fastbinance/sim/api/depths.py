"""Snapshots of books: ``depth`` of the WS APIs and of every product's REST, and ``rpiDepth``."""

from typing import Final

import msgspec

from fastbinance.keys import Market
from fastbinance.sim.api.call import ApiError, Call, Handlers
from fastbinance.sim.api.symbols import find_market
from fastbinance.sim.malform import malformed
from fastbinance.sim.payload import snapshot_body
from fastbinance.sim.snapshots import SnapshotFault, SnapshotFaults
from fastbinance.sim.stats import Stats
from fastbinance.sim.trading import MarketsView

__all__ = ["Depths"]

# Levels of those who do not say how many.
_LEVELS: Final[dict[Market, int]] = {"spot": 100, "usdm": 500, "coinm": 500, "options": 100}
_RPI_LEVELS: Final = 1000


class Depths:
    """Handlers of everything that gives a book.

    Parameters
    ----------
    markets
        What trades.
    faults
        What is wrong with snapshots.
    stats
        Counters to keep.
    """

    def __init__(self, markets: MarketsView, faults: SnapshotFaults, stats: Stats) -> None:
        self._markets = markets
        self._faults = faults
        self._stats = stats

    def handlers(self) -> Handlers:
        """Give them by their names."""
        return {
            ("spot", "depth"): lambda call: self._book(call, "spot"),
            ("usdm", "depth"): lambda call: self._book(call, "usdm"),
            ("usdm", "rpiDepth"): lambda call: self._book(call, "usdm", is_rpi=True),
            ("coinm", "depth"): lambda call: self._book(call, "coinm"),
        }

    def options(self, call: Call) -> msgspec.Raw:
        """Give the book of an option, which REST alone does."""
        return self._book(call, "options")

    def _book(self, call: Call, market: Market, *, is_rpi: bool = False) -> msgspec.Raw:
        found = find_market(self._markets, call, market=market)
        fault = self._faults.find(market, found.instrument.symbol) or SnapshotFault()
        call.late = fault.late
        if fault.status is not None:
            raise _refused(fault, fault.status, call.now_ms)
        limit = call.params.get("limit", _RPI_LEVELS if is_rpi else _LEVELS[market])
        snapshot = found.snapshot(limit, stale=fault.stale, with_rpi=is_rpi)
        time_ms = min(call.now_ms, found.changed_ms)
        body = snapshot_body(found.instrument, snapshot, time_ms=time_ms, event_ms=call.now_ms)
        self._stats.snapshots += 1
        return msgspec.Raw(body if fault.malform is None else malformed(body, fault.malform))


def _refused(fault: SnapshotFault, status: int, now_ms: int) -> ApiError:
    code, msg = fault.error
    data = None
    if fault.retry_after is not None:
        data = {"serverTime": now_ms, "retryAfter": now_ms + round(fault.retry_after * 1000)}
    return ApiError(code, msg, status=status, data=data)
