"""The desk in cases that a storm of losses seldom meets: each of them was once a wrong outcome, or a leak."""

import gc
import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from fastbinance._api import METHODS
from fastbinance._protocol.method import Method
from fastbinance._protocol.raw_method import raw_method
from fastbinance._protocol.requests import LinkState, Request
from fastbinance.credentials import Credentials
from fastbinance.errors import ConfigurationError
from fastbinance.request_errors import (
    AnswerMalformed,
    NotSent,
    OrderNeverArrived,
    RequestError,
    RequestOrphaned,
    RequestTimeout,
)
from tests.protocol.test_desk_losses import ED25519, HMAC
from tests.support.request_world import KEY, World

LIMIT = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "1.5",
    "quantity": "2",
}  # fmt: skip
Outcomes = list[tuple[Any, RequestError | None]]


class Scene(World):
    """A world without chance of losses, whose exchange can be made to answer a method in another way."""

    def __init__(self, credentials: Credentials | None = HMAC, *, seed: int = 3, **options: Any) -> None:
        super().__init__(Random(seed), credentials, **options)
        self.outcomes: Outcomes = []
        self._take = self.exchange.take
        self._instead: dict[str, Callable[[int, Callable[[bytes], None]], object]] = {}
        self.exchange.take = self._taken  # type: ignore[method-assign]

    def instead(self, method: str, answer: Callable[[int, Callable[[bytes], None]], object] | None) -> None:
        """Answer a method so from now on; None is as the exchange does."""
        self._instead.pop(method, None)
        if answer is not None:
            self._instead[method] = answer

    def place(self, **params: Any) -> Request:
        return self.submit("order.place", self.settle, **(LIMIT | params))

    def settle(self, result: Any, error: RequestError | None) -> None:
        self.outcomes.append((result, error))

    def cut(self) -> None:
        """Lose all links, and notice at once."""
        for link in self.links:
            self._up.discard(link)
            self.desk.lost(link, self.time.now)
        self.dial()

    def count(self, method: str) -> int:
        return sum(json.loads(frame)["method"] == method for frame in self.sent)

    def _taken(self, frame: bytes, answer: Callable[[bytes], None]) -> None:
        request = json.loads(frame)
        instead = self._instead.get(request["method"])
        if instead is None:
            self._take(frame, answer)
        else:
            instead(request["id"], answer)


def opened(*args: Any, **options: Any) -> Scene:
    scene = Scene(*args, **options)
    scene.dial()
    scene.run(1.0)
    assert scene.desk.is_ready
    return scene


def silence(id: int, answer: Callable[[bytes], None]) -> None:
    pass


def alive(kind: type) -> int:
    gc.collect()
    return sum(issubclass(type(one), kind) for one in gc.get_objects())


def refusal(code: int, status: int = 400) -> Callable[[int, Callable[[bytes], None]], object]:
    return lambda id, answer: answer(
        b'{"id":%d,"status":%d,"error":{"code":%d,"msg":"no"}}' % (id, status, code)
    )


class Text(str):
    """A text of another class."""


def test_a_request_that_cannot_be_sent_takes_no_other_with_it() -> None:
    scene = Scene(None)
    first = scene.submit("ping", scene.settle)
    bad: Outcomes = []
    broken = scene.submit("depth", lambda result, error: bad.append((result, error)), symbol="BTCUSDT")
    broken.params["symbol"] = object()
    scene.submit("ping", scene.settle)
    scene.instead("ping", lambda id, answer: answer(b'{"id":%d,"status":200,"result":{}}' % id))
    scene.dial()
    scene.run(5.0)
    assert [error for _, error in scene.outcomes] == [None, None]
    assert isinstance(bad[0][1], NotSent)
    assert first.id is not None, "it was sent"
    assert scene.desk.pending == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("recvWindow", "abc"),
        ("recvWindow", [1]),
        ("recvWindow", 1.5),
        ("limit", 2**70),
        ("symbol", "BTC\ud800"),
        ("symbol", ["BTC\ud800"]),
        ("na\ud800me", 1),
        ("a b", 1),
    ],
)
def test_what_cannot_be_encoded_or_signed_is_refused_when_a_method_is_called_by_its_name(
    name: str, value: Any
) -> None:
    with pytest.raises(ConfigurationError):
        raw_method("spot", "some.method", None, signed=True).check({name: value})


