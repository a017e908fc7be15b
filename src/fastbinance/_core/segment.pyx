# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=False, autotestdict=False
"""Memory that processes share: a segment with rings in it, and the bell that wakes who waits in another process."""

import os
import time
from collections import namedtuple

from cpython.bytes cimport PyBytes_AsStringAndSize
from cpython.exc cimport PyErr_CheckSignals
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.errno cimport EAGAIN, EINTR, ENOMEM, ENOSPC, errno
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdio cimport snprintf
from libc.string cimport memcpy, memset
from posix.mman cimport MAP_FAILED, MAP_SHARED, PROT_READ, PROT_WRITE, mmap, munmap
from posix.unistd cimport close, ftruncate, getpid, write

from fastbinance._core cimport native
from fastbinance._core.native cimport (
    Awaited, BellPage, RingEntry, RingHeader, SegmentHeader, load_acquire, load_relaxed, page_bytes, store_relaxed,
    store_release, wall_clock_ns,
)
from fastbinance._core.ring cimport Bell, RingBase

from fastbinance._version import __version__
from fastbinance.errors import ConfigurationError

cdef extern from "string.h":
    size_t strnlen(const char*, size_t) nogil

cdef extern from "sys/mman.h":
    int MAP_NORESERVE
    int MADV_HUGEPAGE
    int MADV_DONTDUMP
    int madvise(void*, size_t, int) nogil

cdef extern from *:
    """
    #ifndef MADV_HUGEPAGE
    #define MADV_HUGEPAGE -1
    #endif
    #ifndef MADV_DONTDUMP
    #define MADV_DONTDUMP -1
    #endif
    #ifndef MAP_NORESERVE
    #define MAP_NORESERVE 0
    #endif
    #if defined(F_ADD_SEALS) && !defined(F_SEAL_FUTURE_WRITE)
    #define F_SEAL_FUTURE_WRITE 0x0010
    #endif
    static int seal_against_writers(int descriptor) {
    #if defined(F_ADD_SEALS)
      return fcntl(descriptor, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    #else
      (void)descriptor;
      return 0;
    #endif
    }
    static int seal_size(int descriptor) {
    #if defined(F_ADD_SEALS)
      return fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    #else
      (void)descriptor;
      return 0;
    #endif
    }
    """
    int seal_against_writers(int) nogil
    int seal_size(int) nogil

RingPlace = namedtuple("RingPlace", "offset size ws_key stream symbol", module=__name__)

# Addresses, not memory: what a thousand of the largest rings need.
SEGMENT_BYTES = 64 << 30
RING_CAPACITY = 4096
BELL_BYTES = page_bytes
LONGEST_STREAM = native.max_stream_bytes

# A sleeper looks again after this: for signals that another thread was told of, and for bells that nonsense was written to.
cdef int64_t SLICE_NS = 250_000_000


cdef unsigned char* _map(int descriptor, size_t size, bint writable) except NULL:
    cdef void* memory = mmap(NULL, size, PROT_READ | (PROT_WRITE if writable else 0), MAP_SHARED | MAP_NORESERVE, descriptor, 0)
    if memory == MAP_FAILED:
        raise OSError(errno, f"{size:,} bytes of addresses for shared memory are not to be had")
    if MADV_DONTDUMP >= 0:
        madvise(memory, size, MADV_DONTDUMP)  # a core of this process would be as long as its addresses
    return <unsigned char*>memory


cdef int _new_file(str name, size_t size) except -1:
    encoded = name.encode()
    cdef const char* text = encoded
    cdef int descriptor = native.make_memory_file(text)
    if descriptor < 0:
        raise OSError(errno, "no shared memory is to be had")
    if ftruncate(descriptor, <int64_t>size) != 0:
        failed = errno
        close(descriptor)
        raise OSError(failed, f"no {size:,} bytes of shared memory are to be had")
    return descriptor


cdef int _reserve(int descriptor, uint64_t offset, uint64_t size, str what) except -1:
    cdef int failed = native.reserve_pages(descriptor, offset, size)
    if failed == ENOSPC or failed == ENOMEM:
        raise MemoryError(f"no {size:,} bytes of shared memory are left for {what}")
    if failed:
        raise OSError(failed, f"{size:,} bytes of shared memory for {what} cannot be reserved")
    return 0


cdef int _copy_text(char* target, Py_ssize_t room, str text) except -1:
    cdef char* source
    cdef Py_ssize_t length
    encoded = text.encode()
    PyBytes_AsStringAndSize(encoded, &source, &length)
    if length > room:
        raise ConfigurationError(f"{text[:60]!r} has more than {room} bytes: too long for shared memory")
    memset(target, 0, room)
    memcpy(target, source, length)
    return <int>length


