"""SBE from a message to a published record, beside JSON of the same values and plain `struct`."""

import json
import random
import struct
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks import _compile, _harness, corpus
from benchmarks.bench_decode import instructions as json_instructions
from benchmarks.bench_decode import native_ns as json_ns
from fastbinance import decode

ROUNDS = 15
MESSAGES = 400_000  # a round; fewer where there are many levels
EXPONENT: Final = -8  # of spot's eight decimals
SYMBOL: Final = "BTCUSDT"
LEVELS: Final = (5, 100)  # a side: what a level costs is the difference
_EVENT_US: Final = 1_795_340_000_000_123


@dataclass(frozen=True, slots=True)
class Case:
    """Messages of one template, and the route that they need."""

    name: str
    stream: str
    kind: int
    levels: int
    messages: tuple[bytes, ...]
    json_name: str = ""  # the case of `corpus` that says the same


def _head(template: int, root: bytes) -> bytes:
    return struct.pack("<HHHH", len(root), template, 1, 0) + root


def _tail() -> bytes:
    return bytes((len(SYMBOL),)) + SYMBOL.encode()


def _mantissa(text: str) -> int:
    return int(text.replace(".", ""))


def quotes() -> Case:
    """Return bestBidAsk messages that say what the corpus' bookTickers say."""
    messages = []
    for at, payload in enumerate(corpus.cases()["spot-bookTicker"].payloads):
        event = json.loads(payload)["data"]
        numbers = [_mantissa(event[key]) for key in "bBaA"]
        root = struct.pack("<qqbbqqqq", _EVENT_US + at, event["u"], EXPONENT, EXPONENT, *numbers)
        messages.append(_head(10001, root) + _tail())
    return Case("bestBidAsk", "btcusdt@bestBidAsk", 1, 0, tuple(messages), "spot-bookTicker")


def trades() -> Case:
    """Return trade messages, one trade each, that say what the corpus' trades say."""
    messages = []
    for payload in corpus.cases()["spot-trade"].payloads:
        event = json.loads(payload)["data"]
        root = struct.pack("<qqbb", event["E"] * 1000, event["T"] * 1000, EXPONENT, EXPONENT)
        entry = struct.pack("<qqqB", event["t"], _mantissa(event["p"]), _mantissa(event["q"]), event["m"])
        messages.append(_head(10000, root) + struct.pack("<HI", 25, 1) + entry + _tail())
    return Case("trade", "btcusdt@trade", 2, 0, tuple(messages), "spot-trade")


def depths(levels: int) -> Case:
    """Return diffs with so many levels a side, a fifth of them without a quantity."""
    rng = random.Random(corpus.SEED + levels)
    messages = []
    for at in range(200):
        root = struct.pack("<qqqbb", _EVENT_US + at, 10**10 + at, 10**10 + at, EXPONENT, EXPONENT)
        sides = b""
        for _ in range(2):
            entries = [
                struct.pack("<qq", 268_380_000_000 + rng.randrange(10**9), quantity)
                for quantity in (rng.choice((0, 1, 1, 1, 1)) * rng.randrange(10**12) for _ in range(levels))
            ]
            sides += struct.pack("<HH", 16, levels) + b"".join(entries)
        messages.append(_head(10003, root) + sides + _tail())
    return Case(f"depth of {levels} levels a side", "btcusdt@depth", 4, 2 * levels, tuple(messages))


def cases() -> list[Case]:
    """Return every case."""
    return [quotes(), trades(), *map(depths, LEVELS)]


def write(case: Case) -> tuple[Path, Path]:
    """Write the files that the native program reads, and return their paths: messages, routes."""
    _compile.BUILD.mkdir(parents=True, exist_ok=True)
    name = case.name.replace(" ", "-")
    messages, routes = _compile.BUILD / f"sbe-{name}.messages", _compile.BUILD / f"sbe-{name}.routes"
    messages.write_bytes(b"".join(struct.pack("<I", len(one)) + one for one in case.messages))
    routes.write_text(f"{case.stream}\t{case.kind}\t{SYMBOL}\n")
    return messages, routes


def _command(case: Case, rounds: int, count: int, *contenders: str) -> list[str]:
    messages, routes = write(case)
    settings = ["1024", "32768", str(rounds), str(count)]
    return [str(_compile.sbe_loop()), str(messages), str(routes), *settings, *contenders]


