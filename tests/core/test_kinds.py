"""What holds for payloads of every kind, key by key: order, absence, doubling, types and garbage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.expected import PLACES, at, differs, type_of
from support.frames import (
    CASES,
    EVENTS,
    IDS,
    STREAMS,
    combined,
    feed_for,
    message_of,
    ring_for,
    send,
    spelled,
    text_of,
)

from fastbinance._core.decode import decode
from fastbinance.errors import DecodeError
from fastbinance.streams import Kind

every_case = pytest.mark.parametrize("case", CASES, ids=IDS)

_KLINES = (Kind.KLINE, Kind.CONTINUOUS_KLINE, Kind.INDEX_PRICE_KLINE, Kind.MARK_PRICE_KLINE)
_TRADES = (Kind.TRADE, Kind.BLOCK_TRADE, Kind.AGG_TRADE)

#: Keys without a field: they may be anything that is JSON, may be doubled and may be missing.
SKIPPED = {
    **dict.fromkeys(CASES, frozenset({"ps"})),
    **{case: frozenset({"M", "nq", "S", "ps"}) for case in CASES if case[0] in _TRADES},
    **{case: frozenset({"k.i", "k.B", "k.s", "ps"}) for case in CASES if case[0] in _KLINES},
    (Kind.CONTINUOUS_KLINE, "usdm"): frozenset({"k.i", "k.B"}),
    (Kind.CONTINUOUS_KLINE, "coinm"): frozenset({"k.i", "k.B"}),
    (Kind.INDEX_PRICE_KLINE, "coinm"): frozenset({"k.i", "k.B", "k.s"}),
    (Kind.MARK_PRICE_KLINE, "coinm"): frozenset({"k.i", "k.B", "ps"}),
    (Kind.CONTRACT_KLINE, "alpha"): frozenset({"k.i"}),
    **{case: frozenset({"ps", "o.ps"}) for case in CASES if case[0] is Kind.FORCE_ORDER},
}

#: Keys with a field that may be missing.
OPTIONAL = {
    Kind.BOOK_TICKER: {"e", "E", "T"},
    Kind.TRADE: {"X"},
    Kind.DIFF_DEPTH: {"T", "pu"},
    Kind.PARTIAL_DEPTH: {"e", "E", "T", "s", "U", "pu"},
    Kind.TICKER: {"x", "b", "B", "a", "A"},
    Kind.MARK_PRICE: {"ap", "i", "P", "r", "T"},  # in 2021 there was neither "ap" nor, on COIN-M, "i"
}
PRODUCT = {"st", "o.st"}

#: Numbers that may be null or an empty text.
NULLABLE = {(Kind.REFERENCE_PRICE, "r"), *((Kind.MARK_PRICE, path) for path in ("r", "P", "i"))}


def decoded(payload, ws_key):
    """Return the one record of a payload, after holding the two scanners against each other."""
    (slow,) = decode(payload, ws_key, scanner="fallback")
    assert decode(payload, ws_key) == [slow]
    assert outcome(payload, ws_key, "fast") in ("declined", [slow])
    return slow


def outcome(payload, ws_key, scanner="auto"):
    try:
        return decode(payload, ws_key, scanner=scanner)
    except DecodeError as error:
        return error.code


def code(payload, ws_key):
    """Return the code with which both ways refuse a payload."""
    slow = outcome(payload, ws_key, "fallback")
    assert outcome(payload, ws_key) == slow
    assert isinstance(slow, str)
    return slow


def paths_of(event):
    """Return the path of every key, those of objects inside included."""
    return [
        path
        for key, value in event.items()
        for path in (key, *([f"{key}.{inner}" for inner in value] if isinstance(value, dict) else ()))
    ]


def changed(event, path, value):
    """Return an event with another value at a path."""
    outer, _, inner = path.partition(".")
    return event | {outer: event[outer] | {inner: value} if inner else value}


def without(event, path):
    """Return an event without a key."""
    outer, _, inner = path.partition(".")
    if inner:
        return event | {outer: without(event[outer], inner)}
    return {key: value for key, value in event.items() if key != outer}


def doubled(event, path, *, first):
    """Return an event in bytes, one key of it there twice; `first`: side by side, else again at the end."""
    outer, _, inner = path.partition(".")
    value = doubled(event[outer], inner, first=first) if inner else event[outer]
    items = [(key, value if key == outer else kept) for key, kept in event.items()]
    if not inner:
        items.insert([key for key, _ in items].index(outer) if first else len(items), (outer, value))
    return spelled(items)


def shuffled(event, order):
    items = [
        (key, shuffled(value, order) if isinstance(value, dict) else value) for key, value in event.items()
    ]
    order.shuffle(items)
    return dict(items)


def field_at(kind, path):
    """Return the field that a key fills, or None."""
    path = {"lastUpdateId": "u", "bids": "b", "asks": "a"}.get(path, path)
    return next((name for name, place in PLACES[kind].items() if place == path), None)


def types_refused(case, path):
    """Yield values that a key must not have, and the code of each."""
    kind, event = case[0], EVENTS[case]
    wrong = "wrong_type"
    yield from ((value, wrong) for value in (True, [], {}) if not _fits(case, path, value))
    name = field_at(kind, path)
    if path == "e":
        yield from ((1, wrong), (None, wrong), ("nothing", "wrong_event"), ("", "wrong_event"))
    elif path == "E" or (name and type_of(name) == "time"):
        yield from (("1723161256303", wrong), (1.5, wrong), (None, wrong), (-1, "number_range"))
        yield from ((99_999_999_999_999, "number_range"), (2**63, "number_range"))
    elif isinstance(at(event, path), dict):
        yield from ((1, wrong), ("x", wrong), (None, wrong))
    elif path.rpartition(".")[2] in ("st",):
        yield from (("1", wrong), (None, wrong), (1.0, wrong))
    elif isinstance(at(event, path), list):
        yield from ((1, wrong), ("x", wrong), (None, wrong), ([["1"]], wrong), ([["1", "x"]], "bad_number"))
    elif name is None or type_of(name) in ("code", "interval"):  # symbols and pairs among them
        yield from ((1, wrong), (None, wrong))
    elif type_of(name) == "integer":
        yield from (("1", wrong), (1.5, wrong), (None, wrong), (2**63, "number_range"))
    elif type_of(name) == "boolean":
        yield from (("true", wrong), (1, wrong), (None, wrong))
    else:
        yield from ((1.5, wrong), ("x", "bad_number"), (" 1", "bad_number"), ("1e999", "number_range"))
        if (kind, path) not in NULLABLE:
            yield from ((None, wrong), ("", "bad_number"))


def _fits(case, path, value):
    found = at(EVENTS[case], path)
    return isinstance(found, type(value))


class TestKeys:
    @given(case=st.sampled_from(CASES), order=st.randoms(use_true_random=False))
    def test_their_order_never_changes_a_record(self, case, order):
        stream, ws_key = STREAMS[case]
        turned = combined(stream, shuffled(EVENTS[case], order))
        assert decoded(turned, ws_key) == decoded(message_of(*case), ws_key)

    @every_case
    def test_one_that_is_missing_is_named_so_or_leaves_its_field_empty(self, case):
        stream, ws_key = STREAMS[case]
        for path in paths_of(EVENTS[case]):
            payload = combined(stream, without(EVENTS[case], path))
            if path in SKIPPED[case] | OPTIONAL.get(case[0], set()) | PRODUCT:
                assert differs(case[0], decoded(payload, ws_key), without(EVENTS[case], path)) == [], path
            else:
                assert code(payload, ws_key) == "missing_key", path

    @every_case
    @pytest.mark.parametrize("first", [True, False], ids=["side by side", "at the end"])
    def test_one_with_a_field_that_is_doubled_is_refused(self, case, first):
        stream, ws_key = STREAMS[case]
        for path in paths_of(EVENTS[case]):
            payload = combined(stream, doubled(EVENTS[case], path, first=first))
            if path in SKIPPED[case]:
                assert decoded(payload, ws_key) == decoded(message_of(*case), ws_key), path
            else:
                assert code(payload, ws_key) == "duplicate_key", path

    @every_case
    def test_values_of_another_type_are_refused(self, case):
        stream, ws_key = STREAMS[case]
        for path in paths_of(EVENTS[case]):
            if path in SKIPPED[case]:
                continue
            for value, refusal in types_refused(case, path):
                payload = combined(stream, changed(EVENTS[case], path, value))
                assert code(payload, ws_key) == refusal, (path, value)

    @every_case
    def test_one_without_a_field_may_hold_whatever_is_json(self, case):
        stream, ws_key = STREAMS[case]
        plain = decoded(message_of(*case), ws_key)
        for path in SKIPPED[case] & set(paths_of(EVENTS[case])):
            for value in (None, True, -1.5e3, "", "x" * 100, 'é\\"', [1, [2]], {"a": {}}):
                payload = combined(stream, changed(EVENTS[case], path, value))
                assert decoded(payload, ws_key) == plain, (path, value)

    @every_case
    @pytest.mark.parametrize(
        "garbage",
        [b"tru", b"nul", b"NaN", b"01", b"1.", b".5", b"+1", b"-", b'"\\q"', b"[1,2.]", b"[1,]", b'{"a"}',
         b'{"a":}', b"[}", b"'x'", b'"x":1', b'"x":"y"', b""],
    )  # fmt: skip
    def test_garbage_where_nobody_looks_is_still_refused(self, case, garbage):
        stream, ws_key = STREAMS[case]
        for path in {"zz"} | (SKIPPED[case] & set(paths_of(EVENTS[case]))):
            marked = text_of(changed(EVENTS[case] | {"zz": 0}, path, "HERE"))
            payload = combined(stream, marked.replace(b'"HERE"', garbage))
            assert code(payload, ws_key) == "invalid_json", (path, payload)


class TestPayloads:
    @every_case
    def test_data_before_its_stream_means_the_same(self, case):
        stream, ws_key = STREAMS[case]
        payload = b'{"data":%s,"stream":"%s"}' % (text_of(EVENTS[case]), stream.encode())
        assert decoded(payload, ws_key) == decoded(message_of(*case), ws_key)
        feed = feed_for(ring := ring_for(*case))
        send(feed, payload)
        assert (feed.published, ring.cursor) == (1, 0)

    @every_case
    @pytest.mark.parametrize(
        ("behind", "refusal"),
        [
            (b"}", "trailing_bytes"),
            (b"{}", "trailing_bytes"),
            (b"1", "invalid_json"),
            (b"\0", "invalid_json"),
        ],
    )
    def test_bytes_behind_it_are_refused(self, case, behind, refusal):
        assert code(message_of(*case) + behind, STREAMS[case][1]) == refusal
        feed = feed_for(ring := ring_for(*case))
        send(feed, message_of(*case) + behind, message_of(*case) * 2)
        assert (feed.rejected, ring.cursor) == (2, -1)

    @every_case
    def test_white_space_between_tokens_is_fine(self, case):
        stream, ws_key = STREAMS[case]
        payload = message_of(*case)
        for old, new in ((b",", b", "), (b":", b" : "), (b"}", b"\n}"), (b"{", b"{\t")):
            data = text_of(EVENTS[case])
            if old in b",:" and any(old in text_of(value) for value in _texts(EVENTS[case])):
                continue
            assert decoded(combined(stream, data.replace(old, new)), ws_key) == decoded(payload, ws_key)

    @every_case
    def test_the_symbol_of_another_is_refused_on_a_ring_of_one(self, case):
        if ring_for(*case).symbol is None or (case[0], case[1]) == (Kind.PARTIAL_DEPTH, "spot"):
            return  # many symbols, or none in the payload
        path = {
            Kind.CONTINUOUS_KLINE: "ps", Kind.INDEX_PRICE_KLINE: "ps", Kind.MARK_PRICE_KLINE: "k.s",
            Kind.FORCE_ORDER: "o.s", Kind.INDEX_PRICE: "i",
        }.get(case[0], "s")  # fmt: skip
        feed = feed_for(ring := ring_for(*case))
        symbol = at(EVENTS[case], path)
        for other in (symbol + "X", symbol[:-1], symbol.lower(), "X" + symbol[1:]):
            send(feed, combined(ring.stream, changed(EVENTS[case], path, other)))
        assert [reject.code for reject in feed.rejects] == ["wrong_symbol"] * 4
        send(feed, combined(ring.stream, changed(EVENTS[case], path, "")))
        assert (feed.rejected, feed.rejects[-1].code, ring.cursor) == (5, "wrong_symbol", -1)

    def test_a_contract_type_of_another_is_refused(self):
        feed = feed_for(ring := ring_for(Kind.CONTINUOUS_KLINE, "usdm"))
        for contract in ("CURRENT_QUARTER", "PERPETUA", "PERPETUALS", "", "A" * 48):
            send(feed, message_of(Kind.CONTINUOUS_KLINE, "usdm", ct=contract))
        assert [reject.code for reject in feed.rejects] == ["wrong_symbol"] * 4 + ["symbol_too_long"]
        assert ring.cursor == -1

    @every_case
    def test_numbers_may_have_signs_exponents_and_many_digits(self, case):
        stream, ws_key = STREAMS[case]
        for text in (
            "-0.00006042",
            "1.6711317692476314E7",
            "423075730671.12853",
            "0",
            "1e-7",
            "299999997.00000000",
        ):
            event = EVENTS[case]
            for name, path in PLACES[case[0]].items():
                if type_of(name) == "decimal" and at(event, path) is not None:
                    event = changed(event, path, text)
            if case[0] is Kind.TRADE and "X" in event and text == "0":  # a filler's price
                assert decode(combined(stream, event), ws_key) == []
            else:
                assert differs(case[0], decoded(combined(stream, event), ws_key), event) == []

    @every_case
    def test_ids_and_counts_are_whole_64_bits(self, case):
        stream, ws_key = STREAMS[case]
        for number in (0, -1, 2**53 + 1, 2**63 - 1, -(2**63)):
            event = EVENTS[case]
            for name, path in PLACES[case[0]].items():
                if type_of(name) == "integer" and at(event, path) is not None:
                    event = changed(event, path, number)
            assert differs(case[0], decoded(combined(stream, event), ws_key), event) == []

    @every_case
    def test_microseconds_are_told_by_their_size(self, case):
        stream, ws_key = STREAMS[case]
        event = EVENTS[case]
        for name, path in {"event_ns": "E", **PLACES[case[0]]}.items():
            if type_of(name) == "time" and at(event, path):
                event = changed(event, path, at(event, path) * 1000 + 789)
        assert differs(case[0], decoded(combined(stream, event), ws_key), event) == []


def _texts(event):
    for value in event.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from _texts(value)


class TestMissingNumbers:
    @pytest.mark.parametrize("missing", [None, ""])
    def test_a_reference_price_that_does_not_exist_is_nan(self, missing):
        event = EVENTS[Kind.REFERENCE_PRICE, "spot"] | {"r": missing}
        record = decoded(combined("btcusdt@referencePrice", event), "main")
        assert differs(Kind.REFERENCE_PRICE, record, event) == []
        assert record.price != record.price

    @pytest.mark.parametrize(("rate", "time"), [("", 0), (None, 0), ("", 1723161600000), ("0.0001", 0)])
    def test_funding_that_does_not_exist_is_nan_at_time_0(self, rate, time):
        event = EVENTS[Kind.MARK_PRICE, "usdm"] | {"r": rate, "T": time}
        record = decoded(combined("btcusdt@markPrice@1s", event), "usdmMarket")
        assert differs(Kind.MARK_PRICE, record, event) == []
