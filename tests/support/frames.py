"""From events to payloads, frames and feeds."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from picows.picows import WSFrame, WSMsgType, _make_test_ws_frame

from fastbinance._core.feed import Feed
from fastbinance._core.ring import RingBase
from fastbinance.streams import Kind
from support.events import CASES, EVENTS, FAST, HOME, IDS, STREAMS, SYMBOLS, Event

__all__ = [
    "CASES", "EVENTS", "FAST", "HOME", "IDS", "PADDING", "STREAMS", "SYMBOLS", "Event", "Recorder", "Spelled",
    "book_ticker", "combined", "depth", "feed_for", "filled", "filled_depth", "frame_of",
    "message_of", "pack", "ring_for",
    "rings_of_every_kind", "send", "spelled", "text_of",
]  # fmt: skip

PADDING = 64


def text_of(value: Any) -> bytes:
    """Return JSON as Binance prints it: no white space, symbols in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


Spelled = list[tuple[str, Any]]


def spelled(items: Spelled) -> bytes:
    """Return an object with these keys as they stand, doubled ones too; a value in bytes is JSON already."""
    return b"{%s}" % b",".join(
        b"%s:%s" % (text_of(key), value if isinstance(value, bytes) else text_of(value))
        for key, value in items
    )


def combined(stream: str, event: Any) -> bytes:
    """Return an event in its wrapper; an event in bytes is taken as it is."""
    data = event if isinstance(event, bytes) else text_of(event)
    return b'{"stream":"%s","data":%s}' % (stream.encode(), data)


def message_of(kind: Kind, market: str = "", **changes: Any) -> bytes:
    """Return the combined message of one of EVENTS, with some of its values changed."""
    market = market or HOME[kind]
    return combined(STREAMS[kind, market][0], EVENTS[kind, market] | changes)


def book_ticker(update_id: int, symbol: str = "BTCUSDT", stream: str = "btcusdt@bookTicker") -> bytes:
    """Return a spot bookTicker whose every number follows from its update id, so that tearing shows."""
    event = {"u": update_id, "s": symbol, "b": f"{update_id}.5", "B": f"{update_id}.25"}
    return combined(stream, event | {"a": f"{update_id + 1}.5", "A": f"{update_id}.75"})


def depth(update_id: int, levels: int, stream: str = "btcusdt@depth@100ms") -> bytes:
    """Return a spot diff with so many levels a side, whose every number follows from its update id."""
    bids = [[f"{update_id}.5", f"{i + 1}"] for i in range(levels)]
    asks = [[f"{update_id}.75", f"{i + 1}"] for i in range(levels)]
    event = {"e": "depthUpdate", "E": 1723161256303, "s": "BTCUSDT", "U": update_id, "u": update_id}
    return combined(stream, event | {"b": bids, "a": asks})


def frame_of(
    payload: bytes, msg_type: WSMsgType = WSMsgType.TEXT, fin: bool = True, rsv1: bool = False
) -> WSFrame:
    """Return a frame in memory; picows keeps no padding behind such a payload."""
    return _make_test_ws_frame(msg_type, payload, fin, rsv1)


class Recorder:
    """A feed's handler that keeps all it is told."""

    def __init__(self) -> None:
        self.opened: list[Any] = []
        self.controls: list[bytes] = []
        self.messages: list[tuple[str | None, bytes]] = []
        self.rejects: list[Any] = []
        self.drifts: list[tuple[list[Any], bytes]] = []
        self.holds: list[str] = []
        self.pings = 0
        self.lost: list[tuple[int | None, str]] = []

    def on_open(self, transport: Any) -> None:
        self.opened.append(transport)

    def on_control(self, payload: bytes, recv_ns: int) -> None:
        assert recv_ns > 0
        self.controls.append(payload)

    def on_message(self, stream: str | None, payload: bytes, recv_ns: int) -> None:
        assert recv_ns > 0
        self.messages.append((stream, payload))

    def on_reject(self, reject: Any) -> None:
        self.rejects.append(reject)

    def on_drift(self, drifts: list[Any], payload: bytes, recv_ns: int) -> None:
        assert recv_ns > 0
        self.drifts.append((drifts, payload))

    def on_hold(self, stream: str) -> None:
        self.holds.append(stream)

    def on_ping(self) -> None:
        self.pings += 1

    def on_lost(self, close_code: int | None, reason: str) -> None:
        self.lost.append((close_code, reason))


def ring_for(
    kind: Kind, market: str = "", *, symbol: str | None = "", capacity: int = 8, **options: Any
) -> RingBase:
    """Return a small ring for one of EVENTS; `symbol` None makes it one of many symbols.

    It takes the same message again and again, unless `merge` is true as it is for clients.
    """
    case = kind, market or HOME[kind]
    stream, ws_key = STREAMS[case]
    if symbol == "":
        symbol = SYMBOLS[case]
    return RingBase(int(kind), stream, ws_key, symbol, capacity=capacity, **{"merge": False, **options})


def rings_of_every_kind() -> list[RingBase]:
    """Return a ring for each kind, of the first market that has it."""
    return [ring_for(kind) for kind in Kind]


def feed_for(*rings: RingBase, handler: Any = None) -> Feed:
    """Return a feed with a route to each ring."""
    feed = Feed(handler if handler is not None else Recorder(), rings[0].ws_key if rings else "main")
    for ring in rings:
        feed.add_route(ring.stream, ring)
    return feed


def send(feed: Feed, *payloads: bytes) -> None:
    """Give a feed one text frame after another."""
    for payload in payloads:
        feed.on_ws_frame(None, frame_of(payload))


def filled(count: int, capacity: int = 8, first: int = 1000) -> RingBase:
    """Return a bookTicker ring after so many records, whose update ids count from `first`."""
    ring = ring_for(Kind.BOOK_TICKER, capacity=capacity)
    send(feed_for(ring), *(book_ticker(first + i) for i in range(count)))
    return ring


def filled_depth(counts: Iterable[int], capacity: int = 8, level_capacity: int = 64) -> RingBase:
    """Return a diff ring after one record per count of levels a side."""
    ring = ring_for(Kind.DIFF_DEPTH, capacity=capacity, level_capacity=level_capacity)
    send(feed_for(ring), *(depth(1000 + i, count) for i, count in enumerate(counts)))
    return ring


def pack(
    payloads: Iterable[bytes], behind: bytes = bytes(PADDING)
) -> tuple[bytearray, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return buffer, offsets and sizes as `Feed.replay` wants them, with `behind` after every payload."""
    assert len(behind) >= PADDING
    buffer = bytearray()
    offsets, sizes = [], []
    for payload in payloads:
        offsets.append(len(buffer))
        sizes.append(len(payload))
        buffer += payload + behind
    return buffer, np.array(offsets, np.int64), np.array(sizes, np.int64)
