# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=False, autotestdict=False
"""Rings: preallocated records in one block of memory whose layout can be shared, and the ways to read them."""

import logging
from collections import namedtuple

import numpy as np

cimport numpy as cnp
from cpython.bytes cimport PyBytes_AsStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF
from libc.math cimport NAN
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastbinance._core cimport native
from fastbinance._core.native cimport (
    DecodeCode, Kind, Level, RecordHead, RingHeader, RingShape, RingView, SymbolRow, load_acquire, load_relaxed, store_relaxed,
    store_release, string_view, wall_clock_ns,
)
from fastbinance._core.record cimport DepthRecord, Record, new_record, value_of

from fastbinance._core.record import layouts as _layouts, record_types as _record_types
from fastbinance.errors import ConfigurationError, Lapped, NoData, StaleData

cnp.import_array()

_logger = logging.getLogger("fastbinance")

Hole = namedtuple("Hole", "symbol first_id last_id from_ns to_ns restart", module=__name__)
MergeStats = namedtuple("MergeStats", "duplicates overlaps gaps held late_joins restarts wins copies lead_ns", module=__name__)

cdef extern from "Python.h":
    int PySlice_Unpack(object, Py_ssize_t*, Py_ssize_t*, Py_ssize_t*) except -1

cdef extern from "numpy/arrayobject.h":
    # NumPy's own declarations cannot create a view with strides over foreign memory.
    ctypedef struct Descr "PyArray_Descr":
        pass
    ctypedef struct Array "PyArrayObject":
        pass
    object PyArray_NewFromDescr(PyTypeObject*, Descr*, int, cnp.npy_intp*, cnp.npy_intp*, void*, int, PyObject*)
    int PyArray_SetBaseObject(Array*, PyObject*) except -1

# A feed that has not sampled for this long is stuck or gone: what its rings say is out of date.
cdef int64_t HEARTBEAT_LIMIT_NS = 1_000_000_000
_DEFAULT_LEVELS = 32_768


cdef object _no_value(char code):
    """What a field of a ring says before the first record."""
    if code == c"d":
        return float("nan")
    if code == c"?":
        return False
    return 0


cdef class NewestField:
    """The same field of a ring's newest record, without a copy of the record.

    Before the first record: NaN, 0 or False.
    """

    cdef:
        readonly str name
        readonly str __doc__
        Py_ssize_t offset
        char code

    def __cinit__(self, int kind, str name not None, str doc not None):
        layout = _layouts[kind]
        offset, code = layout.fields[name]
        self.name = name
        self.__doc__ = doc
        self.offset = offset
        self.code = ord(code)

    def __get__(self, instance, owner):
        cdef:
            RingView* view
            int64_t sequence
            unsigned char word[8]
        if instance is None:
            return self
        if not isinstance(instance, RingBase):
            raise TypeError(f"{self.name} is a field of rings, not of {type(instance).__name__}")
        view = &(<RingBase>instance).view
        while True:
            sequence = view.cursor()
            if sequence < 0:
                return _no_value(self.code)
            memcpy(word, view.slot(sequence) + self.offset, 8)
            if sequence >= view.oldest_intact():
                return value_of(word, self.code)

    def __set__(self, instance, value):
        raise AttributeError(f"rings are read-only: {self.name} cannot be set")


cdef class Waiter:
    """Somebody who waits for news in any of some rings. Subclasses say how they are woken."""

    def __cinit__(self, tuple rings not None, list after not None, *args):
        for ring in rings:
            if not isinstance(ring, RingBase):
                raise TypeError(f"a waiter waits for rings, not for {type(ring).__name__}")
        self.rings = rings
        self.after = after

    def wake(self):
        raise TypeError("a Waiter is used through a subclass that says how it is woken")

    def news(self):
        return self.has_news()

    cdef bint has_news(self) noexcept:
        cdef Py_ssize_t i
        for i in range(len(self.rings)):
            if (<RingBase>self.rings[i]).view.cursor() > <int64_t>self.after[i]:
                return True
        return False


cdef int _wake(object waiter) except -1:
    try:
        waiter.wake()
    except Exception:
        # Not raised: it is one waiter's own trouble, and those behind it sleep on until they are woken.
        _logger.exception("a waiter could not be woken")
    return 0


