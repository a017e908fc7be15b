"""Binary messages of spot: every template is the record that JSON of its values is, and nothing breaks it."""

import math
import struct
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.frames import combined
from support.sbe import EVENT_US, TRANSACT_US, Deal, Depth, Quote, Shape, Trades, with_header

from fastbinance._core.decode import decode
from fastbinance.errors import ConfigurationError, DecodeError
from fastbinance.records import FLAG_END_OF_FRAME

DIFF, SNAPSHOT = Depth(), Depth().snapshot()
MESSAGES = {
    "trade": Trades((Deal(1, 5, 6), Deal(2, 7, 8, 1))),
    "bestBidAsk": Quote(),
    "depth20": SNAPSHOT,
    "depth": DIFF,
}
NAMES = list(MESSAGES)
GROUPS = ["trade", "depth20", "depth"]
ROOTS = {"trade": 18, "bestBidAsk": 50, "depth20": 18, "depth": 26}
ENTRIES = {"trade": 25, "depth20": 16, "depth": 16}
NEWER = Shape(root_extra=b"\xff" * 9, entry_extra=b"\xfe" * 3, version=1, extra=b"\xfd" * 40)
# Of our own, or of the JSON stream that has no times.
OURS = ("sequence", "flags", "recv_ns", "levels_begin", "event_ns", "transaction_ns")

int64 = st.integers(-(2**63), 2**63 - 1)
int8 = st.integers(-128, 127)
small = st.integers(-(10**12), 10**12)
letters = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\')
sides = st.lists(st.tuples(small, small), max_size=6)


def code_of(payload, ws_key="mainSBE"):
    """Return the code with which a message is refused; whatever is not refused is none."""
    with pytest.raises(DecodeError) as caught:
        decode(payload, ws_key)
    assert caught.value.head == payload[:256]
    assert 0 <= caught.value.offset <= len(payload)
    return caught.value.code


def outcome(payload):
    """Return the records of a message, or the code of its rejection."""
    try:
        return decode(payload, "mainSBE")
    except DecodeError as error:
        return error.code


def comparable(record, *, without=OURS):
    """Return what a record says, levels included."""
    fields = {name: record[name] for name in record.fields() if name not in without}
    if "bid_count" in fields:
        fields |= {"bids": record.bids.tolist(), "asks": record.asks.tolist()}
    return fields


