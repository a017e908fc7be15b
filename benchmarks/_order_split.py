"""What of an order's cost is the library's own: from the call to the frame, from the answer to its result.

The client is connected and logged on as usual. Then its transport is put aside: what it sends goes to a
recorder, and answers come to its feed as frames from memory, so that neither socket nor event loop is in the
figures.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop
from picows import WSMsgType, picows

import fastbinance
from benchmarks import _harness
from benchmarks._order_clients import Exchange
from benchmarks._order_common import secret_of
from benchmarks._order_ours import connect
from benchmarks._order_terms import FIRST_ORDER_ID, placed

__all__ = ["Split", "connection_of", "split"]

_ORDERS: Final = 20_000
_WARM: Final = 2_000

_Nanoseconds = list[int]


@dataclass(frozen=True, slots=True)
class Split:
    """Nanoseconds of each order, by the wall: the few that another process has interrupted leave p50 alone.

    Attributes
    ----------
    out
        From the call of the coroutine function to the frame in the transport's hands: parameters checked,
        signed, written.
    back
        From the answer's frame in the feed's hands to the future that has its result.
    resumed
        From there to the caller's next line, by way of the event loop.
    """

    out: _Nanoseconds
    back: _Nanoseconds
    resumed: _Nanoseconds

    @property
    def both(self) -> _Nanoseconds:
        """What the library has to answer for."""
        return [out + back for out, back in zip(self.out, self.back, strict=True)]

    def data(self) -> dict[str, dict[str, float]]:
        """Return what the JSON result keeps."""
        parts = {"out": self.out, "back": self.back, "resumed": self.resumed, "both": self.both}
        return {name: _harness.percentiles(values) for name, values in parts.items()}


class _Recorder:
    """In the transport's place: notes when a frame comes, and lets its answer come in a turn of its own."""

    def __init__(self, session: Any) -> None:
        self._transport = session.transport
        self._feed = session.feed
        self._loop = asyncio.get_running_loop()
        self._frame = b""
        self.sent_at = self.answered_at = self.settled_at = 0
        self.orders = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def send(self, kind: WSMsgType, frame: bytes) -> None:
        sent_at = time.perf_counter_ns()
        if b"order.place" not in frame:  # the client asks for the time now and then
            self._transport.send(kind, frame)
            return
        self.sent_at = sent_at
        self._frame = frame
        self._loop.call_soon(self._answer)

    def _answer(self) -> None:
        request = msgspec.json.decode(self._frame)
        client_id = request["params"]["newClientOrderId"].encode()
        self.orders += 1
        answer = placed(msgspec.json.encode(request["id"]), FIRST_ORDER_ID + self.orders, client_id)
        frame = picows._make_test_ws_frame(WSMsgType.TEXT, answer, True, False)
        self.answered_at = time.perf_counter_ns()
        self._feed.on_ws_frame(None, frame)
        self.settled_at = time.perf_counter_ns()


def connection_of(client: fastbinance.AsyncClient) -> Any:
    """Return the connection that a client's requests go out on."""
    (service,) = client._start().apis._services.values()
    return service._connections[service._slot.current]


async def _measure(url: str, mode: str, secret: Path, orders: int) -> Split:
    async with connect(url, mode, secret) as (client, place):
        for n in range(_WARM // 10):
            await place(f"fb-w{n}")
        session = connection_of(client)._session
        session.transport = recorder = _Recorder(session)
        split = Split([], [], [])
        for n in range(-_WARM // 10, orders):
            begun_at = time.perf_counter_ns()
            order_id, client_id = await place(f"fb-{n}")
            ended_at = time.perf_counter_ns()
            if client_id != f"fb-{n}" or order_id != FIRST_ORDER_ID + recorder.orders:
                raise RuntimeError(f"the answer for {client_id} came to fb-{n}")
            if n >= 0:
                split.out.append(recorder.sent_at - begun_at)
                split.back.append(recorder.settled_at - recorder.answered_at)
                split.resumed.append(ended_at - recorder.settled_at)
        session.transport = recorder._transport
    return split


def split(exchange: Exchange, mode: str, orders: int = _ORDERS) -> Split:
    """Measure one kind of key."""
    return uvloop.run(_measure(exchange.url, mode, secret_of(exchange.keys, mode), orders))
