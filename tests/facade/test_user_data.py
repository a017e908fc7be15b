"""User data over real sockets, against the simulator: every account kind, its renewal, and its losses."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from support.api import ED25519, ED25519_PEM
from support.faces import FACES, Face

import fastbinance
from fastbinance import ConfigurationError, Credentials, WsKey
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator, SimAccount
from fastbinance.user_events import (
    AccountPosition,
    AccountUpdate,
    BalanceUpdate,
    EventStreamTerminated,
    ExecutionReport,
    ListenKeyExpired,
    OrderTradeUpdate,
    UnknownEvent,
    UserDataInterrupted,
    UserDataReady,
)

pytestmark = pytest.mark.faces(*FACES)

LIMIT: dict[str, Any] = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "50000",
    "quantity": "0.01",
}  # fmt: skip


@pytest.fixture
def fb(face: Face, silent_sim: RunningSimulator) -> Any:
    """Give a client with an HMAC key."""
    return face.client(
        urls=silent_sim.urls, rest_urls=silent_sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET
    )


def ready(face: Face, handle: Any) -> Any:
    """Wait for the first proof, and take the event that tells it."""
    face.do(handle.ready, timeout=10)
    while not isinstance(event := face.do(handle.get), UserDataReady):
        assert event.recovered
    assert not event.again
    return handle


def next_of(face: Face, handle: Any, wanted: type[Any]) -> Any:
    """Take events until one of a class comes."""
    while not isinstance(event := face.do(handle.get), wanted):
        assert event is not None
    return event


def asked_until(holds: Callable[[], bool]) -> None:
    """Ask Binance again and again until the answer is as wanted; each time the client takes a few turns."""
    assert any(holds() for _ in range(1_000))


def test_an_order_on_spot_is_told_with_its_balances(face: Face, fb: Any) -> None:
    mine = ready(face, face.do(fb.user_data))
    order = face.do(fb.spot.order_place, **LIMIT)
    report = next_of(face, mine, ExecutionReport)
    assert (report.order_id, report.client_order_id, report.status, report.account) == (
        order.order_id, order.client_order_id, "NEW", "spot",
    )  # fmt: skip
    assert report.decimal("price") == Decimal("50000")
    assert report.subscription_id is not None
    assert not report.recovered
    assert report.recv_ns > 0
    position = next_of(face, mine, AccountPosition)
    assert [one.asset for one in position.balances] == ["USDT"] or len(position.balances) == 2


def test_an_order_on_usdm_is_told(face: Face, fb: Any) -> None:
    mine = ready(face, face.do(fb.user_data, "usdm"))
    order = face.do(fb.usdm.order_place, **LIMIT)
    update = next_of(face, mine, OrderTradeUpdate)
    assert (update.order.order_id, update.order.status, update.account) == (order.order_id, "NEW", "usdm")
    assert "listenKey" not in repr(mine)


def test_an_order_on_coinm_is_told(face: Face, fb: Any) -> None:
    mine = ready(face, face.do(fb.user_data, "coinm"))
    order = face.do(fb.coinm.order_place, **(LIMIT | {"symbol": "BTCUSD_PERP", "quantity": 1}))
    update = next_of(face, mine, OrderTradeUpdate)
    assert (update.order.order_id, update.account) == (order.order_id, "coinm")
    assert update.account_alias


@pytest.mark.parametrize(
    ("account", "symbol"),
    [
        ("margin", None), ("isolated", "BTCUSDT"), ("margin_risk", None), ("options", None),
        ("portfolio", None), ("portfolio_pro", None),
    ],
)  # fmt: skip
def test_every_other_kind_of_account_is_proven(
    face: Face, fb: Any, account: str, symbol: str | None
) -> None:
    mine = ready(face, face.do(fb.user_data, account, symbol))
    assert mine.state == "live"


def test_two_accounts_do_not_hear_of_each_other(face: Face, fb: Any, silent_sim: RunningSimulator) -> None:
    silent_sim.add_account(SimAccount("another-key-of-the-simulator", secret="another-secret"))
    other = Credentials("another-key-of-the-simulator", "another-secret")
    mine = ready(face, face.do(fb.user_data))
    theirs = ready(face, face.do(fb.user_data, credentials=other))
    order = face.do(fb.spot.order_place, **LIMIT)
    assert next_of(face, mine, ExecutionReport).order_id == order.order_id
    assert theirs.waiting == 0


@pytest.mark.parametrize(
    ("account", "key"), [("spot", WsKey.MAIN_WS_API), ("usdm", WsKey.USDM), ("coinm", WsKey.COINM)]
)
def test_a_lost_connection_is_told_and_events_come_again(
    face: Face, fb: Any, silent_sim: RunningSimulator, account: str, key: WsKey
) -> None:
    mine = ready(face, face.do(fb.user_data, account))
    silent_sim.cut(key)
    lost, back = face.do(mine.get), face.do(mine.get)
    assert isinstance(lost, UserDataInterrupted)
    assert isinstance(back, UserDataReady)
    assert back.again
    assert mine.state == "live"


@pytest.mark.parametrize("account", ["spot", "margin", "usdm", "coinm", "options", "portfolio"])
def test_a_wrong_key_is_told_with_account_and_service(
    face: Face, silent_sim: RunningSimulator, account: str
) -> None:
    where = {"urls": silent_sim.urls, "rest_urls": silent_sim.rest_urls}
    fb = face.client(**where, api_key="no-such-key-at-all", api_secret="secret")
    mine = face.do(fb.user_data, account)
    with pytest.raises(fastbinance.UserDataFailed, match=account) as failed:
        face.do(mine.ready, timeout=10)
    assert failed.value.code in (-2014, -2015, -2008, -1022)
    assert "no-such-key" not in str(failed.value)
    assert mine.state == "failed"
    with pytest.raises(fastbinance.UserDataFailed):
        face.do(mine.get)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"account": "sopt"}, "did you mean 'spot'"),
        ({"account": "isolated"}, "symbol="),
        ({"account": "usdm", "symbol": "BTCUSDT"}, "takes no symbol"),
        ({"account": "spot", "events": ["executionReport"]}, "USD-M"),
        ({"account": "usdm", "events": "ORDER_TRADE_UPDATE"}, "several names"),
        ({"account": "usdm", "credentials": "key"}, "Credentials"),
    ],
)
def test_what_is_wrong_with_a_call_is_said(face: Face, fb: Any, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        face.do(fb.user_data, **arguments)


def test_user_data_want_credentials(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls)
    with pytest.raises(ConfigurationError, match="api_secret"):
        face.do(fb.user_data)


@pytest.mark.parametrize("account", ["margin", "usdm", "coinm", "options", "portfolio"])
def test_an_exchange_of_ones_own_does_not_have_its_keys_from_binance(
    face: Face, silent_sim: RunningSimulator, account: str
) -> None:
    fb = face.client(urls=silent_sim.urls, api_key=API_KEY, api_secret=API_SECRET)
    with pytest.raises(ConfigurationError, match="rest_urls"):
        face.do(fb.user_data, account)


@pytest.mark.parametrize(
    ("account", "options", "said"),
    [
        ("usdm", {"rest_urls": {"usdm": "http://binance.invalid"}}, "API key in the clear to binance"),
        ("coinm", {"rest_urls": {"coinm": "http://binance.invalid"}}, "API key in the clear"),
        ("margin", {"rest_urls": {"spot": "http://binance.invalid"}}, "API key in the clear"),
        ("margin_risk", {"rest_urls": {"spot": "http://binance.invalid"}}, "API key in the clear"),
        ("portfolio", {"rest_urls": {"portfolio": "http://binance.invalid"}}, "API key in the clear"),
        ("usdm", {"urls": {"usdm": "ws://binance.invalid"}}, "listen key in the clear to binance.invalid"),
        (
            "usdm",
            {
                "rest_urls": {"usdm": "http://127.0.0.1:9"}, "proxy": "http://proxy.invalid:9",
                "urls": {"usdm": "wss://binance.invalid"},
            },
            "API key in the clear to the proxy",
        ),
        (
            "usdm",
            {
                "rest_urls": {"usdm": "https://127.0.0.1:9"}, "proxy": "http://proxy.invalid:9",
                "urls": {"usdm": "ws://127.0.0.1:9"},
            },
            "listen key in the clear to the proxy",
        ),
        (
            "options", {"env": "testnet", "urls": {"eoptions": "wss://binance.invalid"}},
            "does not exist in 'testnet'",
        ),
        (
            "portfolio", {"env": "demo", "urls": {"portfolioMarginUserData": "wss://binance.invalid"}},
            "does not exist in 'demo'",
        ),
    ],
)  # fmt: skip
def test_what_rest_would_refuse_is_refused_at_once(
    face: Face, account: str, options: dict[str, Any], said: str
) -> None:
    fb = face.client(api_key=API_KEY, api_secret=API_SECRET, **options)
    with pytest.raises(ConfigurationError, match=said):
        face.do(fb.user_data, account)


def test_a_second_subscription_that_would_hear_nothing_is_refused(face: Face, fb: Any) -> None:
    ready(face, face.do(fb.user_data, reconcile=False))
    with pytest.raises(ConfigurationError, match="reconcile=False already"):
        face.do(fb.user_data)
    with pytest.raises(ConfigurationError, match="fills are reconciled"):
        face.do(fb.fills)


BALANCE: dict[str, Any] = {"e": "balanceUpdate", "E": 1, "a": "BTC", "d": "1", "T": 2}


@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize("names_it", [False, True])
def test_a_subscription_of_the_callers_own_is_shared_until_the_caller_ends_it(
    face: Face, fb: Any, silent_sim: RunningSimulator, by_name: bool, names_it: bool
) -> None:
    events = face.do(fb.events)
    if by_name:
        name = "userDataStream.subscribe.signature"
        number = face.do(fb.request, WsKey.MAIN_WS_API, name)["subscriptionId"]
    else:
        number = face.do(fb.spot.user_data_stream_subscribe_signature).subscription_id
    mine = ready(face, face.do(fb.user_data))
    silent_sim.user.send(BALANCE, "spot")
    assert next_of(face, mine, BalanceUpdate).subscription_id == number
    assert b"balanceUpdate" in face.event(events, "message").payload, "the caller hears of it as before"
    face.do(fb.spot.user_data_stream_unsubscribe, **({"subscriptionId": number} if names_it else {}))
    assert "ended" in next_of(face, mine, UserDataInterrupted).reason
    assert next_of(face, mine, UserDataReady).again
    assert silent_sim.user.send(BALANCE | {"E": 3}, "spot") == 1
    assert next_of(face, mine, BalanceUpdate).event_ms == 3


def test_a_subscription_of_the_callers_own_outlives_the_handle(
    face: Face, fb: Any, silent_sim: RunningSimulator
) -> None:
    events = face.do(fb.events)
    number = face.do(fb.spot.user_data_stream_subscribe_signature).subscription_id
    mine = ready(face, face.do(fb.user_data))
    mine.close()
    assert face.do(mine.get) is None
    assert [one.subscription_id for one in face.do(fb.spot.session_subscriptions)] == [number]
    silent_sim.user.send(BALANCE, "spot")
    assert b"balanceUpdate" in face.event(events, "message").payload


@pytest.mark.parametrize("is_shared", [True, False])
def test_who_logs_out_ends_what_the_session_has_subscribed_and_the_handle_has_another(
    face: Face, silent_sim: RunningSimulator, is_shared: bool
) -> None:
    account = ED25519.account
    silent_sim.add_account(account)
    fb = face.client(urls=silent_sim.urls, api_key=account.api_key, api_secret=ED25519_PEM.decode())
    if is_shared:
        face.do(fb.spot.user_data_stream_subscribe)
    mine = ready(face, face.do(fb.user_data))
    face.do(fb.spot.session_logout)
    assert "ended" in next_of(face, mine, UserDataInterrupted).reason
    assert next_of(face, mine, UserDataReady).again
    order = face.do(fb.spot.order_place, **LIMIT)
    assert next_of(face, mine, ExecutionReport).order_id == order.order_id
    (one,) = face.do(fb.spot.session_subscriptions)
    assert one.subscription_id == 1
    mine.close()
    # It is the handle's own, and ends with it.
    asked_until(lambda: not face.do(fb.spot.session_subscriptions))


def test_handles_that_follow_one_that_was_closed_at_once_have_the_events(
    face: Face, fb: Any, silent_sim: RunningSimulator
) -> None:
    face.do(fb.spot.ping)
    for _ in range(5):
        _follow_one_closed_at_once(face, fb, silent_sim)


def _follow_one_closed_at_once(face: Face, fb: Any, silent_sim: RunningSimulator) -> None:
    face.do(fb.user_data).close()
    mine = face.do(fb.user_data)
    face.do(mine.ready, timeout=10)
    # What the one before had asked for may have served until it was ended; then there is another one.
    asked_until(lambda: len(face.do(fb.spot.session_subscriptions)) == 1 and mine.state == "live")
    assert silent_sim.user.send(BALANCE, "spot") == 1
    next_of(face, mine, BalanceUpdate)
    mine.close()
    asked_until(lambda: not face.do(fb.spot.session_subscriptions))


@pytest.mark.parametrize("is_told", [True, False])
def test_who_ends_all_subscriptions_of_a_connection_has_a_new_one(
    face: Face, fb: Any, silent_sim: RunningSimulator, is_told: bool
) -> None:
    mine = ready(face, face.do(fb.user_data))
    if not is_told:
        silent_sim.user.freeze()
    face.do(fb.spot.user_data_stream_unsubscribe)
    silent_sim.user.thaw()
    assert "ended" in next_of(face, mine, UserDataInterrupted).reason
    assert next_of(face, mine, UserDataReady).again
    order = face.do(fb.spot.order_place, **LIMIT)
    assert next_of(face, mine, ExecutionReport).order_id == order.order_id


def test_only_the_events_that_are_asked_for_come(face: Face, fb: Any) -> None:
    mine = ready(face, face.do(fb.user_data, "usdm", events=["ACCOUNT_UPDATE"]))
    face.do(fb.usdm.order_place, **(LIMIT | {"type": "MARKET", "price": None, "timeInForce": None}))
    assert isinstance(face.do(mine.get), AccountUpdate)


def test_an_expired_listen_key_is_told_and_replaced(
    face: Face, fb: Any, silent_sim: RunningSimulator
) -> None:
    mine = ready(face, face.do(fb.user_data, "usdm"))
    silent_sim.user.expire_key("usdm")
    expired, lost, back = (face.do(mine.get) for _ in range(3))
    assert isinstance(expired, ListenKeyExpired)
    assert isinstance(lost, UserDataInterrupted)
    assert "expired" in lost.reason
    assert isinstance(back, UserDataReady)
    order = face.do(fb.usdm.order_place, **LIMIT)
    assert next_of(face, mine, OrderTradeUpdate).order.order_id == order.order_id


@pytest.mark.parametrize(("account", "symbol"), [("spot", None), ("margin", None), ("isolated", "BTCUSDT")])
def test_a_subscription_that_is_terminated_is_made_anew(
    face: Face, fb: Any, silent_sim: RunningSimulator, account: str, symbol: str | None
) -> None:
    mine = ready(face, face.do(fb.user_data, account, symbol))
    silent_sim.user.terminate()
    ended, lost, back = (face.do(mine.get) for _ in range(3))
    assert isinstance(ended, EventStreamTerminated)
    assert isinstance(lost, UserDataInterrupted)
    assert isinstance(back, UserDataReady)
    silent_sim.user.send({"e": "balanceUpdate", "E": 1, "a": "BTC", "d": "1", "T": 2}, account, symbol=symbol)
    assert next_of(face, mine, BalanceUpdate).asset == "BTC"


@pytest.mark.parametrize(
    "account", ["spot", "margin", "margin_risk", "usdm", "coinm", "options", "portfolio", "portfolio_pro"]
)
def test_what_we_have_no_class_for_passes_and_is_counted(
    face: Face, fb: Any, silent_sim: RunningSimulator, account: str
) -> None:
    mine = ready(face, face.do(fb.user_data, account))
    silent_sim.user.send({"e": "somethingNew", "E": 12, "zz": "1"}, account)
    event = face.do(mine.get)
    assert isinstance(event, UnknownEvent)
    assert (event.event, event.event_ms, event.account) == ("somethingNew", 12, account)
    assert b'"zz":"1"' in event.payload


def test_an_execution_that_comes_twice_is_delivered_once(
    face: Face, fb: Any, silent_sim: RunningSimulator
) -> None:
    mine = ready(face, face.do(fb.user_data))
    silent_sim.user.disturb(double=1.0)
    placed = [face.do(fb.spot.order_place, **LIMIT).order_id for _ in range(5)]
    silent_sim.user.disturb()
    silent_sim.user.send({"e": "balanceUpdate", "E": 1, "a": "BTC", "d": "1", "T": 2}, "spot")
    seen = []
    while not isinstance(event := face.do(mine.get), BalanceUpdate):
        if isinstance(event, ExecutionReport):
            seen.append(event.order_id)
    assert seen == placed


@pytest.mark.parametrize("account", ["spot", "usdm", "coinm"])
def test_an_event_that_cannot_be_read_hurts_no_other(
    face: Face, fb: Any, silent_sim: RunningSimulator, account: str
) -> None:
    mine, events = ready(face, face.do(fb.user_data, account)), face.do(fb.events)
    name = "executionReport" if account == "spot" else "ORDER_TRADE_UPDATE"
    silent_sim.user.send({"e": name, "E": 12}, account)
    silent_sim.user.send({"e": "somethingNew", "E": 12}, account)
    assert isinstance(face.do(mine.get), UnknownEvent)
    error = face.event(events, "exception").error
    assert isinstance(error, fastbinance.DecodeError)
    assert account in str(error)


@pytest.mark.parametrize(
    ("account", "event"),
    [
        ("spot", {"e": "eventStreamTerminated", "E": "no time"}),
        ("usdm", {"e": "listenKeyExpired", "E": "x", "listenKey": "what-nobody-may-see"}),
    ],
)
def test_an_end_that_cannot_be_read_is_an_end(
    face: Face, fb: Any, silent_sim: RunningSimulator, account: str, event: dict[str, Any]
) -> None:
    mine, events = ready(face, face.do(fb.user_data, account)), face.do(fb.events)
    silent_sim.user.send(event, account)
    assert isinstance(face.do(mine.get), UserDataInterrupted)
    assert "what-nobody-may-see" not in repr(face.event(events, "exception").error.args)
    while not isinstance(told := face.do(mine.get), UserDataReady):
        pass
    # What could not be read may have told of anything.
    assert (told.again, told.reconciled) == (True, False)
    assert told.recv_ns > 0


def test_a_handle_that_is_closed_says_so_while_another_goes_on(face: Face, fb: Any) -> None:
    mine, other = (ready(face, face.do(fb.user_data, "spot")) for _ in range(2))
    face.do(mine.close)
    assert (mine.state, other.state) == ("closed", "live")


@pytest.mark.parametrize("account", ["spot", "usdm", "coinm", "margin", "options"])
def test_a_rollover_loses_and_doubles_nothing(
    face: Face, fb: Any, silent_sim: RunningSimulator, account: str
) -> None:
    mine = ready(face, face.do(fb.user_data, account))
    events = face.do(fb.events)
    sent = 0
    for _ in range(3):
        assert face.do(fb.rollover) >= 1
        for _ in range(20):
            silent_sim.user.send({"e": "balanceUpdate", "E": sent, "a": "BTC", "d": "1", "T": 2}, account)
            sent += 1
        face.event(events, "rollover")
    silent_sim.user.send({"e": "balanceUpdate", "E": sent, "a": "BTC", "d": "1", "T": 2}, account)
    seen = [face.do(mine.get).event_ms for _ in range(sent + 1)]
    assert seen == list(range(sent + 1))
    assert mine.state == "live"


def test_the_service_of_margin_is_replaced_by_name(
    face: Face, fb: Any, silent_sim: RunningSimulator
) -> None:
    mine, events = ready(face, face.do(fb.user_data, "margin")), face.do(fb.events)
    assert face.do(fb.rollover, "marginUserData") == 1
    face.event(events, "rollover")
    assert face.do(fb.is_connected, "marginUserData")
    silent_sim.user.send({"e": "balanceUpdate", "E": 1, "a": "BTC", "d": "1", "T": 2}, "margin")
    assert isinstance(face.do(mine.get), BalanceUpdate)


def test_callbacks_are_called_and_a_wrong_one_hurts_nobody(face: Face, fb: Any) -> None:
    seen: list[str] = []

    def fails(event: Any) -> None:
        raise RuntimeError("of the user's own")

    mine = face.do(fb.user_data)
    came = threading.Event()
    mine.on(lambda event: seen.append(event.event))
    mine.on(fails, "executionReport")
    mine.on(lambda event: event.recovered or came.set(), "outboundAccountPosition")
    face.do(mine.ready, timeout=10)
    face.do(fb.spot.order_place, **LIMIT)
    assert face.beside(came.wait, 10)
    assert seen[seen.index("user_data_ready") + 1 :] == ["executionReport", "outboundAccountPosition"]
    assert mine.callback_errors == 1
    with pytest.raises(ConfigurationError, match="callbacks"):
        face.do(mine.get)


def test_a_handle_that_is_closed_ends(face: Face, fb: Any) -> None:
    mine = ready(face, face.do(fb.user_data, "usdm"))
    mine.close()
    assert face.do(mine.get) is None
    again = ready(face, face.do(fb.user_data, "usdm"))
    assert again.state == "live"


