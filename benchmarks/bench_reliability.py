"""What becomes of data when connections die, stall, are replaced, or come in two; and how fast a client ends.

``python -m benchmarks.bench_reliability [FIGURE...]``: all of them, or those named, which are `FIGURES`.
Prints the tables of reliability.md, and ends with exit code 1 when something was lost, doubled, torn or out
of order.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pytest

from benchmarks import _closing, _compile, _harness, _merge_cost
from benchmarks._ids import Checker, Verdict
from benchmarks._numbered import price_of
from benchmarks._reliability import (
    CONNECTS,
    killed_lines,
    plain,
    resets,
    rollovers,
    stalls,
)
from fastbinance import dtype_of
from fastbinance.streams import Kind

RESET_MS: Final = 50.0
STALL_MS: Final = 1_000.0
CLOSE_MS: Final = 1_000.0
MERGE_INSTRUCTIONS: Final = 60.0
# Random arrivals of 30 a second are learned as 20 or more: the longest silence so far counts, not the mean.
STALL_RATES: Final = (30.0, 1_000.0)


class Summary:
    """Targets beside what was measured, and whether any record was harmed."""

    def __init__(self) -> None:
        self.table = _harness.Table("figure", "target", "measured", "")
        self.is_broken = False

    def add(self, figure: str, target: str, measured: str, is_met: bool) -> None:
        """Add a row."""
        self.table.add(figure, target, measured, "met" if is_met else "**missed**")

    def add_verdict(self, figure: str, found: dict[str, Any]) -> None:
        """Add a row for what came, and remember when it was not all right."""
        contiguous, quotes = found["contiguous"], found["quotes"]
        is_clean = found["arrived"] and contiguous.is_clean and quotes.is_clean and not found["holes"]
        self.is_broken |= not is_clean
        measured = (
            f"{contiguous.missing} missing, {contiguous.doubled} doubled, {contiguous.backwards} out of order"
            f" of {contiguous.records:,}; {quotes.backwards + quotes.doubled} quotes back"
            f" of {quotes.records:,}"
        )
        self.add(figure, "0 missing, 0 doubled, 0 out of order; quotes never back", measured, is_clean)


def _spread(name: str, values: Sequence[float]) -> tuple[Any, ...]:
    return name, len(values), _harness.median(values), min(values), max(values)


def _reset(rounds: int, summary: Summary) -> None:
    table = _harness.Table("reset to first new record, ms", "rounds", "median", "least", "worst")
    data = {scheme: resets(scheme, rounds) for scheme in ("ws", "wss")}
    for scheme, found in data.items():
        table.add(*_spread(scheme, found))
        median = _harness.median(found)
        summary.add(
            f"reset to first new record, {scheme}", f"{RESET_MS:.0f} ms", f"{median:.1f} ms",
            median <= RESET_MS,
        )  # fmt: skip
    _harness.report(
        "reliability-reset",
        "from the reset to the receive time of the first bookTicker sent after it; 2,000 a second",
        [table], data,
    )  # fmt: skip


def _stall(rounds: int, summary: Summary, learn_seconds: float = 7.0) -> None:
    table = _harness.Table("stall, ms", "rounds", "median", "least", "worst")
    data: dict[str, Any] = {}
    for rate in STALL_RATES:
        found = data[f"{rate:.0f} a second"] = stalls(rate, rounds, learn_seconds)
        for what, values in found.items():
            if values:
                table.add(*_spread(f"{rate:.0f} a second: {what}", values))
        median = _harness.median(found["noticed"])
        summary.add(
            f"stall of a stream of {rate:,.0f} a second noticed", f"{STALL_MS:.0f} ms", f"{median:.0f} ms",
            median <= STALL_MS,
        )  # fmt: skip
    _harness.report(
        "reliability-stall",
        "from the moment at which data stops, while pings are answered, to the event that suspects it",
        [table], data,
    )  # fmt: skip


def _verdicts(found: dict[str, Any]) -> _harness.Table:
    titles = ("records", "missing", "doubled", "backwards", "overlapping", "torn", "flagged")
    table = _harness.Table("what came", *titles)
    for name in ("contiguous", "quotes"):
        verdict: Verdict = found[name]
        table.add(name, *(f"{getattr(verdict, title):,}" for title in titles))
    return table


def _merges(found: dict[str, Any]) -> _harness.Table:
    table = _harness.Table("what the merge did", "count")
    for name, count in found["merge"].items():
        table.add(name.replace("_", " "), f"{count:,}")
    return table


def _rollover(count: int, summary: Summary) -> None:
    found = rollovers(count)
    summary.add_verdict(f"{count:,} rollovers at 2,000 a second of contiguous kinds", found)
    table = _harness.Table("rollover, ms", "rollovers", "median", "least", "worst")
    table.add(*_spread("from the call to the event", found["took_ms"]))
    _harness.report(
        "reliability-rollover",
        f"{count:,} rollovers of {found['connections']} connections in {found['seconds']:.0f} s, under"
        f" traffic; connects allowed on both sides: {CONNECTS:,} in five minutes",
        [_verdicts(found), table, _merges(found)], plain(found),
    )  # fmt: skip


def _lines(seconds: float, summary: Summary) -> None:
    found = killed_lines(seconds, 10.0)
    summary.add_verdict(f"two lines, one reset ten times a second for {seconds:.0f} s", found)
    # A line that has not noticed its reset, or is slow to come back, is not there to be reset again.
    summary.add(
        "of these resets, found the line up again", "9 in 10", f"{found['kills']} of {found['asked']}",
        found["kills"] >= 0.9 * found["asked"],
    )  # fmt: skip
    lines = _harness.Table("line", "came first", "brought what had come", "lead a record, microseconds")
    for line, (wins, copies, lead) in enumerate(
        zip(found["wins"], found["copies"], found["lead_ns"], strict=True)
    ):
        if wins or copies:
            lines.add(line, f"{wins:,}", f"{copies:,}", lead / wins / 1e3 if wins else 0.0)
    _harness.report(
        "reliability-lines",
        f"{found['kills']} of {found['asked']} resets met a connection ({found['reconnects']} reconnects);"
        f" connects allowed on both sides: {CONNECTS:,} in five minutes",
        [_verdicts(found), _merges(found), lines], plain(found),
    )  # fmt: skip


def _merge(summary: Summary) -> None:
    now, before = _merge_cost.instructions_now(), _merge_cost.instructions_before()
    table = _harness.Table(
        "instructions a message, in order, one line", _merge_cost.BEFORE, "now", "of the merge"
    )
    for name in _merge_cost.CASES:
        table.add(name, round(before[name]), round(now[name]), round(now[name] - before[name]))
    most = max(now[name] - before[name] for name in _merge_cost.CASES)
    summary.add(
        "merge, instructions a message in order", f"{MERGE_INSTRUCTIONS:.0f}", f"{most:.0f}",
        most <= MERGE_INSTRUCTIONS,
    )  # fmt: skip
    _harness.report(
        "reliability-merge",
        "instructions from payload to published record, against the commit before the merge, same compiler",
        [table], {"now": now, "before": before},
    )  # fmt: skip


def _close(rounds: int, summary: Summary) -> None:
    found = _closing.closes(rounds)
    table = _harness.Table("close() while ..., ms", "rounds", "median", "least", "worst")
    for phase, values in found.items():
        table.add(*_spread(phase, values))
    worst = max(map(max, found.values()))
    summary.add("`close()`, worst of all phases", f"{CLOSE_MS:.0f} ms", f"{worst:.0f} ms", worst <= CLOSE_MS)
    _harness.report(
        "reliability-close",
        "wall time of close(), after which neither thread nor descriptor is left",
        [table], found,
    )  # fmt: skip


#: What can be named, and how each is measured: rounds, rollovers, seconds of kills.
FIGURES: Final[dict[str, Callable[[argparse.Namespace, Summary], None]]] = {
    "reset": lambda asked, summary: _reset(asked.rounds, summary),
    "stall": lambda asked, summary: _stall(asked.rounds, summary),
    "rollover": lambda asked, summary: _rollover(asked.rollovers, summary),
    "lines": lambda asked, summary: _lines(asked.seconds, summary),
    "merge": lambda _, summary: _merge(summary),
    "close": lambda asked, summary: _close(asked.rounds, summary),
}


def main() -> int:
    """Measure what was named; 1 when a record was lost, doubled, torn or out of order."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_reliability", description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"{', '.join(FIGURES)}; all by default")
    parser.add_argument("--rounds", type=int, default=20, help="of resets, stalls and closes (%(default)s)")
    parser.add_argument("--rollovers", type=int, default=1_000, help="%(default)s")
    parser.add_argument("--seconds", type=float, default=60.0, help="of killed lines (%(default)s)")
    asked = parser.parse_args()
    unknown = [name for name in asked.figures if name not in FIGURES]
    if unknown:
        parser.error(f"no figure {unknown[0]!r}; there are {', '.join(FIGURES)}")
    summary = Summary()
    for name in asked.figures or FIGURES:
        try:
            FIGURES[name](asked, summary)
        except _compile.Unavailable as missing:
            print(f"\n## {name}: not measured. {missing}", file=sys.stderr)
    print(f"\n## All\n\n{summary.table}", flush=True)
    return int(summary.is_broken)


