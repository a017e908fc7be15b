"""SBE messages of spot in plain `struct`, as documented and in every way that they may still become.

Source: SBE Market Data Streams, schema "spot_stream", id 1, version 0.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

__all__ = ["EVENT_US", "TRANSACT_US", "Deal", "Depth", "Quote", "Shape", "Trades", "with_header"]

# 2026-11-22 09:33:20.000123 UTC.
EVENT_US = 1_795_340_000_000_123
TRANSACT_US = EVENT_US - 17


@dataclass(frozen=True)
class Shape:
    """What a newer writer may change, and what a broken one may: everything but the fields themselves.

    Attributes
    ----------
    root_extra, entry_extra, extra
        Bytes behind the fields of the root block, of each entry of a group, and of the whole message.
    schema, version, template
        Of the header; a template of None is the message's own.
    block
        Length that the header states for the root; None is the true one.
    entry_block, count
        What each group states instead of the truth.
    symbol_length
        What stands before the symbol instead of the truth.
    """

    root_extra: bytes = b""
    entry_extra: bytes = b""
    extra: bytes = b""
    schema: int = 1
    version: int = 0
    template: int | None = None
    block: int | None = None
    entry_block: int | None = None
    count: int | None = None
    symbol_length: int | None = None

    def message(self, template: int, root: bytes, groups: Sequence[bytes], symbol: str | bytes) -> bytes:
        """Put a message together."""
        root += self.root_extra
        block = len(root) if self.block is None else self.block
        own = template if self.template is None else self.template
        text = symbol if isinstance(symbol, bytes) else symbol.encode()
        length = len(text) if self.symbol_length is None else self.symbol_length
        head = struct.pack("<HHHH", block, own, self.schema, self.version)
        return head + root + b"".join(groups) + bytes([length]) + text + self.extra

    def group(self, head: str, block: int, entries: Sequence[bytes]) -> bytes:
        """Put a group together; ``head`` is the layout of its header."""
        stated = block + len(self.entry_extra) if self.entry_block is None else self.entry_block
        count = len(entries) if self.count is None else self.count
        return struct.pack(head, stated, count) + b"".join(entry + self.entry_extra for entry in entries)


PLAIN = Shape()


@dataclass(frozen=True)
class Quote:
    """BestBidAskStreamEvent: numbers are mantissas."""

    update_id: int = 400_900_217
    bid: tuple[int, int] = (9_123_455, 120_000)
    ask: tuple[int, int] = (9_123_456, 40_000)
    exponents: tuple[int, int] = (-2, -5)
    event_us: int = EVENT_US
    symbol: str | bytes = "BTCUSDT"

    def message(self, shape: Shape = PLAIN) -> bytes:
        """Return the message."""
        root = struct.pack("<qqbbqqqq", self.event_us, self.update_id, *self.exponents, *self.bid, *self.ask)
        return shape.message(10001, root, (), self.symbol)

    def json(self) -> dict[str, Any]:
        """Return what spot's bookTicker says of the same; it has no times."""
        bid, ask = (list(map(_text, side, self.exponents)) for side in (self.bid, self.ask))
        return {
            "u": self.update_id, "s": self.symbol, "b": bid[0], "B": bid[1], "a": ask[0], "A": ask[1],
        }  # fmt: skip


class Deal(NamedTuple):
    """One entry of a TradesStreamEvent."""

    trade_id: int
    price: int
    qty: int
    is_buyer_maker: int = 0


@dataclass(frozen=True)
class Trades:
    """TradesStreamEvent."""

    deals: tuple[Deal, ...] = (Deal(12_345, 1_650_001, 100, 1),)
    exponents: tuple[int, int] = (-2, -5)
    event_us: int = EVENT_US
    transact_us: int = TRANSACT_US
    symbol: str | bytes = "BTCUSDT"

    def message(self, shape: Shape = PLAIN) -> bytes:
        """Return the message."""
        root = struct.pack("<qqbb", self.event_us, self.transact_us, *self.exponents)
        entries = [struct.pack("<qqqB", *deal) for deal in self.deals]
        return shape.message(10000, root, (shape.group("<HI", 25, entries),), self.symbol)

    def json(self) -> list[dict[str, Any]]:
        """Return spot's trade events of the same, with times in microseconds."""
        return [
            {
                "e": "trade", "E": self.event_us, "s": self.symbol, "t": deal.trade_id,
                "p": _text(deal.price, self.exponents[0]), "q": _text(deal.qty, self.exponents[1]),
                "T": self.transact_us, "m": bool(deal.is_buyer_maker), "M": True,
            }
            for deal in self.deals
        ]  # fmt: skip


@dataclass(frozen=True)
class Depth:
    """DepthDiffStreamEvent, and DepthSnapshotStreamEvent where there is no first update id."""

    first_update_id: int | None = 157
    update_id: int = 160
    bids: tuple[tuple[int, int], ...] = ((1_650_001, 1_000_000), (1_649_999, 0))
    asks: tuple[tuple[int, int], ...] = ((1_650_002, 10_000),)
    exponents: tuple[int, int] = (-2, -5)
    event_us: int = EVENT_US
    symbol: str | bytes = "BTCUSDT"

    def snapshot(self) -> "Depth":
        """Return the same as a snapshot."""
        return replace(self, first_update_id=None)

    def message(self, shape: Shape = PLAIN) -> bytes:
        """Return the message."""
        ids = (self.update_id,) if self.first_update_id is None else (self.first_update_id, self.update_id)
        root = struct.pack(f"<q{len(ids)}qbb", self.event_us, *ids, *self.exponents)
        groups = [
            shape.group("<HH", 16, [struct.pack("<qq", *level) for level in side])
            for side in (self.bids, self.asks)
        ]
        return shape.message(10002 if self.first_update_id is None else 10003, root, groups, self.symbol)

    def json(self) -> dict[str, Any]:
        """Return spot's depth event of the same."""
        bids, asks = (
            [list(map(_text, level, self.exponents)) for level in side]
            for side in (self.bids, self.asks)
        )
        if self.first_update_id is None:
            return {"lastUpdateId": self.update_id, "bids": bids, "asks": asks}
        head = {"e": "depthUpdate", "E": self.event_us, "s": self.symbol}
        return {**head, "U": self.first_update_id, "u": self.update_id, "b": bids, "a": asks}


def with_header(message: bytes, at: int, layout: str, value: int) -> bytes:
    """Return a message with one of its numbers changed in place."""
    changed = bytearray(message)
    struct.pack_into(layout, changed, at, value)
    return bytes(changed)


def _text(mantissa: int, exponent: int) -> str:
    assert exponent <= 0
    digits = f"{abs(mantissa):0{1 - exponent}d}"
    point = len(digits) + exponent
    text = f"{digits[:point]}.{digits[point:]}" if exponent else digits
    return f"-{text}" if mantissa < 0 else text
