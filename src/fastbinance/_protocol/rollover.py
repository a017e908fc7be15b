"""When a connection is replaced for its age: before Binance ends it, at an hour that suits the user."""

from dataclasses import dataclass
from random import Random
from typing import Final

from fastbinance.errors import ConfigurationError

__all__ = ["ROLLOVER_AFTER", "RolloverPlan"]

#: Seconds: an hour before Binance ends a connection.
ROLLOVER_AFTER: Final = 23 * 3600.0

_DAY: Final = 86_400.0
# Of the age, so that connections made together are not replaced together.
_JITTER: Final = 0.03


@dataclass(frozen=True, slots=True)
class RolloverPlan:
    """The age at which connections are replaced.

    Attributes
    ----------
    after
        Seconds that no connection is older than; somewhat less, by chance.
    window
        Beginning and end, in seconds of the day, UTC, of the part of each day in which connections are
        replaced: in the last such one that comes before `after`. Where none comes, at `after` all the same.
        The end may be past midnight.
    """

    after: float = ROLLOVER_AFTER
    window: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.after < _DAY:
            raise ConfigurationError(
                f"rollover_after is a number of seconds above 0 and below {_DAY:.0f}, at which Binance ends"
                f" connections; not {self.after!r}"
            )
        if self.window is not None and self.window[0] == self.window[1]:
            raise ConfigurationError("rollover_window begins and ends at the same time; give a longer one")

    def at(self, opened: float, rng: Random) -> float:
        """Return when a connection is to be replaced that opened at `opened`; both in Unix seconds."""
        latest = opened + self.after * (1.0 - rng.uniform(0.0, _JITTER))
        if self.window is None:
            return latest
        begin, end = self.window
        length = (end - begin) % _DAY
        # The last window that has begun by then, so far as it lies before; connections spread over it.
        start = latest - (latest - begin) % _DAY
        stop = min(start + length, latest)
        if stop <= opened:
            return latest
        start = max(start, opened + (stop - opened) * 0.5)
        return rng.uniform(start, stop)
