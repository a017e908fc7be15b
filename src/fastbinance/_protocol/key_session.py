"""A listen key's life: asked for, used, verified, renewed, and asked for anew when it is gone.

::

    start --> ASKING --key--> OPENING --socket up--> VERIFYING --renewed--> PROVEN
                ^  ^             ^                       |                   |  |
                |  |             +---- socket lost ------+-------------------+  |
                |  +---- -1125: no such key -------------+                      |
                +------- listenKeyExpired, renewal refused with -1125 ----------+

    any state --wrong API key, no permission--> FAILED        any state --close--> CLOSED

=========  ============================  ======================================================
state      what is waited for            what is done about it
=========  ============================  ======================================================
ASKING     an answer to ``ask_key``      anything transient: asked again after a back-off
OPENING    the socket                    its owner comes back by itself, with the same key
VERIFYING  an answer to ``renew_key``    Binance opens sockets of keys that do not exist: a key
                                         is verified once its socket is up
PROVEN     the time of the next renewal  every 30 minutes; a key lives for 60, and proves nothing
                                         after that: back to VERIFYING
=========  ============================  ======================================================

A key is never given up with DELETE: it belongs to all processes of the account.
"""

from collections.abc import Mapping
from enum import Enum
from math import inf
from typing import Final, Protocol

from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.user_session import UNKNOWN_KEY, WRONG_KEY, UserDriver

__all__ = ["MOVES", "KeyDriver", "KeySession", "KeyState"]

_RENEW_EVERY: Final = 1800.0
# Of what is wrong with a renewal, until the key is asked for instead of renewed: it lives for twice as long.
_TRUST_FACTOR: Final = 1.8
_LIFE_FACTOR: Final = 2.0
# Seconds that a stream is proven at least before what ends it counts as new trouble, not as the same again.
_STABLE_AFTER: Final = 1.0


class KeyState(Enum):
    """How far a listen key is."""

    IDLE = "idle"
    ASKING = "asking"
    OPENING = "opening"
    VERIFYING = "verifying"
    PROVEN = "proven"
    FAILED = "failed"
    CLOSED = "closed"


_ENDS: Final = frozenset({KeyState.FAILED, KeyState.CLOSED})
MOVES: Final[Mapping[KeyState, frozenset[KeyState]]] = {
    KeyState.IDLE: frozenset({KeyState.ASKING, KeyState.CLOSED}),
    # To VERIFYING where a key is asked for that may still be good, and its socket comes up meanwhile.
    KeyState.ASKING: _ENDS | {KeyState.OPENING, KeyState.VERIFYING, KeyState.PROVEN},
    KeyState.OPENING: _ENDS | {KeyState.VERIFYING, KeyState.ASKING},
    KeyState.VERIFYING: _ENDS | {KeyState.PROVEN, KeyState.OPENING, KeyState.ASKING},
    KeyState.PROVEN: _ENDS | {KeyState.VERIFYING, KeyState.OPENING, KeyState.ASKING},
    KeyState.FAILED: frozenset(),
    KeyState.CLOSED: frozenset(),
}


class KeyDriver(UserDriver, Protocol):
    """Who makes the calls and has the socket. None of these calls back before it returns."""

    def ask_key(self) -> None:
        """Ask for the account's key; `key_given` or `key_refused` follows."""

    def renew_key(self, key: str, /) -> None:
        """Prolong the key; `renewed` or `renewal_refused` follows."""

    def open(self, key: str, anew: bool, /) -> None:
        """Have a socket on this key; one on another key is replaced by it, the new one first.

        One on the same key is good enough, unless `anew`: the key had ended, and the socket was told so.
        """


