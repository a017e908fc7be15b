"""Requests over HTTP: what goes out, and what comes of it when all is well or Binance says no."""

import asyncio
import hmac
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web
from support.addresses import other_loopback
from support.rest_world import KEY, LISTEN_KEY, SECRET, RestWorld, refuse

from fastbinance._protocol.request_limits import RateLimit, RequestLimits
from fastbinance.errors import ConfigurationError
from fastbinance.request_errors import (
    AnswerMalformed,
    RateLimited,
    RequestOrphaned,
    RequestRejected,
)


class ListenKey(msgspec.Struct, rename="camel"):
    listen_key: str


@pytest_asyncio.fixture
async def world():
    made = RestWorld()
    await made.start()
    yield made
    await made.stop()


def in_ms(asked):
    return int(parse_qs(asked.query)["timestamp"][0])


# -- what goes out


async def test_a_listen_key_is_asked_for_with_the_api_key_and_no_signature(world):
    assert await world.call(answer=ListenKey) == ListenKey(LISTEN_KEY)
    (asked,) = world.asked
    assert (asked.verb, asked.path, asked.query) == ("POST", "/fapi/v1/listenKey", "")
    assert asked.headers["X-MBX-APIKEY"] == KEY
    assert asked.headers["User-Agent"].startswith("fastbinance/")


async def test_what_is_public_goes_without_the_key(world):
    assert await world.call(security="none", verb="GET", path="/fapi/v1/depth") == {"listenKey": LISTEN_KEY}
    assert "X-MBX-APIKEY" not in world.asked[0].headers


async def test_the_signature_is_over_the_query_exactly_as_it_is_sent(world):
    params = {"symbol": "BTC/ü &=%", "ids": [1, "a"], "left_out": None, "flag": True, "n": 5}
    await world.call(verb="GET", security="signed", params=params)
    payload, _, signature = world.asked[-1].query.partition("&signature=")
    assert payload.startswith(
        "symbol=BTC%2F%C3%BC%20%26%3D%25&ids=%5B1%2C%22a%22%5D&flag=true&n=5&timestamp="
    )
    assert signature == hmac.new(SECRET.encode(), payload.encode(), "sha256").hexdigest()


async def test_headers_of_the_user_go_out_with_every_request(world):
    await world.call(world.rest(headers=(("X-Mine", "1"), ("user-agent", "me"))))
    assert world.asked[0].headers["X-Mine"] == "1"
    assert world.asked[0].headers["User-Agent"] == "me"


async def test_what_may_not_be_sent_twice_never_goes_out_on_a_connection_that_was_used(world):
    rest = world.rest()
    for is_safe in (True, True, False, False):
        await world.call(rest, is_safe=is_safe)
    callers = [asked.caller for asked in world.asked]
    assert callers[0] == callers[1]
    assert len(set(callers)) == 3


async def test_requests_come_from_the_source_address(world):
    address = other_loopback()
    await world.call(world.rest(source_address=address))
    assert world.asked[0].caller[0] == address


async def test_a_prefix_in_the_url_stays(world):
    await world.call(world.rest(url=f"{world.url}/prefix"))
    assert world.asked[0].path == "/prefix/fapi/v1/listenKey"


@pytest.mark.parametrize("security", ["key", "signed"])
async def test_without_credentials_nothing_is_sent(world, security):
    with pytest.raises(ConfigurationError, match="listenKey wants credentials"):
        await world.call(security=security, credentials=None)
    assert world.asked == []


async def test_a_key_does_not_leave_this_machine_in_the_clear(world):
    rest = world.rest(url="http://binance.invalid")
    with pytest.raises(
        ConfigurationError, match=r"the API key in the clear to binance\.invalid: use https://"
    ):
        await world.call(rest)


# -- time


async def test_the_timestamp_is_the_servers_although_our_clock_is_an_hour_late(world):
    world.ahead_ms = 3_600_000.0
    await world.call(verb="GET", security="signed")
    assert [asked.path for asked in world.asked] == ["/fapi/v1/time", "/fapi/v1/listenKey"]
    assert in_ms(world.asked[1]) == pytest.approx(time.time() * 1e3 + 3_600_000, abs=60_000)
    await world.call(verb="GET", security="signed")
    assert len(world.asked) == 3, "it is known now"


@pytest.mark.parametrize("is_safe", [True, False])
async def test_a_refused_time_is_measured_again_and_the_request_sent_once_more(world, is_safe):
    await world.call(verb="GET", security="signed")
    world.ahead_ms = 3_600_000.0
    world.answers = [refuse(400, -1021), lambda request: web.json_response({"done": True})]
    assert await world.call(security="signed", is_safe=is_safe) == {"done": True}
    refused, measured, taken = world.asked[-3:]
    assert measured.path == "/fapi/v1/time"
    assert in_ms(taken) - in_ms(refused) == pytest.approx(3_600_000, abs=60_000)
    assert world.verbs == ["GET", "POST", "POST"]


