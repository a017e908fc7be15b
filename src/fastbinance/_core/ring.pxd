from libc.stdint cimport int64_t, uint64_t

from fastbinance._core.native cimport Kind, RingView, RingWriter


cdef class Bell:
    cdef:
        list waiters                       # of Waiter; changed under the interpreter lock only
        readonly Py_ssize_t waiting        # how many: what a feed looks at after every socket read

    cdef int ring(self) except -1          # wake those that have something to read
    cpdef void wake_all(self)              # wake everybody: a state changed


cdef class Waiter:
    cdef:
        tuple rings                        # of RingBase
        list after                         # cursors that are not news

    cdef bint has_news(self) noexcept


cdef class RingBase:
    cdef:
        void* memory                       # what everything below points into; NULL until it is there
        object shared                      # keeps memory of a segment mapped; None where it is this ring's own
        bint owns_memory                   # else it is of a segment
        readonly bint writes               # this process writes it; else another one does
        void* gone                         # a header that says "empty", once the memory is given back; else NULL
        dict rows                          # of a ring that another process writes: symbol -> row, as far as read
        size_t memory_size
        object record_type                 # class of what last() and at() return
        object dtype                       # dtype of the records
        RingWriter writer
        RingView view
        readonly Kind kind
        readonly str stream                # Binance's stream name
        readonly str ws_key                # name of the routed WsKey
        readonly object symbol             # str: the one symbol; None on a many-symbol ring
        readonly Bell bell
        readonly bint closed
        object __weakref__

    cdef void count_reject(self) noexcept
    cdef int must_write(self) except -1
    cdef int name_symbol(self, str symbol) except -1
    cdef int64_t row_of(self, str symbol) except -2
    cdef int ring_if_newer(self, int64_t before) except -1
    cdef object make_record(self, int64_t sequence)
    cdef int64_t newest_of(self, str symbol) except -2
    cdef object lapped(self, int64_t sequence)
    cdef object slice_newest(self, Py_ssize_t wanted, Py_ssize_t skip, int64_t* first)
    cdef object copy_levels(self, object batch, int64_t first)
