"""A wish: one stream that somebody wants, whether Binance has confirmed it, and the ring it feeds."""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum, IntEnum
from typing import Any, Protocol

from fastbinance._io.history import History
from fastbinance._protocol.ledger import Gap
from fastbinance.errors import StreamClosed, SubscriptionRejected, TransportError
from fastbinance.keys import WsKey
from fastbinance.streams import Stream

__all__ = ["RingLike", "RingState", "Wish", "WishState"]

logger = logging.getLogger("fastbinance")


class RingState(IntEnum):
    """The state word of a ring, as `Ring.set_state` takes it."""

    DOWN = 0
    LIVE = 1
    QUIET = 2
    STALE = 3

    def __str__(self) -> str:
        return self.name


class RingLike(Protocol):
    """What is used of a ring here."""

    @property
    def cursor(self) -> int:
        """Sequence of the newest record, -1 when empty."""

    def set_state(self, state: int, /) -> object:
        """Store the state word that readers see."""

    @property
    def hole_count(self) -> int:
        """How many holes have been found in its ids."""

    def holes(self) -> list[Any]:
        """Return the newest of them."""

    def at(self, sequence: int, /) -> Any:
        """Return a record."""

    def set_lines(self, lines: int, /) -> object:
        """Take note of how many lines feed it now: with two or more, missing ids are waited for."""

    def release_held(self, now_ns: int, /) -> int:
        """Publish what has been held long enough; return the nanoseconds until more is due, 0 for nothing."""


class WishState(Enum):
    """How far a wish has come."""

    WANTED = "wanted"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    DROPPED = "dropped"


