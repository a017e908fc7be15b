"""Each way in which a host cannot be reached has its own clear sentence."""

import asyncio
import contextlib
import datetime
import ipaddress
import json
import socket
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support.addresses import other_loopback
from support.feed import ListRing
from support.server import ScriptedServer

from fastbinance._io import sockets
from fastbinance._io.wishes import WishState
from fastbinance._protocol.lifecycle import State
from fastbinance.errors import ConnectFailed

pytestmark = pytest.mark.asyncio


REFUSALS = [
    (403, "firewall refused"),
    (404, "no such path"),
    (429, "too many requests"),
    (451, "not available from this location"),
    (503, "problem of its own"),
    (400, "no reason is known"),
]


@pytest.mark.parametrize(("status", "words"), REFUSALS)
async def test_an_http_refusal_says_the_status_and_what_it_means(world, status, words):
    world.server.refusal = (status, {"Retry-After": "0"})
    world.connection().start()
    await world.until(lambda: world.of_kind("exception"))
    error = world.of_kind("exception")[0].error
    assert isinstance(error, ConnectFailed)
    assert (error.ws_key, error.attempts) == ("main", 1)
    assert error.cause.startswith(f"127.0.0.1:{world.server.port} answered the WebSocket handshake with HTTP")
    assert f"status {status}" in error.cause
    assert words in error.cause


async def test_a_ban_is_waited_out_as_long_as_binance_says(world):
    world.server.refusal = (418, {"Retry-After": "120"})
    connection = world.connection()
    connection.start()
    await world.until(lambda: world.of_kind("reconnecting"))
    assert world.of_kind("exception")[0].error.cause.endswith("next attempt in 120 s")
    assert connection.state is State.BACKOFF
    await connection.close()
    assert world.server.handshakes == 1


async def test_a_refused_port_is_said_so(world):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        world.connection(f"ws://127.0.0.1:{port}/stream").start()
        await world.until(lambda: world.of_kind("exception"))
    assert world.of_kind("exception")[0].error.cause == f"127.0.0.1:{port} refuses connections"


