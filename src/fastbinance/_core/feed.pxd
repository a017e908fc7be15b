from libc.stdint cimport int64_t, uint64_t
from libcpp.memory cimport unique_ptr

from picows.picows cimport WSCloseCode, WSFrame, WSListener, WSTransport

from fastbinance._core cimport native
from fastbinance._core.native cimport (
    Assembler, DecodeCode, Fallback, FallbackResult, FastPath, FastResult, Lookahead, Route, RouteTable, SbeDecoder,
)
from fastbinance._core.ring cimport Bell


cdef class Feed(WSListener):
    cdef:
        RouteTable table
        FastPath fast_path
        Lookahead lookahead
        bint looks_ahead                   # there are so many routes that it pays
        unique_ptr[Fallback] parser
        SbeDecoder sbe_decoder
        readonly int line                  # of the rings that it feeds
        Route* holding                     # of a ring that has begun to hold, until its handler is told
        readonly bint sbe                  # binary messages are SBE; else they are nonsense
        Assembler assembler                # of fragmented messages
        bint off_path                      # the next frame goes the long way: a fragmented message has begun, or over
        bint over                          # CLOSE has come, or the connection has failed: frames mean nothing any more
        bint batch_ended                   # the next frame begins a socket read
        int64_t recv_ns                    # wall clock of the socket read
        uint64_t published_before          # `published` when the socket read began
        bint replaying                     # replay() runs, partly without the interpreter lock
        object handler
        dict rings                         # stream name -> ring: keeps alive what the table points to
        object recent_rejects              # deque of the newest Rejects
        object close_info                  # (code, reason) of the peer's CLOSE; (None, reason) where we failed it
        Bell bell
        readonly str ws_key
        readonly uint64_t frames
        readonly uint64_t messages
        readonly uint64_t bytes_received
        readonly uint64_t rejected
        readonly uint64_t skipped
        readonly uint64_t control
        readonly uint64_t unrouted
        readonly uint64_t published
        readonly uint64_t fast
        readonly uint64_t fallback
        readonly uint64_t pings
        readonly uint64_t handler_errors
        native.Histogram exchange_to_receive     # see Latency
        native.Histogram receive_to_published

    cpdef on_ws_connected(self, WSTransport transport)
    cpdef on_ws_frame(self, WSTransport transport, WSFrame frame)
    cpdef on_ws_disconnected(self, WSTransport transport)
    cdef int refuse_while_replaying(self) except -1
    cdef int routes_changed(self) except -1
    cdef FastResult accept_fast(self, const char* payload, Py_ssize_t size) noexcept nogil
    cdef int accept(self, WSTransport transport, const char* payload, Py_ssize_t size) except -1
    cdef int tell_hold(self) except -1
    cdef int accept_slowly(self, WSTransport transport, const char* payload, Py_ssize_t size) except -1
    cdef int on_rare_frame(self, WSTransport transport, WSFrame frame) except -1
    cdef int on_fragment(self, WSTransport transport, WSFrame frame) except -1
    cdef int on_a_ping(self, WSTransport transport, WSFrame frame) except -1
    cdef int on_close(self, WSTransport transport, WSFrame frame) except -1
    cdef int fail(self, WSTransport transport, WSCloseCode code, str why) except -1
    cdef int note_failure_of_picows(self, WSTransport transport, WSFrame frame) except -1
    cdef int accept_binary(self, const char* payload, Py_ssize_t size) except -1
    cdef int accept_rest(self, FallbackResult& result, const char* payload, Py_ssize_t size) except -1
    cdef int hand_over(self, FallbackResult& result, bytes payload) except -1
    cdef int reject(self, DecodeCode code, Py_ssize_t offset, const char* payload, Py_ssize_t size, object stream) except -1
