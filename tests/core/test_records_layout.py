"""The bytes of records: offsets, sizes and dtypes, which other processes will rely on."""

import numpy as np
import pytest

from fastbinance._core.record import layouts
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
INTEGERS = {"sequence", "levels_begin", "trade_count"}
DEPTH = [
    ("first_update_id", 40), ("update_id", 48), ("prev_update_id", 56), ("levels_begin", 64),
    ("bid_count", 72), ("ask_count", 76),
]  # fmt: skip

TRADE = (
    72, [("trade_id", 40), ("price", 48), ("qty", 56), ("is_buyer_maker", 64), ("trade_type", 65)],
)  # fmt: skip
KLINE = (
    152,
    [
        ("open_time_ns", 40), ("close_time_ns", 48), ("open_price", 56), ("high_price", 64),
        ("low_price", 72), ("close_price", 80), ("volume", 88), ("quote_volume", 96),
        ("taker_buy_volume", 104), ("taker_buy_quote_volume", 112), ("first_trade_id", 120),
        ("last_trade_id", 128), ("trade_count", 136), ("is_closed", 144),
    ],
)  # fmt: skip
TICKER = (
    200,
    [
        ("open_time_ns", 40), ("close_time_ns", 48), ("first_trade_id", 56), ("last_trade_id", 64),
        ("trade_count", 72), ("price_change", 80), ("price_change_percent", 88),
        ("weighted_average_price", 96), ("previous_close_price", 104), ("last_price", 112),
        ("last_qty", 120), ("bid_price", 128), ("bid_qty", 136), ("ask_price", 144), ("ask_qty", 152),
        ("open_price", 160), ("high_price", 168), ("low_price", 176), ("volume", 184),
        ("quote_volume", 192),
    ],
)  # fmt: skip

#: Kind: bytes, and what follows the head, with offsets.
LAYOUTS = {
    Kind.BOOK_TICKER: (
        80, [("update_id", 40), ("bid_price", 48), ("bid_qty", 56), ("ask_price", 64), ("ask_qty", 72)],
    ),
    Kind.TRADE: TRADE,
    Kind.BLOCK_TRADE: TRADE,
    Kind.AGG_TRADE: (
        88,
        [
            ("agg_trade_id", 40), ("first_trade_id", 48), ("last_trade_id", 56), ("price", 64), ("qty", 72),
            ("is_buyer_maker", 80),
        ],
    ),
    Kind.DIFF_DEPTH: (80, DEPTH),
    Kind.PARTIAL_DEPTH: (80, DEPTH),
    Kind.KLINE: KLINE,
    Kind.CONTINUOUS_KLINE: KLINE,
    Kind.INDEX_PRICE_KLINE: KLINE,
    Kind.MARK_PRICE_KLINE: KLINE,
    Kind.CONTRACT_KLINE: KLINE,
    Kind.TICKER: TICKER,
    Kind.ROLLING_TICKER: TICKER,
    Kind.MINI_TICKER: (
        88,
        [
            ("last_price", 40), ("open_price", 48), ("high_price", 56), ("low_price", 64), ("volume", 72),
            ("quote_volume", 80),
        ],
    ),
    Kind.AVERAGE_PRICE: (56, [("average_price", 40), ("interval_ns", 48)]),
    Kind.REFERENCE_PRICE: (48, [("price", 40)]),
    Kind.MARK_PRICE: (
        88,
        [
            ("mark_price", 40), ("mark_price_average", 48), ("index_price", 56),
            ("estimated_settle_price", 64), ("funding_rate", 72), ("next_funding_ns", 80),
        ],
    ),
    Kind.OPTION_MARK_PRICE: (
        176,
        [
            ("mark_price", 40), ("index_price", 48), ("estimated_settle_price", 56), ("bid_price", 64),
            ("ask_price", 72), ("bid_qty", 80), ("ask_qty", 88), ("bid_iv", 96), ("ask_iv", 104),
            ("high_price_limit", 112), ("low_price_limit", 120), ("mark_iv", 128), ("risk_free_rate", 136),
            ("delta", 144), ("theta", 152), ("gamma", 160), ("vega", 168),
        ],
    ),
    Kind.INDEX_PRICE: (48, [("price", 40)]),
    Kind.FORCE_ORDER: (
        88,
        [
            ("price", 40), ("average_price", 48), ("qty", 56), ("last_filled_qty", 64),
            ("cumulative_filled_qty", 72), ("side", 80), ("order_type", 81), ("time_in_force", 82),
            ("order_status", 83),
        ],
    ),
    Kind.OPEN_INTEREST: (56, [("open_interest", 40), ("open_interest_value", 48)]),
    Kind.ASSET_INDEX: (
        112,
        [
            ("index_price", 40), ("bid_buffer", 48), ("ask_buffer", 56), ("bid_rate", 64), ("ask_rate", 72),
            ("auto_exchange_bid_buffer", 80), ("auto_exchange_ask_buffer", 88),
            ("auto_exchange_bid_rate", 96), ("auto_exchange_ask_rate", 104),
        ],
    ),
}  # fmt: skip


def dtype_for(name):
    if name in ("flags", "symbol_id", "bid_count", "ask_count"):
        return "<u4"
    if name in INTEGERS or name.endswith(("_id", "_ns")):
        return "<i8"
    if name in ("trade_type", "side", "order_type", "time_in_force", "order_status"):
        return "|u1"
    return "|b1" if name in ("is_buyer_maker", "is_closed") else "<f8"


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
