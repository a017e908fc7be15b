"""One WebSocket API service: a desk, and the connections that its requests go out on."""

import asyncio
import functools
import itertools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

from fastbinance._io.api_mail import ApiMail
from fastbinance._io.connection import Connection
from fastbinance._io.lines import Lines
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.session import Feed, FeedFactory
from fastbinance._io.sockets import Failure
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.telling import Emit, Telling
from fastbinance._protocol.desk import Desk
from fastbinance._protocol.envelope import request_ids
from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.line import Line
from fastbinance._protocol.method import Method, Product
from fastbinance._protocol.request_limits import LimitWarning, RequestLimits
from fastbinance._protocol.requests import Request, Settle
from fastbinance._protocol.server_clock import ServerClock
from fastbinance._protocol.signing import Signer
from fastbinance._protocol.slot import Reason, Slot
from fastbinance.errors import ConnectionLost
from fastbinance.events import EventKind
from fastbinance.keys import WsKey
from fastbinance.request_errors import RequestError

__all__ = ["ApiService"]

logger = logging.getLogger("fastbinance")

#: Of this process: no two of its requests have the same.
_ids: Final = request_ids()
# Numbers of lines: one in use, one that replaces it, and those that wait for their last answers.
_MOST_LINES: Final = 8
# While the desk asks about orders it is woken this soon after any answer: what is next may be sooner now.
_ASK_SOON: Final = 0.1


def _wall_ms() -> float:
    return time.time_ns() / 1e6


