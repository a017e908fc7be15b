"""How much memory a ring takes, whether a million messages change it, and what is allocated for each."""

import ctypes
import json
import os
import subprocess
import sys
import tracemalloc
from typing import Any

import pytest

from benchmarks import _compile, _harness, corpus
from benchmarks.bench_feed import BATCH, feed_for

RINGS = (
    ("bookTicker", 1, 1_024, "btcusdt@bookTicker", "BTCUSDT"),
    ("trade", 2, 1_024, "btcusdt@trade", "BTCUSDT"),
    ("aggTrade", 3, 1_024, "btcusdt@aggTrade", "BTCUSDT"),
    ("depth diff", 4, 512, "btcusdt@depth@100ms", "BTCUSDT"),
    ("partial depth", 5, 512, "btcusdt@depth20@100ms", "BTCUSDT"),
    ("bookTicker", 1, 16_384, "btcusdt@bookTicker", "BTCUSDT"),
    ("bookTicker of all symbols", 1, 65_536, "!bookTicker", None),
)
SAMPLES = 40  # rings of each shape, so that the page count is not lost in noise
MILLION = 1_000_000
HUGE_PAGE = 2 << 20  # in these steps the package takes memory for rings
_kept: list[Any] = []


def ring_bytes(kind: int, capacity: int, stream: str, symbol: str | None) -> tuple[int, float]:
    """Return what a ring says that it takes, and what the process grew by for each of some."""
    from fastbinance._core.ring import RingBase

    key = "usdm" if symbol is None else "main"
    shape: dict[str, Any] = {"capacity": capacity}
    if symbol is None:
        shape["symbol_capacity"] = 16_384
    count = 4 if symbol is None else SAMPLES
    before = _harness.resident_bytes()
    # Kept to the end: memory of rings that have gone serves the next ones, which would seem to cost nothing.
    rings = [RingBase(kind, stream, key, symbol, **shape) for _ in range(count)]
    grown = (_harness.resident_bytes() - before) / count
    _kept.extend(rings)
    return rings[0].memory_bytes, grown


def flatness(case: corpus.Case) -> dict[str, Any]:
    """Return resident bytes, and Python's own traced ones, before, while and after a million messages."""
    feed, replay = feed_for(case), _compile.replay().Replay(case.payloads)
    replay.run(feed, 10_000, BATCH)
    resident = [_harness.resident_bytes()]
    for _ in range(4):
        replay.run(feed, MILLION // 4, BATCH)
        resident.append(_harness.resident_bytes())
    tracemalloc.start()
    replay.run(feed, 10_000, BATCH)
    traced, _ = tracemalloc.get_traced_memory()
    replay.run(feed, MILLION, BATCH)
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"resident": resident, "traced_growth": after - traced, "traced_peak": peak - traced}


def allocations(case_name: str) -> dict[str, float]:
    """Return calls of malloc and its kin a message, Python's objects among them.

    ``frame`` is the same loop into a listener that does nothing: the frame object that picows makes.
    """
    command = [sys.executable, "-m", "benchmarks.bench_memory", "--count", case_name]
    preload = {"LD_PRELOAD": str(_compile.allocation_counter()), "PYTHONMALLOC": "malloc"}
    path = os.pathsep.join([str(_compile.ROOT), str(_compile.ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **preload, "PYTHONPATH": path},
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    counted: dict[str, float] = json.loads(done.stdout)
    return counted


def _count(case_name: str) -> None:
    from picows import WSListener

    counter = ctypes.CDLL(None).fastbinance_allocations
    counter.restype = ctypes.c_long
    case = corpus.cases()[case_name]
    replay = _compile.replay().Replay(case.payloads)
    found = {}
    for name, listener in (("frame", WSListener()), ("feed", feed_for(case))):
        counts = []
        for messages in (10_000, 10_000, MILLION + 10_000):
            before = counter()
            replay.run(listener, messages, BATCH)
            counts.append(counter() - before)
        # What a run costs by itself falls out of the difference.
        found[name] = (counts[2] - counts[1]) / MILLION
    print(json.dumps(found))


def main() -> None:
    """Weigh rings of every kind, and watch a million messages."""
    _harness.pin(1)
    rings = _harness.Table("ring", "capacity", "bytes", "KiB", "resident KiB a ring")
    data: dict[str, Any] = {"rings": [], "flat": {}, "allocations": {}}
    for name, kind, capacity, stream, symbol in RINGS:
        told, grown = ring_bytes(kind, capacity, stream, symbol)
        rings.add(name, capacity, told, told / 1024, grown / 1024)
        data["rings"].append({"kind": name, "capacity": capacity, "bytes": told, "resident": grown})
    flat = _harness.Table(
        "over a million messages", "resident growth, bytes", "Python heap growth", "its peak",
        "allocations a message: frame of picows", "with our feed", "ours",
    )  # fmt: skip
    for name in ("spot-bookTicker", "spot-trade", "spot-depth-few"):
        seen, counted = flatness(corpus.cases()[name]), allocations(name)
        data["flat"][name], data["allocations"][name] = seen, counted
        flat.add(
            name, seen["resident"][-1] - seen["resident"][0], seen["traced_growth"], seen["traced_peak"],
            f"{counted['frame']:.6f}", f"{counted['feed']:.6f}", f"{counted['feed'] - counted['frame']:.6f}",
        )  # fmt: skip
    _harness.report("memory", "bytes of a ring, and what a million messages add to them", [rings, flat], data)


def test_memory_is_flat_and_nothing_is_allocated_for_a_message(benchmark: Any) -> None:
    """A million bookTickers leave the process as large as it was."""
    case = corpus.cases()["spot-bookTicker"]
    seen = benchmark.pedantic(flatness, (case,), rounds=1)
    counted = allocations(case.name)
    benchmark.extra_info.update(seen, allocations=counted)
    assert seen["traced_growth"] < 4_096
    assert seen["resident"][-1] - seen["resident"][0] <= 256 * 1024
    assert counted["feed"] - counted["frame"] < 1e-3


@pytest.mark.parametrize("shape", RINGS, ids=lambda shape: f"{shape[0]}, {shape[2]}")
def test_a_ring_is_resident_from_the_start(benchmark: Any, shape: Any) -> None:
    """Creating a ring touches all of its memory."""
    _, kind, capacity, stream, symbol = shape
    told, grown = benchmark.pedantic(ring_bytes, (kind, capacity, stream, symbol), rounds=1)
    benchmark.extra_info.update(bytes=told, resident=grown)
    # Some of the first rings may lie in a huge page that was resident before.
    assert grown * (4 if symbol is None else SAMPLES) > 0.99 * told - HUGE_PAGE


if __name__ == "__main__":
    if sys.argv[1:2] == ["--count"]:
        _count(sys.argv[2])
    else:
        main()
