"""A reader of every record, on a thread of its own: how late they come, and how many it missed."""

import math
import threading
import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from fastbinance._core.ring import RingBase, Window
from fastbinance.client import Client
from fastbinance.errors import FastBinanceError

__all__ = ["LagGauge", "Percentiles", "Tape"]

_KEPT: Final = 1_024


class Percentiles(NamedTuple):
    """Median and 99th percentile in nanoseconds; NaN before the first record."""

    p50: float = math.nan
    p99: float = math.nan


class LagGauge:
    """Lags of the newest records of a symbol. One thread adds, any may ask."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._lags = np.zeros(kept, np.int64)
        self._count = 0

    def add(self, lags: "np.ndarray[Any, np.dtype[np.int64]]") -> None:
        """Add some, oldest first."""
        kept = len(self._lags)
        lags = lags[-kept:]
        places = np.arange(self._count, self._count + len(lags)) % kept
        self._lags[places] = lags
        self._count += len(lags)

    def percentiles(self) -> Percentiles:
        """Return the percentiles of what is kept."""
        filled = min(self._count, len(self._lags))
        if not filled:
            return Percentiles()
        p50, p99 = np.percentile(self._lags[:filled], (50, 99))
        return Percentiles(float(p50), float(p99))


class SymbolGauges(NamedTuple):
    """Both lags of one symbol.

    Attributes
    ----------
    read
        From the socket read that brought a record until a reader has it.
    wire
        From Binance's event time until that socket read, where the stream carries one. As good as both clocks.
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

    def __init__(self, client: Client, gauges: Mapping[RingBase, SymbolGauges]) -> None:
        self._gauges = gauges
        self._reader = client.reader(list(gauges))  # type: ignore[arg-type]
        #: What ended it early, such as a refused stream.
        self.error: FastBinanceError | None = None
        self._thread = threading.Thread(target=self._run, name="fastbinance-tape", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """Records that were overwritten before this reader came to them."""
        return self._reader.lost

    def _run(self) -> None:
        try:
            for ring, batch in self._reader:
                now_ns = time.time_ns()
                records = batch.records if isinstance(batch, Window) else batch
                gauges = self._gauges[ring]
                received, event = records["recv_ns"], records["event_ns"]
                gauges.read.add(now_ns - received)
                stamped = event > 0
                gauges.wire.add(received[stamped] - event[stamped])
        except FastBinanceError as error:
            self.error = error
