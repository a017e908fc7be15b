"""The end of a client whose peers, names, callbacks or feed do not play along."""

import asyncio
import dataclasses
import functools
import gc
import logging
import threading
from typing import Any

import pytest
from support.deaf import DeafPeer, Depth
from support.faces import NEAR, Face, feed_threads

import fastbinance
from fastbinance import ConfigurationError
from fastbinance._io import pool as pools
from fastbinance._io.feed_thread import close_pool
from fastbinance._io.options import ConnectionOptions
from fastbinance.sim import RunningSimulator

DEAF: list[tuple[str, Depth, bool]] = [
    ("never answers the upgrade", "accepts", False),
    ("never answers the TLS hello", "reads the hello", True),
    ("never says goodbye", "opens and reads", False),
    ("never says goodbye over TLS", "opens and reads", True),
    ("reads nothing", "opens", False),
    ("reads nothing over TLS", "opens", True),
]
PEERS = pytest.mark.parametrize(("depth", "tls"), [case[1:] for case in DEAF], ids=[case[0] for case in DEAF])

MANY = 300
# One of each kind: gone while it is dialled, given up after its goodbye, and with more to send than it takes.
KINDS = pytest.mark.parametrize(
    ("depth", "tls"), [case[1:] for case in DEAF[1:6:2]], ids=[case[0] for case in DEAF[1:6:2]]
)


