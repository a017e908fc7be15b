"""What Binance has begun to send and our tables do not know: published all the same, counted, told once."""

import pytest
from support.expected import CODES, PLACES, differs
from support.frames import (
    CASES,
    EVENTS,
    HOME,
    IDS,
    STREAMS,
    Recorder,
    combined,
    feed_for,
    message_of,
    pack,
    ring_for,
    send,
    text_of,
)

from fastbinance import codes
from fastbinance._core.decode import decode
from fastbinance.errors import ConfigurationError
from fastbinance.records import FLAG_COINM, FLAG_USDM
from fastbinance.streams import Kind

ROOM = 64
QUOTE = EVENTS[Kind.BOOK_TICKER, "spot"]
MINI = EVENTS[Kind.MINI_TICKER, "usdm"]


#: Events with an object in them, and its key.
NESTED = [(case, key) for case in CASES for key, value in EVENTS[case].items() if isinstance(value, dict)]


def watched(kind=Kind.BOOK_TICKER, market="", **options):
    """Return ring, feed and its handler."""
    ring = ring_for(kind, market, **options)
    handler = Recorder()
    return ring, feed_for(ring, handler=handler), handler


def things(drifts):
    return [(drift.what, drift.path, drift.sample, drift.count) for drift in drifts]


class TestKeys:
    @pytest.mark.parametrize("case", CASES, ids=IDS)
    def test_an_unknown_key_is_published_over_and_counted(self, case):
        ring, feed, handler = watched(*case)
        event = EVENTS[case]
        payload = combined(ring.stream, event | {"zz": "new"})
        send(feed, message_of(*case), payload, payload)
        assert (feed.published, feed.rejected, ring.cursor) == (3, 0, 2)
        assert differs(case[0], ring.last(), event) == []
        (drift,) = feed.drifts
        name = Kind(case[0]).name.lower()
        assert drift[:6] == (ring.stream, name, "key", "zz", '"new"', 2)
        assert (drift.first_ns, drift.last_ns) == (ring.at(1).recv_ns, ring.at(2).recv_ns)
        ((told, shown),) = handler.drifts
        assert (told[0][:6], shown) == ((*drift[:5], 1), payload)

    @pytest.mark.parametrize(("case", "outer"), NESTED)
    def test_a_key_within_another_is_named_with_it(self, case, outer):
        ring, feed, _ = watched(*case)
        inner = EVENTS[case][outer] | {"zz": [1, 2]}
        send(feed, combined(ring.stream, EVENTS[case] | {outer: inner}))
        assert things(feed.drifts) == [("key", f"{outer}.zz", "[", 1)]
        assert ring.cursor == 0

    @pytest.mark.parametrize(
        ("value", "sample"),
        [
            (1, "1"),
            (-1.5e3, "-1500.0"),
            (None, "null"),
            (True, "true"),
            ("", '""'),
            ({"a": 1}, "{"),
            ([], "["),
            ("x" * 100, '"' + "x" * 47),
            ("牛", '"牛"'),
        ],
    )
    def test_the_sample_is_the_value_as_on_the_wire(self, value, sample):
        ring, feed, _ = watched()
        send(feed, combined(ring.stream, QUOTE | {"zz": value}))
        assert things(feed.drifts) == [("key", "zz", sample, 1)]

    def test_the_first_sample_of_a_key_stays(self):
        ring, feed, handler = watched()
        send(feed, *(combined(ring.stream, QUOTE | {"zz": i}) for i in range(3)))
        assert things(feed.drifts) == [("key", "zz", "0", 3)]
        assert len(handler.drifts) == 1

    def test_a_long_key_is_cut(self):
        ring, feed, _ = watched()
        send(feed, combined(ring.stream, QUOTE | {"k" * 50: 1}))
        assert things(feed.drifts) == [("key", "k" * 32, "1", 1)]

    def test_a_text_cut_inside_a_character_is_still_text(self):
        ring, feed, _ = watched()
        send(feed, combined(ring.stream, QUOTE | {"zz": "牛" * 40}))
        assert feed.drifts[0].sample.startswith('"牛牛')

    def test_a_key_in_escaped_spelling_is_the_same_key(self):
        ring, feed, _ = watched()
        payload = combined(ring.stream, QUOTE | {"zz": 1})
        send(feed, payload, payload.replace(b'"zz"', b'"z\\u007a"'))
        assert things(feed.drifts) == [("key", "zz", "1", 2)]

    def test_several_in_one_payload_are_told_together_in_order(self):
        ring, feed, handler = watched()
        send(
            feed,
            combined(ring.stream, QUOTE | {"z1": 1, "z2": 2}),
            combined(ring.stream, QUOTE | {"z3": 3, "z1": 1}),
        )
        assert things(feed.drifts) == [("key", "z1", "1", 2), ("key", "z2", "2", 1), ("key", "z3", "3", 1)]
        assert [[drift.path for drift in told] for told, _ in handler.drifts] == [["z1", "z2"], ["z3"]]

    def test_the_same_key_of_another_stream_is_another_drift(self):
        quotes, trades = ring_for(Kind.BOOK_TICKER), ring_for(Kind.TRADE)
        feed = feed_for(quotes, trades)
        for kind in (Kind.BOOK_TICKER, Kind.TRADE):
            send(feed, message_of(kind, zz=1))
        assert [drift.stream for drift in feed.drifts] == [quotes.stream, trades.stream]
        assert [drift.kind for drift in feed.drifts] == ["book_ticker", "trade"]

    def test_elements_of_an_array_are_counted_one_by_one(self):
        ring, feed, handler = watched(Kind.MINI_TICKER, "usdm")
        send(feed, combined(ring.stream, [MINI | {"zz": 1}, MINI, MINI | {"zz": 2}]))
        assert things(feed.drifts) == [("key", "zz", "1", 2)]
        assert len(handler.drifts) == 1

    def test_a_key_beside_the_wrapper_is_named_with_a_stroke(self):
        ring, feed, handler = watched()
        payload = combined(ring.stream, QUOTE)
        send(feed, payload[:-1] + b',"key":{"a":1}}', b'{"key":7,' + payload[1:])
        assert things(feed.drifts) == [("key", "/key", "{", 2)]
        assert (ring.cursor, len(handler.drifts)) == (1, 1)

    def test_a_payload_without_wrapper_has_no_stroke(self):
        ring, feed, _ = watched()
        send(feed, text_of(QUOTE | {"zz": 1}))
        assert things(feed.drifts) == [("key", "zz", "1", 1)]
        assert ring.cursor == 0

    @pytest.mark.parametrize("case", CASES, ids=IDS)
    def test_documented_messages_have_no_drift(self, case):
        ring, feed, handler = watched(*case)
        backwards = combined(ring.stream, dict(reversed(EVENTS[case].items())))
        send(feed, message_of(*case), text_of(EVENTS[case]), backwards)
        assert (feed.drifts, handler.drifts, feed.drift_overflow, feed.rejected) == ([], [], 0, 0)


