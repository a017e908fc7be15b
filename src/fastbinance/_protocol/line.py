"""One connection as a machine without I/O: when it dials, what it sends, when it wants to be asked again."""

from collections.abc import Callable, Iterable
from typing import Final, Protocol

from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.lifecycle import State, move
from fastbinance._protocol.limits import TokenBucket, control_bucket
from fastbinance._protocol.subscriptions import Answer, Subscriptions

__all__ = ["Line", "LineDriver"]

# Binance takes about 8,000 characters of URL; host, path and what proxies add to it want some of them.
_URL_BYTES: Final = 6_000


class LineDriver(Protocol):
    """Who has the socket. None of these calls back before it returns."""

    def dial(self, line: "Line", in_url: tuple[str, ...], /) -> None:
        """Begin an attempt, with streams in its URL; `Line.opened` or `Line.failed` tells how it went."""

    def send(self, line: "Line", frame: bytes, /) -> None:
        """Send a control message."""

    def ping(self, line: "Line", /) -> bool:
        """Send a PING; tell whether anything at all has come since the one before."""

    def say_goodbye(self, line: "Line", /) -> None:
        """Begin the close handshake; `Line.lost` follows."""

    def hang_up(self, line: "Line", /) -> None:
        """End the attempt or the connection now; `Line.failed` or `Line.lost` follows."""