class Wish:
    """One wanted stream. The pool makes and changes it, on the loop's thread; it may be read on any.

    Attributes
    ----------
    stream, ws_key
        What is wanted, and the service after routing.
    ring
        The ring it feeds; None where its messages become events.
    state
        ``WANTED`` again after each loss of the connection; ``FAILED`` and ``DROPPED`` are final.
    error
        `SubscriptionRejected`, once ``FAILED``.
    trouble
        What keeps a ``WANTED`` stream from being confirmed right now: the newest `ConnectFailed` or
        `ConnectionLost`. It is being dealt with; None when nothing is known to be wrong.
    raw
        Whether its messages become ``message`` events too, whatever else they become.
    history
        What is missing in it.
    confirmed_at
        When it was last confirmed after it had not been, on the loop's clock.
    """

    def __init__(self, stream: Stream, ws_key: WsKey, ring: RingLike | None = None) -> None:
        self.stream = stream
        self.ws_key = ws_key
        self.ring = ring
        self.state = WishState.WANTED
        self.error: SubscriptionRejected | None = None
        self.trouble: TransportError | None = None
        self.raw = False
        self.history = History(stream)
        self.confirmed_at = 0.0
        self._owners: set[object] = set()
        self._confirmed_by: set[object] = set()
        self._lines: dict[object, int] = {}
        self._stale = False
        self._watchers: list[Callable[[Wish], object]] = []
        self._shown: RingState | None = None
        self._cursor = -1
        self._moved_at = 0.0
        self._show(RingState.DOWN)

    @property
    def name(self) -> str:
        """Binance's stream name."""
        return self.stream.name

    @property
    def final(self) -> bool:
        """Whether the state will not change any more."""
        return self.state in (WishState.FAILED, WishState.DROPPED)

    def watch(self, callback: Callable[["Wish"], object]) -> Callable[[], None]:
        """Call back, on the loop's thread, after each change; the returned function ends it.

        Register first and look at the state afterwards, so that no change falls in between.
        """
        self._watchers.append(callback)

        def end() -> None:
            if callback in self._watchers:
                self._watchers.remove(callback)

        return end

    async def confirmed(self) -> None:
        """Wait, on the loop's thread, until Binance has confirmed the stream.

        Raises
        ------
        SubscriptionRejected
            Binance said no.
        StreamClosed
            It was unsubscribed, or the client is closed.
        """
        changed = asyncio.Event()
        end = self.watch(lambda _: changed.set())
        try:
            while self.state is not WishState.CONFIRMED:
                if self.error is not None:
                    raise self.error
                if self.state is WishState.DROPPED:
                    raise StreamClosed(self.name)
                changed.clear()
                await changed.wait()
        finally:
            end()

    # -- of a wish whose feed is in another process

    def repeat(
        self, state: WishState, error: SubscriptionRejected | None, trouble: TransportError | None
    ) -> None:
        """Be as the feed's own wish is."""
        self._become(state, RingState.DOWN, error=error, trouble=trouble)

    # -- called by the connection

    def wanted_by(self, owner: object) -> None:
        """Take note that an owner is to bring the stream; a moving one has two owners."""
        self._owners.add(owner)

    def left(self, owner: object) -> None:
        """Take note that an owner does not bring it any more; why it was not confirmed stays known."""
        self._owners.discard(owner)
        self.carried(owner, 0)
        self.unconfirm(self.trouble, owner)

    def attach(self, ring: RingLike, now: float) -> tuple[Gap, ...]:
        """Feed a ring from now on; return what is newly known to be missing."""
        self.ring, self._shown = ring, None
        self._cursor, self._moved_at = ring.cursor, now
        self._show(RingState.LIVE if self.state is WishState.CONFIRMED else RingState.DOWN)
        return self.history.look(ring)

    def carried(self, owner: object, lines: int) -> None:
        """Take note of how many lines of an owner bring the stream."""
        self._lines[owner] = lines
        if not lines:
            del self._lines[owner]
        if self.ring is not None:
            self.ring.set_lines(max(1, sum(self._lines.values())))

    def confirm(self, now: float, owner: object = None) -> None:
        """Binance has confirmed the stream, on connections of an owner."""
        self._confirmed_by.add(owner)
        if self.state is WishState.CONFIRMED:
            return
        self.confirmed_at = now
        self._moved_at, self._stale = now, False
        self.history.confirmed(self.ring)
        self._become(WishState.CONFIRMED, RingState.LIVE)

    def unconfirm(self, trouble: TransportError | None, owner: object = None) -> None:
        """Go back to wanting: an owner's connections are gone, or could not be made; no other has it."""
        self._confirmed_by.discard(owner)
        if self._confirmed_by:
            return
        if self.state is WishState.CONFIRMED:
            self.history.lost(self.ring, "connection lost")
        self._become(WishState.WANTED, RingState.DOWN, trouble=trouble)

    def fail(self, error: SubscriptionRejected) -> None:
        """Binance has refused the stream."""
        self.history.lost(self.ring, "rejected")
        self._become(WishState.FAILED, RingState.DOWN, error=error)

    def drop(self) -> None:
        """Nobody wants the stream any more."""
        self.history.lost(self.ring, "not subscribed")
        self._become(WishState.DROPPED, RingState.DOWN)

    def is_wanted_beside(self, owner: object) -> bool:
        """Tell whether another owner is to bring it, up or not: it is on its way from one to the other."""
        return bool(self._owners - {owner})

    def suspect(self, silence: float | None) -> None:
        """Every line that carries the stream finds it silent for too long, and for how many seconds; None: no
        more.
        """
        if self._stale is (silence is not None) or self.state is not WishState.CONFIRMED:
            return
        self._stale = silence is not None
        if silence is None:
            self.history.fresh()
        else:
            self.history.stale(self.ring, silence)
            self._show(RingState.STALE)

    def sample(self, now: float, quiet_after: float) -> tuple[Gap, ...]:
        """Look at the ring, where there is one, and return what is newly known to be missing.

        A confirmed stream is LIVE, QUIET when it has published nothing for so many seconds, and STALE while
        it is suspected.
        """
        if self.state is not WishState.CONFIRMED:
            return ()
        if self.ring is None:
            return self.history.look(None)
        cursor = self.ring.cursor
        if cursor != self._cursor:
            self._cursor, self._moved_at = cursor, now
            self._show(RingState.STALE if self._stale else RingState.LIVE)
        elif not self._stale and now - self._moved_at >= quiet_after:
            self._show(RingState.QUIET)
        return self.history.look(self.ring)

    def _become(
        self,
        state: WishState,
        shown: RingState,
        *,
        error: SubscriptionRejected | None = None,
        trouble: TransportError | None = None,
    ) -> None:
        if self.final or (self.state, self.error, self.trouble) == (state, error, trouble):
            return
        # The reasons first: who sees the new state on another thread finds them.
        self.error, self.trouble = error, trouble
        self.state = state
        self._show(shown)
        for callback in tuple(self._watchers):
            try:
                callback(self)
            except Exception:
                # A watcher's mistake must not cost the other streams of the connection.
                logger.exception("a watcher of %s failed", self.name)

    def _show(self, state: RingState) -> None:
        if self.ring is not None and state is not self._shown:
            self._shown = state
            self.ring.set_state(int(state))
