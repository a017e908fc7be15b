"""Answers that no Binance should send, over real sockets: counted, reported, and the connection goes on."""

import json
from typing import Any, NamedTuple

import pytest
from support.server import ScriptedServer
from support.waiting import Changes

import fastbinance
from fastbinance import AnswerMalformed, AsyncClient, RequestOrphaned, RequestRejected, WsKey
from fastbinance.answers import ServerTime

KEY = WsKey.MAIN_WS_API
RIGHT = b'{"id":%d,"status":200,"result":{"serverTime":7}}'
DEEP = b"[" * 10_000 + b"]" * 10_000


class Binance(ScriptedServer):
    """Answers each request with what the test says, or else as it should be."""

    def __init__(self) -> None:
        super().__init__(Changes())
        self.answer = self._answer
        #: What goes out in place of the next answer, or before it where the right one follows.
        self.odd: list[bytes] = []
        self.right_follows = False

    def _answer(self, request: dict[str, Any]) -> None:
        odd, self.odd = self.odd, []
        for payload in odd:
            self.client.send(payload.replace(b"%d", str(request["id"]).encode()))
        if not odd or self.right_follows:
            self.client.send(RIGHT % request["id"])


class Told(NamedTuple):
    """What the events and counts say."""

    errors: list[fastbinance.FastBinanceError]
    rejected: int


async def heard(fb: AsyncClient, queue: Any, binance: Binance) -> Told:
    """Make a request that is answered, over the same connection; return what was told before that."""
    assert (await fb.spot.time()).server_time == 7
    assert binance.handshakes == 1
    (stats,) = fb.stats().connections
    assert (stats.reconnects, stats.state.name) == (0, "LIVE")
    fb.rollover(KEY)
    errors = []
    while (event := await anext(queue)).kind != "rollover":
        if event.kind == "exception":
            errors.append(event.error)
    return Told(errors, stats.counters.rejected)


# They are nobody's: what they are, and a part of what is said of them.
STRAY: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"not json", "malformed"),
    "nothing": (b"", "truncated"),
    "broken off within the id": (b'{"id":%d', "truncated"),
    "a list": (b"[]", "Expected `object`"),
    "a number": (b"17", "Expected `object`"),
    "null": (b"null", "Expected `object`"),
    "brackets": (DEEP, ""),
    "brackets without an end": (b"[" * 10_000, ""),
    "the id as a text": (b'{"id":"%d","status":200,"result":{"serverTime":5}}', "no request that waits"),
    "an id that is null": (b'{"id":null,"status":200,"result":{"serverTime":5}}', "no request that waits"),
    "no id": (b'{"status":200,"result":{"serverTime":5}}', "no request that waits"),
    "an id with a fraction": (b'{"id":%d.5,"status":200,"result":{"serverTime":5}}', "got `float`"),
    "an id that is a boolean": (b'{"id":true,"status":200,"result":{"serverTime":5}}', "got `bool`"),
    "an id that is a list": (b'{"id":[%d],"status":200,"result":{"serverTime":5}}', "got `array`"),
    "an id of 400 digits": (b'{"id":' + b"9" * 400 + b',"status":200,"result":{}}', "no request that waits"),
    "an id beyond all numbers": (b'{"id":1e400,"status":200,"result":{}}', "out of range"),
    "an id that nobody has": (b'{"id":1,"status":200,"result":{"serverTime":5}}', "no request that waits"),
    "an error that nobody has": (
        b'{"id":1,"status":400,"error":{"code":-1,"msg":"?"}}',
        "no request that waits",
    ),
    "an id alone": (b'{"id":1}', "no request that waits"),
}


@pytest.mark.parametrize("name", STRAY)
async def test_what_answers_nobody_is_told_and_the_answer_behind_it_counts(name: str) -> None:
    payload, said = STRAY[name]
    async with Binance() as binance, AsyncClient(urls={KEY: binance.url}) as fb:
        queue = fb.events()
        binance.odd, binance.right_follows = [payload], True
        assert (await fb.spot.time()).server_time == 7
        told = await heard(fb, queue, binance)
    (error,) = told.errors
    assert isinstance(error, AnswerMalformed)
    assert said in error.problem
    assert told.rejected == 1


