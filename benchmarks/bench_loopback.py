"""What a client pays in CPU for a flood over loopback: ours, a bare C loop, and what else Python offers."""

from functools import partial
from importlib.util import find_spec
from typing import Any

import pytest

from benchmarks import _compile, _harness, corpus
from benchmarks._flood import Flood

FRAMES = 8_192  # 1.2 MB of bookTickers, sent over and over
ROUNDS = 9
# Blocks of a flood: a second or so of each client.
BLOCKS = {
    "bare C": 400,
    "ours": 300,
    "msgspec-row": 30,
    "msgspec-packed-row": 30,
    "msgspec": 40,
    "orjson": 30,
}
MEANING = {
    "bare C": "bare C loop, same parser and rings",
    "ours": "fastbinance: picows, Feed, ring",
    "msgspec-row": "picows + msgspec into a NumPy row",
    "msgspec-packed-row": "the same through struct.pack_into",
    "msgspec": "picows + msgspec, decoded only",
    "orjson": "picows + orjson, decoded only",
}
TARGETS = {"ws": 1.9, "wss": 1.75}


def measure(scheme: str, rounds: int, contenders: dict[str, int]) -> dict[str, Any]:
    """Flood every contender in interleaved rounds; every run's count and sums are checked against `float`."""
    with Flood(scheme) as flood:
        sender = flood.sender(corpus.book_tickers(FRAMES))
        # Once with room for everything: all records of a block are compared, not only the newest.
        flood.bare(sender, 1, FRAMES)
        for name in contenders:
            if name != "bare C":
                flood.python(name, sender, 1, FRAMES)
        reads: list[float] = []

        def run(name: str) -> float:
            if name != "bare C":
                return flood.python(name, sender, contenders[name]).ns
            cost = flood.bare(sender, contenders[name])
            reads.append(cost.messages / cost.reads)
            return cost.ns

        found = _harness.interleaved({name: partial(run, name) for name in contenders}, rounds)
    return {"ns": found, "messages_a_read_of_bare": _harness.median(reads)}


def ratio(found: dict[str, list[float]], over: str, under: str) -> float:
    """Return the median of the rounds' ratios: neighbours in time met the same machine."""
    return _harness.median(a / b for a, b in zip(found[over], found[under], strict=True))


def main() -> None:
    """Measure both transports, and say which targets hold."""
    core = _harness.pin(1)
    tables: list[_harness.Table] = []
    installed = "installed" if find_spec("websocket_rs") else "not installed"
    data: dict[str, Any] = {"core": core, "websocket-rs": installed}
    for scheme in ("ws", "wss"):
        result = measure(scheme, ROUNDS, BLOCKS)
        found = result["ns"]
        table = _harness.Table(
            f"{scheme}: client", "CPU ns a message", "min", "of bare C", "of ours", "target"
        )
        for name in BLOCKS:
            target = {
                "ours": f"at most {TARGETS[scheme]} of bare C",
                "msgspec-row": "at least 12 of ours",
                "msgspec": "at least 8 of ours",
            }.get(name, "")
            table.add(
                MEANING[name], _harness.median(found[name]), min(found[name]), ratio(found, name, "bare C"),
                ratio(found, name, "ours"), target,
            )  # fmt: skip
        tables.append(table)
        data[scheme] = result
    _harness.report(
        "loopback",
        f"client CPU a bookTicker of a flood, {ROUNDS} interleaved rounds, medians; sender on the other core",
        tables,
        data,
    )


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_flood(benchmark: Any, scheme: str) -> None:
    """A short flood of every client, counts and sums checked; `extra_info` has nanoseconds a message."""
    try:
        _compile.with_openssl("sender")
    except _compile.Unavailable as missing:
        pytest.skip(str(missing))
    short = {name: max(1, blocks // 10) for name, blocks in BLOCKS.items()}
    found = benchmark.pedantic(measure, (scheme, 1, short), rounds=1)
    for name, rows in found["ns"].items():
        benchmark.extra_info[name] = _harness.median(rows)


if __name__ == "__main__":
    main()
