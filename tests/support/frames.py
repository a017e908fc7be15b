"""Events as dictionaries in Binance's key order, and their way into payloads, frames and feeds."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from picows.picows import WSFrame, WSMsgType, _make_test_ws_frame

from fastbinance._core.feed import Feed
from fastbinance._core.ring import RingBase
from fastbinance.streams import Kind

Event = dict[str, Any]

PADDING = 64

#: One event per kind and market, keys in the order of the wire; figures of our own.
EVENTS: dict[tuple[Kind, str], Event] = {
    (Kind.BOOK_TICKER, "spot"): {
        "u": 400900217, "s": "BTCUSDT", "b": "25.35190000", "B": "31.21000000", "a": "25.36520000",
        "A": "40.66000000",
    },
    (Kind.BOOK_TICKER, "usdm"): {
        "e": "bookTicker", "u": 5123107838349, "s": "BTCUSDT", "ps": "BTCUSDT", "b": "64021.10", "B": "3.029",
        "a": "64021.20", "A": "12.5", "T": 1723161256302, "E": 1723161256303, "st": 1,
    },
    (Kind.BOOK_TICKER, "coinm"): {
        "u": 5123107838350, "e": "bookTicker", "s": "BTCUSD_PERP", "ps": "BTCUSD", "b": "64021.1",
        "B": "57618", "a": "64021.2", "A": "7", "T": 1723161256302, "E": 1723161256303,
    },
    (Kind.TRADE, "spot"): {
        "e": "trade", "E": 1672515782136, "s": "BTCUSDT", "t": 12345, "p": "16500.01000000",
        "q": "0.00100000", "T": 1672515782135, "m": True, "M": True,
    },
    (Kind.TRADE, "usdm"): {
        "e": "trade", "E": 1723161256303, "T": 1723161256302, "s": "BTCUSDT", "t": 5000000001,
        "p": "64021.10", "q": "0.005", "X": "MARKET", "m": False, "st": 1,
    },
    (Kind.AGG_TRADE, "spot"): {
        "e": "aggTrade", "E": 1672515782136, "s": "BTCUSDT", "a": 164325, "p": "16500.01000000",
        "q": "1.25000000", "f": 100, "l": 105, "T": 1672515782135, "m": True, "M": True,
    },
    (Kind.AGG_TRADE, "usdm"): {
        "e": "aggTrade", "E": 1723161256303, "a": 3404749954, "s": "BTCUSDT", "p": "64021.10",
        "q": "3.029", "nq": "3.000", "f": 7960913511, "l": 7960913512, "T": 1723161256302, "m": False,
        "st": 1,
    },
    (Kind.DIFF_DEPTH, "spot"): {
        "e": "depthUpdate", "E": 1672515782136, "s": "BTCUSDT", "U": 157, "u": 160,
        "b": [["16500.01000000", "10.00000000"], ["16499.99000000", "0.00000000"]],
        "a": [["16500.02000000", "0.10000000"]],
    },
    (Kind.DIFF_DEPTH, "usdm"): {
        "e": "depthUpdate", "E": 1723161256303, "T": 1723161256302, "s": "BTCUSDT", "ps": "BTCUSDT",
        "U": 1570, "u": 1600, "pu": 1490, "b": [["64021.10", "10"], ["64021.20", "0"]],
        "a": [["64022.00", "0.1"]], "st": 1,
    },
    (Kind.PARTIAL_DEPTH, "spot"): {
        "lastUpdateId": 160,
        "bids": [["16500.01000000", "10.00000000"], ["16499.99000000", "2.00000000"]],
        "asks": [["16500.02000000", "0.10000000"], ["16500.03000000", "7.00000000"]],
    },
    (Kind.PARTIAL_DEPTH, "usdm"): {
        "e": "depthUpdate", "E": 1723161256303, "T": 1723161256302, "s": "BTCUSDT", "U": 1570, "u": 1600,
        "pu": 1490, "b": [["64021.10", "10"], ["64021.00", "8"]],
        "a": [["64022.00", "0.1"], ["64022.10", "3"]],
    },
}  # fmt: skip

#: Stream and WsKey of each of them.
STREAMS: dict[tuple[Kind, str], tuple[str, str]] = {
    (Kind.BOOK_TICKER, "spot"): ("btcusdt@bookTicker", "main"),
    (Kind.BOOK_TICKER, "usdm"): ("btcusdt@bookTicker", "usdmPublic"),
    (Kind.BOOK_TICKER, "coinm"): ("btcusd_perp@bookTicker", "coinm"),
    (Kind.TRADE, "spot"): ("btcusdt@trade", "main"),
    (Kind.TRADE, "usdm"): ("btcusdt@trade", "usdmPublic"),
    (Kind.AGG_TRADE, "spot"): ("btcusdt@aggTrade", "main"),
    (Kind.AGG_TRADE, "usdm"): ("btcusdt@aggTrade", "usdmMarket"),
    (Kind.DIFF_DEPTH, "spot"): ("btcusdt@depth@100ms", "main"),
    (Kind.DIFF_DEPTH, "usdm"): ("btcusdt@depth@100ms", "usdmPublic"),
    (Kind.PARTIAL_DEPTH, "spot"): ("btcusdt@depth5@100ms", "main"),
    (Kind.PARTIAL_DEPTH, "usdm"): ("btcusdt@depth5@100ms", "usdmPublic"),
}

CASES = list(EVENTS)
IDS = [f"{market} {kind.name.lower()}" for kind, market in CASES]


def text_of(value: Any) -> bytes:
    """Return JSON as Binance prints it: no white space, symbols in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def combined(stream: str, event: Any) -> bytes:
    """Return an event in its wrapper; an event in bytes is taken as it is."""
    data = event if isinstance(event, bytes) else text_of(event)
    return b'{"stream":"%s","data":%s}' % (stream.encode(), data)


def message_of(kind: Kind, market: str = "spot", **changes: Any) -> bytes:
    """Return the combined message of one of EVENTS, with some of its values changed."""
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

    def on_ping(self) -> None:
        self.pings += 1

    def on_lost(self, close_code: int | None, reason: str) -> None:
        self.lost.append((close_code, reason))


def ring_for(
    kind: Kind, market: str = "spot", *, symbol: str | None = "", capacity: int = 8, **options: Any
) -> RingBase:
    """Return a small ring for one of EVENTS; `symbol` None makes it one of many symbols."""
    stream, ws_key = STREAMS[kind, market]
    if symbol == "":
        symbol = stream.partition("@")[0].upper()
    return RingBase(int(kind), stream, ws_key, symbol, capacity=capacity, **options)


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
