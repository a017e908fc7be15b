"""The gap ledger of one stream: what is missing, since when and why, and whether a time is complete.

Complete means known to be complete. The time before the stream was confirmed, the time in which nothing
carried it, suspected silence, ids that do not join, and what has fallen out of the bounded memory are not.

A hole is one of two things. An *outage* is a span of time in which nothing was carried, or may have been;
it has no ids, and outages that overlap are one. A hole *with records around it*, as native code reports it,
says which ids are missing between two records of one symbol. Where ids are contiguous, two records that join
prove an outage between them harmless, and missing ids take its place.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass, replace
from typing import Final, Literal

from fastbinance.errors import ConfigurationError

__all__ = ["Cause", "Gap", "Ledger"]

#: Why something is missing. ``"rejected"`` is both a payload that does not decode and a refused subscription.
Cause = Literal["connection lost", "stalled", "missing ids", "ids restarted", "rejected", "not subscribed"]

# The reports between whose records ids account for everything: what else there was, they would have named.
_BY_IDS: Final = ("missing ids", "ids restarted")


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in a stream.

    Attributes
    ----------
    symbol : str
        Symbol whose records are missing; empty for all of the stream.
    first_id, last_id : int
        The missing ids, both included; 0 and 0 where they cannot be told.
    from_ns, to_ns : int, int or None
        UTC nanoseconds, both included: receive times of the records around the hole, or beginning and end of
        the outage. `to_ns` is None while it lasts.
    cause : str
        What happened; of several things in one outage, what began it.
    """

    symbol: str
    first_id: int
    last_id: int
    from_ns: int
    to_ns: int | None
    cause: Cause


@dataclass(frozen=True, slots=True)
class _Hole:
    """A hole that is over; an outage has neither symbol nor ids."""

    from_ns: int
    to_ns: int
    cause: Cause
    symbol: str = ""
    first_id: int = 0
    last_id: int = 0

    def gap(self) -> Gap:
        return Gap(self.symbol, self.first_id, self.last_id, self.from_ns, self.to_ns, self.cause)


@dataclass(frozen=True, slots=True)
class _Open:
    """The outage that lasts."""

    from_ns: int
    cause: Cause
    down: bool  # no line carries the stream; otherwise one does, and says nothing


def _to_ns(hole: _Hole) -> int:
    return hole.to_ns