class KeySession:
    """Keeps one account's listen key and its socket alive.

    Parameters
    ----------
    driver
        See `KeyDriver`.
    backoff
        Delays between attempts at a call that fails.
    renew_every
        Seconds between renewals; Binance's keys live for twice as long.
    """

    def __init__(self, driver: KeyDriver, backoff: Backoff, renew_every: float = _RENEW_EVERY) -> None:
        self.state = KeyState.IDLE
        self._driver = driver
        self._backoff = backoff
        self._renew_every = renew_every
        self._key: str | None = None
        self._ended_key: str | None = None  # the newest of those that have
        self._good_at = 0.0  # when Binance last said that the key is good
        self._is_open = False  # a socket, with the present key
        self._asking = False
        self._renewing = False
        self._is_outdated = False  # what is being renewed is not the present key
        self._retry_at: float | None = None
        self._not_before = -inf  # as Binance has said
        self._proven_at = inf
        self._told = False  # that it is proven
        self._times = 0

    # -- what happens

    def start(self, now: float) -> None:
        """Begin."""
        if self.state is KeyState.IDLE:
            self._ask(now)

    def key_given(self, key: str, now: float) -> None:
        """Take the account's key, a new one or the one there was."""
        self._asking = False
        if self._is_over:
            return
        self._retry_at = None
        self._good_at = now
        if key == self._key and self._is_open:
            self._prove(now)
            return
        self._is_open = False
        self._key = key
        self._move(KeyState.OPENING)
        # While it lives elsewhere Binance gives the same key again.
        anew, self._ended_key = key == self._ended_key, None
        self._driver.open(key, anew)

    def key_refused(self, code: int | None, reason: str, retry_after: float, now: float) -> None:
        """Take note that there is no key, with Binance's code where it said why."""
        self._asking = False
        self._refused(code, reason, retry_after, now)

    def opened(self, key: str, now: float) -> None:
        """Take note that a socket with a key is up."""
        if self._is_over or key != self._key or self._asking:
            return
        self._is_open = True
        self._verify(now)

    def lost(self, now: float) -> None:
        """Take note that no socket is up any more; its owner connects again by itself."""
        self._is_open = False
        if self._is_over:
            return
        self._unprove("connection lost", now)
        if self.state is not KeyState.ASKING:
            self._move(KeyState.OPENING)

    def renewed(self, key: str | None, now: float) -> None:
        """Take note that the key lives on; Binance may name another one."""
        if not self._heeds_renewal(now):
            return
        if key is not None and key != self._key:
            self._unprove("another listen key", now)
            self.key_given(key, now)
            return
        if self._is_stable(now):
            self._backoff.reset()
        self._retry_at = None
        self._good_at = now
        if self._is_open:
            self._prove(now)

    def renewal_refused(self, code: int | None, reason: str, retry_after: float, now: float) -> None:
        """Take note that the key was not prolonged."""
        if not self._heeds_renewal(now):
            return
        if code == UNKNOWN_KEY:
            self._gone("the listen key does not exist any more", now)
            return
        self._refused(code, reason, retry_after, now)

    def expired(self, key: str | None, now: float) -> None:
        """Take note that Binance says so of a key; None where it did not say of which."""
        if not self._is_over and self._key is not None and key in (None, self._key):
            self._gone("the listen key has expired", now)

    def close(self) -> None:
        """End; nothing is asked any more."""
        if self.state is not KeyState.FAILED:
            self._move(KeyState.CLOSED)
        self._retry_at = None

    # -- time

    @property
    def next_at(self) -> float | None:
        """When `tick` has something to do; None: not before something happens."""
        if self._is_over:
            return None
        dead_at = self._good_at + _LIFE_FACTOR * self._renew_every if self._told else None
        if self._asking or self._renewing:
            return dead_at
        if self._retry_at is not None:
            return self._retry_at if dead_at is None else min(self._retry_at, dead_at)
        return None if self._key is None else self._good_at + self._renew_every

    def tick(self, now: float) -> None:
        """Do what is due: ask again, or renew."""
        at = self.next_at
        if at is None or now < at:
            return
        if self._told and now >= self._good_at + _LIFE_FACTOR * self._renew_every:
            self._unprove("the listen key was not renewed in time", now)
            if self.state is KeyState.PROVEN:
                self._move(KeyState.VERIFYING)
        if self._asking or self._renewing or (self._retry_at is not None and now < self._retry_at):
            return
        if self._retry_at is None and self._is_stable(now):
            self._backoff.reset()
        self._retry_at = None
        if self._key is None or now - self._good_at > _TRUST_FACTOR * self._renew_every:
            self._ask(now)
        else:
            self._renewing = True
            self._driver.renew_key(self._key)

    # -- inside

    @property
    def _is_over(self) -> bool:
        return self.state in (KeyState.FAILED, KeyState.CLOSED)

    def _move(self, to: KeyState) -> None:
        if to is not self.state and to not in MOVES[self.state]:
            raise AssertionError(f"a listen key cannot go from {self.state.name} to {to.name}")
        self.state = to

    def _is_stable(self, now: float) -> bool:
        return self._told and now - self._proven_at >= _STABLE_AFTER

    def _ask(self, now: float) -> None:
        self._move(KeyState.ASKING)
        if self._asking:
            return
        if now < self._not_before:
            self._retry_at = self._not_before
            return
        self._asking = True
        self._retry_at = None
        self._driver.ask_key()

    def _verify(self, now: float) -> None:
        self._move(KeyState.VERIFYING)
        # An answer that is on its way may be older than the socket, and proves the key all the same.
        if self._renewing or self._key is None:
            return
        if now < self._not_before:
            self._retry_at = self._not_before
            return
        self._renewing = True
        self._retry_at = None
        self._driver.renew_key(self._key)

    def _heeds_renewal(self, now: float) -> bool:
        """Take note of an answer to a renewal, and tell whether it is about the present key."""
        was_outdated, self._renewing, self._is_outdated = self._is_outdated, False, False
        if self._is_over or self._asking:
            return False
        if was_outdated and self._is_open:
            self._verify(now)
        return not was_outdated

    def _gone(self, reason: str, now: float) -> None:
        self._unprove(reason, now)
        # The socket may stay open; nothing comes on it.
        self._ended_key = self._key or self._ended_key
        self._key, self._is_open = None, False
        self._is_outdated = self._renewing
        wait = self._backoff.next()
        if self._backoff.retries == 1 or self._asking:
            self._ask(now)
        else:
            # Keys that are gone as soon as they are given are not asked for in a loop.
            self._move(KeyState.ASKING)
            self._retry_at = max(now + wait, self._not_before)

    def _refused(self, code: int | None, reason: str, retry_after: float, now: float) -> None:
        if self._is_over:
            return
        if code in WRONG_KEY:
            self._unprove(reason, now)
            self._move(KeyState.FAILED)
            self._driver.failed(reason, code)
            return
        self._not_before = now + retry_after
        self._retry_at = max(now + self._backoff.next(), self._not_before)

    def _prove(self, now: float) -> None:
        self._move(KeyState.PROVEN)
        if not self._told:
            self._told = True
            self._proven_at = now
            self._times += 1
            self._driver.proven(self._times > 1)

    def _unprove(self, reason: str, now: float) -> None:
        if self._is_stable(now):
            self._backoff.reset()
        if self._told:
            self._told = False
            self._driver.unproven(reason)
