"""Days in minutes: traffic of several markets, a rollover every few seconds; nothing may grow or be lost.

``python -m benchmarks.soak --minutes 20`` samples connections, tasks, threads, descriptors and resident
memory every second, checks the ids of what comes, and ends with exit code 1 when something grew or was lost.
"""

import argparse
import asyncio
import json
import os
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks import _harness
from benchmarks._ids import Watch
from benchmarks._reliability import CONNECTS, TRAFFIC, numbered_sim
from fastbinance import Client
from fastbinance.rings import Ring

__all__ = ["soak"]

# On top of the numbered messages: what the simulator's own markets make, on hosts and symbols of their own.
_RANDOM: Final[dict[str, tuple[str, ...]]] = {
    "coinm": (
        "btcusd_perp@bookTicker", "btcusd_perp@aggTrade", "btcusd_perp@depth@100ms",
        "btcusd_perp@markPrice@1s", "btcusd_perp@kline_1m", "btcusd_perp@ticker", "!miniTicker@arr",
    ),
    "alpha": ("alpha_1usdt@aggTrade", "alpha_1usdt@bookTicker", "alpha_1usdt@kline_1m"),
}  # fmt: skip
_CAPACITY: Final = 16_384
_READY_SECONDS: Final = 30.0
_LAST_SECONDS: Final = 10.0
_MEBIBYTE: Final = 1 << 20

#: What is sampled, and by how much the median of the last quarter may exceed that of the first.
MAY_GROW: Final = {
    "connections": 0, "sockets of the simulator": 0, "tasks": 0, "threads": 0, "descriptors": 0,
    "resident bytes": _MEBIBYTE,
}  # fmt: skip


