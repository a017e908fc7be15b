"""Binance's own connector of USD-M: its user data stream with a callback, as in its examples."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSMessage, WSMsgType
from binance_common.websocket import WebSocketConnection
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (
    ConfigurationWebSocketStreams,
    DerivativesTradingUsdsFutures,
)

from benchmarks._user_peer_common import Wire, main

KEY = "listen-key"


class Socket:
    """What it uses of the connection of its WebSocket library."""

    closed = False

    def __init__(self, wire: Wire) -> None:
        self._take = wire.take

    def __aiter__(self) -> "Socket":
        return self

    async def __anext__(self) -> WSMessage:
        return WSMessage(WSMsgType.TEXT, await self._take(), None)

    async def send_str(self, text: str) -> None:
        """Take what it subscribes with."""


async def listen(wire: Wire) -> Callable[[], Awaitable[None]]:
    """Have a callback be called with its messages, which are models of pydantic."""
    configuration = ConfigurationWebSocketStreams(stream_url="ws://127.0.0.1:1")
    streams = DerivativesTradingUsdsFutures(config_ws_streams=configuration).websocket_streams
    connection = WebSocketConnection(Socket(wire), "1", "ConfigurationWebSocketStreams", "private")
    streams.connections.append(connection)

    def on_message(message: Any) -> None:
        now = time.perf_counter_ns()
        wire.delivered(now, message.actual_instance.o.t)

    stream = await streams.user_data(KEY)
    stream.on("message", on_message)
    reading = asyncio.create_task(streams.receive_loop(connection))

    async def end() -> None:
        reading.cancel()

    return end


if __name__ == "__main__":
    # Its URL makes Binance wrap every event in the name of its stream.
    main(
        listen, f'{{"stream":"{KEY}","data":%s}}'.__mod__, "binance-sdk-derivatives-trading-usds-futures",
        "binance-common", "aiohttp", "pydantic",
    )  # fmt: skip
