"""Rings: preallocated records in shareable memory, and the ways to read them."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Never, Self

import numpy as np
from typing_extensions import disjoint_base

from fastbinance._core.segment import RingMemoryView

_Records = np.ndarray[tuple[int], np.dtype[np.void]]
_Levels = np.ndarray[tuple[int, int], np.dtype[np.float64]]

class Hole(NamedTuple):
    """Something that is missing in a stream.

    Attributes
    ----------
    symbol : str
        Whose records.
    first_id, last_id : int
        The ids that are missing; 0 and 0 where they cannot be told: futures' diffs, and restarts.
    from_ns, to_ns : int
        Receive times of the records before and after, UTC nanoseconds.
    restart : bool
        Whether ids have begun anew.
    """

    symbol: str
    first_id: int
    last_id: int
    from_ns: int
    to_ns: int
    restart: bool

class MergeStats(NamedTuple):
    """What the merge of one ring has done.

    Attributes
    ----------
    duplicates : int
        Records dropped because they, or newer ones, had been brought already.
    overlaps, gaps : int
        Records flagged `FLAG_OVERLAP`, and `FLAG_GAP` but for restarts.
    held, late_joins : int
        Records held back; those among them that what was missing came for in time.
    restarts : int
        Times that ids have begun anew.
    wins, copies, lead_ns : tuple of int
        By line, while several are on: records it brought first; times it brought what another had brought;
        nanoseconds by which it was first, added up over the copies of others.
    """

    duplicates: int
    overlaps: int
    gaps: int
    held: int
    late_joins: int
    restarts: int
    wins: tuple[int, ...]
    copies: tuple[int, ...]
    lead_ns: tuple[int, ...]

@disjoint_base
class NewestField:
    """Descriptor of the same field of a ring's newest record, without a copy of the record.

    Before the first record it is NaN, 0 or False.
    """

    @property
    def name(self) -> str:
        """The field's name."""

    def __new__(cls, kind: int, name: str, doc: str) -> Self: ...
    def __get__(self, instance: Any, owner: Any = None, /) -> Any: ...
    def __set__(self, instance: Any, value: Any, /) -> None: ...

@disjoint_base
class Waiter:
    """Somebody who waits for news in any of some rings. Subclasses say how they are woken.

    Parameters
    ----------
    rings : tuple of RingBase
    after : list of int
        Cursors that are not news.
    """

    def __new__(cls, rings: tuple[RingBase, ...], after: list[int], *args: Any) -> Self: ...
    def wake(self) -> None:
        """Wake; called by the feed's thread."""

    def news(self) -> bool:
        """Whether one of the rings has a record newer than its cursor in `after`."""

@disjoint_base
class Bell:
    """Wakes waiters: rung by a feed at most once per socket read, and only when somebody waits.

    Attributes
    ----------
    waiting : int
        How many wait.
    """

    @property
    def waiting(self) -> int:
        """How many wait."""

    def add(self, waiter: Waiter) -> None:
        """Add somebody who waits."""

    def remove(self, waiter: Waiter) -> None:
        """Remove somebody; nothing happens when they do not wait."""

    def wake_all(self) -> None:
        """Wake everybody: a state changed."""

@disjoint_base
class Window:
    """Some consecutive records of one ring: a live view of its memory, or a validated copy.

    A live view (`RingBase.window`) stays valid until ``capacity - len(window)`` more records have come, one
    with levels until these are overwritten; `intact` tells. A copy (what a depth ring's reader yields) stays
    valid for ever.

    Attributes
    ----------
    records : numpy.ndarray
        Structured array, oldest first, read-only in a live view.
    first_sequence : int
        Sequence of ``records[0]``.
    copied : bool
        Whether it is a copy.
    levels : numpy.ndarray or None
        The levels of a copy.
    """

    @property
    def records(self) -> _Records:
        """The records, oldest first."""

    @property
    def first_sequence(self) -> int:
        """Sequence of the first record."""

    @property
    def copied(self) -> bool:
        """Whether it is a copy, and valid for ever."""

    @property
    def levels(self) -> _Levels | None:
        """All levels of a copy; None on a live view."""

    def __init__(self, *args: Never, **kwargs: Never) -> None: ...
    def __len__(self) -> int: ...
    def __reduce__(self) -> Never: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __getitem__(self, key: str | int, /) -> Any:
        """Return a field as an array (by name), or one record as an object (by index).

        Raises
        ------
        KeyError, IndexError
            No such field or record.
        Lapped
            The record of a live view has been overwritten.
        """

    def intact(self) -> bool:
        """Whether nothing of it has been overwritten up to now. Read first, then ask."""

    def bids(self, i: int) -> _Levels:
        """Return the bid levels of record `i`: float64, shape ``(n, 2)``, rows ``[price, qty]``, as valid as
        the window.

        Raises
        ------
        TypeError
            Records of this kind have no levels.
        Lapped
            The record has been overwritten, and its head makes no sense any more.
        """

    def asks(self, i: int) -> _Levels:
        """Return the ask levels of record `i`; see `bids`."""

