"""What a ring costs its writer a record, and its readers a call from Python."""

from typing import Any

import pytest

from benchmarks import _harness, corpus
from benchmarks.bench_decode import native_ns

CAPACITY = 1_024
# Statement by what it answers, with the target of the design where there is one.
READS = {
    "one field": ("buf.bid_price", 30.0),
    "last()": ("buf.last()", 80.0),
    "last(), and a field of it": ("buf.last().bid_price", None),
    "a field of a record": ("record.bid_price", None),
    "window of 100": ("buf[-100:]", 150.0),
    "window(100)": ("buf.window(100)", None),
    "column of 100": ("buf.column('bid_price', 100)", None),
    "at(sequence)": ("buf.at(sequence)", None),
    "copy of 100 for a reader": ("buf.copy_from(sequence - 99, 100)", None),
    "cursor": ("buf.cursor", None),
}
DEPTH_READS = {
    "depth last(), 14 levels": ("depth.last()", None),
    "bids of a depth record": ("book.bids", None),
}


def names() -> dict[str, Any]:
    """Return what the statements read: a full bookTicker ring and a depth ring."""
    from benchmarks.bench_feed import replayed
    from fastbinance.typed_rings import BookTickerRing, DepthRing

    cases = corpus.cases()
    buf = replayed(cases["spot-bookTicker"], BookTickerRing, CAPACITY)
    depth = replayed(cases["spot-depth-few"], DepthRing, 512)
    return {
        "buf": buf, "record": buf.last(), "sequence": buf.cursor, "depth": depth, "book": depth.last(),
    }  # fmt: skip


def main() -> None:
    """Time the publishing of a record in a native loop, and each read in a Python loop."""
    core = _harness.pin(1)
    write = native_ns(corpus.cases()["spot-bookTicker"], ["publish"])
    writes = _harness.Table("native write", "ns")
    writes.add("bookTicker, fields known, both slots and cursor", write["publish"]["ns"])
    statements = {what: text for what, (text, _) in {**READS, **DEPTH_READS}.items()}
    found = _harness.statement_ns(statements, names())
    reads = _harness.Table("read from Python", "statement", "p50 ns", "min", "p99", "target")
    for what, (text, target) in {**READS, **DEPTH_READS}.items():
        at = _harness.percentiles(found[what])
        reads.add(
            what, f"`{text}`", at["p50"], at["min"], at["p99"], "" if target is None else f"{target:.0f}"
        )
    empty = _harness.percentiles(found["empty loop"])
    reads.add("empty loop, subtracted above", "`pass`", empty["p50"], empty["min"], empty["p99"], "")
    _harness.report(
        "ring",
        "nanoseconds of CPU a call, warm, percentiles over rounds of 200,000 calls",
        [writes, reads],
        {"core": core, "write": write, "reads": found},
    )


@pytest.mark.parametrize("what", [*READS, *DEPTH_READS])
def test_read(benchmark: Any, what: str) -> None:
    """A thousand reads in one call, so that the caller's own overhead hardly counts."""
    statement, target = {**READS, **DEPTH_READS}[what]
    source = "def reads():\n" + f"    {statement}\n" * 1_000
    scope = names()
    exec(source, scope)
    benchmark.group = "read from Python, a thousand a call"
    if target is not None:
        benchmark.extra_info["target_ns"] = target
    benchmark(scope["reads"])


if __name__ == "__main__":
    main()
