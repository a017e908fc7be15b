"""One WebSocket connection: dial, subscribe, report, and come back after every loss until it is closed."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

from fastbinance._core.feed import Reject as MadeReject
from fastbinance._grammar import TypedEvent
from fastbinance._io.drifts import DriftLog, of_feed
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.session import API_KEY_HEADER, FeedFactory, Reject, Session
from fastbinance._io.sockets import Failure, explain
from fastbinance._io.stats import ConnectionStats, FeedCounters
from fastbinance._io.subscriber import Subscriber
from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.lifecycle import State, move
from fastbinance._typed import Unfit, read_event
from fastbinance.drift import DriftWhat
from fastbinance.errors import ConnectFailed, ConnectionLost, DecodeError, TransportError
from fastbinance.events import Event, EventKind
from fastbinance.keys import WsKey, format_of, market_of

__all__ = ["Connection", "Emit"]

logger = logging.getLogger("fastbinance")

Emit = Callable[[Event], object]

_REJECTS_KEPT: Final = 16
_REJECT_EVENT_SECONDS: Final = 1.0
_HEAD_BYTES: Final = 256
_SHUTDOWN_STREAM: Final = "!serverShutdown"


class Connection:
    """The owner of one connection at a time to one URL. Only `close` ends it.

    Made, called and destroyed on the thread of one running event loop. What it carries is asked of its
    `subscriber`.

    Parameters
    ----------
    ws_key
        The service, after routing: its limits hold for this connection.
    url
        Where to connect.
    feed_factory
        Makes the picows listener of each attempt from a handler and the key's name.
    emit
        Takes every event.
    budget
        Of connection attempts.
    options
        See `ConnectionOptions`.
    rng
        Source of the jitter.
    """

    def __init__(
        self,
        ws_key: WsKey,
        url: str,
        *,
        feed_factory: FeedFactory,
        emit: Emit,
        budget: ConnectBudget,
        options: ConnectionOptions | None = None,
        rng: Random | None = None,
    ) -> None:
        self.ws_key = ws_key
        self.url = url
        self.state = State.IDLE
        self.trouble: TransportError | None = None
        self.subscriber = Subscriber(ws_key, self._report)
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._where = parts.netloc
        self._feed_factory = feed_factory
        self._emit = emit
        self._budget = budget
        self._options = ConnectionOptions() if options is None else options
        self._backoff = Backoff(base=self._options.backoff_base, cap=self._options.backoff_cap, rng=rng)
        self._loop = asyncio.get_running_loop()
        self._counters = FeedCounters()
        self._rejects: deque[Reject] = deque(maxlen=_REJECTS_KEPT)
        self._drifts = DriftLog()
        self._reject_event_at = -_REJECT_EVENT_SECONDS
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._attempts = 0
        self._opens = 0
        self._closing = False

    # -- called by the pool

    def start(self) -> None:
        """Begin to connect, and to come back after every loss."""
        if self._task is None and not self._closing:
            self._task = self._loop.create_task(self._run(), name=f"fastbinance {self.ws_key}")

    def stats(self) -> ConnectionStats:
        """Return what is known now."""
        counters = FeedCounters()
        counters.add(self._counters)
        feed = self._session.feed if self._session is not None else None
        if feed is not None:
            counters.add(feed)
        wishes = self.subscriber.wishes.keys()
        return ConnectionStats(
            ws_key=self.ws_key,
            url=self.url,
            state=self.state,
            wanted=len(wishes),
            confirmed=len(self.subscriber.subscriptions.confirmed & wishes),
            reconnects=max(0, self._opens - 1),
            attempts=self._attempts,
            trouble=self.trouble,
            counters=counters,
            rejects=tuple(self._rejects),
            drifts=self._drifts.with_feed(() if feed is None else feed.drifts),
        )

    async def close(self) -> None:
        """End the connection: close handshake, `close_timeout` seconds for the peer, then without it."""
        task, session = self._task, self._session
        first, self._closing = not self._closing, True
        if task is not None and first:
            if session is not None and session.transport is not None:
                session.say_goodbye()
            elif session is not None and session.dialing:
                session.hang_up()
            else:
                task.cancel()
            late = self._loop.call_later(self._options.close_timeout, self._give_up, task)
            try:
                await asyncio.wait((task,))
            except asyncio.CancelledError:
                task.cancel()  # who cannot wait gets no close handshake, but no socket either
                raise
            finally:
                late.cancel()
        elif task is not None:
            await asyncio.wait((task,))
        if self.state is not State.CLOSED:  # never started, or cancelled before its first step
            self._move(State.CLOSED)

    # -- the life of the connection

    async def _run(self) -> None:
        try:
            while not self._closing:
                await self._attempt()
        except asyncio.CancelledError:
            if not self._closing:
                raise
        finally:
            # Also when the loop's owner cancels everything: no socket outlives its task.
            self._closing = True
            if self._session is not None:
                self._session.hang_up()
                self._retire(self._session)
            self._move(State.CLOSED)
            self.subscriber.down(None)
            self._report("close")

    async def _attempt(self) -> None:
        while (seconds := self._budget.take(self._host)) > 0.0:
            logger.info("%s: attempt put off by %.1f s: Binance's limit of connects", self.ws_key, seconds)
            await asyncio.sleep(seconds)
        self._move(State.CONNECTING)
        self._attempts += 1
        self._session = session = Session(self)
        failure: Failure | None = None
        try:
            session.feed = self._feed_factory(session, str(self.ws_key))
            self.subscriber.use(session.feed)
            await session.dial(
                self.url,
                ssl_context=self._options.ssl_context,
                proxy=self._options.proxy,
                timeout=self._options.handshake_timeout,
                read_buffer_bytes=self._options.read_buffer_bytes,
                headers=self._headers(),
            )
        except Exception as error:
            failure = explain(error, self._where, self._options.handshake_timeout)
        else:
            await session.over()
        self._retire(session)
        if self._closing:
            return
        if self.state is not State.BACKOFF:
            self._move(State.BACKOFF)
        if failure is None:
            self.trouble = ConnectionLost(str(self.ws_key), session.close_code, session.reason)
        else:
            self.trouble = ConnectFailed(str(self.ws_key), self._attempts, failure.cause)
            self._report("exception", error=self.trouble, attempt=self._attempts)
        logger.warning("%s", self.trouble)
        self.subscriber.down(self.trouble)
        self._report("reconnecting", error=self.trouble, attempt=self._attempts + 1)
        await asyncio.sleep(max(self._backoff.next(), failure.retry_after if failure else 0.0))

    def _retire(self, session: Session) -> None:
        self._session = None
        self.subscriber.ended()
        self.subscriber.use(None)
        if session.feed is not None:
            self._counters.add(session.feed)
            self._drifts.retire(session.feed.drifts)

    def _headers(self) -> dict[str, str] | None:
        # To nobody who does not need it.
        key = self._options.api_key
        return {API_KEY_HEADER: key} if key is not None and format_of(self.ws_key) == "sbe" else None

    def _give_up(self, task: asyncio.Task[None]) -> None:
        # The peer did not finish the close handshake, or the attempt does not notice that its socket is dead.
        if self._session is not None and self._session.transport is not None:
            self._session.hang_up()
        else:
            task.cancel()

    # -- SessionOwner: what the feed of the present session reports

    def opened(self, session: Session, /) -> None:
        """See `SessionOwner`."""
        if self._closing or session.transport is None:
            session.hang_up()
            return
        self._move(State.LIVE)
        self._opens += 1
        self._attempts = 0
        self.trouble = None
        self._report("open" if self._opens == 1 else "reconnected")
        self.subscriber.opened(session.transport, again=self._opens > 1)

    def control(self, payload: bytes, recv_ns: int, /) -> None:
        """See `SessionOwner`."""
        self.subscriber.control(payload, recv_ns)

    def message(self, stream: str | None, payload: bytes, recv_ns: int, /) -> None:
        """See `SessionOwner`."""
        # What still comes of a stream that was just given up is nobody's.
        if stream is not None and self.subscriber.subscriptions.is_leaving(stream):
            return
        wish = None if stream is None else self.subscriber.wishes.get(stream)
        event: TypedEvent | None = None if wish is None else wish.stream.event
        if event is None and self._is_shutdown(stream, payload):
            event = "server_shutdown"
        told = event is not None and self._typed(event, stream, payload, recv_ns)
        if not told or (wish is not None and wish.raw):
            self._report("message", stream=stream, payload=payload, recv_ns=recv_ns)
        if wish is None and event is None:
            self._note(stream or "", "", "stream", "", "", payload, recv_ns)

    def rejected(self, reject: Reject, /) -> None:
        """See `SessionOwner`."""
        self._rejects.append(reject)
        # All are counted by the feed and the newest kept; one event a second is enough to be noticed,
        # and a peer that sends nothing else must not push everything else out of the queues.
        now = self._loop.time()
        if now - self._reject_event_at >= _REJECT_EVENT_SECONDS:
            self._reject_event_at = now
            error = DecodeError(str(self.ws_key), reject.code, reject.offset, reject.head)
            self._report("exception", error=error, stream=reject.stream or None, recv_ns=reject.recv_ns)

    def drifted(self, drifts: Sequence[Any], payload: bytes, recv_ns: int, /) -> None:
        """See `SessionOwner`."""
        for seen in map(of_feed, drifts):
            # A new feed begins a new count, but what it finds may have been told before.
            if self._drifts.is_new(seen):
                self._report("drift", stream=seen.stream, payload=payload, recv_ns=recv_ns, data=seen)

    def pinged(self) -> None:
        """See `SessionOwner`."""
        self.subscriber.pinged()

    def lost(self, session: Session, close_code: int | None, reason: str, /) -> None:
        """See `SessionOwner`."""
        if session is not self._session or self.state is not State.LIVE:
            return
        self.subscriber.ended()
        if self._closing:
            return
        # At once, and not when the task comes to it: rings must not look live on a dead connection.
        self._move(State.BACKOFF)
        if self._loop.time() - session.opened_at >= self._options.stable_after:
            self._backoff.reset()
        self.trouble = ConnectionLost(str(self.ws_key), close_code, reason)
        self.subscriber.down(self.trouble)

    # -- inside

    def _is_shutdown(self, stream: str | None, payload: bytes) -> bool:
        """Whether it is spot's notice, which comes unasked; binary services send it without a wrapper."""
        if market_of(self.ws_key) != "spot":
            return False
        return stream == _SHUTDOWN_STREAM or (stream is None and b'"serverShutdown"' in payload)

    def _typed(self, event: TypedEvent, stream: str | None, payload: bytes, recv_ns: int) -> bool:
        """Report a message as a typed event; False when it does not fit, which is reported too."""
        try:
            data, unknown = read_event(event, payload)
        except Unfit as unfit:
            self._counters.rejected += 1
            self.rejected(MadeReject(unfit.code, 0, payload[:_HEAD_BYTES], stream or "", recv_ns))
            return False
        self._report(event, stream=stream, payload=payload, recv_ns=recv_ns, data=data)
        for what, path, sample in unknown:
            self._note(stream or "", event, what, path, sample, payload, recv_ns)
        return True

    def _note(
        self, stream: str, kind: str, what: DriftWhat, path: str, sample: str, payload: bytes, recv_ns: int
    ) -> None:
        new = self._drifts.note(stream, kind, what, path, sample, recv_ns)
        if new is not None:
            self._report("drift", stream=stream or None, payload=payload, recv_ns=recv_ns, data=new)

    def _move(self, to: State) -> None:
        self.state = move(self.state, to)

    def _report(self, kind: EventKind, /, **fields: Any) -> None:
        fields.setdefault("recv_ns", time.time_ns())
        self._emit(Event(kind=kind, ws_key=str(self.ws_key), **fields))
