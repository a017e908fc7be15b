# cython: language_level=3, boundscheck=False, wraparound=False
"""Frames from memory into a listener, as picows' read loop hands them over: C calls through its vtable, no socket."""

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int64_t
from posix.time cimport CLOCK_THREAD_CPUTIME_ID, clock_gettime, timespec

from picows.picows cimport WSFrame, WSListener, WSMsgType

cdef int64_t _cpu_ns() noexcept:
    cdef timespec now
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return <int64_t>now.tv_sec * 1_000_000_000 + now.tv_nsec


cdef extern from "newer.hpp" namespace "bench":
    cdef cppclass Newer:
        void find(char*, char*) except +
        void step()


cdef class Replay:
    """Frames laid out as in a read buffer, with readable bytes behind the last.

    Whenever they begin again their ids are newer: a ring takes none twice. The clock stands still meanwhile, and
    `begin_again` does it ahead of a run that somebody else times.
    """

    cdef:
        bytes buffer  # our own, and changed
        Newer newer
        bint is_used  # the ids have been handed over
        list begins, sizes

    def __init__(self, payloads):
        pieces = []
        at = 0
        self.begins = []
        self.sizes = []
        for payload in payloads:
            size = len(payload)
            header = bytes((0x81, size)) if size < 126 else b"\x81\x7e" + size.to_bytes(2, "big")
            pieces += (header, payload)
            at += len(header)
            self.begins.append(at)
            self.sizes.append(size)
            at += size
        self.buffer = b"".join(pieces) + bytes(256)
        cdef char* data = PyBytes_AS_STRING(self.buffer)
        cdef Py_ssize_t total = at
        self.newer.find(data, data + total)

    def begin_again(self):
        """Make the ids newer."""
        self.newer.step()
        self.is_used = False

    def run(self, WSListener listener, Py_ssize_t count, Py_ssize_t batch):
        """Deliver that many frames, beginning again at the first; returns CPU ns.

        A read ends after each `batch` frames and at the last one in memory.
        """
        cdef:
            Py_ssize_t i, last, at = 0, size = len(self.begins)
            Py_ssize_t left = min(batch, size)  # frames of this read
            char* data = PyBytes_AS_STRING(self.buffer)
            Py_ssize_t[:] begins
            Py_ssize_t[:] sizes
            WSFrame frame
            int64_t begin, standing, stood = 0
        import array
        begins = array.array("q", self.begins)
        sizes = array.array("q", self.sizes)
        if self.is_used:
            self.newer.step()
        self.is_used = True
        begin = _cpu_ns()
        for i in range(count):
            if at == 0 and i != 0:
                standing = _cpu_ns()
                self.newer.step()
                stood += _cpu_ns() - standing
            # Made anew for each message, as picows does.
            frame = <WSFrame>WSFrame.__new__(WSFrame)
            frame._payload_obj = None
            frame.payload_ptr = data + begins[at]
            frame.payload_size = sizes[at]
            last = at + left - 1
            frame.tail_size = begins[last] + sizes[last] - begins[at] - sizes[at]
            frame.msg_type = WSMsgType.TEXT
            frame.fin = 1
            frame.rsv1 = 0
            frame.rsv2 = 0
            frame.rsv3 = 0
            frame.last_in_buffer = left == 1
            listener.on_ws_frame(None, frame)
            at = at + 1 if at + 1 < size else 0
            left -= 1
            if left == 0:
                left = min(batch, size - at)
        return _cpu_ns() - begin - stood
