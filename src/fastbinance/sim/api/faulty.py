"""Answers that come late, twice, out of order or never: faults of requests, by service and method."""

from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey
from fastbinance.sim.hosts import Host

__all__ = ["AnswerFault", "AnswerFaults", "Kill", "methods_of"]

Kill = Literal["before", "after"]

_KILLS: Final = ("before", "after", None)
_UNKNOWN_OUTCOMES: Final = range(500, 600)


@dataclass(slots=True)
class AnswerFault:
    """What becomes of the answers to some requests.

    Attributes
    ----------
    delay, jitter
        Seconds that an answer is late, and up to so many more. Each by itself: one may overtake another.
    drop, double, reorder
        Share of the answers that never come, come twice, or come behind the next one.
    kill
        The connection is lost before the request is carried out, or after that and before the answer.
    status
        The answer says this instead, 500 to 599, although the request is carried out.
    methods
        Only these methods; None: all.
    left
        So many requests; None: until something else is said.
    """

    delay: float = 0.0
    jitter: float = 0.0
    drop: float = 0.0
    double: float = 0.0
    reorder: float = 0.0
    kill: Kill | None = None
    status: int | None = None
    methods: frozenset[str] | None = None
    left: int | None = None

    def check(self) -> None:
        """Refuse figures that cannot be."""
        for name in ("delay", "jitter"):
            if getattr(self, name) < 0:
                raise ConfigurationError(f"{name} is {getattr(self, name)}: it cannot be below 0 seconds")
        for name in ("drop", "double", "reorder"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigurationError(f"{name} is {getattr(self, name)}: it is a share from 0 to 1")
        if self.kill not in _KILLS:
            raise ConfigurationError(f"kill is {self.kill!r}: it is 'before', 'after' or None")
        if self.status is not None and self.status not in _UNKNOWN_OUTCOMES:
            raise ConfigurationError(f"status is {self.status}: it is one from 500 to 599")
        if self.left is not None and self.left < 1:
            raise ConfigurationError(f"times is {self.left}: it is a number from 1, or None")


class AnswerFaults:
    """What is wrong with answers now.

    Parameters
    ----------
    seed
        Decides whom it meets.
    """

    def __init__(self, seed: int) -> None:
        self._faults: dict[WsKey | None, AnswerFault] = {}
        #: What decides.
        self.rng = Random(f"{seed}/answers")

    def set(self, key: WsKey | str | None, fault: AnswerFault) -> None:
        """Have a fault hold for a service; for None everywhere, instead of all others."""
        fault.check()
        if key is None:
            self._faults.clear()
            self._faults[None] = fault
        else:
            self._faults[WsKey(key)] = fault

    def find(self, host: Host, method: str) -> AnswerFault | None:
        """Give what meets a request, which counts as one of those that it shall meet."""
        for key in (*host.keys, None):
            fault = self._faults.get(key)
            if fault is None or (fault.methods is not None and method not in fault.methods):
                continue
            if fault.left is not None:
                fault.left -= 1
                if not fault.left:
                    del self._faults[key]
            return fault
        return None


def methods_of(methods: Collection[str] | str | None) -> frozenset[str] | None:
    """Take one method, several or all."""
    if methods is None:
        return None
    return frozenset([methods] if isinstance(methods, str) else methods)