async def test_a_time_that_is_refused_again_is_told(world):
    world.answers = [refuse(400, -1021, "Timestamp for this request is outside of the recvWindow.")]
    with pytest.raises(RequestRejected, match="outside of the recvWindow") as raised:
        await world.call(security="signed", is_safe=True)
    assert raised.value.code == -1021
    assert world.verbs == ["POST", "POST"]


async def test_an_offset_set_by_hand_is_not_measured(world):
    world.clock.set(-5_000.0)
    world.answers = [refuse(400, -1021)]
    with pytest.raises(RequestRejected):
        await world.call(security="signed")
    (asked,) = world.asked
    assert in_ms(asked) == pytest.approx(time.time() * 1e3 - 5_000, abs=60_000)


async def test_calls_at_the_same_time_measure_once(world):
    rest = world.rest()
    await asyncio.gather(*(world.call(rest, verb="GET", security="signed") for _ in range(5)))
    assert [asked.path for asked in world.asked].count("/fapi/v1/time") == 1


async def test_a_time_that_cannot_be_had_does_not_keep_a_request_back(world):
    rest = world.rest(url=f"{world.url}/elsewhere")
    assert await world.call(rest, verb="GET", security="signed") == {"listenKey": LISTEN_KEY}
    assert [asked.path for asked in world.asked] == [
        "/elsewhere/fapi/v1/time",
        "/elsewhere/fapi/v1/listenKey",
    ]


# -- limits


async def test_the_weight_that_an_answer_tells_is_learnt(world):
    world.answers = [lambda request: web.json_response({}, headers={"X-MBX-USED-WEIGHT-1M": "7"})]
    await world.call()
    (use,) = world.limits.usage("", asyncio.get_running_loop().time())
    assert (use.kind, use.interval, use.count, use.limit) == ("REQUEST_WEIGHT", "1 min", 7, 2_400)


async def test_a_limit_that_was_told_is_not_replaced_by_the_assumed_one(world):
    now = asyncio.get_running_loop().time()
    world.limits.learn([RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 1_000, 3)], "", now)
    world.answers = [lambda request: web.json_response({}, headers={"X-MBX-USED-WEIGHT-1M": "7"})]
    await world.call()
    (use,) = world.limits.usage("", asyncio.get_running_loop().time())
    assert (use.count, use.limit) == (7, 1_000)


async def test_four_fifths_of_a_limit_are_warned_of(world, caplog):
    world.answers = [lambda request: web.json_response({}, headers={"X-MBX-USED-WEIGHT-1M": "2000"})]
    rest = world.rest()
    await world.call(rest)
    await world.call(rest)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == ["usdm REST: usdm: 2000 of 2400 REQUEST_WEIGHT in 1 min are used"]


async def test_a_request_that_is_too_heavy_for_what_is_left_is_not_sent(world):
    world.answers = [lambda request: web.json_response({}, headers={"X-MBX-USED-WEIGHT-1M": "2395"})]
    rest = world.rest()
    await world.call(rest)
    with pytest.raises(RateLimited, match="not sent") as raised:
        await world.call(rest, weight=6)
    assert 0.0 < raised.value.retry_after <= 60.1
    await world.call(rest, weight=5)
    assert len(world.asked) == 2


RETRY_AFTER = [
    ("seconds", 429, "30", "Too many requests.", 30.0),
    ("a ban", 418, "600", "banned", 600.0),
    (
        "a date",
        418,
        "Fri, 31 Dec 2100 23:59:59 GMT",
        "banned",
        120.0,
    ),  # farther away than any ban of Binance's
    ("nonsense", 429, "soon", "Too many requests.", 60.0),
]


@pytest.mark.parametrize(
    ("status", "retry_after", "text", "seconds"),
    [case[1:] for case in RETRY_AFTER],
    ids=[case[0] for case in RETRY_AFTER],
)
async def test_what_was_too_much_is_not_sent_again_before_its_time(world, status, retry_after, text, seconds):
    world.answers = [refuse(status, -1003, text, Retry_After=retry_after)]
    rest = world.rest()
    with pytest.raises(RateLimited, match=text) as raised:
        await world.call(rest, is_safe=True)
    assert raised.value.retry_after == pytest.approx(seconds, abs=2.0)
    with pytest.raises(RateLimited, match="not sent, Binance has refused more until then"):
        await world.call(rest)
    assert len(world.asked) == 1


async def test_the_time_is_not_asked_for_during_a_ban(world):
    rest = world.rest()
    world.answers = [refuse(418, -1003, "banned", Retry_After="600")]
    with pytest.raises(RateLimited, match="banned"):
        await world.call(rest)
    with pytest.raises(RateLimited, match="not sent, Binance has refused more until then"):
        await world.call(rest, verb="GET", security="signed")
    assert world.verbs == ["POST"]
    assert len(world.asked) == 1


