"""Binary messages of any bytes: the library says what a reading of the schema says, bits and codes alike."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sbe import Deal, Depth, Quote, Shape, Trades
from support.sbe_reading import TOPICS, Refused, read

from fastbinance._core.decode import decode
from fastbinance.errors import DecodeError

int64 = st.integers(-(2**63), 2**63 - 1)
times = st.one_of(st.integers(0, (2**63 - 1) // 1000), int64)
exponents = st.tuples(st.integers(-128, 127), st.integers(-128, 127))
names = ["BTCUSDT", "1000SATSUSDT", "币安人生USDT", "A" * 48]
symbols = st.sampled_from(names) | st.text(max_size=30)
sides = st.lists(st.tuples(int64, int64), max_size=5).map(tuple)
deals = st.builds(Deal, int64, int64, int64, st.sampled_from([0, 1, 0, 1, 0, 1, 2, 255]))
messages = st.one_of(
    st.builds(Quote, int64, st.tuples(int64, int64), st.tuples(int64, int64), exponents, times, symbols),
    st.builds(Trades, st.lists(deals, max_size=5).map(tuple), exponents, times, times, symbols),
    st.builds(Depth, st.none() | int64, int64, sides, sides, exponents, times, symbols),
)
TODAY = ["quote", "trade", "diff", "snapshot"]
lengths = st.none() | st.integers(0, 300)
shapes = st.builds(
    Shape, st.binary(max_size=9), st.binary(max_size=5), st.just(b"") | st.binary(max_size=40),
    st.sampled_from([1, 1, 1, 1, 0, 2, 257]), st.sampled_from([0, 0, 1, 65535]),
    st.sampled_from([None, None, None, None, 9999, 10004]),
    # Each of these four is seldom wrong, so that what lies behind it is read too.
    *[st.one_of(st.none(), st.none(), st.none(), lengths) for _ in range(3)], st.none() | st.integers(0, 255),
)  # fmt: skip


def bits(value):
    """Return doubles as their bits, however deep they lie: 0.0 is not -0.0."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, list):
        return [bits(one) for one in value]
    return value


def by_schema(payload):
    """Return stream and records of a message by the reading, or the code of its refusal."""
    try:
        template, symbol, records = read(payload)
    except Refused as refused:
        return refused.code
    if template not in TOPICS:
        return None, []
    # Stream names are lower case in ASCII; other letters are left as they came.
    stream = f"{''.join(sign.lower() if sign.isascii() else sign for sign in symbol)}@{TOPICS[template]}"
    return stream, [{name: bits(value) for name, value in one.items()} for one in records]


def by_library(payload, like):
    """Return the same by the library, with the fields that the reading has."""
    stream, expected = (None, []) if isinstance(like, str) else like
    try:
        records = decode(payload, "mainSBE", stream)  # which raises when the message is of another stream
    except DecodeError as error:
        return error.code
    assert len(records) == len(expected)
    found = []
    for record, wanted in zip(records, expected, strict=True):
        levels = {"bids": record.bids.tolist(), "asks": record.asks.tolist()} if "bids" in wanted else {}
        found.append({name: bits(levels[name] if name in levels else record[name]) for name in wanted})
    return stream, found


def check(payload):
    """Assert that both say the same; return what."""
    expected = by_schema(payload)
    assert by_library(payload, expected) == expected
    return expected


@given(message=messages)
def test_a_message_of_any_values_says_what_the_schema_says(message):
    check(message.message())


@settings(max_examples=300)
@given(message=messages, shape=shapes)
def test_newer_and_broken_messages_are_taken_or_refused_as_the_schema_has_it(message, shape):
    check(message.message(shape))


@settings(max_examples=300)
@given(message=messages, data=st.data())
def test_damage_is_taken_or_refused_as_the_schema_has_it(message, data):
    payload = bytearray(message.message())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(payload)))
        match data.draw(st.sampled_from(["change", "insert", "erase", "cut"])):
            case "change":
                payload[at : at + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case "insert":
                payload[at:at] = data.draw(st.binary(min_size=1, max_size=30))
            case "erase":
                del payload[at : at + data.draw(st.integers(1, 30))]
            case _:
                del payload[at:]
    check(bytes(payload))


@given(body=st.binary(max_size=150), template=st.sampled_from(sorted(TOPICS)), block=st.integers(0, 60))
def test_noise_behind_a_header_is_taken_or_refused_as_the_schema_has_it(body, template, block):
    check(struct.pack("<HHHH", block, template, 1, 0) + body)


@pytest.mark.parametrize("message", [Quote(), Trades(), Depth(), Depth().snapshot()], ids=TODAY)
def test_the_reading_takes_the_messages_of_today(message):
    # Or every comparison above would be one of refusals.
    stream, records = check(message.message())
    assert stream.startswith("btcusdt@")
    assert len(records) == 1
    assert check(message.message()[:-1]) == "truncated"