# They are somebody's, and what becomes of the request is an error.
USELESS: dict[str, tuple[bytes, type[fastbinance.RequestError], dict[str, Any]]] = {
    "broken off": (b'{"id":%d,"status":200,"result":{"serverTime":5}', AnswerMalformed, {"status": None}),
    "broken off early": (b'{"id":%d,"sta', AnswerMalformed, {"status": None}),
    "no result": (b'{"id":%d,"status":200}', AnswerMalformed, {"status": 200}),
    "no status": (b'{"id":%d,"result":{"serverTime":5}}', AnswerMalformed, {"status": None}),
    "a status in words": (
        b'{"id":%d,"status":"good","result":{"serverTime":5}}',
        AnswerMalformed,
        {"status": None},
    ),
    "a result that is a list": (b'{"id":%d,"status":200,"result":[]}', AnswerMalformed, {"status": 200}),
    "a result that is null": (b'{"id":%d,"status":200,"result":null}', AnswerMalformed, {"status": 200}),
    "a time in words": (
        b'{"id":%d,"status":200,"result":{"serverTime":"noon"}}',
        AnswerMalformed,
        {"status": 200},
    ),
    "an error that is a text": (b'{"id":%d,"status":400,"error":"no"}', AnswerMalformed, {"status": None}),
    "brackets as the result": (
        b'{"id":%d,"status":200,"result":' + DEEP + b"}",
        AnswerMalformed,
        {"status": None},
    ),
    "brackets in a new field": (
        b'{"id":%d,"status":200,"result":{"serverTime":5,"new":' + DEEP + b"}}",
        AnswerMalformed,
        {"status": None},
    ),
}


@pytest.mark.parametrize("name", USELESS)
async def test_an_answer_of_no_use_fails_its_own_request_and_no_other(name: str) -> None:
    payload, kind, facts = USELESS[name]
    async with Binance() as binance, AsyncClient(urls={KEY: binance.url}) as fb:
        queue = fb.events()
        binance.odd = [payload]
        with pytest.raises(kind) as failed:
            await fb.spot.time()
        told = await heard(fb, queue, binance)
    assert failed.value.method == "time"
    assert {fact: getattr(failed.value, fact) for fact in facts} == facts
    assert [type(error) for error in told.errors] == [AnswerMalformed]
    assert told.rejected == 1


