"""A peer that writes exactly the bytes it is told to: WebSocket frames made by hand, wrong ones too."""

import asyncio
import base64
import fcntl
import hashlib
import socket
import struct
import termios
from typing import NamedTuple, Self

__all__ = ["BINARY", "CLOSE", "CONTINUATION", "PING", "PONG", "TEXT", "RawPeer", "Sent", "close", "frame"]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes = b"",
    length: int | None = None,
    form: int | None = None,
) -> bytes:
    """Return a frame.

    Parameters
    ----------
    rsv
        The three reserved bits, RSV1 the highest.
    mask
        Four bytes; servers send none.
    length
        The length that it declares, where that is not the payload's.
    form
        Bytes that the length takes, 1, 2 or 8; the fewest by itself.
    """
    declared = len(payload) if length is None else length
    if form is None:
        form = 1 if declared < 126 else 2 if declared < 65_536 else 8
    head = bytes([fin << 7 | rsv << 4 | opcode])
    masked = 0x80 if mask else 0
    if form == 1:
        head += bytes([masked | declared])
    elif form == 2:
        head += struct.pack("!BH", masked | 126, declared)
    else:
        head += struct.pack("!BQ", masked | 127, declared)
    if mask:
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return head + mask + payload


def close(code: int | None = 1000, reason: bytes = b"", **how: int) -> bytes:
    """Return a CLOSE frame; without a code an empty one."""
    return frame(CLOSE, (b"" if code is None else struct.pack("!H", code)) + reason, **how)


class Sent(NamedTuple):
    """A frame of the client, unmasked."""

    opcode: int
    payload: bytes


class RawPeer:
    """Accepts one connection and its handshake; all else is the test's.

    Parameters
    ----------
    greeting
        Sent together with the answer to the handshake.
    """

    def __init__(self, greeting: bytes = b"") -> None:
        self.url = ""
        self._greeting = greeting
        self._server: asyncio.Server | None = None
        self._streams: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] | None = None

    async def __aenter__(self) -> Self:
        self._streams = asyncio.get_running_loop().create_future()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/stream"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        assert self._streams is not None
        self._server.close()
        if self._streams.done():
            self._streams.result()[1].transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._streams is not None
        request = await reader.readuntil(b"\r\n\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in request.split(b"\r\n")[1:] if line)
        assert headers[b"upgrade"] == b"websocket"
        # A key is base64, so its case counts.
        at = request.lower().index(b"sec-websocket-key: ") + len(b"sec-websocket-key: ")
        key = request[at : request.index(b"\r\n", at)]
        accept = base64.b64encode(hashlib.sha1(key + _ACCEPT, usedforsecurity=False).digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + self._greeting
        )
        self._streams.set_result((reader, writer))

    async def write(self, data: bytes) -> None:
        """Send bytes, in one segment as far as they fit into one."""
        assert self._streams is not None
        (await self._streams)[1].write(data)

    async def write_apart(self, data: bytes, client: socket.socket) -> None:
        """Send byte by byte, each when the client has read the one before."""
        for i in range(len(data)):
            await self.write(data[i : i + 1])
            await self.read_by(client)

    async def read_by(self, client: socket.socket) -> None:
        """Wait until the client has read all that was sent."""
        await asyncio.sleep(0)
        async with asyncio.timeout(10.0):
            while _unread(client):
                await asyncio.sleep(0)  # another turn of the loop, which both ends share

    async def end(self, *, reset: bool = False) -> None:
        """End the socket without a word."""
        assert self._streams is not None
        writer = (await self._streams)[1]
        if reset:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()

    async def closed_by_client(self) -> Sent:
        """Read the client's next frame, which must be a CLOSE."""
        assert self._streams is not None
        reader = (await self._streams)[0]
        async with asyncio.timeout(10.0):
            found = await _rest_of_frame(reader, (await reader.readexactly(1))[0])
        assert found.opcode == CLOSE
        return found

    async def sent(self) -> list[Sent]:
        """Read what the client sends until its socket ends; what is no whole masked frame is an error."""
        assert self._streams is not None
        reader = (await self._streams)[0]
        found = []
        async with asyncio.timeout(10.0):
            while head := await reader.read(1):
                found.append(await _rest_of_frame(reader, head[0]))
        return found


async def _rest_of_frame(reader: asyncio.StreamReader, first: int) -> Sent:
    (second,) = await reader.readexactly(1)
    assert first & 0xF0 == 0x80, "we send whole frames without reserved bits"
    assert second & 0x80, "clients mask"
    length = second & 0x7F
    assert length < 126, "what we send here is short"
    mask = await reader.readexactly(4)
    payload = await reader.readexactly(length)
    return Sent(first & 0xF, bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))


def _unread(sock: socket.socket) -> int:
    waiting = bytearray(4)
    fcntl.ioctl(sock.fileno(), termios.FIONREAD, waiting)
    return int(struct.unpack("i", waiting)[0])
