"""Snapshots and the diffs behind them, captured and made, for the benchmark of order books."""

import json
import os
import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import _compile

__all__ = ["Session", "captured", "deep", "made"]

Level = tuple[float, float]
_SESSIONS: Final = (
    ("spot-session-ethusdt", "spot"),
    ("usdm-session-ethusdt", "usdm"),
    ("coinm-session-ethusd_perp", "coinm"),
)
_DIFF_DEPTH: Final = 4
SPOT, FUTURES = 1, 2
#: As many levels as the diffs of the captured sessions have: half of them few, a tenth many.
_COUNTS: Final = (4, 8, 14, 14, 14, 20, 28, 42, 42, 140)


@dataclass(frozen=True, slots=True)
class Session:
    """One symbol: a snapshot, and all diffs behind it, the first of which joins it."""

    name: str
    symbol: str
    stream: str
    rule: int
    limit: int
    update_id: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    payloads: tuple[bytes, ...]

    @property
    def routes(self) -> tuple[tuple[str, int, str], ...]:
        """What native programs need."""
        return ((self.stream, _DIFF_DEPTH, self.symbol),)

    def parsed(self) -> list[tuple[list[Level], list[Level]]]:
        """Return the diffs as floats."""
        found = []
        for payload in self.payloads:
            data = json.loads(payload)["data"]
            found.append((_levels(data["b"]), _levels(data["a"])))
        return found

    def write_snapshot(self) -> Path:
        """Write it as `book_loop` reads it, and return where."""
        _compile.BUILD.mkdir(parents=True, exist_ok=True)
        target = _compile.BUILD / f"{self.name}.snapshot"
        pieces = [struct.pack("=q", self.update_id)]
        for side in (self.bids, self.asks):
            pieces.append(struct.pack("=q", len(side)))
            pieces += [struct.pack("=dd", *level) for level in side]
        target.write_bytes(b"".join(pieces))
        return target


def _levels(rows: Sequence[Sequence[str]]) -> list[Level]:
    return [(float(price), float(qty)) for price, qty in rows]


def captured() -> list[Session]:
    """Return the sessions in FASTBINANCE_CAPTURES; none where it names no directory that has them."""
    directory = Path(os.environ.get("FASTBINANCE_CAPTURES", ""))
    if not os.environ.get("FASTBINANCE_CAPTURES"):
        return []
    found = []
    for name, market in _SESSIONS:
        path = directory / f"{name}.jsonl"
        if path.is_file():
            found.append(_session_of(name, market, path))
    return found


def _session_of(name: str, market: str, path: Path) -> Session:
    lines = path.read_bytes().splitlines()
    messages = [(line, json.loads(line)) for line in lines]
    body = next(message for _, message in messages if "lastUpdateId" in message)
    last = body["lastUpdateId"]
    diffs = [
        (line, message)
        for line, message in messages
        if message.get("data", {}).get("e") == "depthUpdate" and message["data"]["u"] > last
    ]
    return Session(
        name=name,
        symbol=diffs[0][1]["data"]["s"],
        stream=diffs[0][1]["stream"],
        rule=SPOT if market == "spot" else FUTURES,
        limit=len(body["bids"]),
        update_id=last,
        bids=tuple(_levels(body["bids"])),
        asks=tuple(_levels(body["asks"])),
        payloads=tuple(line for line, _ in diffs),
    )