@pytest.fixture
def one_stream_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a connection for each stream."""
    limits = pools.limits
    monkeypatch.setattr(
        pools, "limits", lambda key: dataclasses.replace(limits(key), streams_per_connection=1)
    )


def open_to(face: Face, peer: DeafPeer, streams: int = 1) -> Any:
    """Return a client some of whose streams a peer has."""
    fb = face.client(urls={"main": peer.url}, ssl_context=peer.client_context)
    face.do(fb.subscribe, [f"s{number}usdt@bookTicker" for number in range(streams)])
    face.beside(peer.wait_reached, streams)
    return fb


@PEERS
def test_a_peer_that_does_not_play_along_cannot_keep_a_client_open(
    face: Face, depth: Depth, tls: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with DeafPeer(depth, tls=tls) as peer:
        fb = open_to(face, peer)
        if depth.startswith("opens"):
            opened(face, fb)
        face.do(fb.close)
        assert feed_threads() == []
        assert fb.stats().connections == ()
        if depth in ("reads the hello", "opens and reads"):
            face.beside(peer.wait_ended)
    # Neither of ours, nor of what carries us: an end that was wanted is no error.
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


# A feed in a process of its own would put them on one connection.
@pytest.mark.faces(*NEAR)
@KINDS
@pytest.mark.usefixtures("one_stream_each")
def test_hundreds_of_deaf_peers_end_together(face: Face, depth: Depth, tls: bool) -> None:
    with DeafPeer(depth, tls=tls) as peer:
        fb = open_to(face, peer, MANY)
        assert len(fb.stats().connections) == MANY
        face.do(fb.close)
        assert feed_threads() == []
        if depth in ("reads the hello", "opens and reads"):
            face.beside(peer.wait_ended, MANY)


# It sends on the connections themselves.
@pytest.mark.faces(*NEAR)
@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_what_was_not_sent_yet_keeps_no_socket_open(face: Face, tls: bool) -> None:
    with DeafPeer("opens", tls=tls) as peer:
        fb = open_to(face, peer)
        opened(face, fb)
        # Far more than the kernel takes of a peer that does not read: the goodbye is behind all of it.
        face.do(fb._on_loop, lambda: [flood(connection) for connection in connections(fb)])
        face.do(fb.close)
        assert feed_threads() == []


def opened(face: Face, fb: Any) -> None:
    """Wait until the client knows that its connection is open."""
    states = fastbinance._io.connection.State
    queue = face.do(fb.events)
    if fb.stats().connections[0].state is not states.LIVE:
        face.event(queue, "open")
    queue.close()


def connections(fb: Any) -> list[Any]:
    """Return the connections of a client; on its loop."""
    groups = [group for groups in fb._start()._groups.values() for group in groups]
    return [connection for group in groups for connection in group._lines]


def flood(connection: Any) -> None:
    """Send 16 MB."""
    for _ in range(16):
        connection.send(b"x" * (1 << 20))


@pytest.mark.parametrize("depth", ["accepts", "opens and reads"])
async def test_the_deadline_tears_down_what_would_take_longer(
    depth: Depth, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = functools.partial(ConnectionOptions, close_timeout=60)
    monkeypatch.setattr(fastbinance._client_options, "ConnectionOptions", patient)
    monkeypatch.setattr(fastbinance.async_client, "_CLOSE_SECONDS", 0.01)
    with DeafPeer(depth) as peer:
        fb = fastbinance.AsyncClient(urls={"main": peer.url})
        queue = fb.events()
        fb.book_ticker("btcusdt")
        await asyncio.to_thread(peer.wait_reached)
        if depth == "opens and reads":
            assert (await anext(queue)).kind == "open"
        await fb.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        if depth == "opens and reads":
            await asyncio.to_thread(peer.wait_ended)


# -- AsyncClient: cancelled, and without its loop


async def test_a_block_that_is_left_by_cancellation_closes() -> None:
    async def use() -> None:
        async with fastbinance.AsyncClient(urls={"main": peer.url}) as fb:
            clients.append(fb)
            await fb.book_ticker("btcusdt").ready()

    clients: list[fastbinance.AsyncClient] = []
    with DeafPeer("opens and reads") as peer:
        using = asyncio.create_task(use())
        await asyncio.to_thread(peer.wait_reached)
        using.cancel()
        await asyncio.wait([using])
        assert using.cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await asyncio.to_thread(peer.wait_ended)
    assert clients[0].closed


async def test_a_close_that_is_cancelled_goes_on() -> None:
    with DeafPeer("opens and reads") as peer:
        fb = fastbinance.AsyncClient(urls={"main": peer.url})
        queue = fb.events()
        buf = fb.book_ticker("btcusdt")
        assert (await anext(queue)).kind == "open"
        closing = asyncio.create_task(fb.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        assert closing.cancelled()
        await fb.close()
        assert buf.closed
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await asyncio.to_thread(peer.wait_ended)


def test_a_client_whose_loop_has_ended_without_it_can_still_be_closed() -> None:
    with DeafPeer("opens and reads") as peer:

        async def forget() -> tuple[Any, Any]:
            fb = fastbinance.AsyncClient(urls={"main": peer.url})
            queue = fb.events()
            buf = fb.book_ticker("btcusdt")
            assert (await anext(queue)).kind == "open"
            return fb, buf

        fb, buf = asyncio.run(forget())
        peer.wait_ended()  # the end of the loop's tasks is that of the connections
        for _ in range(2):
            asyncio.run(fb.close())
        assert fb.closed
        assert buf.closed
        gc.collect()  # a socket that was forgotten would warn here


async def test_deaf_requests_beside_deaf_streams_end_with_them() -> None:
    with DeafPeer("opens and reads") as peer:
        fb = fastbinance.AsyncClient(urls={"main": peer.url, "mainWSAPI": peer.url})
        queue = fb.events()
        fb.book_ticker("btcusdt")
        fb.connect("mainWSAPI")
        assert [(await anext(queue)).kind for _ in range(2)] == ["open", "open"]
        await close_pool(fb._start(), deadline=0.0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await asyncio.to_thread(peer.wait_ended, 2)
        await fb.close()


async def test_closing_a_pool_by_a_time_that_is_over_leaves_nothing() -> None:
    with DeafPeer("opens and reads") as peer:
        fb = fastbinance.AsyncClient(urls={"main": peer.url})
        queue = fb.events()
        fb.book_ticker("btcusdt")
        assert (await anext(queue)).kind == "open"
        await close_pool(fb._start(), deadline=0.0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await asyncio.to_thread(peer.wait_ended)
        await fb.close()


# -- Client: callbacks, a busy feed, finalizers


def test_a_callback_that_does_not_return_is_left_behind_and_gets_nothing_more(
    silent_sim: RunningSimulator,
) -> None:
    fb = fastbinance.Client(urls=silent_sim.urls)
    entered, leave = threading.Event(), threading.Event()
    seen: list[str] = []

    def stay(event: Any) -> None:
        seen.append(event.kind)
        entered.set()
        assert leave.wait(20)

    fb.on("open", stay)
    fb.on("close", stay)
    fb.book_ticker("btcusdt")
    assert entered.wait(20)
    fb.close()
    assert feed_threads() == ["fastbinance-callbacks"]
    assert fb.stats().events_lost == 1  # the close, which it never took
    leave.set()
    join_callbacks()
    assert seen == ["open"]


def join_callbacks() -> None:
    for thread in threading.enumerate():
        if thread.name == "fastbinance-callbacks":
            thread.join(20)


def test_a_feed_that_is_busy_ends_when_it_is_free(
    silent_sim: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    fb = fastbinance.Client(urls=silent_sim.urls)
    buf = fb.book_ticker("btcusdt")
    busy, leave = threading.Event(), threading.Event()

    def stay() -> None:
        busy.set()
        assert leave.wait(20)

    staying = threading.Thread(target=fb._on_loop, args=(stay,))
    staying.start()
    assert busy.wait(20)
    refused: list[BaseException] = []

    def ask() -> None:
        try:
            fb.book_ticker("ethusdt")
        except ConfigurationError as error:
            refused.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while not fb._feed._calls:  # it holds the client's lock now, and waits for the feed
        asking.join(0.001)
    fb.close()
    assert buf.closed
    assert [record.getMessage() for record in caplog.records] == [
        "the feed's thread is busy and has not ended yet; it does when it is free"
    ]
    asking.join(20)
    assert [str(error) for error in refused] == ["the client is closed; make a new one"]
    assert feed_threads() == ["fastbinance-feed"]
    leave.set()
    staying.join(20)
    fb.close()
    assert feed_threads() == []
    silent_sim.wait_for(lambda sim: sim.connections == 0)


class Closer:
    """Something in a cycle with a client, whose finalizer closes it."""

    def __init__(self, fb: fastbinance.Client) -> None:
        self.fb = fb
        self.cycle = self

    def __del__(self) -> None:
        self.fb.close()


def test_close_in_a_finalizer_on_the_feeds_own_thread_waits_for_nobody(silent_sim: RunningSimulator) -> None:
    fb = fastbinance.Client(urls=silent_sim.urls)
    fb.on("open", print)
    buf = fb.book_ticker("btcusdt")
    Closer(fb)
    fb._on_loop(gc.collect)
    fb.close()
    assert buf.closed
    assert feed_threads() == []


def test_close_in_a_finalizer_while_the_thread_is_in_the_hub(silent_sim: RunningSimulator) -> None:
    fb = fastbinance.Client(urls=silent_sim.urls)
    queue = fb.events()
    with fb._hub._lock, queue._changed:
        Closer(fb)
        gc.collect()
    assert queue.get(timeout=0) is None
    assert queue.closed
    assert feed_threads() == []


def test_close_before_the_feed_has_started_is_final(silent_sim: RunningSimulator) -> None:
    fb = fastbinance.Client(urls=silent_sim.urls)
    fb.close()
    with pytest.raises(ConfigurationError, match="the client is closed"):
        fb._feed.start()
    assert feed_threads() == []


def test_many_threads_that_start_a_client_at_once_share_one_feed(silent_sim: RunningSimulator) -> None:
    fb = fastbinance.Client(urls=silent_sim.urls)
    gate = threading.Barrier(16)
    found: list[Any] = []

    def start() -> None:
        gate.wait(20)
        found.append(fb.book_ticker("btcusdt"))

    threads = [threading.Thread(target=start) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(set(map(id, found))) == 1
    fb.close()
    assert feed_threads() == []


def test_a_feed_that_cannot_be_made_says_why_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        raise OSError("too many open files")

    monkeypatch.setattr(fastbinance._io.feed_thread, "new_loop", fail)
    fb = fastbinance.Client()
    for _ in range(2):
        with pytest.raises(OSError, match="too many open files"):
            fb.book_ticker("btcusdt")
    assert fb not in fastbinance._blocking_client._OPEN
    fb.close()
    assert feed_threads() == []
