"""One payload to its record: whichever code reads it, the answer is the same, and wrong input has a name."""

import json
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.expected import differs
from support.frames import CASES, EVENTS, FAST, HOME, IDS, STREAMS, combined, message_of, text_of
from support.malformed import GOOD, MALFORMED, TRUNCATED

import fastbinance
from fastbinance._core.decode import SCANNERS, decode, implementation
from fastbinance._core.record import record_types
from fastbinance.errors import ConfigurationError, DecodeError
from fastbinance.keys import WsKey
from fastbinance.records import AggTrade, BookTicker, Depth, Trade
from fastbinance.streams import Kind

NS_PER_MS = 1_000_000


def outcome(payload, ws_key="main", stream=None, scanner="auto"):
    """Return the records of a payload, or the code of its rejection."""
    try:
        return decode(payload, ws_key, stream, scanner=scanner)
    except DecodeError as error:
        return error.code


def decoded(payload, ws_key="main", stream=None):
    """Return the one record of a payload, after holding the two scanners against each other."""
    (slow,) = decode(payload, ws_key, stream, scanner="fallback")
    assert decode(payload, ws_key, stream, scanner="auto") == [slow]
    assert outcome(payload, ws_key, stream, "fast") in ("declined", [slow])
    return slow


def code_of(payload, scanner, stream=None):
    with pytest.raises(DecodeError) as caught:
        decode(payload, "main", stream, scanner=scanner)
    error = caught.value
    assert error.head == payload[:256]
    assert 0 <= error.offset <= len(payload)
    assert error.ws_key == "main"
    return error.code