CODE_PLACES = [
    (kind, name, path) for kind, places in PLACES.items() for name, path in places.items() if name in CODES
]


def with_code(kind, path, text):
    """Return an event whose key at this path has this text."""
    event = EVENTS[kind, "usdm"]
    outer, _, inner = path.partition(".")
    return event | {outer: event[outer] | {inner: text} if inner else text}


class TestValues:
    @pytest.mark.parametrize(("kind", "name", "path"), CODE_PLACES)
    def test_the_enum_is_what_decoding_gives(self, kind, name, path):
        for member in CODES[name]:
            if member.name in ("NONE", "UNKNOWN"):
                continue
            ring, feed, _ = watched(kind, "usdm")
            send(feed, combined(ring.stream, with_code(kind, path, member.name)))
            assert ring.last()[name] == member
            assert feed.drifts == []

    @pytest.mark.parametrize(("kind", "name", "path"), CODE_PLACES)
    def test_an_unknown_text_is_unknown_and_counted(self, kind, name, path):
        ring, feed, handler = watched(kind, "usdm")
        payloads = [
            combined(ring.stream, with_code(kind, path, text)) for text in ("NEWEST", "OTHER", "NEWEST")
        ]
        send(feed, *payloads)
        assert ring.last()[name] == CODES[name].UNKNOWN == 255
        assert things(feed.drifts) == [("value", path, "NEWEST", 2), ("value", path, "OTHER", 1)]
        assert [payload for _, payload in handler.drifts] == payloads[:2]

    @pytest.mark.parametrize("text", ["NONE", "UNKNOWN", "", "market", "MARKET ", "NA "])
    def test_only_the_very_texts_are_known(self, text):
        ring, feed, _ = watched(Kind.TRADE, "usdm")
        send(feed, combined(ring.stream, with_code(Kind.TRADE, "X", text)))
        assert ring.last().trade_type == codes.TradeType.UNKNOWN
        assert things(feed.drifts) == [("value", "X", text, 1)]

    def test_a_stream_without_the_key_has_none(self):
        (record,) = decode(message_of(Kind.TRADE, "spot"), "main")
        assert record.trade_type == codes.TradeType.NONE

    def test_a_filler_is_no_drift(self):
        ring, feed, _ = watched(Kind.TRADE, "usdm")
        send(feed, message_of(Kind.TRADE, "usdm", X="NA", p="0", q="0"))
        assert (feed.skipped, feed.drifts, ring.cursor) == (1, [], -1)

    @pytest.mark.parametrize(
        "case", [case for case in CASES if "st" in EVENTS[case] or case == (Kind.FORCE_ORDER, "usdm")]
    )
    @pytest.mark.parametrize(("product", "flag"), [(1, FLAG_USDM), (2, FLAG_COINM), (0, 0), (3, 0), (-1, 0)])
    def test_a_product_is_a_flag_or_a_drift(self, case, product, flag):
        ring, feed, _ = watched(*case)
        send(feed, combined(ring.stream, EVENTS[case] | {"st": product}))
        had = FLAG_USDM if case == (Kind.FORCE_ORDER, "usdm") else 0
        assert ring.last().flags == flag | had
        assert things(feed.drifts) == ([] if flag else [("value", "st", str(product), 1)])

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("1s", 1), ("5m", 300), ("15m", 900), ("8h", 28_800), ("3d", 259_200), ("1w", 604_800)],
    )
    def test_an_interval_is_nanoseconds(self, text, seconds):
        ring, feed, _ = watched(Kind.AVERAGE_PRICE)
        send(feed, message_of(Kind.AVERAGE_PRICE, i=text))
        assert (ring.last().interval_ns, feed.drifts) == (seconds * 10**9, [])

    @pytest.mark.parametrize("text", ["1M", "", "m", "5", "-5m", "5 m", "10000w", "5m "])
    def test_an_interval_that_we_cannot_read_is_zero_and_counted(self, text):
        ring, feed, _ = watched(Kind.AVERAGE_PRICE)
        send(feed, message_of(Kind.AVERAGE_PRICE, i=text))
        assert (ring.last().interval_ns, things(feed.drifts)) == (0, [("value", "i", text, 1)])


