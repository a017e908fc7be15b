"""A fill is told once, by whichever news of it comes first, and completed at most once."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance._protocol.fills import Fill, Fills, FillUpdate
from fastbinance.answers import OrderPlaced
from fastbinance.user_events import EventReader

REPORT = {
    "e": "executionReport", "E": 1_795_340_000_123, "s": "BTCUSDT", "c": "mine", "S": "BUY", "o": "LIMIT",
    "f": "GTC", "q": "2", "p": "90000", "P": "0", "F": "0", "g": -1, "C": "", "x": "TRADE",
    "X": "PARTIALLY_FILLED", "r": "NONE", "i": 7, "l": "0.5", "z": "0.5", "L": "89999", "n": "0.001",
    "N": "BNB", "T": 1_795_340_000_122, "t": 31, "I": 90, "w": True, "m": False, "M": False,
    "O": 1_795_340_000_100, "Z": "44999.5", "Y": "44999.5", "Q": "0", "V": "NONE",
}  # fmt: skip
UPDATE_ORDER = {
    "s": "BTCUSDT", "c": "mine", "S": "SELL", "o": "LIMIT", "f": "GTC", "q": "2", "p": "90000", "ap": "90000",
    "sp": "0", "x": "TRADE", "X": "PARTIALLY_FILLED", "i": 7, "l": "0.5", "z": "0.5", "L": "90000",
    "n": "0.02", "N": "USDT", "T": 1_795_340_000_122, "t": 31, "m": True, "ps": "LONG", "rp": "12.5",
}  # fmt: skip
LITE = {
    "e": "TRADE_LITE", "E": 1_795_340_000_123, "T": 1_795_340_000_122, "s": "BTCUSDT", "q": "2", "p": "90000",
    "m": True, "c": "mine", "S": "SELL", "L": "90000", "l": "0.5", "t": 31, "i": 7,
}  # fmt: skip


def read(account, event):
    return EventReader(account).read(msgspec.json.encode(event), 0)


def report(**changes):
    return read("spot", REPORT | changes)


def update(**changes):
    event = {"e": "ORDER_TRADE_UPDATE", "T": 1_795_340_000_122, "E": 1_795_340_000_123}
    return read("usdm", event | {"o": UPDATE_ORDER | changes})


def lite(**changes):
    return read("usdm", LITE | changes)


def answer(*fills):
    body = {"symbol": "BTCUSDT", "orderId": 7, "clientOrderId": "mine", "transactTime": 5, "side": "BUY"}
    return msgspec.convert(body | {"fills": list(fills)}, OrderPlaced)


ANSWERED = {"price": "89999", "qty": "0.5", "commission": "0.001", "commissionAsset": "BNB", "tradeId": 31}


def test_the_event_of_an_order_tells_the_whole_fill():
    assert Fills().take(update()) == Fill(
        account="usdm", symbol="BTCUSDT", trade_id=31, order_id=7, client_order_id="mine", side="SELL",
        price="90000", quantity="0.5", source="order", commission="0.02", commission_asset="USDT",
        realized_profit="12.5", is_maker=True, position_side="LONG", transaction_ms=1_795_340_000_122,
    )  # fmt: skip


def test_a_short_copy_is_the_news_and_the_event_of_the_order_completes_it_once():
    fills = Fills()
    first = fills.take(lite())
    assert (first.source, first.commission, first.realized_profit) == ("lite", None, None)
    completed = fills.take(update())
    assert isinstance(completed, FillUpdate)
    assert completed.completed == ("commission", "commission_asset", "realized_profit", "position_side")
    assert (completed.fill.commission, completed.fill.realized_profit) == ("0.02", "12.5")
    assert completed.fill.source == "lite"
    assert fills.take(update()) is None
    assert fills.take(lite()) is None


def test_a_short_copy_that_comes_after_the_event_of_the_order_is_no_news():
    fills = Fills()
    fills.take(update())
    assert fills.take(lite()) is None


def test_the_fills_of_an_answer_are_news_and_lack_only_who_was_in_the_book():
    fills = Fills()
    (first,) = fills.take_answer("spot", answer(ANSWERED))
    assert (first.trade_id, first.price, first.is_maker) == (31, "89999", None)
    completed = fills.take(report())
    assert isinstance(completed, FillUpdate)
    assert completed.completed == ("is_maker",)
    assert completed.fill.is_maker is False


def test_the_fills_of_an_answer_that_comes_late_are_no_news():
    fills = Fills()
    fills.take(report())
    assert fills.take_answer("spot", answer(ANSWERED)) == []


def test_an_answer_without_fills_tells_none():
    body = {"symbol": "BTCUSDT", "orderId": 7, "clientOrderId": "mine"}
    assert Fills().take_answer("spot", msgspec.convert(body, OrderPlaced)) == []


@pytest.mark.parametrize("kind", ["NEW", "CANCELED", "REPLACED", "EXPIRED", "TRADE_PREVENTION"])
def test_a_step_of_an_order_that_trades_nothing_is_no_fill(kind):
    assert Fills().take(report(x=kind, t=-1)) is None
    assert Fills().take(update(x=kind, t=0)) is None


@pytest.mark.parametrize("event", [report(t=-1, l="0", L="0"), update(t=0, l="0", L="0")])
def test_how_far_an_order_is_filled_without_a_trade_is_no_fill(event):
    assert Fills().take(event) is None


def test_a_liquidation_is_a_fill():
    assert Fills().take(update(x="CALCULATED")).trade_id == 31


def test_the_same_number_on_another_account_symbol_or_order_is_another_fill():
    fills = Fills()
    told = [fills.take(event) for event in (report(), update(), report(s="ETHUSDT"), report(i=8))]
    assert all(isinstance(one, Fill) for one in told)


def test_allocations_of_smart_order_routing_are_told_apart_by_their_own_number():
    fills = Fills()
    told = [fills.take(report(t=-1, a=number)) for number in (1, 2, 1)]
    assert [None if one is None else one.allocation_id for one in told] == [1, 2, None]
    assert fills.take_answer("spot", answer(ANSWERED | {"tradeId": -1, "allocId": 2})) == []


def test_a_fill_of_an_answer_that_nothing_names_is_left_to_its_event():
    unnamed = {"price": "1", "qty": "1", "tradeId": -1}
    assert Fills().take_answer("spot", answer(unnamed)) == []


def test_a_recovered_fill_says_that_it_is():
    event = report()
    event.recovered = True
    assert Fills().take(event).recovered


def test_the_oldest_fill_is_forgotten_and_no_more_than_so_many_are_kept():
    fills = Fills(most=3)
    for number in range(1, 6):
        fills.take(report(t=number))
    assert len(fills) == 3
    assert fills.take(report(t=5)) is None
    assert isinstance(fills.take(report(t=1)), Fill)


@given(st.lists(st.tuples(st.sampled_from(["lite", "order"]), st.integers(1, 4)), max_size=40))
def test_each_fill_is_told_once_and_completed_at_most_once_in_any_order(news):
    fills, told, completed = Fills(), [], []
    for kind, number in news:
        found = fills.take(lite(t=number) if kind == "lite" else update(t=number))
        if isinstance(found, Fill):
            told.append(number)
        elif found is not None:
            completed.append(found.fill.trade_id)
    first = {number: kind for kind, number in reversed(news)}
    assert sorted(told) == sorted(first)
    both = {number for number, kind in first.items() if kind == "lite" and ("order", number) in news}
    assert sorted(completed) == sorted(both)