class TestEveryKind:
    def test_spot_book_ticker(self):
        record = decoded(message_of(Kind.BOOK_TICKER))
        assert isinstance(record, BookTicker)
        assert (record.update_id, record.bid_price, record.bid_qty) == (400900217, 25.3519, 31.21)
        assert (record.ask_price, record.ask_qty) == (25.3652, 40.66)
        assert (record.event_ns, record.transaction_ns, record.sequence, record.recv_ns) == (0, 0, 0, 0)

    def test_usdm_book_ticker(self):
        record = decoded(message_of(Kind.BOOK_TICKER, "usdm"), "usdm")
        assert (record.update_id, record.bid_price, record.ask_qty) == (5123107838349, 64021.1, 12.5)
        assert record.transaction_ns == 1723161256302 * NS_PER_MS
        assert record.event_ns == 1723161256303 * NS_PER_MS

    def test_spot_trade(self):
        record = decoded(message_of(Kind.TRADE))
        assert isinstance(record, Trade)
        assert (record.trade_id, record.price, record.qty) == (12345, 16500.01, 0.001)
        assert record.is_buyer_maker is True
        assert record.event_ns == 1672515782136 * NS_PER_MS
        assert record.transaction_ns == 1672515782135 * NS_PER_MS

    def test_usdm_trade(self):
        record = decoded(message_of(Kind.TRADE, "usdm"), "usdm")
        assert (record.trade_id, record.price, record.is_buyer_maker) == (5000000001, 64021.1, False)

    def test_spot_agg_trade(self):
        record = decoded(message_of(Kind.AGG_TRADE))
        assert isinstance(record, AggTrade)
        assert (record.agg_trade_id, record.first_trade_id, record.last_trade_id) == (164325, 100, 105)
        assert (record.price, record.qty, record.is_buyer_maker) == (16500.01, 1.25, True)

    def test_usdm_agg_trade(self):
        record = decoded(message_of(Kind.AGG_TRADE, "usdm"), "usdmMarket")
        assert (record.agg_trade_id, record.qty, record.is_buyer_maker) == (3404749954, 3.029, False)

    def test_spot_diff_depth(self):
        record = decoded(message_of(Kind.DIFF_DEPTH))
        assert isinstance(record, Depth)
        assert (record.first_update_id, record.update_id, record.prev_update_id) == (157, 160, 0)
        assert record.bids.tolist() == [[16500.01, 10.0], [16499.99, 0.0]]
        assert record.asks.tolist() == [[16500.02, 0.1]]

    def test_usdm_diff_depth(self):
        record = decoded(message_of(Kind.DIFF_DEPTH, "usdm"), "usdm")
        assert (record.first_update_id, record.update_id, record.prev_update_id) == (1570, 1600, 1490)
        assert record.transaction_ns == 1723161256302 * NS_PER_MS
        assert record.bids.tolist() == [[64021.1, 10.0], [64021.2, 0.0]]

    def test_spot_partial_depth(self):
        record = decoded(message_of(Kind.PARTIAL_DEPTH))
        assert (record.first_update_id, record.update_id, record.event_ns) == (0, 160, 0)
        assert (record.bid_count, record.ask_count) == (2, 2)

    def test_usdm_partial_depth(self):
        record = decoded(message_of(Kind.PARTIAL_DEPTH, "usdm"), "usdm")
        assert (record.update_id, record.bid_count, record.ask_count) == (1600, 2, 2)

    @pytest.mark.parametrize("case", FAST, ids=[IDS[CASES.index(case)] for case in FAST])
    def test_the_fast_path_takes_every_documented_shape(self, case):
        stream, ws_key = STREAMS[case]
        fast = decode(message_of(*case), ws_key, scanner="fast")
        assert fast == decode(message_of(*case), ws_key, scanner="fallback")
        assert decode(text_of(EVENTS[case]), ws_key, stream, scanner="fast") == fast

    @pytest.mark.parametrize("case", CASES, ids=IDS)
    def test_the_wrapper_says_nothing_that_the_name_of_the_stream_does_not(self, case):
        stream, ws_key = STREAMS[case]
        assert decoded(text_of(EVENTS[case]), ws_key, stream) == decoded(message_of(*case), ws_key)

    @pytest.mark.parametrize("case", CASES, ids=IDS)
    def test_every_field_is_the_one_of_its_key(self, case):
        record = decoded(message_of(*case), STREAMS[case][1])
        assert differs(case[0], record, EVENTS[case]) == []
        assert record.kind in (case[0], record_types[case[0]].kind)

    def test_every_kind_has_an_event(self):
        assert set(HOME) == set(Kind)

    def test_microseconds_are_told_by_their_size(self):
        payload = message_of(Kind.TRADE, E=1672515782136123, T=1672515782135999)
        record = decoded(payload)
        assert (record.event_ns, record.transaction_ns) == (1672515782136123000, 1672515782135999000)

    @pytest.mark.parametrize("update_id", [0, -1, 2**53 + 1, 10**17, 10**18, 2**63 - 1, -(2**63)])
    def test_ids_are_whole_64_bits(self, update_id):
        assert decoded(message_of(Kind.BOOK_TICKER, u=update_id)).update_id == update_id

    def test_a_previous_id_of_minus_one_is_kept(self):
        assert decoded(message_of(Kind.DIFF_DEPTH, "usdm", pu=-1), "usdm").prev_update_id == -1
        assert decode(message_of(Kind.DIFF_DEPTH, "usdm", pu=-1), "usdm", scanner="fast")

    @pytest.mark.parametrize("sides", [([], []), ([["1", "2"]], []), ([], [["1", "2"]])])
    def test_empty_sides_are_empty(self, sides):
        record = decoded(message_of(Kind.DIFF_DEPTH, b=sides[0], a=sides[1]))
        assert (record.bid_count, record.ask_count) == (len(sides[0]), len(sides[1]))
        assert (record.bids.shape, record.asks.shape) == ((len(sides[0]), 2), (len(sides[1]), 2))

    def test_asks_before_bids_are_still_bids_first(self):
        event = EVENTS[Kind.DIFF_DEPTH, "spot"]
        order = ["e", "E", "s", "U", "u", "a", "b"]
        payload = combined("btcusdt@depth@100ms", {key: event[key] for key in order})
        assert decoded(payload) == decoded(message_of(Kind.DIFF_DEPTH))


