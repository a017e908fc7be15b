"""What one connection carries: wishes, the control frames that fulfil them, and the answers to these."""

import asyncio
import logging
from typing import Any, Protocol

from picows import WSMsgType, WSTransport

from fastbinance._io.session import Feed
from fastbinance._io.wishes import RingLike, Wish
from fastbinance._protocol.limits import TokenBucket, control_bucket
from fastbinance._protocol.subscriptions import Subscriptions
from fastbinance.errors import SubscriptionRejected, TransportError
from fastbinance.events import EventKind
from fastbinance.keys import WsKey, limits

__all__ = ["Report", "Subscriber"]

logger = logging.getLogger("fastbinance")


class Report(Protocol):
    """Makes an event of this connection; the keywords are the fields of `Event`."""

    def __call__(self, kind: EventKind, /, **fields: Any) -> None:
        """Publish the event."""


class Subscriber:
    """The wishes of one connection, from one of its sessions to the next.

    Parameters
    ----------
    ws_key
        The service, after routing; its limit of messages per second holds for each session.
    report
        Takes the events ``response``, ``exception`` and ``resubscribed``.
    """

    def __init__(self, ws_key: WsKey, report: Report) -> None:
        self.subscriptions = Subscriptions()
        self.wishes: dict[str, Wish] = {}
        self._ws_key = ws_key
        self._report = report
        self._loop = asyncio.get_running_loop()
        self.idle_since = self._loop.time()
        self._messages_per_second = limits(ws_key).messages_per_second
        self._bucket: TokenBucket = control_bucket(self._messages_per_second, self.idle_since)
        self._feed: Feed | None = None
        self._transport: WSTransport | None = None
        self._trouble: TransportError | None = None
        self._resubscribing = False
        self._flush_handle: asyncio.Handle | None = None

    # -- wishes

    def want(self, wish: Wish) -> None:
        """Subscribe as soon as possible, and again in each session.

        Raises
        ------
        ConfigurationError
            The name is too long for a control message.
        """
        self.subscriptions.want((wish.name,))
        self.wishes[wish.name] = wish
        if self._feed is not None:
            _route(self._feed, wish)
        if self._trouble is not None:
            wish.unconfirm(self._trouble)
        elif self.subscriptions.is_confirmed(wish.name):
            # Given up and wanted again before the UNSUBSCRIBE went out: no answer will come.
            wish.confirm(self._loop.time())
        self._flush_soon()

    def attach(self, wish: Wish, ring: RingLike) -> None:
        """Feed a ring with a stream that had none."""
        wish.attach(ring, self._loop.time())
        if self._feed is not None:
            _route(self._feed, wish)

    def set_raw(self, wish: Wish, raw: bool) -> None:
        """Report the messages of a stream as events too, or no more."""
        wish.raw = raw
        if wish.ring is not None and self._feed is not None:
            self._feed.set_raw(wish.name, raw)

    def drop(self, wish: Wish) -> None:
        """Unsubscribe. Nothing is published from now on, also while Binance still sends it."""
        if self.wishes.get(wish.name) is wish:
            self._forget(wish)
            self.subscriptions.drop((wish.name,))
            self._flush_soon()
        wish.drop()

    def sample(self, now: float, quiet_after: float) -> None:
        """Look at every ring: LIVE or QUIET."""
        for wish in self.wishes.values():
            wish.sample(now, quiet_after)

    # -- sessions

    def use(self, feed: Feed | None) -> None:
        """Route every ring's stream on the feed of a new session; None: the session is over."""
        self._feed = feed
        if feed is not None:
            for wish in self.wishes.values():
                _route(feed, wish)

    def opened(self, transport: WSTransport, *, again: bool) -> None:
        """Subscribe to everything on a new connection; `again` when there was one before."""
        self._transport = transport
        self._bucket = control_bucket(self._messages_per_second, self._loop.time())
        self._resubscribing = again and bool(self.wishes)
        self.subscriptions.connected()
        self.down(None)
        self._flush()

    def ended(self) -> None:
        """Send nothing more in this session, and confirm nothing any more."""
        self._transport = None
        self._stop_flushing()
        self.subscriptions.lost()

    def down(self, trouble: TransportError | None) -> None:
        """Tell every wish that it is not confirmed, and why."""
        self._trouble = trouble
        for wish in tuple(self.wishes.values()):
            wish.unconfirm(trouble)

    def control(self, payload: bytes, recv_ns: int) -> None:
        """Take in an answer or an error of the server."""
        answer = self.subscriptions.answer(payload)
        self._report("response", payload=payload, recv_ns=recv_ns, streams=answer.confirmed + answer.dropped)
        now = self._loop.time()
        for name in answer.confirmed:
            wish = self.wishes.get(name)
            if wish is not None:
                wish.confirm(now)
        if answer.rejected:
            error = SubscriptionRejected(answer.rejected, answer.code, answer.reason or "")
            self.subscriptions.drop(answer.rejected)
            for name in answer.rejected:
                wish = self.wishes.get(name)
                if wish is not None:
                    self._forget(wish)
                    wish.fail(error)
            self._report("exception", error=error, streams=answer.rejected, recv_ns=recv_ns)
        elif answer.code is not None:
            logger.warning("%s answered with code %s: %s", self._ws_key, answer.code, answer.reason)
        if self._resubscribing and self.subscriptions.settled:
            self._resubscribing = False
            self._report("resubscribed", streams=tuple(self.wishes))
        self._flush_soon()

    def pinged(self) -> None:
        """Count the PONG that the feed has sent."""
        # It is never delayed; what it cost is missing for the next control frame.
        self._bucket.spend(self._loop.time())

    # -- inside

    def _flush_soon(self) -> None:
        # Wishes of one turn of the loop go out in one message. A handle that waits for the budget stays.
        if self._flush_handle is None and self._transport is not None:
            self._flush_handle = self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._stop_flushing()
        while self._transport is not None and self.subscriptions.due:
            now = self._loop.time()
            if not self._bucket.take(now):
                self._flush_handle = self._loop.call_at(self._bucket.next_at(now), self._flush)
                return
            frame = self.subscriptions.next_frame()
            if frame is not None:
                self._transport.send(WSMsgType.TEXT, frame)

    def _stop_flushing(self) -> None:
        if self._flush_handle is not None:
            self._flush_handle.cancel()
            self._flush_handle = None

    def _forget(self, wish: Wish) -> None:
        del self.wishes[wish.name]
        if wish.ring is not None and self._feed is not None:
            self._feed.remove_route(wish.name)
        if not self.wishes:
            self.idle_since = self._loop.time()


def _route(feed: Feed, wish: Wish) -> None:
    """Tell a feed where a stream's records go, where it has any."""
    if wish.ring is not None:
        feed.add_route(wish.name, wish.ring)
        if wish.raw:
            feed.set_raw(wish.name, True)
