"""Messages of a stream that are sent twice, left out, in another order, two as one, or spoilt."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal, get_args

from fastbinance.errors import ConfigurationError
from fastbinance.keys import MARKETS, Market, WsKey
from fastbinance.sim.malform import MALFORMS, malformed
from fastbinance.sim.wire import text_frame

__all__ = ["Disturbance", "Disturber", "How"]

How = Literal["duplicate", "drop", "reorder", "merge", "negative", "zero", "crossed"]
_HOWS: Final[tuple[How, ...]] = get_args(How)
_DIFFS: Final = re.compile(r"[^@]+@depth(@\d+ms)?")
_DEPTHS: Final = re.compile(r"[^@]+@(depth|rpiDepth|fulldepth)(\d+)?(@\d+ms)?")
_TEXT: Final = 0x81


@dataclass(slots=True)
class Disturbance:
    """One fault of one stream.

    Attributes
    ----------
    how, every, left, key
        What happens to every so-many-th message, how often still, and at which service's host.
    share
        Of these messages, by `rng`.
    """

    how: How
    every: int
    left: int | None
    key: WsKey | None
    share: float = 1.0
    rng: Random = field(default_factory=Random, repr=False)
    seen: dict[object, int] = field(default_factory=dict)  # messages by connection
    kept: dict[object, bytes] = field(default_factory=dict)  # those that wait for the next one

    def __post_init__(self) -> None:
        if self.how not in _HOWS:
            raise ConfigurationError(f"{self.how!r} is no disturbance; there are {', '.join(_HOWS)}")
        if not 0 <= self.share <= 1:
            raise ConfigurationError(f"share is {self.share}: it is a share from 0 to 1")


class Disturber:
    """The disturbances of one simulator.

    Parameters
    ----------
    seed
        Decides which messages a share is.
    """

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        self._by_stream: dict[tuple[Market, str], Disturbance] = {}

    def __bool__(self) -> bool:
        return bool(self._by_stream)

    def add(self, market: Market, stream: str, disturbance: Disturbance) -> None:
        """Disturb a stream from now on, in this way only."""
        if market not in MARKETS:
            raise ConfigurationError(f"{market!r} is no market; there are {', '.join(MARKETS)}")
        if disturbance.how == "merge" and not _DIFFS.fullmatch(stream):
            raise ConfigurationError(f"{stream!r} has no diffs of depth, which alone can be merged")
        if disturbance.how in MALFORMS and not _DEPTHS.fullmatch(stream):
            raise ConfigurationError(f"{stream!r} has no levels that could be spoilt")
        disturbance.rng = Random(f"{self._seed}/disturb/{market}/{stream}")
        self._by_stream[market, stream] = disturbance

    def remove(self, market: Market, stream: str) -> None:
        """Leave a stream alone. What waits for the next message still comes with it."""
        fault = self._by_stream.get((market, stream))
        if fault is not None and fault.kept:
            fault.left = 0
        else:
            self._by_stream.pop((market, stream), None)

    def forget(self, connection: object) -> None:
        """Drop what is kept for a connection that is gone."""
        for fault in self._by_stream.values():
            fault.seen.pop(connection, None)
            fault.kept.pop(connection, None)

    def frames(
        self, market: Market, stream: str, keys: Sequence[WsKey], connection: object, frame: bytes
    ) -> tuple[bytes, ...]:
        """Return what is sent to a connection, at a host of these keys, in a frame's place."""
        fault = self._by_stream.get((market, stream))
        if fault is None or (fault.key is not None and fault.key not in keys):
            return (frame,)
        if frame[0] != _TEXT and (fault.how == "merge" or fault.how in MALFORMS):
            return (frame,)  # depths in SBE stay as they are
        behind = fault.kept.pop(connection, None)
        if behind is not None:
            return (_merged(behind, frame),) if fault.how == "merge" else (frame, behind)
        seen = fault.seen[connection] = fault.seen.get(connection, 0) + 1
        if seen % fault.every or fault.left == 0 or fault.rng.random() >= fault.share:
            return (frame,)
        if fault.left is not None:
            fault.left -= 1
        if fault.how == "duplicate":
            return (frame, frame)
        if fault.how in MALFORMS:
            return (text_frame(malformed(_text(frame), fault.how)),)
        if fault.how in ("reorder", "merge"):
            fault.kept[connection] = frame
        return ()


def _merged(first: bytes, second: bytes) -> bytes:
    """Return two frames of diff depth as one: the ids of both, and of each level the later quantity."""
    before, after = json.loads(_text(first)), json.loads(_text(second))
    old, new = before.get("data", before), after.get("data", after)
    new["U"] = old["U"]
    if "pu" in new:
        new["pu"] = old["pu"]
    for side in ("b", "a"):
        new[side] = [[price, qty] for price, qty in dict([*old[side], *new[side]]).items()]
    return text_frame(json.dumps(after, separators=(",", ":")).encode())


def _text(frame: bytes) -> bytes:
    """Return the payload of one of our own frames."""
    header = {126: 4, 127: 10}.get(frame[1], 2)
    return frame[header:]
