"""Servers of the WebSocket API that say they stop: a replacement comes, and never too many of them."""

import heapq
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from random import Random
from typing import Any

import pytest
import pytest_asyncio

import fastbinance
from fastbinance import WsKey
from fastbinance._api import METHODS
from fastbinance._io.api_service import ApiService
from fastbinance._io.connection import Connection
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.line import Line
from fastbinance._protocol.request_limits import RequestLimits
from fastbinance._protocol.server_clock import ServerClock
from fastbinance.sim import RunningSimulator, run_in_thread
from fastbinance.sim.api.connection import ApiConnection

KEY = WsKey.MAIN_WS_API
LATENCY = 0.02


class Handle:
    """What is to happen at a time."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.call: Callable[[], object] | None = call

    def cancel(self) -> None:
        self.call = None


class Servers:
    """A loop in simulated time, and servers behind it: each accepts, and may say that it stops.

    It is the service's loop, desk and sockets at once.
    """

    next_at = None
    is_asking = False
    trouble = None

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        self.dials: list[float] = []
        self.reasons: list[str] = []
        self.stopping = False  # each new one says so
        self.early = False  # before its link is ready
        self.lives = 0.0  # seconds until a new one drops the connection; 0 for good
        self.held = False  # those that were replaced wait for answers
        self._count = itertools.count()
        self._events: list[tuple[float, int, Handle]] = []
        self.service = ApiService(
            KEY,
            "spot",
            "ws://binance.test",
            credentials=None,
            clock=ServerClock(),
            limits=RequestLimits("spot"),
            lookup=METHODS,
            feed_factory=lambda handler, ws_key, line: pytest.fail("no socket is opened here"),
            emit=self._told,
            budget=ConnectBudget(clock=self.time),
            options=ConnectionOptions(),
            rng=Random(1),
        )
        for name, value in (("_loop", self), ("desk", self)):
            monkeypatch.setattr(self.service, name, value)
        for name in ("dial", "say_goodbye", "hang_up"):
            monkeypatch.setattr(self.service._connections, name, getattr(self, name))

    # -- a loop

    def time(self) -> float:
        return self.now

    def call_at(self, at: float, call: Callable[[], object]) -> Handle:
        handle = Handle(call)
        heapq.heappush(self._events, (at, next(self._count), handle))
        return handle

    def call_soon(self, call: Callable[[], object]) -> Handle:
        return self.call_at(self.now, call)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            at, _, handle = heapq.heappop(self._events)
            self.now = max(self.now, at)
            if handle.call is not None:
                handle.call()
        self.now = end

    # -- sockets

    @property
    def line(self) -> Line:
        assert self.service._slot is not None
        return self.service._slot.current

    def connection(self, line: Line) -> Connection:
        return self.service._connections[line]

    def dial(self, line: Line, in_url: tuple[str, ...], /) -> None:
        self.dials.append(self.now)
        self.call_at(self.now + LATENCY, lambda: self._accept(line))

    def _accept(self, line: Line) -> None:
        self.service.opened(self.connection(line))
        if self.stopping and self.early:
            self.service.shutting_down(self.connection(line))

    def say_goodbye(self, line: Line, /) -> None:
        if line in self.service._connections.all:
            self.lose(line)

    hang_up = say_goodbye

    def lose(self, line: Line) -> None:
        connection = self.connection(line)
        self.service.lost(connection)
        self.service.finished(connection)

    # -- a desk

    def opened(self, number: int, now: float) -> None:
        self.call_at(now + LATENCY, lambda: self._ready(number))

    def _ready(self, number: int) -> None:
        line, old = self.service._lines[number], self.line
        self.service.ready(number)
        if old is not line and not self.held:
            old.retire()
        if self.stopping and not self.early:
            self.service.shutting_down(self.connection(line))
        if self.lives:
            self.call_at(self.now + self.lives, lambda: line.state is State.LIVE and self.lose(line))

    def lost(self, number: int, now: float) -> None:
        pass

    def tick(self, now: float) -> None:
        pass

    def close(self) -> None:
        pass

    def _told(self, event: Any) -> None:
        if event.kind == "rollover":
            self.reasons.append(event.reason)


@pytest_asyncio.fixture
async def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    """Give servers with a connection to the first one that is up."""
    found = Servers(monkeypatch)
    found.service.start()
    found.run(1.0)
    return found


@pytest.mark.parametrize("early", [True, False])
async def test_where_every_server_stops_the_connects_of_the_process_are_not_used_up(
    servers: Servers, early: bool
) -> None:
    servers.stopping, servers.early = True, early
    servers.service.shutting_down(servers.connection(servers.line))
    servers.run(300.0)
    assert 5 < len(servers.dials) < 20, "of 300"
    assert set(servers.reasons) == {"shutdown"}
    servers.stopping = False
    line = servers.line
    servers.run(100.0)
    assert servers.line is not line, "the last notice counts too"
    before = len(servers.dials)
    servers.run(1_000.0)
    assert len(servers.dials) == before


async def test_a_notice_on_a_successor_counts_when_it_has_the_place(servers: Servers) -> None:
    servers.stopping = servers.early = True
    assert servers.service.replace() == 1
    servers.run(LATENCY)
    servers.stopping = False
    servers.run(10.0)
    assert servers.reasons == ["request", "shutdown"]


async def test_a_notice_counts_also_while_there_is_no_room_for_a_successor(servers: Servers) -> None:
    servers.held, replaced = True, []
    while servers.service.replace():
        replaced.append(servers.line)
        servers.run(1.0)
    servers.service.shutting_down(servers.connection(servers.line))
    servers.run(60.0)
    assert "shutdown" not in servers.reasons
    for line in replaced:
        line.retire()
    servers.run(2.0)
    assert servers.reasons[-1] == "shutdown"


async def test_a_server_that_says_it_stops_and_drops_is_dialled_less_and_less_often(servers: Servers) -> None:
    servers.stopping, servers.lives = True, 0.05
    before = len(servers.dials)
    servers.lose(servers.line)
    servers.run(20.0)
    assert len(servers.dials) - before < 16
    servers.stopping, servers.lives = False, 0.0
    servers.run(60.0)
    assert servers.line.state is State.LIVE


# -- over loopback


@pytest.fixture
def sim(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSimulator]:
    """Give a Binance each of whose servers says at once that it stops."""
    opened = ApiConnection._opened

    def stopping(self: ApiConnection) -> None:
        opened(self)
        self.notify_shutdown(1_800_000_000_000)

    monkeypatch.setattr(ApiConnection, "_opened", stopping)
    with run_in_thread() as running:
        yield running


@pytest_asyncio.fixture
async def fb(sim: RunningSimulator) -> AsyncIterator[fastbinance.AsyncClient]:
    """Give a client of it."""
    async with fastbinance.AsyncClient(urls=sim.urls) as client:
        yield client


async def test_over_loopback_the_second_replacement_waits_and_comes(fb: fastbinance.AsyncClient) -> None:
    events, kinds = fb.events(), []
    assert await fb.spot.ping() is not None
    async for event in events:
        kinds.append(event.kind)
        if kinds.count("server_shutdown") == 2 and "rollover" in kinds:
            break
    (service,) = fb._start().apis._services.values()
    slot = service._slot
    assert slot is not None
    assert slot.due_at is not None
    assert slot.due_at == slot._shutdowns.again_at
    assert await fb.spot.ping() is not None
    slot._shutdowns.again_at = 0.0  # as if the time were up
    service._arm()
    async for event in events:
        if event.kind == "rollover":
            assert event.reason == "shutdown"
            break
    assert await fb.spot.ping() is not None
