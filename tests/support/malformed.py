"""Payloads that are no Binance message, each with the code it is rejected with."""

from fastbinance.streams import Kind
from support.frames import EVENTS, STREAMS, combined, text_of

_SPOT = EVENTS[Kind.BOOK_TICKER, "spot"]
_USDM = EVENTS[Kind.BOOK_TICKER, "usdm"]
_TRADE = EVENTS[Kind.TRADE, "spot"]
_FILLER = EVENTS[Kind.TRADE, "usdm"] | {"X": "NA", "p": "0", "q": "0"}
_AGG = EVENTS[Kind.AGG_TRADE, "spot"]
_DIFF = EVENTS[Kind.DIFF_DEPTH, "spot"]
_PARTIAL = EVENTS[Kind.PARTIAL_DEPTH, "spot"]

GOOD = combined("btcusdt@bookTicker", _SPOT)
_LISTED = combined("btcusdt@bookTicker", [_SPOT])


def _quote(**changes: object) -> bytes:
    return combined("btcusdt@bookTicker", _SPOT | changes)


def _swap(old: bytes, new: bytes, payload: bytes = GOOD) -> bytes:
    assert old in payload
    return payload.replace(old, new, 1)


def _trade(**changes: object) -> bytes:
    return combined("btcusdt@trade", _TRADE | changes)


def _diff(**changes: object) -> bytes:
    return combined("btcusdt@depth@100ms", _DIFF | changes)


def _without(kind: Kind, key: str) -> bytes:
    event = {name: value for name, value in EVENTS[kind, "spot"].items() if name != key}
    return combined(STREAMS[kind, "spot"][0], event)


