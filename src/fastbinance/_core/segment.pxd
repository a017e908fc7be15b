from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastbinance._core.native cimport Awaited, BellPage, RingEntry, RingHeader, SegmentHeader
from fastbinance._core.ring cimport Bell, RingBase


cdef class Segment:
    cdef:
        unsigned char* memory              # the whole of it; NULL once it is unmapped
        size_t size
        SegmentHeader* header
        readonly str name                  # who made it
        readonly bint writable
        int pid                            # of who makes it
        int descriptor                     # kept by who makes it, to pass it on and to reserve pages; else -1
        dict spare                         # of who makes it: bytes -> offsets of rings that are gone
        uint64_t used                      # of who makes it: bytes up to here have been given to rings

    cdef RingEntry* row(self, uint32_t number) noexcept


cdef class RingMemoryView:
    cdef:
        readonly Segment segment
        readonly uint64_t offset
        readonly uint64_t size
        int row                            # of the directory, where it is to be given back with this; else -1


cdef class SharedBell(Bell):
    cdef:
        BellPage* page
        int descriptor                     # kept by who makes it; else -1
        int pipe                           # a feed writes a byte here for who listens on a loop; else -1
        readonly bint feeds                # whether this process rings it for readers elsewhere
        uint32_t woken                     # changed to have the sleepers of this process look again

    cdef int write_byte(self) except -1
