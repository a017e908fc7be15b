"""Messages of a stream that are sent twice, left out, in another order, or two as one."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from fastbinance.errors import ConfigurationError
from fastbinance.keys import MARKETS, Market, WsKey
from fastbinance.sim.wire import text_frame

__all__ = ["Disturbance", "Disturber", "How"]

How = Literal["duplicate", "drop", "reorder", "merge"]
_HOWS: Final[tuple[How, ...]] = get_args(How)
_DIFFS: Final = re.compile(r"[^@]+@depth(@\d+ms)?")
_TEXT: Final = 0x81


@dataclass(slots=True)
class Disturbance:
    """One fault of one stream.

    Attributes
    ----------
    how, every, left, key
        What happens to every so-many-th message, how often still, and at which service's host.
    """

    how: How
    every: int
    left: int | None
    key: WsKey | None
    seen: dict[object, int] = field(default_factory=dict)  # messages by connection
    kept: dict[object, bytes] = field(default_factory=dict)  # those that wait for the next one

    def __post_init__(self) -> None:
        if self.how not in _HOWS:
            raise ConfigurationError(f"{self.how!r} is no disturbance; there are {', '.join(_HOWS)}")


class Disturber:
    """The disturbances of one simulator."""

    def __init__(self) -> None:
        self._by_stream: dict[tuple[Market, str], Disturbance] = {}

    def __bool__(self) -> bool:
        return bool(self._by_stream)

    def add(self, market: Market, stream: str, disturbance: Disturbance) -> None:
        """Disturb a stream from now on, in this way only."""
        if market not in MARKETS:
            raise ConfigurationError(f"{market!r} is no market; there are {', '.join(MARKETS)}")
        if disturbance.how == "merge" and not _DIFFS.fullmatch(stream):
            raise ConfigurationError(f"{stream!r} has no diffs of depth, which alone can be merged")
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
        if fault.how == "merge" and frame[0] != _TEXT:
            return (frame,)  # diffs in SBE stay as they are
        behind = fault.kept.pop(connection, None)
        if behind is not None:
            return (_merged(behind, frame),) if fault.how == "merge" else (frame, behind)
        seen = fault.seen[connection] = fault.seen.get(connection, 0) + 1
        if seen % fault.every or fault.left == 0:
            return (frame,)
        if fault.left is not None:
            fault.left -= 1
        if fault.how == "duplicate":
            return (frame, frame)
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
