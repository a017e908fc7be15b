"""The bytes of records: offsets, sizes and dtypes, which other processes will rely on."""

import numpy as np
import pytest

from fastbinance._core.ring import layouts
from fastbinance.records import BookTicker, dtype_of
from fastbinance.streams import Kind

HEAD = [
    ("sequence", 0),
    ("flags", 8),
    ("symbol_id", 12),
    ("event_ns", 16),
    ("transaction_ns", 24),
    ("recv_ns", 32),
]
INTEGERS = {"sequence", "event_ns", "transaction_ns", "recv_ns", "levels_begin"}
DEPTH = [
    ("first_update_id", 40), ("update_id", 48), ("prev_update_id", 56), ("levels_begin", 64),
    ("bid_count", 72), ("ask_count", 76),
]  # fmt: skip

#: Kind: bytes, and what follows the head, with offsets.
LAYOUTS = {
    Kind.BOOK_TICKER: (
        80, [("update_id", 40), ("bid_price", 48), ("bid_qty", 56), ("ask_price", 64), ("ask_qty", 72)],
    ),
    Kind.TRADE: (72, [("trade_id", 40), ("price", 48), ("qty", 56), ("is_buyer_maker", 64)]),
    Kind.AGG_TRADE: (
        88,
        [
            ("agg_trade_id", 40), ("first_trade_id", 48), ("last_trade_id", 56), ("price", 64), ("qty", 72),
            ("is_buyer_maker", 80),
        ],
    ),
    Kind.DIFF_DEPTH: (80, DEPTH),
    Kind.PARTIAL_DEPTH: (80, DEPTH),
}  # fmt: skip


def dtype_for(name):
    if name in INTEGERS or name.endswith("_id"):
        return "<u4" if name == "symbol_id" else "<i8"
    if name in ("flags", "bid_count", "ask_count"):
        return "<u4"
    return "|b1" if name == "is_buyer_maker" else "<f8"


@pytest.mark.parametrize("kind", Kind)
def test_fields_lie_where_they_always_did(kind):
    size, tail = LAYOUTS[kind]
    layout = layouts[int(kind)]
    assert (layout.record_bytes, layout.kind, layout.name) == (size, kind, kind.name.lower())
    assert [(name, offset) for name, (offset, _) in layout.fields.items()] == HEAD + tail
    assert layout.has_levels == (kind in (Kind.DIFF_DEPTH, Kind.PARTIAL_DEPTH))


@pytest.mark.parametrize("kind", Kind)
def test_the_dtype_says_the_same(kind):
    size, tail = LAYOUTS[kind]
    dtype = dtype_of(kind)
    assert dtype.itemsize == size
    assert size % 8 == 0
    assert dtype.names == tuple(name for name, _ in HEAD + tail)
    assert [dtype.fields[name] for name in dtype.names] == [
        (np.dtype(dtype_for(name)), offset) for name, offset in HEAD + tail
    ]


def test_there_are_no_other_kinds():
    assert sorted(layouts) == sorted(int(kind) for kind in Kind)


def test_a_record_and_its_row_have_the_same_fields():
    assert BookTicker.fields() == dtype_of(Kind.BOOK_TICKER).names


def test_a_layout_describes_itself():
    assert "book_ticker" in repr(layouts[1])
    assert "80 bytes" in repr(layouts[1])
