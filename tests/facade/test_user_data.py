"""User data over real sockets, against the simulator: every account kind, its renewal, and its losses."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from support.faces import Face

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


def test_a_second_subscription_that_would_hear_nothing_is_refused(face: Face, fb: Any) -> None:
    ready(face, face.do(fb.user_data, reconcile=False))
    with pytest.raises(ConfigurationError, match="reconcile=False already"):
        face.do(fb.user_data)
    with pytest.raises(ConfigurationError, match="fills are reconciled"):
        face.do(fb.fills)


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


