"""A scripted peer on loopback: it records what it is told and does what the test says."""

import asyncio
import json
import ssl
import struct
from collections.abc import Callable
from typing import Any, Self

from picows import (
    WSCloseCode,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from support.waiting import Changes

Answer = Callable[[dict[str, Any]], dict[str, Any] | None]


def acknowledge(request: dict[str, Any]) -> dict[str, Any]:
    """Answer as Binance does to every SUBSCRIBE."""
    return {"result": None, "id": request["id"]}


class Client(WSListener):
    """The server's side of one connection."""

    def __init__(self, server: "ScriptedServer", path: str, headers: dict[str, str]) -> None:
        self.server = server
        self.path = path
        self.headers = headers
        self.transport: WSTransport | None = None
        self.texts: list[bytes] = []
        self.text_times: list[float] = []
        self.pongs: list[bytes] = []
        self.close_code: int | None = None
        self.gone = False

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The control messages, read."""
        return [json.loads(text) for text in self.texts]

    @property
    def asked(self) -> list[str]:
        """The names of all SUBSCRIBE messages, in order."""
        return [name for text in self.requests if text["method"] == "SUBSCRIBE" for name in text["params"]]

    def send(self, message: Any) -> None:
        """Send a JSON message, or bytes as they are."""
        assert self.transport is not None
        text = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.transport.send(WSMsgType.TEXT, text)

    def publish(self, stream: str, data: Any) -> None:
        """Send one combined message."""
        self.send({"stream": stream, "data": data})

    def ping(self, payload: bytes) -> None:
        """Send a PING."""
        assert self.transport is not None
        self.transport.send_ping(payload)

    def close(self, code: int, reason: str = "") -> None:
        """Send a CLOSE and wait for the other half."""
        assert self.transport is not None
        self.transport.send(WSMsgType.CLOSE, struct.pack("!H", code) + reason.encode())

    def drop(self) -> None:
        """Reset the connection without a word."""
        assert self.transport is not None
        self.transport.disconnect(graceful=False)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self.server.clients.append(self)
        if self.server.greeting is not None:
            self.send(self.server.greeting)
        self.server.changed()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        if frame.msg_type == WSMsgType.TEXT:
            self.texts.append(payload)
            self.text_times.append(asyncio.get_running_loop().time())
            answer = self.server.answer(json.loads(payload))
            if answer is not None:
                self.send(answer)
        elif frame.msg_type == WSMsgType.PONG:
            self.pongs.append(payload)
        elif frame.msg_type == WSMsgType.CLOSE:
            self.close_code = struct.unpack("!H", payload[:2])[0] if payload else None
            if self.server.answers_close:
                transport.send_close(WSCloseCode.OK)
                transport.disconnect()
        self.server.changed()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.gone = True
        self.server.changed()


class ScriptedServer:
    """Accepts WebSocket connections, or refuses them.

    Attributes
    ----------
    clients
        Every connection there was, in order.
    answer
        Gives the answer to a control message; None stays silent.
    refusal
        HTTP status and headers for the handshake, instead of an upgrade.
    greeting
        Sent in the same instant in which a client is accepted.
    answers_close
        Whether a CLOSE gets its other half.
    """

    def __init__(self, changed: Changes, ssl_context: ssl.SSLContext | None = None) -> None:
        self.changed = changed
        self.clients: list[Client] = []
        self.answer: Answer = acknowledge
        self.refusal: tuple[int, dict[str, str]] | None = None
        self.greeting: Any = None
        self.answers_close = True
        self.handshakes = 0
        self._ssl_context = ssl_context
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Base URL."""
        return f"{'wss' if self._ssl_context else 'ws'}://127.0.0.1:{self.port}"

    @property
    def client(self) -> Client:
        """The newest connection."""
        return self.clients[-1]

    @property
    def connected(self) -> list[Client]:
        """Those that are still there."""
        return [client for client in self.clients if not client.gone]

    async def start(self, port: int = 0) -> None:
        """Listen; on the same port as before when told so."""
        self._server = await ws_create_server(
            self._accept,
            "127.0.0.1",
            port,
            ssl=self._ssl_context,
            # The other transport reports a client that refuses the certificate as an error of the loop.
            use_aiofastnet=False,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse new connections and drop those there are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for client in self.connected:
            client.drop()
        await self.changed.until(lambda: not self.connected)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _accept(self, request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener:
        self.handshakes += 1
        self.changed()
        if self.refusal is not None:
            status, headers = self.refusal
            refused = WSUpgradeResponse.create_error_response(status, b"no", headers)
            return WSUpgradeResponseWithListener(refused, None)
        return Client(self, request.path.decode(), dict(request.headers))
