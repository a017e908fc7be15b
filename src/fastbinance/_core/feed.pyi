"""The feed: one picows listener per connection, from frame to ring without Python in between."""

from typing import Any, Final, NamedTuple, Self

import numpy as np
from picows import WSFrame, WSListener, WSTransport
from typing_extensions import Buffer, disjoint_base

from fastbinance._core.histogram import Histogram
from fastbinance._core.ring import Bell, RingBase

#: How much of a rejected payload is kept.
HEAD_BYTES: Final[int]
#: How many rejects are kept.
KEPT_REJECTS: Final[int]

class Reject(NamedTuple):
    """A payload that did not decode.

    Attributes
    ----------
    code : str
        Name of the way in which it failed.
    offset : int
        Byte where reading stopped.
    head : bytes
        Its first 256 bytes.
    stream : str
        Stream name, empty where none was readable.
    recv_ns : int
        Our wall clock at arrival, UTC nanoseconds.
    """

    code: str
    offset: int
    head: bytes
    stream: str
    recv_ns: int

class RouteStats(NamedTuple):
    """Counts of one stream on one connection.

    Attributes
    ----------
    fast, fallback : int
        Payloads by the code that took them, published or skipped.
    skipped : int
        Fillers among them.
    rejected : int
        Undecodable ones.
    """

    fast: int
    fallback: int
    skipped: int
    rejected: int

class Drift(NamedTuple):
    """Something that Binance has begun to send and our tables do not know, in payloads that were published.

    Attributes
    ----------
    stream : str
        Stream name of the route.
    kind : str
        Kind of its records, such as ``"book_ticker"``.
    what : {"key", "value"}
        A key without a meaning here, or a text where only some are known.
    path : str
        The key, with the one around it: ``"x"``, ``"k.x"``; ``"/x"`` beside the wrapper's own. At most
        32 bytes of it.
    sample : str
        The value as on the wire, at most 48 bytes of it; of an object or array the bracket. Of a key, its
        first value; each value of its own is a drift of its own.
    count : int
        How often it came.
    first_ns, last_ns : int
        Receive times of the first and the newest payload with it, UTC nanoseconds.
    """

    stream: str
    kind: str
    what: str
    path: str
    sample: str
    count: int  # type: ignore[assignment]  # tuple has a method of this name
    first_ns: int
    last_ns: int

class Latency(NamedTuple):
    """How long the records of a connection took.

    Attributes
    ----------
    exchange_to_receive : Histogram
        From a record's event time to the socket read that brought it: the exchange's own delay, the network,
        and how far the two clocks are apart; where ours is behind by more than the rest, it is negative. One
        duration for each message that published, of its last record; none where the records have no event
        time, as on spot's bookTicker. What another line had brought before is not in it.
    receive_to_published : Histogram
        From the clock at a socket read to the clock when its last record was in the ring: what every record
        of the read took at most. One duration for each read that brought a record.
    """

    exchange_to_receive: Histogram
    receive_to_published: Histogram

    def merge(self, other: Latency) -> Latency:
        """Return the latencies of both."""