cdef class Bell:
    """Wakes waiters: rung by a feed at most once per socket read, and only when somebody waits."""

    def __cinit__(self):
        self.waiters = []
        self.waiting = 0

    def add(self, Waiter waiter not None):
        self.waiters.append(waiter)
        self.waiting = len(self.waiters)

    def remove(self, Waiter waiter not None):
        if waiter in self.waiters:
            self.waiters.remove(waiter)
        self.waiting = len(self.waiters)

    cdef int ring(self) except -1:
        for waiter in tuple(self.waiters):
            if (<Waiter>waiter).has_news():
                _wake(waiter)
        return 0

    cpdef void wake_all(self):
        for waiter in tuple(self.waiters):
            _wake(waiter)


cdef object _view(RingBase ring, object dtype, int dimensions, cnp.npy_intp* shape, cnp.npy_intp* strides, void* data):
    """Read-only array over ring memory that keeps the ring alive."""
    Py_INCREF(dtype)  # both calls below take a reference of their own
    array = PyArray_NewFromDescr(
        <PyTypeObject*>cnp.ndarray, <Descr*>dtype, dimensions, shape, strides, data, 0, NULL)
    Py_INCREF(ring)
    PyArray_SetBaseObject(<Array*>array, <PyObject*>ring)
    return array


_FLOAT64 = np.dtype(np.float64)


cdef object _level_view(RingBase ring, int64_t begin, Py_ssize_t count):
    cdef cnp.npy_intp[2] shape = [count, 2]
    return _view(ring, _FLOAT64, 2, shape, NULL, <void*>(ring.view.levels + (begin & (ring.view.level_capacity - 1))))


cdef class Window:
    """Some consecutive records of one ring: a live view of its memory, or a validated copy.

    A live view (`Ring.window`) stays valid until ``capacity - len(window)`` more records have come; `intact` tells. A copy
    (what a depth ring's reader yields) stays valid for ever.
    """

    cdef:
        RingBase ring
        readonly object records
        readonly int64_t first_sequence
        readonly bint copied            # a validated copy
        readonly object levels          # the copied levels of a copy; None on a live view
        int64_t levels_begin            # absolute index of levels[0]

    def __init__(self):
        raise TypeError("windows come from Ring.window() and from readers")

    def __len__(self):
        return len(self.records)

    def __reduce__(self):
        raise TypeError("a window belongs to the memory of one process: take its records instead")

    def intact(self):
        """Whether nothing of it has been overwritten up to now."""
        cdef int64_t begin = 0
        if self.copied or not len(self.records):
            return True
        if self.ring.view.level_capacity:
            begin = int(self.records["levels_begin"][0])
            if begin < self.ring.view.oldest_intact_level():
                return False
        # Last, because it also says that the head above was still the one of this window when it was read.
        return self.first_sequence >= self.ring.view.oldest_intact()

    cdef object _side(self, Py_ssize_t i, bint asks):
        if not _layouts[<int>self.ring.kind].has_levels:
            raise TypeError(f"{self.ring.stream} records have no levels")
        head = self.records[i]
        cdef int64_t begin = int(head["levels_begin"])
        cdef Py_ssize_t bids = int(head["bid_count"])
        cdef Py_ssize_t count = int(head["ask_count"]) if asks else bids
        if asks:
            begin += bids
        if self.copied:
            return self.levels[begin - self.levels_begin:begin - self.levels_begin + count]
        # A torn head must not lead outside the arena; what it says is told apart by intact().
        cdef int64_t at = begin & (self.ring.view.level_capacity - 1)
        if count > self.ring.view.level_capacity - at:
            raise self.ring.lapped(self.first_sequence + i)
        return _level_view(self.ring, begin, count)

    def bids(self, Py_ssize_t i):
        return self._side(i, False)

    def asks(self, Py_ssize_t i):
        return self._side(i, True)

    def __getitem__(self, key):
        if isinstance(key, str):
            if key not in self.records.dtype.names:
                raise KeyError(f"{key!r} is no field; there are {', '.join(self.records.dtype.names)}")
            return self.records[key]
        cdef Py_ssize_t i = key
        if i < 0:
            i += len(self.records)
        if not 0 <= i < len(self.records):
            raise IndexError(f"record {key} of a window of {len(self.records)}")
        if not self.copied:
            return self.ring.at(self.first_sequence + i)
        cdef DepthRecord record = <DepthRecord>new_record(self.ring.record_type)
        raw = self.records[i:i + 1].tobytes()
        memcpy(record.data, <const char*>raw, self.ring.view.record_size)
        record.levels = np.concatenate((self.bids(i), self.asks(i)))
        record.levels.flags.writeable = False
        return record

    def __iter__(self):
        return (self[i] for i in range(len(self.records)))

    def __repr__(self):
        return f"Window({self.ring.stream}, {len(self.records)} records from sequence {self.first_sequence})"


