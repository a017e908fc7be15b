"""What the Python peers of the flood share. Nothing of the package is imported: any interpreter will do."""

import asyncio
import json
import resource
import ssl
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from struct import Struct
from time import time_ns
from typing import Any

import numpy as np
import uvloop

__all__ = ["STREAM", "Rows", "cpu_ns", "main", "tls"]

STREAM = "ethusdt@bookTicker"
_WORD = (1 << 64) - 1
# A BookTicker as it lies in a ring of ours.
_ROW = np.dtype(
    [
        ("sequence", "<i8"), ("flags", "<u4"), ("symbol_id", "<u4"), ("event_ns", "<i8"),
        ("transaction_ns", "<i8"), ("recv_ns", "<i8"), ("update_id", "<i8"), ("bid_price", "<f8"),
        ("bid_qty", "<f8"), ("ask_price", "<f8"), ("ask_qty", "<f8"),
    ]
)  # fmt: skip
_PRICES = ("bid_price", "bid_qty", "ask_price", "ask_qty")


def cpu_ns() -> int:
    """Return the CPU time of this process, all threads, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return round((used.ru_utime + used.ru_stime) * 1e9)


def tls(url: str) -> ssl.SSLContext | None:
    """Return what trusts our own sender on loopback, whose certificate lasts an hour; None without TLS."""
    return ssl._create_unverified_context() if url.startswith("wss") else None


class Rows:
    """A ring of rows, written by `struct.pack_into`: the fastest way into such a row from Python."""

    def __init__(self, capacity: int, wanted: int) -> None:
        self.rows = np.zeros(capacity, _ROW)
        self.wanted = wanted
        self.count = 0
        self.full = asyncio.get_running_loop().create_future()
        self._mask = capacity - 1
        self._memory = memoryview(self.rows.data).cast("B")
        self._pack = Struct("<qIIqqqqdddd").pack_into
        self._symbol_ids = {"ETHUSDT": 0}

    def store(self, symbol: str, update_id: int, bid: str, bid_qty: str, ask: str, ask_qty: str) -> None:
        """Store one bookTicker; the last one that is wanted completes `full`."""
        n = self.count
        self._pack(
            self._memory, (n & self._mask) * 80, n, 0, self._symbol_ids[symbol], 0, 0, time_ns(), update_id,
            float(bid), float(bid_qty), float(ask), float(ask_qty),
        )  # fmt: skip
        self.count = n + 1
        if self.count == self.wanted:
            self.full.set_result(None)

    def result(self, spent_ns: int) -> dict[str, int]:
        """Return the line that the harness reads."""
        bits = sum(int(self.rows[name].view("<u8").sum(dtype="<u8")) for name in _PRICES)
        ids = int(self.rows["update_id"].astype("<u8").sum(dtype="<u8"))
        return {"messages": self.count, "cpu_ns": spent_ns, "ids": ids, "bits": bits & _WORD}


def main(flood: Callable[[str, Rows], Awaitable[int]], *packages: str) -> None:
    """Run `flood`, which returns its CPU nanoseconds, for each number of blocks on the command line."""
    url, frames, capacity, *blocks = sys.argv[1:]
    versions: dict[str, Any] = {package: version(package) for package in packages}

    async def run() -> None:
        for number in blocks:
            rows = Rows(int(capacity), int(number) * int(frames))
            spent = await flood(f"{url}/{number}", rows)
            print(json.dumps(rows.result(spent) | {"versions": versions}), flush=True)

    uvloop.run(run())