class TestTable:
    def test_what_has_no_room_is_only_counted(self):
        ring, feed, handler = watched()
        send(feed, *(combined(ring.stream, QUOTE | {f"z{i}": i}) for i in range(ROOM + 6)))
        assert [drift.path for drift in feed.drifts] == [f"z{i}" for i in range(ROOM)]
        assert (feed.drift_overflow, len(handler.drifts), ring.cursor) == (6, ROOM, ROOM + 5)
        send(feed, combined(ring.stream, QUOTE | {"z0": 0}))
        assert (feed.drifts[0].count, feed.drift_overflow) == (2, 6)

    def test_one_payload_with_more_than_are_kept_of_it_is_published(self):
        ring, feed, handler = watched()
        send(feed, combined(ring.stream, QUOTE | {f"z{i}": i for i in range(40)}))
        assert ring.cursor == 0
        assert [drift.path for drift in feed.drifts] == [f"z{i}" for i in range(16)]
        assert len(handler.drifts) == 1

    @pytest.mark.parametrize(
        "changes",
        [{"b": "x"}, {"b": None}, {"s": "ETHUSDT"}, {"s": ""}],
        ids=["number", "type", "symbol", "empty"],
    )
    def test_rejected_payloads_are_not_counted(self, changes):
        ring, feed, handler = watched()
        send(
            feed,
            combined(ring.stream, {"zz": 1} | QUOTE | changes),
            combined(ring.stream, QUOTE | {"zz": 1}) + b"}",
        )
        assert (feed.rejected, feed.drifts, handler.drifts) == (2, [], [])

    def test_an_array_with_a_bad_element_is_not_counted(self):
        ring, feed, _ = watched(Kind.MINI_TICKER, "usdm")
        send(feed, combined(ring.stream, [MINI | {"zz": 1}, MINI | {"c": ""}]))
        assert (feed.rejected, feed.drifts) == (1, [])

    def test_a_replay_gives_its_own_times(self):
        ring, feed, _ = watched()
        buffer, offsets, sizes = pack([combined(ring.stream, QUOTE | {"zz": 1})] * 3)
        feed.replay(buffer, offsets, sizes, offsets * 0 + [5, 6, 9])
        (drift,) = feed.drifts
        assert (drift.count, drift.first_ns, drift.last_ns) == (3, 5, 9)

    def test_a_failing_handler_is_counted_and_the_record_is_there(self, caplog):
        class Failing(Recorder):
            def on_drift(self, drifts, payload, recv_ns):
                raise RuntimeError("on_drift")

        feed = feed_for(ring := ring_for(Kind.BOOK_TICKER), handler=Failing())
        send(feed, combined(ring.stream, QUOTE | {"zz": 1}))
        assert (feed.handler_errors, ring.cursor, len(feed.drifts)) == (1, 0, 1)
        assert "the handler of a message failed" in caplog.text

    def test_decode_is_not_disturbed(self):
        for kind, market in HOME.items():
            (plain,) = decode(message_of(kind), STREAMS[kind, market][1])
            assert decode(message_of(kind, zz=1), STREAMS[kind, market][1]) == [plain]


