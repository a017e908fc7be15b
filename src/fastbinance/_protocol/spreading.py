"""How the streams of one service are shared out over its shards, by the traffic they bring.

A guess places a new stream; what it brings is measured, and few streams are moved later. Moving costs control
messages and the care of whoever does it, so a stream stays where it is unless that hurts:

::

    load of a shard, in parts of max_rate
    1.0  above for 30 s: streams move away, the fewest, until it is at 0.8
    0.8  no move brings a shard above
    0.6  no guess brings a shard above, as long as another shard is allowed
    0.5  no merge brings a shard above
    0.1  below for five minutes, and with few streams: they all move to another shard

The distances between the figures are what keeps streams from moving to and fro: what was merged is far from
being split, and what was split from being merged.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fastbinance.streams import Kind, Stream

__all__ = ["Move", "ShardLoad", "Spreader", "expected_load", "weight"]

_CALM: Final = 0.8
_COMFORTABLE: Final = 0.6
_MERGED: Final = 0.5
_IDLE: Final = 0.1

_MINUTE: Final = 60.0
# A merge is worth so many minutes of moves: the connection it saves costs less than a long migration.
_MERGE_MINUTES: Final = 5

# Rounding must not make a sum that fits exactly one that does not.
_ROUNDING: Final = 1e-9

# What a message costs, where that of a quote is one: a depth message has tens of levels.
_WEIGHTS: Final = {Kind.DIFF_DEPTH: 4.0, Kind.PARTIAL_DEPTH: 3.0}
# An array has an element for each symbol that changed within the second.
_ARRAY_WEIGHT: Final = 50.0

# Messages a second of a busy symbol: a guess that holds until the stream has been measured.
_EXPECTED: Final = {
    Kind.BOOK_TICKER: 50.0,
    Kind.TRADE: 20.0,
    Kind.AGG_TRADE: 10.0,
    Kind.DIFF_DEPTH: 10.0,
    Kind.PARTIAL_DEPTH: 10.0,
    Kind.KLINE: 2.0,
    Kind.CONTINUOUS_KLINE: 2.0,
}
_EXPECTED_OF_OTHERS: Final = 1.0
_EXPECTED_OF_ALL_QUOTES: Final = 1000.0


def weight(stream: Stream) -> float:
    """Return what a message of a stream costs, in messages of a quote: its rate times this is its load."""
    if stream.name.startswith("!") and "@arr" in stream.name:
        return _ARRAY_WEIGHT
    return _WEIGHTS.get(stream.kind, 1.0) if stream.kind is not None else 1.0


def expected_load(stream: Stream) -> float:
    """Return a guess of a stream's load, for as long as it has not been measured."""
    if stream.kind is Kind.BOOK_TICKER and stream.many_symbols:
        return _EXPECTED_OF_ALL_QUOTES
    if stream.kind is None or stream.many_symbols:
        return _EXPECTED_OF_OTHERS * weight(stream)
    return _EXPECTED.get(stream.kind, _EXPECTED_OF_OTHERS) * weight(stream)


@dataclass(frozen=True, slots=True)
class ShardLoad:
    """What one shard carries.

    Attributes
    ----------
    shard : int
        Its number, unique among the shards of the service for as long as the process lives.
    measured : mapping of str to float
        Load of each stream whose rate has been learned: messages a second times `weight`. A stream that is
        on its way from one shard to another is listed at the latter alone.
    guessed : mapping of str to float
        The same of the others, by `expected_load`. These are not moved.
    leaving : int
        Places taken by streams that the server may still send though they are not listed.
    ready : bool
        Whether it is confirmed and not about to be replaced: only then streams are moved to or from it.
    """

    shard: int
    measured: Mapping[str, float] = field(default_factory=dict)
    guessed: Mapping[str, float] = field(default_factory=dict)
    leaving: int = 0
    ready: bool = True

    @property
    def listed(self) -> int:
        """Streams that it is to carry."""
        return len(self.measured) + len(self.guessed)

    @property
    def streams(self) -> int:
        """Places taken."""
        return self.listed + self.leaving

    @property
    def load(self) -> float:
        """Load of all its streams."""
        return sum(self.measured.values()) + sum(self.guessed.values())


@dataclass(frozen=True, slots=True)
class Move:
    """A stream that is better carried by another shard.

    To be confirmed on the target before it is given up at the source, and only then.

    Attributes
    ----------
    name : str
        The stream.
    source, target : int, int or None
        Places of the shards in the sequence that `Spreader.plan` was given. None is a new shard; all moves
        of one plan to a new shard mean the same one.
    """

    name: str
    source: int
    target: int | None


