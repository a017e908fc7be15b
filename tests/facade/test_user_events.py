"""User events: every documented one is read in full, and surprises are survived and counted."""

import contextlib
import json
import re
import typing
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trading import TradingScene
from support.user_events import OURS, RECV_NS, VECTORS, agreed, read, vector_of, written

from fastbinance import user_events
from fastbinance.user_events import (
    EVENT_CLASSES,
    EventReader,
    EventUnfit,
    ExecutionReport,
    OrderTradeUpdate,
    Part,
    UnknownEvent,
    UserDataReady,
    UserEvent,
    execution_of,
    unwrap,
)

ORDER = vector_of("OrderTradeUpdate")["payload"].encode()
REPORT = vector_of("ExecutionReport")["payload"].encode()
CLASSES = sorted(
    (
        each
        for name in user_events.__all__
        if isinstance(each := getattr(user_events, name), type) and issubclass(each, Part)
    ),
    key=lambda each: each.__name__,
)

every_vector = pytest.mark.parametrize(
    "vector", VECTORS, ids=lambda vector: f"{vector['event']} of {vector['source']}"
)


# -- every event


def test_every_event_of_every_account_has_a_vector() -> None:
    documented = {
        (account, name, cls.__name__)
        for account, classes in EVENT_CLASSES.items()
        for name, cls in classes.items()
    }
    told = {
        (account, json.loads(vector["payload"])["e"], vector["event"])
        for vector in VECTORS
        for account in vector["accounts"]
    }
    assert told == documented


@every_vector
def test_an_event_is_read_as_its_class_with_whole_words(vector: dict[str, Any]) -> None:
    for account in vector["accounts"]:
        event = read(vector, account)
        assert type(event).__name__ == vector["event"]
        assert agreed(event, vector["says"]) == vector["says"]


@every_vector
def test_nothing_of_an_event_is_lost_or_changed(vector: dict[str, Any]) -> None:
    sent = json.loads(vector["payload"])
    for account in vector["accounts"]:
        reader = EventReader(account)
        event = reader.read(vector["payload"].encode(), RECV_NS)
        # A listen key's time may be text, and null means the same as a key that is not there.
        expected = {key: value for key, value in sent.items() if value is not None}
        assert written(event) == {**expected, "E": int(expected["E"])}
        assert reader.unknown_fields == {}
        assert reader.unknown_events == {}


def test_every_attribute_of_every_class_is_named_by_a_vector() -> None:
    said: dict[type[Part], set[str]] = {}

    def note(value: Any, says: Any) -> None:
        if isinstance(says, list):
            for one, inner in zip(value, says, strict=False):
                note(one, inner)
        elif isinstance(says, dict):
            for name, inner in says.items():
                note(getattr(value, name), inner)
                if inner is not None:
                    said.setdefault(type(value), set()).add(name)

    for vector in VECTORS:
        note(read(vector), {"event_ms": json.loads(vector["payload"])["E"], **vector["says"]})
    ours = {Part, UserEvent, UnknownEvent, UserDataReady, user_events.UserDataInterrupted}
    assert said.keys() == set(CLASSES) - ours
    for cls, names in said.items():
        assert set(cls.__struct_fields__) - names - set(OURS) <= {"event"}, cls.__name__


@every_vector
def test_the_order_of_keys_does_not_matter(vector: dict[str, Any]) -> None:
    def turned(value: Any) -> Any:
        return dict(reversed(value.items())) if isinstance(value, dict) else value

    sent = json.loads(vector["payload"])
    back = json.dumps(turned({key: turned(value) for key, value in sent.items()})).encode()
    for account in vector["accounts"]:
        assert written(EventReader(account).read(back, RECV_NS)) == written(read(vector, account))


def test_the_same_thing_has_the_same_type_in_all_classes() -> None:
    # An algorithm's order has no number before it is placed: Binance sends an empty text then.
    exceptions = {("AlgoOrder", "order_id"), ("FuturesOrder", "strategy_type"), ("Strategy", "strategy_type")}
    exceptions |= {("ConditionalOrder", "strategy_type")}
    kinds: dict[str, set[Any]] = {}
    for cls in CLASSES:
        for name, hint in typing.get_type_hints(cls).items():
            if (cls.__name__, name) not in exceptions and name not in ("balances", "positions", "order"):
                plain = tuple(one for one in typing.get_args(hint) if one is not type(None)) or (hint,)
                kinds.setdefault(name, set()).add(plain)
    assert {name: kind for name, kind in kinds.items() if len(kind) > 1} == {}


