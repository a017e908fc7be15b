"""What the Python clients that place orders share, on any interpreter: nothing of the package is imported.

``PROGRAM URL MODE KEYS DEPTH WARM COUNT`` connects once, places WARM orders and then COUNT more, DEPTH of
them in flight, and prints one JSON line about the COUNT: CPU and wall nanoseconds, and the sum of the
order ids that it was told.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from pathlib import Path

import uvloop

from benchmarks._order_terms import MODES, SECRET_FILES

__all__ = ["Connect", "Place", "arguments", "cpu_ns", "main", "result", "secret_of"]

#: Places an order with a client order id, and gives order id and client order id of the answer.
Place = Callable[[str], Awaitable[tuple[int, str]]]
#: Connects to a URL for a mode, with the path of the secret.
Connect = Callable[[str, str, Path], AbstractAsyncContextManager[Place]]


def cpu_ns() -> int:
    """Return the CPU time of this process, all threads, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return round((used.ru_utime + used.ru_stime) * 1e9)


def secret_of(keys: Path, mode: str) -> Path:
    """Return the file of the secret that a mode signs with."""
    return keys / SECRET_FILES[MODES[mode][0]]


def arguments() -> tuple[str, str, Path, int, int, int]:
    """Read the command line."""
    url, mode, keys, depth, warm, count = sys.argv[1:]
    return url, mode, Path(keys), int(depth), int(warm), int(count)


def result(count: int, cpu: int, wall: int, ids: int, *packages: str) -> str:
    """Write the line that the harness reads."""
    versions = {package: version(package) for package in packages}
    return json.dumps({"orders": count, "cpu_ns": cpu, "wall_ns": wall, "ids": ids, "versions": versions})


async def _place_all(place: Place, prefix: str, depth: int, count: int) -> int:
    """Place orders, ``depth`` in flight at a time; returns the sum of their ids."""

    async def one(client_id: str) -> int:
        order_id, answered = await place(client_id)
        if answered != client_id:
            raise RuntimeError(f"the answer for {answered} came to {client_id}")
        return order_id

    if depth == 1:
        return sum([await one(f"{prefix}{n}") for n in range(count)])
    total = 0
    for begin in range(0, count, depth):
        batch = range(begin, min(begin + depth, count))
        total += sum(await asyncio.gather(*[one(f"{prefix}{n}") for n in batch]))
    return total


def main(connect: Connect, prefix: str, *packages: str) -> None:
    """Run one client. ``prefix`` begins its client order ids."""
    url, mode, keys, depth, warm, count = arguments()

    async def run() -> None:
        async with connect(url, mode, secret_of(keys, mode)) as place:
            await _place_all(place, f"{prefix}w", depth, warm)
            cpu, wall = cpu_ns(), time.perf_counter_ns()
            ids = await _place_all(place, prefix, depth, count)
            cpu, wall = cpu_ns() - cpu, time.perf_counter_ns() - wall
        print(result(count, cpu, wall, ids, *packages), flush=True)

    uvloop.run(run())