def ring_bytes(int kind, int64_t capacity, int64_t level_capacity, uint32_t symbol_capacity):
    """Bytes of a ring of this shape."""
    cdef RingShape shape
    shape.kind = <Kind>kind
    shape.capacity = capacity
    shape.level_capacity = level_capacity if _layouts[kind].has_levels else 0
    shape.symbol_capacity = symbol_capacity
    return shape.total_bytes()


def power_of_two(int64_t wanted):
    cdef int64_t size = 1
    while size < wanted:
        size *= 2
    return size


cdef class RingBase:
    """Memory and reads of one ring. The facade's `Ring` and `AsyncRing` add waiting and iterating."""

    def __cinit__(self, int kind, str stream not None, str ws_key not None, symbol, *, int64_t capacity,
                  int64_t level_capacity=0, uint32_t symbol_capacity=1, Bell bell=None, bint merge=True,
                  memory=None, bint writes=True, bint formats=True, bint again=False, **ignored):
        cdef:
            RingShape shape
        if kind not in _layouts:
            raise ConfigurationError(f"no kind {kind}; there are {sorted(_layouts)}")
        if capacity < 2 or capacity & (capacity - 1) or capacity > 1 << 24:
            raise ConfigurationError(f"a ring's capacity is a power of two from 2 to {1 << 24}, not {capacity}")
        layout = _layouts[kind]
        if not layout.has_levels:
            level_capacity = 0
        elif level_capacity == 0:
            level_capacity = _DEFAULT_LEVELS
        if not 1 <= symbol_capacity <= 1 << 20:
            raise ConfigurationError(f"a ring's symbol table has from 1 to {1 << 20} rows, not {symbol_capacity}")
        if level_capacity < 0 or level_capacity & (level_capacity - 1) or level_capacity > 1 << 26:
            raise ConfigurationError(
                f"a ring's level capacity is a power of two up to {1 << 26}, not {level_capacity}")
        self.kind = <Kind>kind
        self.stream = stream
        self.ws_key = ws_key
        self.symbol = symbol
        self.bell = bell if bell is not None else Bell()
        self.dtype = layout.dtype
        self.record_type = _record_types.get(kind)
        if self.record_type is None:
            raise ConfigurationError(f"no class for {layout.name} records yet: fastbinance.records defines them")
        shape.kind = self.kind
        shape.capacity = capacity
        shape.level_capacity = level_capacity
        shape.symbol_capacity = symbol_capacity
        self.memory_size = shape.total_bytes()
        self.writes = writes
        if memory is None:
            # Touched by this, so that no page fault comes later and memory use is flat from the start.
            self.memory = native.RingMemory.allocate(self.memory_size)
            if self.memory == NULL:
                raise MemoryError(f"no {self.memory_size} bytes for the ring of {stream}")
            self.owns_memory = True
        else:
            # Of a segment: see RingMemoryView. What it points to is good for as long as it lives.
            self.shared = memory
            self.memory = <void*><size_t>memory.address
            if memory.size < self.memory_size:
                raise ConfigurationError(f"the ring of {stream} has {memory.size:,} bytes, not {self.memory_size:,}")
        if formats:
            native.format_ring(self.memory, shape)
        elif not native.ring_fits(self.memory, self.memory_size):
            raise ConfigurationError(f"the memory of the ring of {stream} has no good header")
        if not writes:
            self.view.attach(self.memory)
            return
        if not self.writer.open(self.memory, symbol is None, merge):
            raise MemoryError(f"no memory for the writer of {stream}")
        if again:
            self.writer.take_over()
        self.view = self.writer.view
        if symbol is not None:
            self.name_symbol(symbol)

    cdef int name_symbol(self, str symbol) except -1:
        cdef:
            char* name
            Py_ssize_t length
            uint32_t row = 0
        encoded = symbol.encode()
        PyBytes_AsStringAndSize(encoded, &name, &length)
        if self.writer.add_symbol(string_view(name, length), row) != DecodeCode.ok:
            raise ConfigurationError(
                f"symbol {symbol!r} has from 1 to {native.max_symbol_bytes} bytes of UTF-8, without quotes, "
                f"backslashes and control characters")
        return 0

    def __dealloc__(self):
        if self.gone != NULL:
            native.RingMemory.release(self.gone, native.page_bytes)
        # Not by `shared`, which the garbage collector may have cleared by now.
        if self.owns_memory:
            native.RingMemory.release(self.memory, self.memory_size)

    # What the feed and the pool use.

    cdef void count_reject(self) noexcept:
        store_relaxed[uint64_t](self.view.header.rejected, self.view.header.rejected + 1)

    @property
    def reject_count(self):
        return load_relaxed[uint64_t](self.view.header.rejected)

    cdef int must_write(self) except -1:
        if not self.writes:
            raise TypeError(f"the ring of {self.stream} is written by another process")
        return 0

    def set_state(self, int state):
        if not 0 <= state <= 3:
            raise ValueError(f"ring states are 0 to 3, not {state}")
        if not self.writes and not self.shared.segment.writable:
            self.must_write()
        cdef uint32_t before = load_relaxed[uint32_t](self.view.header.state)
        store_relaxed[uint32_t](self.view.header.state, <uint32_t>state)
        if before != <uint32_t>state and self.bell.waiting:
            self.bell.wake_all()

    def sample(self, int64_t now_ns):
        """Refresh the header's sampled words: the feed's sign of life and the newest record's receive time."""
        cdef RecordHead head
        cdef int64_t sequence = self.view.cursor()
        self.must_write()
        if sequence >= 0:
            memcpy(&head, self.view.slot(sequence), sizeof(RecordHead))
            store_relaxed[int64_t](self.view.header.last_recv_ns, head.recv_ns)
        store_relaxed[int64_t](self.view.header.heartbeat_ns, now_ns)

    def set_lines(self, int n):
        if not 0 <= n <= <int>native.most_lines:
            raise ValueError(f"a ring has from 0 to {native.most_lines} lines, not {n}")
        self.must_write()
        cdef int64_t before = self.view.cursor()
        if not native.Merge(self.writer).set_lines(<uint8_t>n):
            raise MemoryError(f"no memory for {n} lines of {self.stream}")
        self.ring_if_newer(before)

    def release_held(self, int64_t now_ns):
        self.must_write()
        cdef int64_t before = self.view.cursor()
        cdef int64_t left = native.Merge(self.writer).release_held(now_ns)
        self.ring_if_newer(before)
        return left

    cdef int ring_if_newer(self, int64_t before) except -1:
        """Wake who waits, when there is more than before: no socket read will."""
        if self.bell.waiting and self.view.cursor() != before:
            self.bell.ring()
        return 0

    @property
    def hole_count(self):
        return self.writer.merge.holes.count()

    def holes(self):
        self.must_write()
        cdef size_t i
        cdef native.Hole hole
        found = []
        symbols = self.symbols
        for i in range(self.writer.merge.holes.size()):
            hole = self.writer.merge.holes.at(i)
            found.append(Hole(symbols[hole.symbol_id], hole.first_id, hole.last_id, hole.from_ns, hole.to_ns, hole.restart))
        return found

    def merge_stats(self):
        self.must_write()
        cdef const native.MergeCounts* stats = &self.writer.merge.stats
        lines = range(native.most_lines)
        return MergeStats(
            stats.duplicates, stats.overlaps, stats.gaps, stats.held, stats.late_joins, stats.restarts,
            tuple([stats.wins[i] for i in lines]), tuple([stats.copies[i] for i in lines]),
            tuple([stats.lead_ns[i] for i in lines]))

    def close(self):
        self.closed = True
        if self.writes:
            self.set_state(0)
        self.bell.wake_all()

    def let_go(self):
        """Be empty from now on: the memory is another process's, which may give it to another ring."""
        cdef RingHeader* header
        if self.shared is None or self.writes or self.gone != NULL:
            return
        self.gone = native.RingMemory.allocate(native.page_bytes)
        if self.gone == NULL:
            raise MemoryError(f"no memory to let go of the ring of {self.stream}")
        memcpy(self.gone, self.view.header, sizeof(RingHeader))
        header = <RingHeader*>self.gone
        header.cursor = -1
        # So that no window of before is intact.
        header.claim = header.level_claim = <int64_t>1 << 62
        header.symbol_count = header.state = 0
        self.rows = None
        self.view.header = header

    # What readers use.

    @property
    def cursor(self):
        return self.view.cursor()

    @property
    def capacity(self):
        return self.view.capacity

    @property
    def level_capacity(self):
        return self.view.level_capacity

    @property
    def memory_bytes(self):
        return self.memory_size

    @property
    def symbol_capacity(self):
        return self.view.header.symbol_capacity

    @property
    def shared_memory(self):
        return self.shared

    @property
    def heartbeat_ns(self):
        return load_relaxed[int64_t](self.view.header.heartbeat_ns)

    @property
    def epoch(self):
        return self.view.header.epoch

    @property
    def last_recv_ns(self):
        return load_relaxed[int64_t](self.view.header.last_recv_ns)

    @property
    def records(self):
        cdef cnp.npy_intp shape = self.view.capacity
        cdef cnp.npy_intp stride = self.view.record_size
        return _view(self, self.dtype, 1, &shape, &stride, self.view.records)

    def state_code(self):
        cdef int64_t heartbeat = load_relaxed[int64_t](self.view.header.heartbeat_ns)
        cdef uint32_t state = load_relaxed[uint32_t](self.view.header.state)
        if self.closed:
            return 0
        if state != 0 and heartbeat and wall_clock_ns() - heartbeat > HEARTBEAT_LIMIT_NS:
            return 3
        return state

    @property
    def symbols(self):
        cdef uint32_t count = min(load_acquire[uint32_t](self.view.header.symbol_count), self.view.header.symbol_capacity)
        cdef uint32_t i
        return tuple([
            (<bytes>self.view.symbols[i].name[:min(self.view.symbols[i].length, native.max_symbol_bytes)]).decode()
            for i in range(count)])

    cdef object make_record(self, int64_t sequence):
        """Copy record `sequence`, or None when it is not there any more."""
        cdef Record record = <Record>new_record(self.record_type)
        if not self.view.read_at(sequence, record.data):
            return None
        if self.view.level_capacity == 0:
            return record
        cdef native.DepthRecord* head = <native.DepthRecord*>record.data
        cdef cnp.ndarray levels = np.empty((<Py_ssize_t>head.bid_count + <Py_ssize_t>head.ask_count, 2))
        if not self.view.read_levels(head[0], <Level*>cnp.PyArray_DATA(levels)):
            return None
        cnp.PyArray_CLEARFLAGS(levels, cnp.NPY_ARRAY_WRITEABLE)
        (<DepthRecord>record).levels = levels
        return record

    cdef int64_t row_of(self, str symbol) except -2:
        """Row of a symbol in the table, or -1."""
        cdef char* name
        cdef Py_ssize_t length
        cdef uint32_t count, row
        encoded = symbol.encode()
        if self.writes:
            PyBytes_AsStringAndSize(encoded, &name, &length)
            return self.writer.find_symbol(string_view(name, length))
        # The writer's index is in another process. Rows only ever follow others.
        if self.rows is None:
            self.rows = {}
        count = min(load_acquire[uint32_t](self.view.header.symbol_count), self.view.header.symbol_capacity)
        for row in range(<uint32_t>len(self.rows), count):
            self.rows[<bytes>self.view.symbols[row].name[:min(self.view.symbols[row].length, native.max_symbol_bytes)]] = row
        return self.rows.get(encoded, -1)

    cdef int64_t newest_of(self, str symbol) except -2:
        """Sequence of the newest published record of a symbol; -1 before its first."""
        cdef int64_t row, sequence, cursor
        for spelled in (symbol, symbol.upper()):
            row = self.row_of(spelled)
            if row >= 0:
                if self.symbol is not None:
                    return self.view.cursor()
                sequence = load_acquire[int64_t](self.view.symbols[row].last_sequence)
                cursor = self.view.cursor()
                return sequence if sequence <= cursor else self.view.newest_of(<uint32_t>row, cursor)
        if self.symbol is not None and symbol.upper() != self.symbol.upper():
            raise KeyError(f"{self.stream} carries {self.symbol} only, not {symbol!r}")
        return -1

    def last(self, symbol=None, *, max_age=None):
        cdef:
            Record record
            int64_t sequence
            double oldest = 0
        if max_age is not None:
            try:
                oldest = max_age
            except TypeError:
                oldest = NAN
            if oldest != oldest:
                raise ConfigurationError(f"max_age is a number of seconds or None, not {max_age!r}")
        if symbol is not None and not isinstance(symbol, str):
            raise TypeError(f"last() takes a symbol, not {symbol!r}; an age is last(max_age=seconds)")
        if symbol is None and self.view.level_capacity == 0:
            record = <Record>new_record(self.record_type)
            if not self.view.read_last(record.data):
                raise NoData(self.stream)
        else:
            while True:
                sequence = self.view.cursor() if symbol is None else self.newest_of(symbol)
                if sequence < 0:
                    raise NoData(self.stream if symbol is None else f"{self.stream} ({symbol})")
                found = self.make_record(sequence)
                if found is not None:
                    record = found
                    break
                # Without news a second look would find the same: levels may be gone while the record is the newest,
                # after a payload whose bound reached round the arena. Never spin here: the feed needs the lock.
                if sequence == (self.view.cursor() if symbol is None else self.newest_of(symbol)):
                    raise self.lapped(sequence)
        if max_age is not None:
            age = (wall_clock_ns() - (<RecordHead*>record.data).recv_ns) / 1e9
            if age > oldest:
                raise StaleData(self.stream, age, max_age)
        return record

    def at(self, int64_t sequence):
        record = self.make_record(sequence)
        if record is not None:
            return record
        if sequence < 0 or sequence > self.view.cursor():
            raise IndexError(f"{self.stream} has no record {sequence} yet; the newest is {self.view.cursor()}")
        raise self.lapped(sequence)

    cdef object lapped(self, int64_t sequence):
        return Lapped(sequence, max(self.view.oldest_intact(), 0))

    cdef object slice_newest(self, Py_ssize_t wanted, Py_ssize_t skip, int64_t* first):
        """The newest `wanted` records less the newest `skip` of them, as one contiguous view."""
        cdef int64_t cursor = self.view.cursor()
        cdef int64_t count = cursor + 1
        if count > self.view.capacity:
            count = self.view.capacity
        if wanted < count:
            count = wanted
        first[0] = cursor + 1 - count
        cdef cnp.npy_intp kept = count - skip if skip < count else 0
        cdef cnp.npy_intp stride = self.view.record_size
        return _view(self, self.dtype, 1, &kept, &stride, self.view.slot(first[0]))

    def __getitem__(self, key):
        cdef:
            Py_ssize_t start, stop, step
            int64_t first
        if not isinstance(key, slice):
            raise TypeError(f"rings take negative slices, such as ring[-100:]; for one record use last() or at(sequence)")
        PySlice_Unpack(key, &start, &stop, &step)
        if step != 1 or start >= 0 or (stop >= 0 and stop != <Py_ssize_t>((<size_t>-1) >> 1)):
            raise IndexError("rings take negative slices without a step, such as ring[-100:] or ring[-100:-50]")
        return self.slice_newest(-start, -stop if stop < 0 else 0, &first)

    def window(self, Py_ssize_t n):
        if n < 1:
            raise ValueError(f"a window has at least one record, not {n}")
        cdef Window window = Window.__new__(Window)
        window.ring = self
        window.records = self.slice_newest(n, 0, &window.first_sequence)
        return window

    def column(self, str name not None, Py_ssize_t n):
        cdef int64_t first
        if name not in self.dtype.names:
            raise KeyError(f"{name!r} is no field of {self.stream}; it has {', '.join(self.dtype.names)}")
        if n < 1:
            raise ValueError(f"a column has at least one value, not {n}")
        return self.slice_newest(n, 0, &first)[name]

    def copy_from(self, int64_t sequence, Py_ssize_t max_records):
        """Validated copy of up to `max_records` records from `sequence` on, for readers.

        Returns ``(batch, next_sequence, lost)``: `batch` is None when there is nothing new.
        """
        cdef:
            int64_t cursor, first, oldest, lost = 0
            Py_ssize_t count
            cnp.ndarray batch
        while True:
            cursor = self.view.cursor()
            if sequence > cursor:
                return None, sequence, lost
            oldest = self.view.oldest_intact()
            first = sequence if sequence > oldest else oldest
            if first > cursor: # lapped between the two loads: what we know of is gone already
                continue
            count = <Py_ssize_t>min(cursor - first + 1, max_records)
            batch = np.empty(count, self.dtype)
            memcpy(cnp.PyArray_DATA(batch), self.view.slot(first), count * self.view.record_size)
            oldest = self.view.oldest_intact()
            lost += first - sequence
            sequence = first
            if oldest > first: # lapped while copying: what was overwritten is dropped, and counted
                if oldest >= first + count:
                    lost += count
                    sequence += count
                    continue
                batch = batch[oldest - first:]
                lost += oldest - first
                sequence = oldest
            if self.view.level_capacity == 0:
                return batch, sequence + len(batch), lost
            window, lapped = self.copy_levels(batch, sequence)
            lost += lapped
            if window is None:
                sequence += len(batch)
                continue
            return window, sequence + len(batch), lost

    cdef object copy_levels(self, object batch, int64_t first):
        """Copy the levels of copied heads; heads whose levels are gone are dropped and counted."""
        cdef:
            int64_t capacity = self.view.level_capacity
            int64_t begin, end, at, part
            int64_t oldest = self.view.oldest_intact_level()
            cnp.ndarray levels
            char* target
        begins = batch["levels_begin"]
        cdef Py_ssize_t skip = int(np.searchsorted(begins, oldest))
        while True:
            if skip >= len(batch):
                return None, len(batch)
            begin = int(begins[skip])
            newest = batch[len(batch) - 1]
            end = int(newest["levels_begin"]) + int(newest["bid_count"]) + int(newest["ask_count"])
            levels = np.empty((end - begin, 2))
            # Blocks never wrap, but a run of them does: at most two pieces, because it is at most one arena long.
            target = <char*>cnp.PyArray_DATA(levels)
            at = begin & (capacity - 1)
            part = min(end - begin, capacity - at)
            memcpy(target, <void*>(self.view.levels + at), part * sizeof(Level))
            if part < end - begin:
                memcpy(target + part * sizeof(Level), <void*>self.view.levels, (end - begin - part) * sizeof(Level))
            oldest = self.view.oldest_intact_level()
            if begin >= oldest:
                break
            skip = int(np.searchsorted(begins, oldest))
        cnp.PyArray_CLEARFLAGS(levels, cnp.NPY_ARRAY_WRITEABLE)
        cdef Window window = Window.__new__(Window)
        window.ring = self
        window.records = batch[skip:]
        window.first_sequence = first + skip
        window.copied = True
        window.levels = levels
        window.levels_begin = begin
        return window, skip

    def copy_latest(self, int64_t sequence):
        """Validated copy of the newest record of every symbol that has one from `sequence` on, for conflating readers.

        Returns ``(batch, next_sequence, lost)``: `batch`, in order of publication, is None when there is nothing new.
        `lost` counts symbols whose newest record other symbols have overwritten already.
        """
        cdef:
            uint32_t count, i
            int64_t cursor, newest
            cnp.ndarray batch
            Py_ssize_t found = 0
            int64_t lost = 0
            char* target
        if self.symbol is not None:
            return self.copy_from(max(sequence, self.view.cursor()), 1)
        if self.view.level_capacity:
            raise TypeError(f"{self.stream}: no conflation over the levels of many symbols")
        cursor = self.view.cursor()
        if sequence > cursor:
            return None, sequence, 0
        count = min(load_acquire[uint32_t](self.view.header.symbol_count), self.view.header.symbol_capacity)
        batch = np.empty(count, self.dtype)
        target = <char*>cnp.PyArray_DATA(batch)
        for i in range(count):
            newest = load_acquire[int64_t](self.view.symbols[i].last_sequence)
            if newest > cursor and newest > self.view.cursor():  # not shown yet, and perhaps never
                newest = self.view.newest_of(i, cursor)
            # Newer than the cursor we saw: left for the next call, so that nothing comes twice.
            if not sequence <= newest <= cursor:
                continue
            if self.view.read_at(newest, target + found * self.view.record_size):
                found += 1
            elif newest == load_acquire[int64_t](self.view.symbols[i].last_sequence):
                lost += 1  # else a successor has come meanwhile, which the next call brings
        if not found:
            return None, cursor + 1, lost
        batch = batch[:found]
        return batch[np.argsort(batch["sequence"])], cursor + 1, lost
