"""Snapshots and diffs to keep order books from: captured ones, and seeded ones of their shape."""

import json
import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

__all__ = ["Session", "captured_sessions", "wide_session"]

_CAPTURES: Final = {
    "spot ETHUSDT": ("spot-session-ethusdt", 1),
    "USD-M ETHUSDT": ("usdm-session-ethusdt", 2),
    "COIN-M ETHUSD_PERP": ("coinm-session-ethusd_perp", 2),
}


@dataclass(frozen=True, slots=True)
class Session:
    """A snapshot, and the messages behind it.

    Attributes
    ----------
    name, symbol, rule
        Whose; the rule as `BookBase` has it.
    stream
        Name in the messages.
    snapshot_id, bids, asks
        The snapshot, as float64.
    messages
        Combined diffs, as on the wire.
    diffs
        The same as floats: bids and asks, lists of pairs.
    """

    name: str
    symbol: str
    rule: int
    stream: str
    snapshot_id: int
    bids: np.ndarray[Any, Any]
    asks: np.ndarray[Any, Any]
    messages: tuple[bytes, ...]
    diffs: tuple[tuple[list[tuple[float, float]], list[tuple[float, float]]], ...]

    @property
    def levels(self) -> int:
        """Levels in all diffs."""
        return sum(len(bids) + len(asks) for bids, asks in self.diffs)


def _floats(levels: list[list[str]]) -> list[tuple[float, float]]:
    return [(float(price), float(qty)) for price, qty in levels]


def _session(
    name: str, rule: int, snapshot: dict[str, Any], lines: list[tuple[bytes, dict[str, Any]]]
) -> Session:
    behind = [(line, message) for line, message in lines if message["data"]["u"] > snapshot["lastUpdateId"]]
    data = [message["data"] for _, message in behind]
    return Session(
        name, data[0]["s"], rule, behind[0][1]["stream"], snapshot["lastUpdateId"],
        np.array(_floats(snapshot["bids"])), np.array(_floats(snapshot["asks"])),
        tuple(line for line, _ in behind),
        tuple((_floats(one["b"]), _floats(one["a"])) for one in data),
    )  # fmt: skip


def captured_sessions() -> list[Session]:
    """Return the captured sessions of 2024; none where FASTBINANCE_CAPTURES does not say where they lie."""
    where = os.environ.get("FASTBINANCE_CAPTURES")
    if not where:
        return []
    found = []
    for name, (file, rule) in _CAPTURES.items():
        snapshot: dict[str, Any] = {}
        lines = []
        for line in (Path(where) / f"{file}.jsonl").read_bytes().splitlines():
            message = json.loads(line)
            if "lastUpdateId" in message:
                snapshot = message
            elif "@depth" in message["stream"]:
                lines.append((line, message))
        found.append(_session(name, rule, snapshot, lines))
    return found


def wide_session(seed: int = 7, diffs: int = 2_000) -> Session:
    """Return a book like that of BTCUSDT: a tick of 0.01 at 90,000, five thousand levels over thousands of
    dollars a side, and half of all changes far from the middle.
    """
    rng = random.Random(seed)
    middle = 9_000_000  # cents

    def snapshot_side(sign: int) -> list[list[str]]:
        cents = middle
        levels = []
        for _ in range(5_000):
            cents += sign * max(1, round(rng.expovariate(1 / 60)))
            levels.append([f"{cents / 100:.2f}", f"{rng.expovariate(2):.5f}"])
        return levels

    bids, asks = snapshot_side(-1), snapshot_side(1)
    prices = {-1: [price for price, _ in bids], 1: [price for price, _ in asks]}
    lines = []
    for number in range(diffs):

        def side(sign: int) -> list[list[str]]:
            found = {}
            for _ in range(rng.randint(5, 40)):
                if rng.random() < 0.5:
                    found[rng.choice(prices[sign])] = f"{rng.expovariate(2):.5f}"
                else:
                    cents = middle + sign * (60 + round(rng.expovariate(1 / 2_000)))
                    qty = 0.0 if rng.random() < 0.4 else rng.expovariate(2)
                    found[f"{cents / 100:.2f}"] = f"{qty:.5f}"
            return [list(level) for level in sorted(found.items(), key=lambda one: sign * float(one[0]))]

        event = {"e": "depthUpdate", "E": 1_795_340_000_000 + number * 100, "s": "BTCUSDT", "U": 11 + number}
        event |= {"u": 11 + number, "b": side(-1), "a": side(1)}
        message = {"stream": "btcusdt@depth@100ms", "data": event}
        lines.append((json.dumps(message, separators=(",", ":")).encode(), message))
    return _session("wide, like BTCUSDT", 1, {"lastUpdateId": 10, "bids": bids, "asks": asks}, lines)
