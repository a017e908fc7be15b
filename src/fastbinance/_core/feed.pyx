# cython: autotestdict=False
"""The feed: one picows listener per connection, from frame to ring without Python in between."""

import logging
from collections import deque, namedtuple

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint8_t, uint64_t

from picows.picows cimport WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from fastbinance._core cimport decode, native
from fastbinance._core.native cimport (
    AssemblerStep, DecodeCode, FallbackResult, FastPath, FastResult, FrameType, Lookahead, Outcome, Route, decode_code_name,
    payload_padding, record_lag, string_view, wall_clock_ns,
)
from fastbinance._core.histogram cimport Histogram
from fastbinance._core.ring cimport Bell, RingBase

from fastbinance.errors import ConfigurationError

_logger = logging.getLogger("fastbinance")

HEAD_BYTES = 256
KEPT_REJECTS = 16

Reject = namedtuple("Reject", "code offset head stream recv_ns", module=__name__)
RouteStats = namedtuple("RouteStats", "fast fallback skipped rejected", module=__name__)
Drift = namedtuple("Drift", "stream kind what path sample count first_ns last_ns", module=__name__)


class Latency(namedtuple("Latency", "exchange_to_receive receive_to_published", module=__name__)):
    """How long the records of a connection took."""

    __slots__ = ()

    def merge(self, other):
        """Return the latencies of both."""
        return Latency(*(mine.merge(its) for mine, its in zip(self, other, strict=True)))


cdef str _text(string_view view):
    return (<bytes>view.data()[:view.size()]).decode("utf-8", "replace")


cdef bint _is_record(Outcome outcome) noexcept:
    """Whether a message was of a ring and is understood, whatever became of its records."""
    return (outcome == Outcome.published or outcome == Outcome.skipped or outcome == Outcome.dropped
            or outcome == Outcome.held)


cdef object _drift(const native.Drift& seen):
    return Drift(
        _text(seen.stream.view()), native.kind_info(seen.kind).name.decode(),
        "key" if seen.what == native.DriftWhat.key else "value",
        _text(seen.path.view()), _text(seen.sample.view()), seen.count, seen.first_ns, seen.last_ns)


