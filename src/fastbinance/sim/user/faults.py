"""What is wrong with the user data of a simulator on purpose."""

import random
from typing import Final, NamedTuple

from fastbinance.errors import ConfigurationError

__all__ = ["UserFaults"]

_NONE: Final = 0.0


class _Shares(NamedTuple):
    drop: float = _NONE
    double: float = _NONE
    late: float = _NONE
    delay_ms: int = 0


class UserFaults:
    """What becomes of events of the engines.

    Parameters
    ----------
    seed
        Decides which.

    Attributes
    ----------
    is_frozen
        No event leaves, whatever it is.
    """

    def __init__(self, seed: int) -> None:
        self.is_frozen = False
        self._rng = random.Random(f"{seed}/user data")
        self._shares = _Shares()

    def set(self, *, drop: float, double: float, late: float, delay: float) -> None:
        """Have shares of the events be lost, come twice, or come so many seconds late.

        Raises
        ------
        ConfigurationError
            A share is not from 0 to 1, or a delay is below 0.
        """
        for name, share in (("drop", drop), ("double", double), ("late", late)):
            if not 0 <= share <= 1:
                raise ConfigurationError(f"{name} is {share}: it is a share, from 0 to 1")
        if not 0 <= delay < 3600:
            raise ConfigurationError(f"delay is {delay}: it is at least 0 and below 3600 seconds")
        self._shares = _Shares(drop, double, late, round(delay * 1000))

    def fates(self) -> tuple[int, ...]:
        """Give by how many milliseconds each copy of the next event is late; no copy of one that is lost."""
        shares = self._shares
        if shares == _Shares():
            return (0,)
        if self._rng.random() < shares.drop:
            return ()
        delay_ms = shares.delay_ms if self._rng.random() < shares.late else 0
        return (delay_ms,) * (2 if self._rng.random() < shares.double else 1)
