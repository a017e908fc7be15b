"""The socket of a listen key: which key it really has, and what is told of its loss."""

import asyncio
from random import Random

import pytest
import pytest_asyncio
from support.refusing import http, run_refusing

from fastbinance._io.connection import UrlSecret
from fastbinance._io.key_socket import KeySocket
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.session import Session
from fastbinance.keys import WsKey

LINES = 8


class Owner:
    """Makes sockets, and notes what they tell."""

    def __init__(self, world):
        self.world = world
        self.told = []
        self.made = []

    def socket(self, url=None, **options):
        made = KeySocket(
            WsKey.USDM,
            f"{self.world.server.url}/ws" if url is None else url,
            on_event=lambda number, payload, recv_ns: None,
            on_open=lambda secret: self.note(secret.tail),
            on_lost=lambda: self.note("lost"),
            feed_factory=self.world.make_feed,
            emit=self.world.emit,
            budget=ConnectBudget(),
            options=ConnectionOptions(**{"backoff_base": 0.02, "backoff_cap": 0.02, **options}),
            rng=Random(1),
        )
        self.made.append(made)
        return made

    def note(self, what):
        self.told.append(what)
        self.world.changed()

    async def until(self, *told):
        await self.world.until(lambda: self.told == list(told))


@pytest_asyncio.fixture
async def owner(world):
    owner = Owner(world)
    yield owner
    # What lingers on purpose does so no longer.
    for client in world.server.connected:
        client.drop()
    for made in owner.made:
        await made.close()


def secret(name):
    return UrlSecret(f"/{name}", name)


def paths(world):
    return [client.path for client in world.server.clients]


async def test_a_new_key_replaces_the_socket_of_the_old_one(world, owner):
    socket = owner.socket()
    socket.open(secret("k1"))
    await owner.until("/k1")
    socket.open(secret("k2"))
    await owner.until("/k1", "/k2")
    await world.until(lambda: world.server.clients[0].gone)
    assert (paths(world), owner.told) == (["/ws/k1", "/ws/k2"], ["/k1", "/k2"])


async def test_the_loss_of_a_new_socket_is_told_while_the_old_one_lingers(world, owner):
    world.server.answers_close = False
    socket = owner.socket(close_timeout=60.0)
    socket.open(secret("k1"))
    await owner.until("/k1")
    socket.open(secret("k2"))
    await owner.until("/k1", "/k2")
    world.server.clients[1].drop()
    await owner.until("/k1", "/k2", "lost", "/k2")
    assert not world.server.clients[0].gone


async def test_the_end_of_a_socket_that_was_replaced_is_no_loss(world, owner):
    socket = owner.socket()
    socket.open(secret("k1"))
    await owner.until("/k1")
    (old,) = socket._connections
    socket.open(secret("k2"))
    await owner.until("/k1", "/k2")
    await old.ended.wait()
    assert owner.told == ["/k1", "/k2"]


async def test_the_same_key_given_anew_has_a_fresh_socket_before_the_old_one_goes(world, owner):
    world.server.answers_close = False
    socket = owner.socket(close_timeout=60.0)
    socket.open(secret("k1"))
    await owner.until("/k1")
    socket.open(secret("k1"))
    await owner.until("/k1", "/k1")
    assert paths(world) == ["/ws/k1", "/ws/k1"]
    await world.until(lambda: world.server.clients[0].close_code == 1000)
    assert world.server.clients[1].close_code is None


async def test_a_key_that_is_open_already_is_told_at_once(world, owner):
    socket, one = owner.socket(), secret("k1")
    socket.open(one)
    await owner.until("/k1")
    socket.open(one)
    assert (owner.told, len(world.server.clients)) == (["/k1", "/k1"], 1)


async def test_a_key_for_which_there_is_no_room_is_dialled_as_soon_as_there_is(world, owner):
    world.server.answers_close = False
    socket = owner.socket(close_timeout=60.0)
    names = [f"/k{number}" for number in range(LINES)]
    for number in range(LINES):
        socket.open(secret(f"k{number}"))
        await owner.until(*names[: number + 1])
    socket.open(secret("last"))
    await asyncio.sleep(0)
    assert len(socket._connections.all) == LINES
    world.server.clients[0].drop()
    await owner.until(*names, "/last")


async def test_keys_that_come_one_after_the_other_end_with_the_last(world, owner):
    socket = owner.socket()
    socket.open(secret("k1"))
    await owner.until("/k1")
    socket.open(secret("k2"))
    await world.until(lambda: world.server.handshakes == 2)
    # The successor is on its way with a key that is nobody's any more.
    socket.open(secret("k3"))
    await world.until(lambda: owner.told[-1] == "/k3")
    assert owner.told == ["/k1", "/k3"]
    assert paths(world)[-1] == "/ws/k3"


async def test_a_socket_that_was_up_before_it_could_be_told_of_another_key_dials_anew(world, owner):
    socket = owner.socket()
    socket.open(secret("k1"))
    await owner.until("/k1")
    (connection,) = socket._connections
    socket._secret = connection.secret = secret("k2")
    socket._came_up(connection.line, 0.0)
    await owner.until("/k1", "lost", "/k2")
    assert paths(world) == ["/ws/k1", "/ws/k2"]


async def test_an_attempt_that_waits_for_the_one_before_goes_out_with_the_key_of_then(
    world, owner, monkeypatch
):
    socket, gate, over = owner.socket(), asyncio.Event(), Session.over

    async def slow(session):
        await over(session)
        await gate.wait()

    monkeypatch.setattr(Session, "over", slow)
    socket.open(secret("k1"))
    await owner.until("/k1")
    (connection,) = socket._connections
    world.server.client.drop()
    async with asyncio.timeout(10.0):
        while connection.line.attempts == 0:
            await asyncio.sleep(0)
    socket.open(secret("k2"))
    gate.set()
    await owner.until("/k1", "lost", "/k2")
    assert paths(world) == ["/ws/k1", "/ws/k2"]


@pytest.mark.parametrize(
    "answer",
    [
        http(400, b'{"code":-1,"msg":"no such path: /ws/listen%2Fkey-of-an-account"}'),
        http(400, b"<p>listen/key-of-an-account</p>"),
        b"HTTP/1.1 101 X\r\nlisten/key-of-an-account listen%2Fkey-of-an-account\r\n\r\n",
    ],
    ids=["quoted", "bare", "no upgrade"],
)
async def test_a_server_that_echoes_the_path_does_not_get_the_key_into_an_error(world, owner, answer):
    key = UrlSecret("/listen%2Fkey-of-an-account", "listen/key-of-an-account", "listen%2Fkey-of-an-account")
    with run_refusing(answer) as peer:
        socket = owner.socket(f"{peer.url}/ws")
        socket.open(key)
        await world.until(lambda: world.of_kind("exception"))
        await socket.close()
    assert b"listen%2Fkey" in peer.requests[0]
    for event in world.events:
        shown = (repr(event), str(event.error), repr(getattr(event.error, "body", b"")))
        assert not [text for text in shown if "key-of-an-account" in text]


async def test_a_reason_that_echoes_the_key_does_not_get_it_into_an_error(world, owner):
    socket = owner.socket()
    socket.open(secret("listen-key-of-an-account"))
    await owner.until("/listen-key-of-an-account")
    world.server.client.close(4000, "nothing on listen-key-of-an-account")
    await world.until(lambda: world.of_kind("reconnecting"))
    (told,) = world.of_kind("reconnecting")
    assert str(told.error.close_code) in str(told.error)
    assert "listen-key-of-an-account" not in f"{told!r} {told.error} {told.error.reason}"
