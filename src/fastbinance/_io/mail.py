"""What becomes of a connection's messages that are no records: typed events, raw ones, rejects and drift."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from fastbinance._core.feed import Latency
from fastbinance._core.feed import Reject as MadeReject
from fastbinance._grammar import TypedEvent
from fastbinance._io.drifts import DriftLog, of_feed
from fastbinance._io.session import Reject
from fastbinance._io.stats import FeedCounters
from fastbinance._io.wishes import Wish
from fastbinance._typed import Unfit, read_event
from fastbinance.drift import DriftWhat
from fastbinance.errors import DecodeError
from fastbinance.events import EventKind
from fastbinance.keys import WsKey, market_of

__all__ = ["Mail", "Report"]

_REJECTS_KEPT: Final = 16
_REJECT_EVENT_SECONDS: Final = 1.0
_HEAD_BYTES: Final = 256
_SHUTDOWN_STREAM: Final = "!serverShutdown"


class Report(Protocol):
    """Makes an event of a connection; the keywords are the fields of `Event`."""

    def __call__(self, kind: EventKind, /, **fields: Any) -> None:
        """Publish the event."""


class Mail:
    """The messages of one connection, from one of its feeds to the next.

    Parameters
    ----------
    ws_key
        The service, after routing.
    report
        Takes the events.
    wishes
        Streams that are wanted, by name; looked at with each message.
    clock
        Seconds, never going back.
    """

    def __init__(
        self,
        ws_key: WsKey,
        report: Report,
        wishes: Mapping[str, Wish],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counters = FeedCounters()
        self.latency: Latency | None = None
        self.rejects: deque[Reject] = deque(maxlen=_REJECTS_KEPT)
        self.drifts = DriftLog()
        #: Messages without a ring, by stream.
        self.arrivals: dict[str, int] = {}
        self._ws_key = ws_key
        self._report = report
        self._wishes = wishes
        self._clock = clock
        self._reject_event_at = clock() - _REJECT_EVENT_SECONDS

    def retire(self, feed: Any) -> None:
        """Keep the counts of a feed that has ended."""
        self.adopt(feed)
        self.arrivals.clear()

    def adopt(self, feed: Any) -> None:
        """Keep the counts of a feed that has ended, of a connection that this one has replaced."""
        self.counters.add(feed)
        self.latency = self.with_latency(feed.latency)
        self.drifts.retire(feed.drifts)

    def inherit(self, other: "Mail") -> None:
        """Go on with the counts of a connection that this one has replaced."""
        self.counters.add(other.counters)
        if other.latency is not None:
            self.latency = self.with_latency(other.latency)
        self.drifts.inherit(other.drifts)
        for reject in reversed(other.rejects):
            if len(self.rejects) < _REJECTS_KEPT:
                self.rejects.appendleft(reject)

    def with_latency(self, latency: Latency) -> Latency:
        """Return a feed's latencies together with those of the feeds before it."""
        return latency if self.latency is None else self.latency.merge(latency)

    def message(self, stream: str | None, payload: bytes, recv_ns: int) -> bool:
        """Take a message of a stream; tell whether it was the server's notice that it stops."""
        wish = None if stream is None else self._wishes.get(stream)
        if stream is not None:
            self.arrivals[stream] = self.arrivals.get(stream, 0) + 1
        event: TypedEvent | None = None if wish is None else wish.stream.event
        if event is None and self._is_shutdown(stream, payload):
            event = "server_shutdown"
        told = event is not None and self._typed(event, stream, payload, recv_ns)
        if not told or (wish is not None and wish.raw):
            self._report("message", stream=stream, payload=payload, recv_ns=recv_ns)
        if wish is None and event is None:
            self._note(stream or "", "", "stream", "", "", payload, recv_ns)
        return told and event == "server_shutdown"

    def rejected(self, reject: Reject) -> None:
        """Take note of a payload that does not decode."""
        self.rejects.append(reject)
        # All are counted by the feed and the newest kept; one event a second is enough to be noticed,
        # and a peer that sends nothing else must not push everything else out of the queues.
        now = self._clock()
        if now - self._reject_event_at >= _REJECT_EVENT_SECONDS:
            self._reject_event_at = now
            error = DecodeError(str(self._ws_key), reject.code, reject.offset, reject.head)
            self._report("exception", error=error, stream=reject.stream or None, recv_ns=reject.recv_ns)

    def drifted(self, drifts: Sequence[Any], payload: bytes, recv_ns: int) -> None:
        """Take note of what is new to the feed in a payload."""
        for seen in map(of_feed, drifts):
            # A new feed begins a new count, but what it finds may have been told before.
            if self.drifts.is_new(seen):
                self._report("drift", stream=seen.stream, payload=payload, recv_ns=recv_ns, data=seen)

    def _is_shutdown(self, stream: str | None, payload: bytes) -> bool:
        """Whether it is spot's notice, which comes unasked; binary services send it without a wrapper."""
        if market_of(self._ws_key) != "spot":
            return False
        return stream == _SHUTDOWN_STREAM or (stream is None and b'"serverShutdown"' in payload)

    def _typed(self, event: TypedEvent, stream: str | None, payload: bytes, recv_ns: int) -> bool:
        """Report a message as a typed event; False when it does not fit, which is reported too."""
        try:
            data, unknown = read_event(event, payload)
        except Unfit as unfit:
            self.counters.rejected += 1
            self.rejected(MadeReject(unfit.code, 0, payload[:_HEAD_BYTES], stream or "", recv_ns))
            return False
        self._report(event, stream=stream, payload=payload, recv_ns=recv_ns, data=data)
        for what, path, sample in unknown:
            self._note(stream or "", event, what, path, sample, payload, recv_ns)
        return True

    def _note(
        self, stream: str, kind: str, what: DriftWhat, path: str, sample: str, payload: bytes, recv_ns: int
    ) -> None:
        new = self.drifts.note(stream, kind, what, path, sample, recv_ns)
        if new is not None:
            self._report("drift", stream=stream or None, payload=payload, recv_ns=recv_ns, data=new)
