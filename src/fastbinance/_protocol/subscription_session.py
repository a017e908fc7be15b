"""A subscription to user data over the WebSocket API: made on each new connection before the old one goes.

::

    start --> WAITING --link ready--> SUBSCRIBING --answered--> PROVEN
                 ^       (token: asked for first)  |              |
                 +------------- link lost ---------+--------------+
                                                   |              |
                     again, at once or later <-----+              +--> eventStreamTerminated, token about to
                                                                       end: subscribed anew on the same link

    any state --wrong API key, no permission--> FAILED        any state --close--> CLOSED

A link is one connection from its handshake to its loss. While a newer link is not proven, an older one that
is stays needed (`holds`). A token is replaced a minute before its end, or a tenth of its life where that is
less: the new subscription first, then the old one is ended. At its end without that, nothing is proven. What
ends as soon as it is made is made anew after a back-off, as after a refusal.

A link has one subscription for an account. Where Binance says that there is one already (-2035), events come:
it is one that somebody else has made on the link, which is borrowed and never ended from here, or this
session's own whose answer was missed, whose id is that of the first event that is nobody else's.
"""

from collections.abc import Mapping
from enum import Enum
from math import inf
from typing import Final, Protocol

from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.user_session import UNKNOWN_TOKEN, WRONG_KEY, UserDriver

__all__ = ["MOVES", "SubscriptionDriver", "SubscriptionSession", "SubscriptionState"]

_RENEW_BEFORE: Final = 60.0
# A clock that is wrong must not have a token renewed without end.
_SHORTEST_LIFE: Final = 1.0
# Seconds that a stream is proven at least before what ends it counts as new trouble, not as the same again.
_STABLE_AFTER: Final = 1.0
# Refused for its time or its signature: made anew at once, and only once in a row.
_WRONG_SIGNATURE: Final = -1022
_MAKE_ANEW: Final = frozenset({-1021, _WRONG_SIGNATURE})
_SUBSCRIBED_ALREADY: Final = -2035


class SubscriptionState(Enum):
    """How far a subscription is."""

    WAITING = "waiting"
    SUBSCRIBING = "subscribing"
    PROVEN = "proven"
    FAILED = "failed"
    CLOSED = "closed"


_ENDS: Final = frozenset({SubscriptionState.FAILED, SubscriptionState.CLOSED})
MOVES: Final[Mapping[SubscriptionState, frozenset[SubscriptionState]]] = {
    SubscriptionState.WAITING: _ENDS | {SubscriptionState.SUBSCRIBING},
    SubscriptionState.SUBSCRIBING: _ENDS | {SubscriptionState.WAITING, SubscriptionState.PROVEN},
    SubscriptionState.PROVEN: _ENDS | {SubscriptionState.WAITING, SubscriptionState.SUBSCRIBING},
    SubscriptionState.FAILED: frozenset(),
    SubscriptionState.CLOSED: frozenset(),
}


class SubscriptionDriver(UserDriver, Protocol):
    """Who makes the calls. None of these calls back before it returns."""

    def subscribe(self, link: int, token: str | None, /) -> None:
        """Subscribe on a link; `subscribed` or `subscribe_refused` follows, unless the link is lost."""

    def unsubscribe(self, link: int, subscription_id: int, /) -> None:
        """End a subscription that another one has replaced."""

    def ask_token(self) -> None:
        """Ask for a listen token; `token_given` or `token_refused` follows."""


