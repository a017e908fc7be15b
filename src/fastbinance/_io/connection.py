"""The socket of one line: each attempt a task, its news told to the owner, and an end in bounded time."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final, Protocol
from urllib.parse import quote, urlsplit

from picows import WSMsgType

from fastbinance._core.feed import Latency
from fastbinance._core.histogram import Histogram
from fastbinance._io.mail import Mail
from fastbinance._io.options import ConnectionOptions
from fastbinance._io.session import API_KEY_HEADER, Feed, FeedFactory, Reject, Session
from fastbinance._io.sockets import Failure, explain, without
from fastbinance._io.stats import ConnectionStats, FeedCounters
from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.line import Line
from fastbinance._protocol.subscriptions import URL_SAFE
from fastbinance.errors import TransportError
from fastbinance.keys import WsKey, format_of

__all__ = ["Connection", "ConnectionOwner", "UrlSecret", "takes_streams_in_url"]

_NO_LATENCY = Latency(Histogram(), Histogram())

logger = logging.getLogger("fastbinance")


class UrlSecret:
    """What comes behind a URL and is shown nowhere: a listen key. Each one is another, whatever its text.

    Parameters
    ----------
    tail
        Comes behind the URL.
    words
        What of it must not be seen, in each spelling that a peer may echo.
    """

    __slots__ = ("tail", "words")

    def __init__(self, tail: str, *words: str) -> None:
        self.tail: Final = tail
        self.words: Final = tuple(word for word in dict.fromkeys(words) if word)


class ConnectionOwner(Protocol):
    """Who decides what a connection does."""

    def prepare(self, feed: Feed, /) -> None:
        """Route every ring's stream on the feed of a new attempt."""

    def opened(self, connection: "Connection", /) -> None:
        """Take note that the handshake is done."""

    def failed(self, connection: "Connection", failure: Failure, /) -> None:
        """Take note that an attempt has failed."""

    def lost(self, connection: "Connection", /) -> None:
        """Take note, at once, that the socket of an open connection is gone."""

    def explained(self, connection: "Connection", close_code: int | None, reason: str, /) -> None:
        """Take note, a moment later, why it is gone."""

    def control(self, connection: "Connection", payload: bytes, recv_ns: int, /) -> None:
        """Take an answer or an error of the server."""

    def pinged(self, connection: "Connection", /) -> None:
        """Take note of a PING; the feed has answered it."""

    def abandoned(self, connection: "Connection", /) -> None:
        """Take note that somebody else has cancelled the connection's task: the loop is ending."""

    def finished(self, connection: "Connection", /) -> None:
        """Take note that nothing is left of an attempt, or of the connection that it became."""

    def held(self, stream: str, /) -> None:
        """Take note that a ring holds records back, because ids before them are missing."""

    def shutting_down(self, connection: "Connection", /) -> None:
        """Take note that the server says that it stops."""

    def is_leaving(self, connection: "Connection", stream: str, /) -> bool:
        """Tell whether a stream was just given up, and what still comes of it is nobody's."""


