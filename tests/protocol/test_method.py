"""What a caller gives for a request is checked before anything is sent, and spelled as Binance reads it."""

import math
import re
import warnings
from collections import Counter
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance import Side
from fastbinance._protocol.method import (
    Exclusive,
    Kind,
    Lane,
    Method,
    Needs,
    OneOf,
    Parameter,
    Rule,
    Security,
)
from fastbinance.errors import ConfigurationError


def method(*parameters: Parameter, rules: tuple[Rule, ...] = ()) -> Method:
    return Method(
        product="spot",
        name="order.place",
        security=Security.TRADE,
        weight=1,
        parameters=parameters,
        answer=dict,
        summary="Place an order.",
        source="here",
        lane=Lane.ORDER,
        rules=rules,
    )


def one(kind: Kind, values: tuple[str, ...] = ()) -> Method:
    return method(Parameter("it", kind, values=values))


def sent(kind: Kind, value: object, values: tuple[str, ...] = ()) -> Any:
    return one(kind, values).check({"it": value})["it"]


def refusal(kind: Kind, value: object, values: tuple[str, ...] = ()) -> str:
    with pytest.raises(ConfigurationError) as refused:
        one(kind, values).check({"it": value})
    return str(refused.value)


# -- names


@pytest.mark.parametrize(
    ("name", "python_name"),
    [
        ("ping", "ping"),
        ("order.place", "order_place"),
        ("order.cancelReplace", "order_cancel_replace"),
        ("orderList.place.otoco", "order_list_place_otoco"),
        ("ticker.24hr", "ticker_24hr"),
        ("uiKlines", "ui_klines"),
        ("v2/account.status", "v2_account_status"),
        ("userDataStream.subscribe.listenToken", "user_data_stream_subscribe_listen_token"),
    ],
)
def test_python_name_is_binances_in_snake_case(name: str, python_name: str) -> None:
    made = Method("spot", name, Security.NONE, 1, (), dict, "", "")
    assert made.python_name == python_name


def test_unknown_parameter_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^spot order\.place has no parameter 'prise'; it takes price, side$"
    ):
        method(Parameter("price", Kind.DECIMAL), Parameter("side", Kind.TEXT)).check({"prise": "1"})


def test_a_method_without_parameters_says_so() -> None:
    with pytest.raises(ConfigurationError, match="has no parameter 'symbol'; it takes none"):
        method().check({"symbol": "BTCUSDT"})


@pytest.mark.parametrize("name", ["apiKey", "signature", "timestamp"])
def test_what_signing_adds_is_no_parameter(name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"no parameter '{name}' \(fastbinance adds it\)"):
        method().check({name: "1"})


def test_missing_parameter_is_named() -> None:
    needs = method(Parameter("symbol", Kind.SYMBOL, True), Parameter("side", Kind.TEXT, True))
    with pytest.raises(ConfigurationError, match=r"^spot order\.place: side is missing$"):
        needs.check({"symbol": "BTCUSDT", "side": None})


def test_none_is_left_out_and_the_order_is_kept() -> None:
    takes = method(*(Parameter(name, Kind.TEXT) for name in "abcd"))
    assert list(takes.check({"d": "1", "b": None, "a": "2"}).items()) == [("d", "1"), ("a", "2")]


def test_what_was_given_is_not_changed() -> None:
    given_params = {"it": ["btcusdt"]}
    one(Kind.SYMBOLS).check(given_params)
    assert given_params == {"it": ["btcusdt"]}


# -- decimals

SPELLED: list[tuple[object, str]] = [
    ("0.001", "0.001"),
    ("1.50000000", "1.50000000"),
    (Decimal("1.50"), "1.50"),
    (Decimal("1E-8"), "0.00000001"),
    (Decimal("1E+3"), "1000"),
    (Decimal("-0.5"), "-0.5"),
    ("1e-8", "0.00000001"),
    ("2.5E3", "2500"),
    (".5", "0.5"),
    ("5.", "5"),
    ("+5", "5"),
    (7, "7"),
    (2**63 - 1, "9223372036854775807"),
    (np.int64(7), "7"),
    (np.str_("1.5"), "1.5"),
]


