# cython: autotestdict=False
"""One payload to its records, for tests, tools and replay: the same code that a feed runs."""

import os
from collections import namedtuple

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport uint32_t
from libcpp cimport bool
from libcpp.memory cimport unique_ptr

from fastbinance._core cimport native
from fastbinance._core.native cimport (
    Fallback, FallbackResult, FastPath, Kind, Outcome, Route, RouteTable, SbeDecoder, decode_code_name, payload_padding, string_view,
)
from fastbinance._core.ring cimport RingBase

from fastbinance import keys, streams
from fastbinance._core.ring import power_of_two
from fastbinance.errors import ConfigurationError, DecodeError

cdef extern from "fallback.hpp" namespace "fb" nogil:
    unique_ptr[Fallback] make_fallback(bool) noexcept

# Set before the import: for tests of the baseline, and for who suspects the other code.
cdef bint _allow_avx2 = not os.environ.get("FASTBINANCE_NO_AVX2")

cdef bint may_use_avx2() noexcept:
    return _allow_avx2

cdef Fallback* new_fallback() noexcept:
    return make_fallback(_allow_avx2).release()


SCANNERS = ("auto", "fast", "fallback")
HEAD_BYTES = 256

cdef FastPath _fast = FastPath(_allow_avx2)
cdef unique_ptr[Fallback] _fallback = make_fallback(_allow_avx2)
if _fallback.get() == NULL:
    raise MemoryError("no memory for the JSON parser")


Implementation = namedtuple("Implementation", "fast fallback", module=__name__)


def implementation():
    """Return which instruction sets are in use."""
    return Implementation(_fast.name().decode(), _fallback.get().implementation().decode())


cdef str _text(string_view view):
    return (<bytes>view.data()[:view.size()]).decode()


cdef object _error(str ws_key, FallbackResult result, bytes payload):
    return DecodeError(ws_key, decode_code_name(result.code).decode(), result.offset, payload[:HEAD_BYTES])


cdef int _kind_of(str name, str market, bint wrapped) except -1:
    """Number of the kind of a stream; 0 for streams without a ring."""
    try:
        if len(name.encode()) > <Py_ssize_t>native.max_name_bytes:
            raise ConfigurationError(f"stream name longer than {native.max_name_bytes} bytes: {name[:60]!r}...")
        kind = streams.parse(name, market, strict=False).kind
    except ConfigurationError:
        if wrapped:  # not the caller's name: no feed can have asked for it, so none would publish
            return 0
        raise
    return 0 if kind is None else int(kind)


