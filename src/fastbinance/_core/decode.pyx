"""One payload to its records, for tests, tools and replay: the same code that a feed runs."""

from collections import namedtuple

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int64_t
from libcpp cimport bool
from libcpp.memory cimport unique_ptr

from fastbinance._core cimport native
from fastbinance._core.native cimport (
    DecodeCode, Fallback, FallbackResult, FastPath, FastResult, Kind, Outcome, Route, RouteTable, decode_code_name,
    kind_info, payload_padding, string_view,
)
from fastbinance._core.ring cimport RingBase

from fastbinance import keys, streams
from fastbinance._core.ring import power_of_two
from fastbinance.errors import ConfigurationError, DecodeError

cdef extern from "fallback.hpp" namespace "fb" nogil:
    unique_ptr[Fallback] make_fallback(bool) noexcept

cdef Fallback* new_fallback() noexcept:
    return make_fallback(True).release()


SCANNERS = ("auto", "fast", "fallback")

# Small on purpose: one record, two slots so that the ring is one.
_CAPACITY = 2

cdef FastPath _fast
cdef unique_ptr[Fallback] _fallback = make_fallback(True)
if _fallback.get() == NULL:
    raise MemoryError("no memory for the JSON parser")


Implementation = namedtuple("Implementation", "fast fallback")


def implementation():
    return Implementation(_fast.name().decode(), _fallback.get().implementation().decode())


cdef str _text(string_view view):
    return (<bytes>view.data()[:view.size()]).decode()


cdef object _decode_error(str ws_key, FallbackResult result, bytes payload):
    return DecodeError(ws_key, decode_code_name(result.code).decode(), result.offset, payload[:256])


def decode(payload, ws_key, stream=None, scanner="auto"):
    cdef:
        RouteTable nothing, table
        FallbackResult found
        FastResult fast
        Outcome outcome
        Route* route = NULL
        Route* known = NULL  # tells a payload without wrapper where it belongs
        RingBase ring
        Py_ssize_t size
        const char* text
    if scanner not in SCANNERS:
        raise ConfigurationError(f"scanner {scanner!r} is none of {', '.join(SCANNERS)}")
    key = keys.parse_key(ws_key)
    market = keys.market_of(key)
    if market is None:
        raise ConfigurationError(f"{key.value} carries no market streams, so nothing of it decodes to records")
    if isinstance(payload, str):
        payload = payload.encode()
    cdef bytes raw = bytes(payload)
    size = len(raw)
    # SIMD code may touch that many bytes behind a payload; they never decide anything.
    cdef bytes padded = raw + bytes(payload_padding)
    text = PyBytes_AS_STRING(padded)

    # What is it? The fallback says, and has validated every byte.
    found = _fallback.get().run(nothing, text, size, 0, NULL)
    if found.outcome == Outcome.rejected:
        raise _decode_error(key.value, found, raw)
    if found.outcome == Outcome.control:
        return []
    cdef bint wrapped = found.stream.size() != 0
    wrapper = _text(found.stream) if wrapped else None
    if stream is not None and wrapped and wrapper != stream:
        raise ConfigurationError(f"the payload says that it is of stream {wrapper!r}, not of {stream!r}")
    name = wrapper if wrapped else stream
    symbol = None
    if name is not None:
        parsed = streams.parse(name, market, strict=False)
        if parsed.kind is None:
            return []
        kind = int(parsed.kind)
        if parsed.symbol is not None:
            symbol = parsed.symbol.upper()
    else:
        kind = <int>found.kind
        if found.symbol.size():
            symbol = _text(found.symbol)
        name = "?"
        if kind == 0:
            return []
    ring = RingBase(kind, name, key.value, symbol, capacity=_CAPACITY,
                    level_capacity=power_of_two(max(2, size // 10 + 1)))
    encoded_name = name.encode()
    encoded_symbol = (symbol or "").encode()
    route = table.add(string_view(PyBytes_AS_STRING(encoded_name), len(encoded_name)), <Kind><int>kind, &ring.writer,
                      string_view(PyBytes_AS_STRING(encoded_symbol), len(encoded_symbol)))
    if not wrapped:
        known = route
    outcome = Outcome.declined
    if scanner != "fallback":
        if wrapped:
            fast = _fast.combined(table, text, size, 0)
            outcome = fast.outcome
        else:
            outcome = _fast.raw(route[0], text, size, 0)
        if outcome == Outcome.declined and scanner == "fast":
            raise DecodeError(key.value, "declined", 0, raw[:256])
    if outcome == Outcome.declined:
        found = _fallback.get().run(table, text, size, 0, known)
        if found.outcome == Outcome.rejected:
            raise _decode_error(key.value, found, raw)
        outcome = found.outcome
    return [ring.last()] if outcome == Outcome.published else []
