"""SBE messages of spot read a second time: `struct`, field after field, and `float` of every number's text.

Says what a decoder has to publish of any bytes, or how it has to refuse them: the first thing that is wrong,
in the order of the wire. Written from the schema; nothing here comes from the library or its simulator.
"""

import math
import struct
from collections.abc import Iterator
from typing import Any, Final

__all__ = ["TOPICS", "Refused", "read"]

#: Stream name behind "@", by template.
TOPICS: Final = {10000: "trade", 10001: "bestBidAsk", 10002: "depth20", 10003: "depth"}
TRADES, BEST_BID_ASK, DEPTH20, DEPTH = TOPICS

#: Bytes of the blocks in version 0: root, and entries of a group.
_ROOT: Final = {TRADES: 18, BEST_BID_ASK: 50, DEPTH20: 18, DEPTH: 26}
_ENTRY: Final = {TRADES: 25, DEPTH20: 16, DEPTH: 16}

_LARGEST_US: Final = (2**63 - 1) // 1000
_MOST_SYMBOL_BYTES: Final = 48


class Refused(Exception):
    """A frame that has to be rejected; `code` is how."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Cursor:
    """What is left of a frame."""

    def __init__(self, frame: bytes) -> None:
        self.rest = frame

    def take(self, size: int) -> bytes:
        if size > len(self.rest):
            raise Refused("truncated")
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def group(self, head: str, least: int) -> Iterator[bytes]:
        block, count = struct.unpack(head, self.take(struct.calcsize(head)))
        if count and block < least:
            raise Refused("short_block")
        body = self.take(block * count)
        return (body[at : at + block] for at in range(0, len(body), block)) if body else iter(())


def _number(mantissa: int, exponent: int) -> float:
    value = float(f"{mantissa}e{exponent}")
    if math.isinf(value):
        raise Refused("number_range")
    return value


def _time_ns(us: int) -> int:
    if not 0 <= us <= _LARGEST_US:
        raise Refused("number_range")
    return us * 1000


def _symbol(cursor: _Cursor, version: int) -> str:
    text = cursor.take(cursor.take(1)[0])
    if not text:
        raise Refused("wrong_symbol")
    if cursor.rest and version == 0:
        raise Refused("trailing_bytes")
    if len(text) > _MOST_SYMBOL_BYTES:
        raise Refused("symbol_too_long")
    if any(sign < 0x20 or sign in b'"\\' for sign in text):
        raise Refused("wrong_symbol")
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise Refused("invalid_utf8") from None


def read(frame: bytes) -> tuple[int, str, list[dict[str, Any]]]:
    """Return template, symbol and records of a message; neither of the two for templates that nobody knows.

    Raises
    ------
    Refused
        What a decoder must not publish.
    """
    if not frame:
        raise Refused("empty")
    cursor = _Cursor(frame)
    block, template, schema, version = struct.unpack("<HHHH", cursor.take(8))
    if schema != 1:
        raise Refused("other_schema")
    if template not in TOPICS:
        return template, "", []
    if block < _ROOT[template]:
        raise Refused("short_block")
    root = cursor.take(block)
    if template == BEST_BID_ASK:
        symbol = _symbol(cursor, version)
        event_us, update_id, price_exp, qty_exp, *values = struct.unpack_from("<qqbbqqqq", root)
        names = ("bid_price", "bid_qty", "ask_price", "ask_qty")
        exponents = (price_exp, qty_exp) * 2
        record: dict[str, Any] = {"event_ns": _time_ns(event_us), "update_id": update_id}
        record |= {n: _number(m, e) for n, m, e in zip(names, values, exponents, strict=True)}
        return template, symbol, [record]
    if template == TRADES:
        entries = list(cursor.group("<HI", _ENTRY[template]))
        symbol = _symbol(cursor, version)
        event_us, transact_us, price_exp, qty_exp = struct.unpack_from("<qqbb", root)
        times = {"event_ns": _time_ns(event_us), "transaction_ns": _time_ns(transact_us)}
        found = []
        for at, entry in enumerate(entries, 1):
            trade_id, price, qty, maker = struct.unpack_from("<qqqB", entry)
            if maker > 1:
                raise Refused("wrong_type")
            found.append({
                **times, "trade_id": trade_id,
                "price": _number(price, price_exp), "qty": _number(qty, qty_exp),
                "is_buyer_maker": maker == 1, "trade_type": 0, "flags": 2 if at == len(entries) else 0,
            })  # fmt: skip
        return template, symbol, found
    sides = [list(cursor.group("<HH", _ENTRY[template])) for _ in range(2)]
    symbol = _symbol(cursor, version)
    if template == DEPTH:
        event_us, first, last, price_exp, qty_exp = struct.unpack_from("<qqqbb", root)
    else:
        event_us, last, price_exp, qty_exp = struct.unpack_from("<qqbb", root)
        first = 0
    event_ns = _time_ns(event_us)
    bids, asks = (
        [
            [_number(price, price_exp), _number(qty, qty_exp)]
            for price, qty in (struct.unpack_from("<qq", level) for level in side)
        ]
        for side in sides
    )
    book = {
        "event_ns": event_ns, "first_update_id": first, "update_id": last, "prev_update_id": 0,
        "bid_count": len(bids), "ask_count": len(asks), "bids": bids, "asks": asks,
    }  # fmt: skip
    return template, symbol, [book]