def _trades(ids: Sequence[int], flags: int = 0, price: float | None = None) -> Any:
    rows = np.zeros(len(ids), dtype_of(Kind.TRADE))
    rows["trade_id"], rows["flags"] = ids, flags
    rows["price"] = [price_of(number) if price is None else price for number in ids]
    return rows


def _diffs(ids: Sequence[tuple[int, int, int]], flags: int = 0) -> Any:
    rows = np.zeros(len(ids), dtype_of(Kind.DIFF_DEPTH))
    rows["first_update_id"], rows["update_id"], rows["prev_update_id"] = zip(*ids, strict=True)
    rows["flags"] = flags
    return rows


@pytest.mark.parametrize(
    ("kind", "batches", "seen"),
    [
        (Kind.TRADE, [_trades([1, 2]), _trades([3])], {}),
        (Kind.TRADE, [_trades([1, 2]), _trades([5])], {"missing": 2}),
        (Kind.TRADE, [_trades([1, 2]), _trades([2])], {"doubled": 1}),
        (Kind.TRADE, [_trades([1, 3, 2])], {"missing": 1, "backwards": 1}),
        (Kind.TRADE, [_trades([1]), _trades([2], price=3.0)], {"torn": 1}),
        (Kind.TRADE, [_trades([1]), _trades([2], flags=1 << 2)], {"flagged": 1}),
        (Kind.DIFF_DEPTH, [_diffs([(1, 3, 0), (4, 6, 0)])], {}),
        (Kind.DIFF_DEPTH, [_diffs([(1, 3, 0), (6, 6, 0)])], {"missing": 2}),
        (Kind.DIFF_DEPTH, [_diffs([(1, 3, 0), (2, 6, 0)])], {"backwards": 1}),
        (Kind.DIFF_DEPTH, [_diffs([(1, 3, 0), (2, 6, 0)], 1 << 3)], {"overlapping": 1}),
        (Kind.DIFF_DEPTH, [_diffs([(1, 3, -1), (8, 9, 3)])], {}),
        (Kind.DIFF_DEPTH, [_diffs([(1, 3, -1), (8, 9, 6)])], {"missing": 1}),
    ],
)
def test_the_checker_sees_every_harm(kind: Kind, batches: list[Any], seen: dict[str, int]) -> None:
    """Records made by hand: nothing else is worth much if this does not hold."""
    checker = Checker(kind, is_numbered=kind is Kind.TRADE)
    for batch in batches:
        checker.take(batch)
    assert checker.verdict == Verdict(records=sum(map(len, batches)), **seen)
    assert checker.verdict.is_clean == (seen.keys() <= {"overlapping"})


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_reset_connection_comes_back(benchmark: Any, scheme: str) -> None:
    """Three resets; `extra_info` has their milliseconds."""
    benchmark.extra_info["ms"] = benchmark.pedantic(resets, (scheme, 3), rounds=1)


def test_a_stall_is_noticed(benchmark: Any) -> None:
    """Two stalls of a busy stream; nobody noticing would raise."""
    benchmark.extra_info.update(benchmark.pedantic(stalls, (1_000.0, 2, 7.0), rounds=1))


def test_rollovers_lose_nothing(benchmark: Any) -> None:
    """Twenty rollovers under traffic."""
    found = benchmark.pedantic(rollovers, (20,), rounds=1)
    benchmark.extra_info.update(plain(found))
    assert found["arrived"]
    assert found["contiguous"].is_clean
    assert found["quotes"].is_clean


def test_two_lines_lose_nothing_while_one_is_killed(benchmark: Any) -> None:
    """Three seconds of ten resets each."""
    found = benchmark.pedantic(killed_lines, (3.0, 10.0), rounds=1)
    benchmark.extra_info.update(plain(found))
    assert found["arrived"]
    assert found["contiguous"].is_clean
    assert found["quotes"].is_clean


def test_closing_leaves_nothing(benchmark: Any) -> None:
    """One close in each phase; whatever is left would raise."""
    benchmark.extra_info.update(benchmark.pedantic(_closing.closes, (1,), rounds=1))


if __name__ == "__main__":
    sys.exit(main())
