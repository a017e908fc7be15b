"""The socket of a listen key: its URL names the key, and changes with it."""

from collections.abc import Callable
from random import Random
from typing import Final

from fastbinance._io.connection import Connection, UrlSecret
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
        Called with what a connection that is up was dialled with, and when none is up any more.
    feed_factory, emit, budget, options, rng
        See `Group`.
    """

    def __init__(
        self,
        ws_key: WsKey,
        url: str,
        *,
        on_event: Callable[[int, bytes, int], object],
        on_open: Callable[[UrlSecret], object],
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
        self._secret: UrlSecret | None = None

    def open(self, secret: UrlSecret) -> None:
        """Have a connection to the URL with this behind it: a first one, or one that replaces the present."""
        self._secret = secret
        if self._slot is None:
            self.start()
            return
        for connection in self._connections:
            connection.secret = secret
            if connection.line.state is State.CONNECTING and connection.dialled is not secret:
                # It dials anew.
                connection.hang_up()
        current = self._slot.current
        if current.state is State.LIVE and self._connections[current].dialled is secret:
            self._on_open(secret)
        else:
            self._replace_outdated()

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
        slot, connection = self._slot, self._connections[line]
        secret = connection.dialled
        if secret is None or secret is not self._secret:
            # It was up before it could be told to dial anew.
            connection.hang_up()
            return
        if slot is not None and line is slot.successor:
            old = slot.current
            self._promote(slot, now)
            # What Binance has sent on it until it reads the goodbye still comes.
            old.retire()
        self._on_open(secret)

    def _went(self, line: Line, now: float) -> None:
        # One that was replaced may linger; nothing is to be hoped from it.
        if not self.is_up and not self._closed:
            self._on_lost()

    def finished(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        super().finished(connection)
        self._replace_outdated()

    def _replace_outdated(self) -> None:
        """Replace a present connection with another secret; where there is no room yet, as soon as there is.

        One that is not up, and one that is to replace it, dial with the new secret by themselves.
        """
        slot = self._slot
        if slot is not None and self._connections[slot.current].dialled is not self._secret:
            self.replace()

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