cdef bint _may_be_sent(int code):
    """Tell whether a CLOSE may carry this code: RFC 6455 7.4 and the codes registered since."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


cdef class Feed(WSListener):
    """The listener of one connection: frames in, records out, everything else to its handler."""

    def __cinit__(self, handler not None, str ws_key not None, Bell bell=None, *, bint sbe=False, int line=0):
        if not 0 <= line < <int>native.most_lines:
            raise ValueError(f"lines are numbered from 0 to {native.most_lines - 1}, not {line}")
        self.handler = handler
        self.ws_key = ws_key
        self.bell = bell if bell is not None else Bell()
        self.sbe = sbe
        self.line = line
        self.table.set_line(<uint8_t>line)
        self.rings = {}
        self.recent_rejects = deque(maxlen=KEPT_REJECTS)
        self.batch_ended = True
        self.fast_path = FastPath(decode.may_use_avx2())
        self.parser.reset(decode.new_fallback())
        if self.parser.get() == NULL:
            raise MemoryError("no memory for the JSON parser")

    cdef int refuse_while_replaying(self) except -1:
        # A replay walks the routes without the interpreter lock.
        if self.replaying:
            raise RuntimeError(f"{self.ws_key}: a replay is running on this feed")
        return 0

    def add_route(self, str stream_name not None, RingBase ring not None):
        """Send what Binance says under this stream name to a ring; replaces an earlier route of the name."""
        cdef bytes name = stream_name.encode()
        cdef bytes symbol = b"" if ring.symbol is None else ring.symbol.encode()
        if not 1 <= len(name) <= <Py_ssize_t>native.max_name_bytes or b'"' in name or b"\\" in name:
            raise ConfigurationError(
                f"stream names have 1 to {native.max_name_bytes} bytes of UTF-8, without quotes and backslashes, "
                f"which {stream_name[:60]!r} has not")
        self.refuse_while_replaying()
        ring.must_write()
        self.table.add(string_view(PyBytes_AS_STRING(name), len(name)), ring.kind, &ring.writer,
                       string_view(PyBytes_AS_STRING(symbol), len(symbol)))
        self.rings[stream_name] = ring
        self.routes_changed()

    def remove_route(self, str stream_name not None):
        """Forget a route; its payloads go to the handler from now on. Without such a route nothing happens."""
        cdef bytes name = stream_name.encode()
        self.refuse_while_replaying()
        self.table.remove(string_view(PyBytes_AS_STRING(name), len(name)))
        self.rings.pop(stream_name, None)
        self.routes_changed()

    cdef int routes_changed(self) except -1:
        self.looks_ahead = Lookahead.worthwhile(self.table)
        if self.sbe:
            self.sbe_decoder.rebuild(self.table)
        return 0

    def set_raw(self, str stream_name not None, bint raw):
        """Whether the messages of a routed stream go to the handler too; they then take the fallback, which is slower."""
        cdef bytes name = stream_name.encode()
        self.refuse_while_replaying()
        if not self.table.set_raw(string_view(PyBytes_AS_STRING(name), len(name)), raw):
            raise ConfigurationError(f"{self.ws_key}: {stream_name} has no route")

    @property
    def drifts(self):
        """What has come that our tables do not know, in order of first sight."""
        cdef size_t i
        cdef const native.DriftTable* table = &self.parser.get().drifts()
        return [_drift(table.at(i)) for i in range(table.size())]

    @property
    def drift_overflow(self):
        """How often something new came for which the table of drifts had no room."""
        return self.parser.get().drifts().overflow()

    def route_stats(self, str stream_name not None):
        """Counts of one stream on this connection, or None without such a route."""
        cdef bytes name = stream_name.encode()
        cdef Route* route = self.table.find(string_view(PyBytes_AS_STRING(name), len(name)))
        if route == NULL:
            return None
        return RouteStats(
            route.fast, route.details.get().fallback, route.details.get().skipped, route.details.get().rejected)

    def arrivals(self, list names not None):
        """How many messages have come on each of these routes, whatever became of them; 0 without a route."""
        cdef Route* route
        cdef bytes name
        counts = []
        for stream_name in names:
            name = stream_name.encode()
            route = self.table.find(string_view(PyBytes_AS_STRING(name), len(name)))
            counts.append(0 if route == NULL else route.messages())
        return counts

    @property
    def duplicates(self):
        """Records dropped because they, or newer ones, were in their rings already."""
        return self.table.duplicates()

    @property
    def latency(self):
        """How long records took: from the exchange to us, and from us to the ring."""
        return Latency(Histogram.of(self.exchange_to_receive), Histogram.of(self.receive_to_published))

    @property
    def rejects(self):
        """The newest rejected payloads, oldest first."""
        return list(self.recent_rejects)

    cpdef on_ws_connected(self, WSTransport transport):
        self.batch_ended = True
        self.table.reopen()
        self.handler.on_open(transport)

    cpdef on_ws_frame(self, WSTransport transport, WSFrame frame):
        if self.batch_ended:                      # one clock read per socket read, before anything else
            self.recv_ns = wall_clock_ns()
            self.published_before = self.published
            if transport is not None and transport.is_close_frame_sent:
                self.note_failure_of_picows(transport, frame)
        self.batch_ended = frame.last_in_buffer   # control frames end batches too
        self.frames += 1
        if frame.fin and not (
                self.off_path or frame.rsv1 or frame.rsv2 or frame.rsv3 or frame._payload_obj is not None):
            if frame.msg_type == WSMsgType.TEXT:
                if self.looks_ahead:
                    self.lookahead.step(self.table, frame.payload_ptr + frame.payload_size, frame.tail_size)
                self.accept(transport, frame.payload_ptr, frame.payload_size)
            elif frame.msg_type == WSMsgType.BINARY and self.sbe:
                self.accept_binary(frame.payload_ptr, frame.payload_size)
            else:
                self.on_rare_frame(transport, frame)
        else:
            self.on_rare_frame(transport, frame)
        if self.batch_ended:
            if self.published != self.published_before:
                self.receive_to_published.record(wall_clock_ns() - self.recv_ns)
            if self.bell.waiting:
                self.bell.ring()

    cpdef on_ws_disconnected(self, WSTransport transport):
        code, reason = self.close_info if self.close_info is not None else (None, "")
        self.handler.on_lost(code, reason)

    @cython.nonecheck(False)  # a debug build's check of `self` would want the interpreter lock
    cdef FastResult accept_fast(self, const char* payload, Py_ssize_t size) noexcept nogil:
        """Take one message by the fast path; when it declines, nothing has happened but the count."""
        self.messages += 1
        self.bytes_received += size
        cdef FastResult result = self.fast_path.combined(self.table, payload, size, self.recv_ns)
        cdef Outcome outcome = result.outcome()
        if outcome == Outcome.published:
            self.published += result.records()
            self.fast += 1
            return result
        if outcome == Outcome.declined:
            return result
        self.fast += 1
        if outcome == Outcome.skipped:
            self.skipped += 1
        elif outcome == Outcome.held:
            self.published += result.records()
            self.holding = result.route
        return result

    cdef int accept(self, WSTransport transport, const char* payload, Py_ssize_t size) except -1:
        cdef FastResult result = self.accept_fast(payload, size)
        if result.outcome() == Outcome.published:
            record_lag(self.exchange_to_receive, result.route[0], self.recv_ns)
            return 0
        if result.outcome() == Outcome.declined:
            return self.accept_slowly(transport, payload, size)
        if self.holding != NULL:
            return self.tell_hold()
        return 0

    cdef int tell_hold(self) except -1:
        """Tell the handler of a ring that has begun to hold, once until it holds nothing."""
        cdef Route* route = self.holding
        self.holding = NULL
        if not native.Merge(route.ring[0]).take_hold_news():
            return 0
        try:
            self.handler.on_hold(_text(route.name_text()))
        except Exception:
            # Not raised: see accept_rest.
            self.handler_errors += 1
            _logger.exception("%s: the handler of a ring that holds failed", self.ws_key)
        return 0

    def replay(self, const unsigned char[::1] buffer not None, const int64_t[::1] offsets not None,
               const int64_t[::1] sizes not None, const int64_t[::1] recv_ns=None):
        """Take recorded messages from memory as if frames had brought them; return how many records came of them."""
        cdef:
            Py_ssize_t i = 0
            Py_ssize_t count = offsets.shape[0]
            Py_ssize_t total = buffer.shape[0]
            uint64_t before = self.published
            const char* base
            const int64_t* at
            const int64_t* size_of
            const int64_t* times = NULL
            bint taken = False
        if sizes.shape[0] != count or (recv_ns is not None and recv_ns.shape[0] != count):
            raise ValueError("offsets, sizes and recv_ns are of one length")
        for i in range(count):
            if offsets[i] < 0 or sizes[i] < 0 or sizes[i] > total or offsets[i] > total - sizes[i] - <int64_t>payload_padding:
                raise ValueError(f"message {i} does not lie in the buffer with {payload_padding} bytes behind it")
        if not count:
            return 0
        self.refuse_while_replaying()
        if self.assembler.unfinished():
            raise RuntimeError(f"{self.ws_key}: an unfinished fragmented message is on this feed")
        base = <const char*>&buffer[0]
        at = &offsets[0]
        size_of = &sizes[0]
        if recv_ns is not None:
            times = &recv_ns[0]
        self.replaying = True
        self.recv_ns = wall_clock_ns()
        i = 0
        try:
            while i < count:
                # The lock is taken back only for what the fast path leaves: readers go on meanwhile.
                with nogil:
                    while i < count:
                        if times != NULL:
                            self.recv_ns = times[i]
                        taken = self.accept_fast(base + at[i], size_of[i]).outcome() != Outcome.declined
                        if not taken or self.holding != NULL:
                            break
                        i += 1
                if i < count:
                    if taken:
                        self.tell_hold()
                    else:
                        self.accept_slowly(None, base + at[i], size_of[i])
                    i += 1
        finally:
            self.replaying = False
            self.batch_ended = True
        if self.bell.waiting:
            self.bell.ring()
        return self.published - before

    cdef int accept_slowly(self, WSTransport transport, const char* payload, Py_ssize_t size) except -1:
        cdef FallbackResult result
        result = self.parser.get().run(self.table, payload, size, self.recv_ns, NULL)
        if _is_record(result.outcome):
            self.fallback += 1
        self.accept_rest(result, payload, size)
        if result.outcome == Outcome.rejected and result.code == DecodeCode.invalid_utf8:
            # RFC 6455 8.1.
            self.fail(
                transport, WSCloseCode.INVALID_TEXT, f"the server sent text that is not UTF-8, at byte {result.offset}")
        return 0

    cdef int accept_binary(self, const char* payload, Py_ssize_t size) except -1:
        cdef FallbackResult result
        self.messages += 1
        self.bytes_received += size
        result = self.sbe_decoder.run(payload, size, self.recv_ns)
        if _is_record(result.outcome):
            self.fast += 1
        return self.accept_rest(result, payload, size)

    cdef int accept_rest(self, FallbackResult& result, const char* payload, Py_ssize_t size) except -1:
        """Count what became of a message, and show to the handler what is for it."""
        if _is_record(result.outcome):
            self.published += result.records
            if result.outcome == Outcome.published and not self.replaying:
                record_lag(self.exchange_to_receive, result.route[0], self.recv_ns)
            elif result.outcome == Outcome.skipped:
                self.skipped += 1
            elif result.outcome == Outcome.held:
                self.holding = result.route
                self.tell_hold()
            if result.new_drifts or result.route.details.get().raw:
                self.hand_over(result, PyBytes_FromStringAndSize(payload, size))
        elif result.outcome == Outcome.rejected:
            stream = ""
            if result.route != NULL:
                result.route.details.get().rejected += 1
                stream = _text(result.route.name_text())
            elif result.stream.size():
                stream = _text(result.stream)
            self.reject(result.code, result.offset, payload, size, stream)
        else:
            copy = PyBytes_FromStringAndSize(payload, size)
            try:
                if result.outcome == Outcome.control:
                    self.control += 1
                    self.handler.on_control(copy, self.recv_ns)
                else:
                    self.unrouted += 1
                    self.handler.on_message(_text(result.stream) if result.stream.size() else None, copy, self.recv_ns)
            except Exception:
                # Not raised: one bad handler must not cost every other stream on this connection.
                self.handler_errors += 1
                _logger.exception("%s: the handler of a message failed", self.ws_key)
        return 0

    cdef int hand_over(self, FallbackResult& result, bytes payload) except -1:
        """Show a payload whose records are published to the handler: it is wanted raw, or there is something new in it."""
        stream = _text(result.route.name_text())
        raw = result.route.details.get().raw
        try:
            if result.new_drifts:
                self.handler.on_drift(self.drifts[-<Py_ssize_t>result.new_drifts:], payload, self.recv_ns)
            if raw:
                self.handler.on_message(stream, payload, self.recv_ns)
        except Exception:
            # Not raised: see accept_rest.
            self.handler_errors += 1
            _logger.exception("%s: the handler of a message failed", self.ws_key)
        return 0

    cdef int reject(self, DecodeCode code, Py_ssize_t offset, const char* payload, Py_ssize_t size, object stream) except -1:
        # Not raised: picows would close the connection on an exception, for one bad payload.
        self.rejected += 1
        ring = self.rings.get(stream)
        if ring is not None:
            (<RingBase>ring).count_reject()
        head = PyBytes_FromStringAndSize(payload, min(size, <Py_ssize_t>HEAD_BYTES))
        reject = Reject(decode_code_name(code).decode(), offset, head, stream, self.recv_ns)
        self.recent_rejects.append(reject)
        try:
            self.handler.on_reject(reject)
        except Exception:
            self.handler_errors += 1
            _logger.exception("%s: the handler of a rejected payload failed", self.ws_key)
        return 0

    cdef int on_rare_frame(self, WSTransport transport, WSFrame frame) except -1:
        if self.over:
            # RFC 6455 5.5.1 and 7.1.7: behind a CLOSE, and once the connection has failed, nothing means anything.
            return 0
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            # RFC 6455 5.2: bits without an agreed extension fail the connection; what they mean is unknowable.
            self.reject(DecodeCode.reserved_bits, 0, frame.payload_ptr, frame.payload_size, "")
            self.fail(transport, WSCloseCode.PROTOCOL_ERROR, "the server sent a frame with reserved bits set")
        elif frame.msg_type == WSMsgType.PING:
            self.on_a_ping(transport, frame)
        elif frame.msg_type == WSMsgType.CLOSE:
            self.on_close(transport, frame)
        elif frame.msg_type != WSMsgType.PONG:
            # Whole messages come here too when they are test frames, which have no readable bytes behind them, and
            # binary ones where JSON is spoken.
            self.on_fragment(transport, frame)
        # What is left is PONG: it answers nobody here, because we send no pings.
        return 0

    cdef int on_a_ping(self, WSTransport transport, WSFrame frame) except -1:
        self.pings += 1
        if transport is not None and not transport.is_close_frame_sent and not transport.is_disconnected:
            transport.send_pong(frame.get_payload_as_bytes())  # Binance: a copy of the ping's payload
        try:
            self.handler.on_ping()
        except Exception:
            # Not raised: see accept_rest.
            self.handler_errors += 1
            _logger.exception("%s: the handler of a ping failed", self.ws_key)
        return 0

    cdef int on_close(self, WSTransport transport, WSFrame frame) except -1:
        """Keep the peer's reason and answer with its code, as RFC 6455 5.5.1 asks."""
        payload = frame.get_payload_as_bytes()
        cdef int code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 0
        if len(payload) >= 2 and not _may_be_sent(code):
            return self.fail(
                transport, WSCloseCode.PROTOCOL_ERROR, f"the server closed with {code}, which no server may send")
        self.close_info = (code or None, payload[2:].decode("utf-8", "replace"))
        self.over = self.off_path = True
        if transport is not None:
            if not transport.is_close_frame_sent:
                transport.send_close(<WSCloseCode>code if code else WSCloseCode.OK)
            transport.disconnect()
        return 0

    cdef int fail(self, WSTransport transport, WSCloseCode code, str why) except -1:
        """Fail the connection, RFC 6455 7.1.7; `why` is its reason at the end."""
        if transport is not None:
            self.over = self.off_path = True
            self.close_info = (None, why)
            if not transport.is_close_frame_sent:
                transport.send_close(code)
            transport.disconnect()
        return 0

    cdef int note_failure_of_picows(self, WSTransport transport, WSFrame frame) except -1:
        """Once picows has failed the connection, take no frame from behind the broken one.

        It gives the socket another 10 ms and goes on parsing. It has looked one frame ahead when it fails, so the whole
        frame before the broken one is still good: that one ends its read with bytes behind it.
        """
        cdef WSCloseCode sent = transport.close_handshake.sent.code
        if (sent == WSCloseCode.PROTOCOL_ERROR or sent == WSCloseCode.INVALID_TEXT
                or sent == WSCloseCode.MESSAGE_TOO_BIG) and not (frame.last_in_buffer and frame.tail_size):
            self.over = self.off_path = True
        return 0

    cdef int on_fragment(self, WSTransport transport, WSFrame frame) except -1:
        cdef FrameType kind = FrameType.continuation
        if frame.msg_type == WSMsgType.TEXT:
            kind = FrameType.text
        elif frame.msg_type == WSMsgType.BINARY:
            kind = FrameType.binary
        cdef AssemblerStep step = self.assembler.take(kind, frame.fin, frame.payload_ptr, frame.payload_size)
        cdef string_view message = self.assembler.message()
        self.off_path = self.assembler.unfinished()
        if step == AssemblerStep.complete:
            if not self.assembler.is_binary():
                self.accept(transport, message.data(), <Py_ssize_t>message.size())
            elif self.sbe:
                self.accept_binary(message.data(), <Py_ssize_t>message.size())
            else:
                self.messages += 1
                self.bytes_received += message.size()
                self.reject(DecodeCode.binary_frame, 0, message.data(), <Py_ssize_t>message.size(), "")
            self.assembler.finish()
        elif step == AssemblerStep.rejected:
            if self.assembler.code() == DecodeCode.bad_fragment:
                # A continuation of nothing, or a new message inside another: the framing is broken, RFC 6455 5.4.
                self.reject(DecodeCode.bad_fragment, 0, frame.payload_ptr, frame.payload_size, "")
                self.fail(transport, WSCloseCode.PROTOCOL_ERROR, "the server sent fragments out of order")
            else:
                self.messages += 1
                self.reject(self.assembler.code(), message.size(), message.data(), <Py_ssize_t>message.size(), "")
            self.assembler.finish()
        return 0