class TestRouting:
    def test_any_symbol_is_right_whatever_the_stream_says(self):
        # The documentation's own examples have btcusdt in the name and BNBUSDT in the payload.
        record = decoded(message_of(Kind.TRADE, s="BNBUSDT"))
        assert record.trade_id == 12345
        assert decode(message_of(Kind.TRADE, s="BNBUSDT"), "main", scanner="fast") == [record]

    @pytest.mark.parametrize("ws_key", ["usdm", "usdmPublic", "usdmMarket", WsKey.USDM_TESTNET])
    def test_it_never_refuses_by_route(self, ws_key):
        assert decode(message_of(Kind.AGG_TRADE, "usdm"), ws_key)

    def test_a_raw_payload_is_known_by_its_content(self):
        for case in CASES:
            ws_key = STREAMS[case][1]
            assert decoded(text_of(EVENTS[case]), ws_key) == decoded(message_of(*case), ws_key)

    def test_a_raw_futures_depth_update_without_a_stream_is_a_diff(self):
        event = text_of(EVENTS[Kind.PARTIAL_DEPTH, "usdm"])
        assert decoded(event, "usdm") == decoded(event, "usdm", "btcusdt@depth5@100ms")

    @pytest.mark.parametrize("symbol", ["1000PEPEUSDT", "BTCUSD_210924", "牛来USDT", "A", "A" * 48])
    def test_symbols_of_every_kind(self, symbol):
        stream = f"{symbol.lower()}@bookTicker"
        event = EVENTS[Kind.BOOK_TICKER, "spot"] | {"s": symbol}
        assert decode(combined(stream, event), "main", scanner="fast") == [decoded(combined(stream, event))]

    def test_an_all_market_stream_is_one_record_a_message(self):
        payload = combined("!bookTicker", EVENTS[Kind.BOOK_TICKER, "usdm"])
        assert len(decode(payload, "usdm", scanner="fast")) == 1

    @pytest.mark.parametrize(
        "payload",
        [
            b'{"result":null,"id":1}',
            b'{"error":{"code":2,"msg":"Invalid request"},"id":3}',
            b'{"code":0,"msg":"Unknown property"}',
            b'{"stream":"btcusdt@kline_7m","data":{"e":"kline"}}',
            b'{"stream":"!ticker@arr","data":[{"e":"24hrTicker"}]}',
            b'{"stream":"!serverShutdown","data":{"e":"serverShutdown"}}',
            b'{"stream":"something@new","data":{}}',
            b'{"stream":"","data":{}}',
            b'{"stream":"a b@trade","data":{}}',
            b'{"stream":"%s@trade","data":{}}' % (b"a" * 200),
            b'{"stream":"%s","data":{}}' % (b"a" * 300),
            b'{"e":"compositeIndex","s":"DEFIUSDT"}',
            b'[{"e":"contractInfo"}]',
            b'[{"s":"BTCUSDT","c":"1"}]',
            b"{}",
            b"[]",
        ],
    )
    @pytest.mark.parametrize("scanner", SCANNERS)
    def test_what_has_no_record_is_an_empty_list(self, payload, scanner):
        assert decode(payload, "main", scanner=scanner) == []

    @pytest.mark.parametrize("scanner", SCANNERS)
    @pytest.mark.parametrize(
        "keys", [{"X": "NA", "p": "0", "q": "0"}, {"X": "MARKET", "p": "0.00"}, {"X": "NA"}]
    )
    def test_a_filler_is_no_trade(self, scanner, keys):
        payload = message_of(Kind.TRADE, "usdm", **keys)
        assert decode(payload, "usdm", scanner=scanner) == []

    def test_the_payload_may_be_text_or_any_bytes(self):
        expected = decode(GOOD, "main")
        for payload in (GOOD.decode(), bytearray(GOOD), memoryview(GOOD)):
            assert decode(payload, WsKey.MAIN) == expected
        for wrong in (7, {}, None):
            with pytest.raises(TypeError, match=f"bytes-like or str, as it came, not {type(wrong).__name__}"):
                decode(wrong, "main")

    def test_a_market_names_its_service(self):
        assert decode(GOOD, "spot") == decode(GOOD, "main")

    def test_callers_mistakes_are_configuration_errors(self):
        with pytest.raises(ConfigurationError, match="scanner 'quick' is none of auto, fast, fallback"):
            decode(GOOD, "main", scanner="quick")
        with pytest.raises(ConfigurationError, match="is no WsKey"):
            decode(GOOD, "mian")
        with pytest.raises(ConfigurationError, match="carries no market streams"):
            decode(GOOD, "mainWSAPI")
        with pytest.raises(ConfigurationError, match="says that it is of stream"):
            decode(GOOD, "main", "ethusdt@bookTicker")
        with pytest.raises(ConfigurationError, match="longer than 126 bytes"):
            decode(text_of(EVENTS[Kind.TRADE, "spot"]), "main", "a" * 200 + "@trade")

    def test_it_is_the_packages_decode(self):
        assert fastbinance.decode is decode

    def test_it_says_which_instruction_sets_are_in_use(self):
        assert implementation().fast in ("avx2", "scalar")
        assert implementation().fallback


