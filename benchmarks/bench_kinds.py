"""Every kind of record: from a payload to a published record, by scanner, fallback and orjson."""

import time
from functools import partial
from typing import Any

import pytest

from benchmarks import _harness
from benchmarks._kind_rows import checksum, decoder
from benchmarks.bench_decode import decode_loop_rounds
from benchmarks.corpus_kinds import KindCase, kind_cases

CAPACITY = 1_024
TURNS = 5
BYTES_A_ROUND = 20_000_000
MINI_TICKER_TARGET = 60.0  # ns an element of an array


def native_ns(case: KindCase) -> tuple[dict[str, float], int]:
    """Return nanoseconds of CPU a record of each native decoder, and the sum that all of them agree on."""
    payloads = case.case.payloads
    # Whole passes, so that the newest records are the same whoever decodes them.
    passes = max(1, round(BYTES_A_ROUND / sum(map(len, payloads))))
    decoders = ("fast", "fallback", "empty") if case.fast else ("fallback", "empty")
    found = decode_loop_rounds(case.case, decoders, rounds=3, messages=passes * len(payloads))
    sums = {row["sum"] for name, row in found.items() if name != "empty"}
    if len(sums) != 1:
        raise RuntimeError(f"{case.case.name}: the decoders published different records: {found}")
    share = len(payloads) / case.records
    empty = _harness.median(found.pop("empty")["rounds"])
    times = {name: (_harness.median(row["rounds"]) - empty) * share for name, row in found.items()}
    return times, int(sums.pop())


def orjson_ns(case: KindCase) -> float:
    """Return nanoseconds of CPU a record of orjson and `float`, the loop over the payloads included."""
    decode = decoder(case)
    begin = time.thread_time_ns()
    for payload in case.case.payloads:
        decode(payload)
    return (time.thread_time_ns() - begin) / case.records


def measure(case: KindCase, turns: int) -> dict[str, Any]:
    """Measure one case: native and orjson take turns; all of them must have arrived at the same records."""
    _, published = native_ns(case)
    decode = decoder(case)
    rows = [row for payload in case.case.payloads for row in decode(payload)]
    if (theirs := checksum(case, rows, CAPACITY)) != published:
        raise RuntimeError(f"{case.case.name}: orjson arrives at {theirs}, we at {published}")
    native: list[dict[str, float]] = []

    def ours() -> float:
        native.append(native_ns(case)[0])
        return native[-1].get("fast", native[-1]["fallback"])

    found = _harness.interleaved({"ours": ours, "orjson": partial(orjson_ns, case)}, turns)
    return {
        "bytes": case.bytes_a_record,
        "records": case.records,
        "sum": published,
        "rounds": {**found, "native": native},
        "fast": _harness.median(turn["fast"] for turn in native) if case.fast else None,
        "fallback": _harness.median(turn["fallback"] for turn in native),
        "orjson": _harness.median(found["orjson"]),
        "ratio": _harness.median(a / b for a, b in zip(found["orjson"], found["ours"], strict=True)),
    }


def main() -> None:
    """Measure all kinds, and the arrays an element."""
    core = _harness.pin(1)
    table = _harness.Table("kind", "bytes", "fast", "fallback", "orjson", "orjson / ours", "target")
    data: dict[str, Any] = {"core": core, "kinds": {}}
    for case in kind_cases():
        row = data["kinds"][case.case.name] = measure(case, TURNS)
        target = f"at most {MINI_TICKER_TARGET:.0f}" if "mini_ticker array" in case.case.name else ""
        table.add(
            case.case.name, round(row["bytes"]), "—" if row["fast"] is None else row["fast"],
            row["fallback"], row["orjson"], row["ratio"], target,
        )  # fmt: skip
    _harness.report(
        "kinds", "nanoseconds of CPU a record, payload to published record; orjson to tuples", [table], data
    )


@pytest.mark.parametrize("case", kind_cases(), ids=lambda case: case.case.name)
def test_every_kind_is_the_same_by_orjson(benchmark: Any, case: KindCase) -> None:
    """One turn of a kind, the sums compared; `extra_info` has nanoseconds a record."""
    found = benchmark.pedantic(measure, (case, 1), rounds=1)
    benchmark.extra_info.update({name: found[name] for name in ("fast", "fallback", "orjson")})


if __name__ == "__main__":
    main()