cdef class Segment:
    """Shared memory with rings in it: made by one process, mapped by others."""

    def __cinit__(self):
        self.descriptor = -1

    def __init__(self):
        raise TypeError("segments come from Segment.create() and Segment.attach()")

    @staticmethod
    def create(str name not None, size_t size=SEGMENT_BYTES, uint32_t ring_capacity=RING_CAPACITY):
        cdef Segment self = Segment.__new__(Segment)
        cdef size_t begin = native.rings_offset(ring_capacity)
        if size < begin + page_bytes or size % page_bytes:
            raise ConfigurationError(f"a segment has whole pages, and more than {begin:,} bytes, not {size:,}")
        self.descriptor = _new_file(f"fastbinance {name}", size)
        self.pid = getpid()
        _reserve(self.descriptor, 0, begin, f"the segment {name}")
        self.memory = _map(self.descriptor, size, True)
        self.size = size
        self.writable = True
        self.name = name
        self.spare = {}
        self.used = begin
        self.header = <SegmentHeader*>self.memory
        if MADV_HUGEPAGE >= 0:
            madvise(self.memory, size, MADV_HUGEPAGE)  # a wish; see ring_memory.hpp
        encoded, version = name.encode()[:63], __version__.encode()[:31]
        native.format_segment(self.memory, size, ring_capacity, encoded, version, wall_clock_ns())
        return self

    @staticmethod
    def attach(int descriptor, *, bint writable):
        """Map a segment; the descriptor stays the caller's, and is not needed any more."""
        cdef Segment self = Segment.__new__(Segment)
        cdef size_t size = os.fstat(descriptor).st_size
        if size < page_bytes:
            raise ConfigurationError(f"what was given has {size} bytes: no segment of fastbinance's")
        self.memory = _map(descriptor, size, writable)
        self.size = size
        self.writable = writable
        self.header = <SegmentHeader*>self.memory
        cdef SegmentHeader* header = self.header
        if load_acquire[uint64_t](header.magic) != native.segment_magic:
            raise ConfigurationError("what was given is no segment of fastbinance's")
        self.name = (<bytes>header.name[:strnlen(header.name, 63)]).decode("utf-8", "replace")
        version = (<bytes>header.version[:strnlen(header.version, 31)]).decode("utf-8", "replace")
        if (header.layout_version != native.segment_layout_version or header.ring_version != native.ring_layout_version
                or header.schema != native.schema_digest()):
            raise ConfigurationError(
                f"the memory of {self.name!r} was made by fastbinance {version}, whose records lie otherwise than those of "
                f"this one, {__version__}: run the same version on both sides")
        if header.total_bytes != size or native.rings_offset(header.ring_capacity) != header.rings_offset \
                or header.rings_offset >= size:
            raise ConfigurationError(f"the memory of {self.name!r} has no good header")
        return self

    def __dealloc__(self):
        if self.memory != NULL:
            munmap(self.memory, self.size)
        if self.descriptor >= 0:
            close(self.descriptor)

    def fileno(self):
        if self.descriptor < 0:
            raise ValueError(f"the segment {self.name} is not this process's own")
        return self.descriptor

    def seal(self):
        """Have nobody map it for writing any more, where the system can promise that."""
        if seal_against_writers(self.fileno()) != 0:
            raise OSError(errno, f"the segment {self.name} cannot be sealed")

    @property
    def owner_pid(self):
        return self.header.owner_pid

    @property
    def created_ns(self):
        return self.header.created_ns

    @property
    def ended(self):
        return load_acquire[uint32_t](self.header.ended) != 0

    @property
    def heartbeat_ns(self):
        return load_relaxed[int64_t](self.header.heartbeat_ns)

    @property
    def used_bytes(self):
        """Bytes that have been reserved, of the process that made it."""
        return self.used - sum(size * len(offsets) for size, offsets in self.spare.items())

    def beat(self, int64_t now_ns):
        self.must_own()
        store_relaxed[int64_t](self.header.heartbeat_ns, now_ns)

    def end(self):
        """Tell who reads that nothing comes any more."""
        self.must_own()
        store_release[uint32_t](self.header.ended, 1)

    def is_own(self):
        """Whether this process made it; a child that was forked has only a copy of what the parent goes on with."""
        return self.descriptor >= 0 and self.pid == getpid()

    def must_own(self):
        if not self.is_own():
            raise ValueError(f"the segment {self.name} is not this process's own")

    def allocate(self, size_t size, str what not None):
        """Return the offset of so many bytes of zeros, reserved.

        Raises
        ------
        MemoryError
            There is no more memory, or no more room in the segment.
        """
        self.must_own()
        cdef uint64_t offset
        cdef list offsets = self.spare.get(size)
        if offsets:
            offset = offsets[len(offsets) - 1]
            _reserve(self.descriptor, offset, size, what)
            offsets.pop()
            return offset
        if size > self.size - self.used:
            raise MemoryError(f"no {size:,} bytes are left for {what}: the segment {self.name} has {self.size:,} at most")
        offset = self.used
        _reserve(self.descriptor, offset, size, what)
        self.used += size
        return offset

    def release(self, uint64_t offset, size_t size):
        """Give the bytes of a ring back; nobody may write to them any more."""
        self.must_own()
        native.release_pages(self.descriptor, self.memory, offset, size)
        self.spare.setdefault(size, []).append(offset)

    # -- the directory

    cdef RingEntry* row(self, uint32_t number) noexcept:
        return <RingEntry*>(self.memory + page_bytes) + number

    def enter(self, uint64_t offset, size_t size, str ws_key not None, str stream not None, symbol):
        """Show a ring to who reads the directory; return its row."""
        self.must_own()
        cdef uint32_t number = 0
        cdef RingEntry* row
        cdef uint32_t count = self.header.ring_count
        while number < count and self.row(number).offset != 0:
            number += 1
        if number == self.header.ring_capacity:
            raise MemoryError(f"the segment {self.name} has {number:,} rings already, which is all it can have")
        row = self.row(number)
        _copy_text(row.ws_key, 39, ws_key)
        row.stream_length = <uint32_t>_copy_text(row.stream, <Py_ssize_t>native.max_stream_bytes, stream)
        row.symbol_length = 0 if symbol is None else <uint32_t>_copy_text(row.symbol, <Py_ssize_t>native.max_symbol_bytes, symbol)
        row.bytes = size
        store_release[uint64_t](row.offset, offset)
        if number == count:
            store_release[uint32_t](self.header.ring_count, count + 1)
        return number

    def leave(self, uint32_t number):
        """Show a ring no more."""
        self.must_own()
        store_release[uint64_t](self.row(number).offset, 0)

    def rings(self):
        """The rings there are, as the directory says."""
        cdef uint32_t number, count = min(load_acquire[uint32_t](self.header.ring_count), self.header.ring_capacity)
        cdef RingEntry* row
        cdef uint64_t offset
        found = []
        for number in range(count):
            row = self.row(number)
            offset = load_acquire[uint64_t](row.offset)
            if offset == 0:
                continue
            place = RingPlace(
                offset, row.bytes, (<bytes>row.ws_key[:strnlen(row.ws_key, 39)]).decode("utf-8", "replace"),
                (<bytes>row.stream[:min(<size_t>row.stream_length, native.max_stream_bytes)]).decode("utf-8", "replace"),
                (<bytes>row.symbol[:min(<size_t>row.symbol_length, native.max_symbol_bytes)]).decode("utf-8", "replace")
                if row.symbol_length else None)
            if load_acquire[uint64_t](row.offset) == offset:  # else the row was given to another one meanwhile
                found.append(place)
        return tuple(found)

    def __repr__(self):
        return f"<Segment {self.name} of process {self.owner_pid}: {len(self.rings())} rings>"

    def __reduce__(self):
        raise TypeError("a segment is handed to another process by its descriptor")