class TestRecords:
    @given(bid=st.tuples(small, small), ask=st.tuples(small, small), update_id=int64,
           exponents=st.tuples(st.integers(-12, 0), st.integers(-12, 0)))  # fmt: skip
    def test_a_quote_says_what_json_says(self, bid, ask, update_id, exponents):
        quote = Quote(update_id, bid, ask, exponents)
        (record,) = decode(quote.message(), "mainSBE")
        (same,) = decode(combined("btcusdt@bookTicker", quote.json()), "main")
        assert comparable(record) == comparable(same)
        assert (record.event_ns, record.transaction_ns, record.flags) == (EVENT_US * 1000, 0, 0)

    @given(
        deals=st.lists(
            st.builds(Deal, int64, small, small, st.integers(0, 1)), min_size=1, max_size=5
        ).map(tuple),
        exponents=st.tuples(st.integers(-12, 0), st.integers(-12, 0)),
    )  # fmt: skip
    def test_trades_say_what_json_says_one_by_one(self, deals, exponents):
        trades = Trades(deals, exponents)
        records = decode(trades.message(), "mainSBE")
        same = [decode(combined("btcusdt@trade", event), "main")[0] for event in trades.json()]
        without = ("sequence", "flags", "recv_ns")
        assert [comparable(one, without=without) for one in records] == [
            comparable(one, without=without) for one in same
        ]
        assert [one.sequence for one in records] == list(range(len(deals)))
        assert [one.flags for one in records] == [0] * (len(deals) - 1) + [FLAG_END_OF_FRAME]
        assert {(one.event_ns, one.transaction_ns) for one in records} == {
            (EVENT_US * 1000, TRANSACT_US * 1000)
        }

    @given(bids=sides, asks=sides)
    @example(bids=[], asks=[])
    def test_depths_say_what_json_says(self, bids, asks):
        diff = Depth(bids=tuple(bids), asks=tuple(asks))
        for depth, stream in ((diff, "btcusdt@depth"), (diff.snapshot(), "btcusdt@depth20")):
            (record,) = decode(depth.message(), "mainSBE")
            (same,) = decode(combined(stream, depth.json()), "main")
            assert comparable(record) == comparable(same)
            assert (record.event_ns, record.transaction_ns, record.flags) == (EVENT_US * 1000, 0, 0)

    def test_a_message_of_no_trades_has_no_record(self):
        assert decode(Trades(()).message(), "mainSBE") == []

    @pytest.mark.parametrize("count", [0, 1, 65_535])
    def test_a_side_may_have_as_many_levels_as_can_be_counted(self, count):
        sides = replace(DIFF, bids=((1, 2),) * count, asks=((3, 4),) * (65_535 - count))
        (record,) = decode(sides.message(), "mainSBE")
        assert (record.bid_count, record.ask_count, record.flags) == (count, 65_535 - count, 0)
        assert (record.bids.sum(), record.asks.sum()) == pytest.approx(
            (count * 0.01002, (65_535 - count) * 0.03004)
        )

    @pytest.mark.parametrize(
        "symbol", ["A", "ETHBTC", "1000PEPEUSDT", "牛来USDT", "A@B", "A" * 16, "A" * 17, "A" * 48]
    )
    @pytest.mark.parametrize("name", NAMES)
    def test_symbols_of_every_length_are_found(self, name, symbol):
        message = replace(MESSAGES[name], symbol=symbol)
        assert [comparable(one) for one in decode(message.message(), "mainSBE")] == [
            comparable(one) for one in decode(MESSAGES[name].message(), "mainSBE")
        ]

    @pytest.mark.parametrize("ws_key", ["mainSBE", "mainSBETestnet", "mainSBEDemo"])
    def test_every_binary_service_speaks_it(self, ws_key):
        assert len(decode(Quote().message(), ws_key)) == 1

    @pytest.mark.parametrize("name", NAMES)
    def test_the_stream_is_the_one_that_the_message_tells(self, name):
        message = MESSAGES[name].message()
        assert decode(message, "mainSBE", f"btcusdt@{name}") == decode(message, "mainSBE")
        with pytest.raises(ConfigurationError, match=f"it is of stream 'btcusdt@{name}', not of 'x@trade'"):
            decode(message, "mainSBE", "x@trade")

    def test_text_of_a_binary_service_is_json(self):
        assert decode('{"result":null,"id":1}', "mainSBE") == []


