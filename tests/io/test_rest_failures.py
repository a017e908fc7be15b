"""Requests over HTTP without an answer: what is told, what is tried again, and no secret is told."""

import asyncio
import contextlib
import socket
import ssl
import traceback

import pytest
import pytest_asyncio
from aiohttp import web
from support.proxy import SCHEMES, run_proxy
from support.rest_world import HEADER_WORD, KEY, LISTEN_KEY, SECRET, RestWorld, cut, refuse

from fastbinance._io.proxy import parse_proxy
from fastbinance.request_errors import (
    NotSent,
    RequestError,
    RequestOrphaned,
    RequestTimeout,
)
from fastbinance.sim.certificate import loopback_contexts

# What a server of the test logs is its own business.
_SERVERS = ("aiohttp.server", "aiohttp.web", "aiohttp.access")
WHO = ("some-user", "some-password-of-a-proxy")


@pytest_asyncio.fixture
async def world():
    made = RestWorld()
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def contexts():
    return loopback_contexts("127.0.0.1")


@contextlib.asynccontextmanager
async def secure_world(contexts):
    made = RestWorld()
    await made.start(contexts[0])
    try:
        yield made
    finally:
        await made.stop()


@contextlib.asynccontextmanager
async def peer(serve):
    """Run a server that speaks no HTTP by itself; yield its host and port."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def speaks(*pieces):
    """Return what answers each request with these bytes and leaves."""

    async def serve(reader, writer):
        with contextlib.closing(writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"".join(pieces))
            await writer.drain()

    return serve


async def stays_silent(reader, writer):
    with contextlib.closing(writer):
        await reader.read()


# -- connections


@pytest.mark.parametrize(("is_safe", "times"), [(True, 3), (False, 1)])
async def test_a_cut_connection_is_an_unknown_outcome_and_tried_again_only_where_it_may(
    world, is_safe, times
):
    world.answers = [cut]
    with pytest.raises(RequestOrphaned, match="the connection was lost before the answer"):
        # On a connection that is not kept: aiohttp sends once more by itself what a kept one has lost.
        await world.call(is_safe=is_safe)
    assert len(world.asked) == times


async def test_a_cut_that_passes_is_not_noticed_where_it_does_no_harm(world):
    world.answers = [cut, lambda request: web.json_response({"done": True})]
    assert await world.call(is_safe=True) == {"done": True}


CUT_ANSWERS = [
    ("in the head", (b"HTTP/1.1 200 OK\r\nContent-",), "before the answer"),
    (
        "in the body",
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n", b'{"listen'),
        "in the middle of the answer",
    ),
    ("no HTTP", (b"SSH-2.0-OpenSSH_9.0\r\n\r\n",), "the answer is not HTTP"),
    (
        "compressed wrongly",
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",),
        "in the middle of the answer",
    ),
]


@pytest.mark.parametrize(
    ("pieces", "sentence"), [case[1:] for case in CUT_ANSWERS], ids=[case[0] for case in CUT_ANSWERS]
)
async def test_half_an_answer_is_an_unknown_outcome(world, pieces, sentence):
    async with peer(speaks(*pieces)) as place:
        with pytest.raises(RequestOrphaned, match=sentence):
            await world.call(world.rest(url=f"http://{place}"))


async def test_what_had_no_connection_was_not_sent(world):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        rest = world.rest(url=f"http://127.0.0.1:{port}")
        for is_safe in (True, False):
            with pytest.raises(NotSent, match=f"not sent: 127.0.0.1:{port} refuses connections"):
                await world.call(rest, is_safe=is_safe)


async def test_no_answer_in_time_is_an_unknown_outcome(world):
    async with peer(stays_silent) as place:
        with pytest.raises(RequestTimeout, match=r"no answer in 0\.2 s"):
            await world.call(world.rest(url=f"http://{place}"), timeout=0.2)


async def test_a_handshake_that_takes_longer_than_the_request_may_means_not_sent(world):
    async with peer(stays_silent) as place:
        with pytest.raises(NotSent, match=r"no connection within 0\.2 s"):
            await world.call(world.rest(url=f"https://{place}"), timeout=0.2)


async def test_a_silent_handshake_is_given_up(world):
    async with peer(stays_silent) as place:
        rest = world.rest(url=f"https://{place}", handshake_timeout=0.1)
        with pytest.raises(NotSent, match=r"did not answer within 0\.1 s"):
            await world.call(rest)


async def test_requests_go_over_tls(contexts):
    async with secure_world(contexts) as world:
        assert await world.call(world.rest(ssl_context=contexts[1])) == {"listenKey": LISTEN_KEY}


async def test_a_certificate_that_is_not_trusted_means_not_sent(contexts):
    async with secure_world(contexts) as world:
        with pytest.raises(NotSent, match="has a TLS certificate that is not trusted"):
            await world.call(world.rest(ssl_context=ssl.create_default_context()))
        assert world.asked == []


# -- proxies


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_requests_go_through_the_proxy(contexts, scheme, secure):
    made = RestWorld()
    await made.start(contexts[0] if secure else None)
    with run_proxy(scheme, WHO) as proxy:
        # SOCKS4 knows users and no passwords.
        rest = made.rest(proxy=parse_proxy(proxy.url(WHO)), ssl_context=contexts[1])
        assert await made.call(rest) == {"listenKey": LISTEN_KEY}
        await made.stop()
    assert proxy.tunnels == [made.url.partition("//")[2]]


async def test_a_proxy_that_does_not_want_means_not_sent(world):
    with run_proxy("http", WHO) as proxy:
        rest = world.rest(proxy=parse_proxy(proxy.url(("some-user", "another-word"))))
        with pytest.raises(NotSent, match="does not accept the user and password: HTTP status 407"):
            await world.call(rest)
        await rest.close()
    assert world.asked == []


# -- closing


async def test_closing_tells_what_is_under_way_that_its_outcome_is_unknown(world):
    asked = asyncio.Event()

    async def never(request):
        asked.set()
        await asyncio.Event().wait()
        return web.Response()

    world.answers = [never]
    rest = world.rest(timeout=600.0)
    call = asyncio.create_task(world.call(rest))
    await asked.wait()
    await rest.close()
    with pytest.raises(RequestOrphaned, match="the client was closed before the answer"):
        await call


async def test_closing_does_not_wait_for_a_connection(world):
    connected = asyncio.Event()

    async def silent(reader, writer):
        connected.set()
        await stays_silent(reader, writer)

    async with peer(silent) as place:
        rest = world.rest(url=f"https://{place}", timeout=600.0, handshake_timeout=600.0)
        call = asyncio.create_task(world.call(rest))
        await connected.wait()
        await rest.close()
        with pytest.raises(NotSent, match="the client was closed"):
            await call


async def test_closing_twice_at_the_same_time_ends_once(world):
    asked = asyncio.Event()

    async def never(request):
        asked.set()
        await asyncio.Event().wait()
        return web.Response()

    world.answers = [never]
    rest = world.rest(timeout=600.0)
    call = asyncio.create_task(world.call(rest))
    await asked.wait()
    first = asyncio.create_task(rest.close())
    # Until the time of the call is up, and its task has not run yet.
    while not any(scope.expired() for scope in rest._scopes):
        await asyncio.sleep(0)
    await rest.close()
    await first
    with pytest.raises(RequestOrphaned, match="the client was closed"):
        await call


async def test_closing_right_after_the_first_call_leaves_nothing_behind(world):
    rest = world.rest()
    call = asyncio.create_task(world.call(rest))
    await asyncio.sleep(0)  # it has begun, and loads
    await rest.close()
    with pytest.raises(NotSent, match="the client was closed"):
        await call
    assert world.asked == []


async def test_a_closed_one_sends_nothing(world):
    rest = world.rest()
    await rest.close()
    await rest.close()
    with pytest.raises(NotSent, match="the client is closed"):
        await world.call(rest)
    assert world.asked == []


async def test_a_caller_who_does_not_wait_any_longer_stops_nobody_else(world):
    rest = world.rest()
    first, second = (asyncio.create_task(world.call(rest)) for _ in range(2))
    await asyncio.sleep(0)  # both wait until it is loaded
    first.cancel()
    assert await second == {"listenKey": LISTEN_KEY}
    with pytest.raises(asyncio.CancelledError):
        await first


# -- secrets


def echo(request):
    """Answer with all that came, as a refusal."""
    told = f"{request.raw_path} {dict(request.headers)}"[:190]
    return web.json_response({"code": -1100, "msg": told}, status=400)


def echo_key(request):
    return web.json_response({"code": -2015, "msg": f"Invalid API-key {KEY}"}, status=401)


def echo_listen_key(request):
    return web.json_response({"code": -1125, "msg": f"no such {LISTEN_KEY}"}, status=400)


def echo_as_answer(request):
    return web.json_response({"listenKey": 1, "told": [KEY, LISTEN_KEY]})


FAILING = {
    "refused": refuse(400, -1125),
    "everything echoed": echo,
    "the key echoed": echo_key,
    "the listen key echoed": echo_listen_key,
    "echoed as an answer": echo_as_answer,
    "too many": refuse(429, -1003),
    "a problem of theirs": refuse(500, -1000),
    "a wrong time": refuse(400, -1021),
    "cut": cut,
    "a redirect": lambda request: web.Response(status=301, headers={"Location": str(request.url)}),
}


@pytest.mark.parametrize("name", FAILING)
async def test_no_error_and_no_log_tells_a_secret(world, caplog, name):
    world.answers = [FAILING[name]]
    with run_proxy("http", WHO) as proxy:
        rest = world.rest(proxy=parse_proxy(proxy.url(WHO)), headers=(("X-Mine", f"Bearer {HEADER_WORD}"),))
        with caplog.at_level(1), pytest.raises(RequestError) as raised:
            await world.call(
                rest,
                verb="PUT",
                security="signed",
                params={"listenKey": LISTEN_KEY},
                answer=dict[str, str],
                is_safe=True,
            )
        await rest.close()
    error = raised.value
    signatures = [asked.query.partition("signature=")[2] for asked in world.asked if asked.query]
    shown = "".join(
        [
            str(error),
            repr(error),
            repr(vars(error)),
            repr(rest),
            "".join(traceback.format_exception(error)),
            *(record.getMessage() for record in caplog.records if not record.name.startswith(_SERVERS)),
        ]
    )
    assert signatures
    for secret in (KEY, SECRET, LISTEN_KEY, HEADER_WORD, WHO[1], *signatures):
        assert secret not in shown
    assert (error.__cause__, error.__context__) == (None, None), "aiohttp's have headers and URLs in them"