async def test_a_ban_where_the_time_is_told_keeps_only_the_time_back(world):
    banned = RequestLimits("spot")
    now = asyncio.get_running_loop().time()
    banned.refused(418, -1003, None, (), "", now, time.time() * 1e3)
    rest = world.rest(products={"spot": banned}, urls={"portfolio": world.url, "spot": world.url})
    how = {"security": "signed", "credentials": world.credentials, "is_safe": True}
    await rest.call("portfolio", "GET", "/papi/v1/balance", **how)
    assert [asked.path for asked in world.asked] == ["/papi/v1/balance"]


async def test_the_weight_of_the_time_counts(world):
    used = {"X-MBX-USED-WEIGHT-1M": "2395"}
    world.answers = [lambda request: web.json_response({}, headers=used)]
    rest = world.rest()
    await world.call(rest)
    with pytest.raises(RateLimited, match="not sent"):
        await world.call(rest, verb="GET", security="signed", weight=5)
    assert len(world.asked) == 1
    await world.call(rest, verb="GET", security="signed", weight=4)
    assert [asked.path for asked in world.asked[1:]] == ["/fapi/v1/time", "/fapi/v1/listenKey"]


async def test_the_end_of_a_ban_is_taken_from_its_text(world):
    until = int(time.time() * 1e3) + 300_000
    world.answers = [refuse(418, -1003, f"Way too much request weight used; IP banned until {until}.")]
    with pytest.raises(RateLimited) as raised:
        await world.call()
    assert raised.value.retry_after == pytest.approx(300.0, abs=10.0)


# -- answers that are none


async def test_a_refusal_has_binances_code_and_text(world):
    world.answers = [refuse(400, -1125, "This listenKey does not exist.")]
    with pytest.raises(RequestRejected) as raised:
        await world.call(verb="PUT")
    error = raised.value
    assert (error.ws_key, error.method) == ("usdm REST", "PUT /fapi/v1/listenKey")
    assert (error.status, error.code, error.reason) == (400, -1125, "This listenKey does not exist.")
    assert error.request_id is not None


async def test_a_page_of_a_firewall_is_told_by_its_status(world):
    world.answers = [lambda request: web.Response(status=403, text="<html>no</html>")]
    with pytest.raises(RequestRejected, match="HTTP status 403: its firewall refused the request"):
        await world.call()


@pytest.mark.parametrize(("is_safe", "times"), [(True, 3), (False, 1)])
async def test_a_problem_of_binances_is_tried_again_only_where_that_does_no_harm(world, is_safe, times):
    world.answers = [refuse(503, -1001, "Internal error")]
    with pytest.raises(RequestOrphaned, match="whether it was carried out is not known") as raised:
        await world.call(is_safe=is_safe)
    assert (raised.value.status, raised.value.code) == (503, -1001)
    assert len(world.asked) == times


async def test_a_problem_that_passes_is_not_noticed(world):
    world.answers = [refuse(502, -1001), lambda request: web.json_response([])]
    assert await world.call(is_safe=True) == []


async def test_nothing_follows_a_redirect(world):
    world.answers = [lambda request: web.Response(status=302, headers={"Location": f"{world.url}/other"})]
    with pytest.raises(AnswerMalformed, match=r"status 302.*leads elsewhere"):
        await world.call(is_safe=True)
    assert len(world.asked) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"listenKey":1}'], ids=["nothing", "a page", "a number"])
async def test_an_answer_of_another_shape_is_malformed(world, body):
    world.answers = [lambda request: web.Response(body=body)]
    with pytest.raises(AnswerMalformed) as raised:
        await world.call(answer=ListenKey, is_safe=True)
    assert raised.value.status == 200
    assert len(world.asked) == 1


@pytest.mark.parametrize("encoding", [None, "gzip"])
async def test_an_answer_is_read_up_to_a_size_and_no_further(world, encoding):
    def long_answer(request):
        response = web.Response(body=b'"' + b"a" * 100_000 + b'"')
        if encoding is not None:
            response.enable_compression(web.ContentCoding(encoding))
        return response

    world.answers = [long_answer]
    assert len(await world.call(world.rest(longest=100_002))) == 100_000
    with pytest.raises(AnswerMalformed, match="longer than 100,001 bytes"):
        await world.call(world.rest(longest=100_001))


def test_who_sends_no_request_does_not_wait_for_aiohttp():
    program = "import sys, fastbinance; fastbinance.Client().close(); print('aiohttp' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


async def test_the_host_is_the_one_of_the_url(world):
    await world.call()
    assert world.asked[0].headers["Host"] == urlsplit(world.url).netloc
