"""Peers that do not end a connection as they should: each is a thread that reads so far and no further."""

import base64
import contextlib
import hashlib
import socket
import ssl
import threading
from typing import Final, Literal, Self

from fastbinance.sim.certificate import loopback_contexts

__all__ = ["DeafPeer", "Depth"]

#: How far a peer plays along: it accepts only; it takes the TLS hello and says nothing to it; it opens the
#: WebSocket and reads, but answers nothing; it opens it and does not even read.
Depth = Literal["accepts", "reads the hello", "opens and reads", "opens"]

_ACCEPT_KEY: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_SMALL_BUFFER: Final = 4096


class DeafPeer:
    """A server on loopback that never says goodbye.

    Parameters
    ----------
    depth
        See `Depth`.
    tls
        Serve ``wss``; `client_context` trusts it.
    """

    def __init__(self, depth: Depth, *, tls: bool = False) -> None:
        self.depth = depth
        self._context: ssl.SSLContext | None = None
        self.client_context: ssl.SSLContext | None = None
        if tls:
            self._context, self.client_context = loopback_contexts("127.0.0.1")
        self._server = socket.create_server(("127.0.0.1", 0), backlog=512)
        if depth == "opens":
            # Inherited by what is accepted: the client's own buffer is full soon.
            self._server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
        scheme = "wss" if tls else "ws"
        self.url = f"{scheme}://127.0.0.1:{self._server.getsockname()[1]}"
        self._changed = threading.Condition()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._reached = 0
        self._ended = 0
        self._accepting = threading.Thread(target=self._accept, name="deaf peer")

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # ends accept()
        self._accepting.join()
        self._server.close()
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for sock in self._sockets:
            sock.close()

    def wait_reached(self, count: int = 1) -> None:
        """Wait until so many clients have come as far as they will."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._reached >= count, 30), f"{self._reached} of {count}"

    def wait_ended(self, count: int = 1) -> None:
        """Wait until so many clients have ended their connections; where the peer still reads."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._ended >= count, 30), f"{self._ended} of {count}"

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._server.accept()
            except OSError:
                return
            self._sockets.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock,), name="deaf peer's client")
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        # Whatever ends the connection, even in a handshake, is an end that the test may wait for.
        with contextlib.suppress(OSError):
            self._play_along(sock)
        with self._changed:
            self._ended += 1
            self._changed.notify_all()

    def _play_along(self, sock: socket.socket) -> None:
        if self.depth == "accepts":
            self._reach()
            return
        if self.depth == "reads the hello":
            sock.recv(1)
            self._reach()
            while sock.recv(65536):
                pass
            return
        if self._context is not None:
            place = self._sockets.index(sock)
            sock = self._sockets[place] = self._context.wrap_socket(sock, server_side=True)
        request = b""
        while b"\r\n\r\n" not in request:
            block = sock.recv(65536)
            if not block:
                return
            request += block
        key = request.split(b"Sec-WebSocket-Key: ", 1)[1].split(b"\r\n", 1)[0]
        accept = base64.b64encode(hashlib.sha1(key + _ACCEPT_KEY, usedforsecurity=False).digest())
        sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self._reach()
        if self.depth == "opens and reads":
            while sock.recv(65536):
                pass

    def _reach(self) -> None:
        with self._changed:
            self._reached += 1
            self._changed.notify_all()
