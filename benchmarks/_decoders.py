"""What a Python user would decode the same payloads with: msgspec into typed objects, orjson into dicts.

All of them end with usable floats. msgspec makes them itself (``strict=False`` reads a number out of text,
which is faster than `float` on each field); orjson leaves text, so `float` is called on it.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import orjson

from benchmarks.corpus import Case

__all__ = ["PEERS", "peer"]


class Ticker(msgspec.Struct, gc=False):
    """A bookTicker of any market."""

    u: int
    s: str
    b: float
    B: float
    a: float
    A: float
    T: int = 0
    E: int = 0


class Trade(msgspec.Struct, gc=False):
    """A trade of any market."""

    E: int
    T: int
    s: str
    t: int
    p: float
    q: float
    m: bool


class AggTrade(msgspec.Struct, gc=False):
    """An aggTrade of any market."""

    E: int
    T: int
    s: str
    a: int
    f: int
    l: int  # noqa: E741 - Binance's key
    p: float
    q: float
    m: bool


class Diff(msgspec.Struct, gc=False):
    """A depth diff, and a partial depth of the futures markets."""

    E: int
    s: str
    U: int
    u: int
    b: list[tuple[float, float]]
    a: list[tuple[float, float]]
    T: int = 0
    pu: int = 0


class Partial(msgspec.Struct, gc=False):
    """A partial depth of the spot market."""

    lastUpdateId: int
    bids: list[tuple[float, float]]
    asks: list[tuple[float, float]]


class _Combined(msgspec.Struct, gc=False):
    stream: str


def _msgspec(case: Case) -> Callable[[bytes], Any]:
    inner: Any = {1: Ticker, 2: Trade, 3: AggTrade, 4: Diff, 5: Diff if case.futures else Partial}[case.kind]
    combined = msgspec.defstruct("Combined", [("stream", str), ("data", inner)], bases=(_Combined,), gc=False)
    decode: Callable[[bytes], Any] = msgspec.json.Decoder(combined, strict=False).decode
    return decode


def _orjson(case: Case) -> Callable[[bytes], Any]:
    loads = orjson.loads
    bids, asks = ("b", "a") if case.kind == 4 or case.futures else ("bids", "asks")

    def book_ticker(payload: bytes) -> Any:
        data = loads(payload)["data"]
        return data["u"], float(data["b"]), float(data["B"]), float(data["a"]), float(data["A"])

    def trade(payload: bytes) -> Any:
        data = loads(payload)["data"]
        return data["E"], float(data["p"]), float(data["q"])

    def depth(payload: bytes) -> Any:
        data = loads(payload)["data"]
        return [(float(p), float(q)) for p, q in data[bids]], [(float(p), float(q)) for p, q in data[asks]]

    return {1: book_ticker, 2: trade, 3: trade}.get(case.kind, depth)


PEERS = {"msgspec": _msgspec, "orjson": _orjson}


def peer(name: str, case: Case) -> Callable[[bytes], Any]:
    """Return the decoder of one peer for one case."""
    return PEERS[name](case)
