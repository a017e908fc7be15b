"""python-binance: its futures user socket, read as its documentation reads it, into a user's callback."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from binance import AsyncClient, BinanceSocketManager
from binance.ws.constants import WSListenerState
from websockets.protocol import State

from benchmarks._user_peer_common import Wire, main


class Socket:
    """What it uses of the connection of its WebSocket library."""

    state = State.OPEN

    def __init__(self, wire: Wire) -> None:
        self.recv = wire.take


async def listen(wire: Wire) -> Callable[[], Awaitable[None]]:
    """Have a callback be called with its messages, which are dicts."""
    client = AsyncClient()  # asks nothing of anybody before a method of its own does
    socket = BinanceSocketManager(client).futures_user_socket()
    socket.ws = Socket(wire)
    socket.ws_state = WSListenerState.STREAMING
    socket._handle_read_loop = asyncio.create_task(socket._read_loop())

    def on_message(message: dict[str, Any]) -> None:
        now = time.perf_counter_ns()
        wire.delivered(now, message["o"]["t"])

    async def read() -> None:
        while True:
            on_message(await socket.recv())

    reading = asyncio.create_task(read())

    async def end() -> None:
        reading.cancel()
        socket._handle_read_loop.cancel()
        await client.close_connection()

    return end


if __name__ == "__main__":
    main(listen, str, "python-binance", "websockets", "orjson")
