"""Streams on their way from one group of connections to another: carried by both until the new delivers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastbinance._io.group import Group
from fastbinance._io.wishes import Wish
from fastbinance._protocol.spreading import Move, ShardLoad, Spreader, expected_load, weight

__all__ = ["Moves"]

# Seconds after the confirmation on the new group after which a silent stream counts as moved.
_PATIENCE: Final = 3.0


@dataclass(slots=True)
class _Way:
    source: Group
    target: Group
    confirmed_at: float | None = None


class Moves:
    """The moves of one service.

    Parameters
    ----------
    spreader
        Decides what moves.
    measured_after
        Seconds that a stream has to be confirmed before its traffic is a measure.
    """

    def __init__(self, spreader: Spreader, measured_after: float = 30.0) -> None:
        self.spreader: Final = spreader
        self._measured_after = measured_after
        self._ways: dict[Wish, _Way] = {}

    @property
    def going_on(self) -> bool:
        """Whether a stream is on its way."""
        return bool(self._ways)

    def loads(self, groups: Sequence[Group], now: float) -> list[ShardLoad]:
        """Return what each group carries; what is on its way counts at its target alone."""
        leaving: dict[Group, set[str]] = {}
        for wish, way in self._ways.items():
            leaving.setdefault(way.source, set()).add(wish.name)
        return [self._load_of(group, now, leaving.get(group, set())) for group in groups]

    def begin(self, wish: Wish, source: Group, target: Group) -> None:
        """Have the target carry a stream too."""
        self._ways[wish] = _Way(source, target)
        target.want(wish)
        target.start()

    def cancel(self, wish: Wish) -> Group | None:
        """Leave a stream where it was; return that group, or None when it was not on its way.

        Where the source was refused it meanwhile, it has arrived.
        """
        way = self._ways.pop(wish, None)
        if way is None:
            return None
        if way.source.wishes.get(wish.name) is not wish and not wish.final:
            way.target.held(wish.name)
            return way.target
        way.target.release(wish)
        way.source.held(wish.name)
        return way.source

    def finish(self, now: float) -> list[tuple[Wish, Group]]:
        """Have the sources give up what their targets deliver; return these wishes with their new groups."""
        done = []
        for wish, way in tuple(self._ways.items()):
            if wish.final:
                # Refused by one of them: the other would carry on what nobody wants any more.
                way.source.release(wish)
                way.target.release(wish)
                del self._ways[wish]
                continue
            if way.target.wishes.get(wish.name) is not wish:
                # Refused there alone: it stays where it is, with what its ring holds.
                way.source.held(wish.name)
                del self._ways[wish]
                continue
            arrivals = way.target.delivered(wish.name)
            if arrivals is None:
                way.confirmed_at = None
                continue
            if way.confirmed_at is None:
                way.confirmed_at = now
            if arrivals or now - way.confirmed_at >= _PATIENCE:
                way.source.release(wish)
                # What its ring holds now was perhaps for the source to let go.
                way.target.held(wish.name)
                del self._ways[wish]
                done.append((wish, way.target))
        return done

    def plan(self, groups: Sequence[Group], now: float) -> list[Move]:
        """Return what is better carried elsewhere; nothing while something is on its way."""
        return [] if self._ways else self.spreader.plan(now, self.loads(groups, now))

    def _load_of(self, group: Group, now: float, leaving: set[str]) -> ShardLoad:
        """Return what a group carries, but for some streams."""
        measured, guessed = {}, {}
        for name, wish in group.wishes.items():
            if name in leaving:
                continue
            rate = group.rate_of(name) if now - wish.confirmed_at >= self._measured_after else None
            if rate is None:
                guessed[name] = expected_load(wish.stream)
            else:
                measured[name] = rate * weight(wish.stream)
        subscriptions = group.shard.current[0].subscriptions
        taken = max(subscriptions.load - len(measured) - len(guessed), 0)
        return ShardLoad(group.number, measured, guessed, leaving=taken, ready=group.is_settled)
