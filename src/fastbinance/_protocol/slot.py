"""One place of a shard: the line that has it, the line that is to have it, and when that one is ready to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal

from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.line import Line

__all__ = ["Reason", "Slot", "Verdict"]

#: Why a connection is replaced.
Reason = Literal["age", "shutdown", "stalled", "unanswered", "request"]

# Seconds after everything is confirmed on a successor, after which what has not come on it is not waited for.
_PATIENCE: Final = 3.0
# Seconds after which a successor that brings nothing at all, while the old line does, is connected anew.
_LONGEST_PATIENCE: Final = 10.0
# Seconds that a successor needs at least: one look at what has come, on both lines.
_SHORTEST_PROOF: Final = 0.1
# Seconds between two replacements of a slot for one kind of reason: doubled each time, forgotten after a good
# while.
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0
# At most these where the suspicion was right, and the successor brought what the old line did not.
_RIGHT_SUSPICION: Final = 5.0
# Seconds after which a replacement that could not begin, for want of room, is tried again.
_PUT_OFF: Final = 1.0


class Verdict(Enum):
    """What is to become of a successor."""

    WAIT = "wait"
    SWAP = "swap"
    ANEW = "anew"


@dataclass(slots=True)
class _Pace:
    """How soon something may be done again that perhaps does not help."""

    wait: float = _FIRST_WAIT
    again_at: float = 0.0

    def took(self, now: float) -> None:
        """Take note that it is done now."""
        if now - self.again_at >= _LONGEST_WAIT:
            self.wait = _FIRST_WAIT
        self.again_at = now + self.wait
        self.wait = min(2.0 * self.wait, _LONGEST_WAIT)


@dataclass(slots=True)
class Slot:
    """A place, and how far the replacement of its line is.

    Attributes
    ----------
    current, successor
        The line that has the place, and the one that is to have it.
    reason
        Why it is to.
    roll_at
        When the current line is to be replaced for its age.
    shutting
        Numbers of lines whose server has said that it stops.
    rollovers
        How often a line has taken the place from another that was up until then.
    """

    current: Line
    successor: Line | None = None
    reason: Reason = "request"
    roll_at: float | None = None
    shutting: set[int] = field(default_factory=set)
    rollovers: int = 0
    _owed: frozenset[str] = frozenset()  # what was wanted when the replacement began
    _ready_at: float | None = None  # when that was confirmed on the successor
    _before: dict[str, int] = field(default_factory=dict)  # arrivals on the old line by then
    _suspicions: _Pace = field(default_factory=_Pace)
    # Where each new connection comes to a server that stops too, replacements would use up the connects of
    # the whole process.
    _shutdowns: _Pace = field(default_factory=_Pace)
    _room_at: float = 0.0  # there was none for a successor

    @property
    def on_suspicion(self) -> bool:
        """Whether the line is being replaced for what seems to be wrong with it."""
        return self.reason in ("stalled", "unanswered")

    def may_begin(self, reason: Reason, now: float) -> bool:
        """Tell whether the line may be replaced: on suspicion, or as its server stops, not too soon again."""
        if reason == "shutdown":
            return now >= self._shutdowns.again_at
        return reason not in ("stalled", "unanswered") or now >= self._suspicions.again_at

    @property
    def due_at(self) -> float | None:
        """When the line is to be replaced for what is known ahead; None: nothing is, or it cannot be now."""
        if self.successor is not None or self.current.state is not State.LIVE:
            return None
        stops_at = self._shutdowns.again_at if self.current.number in self.shutting else None
        at = min((at for at in (self.roll_at, stops_at) if at is not None), default=None)
        return None if at is None else max(at, self._room_at)

    def due(self, now: float) -> Reason | None:
        """Return why the line is to be replaced now: its server stops, or its age is up."""
        at = self.due_at
        if at is None or now < at:
            return None
        stops = self.current.number in self.shutting and self.may_begin("shutdown", now)
        return "shutdown" if stops else "age"

    def put_off(self, now: float) -> None:
        """Take note that what is due cannot begin now: it is due again in a while."""
        self._room_at = now + _PUT_OFF

    def begin(self, successor: Line, reason: Reason, wanted: Collection[str], now: float) -> None:
        """Begin a replacement."""
        self.successor, self.reason = successor, reason
        self._owed, self._ready_at = frozenset(wanted), None
        self._before.clear()
        if reason == "shutdown":
            self._shutdowns.took(now)
        if self.on_suspicion:
            self._suspicions.took(now)

    def judge(
        self, new: Mapping[str, int], old: Mapping[str, int], wanted: Collection[str], now: float
    ) -> Verdict:
        """Say what is to become of the successor, by what has come of each stream on it and beside it."""
        successor = self.successor
        if successor is None or successor.state is not State.LIVE:
            self._ready_at = None
            return Verdict.WAIT
        if self._ready_at is None:
            # Not what was wanted since: where wishes change all the time, something is always unanswered.
            if self._misses(successor, self._owed, wanted):
                return Verdict.WAIT
            self._ready_at, self._before = now, dict(old)
        since = now - self._ready_at
        if since < _SHORTEST_PROOF:
            return Verdict.WAIT
        busy = [name for name, count in old.items() if count > self._before.get(name, 0)]
        speaks = any(new.values())
        proven = all(new.get(name, 0) for name in busy) and (bool(busy) or speaks)
        level = proven and not self._misses(successor, self.current.subscriptions.confirmed, wanted)
        # What it refuses for good it will never bring, however often it is connected anew.
        is_mute = not speaks and any(name not in successor.subscriptions.rejected for name in busy)
        if level or (since >= _PATIENCE and not is_mute) or not wanted:
            if self.on_suspicion and speaks and not busy:
                self._suspicions.wait = min(self._suspicions.wait, _RIGHT_SUSPICION)
                self._suspicions.again_at = now
            return Verdict.SWAP
        if since >= _LONGEST_PATIENCE:
            self._ready_at = None
            return Verdict.ANEW
        return Verdict.WAIT

    def promote(self, now: float) -> tuple[Line, Line]:
        """Give the place to the successor; return the old line and the new one."""
        old, new = self.current, self.successor
        if new is None:
            raise AssertionError("a slot without a successor has nobody to promote")
        self.current, self.successor, self._ready_at = new, None, None
        new.take_place_of(old, now)
        self._before.clear()
        self.shutting.discard(old.number)
        self.roll_at = None
        if self.on_suspicion:
            self._suspicions.again_at = max(self._suspicions.again_at, now + self._suspicions.wait)
        else:
            self._suspicions.wait = _FIRST_WAIT
        if new.state is State.LIVE:
            self.rollovers += 1
        return old, new

    @staticmethod
    def _misses(line: Line, names: Collection[str], wanted: Collection[str]) -> bool:
        """Tell whether a line has neither confirmed nor refused one of some streams that are wanted."""
        subscriptions = line.subscriptions
        refused = subscriptions.rejected
        return any(
            name in wanted and name not in refused and not subscriptions.is_confirmed(name) for name in names
        )
