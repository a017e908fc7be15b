"""Requests over real sockets, against the simulator: answers, refusals, losses, sessions and time."""

import logging
import threading
import traceback
from decimal import Decimal
from typing import Any

import pytest
from support.faces import FACES, NEAR, Face, ThreadFace

import fastbinance
from fastbinance import ConfigurationError, Credentials, WsKey
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator, SimAccount, run_in_thread

pytestmark = pytest.mark.faces(*FACES)

KEY = WsKey.MAIN_WS_API
LIMIT: dict[str, Any] = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "50000",
    "quantity": "0.01",
}  # fmt: skip

# Made for these tests; it opens nothing.
ED25519_SECRET = (
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
    "-----END PRIVATE KEY-----\n"
)
ED25519_PUBLIC = (
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n"
    "-----END PUBLIC KEY-----\n"
)
ED25519_KEY = "an-ed25519-key-of-the-simulator"


@pytest.fixture
def api(silent_sim: RunningSimulator) -> RunningSimulator:
    """Give a Binance where nothing trades by itself, with an Ed25519 account beside the usual one."""
    silent_sim.add_account(SimAccount(ED25519_KEY, public_key=ED25519_PUBLIC))
    return silent_sim


@pytest.fixture
def fb(face: Face, api: RunningSimulator) -> Any:
    """Give a client with an HMAC key."""
    return face.client(urls=api.urls, api_key=API_KEY, api_secret=API_SECRET)


@pytest.fixture
def logged_on(face: Face, api: RunningSimulator) -> Any:
    """Give a client with an Ed25519 key."""
    return face.client(urls=api.urls, api_key=ED25519_KEY, api_secret=ED25519_SECRET)


def test_an_order_is_placed_asked_for_and_cancelled(face: Face, fb: Any) -> None:
    order = face.do(fb.spot.order_place, **LIMIT)
    assert (order.symbol, order.status, order.price, order.resolved_by) == (
        "BTCUSDT", "NEW", "50000.00000000", None,
    )  # fmt: skip
    assert order.client_order_id.startswith("fb")
    assert face.do(fb.spot.order_status, symbol="BTCUSDT", orderId=order.order_id).status == "NEW"
    gone = face.do(fb.spot.order_cancel, symbol="btcusdt", origClientOrderId=order.client_order_id)
    assert (gone.status, gone.order_id) == ("CANCELED", order.order_id)
    with pytest.raises(fastbinance.RequestRejected) as refused:
        face.do(fb.spot.order_cancel, symbol="BTCUSDT", orderId=order.order_id)
    assert (refused.value.code, refused.value.status, refused.value.method) == (-2011, 400, "order.cancel")


def test_futures_are_other_services(face: Face, fb: Any) -> None:
    usdm = face.do(fb.usdm.order_place, **(LIMIT | {"quantity": Decimal("0.01")}))
    assert face.do(fb.usdm.order_status, symbol="BTCUSDT", orderId=usdm.order_id).order_id == usdm.order_id
    coinm = face.do(fb.coinm.order_place, **(LIMIT | {"symbol": "BTCUSD_PERP", "quantity": 1}))
    assert face.do(fb.coinm.order_cancel, symbol="BTCUSD_PERP", orderId=coinm.order_id).status == "CANCELED"
    assert {stats.ws_key for stats in face.do(fb.stats).connections} == {"usdmWSAPI", "coinmWSAPI"}


def test_public_methods_need_no_key(face: Face, api: RunningSimulator) -> None:
    client = face.client(urls=api.urls)
    assert face.do(client.spot.time).server_time > 1_600_000_000_000
    with pytest.raises(ConfigurationError, match="api_secret"):
        face.do(client.spot.order_place, **LIMIT)