class SubscriptionSession:
    """Keeps one account's subscription alive over all links.

    Parameters
    ----------
    driver
        See `SubscriptionDriver`.
    backoff
        Delays between attempts at a call that fails.
    uses_token
        Whether a listen token is wanted: margin.
    """

    def __init__(self, driver: SubscriptionDriver, backoff: Backoff, uses_token: bool) -> None:
        self.state = SubscriptionState.WAITING
        self._driver = driver
        self._backoff = backoff
        self._uses_token = uses_token
        self._token: str | None = None
        self._links: list[int] = []  # that are ready, oldest first
        self._proven_on: int | None = None
        self._id: int | None = None  # of the subscription that is proven, where it is known
        self._mine: set[tuple[int, int]] = set()  # links and ids, those that are being ended too
        self._nameless: int | None = None  # link on which one is ours whose id is not known
        self._borrowed: set[tuple[int, int]] = set()  # links and ids of those that somebody else has made
        self._pending: set[int] = set()  # links on which an answer is awaited
        self._asking = False
        self._retry_at: float | None = None
        self._not_before = -inf  # as Binance has said
        self._renew_at: float | None = None
        self._ends_at: float | None = None  # what is proven
        self._proven_at = inf
        self._made_anew: set[int] = set()  # codes that a fresh request was the answer to
        self._told = False
        self._times = 0

    # -- what happens

    def link_ready(self, link: int, now: float) -> None:
        """Take note of a link that requests go out on from now on."""
        if self._is_over or link in self._links:
            return
        self._links.append(link)
        self._retry_at = self._not_before if now < self._not_before else None
        self._go_on()

    def link_lost(self, link: int, now: float) -> None:
        """Take note that a link is gone, with what was subscribed on it."""
        self._mine = {place for place in self._mine if place[0] != link}
        self._borrowed &= self._mine
        self._pending.discard(link)
        if link == self._nameless:
            self._nameless = None
        if link in self._links:
            self._links.remove(link)
        if self._is_over:
            return
        if link == self._proven_on:
            self._unprove("connection lost", now)
        if self._proven_on is None:
            self._move(SubscriptionState.SUBSCRIBING if self._links else SubscriptionState.WAITING)
            # A newer link may be gone, and an older one still there.
            self._go_on()

    def token_given(self, token: str, now: float) -> None:
        """Take a listen token."""
        self._asking = False
        if not self._is_over:
            self._token = token
            self._go_on()

    def token_refused(self, code: int | None, reason: str, retry_after: float, now: float) -> None:
        """Take note that there is no token."""
        self._asking = False
        self._refused(code, reason, retry_after, now)

    def subscribed(self, link: int, subscription_id: int, lasts: float | None, now: float) -> None:
        """Take note that events come on a link; `lasts` is the rest of a token's life in seconds."""
        self._pending.discard(link)
        if self._is_over or link not in self._links:
            return
        self._mine.add((link, subscription_id))
        self._hold(link, subscription_id, lasts, now)

    def subscribe_refused(
        self,
        link: int,
        code: int | None,
        reason: str,
        retry_after: float,
        now: float,
        others: int | None = None,
    ) -> None:
        """Take note that a subscription was refused, or that its outcome is unknown.

        Parameters
        ----------
        link, now
            Where, and when.
        code, reason, retry_after
            What Binance has said.
        others
            Id of the subscription to the same account that somebody else has made on this link; None where
            nobody has.
        """
        self._pending.discard(link)
        if self._is_over or not self._links or link != self._links[-1]:
            return
        if code in (UNKNOWN_TOKEN, _SUBSCRIBED_ALREADY):
            self._token = None
        if code == _SUBSCRIBED_ALREADY and not self._uses_token:
            # A link has one for an account: it is somebody else's, or ours and its answer was missed.
            if others is None:
                self._nameless = link
            else:
                self._mine.add((link, others))
                self._borrowed.add((link, others))
            self._hold(link, others, None, now)
            return
        self._refused(code, reason, retry_after, now)

    def terminated(self, subscription_id: int | None, link: int, now: float) -> None:
        """Take note that a subscription has ended, whoever ended it; None where it was not said which."""
        if self._is_over or link != self._proven_on:
            return
        if self._id is not None and subscription_id not in (None, self._id):
            return
        self._nameless = None
        self._end("Binance has ended the subscription", now)

    def is_mine(self, link: int, subscription_id: int) -> bool:
        """Tell whether a subscription is this session's."""
        return (link, subscription_id) in self._mine

    def is_borrowed(self, link: int, subscription_id: int) -> bool:
        """Tell whether a subscription of this session's was made by somebody else, who hears of it too."""
        return (link, subscription_id) in self._borrowed

    def adopt(self, link: int, subscription_id: int) -> bool:
        """Take a subscription that is nobody's, if the id of one of this session's is not known; tell it."""
        if link != self._nameless:
            return False
        self._nameless = None
        self._mine.add((link, subscription_id))
        if link == self._proven_on:
            self._id = subscription_id
        return True

    def holds(self, link: int) -> bool:
        """Tell whether events come on a link, so that it is needed until a newer one is proven."""
        return not self._is_over and link == self._proven_on

    def close(self) -> None:
        """End; nothing is asked any more."""
        if self.state is not SubscriptionState.FAILED:
            self._move(SubscriptionState.CLOSED)
        self._retry_at = None

    @property
    def place(self) -> tuple[int, int] | None:
        """Link and id of what is proven and is to be ended with the session; None where nothing is."""
        if self._proven_on is None or self._id is None:
            return None
        place = self._proven_on, self._id
        return None if place in self._borrowed else place

    # -- time

    @property
    def next_at(self) -> float | None:
        """When `tick` has something to do; None: not before something happens."""
        if self._is_over:
            return None
        waits = not self._links or self._asking or self._links[-1] in self._pending
        due_at = None if waits else self._renew_at if self._retry_at is None else self._retry_at
        return min((at for at in (due_at, self._ends_at) if at is not None), default=None)

    def tick(self, now: float) -> None:
        """Do what is due: try again, renew, or stop believing in what a token has held until now."""
        if self._is_over:
            return
        if self._ends_at is not None and now >= self._ends_at:
            self._end("the listen token has ended", now)
        elif self._retry_at is not None and now >= self._retry_at:
            self._retry_at = None
            self._go_on()
        elif self._retry_at is None and self._renew_at is not None and now >= self._renew_at:
            self._renew_at = None
            self._subscribe()

    # -- inside

    @property
    def _is_over(self) -> bool:
        return self.state in (SubscriptionState.FAILED, SubscriptionState.CLOSED)

    def _move(self, to: SubscriptionState) -> None:
        if to is not self.state and to not in MOVES[self.state]:
            raise AssertionError(f"a subscription cannot go from {self.state.name} to {to.name}")
        self.state = to

    def _go_on(self) -> None:
        """Take the next step, unless that has to wait."""
        if self._retry_at is None:
            self._subscribe()

    def _subscribe(self) -> None:
        """Take the next step towards a subscription on the newest link."""
        if not self._links:
            return  # it is taken when there is one
        link = self._links[-1]
        if self._proven_on is None:
            self._move(SubscriptionState.SUBSCRIBING)
        if link in self._pending:
            return
        if self._uses_token and self._token is None:
            if not self._asking:
                self._asking = True
                self._driver.ask_token()
        else:
            self._pending.add(link)
            self._driver.subscribe(link, self._token)

    def _hold(self, link: int, subscription_id: int | None, lasts: float | None, now: float) -> None:
        """Rest the proof on a subscription, unless there is one on a newer link by now."""
        was_on, before = self._proven_on, self._id
        if was_on is not None and self._links.index(was_on) > self._links.index(link):
            return
        if self._told and now - self._proven_at >= _STABLE_AFTER:
            self._backoff.reset()
        self._made_anew.clear()
        self._proven_on, self._id = link, subscription_id
        self._renew_at = self._ends_at = None
        if link == self._links[-1]:
            self._retry_at = None
        if lasts is not None:
            lasts = max(lasts, _SHORTEST_LIFE)
            self._ends_at = now + lasts
            self._renew_at = self._ends_at - min(_RENEW_BEFORE, lasts / 10.0)
        if self._uses_token:
            self._token = None  # the next subscription has a new one
        if before is not None and was_on == link and before != subscription_id:
            self._driver.unsubscribe(link, before)
        self._move(SubscriptionState.PROVEN)
        if not self._told:
            self._told = True
            self._proven_at = now
            self._times += 1
            self._driver.proven(self._times > 1)

    def _end(self, reason: str, now: float) -> None:
        """Subscribe anew on a link that is up: at once, but not in a loop."""
        self._unprove(reason, now)
        self._token = None
        self._move(SubscriptionState.SUBSCRIBING)
        wait = self._backoff.next()
        if self._backoff.retries > 1 and self._retry_at is None:
            self._retry_at = now + wait
        self._go_on()

    def _refused(self, code: int | None, reason: str, retry_after: float, now: float) -> None:
        if self._is_over:
            return
        was_made_anew = code in self._made_anew
        if code in WRONG_KEY or (code == _WRONG_SIGNATURE and was_made_anew):
            self._unprove(reason, now)
            self._move(SubscriptionState.FAILED)
            self._driver.failed(reason, code)
        elif code is not None and code in _MAKE_ANEW and not was_made_anew:
            self._made_anew.add(code)
            self._subscribe()
        else:
            self._not_before = now + retry_after
            self._retry_at = max(now + self._backoff.next(), self._not_before)

    def _unprove(self, reason: str, now: float) -> None:
        self._proven_on = self._id = self._renew_at = self._ends_at = None
        if self._told:
            self._told = False
            if now - self._proven_at >= _STABLE_AFTER:
                self._backoff.reset()
            self._driver.unproven(reason)
