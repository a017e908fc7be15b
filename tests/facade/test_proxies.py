"""Every connection of both clients goes through the proxy, and a proxy that fails is told by kind."""

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from support.addresses import other_loopback
from support.faces import Face, open_face
from support.payloads import spot_book_ticker
from support.proxy import SCHEMES, RunningProxy, run_proxy

import fastbinance
from fastbinance import ConfigurationError, ConnectFailed, RingState
from fastbinance.sim import RunningSimulator, run_in_thread

STREAM = "btcusdt@bookTicker"
USER, PASSWORD = "some-user", "p@ss:w/rd?#%"
WHO = (USER, PASSWORD)
OTHERS = ("some-user", "another-password")


@pytest.fixture(params=["ws", "wss"])
def peer(request: pytest.FixtureRequest) -> Iterator[RunningSimulator]:
    with run_in_thread(messages_per_second=0.000_001, tls=request.param == "wss") as running:
        yield running


@pytest.fixture
def face(request: pytest.FixtureRequest) -> Iterator[Face]:
    # Not the face of all facade tests: this one ends before peer and proxy, which it has open connections to.
    for name in ("peer", "silent_sim"):
        if name in request.fixturenames:
            request.getfixturevalue(name)
    with open_face(request.param) as made:
        yield made


def client(face: Face, peer: RunningSimulator, proxy: str, **options: Any) -> Any:
    return face.client(urls=peer.urls, ssl_context=peer.ssl_context, proxy=proxy, **options)


def failure(face: Face, fb: Any) -> ConnectFailed:
    """Want a stream, and return why it does not come."""
    queue = face.do(fb.events)
    face.do(fb.book_ticker, "btcusdt")
    error = face.event(queue, "exception").error
    assert isinstance(error, ConnectFailed)
    return error


