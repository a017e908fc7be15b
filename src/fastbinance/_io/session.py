"""One attempt at a connection: its socket, its feed, and what the feed reports."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, cast

from picows import (
    WSCloseCode,
    WSError,
    WSListener,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    ws_connect,
)
from picows.url import WSParsedURL

from fastbinance._core.feed import Latency
from fastbinance._io.headers import API_KEY_HEADER, SUBPROTOCOL_HEADER
from fastbinance._io.options import ConnectionOptions
from fastbinance._io.proxy import open_tunnel
from fastbinance._io.sockets import open_socket

__all__ = ["API_KEY_HEADER", "Feed", "FeedFactory", "FeedHandler", "Reject", "Session", "SessionOwner"]

# picows logs every connection it makes; under our name its lines are as silent as ours.
_picows_logger = logging.getLogger("fastbinance.picows")

# Below DEBUG picows logs the whole upgrade request, on a child of the logger it is given; a key must not be
# in any log, so who sends one has a logger that leaves those lines out.
_keyed_logger = logging.getLogger("fastbinance.picows.keyed")

# `!markPrice@arr` is 73 kB on the wire and grows with the market; picows closes at 10 MiB by itself.
_MAX_FRAME_BYTES: Final = 32 * 1024 * 1024


class Reject(Protocol):
    """What a feed tells about a payload that does not decode."""

    @property
    def code(self) -> str:
        """Name of the way in which it failed."""

    @property
    def offset(self) -> int:
        """Byte where reading stopped."""

    @property
    def head(self) -> bytes:
        """First bytes of the payload."""

    @property
    def stream(self) -> str:
        """Stream name, empty where none was readable."""

    @property
    def recv_ns(self) -> int:
        """Our clock at arrival."""


class FeedHandler(Protocol):
    """What a feed calls, on the loop's thread."""

    def on_open(self, transport: WSTransport, /) -> None:
        """Take the transport: the handshake is done. Data may follow in the same read."""

    def on_control(self, payload: bytes, recv_ns: int, /) -> None:
        """Take an answer or an error of the server."""

    def on_message(self, stream: str | None, payload: bytes, recv_ns: int, /) -> None:
        """Take a payload of a stream that has no ring."""

    def on_reject(self, reject: Any, /) -> None:
        """Take note of a payload that does not decode."""

    def on_drift(self, drifts: Sequence[Any], payload: bytes, recv_ns: int, /) -> None:
        """Take note of what is new to the feed in a payload whose records are published."""

    def on_ping(self) -> None:
        """Take note of a PING; the feed has answered it."""

    def on_hold(self, stream: str, /) -> None:
        """Take note that a ring holds records back, because ids before them are missing."""

    def on_lost(self, close_code: int | None, reason: str, /) -> None:
        """End: the socket is gone."""


class Feed(Protocol):
    """What a connection needs of a feed, besides being a picows listener.

    A feed answers PING with PONG and CLOSE with CLOSE, and disconnects its transport after a CLOSE.
    """

    def add_route(self, stream_name: str, ring: Any, /) -> object:
        """Publish a stream's records to a ring from now on."""

    def remove_route(self, stream_name: str, /) -> object:
        """Stop publishing a stream's records."""

    def set_raw(self, stream_name: str, raw: bool, /) -> object:
        """Give the messages of a routed stream to the handler too."""

    def arrivals(self, stream_names: list[str], /) -> list[int]:
        """Return how many messages of each routed stream have come; 0 for those without a route."""

    @property
    def latency(self) -> Latency:
        """How long its records took."""

    @property
    def frames(self) -> int:
        """How many frames have come."""

    @property
    def drifts(self) -> Sequence[Any]:
        """What has come that the feed's tables do not know."""


#: From a handler, the key's name and the line's number.
FeedFactory = Callable[[FeedHandler, str, int], Any]


class SessionOwner(Protocol):
    """Whom a session tells; each call names the session, so that an old one cannot speak for the new."""

    def opened(self, session: "Session", /) -> None:
        """Begin: the handshake is done."""

    def control(self, payload: bytes, recv_ns: int, /) -> None:
        """Take an answer or an error of the server."""

    def message(self, stream: str | None, payload: bytes, recv_ns: int, /) -> None:
        """Take a payload of a stream that has no ring."""

    def rejected(self, reject: Reject, /) -> None:
        """Take note of a payload that does not decode."""

    def drifted(self, drifts: Sequence[Any], payload: bytes, recv_ns: int, /) -> None:
        """Take note of what is new to the feed in a payload."""

    def pinged(self) -> None:
        """Take note of a PING; the feed has answered it."""

    def held(self, stream: str, /) -> None:
        """Take note that a ring holds records back, because ids before them are missing."""

    def lost(self, session: "Session", close_code: int | None, reason: str, /) -> None:
        """End: the socket is gone."""