@disjoint_base
class Feed(WSListener):
    """The listener of one connection: frames in, records out, everything else to its handler.

    It answers PING with PONG (connect with ``enable_auto_pong=False``) and CLOSE with CLOSE, and reassembles
    fragments. A payload that does not decode is counted, kept and reported, and the next one is read; only
    broken framing (1002) and text that is not UTF-8 (1007) fail the connection, as RFC 6455 asks.

    Parameters
    ----------
    handler
        Takes what is no record, on the thread that feeds. What it raises is logged and counted, but for the
        first and the last:

        - ``on_open(transport)``: the handshake is done; data may follow in the same read.
        - ``on_control(payload, recv_ns)``: an answer or an error of the server.
        - ``on_message(stream, payload, recv_ns)``: the whole payload of a stream without a route, or of one
          that is wanted raw; without wrapper the stream of the former is None.
        - ``on_drift(drifts, payload, recv_ns)``: a published payload with what was never seen on its stream
          before.
        - ``on_reject(reject)``: a payload did not decode.
        - ``on_hold(stream)``: the stream's ring has begun to hold records back; see `RingBase.release_held`.
          Once, until it holds nothing.
        - ``on_ping()``: a PING came; the feed has answered it.
        - ``on_lost(close_code, reason)``: the socket is gone. Both of the peer's CLOSE; or None and why the
          feed has failed the connection; or None and nothing.
    ws_key : str
        Name of the service, for logs.
    bell : Bell, optional
        Rung at most once per socket read, when somebody waits; the rings' own.
    sbe : bool
        Whether binary messages are spot's SBE; otherwise they are rejected.
    line : int
        Which line of its rings this connection is, from 0 to 7.

    Attributes
    ----------
    frames, messages, bytes_received : int
        WebSocket frames of every type; whole text and binary messages; bytes of their payloads.
    published, skipped, rejected, control, unrouted : int
        What became of the messages: a record (one that is held back too), a filler, undecodable, an answer or
        error, a stream without a route.
    duplicates : int
        Records dropped because they, or newer ones, were in their rings already.
    fast, fallback : int
        Messages of rings by the code that took them, dropped ones too.
    pings, handler_errors : int
        PINGs answered; exceptions of the handler.
    """

    line: Final[int]
    ws_key: Final[str]
    frames: Final[int]
    messages: Final[int]
    bytes_received: Final[int]
    published: Final[int]
    skipped: Final[int]
    rejected: Final[int]
    control: Final[int]
    unrouted: Final[int]
    fast: Final[int]
    fallback: Final[int]
    pings: Final[int]
    handler_errors: Final[int]
    sbe: Final[bool]

    def __new__(
        cls, handler: Any, ws_key: str, bell: Bell | None = None, *, sbe: bool = False, line: int = 0
    ) -> Self: ...
    @property
    def drifts(self) -> list[Drift]:
        """What has come that our tables do not know, in order of first sight; at most 64 of a connection."""

    @property
    def drift_overflow(self) -> int:
        """How often something new came for which the table of drifts had no room."""

    @property
    def duplicates(self) -> int:
        """Records dropped because they, or newer ones, were in their rings already."""

    @property
    def latency(self) -> Latency:
        """How long the records of this connection took, as counted until now; replays are not in it."""

    @property
    def rejects(self) -> list[Reject]:
        """The newest 16 rejected payloads, oldest first."""

    def add_route(self, stream_name: str, ring: RingBase) -> None:
        """Send what Binance says under this stream name to a ring; replaces an earlier route of the name.

        Raises
        ------
        ConfigurationError
            The name is empty, too long, or has quotes or backslashes.
        RuntimeError
            A replay is running.
        """

    def remove_route(self, stream_name: str) -> None:
        """Forget a route; its payloads go to the handler from now on. Without such a route nothing happens.

        Raises
        ------
        RuntimeError
            A replay is running.
        """

    def set_raw(self, stream_name: str, raw: bool) -> None:
        """Say whether the messages of a routed stream go to the handler too.

        They then take the fallback, which is slower.

        Raises
        ------
        ConfigurationError
            The stream has no route.
        RuntimeError
            A replay is running.
        """

    def route_stats(self, stream_name: str) -> RouteStats | None:
        """Return the counts of one stream on this connection, or None without such a route."""

    def arrivals(self, names: list[str]) -> list[int]:
        """Return how many messages have come on each of these routes, whatever became of them; 0 without a
        route.
        """

    def replay(
        self,
        buffer: Buffer,
        offsets: np.ndarray[Any, np.dtype[np.int64]],
        sizes: np.ndarray[Any, np.dtype[np.int64]],
        recv_ns: np.ndarray[Any, np.dtype[np.int64]] | None = None,
    ) -> int:
        """Take recorded messages from memory as if frames had brought them.

        The interpreter lock is let go while the fast path runs, so that other threads may read meanwhile. A
        feed is of a connection or of replays, not of both at a time: a ring has one writer.

        Parameters
        ----------
        buffer : bytes-like
            Payloads, each with 64 bytes behind it that belong to the buffer; what they are does not matter.
        offsets, sizes : numpy.ndarray
            int64, shape ``(n,)``: where each payload begins, and its bytes.
        recv_ns : numpy.ndarray, optional
            int64, shape ``(n,)``: receive times, UTC nanoseconds. Without them all have the one of this call.

        Returns
        -------
        int
            How many records were published.

        Raises
        ------
        ValueError
            The arrays differ in length, or a payload and its 64 bytes do not lie in the buffer; nothing was
            taken.
        RuntimeError
            Another replay is running, or a fragmented message is unfinished.
        """

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Tell the handler."""

    def on_ws_frame(self, transport: WSTransport | None, frame: WSFrame) -> None:
        """Take a frame; without a transport nothing is answered."""

    def on_ws_disconnected(self, transport: WSTransport | None) -> None:
        """Tell the handler, with the peer's reason if it gave one."""
