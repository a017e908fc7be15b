"""A reader of every record, on a thread of its own: how late they come, and how many it missed."""

import threading
import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from fastbinance import Client, Ring, SubscriptionRejected, Window
from fastbinance.cli.row import NO_PERCENTILES, Percentiles

__all__ = ["LagGauge", "SymbolGauges", "Tape"]

_KEPT: Final = 2_048
_RECENT_NS: Final = 10_000_000_000


class LagGauge:
    """Lags of the last ten seconds, or of the newest 2,048 records where more came.

    One thread adds, any may ask.
    """

    def __init__(self) -> None:
        self._lags = np.zeros(_KEPT, np.int64)
        self._added_ns = np.zeros(_KEPT, np.int64)
        self._count = 0

    def add(self, lags: "np.ndarray[Any, np.dtype[np.int64]]", now_ns: int) -> None:
        """Add some, oldest first."""
        lags = lags[-_KEPT:]
        places = np.arange(self._count, self._count + len(lags)) % _KEPT
        self._lags[places] = lags
        self._added_ns[places] = now_ns
        self._count += len(lags)

    def percentiles(self, now_ns: int) -> Percentiles:
        """Return the percentiles of what is recent; NaN where nothing is."""
        recent = np.sort(self._lags[self._added_ns > now_ns - _RECENT_NS])
        if not len(recent):
            return NO_PERCENTILES
        # The nearest lag that there was; np.percentile takes ten times as long to find one between two.
        p50, p99 = (float(recent[round(share * (len(recent) - 1))]) for share in (0.50, 0.99))
        return Percentiles(p50, p99)


class SymbolGauges(NamedTuple):
    """Both lags of one symbol.

    Attributes
    ----------
    read
        From the socket read that brought a record until a reader has it.
    wire
        From Binance's event time until that socket read, where the stream carries one. As good as both
        clocks.
    """

    read: LagGauge
    wire: LagGauge


class Tape:
    """Reads rings until their client closes.

    Parameters
    ----------
    client
        Whose rings they are.
    gauges
        Where the lags of each ring go.
    """

    def __init__(self, client: Client, gauges: Mapping[Ring[Any, Any], SymbolGauges]) -> None:
        self._gauges: dict[object, SymbolGauges] = {ring: gauge for ring, gauge in gauges.items()}  # noqa: C416
        self._reader = client.reader(list(gauges))
        self._thread = threading.Thread(target=self._run, name="fastbinance-tape", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """Records that were overwritten before this reader came to them."""
        return self._reader.lost

    def _run(self) -> None:
        while True:
            try:
                self._read_on()
                return
            except SubscriptionRejected:
                continue  # its row says so, and the other rings go on

    def _read_on(self) -> None:
        for ring, batch in self._reader:
            now_ns = time.time_ns()
            records = batch.records if isinstance(batch, Window) else batch
            gauges = self._gauges[ring]
            received, event = records["recv_ns"], records["event_ns"]
            gauges.read.add(now_ns - received, now_ns)
            stamped = event > 0
            gauges.wire.add(received[stamped] - event[stamped], now_ns)
