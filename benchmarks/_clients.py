"""The Python clients of the loopback flood, each in a process of its own.

``python -m benchmarks._clients CONTENDER URL ROUTES CAPACITY BLOCKS...`` prints one JSON line for each number
of blocks: messages, CPU nanoseconds, and sums over what is left of the records (update ids; bits of prices
and quantities).
"""

import asyncio
import json
import resource
import ssl
import sys
from struct import Struct
from time import time_ns
from typing import Any, Protocol

import msgspec
import numpy as np
import orjson
import picows
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport

__all__ = ["CLIENTS"]

_VALUES = ("bid_price", "bid_qty", "ask_price", "ask_qty")
_WORD = (1 << 64) - 1


def cpu_ns() -> int:
    """Return the CPU time of this process, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return round((used.ru_utime + used.ru_stime) * 1e9)


class Ticker(msgspec.Struct, gc=False):
    """A spot bookTicker; msgspec turns the text of prices into floats itself, its fastest way to them."""

    u: int
    s: str
    b: float
    B: float
    a: float
    A: float


class Combined(msgspec.Struct, gc=False):
    """The wrapper of a combined stream."""

    stream: str
    data: Ticker


class Client(Protocol):
    """A contender: what the connection is given, and what it has to show afterwards."""

    ended: asyncio.Future[None]

    def listener(self) -> WSListener:
        """Return the picows listener of the next connection."""

    def messages(self) -> int:
        """Return how many messages came since the last time it was asked."""

    def sums(self) -> tuple[int, int]:
        """Return the sums over what is kept."""


def _row_sums(ids: np.ndarray, values: list[np.ndarray]) -> tuple[int, int]:
    bits = sum(int(value.astype("<f8").view("<u8").sum(dtype="<u8")) for value in values)
    return int(ids.astype("<u8").sum(dtype="<u8")), bits & _WORD


class Ours:
    """The package's Feed, wired as its connections wire it."""

    ended: asyncio.Future[None]

    def __init__(self, routes: list[tuple[str, int, str]], capacity: int) -> None:
        from fastbinance._core.feed import Feed
        from fastbinance._core.ring import RingBase

        self.feed = Feed(self, "main")
        self.rings = []
        for stream, kind, symbol in routes:
            ring = RingBase(kind, stream, "main", symbol, capacity=capacity)
            self.feed.add_route(stream, ring)
            self.rings.append(ring)
        self.seen = 0

    def listener(self) -> Any:
        return self.feed

    def messages(self) -> int:
        before, self.seen = self.seen, self.feed.fast
        return self.seen - before

    def sums(self) -> tuple[int, int]:
        # A ring that has not turned once holds zeros where it was not written, which add nothing.
        parts = [
            _row_sums(ring.records["update_id"], [ring.records[name] for name in _VALUES])
            for ring in self.rings
        ]
        return sum(ids for ids, _ in parts) & _WORD, sum(bits for _, bits in parts) & _WORD

    def on_open(self, transport: WSTransport) -> None: ...

    def on_ping(self) -> None:
        self.ended.set_result(None)

    def on_lost(self, close_code: int | None, reason: str) -> None: ...


class _Listener(WSListener):
    """What the peers share: counting, and the end. Subclasses decode in `on_ws_frame`."""

    def __init__(self, routes: list[tuple[str, int, str]], capacity: int) -> None:
        self.count = 0
        self.ended: asyncio.Future[None]
        self.sum_all = capacity > 65_536
        self.decode = msgspec.json.Decoder(Combined, strict=False).decode
        self.setup(capacity)

    def setup(self, capacity: int) -> None:
        self.ids = self.bits = 0
        self.newest: Any = None

    def listener(self) -> WSListener:
        return self

    def messages(self) -> int:
        count, self.count = self.count, 0
        return count

    def sums(self) -> tuple[int, int]:
        n = self.newest
        return _row_sums(np.array([n.u]), [np.array([value]) for value in (n.b, n.B, n.a, n.A)])


