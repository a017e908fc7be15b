"""User data when what they need is refused or fails: it is told, tried again, and never hangs."""

import asyncio
import contextlib
import decimal
import gc
import logging
import socket
from typing import Any

import pytest
from support.faces import NEAR, Face

from fastbinance import AnswerMalformed, AsyncClient, UserDataDelayed, WaitTimeout, WsKey
from fastbinance._io import reconciling, rest
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator
from fastbinance.user_events import UserDataReady

# Much of what goes wrong here is made to, in the client's own process.
pytestmark = pytest.mark.faces(*NEAR)

SECRET = "what-nobody-may-see"


@pytest.fixture
def fb(face: Face, silent_sim: RunningSimulator) -> Any:
    """Give a client with an HMAC key."""
    return face.client(
        urls=silent_sim.urls, rest_urls=silent_sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET
    )


def ready(face: Face, handle: Any) -> None:
    """Wait for the first proof, which an event tells."""
    face.do(handle.ready, timeout=10)
    while not isinstance(face.do(handle.get), UserDataReady):
        pass


def exceptions(face: Face, events: Any) -> list[Exception]:
    """Return the errors that a closed client has told."""
    found = []
    with contextlib.suppress(StopIteration):
        while True:
            found.append(face.event(events, "exception").error)
    return found


@pytest.mark.parametrize("account", ["usdm", "margin"])
def test_what_nobody_foresaw_is_told_and_tried_again(
    face: Face, fb: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, account: str
) -> None:
    load, failures = rest._loaded_context, [OSError(f"no file {SECRET}")]

    def fails_once(context: Any) -> Any:
        if failures:
            raise failures.pop()
        return load(context)

    monkeypatch.setattr(rest, "_loaded_context", fails_once)
    events = face.do(fb.events)
    with caplog.at_level(logging.WARNING, "fastbinance"):
        ready(face, face.do(fb.user_data, account))
    error = face.event(events, "exception").error
    assert isinstance(error, UserDataDelayed)
    assert f"account {account}" in str(error)
    assert "OSError in test_user_data_troubles.py" in str(error)
    assert str(error) in caplog.text
    assert SECRET not in str(error) + caplog.text


@pytest.mark.parametrize("account", ["spot", "margin", "usdm", "coinm", "options"])
def test_what_is_closed_before_its_first_turn_leaves_nothing_that_nobody_awaited(
    silent_sim: RunningSimulator, recwarn: pytest.WarningsRecorder, account: Any
) -> None:
    async def run() -> None:
        fb = AsyncClient(
            urls=silent_sim.urls, rest_urls=silent_sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET
        )
        fb.user_data(account)
        fb._start().users.begin_close()  # as a timer and the end of the client in one turn of the loop
        await fb.close()

    asyncio.run(run())
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []


def test_a_failed_stream_that_another_one_follows_is_awaited_at_the_end(face: Face, fb: Any) -> None:
    ready(face, mine := face.do(fb.user_data, "usdm"))
    failed, ended = mine.stream, []

    async def close() -> None:
        await type(failed).close(failed)
        ended.append(failed)

    def fails(pool: Any) -> None:
        failed.close = close
        failed.failed("of the test", -2015)

    face.do(fb._on_pool, fails)
    assert face.do(fb.user_data, "usdm").stream is not failed
    face.do(fb.close)
    assert ended == [failed]


@pytest.mark.parametrize("account", ["spot", "usdm"])
def test_a_reconciliation_that_goes_wrong_is_told_once_and_tried_again(
    face: Face, fb: Any, monkeypatch: pytest.MonkeyPatch, account: str
) -> None:
    failures = 3

    class Plan(reconciling.Plan):
        def events(self, recv_ns: int) -> Any:
            nonlocal failures
            if failures:
                failures -= 1
                raise decimal.InvalidOperation(SECRET)
            return super().events(recv_ns)

    monkeypatch.setattr(reconciling, "Plan", Plan)
    events, mine = face.do(fb.events), face.do(fb.user_data, account)
    face.do(mine.ready, timeout=10)
    told = []
    while not told or not told[-1].reconciled:
        if isinstance(event := face.do(mine.get), UserDataReady):
            told.append(event)
    assert [event.reconciled for event in told] == [False, True]
    face.do(fb.close)
    (error,) = exceptions(face, events)
    assert isinstance(error, UserDataDelayed)
    assert "InvalidOperation" in str(error)
    assert SECRET not in str(error)


