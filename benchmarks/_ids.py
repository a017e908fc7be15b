"""Reads rings from beginning to end and counts what is missing, doubled, out of order, or not whole."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Final, Self, cast

import numpy as np

from benchmarks._numbered import price_of
from fastbinance import Client
from fastbinance.reader import Batch
from fastbinance.rings import Ring
from fastbinance.streams import Kind

__all__ = ["Checker", "Verdict", "Watch"]

_GAP: Final = 1 << 2  # docs/records.md, flags
_OVERLAP: Final = 1 << 3
_JOIN_SECONDS: Final = 10.0

# The field that is an id, and the one that has the price of a numbered message. Other kinds have no ids.
_IDS: Final = {
    Kind.TRADE: ("trade_id", "price"),
    Kind.AGG_TRADE: ("agg_trade_id", "price"),
    Kind.BOOK_TICKER: ("update_id", "bid_price"),
    Kind.DIFF_DEPTH: ("update_id", ""),
}
_NO_ID: Final = ("event_ns", "")  # which may stay the same, and must not go back
_CONTIGUOUS: Final = (Kind.TRADE, Kind.AGG_TRADE, Kind.DIFF_DEPTH)
_prices_of: Final = np.vectorize(price_of, otypes=[np.float64])


@dataclass(slots=True)
class Verdict:
    """What came of a stream, or of several."""

    records: int = 0
    missing: int = 0  #: ids that never came; where a diff tells its predecessor only, one a hole
    doubled: int = 0  #: records whose newest id had come before
    backwards: int = 0  #: records older than the one before them
    overlapping: int = 0  #: diffs that begin before the last one's end, and say so by their flag
    torn: int = 0  #: records whose price is not that of their number
    flagged: int = 0  #: records that say that something is missing before them
    lapped: int = 0  #: records that this check was too slow to read; any makes the check worthless

    def add(self, other: "Verdict") -> None:
        """Add the counts of another."""
        for count in fields(self):
            setattr(self, count.name, getattr(self, count.name) + getattr(other, count.name))

    @property
    def is_clean(self) -> bool:
        """Whether everything came once, whole, in order, and was seen."""
        return self.records > 0 and self.broken == 0 and self.lapped == 0

    @property
    def broken(self) -> int:
        """How much is wrong with what came."""
        return self.missing + self.doubled + self.backwards + self.torn + self.flagged


class Checker:
    """Follows the ids of one ring.

    Parameters
    ----------
    kind
        Of the ring's records. Trades and diffs must join; bookTickers must never go back, nor may the event
        times of kinds without ids.
    is_of_one
        The ring has one symbol. Records of many are counted, and not compared with each other.
    is_numbered
        The messages are those of `_numbered`, whose prices follow from their numbers.
    """

    def __init__(self, kind: int, *, is_of_one: bool = True, is_numbered: bool = False) -> None:
        self.verdict = Verdict()
        self.last_id = -1
        self._kind = Kind(kind)
        self._id, self._price = _IDS.get(self._kind, _NO_ID)
        self._is_of_one = is_of_one
        self._is_numbered = is_numbered

    @property
    def last_number(self) -> int:
        """Number of the last message, of a numbered stream."""
        return self.last_id // 3 if self._kind is Kind.DIFF_DEPTH else self.last_id

    def take(self, batch: Batch) -> None:
        """Look at the next records, oldest first."""
        records = batch if isinstance(batch, np.ndarray) else batch.records
        verdict = self.verdict
        verdict.records += len(records)
        verdict.flagged += int(np.count_nonzero(records["flags"] & _GAP))
        if not self._is_of_one:
            return
        last = records[self._id]
        before = np.concatenate(([self.last_id], last[:-1]))
        known = before >= 0  # nothing is known before the first record
        if self._kind in _CONTIGUOUS:
            self._join(records, before, last, known)
        verdict.backwards += int(np.count_nonzero(known & (last < before)))
        if self._kind in _IDS:
            verdict.doubled += int(np.count_nonzero(known & (last == before)))
        if self._is_numbered:
            verdict.torn += self._torn(batch, records)
        self.last_id = int(last[-1])

    def _join(self, records: Any, before: Any, last: Any, known: Any) -> None:
        verdict = self.verdict
        first, can_count = last, np.ones(len(records), bool)
        if self._kind is Kind.DIFF_DEPTH:
            previous = records["prev_update_id"]
            # Futures tell the id before, by which ids are not countable: they skip some by nature.
            can_count = previous == 0
            first = np.where(can_count, records["first_update_id"], previous + 1)
        newer = known & (last > before)
        hole = np.where(newer & (first > before + 1), first - before - 1, 0)
        verdict.missing += int(hole[can_count].sum()) + int(np.count_nonzero(hole[~can_count]))
        overlaps = newer & (first <= before)
        flagged = (records["flags"] & _OVERLAP) != 0
        verdict.overlapping += int(np.count_nonzero(overlaps & flagged))
        verdict.backwards += int(np.count_nonzero(overlaps & ~flagged))

    def _torn(self, batch: Batch, records: Any) -> int:
        if self._price:
            return int(np.count_nonzero(records[self._price] != _prices_of(records[self._id])))
        assert not isinstance(batch, np.ndarray)
        wanted = [price_of(int(number)) for number in records["update_id"] // 3]
        return sum(price not in batch.bids(index)[:, 0] for index, price in enumerate(wanted))


class Watch:
    """A thread that reads rings of a client until it closes, and checks every record.

    Parameters
    ----------
    client, rings
        Whose. Rings large enough for this thread to be late now and then.
    numbered
        Stream names of numbered messages.
    """

    def __init__(self, client: Client, rings: Iterable[Ring[Any, Any]], numbered: Iterable[str] = ()) -> None:
        known = set(numbered)
        self._checkers = {
            ring: Checker(ring.kind, is_of_one=ring.symbol is not None, is_numbered=ring.stream in known)
            for ring in rings
        }
        self._reader = client.reader(self._checkers, "oldest", max_records=4_096)
        self._changed = threading.Condition()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="bench-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the end of the rings, which is their client's; raise what went wrong with reading them."""
        self._thread.join(_JOIN_SECONDS)
        if error is None and self._thread.is_alive():
            raise RuntimeError("the rings have not ended: close their client first")
        if error is None and self._failure is not None:
            raise self._failure

    def wait_for(self, condition: Callable[[dict[str, Checker]], bool], timeout: float) -> bool:
        """Wait until the checkers, by stream name, are as wanted; False when time is up or reading failed."""
        named = {ring.stream: checker for ring, checker in self._checkers.items()}
        with self._changed:
            return self._changed.wait_for(lambda: condition(named) or self._failure is not None, timeout)

    def has_come(self, numbers: dict[str, int], timeout: float) -> bool:
        """Wait until the messages of these numbers, or later ones, have been checked."""
        return self.wait_for(
            lambda found: all(found[name].last_number >= number for name, number in numbers.items()), timeout
        )

    def verdict(self, *kinds: Kind) -> Verdict:
        """Return the sum over the rings of some kinds, by default over all."""
        total = Verdict()
        with self._changed:
            for ring, checker in self._checkers.items():
                if not kinds or ring.kind in kinds:
                    total.add(checker.verdict)
            total.lapped = self._reader.lost
        return total

    def _run(self) -> None:
        try:
            for ring, batch in self._reader:
                with self._changed:
                    self._checkers[cast("Ring[Any, Any]", ring)].take(batch)
                    self._changed.notify_all()
        except BaseException as failure:
            with self._changed:
                self._failure = failure
                self._changed.notify_all()