async def test_a_host_without_an_address_is_said_so(world, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    world.connection("ws://nowhere.localhost:9/stream").start()
    await world.until(lambda: world.of_kind("exception"))
    cause = world.of_kind("exception")[0].error.cause
    assert cause == "no address is known for nowhere.localhost: Name or service not known"


async def test_a_peer_that_leaves_without_an_answer_is_said_so(world):
    async def leave(_, writer):
        writer.close()

    server = await asyncio.start_server(leave, "127.0.0.1", 0)
    async with server:
        world.connection(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/stream").start()
        await world.until(lambda: world.of_kind("exception"))
        await world.close()
    assert "closed the connection before the handshake was done" in world.of_kind("exception")[0].error.cause


async def test_a_peer_that_is_no_websocket_server_is_said_so(world):
    async def greet(_, writer):
        writer.write(b"SSH-2.0-something\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        world.connection(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/stream").start()
        await world.until(lambda: world.of_kind("exception"))
        await world.close()
    assert "does not speak WebSocket" in world.of_kind("exception")[0].error.cause


@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_a_silent_peer_is_given_up_after_the_timeout(world, scheme):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/stream"
        world.connection(url, handshake_timeout=0.1).start()
        await world.until(lambda: world.of_kind("exception"))
        error = world.of_kind("exception")[0].error
        assert "did not answer within 0.1 s" in error.cause
        assert error.kind == "timeout"
        await world.close()


# -- addresses


def answers(monkeypatch, *lists):
    """Have the system's resolver answer with one list of (address, port) after the other."""
    asked = []

    def resolve(host, port, **_):
        asked.append(host)
        return [
            (socket.AF_INET6 if ":" in place[0] else socket.AF_INET, socket.SOCK_STREAM, 6, "", place)
            for place in lists[min(len(asked), len(lists)) - 1]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.fixture
def nobody():
    """Give a place where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()


@pytest.fixture
def silent():
    """Give a place that takes a connection and never makes it: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, contextlib.ExitStack() as stack:
        while True:
            sock = stack.enter_context(socket.socket())
            sock.settimeout(1.0)
            try:
                sock.connect(server.getsockname())
            except TimeoutError:
                break
            except ConnectionError:
                pytest.skip("this system refuses whom it has no room for")
        yield server.getsockname()


async def test_a_name_is_looked_up_anew_at_each_attempt(world, monkeypatch, nobody):
    asked = answers(monkeypatch, [nobody], [nobody], [("127.0.0.1", world.server.port)])
    connection = world.connection("ws://exchange.localhost:9/stream")
    connection.start()
    await world.until(lambda: connection.state is State.LIVE)
    assert [event.error.kind for event in world.of_kind("exception")] == ["tcp", "tcp"]
    world.server.client.drop()
    await world.until(lambda: connection.state is State.LIVE and len(world.server.clients) == 2)
    assert asked == ["exchange.localhost"] * 4


async def test_each_address_of_a_name_is_tried_in_one_attempt(world, monkeypatch, nobody):
    answers(monkeypatch, [nobody, nobody, ("127.0.0.1", world.server.port)])
    connection = world.connection("ws://exchange.localhost:9/stream")
    connection.start()
    await world.until(lambda: connection.state is State.LIVE)
    assert world.of_kind("exception") == []


async def test_an_address_that_is_silent_does_not_cost_the_attempt(world, monkeypatch, silent):
    answers(monkeypatch, [silent, silent, ("127.0.0.1", world.server.port)])
    connection = world.connection("ws://exchange.localhost:9/stream", handshake_timeout=10.0)
    connection.start()
    await world.until(lambda: connection.state is State.LIVE)
    assert world.of_kind("exception") == []


async def test_a_name_none_of_whose_addresses_answers_is_said_so_once(world, monkeypatch, nobody):
    answers(monkeypatch, [nobody, nobody])
    world.connection("ws://exchange.localhost:9/stream").start()
    await world.until(lambda: world.of_kind("exception"))
    (first, *_) = world.of_kind("exception")
    assert (first.error.cause, first.error.attempts) == ("exchange.localhost:9 refuses connections", 1)


async def test_an_attempt_at_several_addresses_leaves_nothing_when_it_is_ended(world, monkeypatch, silent):
    before = asyncio.all_tasks()
    connect, begun = sockets._connect, []

    async def told(address, source_address):
        begun.append(address)
        world.changed()
        return await connect(address, source_address)

    monkeypatch.setattr(sockets, "_connect", told)
    answers(monkeypatch, [silent, silent])
    connection = world.connection("ws://exchange.localhost:9/stream", handshake_timeout=60.0)
    connection.start()
    await world.until(lambda: len(begun) == 2)
    async with asyncio.timeout(10.0):
        await connection.close()
    assert asyncio.all_tasks() <= before


async def test_families_take_turns_in_the_order_of_the_resolver():
    six, four = socket.AF_INET6, socket.AF_INET
    given = [(six, "a"), (six, "b"), (six, "c"), (four, "d")]
    assert sockets._in_turns(given) == [(six, "a"), (four, "d"), (six, "b"), (six, "c")]


async def test_connections_come_from_the_source_address(world, monkeypatch):
    source = other_loopback()
    answers(monkeypatch, [("::1", world.server.port, 0, 0), ("127.0.0.1", world.server.port)])
    connection = world.connection("ws://exchange.localhost:9/stream", source_address=source)
    connection.start()
    await world.until(lambda: connection.state is State.LIVE)
    transport = world.server.client.transport.underlying_transport
    assert transport.get_extra_info("peername")[0] == source


BAD_SOURCES = [
    ("192.0.2.7", "tcp", "this machine cannot connect from 192.0.2.7: Cannot assign requested address"),
    ("::1", "dns", "no address of 127.0.0.1 is IPv6 as the source address is"),
]


@pytest.mark.parametrize(("source", "kind", "cause"), BAD_SOURCES)
async def test_a_source_address_that_does_not_do_is_said_so(world, source, kind, cause):
    world.connection(source_address=source).start()
    await world.until(lambda: world.of_kind("exception"))
    error = world.of_kind("exception")[0].error
    assert (error.kind, error.cause) == (kind, cause)


# -- TLS


def certificate(directory):
    """Write a key and a certificate for 127.0.0.1, and return their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "scripted peer")])
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), False)
        .sign(key, hashes.SHA256())
    )
    pem, secret = directory / "peer.pem", directory / "peer.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return pem, secret


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    pem, secret = certificate(tmp_path_factory.mktemp("tls"))
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(pem, secret)
    return served, ssl.create_default_context(cafile=str(pem))


async def test_a_trusted_certificate_connects_subscribes_and_closes(world, tls, changed):
    served, trusted = tls
    async with ScriptedServer(changed, served) as server:
        connection = world.connection(f"{server.url}/stream", ssl_context=trusted, close_timeout=10.0)
        connection.want(wish := world.wish("btcusdt@trade", ListRing()))
        connection.start()
        await world.until(lambda: wish.state is WishState.CONFIRMED)
        server.client.publish("btcusdt@trade", {"t": 1})
        await world.until(lambda: connection.stats().counters.published == 1)
        started = asyncio.get_running_loop().time()
        await connection.close()
        assert asyncio.get_running_loop().time() - started < 5.0
        assert json.dumps(wish.ring.records) == '[{"t": 1}]'


async def test_an_untrusted_certificate_is_said_so(world, tls, changed):
    async with ScriptedServer(changed, tls[0]) as server:
        world.connection(f"{server.url}/stream").start()
        await world.until(lambda: world.of_kind("exception"))
        await world.close()
    cause = world.of_kind("exception")[0].error.cause
    assert cause.endswith("has a TLS certificate that is not trusted: self-signed certificate")


async def test_a_peer_without_tls_is_said_so(world):
    async def refuse(_, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        world.connection(f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}/stream").start()
        await world.until(lambda: world.of_kind("exception"))
        await world.close()
    assert "cannot be reached over TLS" in world.of_kind("exception")[0].error.cause
