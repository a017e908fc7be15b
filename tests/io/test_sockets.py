"""Each way in which a host cannot be reached has its own clear sentence."""

import asyncio
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
from support.feed import ListRing
from support.server import ScriptedServer

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
