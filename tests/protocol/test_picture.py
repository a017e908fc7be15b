"""What events add up to, and what a plan finds that they did not tell; by an account of the simulator."""

from decimal import Decimal

import msgspec
import pytest
from support.picturing import Listener
from support.trading import TradingScene

from fastbinance._protocol.picture import RECOVERED, Picture, Question
from fastbinance.user_events import AccountPosition, AccountUpdate, ExecutionReport, OrderTradeUpdate


@pytest.fixture
def scene():
    return TradingScene()


@pytest.fixture
def spot(scene):
    """Give an account whose picture has been founded, with one open order."""
    listener = Listener(scene, "spot")
    scene.limit("BUY", "80000", "0.1")
    listener.reconcile(listener.attach())
    listener.heard.clear()
    return listener


def briefly(events):
    return [
        (event.execution_type, event.status) if isinstance(event, ExecutionReport) else event.event
        for event in events
    ]


def usdm_order(scene, side, **params):
    return scene.ask("order.place", product="usdm", side=side, type="MARKET", quantity="0.5", **params)


def test_the_first_reconciliation_tells_what_there_is(scene):
    scene.limit("BUY", "80000", "0.1")
    scene.market("BUY", quantity="0.2")
    listener = Listener(scene, "spot")
    events = listener.reconcile(listener.attach())
    assert briefly(events) == [("NEW", "NEW"), "outboundAccountPosition"]
    assert all(event.recovered and event.payload is None and event.recv_ns == 7 for event in events)
    assert listener.is_true()


def test_nothing_is_told_where_nothing_was_missed(spot):
    assert spot.reconcile(spot.attach()) == []


def test_an_order_that_was_filled_unheard_is_told_with_its_trades(scene, spot):
    spot.lose()
    scene.limit("SELL", "90000", "0.3")
    events = spot.reconcile(spot.attach())
    assert briefly(events) == [("NEW", "NEW"), ("TRADE", "FILLED"), "outboundAccountPosition"]
    fill = events[1]
    (trade,) = spot.ask(Question("trades", "BTCUSDT", from_id=0))
    assert (fill.trade_id, fill.last_price, fill.last_quantity) == (trade.id, trade.price, trade.qty)
    assert (fill.commission, fill.commission_asset) == (trade.commission, trade.commission_asset)
    assert Decimal(fill.cumulative_quote_quantity) == Decimal(trade.quote_qty)


@pytest.mark.parametrize("is_filled", [True, False])
def test_an_order_that_ended_unheard_is_told_with_its_end(scene, spot, is_filled):
    (order,) = spot.picture.orders.values()
    spot.lose()
    if is_filled:
        scene.move([("70000", "1")], [("79000", "1")])
    else:
        scene.ask("order.cancel", orderId=order.order_id)
    events = spot.reconcile(spot.attach())
    end = ("TRADE", "FILLED") if is_filled else ("CANCELED", "CANCELED")
    assert briefly(events) == [end, "outboundAccountPosition"]
    assert not spot.picture.orders


def test_a_fill_before_one_that_was_heard_is_found_though_the_order_is_told_whole(scene, spot):
    (order,) = spot.picture.orders.values()
    spot.lose()
    scene.move([("70000", "1")], [("79000", "0.03"), ("85000", "1")])
    plan = spot.attach()
    scene.move([("70000", "1")], [("79000", "5")])
    events = spot.reconcile(plan)
    assert [event.last_quantity for event in events if isinstance(event, ExecutionReport)] == ["0.03000000"]
    assert spot.trades_heard() == spot.trades_made()
    assert order.key not in spot.picture.orders


def test_an_event_on_its_way_is_known_as_told(scene, spot):
    spot.is_slow = True
    plan = spot.attach()
    scene.move([("70000", "1")], [("79000", "1")])
    events = spot.reconcile(plan)
    assert ("TRADE", "FILLED") in briefly(events)
    spot.arrive()
    assert spot.trades_heard() == spot.trades_made()
    assert spot.is_true()


def test_a_late_event_changes_nothing(scene, spot):
    picture = spot.picture
    scene.move([("70000", "1")], [("79000", "1")])
    told = [event for event in spot.heard if isinstance(event, ExecutionReport | AccountPosition)]
    before = (dict(picture.orders), dict(picture.balances))
    first = msgspec.structs.replace(told[0], status="NEW", cumulative_quantity="0", execution_type="NEW")
    picture.apply(first)
    picture.apply(msgspec.structs.replace(told[1], last_update_ms=1, balances=told[1].balances[:1]))
    assert (dict(picture.orders), dict(picture.balances)) == before


