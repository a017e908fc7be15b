"""Control frames: a text in, an answer out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance.sim.control import Control, Dialect

SPOT = Dialect(closes_on_bad_request=False)
FUTURES = Dialect(closes_on_bad_request=True)
UNKNOWN = (
    "Invalid request: unknown variant `JUMP`, expected one of "
    "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY` at line 1 column 16"
)


def request(method: str, params: Any = None, request_id: Any = 1) -> bytes:
    message = {"method": method, "params": params, "id": request_id}
    return json.dumps(
        {key: value for key, value in message.items() if key == "id" or value is not None}
    ).encode()


REFUSED = [
    ("unknown method", b'{"method":"JUMP","id":1}', 2, UNKNOWN),
    ("method not a text", b'{"method":7,"id":1}', 2, None),
    ("no method", b'{"id":1}', 2, "Invalid request: missing field `method` at line 1 column 8"),
    (
        "no params",
        b'{"method":"SUBSCRIBE","id":1}',
        2,
        "Invalid request: missing field `params` at line 1 column 29",
    ),
    ("params not a list", request("SUBSCRIBE", "a@trade"), 2, None),
    ("unknown property", request("SET_PROPERTY", ["speed", True]), 0, "Unknown property"),
    ("unknown property to get", request("GET_PROPERTY", ["speed"]), 0, "Unknown property"),
    (
        "property not a boolean",
        request("SET_PROPERTY", ["combined", 1]),
        1,
        "Invalid value type: expected Boolean",
    ),
    (
        "property without a value",
        request("SET_PROPERTY", ["combined"]),
        1,
        "Invalid value type: expected Boolean",
    ),
    (
        "property name not a text",
        request("GET_PROPERTY", [5]),
        2,
        "Invalid request: property name must be a string",
    ),
    ("no property name", request("GET_PROPERTY", []), 2, "Invalid request: property name must be a string"),
    ("two properties", request("GET_PROPERTY", ["combined", "x"]), 2, "Invalid request: too many parameters"),
    ("params to a list", request("LIST_SUBSCRIPTIONS", ["x"]), 2, "Invalid request: too many parameters"),
]
BAD_IDS = [
    ("missing", b'{"method":"LIST_SUBSCRIPTIONS"}'),
    ("float", b'{"method":"LIST_SUBSCRIPTIONS","id":1.5}'),
    ("boolean", b'{"method":"LIST_SUBSCRIPTIONS","id":true}'),
    ("object", b'{"method":"LIST_SUBSCRIPTIONS","id":{}}'),
    ("37 letters", b'{"method":"LIST_SUBSCRIPTIONS","id":"' + b"a" * 37 + b'"}'),
    ("empty text", b'{"method":"LIST_SUBSCRIPTIONS","id":""}'),
    ("spaces", b'{"method":"LIST_SUBSCRIPTIONS","id":"a b"}'),
    ("past 64 bits", b'{"method":"LIST_SUBSCRIPTIONS","id":9223372036854775808}'),
]
BAD_JSON = [
    ("a word", b"hello", "Invalid JSON: expected value at line 1 column 1"),
    ("empty", b"", "Invalid JSON: EOF while parsing a value at line 1 column 1"),
    ("cut in a text", b'{"method":"SUB', None),
    ("cut in a list", b'{"method":"SUBSCRIBE","params":[1', None),
    ("not UTF-8", b'{"method":"\xff"}', None),
    ("NaN", b'{"id":NaN}', None),
    ("deep", b"[" * 4000, None),
]


@pytest.mark.parametrize("dialect", [SPOT, FUTURES], ids=["spot", "futures"])
@pytest.mark.parametrize(
    ("message", "code", "text"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_bad_request_is_answered_with_its_code_and_id_and_changes_nothing(
    dialect: Dialect, message: bytes, code: int, text: str | None
) -> None:
    control = Control(dialect, combined=True)
    answer = control.handle(message)
    frame = json.loads(answer.text)
    assert (frame["error"]["code"], frame["id"], answer.close_reason) == (code, 1, None)
    assert text in (None, frame["error"]["msg"])
    assert (control.streams, control.combined) == ((), True)


@pytest.mark.parametrize("message", [row[1] for row in BAD_IDS], ids=[row[0] for row in BAD_IDS])
def test_bad_id_is_refused_and_not_echoed(message: bytes) -> None:
    frame = json.loads(Control(SPOT, combined=False).handle(message).text)
    assert frame == {"error": {"code": 2, "msg": "Invalid request: request ID must be an unsigned integer"}}


@pytest.mark.parametrize(("message", "text"), [row[1:] for row in BAD_JSON], ids=[row[0] for row in BAD_JSON])
def test_broken_json_is_code_3_and_ends_a_futures_connection_only(message: bytes, text: str | None) -> None:
    spot, futures = (Control(dialect, combined=False).handle(message) for dialect in (SPOT, FUTURES))
    error = json.loads(spot.text)["error"]
    assert (error["code"], error["msg"].startswith("Invalid JSON: ")) == (3, True)
    assert text in (None, error["msg"])
    assert (spot.close_reason, futures.close_reason) == (None, "Invalid request")
    assert spot.text == futures.text


@pytest.mark.parametrize(
    ("message", "where"),
    [
        (request("SUBSCRIBE", ["s" * 5000]), "a string"),
        (b'{"params":[' + b" " * 5000 + b'"btcusdt@trade"],"method":"SUBSCRIBE","id":1}', "a list"),
        (b'{"params":["btcusdt@trade"],' + b" " * 5000 + b'"method":"SUBSCRIBE","id":1}', "an object"),
    ],
    ids=["in a text", "in a list", "between keys"],
)
def test_message_above_4096_bytes_is_read_as_if_it_ended_there(message: bytes, where: str) -> None:
    control = Control(SPOT, combined=False)
    error = json.loads(control.handle(message).text)["error"]
    assert error == {"code": 3, "msg": f"Invalid JSON: EOF while parsing {where} at line 1 column 4096"}
    assert control.streams == ()


def test_message_of_4096_bytes_is_still_read() -> None:
    message = request("SUBSCRIBE", ["btcusdt@trade"])
    padded = message[:-1] + b" " * (4096 - len(message)) + b"}"
    assert json.loads(Control(SPOT, combined=False).handle(padded).text) == {"result": None, "id": 1}


@pytest.mark.parametrize("request_id", [0, 7, -3, 2**63 - 1, -(2**63), "abc", "f0e1-d2_c3", None])
def test_good_id_comes_back_as_it_was_sent(request_id: Any) -> None:
    text = Control(SPOT, combined=False).handle(request("LIST_SUBSCRIPTIONS", None, request_id)).text
    assert text == b'{"result":[],"id":%b}' % json.dumps(request_id).encode()


def test_subscriptions_are_listed_in_order_and_leave_one_by_one() -> None:
    control = Control(SPOT, combined=False)
    assert control.handle(request("SUBSCRIBE", ["b@trade", "a@trade", "b@trade"])).added == (
        "b@trade",
        "a@trade",
    )
    assert control.handle(request("SUBSCRIBE", ["a@trade", "c@trade"])).added == ("c@trade",)
    assert json.loads(control.handle(request("LIST_SUBSCRIPTIONS")).text)["result"] == [
        "b@trade",
        "a@trade",
        "c@trade",
    ]
    answer = control.handle(request("UNSUBSCRIBE", ["b@trade", "never@trade"]))
    assert (answer.removed, json.loads(answer.text)) == (("b@trade",), {"result": None, "id": 1})
    assert control.streams == ("a@trade", "c@trade")


def test_combined_property_is_what_the_path_said_until_it_is_set() -> None:
    control = Control(SPOT, combined=False)
    assert control.handle(request("GET_PROPERTY", ["combined"])).text == b'{"result":false,"id":1}'
    assert control.handle(request("SET_PROPERTY", ["combined", True])).text == b'{"result":null,"id":1}'
    assert control.handle(request("GET_PROPERTY", ["combined"])).text == b'{"result":true,"id":1}'


def test_malformed_name_refuses_the_whole_request() -> None:
    spot, futures = Control(SPOT, combined=False), Control(FUTURES, combined=False)
    message = request("SUBSCRIBE", ["btcusdt@trade", "@@@junk###"])
    assert json.loads(spot.handle(message).text)["error"]["msg"] == "Invalid request: invalid stream"
    answer = futures.handle(message)
    assert answer.text == b'{"error":{"code":2,"msg":"Invalid request: invalid stream"}}'
    assert (answer.close_reason, spot.streams, futures.streams) == ("Invalid request", (), ())


@pytest.mark.parametrize("dialect", [SPOT, FUTURES], ids=["spot", "futures"])
def test_stream_number_1025_is_refused_and_the_first_1024_stay(dialect: Dialect) -> None:
    control = Control(dialect, combined=True)
    for first in range(0, 1024, 128):
        control.handle(request("SUBSCRIBE", [f"s{index}@trade" for index in range(first, first + 128)]))
    answer = control.handle(request("SUBSCRIBE", ["s0@trade", "one@trade"]))
    assert json.loads(answer.text)["error"] == {"code": 4, "msg": "Too many subscriptions"}
    assert len(control.streams) == 1024
    assert control.handle(request("SUBSCRIBE", ["s0@trade"])).is_error is False


def test_documented_errors_are_flat_on_demand() -> None:
    control = Control(Dialect(closes_on_bad_request=False, flat_errors=True), combined=True)
    text = control.handle(request("GET_PROPERTY", ["x"], 9)).text
    assert json.loads(text) == {"code": 0, "msg": "Unknown property", "id": 9}


@given(st.binary(max_size=300))
def test_no_message_is_left_without_an_answer(message: bytes) -> None:
    answer = Control(FUTURES, combined=False).handle(message)
    assert answer.is_error
    assert isinstance(json.loads(answer.text), dict)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["method", "params", "id", "x"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_no_json_is_left_without_an_answer(message: Any) -> None:
    answer = Control(SPOT, combined=False).handle(json.dumps(message).encode())
    assert answer.is_error == ("result" not in json.loads(answer.text))
