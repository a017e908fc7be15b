"""From a payload to a published record: time and instructions, against On-Demand, msgspec and orjson."""

import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from benchmarks import _compile, _harness, corpus
from benchmarks._decoders import PEERS, peer

# In one program and interleaved. "ondemand" is lean simdjson: what targets are stated against.
NATIVE = ("fast", "scalar", "fallback", "ondemand")
ROUNDS = 15
COUNTED = ("spot-bookTicker", "usdm-bookTicker", "coinm-bookTicker", "spot-depth-few")
MESSAGES = 400_000  # a round; fewer where payloads are long


def decode_loop_rounds(
    case: corpus.Case, decoders: Sequence[str], rounds: int, messages: int
) -> dict[str, dict[str, Any]]:
    """Return each decoder's code in use, records, their sum, and CPU nanoseconds a message by round."""
    frames, routes = _harness.write_frames(case.name, case.routes, case.payloads)
    market = "futures" if case.futures else "spot"
    command = [
        str(_compile.decode_loop()), str(frames), str(routes), market, "1024", "32768", str(rounds),
        str(messages), *decoders,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{case.name}: {done.stderr}")
    found: dict[str, dict[str, Any]] = {}
    for line in done.stdout.splitlines():
        name, code, published, checksum, *rows = line.split()
        found[name] = {
            "code": code,
            "published": int(published),
            "sum": checksum,
            "rounds": [float(ns) for ns in rows],
        }
    return found


def native_ns(
    case: corpus.Case, decoders: Sequence[str] = NATIVE, rounds: int = ROUNDS
) -> dict[str, dict[str, Any]]:
    """Return each decoder's code in use and CPU nanoseconds a message; all must publish the same records."""
    messages = max(2_000, int(MESSAGES / max(1.0, case.mean_levels)))
    found = decode_loop_rounds(case, [*decoders, "empty"], rounds, messages)
    sums = {row["sum"] for name, row in found.items() if name != "empty"}
    if len(sums) != 1:
        raise RuntimeError(f"{case.name}: the decoders published different records: {found}")
    empty = _harness.median(found["empty"]["rounds"])
    for name, row in found.items():
        if name != "empty":
            row["ns"] = _harness.median(row["rounds"]) - empty
            # Of each round for itself: what disturbs the machine disturbs both.
            if "ondemand" in found:
                pairs = zip(row["rounds"], found["ondemand"]["rounds"], strict=True)
                row["of_ondemand"] = _harness.median(
                    (mine - empty) / (theirs - empty) for mine, theirs in pairs
                )
    return found


def peer_ns(case: corpus.Case, rounds: int = 5) -> dict[str, float]:
    """Return CPU nanoseconds a message of the Python decoders, the loop over the payloads included."""

    def loop(decode: Callable[[bytes], Any]) -> Callable[[], float]:
        def run() -> float:
            begin = time.thread_time_ns()
            for payload in case.payloads:
                decode(payload)
            return (time.thread_time_ns() - begin) / len(case.payloads)

        return run

    measured = _harness.interleaved({name: loop(peer(name, case)) for name in PEERS}, rounds)
    return {name: _harness.median(rows) for name, rows in measured.items()}


def instructions(case: corpus.Case, decoders: Sequence[str] = NATIVE) -> dict[str, float]:
    """Return instructions a message in user space, from two runs of different length."""
    counter = _harness.instruction_counter()
    if not counter:
        return {}
    frames, routes = _harness.write_frames(case.name, case.routes, case.payloads)
    market = "futures" if case.futures else "spot"
    few, many = 1_000, 3_000

    def count(decoder: str, messages: int) -> int:
        return _harness.instructions_of(
            [
                str(_compile.decode_loop()),
                str(frames),
                str(routes),
                market,
                "1024",
                "32768",
                "0",
                str(messages),
                decoder,
            ],
            counter,
        )

    def each(decoder: str) -> float:
        return (count(decoder, many) - count(decoder, few)) / (many - few)

    loop = each("empty")
    return {decoder: each(decoder) - loop for decoder in decoders}


def main() -> None:
    """Measure every case, and count instructions where something here can."""
    core = _harness.pin(1)
    cases = {**corpus.cases(), **corpus.captured()}
    times = _harness.Table(
        "case",
        "bytes",
        "levels",
        "fast",
        "scalar",
        "fallback",
        "On-Demand",
        "fast / On-Demand",
        "msgspec",
        "orjson",
    )
    data: dict[str, Any] = {"core": core, "cases": {}, "instructions": {}}
    for case in cases.values():
        native, python = native_ns(case), peer_ns(case)
        data["cases"][case.name] = {
            "bytes": case.mean_bytes,
            "levels": case.mean_levels,
            "native": native,
            **python,
        }
        times.add(
            case.name, round(case.mean_bytes), round(case.mean_levels),
            *(native[name]["ns"] for name in NATIVE), native["fast"]["of_ondemand"],
            python["msgspec"], python["orjson"],
        )  # fmt: skip
    counts = _harness.Table("instructions a message", *NATIVE)
    for name in COUNTED:
        found = instructions(cases[name])
        if found:
            data["instructions"][name] = found
            counts.add(name, *(round(found[decoder]) for decoder in NATIVE))
    _harness.report(
        "decode",
        "nanoseconds of CPU from payload to published record; msgspec and orjson to objects with floats",
        [times, counts],
        data,
    )


@pytest.mark.parametrize(
    "name", ["spot-bookTicker", "usdm-trade", "spot-aggTrade", "spot-depth-few", "usdm-depth20"]
)
@pytest.mark.parametrize("decoder", ["feed", *PEERS])
def test_decode_in_python_terms(benchmark: Any, name: str, decoder: str) -> None:
    """One call a message: the feed through picows' vtable, and what a user would call instead."""
    case = corpus.cases()[name]
    benchmark.group = name
    benchmark.extra_info["messages"] = len(case.payloads)
    if decoder == "feed":
        from benchmarks.bench_feed import feed_for

        feed, replay = feed_for(case), _compile.replay().Replay(case.payloads)
        run = feed, len(case.payloads), 1_700
        benchmark.pedantic(replay.run, run, setup=replay.begin_again, rounds=100)
        assert feed.fast == feed.messages == feed.published
        return
    decode = peer(decoder, case)

    def loop() -> None:
        for payload in case.payloads:
            decode(payload)

    benchmark(loop)


@pytest.mark.parametrize("name", corpus.CASES)
def test_native_decoders_publish_the_same_records(benchmark: Any, name: str) -> None:
    """Every native decoder over the same bytes; `extra_info` has nanoseconds a message of each."""
    found = benchmark.pedantic(native_ns, (corpus.cases()[name],), {"rounds": 3}, rounds=1)
    for decoder in NATIVE:
        benchmark.extra_info[decoder] = found[decoder]["ns"]


if __name__ == "__main__":
    main()
