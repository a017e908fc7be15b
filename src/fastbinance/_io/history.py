"""What is missing in one stream: the ledger, told by connections and by the holes that its ring finds."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from fastbinance._protocol.ledger import Cause, Gap, Ledger
from fastbinance.errors import Lapped
from fastbinance.streams import Kind, Stream

__all__ = ["History"]

# Kinds whose ids say whether something is missing between two records, where the ring is of one symbol. Of
# trades the ring learns whether they do; where they do not, it reports nothing.
_BY_IDS: Final = (Kind.DIFF_DEPTH, Kind.TRADE, Kind.AGG_TRADE)
# Outages kept until somebody asks what is new: where nobody does in time, the newest are enough to be told.
_MOST_NEWS: Final = 64


class History:
    """The ledger of one stream. Told on the loop's thread, asked on any.

    Parameters
    ----------
    stream
        Which one.
    """

    def __init__(self, stream: Stream) -> None:
        self._joins = stream.kind in _BY_IDS and not stream.many_symbols
        self._ledger = Ledger(self._joins)
        self._lock = threading.Lock()
        self._holes_seen = 0
        self._news: deque[Gap] = deque(maxlen=_MOST_NEWS)
        # The last record before an outage: its sequence and its receive time.
        self._before: tuple[int, int] | None = None
        #: Called with each thing that the ledger is told, the name of its method and the arguments.
        self.told: Callable[[str, tuple[Any, ...]], object] | None = None

    # -- what happens

    def confirmed(self, ring: Any) -> None:
        """Take note that the stream is carried."""
        now_ns = time.time_ns()
        with self._lock:
            ended = None if self._joins and ring is not None else self._ledger.lasting
            self._tell("restored", now_ns)
            if ended is not None and ended.cause == "connection lost":
                # No ids will tell whether it has cost anything.
                self._news.append(replace(ended, to_ns=now_ns))

    def lost(self, ring: Any, cause: Cause) -> None:
        """Take note that no line carries it any more."""
        with self._lock:
            self._remember(ring)
            self._tell("lost", time.time_ns(), cause)

    def stale(self, ring: Any, seconds: float) -> None:
        """Take note that it has been suspiciously silent for so long."""
        with self._lock:
            self._remember(ring)
            self._tell("stale", time.time_ns() - int(seconds * 1e9))

    def fresh(self) -> None:
        """Take note that it speaks again."""
        with self._lock:
            self._tell("fresh", time.time_ns())

    def look(self, ring: Any) -> tuple[Gap, ...]:
        """Take over what the ring has found missing, where there is one; return what is new."""
        if ring is None:
            return self._told() if self._news else ()
        found = ring.hole_count
        if found == self._holes_seen and self._before is None and not self._news:
            return ()
        with self._lock:
            new = ring.holes()[self._holes_seen - found :] if found != self._holes_seen else []
            self._holes_seen = found
            gaps = [*self._news]
            self._news.clear()
            for symbol, first_id, last_id, from_ns, to_ns, restart in new:
                cause: Cause = "ids restarted" if restart else "missing ids"
                gaps.append(self._tell("hole", symbol, first_id, last_id, from_ns, to_ns, cause))
            self._join(ring, new)
        return tuple(gaps)

    # -- what is known

    def gaps(self, since_ns: int = 0) -> tuple[Gap, ...]:
        """See `Ledger.holes`."""
        with self._lock:
            return self._ledger.holes(since_ns)

    def why_not(self, from_ns: int, to_ns: int, now_ns: int) -> str | None:
        """See `Ledger.why_not`."""
        with self._lock:
            return self._ledger.why_not(from_ns, to_ns, now_ns)

    # -- of a stream whose feed is in another process

    def repeat(self, name: str, args: tuple[Any, ...]) -> None:
        """Have the ledger told what another one was told there; see `told`."""
        with self._lock:
            getattr(self._ledger, name)(*args)

    # -- inside

    def _tell(self, name: str, *args: Any) -> Any:
        """Have the ledger told of something; with the lock."""
        found = getattr(self._ledger, name)(*args)
        if self.told is not None:
            self.told(name, args)
        return found

    def _told(self) -> tuple[Gap, ...]:
        with self._lock:
            gaps = tuple(self._news)
            self._news.clear()
        return gaps

    def _remember(self, ring: Any) -> None:
        if self._joins and self._before is None and ring is not None and ring.cursor >= 0:
            newest = ring.at(ring.cursor)
            self._before = (ring.cursor, newest.recv_ns)

    def _join(self, ring: Any, new: list[Any]) -> None:
        """Ids that join over an outage prove that nothing was missed in it."""
        if self._before is None or ring.cursor <= self._before[0]:
            return
        sequence, before_ns = self._before
        self._before = None
        try:
            after_ns = ring.at(sequence + 1).recv_ns
        except Lapped:
            return  # what came first is overwritten, and with it the proof
        if not any(from_ns <= before_ns and after_ns <= to_ns for _, _, _, from_ns, to_ns, _ in new):
            self._tell("joined", before_ns, after_ns)