class MsgspecDecodeOnly(_Listener):
    """picows and msgspec: a typed object with usable floats for each message; only the newest is kept."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.newest = self.decode(frame.get_payload_as_memoryview()).data
            self.count += 1
        else:
            self.ended.set_result(None)


class OrjsonDecodeOnly(_Listener):
    """picows and orjson: a dict for each message, its four figures turned into floats."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            data = orjson.loads(frame.get_payload_as_memoryview())["data"]
            self.newest = (data["u"], float(data["b"]), float(data["B"]), float(data["a"]), float(data["A"]))
            self.count += 1
        else:
            self.ended.set_result(None)

    def sums(self) -> tuple[int, int]:
        return _row_sums(np.array([self.newest[0]]), [np.array([value]) for value in self.newest[1:]])


class MsgspecNumpyRow(_Listener):
    """picows and msgspec into a row of a NumPy ring: the fields of our record, a clock read a socket read."""

    def setup(self, capacity: int) -> None:
        from fastbinance._core.record import layouts

        self.rows = np.zeros(capacity, layouts[1].dtype)
        self.mask = capacity - 1
        self.sequence = 0
        self.batch_ended = True
        self.recv_ns = 0
        self.symbol_ids = {"ETHUSDT": 0}

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if self.batch_ended:
            self.recv_ns = time_ns()
        self.batch_ended = frame.last_in_buffer
        if frame.msg_type == WSMsgType.TEXT:
            data = self.decode(frame.get_payload_as_memoryview()).data
            n = self.sequence
            self.rows[n & self.mask] = (
                n, 0, self.symbol_ids[data.s], 0, 0, self.recv_ns, data.u, data.b, data.B, data.a, data.A,
            )  # fmt: skip
            self.sequence = n + 1
            self.count += 1
        else:
            self.ended.set_result(None)

    def sums(self) -> tuple[int, int]:
        return _row_sums(self.rows["update_id"], [self.rows[name] for name in _VALUES])


class MsgspecPackedRow(MsgspecNumpyRow):
    """The same with `struct.pack_into` on the array's memory: the fastest way into such a row from Python."""

    def setup(self, capacity: int) -> None:
        super().setup(capacity)
        self.pack = Struct("<qIIqqqqdddd").pack_into
        self.memory = memoryview(self.rows.data).cast("B")

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if self.batch_ended:
            self.recv_ns = time_ns()
        self.batch_ended = frame.last_in_buffer
        if frame.msg_type == WSMsgType.TEXT:
            data = self.decode(frame.get_payload_as_memoryview()).data
            n = self.sequence
            self.pack(
                self.memory, (n & self.mask) * 80,
                n, 0, self.symbol_ids[data.s], 0, 0, self.recv_ns, data.u, data.b, data.B, data.a, data.A,
            )  # fmt: skip
            self.sequence = n + 1
            self.count += 1
        else:
            self.ended.set_result(None)


CLIENTS = {
    "ours": Ours,
    "msgspec-row": MsgspecNumpyRow,
    "msgspec-packed-row": MsgspecPackedRow,
    "msgspec": MsgspecDecodeOnly,
    "orjson": OrjsonDecodeOnly,
}


async def flood(client: Any, url: str, blocks: int) -> dict[str, Any]:
    """Take one flood, and return what it cost."""
    context = ssl._create_unverified_context() if url.startswith("wss") else None  # our own peer on loopback
    client.ended = asyncio.get_running_loop().create_future()
    transport, _ = await picows.ws_connect(
        lambda *_: client.listener(), f"{url}/{blocks}", ssl_context=context, enable_auto_pong=False,
        max_frame_size=32 * 1024 * 1024, read_buffer_init_size=256 * 1024, disconnect_on_exception=False,
    )  # fmt: skip
    begin = cpu_ns()
    transport.send(WSMsgType.TEXT, b"go")
    await client.ended
    spent = cpu_ns() - begin
    transport.disconnect()
    await transport.wait_disconnected()
    ids, bits = client.sums()
    return {"messages": client.messages(), "cpu_ns": spent, "ids": ids, "bits": bits}


async def main(contender: str, url: str, routes_file: str, capacity: str, *blocks: str) -> None:
    """Take a flood for each number of blocks."""
    with open(routes_file) as file:
        routes = [
            (name, int(kind), symbol)
            for name, kind, symbol in (line.strip("\n").split("\t") for line in file)
        ]
    client = CLIENTS[contender](routes, int(capacity))
    for number in blocks:
        print(json.dumps(await flood(client, url, int(number))), flush=True)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
