"""A feed with a process of its own that cannot be started, is stuck, or cannot say what it has to."""

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from support.faces import AwaitedProcessFace, Face, ProcessFace
from support.processes import descriptors

import fastbinance
from fastbinance import ConfigurationError, FastBinanceError, RequestOrphaned, RingState, WsKey
from fastbinance._core.segment import Segment, SharedBell
from fastbinance._feed import host as hosts
from fastbinance._feed.channel import Channel
from fastbinance._feed.host import Host
from fastbinance._feed.messages import Answered, Emitted, Interest, MethodNamed, Reply, Request
from fastbinance._feed.process import FeedProcess
from fastbinance.events import Event
from fastbinance.sim import RunningSimulator

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them"),
    pytest.mark.faces("process", "awaited process"),
]


@pytest.fixture
def face(request: pytest.FixtureRequest, silent_sim: RunningSimulator) -> Iterator[Face]:
    made = {"process": ProcessFace, "awaited process": AwaitedProcessFace}[request.param]()
    try:
        yield made
    finally:
        made.close()


def test_a_feed_that_cannot_be_started_is_a_sentence_and_no_leak(
    face: Face, silent_sim: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more(its: socket.socket) -> Any:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    fb = face.client(urls=silent_sim.urls)
    had: set[int] = set()
    with monkeypatch.context() as patch:
        patch.setattr(FeedProcess, "begin", staticmethod(no_more))
        for _ in range(3):
            with pytest.raises(ConfigurationError, match=r"cannot be started: .*temporarily"):
                face.do(fb.book_ticker, "btcusdt")
            had.add(len(descriptors(os.getpid())))
    assert len(had) == 1
    # The thread of a `Client` has ended with the attempt.
    again = fb if isinstance(fb, fastbinance.AsyncClient) else face.client(urls=silent_sim.urls)
    confirmed = face.do(again.book_ticker, "btcusdt")
    face.until(lambda: confirmed.state in (RingState.LIVE, RingState.QUIET), confirmed)


def test_the_figures_of_a_feed_that_is_stuck_are_those_known_last(
    face: Face, silent_sim: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fb = face.client(urls=silent_sim.urls)
    face.live(face.do(fb.book_ticker, "btcusdt"))
    known = face.do(fb.stats)
    assert known.connections
    waits: list[float] = []
    wait_for = Channel.wait_for

    def noted(channel: Channel, wanted: Any, seconds: float) -> Any:
        waits.append(seconds)
        return wait_for(channel, wanted, seconds)

    monkeypatch.setattr(Channel, "wait_for", noted)
    pid = face.do(lambda: fb._start().pid)
    os.kill(pid, signal.SIGSTOP)
    try:
        stuck = face.do(fb.stats)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert stuck.connections == known.connections
    assert waits == [0.25, 0.25]  # connections and drifts


class Bad:
    """Something that cannot be pickled."""

    def __reduce__(self) -> Any:
        raise TypeError("not to be told")


async def host_and_client(taken: list[Any], ended: asyncio.Event) -> tuple[Host, Channel]:
    """Make a feed's side and a client's, in one process."""
    ours, its = socket.socketpair()
    segment = Segment.create("test", size=1 << 20, ring_capacity=8)
    return Host(its, segment, SharedBell()), Channel(ours, taken.append, ended.set)


@pytest.mark.faces("process")
async def test_what_the_feed_cannot_say_is_told_as_an_event() -> None:
    taken: list[Any] = []
    feed, client = await host_and_client(taken, asyncio.Event())
    feed._hear(Interest(all=True, kinds=frozenset(), streams=frozenset()))
    assert not feed._send(Answered(1, Bad(), None))
    assert feed._send(Reply(2, None, None))
    while len(taken) < 2:
        await asyncio.sleep(0)
    told, reply = taken
    assert isinstance(told, Emitted)
    assert (told.event.kind, type(told.event.error)) == ("exception", FastBinanceError)
    assert "cannot tell a message, Answered, which is lost: TypeError('not to be told')" in str(
        told.event.error
    )
    assert reply.number == 2
    client.close()
    await feed.run()


@pytest.mark.faces("process")
async def test_a_client_that_stands_still_too_long_is_taken_for_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "_MOST_UNSENT_BYTES", 1 << 20)
    ended = asyncio.Event()
    feed, client = await host_and_client([], ended)
    feed._hear(Interest(all=True, kinds=frozenset(), streams=frozenset()))
    # Nothing is awaited, so that the client's end reads nothing meanwhile.
    for _ in range(64):
        feed._emit(Event(kind="message", ws_key="main", recv_ns=1, reason="x" * (64 << 10)))
    async with asyncio.timeout(20):
        await feed.run()
        await ended.wait()
    client.close()


@pytest.mark.faces("process")
async def test_who_asked_for_an_answer_that_cannot_be_told_does_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: list[Any] = []
    feed, client = await host_and_client(taken, asyncio.Event())

    def answer(key: WsKey, method: Any, params: Any, settle: Any, *_: Any) -> Any:
        settle(Bad(), None)

    made = SimpleNamespace(apis=SimpleNamespace(submit=answer))
    with monkeypatch.context() as patch:
        patch.setattr(feed, "_pool", made)
        named = MethodNamed("spot", "order.place", False, True)
        feed._request(Request(7, WsKey.MAIN_WS_API, named, {"newClientOrderId": "mine"}, None, True))
    while not taken:
        await asyncio.sleep(0)
    (answered,) = taken
    assert answered.number == 7
    assert isinstance(answered.error, RequestOrphaned)
    assert answered.error.client_order_id == "mine"
    client.close()
    await feed.run()