class Line:
    """A connection, from its first attempt through every reconnect to its end.

    Parameters
    ----------
    number
        0 to 7, its own among those that carry the same streams at one time.
    driver
        See `LineDriver`.
    messages_per_second
        What Binance takes of a client on one connection, PONGs included.
    budget
        Takes one attempt at a time of the loop and returns 0.0, or returns the seconds until it may be asked
        again; shared by all connections of the process.
    backoff
        Delays between attempts.
    now
        The time, in seconds, on the clock of all later calls.
    stable_after
        Seconds after which a connection counts as good, and its loss as a new one.
    answer_timeout
        Seconds that the server gets for an answer.
    ping_every
        Seconds between PINGs of ours, each of which counts as a message; None sends none.
    url_streams
        Whether streams may be asked for in the URL, where that saves messages.
    """

    def __init__(
        self,
        number: int,
        driver: LineDriver,
        *,
        messages_per_second: float,
        budget: Callable[[float], float],
        backoff: Backoff,
        now: float,
        stable_after: float = 1.0,
        answer_timeout: float = 10.0,
        ping_every: float | None = None,
        url_streams: bool = True,
    ) -> None:
        self.number: Final = number
        self.state = State.IDLE
        self.subscriptions = Subscriptions()
        self.attempts = 0  # since it was last up
        self.opens = 0
        self.opened_at = now
        self.resubscribing = False
        self.again = False  # it has taken the place of one that is gone
        self._driver = driver
        self._messages_per_second = messages_per_second
        self._bucket: TokenBucket = control_bucket(messages_per_second, now)
        self._budget = budget
        self._backoff = backoff
        self._stable_after = stable_after
        self._answer_timeout = answer_timeout
        self._ping_every = ping_every
        self._ping_at: float | None = None
        self._url_streams = url_streams
        self._url_refused = False
        self._in_url: tuple[str, ...] = ()
        self._dial_at: float | None = None
        self._not_before = now  # as the server has said
        self._flush_at: float | None = None
        self._answer_by: float | None = None

    # -- what its owner wants

    def start(self, now: float) -> None:
        """Dial as soon as the budget allows."""
        if self.state is State.IDLE and self._dial_at is None:
            self._dial_at = now

    def want(self, names: Iterable[str], now: float) -> None:
        """Carry streams from now on.

        Raises
        ------
        ConfigurationError
            See `Subscriptions.want`.
        """
        self.subscriptions.want(names)
        self._flush_soon(now)

    def drop(self, names: Iterable[str], now: float) -> None:
        """Carry streams no more."""
        self.subscriptions.drop(names)
        self._flush_soon(now)

    def hurry(self, now: float) -> None:
        """Make the next attempt as a first one, where the server has not named a time: it is needed now."""
        if self.state is State.BACKOFF and self._dial_at is not None:
            self._backoff.reset()
            self._dial_at = min(self._dial_at, max(now + self._backoff.next(), self._not_before))

    def take_place_of(self, old: "Line", now: float) -> None:
        """Be the one that is waited for, in place of another one.

        Where that one was good and this one waits for its next attempt, that is made as a first one.
        """
        if old.is_good(now):
            # While the old one was up, the next attempt could wait.
            self.hurry(now)
        else:
            # Servers that drop every connection are not to be dialled the more often for being replaced.
            self._backoff.go_on(old._backoff)

    def retire(self) -> None:
        """Say goodbye and do not come back: others carry its streams now."""
        if self.state is State.LIVE:
            self._move(State.RETIRING)
            self._stop()
            self._driver.say_goodbye(self)
        else:
            self.close()

    def hang_up(self) -> None:
        """End the attempt or the connection, to make another."""
        self._driver.hang_up(self)

    def close(self) -> None:
        """End; from an attempt, without a goodbye."""
        before = self.state
        if before is State.CLOSED:
            return
        self._move(State.CLOSED)
        self._stop()
        self.subscriptions.lost()
        if before is State.LIVE:
            self._driver.say_goodbye(self)
        elif before in (State.CONNECTING, State.RETIRING):
            self._driver.hang_up(self)

    # -- what happens to it

    def opened(self, now: float) -> None:
        """Take note that the handshake is done: nothing is subscribed yet, but for what the URL named."""
        self._move(State.LIVE)
        self.opens += 1
        self.attempts = 0
        self.opened_at = now
        self.resubscribing = (self.opens > 1 or self.again) and bool(self.subscriptions.wanted)
        self._bucket = control_bucket(self._messages_per_second, now)
        if self._ping_every is not None:
            self._ping_at = now + self._ping_every
        self.subscriptions.connected(self._in_url)
        self._flush(now)

    def failed(self, now: float, retry_after: float = 0.0) -> None:
        """Take note that an attempt has failed; the server may have said when to come back."""
        if self.state is not State.CONNECTING:
            return
        # Whatever the reason: the next attempt asks for less.
        self._url_refused = self._url_refused or bool(self._in_url)
        self._move(State.BACKOFF)
        self._not_before = now + retry_after
        self._dial_at = max(now + self._backoff.next(), self._not_before)

    def lost(self, now: float) -> None:
        """Take note that the socket is gone."""
        if self.state is State.RETIRING:
            self._move(State.CLOSED)
            self._stop()
            self.subscriptions.lost()
        if self.state is not State.LIVE:
            return
        if self.is_good(now):
            self._backoff.reset()
        # Lost before the server has said what it sends: what the URL asked for may be why.
        self._url_refused = self._is_unproven
        self.subscriptions.lost()
        self._stop()
        self._move(State.BACKOFF)
        self._dial_at = now + self._backoff.next()

    def control(self, payload: bytes, now: float) -> Answer:
        """Take in an answer or an error of the server."""
        answer = self.subscriptions.answer(payload)
        if answer.id is not None:
            self._answer_by = now + self._answer_timeout if self.subscriptions.pending else None
            if answer.confirmed:
                self._in_url = ()
        self._flush_soon(now)
        return answer

    def pinged(self, now: float) -> None:
        """Count a PONG that has been sent: never delayed, but what it cost is missing for what follows."""
        self._bucket.spend(now)

    # -- time

    @property
    def next_at(self) -> float | None:
        """When `tick` has something to do; None: not before something happens."""
        times = (self._dial_at, self._flush_at, self._answer_by, self._ping_at)
        return min((at for at in times if at is not None), default=None)

    def is_good(self, now: float) -> bool:
        """Tell whether a connection that is up, or was until now, has been so for long enough."""
        return now - self.opened_at >= self._stable_after

    def overdue(self, now: float) -> bool:
        """Tell whether the server owes an answer for too long."""
        return self._answer_by is not None and now >= self._answer_by

    def forgive(self, now: float) -> None:
        """Wait for the owed answer once more as long."""
        self._answer_by = now + self._answer_timeout

    def tick(self, now: float) -> None:
        """Do what is due: dial, or send."""
        if self._dial_at is not None and now >= self._dial_at:
            wait = self._budget(now)
            if wait > 0.0:
                self._dial_at = now + wait
            else:
                self._dial(now)
        if self._flush_at is not None and now >= self._flush_at:
            self._flush(now)
        if self._ping_at is not None and now >= self._ping_at:
            self._ping(now)

    # -- inside

    @property
    def _is_unproven(self) -> bool:
        """Whether this connection's URL asked for streams that the server has not named yet."""
        return bool(self._in_url) and not self.subscriptions.confirmed

    def _dial(self, now: float) -> None:
        self._dial_at = None
        self._move(State.CONNECTING)
        self.attempts += 1
        self._in_url = ()
        if self._url_streams and not self._url_refused and self.subscriptions.frames_due() > 1:
            self._in_url = self.subscriptions.for_url(_URL_BYTES)
        self._driver.dial(self, self._in_url)

    def _flush_soon(self, now: float) -> None:
        # Wishes of one turn of the loop go out in one message. A time that waits for the budget stays.
        if self._flush_at is None and self.state is State.LIVE and self.subscriptions.due:
            self._flush_at = now

    def _flush(self, now: float) -> None:
        self._flush_at = None
        while self.state is State.LIVE and self.subscriptions.due:
            if not self._bucket.take(now):
                self._flush_at = self._bucket.next_at(now)
                return
            frame = self.subscriptions.next_frame()
            if frame is not None:
                if self._answer_by is None:
                    self._answer_by = now + self._answer_timeout
                self._driver.send(self, frame)

    def _ping(self, now: float) -> None:
        if not self._bucket.take(now):
            self._ping_at = self._bucket.next_at(now)
            return
        self._ping_at = now + (self._ping_every or 0.0)
        if self._driver.ping(self):
            if not self.subscriptions.pending:
                self._answer_by = None
        elif self._answer_by is None:
            # Not even a PONG to the one before: as if an answer were owed since then.
            self._answer_by = now

    def _stop(self) -> None:
        self._dial_at = self._flush_at = self._answer_by = self._ping_at = None

    def _move(self, to: State) -> None:
        self.state = move(self.state, to)
