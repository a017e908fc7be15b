"""What a client pays in CPU for a flood over loopback: ours, a bare C loop, and what else there is."""

from functools import partial
from importlib.util import find_spec
from typing import Any

import pytest

from benchmarks import _compile, _harness, corpus
from benchmarks._flood import Cost, Flood
from benchmarks._peers import PEERS

FRAMES = 8_192  # 1.2 MB of bookTickers, sent over and over
ROUNDS = 5
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
    "msgspec-packed-row": "picows + msgspec by `struct.pack_into`",
    "msgspec": "picows + msgspec, decoded only",
    "orjson": "picows + orjson, decoded only",
    **{name: peer.meaning for name, peer in PEERS.items()},
}
TARGETS = {"ws": 1.9, "wss": 1.75}


def measure(scheme: str, rounds: int, contenders: dict[str, int]) -> dict[str, Any]:
    """Flood every contender in interleaved rounds; every run's count and sums are checked against `float`."""
    with Flood(scheme) as flood:
        sender = flood.sender(corpus.book_tickers(FRAMES))
        # Once with room for everything: all records of a block are compared, not only the newest.
        flood.bare(sender, 1, FRAMES)
        versions: dict[str, dict[str, str]] = {}
        for name in contenders:
            if name in PEERS:
                versions[name] = flood.peer(name, sender, 1, FRAMES).versions
            elif name != "bare C":
                flood.python(name, sender, 1, FRAMES)
        reads: list[float] = []

        def cost_of(name: str) -> Cost:
            if name in PEERS:
                return flood.peer(name, sender, contenders[name])
            if name != "bare C":
                return flood.python(name, sender, contenders[name])
            cost = flood.bare(sender, contenders[name])
            reads.append(cost.messages / cost.reads)
            return cost

        def run(name: str) -> float:
            return cost_of(name).ns

        found = _harness.interleaved({name: partial(run, name) for name in contenders}, rounds)
    return {
        "ns": found,
        "messages": {name: blocks * FRAMES for name, blocks in contenders.items()},
        "messages_a_read_of_bare": _harness.median(reads),
        "versions": versions,
    }


def contenders_here() -> tuple[dict[str, int], list[str]]:
    """Return the contenders with their blocks, and a sentence for each that is missing."""
    installed = {name: peer for name, peer in PEERS.items() if peer.is_installed()}
    missing = [
        f"{peer.meaning}: not installed, left out ({peer.install}; see benchmarks/_peers.py)"
        for name, peer in PEERS.items()
        if name not in installed
    ]
    return BLOCKS | {name: peer.blocks for name, peer in installed.items()}, missing


def ratio(found: dict[str, list[float]], over: str, under: str) -> float:
    """Return the median of the rounds' ratios: neighbours in time met the same machine."""
    return _harness.median(a / b for a, b in zip(found[over], found[under], strict=True))


def main() -> None:
    """Measure both transports, and say which targets hold."""
    core = _harness.pin(1)
    tables: list[_harness.Table] = []
    installed = "installed" if find_spec("websocket_rs") else "not installed"
    data: dict[str, Any] = {"core": core, "websocket-rs": installed}
    contenders, missing = contenders_here()
    for sentence in missing:
        print(sentence)
    for scheme in ("ws", "wss"):
        result = measure(scheme, ROUNDS, contenders)
        found = result["ns"]
        table = _harness.Table(
            f"{scheme}: client", "messages", "CPU ns a message", "min", "of bare C", "of ours", "target"
        )
        for name in contenders:
            target = {
                "ours": f"at most {TARGETS[scheme]} of bare C",
                "msgspec-row": "at least 12 of ours",
                "msgspec": "at least 8 of ours",
            }.get(name, "")
            table.add(
                MEANING[name], f"{result['messages'][name]:,}", _harness.median(found[name]),
                min(found[name]), ratio(found, name, "bare C"), ratio(found, name, "ours"), target,
            )  # fmt: skip
        tables.append(table)
        result["missing"] = missing
        result["meaning"] = {name: MEANING[name] for name in contenders}
        result["of_ours"] = {name: ratio(found, name, "ours") for name in contenders}
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
    short = {name: max(1, blocks // 10) for name, blocks in contenders_here()[0].items()}
    found = benchmark.pedantic(measure, (scheme, 1, short), rounds=1)
    for name, rows in found["ns"].items():
        benchmark.extra_info[name] = _harness.median(rows)


if __name__ == "__main__":
    main()
