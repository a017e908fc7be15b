"""What holds for every message, whatever it says: properties, by examples that nobody picked."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picows.picows import WSMsgType
from support.events import EVENTS
from support.expected import PLACES, differs, type_of
from support.frames import (
    CASES,
    HOME,
    STREAMS,
    Recorder,
    book_ticker,
    combined,
    depth,
    feed_for,
    frame_of,
    message_of,
    pack,
    ring_for,
    send,
    text_of,
)  # fmt: skip
from support.malformed import MALFORMED

from fastbinance._core.decode import decode
from fastbinance.errors import DecodeError, Lapped
from fastbinance.streams import Kind

# Depth comes in no arrays.
LISTED = [case for case in CASES if case[0] not in (Kind.DIFF_DEPTH, Kind.PARTIAL_DEPTH)]
# Spread over all kinds and markets: several examples of each.
many = settings(max_examples=8 * len(CASES))

decimals = st.one_of(
    st.decimals(min_value=-(10**9), max_value=10**9, places=8).map(lambda number: f"{number:f}"),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
)
VALUES = {
    "levels": st.lists(st.tuples(decimals, decimals).map(list), max_size=5),
    "time": st.one_of(st.integers(0, 9_223_372_036_854), st.integers(10**14, 9_223_372_036_854_775)),
    "interval": st.from_regex(r"[0-9]{1,4}[smhdw]", fullmatch=True),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "boolean": st.booleans(),
    "decimal": decimals,
}


def drawn_event(draw: Any, case: tuple[Kind, str]) -> dict[str, Any]:
    """Return the event of a case with another value at each of its keys that has a field."""
    event = {key: dict(value) if isinstance(value, dict) else value for key, value in EVENTS[case].items()}
    places = PLACES[case[0]] | {"event_ns": "E"}
    if "lastUpdateId" in event:
        places = {"update_id": "lastUpdateId", "bids": "bids", "asks": "asks"}
    for name, path in places.items():
        outer, _, inner = path.partition(".")
        holder, key = (event.get(outer, {}), inner) if inner else (event, outer)
        # null and "" are values too, and code texts come from a list: both stay.
        if key in holder and holder[key] not in (None, "") and type_of(name) != "code":
            holder[key] = draw(VALUES[type_of(name)])
    if case[0] is Kind.TRADE and "X" in event and float(event["p"]) == 0:  # a filler's price
        event["p"] = "0.00000001"
    return event


def shuffled(value: Any, order: Any) -> Any:
    """Return a value with the keys of every object in it in another order."""
    if isinstance(value, dict):
        items = [(key, shuffled(inner, order)) for key, inner in value.items()]
        order.shuffle(items)
        return dict(items)
    return value


def outcome(payload: bytes, ws_key: str, scanner: str = "auto") -> Any:
    try:
        return decode(payload, ws_key, scanner=scanner)
    except DecodeError as error:
        return error.code


@st.composite
def messages(draw: Any, cases: list[tuple[Kind, str]] = CASES) -> tuple[tuple[Kind, str], dict[str, Any]]:
    """Draw a case, and an event of its shape."""
    case = draw(st.sampled_from(cases))
    return case, drawn_event(draw, case)


class TestOneMessage:
    @many
    @given(drawn=messages())
    def test_decoding_inverts_building(self, drawn):
        case, event = drawn
        stream, ws_key = STREAMS[case]
        for scanner in ("auto", "fallback"):
            (record,) = decode(combined(stream, event), ws_key, scanner=scanner)
            assert differs(case[0], record, event) == []

    @many
    @given(drawn=messages(), order=st.randoms(use_true_random=False))
    def test_the_order_of_keys_at_any_depth_changes_nothing(self, drawn, order):
        case, event = drawn
        stream, ws_key = STREAMS[case]
        other = combined(stream, shuffled(event, order))
        assert decode(other, ws_key) == decode(combined(stream, event), ws_key)

    @many
    @given(drawn=messages())
    def test_without_its_wrapper_a_message_says_the_same(self, drawn):
        case, event = drawn
        stream, ws_key = STREAMS[case]
        assert decode(text_of(event), ws_key, stream) == decode(combined(stream, event), ws_key)

    @many
    @given(drawn=messages())
    def test_the_fast_path_says_the_same_or_nothing(self, drawn):
        case, event = drawn
        stream, ws_key = STREAMS[case]
        payload = combined(stream, event)
        slow = outcome(payload, ws_key, "fallback")
        assert outcome(payload, ws_key, "fast") in ("declined", slow)

    @given(data=st.data(), case=st.sampled_from(LISTED), count=st.integers(1, 5))
    def test_an_array_is_its_elements_one_by_one(self, data, case, count):
        stream, ws_key = STREAMS[case]
        events = [drawn_event(data.draw, case) for _ in range(count)]
        records = decode(combined(stream, events), ws_key)
        assert [record.sequence for record in records] == list(range(count))
        assert [record.flags & 2 for record in records] == [0] * (count - 1) + [2]
        for record, event in zip(records, events, strict=True):
            (alone,) = decode(combined(stream, event), ws_key)
            for name in record.fields():
                if name not in ("sequence", "flags"):
                    assert repr(record[name]) == repr(alone[name])


class TestManyMessages:
    @given(
        kind=st.sampled_from(list(HOME)), count=st.integers(0, 40), capacity=st.sampled_from([2, 4, 8, 16])
    )
    def test_a_ring_of_any_kind_holds_exactly_its_newest_records(self, kind, count, capacity):
        ring = ring_for(kind, HOME[kind], capacity=capacity)
        feed = feed_for(ring)
        assert feed.replay(*pack([message_of(kind)] * count)) == count
        assert ring.cursor == count - 1
        for sequence in range(count):
            if sequence > count - 1 - capacity:
                assert ring.at(sequence).sequence == sequence
            else:
                with pytest.raises(Lapped):
                    ring.at(sequence)

    @given(sizes=st.lists(st.integers(0, 12), min_size=1, max_size=30))
    def test_levels_that_are_there_are_those_of_their_record(self, sizes):
        ring = ring_for(Kind.DIFF_DEPTH, "spot", capacity=16, level_capacity=64)
        feed_for(ring).replay(*pack(depth(number + 1, size) for number, size in enumerate(sizes)))
        batch, _, lost = ring.copy_from(0, len(sizes))
        assert len(batch) + lost == len(sizes)
        for record in batch:
            number, size = int(record.update_id), sizes[record.update_id - 1]
            assert record.bids.tolist() == [[number + 0.5, i + 1.0] for i in range(size)]
            assert record.asks.tolist() == [[number + 0.75, i + 1.0] for i in range(size)]

    @given(order=st.lists(st.one_of(st.none(), st.sampled_from([row[1] for row in MALFORMED])), max_size=30))
    def test_bad_messages_between_good_ones_cost_nothing_but_themselves(self, order):
        ring = ring_for(Kind.BOOK_TICKER, "spot", capacity=32)
        others = [ring_for(*case) for case in CASES if case[1] == "spot" and case[0] is not Kind.BOOK_TICKER]
        feed = feed_for(ring, *others, handler=(handler := Recorder()))
        send(feed, *(book_ticker(number) if bad is None else bad for number, bad in enumerate(order)))
        good = [number for number, bad in enumerate(order) if bad is None]
        assert [ring.at(sequence).update_id for sequence in range(ring.cursor + 1)] == good
        assert feed.rejected == len(handler.rejects) == len(order) - len(good)

    @given(
        case=st.sampled_from(CASES),
        cuts=st.lists(st.integers(0, 900), max_size=6),
        pings=st.lists(st.booleans(), max_size=7),
    )
    def test_a_message_in_fragments_is_the_message(self, case, cuts, pings):
        payload = message_of(*case)
        bounds = [0, *sorted(min(cut, len(payload)) for cut in cuts), len(payload)]
        whole, pieces = ring_for(*case), ring_for(*case)
        send(feed_for(whole), payload)
        feed = feed_for(pieces)
        for i, (begin, end) in enumerate(pairwise(bounds)):
            kind = WSMsgType.TEXT if i == 0 else WSMsgType.CONTINUATION
            feed.on_ws_frame(None, frame_of(payload[begin:end], kind, fin=i == len(bounds) - 2))
            if i < len(pings) and pings[i]:
                feed.on_ws_frame(None, frame_of(b"p", WSMsgType.PING))
        same = [name for name in whole.last().fields() if name not in ("recv_ns", "levels_begin")]
        assert [repr(pieces.last()[name]) for name in same] == [repr(whole.last()[name]) for name in same]
        assert (feed.messages, feed.published, feed.rejected) == (1, 1, 0)

    @given(case=st.sampled_from(CASES), behind=st.binary(min_size=64, max_size=64))
    def test_what_lies_behind_a_message_never_decides(self, case, behind):
        payload = message_of(*case)
        ring = ring_for(*case, capacity=2)
        feed = feed_for(ring)
        assert feed.replay(*pack([payload], bytes(64))) == 1
        assert feed.replay(*pack([payload], behind)) == 1
        same = [name for name in ring.last().fields() if name not in ("sequence", "recv_ns", "levels_begin")]
        assert [repr(ring.at(0)[name]) for name in same] == [repr(ring.at(1)[name]) for name in same]