class TestNumbers:
    @settings(max_examples=1000)
    @given(mantissa=int64, exponent=int8)
    @example(mantissa=2**53 + 1, exponent=-1)
    @example(mantissa=-(2**63), exponent=-22)
    @example(mantissa=2**63 - 1, exponent=-23)
    @example(mantissa=0, exponent=127)
    @example(mantissa=1, exponent=-128)
    @example(mantissa=2**53, exponent=22)
    @example(mantissa=-(2**53), exponent=-22)
    def test_every_mantissa_and_exponent_is_the_nearest_double(self, mantissa, exponent):
        quote = Quote(bid=(mantissa, 1), ask=(1, mantissa), exponents=(exponent, 0))
        (record,) = decode(quote.message(), "mainSBE")
        nearest = float(f"{mantissa}e{exponent}")
        assert struct.pack("<d", record.bid_price) == struct.pack("<d", nearest)
        assert record.ask_qty == float(mantissa)

    @given(mantissa=int64, exponent=int8)
    def test_of_trades_and_levels_too(self, mantissa, exponent):
        nearest = float(f"{mantissa}e{exponent}")
        (trade,) = decode(Trades((Deal(1, 1, mantissa),), (0, exponent)).message(), "mainSBE")
        depth = replace(DIFF, bids=(), asks=((mantissa, 1),), exponents=(exponent, 0))
        (record,) = decode(depth.message(), "mainSBE")
        assert (trade.qty, record.asks[0][0]) == (nearest, nearest)

    def test_no_number_of_the_schema_is_beyond_a_double(self):
        assert math.isfinite(float(f"{-(2**63)}e127"))

    @pytest.mark.parametrize("time_us", [-1, -(2**63), 2**63 - 1, (2**63 - 1) // 1000 + 1])
    @pytest.mark.parametrize("name", NAMES)
    def test_times_that_no_nanoseconds_can_hold_are_refused(self, name, time_us):
        assert code_of(replace(MESSAGES[name], event_us=time_us).message()) == "number_range"

    @pytest.mark.parametrize("time_us", [-1, 2**63 - 1])
    def test_so_is_the_time_of_a_trade(self, time_us):
        assert code_of(Trades(transact_us=time_us).message()) == "number_range"

    @pytest.mark.parametrize("time_us", [0, (2**63 - 1) // 1000])
    def test_the_first_and_the_last_time_are_taken(self, time_us):
        (record,) = decode(Quote(event_us=time_us).message(), "mainSBE")
        assert record.event_ns == time_us * 1000

    @pytest.mark.parametrize("value", [2, 127, 255])
    @pytest.mark.parametrize("at", [0, 1, 2])
    def test_what_is_no_bool_refuses_all_trades_of_the_message(self, value, at):
        deals = [Deal(1, 5, 6), Deal(2, 5, 6), Deal(3, 5, 6)]
        deals[at] = deals[at]._replace(is_buyer_maker=value)
        message = Trades(tuple(deals)).message()
        assert code_of(message) == "wrong_type"


class TestNewerVersions:
    @pytest.mark.parametrize("name", NAMES)
    def test_appended_fields_and_data_are_stepped_over(self, name):
        newer = MESSAGES[name].message(NEWER)
        assert newer != MESSAGES[name].message()
        assert decode(newer, "mainSBE") == decode(MESSAGES[name].message(), "mainSBE")

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("version", [1, 2, 65_535])
    def test_a_newer_version_may_be_as_the_old_one(self, name, version):
        message = MESSAGES[name].message(Shape(version=version))
        assert decode(message, "mainSBE") == decode(MESSAGES[name].message(), "mainSBE")

    @pytest.mark.parametrize("name", NAMES)
    def test_longer_blocks_are_stepped_over_whatever_the_version(self, name):
        longer = MESSAGES[name].message(replace(NEWER, version=0, extra=b""))
        assert decode(longer, "mainSBE") == decode(MESSAGES[name].message(), "mainSBE")

    @pytest.mark.parametrize("name", NAMES)
    def test_nothing_follows_the_symbol_of_the_first_version(self, name):
        assert code_of(MESSAGES[name].message(Shape(extra=b"\0"))) == "trailing_bytes"

    @pytest.mark.parametrize("template", [0, 9999, 10004, 65_535])
    def test_templates_of_the_future_have_no_record(self, template):
        assert decode(Quote().message(Shape(template=template)), "mainSBE") == []
        assert decode(struct.pack("<HHHH", 65_535, template, 1, 0), "mainSBE") == []

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("schema", [0, 2, 3, 256, 65_535])
    def test_another_schema_is_refused(self, name, schema):
        assert code_of(MESSAGES[name].message(Shape(schema=schema, version=5))) == "other_schema"


class TestBadInput:
    @pytest.mark.parametrize("name", NAMES)
    def test_a_message_cut_at_any_byte_is_refused(self, name):
        message = MESSAGES[name].message()
        for size in range(len(message)):
            assert code_of(message[:size]) == ("truncated" if size else "empty")

    @pytest.mark.parametrize("name", NAMES)
    def test_a_newer_message_cut_before_its_end_is_refused(self, name):
        message = MESSAGES[name].message(replace(NEWER, extra=b""))
        for size in range(1, len(message)):
            assert code_of(message[:size]) == "truncated"

    @pytest.mark.parametrize("name", NAMES)
    def test_a_root_block_shorter_than_its_fields_is_refused(self, name):
        for block in range(ROOTS[name]):
            assert code_of(MESSAGES[name].message(Shape(block=block))) == "short_block"

    @pytest.mark.parametrize("name", NAMES)
    def test_a_root_block_beyond_the_message_is_refused(self, name):
        assert code_of(MESSAGES[name].message(Shape(block=65_535))) == "truncated"

    @pytest.mark.parametrize("name", GROUPS)
    def test_entries_shorter_than_their_fields_are_refused(self, name):
        for block in range(ENTRIES[name]):
            assert code_of(MESSAGES[name].message(Shape(entry_block=block))) == "short_block"

    @pytest.mark.parametrize("empty", [Trades(()), Depth(bids=(), asks=()), Depth(None, bids=(), asks=())])
    @pytest.mark.parametrize("block", [0, 1, 65_535])
    def test_the_length_of_entries_that_are_not_there_does_not_matter(self, empty, block):
        plain = decode(empty.message(), "mainSBE")
        assert decode(empty.message(Shape(entry_block=block)), "mainSBE") == plain

    @pytest.mark.parametrize("name", GROUPS)
    @pytest.mark.parametrize("block", [None, 65_535])
    def test_counts_beyond_the_message_are_refused(self, name, block):
        most = 2**32 - 1 if name == "trade" else 2**16 - 1
        for count in (*((3, 4) if name == "trade" else ()), most // 2, most - 1, most):
            shape = Shape(count=count, entry_block=block)
            assert code_of(MESSAGES[name].message(shape)) == "truncated", count

    def test_counts_whose_bytes_are_a_multiple_of_four_gigabytes_are_refused(self):
        # 2**16 times 2**16 bytes and the like: what a product of 32 bits would take for nothing.
        for block, count in ((32_768, 2**17), (32, 2**27), (4096, 2**20), (65_535, 2**32 - 1)):
            assert code_of(Trades(()).message(Shape(count=count, entry_block=block))) == "truncated"

    @pytest.mark.parametrize("name", NAMES)
    def test_a_symbol_beyond_the_message_is_refused(self, name):
        for length in (8, 9, 128, 255):
            assert code_of(MESSAGES[name].message(Shape(symbol_length=length))) == "truncated"

    @pytest.mark.parametrize("name", NAMES)
    def test_a_message_without_a_symbol_is_refused(self, name):
        assert code_of(replace(MESSAGES[name], symbol="").message()) == "wrong_symbol"
        assert code_of(replace(MESSAGES[name], symbol="").message(NEWER)) == "wrong_symbol"

    @pytest.mark.parametrize("symbol", ["A" * 49, "A" * 255])
    def test_a_symbol_longer_than_any_ring_keeps_is_refused(self, symbol):
        assert code_of(Quote(symbol=symbol).message()) == "symbol_too_long"

    @pytest.mark.parametrize(
        "symbol",
        [
            b"\xff", b"BTC\x80", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80",
            b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xe7\x89",
            b"\xc3(", b"\xe7\x89(", b"\xf0\x9f\x98(",
        ],
    )  # fmt: skip
    def test_a_symbol_that_is_no_text_is_refused(self, symbol):
        with pytest.raises(UnicodeDecodeError):
            symbol.decode()
        assert code_of(Quote(symbol=symbol).message()) == "invalid_utf8"

    @pytest.mark.parametrize("symbol", ['A"', "\\", "\0", "A\nB"])
    def test_a_symbol_that_no_ring_may_have_is_refused(self, symbol):
        assert code_of(Quote(symbol=symbol).message()) == "wrong_symbol"

    @given(symbol=st.text(letters, min_size=1, max_size=12))
    def test_any_text_may_be_a_symbol(self, symbol):
        assert len(decode(Quote(symbol=symbol).message(), "mainSBE")) == 1

    @given(symbol=st.binary(min_size=1, max_size=60))
    def test_any_bytes_for_a_symbol_are_taken_or_refused(self, symbol):
        told = outcome(Quote(symbol=symbol).message())
        assert told in ("symbol_too_long", "invalid_utf8", "wrong_symbol") or len(told) == 1

    @settings(max_examples=300)
    @given(name=st.sampled_from(NAMES), at=st.integers(0, 150), bits=st.binary(min_size=1, max_size=8))
    def test_any_bytes_changed_are_records_or_a_reject(self, name, at, bits):
        message = bytearray(MESSAGES[name].message())
        message[at : at + len(bits)] = bits
        told = outcome(bytes(message))
        assert isinstance(told, list) or told in {
            "truncated", "short_block", "other_schema", "number_range", "wrong_type", "wrong_symbol",
            "trailing_bytes", "invalid_utf8", "symbol_too_long",
        }  # fmt: skip

    @given(payload=st.binary(max_size=200))
    def test_random_bytes_are_records_or_a_reject(self, payload):
        assert outcome(payload) is not None

    def test_where_it_stopped_is_told(self):
        message = with_header(Trades((Deal(1, 5, 6), Deal(2, 5, 6))).message(), 8 + 18 + 6 + 25 + 24, "B", 9)
        with pytest.raises(DecodeError, match="mainSBE: undecodable payload, wrong_type at byte 57"):
            decode(message, "mainSBE")