# Odd, and understood.
REFUSALS: dict[str, tuple[bytes, type[fastbinance.RequestError], dict[str, Any]]] = {
    "an error without code": (
        b'{"id":%d,"status":400,"error":{"msg":"no"}}',
        RequestRejected,
        {"status": 400, "code": None, "reason": "no"},
    ),
    "an error without words": (
        b'{"id":%d,"status":400,"error":{"code":-1}}',
        RequestRejected,
        {"code": -1, "reason": ""},
    ),
    "a refusal without an error": (b'{"id":%d,"status":400}', RequestRejected, {"status": 400, "code": None}),
    "an error of a success": (
        b'{"id":%d,"status":200,"error":{"code":-1,"msg":"no"}}',
        RequestRejected,
        {"code": -1},
    ),
    "the last status of two": (
        b'{"id":%d,"status":200,"status":403,"result":{"serverTime":5}}',
        RequestRejected,
        {"status": 403},
    ),
    "a status that nobody knows": (
        b'{"id":%d,"status":777,"error":{"code":-1,"msg":"?"}}',
        RequestOrphaned,
        {"status": 777, "code": -1},
    ),
    "a failure without an error": (b'{"id":%d,"status":503}', RequestOrphaned, {"status": 503, "code": None}),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_an_odd_refusal_is_read_for_what_it_says(name: str) -> None:
    payload, kind, facts = REFUSALS[name]
    async with Binance() as binance, AsyncClient(urls={KEY: binance.url}) as fb:
        queue = fb.events()
        binance.odd = [payload]
        with pytest.raises(kind) as refused:
            await fb.spot.time()
        told = await heard(fb, queue, binance)
    assert {fact: getattr(refused.value, fact) for fact in facts} == facts
    assert told == ([], 0)


ODD: dict[str, bytes] = {
    "the id last": b'{"status":200,"result":{"serverTime":5},"id":%d}',
    "blanks": b' {\n "id" : %d , "status" : 200, "result" : { "serverTime" : 5 } }\r\n',
    "the id twice": b'{"id":%d,"id":1,"status":200,"result":{"serverTime":5}}',
    "the result twice": b'{"id":%d,"status":200,"result":{"serverTime":4},"result":{"serverTime":5}}',
    "fields that are new": b'{"id":%d,"status":200,"result":{"serverTime":5,"new":[0,{"a":1.5}]},"new":0}',
    "a limit that is new": b'{"id":%d,"status":200,"result":{"serverTime":5},"rateLimits":[{"new":1}]}',
    "5 MB": b'{"id":%d,"status":200,"result":{"serverTime":5,"new":"' + b"y" * 5_000_000 + b'"}}',
    "a status of success": b'{"id":%d,"status":202,"result":{"serverTime":5}}',
}


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_answer_that_can_be_read_is_an_answer(name: str) -> None:
    async with Binance() as binance, AsyncClient(urls={KEY: binance.url}) as fb:
        queue = fb.events()
        binance.odd = [ODD[name]]
        assert await fb.spot.time() == ServerTime(server_time=5)
        assert await heard(fb, queue, binance) == ([], 0)


async def test_limits_that_cannot_be_read_are_told_and_cost_their_answer_nothing() -> None:
    async with Binance() as binance, AsyncClient(urls={KEY: binance.url}) as fb:
        queue = fb.events()
        binance.odd = [b'{"id":%d,"status":200,"result":{"serverTime":5},"rateLimits":17}']
        assert await fb.spot.time() == ServerTime(server_time=5)
        told = await heard(fb, queue, binance)
    assert told.rejected == 1
    assert "rateLimits" in str(told.errors[0])


async def test_an_answer_without_result_is_enough_where_there_is_nothing_to_tell() -> None:
    async with Binance() as binance, AsyncClient(urls={KEY: binance.url}) as fb:
        for payload in (b'{"id":%d,"status":200}', b'{"id":%d,"status":200,"response":{}}'):
            binance.odd = [payload]
            assert await fb.spot.ping() == fastbinance.answers.Empty()
            binance.odd = [payload]
            assert await fb.request(KEY, "ping") is None


async def test_a_burst_of_answers_that_nobody_waits_for_costs_the_next_one_nothing() -> None:
    async with Binance() as binance, AsyncClient(urls={KEY: binance.url}) as fb:
        queue = fb.events()
        binance.odd = [json.dumps({"id": id, "status": 200, "result": {}}).encode() for id in range(1_000)]
        binance.right_follows = True
        assert (await fb.spot.time()).server_time == 7
        told = await heard(fb, queue, binance)
    assert told.rejected == 1_000
    assert {type(error) for error in told.errors} == {AnswerMalformed}
    assert told.errors[-1].request_id == 999  # type: ignore[attr-defined]


async def test_what_cannot_be_read_is_something_that_was_heard() -> None:
    async with Binance() as binance, AsyncClient(urls={KEY: binance.url}) as fb:
        assert (await fb.spot.time()).server_time == 7
        for payload in (b"[]", b"not json", b'{"id":1}'):
            binance.odd = [payload]
            with pytest.raises(fastbinance.RequestTimeout):
                await fb.spot.time(timeout=0.05)
        assert (await fb.spot.time()).server_time == 7
        assert binance.handshakes == 1
