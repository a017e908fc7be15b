"""Answers of the WebSocket API: every documented one is read in full, and surprises are survived."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.answers import VECTORS, documented, read, said, text, written

from fastbinance import answers
from fastbinance.answers import (
    ANSWERS,
    UNREADABLE,
    Account,
    Answer,
    CancelReplaced,
    DayTicker,
    Empty,
    ExchangeInfo,
    Kline,
    ListenKey,
    Order,
    OrderTested,
    Session,
    UsdmDepth,
)

STRUCTS = sorted(
    (each for name in answers.__all__ if isinstance(each := getattr(answers, name), type)),
    key=lambda struct: struct.__name__,
)


def vector_id(vector: dict[str, Any]) -> str:
    return f"{vector['product']} {vector['method']}: {vector['source'].partition(', ')[2]}"


every_vector = pytest.mark.parametrize("vector", VECTORS, ids=vector_id)


def without_ignored(method: str, result: Any) -> Any:
    """Cut the last element of candles, which the documentation tells to ignore."""
    return [candle[:-1] for candle in result] if method in ("klines", "uiKlines") else result


# -- every method


def test_there_is_an_answer_for_every_method_and_a_vector_for_every_answer() -> None:
    assert Counter(product for product, _ in ANSWERS) == {"spot": 56, "usdm": 21, "coinm": 13}
    assert {(vector["product"], vector["method"]) for vector in VECTORS} == ANSWERS.keys()


@every_vector
def test_nothing_of_a_documented_answer_is_lost_or_changed(vector: dict[str, Any]) -> None:
    answer = read(vector["product"], vector["method"], vector["result"])
    assert said(written(answer)) == said(without_ignored(vector["method"], vector["result"]))


@every_vector
def test_a_key_that_we_do_not_know_is_passed_over(vector: dict[str, Any]) -> None:
    def with_news(value: Any) -> Any:
        if isinstance(value, dict):
            news = {"keyOfTomorrow": {"deep": [1, "two", None]}}
            return news | {key: with_news(part) for key, part in value.items() if key not in FILTERS}
        return [with_news(part) for part in value] if isinstance(value, list) else value

    def without_filters(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without_filters(part) for key, part in value.items() if key not in FILTERS}
        return [without_filters(part) for part in value] if isinstance(value, list) else value

    # Filters are given to the user as they are sent, with whatever is in them.
    product, method, result = vector["product"], vector["method"], vector["result"]
    assert read(product, method, with_news(result)) == read(product, method, without_filters(result))


FILTERS = {"filters", "exchangeFilters", "symbolFilters", "assetFilters"}


def test_a_longer_candle_is_a_candle() -> None:
    (candle,) = documented("spot", "klines")
    assert read("spot", "klines", [[*candle, "of tomorrow"]]) == read("spot", "klines", [candle])


# -- Binance's own examples


def reference_answers(captures: Path) -> list[tuple[str, dict[str, Any]]]:
    """Answers of the reference with their methods; the part before it shows answers without requests."""
    lines = (captures / "docs-spot-wsapi.jsonl").read_text(encoding="utf-8").splitlines()
    messages = [json.loads(line) for line in lines]
    start = next(at for at, message in enumerate(messages) if message.get("method") == "ping")
    found, method = [], ""
    for message in messages[start:]:
        method = message.get("method", method)
        if "status" in message:
            found.append((method, message))
    return found


def test_every_example_of_the_spot_documentation_is_read_in_full(captures: Path) -> None:
    answered = [(name, each) for name, each in reference_answers(captures) if each["status"] == 200]
    for method, message in answered:
        answer = read("spot", method, message["result"])
        assert said(written(answer)) == said(without_ignored(method, message["result"])), method
    assert len(answered) == 73
    # What it has no example of; our own vectors have.
    assert {name for product, name in ANSWERS if product == "spot"} - {name for name, _ in answered} == {
        "userDataStream.subscribe.listenToken"
    }


def test_every_failed_cancel_replace_of_the_documentation_tells_what_became_of_each_part(
    captures: Path,
) -> None:
    parts = [
        CancelReplaced.from_error_data(each["error"]["data"])
        for method, each in reference_answers(captures)
        if method == "order.cancelReplace" and "data" in each.get("error", {})
    ]
    assert [(part.cancel_result, part.new_order_result) for part in parts] == [
        ("FAILURE", "NOT_ATTEMPTED"), ("SUCCESS", "FAILURE"), ("FAILURE", "SUCCESS"), ("FAILURE", "FAILURE"),
        ("SUCCESS", "FAILURE"),
    ]  # fmt: skip
    for part in parts:
        assert (part.cancel_response is not None) == (part.cancel_result == "SUCCESS")
        assert (part.new_order_response is not None) == (part.new_order_result == "SUCCESS")
        assert (part.cancel_refusal is not None) == (part.cancel_result == "FAILURE")
        assert (part.new_order_refusal is not None) == (part.new_order_result == "FAILURE")


# -- what the important ones say


def test_an_order_says_as_much_as_was_asked_for() -> None:
    ack = read("spot", "order.place", documented("spot", "order.place", "ACK"))
    result = read("spot", "order.place", documented("spot", "order.place", "RESULT"))
    full = read("spot", "order.place", documented("spot", "order.place", "FULL"))
    assert (ack.order_id, ack.client_order_id, ack.order_list_id) == (9007199254740993, "mine-1", -1)
    assert (ack.transact_time, ack.placed_time, ack.status, ack.fills) == (
        1790000000005, 1790000000005, None, None,
    )  # fmt: skip
    assert (result.price, result.orig_qty, result.status, result.fills) == (
        "7.10000000", "4.40000000", "NEW", None,
    )  # fmt: skip
    (fill,) = full.fills
    assert (fill.price, fill.qty, fill.commission, fill.commission_asset, fill.trade_id) == (
        "7.10000000", "4.40000000", "0.00440000", "ABC", 8801,
    )  # fmt: skip
    assert (full.executed_qty, full.cummulative_quote_qty) == ("4.40000000", "31.24000000")


def test_what_a_test_order_would_cost_is_told_only_if_asked_for() -> None:
    assert read("spot", "order.test", {}) == OrderTested()
    costs = read("spot", "order.test", documented("spot", "order.test", "computeCommissionRates"))
    assert costs.standard_commission_for_order.taker == "0.00110000"
    assert (costs.discount.discount_asset, costs.discount.discount) == ("BNB", "0.75000000")


def test_one_symbol_is_answered_with_an_object_and_several_with_a_list() -> None:
    one, several, short = (
        read("spot", "ticker.24hr", documented("spot", "ticker.24hr", section))
        for section in ("statistics", "symbols", "MINI")
    )
    assert isinstance(one, DayTicker)
    assert (one.bid_price, one.last_price, one.count) == ("7.11990000", "7.12000000", 1301)
    assert [ticker.symbol for ticker in several] == ["ABCXYZ", "ABCQRS"]
    assert (short.last_price, short.bid_price, short.price_change) == ("7.12000000", None, None)


def test_letters_become_words() -> None:
    (trade,) = read("spot", "trades.aggregate", documented("spot", "trades.aggregate"))
    assert (trade.id, trade.price, trade.qty, trade.first_trade_id, trade.last_trade_id) == (
        5501, "7.12350000", "9.60000000", 6601, 6604,
    )  # fmt: skip
    assert (trade.time, trade.is_buyer_maker, trade.is_best_match) == (1790000000002, True, True)


def test_a_candle_is_read_by_its_places() -> None:
    (candle,) = read("spot", "klines", documented("spot", "klines"))
    assert candle == Kline(
        open_time=1789999200000, open="7.10000000", high="7.20000000", low="7.05000000", close="7.12340000",
        volume="512.40000000", close_time=1790002799999, quote_volume="3650.11000000", trades=207,
        taker_buy_volume="301.20000000", taker_buy_quote_volume="2144.92000000",
    )  # fmt: skip


def test_a_symbol_shows_its_filters_by_type() -> None:
    info = read("spot", "exchangeInfo", documented("spot", "exchangeInfo"))
    assert isinstance(info, ExchangeInfo)
    (symbol,) = info.symbols
    lot = symbol.filter("LOT_SIZE")
    assert lot is not None
    assert (lot["stepSize"], symbol.filter("ICEBERG_PARTS")) == ("0.20000000", None)
    assert [(limit.limit, limit.count) for limit in info.rate_limits] == [(6100, None), (310, None)]


def test_cancelling_tells_orders_from_order_lists() -> None:
    order, order_list = read("spot", "openOrders.cancelAll", documented("spot", "openOrders.cancelAll"))
    assert (order.is_list, order.orig_client_order_id, order.client_order_id, order.status) == (
        False, "mine-1", "cancel-1", "CANCELED",
    )  # fmt: skip
    assert (order_list.is_list, order_list.order_id, order_list.list_client_order_id) == (
        True, None, "list-1",
    )  # fmt: skip
    assert [report.orig_client_order_id for report in order_list.order_reports] == ["leg-1", "leg-2"]
    assert read("spot", "order.cancel", documented("spot", "order.cancel", "of a list")) == order_list


def test_a_cancel_replace_has_both_orders() -> None:
    both = read("spot", "order.cancelReplace", documented("spot", "order.cancelReplace"))
    assert (both.cancel_response.status, both.new_order_response.client_order_id) == ("CANCELED", "mine-2")


def test_a_reference_price_that_does_not_exist_is_an_answer() -> None:
    none = read("spot", "referencePrice", documented("spot", "referencePrice", "none for the symbol"))
    assert (none.symbol, none.reference_price, none.code) == (None, None, -2043)


INTEGRATED = [
    ("usdm", "the integration of COIN-M", "cum_quote"),
    ("coinm", "integration into USD-M", "cum_base"),
]


@pytest.mark.parametrize(("product", "section", "amount"), INTEGRATED)
def test_what_the_integration_of_coinm_took_away_is_none(product: str, section: str, amount: str) -> None:
    now = read(product, "order.place", documented(product, "order.place", "New Order"))
    before = read(product, "order.place", documented(product, "order.place", section))
    assert (now.avg_price, getattr(now, amount)) == (None, None)
    assert float(before.avg_price) == float(getattr(before, amount)) == 0
    assert (now.order_id, now.placed_time, now.time) == (8389765739703625592, 1790000000012, None)


def test_levels_beside_the_result_are_taken_and_those_inside_are_kept() -> None:
    inside = documented("usdm", "depth", "Order Book")
    whole = read("usdm", "depth", inside)
    bare = read("usdm", "depth", {"lastUpdateId": inside["lastUpdateId"]})
    assert (whole.bids[0], whole.asks, bare.bids, bare.asks) == (
        ("61000.10", "0.044"), [("61000.20", "0.310")], [], [],
    )  # fmt: skip
    levels = {"bids": [["1.5", "2"]], "asks": [["1.6", "3"]]}
    frame = text({"id": 1, "status": 200, "result": {"lastUpdateId": 5}, **levels})
    bare.take_levels_beside(frame)
    assert (bare.bids, bare.asks) == ([("1.5", "2")], [("1.6", "3")])
    whole.take_levels_beside(frame)
    assert whole == read("usdm", "depth", inside)
    assert UsdmDepth(last_update_id=1).bids is not UsdmDepth(last_update_id=1).bids


# -- what is left out, and what does not fit

# The least that is still an answer, by struct of what changes something: the request has been carried out.
LEAST = [
    ("spot", "order.place", {"symbol": "ABCXYZ", "orderId": 1, "clientOrderId": "a"}),
    ("spot", "order.cancel", {"symbol": "ABCXYZ"}),
    ("spot", "order.cancelReplace", {}),
    (
        "spot",
        "order.amend.keepPriority",
        {"amendedOrder": {"symbol": "A", "orderId": 1, "clientOrderId": "a"}},
    ),
    ("spot", "orderList.place.oco", {"orderListId": 1, "listClientOrderId": "a"}),
    ("spot", "orderList.cancel", {"orderListId": 1}),
    ("usdm", "order.place", {"symbol": "ABCUSDT", "orderId": 1, "clientOrderId": "a"}),
    ("usdm", "order.modify", {"symbol": "ABCUSDT", "orderId": 1, "clientOrderId": "a"}),
    ("coinm", "order.cancel", {"symbol": "ABCUSD_PERP", "orderId": 1, "clientOrderId": "a"}),
    ("usdm", "algoOrder.place", {"algoId": 1}),
    ("usdm", "algoOrder.cancel", {"algoId": 1}),
    ("usdm", "session.logon", {}),
    ("coinm", "userDataStream.ping", {}),
]


@pytest.mark.parametrize(
    ("product", "method", "result"), LEAST, ids=[f"{case[0]} {case[1]}" for case in LEAST]
)
def test_what_names_an_order_is_enough_and_needed(product: str, method: str, result: dict[str, Any]) -> None:
    assert said(written(read(product, method, result))) == result
    for key in result:
        with pytest.raises(msgspec.ValidationError, match=f"missing required field `{key}`"):
            read(product, method, {name: value for name, value in result.items() if name != key})


WRONG = [
    ("an id as text", "spot", "order.place", "orderId", "12"),
    ("an id with a fraction", "spot", "order.place", "orderId", 12.5),
    ("a price as a number", "spot", "order.status", "price", 7.1),
    ("a price that is null", "spot", "order.status", "price", None),
    ("a flag as text", "usdm", "order.place", "reduceOnly", "false"),
    ("a time as text", "coinm", "order.place", "updateTime", "1790000000000"),
    ("a list as an object", "spot", "account.status", "balances", {}),
    ("a level with one element", "spot", "depth", "bids", [["7.1"]]),
]


@pytest.mark.parametrize(
    ("product", "method", "key", "value"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG]
)
def test_a_wrong_type_is_refused_with_its_place(product: str, method: str, key: str, value: Any) -> None:
    with pytest.raises(msgspec.ValidationError, match=re.escape(f"`$.{key}")):
        read(product, method, documented(product, method) | {key: value})


GOOD = text(documented("spot", "order.place", "RESULT"))

MALFORMED = [
    ("empty", b""),
    ("cut", GOOD[:60]),
    ("with something after it", GOOD + b"}"),
    ("not UTF-8", GOOD.replace(b"mine-1", b"mine-\xff")),
    ("half a surrogate pair", GOOD.replace(b"mine-1", b"mine-\\ud800")),
    ("nested without an end", GOOD[:-1] + b', "new": ' + b"[" * 100_000),
    ("an array", b"[]"),
    ("null", b"null"),
]


@pytest.mark.parametrize("payload", [case[1] for case in MALFORMED], ids=[case[0] for case in MALFORMED])
def test_what_cannot_be_read_raises_what_is_said_to_be_raised(payload: bytes) -> None:
    with pytest.raises(UNREADABLE):
        read("spot", "order.place", payload)


@pytest.mark.parametrize("number", [2**53 + 1, 2**63 - 1, -(2**63)])
def test_ids_of_64_bits_are_exact(number: int) -> None:
    for product, method in (("spot", "order.place"), ("usdm", "order.place"), ("coinm", "order.status")):
        assert read(product, method, documented(product, method) | {"orderId": number}).order_id == number


def test_decimals_are_what_was_sent() -> None:
    for decimal in ("0.10000000", "0.1", "1E-8", "12345678901234567890.123456789012345678", "-0"):
        order = read("spot", "order.status", documented("spot", "order.status") | {"price": decimal})
        assert order.price == decimal


# -- as structs


def test_keys_are_not_shown() -> None:
    session = read("spot", "session.logon", documented("spot", "session.logon"))
    assert isinstance(session, Session)
    listen_key = read("usdm", "userDataStream.start", documented("usdm", "userDataStream.start"))
    assert (session.api_key, listen_key.listen_key) == ("an-api-key-of-our-own", "a-listen-key-of-our-own")
    shown = f"{session!r} {session} {[listen_key]} {listen_key!r}"
    assert "of-our-own" not in shown
    assert "server_time=1790000000002" in shown
    assert repr(ListenKey()) == "ListenKey()"


def test_what_was_left_out_is_not_shown() -> None:
    assert repr(read("spot", "order.place", documented("spot", "order.place", "ACK"))) == (
        "OrderPlaced(symbol='ABCXYZ', order_id=9007199254740993, order_list_id=-1, client_order_id='mine-1', "
        "transact_time=1790000000005)"
    )


def test_lists_that_were_left_out_are_not_shared() -> None:
    first, second = (read("spot", "account.status", {"balances": []}) for _ in range(2))
    assert isinstance(first, Account)
    assert first.permissions == []
    assert first.permissions is not second.permissions


def names_of(struct: Any) -> list[tuple[str, str]]:
    """Names and keys of what a struct adds to its base."""
    inherited = set(getattr(struct.__base__, "__struct_fields__", ()))
    pairs = zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True)
    return [(name, key) for name, key in pairs if name not in inherited]


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_attribute_is_documented_with_its_key(struct: Any) -> None:
    lines = re.findall(r"^    ([\w, ]+) : (.+)$", struct.__doc__, re.MULTILINE)
    listed = [name for names, _ in lines for name in names.split(", ")]
    assert Counter(listed) == Counter(name for name, _ in names_of(struct))
    ours = {"resolved_by", "cancel_refusal", "new_order_refusal"}
    for name, key in names_of(struct):
        assert key == name or name in ours or f"``{key}``" in struct.__doc__, name


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_what_may_be_left_out_is_documented_as_such(struct: Any) -> None:
    kinds = {
        name: kind
        for names, kind in re.findall(r"^    ([\w, ]+) : (.+)$", struct.__doc__, re.MULTILINE)
        for name in names.split(", ")
    }
    for field in msgspec.structs.fields(struct):
        if field.name in kinds:
            assert (field.default is None) == kinds[field.name].endswith("or None"), field.name


@pytest.mark.parametrize("struct", [each for each in STRUCTS if each is not Kline], ids=lambda s: s.__name__)
def test_every_answer_is_an_answer(struct: type) -> None:
    assert issubclass(struct, Answer)


@pytest.mark.parametrize("method", ["ping", "userDataStream.unsubscribe"])
def test_what_says_nothing_is_empty(method: str) -> None:
    assert read("spot", method, {}) == Empty()


def test_none_of_many_is_an_empty_list() -> None:
    assert read("spot", "openOrders.status", []) == []
    assert [type(order) for order in read("spot", "allOrders", documented("spot", "allOrders"))] == [
        Order,
        Order,
    ]