class TestMalformed:
    @pytest.mark.parametrize("scanner", SCANNERS)
    @pytest.mark.parametrize(
        ("payload", "code"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED]
    )
    def test_each_has_its_code(self, payload, code, scanner):
        assert code_of(payload, scanner) == code

    @pytest.mark.parametrize("message", [row[1] for row in TRUNCATED], ids=[row[0] for row in TRUNCATED])
    def test_a_message_cut_at_any_byte_is_rejected(self, message):
        for size in range(len(message)):
            assert code_of(message[:size], "auto") in ("invalid_json", "empty", "invalid_utf8")

    @pytest.mark.parametrize("message", [row[1] for row in TRUNCATED], ids=[row[0] for row in TRUNCATED])
    def test_a_message_with_any_byte_left_out_or_doubled_raises_nothing_else(self, message):
        for at in range(len(message)):
            for payload in (message[:at] + message[at + 1 :], message[: at + 1] + message[at:]):
                outcome(payload)

    def test_random_bytes_raise_nothing_else(self):
        source = random.Random(20240808)
        for size in range(0, 600, 3):
            payload = source.randbytes(size)
            assert outcome(payload) in ("empty", "invalid_json", "invalid_utf8", "wrong_type")

    def test_over_long_messages_are_rejected(self):
        payload = b'{"x":"' + b"a" * (32 << 20) + b'"}'
        assert code_of(payload, "auto") == "too_long"

    def test_a_message_of_many_levels_is_taken(self):
        levels = [[f"{i}.5", f"{i}"] for i in range(20_000)]
        record = decoded(message_of(Kind.DIFF_DEPTH, b=levels, a=levels[:1]))
        assert (record.bid_count, record.ask_count, record.flags) == (20_000, 1, 0)
        assert record.bids[19_999].tolist() == [19999.5, 19999.0]

    def test_where_it_stopped_is_told(self):
        with pytest.raises(DecodeError) as caught:
            decode(GOOD.replace(b"25.35190000", b"abc"), "main")
        assert GOOD.index(b'"b"') <= caught.value.offset <= len(GOOD)
        assert str(caught.value).startswith("main: undecodable payload, bad_number at byte ")

    def test_white_space_between_tokens_is_fine(self):
        for spaced in (
            json.dumps(json.loads(GOOD)),
            json.dumps(json.loads(GOOD), indent=2),
            f" {GOOD.decode()}\n",
        ):
            assert decoded(spaced) == decoded(GOOD)

    def test_escaped_spellings_mean_the_same(self):
        for old, new in (
            (b'"b"', b'"\\u0062"'),
            (b"BTCUSDT", b"\\u0042TCUSDT"),
            (b"25.35190000", b"25.3519000\\u0030"),
            (b"btcusdt@", b"btcusdt\\u0040"),
            (b'"data"', b'"d\\u0061ta"'),
            (b'"stream"', b'"\\u0073tream"'),
        ):
            assert decoded(GOOD.replace(old, new)) == decoded(GOOD)

    def test_data_before_its_stream_means_the_same(self):
        event = text_of(EVENTS[Kind.BOOK_TICKER, "spot"])
        for key in (b"data", b"d\\u0061ta"):
            assert decoded(b'{"%s":%s,"stream":"btcusdt@bookTicker"}' % (key, event)) == decoded(GOOD)

    def test_unknown_keys_are_skipped_wherever_they_stand(self):
        event = EVENTS[Kind.BOOK_TICKER, "spot"]
        extra = {"x": [1, {"y": None}, "z", -1.5e3, True, False], "long key": {}, "é": "é", "": ""}
        for at in range(len(event) + 1):
            items = list(event.items())
            payload = combined("btcusdt@bookTicker", dict(items[:at] + list(extra.items()) + items[at:]))
            assert decoded(payload) == decoded(GOOD)
        assert decoded(GOOD[:-1] + b',"more":{"a":[1]}}') == decoded(GOOD)


numbers = st.one_of(
    st.decimals(min_value=0, max_value=10**12, places=8).map(lambda d: f"{d:f}"),
    st.from_regex(r"[0-9]{1,25}(\.[0-9]{1,25})?", fullmatch=True),
    st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.floats(min_value=0, allow_nan=False, allow_infinity=False).map(repr),
)


