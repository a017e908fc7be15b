"""How long to wait before the next connection attempt."""

from random import Random

__all__ = ["Backoff"]


class Backoff:
    """Delays between attempts: the first nearly at once, then doubling up to a cap, with jitter.

    Parameters
    ----------
    first
        Upper end, in seconds, of the jitter before the first retry. It only keeps many clients from
        returning in the same instant; a lost connection is replaced without waiting.
    base
        Seconds before the second retry, doubled for each one after it.
    cap
        Seconds that no delay exceeds.
    rng
        Source of the jitter; a seeded one makes the delays repeatable.
    """

    __slots__ = ("_base", "_cap", "_first", "_retries", "_rng")

    def __init__(
        self,
        first: float = 0.010,
        base: float = 0.25,
        cap: float = 30.0,
        rng: Random | None = None,
    ) -> None:
        self._first = first
        self._base = base
        self._cap = cap
        self._rng = Random() if rng is None else rng
        self._retries = 0

    @property
    def retries(self) -> int:
        """Delays given since the last reset."""
        return self._retries

    def next(self) -> float:
        """Return the seconds to wait before the next attempt."""
        self._retries += 1
        if self._retries == 1:
            return self._rng.uniform(0.0, min(self._first, self._cap))
        # Doubling stops at 2**32: the cap was passed long before, and a float must not overflow.
        delay = min(self._cap, self._base * 2.0 ** min(self._retries - 2, 32))
        # Half fixed, half random: clients that were cut off together spread out, none returns at once.
        return delay / 2.0 + self._rng.uniform(0.0, delay / 2.0)

    def go_on(self, other: "Backoff") -> None:
        """Count the failures of another one too: the next delay is at least as long as its next would be."""
        self._retries = max(self._retries, other._retries)

    def reset(self) -> None:
        """Forget the failures: the next delay is a first one again."""
        self._retries = 0
