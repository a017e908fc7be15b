"""What answers say: whose they are, by ids of any kind and place, and what stands beside their result."""

import json
import random
import re
from typing import Any

import pytest

from fastbinance._protocol.desk import Desk
from fastbinance._protocol.envelope import client_order_ids, peek_id, request_ids
from fastbinance._protocol.request_limits import RequestLimits
from fastbinance._protocol.server_clock import ServerClock
from fastbinance.request_errors import AnswerMalformed, RequestError, RequestRejected
from tests.support.request_world import METHODS, World


@pytest.mark.parametrize(
    ("payload", "id"),
    [
        (b'{"id":12,"status":200}', 12),
        (b'{"id":9007199254740991,"status":200}', 9007199254740991),
        (b'{"id":"12","status":200}', None),
        (b'{"id":null,"status":200}', None),
        (b'{"id":-1,"status":200}', None),
        (b'{"id": 12,"status":200}', None),
        (b'{"id":1_2,"status":200}', None),
        (b'{"id":12}', None),
        (b'{"id":123456789012345678901,"a":1}', None),
        (b'{"status":200,"id":12}', None),
        (b"", None),
    ],
)
def test_a_number_is_read_where_binance_puts_it(payload: bytes, id: int | None) -> None:
    assert peek_id(payload) == id


def test_ids_of_requests_and_orders_do_not_come_twice_and_fit_everywhere() -> None:
    ids = [next(counter) for counter in (request_ids(), request_ids()) for _ in range(1_000)]
    assert len(set(ids)) == len(ids)
    assert max(ids) < 2**53
    orders = [next(client_order_ids) for _ in range(1_000)]
    client_order_ids.renew()  # as after a fork
    orders += [next(client_order_ids) for _ in range(1_000)]
    assert len(set(orders)) == len(orders)
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,36}", order) for order in orders)


class Peer(World):
    """A world in which the test writes the answers: nothing arrives at the exchange."""

    def __init__(self) -> None:
        super().__init__(random.Random(1), None)
        self.desk.opened(1, self.time.now)

    def transmit(self, link: int, frame: bytes, /) -> None:
        self.sent.append(frame)

    def ask(self) -> tuple[int, list[tuple[Any, RequestError | None]]]:
        """Ask for the time; return the id, and where the outcome will be."""
        outcome: list[tuple[Any, RequestError | None]] = []
        self.submit("time", lambda result, error: outcome.append((result, error)))
        return json.loads(self.sent[-1])["id"], outcome

    def say(self, answer: str | bytes) -> None:
        payload = answer.encode() if isinstance(answer, str) else answer
        self.desk.received(1, payload, self.time.now)


@pytest.mark.parametrize(
    "answer",
    [
        '{"id":%d,"status":200,"result":{"serverTime":7}}',
        '{"status":200,"result":{"serverTime":7},"id":%d}',
        '{ "id" : %d , "status":200,"result":{"serverTime":7}, "new":[1,{"a":null}]}',
    ],
)
def test_an_answer_is_matched_wherever_its_id_stands(answer: str) -> None:
    peer = Peer()
    id, outcome = peer.ask()
    peer.say(answer % id)
    assert outcome[0][0].server_time == 7
    assert (peer.stray, peer.desk.pending) == ([], 0)


@pytest.mark.parametrize(
    ("answer", "counter"),
    [
        ('{"id":"%d","status":200,"result":{"serverTime":7}}', "unmatched"),
        ('{"id":1,"status":200,"result":{"serverTime":7}}', "unmatched"),
        ('{"status":200,"result":{"serverTime":7}}', "unmatched"),
        ('{"id":%d', "malformed"),
        ('{"id":{},"status":200}', "malformed"),
        ("[1,2]", "malformed"),
        ("[" * 100_000, "malformed"),
        (b'{"status":200,"id":"\xff"}', "malformed"),
    ],
)
def test_what_answers_nobody_is_counted_and_told_and_harms_nobody(answer: str | bytes, counter: str) -> None:
    peer = Peer()
    id, outcome = peer.ask()
    peer.say(answer % id if isinstance(answer, str) and "%d" in answer else answer)
    assert getattr(peer.desk, counter) == 1
    assert isinstance(peer.stray[0], AnswerMalformed)
    assert outcome == []
    peer.say(f'{{"id":{id},"status":200,"result":{{"serverTime":7}}}}')
    assert outcome[0][0].server_time == 7


def test_an_error_without_id_is_told_as_what_binance_says() -> None:
    peer = Peer()
    peer.say('{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key"}}')
    (told,) = peer.stray
    assert isinstance(told, RequestRejected)
    assert (told.status, told.code, told.reason) == (401, -2015, "Invalid API-key")


@pytest.mark.parametrize(
    "answer",
    [
        '{"id":%d,"status":200,"result":{"serverTime":"soon"}}',
        '{"id":%d,"status":200,"result":17}',
        '{"id":%d,"status":"good","result":{"serverTime":7}}',
        '{"id":%d,"result":{"serverTime":7}}',
    ],
)
def test_an_answer_that_does_not_fit_is_said_to_be_malformed(answer: str) -> None:
    peer = Peer()
    id, outcome = peer.ask()
    peer.say(answer % id)
    ((result, error),) = outcome
    assert result is None
    assert isinstance(error, AnswerMalformed)
    assert error.method == "time"
    assert peer.desk.malformed == 1


@pytest.mark.parametrize(
    "answer",
    [
        '{"id":%d,"status":200,"result":{"lastUpdateId":5,"E":1,"T":2,"bids":[["1.0","2"]],"asks":[["1.1","3"]]}}',
        '{"id":%d,"status":200,"result":{"lastUpdateId":5,"E":1,"T":2},"bids":[["1.0","2"]],"asks":[["1.1","3"]]}',
    ],
)
def test_levels_of_futures_depth_are_read_inside_of_the_result_and_beside_it(answer: str) -> None:
    peer = Peer()
    desk = Desk(
        "usdmWSAPI", peer, product="usdm", credentials=None, clock=ServerClock(),
        limits=RequestLimits("usdm"), lookup=METHODS, ids=request_ids(), wall_ms=lambda: 0.0,
    )  # fmt: skip
    desk.opened(1, 0.0)
    outcome: list[Any] = []
    desk.submit(
        METHODS["usdm", "depth"], {"symbol": "BTCUSDT"}, lambda result, error: outcome.append(result), 0.0
    )
    desk.received(1, (answer % json.loads(peer.sent[-1])["id"]).encode(), 0.0)
    assert [list(level) for level in outcome[0].bids] == [["1.0", "2"]]
    assert [list(level) for level in outcome[0].asks] == [["1.1", "3"]]


def test_of_many_answers_at_once_only_the_newest_counters_are_read() -> None:
    peer, learned = Peer(), []

    class Limits(RequestLimits):
        def learn(self, rate_limits: Any, *rest: Any) -> Any:
            learned.append([told.count for told in rate_limits])
            return super().learn(rate_limits, *rest)

    peer.desk._inbox._limits = Limits("spot")
    for count in range(1, 4):
        id, _ = peer.ask()
        counter = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}
        limits = [counter | {"count": count}]
        answer = {"id": id, "status": 200, "result": {"serverTime": 7}, "rateLimits": limits}
        peer.say(json.dumps(answer, separators=(",", ":")))
    assert learned == [[1]]
    peer.desk.learn(peer.time.now + 0.05)
    assert learned == [[1], [3]]
    peer.desk.learn(peer.time.now + 0.1)
    assert learned == [[1], [3]], "nothing is read twice"