class TestRaw:
    @pytest.mark.parametrize("case", CASES, ids=IDS)
    def test_a_stream_that_is_wanted_raw_gives_records_and_messages(self, case):
        ring, feed, handler = watched(*case)
        payload = message_of(*case)
        feed.set_raw(ring.stream, True)
        send(feed, payload)
        feed.set_raw(ring.stream, False)
        send(feed, payload)
        assert handler.messages == [(ring.stream, payload)]
        assert (feed.published, feed.unrouted, ring.cursor) == (2, 0, 1)
        one, two = ring.at(0), ring.at(1)
        for name in one.fields():
            if name not in ("sequence", "recv_ns", "levels_begin"):
                assert repr(one[name]) == repr(two[name])

    def test_fillers_are_raw_messages_too(self):
        ring, feed, handler = watched(Kind.TRADE, "usdm")
        feed.set_raw(ring.stream, True)
        payload = message_of(Kind.TRADE, "usdm", X="NA", p="0", q="0")
        send(feed, payload)
        assert (handler.messages, feed.skipped) == ([(ring.stream, payload)], 1)

    def test_rejects_are_no_messages(self):
        ring, feed, handler = watched()
        feed.set_raw(ring.stream, True)
        send(feed, combined(ring.stream, QUOTE | {"b": ""}))
        assert (handler.messages, len(handler.rejects)) == ([], 1)

    def test_it_outlives_a_new_ring_of_the_name(self):
        ring, feed, handler = watched()
        feed.set_raw(ring.stream, True)
        feed.add_route(ring.stream, other := ring_for(Kind.BOOK_TICKER))
        send(feed, message_of(Kind.BOOK_TICKER))
        assert (other.cursor, len(handler.messages)) == (0, 1)

    def test_drift_is_told_before_the_message(self):
        order = []

        class Noting(Recorder):
            def on_drift(self, drifts, payload, recv_ns):
                order.append("drift")

            def on_message(self, stream, payload, recv_ns):
                order.append("message")

        feed = feed_for(ring := ring_for(Kind.BOOK_TICKER), handler=Noting())
        feed.set_raw(ring.stream, True)
        send(feed, combined(ring.stream, QUOTE | {"zz": 1}))
        assert order == ["drift", "message"]

    def test_a_stream_without_a_route_cannot_be_raw(self):
        _, feed, _ = watched()
        with pytest.raises(ConfigurationError, match="ethusdt@trade has no route"):
            feed.set_raw("ethusdt@trade", True)