def test_what_is_wrong_with_a_call_is_said_before_anything_is_sent(
    face: Face, fb: Any, api: RunningSimulator
) -> None:
    for wrong, said in (
        ({"price": 50000.5}, "float"),
        ({"price": Decimal("NaN")}, "NaN"),
        ({"quantity": None}, "quantity"),
        ({"symbol": ""}, "symbol"),
        ({"timeout": -1.0}, "timeout"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            face.do(fb.spot.order_place, **(LIMIT | wrong))
    with pytest.raises(TypeError):
        face.do(fb.spot.order_place, **LIMIT, nonsense=1)
    assert api.connections == 0


def test_any_request_can_be_made_by_name(face: Face, fb: Any) -> None:
    order = face.do(fb.request, KEY, "order.place", LIMIT)
    assert order["status"] == "NEW"
    which = {"symbol": "BTCUSDT", "orderId": order["orderId"]}
    assert face.do(fb.request, "mainWSAPI", "v3/order.status", which)["status"] == "NEW"
    with pytest.raises(ConfigurationError, match="takes no requests"):
        face.do(fb.request, WsKey.MAIN, "order.place", {})
    with pytest.raises(ConfigurationError, match=r"'order\.place'"):
        face.do(fb.request, KEY, "order_place", LIMIT)
    with pytest.raises(ConfigurationError, match="dict"):
        face.do(fb.request, KEY, "order.place", "symbol=BTCUSDT")
    with pytest.raises(ConfigurationError, match="float"):
        face.do(fb.request, KEY, "order.place", LIMIT | {"price": 1.5})
    with pytest.raises(ConfigurationError, match="added by fastbinance"):
        face.do(fb.request, KEY, "order.place", LIMIT | {"signature": "x"})
    with pytest.raises(fastbinance.RequestRejected):
        face.do(fb.request, KEY, "no.such.method")


def test_a_key_that_logs_on_does_so_once_for_each_connection(
    face: Face, logged_on: Any, api: RunningSimulator
) -> None:
    queue = face.do(logged_on.events)
    face.do(logged_on.spot.order_place, **LIMIT)
    face.event(queue, "authenticated")
    assert face.do(logged_on.spot.session_status).api_key == ED25519_KEY
    api.reset(KEY)
    face.event(queue, "reconnected")
    face.event(queue, "authenticated")
    assert face.do(logged_on.spot.open_orders_status, symbol="BTCUSDT")[0].status == "NEW"
    face.do(logged_on.spot.session_logout)
    assert face.do(logged_on.spot.session_status).api_key is None
    assert face.do(logged_on.spot.open_orders_status, symbol="BTCUSDT"), "each request is signed now"


def test_a_session_that_is_taken_back_is_told(face: Face, logged_on: Any, api: RunningSimulator) -> None:
    queue = face.do(logged_on.events)
    face.do(logged_on.spot.order_place, **LIMIT)
    api.revoke_key(ED25519_KEY)
    told = face.event(queue, "exception")
    assert (told.error.status, told.error.code) == (401, -2015)
    with pytest.raises(fastbinance.RequestRejected) as refused:
        face.do(logged_on.spot.order_place, **LIMIT)
    assert refused.value.code == -2015


@pytest.mark.parametrize(
    ("key", "secret"),
    [(API_KEY, "not-the-secret"), ("no-such-key", API_SECRET), ("no-such-key", ED25519_SECRET)],
)
def test_a_key_that_is_refused_is_a_clear_error_without_the_secret(
    face: Face, api: RunningSimulator, key: str, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = face.client(urls=api.urls, api_key=key, api_secret=secret)
    with pytest.raises(fastbinance.RequestRejected) as refused:
        face.do(client.spot.order_place, **LIMIT)
    assert refused.value.code in (-1022, -2015)
    text = "".join(traceback.format_exception(refused.value)) + repr(vars(refused.value))
    text += repr(client) + caplog.text
    assert secret not in text
    assert "signature" not in caplog.text


@pytest.mark.parametrize("kill", ["before", "after"])
def test_an_order_whose_answer_is_lost_is_found_out(
    face: Face, fb: Any, api: RunningSimulator, kill: str
) -> None:
    face.do(fb.spot.ping)
    api.answers(kill=kill, key=KEY, methods=["order.place"], times=1)
    if kill == "after":
        order = face.do(fb.spot.order_place, **LIMIT)
        assert (order.resolved_by, order.status) == ("order.status", "NEW")
        assert face.do(fb.spot.order_status, symbol="BTCUSDT", orderId=order.order_id).client_order_id == (
            order.client_order_id
        )
    else:
        # Without waiting until it is certain that it never arrived, which takes ten seconds and more.
        with pytest.raises(fastbinance.RequestOrphaned) as lost:
            face.do(fb.spot.order_place, **LIMIT, resolve=False)
        assert lost.value.client_order_id
    api.answers()


def test_a_cancellation_whose_answer_is_lost_is_found_out(face: Face, fb: Any, api: RunningSimulator) -> None:
    order = face.do(fb.spot.order_place, **LIMIT)
    api.answers(kill="after", key=KEY, methods=["order.cancel"], times=1)
    gone = face.do(fb.spot.order_cancel, symbol="BTCUSDT", orderId=order.order_id)
    assert (gone.resolved_by, gone.status) == ("order.status", "CANCELED")


def test_an_answer_that_does_not_come_is_a_timeout(face: Face, fb: Any, api: RunningSimulator) -> None:
    face.do(fb.spot.ping)
    api.answers(drop=1.0, key=KEY, methods=["account.status"])
    with pytest.raises(fastbinance.RequestTimeout) as late:
        face.do(fb.spot.account_status, timeout=0.2)
    assert (late.value.timeout_seconds, late.value.method) == (0.2, "account.status")
    assert isinstance(late.value, TimeoutError)
    api.answers()
    assert face.do(fb.spot.account_status).balances


def test_answers_that_come_twice_are_told_and_harm_nobody(face: Face, fb: Any, api: RunningSimulator) -> None:
    queue = face.do(fb.events)
    face.do(fb.spot.ping)
    api.answers(double=1.0, key=KEY)
    assert face.do(fb.spot.order_place, **LIMIT).status == "NEW"
    told = face.event(queue, "exception")
    assert isinstance(told.error, fastbinance.AnswerMalformed)
    api.answers()
    assert face.do(fb.spot.order_place, **LIMIT).status == "NEW"


def test_a_clock_that_is_wrong_is_measured(face: Face) -> None:
    with run_in_thread(messages_per_second=0.000_001, clock_offset_ms=90_000) as sim:
        client = face.client(urls=sim.urls, api_key=API_KEY, api_secret=API_SECRET)
        assert face.do(client.spot.order_place, **LIMIT).status == "NEW"
        face.do(client.set_time_offset, 0.0)
        with pytest.raises(fastbinance.RequestRejected) as refused:
            face.do(client.spot.order_place, **LIMIT)
        assert refused.value.code == -1021
        face.do(client.set_time_offset, None)
        assert face.do(client.spot.order_place, **LIMIT).status == "NEW"
        face.do(client.close)


def test_orders_are_held_back_by_their_limit_and_cancels_are_not(face: Face) -> None:
    with run_in_thread(messages_per_second=0.000_001, api_limits={"orders_10s": 5}) as sim:
        client = face.client(urls=sim.urls, api_key=API_KEY, api_secret=API_SECRET)
        queue = face.do(client.events)
        placed = [face.do(client.spot.order_place, **LIMIT) for _ in range(5)]
        with pytest.raises(fastbinance.RateLimited) as held:
            face.do(client.spot.order_place, **LIMIT)
        assert 0.0 < held.value.retry_after <= 11.0
        assert face.event(queue, "limit").reason
        for order in placed:
            gone = face.do(client.spot.order_cancel, symbol="BTCUSDT", orderId=order.order_id)
            assert gone.status == "CANCELED"
        face.do(client.close)


def test_requests_wait_for_a_connection_and_say_so_when_none_comes(
    face: Face, fb: Any, api: RunningSimulator
) -> None:
    api.refuse(503, key=KEY)
    with pytest.raises(fastbinance.NotSent, match="no connection"):
        face.do(fb.spot.order_place, **LIMIT, timeout=0.3)
    api.admit(KEY)
    assert face.do(fb.spot.order_place, **LIMIT).status == "NEW"


def test_a_connection_is_replaced_without_losing_a_request(
    face: Face, fb: Any, api: RunningSimulator
) -> None:
    queue = face.do(fb.events)
    face.do(fb.connect, KEY)
    face.event(queue, "open")
    assert face.do(fb.is_connected, KEY)
    assert face.do(fb.url, KEY) == api.urls[KEY] + "/ws-api/v3"
    face.do(fb.spot.ping)
    assert face.do(fb.rollover, KEY) == 1
    event = face.event(queue, "rollover")
    assert (event.ws_key, event.reason) == ("mainWSAPI", "request")
    assert face.do(fb.spot.order_place, **LIMIT).status == "NEW"
    api.announce_shutdown()
    assert face.event(queue, "server_shutdown").data.event_ns > 0
    assert face.event(queue, "rollover").reason == "shutdown"
    assert face.do(fb.spot.order_place, **LIMIT).resolved_by is None
    face.do(fb.close, KEY)
    assert not face.do(fb.is_connected, KEY)
    assert face.do(fb.spot.ping) is not None, "it comes back when it is wanted"


def test_closing_settles_what_has_no_answer(face: Face, fb: Any, api: RunningSimulator) -> None:
    face.do(fb.spot.ping)
    api.answers(drop=1.0, key=KEY)
    client, outcome = fb, []

    def ask() -> None:
        try:
            client.spot.order_place(**LIMIT)
        except fastbinance.FastBinanceError as error:
            outcome.append(error)

    if isinstance(face, ThreadFace):
        waiting = threading.Thread(target=ask)
        waiting.start()
        api.wait_for(lambda sim: sim.stats.requests >= 3)
        face.do(fb.close)
        waiting.join(10)
    else:

        async def both() -> None:
            import asyncio

            task = asyncio.ensure_future(client.spot.order_place(**LIMIT))
            await asyncio.sleep(0)
            await client.close()
            with pytest.raises(fastbinance.RequestOrphaned) as lost:
                await task
            outcome.append(lost.value)

        face.do(both)
    assert len(outcome) == 1
    assert isinstance(outcome[0], fastbinance.RequestOrphaned)
    with pytest.raises(ConfigurationError, match="closed"):
        face.do(client.spot.ping)


# A function cannot go to another process: see test_feed_process.py.
@pytest.mark.faces(*NEAR)
def test_credentials_may_sign_elsewhere(face: Face, api: RunningSimulator) -> None:
    made = Credentials(API_KEY, API_SECRET)
    signer = Credentials(API_KEY, sign=made.sign)
    client = face.client(urls=api.urls, credentials=signer, recv_window="4000.5")
    assert face.do(client.spot.order_place, **LIMIT).status == "NEW"

    def broken(payload: bytes) -> str:
        raise OSError("the device is not there")

    client = face.client(urls=api.urls, credentials=Credentials(API_KEY, sign=broken))
    with pytest.raises(fastbinance.FastBinanceError, match="sign="):
        face.do(client.spot.order_place, **LIMIT)


@pytest.fixture
def options() -> dict[str, Any]:
    """Give options that are right."""
    return {"api_key": API_KEY, "api_secret": API_SECRET}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"api_key": None}, "api_key"),
        ({"credentials": Credentials(API_KEY, API_SECRET)}, "not both"),
        ({"credentials": "secret", "api_secret": None}, "Credentials"),
        ({"recv_window": 60_001}, "60000"),
        ({"recv_window": 1.5}, "recv_window"),
        ({"recv_window": "1.0005"}, "three decimals"),
        ({"request_timeout": 0}, "request_timeout"),
        ({"time_offset": "5"}, "time_offset"),
    ],
)
def test_options_that_cannot_be_are_refused(
    options: dict[str, Any], wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        fastbinance.AsyncClient(**(options | wrong))


def test_a_key_leaves_this_machine_by_tls_only(face: Face) -> None:
    client = face.client(urls={KEY: "ws://192.0.2.1:9000"}, api_key=API_KEY, api_secret=API_SECRET)
    with pytest.raises(ConfigurationError, match="in the clear"):
        face.do(client.spot.order_place, **LIMIT)