def test_all_that_the_simulator_tells_is_read_without_surprises() -> None:
    scene = TradingScene()
    scene.limit("BUY", "89995", "0.1")
    scene.market("BUY", quantity="0.5")
    scene.refusal("order.place", side="BUY", type="LIMIT", timeInForce="GTC", price="1", quantity="0")
    scene.move((("89980", "1"),), (("89990", "1"),))
    for product, symbol, quantity in (("usdm", "BTCUSDT", "0.5"), ("coinm", "BTCUSD_PERP", "5")):
        order = {"product": product, "symbol": symbol, "side": "SELL", "quantity": quantity}
        scene.ask("order.place", type="MARKET", **order)
        resting = scene.ask("order.place", type="LIMIT", timeInForce="GTC", price="95000", **order)
        scene.ask("order.cancel", product=product, symbol=symbol, orderId=resting["orderId"])
    told: dict[str, set[str]] = {}
    for _, product, payload in scene.events:
        reader = EventReader(product)
        event = reader.read(json.dumps(payload).encode(), RECV_NS)
        assert (reader.unknown_events, reader.unknown_fields) == ({}, {})
        told.setdefault(product, set()).add(type(event).__name__)
    assert told == {
        "spot": {"ExecutionReport", "AccountPosition"},
        "usdm": {"OrderTradeUpdate", "AccountUpdate", "TradeLite"},
        "coinm": {"OrderTradeUpdate", "AccountUpdate"},
    }


# -- where it came from


@pytest.mark.parametrize(
    ("account", "market"),
    [
        ("spot", "spot"), ("margin", "spot"), ("isolated", "spot"), ("margin_risk", "spot"),
        ("usdm", "usdm"), ("coinm", "coinm"), ("options", "options"),
    ],
)  # fmt: skip
def test_an_event_says_which_account_and_market_it_is_of(account: str, market: str) -> None:
    for vector in VECTORS:
        if account in vector["accounts"]:
            event = read(vector, account)
            assert (event.account, event.market) == (account, market)


def test_events_of_portfolio_margin_are_of_the_market_that_they_are_about() -> None:
    markets: dict[str, set[str]] = {}
    for vector in VECTORS:
        if "portfolio" in vector["accounts"]:
            markets.setdefault(vector["event"], set()).add(read(vector, "portfolio").market)
    assert markets == {
        "OrderTradeUpdate": {"usdm", "coinm"},
        "AccountUpdate": {"usdm", "coinm"},
        "AccountConfigUpdate": {"usdm"},
        "ConditionalOrderTradeUpdate": {"usdm"},
        "PortfolioAlgoUpdate": {"usdm"},
        "ExecutionReport": {"spot"},
        "AccountPosition": {"spot"},
        "BalanceUpdate": {"spot"},
        "LiabilityChange": {"spot"},
        "OpenOrderLoss": {"portfolio"},
        "PortfolioRiskLevelChange": {"portfolio"},
        "ListenKeyExpired": {"portfolio"},
    }


def test_an_event_keeps_its_bytes_its_time_its_subscription_and_its_isolated_pair() -> None:
    event = EventReader("isolated", "ABCXYZ").read(REPORT, RECV_NS, 3)
    assert event.payload is REPORT
    assert (event.recv_ns, event.subscription_id, event.isolated_symbol) == (RECV_NS, 3, "ABCXYZ")
    assert event.recovered is False


def test_what_is_ours_cannot_be_set_from_outside() -> None:
    forged = dict.fromkeys(OURS, "forged") | {"(payload)": None}
    forged |= {"(recovered)": True, "(account)": "usdm", "(recv_ns)": 5}
    payload = json.dumps({**json.loads(REPORT), **forged}).encode()
    reader = EventReader("spot")
    event = reader.read(payload, RECV_NS)
    assert (event.account, event.market, event.recv_ns, event.recovered) == ("spot", "spot", RECV_NS, False)
    assert event.payload == payload
    assert reader.unknown_fields == {f"executionReport.{name}": 1 for name in OURS}


def test_events_of_our_own_say_where_they_belong() -> None:
    made = EventReader("isolated", "ABCXYZ").make(UserDataReady, again=True, recv_ns=RECV_NS)
    assert (made.event, made.account, made.market, made.isolated_symbol, made.again) == (
        "user_data_ready", "isolated", "spot", "ABCXYZ", True,
    )  # fmt: skip


# -- amounts


def test_amounts_are_exact_as_decimals_and_nearest_as_floats() -> None:
    event = EventReader("spot").read(REPORT.replace(b"3.50000000", b"0.10000000000000000000000000000001"), 0)
    assert event.decimal("quantity") == Decimal("0.10000000000000000000000000000001")
    assert event.number("quantity") == 0.1