class _Book:
    """An exchange's book that a seeded market changes: text prices of one tick."""

    def __init__(self, rng: random.Random, middle: int, decimals: int, updated: float) -> None:
        self.rng = rng
        self.updated = updated  # share of changes that are of a level that is there
        self.middle = middle  # in ticks, no order at it
        self.decimals = decimals
        self.sides: tuple[dict[int, str], dict[int, str]] = ({}, {})

    def price(self, ticks: int) -> str:
        whole, rest = divmod(ticks, 10**self.decimals)
        return f"{whole}.{rest:0{self.decimals}}000000"

    def qty(self) -> str:
        units = int(self.rng.lognormvariate(8.0, 2.0)) + 1
        return f"{units // 10_000}.{units % 10_000:04}0000"

    def change(self, offsets: Iterator[int], count: int) -> tuple[list[list[str]], list[list[str]]]:
        """Return the changes of one diff: as many levels go as there come new ones."""
        self.middle += self.rng.choice((-2, -1, 0, 0, 0, 0, 0, 0, 1, 2))
        changed: tuple[dict[int, str], dict[int, str]] = ({}, {})
        for side, sign in enumerate((-1, 1)):
            there = list(self.sides[side])
            for ticks in there:
                if (ticks - self.middle) * sign <= 0:
                    changed[side][ticks] = "0.00000000"
            for _ in range(count // 2):
                if self.rng.random() < self.updated:
                    ticks = self.rng.choice(there)
                    changed[side].setdefault(ticks, self.qty())
                elif self.rng.random() < 0.5:
                    changed[side][self.rng.choice(there)] = "0.00000000"
                else:
                    ticks = self.middle + sign * next(offsets)
                    while ticks in self.sides[side]:
                        ticks += sign
                    changed[side][ticks] = self.qty()
            for ticks, qty in changed[side].items():
                if float(qty):
                    self.sides[side][ticks] = qty
                else:
                    self.sides[side].pop(ticks, None)
        bids, asks = ([[self.price(t), qty] for t, qty in sorted(one.items())] for one in changed)
        return bids[::-1], asks

    def levels(self, side: int, limit: int) -> tuple[Level, ...]:
        found = sorted(self.sides[side].items(), reverse=side == 0)[:limit]
        return tuple((float(self.price(ticks)), float(qty)) for ticks, qty in found)


def _session(
    name: str, seed: int, middle: int, limit: int, spread: float, far: float, updated: float
) -> Session:
    rng = random.Random(seed)
    book = _Book(rng, middle, 2, updated)

    def offsets() -> Iterator[int]:
        while True:
            mean = spread if rng.random() >= far else spread * 100
            yield 1 + int(rng.expovariate(1.0 / mean))

    places = offsets()
    for side, sign in enumerate((-1, 1)):
        while len(book.sides[side]) < limit:
            book.sides[side][book.middle + sign * next(places)] = book.qty()
    bids, asks = book.levels(0, limit), book.levels(1, limit)
    payloads, update_id, ms = [], 1_000, 1_795_340_000_000
    for _ in range(1_000):
        changed = book.change(places, rng.choice(_COUNTS))
        first = update_id + 1
        update_id += max(1, sum(map(len, changed)))
        ms += 100
        data: dict[str, Any] = {"e": "depthUpdate", "E": ms, "s": "BTCUSDT", "U": first, "u": update_id}
        message = {"stream": "btcusdt@depth@100ms", "data": {**data, "b": changed[0], "a": changed[1]}}
        payloads.append(json.dumps(message, separators=(",", ":")).encode())
    return Session(
        name, "BTCUSDT", "btcusdt@depth@100ms", SPOT, limit, 1_000, bids, asks, tuple(payloads)
    )  # fmt: skip


def made() -> list[Session]:
    """Return a session shaped like a captured one of spot: most of what happens is near the best."""
    return [_session("made-spot", 20_240_808, 268_380, 1_000, 600.0, 0.0, 0.5)]


def deep() -> list[Session]:
    """Return deep books: a tick of 0.01 at 90,000, 5,000 levels a side over thousands of dollars."""
    return [
        # Half of what happens is within some dollars, half within some hundreds.
        _session("deep-half-far", 7, 9_000_000, 5_000, 1_000.0, 0.5, 0.5),
        # The worst case: nearly nothing is on the grid, and every change brings a level or takes one.
        _session("deep-all-far", 8, 9_000_000, 5_000, 2_000.0, 1.0, 0.0),
    ]