class Samples:
    """One row a second, in memory that is there from the start: the watcher must not grow by itself."""

    def __init__(self, seconds: float) -> None:
        self._rows = np.zeros((round(seconds) + 2, len(MAY_GROW)), np.int64)
        self._count = 0

    def add(self, *values: int) -> None:
        """Add a row, in the order of `MAY_GROW`."""
        self._rows[self._count] = values
        self._count += 1

    def of(self, name: str) -> Any:
        """Return the samples of one figure, oldest first."""
        return self._rows[: self._count, list(MAY_GROW).index(name)]

    def growth(self, name: str) -> tuple[float, float, float]:
        """Return the medians of the first and of the last quarter, and the slope an hour over all but the
        first tenth, in which buffers are still being made.
        """
        values = self.of(name)
        quarter = max(1, len(values) // 4)
        settled = values[len(values) // 10 :]
        seconds = np.arange(len(settled))
        slope = float(np.polyfit(seconds, settled, 1)[0]) * 3_600 if len(settled) > 1 else 0.0
        return float(np.median(values[:quarter])), float(np.median(values[-quarter:])), slope

    def is_flat(self, name: str) -> bool:
        """Whether a figure did not grow by more than it may."""
        first, last, _ = self.growth(name)
        return last - first <= MAY_GROW[name]


class Events:
    """Counts what the client reports. Callbacks come on the client's thread for them, one at a time."""

    def __init__(self, client: Client, *kinds: Any) -> None:
        self.counts: Counter[str] = Counter()
        self.told: list[str] = []
        for kind in kinds:
            client.on(kind, self._take)

    def _take(self, event: Any) -> None:
        self.counts[event.kind] += 1
        if event.kind != "rollover" and len(self.told) < 20:
            self.told.append(f"{event.kind} {event.ws_key} {event.error or ' '.join(event.streams)}")


def _tasks(client: Client) -> int:
    # On the client's own loop, which it offers to nobody: here we look whether tasks pile up on it.
    return client._on_loop(lambda: len(asyncio.all_tasks()))


def _subscribe(client: Client) -> list[Ring[Any, Any]]:
    wanted = [(one.stream, one.market) for one in TRAFFIC]
    wanted += [(stream, market) for market, streams in _RANDOM.items() for stream in streams]
    rings = [ring for stream, market in wanted for ring in client.subscribe(stream, market).values()]
    for ring in rings:
        ring.ready(_READY_SECONDS)
    return rings


def soak(minutes: float, rollover_every: float) -> dict[str, Any]:
    """Run, and return samples, verdict and counts."""
    samples = Samples(minutes * 60)
    with ExitStack() as stack:
        sim = stack.enter_context(numbered_sim())
        sim.pump(TRAFFIC)
        client = Client(urls=sim.urls, capacity=_CAPACITY, connects=CONNECTS)
        watch: Watch | None = None
        try:
            events = Events(client, "rollover", "reconnecting", "suspect", "gap", "exception", "drift")
            rings = _subscribe(client)
            watch = stack.enter_context(Watch(client, rings, [one.stream for one in TRAFFIC]))
            cpu, begin = time.process_time(), time.monotonic()
            next_rollover, asked = rollover_every, 0
            for second in range(1, round(minutes * 60) + 1):
                time.sleep(max(0.0, begin + second - time.monotonic()))
                stats = client.stats()
                samples.add(
                    len(stats.connections), sim.call("stats").value["connections"], _tasks(client),
                    threading.active_count(), len(os.listdir("/proc/self/fd")), _harness.resident_bytes(),
                )  # fmt: skip
                if time.monotonic() - begin >= next_rollover:
                    client.rollover()
                    next_rollover, asked = next_rollover + rollover_every, asked + 1
            cpu = (time.process_time() - cpu) / (time.monotonic() - begin)
            arrived = watch.has_come(sim.call("halt").value, _LAST_SECONDS)
            holes = {f"{ring.ws_key} {ring.stream}": ring.hole_count for ring in rings}
            keys = len({ring.ws_key for ring in rings})
            sent = sim.call("stats").value
        finally:
            client.close()
    assert watch is not None
    return {
        "samples": samples, "verdict": watch.verdict(), "arrived": arrived, "holes": sum(holes.values()),
        "holes by ring": {name: count for name, count in holes.items() if count}, "rollovers asked": asked,
        "services": keys, "events": dict(events.counts), "told": events.told, "simulator": sent, "cpu": cpu,
        "minutes": minutes, "rollover_every": rollover_every,
    }  # fmt: skip


def _faults(found: dict[str, Any]) -> list[str]:
    """Return a sentence for everything that is wrong."""
    samples, verdict, events = found["samples"], found["verdict"], found["events"]
    faults = [
        f"{name} grew: {first:,.0f} to {last:,.0f}"
        for name in MAY_GROW
        if not samples.is_flat(name)
        for first, last, _ in (samples.growth(name),)
    ]
    if not verdict.is_clean:
        faults.append(f"records were harmed: {verdict}")
    if not found["arrived"]:
        faults.append("the last messages have not come")
    if found["holes"]:
        faults.append(f"the rings tell of holes: {found['holes by ring']}")
    wanted = found["rollovers asked"] * found["services"]
    if events.get("rollover", 0) < wanted - found["services"]:
        faults.append(f"{events.get('rollover', 0)} rollovers happened, {wanted} were asked for")
    faults += [
        f"{events[kind]} events {kind!r}" for kind in ("reconnecting", "gap", "exception") if events.get(kind)
    ]
    return faults


def _report(found: dict[str, Any], faults: list[str]) -> dict[str, Any]:
    samples, verdict = found["samples"], found["verdict"]
    table = _harness.Table("every second", "first quarter", "last quarter", "slope an hour", "may grow", "")
    for name, may_grow in MAY_GROW.items():
        first, last, slope = samples.growth(name)
        flat = "flat" if samples.is_flat(name) else "**grew**"
        table.add(name, f"{first:,.0f}", f"{last:,.0f}", f"{slope:,.2f}", f"{may_grow:,}", flat)
    came = _harness.Table("what came", "count")
    for name, count in asdict(verdict).items():
        came.add(name, f"{count:,}")
    for kind, count in sorted(found["events"].items()):
        came.add(f"events `{kind}`", f"{count:,}")
    came.add(
        "rollovers asked for, each of so many services", f"{found['rollovers asked']}, {found['services']}"
    )
    came.add("CPU of the client's process, with this check", f"{found['cpu']:.0%} of a core")
    data = {
        **found, "verdict": asdict(verdict), "faults": faults,
        "samples": {name: samples.of(name).tolist() for name in MAY_GROW},
    }  # fmt: skip
    kept = _harness.report(
        "soak",
        f"{found['minutes']:g} minutes, a rollover every {found['rollover_every']:g} s; connects allowed"
        f" on both sides: {CONNECTS:,} in five minutes",
        [table, came], data,
    )  # fmt: skip
    for sentence in [*found["told"], *faults]:
        print(sentence)
    print("something is wrong" if faults else "flat, and nothing was lost", flush=True)
    return kept


def main() -> int:
    """Soak, and say whether all was well."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--rollover-every", type=float, default=10.0, metavar="SECONDS", help="%(default)s")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="samples and counts, besides build/benchmarks"
    )
    asked = parser.parse_args()
    if asked.minutes <= 0 or asked.rollover_every <= 0:
        parser.error("minutes and seconds are above 0")
    found = soak(asked.minutes, asked.rollover_every)
    faults = _faults(found)
    kept = _report(found, faults)
    if asked.json is not None:
        asked.json.write_text(json.dumps(kept, indent=1) + "\n")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
