"""What events add up to, and what a plan finds that they did not tell; by an account of the simulator."""

from decimal import Decimal

import msgspec
import pytest
from support.picturing import Listener
from support.trading import TradingScene

from fastbinance._protocol.picture import ASKED, RECOVERED, Picture, Question, parameters
from fastbinance._protocol.picture.questions import balances_of, order_of, trade_of
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


def test_a_fill_that_is_found_behind_a_later_one_does_not_open_the_order_again(scene, spot):
    spot.lose()
    scene.move([("70000", "1")], [("79000", "0.03"), ("85000", "1")])
    plan = spot.attach()
    scene.move([("70000", "1")], [("79000", "5")])
    spot.reconcile(plan)
    fills = [event for event in spot.heard if isinstance(event, ExecutionReport)]
    assert [(fill.recovered, fill.last_quantity, fill.status) for fill in fills] == [
        (False, "0.07000000", "FILLED"), (True, "0.03000000", "FILLED"),
    ]  # fmt: skip
    assert {Decimal(fill.cumulative_quantity) for fill in fills} == {Decimal("0.1")}
    assert spot.orders_heard() == spot.orders_pictured() == {}


def test_an_order_that_is_on_its_way_as_new_is_not_opened_again(scene, spot):
    spot.is_slow = True
    plan = spot.attach()
    scene.market("BUY", quantity="0.2")
    scene.ask("order.cancel", orderId=scene.limit("BUY", "70000", "0.1")["orderId"])
    spot.reconcile(plan)
    spot.arrive()
    assert spot.trades_heard() == spot.trades_made()
    assert spot.is_true()
    assert spot.orders_heard() == {}


def test_a_fill_between_two_answers_is_asked_for_before_the_plan_is_done(scene, spot):
    scene.market("BUY", quantity="0.1")
    spot.lose()
    scene.market("BUY", quantity="0.2")
    spot.is_slow = True
    plan = spot.attach()
    # Behind the open orders, and before the trades.
    spot.answer(plan, plan.questions())
    scene.limit("BUY", "81000", "0.2")  # ahead of the one that is known
    scene.move([("70000", "1")], [("79000", "0.03"), ("85000", "1")])
    trades = plan.questions()
    assert [question.subject for question in trades] == ["trades"]
    spot.answer(plan, trades)
    scene.move([("70000", "1")], [("79000", "0.05"), ("85000", "1")])
    spot.reconcile(plan)
    spot.lose()
    spot.reconcile(spot.attach())
    assert spot.trades_heard() == spot.trades_made()
    assert spot.is_true()


@pytest.mark.parametrize("account", ["spot", "usdm"])
@pytest.mark.parametrize("arrived", range(8))
def test_amounts_that_came_late_are_told_again_after_the_next_loss(scene, account, arrived):
    listener = Listener(scene, account)

    def buy(quantity):
        scene.ask("order.place", product=account, side="BUY", type="MARKET", quantity=quantity)

    buy("0.1")
    listener.reconcile(listener.attach())
    listener.is_slow = True
    plan = listener.attach()
    buy("0.2")
    scene.step(5)
    buy("0.3")
    listener.reconcile(plan)
    listener.arrive(arrived)
    listener.lose()
    listener.reconcile(listener.attach())
    assert listener.is_true()
    assert listener.orders_heard() == listener.orders_pictured()
    assert listener.amounts_heard() == listener.amounts_pictured()


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


def test_what_comes_before_a_reconciliation_is_kept_up_to_a_bound(scene, spot):
    spot.picture._most_live = 2
    spot.lose()
    scene.market("BUY", quantity="0.1")
    plan = spot.attach()
    for _ in range(5):
        scene.market("BUY", quantity="0.2")
        assert len(spot.picture.mark().live) <= 2
    assert plan.is_outdated
    assert spot.picture.has_hole
    spot.reconcile(spot.attach())
    assert set(spot.trades_heard().values()) == {1}
    assert len(spot.trades_made()) - len(spot.trades_heard()) == 1
    assert spot.is_true()
    assert not spot.picture.has_hole
    spot.lose()
    scene.market("BUY", quantity="0.1")
    before = spot.trades_heard()
    spot.reconcile(spot.attach())
    assert sum((spot.trades_heard() - before).values()) == 1