class Spreader:
    """The shards' traffic over time, and what to move.

    Parameters
    ----------
    max_streams
        Streams that one connection may carry (`keys.limits`).
    max_rate
        Load above which a shard is split.
    max_shards
        Shards made for the sake of traffic. Where there is no place left for a stream, more are made.
    moves_per_minute
        Moves proposed in any minute at most. Each is one SUBSCRIBE and one UNSUBSCRIBE, so the control
        messages of a connection are far from their limit.
    rest
        Seconds for which a moved stream is not moved again.
    hot_after, idle_after
        Seconds, above 0, for which a shard has to be above `max_rate`, or nearly idle, before anything moves.
    """

    def __init__(
        self,
        max_streams: int,
        *,
        max_rate: float,
        max_shards: int = 8,
        moves_per_minute: int = 6,
        rest: float = 600.0,
        hot_after: float = 30.0,
        idle_after: float = 300.0,
    ) -> None:
        if max_streams < 1 or max_shards < 1 or moves_per_minute < 1:
            raise ValueError(
                "max_streams, max_shards and moves_per_minute must be at least 1, not"
                f" {max_streams}, {max_shards} and {moves_per_minute}"
            )
        if not (max_rate > 0.0 and hot_after > 0.0 and idle_after > 0.0):
            raise ValueError(
                "max_rate, hot_after and idle_after must be above 0, not"
                f" {max_rate}, {hot_after} and {idle_after}"
            )
        self._max_streams = max_streams
        self._max_rate = max_rate
        self._max_shards = max_shards
        self._moves_per_minute = moves_per_minute
        self._rest = rest
        self._hot_after = hot_after
        self._idle_after = idle_after
        self._hot_since: dict[int, float] = {}
        self._idle_since: dict[int, float] = {}
        self._proposed: deque[float] = deque()  # times of the moves of the last minute
        self._moved_at: dict[str, float] = {}  # of those that still rest

    def place(self, stream: Stream, shards: Sequence[ShardLoad]) -> int | None:
        """Return the place in the sequence of the shard for a new stream; None where a new one is needed.

        The fullest shard that stays comfortable takes it, so that one that is being emptied is left alone.
        """
        free = [place for place, shard in enumerate(shards) if shard.streams < self._max_streams]
        most = _COMFORTABLE * self._max_rate - expected_load(stream)
        comfortable = [place for place in free if shards[place].load <= most]
        if comfortable:
            return max(comfortable, key=lambda place: shards[place].load)
        # A stream that is heavy even alone is no reason to leave an empty shard empty.
        empty = [place for place in free if not shards[place].streams]
        if empty:
            return empty[0]
        if free and len(shards) >= self._max_shards:
            return min(free, key=lambda place: shards[place].load)
        return None

    def plan(self, now: float, shards: Sequence[ShardLoad]) -> list[Move]:
        """Return the moves to be made now, mostly none; they count as made.

        Parameters
        ----------
        now
            The time, in seconds, on the clock of all calls. To be asked every second or so.
        shards
            All shards of the service, in any order.
        """
        self._watch(now, shards)
        budget = self._moves_per_minute - len(self._proposed)
        few = _MERGE_MINUTES * self._moves_per_minute
        hot = [place for place, shard in enumerate(shards) if self._is_hot(now, shard)]
        idle = {
            place
            for place, shard in enumerate(shards)
            # Where there is too much traffic, connections are not the thing to save.
            if not self._hot_since and shard.streams <= few and self._is_idle(now, shard)
        }
        if budget <= 0 or not (hot or idle):
            return []
        work = _Work(shards, self._max_streams, self._max_rate, self._max_shards, self._moved_at)
        for place in sorted(hot, key=lambda place: -shards[place].load):
            work.split(place, budget - len(work.moves))
        work.merge(idle, budget)
        self._proposed.extend(now for _ in work.moves)
        self._moved_at.update((move.name, now) for move in work.moves)
        return work.moves

    # -- inside

    def _watch(self, now: float, shards: Sequence[ShardLoad]) -> None:
        while self._proposed and now - self._proposed[0] > _MINUTE:
            self._proposed.popleft()
        self._moved_at = {name: at for name, at in self._moved_at.items() if now - at < self._rest}
        # A guess is reason enough to bring no more, but none to move anything. One stream cannot be split.
        hot = (
            shard.shard
            for shard in shards
            if shard.listed > 1 and sum(shard.measured.values()) > self._max_rate
        )
        idle = (
            shard.shard
            for shard in shards
            if shard.measured and not shard.guessed and shard.load < _IDLE * self._max_rate
        )
        self._hot_since = _since(self._hot_since, hot, now)
        self._idle_since = _since(self._idle_since, idle, now)

    def _is_hot(self, now: float, shard: ShardLoad) -> bool:
        return shard.ready and now - self._hot_since.get(shard.shard, now) >= self._hot_after

    def _is_idle(self, now: float, shard: ShardLoad) -> bool:
        return shard.ready and now - self._idle_since.get(shard.shard, now) >= self._idle_after