#: Name, payload, code; every payload belongs to the stream of one of EVENTS on spot, or to none.
MALFORMED: list[tuple[str, bytes, str]] = [
    # Not JSON
    ("empty", b"", "empty"),
    ("white space only", b" \n\t ", "empty"),
    ("a NUL", b"\0", "invalid_json"),
    ("a bare number", b"1", "wrong_type"),
    ("a bare text", b'"bookTicker"', "wrong_type"),
    ("garbage", b"hello", "invalid_json"),
    ("an opening brace", b"{", "invalid_json"),
    ("a closing brace", b"}", "invalid_json"),
    ("no data", b'{"stream":"btcusdt@bookTicker","data":}', "invalid_json"),
    ("a price without quotes at its end", _swap(b'"25.35190000"', b'"25.35190000'), "invalid_json"),
    ("a comma too many", _swap(b'"B"', b',"B"'), "invalid_json"),
    ("a comma at the end", _swap(b"}}", b",}}"), "invalid_json"),
    ("a missing comma", _swap(b',"B"', b'"B"'), "invalid_json"),
    ("a missing colon", _swap(b'"B":', b'"B"'), "invalid_json"),
    ("a symbol with a value of its own", _swap(b'"BTCUSDT"', b'"BTCUSDT":5'), "invalid_json"),
    ("a price with a value of its own", _swap(b'"25.35190000"', b'"25.35190000" :"9"'), "invalid_json"),
    ("a stream with a value of its own", _swap(b',"data"', b':1,"data"'), "invalid_json"),
    ("a text with a value of its own in an array", b'{"stream":"a@b","data":["o":"1"]}', "invalid_json"),
    ("a text with a value of its own in no stream", b'{"x":"a":1}', "invalid_json"),
    ("single quotes", GOOD.replace(b'"', b"'"), "invalid_json"),
    ("a comment", _swap(b'"B"', b'/**/"B"'), "invalid_json"),
    ("a raw control character in a text", _swap(b"BTCUSDT", b"BTC\nUSDT"), "invalid_json"),
    ("a bad escape", _swap(b"BTCUSDT", b"BTC\\xUSDT"), "invalid_json"),
    ("half a surrogate pair", _swap(b"BTCUSDT", b"\\ud83dUSDT"), "invalid_json"),
    ("a bad literal in a skipped value", _swap(b'"b"', b'"x":tru,"b"'), "invalid_json"),
    ("NaN in a skipped value", _swap(b'"b"', b'"x":NaN,"b"'), "invalid_json"),
    ("a bad number in a skipped value", _swap(b'"b"', b'"x":01,"b"'), "invalid_json"),
    ("a bad number in a skipped array", _swap(b'"b"', b'"x":[1,2.],"b"'), "invalid_json"),
    ("a bad escape in a skipped value", _swap(b'"b"', b'"x":"\\q","b"'), "invalid_json"),
    ("a bad escape in a skipped key", _swap(b'"b"', b'"\\q":1,"b"'), "invalid_json"),
    ("an unclosed skipped array", _swap(b'"b"', b'"x":[1,"b"'), "invalid_json"),
    ("brackets that cross", _swap(b'"b"', b'"x":[{]},"b"'), "invalid_json"),
    # Not UTF-8
    ("a byte that is no UTF-8", _swap(b"BTCUSDT", b"BTC\xffUSDT"), "invalid_utf8"),
    ("cut UTF-8", _swap(b"BTCUSDT", b"BTC\xe7\x89"), "invalid_utf8"),
    ("a surrogate in UTF-8", _swap(b"BTCUSDT", b"\xed\xa0\x80"), "invalid_utf8"),
    ("too long UTF-8", _swap(b"BTCUSDT", b"\xc0\xaf"), "invalid_utf8"),
    ("no UTF-8 in a skipped value", _swap(b'"b"', b'"x":"\xff","b"'), "invalid_utf8"),
    ("no UTF-8 in a text without an end", b'{"stream":"\xff', "invalid_utf8"),
    # Trailing bytes
    ("a second brace", GOOD + b"}", "trailing_bytes"),
    ("a second message", GOOD + GOOD, "trailing_bytes"),
    ("a digit behind", GOOD + b"1", "invalid_json"),
    ("a NUL behind", GOOD + b"\0", "invalid_json"),
    ("a letter behind white space", GOOD + b" \nx", "invalid_json"),
    ("an array and more", b"[1,2]3", "invalid_json"),
    # Deep nesting
    ("nested arrays", _swap(b'"b"', b'"x":' + b"[" * 100 + b"]" * 100 + b',"b"'), "too_deep"),
    ("nested objects", _swap(b'"b"', b'"x":' + b'{"x":' * 100 + b"1" + b"}" * 100 + b',"b"'), "too_deep"),
    ("a bare nested array", b"[" * 100 + b"]" * 100, "too_deep"),
    # Wrong types
    ("a price as a number", _swap(b'"25.35190000"', b"25.35190000"), "wrong_type"),
    ("a price as null", _quote(b=None), "wrong_type"),
    ("a price as an array", _quote(b=["25.35"]), "wrong_type"),
    ("a price as an object", _quote(b={"b": "25.35"}), "wrong_type"),
    ("a price as true", _quote(b=True), "wrong_type"),
    ("a price as tru", _swap(b'"25.35190000"', b"tru"), "invalid_json"),
    ("an id as text", _quote(u="400900217"), "wrong_type"),
    ("an id as a fraction", _swap(b"400900217", b"400900217.0"), "wrong_type"),
    ("an id with an exponent", _swap(b"400900217", b"4e8"), "wrong_type"),
    ("an id as null", _quote(u=None), "wrong_type"),
    ("an id as false", _quote(u=False), "wrong_type"),
    ("a symbol as a number", _quote(s=1), "wrong_type"),
    ("an event as a number", combined("btcusdt@trade", _TRADE | {"e": 1}), "wrong_type"),
    ("a time as text", _trade(E="1672515782136"), "wrong_type"),
    ("a maker as a number", _trade(m=1), "wrong_type"),
    ("a maker as text", _trade(m="true"), "wrong_type"),
    ("a maker as null", _trade(m=None), "wrong_type"),
    ("an execution type as a number", combined("btcusdt@trade", _FILLER | {"X": 1}), "wrong_type"),
    ("a diff in an array", combined("btcusdt@depth@100ms", [_DIFF]), "wrong_type"),
    ("a partial depth in an array", combined("btcusdt@depth5@100ms", [_PARTIAL]), "wrong_type"),
    ("an array of arrays", combined("btcusdt@bookTicker", [[_SPOT]]), "wrong_type"),
    ("an array with a null", combined("btcusdt@bookTicker", [_SPOT, None]), "wrong_type"),
    ("an array with a text", combined("btcusdt@bookTicker", [_SPOT, "x"]), "wrong_type"),
    ("an array with a bad element", combined("btcusdt@bookTicker", [_SPOT, _SPOT | {"b": ""}]), "bad_number"),
    ("an array with a hole", _swap(b"}]}", b"},]}", _LISTED), "invalid_json"),
    ("an array that does not end", _swap(b"}]}", b"}}", _LISTED), "invalid_json"),
    ("data as text", combined("btcusdt@bookTicker", "x"), "wrong_type"),
    ("data as null", combined("btcusdt@bookTicker", None), "wrong_type"),
    ("a stream as a number", b'{"stream":1,"data":{}}', "wrong_type"),
    ("levels as an object", _diff(b={}), "wrong_type"),
    ("levels as text", _diff(a="x"), "wrong_type"),
    ("a level as text", _diff(b=["1"]), "wrong_type"),
    ("a level with one number", _diff(b=[["1"]]), "wrong_type"),
    ("a level with three numbers", _diff(b=[["1", "2", "3"]]), "wrong_type"),
    ("a level without numbers", _diff(b=[[]]), "wrong_type"),
    ("a level of numbers without quotes", _diff(b=[[1, 2]]), "wrong_type"),
    ("a level of nulls", _diff(a=[[None, None]]), "wrong_type"),
    # Numbers that are none, or do not fit
    *(
        (f"{text!r} as a price", _quote(b=text), "bad_number")
        for text in (
            "", " ", "abc", "1,5", "1_000", "nan", "inf", "-inf", "0x10", ".5", "5.", "+1", "-", "1e", "1e+",
            "1.e5", "1 ", " 1", "1.2.3", "--1", "1-", "١", "1\u00a0", "1" * 30 + "x", "1.5f", "1e5.5",
        )
    ),
    ("a price beyond a double", _quote(b="1e400"), "number_range"),
    ("a long price beyond a double", _quote(b="9" * 400), "number_range"),
    ("a quantity that is no number", _quote(A="x"), "bad_number"),
    ("a level's price that is no number", _diff(b=[["x", "1"]]), "bad_number"),
    ("a level's quantity that is no number", _diff(a=[["1", ""]]), "bad_number"),
    ("an id with leading zeros", _swap(b"400900217", b"0400900217"), "bad_number"),
    ("an id with a plus", _swap(b"400900217", b"+1"), "invalid_json"),
    ("an id of a minus", _swap(b"400900217", b"-"), "bad_number"),
    ("an id with letters", _swap(b"400900217", b"12a"), "bad_number"),
    ("an id beyond 64 bits", _swap(b"400900217", b"9223372036854775808"), "number_range"),
    ("an id below 64 bits", _swap(b"400900217", b"-9223372036854775809"), "number_range"),
    ("an id of forty digits", _swap(b"400900217", b"1" * 40), "number_range"),
    ("a negative time", _trade(E=-1), "number_range"),
    ("a time beyond nanoseconds", _trade(T=9223372036854776), "number_range"),
    ("milliseconds beyond nanoseconds", _trade(T=9223372036855), "number_range"),
    ("neither milliseconds nor microseconds", _trade(T=99999999999999), "number_range"),
    # Keys
    *(
        (f"{kind.name.lower()} without {key}", _without(kind, key), "missing_key")
        for kind, key in (
            *((Kind.BOOK_TICKER, key) for key in "usbBaA"),
            *((Kind.TRADE, key) for key in "eEstpqTm"),
            *((Kind.AGG_TRADE, key) for key in "eEsapqflTm"),
            *((Kind.DIFF_DEPTH, key) for key in "eEsUuba"),
            *((Kind.PARTIAL_DEPTH, key) for key in ("lastUpdateId", "bids", "asks")),
        )
    ),
    ("data without keys", combined("btcusdt@bookTicker", {}), "missing_key"),
    ("a doubled price", _swap(b'"B"', b'"b":"25.35190000","B"'), "duplicate_key"),
    ("a doubled price of another value", _swap(b'"B"', b'"b":"1","B"'), "duplicate_key"),
    ("a doubled price in escaped spelling", _swap(b'"B"', b'"\\u0062":"1","B"'), "duplicate_key"),
    ("a doubled id at the end", _swap(b"}}", b',"u":1}}'), "duplicate_key"),
    ("a doubled symbol", _swap(b'"b"', b'"s":"BTCUSDT","b"'), "duplicate_key"),
    ("a doubled time", _swap(b"}}", b',"T":1,"E":1,"T":1}}'), "duplicate_key"),
    ("doubled data", GOOD[:-1] + b"," + GOOD[GOOD.index(b'"data"'):], "duplicate_key"),
    ("doubled data in escaped spelling", GOOD[:-1] + b',"d\\u0061ta":{}}', "duplicate_key"),
    ("a doubled stream", GOOD[:-1] + b',"stream":"btcusdt@bookTicker"}', "duplicate_key"),
    ("both names of the bids", combined("btcusdt@depth5@100ms", _PARTIAL | {"b": []}), "duplicate_key"),
    ("doubled levels", _swap(b'"a"', b'"b":[],"a"', _diff()), "duplicate_key"),
    # What contradicts the stream
    ("another event", _trade(e="aggTrade"), "wrong_event"),
    ("an event that nobody knows", _trade(e=""), "wrong_event"),
    ("no symbol", _quote(s=""), "wrong_symbol"),
    ("a symbol with a quote in it", _swap(b"BTCUSDT", b'BTC\\"USDT'), "wrong_symbol"),
    ("a symbol with a backslash in it", _swap(b"BTCUSDT", b"BTC\\\\USDT"), "wrong_symbol"),
    ("an agg trade without its symbol", combined("btcusdt@aggTrade", _AGG | {"s": ""}), "wrong_symbol"),
    ("a filler without its symbol", combined("btcusdt@trade", _FILLER | {"s": ""}), "wrong_symbol"),
]  # fmt: skip

#: Only a feed knows which symbol a stream carries; `decode` takes any.
WRONG_SYMBOL: list[tuple[str, bytes, str]] = [
    ("another symbol", _quote(s="ETHUSDT"), "wrong_symbol"),
    ("the symbol in lower case", _quote(s="btcusdt"), "wrong_symbol"),
    ("a longer symbol", _quote(s="BTCUSDTX"), "wrong_symbol"),
    ("a shorter symbol", _quote(s="BTCUSD"), "wrong_symbol"),
    ("a symbol longer than a row", _quote(s="A" * 49), "wrong_symbol"),
    ("a filler of another symbol", combined("btcusdt@trade", _FILLER | {"s": "ETHUSDT"}), "wrong_symbol"),
]

#: Every proper beginning of a message is malformed.
TRUNCATED: list[tuple[str, bytes]] = [
    (f"{kind.name.lower()} of {market}", combined(STREAMS[kind, market][0], event))
    for (kind, market), event in EVENTS.items()
] + [
    ("a raw event", text_of(_TRADE)),
    ("an array", text_of([_TRADE])),
    ("an array of many", combined("btcusdt@bookTicker", [_SPOT | {"s": f"S{i}"} for i in range(3)])),
]
