"""One set of streams and its connections: wishes and rings here, a `Shard` and sockets there."""

import asyncio
import itertools
import logging
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

from fastbinance._io.connection import Connection
from fastbinance._io.hearing import Hearing
from fastbinance._io.holding import Holding
from fastbinance._io.lines import Lines
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.session import Feed, FeedFactory
from fastbinance._io.sockets import Failure
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.telling import Emit, Telling
from fastbinance._io.wishes import RingLike, Wish
from fastbinance._protocol.ledger import Gap
from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.line import Line
from fastbinance._protocol.shard import Reason, Shard
from fastbinance._protocol.subscriptions import Answer
from fastbinance.errors import ConnectionLost, SubscriptionRejected, TransportError
from fastbinance.keys import WsKey

__all__ = ["Emit", "Group"]

logger = logging.getLogger("fastbinance")

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
        self._telling = Telling(ws_key, emit)
        self._budget = budget
        self._rng = Random() if rng is None else rng
        self._loop = asyncio.get_running_loop()
        self.idle_since = self._loop.time()
        self._lines = Lines(
            ws_key,
            self,
            self._telling,
            self.wishes,
            feed_factory=feed_factory,
            budget=budget,
            options=self._options,
            rng=self._rng,
        )
        self._hearing = Hearing(ws_key, self.wishes, self._lines.arrivals, self._telling.report)
        self._holding = Holding(self.wishes, self._options.hold_seconds)
        self._trouble: TransportError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
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
        wish.wanted_by(self)
        self._lines.route(wish)
        carriers = self.shard.carriers(wish.name)
        if carriers:
            wish.confirm(self._loop.time(), self)
            for line in carriers:
                self._hearing.taken_back(line, wish, self._loop.time())
        elif trouble is not None:
            wish.unconfirm(trouble, self)
        self._arm()

    def attach(self, wish: Wish, ring: RingLike) -> None:
        """Feed a ring with a stream that had none."""
        self._tell_missing(wish, wish.attach(ring, self._loop.time()))
        wish.carried(self, len(self.shard.carriers(wish.name)))
        self._lines.route(wish)

    def set_raw(self, wish: Wish, raw: bool) -> None:
        """Report the messages of a stream as events too, or no more."""
        wish.raw = raw
        self._lines.set_raw(wish)

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
            wish.left(self)
            self._arm()

    def delivered(self, name: str) -> int | None:
        """How many messages of a stream have come on its present connections; None while none confirms it."""
        carriers = self.shard.carriers(name)
        if not carriers:
            return None
        return sum(self._lines.arrivals(line, (name,))[0] for line in carriers)

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
        for connection in self._lines:
            connection.check()
        self._hearing.listen(self.shard, now)
        for wish in self.wishes.values():
            self._tell_missing(wish, wish.sample(now, self._options.quiet_after))
        replacing = self.shard.replacing
        if replacing:
            names = self.shard.wanted
            counts = {
                line: dict(zip(names, self._lines.arrivals(line, names), strict=True)) for line in replacing
            }
            self.shard.arrived(counts, now)
        self._tick()

    def stats(self) -> tuple[ConnectionStats, ...]:
        """Return what is known now, of each line's present connection."""
        wanted = self.wishes.keys()
        return tuple(
            self._lines[line].stats(
                len(wanted), len(line.subscriptions.confirmed & wanted), self.shard.rollovers_of(line)
            )
            for line in self.shard.current
        )

    def begin_close(self) -> None:
        """Say goodbye on all connections, and dial no more; `close` waits for their end."""
        if not self._closed:
            self._closed = True
            self._holding.close()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self.shard.close()
            for wish in self.wishes.values():
                wish.unconfirm(None, self)

    async def close(self) -> None:
        """End all connections: close handshake, `close_timeout` seconds for the peers, then without it."""
        self.begin_close()
        ending = self._lines.with_ending()
        opened, self._opened = self._opened, False
        try:
            await asyncio.gather(*(connection.ended.wait() for connection in ending))
        except asyncio.CancelledError:
            for connection in ending:  # who cannot wait gets no close handshake, but no socket either
                connection.hang_up()
            raise
        if opened:
            self._telling.report("close")

    # -- ConnectionOwner

    def prepare(self, feed: Feed, /) -> None:
        """See `ConnectionOwner`."""
        self._lines.route_all(feed)

    def opened(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        line = connection.line
        if line in self.shard.current:
            self._trouble = None
            self._opened = True
            self._telling.opened(line, again=connection.opens > 0)
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
        self._in_trouble(connection, trouble)
        self._telling.failed(line, trouble, self.shard.replaces(line))
        self.shard.failed(line, trouble, self._loop.time(), failure.retry_after)
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
        heir = self._telling.heir(line)
        if self._closed or (heir is None and line.state in (State.RETIRING, State.CLOSED)):
            return
        trouble = ConnectionLost(str(self.ws_key), close_code, reason)
        down = connection if heir is None else self._lines[heir]
        if down.line.state is not State.LIVE:
            self._in_trouble(down, trouble)
            self.shard.troubled(trouble, self._loop.time())
        self._telling.lost(line, trouble, self.shard.replaces(line))

    def abandoned(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        if not self._closed:
            self.begin_close()
            self._opened = False
            self._telling.report("close")

    def control(self, connection: Connection, payload: bytes, recv_ns: int, /) -> None:
        """See `ConnectionOwner`."""
        line = connection.line

        def told(answer: Answer) -> None:
            self._hearing.confirmed(line, answer, self._loop.time())
            self._telling.answered(line, answer, payload, recv_ns)

        self.shard.control(line, payload, self._loop.time(), told)
        self._arm()

    def pinged(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        self.shard.pinged(connection.line, self._loop.time())

    def finished(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        self._lines.finished(connection)
        self._telling.ended(connection.line)

    def held(self, stream: str, /) -> None:
        """See `ConnectionOwner`."""
        self._holding.held(stream)

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
        line = self._lines.make(number, self.urls[slot], now)
        self._hearing.begin(line, now)
        return line

    def roll_at(self, line: Line, now: float, /) -> float:
        """See `ShardDriver`."""
        return self._lines.roll_at(line, now)

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
        error, carried = _rejection(answer), False
        for name in answer.rejected:
            wish = self.wishes.get(name)
            if wish is not None:
                self._forget(wish)
                if wish.is_wanted_beside(self):
                    # It is on its way, and stays with the group that has it, or will when that is back.
                    wish.left(self)
                    carried = True
                else:
                    wish.fail(error)
        (self._telling.refused if carried else self._telling.rejected)(line, error)

    def refused(self, line: Line, answer: Answer, /) -> None:
        """See `ShardDriver`."""
        self._telling.refused(line, _rejection(answer))

    def resubscribed(self, line: Line, /) -> None:
        """See `ShardDriver`."""
        streams = tuple(name for name in self.wishes if line.subscriptions.is_confirmed(name))
        self._telling.report("resubscribed", streams=streams, line=line.number)

    def replaced(self, old: Line, new: Line, reason: Reason, /) -> None:
        """See `ShardDriver`."""
        self._lines[new].inherit(self._lines[old])
        self._hearing.inherit(old, new, self._loop.time())
        self._telling.replaced(old, new, reason, tuple(self.wishes))

    def ended(self, line: Line, /) -> None:
        """See `ShardDriver`."""
        self._hearing.end(line)
        self._lines.end(line)

    # -- inside

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

    def _tell_missing(self, wish: Wish, gaps: tuple[Gap, ...]) -> None:
        if gaps:
            self._telling.report("gap", stream=wish.name, streams=(wish.name,), reason=gaps[-1].cause)

    def _forget(self, wish: Wish) -> None:
        del self.wishes[wish.name]
        self._hearing.forget(wish.name)
        self._lines.unroute(wish)
        if not self.wishes:
            self.idle_since = self._loop.time()


def _rejection(answer: Answer) -> SubscriptionRejected:
    return SubscriptionRejected(answer.rejected, answer.code, answer.reason or "")