class Session:
    """The handler of one feed: forwards what it says for as long as the session lasts."""

    def __init__(self, owner: SessionOwner) -> None:
        self.feed: Feed | None = None
        self.transport: WSTransport | None = None
        self.opened_at = 0.0
        self.close_code: int | None = None
        self.reason = ""
        self._owner = owner
        self._socket: socket.socket | None = None
        self._over = False

    async def dial(
        self,
        url: str,
        options: ConnectionOptions,
        headers: Mapping[str, str] | None = None,
        *,
        is_secret: bool = False,
    ) -> None:
        """Connect; `SessionOwner.opened` is called before this returns.

        Parameters
        ----------
        url
            Where to, with its path.
        options
            How; see `ConnectionOptions`.
        headers
            Sent to this service only, besides those of the options.
        is_secret
            The URL is shown nowhere.
        """
        if self.feed is None:
            raise AssertionError("a session dials with its feed")
        listener = cast(WSListener, self.feed)
        timeout, proxy, source = options.handshake_timeout, options.proxy, options.source_address
        # asyncio waits a minute for a silent TLS peer, and takes the option only where there is TLS.
        tls_options: dict[str, Any] = {"ssl_handshake_timeout": timeout} if url.startswith("wss:") else {}
        logger = _picows_logger
        sent = {**dict(options.headers), **(headers or {})}
        if sent or is_secret:
            logger = _keyed_logger
            logger.setLevel(max(_picows_logger.getEffectiveLevel(), logging.DEBUG))

        if options.subprotocols:
            sent[SUBPROTOCOL_HEADER] = ", ".join(options.subprotocols)

        def accept(_: WSUpgradeRequest, response: WSUpgradeResponse) -> WSListener:
            chosen = response.headers.get(SUBPROTOCOL_HEADER)
            if chosen is not None and chosen not in options.subprotocols:
                raise WSError("it chose a subprotocol that it was not offered")  # RFC 6455, 4.1
            return listener

        async def plug(parsed: WSParsedURL) -> socket.socket:
            if proxy is None:
                self._socket = await open_socket(parsed.host, parsed.port, timeout, source)
            else:
                self._socket = await open_tunnel(proxy, parsed.host, parsed.port, timeout, source)
            return self._socket

        try:
            _, connected = await ws_connect(
                accept,
                url,
                ssl_context=options.ssl_context,
                disconnect_on_exception=False,
                websocket_handshake_timeout=timeout,
                logger_name=logger,
                enable_auto_pong=False,  # else a PING never reaches the feed, nor the end of its batch
                max_frame_size=_MAX_FRAME_BYTES,
                extra_headers=sent,
                max_redirects=0,  # Binance does not redirect; whoever does is somebody else
                read_buffer_init_size=options.read_buffer_bytes,
                socket_factory=plug,
                **tls_options,
            )
        except BaseException:
            self.hang_up()
            raise
        if connected is None:
            # What picows returns when the peer leaves without any answer.
            raise ConnectionResetError("closed without an answer")

    async def over(self) -> None:
        """Wait until the socket is gone, and be told what picows knows about it."""
        if self.transport is not None:
            try:
                await self.transport.wait_disconnected()
            except Exception as error:
                # We ended it ourselves: a frame broke the protocol.
                self.reason = self.reason or str(error)
        self.on_lost(self.close_code, self.reason)

    @property
    def is_gone(self) -> bool:
        """Whether the peer has ended the socket, asked of the system itself.

        uvloop may not tell: a reset that comes while data are unread is reported together with them, the
        data are read, and nothing is ever reported again.
        """
        if self._socket is None or self._socket.fileno() == -1:
            return False
        try:
            return not self._socket.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return True

    def say_goodbye(self) -> None:
        """Begin the close handshake; the feed disconnects when the peer has answered."""
        if self.transport is not None:
            self.transport.send_close(WSCloseCode.OK)

    def hang_up(self) -> None:
        """End the socket now, in whatever state it is; what waits for it returns or raises."""
        if self.transport is not None:
            self.transport.disconnect(graceful=False)
        elif self._socket is not None and self._socket.fileno() != -1:
            # Not close(): a transport owns the descriptor, and closes it when it sees the end.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Let go of feed and transport, which hold this: together they are 60 KB that only the collector of
        cycles would find, and that comes seldom where nothing else is left to it.
        """
        self.feed = self.transport = None

    # -- FeedHandler

    def on_open(self, transport: WSTransport, /) -> None:
        """See `FeedHandler`."""
        self.transport = transport
        self.opened_at = asyncio.get_running_loop().time()
        self._owner.opened(self)

    def on_control(self, payload: bytes, recv_ns: int, /) -> None:
        """See `FeedHandler`."""
        if not self._over:
            self._owner.control(payload, recv_ns)

    def on_message(self, stream: str | None, payload: bytes, recv_ns: int, /) -> None:
        """See `FeedHandler`."""
        if not self._over:
            self._owner.message(stream, payload, recv_ns)

    def on_reject(self, reject: Reject, /) -> None:
        """See `FeedHandler`."""
        if not self._over:
            self._owner.rejected(reject)

    def on_drift(self, drifts: Sequence[Any], payload: bytes, recv_ns: int, /) -> None:
        """See `FeedHandler`."""
        if not self._over:
            self._owner.drifted(drifts, payload, recv_ns)

    def on_ping(self) -> None:
        """See `FeedHandler`."""
        if not self._over:
            self._owner.pinged()

    def on_hold(self, stream: str, /) -> None:
        """See `FeedHandler`."""
        if not self._over:
            self._owner.held(stream)

    def on_lost(self, close_code: int | None, reason: str, /) -> None:
        """See `FeedHandler`."""
        if not self._over:
            self._over = True
            self.close_code, self.reason = close_code, reason or self.reason
            self._owner.lost(self, close_code, reason)