def test_a_plan_whose_trades_are_within_the_bound_is_not_outdated(scene, spot):
    spot.picture._most_live = 2
    plan = spot.attach()
    for _ in range(2):
        scene.market("BUY", quantity="0.2")
    assert not plan.is_outdated
    assert spot.reconcile(plan) == []


def test_before_the_first_reconciliation_no_trade_is_kept(scene):
    listener = Listener(scene, "spot")
    plan = listener.attach()
    scene.market("BUY", quantity="0.2")
    assert not listener.picture.mark().live
    assert not plan.is_outdated
    listener.reconcile(plan)
    assert listener.is_true()
    assert set(listener.trades_heard().values()) == {1}


def test_what_is_given_up_keeps_nothing_and_is_told_to_be_a_hole(scene, spot):
    spot.lose()
    scene.market("BUY", quantity="0.1")
    spot.attach()
    spot.picture.give_up()
    scene.market("BUY", quantity="0.2")
    assert spot.picture._mark is None
    assert spot.picture.has_hole
    spot.reconcile(spot.attach())
    assert spot.is_true()


def test_a_picture_begins_empty():
    picture = Picture("spot")
    assert (dict(picture.orders), dict(picture.balances), dict(picture.positions)) == ({}, {}, {})
    assert not picture.is_founded


@pytest.fixture
def pair(scene):
    """Give an account of isolated margin that has never traded."""
    listener = Listener(scene, "isolated")
    listener.reconcile(listener.attach())
    listener.heard.clear()
    return listener


def margin_order(scene, **params):
    order = {"side": "BUY", "type": "MARKET", "quantity": "0.123", "isIsolated": True}
    return scene.ask("margin.order.place", **order | params)


def test_the_first_order_of_a_pair_is_found_though_no_event_has_named_the_pair(scene, pair):
    pair.lose()
    margin_order(scene)
    events = pair.reconcile(pair.attach())
    assert briefly(events) == [("NEW", "NEW"), ("TRADE", "FILLED"), "outboundAccountPosition"]
    assert {event.isolated_symbol for event in events} == {"BTCUSDT"}
    assert pair.is_true()


def test_what_other_wallets_of_the_key_trade_is_not_a_pairs(scene, pair):
    pair.lose()
    margin_order(scene, isIsolated=False)
    margin_order(scene, isIsolated=True, symbol="ETHUSDT")
    scene.market("BUY", quantity="0.1")
    assert pair.reconcile(pair.attach()) == []


def test_what_a_fill_of_margin_paid_is_reckoned_where_its_answer_does_not_say(scene, pair):
    scene.move([("80000.12", "1")], [("90000.13", "0.0501"), ("90000.57", "1")])
    pair.lose()
    margin_order(scene)
    pair.reconcile(pair.attach())
    missed = [event for event in pair.heard if isinstance(event, ExecutionReport) and event.trade_id > 0]
    told = [event for *_, event in scene.events if event.get("x") == "TRADE"]
    assert len(told) == 2
    assert [(event.last_quote_quantity, event.cumulative_quote_quantity) for event in missed] == [
        (one["Y"], one["Z"]) for one in told
    ]


@pytest.mark.parametrize("account", ["spot", "margin"])
def test_more_trades_than_one_answer_has_are_asked_for_on(scene, account):
    most = ASKED[account]["trades"].most
    listener = Listener(scene, account)
    scene.move([("80000", "10")], [("90000", "10")])
    place = scene.market if account == "spot" else lambda side, **how: margin_order(
        scene, side=side, isIsolated=False, **how
    )  # fmt: skip
    place("BUY", quantity="0.001")
    listener.reconcile(listener.attach())
    listener.lose()
    for _ in range(most + 3):
        place("BUY", quantity="0.001")
    listener.reconcile(listener.attach())
    assert len(listener.trades_heard()) == most + 4
    assert listener.is_true()


