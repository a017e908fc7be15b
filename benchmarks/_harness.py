"""Timing, statistics, the stamp of the environment, and the JSON result: what every benchmark shares."""

import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
import timeit
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from benchmarks import _compile

__all__ = [
    "Table",
    "environment",
    "instruction_counter",
    "instructions_of",
    "interleaved",
    "median",
    "percentiles",
    "pin",
    "report",
    "resident_bytes",
    "statement_ns",
]

RESULTS: Final = _compile.BUILD / "results"
_PACKAGES: Final = ("numpy", "picows", "aiofastnet", "uvloop", "msgspec", "orjson", "pysimdjson", "Cython")


def pin(core: int) -> int:
    """Keep this process on one core, and return it; a core that is not there becomes the last one that is."""
    if not hasattr(os, "sched_setaffinity"):
        return -1
    allowed = sorted(os.sched_getaffinity(0))
    chosen = allowed[min(core, len(allowed) - 1)]
    os.sched_setaffinity(0, {chosen})
    return chosen


def percentiles(values: Iterable[float]) -> dict[str, float]:
    """Return count, p50, p99, p99.9, the least and the greatest."""
    ordered = sorted(values)
    last = len(ordered) - 1

    def at(share: float) -> float:
        return ordered[min(last, math.ceil(share * len(ordered)) - 1)] if share > 0 else ordered[0]

    return {
        "count": len(ordered),
        "min": ordered[0],
        "p50": statistics.median(ordered),
        "p99": at(0.99),
        "p99.9": at(0.999),
        "max": ordered[-1],
    }


def median(values: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def interleaved(contenders: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Run every contender once a round, so that a disturbance of the machine falls on all of them alike."""
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            found[name].append(run())
    return found


def statement_ns(
    statements: Mapping[str, str], names: Mapping[str, Any], rounds: int = 30, loops: int = 20_000
) -> dict[str, list[float]]:
    """Time Python statements: nanoseconds of CPU a statement for every round, rounds interleaved.

    Each statement stands ten times in its loop, and an empty loop of the same shape (``pass`` ten times) is
    subtracted: it is returned as ``"empty loop"``.
    """
    repeats = 10
    timers = {
        name: timeit.Timer("\n".join([text] * repeats), timer=time.thread_time_ns, globals=dict(names))
        for name, text in {"empty loop": "pass", **statements}.items()
    }

    def run(timer: timeit.Timer) -> float:
        return timer.timeit(loops) / (loops * repeats)

    raw = interleaved({name: partial(run, timer) for name, timer in timers.items()}, rounds + 1)
    empty = median(raw["empty loop"][1:])
    return {n: [ns if n == "empty loop" else ns - empty for ns in rows[1:]] for n, rows in raw.items()}


def resident_bytes() -> int:
    """Return the resident set size of this process, shared anonymous memory included."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def instruction_counter() -> str:
    """Return what can count instructions here: "perf", "callgrind" or "" when neither can."""
    if shutil.which("perf"):
        done = subprocess.run(
            ["perf", "stat", "-x,", "-e", "instructions:u", "true"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0 and done.stderr.split(",", 1)[0].strip().isdecimal():
            return "perf"
    return "callgrind" if shutil.which("valgrind") else ""


def instructions_of(command: Sequence[str], counter: str) -> int:
    """Return how many instructions a command runs in user space."""
    if counter == "perf":
        done = subprocess.run(
            ["perf", "stat", "-x,", "-e", "instructions:u", *command],
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stderr.split(",", 1)[0])
    tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    done = subprocess.run(tool, capture_output=True, text=True, check=True)
    for line in done.stderr.splitlines():
        if "Collected :" in line:
            return int(line.rsplit(":", 1)[1].split()[0])
    raise RuntimeError(f"callgrind said nothing that can be read: {done.stderr[-500:]}")


def environment() -> dict[str, Any]:
    """Return what the figures depend on: processor, compiler, versions, commit, code in use."""
    from fastbinance._core.decode import implementation

    versions: dict[str, str] = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    used = implementation()
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "compiler": _compile.compiler_version(),
        "versions": versions,
        "commit": _commit(),
        "fast": used.fast,
        "fallback": used.fallback,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=_compile.ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    commit = git("rev-parse", "--short=12", "HEAD") or "unknown"
    return f"{commit} and changes" if git("status", "--porcelain", "--", "src") else commit


class Table:
    """Rows for people; the JSON result holds the same and more."""

    def __init__(self, *titles: str) -> None:
        self.titles = titles
        self.rows: list[tuple[str, ...]] = []

    def add(self, *cells: object) -> None:
        """Add a row; floats are written with as many digits as mean something."""
        self.rows.append(tuple(_written(cell) for cell in cells))

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.titles, *self.rows, strict=True)]
        lines = [self.titles, tuple("-" * width for width in widths), *self.rows]
        return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)


def _written(cell: object) -> str:
    if not isinstance(cell, float):
        return str(cell)
    return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.2f}"


def report(name: str, question: str, tables: Sequence[Table], data: Any) -> dict[str, Any]:
    """Print the tables under their question, and keep everything as JSON; returns what was kept."""
    stamp = environment()
    today = datetime.now(UTC).date().isoformat()
    result = {
        "benchmark": name, "question": question, "date": today, "environment": stamp, "data": data,
    }  # fmt: skip
    RESULTS.mkdir(parents=True, exist_ok=True)
    target = RESULTS / f"{name}.json"
    target.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\n## {name}: {question}\n")
    print(
        f"{stamp['processor']}, {stamp['cores']} cores, load {stamp['load']:.2f}; "
        f"{stamp['compiler']}; {stamp['python']}; "
        f"fast={stamp['fast']} fallback={stamp['fallback']}; commit {stamp['commit']}"
    )
    for table in tables:
        print(f"\n{table}")
    print(f"\n({target.relative_to(_compile.ROOT)})", flush=True)
    return result


def write_frames(
    name: str, routes: Iterable[tuple[str, int, str]], payloads: Iterable[bytes]
) -> tuple[Path, Path]:
    """Write the files that the native programs read, and return their paths: frames, routes."""
    _compile.BUILD.mkdir(parents=True, exist_ok=True)
    frames, table = _compile.BUILD / f"{name}.frames", _compile.BUILD / f"{name}.routes"
    frames.write_bytes(b"".join(payload + b"\n" for payload in payloads))
    table.write_text("".join(f"{stream}\t{kind}\t{symbol}\n" for stream, kind, symbol in routes))
    return frames, table


if __name__ == "__main__":
    print(json.dumps(environment(), indent=1), file=sys.stdout)
