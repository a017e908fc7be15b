"""Every kind of record by orjson: the same integers and floats as ours, pulled out into tuples.

A tuple has the symbol's number and then the fields of the record in their order, without those that are ours
alone (sequence, flags, arrival). orjson leaves prices as text, so `float` is called on each.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import orjson

from benchmarks.corpus_kinds import KindCase
from fastbinance.codes import OrderStatus, OrderType, Side, TimeInForce, TradeType
from fastbinance.records import dtype_of
from fastbinance.streams import Kind

__all__ = ["checksum", "decoder"]

Row = tuple[Any, ...]
_MS: Final = 1_000_000
_NAN: Final = float("nan")
_WORD: Final = (1 << 64) - 1
_OURS: Final = ("sequence", "flags", "symbol_id", "recv_ns", "levels_begin")
_CODES: Final = {
    code: {member.name: int(member) for member in code}
    for code in (Side, OrderType, TimeInForce, OrderStatus, TradeType)
}
_SIDES, _ORDERS = _CODES[Side], _CODES[OrderType]
_IN_FORCE, _STATUSES = _CODES[TimeInForce], _CODES[OrderStatus]
_INTERVALS: Final = {"5m": 300_000 * _MS}


def _book_ticker(d: Any) -> Row:
    return 0, 0, d["u"], float(d["b"]), float(d["B"]), float(d["a"]), float(d["A"])


def _trade(d: Any) -> Row:
    return d["E"] * _MS, d["T"] * _MS, d["t"], float(d["p"]), float(d["q"]), d["m"], 0


def _agg_trade(d: Any) -> Row:
    return d["E"] * _MS, d["T"] * _MS, d["a"], d["f"], d["l"], float(d["p"]), float(d["q"]), d["m"]


def _levels(rows: Any) -> list[tuple[float, float]]:
    return [(float(price), float(qty)) for price, qty in rows]


def _diff_depth(d: Any) -> Row:
    bids, asks = _levels(d["b"]), _levels(d["a"])
    return d["E"] * _MS, d["T"] * _MS, d["U"], d["u"], d["pu"], len(bids), len(asks), bids, asks


def _partial_depth(d: Any) -> Row:
    bids, asks = _levels(d["bids"]), _levels(d["asks"])
    return 0, 0, 0, d["lastUpdateId"], 0, len(bids), len(asks), bids, asks


def _kline(d: Any) -> Row:
    k = d["k"]
    return (
        d["E"] * _MS, 0, k["t"] * _MS, k["T"] * _MS, float(k["o"]), float(k["h"]), float(k["l"]),
        float(k["c"]), float(k["v"]), float(k["q"]), float(k["V"]), float(k["Q"]), k["f"], k["L"], k["n"],
        k["x"],
    )  # fmt: skip


def _contract_kline(d: Any) -> Row:
    k = d["k"]
    return (
        0, 0, k["ot"] * _MS, k["ct"] * _MS, float(k["o"]), float(k["h"]), float(k["l"]), float(k["c"]),
        float(k["v"]), _NAN, _NAN, _NAN, 0, 0, 0, False,
    )  # fmt: skip


def _ticker(d: Any) -> Row:
    return (
        d["E"] * _MS, 0, d["O"] * _MS, d["C"] * _MS, d["F"], d["L"], d["n"], float(d["p"]), float(d["P"]),
        float(d["w"]), float(d["x"]), float(d["c"]), float(d["Q"]), float(d["b"]), float(d["B"]),
        float(d["a"]), float(d["A"]), float(d["o"]), float(d["h"]), float(d["l"]), float(d["v"]),
        float(d["q"]),
    )  # fmt: skip


def _futures_ticker(d: Any) -> Row:
    return (
        d["E"] * _MS, 0, d["O"] * _MS, d["C"] * _MS, d["F"], d["L"], d["n"], float(d["p"]), float(d["P"]),
        float(d["w"]), _NAN, float(d["c"]), float(d["Q"]), _NAN, _NAN, _NAN, _NAN, float(d["o"]),
        float(d["h"]), float(d["l"]), float(d["v"]), float(d["q"]),
    )  # fmt: skip


def _rolling_ticker(d: Any) -> Row:
    return (
        d["E"] * _MS, 0, d["O"] * _MS, d["C"] * _MS, d["F"], d["L"], d["n"], float(d["p"]), float(d["P"]),
        float(d["w"]), _NAN, float(d["c"]), _NAN, _NAN, _NAN, _NAN, _NAN, float(d["o"]), float(d["h"]),
        float(d["l"]), float(d["v"]), float(d["q"]),
    )  # fmt: skip


def _mini_ticker(d: Any) -> Row:
    return (
        d["E"] * _MS, 0, float(d["c"]), float(d["o"]), float(d["h"]), float(d["l"]), float(d["v"]),
        float(d["q"]),
    )  # fmt: skip


def _average_price(d: Any) -> Row:
    return d["E"] * _MS, d["T"] * _MS, float(d["w"]), _INTERVALS[d["i"]]


def _reference_price(d: Any) -> Row:
    return 0, d["t"] * _MS, float(d["r"])


def _mark_price(d: Any) -> Row:
    return (
        d["E"] * _MS, 0, float(d["p"]), float(d["ap"]), float(d["i"]), float(d["P"]), float(d["r"]),
        d["T"] * _MS,
    )  # fmt: skip


def _option_mark_price(d: Any) -> Row:
    return (
        d["E"] * _MS, 0, float(d["mp"]), float(d["i"]), float(d["P"]), float(d["bo"]), float(d["ao"]),
        float(d["bq"]), float(d["aq"]), float(d["b"]), float(d["a"]), float(d["hl"]), float(d["ll"]),
        float(d["vo"]), float(d["rf"]), float(d["d"]), float(d["t"]), float(d["g"]), float(d["v"]),
    )  # fmt: skip


def _index_price(d: Any) -> Row:
    return d["E"] * _MS, 0, float(d["p"])


def _force_order(d: Any) -> Row:
    o = d["o"]
    return (
        d["E"] * _MS, o["T"] * _MS, float(o["p"]), float(o["ap"]), float(o["q"]), float(o["l"]),
        float(o["z"]), _SIDES[o["S"]], _ORDERS[o["o"]], _IN_FORCE[o["f"]], _STATUSES[o["X"]],
    )  # fmt: skip


def _open_interest(d: Any) -> Row:
    return d["E"] * _MS, 0, float(d["o"]), float(d["h"])


def _asset_index(d: Any) -> Row:
    return (
        d["E"] * _MS, 0, float(d["i"]), float(d["b"]), float(d["a"]), float(d["B"]), float(d["A"]),
        float(d["q"]), float(d["g"]), float(d["Q"]), float(d["G"]),
    )  # fmt: skip


_ROWS: Final[dict[Kind, Callable[[Any], Row]]] = {
    Kind.BOOK_TICKER: _book_ticker, Kind.TRADE: _trade, Kind.AGG_TRADE: _agg_trade,
    Kind.DIFF_DEPTH: _diff_depth, Kind.PARTIAL_DEPTH: _partial_depth, Kind.BLOCK_TRADE: _trade,
    Kind.KLINE: _kline, Kind.CONTINUOUS_KLINE: _kline, Kind.INDEX_PRICE_KLINE: _kline,
    Kind.MARK_PRICE_KLINE: _kline, Kind.CONTRACT_KLINE: _contract_kline, Kind.TICKER: _ticker,
    Kind.ROLLING_TICKER: _rolling_ticker, Kind.MINI_TICKER: _mini_ticker,
    Kind.AVERAGE_PRICE: _average_price, Kind.REFERENCE_PRICE: _reference_price, Kind.MARK_PRICE: _mark_price,
    Kind.OPTION_MARK_PRICE: _option_mark_price, Kind.INDEX_PRICE: _index_price,
    Kind.FORCE_ORDER: _force_order, Kind.OPEN_INTEREST: _open_interest, Kind.ASSET_INDEX: _asset_index,
}  # fmt: skip


def decoder(case: KindCase) -> Callable[[bytes], list[Row]]:
    """Return what turns a payload of this case into a tuple for each record."""
    row_of = _ROWS[case.kind]
    if case.kind is Kind.TICKER and case.case.futures:
        row_of = _futures_ticker
    loads = orjson.loads
    if not case.case.name.endswith("array"):
        return lambda payload: [row_of(loads(payload)["data"])]
    ids: dict[str, int] = {}
    number_of = ids.setdefault

    def array(payload: bytes) -> list[Row]:
        # The number of its symbol is in our record too, so it is looked up here as well.
        return [(number_of(d["s"], len(ids)), *row_of(d)) for d in loads(payload)["data"]]

    return array


def checksum(case: KindCase, rows: list[Row], capacity: int) -> int:
    """Return the sum that `decode_loop` prints: bytes of the newest records, and of the last levels."""
    kept = rows[-capacity:]
    dtype = dtype_of(case.kind)
    table = np.zeros(len(kept), dtype)
    fields = dict(dtype.fields or {})
    names = [name for name in fields if name not in _OURS]
    skip = 1 if case.case.name.endswith("array") else 0
    for at, name in enumerate(names):
        table[name] = [row[skip + at] for row in kept]
    words = table.view("<u8").reshape(len(kept), -1)
    # Symbol and flags share a word.
    left_out = {offset - offset % 8 for name, (_, offset, *_) in fields.items() if name in _OURS}
    columns = [at for at in range(words.shape[1]) if 8 * at not in left_out]
    found = 0
    for word in words[:, columns].ravel().tolist():
        found = (found * 31 + word) & _WORD
    if case.kind in (Kind.DIFF_DEPTH, Kind.PARTIAL_DEPTH):
        levels = np.array([*kept[-1][-2], *kept[-1][-1]], "<f8")
        for word in levels.view("<u8").ravel().tolist():
            found = (found * 31 + word) & _WORD
    return found