def native_ns(case: Case, rounds: int = ROUNDS) -> float:
    """Return CPU nanoseconds a message, the loop itself taken off."""
    count = max(2_000, MESSAGES // max(1, case.levels))
    done = subprocess.run(
        _command(case, rounds, count, "sbe", "empty"), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{case.name}: {done.stderr}")
    found = {line.split()[0]: [float(ns) for ns in line.split()[3:]] for line in done.stdout.splitlines()}
    return _harness.median(found["sbe"]) - _harness.median(found["empty"])


def instructions(case: Case) -> float | None:
    """Return instructions a message in user space, from two runs; None where nothing can count."""
    counter = _harness.instruction_counter()
    if not counter:
        return None
    few, many = 1_000, 3_000

    def each(contender: str) -> float:
        counts = [
            _harness.instructions_of(_command(case, 0, count, contender), counter) for count in (few, many)
        ]
        return (counts[1] - counts[0]) / (many - few)

    return each("sbe") - each("empty")


_QUOTE: Final = struct.Struct("<HHHHqqbbqqqqB")
_TRADES: Final = struct.Struct("<HHHHqqbbHI")
_TRADE: Final = struct.Struct("<qqqB")
_DIFF: Final = struct.Struct("<HHHHqqqbb")
_GROUP: Final = struct.Struct("<HH")
_LEVEL: Final = struct.Struct("<qq")


def by_struct(case: Case) -> Callable[[bytes], Any]:
    """Return what one would write with `struct`: usable floats, the symbol, and no checks."""

    def quote(message: bytes) -> Any:
        *_, time_us, update_id, price, qty, bid, bid_qty, ask, ask_qty, length = _QUOTE.unpack_from(message)
        p, q = 10.0**-price, 10.0**-qty
        return time_us, update_id, bid / p, bid_qty / q, ask / p, ask_qty / q, message[59 : 59 + length]

    def trade(message: bytes) -> Any:
        block, *_, time_us, _, price, qty, size, count = _TRADES.unpack_from(message)
        p, q, at = 10.0**-price, 10.0**-qty, 8 + block + 6
        found = []
        for _ in range(count):
            trade_id, mantissa, amount, maker = _TRADE.unpack_from(message, at)
            found.append((trade_id, mantissa / p, amount / q, maker == 1))
            at += size
        return time_us, found, message[at + 1 : at + 1 + message[at]]

    def depth(message: bytes) -> Any:
        block, *_, time_us, first_id, last_id, price, qty = _DIFF.unpack_from(message)
        p, q, at = 10.0**-price, 10.0**-qty, 8 + block
        sides = []
        for _ in range(2):
            size, count = _GROUP.unpack_from(message, at)
            at += 4
            end = at + size * count
            sides.append([(m / p, n / q) for m, n in _LEVEL.iter_unpack(message[at:end])])
            at = end
        return time_us, first_id, last_id, sides, message[at + 1 : at + 1 + message[at]]

    return {1: quote, 2: trade, 4: depth}[case.kind]


def check(case: Case) -> None:
    """Hold the numbers of both against each other, on every tenth message."""
    peer = by_struct(case)
    for message in case.messages[::10]:
        records = decode(message, "mainSBE")
        said = peer(message)
        record: Any = records[0]
        if case.kind == 1:
            mine: Any = (record.bid_price, record.bid_qty, record.ask_price, record.ask_qty)
            theirs: Any = said[2:6]
        elif case.kind == 2:
            mine = [(one.trade_id, one.price, one.qty, one.is_buyer_maker) for one in records]
            theirs = said[1]
        else:
            mine = [record.bids.tolist(), record.asks.tolist()]
            theirs = [[list(level) for level in side] for side in said[3]]
        if mine != theirs:
            raise RuntimeError(f"{case.name}: {mine} is not {theirs}")


def struct_ns(case: Case, rounds: int = 5) -> float:
    """Return CPU nanoseconds a message of the Python decoder, the loop over the messages included."""
    peer = by_struct(case)

    def run() -> float:
        begin = time.thread_time_ns()
        for message in case.messages:
            peer(message)
        return (time.thread_time_ns() - begin) / len(case.messages)

    return _harness.median(_harness.interleaved({"struct": run}, rounds)["struct"])


def main() -> None:
    """Measure every case, and count instructions where something here can."""
    core = _harness.pin(1)
    table = _harness.Table("case", "bytes", "instructions", "ns", "JSON instructions", "JSON ns", "struct ns")
    data: dict[str, Any] = {"core": core, "cases": {}}
    told: dict[int, dict[str, float]] = {}
    for case in cases():
        check(case)
        row: dict[str, float] = {"ns": native_ns(case), "struct": struct_ns(case)}
        counted = instructions(case)
        if counted is not None:
            row["instructions"] = counted
        if case.json_name:
            same = corpus.cases()[case.json_name]
            row["json_ns"] = json_ns(same, ("fast",))["fast"]["ns"]
            for found in json_instructions(same, ("fast",)).values():
                row["json_instructions"] = found
        else:
            told[case.levels] = row
        data["cases"][case.name] = row
        size = sum(map(len, case.messages)) / len(case.messages)
        table.add(
            case.name, round(size), *(_rounded(row.get(name)) for name in ("instructions", "ns")),
            *(_rounded(row.get(name)) for name in ("json_instructions", "json_ns", "struct")),
        )  # fmt: skip
    (few, least), (many, most) = sorted(told.items())
    level = {name: (most[name] - least[name]) / (many - few) for name in most}
    data["level"] = level
    counts = _rounded(level.get("instructions"))
    table.add("each level of a depth", 16, counts, level["ns"], "-", "-", level["struct"])
    _harness.report("sbe", "SBE: from a message to a published record", [table], data)


def _rounded(value: float | None) -> str | int:
    return "-" if value is None else round(value)


@pytest.mark.parametrize("name", ["bestBidAsk", "trade"])
def test_struct_in_python_terms(benchmark: Any, name: str) -> None:
    """One call a message of what a user would write instead."""
    case = next(case for case in cases() if case.name == name)
    check(case)
    peer = by_struct(case)

    def loop() -> None:
        for message in case.messages:
            peer(message)

    benchmark.extra_info["messages"] = len(case.messages)
    benchmark(loop)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_messages_are_published(benchmark: Any, case: Case) -> None:
    """The native loop over each template; `extra_info` has nanoseconds a message."""
    benchmark.extra_info["ns"] = benchmark.pedantic(native_ns, (case,), {"rounds": 3}, rounds=1)


if __name__ == "__main__":
    main()
