"""A REST that answers order books as it is told to, on loopback, and a market to make them of."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["SnapshotServer", "Stage", "futures_diff", "snapshot", "snapshots", "spot_diff"]

Levels = list[tuple[str, str]]


def _levels(levels: Levels) -> list[list[str]]:
    return [list(level) for level in levels]


def snapshot(update_id: int, bids: Levels, asks: Levels) -> dict[str, Any]:
    """Return a body of "Order Book"."""
    return {"lastUpdateId": update_id, "bids": _levels(bids), "asks": _levels(asks)}


def spot_diff(
    first: int,
    last: int,
    bids: Levels = (),
    asks: Levels = (),
    symbol: str = "BTCUSDT",  # type: ignore[assignment]
) -> bytes:
    """Source: Spot WebSocket Streams, "Diff. Depth Stream"."""
    event = {"e": "depthUpdate", "E": 1_795_340_000_000 + last % 1000, "s": symbol, "U": first, "u": last}
    return json.dumps(event | {"b": _levels(bids), "a": _levels(asks)}, separators=(",", ":")).encode()


def futures_diff(
    first: int,
    last: int,
    before: int,
    bids: Levels = (),
    asks: Levels = (),
    symbol: str = "BTCUSDT",  # type: ignore[assignment]
) -> bytes:
    """Source: USD-M WebSocket Market Streams, "Diff. Book Depth Streams"."""
    now_ms = 1_795_340_000_000 + last % 1000
    event = {"e": "depthUpdate", "E": now_ms, "T": now_ms, "s": symbol, "U": first, "u": last, "pu": before}
    return json.dumps(event | {"b": _levels(bids), "a": _levels(asks)}, separators=(",", ":")).encode()


class Stage:
    """What a request is answered with: a status, a body, headers."""

    def __init__(self, body: Any, status: int = 200, **headers: str) -> None:
        self.body = body
        self.status = status
        self.headers = headers


class SnapshotServer:
    """Answers each request with the next answer there is; waits for one where there is none."""

    def __init__(self) -> None:
        self.answers: queue.Queue[Stage | None] = queue.Queue()
        #: Path and parameters of each request.
        self.asked: queue.Queue[tuple[str, dict[str, str]]] = queue.Queue()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                where = urlsplit(self.path)
                server.asked.put(
                    (where.path, {name: found[0] for name, found in parse_qs(where.query).items()})
                )
                answer = server.answers.get()
                if answer is None:
                    self.close_connection = True
                    return
                body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                for name, value in {"X-MBX-USED-WEIGHT-1M": "50", **answer.headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def give(self, body: Any, status: int = 200, **headers: str) -> None:
        """Answer the next request so."""
        self.answers.put(Stage(body, status, **headers))

    def close(self) -> None:
        """End it, and whoever waits for an answer."""
        for _ in range(64):
            self.answers.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def snapshots() -> Iterator[SnapshotServer]:
    """Give such a server for the length of a ``with`` block."""
    server = SnapshotServer()
    try:
        yield server
    finally:
        server.close()
