"""Small proxies on loopback, HTTP CONNECT and SOCKS, that count what goes through them."""

import asyncio
import base64
import contextlib
import ipaddress
import threading
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

__all__ = ["SCHEMES", "RunningProxy", "run_proxy"]

SCHEMES: Final = ("http", "socks5", "socks4")

_Target = tuple[str, int]


class RunningProxy:
    """A proxy that runs in another thread.

    Parameters
    ----------
    scheme
        ``"http"``, ``"socks5"`` or ``"socks4"``.
    credentials
        The only user and password that are let in; None lets in everybody. SOCKS4 has no password.
    answer
        Sent instead of making a connection: to CONNECT, or behind the authentication of SOCKS. Empty leaves.
    silent
        Never answer.
    """

    def __init__(
        self,
        scheme: str,
        credentials: tuple[str, str] | None = None,
        answer: bytes | None = None,
        silent: bool = False,
    ) -> None:
        self.scheme = scheme
        self.credentials = credentials
        self.answer = answer
        self.silent = silent
        self.port = 0
        #: Where connections were made to, in order.
        self.tunnels: list[str] = []
        #: Addresses that clients connected from, in order.
        self.callers: list[str] = []
        #: How many were not let in.
        self.refused = 0
        #: Bytes to the servers and from them, through tunnels only.
        self.bytes_up = 0
        self.bytes_down = 0
        #: Set once a client has sent something to a silent proxy.
        self.greeted = threading.Event()

    @property
    def place(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def url(self, credentials: tuple[str, str] | None = None) -> str:
        """Return the URL for a client, with these credentials."""
        who = "" if credentials is None else ":".join(quote(part, safe="") for part in credentials) + "@"
        return f"{self.scheme}://{who}{self.place}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client to its end."""
        # Who leaves in the middle of a handshake is gone, which is all there is to know.
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(writer):
            caller = writer.get_extra_info("peername")
            if caller is None:  # gone already
                return
            self.callers.append(caller[0])
            if self.silent:
                await reader.readexactly(1)
                self.greeted.set()
                await reader.read()
                return
            target = await getattr(self, f"_accept_{self.scheme}")(reader, writer)
            if target is None:
                self.refused += 1
                await writer.drain()
            elif self.answer is not None:
                writer.write(self.answer)
                await writer.drain()
            else:
                await self._carry(target, reader, writer)

    async def _carry(
        self, target: _Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, back = await asyncio.open_connection(*target)
        with contextlib.closing(back):
            await self._carry_on(target, reader, writer, there, back)

    async def _carry_on(
        self,
        target: _Target,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> None:
        self.tunnels.append(f"{target[0]}:{target[1]}")
        # In pieces: a client must not take the end of the answer for the beginning of the tunnel.
        granted = {
            "http": b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n",
            "socks5": b"\x05\x00\x00\x01" + bytes(6),
            "socks4": b"\x00\x5a" + bytes(6),
        }[self.scheme]
        for piece in (granted[:6], granted[6:]):
            writer.write(piece)
            await writer.drain()
        await asyncio.gather(self._pipe(reader, back, up=True), self._pipe(there, writer, up=False))

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        # A reset ends a tunnel as a close does; closing one side ends the pipe of the other.
        with contextlib.suppress(ConnectionError), contextlib.closing(writer):
            while block := await reader.read(65536):
                if up:
                    self.bytes_up += len(block)
                else:
                    self.bytes_down += len(block)
                writer.write(block)
                await writer.drain()

    async def _accept_http(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> _Target | None:
        request, *headers = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, place, _ = request.split(" ")
        assert method == "CONNECT"
        if self.credentials is not None:
            secret = base64.b64encode(":".join(self.credentials).encode()).decode()
            if f"Proxy-Authorization: Basic {secret}" not in headers:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return None
        host, _, port = place.rpartition(":")
        return host.strip("[]"), int(port)

    async def _accept_socks5(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> _Target | None:
        version, count = await reader.readexactly(2)
        assert version == 5
        methods = await reader.readexactly(count)
        method = 0 if self.credentials is None else 2
        if method not in methods:
            writer.write(b"\x05\xff")
            return None
        writer.write(bytes((5, method)))
        if self.credentials is not None:
            await reader.readexactly(1)
            told = []
            for _ in range(2):
                (length,) = await reader.readexactly(1)
                told.append((await reader.readexactly(length)).decode())
            let_in = tuple(told) == self.credentials
            writer.write(b"\x01\x00" if let_in else b"\x01\x01")
            if not let_in:
                return None
        _, command, _, kind = await reader.readexactly(4)
        assert command == 1
        if kind == 3:
            (length,) = await reader.readexactly(1)
            host = (await reader.readexactly(length)).decode()
        else:
            host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
        return host, int.from_bytes(await reader.readexactly(2), "big")

    async def _accept_socks4(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> _Target | None:
        version, command = await reader.readexactly(2)
        assert (version, command) == (4, 1)
        port = int.from_bytes(await reader.readexactly(2), "big")
        host = str(ipaddress.IPv4Address(await reader.readexactly(4)))
        user = (await reader.readuntil(b"\0"))[:-1].decode()
        if self.credentials is not None and user != self.credentials[0]:
            writer.write(b"\x00\x5d" + bytes(6))
            return None
        return host, port


@contextlib.contextmanager
def run_proxy(
    scheme: str,
    credentials: tuple[str, str] | None = None,
    *,
    answer: bytes | None = None,
    silent: bool = False,
) -> Iterator[RunningProxy]:
    """Run a proxy for the length of a ``with`` block."""
    proxy = RunningProxy(scheme, credentials, answer, silent)
    ready = threading.Event()
    runner = asyncio.Runner()
    loop = runner.get_loop()
    ending = asyncio.Event()

    async def run() -> None:
        clients: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if ending.is_set():
                writer.close()
            else:
                clients[writer] = asyncio.create_task(proxy.serve(reader, writer))

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        ready.set()
        await ending.wait()
        server.close()
        for task in clients.values():
            task.cancel()
        await asyncio.gather(*clients.values(), return_exceptions=True)
        for writer in clients:
            writer.close()  # a task that is cancelled before its first step would not
        # Closing takes steps of the loop, and so does what was accepted right before.
        for _ in range(5):
            await asyncio.sleep(0)

    def main() -> None:
        with runner:  # its end cancels the clients that are left
            runner.run(run())

    thread = threading.Thread(target=main, name="test-proxy")
    thread.start()
    try:
        assert ready.wait(10.0), "the proxy did not start"
        yield proxy
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(10.0)
        assert not thread.is_alive()