def ring_bytes(kind: int, capacity: int, level_capacity: int, symbol_capacity: int) -> int:
    """Return the bytes of a ring of this shape; see `RingBase`."""

def power_of_two(wanted: int) -> int:
    """Return the smallest power of two that is at least so large."""

@disjoint_base
class RingBase:
    """Memory and reads of one ring. The facade's `Ring` and `AsyncRing` add waiting and iterating.

    Parameters
    ----------
    kind : int
        `streams.Kind`.
    stream : str
        Binance's stream name.
    ws_key : str
        Name of the routed WsKey.
    symbol : str or None
        The one symbol as payloads spell it (upper case); None makes it a ring of many.
    capacity : int
        Slots, a power of two from 2 to 16,777,216.
    level_capacity : int
        Levels in the arena of a depth ring, a power of two; 0 takes the default of 32,768.
    symbol_capacity : int
        Rows of the symbol table.
    bell : Bell, optional
        Shared by the rings of one client.
    merge : bool
        Whether only what is new gets in. Without it whatever comes is published: for tests, measurements and
        the decoding of single payloads.
    memory : RingMemoryView, optional
        Room in a segment; by default memory of its own.
    writes : bool
        Whether this process writes the ring. Else another one does, and this one reads only.
    formats : bool
        Whether the memory is new, and laid out here.
    again : bool
        Whether another writer, which is gone, has written to it: this one goes on where that was.

    Raises
    ------
    ConfigurationError
        A kind, capacity or symbol that cannot be.
    MemoryError, OSError
        No memory.
    """

    bell: Final[Bell]
    closed: Final[bool]
    kind: Final[int]
    reject_count: Final[int]
    stream: Final[str]
    symbol: Final[str | None]
    writes: Final[bool]
    ws_key: Final[str]

    def __new__(
        cls,
        kind: int,
        stream: str,
        ws_key: str,
        symbol: str | None,
        *,
        capacity: int,
        level_capacity: int = 0,
        symbol_capacity: int = 1,
        bell: Bell | None = None,
        merge: bool = True,
        memory: RingMemoryView | None = None,
        writes: bool = True,
        formats: bool = True,
        again: bool = False,
        **ignored: Any,
    ) -> Self: ...
    @property
    def cursor(self) -> int:
        """Sequence of the newest record; -1 when empty."""

    @property
    def capacity(self) -> int:
        """Slots."""

    @property
    def level_capacity(self) -> int:
        """Levels in the arena; 0 for records without levels."""

    @property
    def memory_bytes(self) -> int:
        """Bytes of memory, all touched at creation."""

    @property
    def symbol_capacity(self) -> int:
        """Rows of the symbol table."""

    @property
    def shared_memory(self) -> RingMemoryView | None:
        """Where it is in a segment; None where its memory is its own."""

    @property
    def heartbeat_ns(self) -> int:
        """When its feed has last given a sign of life, UTC nanoseconds; 0 before the first."""

    @property
    def epoch(self) -> int:
        """Raised each time another writer takes the ring over."""

    @property
    def last_recv_ns(self) -> int:
        """Receive time of the newest record at the last sample, UTC nanoseconds; 0 before the first."""

    @property
    def records(self) -> _Records:
        """The slots, in no order but that of memory; read-only, overwritten as records come."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbol table, in order of appearance: record's `symbol_id` is its index."""

    def set_state(self, state: int) -> None:
        """Say how fresh the ring is: 0 DOWN, 1 LIVE, 2 QUIET, 3 STALE. Wakes who waits when it changes."""

    def state_code(self) -> int:
        """Return the state; 3 (STALE) also when the feed gave no sign of life for a second."""

    def sample(self, now_ns: int) -> None:
        """Refresh the header's sampled words: the feed's sign of life and the newest record's receive
        time.
        """

    def let_go(self) -> None:
        """Be empty from now on, of a ring that another process owns: its memory may become another ring's.

        What has been copied out of it stays good; windows are not intact any more.
        """

    def set_lines(self, n: int) -> None:
        """Say how many feeds of different lines publish to it from now on.

        Below 2 what is held is released at once, because no other line can bring what is missing.

        Raises
        ------
        ValueError
            Not from 0 to 8.
        MemoryError
            No memory for what several lines need.
        """

    def release_held(self, now_ns: int) -> int:
        """Publish what has been held for 20 ms.

        Parameters
        ----------
        now_ns : int
            UTC nanoseconds, of the clock that receive times are of.

        Returns
        -------
        int
            Nanoseconds until the next record is due; 0 when none is held.
        """

    @property
    def hole_count(self) -> int:
        """How many holes there have been."""

    def holes(self) -> list[Hole]:
        """Return the newest 256 holes, oldest first."""

    def merge_stats(self) -> MergeStats:
        """Return what the merge has done."""

    def close(self) -> None:
        """End it: DOWN for ever, and who waits is woken. The memory stays readable."""

    def last(self, symbol: str | None = None, *, max_age: float | None = None) -> Any:
        """Return the newest record, read consistently.

        Parameters
        ----------
        symbol : str, optional
            The newest of one symbol, in either case, on a ring of many.
        max_age : float, optional
            Seconds since its receive time.

        Returns
        -------
        Record
            Of the ring's kind; valid for ever.

        Raises
        ------
        NoData
            Nothing has been published yet, or nothing of this symbol.
        StaleData
            It is older than `max_age`.
        Lapped
            The newest record of the symbol has been overwritten by others.
        KeyError
            The ring carries another symbol only.
        TypeError, ConfigurationError
            `symbol` is no text, or `max_age` no number.
        """

    def at(self, sequence: int) -> Any:
        """Return the record of a sequence.

        Raises
        ------
        IndexError
            It is not there yet.
        Lapped
            It has been overwritten, or its levels have.
        """

    def __getitem__(self, key: slice, /) -> _Records:
        """Return the newest records without copying: ``ring[-100:]``, ``ring[-100:-50]``.

        Returns
        -------
        numpy.ndarray
            Structured array of the kind's dtype, oldest first, read-only, contiguous; shorter when fewer have
            come. Prices in quote asset, quantities in base asset (contracts on COIN-M), times in UTC
            nanoseconds. Valid until ``capacity - n`` more records have come.

        Raises
        ------
        IndexError
            Not a negative slice without a step.
        TypeError
            Not a slice.
        """

    def window(self, n: int) -> Window:
        """Return the newest `n` records without copying, as a view that can tell whether it still is intact.

        Raises
        ------
        ValueError
            `n` is below 1.
        """

    def column(self, name: str, n: int) -> np.ndarray[Any, Any]:
        """Return one field of the newest records, without copying.

        Returns
        -------
        numpy.ndarray
            Shape ``(min(n, cursor + 1, capacity),)``, the field's dtype, oldest first, read-only, strided.
            Prices in quote asset, quantities in base asset (contracts on COIN-M), times in UTC nanoseconds.
            Valid until ``capacity - n`` more records have come; `Window.intact` tells.

        Raises
        ------
        KeyError
            No such field in this kind of record; the message lists those there are.
        ValueError
            `n` is below 1.
        """

    def copy_from(self, sequence: int, max_records: int) -> tuple[_Records | Window | None, int, int]:
        """Return a validated copy of up to `max_records` records from `sequence` on, for readers.

        Returns
        -------
        batch : numpy.ndarray or Window or None
            Structured array; a `Window` copy where records have levels; None when there is nothing new.
        next_sequence : int
            Where to go on.
        lost : int
            Records from `sequence` on that were overwritten before they could be copied.
        """

    def copy_latest(self, sequence: int) -> tuple[_Records | Window | None, int, int]:
        """Return copies of the newest record of every symbol that has one from `sequence` on, for conflating
        readers.

        Returns
        -------
        batch : numpy.ndarray or Window or None
            As `copy_from`, in order of publication, each symbol once; None when there is nothing new.
        next_sequence : int
            Where to go on.
        """
