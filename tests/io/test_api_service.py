"""The connections of one WebSocket API service: replaced, lost while they wait, woken in time."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

import fastbinance
from fastbinance import WsKey
from fastbinance._io.api_service import ApiService
from fastbinance._io.connection import Connection
from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.line import Line
from fastbinance.events import Event
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator, run_in_thread

KEY = WsKey.MAIN_WS_API
LIMIT: dict[str, Any] = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "50000",
    "quantity": "0.01",
}  # fmt: skip


@pytest.fixture
def sim() -> Iterator[RunningSimulator]:
    """Give a Binance where nothing trades by itself."""
    with run_in_thread(messages_per_second=0.000_001) as running:
        yield running


@pytest_asyncio.fixture
async def fb(sim: RunningSimulator) -> AsyncIterator[fastbinance.AsyncClient]:
    """Give a client that is connected."""
    async with fastbinance.AsyncClient(urls=sim.urls, api_key=API_KEY, api_secret=API_SECRET) as client:
        await client.spot.ping()
        yield client


def service_of(client: fastbinance.AsyncClient) -> ApiService:
    return client._start().apis.service(KEY)


def present(service: ApiService) -> tuple[Line, Connection]:
    assert service._slot is not None
    line = service._slot.current
    return line, service._connections[line]


async def unanswered(client: fastbinance.AsyncClient, sim: RunningSimulator) -> "asyncio.Future[Any]":
    """Ask what is not answered, and wait until that is sent."""
    sim.answers(drop=1.0, key=KEY, methods=["account.status"])
    waiting = asyncio.ensure_future(client.spot.account_status(timeout=60))
    await asyncio.sleep(0)
    return waiting


async def rolled(client: fastbinance.AsyncClient, events: Any) -> None:
    assert client.rollover(KEY) == 1
    await until(events, "rollover")


async def until(events: Any, *kinds: str) -> Event:
    async for event in events:
        if event.kind in kinds:
            return event
    raise AssertionError("the client was closed")


async def test_a_connection_that_is_lost_after_it_was_replaced_does_not_come_back(
    fb: fastbinance.AsyncClient, sim: RunningSimulator
) -> None:
    service, events = service_of(fb), fb.events()
    waiting = await unanswered(fb, sim)
    old, connection = present(service)
    await rolled(fb, events)
    assert old.state is State.LIVE, "it waits for its answer"
    connection.hang_up()
    with pytest.raises(fastbinance.RequestOrphaned):
        await waiting
    await connection.ended.wait()
    assert old.state is State.CLOSED
    assert set(service._connections.all) == {present(service)[0]}
    assert await fb.spot.time() is not None


async def test_there_is_an_end_to_connections_that_wait_for_answers(
    fb: fastbinance.AsyncClient, sim: RunningSimulator
) -> None:
    events, waiting = fb.events(), []
    for _ in range(7):
        waiting.append(await unanswered(fb, sim))
        await rolled(fb, events)
    assert fb.rollover(KEY) == 0
    assert await fb.spot.time() is not None
    service = service_of(fb)
    assert service._slot is not None
    service._slot.roll_at = now = asyncio.get_running_loop().time()
    service._wake()
    assert service._slot.due_at is not None, "it is replaced for its age when there is room"
    assert service._slot.due_at > now
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_loss_while_the_successor_is_on_its_way_is_a_reconnect(
    fb: fastbinance.AsyncClient, sim: RunningSimulator
) -> None:
    service, events = service_of(fb), fb.events()
    _, connection = present(service)
    assert fb.rollover(KEY) == 1
    connection.hang_up()
    first = await until(events, "reconnecting", "reconnected", "open")
    assert (first.kind, type(first.error)) == ("reconnecting", fastbinance.ConnectionLost)
    assert (await until(events, "reconnected", "open")).kind == "reconnected"
    (stats,) = fb.stats().connections
    assert (stats.reconnects, stats.rollovers) == (1, 0)
    assert await fb.spot.time() is not None


async def test_an_order_is_asked_for_again_soon_and_not_when_something_else_is_due(
    fb: fastbinance.AsyncClient, sim: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, sent = service_of(fb), []
    monkeypatch.setattr(service, "transmit", lambda number, frame: sent.append(json.loads(frame)))
    waiting = asyncio.ensure_future(fb.spot.order_place(**LIMIT))
    await asyncio.sleep(0)
    answer = b'{"id":%d,"status":503,"error":{"code":-1007,"msg":"Timeout"}}' % sent[-1]["id"]
    now = asyncio.get_running_loop().time()
    service.control(present(service)[1], answer, 0)
    assert sent[-1]["method"] == "order.status"
    assert service._timer_at <= now + 1.0
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
