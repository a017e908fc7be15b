"""What an order costs the client that places it: ours in parts, ours beside the SDKs, 10,000 at once."""

from functools import partial
from typing import Any, Final

import pytest

from benchmarks import _harness
from benchmarks._order_clients import CLIENTS, Cost, Exchange
from benchmarks._order_many import IN_FLIGHT, Many
from benchmarks._order_split import Split, split
from benchmarks._order_terms import MODES

ROUNDS: Final = 5
SPLIT: Final = 20_000
DEPTHS: Final = (1, 100)
#: Orders of a round: half a second to two seconds of each client. node has to be warm before it counts.
ORDERS: Final = {
    "ours": 10_000, "ours-thread": 10_000, "js-sdk": 10_000, "python-binance": 5_000, "official-sdk": 4_000,
}  # fmt: skip
#: Of these orders, by what a signature costs the dearest client.
SHARE: Final = {"logon": 1.0, "hmac": 1.0, "ed25519": 0.3, "rsa": 0.1}
MODE_NAMES: Final = {
    "logon": "logged on", "hmac": "HMAC", "ed25519": "Ed25519, each request", "rsa": "RSA-2048, each request",
}  # fmt: skip
#: Microseconds of the library's own, inline: call to frame, and answer to result. RSA has no target.
TARGETS: Final = {"logon": 15.0, "hmac": 20.0, "ed25519": 45.0}


def contenders_here() -> tuple[list[str], list[str]]:
    """Return the clients that are installed, and a sentence for each that is missing."""
    here = [name for name, client in CLIENTS.items() if client.is_installed()]
    missing = [
        f"{client.meaning}: not installed, left out ({client.install}; see benchmarks/requests.md)"
        for name, client in CLIENTS.items()
        if name not in here
    ]
    return here, missing


def compare(
    exchange: Exchange, names: list[str], mode: str, depth: int, rounds: int, share: float = 1.0
) -> dict[str, list[Cost]]:
    """Have every client that can place orders in this way, in interleaved rounds."""
    costs: dict[str, list[Cost]] = {}

    def run(name: str) -> float:
        orders = max(100, int(ORDERS[name] * SHARE[mode] * share))
        warm = max(100, orders // 2)
        cost = exchange.cost(name, mode, depth, warm, orders)
        costs.setdefault(name, []).append(cost)
        return cost.ns

    able = [
        name for name in names if mode in CLIENTS[name].modes and (depth == 1 or CLIENTS[name].keeps_several)
    ]
    _harness.interleaved({name: partial(run, name) for name in able}, rounds)
    return costs


def main() -> None:
    """Measure all three, and say which targets hold."""
    core = _harness.pin(1)
    names, missing = contenders_here()
    for sentence in missing:
        print(sentence)
    data: dict[str, Any] = {"core": core, "missing": missing}
    tables: list[_harness.Table] = []
    with Exchange() as exchange:
        splits = {mode: split(exchange, mode, max(500, int(SPLIT * SHARE[mode]))) for mode in MODES}
        tables.append(_split_table(splits))
        data["split"] = {mode: found.data() for mode, found in splits.items()}
        for depth in DEPTHS:
            costs = {mode: compare(exchange, names, mode, depth, ROUNDS) for mode in MODES}
            tables.append(_cost_table(costs, depth))
            data[f"depth {depth}"] = {
                mode: {name: _data(rows) for name, rows in found.items()} for mode, found in costs.items()
            }
    with Exchange(hold=IN_FLIGHT) as exchange:
        many = Many.measure(exchange)
    tables.append(many.table())
    data["many"] = many.data()
    _harness.report("requests", "what an order costs the client that places it", tables, data)


def _split_table(splits: dict[str, Split]) -> _harness.Table:
    table = _harness.Table(
        "fastbinance, inline, us", "call to frame, p50", "answer to result, p50", "both, p50", "least", "p99",
        "target", "caller resumed, p50",
    )  # fmt: skip
    for mode, found in splits.items():
        both = _harness.percentiles(found.both)
        target = f"at most {TARGETS[mode]:.0f}" if mode in TARGETS else ""
        table.add(
            MODE_NAMES[mode], _harness.median(found.out) / 1e3, _harness.median(found.back) / 1e3,
            both["p50"] / 1e3, both["min"] / 1e3, both["p99"] / 1e3, target,
            _harness.median(found.resumed) / 1e3,
        )  # fmt: skip
    return table


def _cost_table(costs: dict[str, dict[str, list[Cost]]], depth: int) -> _harness.Table:
    flight = "one order in flight" if depth == 1 else f"{depth} orders in flight"
    table = _harness.Table(
        f"client, {flight}", "key", "orders a round", "CPU us an order", "min", "of ours", "wall us an order"
    )
    for mode, found in costs.items():
        for name, rows in found.items():
            ns = [cost.ns for cost in rows]
            ours = [cost.ns for cost in found["ours"]]
            table.add(
                CLIENTS[name].meaning, MODE_NAMES[mode], f"{rows[0].orders:,}", _harness.median(ns) / 1e3,
                min(ns) / 1e3, _harness.median(a / b for a, b in zip(ns, ours, strict=True)),
                _harness.median(cost.wall_ns / cost.orders for cost in rows) / 1e3,
            )  # fmt: skip
    return table


def _data(rows: list[Cost]) -> dict[str, Any]:
    return {
        "orders": rows[0].orders,
        "cpu_ns": [cost.ns for cost in rows],
        "wall_ns": [cost.wall_ns / cost.orders for cost in rows],
        "versions": rows[0].versions,
    }


@pytest.mark.parametrize("mode", MODES)
def test_overhead(benchmark: Any, mode: str) -> None:
    """A short run of the library's own share of an order; `extra_info` has microseconds."""
    with Exchange() as exchange:
        found = benchmark.pedantic(split, (exchange, mode, 200), rounds=1)
    benchmark.extra_info["us"] = _harness.median(found.both) / 1e3


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("mode", MODES)
def test_clients(benchmark: Any, mode: str, depth: int) -> None:
    """A few orders of every client, all answers checked; `extra_info` has nanoseconds of CPU an order."""
    with Exchange() as exchange:
        costs = benchmark.pedantic(compare, (exchange, contenders_here()[0], mode, depth, 1, 0.02), rounds=1)
    for name, rows in costs.items():
        benchmark.extra_info[name] = rows[0].ns


if __name__ == "__main__":
    main()
