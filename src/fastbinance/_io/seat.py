"""The connection of a service without rings, and the one that is to take its place."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from random import Random
from typing import Final
from urllib.parse import urlsplit

from fastbinance._io.connection import Connection
from fastbinance._io.lines import Lines
from fastbinance._io.mail import Mail
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.session import Feed, FeedFactory
from fastbinance._io.sockets import Failure
from fastbinance._io.telling import Emit, Telling
from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.line import Line
from fastbinance._protocol.shard import Reason
from fastbinance._protocol.slot import Slot
from fastbinance.errors import ConnectionLost, TransportError
from fastbinance.keys import WsKey

__all__ = ["Seat"]

logger = logging.getLogger("fastbinance")

# Numbers of lines: one in use, one that replaces it, and those that wait for their last answers.
_MOST_LINES: Final = 8


class Seat(ABC):
    """One connection that comes back after every loss, and is replaced by a new one that is up first.

    Made, called and destroyed on the thread of one running event loop. A subclass says where it goes, when a
    new connection is good enough to take the place, and what else is due.

    Parameters
    ----------
    ws_key
        The service, after routing.
    url
        Where it is.
    feed_factory, emit, budget, options, rng
        See `Group`.
    make_mail
        Makes what takes the messages of a line; `Mail` by default.
    """

    def __init__(
        self,
        ws_key: WsKey,
        url: str,
        *,
        feed_factory: FeedFactory,
        emit: Emit,
        budget: ConnectBudget,
        options: ConnectionOptions,
        rng: Random | None = None,
        make_mail: Callable[[Line], Mail] | None = None,
    ) -> None:
        self.ws_key: Final = ws_key
        #: Where the next connection goes.
        self.url = url
        #: Why there is no connection; None where there is one, or none was tried. May be read on any thread.
        self.trouble: TransportError | None = None
        self._budget = budget
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._telling = Telling(ws_key, emit)
        self._connections = Lines(
            ws_key,
            self,
            self._telling,
            {},
            feed_factory=feed_factory,
            budget=budget,
            options=options,
            rng=Random() if rng is None else rng,
            make_mail=make_mail,
        )
        self._slot: Slot | None = None  # from the start on
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

    def replace(self, reason: Reason = "request") -> int:
        """Replace the connection by a new one, the new one first; return how many that concerns."""
        slot, now = self._slot, self._loop.time()
        if slot is None or slot.current.state is not State.LIVE or slot.successor is not None:
            return 0
        if len(self._connections.all) >= _MOST_LINES:
            return 0  # those that were replaced are still waited for; in ten seconds there is room
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
        """Look at every connection."""
        for connection in self._connections:
            connection.check()

    def begin_close(self) -> None:
        """Say goodbye on all connections; `close` waits for their end."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._settle()
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

    # -- what a subclass adds

    @abstractmethod
    def _came_up(self, line: Line, now: float) -> None:
        """Take note that a connection is open."""

    @abstractmethod
    def _went(self, line: Line, now: float) -> None:
        """Take note that a connection that was open is gone."""

    @abstractmethod
    def _troubled(self, error: TransportError) -> None:
        """Take note of why there is no connection."""

    @abstractmethod
    def _settle(self) -> None:
        """End what still waits for something: nothing comes any more."""

    @abstractmethod
    def _tick(self, now: float) -> None:
        """Do what is due."""

    @abstractmethod
    def _due_at(self) -> float | None:
        """When `_tick` has something to do; None: not before something happens."""

    # -- ConnectionOwner

    def prepare(self, feed: Feed, /) -> None:  # noqa: B027
        """See `ConnectionOwner`; no stream has a ring here."""

    def opened(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        line, now, slot = connection.line, self._loop.time(), self._slot
        current = slot is not None and line is slot.current
        if current:
            self._opened = True
            self._telling.opened(line, again=connection.opens > 0)
        self.trouble = None
        line.opened(now)
        if slot is not None:
            slot.shutting.discard(line.number)
            if current:
                slot.roll_at = self._connections.roll_at(line, now)
        self._came_up(line, now)
        self._arm()

    def failed(self, connection: Connection, failure: Failure, /) -> None:
        """See `ConnectionOwner`."""
        line = connection.line
        if line.state is not State.CONNECTING:
            return
        if failure.retry_after > 0.0:
            self._budget.banned(urlsplit(connection.url).hostname or "", failure.retry_after)
        trouble = failure.as_error(str(self.ws_key), line.attempts)
        connection.trouble = trouble
        if self._is_current(line):
            self.trouble = trouble
        self._troubled(trouble)
        self._telling.failed(line, trouble, self._replacing(line))
        line.failed(self._loop.time(), failure.retry_after)
        self._arm()

    def lost(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        line, now, slot = connection.line, self._loop.time(), self._slot
        connection.trouble = ConnectionLost(str(self.ws_key), None, "")
        line.lost(now)
        if slot is None or line not in (slot.current, slot.successor):
            line.close()  # it has been replaced: nobody wants it back
        elif line is slot.current and slot.successor is not None:
            # What was to replace it is on its way already.
            self._promote(slot, now)
            line.close()
        self._went(line, now)
        self._arm()

    def explained(self, connection: Connection, close_code: int | None, reason: str, /) -> None:
        """See `ConnectionOwner`."""
        line = connection.line
        heir = self._telling.heir(line) or line
        if self._closed or heir.state in (State.RETIRING, State.CLOSED):
            return
        trouble = ConnectionLost(str(self.ws_key), close_code, reason)
        if heir.state is not State.LIVE:
            self._connections[heir].trouble = self.trouble = trouble
        self._telling.lost(line, trouble, self._replacing(line))

    def abandoned(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        if not self._closed:
            self.begin_close()
            self._opened = False
            self._telling.report("close")

    def control(self, connection: Connection, payload: bytes, recv_ns: int, /) -> None:
        """See `ConnectionOwner`."""
        self._telling.report("response", payload=payload, recv_ns=recv_ns, line=connection.line.number)

    def pinged(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        connection.line.pinged(self._loop.time())

    def finished(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        if connection.line.state is State.CLOSED and not self._is_current(connection.line):
            self._connections.end(connection.line)
            self._telling.ended(connection.line)
        self._connections.finished(connection)

    def held(self, stream: str, /) -> None:  # noqa: B027
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

    def _arm(self) -> None:
        if self._closed:
            return
        times = (
            self._due_at(),
            None if self._slot is None else self._slot.due_at,
            *(line.next_at for line in self._connections.all),
        )
        at = min((at for at in times if at is not None), default=None)
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
        self._tick(now)
        self._arm()
