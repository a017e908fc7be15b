"""The socket of a listen key: its URL names the key, and changes with it."""

from collections.abc import Callable
from random import Random
from typing import Final

from fastbinance._io.connection import Connection
from fastbinance._io.mail import Mail
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.seat import Seat
from fastbinance._io.session import FeedFactory
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.telling import Emit
from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.line import Line
from fastbinance.errors import TransportError
from fastbinance.keys import WsKey

__all__ = ["KeySocket", "UserMail"]


class UserMail(Mail):
    """The messages of one connection that carries nothing but user data."""

    def __init__(self, ws_key: WsKey, report: Callable[..., None], clock: Callable[[], float]) -> None:
        super().__init__(ws_key, report, {}, clock)
        #: Takes each message, and when it came.
        self.take: Callable[[bytes, int], object] = lambda payload, recv_ns: None

    def message(self, stream: str | None, payload: bytes, recv_ns: int) -> bool:
        """Take an event."""
        self.take(payload, recv_ns)
        return False


class KeySocket(Seat):
    """The connection of one listen key, and the one that replaces it, with a new key or the same.

    Parameters
    ----------
    ws_key, url
        The service and its URL without a key.
    on_event
        Called with the number of the connection, a payload, and when it came in nanoseconds.
    on_open, on_lost
        Called with the URL's secret part, and when nothing is open any more.
    feed_factory, emit, budget, options, rng
        See `Group`.
    """

    def __init__(
        self,
        ws_key: WsKey,
        url: str,
        *,
        on_event: Callable[[int, bytes, int], object],
        on_open: Callable[[str], object],
        on_lost: Callable[[], object],
        feed_factory: FeedFactory,
        emit: Emit,
        budget: ConnectBudget,
        options: ConnectionOptions,
        rng: Random | None = None,
    ) -> None:
        super().__init__(
            ws_key,
            url,
            feed_factory=feed_factory,
            emit=emit,
            budget=budget,
            options=options,
            rng=rng,
            make_mail=self._make_mail,
        )
        self._on_event: Final = on_event
        self._on_open: Final = on_open
        self._on_lost: Final = on_lost
        self._secret = ""
        # Which key each connection was opened with, while it is open.
        self._opened_with: dict[Line, str] = {}

    def open(self, secret: str) -> None:
        """Have a connection to the URL with this behind it: a first one, or one that replaces the present."""
        is_new, self._secret = secret != self._secret, secret
        if self._slot is None:
            self.start()
            return
        if not is_new and any(self._opened_with.get(line) == secret for line in self._connections.all):
            self._on_open(secret)
            return
        current = self._slot.current
        for connection in self._connections:
            # What is not up yet is cut off, and a successor with the old key too; they dial with the new one.
            is_up = connection.line.state is State.LIVE
            if connection.secret != secret and not (is_up and connection.line is current):
                connection.secret = secret
                connection.hang_up()
        self.replace()

    def stats(self) -> tuple[ConnectionStats, ...]:
        """Return what is known now, of the present connection."""
        if self._slot is None:
            return ()
        return (self._connections[self._slot.current].stats(0, 0, self._slot.rollovers),)

    # -- Seat

    def _make_line(self) -> Line:
        line = super()._make_line()
        self._connections[line].secret = self._secret
        return line

    def _came_up(self, line: Line, now: float) -> None:
        slot, secret = self._slot, self._connections[line].secret
        self._opened_with[line] = secret
        if slot is not None and line is slot.successor:
            old = slot.current
            self._promote(slot, now)
            # What Binance has sent on it until it reads the goodbye still comes.
            old.retire()
        self._on_open(secret)

    def _went(self, line: Line, now: float) -> None:
        self._opened_with.pop(line, None)
        if not self._opened_with and not self._closed:
            self._on_lost()

    def _troubled(self, error: TransportError) -> None:
        """Do nothing: the session hears of what is open only."""

    def _settle(self) -> None:
        """Do nothing: nobody waits for an answer on it."""

    def _tick(self, now: float) -> None:
        """Do nothing: nothing of its own is due."""

    def _due_at(self) -> float | None:
        return None

    def _make_mail(self, line: Line) -> UserMail:
        mail = UserMail(self.ws_key, self._telling.of_line(line.number), self._loop.time)
        mail.take = lambda payload, recv_ns: self._on_event(line.number, payload, recv_ns)
        return mail

    def control(self, connection: Connection, payload: bytes, recv_ns: int, /) -> None:
        """See `ConnectionOwner`; what looks like an answer is for the account to make sense of."""
        self._on_event(connection.line.number, payload, recv_ns)