def test_questions_about_a_pair_name_it():
    how = ASKED["isolated"]
    named = {"symbol": "BTCUSDT", "isIsolated": "TRUE"}
    assert parameters(Question("open_orders"), how["open_orders"], "BTCUSDT") == named
    assert parameters(Question("account"), how["account"], "BTCUSDT") == {"symbols": "BTCUSDT"}
    trades = Question("trades", "BTCUSDT", from_id=5)
    assert parameters(trades, how["trades"], "BTCUSDT") == named | {"fromId": 5, "limit": 500}
    assert parameters(trades, ASKED["margin"]["trades"]) == {"symbol": "BTCUSDT", "fromId": 5, "limit": 500}


# As Binance's pages show them, with figures of our own.
ORDER_OF_MARGIN = (
    b'{"clientOrderId":"ab12","cummulativeQuoteQty":"90.00000000","executedQty":"0.00100000",'
    b'"icebergQty":"0.00000000","isWorking":true,"orderId":213205622,"origQty":"0.30000000",'
    b'"price":"90000.00000000","side":"SELL","status":"PARTIALLY_FILLED","stopPrice":"0.00000000",'
    b'"symbol":"BTCUSDT","isIsolated":true,"time":1795340000122,"timeInForce":"GTC","type":"LIMIT",'
    b'"selfTradePreventionMode":"NONE","updateTime":1795340000124}'
)
CROSS = (
    b'{"created":true,"borrowEnabled":true,"marginLevel":"11.6","totalAssetOfBtc":"6.8","accountType":"MARGIN_1",'
    b'"userAssets":[{"asset":"BTC","borrowed":"1.00000000","free":"0.00499500","interest":"0.00000010",'
    b'"locked":"0.20000000","netAsset":"-0.79500510"}]}'
)
ISOLATED = (
    b'{"assets":[{"baseAsset":{"asset":"BTC","borrowEnabled":true,"borrowed":"0.00000000","free":"0.10000000",'
    b'"interest":"0.00000000","locked":"0.00000000","netAsset":"0.10000000","totalAsset":"0.10000000"},'
    b'"quoteAsset":{"asset":"USDT","borrowEnabled":true,"borrowed":"5.00000000","free":"7.00000000",'
    b'"interest":"0.00000000","locked":"1.00000000","netAsset":"3.00000000","totalAsset":"8.00000000"},'
    b'"symbol":"BTCUSDT","isolatedCreated":true,"enabled":true,"marginLevel":"1.6","indexPrice":"90000"}]}'
)
TRADE_OF_MARGIN = (
    b'[{"commission":"0.00006000","commissionAsset":"BTC","id":34,"isBestMatch":true,"isBuyer":false,'
    b'"isMaker":false,"orderId":39324,"price":"0.02000001","qty":"3.33300000","symbol":"BNBBTC",'
    b'"isIsolated":false,"time":1795340000122}]'
)


def test_answers_about_margin_are_read_as_binance_documents_them():
    cross, isolated = ASKED["margin"], ASKED["isolated"]

    def read(how, answer):
        return msgspec.json.decode(answer, type=how.answer)

    order = order_of(read(isolated["order"], ORDER_OF_MARGIN))
    assert (order.key, order.executed, order.quote) == (("BTCUSDT", 213205622), Decimal("0.001"), 90)
    assert (order.updated_ms, order.order_list_id, order.working_ms) == (1795340000124, -1, None)
    (btc,) = balances_of(read(cross["account"], CROSS)).values()
    assert (btc.asset, btc.first, btc.second) == ("BTC", "0.00499500", "0.20000000")
    pair = balances_of(read(isolated["account"], ISOLATED))
    assert {asset: (one.first, one.second) for asset, one in pair.items()} == {
        "BTC": ("0.10000000", "0.00000000"), "USDT": ("7.00000000", "1.00000000"),
    }  # fmt: skip
    (told,) = read(cross["trades"], TRADE_OF_MARGIN)
    trade = trade_of(told)
    # 0.06666003333, of which spot's quote amounts have eight decimals.
    assert (trade.side, trade.quote_quantity, trade.key) == ("SELL", "0.06666003", ("BNBBTC", 34, 39324))
    assert read(isolated["account"], b'{"assets":[]}').balances == []
