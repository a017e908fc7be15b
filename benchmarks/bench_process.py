"""The feed in a process of its own: how late a quote is while the caller keeps Python busy, what reads cost.

One bookTicker message every 200 us over wss, then ws; the sender and the strategy share one processor, the
feed has the other. Each figure is the median over rounds of a round's percentile; contenders take turns.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks import _compile, _harness

BETWEEN_US: Final = 200
SECONDS: Final = 4.0
#: The bare ones are programs in C that read in a loop and do nothing else, beside a Python that is as busy.
MODES: Final = (
    "process", "process-spin", "process-wait", "thread", "inline", "picows", "bare-wait", "bare-spin",
)  # fmt: skip
#: Microseconds, by mode: published p50 and p99, seen p50 and p99. None: no target.
TARGETS: Final = {"process": (8.0, 20.0, 15.0, 30.0)}
WAKE_TARGET_US: Final = 30.0
LAST_TARGET_NS: Final = 150.0


class Sender:
    """The paced sender, as long as a ``with`` block lasts."""

    def __init__(self, tls: bool, core: int, between_us: int = BETWEEN_US) -> None:
        scheme = "wss" if tls else "ws"
        program = [str(_compile.with_openssl("paced")), str(between_us), scheme]
        pinned = ["taskset", "-c", str(core), *program] if core >= 0 else program
        self._process = subprocess.Popen(pinned, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = f"{scheme}://127.0.0.1:{self._process.stdout.readline().strip()}"

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def _environment() -> dict[str, str]:
    path = [str(_compile.ROOT), str(_compile.ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def bare_lags(mode: str, sender: Sender, seconds: float, core: int, feed_core: int) -> dict[str, list[int]]:
    """Return how late a loop in C has the messages, in nanoseconds."""
    scheme, _, place = sender.url.partition("://")
    port = place.rpartition(":")[2]
    program = [str(_compile.with_openssl("bare_receiver")), port, scheme, mode.removeprefix("bare-")]
    busy = subprocess.Popen(["taskset", "-c", str(core), sys.executable, "-c", "while True: pass"])
    try:
        done = subprocess.run(
            ["taskset", "-c", str(feed_core), *program, str(seconds)],
            stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + 60,
        )  # fmt: skip
    finally:
        busy.kill()
        busy.wait()
    found = [int(line) for line in done.stdout.split()]
    return {"published": found, "seen": found}


def lags(mode: str, sender: Sender, seconds: float, core: int, feed_core: int) -> dict[str, list[int]]:
    """Run one strategy and return what it saw, in nanoseconds."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._strategy", mode, sender.url, str(seconds),
         str(core), str(feed_core)],
        stdout=subprocess.PIPE, text=True, env=_environment(), check=True, timeout=seconds + 60,
    )  # fmt: skip
    found: dict[str, list[int]] = json.loads(done.stdout)
    return found


def last_ns(rounds: int) -> dict[str, float]:
    """Return nanoseconds of CPU of reads in the client's process, of a ring that another one writes."""
    from fastbinance import Client

    with Sender(False, -1) as sender, Client(feed="process", urls={"main": sender.url}) as client:
        ring = client.book_ticker("btcusdt")
        ring.ready(timeout=20)
        found = _harness.statement_ns(
            {"last()": "ring.last()", "bid_price": "ring.bid_price", "window of 100": "ring[-100:]"},
            {"ring": ring},
            rounds=rounds,
        )
    return {name: _harness.median(values) for name, values in found.items()}