class Ledger:
    """What is missing in one stream.

    All times are UTC nanoseconds, and those of records are receive times. A clock that steps back makes holes
    longer, never shorter. An answer may turn from complete to not complete when a fault is found out about
    that began earlier (`stale`, `hole`); it never turns from hole to complete but by ids (`joined`).

    Parameters
    ----------
    contiguous
        Whether the ids of the stream prove that nothing is missing between two records. Not so where several
        symbols share a stream: the ids of one prove nothing about the others.
    capacity
        Holes kept, the newest ones. Times up to the end of a forgotten hole are not complete any more.
    """

    __slots__ = (
        "_begun_ns",
        "_capacity",
        "_contiguous",
        "_forgotten",
        "_forgotten_to",
        "_holes",
        "_open",
        "_outages",
    )

    def __init__(self, contiguous: bool, capacity: int = 1024) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}")
        self._contiguous = contiguous
        self._capacity = capacity
        self._begun_ns: int | None = None
        self._open: _Open | None = None
        self._outages: list[_Hole] = []  # disjoint, so in order of beginning and of end
        self._holes: list[_Hole] = []  # in order of their ends
        self._forgotten = 0
        self._forgotten_to: int | None = None

    # -- what happens to the stream

    def began(self, now_ns: int) -> None:
        """Take note that the stream is confirmed, and carried from here. Again: as `restored`."""
        self.restored(now_ns)

    def lost(self, now_ns: int, cause: Cause) -> None:
        """Take note that no line carries the stream any more, since a time.

        In a silence or an outage this begins no second hole: the one there is goes on.
        """
        if self._begun_ns is None:
            return
        if self._open is None:
            self._open = _Open(now_ns, cause, down=True)
        elif not self._open.down:
            earlier = now_ns < self._open.from_ns
            self._open = _Open(now_ns, cause, down=True) if earlier else replace(self._open, down=True)

    def restored(self, now_ns: int) -> None:
        """Take note that a line carries the stream again: confirmed, or its first record is there.

        The outage becomes a hole, until `joined` says otherwise. A silence goes on: it ends with data.
        """
        if self._begun_ns is None:
            self._begun_ns = now_ns
        elif self._open is not None and self._open.down:
            self._close(now_ns)
            self._forget()

    def stale(self, from_ns: int) -> None:
        """Take note of suspected silence: whether anything is missing since that time is not known."""
        if self._begun_ns is None:
            return
        if self._open is None:
            self._open = _Open(from_ns, "stalled", down=False)
        elif from_ns < self._open.from_ns:
            self._open = replace(self._open, from_ns=from_ns, cause="stalled")

    def fresh(self, at_ns: int) -> None:
        """Take note that data are back after a silence. It stays a hole until `joined` says otherwise."""
        if self._open is not None and not self._open.down:
            self._close(at_ns)
            self._forget()

    def joined(self, from_ns: int, to_ns: int) -> None:
        """Take note that nothing is missing between two records, since their ids join.

        What was an outage or a silence in between is none; one that still lasts is over, for a line carried
        the second record.

        Raises
        ------
        AssertionError
            The ids of this stream prove nothing: a mistake in our own code.
        """
        if not self._contiguous:
            raise AssertionError("ids were joined of a stream whose ids are not contiguous")
        self._settle(*sorted((from_ns, to_ns)))
        self._forget()

    def hole(
        self, symbol: str, first_id: int, last_id: int, from_ns: int, to_ns: int, cause: Cause = "missing ids"
    ) -> Gap:
        """Take note of ids missing between two records, as native code reports them; return the gap.

        Where ids are contiguous, a hole that they tell takes the place of the outage between the same
        records, and missing ids take its cause.
        """
        from_ns, to_ns = sorted((from_ns, to_ns))
        if self._contiguous and cause in _BY_IDS:
            within = self._settle(from_ns, to_ns)
            if within is not None and cause == "missing ids":
                cause = within
        hole = _Hole(from_ns, to_ns, cause, symbol, first_id, last_id)
        insort(self._holes, hole, key=_to_ns)
        self._forget()
        return hole.gap()

    # -- what is known

    @property
    def forgotten(self) -> int:
        """Holes that have fallen out of the memory."""
        return self._forgotten

    @property
    def lasting(self) -> Gap | None:
        """The outage or silence that is not over yet."""
        if self._open is None:
            return None
        return Gap("", 0, 0, self._open.from_ns, None, self._open.cause)

    def holes(self, since_ns: int = 0) -> tuple[Gap, ...]:
        """Return the holes that reach beyond a time, in the order in which they begin."""
        found = [hole.gap() for hole in (*self._outages, *self._holes) if hole.to_ns >= since_ns]
        if self.lasting is not None:
            found.append(self.lasting)
        return tuple(sorted(found, key=lambda gap: gap.from_ns))

    def complete(self, from_ns: int, to_ns: int, now_ns: int) -> bool:
        """Tell whether it is known that nothing is missing from one time to another, both included.

        Parameters
        ----------
        from_ns, to_ns
            The interval.
        now_ns
            Up to when the caller knows the stream to be watched; what comes later is the future.

        Raises
        ------
        ConfigurationError
            The interval ends before it begins.
        """
        return self.why_not(from_ns, to_ns, now_ns) is None

    def why_not(self, from_ns: int, to_ns: int, now_ns: int) -> str | None:
        """Return why an interval is not complete, in a sentence; None when it is. See `complete`.

        Raises
        ------
        ConfigurationError
            The interval ends before it begins.
        """
        if from_ns > to_ns:
            raise ConfigurationError(f"from_ns={from_ns} is after to_ns={to_ns}")
        if self._begun_ns is None:
            return "the stream has not been confirmed yet"
        if from_ns < self._begun_ns:
            return f"the stream is carried only since {self._begun_ns}"
        if to_ns > now_ns:
            return f"nothing is known yet of what comes after {now_ns}"
        if self._forgotten_to is not None and from_ns <= self._forgotten_to:
            return f"holes up to {self._forgotten_to} are forgotten: the memory holds {self._capacity}"
        for outage in self._outages_in(from_ns, to_ns):
            return f"nothing was carried from {outage.from_ns} to {outage.to_ns}: {outage.cause}"
        for hole in self._holes[bisect_left(self._holes, from_ns, key=_to_ns) :]:
            if hole.from_ns <= to_ns:
                return _sentence(hole)
        if self._open is not None and self._open.from_ns <= to_ns:
            return f"nothing has been carried since {self._open.from_ns}: {self._open.cause}"
        return None

    # -- inside

    def _close(self, at_ns: int) -> None:
        """End the outage that lasts; it is a hole now."""
        if self._open is not None:
            from_ns, to_ns = sorted((self._open.from_ns, at_ns))
            self._add(_Hole(from_ns, to_ns, self._open.cause))
            self._open = None

    def _settle(self, from_ns: int, to_ns: int) -> Cause | None:
        """Take out of the outages what ids account for; return the cause of the first, if there was one."""
        if self._open is not None and self._open.from_ns <= to_ns:
            self._close(to_ns)
        cause: Cause | None = None
        for outage in self._outages_in(from_ns, to_ns):
            cause = outage.cause if cause is None else cause
            self._outages.remove(outage)
            if outage.from_ns < from_ns:
                self._add(replace(outage, to_ns=from_ns - 1))
            if outage.to_ns > to_ns:
                self._add(replace(outage, from_ns=to_ns + 1))
        return cause

    def _add(self, outage: _Hole) -> None:
        touching = self._outages_in(outage.from_ns, outage.to_ns)
        if touching:
            # Stable: of two that begin together, the one that was there before gives the cause.
            first = min([*touching, outage], key=lambda out: out.from_ns)
            outage = replace(first, to_ns=max(outage.to_ns, touching[-1].to_ns))
            for old in touching:
                self._outages.remove(old)
        insort(self._outages, outage, key=_to_ns)

    def _outages_in(self, from_ns: int, to_ns: int) -> list[_Hole]:
        found = []
        for outage in self._outages[bisect_left(self._outages, from_ns, key=_to_ns) :]:
            if outage.from_ns > to_ns:
                break
            found.append(outage)
        return found

    def _forget(self) -> None:
        """Drop the holes that ended first, until the others fit."""
        while len(self._outages) + len(self._holes) > self._capacity:
            kept = [holes for holes in (self._outages, self._holes) if holes]
            to_ns = min(kept, key=lambda holes: holes[0].to_ns).pop(0).to_ns
            self._forgotten += 1
            self._forgotten_to = to_ns if self._forgotten_to is None else max(to_ns, self._forgotten_to)


def _sentence(hole: _Hole) -> str:
    of = f" of {hole.symbol}" if hole.symbol else ""
    between = f"between {hole.from_ns} and {hole.to_ns}"
    if hole.first_id or hole.last_id:
        between = f"between the records of {hole.from_ns} and {hole.to_ns}"
        return f"ids {hole.first_id} to {hole.last_id}{of} are missing {between}: {hole.cause}"
    return f"records{of} may be missing {between}: {hole.cause}"