class ApiService:
    """The requests of one pair of credentials to one service.

    Made, called and destroyed on the thread of one running event loop. `submit` returns at once; connecting,
    logging on and retrying happen behind it, from the first request until `close`.

    Parameters
    ----------
    ws_key, product
        The service, after routing, and whose methods it has.
    url
        Where it is.
    credentials
        API key and signer; None where there are none.
    clock, limits, lookup
        See `Desk`.
    feed_factory, emit, budget, options, rng
        See `Group`.
    recv_window, timeout
        See `Desk`.
    hears
        Tells whether anybody wants the events of a kind.
    """

    def __init__(
        self,
        ws_key: WsKey,
        product: Product,
        url: str,
        *,
        credentials: Signer | None,
        clock: ServerClock,
        limits: RequestLimits,
        lookup: Mapping[tuple[Product, str], Method],
        feed_factory: FeedFactory,
        emit: Emit,
        budget: ConnectBudget,
        options: ConnectionOptions,
        recv_window: int | str | None = None,
        timeout: float = 10.0,
        hears: Callable[[EventKind], bool] = lambda kind: True,
        rng: Random | None = None,
    ) -> None:
        self.ws_key: Final = ws_key
        self.url: Final = url
        self.desk: Final = Desk(
            str(ws_key),
            self,
            product=product,
            credentials=credentials,
            clock=clock,
            limits=limits,
            lookup=lookup,
            ids=_ids,
            wall_ms=_wall_ms,
            recv_window=recv_window,
            timeout=timeout,
        )
        self._budget = budget
        self._options = options
        self._hears = hears
        self._rng = Random() if rng is None else rng
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._telling = Telling(ws_key, emit)
        self._connections = Lines(
            ws_key,
            self,
            self._telling,
            {},
            feed_factory=feed_factory,
            budget=budget,
            options=options,
            rng=self._rng,
            make_mail=self._make_mail,
        )
        # Links by line and lines by link, while they are open.
        self._links: dict[Line, int] = {}
        self._lines: dict[int, Line] = {}
        self._slot: Slot | None = None  # from the first request on
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._opened = False
        self._closed = False

    # -- called by who owns it

    def start(self) -> None:
        """Begin to connect, and to come back after every loss."""
        if self._slot is None and not self._closed:
            self._slot = Slot(self._make_line())
            self._slot.current.start(self._loop.time())
            self._arm()

    def submit(
        self,
        method: Method,
        params: Mapping[str, Any],
        settle: Settle,
        timeout: float | None = None,
        resolve: bool = True,
    ) -> Request:
        """Send a request as soon as possible; see `Desk.submit`."""
        now = self._loop.time()
        request = self.desk.submit(method, params, settle, now, timeout, resolve)
        if self._slot is None:
            self.start()
        if self._timer is None or request.deadline < self._timer_at:
            self._arm()
        return request

    def replace(self, reason: Reason = "request") -> int:
        """Replace the connection by a new one, the new one first; return how many that concerns."""
        slot, now = self._slot, self._loop.time()
        if slot is None or slot.current.state is not State.LIVE or slot.successor is not None:
            return 0
        if len(self._connections.all) >= _MOST_LINES:
            return 0  # those that were replaced still wait for answers; in ten seconds there is room
        successor = self._make_line()
        slot.begin(successor, reason, (), now)
        successor.start(now)
        self._arm()
        return 1

    @property
    def is_up(self) -> bool:
        """Whether a connection of it is open."""
        return any(line.state is State.LIVE for line in self._connections.all)

    def sample(self) -> None:
        """Look at every connection, and at what answers have said of limits."""
        self.desk.learn(self._loop.time())
        for connection in self._connections:
            connection.check()

    def stats(self) -> tuple[ConnectionStats, ...]:
        """Return what is known now, of the present connection."""
        if self._slot is None:
            return ()
        stats = self._connections[self._slot.current].stats(0, 0, self._slot.rollovers)
        # The feed does not know which answers could be used.
        stats.counters.rejected = self.desk.malformed + self.desk.unmatched
        return (stats,)

    def begin_close(self) -> None:
        """Say goodbye on all connections, and settle what has no answer yet; `close` waits for their end."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.desk.close()
        for line in self._connections.all:
            line.close()

    async def close(self) -> None:
        """End all connections: close handshake, `close_timeout` seconds for the peers, then without it."""
        self.begin_close()
        ending = self._connections.with_ending()
        opened, self._opened = self._opened, False
        try:
            await asyncio.gather(*(connection.ended.wait() for connection in ending))
        except asyncio.CancelledError:
            for connection in ending:
                connection.hang_up()
            raise
        if opened:
            self._telling.report("close")

    # -- ConnectionOwner

    def prepare(self, feed: Feed, /) -> None:
        """See `ConnectionOwner`; no stream has a ring here."""

    def opened(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        line, now, slot = connection.line, self._loop.time(), self._slot
        current = slot is not None and line is slot.current
        if current:
            self._opened = True
            self._telling.opened(line, again=connection.opens > 0)
        line.opened(now)
        if slot is not None:
            slot.shutting.discard(line.number)
            if current:
                slot.roll_at = self._connections.roll_at(line, now)
        self.desk.trouble = None
        self._links[line] = number = next(self._numbers)
        self._lines[number] = line
        self.desk.opened(number, now)
        self._arm()

    def failed(self, connection: Connection, failure: Failure, /) -> None:
        """See `ConnectionOwner`."""
        line = connection.line
        if line.state is not State.CONNECTING:
            return
        if failure.retry_after > 0.0:
            self._budget.banned(urlsplit(connection.url).hostname or "", failure.retry_after)
        trouble = failure.as_error(str(self.ws_key), line.attempts)
        connection.trouble = self.desk.trouble = trouble
        self._telling.failed(line, trouble, self._replacing(line))
        line.failed(self._loop.time(), failure.retry_after)
        self._arm()

    def lost(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        line, now, slot = connection.line, self._loop.time(), self._slot
        connection.trouble = ConnectionLost(str(self.ws_key), None, "")
        number = self._links.pop(line, None)
        line.lost(now)
        if slot is None or line not in (slot.current, slot.successor):
            line.close()  # it has been replaced: nobody wants it back
        elif line is slot.current and slot.successor is not None:
            # What was to replace it is on its way already.
            self._promote(slot, now)
            line.close()
        if number is not None:
            del self._lines[number]
            self.desk.lost(number, now)
        self._arm()

    def explained(self, connection: Connection, close_code: int | None, reason: str, /) -> None:
        """See `ConnectionOwner`."""
        line = connection.line
        heir = self._telling.heir(line) or line
        if self._closed or heir.state in (State.RETIRING, State.CLOSED):
            return
        trouble = ConnectionLost(str(self.ws_key), close_code, reason)
        if heir.state is not State.LIVE:
            self._connections[heir].trouble = trouble
        self._telling.lost(line, trouble, self._replacing(line))

    def abandoned(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        if not self._closed:
            self.begin_close()
            self._opened = False
            self._telling.report("close")

    def control(self, connection: Connection, payload: bytes, recv_ns: int, /) -> None:
        """See `ConnectionOwner`."""
        self._take_in(connection.line, payload)
        if self._hears("response"):
            self._telling.report("response", payload=payload, recv_ns=recv_ns, line=connection.line.number)

    def pinged(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        now = self._loop.time()
        connection.line.pinged(now)
        number = self._links.get(connection.line)
        if number is not None:
            self.desk.heard(number, now)

    def finished(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        if connection.line.state is State.CLOSED and not self._is_current(connection.line):
            self._connections.end(connection.line)
            self._telling.ended(connection.line)
        self._connections.finished(connection)

    def held(self, stream: str, /) -> None:
        """See `ConnectionOwner`; nothing is held where there are no rings."""

    def shutting_down(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        slot = self._slot
        if slot is not None and connection.line in (slot.current, slot.successor):
            # The replacement begins when it may: not too soon after the one before, and when there is room.
            slot.shutting.add(connection.line.number)
            self._arm()

    def is_leaving(self, connection: Connection, stream: str, /) -> bool:
        """See `ConnectionOwner`."""
        return False

    # -- DeskDriver

    def transmit(self, number: int, frame: bytes, /) -> None:
        """See `DeskDriver`."""
        line = self._lines.get(number)
        if line is not None:
            self._connections[line].send(frame)

    def give_up(self, number: int, reason: str, /) -> None:
        """See `DeskDriver`."""
        line = self._lines.get(number)
        if line is not None:
            logger.warning("%s: connection given up: %s", self.ws_key, reason)
            self._connections[line].hang_up()

    def ready(self, number: int, /) -> None:
        """See `DeskDriver`."""
        line, slot = self._lines.get(number), self._slot
        if line is not None and slot is not None and line is slot.successor:
            self._promote(slot, self._loop.time())

    def retire(self, number: int, /) -> None:
        """See `DeskDriver`."""
        line = self._lines.get(number)
        if line is not None and not self._is_current(line):
            line.retire()

    def authenticated(self, number: int, /) -> None:
        """See `DeskDriver`."""
        line = self._lines.get(number)
        self._telling.report("authenticated", line=0 if line is None else line.number)

    def strange(self, error: RequestError, payload: bytes, /) -> None:
        """See `DeskDriver`."""
        self._telling.report("exception", error=error, payload=payload)

    def warned(self, warning: LimitWarning, /) -> None:
        """See `DeskDriver`."""
        logger.warning("%s: %s", self.ws_key, warning)
        self._telling.report("limit", reason=str(warning))

    # -- inside

    def _replacing(self, line: Line) -> Reason | None:
        """Why a line is to take another one's place; None for the one that has it."""
        return self._slot.reason if self._slot is not None and line is self._slot.successor else None

    def _is_current(self, line: Line) -> bool:
        return self._slot is not None and line is self._slot.current

    def _promote(self, slot: Slot, now: float) -> None:
        """Have the successor in the place of the present line, be it open yet or not."""
        old, new = slot.promote(now)
        if new.state is State.LIVE:
            slot.roll_at = self._connections.roll_at(new, now)
        self._connections[new].inherit(self._connections[old])
        self._telling.replaced(old, new, slot.reason, ())
        # When the old one has to go is known in a moment.
        self._loop.call_soon(self._arm)

    def _make_line(self) -> Line:
        used = {line.number for line in self._connections.all}
        number = next(number for number in range(_MOST_LINES) if number not in used)
        return self._connections.make(number, self.url, self._loop.time())

    def _make_mail(self, line: Line) -> ApiMail:
        report = self._telling.of_line(line.number)
        return ApiMail(self.ws_key, report, self._loop.time, functools.partial(self._take_in, line))

    def _take_in(self, line: Line, payload: bytes) -> None:
        """Give the desk an answer of a line, or what there is of one."""
        number = self._links.get(line)
        if number is None:
            return
        now = self._loop.time()
        self.desk.received(number, payload, now)
        if self.desk.is_asking and self._timer_at > now + _ASK_SOON:
            self._arm_at(now + _ASK_SOON)

    def _next_at(self) -> float | None:
        times: Sequence[float | None] = (
            self.desk.next_at,
            None if self._slot is None else self._slot.due_at,
            *(line.next_at for line in self._connections.all),
        )
        return min((at for at in times if at is not None), default=None)

    def _arm(self) -> None:
        at = None if self._closed else self._next_at()
        if at is not None and (self._timer is None or self._timer_at > at):
            self._arm_at(at)

    def _arm_at(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._wake)

    def _wake(self) -> None:
        self._timer = None
        if self._closed:
            return
        now = self._loop.time()
        for line in self._connections.all:
            line.tick(now)
        reason = None if self._slot is None else self._slot.due(now)
        if self._slot is not None and reason is not None and not self.replace(reason):
            self._slot.put_off(now)
        self.desk.tick(now)
        self._arm()