def test_parts_of_an_event_read_their_amounts_too() -> None:
    event = EventReader("usdm").read(ORDER, 0)
    assert isinstance(event, OrderTradeUpdate)
    assert event.order.decimal("realized_profit") == Decimal("1.75")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", "ExecutionReport has no attribute 'nothing'"),
        ("symbol", "ExecutionReport.symbol is 'ABCXYZ', no number"),
        ("commission_asset", "ExecutionReport.commission_asset is None, no decimal"),
        ("order_id", "ExecutionReport.order_id is 7000001, no decimal"),
    ],
)
def test_what_is_no_amount_is_refused_in_words(name: str, said: str) -> None:
    event = EventReader("spot").read(REPORT, 0)
    for reading in (event.decimal, event.number):
        with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
            reading(name)


# -- what we do not know


def test_an_unknown_event_passes_through_and_is_counted() -> None:
    reader = EventReader("portfolio_pro")
    payload = b'{"e":"uniMMRDrop","E":1790000000017,"u":"1.25","n":[1,2.50]}'
    for _ in range(3):
        event = reader.read(payload, RECV_NS)
    assert isinstance(event, UnknownEvent)
    assert (event.event, event.event_ms, event.payload) == ("uniMMRDrop", 1790000000017, payload)
    assert event.json() == {"e": "uniMMRDrop", "E": 1790000000017, "u": "1.25", "n": [1, 2.5]}
    assert reader.unknown_events == {"uniMMRDrop": 3}


@pytest.mark.parametrize(
    ("said", "event_ms"),
    [("", 0), (',"E":"1790000000017"', 1790000000017), (',"E":"soon"', 0), (',"E":"' + "9" * 5000 + '"', 0)],
    ids=["none", "text", "no number", "far too long"],
)
def test_an_unknown_event_may_say_its_time_as_it_likes(said: str, event_ms: int) -> None:
    event = EventReader("usdm").read(b'{"e":"NEWS"' + said.encode() + b"}", 0)
    assert (type(event), event.event_ms) == (UnknownEvent, event_ms)


def test_the_payload_of_an_unknown_event_is_decoded_or_refused_in_words() -> None:
    with pytest.raises(ValueError, match="event 'NEWS' has no payload"):
        UnknownEvent(event="NEWS").json()
    with pytest.raises(ValueError, match="payload of event 'NEWS' is not JSON"):
        UnknownEvent(event="NEWS", payload=b'{"e":').json()


def test_unknown_keys_are_passed_over_and_counted_with_their_place() -> None:
    reader = EventReader("usdm")
    payload = vector_of("AccountUpdate")["payload"].encode()
    more = payload.replace(b'"a":{', b'"zz":{"s":1.5},"a":{"yy":null,').replace(b'"pa":', b'"xx":[],"pa":')
    plain, event = reader.read(payload, 0), reader.read(more, 0)
    assert written(event) == written(plain)
    assert event.payload == more
    names = ("ACCOUNT_UPDATE.zz", "ACCOUNT_UPDATE.a.yy", "ACCOUNT_UPDATE.a.P.xx")
    assert reader.unknown_fields == dict.fromkeys(names, 1)
    reader.read(more, 0)
    assert reader.unknown_fields == dict.fromkeys(names, 2)


@every_vector
def test_every_event_is_read_with_a_key_more(vector: dict[str, Any]) -> None:
    more = vector["payload"].replace("{", '{"zz":[{"s":"1"}],').encode()
    for account in vector["accounts"]:
        reader = EventReader(account)
        assert written(reader.read(more, 0)) == written(read(vector, account))
        assert all(path.endswith(".zz") for path in reader.unknown_fields)
        assert len(reader.unknown_fields) >= 1


def test_names_that_a_peer_makes_up_do_not_fill_our_memory() -> None:
    reader = EventReader("spot")
    for number in range(1500):
        reader.read(b'{"e":"made up %d"}' % number, 0)
        reader.read(REPORT.replace(b'"E"', b'"zz%d":0,"E"' % number), 0)
    assert len(reader.unknown_events) == len(reader.unknown_fields) == 1000


# -- what cannot be read


def with_a_zero_at(place: int) -> bytes:
    return ORDER[:place] + b"\x00" + ORDER[place + 1 :]