def feed_cpu_us(readers: int, seconds: float) -> tuple[float, float]:
    """Return microseconds of CPU a message costs a server with so many readers that poll all the time, and
    messages a second.

    The sender has the feed's processor: on that of the readers it would wait for its turn, and fewer messages
    would make each of them dearer.
    """
    import time

    with Sender(False, _last_core()) as sender:
        name = f"bench{os.getpid()}"
        server = subprocess.Popen(
            [sys.executable, "-m", "fastbinance", "serve", "btcusdt@bookTicker", "--name", name,
             "--url", sender.url,
             "--cpu", str(_last_core())],
            stdout=subprocess.PIPE, text=True, env=_environment(),
        )  # fmt: skip
        assert server.stdout is not None
        for _ in range(3):
            server.stdout.readline()
        polling = [
            subprocess.Popen([sys.executable, "-m", "benchmarks._polling_reader", name], env=_environment(),
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(readers)
        ]  # fmt: skip
        try:
            for one in polling:
                assert one.stdout is not None
                one.stdout.readline()
            import fastbinance

            with fastbinance.attach(name) as attached:
                ring = attached.book_ticker("btcusdt")
                ring.ready(timeout=20)
                time.sleep(0.5)
                before, first, begun = _cpu_seconds(server.pid), ring.cursor, time.monotonic()
                time.sleep(seconds)
                messages = ring.cursor - first
                rate = messages / (time.monotonic() - begun)
                return (_cpu_seconds(server.pid) - before) / messages * 1e6, rate
        finally:
            for one in polling:
                one.kill()
                one.wait()
            server.terminate()
            server.wait(10)


def _last_core() -> int:
    return sorted(os.sched_getaffinity(0))[-1]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(fields[0]) / 1e9


def run(rounds: int = 5, seconds: float = SECONDS) -> None:
    """Measure, print tables, and write the result."""
    cores = sorted(os.sched_getaffinity(0))
    core, feed_core = cores[0], cores[-1]
    result: dict[str, Any] = {}
    for tls in (True, False):
        with Sender(tls, core) as sender:
            rows: dict[str, list[dict[str, dict[str, float]]]] = {mode: [] for mode in MODES}
            for _ in range(rounds):
                for mode in MODES:
                    measure = bare_lags if mode.startswith("bare") else lags
                    found = measure(mode, sender, seconds, core, feed_core)
                    rows[mode].append({key: _harness.percentiles(values) for key, values in found.items()})
        result["wss" if tls else "ws"] = table = {
            mode: {
                key: {
                    p: _harness.median([one[key][p] for one in all_rounds]) / 1e3
                    for p in ("p50", "p99", "p99.9")
                }
                for key in ("published", "seen")
            }
            for mode, all_rounds in rows.items()
        }
        print(f"\n{'wss' if tls else 'ws'}, one message every {BETWEEN_US} us; microseconds")
        titles = ("published p50", "p99", "p99.9", "seen p50", "p99", "p99.9")
        print(f"{'feed':14}" + "".join(f"{title:>15}" for title in titles))
        for mode, keys in table.items():
            cells = [keys[key][p] for key in ("published", "seen") for p in ("p50", "p99", "p99.9")]
            print(f"{mode:14}" + "".join(f"{cell:15.1f}" for cell in cells))
        wake = table["process-wait"]["seen"]["p50"] - table["process-wait"]["published"]["p50"]
        print(f"from published to the return of wait(): {wake:.1f} us at p50 (target {WAKE_TARGET_US:g})")
    result["reads_ns"] = reads = last_ns(max(rounds * 4, 10))
    print("\nreads of a ring that another process writes, ns:", {k: round(v) for k, v in reads.items()})
    ratios = []
    for _ in range(rounds):
        (alone, rate), (with_eight, rate_with) = feed_cpu_us(0, seconds), feed_cpu_us(8, seconds)
        ratios.append(with_eight / alone)
        print(
            f"CPU of the feed a message: {alone:.2f} us without readers ({rate:,.0f} a second),"
            f" {with_eight:.2f} us with 8 that poll ({rate_with:,.0f} a second)"
        )
    result["readers_ratio"] = _harness.median(ratios)
    print(f"8 polling readers: x{result['readers_ratio']:.3f} (target 1.05)")
    _harness.report("process", "how late is a quote while the caller keeps Python busy?", [], result)


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 5, float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS)