cdef class RingMemoryView:
    """Room of one ring in a segment, which stays mapped as long as this lives."""

    def __cinit__(self, Segment segment not None, uint64_t offset, uint64_t size, *, int row=-1):
        self.row = -1
        if offset % page_bytes or size < page_bytes or offset < segment.header.rings_offset or size > segment.size \
                or offset > segment.size - size:
            raise ConfigurationError(f"there is no ring at byte {offset} of the segment {segment.name}")
        self.segment = segment
        self.offset = offset
        self.size = size
        self.row = row

    @staticmethod
    def allocate(Segment segment not None, size_t size, str ws_key not None, str stream not None, symbol):
        """Room for a new ring, in the directory, and given back with this."""
        offset = segment.allocate(size, f"the ring of {stream}")
        try:
            row = segment.enter(offset, size, ws_key, stream, symbol)
        except BaseException:
            segment.release(offset, size)
            raise
        return RingMemoryView(segment, offset, size, row=row)

    def __del__(self):
        # Once it has ended there are no more rings to come, and who reads in another process reads on to the end.
        if self.row >= 0 and self.segment.is_own() and not self.segment.ended:
            self.segment.leave(self.row)
            self.segment.release(self.offset, self.size)

    @property
    def address(self):
        return <size_t>(self.segment.memory + self.offset)

    def shape(self):
        """Kind, capacity, level capacity and symbol capacity of the ring that is there."""
        cdef void* memory = self.segment.memory + self.offset
        if not native.ring_fits(memory, self.size):
            raise ConfigurationError(f"there is no good ring at byte {self.offset} of the segment {self.segment.name}")
        cdef RingHeader* header = <RingHeader*>memory
        return <int>header.kind, header.capacity, header.level_capacity, header.symbol_capacity