def test_parameters_of_a_method_that_is_called_by_its_name_are_a_mapping_of_plain_values() -> None:
    method = raw_method("spot", "some.method", None, signed=True)
    with pytest.raises(ConfigurationError, match="dict"):
        method.check("symbol=BTCUSDT")  # type: ignore[arg-type]
    checked = method.check({"symbol": Text("BTCUSDT"), "list": (1, True), "empty": ""})
    assert checked == {"symbol": "BTCUSDT", "list": [1, True], "empty": ""}
    assert type(checked["symbol"]) is str


def test_methods_that_are_called_by_name_leave_nothing_behind() -> None:
    scene = opened()
    scene.instead("some.method", lambda id, answer: answer(b'{"id":%d,"status":200,"result":1}' % id))
    before = alive(Method)
    for _ in range(50):
        method = raw_method("spot", "some.method", None, signed=True)
        scene.desk.submit(method, {}, scene.settle, scene.time.now)
    del method
    scene.run(20.0)
    assert len(scene.outcomes) == 50
    assert alive(Method) == before


def test_requests_that_nobody_could_send_are_not_kept() -> None:
    scene = Scene(timeout=3.0)
    before = alive(Request)
    for _ in range(100):
        scene.submit("ping", scene.settle)
    scene.run(10.0)
    assert [type(error) for _, error in scene.outcomes] == [NotSent] * 100
    assert alive(Request) == before


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("lost", ["link", "answer"])
@pytest.mark.parametrize("credentials", [HMAC, ED25519])
def test_an_order_that_never_arrived_is_said_to_have_not_wherever_the_time_is_from(
    credentials: Credentials, lost: str, by_hand: bool
) -> None:
    scene = opened(credentials)
    if by_hand:
        scene.desk.clock.set(0.0)
        scene.desk.clock.distrust()
    scene.instead("order.place", silence)
    scene.place()
    if lost == "link":
        scene.cut()
    scene.run(60.0)
    assert [type(error) for _, error in scene.outcomes] == [OrderNeverArrived]


@pytest.mark.parametrize("seed", range(20))
def test_making_a_link_ready_never_looks_like_a_step_of_the_clock(seed: int) -> None:
    scene = opened(ED25519, seed=seed)
    scene.place()
    scene.cut()
    scene.run(30.0)
    assert scene.desk.clock.steps == 0
    assert len(scene.outcomes) == 1


def test_a_time_that_is_always_refused_is_not_asked_with_at_the_pace_of_the_answers() -> None:
    scene = opened()
    scene.instead("order.status", refusal(-1021))
    scene.instead("order.place", silence)
    scene.place()
    scene.cut()
    scene.run(60.0)
    assert [type(error) for _, error in scene.outcomes] == [RequestOrphaned]
    assert scene.count("order.status") < 30


def test_an_inquiry_that_is_held_back_for_an_hour_ends_all_the_same() -> None:
    scene = opened()
    until = scene.exchange.now_ms + 3_600_000
    scene.instead(
        "order.status",
        lambda id, answer: answer(
            b'{"id":%d,"status":418,"error":{"code":-1003,"msg":"banned","data":{"retryAfter":%d}}}'
            % (id, until)
        ),
    )
    scene.instead("order.place", silence)
    scene.place()
    scene.cut()
    scene.run(60.0)
    assert [type(error) for _, error in scene.outcomes] == [RequestOrphaned]
    assert scene.count("order.status") == 1
    assert scene.desk.pending == 0


def test_a_link_that_is_held_when_another_replaces_it_goes_and_does_not_come_back() -> None:
    scene = opened()
    (old,) = scene.links
    # Its clock is asked for, and the answer comes after the successor is ready.
    scene.instead("time", silence)
    scene.instead("order.place", refusal(-1021))
    scene.place()
    scene.run(0.2)
    assert not scene.desk.is_ready
    scene.instead("time", None)
    scene.desk.opened(new := 1_000, scene.time.now)
    scene._up.add(new)
    scene.run(0.5)
    assert scene.desk._links[old].state is LinkState.LEAVING
    scene.run(20.0)
    assert set(scene.desk._links) == {new}
    assert scene.desk.is_ready


def test_an_answer_without_result_is_no_answer() -> None:
    scene = opened()
    scene.instead("order.place", lambda id, answer: answer(b'{"id":%d,"status":200}' % id))
    scene.place()
    scene.run(1.0)
    assert [type(error) for _, error in scene.outcomes] == [AnswerMalformed]


