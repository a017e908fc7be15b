"""A handshake that fails is told by kind, with Binance's own word about it."""

import email.utils
import pickle
import socket
import time
from typing import Any

import pytest
from support.faces import Face
from support.refusing import http, run_refusing

import fastbinance
from fastbinance import ConfigurationError, ConnectFailed
from fastbinance.sim.certificate import loopback_contexts

TOO_MANY = b'{"code":-1003,"msg":"Too many requests; current limit is 300 per 5 minutes."}'


def failure(face: Face, url: str, **options: Any) -> ConnectFailed:
    """Want a stream of a peer, and return why it does not come."""
    fb = face.client(urls={"main": url}, **options)
    queue = face.do(fb.events)
    face.do(fb.book_ticker, "btcusdt")
    error = face.event(queue, "exception").error
    face.do(fb.close)
    assert isinstance(error, ConnectFailed)
    return error


def facts(error: ConnectFailed) -> tuple[Any, ...]:
    return error.kind, error.status, error.body, error.retry_after


PAGE = b"<html>" + b"x" * 2000
REFUSALS = [
    (http(429, TOO_MANY, Retry_After="7"), (429, TOO_MANY, 7.0),
     'from this address; it says "Too many requests; current limit is 300 per 5 minutes." (code -1003);'
     " next attempt in 7 s"),
    (http(418, TOO_MANY), (418, TOO_MANY, 60.0), "next attempt in 60 s"),
    (http(418, b"", Retry_After="soon"), (418, b"", 60.0), "next attempt in 60 s"),
    (http(418, b"", Retry_After="9" * 400), (418, b"", 259_200.0), "next attempt in 259200 s"),
    (http(418, b"", Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), (418, b"", 0.0), "next attempt in 0 s"),
    (http(418, b'{"code":-1003,"msg":"IP banned until 1445412480000."}'),
     (418, b'{"code":-1003,"msg":"IP banned until 1445412480000."}', 0.0), "next attempt in 0 s"),
    (http(401, b'{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}'),
     (401, b'{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}', 0.0),
     'was given; it says "Invalid API-key, IP, or permissions for action." (code -2015)'),
    (http(400, b'{"code":-1100,"msg":"a\\nb\\u0007c"}'), (400, b'{"code":-1100,"msg":"a\\nb\\u0007c"}', 0.0),
     'it says "a b c" (code -1100)'),
    (http(503, PAGE, Retry_After="120"), (503, PAGE[:512], 0.0), "status 503: it has a problem of its own"),
    (http(521, b"down"), (521, b"down", 0.0), "HTTP status 521: it has a problem of its own"),
    (http(404, b"[" * 3000), (404, b"[" * 512, 0.0), "it has no such path"),
    (http(400, b'{"code":"x","msg":1}'), (400, b'{"code":"x","msg":1}', 0.0), "no reason is known"),
    (http(302, b"", Location="wss://elsewhere.example"), (302, b"", 0.0), "status 302: no reason is known"),
    (http(200, b"hello"), (200, b"hello", 0.0), "status 200: no reason is known"),
    (b"HTTP/1.1 429 Too Many Requests\r\nTransfer-Encoding: chunked\r\nRetry-After: 1\r\n\r\n"
     b"19;a=b\r\n" + b'{"code":-1003,"msg":"Slow' + b"\r\n5\r\n" + b' on"}' + b"\r\n0\r\n\r\n",
     (429, b'{"code":-1003,"msg":"Slow on"}', 1.0), 'it says "Slow on" (code -1003); next attempt in 1 s'),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "told", "words"), REFUSALS)
def test_a_refusal_tells_its_status_its_body_and_when_to_come_back(
    face: Face, answer: bytes, told: tuple[Any, ...], words: str
) -> None:
    with run_refusing(answer) as peer:
        error = failure(face, peer.url)
    assert facts(error) == ("http", *told)
    assert error.cause.startswith(f"{peer.place} answered the WebSocket handshake with HTTP status ")
    assert error.cause.endswith(words)
    copy = pickle.loads(pickle.dumps(error))
    assert (facts(copy), str(copy)) == (facts(error), str(error))
    assert repr(error) == f"ConnectFailed({str(error)!r})"