def test_an_event_with_an_amount_that_is_no_number_is_left_out_and_counted(scene, spot):
    scene.limit("BUY", "70000", "0.1")
    report = next(event for event in spot.heard if isinstance(event, ExecutionReport))
    before = dict(spot.picture.orders)
    spot.picture.apply(msgspec.structs.replace(report, cumulative_quantity="many"))
    assert spot.picture.unreadable == 1
    assert dict(spot.picture.orders) == before


def test_an_answer_with_an_amount_that_is_no_number_is_refused(spot):
    plan = spot.attach()
    question = next(one for one in plan.questions() if one.subject == "account")
    answer = spot.ask(question)
    answer.balances[0].free = "many"
    with pytest.raises(ValueError, match="account has an amount that is no number"):
        plan.answer(question, answer)


def test_an_order_that_binance_has_forgotten_has_ended(scene, spot):
    (order,) = spot.picture.orders.values()
    spot.lose()
    scene.ask("order.cancel", orderId=order.order_id)
    plan = spot.attach()
    while questions := plan.questions():
        for question in questions:
            if question.subject == "order":
                plan.not_found(question)
            else:
                plan.answer(question, spot.ask(question))
    assert ("CANCELED", "CANCELED") in briefly(plan.events(0))
    assert spot.is_true()


def test_a_plan_that_was_cut_short_leaves_its_fills_to_the_next(scene, spot):
    spot.lose()
    scene.market("BUY", quantity="0.1")
    spot.attach().questions()
    scene.market("BUY", quantity="0.2")
    spot.lose()
    scene.market("BUY", quantity="0.3")
    spot.reconcile(spot.attach())
    assert spot.trades_heard() == spot.trades_made()
    assert spot.is_true()


def test_a_fill_that_a_later_one_undid_is_found(scene):
    listener = Listener(scene, "usdm")
    scene.ask("order.place", product="usdm", side="BUY", type="LIMIT", timeInForce="GTC", price="80000",
              quantity="0.1")  # fmt: skip
    listener.reconcile(listener.attach())
    listener.lose()
    usdm_order(scene, "BUY")
    plan = listener.attach()
    usdm_order(scene, "SELL")
    listener.reconcile(plan)
    assert listener.trades_heard() == listener.trades_made()


def test_each_question_is_asked_once_and_only_of_symbols_that_differ(scene, spot):
    spot.picture.symbols.add("ETHEUR")
    spot.lose()
    scene.market("BUY", quantity="0.1")
    plan, asked = spot.attach(), []
    while questions := plan.questions():
        assert plan.questions() == ()
        asked += questions
        for question in questions:
            plan.answer(question, spot.ask(question))
    assert len(asked) == len(set(asked))
    assert {one.symbol for one in asked if one.subject == "trades"} == {"BTCUSDT"}


def test_a_position_that_changed_unheard_is_told_with_its_fill(scene):
    listener = Listener(scene, "usdm")
    usdm_order(scene, "BUY")
    listener.reconcile(listener.attach())
    listener.lose()
    usdm_order(scene, "BUY")
    events = listener.reconcile(listener.attach())
    fills = [one.order for one in events if isinstance(one, OrderTradeUpdate) and one.order.trade_id]
    assert sum(Decimal(one.last_quantity) for one in fills) == Decimal("0.5")
    changes = [one.change for one in events if isinstance(one, AccountUpdate)]
    assert {change.reason for change in changes} == {RECOVERED}
    assert listener.is_true()


def test_a_position_that_was_closed_unheard_is_gone(scene):
    listener = Listener(scene, "usdm")
    usdm_order(scene, "BUY")
    listener.reconcile(listener.attach())
    listener.lose()
    usdm_order(scene, "SELL")
    listener.reconcile(listener.attach())
    assert all(not Decimal(one.amount) for one in listener.picture.positions.values())
    assert listener.is_true()


def test_a_picture_begins_empty():
    picture = Picture("spot")
    assert (dict(picture.orders), dict(picture.balances), dict(picture.positions)) == ({}, {}, {})
    assert not picture.is_founded