def _since(before: Mapping[int, float], shards: Iterable[int], now: float) -> dict[int, float]:
    """Return since when each shard has been what it is now."""
    return {shard: before.get(shard, now) for shard in shards}


class _Work:
    """The shards as they will be after the moves of one plan."""

    def __init__(
        self,
        shards: Sequence[ShardLoad],
        max_streams: int,
        max_rate: float,
        max_shards: int,
        resting: Mapping[str, float],
    ) -> None:
        self.moves: list[Move] = []
        self._max_streams = max_streams
        self._max_rate = max_rate
        # Streams still to be moved or left, by shard; those that have come in this plan stay.
        self._movable = [
            {name: load for name, load in shard.measured.items() if name not in resting} for shard in shards
        ]
        self._loads = [shard.load for shard in shards]
        self._streams = [shard.streams for shard in shards]
        self._open = [shard.ready for shard in shards]
        self._new = len(shards)  # the place of a new shard: behind the others
        if len(shards) < max_shards:
            self._loads.append(0.0)
            self._streams.append(0)
            self._open.append(True)

    def split(self, source: int, budget: int) -> None:
        """Move the fewest streams away from a shard until its load is calm, as far as there is a place."""
        movable = self._movable[source]
        while budget > 0:
            excess = self._loads[source] - _CALM * self._max_rate
            if excess <= _ROUNDING * self._max_rate:
                return
            # The lightest of those that suffice alone, then the heaviest of the others.
            enough = sorted((load, name) for name, load in movable.items() if load >= excess)
            others = sorted(((load, name) for name, load in movable.items() if load < excess), reverse=True)
            for load, name in (*enough, *others):
                target = self._place_for(load, source) if load > 0.0 else None
                if target is not None:
                    self._move(name, load, source, target)
                    budget -= 1
                    break
            else:
                return

    def merge(self, idle: set[int], budget: int) -> None:
        """Move what fits into the budget from one nearly idle shard to another shard that can take it all."""
        # The one with the fewest streams first, which is the one that has been begun with.
        for source in sorted(idle, key=lambda place: (self._streams[place], place)):
            targets = [
                place
                for place in range(self._new)
                if place != source
                and self._open[place]
                and self._streams[place] + self._streams[source] <= self._max_streams
                and self._loads[place] + self._loads[source] <= _MERGED * self._max_rate
                # Of two idle ones, the one with fewer streams moves: they do not move to each other in turns.
                and (
                    self._loads[place] >= _IDLE * self._max_rate
                    or (self._streams[place], place) > (self._streams[source], source)
                )
            ]
            if not targets:
                continue
            target = max(targets, key=lambda place: self._loads[place])
            for name, load in sorted(self._movable[source].items())[:budget]:
                self._move(name, load, source, target)
            return

    def _place_for(self, load: float, source: int) -> int | None:
        most = _CALM * self._max_rate * (1.0 + _ROUNDING)
        there = [
            place
            for place, other in enumerate(self._loads)
            if place != source
            and self._open[place]
            and self._streams[place] < self._max_streams
            # A new shard takes any first stream: one that is too heavy for all is best off alone.
            and (other + load <= most or (place == self._new and not self._streams[place]))
        ]
        # A new shard only where no other will do.
        return min(there, key=lambda place: (place == self._new, self._loads[place]), default=None)

    def _move(self, name: str, load: float, source: int, target: int) -> None:
        del self._movable[source][name]
        self._loads[source] -= load
        self._loads[target] += load
        # The place at the source stays taken until the server has given the stream up.
        self._streams[target] += 1
        self.moves.append(Move(name, source, None if target == self._new else target))
