"""A peer that answers handshakes with bytes that a test has written, and remembers what was asked."""

import base64
import contextlib
import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator

__all__ = ["RefusingPeer", "http", "run_refusing"]

_ACCEPT_KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def http(status: int, body: bytes = b"", **headers: str) -> bytes:
    """Return an HTTP answer; an underscore in the name of a header is a dash."""
    lines = [f"HTTP/1.1 {status} Some Reason", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class RefusingPeer:
    """A server on loopback, in a thread, that reads the head of a request, answers and leaves.

    Attributes
    ----------
    answers
        One for each client in turn; the last one goes to all that follow.
    requests
        The heads that came, in order.
    """

    def __init__(
        self, answers: tuple[bytes, ...], tls: ssl.SSLContext | None, upgrade: dict[str, str] | None
    ) -> None:
        self.answers = answers
        self._upgrade = upgrade
        self.requests: list[bytes] = []
        self._tls = tls
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]

    @property
    def place(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Base URL."""
        return f"{'ws' if self._tls is None else 'wss'}://{self.place}"

    def headers(self, number: int = 0) -> dict[str, str]:
        """Return the headers of a request, by name in lower case; of one that comes twice, the last."""
        lines = self.requests[number].decode().split("\r\n")[1:]
        pairs = (line.partition(": ") for line in lines if line)
        return {name.lower(): value for name, _, value in pairs}

    def serve(self) -> None:
        """Serve one client after the other until `stop`."""
        while True:
            try:
                sock, _ = self._server.accept()
            except OSError:
                return
            # Who leaves early is gone, which is all there is to know.
            with contextlib.suppress(OSError), sock:
                if self._tls is not None:
                    with self._tls.wrap_socket(sock, server_side=True) as wrapped:
                        self._answer(wrapped)
                else:
                    self._answer(sock)

    def stop(self) -> None:
        """Accept nobody any more."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # ends accept()
        self._server.close()

    def _answer(self, sock: socket.socket) -> None:
        sock.settimeout(10.0)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            if head and not b"GET ".startswith(head[:4]):
                break  # somebody who speaks TLS
            block = sock.recv(65536)
            if not block:
                return
            head += block
        self.requests.append(head)
        if self._upgrade is not None:
            sock.sendall(_upgrade(head, self._upgrade))
        sock.sendall(self.answers[min(len(self.requests), len(self.answers)) - 1])
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):  # closing with bytes unread would reset the connection under the answer
            pass


def _upgrade(head: bytes, headers: dict[str, str]) -> bytes:
    key = head.split(b"Sec-WebSocket-Key: ", 1)[1].split(b"\r\n", 1)[0]
    accept = base64.b64encode(hashlib.sha1(key + _ACCEPT_KEY, usedforsecurity=False).digest()).decode()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Accept: {accept}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


@contextlib.contextmanager
def run_refusing(
    *answers: bytes, tls: ssl.SSLContext | None = None, upgrade: dict[str, str] | None = None
) -> Iterator[RefusingPeer]:
    """Run such a peer for the length of a ``with`` block.

    With `upgrade` it accepts the handshake first, with these headers besides those that it takes.
    """
    peer = RefusingPeer(answers, tls, upgrade)
    thread = threading.Thread(target=peer.serve, name="refusing peer")
    thread.start()
    try:
        yield peer
    finally:
        peer.stop()
        thread.join(10.0)
        assert not thread.is_alive()
