"""One set of streams and its connections: wishes and rings here, a `Shard` and sockets there."""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

from fastbinance._io.connection import Connection, takes_streams_in_url
from fastbinance._io.hearing import Hearing
from fastbinance._io.mail import Mail
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.session import Feed, FeedFactory
from fastbinance._io.sockets import Failure
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.wishes import RingLike, Wish
from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.line import Line
from fastbinance._protocol.shard import Reason, Shard
from fastbinance._protocol.subscriptions import Answer
from fastbinance.errors import ConnectionLost, SubscriptionRejected, TransportError
from fastbinance.events import Event, EventKind
from fastbinance.keys import WsKey, format_of, limits

__all__ = ["Emit", "Group"]

logger = logging.getLogger("fastbinance")

Emit = Callable[[Event], object]

_numbers = itertools.count()


class Group:
    """The streams that are carried together, and the connections that carry them.

    Made, called and destroyed on the thread of one running event loop. `want`, `drop` and `replace` return at
    once; connecting, subscribing and retrying happen behind them, until `close`.

    Parameters
    ----------
    ws_key
        The service, after routing: its limits hold for each connection.
    urls
        Where each line connects; as many lines as URLs.
    feed_factory
        Makes the picows listener of each attempt from a handler, the key's name and the line's number.
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
        urls: tuple[str, ...],
        *,
        feed_factory: FeedFactory,
        emit: Emit,
        budget: ConnectBudget,
        options: ConnectionOptions | None = None,
        rng: Random | None = None,
    ) -> None:
        self.ws_key = ws_key
        self.urls: Final = urls
        self.wishes: dict[str, Wish] = {}
        #: Its own among the groups of this process.
        self.number: Final = next(_numbers)
        #: Kept although it carries nothing.
        self.kept = False
        self._options = ConnectionOptions() if options is None else options
        self._feed_factory = feed_factory
        self._emit = emit
        self._budget = budget
        self._rng = Random() if rng is None else rng
        self._loop = asyncio.get_running_loop()
        self.idle_since = self._loop.time()
        self._connections: dict[Line, Connection] = {}
        self._hearing = Hearing(ws_key, self.wishes, self._arrivals, self._report)
        self._ending: set[Connection] = set()
        self._trouble: TransportError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._release: asyncio.TimerHandle | None = None
        self._opened = False
        self._closed = False
        self.shard: Final = Shard(self, len(urls), self.idle_since)

    # -- called by the pool

    def start(self) -> None:
        """Begin to connect, and to come back after every loss."""
        if not self._closed:
            self.shard.start(self._loop.time())
            self._arm()

    def want(self, wish: Wish) -> None:
        """Carry a stream as soon as possible, and again on each new connection.

        Raises
        ------
        ConfigurationError
            The name is too long for a control message.
        """
        trouble = self._trouble
        self.shard.want(wish.name, self._loop.time())
        self.wishes[wish.name] = wish
        for connection in self._connections.values():
            if connection.feed is not None:
                _route(connection.feed, wish)
        carriers = self.shard.carriers(wish.name)
        if carriers:
            wish.confirm(self._loop.time(), self)
        elif trouble is not None:
            wish.unconfirm(trouble, self)
        self._arm()

    def attach(self, wish: Wish, ring: RingLike) -> None:
        """Feed a ring with a stream that had none."""
        wish.attach(ring, self._loop.time())
        wish.carried(self, len(self.shard.carriers(wish.name)))
        for connection in self._connections.values():
            if connection.feed is not None:
                _route(connection.feed, wish)

    def set_raw(self, wish: Wish, raw: bool) -> None:
        """Report the messages of a stream as events too, or no more."""
        wish.raw = raw
        for connection in self._connections.values():
            if wish.ring is not None and connection.feed is not None:
                connection.feed.set_raw(wish.name, raw)

    def drop(self, wish: Wish) -> None:
        """Unsubscribe. Nothing is published from now on, also while Binance still sends it."""
        if self.wishes.get(wish.name) is wish:
            self._forget(wish)
            self.shard.drop(wish.name, self._loop.time())
            self._arm()
        wish.drop()

    @property
    def is_up(self) -> bool:
        """Whether a connection of it is open."""
        return any(line.state is State.LIVE for line in self.shard.lines)

    def is_leaving_name(self, name: str) -> bool:
        """Tell whether a stream is still being given up here."""
        return any(line.subscriptions.is_leaving(name) for line in self.shard.lines)

    def release(self, wish: Wish) -> None:
        """Give up a stream that another group carries now."""
        if self.wishes.get(wish.name) is wish:
            self._forget(wish)
            self.shard.drop(wish.name, self._loop.time())
            wish.carried(self, 0)
            wish.unconfirm(None, self)
            self._arm()

    def delivered(self, name: str) -> int | None:
        """How many messages of a stream have come on its present connections; None while none confirms it."""
        carriers = self.shard.carriers(name)
        if not carriers:
            return None
        return sum(self._connections[line].arrivals((name,))[0] for line in carriers)

    def rate_of(self, name: str) -> float | None:
        """Messages a second of a stream, as learned; None where that is not known."""
        return self._hearing.rate_of(self.shard, name)

    @property
    def is_settled(self) -> bool:
        """Whether everything is confirmed, and no connection is being replaced."""
        return not self.shard.replacing and all(
            line.state is State.LIVE and line.subscriptions.settled for line in self.shard.current
        )

    def replace(self, reason: Reason = "request") -> int:
        """Replace every connection by a new one, the new one first; return how many that concerns."""
        replaced = self.shard.replace_all(reason, self._loop.time())
        self._arm()
        return replaced

    def sample(self, now: float) -> None:
        """Look at every ring and every connection."""
        for connection in tuple(self._connections.values()):
            connection.check()
        self._hearing.listen(self.shard, now)
        for wish in self.wishes.values():
            gaps = wish.sample(now, self._options.quiet_after)
            if gaps:
                self._report("gap", stream=wish.name, streams=(wish.name,), reason=gaps[-1].cause)
        replacing = self.shard.replacing
        if replacing:
            names = self.shard.wanted
            counts = {
                line: dict(zip(names, self._connections[line].arrivals(names), strict=True))
                for line in replacing
            }
            self.shard.arrived(counts, now)
        self._tick()

    def stats(self) -> tuple[ConnectionStats, ...]:
        """Return what is known now, of each line's present connection."""
        wanted = self.wishes.keys()
        return tuple(
            self._connections[line].stats(
                len(wanted), len(line.subscriptions.confirmed & wanted), self.shard.rollovers_of(line)
            )
            for line in self.shard.current
        )

    def begin_close(self) -> None:
        """Say goodbye on all connections, and dial no more; `close` waits for their end."""
        if not self._closed:
            self._closed = True
            self._stop_timers()
            self.shard.close()
            for wish in self.wishes.values():
                wish.unconfirm(None, self)

    async def close(self) -> None:
        """End all connections: close handshake, `close_timeout` seconds for the peers, then without it."""
        self.begin_close()
        ending = {*self._connections.values(), *self._ending}
        opened, self._opened = self._opened, False
        try:
            await asyncio.gather(*(connection.ended.wait() for connection in ending))
        except asyncio.CancelledError:
            for connection in ending:  # who cannot wait gets no close handshake, but no socket either
                connection.hang_up()
            raise
        if opened:
            self._report("close")

    # -- ConnectionOwner

    def prepare(self, feed: Feed, /) -> None:
        """See `ConnectionOwner`."""
        for wish in self.wishes.values():
            _route(feed, wish)

    def opened(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        line = connection.line
        if line in self.shard.current:
            self._trouble = None
            self._opened = True
            self._report("reconnected" if connection.opens else "open", line=line.number)
        self.shard.opened(line, self._loop.time())
        self._arm()

    def failed(self, connection: Connection, failure: Failure, /) -> None:
        """See `ConnectionOwner`."""
        line = connection.line
        if line.state is not State.CONNECTING:
            return
        if failure.retry_after > 0.0:
            self._budget.banned(urlsplit(connection.url).hostname or "", failure.retry_after)
        trouble = failure.as_error(str(self.ws_key), line.attempts)
        self._report("exception", error=trouble, attempt=line.attempts, line=line.number)
        logger.warning("%s", trouble)
        self._in_trouble(connection, trouble)
        self.shard.failed(line, trouble, self._loop.time(), failure.retry_after)
        self._report("reconnecting", error=trouble, attempt=line.attempts + 1, line=line.number)
        self._arm()

    def lost(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        line = connection.line
        trouble = ConnectionLost(str(self.ws_key), None, "")
        if line.state is State.LIVE:
            self._in_trouble(connection, trouble)
        self._hearing.lost(line)
        self.shard.lost(line, trouble, self._loop.time())
        self._arm()

    def explained(self, connection: Connection, close_code: int | None, reason: str, /) -> None:
        """See `ConnectionOwner`."""
        line = connection.line
        if line.state in (State.RETIRING, State.CLOSED):
            return
        trouble = ConnectionLost(str(self.ws_key), close_code, reason)
        logger.warning("%s", trouble)
        self._in_trouble(connection, trouble)
        self.shard.troubled(trouble, self._loop.time())
        self._report("reconnecting", error=trouble, attempt=1, line=line.number)

    def abandoned(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        if not self._closed:
            self.begin_close()
            self._opened = False
            self._report("close")

    def control(self, connection: Connection, payload: bytes, recv_ns: int, /) -> None:
        """See `ConnectionOwner`."""
        line = connection.line

        def told(answer: Answer) -> None:
            self._hearing.confirmed(line, answer, self._loop.time())
            streams = answer.confirmed + answer.dropped
            self._report("response", payload=payload, recv_ns=recv_ns, streams=streams, line=line.number)
            if answer.code is not None and not answer.rejected:
                logger.warning("%s answered with code %s: %s", self.ws_key, answer.code, answer.reason)

        self.shard.control(line, payload, self._loop.time(), told)
        self._arm()

    def pinged(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        self.shard.pinged(connection.line, self._loop.time())

    def finished(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        self._ending.discard(connection)

    def held(self, stream: str, /) -> None:
        """See `ConnectionOwner`."""
        if self._release is None:
            self._release = self._loop.call_later(self._options.hold_seconds, self._release_held)

    def shutting_down(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        self.shard.shutting_down(connection.line, self._loop.time())
        self._arm()

    def is_leaving(self, connection: Connection, stream: str, /) -> bool:
        """See `ConnectionOwner`."""
        return connection.line.subscriptions.is_leaving(stream)

    # -- ShardDriver

    def make_line(self, slot: int, number: int, now: float, /) -> Line:
        """See `ShardDriver`."""
        url = self.urls[slot]
        host = urlsplit(url).hostname or ""
        line = Line(
            number,
            self,
            messages_per_second=limits(self.ws_key).messages_per_second,
            budget=lambda now: self._take(host),
            backoff=Backoff(base=self._options.backoff_base, cap=self._options.backoff_cap, rng=self._rng),
            now=now,
            stable_after=self._options.stable_after,
            answer_timeout=self._options.answer_timeout,
            ping_every=self._options.ping_interval,
            url_streams=takes_streams_in_url(url) and format_of(self.ws_key) == "json",
        )
        self._hearing.begin(line, now)
        self._connections[line] = Connection(
            line,
            self.ws_key,
            url,
            owner=self,
            mail=Mail(self.ws_key, self._report, self.wishes, self._loop.time),
            feed_factory=self._feed_factory,
            options=self._options,
        )
        return line

    def roll_at(self, line: Line, now: float, /) -> float:
        """See `ShardDriver`."""
        wall = time.time()
        opened = wall - (now - line.opened_at)
        return now + (self._options.rollover.at(opened, self._rng) - wall)

    def dial(self, line: Line, in_url: tuple[str, ...], /) -> None:
        """See `LineDriver`."""
        self._connections[line].dial(in_url)

    def send(self, line: Line, frame: bytes, /) -> None:
        """See `LineDriver`."""
        self._connections[line].send(frame)

    def ping(self, line: Line, /) -> bool:
        """See `LineDriver`."""
        return self._connections[line].ping()

    def say_goodbye(self, line: Line, /) -> None:
        """See `LineDriver`."""
        self._connections[line].say_goodbye()

    def hang_up(self, line: Line, /) -> None:
        """See `LineDriver`."""
        self._connections[line].hang_up()

    def carried(self, name: str, lines: int, /) -> None:
        """See `ShardDriver`."""
        wish = self.wishes.get(name)
        if wish is not None:
            wish.carried(self, lines)

    def confirmed(self, names: tuple[str, ...], now: float, /) -> None:
        """See `ShardDriver`."""
        for name in names:
            wish = self.wishes.get(name)
            if wish is not None:
                wish.confirm(now, self)

    def down(self, names: tuple[str, ...], trouble: Any, now: float, /) -> None:
        """See `ShardDriver`."""
        for name in names:
            wish = self.wishes.get(name)
            if wish is not None:
                wish.unconfirm(trouble, self)

    def rejected(self, line: Line, answer: Answer, /) -> None:
        """See `ShardDriver`."""
        error = SubscriptionRejected(answer.rejected, answer.code, answer.reason or "")
        for name in answer.rejected:
            wish = self.wishes.get(name)
            if wish is not None:
                self._forget(wish)
                wish.fail(error)
        self._report("exception", error=error, streams=answer.rejected, line=line.number)

    def resubscribed(self, line: Line, /) -> None:
        """See `ShardDriver`."""
        self._report("resubscribed", streams=tuple(self.wishes), line=line.number)

    def replaced(self, old: Line, new: Line, reason: Reason, /) -> None:
        """See `ShardDriver`."""
        self._connections[new].inherit(self._connections[old])
        self._hearing.inherit(old, new, self._loop.time())
        logger.info("%s: a connection has been replaced: %s", self.ws_key, reason)
        self._report("rollover", streams=tuple(self.wishes), reason=reason, line=new.number)

    def ended(self, line: Line, /) -> None:
        """See `ShardDriver`."""
        self._hearing.end(line)
        connection = self._connections.pop(line, None)
        if connection is not None and not connection.ended.is_set():
            self._ending.add(connection)

    # -- inside

    def _arrivals(self, line: Line, names: Sequence[str]) -> list[int]:
        return self._connections[line].arrivals(names)

    def _take(self, host: str) -> float:
        seconds = self._budget.take(host)
        if seconds > 0.0:
            logger.info(
                "%s: attempt put off by %.1f s: banned, or the limit of connects", self.ws_key, seconds
            )
        return seconds

    def _in_trouble(self, connection: Connection, trouble: TransportError) -> None:
        connection.trouble = trouble
        others = (line for line in self.shard.lines if line is not connection.line)
        if not any(line.state is State.LIVE for line in others):
            self._trouble = trouble

    def _arm(self) -> None:
        at = None if self._closed else self.shard.next_at
        if at is None:
            return
        if self._timer is not None:
            if self._timer_at <= at:
                return
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._tick()

    def _tick(self) -> None:
        if not self._closed:
            self.shard.tick(self._loop.time())
            self._arm()

    def _release_held(self) -> None:
        self._release = None
        now_ns = time.time_ns()
        due = [wish.ring.release_held(now_ns) for wish in self.wishes.values() if wish.ring is not None]
        waiting = [ns for ns in due if ns > 0]
        if waiting and not self._closed:
            self._release = self._loop.call_later(max(min(waiting) / 1e9, 0.001), self._release_held)

    def _stop_timers(self) -> None:
        for timer in (self._timer, self._release):
            if timer is not None:
                timer.cancel()
        self._timer = self._release = None

    def _forget(self, wish: Wish) -> None:
        del self.wishes[wish.name]
        for connection in self._connections.values():
            if wish.ring is not None and connection.feed is not None:
                connection.feed.remove_route(wish.name)
        if not self.wishes:
            self.idle_since = self._loop.time()

    def _report(self, kind: EventKind, /, **fields: Any) -> None:
        fields.setdefault("recv_ns", time.time_ns())
        self._emit(Event(kind=kind, ws_key=str(self.ws_key), **fields))


def _route(feed: Feed, wish: Wish) -> None:
    """Tell a feed where a stream's records go, where it has any."""
    if wish.ring is not None:
        feed.add_route(wish.name, wish.ring)
        if wish.raw:
            feed.set_raw(wish.name, True)