UNFIT = [
    ("empty", b"", "invalid_json"),
    ("cut", ORDER[:100], "invalid_json"),
    ("more after it", ORDER + b"}", "invalid_json"),
    ("no UTF-8", ORDER.replace(b"mine-5", b"\xff\xfe"), "invalid_json"),
    ("half a surrogate", b'{"e":"\\ud800"}', "invalid_json"),
    ("nested without an end", b'{"e":"ORDER_TRADE_UPDATE","zz":' + b"[" * 100_000, "invalid_json"),
    ("unknown, with broken text", ORDER.replace(b'"T"', b'"zz":"\xff","T"', 1), "invalid_json"),
    ("a list", b"[" + ORDER + b"]", "wrong_type"),
    ("a name that is none", b'{"e":5}', "wrong_type"),
    ("another type", ORDER.replace(b'"i":8000001', b'"i":"8000001"'), "wrong_type"),
    ("another type beside an unknown key", ORDER.replace(b'"i":8000001', b'"zz":1,"i":"8"'), "wrong_type"),
    ("no name", ORDER.replace(b'"e"', b'"ee"'), "missing_key"),
    ("without its order", b'{"e":"ORDER_TRADE_UPDATE","E":1,"T":1}', "missing_key"),
    ("without its price", ORDER.replace(b'"p":"71000",', b""), "missing_key"),
]


@pytest.mark.parametrize(("payload", "code"), [one[1:] for one in UNFIT], ids=[one[0] for one in UNFIT])
def test_what_cannot_be_read_is_refused_and_the_next_event_is_read(payload: bytes, code: str) -> None:
    reader = EventReader("usdm")
    with pytest.raises(EventUnfit) as caught:
        reader.read(payload, 0)
    assert caught.value.code == code
    assert str(caught.value)
    assert written(reader.read(ORDER, 0)) == json.loads(ORDER)


@given(st.binary(max_size=200) | st.integers(0, len(ORDER) - 1).map(with_a_zero_at))
def test_any_bytes_are_an_event_or_unfit(payload: bytes) -> None:
    with contextlib.suppress(EventUnfit):  # and nothing else
        assert EventReader("usdm").read(payload, 0).payload == payload


def test_a_listen_key_is_in_no_repr_and_no_reason() -> None:
    payload = vector_of("ListenKeyExpired")["payload"].encode()
    event = EventReader("usdm").read(payload, 0)
    assert "OfNobody" not in repr(event)
    assert "listen_key=..." in repr(event)
    with pytest.raises(EventUnfit) as caught:
        EventReader("usdm").read(payload.replace(b'"OfNobody1"', b'{"OfNobody1":1}'), 0)
    assert "OfNobody" not in str(caught.value)


# -- wrappers


@pytest.mark.parametrize(
    ("payload", "origin"),
    [
        (b'{"subscriptionId":7,"event":%b}' % REPORT, 7),
        (b'{"event":%b,"subscriptionId":0}' % REPORT, 0),
        (b'{"event":%b}' % REPORT, None),
        (b' {"stream":"aKey", "data": %b , "more":1}' % REPORT, "aKey"),
        (REPORT, None),
    ],
    ids=["subscription", "the other way round", "no subscription", "combined", "raw"],
)
def test_an_event_is_taken_out_of_its_wrapper(payload: bytes, origin: str | int | None) -> None:
    found, event = unwrap(payload)
    assert found == origin
    assert type(found) is type(origin)
    assert isinstance(EventReader("spot").read(event, 0), ExecutionReport)


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b'{"subscriptionId":"x","event":{}}', b'{"data":{}}', b"{" * 100_000, b'{"event":\xff}'],
)
def test_what_is_no_wrapper_is_left_to_whoever_reads_it(payload: bytes) -> None:
    assert unwrap(payload) == (None, payload)


# -- the same execution, told twice


def test_executions_have_names_and_other_events_have_none() -> None:
    named = {
        vector["event"]: execution_of(read(vector))
        for vector in reversed(VECTORS)
        if execution_of(read(vector)) is not None
    }
    assert named == {
        "ExecutionReport": ("ABCXYZ", 14000001),
        "OrderTradeUpdate": ("ABCUSDT", 920, 8000001),
        "TradeLite": ("lite", "ABCUSDT", 920, 8000001),
        "OptionOrderUpdate": ("ABC-270625-70000-C", 940, 8000006),
    }
    assert execution_of(read(vector_of("OrderTradeUpdate", "without a commission"))) is None


def test_every_class_says_what_binance_calls_it_and_survives_a_copy() -> None:
    for vector in VECTORS:
        event = read(vector)
        assert f"``{event.event}``" in str(type(event).__doc__)
        assert msgspec.structs.replace(event) == event