@pytest.mark.parametrize(("value", "text"), SPELLED)
def test_decimals_are_sent_as_text_without_exponent(value: object, text: str) -> None:
    found = sent(Kind.DECIMAL, value)
    assert (found, type(found)) == (text, str)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=20))
def test_a_decimal_keeps_its_value_and_its_places(value: Decimal) -> None:
    text = sent(Kind.DECIMAL, value)
    assert Decimal(text).as_tuple() == value.as_tuple() or Decimal(text) == value
    assert re.fullmatch(r"-?\d+\.\d{20}", text)


NO_DECIMALS: list[tuple[str, object, str]] = [
    ("a float", 0.1, "not the float 0.1; fastbinance.round_price and round_qty make one from it"),
    ("NumPy's float", np.float64(0.5), "not the float np.float64(0.5)"),
    ("NaN as a float", math.nan, "not the float nan"),
    ("NaN", Decimal("NaN"), "not 'NaN'"),
    ("a signalling NaN", Decimal("sNaN"), "not 'sNaN'"),
    ("infinity", Decimal("Infinity"), "not 'Infinity'"),
    ("NaN as text", "nan", "not 'nan'"),
    ("infinity as text", "-inf", "not '-inf'"),
    ("True", True, "not a value of type bool"),
    ("NumPy's True", np.True_, "not a value of type bool"),
    ("a list", ["1"], "not a value of type list"),
    ("bytes", b"1", "not a value of type bytes"),
    ("words", "ten", "not 'ten'"),
    ("an underscore", "1_000", "not '1_000'"),
    ("a comma", "1,5", "not '1,5'"),
    ("blanks", " 1", "not ' 1'"),
    ("a line's end", "1\n", r"not '1\n'"),
    ("digits of another script", "１", "not '１'"),
    ("a long exponent", "1E999999", "not '1E999999'"),
    ("a long exponent of a Decimal", Decimal("1E+999999"), "not '1E+999999'"),
    ("an int of more than 64 bits", 2**64, "of at most 64 bits"),
    ("an int of 5000 digits", 10**5000, "of at most 64 bits"),
    ("an empty text", "", "is an empty text; leave it out"),
]


@pytest.mark.parametrize(
    ("value", "said"), [case[1:] for case in NO_DECIMALS], ids=[case[0] for case in NO_DECIMALS]
)
def test_what_is_no_decimal_is_refused(value: object, said: str) -> None:
    message = refusal(Kind.DECIMAL, value)
    assert message.startswith("spot order.place: it ")
    assert said in message


@pytest.mark.parametrize(
    ("value", "expected"), [(5000, 5000), ("5000.125", "5000.125"), (Decimal("6E+3"), "6000")]
)
def test_milliseconds_are_an_integer_or_a_decimal(value: object, expected: object) -> None:
    assert sent(Kind.MILLISECONDS, value) == expected


@pytest.mark.parametrize("value", [5000.0, True, "soon", None.__class__, Decimal("NaN")])
def test_other_milliseconds_are_refused(value: object) -> None:
    assert "takes milliseconds as int, Decimal or decimal text" in refusal(Kind.MILLISECONDS, value)


# -- integers and booleans


class Fruit(IntEnum):
    APPLE = 3


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), Fruit.APPLE])
def test_integers_stay_integers(value: object) -> None:
    found = sent(Kind.INTEGER, value)
    assert (found, type(found)) == (3, int)


@pytest.mark.parametrize("value", [3.0, "3", True, False, np.True_, Decimal(3), [3], np.float64(3)])
def test_what_is_no_integer_is_refused(value: object) -> None:
    assert refusal(Kind.INTEGER, value).startswith("spot order.place: it takes an integer, not ")


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, pytest.param(10**5000, id="5000 digits")])
def test_integers_of_more_than_64_bits_are_refused(value: int) -> None:
    assert refusal(Kind.INTEGER, value) == "spot order.place: it takes an integer of at most 64 bits"


@pytest.mark.parametrize("value", [True, False])
def test_booleans_stay_booleans(value: bool) -> None:
    assert sent(Kind.BOOLEAN, value) is value


@pytest.mark.parametrize("value", [1, 0, "true", 1.0, []])
def test_what_is_no_boolean_is_refused(value: object) -> None:
    assert refusal(Kind.BOOLEAN, value).startswith("spot order.place: it takes True or False, not ")


