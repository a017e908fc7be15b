"""Memory that processes share: a segment with rings in it, and the bell that wakes across processes."""

from typing import Any, Final, NamedTuple, Never, Self

from typing_extensions import disjoint_base

from fastbinance._core.ring import Bell, RingBase

SEGMENT_BYTES: Final[int]
RING_CAPACITY: Final[int]
BELL_BYTES: Final[int]
LONGEST_STREAM: Final[int]

class RingPlace(NamedTuple):
    """One ring of a segment, as its directory says.

    Attributes
    ----------
    offset, size : int
        Where it lies, and how many bytes it has.
    ws_key, stream : str
        The service, and Binance's stream name.
    symbol : str or None
        The one symbol; None on a many-symbol ring.
    """

    offset: int
    size: int
    ws_key: str
    stream: str
    symbol: str | None

@disjoint_base
class Segment:
    """Shared memory with rings in it: made by one process, mapped by others.

    It takes addresses, and memory only for the rings that are in it. Each ring's memory is reserved before it
    is touched: where there is none, that is an error and no crash.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Raise TypeError: segments come from `create` and `attach`."""

    @staticmethod
    def create(name: str, size: int = ..., ring_capacity: int = ...) -> Segment:
        """Make one.

        Parameters
        ----------
        name : str
            Who makes it, for messages.
        size : int
            Bytes of addresses.
        ring_capacity : int
            Most rings at a time.

        Raises
        ------
        OSError, MemoryError
            The system has no shared memory, or no addresses.
        """

    @staticmethod
    def attach(descriptor: int, *, writable: bool) -> Segment:
        """Map one that another process has made; the descriptor stays the caller's, who may close it.

        Raises
        ------
        ConfigurationError
            It is no segment of this version's.
        OSError
            It may not be mapped so.
        """

    def fileno(self) -> int:
        """Return the descriptor, of who made it, to pass it on."""

    def seal(self) -> None:
        """Have nobody map it for writing any more, where the system can promise that."""

    @property
    def name(self) -> str:
        """Who made it."""

    @property
    def writable(self) -> bool:
        """Whether this process may write to it."""

    @property
    def owner_pid(self) -> int:
        """Number of the process that made it."""

    @property
    def created_ns(self) -> int:
        """When it was made, UTC nanoseconds."""

    @property
    def ended(self) -> bool:
        """Whether its maker has ended it."""

    @property
    def heartbeat_ns(self) -> int:
        """Its maker's last sign of life, UTC nanoseconds."""

    @property
    def used_bytes(self) -> int:
        """Bytes that are reserved now; of who made it."""

    def is_own(self) -> bool:
        """Whether this process made it: a child that was forked did not."""

    def must_own(self) -> None:
        """Raise ValueError where `is_own` is False."""

    def beat(self, now_ns: int) -> None:
        """Give a sign of life."""

    def end(self) -> None:
        """Tell who reads that nothing comes any more."""

    def allocate(self, size: int, what: str) -> int:
        """Return the offset of so many bytes of zeros, reserved; `what` is for the error's text.

        Raises
        ------
        MemoryError
            There is no more memory, or no more room in the segment.
        """

    def release(self, offset: int, size: int) -> None:
        """Give them back; nobody may write to them any more."""

    def enter(self, offset: int, size: int, ws_key: str, stream: str, symbol: str | None) -> int:
        """Show a ring to who reads the directory; return its row.

        Raises
        ------
        ConfigurationError
            A name is too long.
        MemoryError
            The directory is full.
        """

    def leave(self, number: int) -> None:
        """Show it no more."""

    def rings(self) -> tuple[RingPlace, ...]:
        """Return the rings there are."""

    def __reduce__(self) -> Never: ...

@disjoint_base
class RingMemoryView:
    """Room of one ring in a segment, which stays mapped as long as this lives.

    Parameters
    ----------
    segment : Segment
    offset, size : int
        Bytes.

    Raises
    ------
    ConfigurationError
        There can be no ring at this place.
    """

    def __new__(cls, segment: Segment, offset: int, size: int, *, row: int = -1) -> Self: ...
    @staticmethod
    def allocate(segment: Segment, size: int, ws_key: str, stream: str, symbol: str | None) -> RingMemoryView:
        """Return room for a new ring, which is in the directory and given back with this.

        Raises
        ------
        MemoryError
            There is no more.
        """

    @property
    def segment(self) -> Segment:
        """The segment."""

    @property
    def offset(self) -> int:
        """Bytes from its begin."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def address(self) -> int:
        """Where it is in this process."""

    def shape(self) -> tuple[int, int, int, int]:
        """Return kind, capacity, level capacity and symbol capacity of the ring that is there.

        Raises
        ------
        ConfigurationError
            There is no good one.
        """

    def __del__(self) -> None: ...

@disjoint_base
class SharedBell(Bell):
    """The bell of a feed in another process than who waits.

    Parameters
    ----------
    descriptor : int
        Of one that another process has made; it stays the caller's. Without it, a new one is made.
    feeds : bool
        Whether this process rings it for readers elsewhere.
    pipe : int
        Where a feed writes a byte for who listens on an event loop; stays the caller's. -1 for nowhere.

    Raises
    ------
    ConfigurationError
        The descriptor is no bell's.
    """

    def __init__(self, descriptor: int = -1, *, feeds: bool = False, pipe: int = -1) -> None: ...
    @property
    def feeds(self) -> bool:
        """Whether this process rings it for readers elsewhere."""

    def fileno(self) -> int:
        """Return the descriptor, of who made it, to pass it on."""

    def ring_here(self) -> None:
        """Wake the waiters of this process that have something to read."""

    @property
    def waiters_here(self) -> int:
        """How many of this process wait."""

    def ask_for_byte(self) -> None:
        """Have the feed write to its pipe when there is news; look at the rings afterwards."""

    def seen(self) -> int:
        """Return how often the waiters of this process were told to look; `sleep` compares it."""

    def sleep(
        self, rings: tuple[RingBase, ...], after: list[int], seen: int, seconds: float, spin: float = 0.0
    ) -> bool:
        """Sleep until one of the rings has news, or something else has happened; tell whether that is so.

        Without the interpreter's lock. A signal's handler runs, and may raise.

        Parameters
        ----------
        rings, after
            What is waited for, and of each the cursor that is no news.
        seen
            What `seen` said before the caller looked.
        seconds
            The longest sleep.
        spin
            Seconds to look without sleeping.
        """