@pytest.mark.parametrize("where", ["header", "body"])
def test_a_ban_may_end_at_a_time_of_the_day(face: Face, where: str) -> None:
    until = time.time() + 1000.0
    if where == "header":
        answer = http(418, Retry_After=email.utils.formatdate(until, usegmt=True))
    else:
        answer = http(418, b'{"code":-1003,"msg":"IP banned until %d."}' % (until * 1000))
    with run_refusing(answer) as peer:
        error = failure(face, peer.url)
    assert 900.0 < error.retry_after <= 1000.0


BROKEN = [
    (b"SSH-2.0-something\r\n\r\n", "protocol", "does not speak WebSocket as expected"),
    (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "protocol", "does not speak WebSocket as expected"),
    (b"HTTP/2 99\r\n\r\n", "protocol", "does not speak WebSocket as expected"),
    (b"", "tcp", "closed the connection before the handshake was done"),
]


@pytest.mark.parametrize(("answer", "kind", "words"), BROKEN)
def test_what_is_no_answer_is_told_by_kind(face: Face, answer: bytes, kind: str, words: str) -> None:
    with run_refusing(answer) as peer:
        error = failure(face, peer.url)
    assert facts(error) == (kind, None, b"", 0.0)
    assert words in error.cause


def test_a_port_without_a_server_is_told_as_tcp(face: Face) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = failure(face, f"ws://127.0.0.1:{taken.getsockname()[1]}")
    assert facts(error) == ("tcp", None, b"", 0.0)