cdef class SharedBell(Bell):
    """The bell of a feed in another process than who waits."""

    def __cinit__(self, *args, **ignored):
        self.descriptor = -1
        self.pipe = -1

    def __init__(self, int descriptor=-1, *, bint feeds=False, int pipe=-1):
        """A new bell, or one that another process has made. It keeps no descriptor of another process's."""
        if descriptor < 0:
            self.descriptor = _new_file("fastbinance bell", BELL_BYTES)
            _reserve(self.descriptor, 0, BELL_BYTES, "a bell")
            # Others have it to write to: who made it shorter would have the feed die of its next ring, and who sealed it
            # against writers would keep out those who come later.
            if seal_size(self.descriptor) != 0:
                raise OSError(errno, "a bell cannot be sealed")
            self.page = <BellPage*>_map(self.descriptor, BELL_BYTES, True)
            native.format_bell(self.page)
        else:
            if os.fstat(descriptor).st_size != BELL_BYTES:
                raise ConfigurationError("what was given is no bell of fastbinance's")
            self.page = <BellPage*>_map(descriptor, BELL_BYTES, True)
            if not native.is_bell(self.page):
                raise ConfigurationError("what was given is no bell of this version of fastbinance's")
        self.feeds = feeds
        self.pipe = pipe
        # A feed looks at this word of its own after each socket read, and calls `ring` when it is not 0.
        self.waiting = 1 if feeds else 0

    def __dealloc__(self):
        if self.page != NULL:
            munmap(self.page, BELL_BYTES)
        if self.descriptor >= 0:
            close(self.descriptor)

    def fileno(self):
        if self.descriptor < 0:
            raise ValueError("this bell is another process's")
        return self.descriptor

    def add(self, waiter not None):
        Bell.add(self, waiter)
        if self.feeds:
            self.waiting = len(self.waiters) + 1

    def remove(self, waiter not None):
        Bell.remove(self, waiter)
        if self.feeds:
            self.waiting = len(self.waiters) + 1

    cdef int ring(self) except -1:
        native.ring_if_asleep(self.page[0])
        if self.pipe >= 0 and native.take_listening(self.page[0]):
            self.write_byte()
        if self.waiters:
            Bell.ring(self)
        return 0

    cdef int write_byte(self) except -1:
        # A pipe that is full wakes who listens all the same.
        if write(self.pipe, b"!", 1) < 0 and errno != EAGAIN and errno != EINTR:
            self.pipe = -1  # who listened is gone
        return 0

    cpdef void wake_all(self):
        """Have everybody look again, here and elsewhere: a state changed."""
        store_release[uint32_t](self.woken, self.woken + 1)
        if self.page != NULL:
            native.ring_all(self.page[0])
            if self.pipe >= 0 and native.take_listening(self.page[0]):
                self.write_byte()
        Bell.wake_all(self)

    def ring_here(self):
        """Wake the waiters of this process that have something to read."""
        if self.waiters:
            Bell.ring(self)

    @property
    def waiters_here(self):
        """How many of this process wait."""
        return len(self.waiters)

    def ask_for_byte(self):
        """Have the feed write to its pipe when there is news; look at the rings afterwards."""
        native.ask_for_byte(self.page[0])

    def seen(self):
        """What `sleep` compares: how often the waiters of this process were told to look."""
        return load_acquire[uint32_t](self.woken)

    def sleep(self, tuple rings not None, list after not None, uint32_t seen, double seconds, double spin=0.0):
        """Sleep until one of the rings has news, or something else has happened since `seen`; whether it has.

        Spins before that for so many seconds. False: time is up. Signals are seen to.
        """
        cdef Py_ssize_t i, count = len(rings)
        cdef int64_t until, left, begun = native.monotonic_ns()
        cdef int64_t spin_ns = <int64_t>(min(spin, 3600.0) * 1e9)
        cdef bint found = False
        until = begun + <int64_t>(min(max(seconds, 0.0), 1e9) * 1e9)
        cdef Awaited* awaited = <Awaited*>PyMem_Malloc(max(count, 1) * sizeof(Awaited))
        if awaited == NULL:
            raise MemoryError()
        try:
            for i in range(count):
                awaited[i].header = (<RingBase?>rings[i]).view.header
                awaited[i].after = after[i]
            while True:
                left = until - native.monotonic_ns()
                if left <= 0:
                    return bool(native.has_news(awaited, count)) or load_acquire[uint32_t](self.woken) != seen
                with nogil:
                    found = native.wait_for_news(
                        self.page[0], awaited, count, self.woken, seen, min(spin_ns, left), min(left, SLICE_NS))
                spin_ns = 0
                if found:
                    return True
                PyErr_CheckSignals()
        finally:
            PyMem_Free(awaited)