cdef class _Bench:
    """A ring of its own for one payload, and the route that leads there."""

    cdef:
        RingBase ring
        RouteTable table
        Route* route

    def __cinit__(self, int kind, str name, str ws_key, symbol, Py_ssize_t payload_bytes):
        # No element of an array has less than 32 bytes, and no binary trade less than 25; as many levels as the payload can hold, see scan_levels.
        levels = native.kind_info(<Kind>kind).has_levels
        self.ring = RingBase(
            kind, name, ws_key, symbol,
            capacity=2 if levels else power_of_two(max(2, payload_bytes // 25 + 1)),
            level_capacity=power_of_two(max(2, payload_bytes // 10 + 1)),
            symbol_capacity=1 if symbol is not None else power_of_two(max(2, payload_bytes // 32 + 1)),
            merge=False)
        cdef bytes encoded = name.encode()
        cdef bytes encoded_symbol = b"" if symbol is None else symbol.encode()
        self.route = self.table.add(
            string_view(PyBytes_AS_STRING(encoded), len(encoded)), <Kind>kind, &self.ring.writer,
            string_view(PyBytes_AS_STRING(encoded_symbol), len(encoded_symbol)))

    cdef FallbackResult walk(self, const char* text, size_t size, bint wrapped) noexcept:
        cdef Route* known = NULL  # tells a payload without wrapper where it belongs
        if not wrapped:
            known = self.route
        return _fallback.get().run(self.table, text, size, 0, known)

    cdef Outcome scan(self, const char* text, size_t size, bint wrapped) noexcept:
        if wrapped:
            return _fast.combined(self.table, text, size, 0).outcome()
        return _fast.raw(self.route[0], text, size, 0)

    cdef int know(self, symbols) except -1:
        """Give a many-symbol ring rows for what a payload names: the fast path adds none."""
        cdef uint32_t row = 0
        cdef bytes encoded
        for symbol in symbols:
            encoded = symbol.encode()
            self.ring.writer.add_symbol(string_view(PyBytes_AS_STRING(encoded), len(encoded)), row)
        return 0

    cdef list records(self):
        return [self.ring.at(sequence) for sequence in range(self.ring.cursor + 1)]


cdef list _decode_sbe(str ws_key, object stream, bytes raw, const char* text, Py_ssize_t size):
    """The records of one binary message. `stream` is only compared: a message names its own."""
    cdef:
        SbeDecoder decoder
        FallbackResult found = decoder.run(text, size, 0)
        _Bench bench
    if found.outcome == Outcome.rejected:
        raise _error(ws_key, found, raw)
    if found.kind == Kind.none:  # a template of the future
        return []
    name = _text(found.stream)
    if stream is not None and name != stream:
        raise ConfigurationError(f"the payload says that it is of stream {name!r}, not of {stream!r}")
    bench = _Bench(<int>found.kind, name, ws_key, _text(found.symbol), size)
    decoder.rebuild(bench.table)
    found = decoder.run(text, size, 0)
    if found.outcome == Outcome.rejected:
        raise _error(ws_key, found, raw)
    return bench.records()


def decode(payload, ws_key, stream=None, scanner="auto"):
    """Return the records that a feed would publish for one payload.

    Parameters
    ----------
    payload : bytes-like or str
        One message as on the wire, with or without the ``{"stream": ..., "data": ...}`` wrapper.
    ws_key : WsKey or str
        The service it came from, its name, or a market. It never refuses by route: a USD-M payload decodes under each USD-M key.
    stream : str, optional
        Stream name of a payload without wrapper. Without it the content tells; a raw futures ``depthUpdate`` is then a
        diff, because nothing in it tells a partial depth apart.
    scanner : {"auto", "fast", "fallback"}
        Which code decodes: the fast path with the fallback behind it, or one of the two alone.

    Returns
    -------
    list of Record
        Each readable as ``record["bid_price"]`` and ``record.bid_price``; depth records have `bids` and `asks`. One for
        each element of an array. Empty for what has no record: answers and errors, fillers (trade ``"X":"NA"``), streams
        without a ring. `sequence` counts from 0, `recv_ns` is 0. Prices in quote asset, quantities in base asset (contracts on COIN-M), times in UTC nanoseconds.

    Raises
    ------
    DecodeError
        The payload is not what Binance documents; its `code` says how. With ``scanner="fast"`` also what the fast path
        leaves to the fallback: code ``declined``.
    ConfigurationError
        No such key or scanner, a key that carries no market data, or a `stream` that the wrapper contradicts.
    TypeError
        The payload is neither bytes-like nor text.
    """
    cdef:
        RouteTable nothing
        FallbackResult found
        Outcome outcome
        Py_ssize_t size
        const char* text
        _Bench bench, swift
        bint wrapped
    if scanner not in SCANNERS:
        raise ConfigurationError(f"scanner {scanner!r} is none of {', '.join(SCANNERS)}")
    key = keys.service(ws_key)
    market = keys.market_of(key)
    if market is None:
        raise ConfigurationError(f"{key.value} carries no market streams, so nothing of it decodes to records")
    cdef bytes raw
    if isinstance(payload, str):
        raw = payload.encode()
    else:
        try:
            raw = bytes(memoryview(payload))
        except TypeError:
            raise TypeError(f"a payload is bytes-like or str, as it came, not {type(payload).__name__}") from None
    size = len(raw)
    # SIMD code may touch that many bytes behind a payload; they never decide anything.
    cdef bytes padded = raw + bytes(payload_padding)
    text = PyBytes_AS_STRING(padded)

    if keys.format_of(key) == "sbe" and not isinstance(payload, str):
        return _decode_sbe(key.value, stream, raw, text, size)

    # What is it? The fallback says, and validates every byte.
    found = _fallback.get().run(nothing, text, size, 0, NULL)
    wrapped = found.stream.size() != 0
    name = _text(found.stream) if wrapped else stream
    if found.outcome == Outcome.rejected and not wrapped:
        raise _error(key.value, found, raw)
    if stream is not None and name != stream:
        raise ConfigurationError(f"the payload says that it is of stream {name!r}, not of {stream!r}")
    kind = <int>found.kind if name is None else _kind_of(name, market, wrapped)
    if found.outcome == Outcome.control or (kind == 0 and found.outcome != Outcome.rejected):
        return []
    if kind == 0:
        raise _error(key.value, found, raw)

    # Many symbols: whichever the payload names is right, whatever the stream's name says.
    bench = _Bench(kind, name or "?", key.value, None, size)
    found = bench.walk(text, size, wrapped)
    if found.outcome == Outcome.rejected:
        raise _error(key.value, found, raw)
    if scanner != "fallback":
        symbols = bench.ring.symbols
        # A filler names its symbol too, but leaves none in the ring: the parser has it.
        symbol = symbols[0] if symbols else _text(found.symbol) if found.symbol.size() and found.outcome == Outcome.skipped else None
        # An array is of a many-symbol ring, where the fast path finds only symbols that have a row.
        is_array = found.records > 1 or raw.find(b"[{") >= 0
        swift = _Bench(kind, name or "?", key.value, None if is_array else symbol, size)
        if is_array:
            swift.know(symbols)
        outcome = swift.scan(text, size, wrapped)
        if outcome != Outcome.declined:
            bench = swift
        elif scanner == "fast":
            raise DecodeError(key.value, "declined", 0, raw[:HEAD_BYTES])
    return bench.records()