def test_an_answer_that_cannot_be_read_is_told_as_that(face: Face, fb: Any, monkeypatch: Any) -> None:
    answer, failures = reconciling.Plan.answer, ["an amount"]

    def unreadable(plan: Any, question: Any, what: Any) -> None:
        if failures:
            raise ValueError(failures.pop())
        answer(plan, question, what)

    monkeypatch.setattr(reconciling.Plan, "answer", unreadable)
    events, mine = face.do(fb.events), face.do(fb.user_data)
    face.do(mine.ready, timeout=10)
    error = face.event(events, "exception").error
    assert isinstance(error, AnswerMalformed)
    assert "an amount" in str(error)


@pytest.mark.parametrize(
    ("account", "path"), [("usdm", "/fapi/v1/listenKey"), ("margin", "/sapi/v1/userListenToken")]
)
def test_a_refusal_that_is_tried_again_is_told_once_with_account_and_product(
    face: Face,
    fb: Any,
    silent_sim: RunningSimulator,
    caplog: pytest.LogCaptureFixture,
    account: str,
    path: str,
) -> None:
    silent_sim.rest_answers(status=400, code=-1000, msg="not today", path=path, times=3)
    events = face.do(fb.events)
    with caplog.at_level(logging.WARNING, "fastbinance"):
        ready(face, mine := face.do(fb.user_data, account))
    assert "last attempt" not in repr(mine)
    face.do(fb.close)
    (error,) = exceptions(face, events)
    assert isinstance(error, UserDataDelayed)
    assert (error.account, error.code) == (account, -1000)
    assert "not today" in str(error)
    assert path in str(error)
    assert caplog.text.count("not today") == 1


def test_a_subscription_that_is_tried_again_is_told_once(
    face: Face, fb: Any, silent_sim: RunningSimulator
) -> None:
    silent_sim.answers(status=503, methods="userDataStream.subscribe.signature", times=1)
    events = face.do(fb.events)
    ready(face, face.do(fb.user_data))
    face.do(fb.close)
    (error,) = exceptions(face, events)
    assert isinstance(error, UserDataDelayed)
    assert "account spot (mainWSAPI)" in str(error)


def test_who_waits_in_vain_is_told_the_last_trouble(
    face: Face, fb: Any, silent_sim: RunningSimulator
) -> None:
    silent_sim.rest_answers(status=400, code=-1000, msg="not today", path="/fapi/v1/listenKey")
    events, mine = face.do(fb.events), face.do(fb.user_data, "usdm")
    face.event(events, "exception")
    with pytest.raises(WaitTimeout, match=r"a proven stream after 0 s; the last attempt: .*not today"):
        face.do(mine.ready, timeout=0)
    assert "connecting, 0 waiting; the last attempt: " in repr(mine)
    assert "not today" in repr(mine)


@pytest.mark.parametrize(("account", "key"), [("usdm", WsKey.USDM), ("spot", WsKey.MAIN_WS_API)])
def test_who_waits_for_a_connection_that_fails_is_told_why(
    face: Face, silent_sim: RunningSimulator, account: str, key: WsKey
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    fb = face.client(
        urls={**silent_sim.urls, key: f"ws://127.0.0.1:{closed}"},
        rest_urls=silent_sim.rest_urls,
        api_key=API_KEY,
        api_secret=API_SECRET,
    )
    events, mine = face.do(fb.events), face.do(fb.user_data, account)
    face.event(events, "reconnecting")
    with pytest.raises(WaitTimeout, match=r"the last attempt: .*no connection after"):
        face.do(mine.ready, timeout=0)
    assert "no connection after" in repr(mine)