def test_a_name_without_an_address_is_told_as_dns(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert facts(failure(face, "ws://nowhere.localhost:9")) == ("dns", None, b"", 0.0)


@pytest.mark.parametrize("served", ["a certificate of its own", "no TLS"])
def test_what_is_wrong_with_tls_is_told_as_tls(face: Face, served: str) -> None:
    tls = loopback_contexts("127.0.0.1")[0] if served != "no TLS" else None
    with run_refusing(http(404), tls=tls) as peer:
        error = failure(face, f"wss://{peer.place}")
    assert facts(error) == ("tls", None, b"", 0.0)


def test_an_echo_of_the_key_is_shown_nowhere(face: Face) -> None:
    key = "an-API-key-that-nobody-may-see"
    with run_refusing(http(401, b'{"code":-2014,"msg":"API-key %s is bad."}' % key.encode())) as peer:
        fb = face.client(urls={"mainSBE": peer.url}, api_key=key)
        queue = face.do(fb.events)
        face.do(fb.trades, "btcusdt", format="sbe")
        error = face.event(queue, "exception").error
        face.do(fb.close)
    assert peer.headers()["x-mbx-apikey"] == key
    assert error.cause.endswith('it says "API-key *** is bad." (code -2014)')
    assert error.body == b'{"code":-2014,"msg":"API-key *** is bad."}'


def test_what_was_pickled_or_made_without_the_kind_is_still_one() -> None:
    error = fastbinance.ConnectFailed("main", 2, "name not resolved")
    assert facts(error) == ("other", None, b"", 0.0)


# -- what a user puts into handshakes

TOKEN = "a-token-that-nobody-may-see"
HEADERS = {"User-Agent": "a desk/1.0", "Authorization": f"Bearer {TOKEN}", "X-Empty": ""}


def test_extra_headers_are_sent_on_every_connection_and_shown_nowhere(
    face: Face, caplog: pytest.LogCaptureFixture
) -> None:
    answer = http(403, b'{"code":-1,"msg":"no %s here"}' % TOKEN.encode())
    # The level at which picows logs whole requests.
    with caplog.at_level(1), run_refusing(answer) as spot, run_refusing(answer) as usdm:
        fb = face.client(urls={"main": spot.url, "usdm": usdm.url}, headers=HEADERS)
        queue = face.do(fb.events)
        face.do(fb.book_ticker, "btcusdt")
        errors = [face.event(queue, "exception").error]
        face.do(fb.agg_trades, "btcusdt", market="usdm")
        while not usdm.requests:
            errors.append(face.event(queue, "exception").error)
        shown = [caplog.text, repr(fb), repr(face.do(fb.stats)), *map(repr, errors), *map(str, errors)]
        shown += [error.body.decode() for error in errors]
        face.do(fb.close)
    for peer in (spot, usdm):
        sent = peer.headers()
        assert {name: sent[name.lower()] for name in HEADERS} == HEADERS
        assert sent["host"] == peer.place
    assert 'it says "no *** here"' in shown[-1] + str(errors[0])
    assert not [text for text in shown if TOKEN in text]


def test_subprotocols_are_offered_in_order(face: Face) -> None:
    with run_refusing(http(403)) as peer:
        failure(face, peer.url, subprotocols=("v2", "v1"))
    assert peer.headers()["sec-websocket-protocol"] == "v2, v1"


@pytest.mark.parametrize(("offered", "kind"), [((), "protocol"), (("v1",), "protocol"), (("v2",), None)])
def test_a_subprotocol_that_was_not_offered_ends_the_attempt(
    face: Face, offered: tuple[str, ...], kind: str | None
) -> None:
    with run_refusing(b"", upgrade={"Sec-WebSocket-Protocol": "v2"}) as peer:
        fb = face.client(urls={"main": peer.url}, subprotocols=offered)
        queue = face.do(fb.events)
        face.do(fb.book_ticker, "btcusdt")
        event = face.event(queue, "exception", "open")
        face.do(fb.close)
    assert (None if event.error is None else event.error.kind) == kind
    if event.error is not None:
        assert event.error.cause.endswith("it chose a subprotocol that it was not offered")


SECRET = "a-secret"
BAD_OPTIONS = [
    ({"headers": {"Host": SECRET}}, "the header Host belongs to the handshake"),
    ({"headers": {"upgrade": SECRET}}, "the header upgrade belongs to the handshake"),
    ({"headers": {"CONNECTION": SECRET}}, "the header CONNECTION belongs to the handshake"),
    ({"headers": {"Sec-WebSocket-Key": SECRET}}, "belongs to the handshake"),
    ({"headers": {"Sec-WebSocket-Version": SECRET}}, "belongs to the handshake"),
    ({"headers": {"Content-Length": SECRET}}, "belongs to the handshake"),
    ({"headers": {"Sec-WebSocket-Protocol": SECRET}}, "is what subprotocols= is for"),
    ({"headers": {"Sec-WebSocket-Extensions": SECRET}}, "asks for what the feed does not read"),
    ({"headers": {"x-mbx-apikey": SECRET}}, "is what api_key= is for"),
    ({"headers": {"Proxy-Authorization": SECRET}}, "proxy= takes user:password@"),
    ({"headers": {f"Authorization: {SECRET}": ""}}, "has a name that is none"),
    ({"headers": {"": SECRET}}, "has a name that is none"),
    ({"headers": {"X-\xe4": SECRET}}, "has a name that is none"),
    ({"headers": {7: SECRET}}, "has a name that is none"),
    ({"headers": {"X-A": SECRET, "x-a": SECRET}}, "headers has x-a twice"),
    ({"headers": {"X-A": f"{SECRET}\r\nHost: elsewhere"}}, "a line break"),
    ({"headers": {"X-A": f"{SECRET}\0"}}, "another control sign"),
    ({"headers": {"X-A": f"{SECRET}\xe4"}}, "beyond ASCII"),
    ({"headers": {"X-A": SECRET.encode()}}, "has a bytes for a value"),
    ({"headers": [("X-A", SECRET)]}, "maps names to values"),
    ({"subprotocols": "v1"}, "subprotocols is a tuple of names"),
    ({"subprotocols": 7}, "subprotocols is a tuple of names"),
    ({"subprotocols": ("a b",)}, "which is no name"),
    ({"subprotocols": ("",)}, "which is no name"),
    ({"subprotocols": (7,)}, "which is no name"),
    ({"subprotocols": ("v1", "v1")}, "names one twice"),
    ({"source_address": "localhost"}, "source_address is an address of this machine"),
    ({"source_address": "0.0.0.0"}, "source_address is an address of this machine"),
    ({"source_address": "224.0.0.1"}, "source_address is an address of this machine"),
    ({"source_address": 2130706433}, "source_address is an address of this machine"),
    ({"connects": 1}, "connects is a number of attempts in five minutes from 2 to"),
    ({"connects": True}, "connects is a number of attempts"),
    ({"connects": 300.0}, "connects is a number of attempts"),
    ({"connects": 10_000_000}, "connects is a number of attempts"),
]


@pytest.mark.parametrize(("options", "words"), BAD_OPTIONS)
def test_what_cannot_be_sent_is_refused_before_anything(
    face: Face, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        face.client_type(**options)
    assert SECRET not in str(caught.value)
