# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=False, autotestdict=False
"""Order books: memory that diffs are applied to as they are published, and the ways to read it."""

cimport cython
cimport numpy as cnp
from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastbinance._core cimport native
from fastbinance._core.native cimport (
    BookHead, BookReader, BookRule, BookShape, BookState, BookTop, BookWriter, Depth, Level, load_relaxed, wall_clock_ns,
)
from fastbinance._core.ring cimport RingBase

from fastbinance.errors import BookNotReady, ConfigurationError

cnp.import_array()

# Up to so many, room is made without looking how many there are.
cdef enum:
    FEW_LEVELS = 128

_SOURCES = ("depth", "book_ticker")


def book_bytes(uint32_t places, uint32_t far_levels):
    """Bytes of a book of this shape."""
    return _shape(places, far_levels).total_bytes()


cdef BookShape _shape(uint32_t places, uint32_t far_levels) except *:
    cdef BookShape shape
    shape.places = places
    shape.far_levels = far_levels
    if not shape.good():
        raise ConfigurationError(
            f"a book has powers of two from 64 to 1,048,576 of places and far levels, not {places} and {far_levels}")
    return shape


@cython.freelist(16)
cdef class Top:
    """The best bid and ask of one moment: immutable, valid for ever."""

    cdef:
        readonly double bid_price
        readonly double bid_qty
        readonly double ask_price
        readonly double ask_qty
        readonly int64_t update_id
        readonly int64_t event_ns
        readonly int64_t recv_ns
        uint32_t from_ticker
        uint32_t book_state

    def __init__(self):
        raise TypeError("tops come from OrderBook.top()")

    def __reduce__(self):
        return _restore_top, (
            self.bid_price, self.bid_qty, self.ask_price, self.ask_qty, self.update_id, self.event_ns, self.recv_ns,
            self.from_ticker, self.book_state)

    @property
    def source(self):
        return _SOURCES[self.from_ticker]

    @property
    def live(self):
        return self.book_state == <uint32_t>BookState.live

    @property
    def spread(self):
        return self.ask_price - self.bid_price

    @property
    def mid(self):
        return (self.bid_price + self.ask_price) / 2

    @property
    def age_ns(self):
        return wall_clock_ns() - self.recv_ns

    def __repr__(self):
        return (
            f"Top(bid_price={self.bid_price!r}, bid_qty={self.bid_qty!r}, ask_price={self.ask_price!r}, "
            f"ask_qty={self.ask_qty!r}, update_id={self.update_id}, source={self.source!r})")


def _restore_top(double bid_price, double bid_qty, double ask_price, double ask_qty, int64_t update_id, int64_t event_ns,
                 int64_t recv_ns, uint32_t from_ticker, uint32_t book_state):
    cdef Top top = Top.__new__(Top)
    top.bid_price, top.bid_qty, top.ask_price, top.ask_qty = bid_price, bid_qty, ask_price, ask_qty
    top.update_id, top.event_ns, top.recv_ns = update_id, event_ns, recv_ns
    top.from_ticker, top.book_state = from_ticker, book_state
    return top