@pytest.mark.parametrize(("value", "text"), [(True, "TRUE"), (False, "FALSE"), ("TRUE", "TRUE")])
def test_flags_are_sent_as_the_text_that_binance_asks_for(value: object, text: str) -> None:
    assert sent(Kind.FLAG, value, ("TRUE", "FALSE")) == text


@pytest.mark.parametrize("value", ["true", "yes", 1, 0, 1.0, ["TRUE"]])
def test_what_is_no_flag_is_refused(value: object) -> None:
    assert "takes True or False, or the text 'TRUE' or 'FALSE'" in refusal(
        Kind.FLAG, value, ("TRUE", "FALSE")
    )


# -- texts


class Colour(StrEnum):
    RED = "red"


class Mixed(str, Enum):  # noqa: UP042  # str() of its members is their name, which is what this is about
    RED = "red"


@pytest.mark.parametrize("value", ["red", Colour.RED, Mixed.RED, np.str_("red")])
@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.TEXTS])
def test_texts_are_sent_as_plain_text(kind: Kind, value: object) -> None:
    found = sent(kind, value)
    assert (found, type(found)) == ("red", str)


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.SYMBOL, Kind.CHOICE])
@pytest.mark.parametrize("value", [1, 1.5, True, b"red", ["red"], {"red": 1}])
def test_what_is_no_text_is_refused(kind: Kind, value: object) -> None:
    assert refusal(kind, value).startswith("spot order.place: it takes a text, not ")


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.TEXTS, Kind.SYMBOL, Kind.CHOICE, Kind.MILLISECONDS])
def test_empty_text_is_refused(kind: Kind) -> None:
    assert refusal(kind, "") == (
        "spot order.place: it is an empty text; leave it out, or give None, to send nothing"
    )


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.TEXTS, Kind.SYMBOL, Kind.CHOICE])
def test_text_that_cannot_be_encoded_is_refused(kind: Kind) -> None:
    assert refusal(kind, "a\ud800") == "spot order.place: it has half a surrogate pair: it cannot be sent"


def test_a_code_of_records_is_refused_with_its_name() -> None:
    assert refusal(Kind.CHOICE, Side.BUY, ("BUY", "SELL")) == (
        "spot order.place: it takes a text, not a value of type Side; its name is 'BUY'"
    )


def test_text_is_not_shown_in_a_refusal_of_its_type() -> None:
    class Token:
        def __repr__(self) -> str:
            return "the secret"

    assert "secret" not in refusal(Kind.TEXT, Token())
    assert "secret" not in refusal(Kind.TEXT, ["the secret"])


@pytest.mark.parametrize(
    ("value", "symbol"), [("btcusdt", "BTCUSDT"), ("BTCUSDT", "BTCUSDT"), ("币安人生usdt", "币安人生usdt")]
)
def test_symbols_are_in_upper_case_where_they_are_ascii(value: str, symbol: str) -> None:
    takes = one(Kind.SYMBOL)
    assert [takes.check({"it": value})["it"] for _ in range(3)] == [symbol] * 3
    assert sent(Kind.SYMBOLS, [value, "ethusdt"]) == [symbol, "ETHUSDT"]
    assert sent(Kind.SYMBOLS, (value,)) == [symbol]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_a_symbol_seen_before_is_sent_as_the_first_time(values: list[str]) -> None:
    takes = one(Kind.SYMBOL)
    for value in values + values:
        assert takes.check({"it": value}) == {"it": value.upper() if value.isascii() else value}


@pytest.mark.parametrize("kind", [Kind.SYMBOLS, Kind.TEXTS])
def test_an_empty_list_is_refused(kind: Kind) -> None:
    assert "is an empty list; leave it out" in refusal(kind, [])


@pytest.mark.parametrize("value", ["BTCUSDT", 1, {"BTCUSDT"}, iter(["BTCUSDT"])])
def test_what_is_no_list_of_symbols_is_refused(value: object) -> None:
    assert "takes a list of symbols, not a value of type" in refusal(Kind.SYMBOLS, value)