class Connection:
    """The socket of a line, from one attempt to the next.

    Made and called on the thread of one running event loop, except where a method says otherwise.

    Parameters
    ----------
    line
        The machine that decides; the owner drives it.
    ws_key
        The service, after routing.
    url
        Where to connect.
    owner
        See `ConnectionOwner`.
    mail
        Takes what is no record.
    feed_factory
        Makes the picows listener of each attempt from a handler, the key's name and the line's number.
    options
        See `ConnectionOptions`.
    """

    def __init__(
        self,
        line: Line,
        ws_key: WsKey,
        url: str,
        *,
        owner: ConnectionOwner,
        mail: Mail,
        feed_factory: FeedFactory,
        options: ConnectionOptions,
    ) -> None:
        self.line = line
        self.ws_key = ws_key
        self.url = url
        #: Comes behind the URL in attempts that begin from now on.
        self.secret: UrlSecret | None = None
        #: Came behind it in the newest attempt.
        self.dialled: UrlSecret | None = None
        self.mail = mail
        self.trouble: TransportError | None = None
        self.ended = asyncio.Event()
        self._where = urlsplit(url).netloc
        self._owner = owner
        self._feed_factory = feed_factory
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._late: asyncio.TimerHandle | None = None
        self._earlier_opens = 0
        # Who has replaced this one, and which one this has replaced, as long as that counts on.
        self._heir: Connection | None = None
        self._replaced: Connection | None = None
        self._cancelled = False  # by us
        self._frames_at_ping = -1
        self._next_in_url: tuple[str, ...] | None = None
        self.ended.set()

    @property
    def feed(self) -> Feed | None:
        """The feed of the present attempt or connection."""
        return None if self._session is None else self._session.feed

    @property
    def opens(self) -> int:
        """Times that it was up, those of the connections that it has replaced included."""
        return self._earlier_opens + self.line.opens

    # -- called by the owner

    def dial(self, in_url: tuple[str, ...]) -> None:
        """Begin an attempt."""
        if self._task is not None:
            # The socket is gone, and its task has yet to say why.
            self._next_in_url = in_url
        else:
            self._begin(in_url)

    def send(self, frame: bytes) -> None:
        """Send a control message."""
        if self._session is not None and self._session.transport is not None:
            self._session.transport.send(WSMsgType.TEXT, frame)

    def ping(self) -> bool:
        """Send a PING; tell whether any frame has come since the one before."""
        session = self._session
        if session is None or session.transport is None or session.feed is None:
            return True
        heard = session.feed.frames != self._frames_at_ping
        self._frames_at_ping = session.feed.frames
        session.transport.send_ping(b"")
        return heard

    def say_goodbye(self) -> None:
        """Begin the close handshake; the peer has `close_timeout` seconds for it."""
        session = self._session
        if session is None or session.transport is None:
            self.hang_up()
            return
        session.say_goodbye()
        if self._late is None:
            self._late = self._loop.call_later(self._options.close_timeout, self.hang_up)

    def hang_up(self) -> None:
        """End the attempt or the connection now, whatever the peer does."""
        session = self._session
        if session is not None and session.transport is not None:
            session.hang_up()
        else:
            # A cancelled attempt gives its socket back at once and in silence, whatever it was at. Where the
            # socket is cut off below TLS instead, the transport logs an error.
            self._cancel()

    def check(self) -> None:
        """End a connection whose socket is gone and whose loop has not said so; wants to be called often."""
        session = self._session
        if session is None or session.transport is None:
            return
        # Not only where nothing has come since the last look: data may have come right before the end.
        if session.is_gone:
            session.hang_up()

    def stats(self, wanted: int, confirmed: int, rollovers: int) -> ConnectionStats:
        """Return what is known now."""
        counters, latency = FeedCounters(), self.mail.latency or _NO_LATENCY
        counters.add(self.mail.counters)
        feeds = self._feeds()
        for feed in feeds:
            counters.add(feed)
            latency = latency.merge(feed.latency)
        return ConnectionStats(
            ws_key=self.ws_key,
            url=self.url,
            line=self.line.number,
            state=self.line.state,
            wanted=wanted,
            confirmed=confirmed,
            reconnects=max(0, self.opens - 1 - rollovers),
            rollovers=rollovers,
            attempts=self.line.attempts,
            trouble=self.trouble,
            counters=counters,
            latency=latency,
            rejects=tuple(self.mail.rejects),
            drifts=self.mail.drifts.with_feed(drift for feed in feeds for drift in feed.drifts),
        )

    def inherit(self, other: "Connection") -> None:
        """Go on with the counts of a connection that this one has replaced; it may count on for a while."""
        self.mail.inherit(other.mail)
        self._earlier_opens += other.opens
        if other._feeds():
            other._heir, self._replaced = self, other

    def arrivals(self, names: Sequence[str]) -> list[int]:
        """Return how many messages of each stream have come since this connection opened."""
        feed = self.feed
        if feed is None:
            return [0] * len(names)
        counts = feed.arrivals(list(names))
        others = self.mail.arrivals
        if others:
            counts = [count + others.get(name, 0) for name, count in zip(names, counts, strict=True)]
        return counts

    def _feeds(self) -> list[Feed]:
        """Return the present feed, and those of the connections that it has replaced, while they last."""
        feeds, connection = [], self
        while True:
            if connection.feed is not None:
                feeds.append(connection.feed)
            if connection._replaced is None:
                return feeds
            connection = connection._replaced

    def _take_over(self, feed: Feed, replaced: "Connection") -> None:
        """Keep the counts of the last feed of a connection that this one has replaced."""
        if self._replaced is replaced:
            self._replaced = replaced._replaced
        if self._heir is None:
            self.mail.adopt(feed)
        else:
            self._heir._take_over(feed, replaced)

    def _cancel(self) -> None:
        if self._task is not None:
            self._cancelled = True
            self._task.cancel()

    # -- an attempt, and the connection it becomes

    def _begin(self, in_url: tuple[str, ...]) -> None:
        self.ended.clear()
        self._cancelled, self._next_in_url = False, None
        # Not before: the secret may be another one by now.
        self.dialled = self.secret
        url = self.url if self.dialled is None else self.url + self.dialled.tail
        if in_url:
            names = "/".join(quote(name, safe=URL_SAFE) for name in in_url)
            url += f"{'&' if '?' in url else '?'}streams={names}"
        self._task = self._loop.create_task(self._attempt(url), name=f"fastbinance {self.ws_key}")
        self._task.add_done_callback(self._finished)

    async def _attempt(self, url: str) -> None:
        self._session = session = Session(self)
        failure: Failure | None = None
        try:
            session.feed = self._feed_factory(session, str(self.ws_key), self.line.number)
            self._owner.prepare(session.feed)
            await session.dial(url, self._options, self._headers(), is_secret=self.dialled is not None)
        except Exception as error:
            failure = explain(error, self._where, self._options.handshake_timeout, self._secrets)
        else:
            await session.over()
        self._retire()
        if failure is not None:
            self._owner.failed(self, failure)
        else:
            self._owner.explained(self, session.close_code, without(session.reason, self._secrets))

    def _finished(self, task: asyncio.Task[None]) -> None:
        # Also when the loop's owner cancels everything: no socket outlives its task.
        if self._session is not None:
            self._session.hang_up()
            self._retire()
        if self._late is not None:
            self._late.cancel()
            self._late = None
        self._task = None
        self.ended.set()
        self._owner.finished(self)
        if task.cancelled():
            if not self._cancelled:
                self._owner.abandoned(self)
            elif self.line.state is State.CONNECTING:
                self._owner.failed(self, Failure("the attempt was cancelled"))
            else:
                self._owner.lost(self)
        elif task.exception() is not None:
            logger.error("%s: a connection's task failed", self.ws_key, exc_info=task.exception())
        if self._next_in_url is not None and self.line.state is State.CONNECTING:
            self._begin(self._next_in_url)

    def _retire(self) -> None:
        session, self._session = self._session, None
        if session is not None and session.feed is not None:
            self.mail.retire(session.feed)
            if self._heir is not None:
                self._heir._take_over(session.feed, self)
        if session is not None:
            session.release()

    @property
    def _secrets(self) -> tuple[str, ...]:
        """What the present attempt has sent, and nobody may see."""
        return (*self._options.secrets, *(() if self.dialled is None else self.dialled.words))

    def _headers(self) -> dict[str, str] | None:
        # To nobody who does not need it.
        key = self._options.api_key
        return {API_KEY_HEADER: key} if key is not None and format_of(self.ws_key) == "sbe" else None

    # -- SessionOwner: what the feed of the present session reports

    def opened(self, session: Session, /) -> None:
        """See `SessionOwner`."""
        if self.line.state is not State.CONNECTING or session is not self._session:
            session.hang_up()
            return
        self.trouble = None
        self._owner.opened(self)

    def control(self, payload: bytes, recv_ns: int, /) -> None:
        """See `SessionOwner`."""
        self._owner.control(self, payload, recv_ns)

    def message(self, stream: str | None, payload: bytes, recv_ns: int, /) -> None:
        """See `SessionOwner`."""
        if stream is not None and self._owner.is_leaving(self, stream):
            return
        if self.mail.message(stream, payload, recv_ns):
            self._owner.shutting_down(self)

    def rejected(self, reject: Reject, /) -> None:
        """See `SessionOwner`."""
        self.mail.rejected(reject)

    def drifted(self, drifts: Sequence[Any], payload: bytes, recv_ns: int, /) -> None:
        """See `SessionOwner`."""
        self.mail.drifted(drifts, payload, recv_ns)

    def pinged(self) -> None:
        """See `SessionOwner`."""
        self._owner.pinged(self)

    def held(self, stream: str, /) -> None:
        """See `SessionOwner`."""
        self._owner.held(stream)

    def lost(self, session: Session, close_code: int | None, reason: str, /) -> None:
        """See `SessionOwner`."""
        # At once, and not when the task comes to it: rings must not look live on a dead connection.
        if session is self._session and session.transport is not None:
            self._owner.lost(self)


def takes_streams_in_url(url: str) -> bool:
    """Tell whether streams can be named in a URL of this path."""
    return urlsplit(url).path.endswith("/stream")
