"""An independent client (aiohttp's) and a clock that moves when it is told to."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

DEADLINE_SECONDS = 20.0
START_MS = 1_795_340_000_000


class Clock:
    """Unix milliseconds, by hand."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, milliseconds: int) -> None:
        self.now_ms += milliseconds


class Peer:
    """One WebSocket, seen from the client."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._id = 0

    @property
    def transport(self) -> Any:
        """The client's end of the socket, for a reader that is slow on purpose."""
        connection = self.socket._response.connection
        assert connection is not None
        return connection.transport

    async def receive(self) -> aiohttp.WSMessage:
        return await asyncio.wait_for(self.socket.receive(), DEADLINE_SECONDS)

    async def text(self) -> str:
        message = await self.receive()
        assert message.type == aiohttp.WSMsgType.TEXT, message
        return str(message.data)

    async def json(self) -> Any:
        return json.loads(await self.text())

    async def closed(self) -> tuple[int, str]:
        message = await self.receive()
        assert message.type == aiohttp.WSMsgType.CLOSE, message
        return message.data, str(message.extra)

    async def say(self, text: str | bytes) -> str:
        """Send a control text and give the next text, whatever it is."""
        await self.socket.send_str(text if isinstance(text, str) else text.decode())
        return await self.text()

    async def ask(self, method: str, *params: Any) -> Any:
        """Send a control message and give its answer; anything that comes first is a failure."""
        self._id += 1
        await self.socket.send_json({"method": method, "params": list(params), "id": self._id})
        answer = await self.json()
        assert answer.get("id") == self._id, answer
        return answer

    async def until_answer(self) -> list[Any]:
        """Give every message that was sent before an answer to a question asked now."""
        await self.socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": "last"})
        seen: list[Any] = []
        while True:
            message = await self.json()
            if isinstance(message, dict) and message.get("id") == "last":
                return seen
            seen.append(message)


@asynccontextmanager
async def connect(url: str, *, context: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    async with aiohttp.ClientSession() as session:
        # No answering of pings behind our back: what the simulator makes of a missing pong is under test.
        socket = await session.ws_connect(
            url, autoping=False, autoclose=True, ssl=context or True, max_msg_size=0
        )
        try:
            yield Peer(socket)
        finally:
            await socket.close()


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(coroutine, DEADLINE_SECONDS)

    asyncio.run(bounded())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client() -> SimpleNamespace:
    """`connect` and `run`, since a test module cannot import from a conftest."""
    connecting: Callable[..., Any] = connect
    return SimpleNamespace(connect=connecting, run=run)