class TestDecimals:
    @given(text=numbers)
    @example("299999997.00000000")
    @example("9007199254740993")
    @example("9007199254740993.00000000000000000001")
    @example("0.000000000000000000000000000001")
    @example("423075730671.12853")
    @example("1.6711317692476314E7")
    @example("2.2250738585072011e-308")
    @example("4.9406564584124654e-324")
    @example("2.4703282292062327e-324")
    @example("1.7976931348623157e308")
    @example("0e999999999999999999999")
    @example("1e-999999999999999999999")
    @example("00000000000000000000000000.5")
    @example("-0.0")
    @example("18446744073709551615")
    @example("1844674407370955161.6")
    @example("0.9999999999999999999")
    def test_a_price_is_the_double_nearest_to_its_text(self, text):
        event = EVENTS[Kind.BOOK_TICKER, "spot"] | dict.fromkeys("bBaA", text)
        payload = combined("btcusdt@bookTicker", event)
        expected = float(text)
        if expected in (float("inf"), float("-inf")):
            assert code_of(payload, "auto") == "number_range"
            return
        record = decoded(payload)
        for name in ("bid_price", "bid_qty", "ask_price", "ask_qty"):
            assert record[name].hex() == expected.hex()

    @given(digits=st.integers(0, 10**19), point=st.integers(0, 19))
    def test_digits_with_a_point_anywhere_are_correctly_rounded(self, digits, point):
        text = f"{digits:0{point + 1}d}"
        text = f"{text[: len(text) - point]}.{text[len(text) - point :]}" if point else text
        record = decoded(message_of(Kind.DIFF_DEPTH, b=[[text, text]] * 3, a=[[text, "1"]]))
        assert {number.hex() for number in record.bids.ravel()} == {float(text).hex()}
        assert record.asks[0, 0].hex() == float(text).hex()


@st.composite
def events(draw):
    """One event, its keys in any order, some missing or extra, its numbers spelled in any way."""
    case = draw(st.sampled_from(CASES))
    event = dict(EVENTS[case])
    for key, value in event.items():
        if isinstance(value, str) and value.replace(".", "").isdigit():
            event[key] = draw(st.one_of(st.just(value), numbers))
        elif isinstance(value, bool):
            event[key] = draw(st.booleans())
        elif isinstance(value, int) and key not in "ET":
            event[key] = draw(st.one_of(st.just(value), st.integers(-(2**63), 2**63 - 1)))
        elif isinstance(value, list):
            event[key] = draw(st.lists(st.tuples(numbers, numbers).map(list), max_size=6))
    for key in draw(st.lists(st.sampled_from(list(event)), max_size=1)):
        del event[key]
    event |= draw(
        st.dictionaries(
            st.sampled_from(["x", "ps", "st", "nq", "M", "T", "E"]), st.integers(0, 9), max_size=2
        )
    )
    items = list(event.items())
    if draw(st.booleans()):
        items = draw(st.permutations(items))
    return case, dict(items)


class TestAgreement:
    @given(drawn=events())
    def test_what_the_fast_path_takes_the_fallback_takes_alike(self, drawn):
        case, event = drawn
        stream, ws_key = STREAMS[case]
        payload = combined(stream, event)
        slow = outcome(payload, ws_key, scanner="fallback")
        assert outcome(payload, ws_key) == slow
        assert outcome(payload, ws_key, scanner="fast") in ("declined", slow)

    @given(case=st.sampled_from(CASES), order=st.randoms(use_true_random=False))
    def test_key_order_never_changes_a_record(self, case, order):
        stream, ws_key = STREAMS[case]
        items = list(EVENTS[case].items())
        order.shuffle(items)
        assert decoded(combined(stream, dict(items)), ws_key) == decoded(message_of(*case), ws_key)

    @given(case=st.sampled_from(CASES), at=st.integers(0, 400), byte=st.integers(0, 255))
    def test_one_changed_byte_never_parts_the_two(self, case, at, byte):
        ws_key = STREAMS[case][1]
        payload = bytearray(message_of(*case))
        payload[at % len(payload)] = byte
        slow = outcome(payload, ws_key, scanner="fallback")
        assert outcome(payload, ws_key) == slow
        assert outcome(payload, ws_key, scanner="fast") in ("declined", slow)
