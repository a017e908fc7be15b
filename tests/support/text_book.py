"""An order book of text: prices and quantities as the last message has spelled them. What ours is compared
with.
"""

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np


class TextBook:
    """Built by the rules of the reference: drop, bridge, apply, prove."""

    def __init__(self, snapshot: dict[str, Any], *, futures: bool) -> None:
        self.futures = futures
        self.update_id = snapshot["lastUpdateId"]
        self.snapshot_id = self.update_id
        self.bids = dict(map(tuple, snapshot["bids"]))
        self.asks = dict(map(tuple, snapshot["asks"]))
        self.bids = {Decimal(price): (price, qty) for price, qty in self.bids.items()}
        self.asks = {Decimal(price): (price, qty) for price, qty in self.asks.items()}
        self.applied = self.dropped = 0

    def take(self, diff: dict[str, Any]) -> None:
        """Apply a diff; AssertionError where it does not join."""
        first = not self.applied
        last, known = diff["u"], self.update_id
        if (last < known) if self.futures else (last <= known):
            assert first, "an old diff after a new one"
            self.dropped += 1
            return
        if self.futures:
            assert diff["U"] <= known <= last if first else diff["pu"] == known, "a diff is missing"
        else:
            assert diff["U"] <= known + 1 <= last if first else diff["U"] == known + 1, "a diff is missing"
        self.applied += 1
        self.update_id = last
        for levels, changes in ((self.bids, diff["b"]), (self.asks, diff["a"])):
            for price, qty in changes:
                if float(qty) == 0:
                    levels.pop(Decimal(price), None)
                else:
                    levels[Decimal(price)] = price, qty

    def side(self, name: str) -> list[tuple[str, str]]:
        """Return the levels of ``"bids"`` or ``"asks"``, best first, as text."""
        levels = self.bids if name == "bids" else self.asks
        return [levels[price] for price in sorted(levels, reverse=name == "bids")]

    def array(self, name: str) -> np.ndarray:
        """Return the same as float64."""
        return np.array([[float(price), float(qty)] for price, qty in self.side(name)]).reshape(-1, 2)

    @property
    def sha256(self) -> str:
        """As the reference has it."""
        lines = [f"b {price} {qty}\n" for price, qty in self.side("bids")]
        lines += [f"a {price} {qty}\n" for price, qty in self.side("asks")]
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def levels_of(snapshot: dict[str, Any], name: str) -> np.ndarray:
    """Return the levels of a REST body as float64."""
    return np.array([[float(price), float(qty)] for price, qty in snapshot[name]]).reshape(-1, 2)


def sessions(captures: Path) -> list[tuple[str, dict[str, Any]]]:
    """Every book of the reference: the name of its session, and what is expected of it."""
    found = json.loads((captures / "EXPECTED.json").read_text())
    return [(name, one) for name, of in found.items() for one in (of if isinstance(of, list) else [of])]


def played(captures: Path, name: str, expected: dict[str, Any]) -> list[tuple[str, bytes, dict[str, Any]]]:
    """Return the messages of one symbol in order: ``"diff"``, ``"quote"`` or ``"snapshot"``, the bytes, and
    the object.

    Where the snapshots have a file of their own, each comes as soon as a diff has that it joins.
    """
    symbol = expected["symbol"]
    apart = captures / f"{name}-depth.jsonl"
    snapshot: tuple[str, bytes, dict[str, Any]] | None = None
    if apart.exists():
        for line in apart.read_bytes().splitlines():
            body = json.loads(line)
            if body["lastUpdateId"] == expected["lastUpdateId"]:
                snapshot = "snapshot", line, body
    found = []
    for line in (captures / f"{name}.jsonl").read_bytes().splitlines():
        message = json.loads(line)
        if "lastUpdateId" in message:
            found.append(("snapshot", line, message))
            continue
        data = message["data"]
        if data.get("s") != symbol:
            continue
        kind = message["stream"].partition("@")[2]
        if kind.startswith("depth"):
            found.append(("diff", line, data))
            if snapshot is not None and data["u"] >= expected["lastUpdateId"]:
                found.append(snapshot)
                snapshot = None
        elif kind == "bookTicker":
            found.append(("quote", line, data))
    return found