@cython.no_gc_clear  # what __dealloc__ needs must be there
cdef class BookBase:
    """Memory and reads of one order book. The facade's `OrderBook` and `AsyncOrderBook` add waiting."""

    cdef:
        void* memory
        object shared                      # keeps memory of a segment mapped; None where it is this book's own
        size_t memory_size
        bint is_attached                   # the ring's writer knows of ours
        BookWriter writer
        BookReader reader
        readonly bint writes               # this process writes it; else another one does
        readonly RingBase ring             # of the diffs, or of the partial depth
        readonly RingBase quotes           # of bookTicker records; None without them
        object __weakref__

    def __cinit__(self, RingBase ring not None, RingBase quotes, *, int rule, uint32_t places=8192, uint32_t far_levels=4096,
                  memory=None, bint writes=True, bint formats=True, bint again=False, **ignored):
        cdef BookShape shape = _shape(places, far_levels)
        if not 1 <= rule <= 3:
            raise ConfigurationError(f"a book's rule is 1, 2 or 3, not {rule}")
        if not ring.view.level_capacity:
            raise ConfigurationError(f"{ring.stream} records have no levels to make a book of")
        self.ring = ring
        self.quotes = quotes
        self.writes = writes
        self.memory_size = shape.total_bytes()
        if memory is None:
            self.memory = native.RingMemory.allocate(self.memory_size)
            if self.memory == NULL:
                raise MemoryError(f"no {self.memory_size:,} bytes for the book of {ring.stream}")
        else:
            self.shared = memory
            if memory.size < self.memory_size:
                raise ConfigurationError(f"the book of {ring.stream} has {memory.size:,} bytes, not {self.memory_size:,}")
            self.memory = <void*><size_t>memory.address
        if formats:
            native.format_book(self.memory, shape, <BookRule>rule)
        elif not native.book_fits(self.memory, self.memory_size):
            raise ConfigurationError(f"the memory of the book of {ring.stream} has no good header")
        self.reader.memory.attach(self.memory)
        if quotes is not None:
            self.reader.quotes = &quotes.view
        if writes:
            ring.must_write()
            self.writer.open(self.memory)
            if again:
                self.writer.take_over()

    def __dealloc__(self):
        self.detach()
        if self.shared is None and self.memory != NULL:
            native.RingMemory.release(self.memory, self.memory_size)

    # What the feed and the pool use.

    cdef void detach(self) noexcept:
        if self.is_attached and self.ring.writer.book == &self.writer:
            self.ring.writer.book = NULL
        self.is_attached = False

    def attach_writer(self):
        """Have what is published from now on applied."""
        self.must_write()
        if self.ring.writer.book != NULL and self.ring.writer.book != &self.writer:
            raise ConfigurationError(f"{self.ring.stream} feeds a book already")
        self.ring.writer.book = &self.writer
        self.is_attached = True

    def detach_writer(self):
        """Have nothing applied any more."""
        self.detach()

    cdef int must_write(self) except -1:
        if not self.writes:
            raise TypeError(f"the book of {self.ring.stream} is written by another process")
        return 0

    @property
    def shared_memory(self):
        return self.shared

    @property
    def rule(self):
        return self.reader.memory.header.rule

    @property
    def places(self):
        return self.reader.memory.header.places

    @property
    def far_levels(self):
        return self.reader.memory.header.far_levels

    def wants_snapshot(self):
        self.must_write()
        return self.writer.wants_snapshot()

    def suspend(self):
        """Take note that diffs may be missed from now on."""
        self.must_write()
        self.writer.suspend()

    def load(self, int64_t snapshot_id, const double[:, ::1] bids not None, const double[:, ::1] asks not None, Py_ssize_t limit,
             bint unproven_too=True):
        """Take a snapshot and what the ring has behind it; return what became of it, a `LoadResult`."""
        self.must_write()
        if bids.shape[1] != 2 or asks.shape[1] != 2:
            raise ValueError("levels are rows of a price and a quantity")
        cdef const Level* bid_levels = <const Level*>&bids[0, 0] if bids.shape[0] else NULL
        cdef const Level* ask_levels = <const Level*>&asks[0, 0] if asks.shape[0] else NULL
        return <int>self.writer.load(
            snapshot_id, bid_levels, bids.shape[0], ask_levels, asks.shape[0], limit, unproven_too, self.ring.view, wall_clock_ns())

    def counters(self):
        """Diffs applied, diffs ignored, gaps, snapshots, regrids, dropped levels, id of the newest snapshot."""
        cdef native.BookHeader* header = self.reader.memory.header
        return (
            load_relaxed[uint64_t](header.diffs), load_relaxed[uint64_t](header.ignored), load_relaxed[uint64_t](header.gaps),
            load_relaxed[uint64_t](header.snapshots), load_relaxed[uint64_t](header.regrids),
            load_relaxed[uint64_t](header.dropped_levels), load_relaxed[int64_t](header.snapshot_id))

    def known_levels(self):
        cdef uint32_t bids, asks
        if not self.reader.read_known(bids, asks):
            raise self.not_ready(<uint32_t>8)
        return bids, asks

    @property
    def memory_bytes(self):
        return self.memory_size

    # Reads.

    cdef object not_ready(self, uint32_t reason):
        return BookNotReady(self.ring.stream, reason)

    cdef int read_head(self, BookHead& head) except -1:
        if not self.reader.head(head):
            raise self.not_ready(<uint32_t>8)  # new_feed: who wrote it was stopped in the midst of a change
        return 0

    cdef int must_be_there(self, bint read, const BookHead& head) except -1:
        if not read:
            raise self.not_ready(<uint32_t>8)
        if head.state == <uint32_t>BookState.empty:
            raise self.not_ready(head.reason)
        return 0

    def head(self):
        """State, reason, proven since, bid floor and ask ceiling, of one moment."""
        cdef BookHead head
        self.read_head(head)
        return head.state, head.reason, head.proven_since_ns, head.bid_floor, head.ask_ceiling

    @property
    def update_id(self):
        cdef BookHead head
        self.read_head(head)
        return head.update_id

    @property
    def event_ns(self):
        cdef BookHead head
        self.read_head(head)
        return head.event_ns

    @property
    def recv_ns(self):
        cdef BookHead head
        self.read_head(head)
        return head.recv_ns

    @property
    def age_ns(self):
        cdef BookHead head
        self.read_head(head)
        if head.state == <uint32_t>BookState.empty:
            raise self.not_ready(head.reason)
        return wall_clock_ns() - head.recv_ns

    @property
    def bid_count(self):
        cdef BookHead head
        self.read_head(head)
        return head.bid_count

    @property
    def ask_count(self):
        cdef BookHead head
        self.read_head(head)
        return head.ask_count

    def top(self):
        cdef BookTop found
        cdef BookHead head
        if not self.reader.top(found):
            raise self.not_ready(<uint32_t>8)
        if found.state == <uint32_t>BookState.empty and found.source == 0:
            self.read_head(head)
            raise self.not_ready(head.reason)
        cdef Top top = Top.__new__(Top)
        top.bid_price, top.bid_qty = found.bid.price, found.bid.qty
        top.ask_price, top.ask_qty = found.ask.price, found.ask.qty
        top.update_id, top.event_ns, top.recv_ns = found.update_id, found.event_ns, found.recv_ns
        top.from_ticker, top.book_state = found.source, found.state
        return top

    cdef object copy(self, object n, bint wants_bids, bint wants_asks):
        """The best n levels of one moment, or all of them, of the sides that are wanted."""
        cdef:
            BookHead head
            Py_ssize_t wanted = _how_many(n)
            cnp.npy_intp most_bids, most_asks
            uint32_t bid_count, ask_count
            cnp.ndarray bids = None
            cnp.ndarray asks = None
            Level* bid_levels = NULL
            Level* ask_levels = NULL
        while True:
            most_bids = most_asks = wanted
            if wanted < 0 or wanted > FEW_LEVELS:
                # One more than there are, because a quote may bring one; and one to see whether that was enough.
                self.read_head(head)
                most_bids, most_asks = <cnp.npy_intp>head.bid_count + 2, <cnp.npy_intp>head.ask_count + 2
                if wanted > 0:
                    most_bids, most_asks = min(most_bids, wanted), min(most_asks, wanted)
            bid_count = ask_count = 0
            if wants_bids:
                bids = _new_levels(most_bids)
                bid_levels = <Level*>cnp.PyArray_DATA(bids)
                bid_count = <uint32_t>most_bids
            if wants_asks:
                asks = _new_levels(most_asks)
                ask_levels = <Level*>cnp.PyArray_DATA(asks)
                ask_count = <uint32_t>most_asks
            self.must_be_there(self.reader.read_levels(bid_levels, bid_count, ask_levels, ask_count, head), head)
            if (bid_count < most_bids or most_bids == wanted or not wants_bids) and (
                    ask_count < most_asks or most_asks == wanted or not wants_asks):
                break  # else it has grown between the two looks
        if wants_bids and wants_asks:
            return _cut(bids, bid_count), _cut(asks, ask_count)
        return _cut(bids, bid_count) if wants_bids else _cut(asks, ask_count)

    def bids(self, n=None):
        return self.copy(n, True, False)

    def asks(self, n=None):
        return self.copy(n, False, True)

    def levels(self, n=None):
        return self.copy(n, True, True)

    cdef int check_price(self, double price) except -1:
        if price != price:
            raise ConfigurationError("a price is a number, not nan")
        return 0

    cdef int is_bid(self, object side) except -1:
        if side == "bid":
            return 1
        if side == "ask":
            return 0
        raise ConfigurationError(f"a side is 'bid' or 'ask', not {side!r}")

    def qty_at(self, side, double price):
        cdef BookHead head
        cdef double qty = 0
        cdef bint bid = self.is_bid(side)
        self.check_price(price)
        self.must_be_there(self.reader.read_qty_at(bid, price, qty, head), head)
        return qty

    def qty_to(self, side, double price):
        cdef BookHead head
        cdef Depth found
        cdef bint bid = self.is_bid(side)
        self.check_price(price)
        self.must_be_there(self.reader.read_to_price(bid, price, found, head), head)
        return found.qty

    def average_price(self, side, double qty):
        cdef BookHead head
        cdef Depth found
        cdef bint bid = self.is_bid(side)
        if not qty > 0 or qty > 1e300:
            raise ConfigurationError(f"a quantity is a number above 0, not {qty!r}")
        self.must_be_there(self.reader.read_to_qty(bid, qty, found, head), head)
        return float("nan") if found.exhausted else found.average_price()

    def imbalance(self, n=1):
        cdef BookHead head
        cdef Depth bids, asks
        if type(n) is not int or n < 1:
            raise ConfigurationError(f"an imbalance is of 1 level or more, not {n!r}")
        self.must_be_there(self.reader.read_to_level(<uint32_t>min(n, 1 << 30), bids, asks, head), head)
        cdef double total = bids.qty + asks.qty
        return (bids.qty - asks.qty) / total if total > 0 else float("nan")


cdef cnp.ndarray _new_levels(cnp.npy_intp count):
    cdef cnp.npy_intp[2] shape = [count, 2]
    return <cnp.ndarray>cnp.PyArray_EMPTY(2, shape, cnp.NPY_DOUBLE, 0)


cdef object _cut(cnp.ndarray levels, uint32_t count):
    return levels if count == <uint32_t>cnp.PyArray_DIM(levels, 0) else levels[:count]


cdef Py_ssize_t _how_many(object n) except -2:
    if n is None:
        return -1
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ConfigurationError(f"a number of levels is 1 or more, or None for all, not {n!r}")
    return min(<object>n, 1 << 22)
