# cython: language_level=3, boundscheck=False, wraparound=False
"""Frames from memory into a listener, as picows' read loop hands them over: C calls through its vtable, no socket."""

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int64_t
from posix.time cimport CLOCK_THREAD_CPUTIME_ID, clock_gettime, timespec

from picows.picows cimport WSFrame, WSListener, WSMsgType

cdef enum:
    HEADER_BYTES = 4


cdef int64_t _cpu_ns() noexcept:
    cdef timespec now
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return <int64_t>now.tv_sec * 1_000_000_000 + now.tv_nsec


cdef class Replay:
    """Payloads laid out as in a read buffer, with readable bytes behind the last."""

    cdef:
        bytes buffer
        list begins, sizes

    def __init__(self, payloads):
        at = 0
        self.begins = []
        self.sizes = []
        for payload in payloads:
            at += HEADER_BYTES
            self.begins.append(at)
            self.sizes.append(len(payload))
            at += len(payload)
        self.buffer = b"".join(bytes(HEADER_BYTES) + payload for payload in payloads) + bytes(256)

    def run(self, WSListener listener, Py_ssize_t count, Py_ssize_t batch):
        """Deliver that many frames, beginning again at the first, a read's end after each `batch`; returns CPU ns."""
        cdef:
            Py_ssize_t i, at = 0, size = len(self.begins)
            char* data = PyBytes_AS_STRING(self.buffer)
            Py_ssize_t[:] begins
            Py_ssize_t[:] sizes
            WSFrame frame
            int64_t begin
        import array
        begins = array.array("q", self.begins)
        sizes = array.array("q", self.sizes)
        begin = _cpu_ns()
        for i in range(count):
            # Made anew for each message, as picows does.
            frame = <WSFrame>WSFrame.__new__(WSFrame)
            frame._payload_obj = None
            frame.payload_ptr = data + begins[at]
            frame.payload_size = sizes[at]
            frame.tail_size = 0
            frame.msg_type = WSMsgType.TEXT
            frame.fin = 1
            frame.rsv1 = 0
            frame.rsv2 = 0
            frame.rsv3 = 0
            frame.last_in_buffer = i % batch == batch - 1
            listener.on_ws_frame(None, frame)
            at = at + 1 if at + 1 < size else 0
        return _cpu_ns() - begin