@pytest.mark.parametrize("value", [["BTCUSDT", 1], ["BTCUSDT", ""], [None]])
def test_what_is_no_symbol_in_a_list_is_refused(value: object) -> None:
    assert refusal(Kind.SYMBOLS, value).startswith("spot order.place: it ")


# -- choices

SIDES = ("BUY", "SELL")


@pytest.mark.parametrize("value", ["BUY", "SELL", np.str_("BUY")])
def test_a_known_value_passes(value: str) -> None:
    found = sent(Kind.CHOICE, value, SIDES)
    assert (found, type(found)) == (str(value), str)


def test_an_unknown_value_is_sent_with_one_warning() -> None:
    takes = one(Kind.CHOICE, SIDES)
    said = "^spot order.place: it='HOLD' is sent, but .* knows only BUY, SELL$"
    with pytest.warns(UserWarning, match=said) as caught:
        assert takes.check({"it": "HOLD"}) == {"it": "HOLD"}
    assert [each.filename for each in caught] == [__file__]  # the caller's line, and none of ours
    assert takes.check({"it": "HOLD"}) == {"it": "HOLD"}  # a warning would be an error here


def test_a_value_in_lower_case_is_sent_and_its_spelling_is_offered() -> None:
    with pytest.warns(UserWarning, match="perhaps 'BUY' is meant$"):
        assert one(Kind.CHOICE, SIDES).check({"it": "buy"}) == {"it": "buy"}


def test_unknown_values_without_end_are_remembered_up_to_a_number() -> None:
    takes = one(Kind.CHOICE, SIDES)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for number in [*range(1500), *range(1500)]:
            takes.check({"it": f"N{number}"})
    times = Counter(str(each.message) for each in caught)
    assert set(times.values()) == {1, 2}
    assert sum(count == 2 for count in times.values()) == 1500 - (1000 - len(SIDES))


# -- what parameters ask of each other

PRICED = (Parameter("type", Kind.TEXT), *(Parameter(name, Kind.DECIMAL) for name in ("price", "peg", "qty")))


def broken(rule: Rule, **params: object) -> str | None:
    try:
        method(*PRICED, rules=(rule,)).check(params)
    except ConfigurationError as refused:
        return str(refused).removeprefix("spot order.place: ")
    return None


def test_one_of_several_has_to_be_given() -> None:
    rule = OneOf(("price", "peg", "qty"))
    assert broken(rule, price=None) == "price, peg or qty is missing"
    assert broken(rule, peg=1) is None
    assert broken(rule, peg=1, price=1) is None
    assert str(rule) == "price, peg or qty is required"


def test_what_excludes_each_other_is_refused_together() -> None:
    rule = Exclusive(("price", "peg"))
    assert broken(rule, price=1, peg=1) == "price and peg exclude each other: give one of them"
    assert broken(rule, price=1, peg=None) is None
    assert broken(rule) is None
    assert str(rule) == "at most one of price or peg"


NEEDS: list[tuple[dict[str, object], str | None]] = [
    ({"type": "LIMIT", "price": 1, "qty": 1}, None),
    ({"type": "LIMIT", "peg": 1, "qty": 1}, None),
    ({"type": "LIMIT", "qty": 1}, "price or peg is missing, which type='LIMIT' needs"),
    ({"type": "LIMIT", "price": 1}, "qty is missing, which type='LIMIT' needs"),
    ({"type": "MARKET"}, None),
    ({"type": "NEW"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("params", "problem"), NEEDS)
def test_a_value_can_need_other_parameters(params: dict[str, object], problem: str | None) -> None:
    rule = Needs("type", {"LIMIT": (("price", "peg"), ("qty",)), "MARKET": ()})
    assert broken(rule, **params) == problem
    assert str(rule) == "by type: LIMIT needs price or peg, qty"


# -- weights


def test_weight_is_what_a_call_with_these_parameters_costs() -> None:
    fixed = method(*PRICED)
    assert fixed.weight_of({"price": "1"}) == 1
    varying = Method(
        "spot", "depth", Security.NONE, 50, PRICED, dict, "", "", weigh=lambda params: 10 * len(params)
    )
    assert (varying.weight, varying.weight_of({"price": "1", "qty": "1"})) == (50, 20)