def test_what_is_sent_after_a_logout_is_signed_before_the_logout_is_answered() -> None:
    scene = opened(ED25519)
    assert scene.desk.is_logged_on
    scene.place()
    assert "signature" not in json.loads(scene.sent[-1])["params"]
    scene.submit("session.logout", lambda result, error: None)
    scene.place()
    assert json.loads(scene.sent[-1])["params"]["apiKey"] == KEY
    assert "signature" in json.loads(scene.sent[-1])["params"]


def test_subscribing_with_a_signature_logs_nobody_on() -> None:
    scene = opened(can_log_on=False)
    scene.instead(
        "userDataStream.subscribe.signature",
        lambda id, answer: answer(b'{"id":%d,"status":200,"result":{"subscriptionId":0}}' % id),
    )
    scene.submit("userDataStream.subscribe.signature", scene.settle)
    scene.run(1.0)
    assert scene.outcomes[0][1] is None
    assert not scene.desk.is_logged_on


def test_a_time_shorter_than_the_way_there_and_back_costs_no_link() -> None:
    scene = opened()
    before = scene.links
    scene.run(20.0)
    for _ in range(3):
        scene.desk.submit(METHODS["spot", "time"], {}, scene.settle, scene.time.now, 0.001)
        scene.run(1.0)
    assert [type(error) for _, error in scene.outcomes] == [RequestTimeout] * 3
    assert scene.links == before


def test_short_times_without_any_answer_give_a_link_up_in_the_end() -> None:
    scene = opened()
    before = scene.links
    scene.instead("time", silence)
    for _ in range(4):
        scene.desk.submit(METHODS["spot", "time"], {}, scene.settle, scene.time.now, 0.5)
        scene.run(1.0)
    assert not set(scene.links) & set(before)


@pytest.mark.parametrize("state", ["waiting", "sent", "asking", "done"])
def test_who_gives_up_is_forgotten_in_every_state(state: str) -> None:
    scene = Scene()
    if state != "waiting":
        scene.dial()
        scene.run(1.0)
    scene.instead("order.place", silence if state != "done" else None)
    request = scene.place()
    if state == "asking":
        scene.cut()
    elif state == "done":
        scene.run(12.0)
    assert request.state.value == state
    before = list(scene.outcomes)
    scene.desk.abandon(request)
    scene.dial()
    scene.run(60.0)
    assert scene.outcomes == before
    assert (scene.desk.pending, scene.count("order.place")) == (0, int(state != "waiting"))


def test_ten_thousand_requests_in_flight_are_each_answered_with_their_own() -> None:
    scene = Scene(None, doubled=0.1)
    scene.instead(
        "depth",
        lambda id, answer: answer(
            b'{"id":%d,"status":200,"result":{"lastUpdateId":%d,"bids":[],"asks":[]}}' % (id, id)
        ),
    )
    scene.dial()
    scene.run(1.0)
    told: dict[int, Outcomes] = {}
    before = alive(Request)
    for _ in range(10_000):
        outcome: Outcomes = []
        request = scene.submit(
            "depth", lambda result, error, outcome=outcome: outcome.append((result, error)), symbol="BTCUSDT"
        )
        assert isinstance(request.id, int)
        told[request.id] = outcome
    assert scene.desk.pending == 10_000
    del request
    scene.run(30.0)
    for id, outcome in told.items():
        assert [(answer.last_update_id, error) for answer, error in outcome] == [(id, None)]
    assert scene.desk.pending == 0
    assert alive(Request) == before


def test_ten_thousand_orders_that_are_lost_together_are_each_settled_once() -> None:
    scene = opened(timeout=12.0)
    scene.instead(
        "order.status",
        lambda id, answer: answer(b'{"id":%d,"status":503,"error":{"code":-1006,"msg":""}}' % id),
    )
    for _ in range(10_000):
        scene.place()
    scene.cut()
    scene.desk.close()
    assert [type(error) for _, error in scene.outcomes] == [RequestOrphaned] * 10_000
    assert scene.desk.pending == 0


def test_many_lost_orders_are_asked_for_in_turn_and_leave_half_of_the_weight() -> None:
    scene = opened()
    scene.instead("order.place", silence)
    for _ in range(600):
        scene.place()
    scene.cut()
    for second in range(1, 120):
        scene.run(1.0)
        assert scene.count("order.status") <= 26 + 12 * second
        if len(scene.outcomes) == 600:
            break
    assert scene.count("order.status") >= 600
    assert [type(error) for _, error in scene.outcomes] == [OrderNeverArrived] * 600
