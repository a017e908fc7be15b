"""A feed and a ring in Python, with the surface of the compiled ones that connections use."""

import json
import struct
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from fastbinance._core.feed import Latency
from fastbinance._core.histogram import Histogram
from fastbinance._io.session import FeedHandler

COUNTERS = (
    "frames", "messages", "bytes_received", "published", "rejected", "skipped", "control", "unrouted",
    "fast", "fallback", "pings", "handler_errors", "drift_overflow",
)  # fmt: skip


class ListRing:
    """Keeps what is published, and every state it was given."""

    def __init__(self, changed: Any = lambda: None) -> None:
        self.records: list[Any] = []
        self.states: list[int] = []
        self.lines = 1
        self._changed = changed

    @property
    def cursor(self) -> int:
        return len(self.records) - 1

    @property
    def state(self) -> int:
        return self.states[-1]

    def set_state(self, state: int, /) -> None:
        self.states.append(state)
        self._changed()

    hole_count = 0

    def holes(self) -> list[Any]:
        return []

    def at(self, sequence: int, /) -> Any:
        return SimpleNamespace(recv_ns=self.times[sequence])

    @property
    def times(self) -> list[int]:
        return list(range(1, len(self.records) + 1))

    def set_lines(self, lines: int, /) -> None:
        self.lines = lines

    def release_held(self, now_ns: int, /) -> int:
        return 0


@dataclass(frozen=True)
class PythonReject:
    """A payload that is not JSON."""

    code: str
    offset: int
    head: bytes
    stream: str
    recv_ns: int


class PythonFeed(WSListener):
    """Combined streams only: a wrapped payload goes to its ring or the handler, all else is control."""

    def __init__(
        self, handler: FeedHandler, ws_key: str, line: int = 0, changed: Any = lambda: None
    ) -> None:
        self.handler = handler
        self.line = line
        self.latency = Latency(Histogram(), Histogram())
        self.came: dict[str, int] = {}
        self.ws_key = ws_key
        self._changed = changed
        self.routes: dict[str, ListRing] = {}
        self.raw: set[str] = set()
        self.drifts: list[Any] = []
        self.close: tuple[int | None, str] = (None, "")
        for name in COUNTERS:
            setattr(self, name, 0)

    def add_route(self, stream_name: str, ring: Any, /) -> None:
        self.routes[stream_name] = ring

    def remove_route(self, stream_name: str, /) -> None:
        self.routes.pop(stream_name, None)
        self.raw.discard(stream_name)

    def set_raw(self, stream_name: str, raw: bool, /) -> None:
        assert stream_name in self.routes, "only a routed stream can be raw"
        (self.raw.add if raw else self.raw.discard)(stream_name)

    def arrivals(self, stream_names: list[str], /) -> list[int]:
        return [self.came.get(name, 0) for name in stream_names]

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.handler.on_open(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.frames += 1
        payload = frame.get_payload_as_bytes()
        self.bytes_received += len(payload)
        if frame.msg_type == WSMsgType.PING:
            self.pings += 1
            transport.send_pong(payload)
            self.handler.on_ping()
        elif frame.msg_type == WSMsgType.CLOSE:
            if payload:
                self.close = struct.unpack("!H", payload[:2])[0], payload[2:].decode()
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        elif frame.msg_type == WSMsgType.TEXT:
            self._text(payload)
        self._changed()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.handler.on_lost(*self.close)

    def _text(self, payload: bytes) -> None:
        self.messages += 1
        now = time.time_ns()
        try:
            message = json.loads(payload)
        except ValueError:
            self.rejected += 1
            self.handler.on_reject(PythonReject("FB_NOT_JSON", 0, payload[:256], "", now))
            return
        stream = message.get("stream")
        if stream is None:
            self.control += 1
            self.handler.on_control(payload, now)
        elif stream in self.routes:
            self.published += 1
            self.came[stream] = self.came.get(stream, 0) + 1
            self.routes[stream].records.append(message["data"])
            if stream in self.raw:
                self.handler.on_message(stream, payload, now)
        else:
            self.unrouted += 1
            self.handler.on_message(stream, payload, now)
