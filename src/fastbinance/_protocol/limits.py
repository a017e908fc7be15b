"""What Binance counts, as token buckets: client messages per second, connection attempts per five minutes.

And what it does about those who send too much: a ban, which it lengthens for who comes back too early.
"""

from math import inf
from typing import Final

__all__ = ["Ban", "TokenBucket", "attempts_bucket", "control_bucket"]

# A bucket asked again exactly when it said so must not answer "no" because of a rounded sum. A token
# this much short is a whole one; the missing part stays owed, so the error does not add up.
_ROUNDING: Final = 1e-6

# Messages a second kept free for PONGs, which are never delayed: 5 becomes 3 and 10 becomes 8.
_KEPT_FOR_PONGS: Final = 2


class TokenBucket:
    """At most ``burst + rate * t`` tokens in any ``t`` seconds.

    Parameters
    ----------
    rate
        Tokens that come back per second.
    burst
        Tokens that may be taken at once; what the bucket holds at first.
    now
        The time, in seconds, on the clock of all later calls.
    """

    __slots__ = ("_at", "_tokens", "burst", "rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        if rate <= 0.0 or burst < 1.0:
            raise ValueError(f"a token bucket needs rate > 0 and burst >= 1, not {rate} and {burst}")
        self.rate = rate
        self.burst = burst
        self._tokens = float(burst)
        self._at = now

    def take(self, now: float, n: int = 1) -> bool:
        """Take n tokens if they are there; say whether they were."""
        self._refill(now)
        if self._tokens < n - _ROUNDING:
            return False
        self._tokens -= n
        return True

    def spend(self, now: float, n: int = 1) -> None:
        """Take n tokens whether or not they are there; a debt delays later takers (a PONG cannot wait)."""
        self._refill(now)
        self._tokens -= n

    def next_at(self, now: float) -> float:
        """Return the time at which one token is there: ``now`` when one already is."""
        self._refill(now)
        if self._tokens >= 1.0 - _ROUNDING:
            return now
        return self._at + (1.0 - self._tokens) / self.rate

    def _refill(self, now: float) -> None:
        # A clock that steps back gives nothing and takes nothing.
        if now > self._at:
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
            self._at = now


class Ban:
    """Until when somebody wants no attempts of us; each refusal may lengthen it, and none shortens it.

    A shorter word after a longer one comes from a connection that was on its way when the ban began.
    """

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until = -inf

    def lengthen(self, now: float, seconds: float) -> None:
        """Take note that no attempt is wanted for so many seconds."""
        self._until = max(self._until, now + seconds)

    def remaining(self, now: float) -> float:
        """Return the seconds until an attempt is allowed, 0.0 when it is."""
        return max(0.0, self._until - now)


def control_bucket(messages_per_second: float, now: float) -> TokenBucket:
    """Return the bucket for the control frames of one connection.

    Two messages of each second are kept for PONGs, and burst plus one second's refill stay within the rest:
    3 control frames in any second where Binance allows 5, and 8 where it allows 10.
    """
    # inf where Binance counts something else: a thousand a second is no limit and still a number.
    budget = max(2.0, min(messages_per_second, 1000.0) - _KEPT_FOR_PONGS)
    burst = max(1.0, budget // 2.0)
    return TokenBucket(budget - burst, burst, now)


def attempts_bucket(attempts: int, seconds: float, now: float) -> TokenBucket:
    """Return a bucket of at most ``attempts`` tokens in any ``seconds``: half at once, half over the time."""
    if attempts < 2 or seconds <= 0.0:
        raise ValueError(f"needs at least 2 attempts and a positive time, not {attempts} in {seconds} s")
    burst = attempts // 2
    return TokenBucket((attempts - burst) / seconds, burst, now)