@pytest.mark.parametrize("credentials", [None, WHO], ids=["everybody", "credentials"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_records_come_through_the_proxy_and_come_back_through_it(
    face: Face, peer: RunningSimulator, scheme: str, credentials: tuple[str, str] | None
) -> None:
    with run_proxy(scheme, credentials) as proxy:
        fb = client(face, peer, proxy.url(credentials))
        buf = face.live(face.do(fb.book_ticker, "btcusdt"))
        _send(face, peer, buf, 1)
        assert peer.cut("main") == 1
        face.until(lambda: buf.state is RingState.DOWN, buf)
        face.live(buf)
        _send(face, peer, buf, 2)
        assert [ticker.update_id for ticker in (buf.at(0), buf.at(1))] == [1, 2]
        place = peer.urls[fastbinance.WsKey.MAIN].rpartition("/")[2]
        assert proxy.tunnels == [place, place]
        assert peer.stats.opened == 2, "and no connection went beside it"
        assert proxy.bytes_down > 2 * len(spot_book_ticker(1))
        assert proxy.bytes_up > 2 * len(STREAM)
        assert proxy.refused == 0
        face.do(fb.close)


def _send(face: Face, peer: RunningSimulator, buf: Any, update_id: int) -> None:
    peer.send("spot", STREAM, spot_book_ticker(update_id))
    face.until(lambda: buf.cursor == update_id - 1, buf)


def test_every_market_goes_through_the_proxy(face: Face, silent_sim: RunningSimulator) -> None:
    with run_proxy("http") as proxy:
        fb = client(face, silent_sim, proxy.url())
        for market in ("spot", "usdm"):
            face.live(face.do(fb.book_ticker, "btcusdt", market=market))
        face.live(face.do(fb.agg_trades, "btcusdt", market="usdm"))
        assert len(proxy.tunnels) == silent_sim.stats.opened == 3
        face.do(fb.close)


REFUSED = {
    ("http", OTHERS): "the proxy {proxy} does not accept the user and password: HTTP status 407",
    ("http", None): "the proxy {proxy} wants a user and a password: HTTP status 407",
    ("socks5", OTHERS): "{socks}: it does not accept the user and password",
    ("socks5", None): "{socks}: it wants a user and a password",
    ("socks4", ("mallory", "")): "{socks}: this machine says that the user is another",
}


@pytest.mark.parametrize(("scheme", "told"), list(REFUSED))
def test_who_is_not_let_in_is_told_so_and_shown_nowhere(
    face: Face,
    silent_sim: RunningSimulator,
    scheme: str,
    told: tuple[str, str] | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(1), run_proxy(scheme, ("owner", "secret")) as proxy:
        fb = client(face, silent_sim, proxy.url(told))
        error = failure(face, fb)
        place = silent_sim.urls[fastbinance.WsKey.MAIN].rpartition("/")[2]
        socks = f"the SOCKS proxy {proxy.place} did not connect to {place}"
        assert error.cause == REFUSED[scheme, told].format(proxy=proxy.place, socks=socks)
        assert (error.kind, error.status) == ("proxy", 407 if scheme == "http" else None)
        shown = [str(error), repr(error), repr(fb), repr(fb.stats()), caplog.text]
        face.do(fb.close)
        assert (proxy.tunnels, silent_sim.stats.opened) == ([], 0)
    assert proxy.refused >= 1
    assert not [text for text in shown for part in told or () if part and part in text]


ANSWERS = [
    ("http", b"HTTP/1.1 403 Forbidden\r\n\r\n", "refused to connect to {peer}: HTTP status 403"),
    ("http", b"SSH-2.0-something\r\n\r\n", "does not answer as an HTTP proxy does"),
    ("http", b"x" * 70_000, "does not answer as an HTTP proxy does"),
    ("http", b"HTTP/1.1 200 OK\r\n\r\nmore", "sent more than an answer to CONNECT"),
    ("http", b"HTTP/1.1 200", "closed the connection before it had answered"),
    ("socks5", b"\x05\x05\x00", "did not connect to {peer}: the host refuses connections"),
    ("socks5", b"\x05\x63\x00", "did not connect to {peer}: it answered with code 99"),
    ("socks5", b"SSH", "did not connect to {peer}: it does not answer as a SOCKS5 proxy does"),
    ("socks5", b"", "did not connect to {peer}: it closed the connection"),
    ("socks4", b"\x00\x5b" + bytes(6), "did not connect to {peer}: it refused, or could not"),
    ("socks4", b"\x00\x01" + bytes(6), "did not connect to {peer}: it answered with code 1"),
    ("socks4", b"SSH-2.0-", "did not connect to {peer}: it does not answer as a SOCKS4 proxy does"),
    ("socks4", b"\x00", "did not connect to {peer}: it closed the connection"),
]


@pytest.mark.parametrize(("scheme", "answer", "words"), ANSWERS)
def test_each_failure_of_a_proxy_has_its_sentence(
    face: Face, silent_sim: RunningSimulator, scheme: str, answer: bytes, words: str
) -> None:
    with run_proxy(scheme, answer=answer) as proxy:
        fb = client(face, silent_sim, proxy.url())
        cause = failure(face, fb).cause
        face.do(fb.close)
    place = silent_sim.urls[fastbinance.WsKey.MAIN].rpartition("/")[2]
    assert cause.endswith(f"proxy {proxy.place} {words.format(peer=place)}")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_source_address_is_that_of_the_connection_to_the_proxy(
    face: Face, silent_sim: RunningSimulator, scheme: str
) -> None:
    with run_proxy(scheme) as proxy:
        fb = client(face, silent_sim, proxy.url(), source_address=other_loopback())
        face.live(face.do(fb.book_ticker, "btcusdt"))
        assert proxy.callers == [other_loopback()]
        face.do(fb.close)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_source_address_that_is_not_ours_is_no_fault_of_the_proxy(
    face: Face, silent_sim: RunningSimulator, scheme: str
) -> None:
    with run_proxy(scheme) as proxy:
        fb = client(face, silent_sim, proxy.url(), source_address="192.0.2.7")
        error = failure(face, fb)
        face.do(fb.close)
    assert error.kind == "tcp"
    assert error.cause == "this machine cannot connect from 192.0.2.7: Cannot assign requested address"
    assert proxy.callers == []


def test_proxies_of_the_environment_are_not_taken(
    face: Face, silent_sim: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_proxy("http") as proxy:
        for name in ("http_proxy", "https_proxy", "ws_proxy", "wss_proxy", "all_proxy", "socks_proxy"):
            monkeypatch.setenv(name, proxy.url())
            monkeypatch.setenv(name.upper(), proxy.url())
        monkeypatch.delenv("no_proxy", raising=False)
        fb = face.client(urls=silent_sim.urls)
        face.live(face.do(fb.book_ticker, "btcusdt"))
        assert proxy.callers == []
        face.do(fb.close)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_proxy_that_is_not_there_is_told_so(face: Face, silent_sim: RunningSimulator, scheme: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        gone = RunningProxy(scheme)
        gone.port = taken.getsockname()[1]
        fb = client(face, silent_sim, gone.url(WHO))
        error = failure(face, fb)
        face.do(fb.close)
    assert error.cause == f"the proxy {gone.place} cannot be reached: Connection refused"
    assert error.kind == "proxy"


def test_a_certificate_is_checked_behind_the_proxy_too(face: Face) -> None:
    with run_in_thread(tls=True) as peer, run_proxy("socks5") as proxy:
        fb = face.client(urls=peer.urls, ssl_context=ssl.create_default_context(), proxy=proxy.url())
        cause = failure(face, fb).cause
        face.do(fb.close)
    place = peer.urls[fastbinance.WsKey.MAIN].rpartition("/")[2]
    assert cause.startswith(f"{place} has a TLS certificate that is not trusted")


def test_a_key_does_not_go_to_a_proxy_elsewhere_without_tls(face: Face) -> None:
    fb = face.client(
        urls={"mainSBE": "ws://127.0.0.1:9000"}, api_key="the-key", proxy=f"http://{USER}:pw@192.0.2.1:3128"
    )
    with pytest.raises(ConfigurationError, match=r"in the clear to the proxy 192\.0\.2\.1:3128: use wss://"):
        face.do(fb.trades, "btcusdt", format="sbe")


BAD = [
    (f"{USER}:secret@127.0.0.1:3128", "schemes http, socks5, socks4"),
    (f"https://{USER}:secret@127.0.0.1:3128", "schemes http, socks5, socks4"),
    (f"http://{USER}:secret@:3128", "no host"),
    (f"http://{USER}:secret@127.0.0.1", "no port"),
    (f"http://{USER}:secret@127.0.0.1:0", "no port"),
    (f"http://{USER}:secret@127.0.0.1:70000", "no port"),
    (f"http://{USER}:secret/@127.0.0.1:3128", "no port; signs of a password"),
    (f"http://{USER}:secret#@127.0.0.1:3128", "no port; signs of a password"),
    (f"http://{USER}:12/secret@127.0.0.1:3128", "something behind its port"),
    (f"http://{USER}:secret@127.0.0.1:3128/path", "something behind its port"),
    (f"http://{USER}:secret@[127.0.0.1:3128", "brackets"),
    (f"http://{USER}:secret@a..b:3128", "no host that can be one"),
    (f"http://{USER}:secret\n@127.0.0.1:3128", "white space"),
    (f"http://{USER}:secret\xe4@127.0.0.1:3128", "beyond ASCII"),
    (f"http://{USER}%3A:secret@127.0.0.1:3128", "colon in its user"),
    ("http://:secret@127.0.0.1:3128", "no user"),
    (f"socks5://{USER}@127.0.0.1:1080", "without a password"),
    (f"socks5://{USER}:secret%C3%A4@127.0.0.1:1080", "SOCKS cannot send"),
    (f"socks4://{USER}%00:secret@127.0.0.1:1080", "SOCKS cannot send"),
    (f"socks5://{USER}:{'secret' * 50}@127.0.0.1:1080", "more than 255"),
]


@pytest.mark.parametrize(("url", "words"), BAD)
def test_what_is_no_proxy_is_refused_before_anything_and_without_showing_it(
    face: Face, url: str, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        face.client_type(proxy=url)
    error: BaseException | None = caught.value
    while error is not None:
        assert USER not in repr(error)
        assert "secret" not in repr(error)
        error = error.__cause__ or error.__context__
