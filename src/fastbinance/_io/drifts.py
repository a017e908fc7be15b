"""The drifts of one connection, from one of its feeds to the next."""

import dataclasses
from collections.abc import Iterable
from typing import Any, Final

from fastbinance.drift import Drift, DriftWhat

__all__ = ["DriftLog", "merged", "of_feed"]

# A peer that invents stream names must not fill our memory.
_MOST: Final = 1_024


class DriftLog:
    """Sums of drifts, and which of them have been told."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, ...], Drift] = {}
        self._told: set[tuple[str, ...]] = set()

    def note(
        self, stream: str, kind: str, what: DriftWhat, path: str, sample: str, recv_ns: int
    ) -> Drift | None:
        """Count one that no feed counts; return it when it is new."""
        seen = Drift(stream, kind, what, path, sample, 1, recv_ns, recv_ns)
        _add(self._sums, seen)
        return seen if self.is_new(seen) else None

    def is_new(self, seen: Drift) -> bool:
        """Whether it has not been told before; from now on it has."""
        if seen.identity in self._told or len(self._told) >= _MOST:
            return False
        self._told.add(seen.identity)
        return True

    def retire(self, drifts: Iterable[Any]) -> None:
        """Add those of a feed that has ended."""
        for drift in drifts:
            _add(self._sums, of_feed(drift))

    def inherit(self, other: "DriftLog") -> None:
        """Go on with those of another connection; what that has told is not told again."""
        for drift in other._sums.values():
            _add(self._sums, drift)
        self._told |= other._told

    def with_feed(self, drifts: Iterable[Any]) -> tuple[Drift, ...]:
        """Return all, those of the present feed included, in order of first sight."""
        return merged(self._sums.values(), map(of_feed, drifts))


def of_feed(drift: Any) -> Drift:
    """Return a feed's drift as the public class."""
    return Drift(*drift)


def merged(*groups: Iterable[Drift]) -> tuple[Drift, ...]:
    """Return the sums of several groups of drifts, in order of first sight."""
    sums: dict[tuple[str, ...], Drift] = {}
    for group in groups:
        for drift in group:
            _add(sums, drift)
    return tuple(sorted(sums.values(), key=lambda drift: drift.first_ns))


def _add(sums: dict[tuple[str, ...], Drift], drift: Drift) -> None:
    known = sums.get(drift.identity)
    if known is None:
        if len(sums) < _MOST:
            sums[drift.identity] = drift
        return
    earlier, later = (known, drift) if known.first_ns <= drift.first_ns else (drift, known)
    sums[drift.identity] = dataclasses.replace(
        earlier, count=known.count + drift.count, last_ns=max(earlier.last_ns, later.last_ns)
    )
